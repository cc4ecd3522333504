"""Edges of visibility against closed forms, dense grids and bracketing on exact motion.

The motion is Kepler's in closed form; the Moon turns uniformly or not at all (`doubles.py`). References
bracket the angle itself (arcsin, arccos) on that motion and never see the package's polynomials. 0.1 ms
is allowed where 1 ms is promised.
"""

import numpy as np
import pytest
from doubles import (
    GM_MOON,
    FixedBodies,
    UniformEarth,
    UniformMoon,
    World,
    dish,
    kepler_motion,
    kepler_nodes,
    place,
    turn_z,
    uniform_world,
)
from scipy.optimize import brentq

from cislunar.coverage.finder import Relays, build_scene, find_chunk, intervals_of
from cislunar.coverage.scene import Kind
from cislunar.coverage.tables import WindowTables, unit_vectors
from cislunar.environment.sites import AzimuthMask, Site

R = 1737.4
DAY = 86400.0
STILL = 1.0e25


def find(world, relays, functions, window, sites=(), stations=(), light_time=False):
    tables = WindowTables.build(world, *window)
    scene = build_scene(tables, sites, stations, functions, light_time)
    recorded = Relays.without_orbit(tables) if relays is None else Relays.from_trajectory(relays, tables)
    lists = find_chunk(scene, recorded, 0, len(recorded))
    return [
        [intervals_of(lists, relay, number, recorded, tables) for number in range(len(functions))]
        for relay in range(len(recorded))
    ]


def edges_of(held):
    inner = np.sort(np.concatenate((held.start, held.end)))
    return inner[(inner > held.span[0]) & (inner < held.span[1])]


def elevation(orbit, site, moon):
    """Elevation above the mask of a Kepler orbiter as a function of time."""
    motion = kepler_motion(**orbit)
    body = unit_vectors([site.latitude_rad], [site.longitude_rad])[:, 0]

    def above(tdb):
        up = np.einsum("ij...,i->j...", moon.icrf_to_me(tdb), body)
        seen = motion(tdb)[0] - (R + site.height_km) * up
        angle = np.arcsin(np.sum(seen * up, axis=0) / np.linalg.norm(seen, axis=0))
        azimuth = None
        if not hasattr(site.horizon, "mask_rad"):
            local = np.einsum("ij...,j...->i...", moon.icrf_to_me(tdb), seen)
            east, north = np.einsum("ij,j...->i...", site.axes_me[:2], local)
            azimuth = np.arctan2(east, north)
        return angle - (site.horizon.mask_rad if azimuth is None else site.horizon.at(azimuth))

    return above


def crossings(function, first, last, step):
    """Sign changes on a dense grid, each then bracketed to a microsecond."""
    time = np.arange(first, last, step)
    value = function(time)
    at = np.nonzero(np.sign(value[:-1]) != np.sign(value[1:]))[0]
    return np.array([brentq(function, time[i], time[i + 1], xtol=1e-7) for i in at])


def test_circular_polar_orbit_over_the_pole_has_passes_of_closed_form():
    """Above the mask while the central angle is below acos(R cos m / r) - m, whatever the Moon's rotation."""
    a, mask = 1837.4, np.radians(5.0)
    rate = np.sqrt(GM_MOON / a**3)
    cap = np.arccos(R * np.cos(mask) / a) - mask
    orbit = {
        "a": a,
        "e": 0.0,
        "i": np.pi / 2,
    }  # from the node: over the north pole a quarter of an orbit later
    [[held]] = find(
        uniform_world(),
        kepler_nodes([orbit], 2 * DAY),
        [(Kind.SITE_RELAY, 0, 0)],
        (0.0, 2 * DAY),
        [place(latitude=90.0, longitude=0.0, mask=5.0)],
    )
    middle = (0.5 * np.pi + 2.0 * np.pi * np.arange(len(held))) / rate
    assert len(held) == int(2 * DAY * rate / (2.0 * np.pi) + 0.75)
    assert np.max(np.abs(held.start - (middle - cap / rate))) < 1e-5
    assert np.max(np.abs(held.end - (middle + cap / rate))) < 1e-5


