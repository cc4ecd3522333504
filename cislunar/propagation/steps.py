"""The recorded steps of a batch of trajectories, as stretches of time on which functions can be examined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.propagation.dense import SUPPORT, choose_support, divided_differences
from cislunar.propagation.jit import kernel

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]


class Steps:
    """The steps of a batch of trajectories, one after the other.

    Attributes
    ----------
    trajectory : numpy.ndarray, shape (s,), int
        Which trajectory each step belongs to.
    start_s, end_s : numpy.ndarray, shape (s,)
        Where it starts and ends, s after the start of its trajectory, along the flight.
    """

    def __init__(self, flown: Trajectory, low: int, high: int) -> None:
        """Take the steps of the trajectories `low` to `high - 1`."""
        self._nodes = flown.nodes
        counts = np.maximum(np.diff(flown.offsets[low : high + 1]) - 1, 0)
        self.trajectory = np.repeat(np.arange(low, high), counts)
        before = np.concatenate([[0], np.cumsum(counts)])[:-1]
        within = np.arange(self.trajectory.size) - np.repeat(before, counts)
        self._node = flown.offsets[self.trajectory] + within
        self._first = flown.offsets[self.trajectory]
        self._end = flown.offsets[self.trajectory + 1]
        self.start_s = self._nodes[0, self._node]
        self.end_s = self._nodes[0, self._node + 1]

    def states(self, step: NDArray[np.int64], elapsed: Array) -> Array:
        """States (6, p, k) in the steps number `step`, shape (p,), at elapsed times of shape (p, k)."""
        result = np.empty((6, *elapsed.shape))
        _evaluate(
            np.ascontiguousarray(self._nodes),
            self._first[step],
            self._end[step],
            self._node[step],
            np.ascontiguousarray(elapsed),
            result,
        )
        return result


@kernel
def _evaluate(
    nodes: np.ndarray,
    first: np.ndarray,
    end: np.ndarray,
    node: np.ndarray,
    elapsed: np.ndarray,
    result: np.ndarray,
) -> None:
    """Write states; `node` is where a step begins, in a trajectory of the nodes `first` to `end` - 1."""
    support = np.empty(SUPPORT, np.int64)
    knots = np.empty(3 * SUPPORT)
    table = np.empty((3, 3 * SUPPORT))
    current = -1
    count = 0
    for p in range(node.size):
        k = node[p]
        if k != current:
            count = choose_support(nodes[0], first[p], end[p], k, support)
            divided_differences(nodes, support, count, nodes[0, k], knots, table)
            current = k
        for j in range(elapsed.shape[1]):
            t = elapsed[p, j]
            # At a node its own state, the same from both sides.
            there = k if t == nodes[0, k] else (k + 1 if t == nodes[0, k + 1] else -1)
            if there >= 0:
                for row in range(6):
                    result[row, p, j] = nodes[1 + row, there]
                continue
            u = t - nodes[0, k]
            for axis in range(3):
                value = table[axis, 3 * count - 1]
                slope = 0.0
                for order in range(3 * count - 2, -1, -1):
                    slope = slope * (u - knots[order]) + value
                    value = value * (u - knots[order]) + table[axis, order]
                result[axis, p, j] = value
                result[3 + axis, p, j] = slope
