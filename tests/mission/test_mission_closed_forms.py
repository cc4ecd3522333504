"""From the text of a scenario to judged requirements, against closed forms.

A circular polar orbit over a site at the pole it crosses: as good as two-body (degree 0, Saturn the only
other body), so every pass lasts the same part of a period, whose angle is acos(R/r cos m) - m for a mask m.
The pole of the mean-Earth frame moves by 0.01 deg in the two days of the flight, across the orbit, which
moves a pass by less than 0.1 s; Saturn moves the relay by less than a metre.
"""

from __future__ import annotations

import pytest
from small_missions import POLE_DURATION_S, POLE_PERIOD_S, POLE_REVOLUTIONS, fly, pole_pass_s, pole_text

PASS_S = pole_pass_s()
GAP_S = POLE_PERIOD_S - PASS_S
DAY_S = 86400.0
# The window begins over the north pole, in the middle of a gap: the first and the last one are halves.
FIGURES = {
    "percent": (100.0 * PASS_S / POLE_PERIOD_S, 0.002, "%"),
    "longest_gap": (GAP_S, 0.3, "s"),
    "mean_gap": (POLE_REVOLUTIONS * GAP_S / (POLE_REVOLUTIONS + 1), 0.3, "s"),
    "mean_response": (
        ((POLE_REVOLUTIONS - 1) * GAP_S**2 + 2 * (GAP_S / 2) ** 2) / (2 * POLE_DURATION_S),
        0.3,
        "s",
    ),
    "mean_pass": (PASS_S, 0.3, "s"),
    "passes_per_day": (POLE_REVOLUTIONS / POLE_DURATION_S * DAY_S, 1e-9, "/d"),
}


def test_passes_of_a_polar_orbit_over_the_pole():
    entry = fly(pole_text()).statistics["pole"]["site-relay"]
    assert entry["passes"] == POLE_REVOLUTIONS
    assert entry["gaps"] == POLE_REVOLUTIONS + 1
    assert entry["gaps_cut"] == 2
    assert entry["passes_cut"] == 0
    for key in ("mean", "median", "p95", "max"):
        assert entry["pass_s"][key] == pytest.approx(PASS_S, abs=0.3)
    assert entry["gap_s"]["median"] == pytest.approx(GAP_S, abs=0.3)
    assert entry["mean_response_s"] == pytest.approx(FIGURES["mean_response"][0], abs=0.3)


def test_every_measure_and_bound_is_judged():
    """Each figure is asked for a little above and a little below what the closed form says."""
    lines = ["requirements:"]
    for measure, (value, room, unit) in FIGURES.items():
        for bound in ("at_least", "at_most"):
            for side in (-1.0, 1.0):
                limit = value + side * room
                name = f"{measure} {bound} {'below' if side < 0.0 else 'above'}"
                lines.append(
                    f"  - {{name: {name}, site: pole, link: site-relay, measure: {measure}, "
                    f"{bound}: {limit:.12g} {unit}}}"
                )
    judged = fly(pole_text("\n".join(lines) + "\n")).requirements
    assert len(judged) == 4 * len(FIGURES)
    for row in judged:
        measure, bound, side = row["name"].split()
        value, room, _ = FIGURES[measure]
        assert row["found"] == pytest.approx(value, abs=room), row["name"]
        assert row["met"] is ((bound, side) in {("at_least", "below"), ("at_most", "above")}), row["name"]
        assert (row["margin"] > 0.0) is row["met"], row["name"]
        assert abs(row["margin"]) <= 2.0 * room
        assert row["asked_text"].startswith(bound.replace("_", " "))
        assert (row["site"], row["link"], row["measure"]) == ("pole", "site-relay", measure)


def test_worst_day_is_the_least_of_whole_days():
    """The least of every 24 h from the epoch; the last, cut day counts over its own length."""
    result = fly(
        pole_text(
            "requirements:\n"
            "  - {name: worst, site: pole, link: site-relay, measure: worst_day_percent, at_least: 1 %}\n"
        )
    )

    def seen(start: float, end: float) -> float:
        """Seconds in view between two times; passes are centred on whole periods less a half."""
        total = 0.0
        for number in range(POLE_REVOLUTIONS):
            middle = (number + 0.5) * POLE_PERIOD_S
            total += max(0.0, min(end, middle + PASS_S / 2) - max(start, middle - PASS_S / 2))
        return total

    days = [
        (first, min(first + DAY_S, POLE_DURATION_S))
        for first in (k * DAY_S for k in range(int(POLE_DURATION_S // DAY_S) + 1))
    ]
    expected = [100.0 * seen(start, end) / (end - start) for start, end in days]
    daily = result.coverage["daily_percent"].sel(site="pole", link="site-relay").values
    assert daily == pytest.approx(expected, abs=0.02)
    assert result.requirements[0]["found"] == pytest.approx(min(expected), abs=0.02)


def test_requirement_texts_are_for_people():
    rows = fly(
        pole_text(
            "requirements:\n"
            "  - {name: a, site: pole, link: site-relay, measure: percent, at_least: 30 %}\n"
            "  - {name: b, site: pole, link: site-relay, measure: longest_gap, at_most: 3 h}\n"
            "  - {name: c, site: pole, link: site-relay, measure: passes_per_day, at_least: 2 /d}\n"
            "  - {name: d, site: pole, measure: percent, at_least: 99 %}\n"
        )
    ).requirements
    assert [row["link"] for row in rows] == ["site-relay"] * 3 + ["chain"]
    assert rows[0]["found_text"].endswith(" %")
    assert rows[1]["found_text"].endswith((" h", " min"))
    assert rows[1]["asked"] == pytest.approx(3 * 3600.0)
    assert rows[1]["asked_text"] == "at most 3 h"
    assert rows[2]["found_text"].endswith(" per day")
    assert rows[2]["asked"] == pytest.approx(2.0)
    assert not rows[3]["met"]
