"""Height of the lunar surface above the sphere of 1737.4 km.

The packaged grid has cells of 0.125 deg (3.8 km at the equator) in the mean-Earth axes; relief inside a cell
is not resolved. A user's own grid may be finer, and may cover a region only: around it the packaged grid is
used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.environment import manifest
from cislunar.environment.datafile import PathLike, reading
from cislunar.errors import InputError

_PACKAGED_STEP_DEG = 0.125


class HeightGrid(Protocol):
    """Heights on an equally spaced grid of latitudes and longitudes."""

    @property
    def resolution_deg(self) -> float:
        """Spacing of the rows, degrees."""

    def height_km(
        self, latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Heights at points, shape (n,); NaN outside the grid or where it has no data."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Heights at the nodes of a latitude-longitude grid, read from an array.

    Attributes
    ----------
    values : numpy.ndarray, shape (rows, columns)
        Heights in units of `unit_km`; may be a memory map.
    unit_km : float
        Kilometres per unit of `values`.
    first_latitude_deg, first_longitude_deg : float
        Place of `values[0, 0]`, east longitude.
    latitude_step_deg, longitude_step_deg : float
        From one row or column to the next; the latitude step is negative where the first row is the
        northernmost.
    missing : float, optional
        Value that marks cells without data.
    """

    values: NDArray[Any]
    unit_km: float
    first_latitude_deg: float
    first_longitude_deg: float
    latitude_step_deg: float
    longitude_step_deg: float
    missing: float | None = None

    @property
    def resolution_deg(self) -> float:
        """Spacing of the rows, degrees."""
        return abs(self.latitude_step_deg)

    @cached_property
    def wraps(self) -> bool:
        """Whether the columns go once around the Moon."""
        around = self.values.shape[1] * self.longitude_step_deg
        return abs(around - 360.0) < 0.5 * self.longitude_step_deg

    def height_km(
        self, latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Bilinear interpolation, shape (n,), km; NaN outside the grid or next to cells without data.

        Across a pole, which lies half a cell beyond the last row of a cell-centred grid, the neighbour is the
        cell on the opposite meridian.
        """
        columns = self.values.shape[1]
        u = (latitude_deg - self.first_latitude_deg) / self.latitude_step_deg
        v = np.mod(longitude_deg - self.first_longitude_deg, 360.0) / self.longitude_step_deg
        if not self.wraps:
            # half a cell west of the first column is outside, not a turn to the east
            v = np.where(v > columns - 1 + 1e-9, v - 360.0 / self.longitude_step_deg, v)
        row, column = np.floor(u), np.floor(v)
        east, south = v - column, u - row
        row_index, column_index = row.astype(np.intp), column.astype(np.intp)
        total = np.zeros_like(u)
        for d_row, row_weight in ((0, 1.0 - south), (1, south)):
            for d_column, column_weight in ((0, 1.0 - east), (1, east)):
                weight = row_weight * column_weight
                node = self._node_km(row_index + d_row, column_index + d_column)
                # a neighbour without weight does not count, not even where there is none
                total += np.where(weight > 0.0, weight * node, 0.0)
        return total

    def _node_km(self, row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.float64]:
        rows, columns = self.values.shape
        inside = np.ones(row.shape, dtype=bool)
        if self.wraps:
            beyond = (row < 0) | (row >= rows)
            column = (column + np.where(beyond, columns // 2, 0)) % columns
            # only the half cell next to a pole may be filled from the other side of it
            edge_latitude = self.first_latitude_deg + self.latitude_step_deg * np.clip(row, 0, rows - 1)
            at_pole = 90.0 - np.abs(edge_latitude) < 0.75 * self.resolution_deg
            inside = ~beyond | (at_pole & (row >= -1) & (row <= rows))
        else:
            inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
            column = np.clip(column, 0, columns - 1)
        with np.errstate(invalid="ignore"):
            raw = self.values[np.clip(row, 0, rows - 1), column].astype(np.float64)
        if self.missing is not None:
            inside = inside & (raw != self.missing)
        return np.where(inside, raw * self.unit_km, np.nan)


class PackagedGrid:
    """The grid inside the package, unpacked when a height is first asked for."""

    resolution_deg = _PACKAGED_STEP_DEG

    @cached_property
    def _grid(self) -> Grid:
        step = _PACKAGED_STEP_DEG
        heights_m = unpack_heights(manifest.path("topography"))
        return Grid(heights_m, 1e-3, 90.0 - step / 2, -180.0 + step / 2, -step, step)

    def height_km(
        self, latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Bilinear interpolation, shape (n,), km."""
        return self._grid.height_km(latitude_deg, longitude_deg)


class Terrain:
    """Height of the lunar surface.

    Use `Terrain.default()` for the packaged grid and `Terrain.from_file` for one of your own.

    Attributes
    ----------
    resolution_deg : float
        Spacing of the finest grid, degrees of latitude.
    provenance : dict
        Origin, for reports.
    """

    def __init__(self, layers: tuple[HeightGrid, ...], provenance: dict[str, Any]) -> None:
        """Build a terrain from grids, the first that holds a point being used."""
        self._layers = layers
        self.resolution_deg = layers[0].resolution_deg
        self.provenance = provenance

    @classmethod
    def default(cls) -> Terrain:
        """Return the packaged topography; the same object on every call."""
        return _default()

    @classmethod
    def from_file(cls, path: PathLike) -> Terrain:
        """Read a grid of heights above 1737.4 km in mean-Earth latitude and east longitude.

        Parameters
        ----------
        path : path-like
            `.npz` with arrays `height_m` or `height_km` (rows by columns), `latitude_deg` and `longitude_deg`
            (equally spaced node positions); a PDS image in simple cylindrical projection (`.lbl` or `.img`,
            with its label beside it); or a GeoTIFF on geographic or equirectangular axes (`.tif`).

        Raises
        ------
        DataFileError
            The file is missing, a folder, damaged, or of a kind that is not read.
        """
        from cislunar.environment.terrain_files import read_grid

        grid = read_grid(path)
        packaged = _default()
        provenance = {
            "name": str(path),
            "files": [str(path)],
            "resolution_deg": grid.resolution_deg,
            "outside": "the packaged topography",
        }
        return cls((grid, *packaged._layers), provenance)

    def height_km(self, latitude_rad: ArrayLike, longitude_rad: ArrayLike) -> NDArray[np.float64]:
        """Height of the surface above the sphere of 1737.4 km, by bilinear interpolation.

        Parameters
        ----------
        latitude_rad, longitude_rad : float or array_like
            Mean-Earth latitude and east longitude, rad; broadcast against each other.

        Returns
        -------
        numpy.ndarray
            km, of the broadcast shape.

        Raises
        ------
        InputError
            A coordinate is not finite or a latitude lies beyond a pole.
        """
        latitude, longitude = np.broadcast_arrays(
            np.asarray(latitude_rad, dtype=np.float64), np.asarray(longitude_rad, dtype=np.float64)
        )
        if not (np.isfinite(latitude).all() and np.isfinite(longitude).all()):
            raise InputError("terrain: expected finite latitude and longitude; got NaN or infinity")
        if latitude.size and np.abs(latitude).max() > np.pi / 2 + 1e-9:
            worst = float(np.degrees(np.abs(latitude).max()))
            raise InputError(f"terrain: expected latitudes from -90 to 90 deg; got {worst:.6g} deg")
        latitude_deg = np.clip(np.degrees(latitude).reshape(-1), -90.0, 90.0)
        longitude_deg = np.degrees(longitude).reshape(-1)
        height = self._layers[0].height_km(latitude_deg, longitude_deg)
        for layer in self._layers[1:]:
            absent = np.isnan(height)
            if absent.any():
                height[absent] = layer.height_km(latitude_deg[absent], longitude_deg[absent])
        return height.reshape(latitude.shape)


@cache
def _default() -> Terrain:
    entry = manifest.manifest()["topography"]
    kept = ("title", "origin", "carrier", "sha256", "accuracy", "frame")
    return Terrain(
        (PackagedGrid(),), {"name": "topography (packaged, 0.125 deg)"} | {key: entry[key] for key in kept}
    )


def unpack_heights(path: PathLike) -> NDArray[np.int16]:
    """Undo the packing of the packaged topography.

    Returns
    -------
    numpy.ndarray, shape (1440, 2880)
        Height in m; rows from north to south, columns from 180 W eastward.
    """
    with reading(path, "the packaged topography"), np.load(path, allow_pickle=False) as table:
        folded = table["low"] | (table["high"].astype(np.uint16) << 8)
    residual = ((folded >> 1) ^ -(folded & 1)).view(np.int16)
    np.cumsum(residual, axis=0, dtype=np.int16, out=residual)
    return np.cumsum(residual, axis=1, dtype=np.int16, out=residual)
