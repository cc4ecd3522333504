"""From the parking orbit about the Earth into an orbit about the Moon."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import EARTH_RADIUS_KM, MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.mission.timeline import FlownLeg
from cislunar.mission.timeline_burns import coast_to, fly_burns
from cislunar.mission.timeline_traveller import NotPossibleError, Traveller
from cislunar.propagation import propagate, propagate_transfer
from cislunar.scenario.phases import (
    BallisticTransferPhase,
    DirectTransferPhase,
    FreeReturnPhase,
    InsertPhase,
    LaunchPhase,
    Moment,
)
from cislunar.transfers.ballistic import FLYBY_KM, search
from cislunar.transfers.ballistic_transfers import BallisticTransfers, ballistic_transfers
from cislunar.transfers.direct import direct_transfers
from cislunar.transfers.free_return import free_returns
from cislunar.transfers.insertion import equal_burns, insert, insertion_impulse
from cislunar.transfers.launch import Launcher
from cislunar.transfers.lunar_arrival import LunarArrival
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.patched_conic import c3_of_injection, injection_km_s
from cislunar.transfers.solution import Transfers
from cislunar.transfers.targeting import ArrivalTarget
from cislunar.vehicles.checks import kilograms
from cislunar.vehicles.rocket import propellant

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation import ForceModel

_CLOSING_S = 5.0 * 86400.0
"""How far a candidate's departure moves, at most, when it is closed onto the parking orbit."""

_TRANSFER_TOLERANCE = 1e-12
"""A transfer multiplies errors by thousands on its way: it is flown as tightly as it was corrected."""


def launch(traveller: Traveller, phase: LaunchPhase) -> None:
    """Wait in the parking orbit; its plane is found with the transfer."""
    traveller.launch = phase
    traveller.tdb = phase.epoch_tdb
    traveller.details.update(
        altitude_km=phase.altitude_km, inclination_deg=float(np.degrees(phase.inclination_rad))
    )


def direct_transfer(traveller: Traveller, phase: DirectTransferPhase) -> None:
    """Find the transfer, see that the launcher can inject the mass, and fly it to the arrival."""
    launched, around = traveller.launch, traveller.around
    assert launched is not None
    found = direct_transfers(
        traveller.tdb,
        phase.time_of_flight_s,
        ParkingOrbit(launched.altitude_km, launched.inclination_rad),
        ArrivalTarget(phase.periapsis_altitude_km, phase.inclination_rad, phase.branch),
        around.environment,
        outer=around.earth,
        inner=around.moon,
    )
    if not found.converged[0]:
        raise NotPossibleError(f"no transfer was found: {found.message[0]}")
    fly_transfer(traveller, found)


def free_return(traveller: Traveller, phase: FreeReturnPhase) -> None:
    """Find the cheapest free return of both headings and both branches, and fly it to the Moon.

    The way back is that of the point masses of Earth, Moon and Sun from the parking orbit on; the way out is
    then corrected in the full model to arrive after the same time at the same periapsis.
    """
    launched, around = traveller.launch, traveller.around
    assert launched is not None
    ways = []
    for heading, branch in product(("ascending", "descending"), ("north", "south")):
        parking = ParkingOrbit(launched.altitude_km, launched.inclination_rad, heading)
        target = ArrivalTarget(phase.periapsis_altitude_km, phase.inclination_rad, branch)
        found = free_returns(
            traveller.tdb,
            parking,
            target,
            around.environment,
            return_altitude_km=phase.return_altitude_km,
            outer=around.earth,
        )
        ways.append((found, parking, target))
    ready = [way for way in ways if way[0].transfers.converged[0]]
    if not ready:
        # A way that comes back too high says more than one that does not arrive.
        found, parking, target = max(ways, key=lambda way: "lowest perigee" in way[0].transfers.message[0])
        raise NotPossibleError(f"{found.transfers.message[0]} ({parking.heading}, {target.branch})")
    found, parking, target = min(ready, key=lambda way: float(way[0].transfers.injection_km_s[0]))
    transfers = direct_transfers(
        traveller.tdb,
        found.transfers.time_of_flight_s,
        parking,
        target,
        around.environment,
        outer=around.earth,
        inner=around.moon,
    )
    if not transfers.converged[0]:
        raise NotPossibleError(f"no transfer was found: {transfers.message[0]}")
    traveller.details.update(
        return_tdb=float(found.return_tdb[0]), return_altitude_km=float(found.return_altitude_km[0])
    )
    fly_transfer(traveller, transfers)


