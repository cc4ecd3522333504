"""From the stated analysis of deliveries to its definition."""

from __future__ import annotations

from collections.abc import Mapping

from cislunar.orbits.definitions import KeplerianOrbit
from cislunar.scenario import model
from cislunar.scenario.orbit import build_orbit
from cislunar.scenario.reading import Reading, Value


def build_delivery(
    analyses: Value | None, spacecraft: Mapping[str, model.Spacecraft | None], reading: Reading
) -> model.DeliveryAnalysis | None:
    """Check the analysis of deliveries and build it.

    Parameters
    ----------
    analyses : Value or None
    spacecraft : mapping of str to Spacecraft or None
        None for one that could not be built.
    reading : Reading
        Takes the mistakes.
    """
    value = analyses.child("delivery") if analyses else None
    if value is None:
        return None
    crafts = [craft for craft in spacecraft.values() if craft is not None]
    carried = {name for craft in crafts for name in craft.carries}
    fit = [craft for craft in crafts if craft.name in carried and craft.relay and _moves(craft)]
    if not fit and len(crafts) == len(spacecraft):
        message = "has no effect: no relay with an engine is carried; expected carries under a spacecraft"
        reading.problem(value.node, value.path, message)
    given = value.child("orbits")
    orbits = {
        name: build_orbit(item, reading) for name, item in (given.data if given else {}).items() if item.ok
    }
    return model.DeliveryAnalysis(
        {name: orbit for name, orbit in orbits.items() if isinstance(orbit, KeplerianOrbit)},
        value.get("lander_returns", True),
    )


def _moves(craft: model.Spacecraft) -> bool:
    return craft.vehicle is not None and bool(craft.vehicle.engines)
