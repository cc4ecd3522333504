"""Coverage of many architectures at once: what trade studies and benchmarks call.

    tables = WindowTables.build(environment, start_tdb, end_tdb) found =
    architecture_coverage(trajectories, 2, sites, stations, tables)     # relays in groups of two
    found.percent, found.longest_gap_s                                          # arrays (architectures,
    sites)

Relays are a batch of trajectories; consecutive ones belong to one architecture. An architecture covers
a site while at least one of its relays sees it and, at the same instant, a ground station. Edges are
exact, but only those of the chain from site to ground are looked for (`cislunar.coverage.links`); only
the figures are kept unless the edges are asked for, so a study of thousands of architectures fits in
memory. Results do not depend, to the last bit, on how a batch is split or on the
number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cislunar.coverage.combine import GAPS, LONGEST_GAP, MOST_STATIONS, PASSES, PERCENT
from cislunar.coverage.finder import Relays, build_scene, station_sines
from cislunar.coverage.intervals import Intervals
from cislunar.coverage.links import find_links, make_passes
from cislunar.coverage.scene import FUNCTIONS, Kind, Scene
from cislunar.coverage.sky import with_sky
from cislunar.coverage.stretch import make_work
from cislunar.coverage.tables import WindowTables
from cislunar.errors import InputError

if TYPE_CHECKING:
    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station
    from cislunar.propagation.trajectory import Trajectory

_RELAYS_AT_ONCE = 64


@dataclass(frozen=True)
class ArchitectureCoverage:
    """Figures of merit of many architectures.

    Attributes
    ----------
    percent, longest_gap_s : ndarray, shape (architectures, sites)
    gaps, passes : ndarray of int, shape (architectures, sites)
    window : tuple of float
        Start and end, seconds past J2000 TDB.
    offsets : ndarray of int, shape (architectures * sites + 1,) or None
        Places in `edges_s`, if edges were kept.
    edges_s : ndarray or None
        Starts and ends of passes in turn, s from the start of the window.
    """

    percent: np.ndarray
    longest_gap_s: np.ndarray
    gaps: np.ndarray
    passes: np.ndarray
    window: tuple[float, float]
    offsets: np.ndarray | None = None
    edges_s: np.ndarray | None = None

    def intervals(self, architecture: int, site: int = 0) -> Intervals:
        """Passes of one architecture over one site.

        Raises
        ------
        InputError
            If edges were not kept.
        """
        if self.offsets is None or self.edges_s is None:
            raise InputError("edges were not kept: ask for them with keep_edges=True")
        index = architecture * self.percent.shape[1] + site
        ends = self.edges_s[self.offsets[index] : self.offsets[index + 1]]
        length = self.window[1] - self.window[0]
        epochs = np.where(ends >= length, self.window[1], self.window[0] + ends)
        return Intervals(epochs[0::2], epochs[1::2], self.window)


def architecture_coverage(
    trajectories: Trajectory,
    relays: int | Sequence[int],
    sites: Sequence[Site],
    stations: Sequence[Station],
    tables: WindowTables,
    *,
    minimum_pass_s: float = 0.0,
    light_time: bool = False,
    keep_edges: bool = False,
    threads: int = 1,
) -> ArchitectureCoverage:
    """Compute the coverage of sites by architectures.

    Parameters
    ----------
    trajectories : Trajectory
        All relays, Moon-centred.
    relays : int or sequence of int
        Relays in each architecture, one number for all or one for each.
    sites : sequence of Site
        At most 62.
    stations : sequence of Station
        At most 62; with none, a relay in view of the site is enough.
    tables : WindowTables
        Of the window.
    minimum_pass_s : float
        Shorter passes of an architecture do not count and do not end a gap.
    light_time : bool
        Take stations at the arrival of the signal, see `cislunar.coverage.access`.
    keep_edges : bool
        Keep the passes themselves.
    threads : int
        Parallel threads.

    Returns
    -------
    ArchitectureCoverage

    Raises
    ------
    InputError
        If the numbers do not fit together.
    """
    count = len(trajectories)
    if isinstance(relays, int):
        if relays < 1 or count % relays:
            raise InputError(f"{count} relays cannot be grouped in architectures of {relays}")
        sizes = np.full(count // relays, relays)
    else:
        sizes = np.asarray(relays, dtype=np.int64)
        if np.any(sizes < 1) or np.sum(sizes) != count:
            raise InputError(f"sizes of architectures must be positive and add up to {count} relays")
    if len(sites) > MOST_STATIONS or len(stations) > MOST_STATIONS:
        raise InputError(f"at most {MOST_STATIONS} sites and stations; got {len(sites)} and {len(stations)}")
    functions = [(Kind.SITE_RELAY, site, 0) for site in range(len(sites))]
    for station in range(len(stations)):
        functions += [(Kind.LIMB, 0, station), (Kind.STATION_RELAY, 0, station)]
    scene = build_scene(tables, sites, stations, functions, light_time)
    members = np.concatenate(([0], np.cumsum(sizes)))
    # Whole architectures, about so many relays at a time.
    groups = np.unique(
        np.searchsorted(members, np.arange(0, count + _RELAYS_AT_ONCE, _RELAYS_AT_ONCE), "left")
    )
    groups = np.unique(np.minimum(groups, len(sizes)))
    parts = [members[low : high + 1] for low, high in pairwise(groups)]
    length = tables.end_tdb - tables.start_tdb

    def record(part: np.ndarray) -> Relays:
        return Relays.from_trajectory(trajectories, tables, part[0], part[-1])

    workers = min(threads, len(parts))
    with ThreadPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
        every = pool.map if pool else map
        # What is not compiled yet is compiled here, where an interrupt is answered meanwhile: by the first
        # part, and below by one of no architectures.
        recorded = [record(part) for part in parts[:1]]
        recorded += every(record, parts[1:])
        reach = max((relays.reach_km() for relays in recorded), default=0.0)
        scene = with_sky(scene, tables, stations, station_sines(stations), reach)

        def work(relays: Relays, part: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            return _find_part(scene, relays, part - part[0], len(sites), length, minimum_pass_s, keep_edges)

        if pool:
            work(recorded[0], parts[0][:1])
        done = list(every(work, recorded, parts))
    results = np.concatenate([np.zeros((0, len(sites), 4)), *(part[0] for part in done)])
    counts = np.concatenate([np.zeros((0, len(sites)), dtype=np.int64), *(part[1] for part in done)])
    return ArchitectureCoverage(
        percent=results[:, :, PERCENT],
        longest_gap_s=results[:, :, LONGEST_GAP],
        gaps=results[:, :, GAPS].astype(np.int64),
        passes=results[:, :, PASSES].astype(np.int64),
        window=(tables.start_tdb, tables.end_tdb),
        offsets=np.concatenate(([0], np.cumsum(counts))) if keep_edges else None,
        edges_s=np.concatenate([np.zeros(0), *(part[2] for part in done)]) if keep_edges else None,
    )


def _find_part(
    scene: Scene,
    relays: Relays,
    members: np.ndarray,
    sites: int,
    length_s: float,
    minimum_pass_s: float,
    keep_edges: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Figures, numbers of edges and edges of some architectures."""
    functions = int(scene.layout[FUNCTIONS])
    results = np.zeros((len(members) - 1, sites, 4))
    counts = np.zeros((len(members) - 1, sites), dtype=np.int64)
    capacity = 256 + int(np.max(np.diff(relays.offsets)))
    while True:
        together = 2 * capacity * int(np.max(np.diff(members), initial=0))
        kept = np.empty((len(members) - 1) * sites * together if keep_edges else 0)
        used = find_links(
            scene,
            relays.nodes,
            relays.offsets,
            relays.shift_s,
            relays.begin_s,
            relays.end_s,
            members,
            sites,
            length_s,
            minimum_pass_s,
            make_work(functions, capacity),
            make_passes(sites, functions, together),
            results,
            kept,
            counts,
        )
        if used >= 0:
            return results, counts, kept[:used].copy()
        capacity *= 4
