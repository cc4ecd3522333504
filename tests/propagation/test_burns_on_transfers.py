"""Burns on transfers between Earth and Moon, against SciPy's DOP853 in one frame about the Earth.

SciPy integrates position, velocity and mass at a relative tolerance of 1e-13, with Earth, Moon and Sun as
points; only the places of the bodies are from the package's ephemeris. With the made-up ephemeris of
`test_handover`, in which Earth and Moon move as the force models say, both obey the same equations. With
DE440 the motion of the bodies has causes that the points leave out (see `test_handover`): metres in days.
"""

from dataclasses import replace

import numpy as np
import pytest
from orbits import EPOCH, circular
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation
from test_handover import DAY, GM_EARTH, GM_MOON, flybys, kepler_ephemeris

from cislunar.errors import EpochRangeError, InputError
from cislunar.propagation import (
    AgainstVelocity,
    AlongVelocity,
    Apoapsis,
    FiniteBurn,
    FixedDirection,
    ForceModel,
    ImpulsiveBurn,
    Periapsis,
    PoweredFlight,
    RadiationPressure,
    Radius,
    Status,
    TurningDirection,
    UserEvent,
    propagate,
    propagate_burns,
    propagate_transfer,
    propagate_transfer_burns,
)
from cislunar.propagation.burn_kinds import axes_to_icrf
from cislunar.propagation.handover import HANDOVER_RADIUS_KM

G0 = 9.80665e-3  # km/s^2
BEGIN = EPOCH - 3 * DAY
PERILUNE = Periapsis(body="moon")
CORRECTION = FiniteBurn(DAY, 20.0, 300.0, FixedDirection([1, 0.3, -0.2], axes="vnc"), duration_s=40.0)
INSERTION = FiniteBurn(PERILUNE, 800.0, 310.0, AgainstVelocity(), duration_s=1000.0)


@pytest.fixture(scope="module")
def two_bodies():
    ephemeris, gm = kepler_ephemeris(), {"earth": GM_EARTH, "moon": GM_MOON}
    return (
        ForceModel("earth", gravity=None, bodies=("moon",), gm=gm, ephemeris=ephemeris),
        ForceModel("moon", gravity=None, bodies=("earth",), gm=gm, ephemeris=ephemeris),
    )


@pytest.fixture(scope="module")
def real():
    return (
        ForceModel("earth", gravity=None, bodies=("moon", "sun")),
        ForceModel("moon", gravity=None, bodies=("earth", "sun")),
    )


def departures(n, models, seed=3):
    """States (6, n) about the Earth, three days before perilune."""
    return propagate_transfer(flybys(n, seed), EPOCH, -3 * DAY, *models, center="moon", rtol=1e-13).final


class Scipy:
    """Seven states about the Earth, from the start of the transfer on."""

    def __init__(self, models, state, mass):
        self.earth = models[0]
        self.suns = ("moon", "sun") if "sun" in self.earth.bodies else ("moon",)
        self.t, self.y = 0.0, np.append(state, mass)

    def moonward(self, t, y):
        """State (6,) about the Moon."""
        return y[:6] - self.earth.ephemeris.state("moon", "earth", np.array([BEGIN + t]))[:, 0]

    def fly(self, end, thrust_n=0.0, isp_s=300.0, direction=None, event=None):
        """Integrate to a time or an event; `direction(t, y)` is a unit vector."""

        def rates(t, y):
            r = y[:3]
            pull = -self.earth.gm["earth"] * r / np.linalg.norm(r) ** 3
            for body in self.suns:
                to = self.earth.ephemeris.position(body, "earth", np.array([BEGIN + t]))[:, 0]
                away = r - to
                pull -= self.earth.gm[body] * (
                    away / np.linalg.norm(away) ** 3 + to / np.linalg.norm(to) ** 3
                )
            if direction is not None:
                pull += 1e-3 * thrust_n / y[6] * direction(t, y)
            return np.concatenate([y[3:6], pull, [-1e-3 * thrust_n / (G0 * isp_s)]])

        flown = solve_ivp(
            rates, (self.t, end), self.y, "DOP853", rtol=1e-13, atol=1e-9, events=event, max_step=0.2 * DAY
        )
        assert flown.success
        self.t, self.y = flown.t[-1], flown.y[:, -1]
        return self

    def until(self, end, function, rising):
        """Integrate to where a function of the state about the Moon passes zero."""

        def event(t, y):
            return function(self.moonward(t, y))

        event.terminal, event.direction = True, rising
        return event


