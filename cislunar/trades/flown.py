"""Cases that have been flown as one batch, and the figures that measures take from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.trades.chunk import FAILED, INCOMPLETE, OK, Chunk, Context, needs_record
from cislunar.trades.measures import Measure, MeasureKind, measure_kind, taken

if TYPE_CHECKING:
    from cislunar.coverage.intervals import Intervals
    from cislunar.environment.sites import Site
    from cislunar.propagation import Trajectory

_AT_PERIAPSIS = 1e-9
"""A start with r.v / (|r| |v|) this near zero is a periapsis, as `cislunar.orbits.history` counts it."""

_SITES_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class LinkFigures:
    """Figures of one link of many cases at several places.

    Attributes
    ----------
    percent, longest_gap_s, gaps, passes : ndarray, shape (cases, places)
    window_s : float
    offsets, edges_s : ndarray or None
        Starts and ends of passes in turn, by case and place, s from the start of the window.
    """

    percent: np.ndarray
    longest_gap_s: np.ndarray
    gaps: np.ndarray
    passes: np.ndarray
    window_s: float
    offsets: np.ndarray | None = None
    edges_s: np.ndarray | None = None

    @property
    def mean_gap_s(self) -> np.ndarray:
        """Mean gap; 0 where there is none."""
        out = self.window_s * (1.0 - 0.01 * self.percent)
        return np.divide(out, self.gaps, out=np.zeros_like(out), where=self.gaps > 0)

    @property
    def mean_pass_s(self) -> np.ndarray:
        """Mean length of a pass; 0 where there is none."""
        held = self.window_s * 0.01 * self.percent
        return np.divide(held, self.passes, out=np.zeros_like(held), where=self.passes > 0)

    @property
    def mean_response_s(self) -> np.ndarray:
        """Sum of the squared gaps over twice the window."""
        assert self.offsets is not None
        assert self.edges_s is not None
        start, end = self.edges_s[0::2], self.edges_s[1::2]
        counts = np.diff(self.offsets) // 2
        place = np.repeat(np.arange(len(counts)), counts)
        first = np.concatenate(([0], np.cumsum(counts)))[:-1]
        before = np.concatenate(([0.0], end))[:-1]
        before[first[counts > 0]] = 0.0
        squares: np.ndarray = np.bincount(place, (start - before) ** 2, len(counts)).astype(np.float64)
        last = np.zeros(len(counts))
        last[counts > 0] = end[first[counts > 0] + counts[counts > 0] - 1]
        squares += (self.window_s - last) ** 2
        return (squares / (2.0 * self.window_s)).reshape(self.percent.shape)

    @property
    def worst_day_percent(self) -> np.ndarray:
        """Least per cent of a day, from the start of the window."""
        from cislunar.coverage.intervals import Intervals, daily

        assert self.offsets is not None
        assert self.edges_s is not None
        least = np.empty(self.percent.size)
        for number in range(least.size):
            ends = self.edges_s[self.offsets[number] : self.offsets[number + 1]]
            passes = Intervals(ends[0::2], ends[1::2], (0.0, self.window_s))
            least[number] = daily(passes, 0.0)["percent"].min()
        return least.reshape(self.percent.shape)


class FlownCases:
    """Cases flown through the window.

    Attributes
    ----------
    chunk : Chunk
    context : Context
    trajectories : Trajectory
        All spacecraft of all cases.
    sizes, first : ndarray of int, shape (cases,)
        Number of spacecraft of each case, and the number of its first.
    """

    sizes: np.ndarray

    def __init__(self, chunk: Chunk, context: Context, trajectories: Trajectory, threads: int | None) -> None:
        self.chunk = chunk
        self.context = context
        self.trajectories = trajectories
        self.threads = threads
        self.sizes = chunk.sizes
        self.first = np.concatenate(([0], np.cumsum(chunk.sizes)))[:-1]
        self._figures: dict[tuple[str, str, bool], LinkFigures] = {}

    @classmethod
    def fly(cls, chunk: Chunk, context: Context, threads: int | None = None) -> FlownCases:
        """Fly all spacecraft of a chunk as one batch."""
        from cislunar.propagation import propagate

        count = chunk.state.shape[1]
        flown = propagate(
            chunk.state,
            np.full(count, chunk.setting.epoch_tdb),
            np.full(count, chunk.setting.duration_s),
            context.lit(chunk.pressure),
            rtol=chunk.setting.physics.tolerance,
            threads=threads,
            on_error="status",
            record=needs_record(chunk.measures),
        )
        return cls(chunk, context, flown, threads)

    def outcomes(self) -> tuple[list[str], list[str]]:
        """Status and reason of every case."""
        from cislunar.propagation import Status

        codes = self.trajectories.status
        status, reason = [OK] * len(self.sizes), [""] * len(self.sizes)
        for number in np.unique(self._case_of[codes != Status.FINISHED]):
            own = np.arange(self.first[number], self.first[number] + self.sizes[number])
            bad = [i for i in own if codes[i] == Status.BAD_INPUT]
            status[number] = FAILED if bad else INCOMPLETE
            told = [self._told(int(i)) for i in (bad or own[codes[own] != Status.FINISHED])]
            reason[number] = "; ".join(told)
        return status, reason

    def measure(self, measure: Measure) -> np.ndarray:
        """Values (cases,) of a measure, in its unit."""
        from cislunar import units

        kind = measure_kind(measure.kind)
        if kind.about == "case":
            values = np.asarray(kind.evaluate(self), dtype=np.float64)
        elif measure.over == "map":
            values = self._over_map(measure, kind)
        else:
            names = [site.name for site in self.chunk.setting.sites]
            figures = [kind.evaluate(self._link(names.index(site), measure.link)) for site in measure.sites]
            values = taken(np.concatenate(figures, axis=1), kind, measure.take)
        factor = units.parse_quantity(f"1 {measure.unit}".strip(), kind.dimension)
        return values / factor

    @cached_property
    def time_to_impact_s(self) -> np.ndarray:
        """Time (cases,) of the first impact, s from the epoch; the horizon if there is none."""
        horizon = self.chunk.setting.horizon_s
        assert horizon is not None
        impact = np.where(self._impact_s <= horizon, self._impact_s, horizon)
        return np.minimum.reduceat(impact, self.first)

    @cached_property
    def lowest_perilune_km(self) -> np.ndarray:
        """Lowest perilune altitude (cases,) of any spacecraft; 0 after an impact, NaN without a perilune."""
        lowest = np.full(len(self.chunk.pressure), np.inf)
        for flown in (self.trajectories, self._onward):
            if flown is not None:
                np.minimum(lowest, _lowest_perilune(flown), out=lowest)
        lowest[np.isfinite(self._impact_s)] = 0.0
        lowest[np.isinf(lowest)] = np.nan
        return np.minimum.reduceat(lowest, self.first)

    @cached_property
    def delta_v_from_release_km_s(self) -> np.ndarray:
        """Delta-v (cases,) from the release orbit, of the spacecraft that needs most, km/s."""
        return np.maximum.reduceat(self._from_release_km_s, self.first)

    @cached_property
    def propellant_from_release_kg(self) -> np.ndarray:
        """Propellant (cases,) for it, of the spacecraft that needs most, kg."""
        from cislunar.vehicles.rocket import propellant

        needed = propellant(self.chunk.wet_kg, self._from_release_km_s, self.chunk.isp_s)
        return np.maximum.reduceat(needed, self.first)

    @cached_property
    def _from_release_km_s(self) -> np.ndarray:
        """Delta-v of each spacecraft; NaN for a hyperbola."""
        from cislunar.trades.delivery_cost import from_release_km_s

        orbit = self.chunk.setting.release_orbit
        assert orbit is not None
        return from_release_km_s(
            orbit,
            self.chunk.state,
            self.first[self._case_of],
            self.chunk.setting.epoch_tdb,
            self.context,
            self.threads,
        )

    @cached_property
    def _case_of(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def _onward(self) -> Trajectory | None:
        """The flight from the end of the window to the lifetime horizon."""
        from cislunar.propagation import Status, propagate

        horizon = self.chunk.setting.horizon_s
        if horizon is None:
            return None
        window = self.trajectories
        left = np.where(
            window.status == Status.FINISHED, np.maximum(horizon - window.final_elapsed, 0.0), 0.0
        )
        if not left.any():
            return None
        return propagate(
            window.final,
            window.epoch + window.final_elapsed,
            left,
            self.context.lit(self.chunk.pressure),
            rtol=self.chunk.setting.physics.tolerance,
            threads=self.threads,
            on_error="status",
            record=any(measure_kind(each.kind).record for each in self.chunk.measures),
        )

    @cached_property
    def _impact_s(self) -> np.ndarray:
        """Time of each spacecraft's impact, s from the epoch; infinite if it survives."""
        from cislunar.propagation import Status

        impact = np.full(self.trajectories.n, np.inf)
        for flown in (self._onward, self.trajectories):
            if flown is not None:
                crashed = flown.status == Status.IMPACT
                when = flown.epoch + flown.final_elapsed - self.chunk.setting.epoch_tdb
                impact[crashed] = when[crashed]
        return impact

    def _told(self, number: int) -> str:
        name = self.chunk.names[self.chunk.who[number]]
        flown = self.trajectories
        text = f"{name}: {flown.message[number]}"
        elapsed = float(flown.final_elapsed[number])
        return f"{text}, {elapsed / 86400.0:.2f} d after the epoch" if elapsed > 0.0 else text

    def _link(self, site: int, link: str) -> LinkFigures:
        edges = any(measure_kind(each.kind).edges for each in self.chunk.measures)
        key = (str(site), link, edges)
        if key not in self._figures:
            self._figures[key] = self._figures_of(
                [self.context.sites[site]],
                link,
                self.chunk.relay & self.chunk.serves[:, site],
                self.chunk.setting.minimum_pass_s,
                edges,
            )
        return self._figures[key]

    def _over_map(self, measure: Measure, kind: MeasureKind) -> np.ndarray:
        """Figures of the cells of the scenario's map, each a user with exact edges."""
        from cislunar.coverage.grids import make_grid
        from cislunar.environment.regions import region
        from cislunar.environment.sites import ConstantMask, Site

        chart = self.chunk.setting.map
        assert chart is not None
        grid = make_grid(region(chart.region), chart.grid, chart.resolution_rad)
        mask = ConstantMask(chart.mask_rad)
        cells = [
            Site(f"cell-{number}", float(latitude), float(longitude), chart.height_km, mask)
            for number, (latitude, longitude) in enumerate(
                zip(grid.latitude_rad, grid.longitude_rad, strict=True)
            )
        ]
        parts = []
        for low in range(0, len(cells), _SITES_AT_ONCE):
            key = (f"map-{low}", measure.link, kind.edges)
            if key not in self._figures:
                self._figures[key] = self._figures_of(
                    cells[low : low + _SITES_AT_ONCE],
                    measure.link,
                    self.chunk.relay,
                    chart.minimum_pass_s,
                    kind.edges,
                )
            parts.append(kind.evaluate(self._figures[key]))
        return taken(np.concatenate(parts, axis=1), kind, measure.take, grid.area_fraction)

    def _figures_of(
        self, sites: list[Site], link: str, members: np.ndarray, minimum_pass_s: float, edges: bool
    ) -> LinkFigures:
        """Figures of a link over some sites, by the spacecraft that serve them."""
        reports = self.chunk.reports[members]
        if link == "chain" and len(reports) and (reports != reports[0]).any():
            return self._by_intervals(sites, members, minimum_pass_s)
        from cislunar.coverage.architectures import architecture_coverage
        from cislunar.propagation.batch import cores

        setting = self.chunk.setting
        chosen = np.flatnonzero(members)
        trajectories = self.trajectories if members.all() else self.trajectories[chosen]
        trajectories, gone = _flyable(trajectories)
        sizes = np.bincount(self._case_of[chosen[~gone]], minlength=len(self.sizes))
        served = np.flatnonzero(sizes > 0)
        stations = []
        if link == "chain" and len(reports):
            stations = [each for each, used in zip(setting.stations, reports[0], strict=True) if used]
        shape = (len(self.sizes), len(sites))
        length = setting.duration_s
        percent, longest = np.zeros(shape), np.full(shape, length)
        gaps, passes = np.ones(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        counts, kept = np.zeros(shape, dtype=np.int64), np.zeros(0)
        if len(served):
            found = architecture_coverage(
                trajectories,
                [int(size) for size in sizes[served]],
                sites,
                stations,
                self.context.tables,
                minimum_pass_s=minimum_pass_s,
                light_time=setting.light_time,
                keep_edges=edges,
                threads=self.threads or cores(),
            )
            percent[served], longest[served] = found.percent, found.longest_gap_s
            gaps[served], passes[served] = found.gaps, found.passes
            if edges:
                assert found.offsets is not None
                assert found.edges_s is not None
                counts[served] = np.diff(found.offsets).reshape(len(served), len(sites))
                kept = found.edges_s
        offsets = np.concatenate(([0], np.cumsum(counts.ravel()))) if edges else None
        return LinkFigures(percent, longest, gaps, passes, length, offsets, kept if edges else None)

    def _by_intervals(self, sites: list[Site], members: np.ndarray, minimum_pass_s: float) -> LinkFigures:
        """Figures of the chain where relays of one case reach different stations, case by case."""
        from cislunar.coverage.access import compute_access
        from cislunar.propagation import Status

        setting, tables = self.chunk.setting, self.context.tables
        flown = self.trajectories.status != Status.BAD_INPUT
        every: list[Intervals] = []
        for first, size in zip(self.first, self.sizes, strict=True):
            own = [i for i in range(first, first + size) if members[i] and flown[i]]
            access = compute_access(
                {str(i): self.trajectories[int(i)] for i in own},
                sites,
                list(setting.stations),
                self.context.environment,
                (tables.start_tdb, tables.end_tdb),
                reports_to={
                    str(i): [
                        each.name
                        for each, used in zip(setting.stations, self.chunk.reports[i], strict=True)
                        if used
                    ]
                    for i in own
                },
                light_time=setting.light_time,
                tables=tables,
            )
            every += [access.chain(site.name).without_short(minimum_pass_s) for site in sites]
        shape = (len(self.sizes), len(sites))
        edges = [np.stack((each.start, each.end), axis=-1).ravel() - tables.start_tdb for each in every]
        gaps = [each.complement().duration_s for each in every]
        return LinkFigures(
            np.array([100.0 * each.duration_s.sum() / setting.duration_s for each in every]).reshape(shape),
            np.array([np.max(each, initial=0.0) for each in gaps]).reshape(shape),
            np.array([len(each) for each in gaps]).reshape(shape),
            np.array([len(each) for each in every]).reshape(shape),
            setting.duration_s,
            np.concatenate(([0], np.cumsum([len(each) for each in edges]))),
            np.concatenate([np.zeros(0), *edges]),
        )


def _flyable(trajectories: Trajectory) -> tuple[Trajectory, np.ndarray]:
    """Trajectories that were flown, and which were not."""
    from cislunar.propagation import Status

    gone = trajectories.status == Status.BAD_INPUT
    return (trajectories[np.flatnonzero(~gone)] if gone.any() else trajectories), gone


def _lowest_perilune(flown: Trajectory) -> np.ndarray:
    """Lowest perilune altitude of each trajectory, km; infinite where there is none."""
    from cislunar.propagation import Periapsis, find_events

    lowest = np.full(flown.n, np.inf)
    rows: Any = find_events(flown, [Periapsis()]).rows
    radius = np.linalg.norm(rows["state"][:, :3], axis=1)
    np.minimum.at(lowest, rows["trajectory"], radius - MOON_RADIUS_KM)
    lengths = np.diff(flown.offsets)
    begins = flown.nodes[1:7, flown.offsets[:-1][lengths > 0]]
    distance, speed = np.linalg.norm(begins[:3], axis=0), np.linalg.norm(begins[3:], axis=0)
    climbing = np.sum(begins[:3] * begins[3:], axis=0) / (distance * speed)
    # An apoapsis is such a place too; there the spacecraft is slower than on a circle.
    low = (np.abs(climbing) < _AT_PERIAPSIS) & (distance * speed**2 >= flown.forces.gm["moon"])  # type: ignore[union-attr]
    whose = np.flatnonzero(lengths > 0)[low]
    lowest[whose] = np.minimum(lowest[whose], distance[low] - MOON_RADIUS_KM)
    return lowest
