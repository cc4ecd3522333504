"""What figures and tables look up in a mission result: names, times, merged intervals, the main link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cislunar.coverage.access import ANY
from cislunar.coverage.intervals import Intervals, union
from cislunar.report.wording import display_name, file_stems

if TYPE_CHECKING:
    from cislunar.mission.result import MissionResult

LINKS = ("chain", "site-relay", "relay-earth", "direct")
"""Links in the order the report shows them: the one that matters first."""

DAY = 86400.0


def window(result: MissionResult) -> tuple[float, float]:
    """Give start and end of what is counted: the scenario from the arrival of its relays on, TDB."""
    return result.window


def sites(result: MissionResult) -> list[str]:
    """Give the names of the sites that have statistics, in the scenario's order."""
    return list(result.statistics)


def site_title(result: MissionResult, site: str) -> str:
    """Say what titles and tables call a site: its label, or else its name as a title."""
    return result.scenario.sites[site].label or display_name(site)


def relays(result: MissionResult, site: str) -> list[str]:
    """Give the names of the relays that serve a site and fly, in the scenario's order."""
    return [
        name
        for name, craft in result.scenario.spacecraft.items()
        if craft.relay is not None and site in craft.relay.sites and name in result.trajectories
    ]


def stations(result: MissionResult) -> list[str]:
    """Give the names of the Earth stations, in the scenario's order."""
    return list(result.scenario.stations)


def links(result: MissionResult, site: str) -> list[str]:
    """Give the links that mean something for a site: those over relays only where one serves it."""
    served = bool(relays(result, site))
    return [link for link in LINKS if link in result.statistics[site] and (served or link == "direct")]


def headline_link(result: MissionResult, site: str) -> str:
    """Say which link answers the question for a site: the chain where relays serve it, else direct view."""
    return links(result, site)[0]


def intervals(
    result: MissionResult, link: str, *, site: str = "", relay: str = ANY, station: str = ANY
) -> Intervals:
    """Look up when a link holds; the union over relays or stations unless one is named."""
    wanted = {
        "link": link,
        "site": "" if link == "relay-earth" else site,
        "relay": "" if link == "direct" else relay,
        "station": "" if link == "site-relay" else station,
    }
    table = result.access
    keep = np.ones(len(table), dtype=bool)
    for column, value in wanted.items():
        keep = keep & (table[column] == value).to_numpy(dtype=bool)
    rows = table[keep].sort_values("start_tdb")
    return Intervals.make(rows["start_tdb"].to_numpy(float), rows["end_tdb"].to_numpy(float), window(result))


def path_stems(result: MissionResult) -> dict[str, str]:
    """Give the spacecraft that flew, in the scenario's order, with the stem of their trajectory files."""
    flown = {name for name, timeline in result.timelines.items() if timeline.legs} | set(result.trajectories)
    return file_stems(name for name in result.scenario.spacecraft if name in flown)


def path_to_earth(result: MissionResult, site: str) -> Intervals:
    """Give the useful passes of a site's main link: those the statistics count."""
    found = intervals(result, headline_link(result, site), site=site)
    options = result.scenario.coverage
    return found.without_short(options.minimum_pass_s) if options is not None else found


def eclipses(result: MissionResult, spacecraft: str, kinds: tuple[str, ...]) -> Intervals:
    """Give the times a spacecraft spends in the named kinds of shadow, of any body."""
    table = result.eclipses
    rows = table[(table["spacecraft"] == spacecraft) & table["kind"].isin(kinds)]
    span = window(result)
    sets = [Intervals.never(span)]
    for _, group in rows.groupby(["body", "kind"]):
        ordered = group.sort_values("start_tdb")
        edges = np.clip(ordered[["start_tdb", "end_tdb"]].to_numpy(dtype=float), *span)
        sets.append(Intervals.make(edges[:, 0], edges[:, 1], span))
    return union(sets)
