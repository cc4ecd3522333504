"""Horizon from terrain: analytic landscapes with exact answers, and the packaged topography.

A point at height h and arc s from an eye at height e on a sphere of radius R stands at the elevation
atan((r cos s - q) / (r sin s)), r = R + h, q = R + e.
"""

import math

import numpy as np
import pytest

from cislunar.environment.horizon import terrain_horizon, unresolved_km
from cislunar.environment.sites import Site
from cislunar.environment.terrain import Terrain

R = 1737.4
DEG = math.radians(1.0)


class Landscape:
    """A terrain given by a function of latitude and longitude, rad."""

    provenance = {"name": "a drawn landscape"}  # noqa: RUF012

    def __init__(self, height, resolution_deg=0.125):
        self._height = height
        self.resolution_deg = resolution_deg

    def height_km(self, latitude_rad, longitude_rad):
        return self._height(np.asarray(latitude_rad), np.asarray(longitude_rad)) + 0.0 * longitude_rad


def elevation(arc, height, eye):
    return math.atan(((R + height) * math.cos(arc) - (R + eye)) / ((R + height) * math.sin(arc)))


def ring(centre_latitude, centre_longitude, arc, height, width):
    """A circular ridge of Gaussian profile around a point."""

    def at(latitude, longitude):
        cosine = np.sin(latitude) * math.sin(centre_latitude) + np.cos(latitude) * math.cos(
            centre_latitude
        ) * np.cos(longitude - centre_longitude)
        return height * np.exp(-(((np.arccos(np.clip(cosine, -1, 1)) - arc) / width) ** 2))

    return at


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(0.0, 0.0), (-75.0, 132.4), (-89.95, 10.0), (60.0, -179.9)]
)
def test_a_ring_wall_stands_at_its_elevation_all_around(latitude, longitude):
    arc, height = 60.0 / R, 3.0
    terrain = Landscape(ring(latitude * DEG, longitude * DEG, arc, height, 5.0 / R))
    mask = terrain_horizon(terrain, latitude * DEG, longitude * DEG, 0.0)
    # Rays sample the crest within a quarter of a cell, 0.95 km; the top stays within 4 % of its height there.
    exact = elevation(arc, height, 0.0)
    assert mask.elevation_rad.min() > exact - 0.1 * DEG
    assert mask.elevation_rad.max() < exact + 0.05 * DEG
    assert np.ptp(mask.elevation_rad) < 0.01 * DEG


def test_a_ridge_in_the_east_is_in_the_east():
    # Trap for azimuths counted from the east or counterclockwise, and for mirrored longitudes.
    def wall(latitude, longitude):
        return np.where((longitude > 2.0 * DEG) & (longitude < 2.6 * DEG), 4.0, 0.0)

    mask = terrain_horizon(Landscape(wall), 0.0, 0.0, 0.0)
    # The cliff at 2 deg is met half a cell behind its edge at most.
    assert elevation(2.0625 * DEG, 4.0, 0.0) <= mask.at(90 * DEG) <= elevation(2.0 * DEG, 4.0, 0.0) + 1e-9
    for azimuth in (0.0, 180.0, 270.0):
        assert mask.at(azimuth * DEG) < 0.1 * DEG


def test_a_ridge_in_the_north_seen_from_the_southern_hemisphere():
    def wall(latitude, longitude):
        return np.where((latitude > -68.0 * DEG) & (latitude < -67.4 * DEG), 4.0, 0.0)

    mask = terrain_horizon(Landscape(wall), -70.0 * DEG, 100.0 * DEG, 0.0)
    assert elevation(2.0625 * DEG, 4.0, 0.0) <= mask.at(0.0) <= elevation(2.0 * DEG, 4.0, 0.0) + 1e-9
    assert mask.at(180.0 * DEG) < 0.1 * DEG


def test_smooth_sphere_is_flat_and_its_curvature_counts():
    assert (
        np.abs(terrain_horizon(Landscape(lambda la, lo: 0.0), 0.3, 0.4, 0.0).elevation_rad).max() < 0.1 * DEG
    )
    # From a height of 5 km the limb lies below the horizontal by acos(R / (R + 5)).
    high = terrain_horizon(Landscape(lambda la, lo: 0.0), 0.3, 0.4, 5.0)
    np.testing.assert_allclose(high.elevation_rad, -math.acos(R / (R + 5.0)), atol=0.003 * DEG)


