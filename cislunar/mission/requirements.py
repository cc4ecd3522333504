"""Whether the flown configuration reaches what the scenario requires."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cislunar.figures_of_merit import NBSP, duration, percent

if TYPE_CHECKING:
    from cislunar.scenario import Scenario
    from cislunar.scenario.model import Requirement


def judge(
    scenario: Scenario,
    statistics: Mapping[str, Mapping[str, Mapping[str, Any]]],
    worst_day_percent: Mapping[tuple[str, str], float],
    duration_s: float,
) -> list[dict[str, Any]]:
    """Compare each requirement with what was found.

    Parameters
    ----------
    scenario : Scenario
    statistics : mapping
        By site and link, as in `MissionResult.statistics`.
    worst_day_percent : mapping
        By site and link: the least per cent in view over the 24 h periods from the epoch.
    duration_s : float
        Length of the window that the statistics are of, s.

    Returns
    -------
    list of dict
        `name, site, link, measure, asked, asked_text, found, found_text, met, margin`; `asked`, `found` and
        `margin` in per cent, seconds or passes per day, a positive margin being on the good side.
    """
    rows = []
    for requirement in scenario.requirements:
        entry = statistics.get(requirement.site, {}).get(requirement.link)
        found = math.nan if entry is None else _found(requirement, entry, worst_day_percent, duration_s)
        sign = 1.0 if requirement.bound == "at_least" else -1.0
        rows.append(
            {
                "name": requirement.name,
                "site": requirement.site,
                "link": requirement.link,
                "measure": requirement.measure,
                "asked": requirement.limit,
                "asked_text": f"{requirement.bound.replace('_', ' ')} {requirement.limit_text}",
                "found": found,
                "found_text": "nothing was flown" if entry is None else _text(requirement.measure, found),
                "met": requirement.met_by(found),
                "margin": sign * (found - requirement.limit),
            }
        )
    return rows


def _found(
    requirement: Requirement,
    entry: Mapping[str, Any],
    worst_day_percent: Mapping[tuple[str, str], float],
    duration_s: float,
) -> float:
    match requirement.measure:
        case "percent":
            return float(entry["percent"])
        case "worst_day_percent":
            return worst_day_percent[requirement.site, requirement.link]
        case "longest_gap":
            return float(entry["gap_s"]["max"])
        case "mean_gap":
            return float(entry["gap_s"]["mean"])
        case "mean_response":
            return float(entry["mean_response_s"])
        case "mean_pass":
            return float(entry["pass_s"]["mean"])
        case "passes_per_day":
            return float(entry["passes"]) * 86400.0 / duration_s
    raise AssertionError(f"no figure of merit for {requirement.measure!r}")


def _text(measure: str, value: float) -> str:
    if measure == "passes_per_day":
        return f"{value:.2f} per day"
    words = percent(value, 2) if measure.endswith("percent") else duration(value, 4)
    return words.replace(NBSP, " ")
