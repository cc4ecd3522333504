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
(BASE, HALF, SCALE, END, SIGN, STEP, LARGEST, LIMIT, PRESSURE, FRESH, STEPS) = range(20, 31)
"""Epoch from the middle of the polynomials, half their width, 1 over it; end and direction of the flight; the
step wanted, and two limits to it; radiation pressure; 1 at a node reached by the last step; steps tried."""
INNER, OUTER, STOP_AT, STOP_LOW, STOP_HIGH = range(31, 36)
SIZE, H, U, DU, ARRIVES = range(36, 41)
"""The step being taken: length, the same with its sign, beginning and length on the scale of the polynomials,
1 if it leads to the end of the flight."""
LEARNT = 41
"""Length times wanted scale of the last step that was as long as its error allowed; 0 before there is one."""
ACTIVE = 42
"""1 if a trajectory is in the lane, else 0."""
UNSEEN = 43
"""1 where it is not known how much of the Sun is in view from the node, else 0."""
NUMBERS = 44

TRAJECTORY, CELL, TRIES = range(3)
INTEGERS = 3

GROUPS = 2
"""Sets of lanes that the loop advances stage by stage in turn. The arithmetic of a stage waits for its own
results more than half of the time; the other set fills the gaps."""


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
    """State of the loop between calls: flat arrays, set of lanes after set of lanes, or pointers to such."""

    numbers: Any
    integers: Any
    environment: Any
    positions: Any
    stages: Any
    pressures: Any
    """Radiation pressure at each stage, less what is covered of the Sun."""
    counters: Any
    """Next trajectory of the queue; blocks of nodes written; for each set of lanes, 1 if it takes a step."""
    groups: int
    series: int
    bodies: int


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


def new_lanes(series: int, bodies: int, groups: int = 1) -> Lanes:
    """Return idle sets of lanes for tables of `series` polynomials and `bodies` bodies."""
    numbers = aligned(groups * NUMBERS * LANES)
    rows = numbers.reshape(groups, NUMBERS, LANES)
    # Idle lanes fly through the same arithmetic; harmless values keep them out of slow paths.
    rows[:, [X, AX]] = 1e5
    rows[:, [VY, HALF, SCALE, SIGN, LARGEST, STEP]] = 1.0
    rows[:, [LIMIT, OUTER]] = np.inf
    rows[:, END] = 2.0
    integers = np.zeros((groups, INTEGERS, LANES), dtype=np.int64)
    integers[:, TRAJECTORY] = -1
    bodies = max(bodies, 1)
    return Lanes(
        numbers,
        integers.reshape(-1),
        aligned(groups * series * TERMS * LANES),
        aligned(groups * bodies * 3 * LANES),
        aligned(groups * STAGES * 3 * LANES),
        aligned(groups * STAGES * LANES),
        np.zeros(2 + groups, dtype=np.int64),
        groups,
        series,
        bodies,
    )
