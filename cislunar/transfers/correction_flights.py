"""Corrections flown without linearising: each sample is flown, each correction targeted by Newton's method.

The draws are those of `corrections.correction_statistics` with the same seed, so that samples can be compared
one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation import ForceModel, propagate, propagate_state_transition
from cislunar.transfers.corrections import (
    AIM_DISTANCE_KM,
    CorrectionErrors,
    Nominal,
    checked_times,
    drawn,
    executed,
    navigation,
    nominal_flights,
)
from cislunar.transfers.solution import Transfers

Array = NDArray[np.float64]

_ROUNDS = 8
_MISS_KM = 0.1


@dataclass(frozen=True)
class FlownCorrections:
    """Corrections of one transfer, flown.

    Attributes
    ----------
    sizes_km_s : numpy.ndarray, shape (k, samples)
        Size of each correction as flown, km/s.
    miss_km : numpy.ndarray, shape (2, samples)
        After the last, km, as in `CorrectionStatistics`.
    converged : numpy.ndarray, shape (samples,), bool
        Whether every correction could be targeted to 100 m.
    """

    sizes_km_s: Array
    miss_km: Array
    converged: NDArray[np.bool_]


def refly(
    transfers: Transfers,
    member: int,
    times_s: ArrayLike,
    errors: CorrectionErrors,
    samples: int = 100,
    seed: int = 0,
    forces: ForceModel | None = None,
    aim_distance_km: float = AIM_DISTANCE_KM,
    threads: int | None = None,
) -> FlownCorrections:
    """Fly the first samples of one transfer's corrections.

    Parameters
    ----------
    transfers, times_s, errors, seed, forces, aim_distance_km, threads
        As for `correction_statistics`; `times_s` has the shape (k,).
    member : int
        Which transfer.
    samples : int
        How many.

    Returns
    -------
    FlownCorrections

    Raises
    ------
    InputError
        As `correction_statistics`.
    """
    if not 0 <= member < len(transfers):
        raise InputError(f"corrections: expected a transfer of 0 to {len(transfers) - 1}; got {member}")
    model = ForceModel(center="earth", gravity=None, bodies=("moon", "sun")) if forces is None else forces
    only = transfers.select(np.array([member]))
    nominal = nominal_flights(only, model, aim_distance_km, threads)
    times = checked_times(times_s, nominal.aim_s)[:, 0]
    # The draws belong to the number of the transfer in its batch.
    start, draws = drawn(transfers.select(np.arange(member + 1)), errors, times.size, samples, seed)
    start, draws = start[:, member], draws[:, :, member]
    epoch = float(only.departure_tdb[0])
    state, now = only.departure_state + start, 0.0
    converged = np.ones(samples, dtype=np.bool_)
    sizes = np.empty((times.size, samples))
    for k, moment in enumerate(times):
        state = propagate(state, epoch + now, moment - now, model, threads=threads, record=False).final
        believed = state + navigation(errors, draws[k][:, None])[:, 0]
        wanted, reached = _target(believed, epoch + moment, nominal, moment, model, threads)
        converged &= reached
        flown = executed(wanted[:, None], errors, draws[k][:, None])[:, 0]
        state = state.copy()
        state[3:] += flown
        sizes[k] = np.sqrt((flown * flown).sum(axis=0))
        now = float(moment)
    rest = float(nominal.aim_s[0]) - now
    end = propagate(state, epoch + now, rest, model, threads=threads, record=False).final
    return FlownCorrections(sizes, nominal.miss(end), converged)


def _target(
    believed: Array, tdb: float, nominal: Nominal, moment: float, forces: ForceModel, threads: int | None
) -> tuple[Array, NDArray[np.bool_]]:
    """Smallest impulses (3, samples) that bring the miss to zero, and whether they do."""
    impulse = np.zeros((3, believed.shape[1]))
    reached = np.zeros(believed.shape[1], dtype=np.bool_)
    for _ in range(_ROUNDS):
        start = believed.copy()
        start[3:] += impulse
        flight = propagate_state_transition(
            start,
            tdb,
            float(nominal.aim_s[0]) - moment,
            forces,
            rtol=1e-10,
            threads=threads,
            history=False,
        )
        miss = nominal.miss(flight.trajectory.final)
        reached = np.sqrt((miss * miss).sum(axis=0)) < _MISS_KM
        if reached.all():
            break
        to_miss = np.einsum("cis,ijs->scj", nominal.gradient(flight.trajectory.final), flight.final[:, 3:])
        # From the whole impulse, not by steps: the answer is the smallest impulse of the last linearisation.
        linear = np.einsum("scj,js->cs", to_miss, impulse) - miss
        impulse = np.einsum("sjc,cs->js", np.linalg.pinv(to_miss), linear)
    return impulse, reached
