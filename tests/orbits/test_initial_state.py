"""From the statement of an orbit to a state: every choice of size and anomaly, published orbits, refusals.

Published orbits (altitudes above a 1737.4 km sphere unless they are radii):

- SLIM: 600 x 4,000 km, 6.4 h (JAXA press kit, 2023).
- HAKUTO-R Mission 2: 100 km circular, about 2 h (ispace release, 28 May 2025).
- Queqiao-2: 1,991.69 x 18,678.5 km, 26.18 h, e 0.8073; these are radii, as the period shows, though often
  printed as altitudes.
- Lunar Pathfinder: semi-major axis 5,740 km, e 0.58, 10.84 h by Kepler's third law.

Periods are published to the digits asserted; the gravitational parameter changes them in the seventh.
"""

import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.errors import InputError
from cislunar.orbits import elements
from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
from cislunar.orbits.frames import FRAMES, frame_to_icrf, rotate_state
from cislunar.orbits.initial_state import initial_state, keplerian_elements, size_and_shape

GM = 4902.8001224453
TDB = 8.5e8


def orbit(**changes) -> KeplerianOrbit:
    values = {
        "frame": "icrf",
        "inclination_rad": 0.9,
        "raan_rad": 1.0,
        "argument_of_periapsis_rad": 1.5,
        "anomaly_rad": 0.5,
        "anomaly": "true",
    }
    return KeplerianOrbit(**(values | changes))


def hours(**sizes) -> float:
    return float(keplerian_elements(orbit(**sizes), GM).period_s(GM)) / 3600.0


def test_published_periods():
    assert hours(periapsis_altitude_km=600.0, apoapsis_altitude_km=4000.0) == pytest.approx(6.4, abs=0.05)
    assert hours(periapsis_altitude_km=100.0, apoapsis_altitude_km=100.0) == pytest.approx(2.0, abs=0.05)
    assert hours(semi_major_axis_km=5740.0, eccentricity=0.58) == pytest.approx(10.84, abs=0.005)


def test_trap_radius_is_not_altitude():
    """Queqiao-2 flies 26.18 h, which its published 1,991.69 x 18,678.5 km give as radii only."""
    radii = hours(semi_major_axis_km=0.5 * (1991.69 + 18678.5), apoapsis_altitude_km=18678.5 - 1737.4)
    assert radii == pytest.approx(26.18, abs=0.02)
    assert hours(periapsis_altitude_km=1991.69, apoapsis_altitude_km=18678.5) > 33.0
    a, e = size_and_shape(orbit(period_s=26.18 * 3600.0, eccentricity=0.8073), GM)
    assert a * (1.0 - e) == pytest.approx(1991.69, abs=2.0)


REFERENCE_PERIOD = 2 * np.pi * np.sqrt(6143.0**3 / GM)
LOW, HIGH = 6143.0 * 0.4 - 1737.4, 6143.0 * 1.6 - 1737.4


@pytest.mark.parametrize(
    "sizes",
    [
        {"semi_major_axis_km": 6143.0, "eccentricity": 0.6},
        {"period_s": REFERENCE_PERIOD, "eccentricity": 0.6},
        {"periapsis_altitude_km": LOW, "apoapsis_altitude_km": HIGH},
        {"periapsis_altitude_km": LOW, "eccentricity": 0.6},
        {"apoapsis_altitude_km": HIGH, "eccentricity": 0.6},
        {"semi_major_axis_km": 6143.0, "periapsis_altitude_km": LOW},
        {"semi_major_axis_km": 6143.0, "apoapsis_altitude_km": HIGH},
        {"period_s": REFERENCE_PERIOD, "periapsis_altitude_km": LOW},
        {"period_s": REFERENCE_PERIOD, "apoapsis_altitude_km": HIGH},
    ],
)
def test_every_choice_of_size_means_the_same_orbit(sizes):
    assert size_and_shape(orbit(**sizes), GM) == pytest.approx((6143.0, 0.6), rel=1e-13)


def test_every_anomaly_means_the_same_place():
    """nu = 90 deg at e = 0.6: cos E = e, and M = E - e sin E."""
    eccentric = np.arccos(0.6)
    places = {"true": np.pi / 2, "eccentric": eccentric, "mean": eccentric - 0.6 * 0.8}
    for anomaly, value in places.items():
        statement = orbit(semi_major_axis_km=6143.0, eccentricity=0.6, anomaly=anomaly, anomaly_rad=value)
        assert keplerian_elements(statement, GM).true_anomaly_rad == pytest.approx(np.pi / 2, abs=1e-14)


def test_trap_anomalies_are_not_each_other():
    states = {
        anomaly: initial_state(
            orbit(semi_major_axis_km=6143.0, eccentricity=0.6, anomaly=anomaly, anomaly_rad=1.5), TDB, GM
        )
        for anomaly in ("true", "mean", "eccentric")
    }
    for a, b in (("true", "mean"), ("true", "eccentric"), ("mean", "eccentric")):
        assert np.linalg.norm(states[a][:3] - states[b][:3]) > 1500.0


@pytest.mark.parametrize("frame", FRAMES)
def test_elements_are_those_of_the_frame(frame):
    environment = Environment.default()
    statement = orbit(frame=frame, semi_major_axis_km=6143.0, eccentricity=0.6)
    state = initial_state(statement, TDB, GM, environment)
    assert state.shape == (6,)
    back = elements.from_state(rotate_state(frame_to_icrf(frame, TDB, environment).T, state), GM)
    assert back.inclination_rad == pytest.approx(0.9, abs=1e-13)
    assert back.raan_rad == pytest.approx(1.0, abs=1e-13)
    assert back.argument_of_periapsis_rad == pytest.approx(1.5, abs=1e-12)
    assert back.true_anomaly_rad == pytest.approx(0.5, abs=1e-12)


