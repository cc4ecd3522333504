"""Burns against closed forms and against SciPy.

Closed forms: the rocket equation and its integral, the distance covered under constant thrust in free space
(K. Tsiolkovsky, 1903), and the Hohmann transfer (W. Hohmann, 1925). Independent integrations: SciPy's DOP853
with seven states, the mass integrated as a state, at a relative tolerance of 1e-13; the three-day spiral
agrees with itself at 3e-14 to 0.1 mm.
"""

import numpy as np
import pytest
from orbits import EPOCH, circular, elliptical
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from cislunar.propagation import (
    AgainstVelocity,
    AlongVelocity,
    Apoapsis,
    FiniteBurn,
    FixedDirection,
    ForceModel,
    ImpulsiveBurn,
    Periapsis,
    RadiationPressure,
    Radius,
    Status,
    TrueAnomaly,
    TurningDirection,
    propagate,
    propagate_burns,
)
from cislunar.propagation.burn_kinds import axes_to_icrf
from cislunar.propagation.thrust import cosine_and_sine

G0 = 9.80665e-3  # km/s^2
DAY_S = 86400.0


@pytest.fixture(scope="module")
def point():
    """The Moon as a point."""
    return ForceModel("moon", gravity=None, bodies=())


def seven_states(state, mass, gm, thrust_n, isp_s, direction, duration_s, at=None):
    """States and masses (7, m) under thrust by SciPy; `direction(t, v)` is a unit vector."""

    def rates(t, y):
        r, v = y[:3], y[3:6]
        pull = -gm * r / np.linalg.norm(r) ** 3
        push = 1e-3 * thrust_n / y[6] * direction(t, v)
        return np.concatenate([v, pull + push, [-1e-3 * thrust_n / (G0 * isp_s)]])

    start = np.append(state, mass)
    flown = solve_ivp(rates, (0, duration_s), start, "DOP853", rtol=1e-13, atol=1e-12, t_eval=at)
    assert flown.success
    return flown.y if at is not None else flown.y[:, -1]


def test_constant_thrust_in_free_space_obeys_the_rocket_equation():
    forces = ForceModel("moon", gravity=None, bodies=(), gm={"moon": 1e-12})
    thrust, isp, mass, duration = 4400.0, 320.0, 3000.0, 1800.0
    direction = np.array([0.6, 0.0, 0.8])
    burn = FiniteBurn(0.0, thrust, isp, FixedDirection(3.0 * direction), duration_s=duration)
    start = np.array([1e5, 0.0, 0.0, 1.0, -0.5, 0.0])
    flight = propagate_burns(start, EPOCH, duration, forces, [burn], mass, 100.0, rtol=1e-13)

    exhaust = isp * G0
    left = mass - thrust / (1e3 * exhaust) * duration
    burnout = mass / (thrust / (1e3 * exhaust))  # when nothing would be left
    speed = exhaust * np.log(mass / left)
    way = exhaust * (duration - (burnout - duration) * np.log(burnout / (burnout - duration)))
    assert flight.final_mass_kg[0] == pytest.approx(left, rel=1e-15)
    np.testing.assert_allclose(flight.final[3:, 0], start[3:] + speed * direction, rtol=0, atol=5e-14)
    np.testing.assert_allclose(
        flight.final[:3, 0], start[:3] + start[3:] * duration + way * direction, rtol=0, atol=2e-10
    )
    row = flight.burns_of(0)[0]
    assert row["delta_v_km_s"] == pytest.approx(speed, rel=1e-14)
    assert row["propellant_kg"] == pytest.approx(mass - left, rel=1e-13)
    assert row["complete"]


def test_specific_impulse_is_in_seconds_of_standard_gravity():
    # For 1 km/s with 320 s exp(-1000 / 3138.128) of the mass remains. Taken for the exhaust
    # speed in m/s, 320 leaves 4 %, and with 9.81 m/s^2 a part in ten thousand more.
    burn = ImpulsiveBurn(0.0, [1.0, 0.0, 0.0], specific_impulse_s=320.0)
    assert burn.mass_after(1000.0) == pytest.approx(1000.0 * np.exp(-1000.0 / 3138.128), rel=1e-14)
    finite = FiniteBurn(0.0, 1000.0, 320.0, AlongVelocity(), delta_v_km_s=1.0)
    assert finite.mass_after(1000.0) == pytest.approx(burn.mass_after(1000.0), rel=1e-13)
    assert finite.flow_kg_s == pytest.approx(1000.0 / 3138.128, rel=1e-14)