def corrected_and_inserted(models, state):
    """States of SciPy about the Moon after the insertion and at the end, when it began, and the last mass."""
    theirs = Scipy(models, state, 1500.0)
    theirs.fly(DAY)
    push = axes_to_icrf("vnc", theirs.y[:6]) @ np.array([1, 0.3, -0.2]) / np.linalg.norm([1, 0.3, -0.2])
    theirs.fly(DAY + 40.0, 20.0, 300.0, lambda t, y: push)
    theirs.fly(5 * DAY, event=theirs.until(5 * DAY, lambda x: x[:3] @ x[3:], 1))
    began = theirs.t

    def against(t, y):
        v = theirs.moonward(t, y)[3:]
        return -v / np.linalg.norm(v)

    theirs.fly(began + 1000.0, 800.0, 310.0, against)
    inserted = theirs.moonward(theirs.t, theirs.y)
    theirs.fly(4 * DAY)
    return began, inserted, theirs.moonward(theirs.t, theirs.y), theirs.y[6]


def test_correction_and_insertion_against_scipy(two_bodies):
    state = departures(1, two_bodies)[:, 0]
    burns = [CORRECTION, INSERTION]
    flight = propagate_transfer_burns(
        state, BEGIN, 4 * DAY, *two_bodies, burns, 1500.0, 500.0, events=[PERILUNE], rtol=1e-13
    )
    began, inserted, last, mass = corrected_and_inserted(two_bodies, state)
    assert flight.message == ["flown to the end"]
    assert flight.center == ["moon"]
    rows = flight.burns_of(0)
    assert rows["complete"].all()
    assert rows["start_s"][1] == pytest.approx(began, abs=1e-5)
    ours = flight.at(rows["start_s"][1] + 1000.0, "moon")[:, 0]
    # 7e-7 km and 2e-10 km/s were measured; the time of the perilune is good to 0.2 microseconds.
    np.testing.assert_allclose(ours[:3], inserted[:3], rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours[3:], inserted[3:], rtol=0, atol=1e-8)
    # After five revolutions; 2e-5 km were measured.
    np.testing.assert_allclose(flight.final[:3, 0], last[:3], rtol=0, atol=2e-4)
    assert flight.final_mass_kg[0] == pytest.approx(mass, abs=1e-9)
    # The perilune at which the burn starts is in the table of events, once.
    found = flight.events.named("periapsis")
    assert np.count_nonzero(np.abs(found["elapsed"] - rows["start_s"][1]) < 1.0) == 1
    assert not found["terminal"].any()
    table = flight.burn_table()
    assert table["delta_v_km_s"][1] == pytest.approx(310.0 * G0 * np.log(rows["mass_before_kg"][1] / mass))
    # Without the correction it arrives elsewhere; along the motion about the Earth it is another burn.
    missed = propagate_transfer_burns(state, BEGIN, 4 * DAY, *two_bodies, [INSERTION], 1500.0, 500.0)
    assert np.linalg.norm(missed.final[:3] - flight.final[:3]) > 100.0


def test_with_the_real_ephemeris_and_the_sun(real):
    state = departures(1, real)[:, 0]
    burns = [CORRECTION, INSERTION]
    flight = propagate_transfer_burns(state, BEGIN, 4 * DAY, *real, burns, 1500.0, 500.0, rtol=1e-13)
    began, inserted, last, mass = corrected_and_inserted(real, state)
    assert flight.final_mass_kg[0] == pytest.approx(mass, abs=1e-9)
    ours = flight.at(began + 1000.0, "moon")[:, 0]
    # 0.7 m after the insertion, 40 m after five revolutions.
    assert np.abs(ours - inserted)[:3].max() < 0.005
    assert np.abs(flight.final[:, 0] - last)[:3].max() < 0.2


def crossing_time(models, state):
    """When a coast enters the sphere, s."""
    return float(propagate_transfer(state, BEGIN, 3 * DAY, *models).events.named("handover")["elapsed"][0])


AXIS = np.array([0.1, -0.2, 1.0])
STEERING = {
    "fixed": FixedDirection([0.3, 1.0, 0.1], axes="rtn"),
    "turning": TurningDirection([0.3, 1.0, 0.1], AXIS, 2e-5),
    "along": AlongVelocity(),
}


