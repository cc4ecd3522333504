"""Who sees whom, when: the access timeline, the calendar of the whole mission, gaps, and degraded cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.coverage.intervals import Intervals
from cislunar.report import wording
from cislunar.report.facts import (
    DAY,
    eclipses,
    headline_link,
    intervals,
    path_to_earth,
    relays,
    site_title,
    stations,
    window,
)
from cislunar.report.figures.timeaxis import time_axis
from cislunar.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILLION,
    drawing,
    inches,
    legend_above,
    new_figure,
    plain,
    series,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cislunar.mission.result import MissionResult

ZOOM_DAYS = 3.0


def headline(result: MissionResult, site: str) -> str:
    """Say in a sentence how much of the time a site reaches Earth and how long it must wait at worst."""
    link = headline_link(result, site)
    numbers = result.statistics[site][link]
    what = "sees a relay and Earth" if link == "chain" else "sees Earth"
    gap = numbers["gap_s"]["max"]
    worst = f"longest gap {wording.duration(gap)}" if gap else "no gap"
    return f"{site_title(result, site)} {what} {wording.percent(numbers['percent'])} of the time; {worst}"


@dataclass(frozen=True)
class _Row:
    """A row of the timeline: bars of one colour, and for a relay's shadow the umbra inside the penumbra."""

    label: str
    spans: Intervals
    colour: str
    step: float
    height: float
    umbra: Intervals | None = None


def _rows(result: MissionResult, site: str) -> list[_Row]:
    """Give the rows of the timeline from top to bottom."""
    link = headline_link(result, site)
    name = site_title(result, site)
    over = " over a relay" if link == "chain" else ""
    rows = [_Row(f"{name} – Earth{over}", path_to_earth(result, site), BLACK, 1.0, 0.62)]
    if link == "chain" and "direct" in result.statistics[site]:
        direct = intervals(result, "direct", site=site)
        if len(direct):
            rows.append(_Row(f"{name} – Earth, direct", direct, GREY, 0.72, 0.34))
    if link == "direct":
        views = {
            station: intervals(result, "direct", site=site, station=station) for station in stations(result)
        }
        rows += [_Row(f"{name} – {key}", seen, BLUE, 0.72, 0.34) for key, seen in views.items() if len(seen)]
    looks = series(result.trajectories)
    for relay in relays(result, site):
        colour = looks[relay][0]
        rows.append(
            _Row(
                f"{name} – {relay}",
                intervals(result, "site-relay", site=site, relay=relay),
                colour,
                1.0,
                0.62,
            )
        )
        dark = eclipses(result, relay, ("penumbra", "umbra"))
        rows.append(_Row(f"{relay} in shadow", dark, ORANGE, 0.66, 0.44, eclipses(result, relay, ("umbra",))))
        for station in stations(result):
            contact = intervals(result, "relay-earth", relay=relay, station=station)
            if len(contact):
                rows.append(_Row(f"{relay} – {station}", contact, colour, 0.72, 0.34))
    return rows


def _bars(axes: Axes, spans: Intervals, epoch: float, centre: float, height: float, **look: Any) -> None:
    low, high = axes.get_xlim()
    shown = spans.clip(epoch + low * DAY, epoch + high * DAY)
    bars = list(zip((shown.start - epoch) / DAY, shown.duration_s / DAY, strict=True))
    axes.broken_barh(bars, (centre - height / 2, height), linewidth=0, **look)


def _gantt(axes: Axes, rows: list[_Row], gaps: Intervals, epoch: float, first: float, last: float) -> None:
    time_axis(axes, epoch, first, last, ticks=6)
    places = -np.cumsum([row.step for row in rows])
    for row, y in zip(rows, places.tolist(), strict=True):
        _bars(axes, row.spans, epoch, y, row.height, color=row.colour, alpha=1.0 if row.step > 0.7 else 0.8)
        if row.umbra is not None:
            _bars(axes, row.umbra, epoch, y, 0.6 * row.height, color=BLACK)
    low = float(places[-1])
    _bars(axes, gaps, epoch, low / 2.0 - 0.5, -low + 0.2, color="#bdbdbd", alpha=0.45, zorder=0)
    size = 8.0 if len(rows) <= 20 else 6.5
    axes.set_yticks(places.tolist(), [plain(row.label) for row in rows], fontsize=size)
    axes.set_ylim(low - 0.6, -0.4)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


