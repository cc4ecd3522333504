"""Orbits that deliveries start from and lead to: the lander's capture ellipses, and stated working orbits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.orbits.definitions import KeplerianOrbit
from cislunar.orbits.elements import KeplerianElements, from_state
from cislunar.orbits.initial_state import initial_state
from cislunar.transfers.insertion import insertion_impulse

if TYPE_CHECKING:
    from cislunar.environment import Environment

Array = NDArray[np.float64]


def capture_state(state: ArrayLike, apoapsis_altitude_km: float, gm: float) -> Array:
    """States just after the insertion impulse at periapsis.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        At the periapsis of the arrival, Moon-centred, ICRF axes, km and km/s.
    apoapsis_altitude_km : float
        Wanted, above the 1737.4 km sphere.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.

    Returns
    -------
    numpy.ndarray, shape (6, n)
    """
    states = np.array(state, dtype=np.float64)
    states = states[:, None] if states.ndim == 1 else states
    speed = np.sqrt((states[3:] ** 2).sum(axis=0))
    states[3:] *= 1.0 - insertion_impulse(states, apoapsis_altitude_km, gm) / speed
    return states


def capture_orbits(
    state: ArrayLike, apoapsis_altitudes_km: dict[str, float], gm: float
) -> dict[str, KeplerianElements]:
    """Ellipses of one arrival after insertion impulses to several apoapses, by name, in ICRF axes.

    Parameters
    ----------
    state : array_like, shape (6,)
        As for `capture_state`.
    apoapsis_altitudes_km : dict of str to float
        Names and apoapsis altitudes, in the order in which the lander passes them.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.

    Returns
    -------
    dict of str to KeplerianElements
        For `rank_deliveries`.
    """
    return {
        name: from_state(capture_state(state, altitude, gm)[:, 0], gm)
        for name, altitude in apoapsis_altitudes_km.items()
    }


def working_orbits(
    orbit: KeplerianOrbit,
    tdb: float,
    gm: float,
    nodes_rad: ArrayLike | None = None,
    environment: Environment | None = None,
) -> KeplerianElements:
    """Elements in ICRF axes of an orbit stated in a named frame, with its node free if wanted.

    Parameters
    ----------
    orbit : KeplerianOrbit
        An ellipse about the Moon.
    tdb : float
        Epoch at which its frame is frozen, seconds past J2000 TDB.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    nodes_rad : array_like, shape (m,), optional
        Ascending nodes in that frame of which any will do, in place of the orbit's own.
    environment : Environment, optional
        Ephemeris and lunar orientation; the packaged ones if left out.

    Returns
    -------
    KeplerianElements, shape () or (m,)

    Raises
    ------
    InputError
        A list of nodes that is empty; as `initial_state`.
    """
    if nodes_rad is None:
        return from_state(initial_state(orbit, tdb, gm, environment), gm)
    nodes = np.atleast_1d(np.asarray(nodes_rad, dtype=np.float64))
    if not nodes.size:
        raise InputError("working orbits: expected one node or more")
    turned = [initial_state(replace(orbit, raan_rad=float(node)), tdb, gm, environment) for node in nodes]
    return from_state(np.array(turned).T, gm)
