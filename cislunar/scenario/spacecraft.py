"""Spacecraft: an orbit or a timeline, a machine, and a relay whose sites and stations exist."""

from __future__ import annotations

import math

from cislunar.scenario import model
from cislunar.scenario.ground import Ground
from cislunar.scenario.machine import build_margins, build_vehicle, payload_durations
from cislunar.scenario.names import names_of, unknown
from cislunar.scenario.orbit import build_orbit
from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.timeline import build_timeline


def build_spacecraft(
    name: str,
    value: Value,
    carried: dict[str, float],
    sites: tuple[str, ...],
    ground: Ground,
    top: Value,
    reading: Reading,
) -> model.Spacecraft | None:
    """Check one spacecraft and build it.

    Parameters
    ----------
    name : str
        Its key in the file.
    value : Value
        The spacecraft as read.
    carried : dict of str to float
        Masses of what it carries, kg.
    sites : tuple of str
        Sites of the scenario.
    ground : Ground
        The Earth stations.
    top : Value
        The whole file, to see what is missing because it is misstated.
    reading : Reading
        Takes the mistakes found here.

    Returns
    -------
    Spacecraft or None
        None when it cannot be built.
    """
    given = value.child("orbit")
    orbit = build_orbit(given, reading) if given else None
    phases = value.child("timeline")
    timeline = build_timeline(phases, top.get("epoch"), reading) if phases else None
    vehicle = build_vehicle(name, value, carried, sites, reading)
    pressure = value.child("radiation_pressure")
    if pressure is not None and given is not None and given.variant == "ephemeris":
        message = "has no effect on a trajectory read from a file; leave it out together with mass"
        reading.problem(pressure.node, pressure.path, message)
    relay = value.child("relay")
    definition = _relay(relay, sites, ground, top, reading) if relay else None
    if orbit is None and (timeline is None or vehicle is None):
        return None
    sphere = None
    if pressure is not None:
        sphere = model.RadiationPressure(pressure.get("area", 0.0), pressure.get("coefficient", 0.0))
    return model.Spacecraft(
        name,
        orbit,
        value.get("mass"),
        sphere,
        definition,
        timeline or (),
        vehicle,
        tuple(carried),
        value.get("price"),
        build_margins(value),
        payload_durations(value),
        _keeping(value.child("keeping"), reading),
    )


def _keeping(value: Value | None, reading: Reading) -> model.KeepingRule | None:
    floor = value.get("floor") if value else None
    if value is None or floor is None:
        return None
    target, ceiling = value.get("target"), value.get("ceiling", math.inf)
    for key, low in (("target", floor), ("ceiling", floor if target is None else target)):
        given = value.get(key)
        if given is not None and given < low:
            place = value.data[key]
            message = f"found {given:g} km, {low - given:g} km below the floor or target under it"
            reading.problem(place.node, place.path, f"{message}; expected floor, target, ceiling to rise")
            return None
    return model.KeepingRule(floor, target, ceiling, value.get("duration"))


def _relay(
    relay: Value,
    sites: tuple[str, ...],
    ground: Ground,
    top: Value,
    reading: Reading,
) -> model.RelayDefinition:
    served = _served(relay, sites, top, reading)
    if not relay.has("to"):
        if not ground.given:
            message = (
                "there is no Earth station to reach; expected stations under ground, such as ground: [dsn]"
            )
            reading.problem(relay.node, relay.path, message)
        return model.RelayDefinition(served, tuple(ground.stations), relay.get("rate"))
    reached: dict[str, None] = {}
    to = relay.child("to")
    for item in to.data if to else ():
        if not item.ok:
            continue
        spellings = (item.data, item.data.lower())
        key = next((name for name in spellings if name in ground.networks or name in ground.stations), "")
        if key:
            reached.update(dict.fromkeys(ground.networks.get(key, (key,))))
        elif ground.complete:
            unknown(item, (*ground.networks, *ground.stations), "a network or station under ground", reading)
    return model.RelayDefinition(served, tuple(reached), relay.get("rate"))


def _served(relay: Value, sites: tuple[str, ...], top: Value, reading: Reading) -> tuple[str, ...]:
    if relay.has("from"):
        if top.has("sites") and not sites:
            return ()
        return names_of(relay.child("from"), sites, "a site under sites", reading)
    if not sites and not top.has("sites"):
        reading.problem(relay.node, relay.path, "there is no site to serve; expected a site under sites")
    return sites
