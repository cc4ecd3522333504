"""Who sees the critical events of a spacecraft: each station directly, each relay, or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.report import wording
from cislunar.report.mission_facts import contact_answer, event_marks
from cislunar.report.style import BLACK, BLUE, GREEN, VERMILLION, drawing, new_figure, plain
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cislunar.landing.communications import Contacts
    from cislunar.mission.result import MissionResult

_ROW_IN = 0.22
_HEAD_IN = 0.34
_FOOT_IN = 0.48


@drawing
def critical_events(result: MissionResult, name: str) -> Figure:
    """Draw a panel of bars for each critical event of a spacecraft.

    Parameters
    ----------
    result : MissionResult
    name : str
        A spacecraft whose critical events have their communications.
    """
    events = result.communications[name]
    tables = [_rows(event) for event in events]
    heights = [_ROW_IN * len(rows) + _HEAD_IN + _FOOT_IN for rows in tables]
    total = sum(heights) + 0.62
    figure = new_figure(
        8.6,
        total,
        contact_answer(result, name),
        subtitle="a relay counts while it sees both the spacecraft and a station; at the right the share of "
        "each event",
    )
    high = float(figure.get_size_inches()[1])
    widest = max(len(label) for rows in tables for label, *_ in rows)
    left, right = 0.35 + 0.07 * widest, 0.75
    top = high - 0.62 - (high - total)
    for event, rows, room in zip(events, tables, heights, strict=True):
        tall = _ROW_IN * len(rows)
        axes = figure.add_axes(
            (left / 8.6, (top - _HEAD_IN - tall) / high, (8.6 - left - right) / 8.6, tall / high)
        )
        _panel(axes, event, rows, event_marks(result.timelines[name], event))
        top -= room
    return figure


def _rows(event: Contacts) -> list[tuple[str, Any, float, str, str]]:
    """Label, intervals, share, colour and hatch of each bar."""
    rows = []
    for link in event.links:
        if link.path == "direct" and link.station != "any":
            rows.append((f"direct, {link.station}", link.intervals_tdb, link.fraction, BLUE, ""))
        elif link.path != "direct" and link.station == "any":
            rows.append((f"through {link.path}", link.intervals_tdb, link.fraction, GREEN, "///"))
    rows.append(("nobody", event.nobody_tdb, 1.0 - event.covered.fraction, VERMILLION, "xxx"))
    return rows


def _panel(axes: Axes, event: Contacts, rows: list[Any], marks: list[tuple[str, float]]) -> None:
    for row, (_, intervals, share, colour, hatch) in enumerate(rows):
        spans = [((a - event.start_tdb) / 60.0, (b - a) / 60.0) for a, b in np.asarray(intervals)]
        if spans:
            axes.broken_barh(
                spans, (row - 0.36, 0.72), facecolor=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.4
            )
        axes.annotate(
            wording.percent(100.0 * share),
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.0,
            annotation_clip=False,
        )
    for number, (text, tdb) in enumerate(marks):
        minute = (tdb - event.start_tdb) / 60.0
        axes.axvline(minute, color=BLACK, linewidth=1.0, linestyle=(0, (4, 2)))
        axes.annotate(
            text,
            (minute, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3 if number % 2 else -3, 2),
            textcoords="offset points",
            ha="left" if number % 2 else "right",
            fontsize=7.5,
            annotation_clip=False,
        )
    axes.set_yticks(range(len(rows)), [plain(row[0]) for row in rows], fontsize=8.0)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0.0, (event.end_tdb - event.start_tdb) / 60.0)
    axes.grid(axis="y", visible=False)
    axes.set_title(plain(event.name), fontsize=8.8)
    start = format_epoch(event.start_tdb, "UTC", 0).replace("T", " ")
    axes.set_xlabel(f"minutes from {start} UTC", fontsize=8.0, labelpad=1.0)
