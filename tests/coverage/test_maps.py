"""Maps against single sites, grids against areas, and the sampled kernel against plain NumPy."""

import numpy as np
import pytest
from doubles import kepler_nodes, place, uniform_world

from cislunar.coverage.access import compute_access
from cislunar.coverage.grids import GRIDS, make_grid
from cislunar.coverage.intervals import Intervals, statistics
from cislunar.coverage.map_kernel import HIDDEN, accumulate
from cislunar.coverage.map_tiles import CAP, accumulate_tiles, make_scratch, tile_caps
from cislunar.coverage.maps import cell_passes, coverage_map, pack_cells, relay_series, tiling
from cislunar.coverage.tables import WindowTables, unit_vectors
from cislunar.environment.regions import Region, region
from cislunar.errors import InputError
from cislunar.propagation.simd import LANES

DAY = 86400.0
SPAN = 5 * DAY
MASK = np.radians(5.0)


@pytest.fixture(scope="module")
def tables():
    return WindowTables.build(uniform_world(), 0.0, SPAN)


@pytest.fixture(scope="module")
def relays():
    orbits = [
        {"a": 6143.0, "e": 0.6, "i": 1.0, "argp": np.pi / 2},
        {"a": 4000.0, "e": 0.1, "i": 1.4, "raan": 2.0},
    ]
    nodes = kepler_nodes(orbits, SPAN, per_orbit=60)
    return {"a": nodes[0], "b": nodes[1]}


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("name", ["far side", "near side", "moon", "south polar cap", "north polar cap"])
def test_grids_tile_their_region(kind, name):
    where = region(name)
    grid = make_grid(where, kind, np.radians(4.0))
    assert np.sum(grid.area_fraction) == pytest.approx(1.0)
    assert all(where.contains(*cell) for cell in zip(grid.latitude_rad, grid.longitude_rad, strict=True))
    # The mean of a linear function of the unit vector over the region, by area, in closed form for
    # whole belts.
    if "cap" in name:
        low, high = np.sin(where.south_rad), np.sin(where.north_rad)
        assert np.sum(np.sin(grid.latitude_rad) * grid.area_fraction) == pytest.approx(
            0.5 * (low + high), abs=1e-3
        )
    if kind == "equal-area":
        # Whole cells in rows and whole rows: the fewer cells a row holds the coarser the rounding.
        assert grid.area_fraction.max() / grid.area_fraction.min() < 1.5
        assert np.std(grid.area_fraction) < 0.1 * np.mean(grid.area_fraction)
    else:
        assert grid.shape is not None
        assert len(grid) == grid.shape[0] * grid.shape[1]


def test_number_of_cells_of_an_equal_area_grid():
    """A sphere has 41,253 square degrees."""
    grid = make_grid(region("moon"), "equal-area", np.radians(1.0))
    assert len(grid) == pytest.approx(41253, rel=1e-3)


@pytest.mark.parametrize("latitude", [60.0, 84.0])
def test_a_polar_cap_begins_where_it_is_told(latitude):
    cap = region("south polar cap", np.radians(latitude))
    assert cap.contains(np.radians(-latitude - 0.1), 3.0)
    assert not cap.contains(np.radians(-latitude + 0.1), 3.0)
    assert np.max(make_grid(cap, "equal-area", np.radians(2.0)).latitude_rad) < np.radians(-latitude)


def test_the_far_side_is_where_longitudes_say():
    far = region("far side")
    for longitude, inside in (
        (89.0, False),
        (91.0, True),
        (180.0, True),
        (-179.0, True),
        (-91.0, True),
        (-89.0, False),
    ):
        assert far.contains(0.3, np.radians(longitude)) == inside
        assert region("near side").contains(0.3, np.radians(longitude)) != inside


@pytest.mark.parametrize(("height_km", "minimum_pass_s"), [(0.0, 0.0), (800.0, 1800.0), (5000.0, 0.0)])
def test_exact_cells_are_sites(relays, tables, height_km, minimum_pass_s):
    """A cell is a site; 800 km lies above the perilune of one relay, 5000 km above the other's whole
    orbit."""
    grid = make_grid(Region("patch", -0.9, -0.3, 2.0, 3.0), "equal-area", 0.4)
    found = coverage_map(
        relays, grid, tables, mask_rad=MASK, height_km=height_km, minimum_pass_s=minimum_pass_s, edges="exact"
    )
    assert np.all(found.exact)
    for number, (latitude, longitude) in enumerate(zip(grid.latitude_rad, grid.longitude_rad, strict=True)):
        site = place("cell", np.degrees(latitude), np.degrees(longitude), 5.0, height_km)
        access = compute_access(relays, [site], [], uniform_world(), (0.0, SPAN), tables=tables)
        expected = statistics(access.relay_view("cell"), minimum_pass_s)
        assert found.percent[number] == pytest.approx(expected["percent"], abs=1e-9)
        assert found.longest_gap_s[number] == pytest.approx(expected["gap_s"]["max"], abs=1e-6)
    assert found.mean_percent == pytest.approx(np.sum(found.percent * grid.area_fraction))


