"""How long orbits last without keeping: the time until they strike the Moon, for batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import SECONDS_PER_DAY
from cislunar.errors import InputError
from cislunar.propagation import ForceModel, Status, propagate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Lifetimes:
    """Fates of n orbits.

    Attributes
    ----------
    impact : numpy.ndarray, shape (n,), bool
        Whether the orbit strikes the sphere of the Moon within the horizon.
    life_s : numpy.ndarray, shape (n,)
        Time to the impact, s; the horizon where there is none, so that the life is longer than it.
    horizon_s : float
        How far each was flown, s.
    final_state : numpy.ndarray, shape (6, n)
        At the impact or the horizon, km and km/s, ICRF axes, Moon-centred.
    """

    impact: NDArray[np.bool_]
    life_s: Array
    horizon_s: float
    final_state: Array

    def describe(self, member: int) -> str:
        """The fate of one orbit in words."""
        days = self.life_s[member] / SECONDS_PER_DAY
        return f"impact after {days:.1f} d" if self.impact[member] else f"no impact within {days:.1f} d"


def lifetimes(
    state: ArrayLike,
    epoch: ArrayLike,
    horizon_s: float,
    forces: ForceModel,
    rtol: float = 1e-10,
    threads: int | None = None,
) -> Lifetimes:
    """Fly orbits without keeping until they strike the Moon or the horizon is reached.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Moon-centred, ICRF axes, km and km/s.
    epoch : float or array_like, shape (n,)
        Seconds past J2000 TDB.
    horizon_s : float
        How long to fly, s.
    forces : ForceModel
        Centred on the Moon.
    rtol, threads
        As for `propagate`.

    Returns
    -------
    Lifetimes

    Raises
    ------
    InputError
        Forces about another centre, or a horizon that is not positive; as `propagate`.
    EpochRangeError
        A horizon beyond the tables.
    """
    if forces.center != "moon":
        raise InputError(f"lifetimes: expected forces about the moon; got {forces.center}")
    if not (np.isfinite(horizon_s) and horizon_s > 0.0):
        raise InputError(f"lifetimes: expected a positive horizon; got {horizon_s} s")
    flight = propagate(state, epoch, horizon_s, forces, rtol=rtol, threads=threads, record=False)
    impact = flight.status == Status.IMPACT
    stopped = ~impact & (flight.status != Status.FINISHED)
    if np.any(stopped):
        first = int(np.flatnonzero(stopped)[0])
        raise InputError(f"lifetimes: orbit {first} {flight.message[first]}")
    return Lifetimes(impact, flight.final_elapsed.copy(), float(horizon_s), flight.final)
