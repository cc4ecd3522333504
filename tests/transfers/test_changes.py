"""Orbit changes against textbook examples and closed forms that the code does not use.

Textbook: D. A. Vallado, "Fundamentals of Astrodynamics and Applications", 4th ed., examples 6-1 (Hohmann,
from 191.34411 to 35,781.34857 km about the Earth, 3.935224 km/s) and 6-2 (bi-elliptic by 503,873 km to
376,310 km, 3.904057 km/s), run with that book's constants; rounding of the printed numbers is the tolerance.
A change that forgets that the arguments are radii fails by kilometres a second.
"""

from __future__ import annotations

import numpy as np
import pytest

from cislunar.constants import MOON_RADIUS_KM as R
from cislunar.errors import InputError
from cislunar.orbits.elements import KeplerianElements
from cislunar.transfers.changes import (
    apse_change,
    apse_rotation,
    bielliptic,
    change_apoapsis,
    change_periapsis,
    hohmann,
    plane_change,
    turn_high,
)
from cislunar.transfers.two_impulse import cheapest_two_impulses

GM = 4902.8
EARTH_GM, EARTH_R = 398600.4415, 6378.137


def ellipse(rp: float, ra: float, inclination: float = 90.0, node: float = 0.0, argument: float = 0.0):
    a, e = 0.5 * (rp + ra), (ra - rp) / (ra + rp)
    angles = np.radians([inclination, node, argument])
    return KeplerianElements(a, e, *angles, 0.0)


def test_vallado_example_6_1_hohmann():
    change = hohmann(EARTH_R + 191.34411, EARTH_R + 35781.34857, EARTH_GM)
    assert change.total_km_s == pytest.approx(3.935224, abs=2e-6)
    assert change.time_s / 60.0 == pytest.approx(315.403, abs=2e-3)


def test_vallado_example_6_2_bielliptic():
    change = bielliptic(EARTH_R + 191.34411, EARTH_R + 376310.0, EARTH_R + 503873.0, EARTH_GM)
    assert change.total_km_s == pytest.approx(3.904057, abs=2e-6)
    assert change.time_s / 3600.0 == pytest.approx(593.92, abs=1e-2)
    assert change.where == ("on the first circle", "at the intermediate radius", "on the new circle")


def test_an_intermediate_radius_at_the_larger_circle_is_hohmann():
    far = bielliptic(R + 100.0, R + 2300.0, R + 2300.0, GM)
    near = hohmann(R + 100.0, R + 2300.0, GM)
    assert far.total_km_s == pytest.approx(float(near.total_km_s), rel=1e-12)


def test_bielliptic_beats_hohmann_beyond_the_ratio_of_15_58_and_never_below_11_94():
    # H. Curtis, section 6.4: the two limits of the ratio of the radii; at 15.58 any intermediate radius pays.
    r, far = R + 50.0, 1e9
    for ratio, pays in ((11.0, False), (15.0, True), (16.0, True)):
        by_far = bielliptic(r, ratio * r, far, GM).total_km_s
        assert (by_far < hohmann(r, ratio * r, GM).total_km_s) is np.bool_(pays)
    assert bielliptic(r, 16.0 * r, 16.5 * r, GM).total_km_s < hohmann(r, 16.0 * r, GM).total_km_s
    assert bielliptic(r, 15.0 * r, 15.5 * r, GM).total_km_s > hohmann(r, 15.0 * r, GM).total_km_s


def test_apses_changed_one_after_the_other_cost_the_sum_of_single_impulses():
    both = apse_change(R + 100.0, R + 7000.0, R + 420.0, R + 3000.0, GM, first="apoapsis")
    one = change_periapsis(R + 100.0, R + 7000.0, R + 420.0, GM)
    two = change_apoapsis(R + 420.0, R + 7000.0, R + 3000.0, GM)
    assert both.total_km_s == pytest.approx(float(one.total_km_s + two.total_km_s), rel=1e-13)


def test_a_small_change_of_periapsis_follows_gauss():
    # drp/dv at apoapsis = 4 a^2 v / mu (from the energy; the apoapsis stays).
    rp, ra, step = R + 100.0, R + 7000.0, 0.01
    a = 0.5 * (rp + ra)
    v = np.sqrt(GM * (2.0 / ra - 1.0 / a))
    size = change_periapsis(rp, ra, rp + step, GM).total_km_s
    assert size == pytest.approx(step / (4.0 * a * a * v / GM), rel=1e-5)


def test_trap_turning_at_periapsis_costs_the_ratio_of_the_apses_more_than_at_apoapsis():
    rp, ra, angle = R + 100.0, R + 7000.0, np.radians(18.0)
    high = plane_change(rp, ra, angle, GM).total_km_s
    low = plane_change(rp, ra, angle, GM, at="periapsis").total_km_s
    assert low / high == pytest.approx(ra / rp, rel=1e-12)
    v = np.sqrt(GM * (2.0 / ra - 2.0 / (ra + rp)))
    assert high == pytest.approx(2.0 * v * np.sin(0.5 * angle), rel=1e-12)


def test_turning_and_raising_together_is_the_third_side_of_the_triangle():
    rp, ra, angle = R + 100.0, R + 7000.0, np.radians(30.0)
    v1, v2 = (np.sqrt(GM * (2.0 / ra - 2.0 / (ra + near))) for near in (rp, R + 420.0))
    together = plane_change(rp, ra, angle, GM, new_periapsis_km=R + 420.0).total_km_s
    vector = np.array([v2 * np.cos(angle) - v1, v2 * np.sin(angle)])
    assert together == pytest.approx(np.hypot(*vector), rel=1e-12)


