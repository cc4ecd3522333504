"""Access between lunar sites, relays and the ground: intervals, statistics, degraded cases and a table.

    access = compute_access(
        {"alpine": trajectory, "lupine": trajectory},       # Moon-centred batches of one
        sites, stations, environment, (start_tdb, end_tdb),
    )
    access.chain("schrodinger")                             # Intervals: site, any relay, any station at once
    access.statistics()["schrodinger"]["chain"]["gap_s"]["max"]
    access.table()                                          # pandas.DataFrame, one row for each interval
    access.degraded("schrodinger")                          # each relay lost, each station lost

Visibility is geometric: straight lines, no refraction, a lunar limb that is a sphere of 1737.4 km
between orbiters and the Earth, the site's own horizon at the site, the station's mask at the station.
It is instantaneous unless `light_time` is set; then a station is taken where it is when a signal sent
by the relay (or the site) arrives. Times are those of the relay (or the site) either way. In the axes
that move with the Earth the direction from which the signal comes is that of the relay when it was
sent, so this includes the aberration of the Earth's motion: light time without aberration would be
wrong by the common motion of Earth and Moon, some 20 arcseconds. Light time between site and relay
(below 0.3 s, usually 0.03 s) is not modelled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.coverage.finder import Function, Relays, build_scene, find_chunk, intervals_of
from cislunar.coverage.intervals import Intervals, at_least, daily, nfold_percent, statistics
from cislunar.coverage.scene import Kind
from cislunar.coverage.tables import WindowTables
from cislunar.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station
    from cislunar.propagation.trajectory import Trajectory

LINKS = ("site-relay", "relay-earth", "chain", "direct")
"""The links of an access table."""

ANY = "any"
"""In a table: the union over all relays or all stations."""


@dataclass(frozen=True)
class Access:
    """When which link holds.

    Attributes
    ----------
    window : tuple of float
        Start and end, seconds past J2000 TDB.
    sites, stations : dict of str to Site, Station
        Places by name.
    trajectories : dict of str to Trajectory
        Relays by name.
    site_relay : dict of (site, relay) to Intervals
        Relay above the site's horizon; only for the sites the relay serves.
    relay_station : dict of (relay, station) to Intervals
        Relay above the station's mask and not behind the Moon; only for the stations the relay reports to.
    site_station : dict of (site, station) to Intervals
        Direct visibility: station above the site's horizon and site above the station's mask.
    sun_up, earth_up : dict of str to Intervals
        Centre of the Sun, of the Earth, above the site's horizon.
    light_time : bool
        Whether stations are taken at the arrival of the signal.
    """

    window: tuple[float, float]
    sites: dict[str, Site]
    stations: dict[str, Station]
    trajectories: dict[str, Trajectory]
    site_relay: dict[tuple[str, str], Intervals]
    relay_station: dict[tuple[str, str], Intervals]
    site_station: dict[tuple[str, str], Intervals]
    sun_up: dict[str, Intervals]
    earth_up: dict[str, Intervals]
    light_time: bool
    tables: WindowTables = field(repr=False)

    def relays_of(self, site: str) -> tuple[str, ...]:
        """Names of the relays that serve a site."""
        return tuple(relay for relay in self.trajectories if (site, relay) in self.site_relay)

    def stations_of(self, relay: str) -> tuple[str, ...]:
        """Names of the stations a relay reports to."""
        return tuple(station for station in self.stations if (relay, station) in self.relay_station)

    def relay_view(self, site: str, relays: Iterable[str] | None = None) -> Intervals:
        """When at least one of the relays (default: all that serve it) is above the horizon of a site."""
        chosen = self.relays_of(site) if relays is None else relays
        return self._union([self.site_relay[site, relay] for relay in chosen])

    def earth_view(self, relay: str, stations: Iterable[str] | None = None) -> Intervals:
        """When a relay sees at least one of the stations (default: all it reports to)."""
        chosen = self.stations_of(relay) if stations is None else stations
        return self._union(
            [self.relay_station[relay, name] for name in chosen if (relay, name) in self.relay_station]
        )

    def chain(
        self, site: str, relays: Iterable[str] | None = None, stations: Collection[str] | None = None
    ) -> Intervals:
        """When a site reaches the ground over at least one relay, all links at one instant."""
        chosen = self.relays_of(site) if relays is None else relays
        return self._union([self._relay_chain(site, relay, stations) for relay in chosen])

    def direct(self, site: str, stations: Iterable[str] | None = None) -> Intervals:
        """When a site and at least one station see each other without a relay."""
        chosen = self.stations if stations is None else stations
        return self._union([self.site_station[site, name] for name in chosen])

    def of(self, site: str, link: str) -> Intervals:
        """The constellation's intervals of a link named as in `LINKS`.

        Raises
        ------
        InputError
            If there is no such site or link.
        """
        if site not in self.sites:
            raise InputError(f"coverage has no site {site!r}; expected one of {', '.join(self.sites)}")
        if link == "site-relay":
            return self.relay_view(site)
        if link == "relay-earth":
            return self._union([self.earth_view(relay) for relay in self.relays_of(site)])
        if link == "chain":
            return self.chain(site)
        if link == "direct":
            return self.direct(site)
        raise InputError(f"coverage has no link {link!r}; expected one of {', '.join(LINKS)}")

    def statistics(self, minimum_pass_s: float = 0.0) -> dict[str, dict[str, dict[str, Any]]]:
        """Figures of merit by site and link.

        Parameters
        ----------
        minimum_pass_s : float
            Shorter passes (of the set of intervals at hand: one relay's, or the constellation's) are
            not counted.

        Returns
        -------
        dict
            `result[site][link]` is what `intervals.statistics` gives for the constellation, with
            `by_relay` (the same for each relay alone) and `nfold` (per cent of the time with at least
            1, 2, ... relays) for the links over relays, and `by_station` for `direct`.
        """
        result: dict[str, dict[str, dict[str, Any]]] = {}
        for site in self.sites:
            relays = self.relays_of(site)
            members = {
                "site-relay": {relay: self.site_relay[site, relay] for relay in relays},
                "relay-earth": {relay: self.earth_view(relay) for relay in relays},
                "chain": {relay: self.chain(site, [relay]) for relay in relays},
            }
            result[site] = {}
            for link, sets in members.items():
                result[site][link] = {
                    **statistics(self._union(list(sets.values())), minimum_pass_s),
                    "by_relay": {relay: statistics(held, minimum_pass_s) for relay, held in sets.items()},
                    "nfold": nfold_percent(list(sets.values())) if sets else {},
                }
            result[site]["direct"] = {
                **statistics(self.direct(site), minimum_pass_s),
                "by_station": {
                    name: statistics(self.site_station[site, name], minimum_pass_s) for name in self.stations
                },
            }
        return result

    def degraded(self, site: str, minimum_pass_s: float = 0.0) -> list[dict[str, Any]]:
        """The chain's figures with each relay lost and with each station lost.

        Returns
        -------
        list of dict
            `lost` ("relay alpine", "station dss-14"), `site`, and all of `intervals.statistics`, with
            `longest_gap_s` beside them.
        """
        relays = self.relays_of(site)
        cases = [
            (f"relay {lost}", self.chain(site, [relay for relay in relays if relay != lost]))
            for lost in relays
        ] + [
            (f"station {lost}", self.chain(site, None, [name for name in self.stations if name != lost]))
            for lost in self.stations
            if any((relay, lost) in self.relay_station for relay in relays)
        ]
        results = []
        for lost, held in cases:
            figures = statistics(held, minimum_pass_s)
            results.append({"lost": lost, "site": site, "longest_gap_s": figures["gap_s"]["max"], **figures})
        return results

    def daily(
        self, epoch_tdb: float, minimum_pass_s: float = 0.0
    ) -> dict[str, dict[str, dict[str, np.ndarray]]]:
        """Statistics of each 24 h from an epoch, by site and link; see `intervals.daily`."""
        return {
            site: {link: daily(self.of(site, link), epoch_tdb, minimum_pass_s) for link in LINKS}
            for site in self.sites
        }

    def near_tangencies(self) -> list[dict[str, Any]]:
        """Every near-tangency met: `link`, `site`, `relay`, `station` (empty where none) and `time_tdb`."""
        named = [
            *((("site-relay", site, relay, ""), held) for (site, relay), held in self.site_relay.items()),
            *((("relay-earth", "", relay, name), held) for (relay, name), held in self.relay_station.items()),
            *((("direct", site, "", name), held) for (site, name), held in self.site_station.items()),
        ]
        keys = ("link", "site", "relay", "station")
        return [
            {**dict(zip(keys, names, strict=True)), "time_tdb": float(time)}
            for names, held in named
            for time in held.tangents
        ]

    def table(self) -> pd.DataFrame:
        """One row for each interval; see `cislunar.coverage.table.access_table`."""
        from cislunar.coverage.table import access_table

        return access_table(self)

    def _relay_chain(self, site: str, relay: str, stations: Collection[str] | None) -> Intervals:
        return at_least([self.site_relay[site, relay], self.earth_view(relay, stations)], 2)

    def _union(self, sets: Sequence[Intervals]) -> Intervals:
        return at_least(sets, 1) if sets else Intervals.never(self.window)


def compute_access(
    trajectories: Mapping[str, Trajectory],
    sites: Sequence[Site],
    stations: Sequence[Station],
    environment: Environment,
    window: tuple[float, float],
    *,
    serves: Mapping[str, Collection[str]] | None = None,
    reports_to: Mapping[str, Collection[str]] | None = None,
    light_time: bool = False,
    tables: WindowTables | None = None,
) -> Access:
    """Find all access intervals of some relays, sites and stations.

    Parameters
    ----------
    trajectories : mapping of str to Trajectory
        Relays by name: batches of one, Moon-centred. Outside its trajectory a relay is not visible.
    sites : sequence of Site
    stations : sequence of Station
        Ground stations; names must differ.
    environment : Environment
    window : tuple of float
        Start and end, seconds past J2000 TDB.
    serves, reports_to : mapping of str to collection of str, optional
        For each relay the names of the sites it serves and of the stations it reports to; all where not
        given.
    light_time : bool
        Take stations where they are when a signal arrives; see the module.
    tables : WindowTables, optional
        Of this window and environment, if they exist already.

    Returns
    -------
    Access

    Raises
    ------
    InputError
        If the window is empty, a name is used twice or unknown, or a trajectory is not a batch of one
        about the Moon.
    EpochRangeError
        If the window leaves the span of the environment's tables.
    """
    site_names = _names("site", [site.name for site in sites])
    station_names = _names("station", [station.name for station in stations])
    served = _choices("serves", trajectories, serves, site_names)
    grounds = _choices("reports_to", trajectories, reports_to, station_names)
    for name, trajectory in trajectories.items():
        if len(trajectory) != 1:
            raise InputError(f"relay {name}: expected a trajectory batch of one; got {len(trajectory)}")
    tables = tables or WindowTables.build(environment, *window)
    site_relay, relay_station = {}, {}
    for relay, trajectory in trajectories.items():
        functions: list[Function] = [(Kind.SITE_RELAY, site_names.index(name), 0) for name in served[relay]]
        for name in grounds[relay]:
            number = station_names.index(name)
            functions += [(Kind.LIMB, 0, number), (Kind.STATION_RELAY, 0, number)]
        found = _find(
            functions, Relays.from_trajectory(trajectory, tables), tables, sites, stations, light_time
        )
        for name in served[relay]:
            site_relay[name, relay] = found.pop(0)
        for name in grounds[relay]:
            relay_station[relay, name] = at_least([found.pop(0), found.pop(0)], 2)
    fixed: list[Function] = []
    for i in range(len(sites)):
        fixed += [(Kind.SITE_SUN, i, 0), (Kind.SITE_EARTH, i, 0)]
        for j in range(len(stations)):
            fixed += [(Kind.SITE_STATION, i, j), (Kind.STATION_SITE, i, j)]
    found = _find(fixed, Relays.without_orbit(tables), tables, sites, stations, light_time)
    sun_up, earth_up, site_station = {}, {}, {}
    for site in site_names:
        sun_up[site], earth_up[site] = found.pop(0), found.pop(0)
        for station in station_names:
            site_station[site, station] = at_least([found.pop(0), found.pop(0)], 2)
    return Access(
        window=(tables.start_tdb, tables.end_tdb),
        sites={site.name: site for site in sites},
        stations={station.name: station for station in stations},
        trajectories=dict(trajectories),
        site_relay=site_relay,
        relay_station=relay_station,
        site_station=site_station,
        sun_up=sun_up,
        earth_up=earth_up,
        light_time=light_time,
        tables=tables,
    )


def _find(
    functions: Sequence[Function],
    relays: Relays,
    tables: WindowTables,
    sites: Sequence[Site],
    stations: Sequence[Station],
    light_time: bool,
) -> list[Intervals]:
    """Intervals of each function for one relay."""
    if not functions:
        return []
    lists = find_chunk(build_scene(tables, sites, stations, functions, light_time), relays, 0, 1)
    return [intervals_of(lists, 0, number, relays, tables) for number in range(len(functions))]


def _names(what: str, names: list[str]) -> list[str]:
    for name in names:
        if names.count(name) > 1 or name == ANY:
            raise InputError(
                f"{what} name {name!r} is used twice or reserved; expected different names, none {ANY!r}"
            )
    return names


def _choices(
    what: str,
    trajectories: Mapping[str, Trajectory],
    given: Mapping[str, Collection[str]] | None,
    names: list[str],
) -> dict[str, list[str]]:
    strangers = [relay for relay in given or {} if relay not in trajectories]
    if strangers:
        raise InputError(
            f"{what}: unknown relay {strangers[0]!r}; expected some of {', '.join(trajectories) or 'none'}"
        )
    chosen = {}
    for relay in trajectories:
        wanted = names if given is None or relay not in given else list(given[relay])
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise InputError(
                f"{what} of relay {relay}: unknown {unknown[0]!r}; expected some of {', '.join(names)}"
            )
        chosen[relay] = [name for name in names if name in wanted]
    return chosen
