"""Burns that cannot be flown, or not to their end: one error that lists all, statuses, the dry mass."""

import numpy as np
import pytest
from orbits import EPOCH, circular, elliptical

from cislunar.errors import EpochRangeError, InputError
from cislunar.propagation import (
    AlongVelocity,
    Apoapsis,
    FiniteBurn,
    FixedDirection,
    ForceModel,
    ImpulsiveBurn,
    Status,
    TurningDirection,
    propagate_burns,
)

DAY_S = 86400.0
AHEAD = FixedDirection([1.0, 0.0, 0.0], axes="vnc")


@pytest.fixture(scope="module")
def point():
    """The Moon as a point."""
    return ForceModel("moon", gravity=None, bodies=())


def push(start=0.0, thrust=500.0, isp=300.0, direction=AHEAD, duration=100.0):
    return FiniteBurn(start, thrust, isp, direction, duration_s=duration)


BAD = [
    ([push(thrust=-1.0)], 1000.0, "burn 0: the thrust is -1.0 N, expected a positive number"),
    ([push(), push(start=50.0)], 1000.0, "burn 1 starts before burn 0 is over"),
    ([push(start=-5.0)], 1000.0, "burn 0 starts before the flight"),
    ([push(start=2 * DAY_S)], 1000.0, "burn 0 starts after the end of the flight"),
    ([], 400.0, "the mass is below the dry mass"),
    ([], np.nan, "the mass is not finite"),
    ([push(isp=0.0)], 1000.0, "burn 0: the specific impulse is 0.0 s, expected a positive number"),
    ([push(duration=np.inf)], 1000.0, "burn 0: the duration is inf s, expected a positive number"),
    (
        [push(direction=FixedDirection([0, 0, 0]))],
        1000.0,
        "burn 0: the direction is [0.0, 0.0, 0.0], expected a finite vector other than zero",
    ),
    (
        [push(direction=TurningDirection([0, 0, 1], [0, 1, 0], np.nan))],
        1000.0,
        "burn 0: the rate of turning is nan rad/s, expected a finite number",
    ),
    (
        [ImpulsiveBurn(0.0, [np.nan, 0, 0])],
        1000.0,
        "burn 0: the delta-v is [nan, 0.0, 0.0] km/s, expected finite numbers",
    ),
    ([push(start=np.nan)], 1000.0, "burn 0 starts at a time that is not finite"),
    ([push(start=Apoapsis()), push(start=60.0)], 1000.0, "burn 1 starts before burn 0 is over"),
]


def test_one_error_lists_all_that_cannot_be_flown(point):
    n = len(BAD) + 2
    states, epochs = elliptical(n)
    states[0, n - 1] = np.nan
    lists = [burns for burns, _, _ in BAD] + [[push()], [push()]]
    mass = np.array([mass for _, mass, _ in BAD] + [1000.0, 1000.0])
    with pytest.raises(InputError) as error:
        propagate_burns(states, epochs, DAY_S, point, lists, mass, 500.0)
    text = str(error.value)
    for i, (_, _, problem) in enumerate(BAD):
        if i not in (1, 12):
            assert f"trajectories {i}: {problem}" in text
    assert "trajectories 1, 12: burn 1 starts before burn 0 is over" in text
    assert f"trajectories {n - 1}: the state holds a value that is not finite" in text

    flight = propagate_burns(states, epochs, DAY_S, point, lists, mass, 500.0, on_error="status")
    good = n - 2
    assert flight.status[good] == Status.FINISHED
    others = np.arange(n) != good
    assert (flight.status[others] == Status.BAD_INPUT).all()
    assert np.isnan(flight.final[:, others]).all()
    assert np.isnan(flight.final_mass_kg[others]).all()
    for i, (_, _, problem) in enumerate(BAD):
        assert flight.message[i] == f"not flown: bad input: {problem}"
    alone = propagate_burns(states[:, good], epochs[good], DAY_S, point, [push()], 1000.0, 500.0)
    np.testing.assert_array_equal(flight.final[:, good], alone.final[:, 0])
    with pytest.raises(InputError, match="were not flown"):
        flight.at(0.0)


def test_epochs_outside_the_tables(point):
    with pytest.raises(EpochRangeError):
        propagate_burns(circular(), 1e11, 100.0, point, [push(duration=5.0)], 1000.0, 500.0)


