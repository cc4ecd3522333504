"""Nodes inside long steps of a flight, so that edges are found on the path that the flight took.

Between nodes the edge finder follows the Hermite polynomial of degree 11 through four of them. On the steps
of a low orbit that is the path; on steps that are long beside the time in which the motion changes (a
near-rectilinear halo orbit away from the Moon, any orbit flown at a loose tolerance) it leaves the path that
obeys the forces (`cislunar.propagation.interpolant`) by metres, which slow motion there turns into
milliseconds. A node in the middle of such a step takes the error down by 2^12.

Which steps those are is told from the nodes alone. Where two steps meet, their polynomials of degree 5 differ
in the third derivative, by `j`; with `h` the length of a step and `r` the distance, `(j h^3)^2 / r` follows
the error of the polynomial of degree 11: twice as many derivatives, twice the power of what a step is long.
The factor between them is 0.002 on most steps of lunar ellipses and halo orbits, and 0.01 on one in twenty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.interpolant import paths
from cislunar.propagation.jit import kernel

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

TOLERABLE_S = 1.5e-3
"""A trajectory is left as it is if its polynomials are estimated to be this near to the path everywhere, at
the speed of the flight, as on relays flown at a tolerance of 1e-10, whose edges are good to 0.5 ms."""

LONGEST_MISS_S = 2e-4
"""Of other trajectories all steps are halved on which they may be farther off than this."""

_FACTOR = 0.003
_NEGLIGIBLE_KM = 1e-4


def halve_long_steps(
    trajectory: Trajectory, low: int = 0, high: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of a batch of trajectories, with one more in the middle of each long step.

    Parameters
    ----------
    trajectory : Trajectory
        With recorded nodes. If it does not know its forces there is nothing better than its nodes, and they
        are returned as they are.
    low, high : int
        Take the trajectories `low` to `high - 1` of the batch; all by default.

    Returns
    -------
    nodes : numpy.ndarray, shape (10, M)
        As `Trajectory.nodes`; a view of them if no step is long.
    offsets : numpy.ndarray, shape (n + 1,)
        As `Trajectory.offsets`.
    """
    high = len(trajectory) if high is None else high
    offsets = np.asarray(trajectory.offsets)[low : high + 1]
    nodes = np.asarray(trajectory.nodes, dtype=float)[:, offsets[0] : offsets[-1]]
    offsets = offsets - offsets[0]
    if getattr(trajectory, "pressure", None) is None:
        return nodes, offsets
    miss2 = np.zeros(nodes.shape[1])
    _estimate(tuple(np.ascontiguousarray(row) for row in nodes), offsets.astype(np.int64), miss2)
    long = miss2 > LONGEST_MISS_S**2
    begin = np.flatnonzero(long)
    if begin.size == 0:
        return nodes, offsets
    middle, half, path = paths(trajectory, low, high, begin, _NEGLIGIBLE_KM)
    added = np.concatenate(
        [middle[None], path[:, :, 0].T, path[:, :, 1].T / half, 2.0 * path[:, :, 2].T / half**2]
    )
    refined = np.insert(nodes, begin + 1, added, axis=1)
    return np.ascontiguousarray(refined), offsets + np.searchsorted(begin, offsets)


@kernel
def _estimate(rows: Any, offsets: np.ndarray, miss2: np.ndarray) -> None:
    """Write the square of how far off the steps may be that begin at the nodes (M,), s^2; 0 where all of a
    trajectory is tolerable. `rows` are those of the nodes."""
    jump2 = np.zeros(miss2.size)
    _square_jumps(rows, jump2)
    # Where one trajectory follows the other nothing jumps.
    for i in range(offsets.size - 1):
        if offsets[i + 1] > offsets[i]:
            jump2[offsets[i]] = jump2[offsets[i + 1] - 1] = 0.0
    _square_misses(rows, jump2, miss2)
    for i in range(offsets.size - 1):
        first, last = offsets[i], offsets[i + 1] - 1
        largest = 0.0
        for k in range(first, last):
            largest = max(largest, miss2[k])
        if largest <= TOLERABLE_S * TOLERABLE_S:
            miss2[first : last + 1] = 0.0
        elif last >= first:
            miss2[last] = 0.0


@register_jitable
def _square_jumps(rows: Any, jump2: np.ndarray) -> None:
    """Squares (M,) of the jump `j` of the third derivative at each node but the first and the last."""
    for axis in range(3):
        time, r, v, a = rows[0], rows[1 + axis], rows[4 + axis], rows[7 + axis]
        for k in range(1, jump2.size - 1):
            _, before = _third_derivatives(time, r, v, a, k - 1)
            after, _ = _third_derivatives(time, r, v, a, k)
            jump2[k] += (after - before) * (after - before)


@register_jitable
def _third_derivatives(time: Any, r: Any, v: Any, a: Any, k: int) -> tuple[float, float]:
    """Third derivatives at the ends of the step from node k, of the quintic through both."""
    h = time[k + 1] - time[k]
    inverse = 1.0 / h
    way = (r[k + 1] - r[k] - h * (v[k] + 0.5 * h * a[k])) * inverse * inverse
    gain = (v[k + 1] - v[k] - h * a[k]) * inverse
    bend = a[k + 1] - a[k]
    return (
        (60.0 * way - 24.0 * gain + 3.0 * bend) * inverse,
        (60.0 * way - 36.0 * gain + 9.0 * bend) * inverse,
    )


@register_jitable
def _square_misses(rows: Any, jump2: np.ndarray, miss2: np.ndarray) -> None:
    """Squares (M,) of how far off the step from each node may be, s^2."""
    time, x, y, z = rows[0], rows[1], rows[2], rows[3]
    vx, vy, vz = rows[4], rows[5], rows[6]
    for k in range(miss2.size - 1):
        h2 = (time[k + 1] - time[k]) * (time[k + 1] - time[k])
        r2 = x[k] * x[k] + y[k] * y[k] + z[k] * z[k]
        here = vx[k] * vx[k] + vy[k] * vy[k] + vz[k] * vz[k]
        there = vx[k + 1] * vx[k + 1] + vy[k + 1] * vy[k + 1] + vz[k + 1] * vz[k + 1]
        miss_r = _FACTOR * max(jump2[k], jump2[k + 1]) * h2 * h2 * h2
        miss2[k] = miss_r * miss_r / (r2 * min(here, there))
