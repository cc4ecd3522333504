"""Lunar orbit insertion at periapsis: the impulse, the burn of real length, and sequences of burns.

The apoapsis is the osculating one just after the burn, in the gravity of the Moon's centre alone: the Earth
and the Moon's uneven field change it on the way out (by up to 10 km for a 10 h ellipse), alike for the
impulse and for the burn. The gravity loss of a burn is its change of velocity by the rocket equation minus
that of the impulse at periapsis to the same apoapsis (H. M. Robbins, "An analytical study of the impulsive
approximation", AIAA J. 4(8), 1417-1423, 1966, gives it for short arcs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits.apses import inverse_apses
from cislunar.propagation import FiniteBurn, ForceModel, Periapsis, Status, propagate
from cislunar.propagation.checks import per_trajectory
from cislunar.transfers.finite_burns import CentredBurns, size_burns
from cislunar.vehicles.engine import Engine

Array = NDArray[np.float64]

_LONGEST_REVOLUTION_S = 30.0 * 86400.0
_LOOSEST_KM = MOON_RADIUS_KM + 20_000.0
_SAME_KM = 0.1
"""As well as searches meet their periapsis: a circle through it may be asked for by the altitude sought."""


@dataclass(frozen=True)
class Insertion:
    """Insertions of n trajectories in k burns, at one periapsis after the other.

    Attributes
    ----------
    apoapsis_altitude_km : tuple of float, k
        Wanted after each burn, above the 1737.4 km sphere.
    burns : tuple of CentredBurns, k
        The burns.
    impulse_km_s : numpy.ndarray, shape (n,)
        The single impulse at the first periapsis that leads to the last apoapsis, km/s.
    impulses_km_s : numpy.ndarray, shape (k, n)
        The impulse at the periapsis at which each burn is centred, to the same apoapsis, km/s.
    thrust_to_mass_m_s2 : numpy.ndarray, shape (n,)
        Full thrust over the mass at the first ignition.
    final_state, final_tdb : numpy.ndarray, shapes (6, n) and (n,)
        At the last burnout; NaN where the sequence could not be flown.
    periapsis_altitude_km : numpy.ndarray, shape (n,)
        Osculating, after the last burn.
    message : list of str
        What is short and by how much; empty for one that can be flown.
    """

    apoapsis_altitude_km: tuple[float, ...]
    burns: tuple[CentredBurns, ...]
    impulse_km_s: Array
    impulses_km_s: Array
    thrust_to_mass_m_s2: Array
    final_state: Array
    final_tdb: Array
    periapsis_altitude_km: Array
    message: list[str]

    @property
    def delta_v_km_s(self) -> Array:
        """Sum of the burns by the rocket equation, km/s, shape (n,)."""
        return np.sum([each.delta_v_km_s for each in self.burns], axis=0)

    @property
    def gravity_loss_km_s(self) -> Array:
        """What the length of the burns costs, each against the impulse at its own periapsis, km/s, (n,)."""
        return self.delta_v_km_s - self.impulses_km_s.sum(axis=0)

    @property
    def drift_km_s(self) -> Array:
        """What several burns cost more than one because the orbit between them changes, km/s, (n,).

        Mostly the Earth's: it raises or lowers the periapsis of a loose ellipse by tens of km a revolution.
        """
        return self.impulses_km_s.sum(axis=0) - self.impulse_km_s

    @property
    def propellant_kg(self) -> Array:
        """Propellant of all burns, kg, shape (n,)."""
        return np.sum([each.propellant_kg for each in self.burns], axis=0)

    @property
    def final_mass_kg(self) -> Array:
        """Mass after the last burn, kg, shape (n,)."""
        return self.burns[-1].mass_after_kg

    def flight_burns(self, member: int, start_tdb: float) -> list[FiniteBurn]:
        """The burns of one trajectory for `propagate_burns`, in seconds after an epoch before the first.

        Parameters
        ----------
        member : int
            Number of the trajectory.
        start_tdb : float
            Epoch at which the flight with these burns starts, seconds past J2000 TDB.

        Returns
        -------
        list of FiniteBurn

        Raises
        ------
        InputError
            An epoch after the first ignition, or a sequence that cannot be flown.
        """
        if self.message[member]:
            raise InputError(f"insertion {member}: {self.message[member]}")
        result = []
        for each in self.burns:
            burn, start = each.burns[member], float(each.ignition_tdb[member]) - start_tdb
            if start < 0.0:
                raise InputError(
                    f"insertion {member}: expected an epoch {-start:.6g} s earlier, before ignition"
                )
            if burn is not None:
                result.append(replace(burn, start=start))
        return result


def insertion_impulse(state: ArrayLike, apoapsis_altitude_km: ArrayLike, gm: float) -> Array:
    """Impulse against the velocity at the osculating periapsis that sets the apoapsis alone.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Arrival, Moon-centred, ICRF axes, km and km/s: at or near periapsis, hyperbolic or captured.
    apoapsis_altitude_km : array_like, shape (n,)
        Wanted, above the 1737.4 km sphere; that of the periapsis, to 100 m, for a circle.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2: `environment.ephemeris.gm["moon"]`.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Size, km/s; negative where the apoapsis is already below the one wanted.

    Raises
    ------
    InputError
        An apoapsis more than 100 m below the periapsis.
    """
    states = np.asarray(state, dtype=np.float64)
    states = states[:, None] if states.ndim == 1 else states
    near = 1.0 / inverse_apses(states, gm)[0]
    far = MOON_RADIUS_KM + np.asarray(apoapsis_altitude_km, dtype=np.float64)
    if np.any(near - far > _SAME_KM):
        raise InputError(
            f"insertion: expected an apoapsis not below the periapsis, which is "
            f"{float(np.max(near)) - MOON_RADIUS_KM:.6g} km high; got {np.min(far) - MOON_RADIUS_KM:.6g} km"
        )
    far = np.maximum(far, near)
    momentum = np.sqrt((np.cross(states[:3], states[3:], axis=0) ** 2).sum(axis=0))
    return np.asarray(momentum / near - np.sqrt(2.0 * gm * far / (near * (near + far))))


def equal_burns(state: ArrayLike, apoapsis_altitude_km: float, burns: int, gm: float) -> tuple[float, ...]:
    """Apoapsis altitudes after each of k burns of about equal impulses, the first of which captures.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Arrivals; the fastest sets the steps.
    apoapsis_altitude_km : float
        After the last burn.
    burns : int
        How many.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.

    Returns
    -------
    tuple of float, k
        Not above 20,000 km, from where the Earth would carry the periapsis off: the first burn is then the
        longest.

    Raises
    ------
    InputError
        No burn, or an apoapsis below the periapsis.
    """
    if burns < 1:
        raise InputError(f"insertion: expected one burn or more; got {burns}")
    states = np.asarray(state, dtype=np.float64)
    states = states[:, None] if states.ndim == 1 else states
    impulses = insertion_impulse(states, apoapsis_altitude_km, gm)
    fastest = int(np.argmax(impulses))
    near = float(1.0 / inverse_apses(states, gm)[0][fastest])
    final = MOON_RADIUS_KM + apoapsis_altitude_km
    loosest = max(_LOOSEST_KM, final)
    last = np.sqrt(2.0 * gm * final / (near * (near + final)))
    first = min(
        last + float(impulses[fastest]) * (burns - 1) / burns,
        float(np.sqrt(2.0 * gm * loosest / (near * (near + loosest)))),
    )
    speeds = first + (last - first) * np.arange(burns) / max(burns - 1, 1)
    speeds[-1] = last
    far = near * near * speeds**2 / (2.0 * gm - near * speeds**2)
    return tuple(float(each) - MOON_RADIUS_KM for each in far)


def insert(
    state: ArrayLike,
    epoch: ArrayLike,
    apoapsis_altitude_km: float | tuple[float, ...],
    engine: Engine,
    mass_kg: ArrayLike,
    dry_mass_kg: ArrayLike,
    forces: ForceModel,
    steering: str = "against_velocity",
    rtol: float = 1e-10,
    threads: int | None = None,
) -> Insertion:
    """Insert a batch into lunar orbits by burns centred on periapsis, in the real force field.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        At the periapsis of the arrival, Moon-centred, ICRF axes, km and km/s: `Transfers.arrival_state`.
    epoch : float or array_like, shape (n,)
        Of the periapsis, seconds past J2000 TDB.
    apoapsis_altitude_km : float or tuple of float, k
        Wanted after each burn, above the 1737.4 km sphere, each below the one before; `equal_burns` divides.
    engine : Engine
        Burned at full thrust.
    mass_kg, dry_mass_kg : float or array_like, shape (n,)
        At the first ignition, and that below which nothing can be burned.
    forces : ForceModel
        Centred on the Moon.
    steering : {"against_velocity", "fixed", "turning"}
        See `finite_burns.STEERING`.
    rtol, threads
        As for `propagate`.

    Returns
    -------
    Insertion
        A burn longer than the propellant is sized all the same; `message` says what is short.

    Raises
    ------
    InputError
        Forces about another centre, altitudes that do not fall, or steering that does not brake.
    """
    states = np.asarray(state, dtype=np.float64)
    states = states[:, None] if states.ndim == 1 else states
    n = states.shape[1]
    altitudes = (
        tuple(float(each) for each in apoapsis_altitude_km)
        if isinstance(apoapsis_altitude_km, tuple | list)
        else (float(apoapsis_altitude_km),)
    )
    if forces.center != "moon":
        raise InputError(f"insertion: expected forces about the moon; got {forces.center}")
    if any(later >= earlier for earlier, later in pairwise(altitudes)):
        raise InputError(
            f"insertion: expected apoapsis altitudes that fall from burn to burn; got {altitudes}"
        )
    if steering == "along_velocity":
        raise InputError(
            "insertion: expected steering against_velocity, fixed or turning; got along_velocity"
        )
    gm = forces.gm["moon"]
    impulse = insertion_impulse(states, altitudes[-1], gm)
    arrival = per_trajectory(epoch, n, "epoch")
    now, tdb = states, arrival
    mass, dry = per_trajectory(mass_kg, n, "mass_kg"), per_trajectory(dry_mass_kg, n, "dry_mass_kg")
    thrust_to_mass = engine.full_thrust_n / mass
    message = [""] * n
    burns: list[CentredBurns] = []
    impulses = []
    for k, altitude in enumerate(altitudes):
        if k:
            now, tdb = _next_periapsis(burns[-1], forces, message, rtol, threads)
        known = np.isfinite(now).all(axis=0)
        now, tdb = np.where(known, now, states), np.where(known, tdb, arrival)
        impulses.append(np.where(known, insertion_impulse(now, altitude, gm), np.nan))
        each = size_burns(
            now,
            tdb,
            mass,
            dry,
            engine,
            forces,
            _above(MOON_RADIUS_KM + altitude, gm),
            np.maximum(np.nan_to_num(impulses[-1]), 1e-4),
            steering,
            rtol=rtol,
            threads=threads,
        )
        burns.append(each)
        _report(each, k, len(altitudes), mass, dry, message, gm)
        mass = np.where(np.isfinite(each.mass_after_kg), np.maximum(each.mass_after_kg, 1e-3 * mass), mass)
    failed = np.array([bool(text) for text in message])
    final = np.where(failed, np.nan, burns[-1].end_state)
    with np.errstate(invalid="ignore"):
        periapsis = 1.0 / inverse_apses(final, gm)[0] - MOON_RADIUS_KM
    return Insertion(
        altitudes,
        tuple(burns),
        impulse,
        np.array(impulses),
        thrust_to_mass,
        final,
        np.where(failed, np.nan, burns[-1].end_tdb),
        periapsis,
        message,
    )


def _above(apoapsis_km: float, gm: float) -> Callable[[Array], Array]:
    """Measure of how far the osculating apoapsis is above one wanted: negative above it."""

    def miss(state: Array) -> Array:
        return np.asarray(inverse_apses(state, gm)[1] * apoapsis_km - 1.0)

    return miss


def _next_periapsis(
    burns: CentredBurns, forces: ForceModel, message: list[str], rtol: float, threads: int | None
) -> tuple[Array, Array]:
    """Coast to the next periapsis; NaN and a message where there is none."""
    n = burns.end_tdb.size
    state, tdb = np.full((6, n), np.nan), np.full(n, np.nan)
    alive = np.flatnonzero(
        np.isfinite(burns.end_state).all(axis=0) & np.array([not text for text in message])
    )
    if not alive.size:
        return state, tdb
    flight = propagate(
        burns.end_state[:, alive],
        burns.end_tdb[alive],
        _LONGEST_REVOLUTION_S,
        forces,
        rtol=rtol,
        threads=threads,
        events=(Periapsis(terminal=True),),
    )
    for j, i in enumerate(alive):
        if flight.status[j] != Status.EVENT:
            message[i] = f"no periapsis after the burn: {flight.message[j]}"
            continue
        state[:, i], tdb[i] = flight.final[:, j], burns.end_tdb[i] + flight.final_elapsed[j]
    return state, tdb


def _report(
    burns: CentredBurns, k: int, of: int, mass: Array, dry: Array, message: list[str], gm: float
) -> None:
    """Write down what is short."""
    name = "the insertion burn" if of == 1 else f"insertion burn {k + 1} of {of}"
    with np.errstate(invalid="ignore"):
        periapsis = 1.0 / inverse_apses(burns.end_state, gm)[0] - MOON_RADIUS_KM
    for i in range(mass.size):
        if message[i]:
            continue
        if np.isnan(burns.duration_s[i]):
            message[i] = (
                f"{name} does not reach the apoapsis wanted, even if all of {mass[i]:.1f} kg were burned"
            )
        elif burns.short_kg[i] > 0.0:
            message[i] = (
                f"{name} needs {burns.propellant_kg[i]:.1f} kg of propellant ({burns.duration_s[i]:.0f} s); "
                f"{mass[i] - dry[i]:.1f} kg are aboard: short by {burns.short_kg[i]:.1f} kg"
            )
        elif periapsis[i] < 0.0:
            message[i] = (
                f"{name} takes {burns.duration_s[i]:.0f} s and leaves the periapsis {-periapsis[i]:.0f} km "
                "below the surface: too little thrust"
            )
