"""Constants against those held by astropy (IAU 2012, IAU 2015, CODATA 2018) and by ERFA (WGS 84)."""

import erfa
import pytest
from astropy import constants as published
from astropy import units as u

from cislunar import constants


def test_exact_constants_equal_astropys():
    assert published.au.value / 1000.0 == constants.AU_KM
    assert published.c.value / 1000.0 == constants.SPEED_OF_LIGHT_KM_S


def test_nominal_solar_radius_equals_astropys():
    assert published.R_sun.to_value(u.km) == constants.SUN_RADIUS_KM


def test_earth_ellipsoid_equals_erfas_wgs84():
    radius_m, flattening = erfa.eform(1)
    assert radius_m / 1000.0 == constants.EARTH_RADIUS_KM
    assert flattening == constants.EARTH_FLATTENING


def test_solar_pressure_is_nominal_luminosity_over_sphere_and_speed_of_light():
    # Nominal irradiance is rounded to 1361 W/m^2 in IAU 2015 B3; the luminosity gives 1361.17 W/m^2.
    irradiance = (published.L_sun / (4.0 * 3.141592653589793 * published.au**2)).to_value(u.W / u.m**2)
    assert pytest.approx(irradiance, rel=2e-4) == constants.SOLAR_IRRADIANCE_W_M2
    assert pytest.approx(4.5398e-6, rel=1e-5) == constants.SOLAR_PRESSURE_N_M2
