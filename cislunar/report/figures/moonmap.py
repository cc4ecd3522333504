"""The grey map of the Moon behind figures, sampled onto a projection."""

from __future__ import annotations

from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.moonmap import load_moon_map
from cislunar.report.facts import site_title
from cislunar.report.style import VERMILLION, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cislunar.mission.result import MissionResult
    from cislunar.report.figures.projection import Azimuthal, Cylindrical


_LABELS = ((8, 5, "left"), (8, -13, "left"), (-8, 5, "right"), (-8, -13, "right"))
"""Where the names of sites go, in points from the mark: the first, second, ... from the top."""


@cache
def _grey_map() -> tuple[NDArray[np.float64], tuple[float, float, float, float]]:
    """Give the map at half its resolution, which is that of the figures, brightness 0 to 1."""
    image, extent = load_moon_map()
    rows, columns = image.shape
    return image.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)) / 255.0, extent


def relief(latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sample the map's brightness, 0 to 1, at places on the Moon; bilinear, NaN kept.

    Parameters
    ----------
    latitude_deg, longitude_deg : ndarray
        Latitude and east longitude, degrees, of any one shape, in the mean-Earth frame.
    """
    image, (west, east, south, north) = _grey_map()
    rows, columns = image.shape
    column = np.nan_to_num((longitude_deg - west) % 360.0 / (east - west) * columns - 0.5)
    row = np.clip(np.nan_to_num((north - latitude_deg) / (north - south) * rows - 0.5), 0.0, rows - 1.0)
    left, top = np.floor(column).astype(int), np.minimum(row.astype(int), rows - 2)
    across, down = column - left, row - top
    right = (left + 1) % columns
    above = image[top, left] * (1.0 - across) + image[top, right] * across
    below = image[top + 1, left] * (1.0 - across) + image[top + 1, right] * across
    return np.where(np.isfinite(latitude_deg), above * (1.0 - down) + below * down, np.nan)


def levels(brightness: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Turn brightness from 0 to 1 into 52 steps of 8 bits: the eye sees no step, and files are small."""
    return (5 * np.round(51.0 * brightness)).astype(np.uint8)


def mark_sites(axes: Axes, projection: Azimuthal | Cylindrical, result: MissionResult) -> None:
    """Mark each site by a star with a white edge and its title; neighbours are named above and below."""
    import matplotlib.patheffects as effects

    edge = [effects.withStroke(linewidth=2.2, foreground="white")]
    found = []
    for site in result.sites.values():
        x, y = projection.forward(np.degrees(site.latitude_rad), np.degrees(site.longitude_rad))
        if np.isfinite(x):
            found.append((float(y), float(x), site))
    found.sort(key=lambda item: -item[0])
    for (up, right, site), (dx, dy, side) in zip(found, cycle(_LABELS), strict=False):
        place = (right, up)
        axes.plot(*place, "*", markersize=12, color=VERMILLION, markeredgecolor="white", markeredgewidth=1.0)
        axes.annotate(
            plain(site_title(result, site.name)),
            place,
            xytext=(dx, dy),
            textcoords="offset points",
            ha=side,
            fontsize=8.5,
            fontweight="bold",
            color="black",
            path_effects=edge,
        )
