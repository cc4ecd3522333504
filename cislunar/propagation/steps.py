"""The recorded steps of a batch of trajectories, as stretches of time on which functions can be examined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.propagation.dense import TERMS
from cislunar.propagation.interpolant import paths
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
        origin = flown.offsets[low]
        counts = np.maximum(np.diff(flown.offsets[low : high + 1]) - 1, 0)
        self.trajectory = np.repeat(np.arange(low, high), counts)
        before = np.concatenate([[0], np.cumsum(counts)])[:-1]
        within = np.arange(self.trajectory.size) - np.repeat(before, counts)
        self._node = flown.offsets[self.trajectory] - origin + within
        self._nodes = np.ascontiguousarray(flown.nodes[:, origin : flown.offsets[high]])
        self.start_s = self._nodes[0, self._node]
        self.end_s = self._nodes[0, self._node + 1]
        self._middle, self._half, self._path = paths(flown, low, high, self._node)

    def states(self, step: NDArray[np.int64], elapsed: Array) -> Array:
        """States (6, p, k) in the steps number `step`, shape (p,), at elapsed times of shape (p, k)."""
        result = np.empty((6, *elapsed.shape))
        _evaluate(
            self._nodes,
            self._node,
            self._middle,
            self._half,
            self._path,
            step,
            np.ascontiguousarray(elapsed),
            result,
        )
        return result


@kernel
def _evaluate(
    nodes: np.ndarray,
    node: np.ndarray,
    middle: np.ndarray,
    half: np.ndarray,
    path: np.ndarray,
    step: np.ndarray,
    elapsed: np.ndarray,
    result: np.ndarray,
) -> None:
    """Write states (6, p, k) at times (p, k) in the steps `step`, which begin at the nodes `node`."""
    for p in range(step.size):
        this = step[p]
        k = node[this]
        inverse = 1.0 / half[this]
        for j in range(elapsed.shape[1]):
            t = elapsed[p, j]
            # At a node its own state, the same from both sides.
            there = k if t == nodes[0, k] else (k + 1 if t == nodes[0, k + 1] else -1)
            if there >= 0:
                for row in range(6):
                    result[row, p, j] = nodes[1 + row, there]
                continue
            s = (t - middle[this]) * inverse
            for axis in range(3):
                value = path[this, axis, TERMS - 1]
                slope = 0.0
                for power in range(TERMS - 2, -1, -1):
                    slope = slope * s + value
                    value = value * s + path[this, axis, power]
                result[axis, p, j] = value
                result[3 + axis, p, j] = slope * inverse
