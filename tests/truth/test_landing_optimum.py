"""The optimal descent against closed forms and a table made elsewhere.

Flat ground, constant gravity and constant thrust-to-weight: the gravity turn (Culler and Fried 1957) starts
level at a height that fits it, so the optimum from there costs no more; and no descent from level flight to
rest, whatever its height, beats a constant thrust direction that carries the weight, `V n / sqrt(n^2 - 1)`.
Between these the optimum from a given height obeys the linear tangent law (Lawden 1963; Bryson and Ho 1975,
section 2.7) with free range; its two constants are solved here by SciPy and quadrature.  The optimiser is
made flat by a Moon of 1e7 km with the same surface gravity and kept at constant mass by a huge specific
impulse: curvature then leaves less than 1e-4 of the gravity.

Table: powered descents from a 15 km x 100 km orbit at specific impulse 320 s by a crude constant-thrust
guidance, 1815, 1767, 1733 and 1720 m/s for thrust-to-weights of 1.5, 2, 3, 4; calculated apart from this
package, with a speed of 1.692 km/s at the periapsis and 19.5 m/s for the descent-orbit burn.  It ends without
losing the 15 km of height, worth 14 m/s, which bounds how far an optimum may lie above it.

Apollo: planned descents of 2.04 to 2.1 km/s with throttle and redesignation (NASA TM X-58040, recalled) must
lie above the optimum for the lunar module's engine (45.04 kN, 311 s, 15.1 t at ignition, recalled).
"""

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.optimize import fsolve

from cislunar.landing.gravity_turn import gravity_turn
from cislunar.landing.impulsive import descent_orbit_km_s, impulsive_limit_km_s
from cislunar.landing.optimal import optimal_descent
from cislunar.landing.problem import Approach, Ground, LevelStart, Vertical
from cislunar.vehicles.engine import Engine

GM = 4902.8001
MOON = Ground(GM, 1737.4)
ORBIT = LevelStart.at_periapsis(1752.4, 1837.4, GM)
AT_ONCE = Vertical(0.0, 1e-6)


def engine_for(ratio, isp_s=320.0, throttle=(0.1, 1.0), mass_kg=2600.0):
    return Engine(ratio * mass_kg * MOON.gravity_km_s2 * 1000.0, isp_s, 1, throttle)


def to_the_ground(ratio, **more):
    return optimal_descent(engine_for(ratio, **more), 2600.0, MOON, ORBIT, approach=None, vertical=AT_ONCE)


def linear_tangent_km_s(speed, height, ratio, gravity):
    """Delta-v of the linear tangent law from level flight at a height to rest on the ground."""
    push = ratio * gravity

    def misses(unknown):
        start, slope, duration = unknown

        def cosine(t):
            return 1.0 / math.hypot(1.0, start + slope * t)

        def upward(t):
            return (start + slope * t) * cosine(t)

        level = speed - push * quad(cosine, 0.0, duration)[0]
        climb = push * quad(upward, 0.0, duration)[0] - gravity * duration
        fall = push * quad(lambda t: (duration - t) * upward(t), 0.0, duration)[0]
        return level, climb, (height + fall - 0.5 * gravity * duration**2) / 100.0

    n = ratio
    guess = (1.0 / math.sqrt(n * n - 1.0), 0.0, speed / (gravity * math.sqrt(n * n - 1.0)))
    solution, _, found, _ = fsolve(misses, guess, full_output=True, xtol=1e-12)
    assert found == 1
    return push * solution[2]


@pytest.mark.parametrize("ratio", [1.5, 2.0, 4.0])
def test_flat_optimum_is_the_linear_tangent_law_and_beats_the_gravity_turn(ratio):
    speed, gravity, radius = 1.7, 1.62e-3, 1.0e7
    turn = gravity_turn(speed, ratio, gravity)
    flat = Ground(gravity * radius**2, radius)
    engine = Engine(ratio * 1000.0 * gravity * 1000.0, 1e7)
    # how far the optimum flies is its own affair: a level start leaves it free
    start = LevelStart(radius + float(turn.height_km), speed)
    found = optimal_descent(
        engine,
        1000.0,
        flat,
        start,
        approach=None,
        vertical=AT_ONCE,
    )
    assert found.ok, found.message
    law = linear_tangent_km_s(speed, float(turn.height_km), ratio, gravity)
    floor = speed * ratio / math.sqrt(ratio**2 - 1.0)
    assert found.delta_v_km_s == pytest.approx(law, abs=2e-4)
    assert floor < found.delta_v_km_s < float(turn.delta_v_km_s)


