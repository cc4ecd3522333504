"""Flights: closed forms, independence of the company, stops, budgets, bad input.

Closed forms are Kepler's. Independence of the company is bitwise; it tests us against ourselves on purpose.
"""

from __future__ import annotations

import numpy as np
import pytest
from orbits import EPOCH, circular, elliptical

from cislunar import ForceModel, Trajectory, propagate
from cislunar.errors import EpochRangeError, InputError
from cislunar.propagation import Periapsis, Status, acceleration

GM = 4902.8
DAY = 86400.0


@pytest.fixture(scope="module")
def kepler():
    return ForceModel("moon", gravity=None, bodies=(), gm={"moon": GM})


@pytest.fixture(scope="module")
def lunar():
    return ForceModel("moon", degree=8)


def kepler_state(a, e, mean):
    """State on an ellipse in the x-y plane, periapsis on x, by Newton's method on Kepler's equation."""
    big = mean
    for _ in range(60):
        big = big - (big - e * np.sin(big) - mean) / (1 - e * np.cos(big))
    n, root = np.sqrt(GM / a**3), np.sqrt(1 - e * e)
    rate = n / (1 - e * np.cos(big))
    zero = 0.0 * big
    position = (a * (np.cos(big) - e), a * root * np.sin(big), zero)
    return np.array([*position, -a * rate * np.sin(big), a * rate * root * np.cos(big), zero])


@pytest.mark.parametrize(("a", "e"), [(2000.0, 0.0), (6500.0, 0.6), (20000.0, 0.9), (6500.0, 0.01)])
@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_kepler_closed_form(kepler, a, e, sense):
    # 20 revolutions at 1e-13: the phase error of such a step control is below 1e-9 rad, here 0.1 mm in 1e4 km
    period = 2 * np.pi * np.sqrt(a**3 / GM)
    start = 0.7
    flight = propagate(kepler_state(a, e, start), EPOCH, sense * 20.3 * period, kepler, rtol=1e-13)
    expected = kepler_state(a, e, start + sense * 20.3 * 2 * np.pi)
    assert flight.status[0] == Status.FINISHED
    assert np.abs(flight.final[:3, 0] - expected[:3]).max() < 1e-6
    elapsed = np.linspace(0.0, sense * 3.0 * period, 400)
    dense = flight.at(elapsed)[:, 0]
    exact = kepler_state(a, e, start + 2 * np.pi * elapsed / period)
    assert np.abs(dense[:3] - exact[:3]).max() < 1e-6
    assert np.abs(dense[3:] - exact[3:]).max() < 1e-8


def test_tolerance_governs_the_error(kepler):
    a, e = 6500.0, 0.6
    expected = kepler_state(a, e, 0.7 + 30.0)
    errors = []
    for rtol in (1e-8, 1e-10, 1e-12):
        flight = propagate(kepler_state(a, e, 0.7), EPOCH, 30.0 / np.sqrt(GM / a**3), kepler, rtol=rtol)
        errors.append(np.linalg.norm(flight.final[:3, 0] - expected[:3]))
    assert errors[0] > 10 * errors[1] > 100 * errors[2]


def test_hyperbola_keeps_energy_and_momentum(kepler):
    state = np.array([50000.0, 3000.0, 0.0, -1.0, 0.0, 0.1])
    flight = propagate(state, EPOCH, 1.5 * DAY, kepler, rtol=1e-12)

    def invariants(s):
        return 0.5 * s[3:] @ s[3:] - GM / np.linalg.norm(s[:3]), *np.cross(s[:3], s[3:])

    np.testing.assert_allclose(invariants(flight.final[:, 0]), invariants(state), rtol=1e-11)


def test_there_and_back(lunar):
    state, epoch = elliptical(16)
    out = propagate(state, epoch, 5 * DAY, lunar, rtol=1e-12)
    back = propagate(out.final, epoch + 5 * DAY, -5 * DAY, lunar, rtol=1e-12)
    assert np.abs(back.final[:3] - state[:3]).max() < 1e-5


