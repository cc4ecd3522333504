"""Dense output: the recorded nodes of a trajectory, evaluated at any time.

Between two nodes the path is the Hermite interpolant through four nodes (one more on each side, where there
is one) with position, velocity and acceleration at each: a polynomial of degree 11, in Newton's form over
the nodes taken three times. A node much nearer to the next than the interval is long is passed over: steps
that end at the edge of a shadow can be a thousand times shorter than their neighbours, and so high a
polynomial would carry the rounding of such a pair of nodes kilometres far. Its error is below the error of
the integration at tolerances down to 1e-10 or so: 7 mm in the median and 0.15 m at most for 30 days of an
elliptical lunar orbit at degree 8.
"""

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.jit import kernel

SUPPORT = 4
"""Nodes that carry the interpolant of an interval."""

_APART = 0.1
"""Least distance between supporting nodes, in lengths of the interval."""


@register_jitable
def _interval(times: np.ndarray, start: int, end: int, t: float, sign: float, guess: int) -> int:
    """Index k of the node with t between nodes k and k + 1, among nodes `start` to `end` (exclusive)."""
    last = end - 2
    if guess < start or guess > last:
        guess = start
    if sign * times[guess] <= sign * t and (guess == last or sign * t <= sign * times[guess + 1]):
        return guess
    low, high = start, last
    while low < high:
        middle = (low + high + 1) // 2
        if sign * times[middle] <= sign * t:
            low = middle
        else:
            high = middle - 1
    return low


@register_jitable
def _beyond(times: np.ndarray, node: int, way: int, start: int, end: int, apart: float) -> int:
    """Next node from `node` on the `way` (-1 or 1) that is at least `apart` away; -1 if there is none."""
    other = node + way
    while start <= other < end and abs(times[other] - times[node]) < apart:
        other += way
    return other if start <= other < end else -1


@register_jitable
def choose_support(times: np.ndarray, start: int, end: int, k: int, support: np.ndarray) -> int:
    """Choose the nodes that carry the interpolant between nodes k and k + 1, among `start` to `end` - 1.

    One more is taken on each side, two on one side at the ends of the trajectory, fewer where there are no
    more.

    Parameters
    ----------
    times : numpy.ndarray, shape (M,)
        Of the nodes, s.
    start, end, k : int
        Which nodes.
    support : numpy.ndarray, shape (4,), int
        Receives their numbers, in order.

    Returns
    -------
    int
        How many they are.
    """
    apart = _APART * abs(times[k + 1] - times[k])
    before = _beyond(times, k, -1, start, end, apart)
    after = _beyond(times, k + 1, 1, start, end, apart)
    earliest = _beyond(times, before, -1, start, end, apart) if after < 0 and before >= 0 else -1
    latest = _beyond(times, after, 1, start, end, apart) if before < 0 and after >= 0 else -1
    count = 0
    for node in (earliest, before, k, k + 1, after, latest):
        if node >= 0:
            support[count] = node
            count += 1
    return count


@register_jitable
def divided_differences(
    nodes: np.ndarray, support: np.ndarray, count: int, origin: float, knots: np.ndarray, table: np.ndarray
) -> None:
    """Newton coefficients of the Hermite interpolant through the first `count` nodes of `support`.

    Parameters
    ----------
    nodes : numpy.ndarray, shape (10, M)
        Recorded nodes.
    support : numpy.ndarray, shape (4,), int
    count : int
        From `choose_support`.
    origin : float
        Time that `knots` are measured from.
    knots : numpy.ndarray, shape (12,)
        Receives each node's time three times.
    table : numpy.ndarray, shape (3, 12)
        Receives the coefficients of x, y, z.
    """
    size = 3 * count
    for k in range(count):
        time = nodes[0, support[k]] - origin
        for copy in range(3):
            knots[3 * k + copy] = time
    for axis in range(3):
        row = table[axis]
        for k in range(count):
            for copy in range(3):
                row[3 * k + copy] = nodes[1 + axis, support[k]]
        for order in range(1, size):
            for j in range(size - 1, order - 1, -1):
                node, left = j // 3, (j - order) // 3
                if node != left:
                    row[j] = (row[j] - row[j - 1]) / (knots[j] - knots[j - order])
                elif order == 1:
                    row[j] = nodes[4 + axis, support[node]]
                else:
                    row[j] = 0.5 * nodes[7 + axis, support[node]]


@kernel
def evaluate(
    nodes: np.ndarray, offsets: np.ndarray, elapsed: np.ndarray, shared: bool, result: np.ndarray
) -> None:
    """Write the states (6, n, m) at elapsed times, (n, m) or, if `shared`, (1, m) for all trajectories."""
    support = np.empty(SUPPORT, np.int64)
    knots = np.empty(3 * SUPPORT)
    table = np.empty((3, 3 * SUPPORT))
    times = nodes[0]
    for i in range(offsets.size - 1):
        start, end = offsets[i], offsets[i + 1]
        if end - start < 2:
            for j in range(elapsed.shape[1]):
                for k in range(6):
                    result[k, i, j] = nodes[1 + k, start] if end > start else np.nan
            continue
        sign = 1.0 if times[end - 1] >= times[start] else -1.0
        count = 0
        current = -1
        for j in range(elapsed.shape[1]):
            t = elapsed[0 if shared else i, j]
            k = _interval(times, start, end, t, sign, current)
            if k != current:
                count = choose_support(times, start, end, k, support)
                divided_differences(nodes, support, count, times[k], knots, table)
                current = k
            u = t - times[k]
            for axis in range(3):
                row = table[axis]
                value = row[3 * count - 1]
                slope = 0.0
                for order in range(3 * count - 2, -1, -1):
                    slope = slope * (u - knots[order]) + value
                    value = value * (u - knots[order]) + row[order]
                result[axis, i, j] = value
                result[3 + axis, i, j] = slope


@kernel
def gather(
    rows: np.ndarray,
    owner: np.ndarray,
    lanes: int,
    counts: np.ndarray,
    offsets: np.ndarray,
    nodes: np.ndarray,
) -> None:
    """Move blocks of `lanes` recorded nodes, kept as ten rows each, to their trajectories in `nodes` (10, M).

    `counts` (n,) says how many nodes each trajectory has received already.
    """
    for block in range(owner.shape[0]):
        for i in range(lanes):
            j = owner[block, i]
            if j < 0:
                continue
            at = offsets[j] + counts[j]
            counts[j] += 1
            nodes[0, at] = rows[(block * 10 + 9) * lanes + i]
            for k in range(9):
                nodes[1 + k, at] = rows[(block * 10 + k) * lanes + i]
