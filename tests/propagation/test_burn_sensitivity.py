"""Derivatives of flights with burns against SciPy's DOP853 on complex numbers.

SciPy integrates state and mass, seven complex numbers, through coasts and burns written out by hand; a
parameter with an imaginary part of 1e-30 leaves the derivative of the end in the imaginary part of the end,
without a difference being taken. Each leg runs over a time from 0 to 1, so that its start and its length may
be complex too. For the gravity field, which SciPy does not have, differences of neighbouring flights.
"""

import dataclasses

import numpy as np
import pytest
from orbits import EPOCH
from scipy.integrate import solve_ivp

from cislunar.errors import InputError
from cislunar.propagation import (
    AgainstVelocity,
    AlongVelocity,
    Apoapsis,
    FiniteBurn,
    FixedDirection,
    ForceModel,
    ImpulsiveBurn,
    RadiationPressure,
    TurningDirection,
    propagate,
    propagate_burns,
    state_transition,
)

G0 = 9.80665e-3
DURATION_S = 14000.0
STATE = np.array([2300.0, 0.0, 300.0, -0.1, 1.7, 0.4])
MASS = 1500.0
BURNS = [
    ImpulsiveBurn(1000.0, [0.02, 0.03, -0.01], specific_impulse_s=220.0, axes="vnc"),
    FiniteBurn(2500.0, 500.0, 300.0, FixedDirection([1.0, 0.2, -0.3], axes="rtn"), delta_v_km_s=0.15),
    FiniteBurn(
        5000.0, 400.0, 310.0, TurningDirection([1, 0.2, -0.3], [0.1, 0.9, 0.3], 1e-3, axes="vnc"),
        duration_s=600.0,
    ),
    FiniteBurn(7500.0, 300.0, 310.0, AgainstVelocity(), delta_v_km_s=0.1),
    ImpulsiveBurn(10000.0, [0.02, 0.03, -0.01], specific_impulse_s=220.0, axes="rtn"),
    FiniteBurn(13500.0, 300.0, 310.0, AlongVelocity(), duration_s=1000.0),
]  # fmt: skip
TINY = 1e-30


@pytest.fixture(scope="module")
def point():
    """The Moon as a point."""
    return ForceModel("moon", gravity=None, bodies=())


@pytest.fixture(scope="module")
def sensitivity(point):
    flight = propagate_burns(STATE, EPOCH, DURATION_S, point, BURNS, MASS, 300.0, rtol=1e-13)
    return flight.sensitivities()


def size(v):
    """Length of a complex vector, without absolute values."""
    return np.sqrt((v * v).sum())


def cross(a, b):
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def turned(vector, axes, r, v):
    """A vector in ICRF axes from axes of the motion."""
    normal = cross(r, v) / size(cross(r, v))
    if axes == "vnc":
        first = v / size(v)
        return vector[0] * first + vector[1] * normal + vector[2] * cross(first, normal)
    first = r / size(r)
    return vector[0] * first + vector[1] * cross(normal, first) + vector[2] * normal


def leg(y, length, gm, thrust=0.0, isp=1.0, direction=None):
    """Integrate state and mass over a leg of complex length."""

    def rates(s, y):
        r, v = y[:3], y[3:6]
        a = -gm * r / size(r) ** 3
        if direction is None:
            return length * np.concatenate([v, a, [0.0]])
        push = 1e-3 * thrust / y[6] * direction(s * length, v)
        return length * np.concatenate([v, a + push, [-1e-3 * thrust / (G0 * isp)]])

    return solve_ivp(rates, (0, 1), y, "DOP853", rtol=1e-13, atol=1e-12).y[:, -1]


