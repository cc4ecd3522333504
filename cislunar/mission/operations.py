"""What a landed or orbiting payload can send home, and who sees the critical events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.coverage.intervals import Intervals
from cislunar.landing.communications import Contacts, contacts
from cislunar.vehicles.data_balance import DataBalance, Link, Source, bent_pipe

if TYPE_CHECKING:
    from cislunar.coverage.access import Access
    from cislunar.environment import Environment
    from cislunar.mission.timeline import FlownPhase, Timeline
    from cislunar.scenario import Scenario
    from cislunar.scenario.model import Spacecraft

AROUND_BURN_S = 600.0
"""A burn is a critical event from this long before it to this long after it."""


def data_balances(
    scenario: Scenario, timelines: Mapping[str, Timeline], access: Access | None
) -> dict[str, DataBalance]:
    """Balance what payloads at each site produce against what the chain over the relays carries.

    Parameters
    ----------
    scenario : Scenario
    timelines : mapping of str to Timeline
        As flown: payloads work from the beginning of `operate` of the spacecraft that brought them.
    access : Access or None

    Returns
    -------
    dict of str to DataBalance
        By site, over the window of coverage; of sites where a payload works and that a relay with a stated
        rate serves. Where the rates of the relays differ, the lowest one counts.
    """
    if access is None:
        return {}
    balances = {}
    for site in access.sites:
        sources = [
            source
            for name, timeline in timelines.items()
            for source in _sources(scenario.spacecraft[name], timeline, site, access.window)
        ]
        relays = [scenario.spacecraft[name].relay for name in access.relays_of(site)]
        rates = [relay.rate_bit_s for relay in relays if relay is not None and relay.rate_bit_s is not None]
        if sources and rates and len(rates) == len(relays):
            link = Link("chain", min(rates), access.chain(site))
            balances[site] = bent_pipe(sources, link)
    return balances


def _sources(craft: Spacecraft, timeline: Timeline, site: str, window: tuple[float, float]) -> list[Source]:
    """Payloads of a spacecraft that work at a site within the window."""
    work = timeline.phases[-1]
    if craft.vehicle is None or work.kind != "operate" or work.status != "flown":
        return []
    found = []
    for payload in craft.vehicle.payloads:
        if payload.site != site or payload.generation_rate_bit_s == 0.0:
            continue
        lasts = craft.payload_duration_s.get(payload.name, work.end_tdb - work.start_tdb)
        start, end = max(work.start_tdb, window[0]), min(work.start_tdb + lasts, window[1])
        if end > start:
            active = Intervals.make(np.array([start]), np.array([end]), window)
            found.append(Source(payload.name, payload.generation_rate_bit_s, active))
    return found


def critical_events(
    scenario: Scenario, timelines: Mapping[str, Timeline], environment: Environment
) -> dict[str, list[Contacts]]:
    """Find who sees insertions and landings: each station, each relay that flies then, or nobody.

    Returns
    -------
    dict of str to list of Contacts
        By spacecraft, in the order of time; empty without stations.
    """
    stations = list(scenario.stations.values())
    if not stations:
        return {}
    found: dict[str, list[Contacts]] = {}
    for name, timeline in timelines.items():
        events = []
        for phase in timeline.phases:
            plan = phase.details.get("plan")
            if phase.status == "flown" and phase.kind == "insert":
                events += [
                    contacts(
                        title,
                        max(start - AROUND_BURN_S, timeline.start_tdb),
                        min(end + AROUND_BURN_S, timeline.end_tdb),
                        timeline.state_at,
                        stations,
                        _flying(scenario, timelines, name, start - AROUND_BURN_S, end + AROUND_BURN_S),
                        environment,
                    )
                    for title, start, end in _burns(phase)
                ]
            elif plan is not None and plan.communications is not None:
                events.append(plan.communications)
        if events:
            found[name] = events
    return found


def _burns(phase: FlownPhase) -> list[tuple[str, float, float]]:
    """Name, ignition and burnout of each burn of an insertion."""
    lengths = phase.details["burn_time_s"]
    starts = phase.details["ignition_tdb"]
    names = ["insertion"] if len(lengths) == 1 else [f"insertion burn {k + 1}" for k in range(len(lengths))]
    return [(name, start, start + length) for name, start, length in zip(names, starts, lengths, strict=True)]


def _flying(
    scenario: Scenario, timelines: Mapping[str, Timeline], name: str, start_tdb: float, end_tdb: float
) -> dict[str, Any]:
    """Relays other than a spacecraft itself that fly all the time between two epochs."""
    return {
        other: timelines[other].state_at
        for other in scenario.relays
        if other != name
        and other in timelines
        and timelines[other].legs
        and timelines[other].start_tdb <= start_tdb
        and timelines[other].end_tdb >= end_tdb
    }
