"""The mass budget as one bar from the bus to the launch mass, with the launcher's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cislunar.report import wording
from cislunar.report.style import (
    BLACK,
    BLUE,
    GREEN,
    LIGHT,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    drawing,
    inches,
    new_figure,
    plain,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cislunar.vehicles.masses import MassBudget

_LABEL_GAP = 0.055
"""Least distance between two labels, as a fraction of the bar."""


@drawing
def mass_bar(budget: MassBudget) -> Figure:
    """Draw what a vehicle's launch mass is made of.

    Parameters
    ----------
    budget : MassBudget
    """
    total = budget.launch_kg
    answer = f"{budget.vehicle}: {wording.number(total, 0)} kg at launch, of which "
    answer += f"{wording.number(100.0 * budget.propellant_kg / total, 0)} % propellant"
    margin = budget.launcher_margin_kg
    if margin is not None:
        word = "to spare on the launcher" if margin >= 0.0 else "too heavy for the launcher"
        answer += f"; {wording.number(abs(margin), 0)} kg {word}"
    parts = [part for part in _parts(budget) if part[1] > 0.0]
    detail = f"margins: {budget.policy}; dry mass with margins {wording.number(budget.dry_kg, 0)} kg"
    figure = new_figure(8.4, 4.9, answer, subtitle=detail)
    axes = figure.add_axes(inches(figure, 0.75, 0.25, 4.6, 0.75))
    start, label = 0.0, -_LABEL_GAP * total
    for name, mass, colour, hatch in parts:
        axes.bar(0, mass, bottom=start, width=0.8, color=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.6)
        middle = start + 0.5 * mass
        label = max(middle, label + _LABEL_GAP * total)
        axes.annotate(
            f"{plain(name)}  {wording.number(mass, 1)} kg ({wording.number(100.0 * mass / total, 1)} %)",
            (0.4, middle),
            xytext=(0.6, label),
            va="center",
            fontsize=8.5,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0},
        )
        start += mass
    top = max(start, label)
    if budget.launcher_kg is not None:
        axes.axhline(budget.launcher_kg, color=VERMILLION, linestyle=(0, (5, 2)))
        axes.annotate(
            f"launcher {wording.number(budget.launcher_kg, 0)} kg",
            (-0.5, budget.launcher_kg),
            xytext=(2, 3),
            textcoords="offset points",
            color=VERMILLION,
            fontsize=8.5,
        )
        top = max(top, budget.launcher_kg)
    axes.set_xlim(-0.5, 0.5)
    axes.set_ylim(0.0, 1.06 * top)
    axes.set_xticks([])
    axes.set_ylabel("mass (kg)")
    return figure


def _parts(budget: MassBudget) -> list[tuple[str, float, str, str]]:
    """Give name, mass in kg, colour and hatch of each part, from the bottom."""
    basic = {
        group: sum(line.basic_kg for line in budget.lines if line.group == group)
        for group in ("bus", "payload")
    }
    return [
        ("bus, best estimate", basic["bus"], BLUE, ""),
        ("payload, best estimate", basic["payload"], ORANGE, "///"),
        ("growth allowance", budget.growth_kg, PURPLE, "..."),
        ("system margin", budget.system_margin_kg, LIGHT, "xx"),
        *((name, mass, GREEN, "\\\\\\") for name, mass in budget.carried.items()),
        ("propellant", budget.propellant_kg, SKY, ""),
    ]
