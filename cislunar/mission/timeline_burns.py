"""Manoeuvres about the Moon: finding their place, and changing the orbit by an impulse or a burn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.mission.timeline import FlownLeg
from cislunar.mission.timeline_traveller import NotPossibleError, Traveller
from cislunar.orbits.apses import inverse_apses
from cislunar.orbits.frames import frame_to_icrf
from cislunar.propagation import (
    Apoapsis,
    Event,
    FiniteBurn,
    FixedDirection,
    Node,
    Periapsis,
    TrueAnomaly,
    propagate,
    propagate_burns,
)
from cislunar.propagation.burn_kinds import axes_to_icrf
from cislunar.propagation.powered import COAST
from cislunar.scenario.phases import CoastPhase, ManoeuvrePhase, Moment
from cislunar.time import format_epoch
from cislunar.transfers.finite_burns import size_burns

Array = NDArray[np.float64]

_BISECTIONS: Final = 200
_FASTEST_KM_S: Final = 5.0
"""Beyond any speed of an orbit about the Moon."""


def coast_to(traveller: Traveller, moment: Moment) -> None:
    """Fly to a moment; what it says is counted from now.

    Raises
    ------
    NotPossibleError
        It lies after the end of the scenario or in the past, or does not come.
    """
    if moment.kind in ("after", "epoch"):
        wait = moment.value if moment.kind == "after" else moment.value - traveller.tdb
        if wait < 0.0:
            raise NotPossibleError(
                f"{format_epoch(moment.value, 'UTC')} UTC has passed: the phase begins at "
                f"{format_epoch(traveller.tdb, 'UTC')} UTC, {-wait:.0f} s later",
                {"time_s": -wait},
            )
        over = wait - traveller.time_left_s
        if over > 0.0:
            raise NotPossibleError(
                f"it would end {over / 3600.0:.4g} h after the end of the scenario", {"time_s": over}
            )
        traveller.coast(wait)
        return
    what = moment.place or f"true anomaly {np.degrees(moment.value):g} deg"
    if not traveller.coast(traveller.time_left_s, _event(moment)):
        number = "no" if moment.passage == 1 else f"fewer than {moment.passage} passages of"
        raise NotPossibleError(f"{number} {what} until the end of the scenario")


def _event(moment: Moment) -> Event:
    options = {"terminal": True, "occurrence": moment.passage}
    if moment.kind == "anomaly":
        return TrueAnomaly(moment.value, **options)  # type: ignore[arg-type]
    match moment.place:
        case "periapsis":
            return Periapsis(**options)  # type: ignore[arg-type]
        case "apoapsis":
            return Apoapsis(**options)  # type: ignore[arg-type]
    direction = "rising" if moment.place == "ascending node" else "falling"
    return Node(plane="moon-me", direction=direction, **options)  # type: ignore[arg-type]


def coast(traveller: Traveller, phase: CoastPhase) -> None:
    """Fly the phase `coast`."""
    coast_to(traveller, phase.until)


def manoeuvre(traveller: Traveller, phase: ManoeuvrePhase) -> None:
    """Fly the phase `manoeuvre`."""
    begin = traveller.tdb
    coast_to(traveller, phase.at)
    impulse = impulse_of(traveller, phase)
    traveller.details["place_altitude_km"] = float(np.linalg.norm(traveller.here[:3])) - MOON_RADIUS_KM
    if phase.finite:
        _burn(traveller, phase, impulse, begin)
    else:
        traveller.kick(impulse, "the manoeuvre")
        traveller.details["burn_time_s"] = 0.0


def impulse_of(traveller: Traveller, phase: ManoeuvrePhase) -> Array:
    """Impulse, km/s, ICRF axes, that does what a manoeuvre asks for, at the place of the traveller."""
    state, gm = traveller.here, traveller.around.gm
    r, v = state[:3], state[3:]
    if phase.change == "delta_v":
        return np.asarray(axes_to_icrf(phase.axes, state) @ np.array(phase.delta_v_km_s))
    if phase.change == "circularise":
        normal = np.cross(r, v)
        along = np.cross(normal, r)
        distance = np.linalg.norm(r)
        return np.asarray(along / np.linalg.norm(along) * np.sqrt(gm / distance) - v)
    if phase.change == "inclination":
        return turn(state, phase.value, traveller.tdb, traveller)
    target = MOON_RADIUS_KM + phase.value
    return _along(state, target, phase.change == "periapsis_altitude", gm)


def _along(state: Array, target_km: float, periapsis: bool, gm: float) -> Array:
    """Impulse along the velocity that moves an apsis to a radius; both apses rise with the speed."""
    v = state[3:]
    speed = float(np.linalg.norm(v))
    inverse = 1.0 / target_km

    def beyond(other: float) -> bool:
        """Whether the apsis lies above the one wanted at another speed."""
        near, far = inverse_apses(np.concatenate([state[:3], v / speed * other])[:, None], gm)
        return bool((near if periapsis else far)[0] < inverse)

    low, high = 1e-6, _FASTEST_KM_S
    if beyond(low) or not beyond(high):
        distance = float(np.linalg.norm(state[:3])) - MOON_RADIUS_KM
        name, side = ("periapsis", "below") if periapsis else ("apoapsis", "above")
        raise NotPossibleError(
            f"a burn along the velocity at {distance:.1f} km of altitude cannot set the {name} to "
            f"{target_km - MOON_RADIUS_KM:.1f} km; expected it {side} that place",
            {"altitude_km": abs(target_km - MOON_RADIUS_KM - distance)},
        )
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return np.asarray(v / speed * (0.5 * (low + high) - speed))


def turn(state: Array, inclination_rad: float, tdb: float, traveller: Traveller) -> Array:
    """Impulse that turns the velocity about the position to an inclination, the other way round kept."""
    r, v = state[:3], state[3:]
    pole = frame_to_icrf("moon-me", tdb, traveller.around.environment)[:, 2]
    up = r / np.linalg.norm(r)
    radial = (v @ up) * up
    across = v - radial
    # The plane's normal n is normal to r; its angle about r decides the inclination: n.pole = cos i.
    east = np.cross(pole, up)
    east /= np.linalg.norm(east)
    north = np.cross(up, east)
    latitude = np.arcsin(np.clip(up @ pole, -1.0, 1.0))
    sine = np.cos(inclination_rad) / np.cos(latitude)
    if abs(sine) > 1.0:
        short = np.degrees(abs(latitude)) - np.degrees(min(inclination_rad, np.pi - inclination_rad))
        raise NotPossibleError(f"the place lies {short:.3g} deg beyond the inclination asked for")
    rising = 1.0 if across @ north >= 0.0 else -1.0
    heading = sine * east + rising * np.sqrt(1.0 - sine * sine) * north
    return np.asarray(np.linalg.norm(across) * heading - across)


def _miss(phase: ManoeuvrePhase, state: Array, gm: float) -> tuple[Callable[[Array], Array], bool]:
    """Measure of an orbit that vanishes when a burn is to end, and whether it rises by speed."""
    radius = float(np.linalg.norm(state[:3]))
    target = radius if phase.change == "circularise" else MOON_RADIUS_KM + phase.value

    def above(states: Array) -> Array:
        """Relative height of the size wanted above that wanted for."""
        if phase.change == "circularise":
            distance = np.sqrt((states[:3] ** 2).sum(axis=0))
            inverse = 2.0 / distance - (states[3:] ** 2).sum(axis=0) / gm
            return np.asarray(1.0 - target * inverse)
        near, far = inverse_apses(states, gm)
        return np.asarray(1.0 - target * (near if phase.change == "periapsis_altitude" else far))

    rises = bool(above(state[:, None])[0] < 0.0)
    sign = 1.0 if rises else -1.0
    return (lambda states: sign * above(states)), rises


def _burn(traveller: Traveller, phase: ManoeuvrePhase, impulse: Array, begin_tdb: float) -> None:
    """Burn the engine about the place, long enough to reach what the impulse reaches."""
    vehicle, around = traveller.craft.vehicle, traveller.around
    assert vehicle is not None
    engine, size = vehicle.engine(), float(np.linalg.norm(impulse))
    state, centre = traveller.here, traveller.tdb
    if phase.change == "delta_v":
        burn = FiniteBurn(0.0, engine.full_thrust_n, engine.isp_s, FixedDirection(impulse), delta_v_km_s=size)
        duration = burn.duration(traveller.mass_kg)
        loss, needed = 0.0, engine.flow_kg_s(engine.full_thrust_n) * duration
    else:
        miss, rises = _miss(phase, state, around.gm)
        sized = size_burns(
            state[:, None],
            np.array([centre]),
            np.array([traveller.mass_kg]),
            np.array([traveller.mass_kg - traveller.propellant_kg]),
            engine,
            around.moon,
            miss,
            np.array([max(size, 1e-6)]),
            "along_velocity" if rises else "against_velocity",
            rtol=around.tolerance,
        )
        if sized.burns[0] is None or not np.isfinite(sized.duration_s[0]):
            raise NotPossibleError(
                "no burn of the engine along the velocity does what the manoeuvre asks for"
            )
        burn, duration = sized.burns[0], float(sized.duration_s[0])
        loss, needed = float(sized.delta_v_km_s[0]) - size, float(sized.propellant_kg[0])
    traveller.require(needed, size, loss, "the burn", duration)
    ignition = centre - 0.5 * duration
    if ignition < begin_tdb:
        raise NotPossibleError(
            f"the burn takes {duration:.0f} s and would have to begin {begin_tdb - ignition:.0f} s before "
            "the phase does; expected a later passage",
            {"time_s": begin_tdb - ignition},
        )
    back = propagate(state, centre, -0.5 * duration, around.moon, rtol=around.tolerance, record=False)
    traveller.cut(ignition)
    fly_burns(traveller, np.asarray(back.final[:, 0]), ignition, duration, [burn])
    traveller.spend(size, loss, needed)
    traveller.details["burn_time_s"] = duration
    traveller.details["thrust_to_mass_m_s2"] = engine.full_thrust_n / (traveller.mass_kg + needed)


def fly_burns(
    traveller: Traveller, state: Array, tdb: float, duration_s: float, burns: list[FiniteBurn]
) -> None:
    """Fly with burns from a state, and put the legs behind the traveller; its masses are not touched."""
    flight = propagate_burns(
        state,
        tdb,
        duration_s,
        traveller.around.moon,
        burns,
        traveller.mass_kg,
        max(traveller.mass_kg - traveller.propellant_kg - 1e-6, 1e-6),
        rtol=traveller.around.tolerance,
    )
    table = flight.legs
    for number, leg in enumerate(flight.legs_of(0)):
        start = float(leg.epoch[0])
        flow = 0.0 if table.burn[number] == COAST else float(table.flow_kg_s[number])
        traveller.legs.append(
            FlownLeg(
                leg,
                start,
                start + float(leg.final_elapsed[0]),
                traveller.phase,
                float(table.mass_kg[number]),
                flow,
            )
        )
    traveller.tdb = tdb + float(flight.final_elapsed[0])
    traveller.state = np.asarray(flight.final[:, 0])
