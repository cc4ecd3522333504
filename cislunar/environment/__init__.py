"""Where bodies are and what they do to you: ephemeris, orientation, gravity, terrain, places on them.

`Environment` bundles what an analysis looks up; `Environment.default()` is the packaged data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cislunar.environment.ephemeris import Ephemeris
from cislunar.environment.orientation import LunarOrientation
from cislunar.environment.terrain import Terrain

if TYPE_CHECKING:
    from cislunar.environment.datafile import PathLike
    from cislunar.environment.earth import EarthOrientation

__all__ = ["Environment"]


@dataclass(frozen=True, eq=False)
class Environment:
    """The tables of one run.

    Attributes
    ----------
    ephemeris : Ephemeris
        Positions of the bodies.
    orientation : LunarOrientation
        Rotation of the Moon.
    earth : EarthOrientation
        Rotation of the Earth.
    terrain : Terrain
        Height of the lunar surface.
    """

    ephemeris: Ephemeris
    orientation: LunarOrientation
    earth: EarthOrientation
    terrain: Terrain

    @classmethod
    def default(cls) -> Environment:
        """Return the packaged tables; the same object on every call."""
        return _default()

    @classmethod
    def from_files(
        cls,
        *,
        ephemeris: PathLike | Iterable[PathLike] | None = None,
        lunar_orientation: PathLike | None = None,
        terrain: PathLike | None = None,
    ) -> Environment:
        """Return the packaged tables with a user's own files in place of some.

        Parameters
        ----------
        ephemeris : path-like or iterable of path-like, optional
            SPK files.
        lunar_orientation : path-like, optional
            A lunar binary PCK.
        terrain : path-like, optional
            A grid of heights, see `Terrain.from_file`.

        Raises
        ------
        DataFileError
            A file cannot be used.
        """
        packaged = cls.default()
        return cls(
            packaged.ephemeris if ephemeris is None else Ephemeris.from_files(ephemeris),
            packaged.orientation
            if lunar_orientation is None
            else LunarOrientation.from_bpc(lunar_orientation),
            packaged.earth,
            packaged.terrain if terrain is None else Terrain.from_file(terrain),
        )

    def require_span(self, start_tdb: float, end_tdb: float, what: str = "epoch") -> None:
        """Check a time interval against the ephemeris and the lunar orientation.

        Parameters
        ----------
        start_tdb, end_tdb : float
            Seconds past J2000 TDB, in either order.
        what : str
            What the interval belongs to, for the message.

        Raises
        ------
        EpochRangeError
            Names the epoch, the span and the remedy.
        """
        self.ephemeris.require_span(start_tdb, end_tdb, what)
        self.orientation.require_span(start_tdb, end_tdb, what)

    def provenance(self) -> dict[str, Any]:
        """Origin of each table, for reports."""
        return {
            "ephemeris": self.ephemeris.provenance,
            "lunar_orientation": self.orientation.provenance,
            "earth_orientation": self.earth.provenance,
            "terrain": self.terrain.provenance,
        }


@cache
def _default() -> Environment:
    from cislunar.environment.earth import EarthOrientation

    return Environment(
        Ephemeris.default(), LunarOrientation.default(), EarthOrientation.default(), Terrain.default()
    )