def _panels(rows: list[_Row], gaps: Intervals, epoch: float, days: float) -> list[tuple[str, float, float]]:
    """Choose what to show: the first days, those about the longest gap and about the longest eclipse."""
    panels = [("First days", 0.0, min(days, ZOOM_DAYS))]
    if days <= 2.0 * ZOOM_DAYS:
        return panels
    shadows = [row.spans for row in rows if row.umbra is not None and len(row.spans)]
    none = Intervals.never(gaps.span)
    deepest = max(shadows, key=lambda dark: float(np.max(dark.duration_s)), default=none)
    for name, spans in (("Around the longest gap", gaps), ("Around the longest eclipse", deepest)):
        if len(spans) == 0:
            continue
        longest = int(np.argmax(spans.duration_s))
        # Of a gap longer than a day its beginning is shown.
        middle = (spans.start[longest] - epoch + min(spans.duration_s[longest], DAY) / 2.0) / DAY
        if any(first + 0.3 < middle < last - 0.3 for _, first, last in panels):
            continue
        first = float(np.clip(np.round(2.0 * (middle - ZOOM_DAYS / 2.0)) / 2.0, 0.0, days - ZOOM_DAYS))
        panels.append((name, first, first + ZOOM_DAYS))
    return panels


@drawing
def access_timeline(result: MissionResult, site: str) -> Figure:
    """Draw the access timeline of a site, its relays and the Earth stations, with the relays' eclipses.

    Three days each are shown at the start and, unless they are among those, about the longest gap and about
    the longest eclipse; all of a short scenario. The whole mission is in :func:`access_calendar`.

    Parameters
    ----------
    result : MissionResult
    site : str
        Name of the site.
    """
    start, end = window(result)
    rows = _rows(result, site)
    gaps = path_to_earth(result, site).complement()
    panels = _panels(rows, gaps, start, (end - start) / DAY)
    pitch = (0.25, 0.22, 0.19)[len(panels) - 1]
    band = max(0.14, min(pitch, 4.0 / len(rows))) * len(rows) + 0.3
    height = 0.75 + len(panels) * (band + 0.8)
    served = headline_link(result, site) == "chain"
    without = "no relay connects the site with Earth" if served else "the site does not see Earth"
    figure = new_figure(
        9.0,
        height,
        headline(result, site),
        subtitle=f"Bars: in view. Grey bands: {without}. Relay shadow: orange penumbra, black umbra.",
    )
    left = max(1.75, 0.2 + 0.066 * max(len(row.label) for row in rows))
    for number, (name, first, last) in enumerate(panels):
        top = 0.75 + number * (band + 0.8)
        axes = figure.add_axes(inches(figure, left, height - top - band, 0.45, top))
        _gantt(axes, rows, gaps, start, first, last)
        axes.set_title(name, fontsize=9, pad=4)
    return figure


