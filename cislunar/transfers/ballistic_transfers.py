"""Low-energy transfers as they are flown: closed, flown forward from the injection, and ranked.

The departure state alone defines a transfer. It is found by a flight back (`ballistic_closure`); here it is
flown forward in the same models over its months, and what is reported of the arrival is what that flight
meets. A transfer whose periapsis altitude does not come back within 100 m counts as not converged.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.environment import Environment
from cislunar.propagation.event_kinds import Apoapsis, Periapsis
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.handover import propagate_transfer
from cislunar.propagation.status import Status
from cislunar.transfers.ballistic import FLYBY_KM, Candidates
from cislunar.transfers.ballistic_closure import Closed, close, default_models
from cislunar.transfers.ballistic_flights import FULL_RTOL
from cislunar.transfers.lunar_arrival import PARAMETERS, LunarArrival
from cislunar.transfers.parking import ParkingOrbit, earth_pole
from cislunar.transfers.solution import Transfers

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

ALTITUDE_TOLERANCE_KM = 0.1
"""How well the forward flight must meet the periapsis altitude, km."""

_BEYOND_S = 600.0
_BATCH = 512
_COLUMNS = (
    "parameters",
    "capture_km_s",
    "inclination_rad",
    "outward_moon_km",
    "sun_angle_rad",
    "altitude_miss_km",
)


@dataclass(frozen=True)
class BallisticTransfers:
    """Low-energy transfers, cheapest capture first: k of them.

    Attributes
    ----------
    arrival : LunarArrival
        Periapsis sought, and the orbit the capture cost is stated for.
    transfers : Transfers
        States, epochs, injections; the deterministic impulses on the way are zero.
    parameters : numpy.ndarray, shape (4, k)
        Of the arrival: node, argument of periapsis, c3, inclination (`lunar_arrival.PARAMETERS`).
    capture_km_s : numpy.ndarray, shape (k,)
        Impulse at periapsis into that orbit.
    inclination_rad : numpy.ndarray, shape (k,)
        At departure, to the Earth's true equator of date.
    outward_moon_km : numpy.ndarray, shape (k,)
        Least distance from the centre of the Moon before the farthest point.
    sun_angle_rad : numpy.ndarray, shape (k,)
        Of the farthest point about the Earth, in the plane of its orbit, from the direction away from the
        Sun, positive towards the Earth's motion; -pi to pi. Towards the Sun it is pi.
    altitude_miss_km : numpy.ndarray, shape (k,)
        Periapsis altitude of the forward flight less the one sought.
    """

    arrival: LunarArrival
    transfers: Transfers
    parameters: Array
    capture_km_s: Array
    inclination_rad: Array
    outward_moon_km: Array
    sun_angle_rad: Array
    altitude_miss_km: Array

    def __len__(self) -> int:
        """Transfers in the batch."""
        return len(self.transfers)

    @property
    def lunar_flyby(self) -> NDArray[np.bool_]:
        """Which pass within 50,000 km of the Moon on the way out, shape (k,)."""
        return self.outward_moon_km < FLYBY_KM

    @property
    def total_km_s(self) -> Array:
        """Injection, impulses on the way and capture together, km/s, shape (k,)."""
        return self.transfers.injection_km_s + self.transfers.deep_space_km_s + self.capture_km_s

    def select(self, chosen: NDArray[np.bool_] | Integers) -> BallisticTransfers:
        """Give some of the transfers, by mask or by numbers."""
        values = {name: getattr(self, name)[..., chosen] for name in _COLUMNS}
        return BallisticTransfers(self.arrival, self.transfers.select(chosen), **values)

    def table(self) -> dict[str, Array]:
        """Columns for a table or a plot, each of shape (k,), in km, km/s, s and rad."""
        whole = self.transfers
        scalars = ("departure_tdb", "arrival_tdb", "time_of_flight_s", "injection_km_s", "c3_km2_s2")
        columns: dict[str, Array] = {name: getattr(whole, name) for name in scalars}
        columns |= {name: getattr(self, name) for name in _COLUMNS[1:]}
        columns |= {name: getattr(whole, name) for name in ("deep_space_km_s", "farthest_km")}
        named = zip(PARAMETERS, self.parameters, strict=True)
        return columns | {"total_km_s": self.total_km_s} | {f"arrival_{name}": row for name, row in named}


def ballistic_transfers(
    candidates: Candidates,
    parking: ParkingOrbit,
    environment: Environment,
    *,
    match_inclination: bool = False,
    models: tuple[ForceModel, ForceModel] | None = None,
    threads: int | None = None,
) -> BallisticTransfers:
    """Close candidates of a search onto a parking orbit, fly them forward and rank them.

    Parameters
    ----------
    candidates, parking, environment, match_inclination, models, threads
        As for `ballistic_closure.close`. Match the inclination to compare costs from one parking orbit:
        otherwise a transfer leaves in the plane it comes in, and only the altitude is that of `parking`.

    Returns
    -------
    BallisticTransfers
        Those that could be closed, the cheapest capture first. Candidates that cannot be are left out:
        `close` says why.

    Raises
    ------
    InputError
        As for `close`.

    Notes
    -----
    A tenth of a millimetre a second at injection is 140 to 3,200 km at the Moon (590 in the middle, of 44
    transfers of one month). The state itself, in float64, and the integration at a tolerance of 1e-12 carry
    it to within a few metres in one flight, with no patch on the way; a real one is kept on its path by
    corrections, which are not part of this batch. To fly one again, `propagate_transfer` from the departure
    state with `*default_models(environment)` and `rtol=1e-12`.
    """
    models = default_models(environment) if models is None else models
    closed = close(
        candidates,
        parking,
        environment,
        match_inclination=match_inclination,
        models=models,
        threads=threads,
    )
    numbers = np.flatnonzero(closed.converged)
    parts = [
        _flown(closed, numbers[low : low + _BATCH], candidates.arrival, parking, environment, models, threads)
        for low in range(0, max(numbers.size, 1), _BATCH)
    ]
    whole = BallisticTransfers(
        candidates.arrival,
        _joined([part.transfers for part in parts]),
        **{name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in _COLUMNS},
    )
    order = np.argsort(whole.capture_km_s, kind="stable")
    return whole.select(order[whole.transfers.converged[order]])


def _flown(
    closed: Closed,
    chosen: Integers,
    arrival: LunarArrival,
    parking: ParkingOrbit,
    environment: Environment,
    models: tuple[ForceModel, ForceModel],
    threads: int | None,
) -> BallisticTransfers:
    """Fly some of the closed transfers forward, and describe them."""
    outer, inner = models
    ephemeris, earth_gm = outer.ephemeris, outer.gm[outer.center]
    departure, state = closed.departure_tdb[chosen], closed.departure_state[:, chosen]
    # To a little beyond the periapsis, so that it is met as an event.
    end = np.minimum(closed.arrival_tdb[chosen] + _BEYOND_S, outer.span_tdb[1])
    flight = propagate_transfer(
        state,
        departure,
        end - departure,
        outer,
        inner,
        events=(Periapsis(body="moon"), Apoapsis(body="earth", name="farthest")),
        rtol=FULL_RTOL,
        threads=threads,
        on_error="status",
    )
    near, far = flight.events.named("periapsis"), flight.events.named("farthest")
    n = chosen.size
    met, farthest_state, farthest_tdb = np.full((6, n), np.nan), np.full((6, n), np.nan), departure.copy()
    met_tdb, closest = (
        np.full(n, np.nan),
        np.linalg.norm(state[:3] - ephemeris.position("moon", "earth", departure), axis=0),
    )
    relative = near["state"].T - ephemeris.state("moon", "earth", near["tdb"])
    for i in range(n):
        peaks = far[far["trajectory"] == i]
        if peaks.size:
            best = peaks[np.argmax((peaks["state"][:, :3] ** 2).sum(axis=1))]
            farthest_state[:, i], farthest_tdb[i] = best["state"], best["tdb"]
        mine = np.flatnonzero(near["trajectory"] == i)
        late = mine[np.abs(near["tdb"][mine] - closed.arrival_tdb[chosen[i]]) < _BEYOND_S]
        if late.size and flight.status[i] == Status.FINISHED:
            met[:, i], met_tdb[i] = relative[:, late[-1]], near["tdb"][late[-1]]
        before = mine[near["tdb"][mine] < farthest_tdb[i]]
        if before.size:
            closest[i] = min(closest[i], np.sqrt((relative[:3, before] ** 2).sum(axis=0)).min())
    altitude = np.sqrt((met[:3] ** 2).sum(axis=0)) - MOON_RADIUS_KM
    miss = altitude - arrival.periapsis_altitude_km
    converged = np.abs(miss) < ALTITUDE_TOLERANCE_KM
    moon_gm = inner.gm[inner.center]
    c3 = (met[3:] ** 2).sum(axis=0) - 2.0 * moon_gm / np.sqrt((met[:3] ** 2).sum(axis=0))
    speed, radius = (np.sqrt((state[part] ** 2).sum(axis=0)) for part in (slice(3, 6), slice(0, 3)))
    transfers = Transfers(
        departure_tdb=departure,
        arrival_tdb=met_tdb,
        departure_state=state,
        arrival_state=met,
        injection_km_s=speed - np.sqrt(earth_gm / radius),
        c3_km2_s2=speed**2 - 2.0 * earth_gm / radius,
        v_infinity_km_s=np.where(c3 > 0.0, np.sqrt(np.maximum(c3, 0.0)), np.nan),
        deep_space_km_s=np.zeros(n),
        farthest_km=np.sqrt((farthest_state[:3] ** 2).sum(axis=0)),
        converged=converged,
        message=["" if good else _why(flight.message[i], miss[i]) for i, good in enumerate(converged)],
    )
    normal = np.cross(state[:3], state[3:], axis=0)
    normal /= np.sqrt((normal**2).sum(axis=0))
    cosine = (normal * earth_pole(departure, environment)).sum(axis=0) if n else np.zeros(0)
    return BallisticTransfers(
        arrival,
        transfers,
        parameters=closed.parameters[:, chosen],
        capture_km_s=arrival.capture_km_s(c3, moon_gm),
        inclination_rad=np.arccos(np.clip(cosine, -1.0, 1.0)),
        outward_moon_km=closest,
        sun_angle_rad=_sun_angle(farthest_state[:3], farthest_tdb, environment),
        altitude_miss_km=miss,
    )


def _why(message: str, miss_km: float) -> str:
    if np.isnan(miss_km):
        return f"the flight forward does not meet the periapsis: {message}"
    return f"the flight forward meets a periapsis {miss_km:+.3f} km off; expected 0.1 km or less"


def _sun_angle(position: Array, tdb: Array, environment: Environment) -> Array:
    """Angle of places about the Earth from the direction away from the Sun, in the ecliptic of date."""
    earth = environment.ephemeris.state("earth", "sun", tdb)
    away = earth[:3] / np.sqrt((earth[:3] ** 2).sum(axis=0))
    pole = np.cross(earth[:3], earth[3:], axis=0)
    ahead = np.cross(pole / np.sqrt((pole**2).sum(axis=0)), away, axis=0)
    return np.arctan2((position * ahead).sum(axis=0), (position * away).sum(axis=0))


def _joined(parts: list[Transfers]) -> Transfers:
    values: dict[str, Any] = {}
    for each in fields(Transfers):
        columns = [getattr(part, each.name) for part in parts]
        texts = each.name == "message"
        values[each.name] = list(chain(*columns)) if texts else np.concatenate(columns, axis=-1)
    return Transfers(**values)
