"""Epochs: text and astropy times to and from seconds past J2000 TDB, the one clock used inside.

An epoch inside the package is a float64 of seconds past 2000-01-01T12:00:00 TDB (the ephemeris time of
SPICE).  One unit in its last place is 0.12 us until 2034, 0.24 us until 2068 and 0.48 us until 2136.

TDB - TT is the geocentric series of Fairhead and Bretagnon [1]_ in the form of ERFA's `dtdb` (787 terms),
which follows JPL's time ephemeris within 3 ns over 1950-2050.  It is taken at each noon TDB and interpolated
linearly between them, which costs at most 0.08 us.  SPICE keeps one annual term of that series (1.657 ms) and
differs by up to 0.05 ms.

UTC is atomic time less the leap seconds published by the IERS and held by ERFA; after the last one that is
known no further leap second is assumed.  Before 1972 UTC had no whole leap seconds, and it is refused.

References
----------
.. [1] L. Fairhead, P. Bretagnon, "An analytical formula for the time transformation TB-TT", Astron.
   Astrophys. 229:240-247 (1990).
.. [2] IERS Conventions (2010), IERS Technical Note 36, chapter 10.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import J2000_JD, SECONDS_PER_DAY, TT_MINUS_TAI_S
from cislunar.errors import InputError

if TYPE_CHECKING:
    from astropy.time import Time

SCALES: Final = ("UTC", "TAI", "TT", "TDB")
"""Time scales an epoch can be written in."""

FIRST_YEAR: Final = 1550
LAST_YEAR: Final = 2650
"""Years an epoch may lie in: the span of DE440, the longest ephemeris the package reads."""

_DAY: Final = int(SECONDS_PER_DAY)
_J2000_DAY = np.datetime64("2000-01-01", "D").astype(np.int64)  # days past 1970-01-01
_MJD_1970: Final = 40587
_MAX_PRECISION: Final = 6

_EPOCH = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]{1,12})?))?)?"
    r"(?:(?P<zulu>Z)|[ ]+(?P<scale>\S+))?"
)
_OFFSET: Final = re.compile(r"[0-9] ?[+-][0-9]{2}(:?[0-9]{2})?\s*$")
"""A closing offset from UTC, `+09:00`, which is not read."""

_EXAMPLE: Final = "expected an epoch such as '2027-03-01T00:00:00 UTC'"


# --- scales ---------------------------------------------------------------------------------------


def tdb_minus_tt(tdb: ArrayLike) -> NDArray[np.float64]:
    """TDB - TT at the geocentre, s.

    Parameters
    ----------
    tdb : array_like, shape (...)
        Epochs, s past J2000 TDB (TT serves as well: the difference changes the result by less than 1e-12 s).

    Returns
    -------
    ndarray, shape (...)
        Difference of the scales, s, within 0.1 us of the full Fairhead-Bretagnon series.

    Raises
    ------
    InputError
        For NaN or infinity.
    """
    import erfa

    epochs = np.asarray(tdb, dtype=np.float64)
    _require_finite(epochs)
    days = epochs / SECONDS_PER_DAY
    before = np.floor(days)
    knots, index = np.unique(before, return_inverse=True)
    at_knots = erfa.dtdb(J2000_JD, knots, 0.0, 0.0, 0.0, 0.0)
    at_next = erfa.dtdb(J2000_JD, knots + 1.0, 0.0, 0.0, 0.0, 0.0)
    index = index.reshape(before.shape)
    low = at_knots[index]
    return np.asarray(low + (days - before) * (at_next[index] - low))


def _julian_date(
    epochs: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two-part Julian date, noon before and part of the day, of seconds past J2000 and a small offset, s."""
    whole = np.floor(epochs / SECONDS_PER_DAY)
    return J2000_JD + whole, ((epochs - whole * SECONDS_PER_DAY) + offset) / SECONDS_PER_DAY


