"""A whole life, from a parking orbit about the Earth to the ground of Schroedinger, a relay left in orbit.

Outside numbers: the injection from 185 km is that of a patched conic to the Moon's distance (3.13 km/s;
Vallado, "Fundamentals of Astrodynamics and Applications", 4th ed. (2013), section 12.3), within the 0.02 km/s
by which the month and the flight time move it; no landing is cheaper than the impulsive limit, 1.7 km/s from
15 km.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

import cislunar

G0 = 9.80665e-3

CP12 = """\
cislunar: 1
name: launch to landing
epoch: 2027-11-14T00:00:00 UTC
duration: 24 d
physics: {degree: 8}
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}
ground: [dsn]
spacecraft:
  apex:
    dry_mass: 900 kg
    propellant: 2100 kg
    engine: {thrust: 2200 N, isp: 320 s, count: 2, throttle: [0.4, 1]}
    payloads:
      - {name: Seismometer, mass: 40 kg, generation_rate: 10 kbit/s, site: schrodinger}
    carries: alpine
    timeline:
      - launch:
          latitude: 28.5 deg
          parking_orbit: {altitude: 185 km, inclination: 28.5 deg}
          mass_curve: [[-3 km^2/s^2, 4000 kg], [0 km^2/s^2, 3700 kg]]
      - transfer: {kind: direct, time_of_flight: 4.5 d, periapsis_altitude: 100 km, inclination: 90 deg}
      - correction: {times: [1 d, 3 d], injection_magnitude: 0.1 %, samples: 200, percentile: 95 %}
      - insert: {apoapsis_altitude: 7000 km, burns: 2, burn: finite}
      - release: alpine
      - manoeuvre: {at: periapsis, apoapsis_altitude: 130 km, burn: finite}
      - land: {site: schrodinger, sun_elevation: [0 deg, 30 deg]}
      - operate: {}
  alpine:
    dry_mass: 120 kg
    propellant: 30 kg
    engine: {thrust: 22 N, isp: 220 s}
    timeline:
      - manoeuvre: {at: apoapsis, periapsis_altitude: 420 km}
      - operate: {}
    relay: {from: schrodinger, to: dsn, rate: 1 Mbit/s}
"""


@cache
def mission(old: str = "", new: str = "") -> Any:
    assert old in CP12
    return cislunar.run(cislunar.load(CP12.replace(old, new, 1)))


def phase(result: Any, kind: str) -> Any:
    return next(each for each in result.timelines["apex"].phases if each.kind == kind)


def test_it_lands_and_every_phase_was_flown() -> None:
    result = mission()
    assert result.status == "complete", [each.message for each in result.timelines.values()]
    assert [each.status for each in result.timelines["apex"].phases] == ["flown"] * 8


def test_the_injection_is_that_of_a_patched_conic() -> None:
    transfer = phase(mission(), "transfer")
    assert transfer.details["injection_km_s"] == pytest.approx(3.13, abs=0.02)
    assert transfer.propellant_kg == 0.0
    # The forward flight from the injection arrives where the transfer was found to.
    assert transfer.details["closure_km"] < 0.01


def test_masses_follow_the_rocket_equation_through_the_whole_life() -> None:
    phases = mission().timelines["apex"].phases
    for each in phases:
        released = each.details.get("released_kg", 0.0)
        assert each.mass_before_kg - each.mass_after_kg == pytest.approx(
            each.propellant_kg + released, abs=1e-6
        )
        burnt = 320.0 * G0 * math.log(each.mass_before_kg / (each.mass_before_kg - each.propellant_kg))
        assert each.delta_v_km_s == pytest.approx(burnt, rel=1e-6, abs=1e-12)
    assert phases[-1].mass_after_kg > 940.0


def test_the_landing_costs_more_than_its_impulsive_limit() -> None:
    landing = phase(mission(), "land")
    assert 1.7 < landing.ideal_km_s < landing.delta_v_km_s < 2.1
    assert landing.loss_km_s > 0.0
    assert -1.0 < landing.details["sun_elevation_deg"] < 31.0


def test_it_stands_on_the_site_and_turns_with_the_moon() -> None:
    result = mission()
    timeline, site = result.timelines["apex"], result.sites["schrodinger"]
    tdb = np.linspace(phase(result, "land").end_tdb, timeline.end_tdb, 7)
    fixed = np.einsum(
        "ijn,jn->in", result.environment.orientation.icrf_to_me(tdb), timeline.state_at(tdb)[:3]
    )
    np.testing.assert_allclose(fixed, site.position_me_km[:, None] + np.zeros((3, 7)), atol=0.02)


def test_the_data_of_the_payload_come_home_over_the_relay() -> None:
    balance = mission().data_balance["schrodinger"].summary()
    work = phase(mission(), "operate")
    assert balance["generated_bit"] == pytest.approx(1e4 * (work.end_tdb - work.start_tdb))
    assert 0.0 < balance["delivered_percent"] <= 100.0


def test_critical_events_have_their_communications() -> None:
    events = mission().communications["apex"]
    assert [event.name for event in events] == ["insertion burn 1", "insertion burn 2", "descent"]
    assert {link.path for link in events[-1].links} == {"direct", "alpine"}
    assert all(0.0 <= event.covered.fraction <= 1.0 for event in events)


def test_a_launcher_too_small_is_said() -> None:
    result = mission("4000 kg], [0 km^2/s^2, 3700 kg", "3000 kg], [0 km^2/s^2, 2800 kg")
    stopped = result.timelines["apex"].stopped
    assert stopped.kind == "transfer"
    assert "apex weighs 3,190 kg" in stopped.message
    assert "too heavy" in stopped.message
    assert stopped.shortfall["mass_kg"] == pytest.approx(3190.0 - stopped.details["launcher_capability_kg"])


def test_too_little_thrust_to_land_is_said() -> None:
    result = mission("thrust: 2200 N, isp: 320 s, count: 2", "thrust: 1600 N, isp: 320 s")
    stopped = result.timelines["apex"].stopped
    assert stopped.kind == "land"
    assert "1600 N" in stopped.message.replace(",", "")
    assert result.timelines["alpine"].complete
    assert result.statistics["schrodinger"]["chain"]["percent"] > 0.0


def test_the_budgets_say_what_could_be_landed_and_what_it_costs() -> None:
    result = mission("    carries: alpine\n", "    carries: alpine\n    price: 95 MUSD\n")
    held = result.budgets["apex"]
    assert held.cost.per_kg == pytest.approx(95e6 / (40.0 + 150.0))
    most, limit = float(held.most_payload.payload_kg), held.most_payload.limit_name()
    assert limit == "propellant"
    assert not held.too_heavy
    # With that much aboard, the same burns in the same order use up the propellant.
    mass = 900.0 + 2100.0 + 150.0 + most
    for each in result.timelines["apex"].phases:
        mass = mass * math.exp(-each.delta_v_km_s / (320.0 * G0)) - each.details.get("released_kg", 0.0)
    assert mass == pytest.approx(900.0 + most, abs=1e-3)
    assert held.payload_margin_kg == pytest.approx(most - 40.0)


def test_a_payload_too_heavy_to_land_is_said_by_how_much() -> None:
    result = mission("mass: 40 kg", "mass: 700 kg")
    held, stopped = result.budgets["apex"], result.timelines["apex"].stopped
    assert stopped.kind == "land"
    assert stopped.message.startswith("propellant short by")
    over = 700.0 - float(held.most_payload.payload_kg)
    assert over > 0.0
    assert held.too_heavy in result.warnings
    assert f"is {over:.1f} kg more than it can bring" in held.too_heavy
