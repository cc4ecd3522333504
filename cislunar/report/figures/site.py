"""What a site sees: elevations of the relays, the Sun and the Earth, and the relays' eclipses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.sites import ConstantMask
from cislunar.report import wording
from cislunar.report.facts import DAY, relays, site_title, window
from cislunar.report.figures.timeaxis import time_axis
from cislunar.report.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    drawing,
    inches,
    legend_above,
    new_figure,
    plain,
    series,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cislunar.mission.result import MissionResult

ZOOM_DAYS = 3.0


def mask_range_deg(horizon: Any) -> tuple[float, float]:
    """Give the lowest and highest elevation of a site's horizon mask, degrees."""
    heights = np.degrees(horizon.mask_rad if isinstance(horizon, ConstantMask) else horizon.elevation_rad)
    return float(np.min(heights)), float(np.max(heights))


@drawing
def site_elevation(result: MissionResult, site: str) -> Figure:
    """Draw the elevation of each relay at a site: the first days above, below every day of the scenario.

    The lower panels have one column a day and the time of day upwards; white is below the horizontal.

    Parameters
    ----------
    result : MissionResult
    site : str
        Name of the site.
    """
    names = relays(result, site)
    looks = series(result.trajectories)
    start, end = window(result)
    data = result.coverage["site_relay_elevation_deg"].sel(site=site)
    days = (data["time"].values - start) / DAY
    span = (end - start) / DAY
    horizon = result.sites[site].horizon
    tops = [f"{name} {float(np.nanmax(data.sel(relay=name).values)):.0f}°" for name in names]
    low, high = mask_range_deg(horizon)
    band = f"{low:g}°" if low == high else f"{low:.1f} to {high:.1f}° by azimuth (dark band)"
    skyline = f"Horizon of the site: {band}."
    carpets = names if span > 2 * ZOOM_DAYS else []
    height = 3.55 + (2.0 if carpets else 0.0)
    figure = new_figure(
        9.6,
        height,
        f"Highest elevation at {site_title(result, site)}: {wording.listing(tops)}",
        subtitle=skyline
        + (" Above: the first days. Below: every day; white is below the horizontal." if carpets else ""),
    )
    axes = figure.add_axes(inches(figure, 0.75, height - 2.85, 0.45, 0.85))
    early = days <= min(span, ZOOM_DAYS) + 1e-9
    for name in names:
        colour, line, _ = looks[name]
        axes.plot(
            days[early], data.sel(relay=name).values[early], color=colour, linestyle=line, label=plain(name)
        )
    axes.axhspan(-90.0, low, color="#e6e6e6", zorder=0)
    axes.axhspan(low, high, color=GREY, alpha=0.5, zorder=0)
    axes.axhline(
        high,
        color=BLACK,
        linewidth=0.9,
        linestyle="-.",
        label="horizon of the site",
    )
    axes.set_ylim(-30.0, 90.0)
    axes.set_yticks([-30, 0, 30, 60, 90])
    axes.set_ylabel("elevation, °")
    time_axis(axes, start, 0.0, min(span, ZOOM_DAYS))
    legend_above(axes)
    width = (9.6 - 0.75 - 1.05) / max(len(carpets), 1)
    for number, name in enumerate(carpets):
        panel = figure.add_axes(
            inches(
                figure,
                0.75 + number * width,
                0.62,
                1.05 + (len(carpets) - 1 - number) * width + 0.35,
                height - 1.75,
            )
        )
        image = panel.imshow(
            _carpet(days, data.sel(relay=name).values, int(np.ceil(span - 1e-9))),
            origin="lower",
            aspect="auto",
            extent=(0.0, float(np.ceil(span - 1e-9)), 0.0, 24.0),
            cmap="viridis",
            vmin=0.0,
            vmax=90.0,
            interpolation="none",
        )
        panel.set_title(plain(name), fontsize=9, pad=3)
        panel.grid(visible=False)
        panel.set_yticks([0, 12, 24])
        if number == 0:
            panel.set_ylabel("hour of day")
        else:
            panel.tick_params(labelleft=False)
        time_axis(panel, start, 0.0, float(np.ceil(span - 1e-9)), ticks=max(2, 8 // len(carpets)))
        if name == carpets[-1]:
            bar = figure.colorbar(
                image,
                cax=figure.add_axes(inches(figure, 8.7, 0.62, 0.72, height - 1.75)),
                ticks=[0, 30, 60, 90],
            )
            bar.set_label("elevation, °")
    return figure


def _carpet(days: NDArray[np.float64], elevation: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """Sample a series at 144 times a day, a column for each day; below the horizontal it is NaN."""
    when = (np.arange(columns * 144) + 0.5) / 144.0
    nearest = np.clip(np.searchsorted(days, when), 0, days.size - 1)
    picture = np.where(when <= days[-1], elevation[nearest], np.nan).reshape(columns, 144).T
    return np.where(picture > 0.0, picture, np.nan)


@drawing
def site_lighting(result: MissionResult, site: str) -> Figure:
    """Draw Sun and Earth elevation at a site, and when and how long each relay is in shadow.

    Parameters
    ----------
    result : MissionResult
    site : str
        Name of the site.
    """
    start, end = window(result)
    span = (end - start) / DAY
    step = max(1, result.coverage.sizes["time"] // 3000)
    days = (result.coverage["time"].values[::step] - start) / DAY
    sun = result.coverage["sun_elevation_deg"].sel(site=site).values[::step]
    earth = result.coverage["earth_elevation_deg"].sel(site=site).values[::step]
    table = result.eclipses
    umbra = table[table["kind"] == "umbra"]
    longest = wording.duration(float(umbra["duration_s"].max())) if len(umbra) else None
    shadow = f"relays in umbra up to {longest} at a time" if longest else "no relay enters an umbra"
    light = wording.percent(100.0 * float(np.mean(sun > 0.0)))
    figure = new_figure(
        9.6,
        5.0,
        f"{site_title(result, site)} has the Sun above the horizontal {light} of the time; {shadow}",
        subtitle="Above: elevation of the centres of Sun and Earth, no horizon applied. Below: each "
        "eclipse of a relay.",
    )
    upper = figure.add_axes(inches(figure, 0.75, 2.55, 0.3, 0.85))
    upper.plot(days, sun, color=ORANGE, linestyle="-", linewidth=1.6, label="Sun")
    upper.plot(days, earth, color=BLUE, linestyle="--", label="Earth")
    upper.axhline(0.0, color=BLACK, linewidth=0.9)
    upper.fill_between(days, sun, 0.0, where=sun > 0.0, color=ORANGE, alpha=0.2, linewidth=0)
    upper.set_ylabel("elevation, °")
    upper.set_xlim(0.0, span)
    upper.tick_params(labelbottom=False)
    legend_above(upper)
    lower = figure.add_axes(inches(figure, 0.75, 0.62, 0.3, 2.85))
    for name, (colour, _, marker) in series(result.trajectories).items():
        for kind, fill in (("umbra", colour), ("penumbra", "none")):
            for body, edge in (("moon", colour), ("earth", BLACK)):
                rows = table[
                    (table["spacecraft"] == name) & (table["kind"] == kind) & (table["body"] == body)
                ]
                if len(rows) == 0:
                    continue
                where = (rows["start_tdb"].to_numpy() - start) / DAY
                label = f"{name}, {kind} of the {body.capitalize()}"
                lower.plot(
                    where,
                    rows["duration_s"].to_numpy() / 60.0,
                    marker=marker,
                    linestyle="none",
                    markersize=4 if body == "moon" else 8,
                    markerfacecolor=fill,
                    markeredgecolor=edge,
                    markeredgewidth=0.8,
                    label=plain(label),
                    rasterized=len(rows) > 500,
                )
    lower.set_ylim(bottom=0.0)
    lower.set_ylabel("time in shadow, min")
    time_axis(lower, start, 0.0, span)
    if lower.get_legend_handles_labels()[0]:
        lower.legend(
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=4,
            borderaxespad=0.15,
            fontsize=7.5,
            handletextpad=0.2,
        )
    return figure
