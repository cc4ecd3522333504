"""Who sees the spacecraft during a critical event: each ground station, each relay, or nobody.

A line of sight is free where it stays outside the Moon.  The sphere that hides is that of the lunar radius,
or one through the spacecraft itself where that flies lower: relief beside the flight path is not looked at
until touchdown; from then on the site's horizon counts.  Stations see above their elevation mask; light is
taken as instantaneous, which moves an edge by up to 1.4 s.

Edges are found by linear interpolation between samples ten seconds apart: good to 0.1 s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station

Array = NDArray[np.float64]
Path = Callable[[Array], Array]

_STEP_S = 10.0
_SLACK_KM = 1e-6


@dataclass(frozen=True, eq=False)
class Link:
    """One way to be in contact.

    Attributes
    ----------
    path : str
        "direct", or the name of the relay.
    station : str
        Name of the station, or "any" for the union over stations.
    intervals_tdb : ndarray, shape (k, 2)
        When it is open.
    fraction : float
        Part of the event's time.
    """

    path: str
    station: str
    intervals_tdb: Array
    fraction: float


@dataclass(frozen=True, eq=False)
class Contacts:
    """The communications of one critical event.

    Attributes
    ----------
    name : str
    start_tdb, end_tdb : float
    links : tuple of Link
        Directly to each station and to any; then through each relay in the same way.
    covered : Link
        By any path to any station.
    nobody_tdb : ndarray, shape (k, 2)
        When nobody sees the spacecraft.
    """

    name: str
    start_tdb: float
    end_tdb: float
    links: tuple[Link, ...]
    covered: Link
    nobody_tdb: Array

    @property
    def longest_silence_s(self) -> float:
        """Longest stretch without any contact, s."""
        return float(np.max(self.nobody_tdb[:, 1] - self.nobody_tdb[:, 0], initial=0.0))

    def rows(self) -> list[dict[str, Any]]:
        """Table of intervals: path, station, start, end (s past J2000 TDB), fraction of the event."""
        return [
            {
                "event": self.name,
                "path": link.path,
                "station": link.station,
                "start_tdb": float(start),
                "end_tdb": float(end),
                "fraction": link.fraction,
            }
            for link in self.links
            for start, end in link.intervals_tdb
        ]


def contacts(
    name: str,
    start_tdb: float,
    end_tdb: float,
    spacecraft: Any,
    stations: Sequence[Station],
    relays: Mapping[str, Any],
    environment: Environment,
    *,
    site: Site | None = None,
    touchdown_tdb: float | None = None,
) -> Contacts:
    """Find who sees a spacecraft between two epochs.

    Parameters
    ----------
    name : str
        Of the event: "insertion", "descent".
    start_tdb, end_tdb : float
        Seconds past J2000 TDB.
    spacecraft : callable, Trajectory, TransferTrajectory or (tdb, states)
        Where it is about the Moon in ICRF axes: a function of epochs (m,) that gives positions (3, m) or
        states (6, m), a flown trajectory (the first of its batch), or epochs (k,) and states (6, k).  With a
        touchdown, it need not reach beyond it.
    stations : sequence of Station
    relays : mapping of str to the same kinds
        By name.
    environment : Environment
    site : Site, optional
        Where it stands after touchdown.
    touchdown_tdb : float, optional
        From when on it stands there.

    Returns
    -------
    Contacts

    Raises
    ------
    InputError
        An end before the start, no station, a site without a touchdown, or a trajectory that does not cover
        the event.
    """
    if not end_tdb > start_tdb:
        raise InputError(f"{name}: expected an end after the start; got {end_tdb - start_tdb:g} s")
    if not stations:
        raise InputError(f"{name}: expected at least one ground station; got none")
    if (site is None) != (touchdown_tdb is None):
        raise InputError(f"{name}: expected a site and its touchdown together; got one of them")
    times = _sample(start_tdb, end_tdb, touchdown_tdb)
    place = _lander(spacecraft, times, site, touchdown_tdb, environment)
    on_ground = np.zeros(times.size, dtype=np.bool_) if touchdown_tdb is None else times >= touchdown_tdb
    ground = (site, environment.orientation.icrf_to_me(times), on_ground)
    earth = environment.ephemeris.position("earth", "moon", times)
    turning = environment.earth.itrs_to_gcrs(times)
    antennas = {each.name: _antenna(each, earth, turning) for each in stations}

    links: list[Link] = []
    together = np.full(times.size, -np.inf)
    direct = {
        each.name: np.minimum(
            _above_mask(place, *antennas[each.name], each.mask_rad),
            _free(place, antennas[each.name][0], ground),
        )
        for each in stations
    }
    for path, margins in _ways(direct, place, relays, stations, antennas, ground, times):
        best = np.max(list(margins.values()), axis=0)
        links += [_link(path, station, times, margin) for station, margin in margins.items()]
        links.append(_link(path, "any", times, best))
        together = np.maximum(together, best)
    return Contacts(
        name,
        start_tdb,
        end_tdb,
        tuple(links),
        _link("any", "any", times, together),
        _intervals(times, -together),
    )


def _ways(
    direct: dict[str, Array],
    place: Array,
    relays: Mapping[str, Any],
    stations: Sequence[Station],
    antennas: dict[str, tuple[Array, Array]],
    ground: tuple[Site | None, Array, NDArray[np.bool_]],
    times: Array,
) -> list[tuple[str, dict[str, Array]]]:
    """Margins to each station, directly and through each relay."""
    ways = [("direct", direct)]
    for name, orbit in relays.items():
        relay = position_function(orbit, f"relay {name}")(times)[:3]
        hop = _free(place, relay, ground)
        clear = {
            each.name: np.minimum(
                _above_mask(relay, *antennas[each.name], each.mask_rad),
                _clearance(relay, antennas[each.name][0], np.full(times.size, MOON_RADIUS_KM)),
            )
            for each in stations
        }
        ways.append((name, {station: np.minimum(hop, margin) for station, margin in clear.items()}))
    return ways


def position_function(source: Any, what: str = "trajectory") -> Path:
    """Give a function of epochs for the kinds of trajectory that `contacts` takes.

    Raises
    ------
    InputError
        For anything else.
    """
    if callable(source):
        return lambda tdb: np.asarray(source(tdb), dtype=np.float64)
    if hasattr(source, "legs"):
        return lambda tdb: np.asarray(source.at_tdb(tdb, "moon")[:, 0])
    if hasattr(source, "at_tdb"):
        if source.center != "moon":
            raise InputError(f"{what}: expected a trajectory about the moon; got one about {source.center}")
        return lambda tdb: np.asarray(source.at_tdb(tdb)[:, 0])
    if isinstance(source, tuple) and len(source) == 2:
        return _table(*source, what)
    raise InputError(
        f"{what}: expected a function of epochs, a trajectory or (epochs, states); got "
        f"{type(source).__name__}"
    )


def _table(epochs: ArrayLike, states: ArrayLike, what: str) -> Path:
    from scipy.interpolate import CubicHermiteSpline

    tdb, table = np.asarray(epochs, dtype=np.float64), np.asarray(states, dtype=np.float64)
    if tdb.ndim != 1 or tdb.size < 2 or table.shape != (6, tdb.size) or (np.diff(tdb) <= 0.0).any():
        raise InputError(
            f"{what}: expected two or more rising epochs (k,) and states (6, k); got {tdb.shape} and "
            f"{table.shape}"
        )
    path = CubicHermiteSpline(tdb - tdb[0], table[:3], table[3:], axis=1)

    def position(at: Array) -> Array:
        outside = (at < tdb[0] - _SLACK_KM) | (at > tdb[-1] + _SLACK_KM)
        if outside.any():
            raise InputError(
                f"{what}: the table covers {tdb[0]:.1f} to {tdb[-1]:.1f} s past J2000 TDB; got "
                f"{float(at[outside][0]):.1f}"
            )
        return np.asarray(path(at - tdb[0]))

    return position


def _sample(start: float, end: float, touchdown: float | None) -> Array:
    times = np.linspace(start, end, max(2, int(np.ceil((end - start) / _STEP_S)) + 1))
    if touchdown is None or not start < touchdown < end:
        return times
    # the horizon changes at once at touchdown: a sample on either side
    return np.unique(np.concatenate([times, [touchdown - 1e-3, touchdown]]))


def _lander(
    spacecraft: Any, times: Array, site: Site | None, touchdown: float | None, environment: Environment
) -> Array:
    flying = times < touchdown if touchdown is not None else np.ones(times.size, dtype=np.bool_)
    place = np.empty((3, times.size))
    if flying.any():
        place[:, flying] = position_function(spacecraft, "spacecraft")(times[flying])[:3]
    if site is not None and not flying.all():
        rotation = environment.orientation.icrf_to_me(times[~flying])
        place[:, ~flying] = np.einsum("ji...,j->i...", rotation, site.position_me_km)
    return place


def _antenna(station: Station, earth: Array, turning: Array) -> tuple[Array, Array]:
    """Positions from the Moon's centre and verticals of a station, ICRF, each (3, m)."""
    position = earth + np.einsum("ijm,j->im", turning, station.position_itrs_km)
    return position, np.einsum("ijm,j->im", turning, station.up_itrs)


