"""Unusual but valid scenarios: each flies without a warning from any library, and its report is written."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
from small_missions import RELAYS, fly, scenario

import cislunar

RELAY = "    relay: {from: schrodinger, to: dsn}\n"
SITES = "sites:\n  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}\n"
MAP = {"region": "far side", "resolution": "30 deg"}

UNUSUAL: dict[str, tuple[str, dict[str, Any]]] = {
    "no relay and no station": (RELAYS.replace("ground: [dsn]\n", "").replace(RELAY, ""), {}),
    "no site": (RELAYS.replace(SITES, "").replace(RELAY, ""), {}),
    "one minute": (RELAYS, {"duration": "1 min", "analyses.coverage.map": {**MAP, "minimum_pass": "2 min"}}),
    "a map of the whole Moon from above": (
        RELAYS,
        {
            "analyses.coverage.map": {
                "region": "moon",
                "grid": "latitude-longitude",
                "resolution": "30 deg",
                "height": "5000 km",
            }
        },
    ),
    "a spacecraft that is no relay": (RELAYS, {"spacecraft.lupine.relay": None}),
    "no pass long enough": (RELAYS, {"analyses.coverage.minimum_pass": "1 d"}),
    "without degraded cases": (RELAYS, {"analyses.coverage.degraded": False}),
    "terrain, light time and a map": (
        RELAYS,
        {
            "sites.schrodinger.horizon": "terrain",
            "analyses.coverage.light_time": True,
            "analyses.coverage.map": MAP,
        },
    ),
    "a hyperbola": (
        RELAYS,
        {
            "spacecraft.alpine.orbit": {
                "frame": "icrf",
                "position": ["3000 km", "0 km", "0 km"],
                "velocity": ["0 km/s", "2.5 km/s", "0 km/s"],
            }
        },
    ),
    "a circle in the reference plane": (
        RELAYS,
        {"spacecraft.alpine.orbit.eccentricity": 0, "spacecraft.alpine.orbit.inclination": "0 deg"},
    ),
    "every body, degree 100 and sunlight": (
        RELAYS,
        {
            "duration": "6 h",
            "physics": {"degree": 100, "bodies": ["earth", "sun", "venus", "mars", "jupiter", "saturn"]},
            "spacecraft.alpine.mass": "100 kg",
            "spacecraft.alpine.radiation_pressure": {"area": "5 m^2", "coefficient": 1.5},
        },
    ),
    "the first days of the tables": (RELAYS, {"epoch": "2000-01-02T00:00:00 UTC"}),
    "sites at both poles and on the antimeridian": (
        RELAYS,
        {
            "sites.north": {"latitude": "90 deg", "longitude": "0 deg"},
            "sites.south": {"latitude": "-90 deg", "longitude": "180 deg"},
            "sites.back": {"latitude": "0 deg", "longitude": "-180 deg", "horizon": "terrain"},
        },
    ),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_flies_without_any_warning(name):
    text, changes = UNUSUAL[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = cislunar.run(scenario(text, changes))
    assert result.status == "complete"
    for links in result.statistics.values():
        for entry in links.values():
            assert 0.0 <= entry["percent"] <= 100.0
            assert math.isfinite(entry["mean_response_s"])


@pytest.mark.parametrize("name", ["no site", "one minute", "a hyperbola", "no pass long enough"])
def test_its_report_is_written_without_any_warning(name, tmp_path):
    text, changes = UNUSUAL[name]
    result = cislunar.run(scenario(text, changes))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = result.report(tmp_path / "report")
    assert page.stat().st_size > 10_000


def test_sunlight_acts_on_the_spacecraft_that_has_an_area():
    """Pressure of 4.56e-6 N/m^2 on 1.5 x 5 m^2 and 100 kg pushes by a t^2 / 2, some 11 km in three days.

    On an orbit the push partly averages out; it must at least show in hundreds of metres, and not at all on
    the spacecraft without an area.
    """
    light = {"area": "5 m^2", "coefficient": 1.5}
    plain = fly()
    pushed = fly(spacecraft__alpine__mass="100 kg", spacecraft__alpine__radiation_pressure=light)
    moved_km = abs(pushed.trajectories["alpine"].final - plain.trajectories["alpine"].final)[:3].max()
    assert 0.1 < moved_km < 20.0
    assert (pushed.trajectories["lupine"].final == plain.trajectories["lupine"].final).all()


def test_statistics_ignore_passes_below_the_minimum():
    whole = fly().statistics["schrodinger"]["chain"]
    limit = f"{whole['pass_s']['median'] + 1.0} s"
    useful = fly(analyses__coverage__minimum_pass=limit).statistics["schrodinger"]["chain"]
    assert useful["passes"] < whole["passes"]
    assert useful["percent"] < whole["percent"]
    assert useful["gap_s"]["max"] >= whole["gap_s"]["max"]
