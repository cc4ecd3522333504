"""Where Moon, Earth, Sun, sites and stations are during one window of time, as short polynomials.

Evaluating an ephemeris, the lunar librations or the Earth's orientation costs microseconds per epoch;
the edges of coverage need millions of epochs. `WindowTables` samples each once per half day at
Chebyshev points and keeps monomials of the scaled time. The pieces are twice as wide as their spacing,
so that any stretch of time no longer than the spacing lies inside one piece. Sites and stations are
linear combinations of the coefficients of the two rotations, so their number costs nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cislunar.errors import InputError

SPACING_S = 10800.0
"""Distance between pieces, s; a piece reaches this far to both sides of its centre."""

SLOW_TERMS = 6
"""Terms for the Moon's rotation and the positions of Earth and Sun: below 0.1 mm (the Sun: 2 mm)."""

FAST_TERMS = 11
"""Terms for the Earth's rotation: below 0.2 mm on the ground."""


@dataclass(frozen=True)
class WindowTables:
    """Polynomials of one window.

    Attributes
    ----------
    start_tdb, end_tdb : float
        The window, seconds past J2000 TDB; times of the polynomials count from `start_tdb`.
    centre_s : ndarray, shape (pieces,)
        Middle of each piece. The piece of a time `t` is number `floor(t / SPACING_S)`.
    half_s : float
        Half width of a piece.
    moon : ndarray, shape (pieces, 3, 3, SLOW_TERMS)
        Rotation from lunar mean-Earth to ICRF axes.
    spin : ndarray, shape (pieces, 3, 3, FAST_TERMS)
        Rotation from Earth-fixed (ITRS) to ICRF axes.
    earth, sun : ndarray, shape (pieces, 3, SLOW_TERMS)
        Positions from the Moon's centre, ICRF, km.
    """

    start_tdb: float
    end_tdb: float
    centre_s: np.ndarray
    half_s: float
    moon: np.ndarray
    spin: np.ndarray
    earth: np.ndarray
    sun: np.ndarray

    @classmethod
    def build(cls, environment: Any, start_tdb: float, end_tdb: float) -> WindowTables:
        """Tabulate an environment.

        Parameters
        ----------
        environment : Environment
            With `ephemeris`, `orientation` and `earth`.
        start_tdb, end_tdb : float
            The window, seconds past J2000 TDB.

        Raises
        ------
        InputError
            If the window is empty.
        EpochRangeError
            If the window leaves the span of a table of the environment.
        """
        length = end_tdb - start_tdb
        if not length > 0.0 or not np.isfinite(length):
            raise InputError(f"coverage window must end after it starts; got {start_tdb} to {end_tdb} s TDB")
        half = min(SPACING_S, 0.5 * length)
        centre = (np.arange(np.ceil(length / SPACING_S)) + 0.5) * SPACING_S
        centre = np.clip(centre, half, length - half)

        def rotation(function: Any, terms: int) -> np.ndarray:
            return _fit(lambda tdb: function(tdb), start_tdb + centre, half, terms)

        ephemeris = environment.ephemeris
        moon = rotation(environment.orientation.icrf_to_me, SLOW_TERMS)
        return cls(
            start_tdb=start_tdb,
            end_tdb=end_tdb,
            centre_s=centre,
            half_s=half,
            moon=np.ascontiguousarray(moon.transpose(0, 2, 1, 3)),
            spin=rotation(environment.earth.itrs_to_gcrs, FAST_TERMS),
            earth=rotation(lambda tdb: ephemeris.position("earth", "moon", tdb), SLOW_TERMS),
            sun=rotation(lambda tdb: ephemeris.position("sun", "moon", tdb), SLOW_TERMS),
        )

    def on_moon(self, vectors: np.ndarray) -> np.ndarray:
        """Polynomials, shape (pieces, n, 3, terms), of vectors (3, n) fixed in lunar mean-Earth axes."""
        return np.ascontiguousarray(np.einsum("gijk,jn->gnik", self.moon, vectors))

    def on_earth(self, vectors: np.ndarray) -> np.ndarray:
        """Polynomials, shape (pieces, n, 3, terms), of vectors (3, n) fixed in Earth-fixed axes."""
        return np.ascontiguousarray(np.einsum("gijk,jn->gnik", self.spin, vectors))

    def evaluate(self, polynomials: np.ndarray, tdb: np.ndarray) -> np.ndarray:
        """Vectors, shape (3, ...), of polynomials (pieces, 3, terms) at epochs (...) inside the window."""
        time = np.asarray(tdb, dtype=float) - self.start_tdb
        piece = np.clip((time / SPACING_S).astype(int), 0, len(self.centre_s) - 1)
        scaled = (time - self.centre_s[piece]) / self.half_s
        picked = np.moveaxis(polynomials[piece], (-2, -1), (0, 1))
        value = picked[:, -1]
        for term in range(polynomials.shape[-1] - 2, -1, -1):
            value = value * scaled + picked[:, term]
        return np.asarray(value)

    def evaluate_cells(self, polynomials: np.ndarray, cell_s: float) -> np.ndarray:
        """Vectors, shape (3, n), in the middles of the cells that the window is cut into from its start.

        The last cell may reach beyond the window. A whole number of cells makes a piece: that spares
        `evaluate`'s search for the piece of each epoch.
        """
        cells = int(np.ceil((self.end_tdb - self.start_tdb) / cell_s))
        first = np.arange(len(self.centre_s)) * SPACING_S
        time = first[:, None] + (np.arange(round(SPACING_S / cell_s)) + 0.5) * cell_s
        scaled = (time - self.centre_s[:, None]) / self.half_s
        powers = np.ones((polynomials.shape[-1], *scaled.shape))
        for term in range(1, len(powers)):
            powers[term] = powers[term - 1] * scaled
        value = np.matmul(polynomials, powers.swapaxes(0, 1))
        return value.swapaxes(0, 1).reshape(3, -1)[:, :cells]


def _fit(function: Any, centre_tdb: np.ndarray, half_s: float, terms: int) -> np.ndarray:
    """Monomial coefficients (pieces, ..., terms) of `function(tdb) -> (..., n)` through Chebyshev points."""
    points = np.cos(np.pi * (np.arange(terms) + 0.5) / terms)
    inverse = np.linalg.inv(np.vander(points, increasing=True))
    tdb = centre_tdb[:, None] + half_s * points
    values = np.asarray(function(tdb.ravel()))
    values = values.reshape(*values.shape[:-1], *tdb.shape)
    return np.ascontiguousarray(np.moveaxis(np.einsum("...gp,kp->...gk", values, inverse), -2, 0))


def unit_vectors(
    latitude_rad: Sequence[float] | np.ndarray, longitude_rad: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Unit vectors, shape (3, n), of latitudes and east longitudes."""
    latitude, longitude = np.asarray(latitude_rad, dtype=float), np.asarray(longitude_rad, dtype=float)
    return np.stack(
        (np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude))
    )


def north_vectors(
    latitude_rad: Sequence[float] | np.ndarray, longitude_rad: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Unit vectors, shape (3, n), that point north along the ground."""
    latitude, longitude = np.asarray(latitude_rad, dtype=float), np.asarray(longitude_rad, dtype=float)
    return np.stack(
        (-np.sin(latitude) * np.cos(longitude), -np.sin(latitude) * np.sin(longitude), np.cos(latitude))
    )
