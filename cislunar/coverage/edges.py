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

from cislunar.coverage.bernstein import (
    MATRICES,
    certify,
    differentiate,
    to_monomial,
    truncation,
    turns,
    value_at,
    zero,
)
from cislunar.coverage.horizon_mask import CONTROL, HIDDEN, MIXED, VISIBLE, masked_margins, verdict
from cislunar.coverage.sampling import ROW, SAMPLES, STENCIL, divide, sample_positions
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
    earth_limb_samples,
    is_masked,
    kind_of,
    margin_samples,
    site_of,
    station_of,
)
from cislunar.coverage.sky import sky_sign
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, load, store

NEAR_KM = 0.02
"""An extremum of a visibility margin closer to zero than this is a near-tangency."""

_ACCEPTED_KM = 1.0e-4
"""Truncation error below which monotone parts are searched for zeros."""
_TANGENT_KM = 1.0e-8
"""Truncation error below which a near-tangency is decided."""
_ALLOWANCE_KM = NEAR_KM + 1.0e-9
"""What a function must clear zero by, beyond truncation, to be certain and no near-tangency."""
_SHORTEST_S = 0.25
_SHORTEST_MASKED_S = 1.0e-3
"""Stretches are not halved further; shorter for azimuth masks, whose knots are kinks in the function."""
_POLISH_S = 2.0
"""Zeros are found again on samples this far to both sides."""

# More scratch memory: coefficients, slope, samples of the whole stretch, and the stack of stretches to
# look at.
_BERNSTEIN = CONTROL + 2 * ROW
_CHEBYSHEV = _BERNSTEIN + ROW
_MONOMIAL = _CHEBYSHEV + ROW
_SLOPE = _MONOMIAL + ROW
_SAVED = _SLOPE + ROW
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
    memory = np.zeros(_MEMORY)
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
    to_monomial(memory, MARGIN, _MONOMIAL)
    v = zero(memory, _MONOMIAL, -1.0, 1.0)
    return min(max(begin + 0.5 * width * (1.0 + v), low), high)


@kernel
def _search(
    scene: Any, work: Any, function: int, piece: int, which: int, start: float, width: float, divisible: bool
) -> bool:
    """Certify a sampled stretch or find its zeros; false if it must be halved first."""
    memory = work.memory
    sign = certify(memory, MARGIN, _BERNSTEIN, _ALLOWANCE_KM)
    if sign != 0.0:
        _settle(work, function, start, sign)
        return True
    error = truncation(memory, _CHEBYSHEV)
    extrema = turns(memory, _BERNSTEIN)
    if divisible and (error > _ACCEPTED_KM or extrema > 1):
        return False
    first = memory[MARGIN]
    last = memory[MARGIN + SAMPLES - 1]
    to_monomial(memory, MARGIN, _MONOMIAL)
    v = -1.0
    middle = first
    if extrema == 1:
        to_monomial(memory, MARGIN, _SLOPE)
        differentiate(memory, _SLOPE)
        v = zero(memory, _SLOPE, -1.0, 1.0)
        middle = value_at(memory, _MONOMIAL, v)
        if abs(middle) < NEAR_KM:
            if divisible and error > _TANGENT_KM:
                return False
            _near_tangency(scene, work, function, start + 0.5 * width * (1.0 + v))
    # The polynomial is monotone from -1 to v and from v to 1. Both zeros are taken before the samples
    # are reused.
    turn = start + 0.5 * width * (1.0 + v)
    before = after = turn
    crosses_before = (first > 0.0) != (middle > 0.0)
    crosses_after = (middle > 0.0) != (last > 0.0)
    if crosses_before:
        before = start + 0.5 * width * (1.0 + zero(memory, _MONOMIAL, -1.0, v))
    if crosses_after:
        after = start + 0.5 * width * (1.0 + zero(memory, _MONOMIAL, v, 1.0))
    _settle(work, function, start, first)
    if crosses_before:
        before = _polish(scene, work, function, piece, which, start, turn, before)
        _settle(work, function, before, middle)
    if crosses_after:
        after = _polish(scene, work, function, piece, which, turn, start + width, after)
        _settle(work, function, after, last)
    return True


@kernel
def _attempt(
    scene: Any, work: Any, function: int, piece: int, which: int, start: float, width: float
) -> bool:
    """Decide one function over a stretch whose positions are placed; false if it must be halved first."""
    memory = work.memory
    margin_samples(scene, memory, function, piece)
    if not is_masked(scene, function):
        return _search(scene, work, function, piece, which, start, width, width > _SHORTEST_S)
    site = site_of(scene, function)
    divisible = width > _SHORTEST_MASKED_S
    judged = verdict(scene, memory, site, NEAR_KM)
    if judged == MIXED and divisible:
        return False
    if judged in (VISIBLE, HIDDEN):
        _settle(work, function, start, 1.0 if judged == VISIBLE else -1.0)
        return True
    masked_margins(scene, memory, site)
    return _search(scene, work, function, piece, which, start, width, divisible)