def end(gm, state=STATE, mass=MASS, k=-1, name="", change=0.0):
    """State and mass at the end, with one parameter of one burn changed."""
    y = np.append(state, mass).astype(complex)
    now = 0.0
    for number, burn in enumerate(BURNS):

        def of(key, value, number=number):
            return value + change if (number, key) == (k, name) else value

        start = of("start", burn.start)
        y = leg(y, start - now, gm)
        r, v, mass = y[:3], y[3:6], y[6]
        isp = of("specific_impulse_s", burn.specific_impulse_s)
        now = start
        if isinstance(burn, ImpulsiveBurn):
            delta_v = of("delta_v_km_s", np.array(burn.delta_v_km_s))
            y = np.concatenate(
                [r, v + turned(delta_v, burn.axes, r, v), [mass * np.exp(-size(delta_v) / (G0 * isp))]]
            )
            continue
        thrust = of("thrust_n", burn.thrust_n)
        if burn.duration_s is not None:
            length = of("duration_s", burn.duration_s)
        else:
            delta_v = of("delta_v_km_s", burn.delta_v_km_s)
            length = mass * G0 * isp / (1e-3 * thrust) * (1.0 - np.exp(-delta_v / (G0 * isp)))
        if number == len(BURNS) - 1:
            length = DURATION_S - now  # cut off by the end of the flight
        direction = pointing(burn, of, r, v)
        y = leg(y, length, gm, thrust, isp, direction)
        now = now + length
    return y


def pointing(burn, of, r, v):
    if isinstance(burn.direction, AlongVelocity):
        return lambda t, v: v / size(v)
    if isinstance(burn.direction, AgainstVelocity):
        return lambda t, v: -v / size(v)
    unit = np.array(burn.direction.direction)
    unit = of("direction", unit / np.linalg.norm(unit))
    first = turned(unit, burn.direction.axes, r, v)
    if isinstance(burn.direction, FixedDirection):
        return lambda t, v: first
    rate = of("rate_rad_s", burn.direction.rate_rad_s)
    axis = np.array(burn.direction.axis)
    axis = turned(axis / np.linalg.norm(axis), burn.direction.axes, r, v)
    side, along = cross(axis, first), (axis * first).sum() * axis
    return lambda t, v: along + (first - along) * np.cos(rate * t) + side * np.sin(rate * t)


def error(ours, theirs):
    """Largest difference of position, velocity and mass relative to the largest component of each."""
    worst = 0.0
    for part in (slice(0, 3), slice(3, 6), slice(6, 7)):
        scale = np.abs(theirs[part]).max()
        difference = np.abs(ours[part] - theirs[part]).max()
        worst = max(worst, difference / scale if scale > 1e-12 else difference)
    return worst


PARAMETERS = [
    *[(k, name) for k in range(6) for name in ("start", "specific_impulse_s")],
    *[(k, "thrust_n") for k in (1, 2, 3, 5)],
    *[(k, "delta_v_km_s") for k in (0, 1, 3, 4)],
    (2, "duration_s"), (2, "rate_rad_s"), (1, "direction"), (2, "direction"),
]  # fmt: skip


@pytest.mark.parametrize(("k", "name"), PARAMETERS)
def test_parameters_of_burns_against_scipy(point, sensitivity, k, name):
    ours = sensitivity.burn(0, k)[name]
    gm = point.gm["moon"]
    units = np.eye(3) if ours.ndim == 2 else [1.0]
    for column, unit in zip(ours.reshape(7, -1).T, units, strict=True):
        theirs = end(gm, k=k, name=name, change=1j * TINY * unit).imag / TINY
        assert error(column, theirs) < 1e-9


def test_start_against_scipy(point, sensitivity):
    gm = point.gm["moon"]
    for column, unit in enumerate(np.eye(6)):
        theirs = end(gm, state=STATE + 1j * TINY * unit).imag / TINY
        assert error(sensitivity.matrices[0][:, column], theirs) < 1e-9
    theirs = end(gm, mass=MASS + 1j * TINY).imag / TINY
    assert error(sensitivity.matrices[0][:, 6], theirs) < 1e-9
    np.testing.assert_array_equal(sensitivity.state[:, :, 0], sensitivity.matrices[0][:6, :6])
    np.testing.assert_array_equal(sensitivity.mass[:, 0], sensitivity.matrices[0][:6, 6])


def test_the_end_itself_against_scipy(point, sensitivity):
    theirs = end(point.gm["moon"]).real
    assert np.abs(sensitivity.flight.final[:3, 0] - theirs[:3]).max() < 1e-7
    assert sensitivity.flight.final_mass_kg[0] == pytest.approx(theirs[6], rel=1e-13)


