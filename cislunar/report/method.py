"""The statement of method: what the numbers mean, what was left out, and how large that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.environment.horizon import unresolved_km
from cislunar.environment.sites import ConstantMask
from cislunar.report import wording
from cislunar.report.facts import site_title, sites

if TYPE_CHECKING:
    from cislunar.mission.result import MissionResult


def method_lines(result: MissionResult) -> list[str]:
    """Give the statements, one a line, that a reader needs before trusting an edge or a percentage.

    Parameters
    ----------
    result : MissionResult
    """
    options = result.scenario.coverage
    lines = []
    if options is not None and options.light_time:
        lines.append(
            "Visibility is geometric, with one-way light time (about 1.3 s between Moon and Earth) "
            "applied to the "
            "links with Earth."
        )
    else:
        lines.append(
            "Visibility is geometric and instantaneous: both ends of a link are taken at the same moment. "
            "Light needs about 1.3 s between Moon and Earth, so an edge seen on the ground is that much "
            "later."
        )
    lines += [
        "Edges are found on the recorded trajectory itself, not on a sampling grid, and are numerically "
        "good to 1 ms; no "
        "pass or gap longer than 2 s is lost. A statement such as 0.1 s is numerical: light time, refraction "
        "at low elevations on Earth, and the relief of the lunar limb are physical effects that are "
        "larger and not in it.",
        f"The lunar limb between a spacecraft and the Earth is a sphere of {MOON_RADIUS_KM} km; "
        f"mountains on the limb reach "
        "several km above it and valleys below. A site uses its own horizon instead.",
        *(_horizon_line(result, site) for site in sites(result)),
        "An Earth station sees above its own mask, 10° unless the scenario gives another; its air is "
        "not modelled.",
    ]
    if options is not None and options.minimum_pass_s > 0.0:
        lines.append(
            f"Passes shorter than {wording.duration(options.minimum_pass_s)} are not counted as useful "
            f"and join the "
            "gaps around them; the access table lists them all."
        )
    if options is not None and options.map is not None:
        chain = result.coverage["map_percent"].attrs["link"] == "chain"
        what = "the path from each cell over a relay to Earth" if chain else "a relay in view of each cell"
        lines.append(
            f"Maps show {what}, above a constant {np.degrees(options.map.mask_rad):g}° and from "
            f"{options.map.height_km:g} km above the 1737.4 km sphere, without terrain. The cells "
            f"quoted in numbers "
            "have exact edges; others may be sampled in time, which can miss a short pass that would "
            "split a gap."
        )
    lines.append(
        "Earth orientation beyond the last date of the installed table holds UT1-UTC at its last value; "
        "the table "
        "and its last date stand in the provenance."
    )
    if result.timelines:
        lines += _mission_lines()
    else:
        lines.append(
            "Orbits fly without station-keeping, without manoeuvres and without errors of insertion or "
            "navigation."
        )
    return lines


def _mission_lines() -> list[str]:
    """Say what flying timelines means."""
    return [
        "Timelines are flown nominally: each phase starts from state, time and mass of the one before. "
        "Corrections of a transfer are sampled from their errors; their propellant is taken at the arrival "
        "and the path stays the nominal one. Working orbits fly without station-keeping.",
        "Phases are flown with best-estimate masses. The delta-v budget repeats the same burns with the "
        "margins of the policy on delta-v, masses and residuals: a mission may be flown to the end and still "
        "not close.",
        "Critical events are sampled every 10 s with edges interpolated; a relay counts while it sees both "
        "the spacecraft and a station, without link budgets.",
    ]


def _horizon_line(result: MissionResult, site: str) -> str:
    """Say which horizon a site uses."""
    horizon = result.scenario.sites[site].horizon
    name = site_title(result, site)
    if horizon == "terrain":
        terrain = result.environment.terrain
        cell = f"{unresolved_km(terrain):.1f} km at {terrain.resolution_deg:g}°"
        return (
            f"{name}: the horizon is computed from the topography of the provenance. Relief within one grid "
            f"cell ({cell}) of the site is not resolved, so a nearby boulder, wall or slope can hide more."
        )
    if isinstance(horizon, ConstantMask):
        return (
            f"{name}: the horizon is a constant mask of {np.degrees(horizon.mask_rad):g}° at every azimuth."
        )
    return f"{name}: the horizon is the azimuth table of the scenario."