@pytest.mark.parametrize("law", STEERING)
def test_a_burn_is_handed_over_in_the_middle(two_bodies, law):
    state = departures(1, two_bodies)[:, 0]
    crossing = crossing_time(two_bodies, state)
    start, length = crossing - 20000.0, 40000.0
    burn = FiniteBurn(start, 5.0, 1500.0, STEERING[law], duration_s=length)
    flight = propagate_transfer_burns(state, BEGIN, 3.5 * DAY, *two_bodies, [burn], 1000.0, 500.0, rtol=1e-13)
    legs = [(leg.flown.center, leg.burn) for leg in flight.legs]
    assert legs == [("earth", -1), ("earth", 0), ("moon", 0), ("moon", -1)]
    assert flight.burn_rows.size == 1
    assert flight.burn_rows["complete"][0]
    assert flight.burn_rows["duration_s"][0] == pytest.approx(length, abs=1e-6)
    flow = 5.0 / (1500.0 * 9.80665)
    assert flight.final_mass_kg[0] == pytest.approx(1000.0 - flow * length, abs=1e-9)

    # Continuous: 1 mm and 1e-9 km/s are asked, and the mass goes on.
    first, second = flight.legs_of(0)[1:3]
    assert second.epoch[0] == first.epoch[0] + first.final_elapsed[0]
    shift = two_bodies[0].ephemeris.state("moon", "earth", second.epoch)
    moved = second.at(0.0) + shift - first.final
    assert np.abs(moved[:3]).max() < 1e-9
    assert np.abs(moved[3:]).max() < 1e-13
    switched = flight.events.named("handover")["elapsed"][0]
    before, after = flight.mass_at([switched - 1.0, switched + 1.0])[0]
    assert before - after == pytest.approx(2.0 * flow, rel=1e-6)

    theirs = Scipy(two_bodies, state, 1000.0).fly(start)
    given = np.array([0.3, 1.0, 0.1]) / np.linalg.norm([0.3, 1.0, 0.1])
    fixed = axes_to_icrf("rtn", theirs.y[:6]) @ given

    def turning(t, y):
        return Rotation.from_rotvec(2e-5 * (t - start) * AXIS / np.linalg.norm(AXIS)).apply(given)

    def along(t, y):
        v = y[3:6]
        return v / np.linalg.norm(v)

    def along_at_moon(t, y):
        v = theirs.moonward(t, y)[3:]
        return v / np.linalg.norm(v)

    if law == "along":
        theirs.fly(
            3 * DAY, 5.0, 1500.0, along,
            theirs.until(0.0, lambda x: np.linalg.norm(x[:3]) - HANDOVER_RADIUS_KM, -1),
        )  # fmt: skip
        assert theirs.t == pytest.approx(switched, abs=1e-4)
        theirs.fly(start + length, 5.0, 1500.0, along_at_moon)
    else:
        theirs.fly(start + length, 5.0, 1500.0, turning if law == "turning" else lambda t, y: fixed)
    np.testing.assert_allclose(flight.at(start + length, "earth")[:3, 0], theirs.y[:3], rtol=0, atol=2e-6)
    assert theirs.y[6] == pytest.approx(flight.final_mass_kg[0], abs=1e-9)
    theirs.fly(3.5 * DAY)
    assert np.abs(flight.at(3.5 * DAY, "earth")[:3, 0] - theirs.y[:3]).max() < 1e-4


def test_about_one_centre(two_bodies):
    state = departures(4, two_bodies)
    crossing = crossing_time(two_bodies, state[:, 0])
    burns = [
        ImpulsiveBurn(5000.0, [0.001, 0.002, 0.0], 300.0, axes="vnc"),
        FiniteBurn(crossing - 3000.0, 5.0, 1500.0, AlongVelocity(), duration_s=10000.0),
        INSERTION,
    ]
    flight = propagate_transfer_burns(state, BEGIN, 3.5 * DAY, *two_bodies, burns, 1500.0, 500.0)
    assert (flight.status == Status.FINISHED).all()
    times = np.concatenate([np.linspace(0.0, 3.5 * DAY, 300), [5000.0, crossing]])
    for center in ("earth", "moon"):
        whole = flight.about(center)
        assert isinstance(whole, PoweredFlight)
        assert np.abs(whole.at(times) - flight.at(times, center))[:3].max() < 1e-5
        np.testing.assert_array_equal(whole.mass_at(times), flight.mass_at(times))
        np.testing.assert_allclose(
            whole.final, flight.at(flight.final_elapsed[:, None], center)[:, :, 0], rtol=0, atol=1e-9
        )
        rows = whole.burns_of(2)
        np.testing.assert_allclose(
            rows["state_before"][1], whole.at(rows["start_s"][1])[:, 2], rtol=0, atol=1e-7
        )
        np.testing.assert_allclose(rows["state_after"][0], whole.at(5000.0)[:, 2], rtol=0, atol=1e-8)
        part = whole[np.array([2, 0])]
        np.testing.assert_array_equal(part.at(times), whole.at(times)[:, [2, 0]])
        with pytest.raises(InputError, match="expected a flight about one centre; this one changed it"):
            part.sensitivities()
    # The velocity jumps at the impulse and only there.
    before, at = flight.at([5000.0 - 1e-6, 5000.0], "earth")[:, 0].T
    assert np.linalg.norm(at[3:] - before[3:]) == pytest.approx(np.hypot(0.001, 0.002), abs=1e-9)
    np.testing.assert_array_equal(
        flight.at_tdb(BEGIN + 2 * DAY, "moon"), flight.at(np.full((4, 1), 2 * DAY), "moon")[:, :, 0]
    )
    with pytest.raises(InputError, match="expected one of earth, moon"):
        flight.about("sun")
    with pytest.raises(InputError, match="outside the flight of trajectory 0"):
        flight.mass_at(4 * DAY)


