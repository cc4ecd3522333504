"""Powered descents: limits that are kept, what is short when there is none, and refusals."""

import math

import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.environment.sites import ConstantMask, Site
from cislunar.errors import InputError
from cislunar.landing.floor import terrain_floor
from cislunar.landing.gravity_turn import gravity_turn
from cislunar.landing.optimal import optimal_descent
from cislunar.landing.problem import Approach, Floor, Ground, LevelStart, StateStart, Vertical
from cislunar.landing.siteaxes import site_axes
from cislunar.vehicles.engine import Engine

GROUND = Ground(4902.8001, 1737.4)
START = LevelStart.at_periapsis(1752.4, 1837.4, GROUND.gm_km3_s2)
ENGINE = Engine(2200.0, 320.0, 2, (0.4, 1.0))


@pytest.fixture(scope="module")
def descent():
    return optimal_descent(ENGINE, 2000.0, GROUND, START)


def test_limits_of_every_phase_are_kept(descent):
    assert descent.ok, descent.message
    approach, phase = Approach(), descent.phase
    powered = phase != "vertical"
    assert descent.thrust_n[powered].max() <= ENGINE.full_thrust_n + 0.1
    assert descent.thrust_n[powered].min() >= ENGINE.least_thrust_n - 0.1
    assert descent.height_km.min() >= -1e-9
    gate = np.flatnonzero(phase == "braking")[-1]
    assert descent.height_km[gate] == pytest.approx(approach.gate_height_km, abs=1e-6)
    assert np.linalg.norm(descent.velocity_km_s[:, gate]) <= approach.gate_speed_km_s + 1e-6
    cone = phase == "approach"
    above = descent.height_km[cone] - Vertical().height_km
    slope = np.arctan2(above, descent.downrange_km[cone])
    assert slope[above > 0.01].min() >= approach.glide_slope_rad - 0.01
    assert descent.pitch_rad[cone][1:].min() >= math.pi / 2 - approach.tilt_rad - 2e-3


def test_vertical_phase_is_straight_and_as_slow_as_asked(descent):
    last = descent.phase == "vertical"
    assert descent.horizontal_speed_km_s[last].max() == 0.0
    assert np.allclose(descent.vertical_speed_km_s[last], -0.0015)
    assert descent.height_km[last][0] == pytest.approx(0.03, abs=1e-9)
    assert descent.height_km[-1] == pytest.approx(0.0, abs=1e-9)
    # constant speed costs lunar gravity for as long as it lasts
    spent = ENGINE.exhaust_speed_km_s * math.log(descent.mass_kg[last][0] / descent.mass_kg[-1])
    assert spent == pytest.approx(20.0 * GROUND.gravity_km_s2, rel=1e-12)


def test_a_hover_costs_gravity_for_its_time(descent):
    hovering = optimal_descent(ENGINE, 2000.0, GROUND, START, vertical=Vertical(hover_s=15.0))
    more = hovering.delta_v_km_s - descent.delta_v_km_s
    # the approach then ends at rest and not at 1.5 m/s: that much again, and gravity meanwhile
    assert 0.0 < more - 15.0 * GROUND.gravity_km_s2 < 3e-3


def test_interpolation_joins_the_points(descent):
    states = descent.at(descent.time_s)
    assert np.allclose(states[:3], descent.position_km, atol=1e-9)
    with pytest.raises(InputError, match=r"expected times from 0 to .* s after ignition; got -1 to -1 s"):
        descent.at([-1.0])


def test_the_same_descent_twice_is_the_same(descent):
    again = optimal_descent(ENGINE, 2000.0, GROUND, START)
    assert np.array_equal(again.mass_kg, descent.mass_kg)


def test_cross_range_costs_alike_on_both_sides():
    free, left, right = (
        optimal_descent(
            ENGINE,
            2000.0,
            GROUND,
            LevelStart(START.radius_km, START.speed_km_s, math.radians(angle)),
        )
        for angle in (0.0, 1.0, -1.0)
    )
    assert left.delta_v_km_s == pytest.approx(right.delta_v_km_s, abs=1e-7)
    assert 1e-3 < left.delta_v_km_s - free.delta_v_km_s < 0.02
    assert left.cross_range_km[0] < 0.0 < right.cross_range_km[0]


def test_a_turning_moon_helps_a_flight_to_the_east():
    spin = 2.66e-6
    costs = [
        optimal_descent(
            ENGINE, 2000.0, Ground(GROUND.gm_km3_s2, 1737.4, (0.0, 0.0, turn)), START
        ).delta_v_km_s
        for turn in (spin, 0.0, -spin)
    ]
    surface = spin * 1737.4
    assert costs[1] - costs[0] == pytest.approx(surface, rel=0.35)
    assert costs[2] - costs[1] == pytest.approx(surface, rel=0.35)


def test_a_floor_is_kept_and_costs():
    wall = Floor(np.array([0.0, 20.0, 60.0, 100.0, 400.0]), np.array([0.0, 3.0, 13.0, 13.5, 14.0]))
    free = optimal_descent(ENGINE, 2000.0, GROUND, START)
    over = optimal_descent(ENGINE, 2000.0, GROUND, START, floor=wall)
    assert over.ok
    braking = over.phase == "braking"
    least = np.interp(over.downrange_km[braking], wall.range_km, wall.height_km)
    assert (over.height_km[braking] - least)[1:-1].min() > -0.05
    least = np.interp(free.downrange_km[braking], wall.range_km, wall.height_km)
    assert (free.height_km[braking] - least).min() < -0.5
    assert over.delta_v_km_s > free.delta_v_km_s


