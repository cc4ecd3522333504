"""Figures of a launch window from a made-up table: what they say, and what they mark."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cislunar.mission.window_choice import LaunchWindow
from cislunar.report.figures.window import porkchop, window_calendar
from cislunar.report.style import title_of
from cislunar.report.window_page import window_context
from cislunar.scenario.model import WindowAnalysis
from cislunar.time import parse_epoch

START = parse_epoch("2027-11-01T00:00:00 UTC")
DAY_S = 86400.0
LAUNCHES, FLIGHTS = 12, (4.0, 4.5, 5.0)
FEASIBLE = (3, 4, 5, 9)


def window(feasible: tuple[int, ...] = FEASIBLE) -> LaunchWindow:
    rows = [
        {
            "launch": launch,
            "departure_tdb": START + launch * DAY_S,
            "time_of_flight_s": days * DAY_S,
            "branch": branch,
            "heading": "cheaper",
            "arrival_tdb": START + (launch + days) * DAY_S,
            "landing_tdb": START + (launch + days + 10.0) * DAY_S,
            "injection_km_s": 3.13 + 0.001 * launch,
            "insertion_km_s": 0.36 + 0.01 * (5.0 - days),
            "delta_v_km_s": 2.77 + 0.01 * (5.0 - days) + 0.002 * launch,
            "total_km_s": 5.9,
            "propellant_kg": 1700.0 + launch,
            "margin_kg": 340.0 - launch,
            "node_deg": 272.0,
            "apoapsis_latitude_deg": -40.0,
            "sun_elevation_deg": 3.0 * launch - 5.0,
            "sun_rising": float(launch % 2),
            "coverage_percent": 98.0,
            "sun_ok": launch in feasible,
            "wait_ok": True,
            "feasible": launch in feasible,
            "excluded_by": "" if launch in feasible else "sun",
        }
        for branch in ("north", "south")
        for launch in range(LAUNCHES)
        for days in FLIGHTS
    ]
    asked = WindowAnalysis(
        "apex", START, (LAUNCHES - 1) * DAY_S, DAY_S, tuple(each * DAY_S for each in FLIGHTS), slip_days=2
    )
    return LaunchWindow(asked, pd.DataFrame(rows))


def test_the_calendar_says_how_many_launches_there_are_and_which_is_chosen() -> None:
    figure = window_calendar(window())
    assert title_of(figure) == "4 of 12 launches meet every condition; chosen: 2027-11-04 00:00 UTC"
    costs, suns, why = figure.axes
    assert costs.get_ylabel() == "spacecraft's delta-v (km/s)"
    assert suns.get_ylabel() == "Sun at landing (deg)"
    labels = costs.get_legend_handles_labels()[1]
    assert labels == ["not met", "all met", "slip days", "backups", "chosen"]
    assert [text.get_text() for text in why.get_yticklabels()] == ["Sun"]


def test_a_calendar_without_a_feasible_launch_says_what_excludes_them() -> None:
    assert title_of(window_calendar(window(()))) == (
        "None of 12 launches meets every condition: most often sun"
    )


def test_the_porkchop_names_the_cheapest_transfer_and_marks_the_chosen_one() -> None:
    figure = porkchop(window())
    assert title_of(figure) == "Injection and insertion cost from 3.490 km/s, leaving 2027-11-01 for 5 days"
    panels = [axes for axes in figure.axes if axes.get_ylabel() == "flight time (days)"]
    assert [axes.get_title("left") for axes in panels] == [
        "Arrival passing north of the Moon",
        "Arrival passing south of the Moon",
    ]
    stars = [line for axes in panels for line in axes.lines if line.get_marker() == "*"]
    assert len(stars) == 1
    assert np.asarray(stars[0].get_ydata()) == pytest.approx([5.0])
    dots = panels[0].lines[0]
    assert len(dots.get_xdata()) == len(FEASIBLE) * len(FLIGHTS)


def test_the_page_lists_the_chosen_launch_slip_days_and_backups() -> None:
    context = window_context(window())
    assert [row["role"] for row in context["rows"]] == ["chosen", "slip day", "slip day", "backup (1 day)"]
    assert context["rows"][1]["slip_m_s"] == pytest.approx(2.0)
    assert context["tried"] == LAUNCHES * len(FLIGHTS) * 2
