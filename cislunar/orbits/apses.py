"""Osculating apses of states, without elements that end at the parabola."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def inverse_apses(state: Array, gm: float) -> tuple[Array, Array]:
    """One over the osculating periapsis and apoapsis radii of states (6, n), 1/km.

    The second is negative for a hyperbola and smooth through the parabola.
    """
    r, v = state[:3], state[3:]
    momentum = (np.cross(r, v, axis=0) ** 2).sum(axis=0)
    energy = 0.5 * (v * v).sum(axis=0) - gm / np.sqrt((r * r).sum(axis=0))
    e = np.sqrt(np.maximum(1.0 + 2.0 * energy * momentum / gm**2, 0.0))
    return np.asarray((1.0 + e) * gm / momentum), np.asarray((1.0 - e) * gm / momentum)
