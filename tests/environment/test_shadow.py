"""Sunlight past the Moon and the Earth: closed forms, an independent circle overlap, and traps."""

import math

import numpy as np
import pytest

from cislunar.constants import AU_KM, EARTH_RADIUS_KM, MOON_RADIUS_KM, SUN_RADIUS_KM
from cislunar.environment.shadow import arccos, sunlit_fraction
from cislunar.propagation.jit import kernel
from cislunar.propagation.simd import LANES, load, store


def light(position, radius=MOON_RADIUS_KM, sun=(-AU_KM, 0.0, 0.0)):
    """Sunlit fraction at a position from the body's centre, km."""
    position = np.asarray(position, dtype=float)
    return float(sunlit_fraction(*(np.asarray(sun) - position), *(-position), SUN_RADIUS_KM, radius))


def counted_light(position, radius, rays=400):
    """The same by casting parallel lines to a grid of points on the Sun's disc: no formula in common."""
    position = np.asarray(position, dtype=float)
    sun = np.array([-AU_KM, 0.0, 0.0]) - position
    axis = sun / np.linalg.norm(sun)
    side = np.cross(axis, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    up = np.cross(side, axis)
    grid = (np.arange(rays) + 0.5) / rays * 2.0 - 1.0
    u, v = np.meshgrid(grid, grid)
    inside = u**2 + v**2 < 1.0
    # Points of the limb circle as seen: tangent cone of the Sun's sphere.
    angle = math.asin(SUN_RADIUS_KM / np.linalg.norm(sun))
    directions = axis[:, None] + math.tan(angle) * (side[:, None] * u[inside] + up[:, None] * v[inside])
    directions /= np.linalg.norm(directions, axis=0)
    towards_body = -position @ directions
    clear = (towards_body < 0.0) | (position @ position - towards_body**2 > radius**2)
    return clear.mean()


def test_arccos_is_good_to_a_picoradian():
    x = np.concatenate([np.linspace(-1.0, 1.0, 20001), 1.0 - np.geomspace(1e-16, 1e-3, 200), [1.5, -1.5]])
    assert np.abs(arccos(x) - np.arccos(np.clip(x, -1.0, 1.0))).max() < 1e-12


def test_full_light_before_and_beside_the_moon():
    assert light([-5000.0, 0.0, 0.0]) == 1.0
    assert light([0.0, 5000.0, 0.0]) == 1.0
    assert light([-MOON_RADIUS_KM - 1.0, 0.0, 0.0]) == 1.0


def test_no_light_behind_the_moon():
    assert light([5000.0, 0.0, 0.0]) == 0.0
    assert light([5000.0, 1700.0, 0.0]) == 0.0


@pytest.mark.parametrize("radius", [MOON_RADIUS_KM, EARTH_RADIUS_KM])
@pytest.mark.parametrize("along_km", [7000.0, 30000.0, 300000.0])
def test_edges_are_the_tangent_cones(radius, along_km):
    # Distances from the axis of the internal and external tangent cones of two spheres, by similar triangles.
    penumbra = math.asin((SUN_RADIUS_KM + radius) / AU_KM)
    umbra = math.asin((SUN_RADIUS_KM - radius) / AU_KM)
    outer = (radius + along_km * math.sin(penumbra)) / math.cos(penumbra)
    inner = (radius - along_km * math.sin(umbra)) / math.cos(umbra)
    assert light([along_km, outer + 0.01, 0.0], radius) == 1.0
    assert 0.999 < light([along_km, outer - 0.1, 0.0], radius) < 1.0
    assert light([along_km, inner - 0.01, 0.0], radius) == 0.0
    assert 0.0 < light([along_km, inner + 0.1, 0.0], radius) < 0.001


def test_half_light_where_the_limb_crosses_the_centre_of_the_sun():
    # The Moon's edge is almost straight across the Sun's disc: half the disc, less a sliver of curvature.
    position = np.array([3000.0, 0.0, 0.0])
    position[1] = MOON_RADIUS_KM * math.sqrt(1.0 + (3000.0 / AU_KM) ** 2)
    assert light(position) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "position",
    [(20000.0, 1700.0, 0.0), (20000.0, 1800.0, 0.0), (60000.0, 1600.0, 100.0), (60000.0, 0.0, -1900.0)],
)
def test_partial_light_equals_counted_rays(position):
    # Counting 125,000 rays resolves 0.2 %; circles taken as plane ones cost less than that here.
    assert light(position) == pytest.approx(counted_light(position, MOON_RADIUS_KM), abs=3e-3)


def test_annular_light_beyond_the_tip_of_the_umbra():
    # The Moon's umbra ends near 375,000 km; at 390,000 km behind it the Sun makes a ring.
    distance = 390000.0
    moon = math.asin(MOON_RADIUS_KM / distance)
    sun = math.asin(SUN_RADIUS_KM / (AU_KM + distance))
    assert sun > moon
    assert light([distance, 0.0, 0.0]) == pytest.approx(1.0 - (moon / sun) ** 2, abs=1e-9)
    assert light([distance, 50.0, 0.0]) == pytest.approx(1.0 - (moon / sun) ** 2, abs=1e-4)


def test_light_grows_without_jumps_across_the_penumbra():
    across = np.linspace(1500.0, 2100.0, 6001)
    values = np.array([light([40000.0, y, 0.0]) for y in across])
    assert values[0] == 0.0
    assert values[-1] == 1.0
    steps = np.diff(values)
    assert steps.min() >= -1e-9
    assert steps.max() < 0.1 / 370.0 * 1.5


def test_floats_arrays_and_lanes_share_one_formula():
    @kernel
    def on_lanes(y, out):
        beside = load(y, 0)
        store(
            out,
            0,
            sunlit_fraction(-AU_KM, -beside, 0.0, -40000.0, -beside, 0.0, SUN_RADIUS_KM, MOON_RADIUS_KM),
        )

    beside = np.linspace(1500.0, 2100.0, LANES)
    array = sunlit_fraction(-AU_KM, -beside, 0.0, -40000.0, -beside, 0.0, SUN_RADIUS_KM, MOON_RADIUS_KM)
    lanes = np.empty(LANES)
    on_lanes(beside, lanes)
    floats = [light([40000.0, y, 0.0], sun=(-AU_KM + 40000.0, 0.0, 0.0)) for y in beside]
    np.testing.assert_allclose(array, floats, atol=1e-12)
    np.testing.assert_allclose(lanes, array, atol=1e-9)  # lanes may fuse products and sums
