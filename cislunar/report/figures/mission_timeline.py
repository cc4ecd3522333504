"""Phases of all spacecraft over time, with burns, touchdowns, and what was not possible."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.report import wording
from cislunar.report.facts import DAY
from cislunar.report.figures.timeaxis import time_axis
from cislunar.report.mission_facts import critical_epochs, mission_answer, reason, shortfall_text
from cislunar.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    drawing,
    inches,
    new_figure,
    plain,
)
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cislunar.mission.result import MissionResult
    from cislunar.mission.timeline import FlownPhase

KINDS: dict[str, tuple[str, str, str]] = {
    "transfer": (SKY, "", "transfer"),
    "correction": (YELLOW, "", "corrections"),
    "insert": (VERMILLION, "///", "insertion"),
    "manoeuvre": (ORANGE, "\\\\\\", "manoeuvre, with the coast to it"),
    "phase": (PURPLE, "...", "phasing"),
    "coast": ("white", "", "coast"),
    "land": (BLUE, "", "landing, with the wait for the pass"),
    "operate": (GREEN, "", "operation"),
}
"""Colour, hatch and words of each kind of phase that lasts."""

_ROW_IN = 0.29
_WIDTH_IN = 8.6
_RIGHT_IN = 1.75


@drawing
def mission_timeline(result: MissionResult) -> Figure:
    """Draw a bar for each phase of each spacecraft.

    Parameters
    ----------
    result : MissionResult
        With at least one timeline.
    """
    rows = [(name, phase) for name, timeline in result.timelines.items() for phase in timeline.phases]
    labels = [plain(_short(f"{phase.label}")) for _, phase in rows]
    gaps = np.cumsum([0.0] + [0.45 * (a[0] != b[0]) for a, b in pairwise(rows)])
    places = np.arange(len(rows)) + gaps
    height = 2.45 + _ROW_IN * (places[-1] + 1.0)
    epoch = result.scenario.epoch_tdb
    first, last, cut = _span([phase for _, phase in rows], epoch)
    room = last - first
    figure = new_figure(_WIDTH_IN, height, mission_answer(result), subtitle=_subtitle(result, cut))
    left = 0.62 + 0.062 * max(len(label) for label in labels)
    axes = figure.add_axes(inches(figure, left, 1.42, _RIGHT_IN, 0.62))
    used: dict[str, Any] = {}
    stop = {
        name: (t.stopped.end_tdb - epoch) / DAY
        for name, t in result.timelines.items()
        if t.stopped is not None
    }
    for place, (name, phase) in zip(places, rows, strict=True):
        _bar(axes, float(place), phase, epoch, room, used)
        if cut and (phase.end_tdb - epoch) / DAY > last:
            axes.plot([last], [place], marker=">", markersize=7, color=BLACK, clip_on=False, zorder=6)
        if phase.status == "not reached":
            _not_reached(axes, float(place), stop.get(name, first), last, used)
    _burns(axes, result, rows, places, epoch, used)
    axes.set_yticks(places, labels, fontsize=8.0)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    for name in result.timelines:
        mine = [place for place, row in zip(places, rows, strict=True) if row[0] == name]
        axes.annotate(
            plain(name),
            (0.0, float(np.mean(mine))),
            xycoords=("figure fraction", "data"),
            xytext=(10, 0),
            textcoords="offset points",
            rotation=90 if len(mine) > 1 else 0,
            va="center",
            ha="left",
            fontsize=8.5,
            fontweight="bold",
            annotation_clip=False,
        )
        if mine[-1] < places[-1]:
            axes.axhline(mine[-1] + 0.72, color=GREY, linewidth=0.6, clip_on=False)
    time_axis(axes, epoch, first, last)
    axes.grid(axis="y", visible=False)
    figure.legend(
        handles=list(used.values()), loc="lower left", ncols=3, fontsize=7.8, bbox_to_anchor=(0.01, 0.005)
    )
    return figure


def _short(text: str, limit: int = 46) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _span(phases: list[FlownPhase], epoch: float) -> tuple[float, float, bool]:
    """Days shown, and whether long operations go on beyond them.

    A work of months would leave days of flight no room: the axis then ends a quarter of the way there after
    the last other phase.
    """
    edges = [t for p in phases for t in (p.start_tdb, p.end_tdb) if np.isfinite(t)]
    busy = [t for p in phases if p.kind != "operate" for t in (p.start_tdb, p.end_tdb) if np.isfinite(t)]
    first = (min(edges, default=epoch) - epoch) / DAY
    end = (max(edges, default=epoch + DAY) - epoch) / DAY
    settled = (max(busy, default=epoch) - epoch) / DAY
    shown = settled + max(0.25 * (settled - first), 0.5)
    cut = bool(busy) and end > 1.5 * shown
    last = shown if cut else end
    room = max(last - first, 0.05)
    return first - 0.015 * room, last if cut else first + 1.015 * room, cut


def _subtitle(result: MissionResult, cut: bool) -> str:
    phases = [phase for timeline in result.timelines.values() for phase in timeline.phases]
    flown = sum(phase.status == "flown" for phase in phases)
    return (
        f"{flown} of {len(phases)} phases flown, {len(result.timelines)} spacecraft; at the right the start "
        "of each phase (UTC) and its length" + ("; operation goes on beyond the axis" if cut else "")
    )


def _bar(
    axes: Axes, place: float, phase: FlownPhase, epoch: float, room: float, used: dict[str, Any]
) -> None:
    """Draw one phase and write its dates, or how far off it is, at the right edge."""
    from matplotlib.patches import Patch

    if phase.status == "not reached":
        _beside(axes, place, "not reached", GREY)
        return
    start, end = (phase.start_tdb - epoch) / DAY, (phase.end_tdb - epoch) / DAY
    if phase.status == "not possible":
        wide = max(end - start, 0.02 * room)
        bar: dict[str, Any] = {
            "facecolor": "white",
            "hatch": "xxxx",
            "edgecolor": VERMILLION,
            "linewidth": 1.3,
        }
        axes.barh(place, wide, left=start, height=0.66, **bar)
        used["not possible"] = Patch(label="not possible: flown as far as shown", **bar)
        _beside(axes, place, "✗ not possible", VERMILLION)
        text = shortfall_text(phase.shortfall) or reason(phase.message)
        _how_far_off(axes, place, start, wide, text, room)
        return
    when = format_epoch(phase.start_tdb, "UTC", 0)[5:16].replace("T", " ")
    length = phase.end_tdb - phase.start_tdb
    _beside(axes, place, f"{when}, {wording.duration(length)}" if length > 0.5 else when, BLACK)
    if phase.kind not in KINDS or length <= 0.0:
        look: dict[str, Any] = {"marker": "D", "markersize": 5.0, "color": GREY, "linestyle": "none"}
        (point,) = axes.plot([start], [place], **look)
        used.setdefault("point", _named(point, "launch, release, propellant for corrections"))
        return
    colour, hatch, words = KINDS[phase.kind]
    bar = {"facecolor": colour, "hatch": hatch, "edgecolor": BLACK, "linewidth": 0.6}
    axes.barh(place, end - start, left=start, height=0.66, **bar)
    used.setdefault(phase.kind, Patch(label=words, **bar))


def _how_far_off(axes: Axes, place: float, start: float, wide: float, text: str, room: float) -> None:
    """Write what is short beside its bar, on the side where there is more room."""
    if not text:
        return
    after = start + 0.5 * wide < 0.5 * room
    axes.annotate(
        plain(text),
        (start + wide if after else start, place),
        xytext=(5 if after else -5, 0),
        textcoords="offset points",
        ha="left" if after else "right",
        va="center",
        fontsize=7.8,
        color=VERMILLION,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        zorder=6,
    )


def _named(line: Any, label: str) -> Any:
    line.set_label(label)
    return line


def _beside(axes: Axes, place: float, text: str, colour: str) -> None:
    axes.annotate(
        plain(text),
        (1.0, place),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=7.8,
        color=colour,
        annotation_clip=False,
    )


def _not_reached(axes: Axes, place: float, start: float, last: float, used: dict[str, Any]) -> None:
    from matplotlib.patches import Patch

    look: dict[str, Any] = {
        "facecolor": "none",
        "edgecolor": GREY,
        "linestyle": (0, (3, 2)),
        "linewidth": 0.8,
    }
    axes.barh(place, max(last - start, 0.0), left=start, height=0.5, **look)
    used.setdefault("not reached", Patch(label="not reached", **look))


def _burns(
    axes: Axes, result: MissionResult, rows: list[Any], places: Any, epoch: float, used: dict[str, Any]
) -> None:
    """Mark insertion burns, other burns and touchdowns on their phases."""
    looks = {
        "burn": ("^", BLACK, "burn begins"),
        "critical": ("*", BLACK, "insertion burn or powered descent"),
        "touchdown": ("v", "white", "touchdown"),
    }
    for place, (name, phase) in zip(places, rows, strict=True):
        for kind, tdb in critical_epochs(result.timelines[name], phase):
            marker, colour, words = looks[kind]
            lift = {"critical": -0.2, "touchdown": 0.2}.get(kind, 0.0) if phase.kind == "land" else 0.0
            (point,) = axes.plot(
                [(tdb - epoch) / DAY],
                [place + lift],
                marker=marker,
                markersize=9 if kind == "critical" else 6.5,
                color=colour,
                markeredgecolor="white" if colour == BLACK else BLACK,
                markeredgewidth=0.7,
                linestyle="none",
                zorder=5,
            )
            used.setdefault(kind, _named(point, words))
