"""When an orbit passes over a site, and how far beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.propagation import Trajectory

Array = NDArray[np.float64]

_STEP_S = 60.0
_CHUNK = 20000
_REFINEMENTS = 40


@dataclass(frozen=True, eq=False)
class Passes:
    """Moments at which an orbiter is abeam of a site, shape (k,), in the order flown.

    Attributes
    ----------
    tdb : ndarray
        Seconds past J2000 TDB.
    cross_range_rad : ndarray
        Angle of the site to the left of the orbit's plane (axes that do not turn) at that moment.
    """

    tdb: Array
    cross_range_rad: Array

    def __len__(self) -> int:
        """Count the passes."""
        return int(self.tdb.size)


def site_icrf(site: Site, environment: Environment, tdb: ArrayLike) -> Array:
    """Direction of a site from the Moon's centre in ICRF axes, shape (3, ...)."""
    rotation = environment.orientation.icrf_to_me(tdb)
    return np.asarray(np.einsum("ji...,j->i...", rotation, site.up_me))


def along_and_across(states: Array, site: Array) -> tuple[Array, Array]:
    """Angles of a site ahead of an orbiter and to the left of its plane, rad.

    Parameters
    ----------
    states : ndarray, shape (6, m)
        Moon-centred, axes that do not turn.
    site : ndarray, shape (3, m)
        Direction of the site, same axes.

    Returns
    -------
    ahead, left : ndarray, shape (m,)
        `ahead` within half a turn of 0.
    """
    normal = np.cross(states[:3], states[3:], axis=0)
    normal = normal / np.linalg.norm(normal, axis=0)
    radial = states[:3] / np.linalg.norm(states[:3], axis=0)
    forward = np.cross(normal, radial, axis=0)
    left = np.arcsin(np.clip((site * normal).sum(axis=0), -1.0, 1.0))
    return np.arctan2((site * forward).sum(axis=0), (site * radial).sum(axis=0)), left


def find_passes(
    trajectory: Trajectory, site: Site, environment: Environment, start_tdb: float, end_tdb: float
) -> Passes:
    """Find every moment at which an orbiter passes a site.

    Parameters
    ----------
    trajectory : Trajectory
        One trajectory about the Moon.
    site : Site
    environment : Environment
    start_tdb, end_tdb : float
        Where to look.

    Returns
    -------
    Passes
        To 1e-6 s by bisection between samples a minute apart.
    """

    def ahead(tdb: Array) -> tuple[Array, Array]:
        return along_and_across(trajectory.at_tdb(tdb)[:, 0], site_icrf(site, environment, tdb))

    count = max(2, int(np.ceil((end_tdb - start_tdb) / _STEP_S)) + 1)
    times = np.linspace(start_tdb, end_tdb, count)
    angle = np.concatenate([ahead(part)[0] for part in np.array_split(times, count // _CHUNK + 1)])
    # ahead of the site before, behind it after: a fall through zero, not the wrap half a turn away
    crossing = np.flatnonzero((angle[:-1] > 0.0) & (angle[1:] <= 0.0) & (angle[:-1] - angle[1:] < np.pi))
    low, high = times[crossing], times[crossing + 1]
    if crossing.size == 0:
        return Passes(np.zeros(0), np.zeros(0))
    for _ in range(_REFINEMENTS):
        middle = 0.5 * (low + high)
        before = ahead(middle)[0] > 0.0
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    tdb = 0.5 * (low + high)
    return Passes(tdb, ahead(tdb)[1])
