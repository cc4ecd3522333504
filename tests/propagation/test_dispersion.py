"""Covariances carried by state-transition matrices, and sampled dispersions.

Closed form: the two-body along-track growth of an error of the speed (W. H. Clohessy, R. S. Wiltshire,
Journal of the Aerospace Sciences 27 (1960) 653-658: after whole turns of a circle, -3 t times the error). The
linear and the sampled way stand against each other within the error of the sample: a variance from N samples
is good to sqrt(2 / N) at one sigma; four are allowed.
"""

import numpy as np
import pytest
from orbits import EPOCH, circular, elliptical

from cislunar.errors import InputError
from cislunar.propagation import (
    ForceModel,
    Status,
    propagate,
    propagate_state_transition,
    state_transition,
)
from cislunar.propagation.montecarlo import (
    propagate_dispersed,
    rtn_axes,
    sample_states,
    transport_covariance,
)

DAY_S = 86400.0
SIGMA = np.array([0.1, 0.2, 0.05, 1e-5, 2e-5, 1e-5])


@pytest.fixture(scope="module")
def kepler():
    return ForceModel("moon", gravity=None, bodies=(), gm={"moon": 4902.8})


@pytest.fixture(scope="module")
def lunar():
    return ForceModel(degree=4)


def correlated():
    rng = np.random.default_rng(9)
    mixing = np.eye(6) + 0.3 * rng.normal(size=(6, 6))
    root = SIGMA[:, None] * mixing
    return root @ root.T


def test_along_track_growth_in_closed_form(kepler):
    state = circular(300.0, gm=4902.8)
    r, v = np.linalg.norm(state[:3]), np.linalg.norm(state[3:])
    turns = 5
    duration = turns * 2 * np.pi * r / v
    covariance = np.zeros((6, 6))
    covariance[4, 4] = 1e-12  # 1 mm/s along the track
    transition = state_transition(propagate(state, EPOCH, duration, kepler, rtol=1e-13))
    end = transport_covariance(transition, covariance, axes="rtn")[:, :, 0]
    assert np.sqrt(end[1, 1]) == pytest.approx(3.0 * duration * 1e-6, rel=1e-6)
    assert abs(end[2, 2]) < 1e-16  # zero but for rounding, of either sign


def test_rtn_axes():
    states, _ = elliptical(4)
    axes = rtn_axes(states)
    for i in range(4):
        r, v = axes[:, :, i] @ states[:3, i], axes[:, :, i] @ states[3:, i]
        assert r == pytest.approx([np.linalg.norm(states[:3, i]), 0.0, 0.0], abs=1e-9)
        assert v[1] > 0.0
        assert abs(v[2]) < 1e-12
        assert np.linalg.det(axes[:, :, i]) == pytest.approx(1.0, abs=1e-14)
    with pytest.raises(InputError, match="straight up or down"):
        rtn_axes(np.array([2000.0, 0.0, 0.0, 1.0, 0.0, 0.0]))


@pytest.mark.parametrize("axes", ["icrf", "rtn"])
def test_linear_and_sampled_ways_agree(lunar, axes):
    states, epochs = elliptical(2)
    samples, duration, middle = 2000, 1 * DAY_S, 0.4 * DAY_S
    covariance = correlated()
    transition = state_transition(propagate(states, epochs, duration, lunar, rtol=1e-12))
    flown = propagate_dispersed(states, epochs, duration, lunar, covariance, samples, 42, axes)
    assert flown.finished.all()
    for time, linear in (
        (None, transport_covariance(transition, covariance, axes=axes)),
        (middle, transport_covariance(transition, covariance, middle, axes=axes)),
    ):
        sampled = flown.covariance(time, axes)
        for i in range(2):
            sigma = np.sqrt(np.diag(linear[:, :, i]))
            scaled = sampled[:, :, i] / np.outer(sigma, sigma)
            expected = linear[:, :, i] / np.outer(sigma, sigma)
            assert np.abs(scaled - expected).max() < 4.0 * np.sqrt(2.0 / samples)
            assert (
                np.abs(flown.mean(time, axes)[:, i]) < 4.0 * sigma / np.sqrt(samples) + 0.02 * sigma
            ).all()


