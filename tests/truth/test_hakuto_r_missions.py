"""HAKUTO-R 1 and 2 from launch to landing, as the shipped scenarios fly them, beside public timelines.

Published (UTC):
- Mission 1: launch 2022-12-11 07:38 (Wikipedia, Hakuto-R Mission 1); farthest about 2023-01-20 at 1.376
  million km, also given as 1.4 (The Space Page, Moon Daily); insertion 2023-03-21 01:24, "100 days after
  the launch" (New Atlas); 100 by 2,300 km on 12 April, circular at 100 km on the 13th after about 10 min
  (ispace; Spaceflight Now); landing planned for 2023-04-25 16:40 at 47.5 N 44.4 E (ispace).
- Mission 2: launch 2025-01-15 06:11:39; flyby of the Moon 2025-02-14 22:43 at some 8,400 km
  (technologies.org); farthest about 1.1 million km; insertion 2025-05-06 20:41 after 111.6 days by about 9
  min (Copernical); 70 by 5,800 km; 100 km circular on 2025-05-28 (Jiji Press); landing 2025-06-05 19:24 at
  60.5 N 4.6 W (ispace).

What the scenarios are given is the hour of the insertion, the range of the flight time, the periapsis and
the launch; where the lander is between is the tool's own solution, and one of several for the same dates.
Tolerances: half a day for the cruise (the shortest and longest flights asked for are a day apart, for
Mission 2 four days), 3 % for Mission 1's farthest distance (which changes by 1 % a day of departure and was
flown with corrections), the rounding of burn lengths, half a minute, and 10 km of the drift of a perilune
in the weeks before it is used.

What does not fit together, in print or with what is flown here:
- "100 days" and the two epochs of Mission 1: they are 99.74 days apart;
- "1.4 million km" and 1.376: the first is the second, rounded;
- Mission 2's flight by way of 1.1 million km: without its flyby, which came a month after the launch, the
  same dates are reached by way of 1.4 million km or more, never 1.1;
- 10 min and 282 m/s want 382 to 450 N on the lander's mass after the insertion, 9 min and 240 m/s on a full
  lander 400 to 430 N (`test_hakuto_r_budget`);
- the day of a landing follows from the plane, which is not published: in the polar plane assumed it is some
  days after the planned one for both.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cislunar
from cislunar.time import parse_epoch
from cislunar.transfers.insertion import insertion_impulse

pytestmark = pytest.mark.slow

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DAY = 86400.0
MOON_GM = 4902.800118
ISP_KM_S = 320.0 * 9.80665e-3

LAUNCH = {"hakuto-r-m1": "2022-12-11T07:38:00 UTC", "hakuto-r-m2": "2025-01-15T06:11:39 UTC"}
INSERTION = {"hakuto-r-m1": "2023-03-21T01:24:00 UTC", "hakuto-r-m2": "2025-05-06T20:41:00 UTC"}
LANDING = {"hakuto-r-m1": "2023-04-25T16:40:00 UTC", "hakuto-r-m2": "2025-06-05T19:24:00 UTC"}
MISSIONS = tuple(LAUNCH)


@cache
def flown(name: str) -> tuple[Any, ...]:
    """The phases of the lander."""
    result = cislunar.run(cislunar.load(SCENARIOS / f"{name}.yaml"))
    (timeline,) = result.timelines.values()
    assert timeline.complete, timeline.message
    return tuple(timeline.phases)


def phases(name: str) -> dict[str, Any]:
    """The phases of the lander by kind; the last one of a kind."""
    return {phase.kind: phase for phase in flown(name)}


@pytest.mark.parametrize("name", MISSIONS)
def test_flown_dates_are_kept(name: str) -> None:
    transfer = phases(name)["transfer"].details
    launch, insertion = parse_epoch(LAUNCH[name]), parse_epoch(INSERTION[name])
    arrival = transfer["departure_tdb"] + transfer["time_of_flight_s"]
    assert arrival == pytest.approx(insertion, abs=3.0 * 3600.0)
    late_days = (transfer["departure_tdb"] - launch) / DAY
    assert 0.0 <= late_days < {"hakuto-r-m1": 1.0, "hakuto-r-m2": 3.5}[name]
    assert transfer["closure_km"] < 1.0


def test_flown_cruise_of_mission_1_and_its_farthest_distance() -> None:
    transfer = phases("hakuto-r-m1")["transfer"].details
    assert transfer["time_of_flight_s"] / DAY == pytest.approx(99.74, abs=0.5)
    assert transfer["farthest_km"] == pytest.approx(1.376e6, rel=0.03)


def test_misfit_mission_1_epochs_are_not_quite_a_hundred_days_apart() -> None:
    apart = parse_epoch(INSERTION["hakuto-r-m1"]) - parse_epoch(LAUNCH["hakuto-r-m1"])
    assert apart / DAY == pytest.approx(99.74, abs=0.005)
    assert round(apart / DAY) == 100


def test_misfit_mission_2_went_less_far_than_the_same_dates_without_its_flyby() -> None:
    transfer = phases("hakuto-r-m2")["transfer"].details
    apart = parse_epoch(INSERTION["hakuto-r-m2"]) - parse_epoch(LAUNCH["hakuto-r-m2"])
    assert apart / DAY == pytest.approx(111.6, abs=0.05)
    assert transfer["time_of_flight_s"] / DAY == pytest.approx(111.6, abs=3.7)
    assert transfer["outward_moon_km"] > 50_000.0
    assert transfer["farthest_km"] > 1.25 * 1.1e6


@pytest.mark.parametrize("name", MISSIONS)
def test_low_energy_arrivals_have_0_to_300_m_s_at_infinity(name: str) -> None:
    """A direct transfer arrives with some 850 m/s; what is saved at the insertion is the difference."""
    transfer, insert = phases(name)["transfer"], phases(name)["insert"]
    assert 0.0 < transfer.details["v_infinity_km_s"] < 0.3
    state = transfer.state_after
    radius = (state[:3] @ state[:3]) ** 0.5
    direct = state.copy()
    direct[3:] *= (0.85**2 + 2.0 * MOON_GM / radius) ** 0.5 / (state[3:] @ state[3:]) ** 0.5
    dearer = float(insertion_impulse(direct, insert.phase.apoapsis_altitude_km, MOON_GM)[0])
    assert 115.0 < 1e3 * (dearer - insert.ideal_km_s) < 200.0


def test_flown_insertion_of_mission_2_is_what_nine_minutes_of_its_engine_give() -> None:
    """The 400 N class that is quoted, at most 430 N, on a full lander of about 1,000 kg."""
    insert = phases("hakuto-r-m2")["insert"]
    assert insert.propellant_kg * ISP_KM_S * 1e3 / 430.0 == pytest.approx(540.0, abs=30.0)
    # From the speed at infinity of this arrival; 237 to 246 m/s for 0 to 0.2 km/s.
    assert 1e3 * insert.ideal_km_s == pytest.approx(246.0, abs=6.0)


def test_flown_circularisation_of_mission_1_is_what_ten_minutes_of_its_engine_give() -> None:
    burn = phases("hakuto-r-m1")["manoeuvre"]
    assert burn.details["place_altitude_km"] == pytest.approx(100.0, abs=30.0)
    assert 1e3 * burn.ideal_km_s == pytest.approx(282.0, abs=10.0)
    thrust_n = burn.propellant_kg * ISP_KM_S * 1e3 / 600.0
    assert thrust_n == pytest.approx(400.0, rel=0.10)


def test_flown_orbit_of_mission_2_becomes_circular_at_the_published_cost() -> None:
    """445 m/s from 70 by 5,800 km to 100 km circular; the perilune drifts in the three weeks before."""
    burns = [phase for phase in flown("hakuto-r-m2") if phase.kind == "manoeuvre"]
    assert 1e3 * sum(burn.ideal_km_s for burn in burns) == pytest.approx(445.0, abs=15.0)


@pytest.mark.parametrize("name", MISSIONS)
def test_landings_come_days_after_the_planned_ones(name: str) -> None:
    land = phases(name)["land"]
    assert 0.0 < (land.end_tdb - parse_epoch(LANDING[name])) / DAY < 7.0
    # What is left for it: the landers were to be about two thirds propellant at launch.
    assert land.mass_after_kg > 360.0
