"""Access of sites over relays to the ground: combinations, degraded cases, the table, bad input.

The reference is a boolean grid of 20 s made from angles (arcsin, arccos) on Kepler's motion, on the
test double's world.
"""

import numpy as np
import pandas as pd
import pytest
from doubles import dish, kepler_nodes, place, turn_z, uniform_world

from cislunar.coverage.access import ANY, LINKS, compute_access
from cislunar.coverage.eclipses import eclipse_table, find_eclipses
from cislunar.coverage.series import body_elevation_deg, relay_elevation_deg
from cislunar.coverage.table import COLUMNS
from cislunar.coverage.tables import WindowTables, unit_vectors
from cislunar.environment import Environment
from cislunar.errors import InputError

R = 1737.4
DAY = 86400.0
SPAN = 8 * DAY
WINDOW = (0.0, SPAN)
SITES = [place("basin"), place("near", 10.0, 30.0, mask=8.0)]
STATIONS = [dish("west", 35.0, -117.0), dish("middle", 40.0, -4.0), dish("south", -35.0, 149.0)]
WORLD = uniform_world()


@pytest.fixture(scope="module")
def relays():
    orbits = [
        {"a": 6143.0, "e": 0.6, "i": 1.0, "argp": np.pi / 2, "mean": 0.3},
        {"a": 3737.4, "e": 0.0, "i": 1.5, "raan": 1.0},
    ]
    nodes = kepler_nodes(orbits, SPAN, per_orbit=60)
    return {"high": nodes[0], "low": nodes[1]}


@pytest.fixture(scope="module")
def access(relays):
    return compute_access(relays, SITES, STATIONS, WORLD, WINDOW)


@pytest.fixture(scope="module")
def grid(relays):
    """Truth at samples: site-relay, relay-station and direct, by names."""
    time = np.arange(10.0, SPAN, 20.0)
    rotation = WORLD.orientation.icrf_to_me(time)
    earth = WORLD.ephemeris.position("earth", "moon", time)
    spin = turn_z(-WORLD.earth.rate * time).swapaxes(0, 1)

    def angle(seen, up):
        return np.arcsin(np.sum(seen * up, axis=0) / np.linalg.norm(seen, axis=0))

    ups = {
        s.name: np.einsum("ijn,i->jn", rotation, unit_vectors([s.latitude_rad], [s.longitude_rad])[:, 0])
        for s in SITES
    }
    dishes = {s.name: np.einsum("ijn,i->jn", spin, s.position_itrs_km) for s in STATIONS}
    truth = {}
    for name, relay in relays.items():
        position = relay.at_tdb(time)[:3, 0]
        for site in SITES:
            seen = position - R * ups[site.name]
            truth[site.name, name] = angle(seen, ups[site.name]) > site.horizon.mask_rad
        for station in STATIONS:
            line = earth + dishes[station.name] - position
            distance = np.linalg.norm(position, axis=0)
            behind = np.arccos(np.sum(-position * line, axis=0) / distance / np.linalg.norm(line, axis=0))
            up = dishes[station.name] / 6378.137
            clear = behind > np.arcsin(R / distance)
            truth[name, station.name] = clear & (angle(-line, up) > station.mask_rad)
    for site in SITES:
        for station in STATIONS:
            line = earth + dishes[station.name] - R * ups[site.name]
            high = angle(line, ups[site.name]) > site.horizon.mask_rad
            truth[site.name, station.name] = high & (
                angle(-line, dishes[station.name] / 6378.137) > station.mask_rad
            )
    return time, truth


def differs(held, time, truth):
    """Samples that disagree, apart from those within 1 ms of an edge."""
    edges = np.concatenate((held.start, held.end))
    near = np.abs(time[:, None] - edges).min(axis=1) < 1e-3 if len(edges) else np.zeros(len(time), bool)
    return np.sum((held.contains(time) != truth) & ~near)


def test_every_link_agrees_with_a_grid(access, grid):
    time, truth = grid
    for (site, relay), held in access.site_relay.items():
        assert differs(held, time, truth[site, relay]) == 0
    for (relay, station), held in access.relay_station.items():
        assert differs(held, time, truth[relay, station]) == 0
    for (site, station), held in access.site_station.items():
        assert differs(held, time, truth[site, station]) == 0
    for site in ("basin", "near"):
        chains = {
            relay: truth[site, relay] & np.any([truth[relay, s.name] for s in STATIONS], axis=0)
            for relay in ("high", "low")
        }
        assert differs(access.chain(site), time, chains["high"] | chains["low"]) == 0
        assert differs(access.chain(site, ["low"]), time, chains["low"]) == 0
        one = truth[site, "high"] & truth["high", "south"]
        assert differs(access.chain(site, ["high"], ["south"]), time, one) == 0
        assert differs(access.of(site, "site-relay"), time, truth[site, "high"] | truth[site, "low"]) == 0
        direct = np.any([truth[site, s.name] for s in STATIONS], axis=0)
        assert differs(access.of(site, "direct"), time, direct) == 0


