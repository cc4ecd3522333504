"""Burns flown backwards: forward and back again, and against SciPy's DOP853 integrating backwards.

SciPy integrates seven states, the mass one of them, at a relative tolerance of 1e-13. What a wrong convention
costs is tested beside what is asked.
"""

from dataclasses import replace

import numpy as np
import pytest
from orbits import EPOCH, circular, elliptical
from scipy.integrate import solve_ivp

from cislunar.errors import InputError
from cislunar.propagation import (
    AgainstVelocity,
    AlongVelocity,
    FiniteBurn,
    FixedDirection,
    ForceModel,
    ImpulsiveBurn,
    Periapsis,
    RadiationPressure,
    Status,
    TurningDirection,
    propagate_burns,
)
from cislunar.propagation.burn_back import change_of_impulse
from cislunar.propagation.burn_kinds import axes_to_icrf

G0 = 9.80665e-3  # km/s^2
DAY_S = 86400.0
TURNING = TurningDirection([0.3, 1, 0.2], [0.1, -0.2, 1], 2e-3, axes="vnc")
ALL_KINDS = (
    ImpulsiveBurn(500.0, [0.05, 0.02, 0.01], 300.0, axes="vnc"),
    FiniteBurn(3000.0, 400.0, 310.0, FixedDirection([1, 0.2, 0.1], axes="rtn"), duration_s=600.0),
    FiniteBurn(9000.0, 400.0, 310.0, TURNING, delta_v_km_s=0.1),
    FiniteBurn(20000.0, 400.0, 310.0, AlongVelocity(), delta_v_km_s=0.1),
    ImpulsiveBurn(30000.0, [0.05, 0.02, 0.01], 300.0, axes="rtn"),
    FiniteBurn(40000.0, 400.0, 310.0, AgainstVelocity(), duration_s=500.0),
    ImpulsiveBurn(50000.0, [0.05, 0.02, 0.01]),
    FiniteBurn(60000.0, 400.0, 310.0, FixedDirection([1, 0.2, 0.1]), duration_s=500.0),
)


@pytest.fixture(scope="module")
def point():
    """The Moon as a point."""
    return ForceModel("moon", gravity=None, bodies=())


def undone(burns, duration):
    """Burns of a flight forward, for the flight back from its end."""
    return [replace(burn, start=burn.start - duration) for burn in reversed(burns)]


def test_forward_and_back_with_every_kind_of_burn():
    forces = ForceModel(degree=8, radiation_pressure=RadiationPressure(0.02))
    states, epochs = elliptical(6, seed=2)
    there = propagate_burns(states, epochs, DAY_S, forces, ALL_KINDS, 1500.0, 500.0, rtol=1e-12)
    back = propagate_burns(
        there.final, epochs + DAY_S, -DAY_S, forces, undone(ALL_KINDS, DAY_S),
        there.final_mass_kg, 500.0, rtol=1e-12,
    )  # fmt: skip
    assert (back.status == Status.FINISHED).all()
    np.testing.assert_array_equal(back.final_elapsed, -DAY_S)
    # 0.3 mm and 2e-13 kg were measured; so much the same orbits without burns differ, by the rounding of the
    # epoch that they start back from.
    np.testing.assert_allclose(back.final[:3], states[:3], rtol=0, atol=5e-6)
    np.testing.assert_allclose(back.final[3:], states[3:], rtol=0, atol=5e-9)
    np.testing.assert_allclose(back.final_mass_kg, 1500.0, rtol=0, atol=1e-9)

    times = np.concatenate([np.linspace(0.0, DAY_S, 97), [500.0, 3000.0, 9000.0, 30000.0, 60500.0]])
    difference = there.at(times) - back.at(times - DAY_S)
    assert np.abs(difference[:3]).max() < 5e-6
    assert np.abs(difference[3:]).max() < 5e-9
    np.testing.assert_allclose(back.mass_at(times - DAY_S), there.mass_at(times), rtol=0, atol=1e-9)
    for i in range(6):
        first, second = there.burns_of(i), back.burns_of(i)[::-1]
        np.testing.assert_allclose(second["start_s"] + DAY_S, first["start_s"], rtol=0, atol=1e-9)
        for name in ("duration_s", "delta_v_km_s", "propellant_kg", "mass_before_kg", "mass_after_kg"):
            np.testing.assert_allclose(second[name], first[name], rtol=0, atol=1e-9)
        for name in ("state_before", "state_after"):
            np.testing.assert_allclose(second[name][:, :3], first[name][:, :3], rtol=0, atol=5e-6)
        assert second["complete"].all()


