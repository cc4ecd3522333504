"""CCSDS Orbit Ephemeris Messages of other tools, in key-value notation.

References
----------
.. [1] CCSDS 502.0-B-3, "Orbit Data Messages", Consultative Committee for Space Data Systems (2023), sections
   5
   and 7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.datafile import PathLike, existing_file, fault, reading
from cislunar.environment.ephemeris import NAIF_IDS
from cislunar.errors import DataFileError, InputError
from cislunar.exchange.interpolation import MAX_DEGREE, Method
from cislunar.time import SCALES, parse_epoch, tdb_minus_tt

Array = NDArray[np.float64]

_EXPECTED: Final = "a CCSDS OEM in key-value notation"
_ICRF_NAMES: Final = ("ICRF", "ICRF1", "ICRF2", "ICRF3", "GCRF", "EME2000", "J2000")
_METHODS: Final[dict[str, Method | None]] = {"HERMITE": "HERMITE", "LAGRANGE": "LAGRANGE", "LINEAR": None}
_CENTERS: Final = {
    name.replace("-", " ").replace("barycentre", "barycenter").upper(): name for name in NAIF_IDS
} | {
    "EARTH BARYCENTER": "earth-moon-barycentre",
    "EMB": "earth-moon-barycentre",
    "SSB": "solar-system-barycentre",
    **{
        f"{name.upper()} BARYCENTER": name
        for name in ("mars", "jupiter", "saturn", "uranus", "neptune", "pluto")
    },
}
_HEADER_KEYS: Final = ("CCSDS_OEM_VERS", "CLASSIFICATION", "CREATION_DATE", "ORIGINATOR", "MESSAGE_ID")
_REQUIRED_KEYS: Final = (
    "OBJECT_NAME",
    "CENTER_NAME",
    "REF_FRAME",
    "TIME_SYSTEM",
    "START_TIME",
    "STOP_TIME",
)
_META_KEYS: Final = (
    *_REQUIRED_KEYS,
    "OBJECT_ID",
    "REF_FRAME_EPOCH",
    "USEABLE_START_TIME",
    "USEABLE_STOP_TIME",
    "INTERPOLATION",
    "INTERPOLATION_DEGREE",
)
_KEY_VALUE: Final = re.compile(r"([A-Z0-9_]+)\s*=\s*(.*)")
_EPOCH: Final = re.compile(
    r"(?P<year>\d{4})-(?:(?P<month>\d\d)-(?P<day>\d\d)|(?P<ordinal>\d{3}))"
    r"T(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d(?:\.\d*)?)Z?"
)
_DEFAULT_DEGREE: Final = 7


@dataclass(frozen=True, eq=False)
class OemSegment:
    """One table of an ephemeris message; nothing may be interpolated across its ends.

    Attributes
    ----------
    object_name : str
        Name of the spacecraft.
    center : str
        Centre, a name of `cislunar.environment.ephemeris.NAIF_IDS`.
    ref_frame, time_system : str
        As the file states them; the states are along ICRF axes, the epochs are converted.
    tdb : ndarray, shape (n,)
        Epochs, s past J2000 TDB, increasing.
    states : ndarray, shape (6, n)
        Positions, km, and velocities, km/s, ICRF axes, about the centre.
    useable_tdb : tuple of float
        First and last epoch that the file offers for use, s past J2000 TDB, within `tdb`.
    method : {"HERMITE", "LAGRANGE"}
        Interpolation stated; HERMITE where the file states none, or straight lines, as it tables velocities.
    degree : int
        Its degree.
    """

    object_name: str
    center: str
    ref_frame: str
    time_system: str
    tdb: Array
    states: Array
    useable_tdb: tuple[float, float]
    method: Method
    degree: int


@dataclass(frozen=True, eq=False)
class Oem:
    """An ephemeris message.

    Attributes
    ----------
    path : Path
        The file it came from.
    version : str
        CCSDS_OEM_VERS.
    originator, creation_date : str
        As stated; empty if absent.
    segments : tuple of OemSegment
        At least one, in the order of the file.
    """

    path: Path
    version: str
    originator: str
    creation_date: str
    segments: tuple[OemSegment, ...]


def read_oem(path: PathLike) -> Oem:
    """Read an OEM in key-value notation.

    Time systems UTC, TAI, TT and TDB; frames ICRF, GCRF and EME2000 (read as ICRF); any body of the
    ephemeris as the centre; any number of segments.  Accelerations and covariances are skipped.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Oem

    Raises
    ------
    DataFileError
        If the file is missing, not an OEM, an XML message, or damaged: with the number of the line.
    """
    file = existing_file(path, _EXPECTED)
    with reading(path, _EXPECTED):
        raw = file.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise fault(path, "bytes that are not text", _EXPECTED, "name an OEM text file") from None
        start = text.lstrip()[:2000]
        if start.startswith("<"):
            raise fault(path, "an XML or HTML file", _EXPECTED, "convert it to key-value notation (KVN)")
        if not re.search(r"^\s*CCSDS_OEM_VERS\s*=", start, re.MULTILINE):
            raise fault(path, "no CCSDS_OEM_VERS in its head", _EXPECTED, "name an ephemeris message")
        return _Parser(path, text).parse()


class _Parser:
    """A pass over the lines of one message, knowing where it is."""

    def __init__(self, path: PathLike, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.number = 0
        self.days: dict[tuple[str, str], float] = {}

    def error(self, found: str, expected: str, line: int | None = None) -> DataFileError:
        return DataFileError(f"{self.path}:{line or self.number}: found {found}; expected {expected}")

    def next_line(self) -> str | None:
        """Return the next line that is neither blank nor a comment, stripped; None at the end."""
        while self.number < len(self.lines):
            line = self.lines[self.number].strip()
            self.number += 1
            if line and not line.startswith("COMMENT"):
                return line
        return None

    def parse(self) -> Oem:
        header: dict[str, str] = {}
        line = self.next_line()
        while line is not None and line != "META_START":
            self.key_value(line, _HEADER_KEYS, header)
            line = self.next_line()
        if header.get("CCSDS_OEM_VERS") not in ("1.0", "2.0", "3.0"):
            raise self.error(
                f"OEM version {header.get('CCSDS_OEM_VERS', 'none')!r}", "1.0, 2.0 or 3.0", line=1
            )
        segments = []
        while line is not None:
            if line != "META_START":
                raise self.error(repr(line[:60]), "META_START")
            segment, line = self.segment()
            segments.append(segment)
        if not segments:
            raise self.error("the end of the file", "META_START and a table of states")
        return Oem(
            Path(self.path),
            header["CCSDS_OEM_VERS"],
            header.get("ORIGINATOR", ""),
            header.get("CREATION_DATE", ""),
            tuple(segments),
        )

    def key_value(self, line: str, known: tuple[str, ...], into: dict[str, str]) -> None:
        match = _KEY_VALUE.fullmatch(line)
        if match is None:
            raise self.error(repr(line[:60]), "KEY = value")
        key, value = match.groups()
        if key not in known:
            raise self.error(f"the key {key}", f"one of {', '.join(known)}")
        if key in into:
            raise self.error(f"{key} for the second time", "it once")
        into[key] = value.strip()

    def segment(self) -> tuple[OemSegment, str | None]:
        """Read one segment after its META_START; return it and the line that ended it."""
        meta: dict[str, str] = {}
        opened = self.number
        line = self.next_line()
        while line != "META_STOP":
            if line is None:
                raise self.error("the end of the file", "META_STOP")
            self.key_value(line, _META_KEYS, meta)
            line = self.next_line()
        missing = [key for key in _REQUIRED_KEYS if not meta.get(key)]
        if missing:
            raise self.error(f"metadata without {', '.join(missing)}", "all of the required keys", opened)
        system = meta["TIME_SYSTEM"].upper()
        if system not in SCALES:
            raise self.error(f"TIME_SYSTEM {meta['TIME_SYSTEM']}", f"one of {', '.join(SCALES)}", opened)
        if meta["REF_FRAME"].upper() not in _ICRF_NAMES:
            raise self.error(f"REF_FRAME {meta['REF_FRAME']}", f"one of {', '.join(_ICRF_NAMES)}", opened)
        center = _CENTERS.get(" ".join(meta["CENTER_NAME"].upper().replace("-", " ").split()))
        if center is None:
            names = ", ".join(sorted(_CENTERS))
            raise self.error(f"CENTER_NAME {meta['CENTER_NAME']}", f"one of {names}", opened)
        method, degree = self.interpolation(meta, opened)
        tdb, states, line = self.table(system)
        return (
            OemSegment(
                object_name=meta["OBJECT_NAME"],
                center=center,
                ref_frame=meta["REF_FRAME"],
                time_system=system,
                tdb=tdb,
                states=states,
                useable_tdb=self.useable(meta, system, tdb, opened),
                method=method,
                degree=degree,
            ),
            line,
        )

    def interpolation(self, meta: dict[str, str], opened: int) -> tuple[Method, int]:
        stated = meta.get("INTERPOLATION", "LINEAR").upper()
        if stated not in _METHODS:
            raise self.error(f"INTERPOLATION {stated}", f"one of {', '.join(_METHODS)}", opened)
        method = _METHODS[stated]
        if method is None:
            return "HERMITE", _DEFAULT_DEGREE
        degree = meta.get("INTERPOLATION_DEGREE", str(_DEFAULT_DEGREE))
        if not re.fullmatch(r"\d{1,2}", degree) or not 1 <= int(degree) <= MAX_DEGREE:
            raise self.error(f"INTERPOLATION_DEGREE {degree}", f"1 to {MAX_DEGREE}", opened)
        if method == "LAGRANGE" and int(degree) == 1:
            return "HERMITE", _DEFAULT_DEGREE
        return method, int(degree)

    def useable(self, meta: dict[str, str], system: str, tdb: Array, opened: int) -> tuple[float, float]:
        limits = [float(tdb[0]), float(tdb[-1])]
        for side, key in enumerate(("USEABLE_START_TIME", "USEABLE_STOP_TIME")):
            if key in meta:
                day, second = self.epoch(meta[key], opened)
                stated = float(self.to_tdb([day], np.array([second]), system)[0])
                limits[side] = min(max(stated, limits[0]), limits[1]) if side else max(stated, limits[0])
        if limits[0] > limits[1]:
            raise self.error("a useable span that ends before it starts", "a start before the stop", opened)
        return limits[0], limits[1]

    def table(self, system: str) -> tuple[Array, Array, str | None]:
        """Read the rows of states, and skip the covariances behind them."""
        days: list[str] = []
        seconds: list[float] = []
        rows: list[list[float]] = []
        numbers: list[int] = []
        line = self.next_line()
        while line is not None and line not in ("META_START", "COVARIANCE_START"):
            fields = line.split()
            if len(fields) not in (7, 10):
                raise self.error(f"{len(fields)} fields", "an epoch and 6 or 9 numbers")
            day, second = self.epoch(fields[0], self.number)
            try:
                row = [float(field) for field in fields[1:7]]
            except ValueError:
                raise self.error(repr(line[:100]), "an epoch and 6 or 9 numbers") from None
            days.append(day)
            seconds.append(second)
            rows.append(row)
            numbers.append(self.number)
            line = self.next_line()
        if not rows:
            raise self.error("a segment without states", "an epoch and 6 or 9 numbers to a line")
        states = np.array(rows).T
        damaged = ~np.all(np.isfinite(states), axis=0)
        if np.any(damaged):
            raise self.error("a state that is not finite", "numbers", numbers[int(np.argmax(damaged))])
        tdb = self.to_tdb(days, np.array(seconds), system)
        backwards = np.diff(tdb) <= 0.0
        if np.any(backwards):
            where = int(np.argmax(backwards)) + 1
            raise self.error("an epoch not after the one before it", "increasing epochs", numbers[where])
        if line == "COVARIANCE_START":
            while line is not None and line != "META_START":
                line = self.next_line()
        return tdb, states, line

    def epoch(self, text: str, line: int) -> tuple[str, float]:
        """Calendar day and second of the day, without a time scale."""
        match = _EPOCH.fullmatch(text)
        if match is None:
            raise self.error(f"the epoch {text[:40]!r}", "an epoch such as 2027-03-01T00:00:00.000", line)
        if match["ordinal"]:
            date = np.datetime64(match["year"], "D") + np.timedelta64(int(match["ordinal"]) - 1, "D")
            inside = str(date)[:4] == match["year"]
            day = str(date) if inside else ""
        else:
            day = f"{match['year']}-{match['month']}-{match['day']}"
        hour, minute, second = int(match["hour"]), int(match["minute"]), float(match["second"])
        leap = (hour, minute) == (23, 59) and second < 61.0
        if not day or hour > 23 or minute > 59 or (second >= 60.0 and not leap):
            raise self.error(f"the epoch {text[:40]!r}", "a date and time that exist", line)
        return day, 3600.0 * hour + 60.0 * minute + second

    def to_tdb(self, days: list[str], seconds: Array, system: str) -> Array:
        """Seconds past J2000 TDB of seconds into calendar days of a time scale."""
        for day in set(days):
            if (day, system) not in self.days:
                try:
                    self.days[day, system] = parse_epoch(f"{day}T00:00:00 {system}")
                except InputError as error:
                    raise DataFileError(f"{self.path}: {error}") from None
        midnights = np.array([self.days[day, system] for day in days])
        if system == "TDB":
            return midnights + seconds
        midnights_tt = midnights - tdb_minus_tt(midnights)
        tt = midnights_tt + seconds
        return tt + tdb_minus_tt(tt)
