"""Map projections against the numerical example of Snyder (1987) and by inversion.

The example (USGS Professional Paper 1395, p. 332) is the oblique Lambert azimuthal equal-area projection of a
sphere of radius 3 centred on 40 N, 100 W: the point 20 S, 100 E is at x = -4.2339303, y = 4.0257775; the
printed digits set the tolerance.
"""

from __future__ import annotations

import numpy as np
import pytest

from cislunar.report.figures.projection import Azimuthal, Cylindrical


def test_snyder_lambert_azimuthal_example():
    x, y = Azimuthal(40.0, -100.0, 179.0).forward(-20.0, 100.0)
    assert 3.0 * float(x) == pytest.approx(-4.2339303, abs=1e-7)
    assert 3.0 * float(y) == pytest.approx(4.0257775, abs=1e-7)


@pytest.mark.parametrize("centre", [(0.0, 180.0), (-90.0, 0.0), (90.0, 0.0), (-30.0, 77.0)])
def test_inverse_undoes_forward(centre):
    rng = np.random.default_rng(7)
    latitude, longitude = np.degrees(np.arcsin(rng.uniform(-1, 1, 500))), rng.uniform(0, 360, 500)
    projection = Azimuthal(*centre, 120.0)
    x, y = projection.forward(latitude, longitude)
    seen = np.isfinite(x)
    assert 0.6 < seen.mean() < 0.9
    back_latitude, back_longitude = projection.inverse(x[seen], y[seen])
    np.testing.assert_allclose(back_latitude, latitude[seen], atol=1e-6)
    turn = (back_longitude - longitude[seen] + 180.0) % 360.0 - 180.0
    np.testing.assert_allclose(turn * np.cos(np.radians(latitude[seen])), 0.0, atol=1e-6)


def test_equal_area():
    """A hemisphere covers as much of the page as of a unit sphere, 2 pi."""
    assert np.pi * Azimuthal(0.0, 180.0, 90.0).rim ** 2 == pytest.approx(2.0 * np.pi)


def test_north_is_up_and_east_is_right_on_the_far_side():
    projection = Azimuthal(0.0, 180.0, 90.0)
    assert projection.forward(45.0, 180.0)[1] > 0.5
    assert projection.forward(0.0, 200.0)[0] > 0.3
    latitude, longitude, _ = projection.pixels(100)
    assert latitude[10, 50] > 40.0
    assert longitude[50, 90] > 200.0
    assert np.isnan(latitude[0, 0])


def test_cylindrical_has_its_centre_in_the_middle():
    projection = Cylindrical(180.0)
    x, y = projection.forward(np.array([10.0, -20.0]), np.array([180.0, 350.0]))
    np.testing.assert_allclose(x, [0.0, 170.0])
    np.testing.assert_allclose(y, [10.0, -20.0])
    latitude, longitude, extent = projection.pixels(90)
    assert latitude.shape == (90, 180)
    assert longitude[0, 90] == pytest.approx(181.0)
    assert extent == (-180.0, 180.0, -90.0, 90.0)


def test_moon_map_shows_mare_crisium_dark_and_the_far_side_bright():
    """Mare Crisium is centred on 17.0 N, 59.1 E (IAU Gazetteer); highlands at 20 N, 190 E are bright."""
    from cislunar.report.figures.moonmap import relief

    offsets = np.linspace(-4.0, 4.0, 9)
    crisium = relief(17.0 + offsets, 59.1 + offsets).mean()
    highland = relief(20.0 + offsets, 190.0 + offsets).mean()
    assert crisium < 0.75 * highland