@pytest.mark.parametrize(
    ("direction", "sign"), [(AlongVelocity(), 1.0), (AgainstVelocity(), -1.0)], ids=["out", "in"]
)
def test_tangential_spiral_against_scipy(point, direction, sign):
    state = circular(1000.0, gm=point.gm["moon"])
    thrust, isp, mass, duration = 1.0, 1500.0, 1000.0, 3 * DAY_S
    burn = FiniteBurn(0.0, thrust, isp, direction, duration_s=duration)
    flight = propagate_burns(state, EPOCH, duration, point, [burn], mass, 500.0)
    times = np.linspace(0.0, duration, 400)
    theirs = seven_states(
        state,
        mass,
        point.gm["moon"],
        thrust,
        isp,
        lambda t, v: sign * v / np.linalg.norm(v),
        duration,
        times,
    )
    # A few millimetres, between the nodes no more.
    assert np.abs(flight.at(times)[:3, 0] - theirs[:3]).max() < 2e-5
    np.testing.assert_allclose(flight.mass_at(times)[0], theirs[6], rtol=1e-12)
    opposite = propagate_burns(
        state, EPOCH, duration, point,
        [FiniteBurn(0.0, thrust, isp, FixedDirection([0, 1, 0]), duration_s=duration)], mass, 500.0,
    )  # fmt: skip
    assert np.abs(opposite.final[:3, 0] - theirs[:3, -1]).max() > 100.0


def test_turning_direction_against_scipy(point):
    state = circular(200.0, gm=point.gm["moon"])
    axes = axes_to_icrf("rtn", state)
    first, axis, rate = np.array([0.3, 1.0, 0.2]), np.array([0.1, -0.2, 1.0]), 2e-3
    first_icrf = axes @ first / np.linalg.norm(first)
    axis_icrf = axes @ axis / np.linalg.norm(axis)
    burn = FiniteBurn(0.0, 400.0, 310.0, TurningDirection(first, axis, rate, axes="rtn"), duration_s=2500.0)
    flight = propagate_burns(state, EPOCH, 2500.0, point, [burn], 1500.0, 500.0)

    def direction(t, v, sense=1.0):
        return Rotation.from_rotvec(sense * rate * t * axis_icrf).apply(first_icrf)

    gm = point.gm["moon"]
    theirs = seven_states(state, 1500.0, gm, 400.0, 310.0, direction, 2500.0)
    assert np.abs(flight.final[:3, 0] - theirs[:3]).max() < 1e-6
    wrong = seven_states(state, 1500.0, gm, 400.0, 310.0, lambda t, v: direction(t, v, -1.0), 2500.0)
    assert np.abs(flight.final[:3, 0] - wrong[:3]).max() > 10.0


def test_hohmann_transfer_with_impulses(point):
    gm = point.gm["moon"]
    low, high = 1837.4, 5000.0
    state = circular(100.0, gm=gm)
    speed = np.sqrt(gm / low)
    first = speed * (np.sqrt(2 * high / (low + high)) - 1.0)
    second = np.sqrt(gm / high) * (1.0 - np.sqrt(2 * low / (low + high)))
    burns = [
        ImpulsiveBurn(600.0, [first, 0.0, 0.0], 300.0, axes="vnc"),
        ImpulsiveBurn(Apoapsis(), [0.0, second, 0.0], 300.0, axes="rtn"),
    ]
    flight = propagate_burns(state, EPOCH, DAY_S, point, burns, 1000.0, 100.0)
    half_period = np.pi * np.sqrt(((low + high) / 2) ** 3 / gm)
    rows = flight.burns_of(0)
    assert rows["start_s"][1] == pytest.approx(600.0 + half_period, abs=1e-3)
    times = np.linspace(rows["start_s"][1], DAY_S, 100)
    radii = np.linalg.norm(flight.at(times)[:3, 0], axis=0)
    np.testing.assert_allclose(radii, high, rtol=2e-9)
    total = first + second
    assert flight.final_mass_kg[0] == pytest.approx(1000.0 * np.exp(-total / (300.0 * G0)), rel=1e-12)
    np.testing.assert_allclose(rows["delta_v_km_s"], [first, second], rtol=1e-14)