@pytest.mark.parametrize("height_km", [0.0, 800.0])
def test_sampled_maps_agree_with_exact_ones(relays, tables, height_km):
    """Per cent to a thousandth. Gaps to two samples but where a short pass is found by one and not the
    other."""
    grid = make_grid(region("far side"), "equal-area", np.radians(12.0))
    exact = coverage_map(relays, grid, tables, mask_rad=MASK, height_km=height_km, edges="exact")
    sampled = coverage_map(relays, grid, tables, mask_rad=MASK, height_km=height_km, edges="sampled")
    assert np.max(np.abs(exact.percent - sampled.percent)) < 0.2
    close = np.abs(exact.longest_gap_s - sampled.longest_gap_s) < 2.0 * sampled.sample_s
    assert np.mean(close) > 0.95
    # The quoted cells are exact in both.
    assert np.all(sampled.exact[sampled.quoted()])
    assert 1 <= np.sum(sampled.exact) < len(grid)
    assert sampled.longest_gap_s[sampled.quoted()] == pytest.approx(exact.longest_gap_s[sampled.quoted()])


def test_relays_count_only_while_they_see_the_earth(relays, tables):
    grid = make_grid(region("south polar cap"), "equal-area", np.radians(5.0))
    view = {"a": Intervals.make([1.0 * DAY], [3.0 * DAY], (0.0, SPAN)), "b": Intervals.never((0.0, SPAN))}
    for edges in ("exact", "sampled"):
        found = coverage_map(relays, grid, tables, mask_rad=MASK, earth_view=view, edges=edges)
        alone = coverage_map({"a": relays["a"]}, grid, tables, mask_rad=MASK, edges=edges)
        assert found.chain
        assert np.all(found.percent <= alone.percent + 1e-9)
        assert np.all(found.longest_gap_s >= 2.0 * DAY - 120.0)
    passes = cell_passes(relays, [-1.5], [0.0], tables, mask_rad=MASK, earth_view=view)[0]
    assert passes.start[0] >= 1.0 * DAY
    assert passes.end[-1] <= 3.0 * DAY


def plain(margins, shortest):
    """Per cent of samples, longest gap in samples, of one cell, in the plainest way."""
    visible = np.concatenate(([False], np.any(margins > 0.0, axis=1), [False]))
    change = np.diff(visible.astype(int))
    keep = np.zeros(len(visible) - 2, bool)
    for start, end in zip(np.nonzero(change == 1)[0], np.nonzero(change == -1)[0], strict=True):
        if end - start >= shortest:
            keep[start:end] = True
    gap = longest = 0
    for seen in keep:
        gap = 0 if seen else gap + 1
        longest = max(longest, gap)
    return keep.sum(), longest


@pytest.mark.parametrize("shortest", [0.0, 1.0, 2.0, 7.0])
@pytest.mark.parametrize("relay_count", [1, 2, 3])
def test_the_sampled_kernel_against_plain_counting(shortest, relay_count):
    rng = np.random.default_rng(int(shortest) + 10 * relay_count)
    samples, cells = 1500, 3 * LANES
    vectors = unit_vectors(rng.uniform(-1.5, 1.5, cells), rng.uniform(0.0, 6.3, cells))
    series = np.empty((samples, relay_count, 4))
    walk = np.cumsum(rng.normal(0.0, 0.05, (samples, relay_count, 3)), axis=0) + rng.normal(
        size=(relay_count, 3)
    )
    series[:, :, :3] = walk / np.linalg.norm(walk, axis=2, keepdims=True)
    series[:, :, 3] = -rng.uniform(0.3, 0.9, (samples, relay_count))
    tallies = np.zeros(4 * cells)
    # In two calls, as a long window is.
    accumulate(vectors.ravel(), series[:700].ravel(), relay_count, shortest, tallies)
    accumulate(vectors.ravel(), series[700:].ravel(), relay_count, shortest, tallies)
    seen, longest, gap, run = tallies.reshape(4, cells)
    longest = np.maximum(longest, np.where(run < shortest, gap + run, gap))
    seen = seen - 0.0
    for cell in range(cells):
        margins = series[:, :, :3] @ vectors[:, cell] + series[:, :, 3]
        count, worst = plain(margins, shortest)
        assert (seen[cell], longest[cell]) == (count, worst)


