"""Gravity from spherical harmonics against the gradient of the potential by complex step.

The potential here is written with the recursion of L. E. Cunningham in Cartesian coordinates, normalised (O.
Montenbruck, E. Gill, "Satellite Orbits", 4th printing (2012), section 3.2.4), independent of the
column-wise form tested. A complex step has no truncation error; 1e-12 leaves room for the rounding of
degree 100.
"""

from __future__ import annotations

import numpy as np
import pytest

from cislunar.environment.gravity import load_field
from cislunar.propagation.harmonics import harmonics, pack_coefficients

GM, RADIUS = 4902.8, 1738.0
STEP = 1e-150


def potential(x, y, z, c, s):
    """Potential of all terms but the central one."""
    degree = c.shape[0] - 1
    r2 = x * x + y * y + z * z
    k = RADIUS / r2
    v = {(0, 0): RADIUS / np.sqrt(r2)}
    w = {(0, 0): 0.0 * x}
    total = 0.0
    for m in range(degree + 1):
        if m > 0:
            f = np.sqrt((2 * m + 1) / (2 * m) * (2 if m == 1 else 1))
            v[m, m] = f * k * (x * v[m - 1, m - 1] - y * w[m - 1, m - 1])
            w[m, m] = f * k * (x * w[m - 1, m - 1] + y * v[m - 1, m - 1])
        for n in range(m + 1, degree + 1):
            a = np.sqrt((2 * n + 1) * (2 * n - 1) / ((n - m) * (n + m)))
            v[n, m] = a * z * k * v[n - 1, m]
            w[n, m] = a * z * k * w[n - 1, m]
            if n > m + 1:
                ratio = (2 * n + 1) * (n - m - 1) * (n + m - 1) / ((n - m) * (n + m) * (2 * n - 3))
                v[n, m] = v[n, m] - np.sqrt(ratio) * RADIUS * k * v[n - 2, m]
                w[n, m] = w[n, m] - np.sqrt(ratio) * RADIUS * k * w[n - 2, m]
        for n in range(max(m, 1), degree + 1):
            total = total + c[n, m] * v[n, m] + s[n, m] * w[n, m]
    return GM / RADIUS * total


def gradient(point, c, s):
    columns = [[complex(point[i], STEP * (i == axis)) for i in range(3)] for axis in range(3)]
    return np.array([potential(*column, c, s).imag / STEP for column in columns])


POINTS = {
    "generic": (1000.0, 1500.0, 900.0),
    "north pole": (0.0, 0.0, 1800.0),
    "south pole": (0.0, 0.0, -1740.0),
    "beside the pole": (1e-9, -2e-9, 1900.0),
    "equator": (0.0, -1750.0, 0.0),
    "far": (3e4, -2e4, 5e3),
}


@pytest.mark.parametrize("degree", [1, 2, 3, 8, 50, 100])
@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_gradient_by_complex_step(degree, point):
    rng = np.random.default_rng(degree)
    c = np.tril(rng.normal(size=(degree + 1, degree + 1)))
    s = np.tril(rng.normal(size=(degree + 1, degree + 1)), -1)
    s[:, 0] = 0.0
    expected = gradient(point, c, s)
    found = np.array(harmonics(*point, GM, RADIUS, degree, pack_coefficients(c, s, degree)))
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("name", "degree"), [("grgm1200a", 100), *(("egm2008", n) for n in (2, 3, 4, 5, 6, 7, 8, 20))]
)
def test_packaged_field_by_complex_step(name, degree):
    field = load_field(name, degree=degree)
    rows = pack_coefficients(field.c, field.s, degree)
    for point in POINTS.values():
        expected = gradient(point, field.c, field.s)
        found = np.array(harmonics(*point, GM, RADIUS, degree, rows))
        assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_degree_zero_is_nothing():
    field = load_field("grgm1200a", degree=8)
    assert harmonics(1800.0, 1.0, 2.0, GM, RADIUS, 0, pack_coefficients(field.c, field.s, 0)) == (
        0.0,
        0.0,
        0.0,
    )


def test_same_function_on_floats_and_arrays():
    field = load_field("grgm1200a", degree=20)
    rows = pack_coefficients(field.c, field.s, 20)
    points = np.array(list(POINTS.values())).T
    together = np.array(harmonics(*points, GM, RADIUS, 20, rows))
    alone = np.array([harmonics(*map(float, p), GM, RADIUS, 20, rows) for p in points.T]).T
    np.testing.assert_allclose(together, alone, rtol=1e-14, atol=1e-25)


@pytest.mark.parametrize("mistake", ["order swapped", "sign of S", "not normalised"])
def test_classic_mistakes_show_trap(mistake):
    field = load_field("grgm1200a", degree=8)
    c, s = np.array(field.c), np.array(field.s)
    if mistake == "order swapped":
        c = c.T.copy()
    elif mistake == "sign of S":
        s = -s
    else:
        c[2, 0] *= np.sqrt(5.0)
    expected = gradient(POINTS["generic"], field.c, field.s)
    found = np.array(harmonics(*POINTS["generic"], GM, RADIUS, 8, pack_coefficients(c, s, 8)))
    assert np.abs(found - expected).max() > 1e-3 * np.abs(expected).max()
