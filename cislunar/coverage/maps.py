"""Maps: per cent of time and longest gap of a constellation for every cell of a grid.

    grid = make_grid(region("far side"), "equal-area", resolution_rad)
    result = coverage_map(trajectories, grid, tables, mask_rad=..., minimum_pass_s=120.0)
    result.percent, result.longest_gap_s, result.exact

A cell is a user on a sphere at a height above the Moon's, with a constant mask. It is covered while at
least one relay stands above its mask, and, where `earth_view` is given, sees the Earth at the same
instant. Relief is not seen at this scale.

Each cell can be computed with exact edges, as a site, or on a time grid. On a grid the per cent is good
to about one sample in a thousand, but the longest gap is a discontinuous function: a pass of 40 s
between two samples, or one found by a single sample, splits or joins gaps by hours. A minimum useful
pass makes the two agree and says what is meant; and the cells that a reader will quote (the best and
the worst) always get exact edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.coverage.finder import Relays, build_scene, find_chunk, intervals_of, relay_positions
from cislunar.coverage.grids import Grid
from cislunar.coverage.intervals import Intervals, at_least
from cislunar.coverage.map_kernel import HIDDEN
from cislunar.coverage.map_tiles import accumulate_tiles, make_scratch, tile_caps, tile_order, tile_vectors
from cislunar.coverage.scene import Kind
from cislunar.coverage.tables import WindowTables, unit_vectors
from cislunar.errors import InputError
from cislunar.propagation.simd import LANES

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

SAMPLE_S = 60.0
"""Seconds between samples of a map on a time grid."""

EXACT_LIMIT = 4.0e5
"""Cells times relays times days up to which `edges="auto"` means exact edges: about a second."""

_CELLS_AT_ONCE = 64


@dataclass(frozen=True)
class CoverageMap:
    """Coverage of every cell of a grid.

    Attributes
    ----------
    grid : Grid
    percent : ndarray, shape (cells,)
        Per cent of the window.
    longest_gap_s : ndarray, shape (cells,)
    exact : ndarray of bool, shape (cells,)
        Whether the cell's numbers come from exact edges and not from a time grid.
    sample_s : float
        Distance between samples where they do not.
    mask_rad, height_km, minimum_pass_s : float
        What was asked.
    chain : bool
        Whether relays count only while they see the Earth.
    """

    grid: Grid
    percent: np.ndarray
    longest_gap_s: np.ndarray
    exact: np.ndarray
    sample_s: float
    mask_rad: float
    height_km: float
    minimum_pass_s: float
    chain: bool

    @property
    def mean_percent(self) -> float:
        """Per cent of time averaged over the area of the region."""
        return float(np.sum(self.percent * self.grid.area_fraction))

    def quoted(self) -> np.ndarray:
        """Numbers of the cells of least and most per cent, shortest and longest worst gap."""
        ranks = (np.argmin(self.percent), np.argmax(self.percent))
        gaps = (np.argmin(self.longest_gap_s), np.argmax(self.longest_gap_s))
        return np.unique([*ranks, *gaps])


def coverage_map(
    trajectories: Mapping[str, Trajectory],
    grid: Grid,
    tables: WindowTables,
    *,
    mask_rad: float = 0.0,
    height_km: float = 0.0,
    minimum_pass_s: float = 0.0,
    earth_view: Mapping[str, Intervals] | None = None,
    edges: str = "auto",
    sample_s: float = SAMPLE_S,
) -> CoverageMap:
    """Compute per cent of time and longest gap for every cell.

    Parameters
    ----------
    trajectories : mapping of str to Trajectory
        Relays by name: batches of one, Moon-centred.
    grid : Grid
    tables : WindowTables
        Of the window.
    mask_rad : float
        Lowest elevation of a relay that counts, from 0.
    height_km : float
        Height of the user above the sphere of 1737.4 km.
    minimum_pass_s : float
        Shorter passes of the constellation do not count and do not end a gap.
    earth_view : mapping of str to Intervals, optional
        When each relay sees the Earth (`Access.earth_view`); a relay counts only then.
    edges : {"auto", "exact", "sampled"}
        Exact edges everywhere; or a time grid with exact edges for the quoted cells only; "auto": exact
        up to `EXACT_LIMIT`.
    sample_s : float
        Distance between samples of the time grid.

    Raises
    ------
    InputError
        If mask, height or `edges` make no sense.
    """
    if not 0.0 <= mask_rad < 0.5 * np.pi:
        raise InputError(f"map mask must be from 0 to below 90 deg; got {np.degrees(mask_rad):g} deg")
    if not height_km > -MOON_RADIUS_KM or not minimum_pass_s >= 0.0 or not sample_s > 0.0:
        raise InputError(
            "map height must lie above the Moon's centre, minimum pass be 0 or more, sample distance positive"
        )
    if edges not in ("auto", "exact", "sampled"):
        raise InputError(f"map edges must be auto, exact or sampled; got {edges!r}")
    days = (tables.end_tdb - tables.start_tdb) / 86400.0
    if edges == "auto":
        edges = "exact" if len(grid) * max(len(trajectories), 1) * days <= EXACT_LIMIT else "sampled"
    count = max(1, round((tables.end_tdb - tables.start_tdb) / sample_s))
    result = CoverageMap(
        grid=grid,
        percent=np.zeros(len(grid)),
        longest_gap_s=np.zeros(len(grid)),
        exact=np.zeros(len(grid), dtype=bool),
        sample_s=(tables.end_tdb - tables.start_tdb) / count,
        mask_rad=mask_rad,
        height_km=height_km,
        minimum_pass_s=minimum_pass_s,
        chain=earth_view is not None,
    )
    if edges == "exact":
        return _with_exact(result, np.arange(len(grid)), trajectories, tables, earth_view)
    result = _sampled(result, count, trajectories, tables, earth_view)
    # Exact edges can make another cell the best or the worst, so look again until all quoted cells are exact.
    while not np.all(result.exact[result.quoted()]):
        quoted = result.quoted()
        result = _with_exact(result, quoted[~result.exact[quoted]], trajectories, tables, earth_view)
    return result


def cell_passes(
    trajectories: Mapping[str, Trajectory],
    latitude_rad: Sequence[float] | np.ndarray,
    longitude_rad: Sequence[float] | np.ndarray,
    tables: WindowTables,
    *,
    mask_rad: float = 0.0,
    height_km: float = 0.0,
    earth_view: Mapping[str, Intervals] | None = None,
) -> list[Intervals]:
    """Exact passes of the constellation for chosen cells; parameters as in `coverage_map`."""
    horizon = SimpleNamespace(mask_rad=mask_rad)
    cells: list[Any] = [
        SimpleNamespace(latitude_rad=latitude, longitude_rad=longitude, height_km=height_km, horizon=horizon)
        for latitude, longitude in zip(latitude_rad, longitude_rad, strict=True)
    ]
    relays = {name: Relays.from_trajectory(trajectory, tables) for name, trajectory in trajectories.items()}
    result = []
    for low in range(0, len(cells), _CELLS_AT_ONCE):
        batch = cells[low : low + _CELLS_AT_ONCE]
        scene = build_scene(tables, batch, [], [(Kind.SITE_RELAY, number, 0) for number in range(len(batch))])
        found = {name: find_chunk(scene, relay, 0, 1) for name, relay in relays.items()}
        for number in range(len(batch)):
            members = []
            for name, lists in found.items():
                held = intervals_of(lists, 0, number, relays[name], tables)
                members.append(held if earth_view is None else at_least([held, earth_view[name]], 2))
            window = (tables.start_tdb, tables.end_tdb)
            result.append(at_least(members, 1) if members else Intervals.never(window))
    return result


def _with_exact(
    result: CoverageMap,
    chosen: np.ndarray,
    trajectories: Mapping[str, Trajectory],
    tables: WindowTables,
    earth_view: Mapping[str, Intervals] | None,
) -> CoverageMap:
    """Replace the numbers of some cells by those of exact edges."""
    passes = cell_passes(
        trajectories,
        result.grid.latitude_rad[chosen],
        result.grid.longitude_rad[chosen],
        tables,
        mask_rad=result.mask_rad,
        height_km=result.height_km,
        earth_view=earth_view,
    )
    percent, gap, exact = result.percent.copy(), result.longest_gap_s.copy(), result.exact.copy()
    for cell, held in zip(chosen, passes, strict=True):
        useful = held.without_short(result.minimum_pass_s)
        percent[cell] = 100.0 * np.sum(useful.duration_s) / (tables.end_tdb - tables.start_tdb)
        gap[cell] = np.max(useful.complement().duration_s, initial=0.0)
        exact[cell] = True
    return replace(result, percent=percent, longest_gap_s=gap, exact=exact)


def _sampled(
    result: CoverageMap,
    count: int,
    trajectories: Mapping[str, Trajectory],
    tables: WindowTables,
    earth_view: Mapping[str, Intervals] | None,
) -> CoverageMap:
    """Fill a map from samples in the middle of `count` equal parts of the window."""
    vectors, order = tiling(result.grid)
    cells = pack_cells(result.grid, order)
    caps, scratch = tile_caps(cells, vectors), make_scratch(len(trajectories))
    tallies = np.zeros(4 * (len(cells) // 3))
    shortest = np.ceil(result.minimum_pass_s / result.sample_s)
    if trajectories:
        time = tables.start_tdb + (np.arange(count) + 0.5) * result.sample_s
        for low in range(0, count, 65536):
            series = relay_series(
                trajectories, tables, time[low : low + 65536], result.mask_rad, result.height_km, earth_view
            )
            accumulate_tiles(
                cells, caps, vectors, series, len(trajectories), float(shortest), tallies, scratch
            )
    else:
        tallies.reshape(4, -1)[1] = count
    place = np.argsort(order)
    seen, longest, gap, run = tallies.reshape(4, -1)[:, place]
    longest = np.maximum(longest, np.where(run < shortest, gap + run, gap))
    return replace(result, percent=100.0 * seen / count, longest_gap_s=longest * result.sample_s)


def tiling(grid: Grid) -> tuple[int, np.ndarray]:
    """Vectors of cells in a tile, and the order of the cells that makes tiles of neighbours."""
    where = grid.region
    area_sr = (where.east_rad - where.west_rad) * (np.sin(where.north_rad) - np.sin(where.south_rad))
    density = len(grid) / area_sr
    vectors = tile_vectors(density)
    east = np.mod(grid.longitude_rad - where.west_rad, 2.0 * np.pi)
    return vectors, tile_order(grid.latitude_rad, east, vectors * LANES / density)


def pack_cells(grid: Grid, order: np.ndarray | None = None) -> np.ndarray:
    """Unit vectors of the cells, in some order, as the kernels take them.

    The last vector is filled up with the last cell.
    """
    vectors = unit_vectors(grid.latitude_rad, grid.longitude_rad)
    if order is not None:
        vectors = vectors[:, order]
    missing = -len(grid) % LANES
    return np.ascontiguousarray(
        np.concatenate((vectors, np.repeat(vectors[:, -1:], missing, axis=1)), axis=1)
    ).ravel()


def relay_series(
    trajectories: Mapping[str, Trajectory],
    tables: WindowTables,
    tdb: np.ndarray,
    mask_rad: float,
    height_km: float,
    earth_view: Mapping[str, Intervals] | None,
) -> np.ndarray:
    """Directions and caps of relays as the kernels take them."""
    radius = MOON_RADIUS_KM + height_km
    rotation = np.stack([tables.evaluate(tables.moon[:, :, axis], tdb) for axis in range(3)])
    series = np.empty((len(tdb), len(trajectories), 4))
    for number, (name, trajectory) in enumerate(trajectories.items()):
        nodes: Any = trajectory.nodes
        first, last = sorted(trajectory.epoch[0] + nodes[0, [0, -1]])
        flown = (tdb >= first) & (tdb <= last)
        position = relay_positions(trajectory, tdb)
        distance = np.linalg.norm(position, axis=0)
        series[:, number, :3] = np.einsum("ijn,jn->ni", rotation, position / distance)
        usable = flown & (distance > radius)
        if earth_view is not None:
            usable &= earth_view[name].contains(tdb)
        lit = np.arccos(np.minimum(radius * np.cos(mask_rad) / distance, 1.0)) - mask_rad
        series[:, number, 3] = np.where(usable, -np.cos(lit), -HIDDEN)
    return series.ravel()