def ballistic_transfer(traveller: Traveller, phase: BallisticTransferPhase) -> None:
    """Search for transfers that arrive in the window, take the one that is captured most cheaply, fly it."""
    launched, around = traveller.launch, traveller.around
    assert launched is not None
    parking = ParkingOrbit(launched.altitude_km, launched.inclination_rad)
    found = ballistic_batch(phase, parking, around.environment, (around.earth, around.moon))
    fits, why = ballistic_choice(phase, found, traveller.tdb)
    if why:
        raise NotPossibleError(why)
    best = np.flatnonzero(fits)[:1]
    traveller.details.update(
        capture_km_s=float(found.capture_km_s[best[0]]),
        outward_moon_km=float(found.outward_moon_km[best[0]]),
        found=int(fits.sum()),
        batch=found,
    )
    fly_transfer(traveller, found.transfers.select(best))


def ballistic_batch(
    phase: BallisticTransferPhase,
    parking: ParkingOrbit,
    environment: Environment,
    models: tuple[ForceModel, ForceModel],
) -> BallisticTransfers:
    """Search for all transfers that arrive in the window of a phase, cheapest capture first."""
    shortest, longest = phase.time_of_flight_s
    candidates = search(
        phase.arrive_after_tdb,
        phase.arrive_before_tdb,
        LunarArrival(phase.periapsis_altitude_km, phase.inclination_rad),
        environment,
        count=phase.candidates,
        time_of_flight_s=(max(shortest - _CLOSING_S, _CLOSING_S), longest + _CLOSING_S),
    )
    return ballistic_transfers(candidates, parking, environment, match_inclination=True, models=models)


def ballistic_choice(
    phase: BallisticTransferPhase, found: BallisticTransfers, launch_tdb: float
) -> tuple[NDArray[np.bool_], str]:
    """Say which transfers of a batch a launch can take, and why none if there is none."""
    departure = found.transfers.departure_tdb
    shortest, longest = phase.time_of_flight_s
    near = found.outward_moon_km < FLYBY_KM
    flight_s = found.transfers.time_of_flight_s
    in_range = (flight_s >= shortest) & (flight_s <= longest)
    within = np.inf if phase.depart_within_s is None else phase.depart_within_s
    early, late = departure < launch_tdb, departure > launch_tdb + within
    fits = in_range & ~early & ~late & (~near | phase.flyby)
    if fits.any():
        return fits, ""
    later = f", {int(late.sum())} more than {within / 86400.0:g} d after it" if late.any() else ""
    return fits, (
        f"no transfer was found: of {phase.candidates} arrivals tried, {len(found)} came from the parking "
        f"orbit, {int(early.sum())} of them before the launch{later}, {int(near.sum())} by way of a flyby, "
        f"{int((~in_range).sum())} outside the time of flight; expected a wider window of arrival or more "
        "candidates"
    )


