"""What cannot be flown, from the command line and from Python: what is short, and by how much.

A lander over Schroedinger that flies down at once, spoilt in one thing at a time. Numbers are held against
the rocket equation, the gravity of the Moon's mass at the site, and the angle between the site and the plane.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cislunar
from cislunar.cli.main import main

G0 = 9.80665e-3
LANDER = """\
cislunar: 1
name: down at once
epoch: 2027-11-26T12:00:00 UTC
duration: 3 d
physics: {degree: 2}
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}
spacecraft:
  apex:
    dry_mass: 900 kg
    propellant: 1300 kg
    engine: {thrust: 2200 N, isp: 320 s, count: 2, throttle: [0.4, 1]}
    payloads: [{name: Cargo, mass: 40 kg}]
    timeline:
      - orbit:
          frame: moon-me
          periapsis_altitude: 100 km
          apoapsis_altitude: 101 km
          inclination: 90 deg
          raan: 140 deg
          argument_of_periapsis: 0 deg
          mean_anomaly: 0 deg
      - land: {site: schrodinger, within: 2 d}
      - operate: {duration: 6 h}
"""


def spoilt(*changes: tuple[str, str]) -> str:
    text = LANDER
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@cache
def stopped(*changes: tuple[str, str]) -> Any:
    result = cislunar.run(cislunar.load(spoilt(*changes)))
    assert result.status == "incomplete"
    return result.timelines["apex"].stopped, result


def test_it_lands_as_it_stands() -> None:
    assert cislunar.run(cislunar.load(LANDER)).status == "complete"


def test_thrust_below_the_weight() -> None:
    phase, result = stopped(("count: 2, ", ""), ("propellant: 1300 kg", "propellant: 2500 kg"))
    assert phase.kind == "land"
    gravity_m_s2 = 4902.8e3 / np.sum(result.sites["schrodinger"].position_me_km ** 2)
    weight = 3440.0 * gravity_m_s2
    assert phase.message.startswith("thrust below weight: 2200 N is 0.39 of the lunar weight of 3440 kg")
    assert f"{weight:.0f} N" in phase.message
    assert "short by 1097 N" in phase.message  # of the weight after an impulsive descent of some 1.7 km/s
    left = 3440.0 * math.exp(-1.672 / (320.0 * G0))
    assert left * gravity_m_s2 - 2200.0 == pytest.approx(1097.0, rel=0.01)


def test_a_payload_too_heavy_to_land() -> None:
    phase, result = stopped(("mass: 40 kg", "mass: 600 kg"))
    assert phase.kind == "land"
    assert f"propellant short by {phase.shortfall['propellant_kg']:.1f} kg" in phase.message
    held = result.budgets["apex"]
    over = -held.payload_margin_kg
    assert f"is {over:.1f} kg more than it can bring" in held.too_heavy
    assert held.too_heavy in result.warnings
    # Lighter by that much, the same burns leave nothing in the tanks.
    total = phase.delta_v_km_s
    assert (2500.0 + 300.0 - over) * math.exp(-total / (320.0 * G0)) == pytest.approx(1500.0 - over, rel=1e-3)


def test_a_burn_longer_than_the_propellant() -> None:
    burn = "- manoeuvre: {at: periapsis, passage: 2, apoapsis_altitude: 8000 km, burn: finite}"
    phase, _ = stopped(("- land: {site: schrodinger, within: 2 d}", burn), ("1300 kg", "60 kg"))
    needed = 1000.0 * -math.expm1(-phase.delta_v_km_s / (320.0 * G0))
    flow = 4400.0 / (320.0 * 9.80665)
    assert phase.shortfall["propellant_kg"] == pytest.approx(needed - 60.0, rel=1e-6)
    assert phase.shortfall["time_s"] == pytest.approx((needed - 60.0) / flow, rel=1e-6)
    assert f"{phase.shortfall['time_s']:.0f} s of the burn" in phase.message
    assert f"the burn takes {needed / flow:.0f} s" in phase.message


def test_a_site_that_the_plane_does_not_reach() -> None:
    phase, _ = stopped(("inclination: 90 deg", "inclination: 60 deg"))
    # 180 - 60 is as far as 60: the site at 71.38 deg lies 11.4 deg beyond what the plane reaches.
    assert "The site's latitude is 11.40 deg beyond" in phase.message
    assert "m/s" in phase.message
    phase, _ = stopped(("raan: 140 deg", "raan: 60 deg"))
    assert phase.shortfall["cross_range_rad"] > math.radians(15.0)
    assert "off its plane at the closest of" in phase.message


def test_the_command_line_reports_what_was_flown_and_ends_with_3(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "down.yaml"
    file.write_text(spoilt(("mass: 40 kg", "mass: 600 kg")), encoding="utf-8")
    assert main(["run", str(file), "--quiet", "--out", str(tmp_path / "out")]) == 3
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    life = summary["timelines"]["apex"]
    assert [phase["status"] for phase in life["phases"]] == ["flown", "not possible", "not reached"]
    assert life["shortfall"]["propellant_kg"] > 0.0
    assert life["payload"]["margin_kg"] < 0.0
    assert life["payload"]["limit"] == "propellant"
    assert (tmp_path / "out" / "report.html").stat().st_size > 0
    assert "propellant short by" in capfd.readouterr().err


def test_what_the_file_shows_to_be_impossible_ends_with_2(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "down.yaml"
    file.write_text(spoilt(("thrust: 2200 N", "thrust: 700 N")), encoding="utf-8")
    assert main(["run", str(file), "--quiet"]) == 2
    said = capfd.readouterr().err
    # 940 kg on the Moon weigh 1527 N, two engines of 700 N lift 1400.
    assert "down.yaml:23:15  spacecraft.apex.timeline.1.land:" in said
    assert "126.8 N short" in said
