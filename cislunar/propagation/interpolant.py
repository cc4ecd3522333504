"""Dense output: the state of a flown trajectory at any time, from its recorded nodes and its forces.

The Hermite interpolant of degree 11 through four nodes (see `dense`) is not good enough where a step is long
beside the distance over which the motion changes: 0.4 m between the nodes of an elliptical lunar orbit flown
at a tolerance of 1e-10, 14 m on the two-day steps of a far transfer, where the nodes themselves are good to
millimetres. So the interpolant is made to obey the equations of motion inside the step as well: a correction
`(1 - s^2)^3 (c_0 + ... + c_8 s^8)`, which leaves position, velocity and acceleration at both ends as they
are, makes the acceleration of the path equal to that of the forces at nine points [1]_. The forces are taken
at the path as it stands, four times, because they follow from it; the first two times five points do.

Largest errors between the nodes against a flight at 1e-14, before and after, and the error of the final state
(m), with which they are to be compared:

=====================================  ======  =======  ========  =======
flight                                 rtol    Hermite  now       final
=====================================  ======  =======  ========  =======
lunar ellipse, degree 8, 30 days       1e-8    31       0.011     4.7
lunar ellipse, degree 8, 30 days       1e-10   0.38     0.00001   0.02
low lunar orbit, degree 8, 2 days      1e-8             0.004     0.57
low lunar orbit, degree 8, 2 days      1e-10   0.031    0.000002  0.0005
eclipsed lunar orbit, 10 days          1e-10            0.00001   0.028
halo-like ellipse, 14 days             1e-8             0.046     0.11
halo-like ellipse, 14 days             1e-10            0.00014   0.0003
direct transfer, 4.5 days              1e-10   0.57     0.000001  0.0001
far transfer, 100 days                 1e-8    1800     0.0003    7.6
far transfer, 100 days                 1e-10   14       0.0003    0.0026
=====================================  ======  =======  ========  =======

Trajectories without forces (tabulated states) keep the Hermite interpolant.

References
----------
.. [1] E. Hairer, S. P. Norsett, G. Wanner, "Solving Ordinary Differential Equations I", 2nd ed. (1993),
   section II.7 (collocation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import polynomial

from cislunar.propagation.dense import MOST_POINTS, TERMS, correct, evaluate, expand, locate, sample

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

_NODES_AT_ONCE = 32768


def _collocation(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Collocation at `count` points in -1 to 1.

    Returns the points; the monomials there with their first two derivatives, (3, monomials, points); and the
    corrections (points, monomials) whose second derivative is 1 at one point and 0 at the others.
    """
    points = np.cos((np.arange(count) + 0.5) * np.pi / count)
    powers = np.eye(TERMS)
    monomials = [[polynomial.polyval(points, polynomial.polyder(p, k)) for p in powers] for k in range(3)]
    shapes = [polynomial.polymul(polynomial.polypow([1.0, 0.0, -1.0], 3), unit) for unit in np.eye(count)]
    bends = np.stack([polynomial.polyval(points, polynomial.polyder(shape, 2)) for shape in shapes], axis=1)
    corrections = np.zeros((count, TERMS))
    for k, shape in enumerate(shapes):
        corrections[k, : shape.size] = shape
    return points, np.array(monomials), np.linalg.inv(bends).T @ corrections


_ROUNDS = tuple(_collocation(count) for count in (5, 5, MOST_POINTS, MOST_POINTS))
"""Points and corrections, one after the other: few points first, while the path is still rough."""


def states_at(flown: Trajectory, times: np.ndarray, shared: bool) -> np.ndarray:
    """States (6, n, m) at elapsed times, (n, m) or, if `shared`, (1, m) for all trajectories.

    Times must lie in the span of their trajectory, and each trajectory must have nodes.
    """
    n, m = flown.n, times.shape[1]
    result = np.empty((6, n, m))
    low = 0
    while low < n:
        # Portions of a bounded number of nodes; a trajectory longer than that is a portion of its own.
        high = int(np.searchsorted(flown.offsets, flown.offsets[low] + _NODES_AT_ONCE, side="right")) - 1
        high = min(max(high, low + 1), n)
        part = np.empty((6, high - low, m)) if (low, high) != (0, n) else result
        _portion(flown, low, high, np.ascontiguousarray(times if shared else times[low:high]), shared, part)
        if part is not result:
            result[:, low:high] = part
        low = high
    return result


