"""The step for forces that depend on the velocity: Verner's 9(8) pair on lanes.

Applied to `r' = v, v' = a(t, r, v)` a Runge-Kutta method needs only the accelerations of its stages: with
`k_j = a(stage j)` the stages and the solution are

    r_i = r + c_i h v + h^2 sum_j (A A)_ij k_j        v_i = v + h sum_j A_ij k_j
    r1  = r + h v + h^2 sum_j (b A)_j k_j             v1  = v + h sum_j b_j k_j

and the same with the difference of the two weights for the error. Products of coefficients are formed from
the published decimals, not from rounded values.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation import lanestate as row
from cislunar.propagation import verner98
from cislunar.propagation.lanestate import Lanes
from cislunar.propagation.model import Sunshine
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
from cislunar.propagation.systems import prepare, velocity_acceleration
from cislunar.propagation.verner98 import ERROR, STAGES, A, B, C

_ROOT = 1.0 / 18.0
_FIRST_STEP = 0.03
_TIMES = padded(C)
_LAST = int(np.flatnonzero(C == 1.0)[-1])


def _times_a(weights: dict[int, Decimal]) -> np.ndarray:
    """Return a row of weights times the matrix of the method, rounded once; what cancels is zero."""
    result = np.zeros(STAGES)
    with localcontext(prec=60):
        for j in range(STAGES):
            terms = (w * Decimal(verner98.A_DECIMALS[i].get(j, "0")) for i, w in weights.items())
            total = sum(terms, Decimal(0))
            result[j] = 0.0 if abs(total) < Decimal("1e-35") else float(total)
    return result


def _decimals(texts: Any) -> dict[int, Decimal]:
    return {j: Decimal(text) for j, text in texts.items()}


def _position_error() -> np.ndarray:
    high, low = _decimals(verner98.B_DECIMALS), _decimals(verner98.B_LOW_DECIMALS)
    zero = Decimal(0)
    return _times_a({j: high.get(j, zero) - low.get(j, zero) for j in range(STAGES)})


def _used(*weights: np.ndarray) -> np.ndarray:
    """Numbers of the stages that have a weight."""
    return np.flatnonzero(np.any(np.array(weights) != 0.0, axis=0))


A_POSITION = np.array([_times_a(_decimals(texts)) for texts in verner98.A_DECIMALS])
B_POSITION = _times_a(_decimals(verner98.B_DECIMALS))
ERROR_POSITION = _position_error()

# Stages used by stage s: COLUMNS[START[s] : START[s + 1]].
_ROWS = [_used(A[s], A_POSITION[s]) for s in range(STAGES)]
START = np.concatenate([[0], np.cumsum([used.size for used in _ROWS])])
COLUMNS = np.concatenate(_ROWS).astype(np.int64)
POSITION_STAGES = _used(B_POSITION, ERROR_POSITION)
VELOCITY_STAGES = _used(B, ERROR)


@register_jitable
def unchanged(system: Any) -> Any:
    """Return a system that holds no arrays."""
    return system


@register_jitable(forceinline=True)
def first_stage(lanes: Lanes, system: Any) -> None:
    """Write the acceleration at the state of every lane."""
    prepare(lanes, system)
    numbers = lanes.numbers
    x, y, z = triple(numbers, row.X)
    vx, vy, vz = triple(numbers, row.VX)
    u = (load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)) * load(numbers, row.SCALE * LANES)
    sunshine = Sunshine(load(lanes.pressures, 0), load(numbers, row.UNSEEN * LANES))
    acceleration = velocity_acceleration(
        x, y, z, vx, vy, vz, u, sunshine, lanes.environment, lanes.positions, system
    )
    store_triple(numbers, row.AX, acceleration)


@register_jitable(forceinline=True)
def _take_stage(lanes: Lanes, system: Any, s: int) -> None:
    """Evaluate stage s."""
    numbers, stages = lanes.numbers, lanes.stages
    sx = sy = sz = wx = wy = wz = splat(0.0)
    for k in range(START[s], START[s + 1]):
        j = COLUMNS[k]
        kx, ky, kz = triple(stages, 3 * j)
        position_weight, velocity_weight = A_POSITION[s, j], A[s, j]
        sx += position_weight * kx
        sy += position_weight * ky
        sz += position_weight * kz
        wx += velocity_weight * kx
        wy += velocity_weight * ky
        wz += velocity_weight * kz
    c = C[s]
    x, y, z = triple(numbers, row.X)
    vx, vy, vz = triple(numbers, row.VX)
    h = load(numbers, row.H * LANES)
    acceleration = velocity_acceleration(
        x + h * (c * vx + h * sx),
        y + h * (c * vy + h * sy),
        z + h * (c * vz + h * sz),
        vx + h * wx,
        vy + h * wy,
        vz + h * wz,
        load(numbers, row.U * LANES) + c * load(numbers, row.DU * LANES),
        Sunshine(load(lanes.pressures, s * LANES), splat(0.0)),
        lanes.environment,
        lanes.positions,
        system,
    )
    store_triple(stages, 3 * s, acceleration)


@register_jitable(forceinline=True)
def take_steps(all_lanes: Lanes, system: Any, inverse_rtol2: float) -> None:
    """Take one step in every set of lanes that is to take one, and judge it."""
    for group in range(all_lanes.groups):
        if all_lanes.counters[2 + group] != 0:
            lanes = group_of(all_lanes, group)
            prepare(lanes, system)
            open_step(lanes, system, _TIMES, _FIRST_STEP)
            for s in range(1, STAGES):
                _take_stage(lanes, system, s)
            stages = lanes.stages
            sums = Sums(
                weighted(stages, B_POSITION, POSITION_STAGES),
                weighted(stages, B, VELOCITY_STAGES),
                weighted(stages, ERROR_POSITION, POSITION_STAGES),
                weighted(stages, ERROR, VELOCITY_STAGES),
            )
            close_step(lanes, system, sums, _LAST, inverse_rtol2, _ROOT)
