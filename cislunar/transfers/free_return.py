"""Free returns: transfers that come back to a chosen height above the Earth if nothing is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import EARTH_RADIUS_KM, SECONDS_PER_DAY
from cislunar.errors import InputError
from cislunar.transfers.direct import checked_times, point_masses
from cislunar.transfers.direct_search import Search
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.perigee import perigee
from cislunar.transfers.solution import Transfers
from cislunar.transfers.targeting import ArrivalTarget

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation.force_model import ForceModel

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

RETURN_TOLERANCE_KM = 0.1
"""How closely the height of the return is met."""

_GRID_D = 0.1
_ITERATIONS = 40
_PAST_THE_MOON_S = 2.0 * SECONDS_PER_DAY
_RTOL = 1e-12


@dataclass(frozen=True)
class FreeReturns:
    """Transfers with a way back.

    Attributes
    ----------
    transfers : Transfers
        Outward; the flight time is part of the solution.
    return_tdb : numpy.ndarray, shape (n,)
        Perigee of the return, seconds past J2000 TDB.
    return_state : numpy.ndarray, shape (6, n)
        There, Earth-centred, ICRF axes, km and km/s.
    return_altitude_km : numpy.ndarray, shape (n,)
        There, above the equatorial radius.
    """

    transfers: Transfers
    return_tdb: Array
    return_state: Array
    return_altitude_km: Array


def free_returns(
    departure_tdb: ArrayLike,
    parking: ParkingOrbit,
    target: ArrivalTarget,
    environment: Environment | None = None,
    *,
    return_altitude_km: float = 50.0,
    flight_times_d: tuple[float, float] = (2.4, 4.0),
    outer: ForceModel | None = None,
    threads: int | None = None,
) -> FreeReturns:
    """Find free returns in the full ephemeris model, for many departures at once.

    Parameters
    ----------
    departure_tdb : float or array_like, shape (n,)
        Epochs of the injection, seconds past J2000 TDB.
    parking : ParkingOrbit
        With a named heading.
    target : ArrivalTarget
        With a named branch, or a B-plane angle in place of the inclination; a return needs a
        retrograde arrival, about the far side of the Moon.
    environment : Environment, optional
        Tables; the packaged ones when left out.
    return_altitude_km : float
        Of the perigee of the return, above the equatorial radius of the Earth; 0 to 5000 km.
    flight_times_d : (float, float)
        Between which the time to the periapsis at the Moon is sought, days; the shortest found is taken.
    outer, threads
        As for `direct_transfers`.

    Returns
    -------
    FreeReturns
        Those not found are marked in `transfers` and say why.

    Raises
    ------
    InputError, EpochRangeError
        As `direct_transfers`; a heading, or the branch of an inclination, left open; a return altitude
        outside its range.

    Notes
    -----
    For each flight time there is one direct transfer; unpowered it comes back to some perigee. The root of
    its radius, negative where it comes back against the sense of the departure, is nearly linear in the
    flight time. Its passage of the wanted value is bracketed on a grid of 0.1 d and closed in on by false
    position with halving, every member at once, to 0.1 km.

    The Moon's pull turns the plane of the flight too. An arrival whose inclination does not suit the date
    never comes back low, whatever its flight time; its message says how low.

    References
    ----------
    .. [1] A. J. Schwaniger, "Trajectories in the Earth-Moon space with symmetrical free return properties",
       NASA TN D-1833 (1963).
    """
    open_branch = target.bplane_angle_rad is None and target.branch == "cheaper"
    if parking.heading == "cheaper" or open_branch:
        raise InputError(
            "free return: expected a heading (ascending, descending) and a branch (north, south); got "
            f"{parking.heading!r} and {target.branch!r}"
        )
    if not 0.0 <= return_altitude_km <= 5000.0:
        raise InputError(
            f"free return: expected a return altitude of 0 to 5000 km; got {return_altitude_km} km"
        )
    low_d, high_d = flight_times_d
    if not low_d < high_d:
        raise InputError(f"free return: expected two flight times, the shorter first; got {flight_times_d} d")
    if environment is None:
        from cislunar.environment import Environment

        environment = Environment.default()
    departure, _ = checked_times(departure_tdb, low_d * SECONDS_PER_DAY)
    checked_times(departure, high_d * SECONDS_PER_DAY)
    environment.require_span(
        float(departure.min()), float(departure.max()) + 3.0 * high_d * SECONDS_PER_DAY, "free return"
    )
    ways = _WaysBack(
        parking,
        target,
        environment,
        point_masses(environment) if outer is None else outer,
        threads,
        float(np.sqrt(EARTH_RADIUS_KM + return_altitude_km)),
    )
    return ways.find(departure, low_d, high_d)


@dataclass(frozen=True)
class _WaysBack:
    """What comes back, and how high, as a function of the flight time."""

    parking: ParkingOrbit
    target: ArrivalTarget
    environment: Environment
    outer: ForceModel
    threads: int | None
    wanted_root: float

    def find(self, departure: Array, low_d: float, high_d: float) -> FreeReturns:
        n = departure.size
        found: Mask
        grid = np.linspace(low_d, high_d, int(np.ceil((high_d - low_d) / _GRID_D)) + 1) * SECONDS_PER_DAY
        tried = self._excess(np.repeat(departure, grid.size), np.tile(grid, n)).reshape(n, grid.size)
        with np.errstate(invalid="ignore"):
            passes = tried[:, 1:] * tried[:, :-1] <= 0.0
        found = np.asarray(passes.any(axis=1))
        at = np.argmax(passes, axis=1)
        rows = np.arange(n)
        low, high = grid[at].copy(), grid[at + 1].copy()
        low_value, high_value = tried[rows, at].copy(), tried[rows, at + 1].copy()
        time = low.copy()
        active = np.flatnonzero(found)
        for iteration in range(_ITERATIONS):
            if not active.size:
                break
            a, b, fa, fb = low[active], high[active], low_value[active], high_value[active]
            share = np.full(active.size, 0.5) if iteration % 3 == 2 else np.clip(fa / (fa - fb), 0.01, 0.99)
            time[active] = a + share * (b - a)
            value = self._excess(departure[active], time[active])
            lost = ~np.isfinite(value)
            found[active[lost]] = False
            left = (value > 0.0) == (fa > 0.0)
            low[active], low_value[active] = np.where(left, time[active], a), np.where(left, value, fa)
            high[active], high_value[active] = np.where(left, b, time[active]), np.where(left, fb, value)
            # The root of the radius: a tenth of the tolerance of the radius.
            done = np.abs(value) < 0.1 * RETURN_TOLERANCE_KM / (2.0 * self.wanted_root)
            active = active[~(done | lost)]
        found[active] = False
        transfers = self._search(departure, time)
        end, tdb = self._fly_back(transfers)
        altitude = perigee(end, self.outer.gm["earth"])[0] - EARTH_RADIUS_KM
        good = found & transfers.converged
        messages = list(transfers.message)
        for i in np.flatnonzero(~good & transfers.converged):
            lowest = np.fmin.reduce(np.abs(tried[i] + self.wanted_root)) ** 2 - EARTH_RADIUS_KM
            messages[i] = (
                f"no free return: with {low_d:g} to {high_d:g} d to the Moon the lowest perigee on the way "
                f"back is {lowest:.0f} km above the Earth; expected "
                f"{self.wanted_root**2 - EARTH_RADIUS_KM:.0f} km; "
                "try an arrival near the plane of the Moon's orbit (B-plane angle pi in moon-op)"
            )
        values = {**transfers.__dict__, "converged": good, "message": messages}
        return FreeReturns(Transfers(**values), tdb, end, altitude)

    def _search(self, departure: Array, duration: Array) -> Transfers:
        ascending = np.full(departure.size, self.parking.heading == "ascending")
        north = np.full(departure.size, self.target.branch == "north")
        return Search(
            departure,
            duration,
            ascending,
            north,
            self.parking,
            self.target,
            self.environment,
            self.outer,
            None,
            self.threads,
        ).run()

    def _excess(self, departure: Array, duration: Array) -> Array:
        """Signed root of the return's perigee radius less the wanted one; NaN where nothing comes back."""
        transfers = self._search(departure, duration)
        end, _ = self._fly_back(transfers)
        with np.errstate(invalid="ignore"):
            radius = perigee(end, self.outer.gm["earth"])[0]
            there = np.cross(transfers.departure_state[:3], transfers.departure_state[3:], axis=0)
            back = np.cross(end[:3], end[3:], axis=0)
            sense = np.sign((there * back).sum(axis=0))
            excess = sense * np.sqrt(radius) - self.wanted_root
        return np.where(transfers.converged, excess, np.nan)

    def _fly_back(self, transfers: Transfers) -> tuple[Array, Array]:
        """States (6, n) and epochs at the next perigee, or where the Earth is met; NaN if there is none."""
        from cislunar.propagation.flight import propagate

        gm, start = self.outer.gm["earth"], transfers.arrival_tdb
        state = transfers.arrival_state + self.outer.ephemeris.state("moon", "earth", start)
        duration = np.full(start.size, _PAST_THE_MOON_S)
        for _ in range(4):
            flight = propagate(
                state,
                start,
                duration,
                self.outer,
                rtol=_RTOL,
                threads=self.threads,
                on_error="status",
                record=False,
            )
            end = flight.final
            with np.errstate(invalid="ignore"):
                since = perigee(end, gm)[1]
                energy = 0.5 * (end[3:] ** 2).sum(axis=0) - gm / np.sqrt((end[:3] ** 2).sum(axis=0))
                # Still on the way out, or beyond: a perigee that lies ahead is reached by way of the apogee.
                outward = (since > 0.5 * SECONDS_PER_DAY) | ~(energy < 0.0)
            duration = np.where(outward, np.nan, flight.final_elapsed - since)
            state = np.where(outward, np.nan, state)
        return np.where(np.isfinite(duration), end, np.nan), start + flight.final_elapsed
