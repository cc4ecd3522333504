"""Dense output beside very short steps, against flights that end at the times asked for.

Steps end at the edges of shadows, so a step of two seconds can stand beside one of ten minutes. Flown
directly to a time, a state carries no interpolation; 1 m is far above the error of the interpolation (0.15 m
at most) and far below what rounding did when the two nodes of a short step carried the polynomial (11 km).
"""

from __future__ import annotations

import numpy as np
import pytest

import cislunar
from cislunar.propagation import Trajectory, propagate

DAY = 86400.0
EPOCH = 850_000_000.0


@pytest.fixture(scope="module")
def shadowed() -> tuple[Trajectory, cislunar.ForceModel]:
    """Twenty days in and out of the Moon's shadow on a low ellipse."""
    forces = cislunar.ForceModel(
        center="moon", gravity="grgm1200a", degree=8, bodies=("earth", "sun"), radiation_pressure=0.02
    )
    state = np.array([[2400.0], [0.0], [0.0], [0.0], [1.55], [0.3]])
    return propagate(state, np.array([EPOCH]), np.array([20.0 * DAY]), forces), forces


def test_no_interval_is_spoilt_by_a_short_neighbour(
    shadowed: tuple[Trajectory, cislunar.ForceModel],
) -> None:
    flown, forces = shadowed
    times = flown.nodes[0]
    lengths = np.diff(times)
    beside = np.minimum(np.roll(lengths, 1), np.roll(lengths, -1)) < 0.02 * lengths
    steps = np.flatnonzero(beside[1:-1]) + 1
    assert steps.size >= 5, "the orbit no longer has the short steps this test is about"
    middles = times[steps] + 0.5 * lengths[steps]
    again = propagate(
        flown.nodes[1:7, steps].copy(), EPOCH + times[steps], middles - times[steps], forces, rtol=1e-13
    )
    error_m = 1e3 * np.linalg.norm(again.final[:3] - flown.at(middles)[:3, 0], axis=0)
    assert error_m.max() < 1.0