@drawing
def access_calendar(result: MissionResult, site: str) -> Figure:
    """Draw every day of the mission as a column of 24 hours: how many relays connect the site with Earth.

    Shades run from black (no path) to light (all relays); each pixel is the state at the middle of its
    minutes. Beside it the per cent of each day.

    Parameters
    ----------
    result : MissionResult
    site : str
        Name of the site.
    """
    from matplotlib.colors import BoundaryNorm, ListedColormap

    start, end = window(result)
    days = int(np.ceil((end - start) / DAY - 1e-9))
    link = headline_link(result, site)
    carriers = relays(result, site) if link == "chain" else [""]
    per_day = 480
    centres = start + (np.arange(days * per_day) + 0.5) * DAY / per_day
    count = np.zeros(centres.size)
    for relay in carriers:
        count += intervals(result, link, site=site, relay=relay).contains(centres)
    count[centres > end] = np.nan
    share = result.coverage["daily_percent"].sel(site=site, link=link).values.astype(float)
    edges = np.minimum(np.arange(share.size + 1.0), (end - start) / DAY)
    worst = int(np.argmin(share))
    figure = new_figure(
        9.0,
        5.0,
        f"Day by day: {wording.percent(share[worst])} on the worst day (day {worst}), "
        f"{wording.percent(float(share.max()))} on the best",
        subtitle=f"{site_title(result, site)}, {wording.LINK_TEXT[link]}. One column a day from the "
        f"scenario's epoch, "
        "time of day upwards; below, the share of each day.",
    )
    axes = figure.add_axes(inches(figure, 0.75, 1.95, 1.0, 0.72))
    shades = [(0.0, 0.0, 0.0), *[_shade(k / max(len(carriers), 1)) for k in range(1, len(carriers) + 1)]]
    cmap = ListedColormap(shades)
    image = axes.imshow(
        count.reshape(days, per_day).T,
        origin="lower",
        aspect="auto",
        extent=(0.0, float(days), 0.0, 24.0),
        cmap=cmap,
        norm=BoundaryNorm(np.arange(len(shades) + 1) - 0.5, len(shades)),
        interpolation="none",
    )
    axes.set_yticks([0, 6, 12, 18, 24])
    axes.set_ylabel("hours since start of day")
    axes.grid(visible=False)
    axes.set_xlim(0, days)
    axes.tick_params(labelbottom=False)
    bar = figure.colorbar(
        image, cax=figure.add_axes(inches(figure, 8.15, 1.95, 0.7, 0.72)), ticks=np.arange(len(shades))
    )
    bar.ax.tick_params(length=0)
    bar.set_label(
        "relays connecting the site with Earth" if link == "chain" else "site sees Earth (1) or not (0)"
    )

    strip = figure.add_axes(inches(figure, 0.75, 0.62, 1.0, 3.2))
    strip.stairs(share, edges, color=BLUE, fill=True, alpha=0.35, linewidth=0)
    strip.stairs(share, edges, color=BLUE, baseline=None)
    strip.set_ylim(0, 103)
    strip.set_ylabel("per cent of day")
    time_axis(strip, start, 0.0, float(days))
    return figure


def _shade(fraction: float) -> tuple[float, float, float]:
    """Give a colour of the cividis family whose lightness grows with the fraction."""
    from matplotlib import colormaps

    red, green, blue, _ = colormaps["cividis"](0.25 + 0.7 * fraction)
    return float(red), float(green), float(blue)


