"""Times at which flights are asked for, checked against the spans that were flown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.checks import real_numbers

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

SLACK_S = 5e-7
"""An epoch is a float64 of some 1e9 s, good to 1e-7 s: so far may a time at the very end miss."""


def elapsed_times(elapsed: ArrayLike, final_elapsed: Array) -> tuple[Array, bool]:
    """Check times after the start of each of n trajectories.

    Parameters
    ----------
    elapsed : float or array_like, shape (m,) or (n, m)
        Seconds after the start, negative on a flight backwards.
    final_elapsed : numpy.ndarray, shape (n,)
        Time of the last state of each trajectory.

    Returns
    -------
    times : numpy.ndarray, shape (n, m), or (1, m) for times that all trajectories share
        The latter are as they were given; the others are cut to what was flown.
    scalar : bool
        Whether one number was given.

    Raises
    ------
    InputError
        The shape is wrong, or a time lies outside the flight of its trajectory.
    """
    n = final_elapsed.size
    given = real_numbers(elapsed, "elapsed", f"seconds after the start, shape (m,) or ({n}, m)")
    if given.ndim > 2 or (given.ndim == 2 and given.shape[0] != n):
        raise InputError(f"elapsed: expected shape (m,) or ({n}, m); got {given.shape}")
    times = np.atleast_2d(given)
    low, high = np.minimum(0.0, final_elapsed)[:, None], np.maximum(0.0, final_elapsed)[:, None]
    outside = ~((times >= low - SLACK_S) & (times <= high + SLACK_S))
    if outside.any():
        i, j = np.argwhere(outside)[0]
        raise InputError(
            f"elapsed: {times[i if given.ndim == 2 else 0, j]} s is outside the flight of trajectory {i}, "
            f"{float(low[i, 0])} s to {float(high[i, 0])} s after its start"
        )
    return (np.clip(times, low, high) if given.ndim == 2 else times), given.ndim == 0


def elapsed_at(tdb: ArrayLike, epoch: Array) -> tuple[Array, bool]:
    """Return epochs (m,), seconds past J2000 TDB, as times (n, m) after the starts (n,), and whether one was
    given.

    Raises
    ------
    InputError
        The shape is wrong.
    """
    times = real_numbers(tdb, "tdb", "seconds past J2000 TDB, shape (m,)")
    if times.ndim > 1:
        raise InputError(f"tdb: expected shape (m,); got {times.shape}")
    return np.atleast_1d(times)[None] - epoch[:, None], times.ndim == 0


def scattered(flown: Trajectory, owner: Integers, elapsed: Array) -> Array:
    """States (6, k) of trajectories `owner` of a batch at times after their starts, cut to their flights."""
    if not owner.size:
        return np.empty((6, 0))
    # The times of each trajectory in a row of their own, rows filled up with its beginning.
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=flown.n)
    place = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    grid = np.zeros((flown.n, int(np.max(counts))))
    rows = owner[order]
    end = flown.final_elapsed[rows]
    grid[rows, place] = np.clip(elapsed[order], np.minimum(end, 0.0), np.maximum(end, 0.0))
    states = np.empty((6, owner.size))
    states[:, order] = flown.at(grid)[:, rows, place]
    return states
