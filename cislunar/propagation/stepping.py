"""A step of either method: its length, and what becomes of it.

`open_step` chooses the length and writes down what the stages need, the method forms its stages and sums,
`close_step` judges the error, chooses the next length and moves the lanes that were accurate enough.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation import lanestate as row
from cislunar.propagation.lanestate import Lanes
from cislunar.propagation.simd import LANES, any_lane, beyond, load, splat, store
from cislunar.propagation.stepsize import next_scale
from cislunar.propagation.systems import error_scales, longest_step

_SMALLEST_STEP = 1e-6


class Sums(NamedTuple):
    """Weighted sums of the stages of a step: of the solution and of its error, position and velocity."""

    position: tuple[Any, Any, Any]
    velocity: tuple[Any, Any, Any]
    position_error: tuple[Any, Any, Any]
    velocity_error: tuple[Any, Any, Any]


def padded(times: np.ndarray) -> np.ndarray:
    """Return the parts of a step at which a method has its stages, and some more, in full lanes."""
    return np.concatenate([times, np.ones(row.STAGES + LANES - times.size)])


@register_jitable
def group_of(lanes: Lanes, group: int) -> Lanes:
    """Return pointers to one set of lanes."""
    return Lanes(
        beyond(lanes.numbers, group * row.NUMBERS * LANES),
        beyond(lanes.integers, group * row.INTEGERS * LANES),
        beyond(lanes.environment, group * lanes.series * row.TERMS * LANES),
        beyond(lanes.positions, group * lanes.bodies * 3 * LANES),
        beyond(lanes.stages, group * row.STAGES * 3 * LANES),
        beyond(lanes.pressures, group * row.STAGES * LANES),
        lanes.counters,
        1,
        lanes.series,
        lanes.bodies,
    )


@register_jitable(forceinline=True)
def triple(array: Any, first: int) -> tuple[Any, Any, Any]:
    """Return three consecutive rows of lanes."""
    at = first * LANES
    return load(array, at), load(array, at + LANES), load(array, at + 2 * LANES)


@register_jitable(forceinline=True)
def store_triple(array: Any, first: int, values: tuple[Any, Any, Any]) -> None:
    """Write three consecutive rows of lanes."""
    at = first * LANES
    store(array, at, values[0])
    store(array, at + LANES, values[1])
    store(array, at + 2 * LANES, values[2])


@register_jitable(forceinline=True)
def weighted(stages: Any, weights: np.ndarray, used: np.ndarray) -> tuple[Any, Any, Any]:
    """Return the sum of the stages in `used` with their weights."""
    x = y = z = splat(0.0)
    for i in used:
        weight = weights[i]
        kx, ky, kz = triple(stages, 3 * i)
        x += weight * kx
        y += weight * ky
        z += weight * kz
    return x, y, z


@register_jitable(forceinline=True)
def open_step(lanes: Lanes, system: Any, times: np.ndarray, first: float) -> None:
    """Choose the length of the next step in every lane.

    `times`, from `padded`, are the parts of the step at which stages are evaluated; `first` times the root of
    distance over acceleration is the length of the first step of a trajectory. The work space of the stages
    is free until the step has its length.
    """
    numbers = lanes.numbers
    x, y, z = triple(numbers, row.X)
    vx, vy, vz = triple(numbers, row.VX)
    ax, ay, az = triple(numbers, row.AX)
    t, end = load(numbers, row.T * LANES), load(numbers, row.END * LANES)
    sign, half = load(numbers, row.SIGN * LANES), load(numbers, row.HALF * LANES)
    now = load(numbers, row.BASE * LANES) + t
    wanted = load(numbers, row.STEP * LANES)
    if any_lane(wanted == 0.0):
        r2, _v2 = error_scales(x, y, z, vx, vy, vz, ax, ay, az, system)
        a2 = np.maximum(ax * ax + ay * ay + az * az, 1e-300)
        wanted = np.where(wanted == 0.0, first * np.sqrt(np.sqrt(r2 / a2)), wanted)
        store(numbers, row.STEP * LANES, wanted)
    remaining = sign * (end - t)
    size = np.minimum(wanted, load(numbers, row.LARGEST * LANES))
    size = np.where(size >= remaining, remaining, np.where(2.0 * size > remaining, 0.5 * remaining, size))
    size = np.minimum(np.minimum(size, half - sign * now), load(numbers, row.LIMIT * LANES))
    size = longest_step(size, times, lanes, system)
    h, scale = sign * size, load(numbers, row.SCALE * LANES)
    store(numbers, row.SIZE * LANES, size)
    store(numbers, row.H * LANES, h)
    store(numbers, row.U * LANES, now * scale)
    store(numbers, row.DU * LANES, h * scale)
    store(numbers, row.ARRIVES * LANES, np.where(size == remaining, splat(1.0), splat(0.0)))
    store_triple(lanes.stages, 0, (ax, ay, az))


@register_jitable(forceinline=True)
def close_step(lanes: Lanes, system: Any, sums: Sums, last: int, inverse_rtol2: float, root: float) -> None:
    """Accept the step in each lane or not, and choose the next.

    `last` is the number of a stage at the end of the step; `root` is 1 over twice the power of the step with
    which its error grows.
    """
    numbers = lanes.numbers
    x, y, z = triple(numbers, row.X)
    vx, vy, vz = triple(numbers, row.VX)
    ax, ay, az = triple(numbers, row.AX)
    h, size = load(numbers, row.H * LANES), load(numbers, row.SIZE * LANES)
    h2 = h * h
    r2, v2 = error_scales(x, y, z, vx, vy, vz, ax, ay, az, system)
    sx, sy, sz = sums.position_error
    wx, wy, wz = sums.velocity_error
    position_error = h2 * (sx * sx + sy * sy + sz * sz) * v2
    velocity_error = (wx * wx + wy * wy + wz * wz) * r2
    error = h2 * np.maximum(position_error, velocity_error) * inverse_rtol2 / (r2 * v2)
    active = load(numbers, row.ACTIVE * LANES) > 0.0
    accepted = (error <= 1.0) & active

    scale, learnt = next_scale(error, size, load(numbers, row.LEARNT * LANES), root)
    following = size * scale
    wanted = load(numbers, row.STEP * LANES)
    cut = accepted & (size < wanted)
    following = np.where(cut, np.maximum(following, wanted), following)
    too_small = ~accepted & (following < _SMALLEST_STEP)
    following = np.where(too_small, splat(-1.0), following)
    store(numbers, row.STEP * LANES, np.where(active, following, splat(1.0)))
    learns = accepted & ~cut
    store(numbers, row.LEARNT * LANES, np.where(learns, learnt, load(numbers, row.LEARNT * LANES)))
    store(numbers, row.FRESH * LANES, np.where(accepted, splat(1.0), splat(0.0)))
    store(numbers, row.STEPS * LANES, load(numbers, row.STEPS * LANES) + 1.0)

    # At the borders of a shadow sunlight is the same from both sides: that of the end is that of the node.
    here, there = load(lanes.pressures, 0), load(lanes.pressures, last * LANES)
    store(lanes.pressures, 0, np.where(accepted, there, here))
    unseen = load(numbers, row.UNSEEN * LANES)
    store(numbers, row.UNSEEN * LANES, np.where(accepted, splat(0.0), unseen))

    sx, sy, sz = sums.position
    wx, wy, wz = sums.velocity
    t, end = load(numbers, row.T * LANES), load(numbers, row.END * LANES)
    arrives = load(numbers, row.ARRIVES * LANES) > 0.0
    store(numbers, row.X * LANES, np.where(accepted, x + h * (vx + h * sx), x))
    store(numbers, row.Y * LANES, np.where(accepted, y + h * (vy + h * sy), y))
    store(numbers, row.Z * LANES, np.where(accepted, z + h * (vz + h * sz), z))
    store(numbers, row.VX * LANES, np.where(accepted, vx + h * wx, vx))
    store(numbers, row.VY * LANES, np.where(accepted, vy + h * wy, vy))
    store(numbers, row.VZ * LANES, np.where(accepted, vz + h * wz, vz))
    store(numbers, row.T * LANES, np.where(accepted, np.where(arrives, end, t + h), t))
