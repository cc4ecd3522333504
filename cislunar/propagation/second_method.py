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
from cislunar.propagation.simd import LANES, load, splat, store
from cislunar.propagation.stepsize import next_scale
from cislunar.propagation.systems import error_scales, longest_step, prepare, velocity_acceleration
from cislunar.propagation.verner98 import ERROR, STAGES, A, B, C

_ROOT = 1.0 / 18.0
_SMALLEST_STEP = 1e-6


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
    ax, ay, az = velocity_acceleration(
        load(numbers, row.X * LANES),
        load(numbers, row.Y * LANES),
        load(numbers, row.Z * LANES),
        load(numbers, row.VX * LANES),
        load(numbers, row.VY * LANES),
        load(numbers, row.VZ * LANES),
        (load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)) / load(numbers, row.HALF * LANES),
        load(numbers, row.PRESSURE * LANES),
        lanes.environment,
        lanes.positions,
        system,
    )
    store(numbers, row.AX * LANES, ax)
    store(numbers, row.AY * LANES, ay)
    store(numbers, row.AZ * LANES, az)


@register_jitable(forceinline=True)
def _weighted(stages: Any, weights: np.ndarray, used: np.ndarray) -> tuple[Any, Any, Any]:
    """Sum of the stages in `used` with their weights."""
    x = y = z = splat(0.0)
    for j in used:
        at = j * 3 * LANES
        weight = weights[j]
        x += weight * load(stages, at)
        y += weight * load(stages, at + LANES)
        z += weight * load(stages, at + 2 * LANES)
    return x, y, z


@register_jitable(forceinline=True)
def take_step(lanes: Lanes, system: Any, inverse_rtol2: float) -> None:
    """Take one step in every lane; accept it or not; choose the next."""
    prepare(lanes, system)
    numbers, stages = lanes.numbers, lanes.stages
    x, y, z = load(numbers, row.X * LANES), load(numbers, row.Y * LANES), load(numbers, row.Z * LANES)
    vx, vy, vz = load(numbers, row.VX * LANES), load(numbers, row.VY * LANES), load(numbers, row.VZ * LANES)
    ax, ay, az = load(numbers, row.AX * LANES), load(numbers, row.AY * LANES), load(numbers, row.AZ * LANES)
    t = load(numbers, row.T * LANES)
    sign = load(numbers, row.SIGN * LANES)
    end = load(numbers, row.END * LANES)
    half = load(numbers, row.HALF * LANES)
    pressure = load(numbers, row.PRESSURE * LANES)
    now = load(numbers, row.BASE * LANES) + t
    inverse_half = 1.0 / half

    r2, v2 = error_scales(x, y, z, vx, vy, vz, ax, ay, az, system)
    a2 = ax * ax + ay * ay + az * az
    wanted = load(numbers, row.STEP * LANES)
    wanted = np.where(wanted > 0.0, wanted, 0.03 * np.sqrt(np.sqrt(r2 / np.maximum(a2, 1e-300))))
    remaining = sign * (end - t)
    size = np.minimum(wanted, load(numbers, row.LARGEST * LANES))
    size = np.where(size >= remaining, remaining, np.where(2.0 * size > remaining, 0.5 * remaining, size))
    size = np.minimum(np.minimum(size, half - sign * now), load(numbers, row.LIMIT * LANES))
    size = longest_step(
        size, sign, x, y, z, vx, vy, vz, ax, ay, az, now, half, pressure, lanes.environment, system
    )
    arrives = size == remaining
    h = sign * size

    store(stages, 0, ax)
    store(stages, LANES, ay)
    store(stages, 2 * LANES, az)
    for s in range(1, STAGES):
        sx = sy = sz = wx = wy = wz = splat(0.0)
        for k in range(START[s], START[s + 1]):
            j = COLUMNS[k]
            kx = load(stages, 3 * j * LANES)
            ky = load(stages, (3 * j + 1) * LANES)
            kz = load(stages, (3 * j + 2) * LANES)
            position_weight, velocity_weight = A_POSITION[s, j], A[s, j]
            sx += position_weight * kx
            sy += position_weight * ky
            sz += position_weight * kz
            wx += velocity_weight * kx
            wy += velocity_weight * ky
            wz += velocity_weight * kz
        c = C[s]
        kx, ky, kz = velocity_acceleration(
            x + h * (c * vx + h * sx),
            y + h * (c * vy + h * sy),
            z + h * (c * vz + h * sz),
            vx + h * wx,
            vy + h * wy,
            vz + h * wz,
            (now + c * h) * inverse_half,
            pressure,
            lanes.environment,
            lanes.positions,
            system,
        )
        store(stages, 3 * s * LANES, kx)
        store(stages, (3 * s + 1) * LANES, ky)
        store(stages, (3 * s + 2) * LANES, kz)

    sx, sy, sz = _weighted(stages, ERROR_POSITION, POSITION_STAGES)
    wx, wy, wz = _weighted(stages, ERROR, VELOCITY_STAGES)
    h2 = h * h
    error = np.maximum(h2 * h2 * (sx * sx + sy * sy + sz * sz) / r2, h2 * (wx * wx + wy * wy + wz * wz) / v2)
    error = error * inverse_rtol2
    accepted = error <= 1.0

    last_step, last_error = load(numbers, row.LAST_STEP * LANES), load(numbers, row.LAST_ERROR * LANES)
    following = size * next_scale(error, last_error, size, last_step, _ROOT)
    cut = accepted & (size < wanted)
    following = np.where(cut, np.maximum(following, wanted), following)
    too_small = ~accepted & (following < _SMALLEST_STEP)
    store(numbers, row.STEP * LANES, np.where(too_small, splat(-1.0), following))
    learn = accepted & ~cut
    store(numbers, row.LAST_STEP * LANES, np.where(learn, size, last_step))
    store(numbers, row.LAST_ERROR * LANES, np.where(learn, error, last_error))
    store(numbers, row.FRESH * LANES, np.where(accepted, splat(1.0), splat(0.0)))

    sx, sy, sz = _weighted(stages, B_POSITION, POSITION_STAGES)
    wx, wy, wz = _weighted(stages, B, VELOCITY_STAGES)
    store(numbers, row.X * LANES, np.where(accepted, x + h * (vx + h * sx), x))
    store(numbers, row.Y * LANES, np.where(accepted, y + h * (vy + h * sy), y))
    store(numbers, row.Z * LANES, np.where(accepted, z + h * (vz + h * sz), z))
    store(numbers, row.VX * LANES, np.where(accepted, vx + h * wx, vx))
    store(numbers, row.VY * LANES, np.where(accepted, vy + h * wy, vy))
    store(numbers, row.VZ * LANES, np.where(accepted, vz + h * wz, vz))
    store(numbers, row.T * LANES, np.where(accepted, np.where(arrives, end, t + h), t))
