"""Many architectures at once against the interval algebra of single missions, and against other splits
of the batch."""

from itertools import pairwise

import numpy as np
import pytest
from doubles import dish, kepler_nodes, place, uniform_world

from cislunar.coverage.access import compute_access
from cislunar.coverage.architectures import architecture_coverage
from cislunar.coverage.combine import unite
from cislunar.coverage.intervals import statistics
from cislunar.coverage.tables import SPACING_S, WindowTables
from cislunar.errors import InputError

DAY = 86400.0
SPAN = 7 * DAY
SITES = [place("basin"), place("near", 5.0, 30.0, mask=2.0), place("north", 88.0, 200.0)]
STATIONS = [dish("a", 35.0, -117.0), dish("b", 40.0, -4.0), dish("c", -35.0, 149.0)]


def orbits_of_twelve():
    rng = np.random.default_rng(12)
    return [
        {
            "a": rng.uniform(3000.0, 9000.0),
            "e": rng.uniform(0.0, 0.4),
            "i": rng.uniform(0.0, np.pi),
            "raan": rng.uniform(0.0, 6.0),
            "argp": rng.uniform(0.0, 6.0),
            "mean": rng.uniform(0.0, 6.0),
        }
        for _ in range(12)
    ]


@pytest.fixture(scope="module")
def batch():
    return kepler_nodes(orbits_of_twelve(), SPAN, per_orbit=30)


@pytest.fixture(scope="module")
def tables():
    return WindowTables.build(uniform_world(), 0.0, SPAN)


@pytest.mark.parametrize("minimum_pass_s", [0.0, 1800.0])
@pytest.mark.parametrize("sizes", [2, [1, 3, 2, 6]])
def test_agrees_with_the_interval_algebra(batch, tables, sizes, minimum_pass_s):
    found = architecture_coverage(
        batch, sizes, SITES, STATIONS, tables, minimum_pass_s=minimum_pass_s, keep_edges=True
    )
    groups = np.cumsum([0, *([2] * 6 if sizes == 2 else sizes)])
    for number, (low, high) in enumerate(pairwise(groups)):
        relays = {str(relay): batch[relay] for relay in range(low, high)}
        access = compute_access(relays, SITES, STATIONS, uniform_world(), (0.0, SPAN), tables=tables)
        for column, site in enumerate(SITES):
            held = access.chain(site.name)
            expected = statistics(held, minimum_pass_s)
            assert found.percent[number, column] == pytest.approx(expected["percent"], abs=1e-9)
            assert found.longest_gap_s[number, column] == pytest.approx(expected["gap_s"]["max"], abs=1e-6)
            assert found.gaps[number, column] == expected["gaps"]
            assert found.passes[number, column] == expected["passes"]
            useful = held.without_short(minimum_pass_s)
            mine = found.intervals(number, column)
            assert np.allclose(mine.start, useful.start, rtol=0.0, atol=1e-9)
            assert np.allclose(mine.end, useful.end, rtol=0.0, atol=1e-9)


def test_steps_longer_than_a_piece_of_the_tables(tables):
    orbits = [{"a": 25000.0, "e": 0.3, "i": 1.0 + i, "raan": 2.0 * i, "mean": 3.0 * i} for i in range(3)]
    slow = kepler_nodes(orbits, SPAN, per_orbit=26)
    assert np.max(np.diff(slow.nodes[0])) > 1.2 * SPACING_S
    found = architecture_coverage(slow, 3, SITES, STATIONS, tables, keep_edges=True)
    relays = {str(relay): slow[relay] for relay in range(3)}
    access = compute_access(relays, SITES, STATIONS, uniform_world(), (0.0, SPAN), tables=tables)
    for column, site in enumerate(SITES):
        held, mine = access.chain(site.name), found.intervals(0, column)
        assert len(mine.start) == len(held.start) > 0
        assert np.allclose(mine.start, held.start, rtol=0.0, atol=1e-9)
        assert np.allclose(mine.end, held.end, rtol=0.0, atol=1e-9)


def test_what_other_relays_link_does_not_change_an_edge(tables):
    """Stretches that earlier relays link are not looked at, so the order of relays decides what is."""
    forward, backward = (
        architecture_coverage(
            kepler_nodes(orbits, SPAN, per_orbit=30), 6, SITES, STATIONS, tables, keep_edges=True
        )
        for orbits in (orbits_of_twelve()[:6], orbits_of_twelve()[5::-1])
    )
    assert np.array_equal(forward.edges_s, backward.edges_s)
    assert np.array_equal(forward.percent, backward.percent)


@pytest.mark.parametrize(
    ("one", "other", "united"),
    [
        ([], [1.0, 2.0], [1.0, 2.0]),
        ([0.0, 1.0, 5.0, 6.0], [2.0, 3.0], [0.0, 1.0, 2.0, 3.0, 5.0, 6.0]),
        ([0.0, 1.0], [1.0, 3.0], [0.0, 3.0]),
        ([0.0, 9.0], [1.0, 2.0, 8.0, 10.0], [0.0, 10.0]),
    ],
)
def test_union_of_passes(one, other, united):
    for a, b in ((one, other), (other, one)):
        room = np.empty(8)
        count = unite(np.array([7.0, 7.0, *a]), 2, len(a), np.array(b), len(b), room, 8)
        assert room[:count].tolist() == united
    assert unite(np.array(one), 0, len(one), np.array(other), len(other), room, len(united) - 2) == -1


def test_without_stations_a_relay_in_view_is_enough(batch, tables):
    found = architecture_coverage(batch, 2, SITES, [], tables)
    access = compute_access(
        {"0": batch[0], "1": batch[1]}, SITES, [], uniform_world(), (0.0, SPAN), tables=tables
    )
    assert found.percent[0, 0] == pytest.approx(statistics(access.relay_view("basin"))["percent"], abs=1e-9)


def test_bitwise_the_same_for_any_split_and_number_of_threads(batch, tables, monkeypatch):
    whole = architecture_coverage(batch, 2, SITES, STATIONS, tables, keep_edges=True)
    monkeypatch.setattr("cislunar.coverage.architectures._RELAYS_AT_ONCE", 3)
    split = architecture_coverage(batch, 2, SITES, STATIONS, tables, keep_edges=True, threads=3)
    assert np.array_equal(whole.edges_s, split.edges_s)
    assert np.array_equal(whole.percent, split.percent)
    assert np.array_equal(whole.longest_gap_s, split.longest_gap_s)


def test_what_does_not_fit_is_refused(batch, tables):
    with pytest.raises(InputError, match="12 relays cannot be grouped in architectures of 5"):
        architecture_coverage(batch, 5, SITES, STATIONS, tables)
    with pytest.raises(InputError, match="add up to 12 relays"):
        architecture_coverage(batch, [1, 2], SITES, STATIONS, tables)
    with pytest.raises(InputError, match="keep_edges"):
        architecture_coverage(batch, 2, SITES, STATIONS, tables).intervals(0)
