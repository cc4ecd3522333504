"""The perigee of an osculating orbit: how far, and how long ago, for ellipses, parabolas and hyperbolas.

The functions are analytic, so that a complex step gives their derivatives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def perigee(state: NDArray[Any], gm: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Radius of the perigee and time since its passage.

    Parameters
    ----------
    state : numpy.ndarray, shape (6, n)
        About the body, km and km/s; the eccentricity is not zero and the place not near an apogee.
    gm : float
        Mass parameter, km^3/s^2.

    Returns
    -------
    radius_km, since_s : numpy.ndarray, shape (n,)
        Negative times are before the perigee.

    Notes
    -----
    With w = tan(nu / 2) and lambda = (1 - e) / (1 + e) the time is 2 q^2 / h times the integral of
    (1 + w^2) / (1 + lambda w^2)^2, regular through the parabola; the integral is Gauss's of 20 points.
    """
    x, y, z, vx, vy, vz = state
    r = np.sqrt(x * x + y * y + z * z)
    along = x * vx + y * vy + z * vz
    speed_2 = vx * vx + vy * vy + vz * vz
    p = (r * r * speed_2 - along * along) / gm
    energy_2 = speed_2 - 2.0 * gm / r
    e = np.sqrt(1.0 + energy_2 * p / gm)
    # lambda from the energy rather than from 1 - e, which cancels near the parabola.
    ratio = -energy_2 * p / gm / (1.0 + e) ** 2
    q = p / (1.0 + e)
    w = np.sqrt(p / gm) * along / r / (e + p / r - 1.0)
    total = np.zeros_like(w)
    for point, weight in zip(_POINTS, _WEIGHTS, strict=True):
        square = (0.5 * (point + 1.0) * w) ** 2
        total = total + weight * (1.0 + square) / (1.0 + ratio * square) ** 2
    return q, 2.0 * q * q / np.sqrt(gm * p) * 0.5 * w * total
