"""From places and trajectories to edge lists: the Python side of the compiled edge finder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.constants import EARTH_RADIUS_KM, MOON_RADIUS_KM, SPEED_OF_LIGHT_KM_S, SUN_RADIUS_KM
from cislunar.coverage.edges import find_edges
from cislunar.coverage.intervals import Intervals
from cislunar.coverage.long_steps import halve_long_steps
from cislunar.coverage.sampling import STENCIL
from cislunar.coverage.scene import FUNCTIONS, Kind, Scene, pack
from cislunar.coverage.stretch import make_work
from cislunar.coverage.tables import SPACING_S, WindowTables, north_vectors, unit_vectors
from cislunar.errors import InputError
from cislunar.propagation.simd import LANES

if TYPE_CHECKING:
    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station

Function = tuple[Kind, int, int]
"""A visibility function: its kind and the numbers of the site and the station it concerns (0 if none)."""

_SNAP_S = 1.0e-5
"""Well above the rounding of epochs, 1.2e-7 s, and well below the accuracy of edges."""

_APART = 0.1
"""Least distance of neighbouring nodes, in lengths of the interval beside."""

_CHUNK = 64
"""Relays in one call of the compiled finder; bounds the memory of its results."""


def build_scene(
    tables: WindowTables,
    sites: Sequence[Site],
    stations: Sequence[Station],
    functions: Sequence[Function],
    light_time: bool = False,
) -> Scene:
    """Lay out sites, stations and the functions asked for.

    Parameters
    ----------
    tables : WindowTables
    sites : sequence of Site
        Places on the Moon, with a constant or an azimuth mask.
    stations : sequence of Station
        Places on Earth, with a constant mask.
    functions : sequence of (Kind, int, int)
        What to find the edges of.
    light_time : bool
        See stations where and as they are when the signal reaches them.
    """
    latitude = np.array([site.latitude_rad for site in sites])
    longitude = np.array([site.longitude_rad for site in sites])
    masks = [getattr(site.horizon, "mask_rad", None) for site in sites]
    tabled = [
        _knots(site.horizon) if mask is None else _NO_KNOTS for site, mask in zip(sites, masks, strict=True)
    ]
    positions = np.array([station.position_itrs_km for station in stations]).reshape(-1, 3).T
    verticals = unit_vectors([s.latitude_rad for s in stations], [s.longitude_rad for s in stations])
    reach = float(np.max(np.linalg.norm(positions, axis=0), initial=EARTH_RADIUS_KM)) + 2.0
    light = 1.0 / SPEED_OF_LIGHT_KM_S if light_time else 0.0
    return pack(
        np.array(functions, dtype=np.int64).reshape(-1, 3),
        (len(sites), len(stations), len(tables.centre_s)),
        [SPACING_S, 1.0 / tables.half_s, reach, light, MOON_RADIUS_KM, EARTH_RADIUS_KM, SUN_RADIUS_KM],
        [
            tables.centre_s,
            tables.earth,
            tables.sun,
            tables.on_moon(unit_vectors(latitude, longitude)),
            tables.on_moon(north_vectors(latitude, longitude)),
            np.array([MOON_RADIUS_KM + site.height_km for site in sites]),
            np.array([np.sin(mask or 0.0) for mask in masks]),
            tables.on_earth(positions),
            tables.on_earth(verticals),
            station_sines(stations),
            np.concatenate([np.zeros(0), *(azimuth for azimuth, _ in tabled)]),
            np.concatenate([np.zeros(0), *(elevation for _, elevation in tabled)]),
        ],
        np.cumsum([0, *(len(azimuth) for azimuth, _ in tabled)]),
    )


_NO_KNOTS = (np.zeros(0), np.zeros(0))


def station_sines(stations: Sequence[Station]) -> np.ndarray:
    """Sines of the masks of stations, none below the limb of the Earth."""
    return np.array([np.sin(_clear_mask_rad(station)) for station in stations])


def _clear_mask_rad(station: Station) -> float:
    """The mask of a station, but never below the limb of the Earth as seen from its height."""
    dip = np.arccos(min(1.0, EARTH_RADIUS_KM / (EARTH_RADIUS_KM + station.height_km)))
    return max(station.mask_rad, -float(dip))


def _knots(horizon: Any) -> tuple[np.ndarray, np.ndarray]:
    azimuth = np.mod(np.asarray(horizon.azimuth_rad, dtype=float), 2.0 * np.pi)
    order = np.argsort(azimuth, kind="stable")
    return azimuth[order], np.asarray(horizon.elevation_rad, dtype=float)[order]


@dataclass(frozen=True)
class Relays:
    """Recorded nodes of several relays on the clock of a window.

    Attributes
    ----------
    nodes : ndarray, shape (10 * count,)
        As `find_edges` takes them.
    offsets : ndarray, shape (n + 1,)
    shift_s, begin_s, end_s : ndarray, shape (n,)
        Epoch less the start of the window; the part of the window inside each trajectory, empty where
        there is none.
    """

    nodes: np.ndarray
    offsets: np.ndarray
    shift_s: np.ndarray
    begin_s: np.ndarray
    end_s: np.ndarray

    def __len__(self) -> int:
        """Return the number of relays."""
        return len(self.shift_s)

    @classmethod
    def from_trajectory(
        cls, trajectory: Any, tables: WindowTables, low: int = 0, high: int | None = None
    ) -> Relays:
        """Take the nodes of a batch of trajectories, or of `low` to `high - 1` of it, uncopied if possible.

        Raises
        ------
        InputError
            If the trajectory is not centred on the Moon or has no nodes.
        """
        if trajectory.center != "moon":
            raise InputError(
                f"coverage needs relays centred on the moon; got a trajectory about {trajectory.center!r}"
            )
        if trajectory.nodes.shape[1] == 0:
            raise InputError("coverage needs recorded nodes; this trajectory has none")
        high = len(trajectory) if high is None else high
        own, own_offsets = halve_long_steps(trajectory, low, high)
        nodes, offsets = _stand_apart(own, own_offsets)
        sizes = np.diff(offsets)
        backward = (
            nodes[0, np.maximum(offsets[1:] - 1, 0)] < nodes[0, offsets[:-1].clip(max=nodes.shape[1] - 1)]
        )
        if np.any(sizes < STENCIL) or np.any(backward) or nodes.shape[1] < STENCIL + LANES:
            pieces = [_at_least_four(nodes[:, a:b]) for a, b in pairwise(offsets)]
            pieces.append(np.zeros((10, STENCIL + LANES)))
            offsets = np.concatenate(([0], np.cumsum([piece.shape[1] for piece in pieces[:-1]])))
            nodes = np.concatenate(pieces, axis=1)
        shift = np.asarray(trajectory.epoch, dtype=float)[low:high] - tables.start_tdb
        length = tables.end_tdb - tables.start_tdb
        # An end that misses an end of the window by rounding is meant to be that end.
        begin = nodes[0, offsets[:-1]] + shift
        begin = np.where(begin < _SNAP_S, 0.0, np.minimum(begin, length))
        end = nodes[0, offsets[1:] - 1] + shift
        end = np.where(end > length - _SNAP_S, length, np.maximum(end, 0.0))
        whole = np.asarray(trajectory.nodes)
        if nodes is own and np.may_share_memory(own, whole) and whole.flags.c_contiguous:
            nodes, offsets = whole, offsets + trajectory.offsets[low]
        return cls(
            np.ascontiguousarray(nodes).ravel(),
            offsets.astype(np.int64),
            shift,
            begin,
            np.where(sizes > 1, end, begin),
        )

    def reach_km(self) -> float:
        """Bound of the distance from the Moon's centre, with room for arcs that swing out between nodes."""
        position = self.nodes.reshape(10, -1)[1:4, self.offsets[0] : self.offsets[-1]]
        return 1.1 * float(np.sqrt(np.max(np.einsum("in,in->n", position, position), initial=0.0)))

    @classmethod
    def without_orbit(cls, tables: WindowTables) -> Relays:
        """A stand-in for functions that concern no relay: one that covers the window."""
        length = tables.end_tdb - tables.start_tdb
        count = max(int(np.ceil(length / SPACING_S)) + 1, STENCIL + LANES)
        nodes = np.zeros((10, count))
        nodes[0] = np.linspace(0.0, length, count)
        nodes[0, -1] = length
        return cls(nodes.ravel(), np.array([0, count]), np.zeros(1), np.zeros(1), np.array([length]))


