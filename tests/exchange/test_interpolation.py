"""Lagrange and Hermite interpolation: exact on polynomials of their degree, SciPy's otherwise."""

import numpy as np
import pytest
from scipy.interpolate import BarycentricInterpolator, CubicHermiteSpline

from cislunar.errors import InputError
from cislunar.exchange.interpolation import StateInterpolator

RNG = np.random.default_rng(2)
TIMES = np.cumsum(RNG.uniform(0.5, 1.5, 30))


def table(degree: int):
    """States along a random polynomial of a degree, as a function of time."""
    coefficients = RNG.normal(size=(3, degree + 1))

    def states(at):
        x = at / 15.0 - 1.0
        position = [np.polyval(c, x) for c in coefficients]
        velocity = [np.polyval(np.polyder(c), x) / 15.0 for c in coefficients]
        return np.array(position + velocity)

    return states


@pytest.mark.parametrize(
    ("method", "degree"),
    [("HERMITE", 3), ("HERMITE", 7), ("HERMITE", 9), ("LAGRANGE", 1), ("LAGRANGE", 5), ("LAGRANGE", 8)],
)
@pytest.mark.parametrize("shift", [0, -1, 1, 4])
def test_polynomials_of_the_degree_are_exact(method, degree, shift):
    states = table(degree)
    at = np.linspace(TIMES[0], TIMES[-1], 500)
    found = StateInterpolator(TIMES, states(TIMES), method, degree)(at, shift)
    np.testing.assert_allclose(found, states(at), atol=1e-10)


def test_cubic_hermite_is_scipys():
    values = RNG.normal(size=(6, 30))
    at = np.linspace(TIMES[0], TIMES[-1], 500)
    spline = CubicHermiteSpline(TIMES, values[:3], values[3:], axis=1)
    found = StateInterpolator(TIMES, values, "HERMITE", 3)(at)
    np.testing.assert_allclose(found[:3], spline(at), atol=1e-12)
    np.testing.assert_allclose(found[3:], spline.derivative()(at), atol=1e-12)


def test_lagrange_windows_are_centred():
    """Degree 3: between nodes 10 and 11 through nodes 9 to 12; at the ends through the outer four."""
    values = RNG.normal(size=(6, 30))
    found = StateInterpolator(TIMES, values, "LAGRANGE", 3)
    for at, nodes in ((10, slice(9, 13)), (0, slice(0, 4)), (28, slice(26, 30))):
        time = 0.3 * TIMES[at] + 0.7 * TIMES[at + 1]
        scipys = BarycentricInterpolator(TIMES[nodes], values[:3, nodes], axis=1)
        expected = np.concatenate((scipys(time), scipys.derivative(time)))
        np.testing.assert_allclose(found(time)[:, 0], expected, rtol=1e-10)


def test_short_tables_lower_the_degree():
    states = table(3)
    short = TIMES[:2]
    found = StateInterpolator(short, states(short), "HERMITE", 7)(short.mean())
    np.testing.assert_allclose(found[:, 0], states(short.mean()), atol=1e-12)


def test_refusals():
    with pytest.raises(InputError, match="at least 2 states"):
        StateInterpolator([0.0], np.zeros((6, 1)))
    with pytest.raises(InputError, match="degree: expected 1 to 31; got 40"):
        StateInterpolator(TIMES, np.zeros((6, 30)), "LAGRANGE", 40)
    with pytest.raises(InputError, match="outside the table"):
        StateInterpolator(TIMES, np.zeros((6, 30)))(TIMES[-1] + 2e-3)
