"""Events on recorded steps: Kepler's closed forms, grazing passages, noise, bad input.

Times of periapsis, apoapsis, nodes, radii and anomalies on an ellipse follow from Kepler's equation; shadows
and elevations are checked by the geometry of the state that is returned. A millisecond is asked; flights
are made at a tolerance of 1e-13, so that the rest is the interpolation and the search.
"""

from __future__ import annotations

import numpy as np
import pytest
from ellipses import DAY, GM, RATE, A, E, ellipse, expected_times, mean_anomaly
from orbits import EPOCH, circular, elliptical

from cislunar import ForceModel, Trajectory, propagate
from cislunar.environment.ephemeris import Ephemeris
from cislunar.environment.orientation import LunarOrientation
from cislunar.environment.shadow import sunlit_fraction
from cislunar.environment.sites import AzimuthMask, ConstantMask, Site
from cislunar.environment.stations import station
from cislunar.errors import InputError
from cislunar.propagation.event_kinds import (
    Altitude,
    Apoapsis,
    Elevation,
    Node,
    Periapsis,
    PlaneCrossing,
    Radius,
    ShadowEntry,
    ShadowExit,
    TrueAnomaly,
    UserEvent,
)
from cislunar.propagation.events import find_events


@pytest.fixture(scope="module")
def kepler():
    return ForceModel("moon", gravity=None, bodies=(), gm={"moon": GM})


@pytest.fixture(scope="module")
def lunar():
    return ForceModel("moon", degree=8)


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_kepler_closed_forms(kepler, sense):
    start, duration = 1.1, sense * 9.3 * 2 * np.pi / RATE
    flight = propagate(ellipse(start), EPOCH, duration, kepler, rtol=1e-13)
    radius = 5000.0
    at_radius = np.arccos((A * (1 - E * E) / radius - 1) / E)
    cases = [
        (Periapsis(), [0.0]),
        (Apoapsis(), [np.pi]),
        (Node(), mean_anomaly(np.array([-0.4, np.pi - 0.4]))),
        (Node(direction="rising"), mean_anomaly(np.array([-0.4]))),
        (Node(direction="falling"), mean_anomaly(np.array([np.pi - 0.4]))),
        (Radius(radius), mean_anomaly(np.array([at_radius, -at_radius]))),
        (Altitude(radius - 1737.4, direction="rising"), mean_anomaly(np.array([at_radius]))),
        (TrueAnomaly(2.0), mean_anomaly(np.array([2.0]))),
        (TrueAnomaly(-2.0), mean_anomaly(np.array([-2.0]))),
    ]
    for event, means in cases:
        rows = find_events(flight, [event]).rows
        expected = expected_times(means, start, duration)
        assert rows.size == expected.size, event
        assert np.abs(rows["elapsed"] - expected).max() < 1e-5, event
        np.testing.assert_allclose(rows["tdb"], EPOCH + rows["elapsed"], rtol=0, atol=1e-7)
        np.testing.assert_allclose(rows["state"], flight.at(rows["elapsed"])[:, 0].T, rtol=0, atol=1e-10)
        np.testing.assert_array_equal(rows["occurrence"], np.arange(rows.size) + 1)


@pytest.mark.parametrize(("a", "e"), [(1900.0, 0.01), (20000.0, 0.9), (6500.0, 1e-4)])
def test_apsides_of_other_ellipses(kepler, a, e):
    rate = np.sqrt(GM / a**3)
    flight = propagate(ellipse(0.3, a, e), EPOCH, 40.0 / rate, kepler, rtol=1e-13)
    found = find_events(flight, [Periapsis(), Apoapsis()])
    for name, anomaly in (("periapsis", 0.0), ("apoapsis", np.pi)):
        error = found.named(name)["elapsed"] - expected_times(anomaly, 0.3, 40.0 / rate, rate)
        # the rounder the orbit, the slower the radial speed passes through zero: 0.1 mm for e = 1e-4
        assert np.abs(error).max() < 1e-3


