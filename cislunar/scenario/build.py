"""From values read one by one to a `Scenario`: what they must satisfy together, then the dataclasses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cislunar.errors import InputError
from cislunar.scenario import model
from cislunar.scenario.delivery import build_delivery
from cislunar.scenario.format_analyses import DEFAULT_MAP_MASK_DEG, DEFAULT_MAP_RESOLUTION_DEG
from cislunar.scenario.ground import build_ground
from cislunar.scenario.machine import carried_masses, check_carried, find_carriers
from cislunar.scenario.names import names_of
from cislunar.scenario.physics import build_physics
from cislunar.scenario.reading import Reading, Value, node_text
from cislunar.scenario.requirements import build_requirements
from cislunar.scenario.sequence import Sequence
from cislunar.scenario.spacecraft import build_spacecraft
from cislunar.scenario.span import check_span
from cislunar.scenario.window import build_window
from cislunar.scenario.wording import quoted

_RAD = math.pi / 180.0
_SHORTEST_S = 60.0


def build(top: Value, reading: Reading, sha256: str) -> model.Scenario | None:
    """Check the parts against each other and build the scenario.

    Parameters
    ----------
    top : Value
        The file as read.
    reading : Reading
        Takes the mistakes found here.
    sha256 : str
        Hash of the file.

    Returns
    -------
    Scenario or None
        None when anything in the file is wrong.
    """
    duration_s = _duration(top, reading)
    sites = _named(top, "sites")
    ground = build_ground(top, reading)
    crafts = _named(top, "spacecraft")
    definitions = {name: _site(name, value, reading) for name, value in sites.items() if value.ok}
    carrier = find_carriers(crafts, reading)
    carried = carried_masses(crafts, carrier)
    spacecraft = {
        name: build_spacecraft(name, value, carried[name], tuple(sites), ground, top, reading)
        for name, value in crafts.items()
        if value.ok
    }
    check_carried(crafts, carrier, reading)
    if duration_s is not None and top.get("epoch") is not None:
        _check_lives(crafts, spacecraft, carrier, tuple(sites), top.get("epoch"), duration_s, reading)
    relays = {name for name, value in crafts.items() if value.has("relay")}
    analyses = top.child("analyses")
    coverage = _coverage(analyses, tuple(sites), bool(relays), top, reading)
    requirements = build_requirements(top.child("requirements"), sites, crafts, coverage, top, reading)
    physics = build_physics(top.child("physics"), reading)
    _check_effect(top, crafts, reading)
    lifetime = analyses.child("lifetime") if analyses else None
    window = build_window(analyses, spacecraft, reading)
    delivery = build_delivery(analyses, spacecraft, reading)
    check_span(top, duration_s, reading)
    if reading.problems or duration_s is None:
        return None
    return model.Scenario(
        name=top.get("name"),
        description=top.get("description", ""),
        epoch_tdb=top.get("epoch"),
        epoch_text=node_text(top.data["epoch"].node),
        duration_s=duration_s,
        physics=physics,
        data=_data_files(top.child("data")),
        sites=definitions,
        stations=ground.stations,
        networks=ground.networks,
        spacecraft={name: craft for name, craft in spacecraft.items() if craft is not None},
        requirements=requirements,
        coverage=coverage,
        lifetime=model.LifetimeAnalysis(lifetime.get("horizon")) if lifetime else None,
        sources=tuple(reading.sources),
        assumptions=tuple(reading.assumptions),
        file=reading.file,
        sha256=sha256,
        directory=reading.directory,
        delivery=delivery,
        window=window,
    )


def _check_lives(
    crafts: dict[str, Value],
    spacecraft: dict[str, model.Spacecraft | None],
    carrier: dict[str, str],
    sites: tuple[str, ...],
    epoch_tdb: float,
    duration_s: float,
    reading: Reading,
) -> None:
    built = {name: craft for name, craft in spacecraft.items() if craft is not None}
    timelines = {name: craft.timeline for name, craft in built.items() if craft.timeline}
    vehicles = {name: craft.vehicle for name, craft in built.items() if craft.vehicle is not None}
    span = epoch_tdb, epoch_tdb + duration_s
    Sequence(crafts, timelines, vehicles, carrier, sites, *span, reading).check()


def _named(top: Value, key: str) -> dict[str, Value]:
    value = top.child(key)
    return dict(value.data) if value else {}


def _duration(top: Value, reading: Reading) -> float | None:
    epoch, end = top.get("epoch"), top.child("end")
    if end is None or epoch is None:
        return top.get("duration")
    if end.data - epoch < _SHORTEST_S:
        relation = (
            "before" if end.data < epoch else "the same as" if end.data == epoch else "within a minute of"
        )
        start = node_text(top.data["epoch"].node)
        reading.problem(
            end.node,
            "end",
            f"found {quoted(node_text(end.node))}, which is {relation} the epoch {quoted(start)}; "
            "expected an end at least 1 min after it",
        )
        return None
    return float(end.data - epoch)


def _check_effect(top: Value, crafts: dict[str, Value], reading: Reading) -> None:
    """Refuse what speaks of propagation where every spacecraft follows a file."""
    orbits = [craft.child("orbit") if craft.ok else None for craft in crafts.values()]
    if not orbits or not all(orbit is not None and orbit.variant == "ephemeris" for orbit in orbits):
        return
    analyses = top.child("analyses")
    for value in (top.child("physics"), analyses.child("lifetime") if analyses else None):
        if value is not None:
            message = "has no effect: every spacecraft follows an ephemeris file and none is propagated"
            reading.problem(value.node, value.path, message)


def _data_files(value: Value | None) -> model.DataFiles:
    if value is None:
        return model.DataFiles()
    files = value.child("ephemeris")
    return model.DataFiles(
        ephemeris=tuple(item.data for item in files.data) if files else (),
        lunar_orientation=value.get("lunar_orientation"),
        terrain=value.get("terrain"),
    )


def _site(name: str, value: Value, reading: Reading) -> model.SiteDefinition:
    from cislunar.environment.sites import AzimuthMask, ConstantMask

    height, horizon = value.get("height", "terrain"), value.get("horizon", 0.0)
    mask: Any = horizon
    if isinstance(horizon, float):
        mask = ConstantMask(horizon)
    elif isinstance(horizon, tuple):
        rows = np.array(horizon)
        try:
            mask = AzimuthMask(rows[:, 0], rows[:, 1], source=f"stated in {reading.file}")
        except InputError as error:
            reading.problem(value.data["horizon"].node, f"{value.path}.horizon", str(error))
    return model.SiteDefinition(
        name=name,
        latitude_rad=value.get("latitude", 0.0),
        longitude_rad=value.get("longitude", 0.0),
        height_km=None if height == "terrain" else height,
        horizon=mask,
        label=value.get("label", ""),
    )


def _coverage(
    analyses: Value | None, sites: tuple[str, ...], relays: bool, top: Value, reading: Reading
) -> model.CoverageAnalysis | None:
    value = analyses.child("coverage") if analyses else None
    asked = analyses is not None and analyses.has("coverage")
    if not sites:
        if asked and not top.has("sites"):
            reading.problem(
                analyses.data["coverage"].node,  # type: ignore[union-attr]
                "analyses.coverage",
                "there are no sites; expected a site under sites",
            )
        return None
    if value is None:
        return None if asked else model.CoverageAnalysis(sites, False, 0.0, True, None)
    chosen = (
        names_of(value.child("sites"), sites, "a site under sites", reading) if value.has("sites") else sites
    )
    chart = value.child("map")
    if chart is not None and not relays:
        reading.problem(
            chart.node, chart.path, "there is no relay to map; expected relay: under a spacecraft"
        )
    return model.CoverageAnalysis(
        sites=chosen,
        light_time=value.get("light_time", False),
        minimum_pass_s=value.get("minimum_pass", 0.0),
        degraded=value.get("degraded", True),
        map=_map(chart) if chart else None,
    )


def _map(value: Value) -> model.MapDefinition:
    return model.MapDefinition(
        region=value.get("region", "far side"),
        grid=value.get("grid", "equal-area"),
        resolution_rad=value.get("resolution", DEFAULT_MAP_RESOLUTION_DEG * _RAD),
        height_km=value.get("height", 0.0),
        mask_rad=value.get("mask", DEFAULT_MAP_MASK_DEG * _RAD),
        minimum_pass_s=value.get("minimum_pass", 0.0),
    )