def test_ratios_of_area_to_mass_that_cannot_be():
    forces, one = (
        ForceModel("moon", gravity=None, bodies=(), radiation_pressure=area)
        for area in (np.array([0.02, -0.02, np.nan]), 0.02)
    )
    states, epochs = elliptical(3)
    with pytest.raises(
        InputError, match="trajectories 1, 2: the radiation pressure has no area-to-mass ratio"
    ):
        propagate_burns(states, epochs, 600.0, forces, [push()], 1000.0, 500.0)
    flight = propagate_burns(states, epochs, 600.0, forces, [push()], 1000.0, 500.0, on_error="status")
    assert flight.status.tolist() == [Status.FINISHED, Status.BAD_INPUT, Status.BAD_INPUT]
    assert np.isnan(flight.final[:, 1:]).all()
    alone = propagate_burns(states[:, 0], epochs[0], 600.0, one, [push()], 1000.0, 500.0)
    np.testing.assert_array_equal(flight.final[:, 0], alone.final[:, 0])


def test_wrong_kinds(point):
    with pytest.raises(InputError, match=r"forces: expected a cislunar\.ForceModel; got NoneType"):
        propagate_burns(circular(), EPOCH, 100.0, None, [push()], 1000.0, 500.0)
    with pytest.raises(InputError, match="one of icrf, vnc, rtn; got 'lvlh'"):
        FixedDirection([1, 0, 0], axes="lvlh")
    with pytest.raises(InputError, match="expected three numbers"):
        ImpulsiveBurn(0.0, [1.0, 2.0])
    with pytest.raises(InputError, match="either a duration or a delta-v"):
        FiniteBurn(0.0, 1.0, 300.0, AlongVelocity())
    with pytest.raises(InputError, match="either a duration or a delta-v"):
        FiniteBurn(0.0, 1.0, 300.0, AlongVelocity(), duration_s=1.0, delta_v_km_s=1.0)
    with pytest.raises(InputError, match="expected seconds after the start or an Event; got 'periapsis'"):
        ImpulsiveBurn("periapsis", [0, 0, 1])
    with pytest.raises(InputError, match="direction of a burn: expected FixedDirection"):
        FiniteBurn(0.0, 1.0, 300.0, [1, 0, 0], duration_s=1.0)
    with pytest.raises(InputError, match="a sequence for each of 1 trajectories; got 2"):
        propagate_burns(circular(), EPOCH, 100.0, point, [[push()], [push()]], 1000.0, 500.0)
    with pytest.raises(InputError, match="trajectory 0 has 3"):
        propagate_burns(circular(), EPOCH, 100.0, point, [[3]], 1000.0, 500.0)
    with pytest.raises(InputError, match="expected a sequence of burns"):
        propagate_burns(circular(), EPOCH, 100.0, point, push(), 1000.0, 500.0)
    with pytest.raises(
        InputError, match="expected a sequence of burns, or one for each trajectory; got 'now'"
    ):
        propagate_burns(circular(), EPOCH, 100.0, point, "now", 1000.0, 500.0)
    with pytest.raises(InputError, match="dry_mass_kg"):
        propagate_burns(circular(), EPOCH, 100.0, point, [push()], 1000.0, [1.0, 2.0])
    with pytest.raises(InputError, match="dry mass is not positive"):
        propagate_burns(circular(), EPOCH, 100.0, point, [push()], 1000.0, 0.0)


def test_no_trajectory_burns_below_its_dry_mass(point):
    states = np.repeat(circular(300.0)[:, None], 4, axis=1)
    lists = [
        [push(start=100.0, duration=5000.0)],  # 0.17 kg/s: 20 kg last 118 s
        [ImpulsiveBurn(100.0, [0.1, 0, 0], 300.0)],  # needs 33 kg
        [push(start=100.0, duration=100.0), push(start=1000.0), push(start=2000.0)],
        [FiniteBurn(100.0, 500.0, 300.0, AHEAD, delta_v_km_s=0.0595)],  # 20.03 kg
    ]
    flight = propagate_burns(states, EPOCH, 5000.0, point, lists, 1000.0, 980.0)
    assert (flight.status == Status.BURNED_OUT).all()
    assert flight.message[0] == "ended at the dry mass: no propellant is left for the burn"
    flow = 500.0 / (300.0 * 9.80665)
    np.testing.assert_allclose(flight.final_mass_kg, [980.0, 1000.0, 980.0, 980.0], rtol=0, atol=0)
    last = 1000.0 + (20.0 - 100.0 * flow) / flow
    np.testing.assert_allclose(
        flight.final_elapsed, [100.0 + 20.0 / flow, 100.0, last, 100.0 + 20.0 / flow], rtol=1e-13
    )
    assert [flight.burns_of(i).size for i in range(4)] == [1, 0, 2, 1]
    assert list(flight.burn_rows["complete"]) == [False, True, False, False]
    times = np.linspace(0.0, 1.0, 50) * flight.final_elapsed[:, None]
    assert (flight.mass_at(times) >= 980.0 - 1e-9).all()
    # What is just enough is no shortage.
    enough = FiniteBurn(100.0, 500.0, 300.0, AHEAD, duration_s=20.0 / flow)
    exact = propagate_burns(states[:, 0], EPOCH, 5000.0, point, [enough], 1000.0, 980.0)
    assert exact.status[0] == Status.FINISHED
    assert exact.final_mass_kg[0] == pytest.approx(980.0, abs=1e-9)


