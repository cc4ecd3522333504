"""The inverse square root on lanes: against exact arithmetic, and its derivative against the formula."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from cislunar.propagation.dual import parts, variables
from cislunar.propagation.jit import kernel
from cislunar.propagation.simd import LANES, inverse_sqrt, load, store


@kernel
def roots(values, result):
    for i in range(0, values.size, LANES):
        store(result, i, inverse_sqrt(load(values, i)))


@kernel
def slopes(values, value, slope):
    for i in range(0, values.size, LANES):
        (x,) = variables((load(values, i),))
        root, rate = parts(inverse_sqrt(x))
        store(value, i, root)
        store(slope, i, rate)


def exact(x):
    """1 / sqrt(x) to 60 digits, as a fraction."""
    scale = 10**60
    number = Fraction(float(x))
    # sqrt(1 / x) = isqrt(scale^2 / x) / scale, with digits enough for the smallest result
    shift = 10**320
    return Fraction(isqrt(int(Fraction(scale * scale * shift * shift) / number)), scale * shift)


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(3)
    spread = 10.0 ** rng.uniform(-290, 290, 400)
    ends = np.array([1.0, 2.0, 3.0, 4.0, np.nextafter(4.0, 0.0), np.nextafter(1.0, 0.0), 1e-300, 1e300])
    orbits = rng.uniform(1e3, 2e8, 600) ** 2
    values = np.concatenate([spread, ends, orbits])
    return values[: values.size // 16 * 16]


def test_within_a_unit_in_the_last_place(numbers):
    found = np.empty_like(numbers)
    roots(numbers, found)
    for x, root in zip(numbers, found, strict=True):
        true = exact(x)
        assert abs(Fraction(float(root)) - true) <= 2 * Fraction(2) ** -53 * true, x


def test_what_is_not_a_number_stays_so():
    values = np.full(16, np.nan)
    found = np.empty(16)
    roots(values, found)
    assert np.isnan(found).all()


def test_same_on_floats_and_arrays(numbers):
    found = np.empty_like(numbers)
    roots(numbers, found)
    assert np.abs(inverse_sqrt(numbers) / found - 1.0).max() < 4e-16
    assert inverse_sqrt(4.0) == 0.5


def test_derivative(numbers):
    values = numbers[(numbers > 1e-90) & (numbers < 1e90)]
    values = values[: values.size // 16 * 16]
    value, slope = np.empty_like(values), np.empty_like(values)
    slopes(values, value, slope)
    assert np.abs(value * np.sqrt(values) - 1.0).max() < 5e-16
    assert np.abs(slope / (-0.5 * values**-1.5) - 1.0).max() < 2e-15
