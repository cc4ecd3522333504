"""Landing with impulses: the descent orbit, and the least that any landing from an orbit can cost.

The Moon is a sphere with a point mass's gravity here; see D. A. Vallado, "Fundamentals of Astrodynamics and
Applications", 4th ed. (2013), sections 1.3 (vis-viva) and 6.3 (Hohmann transfer).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def apsis_speed_km_s(radius_km: ArrayLike, other_radius_km: ArrayLike, gm_km3_s2: float) -> Array:
    """Speed at one apsis of an orbit whose other apsis is at another radius, km/s."""
    here, there = np.asarray(radius_km, dtype=np.float64), np.asarray(other_radius_km, dtype=np.float64)
    return np.asarray(np.sqrt(2.0 * gm_km3_s2 * there / (here * (here + there))))


def descent_orbit_km_s(
    orbit_radius_km: ArrayLike, periapsis_radius_km: ArrayLike, gm_km3_s2: float
) -> tuple[Array, Array]:
    """Descent-orbit burn from a circular orbit, and speed at the periapsis half a revolution later.

    Parameters
    ----------
    orbit_radius_km, periapsis_radius_km : array_like
        Radius of the circular orbit, and of the periapsis where powered descent starts, km.
    gm_km3_s2 : float
        Gravitational parameter of the Moon.

    Returns
    -------
    burn_km_s, periapsis_speed_km_s : ndarray
    """
    circular = np.sqrt(gm_km3_s2 / np.asarray(orbit_radius_km, dtype=np.float64))
    burn = np.abs(circular - apsis_speed_km_s(orbit_radius_km, periapsis_radius_km, gm_km3_s2))
    return burn, apsis_speed_km_s(periapsis_radius_km, orbit_radius_km, gm_km3_s2)


def impulsive_limit_km_s(orbit_radius_km: ArrayLike, surface_radius_km: ArrayLike, gm_km3_s2: float) -> Array:
    """Least delta-v to rest on the ground of a Moon that does not turn, from a circular orbit, km/s.

    A Hohmann transfer to the surface and the whole speed removed there at once; what no engine of finite
    thrust reaches.  The Moon's rotation moves it by at most 4.6 m/s.
    """
    burn, speed = descent_orbit_km_s(orbit_radius_km, surface_radius_km, gm_km3_s2)
    return np.asarray(burn + speed)


def surface_speed_km_s(
    speed_km_s: ArrayLike, radius_km: ArrayLike, surface_radius_km: ArrayLike, gm_km3_s2: float
) -> Array:
    """Speed at the surface of a body that has some speed at a radius, without thrust, km/s.

    The least delta-v of a descent from there: removed at once, on arrival.
    """
    drop = 1.0 / np.asarray(surface_radius_km, dtype=np.float64) - 1.0 / np.asarray(radius_km)
    return np.asarray(np.sqrt(np.square(speed_km_s) + 2.0 * gm_km3_s2 * drop))
