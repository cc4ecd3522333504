"""The orbits that tests and benchmarks fly, as numbers: nothing here depends on the package."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DAY_S = 86400.0
#: 2028-01-01T12:00:00 TDB.
EPOCH_2028_TDB = 28.0 * 365.25 * DAY_S


def kepler_to_state(
    gm: float, a_km: float, e: float, inclination: float, raan: float, argument: float, anomaly: float
) -> Array:
    """State (6,) in km, km/s from classical elements; angles in degrees, true anomaly."""
    i, o, w, f = np.radians([inclination, raan, argument, anomaly])
    p = a_km * (1.0 - e * e)
    r = p / (1.0 + e * np.cos(f))
    in_plane = np.array([[r * np.cos(f), r * np.sin(f), 0.0], [-np.sin(f), e + np.cos(f), 0.0]])
    in_plane[1] *= np.sqrt(gm / p)
    cos, sin = np.cos, np.sin
    turn = np.array(
        [
            [
                cos(o) * cos(w) - sin(o) * sin(w) * cos(i),
                -cos(o) * sin(w) - sin(o) * cos(w) * cos(i),
                sin(o) * sin(i),
            ],
            [
                sin(o) * cos(w) + cos(o) * sin(w) * cos(i),
                -sin(o) * sin(w) + cos(o) * cos(w) * cos(i),
                -cos(o) * sin(i),
            ],
            [sin(w) * sin(i), cos(w) * sin(i), cos(i)],
        ]
    )
    return np.concatenate([turn @ in_plane[0], turn @ in_plane[1]])


def _batch(
    gm: float, elements: tuple[float, ...], spread: tuple[float, ...], n: int, seed: int
) -> tuple[Array, Array]:
    """States and epochs: the first is the nominal orbit, the others are drawn around it over 300 days."""
    # One row of numbers per orbit, so that a larger batch begins with the smaller one.
    draws = np.random.default_rng(seed).uniform(-1.0, 1.0, (n, 7))
    draws[0] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0)
    drawn = np.array(elements) + draws[:, :6] * np.array(spread)
    epochs = EPOCH_2028_TDB + 150.0 * DAY_S * (1.0 + draws[:, 6])
    return np.array([kepler_to_state(gm, *row) for row in drawn]).T, epochs


def elliptical_lunar_orbits(n: int, gm: float = 4902.8001224453) -> tuple[Array, Array]:
    """Ellipses of a relay: a 6541 km, e 0.6, i 56.2 deg (ICRF axes), argument of periapsis 90 deg."""
    return _batch(gm, (6541.0, 0.6, 56.2, 10.0, 90.0, 20.0), (50.0, 0.01, 2.0, 180.0, 5.0, 180.0), n, seed=1)


def low_lunar_orbits(n: int, gm: float = 4902.8001224453) -> tuple[Array, Array]:
    """Low polar orbits, 100 km above the 1737.4 km sphere."""
    return _batch(
        gm, (1837.4, 0.001, 85.0, 40.0, 90.0, 0.0), (10.0, 0.0009, 5.0, 180.0, 90.0, 180.0), n, seed=2
    )


def _departures(apogee: tuple[float, float], n: int, gm: float, seed: int) -> tuple[Array, Array]:
    """Orbits with perigee 200 km above the Earth, shortly after perigee, Earth-centred."""
    low, states, epochs = 6578.14, np.empty((6, n)), np.empty(n)
    for k, draw in enumerate(np.random.default_rng(seed).random((n, 6))):
        high = apogee[0] + (apogee[1] - apogee[0]) * draw[0]
        angles = (25.0 + 7.0 * draw[1], 360.0 * draw[2], 360.0 * draw[3], draw[4])
        states[:, k] = kepler_to_state(gm, 0.5 * (low + high), (high - low) / (high + low), *angles)
        epochs[k] = EPOCH_2028_TDB + 300.0 * DAY_S * draw[5]
    return states, epochs


def direct_transfers(n: int, gm: float = 398600.435507) -> tuple[Array, Array]:
    """Departures to the Moon's distance, flown for 4.5 days."""
    return _departures((370e3, 400e3), n, gm, seed=3)


def long_transfers(n: int, gm: float = 398600.435507) -> tuple[Array, Array]:
    """Departures to an apogee of 1.2 to 1.5 million km, flown for 100 days."""
    return _departures((1.2e6, 1.5e6), n, gm, seed=4)
