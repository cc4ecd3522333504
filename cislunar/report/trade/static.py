"""The figures of a study's report for paper and for folders: matplotlib."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.report.style import (
    BLACK,
    BLUE,
    GREY,
    LIGHT,
    SKY,
    VERMILLION,
    drawing,
    inches,
    legend_above,
    new_figure,
    plain,
)
from cislunar.report.trade.views import GROUPS, Bars, Effects, Heat, Parallel, Scale, Scatter, spots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS: dict[str, dict[str, Any]] = {
    GROUPS[0]: {"color": "#b5b5b5", "marker": "x", "s": 12, "linewidths": 0.7},
    GROUPS[1]: {"color": SKY, "marker": "o", "s": 14, "linewidths": 0.0},
    GROUPS[2]: {"color": VERMILLION, "marker": "D", "s": 24, "linewidths": 0.4, "edgecolors": BLACK},
}
"""Colour, marker and size of each group of cases: told apart without colour too."""


@drawing
def draw_scatter(view: Scatter) -> Figure:
    """Objectives against each other, with the bounds and the named designs."""
    figure = new_figure(8.0, 4.6, view.title, subtitle=view.detail)
    axes = figure.add_axes(inches(figure, 0.75, 0.55, 0.25, 0.85))
    for group, rows in view.rows.items():
        if len(rows):
            axes.scatter(view.x.codes[rows], view.y.codes[rows], label=group, **LOOKS[group])
    _bounds(axes, view.x, view.y)
    _letters(axes, view)
    axes.set_xlim(*view.x_range)
    axes.set_ylim(*view.y_range)
    _label(axes, view.x, view.y)
    legend_above(axes, columns=3)
    return figure


def _letters(axes: Axes, view: Scatter) -> None:
    """Ring the designs and write their letters beside them."""
    for row, letters in view.letters:
        at = float(view.x.codes[row]), float(view.y.codes[row])
        axes.scatter(*at, s=110, facecolors="none", edgecolors=BLACK, linewidths=1.4, zorder=5)
        axes.annotate(
            letters,
            at,
            xytext=(8, 7),
            textcoords="offset points",
            fontweight="bold",
            zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
        )


def _bounds(axes: Axes, x: Scale, y: Scale) -> None:
    for bound in x.limits:
        axes.axvline(bound, color=BLACK, linestyle=(0, (4, 2)), linewidth=1.0)
    for bound in y.limits:
        axes.axhline(bound, color=BLACK, linestyle=(0, (4, 2)), linewidth=1.0)


def _label(axes: Axes, x: Scale, y: Scale) -> None:
    axes.set_xlabel(plain(x.title))
    axes.set_ylabel(plain(y.title))
    for scale, setter in ((x, axes.set_xticks), (y, axes.set_yticks)):
        if scale.ticks:
            setter([place for place, _ in scale.ticks], [plain(word) for _, word in scale.ticks])


@drawing
def draw_heat(view: Heat) -> Figure:
    """A measure over two axes, with the line where the requirement is met."""
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import Normal, Stroke

    figure = new_figure(7.0, 4.4, view.title, subtitle=view.detail)
    left = 0.75 if not view.y.ticks else 0.4 + 0.085 * max(len(word) for _, word in view.y.ticks)
    axes = figure.add_axes(inches(figure, left, 0.55, 1.35, 0.75))
    colours = colormaps["viridis" if view.larger_is_better else "viridis_r"].with_extremes(bad=LIGHT)
    mesh = axes.pcolormesh(
        view.x_edges, view.y_edges, np.ma.masked_invalid(view.values), cmap=colours, rasterized=True
    )
    axes.set_facecolor(LIGHT)
    axes.grid(False)
    if view.border:
        halo = [Stroke(linewidth=4.0, foreground="white"), Normal()]
        line = LineCollection(
            view.border, colors=VERMILLION, linewidths=2.2, path_effects=halo, capstyle="round"
        )
        axes.add_collection(line)
        axes.plot([], [], color=VERMILLION, linewidth=2.2, label=plain(view.requirement))
        legend_above(axes)
    bar = figure.colorbar(mesh, cax=figure.add_axes(_beside(axes)))
    bar.set_label(plain(textwrap.fill(view.label, 40)))
    if view.requirement:
        for bound in _levels(view):
            bar.ax.axhline(bound, color=VERMILLION, linewidth=2.0)
    _label(axes, view.x, view.y)
    return figure


def _levels(view: Heat) -> list[float]:
    low, high = float(np.nanmin(view.values)), float(np.nanmax(view.values))
    return [bound for bound in view.limits if low < bound < high]


def _beside(axes: Axes) -> tuple[float, float, float, float]:
    box = axes.get_position()
    return (box.x1 + 0.02, box.y0, 0.02, box.height)


@drawing
def draw_parallel(view: Parallel) -> Figure:
    """Every case as a line over all columns."""
    figure = new_figure(10.0, 4.6, view.title, subtitle=view.detail)
    axes = figure.add_axes(inches(figure, 0.3, 0.85, 0.3, 0.95))
    places = [float(place) for place in range(len(view.scales))]
    widths = {GROUPS[0]: 0.5, GROUPS[1]: 0.6, GROUPS[2]: 0.9}
    for group, rows in view.rows.items():
        look = LOOKS[group]
        for number, row in enumerate(rows):
            axes.plot(
                places,
                view.heights[row],
                color=look["color"],
                linewidth=widths[group],
                alpha=0.75,
                label=group if number == 0 else None,
            )
    if view.winner is not None:
        axes.plot(places, view.heights[view.winner], color=BLACK, linewidth=2.4, label=view.best)
    drawn = np.concatenate(list(view.rows.values()))
    for place, scale in zip(places, view.scales, strict=True):
        axes.axvline(place, color=GREY, linewidth=0.8, zorder=0)
        for height, text, side in ends(scale, drawn):
            axes.text(place, height, plain(text), ha="center", va=side, fontsize=7.5)
    axes.set_xlim(-0.3, len(view.scales) - 0.7)
    axes.set_ylim(-0.09, 1.09)
    axes.set_yticks([])
    axes.grid(False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="x", length=0)
    width = max(10, 120 // len(places))
    axes.set_xticks(places, [plain(textwrap.fill(scale.title, width)) for scale in view.scales], fontsize=7.5)
    legend_above(axes)
    return figure


def ends(scale: Scale, drawn: np.ndarray) -> list[tuple[float, str, str]]:
    """What stands at the lower and upper end of a column of parallel coordinates."""
    from cislunar.report.trade.story import figure

    low, high = float(np.nanmin(scale.codes[drawn])), float(np.nanmax(scale.codes[drawn]))
    words = dict(scale.ticks)
    told = [(0.0, words.get(low, figure(low)), "top"), (1.0, words.get(high, figure(high)), "bottom")]
    return [(height - 0.02 if side == "top" else height + 0.02, text, side) for height, text, side in told]


@drawing
def draw_bars(view: Bars) -> Figure:
    """Shares of variance, a panel for each measure."""
    count, rows = len(view.panels), len(view.labels)
    figure = new_figure(9.0, 1.75 + 0.3 * rows, view.title, subtitle=view.detail)
    longest = max(len(label) for label in view.labels)
    left, bottom, width, height = inches(figure, 0.35 + 0.07 * longest, 0.55, 0.2, 0.95)
    each = width / count
    for number, (measure, table) in enumerate(view.panels):
        axes = figure.add_axes((left + number * each, bottom, 0.9 * each, height))
        places = np.arange(rows)[::-1]
        total = table["total"].to_numpy()
        if np.isfinite(total).any():
            error = np.where(table["total_conf"] > 0.0, table["total_conf"], np.nan)
            axes.barh(
                places, total, 0.62, color="none", edgecolor=BLACK, linewidth=0.9, xerr=error, ecolor=GREY
            )
        error = np.where(table["first_conf"] > 0.0, table["first_conf"], np.nan)
        first = table["first"].clip(lower=0.0)
        axes.barh(places, first, 0.42, color=BLUE, xerr=error, error_kw={"ecolor": BLACK, "elinewidth": 1.0})
        axes.set_xlim(0.0, None)
        axes.set_ylim(-0.6, rows - 0.4)
        axes.set_yticks(places, [plain(label) for label in view.labels] if number == 0 else [])
        axes.set_title(plain(measure), fontsize=8.5, fontweight="normal")
        axes.set_xlabel("share of variance")
        axes.grid(axis="y", visible=False)
    return figure


@drawing
def draw_effects(view: Effects) -> Figure:
    """Mean and spread along every axis."""
    rows, columns = len(view.measures), len(view.axes)
    figure = new_figure(max(6.0, 1.9 * columns), 1.1 + 1.9 * rows, view.title, subtitle=view.detail)
    left, bottom, width, height = inches(figure, 0.85, 0.7, 0.15, 0.65)
    for row, measure in enumerate(view.measures):
        panels: list[Axes] = []
        for column, scale in enumerate(view.axes):
            place = (
                left + column * width / columns,
                bottom + (rows - 1 - row) * height / rows,
                0.86 * width / columns,
                0.86 * height / rows,
            )
            axes = figure.add_axes(place, sharey=panels[0] if panels else None)
            panels.append(axes)
            _effect(axes, view.panels[measure][scale.name], scale)
            if column == 0:
                axes.set_ylabel(plain(textwrap.fill(view.titles[measure], 26)), fontsize=8.0)
            else:
                axes.tick_params(labelleft=False)
            if row == rows - 1:
                axes.set_xlabel(plain(textwrap.fill(scale.title, 22)), fontsize=8.0)
            elif not scale.ticks:
                axes.tick_params(labelbottom=False)
    return figure


def _effect(axes: Axes, table: Any, scale: Scale) -> None:
    if scale.ticks:
        x, words = spots(scale, table["value"])
        mean = table["mean"].to_numpy()
        error = np.clip(np.stack([mean - table["low"], table["high"] - mean]), 0.0, None)
        axes.errorbar(x, mean, error, fmt="o", color=BLUE, capsize=3)
        axes.set_xticks(x, [plain(word) for word in words])
        axes.set_xlim(min(x) - 0.5, max(x) + 0.5)
        axes.tick_params(axis="x", labelsize=7.0)
        return
    x = table["value"].to_numpy(dtype=float)
    order = np.argsort(x)
    axes.fill_between(
        x[order], table["low"].to_numpy()[order], table["high"].to_numpy()[order], color=SKY, alpha=0.35
    )
    axes.plot(x[order], table["mean"].to_numpy()[order], color=BLUE, marker="." if len(x) < 20 else None)
    axes.tick_params(labelsize=7.5)
