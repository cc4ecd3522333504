"""Coverage of many cells at regular samples, by tiles of neighbouring cells (compiled).

Most of the time a relay stands above the horizon of all cells of a neighbourhood, or of none. A tile is a
few vectors of neighbouring cells in a cap of angular radius `rho` about the direction `c`. A relay in the
direction `d` that lights a cap of radius `lambda` is seen by all cells of the tile if `c . d > cos(lambda -
rho)` and by none if `c . d < cos(lambda + rho)`. Samples are judged so a vector at a time. Runs of samples
that all cells see, or none, are added to the cells as one number; the cells themselves are looked at only
in the rest, by the code of `map_kernel`: the result is the same to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cislunar.coverage.map_kernel import pass_over
from cislunar.coverage.sampling import aligned, number
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, load, mask_bits, pointer, splat, store

_NUMBERS = 5
"""For each relay and sample: direction, cosine and sine of the cap it lights."""

CAP = 5
"""Numbers that describe the cap of a tile: its middle, cosine and sine of its radius."""

_BLOCK = 1024
"""Samples judged for all tiles before the next: a multiple of `LANES`."""

_ROUNDING = 1.0e-12
"""Cosines closer than this are not told apart: far above the rounding of a scalar product."""

_NEVER = 1.0e9
"""In place of a cosine: no cell sees the relay, however large the tile."""

_HIDDEN, _VISIBLE, _MIXED = range(3)
_ALL = (1 << LANES) - 1


def tile_vectors(cells_per_sr: float) -> int:
    """Vectors of cells in a tile for which a map takes least time.

    Large tiles judge many cells at once, small ones are seldom crossed by a horizon. The two costs balance
    in tiles of as many cells as the cube root of their density, times a measured number.
    """
    return max(1, round(4.0 * cells_per_sr ** (1.0 / 3.0) / LANES))


def tile_order(latitude_rad: np.ndarray, east_rad: np.ndarray, tile_sr: float) -> np.ndarray:
    """Order of cells in which successive ones are neighbours: belts as high as a tile, back and forth.

    Parameters
    ----------
    latitude_rad, east_rad : ndarray, shape (cells,)
        Middles of the cells; longitudes from the western border of the region.
    tile_sr : float
        Area of a tile on the unit sphere.

    Returns
    -------
    ndarray of int, shape (cells,)
    """
    south, extent = float(np.min(latitude_rad)), float(np.ptp(latitude_rad))
    belts = max(1, round(extent / np.sqrt(tile_sr)))
    belt = np.minimum((latitude_rad - south) * (belts / max(extent, 1.0e-9)), belts - 1).astype(int)
    return np.lexsort((np.where(belt % 2 == 0, east_rad, -east_rad), belt))


def tile_caps(cells: np.ndarray, vectors: int) -> np.ndarray:
    """Caps around tiles of so many vectors of cells, as `accumulate_tiles` takes them.

    Parameters
    ----------
    cells : ndarray, shape (3 * n,)
        x of all cells, then y, then z; successive cells are neighbours.
    vectors : int

    Returns
    -------
    ndarray, shape (tiles * CAP,)
    """
    xyz = cells.reshape(3, -1)
    starts = np.arange(0, xyz.shape[1], vectors * LANES)
    middle = np.add.reduceat(xyz, starts, axis=1)
    middle = middle / np.linalg.norm(middle, axis=0)
    own = np.repeat(middle, np.diff([*starts, xyz.shape[1]]), axis=1)
    # Half the chord is the sine of half the angle.
    half = np.maximum.reduceat(0.5 * np.linalg.norm(xyz - own, axis=0), starts)
    radius = 2.0 * np.arcsin(np.minimum(half, 1.0))
    return np.ascontiguousarray(np.vstack((middle, np.cos(radius), np.sin(radius))).T).ravel()


def make_scratch(relays: int) -> np.ndarray:
    """Memory that `accumulate_tiles` works in."""
    return aligned(_BLOCK * relays * _NUMBERS)


@kernel
def accumulate_tiles(
    cells: Any,
    caps: Any,
    vectors: int,
    series: Any,
    relays: int,
    shortest: float,
    tallies: Any,
    scratch: Any,
) -> None:
    """Do what `map_kernel.accumulate` does, tile by tile.

    Parameters
    ----------
    cells, series, relays, shortest, tallies
        As there; successive cells are neighbours, and no relay lights more than a hemisphere.
    caps : ndarray, shape (tiles * CAP,)
        From `tile_caps`.
    vectors : int
        Vectors of cells in a tile; the last may have fewer.
    scratch : ndarray
        From `make_scratch`.
    """
    count = len(cells) // 3
    samples = len(series) // (4 * relays)
    places, sky, sums, work = pointer(cells), pointer(series), pointer(tallies), pointer(scratch)
    for first in range(0, samples, _BLOCK):
        last = min(first + _BLOCK, samples)
        narrowest = _by_time(sky, relays, first, last, work)
        for tile in range(len(caps) // CAP):
            x, y, z = splat(caps[CAP * tile]), splat(caps[CAP * tile + 1]), splat(caps[CAP * tile + 2])
            cosine, sine = caps[CAP * tile + 3], caps[CAP * tile + 4]
            # A cap smaller than the tile is never seen by all of it; beyond a hemisphere angles
            # add up to more than a half turn, so such a tile is not judged.
            certain = _ROUNDING if narrowest < cosine else np.inf
            hopeless = -_ROUNDING if cosine > 0.0 else -np.inf
            low = tile * vectors * LANES
            high = min(low + vectors * LANES, count)
            began = first
            kind = _MIXED
            for group in range(first, last, LANES):
                place = (group - first) * relays * _NUMBERS
                best, nearest = _margins(work, place, relays, x, y, z, splat(cosine), splat(sine))
                seen, hidden = mask_bits(best > certain), mask_bits(nearest < hopeless)
                if (seen == _ALL and kind == _VISIBLE) or (hidden == _ALL and kind == _HIDDEN):
                    continue
                for sample in range(group, min(group + LANES, last)):
                    bit = 1 << (sample - group)
                    here = _VISIBLE if seen & bit != 0 else (_HIDDEN if hidden & bit != 0 else _MIXED)
                    if here != kind:
                        _add_run(places, sky, sums, count, relays, shortest, low, high, kind, began, sample)
                        began = sample
                        kind = here
            _add_run(places, sky, sums, count, relays, shortest, low, high, kind, began, last)


@kernel
def _by_time(series: Any, relays: int, first: int, last: int, work: Any) -> float:
    """Lay out samples so that one vector holds one number of successive ones; the last group is filled up.

    Returns
    -------
    float
        Cosine of the smallest cap lit, 0 (a hemisphere) if there is none.
    """
    smallest = 0.0
    for sample in range(first, first + (last - first + LANES - 1) // LANES * LANES):
        source = 4 * relays * min(sample, last - 1)
        place = (sample - first) // LANES * LANES * relays * _NUMBERS + (sample - first) % LANES
        for _ in range(relays):
            cosine = -number(series, source + 3)
            sine = np.sqrt(max(1.0 - cosine * cosine, 0.0))
            if cosine <= 1.0:
                smallest = max(smallest, cosine)
            else:
                cosine = _NEVER
            for i in range(3):
                work[place + i * LANES] = number(series, source + i)
            work[place + 3 * LANES] = cosine
            work[place + 4 * LANES] = sine
            source += 4
            place += _NUMBERS * LANES
    return smallest


@kernel
def _margins(
    work: Any, place: int, relays: int, x: Any, y: Any, z: Any, cosine: Any, sine: Any
) -> tuple[Any, Any]:
    """What the best relay clears the horizons of all cells by, and the one of the best placed cell."""
    level = (
        load(work, place) * x
        + load(work, place + LANES) * y
        + load(work, place + 2 * LANES) * z
        - load(work, place + 3 * LANES) * cosine
    )
    swing = load(work, place + 4 * LANES)
    best = level - swing * sine
    nearest = level + swing * sine
    for _ in range(1, relays):
        place += _NUMBERS * LANES
        level = (
            load(work, place) * x
            + load(work, place + LANES) * y
            + load(work, place + 2 * LANES) * z
            - load(work, place + 3 * LANES) * cosine
        )
        swing = load(work, place + 4 * LANES)
        best = np.maximum(best, level - swing * sine)
        nearest = np.maximum(nearest, level + swing * sine)
    return best, nearest


@kernel
def _add_run(
    cells: Any,
    series: Any,
    tallies: Any,
    count: int,
    relays: int,
    shortest: float,
    low: int,
    high: int,
    kind: int,
    first: int,
    last: int,
) -> None:
    """Add a run of samples of one kind to the cells of a tile."""
    length = float(last - first)
    if kind == _MIXED:
        for cell in range(low, high, LANES):
            pass_over(cells, count, cell, series, relays, first, last, shortest, tallies)
    elif kind == _VISIBLE:
        for cell in range(low, high, LANES):
            _add_visible(tallies, count, cell, length, shortest)
    else:
        for cell in range(low, high, LANES):
            _add_hidden(tallies, count, cell, length, shortest)


@kernel
def _add_visible(tallies: Any, count: int, cell: int, length: float, shortest: float) -> None:
    seen = load(tallies, cell)
    if shortest <= 1.0:
        store(tallies, cell, seen + length)
        store(tallies, 2 * count + cell, splat(0.0))
        return
    run = load(tallies, 3 * count + cell)
    longer = run + length
    # The pass counts from its first sample once it is long enough.
    gained = np.where(run < shortest, longer, splat(length))
    too_short = longer < shortest
    store(tallies, cell, seen + np.where(too_short, splat(0.0), gained))
    store(tallies, 2 * count + cell, np.where(too_short, load(tallies, 2 * count + cell), splat(0.0)))
    store(tallies, 3 * count + cell, longer)


@kernel
def _add_hidden(tallies: Any, count: int, cell: int, length: float, shortest: float) -> None:
    gap = load(tallies, 2 * count + cell) + length
    if shortest > 1.0:
        run = load(tallies, 3 * count + cell)
        gap = gap + np.where(run < shortest, run, splat(0.0))
        store(tallies, 3 * count + cell, splat(0.0))
    store(tallies, 2 * count + cell, gap)
    store(tallies, count + cell, np.maximum(load(tallies, count + cell), gap))
