"""Derivatives of single steps: how the state at the end of a step depends on the state at its beginning.

A recorded step is repeated with its own method, and its stages are differentiated as they are formed: with
`R_i`, `V_i` the derivatives (3 by 6) of the position and velocity of stage i with respect to the state at the
beginning, `G` and `H` the gradients of the acceleration there with respect to position and velocity,

    K_i = G R_i + H V_i,

and the rules of the method turn the `K_i` into `R_i`, `V_i` and the derivative of the end, as they turn the
accelerations into positions and velocities. This is the exact derivative of the step as it was taken, its
length held fixed. `G` and `H` come from the force functions themselves, called with dual lanes.

The steps of all trajectories are independent work: each lane takes one, so a single trajectory fills the
lanes as well as many do, and the result of a step does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import overload, register_jitable

from cislunar.propagation import kernel as loop
from cislunar.propagation import lanestate as row
from cislunar.propagation import rkn1210
from cislunar.propagation import second_method as verner
from cislunar.propagation.dual import parts, variables
from cislunar.propagation.jit import kernel
from cislunar.propagation.lanestate import Lanes, Table
from cislunar.propagation.model import Model, Sunshine, acceleration
from cislunar.propagation.simd import LANES, load, pointer, splat, store
from cislunar.propagation.systems import prepare, system_pointers, velocity_acceleration

MATRIX = 18
"""Numbers per stage in the work space: the derivative of its acceleration, axis by axis, six columns."""

WORK = (max(rkn1210.STAGES, verner.STAGES) + 2) * MATRIX
"""Size of the work space, times `LANES`: one matrix per stage, one for a position, one for a velocity."""


def _tableau(rows: np.ndarray, last: np.ndarray, last_velocity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stages used by each stage and, in the last row, by the solution: columns[start[s] : start[s + 1]]."""
    used = [np.flatnonzero(weights) for weights in rows]
    used.append(np.flatnonzero((last != 0.0) | (last_velocity != 0.0)))
    return np.concatenate([[0], np.cumsum([u.size for u in used])]), np.concatenate(used).astype(np.int64)


# Weights of the methods with the solution as one more row: C, position, velocity.
_RKN_C = np.append(rkn1210.C, 1.0)
_RKN_POSITION = np.vstack([rkn1210.A, rkn1210.B])
_RKN_VELOCITY = np.vstack([np.zeros_like(rkn1210.A), rkn1210.B_VELOCITY])
_RKN_START, _RKN_COLUMNS = _tableau(rkn1210.A, rkn1210.B, rkn1210.B_VELOCITY)
_RK_C = np.append(verner.C, 1.0)
_RK_POSITION = np.vstack([verner.A_POSITION, verner.B_POSITION])
_RK_VELOCITY = np.vstack([verner.A, verner.B])
_RK_START, _RK_COLUMNS = _tableau(np.abs(verner.A) + np.abs(verner.A_POSITION), verner.B_POSITION, verner.B)


@register_jitable
def _unit(index: int, column: int) -> Any:
    return splat(1.0 if index == column else 0.0)


@register_jitable
def _form_position(
    work: Any, at: int, s: int, c: float, h: Any, weights: Any, start: Any, columns: Any
) -> None:
    """Derivative of the position of stage s, to `at`."""
    for k in range(MATRIX):
        axis, column = k // 6, k % 6
        total = splat(0.0)
        for index in range(start[s], start[s + 1]):
            j = columns[index]
            total += weights[s, j] * load(work, (j * MATRIX + k) * LANES)
        value = _unit(axis, column) + h * (c * _unit(axis + 3, column) + h * total)
        store(work, (at * MATRIX + k) * LANES, value)


@register_jitable
def _form_velocity(work: Any, at: int, s: int, h: Any, weights: Any, start: Any, columns: Any) -> None:
    """Derivative of the velocity of stage s, to `at`."""
    for k in range(MATRIX):
        axis, column = k // 6, k % 6
        total = splat(0.0)
        for index in range(start[s], start[s + 1]):
            j = columns[index]
            total += weights[s, j] * load(work, (j * MATRIX + k) * LANES)
        store(work, (at * MATRIX + k) * LANES, _unit(axis + 3, column) + h * total)


@register_jitable
def _combine(stages: Any, s: int, axis: int, weights: Any, start: Any, columns: Any) -> Any:
    total = splat(0.0)
    for index in range(start[s], start[s + 1]):
        j = columns[index]
        total += weights[s, j] * load(stages, (3 * j + axis) * LANES)
    return total


