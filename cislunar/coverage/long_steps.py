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

from typing import TYPE_CHECKING

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


def halve_long_steps(trajectory: Trajectory) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of a batch of trajectories, with one more in the middle of each long step.

    Parameters
    ----------
    trajectory : Trajectory
        With recorded nodes. If it does not know its forces there is nothing better than its nodes, and they
        are returned as they are.

    Returns
    -------
    nodes : numpy.ndarray, shape (10, M)
        As `Trajectory.nodes`.
    offsets : numpy.ndarray, shape (n + 1,)
        As `Trajectory.offsets`.
    """
    nodes, offsets = np.asarray(trajectory.nodes, dtype=float), np.asarray(trajectory.offsets)
    if getattr(trajectory, "pressure", None) is None:
        return nodes, offsets
    miss2 = np.zeros(nodes.shape[1])
    _estimate(np.ascontiguousarray(nodes), offsets.astype(np.int64), miss2)
    long = miss2 > LONGEST_MISS_S**2
    begin = np.flatnonzero(long)
    if begin.size == 0:
        return nodes, offsets
    middle, half, path = paths(trajectory, 0, trajectory.n, begin, _NEGLIGIBLE_KM)
    added = np.concatenate(
        [middle[None], path[:, :, 0].T, path[:, :, 1].T / half, 2.0 * path[:, :, 2].T / half**2]
    )
    refined = np.insert(nodes, begin + 1, added, axis=1)
    return np.ascontiguousarray(refined), offsets + np.searchsorted(begin, offsets)


@kernel
def _estimate(nodes: np.ndarray, offsets: np.ndarray, miss2: np.ndarray) -> None:
    """Write the square of how far off the steps may be that begin at the nodes (M,), s^2; 0 where all of a
    trajectory is tolerable."""
    ends = np.empty((2, 3))
    before = np.empty(3)
    for i in range(offsets.size - 1):
        first, last = offsets[i], offsets[i + 1] - 1
        jump2 = largest = 0.0
        for k in range(first, last + 1):
            at_node = 0.0
            if k < last:
                _third_derivatives(nodes, k, ends)
            if first < k < last:
                for axis in range(3):
                    at_node += (ends[0, axis] - before[axis]) ** 2
            if k > first:
                miss2[k - 1] = _miss2(nodes, k - 1, max(jump2, at_node))
                largest = max(largest, miss2[k - 1])
            jump2 = at_node
            for axis in range(3):
                before[axis] = ends[1, axis]
        if largest <= TOLERABLE_S * TOLERABLE_S:
            miss2[first : last + 1] = 0.0


@register_jitable
def _third_derivatives(nodes: np.ndarray, k: int, ends: np.ndarray) -> None:
    """Third derivatives (2, 3) at the ends of the step from node k, of the quintic through both."""
    h = nodes[0, k + 1] - nodes[0, k]
    inverse = 1.0 / h
    for axis in range(3):
        v, a = nodes[4 + axis, k], nodes[7 + axis, k]
        way = (nodes[1 + axis, k + 1] - nodes[1 + axis, k] - h * (v + 0.5 * h * a)) * inverse * inverse
        gain = (nodes[4 + axis, k + 1] - v - h * a) * inverse
        bend = nodes[7 + axis, k + 1] - a
        ends[0, axis] = (60.0 * way - 24.0 * gain + 3.0 * bend) * inverse
        ends[1, axis] = (60.0 * way - 36.0 * gain + 9.0 * bend) * inverse


@register_jitable
def _miss2(nodes: np.ndarray, k: int, jump2: float) -> float:
    """Square of how far off the step from node k may be, s^2; `jump2` is the square of `j`."""
    h2 = (nodes[0, k + 1] - nodes[0, k]) ** 2
    r2 = nodes[1, k] ** 2 + nodes[2, k] ** 2 + nodes[3, k] ** 2
    v2 = min(
        nodes[4, k] ** 2 + nodes[5, k] ** 2 + nodes[6, k] ** 2,
        nodes[4, k + 1] ** 2 + nodes[5, k + 1] ** 2 + nodes[6, k + 1] ** 2,
    )
    miss_r = _FACTOR * jump2 * h2 * h2 * h2
    return miss_r * miss_r / (r2 * v2)
