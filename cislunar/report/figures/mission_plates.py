"""Which figures a mission with timelines has besides those of coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from cislunar.report.facts import site_title, window
from cislunar.report.figures import budget, critical_events, descent, mass, mission_timeline, transfer
from cislunar.report.figures import window as launches
from cislunar.report.mission_facts import burns, insertion_of, landing_of, leaders, transfer_of, whole_budget
from cislunar.report.wording import file_stems

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cislunar.mission.result import MissionResult

Entry = tuple[str, str, str, str, "Callable[[], Figure]"]
"""Stem, section, whom it is about, what is drawn, and how."""


def mission_plates(result: MissionResult) -> Iterator[Entry]:
    """List stem, section, subject, what is drawn and drawing of each figure that there are data for.

    Parameters
    ----------
    result : MissionResult
    """
    if not result.timelines:
        return
    yield (
        "mission-timeline",
        "mission",
        "",
        "A bar over time for every phase of every spacecraft, with burns, touchdowns, what was not possible",
        partial(mission_timeline.mission_timeline, result),
    )
    stems = file_stems(result.timelines)
    for name, stem in stems.items():
        yield from _of_craft(result, name, stem)
    yield from _of_window(result)
    sites = file_stems(result.data_balance)
    for site, balance in result.data_balance.items():
        title = site_title(result, site)
        yield (
            f"data-backlog-{sites[site]}",
            "data",
            site,
            f"Data of the payloads at {title} that wait, and what was generated and delivered, over time",
            partial(budget.data_backlog, balance, window(result)[0], title),
        )


def _of_window(result: MissionResult) -> Iterator[Entry]:
    found = result.launch_window
    if found is None:
        return
    yield (
        "launch-calendar",
        "window",
        "",
        "Cost, Sun at landing and unmet conditions of every launch day, with chosen day, slip days, backups",
        partial(launches.window_calendar, found),
    )
    if min(len(found.definition.times_of_flight_s), found.definition.launches) > 1:
        yield (
            "launch-porkchop",
            "window",
            "",
            "Contours of injection and insertion cost over departure and flight time, for each branch",
            partial(launches.porkchop, found),
        )


def _of_craft(result: MissionResult, name: str, stem: str) -> Iterator[Entry]:
    timeline, held = result.timelines[name], result.budgets.get(name)
    if transfer_of(timeline) is not None:
        yield (
            f"transfer-{stem}",
            "transfer",
            name,
            f"Path of {name} from the Earth to the Moon in inertial axes and in axes that turn with the Moon",
            partial(transfer.transfer_views, result, name),
        )
    if insertion_of(timeline) is not None:
        yield (
            f"insertion-{stem}",
            "insertion",
            name,
            f"Altitude, speed, thrust and mass of {name} about each burn of its insertion",
            partial(transfer.insertion_profile, result, name),
        )
    if held is not None and held.delta_v is not None and burns(timeline):
        yield (
            f"delta-v-{stem}",
            "delta-v",
            name,
            f"Delta-v of {name}, burn by burn: ideal, losses, statistical part and margin, each from where "
            "the one before ended",
            partial(budget.delta_v_waterfall, held.delta_v, whole_budget(result, name)),
        )
    if held is not None and name in leaders(result):
        yield (
            f"mass-{stem}",
            "mass",
            name,
            f"Launch mass of {name} as a bar: bus, payload, allowances, carried spacecraft, propellant",
            partial(mass.mass_bar, held.mass),
        )
    landing = landing_of(timeline)
    if landing is not None:
        site = landing.phase.site  # type: ignore[union-attr]
        yield (
            f"descent-{stem}",
            "landing",
            name,
            f"Height, speed, thrust and pitch of {name} from ignition to touchdown",
            partial(descent.descent_profile, landing.details["plan"].descent, site_title(result, site)),
        )
    if result.communications.get(name):
        yield (
            f"critical-events-{stem}",
            "communications",
            name,
            f"Bars over time of who sees {name} during its critical events: stations, relays, nobody",
            partial(critical_events.critical_events, result, name),
        )