def test_trap_frames_are_far_apart():
    """The same elements in two of the named frames are kilometres apart at least, on an orbit of 6143 km."""
    states = [
        initial_state(orbit(frame=frame, semi_major_axis_km=6143.0, eccentricity=0.6), TDB, GM)
        for frame in FRAMES
    ]
    for k in range(len(FRAMES)):
        for j in range(k):
            assert np.linalg.norm(states[k][:3] - states[j][:3]) > 1.0


def test_states_in_a_frame():
    statement = CartesianOrbit(frame="moon-pa", position_km=(2000, 0, 0), velocity_km_s=(0, 1.2, 0.8))
    state = initial_state(statement, TDB, GM)
    axes = frame_to_icrf("moon-pa", TDB)
    np.testing.assert_allclose(state[:3], 2000.0 * axes[:, 0])
    np.testing.assert_allclose(state[3:], 1.2 * axes[:, 1] + 0.8 * axes[:, 2])


def test_hyperbolas():
    statement = orbit(periapsis_altitude_km=100.0, eccentricity=1.4, anomaly="mean", anomaly_rad=-2.0)
    state = initial_state(statement, TDB, GM)
    found = elements.from_state(state, GM)
    assert found.periapsis_altitude_km() == pytest.approx(100.0, abs=1e-6)
    assert found.mean_anomaly_rad == pytest.approx(-2.0, abs=1e-10)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (
            {"semi_major_axis_km": 2000.0, "eccentricity": 0.3},
            r"periapsis: expected above the surface .*337\.4 km below",
        ),
        ({"periapsis_altitude_km": -10.0, "apoapsis_altitude_km": 100.0}, "10 km below"),
        (
            {"periapsis_altitude_km": 900.0, "apoapsis_altitude_km": 100.0},
            "apoapsis altitude: expected at least",
        ),
        ({"semi_major_axis_km": 6000.0, "periapsis_altitude_km": 5000.0}, "expected at most 4262.6 km"),
        ({"semi_major_axis_km": 6000.0, "apoapsis_altitude_km": 100.0}, "expected 4262.6 to 10262.6 km"),
        ({"semi_major_axis_km": 6000.0, "eccentricity": 1.2}, "a > 0 with e < 1"),
        ({"semi_major_axis_km": 0.0, "eccentricity": 0.2}, "semi-major axis"),
        ({"semi_major_axis_km": 0.0, "periapsis_altitude_km": 100.0}, "other than 0 km"),
        ({"period_s": 3600.0, "eccentricity": 0.0}, "periapsis: expected above the surface"),
        ({"period_s": 3600.0, "eccentricity": 1.5}, "period: a hyperbola has none"),
        ({"apoapsis_altitude_km": 600.0, "eccentricity": 1.5}, "apoapsis altitude: a hyperbola has none"),
        ({"periapsis_altitude_km": 600.0, "eccentricity": 1.0}, "parabolic"),
    ],
)
def test_impossible_sizes_are_refused(sizes, message):
    with pytest.raises(InputError, match=message):
        initial_state(orbit(**sizes), TDB, GM)


def test_a_position_inside_the_moon_is_refused():
    inside = CartesianOrbit(frame="icrf", position_km=(1000, 0, 0), velocity_km_s=(0, 1, 0))
    with pytest.raises(InputError, match=r"position: expected at least 1737\.4 km .*; got 1000 km"):
        initial_state(inside, TDB, GM)


def test_the_surface_itself_is_allowed():
    assert size_and_shape(orbit(periapsis_altitude_km=0.0, eccentricity=0.3), GM)[1] == 0.3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "expected two of .*; got none"),
        (
            {"semi_major_axis_km": 1.0, "period_s": 1.0},
            "expected two of .*; got semi_major_axis_km, period_s",
        ),
        ({"semi_major_axis_km": 1.0, "period_s": 1.0, "eccentricity": 0.1}, "expected two of"),
        ({"semi_major_axis_km": 6000.0, "eccentricity": -0.1}, "eccentricity: expected 0 or more; got -0.1"),
        (
            {"semi_major_axis_km": np.inf, "eccentricity": 0.1},
            "semi_major_axis_km: expected a finite number; got inf",
        ),
        ({"period_s": -5.0, "eccentricity": 0.1}, "period: expected more than 0 s"),
        ({"inclination_rad": 4.0}, "inclination: expected 0 to 180 deg; got 229.183 deg"),
        ({"raan_rad": np.nan}, "raan_rad: expected a finite number; got nan"),
        ({"anomaly": "middle"}, "anomaly: expected one of true, mean, eccentric; got 'middle'"),
        ({"frame": "moon-mee"}, "did you mean 'moon-me'"),
    ],
)
def test_impossible_statements_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        orbit(**changes)


def test_impossible_states_are_refused():
    for position, message in (
        ((1.0, 2.0), "position_km: expected 3 components; got 2"),
        ((1.0, np.nan, 0.0), "position_km: expected a finite number"),
        ((0.0, 0.0, 0.0), "outside the Moon; got its centre"),
    ):
        with pytest.raises(InputError, match=message):
            CartesianOrbit(frame="icrf", position_km=position, velocity_km_s=(0.0, 1.0, 0.0))
