"""Edges of visibility on the recorded steps of trajectories (compiled): all of them, function by function.

How the edges in one stretch of a step are found is told in `cislunar.coverage.stretch`; an extremum of a
function close to zero, crossed or not, is recorded as a near-tangency.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cislunar.coverage.sampling import STENCIL, divide
from cislunar.coverage.scene import (
    FUNCTIONS,
    NEWTON,
    PIECES,
    RECIPROCALS,
    SPACING,
    STENCIL_TIMES,
    Kind,
    Scene,
    kind_of,
    station_of,
)
from cislunar.coverage.sky import sky_sign
from cislunar.coverage.stretch import (
    EDGES,
    FIRST,
    TANGENTS,
    Work,
    certain_limb,
    forget,
    look,
    place_samples,
    settle,
)
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, pointer

_LIMB, _STATION_RELAY = int(Kind.LIMB), int(Kind.STATION_RELAY)


@kernel
def _known_sign(scene: Any, function: int, start: float, end: float, limb_sign: float) -> float:
    """Sign of a function that is known without looking at it, or 0."""
    kind = kind_of(scene, function)
    if kind == _LIMB:
        return limb_sign
    if kind == _STATION_RELAY:
        return sky_sign(scene, station_of(scene, function), start, end)
    return 0.0


@kernel
def find_edges(
    scene: Any,
    nodes: Any,
    offsets: Any,
    shift_s: Any,
    begin_s: Any,
    end_s: Any,
    work: Any,
    first: Any,
    edge_counts: Any,
    edges: Any,
    tangent_counts: Any,
    tangents: Any,
) -> bool:
    """Find the edges of all functions of a scene for several relays.

    Parameters
    ----------
    scene : Scene
    nodes : ndarray, shape (10 * count,)
        Rows of elapsed time, position, velocity and acceleration of all nodes; at least four nodes to a
        trajectory and `LANES + 3` in all.
    offsets : ndarray of int, shape (n + 1,)
        Trajectory `i` has the nodes `offsets[i]` to `offsets[i + 1]`.
    shift_s : ndarray, shape (n,)
        Epoch of each trajectory less the start of the window.
    begin_s, end_s : ndarray, shape (n,)
        The part of the window looked at, inside the trajectory.
    work : Work
    first : ndarray of int8, shape (n, functions)
        Receives whether each function is visible at `begin_s`.
    edge_counts, tangent_counts : ndarray of int, shape (n, functions)
        Receive the numbers of edges and of near-tangencies.
    edges, tangents : ndarray, shape (capacity,)
        Receive the times of both from the start of the window, by relay and function.

    Returns
    -------
    bool
        False if a capacity did not suffice.
    """
    # Addresses pass through calls as they are; an array is seven numbers.
    memory = pointer(work.memory)
    view = Scene(pointer(scene.layout), pointer(scene.numbers))
    mine = Work(memory, pointer(work.tally), pointer(work.events), work.capacity)
    rows = pointer(nodes)
    functions = view.layout[FUNCTIONS]
    capacity = mine.capacity
    count = len(nodes) // 10
    used = used_tangents = 0
    limb = False
    for function in range(functions):
        limb = limb or kind_of(view, function) == _LIMB
    spacing = view.numbers[SPACING]
    for relay in range(len(shift_s)):
        forget(mine, functions)
        begin = offsets[relay]
        end = offsets[relay + 1]
        group = -1
        for step in range(begin, end - 1):
            start = max(rows[step] + shift_s[relay], begin_s[relay])
            stop = min(rows[step + 1] + shift_s[relay], end_s[relay])
            if not stop > start:
                continue
            stencil = min(max(step - 1, begin), end - STENCIL)
            if group < 0 or stencil >= group + LANES:
                group = min(stencil, count - STENCIL + 1 - LANES)
                divide(rows, count, group, shift_s[relay], memory, NEWTON, STENCIL_TIMES, RECIPROCALS)
            parts = int(np.ceil((stop - start) / spacing))
            width = (stop - start) / parts
            for part in range(parts):
                low = start + part * width
                high = stop if part == parts - 1 else low + width
                piece = min(max(int(0.5 * (low + high) / spacing), 0), view.layout[PIECES] - 1)
                which = stencil - group
                place_samples(view, mine, piece, which, low, high - low)
                limb_sign = certain_limb(view, memory, piece) if limb else 0.0
                for function in range(functions):
                    sign = _known_sign(view, function, low, high, limb_sign)
                    if sign == 0.0:
                        look(view, mine, function, piece, which, low, high - low)
                    else:
                        settle(mine, function, low, sign)
        for function in range(functions):
            first[relay, function] = mine.tally[4 * function + FIRST]
            found = mine.tally[4 * function + EDGES]
            near = mine.tally[4 * function + TANGENTS]
            edge_counts[relay, function] = found
            tangent_counts[relay, function] = near
            if (
                max(found, near) > capacity
                or used + found > len(edges)
                or used_tangents + near > len(tangents)
            ):
                return False
            for i in range(found):
                edges[used + i] = mine.events[function * capacity + i]
            for i in range(near):
                tangents[used_tangents + i] = mine.events[(functions + function) * capacity + i]
            used += found
            used_tangents += near
    return True