def test_turn_high_at_the_own_apoapsis_is_the_plain_plane_change():
    rp, ra = R + 100.0, R + 7000.0
    own = turn_high(rp, ra, 0.7, ra, GM)
    assert own.total_km_s == pytest.approx(float(plane_change(rp, ra, 0.7, GM).total_km_s), rel=1e-12)


def test_turning_a_circle_at_infinity_pays_from_48_94_deg():
    # 2 (sqrt 2 - 1) v to the parabola and back, nothing for the turn, against 2 v sin(angle / 2).
    r = R + 100.0
    for angle, pays in ((48.0, False), (50.0, True)):
        plain = plane_change(r, r, np.radians(angle), GM).total_km_s
        assert (turn_high(r, r, np.radians(angle), 1e12, GM).total_km_s < plain) is np.bool_(pays)


def test_apse_rotation_reverses_the_radial_speed():
    rp, ra, angle = R + 100.0, R + 7000.0, np.radians(40.0)
    e, p = (ra - rp) / (ra + rp), 2.0 * rp * ra / (rp + ra)
    radial = np.sqrt(GM / p) * e * np.sin(0.5 * angle)
    assert apse_rotation(rp, ra, angle, GM).total_km_s == pytest.approx(2.0 * radial, rel=1e-12)


def test_batches_give_what_single_cases_give():
    rp, ra = R + np.linspace(60.0, 400.0, 50), R + np.linspace(3000.0, 9000.0, 50)
    batch = turn_high(rp, ra, 0.5, 30000.0, GM, new_periapsis_km=R + 420.0)
    single = turn_high(rp[17], ra[17], 0.5, 30000.0, GM, new_periapsis_km=R + 420.0)
    assert np.array_equal(batch.impulses_km_s[:, 17], single.impulses_km_s)
    assert batch.impulses_km_s.shape == batch.radius_km.shape == (3, 50)


def test_two_impulses_between_circles_are_hohmanns():
    found = cheapest_two_impulses(ellipse(R + 100.0, R + 100.0), ellipse(R + 2300.0, R + 2300.0), GM)
    assert found.total_km_s[0] == pytest.approx(
        float(hohmann(R + 100.0, R + 2300.0, GM).total_km_s), abs=1e-7
    )


def test_two_impulses_find_the_single_one_that_raises_the_periapsis():
    found = cheapest_two_impulses(ellipse(R + 100.0, R + 7000.0), ellipse(R + 420.0, R + 7000.0), GM)
    wanted = float(change_periapsis(R + 100.0, R + 7000.0, R + 420.0, GM).total_km_s)
    assert found.total_km_s[0] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("angle", [10.0, 30.0])
def test_two_impulses_between_inclined_circles_split_the_turn_at_the_nodes(angle: float):
    # Vallado, section 6.5.1: Hohmann with the turn divided between its two impulses, least over the division.
    r1, r2, turn = R + 100.0, R + 3000.0, np.radians(angle)
    at = 0.5 * (r1 + r2)
    v1, v2 = np.sqrt(GM / r1), np.sqrt(GM / r2)
    t1, t2 = np.sqrt(GM * (2 / r1 - 1 / at)), np.sqrt(GM * (2 / r2 - 1 / at))
    split = np.linspace(0.0, turn, 20001)
    cost = np.sqrt(v1**2 + t1**2 - 2 * v1 * t1 * np.cos(split)) + np.sqrt(
        v2**2 + t2**2 - 2 * v2 * t2 * np.cos(turn - split)
    )
    found = cheapest_two_impulses(ellipse(r1, r1, 60.0), ellipse(r2, r2, 60.0 + angle), GM)
    assert found.total_km_s[0] == pytest.approx(cost.min(), rel=1e-6)


def test_two_impulses_arrive_where_they_say():
    from cislunar.orbits.elements import to_state

    start, end = ellipse(R + 100, R + 7000, 90, 10, 120), ellipse(2457.2, 9828.8, 52.0, 40.0, 90.0)
    found = cheapest_two_impulses(start, end, GM)
    # Fly the transfer conic for the coast by an integrator that knows nothing of conics.
    from scipy.integrate import solve_ivp

    def pull(_: float, y: np.ndarray) -> np.ndarray:
        return np.concatenate([y[3:], -GM * y[:3] / np.linalg.norm(y[:3]) ** 3])

    flown = solve_ivp(
        pull, (0.0, found.coast_s[0]), found.transfer_state[:, 0], rtol=1e-11, atol=1e-9, method="DOP853"
    ).y[:, -1]
    flown[3:] += found.delta_v_km_s[1, :, 0]
    angles = [getattr(end, name) for name in list(end.__dataclass_fields__)[:-1]]
    wanted = to_state(KeplerianElements(*angles, found.end_anomaly_rad[0]), GM)
    assert np.abs(flown[:3] - wanted[:3]).max() < 1e-3
    assert np.abs(flown[3:] - wanted[3:]).max() < 1e-6


def test_an_altitude_given_for_a_radius_is_refused():
    with pytest.raises(
        InputError, match=r"periapsis_km: expected distances from the centre .* Is it an altitude"
    ):
        change_periapsis(100.0, 8737.4, 2157.4, GM)


def test_moving_the_apse_of_the_impulse_is_refused():
    with pytest.raises(InputError, match="an impulse at apoapsis cannot move the apoapsis"):
        plane_change(R + 100.0, R + 7000.0, 0.1, GM, new_apoapsis_km=R + 9000.0)


def test_a_hyperbola_is_refused():
    arrival = KeplerianElements(-7000.0, 1.3, 1.0, 0.0, 0.0, 0.0)
    with pytest.raises(InputError, match="expected ellipses; start is a hyperbola"):
        cheapest_two_impulses(arrival, ellipse(R + 100.0, R + 7000.0), GM)
