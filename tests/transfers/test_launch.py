"""Launch sites and launchers: spherical trigonometry, a plane that the site lies in, and their messages."""

import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.errors import InputError
from cislunar.transfers.launch import CAPE_CANAVERAL, Launcher, LaunchSite, plane_change_km_s
from cislunar.transfers.parking import ParkingOrbit, earth_pole


def test_azimuth_range_gives_the_published_inclinations():
    """35 deg gives about 57 deg and 120 deg about 39 deg, the figures quoted for the Eastern Range."""
    low, high = np.degrees(CAPE_CANAVERAL.inclinations())
    assert low == pytest.approx(28.4, abs=0.05)
    assert high == pytest.approx(59.7, abs=0.2)
    north, south = CAPE_CANAVERAL.azimuths(np.radians(40.4))
    assert np.degrees(south) == pytest.approx(120.0, abs=0.2)
    assert np.degrees(north) == pytest.approx(60.0, abs=0.2)


def test_inclination_below_the_latitude_says_what_is_short():
    with pytest.raises(InputError) as caught:
        CAPE_CANAVERAL.require(np.radians(20.0), 7.79)
    assert str(caught.value) == (
        "launch: the inclination 20.00 deg is below the (geocentric) latitude of Cape Canaveral, 28.40 deg; "
        "the plane is 8.40 deg short, a change of plane of 1141 m/s at 7.79 km/s; choose an inclination of "
        "28.40 to 59.70 deg"
    )


def test_inclination_outside_the_azimuths_says_what_is_short():
    with pytest.raises(InputError, match=r"outside 28\.40 to 59\.70 deg, which the launch azimuths of Cape"):
        CAPE_CANAVERAL.require(np.radians(90.0))
    CAPE_CANAVERAL.require(np.radians(51.6))


def test_trap_geodetic_latitude_is_a_fifth_of_a_degree_more():
    assert np.degrees(CAPE_CANAVERAL.latitude_rad - CAPE_CANAVERAL.geocentric_latitude_rad) == pytest.approx(
        0.162, abs=0.002
    )


def test_plane_change():
    assert plane_change_km_s(7.8, np.radians(60.0)) == pytest.approx(7.8)


def test_lift_offs_lie_in_the_plane_twice_a_day():
    environment = Environment.default()
    start = 26.0 * 365.25 * 86400.0
    pole = earth_pole(start, environment)[:, 0]
    across = np.cross(pole, [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    normal = np.cos(np.radians(40.0)) * pole + np.sin(np.radians(40.0)) * across
    tdb, northward = CAPE_CANAVERAL.lift_offs(normal, start, start + 86164.0, environment)
    assert northward.tolist().count(True) == 1 == northward.tolist().count(False)
    for when, north in zip(tdb, northward, strict=True):
        place = environment.earth.itrs_to_gcrs(when) @ CAPE_CANAVERAL.direction
        assert abs(normal @ place) < 1e-6
        heading = np.cross(normal, place)
        north_there = pole - (pole @ place) * place
        east_there = np.cross(pole, place)
        azimuth = np.arctan2(
            heading @ east_there / np.linalg.norm(east_there),
            heading @ north_there / np.linalg.norm(north_there),
        )
        assert azimuth == pytest.approx(
            CAPE_CANAVERAL.azimuths(np.radians(40.0))[0 if north else 1], abs=1e-3
        )


def test_no_lift_off_into_a_plane_below_the_latitude():
    environment = Environment.default()
    start = 26.0 * 365.25 * 86400.0
    tdb, _ = CAPE_CANAVERAL.lift_offs(
        earth_pole(start, environment)[:, 0], start, start + 86400.0, environment
    )
    assert tdb.size == 0


def test_launcher_interpolates_and_refuses():
    launcher = Launcher("Example", [-3.0, 0.0, 10.0], [4000.0, 3000.0, 2000.0])
    np.testing.assert_allclose(launcher.mass_at([-3.0, -1.5, 5.0]), [4000.0, 3500.0, 2500.0])
    with pytest.raises(InputError, match=r"Example: C3 12 km\^2/s\^2 is outside the curve given, -3 to 10"):
        launcher.mass_at([0.0, 12.0])
    with pytest.raises(InputError, match=r"injects 3500 kg to C3 -1\.500 .* of 3600 kg is 100 kg too heavy"):
        launcher.require(3600.0, -1.5)
    launcher.require(3400.0, -1.5)


@pytest.mark.parametrize(
    ("c3", "mass", "text"),
    [
        ([0.0], [1.0], "two or more"),
        ([0.0, 1.0], [1.0, 2.0], "fall along"),
        ([1.0, 0.0], [2.0, 1.0], "grows"),
    ],
)
def test_bad_launcher(c3, mass, text):
    with pytest.raises(InputError, match=text):
        Launcher("Example", c3, mass)


def test_bad_site_and_parking_orbit():
    with pytest.raises(InputError, match="expected a latitude of -pi/2 to pi/2"):
        LaunchSite("Nowhere", 28.5, 0.0)
    with pytest.raises(InputError, match="two azimuths, the smaller first"):
        LaunchSite("Nowhere", 0.5, 0.0, (2.0, 1.0))
    with pytest.raises(InputError, match=r"altitude of 100 to 50000 km .*; got 42\.0 km"):
        ParkingOrbit(42.0, 0.5)
    with pytest.raises(InputError, match=r"inclination of 0 to pi rad; got 28\.5"):
        ParkingOrbit(185.0, 28.5)
    with pytest.raises(InputError, match="heading: expected one of ascending, descending, cheaper; got 'up'"):
        ParkingOrbit(185.0, 0.5, "up")


def test_pole_of_date():
    """The third column of the rotation to Earth-fixed axes; ICRF's pole is 0.15 deg away in 2026."""
    environment = Environment.default()
    tdb = 26.0 * 365.25 * 86400.0
    pole = earth_pole(tdb, environment)[:, 0]
    np.testing.assert_allclose(pole, environment.earth.itrs_to_gcrs(tdb)[:, 2], atol=1e-12)
    assert np.degrees(np.arccos(pole[2])) == pytest.approx(0.147, abs=0.005)
