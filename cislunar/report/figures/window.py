"""The launch window: pork-chop of departure and flight time, and a calendar of launch days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SECONDS_PER_DAY
from cislunar.report.style import BLACK, BLUE, GREY, LIGHT, ORANGE, VERMILLION, drawing, inches, new_figure
from cislunar.time import format_epoch, utc_datetime64

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cislunar.mission.window_choice import LaunchWindow

Array = NDArray[np.float64]

_BRANCH_WORDS = {"north": "passing north of the Moon", "south": "passing south of the Moon"}


@drawing
def porkchop(window: LaunchWindow) -> Figure:
    """Draw injection and insertion together over departure and flight time, one panel for each branch.

    Parameters
    ----------
    window : LaunchWindow
        With two flight times or more.

    Returns
    -------
    matplotlib.figure.Figure
    """
    asked, table = window.definition, window.table
    cost = table["injection_km_s"] + table["insertion_km_s"]
    least = table.iloc[int(np.nanargmin(cost.to_numpy()))]
    title = (
        f"Injection and insertion cost from {cost.min():.3f} km/s, leaving "
        f"{format_epoch(least['departure_tdb'], 'UTC', 0)[:10]} for {_days(least):.3g} days"
    )
    subtitle = f"{len(table)} transfers; dots: every condition of the landing is met."
    if window.choice is not None:
        chosen = window.choice
        subtitle += (
            f" Star: chosen, {chosen['injection_km_s'] + chosen['insertion_km_s']:.3f} km/s, "
            f"{format_epoch(chosen['departure_tdb'], 'UTC', 0)[:10]}, {_days(chosen):.3g} days."
        )
    count = len(asked.branches)
    figure = new_figure(7.4, 1.2 + 2.5 * count, title, subtitle=subtitle)
    left, bottom, width, height = inches(figure, 0.72, 0.62, 0.95, 0.72)
    gap = 0.55 / figure.get_size_inches()[1]
    each = (height - (count - 1) * gap) / count
    low, high = np.nanpercentile(cost, [0.0, 99.0])
    levels = _levels(float(low), float(high))
    for number, branch in enumerate(asked.branches):
        axes = figure.add_axes((left, bottom + (count - 1 - number) * (each + gap), width, each))
        drawn = _surface(axes, window, branch, levels)
        axes.set_title(f"Arrival {_BRANCH_WORDS[branch]}", fontsize=9.0)
        axes.set_ylabel("flight time (days)")
        if number == count - 1:
            axes.set_xlabel("departure (UTC)")
            bar = figure.add_axes((left + width + 0.025, bottom, 0.018, height))
            figure.colorbar(drawn, cax=bar, label="injection and insertion (km/s)")
    return figure


def _surface(axes: Axes, window: LaunchWindow, branch: str, levels: Array) -> Any:
    from matplotlib.patheffects import withStroke

    table = window.table[window.table["branch"] == branch]
    cost = table["injection_km_s"] + table["insertion_km_s"]
    best = (
        table.assign(cost=cost)
        .groupby(["time_of_flight_s", "launch"])
        .agg({"cost": "min", "feasible": "max"})
    )
    grid = best["cost"].unstack("launch")
    feasible = best["feasible"].unstack("launch")
    departure = window.definition.start_tdb + window.definition.step_s * grid.columns.to_numpy(
        dtype=np.float64
    )
    dates, days = utc_datetime64(departure), grid.index.to_numpy(dtype=np.float64) / SECONDS_PER_DAY
    values = np.ma.masked_invalid(grid.to_numpy(dtype=np.float64))
    drawn = axes.contourf(dates, days, values, levels=levels, cmap="cividis_r", extend="max")
    lines = axes.contour(dates, days, values, levels=levels[::3], colors=BLACK, linewidths=0.5)
    halo: Any = [withStroke(linewidth=2.0, foreground="white")]
    for text in axes.clabel(lines, fmt="%.3f", fontsize=7.0):
        text.set_path_effects(halo)
    i, j = np.nonzero(feasible.to_numpy(dtype=bool))
    axes.plot(
        dates[j],
        days[i],
        "o",
        color="white",
        markeredgecolor=BLACK,
        markersize=3.2,
        clip_on=False,
        markeredgewidth=0.6,
    )
    chosen = window.choice
    if chosen is not None and chosen["branch"] == branch:
        axes.plot(
            utc_datetime64(np.array([chosen["departure_tdb"]])),
            [_days(chosen)],
            "*",
            color=ORANGE,
            markeredgecolor=BLACK,
            markersize=15.0,
            zorder=5,
        )
    _dates(axes)
    return drawn


@drawing
def window_calendar(window: LaunchWindow) -> Figure:
    """Draw for every launch what its best flight costs, how the Sun stands at landing, and what excludes it.

    Parameters
    ----------
    window : LaunchWindow

    Returns
    -------
    matplotlib.figure.Figure
    """
    days = window.days
    good = days["feasible"].to_numpy(dtype=bool)
    dates = utc_datetime64(days["departure_tdb"].to_numpy())
    figure = new_figure(7.4, 6.4, _calendar_title(window), subtitle=_calendar_subtitle(window))
    left, bottom, width, height = inches(figure, 0.95, 0.62, 0.15, 0.78)
    gap = 0.32 / figure.get_size_inches()[1]
    parts = [0.43, 0.33, 0.24]
    tall = height - 2.0 * gap
    edges = bottom + height - np.cumsum([part * tall for part in parts]) - gap * np.arange(3)
    costs, suns, why = (
        figure.add_axes((left, edge, width, part * tall)) for edge, part in zip(edges, parts, strict=True)
    )
    half = np.timedelta64(int(500.0 * window.definition.step_s), "ms")
    for axes in (costs, suns, why):
        for opening in window.openings:
            at = utc_datetime64(days.loc[opening, "departure_tdb"].to_numpy())
            axes.axvspan(at[0] - half, at[-1] + half, color=LIGHT, zorder=0)
    costs.plot(dates[~good], days["delta_v_km_s"][~good], "x", color=GREY, markersize=4.0, label="not met")
    costs.plot(dates[good], days["delta_v_km_s"][good], "o", color=BLUE, markersize=5.0, label="all met")
    _mark(costs, window)
    costs.set_ylabel("spacecraft's delta-v (km/s)")
    costs.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=5, borderaxespad=0.15, columnspacing=1.2)
    rising = days["sun_rising"].to_numpy(dtype=np.float64) > 0.5
    elevation = days["sun_elevation_deg"].to_numpy(dtype=np.float64)
    for mask, marker, label in ((rising, "^", "rising"), (~rising, "v", "setting")):
        some = mask & np.isfinite(elevation)
        suns.scatter(
            dates[some],
            elevation[some],
            marker=marker,
            s=22.0,
            facecolors=np.where(good[some], BLUE, "none").tolist(),
            edgecolors=np.where(good[some], BLUE, GREY).tolist(),
            label=f"Sun {label}",
        )
    suns.set_ylabel("Sun at landing (deg)")
    suns.axhline(0.0, color=BLACK, linewidth=0.8)
    suns.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.15)
    _reasons(why, window, dates)
    for axes in (costs, suns, why):
        axes.set_xlim(dates[0] - half, dates[-1] + half)
        _dates(axes)
    for axes in (costs, suns):
        axes.tick_params(labelbottom=False)
        axes.xaxis.get_offset_text().set_visible(False)
    why.set_xlabel("launch (UTC)")
    return figure


def _mark(axes: Axes, window: LaunchWindow) -> None:
    """Chosen launch, its slip days, and the backups."""
    if window.choice is None:
        return

    def points(rows: Any, marker: str, colour: str, size: float, label: str) -> None:
        if len(rows):
            axes.plot(
                utc_datetime64(rows["departure_tdb"].to_numpy()),
                rows["delta_v_km_s"],
                marker,
                color=colour,
                markeredgecolor=BLACK,
                markersize=size,
                linestyle="none",
                label=label,
                zorder=4,
            )

    points(window.slips, "s", VERMILLION, 6.0, "slip days")
    points(window.backups, "D", ORANGE, 6.0, "backups")
    points(window.days.loc[[window.chosen]], "*", ORANGE, 15.0, "chosen")


def _reasons(axes: Axes, window: LaunchWindow, dates: NDArray[Any]) -> None:
    """Every condition that a launch's best flight does not meet, one row for each."""
    days = window.days
    names = [name for name in days.columns if name.endswith("_ok") and not days[name].all()]
    for row, name in enumerate(names):
        failed = ~days[name].to_numpy(dtype=bool)
        axes.plot(dates[failed], np.full(int(failed.sum()), row), "s", color=GREY, markersize=4.0)
    axes.set_yticks(range(len(names)), [_WORDS.get(name, name.removesuffix("_ok")) for name in names])
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.set_title("What the best flight of the day does not meet", fontsize=9.0)


