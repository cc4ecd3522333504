"""Dense output: the compiled functions behind `interpolant`.

Between two nodes the path begins as the Hermite interpolant through four nodes (one more on each side, where
there is one) with position, velocity and acceleration at each: a polynomial of degree 11, in Newton's form
over the nodes taken three times. A node much nearer to the next than the interval is long is passed over:
steps that end at the edge of a shadow can be a thousand times shorter than their neighbours, and so high a
polynomial would carry the rounding of such a pair of nodes kilometres far.
"""

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.jit import kernel
from cislunar.propagation.simd import LANES, load, splat, store

SUPPORT = 4
"""Nodes that carry the interpolant of an interval."""

_HERMITE = 3 * SUPPORT

MOST_POINTS = 9
"""Points inside an interval at which its path obeys the forces, at most."""

TERMS = max(_HERMITE, 6 + MOST_POINTS)
"""Coefficients of a coordinate: those of the Hermite interpolant, or of the correction by `interpolant`."""

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
def locate(
    nodes: np.ndarray,
    offsets: np.ndarray,
    elapsed: np.ndarray,
    shared: bool,
    interval: np.ndarray,
    used: np.ndarray,
) -> None:
    """Find the interval of each elapsed time, (n, m) or, if `shared`, (1, m) for all trajectories.

    `interval` (n, m) receives the node at which it begins; `used` (M,) is set there.
    """
    times = nodes[0]
    for i in range(offsets.size - 1):
        start, end = offsets[i], offsets[i + 1]
        sign = 1.0 if times[end - 1] >= times[start] else -1.0
        current = -1
        for j in range(elapsed.shape[1]):
            if end - start > 1:
                current = _interval(times, start, end, elapsed[0 if shared else i, j], sign, current)
            else:
                current = start
            interval[i, j] = current
            used[current] = True


@kernel
def expand(
    nodes: np.ndarray,
    first: np.ndarray,
    end: np.ndarray,
    begin: np.ndarray,
    middle: np.ndarray,
    half: np.ndarray,
    path: np.ndarray,
) -> None:
    """Write the Hermite interpolants of intervals as monomials of `s`, -1 at their begin and 1 at their end.

    Parameters
    ----------
    nodes : numpy.ndarray, shape (10, M)
        Recorded nodes.
    first, end, begin : numpy.ndarray, shape (p,), int
        The intervals begin at the nodes `begin`, in trajectories of the nodes `first` to `end - 1`.
    middle, half : numpy.ndarray, shape (p,)
        Receive the middle of each interval and half its length, s, negative on a flight backwards.
    path : numpy.ndarray, shape (p, 3, TERMS)
        Receives the coefficients, km.
    """
    support = np.empty(SUPPORT, np.int64)
    knots = np.empty(_HERMITE)
    table = np.empty((3, _HERMITE))
    times = nodes[0]
    for p in range(begin.size):
        k = begin[p]
        path[p] = 0.0
        if k + 1 >= end[p]:  # a flight without steps: its only state
            middle[p], half[p] = times[k], 1.0
            for axis in range(3):
                path[p, axis, 0], path[p, axis, 1] = nodes[1 + axis, k], nodes[4 + axis, k]
            continue
        half[p] = 0.5 * (times[k + 1] - times[k])
        middle[p] = times[k] + half[p]
        count = choose_support(times, first[p], end[p], k, support)
        divided_differences(nodes, support, count, middle[p], knots, table)
        for axis in range(3):
            row = path[p, axis]
            for order in range(3 * count - 1, -1, -1):  # row = row * (half s - knot) + next
                for power in range(3 * count - 1 - order, 0, -1):
                    row[power] = half[p] * row[power - 1] - knots[order] * row[power]
                row[0] = table[axis, order] - knots[order] * row[0]


@kernel
def sample(
    half: np.ndarray, path: np.ndarray, shapes: np.ndarray, state: np.ndarray, bend: np.ndarray
) -> None:
    """Write states (6, p, q) at q points of p intervals, and second derivatives (3, p, q) there.

    `shapes` (3, TERMS, q) holds the monomials at the points and their first two derivatives.
    """
    points = shapes.shape[2]
    values = np.empty((3, points))
    for p in range(half.size):
        inverse = 1.0 / half[p]
        for axis in range(3):
            values[:] = 0.0
            for power in range(TERMS):
                coefficient = path[p, axis, power]
                for q in range(points):  # innermost, so that the compiler takes several points at once
                    values[0, q] += coefficient * shapes[0, power, q]
                    values[1, q] += coefficient * shapes[1, power, q]
                    values[2, q] += coefficient * shapes[2, power, q]
            for q in range(points):
                state[axis, p, q] = values[0, q]
                state[3 + axis, p, q] = values[1, q] * inverse
                bend[axis, p, q] = values[2, q] * inverse * inverse


@kernel
def correct(half: np.ndarray, lacking: np.ndarray, weights: np.ndarray, path: np.ndarray) -> None:
    """Add to paths what bends them by `lacking` (3, p, q) more; `weights` (q, TERMS) are for a bend of 1."""
    for p in range(half.size):
        for axis in range(3):
            for q in range(lacking.shape[2]):
                amount = half[p] * half[p] * lacking[axis, p, q]
                for power in range(TERMS):
                    path[p, axis, power] += amount * weights[q, power]


@kernel
def evaluate(
    interval: np.ndarray,
    number: np.ndarray,
    middle: np.ndarray,
    half: np.ndarray,
    path: np.ndarray,
    elapsed: np.ndarray,
    shared: bool,
    result: np.ndarray,
) -> None:
    """Write the states (6, n, m) at elapsed times, eight neighbouring times of an interval at once.

    Parameters
    ----------
    interval : numpy.ndarray, shape (n, m), int
        From `locate`.
    number : numpy.ndarray, shape (M,), int
        Position of each interval in `middle`, `half` and `path`.
    middle, half, path
        From `expand`.
    elapsed : numpy.ndarray, shape (n, m) or (1, m)
        The latter if `shared`.
    result : numpy.ndarray, shape (6, n, m)
        Receives km and km/s.
    """
    n, m = interval.shape
    flat, times = result.reshape(-1), elapsed.reshape(-1)
    scratch = np.zeros(LANES)
    for i in range(n):
        begin = 0 if shared else i * m
        j = 0
        while j < m:
            p = number[interval[i, j]]
            width = 1
            while width < LANES and j + width < m and interval[i, j + width] == interval[i, j]:
                width += 1
            whole = j + LANES <= m
            if not whole:
                for k in range(m - j):
                    scratch[k] = times[begin + j + k]
            t = load(times, begin + j) if whole else load(scratch, 0)
            inverse = 1.0 / half[p]
            s = (t - middle[p]) * inverse
            for axis in range(3):
                row = path[p, axis]
                value, slope = splat(row[TERMS - 1]), splat(0.0)
                for power in range(TERMS - 2, -1, -1):
                    slope = slope * s + value
                    value = value * s + row[power]
                slope = slope * inverse
                position, velocity = (axis * n + i) * m + j, ((3 + axis) * n + i) * m + j
                if whole:  # what lies beyond the interval is written again later
                    store(flat, position, value)
                    store(flat, velocity, slope)
                else:
                    store(scratch, 0, value)
                    for k in range(width):
                        flat[position + k] = scratch[k]
                    store(scratch, 0, slope)
                    for k in range(width):
                        flat[velocity + k] = scratch[k]
            j += width


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
