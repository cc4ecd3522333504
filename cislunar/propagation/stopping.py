"""Stops at a sphere: found on the step just taken, then stepped to exactly.

A step may cross a sphere, or dip through it and come out again. Between the two nodes of a step the path is
approximated by the quintic through positions, velocities and accelerations. A crossing seen at the end of
the step, or a closest (farthest) point of the quintic within a kilometre of the sphere or beyond it, sends
the lane back to the node before, to step to that point with the full method. Newton's method on the length
of this step, safeguarded by bisection, then places the last node on the sphere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.lanestate import (
    INNER,
    LIMIT,
    OUTER,
    PREVIOUS,
    SIGN,
    STOP_AT,
    STOP_HIGH,
    STOP_LOW,
    TRIES,
    VX,
    VY,
    VZ,
    T,
    X,
    Y,
    Z,
)
from cislunar.propagation.simd import LANES, any_lane, load

GO, DONE, BACK = range(3)
"""Verdicts: carry on; the lane stands on the sphere; return to the node before with a new `LIMIT`."""

_MARGIN_KM = 1.0
_WELL_OUTSIDE = 1.21  # square of 1.1 radii
_CLOSE_KM = 1e-6
_MOST_TRIES = 60


@register_jitable
def _quintic(numbers: Any, i: int) -> np.ndarray:
    """Coefficients (3, 6) of the path over the step of lane `i`, in the fraction of the step."""
    h = numbers[T * LANES + i] - numbers[(PREVIOUS + T) * LANES + i]
    path = np.empty((3, 6))
    for axis in range(3):
        r0 = numbers[(PREVIOUS + axis) * LANES + i]
        v0 = numbers[(PREVIOUS + 3 + axis) * LANES + i] * h
        a0 = numbers[(PREVIOUS + 6 + axis) * LANES + i] * (h * h)
        r1 = numbers[axis * LANES + i] - (r0 + v0 + 0.5 * a0)
        v1 = numbers[(3 + axis) * LANES + i] * h - (v0 + a0)
        a1 = numbers[(6 + axis) * LANES + i] * (h * h) - a0
        path[axis, 0] = r0
        path[axis, 1] = v0
        path[axis, 2] = 0.5 * a0
        path[axis, 3] = 10.0 * r1 - 4.0 * v1 + 0.5 * a1
        path[axis, 4] = -15.0 * r1 + 7.0 * v1 - a1
        path[axis, 5] = 6.0 * r1 - 3.0 * v1 + 0.5 * a1
    return path


@register_jitable
def _distance(path: np.ndarray, s: float) -> tuple[float, float]:
    """Distance from the centre at fraction `s`, and half the derivative of its square."""
    square = 0.0
    rate = 0.0
    for axis in range(3):
        value = path[axis, 5]
        slope = 0.0
        for power in range(4, -1, -1):
            slope = slope * s + value
            value = value * s + path[axis, power]
        square += value * value
        rate += value * slope
    return np.sqrt(square), rate


@register_jitable
def _crossing(path: np.ndarray, radius: float, inwards: float, high: float) -> float:
    """Fraction of the step at which the path meets the sphere; it is beyond it at the fraction `high`."""
    low = 0.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        distance, _rate = _distance(path, middle)
        if inwards * (distance - radius) > 0.0:
            low = middle
        else:
            high = middle
    return high


@register_jitable
def _extreme(path: np.ndarray) -> float:
    """Fraction of the step at which the distance is least or greatest, by false position (Illinois)."""
    low, high = 0.0, 1.0
    _distance_low, at_low = _distance(path, low)
    _distance_high, at_high = _distance(path, high)
    fraction = 1.0
    for _ in range(60):
        if at_low == at_high or high - low < 1e-12:
            break
        fraction = low + (high - low) * at_low / (at_low - at_high)
        _distance_there, rate = _distance(path, fraction)
        if rate * at_low > 0.0:
            low, at_low, at_high = fraction, rate, 0.5 * at_high
        else:
            high, at_high, at_low = fraction, rate, 0.5 * at_low
        if abs(rate) <= 1e-13 * max(abs(at_low), abs(at_high)):
            break
    return fraction


@register_jitable
def _radial(numbers: Any, row: int, i: int) -> tuple[float, float]:
    """Distance and `r . v` of lane `i` at the node that begins at `row`, the latter along the flight."""
    square = 0.0
    product = 0.0
    for axis in range(row, row + 3):
        square += numbers[axis * LANES + i] ** 2
        product += numbers[axis * LANES + i] * numbers[(axis + 3) * LANES + i]
    return np.sqrt(square), product * numbers[SIGN * LANES + i]


@register_jitable
def _approach(numbers: Any, tries: Any, i: int, distance: float, along: float) -> int:
    """Judge a step made to end on the sphere, and choose a better length for it."""
    target = numbers[STOP_AT * LANES + i]
    inwards = 1.0 if target == numbers[INNER * LANES + i] else -1.0
    size = numbers[LIMIT * LANES + i]
    gap = inwards * (distance - target)
    if gap > 0.0:
        numbers[STOP_LOW * LANES + i] = size
    else:
        numbers[STOP_HIGH * LANES + i] = size
    low, high = numbers[STOP_LOW * LANES + i], numbers[STOP_HIGH * LANES + i]
    if abs(gap) <= 2e-13 * target:
        return DONE
    if high - low < 1e-9 or tries[TRIES * LANES + i] >= _MOST_TRIES:
        tries[TRIES * LANES + i] = 0
        numbers[LIMIT * LANES + i] = np.inf
        return DONE if abs(gap) < _CLOSE_KM else GO
    tries[TRIES * LANES + i] += 1
    rate = inwards * along / distance
    better = size - gap / rate if rate < 0.0 else low
    if not low < better < high:
        better = 0.5 * (low + high)
    numbers[LIMIT * LANES + i] = better
    return BACK


@register_jitable
def _aim(
    numbers: Any,
    tries: Any,
    i: int,
    path: np.ndarray,
    inwards: float,
    size: float,
    beyond: float,
) -> int:
    """Send lane `i` back to step to the sphere, crossed before the fraction `beyond` of its step."""
    target = numbers[INNER * LANES + i] if inwards > 0.0 else numbers[OUTER * LANES + i]
    tries[TRIES * LANES + i] = 1
    numbers[STOP_AT * LANES + i] = target
    numbers[STOP_LOW * LANES + i] = 0.0
    numbers[STOP_HIGH * LANES + i] = size * beyond
    numbers[LIMIT * LANES + i] = size * _crossing(path, target, inwards, beyond)
    return BACK


@register_jitable
def may_stop(numbers: Any) -> Any:
    """Mask of the lanes whose last step may have met one of their spheres.

    Nodes beyond a sphere do, and so may a step with the closest point between its nodes, unless that is well
    outside. It is estimated where the radial speed would vanish if it changed evenly, on the cubic through
    the positions and velocities of both nodes: good to 2 per cent of the distance over a step of a radian.
    """
    x, y, z = load(numbers, X * LANES), load(numbers, Y * LANES), load(numbers, Z * LANES)
    vx, vy, vz = load(numbers, VX * LANES), load(numbers, VY * LANES), load(numbers, VZ * LANES)
    px, py, pz = (
        load(numbers, (PREVIOUS + X) * LANES),
        load(numbers, (PREVIOUS + Y) * LANES),
        load(numbers, (PREVIOUS + Z) * LANES),
    )
    ux, uy, uz = (
        load(numbers, (PREVIOUS + VX) * LANES),
        load(numbers, (PREVIOUS + VY) * LANES),
        load(numbers, (PREVIOUS + VZ) * LANES),
    )
    sign = load(numbers, SIGN * LANES)
    inner, outer = load(numbers, INNER * LANES), load(numbers, OUTER * LANES)
    square = x * x + y * y + z * z
    along = sign * (x * vx + y * vy + z * vz)
    before = sign * (px * ux + py * uy + pz * uz)
    beyond_one = (square < inner * inner) | (square > outer * outer)
    lowest = (before < 0.0) & (along > 0.0) & (inner > 0.0)
    highest = (before > 0.0) & (along < 0.0) & (outer < np.inf)
    if any_lane(lowest):
        h = load(numbers, T * LANES) - load(numbers, (PREVIOUS + T) * LANES)
        s = before / (before - along)
        one, two = s * s * (3.0 - 2.0 * s), s * (1.0 - s) * h
        start, end = two * (1.0 - s), -two * s
        mx = px + one * (x - px) + start * ux + end * vx
        my = py + one * (y - py) + start * uy + end * vy
        mz = pz + one * (z - pz) + start * uz + end * vz
        lowest = lowest & ~(mx * mx + my * my + mz * mz > _WELL_OUTSIDE * inner * inner)
    return beyond_one | lowest | highest


@register_jitable
def check_stop(numbers: Any, tries: Any, i: int) -> int:
    """Judge the step that lane `i` has just taken against its two spheres.

    Parameters
    ----------
    numbers, tries : pointer
        State of the lanes.
    i : int
        The lane.

    Returns
    -------
    int
        `GO`, `DONE` or `BACK`.
    """
    size = abs(numbers[T * LANES + i] - numbers[(PREVIOUS + T) * LANES + i])
    inner, outer = numbers[INNER * LANES + i], numbers[OUTER * LANES + i]
    distance, along = _radial(numbers, 0, i)
    if tries[TRIES * LANES + i] > 0 and abs(size - numbers[LIMIT * LANES + i]) <= 1e-7 + 1e-15 * abs(
        numbers[T * LANES + i]
    ):
        return _approach(numbers, tries, i, distance, along)
    tries[TRIES * LANES + i] = 0
    numbers[LIMIT * LANES + i] = np.inf
    if size == 0.0:
        return GO
    if distance < inner or distance > outer:
        inwards = 1.0 if distance < inner else -1.0
        return _aim(numbers, tries, i, _quintic(numbers, i), inwards, size, 1.0)
    _before, along_before = _radial(numbers, PREVIOUS, i)
    lowest = along_before < 0.0 < along and inner > 0.0
    highest = along_before > 0.0 > along and outer < np.inf
    if lowest or highest:
        inwards = 1.0 if lowest else -1.0
        path = _quintic(numbers, i)
        fraction = _extreme(path)
        nearest, _rate = _distance(path, fraction)
        depth = inner - nearest if lowest else nearest - outer
        if depth > -_MARGIN_KM and 0.02 < fraction < 0.98:
            numbers[LIMIT * LANES + i] = size * fraction
            return BACK
        if depth > 0.0:  # so near a node the quintic is as good as the method
            return _aim(numbers, tries, i, path, inwards, size, fraction)
    return GO
