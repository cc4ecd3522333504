"""Interpolation of tabulated states as ephemeris messages prescribe it: Lagrange or Hermite of a degree.

Divided differences (Newton's form) on windows of neighbouring nodes, vectorised over the epochs asked for.

References
----------
.. [1] J. Stoer, R. Bulirsch, "Introduction to Numerical Analysis", 3rd ed. (2002), sections 2.1.3 and 2.1.5.
.. [2] CCSDS 502.0-B-3, "Orbit Data Messages" (2023), section 5.2.3 (INTERPOLATION, INTERPOLATION_DEGREE).
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError

Array = NDArray[np.float64]
Method = Literal["HERMITE", "LAGRANGE"]

MAX_DEGREE: Final = 31
"""Interpolation degrees above this amplify rounding and are refused."""

EDGE_S: Final = 1e-3
"""A time this little outside a table, s, is still answered: epochs in files are rounded."""

_CHUNK: Final = 4096


class StateInterpolator:
    """States between the nodes of one table.

    `HERMITE` of degree d passes through positions and velocities of (d + 1) / 2 neighbouring nodes,
    `LAGRANGE` of degree d through the positions of d + 1.  The velocity is the derivative of that polynomial,
    so that it always goes with the positions.  The window is centred on the interval asked for, and
    shifted inwards at the ends of the table; a table with fewer nodes lowers the degree.

    Parameters
    ----------
    seconds : array_like, shape (n,)
        Times of the nodes, s, increasing, at least 2.
    states : array_like, shape (6, n)
        Positions, km, and velocities, km/s.
    method : {"HERMITE", "LAGRANGE"}
        Kind of interpolation.
    degree : int
        Its degree, 1 to 31; for `HERMITE` an even one is lowered by one.

    Raises
    ------
    InputError
        For a table with fewer than 2 nodes, or a degree out of range.
    """

    def __init__(
        self, seconds: ArrayLike, states: ArrayLike, method: Method = "HERMITE", degree: int = 7
    ) -> None:
        self.seconds = np.asarray(seconds, dtype=np.float64)
        self.states = np.asarray(states, dtype=np.float64)
        self.method = method
        count = self.seconds.size
        if count < 2 or self.states.shape != (6, count):
            raise InputError(f"interpolation: expected at least 2 states (6, n); got {self.states.shape}")
        if not 1 <= degree <= MAX_DEGREE:
            raise InputError(f"interpolation degree: expected 1 to {MAX_DEGREE}; got {degree}")
        self.points = min(max(2, (degree + 1) // 2 if method == "HERMITE" else degree + 1), count)
        self.degree = 2 * self.points - 1 if method == "HERMITE" else self.points - 1

    def __call__(self, seconds: ArrayLike, shift: int = 0) -> Array:
        """Evaluate.

        Parameters
        ----------
        seconds : array_like, shape (m,)
            Times, s, within the table.
        shift : int
            Number of nodes by which the windows are moved from their usual place, as far as the table reaches
            and the interval asked for stays inside: another opinion on the same interval.

        Returns
        -------
        ndarray, shape (6, m)
            Positions, km, and velocities, km/s.

        Raises
        ------
        InputError
            For a time more than `EDGE_S` outside the table.
        """
        times = np.atleast_1d(np.asarray(seconds, dtype=np.float64))
        if not np.all((times >= self.seconds[0] - EDGE_S) & (times <= self.seconds[-1] + EDGE_S)):
            raise InputError("interpolation: a time lies outside the table")
        result = np.empty((6, times.size))
        for start in range(0, times.size, _CHUNK):
            result[:, start : start + _CHUNK] = self._evaluate(times[start : start + _CHUNK], shift)
        return result

    def _evaluate(self, times: Array, shift: int) -> Array:
        last = self.seconds.size - 1
        interval = np.clip(np.searchsorted(self.seconds, times, side="right") - 1, 0, last - 1)
        first = interval - (self.points - 1) // 2
        if self.points % 2:  # an odd window is centred on the nearer node of the interval
            middle = 0.5 * (self.seconds[interval] + self.seconds[interval + 1])
            first = first + (times > middle)
        first = np.clip(first + shift, interval + 2 - self.points, interval)
        first = np.clip(first, 0, last + 1 - self.points)
        window = first[:, np.newaxis] + np.arange(self.points)

        nodes = self.seconds[window]
        centre = nodes.mean(axis=1)
        scale = 0.5 * (nodes[:, -1] - nodes[:, 0])
        nodes = (nodes - centre[:, np.newaxis]) / scale[:, np.newaxis]
        at = (times - centre) / scale
        table = self.states[:, window]
        if self.method == "LAGRANGE":
            position, slope = _newton(nodes, table[:3], at)
        else:
            position, slope = _hermite(nodes, table[:3], table[3:] * scale[:, np.newaxis], at)
        return np.concatenate((position, slope / scale))


def _newton(nodes: Array, values: Array, at: Array) -> tuple[Array, Array]:
    """Value and derivative at `at` (m,) of polynomials through values (c, m, k) at distinct nodes (m, k)."""
    differences = values.copy()
    for order in range(1, nodes.shape[1]):
        step = nodes[:, order:] - nodes[:, :-order]
        differences[..., order:] = (differences[..., order:] - differences[..., order - 1 : -1]) / step
    return _horner(nodes, differences, at)


def _hermite(nodes: Array, values: Array, slopes: Array, at: Array) -> tuple[Array, Array]:
    """Value and derivative of the polynomials through values and slopes (c, m, k) at nodes (m, k)."""
    doubled = np.repeat(nodes, 2, axis=1)
    differences = np.repeat(values, 2, axis=2)
    following = differences[..., 1:] - differences[..., :-1]
    step = doubled[:, 1:] - doubled[:, :-1]
    step[:, ::2] = 1.0
    differences[..., 1:] = following / step
    differences[..., 1::2] = slopes
    for order in range(2, doubled.shape[1]):
        step = doubled[:, order:] - doubled[:, :-order]
        differences[..., order:] = (differences[..., order:] - differences[..., order - 1 : -1]) / step
    return _horner(doubled, differences, at)


def _horner(nodes: Array, coefficients: Array, at: Array) -> tuple[Array, Array]:
    """Evaluate Newton's form and its derivative."""
    value = coefficients[..., -1]
    slope = np.zeros_like(value)
    for k in range(nodes.shape[1] - 2, -1, -1):
        factor = at - nodes[:, k]
        slope = slope * factor + value
        value = value * factor + coefficients[..., k]
    return value, slope
