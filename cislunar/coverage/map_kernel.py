"""Coverage of many cells at regular samples: cells in lanes, time innermost (compiled).

On a sphere with a constant mask a cell in the direction `n` sees a relay in the direction `d` at
distance `r` exactly when `n . d > cos lambda(r)`, which is three multiply-adds and a comparison. Per
cent and longest gap are kept in registers while time runs; time is cut in blocks that stay in the
fastest cache while all cells pass over them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cislunar.coverage.sampling import number
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, load, pointer, splat, store

HIDDEN = 2.0
"""In place of a cosine: the relay cannot be used at this sample."""

_BLOCK = 512


@kernel
def accumulate(cells: Any, series: Any, relays: int, shortest: float, tallies: Any) -> None:
    """Count visible samples and the longest run of hidden ones.

    Parameters
    ----------
    cells : ndarray, shape (3 * n,)
        x of all cells, then y, then z; `n` is a multiple of `LANES`.
    series : ndarray, shape (samples * relays * 4,)
        For each sample and relay its direction in the cells' axes and minus the cosine of the cap it
        lights (or `-HIDDEN`).
    relays : int
    shortest : float
        Samples in the shortest pass that counts; at most 1: all count.
    tallies : ndarray, shape (4 * n,)
        By cell: samples in passes that count, longest gap, present gap, present run of visible samples. All
        zero at the first call; a later call continues with the following samples.
    """
    count = len(cells) // 3
    samples = len(series) // (4 * relays)
    places, sky, sums = pointer(cells), pointer(series), pointer(tallies)
    for first in range(0, samples, _BLOCK):
        last = min(first + _BLOCK, samples)
        for cell in range(0, count, LANES):
            pass_over(places, count, cell, sky, relays, first, last, shortest, sums)


@kernel
def pass_over(
    cells: Any,
    count: int,
    cell: int,
    series: Any,
    relays: int,
    first: int,
    last: int,
    shortest: float,
    tallies: Any,
) -> None:
    """Add the samples `first` to `last` to one vector of `count` cells; see `accumulate`."""
    x = load(cells, cell)
    y = load(cells, count + cell)
    z = load(cells, 2 * count + cell)
    seen = load(tallies, cell)
    longest = load(tallies, count + cell)
    gap = load(tallies, 2 * count + cell)
    run = load(tallies, 3 * count + cell)
    if shortest <= 1.0:
        for sample in range(first, last):
            visible = _best_margin(series, sample * relays, relays, x, y, z) > 0.0
            seen = seen + np.where(visible, splat(1.0), splat(0.0))
            gap = np.where(visible, splat(0.0), gap + 1.0)
            longest = np.maximum(longest, gap)
    else:
        for sample in range(first, last):
            visible = _best_margin(series, sample * relays, relays, x, y, z) > 0.0
            longer = run + 1.0
            gained = np.where(longer == shortest, splat(shortest), splat(1.0))
            gained = np.where(longer < shortest, splat(0.0), gained)
            seen = seen + np.where(visible, gained, splat(0.0))
            # A pass that ends too early joins the gap before it.
            lost = np.where(run < shortest, run, splat(0.0))
            held = np.where(longer < shortest, gap, splat(0.0))
            gap = np.where(visible, held, gap + lost + 1.0)
            run = np.where(visible, longer, splat(0.0))
            longest = np.maximum(longest, gap)
    store(tallies, cell, seen)
    store(tallies, count + cell, longest)
    store(tallies, 2 * count + cell, gap)
    store(tallies, 3 * count + cell, run)


@kernel
def _best_margin(series: Any, first: int, relays: int, x: Any, y: Any, z: Any) -> Any:
    """Largest margin of any relay at one sample."""
    at = 4 * first
    best = (
        x * number(series, at)
        + number(series, at + 3)
        + y * number(series, at + 1)
        + z * number(series, at + 2)
    )
    for _ in range(1, relays):
        at += 4
        margin = (
            x * number(series, at)
            + number(series, at + 3)
            + y * number(series, at + 1)
            + z * number(series, at + 2)
        )
        best = np.maximum(best, margin)
    return best
