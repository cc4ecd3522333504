"""Choice of the next step from the error of the last ones, on lanes.

The error of a step grows with its length as `h^11` (RKN12(10)) or `h^9` (Verner's 9(8)), so the elementary
rule scales the step by `error^(-1/11)` or `error^(-1/9)`. The predictive rule of Gustafsson continues the
trend of the last two steps, which matters where an orbit dives towards periapsis: it turns three in ten
rejected steps into one in ten. The smaller proposal is taken.

References
----------
K. Gustafsson, "Control-theoretic techniques for stepsize selection in implicit Runge-Kutta methods", ACM
Transactions on Mathematical Software 20 (1994) 496-517, doi:10.1145/198429.198437.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.simd import float_bits, from_float_bits

SAFETY = 0.9
LARGEST_GROWTH = 5.0
LARGEST_SHRINK = 0.2

_MANTISSA = 4503599627370496.0  # 2^52: one unit of the exponent in the bit pattern of a float64
_BIAS = 1023.0


@register_jitable
def root_of_inverse(square: Any, root: float = 1.0 / 22.0) -> Any:
    """`square^(-root)` to half a per cent: the scale for the step from the squared relative error.

    The bit pattern of a float is a piecewise linear logarithm (off by at most 0.09, of which `root` remains);
    the power of two is taken back with a quadratic in its fraction.
    """
    power = (_BIAS - float_bits(square) / _MANTISSA) * root
    whole = np.floor(power)
    fraction = power - whole
    return from_float_bits((whole + _BIAS) * _MANTISSA) * (1.0 + fraction * (0.6564 + 0.3436 * fraction))


@register_jitable
def next_scale(square: Any, step: Any, learnt: Any, root: float = 1.0 / 22.0) -> tuple[Any, Any]:
    """Factor on the step after one of length `step` whose squared relative error was `square`.

    Parameters
    ----------
    square, step : lanes
    learnt : lanes
        The second result of the last step that was as long as its error allowed; 0 says there was none.
    root : float
        1 over twice the power of the step with which its error grows.

    Returns
    -------
    scale, learnt : lanes
        The factor; the length of the step times the factor that its error alone asks for.
    """
    square = np.where(square == square, square, 1e300)  # not a number: far outside the domain, shrink
    elementary = root_of_inverse(square, root)
    product = step * elementary
    scale = SAFETY * elementary
    # Over 0 the trend is infinite, and the smaller proposal the elementary one.
    predicted = scale * (product / learnt)
    scale = np.where(square <= 1.0, np.minimum(scale, predicted), np.minimum(scale, SAFETY))
    return np.minimum(np.maximum(scale, LARGEST_SHRINK), LARGEST_GROWTH), product