def test_a_far_mountain_beyond_the_smooth_horizon_is_seen():
    # 10 km high at 170 km: the foot is below the horizon, the top is 0.6 deg above it.
    terrain = Landscape(ring(0.0, 0.0, 170.0 / R, 10.0, 15.0 / R))
    exact = elevation(170.0 / R, 10.0, 0.0)
    assert terrain_horizon(terrain, 0.0, 0.0, 0.0).at(1.0) == pytest.approx(exact, abs=0.05 * DEG)
    # The same from 9 km below the sphere, 10 km + 9 km higher at 250 km.
    terrain = Landscape(lambda la, lo: ring(0.0, 0.0, 250.0 / R, 19.0, 15.0 / R)(la, lo) - 9.0)
    exact = elevation(250.0 / R, 10.0, -9.0)
    assert terrain_horizon(terrain, 0.0, 0.0, -9.0).at(1.0) == pytest.approx(exact, abs=0.05 * DEG)


@pytest.mark.parametrize("depth_km", [-1.0, -4.4, -8.5])
def test_trap_the_floor_of_a_basin_is_not_hidden(depth_km):
    # A flat floor 600 km wide below the sphere, as South Pole-Aitken: the horizon is the floor itself.
    def basin(latitude, longitude):
        arc = np.arccos(np.clip(-np.sin(latitude), -1.0, 1.0))
        return np.where(arc < 600.0 / R, depth_km, 0.0)

    mask = terrain_horizon(Landscape(basin), -89.0 * DEG, 50.0 * DEG, depth_km)
    assert mask.elevation_rad.max() < 0.5 * DEG
    assert mask.elevation_rad.min() > -0.5 * DEG


def test_relief_within_one_cell_is_left_out_and_said_so():
    def spike(latitude, longitude):
        return np.where(np.hypot(latitude, longitude) < 3.0 / R, 5.0, 0.0)

    mask = terrain_horizon(Landscape(spike), 0.0, 0.0, 0.0)
    assert mask.elevation_rad.max() < 0.5 * DEG
    assert mask.source == (
        "computed from a drawn landscape, 0.125 deg; "
        "relief within one grid cell, 3.8 km, of the site is unresolved"
    )
    assert unresolved_km(Landscape(spike, 0.01)) == pytest.approx(0.303, abs=1e-3)


def test_a_finer_map_resolves_nearer_relief():
    terrain = Landscape(ring(0.0, 0.0, 1.0 / R, 0.1, 0.3 / R), resolution_deg=0.004)
    # Seen from the centre the slope before the crest stands highest.
    profile = np.linspace(0.2, 1.5, 5001)
    exact = max(elevation(km / R, 0.1 * math.exp(-(((km - 1.0) / 0.3) ** 2)), 0.0) for km in profile)
    assert terrain_horizon(terrain, 0.0, 0.0, 0.0).at(2.0) == pytest.approx(exact, abs=0.02 * DEG)


@pytest.mark.parametrize(
    ("name", "latitude", "longitude", "highest_deg"),
    [
        # Floors of basins inside South Pole-Aitken and the far-side highlands; walls tens of kilometres away
        # stand a few degrees high, never tens.
        ("schroedinger", -71.38, 138.25, 12.0),
        ("von karman", -45.46, 177.6, 12.0),
        ("apollo", -36.1, 208.3, 12.0),
        ("south pole-aitken, deepest", -70.37, -172.4, 20.0),
        ("mare imbrium", 44.12, -19.51, 5.0),
    ],
)
def test_packaged_topography_hides_no_basin(name, latitude, longitude, highest_deg):
    terrain = Terrain.default()
    height = float(terrain.height_km(latitude * DEG, longitude * DEG))
    mask = terrain_horizon(terrain, latitude * DEG, longitude * DEG, height)
    assert mask.elevation_rad.min() > -3.0 * DEG
    assert mask.elevation_rad.max() < highest_deg * DEG
    assert Site(name, latitude * DEG, longitude * DEG, height, mask).horizon is mask
