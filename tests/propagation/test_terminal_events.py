"""Flights that end at events: closed forms of Kepler's ellipse, slices, company, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from ellipses import DAY, GM, RATE, A, E, ellipse, expected_times, mean_anomaly
from orbits import EPOCH, circular, elliptical

from cislunar import ForceModel, propagate
from cislunar.errors import EpochRangeError, InputError
from cislunar.propagation import Status, terminal
from cislunar.propagation.event_kinds import (
    Altitude,
    Apoapsis,
    Node,
    Periapsis,
    Radius,
    ShadowEntry,
    TrueAnomaly,
    UserEvent,
)
from cislunar.propagation.events import find_events
from cislunar.propagation.terminal import propagate_with_events


@pytest.fixture(scope="module")
def kepler():
    return ForceModel("moon", gravity=None, bodies=(), gm={"moon": GM})


@pytest.fixture(scope="module")
def lunar():
    return ForceModel("moon", degree=8)


@pytest.mark.parametrize("sense", [1.0, -1.0])
@pytest.mark.parametrize("occurrence", [1, 3, 40])
def test_ends_at_the_event_in_closed_form(kepler, sense, occurrence):
    start, duration = 1.1, sense * 50 * 2 * np.pi / RATE
    radius = 5000.0
    at_radius = mean_anomaly(np.arccos((A * (1 - E * E) / radius - 1) / E))
    cases = [
        (Periapsis, (), 0.0),
        (Apoapsis, (), np.pi),
        (TrueAnomaly, (1.0,), mean_anomaly(1.0)),
        (Node, (), mean_anomaly(np.array([-0.4, np.pi - 0.4]))),
        (Radius, (radius,), np.array([at_radius, -at_radius])),
    ]
    for kind, arguments, means in cases:
        event = kind(*arguments, terminal=True, occurrence=occurrence)
        flight, found = propagate_with_events(ellipse(start), EPOCH, duration, kepler, [event], rtol=1e-13)
        expected = expected_times(means, start, duration)[occurrence - 1]
        assert flight.status[0] == Status.EVENT
        assert event.name in flight.message[0]
        # the phase is good to 1e-10 rad over 40 revolutions
        assert abs(flight.final_elapsed[0] - expected) < 2e-5
        state = ellipse(start + RATE * flight.final_elapsed[0])
        assert np.abs(flight.final[:3, 0] - state[:3]).max() < 1e-5
        assert flight.nodes[0, -1] == flight.final_elapsed[0]
        np.testing.assert_array_equal(flight.nodes[1:7, -1], flight.final[:, 0])
        assert found.rows["terminal"].tolist() == [False] * (occurrence - 1) + [True]
        assert found.rows["occurrence"].tolist() == list(range(1, occurrence + 1))
        assert found.rows["tdb"][-1] == EPOCH + flight.final_elapsed[0]
        # the time and the epoch agree exactly
        assert found.rows["tdb"][-1] - EPOCH == flight.final_elapsed[0]


def test_the_end_is_flown_not_interpolated(kepler):
    # at a loose tolerance the interpolation is off by metres, the last state is not
    event = Apoapsis(terminal=True)
    flight, _ = propagate_with_events(ellipse(0.1), EPOCH, DAY, kepler, [event], rtol=1e-8)
    x, v = flight.final[:3, 0], flight.final[3:, 0]
    assert abs(x @ v) / np.linalg.norm(x) < 1e-10
    again = propagate(ellipse(0.1), EPOCH, flight.final_elapsed, kepler, rtol=1e-13)
    assert np.abs(again.final - flight.final)[:3].max() < 1e-2


def test_the_first_of_several_ends_it(lunar):
    state, epoch = elliptical(64, seed=6)
    kinds = [
        Apoapsis(terminal=True, occurrence=2),
        Altitude(3000.0, direction="falling", terminal=True, occurrence=2),
        ShadowEntry(terminal=True),
        Periapsis(),
    ]
    flight, found = propagate_with_events(state, epoch, 5 * DAY, lunar, kinds)
    assert (flight.status == Status.EVENT).all()
    whole = propagate(state, epoch, 5 * DAY, lunar, rtol=1e-12)
    reference = find_events(whole, kinds)
    ended = set()
    for i in range(64):
        rows = reference.of(i)
        ends = [rows[(rows["event"] == e) & (rows["occurrence"] == c)] for e, c in ((0, 2), (1, 2), (2, 1))]
        first = min((r["elapsed"][0], r["event"][0]) for r in ends if r.size)
        ended.add(int(first[1]))
        assert abs(flight.final_elapsed[i] - first[0]) < 1e-3
        assert flight.message[i].startswith(f"ended at event {kinds[first[1]].name!r}")
        mine = found.of(i)
        before = rows[rows["elapsed"] <= flight.final_elapsed[i] + 1e-3]
        np.testing.assert_array_equal(mine["event"], before["event"])
        assert np.abs(mine["elapsed"] - before["elapsed"]).max() < 1e-3
        assert mine["terminal"].tolist() == [False] * (mine.size - 1) + [True]
    assert len(ended) == 3


@pytest.mark.parametrize("depth", [15.0, 0.1, 1e-4])
def test_a_dip_inside_a_step_ends_it(kepler, depth):
    # altitude falls below 100 km for a moment in the middle of a step of nine minutes
    perilune, apolune = 1837.4 - depth, 2200.0
    a, e = 0.5 * (perilune + apolune), (apolune - perilune) / (apolune + perilune)
    big = -np.arccos((1 - 1837.4 / a) / e)
    states = np.stack([ellipse(m, a, e) for m in np.linspace(2.0, 4.0, 50)], axis=1)
    event = Altitude(100.0, terminal=True)
    flight, _ = propagate_with_events(states, EPOCH, DAY, kepler, [event], rtol=1e-11)
    assert (flight.status == Status.EVENT).all()
    rate = np.sqrt(GM / a**3)
    expected = (big - e * np.sin(big) + 2 * np.pi - np.linspace(2.0, 4.0, 50)) / rate
    assert np.abs(flight.final_elapsed - expected).max() < 1e-3


def test_an_event_soon_after_a_slice_begins(kepler):
    # whatever the place of the event among the steps, nodes do not crowd and the interpolation holds
    rng = np.random.default_rng(1)
    for anomaly in rng.uniform(-3.0, 3.0, 25):
        event = TrueAnomaly(anomaly, terminal=True, occurrence=3)
        flight, _ = propagate_with_events(ellipse(1.1), EPOCH, 9 * DAY, kepler, [event], rtol=1e-12)
        times = np.linspace(0.0, flight.final_elapsed[0], 997)
        exact = np.stack([ellipse(1.1 + RATE * t) for t in times], axis=1)
        dense = flight.at(times)[:, 0]
        assert np.abs(dense[:3] - exact[:3]).max() < 1e-5
        assert np.abs(dense[3:] - exact[3:]).max() < 1e-7
        assert (np.diff(flight.nodes[0]) > 0.0).all()


def test_a_flight_without_the_event_ends_as_without_it(lunar):
    state, epoch = elliptical(5)
    never = Radius(1e6, terminal=True)
    flight, found = propagate_with_events(state, epoch, 40 * DAY, lunar, [never], rtol=1e-12)
    plain = propagate(state, epoch, 40 * DAY, lunar, rtol=1e-12)
    assert (flight.status == Status.FINISHED).all()
    assert (flight.final_elapsed == 40 * DAY).all()
    assert len(found) == 0
    # two flights at 1e-12, 40 days: some centimetres
    assert np.abs(flight.final - plain.final)[:3].max() < 1e-3
    recorded, found = propagate_with_events(state, epoch, 40 * DAY, lunar, [Periapsis()], rtol=1e-12)
    np.testing.assert_array_equal(recorded.nodes, plain.nodes)
    assert len(found) > 100


def test_impact_and_stopping_radius_come_first(kepler):
    low = ellipse(2.0, 1850.0, 0.1)
    event = Periapsis(terminal=True)
    crash, found = propagate_with_events(low, EPOCH, DAY, kepler, [event])
    assert crash.status[0] == Status.IMPACT
    assert len(found) == 0
    stop, _ = propagate_with_events(ellipse(1.0), EPOCH, DAY, kepler, [event], stop_radius_km=8000.0)
    assert stop.status[0] == Status.RADIUS
    start = np.stack([ellipse(1.0), ellipse(4.0)], axis=1)
    both, _ = propagate_with_events(start, EPOCH, DAY, kepler, [event], stop_radius_km=[8000.0, np.nan])
    assert list(both.status) == [Status.RADIUS, Status.EVENT]


def test_go_on_from_an_event(kepler):
    event = Periapsis(terminal=True)
    state, elapsed = ellipse(1.1), 0.0
    for _ in range(3):
        flight, _ = propagate_with_events(state, EPOCH + elapsed, 5 * DAY, kepler, [event], rtol=1e-13)
        state, elapsed = flight.final[:, 0], elapsed + flight.final_elapsed[0]
    assert abs(elapsed - expected_times(0.0, 1.1, 10 * DAY)[2]) < 1e-5


@pytest.fixture(scope="module")
def many():
    state, epoch = elliptical(200, seed=3)
    return state, epoch, DAY * np.random.default_rng(4).uniform(-4.0, 4.0, 200)


def test_bitwise_alone_and_in_company(many, monkeypatch):
    state, epoch, duration = many
    area = np.linspace(0.0, 0.05, 200)
    kinds = [Apoapsis(terminal=True, occurrence=3), ShadowEntry(terminal=True, occurrence=4), Periapsis()]

    def fly(chosen):
        forces = ForceModel("moon", degree=4, radiation_pressure=area[chosen])
        return propagate_with_events(state[:, chosen], epoch[chosen], duration[chosen], forces, kinds)

    flight, found = fly(np.arange(200))
    assert set(flight.status) == {Status.EVENT, Status.FINISHED}
    for i in (0, 33, 199):
        alone, rows = fly(np.array([i]))
        np.testing.assert_array_equal(alone.nodes, flight[i].nodes)
        mine = found.select(np.array([i]))
        np.testing.assert_array_equal(rows.rows, mine.rows)
    monkeypatch.setattr(terminal, "_BATCH", 37)
    order = np.random.default_rng(0).permutation(200)
    shuffled, rows = fly(order)
    np.testing.assert_array_equal(shuffled.final, flight.final[:, order])
    np.testing.assert_array_equal(rows.rows, found.select(order).rows)
    assert shuffled[5].message == [flight.message[order[5]]]


def test_without_record_the_events_remain(many, lunar):
    state, epoch, duration = many
    for event in (Apoapsis(terminal=True), Apoapsis()):
        full, lean = (
            propagate_with_events(state, epoch, duration, lunar, [event], record=record)
            for record in (True, False)
        )
        np.testing.assert_array_equal(full[0].final, lean[0].final)
        np.testing.assert_array_equal(full[1].rows, lean[1].rows)
        assert lean[0].nodes.shape == (10, 0)


def test_budget_of_steps(lunar):
    state, epoch = elliptical(2)
    never = Radius(1e6, terminal=True)
    flight, _ = propagate_with_events(state, epoch, 300 * DAY, lunar, [never], max_steps=100)
    assert (flight.status == Status.MAX_STEPS).all()
    assert (flight.steps <= 100).all()
    assert (flight.final_elapsed < 10 * DAY).all()


def test_zero_duration_and_empty_batches(lunar):
    state, epoch = elliptical(3)
    event = Apoapsis(terminal=True)
    flight, found = propagate_with_events(state, epoch, 0.0, lunar, [event])
    np.testing.assert_array_equal(flight.final, state)
    assert len(found) == 0
    none, found = propagate_with_events(np.empty((6, 0)), [], [], lunar, [event])
    assert len(none) == len(found) == 0


def test_bad_input_is_reported_before_the_flight(lunar):
    state, epoch = elliptical(6)
    duration = np.full(6, DAY)
    state[0, 1], epoch[4] = np.nan, 1e11
    event = Apoapsis(terminal=True)
    with pytest.raises(
        InputError, match=r"trajectories 1: the state holds.*trajectories 4: the flight leaves"
    ):
        propagate_with_events(state, epoch, duration, lunar, [event])
    flight, found = propagate_with_events(state, epoch, duration, lunar, [event], on_error="status")
    assert flight.status.tolist() == [6, 5, 6, 6, 5, 6]
    assert "not finite" in flight.message[1]
    assert np.isnan(flight.final[:, 1]).all()
    assert set(found.rows["trajectory"]) == {0, 2, 3, 5}
    _, high = lunar.span_tdb
    with pytest.raises(EpochRangeError):
        propagate_with_events(circular(), high, DAY, lunar, [event])
    never = Radius(1e6, terminal=True)
    edge, _ = propagate_with_events(circular(), high - 9 * DAY, 9 * DAY, lunar, [never])
    assert edge.status[0] == Status.FINISHED
    with pytest.raises(InputError, match="expected events"):
        propagate_with_events(circular(), EPOCH, DAY, lunar, [3])
    wrong = UserEvent(lambda tdb, state: state, terminal=True)
    with pytest.raises(InputError, match="returned shape"):
        propagate_with_events(circular(), EPOCH, DAY, lunar, [wrong])


def test_propagate_takes_events(many, lunar):
    state, epoch, duration = many
    kinds = [Apoapsis(terminal=True, occurrence=2), Periapsis()]
    flight = propagate(state, epoch, duration, lunar, events=kinds)
    reference, found = propagate_with_events(state, epoch, duration, lunar, kinds)
    np.testing.assert_array_equal(flight.nodes, reference.nodes)
    np.testing.assert_array_equal(flight.events.rows, found.rows)
    np.testing.assert_array_equal(flight[7].events.of(0)["tdb"], found.of(7)["tdb"])
    assert propagate(state, epoch, duration, lunar).events is None
    assert len(propagate(state, epoch, duration, lunar, events=lambda tdb, s: s[2]).events.names) == 1
