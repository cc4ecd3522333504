"""Element histories and periapsis passages against closed forms of the two-body problem.

A point-mass Moon without perturbers keeps its elements; passages of periapsis are one period apart at one
height. The trajectories are tabulated from Kepler's equation, so nothing of the propagator takes part.
"""

import numpy as np
import pytest

from cislunar.constants import MOON_RADIUS_KM
from cislunar.environment import Environment
from cislunar.errors import InputError
from cislunar.orbits import anomalies, elements
from cislunar.orbits.elements import KeplerianElements
from cislunar.orbits.frames import frame_to_icrf, rotate_state
from cislunar.orbits.history import element_history, periapsis_passages
from cislunar.propagation import Trajectory

GM = 4902.8001
EPOCH = 8.5e8


def two_body(
    mean_rad: float = 0.0, eccentricity: float = 0.6, days: float = 3.0, frame: str = "icrf"
) -> Trajectory:
    """An ellipse with 200 nodes to the revolution, even in eccentric anomaly."""
    rate = np.sqrt(GM / 6143.0**3)
    last = np.ceil(mean_rad + rate * days * 86400.0)
    start = anomalies.mean_to_eccentric(mean_rad, eccentricity)
    anomaly = np.arange(start, anomalies.mean_to_eccentric(last, eccentricity), 2 * np.pi / 200)
    elapsed = (anomalies.eccentric_to_mean(anomaly, eccentricity) - mean_rad) / rate
    elapsed[0] = 0.0
    nu = anomalies.eccentric_to_true(anomaly, eccentricity)
    state = elements.to_state(KeplerianElements(6143.0, eccentricity, 0.9, 1.0, 1.5, nu), GM)
    return Trajectory.from_nodes("moon", EPOCH, elapsed, rotate_state(frame_to_icrf(frame, EPOCH), state))


def test_elements_of_a_two_body_orbit_stay():
    trajectory = two_body()
    tdb = EPOCH + np.linspace(0.0, 2.9 * 86400.0, 400)
    found = element_history(trajectory, tdb, GM, "icrf")
    np.testing.assert_allclose(found.semi_major_axis_km, 6143.0, rtol=1e-7)
    np.testing.assert_allclose(found.eccentricity, 0.6, rtol=1e-7)
    np.testing.assert_allclose(found.inclination_rad, 0.9, rtol=1e-8)
    np.testing.assert_allclose(found.raan_rad, 1.0, rtol=1e-8)
    np.testing.assert_allclose(found.argument_of_periapsis_rad, 1.5, rtol=1e-7)


def test_the_frame_of_the_elements_is_that_of_each_epoch():
    """An inertially fixed orbit: its node regresses in moon-me as the Moon turns, 13.18 deg a day."""
    trajectory = two_body(frame="moon-me")
    tdb = EPOCH + np.array([0.0, 86400.0, 2 * 86400.0])
    found = element_history(trajectory, tdb, GM, "moon-me", Environment.default())
    np.testing.assert_allclose(np.degrees(found.inclination_rad), np.degrees(0.9), atol=0.1)
    assert found.raan_rad[0] == pytest.approx(1.0, abs=1e-7)
    np.testing.assert_allclose(np.degrees(np.diff(found.raan_rad)), -13.18, atol=0.1)


@pytest.mark.parametrize(("mean", "first"), [(0.0, 0.0), (np.pi, 0.5), (-0.3, 0.3 / (2 * np.pi))])
@pytest.mark.parametrize("eccentricity", [0.6, 0.01])
def test_passages_are_a_period_apart(mean, first, eccentricity):
    trajectory = two_body(mean, eccentricity)
    period = 2 * np.pi * np.sqrt(6143.0**3 / GM)
    found = periapsis_passages(trajectory)
    count = int((trajectory.final_elapsed[0] / period) - first) + 1
    expected = EPOCH + period * (first + np.arange(count))
    np.testing.assert_allclose(found.tdb, expected, atol=2e-3 if eccentricity > 0.1 else 0.2)
    np.testing.assert_allclose(found.altitude_km, 6143.0 * (1 - eccentricity) - MOON_RADIUS_KM, atol=1e-4)


def test_a_path_without_periapsis():
    hyperbola = KeplerianElements(-6000.0, 1.5, 0.4, 0.0, 0.0, np.linspace(0.2, 1.5, 100))
    mean = anomalies.true_to_mean(hyperbola.true_anomaly_rad, 1.5)
    elapsed = (mean - mean[0]) * np.sqrt(6000.0**3 / GM)
    trajectory = Trajectory.from_nodes("moon", EPOCH, elapsed, elements.to_state(hyperbola, GM))
    assert periapsis_passages(trajectory).tdb.size == 0


def test_other_centres_are_refused():
    trajectory = two_body()
    trajectory.center = "earth"
    with pytest.raises(InputError, match="about the Moon; got the centre earth"):
        periapsis_passages(trajectory)
