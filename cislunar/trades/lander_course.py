"""What a lander burns from its arrival at the Moon to the ground, in closed form for many arrivals at once.

Between burns the orbit is an ellipse about the Moon's centre that nothing disturbs. Burns that take their
time lose, to second order in the time, what Robbins [1]_ gives for a burn centred on its impulse:
Delta-v (mu / r^3) t^2 / 24. The powered descent costs what the law fitted to the optimum says.

References
----------
.. [1] H. M. Robbins, "An analytical study of the impulsive approximation", AIAA J. 4(8), 1417-1423, 1966.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.landing.descent_law import PERIAPSIS_KM, RANGES, powered_descent_km_s
from cislunar.landing.impulsive import apsis_speed_km_s, surface_speed_km_s
from cislunar.scenario import phases as model
from cislunar.transfers.insertion import insertion_impulse
from cislunar.vehicles.budget import Event, Manoeuvre, Release
from cislunar.vehicles.events import prepare
from cislunar.vehicles.landed_payload import PayloadLimit, payload_limit
from cislunar.vehicles.rocket import mass_after

if TYPE_CHECKING:
    from cislunar.trades.landers import Lander
    from cislunar.vehicles.engine import Engine
    from cislunar.vehicles.payloads import Payload

Array = NDArray[np.float64]

_ROUNDS: Final = 40
_SAME_KG: Final = 1e-6


@dataclass(frozen=True)
class Arrivals:
    """Arrivals of cases that differ in nothing else: n of them.

    Attributes
    ----------
    state : ndarray, shape (6, n)
        At the periapsis, km and km/s, ICRF axes, about the Moon.
    correction_km_s : ndarray, shape (n,)
        What corrections on the way take.
    launch_kg : ndarray, shape (n,)
        What the launcher injects; infinite where it is not stated.
    """

    state: Array
    correction_km_s: Array
    launch_kg: Array


@dataclass
class Course:
    """Burns of n cases in order.

    Attributes
    ----------
    events : list of Manoeuvre and Release
    insertion_km_s, descent_km_s, total_km_s : ndarray, shape (n,)
        Losses included.
    outside : list of (ndarray of bool, str)
        Where the law of the descent does not hold, and why.
    """

    events: list[Event] = field(default_factory=list)
    insertion_km_s: Array = field(default_factory=lambda: np.zeros(1))
    descent_km_s: Array = field(default_factory=lambda: np.zeros(1))
    total_km_s: Array = field(default_factory=lambda: np.zeros(1))
    outside: list[tuple[NDArray[np.bool_], str]] = field(default_factory=list)


def follow(lander: Lander, arrivals: Arrivals, start_kg: Array, gm: float) -> Course:
    """Follow cases down from their mass at the injection.

    Parameters
    ----------
    lander : Lander
        Any of them.
    arrivals : Arrivals
    start_kg : ndarray, shape (n,)
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    """
    engine, course = lander.vehicle.engine(), Course()
    mass = np.array(start_kg)
    near = far = np.sqrt((arrivals.state[:3] ** 2).sum(axis=0))
    course.total_km_s = np.zeros_like(mass)
    for number, phase in enumerate(lander.phases):
        name = f"{phase.kind} {number + 1}"
        ideal, loss, extra = np.zeros_like(mass), np.zeros_like(mass), np.zeros_like(mass)
        match phase:
            case model.ReleasePhase():
                course.events.append(Release(phase.name))
                mass = mass - lander.vehicle.aboard[phase.name]
                continue
            case model.CorrectionPhase():
                extra = arrivals.correction_km_s
            case model.InsertPhase():
                ideal = insertion_impulse(arrivals.state, phase.apoapsis_altitude_km, gm)
                far = np.full_like(near, MOON_RADIUS_KM + phase.apoapsis_altitude_km)
                if phase.finite:
                    loss = _loss(ideal, near, mass, engine, gm, phase.burns)
                course.insertion_km_s = ideal + loss
            case model.ManoeuvrePhase():
                here, ideal, near, far = _reshaped(phase, near, far, gm)
                if phase.finite:
                    loss = _loss(ideal, here, mass, engine, gm, 1)
            case model.LandPhase():
                ideal, loss = _descent(near, far, mass, engine, gm, course)
                course.descent_km_s = ideal + loss
        course.events.append(Manoeuvre(name, np.abs(ideal), loss, extra))
        size = np.abs(ideal) + loss + extra
        course.total_km_s = course.total_km_s + size
        mass = mass_after(mass, size, engine.isp_s)
    return course


def most_payload(lander: Lander, arrivals: Arrivals, gm: float) -> tuple[Array, Course]:
    """Largest payload (n,) that lands with the margins of the policy, kg, and the course with it.

    The descent costs a heavy lander more, so payload and burns are found in turn until they agree to a
    milligram.
    """
    vehicle = lander.vehicle
    released = {each.name for each in lander.phases if isinstance(each, model.ReleasePhase)}
    leaving = tuple(each for each in vehicle.payloads if each.name in released)
    empty = replace(vehicle, payloads=leaving).wet_mass_kg
    payload = np.zeros(arrivals.state.shape[1])
    loaded = np.full_like(payload, vehicle.propellant_kg)
    course = Course()
    for _ in range(_ROUNDS):
        start = np.maximum(empty - vehicle.propellant_kg + loaded + payload, 1.0)
        course = follow(lander, arrivals, start, gm)
        limit = _limit(lander, leaving, course, arrivals)
        change = np.abs(limit.payload_kg - payload).max()
        payload, loaded = limit.payload_kg, limit.propellant_kg
        if change < _SAME_KG:
            break
    return payload, course


def _limit(lander: Lander, leaving: tuple[Payload, ...], course: Course, arrivals: Arrivals) -> PayloadLimit:
    vehicle = replace(lander.vehicle, payloads=leaving)
    prepared = prepare(vehicle, course.events, lander.policy)
    return payload_limit(
        prepared.total_km_s,
        prepared.isp_column_s,
        dry_mass_kg=prepared.final_kg,
        propellant_kg=lander.vehicle.propellant_kg,
        released_kg=prepared.released_kg,
        residuals_fraction=prepared.residuals_fraction,
        launch_mass_kg=arrivals.launch_kg,
    )


def _loss(ideal: Array, radius: Array, mass: Array, engine: Engine, gm: float, burns: int) -> Array:
    """Loss of burns of equal size one after the other, km/s (Robbins)."""
    part, lost = np.abs(ideal) / burns, np.zeros_like(mass)
    for _ in range(burns):
        after = mass_after(mass, part, engine.isp_s)
        time_s = (mass - after) / engine.flow_kg_s(engine.full_thrust_n)
        lost += part * gm / radius**3 * time_s**2 / 24.0
        mass = after
    return lost


def _reshaped(
    phase: model.ManoeuvrePhase, near: Array, far: Array, gm: float
) -> tuple[Array, Array, Array, Array]:
    """Radius of a burn at an apsis, its signed size, and the apsides after it."""
    here, there = (near, far) if phase.at.place == "periapsis" else (far, near)
    wanted = here if phase.change == "circularise" else np.full_like(here, MOON_RADIUS_KM + phase.value)
    size = apsis_speed_km_s(here, wanted, gm) - apsis_speed_km_s(here, there, gm)
    return here, size, np.minimum(here, wanted), np.maximum(here, wanted)


def _descent(
    near: Array, far: Array, mass: Array, engine: Engine, gm: float, course: Course
) -> tuple[Array, Array]:
    """Descent orbit from the apoapsis and powered descent: least size, and what it costs more."""
    low = np.full_like(near, MOON_RADIUS_KM + PERIAPSIS_KM)
    burn = np.abs(apsis_speed_km_s(far, near, gm) - apsis_speed_km_s(far, low, gm))
    ignition = mass_after(mass, burn, engine.isp_s)
    weight_n = 1000.0 * ignition * gm / MOON_RADIUS_KM**2
    given = {
        "thrust-to-weight": engine.full_thrust_n / weight_n,
        "specific impulse": np.full_like(mass, engine.isp_s),
        "apoapsis altitude": far - MOON_RADIUS_KM,
    }
    course.outside = []
    for name, (least, most) in RANGES.items():
        bad = ~((given[name] >= least) & (given[name] <= most))
        worst = f"{given[name][bad][0]:.3g}" if bad.any() else ""
        course.outside.append(
            (bad, f"the {name} of the descent is {worst}; its law holds from {least:g} to {most:g}")
        )
        given[name] = np.clip(given[name], least, most)
    powered = powered_descent_km_s(*given.values())
    speed = apsis_speed_km_s(low, far, gm)
    least_powered = surface_speed_km_s(speed, low, MOON_RADIUS_KM, gm)
    return burn + least_powered, powered - least_powered