def test_trap_axes_matter(lunar):
    states, epochs = elliptical(1)
    transition = state_transition(propagate(states, epochs, DAY_S, lunar))
    covariance = np.diag(np.array([1.0, 0.01, 0.01, 1e-6, 1e-6, 1e-6]) ** 2)
    icrf = transport_covariance(transition, covariance, axes="icrf")
    turned = transport_covariance(transition, covariance, axes="rtn")
    sizes = [np.trace(matrix[:3, :3, 0]) for matrix in (icrf, turned)]
    assert max(sizes) > 2.0 * min(sizes)


def test_samples_are_reproducible_and_do_not_depend_on_the_company():
    states, _ = elliptical(5)
    covariance = correlated()
    all_of_them = sample_states(states, covariance, 100, seed=7)
    assert np.array_equal(sample_states(states[:, :2], covariance, 30, seed=7), all_of_them[:, :2, :30])
    assert not np.array_equal(sample_states(states, covariance, 100, seed=8), all_of_them)
    # different means have different draws
    assert not np.allclose(all_of_them[:, 0] - states[:, :1], all_of_them[:, 1] - states[:, 1:2])


def test_sampled_moments():
    state = np.array([2000.0, 0.0, 0.0, 0.0, 1.5, 0.0])
    covariance = correlated()
    drawn = sample_states(state, covariance, 20000, seed=1)[:, 0]
    sigma = np.sqrt(np.diag(covariance))
    assert (np.abs(drawn.mean(axis=1) - state) < 4.0 * sigma / np.sqrt(20000)).all()
    scaled = np.cov(drawn) / np.outer(sigma, sigma) - covariance / np.outer(sigma, sigma)
    assert np.abs(scaled).max() < 4.0 * np.sqrt(2.0 / 20000)


def test_singular_covariance_leaves_directions_exact():
    state = np.array([2000.0, 0.0, 0.0, 0.0, 1.5, 0.0])
    drawn = sample_states(state, np.diag([0, 0, 0, 1e-10, 0, 0.0]), 50, seed=1)[:, 0]
    assert np.array_equal(np.delete(drawn, 3, axis=0), np.repeat(np.delete(state, 3)[:, None], 50, axis=1))
    assert drawn[3].std() > 0.0


def test_bitwise_same_for_any_number_of_threads_and_means(lunar):
    states, epochs = elliptical(3)
    one = propagate_dispersed(states, epochs, DAY_S, lunar, correlated(), 40, 5, threads=1)
    two = propagate_dispersed(states, epochs, DAY_S, lunar, correlated(), 40, 5, threads=2)
    assert np.array_equal(one.final, two.final)
    alone = propagate_dispersed(states[:, 0], epochs[0], DAY_S, lunar, correlated(), 40, 5)
    assert np.array_equal(alone.final[:, 0], one.final[:, 0])
    assert one.final.shape == (6, 3, 40)
    assert np.array_equal(one.start, sample_states(states, correlated(), 40, 5))


def test_impacts_are_counted_and_left_out_of_the_statistics(lunar):
    low = circular(12.0)
    covariance = np.diag([0.0, 0.0, 0.0, 1e-4, 1e-4, 1e-4])  # 10 m/s: half of them come down
    flown = propagate_dispersed(low, EPOCH, 0.2 * DAY_S, lunar, covariance, 60, 3)
    hit = (flown.status == Status.IMPACT).sum()
    assert 10 < hit < 50
    assert flown.finished.sum() == 60 - hit
    deviations = flown.deviations()
    assert np.isnan(deviations[0, 0]).sum() == hit
    assert np.isfinite(flown.covariance()).all()
    assert flown.distance_percentile(50.0)[0] < flown.distance_percentile(99.0)[0]


@pytest.mark.parametrize(
    ("covariance", "text"),
    [
        (np.eye(5), "expected shape"),
        (-np.eye(6), "trajectories 0, 1"),
        (np.diag([np.nan, 1, 1, 1, 1, 1.0]), "trajectories 0, 1"),
        (np.triu(np.ones((6, 6))), "symmetric"),
    ],
)
def test_what_is_no_covariance(covariance, text):
    states, _ = elliptical(2)
    with pytest.raises(InputError, match=text):
        sample_states(states, covariance, 10, seed=0)


