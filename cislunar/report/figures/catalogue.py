"""Which figures a report has, in order, with the file name and the description of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cislunar.report.facts import relays, site_title, sites
from cislunar.report.figures import access, maps, orbits, site
from cislunar.report.figures.mission_plates import mission_plates
from cislunar.report.wording import file_stems

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cislunar.mission.result import MissionResult


@dataclass(frozen=True)
class Plate:
    """A figure of the report.

    Attributes
    ----------
    stem : str
        File name without suffix, safe on every system.
    section : str
        The part of the report it belongs to.
    site : str
        The site or spacecraft it is about; empty if about all.
    shows : str
        What is drawn, for the alternative text; the figure's own title holds the answer.
    draw : callable
        Builds the figure.
    """

    stem: str
    section: str
    site: str
    shows: str
    draw: Callable[[], Figure]


def plates(result: MissionResult) -> list[Plate]:
    """List the figures that the result has data for."""
    out = [Plate(*entry) for entry in mission_plates(result)]
    names = sites(result)
    stems = file_stems(names)

    def add(stem: str, section: str, place: str, shows: str, draw: Callable[[], Figure]) -> None:
        suffix = f"-{stems[place]}" if place and len(names) > 1 else ""
        out.append(Plate(stem + suffix, section, place, shows, draw))

    for name in names:
        title = site_title(result, name)
        add(
            "access-timeline",
            "access",
            name,
            f"Bars over time for {title}: path to Earth, each relay in view, each relay's stations and "
            f"its shadow",
            partial(access.access_timeline, result, name),
        )
        if "daily_percent" in result.coverage:
            add(
                "access-calendar",
                "access",
                name,
                f"Day by hour picture of the number of relays that connect {title} with Earth, and per "
                f"cent of each day",
                partial(access.access_calendar, result, name),
            )
        add(
            "gap-distribution",
            "gaps",
            name,
            f"Histogram and cumulative distribution of the gaps at {title}",
            partial(access.gap_distribution, result, name),
        )
        if any(case["site"] == name for case in result.degraded):
            add(
                "degraded-cases",
                "degraded",
                name,
                f"Bars of per cent and longest gap at {title} with each relay and each station lost",
                partial(access.degraded_cases, result, name),
            )
        if relays(result, name):
            add(
                "site-elevation",
                "elevation",
                name,
                f"Elevation of each relay at {title} in the first days and over every day",
                partial(site.site_elevation, result, name),
            )
        add(
            "site-lighting",
            "eclipses",
            name,
            f"Elevation of Sun and Earth at {title} over time, and the length of each relay eclipse",
            partial(site.site_lighting, result, name),
        )
    if maps.has_map(result):
        add(
            "coverage-maps",
            "maps",
            "",
            "Two maps on the lunar surface, per cent of time in view and longest gap, with contours and "
            "the sites",
            partial(maps.coverage_maps, result),
        )
    if result.trajectories:
        add(
            "orbits-inertial",
            "orbits",
            "",
            "Three views of the orbits about the Moon in inertial axes at start, middle and end",
            partial(orbits.inertial_orbits, result),
        )
        add(
            "orbits-over-moon",
            "orbits",
            "",
            "Tracks of the relays over the grey map of the turning Moon, with the sites",
            partial(orbits.ground_tracks, result),
        )
        add(
            "orbit-elements",
            "orbits",
            "",
            "Six panels of osculating elements over time",
            partial(orbits.orbit_elements, result),
        )
    if result.lifetimes:
        add(
            "perilune-history",
            "lifetime",
            "",
            "Perilune altitude over the years, with impacts marked",
            partial(orbits.perilune_history, result),
        )
    return out