@register_jitable
def _add_product(work: Any, into: int, at: int, gradient: Any, axis: int) -> None:
    """Add a row of the gradient (three lanes) times the matrix at `at` to the row of the matrix `into`."""
    for column in range(6):
        total = load(work, (into * MATRIX + axis * 6 + column) * LANES)
        for k in range(3):
            total += gradient[k] * load(work, (at * MATRIX + k * 6 + column) * LANES)
        store(work, (into * MATRIX + axis * 6 + column) * LANES, total)


@register_jitable
def _clear(work: Any, at: int) -> None:
    for k in range(MATRIX):
        store(work, (at * MATRIX + k) * LANES, splat(0.0))


@register_jitable
def _nystrom_step(lanes: Lanes, system: Any, h: Any, work: Any) -> None:
    """Differentiate a step of RKN12(10): the acceleration depends on the position only."""
    numbers, stages = lanes.numbers, lanes.stages
    position, velocity = rkn1210.STAGES, rkn1210.STAGES + 1
    scale = load(numbers, row.SCALE * LANES)
    now = load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)
    for s in range(rkn1210.STAGES):
        c = _RKN_C[s]
        x, y, z = variables(
            (
                load(numbers, row.X * LANES)
                + h
                * (
                    c * load(numbers, row.VX * LANES)
                    + h * _combine(stages, s, 0, _RKN_POSITION, _RKN_START, _RKN_COLUMNS)
                ),
                load(numbers, row.Y * LANES)
                + h
                * (
                    c * load(numbers, row.VY * LANES)
                    + h * _combine(stages, s, 1, _RKN_POSITION, _RKN_START, _RKN_COLUMNS)
                ),
                load(numbers, row.Z * LANES)
                + h
                * (
                    c * load(numbers, row.VZ * LANES)
                    + h * _combine(stages, s, 2, _RKN_POSITION, _RKN_START, _RKN_COLUMNS)
                ),
            )
        )
        ax, ay, az = acceleration(
            x,
            y,
            z,
            (now + c * h) * scale,
            Sunshine(load(numbers, row.PRESSURE * LANES), splat(1.0)),
            lanes.environment,
            lanes.positions,
            system,
        )
        _form_position(work, position, s, c, h, _RKN_POSITION, _RKN_START, _RKN_COLUMNS)
        _clear(work, s)
        for axis, component in enumerate((ax, ay, az)):
            value, gx, gy, gz = parts(component)
            store(stages, (3 * s + axis) * LANES, value)
            _add_product(work, s, position, (gx, gy, gz), axis)
    s = rkn1210.STAGES
    _form_position(work, position, s, 1.0, h, _RKN_POSITION, _RKN_START, _RKN_COLUMNS)
    _form_velocity(work, velocity, s, h, _RKN_VELOCITY, _RKN_START, _RKN_COLUMNS)


@register_jitable
def _runge_kutta_step(lanes: Lanes, system: Any, h: Any, work: Any) -> None:
    """Differentiate a step of Verner's 9(8): the acceleration depends on position and velocity."""
    prepare(lanes, system)
    numbers, stages = lanes.numbers, lanes.stages
    position, velocity = rkn1210.STAGES, rkn1210.STAGES + 1
    scale = load(numbers, row.SCALE * LANES)
    now = load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)
    for s in range(verner.STAGES):
        c = _RK_C[s]
        rx = _combine(stages, s, 0, _RK_POSITION, _RK_START, _RK_COLUMNS)
        ry = _combine(stages, s, 1, _RK_POSITION, _RK_START, _RK_COLUMNS)
        rz = _combine(stages, s, 2, _RK_POSITION, _RK_START, _RK_COLUMNS)
        x, y, z, vx, vy, vz = variables(
            (
                load(numbers, row.X * LANES) + h * (c * load(numbers, row.VX * LANES) + h * rx),
                load(numbers, row.Y * LANES) + h * (c * load(numbers, row.VY * LANES) + h * ry),
                load(numbers, row.Z * LANES) + h * (c * load(numbers, row.VZ * LANES) + h * rz),
                load(numbers, row.VX * LANES)
                + h * _combine(stages, s, 0, _RK_VELOCITY, _RK_START, _RK_COLUMNS),
                load(numbers, row.VY * LANES)
                + h * _combine(stages, s, 1, _RK_VELOCITY, _RK_START, _RK_COLUMNS),
                load(numbers, row.VZ * LANES)
                + h * _combine(stages, s, 2, _RK_VELOCITY, _RK_START, _RK_COLUMNS),
            )
        )
        ax, ay, az = velocity_acceleration(
            x,
            y,
            z,
            vx,
            vy,
            vz,
            (now + c * h) * scale,
            Sunshine(load(numbers, row.PRESSURE * LANES), splat(1.0)),
            lanes.environment,
            lanes.positions,
            system,
        )
        _form_position(work, position, s, c, h, _RK_POSITION, _RK_START, _RK_COLUMNS)
        _form_velocity(work, velocity, s, h, _RK_VELOCITY, _RK_START, _RK_COLUMNS)
        _clear(work, s)
        for axis, component in enumerate((ax, ay, az)):
            value, gx, gy, gz, hx, hy, hz = parts(component)
            store(stages, (3 * s + axis) * LANES, value)
            _add_product(work, s, position, (gx, gy, gz), axis)
            _add_product(work, s, velocity, (hx, hy, hz), axis)
    s = verner.STAGES
    _form_position(work, position, s, 1.0, h, _RK_POSITION, _RK_START, _RK_COLUMNS)
    _form_velocity(work, velocity, s, h, _RK_VELOCITY, _RK_START, _RK_COLUMNS)


