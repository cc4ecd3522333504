"""Eight samples of a smooth function: its certain sign, its extrema and its zeros (compiled).

The polynomial of degree 7 through the samples lies between the smallest and the largest of its
Bernstein coefficients [1]_, so coefficients of one sign certify the sign everywhere in the stretch, not
only at the samples. The last Chebyshev coefficients tell how far the polynomial can be from the
function.

References
----------
.. [1] R. T. Farouki, "The Bernstein polynomial basis: A centennial retrospective", Comput. Aided Geom.
   Des. 29, 379 (2012), sections 3 and 5.
.. [2] L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM 2013, chapters 3 and 8.
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np

from cislunar.coverage.sampling import FRACTION, ROW, SAMPLES, number
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, all_lanes, load, store

_ACCEPTED = 1.0e-4
"""Truncation error below which monotone parts are searched for zeros: 10 cm for margins in km."""
_DECIDED = 1.0e-8
"""Truncation error below which a near-tangency is decided."""
CONVERGED = 1.0e-10
"""A last step of Newton's method as short as this leaves an error far below rounding: the samples' own
rounding moves a zero by 1e-12."""
_GUESSED = 1.0e-3
"""Enough for a zero that is found again on closer samples: Newton's method squares the error."""

_DEGREE = SAMPLES - 1
_U = FRACTION[:SAMPLES]


def _columns(matrix: np.ndarray) -> np.ndarray:
    """Matrix for `_times`: by column, each filled to ROW numbers with its last."""
    filled = np.concatenate((matrix, np.repeat(matrix[-1:], ROW - SAMPLES, axis=0)))
    return np.ascontiguousarray(filled.T).ravel()


def _bernstein_matrix() -> np.ndarray:
    basis = [comb(_DEGREE, k) * _U**k * (1.0 - _U) ** (_DEGREE - k) for k in range(SAMPLES)]
    inverse = np.linalg.inv(np.stack(basis, axis=1))
    inverse[0], inverse[-1] = np.eye(SAMPLES)[0], np.eye(SAMPLES)[-1]
    return inverse


MATRICES = np.concatenate(
    (
        _columns(_bernstein_matrix()),
        _columns(np.linalg.inv(np.polynomial.chebyshev.chebvander(2.0 * _U - 1.0, _DEGREE))),
        _columns(np.linalg.inv(np.vander(2.0 * _U - 1.0, increasing=True))),
    )
)
"""From samples to Bernstein, Chebyshev and monomial coefficients. Compiled code reads them from its
scratch memory, where
they begin: as constants they would be copied to the stack on every call."""

_TO_BERNSTEIN, _TO_CHEBYSHEV, _TO_MONOMIAL = (SAMPLES * ROW * k for k in range(3))


@kernel
def _times(memory: Any, matrix: int, samples: int, result: int) -> None:
    for k in range(0, ROW, LANES):
        total = number(memory, samples) * load(memory, matrix + k)
        for j in range(1, SAMPLES):
            total = total + number(memory, samples + j) * load(memory, matrix + j * ROW + k)
        store(memory, result + k, total)


@kernel
def to_bernstein(memory: Any, samples: int, result: int) -> None:
    """Bernstein coefficients, at `result`, of the polynomial through `samples`."""
    _times(memory, _TO_BERNSTEIN, samples, result)


@kernel
def certify(memory: Any, samples: int, result: int, allowance: float) -> float:
    """Sign of the function throughout the stretch, if it is certain.

    Parameters
    ----------
    memory : ndarray
    samples : int
        Where the samples are.
    result : int
        Where two rows receive the Bernstein and the Chebyshev coefficients.
    allowance : float
        What the function must clear zero by, on top of four times the truncation error.

    Returns
    -------
    float
        1, -1, or 0 if it is not certain.
    """
    # Two sums each, over even and odd samples: half as long a chain of operations that wait for each other.
    for k in range(0, ROW, LANES):
        even, odd = number(memory, samples), number(memory, samples + 1)
        bernstein = even * load(memory, _TO_BERNSTEIN + k)
        bernstein_odd = odd * load(memory, _TO_BERNSTEIN + ROW + k)
        chebyshev = even * load(memory, _TO_CHEBYSHEV + k)
        chebyshev_odd = odd * load(memory, _TO_CHEBYSHEV + ROW + k)
        for j in range(2, SAMPLES, 2):
            even, odd = number(memory, samples + j), number(memory, samples + j + 1)
            bernstein = bernstein + even * load(memory, _TO_BERNSTEIN + j * ROW + k)
            bernstein_odd = bernstein_odd + odd * load(memory, _TO_BERNSTEIN + (j + 1) * ROW + k)
            chebyshev = chebyshev + even * load(memory, _TO_CHEBYSHEV + j * ROW + k)
            chebyshev_odd = chebyshev_odd + odd * load(memory, _TO_CHEBYSHEV + (j + 1) * ROW + k)
        store(memory, result + k, bernstein + bernstein_odd)
        store(memory, result + ROW + k, chebyshev + chebyshev_odd)
    margin = 4.0 * truncation(memory, result + ROW) + allowance
    positive = True
    negative = True
    for k in range(0, ROW, LANES):
        bernstein = load(memory, result + k)
        positive = positive and all_lanes(bernstein > margin)
        negative = negative and all_lanes(bernstein < -margin)
    return 1.0 if positive else (-1.0 if negative else 0.0)


