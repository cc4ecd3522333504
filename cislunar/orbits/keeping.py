"""What it costs to hold an orbit: corrections at apolune by a stated rule, flown in the real force field.

At each apolune the osculating perilune altitude is looked at, which is that of the perilune to come to within
what Earth and the Moon's uneven field do in half a revolution. If it has left the band, an impulse along or
against the velocity, there and then, sets it to the target. Nothing else is held: plane, argument of
periapsis and apolune go where the forces take them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import JULIAN_YEAR_S, MOON_RADIUS_KM, SECONDS_PER_DAY
from cislunar.errors import InputError
from cislunar.orbits.apses import inverse_apses
from cislunar.propagation import Apoapsis, ForceModel, Periapsis, Status, find_events, propagate
from cislunar.propagation.checks import per_trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_STRETCH_S = 20.0 * SECONDS_PER_DAY
_ROUNDING_S = 1.0


@dataclass(frozen=True)
class PeriluneBand:
    """A rule of keeping: the band in which the perilune may move, and where a correction puts it.

    Attributes
    ----------
    floor_km : float
        Lowest perilune altitude allowed, above the 1737.4 km sphere.
    target_km : float
        Perilune altitude that a correction sets.
    ceiling_km : float
        Highest allowed; infinite to hold only the floor.

    Raises
    ------
    InputError
        A target outside the band, or a floor below the surface.
    """

    floor_km: float
    target_km: float
    ceiling_km: float = np.inf

    def __post_init__(self) -> None:
        """Check the order of the altitudes."""
        if not 0.0 <= self.floor_km <= self.target_km <= self.ceiling_km:
            raise InputError(
                "keeping: expected 0 <= floor <= target <= ceiling of the perilune altitude; got "
                f"{self.floor_km}, {self.target_km}, {self.ceiling_km} km"
            )

    def describe(self) -> str:
        """The rule in words."""
        upper = "" if np.isinf(self.ceiling_km) else f" or above {self.ceiling_km:g} km"
        return (
            f"at an apolune where the perilune to come is below {self.floor_km:g} km{upper}, an impulse "
            f"along the line of flight sets it to {self.target_km:g} km"
        )


@dataclass(frozen=True)
class Keeping:
    """What it cost to hold n orbits.

    Attributes
    ----------
    rule : PeriluneBand
        By which they were held.
    held_s : numpy.ndarray, shape (n,)
        How long each was held, s.
    delta_v_km_s : numpy.ndarray, shape (n,)
        Sum of the impulses, km/s.
    corrections : numpy.ndarray, shape (n,), int
        How many.
    lowest_km, highest_km : numpy.ndarray, shape (n,)
        Lowest and highest perilune altitude flown, km; NaN if no perilune was passed.
    lost : numpy.ndarray, shape (n,), bool
        Whether it struck the Moon in spite of the rule.
    impulse_orbit : numpy.ndarray, shape (m,), int
        Orbit that each impulse belongs to.
    impulse_tdb, impulse_km_s : numpy.ndarray, shape (m,)
        When, seconds past J2000 TDB, and how large, km/s; negative against the velocity.
    final_state : numpy.ndarray, shape (6, n)
        At the end, km and km/s.
    """

    rule: PeriluneBand
    held_s: Array
    delta_v_km_s: Array
    corrections: Integers
    lowest_km: Array
    highest_km: Array
    lost: NDArray[np.bool_]
    impulse_orbit: Integers
    impulse_tdb: Array
    impulse_km_s: Array
    final_state: Array

    @property
    def per_year_km_s(self) -> Array:
        """Sum of the impulses over the time held, km/s in a Julian year, shape (n,)."""
        return np.asarray(self.delta_v_km_s * (JULIAN_YEAR_S / self.held_s))


def hold_perilune(
    state: ArrayLike,
    epoch: ArrayLike,
    duration_s: ArrayLike,
    forces: ForceModel,
    rule: PeriluneBand,
    rtol: float = 1e-10,
    threads: int | None = None,
) -> Keeping:
    """Fly orbits with corrections at apolune that keep the perilune in a band.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Moon-centred, ICRF axes, km and km/s.
    epoch, duration_s : float or array_like, shape (n,)
        Start, seconds past J2000 TDB, and time to hold the orbit, s.
    forces : ForceModel
        Centred on the Moon.
    rule : PeriluneBand
        When to correct, and to what.
    rtol, threads
        As for `propagate`.

    Returns
    -------
    Keeping

    Raises
    ------
    InputError
        Forces about another centre, or a duration that is not positive; as `propagate`.
    EpochRangeError
        Flights outside the tables.

    Notes
    -----
    Impulses, without errors of execution or of knowledge. On a nearly circular orbit there is no apolune to
    speak of, and the rule needs a band wider than what the field moves within a revolution (tens of km in a
    low orbit).
    """
    if forces.center != "moon":
        raise InputError(f"keeping: expected forces about the moon; got {forces.center}")
    states = np.array(state, dtype=np.float64)
    states = states[:, None] if states.ndim == 1 else states
    n = states.shape[1]
    epochs, durations = per_trajectory(epoch, n, "epoch"), per_trajectory(duration_s, n, "duration_s")
    if not np.all(durations > 0.0):
        raise InputError("keeping: expected positive durations")
    gm = forces.gm["moon"]
    now, spent = np.zeros(n), np.zeros(n)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    lost = np.zeros(n, dtype=np.bool_)
    impulses: list[tuple[Any, Array, Array]] = []
    while (going := np.flatnonzero(~lost & (now < durations - _ROUNDING_S))).size:
        stretch = np.minimum(durations[going] - now[going], _STRETCH_S)
        flight = propagate(
            states[:, going],
            epochs[going] + now[going],
            stretch,
            forces,
            rtol=rtol,
            threads=threads,
        )
        rows = find_events(flight, (Apoapsis(), Periapsis())).rows
        first = _first_outside(rows, going.size, gm, rule)
        ends = np.where(first.found, first.elapsed, flight.final_elapsed)
        _extremes(rows, ends, going, low, high)
        states[:, going] = np.where(first.found, first.state, flight.final)
        now[going] += ends
        lost[going] = ~first.found & (flight.status == Status.IMPACT)
        if first.found.any():
            members = going[first.found]
            size = _impulse(states[:, members], rule.target_km, gm)
            speed = np.sqrt((states[3:, members] ** 2).sum(axis=0))
            states[3:, members] *= 1.0 + size / speed
            spent[members] += np.abs(size)
            impulses.append((members, epochs[members] + now[members], size))
    owner = np.concatenate([np.zeros(0, dtype=np.int64), *(each[0] for each in impulses)])
    tdb, sizes = (np.concatenate([np.zeros(0), *(each[k] for each in impulses)]) for k in (1, 2))
    order = np.lexsort((tdb, owner))
    return Keeping(
        rule,
        now,
        spent,
        np.bincount(owner, minlength=n),
        np.where(np.isfinite(low), low, np.nan),
        np.where(np.isfinite(high), high, np.nan),
        lost,
        owner[order],
        tdb[order],
        sizes[order],
        states,
    )


@dataclass(frozen=True)
class _First:
    """The first apolune of each flight at which the perilune to come is outside the band."""

    found: NDArray[np.bool_]
    elapsed: Array
    state: Array


def _first_outside(rows: NDArray[np.void], n: int, gm: float, rule: PeriluneBand) -> _First:
    # At the very start of a flight is the apolune of the correction just given.
    apolunes = rows[(rows["event"] == 0) & (rows["elapsed"] > _ROUNDING_S)]
    altitude = 1.0 / inverse_apses(apolunes["state"].T, gm)[0] - MOON_RADIUS_KM
    outside = apolunes[(altitude < rule.floor_km) | (altitude > rule.ceiling_km)]
    # Rows are in the order of the flight: the first of each trajectory is the first in time.
    members, place = np.unique(outside["trajectory"], return_index=True)
    found = np.zeros(n, dtype=np.bool_)
    elapsed, state = np.zeros(n), np.zeros((6, n))
    found[members] = True
    elapsed[members] = outside["elapsed"][place]
    state[:, members] = outside["state"][place].T
    return _First(found, elapsed, state)


def _impulse(states: Array, target_km: float, gm: float) -> Array:
    """Impulse along the velocity at apolune that sets the perilune altitude, km/s, shape (m,)."""
    r = np.sqrt((states[:3] ** 2).sum(axis=0))
    near = MOON_RADIUS_KM + target_km
    wanted = np.sqrt(2.0 * gm * near / (r * (r + near)))
    return np.asarray(wanted - np.sqrt((states[3:] ** 2).sum(axis=0)))


def _extremes(rows: NDArray[np.void], ends: Array, going: Integers, low: Array, high: Array) -> None:
    """Take the perilunes flown before the end of each stretch into account."""
    perilunes = rows[(rows["event"] == 1) & (rows["elapsed"] <= ends[rows["trajectory"]])]
    altitude = np.sqrt((perilunes["state"][:, :3] ** 2).sum(axis=1)) - MOON_RADIUS_KM
    members = going[perilunes["trajectory"]]
    np.minimum.at(low, members, altitude)
    np.maximum.at(high, members, altitude)
