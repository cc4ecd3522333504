"""Reading and writing quantities.  Expected values are arithmetic on SI prefixes and definitions."""

import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st

from cislunar.errors import InputError
from cislunar.units import DIMENSIONS, UnitError, format_quantity, parse_quantity, to_internal


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("600 km", "length", 600.0),
        ("  600km ", "length", 600.0),
        ("-2.5e3 m", "length", -2.5),
        ("1 AU", "length", 149597870.7),
        ("180 deg", "angle", math.pi),
        ("-71.38 deg", "angle", math.radians(-71.38)),
        ("60 arcmin", "angle", math.radians(1.0)),
        ("45°", "angle", math.radians(45.0)),
        ("1.5 rad", "angle", 1.5),
        ("137 d", "time", 137 * 86400.0),
        ("2 h", "time", 7200.0),
        ("1 yr", "time", 365.25 * 86400.0),
        ("250 ms", "time", 0.25),
        ("1600 m/s", "speed", 1.6),
        ("3.6 km/h", "speed", 0.001),
        ("1.2 t", "mass", 1200.0),
        ("2 m^2", "area", 2.0),
        ("2 m2", "area", 2.0),
        ("20 cm^2", "area", 0.002),
        ("1.35 kW", "power", 1350.0),
        ("400 N", "force", 400.0),
        ("8.4 GHz", "frequency", 8.4e9),
        ("10 kbit/s", "data_rate", 1e4),
        ("1 MB/s", "data_rate", 8e6),
        ("2 GB", "data", 1.6e10),
        ("4 per day", "event_rate", 4.0 / 86400.0),
        ("360 deg/d", "angular_rate", 2.0 * math.pi / 86400.0),
        ("4.9028e12 m^3/s^2", "gravitational_parameter", 4902.8),
        ("70 %", "fraction", 0.7),
        ("70%", "fraction", 0.7),
        ("0.6", "dimensionless", 0.6),
        (0.6, "dimensionless", 0.6),
        (3, "dimensionless", 3.0),
    ],
)
def test_quantities_are_read_in_the_internal_unit(text, dimension, value):
    assert parse_quantity(text, dimension) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "dimension", "message"),
    [
        ("600 m/s", "length", "found '600 m/s', which is a speed; expected a length such as '600 km'"),
        ("1 d", "length", "found '1 d', which is a duration; expected a length such as '600 km'"),
        ("600", "length", "without a unit; expected a length such as '600 km'; write the unit, such as"),
        (600, "length", "found '600' without a unit; expected a length"),
        ("600 KM", "length", "the unknown unit 'KM'; expected a length such as '600 km'; did you mean 'km'?"),
        ("5 degs", "angle", "did you mean 'deg'?"),
        ("2 hrs", "time", "did you mean 'hours'?"),
        ("10 Kbit/s", "data_rate", "did you mean 'kbit/s'?"),
        ("3 months", "time", "a month has no fixed length: write days"),
        ("71.38 S", "angle", "south and west negative"),
        ("1,000 km", "length", "without commas"),
        ("0.6 km", "dimensionless", "leave the unit out"),
        ("nan km", "length", "a value must be finite"),
        ("-inf km", "length", "a value must be finite"),
        (".inf", "length", "a value must be finite"),
        ("1e999 km", "length", "a value must be finite"),
        (float("nan"), "dimensionless", "a value must be finite"),
        (float("inf"), "length", "without a unit"),
        (10**400, "dimensionless", "a value must be finite"),
        (True, "dimensionless", "found 'True'; expected a plain number without unit"),
        (None, "length", "found 'None'; expected a length"),
        ([1, 2], "length", "found '[1, 2]'; expected a length"),
        ("", "length", "found ''; expected a length"),
        ("٣ km", "length", "expected a length"),
        ("1_000 km", "length", "unknown unit"),
        ("2 h 30 min", "time", "unknown unit"),
        ("0x10 km", "length", "unknown unit"),
        ("9" * 500 + " km", "length", "expected a length"),
    ],
)  # fmt: skip
def test_mistakes_say_found_expected_and_hint(text, dimension, message):
    with pytest.raises(UnitError) as caught:
        parse_quantity(text, dimension)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_unknown_dimension_is_the_callers_mistake():
    with pytest.raises(InputError, match="found the dimension 'lenght'"):
        parse_quantity("600 km", "lenght")


def test_astropy_quantities_are_taken_and_checked():
    assert parse_quantity(3.0 * u.m, "length") == pytest.approx(0.003)
    assert parse_quantity(70.0 * u.percent, "fraction") == pytest.approx(0.7)
    assert parse_quantity(4.0 / u.day, "event_rate") == pytest.approx(4.0 / 86400.0)
    assert parse_quantity(1.0 * u.km**2, "area") == pytest.approx(1e6)
    np.testing.assert_allclose(to_internal([1.0, 2.0] * u.AU, "length"), [149597870.7, 299195741.4])
    np.testing.assert_array_equal(to_internal([1.0, 2.0], "length"), [1.0, 2.0])
    with pytest.raises(UnitError, match="found an astropy quantity in m / s; expected a length"):
        parse_quantity(3.0 * u.m / u.s, "length")
    with pytest.raises(UnitError, match="shape"):
        parse_quantity([1.0, 2.0] * u.m, "length")
    with pytest.raises(UnitError, match="NaN or infinite"):
        to_internal([1.0, np.nan] * u.m, "length")


@pytest.mark.parametrize(
    ("value", "dimension", "unit", "text"),
    [
        (9750.0, "length", None, "9750 km"),
        (0.012, "length", None, "12 m"),
        (0.0, "length", None, "0 m"),
        (-2.5, "length", None, "-2.5 km"),
        (math.radians(-71.38), "angle", None, "-71.38 deg"),
        (9000.0, "time", None, "2.5 h"),
        (137 * 86400.0, "time", None, "137 d"),
        (137 * 86400.0, "time", "h", "3288 h"),
        (0.7, "fraction", None, "70 %"),
        (0.6, "dimensionless", None, "0.6"),
        (1.234567890123, "dimensionless", None, "1.23457"),
        (1e30, "dimensionless", None, "1e+30"),
        (-1e-12, "dimensionless", None, "-1e-12"),
        (2.5e6, "data_rate", None, "2.5 Mbit/s"),
    ],
)
def test_values_are_written_readably(value, dimension, unit, text):
    assert format_quantity(value, dimension, unit) == text


def test_writing_in_a_unit_of_another_dimension_is_refused():
    with pytest.raises(UnitError, match="which is a duration; expected a length"):
        format_quantity(1.0, "length", "h")


@given(st.floats(-1e25, 1e25, allow_nan=False), st.sampled_from(DIMENSIONS))
def test_what_is_written_reads_back(value, dimension):
    assert parse_quantity(format_quantity(value, dimension, digits=17), dimension) == pytest.approx(
        value, rel=1e-14
    )


@given(
    st.one_of(st.text(max_size=120), st.floats(), st.integers(), st.none(), st.booleans()),
    st.sampled_from(DIMENSIONS),
)
def test_any_input_gives_a_finite_number_or_one_clear_error(value, dimension):
    try:
        number = parse_quantity(value, dimension)
    except UnitError:
        return
    assert math.isfinite(number)


def test_errors_survive_pickling():
    error = UnitError("x", "a length", "hint")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_reading_units_needs_no_heavy_import():
    heavy = "astropy numba matplotlib pandas xarray scipy erfa"
    code = f"import sys, cislunar.units; print([m for m in '{heavy}'.split() if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
