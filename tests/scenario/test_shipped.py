"""The scenarios in `scenarios/`: every number has an origin, and the geometry they are to respect holds.

Numbers: JPL PIA26298 and CNES (the seismometer's 4.5 months); the flown radii of Queqiao-2 and its period of
26.18 h (Wikipedia, Queqiao-2, 2024); Bhamidipati et al. 2023, navi.613 (inclination to the orbit plane of the
Moon); Lunar Pathfinder's 10.84 h from its semi-major axis.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_fuzz import SHIPPED

from cislunar.environment import Environment
from cislunar.environment.ephemeris import GM_DE440
from cislunar.orbits.definitions import KeplerianOrbit
from cislunar.orbits.elements import from_state
from cislunar.orbits.initial_state import initial_state
from cislunar.scenario import Scenario, load

NAMES = {file.stem: file for file in SHIPPED}

CP12_IN_ORBIT = ("cp12-relay-phase", "cp12-single-relay", "cp12-frozen", "cp12-hcpo")
CP12_FROM_LAUNCH = (
    "cp12",
    "cp12-capture-73",
    "cp12-frozen-by-relays",
    "cp12-hcpo-from-launch",
    "cp12-loose-capture",
)
DELIVERIES = ("hakuto-r-m1", "hakuto-r-m2", "clps-100kg")


def scenario(name: str) -> Scenario:
    return load(NAMES[name])


def period_h(name: str, craft: str) -> float:
    flown = scenario(name)
    state = initial_state(
        flown.spacecraft[craft].orbit, flown.epoch_tdb, GM_DE440["moon"], Environment.default()
    )
    axis = float(np.atleast_1d(from_state(np.reshape(state, (6, 1)), GM_DE440["moon"]).semi_major_axis_km)[0])
    return math.tau * math.sqrt(axis**3 / GM_DE440["moon"]) / 3600.0


def test_the_gallery_is_complete() -> None:
    assert set(NAMES) == {*CP12_IN_ORBIT, *CP12_FROM_LAUNCH, *DELIVERIES, "lunar-pathfinder", "queqiao-2"}


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_an_origin(name: str) -> None:
    found = scenario(name)
    unsourced = [item["path"] for item in found.assumptions if item["assumption"] == "no source given"]
    assert unsourced == []
    assert found.sources
    assert found.description


@pytest.mark.parametrize("name", [name for name in CP12_IN_ORBIT if name != "cp12-hcpo"])
def test_cp12_lasts_as_long_as_its_seismometer(name: str) -> None:
    found = scenario(name)
    assert found.duration_s == 137 * 86400.0
    assert found.lifetime is not None
    assert found.lifetime.horizon_s > 150 * 86400.0
    assert found.coverage is not None
    assert found.coverage.sites == ("schrodinger", "basin-centre")
    assert found.coverage.map is not None
    assert found.coverage.map.region == "far side"
    assert found.coverage.map.minimum_pass_s > 0.0


def test_the_sun_is_low_over_the_site_at_landing() -> None:
    found, environment = scenario("cp12-relay-phase"), Environment.default()
    site = found.sites["schrodinger"]
    up = np.array(
        [
            math.cos(site.latitude_rad) * math.cos(site.longitude_rad),
            math.cos(site.latitude_rad) * math.sin(site.longitude_rad),
            math.sin(site.latitude_rad),
        ]
    )
    sun = environment.orientation.icrf_to_me(found.epoch_tdb) @ environment.ephemeris.position(
        "sun", "moon", found.epoch_tdb
    )
    elevation = math.degrees(math.asin(sun @ up / np.linalg.norm(sun)))
    assert 5.0 < elevation < 15.0


def test_the_polar_plane_holds_the_site_at_landing() -> None:
    found = scenario("cp12-relay-phase")
    site = found.sites["schrodinger"]
    for craft in found.spacecraft.values():
        assert isinstance(craft.orbit, KeplerianOrbit)
        assert craft.orbit.frame == "moon-me"
        assert math.sin(craft.orbit.raan_rad - site.longitude_rad) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("name", ["cp12-relay-phase", "cp12-frozen", "cp12-hcpo"])
def test_the_relays_are_half_a_period_apart(name: str) -> None:
    orbits = [craft.orbit for craft in scenario(name).spacecraft.values()]
    assert len(orbits) == 2
    assert all(isinstance(orbit, KeplerianOrbit) for orbit in orbits)
    assert abs(orbits[1].anomaly_rad - orbits[0].anomaly_rad) == pytest.approx(math.pi)  # type: ignore[union-attr]


def test_the_frozen_ellipse_is_inclined_to_the_orbit_of_the_moon() -> None:
    for craft in scenario("cp12-frozen").spacecraft.values():
        orbit = craft.orbit
        assert isinstance(orbit, KeplerianOrbit)
        assert orbit.frame == "moon-op"
        # First-order condition of a frozen ellipse under a distant perturber: cos^2 i = 0.6 (1 - e^2).
        assert orbit.eccentricity is not None
        assert math.cos(orbit.inclination_rad) ** 2 == pytest.approx(
            0.6 * (1 - orbit.eccentricity**2), abs=2e-3
        )


def test_queqiao_2_was_given_by_radii() -> None:
    assert period_h("queqiao-2", "queqiao-2") == pytest.approx(26.18, abs=0.02)


def test_lunar_pathfinder_goes_round_in_10_84_hours() -> None:
    assert period_h("lunar-pathfinder", "pathfinder") == pytest.approx(10.84, abs=0.01)


def test_the_capture_ellipse_goes_round_in_about_ten_hours() -> None:
    assert period_h("cp12-relay-phase", "alpine") == pytest.approx(10.0, abs=0.5)