def _differentiate(lanes: Lanes, system: Any, h: Any, work: Any) -> None:
    """Leave the derivative of a step in the last two matrices of the work space (inside kernels)."""
    raise NotImplementedError


@overload(_differentiate)
def _choose(lanes: Any, system: Any, h: Any, work: Any) -> Callable[..., None]:
    chosen = _nystrom_step if system.instance_class is Model else _runge_kutta_step

    def implementation(lanes: Any, system: Any, h: Any, work: Any) -> None:
        chosen(lanes, system, h, work)

    return implementation


@kernel
def step_derivatives(
    state: np.ndarray,
    elapsed: np.ndarray,
    length: np.ndarray,
    epoch: np.ndarray,
    pressure: np.ndarray,
    lanes: Lanes,
    system: Any,
    table: Table,
    work: np.ndarray,
    result: np.ndarray,
) -> None:
    """Write the derivative of each step, shape (steps, 6, 6): row the end, column the beginning.

    Parameters
    ----------
    state : numpy.ndarray, shape (6, steps)
        Beginning of each step.
    elapsed, length, epoch, pressure : numpy.ndarray, shape (steps,)
        Time of the beginning after the start of its trajectory, signed length of the step, start of the
        trajectory, s; radiation pressure.
    lanes, system, table
        Lane state, constants and environment tables as for the loop.
    work : numpy.ndarray, shape (WORK * LANES,)
        Work space.
    result : numpy.ndarray, shape (steps, 36)
        Receives the derivatives.
    """
    lanes, system = loop.lane_pointers(lanes), system_pointers(system)
    table, space = loop.table_pointers(table), pointer(work)
    numbers = lanes.numbers
    n = elapsed.size
    for first in range(0, n, LANES):
        for i in range(LANES):
            j = min(first + i, n - 1)
            for k in range(6):
                numbers[k * LANES + i] = state[k, j]
            numbers[row.PRESSURE * LANES + i] = pressure[j]
            numbers[row.T * LANES + i] = elapsed[j]
            numbers[row.STEP * LANES + i] = length[j]
            numbers[row.SIGN * LANES + i] = 1.0 if length[j] >= 0.0 else -1.0
            numbers[row.HALF * LANES + i] = -1.0
            lanes.integers[row.TRAJECTORY * LANES + i] = j
            lanes.integers[row.CELL * LANES + i] = loop.NO_CELL
            loop.enter_cell(i, lanes, epoch[j], table)
        _differentiate(lanes, system, load(numbers, row.STEP * LANES), space)
        for i in range(min(LANES, n - first)):
            for k in range(36):
                result[first + i, k] = work[(rkn1210.STAGES * MATRIX + k) * LANES + i]


@kernel
def product(steps: np.ndarray, first: np.ndarray, last: np.ndarray, result: np.ndarray) -> None:
    """Write the product of the derivatives of steps `first[i]` to `last[i] - 1`, later ones on the left.

    Parameters
    ----------
    steps : numpy.ndarray, shape (M, 6, 6)
        Derivatives of steps.
    first, last : numpy.ndarray, shape (n,)
        Ranges of steps; an empty range gives the unit matrix.
    result : numpy.ndarray, shape (n, 6, 6)
        Receives the products.
    """
    row_now = np.empty((6, 6))
    for i in range(first.size):
        for a in range(6):
            for b in range(6):
                result[i, a, b] = 1.0 if a == b else 0.0
        for step in range(first[i], last[i]):
            for a in range(6):
                for b in range(6):
                    total = 0.0
                    for k in range(6):
                        total += steps[step, a, k] * result[i, k, b]
                    row_now[a, b] = total
            for a in range(6):
                for b in range(6):
                    result[i, a, b] = row_now[a, b]
