"""Positions and velocities of Sun, Moon and planets from tabulated JPL ephemerides.

The packaged table holds the Chebyshev coefficients of DE440 [1]_ unchanged, from 2000-01-01 to 2071-01-01
TDB. A user's own SPK files give other spans, other bodies or another ephemeris through the same class.

References
----------
.. [1] R. S. Park, W. M. Folkner, J. G. Williams and D. H. Boggs, "The JPL Planetary and Lunar Ephemerides
   DE440 and DE441", The Astronomical Journal 161:105, 2021, doi:10.3847/1538-3881/abd414.
.. [2] NAIF, `gm_de440.tpc`: the mass parameters of DE440 in km^3/s^2,
   https://naif.jpl.nasa.gov/pub/naif/generic_kernels/pck/gm_de440.tpc.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.environment import kernels, manifest
from cislunar.environment.chebyshev import ChebyshevPiece, ChebyshevSeries
from cislunar.environment.datafile import PathLike, fault, reading
from cislunar.environment.epochs import calendar, epoch_array, require_inside
from cislunar.errors import InputError

SOLAR_SYSTEM_BARYCENTRE = "solar-system-barycentre"
EARTH_MOON_BARYCENTRE = "earth-moon-barycentre"

NAIF_IDS = {
    SOLAR_SYSTEM_BARYCENTRE: 0,
    "mercury": 1,
    "venus": 2,
    EARTH_MOON_BARYCENTRE: 3,
    "mars": 4,
    "jupiter": 5,
    "saturn": 6,
    "uranus": 7,
    "neptune": 8,
    "pluto": 9,
    "sun": 10,
    "moon": 301,
    "earth": 399,
}
"""NAIF id of each body by name. From Mars outwards a planet's name means the barycentre of its system."""

_NAMES = {number: name for name, number in NAIF_IDS.items()}
_ALIASES = {
    "emb": EARTH_MOON_BARYCENTRE,
    "earth-moon-barycenter": EARTH_MOON_BARYCENTRE,
    "ssb": SOLAR_SYSTEM_BARYCENTRE,
    "solar-system-barycenter": SOLAR_SYSTEM_BARYCENTRE,
}

GM_DE440: Mapping[str, float] = {
    "sun": 1.3271244004127942e11,
    "mercury": 2.2031868551400003e04,
    "venus": 3.2485859200000000e05,
    "earth": 3.9860043550702266e05,
    "moon": 4.9028001184575496e03,
    EARTH_MOON_BARYCENTRE: 4.0350323562548019e05,
    "mars": 4.2828375815756102e04,
    "jupiter": 1.2671276409999998e08,
    "saturn": 3.7940584841799997e07,
    "uranus": 5.7945563999999985e06,
    "neptune": 6.8365271005803989e06,
    "pluto": 9.7550000000000000e02,
}
"""Mass parameters of DE440, km^3/s^2 [2]_; Mars to Pluto are those of the planetary systems."""

_REMEDY = "choose an epoch inside the span, or name an SPK file that covers it (ephemeris: FILE.bsp)"


