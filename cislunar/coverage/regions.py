"""Parts of the Moon and grids of cells over them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cislunar.errors import InputError

CAP_LATITUDE_RAD = math.radians(80.0)
"""Latitude at which a polar cap begins unless another is given."""

GRIDS = ("equal-area", "latitude-longitude")


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
    if not 0.0 <= latitude_rad < 0.5 * math.pi:
        raise InputError(
            f"polar cap: latitude must be from 0 to below 90 deg; got {math.degrees(latitude_rad):g} deg"
        )
    quarter = 0.5 * math.pi
    bounds = {
        "far side": (-quarter, quarter, quarter, 3.0 * quarter),
        "near side": (-quarter, quarter, -quarter, quarter),
        "moon": (-quarter, quarter, -2.0 * quarter, 2.0 * quarter),
        "south polar cap": (-quarter, -latitude_rad, -2.0 * quarter, 2.0 * quarter),
        "north polar cap": (latitude_rad, quarter, -2.0 * quarter, 2.0 * quarter),
    }
    if name not in bounds:
        raise InputError(f"unknown region {name!r}; expected one of {', '.join(bounds)}")
    return Region(name, *bounds[name])


@dataclass(frozen=True)
class Grid:
    """Cells that tile a region.

    Attributes
    ----------
    region : Region
    kind : {"equal-area", "latitude-longitude"}
    latitude_rad, longitude_rad : ndarray, shape (cells,)
        Middles of the cells, row by row from the south, eastward; longitudes from -180 to below 180 degrees.
    area_fraction : ndarray, shape (cells,)
        Share of the region's area.
    shape : tuple of int or None
        Rows and columns of a latitude-longitude grid.
    """

    region: Region
    kind: str
    latitude_rad: np.ndarray
    longitude_rad: np.ndarray
    area_fraction: np.ndarray
    shape: tuple[int, int] | None

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.latitude_rad)


def make_grid(where: Region, kind: str = "equal-area", resolution_rad: float = math.radians(5.0)) -> Grid:
    """Tile a region.

    Parameters
    ----------
    where : Region
    kind : {"equal-area", "latitude-longitude"}
        Rows of equal height, rounded so that whole rows fit; in each row as many cells as its area
        holds of the area of a square cell (so areas differ only by that rounding), or the same number
        in all rows.
    resolution_rad : float
        Size of a cell.

    Raises
    ------
    InputError
        If the kind is unknown or the resolution is not positive.
    """
    if kind not in GRIDS:
        raise InputError(f"unknown grid {kind!r}; expected one of {', '.join(GRIDS)}")
    if not 0.0 < resolution_rad <= math.pi:
        raise InputError(
            f"map resolution must be above 0 and at most 180 deg; got {math.degrees(resolution_rad):g} deg"
        )
    width = where.east_rad - where.west_rad
    rows = max(1, round((where.north_rad - where.south_rad) / resolution_rad))
    borders = np.linspace(where.south_rad, where.north_rad, rows + 1)
    area = width * np.diff(np.sin(borders))
    if kind == "equal-area":
        square = 2.0 * math.sin(0.5 * resolution_rad) * resolution_rad
        columns = np.maximum(1, np.rint(area / square)).astype(int)
    else:
        columns = np.full(rows, max(1, round(width / resolution_rad)))
    latitude = np.repeat(0.5 * (borders[:-1] + borders[1:]), columns)
    place = np.concatenate([(np.arange(number) + 0.5) / number for number in columns])
    longitude = where.west_rad + width * place
    return Grid(
        region=where,
        kind=kind,
        latitude_rad=latitude,
        longitude_rad=np.mod(longitude + math.pi, 2.0 * math.pi) - math.pi,
        area_fraction=np.repeat(area / columns, columns) / np.sum(area),
        shape=None if kind == "equal-area" else (rows, int(columns[0])),
    )
