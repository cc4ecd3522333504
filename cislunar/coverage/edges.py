"""Edges of visibility on the recorded steps of trajectories (compiled).

For every step and function: eight samples, the Bernstein coefficients of the polynomial through them,
and a certificate. If all coefficients have one sign by more than the truncation error, the function has
that sign throughout the step. Otherwise the stretch is halved until it is certified or splits into
monotone parts, whose ends tell whether they hold a zero. Each zero is found again on samples a few
seconds around it, which removes the interpolation error. No sampling grid enters: a pass or gap is lost
only if it is too short to rise above the truncation error that halving leaves, a micrometre or so.

An extremum within `NEAR_KM` of zero, crossed or not, is recorded as a near-tangency.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cislunar.coverage.bernstein import CONVERGED, MATRICES, certify, isolate, to_monomial, zero
from cislunar.coverage.horizon_mask import CONTROL, HIDDEN, MIXED, VISIBLE, masked_margins, verdict
from cislunar.coverage.sampling import ROW, SAMPLES, STENCIL, aligned, divide, sample_positions
from cislunar.coverage.scene import (
    CENTRE,
    FUNCTIONS,
    MARGIN,
    NEWTON,
    PER_HALF,
    PIECES,
    PLACE,
    RECIPROCALS,
    SPACING,
    STENCIL_TIMES,
    Kind,
    Scene,
    earth_limb_samples,
    is_masked,
    kind_of,
    margin_samples,
    site_of,
    station_of,
)
from cislunar.coverage.sky import sky_sign
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, load, pointer, store

NEAR_KM = 0.02
"""An extremum of a visibility margin closer to zero than this is a near-tangency."""

_ALLOWANCE_KM = NEAR_KM + 1.0e-9
"""What a function must clear zero by, beyond truncation, to be certain and no near-tangency."""
_SHORTEST_S = 0.25
_SHORTEST_MASKED_S = 1.0e-3
"""Stretches are not halved further; shorter for azimuth masks, whose knots are kinks in the function."""
_POLISH_S = 2.0
"""Zeros are found again on samples this far to both sides."""

# More scratch memory: rows of coefficients, what `isolate` finds, samples of the whole stretch, and the
# stack of stretches to look at.
_COEFFICIENTS = CONTROL + 2 * ROW
_FOUND = _COEFFICIENTS + 4 * ROW
_SAVED = _FOUND + 8
_STARTS = _SAVED + 4 * ROW
_WIDTHS = _STARTS + 64
_MEMORY = _WIDTHS + 64

_UNKNOWN = -1
_STATE, _FIRST, _EDGES, _TANGENTS = range(4)
_LIMB, _STATION_RELAY = int(Kind.LIMB), int(Kind.STATION_RELAY)


class Work(NamedTuple):
    """Scratch memory and results for one relay.

    Attributes
    ----------
    memory : ndarray of float
    tally : ndarray of int, shape (4 * functions,)
        Present state, first state, numbers of edges and of near-tangencies of each function.
    events : ndarray of float, shape (2 * functions * capacity,)
        Edges of each function, then near-tangencies of each.
    capacity : int
    """

    memory: np.ndarray
    tally: np.ndarray
    events: np.ndarray
    capacity: int


def make_work(functions: int, capacity: int) -> Work:
    """Scratch memory for relays with up to `capacity` edges of each function."""
    memory = aligned(_MEMORY)
    memory[:] = 0.0
    memory[: len(MATRICES)] = MATRICES
    return Work(memory, np.zeros(4 * functions, dtype=np.int64), np.empty(2 * functions * capacity), capacity)


@kernel
def _settle(work: Any, function: int, time: float, margin: float) -> None:
    """From `time` on the function has the sign of `margin`: an edge if it had the other."""
    state = 1 if margin > 0.0 else 0
    mine = 4 * function
    before = work.tally[mine + _STATE]
    if before == state:
        return
    if before == _UNKNOWN:
        work.tally[mine + _FIRST] = state
    else:
        count = work.tally[mine + _EDGES]
        if count < work.capacity:
            work.events[function * work.capacity + count] = time
        work.tally[mine + _EDGES] = count + 1
    work.tally[mine + _STATE] = state


@kernel
def _near_tangency(scene: Any, work: Any, function: int, time: float) -> None:
    count = work.tally[4 * function + _TANGENTS]
    if count < work.capacity:
        work.events[(scene.layout[FUNCTIONS] + function) * work.capacity + count] = time
    work.tally[4 * function + _TANGENTS] = count + 1


@kernel
def _place_samples(scene: Any, work: Any, piece: int, which: int, start: float, width: float) -> None:
    centre = scene.numbers[scene.layout[CENTRE] + piece]
    per_half = scene.numbers[PER_HALF]
    sample_positions(work.memory, NEWTON, STENCIL_TIMES, which, start, width, centre, per_half, PLACE)


@kernel
def _polish(
    scene: Any, work: Any, function: int, piece: int, which: int, low: float, high: float, time: float
) -> float:
    """The zero between `low` and `high` near `time`, on samples close around it."""
    memory = work.memory
    reach = _POLISH_S
    begin = low
    width = high - low
    ends = 1.0
    while ends > 0.0:
        begin = max(low, time - reach)
        width = min(high, time + reach) - begin
        _place_samples(scene, work, piece, which, begin, width)
        margin_samples(scene, memory, function, piece)
        if is_masked(scene, function):
            masked_margins(scene, memory, site_of(scene, function))
        ends = memory[MARGIN] * memory[MARGIN + SAMPLES - 1]
        if ends > 0.0 and begin <= low and begin + width >= high:
            return time
        reach *= 8.0
    to_monomial(memory, MARGIN, _COEFFICIENTS)
    v = zero(memory, _COEFFICIENTS, -1.0, 1.0, CONVERGED)
    return min(max(begin + 0.5 * width * (1.0 + v), low), high)


@kernel
def _decide(scene: Any, work: Any, function: int, piece: int, which: int, start: float, width: float) -> None:
    """Halve a stretch, whose samples are uncertain, until every part is decided, in the order of time."""
    memory = work.memory
    masked = is_masked(scene, function)
    site = site_of(scene, function)
    shortest = _SHORTEST_MASKED_S if masked else _SHORTEST_S
    memory[_STARTS] = start
    memory[_WIDTHS] = width
    depth = 1
    sampled = True
    while depth > 0:
        depth -= 1
        start = memory[_STARTS + depth]
        width = memory[_WIDTHS + depth]
        divisible = width > shortest
        if not sampled:
            _place_samples(scene, work, piece, which, start, width)
            margin_samples(scene, memory, function, piece)
        sign = 0.0
        smooth = True
        if masked:
            judged = verdict(scene, memory, site, NEAR_KM)
            smooth = judged != MIXED or not divisible
            if judged in (VISIBLE, HIDDEN):
                sign = 1.0 if judged == VISIBLE else -1.0
            else:
                masked_margins(scene, memory, site)
        if sign == 0.0 and (masked or not sampled):
            certain = certify(memory, MARGIN, _COEFFICIENTS, _ALLOWANCE_KM)
            sign = certain if smooth else 0.0
        sampled = False
        if sign != 0.0:
            _settle(work, function, start, sign)
            continue
        zeros = isolate(memory, MARGIN, _COEFFICIENTS, _FOUND, NEAR_KM, divisible) if smooth else -1
        if zeros < 0:
            half = 0.5 * width
            memory[_STARTS + depth] = start + half
            memory[_WIDTHS + depth] = width - half
            memory[_STARTS + depth + 1] = start
            memory[_WIDTHS + depth + 1] = half
            depth += 2
            continue
        if memory[_FOUND] <= 1.0:
            _near_tangency(scene, work, function, start + 0.5 * width * (1.0 + memory[_FOUND]))
        sign = memory[MARGIN]
        _settle(work, function, start, sign)
        turn = start + 0.5 * width * (1.0 + memory[_FOUND + 3])
        for part in range(2):
            if zeros & (1 << part) != 0:
                guess = start + 0.5 * width * (1.0 + memory[_FOUND + 1 + part])
                low = start if part == 0 else turn
                high = turn if part == 0 else start + width
                sign = -sign
                time = _polish(scene, work, function, piece, which, low, high, guess)
                _settle(work, function, time, sign)


@kernel
def _copy_place(memory: Any, source: int, target: int) -> None:
    for k in range(0, 4 * ROW, LANES):
        store(memory, target + k, load(memory, source + k))


@kernel
def _limb_sign(scene: Any, memory: Any, piece: int) -> float:
    """1 or -1 if every station is on this side of the Moon's limb throughout the stretch; else 0."""
    slack = earth_limb_samples(scene, memory, piece)
    return certify(memory, MARGIN, _COEFFICIENTS, 1.2 * slack + _ALLOWANCE_KM)


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
        for function in range(functions):
            mine.tally[4 * function + _STATE] = _UNKNOWN
            mine.tally[4 * function + _FIRST] = 0
            mine.tally[4 * function + _EDGES] = 0
            mine.tally[4 * function + _TANGENTS] = 0
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
                _place_samples(view, mine, piece, which, low, high - low)
                _copy_place(memory, PLACE, _SAVED)
                limb_sign = _limb_sign(view, memory, piece) if limb else 0.0
                for function in range(functions):
                    sign = _known_sign(view, function, low, high, limb_sign)
                    if sign == 0.0:
                        margin_samples(view, memory, function, piece)
                        if not is_masked(view, function):
                            sign = certify(memory, MARGIN, _COEFFICIENTS, _ALLOWANCE_KM)
                    if sign != 0.0:
                        _settle(mine, function, low, sign)
                        continue
                    _decide(view, mine, function, piece, which, low, high - low)
                    _copy_place(memory, _SAVED, PLACE)
        for function in range(functions):
            first[relay, function] = mine.tally[4 * function + _FIRST]
            found = mine.tally[4 * function + _EDGES]
            near = mine.tally[4 * function + _TANGENTS]
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
