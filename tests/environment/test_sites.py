"""Sites and masks: closed forms of spherical geometry, and the traps of signs, units and order."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cislunar.environment.sites import AzimuthMask, ConstantMask, Site
from cislunar.errors import InputError

DEG = math.radians(1.0)


def place(latitude_deg, longitude_deg, height_km=0.0):
    return Site("place", latitude_deg * DEG, longitude_deg * DEG, height_km, ConstantMask(0.0))


def test_positions_in_mean_earth_axes():
    # x towards the mean Earth, z to the north pole, y east of x.
    np.testing.assert_allclose(place(0, 0).position_me_km, [1737.4, 0, 0], atol=1e-9)
    np.testing.assert_allclose(place(0, 90).position_me_km, [0, 1737.4, 0], atol=1e-9)
    np.testing.assert_allclose(place(-90, 0, -2.4).position_me_km, [0, 0, -1735.0], atol=1e-9)
    np.testing.assert_allclose(place(30, -60).up_me, [math.sqrt(3) / 4, -0.75, 0.5], atol=1e-15)


def test_trap_east_longitude_and_negative_height():
    # Schroedinger: far side (x < 0), east longitude (y > 0), southern, below the sphere.
    x, y, z = place(-75.0, 132.4, -4.0).position_me_km
    assert x < 0 < y
    assert z < 0
    assert math.hypot(x, y, z) == pytest.approx(1733.4)


@given(st.floats(-90, 90), st.floats(-360, 360))
def test_axes_are_right_handed_and_point_up(latitude, longitude):
    axes = place(latitude, longitude).axes_me
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(np.cross(axes[0], axes[1]), axes[2], atol=1e-14)
    assert axes[1][2] >= 0.0  # north leans to the pole


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", 0.0, 0.0, 0.0), "needs a name"),
        (("s", -75.0, 0.0, 0.0), "found a latitude of -4297.18 deg"),
        (("s", float("nan"), 0.0, 0.0), "found a latitude of nan"),
        (("s", 0.0, 132.4, 0.0), "found a longitude of 7585.96 deg"),
        (("s", 0.0, 0.0, -2500.0), "found a height of -2500 km; expected -15 km to 15 km"),
    ],
)
def test_impossible_places_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Site(*arguments, ConstantMask(0.0))


def test_constant_mask():
    mask = ConstantMask(5.0 * DEG)
    np.testing.assert_array_equal(mask.at([0.0, 1.0, 7.0]), np.full(3, 5.0 * DEG))
    with pytest.raises(InputError, match=r"found a horizon at 286\.479 deg"):
        ConstantMask(5.0)
    with pytest.raises(InputError, match="nan"):
        ConstantMask(float("nan"))


def test_azimuth_mask_is_linear_and_closes_around_north():
    mask = AzimuthMask([350 * DEG, 10 * DEG, 90 * DEG, 180 * DEG], [2 * DEG, 4 * DEG, 8 * DEG, 0.0])
    asked = np.array([350.0, 0.0, 5.0, 50.0, 135.0, 265.0, -10.0, 730.0])
    expected = np.array([2.0, 3.0, 3.5, 6.0, 4.0, 1.0, 2.0, 4.0])
    np.testing.assert_allclose(np.degrees(mask.at(asked * DEG)), expected, atol=1e-12)
    assert np.all(np.diff(mask.azimuth_rad) > 0)


def test_azimuth_mask_takes_a_closed_table():
    mask = AzimuthMask([0.0, 90 * DEG, 360 * DEG], [3 * DEG, 5 * DEG, 3 * DEG])
    assert mask.azimuth_rad.size == 2
    assert mask == AzimuthMask([0.0, 90 * DEG], [3 * DEG, 5 * DEG])
    assert hash(mask) == hash(AzimuthMask([90 * DEG, 0.0], [5 * DEG, 3 * DEG]))
    assert mask != ConstantMask(3 * DEG)


@pytest.mark.parametrize(
    ("azimuth", "elevation", "message"),
    [
        ([0.0, 1.0], [0.1], "2 azimuths and 1 elevations"),
        ([0.0], [0.1], "at least two azimuths"),
        ([], [], "at least two azimuths"),
        ([0.0, 2 * math.pi], [0.1, 0.1], "at least two azimuths"),
        ([0.0, 2 * math.pi, 1.0], [0.1, 0.2, 0.0], "two elevations at the azimuth 0 deg"),
        ([0.0, float("inf")], [0.1, 0.2], "NaN or infinite"),
        ([0.0, 1.0], [0.1, float("nan")], "found a horizon at nan deg"),
        ([0.0, 1.0], [0.1, 5.0], "found a horizon at 286.479 deg"),
    ],
)
def test_impossible_tables_are_refused(azimuth, elevation, message):
    with pytest.raises(InputError, match=message):
        AzimuthMask(azimuth, elevation)


def test_tables_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        AzimuthMask([0.0, 1.0], [0.1, 0.2]).elevation_rad[0] = 0.0