def test_zero_duration_returns_the_state(lunar):
    state, epoch = elliptical(3)
    flight = propagate(state, epoch, 0.0, lunar)
    np.testing.assert_array_equal(flight.final, state)
    np.testing.assert_array_equal(flight.at(0.0), state)


@pytest.fixture(scope="module")
def thousand():
    state, epoch = elliptical(1000, seed=3)
    duration = DAY * np.random.default_rng(4).uniform(-3.0, 3.0, 1000)
    return state, epoch, duration


@pytest.fixture(scope="module")
def shadowed():
    return ForceModel("moon", degree=4, radiation_pressure=np.linspace(0.0, 0.05, 1000))


def part_of(forces, chosen):
    values = np.asarray(forces.radiation_pressure.area_to_mass_m2_kg)[chosen]
    return ForceModel("moon", degree=4, radiation_pressure=values)


def test_bitwise_alone_and_in_a_thousand(thousand, shadowed):
    state, epoch, duration = thousand
    batch = propagate(state, epoch, duration, shadowed, threads=2)
    for i in (0, 1, 7, 255, 256, 500, 999):
        alone = propagate(state[:, i], epoch[i], duration[i], part_of(shadowed, [i]))
        np.testing.assert_array_equal(alone.final[:, 0], batch.final[:, i])
        np.testing.assert_array_equal(alone.nodes, batch[i].nodes)


def test_bitwise_in_any_order_chunk_and_number_of_threads(thousand, shadowed, monkeypatch):
    from cislunar.propagation import batch as machinery

    state, epoch, duration = (values[..., :300] for values in thousand)
    reference = propagate(state, epoch, duration, part_of(shadowed, range(300)), threads=1)
    rng = np.random.default_rng(5)
    for chunk, threads in ((7, 2), (64, 3), (300, 1)):
        monkeypatch.setattr(machinery, "_CHUNK", chunk)
        monkeypatch.setattr(machinery, "_BUFFER_BLOCKS", 13)
        order = rng.permutation(300)
        shuffled = propagate(
            state[:, order], epoch[order], duration[order], part_of(shadowed, order), threads=threads
        )
        np.testing.assert_array_equal(shuffled.final, reference.final[:, order])
        for i in (0, 17, 299):
            np.testing.assert_array_equal(shuffled[i].nodes, reference[int(order[i])].nodes)


def test_impact_time_in_closed_form(kepler):
    apolune = 1937.4
    for depth in (17.0, 1.0, 0.01, 1e-4):
        perilune = 1737.4 - depth
        a, e = 0.5 * (apolune + perilune), (apolune - perilune) / (apolune + perilune)
        state = [apolune, 0, 0, 0, np.sqrt(GM * (2 / apolune - 1 / a)), 0]
        flight = propagate(state, EPOCH, DAY, kepler)
        big = 2 * np.pi - np.arccos((1 - 1737.4 / a) / e)
        expected = (big - e * np.sin(big) - np.pi) / np.sqrt(GM / a**3)
        assert flight.status[0] == Status.IMPACT
        assert abs(np.linalg.norm(flight.final[:3, 0]) - 1737.4) < 1e-9
        # 1 ms is asked; a graze of 0.1 m is the hardest
        assert abs(flight.final_elapsed[0] - expected) < 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_no_dip_below_the_surface_is_stepped_over(kepler, seed):
    # Perilune 0 to 15 km below the sphere, apolune 50 km above it: steps of nine minutes would jump it.
    rng = np.random.default_rng(seed)
    n = 128
    perilune, apolune = 1737.4 - rng.uniform(0.001, 15.0, n), 1737.4 + rng.uniform(20.0, 3000.0, n)
    a = 0.5 * (perilune + apolune)
    e = (apolune - perilune) / (apolune + perilune)
    highest = np.pi - np.arccos(np.clip((1 - 1737.5 / a) / e, -1, 1))  # keep the start above the surface
    states = np.array([kepler_state(a[i], e[i], np.pi + 0.5 * highest[i]) for i in range(n)]).T
    flight = propagate(states, EPOCH, 2 * DAY, kepler, rtol=1e-9)
    assert (flight.status == Status.IMPACT).all()