@pytest.mark.parametrize(("direction", "sign"), [(AlongVelocity(), 1.0), (AgainstVelocity(), -1.0)])
def test_a_burn_backwards_against_scipy(point, direction, sign):
    state, thrust, isp, mass, duration = circular(1000.0), 1.0, 900.0, 700.0, DAY_S
    gm = point.gm["moon"]

    def rates(t, y):
        r, v = y[:3], y[3:6]
        pull = -gm * r / np.linalg.norm(r) ** 3
        push = 1e-3 * thrust / y[6] * sign * v / np.linalg.norm(v)
        return np.concatenate([v, pull + push, [-1e-3 * thrust / (G0 * isp)]])

    times = np.linspace(0.0, -duration, 100)
    theirs = solve_ivp(
        rates, (0.0, -duration), np.append(state, mass), "DOP853", rtol=1e-13, atol=1e-12, t_eval=times
    ).y
    burn = FiniteBurn(-duration, thrust, isp, direction, duration_s=duration)
    flight = propagate_burns(state, EPOCH, -duration, point, [burn], mass, 600.0)
    assert np.abs(flight.at(times)[:3, 0] - theirs[:3]).max() < 2e-5
    np.testing.assert_allclose(flight.mass_at(times)[0], theirs[6], rtol=1e-12)
    assert flight.final_mass_kg[0] == pytest.approx(mass + 1.0 / (900.0 * 9.80665) * duration, rel=1e-13)
    assert flight.final_mass_kg[0] > mass
    coast = propagate_burns(state, EPOCH, -duration, point, [], mass, 600.0)
    assert np.abs(flight.final - coast.final)[:3].max() > 100.0


@pytest.mark.parametrize("axes", ["vnc", "rtn"])
def test_axes_are_those_before_the_burn(point, axes):
    # SciPy forward from the ignition; then back from its end, where the axes of the motion lie 80 degrees
    # off. Taken there, they would lead hundreds of kilometres away.
    start, duration, isp, thrust = circular(300.0), 1800.0, 310.0, 500.0
    chosen = np.array([0.9, -0.3, 0.4])
    push = axes_to_icrf(axes, start) @ chosen / np.linalg.norm(chosen)
    gm = point.gm["moon"]

    def rates(t, y):
        pull = -gm * y[:3] / np.linalg.norm(y[:3]) ** 3
        return np.concatenate([y[3:6], pull + 1e-3 * thrust / y[6] * push, [-1e-3 * thrust / (G0 * isp)]])

    end = solve_ivp(rates, (0, duration), np.append(start, 1500.0), "DOP853", rtol=1e-13, atol=1e-12).y[:, -1]
    burn = FiniteBurn(-duration, thrust, isp, FixedDirection(chosen, axes=axes), duration_s=duration)
    flight = propagate_burns(end[:6], EPOCH, -duration, point, [burn], end[6], 500.0, rtol=1e-12)
    assert np.abs(flight.final[:3, 0] - start[:3]).max() < 1e-6
    wrong = axes_to_icrf(axes, end[:6]) @ chosen
    missed = propagate_burns(
        end[:6], EPOCH, -duration, point, [replace(burn, direction=FixedDirection(wrong))], end[6], 500.0
    )
    assert np.abs(missed.final[:3, 0] - start[:3]).max() > 100.0


