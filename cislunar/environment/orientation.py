"""Orientation of the Moon: principal axes integrated with the ephemeris, and mean-Earth axes from them.

Two kinds of lunar body-fixed axes are in use. The principal axes (PA) are those of the Moon's inertia, in
which ephemerides integrate the librations and in which gravity fields are solved. The mean-Earth axes (ME)
are those of maps and of site coordinates. They differ by a constant rotation of 0.029 deg, 0.7 to 0.9 km at
the surface. Each ephemeris has its own PA; JPL ties each of them to the mean-Earth axes of DE421, so that
maps do not move:

========================  ===========================================  ===================================
axes                      to the mean-Earth axes of DE421              source
========================  ===========================================  ===================================
`MOON_PA_DE440`           Rx(-0.2785") Ry(-78.6944") Rz(-67.8526")     [1]_, [2]_ (frame 31009)
`MOON_PA_DE430`           Rx(-0.295") Ry(-78.627") Rz(-67.737")        [3]_
`MOON_PA_DE421`           Rx(-0.30") Ry(-78.56") Rz(-67.92")           [4]_, [5]_ (frame 31007)
========================  ===========================================  ===================================

The mean-Earth realisation of this package is NAIF's `MOON_ME_DE440_ME421`: DE440 librations and the first
row.

References
----------
.. [1] R. S. Park, W. M. Folkner, J. G. Williams and D. H. Boggs, "The JPL Planetary and Lunar Ephemerides
   DE440 and DE441", The Astronomical Journal 161:105, 2021, doi:10.3847/1538-3881/abd414.
.. [2] N. Bachman, NAIF/JPL, frame kernel `moon_de440_220930.tf`, 2022-09-30.
.. [3] J. G. Williams, D. H. Boggs and W. M. Folkner, "DE430 Lunar Orbit, Physical Librations, and Surface
   Coordinates", JPL IOM 335-JW,DB,WF-20130722-016, 2013.
.. [4] J. G. Williams, D. H. Boggs and W. M. Folkner, "DE421 Lunar Orbit, Physical Librations, and Surface
   Coordinates", JPL IOM 335-JW,DB,WF-20080314-001, 2008.
.. [5] N. Bachman, NAIF/JPL, frame kernel `moon_080317.tf`, 2008-03-17.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.environment import kernels, manifest
from cislunar.environment.chebyshev import ChebyshevSeries
from cislunar.environment.datafile import PathLike, fault
from cislunar.environment.ephemeris import load_packaged_series
from cislunar.environment.epochs import calendar, epoch_array, require_inside
from cislunar.errors import InputError

_ARCSECOND = np.pi / 648000.0
_REMEDY = "choose an epoch inside the span, or name a binary PCK that covers it (lunar_orientation: FILE.bpc)"


def _rotation(axis: int, angle: float) -> NDArray[np.float64]:
    """Rotation of the axes about x, y or z (0, 1, 2) by `angle` rad: v_new = R v_old."""
    cosine, sine = np.cos(angle), np.sin(angle)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = sine, -sine
    return matrix


def _pa_to_me421(x_arcsec: float, y_arcsec: float, z_arcsec: float) -> NDArray[np.float64]:
    """Rx(-x) Ry(-y) Rz(-z) of the table above."""
    matrix = (
        _rotation(0, -x_arcsec * _ARCSECOND)
        @ _rotation(1, -y_arcsec * _ARCSECOND)
        @ _rotation(2, -z_arcsec * _ARCSECOND)
    )
    matrix.flags.writeable = False
    return matrix


PA_TO_ME = _pa_to_me421(0.2785, 78.6944, 67.8526)
"""v in `MOON_ME_DE440_ME421` = PA_TO_ME @ v in `MOON_PA_DE440`."""

_TO_ME421: Mapping[str, NDArray[np.float64]] = {
    "MOON_PA_DE440": PA_TO_ME,
    "MOON_PA_DE430": _pa_to_me421(0.295, 78.627, 67.737),
    "MOON_PA_DE421": _pa_to_me421(0.30, 78.56, 67.92),
    "MOON_ME_DE421": np.eye(3),
    "MOON_ME_DE440_ME421": np.eye(3),
}

LUNAR_FRAMES = tuple(_TO_ME421)
"""Names of the lunar body-fixed axes that `axes_rotation` connects."""

_PCK_FRAMES = {31006: "MOON_PA_DE421", 31008: "MOON_PA_DE440"}
"""NAIF id of the frame of a binary PCK to its name."""


def axes_rotation(source: str, target: str) -> NDArray[np.float64]:
    """Constant rotation between two realisations of lunar axes.

    Parameters
    ----------
    source, target : str
        Names in `LUNAR_FRAMES`.

    Returns
    -------
    numpy.ndarray, shape (3, 3)
        R with v_target = R @ v_source.

    Raises
    ------
    InputError
        A name is not known.

    Notes
    -----
    The way leads over the mean-Earth axes of DE421, to which JPL aligned each set of principal axes. DE440
    and DE430 principal axes are 0.13" apart by it, 1.1 m at the surface.
    """
    for name in (source, target):
        if name not in _TO_ME421:
            raise InputError(f"lunar frame: expected one of {', '.join(LUNAR_FRAMES)}; got {name!r}")
    return _TO_ME421[target].T @ _TO_ME421[source]


PA440_TO_PA430 = axes_rotation("MOON_PA_DE440", "MOON_PA_DE430")
"""v in `MOON_PA_DE430` = PA440_TO_PA430 @ v in `MOON_PA_DE440`; 1.1 m at the surface."""


class LunarOrientation:
    """Rotation of the Moon against the ICRF.

    Use `LunarOrientation.default()` for the packaged DE440 librations and `from_bpc` for a binary PCK.

    Attributes
    ----------
    frame : str
        Name of the principal axes, such as `MOON_PA_DE440`.
    me_frame : str
        Name of the mean-Earth axes that `icrf_to_me` leads to.
    realisation : str
        Both in words, for reports.
    span_tdb, table_span_tdb : tuple of float
        As for `Ephemeris`.
    provenance : dict
        Origin and span, for reports.
    """

    def __init__(
        self,
        frame: str,
        series: ChebyshevSeries,
        table_span_tdb: tuple[float, float],
        span_tdb: tuple[float, float],
        provenance: Mapping[str, Any],
    ) -> None:
        """Build an orientation from a series of 3-1-3 Euler angles in rad."""
        self.frame = frame
        self.me_frame = "MOON_ME_DE440_ME421" if frame == "MOON_PA_DE440" else "MOON_ME_DE421"
        self.realisation = (
            f"{frame.removeprefix('MOON_PA_')} principal axes, {frame}; mean-Earth axes {self.me_frame}"
        )
        self._series = series
        self.table_span_tdb = table_span_tdb
        self.span_tdb = span_tdb
        self.provenance = {"realisation": self.realisation, **provenance}

    @classmethod
    def default(cls) -> LunarOrientation:
        """Return the packaged DE440 librations; the same object on every call."""
        return _default()

    @classmethod
    def from_bpc(cls, path: PathLike) -> LunarOrientation:
        """Read a lunar binary PCK such as NAIF's `moon_pa_de440_200625.bpc`.

        Raises
        ------
        DataFileError
            The file is missing, a folder, damaged, not a binary PCK, or not of DE421 or DE440 principal axes.
        """
        segments = kernels.read_pck(path)
        usable = [segment for segment in segments if segment.target in _PCK_FRAMES]
        if not usable:
            found = ", ".join(sorted({str(segment.target) for segment in segments})) or "none"
            known = ", ".join(f"{number} ({name})" for number, name in _PCK_FRAMES.items())
            raise fault(path, f"orientation of frames {found}", f"one of {known}", "name a lunar binary PCK")
        frame = usable[-1].target
        chain = kernels.adjoining([segment for segment in usable if segment.target == frame])
        series = ChebyshevSeries(tuple(segment.load() for segment in chain))
        span = chain[0].span_s[0], chain[-1].span_s[1]
        provenance = {
            "name": os.path.basename(os.fspath(path)),
            "files": [os.fspath(path)],
            "span": [calendar(span[0]), calendar(span[1])],
        }
        return cls(_PCK_FRAMES[frame], series, span, span, provenance)

    def angles(self, tdb: ArrayLike) -> NDArray[np.float64]:
        """Euler angles from ICRF to principal axes.

        Parameters
        ----------
        tdb : float or array_like, shape (...)
            Seconds past J2000 TDB.

        Returns
        -------
        numpy.ndarray, shape (3, ...)
            phi, theta, psi in rad: R = Rz(psi) Rx(theta) Rz(phi). phi and psi are not reduced to one turn.

        Raises
        ------
        EpochRangeError
            An epoch lies outside the table.
        InputError
            An epoch is not finite.
        """
        flat, shape = self._checked(tdb)
        return self._series.evaluate(flat).reshape(3, *shape)

    def icrf_to_pa(self, tdb: ArrayLike) -> NDArray[np.float64]:
        """Rotation from ICRF to the principal axes, shape (3, 3, ...): v_pa = R @ v_icrf.

        Parameters and errors are those of `angles`.
        """
        phi, theta, psi = self.angles(tdb)
        return _euler_313(phi, theta, psi)

    def icrf_to_me(self, tdb: ArrayLike) -> NDArray[np.float64]:
        """Rotation from ICRF to the mean-Earth axes, shape (3, 3, ...): v_me = R @ v_icrf.

        Parameters and errors are those of `angles`.
        """
        return self.icrf_to(self.me_frame, tdb)

    def icrf_to(self, frame: str, tdb: ArrayLike) -> NDArray[np.float64]:
        """Rotation from ICRF to any axes named in `LUNAR_FRAMES`, shape (3, 3, ...).

        The librations are this object's; the constant rotation from its principal axes is `axes_rotation`'s.
        """
        return np.einsum("ij,jk...->ik...", axes_rotation(self.frame, frame), self.icrf_to_pa(tdb))

    def quaternion(self, tdb: ArrayLike) -> NDArray[np.float64]:
        """Rotation from ICRF to the principal axes as a unit quaternion that varies smoothly with time.

        Parameters and errors are those of `angles`.

        Returns
        -------
        numpy.ndarray, shape (4, ...)
            w, x, y, z with v_pa = conj(q) v_icrf q. It changes sign once per turn of psi, without a jump.
        """
        phi, theta, psi = self.angles(tdb)
        half, plus, minus = 0.5 * theta, 0.5 * (phi + psi), 0.5 * (phi - psi)
        return np.stack(
            [
                np.cos(half) * np.cos(plus),
                np.sin(half) * np.cos(minus),
                np.sin(half) * np.sin(minus),
                np.cos(half) * np.sin(plus),
            ]
        )

    def angular_velocity(self, tdb: ArrayLike) -> NDArray[np.float64]:
        """Angular velocity of the principal axes against the ICRF.

        Parameters and errors are those of `angles`.

        Returns
        -------
        numpy.ndarray, shape (3, ...)
            rad/s, components along ICRF axes.
        """
        flat, shape = self._checked(tdb)
        phi, theta, _ = self._series.evaluate(flat)
        phi_rate, theta_rate, psi_rate = self._series.derivative.evaluate(flat)
        # phi turns about the ICRF z axis, theta about the node, psi about the body's z axis
        node = np.stack([np.cos(phi), np.sin(phi), np.zeros_like(phi)])
        pole = np.stack([np.sin(theta) * np.sin(phi), -np.sin(theta) * np.cos(phi), np.cos(theta)])
        omega = theta_rate * node + psi_rate * pole
        omega[2] += phi_rate
        return omega.reshape(3, *shape)

    def require_span(self, start_tdb: float, end_tdb: float, what: str = "epoch") -> None:
        """Check a time interval against `span_tdb`, as `Ephemeris.require_span` does."""
        flat, _ = epoch_array([start_tdb, end_tdb])
        require_inside(flat, self.span_tdb, table=self._table, remedy=_REMEDY, what=what)

    @property
    def _table(self) -> str:
        return f"the lunar orientation {self.provenance['name']}"

    def _checked(self, tdb: ArrayLike) -> tuple[NDArray[np.float64], tuple[int, ...]]:
        flat, shape = epoch_array(tdb)
        require_inside(flat, self.table_span_tdb, table=self._table, remedy=_REMEDY)
        return flat, shape


def _euler_313(
    phi: NDArray[np.float64], theta: NDArray[np.float64], psi: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rz(psi) Rx(theta) Rz(phi), shape (3, 3, ...)."""
    cos_phi, sin_phi = np.cos(phi), np.sin(phi)
    cos_theta, sin_theta = np.cos(theta), np.sin(theta)
    cos_psi, sin_psi = np.cos(psi), np.sin(psi)
    matrix = np.empty((3, 3, *np.shape(phi)))
    matrix[0, 0] = cos_psi * cos_phi - sin_psi * cos_theta * sin_phi
    matrix[0, 1] = cos_psi * sin_phi + sin_psi * cos_theta * cos_phi
    matrix[0, 2] = sin_psi * sin_theta
    matrix[1, 0] = -sin_psi * cos_phi - cos_psi * cos_theta * sin_phi
    matrix[1, 1] = -sin_psi * sin_phi + cos_psi * cos_theta * cos_phi
    matrix[1, 2] = cos_psi * sin_theta
    matrix[2, 0] = sin_theta * sin_phi
    matrix[2, 1] = -sin_theta * cos_phi
    matrix[2, 2] = cos_theta
    return matrix


@cache
def _default() -> LunarOrientation:
    entry = manifest.manifest()["de440"]
    series = load_packaged_series(manifest.path("de440"))["libration"]
    provenance = {key: entry[key] for key in ("title", "origin", "citation", "carrier", "sha256", "accuracy")}
    provenance |= {"name": "DE440 librations (packaged)", "span": entry["span"]}
    return LunarOrientation(
        "MOON_PA_DE440", series, tuple(entry["table_span_tdb"]), tuple(entry["span_tdb"]), provenance
    )
