"""What relays released in each capture orbit would give the site: their apse, a sample of coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.coverage.architectures import architecture_coverage
from cislunar.coverage.tables import WindowTables
from cislunar.mission.window_course import Course
from cislunar.mission.window_flights import InOrbit, follow
from cislunar.propagation import Status, propagate

if TYPE_CHECKING:
    from collections.abc import Callable

    from cislunar.environment import Environment
    from cislunar.propagation import ForceModel

Array = NDArray[np.float64]

_TOGETHER_S = 4.0 * 86400.0
"""Relays that begin their work within this time share one window of tables."""


def apoapsis_direction_me(state: Array, tdb: Array, gm: float, environment: Environment) -> Array:
    """Unit vectors from the Moon's centre to the apoapsis, mean-Earth axes at an epoch, shape (3, n)."""
    place, velocity = state[:3], state[3:]
    momentum = np.cross(place, velocity, axis=0)
    eccentric = np.cross(velocity, momentum, axis=0) / gm - place / np.linalg.norm(place, axis=0)
    rotation = environment.orientation.icrf_to_me(tdb)
    return np.asarray(-np.einsum("ijn,jn->in", rotation, eccentric) / np.linalg.norm(eccentric, axis=0))


def relay_coverage(
    course: Course,
    after_insertion: InOrbit,
    environment: Environment,
    forces: ForceModel,
    progress: Callable[[float], None] | None = None,
    threads: int | None = None,
) -> tuple[Array, Array]:
    """Coverage of the site by the released relays of each candidate: site, relay and station at one instant.

    Parameters
    ----------
    course : Course
    after_insertion : InOrbit
        n candidates.
    environment : Environment
    forces : ForceModel
        About the Moon.
    progress : callable, optional
        Gets the share done.
    threads : int, optional

    Returns
    -------
    percent, longest_gap_s : numpy.ndarray, shape (n,)
        Over the sample from the relays' arrival in their orbit (up to four days later); NaN where a relay
        does not last.
    """
    n = after_insertion.tdb.size
    percent, gap = np.full(n, np.nan), np.full(n, np.nan)
    # Masses are of no interest here, so that any engine does.
    working = follow(after_insertion, course.relay_steps, course.engine.isp_s, forces, threads)
    states, alive = spread(working, course.relays, forces.gm["moon"], forces, threads)
    order = np.argsort(working.tdb)
    order = order[alive[order]]
    groups = _groups(working.tdb[order])
    for number, (low, high) in enumerate(groups):
        who = order[low:high]
        start = float(working.tdb[who].max()) + 1.0
        end = start + course.window.coverage_s
        mine = np.ascontiguousarray(states[:, who].reshape(6, -1))
        begin = np.repeat(working.tdb[who], course.relays)
        flight = propagate(mine, begin, end - begin, forces, threads=threads)
        tables = WindowTables.build(environment, start, end)
        found = architecture_coverage(flight, course.relays, [course.site], list(course.stations), tables)
        lasted = (flight.status == Status.FINISHED).reshape(-1, course.relays).all(axis=1)
        percent[who] = np.where(lasted, found.percent[:, 0], np.nan)
        gap[who] = np.where(lasted, found.longest_gap_s[:, 0], np.nan)
        if progress is not None:
            progress((number + 1) / len(groups))
    return percent, gap


def spread(
    working: InOrbit, relays: int, gm: float, forces: ForceModel, threads: int | None = None
) -> tuple[Array, NDArray[np.bool_]]:
    """States (6, n, relays) of relays spread evenly in time over one orbit, and which orbits allow it.

    Relay k is where the first one is k / relays of a period later.
    """
    n = working.tdb.size
    states = np.repeat(working.state[:, :, None], relays, axis=2)
    radius = np.linalg.norm(working.state[:3], axis=0)
    inverse = 2.0 / radius - (working.state[3:] ** 2).sum(axis=0) / gm
    alive = working.alive & (inverse > 0.0)
    who = np.flatnonzero(alive)
    period = 2.0 * np.pi / np.sqrt(gm * np.where(alive, inverse, 1.0) ** 3)
    for k in range(1, relays if n else 1):
        flight = propagate(
            working.state[:, who],
            working.tdb[who],
            k / relays * period[who],
            forces,
            threads=threads,
            record=False,
        )
        states[:, who, k] = flight.final
        alive[who] &= flight.status == Status.FINISHED
    return states, alive


def _groups(tdb: Array) -> list[tuple[int, int]]:
    """Ranges of sorted epochs that lie close together."""
    groups, low = [], 0
    while low < tdb.size:
        high = int(np.searchsorted(tdb, tdb[low] + _TOGETHER_S, side="right"))
        groups.append((low, high))
        low = high
    return groups
