"""Burns of real length in the real force field, sized in batches until the orbit after them is as wanted.

A burn is centred on an epoch of the unpowered flight: it begins half its duration before. For each trial
duration the flight is coasted back to the ignition and the burn is flown; a safeguarded secant (Illinois) on
all members at once finds the duration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cislunar.errors import InputError
from cislunar.propagation import (
    AgainstVelocity,
    AlongVelocity,
    FiniteBurn,
    FixedDirection,
    ForceModel,
    TurningDirection,
    propagate,
    propagate_burns,
)
from cislunar.vehicles.engine import Engine

Array = NDArray[np.float64]

STEERING = ("against_velocity", "along_velocity", "fixed", "turning")
"""How the thrust points: against or along the velocity at each moment; fixed in inertial axes, as at the
epoch the burn is centred on; or turning about the orbit normal at a constant rate, through that direction."""

_ROUNDS = 40
_TOLERANCE_S = 1e-4
_FLOOR = 1e-3
"""Share of the mass that trial burns leave: a burn that needs more propellant than aboard is sized all the
same, to say by how much it is short."""


@dataclass(frozen=True)
class CentredBurns:
    """Burns of n trajectories, each centred on an epoch of its unpowered flight.

    Attributes
    ----------
    ignition_tdb : numpy.ndarray, shape (n,)
        Seconds past J2000 TDB.
    duration_s, delta_v_km_s, propellant_kg : numpy.ndarray, shape (n,)
        Length, change of velocity by the rocket equation, propellant used; NaN where no burn does it.
    mass_before_kg, mass_after_kg : numpy.ndarray, shape (n,)
        kg; the mass after may lie below the dry mass: see `short_kg`.
    short_kg : numpy.ndarray, shape (n,)
        Propellant that is missing for the whole burn, kg; 0 where there is enough.
    ignition_state, end_state : numpy.ndarray, shape (6, n)
        At ignition and at burnout, km and km/s, ICRF axes, about the centre of the forces.
    burns : list of FiniteBurn or None, n
        Each as `propagate_burns` takes it, starting 0 s after ignition.
    """

    ignition_tdb: Array
    duration_s: Array
    delta_v_km_s: Array
    propellant_kg: Array
    mass_before_kg: Array
    mass_after_kg: Array
    short_kg: Array
    ignition_state: Array
    end_state: Array
    burns: list[FiniteBurn | None]

    @property
    def end_tdb(self) -> Array:
        """Burnout, seconds past J2000 TDB, shape (n,)."""
        return self.ignition_tdb + np.nan_to_num(self.duration_s)


def size_burns(
    state: Array,
    epoch: Array,
    mass_kg: Array,
    dry_mass_kg: Array,
    engine: Engine,
    forces: ForceModel,
    miss: Callable[[Array], Array],
    first_delta_v_km_s: Array,
    steering: str = "against_velocity",
    turn_rate_rad_s: Array | None = None,
    rtol: float = 1e-10,
    threads: int | None = None,
) -> CentredBurns:
    """Find the duration of one burn of each trajectory after which a measure of its orbit vanishes.

    Parameters
    ----------
    state, epoch : numpy.ndarray, shapes (6, n) and (n,)
        Where the unpowered flight is at the centre of the burn.
    mass_kg, dry_mass_kg : numpy.ndarray, shape (n,)
        Mass at ignition, and that below which nothing can be burned.
    engine : Engine
        Burned at full thrust.
    forces : ForceModel
        What acts besides thrust.
    miss : callable
        From states at burnout (6, n) to numbers (n,): negative before the burn, zero where it is to end,
        growing with its duration.
    first_delta_v_km_s : numpy.ndarray, shape (n,)
        A first guess, such as the impulse.
    steering : str
        One of `STEERING`.
    turn_rate_rad_s : numpy.ndarray, shape (n,), optional
        Of "turning": positive turns with the motion; the mean rate at which the velocity turns when left out.
    rtol, threads
        As for `propagate`.

    Returns
    -------
    CentredBurns

    Raises
    ------
    InputError
        An unknown steering.
    """
    if steering not in STEERING:
        raise InputError(f"steering: expected one of {', '.join(STEERING)}; got {steering!r}")
    flyer = _Flyer(state, epoch, mass_kg, engine, forces, steering, turn_rate_rad_s, rtol, threads)
    n = epoch.size
    longest = (1.0 - _FLOOR) * mass_kg / flyer.flow
    exhaust = engine.exhaust_speed_km_s
    guess = np.clip(-mass_kg / flyer.flow * np.expm1(-first_delta_v_km_s / exhaust), 1e-3, 0.9 * longest)
    low, low_miss = np.zeros(n), np.asarray(miss(state), dtype=np.float64)
    high, high_miss = np.full(n, np.nan), np.full(n, np.nan)
    none = low_miss >= 0.0  # nothing to do: the orbit is as wanted, or beyond it
    trial, done = np.where(none, 0.0, guess), none.copy()
    failed = np.zeros(n, dtype=np.bool_)
    moved_low = np.zeros(n, dtype=np.bool_)
    for _ in range(_ROUNDS):
        open_ = np.flatnonzero(~done & ~failed)
        if not open_.size:
            break
        found = np.asarray(miss(flyer.end(open_, trial[open_])), dtype=np.float64)
        for j, i in enumerate(open_):
            # A trajectory that hits the Moon during the burn has no state: too long a burn.
            value = found[j] if np.isfinite(found[j]) else 1.0
            if value < 0.0:
                low[i], low_miss[i] = trial[i], value
                if moved_low[i]:
                    high_miss[i] *= 0.5
                moved_low[i] = True
            else:
                high[i], high_miss[i] = trial[i], value
                if not moved_low[i]:
                    low_miss[i] *= 0.5
                moved_low[i] = False
            if np.isnan(high[i]):
                if trial[i] >= longest[i]:
                    failed[i] = True
                trial[i] = min(1.3 * trial[i] + 1.0, longest[i])
                continue
            width = high[i] - low[i]
            step = (
                low[i] - low_miss[i] * width / (high_miss[i] - low_miss[i])
                if found[j] == value
                else low[i] + 0.5 * width
            )
            done[i] = value == 0.0 or width < _TOLERANCE_S or abs(step - trial[i]) < 0.01 * _TOLERANCE_S
            trial[i] = step
    duration = np.where(failed, np.nan, trial)
    flown = np.flatnonzero(~failed & ~none)
    end, ignition = np.full((6, n), np.nan), state.copy()
    end[:, none] = state[:, none]
    end[:, flown] = flyer.end(flown, duration[flown])
    ignition[:, flown] = flyer.ignition(flown, duration[flown])
    used = flyer.flow * duration
    return CentredBurns(
        epoch - 0.5 * np.nan_to_num(duration),
        duration,
        -exhaust * np.log1p(-used / mass_kg),
        used,
        np.array(mass_kg, dtype=np.float64),
        mass_kg - used,
        np.maximum(used - (mass_kg - dry_mass_kg), 0.0),
        ignition,
        end,
        [flyer.burn(i, duration[i]) if duration[i] > 0.0 else None for i in range(n)],
    )


class _Flyer:
    """Flies trial burns of a batch."""

    def __init__(
        self,
        state: Array,
        epoch: Array,
        mass_kg: Array,
        engine: Engine,
        forces: ForceModel,
        steering: str,
        turn_rate_rad_s: Array | None,
        rtol: float,
        threads: int | None,
    ) -> None:
        self._state, self._epoch, self._mass = state, epoch, mass_kg
        self._engine, self._forces, self._steering = engine, forces, steering
        self._rtol, self._threads = rtol, threads
        self.flow = engine.flow_kg_s(engine.full_thrust_n)
        r, v = state[:3], state[3:]
        normal = np.cross(r, v, axis=0)
        self._normal = normal / np.sqrt((normal * normal).sum(axis=0))
        self._rate = turn_rate_rad_s
        if turn_rate_rad_s is None:
            distance = np.sqrt((r * r).sum(axis=0))
            speed = np.sqrt((v * v).sum(axis=0))
            across = np.sqrt((np.cross(r, v, axis=0) ** 2).sum(axis=0)) / (distance * speed)
            # The velocity turns by the part of gravity across it.
            self._rate = forces.gm[forces.center] / distance**2 * across / speed

    def burn(self, i: int, duration_s: float) -> FiniteBurn:
        """The burn of member i with a duration."""
        return FiniteBurn(
            start=0.0,
            thrust_n=self._engine.full_thrust_n,
            specific_impulse_s=self._engine.isp_s,
            direction=self._direction(i, duration_s),
            duration_s=float(duration_s),
        )

    def _direction(
        self, i: int, duration_s: float
    ) -> FixedDirection | TurningDirection | AgainstVelocity | AlongVelocity:
        if self._steering == "against_velocity":
            return AgainstVelocity()
        if self._steering == "along_velocity":
            return AlongVelocity()
        back = -self._state[3:, i]
        if self._steering == "fixed":
            return FixedDirection(back)
        normal, rate = self._normal[:, i], float(np.asarray(self._rate)[i])
        angle = -0.5 * rate * duration_s
        first = np.cos(angle) * back + np.sin(angle) * np.cross(normal, back)
        return TurningDirection(first, normal, rate)

    def ignition(self, members: NDArray[np.int64], duration_s: Array) -> Array:
        """States half a duration before the centre, shape (6, k)."""
        flight = propagate(
            self._state[:, members],
            self._epoch[members],
            -0.5 * duration_s,
            self._forces,
            rtol=self._rtol,
            threads=self._threads,
            record=False,
        )
        return flight.final

    def end(self, members: NDArray[np.int64], duration_s: Array) -> Array:
        """States at burnout, shape (6, k); NaN where the Moon was hit first."""
        flight = propagate_burns(
            self.ignition(members, duration_s),
            self._epoch[members] - 0.5 * duration_s,
            duration_s,
            self._forces,
            [[self.burn(int(i), t)] for i, t in zip(members, duration_s, strict=True)],
            self._mass[members],
            0.5 * _FLOOR * self._mass[members],
            rtol=self._rtol,
            threads=self._threads,
            record=False,
        )
        return np.where(np.asarray(flight.status) == 0, flight.final, np.nan)
