"""Phasing along circles and ellipses, and turns of a plane away from the nodes, against closed forms.

Around an oblate Moon and the Sun, which turn orbits little in a week, a phasing ends within a hundredth of a
revolution of the fraction asked for. Its price is that of two equal changes of speed between two orbits that
touch (D. A. Vallado, "Fundamentals of Astrodynamics and Applications", 4th ed. (2013), section 6.6). The
bearing of a plane of inclination i over a latitude L is asin(cos i / cos L): spherical trigonometry.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from small_missions import MOON_GM, MOON_RADIUS_KM

import cislunar
from cislunar.orbits.frames import frame_to_icrf

MISSION = """\
cislunar: 1
name: two in one orbit
epoch: 2027-11-26T12:00:00 UTC
duration: 8 d
physics: {degree: 2, bodies: [sun]}
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}
ground: [dsn]
spacecraft:
  alpine:
    dry_mass: 120 kg
    timeline:
      - orbit: &orbit
          frame: moon-me
          periapsis_altitude: NEAR
          apoapsis_altitude: FAR
          inclination: 90 deg
          raan: 318 deg
          argument_of_periapsis: 138 deg
          true_anomaly: 0 deg
      - operate: {}
  lupine:
    dry_mass: 120 kg
    propellant: 30 kg
    engine: {thrust: 22 N, isp: 220 s}
    timeline:
      - orbit: *orbit
      - PHASE
      - operate: {}
"""
ELLIPSE = ("420 km", "7000 km")
CIRCLE = ("2300 km", "2300 km")


@cache
def lupine(near: str, far: str, phase: str) -> Any:
    text = MISSION.replace("NEAR", near).replace("FAR", far).replace("PHASE", phase)
    return cislunar.run(cislunar.load(text)).timelines


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("orbit", [ELLIPSE, CIRCLE], ids=["ellipse", "circle"])
def test_phasing_ends_where_it_was_asked_to(orbit: tuple[str, str], fraction: float) -> None:
    flown = lupine(*orbit, f"phase: {{behind: alpine, fraction: {fraction}, revolutions: 6}}")
    end = flown["lupine"].phases[1].end_tdb
    assert flown["lupine"].complete, flown["lupine"].message
    assert flown["lupine"].phases[1].details["fraction_after"] == pytest.approx(fraction, abs=0.01)
    # The leader passes the follower's place a fraction of a period earlier: look where it was then.
    near, far = (float(text.split()[0]) + MOON_RADIUS_KM for text in orbit)
    period = 2.0 * math.pi * math.sqrt((0.5 * (near + far)) ** 3 / MOON_GM)
    ahead = end - fraction * period
    late = flown["alpine"].state_at(max(ahead, flown["alpine"].start_tdb))
    here = flown["lupine"].state_at(end)
    apart = np.linalg.norm(late[:3] - here[:3]) / np.linalg.norm(here[3:])
    assert apart < 0.01 * period


def test_phasing_costs_two_equal_changes_of_speed() -> None:
    burns = lupine(*ELLIPSE, "phase: {behind: alpine, fraction: 0.5, revolutions: 6}")["lupine"].phases[1]
    near, size = MOON_RADIUS_KM + 420.0, MOON_RADIUS_KM + 0.5 * (420.0 + 7000.0)
    drift = burns.details["drift_semi_major_axis_km"]
    assert drift == pytest.approx(size * (1.0 + 0.5 / 6) ** (2 / 3), rel=1e-3) or drift == pytest.approx(
        size * (1.0 - 0.5 / 6) ** (2 / 3), rel=1e-3
    )
    speeds = [math.sqrt(MOON_GM * (2.0 / near - 1.0 / a)) for a in (size, drift)]
    assert burns.ideal_km_s == pytest.approx(2.0 * abs(speeds[1] - speeds[0]), rel=0.01)


def test_a_turn_at_an_apsis_keeps_the_apse_line() -> None:
    timeline = lupine(*ELLIPSE, "manoeuvre: {at: apoapsis, inclination: 56 deg}")["lupine"]
    burn = timeline.phases[1]
    before = timeline.legs[0].trajectory.final[:, 0]
    after = burn.state_after
    pole = frame_to_icrf("moon-me", burn.end_tdb, timeline.environment)[:, 2]
    normal = np.cross(after[:3], after[3:])
    assert math.degrees(math.acos(normal @ pole / np.linalg.norm(normal))) == pytest.approx(56.0, abs=1e-9)
    np.testing.assert_array_equal(after[:3], before[:3])
    latitude = math.asin(before[:3] @ pole / np.linalg.norm(before[:3]))
    turned = math.asin(math.cos(math.radians(56.0)) / math.cos(latitude))
    assert burn.ideal_km_s == pytest.approx(
        2.0 * np.linalg.norm(before[3:]) * math.sin(0.5 * turned), rel=2e-3
    )


def test_a_turn_below_the_latitude_of_its_place_says_by_how_much() -> None:
    timeline = lupine(*ELLIPSE, "manoeuvre: {at: apoapsis, inclination: 30 deg}")["lupine"]
    assert timeline.stopped is not None
    assert "beyond the inclination asked for" in timeline.message
