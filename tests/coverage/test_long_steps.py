"""Edges on the path that a flight took, where its steps are long.

The reference is `Trajectory.at`, which obeys the forces between nodes (tested against flights at a tighter
tolerance in tests/propagation/test_dense_output.py), and the elevation as an arcsine, written here.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest

from cislunar.constants import MOON_RADIUS_KM
from cislunar.coverage.access import compute_access
from cislunar.coverage.long_steps import halve_long_steps
from cislunar.environment import Environment
from cislunar.environment.sites import ConstantMask, Site
from cislunar.propagation import ForceModel, Trajectory, propagate

_EPOCH = 8.5e8
_SPAN = 20.0 * 86400.0
_SITES = [
    Site("south", -1.2, 2.4, 0.0, ConstantMask(0.08)),
    Site("equator", 0.3, -2.0, 1.0, ConstantMask(0.0)),
    Site("north", 1.3, 1.0, -2.0, ConstantMask(0.2)),
]


@pytest.fixture(scope="module")
def halo() -> Trajectory:
    """A polar ellipse from 3,500 km to 75,000 km, much like a near-rectilinear halo orbit, from its top.

    The Earth pulls it down onto the Moon after 16 days."""
    speed = np.sqrt(2.0 * 4902.8 * 3500.0 / (75000.0 * 78500.0))
    return propagate([0.0, 0.0, -75000.0, speed, 0.0, 0.0], _EPOCH, _SPAN, ForceModel(degree=8))


def _worst_edge_s(edges_of: Trajectory, path: Trajectory) -> float:
    """Largest distance of an edge from where the elevation over the site meets the mask."""
    environment = Environment.default()
    access = compute_access({"halo": edges_of}, _SITES, [], environment, (_EPOCH, _EPOCH + _SPAN))
    worst, count = 0.0, 0

    def margin(site: Site, tdb: np.ndarray) -> np.ndarray:
        up = np.einsum("jin,j->in", environment.orientation.icrf_to_me(tdb), site.up_me)
        target = path.at_tdb(tdb)[:3, 0] - (MOON_RADIUS_KM + site.height_km) * up
        return np.arcsin(np.sum(target * up, axis=0) / np.linalg.norm(target, axis=0)) - site.horizon.at(0.0)

    for site in _SITES:
        held = access.site_relay[site.name, "halo"]
        edges = np.concatenate((held.start[~held.start_cut], held.end[~held.end_cut]))
        slope = margin(site, edges + 1.0) - margin(site, edges - 1.0)
        count += len(edges)
        worst = max(worst, np.max(np.abs(margin(site, edges) / (0.5 * slope)), initial=0.0))
    assert count >= 6
    return worst


def test_edges_lie_on_the_path_that_obeys_the_forces(halo: Trajectory) -> None:
    # 0.02 ms; 2.4 ms on the nodes as they are. Edges are to be good to 1 ms.
    assert _worst_edge_s(halo, halo) < 2e-4


@pytest.mark.parametrize("rtol", [1e-8, 1e-9, 1e-10])
def test_edges_of_relay_ellipses_at_loose_tolerances(rtol: float) -> None:
    """Edges are to be good to 1 ms; on the nodes as they are they miss by up to 9 ms at 1e-8."""
    a, e, gm = 6541.0, 0.6, 4902.8
    speed = np.sqrt(gm * (1.0 + e) / (a * (1.0 - e)))
    state = [0.0, -a * (1.0 - e), 0.0, speed * np.cos(0.98), 0.0, speed * np.sin(0.98)]
    ellipse = propagate(state, _EPOCH, _SPAN, ForceModel(degree=8), rtol=rtol)
    assert _worst_edge_s(ellipse, ellipse) < 5e-4


def test_trap_edges_on_the_nodes_alone_miss_by_ten_times_as_much(halo: Trajectory) -> None:
    blind = copy.copy(halo)
    blind.pressure = None
    assert _worst_edge_s(blind, halo) > 1e-3


def test_nodes_stay_and_belong_to_their_trajectories(halo: Trajectory) -> None:
    flown = propagate(
        np.repeat(halo.nodes[1:7, :1], 4, axis=1),
        _EPOCH,
        [-2.0 * 86400.0, 0.0, 3.0 * 86400.0, 1000.0],
        ForceModel(degree=8),
    )
    nodes, offsets = halve_long_steps(flown)
    for i in range(flown.n):
        own = nodes[:, offsets[i] : offsets[i + 1]]
        assert np.isin(flown[i].nodes[0], own[0]).all()
        assert np.all(np.abs(np.diff(own[0])) <= np.max(np.abs(np.diff(flown[i].nodes[0])), initial=0.0))
        alone, _ = halve_long_steps(flown[i])
        np.testing.assert_array_equal(own, alone)
        np.testing.assert_allclose(own[1:7], flown[i].at(own[0])[:, 0], rtol=1e-12, atol=1e-12)


def test_a_trajectory_without_forces_keeps_its_nodes(halo: Trajectory) -> None:
    table = Trajectory.from_nodes("moon", _EPOCH, halo.nodes[0], halo.nodes[1:7])
    nodes, offsets = halve_long_steps(table)
    np.testing.assert_array_equal(nodes, table.nodes)
    np.testing.assert_array_equal(offsets, table.offsets)
