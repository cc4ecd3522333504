"""From the stated launch window to its definition: whose timeline it is, and whether it can be searched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import takewhile

from cislunar.constants import SECONDS_PER_DAY
from cislunar.scenario import model
from cislunar.scenario import phases as ph
from cislunar.scenario.format_window import (
    DEFAULT_COVERAGE_D,
    DEFAULT_LEAD_D,
    DEFAULT_SLIP_DAYS,
    DEFAULT_WINDOW_D,
)
from cislunar.scenario.names import unknown
from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.wording import quoted

MOST = 200_000
"""Combinations of launch, flight time, branch and heading that are tried at most."""


def build_window(
    analyses: Value | None, spacecraft: Mapping[str, model.Spacecraft | None], reading: Reading
) -> model.WindowAnalysis | None:
    """Check the launch window against the timeline it is about and build it.

    Parameters
    ----------
    analyses : Value or None
    spacecraft : mapping of str to Spacecraft or None
        None for one that could not be built.
    reading : Reading
        Takes the mistakes.
    """
    value = analyses.child("window") if analyses else None
    named = value.child("spacecraft") if value else None
    if value is None or named is None:
        return None
    name = named.data
    if name not in spacecraft:
        unknown(named, tuple(spacecraft), "a spacecraft", reading)
        return None
    craft = spacecraft[name]
    if craft is None:
        return None
    problem = _unfit(craft)
    if problem:
        reading.problem(named.node, named.path, f"{quoted(name)} {problem}")
        return None
    launch, transfer = craft.timeline[0], craft.timeline[1]
    assert isinstance(launch, ph.LaunchPhase)
    assert isinstance(transfer, ph.DirectTransferPhase)
    times = value.child("times_of_flight")
    found = model.WindowAnalysis(
        spacecraft=name,
        start_tdb=value.get("start", launch.epoch_tdb),
        duration_s=value.get("duration", DEFAULT_WINDOW_D * SECONDS_PER_DAY),
        step_s=value.get("step", SECONDS_PER_DAY),
        times_of_flight_s=(
            tuple(dict.fromkeys(item.data for item in times.data if item.ok))
            if times
            else (transfer.time_of_flight_s,)
        ),
        branches=_words(value.get("branch", "both"), ("north", "south")),
        headings=_words(value.get("heading", "cheaper"), ("ascending", "descending")),
        coverage_s=value.get("coverage", DEFAULT_COVERAGE_D * SECONDS_PER_DAY),
        least_coverage=value.get("least_coverage"),
        insertion_in_view=value.get("insertion_in_view", False),
        slip_days=value.get("slip_days", DEFAULT_SLIP_DAYS),
        lead_s=value.get("lead", DEFAULT_LEAD_D * SECONDS_PER_DAY),
        longest_wait_s=value.get("longest_wait"),
        sun=value.get("sun", "either"),
    )
    if found.candidates > MOST:
        reading.problem(
            value.node,
            value.path,
            f"found {found.candidates} combinations of launch, flight time, branch and heading; expected at "
            f"most {MOST}: take a longer step or fewer flight times",
        )
    return found


def _words(word: str, both: tuple[str, ...]) -> tuple[str, ...]:
    return both if word == "both" else (word,)


def _unfit(craft: model.Spacecraft) -> str:
    """Say why the timeline of a spacecraft cannot be moved from day to day; empty if it can."""
    kinds = [phase.kind for phase in craft.timeline]
    if kinds[:1] != ["launch"] or "land" not in kinds:
        return "has no timeline from a launch to a landing; expected a spacecraft that has"
    if not isinstance(craft.timeline[1], ph.DirectTransferPhase):
        return "does not fly a direct transfer; expected one of kind direct"
    dates = 0
    for number, phase in enumerate(takewhile(lambda each: each.kind != "land", craft.timeline)):
        if isinstance(phase, ph.PhasingPhase):
            return (
                f"phases behind {quoted(phase.behind)} before it lands; expected it not to (phase {number})"
            )
        if isinstance(phase, ph.CoastPhase) and phase.until.kind == "epoch":
            dates += 1
            if dates > 1:
                return (
                    f"coasts to a date twice before it lands (phase {number}); expected one such coast, the "
                    "wait for the landing"
                )
        elif isinstance(phase, ph.CoastPhase) and not _movable(phase.until):
            return f"coasts to {_place(phase.until)} (phase {number}); expected an apse, a time or a date"
        if isinstance(phase, ph.ManoeuvrePhase) and (
            phase.change not in ("apoapsis_altitude", "periapsis_altitude", "circularise")
            or phase.at.kind != "place"
            or not _movable(phase.at)
        ):
            return (
                f"makes a manoeuvre before it lands (phase {number}) that does not change one apse at "
                "an apse; expected only such, or circularise"
            )
    return ""


def _movable(moment: ph.Moment) -> bool:
    return moment.kind == "after" or moment.place in ("periapsis", "apoapsis")


def _place(moment: ph.Moment) -> str:
    return f"the {moment.place}" if moment.place else f"a true anomaly of {math.degrees(moment.value):g} deg"
