"""The lowest flight over the terrain on the way to a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.landing.problem import Floor

if TYPE_CHECKING:
    from cislunar.environment.sites import Site
    from cislunar.environment.terrain import Terrain

Array = NDArray[np.float64]

_KNOTS = 24
_FINER = 8
_TAPER = 0.1
_ASIDE_KM = (-4.0, 0.0, 4.0)


def terrain_floor(
    terrain: Terrain, site: Site, axes_me: Array, range_rad: float, clearance_km: float
) -> Floor:
    """Build the floor under a flight from the map of heights.

    Parameters
    ----------
    terrain : Terrain
    site : Site
    axes_me : ndarray, shape (3, 3)
        Rows up, downrange, left at the site in mean-Earth axes.
    range_rad : float
        How far back.
    clearance_km : float
        Height to keep above the terrain; less nearer than ten times that to the site, where it falls to 0.

    Returns
    -------
    Floor
        Above the highest ground, up to 4 km aside, between each knot and its neighbours; not below the site.
    """
    up, downrange, left = axes_me
    angle = np.linspace(0.0, range_rad, _KNOTS * _FINER + 1)
    highest = np.full(angle.size, -np.inf)
    for aside in _ASIDE_KM:
        place = np.cos(angle) * up[:, None] - np.sin(angle) * downrange[:, None]
        place = place + aside / MOON_RADIUS_KM * left[:, None]
        place = place / np.linalg.norm(place, axis=0)
        height = terrain.height_km(np.arcsin(place[2]), np.arctan2(place[1], place[0]))
        highest = np.maximum(highest, height)
    distance = angle * site.radius_km
    clearance = np.minimum(clearance_km, _TAPER * distance)
    # relief within the taper is finer than the map: there the site's own height rules
    above = np.where(distance < clearance_km / _TAPER, 0.0, np.maximum(highest - site.height_km, 0.0))
    least = above + clearance
    knots = np.arange(0, angle.size, _FINER)
    windows = [least[max(0, k - _FINER) : k + _FINER + 1].max() for k in knots.tolist()]
    windows[0] = 0.0
    return Floor(distance[knots], np.array(windows))