def tiled(cells, vectors, series, relay_count, shortest, split):
    tallies = np.zeros(4 * (len(cells) // 3))
    caps, scratch = tile_caps(cells, vectors), make_scratch(relay_count)
    for part in (series[:split], series[split:]):
        accumulate_tiles(cells, caps, vectors, part.ravel(), relay_count, shortest, tallies, scratch)
    return tallies


@pytest.mark.parametrize("shortest", [0.0, 1.0, 2.0, 9.0])
@pytest.mark.parametrize("vectors", [1, 3, 50])
@pytest.mark.parametrize(
    ("name", "kind", "degrees"),
    [
        ("far side", "equal-area", 6.0),
        ("moon", "latitude-longitude", 9.0),
        ("south polar cap", "equal-area", 1.0),
    ],
)
def test_tiles_give_the_flat_result_bit_for_bit(name, kind, degrees, vectors, shortest):
    """Caps from a low orbit's to a hemisphere's, so that tiles are smaller and larger than them; gaps in
    the use of each relay; a number of samples that fills neither blocks nor vectors."""
    grid = make_grid(region(name), kind, np.radians(degrees))
    cells = pack_cells(grid, tiling(grid)[1])
    rng = np.random.default_rng(len(cells) + vectors)
    for relay_count in (1, 3):
        samples = 2500 + 3
        angle = np.cumsum(np.abs(rng.normal(0.02, 0.02, (samples, relay_count))), axis=0)
        tilt = np.array([1.4, 0.5, 1.0])[:relay_count]
        lit = 0.8 + 0.75 * np.sin(0.37 * angle + rng.uniform(0.0, 6.0, relay_count))
        series = np.stack(
            (np.cos(angle), np.sin(angle) * np.cos(tilt), np.sin(angle) * np.sin(tilt), -np.cos(lit)), axis=2
        )
        series[:, :, 3] = np.where(np.sin(0.31 * angle) > 0.8, -HIDDEN, series[:, :, 3])
        flat = np.zeros(4 * (len(cells) // 3))
        accumulate(cells, series.ravel(), relay_count, shortest, flat)
        assert 0.0 < flat.reshape(4, -1)[0].sum() < samples * len(cells) / 3
        assert np.array_equal(tiled(cells, vectors, series, relay_count, shortest, 1111), flat)


def test_edges_of_tiles_that_no_rounding_decides():
    """Cells on the rim of the lit cap, to the last bits: tiles leave them to the flat comparison."""
    angle = np.linspace(0.1, 1.2, 40 * LANES)
    cells = np.concatenate((np.sin(angle), np.zeros_like(angle), np.cos(angle)))
    lit = np.repeat(angle, 5)
    away = np.nextafter(-np.cos(lit), np.tile([-2.0, -2.0, 0.0, 0.0, 0.0], len(angle)))
    series = np.stack((np.zeros_like(lit), np.zeros_like(lit), np.ones_like(lit), away), axis=1)[:, None]
    flat = np.zeros(4 * len(angle))
    accumulate(cells, series.ravel(), 1, 0.0, flat)
    for vectors in (1, 2, 7):
        assert np.array_equal(tiled(cells, vectors, series, 1, 0.0, 3), flat)


@pytest.mark.parametrize("kind", GRIDS)
def test_tiles_are_small_and_hold_their_cells(kind):
    grid = make_grid(region("moon"), kind, np.radians(2.0))
    vectors, order = tiling(grid)
    assert sorted(order) == list(range(len(grid)))
    cells = pack_cells(grid, order)
    caps = tile_caps(cells, vectors).reshape(-1, CAP)
    owner = np.arange(len(cells) // 3) // (vectors * LANES)
    towards = np.einsum("in,ni->n", cells.reshape(3, -1), caps[owner, :3])
    assert np.all(towards > caps[owner, 3] - 1e-12)
    assert caps[:, 3] ** 2 + caps[:, 4] ** 2 == pytest.approx(1.0)
    # A square of the same area has a half diagonal of sqrt(area / 2).
    ideal = np.sqrt(0.5 * 4.0 * np.pi / len(caps))
    assert np.median(np.arccos(caps[:, 3])) < 1.3 * ideal


def test_cells_fill_whole_vectors(relays, tables):
    grid = make_grid(region("south polar cap"), "equal-area", np.radians(3.0))
    assert len(pack_cells(grid)) % (3 * LANES) == 0
    series = relay_series(relays, tables, np.arange(30.0, SPAN, 600.0), MASK, 0.0, None).reshape(-1, 2, 4)
    assert np.linalg.norm(series[:, :, :3], axis=2) == pytest.approx(1.0)


def test_without_relays_nothing_is_covered(tables):
    grid = make_grid(region("south polar cap"), "equal-area", np.radians(5.0))
    for edges in ("exact", "sampled"):
        found = coverage_map({}, grid, tables, edges=edges)
        assert np.all(found.percent == 0.0)
        assert found.longest_gap_s == pytest.approx(SPAN)


def test_bad_input_is_refused(relays, tables):
    grid = make_grid(region("south polar cap"))
    with pytest.raises(InputError, match=r"mask must be from 0 to below 90 deg; got -5.7"):
        coverage_map(relays, grid, tables, mask_rad=-0.1)
    with pytest.raises(InputError, match="exact or sampled; got 'rough'"):
        coverage_map(relays, grid, tables, edges="rough")
    with pytest.raises(InputError, match="height must lie above"):
        coverage_map(relays, grid, tables, height_km=-2000.0)
    with pytest.raises(InputError, match="unknown region 'dark side'; expected one of far side"):
        region("dark side")
    with pytest.raises(InputError, match="polar cap: latitude"):
        region("south polar cap", -0.3)
    with pytest.raises(InputError, match="unknown grid 'hexagons'"):
        make_grid(region("moon"), "hexagons")
    with pytest.raises(InputError, match="resolution must be above 0"):
        make_grid(region("moon"), "equal-area", 0.0)
