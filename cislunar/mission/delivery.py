"""Ways to bring each relay from its release into its working orbit, cheapest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.errors import InputError
from cislunar.orbits.elements import KeplerianElements, from_state

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.mission.timeline import FlownPhase, Timeline
    from cislunar.scenario import Scenario
    from cislunar.transfers.craft import Craft
    from cislunar.transfers.delivery import DeliveryOption

FLOWN: Final = "working orbit"
"""What the orbit of the timeline is called among those compared."""


def delivery_options(
    scenario: Scenario, timelines: Mapping[str, Timeline], gm: float, environment: Environment
) -> dict[str, dict[str, list[DeliveryOption]]]:
    """Rank the deliveries of every carried relay that was released, where the scenario asks for it.

    Parameters
    ----------
    scenario : Scenario
    timelines : mapping of str to Timeline
        As flown: they say from which orbits a relay could be let go (that after an insertion, that of the
        release) with how much aboard its carrier, and which its own working orbit is.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    environment : Environment

    Returns
    -------
    dict of str to dict of str to list of DeliveryOption
        By relay, then by orbit: `working orbit`, if the relay got there, and those of the scenario. An orbit
        that cannot be reached from the release is left out.
    """
    from cislunar.transfers.delivery import rank_deliveries
    from cislunar.transfers.release_orbits import working_orbits

    asked = scenario.delivery
    if asked is None:
        return {}
    found: dict[str, dict[str, list[DeliveryOption]]] = {}
    for name in scenario.relays:
        carrier, release = _release(timelines, name)
        if carrier is None or release is None:
            continue
        relay = _craft(scenario, timelines[name], timelines[name].phases[0])
        lander = _craft(scenario, carrier, release)
        releases = _releases(carrier, release, gm)
        if relay is None or not releases:
            continue
        work = timelines[name].working
        orbits: dict[str, KeplerianElements] = {}
        if work is not None:
            orbits[FLOWN] = from_state(work.at(np.array([0.0]))[:, 0, 0], gm)
        start = release.end_tdb if work is None else float(work.epoch[0])
        for title, orbit in asked.orbits.items():
            orbits[title] = working_orbits(orbit, start, gm, environment=environment)
        found[name] = {}
        for title, there in orbits.items():
            try:
                options = rank_deliveries(
                    relay, lander, releases, there, gm, lander_returns=asked.lander_returns
                )
            except InputError:
                continue  # no ellipse above the ground
            found[name][title] = options
    return found


def _release(timelines: Mapping[str, Timeline], name: str) -> tuple[Timeline | None, FlownPhase | None]:
    """Give the carrier that let go of a spacecraft, and the phase in which it did."""
    for timeline in timelines.values():
        for phase in timeline.phases:
            if phase.status == "flown" and phase.details.get("released") == name:
                return timeline, phase
    return None, None


def _releases(carrier: Timeline, release: FlownPhase, gm: float) -> dict[str, KeplerianElements]:
    """Ellipses on which it could be let go: that of its release, and that after the insertion if another."""
    found = {}
    for phase in carrier.phases[: release.number]:
        burns = any(each.delta_v_km_s > 0.0 for each in carrier.phases[phase.number + 1 : release.number])
        if phase.kind == "insert" and burns:
            found["the orbit after insertion"] = phase.state_after
    found["its release"] = release.state_after
    orbits = {name: from_state(state, gm) for name, state in found.items() if state is not None}
    return {name: orbit for name, orbit in orbits.items() if float(orbit.eccentricity) < 1.0}


def _craft(scenario: Scenario, timeline: Timeline, phase: FlownPhase) -> Craft | None:
    """Give a spacecraft as it is when a phase begins; None without an engine."""
    from cislunar.transfers.craft import Craft

    vehicle = scenario.spacecraft[timeline.name].vehicle
    if vehicle is None or not vehicle.engines:
        return None
    burnt = sum(each.propellant_kg for each in timeline.phases[: phase.number])
    mass = phase.mass_before_kg
    return Craft(timeline.name, mass, mass - (vehicle.propellant_kg - burnt), vehicle.engine())


def delivery_rows(found: Mapping[str, Mapping[str, list[DeliveryOption]]]) -> list[dict[str, Any]]:
    """List the options as plain rows, cheapest first for each relay and orbit."""
    return [
        {
            "relay": relay,
            "orbit": orbit,
            "rank": rank + 1,
            "option": each.name,
            "delta_v_km_s": each.delta_v_km_s,
            "propellant_kg": each.propellant_kg,
            "time_s": each.time_s,
            "feasible": each.feasible,
            "message": each.message,
        }
        for relay, orbits in found.items()
        for orbit, options in orbits.items()
        for rank, each in enumerate(options)
    ]
