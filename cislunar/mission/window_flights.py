"""All launches of a window flown at once: transfers, insertions, and the changes of orbit that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.mission.window_course import Course, Step
from cislunar.propagation import Apoapsis, Periapsis, Status, propagate
from cislunar.transfers.direct import direct_transfers
from cislunar.transfers.insertion import equal_burns, insert, insertion_impulse
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.solution import Transfers
from cislunar.transfers.targeting import ArrivalTarget
from cislunar.vehicles.rocket import mass_after

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation import ForceModel

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LONGEST_REVOLUTION_S = 30.0 * 86400.0


@dataclass(frozen=True)
class Candidates:
    """Combinations of launch, flight time, branch and heading, each with its transfer.

    Attributes
    ----------
    launch : numpy.ndarray, shape (n,), int
        Number of the launch in the window.
    branch, heading : numpy.ndarray, shape (n,), str
        As asked for.
    transfers : Transfers
    """

    launch: NDArray[np.int64]
    branch: NDArray[np.str_]
    heading: NDArray[np.str_]
    transfers: Transfers


def find_candidates(
    course: Course,
    environment: Environment,
    outer: ForceModel,
    threads: int | None = None,
) -> Candidates:
    """Correct every transfer of the window.

    Parameters
    ----------
    course : Course
    environment : Environment
    outer : ForceModel
        Forces about the Earth, with the Moon among the bodies.
    threads : int, optional
        As for `propagate`.
    """
    window = course.window
    launches = np.arange(window.launches)
    number, time = (
        part.ravel() for part in np.meshgrid(launches, np.array(window.times_of_flight_s), indexing="ij")
    )
    parts, branches, headings = [], [], []
    for branch in window.branches:
        for heading in window.headings:
            parking = ParkingOrbit(course.launch.altitude_km, course.launch.inclination_rad, heading)
            target = ArrivalTarget(
                course.transfer.periapsis_altitude_km, course.transfer.inclination_rad, branch
            )
            departure = window.start_tdb + window.step_s * number
            found = direct_transfers(
                departure,
                time,
                parking,
                target,
                environment,
                outer=outer,
                threads=threads,
            )
            parts.append(found)
            branches.append(branch)
            headings.append(heading)
    return Candidates(
        np.tile(number, len(parts)).astype(np.int64),
        np.repeat(branches, number.size),
        np.repeat(headings, number.size),
        _joined(parts),
    )


def _joined(parts: list[Transfers]) -> Transfers:
    columns = {
        name: np.concatenate([getattr(each, name) for each in parts], axis=-1)
        for name in (
            "departure_tdb",
            "arrival_tdb",
            "departure_state",
            "arrival_state",
            "injection_km_s",
            "c3_km2_s2",
            "v_infinity_km_s",
            "deep_space_km_s",
            "farthest_km",
            "converged",
        )
    }
    return Transfers(**columns, message=[text for each in parts for text in each.message])


@dataclass
class InOrbit:
    """n spacecraft on their way from the insertion on.

    Attributes
    ----------
    state : numpy.ndarray, shape (6, n)
        About the Moon, ICRF axes, km and km/s.
    tdb, mass_kg, delta_v_km_s : numpy.ndarray, shape (n,)
        Now; mass of all that flies; change of velocity since the injection.
    alive : numpy.ndarray, shape (n,), bool
        Whether all so far could be done; states of the others mean nothing.
    """

    state: Array
    tdb: Array
    mass_kg: Array
    delta_v_km_s: Array
    alive: Flags

    def select(self, chosen: NDArray[np.int64]) -> InOrbit:
        """Give an independent copy of some of them."""
        return InOrbit(
            self.state[:, chosen],
            self.tdb[chosen],
            self.mass_kg[chosen],
            self.delta_v_km_s[chosen],
            self.alive[chosen],
        )

    def copy(self) -> InOrbit:
        """Give an independent copy."""
        return self.select(np.arange(self.tdb.size))


def captured(course: Course, transfers: Transfers, forces: ForceModel, threads: int | None = None) -> InOrbit:
    """Insert a batch of converged transfers as the timeline does: by an impulse, or by burns of the engine.

    A burn that takes more propellant than there is is flown all the same; the sum of all burns is judged.
    """
    phase, gm = course.insertion, forces.gm["moon"]
    altitudes = equal_burns(transfers.arrival_state, phase.apoapsis_altitude_km, phase.burns, gm)
    if phase.finite:
        n = len(transfers)
        found = insert(
            transfers.arrival_state,
            transfers.arrival_tdb,
            altitudes,
            course.engine,
            np.full(n, course.mass_kg),
            np.full(n, 1e-3 * course.mass_kg),
            forces,
            threads=threads,
        )
        alive = np.asarray(np.isfinite(found.final_state).all(axis=0), dtype=np.bool_)
        return InOrbit(
            np.where(alive, found.final_state, transfers.arrival_state),
            np.where(alive, found.final_tdb, transfers.arrival_tdb),
            found.final_mass_kg,
            found.delta_v_km_s,
            alive,
        )
    n = len(transfers)
    now = InOrbit(
        transfers.arrival_state.copy(),
        transfers.arrival_tdb.copy(),
        np.full(n, course.mass_kg),
        np.zeros(n),
        np.ones(n, dtype=np.bool_),
    )
    for number, altitude in enumerate(altitudes):
        if number:
            _fly(now, np.full(n, _LONGEST_REVOLUTION_S), forces, threads, Step("reach", place="periapsis"))
        _kick(now, -insertion_impulse(now.state, altitude, gm), course.engine.isp_s)
    return now


def follow(
    now: InOrbit, steps: tuple[Step, ...], isp_s: float, forces: ForceModel, threads: int | None = None
) -> InOrbit:
    """Take a batch through steps in orbit; impulses are those of an ideal burn at the apse."""
    now, gm = now.copy(), forces.gm["moon"]
    for step in steps:
        radius = np.linalg.norm(now.state[:3], axis=0)
        speed = np.linalg.norm(now.state[3:], axis=0)
        if step.kind == "release":
            now.mass_kg = now.mass_kg - step.value
        elif step.kind == "wait":
            _fly(now, np.full(radius.size, step.value), forces, threads)
        elif step.kind == "reach":
            _fly(now, np.full(radius.size, _LONGEST_REVOLUTION_S), forces, threads, step)
        else:
            other = radius if step.kind == "circularise" else MOON_RADIUS_KM + step.value
            wanted = np.sqrt(2.0 * gm * other / (radius * (radius + other)))
            _kick(now, wanted - speed, isp_s)
    return now


def coast(now: InOrbit, duration_s: Array, forces: ForceModel, threads: int | None = None) -> InOrbit:
    """Fly a batch without thrust, each for its own time."""
    now = now.copy()
    _fly(now, duration_s, forces, threads)
    return now


def _kick(now: InOrbit, along_km_s: Array, isp_s: float) -> None:
    speed = np.linalg.norm(now.state[3:], axis=0)
    now.state[3:] *= 1.0 + along_km_s / speed
    now.delta_v_km_s = now.delta_v_km_s + np.abs(along_km_s)
    now.mass_kg = mass_after(now.mass_kg, np.abs(along_km_s), isp_s)


def _fly(
    now: InOrbit, duration_s: Array, forces: ForceModel, threads: int | None, step: Step | None = None
) -> None:
    """Coast those that are alive, to an apse if a step says so."""
    who = np.flatnonzero(now.alive)
    if not who.size:
        return
    events: tuple[Periapsis, ...] = ()
    if step is not None:
        kind = Periapsis if step.place == "periapsis" else Apoapsis
        events = (kind(terminal=True, occurrence=step.passage),)
    flight = propagate(
        now.state[:, who],
        now.tdb[who],
        duration_s[who],
        forces,
        threads=threads,
        record=bool(events),
        events=events,
    )
    now.state[:, who] = flight.final
    now.tdb[who] += flight.final_elapsed
    now.alive[who] = flight.status == (Status.EVENT if events else Status.FINISHED)
