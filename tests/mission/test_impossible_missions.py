"""What cannot be done says what is short and by how much: from the file where it shows there, or in flight.

The numbers beside the messages are closed forms: weight in lunar gravity GM / r^2, the rocket equation,
spherical trigonometry (no orbit is less inclined than the latitude of its launch).
"""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from small_missions import MOON_GM, MOON_RADIUS_KM

import cislunar
from cislunar.errors import ScenarioError

SHIPPED = Path(__file__).parents[2] / "scenarios"

LOW_ORBIT = """\
cislunar: 1
name: a landing that is too much
epoch: 2027-11-26T12:00:00 UTC
duration: 30 d
physics: {degree: 8}
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}
spacecraft:
  lander:
    dry_mass: 900 kg
    propellant: 1300 kg
    engine: {thrust: 2200 N, isp: 320 s, count: 2, throttle: [0.4, 1]}
    margin_policy: esa
    payloads:
      - {name: Seismometer, mass: 40 kg, site: schrodinger}
    timeline:
      - orbit:
          frame: moon-me
          periapsis_altitude: 100 km
          apoapsis_altitude: 100 km
          inclination: 90 deg
          raan: 312 deg
          argument_of_periapsis: 0 deg
          true_anomaly: 0 deg
      - land: {site: schrodinger}
      - operate: {duration: 1 d}
"""


@cache
def flown(*changes: tuple[str, str]) -> Any:
    text = LOW_ORBIT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return cislunar.run(cislunar.load(text))


def problem(name: str, old: str, new: str) -> str:
    """What is said about a shipped scenario after one change."""
    text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ScenarioError) as caught:
        cislunar.load(text.replace(old, new, 1))
    return str(caught.value)


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, text
    return float(found[1].replace(",", ""))


def test_the_landing_these_tests_spoil_is_possible() -> None:
    result = flown()
    assert result.status == "complete", result.timelines["lander"].message
    assert result.budgets["lander"].most_payload.payload_kg > 40.0


def test_an_inclination_below_the_launch_latitude() -> None:
    said = problem("cp12", "inclination: {value: 28.5 deg,", "inclination: {value: 20 deg,")
    assert "found 20 deg; a launch from 28.5 deg of latitude reaches 28.5 deg to 151.5 deg" in said
    assert "8.5 deg short" in said


def test_an_arrival_before_the_departure() -> None:
    said = problem("hakuto-r-m1", "2022-12-11T07:38:00 UTC", "2023-03-21T12:00:00 UTC")
    assert "the phase arrives at 2023-03-21T04:24:00.000 UTC" in said
    assert "7.6 h before it can begin at 2023-03-21T12:00:00.000 UTC" in said


def test_a_relay_that_is_not_aboard() -> None:
    said = problem("cp12", "carries: [alpine, lupine]", "carries: [alpine]")
    assert "'lupine' is not aboard 'apex'; aboard: alpine; expected it under apex.carries" in said


def test_thrust_below_weight() -> None:
    result = flown((", count: 2", ""), ("dry_mass: 900 kg", "dry_mass: 1000 kg"), ("1300 kg", "2460 kg"))
    stopped = result.timelines["lander"].stopped
    assert stopped.kind == "land"
    said = stopped.message
    # The site lies some kilometres below the sphere: a little heavier than on it.
    weight_n = 3500.0 * 1e3 * MOON_GM / MOON_RADIUS_KM**2
    assert number(r"is ([\d.]+) of the lunar weight of 3500 kg", said) == pytest.approx(
        2200.0 / weight_n, abs=0.01
    )
    light = number(r"the ([\d.]+) kg left by even an impulsive descent", said)
    assert light == pytest.approx(3500.0 * math.exp(-1.672 / (320.0 * 9.80665e-3)), rel=0.01)
    short = light / 3500.0 * weight_n - 2200.0
    assert number(r"short by ([\d.]+) N", said) == pytest.approx(short, rel=0.03)


def test_a_payload_heavier_than_the_vehicle_can_land() -> None:
    result = flown(("mass: 40 kg", "mass: 700 kg"), ("    margin_policy: esa\n", ""))
    lander = result.timelines["lander"]
    assert lander.stopped.kind == "land"
    assert number(r"propellant short by ([\d.]+) kg", lander.message) == pytest.approx(
        lander.stopped.shortfall["propellant_kg"], abs=0.05
    )
    budget = result.budgets["lander"]
    assert budget.payload_margin_kg < 0.0
    said = next(each for each in result.warnings if "payload of" in each)
    most = number(r"it can bring ([\d.]+) kg", said)
    assert number(r"is ([\d.]+) kg more than it can bring", said) == pytest.approx(700.0 - most, abs=0.11)
    # What it says it can bring it does bring, the descent being cheaper for what is lighter.
    lighter = flown(("mass: 40 kg", f"mass: {math.floor(most)} kg"), ("    margin_policy: esa\n", ""))
    assert lighter.status == "complete", lighter.timelines["lander"].message


BURN = "      - manoeuvre: {at: 1 h, WHAT, burn: finite}\n"


def burning(what: str) -> tuple[tuple[str, str], ...]:
    return ("      - land: {site: schrodinger}\n", BURN.replace("WHAT", what)), ("1300 kg", "100 kg")


def test_a_burn_longer_than_the_propellant_in_flight() -> None:
    stopped = flown(*burning("apoapsis_altitude: 50000 km")).timelines["lander"].stopped
    near, far = MOON_RADIUS_KM + 100.0, MOON_RADIUS_KM + 50000.0
    size = math.sqrt(2.0 * MOON_GM * (1.0 / near - 1.0 / (near + far))) - math.sqrt(MOON_GM / near)
    needed = 1040.0 * -math.expm1(-size / (320.0 * 9.80665e-3))
    # The orbit is not quite the circle it was an hour before, and a burn of minutes costs a little more.
    assert stopped.shortfall["propellant_kg"] == pytest.approx(needed - 100.0, rel=0.03)
    said = re.search(r"([\d.]+) kg(?:, \d+ s of the burn)? short", stopped.message)
    assert said is not None, stopped.message
    assert float(said[1]) == pytest.approx(stopped.shortfall["propellant_kg"], abs=0.051)


def test_a_burn_longer_than_the_propellant_in_the_file() -> None:
    reach = 320.0 * 9.80665 * math.log(1040.0 / 940.0)
    with pytest.raises(ScenarioError, match=f"900 m/s; 100 kg of propellant give at most {reach:.1f} m/s"):
        flown(*burning("delta_v: [900 m/s, 0 m/s, 0 m/s]"))
