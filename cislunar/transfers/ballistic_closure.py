"""Low-energy transfers brought exactly onto a parking orbit, and flown forward to see that they arrive.

A candidate of the search misses the parking orbit by some thousands of kilometres. Its arrival is changed
(node, argument of periapsis, energy, and inclination if that is free) until the flight back ends at a perigee
on the parking orbit, by Newton's method with the state-transition matrix of the whole flight. The unknowns
outnumber the conditions: of all corrections the least is taken, and no manoeuvre on the way is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SECONDS_PER_DAY
from cislunar.environment import Environment
from cislunar.errors import InputError
from cislunar.propagation.force_model import ForceModel
from cislunar.transfers.ballistic import Candidates
from cislunar.transfers.ballistic_flights import BackwardFlight, Flyer, fast_flights, full_flights
from cislunar.transfers.lunar_arrival import LunarArrival
from cislunar.transfers.parking import ParkingOrbit, earth_pole
from cislunar.transfers.perigee import perigee

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

PERIGEE_TOLERANCE_KM = 1e-3
"""How near to the parking orbit's radius a closed perigee is, km."""

_SCALES = np.array([1.0, 1.0, 0.3, 1.0])
_FIRST_CHANGE, _LONGEST_CHANGE, _LEAST_CHANGE = 2e-3, 2e-2, 1e-6
_LONGEST_DELAY_S = 3.0 * SECONDS_PER_DAY
_ITERATIONS, _PATIENCE = 40, 7
_SMALL = 1e-2
_BATCH = 512
DEGREE = 8


@dataclass(frozen=True)
class Closed:
    """Flights back from the Moon that end at a perigee on the parking orbit, or their last iterates: k.

    Attributes
    ----------
    parameters : numpy.ndarray, shape (4, k)
        Of the arrival, `lunar_arrival.PARAMETERS`.
    arrival_tdb, departure_tdb : numpy.ndarray, shape (k,)
    arrival_state : numpy.ndarray, shape (6, k)
        Moon-centred, at periapsis.
    departure_state : numpy.ndarray, shape (6, k)
        Earth-centred, at the end of the flight back.
    converged : numpy.ndarray, shape (k,), bool
    message : list of str
    iterations : numpy.ndarray, shape (k,), int
        Flights made for each.
    """

    parameters: Array
    arrival_tdb: Array
    departure_tdb: Array
    arrival_state: Array
    departure_state: Array
    converged: NDArray[np.bool_]
    message: list[str]
    iterations: Integers


def default_models(environment: Environment) -> tuple[ForceModel, ForceModel]:
    """Models about the Earth (point masses) and about the Moon (GRGM1200A to degree 8), for `close`."""
    tables = environment.ephemeris, environment.orientation
    outer = ForceModel("earth", gravity=None, bodies=("moon", "sun"), ephemeris=tables[0])
    inner = ForceModel(
        "moon", degree=DEGREE, bodies=("earth", "sun"), ephemeris=tables[0], orientation=tables[1]
    )
    return outer, inner


def close(
    candidates: Candidates,
    parking: ParkingOrbit,
    environment: Environment,
    *,
    match_inclination: bool = False,
    models: tuple[ForceModel, ForceModel] | None = None,
    threads: int | None = None,
) -> Closed:
    """Change arrivals so that the flights back to the Earth end at a perigee on a parking orbit.

    Parameters
    ----------
    candidates : Candidates
        From `ballistic.search`.
    parking : ParkingOrbit
        Its altitude is met, and its inclination if asked for.
    environment : Environment
        Whose ephemeris and orientations are used.
    match_inclination : bool
        Also bring the geocentric inclination at perigee, to the true equator of date, to that of the
        parking orbit. Otherwise the plane is left as it comes.
    models : tuple of ForceModel, optional
        About the Earth and about the Moon; those of `default_models` when left out.
    threads : int, optional
        As for `propagate`.

    Returns
    -------
    Closed
        In the order of the candidates; the periapsis altitude, a fixed inclination and the ranges of the
        arrival are kept.

    Raises
    ------
    InputError
        More conditions than the arrival has free parameters.
    """
    problem = _Problem(candidates.arrival, parking, environment, match_inclination, models, threads)
    parts = [
        problem.solve(candidates.select(np.arange(low, min(low + _BATCH, len(candidates)))))
        for low in range(0, max(len(candidates), 1), _BATCH)
    ]

    def joined(name: str) -> Array:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)

    return Closed(
        parameters=joined("parameters"),
        arrival_tdb=joined("arrival_tdb"),
        departure_tdb=joined("departure_tdb"),
        arrival_state=joined("arrival_state"),
        departure_state=joined("departure_state"),
        converged=np.concatenate([part.converged for part in parts]),
        message=[text for part in parts for text in part.message],
        iterations=np.concatenate([part.iterations for part in parts]),
    )


class _Tolerance(NamedTuple):
    perigee_km: float
    time_s: float
    cosine: float