_WORDS = {
    "transfer_ok": "transfer",
    "launcher_ok": "launcher",
    "insertion_view_ok": "insertion seen",
    "orbit_ok": "orbit lasts",
    "plane_ok": "plane",
    "wait_ok": "wait",
    "sun_ok": "Sun",
    "sun_motion_ok": "Sun's motion",
    "thrust_ok": "thrust",
    "propellant_ok": "propellant",
    "coverage_ok": "coverage",
}


def _calendar_title(window: LaunchWindow) -> str:
    count, good = len(window.days), int(window.days["feasible"].sum())
    if window.choice is None:
        reasons = window.days["excluded_by"].value_counts()
        return f"None of {count} launches meets every condition: most often {reasons.index[0]}"
    return (
        f"{good} of {count} launches meet every condition; chosen: "
        f"{format_epoch(window.choice['departure_tdb'], 'UTC', 0)[:16].replace('T', ' ')} UTC"
    )


def _calendar_subtitle(window: LaunchWindow) -> str:
    row = window.choice
    if row is None:
        return "Each launch with its best flight: the feasible one, or without one the cheapest."
    text = (
        f"Lands {format_epoch(row['landing_tdb'], 'UTC', 0)[:10]}, the Sun at "
        f"{row['sun_elevation_deg']:.1f} deg; {row['margin_kg']:.0f} kg of propellant left."
    )
    if len(window.slips):
        text += (
            f" {len(window.slips)} slip days, for up to {window.slips['reserve_m_s'].iloc[-1]:.1f} m/s more; "
        )
    else:
        text += " No slip day; "
    backups = window.backups
    if not len(backups):
        return text + "no backup."
    dearest = backups["slip_m_s"].max()
    return (
        text + f"{len(backups)} later openings, for {backups['slip_m_s'].min():+.1f} to {dearest:+.1f} m/s."
    )


def _levels(low: float, high: float) -> Array:
    """Round levels between two costs, some ten to twenty."""
    span = max(high - low, 1e-4)
    step = next(
        each
        for each in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
        if span / each <= 18.0 or each == 0.2
    )
    return np.asarray(step * np.arange(np.floor(low / step), np.ceil(high / step) + 1.0))


def _days(row: Any) -> float:
    return float(row["time_of_flight_s"]) / SECONDS_PER_DAY


def _dates(axes: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
