"""The five named frames: names, shapes, definitions and the tilt between their poles.

The comparison with SPICE is in tests/truth/test_spice_frames.py.  Published angles: the lunar equator lies
1.54 deg from the ecliptic and the lunar orbit 5.145 deg on the mean (4.98 to 5.30 deg with the Sun's
perturbation), on opposite sides of it (Cassini's laws; Explanatory Supplement to the Astronomical Almanac,
3rd ed., chapter 10), so the orbit's pole is 6.69 deg from the equator's on the mean and within 6.5 to 6.9
deg.
"""

import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.errors import EpochRangeError, InputError
from cislunar.orbits import elements
from cislunar.orbits.elements import KeplerianElements
from cislunar.orbits.frames import FRAMES, canonical_frame, frame_to_icrf, rotate_state

GM = 4902.8001
EPOCHS = np.linspace(1e8, 2e9, 2000)


@pytest.mark.parametrize("name", FRAMES)
def test_rotations_are_proper(name):
    rotation = np.moveaxis(frame_to_icrf(name, EPOCHS), -1, 0)
    squared = rotation @ np.swapaxes(rotation, 1, 2)
    np.testing.assert_allclose(squared, np.broadcast_to(np.eye(3), rotation.shape), atol=1e-14)
    np.testing.assert_allclose(np.linalg.det(rotation), 1.0, rtol=1e-14)
    assert frame_to_icrf(name, 8e8).shape == (3, 3)


def test_names():
    assert canonical_frame("EME2000") == "icrf"
    assert canonical_frame("Moon-OP") == "moon-op"
    np.testing.assert_array_equal(frame_to_icrf("EME2000", 0.0), np.eye(3))
    message = "frame: expected one of icrf, .*got 'moon-eqator'; did you mean 'moon-equator'"
    with pytest.raises(InputError, match=message):
        canonical_frame("moon-eqator")
    with pytest.raises(InputError, match="got 5"):
        canonical_frame(5)


def test_outside_the_tables():
    with pytest.raises(EpochRangeError):
        frame_to_icrf("moon-op", -1e10)


def test_poles_follow_cassinis_laws():
    op, equator = frame_to_icrf("moon-op", EPOCHS), frame_to_icrf("moon-equator", EPOCHS)
    tilt = np.degrees(np.arccos(np.einsum("in,in->n", op[:, 2], equator[:, 2])))
    assert 6.5 < tilt.min() < tilt.max() < 6.9
    assert tilt.mean() == pytest.approx(6.69, abs=0.03)
    obliquity = np.radians(84381.448 / 3600.0)
    ecliptic = np.array([0.0, -np.sin(obliquity), np.cos(obliquity)])
    for poles, expected in ((op, 5.145), (equator, 1.54)):
        angle = np.degrees(np.arccos(ecliptic @ poles[:, 2]))
        assert angle.mean() == pytest.approx(expected, abs=0.03)
    # on opposite sides of the ecliptic pole: the three poles lie nearly in one plane
    normal = np.cross(op[:, 2], equator[:, 2], axis=0)
    assert np.abs(ecliptic @ normal / np.linalg.norm(normal, axis=0)).max() < np.sin(np.radians(0.3))


def test_moon_rises_through_the_equator_at_the_node_of_op():
    """Where the Moon stands on the x axis of moon-op, it crosses the plane of its equator northwards."""
    environment = Environment.default()
    epochs = 8e8 + np.arange(0.0, 30 * 86400.0, 60.0)
    moon = environment.ephemeris.state("moon", "earth", epochs)
    op = frame_to_icrf("moon-op", epochs, environment)
    local = np.einsum("ijn,in->jn", op, moon[:3])
    np.testing.assert_allclose(local[2] / np.linalg.norm(local, axis=0), 0.0, atol=1e-14)
    crossing = np.flatnonzero((local[1][:-1] < 0) & (local[1][1:] >= 0))
    pole = frame_to_icrf("moon-me", epochs[crossing], environment)[:, 2]
    assert crossing.size == 1
    assert (pole * moon[3:, crossing]).sum() > 0.0
    height = abs((pole * moon[:3, crossing]).sum()) / np.linalg.norm(moon[:3, crossing])
    assert height < 2e-5  # one minute of the Moon's motion


def test_axes_are_frozen():
    """A velocity is turned, and nothing of the rotation of the frame is added."""
    rotation = frame_to_icrf("moon-pa", EPOCHS[:4])
    state = np.array([[2000.0, 0.0, 0.0, 0.0, 1.5, 0.0]] * 4).T
    turned = rotate_state(rotation, state)
    np.testing.assert_allclose(np.linalg.norm(turned[3:], axis=0), 1.5, rtol=1e-14)
    np.testing.assert_allclose(turned[:3], 2000.0 * rotation[:, 0], rtol=1e-14)
    np.testing.assert_allclose(turned[3:], 1.5 * rotation[:, 1], rtol=1e-14)


def test_trap_orbit_plane_is_not_equator():
    """52 deg to the Moon's orbit plane is 45 to 59 deg to its equator, depending on the node.

    The frozen inclinations of the literature are to the orbit plane: read as equatorial they miss by up to
    6.8 deg.
    """
    nodes = np.linspace(0.0, 2.0 * np.pi, 73)
    ones = np.ones_like(nodes)
    orbit = KeplerianElements(6143.0 * ones, 0.6 * ones, np.radians(51.7) * ones, nodes, ones, 0.0 * ones)
    icrf = rotate_state(frame_to_icrf("moon-op", 8e8), elements.to_state(orbit, GM))
    equatorial = elements.from_state(rotate_state(frame_to_icrf("moon-equator", 8e8).T, icrf), GM)
    inclination = np.degrees(equatorial.inclination_rad)
    assert inclination.min() < 51.7 - 6.4
    assert inclination.max() > 51.7 + 6.4
    # with the node of the orbit on the node of the planes, the tilts add
    assert np.argmax(inclination) in (0, 72)
