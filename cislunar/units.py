"""Quantities with units at the border: text and astropy quantities to and from the floats used inside.

Inside the package a float is in the internal unit of its dimension: km, rad, s, km/s, kg, m^2, W, N, Hz, bit,
bit/s, rad/s, km^3/s^2, and a plain number for dimensionless quantities and fractions.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import AU_KM, JULIAN_YEAR_S, SECONDS_PER_DAY
from cislunar.errors import InputError


class UnitError(InputError):
    """A quantity has no unit, an unknown one, one of another dimension, or no finite value.

    Attributes
    ----------
    found : str
        What stood there.
    expected : str
        What should stand there, with an example.
    hint : str
        The likely repair; may be empty.
    """

    def __init__(self, found: str, expected: str, hint: str = "") -> None:
        self.found = found
        self.expected = expected
        self.hint = hint
        super().__init__(f"found {found}; expected {expected}" + (f"; {hint}" if hint else ""))

    def __reduce__(self) -> tuple[type[UnitError], tuple[str, str, str]]:
        """Pickle by the three parts, so that the error crosses process borders."""
        return type(self), (self.found, self.expected, self.hint)


@dataclass(frozen=True)
class _Dimension:
    """A physical dimension: how it is named, what its units are worth, and how it is shown."""

    phrase: str
    example: str
    units: dict[str, float]  # spelling -> value in the internal unit; the first is the internal unit itself
    shown: tuple[str, ...]  # units `format_quantity` chooses from, small to large
    bare: bool = False  # may be written without a unit


_DEGREE = math.pi / 180.0
_RATES = {
    "bit/s": 1.0,
    "bps": 1.0,
    "kbit/s": 1e3,
    "kbps": 1e3,
    "Mbit/s": 1e6,
    "Mbps": 1e6,
    "Gbit/s": 1e9,
    "Gbps": 1e9,
}

_DIMENSIONS: Final[dict[str, _Dimension]] = {
    "length": _Dimension(
        "a length",
        "600 km",
        {"km": 1.0, "m": 1e-3, "cm": 1e-5, "mm": 1e-6, "Mm": 1e3, "AU": AU_KM, "au": AU_KM},
        ("m", "km"),
    ),
    "angle": _Dimension(
        "an angle",
        "45 deg",
        {
            "rad": 1.0,
            "mrad": 1e-3,
            "deg": _DEGREE,
            "degree": _DEGREE,
            "degrees": _DEGREE,
            "°": _DEGREE,
            "arcmin": _DEGREE / 60.0,
            "arcsec": _DEGREE / 3600.0,
        },
        ("deg",),
    ),
    "time": _Dimension(
        "a duration",
        "30 d",
        {
            "s": 1.0,
            "ms": 1e-3,
            "us": 1e-6,
            "second": 1.0,
            "seconds": 1.0,
            "min": 60.0,
            "minute": 60.0,
            "minutes": 60.0,
            "h": 3600.0,
            "hour": 3600.0,
            "hours": 3600.0,
            "d": SECONDS_PER_DAY,
            "day": SECONDS_PER_DAY,
            "days": SECONDS_PER_DAY,
            "yr": JULIAN_YEAR_S,
            "year": JULIAN_YEAR_S,
            "years": JULIAN_YEAR_S,
        },
        ("s", "min", "h", "d", "yr"),
    ),
    "speed": _Dimension(
        "a speed", "1.6 km/s", {"km/s": 1.0, "m/s": 1e-3, "mm/s": 1e-6, "km/h": 1.0 / 3600.0}, ("m/s", "km/s")
    ),
    "mass": _Dimension("a mass", "150 kg", {"kg": 1.0, "g": 1e-3, "t": 1e3}, ("kg",)),
    "area": _Dimension(
        "an area",
        "2 m^2",
        {"m^2": 1.0, "m2": 1.0, "m²": 1.0, "m**2": 1.0, "cm^2": 1e-4, "cm2": 1e-4, "cm²": 1e-4, "km^2": 1e6},
        ("m^2",),
    ),
    "power": _Dimension("a power", "20 W", {"W": 1.0, "mW": 1e-3, "kW": 1e3, "MW": 1e6}, ("W", "kW")),
    "force": _Dimension("a force", "400 N", {"N": 1.0, "mN": 1e-3, "kN": 1e3}, ("N",)),
    "frequency": _Dimension(
        "a frequency", "8.4 GHz", {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}, ("Hz", "kHz", "MHz", "GHz")
    ),
    "event_rate": _Dimension(
        "a number per time",
        "4 /d",
        {"/s": 1.0, "/h": 1.0 / 3600.0, "/d": 1.0 / SECONDS_PER_DAY, "per day": 1.0 / SECONDS_PER_DAY},
        ("/d",),
    ),
    "data_rate": _Dimension(
        "a data rate",
        "10 kbit/s",
        {**_RATES, "B/s": 8.0, "kB/s": 8e3, "MB/s": 8e6},
        ("bit/s", "kbit/s", "Mbit/s", "Gbit/s"),
    ),
    "data": _Dimension(
        "an amount of data",
        "10 Gbit",
        {
            "bit": 1.0,
            "kbit": 1e3,
            "Mbit": 1e6,
            "Gbit": 1e9,
            "Tbit": 1e12,
            "B": 8.0,
            "kB": 8e3,
            "MB": 8e6,
            "GB": 8e9,
            "TB": 8e12,
        },
        ("bit", "kbit", "Mbit", "Gbit", "Tbit"),
    ),
    "angular_rate": _Dimension(
        "an angular rate",
        "0.5 deg/s",
        {
            "rad/s": 1.0,
            "deg/s": _DEGREE,
            "deg/h": _DEGREE / 3600.0,
            "deg/d": _DEGREE / SECONDS_PER_DAY,
            "arcsec/s": _DEGREE / 3600.0,
        },
        ("deg/s",),
    ),
    "gravitational_parameter": _Dimension(
        "a gravitational parameter",
        "4902.8 km^3/s^2",
        {"km^3/s^2": 1.0, "km3/s2": 1.0, "m^3/s^2": 1e-9, "m3/s2": 1e-9},
        ("km^3/s^2",),
    ),
    "specific_energy": _Dimension(
        "an energy per mass",
        "-2 km^2/s^2",
        {"km^2/s^2": 1.0, "km2/s2": 1.0, "m^2/s^2": 1e-6, "m2/s2": 1e-6},
        ("km^2/s^2",),
    ),
    "price": _Dimension("a price", "90 MUSD", {"USD": 1.0, "kUSD": 1e3, "MUSD": 1e6}, ("USD", "MUSD")),
    "fraction": _Dimension("a percentage", "70 %", {"": 1.0, "%": 0.01, "percent": 0.01}, ("%",)),
    "dimensionless": _Dimension("a plain number without unit", "0.6", {"": 1.0}, ("",), bare=True),
}

DIMENSIONS: Final = tuple(_DIMENSIONS)
"""Names of the dimensions that `parse_quantity` knows."""

_ASTROPY_NAMES: Final = {
    "area": "m2",
    "event_rate": "1/s",
    "gravitational_parameter": "km3/s2",
    "specific_energy": "km2/s2",
    "fraction": "",
    "dimensionless": "",
}

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?\.?(?:nan|inf|infinity)\b.*", re.IGNORECASE)
_LONGEST: Final = 80


def parse_quantity(text: Any, dimension: str) -> float:
    """Read a number with its unit, strictly.

    Parameters
    ----------
    text : str, or astropy.units.Quantity, or (dimensionless only) a number
        `600 km`, `-71.38 deg`, `2 m^2`, `70 %`.  A year is the Julian year of 365.25 d, a day 86400 s;
        prefixes of data are decimal (kbit = 1000 bit) and a byte has 8 bit.
    dimension : str
        One of `DIMENSIONS`: the dimension asked for.

    Returns
    -------
    float
        The value in the internal unit of the dimension.

    Raises
    ------
    UnitError
        If there is no unit, an unknown one (the nearest spelling is named), one of another dimension, no
        number, or the value is NaN, infinite or too large.
    InputError
        If `dimension` is not one of `DIMENSIONS`.
    """
    wanted = _dimension(dimension)
    if hasattr(text, "unit") and hasattr(text, "to_value"):
        value = to_internal(text, dimension)
        if value.ndim:
            raise UnitError(f"an array of shape {value.shape}", _expected(wanted))
        return float(value)
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise UnitError(_show(text), _expected(wanted))
    if not isinstance(text, str):
        return _bare_number(text, wanted)
    stripped = text.strip()
    if len(stripped) > _LONGEST:
        raise UnitError(_show(text), _expected(wanted))
    match = _NUMBER.match(stripped)
    if match is None:
        hint = "a value must be finite" if _NOT_FINITE.fullmatch(stripped) else ""
        raise UnitError(_show(text), _expected(wanted), hint)
    unit = " ".join(stripped[match.end() :].split())
    if unit.startswith(","):
        raise UnitError(_show(text), _expected(wanted), "write numbers without commas, with a decimal point")
    factor = wanted.units.get(unit) if unit or wanted.bare else None
    if factor is None:
        raise _wrong_unit(text, unit, wanted)
    number, per = float(match.group()), 1.0 / factor
    # Dividing keeps decimal submultiples exact: 70 % is 0.7, not 0.7000000000000001.
    return _finite(number / per if per.is_integer() else number * factor, text, wanted)


def to_internal(value: Any, dimension: str) -> NDArray[np.float64]:
    """Strip the unit of an astropy quantity; numbers without one are in the internal unit already.

    Parameters
    ----------
    value : array_like or astropy.units.Quantity, shape (...)
        The numbers.
    dimension : str
        One of `DIMENSIONS`.

    Returns
    -------
    ndarray, shape (...)
        The values in the internal unit of the dimension.

    Raises
    ------
    UnitError
        If the quantity is of another dimension, or a value is NaN or infinite.
    """
    wanted = _dimension(dimension)
    if hasattr(value, "unit") and hasattr(value, "to_value"):
        internal = _ASTROPY_NAMES.get(dimension, next(iter(wanted.units)))
        try:
            numbers = np.asarray(value.to_value(internal), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise UnitError(f"an astropy quantity in {value.unit}", _expected(wanted)) from error
    else:
        numbers = np.asarray(value, dtype=np.float64)
    if not np.all(np.isfinite(numbers)):
        raise UnitError("a value that is NaN or infinite", _expected(wanted), "a value must be finite")
    return numbers


def phrase(dimension: str) -> tuple[str, str]:
    """How messages name a dimension, and an example: `("a length", "600 km")`.

    Parameters
    ----------
    dimension : str
        One of `DIMENSIONS`.
    """
    wanted = _dimension(dimension)
    return wanted.phrase, wanted.example


def spellings(dimension: str) -> tuple[str, ...]:
    """Every spelling of every unit of a dimension, the internal unit first; empty for plain numbers.

    Parameters
    ----------
    dimension : str
        One of `DIMENSIONS`.
    """
    return tuple(name for name in _dimension(dimension).units if name)


def format_quantity(value: float, dimension: str, unit: str | None = None, digits: int = 6) -> str:
    """A value in the internal unit as text with a unit, without exponent where that is readable.

    Parameters
    ----------
    value : float
        Value in the internal unit of the dimension.
    dimension : str
        One of `DIMENSIONS`.
    unit : str, optional
        Unit to write it in; by default the largest customary one in which the number is not below one.
    digits : int
        Significant digits, at most 17; trailing zeros are dropped.

    Returns
    -------
    str
        `9750 km`, `-71.38 deg`, `2.5 h`, `70 %`; `parse_quantity` reads it back.

    Raises
    ------
    UnitError
        If the unit is not one of the dimension.
    """
    wanted = _dimension(dimension)
    if unit is None:
        unit = wanted.shown[0]
        for larger in wanted.shown[1:]:
            if abs(value) >= wanted.units[larger]:
                unit = larger
    factor = wanted.units.get(unit)
    if factor is None:
        raise _wrong_unit(unit, unit, wanted)
    number = value / factor
    exponent = math.floor(math.log10(abs(number))) if number and math.isfinite(number) else 0
    if -5 <= exponent < 15:
        text = f"{number:.{max(digits - 1 - exponent, 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        text = "0" if text == "-0" else text
    else:
        text = f"{number:.{digits}g}"
    return f"{text} {unit}" if unit else text


def _dimension(name: str) -> _Dimension:
    try:
        return _DIMENSIONS[name]
    except KeyError:
        raise InputError(f"found the dimension {name!r}; expected one of {', '.join(_DIMENSIONS)}") from None


def _expected(wanted: _Dimension) -> str:
    return f"{wanted.phrase} such as '{wanted.example}'"


def _show(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _finite(value: float, text: object, wanted: _Dimension) -> float:
    if not math.isfinite(value):
        raise UnitError(_show(text), _expected(wanted), "a value must be finite")
    return value


def _bare_number(number: float, wanted: _Dimension) -> float:
    if not wanted.bare:
        hint = f"write the unit, such as {' or '.join(wanted.shown)}"
        raise UnitError(f"{_show(number)} without a unit", _expected(wanted), hint)
    try:
        return _finite(float(number), number, wanted)
    except OverflowError:
        raise UnitError(_show(number), _expected(wanted), "a value must be finite") from None


def _wrong_unit(text: object, unit: str, wanted: _Dimension) -> UnitError:
    """The error for a unit that the wanted dimension does not have."""
    expected = _expected(wanted)
    if not unit:
        return UnitError(
            f"{_show(text)} without a unit", expected, f"write the unit, such as {' or '.join(wanted.shown)}"
        )
    if wanted.bare:
        return UnitError(f"{_show(text)} with the unit {_show(unit)}", expected, "leave the unit out")
    for other in _DIMENSIONS.values():
        if unit in other.units:
            return UnitError(f"{_show(text)}, which is {other.phrase}", expected)
    if unit in ("N", "S", "E", "W"):
        return UnitError(
            _show(text),
            expected,
            "write north and east positive, south and west negative, such as '-71.38 deg'",
        )
    if unit.lower() in ("month", "months", "mo"):
        return UnitError(_show(text), expected, "a month has no fixed length: write days")
    near = _nearest(unit, wanted)
    hint = f"did you mean {near!r}?" if near else f"units: {', '.join(name for name in wanted.units if name)}"
    return UnitError(f"{_show(text)} with the unknown unit {_show(unit)}", expected, hint)


def _nearest(unit: str, wanted: _Dimension) -> str | None:
    names = [name for name in wanted.units if name]
    for name in names:
        if name.lower() == unit.lower():
            return name
    folded = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(unit.lower(), list(folded), n=1, cutoff=0.5)
    return folded[close[0]] if close else None
