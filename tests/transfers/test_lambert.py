"""Lambert's problem: closed forms, and the conic flown by SciPy."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cislunar.errors import InputError
from cislunar.transfers.lambert import lambert

GM = 398600.435507


def cases(n):
    rng = np.random.default_rng(5)
    directions = rng.normal(size=(2, 3, n))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    start = directions[0] * rng.uniform(6600.0, 50_000.0, n)
    end = directions[1] * rng.uniform(7000.0, 420_000.0, n)
    return start, end, 10.0 ** rng.uniform(3.6, 6.3, n), rng.random(n) < 0.5


def test_scipy_flies_it_there():
    """SciPy's DOP853 on two bodies; 1e-6 of the distance is what passages near the centre leave of 1e-13."""
    start, end, time, far = cases(40)
    first, last = lambert(start, end, time, GM, far)
    for i in range(time.size):
        flown = solve_ivp(
            lambda _, s: np.concatenate([s[3:], -GM * s[:3] / (s[:3] @ s[:3]) ** 1.5]),
            (0.0, time[i]),
            np.concatenate([start[:, i], first[:, i]]),
            method="DOP853",
            rtol=1e-12,
            atol=1e-9,
        ).y[:, -1]
        assert np.linalg.norm(flown[:3] - end[:, i]) < 1e-6 * np.linalg.norm(end[:, i])
        assert np.linalg.norm(flown[3:] - last[:, i]) < 1e-5 * np.linalg.norm(last[:, i])


def test_quarter_of_a_circle():
    r = 7000.0
    speed = np.sqrt(GM / r)
    first, last = lambert([r, 0.0, 0.0], [0.0, r, 0.0], 0.5 * np.pi * r / speed, GM)
    np.testing.assert_allclose(first[:, 0], [0.0, speed, 0.0], atol=1e-12)
    np.testing.assert_allclose(last[:, 0], [-speed, 0.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("excess", [-1e-9, -1e-3, 0.0, 1e-9, 1e-3])
def test_passes_through_the_parabola(excess):
    """Barker's equation: a parabola from its perigee to 90 deg; times near it solve as smoothly."""
    q = 7000.0
    barker = np.sqrt(2.0 * q**3 / GM) * (1.0 + 1.0 / 3.0)
    first, _ = lambert([q, 0.0, 0.0], [0.0, 2.0 * q, 0.0], barker * (1.0 + excess), GM)
    energy = 0.5 * (first**2).sum() - GM / q
    assert energy == pytest.approx(0.0, abs=2e-9 + 80.0 * abs(excess))
    if excess == 0.0:
        np.testing.assert_allclose(first[:, 0], [0.0, np.sqrt(2.0 * GM / q), 0.0], atol=1e-9)


def test_trap_the_other_way_round():
    start, end, time, far = cases(20)
    one, other = lambert(start, end, time, GM, far)[0], lambert(start, end, time, GM, ~far)[0]
    senses = (np.cross(start, one, axis=0) * np.cross(start, other, axis=0)).sum(axis=0)
    assert (senses < 0.0).all()


def test_one_is_as_in_many():
    start, end, time, far = cases(64)
    many = lambert(start, end, time, GM, far)[0]
    one = lambert(start[:, 7], end[:, 7], time[7], GM, far[7])[0]
    np.testing.assert_allclose(one[:, 0], many[:, 7], rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([7000, 0, 0], [-9000, 0, 0], 1e4), "in line with the centre"),
        (([7000, 0, 0], [0, 9000, 0], -1.0), "times of flight above zero; got -1.0 s for pair 0"),
        (([7000, 0], [0, 9000], 1.0), "places of shape"),
        ((np.ones((3, 2)), np.ones((3, 3)), 1.0), "shapes do not fit"),
    ],
)
def test_bad_input(arguments, text):
    with pytest.raises(InputError, match=text):
        lambert(*arguments, GM)
