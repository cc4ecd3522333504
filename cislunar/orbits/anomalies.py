"""Mean, eccentric (or hyperbolic) and true anomaly into one another.

All functions take scalars or arrays that broadcast, in rad.  For 0 <= e < 1 the eccentric anomaly is meant,
for e > 1 the hyperbolic one.  Elliptic anomalies keep their revolution: a mean anomaly of 7 rad has a true
anomaly within pi of 7 rad.  The parabola, and orbits nearer to it than `PARABOLIC_MARGIN`, are refused:
there the anomalies lose their meaning long before the trajectory does.

Kepler's equation is written as a sum of positive terms,

    M = (1 - e) E + e (E - sin E)        M = (e - 1) sinh H + (sinh H - H),

with the differences in brackets from their series where they would cancel, so that the answer is good to a
few units in the last place for every eccentricity accepted.

References
----------
.. [1] D. A. Vallado, "Fundamentals of Astrodynamics and Applications", 4th ed. (2013), section 2.2.
.. [2] S. Mikkola, "A cubic approximation for Kepler's equation", Celest. Mech. 40:329-334 (1987), for the
   idea of the starting value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError

Array = NDArray[np.float64]

PARABOLIC_MARGIN: Final = 1e-10
"""Orbits with |e - 1| below this are refused as parabolic."""

_MAX_ITERATIONS: Final = 60
_SERIES_LIMIT: Final = 1.0
_SERIES_TERMS: Final = 10  # the first term left out is below 1e-19 of the first one at the limit


def require_conic(eccentricity: ArrayLike) -> Array:
    """Check eccentricities and return them as an array.

    Parameters
    ----------
    eccentricity : array_like, shape (...)
        Eccentricities.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    InputError
        For a value that is not finite, negative, or within `PARABOLIC_MARGIN` of 1.
    """
    e = np.asarray(eccentricity, dtype=np.float64)
    if not np.all(np.isfinite(e)) or np.any(e < 0.0):
        worst = e[~(e >= 0.0) | ~np.isfinite(e)].flat[0]
        raise InputError(f"eccentricity: expected a finite number, 0 or more; got {worst:.12g}")
    if np.any(np.abs(e - 1.0) < PARABOLIC_MARGIN):
        raise InputError(
            f"eccentricity: a parabolic orbit (|e - 1| below {PARABOLIC_MARGIN:g}) has no elements here; "
            "state it by position and velocity"
        )
    return e


def mean_to_eccentric(mean_anomaly: ArrayLike, eccentricity: ArrayLike) -> Array:
    """Solve Kepler's equation.

    Parameters
    ----------
    mean_anomaly : array_like, shape (...)
        Mean anomaly, rad.
    eccentricity : array_like, shape (...)
        Eccentricity.

    Returns
    -------
    ndarray, shape (...)
        Eccentric anomaly (hyperbolic for e > 1), rad.

    Raises
    ------
    InputError
        For an eccentricity that `require_conic` refuses, or an anomaly that is not finite.
    """
    m, e = np.broadcast_arrays(_finite("mean anomaly", mean_anomaly), require_conic(eccentricity))
    result = np.empty(m.shape)
    hyperbolic = e > 1.0
    ellipse = ~hyperbolic
    turns = 2.0 * np.pi * np.round(m[ellipse] / (2.0 * np.pi))
    reduced = m[ellipse] - turns
    solved = _solve_ellipse(np.abs(reduced), e[ellipse])
    result[ellipse] = np.copysign(solved, reduced) + turns
    result[hyperbolic] = np.copysign(_solve_hyperbola(np.abs(m[hyperbolic]), e[hyperbolic]), m[hyperbolic])
    return result


def eccentric_to_mean(eccentric_anomaly: ArrayLike, eccentricity: ArrayLike) -> Array:
    """Evaluate Kepler's equation.

    Parameters
    ----------
    eccentric_anomaly : array_like, shape (...)
        Eccentric anomaly (hyperbolic for e > 1), rad.
    eccentricity : array_like, shape (...)
        Eccentricity.

    Returns
    -------
    ndarray, shape (...)
        Mean anomaly, rad.

    Raises
    ------
    InputError
        For an eccentricity that `require_conic` refuses, or an anomaly that is not finite.
    """
    anomaly, e = np.broadcast_arrays(
        _finite("eccentric anomaly", eccentric_anomaly), require_conic(eccentricity)
    )
    result = np.empty(anomaly.shape)
    hyperbolic = e > 1.0
    ellipse = ~hyperbolic
    turns = 2.0 * np.pi * np.round(anomaly[ellipse] / (2.0 * np.pi))
    result[ellipse] = _kepler_ellipse(anomaly[ellipse] - turns, e[ellipse]) + turns
    result[hyperbolic] = _kepler_hyperbola(anomaly[hyperbolic], e[hyperbolic])
    return result


def eccentric_to_true(eccentric_anomaly: ArrayLike, eccentricity: ArrayLike) -> Array:
    """True anomaly of an eccentric (for e > 1, hyperbolic) anomaly.

    Parameters
    ----------
    eccentric_anomaly : array_like, shape (...)
        Eccentric anomaly (hyperbolic for e > 1), rad.
    eccentricity : array_like, shape (...)
        Eccentricity.

    Returns
    -------
    ndarray, shape (...)
        True anomaly, rad; for a hyperbola within its asymptotes.

    Raises
    ------
    InputError
        For an eccentricity that `require_conic` refuses, or an anomaly that is not finite.
    """
    anomaly, e = np.broadcast_arrays(
        _finite("eccentric anomaly", eccentric_anomaly), require_conic(eccentricity)
    )
    result = np.empty(anomaly.shape)
    hyperbolic = e > 1.0
    ellipse = ~hyperbolic
    turns = 2.0 * np.pi * np.round(anomaly[ellipse] / (2.0 * np.pi))
    half = 0.5 * (anomaly[ellipse] - turns)
    outer, inner = np.sqrt(1.0 + e[ellipse]), np.sqrt(1.0 - e[ellipse])
    result[ellipse] = 2.0 * np.arctan2(outer * np.sin(half), inner * np.cos(half)) + turns
    ratio = np.sqrt((e[hyperbolic] + 1.0) / (e[hyperbolic] - 1.0))
    result[hyperbolic] = 2.0 * np.arctan(ratio * np.tanh(0.5 * anomaly[hyperbolic]))
    return result


def true_to_eccentric(true_anomaly: ArrayLike, eccentricity: ArrayLike) -> Array:
    """Eccentric (for e > 1, hyperbolic) anomaly of a true anomaly.

    Parameters
    ----------
    true_anomaly : array_like, shape (...)
        True anomaly, rad.
    eccentricity : array_like, shape (...)
        Eccentricity.

    Returns
    -------
    ndarray, shape (...)
        Eccentric anomaly (hyperbolic for e > 1), rad.

    Raises
    ------
    InputError
        For an eccentricity that `require_conic` refuses, an anomaly that is not finite, or one on or beyond
        the asymptote of a hyperbola.
    """
    nu, e = np.broadcast_arrays(_finite("true anomaly", true_anomaly), require_conic(eccentricity))
    result = np.empty(nu.shape)
    hyperbolic = e > 1.0
    ellipse = ~hyperbolic
    turns = 2.0 * np.pi * np.round(nu / (2.0 * np.pi))
    half = 0.5 * (nu - turns)
    outer, inner = np.sqrt(1.0 + e[ellipse]), np.sqrt(1.0 - e[ellipse])
    result[ellipse] = (
        2.0 * np.arctan2(inner * np.sin(half[ellipse]), outer * np.cos(half[ellipse])) + turns[ellipse]
    )
    argument = np.sqrt((e[hyperbolic] - 1.0) / (e[hyperbolic] + 1.0)) * np.tan(half[hyperbolic])
    beyond = np.abs(argument) >= 1.0
    if np.any(beyond):
        limit = np.degrees(np.arccos(-1.0 / e[hyperbolic][beyond][0]))
        found = np.degrees(2.0 * half[hyperbolic][beyond][0])
        raise InputError(
            f"true anomaly: expected within the asymptotes, {limit:.6g} deg either side of periapsis; "
            f"got {found:.6g} deg"
        )
    result[hyperbolic] = 2.0 * np.arctanh(argument)
    return result


def mean_to_true(mean_anomaly: ArrayLike, eccentricity: ArrayLike) -> Array:
    """True anomaly of a mean anomaly; see `mean_to_eccentric` and `eccentric_to_true`."""
    return eccentric_to_true(mean_to_eccentric(mean_anomaly, eccentricity), eccentricity)


def true_to_mean(true_anomaly: ArrayLike, eccentricity: ArrayLike) -> Array:
    """Mean anomaly of a true anomaly; see `true_to_eccentric` and `eccentric_to_mean`."""
    return eccentric_to_mean(true_to_eccentric(true_anomaly, eccentricity), eccentricity)


def _finite(name: str, value: ArrayLike) -> Array:
    array = np.asarray(value, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise InputError(f"{name}: expected finite numbers; got NaN or infinity")
    return array


def _alternating_series(x: Array, sign: float) -> Array:
    """Sum of sign^k x^(2k+3) / (2k+3)!: x - sin x for sign -1, sinh x - x for sign 1."""
    square = sign * x * x
    total = np.ones_like(x)
    for k in range(_SERIES_TERMS, 0, -1):
        total = 1.0 + square / ((2 * k + 2) * (2 * k + 3)) * total
    return x * x * x / 6.0 * total


def _x_minus_sin(x: Array) -> Array:
    return np.where(np.abs(x) < _SERIES_LIMIT, _alternating_series(x, -1.0), x - np.sin(x))


def _sinh_minus_x(x: Array) -> Array:
    return np.where(np.abs(x) < _SERIES_LIMIT, _alternating_series(x, 1.0), np.sinh(x) - x)


def _kepler_ellipse(anomaly: Array, e: Array) -> Array:
    return (1.0 - e) * anomaly + e * _x_minus_sin(anomaly)


def _kepler_hyperbola(anomaly: Array, e: Array) -> Array:
    return (e - 1.0) * np.sinh(anomaly) + _sinh_minus_x(anomaly)


def _cubic_start(linear: Array, cubic: Array, m: Array) -> Array:
    """Positive root of linear x + cubic x^3 / 6 = m, for positive coefficients."""
    p = 6.0 * linear / cubic
    scale = 2.0 * np.sqrt(p / 3.0)
    return scale * np.sinh(np.arcsinh(12.0 * m / (cubic * p * scale)) / 3.0)


def _newton(
    function: Callable[[Array], Array], slope: Callable[[Array], Array], start: Array, upper: Array
) -> Array:
    """Newton's method for convex, increasing functions on [0, upper].

    From the right of the root the steps shrink monotonically; a start on its left steps over it once.
    """
    x = start
    for _ in range(_MAX_ITERATIONS):
        step = function(x) / slope(x)
        x = np.clip(x - step, 0.0, upper)
        if np.all(np.abs(step) <= 4e-16 * x):
            break
    return x


def _solve_ellipse(m: Array, e: Array) -> Array:
    """Eccentric anomaly for 0 <= M <= pi."""
    upper = np.minimum(np.pi, m + e)
    start = np.minimum(_cubic_start(1.0 - e, np.maximum(e, 1e-3), m), upper)

    def slope(x: Array) -> Array:
        return (1.0 - e) + 2.0 * e * np.sin(0.5 * x) ** 2

    return _newton(lambda x: _kepler_ellipse(x, e) - m, slope, start, upper)


def _solve_hyperbola(m: Array, e: Array) -> Array:
    """Hyperbolic anomaly for M >= 0.

    Both starting values lie on the right of the root: the cubic leaves positive terms out, and where the root
    is above 2.2, H is below sinh(H) / 2.
    """
    start = np.where(m > 5.0 * e, np.arcsinh(m / (e - 0.5)), _cubic_start(e - 1.0, e, m))

    def slope(x: Array) -> Array:
        return (e - 1.0) + 2.0 * e * np.sinh(0.5 * x) ** 2

    return _newton(lambda x: _kepler_hyperbola(x, e) - m, slope, start, np.full_like(m, np.inf))