def _portion(
    flown: Trajectory, low: int, high: int, times: np.ndarray, shared: bool, result: np.ndarray
) -> None:
    """Write the states of the trajectories `low` to `high - 1`."""
    origin = flown.offsets[low]
    nodes = np.ascontiguousarray(flown.nodes[:, origin : flown.offsets[high]])
    offsets = flown.offsets[low : high + 1] - origin
    interval = np.empty(result.shape[1:], dtype=np.int64)
    used = np.zeros(nodes.shape[1], dtype=bool)
    locate(nodes, offsets, times, shared, interval, used)
    number = np.cumsum(used) - 1
    middle, half, path = paths(flown, low, high, np.flatnonzero(used))
    evaluate(interval, number, middle, half, path, times, shared, result)


def paths(
    flown: Trajectory, low: int, high: int, begin: np.ndarray, negligible_km: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paths between nodes of the trajectories `low` to `high - 1`.

    Parameters
    ----------
    flown : Trajectory
    low, high : int
    begin : numpy.ndarray, shape (p,), int
        Nodes at which the intervals begin, counted from the first one of trajectory `low`.
    negligible_km : float
        Paths are left as they are once a correction was smaller than this; what is still missing then is a
        tenth of it or less.

    Returns
    -------
    middle, half : numpy.ndarray, shape (p,)
        Middle of each interval and half its length, s after the start; the latter negative backwards.
    path : numpy.ndarray, shape (p, 3, TERMS)
        Coordinates, km, as monomials of `(t - middle) / half`.
    """
    origin = flown.offsets[low]
    nodes = np.ascontiguousarray(flown.nodes[:, origin : flown.offsets[high]])
    offsets = flown.offsets[low : high + 1] - origin
    owner = np.searchsorted(offsets, begin, side="right") - 1
    middle, half = np.empty(begin.size), np.empty(begin.size)
    path = np.empty((begin.size, 3, TERMS))
    expand(nodes, offsets[owner], offsets[owner + 1], begin, middle, half, path)
    if flown.pressure is not None and begin.size:
        moving = begin + 1 < offsets[owner + 1]  # a flight of no duration has one node and no step
        _obey(flown, low + owner, np.flatnonzero(moving), middle, half, path, negligible_km)
    return middle, half, path


def _obey(
    flown: Trajectory,
    owner: np.ndarray,
    lacking: np.ndarray,
    middle: np.ndarray,
    half: np.ndarray,
    path: np.ndarray,
    negligible_km: float,
) -> None:
    """Make the paths number `lacking` obey the forces that were flown at the points of collocation."""
    from cislunar.propagation.flight import accelerations_of

    assert flown.forces is not None
    assert flown.pressure is not None
    for points, monomials, corrections in _ROUNDS:
        if not lacking.size:
            break
        width, part = half[lacking], path[lacking]
        shape = (lacking.size, points.size)
        elapsed = middle[lacking, None] + width[:, None] * points
        epochs = (flown.epoch[owner[lacking]][:, None] + elapsed).reshape(-1)
        pressure = np.repeat(flown.pressure[owner[lacking]], points.size)
        state, bend = np.empty((6, *shape)), np.empty((3, *shape))
        sample(width, part, monomials, state, bend)
        missing = accelerations_of(state.reshape(6, -1), epochs, pressure, flown.forces).reshape(3, *shape)
        missing -= bend
        correct(width, missing, corrections, part)
        path[lacking] = part
        if negligible_km > 0.0:
            size = np.abs(missing).max(axis=2).max(axis=0) * width * width
            lacking = lacking[size > negligible_km]