class Ephemeris:
    """Where the bodies are, in ICRF axes.

    Use `Ephemeris.default()` for the packaged DE440 table and `Ephemeris.from_files` for SPK files.

    Attributes
    ----------
    bodies : tuple of str
        Names that `position` and `state` know, apart from the solar-system barycentre.
    span_tdb : tuple of float
        First and last epoch for which a mission may ask, seconds past J2000 TDB, ends included.
    table_span_tdb : tuple of float
        The epochs that can be evaluated: for the packaged table eight days wider on each side, so that
        tables and light-time corrections built around an epoch inside `span_tdb` never run out.
    gm : dict of str to float
        Mass parameters of the bodies, km^3/s^2. SPK files hold none, so they are those of DE440 for any file.
    name : str
        What the table is, for messages and reports.
    provenance : dict
        Origin and span, for reports.
    """

    def __init__(
        self,
        name: str,
        links: Mapping[str, tuple[str, ChebyshevSeries]],
        table_span_tdb: tuple[float, float],
        span_tdb: tuple[float, float],
        provenance: Mapping[str, Any],
    ) -> None:
        """Build an ephemeris from `links`: body to (centre it is tabled about, series of km)."""
        self.name = name
        self._links = dict(links)
        self.bodies = tuple(body for body in NAIF_IDS if body in links)
        self.table_span_tdb = table_span_tdb
        self.span_tdb = span_tdb
        self.gm = {body: GM_DE440[body] for body in self.bodies}
        self.provenance = dict(provenance)

    @classmethod
    def default(cls) -> Ephemeris:
        """Return the packaged DE440 table; the same object on every call."""
        return _default()

    @classmethod
    def from_files(cls, paths: Iterable[PathLike] | PathLike) -> Ephemeris:
        """Read SPK files; a body that several segments hold is taken from the last one.

        Parameters
        ----------
        paths : path-like or iterable of path-like
            SPK files of Chebyshev types 2 or 3 in ICRF ("J2000") axes, such as JPL's `de440.bsp`.

        Raises
        ------
        DataFileError
            A file is missing, a folder, damaged, not an SPK, or no body in it leads to the others.
        """
        files = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        if not files:
            raise InputError("ephemeris: expected at least one SPK file; got none")
        segments = [segment for file in files for segment in kernels.read_spk(file)]
        by_target: dict[str, list[kernels.Segment]] = {}
        for segment in segments:
            if segment.target in _NAMES and segment.center in _NAMES:
                by_target.setdefault(_NAMES[segment.target], []).append(segment)
        links = {}
        spans = []
        for body, candidates in by_target.items():
            center = candidates[-1].center
            chain = kernels.adjoining([segment for segment in candidates if segment.center == center])
            links[body] = (_NAMES[center], ChebyshevSeries(tuple(segment.load() for segment in chain)))
            spans.append((chain[0].span_s[0], chain[-1].span_s[1]))
        if not links:
            raise fault(
                files[-1],
                "no Chebyshev segment (type 2 or 3, ICRF axes) of the Sun, the Moon or a planet",
                "a planetary ephemeris",
                "name a file such as JPL's de440.bsp",
            )
        if any(_leads_back(body, links) for body in links):
            raise fault(
                files[-1], "bodies tabled about each other in a ring", "a tree of bodies", "drop a file"
            )
        span = max(start for start, _ in spans), min(end for _, end in spans)
        if not span[0] < span[1]:
            raise fault(
                files[-1], "bodies with no epoch in common", "segments that overlap in time", "drop a file"
            )
        names = ", ".join(os.path.basename(os.fspath(file)) for file in files)
        provenance = {
            "name": names,
            "files": [os.fspath(file) for file in files],
            "span": [calendar(span[0]), calendar(span[1])],
            "gm": "DE440",
        }
        return cls(names, links, span, span, provenance)

    def position(self, body: str, center: str, tdb: ArrayLike) -> NDArray[np.float64]:
        """Geometric position of `body` seen from `center`.

        Parameters
        ----------
        body, center : str
            Names in `bodies`, or `emb`, or `solar-system-barycentre` (`ssb`).
        tdb : float or array_like, shape (...)
            Seconds past J2000 TDB.

        Returns
        -------
        numpy.ndarray, shape (3, ...)
            km, ICRF axes, no light-time or aberration.

        Raises
        ------
        EpochRangeError
            An epoch lies outside the table.
        InputError
            A body is not in the table, or an epoch is not finite.
        """
        flat, shape = self._checked(tdb)
        return self._sum(body, center, flat, derivative=False).reshape(3, *shape)

    def state(self, body: str, center: str, tdb: ArrayLike) -> NDArray[np.float64]:
        """Geometric position and velocity of `body` seen from `center`.

        Parameters and errors are those of `position`.

        Returns
        -------
        numpy.ndarray, shape (6, ...)
            km and km/s, ICRF axes.
        """
        flat, shape = self._checked(tdb)
        both = [self._sum(body, center, flat, derivative=derivative) for derivative in (False, True)]
        return np.concatenate(both).reshape(6, *shape)

    def require_span(self, start_tdb: float, end_tdb: float, what: str = "epoch") -> None:
        """Check a time interval against `span_tdb` before anything is flown.

        Parameters
        ----------
        start_tdb, end_tdb : float
            Seconds past J2000 TDB, in either order.
        what : str
            What the interval belongs to, for the message.

        Raises
        ------
        EpochRangeError
            Names the epoch, the span and what can be done.
        InputError
            An epoch is not finite.
        """
        flat, _ = epoch_array([start_tdb, end_tdb])
        require_inside(flat, self.span_tdb, table=f"the ephemeris {self.name}", remedy=_REMEDY, what=what)

    def require_body(self, body: str) -> str:
        """Return the table's own name of a body.

        Raises
        ------
        InputError
            The body is not in the table; the message lists those that are.
        """
        name = _ALIASES.get(body, body)
        if name != SOLAR_SYSTEM_BARYCENTRE and name not in self._links:
            raise InputError(f"body: expected one of {', '.join(self.bodies)} ({self.name}); got {body!r}")
        return name

    def _checked(self, tdb: ArrayLike) -> tuple[NDArray[np.float64], tuple[int, ...]]:
        flat, shape = epoch_array(tdb)
        require_inside(flat, self.table_span_tdb, table=f"the ephemeris {self.name}", remedy=_REMEDY)
        return flat, shape

    def _ancestors(self, body: str) -> list[str]:
        """Bodies from `body` up to the one that is tabled about nothing known."""
        chain = [self.require_body(body)]
        while chain[-1] in self._links:
            chain.append(self._links[chain[-1]][0])
        return chain

    def _sum(
        self, body: str, center: str, flat: NDArray[np.float64], *, derivative: bool
    ) -> NDArray[np.float64]:
        """Add the links from the body up to the nearest common ancestor, less those from the centre."""
        up, down = self._ancestors(body), self._ancestors(center)
        common = next((name for name in up if name in down), None)
        if common is None:
            raise InputError(f"the ephemeris {self.name} does not connect {body} with {center}")
        total = np.zeros((3, flat.size))
        for sign, chain in ((1.0, up), (-1.0, down)):
            for name in chain[: chain.index(common)]:
                series = self._links[name][1]
                total += sign * (series.derivative if derivative else series).evaluate(flat)
        return total


