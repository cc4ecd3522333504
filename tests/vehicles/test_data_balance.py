"""Data balance against closed forms and against a simulation that moves packets step by step.

The simulation in this file knows nothing of cumulative curves: it makes small packets with the time they were
made, moves them from queue to queue in time steps and drops what does not fit. Its error is the
rounding of every end of a contact to a step of 0.05 s, carried on by the queues, which sets the tolerances.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cislunar.coverage.intervals import Intervals, intersection
from cislunar.errors import InputError
from cislunar.vehicles.data_balance import Link, Source, bent_pipe, store_and_forward, trade

EPOCH = 8.8e8
SPAN = (EPOCH, EPOCH + 400.0)
STEP = 0.05


def _random(rng: np.random.Generator, count: int, span: tuple[float, float] = SPAN) -> Intervals:
    edges = np.sort(rng.uniform(*span, 2 * count))
    return Intervals.make(edges[::2], edges[1::2], span)


def _simulate(
    sources: list[Source], uplinks: list[Link], downlinks: list[Link], site_bit: float, relay_bit: float
) -> dict[str, float]:
    """Move packets of a step's data each through the queues."""
    times = np.arange(SPAN[0], SPAN[1], STEP) + 0.5 * STEP
    made = sum(each.rate_bit_s * each.active.contains(times) for each in sources) * STEP
    up = [each.contacts.contains(times) for each in uplinks]
    down = {each.name: (each.rate_bit_s, each.contacts.contains(times)) for each in downlinks}
    site: deque[list[float]] = deque()
    relays: dict[str, deque[list[float]]] = {name: deque() for name in down}
    waits, lost, worst = [], 0.0, 0.0

    def move(queue: deque[list[float]], room: float) -> list[list[float]]:
        moved = []
        while queue and room > 1e-12:
            part = min(room, queue[0][1])
            moved.append([queue[0][0], part])
            queue[0][1] -= part
            room -= part
            if queue[0][1] <= 1e-12:
                queue.popleft()
        return moved

    def spill(queue: deque[list[float]], limit: float) -> float:
        over = sum(packet[1] for packet in queue) - limit if math.isfinite(limit) else 0.0
        gone = max(over, 0.0)
        while over > 1e-12:
            part = min(over, queue[-1][1])
            queue[-1][1] -= part
            over -= part
            if queue[-1][1] <= 1e-12:
                queue.pop()
        return gone

    for step, time in enumerate(times):
        if made[step]:
            site.append([time, made[step]])
        for number, link in enumerate(uplinks):
            if up[number][step]:
                sent = move(site, link.rate_bit_s * STEP)
                if link.name in relays:
                    relays[link.name].extend(sent)
                else:
                    waits += [(time - born, part) for born, part in sent]
                break
        lost += spill(site, site_bit)
        for name, queue in relays.items():
            rate, seen = down[name]
            if seen[step]:
                waits += [(time - born, part) for born, part in move(queue, rate * STEP)]
            lost += spill(queue, relay_bit)
        if step % 20 == 0:
            worst = max(worst, sum(p[1] for queue in (site, *relays.values()) for p in queue))
    order = sorted(waits)
    wait, part = np.array([each[0] for each in order]), np.array([each[1] for each in order])
    total = float(np.sum(part))
    return {
        "delivered": total,
        "lost": lost,
        "worst": worst,
        "mean": float(np.sum(wait * part) / total),
        "p95": float(wait[np.searchsorted(np.cumsum(part), 0.95 * total)]),
        "longest": float(wait[-1]),
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("relays", "storing", "site_bit", "relay_bit"),
    [
        (1, 0, math.inf, math.inf),
        (1, 0, 200.0, math.inf),
        (2, 2, math.inf, math.inf),
        (2, 1, math.inf, math.inf),
        (2, 2, 300.0, 200.0),
    ],
    ids=["bent pipe", "small store", "two storing relays", "one storing relay", "everything small"],
)
def test_against_packets_moved_step_by_step(
    seed: int, relays: int, storing: int, site_bit: float, relay_bit: float
) -> None:
    rng = np.random.default_rng(seed)
    sources = [Source("a", 10.0, _random(rng, 3)), Source("b", 3.0, Intervals.always(SPAN))]
    uplinks = [Link(f"r{number}", 25.0 + 5.0 * number, _random(rng, 4)) for number in range(relays)]
    downlinks = [Link(f"r{number}", 30.0 + 9.0 * number, _random(rng, 4)) for number in range(storing)]
    balance = store_and_forward(
        sources, uplinks, downlinks, storage_bit=site_bit, relay_storage_bit=relay_bit
    )
    found = balance.summary()
    truth = _simulate(sources, uplinks, downlinks, site_bit, relay_bit)
    grain = 10.0 * STEP * 40.0  # ten steps' data of the fastest rate, 20 bit of some 3,000
    assert found["delivered_bit"] == pytest.approx(truth["delivered"], abs=grain)
    assert found["lost_bit"] == pytest.approx(truth["lost"], abs=grain)
    assert found["max_backlog_bit"] == pytest.approx(truth["worst"], abs=grain)
    assert found["latency_mean_s"] == pytest.approx(truth["mean"], abs=2.0 * STEP)
    assert found["latency_p95_s"] == pytest.approx(truth["p95"], abs=10.0 * STEP)
    assert found["latency_max_s"] == pytest.approx(truth["longest"], abs=10.0 * STEP)
    assert found["generated_bit"] == pytest.approx(
        found["delivered_bit"] + found["lost_bit"] + found["remaining_bit"], rel=1e-9
    )


