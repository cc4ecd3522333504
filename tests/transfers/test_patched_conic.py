"""Arcs, impulses and perigees against closed forms and Kepler's equation."""

import numpy as np
import pytest

from cislunar.errors import InputError
from cislunar.transfers.patched_conic import (
    approach_time,
    arc_to_distance,
    c3_of_injection,
    capture_km_s,
    injection_km_s,
)
from cislunar.transfers.perigee import perigee

GM = 398600.44


def test_injection_and_energy_are_inverse():
    c3 = np.array([-2.0, 0.0, 12.0])
    np.testing.assert_allclose(c3_of_injection(6563.0, injection_km_s(6563.0, c3, GM), GM), c3, atol=1e-12)


def test_escape_is_root_two_of_the_circle():
    assert injection_km_s(7000.0, 0.0, GM) == pytest.approx((np.sqrt(2.0) - 1.0) * np.sqrt(GM / 7000.0))


def test_capture_into_the_parabola_costs_what_the_speed_at_infinity_adds():
    assert capture_km_s(0.0, 1837.4, 4902.8, 1e12) == pytest.approx(0.0, abs=1e-8)
    assert capture_km_s(0.0, 1837.4, 4902.8) == pytest.approx((np.sqrt(2.0) - 1) * np.sqrt(4902.8 / 1837.4))


@pytest.mark.parametrize("days", [2.2, 3.0, 4.978, 6.0, 9.0])
def test_arc_ends_at_its_distance(days):
    q, far = 6563.137, 384_400.0
    arc = arc_to_distance(days * 86400.0, q, far, GM)
    a = -GM / arc.c3_km2_s2
    e = 1.0 - q / a
    assert a * (1.0 - e * e) / (1.0 + e * np.cos(arc.angle_rad)) == pytest.approx(far, rel=1e-9)
    eccentric = 2.0 * np.arctan(np.sqrt((1.0 - e) / (1.0 + e)) * np.tan(0.5 * arc.angle_rad)) % (2.0 * np.pi)
    assert np.sqrt(a**3 / GM) * (eccentric - e * np.sin(eccentric)) == pytest.approx(days * 86400.0, rel=1e-8)
    speed_2 = arc.radial_km_s**2 + arc.transverse_km_s**2
    assert speed_2 - 2.0 * GM / far == pytest.approx(arc.c3_km2_s2, rel=1e-9)
    assert far * arc.transverse_km_s == pytest.approx(q * arc.perigee_speed_km_s, rel=1e-12)


def test_arc_shorter_than_the_parabola_is_refused():
    with pytest.raises(InputError, match=r"1\.900 d to 384400 km is shorter than the parabola's 2\.112 d"):
        arc_to_distance(1.9 * 86400.0, 6563.0, 384_400.0, GM)


def test_approach_is_faster_than_without_the_moon():
    assert approach_time(66_100.0, 1837.4, 1.0, 4902.8) < 66_100.0
    # Without attraction the way is a straight line past the periapsis.
    assert approach_time(66_100.0, 1837.4, 1.0, 1e-6) == pytest.approx(
        np.sqrt(66_100.0**2 - 1837.4**2), rel=1e-5
    )


@pytest.mark.parametrize("e", [0.3, 0.97, 1.0 - 1e-9, 1.0, 1.0 + 1e-9, 1.4])
@pytest.mark.parametrize("anomaly", [-2.0, -0.3, 0.0, 0.01, 1.5])
def test_perigee_of_a_conic(e, anomaly):
    """Time since the perigee by Kepler's, Barker's and the hyperbolic equation."""
    q = 6563.0
    p = q * (1.0 + e)
    r = p / (1.0 + e * np.cos(anomaly))
    c, s = np.cos(anomaly), np.sin(anomaly)
    h = np.sqrt(GM * p)
    state = np.array([r * c, 0.0, r * s, -GM / h * s, 0.0, GM / h * (e + c)])[:, None]
    radius, since = perigee(state, GM)
    assert radius[0] == pytest.approx(q, rel=1e-12)
    tangent = np.tan(0.5 * anomaly)
    if abs(e - 1.0) < 2e-9:
        expected, tolerance = np.sqrt(2.0 * q**3 / GM) * (tangent + tangent**3 / 3.0), 1e-7
    elif e < 1.0:
        x = 2.0 * np.arctan(np.sqrt((1.0 - e) / (1.0 + e)) * tangent)
        expected, tolerance = np.sqrt((q / (1.0 - e)) ** 3 / GM) * (x - e * np.sin(x)), 1e-10
    else:
        x = 2.0 * np.arctanh(np.sqrt((e - 1.0) / (e + 1.0)) * tangent)
        expected, tolerance = np.sqrt((q / (e - 1.0)) ** 3 / GM) * (e * np.sinh(x) - x), 1e-10
    assert since[0] == pytest.approx(expected, rel=tolerance, abs=1e-7)
