"""Reports of missions that were really flown: every kind of site and horizon, from the text to the files."""

from __future__ import annotations

import json

import pytest

from cislunar.mission import run
from cislunar.report.write import write_report
from cislunar.scenario.model import Scenario

ORBIT = (
    "{frame: moon-op, semi_major_axis: 6143 km, eccentricity: 0.6, inclination: 52 deg, raan: 0 deg, "
    "argument_of_periapsis: 90 deg, mean_anomaly: 0 deg}"
)
HEAD = "cislunar: 1\nname: Small\nepoch: 2027-11-25T00:00:00 UTC\n"
FULL = f"""{HEAD}duration: 30 h
sites:
  tranquility: {{latitude: 0.67 deg, longitude: 23.47 deg, horizon: terrain}}
  pole: {{latitude: -89.5 deg, longitude: 0 deg, horizon: [[0 deg, 3 deg], [180 deg, 1 deg]]}}
ground: [goonhilly]
spacecraft:
  solo: {{orbit: {ORBIT}, relay: {{from: [pole], to: goonhilly}}}}
  tug: {{orbit: {{frame: icrf, position: [4000 km, 0 km, 0 km], velocity: [0 km/s, 1.1 km/s, 0.1 km/s]}}}}
requirements:
  - {{name: contact, site: pole, measure: longest_gap, at_most: 1 h}}
analyses:
  coverage:
    minimum_pass: 5 min
    light_time: true
    map: {{region: south polar cap, grid: latitude-longitude, resolution: 5 deg}}
  lifetime: {{horizon: 3 d}}
"""
NO_SITE = f"{HEAD}duration: 1 d\nspacecraft:\n  solo: {{orbit: {ORBIT}}}\n"
IMPACT = f"""{HEAD}duration: 4 d
sites: {{pole: {{latitude: -89.5 deg, longitude: 0 deg}}}}
ground: [goonhilly]
spacecraft:
  stone:
    orbit: {{frame: moon-op, periapsis_altitude: 5 km, apoapsis_altitude: 9000 km, inclination: 90 deg,
      raan: 0 deg, argument_of_periapsis: 45 deg, mean_anomaly: 180 deg}}
    relay: {{from: pole, to: goonhilly}}
"""


@pytest.mark.parametrize(
    ("text", "figures", "says"),
    [
        (FULL, 15, ["Tranquility sees Earth", "3.8 km", "one-way light time", "Besides: tug", "✗ 0 of 1"]),
        (NO_SITE, 3, ["1 spacecraft flown; the scenario names no site"]),
        (IMPACT, 9, ["Incomplete: not every spacecraft", "<strong>stone</strong> stopped", "impact"]),
    ],
    ids=["full", "no-site", "impact"],
)
def test_report_of_a_flown_mission(text, figures, says, tmp_path):
    result = run(Scenario.from_text(text))
    page = write_report(result, tmp_path).read_text(encoding="utf-8")
    for words in says:
        assert words in " ".join(page.split()), words
    assert len(list((tmp_path / "figures").glob("*.png"))) == figures
    assert len(list((tmp_path / "figures").glob("*.svg"))) == figures
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary == json.loads(json.dumps(result.summary, allow_nan=False))
    for entry in summary["trajectories"].values():
        assert (tmp_path / entry["file"]).read_text(encoding="utf-8").startswith("CCSDS_OEM_VERS")