@pytest.mark.parametrize("seed", range(6))
def test_random_orbits_and_sites_against_a_dense_grid(seed):
    """Elliptical and low orbits, sites anywhere, masks 0 to 20 deg: same edges as on a grid of 2 s, to
    0.1 ms."""
    rng = np.random.default_rng(seed)
    moon = UniformMoon()
    low = seed % 2
    orbits, sites = [], []
    for _ in range(4):
        a = rng.uniform(1790.0, 2100.0) if low else rng.uniform(4000.0, 12000.0)
        e = rng.uniform(0.0, 0.01) if low else rng.uniform(0.0, 1.0 - 1800.0 / a)
        angles = rng.uniform(0.0, 2.0 * np.pi, 3)
        orbits.append({"a": a, "e": e, "i": rng.uniform(0.0, np.pi), "raan": angles[0], "argp": angles[1]})
        sites.append(
            place(
                latitude=np.degrees(np.arcsin(rng.uniform(-1.0, 1.0))),
                longitude=np.degrees(angles[2]),
                mask=rng.uniform(0.0, 20.0),
                height=rng.uniform(-8.0, 8.0),
            )
        )
    span = 2 * DAY if low else 8 * DAY
    found = find(
        uniform_world(),
        kepler_nodes(orbits, span, per_orbit=16 if low else 100),
        [(Kind.SITE_RELAY, number, 0) for number in range(4)],
        (0.0, span),
        sites,
    )
    count = 0
    for orbit, row in zip(orbits, found, strict=True):
        for site, held in zip(sites, row, strict=True):
            expected = crossings(elevation(orbit, site, moon), 0.0, span, 2.0)
            edges = edges_of(held)
            # The grid may lose what is shorter than its step; such a pair must then be near-tangent or tiny.
            if len(edges) != len(expected):
                gaps = np.diff(edges)
                tiny = np.nonzero(gaps < 2.0)[0]
                edges = np.delete(edges, np.concatenate((tiny, tiny + 1)))
            assert len(edges) == len(expected)
            assert np.max(np.abs(edges - expected), initial=0.0) < 1e-4
            count += len(edges)
    assert count > 100


def test_overhead_passes_of_a_low_orbit_on_long_steps():
    """Seven steps to an orbit of 100 km, straight over the site: the careless form of the margin fails
    here."""
    orbit = {"a": 1837.4, "e": 0.001, "i": np.pi / 2, "argp": 0.3}
    moon = UniformMoon(STILL)
    site = place(latitude=20.0, longitude=0.0, mask=10.0)
    world = World(FixedBodies(0.0), moon, UniformEarth())
    [[held]] = find(
        world, kepler_nodes([orbit], DAY, per_orbit=12), [(Kind.SITE_RELAY, 0, 0)], (0.0, DAY), [site]
    )
    expected = crossings(elevation(orbit, site, moon), 0.0, DAY, 5.0)
    assert len(expected) >= 22
    assert np.max(np.abs(edges_of(held) - expected)) < 1e-4


@pytest.mark.parametrize("duration", [2.0, 5.0, 40.0])
def test_a_grazing_pass_of_two_seconds_is_found_and_flagged(duration):
    """The orbit plane misses the cap that sees the site by almost its radius; the Moon stands still."""
    a, mask = 6000.0, np.radians(5.0)
    rate = np.sqrt(GM_MOON / a**3)
    cap = np.arccos(R * np.cos(mask) / a) - mask
    # cos(cap) = cos(miss) cos(rate * duration / 2)
    miss = np.arccos(np.cos(cap) / np.cos(0.5 * rate * duration))
    orbit = {"a": a, "e": 0.0, "i": np.pi / 2}
    site = place(latitude=0.0, longitude=np.degrees(miss), mask=5.0)
    world = World(FixedBodies(0.0), UniformMoon(STILL), UniformEarth())
    [[held]] = find(world, kepler_nodes([orbit], 3 * DAY), [(Kind.SITE_RELAY, 0, 0)], (0.0, 3 * DAY), [site])
    # The first pass is cut by the start of the window.
    assert len(held) == 1 + int(3 * DAY * rate / (2.0 * np.pi))
    assert held.duration_s[1:] == pytest.approx(duration, abs=1e-3)
    depth = a * np.cos(miss) * (1.0 - np.cos(0.5 * rate * duration))
    assert np.all(held.near_tangent[1:] == (depth < 0.02))
    assert duration > 10.0 or np.all(held.near_tangent[1:])


