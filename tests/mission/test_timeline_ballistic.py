"""A ballistic transfer in a timeline, beside a direct one: it is captured more cheaply.

The saving at insertion that low-energy transfers are flown for is 115 to 200 m/s to a low orbit, at an
injection some 60 m/s dearer (E. A. Belbruno and J. P. Carrico, AIAA 2000-4142; J. S. Parker and R. L.
Anderson, "Low-Energy Lunar Trajectory Design", JPL DESCANSO 12 (2013), chapter 3). The impulse at the same
periapsis to a loose ellipse saves as much: it is the arrival speeds that differ.
"""

from __future__ import annotations

import pytest

import cislunar

pytestmark = pytest.mark.slow

BALLISTIC = """\
cislunar: 1
name: ballistic
epoch: 2027-08-01T00:00:00 UTC
duration: 140 d
physics: {degree: 2}
spacecraft:
  craft:
    dry_mass: 300 kg
    propellant: 700 kg
    engine: {thrust: 400 N, isp: 310 s}
    timeline:
      - launch: {parking_orbit: {altitude: 185 km, inclination: 28.5 deg}}
      - transfer:
          kind: ballistic
          arrive_after: 2027-11-20T00:00:00 UTC
          arrive_before: 2027-12-05T00:00:00 UTC
          periapsis_altitude: 100 km
          inclination: 90 deg
          candidates: 20000
      - insert: {apoapsis_altitude: 7000 km, burns: 2, burn: finite}
      - operate: {duration: 1 d}
"""

DIRECT = """\
      - transfer: {kind: direct, time_of_flight: 4.5 d, periapsis_altitude: 100 km, inclination: 90 deg}
"""


def test_a_ballistic_transfer_is_captured_more_cheaply_than_a_direct_one() -> None:
    start, end = BALLISTIC.index("      - transfer:"), BALLISTIC.index("      - insert:")
    low = cislunar.run(cislunar.load(BALLISTIC)).timelines["craft"]
    direct = cislunar.run(cislunar.load(BALLISTIC[:start] + DIRECT + BALLISTIC[end:])).timelines["craft"]
    assert low.complete, low.message
    assert direct.complete, direct.message
    transfer = low.phases[1].details
    assert 1.0e6 < transfer["farthest_km"] < 1.6e6
    assert 60.0 < transfer["time_of_flight_s"] / 86400.0 < 150.0
    assert transfer["closure_km"] < 1.0
    saved = direct.phases[2].delta_v_km_s - low.phases[2].delta_v_km_s
    assert 0.115 < saved < 0.25
    dearer = transfer["injection_km_s"] - direct.phases[1].details["injection_km_s"]
    assert 0.03 < dearer < 0.10


def test_a_launch_too_late_for_the_window_is_said() -> None:
    text = BALLISTIC.replace("epoch: 2027-08-01", "epoch: 2027-11-10").replace("20000", "2000")
    timeline = cislunar.run(cislunar.load(text)).timelines["craft"]
    assert not timeline.complete
    assert "of 2000 arrivals tried" in timeline.message
    assert [phase.status for phase in timeline.phases] == [
        "flown",
        "not possible",
        "not reached",
        "not reached",
    ]