def test_statistics_and_degraded_cases_agree_with_a_grid(access, grid):
    truth = grid[1]
    figures = access.statistics()["basin"]
    ground = {relay: np.any([truth[relay, s.name] for s in STATIONS], axis=0) for relay in ("high", "low")}
    chains = {relay: truth["basin", relay] & ground[relay] for relay in ("high", "low")}
    # 20 s samples: good to 20 s per edge.
    assert figures["chain"]["percent"] == pytest.approx(
        100.0 * np.mean(chains["high"] | chains["low"]), abs=0.1
    )
    assert figures["chain"]["nfold"]["2"] == pytest.approx(
        100.0 * np.mean(chains["high"] & chains["low"]), abs=0.1
    )
    assert figures["chain"]["by_relay"]["low"]["percent"] == pytest.approx(
        100.0 * np.mean(chains["low"]), abs=0.1
    )
    assert set(figures) == set(LINKS)
    lost = {case["lost"]: case for case in access.degraded("basin")}
    assert set(lost) == {"relay high", "relay low", "station west", "station middle", "station south"}
    assert lost["relay high"]["percent"] == pytest.approx(100.0 * np.mean(chains["low"]), abs=0.1)
    left = [
        truth["basin", relay] & (truth[relay, "west"] | truth[relay, "middle"]) for relay in ("high", "low")
    ]
    assert lost["station south"]["percent"] == pytest.approx(100.0 * np.mean(left[0] | left[1]), abs=0.1)
    assert lost["station south"]["longest_gap_s"] == lost["station south"]["gap_s"]["max"]


def test_days_of_the_chain(access):
    days = access.daily(-0.5 * DAY)["basin"]["chain"]
    assert days["day"].tolist() == list(range(0, 9))
    assert days["seen_s"][[0, 1, -1]].tolist() == [0.5 * DAY, DAY, 0.5 * DAY]
    assert np.sum(days["percent"] * days["seen_s"]) / SPAN == pytest.approx(
        access.statistics()["basin"]["chain"]["percent"]
    )


def test_the_table(access, relays):
    table = access.table()
    assert tuple(table.columns) == COLUMNS
    assert set(table["link"]) == set(LINKS)
    assert np.allclose(table["end_tdb"] - table["start_tdb"], table["duration_s"])
    rows = table[(table.link == "site-relay") & (table.site == "basin") & (table.relay == "high")]
    held = access.site_relay["basin", "high"]
    assert np.array_equal(rows["start_tdb"], held.start)
    assert rows["start_cut"].tolist() == held.start_cut.tolist()
    # Highest elevation and shortest range of each pass, from samples every second.
    for row in rows.itertuples():
        time = np.arange(row.start_tdb, row.end_tdb, 1.0)
        seen = relay_elevation_deg(access.tables, SITES[0], relays["high"], time)
        assert row.max_elevation_deg == pytest.approx(np.max(seen), abs=1e-3)
        up = np.einsum(
            "ijn,i->jn",
            WORLD.orientation.icrf_to_me(time),
            unit_vectors([SITES[0].latitude_rad], [SITES[0].longitude_rad])[:, 0],
        )
        distance = np.linalg.norm(relays["high"].at_tdb(time)[:3, 0] - R * up, axis=0)
        assert row.min_range_km == pytest.approx(np.min(distance), rel=1e-6)
    union = table[
        (table.link == "chain") & (table.site == "near") & (table.relay == ANY) & (table.station == ANY)
    ]
    assert np.array_equal(union["start_tdb"], access.chain("near").start)
    parts = table[
        (table.link == "chain") & (table.site == "near") & (table.relay != ANY) & (table.station == ANY)
    ]
    assert union["max_elevation_deg"].max() == parts["max_elevation_deg"].max()
    assert union["min_range_km"].min() == parts["min_range_km"].min()
    first = table.iloc[0]
    assert pd.Timestamp(first["end_utc"]) - pd.Timestamp(first["start_utc"]) == pytest.approx(
        pd.Timedelta(seconds=first["duration_s"]), abs=pd.Timedelta(milliseconds=2)
    )


def test_relays_serve_and_report_to_whom_they_are_told(relays):
    some = compute_access(
        relays,
        SITES,
        STATIONS,
        WORLD,
        WINDOW,
        serves={"high": ["basin"]},
        reports_to={"low": ["south"], "high": []},
    )
    assert set(some.site_relay) == {("basin", "high"), ("basin", "low"), ("near", "low")}
    assert set(some.relay_station) == {("low", "south")}
    assert some.relays_of("near") == ("low",)
    assert len(some.chain("basin", ["high"])) == 0
    assert {case["lost"] for case in some.degraded("basin")} == {"relay high", "relay low", "station south"}


def test_sun_and_earth_over_the_sites(access):
    time = np.arange(0.0, SPAN, 600.0)
    for site in SITES:
        for body, held in (("sun", access.sun_up[site.name]), ("earth", access.earth_up[site.name])):
            high = body_elevation_deg(access.tables, site, body, time) > np.degrees(site.horizon.mask_rad)
            assert np.array_equal(held.contains(time), high)


