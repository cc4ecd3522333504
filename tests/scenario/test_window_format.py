"""The launch window in a scenario: what is read, and what is said when it cannot be meant."""

from __future__ import annotations

import pytest

from cislunar.errors import ScenarioError
from cislunar.scenario.model import Scenario
from cislunar.time import parse_epoch

DAY_S = 86400.0

TEXT = """\
cislunar: 1
name: window
epoch: 2027-11-12T00:00:00 UTC
duration: 20 d
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}
ground: [dsn]
spacecraft:
  apex:
    dry_mass: 740 kg
    propellant: 2050 kg
    engine: {thrust: 2200 N, isp: 320 s, count: 2, throttle: [0.4, 1]}
    timeline:
      - launch: {latitude: 28.5 deg, parking_orbit: {altitude: 185 km, inclination: 28.5 deg}}
      - transfer: {kind: direct, time_of_flight: 4.5 d, periapsis_altitude: 100 km, inclination: 90 deg}
      - insert: {apoapsis_altitude: 7000 km}
      - coast: {until: 2027-11-24T12:00:00 UTC}
      - manoeuvre: {at: periapsis, circularise: true}
      - land: {site: schrodinger}
      - operate: {duration: 1 d}
  scout:
    orbit:
      {frame: moon-me, periapsis_altitude: 100 km, apoapsis_altitude: 100 km, inclination: 90 deg,
       raan: 0 deg, argument_of_periapsis: 0 deg, mean_anomaly: 0 deg}
analyses:
  window:
    spacecraft: apex
"""


def test_what_is_left_out_comes_from_the_timeline() -> None:
    scenario = Scenario.from_text(TEXT)
    window = scenario.window
    assert window is not None
    assert window.start_tdb == parse_epoch("2027-11-12T00:00:00 UTC")
    assert window.times_of_flight_s == (4.5 * DAY_S,)
    assert window.branches == ("north", "south")
    assert window.headings == ("cheaper",)
    assert (window.launches, window.candidates) == (31, 62)
    assert window.least_coverage is None
    assert Scenario.from_text(TEXT[: TEXT.index("analyses:")]).window is None


def test_everything_can_be_stated() -> None:
    window = Scenario.from_text(
        TEXT + "    start: 2027-10-01T00:00:00 UTC\n    duration: 365 d\n    step: 12 h\n"
        "    times_of_flight: [4 d, 4.5 d, 4 d]\n    branch: south\n    heading: both\n    coverage: 10 d\n"
        "    least_coverage: 70 %\n    insertion_in_view: true\n    slip_days: 3\n    lead: 1 d\n"
        "    longest_wait: 20 d\n    sun: rising\n"
    ).window
    assert window is not None
    assert window.launches == 731
    assert window.times_of_flight_s == (4.0 * DAY_S, 4.5 * DAY_S)
    assert window.branches == ("south",)
    assert window.headings == ("ascending", "descending")
    assert window.candidates == 731 * 2 * 2
    assert (window.coverage_s, window.least_coverage) == (10.0 * DAY_S, 0.7)
    assert (window.insertion_in_view, window.slip_days, window.sun) == (True, 3, "rising")
    assert (window.lead_s, window.longest_wait_s) == (DAY_S, 20.0 * DAY_S)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "spacecraft: apex\n",
            "spacecraft: apxe\n",
            "found 'apxe'; expected a spacecraft; did you mean 'apex'?",
        ),
        (
            "spacecraft: apex\n",
            "spacecraft: scout\n",
            "analyses.window.spacecraft: 'scout' has no timeline from a launch to a landing; expected a "
            "spacecraft that has",
        ),
        (
            "    spacecraft: apex\n",
            "    duration: 3 d\n",
            "analyses.window.spacecraft: missing; expected the name of a spacecraft",
        ),
        (
            "    spacecraft: apex\n",
            "    spacecraft: apex\n    times_of_flight: [4 d, 8 d]\n",
            "analyses.window.times_of_flight.1: found '8 d'; expected 2.4 d to 7 d",
        ),
        (
            "    spacecraft: apex\n",
            "    spacecraft: apex\n    branch: nroth\n",
            "found 'nroth'; expected one of north, south or both; did you mean 'north'?",
        ),
        (
            "    spacecraft: apex\n",
            "    spacecraft: apex\n    duration: 3 yr\n    step: 10 min\n",
            "combinations of launch, flight time, branch and heading; expected at most 200000: take a longer "
            "step or fewer flight times",
        ),
        (
            "    spacecraft: apex\n",
            "    spacecraft: apex\n    start: 2070-12-20T00:00:00 UTC\n",
            "analyses.window: the landing after the last launch of the window: 2071-",
        ),
        (
            "{at: periapsis, circularise: true}",
            "{at: periapsis, inclination: 85 deg}",
            "'apex' makes a manoeuvre before it lands (phase 4) that does not change one apse at an apse; "
            "expected only such, or circularise",
        ),
        (
            "{at: periapsis, circularise: true}",
            "{at: ascending node, circularise: true}",
            "that does not change one apse at an apse",
        ),
        (
            "      - manoeuvre: {at: periapsis, circularise: true}\n",
            "      - manoeuvre: {at: periapsis, circularise: true}\n"
            "      - coast: {until: 2027-11-25T12:00:00 UTC}\n",
            "'apex' coasts to a date twice before it lands (phase 5); expected one such coast, the wait for "
            "the landing",
        ),
        (
            "coast: {until: 2027-11-24T12:00:00 UTC}",
            "coast: {until: ascending node}",
            "'apex' coasts to the ascending node (phase 3); expected an apse, a time or a date",
        ),
    ],
)
def test_what_cannot_be_meant_is_said(old: str, new: str, message: str) -> None:
    assert old in TEXT
    head, tail = TEXT.rsplit(old, 1)
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(head + new + tail)
    assert message in str(caught.value)
