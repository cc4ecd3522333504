"""Flights back from the Moon to the Earth with their state-transition matrices, fast or in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.propagation.flight import propagate
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.handover import propagate_transfer
from cislunar.propagation.status import Status
from cislunar.propagation.stm import state_transition
from cislunar.transfers.ballistic_legs import LEAVING_KM

Array = NDArray[np.float64]

FULL_RTOL, FAST_RTOL = 1e-12, 1e-10
_HOPELESS_KM = 400_000.0


@dataclass(frozen=True)
class BackwardFlight:
    """Flights from periapses at the Moon back to the Earth.

    Attributes
    ----------
    final : numpy.ndarray, shape (6, n)
        Earth-centred, ICRF axes; of no use for those that are lost.
    elapsed_s : numpy.ndarray, shape (n,)
        Negative.
    lost : list of str
        Why a flight did not end near the Earth; empty for one that did.
    transition : callable
        Gives the matrices (6, 6, n) from start to end.
    """

    final: Array
    elapsed_s: Array
    lost: list[str]
    transition: Callable[[], Array]


Flyer = Callable[[Array, Array, Array], BackwardFlight]
"""Flies states (6, n) about the Moon from epochs (n,) for negative times (n,)."""


def full_flights(outer: ForceModel, inner: ForceModel, threads: int | None) -> Flyer:
    """Return what flies with the models handed over at the Moon's sphere, as `propagate_transfer` does."""

    def fly(start: Array, tdb: Array, back_s: Array) -> BackwardFlight:
        flight = propagate_transfer(
            start,
            tdb,
            back_s,
            outer,
            inner,
            center=inner.center,
            rtol=FULL_RTOL,
            threads=threads,
            on_error="status",
        )

        def transition() -> Array:
            # Changing the centre changes no difference of states.
            whole = np.repeat(np.eye(6)[None], tdb.size, axis=0)
            for leg in flight.legs:
                step = np.moveaxis(state_transition(leg.flown, threads, history=False).final, 2, 0)
                whole[leg.owner] = step @ whole[leg.owner]
            return np.moveaxis(whole, 0, 2)

        away = np.array([center != outer.center for center in flight.center])
        lost = _lost(flight.final, flight.status, flight.message, away)
        return BackwardFlight(flight.final, flight.final_elapsed, lost, transition)

    return fly


def fast_flights(outer: ForceModel, inner: ForceModel, threads: int | None) -> Flyer:
    """Return what flies in two legs, out of the Moon's reach and the rest: no event is looked for.

    The Moon is met again, on a flyby, in the leg about the Earth.
    """

    def fly(start: Array, tdb: Array, back_s: Array) -> BackwardFlight:
        options: dict[str, Any] = {"rtol": FAST_RTOL, "threads": threads, "on_error": "status"}
        stops = np.full(tdb.size, LEAVING_KM)
        first = propagate(start, tdb, back_s, inner, stop_radius_km=stops, **options)
        left = np.flatnonzero(first.status == Status.RADIUS)
        now = tdb[left] + first.final_elapsed[left]
        state = first.final[:, left] + inner.ephemeris.state(inner.center, outer.center, now)
        second = propagate(state, now, back_s[left] - first.final_elapsed[left], outer, **options)
        final, elapsed, away = first.final.copy(), first.final_elapsed.copy(), np.ones(tdb.size, np.bool_)
        final[:, left], away[left] = second.final, False
        elapsed[left] += second.final_elapsed
        status, message = first.status.copy(), list(first.message)
        status[left] = second.status
        for i, text in zip(left, second.message, strict=True):
            message[i] = text

        def transition() -> Array:
            whole = np.moveaxis(state_transition(first, threads, history=False).final, 2, 0).copy()
            if left.size:
                step = np.moveaxis(state_transition(second, threads, history=False).final, 2, 0)
                whole[left] = step @ whole[left]
            return np.moveaxis(whole, 0, 2)

        return BackwardFlight(final, elapsed, _lost(final, status, message, away), transition)

    return fly


def _lost(final: Array, status: NDArray[np.int64], message: list[str], away: NDArray[np.bool_]) -> list[str]:
    """Say why flights did not end near the Earth; `away` are those that ended about the Moon."""
    distance = np.sqrt((final[:3] ** 2).sum(axis=0))
    texts = []
    for i in range(distance.size):
        if away[i]:
            texts.append(f"the flight back ends at the Moon: {message[i]}")
        elif status[i] not in (Status.FINISHED, Status.IMPACT):
            texts.append(message[i])
        elif distance[i] > _HOPELESS_KM:
            texts.append(f"the flight back ends {distance[i]:,.0f} km from the Earth")
        else:
            texts.append("")
    return texts
