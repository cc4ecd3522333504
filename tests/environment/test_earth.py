"""Earth orientation: its table, its ends, its bookkeeping.  Comparisons with SPICE and astropy are in
tests/truth."""

import subprocess
import sys
import warnings
from pathlib import Path

import astropy_iers_data
import erfa
import numpy as np
import pytest

from cislunar import time
from cislunar.environment.earth import EarthOrientation, EarthOrientationWarning
from cislunar.errors import DataFileError, EpochRangeError, InputError

ROWS = Path(astropy_iers_data.IERS_A_FILE).read_text(encoding="ascii").splitlines()


@pytest.fixture
def earth():
    return EarthOrientation.from_file(astropy_iers_data.IERS_A_FILE)


def test_the_full_series_without_interpolation_agrees(earth):
    # The same table values at 0 h UTC, where nothing of them is interpolated; the pole evaluated on the spot.
    for date in ("2003-02-01", "2016-12-31", "2017-01-01", "2026-05-05"):
        epoch = time.parse_epoch(f"{date} UTC")
        mjd = int(np.datetime64(date, "D").astype(int)) + 40587
        row = next(line for line in ROWS if line[7:15] == f"{mjd:5d}.00")
        ut1_utc, x, y = float(row[58:68]), float(row[18:27]), float(row[37:46])
        dx, dy = float(row[97:106]) / 1e3, float(row[116:125]) / 1e3
        arcsec = np.radians(1 / 3600)
        tt = time.tt_jd(epoch)
        px, py, s = erfa.xys06a(*tt)
        full = erfa.c2tcio(
            erfa.c2ixys(px + dx * arcsec, py + dy * arcsec, s),
            erfa.era00(2400000.5 + mjd, ut1_utc / 86400.0),
            erfa.pom00(x * arcsec, y * arcsec, erfa.sp00(*tt)),
        )
        # 1e-9 is 6 mm at the surface.
        np.testing.assert_allclose(earth.itrs_to_gcrs(epoch), full.T, atol=1e-9)
        # A millisecond later, so that rounding does not fall before the leap second of 2016.
        assert float(earth.ut1_minus_utc(epoch + 1e-3)) == pytest.approx(ut1_utc, abs=1e-6)


def test_rotations_are_rotations_of_the_shape_of_the_epochs(earth):
    epochs = np.linspace(0.0, 8e8, 12).reshape(3, 4)
    rotation = earth.itrs_to_gcrs(epochs)
    assert rotation.shape == (3, 3, 3, 4)
    flat = rotation.reshape(3, 3, -1)
    np.testing.assert_allclose(
        np.einsum("ijn,kjn->ikn", flat, flat), np.eye(3)[:, :, None] * np.ones(12), atol=1e-14
    )
    np.testing.assert_allclose(np.linalg.det(np.moveaxis(flat, -1, 0)), 1.0, atol=1e-14)
    assert earth.itrs_to_gcrs(0.0).shape == (3, 3)
    assert earth.itrs_to_gcrs([]).shape == (3, 3, 0)


def test_alone_and_in_a_batch_the_bits_are_the_same(earth):
    epochs = np.random.default_rng(3).uniform(0.0, 8e8, 20)
    together = earth.itrs_to_gcrs(epochs)
    for index, epoch in enumerate(epochs):
        np.testing.assert_array_equal(earth.itrs_to_gcrs(epoch), together[..., index])


def test_nothing_jumps_over_a_day_or_a_leap_second(earth):
    # The Earth turns by 7.29e-5 rad/s; UT1 goes on smoothly while UTC repeats a second.
    for text in ("2016-12-31T23:59:60", "2026-05-05T00:00:00", "2026-05-05T12:00:00"):
        middle = time.parse_epoch(f"{text} UTC")
        epochs = middle + np.arange(-3.0, 4.0)
        axis = earth.itrs_to_gcrs(epochs)[:, 0]
        turns = np.arccos(np.clip(np.sum(axis[:, 1:] * axis[:, :-1], axis=0), -1.0, 1.0))
        np.testing.assert_allclose(turns, 7.2921e-5, rtol=1e-4)


def test_beyond_the_table_ut1_is_held_with_one_warning(earth):
    last = earth.table_end_tdb
    value = float(earth.ut1_minus_utc(last))
    with pytest.warns(EarthOrientationWarning, match="beyond it UT1 - UTC and polar motion are held"):
        later = earth.ut1_minus_utc(last + 5 * 365 * 86400.0)
    assert float(later) == pytest.approx(value, abs=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        earth.itrs_to_gcrs(last + 1e8)


def test_inside_the_table_there_is_no_warning(earth):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        earth.itrs_to_gcrs(earth.table_end_tdb)
    assert earth.held(earth.table_end_tdb) is None
    assert "ends on 20" in earth.held(earth.table_end_tdb + 1.0)


def test_provenance_names_table_and_assumption():
    provenance = EarthOrientation.default().provenance
    assert provenance["name"].startswith("astropy-iers-data 0.")
    assert provenance["measured_until"] < provenance["predicted_until"]
    assert "held" in provenance["assumption"]


def test_before_the_table_is_an_error_with_span_and_remedy(earth):
    with pytest.raises(
        EpochRangeError, match=r"1969-07-20.*Earth-orientation table.*not modelled before 1973"
    ):
        earth.itrs_to_gcrs(time.parse_epoch("1969-07-20 TDB"))
    with pytest.raises(InputError, match="finite"):
        earth.itrs_to_gcrs(float("nan"))


@pytest.mark.parametrize("content", ["", "hello\n", "x" * 187 + "\n"])
def test_a_file_that_is_no_table_is_refused(tmp_path, content):
    file = tmp_path / "finals.txt"
    file.write_text(content)
    with pytest.raises(DataFileError, match=r"finals\.txt: .*expected an IERS Earth-orientation table"):
        EarthOrientation.from_file(file)
    with pytest.raises(DataFileError, match="a folder"):
        EarthOrientation.from_file(tmp_path)


def test_span_is_checked_before_anything_is_looked_up():
    earth = EarthOrientation.default()
    earth.require_span(earth.table_start_tdb, earth.table_end_tdb + 1e9)
    with pytest.raises(EpochRangeError, match=r"start of the mission: 1973-01-0.* to any later epoch"):
        earth.require_span(earth.table_start_tdb - 1e4, 0.0, "start of the mission")


def test_a_table_with_a_hole_is_refused(tmp_path):
    (tmp_path / "holed").write_text("\n".join(ROWS[:100] + ROWS[101:200]))
    with pytest.raises(DataFileError, match="not consecutive"):
        EarthOrientation.from_file(tmp_path / "holed")


def test_astropy_is_not_even_imported():
    code = (
        "import sys; from cislunar.environment.earth import EarthOrientation; "
        "EarthOrientation.default().itrs_to_gcrs(0.0); "
        "print([m for m in sys.modules if m.split('.')[0] == 'astropy'])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