@pytest.mark.parametrize("depth", [15.0, 1.0, 1e-2, 1e-5])
def test_no_dip_inside_a_step_is_missed(kepler, depth):
    # A step takes nine minutes or more; the dip of 0.01 mm below the radius lasts a fraction of a second.
    perilune, apolune = 1900.0 - depth, 2100.0
    a, e = 0.5 * (perilune + apolune), (apolune - perilune) / (apolune + perilune)
    rate = np.sqrt(GM / a**3)
    means = np.linspace(1.0, 5.0, 40)
    states = np.stack([ellipse(m, a, e) for m in means], axis=1)
    flight = propagate(states, EPOCH, 7.0 / rate, kepler, rtol=1e-12)
    assert np.diff(flight[0].nodes[0]).max() > 500.0
    found = find_events(flight, [Radius(1900.0, direction="falling"), Radius(1900.0, direction="rising")])
    big = np.arccos((1 - 1900.0 / a) / e)
    for i, start in enumerate(means):
        rows = found.of(i)
        for number, mean in ((0, e * np.sin(big) - big), (1, big - e * np.sin(big))):
            times = rows["elapsed"][rows["event"] == number]
            expected = expected_times(mean, start, 7.0 / rate, rate)
            assert times.size == expected.size
            # at a depth of 1e-5 km the passage is at 5e-6 km/s: position errors of 1e-9 km are 0.2 ms
            assert np.abs(times - expected).max() < 1e-3


def test_a_graze_that_stays_outside_is_no_event(kepler):
    perilune, apolune = 1900.0 + 1e-5, 2100.0
    a, e = 0.5 * (perilune + apolune), (apolune - perilune) / (apolune + perilune)
    flight = propagate(ellipse(2.0, a, e), EPOCH, DAY, kepler, rtol=1e-13)
    assert len(find_events(flight, [Radius(1900.0)])) == 0


def test_rounding_is_no_event(kepler):
    # a planar orbit is always on its plane, a round one always at its apsides and at its radius
    state = circular(inclination=0.0, gm=GM)
    flight = propagate(state, EPOCH, DAY, kepler, rtol=1e-13)
    tilted = propagate(state + np.array([0, 0, 0, 0, 0, 1e-14]), EPOCH, DAY, kepler, rtol=1e-13)
    for batch in (flight, tilted):
        found = find_events(batch, [Node(), Periapsis(), Apoapsis(), Radius(float(state[0]))])
        assert len(found) == 0


def test_a_flight_that_starts_at_an_event_goes_on(kepler):
    flight = propagate(ellipse(0.0), EPOCH, 2.5 * 2 * np.pi / RATE, kepler, rtol=1e-13)
    found = find_events(flight, [Periapsis()])
    np.testing.assert_allclose(found.rows["elapsed"], np.array([1, 2]) * 2 * np.pi / RATE, atol=1e-5)


@pytest.mark.parametrize("late", [-1e-4, -1e-6, -1e-8, 0.0, 1e-8, 1e-6, 1e-4])
@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_flights_that_follow_each_other_have_each_passage_once(kepler, sense, late):
    # Five flights of half a turn each, from apsis to apsis, so that every passage lies at a joint.
    state, half = ellipse(np.pi), sense * np.pi / RATE
    found = []
    for leg in range(5):
        duration = half + (sense * late if leg == 0 else 0.0)
        flight = propagate(state, EPOCH, duration, kepler, rtol=1e-13)
        rows = find_events(flight, [Periapsis(), Apoapsis()]).rows
        assert np.abs(rows["elapsed"] - duration).max() < 1e-3
        found.extend(rows["event"])
        state = flight.final[:, 0]
    assert found == [0, 1, 0, 1, 0]


def test_a_passage_that_ends_the_flight_is_an_event(kepler):
    state = ellipse(np.pi, a=3000.0, e=0.5)
    fell = propagate(state, EPOCH, DAY, kepler)
    stopped = propagate(state, EPOCH, DAY, kepler, stop_radius_km=2500.0)
    ended = propagate(state, EPOCH, DAY, kepler, events=[Radius(2500.0, terminal=True)])
    for flight, event in ((fell, Altitude(0.0)), (stopped, Radius(2500.0)), (ended, Radius(2500.0))):
        (row,) = find_events(flight, [event]).rows
        assert abs(row["elapsed"] - flight.final_elapsed[0]) < 1e-6
        assert not row["rising"]
    assert len(find_events(stopped, [Radius(2500.0, direction="rising")])) == 0
    # 2 ms too early there is nothing
    early = propagate(state, EPOCH, stopped.final_elapsed - 2e-3, kepler)
    assert len(find_events(early, [Radius(2500.0)])) == 0