@kernel
def _halve(scene: Any, work: Any, function: int, piece: int, which: int, start: float, width: float) -> None:
    """Halve a stretch until every part is decided, in the order of time."""
    memory = work.memory
    memory[_STARTS] = start
    memory[_WIDTHS] = width
    depth = 1
    done = False
    while depth > 0:
        depth -= 1
        start = memory[_STARTS + depth]
        width = memory[_WIDTHS + depth]
        if done:
            _place_samples(scene, work, piece, which, start, width)
            done = _attempt(scene, work, function, piece, which, start, width)
        if not done:
            half = 0.5 * width
            memory[_STARTS + depth] = start + half
            memory[_WIDTHS + depth] = width - half
            memory[_STARTS + depth + 1] = start
            memory[_WIDTHS + depth + 1] = half
            depth += 2
            done = True


@kernel
def _copy_place(memory: Any, source: int, target: int) -> None:
    for k in range(0, 4 * ROW, LANES):
        store(memory, target + k, load(memory, source + k))


@kernel
def _limb_sign(scene: Any, memory: Any, piece: int) -> float:
    """1 or -1 if every station is on this side of the Moon's limb throughout the stretch; else 0."""
    slack = earth_limb_samples(scene, memory, piece)
    return certify(memory, MARGIN, _BERNSTEIN, 1.2 * slack + _ALLOWANCE_KM)


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
    functions = scene.layout[FUNCTIONS]
    capacity = work.capacity
    count = len(nodes) // 10
    used = used_tangents = 0
    limb = False
    for function in range(functions):
        limb = limb or kind_of(scene, function) == _LIMB
    spacing = scene.numbers[SPACING]
    memory = work.memory
    for relay in range(len(shift_s)):
        for function in range(functions):
            work.tally[4 * function + _STATE] = _UNKNOWN
            work.tally[4 * function + _FIRST] = 0
            work.tally[4 * function + _EDGES] = 0
            work.tally[4 * function + _TANGENTS] = 0
        begin = offsets[relay]
        end = offsets[relay + 1]
        group = -1
        for step in range(begin, end - 1):
            start = max(nodes[step] + shift_s[relay], begin_s[relay])
            stop = min(nodes[step + 1] + shift_s[relay], end_s[relay])
            if not stop > start:
                continue
            stencil = min(max(step - 1, begin), end - STENCIL)
            if group < 0 or stencil >= group + LANES:
                group = min(stencil, count - STENCIL + 1 - LANES)
                divide(nodes, count, group, shift_s[relay], work.memory, NEWTON, STENCIL_TIMES, RECIPROCALS)
            parts = int(np.ceil((stop - start) / spacing))
            width = (stop - start) / parts
            for part in range(parts):
                low = start + part * width
                high = stop if part == parts - 1 else low + width
                piece = min(max(int(0.5 * (low + high) / spacing), 0), scene.layout[PIECES] - 1)
                which = stencil - group
                _place_samples(scene, work, piece, which, low, high - low)
                _copy_place(memory, PLACE, _SAVED)
                limb_sign = _limb_sign(scene, memory, piece) if limb else 0.0
                for function in range(functions):
                    sign = _known_sign(scene, function, low, high, limb_sign)
                    if sign == 0.0 and not is_masked(scene, function):
                        margin_samples(scene, memory, function, piece)
                        sign = certify(memory, MARGIN, _BERNSTEIN, _ALLOWANCE_KM)
                    if sign != 0.0:
                        _settle(work, function, low, sign)
                        continue
                    if not _attempt(scene, work, function, piece, which, low, high - low):
                        _halve(scene, work, function, piece, which, low, high - low)
                    _copy_place(memory, _SAVED, PLACE)
        for function in range(functions):
            first[relay, function] = work.tally[4 * function + _FIRST]
            found = work.tally[4 * function + _EDGES]
            near = work.tally[4 * function + _TANGENTS]
            edge_counts[relay, function] = found
            tangent_counts[relay, function] = near
            if (
                max(found, near) > capacity
                or used + found > len(edges)
                or used_tangents + near > len(tangents)
            ):
                return False
            for i in range(found):
                edges[used + i] = work.events[function * capacity + i]
            for i in range(near):
                tangents[used_tangents + i] = work.events[(functions + function) * capacity + i]
            used += found
            used_tangents += near
    return True
