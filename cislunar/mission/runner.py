"""The way of a scenario: fly, find the access, judge, and collect one result."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cislunar.errors import InputError
from cislunar.mission import flight as flights
from cislunar.mission.budgets import budgets_of
from cislunar.mission.delivery import delivery_options
from cislunar.mission.operations import critical_events, data_balances
from cislunar.mission.places import sites_of, terrain_warnings
from cislunar.mission.provenance import provenance
from cislunar.mission.relays import relay_budgets
from cislunar.mission.requirements import judge
from cislunar.mission.result import MissionResult
from cislunar.mission.series import access_dataset, orbit_dataset

if TYPE_CHECKING:
    from cislunar.coverage.access import Access
    from cislunar.coverage.tables import WindowTables
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.mission.window_choice import LaunchWindow
    from cislunar.scenario import Scenario

_SEARCHING = "searching the launch window"

Progress = Callable[[str, float], None]
"""Receives what is being done and the fraction of the whole that is behind, 0 to 1."""


def run(scenario: Scenario, progress: Progress | None = None) -> MissionResult:
    """Fly a scenario and analyse it.

    Parameters
    ----------
    scenario : Scenario
        From `cislunar.load`.
    progress : callable, optional
        Called with the name of each stage and the fraction done, from the calling thread.

    Returns
    -------
    MissionResult

    Raises
    ------
    CislunarError
        If an orbit, a file or the window cannot be used; raised before anything is flown.
    """
    import xarray as xr

    from cislunar.coverage.eclipses import eclipse_table, find_eclipses
    from cislunar.coverage.tables import WindowTables

    def tell(stage: str, fraction: float) -> None:
        if progress is not None:
            progress(stage, fraction)

    tell("reading the tables", 0.0)
    environment = flights.environment_of(scenario)
    sites = sites_of(scenario, environment)
    tell("flying", 0.1)
    with _quiet():
        flight = flights.fly(scenario, environment)
    tell("flying on without station-keeping", 0.3)
    lifetimes = flights.fly_on(scenario, flight)

    tell("finding eclipses", 0.45)
    window = (flight.start_tdb, scenario.end_tdb)
    with _quiet():
        tables = WindowTables.build(environment, *window)
    eclipses = eclipse_table(find_eclipses(flight.trajectories, environment, window, tables))
    dataset = orbit_dataset(scenario, flight, environment)

    tell("finding access", 0.55)
    access, statistics, degraded = None, {}, []
    worst_days: dict[tuple[str, str], float] = {}
    if scenario.coverage is not None and _has_relays(scenario, flight):
        access = _access(scenario, flight, sites, environment, tables)
        shortest = scenario.coverage.minimum_pass_s
        statistics = access.statistics(shortest)
        if scenario.coverage.degraded:
            degraded = [case for site in sites for case in access.degraded(site.name, shortest)]
        dataset = xr.merge([dataset, access_dataset(scenario, access, list(flight.trajectories))])
        for site in dataset["site"].values:
            for link in dataset["link"].values:
                least = dataset["daily_percent"].sel(site=site, link=link).min()
                worst_days[str(site), str(link)] = float(least)
        if scenario.coverage.map is not None:
            tell("mapping", 0.8)
            from cislunar.mission.maps import map_dataset

            dataset = xr.merge([dataset, map_dataset(scenario.coverage.map, access)])
    with _quiet():
        communications = critical_events(scenario, flight.timelines, environment)
        budgets = budgets_of(scenario, flight.timelines)
        relays = relay_budgets(
            scenario, flight.timelines, lifetimes, flights.forces_without_sunlight(scenario, environment)
        )
    launches, unsearched = _launch_window(
        scenario, environment, lambda share: tell(_SEARCHING, 0.9 + 0.1 * share)
    )
    tell("collecting", 1.0)
    return MissionResult(
        scenario=scenario,
        status="complete" if flight.complete else "incomplete",
        sites={site.name: site for site in sites},
        environment=environment,
        trajectories=flight.trajectories,
        lifetimes=lifetimes,
        access=_table(access),
        eclipses=eclipses,
        coverage=dataset,
        statistics=statistics,
        degraded=degraded,
        requirements=judge(
            scenario, statistics, worst_days, scenario.duration_s - (flight.start_tdb - scenario.epoch_tdb)
        ),
        provenance=provenance(scenario, flight, environment),
        sources=list(scenario.sources),
        assumptions=list(scenario.assumptions),
        warnings=[
            *_warnings(scenario, environment, access),
            *_late(scenario, flight),
            *unsearched,
            *(each.message for each in relays.values() if not each.closes),
            *(each.too_heavy for each in budgets.values() if each.too_heavy),
        ],
        window=window,
        timelines=flight.timelines,
        budgets=budgets,
        data_balance=data_balances(scenario, flight.timelines, access),
        communications=communications,
        relay_budgets=relays,
        deliveries=delivery_options(scenario, flight.timelines, flight.forces.gm["moon"], environment),
        launch_window=launches,
    )


def _launch_window(
    scenario: Scenario, environment: Environment, progress: Callable[[float], None]
) -> tuple[LaunchWindow | None, list[str]]:
    """Search the launch window, if the scenario asks for it; say why, if it cannot be searched."""
    if scenario.window is None:
        return None, []
    from cislunar.mission.launch_window import find_window
    from cislunar.mission.timeline_flight import earth_forces
    from cislunar.mission.window_course import course_of

    with _quiet():
        try:
            found = find_window(
                course_of(scenario, environment),
                environment,
                earth_forces(scenario, environment),
                flights.forces_without_sunlight(scenario, environment),
                progress,
            )
        except InputError as reason:
            return None, [f"the launch window was not searched: {reason}"]
    return found, []


def _has_relays(scenario: Scenario, flight: flights.Flight) -> bool:
    """Whether a relay has arrived, or the scenario has none."""
    return not scenario.relays or any(name in flight.trajectories for name in scenario.relays)


def _access(
    scenario: Scenario,
    flight: flights.Flight,
    sites: list[Site],
    environment: Environment,
    tables: WindowTables,
) -> Access:
    from cislunar.coverage.access import compute_access

    analysed = {site.name for site in sites}
    relays = {
        name: craft.relay
        for name, craft in scenario.spacecraft.items()
        if craft.relay is not None and name in flight.trajectories
    }
    assert scenario.coverage is not None
    return compute_access(
        {name: flight.trajectories[name] for name in relays},
        sites,
        list(scenario.stations.values()),
        environment,
        (tables.start_tdb, tables.end_tdb),
        serves={name: [site for site in relay.sites if site in analysed] for name, relay in relays.items()},
        reports_to={name: relay.stations for name, relay in relays.items()},
        light_time=scenario.coverage.light_time,
        tables=tables,
    )


def _late(scenario: Scenario, flight: flights.Flight) -> list[str]:
    """Say from when on and by whom coverage is counted, where timelines decide it."""
    from cislunar.time import format_epoch

    said = []
    if flight.start_tdb > scenario.epoch_tdb:
        since = format_epoch(flight.start_tdb, "UTC", 0)
        said.append(f"coverage, eclipses and series begin when the last relay has arrived, {since} UTC")
    missing = [name for name in scenario.relays if name not in flight.trajectories]
    if missing:
        said.append(f"relays that do not get to their work and count for nothing: {', '.join(missing)}")
    return said


def _table(access: Access | None) -> Any:
    if access is not None:
        return access.table()
    import pandas as pd

    from cislunar.coverage.table import COLUMNS

    return pd.DataFrame(columns=list(COLUMNS))


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out the warning about the Earth-orientation table: it stands among the result's own."""
    from cislunar.environment.earth import EarthOrientationWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=EarthOrientationWarning)
        yield


def _warnings(scenario: Scenario, environment: Environment, access: Access | None) -> list[str]:
    found = []
    held = environment.earth.held(scenario.end_tdb)
    if held is not None:
        found.append(held)
    found += terrain_warnings(scenario, environment)
    tangents = access.near_tangencies() if access is not None else []
    if tangents:
        found.append(
            f"{len(tangents)} near-tangencies: a line of sight grazes a horizon so closely that a few metres "
            "decide; they are flagged in the access table"
        )
    return found
