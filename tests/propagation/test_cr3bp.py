"""The circular restricted three-body problem in batches: independence of the company, bad input, limits.

Published orbits are in `tests/truth/test_cr3bp_catalogue.py`. Closed forms here: rest at the triangular
points and the two-body limit.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cislunar
from cislunar.errors import InputError
from cislunar.propagation import (
    EARTH_MOON,
    Altitude,
    Apoapsis,
    Node,
    Periapsis,
    PlaneCrossing,
    Radius,
    ShadowEntry,
    Status,
    ThreeBodySystem,
    TrueAnomaly,
    propagate_three_body,
)


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(3)
    state = np.array([1.02, 0.0, -0.18, 0.0, -0.1, 0.0])[:, None] + 0.01 * rng.normal(size=(6, 300))
    return state, rng.uniform(-1.5, 1.5, 300)


def test_bitwise_alone_in_any_order_and_on_any_threads(batch):
    state, duration = batch
    together = propagate_three_body(state, duration, threads=2).final
    order = np.random.default_rng(4).permutation(300)
    assert np.array_equal(
        propagate_three_body(state[:, order], duration[order], threads=1).final, together[:, order]
    )
    for i in (0, 7, 299):
        assert np.array_equal(propagate_three_body(state[:, i], duration[i]).final[:, 0], together[:, i])


def test_there_and_back(batch):
    state, duration = batch
    out = propagate_three_body(state, duration)
    back = propagate_three_body(out.final, -duration)
    # passes by the Moon stretch errors by up to some thousand
    assert np.abs(back.final - state).max() < 1e-8


def test_rest_at_the_triangular_points():
    rest = np.concatenate([EARTH_MOON.libration_points[3:].T, np.zeros((3, 2))])
    flown = propagate_three_body(rest, 6.0)
    assert (flown.status == Status.FINISHED).all()
    assert np.abs(flown.final - rest).max() < 1e-13


def test_two_body_limit():
    """Without the smaller mass a circle about the larger one turns at its own rate less that of the frame."""
    system = ThreeBodySystem("almost one body", 1e-300, 1.0, 1.0)
    r, t = 0.3, 2.0
    rate = r**-1.5 - 1.0
    flown = propagate_three_body([r, 0.0, 0.0, 0.0, r * rate, 0.0], t, system)
    expected = r * np.array([np.cos(rate * t), np.sin(rate * t), 0.0])
    assert np.abs(flown.final[:3, 0] - expected).max() < 1e-12


def test_zero_duration_returns_the_state(batch):
    state, _ = batch
    assert np.array_equal(propagate_three_body(state, 0.0).final, state)


def test_tolerance_governs_the_error(batch):
    state, duration = batch
    best = propagate_three_body(state, duration, rtol=1e-14)
    errors = []
    for rtol in (1e-6, 1e-9, 1e-12):
        errors.append(np.median(np.abs(propagate_three_body(state, duration, rtol=rtol).final - best.final)))
        assert errors[-1] < 10.0 * rtol
    assert errors[0] > 30.0 * errors[1] > 900.0 * errors[2]


def test_jacobi_constant_of_a_transfer_from_low_earth_orbit():
    system = EARTH_MOON
    r = 6778.0 / system.length_km
    circular = np.sqrt((1.0 - system.mu) / r)
    state = np.array([r - system.mu, 0.0, 0.0, 0.0, 1.4 * (circular - r), 0.0])
    flown = propagate_three_body(state, 30 * 86400.0 / system.time_s)
    assert flown.status[0] == Status.FINISHED
    # terms of 120 cancel at the start: rounding alone is 3e-14
    assert np.ptp(system.jacobi_constant(flown.nodes[1:7])) < 1.5e-12


def test_fall_into_a_primary_ends():
    flown = propagate_three_body([1.0 - EARTH_MOON.mu + 0.01, 0.0, 0.0, 0.0, -0.01, 0.0], 1.0)
    assert flown.status[0] == Status.STEP_TOO_SMALL
    assert flown.steps[0] < 1000


def test_low_lunar_orbit_at_the_tightest_tolerance():
    """Rounding of coordinates near 1 is 4e-14 of the distance from the Moon; steps are not refused for it."""
    r = 1837.4 / EARTH_MOON.length_km
    speed = np.sqrt(EARTH_MOON.mu / r) - r
    flown = propagate_three_body([1.0 - EARTH_MOON.mu + r, 0.0, 0.0, 0.0, speed, 0.0], 1.0)
    assert flown.status[0] == Status.FINISHED
    accepted = flown.nodes.shape[1] - 1
    assert flown.steps[0] < 1.1 * accepted
    assert np.ptp(EARTH_MOON.jacobi_constant(flown.nodes[1:7])) < 1e-11


def test_all_bad_indices_in_one_message():
    state = np.tile(np.array([1.02, 0.0, -0.18, 0.0, -0.1, 0.0])[:, None], 5)
    state[2, 1] = np.nan
    state[:, 3] = [1.0 - EARTH_MOON.mu, 0.0, 0.0, 0.0, 0.0, 0.0]
    with pytest.raises(InputError, match=r"trajectories 1: .*not finite.*trajectories 3: .*primary"):
        propagate_three_body(state, 1.0)
    flown = propagate_three_body(state, 1.0, on_error="status")
    assert list(flown.status == Status.BAD_INPUT) == [False, True, False, True, False]
    assert np.isnan(flown.final[:, 1]).all()
    assert np.isfinite(flown.final[:, [0, 2, 4]]).all()
    assert "primary" in flown.message[3]


@pytest.mark.parametrize(
    "make",
    [
        lambda: propagate_three_body(np.zeros((5, 2)), 1.0),
        lambda: propagate_three_body(np.full((6, 2), 0.5), [1.0, 2.0, 3.0]),
        lambda: propagate_three_body(np.full((6, 2), 0.5), 1.0, rtol=1e-16),
        lambda: propagate_three_body(np.full((6, 2), 0.5), 1.0, on_error="ignore"),
        lambda: ThreeBodySystem("no mass", 0.0, 1.0, 1.0),
        lambda: ThreeBodySystem("no length", 0.1, 0.0, 1.0),
    ],
)
def test_wrong_input(make):
    with pytest.raises(InputError):
        make()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: propagate_three_body("state", 1.0), "state: expected numbers"),
        (lambda: propagate_three_body(np.zeros((2, 6)), 1.0), r"the last axis: transpose it \(state\.T\)"),
        (lambda: propagate_three_body(np.full(6, 0.5), 1.0, "earth-moon"), "system: expected a Three"),
        (lambda: ThreeBodySystem("text", "0.1", 1.0, 1.0), "mass ratio.*got '0.1'"),
        (lambda: ThreeBodySystem("endless", 0.1, np.inf, 1.0), "positive units of length and time; got inf"),
    ],
)
def test_wrong_input_is_told(make, text):
    with pytest.raises(InputError, match=text):
        make()


def test_budget_of_steps():
    flown = propagate_three_body([1.02, 0.0, -0.18, 0.0, -0.1, 0.0], 10.0, max_steps=20)
    assert flown.status[0] == Status.MAX_STEPS
    assert flown.steps[0] == 20


_ACROSS = """
import sys
import numpy as np
from cislunar.propagation import propagate_three_body
from cislunar.propagation.stm import state_transition
rng = np.random.default_rng(3)
state = np.array([1.02, 0.0, -0.18, 0.0, -0.1, 0.0])[:, None] + 0.01 * rng.normal(size=(6, 11))
flown = propagate_three_body(state, rng.uniform(-1.5, 1.5, 11))
np.savez(sys.argv[1], final=flown.final, matrices=state_transition(flown).final)
"""


@pytest.mark.slow
@pytest.mark.parametrize("lanes", ["1", "4"])
def test_other_lane_widths_agree_to_rounding(tmp_path, lanes):
    results = {}
    for width in (lanes, "8"):
        environment = os.environ | {"CISLUNAR_LANES": width}
        environment["PYTHONPATH"] = str(Path(cislunar.__file__).parents[1])
        target = tmp_path / f"{width}.npz"
        subprocess.run([sys.executable, "-c", _ACROSS, str(target)], env=environment, check=True)
        results[width] = np.load(target)
    # a rounding of each operation, stretched by passes of the Moon
    assert np.allclose(results[lanes]["final"], results["8"]["final"], rtol=0.0, atol=1e-9)
    scale = np.abs(results["8"]["matrices"]).max(axis=(0, 1))
    assert (np.abs(results[lanes]["matrices"] - results["8"]["matrices"]) < 1e-8 * scale).all()


HALO = np.array([1.0196625817475922, 0.0, -0.18041918731575562, 0.0, -0.098059824670690757, 0.0])
"""A near-rectilinear halo orbit of the JPL catalogue (Earth-Moon, southern, about L2), at its top."""


def test_events_of_a_halo_orbit_about_its_symmetry():
    """Halo orbits cross the plane y = 0 at right angles, at apolune and, half a period later, at perilune."""
    wanted = [PlaneCrossing("y"), Periapsis(body="moon"), Apoapsis(body="smaller"), Radius(0.1, body="moon")]
    flown = propagate_three_body(np.repeat(HALO[:, None], 2, axis=1), [3.0, -3.0], events=wanted)
    for i in (0, 1):
        rows = flown.events.of(i)
        crossing = rows[rows["event"] == 0]
        perilune = rows[rows["event"] == 1]
        inward = rows[rows["event"] == 3]
        assert perilune.size >= 1
        half = perilune["elapsed"][0]
        assert abs(half - crossing["elapsed"][0]) < 1e-9
        assert np.abs(crossing["state"][0][[1, 3, 5]]).max() < 1e-8
        assert abs(np.abs(crossing["elapsed"][1] / half) - 2.0) < 1e-9
        from_moon = inward["state"][:, :3] - np.array([1.0 - EARTH_MOON.mu, 0.0, 0.0])
        assert np.linalg.norm(from_moon, axis=1) == pytest.approx(0.1, abs=1e-12)
        # the sphere is met as long before perilune as it is left after it
        assert inward["elapsed"][:2].mean() == pytest.approx(half, abs=1e-9)


def test_a_terminal_crossing_of_a_plane_ends_the_flight_there():
    event = PlaneCrossing("y", terminal=True, occurrence=2)
    both = np.repeat(HALO[:, None], 3, axis=1)
    flown = propagate_three_body(both, [10.0, -10.0, 0.1], events=[event])
    assert flown.status.tolist() == [Status.EVENT, Status.EVENT, Status.FINISHED]
    period = flown.final_elapsed[0]
    assert flown.final_elapsed[1] == pytest.approx(-period, abs=1e-9)
    # after one period the catalogued orbit is where it was
    assert np.abs(flown.final[:, 0] - HALO).max() < 1e-9
    assert abs(flown.final[1, 0]) < 1e-13
    assert flown.events.rows["terminal"].tolist() == [False, True, False, True]
    alone = propagate_three_body(HALO, 10.0, events=[event])
    assert np.array_equal(alone.final[:, 0], flown.final[:, 0])
    assert propagate_three_body(HALO, 10.0, events=[event], record=False).nodes.shape[1] == 0


def test_a_function_of_time_and_state_in_the_three_body_problem():
    flown = propagate_three_body(HALO, 3.0, events=[lambda time, state: time - 1.25])
    assert flown.events.rows["elapsed"] == pytest.approx([1.25], abs=1e-12)


def test_dense_output_obeys_the_equations_between_nodes():
    flown = propagate_three_body(HALO, 3.0)
    times = flown.nodes[0]
    inside = 0.4 * np.diff(times)
    exact = propagate_three_body(flown.nodes[1:7, :-1], inside).final
    assert np.abs(flown.at(times[:-1] + inside)[:, 0] - exact)[:3].max() < 1e-12


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Periapsis(body="sun"), "one of larger, smaller, earth, moon; got 'sun'"),
        (Altitude(100.0, body="moon"), "no altitude in the three-body problem"),
        (TrueAnomaly(1.0, body="moon"), "no mass parameter"),
        (ShadowEntry(), "no shadow"),
        (Node(), "no plane icrf"),
    ],
)
def test_events_that_need_epochs_or_kilometres_are_refused(event, text):
    with pytest.raises(InputError, match=text):
        propagate_three_body(HALO, 3.0, events=[event])
