"""Direct transfers: one impulse on a parking orbit, a few days of coast, a periapsis at the Moon."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import SECONDS_PER_DAY
from cislunar.errors import InputError
from cislunar.transfers.direct_search import Search
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.solution import Transfers
from cislunar.transfers.targeting import ArrivalTarget

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation.force_model import ForceModel

Array = NDArray[np.float64]

SHORTEST_D, LONGEST_D = 2.4, 7.0
"""Flight times supported, days."""


def direct_transfers(
    departure_tdb: ArrayLike,
    time_of_flight_s: ArrayLike,
    parking: ParkingOrbit,
    target: ArrivalTarget,
    environment: Environment | None = None,
    *,
    outer: ForceModel | None = None,
    inner: ForceModel | None = None,
    threads: int | None = None,
) -> Transfers:
    """Find direct transfers in the full ephemeris model, all at once.

    Parameters
    ----------
    departure_tdb : float or array_like, shape (n,)
        Epochs of the injection, seconds past J2000 TDB.
    time_of_flight_s : float or array_like, shape (n,)
        From there to the periapsis at the Moon, s; 2.4 to 7 days.
    parking : ParkingOrbit
        The injection is an impulse along the velocity on this orbit; its node is found.
    target : ArrivalTarget
        What holds at the periapsis.
    environment : Environment, optional
        Tables; the packaged ones when left out.
    outer : ForceModel, optional
        Forces about the Earth, with the Moon among the bodies. Default: Earth, Moon and Sun as point masses.
        With `gravity="egm2008"` the Earth is oblate.
    inner : ForceModel, optional
        Forces about the Moon inside its sphere of influence, for its gravity field, for example; the flight
        is about the Earth all the way when left out.
    threads : int, optional
        Threads to use. Results do not depend on it.

    Returns
    -------
    Transfers
        One for each pair of epoch and flight time, in their order; those that were not found are marked and
        say why.

    Raises
    ------
    InputError
        Flight times outside the range (an arrival before the departure among them), shapes that do not fit.
    EpochRangeError
        Epochs outside the tables.

    Notes
    -----
    The first guess is a patched conic: an arc from perigee to the Moon's place in the plane of the
    parking orbit that contains it, whose velocity beside the Moon's is the asymptote of the arrival. It is
    corrected with the state-transition matrix of the flight backwards from the periapsis, whose conditions
    are met exactly; perigee radius, its epoch and the inclination there to 0.1 m, 0.1 ms and 1e-8 rad. A
    member that fails starts once more from the correction of its nearest neighbour that did not.

    To fly one again, `propagate(found.departure_state, found.departure_tdb, found.time_of_flight_s,
    point_masses(environment))`, or with the forces given.

    References
    ----------
    .. [1] R. H. Battin, An Introduction to the Mathematics and Methods of Astrodynamics, AIAA (1999),
       chapters 9 and 11, for state-transition matrices and patched arcs.
    """
    if environment is None:
        from cislunar.environment import Environment

        environment = Environment.default()
    departure, duration = checked_times(departure_tdb, time_of_flight_s)
    environment.require_span(float(departure.min()), float((departure + duration).max()), "direct transfers")
    outer = point_masses(environment) if outer is None else outer
    headings = ("ascending", "descending") if parking.heading == "cheaper" else (parking.heading,)
    branches = ("north", "south") if target.branch == "cheaper" else (target.branch,)
    if target.bplane_angle_rad is not None:
        branches = branches[:1]
    kinds = [(heading, branch) for heading in headings for branch in branches]
    n, count = departure.size, len(kinds)
    search = Search(
        np.tile(departure, count),
        np.tile(duration, count),
        np.repeat([heading == "ascending" for heading, _ in kinds], n),
        np.repeat([branch == "north" for _, branch in kinds], n),
        parking,
        target,
        environment,
        outer,
        inner,
        threads,
    )
    found = search.run()
    cost = np.where(
        found.converged,
        found.injection_km_s + np.sqrt((found.arrival_state[3:] ** 2).sum(axis=0)),
        np.inf,
    ).reshape(count, n)
    return found.select(np.argmin(cost, axis=0) * n + np.arange(n))


def checked_times(departure_tdb: ArrayLike, time_of_flight_s: ArrayLike) -> tuple[Array, Array]:
    """Epochs and flight times (n,), inside what is supported."""
    try:
        departure, duration = np.broadcast_arrays(
            np.atleast_1d(np.asarray(departure_tdb, dtype=np.float64)),
            np.atleast_1d(np.asarray(time_of_flight_s, dtype=np.float64)),
        )
    except ValueError:
        raise InputError(
            f"transfers: expected one flight time for each departure; got shapes "
            f"{np.shape(departure_tdb)} and {np.shape(time_of_flight_s)}"
        ) from None
    if departure.ndim != 1 or not departure.size:
        raise InputError(f"transfers: expected epochs and flight times of shape (n,); got {departure.shape}")
    if not (np.isfinite(departure).all() and np.isfinite(duration).all()):
        raise InputError("transfers: expected finite epochs and flight times")
    if (duration <= 0.0).any():
        i = int(np.argmin(duration))
        raise InputError(
            f"transfers: transfer {i} arrives {-duration[i] / SECONDS_PER_DAY:g} d before its departure; "
            "expected a flight time above zero"
        )
    days = duration / SECONDS_PER_DAY
    outside = np.flatnonzero(~((days >= SHORTEST_D) & (days <= LONGEST_D)))
    if outside.size:
        raise InputError(
            f"transfers: the flight time of transfer {outside[0]} is {days[outside[0]]:.3f} d; direct "
            f"transfers take {SHORTEST_D:g} to {LONGEST_D:g} d (low-energy ones take months)"
        )
    return departure.copy(), duration.copy()


@lru_cache(maxsize=4)
def point_masses(environment: Environment) -> ForceModel:
    """Earth, Moon and Sun as point masses about the Earth, with an environment's tables."""
    from cislunar.propagation.force_model import ForceModel

    return ForceModel(
        center="earth",
        gravity=None,
        bodies=("moon", "sun"),
        ephemeris=environment.ephemeris,
        orientation=environment.orientation,
    )
