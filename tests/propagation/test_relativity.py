"""The relativistic correction: closed forms of the Schwarzschild field and the size stated for it.

Closed form: the periapsis of a bound orbit advances by 6 pi GM / (c^2 a (1 - e^2)) per turn; C. W. Will,
"Theory and Experiment in Gravitational Physics", 2nd ed. (2018), section 7.3. The equation itself: G. Petit,
B. Luzum (eds.), "IERS Conventions (2010)", IERS Technical Note 36, equation 10.12, evaluated here as vectors.
"""

import numpy as np
import pytest
from orbits import EPOCH, circular, elliptical

from cislunar.constants import SPEED_OF_LIGHT_KM_S
from cislunar.propagation import ForceModel, acceleration, propagate, state_transition
from cislunar.propagation.forces import schwarzschild

DAY_S = 86400.0


def test_the_vector_equation_of_the_iers_conventions():
    rng = np.random.default_rng(1)
    r, v, gm = rng.normal(size=3) * 5e3, rng.normal(size=3), 4902.8
    ours = np.array(schwarzschild(*r, *v, gm, SPEED_OF_LIGHT_KM_S**-2))
    size = np.linalg.norm(r)
    expected = gm / (SPEED_OF_LIGHT_KM_S**2 * size**3) * ((4 * gm / size - v @ v) * r + 4 * (r @ v) * v)
    assert ours == pytest.approx(expected, rel=1e-14)


def perihelion_angle(state, gm):
    r, v = state[:3], state[3:]
    axis = np.cross(v, np.cross(r, v)) / gm - r / np.linalg.norm(r)
    return np.arctan2(axis[1], axis[0])


@pytest.mark.parametrize(("sense", "center"), [(1, "earth"), (1, "moon"), (-1, "moon")])
def test_advance_of_the_periapsis(sense, center):
    """A hundred turns of an ellipse from periapsis to periapsis."""
    forces = ForceModel(center, gravity=None, bodies=(), relativity=True)
    gm = forces.gm[center]
    a, e = (8000.0, 0.1) if center == "earth" else (3000.0, 0.3)
    speed = np.sqrt(gm * (1 + e) / (a * (1 - e)))
    state = np.array([a * (1 - e), 0.0, 0.0, 0.0, speed, 0.0])
    turns = 100
    duration = sense * turns * 2 * np.pi * np.sqrt(a**3 / gm)
    flown = propagate(state, EPOCH, duration, forces, rtol=1e-14)
    # turns of the osculating ellipse and of the true motion differ by parts in 1e9; the periapsis stays
    # where it is within a turn to first order
    moved = perihelion_angle(flown.final[:, 0], gm) - perihelion_angle(state, gm)
    expected = sense * turns * 6 * np.pi * gm / (SPEED_OF_LIGHT_KM_S**2 * a * (1 - e * e))
    assert moved == pytest.approx(expected, rel=2e-3)
    assert abs(expected) > 1e-8


def test_stated_size_and_trap():
    """2.5 cm in a day of a low lunar orbit: dropping the term, or its sign, shows."""
    plain, corrected = ForceModel(degree=20), ForceModel(degree=20, relativity=True)
    state = circular(100.0)
    without = propagate(state, EPOCH, DAY_S, plain, rtol=1e-13).final[:3, 0]
    with_it = propagate(state, EPOCH, DAY_S, corrected, rtol=1e-13).final[:3, 0]
    assert np.linalg.norm(with_it - without) * 1e5 == pytest.approx(2.48, abs=0.1)
    difference = acceleration(state[:3], EPOCH, corrected, state[3:]) - acceleration(state[:3], EPOCH, plain)
    assert np.linalg.norm(difference) == pytest.approx(1.3e-13, rel=0.1)


@pytest.mark.parametrize("state", ["ellipse", "low"])
def test_methods_agree_where_the_correction_vanishes(state):
    """With light fast enough Verner's 9(8) flies what RKN12(10) flies: two methods, one path, also in and out
    of shadow."""
    states, epochs = elliptical(8)
    if state == "low":
        states = np.tile(circular(100.0)[:, None], 8)
    forces = ForceModel(degree=8, radiation_pressure=0.02)
    slow = ForceModel(degree=8, radiation_pressure=0.02, relativity=True)
    slow.__dict__["compiled"] = slow.compiled._replace(inverse_c2=0.0)
    one = propagate(states, epochs, 3 * DAY_S, forces, rtol=1e-13).final
    two = propagate(states, epochs, 3 * DAY_S, slow, rtol=1e-13).final
    assert np.linalg.norm(one[:3] - two[:3], axis=0).max() < 2e-6  # 2 mm


def test_bitwise_alone_and_in_a_batch_and_stops_work():
    forces = ForceModel(degree=4, relativity=True)
    states, epochs = elliptical(30)
    durations = np.linspace(-2.0, 2.0, 30) * DAY_S
    together = propagate(states, epochs, durations, forces, threads=2)
    for i in (0, 11, 29):
        alone = propagate(states[:, i], epochs[i], durations[i], forces, threads=1)
        assert np.array_equal(alone.final[:, 0], together.final[:, i])
    stop = propagate(states, epochs, DAY_S, forces, stop_radius_km=np.linalg.norm(states[:3], axis=0) - 5.0)
    assert (stop.status > 0).sum() > 5
    reached = stop.status == 2
    radius = np.linalg.norm(stop.final[:3], axis=0)[reached]
    assert radius == pytest.approx((np.linalg.norm(states[:3], axis=0) - 5.0)[reached], abs=1e-6)


def test_state_transition_of_the_second_method():
    states, epochs = elliptical(4)
    one = state_transition(propagate(states, epochs, DAY_S, ForceModel(degree=8), rtol=1e-12)).final
    forces = ForceModel(degree=8, relativity=True)
    two = state_transition(propagate(states, epochs, DAY_S, forces, rtol=1e-12)).final
    scale = np.abs(one).reshape(2, 3, 2, 3, 4).max(axis=(1, 3))
    difference = np.abs(two - one).reshape(2, 3, 2, 3, 4).max(axis=(1, 3)) / scale
    assert 1e-12 < difference.max() < 1e-7