@pytest.mark.parametrize("direction", [FixedDirection([1, 0, 0.1], axes="vnc"), AlongVelocity()])
def test_forward_and_back(two_bodies, direction):
    state = departures(5, two_bodies, seed=8)[:, [0, 1, 3, 4]]  # the third would end on the Moon
    crossing = crossing_time(two_bodies, state[:, 0])
    burns = [
        ImpulsiveBurn(5000.0, [0.001, 0.002, 0.0], 300.0, axes="vnc"),
        replace(CORRECTION, direction=FixedDirection([1, 0.3, -0.2], axes="rtn")),
        FiniteBurn(crossing - 2e4, 5.0, 1500.0, direction, duration_s=4e4),
        FiniteBurn(2.9 * DAY, 50.0, 310.0, AgainstVelocity(), delta_v_km_s=0.05),
    ]
    there = propagate_transfer_burns(state, BEGIN, 3.2 * DAY, *two_bodies, burns, 1500.0, 500.0, rtol=1e-13)
    assert (there.status == Status.FINISHED).all()
    crossed = [sum(leg.burn == 2 for leg in there.legs if i in leg.owner) for i in range(4)]
    assert max(crossed) == 2
    reverse = [replace(burn, start=burn.start - 3.2 * DAY) for burn in reversed(burns)]
    back = propagate_transfer_burns(
        there.final, BEGIN + 3.2 * DAY, -3.2 * DAY, *two_bodies, reverse, there.final_mass_kg, 500.0,
        center="moon", rtol=1e-13,
    )  # fmt: skip
    assert back.message == ["flown to the end"] * 4
    assert back.center == ["earth"] * 4
    # 8e-9 km and 6e-14 km/s were measured.
    np.testing.assert_allclose(back.final[:3], state[:3], rtol=0, atol=1e-6)
    np.testing.assert_allclose(back.final[3:], state[3:], rtol=0, atol=1e-11)
    np.testing.assert_allclose(back.final_mass_kg, 1500.0, rtol=0, atol=1e-9)
    times = np.linspace(0.0, 3.2 * DAY, 100)
    np.testing.assert_allclose(back.mass_at(times - 3.2 * DAY), there.mass_at(times), rtol=0, atol=1e-9)
    assert np.abs(back.at(times - 3.2 * DAY, "moon") - there.at(times, "moon"))[:3].max() < 1e-6


def test_without_burns_it_is_a_plain_transfer(real):
    state = departures(3, real)
    plain = propagate_transfer(state, BEGIN, 4 * DAY, *real, events=[PERILUNE])
    powered = propagate_transfer_burns(state, BEGIN, 4 * DAY, *real, [], 10.0, 5.0, events=[PERILUNE])
    np.testing.assert_array_equal(powered.final, plain.final)
    np.testing.assert_array_equal(powered.events.rows, plain.events.rows)
    times = np.linspace(0.0, 4 * DAY, 50)
    np.testing.assert_array_equal(powered.at(times, "moon"), plain.at(times, "moon"))
    np.testing.assert_array_equal(powered.mass_at(times), 10.0)


