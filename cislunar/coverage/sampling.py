"""Positions on the recorded steps of a trajectory, eight samples of a stretch of time at once (compiled).

Between two nodes the trajectory is the Hermite polynomial of degree 11 through position, velocity and
acceleration at four neighbouring nodes: one node before the step, its two ends, one after (shifted
inwards at the ends of the trajectory). It is written in Newton's form; the divided differences of
several stencils are made at once, one in each lane [1]_.

References
----------
.. [1] J. Stoer and R. Bulirsch, "Introduction to Numerical Analysis", 3rd ed., Springer 2002, section
   2.1.5 (Hermite interpolation by generalised divided differences).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, load, splat, store

SAMPLES = 8
"""Samples in a stretch."""

ROW = max(SAMPLES, LANES)
"""Length of an array that holds one number per sample: at least one vector."""

STENCIL = 4
"""Nodes behind one polynomial."""

TERMS = 3 * STENCIL
"""Coefficients of one component of the position."""

_POINTS = 0.5 - 0.5 * np.cos(np.pi * np.arange(SAMPLES) / (SAMPLES - 1))
FRACTION = np.concatenate((_POINTS, np.ones(ROW - SAMPLES)))
"""Where the samples lie in a stretch, 0 to 1: the Chebyshev-Lobatto points (the last repeated to fill
`ROW`)."""


def _plan() -> np.ndarray:
    """Steps of the divided differences: for each the term, and what replaces it.

    0 and a pair of nodes: its difference from the term before, over the time between them; 4 or 7 and a
    node, where both belong to one node: its velocity, or half its acceleration.
    """
    steps = []
    for order in range(1, TERMS):
        for i in range(TERMS - 1, order - 1, -1):
            node, earlier = i // 3, (i - order) // 3
            if node != earlier:
                steps.append((i, 0, node * STENCIL + earlier))
            else:
                steps.append((i, 4 if order == 1 else 7, node))
    return np.array(steps, dtype=np.int64).ravel()


_PLAN = _plan()


def aligned(size: int) -> np.ndarray:
    """Uninitialised memory in which no whole vector lies across two lines of the cache."""
    line = 8 * LANES
    memory = np.empty(size + LANES)
    begin = -memory.ctypes.data % line // 8
    return memory[begin : begin + size]


@kernel
def number(array: Any, index: int) -> Any:
    """`array[index]` for an index that is known not to be negative."""
    return array[np.uintp(index)]


@kernel
def divide(
    nodes: Any, count: int, first: int, offset_s: float, memory: Any, newton: int, times: int, scratch: int
) -> None:
    """Divided differences of `LANES` stencils, which begin at nodes `first`, `first + 1`, ...

    Parameters
    ----------
    nodes : ndarray, shape (10 * count,)
        Rows of elapsed time, position, velocity, acceleration, one after the other.
    count : int
        Nodes in a row.
    first : int
        First node of the first stencil; `first + STENCIL - 1 + LANES` must not exceed `count`.
    offset_s : float
        Added to the elapsed times.
    memory : ndarray
        Receives at `newton` the coefficients by component, term and lane (3 x 12 rows of lanes), at
        `times` those of the nodes (4 rows); 16 rows from `scratch` are used.
    """
    for a in range(STENCIL):
        store(memory, times + a * LANES, load(nodes, first + a) + offset_s)
    for a in range(STENCIL):
        for b in range(a):
            width = load(nodes, first + a) - load(nodes, first + b)
            store(memory, scratch + (a * STENCIL + b) * LANES, 1.0 / width)
    for i in range(TERMS):
        for component in range(3):
            here = newton + (component * TERMS + i) * LANES
            store(memory, here, load(nodes, (1 + component) * count + first + i // 3))
    for entry in range(len(_PLAN) // 3):
        i = number(_PLAN, 3 * entry)
        row = number(_PLAN, 3 * entry + 1)
        pair = number(_PLAN, 3 * entry + 2)
        here = newton + i * LANES
        if row == 0:
            inverse = load(memory, scratch + pair * LANES)
            for _ in range(3):
                store(memory, here, (load(memory, here) - load(memory, here - LANES)) * inverse)
                here += TERMS * LANES
        else:
            for component in range(3):
                value = load(nodes, (row + component) * count + first + pair)
                store(memory, here, value if row == 4 else 0.5 * value)
                here += TERMS * LANES


@kernel
def sample_positions(
    memory: Any,
    newton: int,
    times: int,
    which: int,
    start_s: float,
    width_s: float,
    centre_s: float,
    per_half_s: float,
    place: int,
) -> None:
    """Positions at the samples of a stretch of time.

    Parameters
    ----------
    memory, newton, times
        From `divide`.
    which : int
        The stencil: its lane.
    start_s, width_s : float
        The stretch, on the clock of the node times.
    centre_s, per_half_s : float
        Middle of a piece of the tables and the inverse of its half width.
    place : int
        Where four rows of `memory` receive x, y, z and the scaled time, -1 to 1 in the piece, of the samples.
    """
    for k in range(0, ROW, LANES):
        time = start_s + width_s * load(FRACTION, k)
        t0 = time - number(memory, times + which)
        t1 = time - number(memory, times + LANES + which)
        t2 = time - number(memory, times + 2 * LANES + which)
        t3 = time - number(memory, times + 3 * LANES + which)
        for component in range(3):
            base = newton + component * TERMS * LANES + which
            value = number(memory, base + 11 * LANES) * t3 + number(memory, base + 10 * LANES)
            value = value * t3 + number(memory, base + 9 * LANES)
            value = value * t2 + number(memory, base + 8 * LANES)
            value = value * t2 + number(memory, base + 7 * LANES)
            value = value * t2 + number(memory, base + 6 * LANES)
            value = value * t1 + number(memory, base + 5 * LANES)
            value = value * t1 + number(memory, base + 4 * LANES)
            value = value * t1 + number(memory, base + 3 * LANES)
            value = value * t0 + number(memory, base + 2 * LANES)
            value = value * t0 + number(memory, base + LANES)
            value = value * t0 + number(memory, base)
            store(memory, place + component * ROW + k, value)
        store(memory, place + 3 * ROW + k, (time - centre_s) * per_half_s)


@kernel
def table_component(table: Any, base: int, terms: int, scaled: Any) -> Any:
    """Value, at scaled times, of the polynomial whose coefficients start at `table[base]`."""
    value = splat(number(table, base + terms - 1))
    for term in range(terms - 2, -1, -1):
        value = value * scaled + number(table, base + term)
    return value