def _leap_table() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Days past 2000-01-01 at whose 0 h UTC an offset TAI - UTC begins, and the offsets, s (from 1972)."""
    import erfa

    table = erfa.leap_seconds.get()
    table = table[table["year"] >= 1972]
    months = (table["year"].astype(np.int64) - 1970) * 12 + table["month"] - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - _J2000_DAY
    return days, np.rint(table["tai_utc"]).astype(np.int64)


def tai_minus_utc(tdb: ArrayLike) -> NDArray[np.float64]:
    """TAI - UTC, s, at epochs given in TDB.

    Parameters
    ----------
    tdb : array_like, shape (...)
        Epochs, s past J2000 TDB, from 1972 on.

    Returns
    -------
    ndarray, shape (...)
        Whole seconds; during a positive leap second still the offset before it.

    Raises
    ------
    InputError
        For an epoch before 1972-01-01 UTC.
    """
    start_days, offsets = _leap_table()
    epochs = np.asarray(tdb, dtype=np.float64)
    tai = epochs - tdb_minus_tt(epochs) - TT_MINUS_TAI_S
    steps = (start_days - 0.5) * SECONDS_PER_DAY + offsets
    index = np.searchsorted(steps, tai, side="right") - 1
    if np.any(index < 0):
        raise _utc_too_early()
    return offsets[index].astype(np.float64)


def tai_minus_utc_on(days: ArrayLike) -> NDArray[np.float64]:
    """TAI - UTC, s, during calendar days of UTC.

    Parameters
    ----------
    days : array_like of int, shape (...)
        Days past 2000-01-01 UTC, from 1972-01-01 on.

    Returns
    -------
    ndarray, shape (...)
        Whole seconds; on the day of a leap second the offset before it.

    Raises
    ------
    InputError
        For a day before 1972-01-01 UTC.
    """
    start_days, offsets = _leap_table()
    index = np.searchsorted(start_days, np.asarray(days), side="right") - 1
    if np.any(index < 0):
        raise _utc_too_early()
    return offsets[index].astype(np.float64)


def _utc_too_early() -> InputError:
    return InputError(
        "UTC before 1972-01-01 has no whole leap seconds and is not supported; use TAI, TT or TDB instead"
    )


def _require_finite(tdb: NDArray[np.float64]) -> None:
    if not np.all(np.isfinite(tdb)):
        raise InputError("an epoch is NaN or infinite; expected seconds past J2000 TDB")


def tt_jd(tdb: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """TT as a two-part Julian date (a noon, days since), the form ERFA takes.

    Parameters
    ----------
    tdb : array_like, shape (...)
        Epochs, s past J2000 TDB.

    Returns
    -------
    tuple of ndarray, shape (...)
        The two parts, days.
    """
    epochs = np.asarray(tdb, dtype=np.float64)
    return _julian_date(epochs, -tdb_minus_tt(epochs))


def utc_jd(tdb: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """UTC as a two-part Julian date (a noon, days of 86400 s since).

    Parameters
    ----------
    tdb : array_like, shape (...)
        Epochs, s past J2000 TDB, from 1972 on.

    Returns
    -------
    tuple of ndarray, shape (...)
        The two parts, days.  A Julian date cannot number a leap second: its instants repeat those of the next
        second.

    Raises
    ------
    InputError
        For an epoch before 1972-01-01 UTC.
    """
    epochs = np.asarray(tdb, dtype=np.float64)
    return _julian_date(epochs, -tdb_minus_tt(epochs) - TT_MINUS_TAI_S - tai_minus_utc(epochs))


def utc_datetime64(tdb: ArrayLike) -> NDArray[np.datetime64]:
    """UTC as numpy dates to the millisecond, for time axes.

    Parameters
    ----------
    tdb : array_like, shape (...)
        Epochs, s past J2000 TDB, from 1972 on.

    Returns
    -------
    ndarray of datetime64[ms], shape (...)
        A leap second is not representable and repeats the next second.

    Raises
    ------
    InputError
        For an epoch before 1972-01-01 UTC, or NaN.
    """
    noons, days = utc_jd(tdb)
    milliseconds = np.rint(days * SECONDS_PER_DAY * 1000.0) + (noons - J2000_JD) * SECONDS_PER_DAY * 1000.0
    return np.datetime64("2000-01-01T12:00:00", "ms") + milliseconds.astype("timedelta64[ms]")


# --- text to epoch --------------------------------------------------------------------------------


def parse_epoch(text: str) -> float:
    """Read an epoch: an ISO 8601 date, optionally with a time, and its time scale.

    Parameters
    ----------
    text : str or astropy.time.Time
        `2027-03-01T00:00:00.000 UTC`; the time may be left out (0 h) or stop at the minute; `T` may be a
        space; a closing `Z` means UTC.  The scale, one of UTC, TAI, TT and TDB, is required.  A scalar
        astropy `Time` is taken as it is.

    Returns
    -------
    float
        Seconds past J2000 TDB.

    Raises
    ------
    InputError
        If the text is no epoch, has no or an unknown time scale, names a date or time that does not exist
        (second 60 without a leap second, 30 February), is in UTC before 1972 or outside 1550-2650.
    """
    if not isinstance(text, str):
        if hasattr(text, "scale") and hasattr(text, "jd1"):
            return _scalar_from_astropy(text)
        raise InputError(f"found {str(text)[:60]!r} without a time scale; {_EXAMPLE}")
    shown = repr(text if len(text) <= 60 else text[:57] + "...")
    match = _EPOCH.fullmatch(text.strip()) if len(text) <= 80 else None
    if match is None:
        hint = "; convert a local time to UTC" if _OFFSET.search(text[:80]) else ""
        raise InputError(f"found {shown}; {_EXAMPLE}{hint}")
    scale = "UTC" if match["zulu"] else match["scale"]
    if scale is None:
        raise InputError(
            f"found {shown}, which has no time scale; expected one of {', '.join(SCALES)} after it, "
            f"such as '{text.strip()} UTC'"
        )
    if scale not in SCALES:
        raise InputError(
            f"found the time scale {scale[:20]!r}; expected one of {', '.join(SCALES)}{_scale_hint(scale)}"
        )
    day = _day_number(match, shown)
    second_of_day = _second_of_day(match, shown, day, scale)
    return _to_tdb(day, second_of_day, scale)


def _scale_hint(scale: str) -> str:
    if re.fullmatch(r"[+-][0-9]{2}(:?[0-9]{2})?", scale):
        return "; convert a local time to UTC"
    if scale.upper() == "GPS":
        return "; GPS time is TAI less 19 s"
    if scale.upper() in ("ET", "GMT", "UT"):
        return f"; did you mean {'TDB' if scale.upper() == 'ET' else 'UTC'}?"
    near = difflib.get_close_matches(scale.upper(), SCALES, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _day_number(match: re.Match[str], shown: str) -> int:
    """Days past 2000-01-01 of the date matched."""
    year, month, day = (int(match[name]) for name in ("year", "month", "day"))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InputError(f"found {shown}; expected a year from {FIRST_YEAR} to {LAST_YEAR}")
    if not 1 <= month <= 12:
        raise InputError(f"found {shown}; expected a month from 01 to 12, found {month:02d}")
    first = np.datetime64(f"{year:04d}-{month:02d}", "M")
    after = first + np.timedelta64(1, "M")
    length = int((after.astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64))
    if not 1 <= day <= length:
        raise InputError(f"found {shown}; {year:04d}-{month:02d} has {length} days, found day {day:02d}")
    return int(first.astype("datetime64[D]").astype(np.int64) - _J2000_DAY) + day - 1


def _second_of_day(match: re.Match[str], shown: str, day: int, scale: str) -> float:
    hour, minute, second = int(match["hour"] or 0), int(match["minute"] or 0), float(match["second"] or 0.0)
    if hour == 24:
        raise InputError(f"found {shown}; expected hours from 00 to 23: write 00:00 of the next day")
    if hour > 23 or minute > 59:
        raise InputError(f"found {shown}; expected hours from 00 to 23 and minutes from 00 to 59")
    if second >= 60.0:
        at_midnight = (hour, minute) == (23, 59) and second < 61.0
        # The first row of the table starts UTC's whole seconds; it is no leap second.
        if not (scale == "UTC" and at_midnight and day + 1 in _leap_table()[0][1:]):
            raise InputError(f"found {shown}; expected seconds below 60: there is no leap second then")
    return hour * 3600.0 + minute * 60.0 + second


def _to_tdb(day: int, second_of_day: float, scale: str) -> float:
    """Seconds past J2000 TDB of a second of a day (days past 2000-01-01) in a scale."""
    base = float(day * _DAY - _DAY // 2)
    offset = second_of_day
    if scale == "UTC":
        offset += float(tai_minus_utc_on(day))
    if scale in ("UTC", "TAI"):
        offset += TT_MINUS_TAI_S
    if scale != "TDB":
        offset += float(tdb_minus_tt(base + offset))
    return base + offset


# --- epoch to text --------------------------------------------------------------------------------


def format_epoch(tdb: float, scale: str = "UTC", precision: int = 3) -> str:
    """One epoch as text, `2027-03-01T00:00:00.000`, without the scale.

    See `format_epochs` for the parameters and errors.
    """
    return format_epochs(np.array([tdb], dtype=np.float64), scale, precision)[0]


def format_epochs(tdb: ArrayLike, scale: str = "UTC", precision: int = 3) -> list[str]:
    """Epochs as ISO 8601 text, rounded to the nearest last digit across seconds, days and leap seconds.

    Parameters
    ----------
    tdb : array_like, shape (n,)
        Epochs, s past J2000 TDB.
    scale : str
        UTC, TAI, TT or TDB.
    precision : int
        Digits after the second, 0 to 6.

    Returns
    -------
    list of str
        `2027-03-01T00:00:00.000`, one for each epoch, in a leap second `23:59:60.xxx`.

    Raises
    ------
    InputError
        For NaN, an epoch before year 1550 or after 2650, UTC before 1972, an unknown scale or precision.
    """
    if scale not in SCALES:
        raise InputError(f"found the time scale {scale!r}; expected one of {', '.join(SCALES)}")
    if not 0 <= precision <= _MAX_PRECISION:
        raise InputError(f"found a precision of {precision} digits; expected 0 to {_MAX_PRECISION}")
    epochs = np.asarray(tdb, dtype=np.float64).reshape(-1)
    _require_finite(epochs)
    if epochs.size == 0:
        return []
    low, high = ((year - 2000) * 365.25 * SECONDS_PER_DAY for year in (FIRST_YEAR, LAST_YEAR + 1))
    if np.min(epochs) < low or np.max(epochs) > high:
        raise InputError(f"an epoch lies outside the years {FIRST_YEAR} to {LAST_YEAR}")

    # Integer ticks of the last digit, so that nothing is rounded twice.
    whole = np.floor(epochs)
    fraction = epochs - whole
    if scale != "TDB":
        fraction = fraction - tdb_minus_tt(epochs)
    if scale in ("TAI", "UTC"):
        fraction = fraction - TT_MINUS_TAI_S
    per_second = 10**precision
    ticks = whole.astype(np.int64) * per_second + np.rint(fraction * per_second).astype(np.int64)
    seconds, last_digits = np.divmod(ticks + _DAY // 2 * per_second, per_second)  # past 2000-01-01T00:00
    leap = np.zeros(seconds.shape, dtype=np.int64)
    if scale == "UTC":
        seconds, leap = _utc_from_tai(seconds)
    days, second_of_day = np.divmod(seconds, _DAY)
    dates = (days + _J2000_DAY).astype("datetime64[D]").astype(str)
    return [
        _clock(date, of_day, extra, digits, precision)
        for date, of_day, extra, digits in zip(
            dates.tolist(), second_of_day.tolist(), leap.tolist(), last_digits.tolist(), strict=True
        )
    ]


def _utc_from_tai(tai: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whole UTC seconds past 2000-01-01T00:00 of whole TAI seconds, and 1 inside a leap second.

    Inside a leap second the UTC second is the 59th and the second value is to be added on the clock's face.
    """
    start_days, offsets = _leap_table()
    steps = start_days * _DAY + offsets
    index = np.searchsorted(steps, tai, side="right") - 1
    if np.any(index < 0):
        raise _utc_too_early()
    following = np.minimum(index + 1, steps.size - 1)
    leap = ((following > index) & (tai == steps[following] - 1)).astype(np.int64)
    return tai - offsets[index] - leap, leap


