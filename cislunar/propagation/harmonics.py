r"""Gravity of a body from spherical harmonics, column by column, finite at the poles.

With `s, t, u` the direction cosines in the body's axes, `rho = R / r` and `A_nm(u)` the 4-pi-normalised
Legendre functions divided by `cos(latitude)^m`, the potential beyond the central term is

.. math:: U = \frac{GM}{r} \sum_{n \ge 1} \rho^n \sum_m A_{nm}(u)\,
          \bigl[C_{nm}\,\mathrm{Re}(s + i t)^m + S_{nm}\,\mathrm{Im}(s + i t)^m\bigr],

and its gradient follows from four sums over the same functions [1]_. Two changes make the sums cheap: order
`m` is the outer loop, so that `(rho s + i rho t)^m` multiplies each column once; and each column is scaled
so that it starts with 1 and obeys `Q_n = alpha_n (rho u) Q_(n-1) - rho^2 Q_(n-2)`, the scale going into the
coefficients. One pair `(n, m)` then costs nine operations: three for the recursion and one for each of six
sums.

References
----------
.. [1] S. Pines, "Uniform representation of the gravitational potential and its derivatives", AIAA Journal 11
   (1973) 1508-1511, doi:10.2514/3.50619.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.simd import alike, inverse_sqrt

ROW = 8
"""Numbers kept per pair (n, m): alpha, the weights of the six sums, and one for alignment to 64 bytes."""


def pack_coefficients(c: np.ndarray, s: np.ndarray, degree: int) -> np.ndarray:
    """Rearrange normalised coefficients into the rows that `harmonics` reads.

    Parameters
    ----------
    c, s : numpy.ndarray, shape (N + 1, N + 1)
        4-pi-normalised coefficients `C[n, m]`, `S[n, m]`; those of degree 0 are not used.
    degree : int
        Highest degree wanted, at most N.

    Returns
    -------
    numpy.ndarray, shape (rows * 8,)
        Column m after column m - 1, each from n = m to `degree`.
    """
    rows = []
    for m in range(degree + 1):
        # scale[n - m]: the normalised function is scale * Q, with Q = 1 at n = m
        sectorial = 1.0
        for k in range(1, m + 1):
            sectorial *= np.sqrt((2.0 * k + 1.0) / (2.0 * k) * (2.0 if k == 1 else 1.0))
        scale = [sectorial]
        for n in range(m, degree + 1):
            alpha = 0.0
            if n > m:
                first = np.sqrt((2.0 * n + 1.0) * (2.0 * n - 1.0) / ((n - m) * (n + m)))
                if n == m + 1:
                    scale.append(scale[0])
                else:
                    ratio = (2.0 * n + 1.0) * (n - m - 1.0) * (n + m - 1.0)
                    second = np.sqrt(ratio / ((n - m) * (n + m) * (2.0 * n - 3.0)))
                    scale.append(second * scale[n - m - 2])
                alpha = first * scale[n - m - 1] / scale[n - m]
            q = scale[n - m]
            own = (0.0, 0.0) if n == 0 else (q * c[n, m], q * s[n, m])
            below = (0.0, 0.0)
            if m > 0:
                # d A_(n, m-1) / du = slope * A_(n, m)
                slope = np.sqrt((n - m + 1.0) * (n + m)) * (np.sqrt(0.5) if m == 1 else 1.0)
                below = (q * slope * c[n, m - 1], q * slope * s[n, m - 1])
            radial = n + m + 1.0
            rows.append(
                (alpha, m * own[0], m * own[1], radial * own[0], radial * own[1], below[0], below[1], 0.0)
            )
    return np.array(rows).reshape(-1)


@register_jitable
def harmonics(x: Any, y: Any, z: Any, gm: Any, radius: float, degree: int, rows: Any) -> tuple[Any, Any, Any]:
    """Acceleration from all terms but the central one, in the body's axes.

    Parameters
    ----------
    x, y, z : float, numpy.ndarray or lanes
        Position in the body's axes, km.
    gm, radius : float
        Of the field, km^3/s^2 and km.
    degree : int
        Degree that `rows` was packed for.
    rows : numpy.ndarray or pointer
        From `pack_coefficients`.
    """
    return harmonics_at(x, y, z, inverse_sqrt(x * x + y * y + z * z), gm, radius, degree, rows)


@register_jitable
def harmonics_at(
    x: Any, y: Any, z: Any, inverse: Any, gm: Any, radius: float, degree: int, rows: Any
) -> tuple[Any, Any, Any]:
    """The same where `inverse`, 1 over the distance from the centre (1/km), is known."""
    s = x * inverse
    t = y * inverse
    u = z * inverse
    rho = radius * inverse
    rho2 = rho * rho
    rho_u = rho * u
    rho_s = rho * s
    rho_t = rho * t
    zero = alike(rho, 0.0)
    one = alike(rho, 1.0)

    # column m = 0: no sine terms, and only the radial sum is its own
    q = one
    before = zero
    radial = zero
    i = ROW
    for _ in range(degree):
        q, before = (rows[i] * rho_u) * q - rho2 * before, q
        radial = radial + rows[i + 3] * q
        i += ROW

    ax = zero
    ay = zero
    az = zero
    real_below = one
    imag_below = zero
    for m in range(1, degree + 1):
        real = real_below * rho_s - imag_below * rho_t
        imag = real_below * rho_t + imag_below * rho_s
        q = one
        before = zero
        own_c = alike(rho, rows[i + 1])
        own_s = alike(rho, rows[i + 2])
        radial_c = alike(rho, rows[i + 3])
        radial_s = alike(rho, rows[i + 4])
        slope_c = alike(rho, rows[i + 5])
        slope_s = alike(rho, rows[i + 6])
        i += ROW
        for _ in range(degree - m):
            q, before = (rows[i] * rho_u) * q - rho2 * before, q
            own_c = own_c + rows[i + 1] * q
            own_s = own_s + rows[i + 2] * q
            radial_c = radial_c + rows[i + 3] * q
            radial_s = radial_s + rows[i + 4] * q
            slope_c = slope_c + rows[i + 5] * q
            slope_s = slope_s + rows[i + 6] * q
            i += ROW
        ax = ax + own_c * real_below + own_s * imag_below
        ay = ay + own_s * real_below - own_c * imag_below
        az = az + slope_c * real_below + slope_s * imag_below
        radial = radial + radial_c * real + radial_s * imag
        real_below = real
        imag_below = imag

    scale = gm * inverse * inverse
    ax = rho * ax
    ay = rho * ay
    az = rho * az
    inward = radial + u * az
    return scale * (ax - s * inward), scale * (ay - t * inward), scale * (az - u * inward)
