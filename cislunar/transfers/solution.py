"""Transfers from an Earth parking orbit to a periapsis at the Moon: the batch every search returns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Transfers:
    """A batch of n transfers, each from an impulse on a circular parking orbit to a periapsis at the Moon.

    Attributes
    ----------
    departure_tdb, arrival_tdb : numpy.ndarray, shape (n,)
        Injection, and passage of the periapsis at the Moon, seconds past J2000 TDB.
    departure_state : numpy.ndarray, shape (6, n)
        Just after the injection, Earth-centred, ICRF axes, km and km/s.
    arrival_state : numpy.ndarray, shape (6, n)
        At the periapsis before any insertion, Moon-centred, ICRF axes, km and km/s.
    injection_km_s : numpy.ndarray, shape (n,)
        Impulse from the circular parking orbit in its own plane, km/s.
    c3_km2_s2 : numpy.ndarray, shape (n,)
        Twice the geocentric two-body energy after the injection; negative for transfers that stay bound.
    v_infinity_km_s : numpy.ndarray, shape (n,)
        Speed at infinity of the arrival's two-body hyperbola about the Moon; NaN where the arrival is already
        captured, with negative energy.
    deep_space_km_s : numpy.ndarray, shape (n,)
        Sum of deterministic impulses between injection and arrival, km/s.
    farthest_km : numpy.ndarray, shape (n,)
        Greatest distance from the Earth on the way, km.
    converged : numpy.ndarray, shape (n,), bool
        Whether all arrival conditions are met; the other columns of one that is not are its last iterate.
    message : list of str
        Why a transfer did not converge; empty for one that did.
    """

    departure_tdb: Array
    arrival_tdb: Array
    departure_state: Array
    arrival_state: Array
    injection_km_s: Array
    c3_km2_s2: Array
    v_infinity_km_s: Array
    deep_space_km_s: Array
    farthest_km: Array
    converged: NDArray[np.bool_]
    message: list[str]

    def __len__(self) -> int:
        """Transfers in the batch."""
        return int(self.departure_tdb.size)

    @property
    def time_of_flight_s(self) -> Array:
        """From injection to periapsis, s, shape (n,)."""
        return self.arrival_tdb - self.departure_tdb

    def select(self, chosen: Integers | NDArray[np.bool_]) -> Transfers:
        """Give the batch of some of the transfers, by mask or by numbers."""
        numbers = np.flatnonzero(chosen) if np.asarray(chosen).dtype == np.bool_ else np.asarray(chosen)
        values: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            values[each.name] = [value[i] for i in numbers] if each.name == "message" else value[..., numbers]
        return Transfers(**values)
