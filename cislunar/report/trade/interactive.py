"""The figures of a study's report for the screen: descriptions for plotly.js, plain data.

A trace says with `rows` which case each of its points is; the page's script puts the text of the case there.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from cislunar.report.style import BLACK, BLUE, SKY, VERMILLION
from cislunar.report.trade.static import LOOKS, ends
from cislunar.report.trade.story import figure
from cislunar.report.trade.views import GROUPS, Bars, Effects, Heat, Parallel, Scale, Scatter, spots

_SYMBOLS: Final = {GROUPS[0]: "x-thin-open", GROUPS[1]: "circle", GROUPS[2]: "diamond"}
_SIZES: Final = {GROUPS[0]: 5, GROUPS[1]: 6, GROUPS[2]: 9}
_FONT: Final = {
    "family": "DejaVu Sans, Segoe UI, Helvetica, Arial, sans-serif",
    "size": 12,
    "color": "#1b1b1b",
}


def plot_scatter(view: Scatter) -> dict[str, Any]:
    """Objectives against each other."""
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": group,
            "x": numbers(view.x.codes[rows]),
            "y": numbers(view.y.codes[rows]),
            "rows": rows.tolist(),
            "marker": {
                "color": LOOKS[group]["color"],
                "symbol": _SYMBOLS[group],
                "size": _SIZES[group],
                "line": {"width": 1, "color": BLACK if group == GROUPS[2] else LOOKS[group]["color"]},
            },
        }
        for group, rows in view.rows.items()
        if len(rows)
    ]
    if view.letters:
        rows = [row for row, _ in view.letters]
        data.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": "named designs",
                "x": numbers(view.x.codes[rows]),
                "y": numbers(view.y.codes[rows]),
                "rows": rows,
                "letters": [letters for _, letters in view.letters],
                "textposition": "top right",
                "textfont": {"size": 15, "weight": "bold"},
                "marker": {"symbol": "circle-open", "size": 17, "color": BLACK, "line": {"width": 2}},
            }
        )
    layout = _layout(view.x, view.y)
    layout["xaxis"]["range"], layout["yaxis"]["range"] = list(view.x_range), list(view.y_range)
    layout["shapes"] = [
        {
            "type": "line",
            axis + "0": bound,
            axis + "1": bound,
            other + "0": 0,
            other + "1": 1,
            **_along(other),
        }
        for axis, other, scale in (("x", "y", view.x), ("y", "x", view.y))
        for bound in scale.limits
    ]
    return {"data": data, "layout": layout, "height": 520}


def _along(other: str) -> dict[str, Any]:
    return {f"{other}ref": "paper", "line": {"dash": "dash", "width": 1.3, "color": BLACK}}


def plot_heat(view: Heat) -> dict[str, Any]:
    """A measure over two axes."""
    words = [
        [_cell(view, row, column) for column in range(view.values.shape[1])]
        for row in range(view.values.shape[0])
    ]
    heat = {
        "type": "heatmap",
        "x": numbers(view.x_edges),
        "y": numbers(view.y_edges),
        "z": [numbers(row) for row in view.values],
        "text": words,
        "cells": view.cases.tolist(),
        "hovertemplate": "%{text}<extra></extra>",
        "colorscale": "Viridis",
        "reversescale": not view.larger_is_better,
        "colorbar": {"title": {"text": wrapped(view.label, 34), "side": "right"}, "thickness": 16},
    }
    x: list[float | None] = []
    y: list[float | None] = []
    for (x0, y0), (x1, y1) in view.border:
        x += [x0, x1, None]
        y += [y0, y1, None]
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": y,
            "hoverinfo": "skip",
            "line": {"color": colour, "width": width},
            "name": escaped(view.requirement),
            "showlegend": colour == VERMILLION,
        }
        for colour, width in (("white", 6), (VERMILLION, 3))
        if x
    ]
    layout = _layout(view.x, view.y)
    layout["xaxis"]["showgrid"] = layout["yaxis"]["showgrid"] = False
    layout["plot_bgcolor"] = "#e4e4e4"
    layout["xaxis"]["range"] = [float(view.x_edges[0]), float(view.x_edges[-1])]
    layout["yaxis"]["range"] = [float(view.y_edges[0]), float(view.y_edges[-1])]
    return {"data": [heat, *lines], "layout": layout, "height": 460}


def _cell(view: Heat, row: int, column: int) -> str:
    if not view.counts[row, column]:
        return "no case"
    many = f"mean of {view.counts[row, column]} cases" if view.counts[row, column] > 1 else ""
    spans = [
        f"{escaped(scale.title)}: {_span(scale, edges[place], edges[place + 1], many != '')}"
        for scale, edges, place in ((view.x, view.x_edges, column), (view.y, view.y_edges, row))
    ]
    return "<br>".join([f"<b>{figure(view.values[row, column])}</b> {many}", *spans])


def _span(scale: Scale, low: float, high: float, wide: bool) -> str:
    middle = 0.5 * (low + high)
    if scale.ticks:
        return escaped(min(scale.ticks, key=lambda tick: abs(tick[0] - middle))[1])
    return f"{figure(low)} to {figure(high)}" if wide else figure(middle)


def plot_parallel(view: Parallel) -> dict[str, Any]:
    """Every case as a line over all columns."""
    columns = len(view.scales)
    data = []
    groups = [(group, rows, LOOKS[group]["color"], 1.0) for group, rows in view.rows.items() if len(rows)]
    if view.winner is not None:
        groups.append((view.best, np.array([view.winner]), BLACK, 3.5))
    for name, rows, colour, width in groups:
        x = np.tile(np.append(np.arange(columns, dtype=float), np.nan), len(rows))
        y = np.concatenate([view.heights[rows], np.full((len(rows), 1), np.nan)], axis=1).ravel()
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": numbers(x),
                "y": numbers(y),
                "rows": np.repeat(rows, columns + 1).tolist(),
                "line": {"color": colour, "width": width},
                "marker": {"size": 4, "color": colour},
                "opacity": 1.0 if width > 1.0 else 0.75,
            }
        )
    drawn = np.concatenate(list(view.rows.values()))
    notes = [
        {
            "x": place,
            "y": height,
            "text": escaped(text),
            "showarrow": False,
            "yanchor": side,
            "font": {"size": 11},
        }
        for place, scale in enumerate(view.scales)
        for height, text, side in ends(scale, drawn)
    ]
    layout = {
        **_base(),
        "annotations": notes,
        "xaxis": {
            "tickvals": list(range(columns)),
            "ticktext": [wrapped(scale.title, max(9, 130 // columns)) for scale in view.scales],
            "range": [-0.35, columns - 0.65],
            "gridcolor": "#8a8a8a",
            "zeroline": False,
            "tickangle": 0,
            "tickfont": {"size": 10},
            "automargin": True,
        },
        "yaxis": {"visible": False, "range": [-0.1, 1.1]},
    }
    return {"data": data, "layout": layout, "height": 520}


def plot_bars(view: Bars) -> dict[str, Any]:
    """Shares of variance."""
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {**_base(), "barmode": "overlay", "annotations": []}
    count = len(view.panels)
    for number, (measure, table) in enumerate(view.panels):
        tail = "" if number == 0 else str(number + 1)
        for column, colour, width in (("total", "rgba(0,0,0,0)", 0.7), ("first", BLUE, 0.45)):
            if not np.isfinite(table[column]).any():
                continue
            data.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": "with all its combinations" if column == "total" else "the axis alone",
                    "legendgroup": column,
                    "showlegend": number == 0,
                    "x": numbers(table[column].clip(lower=0.0).to_numpy()),
                    "y": [escaped(label) for label in view.labels],
                    "width": width,
                    "marker": {
                        "color": colour,
                        "line": {"width": 1 if column == "total" else 0, "color": BLACK},
                    },
                    "error_x": {
                        "type": "data",
                        "array": numbers(table[f"{column}_conf"].replace(0.0, np.nan).to_numpy()),
                        "width": 3,
                    },
                    "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
                    "xaxis": f"x{tail}",
                    "yaxis": f"y{tail}",
                }
            )
        span = [number / count + 0.012, (number + 1) / count - 0.012]
        layout[f"xaxis{tail}"] = {
            "domain": span,
            "tickformat": ".0%",
            "rangemode": "tozero",
            "anchor": f"y{tail}",
        }
        layout[f"yaxis{tail}"] = {
            "anchor": f"x{tail}",
            "autorange": "reversed",
            "automargin": True,
            "showticklabels": number == 0,
        }
        layout["annotations"].append(
            {
                "text": wrapped(measure, 26),
                "x": sum(span) / 2.0,
                "y": 1.02,
                "xref": "paper",
                "yref": "paper",
                "showarrow": False,
                "yanchor": "bottom",
            }
        )
    layout["legend"] = {"orientation": "h", "y": -0.16}
    layout["margin"] = {"l": 60, "r": 20, "t": 60, "b": 50}
    return {"data": data, "layout": layout, "height": 220 + 34 * len(view.labels)}


def plot_effects(view: Effects) -> dict[str, Any]:
    """Mean and spread along every axis."""
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {**_base(), "showlegend": False}
    rows, columns = len(view.measures), len(view.axes)
    for row, measure in enumerate(view.measures):
        for column, scale in enumerate(view.axes):
            tail = "" if row == column == 0 else str(row * columns + column + 1)
            table = view.panels[measure][scale.name]
            table = table if scale.ticks else table.sort_values("value")
            data += _effect(table, scale, tail)
            bottom = 1.0 - (row + 1) / rows
            layout[f"xaxis{tail}"] = {
                "domain": [column / columns + 0.008, (column + 1) / columns - 0.008],
                "anchor": f"y{tail}",
                "title": {"text": wrapped(scale.title, 20) if row == rows - 1 else "", "font": {"size": 11}},
                "automargin": True,
                "type": "category" if scale.ticks else "linear",
            }
            layout[f"yaxis{tail}"] = {
                "domain": [bottom + 0.08 / rows, bottom + 0.96 / rows],
                "anchor": f"x{tail}",
                "title": {
                    "text": wrapped(view.titles[measure], 26) if column == 0 else "",
                    "font": {"size": 11},
                },
                "showticklabels": column == 0,
                "automargin": True,
            }
            if column:
                layout[f"yaxis{tail}"]["matches"] = "y" if row == 0 else f"y{row * columns + 1}"
    return {"data": data, "layout": layout, "height": 110 + 200 * rows}


def _effect(table: Any, scale: Scale, tail: str) -> list[dict[str, Any]]:
    if scale.ticks:
        x: list[Any] = [escaped(word) for word in spots(scale, table["value"])[1]]
    else:
        x = numbers(table["value"].to_numpy(dtype=float))
    mean, low, high = (table[key].to_numpy() for key in ("mean", "low", "high"))
    where = {"xaxis": f"x{tail}", "yaxis": f"y{tail}"}
    told = {
        "customdata": [
            [figure(a), figure(b), int(c)] for a, b, c in zip(low, high, table["cases"], strict=True)
        ],
        "hovertemplate": "%{x}: mean %{y:.5g}<br>10th to 90th percentile %{customdata[0]} to %{customdata[1]}"
        "<br>%{customdata[2]} cases<extra></extra>",
    }
    if scale.ticks:
        spread = {
            "type": "data",
            "symmetric": False,
            "array": numbers(np.maximum(high - mean, 0.0)),
            "arrayminus": numbers(np.maximum(mean - low, 0.0)),
        }
        marks = {"mode": "markers", "marker": {"color": BLUE, "size": 8}, "error_y": spread}
        return [{"type": "scatter", "x": x, "y": numbers(mean), **marks, **told, **where}]
    band = {
        "type": "scatter",
        "mode": "lines",
        "x": x + x[::-1],
        "y": numbers(high) + numbers(low)[::-1],
        "fill": "toself",
        "fillcolor": _faint(SKY),
        "line": {"width": 0},
        "hoverinfo": "skip",
        **where,
    }
    line = {"type": "scatter", "mode": "lines+markers", "x": x, "y": numbers(mean), "line": {"color": BLUE}}
    return [band, {**line, "marker": {"size": 4, "color": BLUE}, **told, **where}]


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"


def _base() -> dict[str, Any]:
    return {
        "font": _FONT,
        "paper_bgcolor": "#fff",
        "plot_bgcolor": "#fff",
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": "#fff", "font": {**_FONT, "size": 12}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 60, "r": 20, "t": 30, "b": 50},
    }


def _layout(x: Scale, y: Scale) -> dict[str, Any]:
    layout: dict[str, Any] = _base()
    for key, scale in (("xaxis", x), ("yaxis", y)):
        layout[key] = {
            "title": {"text": escaped(scale.title)},
            "gridcolor": "#e2e2e2",
            "zeroline": False,
            "automargin": True,
        }
        if scale.ticks:
            layout[key]["tickvals"] = [place for place, _ in scale.ticks]
            layout[key]["ticktext"] = [escaped(word) for _, word in scale.ticks]
    return layout


def numbers(values: Any) -> list[float | None]:
    """Floats of six figures for JSON; None for what is not finite."""
    return [
        float(f"{value:.6g}") if np.isfinite(value) else None for value in np.asarray(values, dtype=float)
    ]


def escaped(text: str) -> str:
    """Protect a text of the study from being read as markup by plotly.js."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def wrapped(text: str, width: int = 15) -> str:
    """Break a label into lines."""
    import textwrap

    return "<br>".join(escaped(line) for line in textwrap.wrap(text, width))