def test_relay_series_is_nan_outside_the_trajectory(access):
    nodes = kepler_nodes([{"a": 4000.0, "e": 0.0, "i": 1.0}], DAY, epoch=DAY)
    seen = relay_elevation_deg(access.tables, SITES[0], nodes, np.array([0.5, 1.0, 1.5, 2.0, 2.5]) * DAY)
    assert np.isfinite(seen).tolist() == [False, True, True, True, False]


def test_eclipse_table():
    """The Sun stands on +y in the plane of a polar orbit: eclipses on every one of its 55 orbits."""
    low = kepler_nodes([{"a": 3737.4, "e": 0.0, "i": np.pi / 2, "raan": np.pi / 2}], SPAN)
    eclipses = find_eclipses({"low": low}, WORLD, WINDOW)
    table = eclipse_table(eclipses)
    moon = table[(table.body == "moon") & (table.kind == "penumbra")]
    assert len(moon) == int(SPAN * np.sqrt(4902.8 / 3737.4**3) / (2.0 * np.pi) + 0.5)
    umbra, penumbra = eclipses["low", "moon", "umbra"], eclipses["low", "moon", "penumbra"]
    assert np.all(penumbra.contains(umbra.start))
    assert np.sum(penumbra.duration_s) > np.sum(umbra.duration_s) > 0.0
    nothing = eclipse_table({})
    assert len(nothing) == 0


def test_nothing_to_see_gives_an_empty_table(relays):
    nothing = compute_access({}, SITES, [], WORLD, WINDOW)
    assert len(nothing.table()) == 0
    assert nothing.statistics()["basin"]["chain"]["percent"] == 0.0
    assert nothing.of("basin", "direct").complement().duration_s.tolist() == [SPAN]


def test_bad_input_is_refused(relays, access):
    with pytest.raises(InputError, match="must end after it starts"):
        compute_access(relays, SITES, STATIONS, WORLD, (10.0, 10.0))
    with pytest.raises(InputError, match="used twice"):
        compute_access(relays, [SITES[0], SITES[0]], STATIONS, WORLD, WINDOW)
    with pytest.raises(InputError, match="unknown 'nowhere'; expected some of basin, near"):
        compute_access(relays, SITES, STATIONS, WORLD, WINDOW, serves={"high": ["nowhere"]})
    with pytest.raises(InputError, match="serves: unknown relay 'hihg'; expected some of"):
        compute_access(relays, SITES, STATIONS, WORLD, WINDOW, serves={"hihg": ["basin"]})
    with pytest.raises(InputError, match="no site 'nowhere'"):
        access.of("nowhere", "chain")
    with pytest.raises(InputError, match="no link 'rope'"):
        access.of("basin", "rope")
    away = kepler_nodes([{"a": 8000.0, "e": 0.0, "i": 1.0}], DAY)
    away.center = "earth"
    with pytest.raises(InputError, match="centred on the moon"):
        compute_access({"away": away}, SITES, STATIONS, WORLD, WINDOW)


@pytest.mark.parametrize("span", [137.0 * DAY, 3000.0])
def test_tables_hold_the_environment(span):
    """Site and Earth to 0.1 mm, station to 1 mm, Sun to 10 mm of the real environment at random times."""
    environment = Environment.default()
    start = 7.5e8
    time = np.random.default_rng(2).uniform(start, start + span, 500)
    tables = WindowTables.build(environment, start, start + span)
    site = 1737.4 * unit_vectors([-1.2], [2.3])
    exact = np.einsum("ijn,i->jn", environment.orientation.icrf_to_me(time), site[:, 0])
    assert np.max(np.abs(tables.evaluate(tables.on_moon(site)[:, 0], time) - exact)) < 1e-7
    position = STATIONS[0].position_itrs_km
    exact = np.einsum("ijn,j->in", environment.earth.itrs_to_gcrs(time), position)
    assert np.max(np.abs(tables.evaluate(tables.on_earth(position[:, None])[:, 0], time) - exact)) < 1e-6
    for body, table, tolerance in (("earth", tables.earth, 1e-7), ("sun", tables.sun, 1e-5)):
        exact = environment.ephemeris.position(body, "moon", time)
        assert np.max(np.abs(tables.evaluate(table, time) - exact)) < tolerance


def test_a_window_may_end_where_the_tables_of_the_environment_do():
    """Tables are sampled inside the window only; one day more is an error that names the span."""
    environment = Environment.default()
    last = environment.ephemeris.span_tdb[1]
    tables = WindowTables.build(environment, last - 5 * DAY, last)
    assert tables.end_tdb == last
    environment.require_span(tables.start_tdb, tables.end_tdb)


def test_a_trajectory_without_nodes_is_refused():
    nodes = kepler_nodes([{"a": 4000.0, "e": 0.0, "i": 1.0}], DAY)
    nodes.nodes, nodes.offsets = np.zeros((10, 0)), np.array([0, 0])
    with pytest.raises(InputError, match="recorded nodes"):
        compute_access({"a": nodes}, SITES, STATIONS, WORLD, WINDOW)