def test_bitwise_the_same_alone_and_in_a_batch():
    n = 12
    area = np.linspace(0.01, 0.03, n)

    def models(chosen):
        pressure = RadiationPressure(area[chosen])
        return (
            ForceModel("earth", gravity=None, bodies=("moon", "sun"), radiation_pressure=pressure),
            ForceModel("moon", degree=4, bodies=("earth", "sun"), radiation_pressure=pressure),
        )

    everyone = models(np.arange(n))
    state = departures(n, everyone)
    duration = np.where(np.arange(n) % 3 == 2, -1.0, 3.4) * DAY
    lists = []
    for i in range(n):
        correction = replace(CORRECTION, start=3e4 + 1e3 * i)
        low = FiniteBurn(1.6 * DAY, 2.0 + 0.1 * i, 1500.0, FixedDirection([1, 0, 0], "vnc"), duration_s=DAY)
        back = replace(correction, start=-5e4)
        lists.append([back] if duration[i] < 0 else [correction, low, INSERTION][: 1 + i % 3])
    events = [Apoapsis(body="moon"), Radius(3e5, body="moon")]
    batch = propagate_transfer_burns(
        state, BEGIN, duration, *everyone, lists, 1500.0, 500.0, events=events, threads=2
    )
    assert np.count_nonzero(batch.status == Status.FINISHED) == n - 1  # one ends on the Moon
    times = batch.final_elapsed[:, None] * np.linspace(0.0, 1.0, 20)
    at, mass = batch.at(times, "earth"), batch.mass_at(times)
    for i in (1, 2, 4, 6, 7):
        alone = propagate_transfer_burns(
            state[:, i], BEGIN, duration[i], *models(np.array([i])), lists[i], 1500.0, 500.0, events=events
        )
        np.testing.assert_array_equal(alone.final[:, 0], batch.final[:, i])
        np.testing.assert_array_equal(alone.at(times[i], "earth")[:, 0], at[:, i])
        np.testing.assert_array_equal(alone.mass_at(times[i])[0], mass[i])
        np.testing.assert_array_equal(alone.events.rows, batch.events.select(np.array([i])).rows)
        np.testing.assert_array_equal(alone.burn_rows["state_after"], batch.burns_of(i)["state_after"])


def test_burns_that_start_at_the_sphere(two_bodies):
    earth, _ = two_bodies
    state = departures(1, two_bodies)[:, 0]
    crossing = crossing_time(two_bodies, state)
    for radius in (HANDOVER_RADIUS_KM, HANDOVER_RADIUS_KM + 1e-7, HANDOVER_RADIUS_KM - 1e-7):
        burn = FiniteBurn(Radius(radius, body="moon"), 400.0, 300.0, AgainstVelocity(), duration_s=60.0)
        flight = propagate_transfer_burns(state, BEGIN, 3.5 * DAY, *two_bodies, [burn], 1000.0, 500.0)
        assert flight.burn_rows["start_s"][0] == pytest.approx(crossing, abs=1e-3)
        assert [(leg.flown.center, leg.burn) for leg in flight.legs] == [
            ("earth", -1), ("moon", 0), ("moon", -1),
        ]  # fmt: skip
        assert flight.events.named("handover").size == 1
    # An impulse there that turns the motion round hands it back.
    bounce = ImpulsiveBurn(Radius(HANDOVER_RADIUS_KM, body="moon"), [2.0, 0, 0], axes="rtn")
    flight = propagate_transfer_burns(state, BEGIN, 2.5 * DAY, *two_bodies, [bounce], 1000.0, 500.0)
    assert flight.center == ["earth"]
    assert flight.events.named("handover")["rising"].tolist() == [False, True]
    row = flight.burn_rows[0]
    reference = propagate(
        row["state_after"], BEGIN + row["start_s"], 2.5 * DAY - row["start_s"], earth, rtol=1e-13
    )
    assert np.abs(reference.final[:3, 0] - flight.final[:3, 0]).max() < 1e-4


