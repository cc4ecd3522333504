"""What the integration loop keeps between its calls: the queue of trajectories, the lanes, the recorded
nodes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cislunar.propagation.granules import TERMS, Granules
from cislunar.propagation.rkn1210 import STAGES
from cislunar.propagation.simd import LANES

# Lane state: row `F` of `numbers` holds one quantity of all lanes.
X, Y, Z, VX, VY, VZ, AX, AY, AZ, T = range(10)
"""Position, velocity, acceleration, seconds since the start of the trajectory."""
PREVIOUS = 10
"""The same ten quantities at the node before."""
(BASE, HALF, END, SIGN, STEP, LARGEST, LIMIT, LAST_STEP, LAST_ERROR, PRESSURE, FRESH) = range(20, 31)
INNER, OUTER, STOP_AT, STOP_LOW, STOP_HIGH = range(31, 36)
NUMBERS = 36

TRAJECTORY, CELL, STEPS, TRIES = range(4)
INTEGERS = 4


class Queue(NamedTuple):
    """Trajectories to fly and their results: arrays of n entries, states (6, n), or pointers to such."""

    n: int
    state: Any
    epoch: Any
    duration: Any
    pressure: Any
    inner: Any
    outer: Any
    final: Any
    elapsed: Any
    status: Any
    steps: Any


class Lanes(NamedTuple):
    """State of the loop between calls: flat arrays, or pointers to such."""

    numbers: Any
    integers: Any
    environment: Any
    positions: Any
    stages: Any
    counters: Any
    """Next trajectory of the queue; blocks of nodes written."""


class Nodes(NamedTuple):
    """Buffer of recorded nodes: ten rows of `LANES` numbers in each block, and their owners (-1: none)."""

    blocks: int
    keep: int
    """1 to fill one block after the other, 0 to write over the first one each time."""
    rows: Any
    owner: Any


class Table(NamedTuple):
    """Environment tables, see `granules.Granules`, flat."""

    first: int
    spacing: float
    cells: int
    series: int
    windows: Any
    coefficients: Any


def table_of(granules: Granules) -> Table:
    """Return granules in the form of the loop."""
    cells, series, _ = granules.coefficients.shape
    return Table(
        granules.first,
        granules.spacing_s,
        cells,
        series,
        granules.windows.reshape(-1),
        granules.coefficients.reshape(-1),
    )


def aligned(size: int) -> np.ndarray:
    """Return zeros, shape (size,), that begin at a multiple of 64 bytes: eight doubles never span two lines
    of the cache, which would halve the rate at which they are loaded."""
    memory = np.zeros(size + 7)
    start = -memory.ctypes.data // 8 % 8
    return memory[start : start + size]


def new_lanes(series: int, bodies: int) -> Lanes:
    """Return an idle set of lanes for tables of `series` polynomials and `bodies` bodies."""
    numbers = aligned(NUMBERS * LANES).reshape(NUMBERS, LANES)
    # Idle lanes fly through the same arithmetic; harmless values keep them out of slow paths.
    numbers[[X, AX]] = 1e5
    numbers[[VY, HALF, SIGN, LIMIT, LARGEST]] = 1.0
    integers = np.zeros((INTEGERS, LANES), dtype=np.int64)
    integers[TRAJECTORY] = -1
    environment = aligned(series * TERMS * LANES)
    return Lanes(
        numbers.reshape(-1),
        integers.reshape(-1),
        environment,
        aligned(max(bodies, 1) * 3 * LANES),
        aligned(STAGES * 3 * LANES),
        np.zeros(2, dtype=np.int64),
    )
