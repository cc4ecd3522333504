"""Timelines as they are flown: states, times and masses handed from phase to phase.

What is checked against closed forms: the rocket equation for every burn, two-body speeds at the apses for
impulses (exact, since the impulse is found on the osculating orbit), a released spacecraft that starts where
its carrier is. The rest are statements about bookkeeping: who is aboard, what is left, who stops and why.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from small_missions import MOON_GM, MOON_RADIUS_KM

import cislunar
from cislunar.errors import InputError

G0 = 9.80665e-3
"""Standard gravity, km/s^2."""

RELEASE = """\
cislunar: 1
name: carried relay
epoch: 2027-11-26T12:00:00 UTC
duration: 3 d
physics: {degree: 2}
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}
ground: [dsn]
spacecraft:
  apex:
    dry_mass: 900 kg
    propellant: 1000 kg
    engine: {thrust: 2200 N, isp: 320 s, count: 2}
    payloads:
      - {name: Seismometer, mass: 40 kg}
    carries: alpine
    margin_policy: esa
    timeline:
      - orbit:
          frame: moon-me
          periapsis_altitude: 100 km
          apoapsis_altitude: 7000 km
          inclination: 90 deg
          raan: 318 deg
          argument_of_periapsis: 120 deg
          mean_anomaly: 10 deg
      - coast: {duration: 2 h}
      - release: alpine
      - manoeuvre: {at: periapsis, apoapsis_altitude: 500 km, burn: finite}
      - operate: {duration: 1 d}
  alpine:
    dry_mass: 120 kg
    propellant: 30 kg
    engine: {thrust: 22 N, isp: 220 s}
    timeline:
      - manoeuvre: {at: apoapsis, periapsis_altitude: 420 km}
      - operate: {}
    relay: {from: schrodinger, to: dsn, rate: 1 Mbit/s}
requirements:
  - {name: Availability, site: schrodinger, measure: percent, at_least: 10 %}