@drawing
def gap_distribution(result: MissionResult, site: str) -> Figure:
    """Draw the gaps of a site's path to Earth: how many of each length, and their share of the lost time.

    Parameters
    ----------
    result : MissionResult
    site : str
        Name of the site.
    """
    from matplotlib.ticker import MaxNLocator

    link = headline_link(result, site)
    hours = path_to_earth(result, site).complement().duration_s / 3600.0
    scale, unit = wording.gap_scale(float(np.max(hours, initial=0.0)))
    lengths = hours * scale
    numbers = result.statistics[site][link]
    p95, longest = numbers["gap_s"]["p95"], numbers["gap_s"]["max"]
    if hours.size:
        title = (
            f"{hours.size} gaps: half are under {wording.duration(numbers['gap_s']['median'])}, "
            f"95 % under {wording.duration(p95)}, the longest is {wording.duration(longest)}"
        )
    else:
        title = f"{site_title(result, site)} is never without a path to Earth"
    figure = new_figure(9.0, 3.75, title, subtitle=f"{site_title(result, site)}, {wording.LINK_TEXT[link]}")
    left = figure.add_axes(inches(figure, 0.75, 0.55, 4.85, 0.88))
    right = figure.add_axes(inches(figure, 5.15, 0.55, 0.3, 0.88))
    top = max(float(np.max(lengths, initial=0.0)), 1e-3)
    asked = [
        row["asked"] / 3600.0 * scale
        for row in result.requirements
        if row["measure"] == "longest_gap" and row["site"] == site and row["link"] == link
    ]
    reach = 1.05 * max([top, *(limit for limit in asked if limit < 2.5 * top)])
    left.hist(lengths, bins=np.linspace(0, reach, 31).tolist(), color=BLUE, edgecolor="white", linewidth=0.5)
    left.set_xlabel(f"gap length, {unit}")
    left.set_ylabel("number of gaps")
    left.yaxis.set_major_locator(MaxNLocator(integer=True))
    order = np.sort(lengths)
    if order.size:
        rank = 100.0 * np.arange(1, order.size + 1) / order.size
        right.step([0, *order], [0, *rank], where="post", color=BLUE, label="share of gaps not longer")
        lost = 100.0 * np.cumsum(order) / order.sum()
        right.step(
            [0, *order],
            [0, *lost],
            where="post",
            color=VERMILLION,
            linestyle=(0, (5, 2)),
            label="share of lost time",
        )
        right.plot(top, 100.0, "o", color=BLACK, markersize=5, label=f"longest, {wording.duration(longest)}")
    for axes in (left, right):
        axes.set_xlim(0, reach)
        for number, limit in enumerate(asked):
            label = f"required: at most {wording.duration(limit / scale * 3600.0)}"
            label += "" if limit <= reach else " (off the scale)"
            shown = label if number == 0 else None
            axes.axvline(min(limit, 1.1 * reach), color=BLACK, linestyle="-.", linewidth=1.2, label=shown)
    right.set_ylim(0, 104)
    right.set_xlabel(f"gap length, {unit}")
    right.set_ylabel("per cent")
    legend_above(right, columns=2)
    return figure


@drawing
def degraded_cases(result: MissionResult, site: str) -> Figure:
    """Draw per cent and longest gap with each relay and each station lost, beside the whole system.

    Parameters
    ----------
    result : MissionResult
    site : str
        Name of the site.
    """
    link = headline_link(result, site)
    numbers = result.statistics[site][link]
    cases = [("nothing lost", numbers["percent"], numbers["gap_s"]["max"])]
    cases += [
        (f"{row['lost']} lost", row["percent"], row["longest_gap_s"])
        for row in result.degraded
        if row["site"] == site
    ]
    worst = min(cases[1:], key=lambda case: case[1], default=None)
    title = (
        f"Worst single loss: without {worst[0].removesuffix(' lost')} {wording.percent(worst[1])} of "
        f"the time, "
        f"longest gap {wording.duration(worst[2])}"
        if worst
        else "No single loss to show"
    )
    scale, unit = wording.gap_scale(max(case[2] for case in cases) / 3600.0)
    height = 1.55 + 0.3 * len(cases)
    figure = new_figure(9.0, height, title, subtitle=f"{site_title(result, site)}, {wording.LINK_TEXT[link]}")
    left = figure.add_axes(inches(figure, 1.75, 0.55, 3.75, 0.72))
    right = figure.add_axes(inches(figure, 5.55, 0.55, 0.55, 0.72))
    y = -np.arange(len(cases))
    colours = [BLUE] + [VERMILLION if "relay" in case[0] else GREEN for case in cases[1:]]
    hatches = [""] + ["///" if "relay" in case[0] else "..." for case in cases[1:]]
    for axes, values, label in (
        (left, [case[1] for case in cases], "time in view, per cent"),
        (right, [case[2] / 3600.0 * scale for case in cases], f"longest gap, {unit}"),
    ):
        bars = axes.barh(y, values, height=0.62, color=colours, edgecolor="white", linewidth=0)
        for bar, hatch in zip(bars, hatches, strict=True):
            bar.set_hatch(hatch)
        limit = 100.0 if axes is left else max(*values, 1e-3)
        for position, value in zip(y, values, strict=True):
            text = wording.percent(value) if axes is left else wording.duration(3600.0 * value / scale)
            axes.text(value + limit * 0.015, float(position), text, va="center", fontsize=8)
        axes.set_xlim(0, limit * 1.17)
        axes.set_xlabel(label)
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
    left.set_yticks(y, [plain(case[0]) for case in cases])
    right.set_yticks(y, [])
    return figure