def test_a_pass_missed_by_a_little_is_flagged_and_one_missed_by_more_is_not():
    a = 6000.0
    cap = np.arccos(R / a)
    world = World(FixedBodies(0.0), UniformMoon(STILL), UniformEarth())
    nodes = kepler_nodes([{"a": a, "e": 0.0, "i": np.pi / 2}], DAY)
    for miss_km, flagged in ((0.002, True), (0.2, False)):
        longitude = np.degrees(cap + miss_km / np.sqrt(a * a - R * R))
        site = place(latitude=0.0, longitude=longitude, mask=0.0)
        [[held]] = find(world, nodes, [(Kind.SITE_RELAY, 0, 0)], (0.0, DAY), [site])
        assert len(held) == 0
        assert (len(held.tangents) > 0) == flagged


@pytest.mark.parametrize("duration", [2.5, 30.0])
def test_a_short_occultation_is_found(duration):
    """The Earth stands still on +x; the orbit is tilted until the limb hides the station for a moment
    only."""
    a, distance = 5000.0, 384400.0
    rate = np.sqrt(GM_MOON / a**3)
    world = World(FixedBodies(0.0), UniformMoon(STILL), UniformEarth(0.0))
    station = np.array([distance - 6378.137, 0.0, 0.0])

    def clearance(tilt, time):
        """Angle between limb and station seen from the relay; it passes behind the Moon at time 0."""
        angle = rate * time
        relay = a * np.array([-np.cos(angle) * np.cos(tilt), np.sin(angle), np.cos(angle) * np.sin(tilt)])
        line = station - relay
        return np.arccos(np.dot(-relay, line) / a / np.linalg.norm(line)) - np.arcsin(R / a)

    tilt = brentq(lambda t: clearance(t, 0.5 * duration), 0.1, 0.6, xtol=1e-15)
    # Ascending node on -y, so that the top of the orbit lies behind the Moon at a quarter of the period.
    orbit = {"a": a, "e": 0.0, "i": tilt, "raan": np.pi / 2}
    assert kepler_motion(**orbit)(0.5 * np.pi / rate)[0][2] > 0.0
    nodes = kepler_nodes([orbit], DAY)
    [[held]] = find(world, nodes, [(Kind.LIMB, 0, 0)], (0.0, DAY), stations=[dish(longitude=180.0)])
    hidden = held.complement()
    assert len(hidden) == int((DAY * rate / (2.0 * np.pi)) + 0.75)
    assert hidden.duration_s == pytest.approx(duration, abs=2e-3)


def test_station_elevation_and_limb_against_bracketing():
    """An ellipse that dips behind the limb; the Earth turns, its centre follows the Moon's meridian."""
    world = uniform_world()
    orbit = {"a": 6143.0, "e": 0.6, "i": 1.0, "raan": 0.4, "argp": np.pi / 2}
    motion = kepler_motion(**orbit)
    station = dish(latitude=35.0, longitude=-117.0)
    span = 6 * DAY

    def towards(tdb):
        up = np.einsum(
            "ij...,i->j...",
            turn_z(-world.earth.rate * np.asarray(tdb)).swapaxes(0, 1),
            station.position_itrs_km,
        )
        return world.ephemeris.position("earth", "moon", tdb) + up, up / 6378.137

    def above(tdb):
        position, up = towards(tdb)
        seen = motion(tdb)[0] - position
        return np.arcsin(np.sum(seen * up, axis=0) / np.linalg.norm(seen, axis=0)) - station.mask_rad

    def clear(tdb):
        relay = motion(tdb)[0]
        line = towards(tdb)[0] - relay
        distance = np.linalg.norm(relay, axis=0)
        angle = np.arccos(np.sum(-relay * line, axis=0) / distance / np.linalg.norm(line, axis=0))
        return angle - np.arcsin(R / distance)

    [[limb, sky]] = find(
        world,
        kepler_nodes([orbit], span),
        [(Kind.LIMB, 0, 0), (Kind.STATION_RELAY, 0, 0)],
        (0.0, span),
        stations=[station],
    )
    for held, function in ((limb, clear), (sky, above)):
        expected = crossings(function, 0.0, span, 10.0)
        assert len(expected) > 8
        assert np.max(np.abs(edges_of(held) - expected)) < 1e-4


