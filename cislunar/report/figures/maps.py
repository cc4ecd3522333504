"""Coverage maps: per cent of time and longest gap over a region of the Moon, on the real grey map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.errors import InputError
from cislunar.report import wording
from cislunar.report.figures.moonmap import levels, mark_sites, relief
from cislunar.report.figures.projection import Azimuthal, Cylindrical
from cislunar.report.style import drawing, inches, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import Figure

    from cislunar.mission.result import MissionResult
    from cislunar.scenario.model import MapDefinition

IMAGE_ROWS = 560


def has_map(result: MissionResult) -> bool:
    """Say whether the scenario asked for a map."""
    return "map_percent" in result.coverage


def map_settings(result: MissionResult) -> str:
    """Describe the map's region, grid, height, mask and minimum pass in one line."""
    asked = definition(result)
    parts = [
        f"{result.coverage.sizes['cell']} cells ({asked.grid}, {np.degrees(asked.resolution_rad):g}°)",
        f"{asked.height_km:g} km above the surface" if asked.height_km else "on the surface",
        f"elevation mask {np.degrees(asked.mask_rad):g}°",
    ]
    if asked.minimum_pass_s > 0.0:
        parts.append(f"passes under {wording.duration(asked.minimum_pass_s)} not counted")
    exact, sample = result.coverage["map_exact"].values, result.coverage["map_percent"].attrs["sample_s"]
    if np.all(exact):
        parts.append("every cell from exact edges")
    else:
        parts.append(f"extreme cells from exact edges, the others sampled every {wording.duration(sample)}")
    return "; ".join(parts)


def definition(result: MissionResult) -> MapDefinition:
    """Give the map the scenario asked for."""
    coverage = result.scenario.coverage
    if coverage is None or coverage.map is None:
        raise InputError("this scenario asks for no coverage map; add `map` under `analyses.coverage`")
    return coverage.map


