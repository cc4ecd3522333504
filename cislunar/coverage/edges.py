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
    differentiate,
    hull,
    to_bernstein,
    to_monomial,
    truncation,
    turns,
    value_at,
    zero,
)
from cislunar.coverage.horizon_mask import CONTROL, MIXED, SMOOTH, VISIBLE, masked_margins, verdict
from cislunar.coverage.sampling import ROW, SAMPLES, STENCIL, divide, sample_positions
from cislunar.coverage.scene import (
    MARGIN,
    NEWTON,
    PIECES,
    PLACE,
    RECIPROCALS,
    SPACING,
    STENCIL_TIMES,
    Kind,
    earth_limb_samples,
    margin_samples,
)
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES

NEAR_KM = 0.02
"""An extremum of a visibility margin closer to zero than this is a near-tangency."""

_ACCEPTED_KM = 1.0e-4
"""Truncation error below which monotone parts are searched for zeros."""
_TANGENT_KM = 1.0e-8
"""Truncation error below which a near-tangency is decided."""
_ROUNDING_KM = 1.0e-9
_SHORTEST_S = 0.25
_SHORTEST_MASKED_S = 1.0e-3
"""Stretches are not halved further; shorter for azimuth masks, whose knots are kinks in the function."""
_POLISH_S = 2.0
"""Zeros are found again on samples this far to both sides."""

# More scratch memory: Bernstein and monomial coefficients, slope, and the stack of stretches to look at.
_BERNSTEIN = CONTROL + 2 * ROW
_MONOMIAL = _BERNSTEIN + ROW
_SLOPE = _MONOMIAL + ROW
_STARTS = _SLOPE + ROW
_WIDTHS = _STARTS + 64
_MEMORY = _WIDTHS + 64

_UNKNOWN = -1
_STATE, _FIRST, _EDGES, _TANGENTS = range(4)
_LIMB, _SITE_SUN = int(Kind.LIMB), int(Kind.SITE_SUN)


class Work(NamedTuple):
    """Scratch memory and results for one relay.

    Attributes
    ----------
    memory : ndarray of float
    tally : ndarray of int, shape (functions, 4)
        Present state, first state, numbers of edges and of near-tangencies.
    edges, tangents : ndarray of float, shape (functions, capacity)
    """

    memory: np.ndarray
    tally: np.ndarray
    edges: np.ndarray
    tangents: np.ndarray


def make_work(functions: int, capacity: int) -> Work:
    """Scratch memory for relays with up to `capacity` edges of each function."""
    return Work(
        np.zeros(_MEMORY),
        np.zeros((functions, 4), dtype=np.int64),
        np.empty((functions, capacity)),
        np.empty((functions, capacity)),
    )


@kernel
def _settle(work: Any, function: int, time: float, margin: float) -> None:
    """From `time` on the function has the sign of `margin`: an edge if it had the other."""
    state = 1 if margin > 0.0 else 0
    tally = work.tally
    if tally[function, _STATE] == state:
        return
    if tally[function, _STATE] == _UNKNOWN:
        tally[function, _FIRST] = state
    else:
        if tally[function, _EDGES] < work.edges.shape[1]:
            work.edges[function, tally[function, _EDGES]] = time
        tally[function, _EDGES] += 1
    tally[function, _STATE] = state


@kernel
def _near_tangency(work: Any, function: int, time: float) -> None:
    number = work.tally[function, _TANGENTS]
    if number < work.tangents.shape[1]:
        work.tangents[function, number] = time
    work.tally[function, _TANGENTS] = number + 1


@kernel
def _is_masked(scene: Any, function: int) -> bool:
    site = scene.functions[function, 1]
    return scene.functions[function, 0] <= _SITE_SUN and scene.knots[site + 1] > scene.knots[site]


