"""Edges of one visibility function in one stretch of time (compiled).

Eight samples, the Bernstein coefficients of the polynomial through them, and a certificate: if all
coefficients have one sign by more than the truncation error, the function has that sign throughout.
Otherwise the stretch is halved until it is certified or splits into monotone parts, whose ends tell
whether they hold a zero. Each zero is found again on samples a few seconds around it, which removes the
interpolation error. No sampling grid enters: a pass or gap is lost only if it is too short to rise
above the truncation error that halving leaves, a micrometre or so.

An extremum within `NEAR_KM` of zero, crossed or not, is recorded as a near-tangency.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cislunar.coverage.bernstein import CONVERGED, MATRICES, certify, isolate, to_monomial, zero
from cislunar.coverage.horizon_mask import CONTROL, HIDDEN, MIXED, VISIBLE, masked_margins, verdict
from cislunar.coverage.sampling import ROW, SAMPLES, aligned, sample_positions
from cislunar.coverage.scene import (
    CENTRE,
    FUNCTIONS,
    MARGIN,
    NEWTON,
    PER_HALF,
    PLACE,
    STENCIL_TIMES,
    earth_limb_samples,
    is_masked,
    margin_samples,
    site_of,
)
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, load, store

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
STATE, FIRST, EDGES, TANGENTS = range(4)
"""Places in the tally of a function."""


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
def forget(work: Any, functions: int) -> None:
    """Start the tallies of another relay."""
    for function in range(functions):
        work.tally[4 * function + STATE] = _UNKNOWN
        work.tally[4 * function + FIRST] = 0
        work.tally[4 * function + EDGES] = 0
        work.tally[4 * function + TANGENTS] = 0


@kernel
def settle(work: Any, function: int, time: float, margin: float) -> None:
    """From `time` on the function has the sign of `margin`: an edge if it had the other."""
    state = 1 if margin > 0.0 else 0
    mine = 4 * function
    before = work.tally[mine + STATE]
    if before == state:
        return
    if before == _UNKNOWN:
        work.tally[mine + FIRST] = state
    else:
        count = work.tally[mine + EDGES]
        if count < work.capacity:
            work.events[function * work.capacity + count] = time
        work.tally[mine + EDGES] = count + 1
    work.tally[mine + STATE] = state


@kernel
def _near_tangency(scene: Any, work: Any, function: int, time: float) -> None:
    count = work.tally[4 * function + TANGENTS]
    if count < work.capacity:
        work.events[(scene.layout[FUNCTIONS] + function) * work.capacity + count] = time
    work.tally[4 * function + TANGENTS] = count + 1


@kernel
def place_samples(scene: Any, work: Any, piece: int, which: int, start: float, width: float) -> None:
    """Put the positions of the relay at the samples of a stretch into the scratch memory."""
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
        place_samples(scene, work, piece, which, begin, width)
        margin_samples(scene, memory, function, piece)
        if is_masked(scene, function):
            masked_margins(scene, memory, site_of(scene, function))
        ends = memory[MARGIN] * memory[MARGIN + SAMPLES - 1]
        if ends > 0.0 and begin <= low and begin + width >= high:
            return time
        reach *= 8.0
    to_monomial(memory, MARGIN, _COEFFICIENTS)
    at_begin, at_end = memory[MARGIN], memory[MARGIN + SAMPLES - 1]
    v = zero(memory, _COEFFICIENTS, -1.0, 1.0, at_begin, at_end, CONVERGED)
    return min(max(begin + 0.5 * width * (1.0 + v), low), high)


@kernel
def _common(first: float, common: float, sign: float) -> tuple[float, float]:
    """First sign of the parts of a stretch, and the sign they have in common with one more; 0 if none."""
    now = 1.0 if sign > 0.0 else -1.0
    if first == 0.0:
        return now, now
    return first, common if now == first else 0.0


@kernel
def _decide(
    scene: Any, work: Any, function: int, piece: int, which: int, start: float, width: float
) -> float:
    """Halve a stretch, whose samples are uncertain, until every part is decided, in the order of time.

    Returns 1 or -1 if the function turns out to have this sign throughout, else 0.
    """
    memory = work.memory
    masked = is_masked(scene, function)
    site = site_of(scene, function)
    shortest = _SHORTEST_MASKED_S if masked else _SHORTEST_S
    memory[_STARTS] = start
    memory[_WIDTHS] = width
    depth = 1
    sampled = True
    first = common = 0.0
    while depth > 0:
        depth -= 1
        start = memory[_STARTS + depth]
        width = memory[_WIDTHS + depth]
        divisible = width > shortest
        if not sampled:
            place_samples(scene, work, piece, which, start, width)
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
            settle(work, function, start, sign)
            first, common = _common(first, common, sign)
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
        settle(work, function, start, sign)
        first, common = _common(first, common, sign)
        turn = start + 0.5 * width * (1.0 + memory[_FOUND + 3])
        for part in range(2):
            if zeros & (1 << part) != 0:
                guess = start + 0.5 * width * (1.0 + memory[_FOUND + 1 + part])
                low = start if part == 0 else turn
                high = turn if part == 0 else start + width
                sign = -sign
                time = _polish(scene, work, function, piece, which, low, high, guess)
                settle(work, function, time, sign)
                common = 0.0
    return common


@kernel
def look(scene: Any, work: Any, function: int, piece: int, which: int, start: float, width: float) -> float:
    """Find the edges of a function in a stretch whose samples are placed.

    Returns
    -------
    float
        1 or -1 if the function has this sign throughout, else 0.
    """
    memory = work.memory
    margin_samples(scene, memory, function, piece)
    sign = 0.0
    if not is_masked(scene, function):
        sign = certify(memory, MARGIN, _COEFFICIENTS, _ALLOWANCE_KM)
    if sign != 0.0:
        settle(work, function, start, sign)
        return sign
    _copy_place(memory, PLACE, _SAVED)
    sign = _decide(scene, work, function, piece, which, start, width)
    _copy_place(memory, _SAVED, PLACE)
    return sign


@kernel
def _copy_place(memory: Any, source: int, target: int) -> None:
    for k in range(0, 4 * ROW, LANES):
        store(memory, target + k, load(memory, source + k))


@kernel
def certain_limb(scene: Any, memory: Any, piece: int) -> float:
    """1 or -1 if every station is on this side of the Moon's limb throughout the stretch; else 0."""
    slack = earth_limb_samples(scene, memory, piece)
    return certify(memory, MARGIN, _COEFFICIENTS, 1.2 * slack + _ALLOWANCE_KM)