def fly_transfer(traveller: Traveller, found: Transfers) -> None:
    """Fly a transfer that was found, the only one of its batch."""
    traveller.details.update(
        injection_km_s=float(found.injection_km_s[0]),
        c3_km2_s2=float(found.c3_km2_s2[0]),
        v_infinity_km_s=float(found.v_infinity_km_s[0]),
        time_of_flight_s=float(found.time_of_flight_s[0]),
        farthest_km=float(found.farthest_km[0]),
        departure_tdb=float(found.departure_tdb[0]),
        departure_state=found.departure_state[:, 0],
        arrival_periapsis_altitude_km=float(np.linalg.norm(found.arrival_state[:3, 0])) - MOON_RADIUS_KM,
    )
    c3 = float(found.c3_km2_s2[0])
    given, rest = _injection(traveller, float(found.injection_km_s[0]))
    _check_launcher(traveller, c3 if given is None else min(given, c3))
    if rest > 0.0:
        _add_to_injection(traveller, rest)
    around, traveller.transfer = traveller.around, found
    departure = float(found.departure_tdb[0])
    flight = propagate_transfer(
        found.departure_state[:, 0],
        departure,
        float(found.arrival_tdb[0]) - departure,
        around.earth,
        around.moon,
        rtol=_TRANSFER_TOLERANCE,
    )
    for leg in flight.legs_of(0):
        start = float(leg.epoch[0])
        end = start + float(leg.final_elapsed[0])
        traveller.legs.append(FlownLeg(leg, start, end, traveller.phase, traveller.mass_kg))
    traveller.tdb = float(found.arrival_tdb[0])
    traveller.state = found.arrival_state[:, 0]
    reached = np.asarray(flight.final[:, 0])
    if flight.center[0] != "moon":
        reached = reached + around.environment.ephemeris.state(flight.center[0], "moon", traveller.tdb)
    traveller.details["closure_km"] = float(np.linalg.norm((reached - traveller.state)[:3]))


def _injection(traveller: Traveller, needed_km_s: float) -> tuple[float | None, float]:
    """C3 that the launcher gives, where it is fixed, and what the transfer needs beyond it, km/s."""
    launched = traveller.launch
    if launched is None or (launched.c3_km2_s2 is None and launched.injection_km_s is None):
        return None, 0.0
    gm, radius = traveller.around.earth.gm["earth"], EARTH_RADIUS_KM + launched.altitude_km
    if launched.c3_km2_s2 is not None:
        c3 = launched.c3_km2_s2
        impulse = float(injection_km_s(radius, c3, gm))
    else:
        impulse = launched.injection_km_s or 0.0
        c3 = float(c3_of_injection(radius, impulse, gm))
    rest = needed_km_s - impulse
    traveller.details.update(
        launcher_injection_km_s=impulse, launcher_c3_km2_s2=c3, injection_difference_km_s=rest
    )
    return c3, rest


def _add_to_injection(traveller: Traveller, rest_km_s: float) -> None:
    """Let the spacecraft's own engine give what the launcher does not, as a part of the same impulse."""
    if traveller.craft.vehicle is None or not traveller.craft.vehicle.engines:
        raise NotPossibleError(
            f"the transfer needs {1e3 * rest_km_s:.1f} m/s more than the launcher's injection gives, and "
            f"{traveller.craft.name} has no engine",
            {"delta_v_km_s": rest_km_s},
        )
    needed = float(propellant(traveller.mass_kg, rest_km_s, traveller.engine.isp_s))
    traveller.require(needed, rest_km_s, 0.0, "the rest of the injection")
    traveller.spend(rest_km_s, 0.0, needed)


def _check_launcher(traveller: Traveller, c3_km2_s2: float) -> None:
    """See that the launcher injects the whole mass, where its curve is stated."""
    launched = traveller.launch
    if launched is None or not launched.mass_curve:
        return
    try:
        curve = Launcher("curve", *zip(*launched.mass_curve, strict=True))
        capability = float(curve.mass_at(c3_km2_s2))
    except InputError as error:
        raise NotPossibleError(str(error)) from None
    traveller.details["launcher_capability_kg"] = capability
    over = traveller.mass_kg - capability
    if over > 0.0:
        raise NotPossibleError(
            f"the launcher injects {kilograms(capability)} at a C3 of {c3_km2_s2:.3f} km^2/s^2; "
            f"{traveller.craft.name} weighs {kilograms(traveller.mass_kg)}: {kilograms(over)} too heavy",
            {"mass_kg": over},
        )


