"""Site axes: up, downrange and left at a landing site, fixed to the Moon, and states along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.landing.problem import StateStart

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site

Array = NDArray[np.float64]


def site_axes(state: Array, site: Site, environment: Environment, tdb: float) -> Array:
    """Rows up, downrange and left in mean-Earth axes, for a flight that passes a site.

    Parameters
    ----------
    state : ndarray, shape (6,)
        Of the flight at the epoch, Moon-centred, ICRF axes.
    site : Site
    environment : Environment
    tdb : float

    Returns
    -------
    ndarray, shape (3, 3)
        Downrange is along the plane of flight at the epoch, laid through the site.
    """
    normal = environment.orientation.icrf_to_me(tdb) @ np.cross(state[:3], state[3:])
    up = site.up_me
    downrange = np.cross(normal, up)
    downrange = downrange / np.linalg.norm(downrange)
    return np.array([up, downrange, np.cross(up, downrange)])


def spin_along(axes: Array, environment: Environment, tdb: float) -> tuple[float, float, float]:
    """Angular velocity of the Moon along axes given as rows in mean-Earth axes, rad/s."""
    orientation = environment.orientation
    spin = axes @ orientation.icrf_to_me(tdb) @ orientation.angular_velocity(tdb)
    return float(spin[0]), float(spin[1]), float(spin[2])


def start_over_ground(state: Array, axes: Array, environment: Environment, tdb: float) -> StateStart:
    """State (6,) of the Moon-centred ICRF axes as a start along site axes, relative to the ground."""
    turn = axes @ environment.orientation.icrf_to_me(tdb)
    place = turn @ state[:3]
    x, y, z = place.tolist()
    u, v, w = (turn @ state[3:] - np.cross(spin_along(axes, environment, tdb), place)).tolist()
    return StateStart((x, y, z), (u, v, w))


def to_icrf(states: Array, axes: Array, tdb: Array, environment: Environment) -> Array:
    """States over the ground along site axes, shape (6, m), as Moon-centred states in ICRF axes."""
    to_me = environment.orientation.icrf_to_me(tdb)
    place, velocity = (np.einsum("jim,jm->im", to_me, axes.T @ half) for half in (states[:3], states[3:]))
    turning = np.cross(environment.orientation.angular_velocity(tdb), place, axis=0)
    return np.concatenate([place, velocity + turning])