def test_functions_without_a_relay_against_bracketing():
    """Sun, Earth and a station over a site near the limb, and the site over the station."""
    world = uniform_world()
    site, station = place(latitude=-60.0, longitude=20.0, mask=7.0), dish(latitude=-35.0, longitude=149.0)
    span = 40 * DAY
    kinds = [
        (Kind.SITE_SUN, 0, 0),
        (Kind.SITE_EARTH, 0, 0),
        (Kind.SITE_STATION, 0, 0),
        (Kind.STATION_SITE, 0, 0),
    ]
    [found] = find(world, None, kinds, (0.0, span), [site], [station])
    body = unit_vectors([site.latitude_rad], [site.longitude_rad])[:, 0]

    def vertical(tdb):
        return np.einsum("ij...,i->j...", world.orientation.icrf_to_me(tdb), body)

    def dish_place(tdb):
        spin = turn_z(-world.earth.rate * np.asarray(tdb)).swapaxes(0, 1)
        return np.einsum("ij...,i->j...", spin, station.position_itrs_km)

    def angle(seen, up, mask):
        return np.arcsin(np.sum(seen * up, axis=0) / np.linalg.norm(seen, axis=0)) - mask

    def sun(tdb):
        up = vertical(tdb)
        return angle(world.ephemeris.position("sun", "moon", tdb) - R * up, up, site.horizon.mask_rad)

    def back(tdb):
        up = dish_place(tdb)
        seen = R * vertical(tdb) - world.ephemeris.position("earth", "moon", tdb) - up
        return angle(seen, up / 6378.137, station.mask_rad)

    for held, function in ((found[0], sun), (found[3], back)):
        expected = crossings(function, 0.0, span, 300.0)
        assert len(expected) > 1
        assert np.max(np.abs(edges_of(held) - expected)) < 1e-4
    # The Earth stands over the prime meridian: 28 deg high at 60 S, 20 E, for ever.
    assert np.sum(found[1].duration_s) == span
    assert np.sum(found[2].duration_s) == span


@pytest.mark.parametrize("knots", [4, 360])
def test_azimuth_mask_against_a_dense_grid(knots):
    """A rugged horizon; 0.1 ms where the mask has no knot, 1 ms at its kinks."""
    rng = np.random.default_rng(knots)
    azimuth = np.linspace(0.0, 2.0 * np.pi, knots, endpoint=False) + 0.01
    mask = AzimuthMask(azimuth, np.radians(6.0 + 3.0 * np.sin(3.0 * azimuth) + rng.uniform(-1.0, 1.0, knots)))
    sites = [
        Site("south", np.radians(-75.0), np.radians(132.4), -2.0, mask),
        Site("pole", np.radians(-90.0), 0.0, 1.0, mask),
    ]
    moon = UniformMoon()
    orbits = [
        {"a": 6143.0, "e": 0.6, "i": 1.0, "argp": np.pi / 2},
        {"a": 1837.4, "e": 0.0, "i": 1.6, "raan": 2.2},
    ]
    span = 3 * DAY
    functions = [(Kind.SITE_RELAY, 0, 0), (Kind.SITE_RELAY, 1, 0)]
    found = find(uniform_world(), kepler_nodes(orbits, span, per_orbit=40), functions, (0.0, span), sites)
    for orbit, row in zip(orbits, found, strict=True):
        for site, held in zip(sites, row, strict=True):
            expected = crossings(elevation(orbit, site, moon), 0.0, span, 1.0)
            edges = edges_of(held)
            if len(edges) != len(expected):
                tiny = np.nonzero(np.diff(edges) < 1.0)[0]
                edges = np.delete(edges, np.concatenate((tiny, tiny + 1)))
            assert len(edges) == len(expected)
            assert len(edges) > 8
            assert np.max(np.abs(edges - expected)) < 1e-3