@kernel
def _place_samples(work: Any, which: int, start: float, width: float) -> None:
    sample_positions(work.memory, NEWTON, STENCIL_TIMES, which, start, width, PLACE)


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
        _place_samples(work, which, begin, width)
        margin_samples(scene, memory, function, piece)
        if _is_masked(scene, function):
            masked_margins(scene, memory, scene.functions[function, 1])
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
    to_bernstein(memory, MARGIN, _BERNSTEIN)
    low, high = hull(memory, _BERNSTEIN)
    error = truncation(memory, MARGIN)
    margin = 4.0 * error + _ROUNDING_KM + NEAR_KM
    if low > margin or high < -margin:
        _settle(work, function, start, low)
        return True
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
            _near_tangency(work, function, start + 0.5 * width * (1.0 + v))
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
def _resolve(
    scene: Any, work: Any, function: int, piece: int, which: int, start: float, width: float
) -> None:
    """Find what one function does in a stretch that is not certified as a whole."""
    memory = work.memory
    masked = _is_masked(scene, function)
    shortest = _SHORTEST_MASKED_S if masked else _SHORTEST_S
    depth = 1
    memory[_STARTS] = start
    memory[_WIDTHS] = width
    while depth > 0:
        depth -= 1
        start = memory[_STARTS + depth]
        width = memory[_WIDTHS + depth]
        divisible = width > shortest
        _place_samples(work, which, start, width)
        margin_samples(scene, memory, function, piece)
        judged = SMOOTH
        if masked:
            judged = verdict(scene, memory, scene.functions[function, 1], NEAR_KM)
            if judged == MIXED and not divisible:
                judged = SMOOTH
            masked_margins(scene, memory, scene.functions[function, 1])
        done = False
        if judged < SMOOTH:
            _settle(work, function, start, 1.0 if judged == VISIBLE else -1.0)
            done = True
        elif judged == SMOOTH:
            done = _search(scene, work, function, piece, which, start, width, divisible)
        if not done:
            half = 0.5 * width
            memory[_STARTS + depth] = start + half
            memory[_WIDTHS + depth] = width - half
            memory[_STARTS + depth + 1] = start
            memory[_WIDTHS + depth + 1] = half
            depth += 2


@kernel
def _limb_sign(scene: Any, memory: Any, piece: int) -> float:
    """1 or -1 if every station is on this side of the Moon's limb throughout the stretch; else 0."""
    slack = earth_limb_samples(scene, memory, piece)
    to_bernstein(memory, MARGIN, _BERNSTEIN)
    low, high = hull(memory, _BERNSTEIN)
    slack = 1.2 * slack + 4.0 * truncation(memory, MARGIN) + NEAR_KM
    return 1.0 if low > slack else (-1.0 if high < -slack else 0.0)


@kernel
def _look(scene: Any, work: Any, piece: int, which: int, start: float, width: float, limb: bool) -> None:
    """All functions over one stretch that lies inside a step and a piece of the tables."""
    memory = work.memory
    _place_samples(work, which, start, width)
    limb_sign = _limb_sign(scene, memory, piece) if limb else 0.0
    for function in range(len(scene.functions)):
        if limb_sign != 0.0 and scene.functions[function, 0] == _LIMB:
            _settle(work, function, start, limb_sign)
            continue
        certain = False
        if not _is_masked(scene, function):
            margin_samples(scene, memory, function, piece)
            to_bernstein(memory, MARGIN, _BERNSTEIN)
            low, high = hull(memory, _BERNSTEIN)
            margin = 4.0 * truncation(memory, MARGIN) + _ROUNDING_KM + NEAR_KM
            certain = low > margin or high < -margin
        if certain:
            _settle(work, function, start, memory[MARGIN])
        else:
            _resolve(scene, work, function, piece, which, start, width)
            _place_samples(work, which, start, width)


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
    functions = len(scene.functions)
    capacity = work.edges.shape[1]
    count = len(nodes) // 10
    used = used_tangents = 0
    limb = False
    for function in range(functions):
        limb = limb or scene.functions[function, 0] == _LIMB
    spacing = scene.numbers[SPACING]
    for relay in range(len(shift_s)):
        for function in range(functions):
            work.tally[function, _STATE] = _UNKNOWN
            work.tally[function, _FIRST] = 0
            work.tally[function, _EDGES] = 0
            work.tally[function, _TANGENTS] = 0
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
                _look(scene, work, piece, stencil - group, low, high - low, limb)
        for function in range(functions):
            first[relay, function] = work.tally[function, _FIRST]
            found = work.tally[function, _EDGES]
            near = work.tally[function, _TANGENTS]
            edge_counts[relay, function] = found
            tangent_counts[relay, function] = near
            if (
                max(found, near) > capacity
                or used + found > len(edges)
                or used_tangents + near > len(tangents)
            ):
                return False
            for i in range(found):
                edges[used + i] = work.edges[function, i]
            for i in range(near):
                tangents[used_tangents + i] = work.tangents[function, i]
            used += found
            used_tangents += near
    return True