def test_large_burns_with_axes_of_the_motion_are_found_from_behind(point):
    # Up to 0.8 of the speed and up to an hour long; all come back to their starts, within a micrometre.
    n = 300
    rng = np.random.default_rng(3)
    states, epochs = elliptical(n, seed=2)
    lengths, size = (
        rng.uniform(300.0, 4000.0, n),
        rng.uniform(0.0, 0.8, n) * np.linalg.norm(states[3:], axis=0),
    )
    lists = []
    for i in range(n):
        first, axis, axes = rng.normal(size=3), rng.normal(size=3), ("vnc", "rtn")[i % 2]
        turning = TurningDirection(first, axis, rng.uniform(-1e-3, 1e-3), axes=axes)
        direction = turning if i % 3 == 0 else FixedDirection(first, axes=axes)
        thrust = 1.2e6 * size[i] / lengths[i]
        lists.append([FiniteBurn(0.0, thrust, 310.0, direction, duration_s=lengths[i])])
    there = propagate_burns(states, epochs, lengths, point, lists, 1500.0, 100.0, on_error="status")
    up = np.flatnonzero(there.status == Status.FINISHED)
    assert up.size > 280
    back = propagate_burns(
        there.final[:, up], (epochs + lengths)[up], -lengths[up], point,
        [undone(lists[i], lengths[i]) for i in up], there.final_mass_kg[up], 100.0,
    )  # fmt: skip
    assert (back.status == Status.FINISHED).all()
    np.testing.assert_allclose(back.final[:3], states[:3, up], rtol=0, atol=1e-6)


@pytest.mark.parametrize("axes", ["icrf", "vnc", "rtn"])
def test_impulses_are_found_from_the_state_after_them(axes):
    rng = np.random.default_rng(6)
    states, _ = elliptical(200, seed=5)
    for state in states.T:
        given = rng.normal(size=3) * 0.4 * np.linalg.norm(state[3:])
        burn = ImpulsiveBurn(0.0, given, axes=axes)
        change = axes_to_icrf(axes, state) @ given
        after = state + np.concatenate([np.zeros(3), change])
        found = change_of_impulse(burn, after)
        before = after[3:] - found
        led = before + axes_to_icrf(axes, np.concatenate([state[:3], before])) @ given
        np.testing.assert_allclose(led, after[3:], rtol=0, atol=1e-13)


def test_an_impulse_that_nothing_leads_from(point):
    # 2 km/s along the velocity leave no state slower than that.
    state = circular(300.0)
    burn = ImpulsiveBurn(-100.0, [2.0, 0.0, 0.0], axes="vnc")
    flight = propagate_burns(state, EPOCH, -500.0, point, [burn], 1000.0, 500.0)
    assert flight.status[0] == Status.BAD_INPUT
    assert flight.message[0] == (
        "ended: burn 0: no state is found from which its vnc axes lead here; give it in the axes icrf"
    )
    assert flight.final_elapsed[0] == -100.0


def mixed(n):
    """Starts, durations of both signs and burns of n trajectories."""
    states, epochs = elliptical(n, seed=11)
    durations = np.where(np.arange(n) % 3 == 0, -0.5, 0.7) * DAY_S
    durations[4] = 0.0
    lists = []
    for i in range(n):
        burns = [
            ImpulsiveBurn(500.0 + i, [0.01, 0.0, 0.001 * i], 220.0, axes="rtn"),
            FiniteBurn(
                3000.0 + i, 40.0 + i, 290.0, FixedDirection([1, 0.5, 0.1 * i], "vnc"), duration_s=200.0
            ),
            FiniteBurn(9000.0 + i, 40.0 + i, 290.0, TURNING, delta_v_km_s=0.03),
        ][: i % 4]
        lists.append(undone(burns, 0.5 * DAY_S) if durations[i] < 0 else burns if durations[i] else [])
    return states, epochs, durations, lists