def test_shadows_begin_and_end_where_the_sunlight_does(lunar):
    state, epoch = elliptical(12)
    flight = propagate(state, epoch, 8 * DAY, lunar, rtol=1e-12)
    ephemeris = Ephemeris.default()
    kinds = [cls(kind=kind) for kind in ("umbra", "penumbra") for cls in (ShadowEntry, ShadowExit)]
    found = find_events(flight, kinds)
    assert np.bincount(found.rows["event"]).min() > 20

    def sunlight(shift):
        position = np.stack(
            [flight[int(r["trajectory"])].at(r["elapsed"] + shift)[:3, 0] for r in found.rows], axis=1
        )
        sun = ephemeris.position("sun", "moon", found.rows["tdb"] + shift) - position
        return sunlit_fraction(*sun, *(-position), 695700.0, 1737.4)

    event = found.rows["event"]
    for shift, side in ((-0.01, 0), (0.01, 1)):
        lit = sunlight(shift)
        # umbra: dark from its entry to its exit; penumbra: full light before its entry and after its exit
        assert (lit[event == 0] == 0.0).all() if side else (lit[event == 0] > 0.0).all()
        assert (lit[event == 1] > 0.0).all() if side else (lit[event == 1] == 0.0).all()
        assert (lit[event == 2] < 1.0).all() if side else (lit[event == 2] == 1.0).all()
        assert (lit[event == 3] == 1.0).all() if side else (lit[event == 3] < 1.0).all()


