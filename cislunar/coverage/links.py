"""When the relays of an architecture link its sites to the ground (compiled): edges of the chain alone.

A relay links a site while it sees the site and, at the same instant, some ground station. Whatever
cannot change the answer is not looked at:

- nothing of a relay while the relays before it already link every site;
- no station while the relay sees none of the sites that still matter;
- no other station once one is certain to be in view throughout a stretch; no sky of a station whose
  view the Moon blocks.

A function that is not looked at keeps its last state, which no longer means anything; it is corrected
at the start of the next stretch that looks at it. Until then the chain is decided by what made the look
superfluous, so its edges are the same, to the last bit, as if everything had been looked at.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cislunar.coverage.combine import figures, passes_of_relay, unite
from cislunar.coverage.sampling import STENCIL, divide
from cislunar.coverage.scene import (
    FUNCTIONS,
    NEWTON,
    PIECES,
    RECIPROCALS,
    SPACING,
    STENCIL_TIMES,
    Scene,
)
from cislunar.coverage.sky import sky_sign
from cislunar.coverage.stretch import EDGES, Work, certain_limb, forget, look, place_samples, settle
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, pointer


class Passes(NamedTuple):
    """Scratch memory for the passes of one architecture, each a start and an end.

    Attributes
    ----------
    held : ndarray of float, shape (sites * capacity,)
        Passes over each site of the relays seen so far.
    counts : ndarray of int, shape (sites,)
        Their numbers of starts and ends.
    upcoming : ndarray of int, shape (sites,)
        The first of them that has not ended yet.
    mine, spare : ndarray of float, shape (capacity,)
        Passes of one relay over one site; room to unite both.
    heads : ndarray of int, shape (functions,)
    capacity : int
    """

    held: np.ndarray
    counts: np.ndarray
    upcoming: np.ndarray
    mine: np.ndarray
    spare: np.ndarray
    heads: np.ndarray
    capacity: int


def make_passes(sites: int, functions: int, capacity: int) -> Passes:
    """Scratch memory for up to `capacity / 2` passes of an architecture over each site."""
    return Passes(
        np.empty(sites * capacity),
        np.zeros(sites, dtype=np.int64),
        np.zeros(sites, dtype=np.int64),
        np.empty(capacity),
        np.empty(capacity),
        np.zeros(functions, dtype=np.int64),
        capacity,
    )


@kernel
def _is_linked(passes: Any, site: int, start: float, end: float) -> bool:
    """Whether the relays before link a site throughout a stretch; stretches come in the order of time."""
    base = site * passes.capacity
    upcoming = passes.upcoming[site]
    while upcoming < passes.counts[site] and passes.held[base + upcoming + 1] < end:
        upcoming += 2
    passes.upcoming[site] = upcoming
    return upcoming < passes.counts[site] and passes.held[base + upcoming] <= start


@kernel
def _are_linked(passes: Any, sites: int, start: float, end: float) -> bool:
    """Whether the relays before link all sites throughout a stretch."""
    linked = True
    for site in range(sites):
        linked = linked and _is_linked(passes, site, start, end)
    return linked


@kernel
def _look_at_ground(
    scene: Any, work: Any, sites: int, piece: int, which: int, start: float, width: float
) -> None:
    """Look at as many stations as it takes, in a stretch whose samples are placed."""
    stations = (scene.layout[FUNCTIONS] - sites) // 2
    if stations == 0:
        return
    limb = certain_limb(scene, work.memory, piece)
    if limb < 0.0:
        for station in range(stations):
            settle(work, sites + 2 * station, start, limb)
        return
    # Best begin with one that stands high.
    high = 0
    for station in range(stations):
        if sky_sign(scene, station, start, start + width) > 0.0:
            high = station
            break
    for turn in range(stations):
        station = (high + turn) % stations
        function = sites + 2 * station
        sky = sky_sign(scene, station, start, start + width)
        if sky < 0.0:
            settle(work, function + 1, start, sky)
            continue
        clear = limb
        if clear > 0.0:
            settle(work, function, start, clear)
        else:
            clear = look(scene, work, function, piece, which, start, width)
            if clear < 0.0:
                continue
        if sky > 0.0:
            settle(work, function + 1, start, sky)
        else:
            sky = look(scene, work, function + 1, piece, which, start, width)
        if clear > 0.0 and sky > 0.0:
            return


@kernel
def _look_at_chain(
    scene: Any, work: Any, passes: Any, sites: int, piece: int, which: int, start: float, width: float
) -> None:
    """Look at what matters of the chains from all sites, in a stretch whose samples are placed."""
    seen = False
    for site in range(sites):
        if not _is_linked(passes, site, start, start + width):
            sign = look(scene, work, site, piece, which, start, width)
            seen = seen or sign >= 0.0
    if seen:
        _look_at_ground(scene, work, sites, piece, which, start, width)


@kernel
def _follow_relay(
    scene: Any,
    rows: Any,
    count: int,
    nodes: tuple[int, int],
    shift_s: float,
    flight: tuple[float, float],
    sites: int,
    work: Any,
    passes: Any,
) -> None:
    """Collect the edges of one relay that matter."""
    begin, end = nodes
    spacing = scene.numbers[SPACING]
    forget(work, scene.layout[FUNCTIONS])
    for site in range(sites):
        passes.upcoming[site] = 0
    group = -1
    for step in range(begin, end - 1):
        start = max(rows[step] + shift_s, flight[0])
        stop = min(rows[step + 1] + shift_s, flight[1])
        if not stop > start or _are_linked(passes, sites, start, stop):
            continue
        stencil = min(max(step - 1, begin), end - STENCIL)
        if group < 0 or stencil >= group + LANES:
            group = min(stencil, count - STENCIL + 1 - LANES)
            divide(rows, count, group, shift_s, work.memory, NEWTON, STENCIL_TIMES, RECIPROCALS)
        parts = int(np.ceil((stop - start) / spacing))
        width = (stop - start) / parts
        for part in range(parts):
            low = start + part * width
            high = stop if part == parts - 1 else low + width
            piece = min(max(int(0.5 * (low + high) / spacing), 0), scene.layout[PIECES] - 1)
            place_samples(scene, work, piece, stencil - group, low, high - low)
            _look_at_chain(scene, work, passes, sites, piece, stencil - group, low, high - low)


@kernel
def find_links(
    scene: Any,
    nodes: Any,
    offsets: Any,
    shift_s: Any,
    begin_s: Any,
    end_s: Any,
    members: Any,
    sites: int,
    length_s: float,
    minimum_pass_s: float,
    work: Any,
    passes: Any,
    results: Any,
    kept: Any,
    kept_counts: Any,
) -> int:
    """Find the passes of architectures over sites and keep their figures of merit.

    Parameters
    ----------
    scene : Scene
        Functions: each site's view, then limb and sky of each station.
    nodes, offsets, shift_s, begin_s, end_s
        As `cislunar.coverage.edges.find_edges` takes them.
    members : ndarray of int, shape (n + 1,)
        Architecture `i` has the relays `members[i]` to `members[i + 1]`.
    sites : int
        Number of sites, at most 62.
    length_s : float
        Length of the window.
    minimum_pass_s : float
        Shorter passes do not count and do not end a gap.
    work : Work
    passes : Passes
    results : ndarray, shape (n, sites, 4)
        Receives per cent, longest gap (s), numbers of gaps and passes.
    kept : ndarray, shape (capacity,)
        Receives starts and ends of passes by architecture and site; nothing if it is empty.
    kept_counts : ndarray of int, shape (n, sites)
        Receives their numbers.

    Returns
    -------
    int
        Number of starts and ends kept, or -1 if a capacity did not suffice.
    """
    view = Scene(pointer(scene.layout), pointer(scene.numbers))
    mine = Work(pointer(work.memory), pointer(work.tally), pointer(work.events), work.capacity)
    rows = pointer(nodes)
    functions = view.layout[FUNCTIONS]
    count = len(nodes) // 10
    used = 0
    for architecture in range(len(members) - 1):
        for site in range(sites):
            passes.counts[site] = 0
        for relay in range(members[architecture], members[architecture + 1]):
            flight = (begin_s[relay], end_s[relay])
            _follow_relay(
                view,
                rows,
                count,
                (offsets[relay], offsets[relay + 1]),
                shift_s[relay],
                flight,
                sites,
                mine,
                passes,
            )
            for function in range(functions):
                if mine.tally[4 * function + EDGES] > mine.capacity:
                    return -1
            for site in range(sites):
                found = passes_of_relay(mine, functions, sites, site, flight, passes.heads, passes.mine)
                if found < 0:
                    return -1
                base = site * passes.capacity
                total = unite(
                    passes.held, base, passes.counts[site], passes.mine, found, passes.spare, passes.capacity
                )
                if total < 0:
                    return -1
                for i in range(total):
                    passes.held[base + i] = passes.spare[i]
                passes.counts[site] = total
        for site in range(sites):
            base = site * passes.capacity
            held = passes.held[base : base + passes.counts[site]]
            result = results[architecture, site]
            found = figures(held, length_s, minimum_pass_s, result, kept, used)
            if found < 0:
                return -1
            kept_counts[architecture, site] = found
            used += found if len(kept) > 0 else 0
    return used