def insertion(traveller: Traveller, phase: InsertPhase) -> None:
    """Fly the phase `insert`."""
    near = float(np.linalg.norm(traveller.here[:3])) - MOON_RADIUS_KM
    if phase.apoapsis_altitude_km < near:
        raise NotPossibleError(
            f"the apoapsis asked for, {phase.apoapsis_altitude_km:g} km, lies below the arrival's periapsis, "
            f"{near:.1f} km",
            {"altitude_km": near - phase.apoapsis_altitude_km},
        )
    gm = traveller.around.gm
    altitudes = equal_burns(traveller.here, phase.apoapsis_altitude_km, phase.burns, gm)
    if phase.finite:
        _insert_by_burns(traveller, altitudes)
    else:
        _insert_by_impulses(traveller, altitudes)


def _insert_by_impulses(traveller: Traveller, altitudes: tuple[float, ...]) -> None:
    impulses, epochs = [], []
    for number, altitude in enumerate(altitudes):
        if number:
            coast_to(traveller, Moment("place", place="periapsis"))
        state = traveller.here
        size = float(insertion_impulse(state, altitude, traveller.around.gm)[0])
        what = "the insertion" if len(altitudes) == 1 else f"insertion burn {number + 1}"
        traveller.kick(-size * state[3:] / np.linalg.norm(state[3:]), what)
        impulses.append(size)
        epochs.append(traveller.tdb)
    traveller.details.update(
        impulses_km_s=impulses,
        apoapsis_altitudes_km=list(altitudes),
        burn_time_s=[0.0] * len(altitudes),
        ignition_tdb=epochs,
    )


def _insert_by_burns(traveller: Traveller, altitudes: tuple[float, ...]) -> None:
    vehicle, around = traveller.craft.vehicle, traveller.around
    assert vehicle is not None
    dry = max(traveller.mass_kg - traveller.propellant_kg, 1e-3)
    found = insert(
        traveller.here,
        traveller.tdb,
        altitudes,
        vehicle.engine(),
        traveller.mass_kg,
        dry,
        around.moon,
        rtol=around.tolerance,
    )
    ideal, needed = float(found.impulses_km_s.sum()), float(found.propellant_kg[0])
    loss = float(found.gravity_loss_km_s[0])
    traveller.details.update(
        impulses_km_s=found.impulses_km_s[:, 0].tolist(),
        single_impulse_km_s=float(found.impulse_km_s[0]),
        apoapsis_altitudes_km=list(altitudes),
        burn_time_s=[float(each.duration_s[0]) for each in found.burns],
        ignition_tdb=[float(each.ignition_tdb[0]) for each in found.burns],
        thrust_to_mass_m_s2=float(found.thrust_to_mass_m_s2[0]),
        periapsis_altitude_km=float(found.periapsis_altitude_km[0]),
    )
    if found.message[0]:
        short = sum(float(each.short_kg[0]) for each in found.burns)
        asked = {
            key: value
            for key, value in (("ideal_km_s", ideal), ("loss_km_s", loss), ("propellant_kg", needed))
            if np.isfinite(value)
        }
        raise NotPossibleError(found.message[0], {"propellant_kg": short} if short > 0.0 else {}, **asked)
    start = float(found.burns[0].ignition_tdb[0])
    back = propagate(
        traveller.here,
        traveller.tdb,
        start - traveller.tdb,
        around.moon,
        rtol=around.tolerance,
        record=False,
    )
    traveller.cut(start)
    fly_burns(
        traveller,
        np.asarray(back.final[:, 0]),
        start,
        float(found.final_tdb[0]) - start,
        found.flight_burns(0, start),
    )
    traveller.spend(ideal, loss, needed)