def test_no_umbra_where_the_body_looks_smaller_than_the_sun():
    # 2 million km behind the Earth its disc is smaller than the Sun's: a penumbra, no umbra
    ephemeris = Ephemeris.default()
    sun = ephemeris.position("sun", "earth", EPOCH + 0.5 * DAY)
    away = -sun / np.linalg.norm(sun)
    across = np.cross(away, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    forces = ForceModel("earth", gravity=None, bodies=())
    for distance, umbra in ((1.0e6, 2), (2.0e6, 0)):
        state = np.concatenate([away * distance - across * 0.5 * DAY, across])
        flight = propagate(state, EPOCH, DAY, forces)
        entries = [ShadowEntry(body="earth"), ShadowExit(body="earth")]
        partial = [ShadowEntry(body="earth", kind="penumbra"), ShadowExit(body="earth", kind="penumbra")]
        assert len(find_events(flight, entries)) == umbra
        assert len(find_events(flight, partial)) == 2


def test_elevation_over_a_site_and_a_station(lunar):
    state, epoch = elliptical(3, seed=2)
    flight = propagate(state, epoch - 6e7, 4 * DAY, lunar, rtol=1e-12)
    mask = AzimuthMask(np.radians([0.0, 90.0, 180.0, 270.0]), np.radians([2.0, 10.0, 4.0, 0.0]))
    flat = Site("flat", -1.2, 2.4, -1.0, ConstantMask(np.radians(5.0)))
    rough = Site("rough", -1.2, 2.4, -1.0, mask)
    goldstone = station("dss-24")
    found = find_events(flight, [Elevation(flat), Elevation(rough), Elevation(goldstone, 0.0)])
    rotation = LunarOrientation.default()
    assert np.bincount(found.rows["event"]).min() >= 6
    for row in found.rows[found.rows["event"] < 2]:
        sight = rotation.icrf_to_me(row["tdb"]) @ row["state"][:3] - flat.position_me_km
        east, north, up = flat.axes_me @ sight
        wanted = mask.at(np.arctan2(east, north)) if row["event"] else np.radians(5.0)
        assert abs(np.arcsin(up / np.linalg.norm(sight)) - wanted) < 1e-9
    assert np.unique(found.named("elevation flat")["rising"]).size == 2
    from cislunar.environment import Environment

    for row in found.named("elevation dss-24"):
        to_icrf = Environment.default().earth.itrs_to_gcrs(row["tdb"])
        moon = Ephemeris.default().position("moon", "earth", row["tdb"])
        sight = moon + row["state"][:3] - to_icrf @ goldstone.position_itrs_km
        assert abs(sight @ to_icrf @ goldstone.up_itrs) < 1e-7 * np.linalg.norm(sight)


@pytest.mark.parametrize("origin", ["moon", "earth", "barycentre"])
def test_planes_of_the_rotating_frame(lunar, origin):
    state, epoch = elliptical(4)
    flight = propagate(state, epoch, 3 * DAY, lunar)
    ephemeris = Ephemeris.default()
    gm = ephemeris.gm["moon"] / (ephemeris.gm["earth"] + ephemeris.gm["moon"])
    share = {"moon": 1.0, "barycentre": gm, "earth": 0.0}[origin]
    for axis in "xyz":
        offset = (1.0 - share) * 385000.0 if axis == "x" else 100.0
        rows = find_events(flight, [PlaneCrossing(axis, offset, origin)]).rows
        moon = ephemeris.state("moon", "earth", rows["tdb"])
        x, z = moon[:3], np.cross(moon[:3], moon[3:], axis=0)
        direction = {"x": x, "z": z, "y": np.cross(z, x, axis=0)}[axis]
        position = rows["state"][:, :3].T + (1.0 - share) * moon[:3]
        along = (position * direction).sum(axis=0) / np.linalg.norm(direction, axis=0)
        assert axis == "x" or rows.size >= 12
        assert (np.abs(along - offset) < 1e-3).all()  # 1 m: below 1 ms


def test_planes_of_the_three_body_problem():
    from cislunar.propagation import propagate_three_body

    # a planar orbit about the Moon; time is nondimensional
    flight = propagate_three_body([1.0 - 0.01215, 0.02, 0.001, -0.77, 0.0, 0.0], 0.5)
    rows = find_events(flight, [PlaneCrossing("y"), PlaneCrossing("z")]).rows
    assert (rows["event"] == 0).sum() >= 2
    assert np.abs(rows["state"][rows["event"] == 0, 1]).max() < 1e-12
    with pytest.raises(InputError, match="barycentre"):
        find_events(flight, [PlaneCrossing("y", origin="moon")])
    with pytest.raises(InputError, match="no shadow"):
        find_events(flight, [ShadowEntry()])


def test_user_functions(kepler):
    flight = propagate(ellipse(1.1), EPOCH, 5 * DAY, kepler, rtol=1e-13)

    def high(tdb, state):
        return np.sqrt((state[:3] ** 2).sum(axis=0)) - 5000.0

    expected = find_events(flight, [Radius(5000.0)]).rows["elapsed"]
    found = find_events(flight, [high, UserEvent(high, name="kink", direction="rising")])
    assert found.names == ("high", "kink")
    assert np.abs(found.named("high")["elapsed"] - expected).max() < 1e-6
    # a jump and a kink are found as well as a smooth passage
    for shape in (np.sign, lambda g: np.where(g > 0, 1.0 + g, 0.1 * g), np.cbrt):
        event = UserEvent(lambda tdb, state, shape=shape: shape(high(tdb, state)))
        assert np.abs(find_events(flight, [event]).rows["elapsed"] - expected).max() < 1e-4
    # about another body
    earth = Ephemeris.default().position("moon", "earth", EPOCH)
    distance = np.linalg.norm(earth)
    near = UserEvent(lambda tdb, state: np.sqrt((state[:3] ** 2).sum(axis=0)) - distance, body="earth")
    row = find_events(flight, [near, Radius(distance, body="earth")]).rows
    assert row.size >= 2
    np.testing.assert_allclose(row["elapsed"][0::2], row["elapsed"][1::2], atol=1e-3)


def test_alone_and_in_company_bit_for_bit(lunar):
    state, epoch = elliptical(300, seed=8)
    duration = DAY * np.random.default_rng(3).uniform(-3.0, 3.0, 300)
    flight = propagate(state, epoch, duration, lunar)
    site = Site("flat", -1.2, 2.4, -1.0, ConstantMask(0.1))
    kinds = [Periapsis(), Node(plane="moon-op"), Elevation(site), ShadowEntry(), Radius(3e5, body="earth")]
    batch = find_events(flight, kinds)
    for i in (0, 7, 123, 299):
        alone = find_events(flight[i], kinds).rows
        mine = batch.of(i).copy()
        mine["trajectory"] = 0
        np.testing.assert_array_equal(alone, mine)


def test_tables(lunar):
    state, epoch = elliptical(3)
    flight = propagate(state, epoch, 2 * DAY, lunar)
    found = find_events(flight, [Periapsis(), Apoapsis(name="top")])
    frame = found.to_pandas()
    assert list(frame["event"].unique()) in (["periapsis", "top"], ["top", "periapsis"])
    assert frame["trajectory"].is_monotonic_increasing
    assert frame["utc"][0].startswith("20")
    for i in range(3):
        assert (np.diff(found.of(i)["elapsed"]) > 0.0).all()
    part = found.select(np.array([2, 0]))
    np.testing.assert_array_equal(part.of(0)["tdb"], found.of(2)["tdb"])
    assert len(find_events(flight, [])) == 0
    with pytest.raises(InputError, match="one of periapsis, top"):
        found.named("node")


def test_tabulated_states_have_events_too(kepler):
    flight = propagate(ellipse(1.1), EPOCH, 3 * DAY, kepler, rtol=1e-13)
    times = np.arange(0.0, 3 * DAY, 300.0)
    table = Trajectory.from_nodes("moon", EPOCH, times, flight.at(times)[:, 0])
    one, other = (find_events(t, [Periapsis()]).rows["elapsed"] for t in (flight, table))
    assert np.abs(one - other).max() < 1e-2


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Periapsis(occurrence=0), "occurrence"),
        (lambda: Node(plane="equator"), "plane of a node: expected one of icrf"),
        (lambda: Radius(-1.0), "positive radius"),
        (lambda: Altitude(np.nan), "finite altitude"),
        (lambda: Radius(2000.0, direction="up"), "expected one of rising, falling, both; got 'up'"),
        (lambda: PlaneCrossing("w"), "x, y, z"),
        (lambda: PlaneCrossing("x", origin="sun"), "barycentre"),
        (lambda: ShadowEntry(kind="full"), "umbra"),
        (lambda: ShadowEntry(body="ceres"), "ceres"),
        (lambda: Elevation("dss-24"), "a Site or a Station"),
        (lambda: Elevation(station("dss-24"), 80.0), "rad"),
        (lambda: UserEvent(3.0), "function of"),
        (lambda: UserEvent(abs, resolution=np.nan), "resolution"),
        (lambda: Radius("2000 km"), "positive radius, km; got '2000 km'"),
        (lambda: Radius([2000.0, 3000.0]), "positive radius"),
        (lambda: Altitude(None), "finite altitude"),
        (lambda: PlaneCrossing("x", offset_km="far"), "finite offset"),
        (lambda: TrueAnomaly(np.nan), "finite true anomaly, rad; got nan"),
        (lambda: Elevation(station("dss-24"), "high"), "rad"),
    ],
)
def test_events_that_cannot_be_meant(make, text):
    with pytest.raises(InputError, match=text):
        make()


