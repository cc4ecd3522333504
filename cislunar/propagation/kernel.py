"""The integration loop: sets of `LANES` trajectories advance together, each with its own epoch, step and end.

In one pass of the loop every set evaluates its first stage, records its nodes, and looks after its lanes one
by one where something rare has happened (an end, a stop, a new cell of the tables); then all sets take one
step, stage by stage in turn (`nystrom`, `second_method`). A lane whose trajectory ends takes the next one of
the queue. Nothing a lane computes depends on the other lanes, so results do not depend on the company that a
trajectory keeps.

All state lives in arrays that the caller owns; the loop returns after a number of passes, or when the node
buffer is full, and is called again until it reports that it is done.
"""

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation import lanestate as row
from cislunar.propagation import nystrom, second_method
from cislunar.propagation.granules import TERMS
from cislunar.propagation.jit import kernel
from cislunar.propagation.lanestate import Lanes, Nodes, Queue, Table
from cislunar.propagation.model import Model
from cislunar.propagation.rkn1210 import STAGES
from cislunar.propagation.simd import LANES, any_lane, load, pointer, splat, store
from cislunar.propagation.status import Status
from cislunar.propagation.stepping import group_of
from cislunar.propagation.stopping import BACK, DONE, GO, check_stop, may_stop
from cislunar.propagation.systems import (
    RelativisticModel,
    ThreeBodyModel,
    first_stage,
    serve,
    system_pointers,
    take_steps,
)
from cislunar.propagation.thrust import ThrustModel

FINISHED, RADIUS = int(Status.FINISHED), int(Status.RADIUS)
MAX_STEPS, STEP_TOO_SMALL = int(Status.MAX_STEPS), int(Status.STEP_TOO_SMALL)

RUNNING, FULL, COMPLETE = range(3)
"""What the loop reports: passes used up, node buffer full, all trajectories done."""

NO_CELL = -(2**62)


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
    numbers[row.SCALE * LANES + i] = 1.0 / table.windows[2 * k + 1]
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
    numbers[row.LEARNT * LANES + i] = 0.0
    numbers[row.STEPS * LANES + i] = 0.0
    numbers[row.ACTIVE * LANES + i] = 1.0
    numbers[row.PRESSURE * LANES + i] = queue.pressure[j]
    numbers[row.UNSEEN * LANES + i] = 1.0
    for s in range(STAGES):
        lanes.pressures[s * LANES + i] = queue.pressure[j]
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
    queue.steps[j] = int(lanes.numbers[row.STEPS * LANES + i])
    lanes.integers[row.TRAJECTORY * LANES + i] = -1
    # Idle lanes stand still at their end, and nothing rare happens to them.
    lanes.numbers[row.ACTIVE * LANES + i] = 0.0
    lanes.numbers[row.FRESH * LANES + i] = 0.0
    lanes.numbers[row.LIMIT * LANES + i] = np.inf
    lanes.numbers[row.STEP * LANES + i] = 1.0


@register_jitable
def _look_after(i: int, queue: Queue, lanes: Lanes, nodes: Nodes, block: int, max_steps: int) -> bool:
    """Check lane `i` after its first stage: stops, ends. Return True if its state was exchanged."""
    numbers = lanes.numbers
    if numbers[row.ACTIVE * LANES + i] == 0.0:
        return False
    verdict = GO
    if numbers[row.FRESH * LANES + i] > 0.0:
        verdict = check_stop(numbers, lanes.integers, i)
        if verdict == BACK:  # go back to the node before and step to where the stop is
            for k in range(10):
                numbers[k * LANES + i] = numbers[(row.PREVIOUS + k) * LANES + i]
            numbers[row.FRESH * LANES + i] = 0.0
            numbers[row.UNSEEN * LANES + i] = 1.0
            lanes.pressures[i] = numbers[row.PRESSURE * LANES + i]
            nodes.owner[block * LANES + i] = -1
            return True
    if verdict == DONE:
        _finish(i, RADIUS, queue, lanes)
    elif numbers[row.T * LANES + i] == numbers[row.END * LANES + i]:
        _finish(i, FINISHED, queue, lanes)
    elif numbers[row.STEPS * LANES + i] >= max_steps:
        _finish(i, MAX_STEPS, queue, lanes)
    elif numbers[row.STEP * LANES + i] < 0.0:
        _finish(i, STEP_TOO_SMALL, queue, lanes)
    else:
        return False
    return True


