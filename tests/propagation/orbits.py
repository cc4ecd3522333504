"""Orbits that the tests of the core fly."""

from __future__ import annotations

import numpy as np

EPOCH = 8.8e8  # late 2027


def elliptical(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """States (6, n) and epochs (n,) of elliptical lunar orbits like those of relays."""
    rng = np.random.default_rng(seed)
    gm = 4902.8
    a, e = 6541.0 + 20.0 * rng.normal(size=n), 0.6 + 0.01 * rng.normal(size=n)
    inclination = np.radians(56.2 + rng.normal(size=n))
    anomaly, node = rng.uniform(0.0, 2 * np.pi, n), rng.uniform(0.0, 2 * np.pi, n)
    p = a * (1 - e * e)
    r = p / (1 + e * np.cos(anomaly))
    in_plane = np.array([r * np.cos(anomaly), r * np.sin(anomaly)])
    speed = np.sqrt(gm / p) * np.array([-np.sin(anomaly), e + np.cos(anomaly)])
    first = np.array(
        [-np.sin(node) * np.cos(inclination), np.cos(node) * np.cos(inclination), np.sin(inclination)]
    )
    second = np.array([-np.cos(node), -np.sin(node), np.zeros(n)])
    state = np.concatenate([first * v[0] + second * v[1] for v in (in_plane, speed)])
    return state, EPOCH + rng.uniform(0.0, 3e7, n)


def circular(altitude_km: float = 100.0, inclination: float = 1.5, gm: float = 4902.8) -> np.ndarray:
    """State (6,) of a circular lunar orbit."""
    r = 1737.4 + altitude_km
    v = np.sqrt(gm / r)
    return np.array([r, 0.0, 0.0, 0.0, v * np.cos(inclination), v * np.sin(inclination)])