def _above_mask(place: Array, antenna: Array, up: Array, mask_rad: float) -> Array:
    """Height of a spacecraft above a station's mask, rad."""
    line = place - antenna
    sine = (line * up).sum(axis=0) / np.linalg.norm(line, axis=0)
    return np.asarray(np.arcsin(np.clip(sine, -1.0, 1.0)) - mask_rad)


def _free(place: Array, target: Array, ground: tuple[Site | None, Array, NDArray[np.bool_]]) -> Array:
    """Margin of the line of sight to a target from a spacecraft that flies, or stands on a site."""
    site, to_me, standing = ground
    radius = np.minimum(MOON_RADIUS_KM, np.linalg.norm(place, axis=0) - _SLACK_KM)
    margin = _clearance(place, target, radius)
    if site is not None and standing.any():
        line = np.einsum("ijm,jm->im", to_me[:, :, standing], (target - place)[:, standing])
        east, north, up = site.axes_me @ line
        elevation = np.arctan2(up, np.hypot(east, north))
        margin[standing] = elevation - site.horizon.at(np.arctan2(east, north))
    return margin


def _clearance(place: Array, target: Array, radius_km: Array) -> Array:
    """Angle by which the line of sight clears a sphere about the origin, rad; negative where it is hidden.

    The angle at the spacecraft between target and centre, less the angular radius of the sphere; a target
    nearer than the limb is never hidden.
    """
    line = target - place
    distance, length = np.linalg.norm(place, axis=0), np.linalg.norm(line, axis=0)
    away = np.arccos(np.clip(-(line * place).sum(axis=0) / (distance * length), -1.0, 1.0))
    limb = np.arcsin(np.minimum(radius_km / distance, 1.0))
    nearer = length**2 < distance**2 - radius_km**2
    return np.asarray(np.where(nearer, np.maximum(away - limb, 1e-6), away - limb))


def _link(path: str, station: str, times: Array, margin: Array) -> Link:
    intervals = _intervals(times, margin)
    total = float((intervals[:, 1] - intervals[:, 0]).sum())
    return Link(path, station, intervals, total / float(times[-1] - times[0]))


def _intervals(times: Array, margin: Array) -> Array:
    """Where a sampled margin is positive, shape (k, 2)."""
    inside = margin > 0.0
    step = np.flatnonzero(inside[1:] != inside[:-1])
    edges = times[step] + (times[step + 1] - times[step]) * margin[step] / (margin[step] - margin[step + 1])
    if inside[0]:
        edges = np.concatenate([times[:1], edges])
    if inside[-1]:
        edges = np.concatenate([edges, times[-1:]])
    return edges.reshape(-1, 2)