"""

MANOEUVRE = "{at: apoapsis, periapsis_altitude: 420 km}"


@cache
def flown(text: str = RELEASE) -> Any:
    return cislunar.run(cislunar.load(text))


def changed(old: str, new: str) -> Any:
    assert old in RELEASE
    return flown(RELEASE.replace(old, new, 1))


def rocket_km_s(isp_s: float, before_kg: float, after_kg: float) -> float:
    return isp_s * G0 * math.log(before_kg / after_kg)


def test_phases_hand_over_state_time_and_mass() -> None:
    for timeline in flown().timelines.values():
        assert timeline.complete
        for one, other in zip(timeline.phases, timeline.phases[1:], strict=False):
            assert other.start_tdb == one.end_tdb
            assert other.mass_before_kg == one.mass_after_kg
            np.testing.assert_array_equal(other.state_before, one.state_after)
        for one, other in zip(timeline.legs, timeline.legs[1:], strict=False):
            assert other.start_tdb == pytest.approx(one.end_tdb, abs=1e-6)


def test_a_released_spacecraft_begins_where_its_carrier_is() -> None:
    apex, alpine = flown().timelines["apex"], flown().timelines["alpine"]
    release = apex.phases[2]
    assert release.details["released"] == "alpine"
    np.testing.assert_array_equal(alpine.phases[0].state_before, release.state_after)
    assert alpine.phases[0].start_tdb == release.start_tdb
    assert release.mass_before_kg == 2090.0
    assert release.mass_after_kg == 1940.0
    assert alpine.phases[0].mass_before_kg == 150.0


def test_an_impulse_raises_the_periapsis_by_the_two_body_price() -> None:
    burn = flown().timelines["alpine"].phases[0]
    state = flown().timelines["alpine"].legs[0].trajectory.final[:, 0]
    radius, speed = np.linalg.norm(state[:3]), np.linalg.norm(state[3:])
    after = math.sqrt(2.0 * MOON_GM * (1.0 / radius - 1.0 / (radius + MOON_RADIUS_KM + 420.0)))
    assert burn.ideal_km_s == pytest.approx(after - speed, abs=1e-9)
    assert burn.details["periapsis_altitude_after_km"] == pytest.approx(420.0, abs=1e-6)
    assert burn.ideal_km_s == pytest.approx(rocket_km_s(220.0, 150.0, burn.mass_after_kg), rel=1e-12)
    assert burn.propellant_kg == pytest.approx(150.0 - burn.mass_after_kg, rel=1e-12)


def test_a_finite_burn_reaches_its_apoapsis_and_pays_for_its_length() -> None:
    timeline = flown().timelines["apex"]
    burn = timeline.phases[3]
    assert burn.details["apoapsis_altitude_after_km"] == pytest.approx(500.0, abs=1e-3)
    assert burn.delta_v_km_s == pytest.approx(
        rocket_km_s(320.0, burn.mass_before_kg, burn.mass_after_kg), rel=1e-9
    )
    assert 0.0 < burn.loss_km_s < 0.01 * burn.ideal_km_s
    seconds = burn.propellant_kg * 320.0 * 9.80665 / 4400.0
    assert burn.details["burn_time_s"] == pytest.approx(seconds, rel=1e-9)
    leg = next(leg for leg in timeline.legs if leg.powered)
    middle = 0.5 * (leg.start_tdb + leg.end_tdb)
    assert timeline.mass_at(middle) == pytest.approx(burn.mass_before_kg - 0.5 * burn.propellant_kg)
    assert timeline.mass_at(leg.end_tdb) == pytest.approx(burn.mass_after_kg)


def test_states_are_found_along_the_whole_flight_about_any_body() -> None:
    timeline = flown().timelines["apex"]
    tdb = np.linspace(timeline.start_tdb, timeline.end_tdb, 50)
    moon, earth = timeline.state_at(tdb), timeline.state_at(tdb, "earth")
    place = timeline.environment.ephemeris.state("moon", "earth", tdb)
    np.testing.assert_allclose(earth - moon, place, rtol=0.0, atol=1e-9)
    with pytest.raises(InputError, match="is outside its flight"):
        timeline.state_at(timeline.end_tdb + 1.0)


def test_coverage_is_counted_from_the_arrival_of_the_relay() -> None:
    result = flown()
    arrival = result.timelines["alpine"].arrival_tdb
    assert result.window == (arrival, result.scenario.end_tdb)
    assert float(result.coverage["time"][0]) == arrival
    assert (result.access["start_tdb"] >= arrival).all()
    assert result.trajectories["alpine"].epoch[0] == arrival
    assert result.requirements[0]["met"]
    assert any("begin when the last relay has arrived" in each for each in result.warnings)


def test_budgets_are_those_of_the_flight_under_the_policy() -> None:
    budget = flown().budgets["apex"].delta_v
    assert budget.names == ("release alpine", "apoapsis to 500 km at periapsis")
    burn = flown().timelines["apex"].phases[3]
    assert budget.ideal_km_s[1] + budget.losses_km_s[1] == pytest.approx(burn.delta_v_km_s)
    assert budget.margin_km_s[1] == pytest.approx(max(0.05 * burn.delta_v_km_s, 0.010))
    assert flown().budgets["alpine"].delta_v.margin_km_s[0] == 0.0


def test_what_is_short_of_propellant_is_said_and_the_rest_flies_on() -> None:
    result = changed("propellant: 1000 kg", "propellant: 100 kg")
    assert result.status == "incomplete"
    apex, alpine = result.timelines["apex"], result.timelines["alpine"]
    stopped = apex.stopped
    assert [phase.status for phase in apex.phases] == ["flown"] * 3 + ["not possible", "not reached"]
    assert "the burn takes" in stopped.message
    assert "kg short" in stopped.message
    # The same burn from the mass of the flight, by the rocket equation.
    needed = 1040.0 * -math.expm1(-stopped.delta_v_km_s / (320.0 * G0))
    assert stopped.shortfall["propellant_kg"] == pytest.approx(needed - 100.0, rel=1e-9)
    assert stopped.mass_after_kg == stopped.mass_before_kg
    assert alpine.complete
    assert result.statistics["schrodinger"]["chain"]["percent"] > 10.0
    assert not result.budgets["apex"].delta_v.closes


def test_a_carrier_that_stops_keeps_its_relay_and_nothing_is_covered() -> None:
    result = changed("- coast: {duration: 2 h}", "- manoeuvre: {at: periapsis, apoapsis_altitude: 50 km}")
    assert [phase.status for phase in result.timelines["apex"].phases[:3]] == [
        "flown",
        "not possible",
        "not reached",
    ]
    alpine = result.timelines["alpine"]
    assert alpine.message.startswith("not released: apex stopped before: apoapsis to 50 km at periapsis:")
    assert not alpine.legs
    assert result.status == "incomplete"
    assert result.statistics == {}
    assert result.requirements[0]["found_text"] == "nothing was flown"
    assert not result.requirements[0]["met"]


def test_an_orbit_out_of_reach_is_said() -> None:
    result = changed(MANOEUVRE, "{at: periapsis, apoapsis_altitude: 50 km}")
    assert "cannot set the apoapsis to 50.0 km" in result.timelines["alpine"].message


def test_a_turn_reaches_the_inclination_at_the_price_of_its_angle() -> None:
    result = changed(MANOEUVRE, "{at: descending node, inclination: 80 deg}")
    timeline = result.timelines["alpine"]
    from cislunar.orbits.frames import frame_to_icrf

    burn = timeline.phases[0]
    pole = frame_to_icrf("moon-me", burn.end_tdb, timeline.environment)[:, 2]
    before = timeline.legs[0].trajectory.final[:, 0]

    def inclination_deg(state: Any) -> float:
        normal = np.cross(state[:3], state[3:])
        return math.degrees(math.acos(normal @ pole / np.linalg.norm(normal)))

    assert inclination_deg(burn.state_after) == pytest.approx(80.0, abs=1e-9)
    up = before[:3] / np.linalg.norm(before[:3])
    across = np.linalg.norm(before[3:] - (before[3:] @ up) * up)
    turned = math.radians(inclination_deg(before) - 80.0)
    assert burn.ideal_km_s == pytest.approx(2.0 * across * math.sin(0.5 * turned), rel=1e-6)
    assert np.linalg.norm(burn.state_after[3:]) == pytest.approx(np.linalg.norm(before[3:]), rel=1e-12)


def test_an_impact_at_work_ends_the_flight_and_is_reported() -> None:
    result = changed(MANOEUVRE, "{at: apoapsis, delta_v: [-30 m/s, 0 m/s, 0 m/s]}")
    alpine = result.timelines["alpine"]
    assert result.status == "incomplete"
    assert alpine.stopped.kind == "operate"
    assert "impact" in alpine.message
    assert alpine.arrival_tdb is not None


def test_phasing_ends_the_fraction_behind() -> None:
    text = RELEASE.replace("    carries: alpine\n", "    carries: [alpine, lupine]\n")
    text = text.replace("      - release: alpine\n", "      - release: alpine\n      - release: lupine\n")
    start = text.index("  alpine:\n")
    end = text.index("requirements:")
    other = text[start:end].replace("  alpine:", "  lupine:", 1)
    other = other.replace(
        "      - operate", "      - phase: {behind: alpine, fraction: 0.5, revolutions: 2}\n      - operate"
    )
    result = flown((text[:end] + other + text[end:]).replace("duration: 3 d", "duration: 5 d"))
    lupine = result.timelines["lupine"]
    assert lupine.complete, lupine.message
    # Two-body phasing in a field of degree 2 with the Earth: a hundredth of a period.
    assert lupine.phases[1].details["fraction_after"] == pytest.approx(0.5, abs=0.01)
    assert result.window[0] == lupine.arrival_tdb


def test_a_burn_out_of_all_proportion_is_reported_like_any_other() -> None:
    # 0.39 km/s at 10 s need a fiftyfold mass: no load carries 2 per cent of residuals through it.
    result = changed("isp: 320 s, count: 2}", "isp: 10 s, count: 2}")
    assert "short" in result.timelines["apex"].stopped.message
    assert result.budgets["apex"].delta_v is None
    assert result.summary["timelines"]["apex"]["delta_v_budget"] is None