def _clock(date: str, second_of_day: int, leap: int, digits: int, precision: int) -> str:
    minutes, second = divmod(second_of_day, 60)
    hour, minute = divmod(minutes, 60)
    text = f"{date}T{hour:02d}:{minute:02d}:{second + leap:02d}"
    return f"{text}.{digits:0{precision}d}" if precision else text


# --- astropy --------------------------------------------------------------------------------------


def to_astropy(tdb: ArrayLike) -> Time:
    """Epochs as an astropy `Time` in the TDB scale.

    Parameters
    ----------
    tdb : array_like, shape (...)
        Epochs, s past J2000 TDB.

    Returns
    -------
    astropy.time.Time, shape (...)
    """
    from astropy.time import Time

    epochs = np.asarray(tdb, dtype=np.float64)
    return Time(*_julian_date(epochs, np.zeros_like(epochs)), format="jd", scale="tdb")


def from_astropy(time: Time) -> NDArray[np.float64]:
    """Seconds past J2000 TDB of an astropy `Time` of any scale but local and UT1.

    Parameters
    ----------
    time : astropy.time.Time, shape (...)

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    InputError
        If it is no `Time`, in a scale that does not convert to TDB without Earth-orientation data, or masked.
    """
    if not hasattr(time, "scale"):
        raise InputError(f"found {time!r}; expected an astropy Time")
    if time.scale in ("local", "ut1"):
        raise InputError(f"found an astropy Time in the scale {time.scale!r}; expected UTC, TAI, TT or TDB")
    if np.any(getattr(time, "mask", False)):
        raise InputError("found an astropy Time with masked entries; expected every epoch present")
    if time.scale == "tdb":
        return np.asarray((time.jd1 - J2000_JD) * SECONDS_PER_DAY + time.jd2 * SECONDS_PER_DAY)
    from astropy.utils import iers

    # The first conversion from UTC makes astropy look for new leap seconds, over the network if it may.
    with iers.conf.set_temp("auto_download", False):
        tt = time.tt
    whole, rest = (tt.jd1 - J2000_JD) * SECONDS_PER_DAY, tt.jd2 * SECONDS_PER_DAY
    return np.asarray(whole + (rest + tdb_minus_tt(whole + rest)))


def _scalar_from_astropy(time: Any) -> float:
    seconds = from_astropy(time)
    if seconds.ndim:
        raise InputError(f"found an astropy Time of shape {seconds.shape}; expected a single epoch")
    return float(seconds)
