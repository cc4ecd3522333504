"""The environment along a flight as short overlapping polynomials, the only form the integration loop reads.

Time is cut into cells of one length, `SPACING_S`, on an absolute grid; the polynomials of cell `k` are valid
over cells `k` and `k + 1`, and a step is cut where they end. A field that turns with the Earth needs shorter
cells: `EARTH_SPACING_S`. Tabulated are the positions of the bodies, the acceleration they give the centre,
and the quaternion from ICRF to the axes of the gravity field. Each is a polynomial in `u = (t - centre) /
half width`, `TERMS` monomials.

Cells are computed in fixed blocks of the absolute grid, whatever span is asked for, so that a trajectory
meets the same polynomials, bit for bit, alone and in any batch. Over DE440 the polynomials agree with the
tables they are made from to 1e-9 of the distance of the Moon, below 1 mm (tests).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial import chebyshev

SPACING_S = 2.0 * 86400.0
"""Length of a cell, s."""

EARTH_SPACING_S = 0.5 * 86400.0
"""Length of a cell where a quaternion to Earth-fixed axes is tabulated, s. Over two cells its angle runs
through half a turn, which `TERMS` monomials follow to 3e-10."""

TERMS = 12
"""Monomials per polynomial."""

_BLOCK = 16


@dataclass(frozen=True)
class Granules:
    """Polynomials of consecutive cells.

    Attributes
    ----------
    first : int
        Number of the first cell: cell `k` begins at `k * spacing_s` past J2000 TDB.
    spacing_s : float
        Length of a cell, s.
    windows : numpy.ndarray, shape (cells, 2)
        Centre, s past J2000 TDB, and half width, s, of the validity of each cell's polynomials.
    coefficients : numpy.ndarray, shape (cells, series, TERMS)
        Monomials, lowest first.
    """

    first: int
    spacing_s: float
    windows: np.ndarray
    coefficients: np.ndarray


@dataclass
class GranuleTable:
    """Makes and keeps the granules of one set of series.

    Attributes
    ----------
    sample : callable
        `sample(tdb)` with shape (m,) returns the series there, shape (series, m).
    span_tdb : tuple of float
        Epochs at which `sample` may be called.
    spacing_s : float
        Length of a cell, s.
    notice : callable, optional
        Called with the end of each interval that is asked for.
    """

    sample: Callable[[np.ndarray], np.ndarray]
    span_tdb: tuple[float, float]
    spacing_s: float = SPACING_S
    notice: Callable[[float], None] | None = None
    _blocks: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def between(self, start_tdb: float, end_tdb: float) -> Granules:
        """Return the granules for flights inside an interval, in either direction of time."""
        if self.notice is not None:
            self.notice(end_tdb)
        # One cell before the start: a flight backwards reads the cell before the one it is in.
        first = int(np.floor(start_tdb / self.spacing_s)) - 1
        last = int(np.floor(end_tdb / self.spacing_s))
        numbers = range(first // _BLOCK, last // _BLOCK + 1)
        blocks = [self._block(number) for number in numbers]
        keep = slice(first - numbers[0] * _BLOCK, last + 1 - numbers[0] * _BLOCK)
        windows = np.concatenate([block[0] for block in blocks])[keep]
        coefficients = np.concatenate([block[1] for block in blocks])[keep]
        return Granules(
            first, self.spacing_s, np.ascontiguousarray(windows), np.ascontiguousarray(coefficients)
        )

    def _block(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        if number not in self._blocks:
            self._blocks[number] = self._fit(number)
        return self._blocks[number]

    def _fit(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        start, end = self.span_tdb
        half = min(self.spacing_s, 0.5 * (end - start))
        ends_of_first_cells = (np.arange(_BLOCK) + number * _BLOCK + 1.0) * self.spacing_s
        # At the ends of the tables a window is moved inwards; the cell it serves stays inside it.
        centres = np.clip(ends_of_first_cells, start + half, end - half)
        nodes = chebyshev.chebpts1(TERMS)
        values = self.sample((centres[:, None] + half * nodes).reshape(-1))
        values = values.reshape(-1, _BLOCK, TERMS)
        coefficients = np.zeros((_BLOCK, values.shape[0], TERMS))
        # Interpolation by the discrete orthogonality of Chebyshev polynomials, then monomials; plain sums
        # in a fixed order, so that no library's blocking decides the last bit.
        for term in range(TERMS):
            unit = np.eye(TERMS)[term]
            weights = chebyshev.chebval(nodes, unit) * ((1.0 if term == 0 else 2.0) / TERMS)
            projected = np.zeros(values.shape[:2])
            for j in range(TERMS):
                projected += weights[j] * values[:, :, j]
            monomials = chebyshev.cheb2poly(unit)
            for power, factor in enumerate(monomials):
                coefficients[:, :, power] += factor * projected.T
        return np.stack([centres, np.full(_BLOCK, half)], axis=1), coefficients
