"""Paths and damage that every reader of data files meets: one clear error."""

from pathlib import Path

import pytest

from cislunar.environment.datafile import existing_file, reading
from cislunar.environment.gravity import load_field
from cislunar.environment.terrain import Terrain
from cislunar.errors import DataFileError


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", "found no name"),
        ("nowhere.bsp", "found no such file"),
        ("a\0b.bsp", "found no such file"),
        (5000 * "a" + ".bsp", r"a{120}\.\.\.: found a path that cannot be used \(File name too long\)"),
        ("~nobody-of-that-name/x.bsp", "found (a path that cannot be used|no such file)"),
    ],
)
def test_paths_that_name_no_file(path: str, found: str) -> None:
    with pytest.raises(DataFileError, match=found) as caught:
        existing_file(path, "an ephemeris")
    assert "expected an ephemeris" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_details_of_low_level_errors_are_short_and_printable(tmp_path: Path) -> None:
    with pytest.raises(DataFileError) as caught, reading("x.bsp", "an ephemeris"):
        raise ValueError(1000 * "\0\n\x1b[31m")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


PAGE = "<!DOCTYPE html><html><body>404 Not Found</body></html>\n"


@pytest.mark.parametrize("name", ["field.tab", "field.gfc"])
def test_web_page_in_place_of_a_gravity_field(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(PAGE)
    with pytest.raises(DataFileError, match="not a number: '<!DOCTYPE'"):
        load_field(tmp_path / name, frame="MOON_PA_DE430")


def test_web_page_in_place_of_a_height_grid(tmp_path: Path) -> None:
    (tmp_path / "dem.npz").write_text(PAGE)
    with pytest.raises(DataFileError, match="found no NumPy archive") as caught:
        Terrain.from_file(tmp_path / "dem.npz")
    assert "pickle" not in str(caught.value)
