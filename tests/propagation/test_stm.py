"""State-transition matrices: independence of the company, composition, symplecticity, bad input.

Against an independent variational integrator: `tests/truth/test_heyoka_state_transition.py`. Here SciPy's
DOP853 integrates the variational equations of point masses with a gradient written by hand, and differences
of neighbouring flights stand against the matrices of forces that have no such gradient at hand.
"""

import numpy as np
import pytest
from orbits import EPOCH, elliptical
from scipy.integrate import solve_ivp

from cislunar.errors import InputError
from cislunar.propagation import (
    EARTH_MOON,
    ForceModel,
    ImpulsiveBurn,
    RadiationPressure,
    Trajectory,
    propagate,
    propagate_burns,
    propagate_three_body,
    propagate_transfer,
    transport_covariance,
)
from cislunar.propagation.stm import propagate_state_transition, state_transition

DAY_S = 86400.0


@pytest.fixture(scope="module")
def lunar():
    return ForceModel(degree=8)


@pytest.fixture(scope="module")
def flight(lunar):
    states, epochs = elliptical(40)
    durations = np.linspace(-3.0, 3.0, 40) * DAY_S
    return propagate(states, epochs, durations, lunar, rtol=1e-12)


def block_error(ours, theirs):
    differences = np.abs(ours - theirs).reshape(2, 3, 2, 3).max(axis=(1, 3))
    return (differences / np.abs(theirs).reshape(2, 3, 2, 3).max(axis=(1, 3))).max()


