"""What figures and tables look up in a mission result: names, times, merged intervals, the main link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cislunar.coverage.intervals import Intervals, union

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.environment.orientation import LunarOrientation
    from cislunar.mission.result import MissionResult

LINKS = ("chain", "site-relay", "relay-earth", "direct")
"""Links in the order the report shows them: the one that matters first."""

DAY = 86400.0


def window(result: MissionResult) -> tuple[float, float]:
    """Give start and end of the scenario, seconds past J2000 TDB."""
    start = float(result.scenario.epoch_tdb)
    return start, start + float(result.scenario.duration_s)


def sites(result: MissionResult) -> list[str]:
    """Give the names of the sites that have statistics, in the scenario's order."""
    return list(result.statistics)


def relays(result: MissionResult) -> list[str]:
    """Give the names of the spacecraft that relay, in the scenario's order."""
    return list(result.scenario.relays)


def stations(result: MissionResult) -> list[str]:
    """Give the names of the Earth stations, in the scenario's order."""
    return list(result.scenario.stations)


def headline_link(result: MissionResult, site: str) -> str:
    """Say which link answers the question for a site: the chain where relays serve it, else direct view."""
    return next((link for link in LINKS if link in result.statistics[site]), "direct")


def intervals(
    result: MissionResult,
    link: str,
    *,
    site: str | None = None,
    relay: str | None = None,
    station: str | None = None,
) -> Intervals:
    """Give the times at which a link holds: the union over the rows of the access table that match."""
    table = result.access
    keep = table["link"] == link
    for column, wanted in (("site", site), ("relay", relay), ("station", station)):
        if wanted is not None:
            keep = keep & (table[column] == wanted)
    return merged(result, table[keep], ["relay", "station"])


def eclipses(result: MissionResult, spacecraft: str, kinds: tuple[str, ...]) -> Intervals:
    """Give the times a spacecraft spends in the named kinds of shadow, of any body."""
    table = result.eclipses
    return merged(
        result, table[(table["spacecraft"] == spacecraft) & table["kind"].isin(kinds)], ["body", "kind"]
    )


def merged(result: MissionResult, rows: pd.DataFrame, by: list[str]) -> Intervals:
    """Join the rows of a table into one set of intervals; rows of one group `by` are disjoint already."""
    span = window(result)
    sets = [Intervals.never(span)]
    for _, group in rows.fillna("").groupby(by):
        ordered = group.sort_values("start_tdb")
        edges = np.clip(ordered[["start_tdb", "end_tdb"]].to_numpy(dtype=float), *span)
        sets.append(Intervals.make(edges[:, 0], edges[:, 1], span))
    return union(sets)


def lunar_orientation(result: MissionResult) -> LunarOrientation:
    """Give the orientation of the Moon that the scenario was flown with."""
    from cislunar.environment.orientation import LunarOrientation

    own = result.scenario.data.lunar_orientation
    return LunarOrientation.default() if own is None else LunarOrientation.from_bpc(own)