def test_mixed_signs_bitwise_the_same_alone_and_in_a_batch():
    n = 24
    forces = ForceModel(degree=8, radiation_pressure=RadiationPressure(np.linspace(0.01, 0.04, n)))
    states, epochs, durations, lists = mixed(n)
    batch = propagate_burns(states, epochs, durations, forces, lists, 800.0, 300.0, threads=2)
    assert (batch.status == Status.FINISHED).all()
    np.testing.assert_array_equal(batch.final_elapsed, durations)
    np.testing.assert_array_equal(batch.final[:, 4], states[:, 4])
    times = durations[:, None] * np.linspace(0.0, 1.0, 30)
    at, mass = batch.at(times), batch.mass_at(times)
    burning = np.array([bool(burns) for burns in lists])
    np.testing.assert_array_equal(np.sign(mass[:, -1] - 800.0), np.where(burning, -np.sign(durations), 0.0))
    for i in (3, 4, 6, 7, 9, 15):
        pressure = RadiationPressure(np.linspace(0.01, 0.04, n)[i])
        alone = propagate_burns(
            states[:, i], epochs[i], durations[i], ForceModel(degree=8, radiation_pressure=pressure),
            lists[i], 800.0, 300.0,
        )  # fmt: skip
        np.testing.assert_array_equal(alone.final[:, 0], batch.final[:, i])
        np.testing.assert_array_equal(alone.final_mass_kg[0], batch.final_mass_kg[i])
        np.testing.assert_array_equal(alone.at(times[i])[:, 0], at[:, i])
        np.testing.assert_array_equal(batch[i].mass_at(times[i])[0], mass[i])
        assert alone.burn_rows.size == len(lists[i])
    order = np.random.default_rng(1).permutation(n)
    shuffled = batch[order]
    np.testing.assert_array_equal(shuffled.at(times[order]), at[:, order])


def test_a_burn_that_is_going_on_where_the_flight_begins(point):
    # Cut off forward by the end of the flight, or by the dry mass; back from there all the same.
    state = circular(300.0)
    for axes, dry in (("icrf", 500.0), ("vnc", 500.0), ("vnc", 990.0)):
        burn = FiniteBurn(1000.0, 500.0, 300.0, FixedDirection([1, 0.2, 0], axes=axes), duration_s=5000.0)
        there = propagate_burns(state, EPOCH, 2000.0, point, [burn], 1000.0, dry, rtol=1e-12)
        assert not there.burn_rows["complete"][0]
        span = there.final_elapsed[0]
        back = propagate_burns(
            there.final,
            EPOCH + span,
            -span,
            point,
            undone([burn], span),
            there.final_mass_kg,
            dry,
            rtol=1e-12,
        )
        np.testing.assert_allclose(back.final[:3, 0], state[:3], rtol=0, atol=1e-6)
        assert back.final_mass_kg[0] == pytest.approx(1000.0, abs=1e-9)
        row = back.burns_of(0)[0]
        assert not row["complete"]
        assert row["duration_s"] == pytest.approx(there.burn_rows["duration_s"][0], abs=1e-9)


def test_at_an_impulse_the_state_is_that_after_it_in_time(point):
    state = circular(300.0)
    burns = [ImpulsiveBurn(0.0, [0, 0, 0.1], 300.0), ImpulsiveBurn(-60.0, [0, 0.2, 0], 300.0)]
    flight = propagate_burns(state, EPOCH, -60.0, point, burns, 1000.0, 900.0)
    np.testing.assert_array_equal(flight.at(0.0)[:, 0], state)
    assert flight.mass_at(0.0)[0] == 1000.0
    first, second = flight.burns_of(0)
    np.testing.assert_array_equal(first["state_after"], state)
    np.testing.assert_allclose(first["state_before"][3:], state[3:] - [0, 0, 0.1], atol=1e-15)
    np.testing.assert_allclose(flight.at(-60.0)[:, 0], second["state_after"], rtol=1e-14)
    np.testing.assert_array_equal(flight.final[:, 0], second["state_before"])
    assert flight.mass_at(-60.0)[0] == second["mass_after_kg"]
    assert flight.final_mass_kg[0] == second["mass_before_kg"]
    expected = 1000.0 * np.exp(0.3 / (300.0 * G0))
    assert flight.final_mass_kg[0] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_array_equal(flight.legs_of(0)[-1].final[:, 0], flight.final[:, 0])
    with pytest.raises(InputError, match=r"outside the flight of trajectory 0, -60\.0 s to 0\.0 s"):
        flight.at(1.0)