def test_a_graze_above_the_surface_is_no_impact(kepler):
    perilune, apolune = 1737.4 + 1e-5, 1937.4
    a = 0.5 * (perilune + apolune)
    state = [apolune, 0, 0, 0, np.sqrt(GM * (2 / apolune - 1 / a)), 0]
    assert propagate(state, EPOCH, DAY, kepler, rtol=1e-12).status[0] == Status.FINISHED


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_stopping_radius_out_and_in(kepler, sense):
    state = np.array([1800.0, 0, 0, 0, 1.75, 0])
    out, past, none = propagate(
        np.stack([state] * 3, axis=1), EPOCH, sense * DAY, kepler, stop_radius_km=[2000.0, 9000.0, np.nan]
    )
    assert out.status[0] == Status.RADIUS
    assert past.status[0] == none.status[0] == Status.FINISHED
    assert abs(np.linalg.norm(out.final[:3, 0]) - 2000.0) < 1e-9
    inwards = propagate(out.final, EPOCH + out.final_elapsed, -sense * DAY, kepler, stop_radius_km=1900.0)
    assert inwards.status[0] == Status.RADIUS
    assert abs(np.linalg.norm(inwards.final[:3, 0]) - 1900.0) < 1e-9
    assert np.sign(inwards.final_elapsed[0]) == -sense


def test_budget_of_steps(lunar):
    state, epoch = elliptical(2)
    flight = propagate(state, epoch, 300 * DAY, lunar, max_steps=100)
    assert (flight.status == Status.MAX_STEPS).all()
    assert (flight.final_elapsed < 10 * DAY).all()
    assert "budget" in flight.message[0]
    assert np.isfinite(flight.at(flight.final_elapsed[:, None])).all()


def test_without_record_only_the_end_remains(lunar):
    state, epoch = elliptical(9)
    full, lean = (propagate(state, epoch, DAY, lunar, record=record) for record in (True, False))
    np.testing.assert_array_equal(full.final, lean.final)
    assert lean.nodes.shape == (10, 0)
    with pytest.raises(InputError, match="no nodes"):
        lean.at(0.0)


def test_acceleration_is_the_derivative_of_the_velocity(lunar):
    state, epoch = elliptical(1)
    flight = propagate(state, epoch, DAY, lunar, rtol=1e-12)
    t = 40000.0
    difference = (flight.at(t + 1.0) - flight.at(t - 1.0))[3:, 0] / 2.0
    there = acceleration(flight.at(t)[:3], epoch + t, lunar)[:, 0]
    assert np.abs(difference - there).max() < 1e-6 * np.abs(there).max()


# Bad input: one message before the flight, all indices in it.


def test_all_bad_indices_in_one_message(lunar):
    state, epoch = elliptical(6)
    duration = np.full(6, DAY)
    state[0, 1] = np.nan
    state[:3, 2] *= 0.1
    epoch[4], duration[5] = 1e11, np.inf
    with pytest.raises(InputError) as caught:
        propagate(state, epoch, duration, lunar)
    text = str(caught.value)
    for phrase in ("trajectories 1: the state holds", "trajectories 2: the start lies inside the moon"):
        assert phrase in text
    assert "trajectories 4: the flight leaves the tables" in text
    assert "trajectories 5: the duration is not finite" in text

    flight = propagate(state, epoch, duration, lunar, on_error="status")
    assert list(flight.status) == [Status.FINISHED, 5, 5, Status.FINISHED, 5, 5]
    assert np.isnan(flight.final[:, 1]).all()
    assert "inside the moon" in flight.message[2]
    alone = propagate(state[:, 3], epoch[3], DAY, lunar)
    np.testing.assert_array_equal(alone.final[:, 0], flight.final[:, 3])


