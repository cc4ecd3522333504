"""The ground segment: known networks and stations by name, and stations of a person's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cislunar.scenario.names import unknown
from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.spec import IDENTIFIER_TEXT, is_identifier
from cislunar.scenario.wording import quoted

if TYPE_CHECKING:
    from cislunar.environment.stations import Station


@dataclass(frozen=True)
class Ground:
    """The Earth stations of a scenario.

    Attributes
    ----------
    stations : dict of str to Station
        In the order of the file.
    networks : dict of str to tuple of str
        Stations behind each name in the file that is not a station's own: networks and aliases.
    given : bool
        Whether the file has a list of them at all.
    complete : bool
        Whether all of the list could be read, so that a name not found here is a mistake where it stands.
    """

    stations: dict[str, Station]
    networks: dict[str, tuple[str, ...]]
    given: bool
    complete: bool


def build_ground(top: Value, reading: Reading) -> Ground:
    """Collect the Earth stations.

    Parameters
    ----------
    top : Value
        The whole file.
    reading : Reading
        Takes the mistakes found here.
    """
    before = len(reading.problems)
    given, value = top.has("ground"), top.child("ground")
    stations: dict[str, Station] = {}
    networks: dict[str, tuple[str, ...]] = {}
    for item in value.data if value else ():
        found, network = _stations(item, reading)
        twice = [station.name for station in found if station.name in stations]
        if twice:
            message = f"the station {quoted(twice[0])} is listed twice under ground; leave one out"
            reading.problem(item.node, item.path, message)
            continue
        if network:
            networks[network] = tuple(station.name for station in found)
        stations.update((station.name, station) for station in found)
    readable = value is not None and all(item.ok for item in value.data)
    return Ground(
        stations, networks, given, complete=not given or (readable and len(reading.problems) == before)
    )


def _stations(item: Value, reading: Reading) -> tuple[tuple[Station, ...], str]:
    """Give the stations of one list item, and the name of the network if it is one."""
    from cislunar.environment import stations as known

    if not item.ok:
        return (), ""
    if item.variant == "own":
        station = _own(item, reading)
        return ((station,) if station else ()), ""
    name = item if item.variant == "known" else item.child(item.variant)
    if name is None:
        return (), ""
    mask = item.get("mask") if item.variant != "known" else None
    networks = known.network_names() if item.variant != "station" else ()
    singles = known.station_names() if item.variant != "network" else ()
    key = name.data.strip().lower()
    if key in networks:
        members = known.network(key)
    elif key in singles:
        members = (known.station(key),)
    else:
        what = (
            "a known network"
            if not singles
            else "a known station"
            if not networks
            else "a known network or station"
        )
        unknown(name, (*networks, *singles), what, reading)
        return (), ""
    if mask is not None:
        members = tuple(replace(station, mask_rad=mask) for station in members)
    return members, key if key in networks or key != members[0].name else ""


def _own(item: Value, reading: Reading) -> Station | None:
    from cislunar.environment.stations import Station

    name = item.child("name")
    if (
        name is None
        or item.get("latitude") is None
        or item.get("longitude") is None
        or item.get("height") is None
    ):
        return None
    if not is_identifier(name.data):
        reading.problem(
            name.node,
            name.path,
            f"the name {quoted(name.data)} cannot be used; expected {IDENTIFIER_TEXT}",
        )
        return None
    station = Station(
        name.data,
        item.get("latitude"),
        item.get("longitude"),
        item.get("height"),
        source=f"stated in {reading.file}",
    )
    mask = item.get("mask")
    return station if mask is None else replace(station, mask_rad=mask)
