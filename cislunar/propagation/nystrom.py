"""The step for forces that do not depend on the velocity: RKN12(10) on lanes.

The sets of lanes take their stages in turn: a stage waits for its own results more than half of the time, and
what the other set has to do does not depend on them.
"""

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation import lanestate as row
from cislunar.propagation.lanestate import Lanes
from cislunar.propagation.model import Model, Sunshine, acceleration
from cislunar.propagation.rkn1210 import B_VELOCITY, ERROR, ERROR_VELOCITY, STAGES, A, B, C
from cislunar.propagation.simd import LANES, load, splat
from cislunar.propagation.stepping import (
    Sums,
    close_step,
    group_of,
    open_step,
    padded,
    store_triple,
    triple,
    weighted,
)

_ROOT = 1.0 / 22.0
_FIRST_STEP = 0.05
_POSITION_STAGES = np.array([i for i in range(STAGES) if B[i] != 0.0 or ERROR[i] != 0.0])
_VELOCITY_STAGES = np.array([i for i in range(STAGES) if B_VELOCITY[i] != 0.0 or ERROR_VELOCITY[i] != 0.0])
_TIMES = padded(C)
_SECOND = np.array([1 if s < 2 or A[s, 1] != 0.0 else 2 for s in range(STAGES)])
"""The first stage but 0 that each stage uses."""


@register_jitable(forceinline=True)
def first_stage(lanes: Lanes, model: Model) -> None:
    """Write the acceleration at the state of every lane."""
    numbers = lanes.numbers
    x, y, z = triple(numbers, row.X)
    u = (load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)) * load(numbers, row.SCALE * LANES)
    sunshine = Sunshine(load(lanes.pressures, 0), load(numbers, row.UNSEEN * LANES))
    store_triple(
        numbers, row.AX, acceleration(x, y, z, u, sunshine, lanes.environment, lanes.positions, model)
    )


@register_jitable(forceinline=True)
def _take_stage(lanes: Lanes, model: Model, s: int) -> None:
    """Evaluate stage s."""
    numbers, stages = lanes.numbers, lanes.stages
    weight = A[s, 0]
    sx, sy, sz = triple(stages, 0)
    sx, sy, sz = weight * sx, weight * sy, weight * sz
    for i in range(_SECOND[s], s):
        weight = A[s, i]
        kx, ky, kz = triple(stages, 3 * i)
        sx += weight * kx
        sy += weight * ky
        sz += weight * kz
    c = C[s]
    x, y, z = triple(numbers, row.X)
    vx, vy, vz = triple(numbers, row.VX)
    h = load(numbers, row.H * LANES)
    found = acceleration(
        x + h * (c * vx + h * sx),
        y + h * (c * vy + h * sy),
        z + h * (c * vz + h * sz),
        load(numbers, row.U * LANES) + c * load(numbers, row.DU * LANES),
        Sunshine(load(lanes.pressures, s * LANES), splat(0.0)),
        lanes.environment,
        lanes.positions,
        model,
    )
    store_triple(stages, 3 * s, found)


@register_jitable(forceinline=True)
def take_steps(all_lanes: Lanes, model: Model, inverse_rtol2: float) -> None:
    """Take one step in every set of lanes that is to take one, and judge it."""
    for group in range(all_lanes.groups):
        if all_lanes.counters[2 + group] != 0:
            open_step(group_of(all_lanes, group), model, _TIMES, _FIRST_STEP)
    for s in range(1, STAGES):
        for group in range(all_lanes.groups):
            if all_lanes.counters[2 + group] != 0:
                _take_stage(group_of(all_lanes, group), model, s)
    for group in range(all_lanes.groups):
        if all_lanes.counters[2 + group] != 0:
            lanes = group_of(all_lanes, group)
            sums = Sums(
                weighted(lanes.stages, B, _POSITION_STAGES),
                weighted(lanes.stages, B_VELOCITY, _VELOCITY_STAGES),
                weighted(lanes.stages, ERROR, _POSITION_STAGES),
                weighted(lanes.stages, ERROR_VELOCITY, _VELOCITY_STAGES),
            )
            close_step(lanes, model, sums, STAGES - 1, inverse_rtol2, _ROOT)
