"""The horizon of a site on the Moon, from a map of heights.

From the site rays go out along great circles in every direction until no relief of the Moon could still
rise above the horizontal; the horizon is the highest elevation met on each.  The relief nearer than one
cell of the map is not known and is left out, so a boulder, a crater wall or the lander's own deck is not
in this horizon.
"""

from __future__ import annotations

import math
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.environment.sites import AzimuthMask

# Lowest floor (Antoniadi, -9.1 km) and highest summit (near Engel'gardt, +10.8 km), with a margin: D. E.
# Smith et al., "Initial observations from the Lunar Orbiter Laser Altimeter (LOLA)", Geophys. Res. Lett. 37,
# L18204 (2010).
_LOWEST_KM: Final = -9.5
_HIGHEST_KM: Final = 11.0
_AZIMUTHS: Final = 720


class HeightMap(Protocol):
    """What a horizon needs to know of a terrain."""

    resolution_deg: float
    provenance: dict[str, Any]

    def height_km(self, latitude_rad: ArrayLike, longitude_rad: ArrayLike) -> NDArray[np.float64]:
        """Height of the surface above the sphere of 1737.4 km."""


def unresolved_km(terrain: HeightMap) -> float:
    """Distance around a site within which a terrain says nothing about the horizon: one cell, km."""
    return math.radians(terrain.resolution_deg) * MOON_RADIUS_KM


def terrain_horizon(
    terrain: HeightMap, latitude_rad: float, longitude_rad: float, height_km: float
) -> AzimuthMask:
    """Horizon of a site from a map of heights.

    Parameters
    ----------
    terrain : Terrain
        Heights above the sphere of 1737.4 km.
    latitude_rad, longitude_rad : float
        Mean-Earth latitude and east longitude of the site, rad.
    height_km : float
        Height of the eye above the sphere of 1737.4 km, km.

    Returns
    -------
    AzimuthMask
        Elevations at 720 azimuths from the north clockwise; negative where the ground falls away.  Its source
        names the terrain and the unresolved distance.
    """
    cell = math.radians(terrain.resolution_deg)
    azimuth = np.arange(_AZIMUTHS, dtype=np.float64) * (2.0 * math.pi / _AZIMUTHS)
    arc = _arcs(cell, MOON_RADIUS_KM + height_km)
    latitude, longitude = _along_great_circles(latitude_rad, longitude_rad, azimuth, arc)
    radius = MOON_RADIUS_KM + terrain.height_km(latitude, longitude)
    across = radius * np.sin(arc)
    above = radius * np.cos(arc) - (MOON_RADIUS_KM + height_km)
    elevation: NDArray[np.float64] = np.arctan(np.max(above / across, axis=1))
    source = (
        f"computed from {terrain.provenance['name']}, {terrain.resolution_deg:g} deg; "
        f"relief within one grid cell, {unresolved_km(terrain):.1f} km, of the site is unresolved"
    )
    return AzimuthMask(azimuth, elevation, source)


def _arcs(cell_rad: float, eye_radius_km: float) -> NDArray[np.float64]:
    """Angles from the site at which to look, rad: half a cell apart, far out as far apart as the rays.

    They end where the highest summit hides behind the lowest floor.
    """
    floor = MOON_RADIUS_KM + _LOWEST_KM
    farthest = math.acos(min(1.0, floor / eye_radius_km)) + math.acos(floor / (MOON_RADIUS_KM + _HIGHEST_KM))
    spread = 2.0 * math.pi / _AZIMUTHS
    near_end = max(cell_rad, min(farthest, 0.5 * cell_rad / spread))
    near = np.arange(cell_rad, near_end, 0.5 * cell_rad, dtype=np.float64)
    steps = (
        max(1, math.ceil(math.log(farthest / near_end) / math.log1p(spread))) if farthest > near_end else 0
    )
    far = near_end * (1.0 + spread) ** np.arange(steps + 1, dtype=np.float64)
    return np.concatenate([near, far])


def _along_great_circles(
    latitude_rad: float, longitude_rad: float, azimuth_rad: NDArray[np.float64], arc_rad: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitude and longitude, shape (azimuths, arcs), reached from a point along great circles."""
    sin_latitude, cos_latitude = math.sin(latitude_rad), math.cos(latitude_rad)
    sin_arc, cos_arc = np.sin(arc_rad), np.cos(arc_rad)
    northward = np.cos(azimuth_rad)[:, None] * sin_arc
    eastward = np.sin(azimuth_rad)[:, None] * sin_arc
    latitude = np.arcsin(np.clip(sin_latitude * cos_arc + cos_latitude * northward, -1.0, 1.0))
    longitude = longitude_rad + np.arctan2(eastward, cos_latitude * cos_arc - sin_latitude * northward)
    return latitude, longitude