def test_an_azimuth_mask_of_one_height_is_the_constant_mask():
    nodes = kepler_nodes([{"a": 6143.0, "e": 0.6, "i": 1.0, "argp": np.pi / 2}], 5 * DAY)
    flat = AzimuthMask(np.radians([0.0, 120.0, 240.0]), np.full(3, np.radians(5.0)))
    sites = [place(mask=5.0), Site("flat", np.radians(-75.0), np.radians(132.4), 0.0, flat)]
    functions = [(Kind.SITE_RELAY, 0, 0), (Kind.SITE_RELAY, 1, 0)]
    [[constant, tabled]] = find(uniform_world(), nodes, functions, (0.0, 5 * DAY), sites)
    assert np.max(np.abs(edges_of(constant) - edges_of(tabled))) < 1e-5


def test_results_are_bitwise_the_same_for_any_split_of_the_batch():
    rng = np.random.default_rng(3)
    orbits = [
        {
            "a": rng.uniform(2000.0, 8000.0),
            "e": 0.1,
            "i": rng.uniform(0.0, 3.0),
            "raan": rng.uniform(0.0, 6.0),
        }
        for _ in range(9)
    ]
    nodes = kepler_nodes(orbits, 4 * DAY)
    tables = WindowTables.build(uniform_world(), 0.0, 4 * DAY)
    functions = [
        (Kind.SITE_RELAY, 0, 0),
        (Kind.LIMB, 0, 0),
        (Kind.STATION_RELAY, 0, 0),
        (Kind.MOON_UMBRA, 0, 0),
    ]
    scene = build_scene(tables, [place()], [dish()], functions)
    together = Relays.from_trajectory(nodes, tables)
    whole = find_chunk(scene, together, 0, 9)
    for low, high in ((0, 1), (1, 4), (4, 9)):
        part = find_chunk(scene, together, low, high)
        for relay in range(low, high):
            alone = find_chunk(scene, Relays.from_trajectory(nodes[relay], tables), 0, 1)
            for number in range(len(functions)):
                for mine, other in ((part.of(relay - low, number), alone.of(0, number)),):
                    reference = whole.of(relay, number)
                    for result in (mine, other):
                        assert result[0] == reference[0]
                        assert np.array_equal(result[1], reference[1])
                        assert np.array_equal(result[2], reference[2])


def test_long_steps_are_divided():
    """A distant orbit with steps of up to ten hours: longer than a piece of the tables."""
    orbit = {"a": 40000.0, "e": 0.2, "i": 1.2}
    span = 60 * DAY
    moon = UniformMoon()
    nodes = kepler_nodes([orbit], span, per_orbit=24)
    assert np.max(np.diff(nodes.nodes[0])) > 0.3 * DAY
    site = place(latitude=-30.0, longitude=60.0)
    [[held]] = find(uniform_world(), nodes, [(Kind.SITE_RELAY, 0, 0)], (0.0, span), [site])
    expected = crossings(elevation(orbit, site, moon), 0.0, span, 600.0)
    # The recorded trajectory itself is good to metres only on such steps; 10 m at 0.4 km/s is 25 ms.
    assert np.max(np.abs(edges_of(held) - expected)) < 0.05


def test_a_relay_outside_its_trajectory_is_not_visible():
    orbit = {"a": 30000.0, "e": 0.0, "i": np.pi / 2, "mean": np.pi / 2}
    nodes = kepler_nodes([orbit], 3 * 3600.0, epoch=4 * 3600.0)
    window = (0.0, DAY)
    site = place(latitude=90.0, longitude=0.0, mask=0.0)
    [[held]] = find(uniform_world(), nodes, [(Kind.SITE_RELAY, 0, 0)], window, [site])
    assert held.start.tolist() == [4 * 3600.0]
    assert held.end.tolist() == [7 * 3600.0]
    assert not held.start_cut[0]
    assert not held.end_cut[0]


