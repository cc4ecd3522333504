"""What it costs to bring the relays of a batch of cases from their release into their orbits."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.orbits.elements import KeplerianElements, from_state
from cislunar.orbits.initial_state import initial_state

if TYPE_CHECKING:
    from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
    from cislunar.trades.chunk import Context

Array = NDArray[np.float64]

CLEARANCE_KM: Final = 50.0
"""Transfers stay this far above the 1737.4 km sphere, as those of `cislunar.transfers.delivery`."""

_SAME: Final = 1e-9


def from_release_km_s(
    release: KeplerianOrbit | CartesianOrbit,
    state: Array,
    leader: NDArray[np.int64],
    epoch_tdb: float,
    context: Context,
    threads: int | None = None,
) -> Array:
    """Cheapest two impulses from the release orbit into each orbit.

    Parameters
    ----------
    release : KeplerianOrbit or CartesianOrbit
        Its frame is frozen at the epoch.
    state : ndarray, shape (6, n)
        Of all spacecraft, km and km/s, ICRF axes, about the Moon, at the epoch.
    leader : ndarray of int, shape (n,)
        Number of the first spacecraft of each one's case: those on its orbit need what it needs.
    epoch_tdb : float
        Seconds past J2000 TDB.
    context : Context
        Gravity and frames.
    threads : int, optional

    Returns
    -------
    ndarray, shape (n,)
        km/s; NaN for a hyperbola. Orbits change between release and arrival, and finding one's place on an
        orbit costs a few m/s more: neither is counted.
    """
    from cislunar.transfers.two_impulse_batch import two_impulse_batch

    gm = context.forces.gm["moon"]
    begin = from_state(initial_state(release, epoch_tdb, gm, context.environment), gm)
    shape = _shape(state, gm)
    same = np.abs(shape - shape[:, leader]).max(axis=0) < _SAME
    same[leader] = False
    energy = 0.5 * (state[3:] ** 2).sum(axis=0) - gm / np.sqrt((state[:3] ** 2).sum(axis=0))
    wanted = np.flatnonzero(~same & (energy < 0.0))
    found = np.full(state.shape[1], np.nan)
    if len(wanted):
        orbits = from_state(state[:, wanted], gm)
        ends = KeplerianElements(*(np.atleast_1d(getattr(orbits, each.name)) for each in fields(orbits)))
        least = MOON_RADIUS_KM + CLEARANCE_KM
        found[wanted] = two_impulse_batch(begin, ends, gm, least, threads=threads).total_km_s
    found[same] = found[leader[same]]
    return found


def _shape(state: Array, gm: float) -> Array:
    """Momentum and eccentricity vectors (6, n), both of order one: an orbit but for the place on it."""
    r, v = state[:3], state[3:]
    momentum = np.cross(r, v, axis=0)
    distance = np.sqrt((r * r).sum(axis=0))
    eccentricity = np.cross(v, momentum, axis=0) / gm - r / distance
    return np.concatenate([momentum / np.sqrt(gm * MOON_RADIUS_KM), eccentricity])