def relay_positions(trajectory: Any, tdb: np.ndarray) -> np.ndarray:
    """Positions, shape (3, ...), of a batch of one at epochs (...), held at its ends outside its span."""
    nodes = np.asarray(trajectory.nodes)
    first, last = sorted(nodes[0, [0, -1]])
    elapsed = np.clip(np.ravel(tdb) - trajectory.epoch[0], first, last)
    return np.asarray(trajectory.at(elapsed)[:3, 0]).reshape(3, *np.shape(tdb))


def _stand_apart(nodes: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same motions without nodes much nearer to one neighbour than to the other.

    Steps that end at the edge of a shadow can be a thousand times shorter than their neighbours; a polynomial
    of degree 11 through such a pair of nodes carries their rounding kilometres far. The ends are kept.
    """
    while True:
        counts = np.diff(offsets)
        lengths = np.abs(np.diff(nodes[0]))
        inner = np.ones(lengths.size, dtype=bool)  # not from one trajectory to the next
        inner[offsets[(offsets > 0) & (offsets < nodes.shape[1])] - 1] = False
        within = np.where(inner, lengths, 0.0)
        longer = np.maximum(np.append(0.0, within[:-1]), np.append(within[1:], 0.0))
        short = inner & (lengths < _APART * longer)
        short[1:] &= ~short[:-1]
        if not np.any(short):
            return nodes, offsets
        last = np.append(~inner[1:], True)  # a short step at the end of a trajectory loses its start
        keep = np.ones(nodes.shape[1], dtype=bool)
        keep[np.flatnonzero(short) + np.where(last[short], 0, 1)] = False
        owner = np.repeat(np.arange(counts.size), counts)
        offsets = np.concatenate(([0], np.cumsum(np.bincount(owner[keep], minlength=counts.size))))
        nodes = nodes[:, keep]


def _at_least_four(nodes: np.ndarray) -> np.ndarray:
    """The same motion forward in time on at least four nodes."""
    if nodes.shape[1] > 1 and nodes[0, -1] < nodes[0, 0]:
        nodes = nodes[:, ::-1]
    if nodes.shape[1] >= STENCIL:
        return nodes
    if nodes.shape[1] < 2:
        return np.repeat(nodes if nodes.shape[1] else np.zeros((10, 1)), STENCIL, axis=1)
    from scipy.interpolate import KroghInterpolator

    values = np.stack([nodes[1:4].T, nodes[4:7].T, nodes[7:10].T], axis=1).reshape(-1, 3)
    motion = KroghInterpolator(np.repeat(nodes[0], 3), values)
    time = np.linspace(nodes[0, 0], nodes[0, -1], STENCIL)
    derivatives = motion.derivatives(time, der=3)
    return np.concatenate([time[None], *(order.T for order in derivatives)])


@dataclass(frozen=True)
class EdgeLists:
    """Edges of several relays and functions, in seconds from the start of the window.

    Attributes
    ----------
    first : ndarray of int8, shape (n, functions)
        Whether visible at the start of the part looked at.
    offsets, tangent_offsets : ndarray, shape (n * functions + 1,)
        Relay `i` and function `f` have the edges from `offsets[i * functions + f]`.
    edges, tangents : ndarray
    """

    first: np.ndarray
    offsets: np.ndarray
    edges: np.ndarray
    tangent_offsets: np.ndarray
    tangents: np.ndarray

    def of(self, relay: int, function: int) -> tuple[bool, np.ndarray, np.ndarray]:
        """First state, edges and near-tangencies of one relay and function."""
        index = relay * self.first.shape[1] + function
        return (
            bool(self.first[relay, function]),
            self.edges[self.offsets[index] : self.offsets[index + 1]],
            self.tangents[self.tangent_offsets[index] : self.tangent_offsets[index + 1]],
        )


def find_chunk(scene: Scene, relays: Relays, low: int, high: int) -> EdgeLists:
    """Edges of the relays `low` to `high`."""
    functions = int(scene.layout[FUNCTIONS])
    count = high - low
    first = np.zeros((count, functions), dtype=np.int8)
    edge_counts = np.zeros((count, functions), dtype=np.int64)
    tangent_counts = np.zeros((count, functions), dtype=np.int64)
    steps = int(relays.offsets[high] - relays.offsets[low])
    per_function = 256 + steps
    capacity = functions * (steps + 64 * count)
    while True:
        edges, tangents = np.empty(capacity), np.empty(capacity)
        done = find_edges(
            scene,
            relays.nodes,
            relays.offsets[low : high + 1],
            relays.shift_s[low:high],
            relays.begin_s[low:high],
            relays.end_s[low:high],
            make_work(functions, per_function),
            first,
            edge_counts,
            edges,
            tangent_counts,
            tangents,
        )
        if done:
            break
        per_function *= 4
        capacity *= 4
    offsets = np.concatenate(([0], np.cumsum(edge_counts)))
    tangent_offsets = np.concatenate(([0], np.cumsum(tangent_counts)))
    return EdgeLists(
        first, offsets, edges[: offsets[-1]].copy(), tangent_offsets, tangents[: tangent_offsets[-1]].copy()
    )


def find_by_chunk(scene: Scene, relays: Relays) -> Iterator[tuple[int, EdgeLists]]:
    """Edges chunk by chunk, each with the number of its first relay."""
    for low in range(0, len(relays), _CHUNK):
        yield low, find_chunk(scene, relays, low, min(low + _CHUNK, len(relays)))


def intervals_of(
    lists: EdgeLists, relay: int, function: int, relays: Relays, tables: WindowTables
) -> Intervals:
    """Intervals of one relay and function in the window; none outside the trajectory."""
    first, edges, tangents = lists.of(relay, function)
    begin, end = relays.begin_s[relay], relays.end_s[relay]
    inside = Intervals.from_edges(first, edges, (begin, end))

    def epoch(time: np.ndarray) -> np.ndarray:
        # The ends of the window are kept exactly, so that they compare equal.
        length = tables.end_tdb - tables.start_tdb
        return np.where(
            time >= length, tables.end_tdb, np.where(time <= 0.0, tables.start_tdb, tables.start_tdb + time)
        )

    window = (tables.start_tdb, tables.end_tdb)
    return Intervals(epoch(inside.start), epoch(inside.end), window, epoch(tangents))
