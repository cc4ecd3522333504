"""Zeros of smooth functions on stretches of time, many stretches at once, none overlooked between samples.

A function is sampled at the Chebyshev-Lobatto points of a stretch. The polynomial through the samples lies
between the smallest and the largest of its Bernstein coefficients [1]_, so coefficients of one sign certify
that there is no zero anywhere in the stretch, and coefficients that only rise or only fall certify that there
is at most one. How far function and polynomial can be apart is judged from the last Chebyshev coefficients
[2]_. A stretch without a certificate is halved.

References
----------
.. [1] R. T. Farouki, "The Bernstein polynomial basis: A centennial retrospective", Comput. Aided Geom. Des.
   29, 379 (2012), sections 3 and 5.
.. [2] L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM 2013, chapters 3 and 8.
.. [3] T. R. Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear
   function without using derivatives", Adv. Eng. Software 28, 145 (1997).
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SAMPLES = 12
"""Samples in a stretch."""

_DEGREE = SAMPLES - 1
FRACTION: Array = 0.5 - 0.5 * np.cos(np.pi * np.arange(SAMPLES) / _DEGREE)
"""Where the samples lie in a stretch, 0 to 1."""

_MOST_ITERATIONS = 100


def _bernstein_matrix() -> Array:
    basis = [comb(_DEGREE, k) * FRACTION**k * (1.0 - FRACTION) ** (_DEGREE - k) for k in range(SAMPLES)]
    inverse = np.linalg.inv(np.stack(basis, axis=1)).astype(np.float64)
    inverse[0], inverse[-1] = np.eye(SAMPLES)[0], np.eye(SAMPLES)[-1]
    return inverse


def _chebyshev_matrix() -> Array:
    values = np.polynomial.chebyshev.chebvander(2.0 * FRACTION - 1.0, _DEGREE)
    return np.linalg.inv(values).astype(np.float64)


_TO_BERNSTEIN = _bernstein_matrix()
_TO_CHEBYSHEV = _chebyshev_matrix()


def _times(matrix: Array, values: Array) -> Array:
    """Return `values @ matrix.T`, summed in one order whatever the number of rows."""
    total = values[:, :1] * matrix[:, 0]
    for j in range(1, SAMPLES):
        total += values[:, j : j + 1] * matrix[:, j]
    return total


def decided(values: Array, resolution: float) -> NDArray[np.bool_]:
    """Stretches whose number of zeros is known from the signs at their ends: none, or at most one.

    Parameters
    ----------
    values : numpy.ndarray, shape (stretches, SAMPLES)
        The function at the samples.
    resolution : float
        Values up to this size are not told from zero.

    Returns
    -------
    numpy.ndarray of bool, shape (stretches,)
    """
    bernstein = _times(_TO_BERNSTEIN, values)
    chebyshev = np.abs(_times(_TO_CHEBYSHEV, values))
    size = np.abs(values).max(axis=1)
    truncation = np.maximum(np.maximum(chebyshev[:, -1], chebyshev[:, -2] / 4.0), chebyshev[:, -3] / 16.0)
    margin = (4.0 * truncation + 1e-14 * size)[:, None]
    clear = (bernstein > margin).all(axis=1) | (bernstein < -margin).all(axis=1)
    # By Markov's inequality the slope of a polynomial on [0, 1] is at most 2 n^2 times its size.
    steps = _DEGREE * np.diff(bernstein, axis=1)
    steep = 2.0 * _DEGREE**2 * margin
    single = (steps > steep).all(axis=1) | (steps < -steep).all(axis=1)
    return clear | single | (size <= resolution)


def refine(
    function: Callable[[NDArray[np.int64], Array], Array],
    low: Array,
    high: Array,
    at_low: Array,
    at_high: Array,
    tolerance: float,
) -> Array:
    """Zeros in brackets, by Chandrupatla's method [3]_ on all of them together.

    Parameters
    ----------
    function : callable
        `function(which, t)` returns the values of the functions number `which`, shape (k,), at times (k,).
    low, high : numpy.ndarray, shape (m,)
        Ends of the brackets, in either order.
    at_low, at_high : numpy.ndarray, shape (m,)
        Values there: above zero at one end, zero or below at the other.
    tolerance : float
        Largest error of a zero.

    Returns
    -------
    numpy.ndarray, shape (m,)
    """
    result = low.copy()
    which = np.arange(low.size)
    x1, x2, f1, f2 = low.copy(), high.copy(), at_low.copy(), at_high.copy()
    part = np.full(low.size, 0.5)
    for _ in range(_MOST_ITERATIONS):
        if not which.size:
            break
        x = x1 + part * (x2 - x1)
        f = function(which, x)
        same = (f > 0.0) == (f1 > 0.0)
        x3, f3 = np.where(same, x1, x2), np.where(same, f1, f2)
        x2, f2 = np.where(same, x2, x1), np.where(same, f2, f1)
        x1, f1 = x, f
        best = np.where(np.abs(f1) < np.abs(f2), x1, x2)
        width = np.abs(x2 - x1)
        limit = 0.5 * tolerance / np.maximum(width, 1e-300)
        result[which] = best
        going = (limit <= 0.5) & (f1 != 0.0) & (width > 4e-16 * np.abs(best))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            xi, phi = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
            inverse = f1 / (f2 - f1) * f3 / (f2 - f3)
            inverse = inverse + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
            good = (phi * phi < xi) & ((1.0 - phi) ** 2 < 1.0 - xi) & np.isfinite(inverse)
        part = np.clip(np.where(good, inverse, 0.5), np.minimum(limit, 0.5), np.maximum(1.0 - limit, 0.5))
        which, part = which[going], part[going]
        x1, x2, f1, f2 = x1[going], x2[going], f1[going], f2[going]
    return result
