"""Orientation of the Earth: from Earth-fixed axes (ITRS) to the axes of the sky (GCRS, parallel to ICRF).

The celestial pole follows IAU 2006 precession and IAU 2000A nutation [1]_, evaluated by ERFA at each noon
TDB and interpolated with cubics between them; the Earth rotation angle is exact; UT1 - TAI, polar motion and
the offsets of the pole come from the daily IERS table `finals2000A.all` in the installed package
astropy-iers-data, again with cubics.  Nothing is downloaded, and astropy's settings are neither read nor
changed.

Accuracy of a station's place: 0.1 m where the table is measured (tides faster than a day, of 0.03 m, are left
out; SPICE with JPL's Earth orientation in ITRF93 differs by up to 0.3 m).  For the predicted part, about a
year, it is that of the prediction of UT1: 1 m after two weeks, while IERS and JPL differ by 14 m after three
months. Beyond the last date UT1 - UTC and polar motion are held at their last values, with one warning;
since 2017 UT1 has moved by up to 0.28 s in a year, 130 m at the equator.

References
----------
.. [1] IERS Conventions (2010), IERS Technical Note 36, chapter 5.
.. [2] IERS Rapid Service/Prediction Centre, U.S. Naval Observatory, format of `finals2000A.all`
   (https://maia.usno.navy.mil/ser7/readme.finals2000A).
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import warnings
from functools import cache
from typing import Any, Final

import erfa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar import time
from cislunar.constants import J2000_JD, SECONDS_PER_DAY, TT_MINUS_TAI_S
from cislunar.environment import quaternions
from cislunar.environment.datafile import PathLike, existing_file, fault
from cislunar.environment.epochs import epoch_array, require_inside
from cislunar.errors import DataFileError

Array = NDArray[np.float64]

_MJD_OF_J2000: Final = 51544.5
_MJD_OF_2000: Final = 51544  # 2000-01-01 UTC
_TURN_AT_J2000: Final = 0.7790572732640  # of the Earth rotation angle, equation 5.15 of [1]
_TURNS_PER_DAY: Final = 1.00273781191135448
_ARCSEC: Final = math.radians(1.0 / 3600.0)
_CARRIER: Final = "astropy-iers-data"
_EXPECTED: Final = "an IERS Earth-orientation table, finals2000A.all"

# Columns of finals2000A.all, counted from 0: Bulletin A values, the only ones that reach into the future.
_MJD, _FLAG, _UT1 = slice(7, 15), slice(57, 58), slice(58, 68)
_POLE_X, _POLE_Y = slice(18, 27), slice(37, 46)
_OFFSET_X, _OFFSET_Y = slice(97, 106), slice(116, 125)


class EarthOrientationWarning(UserWarning):
    """Epochs lie beyond the Earth-orientation table, where its last values are held."""


class EarthOrientation:
    """Rotation between Earth-fixed and celestial axes from an IERS table.

    Use `EarthOrientation.default()` for the installed table and `EarthOrientation.from_file` for another.

    Attributes
    ----------
    table_version : str
        Package and version, or file, of the table.
    table_start_tdb, table_end_tdb : float
        First and last epoch of the table, s past J2000 TDB.
    measured_end_tdb : float
        Last epoch with measured values; later ones are predictions.
    """

    def __init__(self, table_version: str, mjd_utc: Array, values: Array, measured_end_mjd: float) -> None:
        """Build from daily values.

        Parameters
        ----------
        table_version : str
            Name of the table for reports.
        mjd_utc : ndarray, shape (days,)
            Modified Julian dates, consecutive, 0 h UTC.
        values : ndarray, shape (5, days)
            UT1 - UTC in s, pole x and y, offsets of the celestial pole dX and dY in rad.
        measured_end_mjd : float
            Last date with measured values.
        """
        offset = time.tai_minus_utc_on(mjd_utc - _MJD_OF_2000)
        self._tai = (mjd_utc - _MJD_OF_J2000) * SECONDS_PER_DAY + offset
        self._values = np.concatenate([values[:1] - offset, values[1:]])  # UT1 - TAI has no leaps
        self._warned = False
        self.table_version = table_version
        named = np.array([0, np.searchsorted(mjd_utc, measured_end_mjd), mjd_utc.size - 1])
        tt = self._tai[named] + TT_MINUS_TAI_S
        self.table_start_tdb, self.measured_end_tdb, self.table_end_tdb = map(
            float, tt + time.tdb_minus_tt(tt)
        )

    @classmethod
    def default(cls) -> EarthOrientation:
        """Return the table of the installed package astropy-iers-data; the same object on every call.

        Raises
        ------
        DataFileError
            If the table is missing or damaged.
        """
        return _default()

    @classmethod
    def from_file(cls, path: PathLike, table_version: str | None = None) -> EarthOrientation:
        """Read a table in the format `finals2000A.all` [2]_.

        Parameters
        ----------
        path : path-like
            The file.
        table_version : str, optional
            Name of the table for reports; by default the path.

        Raises
        ------
        DataFileError
            If the file is missing, damaged or not such a table.
        """
        file = existing_file(path, _EXPECTED)
        try:
            # The last dates in the file have no values yet.
            lines = [line for line in file.read_bytes().splitlines() if line[_UT1].strip()]
            mjd = _numbers(lines, _MJD)
            columns = [_numbers(lines, column) for column in (_UT1, _POLE_X, _POLE_Y, _OFFSET_X, _OFFSET_Y)]
            measured = max(day for day, line in zip(mjd, lines, strict=True) if line[_FLAG] == b"I")
        except ValueError as error:
            found = f"what cannot be read ({error})"
            raise fault(path, found, _EXPECTED, "fetch the file again") from error
        if mjd.size < 4 or np.any(np.diff(mjd) != 1.0):
            raise DataFileError(
                f"{os.fspath(path)}: the days of the Earth-orientation table are not consecutive"
            )
        values = np.array(columns)
        values[1:3] *= _ARCSEC
        values[3:5] *= 1e-3 * _ARCSEC
        return cls(table_version or os.fspath(path), mjd, values, measured)

    @property
    def provenance(self) -> dict[str, Any]:
        """Table, models and assumptions, for reports."""
        measured, end = (
            time.format_epoch(epoch, "UTC", 0)[:10] for epoch in (self.measured_end_tdb, self.table_end_tdb)
        )
        return {
            "name": self.table_version,
            "table": "IERS Bulletin A, finals2000A.all",
            "measured_until": measured,
            "predicted_until": end,
            "models": "IAU 2006 precession, IAU 2000A nutation, IERS pole offsets, Earth rotation angle",
            "assumption": f"after {end} UT1 - UTC and polar motion are held at their last values",
        }

    def held(self, end_tdb: float) -> str | None:
        """Say what is assumed if a run that ends at an epoch goes beyond the table, else None.

        Parameters
        ----------
        end_tdb : float
            Last epoch of the run, s past J2000 TDB.
        """
        if end_tdb <= self.table_end_tdb:
            return None
        last = time.format_epoch(self.table_end_tdb, "UTC", 0)[:10]
        return (
            f"the Earth-orientation table ({self.table_version}) ends on {last}; "
            "beyond it UT1 - UTC and polar motion are held at their last values"
        )

    def ut1_minus_utc(self, tdb: ArrayLike) -> Array:
        """UT1 - UTC, s.

        Parameters
        ----------
        tdb : array_like, shape (...)
            Epochs, s past J2000 TDB; see `itrs_to_gcrs` for the span.

        Returns
        -------
        ndarray, shape (...)
        """
        flat, shape = self._inside(tdb)
        tai = flat - time.tdb_minus_tt(flat) - TT_MINUS_TAI_S
        return (self._at(tai)[0] + time.tai_minus_utc(flat)).reshape(shape)

    def itrs_to_gcrs(self, tdb: ArrayLike) -> Array:
        """Rotation matrices from Earth-fixed axes to celestial ones.

        Parameters
        ----------
        tdb : array_like, shape (...)
            Epochs, s past J2000 TDB.  After the last date of the table UT1 - UTC and polar motion are held,
            and the first such call of this object gives one `EarthOrientationWarning`.

        Returns
        -------
        ndarray, shape (3, 3, ...)
            R with v_gcrs = R @ v_itrs; GCRS axes are those of ICRF.

        Raises
        ------
        EpochRangeError
            For an epoch before the table.
        InputError
            For NaN or infinity.
        """
        flat, shape = self._inside(tdb)
        to_intermediate, angle, _, wobble = self._parts(flat)
        to_earth = erfa.c2tcio(to_intermediate, angle, wobble)
        return np.ascontiguousarray(np.transpose(to_earth)).reshape(3, 3, *shape)

    def quaternion(self, tdb: ArrayLike) -> Array:
        """Rotation from celestial to Earth-fixed axes as a unit quaternion that varies smoothly with time.

        It gives no warning: whoever tabulates it for a flight calls `warn_if_held` with the flight's end.

        Parameters
        ----------
        tdb : array_like, shape (...)
            Epochs, s past J2000 TDB; see `itrs_to_gcrs` for the span.

        Returns
        -------
        ndarray, shape (4, ...)
            w, x, y, z with v_itrs = conj(q) v_gcrs q. It changes sign once per turn, without a jump.

        Raises
        ------
        EpochRangeError
            For an epoch before the table.
        InputError
            For NaN or infinity.
        """
        flat, shape = epoch_array(tdb)
        self._require_inside(flat)
        to_intermediate, angle, days, wobble = self._parts(flat)
        turns = np.rint(days * _TURNS_PER_DAY + _TURN_AT_J2000 - angle / (2.0 * np.pi))
        sign = np.where(turns % 2.0 == 0.0, 1.0, -1.0)
        zero = np.zeros_like(angle)
        spin = np.stack([sign * np.cos(0.5 * angle), zero, zero, sign * np.sin(0.5 * angle)])
        slow, last = (quaternions.of_matrix(np.moveaxis(part, 0, -1)) for part in (to_intermediate, wobble))
        return quaternions.product(quaternions.product(slow, spin), last).reshape(4, *shape)

    def warn_if_held(self, end_tdb: float) -> None:
        """Warn of an epoch beyond the table, once for this object.

        Parameters
        ----------
        end_tdb : float
            Last epoch of the run, s past J2000 TDB.
        """
        text = None if self._warned else self.held(end_tdb)
        if text is not None:
            self._warned = True
            warnings.warn(text, EarthOrientationWarning, stacklevel=4)

    def _parts(self, tdb: Array) -> tuple[Array, Array, Array, Array]:
        """Rotation to intermediate axes (n, 3, 3), Earth rotation angle, its days, wobble (n, 3, 3)."""
        tai = tdb - time.tdb_minus_tt(tdb) - TT_MINUS_TAI_S
        ut1_minus_tai, pole_x, pole_y, offset_x, offset_y = self._at(tai)
        x, y, s = _celestial_pole(tdb)
        to_intermediate = erfa.c2ixys(x + offset_x, y + offset_y, s)
        noon = np.floor(tai / SECONDS_PER_DAY)
        past_noon = (tai - noon * SECONDS_PER_DAY + ut1_minus_tai) / SECONDS_PER_DAY
        angle = erfa.era00(J2000_JD + noon, past_noon)
        wobble = erfa.pom00(pole_x, pole_y, erfa.sp00(J2000_JD, tdb / SECONDS_PER_DAY))
        return to_intermediate, angle, noon + past_noon, wobble

    def require_span(self, start_tdb: float, end_tdb: float, what: str = "epoch") -> None:
        """Check that a time interval does not begin before the table, as `Ephemeris.require_span` does."""
        flat, _ = epoch_array([start_tdb, end_tdb])
        self._require_inside(flat, what)

    def _require_inside(self, flat: Array, what: str = "epoch") -> None:
        require_inside(
            flat,
            (self.table_start_tdb, math.inf),
            table=f"the Earth-orientation table ({self.table_version})",
            remedy="choose a later epoch: stations on the Earth are not modelled before 1973",
            what=what,
        )

    def _inside(self, tdb: ArrayLike) -> tuple[Array, tuple[int, ...]]:
        """Return the epochs, flat, and their shape; warn once of those beyond the table."""
        flat, shape = epoch_array(tdb)
        self._require_inside(flat)
        if flat.size:
            self.warn_if_held(float(np.max(flat)))
        return flat, shape

    def _at(self, tai: Array) -> Array:
        """UT1 - TAI (s), pole x, y, offsets dX, dY (rad), shape (5, n), at TAI seconds past J2000."""
        row = np.clip(np.searchsorted(self._tai, tai, side="right") - 1, 0, self._tai.size - 1)
        past = np.clip((tai - self._tai[row]) / SECONDS_PER_DAY, 0.0, None)
        return _cubic(self._values, np.minimum(row + past, self._tai.size - 1.0))


def _numbers(lines: list[bytes], column: slice) -> Array:
    """Numbers in one column of the lines, 0 where it is blank."""
    return np.array([line[column].strip() or b"0" for line in lines]).astype(np.float64)


def _cubic(rows: Array, position: Array) -> Array:
    """Interpolate `rows` (m, k) at positions (n,) from 0 to k - 1: the cubic through four neighbours."""
    first = np.clip(np.floor(position) - 1.0, 0.0, rows.shape[1] - 4.0)
    t = position - first
    weights = np.stack(
        [
            -(t - 1.0) * (t - 2.0) * (t - 3.0) / 6.0,
            t * (t - 2.0) * (t - 3.0) / 2.0,
            -t * (t - 1.0) * (t - 3.0) / 2.0,
            t * (t - 1.0) * (t - 2.0) / 6.0,
        ]
    )
    columns = first.astype(np.intp) + np.arange(4)[:, None]
    return np.asarray(np.einsum("mjn,jn->mn", rows[:, columns], weights))


def _celestial_pole(tdb: Array) -> Array:
    """X, Y (without offsets) and s of the celestial intermediate pole, rad, shape (3, n), at TDB seconds.

    TDB stands for TT here: 2 ms change the pole by 1e-14 rad.
    """
    position = tdb / SECONDS_PER_DAY
    noons = np.unique(np.floor(position)[:, None] + np.arange(-1.0, 3.0))
    table = np.stack(erfa.xys06a(J2000_JD, noons))
    first = np.searchsorted(noons, np.floor(position)) - 1
    return _cubic(table, first + 1 + (position - np.floor(position)))


@cache
def _default() -> EarthOrientation:
    try:
        import astropy_iers_data

        version = f"{_CARRIER} {importlib.metadata.version(_CARRIER)}"
    except ImportError as error:
        raise DataFileError(
            f"the Python package {_CARRIER} with the Earth-orientation table is missing; install it"
        ) from error
    return EarthOrientation.from_file(astropy_iers_data.IERS_A_FILE, version)
