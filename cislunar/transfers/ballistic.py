"""Low-energy transfers: 70 to 140 days by way of 1.0 to 1.5 million km, found backward from the Moon.

Far from the Earth the Sun's gravity turns and lifts the orbit of a spacecraft, so that it meets the Moon
slowly and is captured for less. Such transfers are sought as flown missions were: from the capture orbit
backward in time, over the epoch of arrival, its orientation and its energy, keeping those that come down to
the Earth. `cislunar.transfers.ballistic_closure` brings them onto a parking orbit.

References
----------
.. [1] E. A. Belbruno and J. K. Miller, "Sun-perturbed Earth-to-Moon transfers with ballistic capture",
   J. Guid. Control Dyn. 16 (1993), 770-775.
.. [2] J. S. Parker and R. L. Anderson, Low-Energy Lunar Trajectory Design, JPL Deep-Space Communications and
   Navigation Series (2013), chapters 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SECONDS_PER_DAY
from cislunar.environment import Environment
from cislunar.environment.epochs import calendar
from cislunar.errors import InputError
from cislunar.transfers.ballistic_legs import Returns, SearchFlight
from cislunar.transfers.lunar_arrival import PARAMETERS, LunarArrival

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

SHORTEST_S, LONGEST_S = 60.0 * SECONDS_PER_DAY, 160.0 * SECONDS_PER_DAY
"""Flight times sought unless others are given."""

REACH_KM, FARTHEST_KM = 800_000.0, 1_700_000.0
"""Greatest distances from the Earth sought unless others are given."""

PERIGEE_KM = 60_000.0
"""Largest perigee radius from which a candidate can usually be brought down to a parking orbit."""

FLYBY_KM = 50_000.0
"""Closest approach to the Moon on the way out that counts as a flyby, km."""

_CHUNK = 65_536
_RTOL = 1e-8


@dataclass(frozen=True)
class Candidates:
    """Arrivals whose flight, followed backward, begins low at the Earth: k of them, by arrival.

    Attributes
    ----------
    arrival : LunarArrival
        What was sought.
    arrival_tdb, departure_tdb : numpy.ndarray, shape (k,)
        Periapsis at the Moon and perigee at the Earth, seconds past J2000 TDB.
    parameters : numpy.ndarray, shape (4, k)
        Of the arrival: node, argument of periapsis, c3, inclination (`lunar_arrival.PARAMETERS`).
    capture_km_s : numpy.ndarray, shape (k,)
        Impulse at periapsis into the orbit that `arrival` states.
    perigee_radius_km, c3_km2_s2 : numpy.ndarray, shape (k,)
        At departure: distance from the centre of the Earth, twice the geocentric energy.
    inclination_rad : numpy.ndarray, shape (k,)
        Of the geocentric orbit there to the equator of ICRF.
    farthest_km : numpy.ndarray, shape (k,)
        From the Earth.
    outward_moon_km : numpy.ndarray, shape (k,)
        Closest approach to the centre of the Moon on the way out.
    tried : int
        Arrivals flown.
    """

    arrival: LunarArrival
    arrival_tdb: Array
    departure_tdb: Array
    parameters: Array
    capture_km_s: Array
    perigee_radius_km: Array
    c3_km2_s2: Array
    inclination_rad: Array
    farthest_km: Array
    outward_moon_km: Array
    tried: int

    def __len__(self) -> int:
        """Candidates found."""
        return int(self.arrival_tdb.size)

    @property
    def time_of_flight_s(self) -> Array:
        """From perigee to periapsis, s, shape (k,)."""
        return self.arrival_tdb - self.departure_tdb

    @property
    def lunar_flyby(self) -> NDArray[np.bool_]:
        """Which pass within 50,000 km of the Moon on the way out, shape (k,)."""
        return self.outward_moon_km < FLYBY_KM

    def select(self, chosen: NDArray[np.bool_] | Integers) -> Candidates:
        """Give some of the candidates, by mask or by numbers."""
        values = {name: getattr(self, name)[..., chosen] for name in _COLUMNS}
        return Candidates(arrival=self.arrival, tried=self.tried, **values)

    def table(self) -> dict[str, Array]:
        """Columns for a table or a plot, each of shape (k,)."""
        columns = {name: getattr(self, name) for name in _COLUMNS if name != "parameters"}
        named = {f"arrival_{name}": row for name, row in zip(PARAMETERS, self.parameters, strict=True)}
        return {**columns, "time_of_flight_s": self.time_of_flight_s, **named}


_COLUMNS = (
    "arrival_tdb",
    "departure_tdb",
    "parameters",
    "capture_km_s",
    "perigee_radius_km",
    "c3_km2_s2",
    "inclination_rad",
    "farthest_km",
    "outward_moon_km",
)


def search(
    start_tdb: float,
    end_tdb: float,
    arrival: LunarArrival,
    environment: Environment,
    *,
    count: int = 1_000_000,
    time_of_flight_s: tuple[float, float] = (SHORTEST_S, LONGEST_S),
    farthest_km: tuple[float, float] = (REACH_KM, FARTHEST_KM),
    perigee_km: float = PERIGEE_KM,
    threads: int | None = None,
    progress: Callable[[int, int, int], object] | None = None,
) -> Candidates:
    """Search for low-energy transfers backward from the Moon.

    Parameters
    ----------
    start_tdb, end_tdb : float
        Between which to arrive, seconds past J2000 TDB.
    arrival : LunarArrival
        Periapsis, orientation and energy of the arrival.
    environment : Environment
        Whose ephemeris and lunar orientation are used.
    count : int
        Arrivals to fly, spread evenly over epoch, orientation and energy. A larger count begins with the
        arrivals of a smaller one.
    time_of_flight_s : tuple of float
        Least and most.
    farthest_km : tuple of float
        Least and most of the greatest distance from the Earth.
    perigee_km : float
        Largest perigee radius of a candidate.
    threads : int, optional
        As for `propagate`.
    progress : callable, optional
        Called as `progress(flown, count, found)` after every 65,536 arrivals.

    Returns
    -------
    Candidates
        In the order of their arrivals.

    Raises
    ------
    InputError
        Ranges that are empty or upside down, or a count below 1.
    EpochRangeError
        Flights that begin or end outside the ephemeris.

    Notes
    -----
    Earth, Moon and Sun are point masses. Only the first perigee of a flight back counts: transfers with
    loops about the Earth before the long one are not found.

    The arrivals are points of the Sobol sequence: even, and the same on every machine.

    References
    ----------
    .. [1] I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of
       integrals", USSR Comput. Math. Math. Phys. 7 (1967), 86-112; directions of S. Joe and F. Y. Kuo (2008).
    """
    _check(start_tdb, end_tdb, count, time_of_flight_s, farthest_km, perigee_km)
    environment.ephemeris.require_span(start_tdb - time_of_flight_s[1], end_tdb, "ballistic search")
    flight = SearchFlight(environment, farthest_km[0], time_of_flight_s[1], perigee_km, _RTOL, threads)
    gm = flight.moon.gm["moon"]
    epochs, parameters, found = [], [], []
    total = 0
    for first in range(0, count, _CHUNK):
        unit = spread(first, min(_CHUNK, count - first), 5)
        tdb = start_tdb + unit[0] * (end_tdb - start_tdb)
        values = arrival.parameters(unit[1:])
        state, _ = arrival.states(values, tdb, gm, environment)
        back = flight.fly(state, tdb)
        duration = tdb[back.number] - back.departure_tdb
        kept = (duration >= time_of_flight_s[0]) & (duration <= time_of_flight_s[1])
        kept &= back.farthest_km <= farthest_km[1]
        back = back.select(kept)
        epochs.append(tdb[back.number])
        parameters.append(values[:, back.number])
        found.append(back)
        total += back.number.size
        if progress is not None:
            progress(first + tdb.size, count, total)
    return _gathered(arrival, epochs, parameters, found, gm, count)


def _gathered(
    arrival: LunarArrival,
    epochs: list[Array],
    parameters: list[Array],
    found: list[Returns],
    gm: float,
    count: int,
) -> Candidates:
    def joined(name: str) -> Array:
        return np.concatenate([getattr(each, name) for each in found], axis=-1)

    tdb, values = np.concatenate(epochs), np.concatenate(parameters, axis=1)
    candidates = Candidates(
        arrival=arrival,
        arrival_tdb=tdb,
        departure_tdb=joined("departure_tdb"),
        parameters=values,
        capture_km_s=arrival.capture_km_s(values[2], gm),
        perigee_radius_km=joined("perigee_radius_km"),
        c3_km2_s2=joined("c3_km2_s2"),
        inclination_rad=np.arccos(np.clip(joined("normal")[2], -1.0, 1.0)),
        farthest_km=joined("farthest_km"),
        outward_moon_km=joined("outward_moon_km"),
        tried=count,
    )
    return candidates.select(np.argsort(tdb, kind="stable"))


def spread(first: int, count: int, dimensions: int) -> Array:
    """Points number `first` and on of the Sobol sequence in the unit cube, shape (dimensions, count)."""
    from scipy.stats.qmc import Sobol

    # The first point of the sequence is a corner: every range would be begun at its end.
    points = Sobol(dimensions, scramble=False).fast_forward(first + 1)
    return np.ascontiguousarray(points.random(count).T)


def _check(
    start_tdb: float,
    end_tdb: float,
    count: int,
    time_of_flight_s: tuple[float, float],
    farthest_km: tuple[float, float],
    perigee_km: float,
) -> None:
    if not end_tdb > start_tdb:
        raise InputError(
            f"ballistic search: expected arrivals between two epochs, the earlier first; got "
            f"{calendar(start_tdb)} and {calendar(end_tdb)}"
        )
    if count < 1:
        raise InputError(f"ballistic search: expected a count of 1 or more; got {count}")
    if not 0.0 < time_of_flight_s[0] < time_of_flight_s[1]:
        days = tuple(value / SECONDS_PER_DAY for value in time_of_flight_s)
        raise InputError(
            f"ballistic search: expected a range of flight times, the shorter first; got {days[0]:g} to "
            f"{days[1]:g} days"
        )
    if not 500_000.0 <= farthest_km[0] < farthest_km[1]:
        raise InputError(
            "ballistic search: expected a range of greatest distances from 500,000 km, beyond the Moon's "
            f"reach, the lesser first; got {farthest_km[0]:g} to {farthest_km[1]:g} km"
        )
    if not perigee_km > 6500.0:
        raise InputError(
            f"ballistic search: expected a perigee radius of more than 6500 km; got {perigee_km:g} km"
        )
