"""The access table: one row for each interval of each link."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.coverage.access import ANY, Access
from cislunar.coverage.finder import relay_positions
from cislunar.coverage.geometry import elevation_rad
from cislunar.coverage.intervals import Intervals
from cislunar.coverage.tables import unit_vectors

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "link",
    "site",
    "relay",
    "station",
    "start_utc",
    "end_utc",
    "duration_s",
    "start_cut",
    "end_cut",
    "max_elevation_deg",
    "min_range_km",
    "start_tdb",
    "end_tdb",
    "near_tangent",
)

Look = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From epochs to elevation (rad) and range (km)."""

_FIRST_SAMPLES = 17
_NARROWER = np.linspace(0.0, 1.0, 9)
_ROUNDS = 5
"""Each round narrows the neighbourhood of the best sample four times: to 1e-5 of a pass in the last."""


def access_table(access: Access) -> pd.DataFrame:
    """List every interval.

    Parameters
    ----------
    access : Access

    Returns
    -------
    pandas.DataFrame
        The columns `COLUMNS`. Rows by link: `site-relay` for each site and relay and for any relay;
        `relay-earth` for each relay and station and for any station; `chain` for each site, relay and
        station, for any station, and for any relay and any station; `direct` for each site and station
        and for any station. "any" is the union. `start_cut` and `end_cut` tell that the window, not an
        edge, ends the interval. `max_elevation_deg` is the elevation of the relay over the site (`site-
        relay`, `chain`), of the relay over the station (`relay-earth`), of the station over the site's
        horizontal (`direct`); `min_range_km` is the distance between the same two. In a union they are
        the best of its members.
    """
    import pandas as pd

    from cislunar.time import format_epochs

    rows: list[tuple[tuple[str, str, str, str], Intervals, np.ndarray, np.ndarray]] = []

    def add(
        names: tuple[str, str, str, str], held: Intervals, look: Look
    ) -> tuple[Intervals, np.ndarray, np.ndarray]:
        best = _extremes(held, look)
        rows.append((names, held, *best))
        return (held, *best)

    def add_union(names: tuple[str, str, str, str], held: Intervals, members: list[Any]) -> None:
        rows.append((names, held, *_best_of(held, members)))

    for site in access.sites:
        members = [
            add(
                ("site-relay", site, relay, ""),
                access.site_relay[site, relay],
                _over_site(access, site, relay),
            )
            for relay in access.relays_of(site)
        ]
        add_union(("site-relay", site, ANY, ""), access.relay_view(site), members)
    for relay in access.trajectories:
        members = [
            add(
                ("relay-earth", "", relay, name),
                access.relay_station[relay, name],
                _over_station(access, relay, name),
            )
            for name in access.stations_of(relay)
        ]
        add_union(("relay-earth", "", relay, ANY), access.earth_view(relay), members)
    for site in access.sites:
        chains = []
        for relay in access.relays_of(site):
            look = _over_site(access, site, relay)
            for name in access.stations_of(relay):
                add(("chain", site, relay, name), access.chain(site, [relay], [name]), look)
            chains.append(add(("chain", site, relay, ANY), access.chain(site, [relay]), look))
        add_union(("chain", site, ANY, ANY), access.chain(site), chains)
    for site in access.sites:
        members = [
            add(("direct", site, "", name), access.site_station[site, name], _direct(access, site, name))
            for name in access.stations
        ]
        add_union(("direct", site, "", ANY), access.direct(site), members)
    start = np.concatenate([np.zeros(0), *(held.start for _, held, _, _ in rows)])
    end = np.concatenate([np.zeros(0), *(held.end for _, held, _, _ in rows)])
    columns: dict[str, Any] = {
        name: np.repeat([names[place] for names, *_ in rows], [len(held) for _, held, *_ in rows]).astype(
            object
        )
        for place, name in enumerate(COLUMNS[:4])
    }
    columns["start_utc"] = format_epochs(start)
    columns["end_utc"] = format_epochs(end)
    columns["duration_s"] = end - start
    columns["start_cut"] = np.concatenate([np.zeros(0, bool), *(held.start_cut for _, held, _, _ in rows)])
    columns["end_cut"] = np.concatenate([np.zeros(0, bool), *(held.end_cut for _, held, _, _ in rows)])
    columns["max_elevation_deg"] = np.degrees(
        np.concatenate([np.zeros(0), *(highest for _, _, highest, _ in rows)])
    )
    columns["min_range_km"] = np.concatenate([np.zeros(0), *(nearest for _, _, _, nearest in rows)])
    columns["start_tdb"] = start
    columns["end_tdb"] = end
    columns["near_tangent"] = np.concatenate(
        [np.zeros(0, bool), *(held.near_tangent for _, held, _, _ in rows)]
    )
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _over_site(access: Access, site: str, relay: str) -> Look:
    place, trajectory = access.sites[site], access.trajectories[relay]
    polynomials = access.tables.on_moon(unit_vectors([place.latitude_rad], [place.longitude_rad]))[:, 0]

    def look(tdb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        up = access.tables.evaluate(polynomials, tdb)
        target = relay_positions(trajectory, tdb) - (MOON_RADIUS_KM + place.height_km) * up
        return elevation_rad(target, up), np.linalg.norm(target, axis=0)

    return look


def _over_station(access: Access, relay: str, name: str) -> Look:
    station, trajectory, tables = access.stations[name], access.trajectories[relay], access.tables
    fixed = np.stack(
        (station.position_itrs_km, unit_vectors([station.latitude_rad], [station.longitude_rad])[:, 0]),
        axis=1,
    )
    polynomials = tables.on_earth(fixed)

    def look(tdb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        position = tables.evaluate(tables.earth, tdb) + tables.evaluate(polynomials[:, 0], tdb)
        target = relay_positions(trajectory, tdb) - position
        return elevation_rad(target, tables.evaluate(polynomials[:, 1], tdb)), np.linalg.norm(target, axis=0)

    return look


def _direct(access: Access, site: str, name: str) -> Look:
    place, station, tables = access.sites[site], access.stations[name], access.tables
    vertical = tables.on_moon(unit_vectors([place.latitude_rad], [place.longitude_rad]))[:, 0]
    position = tables.on_earth(np.asarray(station.position_itrs_km)[:, None])[:, 0]

    def look(tdb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        up = tables.evaluate(vertical, tdb)
        target = tables.evaluate(tables.earth, tdb) + tables.evaluate(position, tdb)
        target = target - (MOON_RADIUS_KM + place.height_km) * up
        return elevation_rad(target, up), np.linalg.norm(target, axis=0)

    return look


def _extremes(held: Intervals, look: Look) -> tuple[np.ndarray, np.ndarray]:
    """Highest elevation (rad) and shortest range (km) in each interval."""
    if len(held) == 0:
        return np.zeros(0), np.zeros(0)
    time = held.start[:, None] + held.duration_s[:, None] * np.linspace(0.0, 1.0, _FIRST_SAMPLES)
    time[:, -1] = held.end
    elevation, distance = look(time)
    highest = _refined(time, elevation, lambda tdb: look(tdb)[0])
    return highest, -_refined(time, -distance, lambda tdb: -look(tdb)[1])


def _refined(time: np.ndarray, found: np.ndarray, value: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Largest value in each row of samples, by narrowing the samples around it."""
    rows = np.arange(len(time))
    best = np.max(found, axis=1)
    for _ in range(_ROUNDS):
        place = np.argmax(found, axis=1)
        low = time[rows, np.maximum(place - 1, 0)]
        high = time[rows, np.minimum(place + 1, time.shape[1] - 1)]
        time = low[:, None] + (high - low)[:, None] * _NARROWER
        found = value(time)
        best = np.maximum(best, np.max(found, axis=1))
    return best


def _best_of(
    held: Intervals, members: list[tuple[Intervals, np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Extremes of each interval of a union from those of its members."""
    highest, nearest = np.full(len(held), -np.inf), np.full(len(held), np.inf)
    for intervals, elevation, distance in members:
        index = np.searchsorted(held.start, intervals.start, "right") - 1
        np.maximum.at(highest, index, elevation)
        np.minimum.at(nearest, index, distance)
    return highest, nearest
