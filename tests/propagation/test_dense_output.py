"""States between the nodes, against flights from the node before at a tolerance a thousand times tighter.

The method that takes the steps is held against independent programs in tests/truth; here it serves as
reference for the interpolation alone, over single steps, where its own error is below 1e-12 of the distance.
Tolerances: a few times the largest errors found (docstring of `cislunar.propagation.interpolant`), for the
ellipse below the error of the nodes. Plain Hermite interpolation fails each by a factor of a hundred.
"""

from __future__ import annotations

import numpy as np
import pytest
from orbits import EPOCH

from cislunar import ForceModel, propagate

DAY_S = 86400.0

CASES = {
    "lunar ellipse": ("moon", (6541.0, 0.6), 10.0, 3e-6),
    "transfer": ("earth", (195000.0, 0.966), 4.5, 6e-6),
    "far transfer": ("earth", (680000.0, 0.99), 60.0, 6e-5),
}


@pytest.fixture(scope="module", params=CASES)
def flown(request):
    center, (a, e), days, tolerance_km = CASES[request.param]
    field = {"degree": 8, "bodies": ("earth", "sun")} if center == "moon" else {"bodies": ("moon", "sun")}
    forces = ForceModel(center, **field)
    r = a * (1.0 - e)
    v = np.sqrt(forces.gm[center] * (1.0 + e) / r)
    state = np.array([0.0, -r, 0.0, v * np.cos(0.98), 0.0, v * np.sin(0.98)])
    return propagate(state, EPOCH, days * DAY_S, forces, threads=1), tolerance_km


def test_error_between_nodes(flown):
    flight, tolerance_km = flown
    times = flight.nodes[0]
    rng = np.random.default_rng(5)
    inside = rng.uniform(0.2, 0.8, times.size - 1) * np.diff(times)
    exact = propagate(
        flight.nodes[1:7, :-1], EPOCH + times[:-1], inside, flight.forces, rtol=1e-13, threads=1, record=False
    ).final
    error = flight.at(times[:-1] + inside)[:, 0] - exact
    assert np.linalg.norm(error[:3], axis=0).max() < tolerance_km
    speed = np.linalg.norm(exact[3:], axis=0)
    assert (np.linalg.norm(error[3:], axis=0) / speed).max() < 1e-8


def test_nodes_are_met(flown):
    flight, _ = flown
    states = flight.at(flight.nodes[0])[:, 0]
    np.testing.assert_allclose(states[:3], flight.nodes[1:4], atol=1e-7)
    np.testing.assert_allclose(states[3:], flight.nodes[4:7], rtol=1e-9, atol=1e-10)


def test_bitwise_alone_in_a_batch_and_in_any_order(flown):
    flight, _ = flown
    several = flight[np.array([0, 0, 0])]
    rng = np.random.default_rng(6)
    times = rng.uniform(0.0, flight.final_elapsed[0], 101)
    together = several.at(times)
    order = np.argsort(times)
    np.testing.assert_array_equal(together[:, 0, order], flight.at(times[order])[:, 0])
    np.testing.assert_array_equal(together[:, 2, 7], flight.at(times[7])[:, 0])