def test_how_flights_with_burns_end(two_bodies):
    state = np.repeat(departures(1, two_bodies), 6, axis=1)
    thirsty = FiniteBurn(DAY, 400.0, 300.0, FixedDirection([0, 0, 1]), duration_s=5000.0)
    lists = [
        [thirsty],
        [ImpulsiveBurn(Radius(2e5, body="moon"), [0, 0, 0.001]), ImpulsiveBurn(100.0, [0, 0, 0.001])],
        [ImpulsiveBurn(Radius(900.0, body="earth"), [0, 0, 0.1])],
        [INSERTION],
        [ImpulsiveBurn(PERILUNE, [-0.9, 0, 0], 300.0, axes="vnc")],
        [FiniteBurn(1.9 * DAY, 1.0, 300.0, AlongVelocity(), duration_s=DAY)],
    ]
    dry = np.array([900.0, 500.0, 500.0, 500.0, 500.0, 500.0])
    duration = np.array([3.5, 3.5, 2.0, 3.5, 3.5, 2.0]) * DAY
    braked = UserEvent(
        lambda tdb, state: (state[3:] ** 2).sum(axis=0) - 1.5**2,
        body="moon", name="slow", terminal=True, direction="falling",
    )  # fmt: skip
    flight = propagate_transfer_burns(
        state, BEGIN, duration, *two_bodies, lists, 1000.0, dry, events=[braked]
    )
    assert flight.status[:3].tolist() == [Status.BURNED_OUT, Status.BURN_MISSED, Status.FINISHED]
    assert flight.final_mass_kg[0] == 900.0
    assert "waited for 'radius' in vain" in flight.message[2]
    # A terminal event in the middle of a burn, with the mass of that moment.
    assert flight.message[3] == "ended at event 'slow'"
    row = flight.burns_of(3)[0]
    assert not row["complete"]
    assert 100.0 < row["duration_s"] < 1000.0
    assert flight.final_mass_kg[3] == pytest.approx(1000.0 - 800.0 / (310.0 * 9.80665) * row["duration_s"])
    assert flight.message[4] == "impact on the moon" or flight.status[4] == Status.EVENT
    assert not flight.burns_of(5)[0]["complete"]
    assert flight.final_elapsed[5] == 2.0 * DAY


def test_zero_duration_and_bad_input(real):
    earth, moon = real
    states = flybys(4)
    states[0, 1] = np.nan
    lists = [[], [], [replace(CORRECTION, thrust_n=-1.0)], [ImpulsiveBurn(0.0, [0, 0, 0.5], 300.0)]]
    with pytest.raises(InputError) as caught:
        propagate_transfer_burns(states, EPOCH, 0.0, earth, moon, lists, 100.0, 50.0, center="moon")
    assert "trajectories 1: the state holds a value that is not finite" in str(caught.value)
    assert "2: burn 0: the thrust is -1.0 N, expected a positive number" in str(caught.value)
    flight = propagate_transfer_burns(
        states, EPOCH, 0.0, earth, moon, lists, 100.0, 50.0, center="moon", on_error="status"
    )
    assert flight.status.tolist() == [0, 5, 5, 0]
    np.testing.assert_array_equal(flight.final[:, 0], states[:, 0])
    np.testing.assert_array_equal(flight.final[:, 3], states[:, 3] + [0, 0, 0, 0, 0, 0.5])
    assert np.isnan(flight.at(0.0, "moon")[:, 1:3]).all()
    assert np.isnan(flight.mass_at(0.0)[1:3]).all()
    assert flight.mass_at(0.0)[3] == flight.final_mass_kg[3] < 100.0
    with pytest.raises(InputError, match="the mass is below the dry mass"):
        propagate_transfer_burns(states[:, 0], EPOCH, DAY, earth, moon, [], 10.0, 50.0, center="moon")
    with pytest.raises(EpochRangeError):
        propagate_transfer_burns(states[:, 0], EPOCH, 1e11, earth, moon, [], 99.0, 50.0, center="moon")
    empty = propagate_transfer_burns(np.empty((6, 0)), [], [], earth, moon, [], 10.0, 5.0)
    assert len(empty) == len(empty.burn_rows) == 0


def test_inside_the_sphere_it_is_a_flight_about_the_moon(real):
    earth, moon = real
    burns = [
        FiniteBurn(3000.0, 50.0, 300.0, FixedDirection([0, 1, 0], axes="rtn"), duration_s=100.0),
        FiniteBurn(Apoapsis(), 50.0, 300.0, AlongVelocity(), delta_v_km_s=0.01),
    ]
    args = circular(300.0) * np.array([1, 1, 1, 1.1, 1.1, 1.1]), EPOCH, 0.5 * DAY
    here = propagate_burns(*args, moon, burns, 500.0, 100.0, rtol=1e-12)
    there = propagate_transfer_burns(*args, earth, moon, burns, 500.0, 100.0, center="moon", rtol=1e-12)
    np.testing.assert_allclose(there.final[:3], here.final[:3], rtol=0, atol=1e-6)
    assert there.final_mass_kg[0] == pytest.approx(here.final_mass_kg[0], abs=1e-9)
    assert there.center == ["moon"]