def test_other_wrong_input(lunar):
    states, epochs = elliptical(2)
    with pytest.raises(InputError, match="axes"):
        sample_states(states, np.eye(6), 10, 0, axes="vnc")
    with pytest.raises(InputError, match="samples"):
        sample_states(states, np.eye(6), 0, 0)
    flown = propagate_dispersed(states, epochs, 600.0, lunar, np.zeros((6, 6)), 3, 0)
    assert np.array_equal(flown.final, np.repeat(flown.nominal.final[:, :, None], 3, axis=2))
    with pytest.raises(InputError, match="ends before"):
        flown.deviations(1e6)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"samples": 2.5}, "samples: expected a whole number, at least 1; got 2.5"),
        ({"seed": None}, "seed: expected a whole number, at least 0; got None"),
        ({"seed": -1}, "seed: expected a whole number, at least 0; got -1"),
        ({"covariance": "small"}, "covariance: expected numbers"),
        ({"forces": None}, "forces: expected a cislunar.ForceModel"),
        ({"state": "state"}, "state: expected numbers"),
    ],
)
def test_input_of_a_wrong_kind(lunar, options, text):
    states, epochs = elliptical(2)
    given = {"state": states, "forces": lunar, "covariance": np.eye(6), "samples": 3, "seed": 0}
    with pytest.raises(InputError, match=text):
        propagate_dispersed(epoch=epochs, duration=600.0, **(given | options))


@pytest.mark.parametrize("axes", ["icrf", "rtn"])
def test_nominal_states_that_cannot_be_flown(lunar, axes):
    states, epochs = elliptical(3)
    good = propagate_dispersed(states, epochs, 600.0, lunar, np.eye(6) * 1e-8, 4, 0, axes=axes)
    states[0, 1] = np.nan
    with pytest.raises(InputError, match="trajectories 1: the state holds a value that is not finite"):
        propagate_dispersed(states, epochs, 600.0, lunar, np.eye(6) * 1e-8, 4, 0, axes=axes)
    flown = propagate_dispersed(
        states, epochs, 600.0, lunar, np.eye(6) * 1e-8, 4, 0, axes=axes, on_error="status"
    )
    assert list(flown.nominal.status) == [Status.FINISHED, Status.BAD_INPUT, Status.FINISHED]
    assert (flown.status[1] == Status.BAD_INPUT).all()
    np.testing.assert_array_equal(flown.final[:, ::2], good.final[:, ::2])
    for elapsed in (None, 300.0):
        covariance = flown.covariance(elapsed, axes)
        np.testing.assert_array_equal(covariance[:, :, ::2], good.covariance(elapsed, axes)[:, :, ::2])
        assert np.isnan(covariance[:, :, 1]).all()
    with pytest.raises(InputError, match="states 1: expected finite values"):
        sample_states(states, np.eye(6), 10, 0, axes=axes)


def test_what_is_no_state_transition(lunar):
    states, epochs = elliptical(2)
    flight = propagate(states, epochs, 600.0, lunar)
    with pytest.raises(InputError, match="expected a StateTransition, from state_transition; got Trajectory"):
        transport_covariance(flight, np.eye(6))


def test_samples_that_are_not_recorded_have_an_end(lunar):
    states, epochs = elliptical(2)
    full, lean = (
        propagate_dispersed(states, epochs, 600.0, lunar, np.eye(6) * 1e-8, 4, 0, record=record)
        for record in (True, False)
    )
    assert lean.flights.nodes.shape == (10, 0)
    np.testing.assert_array_equal(lean.deviations(), full.deviations())
    with pytest.raises(InputError, match="no nodes"):
        lean.deviations(300.0)
    with pytest.raises(InputError, match="percent: expected a number from 0 to 100; got 150"):
        full.distance_percentile(150)


@pytest.mark.parametrize("axes", ["icrf", "rtn"])
@pytest.mark.parametrize("elapsed", [None, 600.0, [0.0, 600.0]])
def test_trajectories_that_were_not_flown_are_left_out(lunar, axes, elapsed):
    states = np.repeat(circular(200.0)[:, None], 3, axis=1)
    states[0, [0, 2]] = np.nan  # also the last one, behind which there are no nodes
    options = {"duration": 600.0, "forces": lunar}
    some = propagate_state_transition(states, EPOCH, on_error="status", **options)
    alone = propagate_state_transition(states[:, 1:2], EPOCH, **options)
    found = transport_covariance(some, correlated(), elapsed, axes)
    expected = transport_covariance(alone, correlated(), elapsed, axes)
    assert np.array_equal(found[:, :, 1:2], expected)
    assert np.isnan(found[:, :, [0, 2]]).all()


def test_times_that_are_no_numbers(lunar):
    flown = propagate_state_transition(circular(200.0), EPOCH, 600.0, lunar)
    with pytest.raises(InputError, match="elapsed: expected seconds after the start"):
        transport_covariance(flown, correlated(), "noon")