def test_impact_and_stopping_radius(point):
    down = FiniteBurn(-3000.0, 4000.0, 300.0, AlongVelocity(), duration_s=3000.0)
    flight = propagate_burns(circular(60.0), EPOCH, -3000.0, point, [down], 1000.0, 100.0)
    assert flight.status[0] == Status.IMPACT
    assert np.linalg.norm(flight.final[:3, 0]) == pytest.approx(1737.4, abs=1e-6)
    row = flight.burns_of(0)[0]
    assert not row["complete"]
    assert row["start_s"] == flight.final_elapsed[0]
    up = replace(down, direction=AgainstVelocity())
    flight = propagate_burns(
        circular(60.0), EPOCH, -3000.0, point, [up], 1000.0, 100.0, stop_radius_km=2000.0
    )
    assert flight.status[0] == Status.RADIUS


BAD = [
    (
        [FiniteBurn(Periapsis(), 1.0, 300.0, AlongVelocity(), duration_s=1.0)],
        "burn 0 starts at the event 'periapsis', but the flight goes backwards, where the state that the "
        "event is sought on is not known until the burn is flown; give the time at which it starts, in "
        "seconds before the given state (negative)",
    ),
    (
        [ImpulsiveBurn(5.0, [0, 0, 1])],
        "burn 0 starts after the given state, but the flight goes backwards; give its start in seconds "
        "before the given state (negative)",
    ),
    ([ImpulsiveBurn(-101.0, [0, 0, 1])], "burn 0 starts before the time to which the flight goes backwards"),
    (
        [ImpulsiveBurn(-50.0, [0, 0, 1]), ImpulsiveBurn(-10.0, [0, 0, 1])],
        "burn 1 is not over when burn 0 starts; on a flight backwards burns are given in the order flown, "
        "the latest first",
    ),
    ([ImpulsiveBurn(np.nan, [0, 0, 1])], "burn 0 starts at a time that is not finite"),
    (
        [ImpulsiveBurn(-1.0, [0, 0, np.inf])],
        "burn 0: the delta-v is [0.0, 0.0, inf] km/s, expected finite numbers",
    ),
    ([ImpulsiveBurn(-1.0, [0, 0, 1e4], 100.0)], "burn 0 takes more propellant than can be counted"),
]


def test_what_cannot_be_flown_backwards_is_said(point):
    n = len(BAD) + 2
    states, epochs = elliptical(n)
    lists = [burns for burns, _ in BAD] + [[], [ImpulsiveBurn(-1.0, [0, 0, 0.1])]]
    mass = np.full(n, 1000.0)
    mass[n - 2] = 400.0
    with pytest.raises(InputError) as error:
        propagate_burns(states, epochs, -100.0, point, lists, mass, 500.0)
    for i, (_, problem) in enumerate(BAD):
        assert f"trajectories {i}: {problem}" in str(error.value)
    assert f"trajectories {n - 2}: the mass is below the dry mass" in str(error.value)
    flight = propagate_burns(states, epochs, -100.0, point, lists, mass, 500.0, on_error="status")
    assert flight.status.tolist() == [Status.BAD_INPUT] * (n - 1) + [Status.FINISHED]
    for i, (_, problem) in enumerate(BAD):
        assert flight.message[i] == f"not flown: bad input: {problem}"
    alone = propagate_burns(states[:, -1], epochs[-1], -100.0, point, lists[-1], 1000.0, 500.0)
    np.testing.assert_array_equal(alone.final[:, 0], flight.final[:, -1])
    with pytest.raises(
        InputError, match="trajectories 0 were flown backwards; take those of a flight forward"
    ):
        alone.sensitivities()
    assert propagate_burns(states[:, -1], epochs[-1], -100.0, point, [], 1000.0, 500.0).sensitivities()
