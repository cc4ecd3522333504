"""Sampled histories for figures: elevations over a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.coverage.finder import relay_positions
from cislunar.coverage.geometry import elevation_rad
from cislunar.coverage.tables import WindowTables, unit_vectors

if TYPE_CHECKING:
    from cislunar.environment.sites import Site
    from cislunar.propagation.trajectory import Trajectory


def _site_frame(tables: WindowTables, site: Site, tdb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position of a site (km, from the Moon's centre, ICRF) and its vertical."""
    up = tables.evaluate(tables.on_moon(unit_vectors([site.latitude_rad], [site.longitude_rad]))[:, 0], tdb)
    return (MOON_RADIUS_KM + site.height_km) * up, up


def relay_elevation_deg(
    tables: WindowTables, site: Site, trajectory: Trajectory, tdb: np.ndarray
) -> np.ndarray:
    """Elevation of a relay over the horizontal plane of a site.

    Parameters
    ----------
    tables : WindowTables
    site : Site
    trajectory : Trajectory
        A batch of one, Moon-centred.
    tdb : ndarray, shape (m,)
        Epochs inside the window, seconds past J2000 TDB.

    Returns
    -------
    ndarray, shape (m,)
        Degrees; NaN outside the trajectory.
    """
    time = np.asarray(tdb, dtype=float)
    nodes: Any = trajectory.nodes
    ends = trajectory.epoch[0] + nodes[0, [0, -1]]
    inside = (time >= ends.min()) & (time <= ends.max())
    position, up = _site_frame(tables, site, time[inside])
    result = np.full(time.shape, np.nan)
    result[inside] = np.degrees(elevation_rad(relay_positions(trajectory, time[inside]) - position, up))
    return result


def body_elevation_deg(tables: WindowTables, site: Site, body: str, tdb: np.ndarray) -> np.ndarray:
    """Elevation of the centre of the Sun or the Earth over the horizontal plane of a site.

    Parameters
    ----------
    tables : WindowTables
    site : Site
    body : {"sun", "earth"}
    tdb : ndarray, shape (m,)
        Epochs inside the window, seconds past J2000 TDB.

    Returns
    -------
    ndarray, shape (m,)
        Degrees.
    """
    position, up = _site_frame(tables, site, tdb)
    target = tables.evaluate({"sun": tables.sun, "earth": tables.earth}[body], tdb)
    return np.asarray(np.degrees(elevation_rad(target - position, up)))
