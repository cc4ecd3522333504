"""Keplerian elements and states: closed forms, singular orbits, refusals.

The comparison with boinor is in tests/truth/test_boinor_conversions.py.  The worked example is Vallado
(2013), example 2-5, printed to the digits asserted; the periods of lunar orbits are published by their
operators and checked in test_initial_state.py.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cislunar.errors import InputError
from cislunar.orbits import elements
from cislunar.orbits.elements import KeplerianElements

GM = 4902.8001
RNG = np.random.default_rng(11)


def some_orbits(count: int, low: float, high: float) -> KeplerianElements:
    eccentricity = RNG.uniform(low, high, count)
    periapsis = RNG.uniform(1750.0, 20000.0, count)
    limit = np.where(eccentricity < 1.0, np.pi, 0.95 * np.arccos(-1.0 / np.maximum(eccentricity, 1.0)))
    return KeplerianElements(
        periapsis / (1.0 - eccentricity),
        eccentricity,
        RNG.uniform(0.01, np.pi - 0.01, count),
        RNG.uniform(0.0, 2.0 * np.pi, count),
        RNG.uniform(0.0, 2.0 * np.pi, count),
        RNG.uniform(-1.0, 1.0, count) * limit,
    )


def test_worked_example_of_vallado():
    state = np.array([6524.834, 6862.875, 6448.296, 4.901327, 5.533756, -1.976341])
    found = elements.from_state(state, 398600.4418)
    assert found.semi_major_axis_km == pytest.approx(36127.343, abs=0.01)
    assert found.eccentricity == pytest.approx(0.832853, abs=1e-6)
    assert np.degrees(found.inclination_rad) == pytest.approx(87.870, abs=1e-3)
    assert np.degrees(found.raan_rad) == pytest.approx(227.898, abs=1e-3)
    assert np.degrees(found.argument_of_periapsis_rad) == pytest.approx(53.38, abs=0.01)
    assert np.degrees(found.true_anomaly_rad) == pytest.approx(92.335, abs=1e-3)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.05), (0.05, 0.9), (0.9, 0.999), (1.001, 3.0)])
def test_states_obey_the_laws_of_two_bodies(low, high):
    """Vis-viva, angular momentum and the place of the node, which no conversion back takes part in."""
    orbit = some_orbits(500, low, high)
    state = elements.to_state(orbit, GM)
    radius, speed = np.linalg.norm(state[:3], axis=0), np.linalg.norm(state[3:], axis=0)
    np.testing.assert_allclose(speed**2, GM * (2.0 / radius - 1.0 / orbit.semi_major_axis_km), rtol=1e-12)
    momentum = np.cross(state[:3], state[3:], axis=0)
    size = np.linalg.norm(momentum, axis=0)
    latus = orbit.semi_major_axis_km * (1.0 - orbit.eccentricity**2)
    np.testing.assert_allclose(size**2, GM * latus, rtol=1e-12)
    np.testing.assert_allclose(momentum[2] / size, np.cos(orbit.inclination_rad), atol=1e-13)
    node = np.array([np.cos(orbit.raan_rad), np.sin(orbit.raan_rad), np.zeros(500)])
    np.testing.assert_allclose((node * momentum).sum(axis=0) / size, 0.0, atol=1e-13)
    toward = np.sign((state[:3] * state[3:]).sum(axis=0))
    np.testing.assert_array_equal(toward, np.sign(np.sin(orbit.true_anomaly_rad)))


@pytest.mark.parametrize(("low", "high"), [(1e-4, 0.05), (0.05, 0.9), (0.9, 0.99), (1.01, 3.0)])
def test_round_trip(low, high):
    orbit = some_orbits(2000, low, high)
    state = elements.to_state(orbit, GM)
    again = elements.to_state(elements.from_state(state, GM), GM)
    for part in (slice(0, 3), slice(3, 6)):
        error = np.linalg.norm(again[part] - state[part], axis=0) / np.linalg.norm(state[part], axis=0)
        # the semi-major axis of a long orbit is the small difference of two energies
        assert error.max() < 1e-14 * 40.0 / abs(1.0 - high)


@given(
    st.sampled_from([0.0, 1e-13, 1e-6, 0.3, 0.99]),
    st.sampled_from([0.0, 1e-13, 1e-6, 1.0, np.pi / 2, np.pi - 1e-6, np.pi - 1e-13, np.pi]),
    st.floats(0.0, 6.283),
    st.floats(0.0, 6.283),
    st.floats(0.0, 6.283),
)
def test_singular_orbits_survive_the_round_trip(eccentricity, inclination, raan, argument, anomaly):
    orbit = KeplerianElements(
        *np.array([1800.0 / (1.0 - eccentricity), eccentricity, inclination, raan, argument, anomaly])
    )
    state = elements.to_state(orbit, GM)
    found = elements.from_state(state, GM)
    again = elements.to_state(found, GM)
    assert np.linalg.norm(again[:3] - state[:3]) < 1e-10 * np.linalg.norm(state[:3])
    assert np.linalg.norm(again[3:] - state[3:]) < 1e-10 * np.linalg.norm(state[3:])
    for angle in (found.raan_rad, found.argument_of_periapsis_rad, found.true_anomaly_rad):
        assert 0.0 <= angle < 2.0 * np.pi


def test_conventions_of_singular_orbits():
    def found(position, velocity):
        return elements.from_state(np.array([*position, *velocity]), GM)

    speed = np.sqrt(GM / 2000.0)
    circular_equatorial = found((0.0, 2000.0, 0.0), (-speed, 0.0, 0.0))
    assert circular_equatorial.raan_rad == circular_equatorial.argument_of_periapsis_rad == 0.0
    assert circular_equatorial.true_anomaly_rad == pytest.approx(np.pi / 2)
    retrograde = found((0.0, 2000.0, 0.0), (speed, 0.0, 0.0))
    assert retrograde.inclination_rad == np.pi
    assert retrograde.true_anomaly_rad == pytest.approx(1.5 * np.pi)
    circular_polar = found((0.0, 0.0, 2000.0), (-speed, 0.0, 0.0))
    assert circular_polar.argument_of_periapsis_rad == 0.0
    assert circular_polar.true_anomaly_rad == pytest.approx(np.pi / 2)
    equatorial = found((0.0, 2000.0, 0.0), (-1.2 * speed, 0.0, 0.0))
    assert equatorial.raan_rad == 0.0
    assert equatorial.argument_of_periapsis_rad == pytest.approx(np.pi / 2)
    assert equatorial.true_anomaly_rad == pytest.approx(0.0, abs=1e-15)


def test_derived_quantities():
    orbit = KeplerianElements(*np.array([6143.0, 0.6, 1.0, 0.0, np.pi / 2, 0.0]))
    assert orbit.periapsis_radius_km == pytest.approx(2457.2)
    assert orbit.apoapsis_radius_km == pytest.approx(9828.8)
    assert orbit.periapsis_altitude_km() == pytest.approx(2457.2 - 1737.4)
    assert orbit.apoapsis_altitude_km() == pytest.approx(9828.8 - 1737.4)
    assert orbit.period_s(GM) == pytest.approx(2.0 * np.pi * np.sqrt(6143.0**3 / GM))
    assert elements.semi_major_axis_from_period(orbit.period_s(GM), GM) == pytest.approx(6143.0, rel=1e-15)
    hyperbola = KeplerianElements(*np.array([-6000.0, 1.5, 1.0, 0.0, 0.0, 0.0]))
    assert hyperbola.periapsis_radius_km == pytest.approx(3000.0)
    assert np.isinf(hyperbola.apoapsis_radius_km)
    assert np.isinf(hyperbola.period_s(GM))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((6000.0, -0.1, 1.0, 0.0, 0.0, 0.0), "eccentricity: expected a finite number, 0 or more; got -0.1"),
        ((6000.0, 1.2, 1.0, 0.0, 0.0, 0.0), "expected a > 0 with e < 1 .* got a = 6000 km with e = 1.2"),
        ((-6000.0, 0.2, 1.0, 0.0, 0.0, 0.0), "got a = -6000 km with e = 0.2"),
        ((6000.0, 1.0, 1.0, 0.0, 0.0, 0.0), "a parabolic orbit"),
        ((6000.0, 0.2, 3.2, 0.0, 0.0, 0.0), "inclination: expected 0 to 180 deg"),
        ((6000.0, 0.2, 1.0, np.nan, 0.0, 0.0), "raan_rad: expected finite numbers"),
        ((-6000.0, 1.5, 1.0, 0.0, 0.0, 3.0), "within the asymptotes"),
    ],
)
def test_impossible_elements_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        KeplerianElements(*np.array(values))


def test_impossible_states_are_refused():
    escape = np.sqrt(2.0 * GM / 2000.0)
    for state, message in (
        (np.zeros((5, 2)), r"expected the shape \(6,\) or \(6, n\); got \(5, 2\)"),
        (np.array([2000.0, 0.0, 0.0, np.nan, 0.0, 0.0]), "expected finite numbers"),
        (np.array([2000.0, 0.0, 0.0, 1.0, 0.0, 0.0]), "line through the centre"),
        (np.array([2000.0, 0.0, 0.0, 0.0, escape, 0.0]), "parabolic"),
    ):
        with pytest.raises(InputError, match=message):
            elements.from_state(state, GM)
    with pytest.raises(InputError, match="one shape"):
        KeplerianElements(np.ones(2), np.ones(3), *np.ones((4, 2)))