def test_at_the_default_tolerance(point, sensitivity):
    flight = propagate_burns(STATE, EPOCH, DURATION_S, point, BURNS, MASS, 300.0)
    coarse = flight.sensitivities().matrices[0]
    for ours, fine in zip(coarse.T, sensitivity.matrices[0].T, strict=True):
        assert error(ours, fine) < 1e-7


def test_the_cut_of_the_last_burn_has_no_duration(sensitivity):
    assert "duration_s" in sensitivity.burn(0, 5)
    assert (sensitivity.burn(0, 5)["duration_s"] == 0.0).all()


def test_differences_of_neighbouring_flights_in_a_gravity_field():
    forces = ForceModel(degree=8)
    state = np.stack([STATE, STATE * 1.01], axis=1)
    lists = [BURNS[2:4], [BURNS[1], BURNS[4]]]

    def fly(lists):
        return propagate_burns(state, EPOCH, DURATION_S, forces, lists, MASS, 300.0, rtol=1e-13)

    ours = fly(lists).sensitivities()
    for i, k, name, step in ((0, 0, "start", 1.0), (0, 1, "thrust_n", 0.5), (1, 0, "thrust_n", 0.5)):
        ends = []
        for times in (1, -1, 2, -2):
            changed = [list(burns) for burns in lists]
            value = getattr(lists[i][k], name) + times * step
            changed[i][k] = dataclasses.replace(lists[i][k], **{name: value})
            flight = fly(changed)
            ends.append(np.append(flight.final[:, i], flight.final_mass_kg[i]))
        slope = (8.0 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12.0 * step)
        assert error(ours.burn(i, k)[name], slope) < 1e-7
    # Another trajectory has no share in it, nor has the number of threads.
    alone = propagate_burns(
        state[:, 1], EPOCH, DURATION_S, forces, lists[1], MASS, 300.0, rtol=1e-13
    ).sensitivities(threads=1)
    np.testing.assert_array_equal(alone.matrices[0], ours.matrices[1])


def test_without_burns_it_is_the_state_transition():
    forces = ForceModel(degree=4)
    powered = propagate_burns(STATE, EPOCH, DURATION_S, forces, [], MASS, 300.0)
    plain = state_transition(propagate(STATE, EPOCH, DURATION_S, forces))
    np.testing.assert_array_equal(powered.sensitivities().state, plain.final)


def test_parts_of_a_batch_keep_their_own_radiation_pressure():
    forces = ForceModel(gravity=None, bodies=(), radiation_pressure=RadiationPressure([0.5, 2.0]))
    states = np.stack([STATE, STATE], axis=1)
    plain = propagate(states, EPOCH, DURATION_S, forces)
    whole = state_transition(plain).final
    np.testing.assert_array_equal(state_transition(plain[1]).final[:, :, 0], whole[:, :, 1])
    powered = propagate_burns(states, EPOCH, DURATION_S, forces, [BURNS[:2], BURNS[2:]], MASS, 300.0)
    np.testing.assert_array_equal(powered[1].sensitivities().matrices[0], powered.sensitivities().matrices[1])


def test_what_cannot_be_differentiated(point):
    waiting = [FiniteBurn(Apoapsis(occurrence=9), 10.0, 300.0, AlongVelocity(), duration_s=10.0)]
    flight = propagate_burns(STATE, EPOCH, 1000.0, point, waiting, MASS, 300.0)
    with pytest.raises(InputError, match="burn 0 of trajectory 0 was not flown"):
        flight.sensitivities().burn(0, 0)
    bad = propagate_burns(STATE, EPOCH, 1000.0, point, [], 10.0, 300.0, on_error="status")
    with pytest.raises(InputError, match="trajectories 0 were not flown"):
        bad.sensitivities()
    thrusting = propagate_burns(STATE, EPOCH, 3000.0, point, BURNS[1:2], MASS, 300.0)
    with pytest.raises(InputError, match="do not know their thrust"):
        state_transition(thrusting.arcs)