def test_a_window_inside_a_pass_is_cut_exactly_at_its_ends():
    orbit = {"a": 30000.0, "e": 0.0, "i": np.pi / 2, "mean": np.pi / 2}
    window = (1234.5678, 1234.5678 + 7200.1)
    site = place(latitude=90.0, longitude=0.0, mask=0.0)
    [[held]] = find(uniform_world(), kepler_nodes([orbit], DAY), [(Kind.SITE_RELAY, 0, 0)], window, [site])
    assert (held.start[0], held.end[0]) == window
    assert held.start_cut[0]
    assert held.end_cut[0]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_trajectories_of_few_nodes_and_backward_ones(count):
    """A quarter of an hour of a low orbit; backward in time it is the same motion."""
    orbit = {"a": 1937.4, "e": 0.0, "i": np.pi / 2}
    motion = kepler_motion(**orbit)
    time = np.linspace(0.0, 1500.0, count)
    nodes = kepler_nodes([orbit], 1500.0)
    site = place(latitude=40.0, longitude=0.0, mask=5.0)
    world = uniform_world()
    edges = []
    for order in (slice(None), slice(None, None, -1)):
        nodes.nodes = np.concatenate([time[None], *motion(time)])[:, order]
        nodes.offsets = np.array([0, count])
        [[held]] = find(world, nodes, [(Kind.SITE_RELAY, 0, 0)], (0.0, 1500.0), [site])
        edges.append(edges_of(held))
    expected = crossings(elevation(orbit, site, world.orientation), 0.0, 1500.0, 5.0)
    # Two nodes 1500 s apart carry a polynomial of degree 5: kilometres off; four carry degree 11.
    assert len(edges[0]) == len(expected) == 2
    assert np.max(np.abs(edges[0] - expected)) < {2: 60.0, 3: 2.0, 4: 0.05}[count]
    assert np.array_equal(edges[0], edges[1])


def test_eclipse_of_closed_form():
    """A circular orbit whose plane holds the Sun: umbra and penumbra from the angles of the cones."""
    a, sun = 5000.0, 149597870.7
    orbit = {"a": a, "e": 0.0, "i": 0.0}
    world = World(FixedBodies(0.0, sun=(0.0, sun, 0.0)), UniformMoon(STILL), UniformEarth())
    kinds = [(Kind.MOON_UMBRA, 0, 0), (Kind.MOON_PENUMBRA, 0, 0)]
    [found] = find(world, kepler_nodes([orbit], DAY), kinds, (0.0, DAY))

    def separation(time, umbra):
        relay = kepler_motion(**orbit)(time)[0]
        light = np.array([0.0, sun, 0.0]) - relay
        distance = np.linalg.norm(light)
        angle = np.arccos(np.dot(-relay, light) / a / distance)
        disc = np.arcsin(695700.0 / distance)
        return angle - (np.arcsin(R / a) - disc if umbra else np.arcsin(R / a) + disc)

    rate = np.sqrt(GM_MOON / a**3)
    middle = 1.5 * np.pi / rate
    for held, umbra in zip(found, (True, False), strict=True):
        dark = held.complement()
        start = brentq(lambda t, u=umbra: separation(t, u), middle - 0.9 / rate, middle, xtol=1e-9)
        assert dark.start[0] == pytest.approx(start, abs=1e-4)
        assert dark.end[0] == pytest.approx(2.0 * middle - start, abs=1e-4)


def test_light_time_moves_the_edges_of_a_station_by_its_rotation():
    """With light time the station is seen 1.25 s later: it rises and sets that much earlier on the
    relay's clock."""
    world = World(FixedBodies(0.0), UniformMoon(STILL), UniformEarth())
    nodes = kepler_nodes([{"a": 6143.0, "e": 0.6, "i": 1.0}], 5 * DAY)
    functions = [(Kind.STATION_RELAY, 0, 0)]
    instant = find(world, nodes, functions, (0.0, 5 * DAY), stations=[dish()])[0][0]
    delayed = find(world, nodes, functions, (0.0, 5 * DAY), stations=[dish()], light_time=True)[0][0]
    shift = edges_of(instant) - edges_of(delayed)
    # 372,000 to 395,000 km; the relay's own motion changes the rates by up to one part in fifty.
    assert np.all((shift > 1.2) & (shift < 1.36))