def test_many_bad_indices_are_all_listed(lunar):
    state, epoch = elliptical(60)
    bad = np.r_[0:20, 22, 24:27, 30:60:2]
    state[4, bad] = np.nan
    with pytest.raises(InputError) as caught:
        propagate(state, epoch, DAY, lunar)
    listed = str(caught.value).split("trajectories ")[1].split(":")[0]
    assert listed.startswith("0 to 19, 22, 24, 25, 26, 30, 32")
    ends = [[int(end) for end in part.split(" to ")] for part in listed.split(", ")]
    assert np.concatenate([np.arange(part[0], part[-1] + 1) for part in ends]).tolist() == bad.tolist()


def test_epochs_outside_the_tables_name_span_and_remedy(lunar):
    with pytest.raises(EpochRangeError, match=r"span 1999-12-31.* to 2071-01-01.*name an SPK file") as caught:
        propagate(circular(), 2.3e9, DAY, lunar)
    assert caught.value.epoch_tdb == 2.3e9
    with pytest.raises(EpochRangeError):
        propagate(circular(), lunar.span_tdb[0] + 10.0, -DAY, lunar)
    low, high = lunar.span_tdb
    ends = propagate(np.stack([circular()] * 2, axis=1), [low, high], [3600.0, -3600.0], lunar)
    assert (ends.status == Status.FINISHED).all()


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (np.zeros((4, 6)), r"\(6, n\).*last axis"),
        (np.zeros(5), r"\(6, n\)"),
        (np.zeros((6, 2, 2)), r"\(6, n\)"),
        ("state", "numbers"),
    ],
)
def test_wrong_shapes(lunar, state, text):
    with pytest.raises(InputError, match=text):
        propagate(state, EPOCH, DAY, lunar)


def test_exchanged_axes_of_a_square_array_are_told(lunar):
    state, epoch = elliptical(6)
    with pytest.raises(InputError, match=r"trajectories .*the last axis: transpose the states \(state\.T\)"):
        propagate(state.T, epoch, DAY, lunar)
    state[:3, 2] *= 0.1  # one bad state of six is no exchange of axes
    with pytest.raises(InputError, match="trajectories 2: the start lies inside") as caught:
        propagate(state, epoch, DAY, lunar)
    assert "transpose" not in str(caught.value)


def test_metres_are_told_from_kilometres(lunar):
    with pytest.raises(InputError, match="out of range: expected km and km/s"):
        propagate(circular() * 1e3, EPOCH, DAY, lunar)


class InDays(np.ndarray):
    """Numbers with a unit, as astropy's quantities are: an array that knows its unit and can convert."""

    unit = "d"

    def to_value(self, unit):
        """Convert, as a quantity can."""


def test_units_are_not_lost_silently(lunar):
    thirty = np.array(30.0).view(InDays)
    with pytest.raises(
        InputError, match=r"duration: .*got a quantity in d; give its numbers in km, km/s and s"
    ):
        propagate(circular(), EPOCH, thirty, lunar)
    units = pytest.importorskip("astropy.units")
    with pytest.raises(InputError, match=r"state: .*got a quantity in m"):
        propagate(circular() * units.m, EPOCH, DAY, lunar)


@pytest.mark.parametrize("events", [(), (Periapsis(terminal=True),)])
def test_ratios_of_radiation_pressure_are_input_of_each_trajectory(events):
    state, epoch = elliptical(5)
    ratios = np.array([0.01, np.nan, 0.02, -1.0, 0.03])
    forces = ForceModel("moon", degree=2, radiation_pressure=ratios)
    state[0, 4] = np.inf
    with pytest.raises(InputError) as caught:
        propagate(state, epoch, 600.0, forces, events=events)
    assert "trajectories 1, 3: the radiation pressure has no area-to-mass ratio of 0 or more" in str(
        caught.value
    )
    assert "trajectories 4: the state" in str(caught.value)
    flown = propagate(state, epoch, 600.0, forces, on_error="status", events=events)
    assert list(flown.status == Status.BAD_INPUT) == [False, True, False, True, True]
    good = ForceModel("moon", degree=2, radiation_pressure=ratios[::2])
    alone = propagate(state[:, ::2], epoch[::2], 600.0, good, on_error="status", events=events)
    np.testing.assert_array_equal(flown.final[:, ::2], alone.final)
    with pytest.raises(InputError, match=r"others for trajectories 1, 3$"):
        acceleration(state[:3, [0, 1, 2, 3, 0]], epoch, forces)


