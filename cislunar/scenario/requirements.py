"""Requirements: their limits by measure, and whether the rest of the scenario can answer them."""

from __future__ import annotations

import math
from collections.abc import Collection

from cislunar.environment import regions
from cislunar.scenario import model
from cislunar.scenario.format_analyses import MEASURES, measure_limit
from cislunar.scenario.names import unknown
from cislunar.scenario.reading import Reading, Value, node_text
from cislunar.scenario.wording import quoted


def build_requirements(
    value: Value | None,
    sites: dict[str, Value],
    crafts: dict[str, Value],
    coverage: model.CoverageAnalysis | None,
    top: Value,
    reading: Reading,
) -> tuple[model.Requirement, ...]:
    """Check every requirement against the sites and relays, and build it.

    Parameters
    ----------
    value : Value or None
        The list in the file.
    sites, crafts : dict of str to Value
        Sites and spacecraft as read.
    coverage : CoverageAnalysis or None
    top : Value
        The whole file.
    reading : Reading
        Takes the mistakes found here.
    """
    built: list[model.Requirement] = []
    seen: set[str] = set()
    for item in value.data if value else ():
        if not item.ok:
            continue
        name = item.child("name")
        if name is not None and name.data in seen:
            reading.problem(name.node, name.path, f"{quoted(name.data)} is the name of two requirements")
        elif name is not None:
            seen.add(name.data)
        built += _requirement(item, sites, crafts, coverage, top, reading)
    return tuple(built)


def _requirement(
    item: Value,
    sites: dict[str, Value],
    crafts: dict[str, Value],
    coverage: model.CoverageAnalysis | None,
    top: Value,
    reading: Reading,
) -> list[model.Requirement]:
    site = item.child("site")
    if site is not None and site.data not in sites:
        if top.child("sites") is not None or not top.has("sites"):
            unknown(site, tuple(sites), "a site under sites", reading)
    elif site is not None:
        _check_requirement_site(item, site, sites, crafts, coverage, top, reading)
    measure = item.get("measure")
    bound = "at_least" if item.has("at_least") else "at_most"
    limit = item.child(bound)
    if measure is None or limit is None:
        return []
    converted = measure_limit(measure).convert(limit.data, limit.path, reading)
    if not isinstance(converted, float) or site is None or item.get("name") is None:
        return []
    unit = {"fraction": 100.0, "time": 1.0, "event_rate": 86400.0}[MEASURES[measure]]
    return [
        model.Requirement(
            name=item.get("name"),
            site=site.data,
            link=item.get("link", "chain"),
            measure=measure,
            bound=bound,  # type: ignore[arg-type]
            limit=converted * unit,
            limit_text=node_text(limit.data),
            region=item.get("region"),
        )
    ]


def _check_requirement_site(
    item: Value,
    site: Value,
    sites: dict[str, Value],
    crafts: dict[str, Value],
    coverage: model.CoverageAnalysis | None,
    top: Value,
    reading: Reading,
) -> None:
    if coverage is not None and coverage.sites and site.data not in coverage.sites:
        reading.problem(
            site.node,
            site.path,
            f"the site {quoted(site.data)} is not analysed; expected it under analyses.coverage.sites",
        )
    link = item.get("link", "chain")
    relays = [craft for craft in crafts.values() if craft.has("relay") or not craft.ok]
    said = coverage is not None and coverage.map is not None and not relays
    if link != "direct" and not said and not any(_serves(craft, site.data, sites) for craft in relays):
        reading.problem(
            site.node,
            site.path,
            f"no relay serves the site {quoted(site.data)}; "
            f"expected relay: {{from: {site.data}}} under a spacecraft",
        )
    if link == "direct" and not top.has("ground"):
        message = "there is no Earth station to see; expected stations under ground, such as ground: [dsn]"
        reading.problem(item.node, item.path, message)
    region, place = item.child("region"), sites[site.data]
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if region is None or latitude is None or longitude is None:
        return
    if regions.region(region.data).contains(latitude, longitude):
        return
    where = f"latitude {math.degrees(latitude):.6g} deg, longitude {math.degrees(longitude):.6g} deg"
    reading.problem(
        region.node,
        region.path,
        f"the site {quoted(site.data)} ({where}) does not lie in this region; "
        f"expected {regions.REGIONS[region.data]}",
    )


def _serves(craft: Value, site: str, sites: Collection[str]) -> bool:
    """Whether a relay serves a site, or might once its own mistakes are put right."""
    relay = craft.child("relay")
    if relay is None or not relay.has("from"):
        return True
    served = relay.child("from")
    return served is None or any(
        not item.ok or item.data == site or item.data not in sites for item in served.data
    )
