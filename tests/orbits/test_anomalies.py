"""Kepler's equation and the anomalies.

Exact values come from `decimal` arithmetic with 60 digits (Taylor series of sine and hyperbolic sine
written here): an eccentric anomaly that is a double is chosen, its mean anomaly is computed exactly and
rounded once.  As M <= E dM/dE, that rounding moves the exact root by at most half a unit in the last
place; the tolerance is four units in the last place.
"""

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cislunar.errors import InputError
from cislunar.orbits import anomalies

getcontext().prec = 60
EPS = np.finfo(float).eps


def exact_mean(anomaly: float, eccentricity: float) -> float:
    """Return the mean anomaly of an eccentric or hyperbolic anomaly, rounded once from 60 digits."""
    x, e = Decimal(anomaly), Decimal(eccentricity)
    sign = -1 if eccentricity < 1 else 1
    sine, term, k = Decimal(0), x, 1
    while abs(term) > Decimal(10) ** -58:
        sine += term
        term *= sign * x * x / ((k + 1) * (k + 2))
        k += 2
    return float(x - e * sine) if eccentricity < 1 else float(e * sine - x)


ECCENTRICITIES = (
    0.0,
    1e-8,
    1e-3,
    0.1,
    0.6,
    0.9,
    0.99,
    0.9999,
    1 - 1e-6,
    1 - 1e-9,
    1 + 1e-9,
    1.0001,
    1.5,
    20.0,
)


@pytest.mark.parametrize("eccentricity", ECCENTRICITIES)
def test_kepler_is_solved_to_the_last_digits(eccentricity):
    limit = np.pi if eccentricity < 1 else 12.0
    exact = np.concatenate(
        (np.geomspace(1e-9, 0.1, 30), np.random.default_rng(7).uniform(0.0, limit, 60), [limit])
    )
    mean = np.array([exact_mean(x, eccentricity) for x in exact])
    for sign in (1.0, -1.0):
        found = anomalies.mean_to_eccentric(sign * mean, eccentricity)
        np.testing.assert_allclose(found, sign * exact, rtol=4 * EPS, atol=0.0)
        np.testing.assert_allclose(
            anomalies.eccentric_to_mean(sign * exact, eccentricity), sign * mean, rtol=8 * EPS, atol=0.0
        )


def test_published_examples():
    """Vallado (2013), example 2-1: M = 235.4 deg, e = 0.4 gives E = 220.512074767522 deg.

    Example 2-3: M = 235.4 deg, e = 2.4 gives H = 1.601376144 rad.
    """
    ellipse = anomalies.mean_to_eccentric(np.radians(235.4), 0.4)
    assert np.degrees(ellipse) == pytest.approx(220.512074767522, abs=1e-11)
    hyperbola = anomalies.mean_to_eccentric(np.radians(235.4), 2.4)
    assert hyperbola == pytest.approx(1.601376144, abs=1e-9)


def test_zero_stays_zero_and_shapes_broadcast():
    assert anomalies.mean_to_eccentric(0.0, 0.5) == 0.0
    assert anomalies.mean_to_eccentric(0.0, 1.5) == 0.0
    assert anomalies.mean_to_true(np.zeros((2, 1)), np.array([0.1, 0.2, 3.0])).shape == (2, 3)
    assert anomalies.mean_to_true(1.0, 0.3).shape == ()


def test_true_anomaly_satisfies_the_conic_equation():
    """r = a (1 - e cos E) and r = p / (1 + e cos nu) are the same distance, as are the hyperbolic forms."""
    for e in (0.0, 0.3, 0.99, 1.2, 7.0):
        anomaly = np.linspace(-3.0, 3.0, 25)
        nu = anomalies.eccentric_to_true(anomaly, e)
        distance = (1.0 - e * np.cos(anomaly)) if e < 1 else (e * np.cosh(anomaly) - 1.0)
        np.testing.assert_allclose(abs(1.0 - e * e) / (1.0 + e * np.cos(nu)), distance, rtol=1e-12)


@given(
    st.floats(-50.0, 50.0),
    st.one_of(st.floats(0.0, 0.9999), st.floats(1.0001, 100.0)),
)
def test_round_trip(mean, eccentricity):
    """Rounding of the true anomaly is amplified by dM/dnu = r^2 / (a b)."""
    nu = anomalies.mean_to_true(mean, eccentricity)
    back = anomalies.true_to_mean(nu, eccentricity)
    distance = abs(1.0 - eccentricity**2) / (1.0 + eccentricity * np.cos(nu))
    rate = distance**2 / np.sqrt(abs(1.0 - eccentricity**2))
    assert back == pytest.approx(mean, abs=20 * EPS * (rate * max(1.0, abs(nu)) + abs(mean) + 1e-3))


def test_revolutions_are_kept():
    mean = np.array([7.0, -20.0, 100.0])
    assert np.all(np.abs(anomalies.mean_to_true(mean, 0.6) - mean) < np.pi)


def test_trap_true_is_not_mean():
    """At e = 0.6 a mean anomaly of 90 deg is a true anomaly of more than 140 deg."""
    assert np.degrees(anomalies.mean_to_true(np.pi / 2, 0.6)) > 140.0


@pytest.mark.parametrize(
    "function", ["mean_to_eccentric", "eccentric_to_mean", "eccentric_to_true", "true_to_eccentric"]
)
@pytest.mark.parametrize("eccentricity", [-0.1, np.nan, np.inf, 1.0, 1.0 + 1e-12])
def test_impossible_eccentricities_are_refused(function, eccentricity):
    with pytest.raises(InputError, match="eccentricity"):
        getattr(anomalies, function)(0.5, eccentricity)


def test_anomaly_errors():
    with pytest.raises(InputError, match="mean anomaly: expected finite"):
        anomalies.mean_to_true([0.0, np.nan], 0.5)
    with pytest.raises(InputError, match="within the asymptotes, 120 deg either side of periapsis; got 130"):
        anomalies.true_to_mean(np.radians(130.0), 2.0)