def test_times_of_dense_output_are_numbers(lunar):
    flight = propagate(circular(), EPOCH, 600.0, lunar)
    for ask, text in (
        (lambda: flight.at("noon"), "elapsed: expected seconds after the start.*got 'noon'"),
        (lambda: flight.at(np.array(1.0).view(InDays)), "elapsed: .*got a quantity in d"),
        (lambda: flight.at_tdb("2028-01-01"), "tdb: expected seconds past J2000 TDB.*got '2028-01-01'"),
        (lambda: flight.position("2028-01-01"), "found '2028-01-01'; expected an astropy Time"),
        (lambda: flight.at([0.0, np.nan]), "nan s is outside the flight of trajectory 0"),
    ):
        with pytest.raises(InputError, match=text):
            ask()
    assert flight.at([]).shape == (6, 1, 0)


@pytest.mark.parametrize(
    ("epoch", "elapsed", "text"),
    [
        ("now", [0.0, 60.0], "epoch: expected seconds past J2000 TDB; got 'now'"),
        ([EPOCH, EPOCH], [0.0, 60.0], "expected one epoch"),
        (EPOCH, "soon", "elapsed: expected seconds.*got 'soon'"),
        (EPOCH, [60.0, 0.0], "strictly increasing"),
    ],
)
def test_tables_that_are_no_numbers(epoch, elapsed, text):
    with pytest.raises(InputError, match=text):
        Trajectory.from_nodes("moon", epoch, elapsed, np.stack([circular()] * 2, axis=1))


def test_masked_values_are_no_numbers(lunar):
    state, epoch = elliptical(3)
    masked = np.ma.masked_array(state, np.arange(18).reshape(6, 3) == 4)
    with pytest.raises(InputError, match="trajectories 1: the state holds a value that is not finite"):
        propagate(masked, epoch, DAY, lunar)


@pytest.mark.parametrize(
    ("position", "options", "text"),
    [
        ("here", {}, r"position: expected numbers of shape \(3, n\); got 'here'"),
        (2000.0, {}, r"position: expected shape \(3, n\); got \(\)"),
        ([[2000.0, np.nan], [0.0, 0.0], [0.0, 0.0]], {}, "positions and velocities 1: expected finite"),
        ([2000.0, 0.0, 0.0], {"forces": None}, "forces: expected a cislunar.ForceModel; got NoneType"),
        ([2000.0, 0.0, 0.0], {"velocity": [1.0, 0.0]}, "velocity: expected the shape of the position"),
    ],
)
def test_acceleration_of_what_is_no_position(lunar, position, options, text):
    with pytest.raises(InputError, match=text):
        acceleration(position, EPOCH, **({"forces": lunar} | options))


def test_acceleration_of_nothing(lunar):
    assert acceleration(np.empty((3, 0)), EPOCH, lunar).shape == (3, 0)


def test_wrong_options(lunar):
    for options, text in (
        ({"rtol": 1e-16}, "float64"),
        ({"rtol": np.nan}, "rtol"),
        ({"on_error": "ignore"}, "on_error"),
        ({"max_steps": 0}, "max_steps"),
        ({"threads": 0}, "threads"),
        ({"rtol": "1e-10"}, "rtol"),
        ({"max_steps": np.nan}, "max_steps"),
        ({"max_steps": 2**70}, "max_steps"),
        ({"threads": 1.5}, "threads"),
        ({"stop_radius_km": [1.0, 2.0]}, "stop_radius_km"),
    ):
        with pytest.raises(InputError, match=text):
            propagate(circular(), EPOCH, DAY, lunar, **options)
    with pytest.raises(InputError, match="epoch"):
        propagate(circular(), [EPOCH, EPOCH], DAY, lunar)
    with pytest.raises(InputError, match="out of range"):
        propagate(circular() * 1e9, EPOCH, DAY, lunar)
