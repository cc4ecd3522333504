"""Grids of cells over parts of the Moon."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cislunar.environment.regions import Region
from cislunar.errors import InputError

GRIDS = ("equal-area", "latitude-longitude")


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