_NEARLY = _Tolerance(1.0, 1.0, 1e-4)
_EXACTLY = _Tolerance(PERIGEE_TOLERANCE_KM, 1e-3, 1e-7)


class _Iterates(NamedTuple):
    x: Array
    back_s: Array
    final: Array
    converged: NDArray[np.bool_]
    message: list[str]
    flights: Integers


class _Problem:
    """The conditions at the perigee, and Newton's method for a batch of them."""

    def __init__(
        self,
        arrival: LunarArrival,
        parking: ParkingOrbit,
        environment: Environment,
        match_inclination: bool,
        models: tuple[ForceModel, ForceModel] | None,
        threads: int | None,
    ) -> None:
        self.arrival, self.parking, self.environment = arrival, parking, environment
        self.outer, self.inner = default_models(environment) if models is None else models
        ephemeris = self.outer.ephemeris
        self.fast = fast_flights(
            ForceModel("earth", gravity=None, bodies=("moon", "sun"), ephemeris=ephemeris),
            ForceModel("moon", gravity=None, bodies=("earth", "sun"), ephemeris=ephemeris),
            threads,
        )
        self.full = full_flights(self.outer, self.inner, threads)
        self.match_inclination = match_inclination
        conditions = 2 if match_inclination else 1
        if arrival.free.sum() < conditions:
            raise InputError(
                f"ballistic closure: {conditions} condition(s) at the parking orbit, and "
                f"{int(arrival.free.sum())} free parameter(s) of the arrival; expected no fewer: widen the "
                "range of the node, the argument of periapsis or the energy"
            )

    def solve(self, candidates: Candidates) -> Closed:
        """Correct one batch: nearly, in the models of the search, then in full."""
        arrival = candidates.arrival_tdb
        x, back_s = candidates.parameters.copy(), candidates.departure_tdb - arrival
        near = self._iterate(self.fast, x, back_s, arrival, _NEARLY)
        done = self._iterate(self.full, near.x, near.back_s, arrival, _EXACTLY, near.message)
        start, _ = self._starts(done.x, arrival)
        return Closed(
            done.x,
            arrival,
            arrival + done.back_s,
            start,
            done.final,
            done.converged,
            done.message,
            near.flights + done.flights,
        )

    def _iterate(
        self,
        fly: Flyer,
        x: Array,
        back_s: Array,
        arrival: Array,
        tolerance: _Tolerance,
        given_up: list[str] | None = None,
    ) -> _Iterates:
        """Newton's method in one model, for those that have not been given up."""
        n = arrival.size
        x, back_s = x.copy(), back_s.copy()
        trusted, change, delay = np.full(n, _FIRST_CHANGE), np.zeros_like(x), np.zeros(n)
        smallest, stale = np.full(n, np.inf), np.zeros(n, int)
        final, converged, flights = np.full((6, n), np.nan), np.zeros(n, dtype=np.bool_), np.zeros(n, int)
        message = [""] * n if given_up is None else list(given_up)
        active = np.array([i for i in range(n) if not message[i]], dtype=np.int64)
        for _ in range(_ITERATIONS):
            if not active.size:
                break
            start, slopes = self._starts(x[:, active], arrival[active])
            flight = fly(start, arrival[active], back_s[active])
            flights[active] += 1
            final[:, active] = flight.final
            misses, gradients, q, since, since_gradient = self._misses(flight, arrival[active])
            size = np.sqrt(((misses / _weights(self.parking)[: misses.shape[0], None]) ** 2).sum(axis=0))
            astray = np.array([bool(text) for text in flight.lost]) | (size > smallest[active])
            nearer = ~astray & (size < 0.98 * smallest[active])
            stale[active] = np.where(nearer, 0, stale[active] + 1)
            smallest[active[~astray]] = np.maximum(size, _SMALL)[~astray]
            # A change that leads astray is taken again, a quarter as far.
            again = active[astray]
            x[:, again] -= 0.75 * change[:, again]
            back_s[again] -= 0.75 * delay[again]
            for values in (change, delay, trusted):
                values[..., again] *= 0.25
            done = ~astray & (np.abs(q - self.parking.radius_km) < tolerance.perigee_km)
            done &= np.abs(since) < tolerance.time_s
            if self.match_inclination:
                done &= np.abs(misses[1]) < tolerance.cosine
            converged[active[done]] = True
            hopeless = ~done & ((trusted[active] < _LEAST_CHANGE) | (stale[active] > _PATIENCE))
            for k in np.flatnonzero(hopeless):
                message[active[k]] = flight.lost[k] or "no correction brings it nearer to the parking orbit"

            # The time of the end, as flown: a number that added to the arrival is an epoch.
            back_s[active[~astray]] = flight.elapsed_s[~astray]
            going = np.flatnonzero(~astray & ~done & ~hopeless)
            if going.size:
                by_parameters = np.einsum("ijn,jpn->ipn", flight.transition(), slopes)[:, :, going]
                members = active[going]
                jacobian = np.einsum("cin,ipn->ncp", gradients[:, :, going], by_parameters)
                by_time = np.einsum("in,ipn->pn", since_gradient[:, going], by_parameters)
                wanted = self._least_change(jacobian, misses[:, going], x[:, members], trusted[members])
                # So much later does the flight back, changed so, come to its perigee.
                later = -(by_time * wanted).sum(axis=0)
                shorter = np.minimum(1.0, _LONGEST_DELAY_S / np.maximum(np.abs(later), 1e-9))
                change[:, members], delay[members] = shorter * wanted, shorter * later - since[going]
                x[:, members] += change[:, members]
                back_s[members] += delay[members]
                trusted[members] = np.minimum(2.0 * trusted[members], _LONGEST_CHANGE)
            active = active[~done & ~hopeless]
        for i in active:
            message[i] = f"not on the parking orbit after {_ITERATIONS} flights"
        return _Iterates(x, back_s, final, converged, message, flights)

    def _starts(self, x: Array, tdb: Array) -> tuple[Array, Array]:
        return self.arrival.states(x, tdb, self.inner.gm["moon"], self.environment)

    def _misses(self, flight: BackwardFlight, arrival: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Misses of the conditions (c, n), gradients (c, 6, n), perigee radius, time since it, its gradient.

        The first condition is on the angular momentum, whose change along the flight is smooth where the
        radius of the perigee is not: the miss is of that which an orbit of the energy found has if its
        perigee is on the parking orbit.
        """
        gm, target = self.outer.gm["earth"], self.parking.radius_km
        r, v = flight.final[:3], flight.final[3:]
        h = np.cross(r, v, axis=0)
        size = np.sqrt((h**2).sum(axis=0))
        distance_3 = (r**2).sum(axis=0) ** 1.5
        energy_2 = (v**2).sum(axis=0) - 2.0 * gm / np.cbrt(distance_3)
        speed = np.sqrt(np.maximum(energy_2 + 2.0 * gm / target, 1e-6))
        unit = h / size
        # d|h| and the change of target speed with energy.
        by_h = np.concatenate([np.cross(v, unit, axis=0), np.cross(unit, r, axis=0)])
        by_energy = np.concatenate([gm * r / distance_3, v])
        misses = [size - target * speed]
        gradients = [by_h - target / speed * by_energy]
        if self.match_inclination:
            pole = earth_pole(arrival + flight.elapsed_s, self.environment)
            along = (pole * unit).sum(axis=0)
            misses.append(along - np.cos(self.parking.inclination_rad))
            sideways = (pole - along * unit) / size
            gradients.append(np.concatenate([np.cross(v, sideways, axis=0), np.cross(sideways, r, axis=0)]))
        return np.array(misses), np.array(gradients), *_perigee_time(flight.final, gm)

    def _least_change(self, jacobian: Array, misses: Array, x: Array, trusted: Array) -> Array:
        """Smallest change (4, k) that closes the misses to first order, no longer than is to be trusted."""
        scale = _SCALES * self.arrival.free
        ranges = self.arrival.ranges
        # At the end of a range a parameter stays, if the correction would lead it out.
        held = np.zeros_like(x, dtype=np.bool_)
        change = np.zeros_like(x)
        for _ in range(2):
            weighted = jacobian * np.where(held, 0.0, scale[:, None]).T[:, None, :]
            pseudo = np.linalg.pinv(weighted, rcond=1e-10)
            step = -np.einsum("kpc,ck->pk", pseudo, misses)
            longest = np.sqrt((step**2).sum(axis=0))
            step *= np.minimum(1.0, trusted / np.maximum(longest, 1e-300))
            change = step * scale[:, None]
            beyond = (x + change < ranges[:, :1]) | (x + change > ranges[:, 1:])
            beyond[:2] &= ~self._whole_turn[:, None]
            held |= beyond
        moved = x + change
        open_ended = np.append(self._whole_turn, [False, False])[:, None]
        return np.where(open_ended, moved, np.clip(moved, ranges[:, :1], ranges[:, 1:])) - x

    @property
    def _whole_turn(self) -> NDArray[np.bool_]:
        """Whether node and argument of periapsis may take any value."""
        ranges = self.arrival.ranges[:2]
        return ranges[:, 1] - ranges[:, 0] >= 2.0 * np.pi


def _weights(parking: ParkingOrbit) -> Array:
    """Sizes by which misses of angular momentum, km^2/s, and of a cosine compare."""
    return np.array([parking.radius_km * 11.0, 1.0])


def _perigee_time(state: Array, gm: float) -> tuple[Array, Array, Array]:
    """Radius of the perigee, time since it, and the gradient (6, n) of that time, by a complex step."""
    q, since = perigee(state, gm)
    scale = np.sqrt(np.array([(state[:3] ** 2).sum(axis=0)] * 3 + [(state[3:] ** 2).sum(axis=0)] * 3))
    gradient = np.empty_like(state)
    for k in range(6):
        stepped = state.astype(complex)
        stepped[k] += 1e-30j * scale[k]
        gradient[k] = perigee(stepped, gm)[1].imag / (1e-30 * scale[k])
    return q, since, gradient