def test_one_gap_and_one_pass_in_closed_form() -> None:
    # 10 bit/s for 300 s; nothing is carried for 100 s, then 30 bit/s for 200 s. 1,000 bit wait at 100 s, the
    # store is empty 1000 / (30 - 10) = 50 s later, and the wait of data made at t <= 150 s is 100 - 2t/3 s.
    span = (EPOCH, EPOCH + 300.0)
    balance = bent_pipe(
        [Source("p", 10.0, Intervals.always(span))],
        Link("relay", 30.0, Intervals.make([EPOCH + 100.0], [EPOCH + 300.0], span)),
    )
    found = balance.summary()
    assert found["mode"] == "bent pipe"
    assert found["max_backlog_bit"] == pytest.approx(1000.0)
    assert found["max_backlog_tdb"] == EPOCH + 100.0
    assert found["delivered_percent"] == pytest.approx(100.0)
    assert found["remaining_bit"] == pytest.approx(0.0, abs=1e-9)
    assert found["latency_mean_s"] == pytest.approx(50.0 * 150.0 / 300.0, rel=1e-6)
    # 5 % of the data, those of the first 15 s, waited longer than 100 - 10 s.
    assert found["latency_p95_s"] == pytest.approx(90.0, rel=1e-6)
    assert found["latency_max_s"] == pytest.approx(100.0, rel=1e-6)
    assert np.interp(EPOCH + 125.0, balance.time_tdb, balance.total_backlog_bit) == pytest.approx(500.0)
    table = balance.daily(EPOCH)
    assert list(table["day"]) == [0]
    assert float(table["generated_bit"][0]) == pytest.approx(3000.0)


def test_a_full_store_loses_exactly_what_does_not_fit() -> None:
    span = (EPOCH, EPOCH + 300.0)
    balance = bent_pipe(
        [Source("p", 10.0, Intervals.always(span))],
        Link("relay", 30.0, Intervals.make([EPOCH + 100.0], [EPOCH + 300.0], span)),
        storage_bit=400.0,
    )
    assert balance.lost_bit == pytest.approx(600.0)
    assert balance.summary()["max_backlog_bit"] == pytest.approx(400.0)
    assert balance.summary()["delivered_bit"] == pytest.approx(2400.0)


def test_a_link_always_there_and_fast_enough_leaves_nothing_waiting() -> None:
    found = bent_pipe(
        [Source("p", 10.0, Intervals.always(SPAN))], Link("relay", 10.0, Intervals.always(SPAN))
    ).summary()
    assert found["max_backlog_bit"] == 0.0
    assert found["latency_max_s"] == pytest.approx(0.0, abs=1e-6)
    assert found["delivered_percent"] == pytest.approx(100.0)


def test_no_contact_delivers_nothing_and_has_no_latency() -> None:
    found = bent_pipe(
        [Source("p", 10.0, Intervals.always(SPAN))], Link("relay", 10.0, Intervals.never(SPAN))
    ).summary()
    assert found["delivered_bit"] == 0.0
    assert found["remaining_bit"] == pytest.approx(4000.0)
    assert found["latency_mean_s"] is None
    assert found["latency_p95_s"] is None


