"""From edge lists of relays to figures of whole architectures (compiled)."""

from __future__ import annotations

from typing import Any

import numpy as np

from cislunar.coverage.sampling import number
from cislunar.propagation.jit import lean_kernel

PERCENT, LONGEST_GAP, GAPS, PASSES = range(4)
"""Places of the figures in a result."""

MOST_STATIONS = 62
"""Stations are bits of one integer."""


@lean_kernel
def _apply(states: Any, relay: int, member: int, sites: int) -> None:
    """Toggle one function of a relay: a site's view, or limb or sky of a station."""
    if member < sites:
        states[relay, 0] ^= 1 << member
    elif (member - sites) % 2 == 0:
        states[relay, 1] ^= 1 << ((member - sites) // 2)
    else:
        states[relay, 2] ^= 1 << ((member - sites) // 2)


@lean_kernel
def _holds(states: Any, relays: int, site: int, stations: int) -> bool:
    """Whether any flying relay links a site, to the ground if there are stations."""
    for relay in range(relays):
        grounded = stations == 0 or (states[relay, 1] & states[relay, 2]) != 0
        if states[relay, 3] != 0 and (states[relay, 0] >> site) & 1 != 0 and grounded:
            return True
    return False


@lean_kernel
def combine(
    members: Any,
    first: Any,
    offsets: Any,
    edges: Any,
    begin_s: Any,
    end_s: Any,
    sites: int,
    length_s: float,
    minimum_pass_s: float,
    heads: Any,
    states: Any,
    results: Any,
    kept: Any,
    kept_counts: Any,
) -> int:
    """Merge the edges of each architecture's relays and keep its figures of merit.

    Parameters
    ----------
    members : ndarray of int, shape (n + 1,)
        Architecture `i` has the relays `members[i]` to `members[i + 1]`.
    first, offsets, edges
        From `find_edges`; functions: each site's view, then limb and sky of each station.
    begin_s, end_s : ndarray, shape (relays,)
        When each relay flies.
    sites : int
        Number of sites, at most 62.
    length_s : float
        Length of the window.
    minimum_pass_s : float
        Shorter passes do not count and do not end a gap.
    heads : ndarray of int, shape (lists,)
        Scratch: at least one for each function and two more of each relay of an architecture.
    states : ndarray of int, shape (relays of an architecture, 4)
        Scratch: bits of sites, of limbs, of skies; flying.
    results : ndarray, shape (n, sites, 4)
        Receives per cent, longest gap (s), numbers of gaps and passes.
    kept : ndarray, shape (capacity,)
        Receives the edges of the link by architecture and site as pairs of start and end; nothing if it
        is empty.
    kept_counts : ndarray of int, shape (n, sites)
        Receives their numbers.

    Returns
    -------
    int
        Number of edges kept, or -1 if the capacity did not suffice.
    """
    functions = first.shape[1]
    stations = (functions - sites) // 2
    per_relay = functions + 2
    used = 0
    for architecture in range(len(members) - 1):
        low = members[architecture]
        relays = members[architecture + 1] - low
        for site in range(sites):
            for relay in range(relays):
                for k in range(4):
                    states[relay, k] = 0
                for function in range(functions):
                    heads[relay * per_relay + function] = offsets[(low + relay) * functions + function]
                    if first[low + relay, function] != 0:
                        _apply(states, relay, function, sites)
                heads[relay * per_relay + functions] = 0
                heads[relay * per_relay + functions + 1] = 0
            held = 0.0
            longest = 0.0
            gaps = 0
            passes = 0
            gap_start = 0.0
            pass_start = -1.0
            while True:
                time = np.inf
                source = -1
                # Only the site's own list, the ground's and the two ends of the flight matter here.
                for relay in range(relays):
                    for function in range(per_relay):
                        if function < sites and function != site:
                            continue
                        head = heads[relay * per_relay + function]
                        at = np.inf
                        if function == functions:
                            at = begin_s[low + relay] if head == 0 else np.inf
                        elif function == functions + 1:
                            at = end_s[low + relay] if head == 0 else np.inf
                        elif head < offsets[(low + relay) * functions + function + 1]:
                            at = number(edges, head)
                        if at < time:
                            time = at
                            source = relay * per_relay + function
                if source >= 0:
                    heads[source] += 1
                    relay = source // per_relay
                    function = source % per_relay
                    if function == functions:
                        states[relay, 3] = 1
                    elif function == functions + 1:
                        states[relay, 3] = 0
                    else:
                        _apply(states, relay, function, sites)
                now = min(time, length_s)
                visible = source >= 0 and now < length_s and _holds(states, relays, site, stations)
                if visible and pass_start < 0.0:
                    pass_start = now
                elif not visible and pass_start >= 0.0:
                    seen = now - pass_start
                    if seen > 0.0 and seen >= minimum_pass_s:
                        if pass_start > gap_start:
                            longest = max(longest, pass_start - gap_start)
                            gaps += 1
                        held += seen
                        passes += 1
                        gap_start = now
                        if len(kept) > 0:
                            if used + 2 > len(kept):
                                return -1
                            kept[used] = pass_start
                            kept[used + 1] = now
                            used += 2
                    pass_start = -1.0
                if source < 0 or now >= length_s:
                    break
            if gap_start < length_s:
                longest = max(longest, length_s - gap_start)
                gaps += 1
            results[architecture, site, PERCENT] = 100.0 * held / length_s
            results[architecture, site, LONGEST_GAP] = longest
            results[architecture, site, GAPS] = gaps
            results[architecture, site, PASSES] = passes
            kept_counts[architecture, site] = 2 * passes
    return used
