"""Visibility functions against angles: elevation, angular separation and radii of discs."""

import numpy as np
import pytest

from cislunar.coverage import geometry

R = 1737.4
RNG = np.random.default_rng(6)


def directions(count):
    vectors = RNG.normal(size=(3, count))
    return vectors / np.linalg.norm(vectors, axis=0)


@pytest.mark.parametrize("mask_deg", [-5.0, 0.0, 5.0, 40.0])
@pytest.mark.parametrize("height_km", [-6.0, 0.0, 1000.0])
def test_site_margin_has_the_sign_of_the_elevation_above_the_mask(mask_deg, height_km):
    up = directions(20000)
    radius = R + height_km
    target = directions(20000) * RNG.uniform(0.7 * R, 6.0 * R, 20000)
    seen = target - radius * up
    elevation = np.degrees(np.arcsin(np.sum(seen * up, axis=0) / np.linalg.norm(seen, axis=0)))
    clear = np.abs(elevation - mask_deg) > 1e-6
    margin = geometry.site_margin(*target, *up, radius, np.sin(np.radians(mask_deg)))
    assert np.array_equal((margin > 0.0)[clear], (elevation > mask_deg)[clear])


def test_site_below_the_mean_radius_is_not_hidden():
    """The floor of a basin 6 km deep sees a relay that a 1737.4 km sphere would hide."""
    up = np.array([0.0, 0.0, 1.0])
    site = (R - 6.0) * up
    target = site + 3000.0 * np.array([np.cos(0.02), 0.0, np.sin(0.02)])
    nearest = np.linalg.norm(np.cross(site, target - site)) / np.linalg.norm(target - site)
    assert nearest < R
    assert geometry.site_margin(*target, *up, R - 6.0, np.sin(0.01)) > 0.0


def test_horizon_margin_has_the_sign_of_the_elevation_above_the_mask():
    up, target = directions(1000), directions(1000) * 4.0e5
    elevation = np.arcsin(np.sum(target * up, axis=0) / 4.0e5)
    margin = geometry.horizon_margin(*target, *up, np.sin(0.17))
    assert np.array_equal(margin > 0.0, elevation > 0.17)


def test_occultation_margin_has_the_sign_of_the_limb_distance():
    relay = directions(20000) * RNG.uniform(1.01 * R, 40.0 * R, 20000)
    station = directions(20000) * 3.8e5
    line = station - relay
    behind = np.arccos(
        np.sum(-relay * line, axis=0) / np.linalg.norm(relay, axis=0) / np.linalg.norm(line, axis=0)
    )
    limb = np.arcsin(R / np.linalg.norm(relay, axis=0))
    margin = geometry.occultation_margin(*relay, *line, R)
    assert np.array_equal(margin > 0.0, behind > limb)


@pytest.mark.parametrize("umbra", [1.0, -1.0])
def test_shadow_margin_has_the_sign_of_the_separation_of_discs(umbra):
    sun_radius, sun = 695700.0, np.array([[1.496e8], [0.0], [0.0]])
    away = RNG.uniform(1.01 * R, 300.0 * R, 20000)
    across = RNG.uniform(0.0, 3.0 * R, 20000)
    # Mostly behind the Moon, where its shadow is, with some in front.
    orbiter = np.stack((np.where(RNG.random(20000) < 0.9, -away, away), across, 0.0 * across))
    body, light = -orbiter, sun - orbiter
    b, s = np.linalg.norm(body, axis=0), np.linalg.norm(light, axis=0)
    outside = b > 1.0001 * R
    separation = np.arccos(np.clip(np.sum(body * light, axis=0) / b / s, -1.0, 1.0))
    moon, disc = np.arcsin(np.minimum(R / b, 1.0)), np.arcsin(sun_radius / s)
    touching = moon - disc if umbra > 0.0 else moon + disc
    margin = geometry.shadow_margin(*body, *light, R, sun_radius, umbra)
    clear = outside & (np.abs(separation - touching) > 1e-7)
    assert np.array_equal((margin > 0.0)[clear], (separation > touching)[clear])


def test_annular_eclipse_is_no_umbra():
    """From 400,000 km behind, the Moon's disc is smaller than the Sun's."""
    body, light = np.array([4.0e5, 0.0, 0.0]), np.array([1.5e8, 0.0, 0.0])
    assert geometry.shadow_margin(*body, *light, R, 695700.0, 1.0) > 0.0
    assert geometry.shadow_margin(*body, *light, R, 695700.0, -1.0) < 0.0


def test_elevation():
    up = np.array([[0.0], [0.0], [1.0]])
    target = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 2.0]])
    assert np.degrees(geometry.elevation_rad(target, up)) == pytest.approx([45.0, 90.0])