@kernel
def to_monomial(memory: Any, samples: int, result: int) -> None:
    """Coefficients, at `result`, of powers of v, which is -1 at the start of the stretch and 1 at its end."""
    _times(memory, _TO_MONOMIAL, samples, result)


@kernel
def truncation(memory: Any, chebyshev: int) -> float:
    """Estimate, from Chebyshev coefficients, of the distance between function and polynomial.

    The size of the last, or a sixteenth of the last but one where that is larger: one of them alone
    vanishes for functions that are even or odd about the middle of the stretch.
    """
    return max(abs(number(memory, chebyshev + 7)), abs(number(memory, chebyshev + 6)) / 16.0)


@kernel
def turns(memory: Any, coefficients: int) -> int:
    """Upper bound of the number of extrema: sign changes between successive coefficients."""
    count = 0
    previous = 0.0
    for k in range(1, SAMPLES):
        step = number(memory, coefficients + k) - number(memory, coefficients + k - 1)
        if step != 0.0:
            if step * previous < 0.0:
                count += 1
            previous = step
    return count


@kernel
def value_at(memory: Any, monomial: int, v: float) -> float:
    """Value of the polynomial."""
    value = number(memory, monomial + SAMPLES - 1)
    for k in range(SAMPLES - 2, -1, -1):
        value = value * v + number(memory, monomial + k)
    return value


@kernel
def differentiate(memory: Any, monomial: int) -> None:
    """Replace a polynomial by its derivative."""
    for k in range(1, SAMPLES):
        memory[monomial + k - 1] = k * number(memory, monomial + k)
    memory[monomial + SAMPLES - 1] = 0.0


@kernel
def zero(
    memory: Any, monomial: int, low: float, high: float, at_low: float, at_high: float, close: float
) -> float:
    """Zero of the polynomial between `low` and `high`, where it has the values `at_low` and `at_high`.

    The values differ in sign. Newton's method kept inside the shrinking bracket, until a step is no
    longer than `close` or the next one would not be: as each is proportional to the square of the one
    before, it follows from the last two.
    """
    rising = at_high > at_low
    v = low - at_low * (high - low) / (at_high - at_low) if at_high != at_low else 0.5 * (low + high)
    before = 0.0
    for _ in range(60):
        value = number(memory, monomial + SAMPLES - 1)
        slope = 0.0
        for k in range(SAMPLES - 2, -1, -1):
            slope = slope * v + value
            value = value * v + number(memory, monomial + k)
        if value == 0.0:
            break
        if (value > 0.0) == rising:
            high = v
        else:
            low = v
        following = v - value / slope if slope != 0.0 else low
        if low < following < high:
            step = abs(following - v)
            last = step <= close or step * step * step <= close * before * before
            before = step
        else:
            following = 0.5 * (low + high)
            last = high - low <= close
            before = 0.0
        v = following
        if last:
            break
    return v


@kernel
def isolate(memory: Any, samples: int, coefficients: int, found: int, near: float, divisible: bool) -> int:
    """Find the zeros of a stretch that `certify` left uncertain.

    Parameters
    ----------
    memory : ndarray
    samples : int
        Where the samples are.
    coefficients : int
        Where `certify` put its two rows; two more behind them are used.
    found : int
        Where five numbers are put, in the variable v of the stretch (-1 to 1): the place of an extremum
        closer to zero than `near` (or 2 if there is none), the first zero and the ends of the monotone
        part it lies in are `found + 1`, -1 and `found + 3`; those of a second zero `found + 2`, `found
        + 3` and 1.
    near : float
        See `found`.
    divisible : bool
        Whether the stretch may be halved.

    Returns
    -------
    int
        Bits: 1 if there is a zero in the first part, 2 if there is one in the second; -1 if the stretch
        must be halved first.
    """
    error = truncation(memory, coefficients + ROW)
    extrema = turns(memory, coefficients)
    if divisible and (error > _ACCEPTED or extrema > 1):
        return -1
    monomial = coefficients + 2 * ROW
    slope = monomial + ROW
    to_monomial(memory, samples, monomial)
    first = number(memory, samples)
    last = number(memory, samples + SAMPLES - 1)
    middle = first
    v = -1.0
    memory[found] = 2.0
    if extrema == 1:
        to_monomial(memory, samples, slope)
        differentiate(memory, slope)
        at_start, at_end = value_at(memory, slope, -1.0), value_at(memory, slope, 1.0)
        v = zero(memory, slope, -1.0, 1.0, at_start, at_end, CONVERGED)
        middle = value_at(memory, monomial, v)
        if abs(middle) < near:
            if divisible and error > _DECIDED:
                return -1
            memory[found] = v
    # The polynomial is monotone from -1 to v and from v to 1.
    memory[found + 3] = v
    zeros = 0
    if (first > 0.0) != (middle > 0.0):
        memory[found + 1] = zero(memory, monomial, -1.0, v, first, middle, _GUESSED)
        zeros |= 1
    if (middle > 0.0) != (last > 0.0):
        memory[found + 2] = zero(memory, monomial, v, 1.0, middle, last, _GUESSED)
        zeros |= 2
    return zeros
