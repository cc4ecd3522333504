"""Burns and separations in order, as arithmetic on whole arrays.

Every burn multiplies the mass and every separation subtracts from it, so the mass before a sequence is a
linear function of the mass after it. That makes sizing, flying and "how much payload" exact in
both directions, with nothing to iterate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import STANDARD_GRAVITY_M_S2
from cislunar.errors import InputError

Array = NDArray[np.float64]


def mass_ratios(delta_v_km_s: ArrayLike, isp_s: ArrayLike) -> Array:
    """Mass before over mass after each burn (Tsiolkovsky 1903); 1 where nothing burns.

    Parameters
    ----------
    delta_v_km_s, isp_s : array_like
        km/s and s; they broadcast.
    """
    exhaust = np.asarray(isp_s, dtype=np.float64) * (STANDARD_GRAVITY_M_S2 / 1000.0)
    return np.asarray(np.exp(np.asarray(delta_v_km_s, dtype=np.float64) / exhaust), dtype=np.float64)


def before_from_after(ratios: Array, dropped_kg: Array) -> tuple[Array, Array]:
    """Give the line from final mass to initial mass, `initial = slope * final + offset`.

    Parameters
    ----------
    ratios, dropped_kg : ndarray, shape (k, ...)
        Mass ratio of each event and what separates after its burn, kg.

    Returns
    -------
    slope, offset : ndarray, shape (...)
    """
    slope = np.ones(np.broadcast_shapes(ratios.shape, dropped_kg.shape)[1:])
    offset = np.zeros_like(slope)
    for ratio, dropped in zip(ratios[::-1], dropped_kg[::-1], strict=True):
        slope = slope * ratio
        offset = (offset + dropped) * ratio
    return slope, offset


def masses(initial_kg: ArrayLike, ratios: Array, dropped_kg: Array) -> tuple[Array, Array, Array]:
    """Follow the mass through a sequence.

    Parameters
    ----------
    initial_kg : array_like, shape (...)
    ratios, dropped_kg : ndarray, shape (k, ...)

    Returns
    -------
    before, burnt, after : ndarray, shape (k, ...)
        Mass before each event, propellant of its burn, and mass after burn and separation, kg.
    """
    shape = np.broadcast_shapes(np.shape(initial_kg), ratios.shape[1:], dropped_kg.shape[1:])
    before, burnt, after = (np.empty((len(ratios), *shape)) for _ in range(3))
    mass = np.broadcast_to(np.asarray(initial_kg, dtype=np.float64), shape)
    for event, (ratio, dropped) in enumerate(zip(ratios, dropped_kg, strict=True)):
        before[event] = mass
        burnt[event] = mass * (1.0 - 1.0 / ratio)
        mass = mass / ratio - dropped
        after[event] = mass
    return before, burnt, after


def sized_final_kg(
    final_kg: ArrayLike, slope: Array, offset: Array, dropped_kg: Array, residuals: ArrayLike
) -> Array:
    """Give the mass at the end with residuals: `final + residuals * propellant used`, solved exactly.

    Parameters
    ----------
    final_kg : array_like
        Without residuals, kg.
    slope, offset : ndarray
        From `before_from_after`.
    dropped_kg : ndarray
        Everything that separates, summed, kg.
    residuals : array_like
        Fraction of the propellant used that stays aboard.

    Raises
    ------
    InputError
        If the residuals alone would need more propellant than they are a fraction of.
    """
    kept = np.asarray(residuals, dtype=np.float64)
    room = 1.0 - kept * (slope - 1.0)
    if np.any(room <= 0.0):
        raise InputError(
            f"residuals of {100.0 * float(np.max(kept)):g} % of the propellant cannot be carried through a "
            f"mass ratio of {float(np.max(slope)):.4g}: no amount of propellant is enough; stage the vehicle"
        )
    return np.asarray((np.asarray(final_kg) + kept * (offset - dropped_kg)) / room)