def _projection(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> Azimuthal | Cylindrical:
    """Choose the map that shows the cells with least distortion."""
    if np.min(latitude) > 20.0 or np.max(latitude) < -20.0:
        north = bool(np.min(latitude) > 0.0)
        edge = 90.0 - float(np.abs(latitude).min())
        return Azimuthal(90.0 if north else -90.0, 0.0, min(np.ceil(edge / 5.0) * 5.0, 90.0))
    for middle in (180.0, 0.0):
        if np.abs((longitude - middle + 180.0) % 360.0 - 180.0).max() <= 95.0:
            return Azimuthal(0.0, middle, 90.0)
    return Cylindrical(180.0)


def cell_of_pixels(
    latitude: NDArray[np.float64],
    longitude: NDArray[np.float64],
    cell_latitude: NDArray[np.float64],
    cell_longitude: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Find the cell that each pixel lies in, for cells in rows of latitude; all angles in degrees.

    Parameters
    ----------
    latitude, longitude : ndarray
        Of the pixels, any one shape; NaN off the map.
    cell_latitude, cell_longitude : ndarray, shape (cells,)
        Middles of the cells; the cells of a row share their latitude.

    Returns
    -------
    ndarray
        Number of the cell, -1 where there is none.
    """
    rows, row_of_cell = np.unique(np.round(cell_latitude, 6), return_inverse=True)
    height = float(np.min(np.diff(rows))) if rows.size > 1 else 180.0
    row = np.clip(np.searchsorted(rows, latitude - height / 2.0), 0, rows.size - 1)
    inside = np.abs(latitude - rows[row]) <= 0.5001 * height
    # In a row the nearest longitude wins; cells and their copies a turn away stand in one sorted list.
    turned = np.concatenate([cell_longitude % 360.0 + turn for turn in (-360.0, 0.0, 360.0)])
    keys = np.tile(row_of_cell, 3) * 2000.0 + turned
    order = np.argsort(keys)
    keys, owner = keys[order], np.tile(np.arange(cell_latitude.size), 3)[order]
    wanted = np.where(inside, row * 2000.0 + longitude % 360.0, 0.0)
    right = np.clip(np.searchsorted(keys, wanted), 1, keys.size - 1)
    nearest = np.where(wanted - keys[right - 1] <= keys[right] - wanted, right - 1, right)
    return np.where(inside, owner[nearest], -1)


@dataclass(frozen=True)
class _Canvas:
    """What both panels share: the projection, the cell of each pixel, the brightness of the ground."""

    projection: Azimuthal | Cylindrical
    cell: NDArray[np.int64]
    ground: NDArray[np.float64]
    extent: tuple[float, float, float, float]

    @classmethod
    def of(cls, result: MissionResult) -> _Canvas:
        cell_latitude = result.coverage["map_latitude_deg"].values
        cell_longitude = result.coverage["map_longitude_deg"].values
        projection = _projection(cell_latitude, cell_longitude)
        latitude, longitude, extent = projection.pixels(IMAGE_ROWS)
        cell = cell_of_pixels(latitude, longitude, cell_latitude, cell_longitude)
        return cls(projection, cell, relief(latitude, longitude), extent)

    def values(self, per_cell: NDArray[np.float64]) -> NDArray[np.float64]:
        """Spread the values of the cells over the pixels, NaN off the map."""
        return np.where(self.cell >= 0, per_cell[np.maximum(self.cell, 0)], np.nan)

    def paint(self, colour: NDArray[np.float64], shown: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Lay colours (rows, columns, 3) over the relief; grey where nothing is shown, clear off the Moon."""
        shade = 0.92 + 0.8 * (self.ground - np.nanmean(self.ground))
        painted = colour * np.clip(shade, 0.6, 1.1)[..., None] + 0.04
        picture = np.where(np.isfinite(shown)[..., None], painted, self.ground[..., None])
        picture = np.clip(np.nan_to_num(picture, nan=1.0), 0.0, 1.0)
        alpha = np.isfinite(self.ground)[..., None].astype(float)
        return levels(np.concatenate([picture, alpha], axis=-1))


def _draw(
    axes: Axes, bar: Axes, canvas: _Canvas, values: NDArray[np.float64], cmap: str, ceiling: float
) -> Colorbar:
    """Draw a map with contours and, in the axes `bar`, its scale."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colorbar import Colorbar
    from matplotlib.colors import Normalize
    from matplotlib.patches import Circle
    from matplotlib.ticker import MaxNLocator

    shown = canvas.values(values)
    finite = values[np.isfinite(values)]
    low, high = (float(np.min(finite)), float(np.max(finite))) if finite.size else (0.0, 1.0)
    ticks = np.asarray(MaxNLocator(6).tick_values(low, high if high > low else low + 1.0))
    ticks = ticks[(ticks >= 0.0) & (ticks <= ceiling)]
    norm = Normalize(min(low, ticks[0]), max(high, ticks[-1]))
    axes.imshow(
        canvas.paint(colormaps[cmap](norm(shown))[..., :3], shown),
        extent=canvas.extent,
        interpolation="none",
    )
    contours = _contours(axes, shown, canvas.extent, ticks[1:-1])
    if isinstance(canvas.projection, Azimuthal):
        contours.set_clip_path(Circle((0.0, 0.0), canvas.projection.rim, transform=axes.transData))
    axes.clabel(contours, fmt="%g", fontsize=7, colors="black")
    canvas.projection.graticule(axes)
    return Colorbar(bar, ScalarMappable(norm, cmap), orientation="horizontal", ticks=ticks.tolist())


def _contours(
    axes: Axes, values: NDArray[np.float64], extent: Any, levels: NDArray[np.float64]
) -> QuadContourSet:
    """Draw contours of a smoothed, thinned copy of the image: they follow the field and not the cells."""
    block = 8
    rows, columns = values.shape[0] // block, values.shape[1] // block
    blocks = values[: rows * block, : columns * block].reshape(rows, block, columns, block)
    weight = np.isfinite(blocks).sum(axis=(1, 3)).astype(float)
    inside = weight > 0.0
    total = np.nan_to_num(blocks).sum(axis=(1, 3))
    for _ in range(4):
        weight, total = _binomial(weight), _binomial(total)
    with np.errstate(divide="ignore", invalid="ignore"):
        field = np.where(inside, total / weight, np.nan)
    x = extent[0] + (np.arange(columns) + 0.5) * block / values.shape[1] * (extent[1] - extent[0])
    y = extent[3] - (np.arange(rows) + 0.5) * block / values.shape[0] * (extent[3] - extent[2])
    return axes.contour(x, y, field, levels=levels, colors="black", linewidths=0.6)


def _binomial(field: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth an array with the weights 1, 2, 1 along both axes; zero outside."""
    wide = np.pad(field, 1)
    tall = wide[:-2] + 2.0 * wide[1:-1] + wide[2:]
    return (tall[:, :-2] + 2.0 * tall[:, 1:-1] + tall[:, 2:]) / 16.0


@drawing
def coverage_maps(result: MissionResult) -> Figure:
    """Draw the per cent of time and the longest gap of every cell of the region on the real lunar map.

    The far side is shown as a hemisphere centred on 180 degrees, a polar cap from above its pole, the whole
    Moon as a latitude-longitude map centred on 180 degrees; the sites are marked.

    Parameters
    ----------
    result : MissionResult
        With `map_percent` and `map_longest_gap_h` in its coverage.
    """
    data = result.coverage
    share, gap = data["map_percent"].values.astype(float), data["map_longest_gap_h"].values.astype(float)
    region = {"moon": "whole Moon"}.get(definition(result).region, definition(result).region)
    attrs = data["map_percent"].attrs
    reached = attrs["link"] == "chain"
    title = (
        f"The {region} {'reaches Earth over a relay' if reached else 'sees a relay'} "
        f"{wording.percent(attrs['mean_percent'])} of the time on average, "
        f"{wording.percent(float(share.min()))} at worst; longest gap "
        f"{wording.duration(3600.0 * float(gap.max()))}"
    )
    canvas = _Canvas.of(result)
    flat = isinstance(canvas.projection, Cylindrical)
    height = 4.1 if flat else 5.75
    figure = new_figure(9.6, height, title, subtitle=map_settings(result))
    scale, unit = wording.gap_scale(float(np.max(gap)))
    panels = (
        (share, "viridis", f"per cent of time, {wording.LINK_TEXT[attrs['link']]}", 100.0, 0.0),
        (gap * scale, "cividis_r", f"longest gap, {unit} (dark is long)", np.inf, 4.8),
    )
    for values, cmap, label, ceiling, shift in panels:
        margin = 0.55 if flat else 0.15
        axes = figure.add_axes(
            inches(figure, shift + margin, 1.25 if flat else 0.78, 4.8 - shift + 0.15, 0.62)
        )
        bar = figure.add_axes(inches(figure, shift + 0.7, 0.55, 4.8 - shift + 0.7, height - 0.72))
        _draw(axes, bar, canvas, values, cmap, ceiling).set_label(label)
        mark_sites(axes, canvas.projection, result)
    return figure