def test_finite_burns_become_impulses_as_thrust_grows(point):
    state = circular(300.0, gm=point.gm["moon"])
    size, isp = 0.2, 320.0
    impulse = propagate_burns(
        state, EPOCH, 5000.0, point,
        [ImpulsiveBurn(2000.0, [size, 0, 0], isp, axes="vnc")], 1000.0, 100.0, rtol=1e-12,
    )  # fmt: skip
    along = impulse.burns_of(0)[0]["state_before"][3:]
    misses = []
    for thrust in (1e5, 1e6):
        # Begun so early that the mean of the velocity gained is gained at the time of the impulse.
        burnout = 1000.0 * isp * G0 / (1e-3 * thrust)
        length = -burnout * np.expm1(-size / (isp * G0))
        way = isp * G0 * (length - (burnout - length) * np.log(burnout / (burnout - length)))
        finite = FiniteBurn(
            2000.0 - (length - way / size), thrust, isp, FixedDirection(along), delta_v_km_s=size
        )
        flight = propagate_burns(state, EPOCH, 5000.0, point, [finite], 1000.0, 100.0, rtol=1e-12)
        assert flight.final_mass_kg[0] == pytest.approx(impulse.final_mass_kg[0], rel=1e-13)
        misses.append(np.linalg.norm(flight.final[:3, 0] - impulse.final[:3, 0]))
    assert misses[1] < 1e-4
    assert 80.0 < misses[0] / misses[1] < 120.0  # the square of the ratio of the durations


def test_axes_of_the_motion():
    state = np.array([2000.0, 0.0, 0.0, 0.3, 1.5, 0.0])
    along = state[3:] / np.linalg.norm(state[3:])
    velocity_axes, radial_axes = axes_to_icrf("vnc", state), axes_to_icrf("rtn", state)
    np.testing.assert_allclose(velocity_axes[:, 0], along, atol=1e-15)
    np.testing.assert_allclose(velocity_axes[:, 1], [0, 0, 1], atol=1e-15)
    assert velocity_axes[:, 2] @ state[:3] > 0.0  # the co-normal points outwards
    np.testing.assert_allclose(radial_axes, np.eye(3), atol=1e-15)
    for axes in (velocity_axes, radial_axes):
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-15)
        assert np.linalg.det(axes) == pytest.approx(1.0)


@pytest.mark.parametrize("axes", ["icrf", "vnc", "rtn"])
def test_direction_is_taken_in_the_axes_named(point, axes):
    # A finite burn in wrong axes of the motion misses by hundreds of kilometres.
    state, _ = elliptical(1, seed=3)
    state, chosen = state[:, 0], np.array([0.9, -0.3, 0.4])
    burn = FiniteBurn(0.0, 500.0, 300.0, FixedDirection(chosen, axes=axes), duration_s=600.0)
    flight = propagate_burns(state, EPOCH, 600.0, point, [burn], 1500.0, 500.0)
    ends = {}
    for name in ("icrf", "vnc", "rtn"):
        push = axes_to_icrf(name, state) @ chosen / np.linalg.norm(chosen)
        ends[name] = seven_states(
            state, 1500.0, point.gm["moon"], 500.0, 300.0, lambda t, v, push=push: push, 600.0
        )
    assert np.abs(flight.final[:3, 0] - ends[axes][:3]).max() < 1e-7
    for name in {"icrf", "vnc", "rtn"} - {axes}:
        assert np.abs(flight.final[:3, 0] - ends[name][:3]).max() > 5.0


def test_burns_at_events(point):
    gm = point.gm["moon"]
    state = circular(300.0, gm=gm) * np.array([1, 1, 1, 1.15, 1.15, 1.15])
    push = FixedDirection([1.0, 0.0, 0.0], axes="vnc")

    def burn(event):
        return FiniteBurn(event, 10.0, 300.0, push, duration_s=20.0)

    lists = [
        [burn(TrueAnomaly(np.radians(70.0)))],
        [burn(Periapsis(occurrence=2)), burn(Apoapsis())],
        [burn(Radius(2500.0))],
        [burn(Radius(90000.0)), ImpulsiveBurn(80000.0, [0, 0, 1.0])],
    ]
    states = np.repeat(state[:, None], 4, axis=1)
    flight = propagate_burns(states, EPOCH, DAY_S, point, lists, 1000.0, 900.0)
    r, v = (flight.burns_of(0)[0]["state_before"][part] for part in (slice(0, 3), slice(3, 6)))
    shape = np.cross(v, np.cross(r, v)) / gm - r / np.linalg.norm(r)
    anomaly = np.arccos(shape @ r / np.linalg.norm(shape) / np.linalg.norm(r))
    assert anomaly == pytest.approx(np.radians(70.0), abs=1e-9)
    periapsis, apoapsis = flight.burns_of(1)
    period = 2 * np.pi * (1 / (2 / np.linalg.norm(state[:3]) - state[3:] @ state[3:] / gm)) ** 1.5 / gm**0.5
    # The start is the periapsis itself and does not count.
    assert periapsis["start_s"] == pytest.approx(2 * period, abs=1e-3)
    assert apoapsis["start_s"] == pytest.approx(2.5 * period, rel=0.01)
    assert abs(apoapsis["state_before"][:3] @ apoapsis["state_before"][3:]) < 1e-5
    assert np.linalg.norm(flight.burns_of(2)[0]["state_before"][:3]) == pytest.approx(2500.0, abs=1e-6)
    assert flight.burns_of(3).size == 0
    assert flight.message[3] == "flown to the end; burn 0 waited for 'radius' in vain"
    assert (flight.status == Status.FINISHED).all()
    np.testing.assert_array_equal(flight.final_elapsed, DAY_S)