@pytest.mark.parametrize("seed", range(8))
def test_a_bent_pipe_never_delivers_more_than_relays_that_store(seed: int) -> None:
    rng = np.random.default_rng(seed)
    up, down = _random(rng, 6), _random(rng, 6)
    sources = [Source("p", 4.0, Intervals.always(SPAN))]
    pipe = bent_pipe(sources, Link("r", 20.0, intersection([up, down]))).summary()
    stored = store_and_forward(sources, [Link("r", 20.0, up)], [Link("r", 20.0, down)]).summary()
    assert pipe["delivered_bit"] <= stored["delivered_bit"] * (1.0 + 1e-12)
    if seed == 3:
        # Passes that seldom overlap: storing brings two thirds more.
        assert stored["delivered_bit"] > 1.6 * pipe["delivered_bit"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 30.0), st.floats(1.0, 60.0), st.floats(50.0, 5000.0))
def test_more_rate_or_more_store_never_delivers_less(
    seed: int, made: float, rate: float, store: float
) -> None:
    contacts = _random(np.random.default_rng(seed), 5)
    sources = [Source("p", made, Intervals.always(SPAN))]

    def delivered(carried: float, stored: float) -> float:
        return float(
            bent_pipe(sources, Link("r", carried, contacts), storage_bit=stored).summary()["delivered_bit"]
        )

    base = delivered(rate, store)
    assert delivered(1.1 * rate, store) >= base * (1.0 - 1e-12)
    assert delivered(rate, 1.1 * store) >= base * (1.0 - 1e-12)


def test_a_batch_gives_each_cases_own_numbers() -> None:
    rng = np.random.default_rng(8)
    contacts = [_random(rng, count) for count in (2, 9, 4, 6)]
    made, rate, store = np.array([4.0, 9.0, 1.0, 7.0]), np.array([30.0, 12.0, 9.0, 50.0]), np.full(4, 700.0)
    whole = trade(made, rate, contacts, storage_bit=store)
    for case in range(4):
        one = bent_pipe(
            [Source("p", made[case], Intervals.always(SPAN))],
            Link("r", rate[case], contacts[case]),
            storage_bit=store[case],
        )
        found = one.summary()
        for key in (
            "generated_bit",
            "delivered_bit",
            "max_backlog_bit",
            "remaining_bit",
            "delivered_percent",
        ):
            assert whole[key][case] == pytest.approx(found[key], rel=1e-12), key
        assert whole["lost_bit"][case] == pytest.approx(found["lost_bit"], abs=1e-6)
    same = trade(5.0, np.linspace(5.0, 50.0, 6), contacts[1])
    # Twice the rate empties the store in time; more than that only shortens the wait.
    assert same["delivered_percent"][1] > 1.5 * same["delivered_percent"][0]
    assert np.all(np.diff(same["delivered_percent"]) > -1e-9)
    assert np.all(np.diff(same["mean_wait_s"]) < 0.0)


def test_bad_inputs_are_named() -> None:
    always = Intervals.always(SPAN)
    source, link = Source("p", 1.0, always), Link("r", 1.0, always)
    with pytest.raises(InputError, match=r"p: generation rate: expected zero or more bit/s; got -1.0"):
        Source("p", -1.0, always)
    with pytest.raises(InputError, match=r"link r: rate: expected a positive number of bit/s; got 0.0"):
        Link("r", 0.0, always)
    with pytest.raises(InputError, match=r"downlink 's' has no uplink from the site of the same name"):
        store_and_forward([source], [link], [Link("s", 1.0, always)])
    with pytest.raises(InputError, match=r"expected one span of time for all sources and links"):
        bent_pipe([source], Link("r", 1.0, Intervals.always((EPOCH, EPOCH + 1.0))))
    with pytest.raises(InputError, match=r"expected at least one source of data and one link"):
        store_and_forward([source], [], [])
    with pytest.raises(InputError, match=r"to have its own name; one repeats"):
        store_and_forward([source], [link, link], [])
    with pytest.raises(InputError, match=r"storage of the site: expected zero bit or more; got -1.0"):
        bent_pipe([source], link, storage_bit=-1.0)
    with pytest.raises(InputError, match=r"contacts of different spans"):
        trade(1.0, 1.0, [always, Intervals.always((EPOCH, EPOCH + 1.0))])
