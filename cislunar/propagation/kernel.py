"""The integration loop: `LANES` trajectories advance together, each with its own epoch, step and end.

One pass of the loop evaluates the first stage, looks after the lanes one by one where something rare has
happened (an end, a stop, a new cell of the environment tables), records the nodes, and takes one step of
RKN12(10) in every lane. A lane whose trajectory ends takes the next one from the queue. Nothing a lane
computes depends on the other lanes, so results do not depend on the company a trajectory keeps.

All state lives in arrays that the caller owns; the loop returns after a number of passes, or when the node
buffer is full, and is called again until it reports that it is done.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

import cislunar.propagation.second_method as second_method
from cislunar.propagation import lanestate as row
from cislunar.propagation.granules import TERMS
from cislunar.propagation.jit import kernel
from cislunar.propagation.lanestate import Lanes, Nodes, Queue, Table
from cislunar.propagation.model import Model, acceleration, up_to_shadow_edge
from cislunar.propagation.rkn1210 import B_VELOCITY, ERROR, ERROR_VELOCITY, STAGES, A, B, C
from cislunar.propagation.simd import LANES, any_lane, load, pointer, splat, store
from cislunar.propagation.status import Status
from cislunar.propagation.stepsize import next_scale
from cislunar.propagation.stopping import BACK, DONE, GO, check_stop
from cislunar.propagation.systems import (
    RelativisticModel,
    ThreeBodyModel,
    first_stage,
    serve,
    system_pointers,
    take_step,
)
from cislunar.propagation.thrust import ThrustModel

FINISHED, RADIUS = int(Status.FINISHED), int(Status.RADIUS)
MAX_STEPS, STEP_TOO_SMALL = int(Status.MAX_STEPS), int(Status.STEP_TOO_SMALL)

RUNNING, FULL, COMPLETE = range(3)
"""What the loop reports: passes used up, node buffer full, all trajectories done."""

_SMALLEST_STEP_S = 1e-6
NO_CELL = -(2**62)
_POSITION_STAGES = np.array([i for i in range(STAGES) if B[i] != 0.0 or ERROR[i] != 0.0])
_VELOCITY_STAGES = np.array([i for i in range(STAGES) if B_VELOCITY[i] != 0.0 or ERROR_VELOCITY[i] != 0.0])


@register_jitable
def enter_cell(i: int, lanes: Lanes, epoch: float, table: Table) -> None:
    """Give lane `i` the polynomials of the cell that its time has entered, if it has entered one."""
    numbers = lanes.numbers
    place = numbers[row.SIGN * LANES + i] * (numbers[row.BASE * LANES + i] + numbers[row.T * LANES + i])
    if -numbers[row.HALF * LANES + i] <= place < 0.0:
        return
    now = epoch + numbers[row.T * LANES + i]
    cell = int(np.floor(now / table.spacing))
    if numbers[row.SIGN * LANES + i] < 0.0:
        cell -= 1
    if cell == lanes.integers[row.CELL * LANES + i]:
        return
    lanes.integers[row.CELL * LANES + i] = cell
    k = min(max(cell - table.first, 0), table.cells - 1)
    numbers[row.BASE * LANES + i] = epoch - table.windows[2 * k]
    numbers[row.HALF * LANES + i] = table.windows[2 * k + 1]
    terms = table.series * TERMS
    for term in range(terms):
        lanes.environment[term * LANES + i] = table.coefficients[k * terms + term]


@register_jitable
def _load_next(i: int, queue: Queue, lanes: Lanes) -> None:
    """Put the next trajectory of the queue into lane `i`."""
    numbers = lanes.numbers
    j = lanes.counters[0]
    lanes.counters[0] += 1
    lanes.integers[row.TRAJECTORY * LANES + i] = j
    lanes.integers[row.CELL * LANES + i] = NO_CELL
    numbers[row.HALF * LANES + i] = -1.0
    lanes.integers[row.STEPS * LANES + i] = 0
    lanes.integers[row.TRIES * LANES + i] = 0
    for k in range(6):
        numbers[k * LANES + i] = queue.state[k * queue.n + j]
    duration = queue.duration[j]
    numbers[row.T * LANES + i] = 0.0
    numbers[row.END * LANES + i] = duration
    numbers[row.SIGN * LANES + i] = 1.0 if duration >= 0.0 else -1.0
    numbers[row.STEP * LANES + i] = 0.0
    numbers[row.LARGEST * LANES + i] = max(0.25 * abs(duration), 1e-3)
    numbers[row.LIMIT * LANES + i] = np.inf
    numbers[row.LAST_STEP * LANES + i] = 0.0
    numbers[row.LAST_ERROR * LANES + i] = 1.0
    numbers[row.PRESSURE * LANES + i] = queue.pressure[j]
    numbers[row.INNER * LANES + i] = queue.inner[j]
    numbers[row.OUTER * LANES + i] = queue.outer[j]
    numbers[row.FRESH * LANES + i] = 1.0
    for k in range(10):
        numbers[(row.PREVIOUS + k) * LANES + i] = numbers[k * LANES + i]


@register_jitable
def _finish(i: int, status: int, queue: Queue, lanes: Lanes) -> None:
    """Store the result of lane `i` and leave it idle."""
    j = lanes.integers[row.TRAJECTORY * LANES + i]
    for k in range(6):
        queue.final[k * queue.n + j] = lanes.numbers[k * LANES + i]
    queue.elapsed[j] = lanes.numbers[row.T * LANES + i]
    queue.status[j] = status
    queue.steps[j] = lanes.integers[row.STEPS * LANES + i]
    lanes.integers[row.TRAJECTORY * LANES + i] = -1
    lanes.numbers[row.FRESH * LANES + i] = 0.0


@register_jitable
def _look_after(i: int, queue: Queue, lanes: Lanes, nodes: Nodes, block: int, max_steps: int) -> bool:
    """Check lane `i` after its first stage: stops, ends, records. Return True if its state was exchanged."""
    numbers = lanes.numbers
    nodes.owner[block * LANES + i] = -1
    j = lanes.integers[row.TRAJECTORY * LANES + i]
    if j < 0:
        return False
    fresh = numbers[row.FRESH * LANES + i] > 0.0
    verdict = GO
    if fresh:
        verdict = check_stop(numbers, lanes.integers, i)
        if verdict == BACK:  # go back to the node before and step to where the stop is
            for k in range(10):
                numbers[k * LANES + i] = numbers[(row.PREVIOUS + k) * LANES + i]
            numbers[row.FRESH * LANES + i] = 0.0
            return True
        nodes.owner[block * LANES + i] = j
    if verdict == DONE:
        _finish(i, RADIUS, queue, lanes)
    elif numbers[row.T * LANES + i] == numbers[row.END * LANES + i]:
        _finish(i, FINISHED, queue, lanes)
    elif lanes.integers[row.STEPS * LANES + i] >= max_steps:
        _finish(i, MAX_STEPS, queue, lanes)
    elif numbers[row.STEP * LANES + i] < 0.0:
        _finish(i, STEP_TOO_SMALL, queue, lanes)
    else:
        return False
    return True


@register_jitable(forceinline=True)
def _weighted(stages: Any, weights: np.ndarray, used: np.ndarray) -> tuple[Any, Any, Any]:
    """Sum of the stages in `used` with their weights."""
    x = y = z = splat(0.0)
    for i in used:
        at = i * 3 * LANES
        weight = weights[i]
        x += weight * load(stages, at)
        y += weight * load(stages, at + LANES)
        z += weight * load(stages, at + 2 * LANES)
    return x, y, z


@register_jitable(forceinline=True)
def _step(lanes: Lanes, model: Model, inverse_rtol2: float) -> None:
    """Take one step in every lane; accept it or not; choose the next."""
    numbers, stages, environment = lanes.numbers, lanes.stages, lanes.environment
    x, y, z = load(numbers, row.X * LANES), load(numbers, row.Y * LANES), load(numbers, row.Z * LANES)
    vx, vy, vz = load(numbers, row.VX * LANES), load(numbers, row.VY * LANES), load(numbers, row.VZ * LANES)
    ax, ay, az = load(numbers, row.AX * LANES), load(numbers, row.AY * LANES), load(numbers, row.AZ * LANES)
    t = load(numbers, row.T * LANES)
    sign = load(numbers, row.SIGN * LANES)
    end = load(numbers, row.END * LANES)
    half = load(numbers, row.HALF * LANES)
    pressure = load(numbers, row.PRESSURE * LANES)
    now = load(numbers, row.BASE * LANES) + t

    r = np.sqrt(x * x + y * y + z * z)
    a = np.sqrt(ax * ax + ay * ay + az * az)
    wanted = load(numbers, row.STEP * LANES)
    wanted = np.where(wanted > 0.0, wanted, 0.05 * np.sqrt(r / a))
    remaining = sign * (end - t)
    size = np.minimum(wanted, load(numbers, row.LARGEST * LANES))
    size = np.where(size >= remaining, remaining, np.where(2.0 * size > remaining, 0.5 * remaining, size))
    size = np.minimum(np.minimum(size, half - sign * now), load(numbers, row.LIMIT * LANES))
    size = up_to_shadow_edge(
        size, sign, x, y, z, vx, vy, vz, ax, ay, az, now, half, pressure, environment, model
    )
    arrives = size == remaining
    h = sign * size

    inverse_half = 1.0 / half
    store(stages, 0, ax)
    store(stages, LANES, ay)
    store(stages, 2 * LANES, az)
    for s in range(1, STAGES):
        sx = sy = sz = splat(0.0)
        for i in range(s):
            weight = A[s, i]
            sx += weight * load(stages, 3 * i * LANES)
            sy += weight * load(stages, (3 * i + 1) * LANES)
            sz += weight * load(stages, (3 * i + 2) * LANES)
        c = C[s]
        kx, ky, kz = acceleration(
            x + h * (c * vx + h * sx),
            y + h * (c * vy + h * sy),
            z + h * (c * vz + h * sz),
            (now + c * h) * inverse_half,
            pressure,
            environment,
            lanes.positions,
            model,
        )
        store(stages, 3 * s * LANES, kx)
        store(stages, (3 * s + 1) * LANES, ky)
        store(stages, (3 * s + 2) * LANES, kz)

    sx, sy, sz = _weighted(stages, ERROR, _POSITION_STAGES)
    wx, wy, wz = _weighted(stages, ERROR_VELOCITY, _VELOCITY_STAGES)
    h2 = h * h
    v2 = vx * vx + vy * vy + vz * vz + 0.01 * a * r
    error = np.maximum(
        h2 * h2 * (sx * sx + sy * sy + sz * sz) / (r * r), h2 * (wx * wx + wy * wy + wz * wz) / v2
    )
    error = error * inverse_rtol2
    accepted = error <= 1.0

    last_step, last_error = load(numbers, row.LAST_STEP * LANES), load(numbers, row.LAST_ERROR * LANES)
    following = size * next_scale(error, last_error, size, last_step)
    cut = accepted & (size < wanted)
    following = np.where(cut, np.maximum(following, wanted), following)
    too_small = ~accepted & (following < _SMALLEST_STEP_S)
    store(numbers, row.STEP * LANES, np.where(too_small, splat(-1.0), following))
    learn = accepted & ~cut
    store(numbers, row.LAST_STEP * LANES, np.where(learn, size, last_step))
    store(numbers, row.LAST_ERROR * LANES, np.where(learn, error, last_error))
    store(numbers, row.FRESH * LANES, np.where(accepted, splat(1.0), splat(0.0)))

    sx, sy, sz = _weighted(stages, B, _POSITION_STAGES)
    wx, wy, wz = _weighted(stages, B_VELOCITY, _VELOCITY_STAGES)
    store(numbers, row.X * LANES, np.where(accepted, x + h * (vx + h * sx), x))
    store(numbers, row.Y * LANES, np.where(accepted, y + h * (vy + h * sy), y))
    store(numbers, row.Z * LANES, np.where(accepted, z + h * (vz + h * sz), z))
    store(numbers, row.VX * LANES, np.where(accepted, vx + h * wx, vx))
    store(numbers, row.VY * LANES, np.where(accepted, vy + h * wy, vy))
    store(numbers, row.VZ * LANES, np.where(accepted, vz + h * wz, vz))
    store(numbers, row.T * LANES, np.where(accepted, np.where(arrives, end, t + h), t))


@register_jitable(forceinline=True)
def _first_stage(lanes: Lanes, model: Model) -> None:
    """Evaluate the acceleration at the state of every lane."""
    numbers = lanes.numbers
    ax, ay, az = acceleration(
        load(numbers, row.X * LANES),
        load(numbers, row.Y * LANES),
        load(numbers, row.Z * LANES),
        (load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)) / load(numbers, row.HALF * LANES),
        load(numbers, row.PRESSURE * LANES),
        lanes.environment,
        lanes.positions,
        model,
    )
    store(numbers, row.AX * LANES, ax)
    store(numbers, row.AY * LANES, ay)
    store(numbers, row.AZ * LANES, az)


@register_jitable
def _queue_pointers(queue: Queue) -> Queue:
    return Queue(
        queue.n,
        pointer(queue.state),
        pointer(queue.epoch),
        pointer(queue.duration),
        pointer(queue.pressure),
        pointer(queue.inner),
        pointer(queue.outer),
        pointer(queue.final),
        pointer(queue.elapsed),
        pointer(queue.status),
        pointer(queue.steps),
    )


@register_jitable
def lane_pointers(lanes: Lanes) -> Lanes:
    """Return the lane state with pointers for arrays."""
    return Lanes(
        pointer(lanes.numbers),
        pointer(lanes.integers),
        pointer(lanes.environment),
        pointer(lanes.positions),
        pointer(lanes.stages),
        pointer(lanes.counters),
    )


@register_jitable
def _node_pointers(nodes: Nodes) -> Nodes:
    return Nodes(nodes.blocks, nodes.keep, pointer(nodes.rows), pointer(nodes.owner))


@register_jitable
def _model_pointers(model: Model) -> Model:
    return Model(
        model.gm,
        model.bodies,
        pointer(model.body_gm),
        model.degree,
        model.field_radius,
        pointer(model.field_rows),
        model.sun,
        model.shadows,
        pointer(model.occulters),
        pointer(model.occulter_radii),
        model.sun_radius,
        model.tides,
        pointer(model.body_tide),
    )


@register_jitable
def table_pointers(table: Table) -> Table:
    """Return the tables with pointers for arrays."""
    return Table(
        table.first,
        table.spacing,
        table.cells,
        table.series,
        pointer(table.windows),
        pointer(table.coefficients),
    )


serve(Model, _first_stage, _step, _model_pointers)
serve(ThreeBodyModel, second_method.first_stage, second_method.take_step, second_method.unchanged)


@register_jitable
def _relativistic_pointers(system: RelativisticModel) -> RelativisticModel:
    return RelativisticModel(_model_pointers(system.model), system.inverse_c2)


serve(RelativisticModel, second_method.first_stage, second_method.take_step, _relativistic_pointers)


@register_jitable
def _thrust_pointers(system: ThrustModel) -> ThrustModel:
    return ThrustModel(
        _model_pointers(system.model),
        system.inverse_c2,
        system.total,
        pointer(system.burns),
        pointer(system.work),
    )


serve(ThrustModel, second_method.first_stage, second_method.take_step, _thrust_pointers)


@kernel
def advance(
    queue: Queue,
    lanes: Lanes,
    nodes: Nodes,
    model: Model,
    table: Table,
    rtol: float,
    max_steps: int,
    passes: int,
) -> int:
    """Advance all lanes by at most `passes` passes of the loop.

    Parameters
    ----------
    queue, lanes, nodes, model, table
        Arrays; see their classes.
    rtol : float
        Largest error of one step relative to the distance from the centre and to the speed.
    max_steps : int
        Attempted steps after which a trajectory is stopped.
    passes : int
        Passes after which the loop returns.

    Returns
    -------
    int
        `RUNNING`, `FULL` or `COMPLETE`.
    """
    queue, lanes, nodes = _queue_pointers(queue), lane_pointers(lanes), _node_pointers(nodes)
    model, table = system_pointers(model), table_pointers(table)
    numbers = lanes.numbers
    inverse_rtol2 = 1.0 / (rtol * rtol)
    for _ in range(passes):
        block = lanes.counters[1]
        if block >= nodes.blocks:
            return FULL
        active = False
        for i in range(LANES):
            if lanes.integers[row.TRAJECTORY * LANES + i] < 0 and lanes.counters[0] < queue.n:
                _load_next(i, queue, lanes)
            active |= lanes.integers[row.TRAJECTORY * LANES + i] >= 0
        if not active:
            return COMPLETE
        now = load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)
        place = load(numbers, row.SIGN * LANES) * now
        if any_lane((place >= 0.0) | (place < -load(numbers, row.HALF * LANES))):
            for i in range(LANES):
                j = lanes.integers[row.TRAJECTORY * LANES + i]
                if j >= 0:
                    enter_cell(i, lanes, queue.epoch[j], table)

        first_stage(lanes, model)
        for k in range(10):
            store(nodes.rows, (block * 10 + k) * LANES, load(numbers, k * LANES))
        exchanged = False
        for i in range(LANES):
            exchanged |= _look_after(i, queue, lanes, nodes, block, max_steps)
        lanes.counters[1] += nodes.keep
        fresh = load(numbers, row.FRESH * LANES) > 0.0
        for k in range(10):
            current, before = load(numbers, k * LANES), load(numbers, (row.PREVIOUS + k) * LANES)
            store(numbers, (row.PREVIOUS + k) * LANES, np.where(fresh, current, before))
        store(numbers, row.FRESH * LANES, splat(0.0))
        if exchanged:
            continue
        for i in range(LANES):
            lanes.integers[row.STEPS * LANES + i] += 1
        take_step(lanes, model, inverse_rtol2)
    return RUNNING


@kernel
def accelerations(
    state: np.ndarray,
    epoch: np.ndarray,
    pressure: np.ndarray,
    lanes: Lanes,
    model: Model,
    table: Table,
    result: np.ndarray,
) -> None:
    """Write the acceleration, shape (3, n), at states (6, n) and epochs (n,)."""
    lanes, model, table = lane_pointers(lanes), system_pointers(model), table_pointers(table)
    numbers = lanes.numbers
    n = epoch.size
    for i in range(LANES):
        numbers[row.SIGN * LANES + i] = 1.0
        lanes.integers[row.CELL * LANES + i] = NO_CELL
    for start in range(0, n, LANES):
        for i in range(LANES):
            j = min(start + i, n - 1)
            for k in range(6):
                numbers[k * LANES + i] = state[k, j]
            numbers[row.PRESSURE * LANES + i] = pressure[j]
            numbers[row.T * LANES + i] = epoch[j]
            if int(np.floor(epoch[j] / table.spacing)) != lanes.integers[row.CELL * LANES + i]:
                numbers[row.HALF * LANES + i] = -1.0
                enter_cell(i, lanes, 0.0, table)
        first_stage(lanes, model)
        for i in range(min(LANES, n - start)):
            for k in range(3):
                result[k, start + i] = numbers[(row.AX + k) * LANES + i]
