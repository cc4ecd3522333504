"""The closed-form gravity turn against SciPy's integration of its equations of motion.

V' = g (cos psi - n), V psi' = -g sin psi, with psi from the downward vertical: integrated by DOP853 at 1e-12
until the speed has fallen to 1e-4 of its start; the little time and height left there are subtracted.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cislunar.landing.gravity_turn import gravity_turn


@pytest.mark.parametrize("ratio", [1.3, 2.0, 3.5])
@pytest.mark.parametrize("angle", [0.3, 1.0, np.pi / 2])
def test_closed_form_is_what_integration_gives(ratio, angle):
    gravity, speed = 1.62e-3, 1.2

    def rates(_, state):
        v, psi, _, _ = state
        return [
            gravity * (np.cos(psi) - ratio),
            -gravity * np.sin(psi) / v,
            v * np.cos(psi),
            v * np.sin(psi),
        ]

    def slow(_, state):
        return state[0] - 1e-4 * speed

    slow.terminal = True
    flown = solve_ivp(
        rates, (0.0, 1e5), [speed, angle, 0.0, 0.0], method="DOP853", rtol=1e-12, atol=1e-14, events=slow
    )
    turn = gravity_turn(speed, ratio, gravity, angle)
    rest = gravity_turn(flown.y[0, -1], ratio, gravity, flown.y[1, -1])
    assert turn.duration_s - rest.duration_s == pytest.approx(flown.t[-1], rel=1e-9)
    assert turn.height_km - rest.height_km == pytest.approx(flown.y[2, -1], rel=1e-8)
    assert turn.range_km - rest.range_km == pytest.approx(flown.y[3, -1], rel=1e-8)
    assert turn.delta_v_km_s == pytest.approx(ratio * gravity * float(turn.duration_s), rel=1e-12)
    assert rest.duration_s < 1e-3 * turn.duration_s


def test_level_start_and_free_fall_have_their_short_forms():
    n = np.array([1.2, 2.0, 10.0])
    turn = gravity_turn(1.7, n, 1.62e-3)
    assert np.allclose(turn.delta_v_km_s, 1.7 * n**2 / (n**2 - 1.0), rtol=1e-14)
    fall = gravity_turn(0.2, n, 1.62e-3, 0.0)
    assert np.allclose(fall.height_km, 0.2**2 / (2.0 * 1.62e-3 * (n - 1.0)), rtol=1e-14)
