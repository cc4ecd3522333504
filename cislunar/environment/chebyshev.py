"""Tables of Chebyshev polynomials over equal granules of time, evaluated for many epochs at once.

This is the storage of the JPL ephemerides and of SPICE kernels of type 2 and 3: a series of granules of equal
length, each with the coefficients of one polynomial per component [1]_.

References
----------
.. [1] NAIF, "SPK Required Reading", type 2 (Chebyshev, position only), and "PCK Required Reading", type 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_CHUNK = 8192
"""Epochs evaluated together: the working arrays of one chunk stay in the cache."""


@dataclass(frozen=True, eq=False)
class ChebyshevPiece:
    """Granules of equal length with the same number of coefficients.

    Attributes
    ----------
    start_s : float
        Start of the first granule, seconds past J2000 TDB.
    granule_s : float
        Length of one granule, s.
    coefficients : numpy.ndarray, shape (degree + 1, components, granules)
        Chebyshev coefficients, lowest degree first.
    """

    start_s: float
    granule_s: float
    coefficients: NDArray[np.float64]

    @property
    def end_s(self) -> float:
        """End of the last granule, seconds past J2000 TDB."""
        return self.start_s + self.granule_s * self.coefficients.shape[2]

    @cached_property
    def derivative(self) -> ChebyshevPiece:
        """The time derivative, unit per second, on the same granules."""
        slopes = np.polynomial.chebyshev.chebder(self.coefficients, axis=0) * (2.0 / self.granule_s)
        return ChebyshevPiece(self.start_s, self.granule_s, slopes.astype(np.float64))

    def evaluate(self, tdb: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at epochs inside the piece.

        Parameters
        ----------
        tdb : numpy.ndarray, shape (n,)
            Seconds past J2000 TDB, inside [start_s, end_s].

        Returns
        -------
        numpy.ndarray, shape (components, n)
        """
        _, components, granules = self.coefficients.shape
        values = np.empty((components, tdb.size))
        for first in range(0, tdb.size, _CHUNK):
            part = slice(first, min(first + _CHUNK, tdb.size))
            granule = np.clip(np.floor((tdb[part] - self.start_s) / self.granule_s), 0, granules - 1)
            # from the granule's own start: a distant start of the table must not cost digits of the epoch
            elapsed = tdb[part] - (self.start_s + granule * self.granule_s)
            u = 2.0 * elapsed / self.granule_s - 1.0
            values[:, part] = _clenshaw(self.coefficients, granule.astype(np.intp), u)
        return values


def _clenshaw(
    coefficients: NDArray[np.float64], granule: NDArray[np.intp], u: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum of the Chebyshev series of `granule` at u in [-1, 1], by Clenshaw's recurrence."""
    degree = coefficients.shape[0] - 1
    two_u = 2.0 * u
    current = coefficients[degree].take(granule, axis=1)
    if degree == 0:
        return current
    previous = np.zeros_like(current)
    for k in range(degree - 1, 0, -1):
        # previous <- coefficient + 2 u current - previous, then the two change places
        np.subtract(coefficients[k].take(granule, axis=1), previous, out=previous)
        previous += two_u * current
        previous, current = current, previous
    return coefficients[0].take(granule, axis=1) + u * current - previous


@dataclass(frozen=True, eq=False)
class ChebyshevSeries:
    """One quantity over time: adjoining pieces in order of time.

    Attributes
    ----------
    pieces : tuple of ChebyshevPiece
        Without gaps; where two pieces meet the later one is used.
    """

    pieces: tuple[ChebyshevPiece, ...]

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last epoch held, seconds past J2000 TDB."""
        return self.pieces[0].start_s, self.pieces[-1].end_s

    def evaluate(self, tdb: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at epochs inside the span, shape (components, n)."""
        if len(self.pieces) == 1:
            return self.pieces[0].evaluate(tdb)
        edges = np.array([piece.start_s for piece in self.pieces[1:]])
        owner = np.searchsorted(edges, tdb, side="right")
        values = np.empty((self.pieces[0].coefficients.shape[1], tdb.size))
        for number in np.unique(owner):
            mine = owner == number
            values[:, mine] = self.pieces[number].evaluate(tdb[mine])
        return values

    @cached_property
    def derivative(self) -> ChebyshevSeries:
        """The time derivative of the series, unit per second."""
        return ChebyshevSeries(tuple(piece.derivative for piece in self.pieces))
