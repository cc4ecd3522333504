"""Deliveries of relays and their budgets: against the rocket equation, closed forms, and a flight."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cislunar.constants import MOON_RADIUS_KM as R
from cislunar.errors import InputError
from cislunar.orbits.definitions import KeplerianOrbit
from cislunar.orbits.elements import KeplerianElements, to_state
from cislunar.propagation import ForceModel, Status, propagate
from cislunar.transfers.changes import change_periapsis
from cislunar.transfers.craft import Craft
from cislunar.transfers.delivery import rank_deliveries, ways
from cislunar.transfers.relay_budget import Expense, disposal, relay_budget
from cislunar.transfers.release_orbits import capture_orbits, working_orbits
from cislunar.vehicles.engine import Engine

GM = 4902.8
RELAY = Craft("alpine", 150.0, 110.0, Engine(22.0, 220.0, name="thruster"))
LANDER = Craft("apex", 3030.0, 1300.0, Engine(2200.0, 320.0, count=2))


def ellipse(perilune: float, apolune: float, inclination: float = 90.0, argument: float = 120.0):
    rp, ra = R + perilune, R + apolune
    angles = np.radians([inclination, 40.0, argument])
    return KeplerianElements(0.5 * (rp + ra), (ra - rp) / (ra + rp), *angles, 0.0)


CAPTURE = ellipse(100.0, 7000.0)


def rocket(mass: float, delta_v_km_s: float, isp: float) -> float:
    return mass * (1.0 - math.exp(-1e3 * delta_v_km_s / (9.80665 * isp)))


def test_raising_the_perilune_is_one_impulse_and_the_relay_does_it_cheapest():
    options = rank_deliveries(
        RELAY, LANDER, {"capture": CAPTURE}, ellipse(420.0, 7000.0), GM, turning_km=(20_000.0,)
    )
    size = float(change_periapsis(R + 100.0, R + 7000.0, R + 420.0, GM).total_km_s)
    best = options[0]
    assert best.name == "alpine by itself from capture, two impulses"
    assert best.delta_v_km_s == pytest.approx(size, abs=1e-6)
    assert best.propellant_kg == pytest.approx(rocket(150.0, size, 220.0), abs=1e-3)
    assert all(option.feasible for option in options)
    assert [o.propellant_kg for o in options] == sorted(o.propellant_kg for o in options)


def test_the_lander_that_returns_pays_twice_the_second_time_without_the_relay():
    options = rank_deliveries(RELAY, LANDER, {"capture": CAPTURE}, ellipse(420.0, 7000.0), GM, turning_km=())
    carried = next(option for option in options if option.name.startswith("apex"))
    size = float(change_periapsis(R + 100.0, R + 7000.0, R + 420.0, GM).total_km_s)
    out = rocket(3030.0, size, 320.0)
    back = rocket(3030.0 - out - 150.0, size, 320.0)
    assert [leg.propellant_kg for leg in carried.legs] == pytest.approx([out, back], abs=1e-3)
    assert carried.by("apex") == pytest.approx(2.0 * size, abs=1e-6)
    assert carried.by("alpine") == 0.0
    stays = rank_deliveries(
        RELAY, LANDER, {"capture": CAPTURE}, ellipse(420.0, 7000.0), GM, False, turning_km=()
    )
    assert stays[-1].propellant_kg == pytest.approx(out, abs=1e-3)


def test_a_large_turn_is_cheaper_from_a_loose_capture():
    # 70 deg about the line of apsides: from the capture ellipse the apoapsis has to be raised first.
    working = ellipse(720.0, 8090.0, 20.0, 90.0)
    releases = {
        "loose capture": ellipse(100.0, 40000.0, 90.0, 90.0),
        "capture": ellipse(100.0, 7000.0, 90.0, 90.0),
    }
    options = rank_deliveries(RELAY, None, releases, working, GM)
    loose = min(o.delta_v_km_s for o in options if "from loose capture" in o.name)
    tight = min(o.delta_v_km_s for o in options if "from capture" in o.name)
    assert loose < tight - 0.05


def test_what_cannot_be_flown_comes_last_and_says_what_is_short():
    working = ellipse(720.0, 8090.0, 10.0, 90.0)
    options = rank_deliveries(RELAY, LANDER, {"capture": CAPTURE}, working, GM, turning_km=())
    assert options[0].feasible
    failed = options[-1]
    assert not failed.feasible
    leg = failed.legs[0]
    assert failed.message == (
        f"alpine needs {leg.propellant_kg:.1f} kg ({1e3 * leg.delta_v_km_s:.0f} m/s) to fly from capture to "
        f"its orbit, short by {leg.propellant_kg - 40.0:.1f} kg"
    )


def test_any_of_several_orbits_will_do():
    several = [ellipse(420.0, 7000.0, each) for each in (70.0, 90.0, 100.0)]
    names = list(KeplerianElements.__dataclass_fields__)
    working = KeplerianElements(*(np.array([getattr(each, name) for each in several]) for name in names))
    way = ways(CAPTURE, working, GM, turning_km=())[0]
    assert float(way.end.inclination_rad) == pytest.approx(np.pi / 2)
    alone = ways(CAPTURE, several[1], GM, turning_km=())[0]
    assert way.total_km_s == pytest.approx(alone.total_km_s, abs=1e-12)


def test_a_relay_that_is_not_aboard_is_refused():
    tug = Craft("tug", 500.0, 120.0, Engine(400.0, 320.0))
    with pytest.raises(InputError, match=r"alpine \(150.0 kg\) is not aboard tug, of which 120.0 kg"):
        rank_deliveries(RELAY, tug, {"capture": CAPTURE}, ellipse(420.0, 7000.0), GM)
    with pytest.raises(InputError, match=r"cannot let go of 130\.0 kg"):
        tug.without(130.0)


def test_a_budget_is_the_rocket_equation_of_its_sum():
    expenses = [Expense("delivery", 0.03), Expense("phasing", 0.01), Expense("keeping", 0.1, "rule")]
    budget = relay_budget(RELAY, expenses, "impact after 162.0 d")
    assert budget.propellant_kg == pytest.approx(rocket(150.0, 0.14, 220.0), rel=1e-12)
    assert budget.closes
    assert budget.message == ""
    assert budget.left_km_s == pytest.approx(RELAY.delta_v_km_s - 0.14, rel=1e-12)
    assert budget.lines[-1].mass_after_kg == pytest.approx(150.0 - budget.propellant_kg, rel=1e-12)


def test_a_budget_that_does_not_close_names_the_event_and_what_is_short():
    expenses = [Expense("delivery", 0.03), Expense("circularisation", 0.5), Expense("disposal", 0.25)]
    budget = relay_budget(RELAY, expenses)
    needed = rocket(150.0, 0.78, 220.0)
    assert budget.message == (
        f"alpine: 780 m/s need {needed:.1f} kg; 40.0 kg are aboard: short by {needed - 40.0:.1f} kg; "
        "it runs out during disposal"
    )
    full = budget.needed_at_dry_mass_kg()
    assert rocket(110.0 + full, 0.78, 220.0) == pytest.approx(full, rel=1e-12)


def test_a_disposal_strikes_the_moon_on_the_next_pass_when_flown():
    forces = ForceModel(degree=20)
    orbit = ellipse(420.0, 7000.0)
    apolune = KeplerianElements(
        *(getattr(orbit, name) for name in list(KeplerianElements.__dataclass_fields__)[:-1]), np.pi
    )
    state = to_state(apolune, forces.gm["moon"])
    expense = disposal(R + 420.0, R + 7000.0, forces.gm["moon"])
    speed = np.linalg.norm(state[3:])
    lowered = np.concatenate([state[:3], state[3:] * (1.0 - expense.delta_v_km_s / speed)])
    half = 0.6 * float(orbit.period_s(forces.gm["moon"]))
    flights = propagate(np.array([state, lowered]).T, 8.8e8, half, forces)
    assert list(flights.status) == [Status.FINISHED, Status.IMPACT]


def test_masses_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="expected a positive dry mass not above the mass"):
        Craft("alpine", 100.0, 110.0, RELAY.engine)
    with pytest.raises(InputError, match="short by"):
        RELAY.after(1.0)
    with pytest.raises(InputError, match="alpine, keeping: expected 0 m/s or more"):
        relay_budget(RELAY, [Expense("keeping", -0.1)])


def test_capture_orbits_keep_the_periapsis_and_the_plane_of_the_arrival():
    v = np.sqrt(0.85**2 + 2.0 * GM / (R + 100.0))
    arrival = np.array([0.0, R + 100.0, 0.0, 0.0, 0.0, v])
    orbits = capture_orbits(arrival, {"loose": 40000.0, "capture": 7000.0}, GM)
    assert list(orbits) == ["loose", "capture"]
    for name, altitude in (("loose", 40000.0), ("capture", 7000.0)):
        assert float(orbits[name].periapsis_altitude_km()) == pytest.approx(100.0, abs=1e-6)
        assert float(orbits[name].apoapsis_altitude_km()) == pytest.approx(altitude, abs=1e-4)
        assert float(orbits[name].inclination_rad) == pytest.approx(np.pi / 2)


def test_trap_an_inclination_to_the_moons_orbit_plane_is_another_plane_than_to_its_equator():
    stated = {
        "periapsis_altitude_km": 720.0,
        "apoapsis_altitude_km": 8090.0,
        "inclination_rad": np.radians(51.7),
        "raan_rad": 0.0,
        "argument_of_periapsis_rad": np.pi / 2,
        "anomaly_rad": 0.0,
        "anomaly": "mean",
    }
    planes = []
    for frame in ("moon-op", "moon-equator"):
        orbit = working_orbits(
            KeplerianOrbit(frame=frame, **stated), 8.8e8, GM, np.radians([0.0, 120.0, 240.0])
        )
        states = to_state(orbit, GM)
        normal = np.cross(states[:3], states[3:], axis=0)
        mean = (normal / np.linalg.norm(normal, axis=0)).mean(axis=1)
        planes.append(mean / np.linalg.norm(mean))
    # The nodes average out and leave the poles of the two frames, 6.5 to 6.9 deg apart.
    assert 6.4 < np.degrees(np.arccos(planes[0] @ planes[1])) < 7.0
