"""Spherical-harmonic gravity fields of the Moon and the Earth.

The packaged fields are GRGM1200A of the Moon to degree and order 100 [1]_ and EGM2008 of the Earth to 20
[2]_. Lunar fields of other degree, or other lunar fields, are read from SHA tables (PDS SHADR, `.tab` or
`.sha`) and ICGEM files (`.gfc`) through the same function.

A field belongs to the axes it was solved in. They are part of a `GravityField`, and a file that does not say
which they are is refused until the caller does.

References
----------
.. [1] F. G. Lemoine et al., "GRGM900C: A degree 900 lunar gravity model from GRAIL primary and extended
   mission data", Geophysical Research Letters 41, 3382-3389, 2014, doi:10.1002/2014GL060027, which the label
   of the PDS product GGGRX_1200A_SHA.TAB (data set GRAIL-L-LGRS-5-RDR-V1.0) names as the reference of
   GRGM1200A.
.. [2] N. K. Pavlis, S. A. Holmes, S. C. Kenyon, J. K. Factor, "The development and evaluation of the Earth
   Gravitational Model 2008 (EGM2008)", Journal of Geophysical Research 117, B04406, 2012,
   doi:10.1029/2011JB008916.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.environment import manifest
from cislunar.environment.datafile import PathLike, reading
from cislunar.environment.gravity_files import read_field
from cislunar.environment.orientation import LUNAR_FRAMES, axes_rotation
from cislunar.errors import InputError

PACKAGED_FIELD = "grgm1200a"
"""The field of the Moon in the package."""

EARTH_FIELD = "egm2008"
"""The field of the Earth in the package."""

EARTH_FRAME = "ITRF"
"""Name of the Earth-fixed axes of a field; `earth.EarthOrientation` realises them."""

_PACKAGED = {
    PACKAGED_FIELD: ("GRGM1200A", "moon", "MOON_PA_DE430", "not stated"),
    EARTH_FIELD: ("EGM2008", "earth", EARTH_FRAME, "tide_free"),
}
"""Name, body, axes and tide system of each packaged field."""


@dataclass(frozen=True, eq=False)
class GravityField:
    """One gravity field.

    Attributes
    ----------
    name : str
        What the field is called.
    body : str
        The body it belongs to, `moon` or `earth`.
    gm : float
        Mass parameter of the field, km^3/s^2.
    radius_km : float
        Reference radius of the coefficients, km.
    c, s : numpy.ndarray, shape (degree + 1, degree + 1)
        Cosine and sine coefficients [degree, order], 4-pi normalised; `c[0, 0]` is 1.
    order : int
        Highest order held.
    tide_system : str
        As the file says: `tide_free`, `zero_tide`, `mean_tide` or `not stated`.
    frame : str
        The axes of the coefficients: one of `cislunar.environment.orientation.LUNAR_FRAMES`, or `ITRF`.
    provenance : dict
        Origin, for reports.
    """

    name: str
    body: str
    gm: float
    radius_km: float
    c: NDArray[np.float64]
    s: NDArray[np.float64]
    order: int
    tide_system: str
    frame: str
    provenance: Mapping[str, Any]

    @property
    def degree(self) -> int:
        """Highest degree held."""
        return self.c.shape[0] - 1

    def truncate(self, degree: int) -> GravityField:
        """Return the field without the terms above `degree` (in degree and order).

        Raises
        ------
        InputError
            The field holds fewer degrees than asked for, or `degree` is not a whole number from 0.
        """
        wanted = _whole_degree(degree)
        if wanted > self.degree:
            raise InputError(_too_high(self.name, self.degree, wanted))
        if wanted == self.degree:
            return self
        keep = slice(0, wanted + 1)
        c, s = (_frozen(np.array(table[keep, keep])) for table in (self.c, self.s))
        return replace(self, c=c, s=s, order=min(self.order, wanted))


def load_field(
    source: str | PathLike = PACKAGED_FIELD, degree: int | None = None, *, frame: str | None = None
) -> GravityField:
    """Load a gravity field.

    Parameters
    ----------
    source : str or path-like
        `grgm1200a` (Moon) or `egm2008` (Earth) for a packaged field, else the path of a SHA (`.tab`, `.sha`)
        or ICGEM (`.gfc`) file of the Moon.
    degree : int, optional
        Highest degree and order wanted; all that is held when left out.
    frame : str, optional
        The axes of the coefficients, for a file that does not name them, such as `MOON_PA_DE430`. A PDS label
        beside a SHA table (same name, `.lbl`) is read for it.

    Returns
    -------
    GravityField

    Raises
    ------
    DataFileError
        The file is missing, a folder, damaged, of an unknown kind, or not of the Moon.
    InputError
        The degree is not held, or the axes are unknown or contradict those that the file names.

    Notes
    -----
    EGM2008 is taken as published: static and tide-free, without the permanent tide of the Earth, 9e-6 of J2.
    Its GM, 398600.4415 km^3/s^2, goes with Terrestrial Time; that of DE440, 398600.4355, with TDB.
    """
    wanted = None if degree is None else _whole_degree(degree)
    if frame is not None and frame not in LUNAR_FRAMES:
        raise InputError(f"gravity frame: expected one of {', '.join(LUNAR_FRAMES)}; got {frame!r}")
    if isinstance(source, str) and source.lower() in _PACKAGED:
        field = _packaged(source.lower())
        if frame not in (None, field.frame):
            raise InputError(f"gravity frame: {source.lower()} is held in {field.frame}; got {frame!r}")
        return field if wanted is None else field.truncate(wanted)
    table = read_field(source, wanted)
    if wanted is not None and wanted > table.degree:
        raise InputError(_too_high(str(source), table.degree, wanted))
    if table.frame is None and frame is None:
        raise InputError(
            f"{source}: the file does not say which lunar axes its coefficients refer to; expected frame= "
            f"one of {', '.join(LUNAR_FRAMES)} (GRAIL fields solved with DE430 are in MOON_PA_DE430)"
        )
    if table.frame is not None and frame is not None and frame != table.frame:
        raise InputError(f"{source}: its label puts the coefficients in {table.frame}; got frame {frame!r}")
    return GravityField(
        name=table.name,
        body="moon",
        gm=table.gm,
        radius_km=table.radius_km,
        c=_frozen(table.c),
        s=_frozen(table.s),
        order=table.order,
        tide_system=table.tide_system,
        frame=table.frame or frame or "",
        provenance={
            "name": table.name,
            "files": [str(source)],
            "frame": table.frame or f"{frame} (declared)",
        },
    )


def axes_to_pa440(frame: str) -> NDArray[np.float64]:
    """Constant rotation from a field's axes to DE440's principal axes.

    Parameters
    ----------
    frame : str
        `GravityField.frame`.

    Returns
    -------
    numpy.ndarray, shape (3, 3)
        R with v_pa440 = R @ v_field.
    """
    return axes_rotation(frame, "MOON_PA_DE440")


def _whole_degree(degree: int) -> int:
    if isinstance(degree, bool) or not isinstance(degree, int | np.integer) or degree < 0:
        raise InputError(f"gravity degree: expected a whole number from 0; got {degree!r}")
    return int(degree)


def _too_high(name: str, held: int, wanted: int) -> str:
    return (
        f"gravity degree: {name} holds degree {held}; got {wanted}; ask for less, or name a file of higher "
        f"degree (gravity: FILE.tab or FILE.gfc)"
    )


def _frozen(table: NDArray[np.float64]) -> NDArray[np.float64]:
    table.flags.writeable = False
    return table


@cache
def _packaged(key: str) -> GravityField:
    name, body, frame, tide_system = _PACKAGED[key]
    entry = manifest.manifest()[key]
    path = manifest.path(key)
    with reading(path, "the packaged gravity field"), np.load(path, allow_pickle=False) as table:
        gm, radius_km = float(table["gm"]), float(table["radius_km"])
        c, s = _frozen(table["c"]), _frozen(table["s"])
    provenance = {
        word: entry[word]
        for word in ("title", "origin", "citation", "carrier", "sha256", "accuracy", "frame")
    }
    return GravityField(
        name=name,
        body=body,
        gm=gm,
        radius_km=radius_km,
        c=c,
        s=s,
        order=c.shape[0] - 1,
        tide_system=tide_system,
        frame=frame,
        provenance={"name": f"{name} (packaged, degree {c.shape[0] - 1})", **provenance},
    )