def _leads_back(body: str, links: Mapping[str, tuple[str, ChebyshevSeries]]) -> bool:
    """Whether the way from a body over its centres comes by the same body again."""
    center = links[body][0]
    for _ in links:
        if center == body:
            return True
        if center not in links:
            return False
        center = links[center][0]
    return False


@cache
def _default() -> Ephemeris:
    entry = manifest.manifest()["de440"]
    path = manifest.path("de440")
    series = load_packaged_series(path)
    moon = series["moon"]
    (piece,) = moon.pieces
    # DE440 tables the Earth and the Moon about their barycentre as one vector in the ratio of the masses.
    earth = ChebyshevPiece(
        piece.start_s, piece.granule_s, piece.coefficients * (-GM_DE440["moon"] / GM_DE440["earth"])
    )
    links = {body: (SOLAR_SYSTEM_BARYCENTRE, table) for body, table in series.items() if body in NAIF_IDS}
    links["moon"] = (EARTH_MOON_BARYCENTRE, moon)
    links["earth"] = (EARTH_MOON_BARYCENTRE, ChebyshevSeries((earth,)))
    provenance = {key: entry[key] for key in ("title", "origin", "citation", "carrier", "sha256", "accuracy")}
    provenance |= {"name": "DE440", "span": entry["span"], "gm": "DE440"}
    return Ephemeris(
        "DE440 (packaged)", links, tuple(entry["table_span_tdb"]), tuple(entry["span_tdb"]), provenance
    )


@cache
def load_packaged_series(path: PathLike) -> dict[str, ChebyshevSeries]:
    """Read a packaged table of Chebyshev series: one array and one grid (start, granule length) per name."""
    with reading(path, "the packaged Chebyshev table"), np.load(path, allow_pickle=False) as table:
        names = [key.removesuffix("_grid") for key in table.files if key.endswith("_grid")]
        return {
            name: ChebyshevSeries((ChebyshevPiece(start_s, granule_s, table[name]),))
            for name in names
            for start_s, granule_s in [table[f"{name}_grid"].tolist()]
        }