def test_floor_over_the_map_is_above_every_height_below_it():
    environment = Environment.default()
    site = Site("a", math.radians(-71.38), math.radians(138.25), -4.9, ConstantMask(0.0))
    to_me = environment.orientation.icrf_to_me(8.3e8)
    state = np.concatenate([to_me.T @ [0.0, 0.0, -1800.0], to_me.T @ [1.6, 0.3, 0.0]])
    axes = site_axes(state, site, environment, 8.3e8)
    assert axes[1] @ site.up_me == pytest.approx(0.0, abs=1e-12)
    floor = terrain_floor(environment.terrain, site, axes, 0.3, 0.5)
    angle = np.linspace(0.02, 0.29, 500)
    place = np.cos(angle) * axes[0][:, None] - np.sin(angle) * axes[1][:, None]
    height = environment.terrain.height_km(np.arcsin(place[2]), np.arctan2(place[1], place[0]))
    least = np.interp(angle * site.radius_km, floor.range_km, floor.height_km)
    assert (least - (height + 4.9)).min() > 0.3
    assert floor.height_km[0] == 0.0


def test_thrust_below_weight_says_how_much_is_short():
    found = optimal_descent(Engine(2200.0, 320.0, 1, (0.4, 1.0)), 3500.0, GROUND, START)
    assert found.status == "thrust"
    assert not found.found
    assert "2200 N is 0.39 of the lunar weight of 3500 kg, 5685 N, at ignition" in found.message
    assert "short by 1100 N" in found.message
    assert found.thrust_to_weight == pytest.approx(0.387, abs=1e-3)
    with pytest.raises(InputError, match="there is no descent to evaluate: thrust below weight"):
        found.at([0.0])


def test_dry_mass_above_what_lands_is_short_of_propellant():
    found = optimal_descent(ENGINE, 2000.0, GROUND, START, dry_mass_kg=1200.0)
    assert found.status == "propellant"
    assert found.found
    short = 1200.0 - found.mass_kg[-1]
    assert f"propellant short by {short:.1f} kg" in found.message
    assert "800.0 kg are aboard at ignition" in found.message


def test_engine_that_cannot_be_throttled_to_the_weight_is_pulsed():
    fixed = optimal_descent(Engine(2200.0, 320.0, 2), 2000.0, GROUND, START)
    assert fixed.ok
    assert "taken as pulsed, burning" in fixed.message
    powered = fixed.phase != "vertical"
    assert np.allclose(fixed.thrust_n[powered], 4400.0, rtol=1e-6)


def test_start_that_cannot_land_is_reported():
    # 2 km up at orbital speed and 30 km from the site: nothing of this thrust stops there
    start = StateStart((1739.0, -30.0, 0.0), (0.0, 1.6, 0.0))
    found = optimal_descent(ENGINE, 2000.0, GROUND, start, iterations=60)
    assert found.status == "not converged"
    assert "no descent was found within the limits (IPOPT:" in found.message
    assert "4400 N is 1.35 of the lunar weight of 2000 kg" in found.message


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: optimal_descent(ENGINE, math.nan, GROUND, START), "expected a positive mass; got nan kg"),
        (lambda: optimal_descent(ENGINE, 0.0, GROUND, START), "expected a positive mass; got 0.0 kg"),
        (
            lambda: optimal_descent(ENGINE, 1.0, GROUND, START, dry_mass_kg=-1.0),
            "expected a positive dry mass; got -1.0 kg",
        ),
        (lambda: LevelStart(math.nan, 1.0), "expected a finite radius_km; got nan"),
        (lambda: LevelStart(1750.0, -1.0), "expected a positive radius and speed"),
        (lambda: LevelStart.at_periapsis(1800.0, 1750.0, 4902.8), "not above the apoapsis"),
        (lambda: StateStart((1.0, 2.0, math.inf), (0.0, 0.0, 0.0)), "expected a finite position_km"),
        (lambda: Approach(gate_height_km=-1.0), "expected a gate above the site"),
        (lambda: Approach(tilt_rad=2.0), "expected 0 <= tilt_rad < pi / 2; got 2"),
        (lambda: Vertical(speed_km_s=0.0), "some speed of descent"),
        (lambda: Vertical(hover_s=math.nan), "expected a finite hover_s"),
        (lambda: Ground(-1.0, 1737.4), "expected a positive GM and radius"),
        (lambda: Floor(np.zeros(2), np.zeros(2)), "at least four ranges"),
        (lambda: Floor(np.zeros(5), np.zeros(5)), "expected ranges that rise"),
        (lambda: gravity_turn(1.7, 0.9, 1.62e-3), "got 0.9, which never comes to rest"),
        (lambda: gravity_turn(1.7, 2.0, 1.62e-3, 2.0), "between straight down (0) and level"),
    ],
)
def test_bad_values(call, text):
    with pytest.raises(InputError) as raised:
        call()
    assert text in str(raised.value)