TABLE_M_S = {1.5: 1815.0, 2.0: 1767.0, 3.0: 1733.0, 4.0: 1720.0}
HEIGHT_M_S = 14.5  # 1.692 km/s at 15 km against 1.706 at the ground


@pytest.mark.parametrize("ratio", TABLE_M_S)
def test_optimum_lies_between_the_impulsive_limit_and_a_separate_crude_guidance(ratio):
    found = to_the_ground(ratio)
    burn, _ = descent_orbit_km_s(1837.4, 1752.4, GM)
    assert found.delta_v_km_s + burn > impulsive_limit_km_s(1837.4, 1737.4, GM)
    assert found.delta_v_km_s > found.ideal_km_s
    assert TABLE_M_S[ratio] - 0.03 * 1700.0 < found.delta_v_km_s * 1e3 < TABLE_M_S[ratio] + HEIGHT_M_S


def test_descent_orbit_from_100_km():
    burn, speed = descent_orbit_km_s(1837.4, 1752.4, GM)
    assert burn * 1e3 == pytest.approx(19.5, abs=0.1)
    assert speed == pytest.approx(1.692, abs=1e-3)


def test_very_high_thrust_nears_the_impulsive_limit():
    # level flight at the ground's own height, so that nothing but the speed is to be removed
    start = LevelStart.at_periapsis(1737.5, 1837.4, GM)
    engines = [engine_for(ratio, throttle=(1.0, 1.0)) for ratio in (5.0, 10.0, 20.0)]
    loss = [
        optimal_descent(engine, 2600.0, MOON, start, approach=None, vertical=AT_ONCE).loss_km_s
        for engine in engines
    ]
    assert loss[0] > loss[1] > loss[2] > 0.0
    assert loss[2] < 5e-3


def test_whole_descent_of_a_flown_lander_lies_below_what_it_spent():
    lunar_module = Engine(45040.0, 311.0, 1, (0.1, 1.0))
    approach = Approach(2.2, 0.15, math.radians(14.0), math.radians(60.0))
    found = optimal_descent(
        lunar_module, 15100.0, MOON, LevelStart.at_periapsis(1752.6, 1847.4, GM), approach=approach
    )
    assert found.ok
    assert 1.75 < found.delta_v_km_s < 2.1


def test_independent_integration_of_the_controls_lands_on_the_site():
    """SciPy's DOP853 flies the thrust and the direction of the solution over a turning Moon."""
    spin = np.array([0.9e-6, 0.4e-6, 2.4e-6])
    ground = Ground(GM, 1737.4, tuple(spin))
    # one throttle setting: the thrust has no jumps to interpolate
    engine = engine_for(1.2, throttle=(1.0, 1.0))
    found = optimal_descent(
        engine, 2600.0, ground, LevelStart(1752.4, 1.6916, 0.003), approach=None, vertical=AT_ONCE
    )
    assert found.ok
    time, direction = found.time_s, found.direction

    def rates(t, state):
        place, velocity, mass = state[:3], state[3:6], state[6]
        aim = np.array([np.interp(t, time[1:], row[1:]) for row in direction])
        push = found.thrust_n[0] / mass / 1000.0 * aim / np.linalg.norm(aim)
        turning = -2.0 * np.cross(spin, velocity) - np.cross(spin, np.cross(spin, place))
        gravity = -GM * place / np.linalg.norm(place) ** 3
        flow = engine.flow_kg_s(found.thrust_n[0])
        return np.concatenate([velocity, gravity + turning + push, [-flow]])

    start = np.concatenate([found.position_km[:, 0], found.velocity_km_s[:, 0], [2600.0]])
    end = solve_ivp(rates, (0.0, time[-1]), start, method="DOP853", rtol=1e-10, atol=1e-10).y[:, -1]
    assert np.abs(end[:3] - [1737.4, 0.0, 0.0]).max() < 0.05
    assert np.abs(end[3:6]).max() < 5e-4
    assert end[6] == pytest.approx(found.mass_kg[-1], abs=0.1)
    # as it starts, the site lies 0.003 rad to the left of the inertial plane of flight
    inertial = found.velocity_km_s[:, 0] + np.cross(spin, found.position_km[:, 0])
    normal = np.cross(found.position_km[:, 0], inertial)
    assert math.asin(normal[0] / np.linalg.norm(normal)) == pytest.approx(0.003, abs=1e-6)


def test_throttle_floor_costs_and_fixed_thrust_costs_more():
    free, floor, fixed = (to_the_ground(2.0, throttle=(low, 1.0)).delta_v_km_s for low in (0.02, 0.4, 1.0))
    assert free <= floor <= fixed
    assert fixed - free < 0.02
