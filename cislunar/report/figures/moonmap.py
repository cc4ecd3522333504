"""The grey map of the Moon behind figures, sampled onto a projection."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.moonmap import load_moon_map
from cislunar.report.style import VERMILLION, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cislunar.report.figures.projection import Azimuthal, Cylindrical


@cache
def _grey_map() -> tuple[NDArray[np.float64], tuple[float, float, float, float]]:
    """Give the map at half its resolution, which is that of the figures, brightness 0 to 1."""
    image, extent = load_moon_map()
    rows, columns = image.shape
    return image.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)) / 255.0, extent


def relief(latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sample the map's brightness, 0 to 1, at places on the Moon; nearest pixel, NaN kept.

    Parameters
    ----------
    latitude_deg, longitude_deg : ndarray
        Latitude and east longitude, degrees, of any one shape, in the mean-Earth frame.
    """
    image, (west, east, south, north) = _grey_map()
    rows, columns = image.shape
    column = np.nan_to_num((longitude_deg - west) % 360.0 / (east - west) * columns)
    row = np.nan_to_num((north - latitude_deg) / (north - south) * rows)
    picked = image[np.clip(row.astype(int), 0, rows - 1), np.clip(column.astype(int), 0, columns - 1)]
    return np.where(np.isfinite(latitude_deg), picked, np.nan)


def mark_site(
    axes: Axes,
    projection: Azimuthal | Cylindrical,
    name: str,
    latitude_deg: float,
    longitude_deg: float,
    *,
    label: bool = True,
) -> None:
    """Mark a site by a star with a white edge and, beside it, its name."""
    import matplotlib.patheffects as effects

    x, y = projection.forward(latitude_deg, longitude_deg)
    if not np.isfinite(x):
        return
    axes.plot(
        float(x),
        float(y),
        marker="*",
        markersize=13,
        color=VERMILLION,
        markeredgecolor="white",
        markeredgewidth=1.0,
    )
    if label:
        text = axes.annotate(
            plain(name),
            (float(x), float(y)),
            xytext=(8, 4),
            textcoords="offset points",
            fontsize=8.5,
            fontweight="bold",
            color="black",
        )
        text.set_path_effects([effects.withStroke(linewidth=2.2, foreground="white")])
