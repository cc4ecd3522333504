"""Backward flights from the Moon by way of the Sun's reach to the Earth, leg by leg, for a search.

Each leg ends at a distance, so that nothing need be recorded and what cannot become a transfer is dropped
before the next, longer one: arrivals that never leave the Moon, that do not reach far enough, that do not
come back, that do not come back low.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SECONDS_PER_DAY
from cislunar.environment import Environment
from cislunar.propagation.flight import propagate
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.status import Status
from cislunar.propagation.trajectory import Trajectory
from cislunar.transfers.perigee import perigee

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAVING_KM = 100_000.0
"""Distance from the Moon at which the centre of the search changes."""

NEAR_KM = 100_000.0
"""Distance from the Earth from which a return is taken to its perigee."""

_LEAVING_S = 10.0 * SECONDS_PER_DAY
_CLIMB_S = 40.0 * SECONDS_PER_DAY
_LOWEST_KM = 15_000.0
_FAR_SAMPLES, _MOON_SAMPLES = 129, 513
_RECORDED = 2048


@dataclass(frozen=True)
class Returns:
    """What came back low to the Earth, of a batch flown backward: k trajectories.

    Attributes
    ----------
    number : numpy.ndarray, shape (k,), int
        Which of the batch.
    departure_tdb, perigee_radius_km, c3_km2_s2 : numpy.ndarray, shape (k,)
        Passage of the perigee, its distance from the centre of the Earth, and twice the energy there.
    normal : numpy.ndarray, shape (3, k)
        Unit vector along the geocentric angular momentum there, ICRF axes.
    farthest_km : numpy.ndarray, shape (k,)
        From the Earth.
    farthest_tdb : numpy.ndarray, shape (k,)
        When.
    farthest_position_km : numpy.ndarray, shape (3, k)
        Where, Earth-centred, ICRF axes.
    outward_moon_km : numpy.ndarray, shape (k,)
        Least distance from the centre of the Moon between the perigee and the climb out of the Moon's reach.
    """

    number: Integers
    departure_tdb: Array
    perigee_radius_km: Array
    c3_km2_s2: Array
    normal: Array
    farthest_km: Array
    farthest_tdb: Array
    farthest_position_km: Array
    outward_moon_km: Array

    def select(self, chosen: NDArray[np.bool_] | Integers) -> Returns:
        """Give some of them."""
        return Returns(**{each.name: getattr(self, each.name)[..., chosen] for each in fields(self)})


class SearchFlight:
    """The models of a search, point masses all, and its limits; flies batches backward.

    Parameters
    ----------
    environment : Environment
        Whose ephemeris is used.
    reach_km : float
        Distance from the Earth that must be reached.
    longest_s : float
        Most time for the whole flight.
    perigee_km : float
        Largest perigee radius kept.
    rtol : float
        Of each leg.
    threads : int or None
        As for `propagate`.
    """

    def __init__(
        self,
        environment: Environment,
        reach_km: float,
        longest_s: float,
        perigee_km: float,
        rtol: float,
        threads: int | None,
    ) -> None:
        self.environment, self.reach_km, self.longest_s = environment, reach_km, longest_s
        self.perigee_km, self.rtol, self.threads = perigee_km, rtol, threads
        ephemeris = environment.ephemeris
        self.moon = ForceModel("moon", gravity=None, bodies=("earth", "sun"), ephemeris=ephemeris)
        self.earth = ForceModel("earth", gravity=None, bodies=("moon", "sun"), ephemeris=ephemeris)

    def _leg(
        self,
        forces: ForceModel,
        state: Array,
        tdb: Array,
        duration_s: Array | float,
        stop_km: float | None,
        record: bool = False,
    ) -> Trajectory:
        durations = np.broadcast_to(np.asarray(duration_s, dtype=np.float64), tdb.shape)
        stops = np.full(tdb.shape, np.nan if stop_km is None else stop_km)
        return propagate(
            state,
            tdb,
            durations,
            forces,
            rtol=self.rtol,
            stop_radius_km=stops,
            threads=self.threads,
            on_error="status",
            record=record,
        )

    def fly(self, state: Array, tdb: Array) -> Returns:
        """Fly backward from periapses at the Moon.

        Parameters
        ----------
        state : numpy.ndarray, shape (6, n)
            Moon-centred, ICRF axes, km and km/s.
        tdb : numpy.ndarray, shape (n,)
            Arrivals.
        """
        ephemeris = self.environment.ephemeris
        flown = self._leg(self.moon, state, tdb, -_LEAVING_S, LEAVING_KM)
        number, state, now = _arrived(flown, np.arange(tdb.size), tdb)
        state = state + ephemeris.state("moon", "earth", now)
        flown = self._leg(self.earth, state, now, -_CLIMB_S, self.reach_km)
        number, far, far_tdb = _arrived(flown, number, now, beyond_km=0.5 * self.reach_km)
        left = far_tdb - tdb[number] + self.longest_s
        flown = self._leg(self.earth, far, far_tdb, -left, 0.999 * self.reach_km)
        index, low, low_tdb = _arrived(flown, np.arange(number.size), far_tdb)
        number, far, far_tdb = number[index], far[:, index], far_tdb[index]
        far_s = low_tdb - far_tdb
        left = low_tdb - tdb[number] + self.longest_s
        flown = self._leg(self.earth, low, low_tdb, -np.maximum(left, 0.0), NEAR_KM)
        index, near, near_tdb = _arrived(flown, np.arange(number.size), low_tdb)
        q, since = perigee(near, self.earth.gm["earth"])
        # Two fifths more than wanted: the Moon still bends the last stretch.
        kept = (q < 1.4 * self.perigee_km) & (since > 0.0)
        index, near, near_tdb, q, since = index[kept], near[:, kept], near_tdb[kept], q[kept], since[kept]
        last = self._to_perigee(near, near_tdb, q, since)
        inside = last["perigee_radius_km"] < self.perigee_km
        last = {name: value[..., inside] for name, value in last.items()}
        index = index[inside]
        return Returns(
            number=number[index],
            **last,
            **self._farthest(far[:, index], far_tdb[index], far_s[index]),
            outward_moon_km=self._closest_to_moon(
                low[:, index], low_tdb[index], last["departure_tdb"] - low_tdb[index]
            ),
        )

    def _to_perigee(self, state: Array, tdb: Array, q: Array, since: Array) -> dict[str, Array]:
        """Perigee of returns at `NEAR_KM`, from their orbit flown to where nothing else matters."""
        gm = self.earth.gm["earth"]
        # Stop short of the surface: at 15,000 km before, or at the perigee itself if that is higher.
        short = np.where(q < _LOWEST_KM, _time_from_perigee(_LOWEST_KM, q, state, gm), 0.0)
        flown = self._leg(self.earth, state, tdb, -(since - short), None)
        end = flown.final
        q, since = perigee(end, gm)
        momentum = np.cross(end[:3], end[3:], axis=0)
        return {
            "departure_tdb": tdb + flown.final_elapsed - since,
            "perigee_radius_km": q,
            "c3_km2_s2": (end[3:] ** 2).sum(axis=0) - 2.0 * gm / np.sqrt((end[:3] ** 2).sum(axis=0)),
            "normal": momentum / np.sqrt((momentum**2).sum(axis=0)),
        }

    def _farthest(self, state: Array, tdb: Array, duration_s: Array) -> dict[str, Array]:
        distance, when = np.empty(tdb.size), np.empty(tdb.size)
        position = np.empty((3, tdb.size))
        for part in _parts(tdb.size):
            path = self._leg(self.earth, state[:, part], tdb[part], duration_s[part], None, record=True)
            times = duration_s[part, None] * np.linspace(0.0, 1.0, _FAR_SAMPLES)
            where = path.at(times)[:3]
            distance[part], moment = extreme((where**2).sum(axis=0), times, -1.0)
            when[part] = tdb[part] + moment
            position[:, part] = path.at(moment[:, None])[:3, :, 0]
        return {"farthest_km": distance, "farthest_tdb": when, "farthest_position_km": position}

    def _closest_to_moon(self, state: Array, tdb: Array, duration_s: Array) -> Array:
        result = np.empty(tdb.size)
        for part in _parts(tdb.size):
            path = self._leg(self.earth, state[:, part], tdb[part], 0.98 * duration_s[part], None, True)
            times = path.final_elapsed[:, None] * np.linspace(0.0, 1.0, _MOON_SAMPLES)
            epochs = tdb[part, None] + times
            away = path.at(times)[:3] - self.environment.ephemeris.position("moon", "earth", epochs)
            result[part] = extreme((away**2).sum(axis=0), times, 1.0)[0]
        return result


def extreme(square: Array, times: Array, sign: float) -> tuple[Array, Array]:
    """Least (sign 1) or greatest (-1) distance and its time from samples of its square, each (n, m).

    The parabola through the best sample and its neighbours is followed to its own extreme.
    """
    rows = np.arange(square.shape[0])
    best = np.argmin(sign * square, axis=1)
    middle = np.clip(best, 1, square.shape[1] - 2)
    before, at, after = (square[rows, middle + k] for k in (-1, 0, 1))
    bend = before - 2.0 * at + after
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = np.where(
            (best == middle) & (bend * sign > 0.0), 0.5 * (before - after) / bend, best - middle
        )
    value = at + 0.5 * offset * (after - before) + 0.5 * offset**2 * bend
    spacing = times[rows, middle] - times[rows, middle - 1]
    return np.sqrt(np.maximum(value, 0.0)), times[rows, middle] + offset * spacing


def _arrived(
    flown: Trajectory, number: Integers, tdb: Array, beyond_km: float = 0.0
) -> tuple[Integers, Array, Array]:
    """Those that ended at their distance: number, state and epoch."""
    distance = np.sqrt((flown.final[:3] ** 2).sum(axis=0))
    there = np.flatnonzero((flown.status == Status.RADIUS) & (distance > beyond_km))
    return number[there], flown.final[:, there], tdb[there] + flown.final_elapsed[there]


def _time_from_perigee(radius_km: float, q: Array, state: Array, gm: float) -> Array:
    """Seconds from the perigee to a distance on the orbits of given states; those lower than q give 0."""
    r = np.sqrt((state[:3] ** 2).sum(axis=0))
    energy_2 = (state[3:] ** 2).sum(axis=0) - 2.0 * gm / r
    inside = np.maximum(radius_km, q)
    speed_2 = energy_2 + 2.0 * gm / inside
    momentum = q * np.sqrt(energy_2 + 2.0 * gm / q)
    across = momentum / inside
    outwards = np.sqrt(np.maximum(speed_2 - across**2, 0.0))
    nil = np.zeros_like(r)
    return perigee(np.array([inside, nil, nil, outwards, across, nil]), gm)[1]


def _parts(n: int) -> list[slice]:
    return [slice(k, min(k + _RECORDED, n)) for k in range(0, n, _RECORDED)]
