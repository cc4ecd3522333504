"""The rocket equation, both ways (Tsiolkovsky 1903)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]


def mass_after(mass_kg: ArrayLike, delta_v_km_s: ArrayLike, isp_s: ArrayLike) -> Array:
    """Mass after a change of velocity, kg.

    Parameters
    ----------
    mass_kg, delta_v_km_s, isp_s : array_like
        Mass before, kg; change of velocity, km/s; specific impulse, s. They broadcast.
    """
    exhaust = np.asarray(isp_s, dtype=np.float64) * (STANDARD_GRAVITY_M_S2 / 1000.0)
    return np.asarray(np.asarray(mass_kg) * np.exp(-np.asarray(delta_v_km_s) / exhaust), dtype=np.float64)


def propellant(mass_kg: ArrayLike, delta_v_km_s: ArrayLike, isp_s: ArrayLike) -> Array:
    """Propellant for a change of velocity, kg, from the mass before it."""
    exhaust = np.asarray(isp_s, dtype=np.float64) * (STANDARD_GRAVITY_M_S2 / 1000.0)
    return np.asarray(-np.asarray(mass_kg) * np.expm1(-np.asarray(delta_v_km_s) / exhaust), dtype=np.float64)


def delta_v(mass_before_kg: ArrayLike, mass_after_kg: ArrayLike, isp_s: ArrayLike) -> Array:
    """Change of velocity, km/s, of a vehicle that burns from one mass down to another."""
    exhaust = np.asarray(isp_s, dtype=np.float64) * (STANDARD_GRAVITY_M_S2 / 1000.0)
    ratio = np.asarray(mass_before_kg, dtype=np.float64) / np.asarray(mass_after_kg, dtype=np.float64)
    return np.asarray(exhaust * np.log(ratio), dtype=np.float64)