def test_scipy_variational_equations_of_point_masses():
    forces = ForceModel("moon", gravity=None, bodies=("earth",))
    states, epochs = elliptical(2, seed=5)
    duration = 4 * DAY_S
    ours = state_transition(propagate(states, epochs, duration, forces, rtol=1e-13)).final
    gm_moon, gm_earth = forces.gm["moon"], forces.gm["earth"]
    for i in range(2):

        def rates(t, y, epoch=epochs[i]):
            earth = forces.ephemeris.position("earth", "moon", np.array(epoch + t))
            r, v, matrix = y[:3], y[3:6], y[6:].reshape(6, 6)
            d = r - earth
            a = -gm_moon * r / np.linalg.norm(r) ** 3 - gm_earth * d / np.linalg.norm(d) ** 3
            a = a - gm_earth * earth / np.linalg.norm(earth) ** 3
            gradient = np.zeros((3, 3))
            for gm, p in ((gm_moon, r), (gm_earth, d)):
                size = np.linalg.norm(p)
                gradient += gm * (3.0 * np.outer(p, p) / size**5 - np.eye(3) / size**3)
            slope = np.concatenate([matrix[3:], gradient @ matrix[:3]])
            return np.concatenate([v, a, slope.reshape(-1)])

        start = np.concatenate([states[:, i], np.eye(6).reshape(-1)])
        end = solve_ivp(rates, (0.0, duration), start, method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
        assert block_error(ours[:, :, i], end[6:].reshape(6, 6)) < 1e-8


def discs_uncovered(position, sun, sun_radius, body_radius):
    """Part of the solar disc in view behind a body at the origin, also for complex positions."""

    def size(v):
        return np.sqrt((v * v).sum(axis=0))

    to_sun, to_body = sun - position, -position
    a, b = np.arcsin(sun_radius / size(to_sun)), np.arcsin(body_radius / size(to_body))
    c = np.arccos((to_sun * to_body).sum(axis=0) / (size(to_sun) * size(to_body)))
    if c.real >= (a + b).real:
        return 1.0
    if c.real <= (b - a).real:
        return 0.0
    x = (c * c + a * a - b * b) / (2.0 * c)
    lens = a * a * np.arccos(x / a) + b * b * np.arccos((c - x) / b) - c * np.sqrt(a * a - x * x)
    return 1.0 - lens / (np.pi * a * a)


def test_scipy_variational_equations_through_the_penumbra():
    """Four eclipses of a lunar orbit; the gradient of the shadowed light by complex steps.

    Steps that weigh the gradient beside a border with their whole length err by 1e-6 here.
    """
    strength = 0.1
    forces = ForceModel("moon", gravity=None, bodies=(), radiation_pressure=strength)
    state, epoch = np.array([2500.0, 0.0, 0.0, 0.3, 0.9, 1.2]), 8.6e8
    flight = propagate(state, epoch, 0.6 * DAY_S, forces, rtol=1e-13)
    ours = state_transition(flight).final[:, :, 0]
    gm, pressure = forces.gm["moon"], float(forces.pressure(1)[0])

    def acceleration(r, tdb):
        sun = forces.ephemeris.position("sun", "moon", np.array(tdb))
        d = r - sun
        light = pressure * discs_uncovered(r, sun, 695700.0, 1737.4)
        return -gm * r / (r * r).sum() ** 1.5 + light * d / (d * d).sum() ** 1.5

    def rates(t, y):
        gradient = np.empty((3, 3))
        for k in range(3):
            pushed = acceleration(y[:3] + 1e-20j * np.eye(3)[k], epoch + t)
            gradient[:, k] = pushed.imag * 1e20
        matrix = y[6:].reshape(6, 6)
        slope = np.concatenate([matrix[3:], gradient @ matrix[:3]])
        return np.concatenate([y[3:6], pushed.real, slope.reshape(-1)])

    y = np.concatenate([state, np.eye(6).reshape(-1)])
    edges = flight.nodes[0][np.append(True, np.diff(flight.nodes[0]) > 1.0)]
    for begin, end in zip(edges[:-1], np.append(edges[1:-1], flight.final_elapsed[0]), strict=True):
        y = solve_ivp(rates, (begin, end), y, method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    assert np.abs(y[:3] - flight.final[:3, 0]).max() < 1e-6
    assert block_error(ours, y[6:].reshape(6, 6)) < 1e-9


def test_bitwise_for_one_and_many_and_any_threads(flight):
    together = state_transition(flight, threads=2).final
    assert np.array_equal(state_transition(flight, threads=1).final, together)
    for i in (0, 13, 39):
        assert np.array_equal(state_transition(flight[i]).final[:, :, 0], together[:, :, i])


def test_symplectic_for_forces_with_a_potential(flight):
    """Phi^T J Phi = J, whatever the error of the flight; in units of 1000 km and 1000 s."""
    unit = np.array([1e3] * 3 + [1.0] * 3)
    j = np.block([[np.zeros((3, 3)), np.eye(3)], [-np.eye(3), np.zeros((3, 3))]])
    for matrix in np.moveaxis(state_transition(flight).final, 2, 0):
        scaled = matrix * unit / unit[:, None]
        assert np.abs(scaled.T @ j @ scaled - j).max() < 1e-9 * max(1.0, np.abs(scaled).max() ** 2)


def test_matrices_of_two_legs_multiply(lunar):
    states, epochs = elliptical(5)
    whole = state_transition(propagate(states, epochs, 2 * DAY_S, lunar, rtol=1e-12))
    first = propagate(states, epochs, 0.7 * DAY_S, lunar, rtol=1e-12)
    second = propagate(first.final, epochs + 0.7 * DAY_S, 1.3 * DAY_S, lunar, rtol=1e-12)
    one, two = state_transition(first).final, state_transition(second).final
    for i in range(5):
        assert block_error(two[:, :, i] @ one[:, :, i], whole.final[:, :, i]) < 1e-8
        # and the matrix on the way, between nodes
        assert block_error(whole.at(0.7 * DAY_S)[:, :, i], one[:, :, i]) < 1e-8


def test_between_any_two_times(lunar):
    states, epochs = elliptical(3)
    flight = propagate(states, epochs, 2 * DAY_S, lunar, rtol=1e-12)
    transition = state_transition(flight)
    one, two = np.array([0.1, 0.5, 0.9]) * DAY_S, np.array([1.9, 1.2, 1.0]) * DAY_S
    forth, back = transition.between(one, two), transition.between(two, one)
    for i in range(3):
        assert np.allclose(forth[:, :, i] @ back[:, :, i], np.eye(6), rtol=0, atol=1e-5)
        begin = flight[i].at(one[i])[:, 0]
        leg = propagate(begin, epochs[i] + one[i], two[i] - one[i], lunar, rtol=1e-12)
        # the leg starts from the dense output, some millimetres from the path
        assert block_error(forth[:, :, i], state_transition(leg).final[:, :, 0]) < 1e-7
        # an impulse at the first time
        dv = np.array([1e-6, -2e-6, 5e-7])
        moved = propagate(begin + np.append(np.zeros(3), dv), leg.epoch, leg.duration, lunar, rtol=1e-12)
        expected = forth[:, 3:, i] @ dv
        assert moved.final[:, 0] - leg.final[:, 0] == pytest.approx(expected, rel=2e-3, abs=1e-9)


def test_impulse_and_its_time(lunar):
    """Flights with the impulse given a little stronger, or later, end where the sensitivity says."""
    state, epoch = elliptical(1)
    first, second = 0.4 * DAY_S, 0.8 * DAY_S
    delta_v = np.array([0.02, -0.01, 0.015])

    def fly(time, impulse):
        there = propagate(state, epoch, time, lunar, rtol=1e-13).final
        there[3:, 0] += impulse
        return propagate(there, epoch + time, first + second - time, lunar, rtol=1e-13)

    flown = fly(first, delta_v)
    sensitivity = state_transition(flown).impulse(0.0, delta_v)[:, :, 0]
    for axis in range(3):
        step = 1e-7 * np.eye(3)[axis]
        moved = fly(first, delta_v + step).final - fly(first, delta_v - step).final
        assert moved[:, 0] / 2e-7 == pytest.approx(sensitivity[:, axis], rel=1e-5, abs=1e-3)
    moved = fly(first + 0.5, delta_v).final - fly(first - 0.5, delta_v).final
    assert moved[:3, 0] == pytest.approx(sensitivity[:3, 3], rel=1e-4, abs=1e-5)
    assert moved[3:, 0] == pytest.approx(sensitivity[3:, 3], rel=1e-4, abs=1e-9)
    with pytest.raises(InputError, match="delta_v"):
        state_transition(flown).impulse(0.0, np.zeros(4))


def test_without_history_only_the_ends_remain(flight):
    whole, ends = state_transition(flight), state_transition(flight, history=False)
    assert np.array_equal(whole.final, ends.final)
    assert ends.steps is None
    with pytest.raises(InputError, match="history"):
        ends.at(10.0)


def test_at_given_times(flight):
    transition = state_transition(flight[20:])
    times = np.array([0.0, 1234.5, 5000.0])
    table = transition.at(times)
    assert table.shape == (6, 6, 20, 3)
    assert np.allclose(table[..., 0], np.eye(6)[:, :, None], rtol=0, atol=1e-15)
    one = state_transition(flight[-1])
    last = one.at(float(flight.final_elapsed[-1]))
    assert np.allclose(last, one.final, rtol=1e-13, atol=0)
    with pytest.raises(InputError, match="outside the flight of trajectory 0"):
        transition.at(1e7)
    with pytest.raises(InputError, match="outside the flight"):
        state_transition(flight[0]).at(10.0)  # flown backwards


@pytest.mark.parametrize("shadows", [("moon", "earth"), ()])
def test_differences_of_neighbouring_flights_with_radiation_pressure(shadows):
    light = RadiationPressure(0.02, shadows=shadows)
    forces = ForceModel(degree=4, radiation_pressure=light)
    state, epoch = elliptical(1)
    duration = 1 * DAY_S
    ours = state_transition(propagate(state, epoch, duration, forces, rtol=1e-12)).final[:, :, 0]
    steps = np.repeat([1e-2, 1e-5], 3)
    neighbours = state + np.concatenate([np.diag(steps), -np.diag(steps)], axis=1)
    ends = propagate(neighbours, epoch[0], duration, forces, rtol=1e-13).final
    differences = (ends[:, :6] - ends[:, 6:]) / (2.0 * steps)
    # rounding over the offset and, in eclipse, the moved edge of the shadow
    assert block_error(ours, differences) < 1e-6


def test_state_transition_of_the_three_body_problem_conserves_the_jacobi_constant():
    """The gradient of the constant is carried along by the matrix: grad C(end) Phi = grad C(start)."""
    state = np.array([1.0196625817475922, 0.0, -0.18041918731575562, 0.0, -0.098059824670690757, 0.0])
    flight = propagate_three_body(state, 1.0)
    matrix = state_transition(flight).final[:, :, 0]

    def gradient(at):
        size = 1e-20
        pushed = at + 1j * size * np.eye(6)
        mu = EARTH_MOON.mu
        x, y, z, vx, vy, vz = pushed.T
        across = y * y + z * z
        potential = x * x + y * y + 2 * (1 - mu) / np.sqrt((x + mu) ** 2 + across)
        potential = potential + 2 * mu / np.sqrt((x - 1 + mu) ** 2 + across)
        return (potential - vx * vx - vy * vy - vz * vz).imag / size

    assert gradient(flight.final[:, 0]) @ matrix == pytest.approx(gradient(state), abs=1e-10)


def test_impact_has_the_matrix_of_the_time_of_impact(lunar):
    flight = propagate([2000.0, 0.0, 0.0, 0.0, 0.5, 0.0], EPOCH, DAY_S, lunar)
    to_there = propagate([2000.0, 0.0, 0.0, 0.0, 0.5, 0.0], EPOCH, flight.final_elapsed - 1e-3, lunar)
    one, other = state_transition(flight).final, state_transition(to_there).final
    assert np.allclose(one, other, rtol=1e-3, atol=1e-6)


def test_what_has_no_matrix(lunar):
    states, epochs = elliptical(3)
    with pytest.raises(InputError, match="no nodes for trajectories 0, 1, 2"):
        state_transition(propagate(states, epochs, DAY_S, lunar, record=False))
    states[0, 1] = np.nan
    with pytest.raises(InputError, match="no nodes for trajectories 1"):
        state_transition(propagate(states, epochs, DAY_S, lunar, on_error="status"))
    table = Trajectory.from_nodes("moon", 0.0, [0.0, 60.0], np.array([[2000.0, 2000, 0, 0, 0, 0]] * 2).T)
    with pytest.raises(InputError, match="no forces"):
        state_transition(table)


def test_no_trajectories_and_no_times(lunar):
    state, epoch = elliptical(2)
    two = propagate_state_transition(state, epoch, 0.1 * DAY_S, lunar)
    assert two.at([]).shape == (6, 6, 2, 0)
    for axes in ("icrf", "rtn"):
        assert transport_covariance(two, np.eye(6), [], axes).shape == (6, 6, 2, 0)
    none = propagate_state_transition(np.empty((6, 0)), EPOCH, 0.1 * DAY_S, lunar)
    assert none.final.shape == none.at(0.0).shape == none.between(0.0, 10.0).shape == (6, 6, 0)
    assert none.at([0.0]).shape == (6, 6, 0, 1)
    assert none.at([]).shape == (6, 6, 0, 0)
    assert none.impulse(0.0, [0.0, 0.0, 1.0]).shape == (6, 4, 0)
    assert none.impulse(0.0, np.empty((3, 0))).shape == (6, 4, 0)
    without = state_transition(two.trajectory, history=False)
    with pytest.raises(InputError, match="history"):
        without.at([])


def test_bad_times_and_impulses(lunar):
    state, epoch = elliptical(2)
    two = propagate_state_transition(state, epoch, 0.1 * DAY_S, lunar)
    infinite = np.array([[0.0, 0.0], [0.0, np.inf], [0.0, 0.0]])
    for call, text in (
        (lambda: two.at("x"), "elapsed: expected seconds after the start, a number or shape .* got 'x'"),
        (lambda: two.at([[0.0]]), r"elapsed: expected a number or shape \(m,\); got shape \(1, 1\)"),
        (lambda: two.at(np.nan), "elapsed nan s is outside the flight of trajectory 0, which covers 0 to"),
        (lambda: two.between([0.0, 1.0, 2.0], 3.0), r"start: expected one number or shape \(2,\); got shape"),
        (
            lambda: two.between(0.0, "x"),
            "end: expected one number or one for each of 2 trajectories; got 'x'",
        ),
        (lambda: two.impulse(9.0, "x"), r"delta_v: expected km/s, shape \(3,\) or \(3, 2\); got 'x'"),
        (lambda: two.impulse(9.0, [0.0, 1.0]), r"delta_v: expected shape \(3,\) or \(3, 2\); got shape"),
        (
            lambda: two.impulse(9.0, [0.0, 0.0, np.nan]),
            "delta_v of trajectories 0, 1: expected finite values",
        ),
        (lambda: two.impulse(9.0, infinite), "delta_v of trajectories 1: expected finite values, km/s; give"),
    ):
        with pytest.raises(InputError, match=text):
            call()


def test_other_things_than_trajectories(lunar):
    state, epoch = elliptical(1)
    earth = ForceModel("earth", gravity=None, bodies=("moon",))
    moon = ForceModel("moon", gravity=None, bodies=("earth",))
    powered = propagate_burns(state, epoch, 60.0, lunar, [ImpulsiveBurn(9.0, [0.1, 0, 0])], 100.0, 50.0)
    transfer = propagate_transfer(state, epoch, 60.0, earth, moon, center="moon")
    for given, text in (
        (None, "trajectory: expected a Trajectory, from propagate or propagate_three_body; got NoneType"),
        (powered, r"got PoweredFlight; use its method sensitivities\(\)"),
        (transfer, r"got TransferTrajectory; use its method state_transition\(\)"),
    ):
        with pytest.raises(InputError, match=text):
            state_transition(given)
    flown = propagate(state, epoch, 60.0, lunar)
    with pytest.raises(InputError, match='on_error: expected "raise" or "status"; got \'no\''):
        state_transition(flown, on_error="no")
    with pytest.raises(InputError, match="threads: expected a whole number, at least 1; got 0"):
        state_transition(flown, threads=0)


@pytest.mark.parametrize("shadows", [("moon",), ()])
def test_those_that_cannot_be_flown_have_no_matrices(shadows):
    states, epochs = elliptical(6)
    states[0, 0], states[:3, 3], epochs[5] = np.nan, 100.0, np.nan
    area = np.array([0.02, 0.02, -1.0, 0.02, 0.02, 0.02])
    good = [1, 4]
    fly = {"epoch": epochs, "duration": 0.3 * DAY_S}

    def lit(area):
        return ForceModel("moon", degree=4, radiation_pressure=RadiationPressure(area, shadows=shadows))

    with pytest.raises(
        InputError, match=r"trajectories 0: the state holds .*; trajectories 3: the start lies"
    ):
        propagate_state_transition(states, **fly, forces=lit(area))
    some = propagate_state_transition(states, **fly, forces=lit(area), on_error="status")
    assert some.trajectory.status.tolist() == [5, 0, 5, 5, 0, 5]
    alone = propagate_state_transition(states[:, good], epochs[good], 0.3 * DAY_S, lit(0.02))
    times = np.array([0.0, 4321.0])
    impulses = np.full((3, 6), np.nan)
    impulses[:, good] = [[0.1], [0.2], [0.3]]
    for found, expected in (
        (some.final, alone.final),
        (some.at(times), alone.at(times)),
        (some.between(8000.0, 90.0), alone.between(8000.0, 90.0)),
        (some.impulse(90.0, impulses), alone.impulse(90.0, [0.1, 0.2, 0.3])),
    ):
        assert np.array_equal(found[:, :, good], expected)
        assert np.isnan(np.delete(found, good, axis=2)).all()
    ends = state_transition(some.trajectory, history=False, on_error="status")
    assert np.array_equal(ends.final, some.final, equal_nan=True)
    with pytest.raises(InputError, match="no nodes for trajectories 0, 2, 3, 5"):
        state_transition(some.trajectory)
    nobody = propagate_state_transition(states[:, :1], EPOCH, 60.0, lit(0.02), on_error="status")
    assert np.isnan(nobody.at(times)).all()


def test_flights_that_were_not_recorded_are_no_bad_input(lunar):
    states, epochs = elliptical(2)
    states[0, 0] = np.nan
    flown = propagate(states, epochs, 60.0, lunar, on_error="status", record=False)
    with pytest.raises(InputError, match="no nodes for trajectories 1: not flown, or record=False"):
        state_transition(flown, on_error="status")