def test_output_does_not_cross_the_edges_of_burns(point):
    state = circular(300.0, gm=point.gm["moon"])
    burns = [
        ImpulsiveBurn(1000.0, [0.05, 0, 0], 300.0, axes="vnc"),
        FiniteBurn(2000.0, 5000.0, 300.0, FixedDirection([0, 0, 1], axes="rtn"), duration_s=100.0),
    ]
    flight = propagate_burns(state, EPOCH, 4000.0, point, burns, 2000.0, 500.0, rtol=1e-12)
    before, at = flight.at([1000.0 - 1e-6, 1000.0])[:, 0].T
    assert np.linalg.norm(at[3:] - before[3:]) == pytest.approx(0.05, abs=1e-8)
    np.testing.assert_allclose(at, flight.burns_of(0)[0]["state_after"], rtol=1e-14)
    np.testing.assert_allclose(flight.at(2100.0)[:, 0], flight.burns_of(0)[1]["state_after"], rtol=1e-14)
    times = np.linspace(2000.0, 2100.0, 41)
    row = flight.burns_of(0)[1]
    push = axes_to_icrf("rtn", row["state_before"])[:, 2]
    theirs = seven_states(
        row["state_before"], row["mass_before_kg"], point.gm["moon"], 5000.0, 300.0,
        lambda t, v: push, 100.0, times - 2000.0,
    )  # fmt: skip
    assert np.abs(flight.at(times)[:3, 0] - theirs[:3]).max() < 1e-9
    assert np.abs(flight.at(times)[3:, 0] - theirs[3:6]).max() < 1e-11
    assert flight.at_tdb(EPOCH + 2050.0)[0, 0] == pytest.approx(flight.at(2050.0)[0, 0], abs=1e-6)
    assert [leg.forces.__class__.__name__ for leg in flight.legs_of(0)] == [
        "ForceModel", "ForceModel", "PoweredForces", "ForceModel",
    ]  # fmt: skip


def test_without_burns_it_is_a_plain_flight():
    forces = ForceModel(degree=8, radiation_pressure=RadiationPressure(np.linspace(0.01, 0.04, 4)))
    states, epochs = elliptical(4)
    plain = propagate(states, epochs, DAY_S, forces)
    powered = propagate_burns(states, epochs, DAY_S, forces, [[], [], [], []], 100.0, 50.0)
    np.testing.assert_array_equal(powered.final, plain.final)
    times = np.linspace(0.0, DAY_S, 50)
    np.testing.assert_array_equal(powered.at(times), plain.at(times))
    np.testing.assert_array_equal(powered.mass_at(times), 100.0)


def mixed_burns(n):
    """Burns of n trajectories, differing in number and kind."""
    spiral = FiniteBurn(Periapsis(), 50.0, 300.0, AlongVelocity(), delta_v_km_s=0.03)
    lists = []
    for i in range(n):
        burns = [
            ImpulsiveBurn(500.0 + i, [0.01, 0.0, 0.001 * i], 220.0, axes="rtn"),
            FiniteBurn(3000.0 + 10 * i, 40.0 + i, 290.0, FixedDirection([1, 0, 0.1 * i]), duration_s=200.0),
            spiral,
        ]
        lists.append(burns[: i % 4])
    return lists


