"""States between the nodes, against flights from the node before at a tolerance a thousand times tighter.

The method that takes the steps is held against independent programs in tests/truth; here it serves as
reference for the interpolation alone, over single steps, where its own error is below 1e-12 of the distance.
What is promised is that interpolation errs less than the flight does: the limit of each case is the largest
error of its nodes, against a flight at 1e-14. Plain Hermite interpolation fails most by a factor of ten to
a thousand.
"""

from __future__ import annotations

import numpy as np
import pytest
from orbits import EPOCH

from cislunar import ForceModel, propagate

DAY_S = 86400.0

CASES = {
    "lunar ellipse": ("moon", (6541.0, 0.6), 10.0, 0.0),
    "low lunar orbit": ("moon", (1837.4, 0.0), 2.0, 0.0),
    "eclipsed lunar orbit": ("moon", (2400.0, 0.1), 5.0, 0.03),
    "halo-like ellipse": ("moon", (37000.0, 0.91), 14.0, 0.0),
    "transfer": ("earth", (195000.0, 0.966), 4.5, 0.0),
    "far transfer": ("earth", (680000.0, 0.99), 60.0, 0.0),
}


def fly(case, rtol):
    center, (a, e), days, strength = CASES[case]
    field = {"degree": 8, "bodies": ("earth", "sun")} if center == "moon" else {"bodies": ("moon", "sun")}
    forces = ForceModel(center, radiation_pressure=strength or None, **field)
    r = a * (1.0 - e)
    v = np.sqrt(forces.gm[center] * (1.0 + e) / r)
    state = np.array([0.0, -r, 0.0, v * np.cos(0.98), 0.0, v * np.sin(0.98)])
    return propagate(state, EPOCH, days * DAY_S, forces, rtol=rtol, threads=1)


@pytest.fixture(scope="module", params=("lunar ellipse", "transfer", "far transfer"))
def flown(request):
    return fly(request.param, 1e-10)


@pytest.mark.parametrize("rtol", [1e-8, 1e-10])
@pytest.mark.parametrize("case", CASES)
def test_error_between_nodes_is_below_that_of_the_flight(case, rtol):
    flight = fly(case, rtol)
    times = flight.nodes[0]
    at_nodes = (fly(case, 1e-14).at(times)[:, 0] - flight.nodes[1:7])[:3]
    error_of_flight_km = np.linalg.norm(at_nodes, axis=0).max()
    rng = np.random.default_rng(5)
    for _ in range(3):
        inside = rng.uniform(0.1, 0.9, times.size - 1) * np.diff(times)
        exact = propagate(
            flight.nodes[1:7, :-1],
            EPOCH + times[:-1],
            inside,
            flight.forces,
            rtol=1e-14,
            threads=1,
            record=False,
        ).final
        error = flight.at(times[:-1] + inside)[:, 0] - exact
        assert np.linalg.norm(error[:3], axis=0).max() < error_of_flight_km
        speed = np.linalg.norm(exact[3:], axis=0)
        assert (np.linalg.norm(error[3:], axis=0) / speed).max() < max(1e-8, 20.0 * rtol)


def test_nodes_are_met(flown):
    flight = flown
    states = flight.at(flight.nodes[0])[:, 0]
    np.testing.assert_allclose(states[:3], flight.nodes[1:4], atol=1e-7)
    np.testing.assert_allclose(states[3:], flight.nodes[4:7], rtol=1e-9, atol=1e-10)


def test_bitwise_alone_in_a_batch_and_in_any_order(flown):
    flight = flown
    several = flight[np.array([0, 0, 0])]
    rng = np.random.default_rng(6)
    times = rng.uniform(0.0, flight.final_elapsed[0], 101)
    together = several.at(times)
    order = np.argsort(times)
    np.testing.assert_array_equal(together[:, 0, order], flight.at(times[order])[:, 0])
    np.testing.assert_array_equal(together[:, 2, 7], flight.at(times[7])[:, 0])


@pytest.fixture(scope="module")
def shadowed():
    """Twenty days in and out of the Moon's shadow on a low ellipse."""
    forces = ForceModel(
        center="moon", gravity="grgm1200a", degree=8, bodies=("earth", "sun"), radiation_pressure=0.02
    )
    state = np.array([[2400.0], [0.0], [0.0], [0.0], [1.55], [0.3]])
    return propagate(state, np.array([EPOCH]), np.array([20.0 * DAY_S]), forces), forces


def test_no_interval_is_spoilt_by_a_short_neighbour(shadowed):
    """Steps end at the edges of shadows, so one of two seconds can stand beside one of ten minutes.

    1 m is far above the error of the interpolation and far below what rounding did when the two nodes of a
    short step carried the polynomial (11 km).
    """
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