@register_jitable(forceinline=True)
def _seldom(lanes: Lanes, max_steps: int) -> bool:
    """Whether some lane may have come to a stop or an end."""
    numbers = lanes.numbers
    fresh = load(numbers, row.FRESH * LANES) > 0.0
    arrived = fresh & (load(numbers, row.T * LANES) == load(numbers, row.END * LANES))
    spent = load(numbers, row.STEPS * LANES) >= float(max_steps)
    stuck = load(numbers, row.STEP * LANES) < 0.0
    aims = load(numbers, row.LIMIT * LANES) < np.inf
    active = load(numbers, row.ACTIVE * LANES) > 0.0
    return any_lane(active & (arrived | spent | stuck | aims | (fresh & may_stop(numbers))))


IDLE, EXCHANGED, READY = range(3)
"""A set without trajectories; one in which a lane took another state; one that takes a step."""


@register_jitable
def _begin_pass(lanes: Lanes, queue: Queue, nodes: Nodes, model: Model, table: Table, max_steps: int) -> int:
    """Evaluate the first stage of a set of lanes, record its nodes, look after its lanes."""
    numbers = lanes.numbers
    active = False
    for i in range(LANES):
        if lanes.integers[row.TRAJECTORY * LANES + i] < 0 and lanes.counters[0] < queue.n:
            _load_next(i, queue, lanes)
        active |= lanes.integers[row.TRAJECTORY * LANES + i] >= 0
    if not active:
        return IDLE
    now = load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)
    place = load(numbers, row.SIGN * LANES) * now
    if any_lane((place >= 0.0) | (place < -load(numbers, row.HALF * LANES))):
        for i in range(LANES):
            j = lanes.integers[row.TRAJECTORY * LANES + i]
            if j >= 0:
                enter_cell(i, lanes, queue.epoch[j], table)

    first_stage(lanes, model)
    block = lanes.counters[1]
    for k in range(10):
        store(nodes.rows, (block * 10 + k) * LANES, load(numbers, k * LANES))
    for i in range(LANES):
        fresh = numbers[row.FRESH * LANES + i] > 0.0
        nodes.owner[block * LANES + i] = lanes.integers[row.TRAJECTORY * LANES + i] if fresh else -1
    exchanged = False
    if _seldom(lanes, max_steps):
        for i in range(LANES):
            exchanged |= _look_after(i, queue, lanes, nodes, block, max_steps)
    lanes.counters[1] += nodes.keep
    fresh_lanes = load(numbers, row.FRESH * LANES) > 0.0
    for k in range(10):
        current, before = load(numbers, k * LANES), load(numbers, (row.PREVIOUS + k) * LANES)
        store(numbers, (row.PREVIOUS + k) * LANES, np.where(fresh_lanes, current, before))
    store(numbers, row.FRESH * LANES, splat(0.0))
    return EXCHANGED if exchanged else READY


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
        pointer(lanes.pressures),
        pointer(lanes.counters),
        lanes.groups,
        lanes.series,
        lanes.bodies,
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
        pointer(model.occulter_speeds),
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


serve(Model, nystrom.first_stage, nystrom.take_steps, _model_pointers)
serve(ThreeBodyModel, second_method.first_stage, second_method.take_steps, second_method.unchanged)


@register_jitable
def _relativistic_pointers(system: RelativisticModel) -> RelativisticModel:
    return RelativisticModel(_model_pointers(system.model), system.inverse_c2)


serve(RelativisticModel, second_method.first_stage, second_method.take_steps, _relativistic_pointers)


@register_jitable
def _thrust_pointers(system: ThrustModel) -> ThrustModel:
    return ThrustModel(
        _model_pointers(system.model),
        system.inverse_c2,
        system.total,
        pointer(system.burns),
        pointer(system.work),
    )


serve(ThrustModel, second_method.first_stage, second_method.take_steps, _thrust_pointers)


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
    inverse_rtol2 = 1.0 / (rtol * rtol)
    for _ in range(passes):
        if lanes.counters[1] + lanes.groups > nodes.blocks:
            return FULL
        active = False
        for group in range(lanes.groups):
            found = EXCHANGED
            while found == EXCHANGED and lanes.counters[1] < nodes.blocks:
                found = _begin_pass(group_of(lanes, group), queue, nodes, model, table, max_steps)
            lanes.counters[2 + group] = 1 if found == READY else 0
            active |= found != IDLE
        if not active:
            return COMPLETE
        take_steps(lanes, model, inverse_rtol2)
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
            numbers[row.UNSEEN * LANES + i] = 1.0
            lanes.pressures[i] = pressure[j]
            numbers[row.T * LANES + i] = epoch[j]
            if int(np.floor(epoch[j] / table.spacing)) != lanes.integers[row.CELL * LANES + i]:
                numbers[row.HALF * LANES + i] = -1.0
                enter_cell(i, lanes, 0.0, table)
        first_stage(lanes, model)
        for i in range(min(LANES, n - start)):
            for k in range(3):
                result[k, start + i] = numbers[(row.AX + k) * LANES + i]
