"""Launch sites by name, injections that the launcher fixes, and free returns.

Outside numbers: Cape Canaveral lies at 28.5 deg north, so that no orbit launched there without a change of
plane is less inclined than 28.4 deg (geocentric); a symmetric free return takes about three days each way
(A. J. Schwaniger, NASA TN D-1833, 1963). The way back is flown again here from the injection on.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

import cislunar
from cislunar.errors import ScenarioError
from cislunar.propagation import ForceModel, propagate

LAUNCHED = """\
cislunar: 1
name: ways to the Moon
epoch: 2027-11-14T00:00:00 UTC
duration: 8 d
physics: {degree: 2}
spacecraft:
  apex:
    dry_mass: 900 kg
    propellant: 2100 kg
    engine: {thrust: 2200 N, isp: 320 s, count: 2}
    timeline:
      - launch: {site: cape-canaveral, parking_orbit: {altitude: 185 km, inclination: 28.6 deg}}
      - transfer: {kind: direct, time_of_flight: 4.5 d, periapsis_altitude: 100 km, inclination: 90 deg}
      - insert: {apoapsis_altitude: 7000 km}
      - operate: {duration: 1 d}
"""

DIRECT = "kind: direct, time_of_flight: 4.5 d, periapsis_altitude: 100 km, inclination: 90 deg"


@cache
def transfer(old: str = "", new: str = "") -> Any:
    assert old in LAUNCHED
    return cislunar.run(cislunar.load(LAUNCHED.replace(old, new, 1))).timelines["apex"].phases[1]


def injected(how: str) -> Any:
    return transfer("site: cape-canaveral,", f"site: cape-canaveral, injection: {{{how}}},")


def test_a_launch_below_the_latitude_of_the_site_is_refused_with_the_angle() -> None:
    with pytest.raises(ScenarioError, match=r"Cape Canaveral, 28\.40 deg; the plane is 8\.40 deg short"):
        cislunar.load(LAUNCHED.replace("28.6 deg", "20 deg"))
    with pytest.raises(ScenarioError, match="the launch site is given twice or mixed"):
        cislunar.load(LAUNCHED.replace("site: cape-canaveral", "site: cape-canaveral, latitude: 28 deg"))


def test_what_the_launcher_does_not_give_the_spacecraft_adds() -> None:
    free, short = transfer(), injected("delta_v: 3.1 km/s")
    rest = free.details["injection_km_s"] - 3.1
    assert short.details["injection_difference_km_s"] == pytest.approx(rest, abs=1e-9)
    assert short.ideal_km_s == pytest.approx(rest, abs=1e-9)
    assert short.mass_after_kg == pytest.approx(3000.0 * math.exp(-rest / (320.0 * 9.80665e-3)), rel=1e-9)
    assert free.propellant_kg == 0.0


def test_a_launcher_that_gives_more_stops_earlier() -> None:
    phase = injected("c3: -1.9 km^2/s^2")
    # The same energy as an impulse in the parking orbit, by vis-viva.
    radius = 6378.137 + 185.0
    impulse = math.sqrt(2.0 * 398600.4356 / radius - 1.9) - math.sqrt(398600.4356 / radius)
    assert phase.details["launcher_injection_km_s"] == pytest.approx(impulse, abs=1e-6)
    assert phase.details["injection_difference_km_s"] < 0.0
    assert phase.propellant_kg == 0.0


def test_a_launcher_that_gives_far_too_little_is_said() -> None:
    text = LAUNCHED.replace("propellant: 2100 kg", "propellant: 100 kg")
    text = text.replace("site: cape-canaveral,", "site: cape-canaveral, injection: {delta_v: 2.5 km/s},")
    stopped = cislunar.run(cislunar.load(text)).timelines["apex"].stopped
    assert "the rest of the injection takes" in stopped.message
    assert stopped.shortfall["propellant_kg"] > 0.0


def test_a_free_return_comes_back() -> None:
    phase = transfer(DIRECT, "kind: free-return, periapsis_altitude: 200 km, inclination: 172 deg")
    details = phase.details
    assert details["arrival_periapsis_altitude_km"] == pytest.approx(200.0, abs=1e-3)
    assert 60.0 < details["time_of_flight_s"] / 3600.0 < 75.0
    assert details["return_altitude_km"] == pytest.approx(50.0, abs=0.1)
    way_back = (details["return_tdb"] - details["departure_tdb"] - details["time_of_flight_s"]) / 3600.0
    assert 55.0 < way_back < 80.0
    # From the injection of the full model, point masses fly it home: the lunar oblateness it was corrected
    # with moves the perigee by some hundred km at most.
    flight = propagate(
        details["departure_state"],
        details["departure_tdb"],
        details["return_tdb"] - details["departure_tdb"] - 600.0,
        ForceModel(center="earth", gravity=None, bodies=("moon", "sun")),
        rtol=1e-12,
    )
    state = flight.final[:, 0]
    momentum = np.linalg.norm(np.cross(state[:3], state[3:]))
    perigee = momentum**2 / 398600.4356 / 2.0  # of a near-parabola
    assert perigee - 6378.137 == pytest.approx(50.0, abs=400.0)


def test_an_arrival_that_never_comes_back_low_says_how_low() -> None:
    phase = transfer(DIRECT, "kind: free-return, periapsis_altitude: 200 km, inclination: 150 deg")
    assert phase.status == "not possible"
    assert "the lowest perigee on the way back is" in phase.message


def test_a_finite_change_of_inclination_is_refused() -> None:
    text = LAUNCHED.replace(
        "      - operate",
        "      - manoeuvre: {at: ascending node, inclination: 80 deg, burn: finite}\n      - operate",
    )
    with pytest.raises(ScenarioError, match="a change of inclination is made by an impulse"):
        cislunar.load(text)
