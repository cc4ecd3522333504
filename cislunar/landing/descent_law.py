"""The cost of powered descent for whole batches, as a law fitted to the optimum.

The loss above the ideal, as a fraction of it, is the exponential of a polynomial of degree 4 in the logarithm
of thrust-to-weight, in ideal delta-v over exhaust speed, and in the square of the speed at periapsis over the
circular speed.  `tools/fit_descent_law.py` flies the optimiser over a grid (thrust-to-weight 0.8 to 6,
specific impulse 220 to 460 s, apoapsis 15 to 10,000 km; periapsis 15 km above the site, throttle 10 to 100 %)
and writes the coefficients and the error of the fit to `descent_law_table`.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM, STANDARD_GRAVITY_M_S2
from cislunar.errors import InputError
from cislunar.landing.descent_law_table import COEFFICIENTS, LARGEST_ERROR_KM_S
from cislunar.landing.impulsive import apsis_speed_km_s, surface_speed_km_s

Array = NDArray[np.float64]

DEGREE = 4
PERIAPSIS_KM = 15.0
RANGES = {
    "thrust-to-weight": (0.8, 6.0),
    "specific impulse": (220.0, 460.0),
    "apoapsis altitude": (15.0, 10000.0),
}
GM_KM3_S2 = 4902.8001224453001
"""Of the Moon, from the header of the gravity field GRGM1200A."""

_POWERS = tuple(p for p in itertools.product(range(DEGREE + 1), repeat=3) if sum(p) <= DEGREE)


def features(thrust_to_weight: Array, isp_s: Array, apoapsis_altitude_km: Array) -> tuple[Array, Array]:
    """Terms of the polynomial, shape (35, ...), and the ideal delta-v, km/s."""
    powers, ideal = _powers(thrust_to_weight, isp_s, apoapsis_altitude_km)
    return np.array([powers[0][a] * powers[1][b] * powers[2][c] for a, b, c in _POWERS]), ideal


def _powers(
    thrust_to_weight: Array, isp_s: Array, apoapsis_altitude_km: Array
) -> tuple[list[list[Array]], Array]:
    """Powers 0 to 4 of each variable, and the ideal delta-v, km/s."""
    radius = MOON_RADIUS_KM + PERIAPSIS_KM
    speed = apsis_speed_km_s(radius, MOON_RADIUS_KM + apoapsis_altitude_km, GM_KM3_S2)
    ideal = surface_speed_km_s(speed, radius, MOON_RADIUS_KM, GM_KM3_S2)
    exhaust = isp_s * STANDARD_GRAVITY_M_S2 / 1000.0
    variables = np.log(thrust_to_weight), ideal / exhaust, speed**2 * radius / GM_KM3_S2
    powers = []
    for variable in variables:
        row = [np.ones_like(variable)]
        for _ in range(DEGREE):
            row.append(row[-1] * variable)
        powers.append(row)
    return powers, ideal


def powered_descent_km_s(
    thrust_to_weight: ArrayLike,
    isp_s: ArrayLike,
    apoapsis_altitude_km: ArrayLike,
    *,
    approach: bool = True,
) -> Array:
    """Delta-v of optimal powered descents from a periapsis at 15 km.

    Parameters
    ----------
    thrust_to_weight : array_like
        Full thrust over lunar weight at ignition, 0.8 to 6.
    isp_s : array_like
        Specific impulse, 220 to 460 s.
    apoapsis_altitude_km : array_like
        Of the descent orbit, 15 to 10,000 km: that of the orbit before, if it is circular.
    approach : bool
        With the approach and the vertical phase that `problem.Approach` and `problem.Vertical` have as
        defaults; without, straight to rest on the ground.

    Returns
    -------
    ndarray
        km/s, of the broadcast shape; the descent-orbit burn is not in it (`impulsive.descent_orbit_km_s`),
        nor are margins.  Within `LARGEST_ERROR_KM_S` of the optimum on the grid of the fit.

    Raises
    ------
    InputError
        A value outside the range of the fit.
    """
    values = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (thrust_to_weight, isp_s, apoapsis_altitude_km))
    )
    for (name, (low, high)), given in zip(RANGES.items(), values, strict=True):
        bad = ~((given >= low) & (given <= high))
        if bad.any():
            raise InputError(
                f"descent law: found the {name} {given[bad].flat[0]:g}; the law was fitted from {low:g} to "
                f"{high:g}: use the optimiser outside it"
            )
    powers, ideal = _powers(*values)
    exponent = np.zeros(ideal.shape)
    for factor, (a, b, c) in zip(COEFFICIENTS["approach" if approach else "direct"], _POWERS, strict=True):
        exponent += factor * (powers[0][a] * powers[1][b] * powers[2][c])
    return np.asarray(ideal * (1.0 + np.exp(exponent)))


__all__ = ["LARGEST_ERROR_KM_S", "RANGES", "powered_descent_km_s"]