@pytest.mark.parametrize("period", [21600.0, 600.0, 120.0])
def test_a_function_much_faster_than_the_steps(kepler, period):
    # steps of a day and more; zeros known in closed form, every half period from the start
    flight = propagate(ellipse(np.pi, a=60000.0, e=0.3), EPOCH, 8 * DAY, kepler)
    assert np.diff(flight.nodes[0]).max() > 0.8 * DAY
    found = find_events(flight, [lambda tdb, state: np.sin(2 * np.pi * (tdb - EPOCH + 7.0) / period)])
    expected = np.arange(1, 16 * DAY / period + 1) * 0.5 * period - 7.0
    np.testing.assert_allclose(found.rows["elapsed"], expected, atol=1e-5)


def test_what_has_no_events():
    with pytest.raises(
        InputError, match="expected a Trajectory; got list; search the coasts and the arcs of"
    ):
        find_events([], [Periapsis()])


def test_bad_functions(kepler):
    flight = propagate(ellipse(1.1), EPOCH, DAY, kepler)
    noise = np.random.default_rng(0)
    for function, text in (
        (lambda tdb, state: 1.0, "returned shape"),
        (lambda tdb, state: np.where(state[0] > 0, np.nan, 1.0), "expected finite values"),
        (lambda tdb, state: state[0].astype(str), "expected numbers"),
        (lambda tdb, state: noise.normal(size=tdb.size), "noise"),
    ):
        with pytest.raises(InputError, match=text):
            find_events(flight, [function])
    with pytest.raises(InputError, match=r"write Periapsis\(\)"):
        find_events(flight, [Periapsis])
    with pytest.raises(InputError, match="functions of"):
        find_events(flight, ["periapsis"])
    lean = propagate(ellipse(1.1), EPOCH, DAY, kepler, record=False)
    with pytest.raises(InputError, match="record=True"):
        find_events(lean, [Periapsis()])

    def writes(tdb, state):
        state[0] = 0.0
        return state[1]

    with pytest.raises(ValueError, match="read-only"):
        find_events(flight, [writes])
