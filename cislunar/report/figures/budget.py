"""The delta-v budget as a waterfall, and the backlog of data over time."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.report import wording
from cislunar.report.facts import DAY
from cislunar.report.figures.timeaxis import time_axis
from cislunar.report.style import (
    BLACK,
    BLUE,
    GREY,
    LIGHT,
    ORANGE,
    SERIES,
    VERMILLION,
    drawing,
    inches,
    legend_above,
    new_figure,
    plain,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cislunar.vehicles.budget import DeltaVBudget
    from cislunar.vehicles.data_balance import DataBalance

PARTS = (
    ("ideal_km_s", "ideal", BLUE, ""),
    ("losses_km_s", "losses", VERMILLION, "///"),
    ("statistical_km_s", "statistical", ORANGE, "..."),
    ("margin_km_s", "margin", LIGHT, "xx"),
)
"""Parts of an event with their colours and hatches: told apart without colour too."""

_ROW_IN = 0.34


@drawing
def delta_v_waterfall(budget: DeltaVBudget, whole: bool = True) -> Figure:
    """Draw a budget of one vehicle as a waterfall: each burn starts where the one before it ended.

    Parameters
    ----------
    budget : DeltaVBudget
        Of one vehicle, not of a batch.
    whole : bool
        Whether it holds every burn; if not, the title says so and gives no verdict.
    """
    count = len(budget.names)
    detail = (
        f"margins: {budget.policy}; {wording.number(float(budget.mass_before_kg[0]), 0)} kg at the start, "
        f"{wording.number(float(budget.mass_after_kg[-1]), 0)} kg at the end; propellant needed "
        f"{wording.number(float(budget.needed_kg), 0)} kg with residuals"
    )
    if budget.loaded_kg:
        detail += f", loaded {wording.number(budget.loaded_kg, 0)} kg"
    title = _answer(budget, whole)
    figure = new_figure(8.4, 1.35 + _ROW_IN * (count + 1), title, subtitle=detail)
    names = [plain("\n".join(textwrap.wrap(name, 34)[:2])) for name in budget.names]
    widest = max(len(line) for name in names for line in name.split("\n"))
    axes = figure.add_axes(inches(figure, 0.35 + 0.075 * max(widest, 10), 0.5, 1.9, 0.75))
    start = 0.0
    used: set[str] = set()
    for row in range(count):
        left = start
        for key, label, colour, hatch in PARTS:
            width = 1000.0 * float(getattr(budget, key)[row])
            if width <= 0.0:
                continue
            axes.barh(
                row,
                width,
                left=left,
                height=0.62,
                color=colour,
                hatch=hatch,
                edgecolor=BLACK,
                linewidth=0.5,
            )
            used.add(label)
            left += width
        _note(axes, row, left, left - start, float(budget.propellant_kg[row]), float(budget.released_kg[row]))
        axes.plot([left, left], [row, row + 1], color=GREY, linewidth=0.7, zorder=0)
        start = left
    axes.barh(count, start, height=0.62, color="white", edgecolor=BLACK, linewidth=1.0)
    burnt = wording.number(float(np.sum(budget.propellant_kg)), 0)
    axes.annotate(f"{wording.number(start, 0)} m/s, {burnt} kg", (start, count), **_BESIDE, fontweight="bold")
    axes.set_yticks(range(count + 1), [*names, "total"])
    axes.set_ylim(count + 0.6, -0.6)
    axes.set_xlim(0.0, max(start, 1e-3) * 1.02)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("delta-v from the start (m/s); beside each bar: delta-v and propellant")
    from matplotlib.patches import Patch

    legend_above(
        axes,
        handles=[
            Patch(facecolor=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.5, label=label)
            for _, label, colour, hatch in PARTS
            if label in used
        ],
    )
    return figure


def _answer(budget: DeltaVBudget, whole: bool) -> str:
    """Say whether it closes, by how much, and the sum of delta-v."""
    total = f"{wording.number(1000.0 * float(budget.sum_km_s), 0)} m/s in all"
    margin = float(budget.margin_kg)
    if not whole:
        needed = wording.number(float(budget.needed_kg), 0)
        return f"{budget.vehicle} needs {needed} kg of propellant as far as it got; not all burns are known"
    if not budget.loaded_kg:
        needed = wording.number(float(budget.needed_kg), 0)
        return f"{budget.vehicle} needs {needed} kg of propellant; {total}"
    word = (
        "closes with {} kg of propellant to spare" if bool(budget.closes) else "is {} kg of propellant short"
    )
    return f"{budget.vehicle} {word.format(wording.number(abs(margin), 1))}; {total}"


_BESIDE: dict[str, Any] = {
    "xytext": (5, 0),
    "textcoords": "offset points",
    "va": "center",
    "fontsize": 8.0,
    "annotation_clip": False,
}


def _note(axes: Axes, row: int, end: float, size: float, burnt: float, gone: float) -> None:
    """Write what an event costs beside its bar."""
    text = (
        f"−{wording.number(gone, 0)} kg"
        if gone
        else (f"{wording.number(size, 0 if size >= 100.0 else 1)} m/s, {wording.number(burnt, 0)} kg")
    )
    axes.annotate(text, (end, row), **_BESIDE)


@drawing
def data_backlog(balance: DataBalance, epoch_tdb: float, title: str = "") -> Figure:
    """Draw what waits in each store over time, and below it what was generated and delivered.

    Parameters
    ----------
    balance : DataBalance
    epoch_tdb : float
        Day zero of the time axis, seconds past J2000 TDB.
    title : str, optional
        Whose data they are, to go before the answer.
    """
    numbers = balance.summary()
    worst = numbers["max_backlog_bit"]
    if numbers["delivered_percent"] is None:
        answer = "no data are generated"
    else:
        answer = f"{wording.percent(numbers['delivered_percent'])} of the data delivered"
        answer += f"; at most {wording.bits(worst)} waiting" if worst else "; nothing ever waits"
    figure = new_figure(8.4, 4.2, f"{title}: {answer}" if title else answer, subtitle=_waits(numbers))
    left, bottom, width, height = inches(figure, 0.75, 0.62, 0.42, 0.78)
    upper = figure.add_axes((left, bottom + 0.47 * height, width, 0.53 * height))
    lower = figure.add_axes((left, bottom, width, 0.38 * height))
    days = (balance.time_tdb - epoch_tdb) / DAY
    scale, unit = wording.bit_unit(worst)
    for (name, values), (colour, line, _) in zip(balance.backlog_bit.items(), SERIES, strict=False):
        upper.plot(days, values / scale, color=colour, linestyle=line, label=plain(f"waiting: {name}"))
    if len(balance.backlog_bit) > 1:
        upper.plot(
            days, balance.total_backlog_bit / scale, color=BLACK, linewidth=0.8, label="waiting in all"
        )
    upper.set_ylabel(f"waiting ({unit})")
    upper.set_ylim(bottom=0.0)
    legend_above(upper)
    scale, unit = wording.bit_unit(numbers["generated_bit"])
    lower.plot(
        days, balance.generated_bit / scale, color=VERMILLION, linestyle=(0, (5, 2)), label="generated"
    )
    lower.plot(days, balance.delivered_bit / scale, color=BLUE, label="delivered")
    lower.set_ylabel(f"so far ({unit})")
    lower.set_ylim(bottom=0.0)
    legend_above(lower)
    first, last = ((edge - epoch_tdb) / DAY for edge in balance.span)
    time_axis(upper, epoch_tdb, first, last)
    upper.set_xlabel("")
    upper.tick_params(labelbottom=False)
    time_axis(lower, epoch_tdb, first, last)
    return figure


def _waits(numbers: dict[str, Any]) -> str:
    """Write latency, loss and remainder in a line."""
    parts = [str(numbers["mode"])]
    if numbers["latency_mean_s"] is not None:
        parts.append(
            f"latency {wording.duration(numbers['latency_mean_s'])} in the mean, 95 % within "
            f"{wording.duration(numbers['latency_p95_s'] or 0.0)}, "
            f"longest {wording.duration(numbers['latency_max_s'] or 0.0)}"
        )
    for key, text in (("lost_bit", "lost"), ("remaining_bit", "left at the end")):
        value = numbers[key] or 0.0
        if value:
            parts.append(f"{wording.bits(value)} {text}")
    return "; ".join(parts)