def test_bitwise_the_same_alone_and_in_a_batch():
    n = 24
    forces = ForceModel(degree=8, radiation_pressure=RadiationPressure(0.02))
    states, epochs = elliptical(n, seed=11)
    lists = mixed_burns(n)
    flight = propagate_burns(states, epochs, DAY_S, forces, lists, 800.0, 300.0, threads=2)
    order = np.random.default_rng(1).permutation(n)
    shuffled = propagate_burns(
        states[:, order], epochs[order], DAY_S, forces, [lists[i] for i in order], 800.0, 300.0, threads=1
    )
    np.testing.assert_array_equal(shuffled.final, flight.final[:, order])
    times = np.linspace(0.0, DAY_S, 30)
    np.testing.assert_array_equal(shuffled.at(times), flight.at(times)[:, order])
    for i in (3, 7, 14):
        alone = propagate_burns(states[:, i], epochs[i], DAY_S, forces, lists[i], 800.0, 300.0)
        np.testing.assert_array_equal(alone.final[:, 0], flight.final[:, i])
        assert alone.final_mass_kg[0] == flight.final_mass_kg[i]
        np.testing.assert_array_equal(alone.burns_of(0)["start_s"], flight.burns_of(i)["start_s"])
    part = flight[np.array([7, 3, 0])]
    np.testing.assert_array_equal(part.at(times), flight.at(times)[:, [7, 3, 0]])
    np.testing.assert_array_equal(part.mass_at(times), flight.mass_at(times)[[7, 3, 0]])
    np.testing.assert_array_equal(part.burns_of(1)["start_s"], flight.burns_of(3)["start_s"])
    counts = [flight.burns_of(i).size for i in range(n)]
    assert counts == [i % 4 for i in range(n)]
    np.testing.assert_array_equal(
        part.sensitivities().matrices[0], flight[7].sensitivities(threads=1).matrices[0]
    )


def test_every_trajectory_of_a_large_batch_has_its_own_burn(point):
    # More than fit into one chunk of work, more threads than one; equal events of different burns.
    n = 300
    states, epochs = elliptical(n, seed=4)
    lists = [
        [FiniteBurn(TrueAnomaly(3.0), 100.0 + i, 300.0, FixedDirection([1, 0, 0]), duration_s=60.0)]
        for i in range(n)
    ]
    flight = propagate_burns(states, epochs, DAY_S, point, lists, 1000.0, 500.0, threads=2)
    flow = (100.0 + np.arange(n)) / (300.0 * 9.80665)
    np.testing.assert_allclose(flight.final_mass_kg, 1000.0 - 60.0 * flow, rtol=1e-12)
    for i in (0, 255, 256, 299):
        alone = propagate_burns(states[:, i], epochs[i], DAY_S, point, lists[i], 1000.0, 500.0)
        np.testing.assert_array_equal(alone.final[:, 0], flight.final[:, i])


def test_impact_and_stopping_radius_end_burns():
    forces = ForceModel("moon", gravity=None, bodies=())
    state = circular(60.0)
    down = FiniteBurn(0.0, 4000.0, 300.0, AgainstVelocity(), duration_s=3000.0)
    flight = propagate_burns(state, EPOCH, 6000.0, forces, [down], 3000.0, 100.0)
    assert flight.status[0] == Status.IMPACT
    assert np.linalg.norm(flight.final[:3, 0]) == pytest.approx(1737.4, abs=1e-6)
    assert not flight.burns_of(0)[0]["complete"]
    up = FiniteBurn(0.0, 4000.0, 300.0, AlongVelocity(), duration_s=1500.0)
    flight = propagate_burns(state, EPOCH, 6000.0, forces, [up], 3000.0, 100.0, stop_radius_km=2000.0)
    assert flight.status[0] == Status.RADIUS
    assert np.linalg.norm(flight.final[:3, 0]) == pytest.approx(2000.0, abs=1e-6)


def test_relativity_acts_during_burns():
    state = circular(100.0)
    burn = FiniteBurn(0.0, 1.0, 3000.0, AlongVelocity(), duration_s=DAY_S)
    ends = [
        propagate_burns(
            state, EPOCH, DAY_S, ForceModel(gravity=None, bodies=(), relativity=acts), [burn], 1000.0, 10.0,
            rtol=1e-13,
        ).final
        for acts in (False, True)
    ]  # fmt: skip
    assert 1e-6 < np.linalg.norm(ends[1][:3] - ends[0][:3]) < 1e-3


def test_cosine_and_sine():
    angle = np.concatenate([np.linspace(-3000.0, 3000.0, 20001), np.linspace(-8.0, 8.0, 20001)])
    cosine, sine = cosine_and_sine(angle)
    assert np.abs(cosine - np.cos(angle)).max() < 3e-16
    assert np.abs(sine - np.sin(angle)).max() < 3e-16
