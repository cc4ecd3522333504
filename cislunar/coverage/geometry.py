"""Visibility as smooth functions of positions: positive means visible, zero is the edge.

Each function is ordinary arithmetic on components, so the same code serves floats, NumPy arrays and
SIMD lanes. All vectors are in km in any one set of non-rotating axes (ICRF inside the package). The
values are in km and are chosen to have no near-singularities along an orbit: the usual `sin(elevation)
- sin(mask)` has branch points close to the real axis when a low orbiter passes overhead, the cap form
used here for sites does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cislunar.environment.shadow import penumbra

Lanes = Any
"""A float, a NumPy array or a vector of SIMD lanes."""


def site_margin(
    x: Lanes, y: Lanes, z: Lanes, ux: Lanes, uy: Lanes, uz: Lanes, radius_km: float, sin_mask: float
) -> Lanes:
    """Target above the constant mask of a site whose vertical is radial.

    The target at distance `r` from the Moon's centre stands above the elevation `m` exactly where its
    component along the site's vertical exceeds `R cos^2 m + sin m sqrt(r^2 - R^2 cos^2 m)`.

    Parameters
    ----------
    x, y, z : float, array or lanes
        Target from the Moon's centre, km.
    ux, uy, uz : float, array or lanes
        Unit vector from the Moon's centre to the site.
    radius_km : float
        Distance of the site from the Moon's centre.
    sin_mask : float
        Sine of the mask.

    Returns
    -------
    float, array or lanes
        Margin in km, positive where the target is above the mask.
    """
    foot = radius_km * radius_km * (1.0 - sin_mask * sin_mask)
    along = x * ux + y * uy + z * uz
    r2 = x * x + y * y + z * z
    below = r2 < radius_km * radius_km
    # Below the site's own height the distance to the target takes the place of the half chord: same
    # sign as the elevation.
    root = np.sqrt(np.where(below, r2 - (2.0 * along - radius_km) * radius_km, r2 - foot))
    cap = along - foot / radius_km - sin_mask * root
    return np.where(below, along - radius_km - min(sin_mask, 0.0) * root, cap)


def horizon_margin(x: Lanes, y: Lanes, z: Lanes, ux: Lanes, uy: Lanes, uz: Lanes, sin_mask: Lanes) -> Lanes:
    """Target above a mask, seen from a place with any vertical.

    Parameters
    ----------
    x, y, z : float, array or lanes
        Target from the place, km.
    ux, uy, uz : float, array or lanes
        Unit vector of the vertical of the place.
    sin_mask : float, array or lanes
        Sine of the mask in the direction of the target.

    Returns
    -------
    float, array or lanes
        Margin in km: distance times (sine of elevation less sine of mask).
    """
    return x * ux + y * uy + z * uz - sin_mask * np.sqrt(x * x + y * y + z * z)


def occultation_margin(
    x: Lanes, y: Lanes, z: Lanes, dx: Lanes, dy: Lanes, dz: Lanes, radius_km: float
) -> Lanes:
    """Line of sight from an orbiter to a target beyond a sphere, clear of the sphere.

    Exact for a target farther from the sphere than the point where the line of sight touches it.

    Parameters
    ----------
    x, y, z : float, array or lanes
        Orbiter from the centre of the sphere, km.
    dx, dy, dz : float, array or lanes
        Target from the orbiter, km.
    radius_km : float
        Radius of the sphere.

    Returns
    -------
    float, array or lanes
        Margin in km, negative where the sphere hides the target.
    """
    tangent2 = x * x + y * y + z * z - radius_km * radius_km
    tangent = np.sqrt(np.where(tangent2 > 0.0, tangent2, 0.0))
    return tangent + (x * dx + y * dy + z * dz) / np.sqrt(dx * dx + dy * dy + dz * dz)


def shadow_margin(
    bx: Lanes,
    by: Lanes,
    bz: Lanes,
    sx: Lanes,
    sy: Lanes,
    sz: Lanes,
    radius_km: float,
    sun_radius_km: float,
    umbra: float,
) -> Lanes:
    """Orbiter outside the umbra or the penumbra of a spherical body.

    The discs of body and Sun, of angular radii `a` and `s`, touch from outside (penumbra) or inside
    (umbra) where the cosine of their separation equals `cos(a + s)` or `cos(a - s)`; multiplied by the
    distance to the body.

    Parameters
    ----------
    bx, by, bz : float, array or lanes
        Body from the orbiter, km.
    sx, sy, sz : float, array or lanes
        Sun from the orbiter, km.
    radius_km, sun_radius_km : float
        Radii of body and Sun.
    umbra : float
        1 for the umbra, -1 for the penumbra.

    Returns
    -------
    float, array or lanes
        Margin in km, positive outside the shadow. Where the body's disc is smaller than the Sun's there
        is no umbra and its margin is positive.
    """
    sun_distance = np.sqrt(sx * sx + sy * sy + sz * sz)
    middle, width = penumbra(sx, sy, sz, bx, by, bz, sun_radius_km, radius_km)
    margin = (middle + umbra * width) / sun_distance
    smaller_disc = sun_radius_km * np.sqrt(bx * bx + by * by + bz * bz) / sun_distance - radius_km
    # Applies to the umbra only: for the penumbra the left side is hugely negative.
    return np.where(smaller_disc + (umbra - 1.0) * sun_distance > margin, smaller_disc, margin)


def elevation_rad(target_km: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Elevation of a target above the plane normal to `up`.

    Parameters
    ----------
    target_km : ndarray, shape (3, ...)
        Target from the place.
    up : ndarray, shape (3, ...)
        Unit vertical in the same axes.

    Returns
    -------
    ndarray
        Elevation in rad.
    """
    height = np.sum(target_km * up, axis=0)
    across = np.linalg.norm(target_km - height * up, axis=0)
    return np.arctan2(height, across)
