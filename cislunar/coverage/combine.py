"""From edges of single functions to passes of relays and figures of architectures (compiled)."""

from __future__ import annotations

from typing import Any

from cislunar.coverage.sampling import number
from cislunar.coverage.stretch import EDGES, FIRST
from cislunar.propagation.jit import lean_kernel

PERCENT, LONGEST_GAP, GAPS, PASSES = range(4)
"""Places of the figures in a result."""

MOST_STATIONS = 62
"""Stations are bits of one integer."""


@lean_kernel
def _toggled(limbs: int, skies: int, member: int) -> tuple[int, int]:
    """Bits of stations clear of the limb and up, after one of them changes."""
    bit = 1 << (member // 2)
    return (limbs ^ bit, skies) if member % 2 == 0 else (limbs, skies ^ bit)


@lean_kernel
def passes_of_relay(
    work: Any, functions: int, sites: int, site: int, flight: tuple[float, float], heads: Any, passes: Any
) -> int:
    """Merge the edges of one relay to its passes over a site.

    Parameters
    ----------
    work : Work
        With the edges; functions: each site's view, then limb and sky of each station.
    functions, sites : int
        Their numbers.
    site : int
        The site.
    flight : tuple of float
        When the relay flies.
    heads : ndarray of int, shape (functions,)
        Scratch.
    passes : ndarray, shape (capacity,)
        Receives starts and ends in turn.

    Returns
    -------
    int
        Number of starts and ends, or -1 if the capacity did not suffice.
    """
    seen = work.tally[4 * site + FIRST] == 1
    limbs = skies = 0
    for function in range(functions):
        heads[function] = 0
        if function >= sites and work.tally[4 * function + FIRST] == 1:
            limbs, skies = _toggled(limbs, skies, function - sites)
    now = flight[0]
    used = 0
    while now < flight[1]:
        time = flight[1]
        source = -1
        for turn in range(functions - sites + 1):
            # Only the site's own edges and the ground's matter here.
            function = site if turn == 0 else sites + turn - 1
            if heads[function] < work.tally[4 * function + EDGES]:
                at = number(work.events, function * work.capacity + heads[function])
                if at < time:
                    time = at
                    source = function
        # What holds now holds until then. Several edges at one instant count once they all have passed.
        if time > now:
            if seen and (functions == sites or (limbs & skies) != 0):
                if used > 0 and passes[used - 1] == now:
                    passes[used - 1] = time
                elif used + 2 > len(passes):
                    return -1
                else:
                    passes[used] = now
                    passes[used + 1] = time
                    used += 2
            now = time
        if source < 0:
            break
        heads[source] += 1
        if source == site:
            seen = not seen
        else:
            limbs, skies = _toggled(limbs, skies, source - sites)
    return used


@lean_kernel
def unite(one: Any, base: int, count: int, other: Any, other_count: int, united: Any, capacity: int) -> int:
    """Unite two lists of passes, starts and ends in turn.

    Parameters
    ----------
    one : ndarray
        Holds the first list from `base` on.
    base, count : int
        Its place and its number of starts and ends.
    other : ndarray
        The second list.
    other_count : int
    united : ndarray
        Receives both, with passes that overlap or touch made one.
    capacity : int
        Room in it.

    Returns
    -------
    int
        Number of starts and ends, or -1 if the capacity did not suffice.
    """
    used = i = j = 0
    while i < count or j < other_count:
        if j >= other_count or (i < count and one[base + i] <= other[j]):
            start, end = one[base + i], one[base + i + 1]
            i += 2
        else:
            start, end = other[j], other[j + 1]
            j += 2
        if used > 0 and start <= united[used - 1]:
            united[used - 1] = max(united[used - 1], end)
        elif used + 2 > capacity:
            return -1
        else:
            united[used] = start
            united[used + 1] = end
            used += 2
    return used


@lean_kernel
def figures(passes: Any, length_s: float, minimum_pass_s: float, result: Any, kept: Any, place: int) -> int:
    """Figures of merit of a list of passes.

    Parameters
    ----------
    passes : ndarray
        Starts and ends in turn.
    length_s : float
        Length of the window.
    minimum_pass_s : float
        Shorter passes do not count and do not end a gap.
    result : ndarray, shape (4,)
        Receives per cent, longest gap (s), numbers of gaps and passes.
    kept : ndarray
        Receives, from `place` on, the passes that count; nothing if it is empty.
    place : int

    Returns
    -------
    int
        Number of starts and ends of passes that count, or -1 if `kept` is too small.
    """
    held = longest = gap_start = 0.0
    gaps = found = 0
    for i in range(0, len(passes), 2):
        start, end = passes[i], passes[i + 1]
        if end - start < minimum_pass_s:
            continue
        if start > gap_start:
            longest = max(longest, start - gap_start)
            gaps += 1
        held += end - start
        gap_start = end
        if len(kept) > 0:
            if place + found + 2 > len(kept):
                return -1
            kept[place + found] = start
            kept[place + found + 1] = end
        found += 2
    if gap_start < length_s:
        longest = max(longest, length_s - gap_start)
        gaps += 1
    result[PERCENT] = 100.0 * held / length_s
    result[LONGEST_GAP] = longest
    result[GAPS] = gaps
    result[PASSES] = found // 2
    return found
