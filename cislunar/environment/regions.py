"""Named parts of the Moon, in mean-Earth latitude and east longitude."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cislunar.errors import InputError

CAP_LATITUDE_RAD: Final = math.radians(80.0)
"""Latitude at which a polar cap begins unless another is given."""


@dataclass(frozen=True)
class Region:
    """A part of the Moon between two parallels and two meridians (mean-Earth axes, east longitude).

    Attributes
    ----------
    name : str
    south_rad, north_rad : float
        Latitudes.
    west_rad, east_rad : float
        Longitudes, `west_rad < east_rad`.
    """

    name: str
    south_rad: float
    north_rad: float
    west_rad: float
    east_rad: float

    def contains(self, latitude_rad: float, longitude_rad: float) -> bool:
        """Whether a place lies in the region, borders included."""
        eastward = (longitude_rad - self.west_rad) % (2.0 * math.pi)
        return self.south_rad <= latitude_rad <= self.north_rad and eastward <= self.east_rad - self.west_rad


_QUARTER: Final = 0.5 * math.pi
_BETWEEN_MERIDIANS: Final[Mapping[str, tuple[float, float]]] = {
    "far side": (_QUARTER, 3.0 * _QUARTER),
    "near side": (-_QUARTER, _QUARTER),
}

REGIONS: Final[Mapping[str, str]] = {
    "far side": "a longitude between 90 and 270 deg east",
    "near side": "a longitude between -90 and 90 deg east",
    "moon": "any place",
    "south polar cap": "a latitude of -80 deg or further south",
    "north polar cap": "a latitude of 80 deg or further north",
}
"""Names of the regions, and what a place in each satisfies, in words."""


def region(name: str, latitude_rad: float = CAP_LATITUDE_RAD) -> Region:
    """Find a region by name.

    Parameters
    ----------
    name : {"far side", "near side", "moon", "south polar cap", "north polar cap"}
    latitude_rad : float
        Where a polar cap begins, as a positive angle from the equator.

    Raises
    ------
    InputError
        If there is no such region or the latitude is not between the equator and the pole.
    """
    if not 0.0 <= latitude_rad < _QUARTER:
        raise InputError(
            f"polar cap: latitude must be from 0 to below 90 deg; got {math.degrees(latitude_rad):g} deg"
        )
    if name not in REGIONS:
        raise InputError(f"unknown region {name!r}; expected one of {', '.join(REGIONS)}")
    south = latitude_rad if name == "north polar cap" else -_QUARTER
    north = -latitude_rad if name == "south polar cap" else _QUARTER
    west, east = _BETWEEN_MERIDIANS.get(name, (-math.pi, math.pi))
    return Region(name, south, north, west, east)
