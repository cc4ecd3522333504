"""Figures of the budgets say the answer in their titles, carry units, and draw what the budgets hold.

The lengths of bars and the heights of lines are read back from the figure and compared with the numbers they
stand for; marks are told apart by hatch or line style, not by colour alone.
"""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from cislunar.coverage.intervals import Intervals
from cislunar.report.figures.budget import data_backlog, delta_v_waterfall
from cislunar.report.figures.mass import mass_bar
from cislunar.report.style import title_of
from cislunar.vehicles.budget import fly, size
from cislunar.vehicles.data_balance import Link, Source, store_and_forward
from cislunar.vehicles.engine import Engine
from cislunar.vehicles.events import Manoeuvre, Release
from cislunar.vehicles.margins import ESA
from cislunar.vehicles.masses import mass_budget
from cislunar.vehicles.payloads import Payload
from cislunar.vehicles.vehicle import Vehicle

LANDER = Vehicle(
    "apex",
    900.0,
    2000.0,
    {"main": Engine(2200.0, 320.0, 2)},
    payloads=[Payload("fss", 40.0)],
    carried={"alpine": 150.0},
)
EVENTS = [
    Manoeuvre("correct", 0.0, 0.0, 0.03),
    Manoeuvre("insert", 0.6, 0.01),
    Release("alpine"),
    Manoeuvre("land", 1.75, 0.12),
]


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_waterfall_bars_end_where_the_budget_does() -> None:
    budget = fly(LANDER, EVENTS, ESA)
    figure = delta_v_waterfall(budget)
    (axes,) = figure.axes
    assert title_of(figure).startswith("apex ")
    assert "of propellant" in _plain(title_of(figure))
    assert "m/s" in axes.get_xlabel()
    ends = [patch.get_x() + patch.get_width() for patch in axes.patches]
    assert max(ends) == pytest.approx(1000.0 * float(budget.sum_km_s))
    assert [label.get_text() for label in axes.get_yticklabels()] == [*budget.names, "total"]
    looks = {(patch.get_facecolor(), patch.get_hatch()) for patch in axes.patches[:-1]}
    assert len({hatch for _, hatch in looks}) == len(looks) == 4
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ideal", "losses", "statistical", "margin"]


def test_waterfall_title_says_closes_short_or_needs() -> None:
    assert "short" in title_of(delta_v_waterfall(fly(LANDER, [Manoeuvre("land", 4.0)], ESA)))
    assert "closes with" in title_of(delta_v_waterfall(fly(LANDER, [Manoeuvre("land", 0.5)], ESA)))
    empty = Vehicle("probe", 100.0, engines={"main": Engine(22.0, 220.0)})
    assert "probe needs" in title_of(delta_v_waterfall(size(empty, [Manoeuvre("trim", 0.1)])))


def test_mass_bar_is_as_high_as_the_launch_mass() -> None:
    budget = mass_budget(LANDER, ESA, launcher_capability_kg=3000.0)
    figure = mass_bar(budget)
    (axes,) = figure.axes
    assert "too heavy for the launcher" in title_of(figure)
    assert axes.get_ylabel() == "mass (kg)"
    assert max(patch.get_y() + patch.get_height() for patch in axes.patches) == pytest.approx(
        budget.launch_kg
    )
    words = " ".join(_plain(text.get_text()) for text in axes.texts)
    for part in ("bus", "payload", "growth allowance", "system margin", "alpine", "propellant", "launcher"):
        assert part in words


def test_backlog_lines_carry_the_balance() -> None:
    epoch = 8.8e8
    span = (epoch, epoch + 10.0 * 86400.0)
    contacts = Intervals.make([epoch + 86400.0], [epoch + 5.0 * 86400.0], span)
    later = Intervals.make([epoch + 6.0 * 86400.0], [epoch + 9.0 * 86400.0], span)
    balance = store_and_forward(
        [Source("fss", 1e4, Intervals.always(span))],
        [Link("alpine", 6e4, contacts)],
        [Link("alpine", 3e4, later)],
    )
    before = dict(matplotlib.rcParams)
    figure = data_backlog(balance, epoch, "Site $1")
    assert dict(matplotlib.rcParams) == before
    upper, lower = figure.axes
    assert title_of(figure).startswith("Site $1: 5")
    assert "Gbit" in upper.get_ylabel()
    assert "Gbit" in lower.get_ylabel()
    assert "UTC" in lower.get_xlabel()
    total = next(line for line in upper.lines if line.get_label() == "waiting in all")
    assert np.max(total.get_ydata()) == pytest.approx(balance.summary()["max_backlog_bit"] / 1e9)
    styles = [(line.get_linestyle(), line.get_linewidth()) for line in upper.lines]
    assert len(set(map(str, styles))) == len(styles)


def test_backlog_of_nothing_says_so() -> None:
    span = (8.8e8, 8.8e8 + 86400.0)
    silent = store_and_forward(
        [Source("off", 0.0, Intervals.always(span))], [Link("r", 1.0, Intervals.always(span))], []
    )
    assert title_of(data_backlog(silent, span[0])) == "no data are generated"