def test_a_burn_that_should_have_started_is_missed(point):
    state = circular(300.0) * np.array([1, 1, 1, 1.1, 1.1, 1.1])
    burns = [push(start=Apoapsis()), push(start=2000.0)]
    flight = propagate_burns(state, EPOCH, DAY_S, point, burns, 1000.0, 500.0)
    assert flight.status[0] == Status.BURN_MISSED
    assert flight.burn_rows.size == 1
    # An impulse just before leaves its state too.
    burns = [ImpulsiveBurn(Apoapsis(), [0, 0, 0.1]), push(start=2000.0)]
    flight = propagate_burns(state, EPOCH, DAY_S, point, burns, 1000.0, 500.0)
    assert flight.status[0] == Status.BURN_MISSED
    np.testing.assert_array_equal(flight.at(flight.final_elapsed[0])[:, 0], flight.final[:, 0])
    np.testing.assert_array_equal(flight.final[:, 0], flight.burn_rows["state_after"][0])


def test_the_end_of_the_flight_cuts_a_burn_off(point):
    flight = propagate_burns(circular(), EPOCH, 50.0, point, [push(start=10.0)], 1000.0, 500.0)
    assert flight.status[0] == Status.FINISHED
    assert flight.final_elapsed[0] == 50.0
    row = flight.burns_of(0)[0]
    assert not row["complete"]
    assert row["duration_s"] == 40.0


def test_motion_without_axes_ends_at_the_burn():
    forces = ForceModel("moon", gravity=None, bodies=())
    straight = np.array([3000.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    flight = propagate_burns(straight, EPOCH, 500.0, forces, [push(start=100.0)], 1000.0, 500.0)
    assert flight.status[0] == Status.BAD_INPUT
    assert flight.message[0] == "ended: burn 0 has no vnc axes, the motion being straight"
    assert flight.final_elapsed[0] == 100.0


def test_zero_duration_and_an_impulse_at_the_end(point):
    state = circular()
    still = propagate_burns(state, EPOCH, 0.0, point, [], 1000.0, 500.0)
    np.testing.assert_array_equal(still.at(0.0)[:, 0], state)
    kick = propagate_burns(state, EPOCH, 0.0, point, [ImpulsiveBurn(0.0, [0, 0, 0.5])], 1000.0, 500.0)
    np.testing.assert_array_equal(kick.final[:, 0], state + np.array([0, 0, 0, 0, 0, 0.5]))
    end = propagate_burns(state, EPOCH, 60.0, point, [ImpulsiveBurn(60.0, [0, 0, 0.5])], 1000.0, 500.0)
    np.testing.assert_array_equal(end.final[:, 0], end.burn_rows["state_after"][0])
    np.testing.assert_array_equal(end.at(60.0)[:, 0], end.final[:, 0])


def test_outside_the_flight(point):
    flight = propagate_burns(circular(), EPOCH, 300.0, point, [push(start=10.0)], 1000.0, 500.0)
    for time in (-1.0, 301.0, np.nan):
        with pytest.raises(InputError, match=r"outside the flight of trajectory 0, 0\.0 s to 300\.0 s"):
            flight.at(time)
        with pytest.raises(InputError, match="outside the flight"):
            flight.mass_at([10.0, time])
    with pytest.raises(IndexError):
        flight.burns_of(1)
    blind = propagate_burns(circular(), EPOCH, 300.0, point, [push(start=10.0)], 1000.0, 500.0, record=False)
    np.testing.assert_array_equal(blind.final, flight.final)
    with pytest.raises(InputError, match="no nodes"):
        blind.at(10.0)
    with pytest.raises(InputError, match="no nodes"):
        blind.sensitivities()


def test_budget_of_steps(point):
    flight = propagate_burns(
        circular(), EPOCH, DAY_S, point, [push(duration=2000.0)], 1000.0, 500.0, max_steps=5
    )
    assert flight.status[0] == Status.MAX_STEPS
    assert not flight.burn_rows["complete"][0]


def test_table_of_burns(point):
    burns = [push(start=10.0), ImpulsiveBurn(1000.0, [0, 0, 0.1], 300.0)]
    flight = propagate_burns(circular(), EPOCH, 3000.0, point, burns, 1000.0, 500.0)
    table = flight.burn_table()
    assert list(table["start_s"]) == [10.0, 1000.0]
    assert table["start_utc"][0].startswith("2027-11-")
    assert "2 burns, 4 legs" in repr(flight)
