"""What a valid scenario becomes: internal units, resolved names, sources and assumptions, changes in code."""

from __future__ import annotations

import hashlib
import math
import pickle
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from texts import GOOD, ORBIT, complaint, good, spoilt

import cislunar
from cislunar.environment.sites import AzimuthMask, ConstantMask
from cislunar.errors import InputError, ScenarioError
from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
from cislunar.scenario.model import Scenario
from cislunar.time import parse_epoch

FIELD = """product_type gravity_field
modelname test
earth_gravity_constant 4.9028001224453001e+12
radius 1.738e+06
max_degree 2
norm fully_normalized
errors no
tide_system tide_free
end_of_head
gfc 0 0 1.0 0.0
gfc 2 0 -9.0882e-05 0.0
gfc 2 1 0.0 0.0
gfc 2 2 3.4671e-05 0.0
"""


def test_quantities_are_in_internal_units() -> None:
    scenario = good()
    craft = scenario.spacecraft["alpine"]
    assert scenario.epoch_tdb == parse_epoch("2027-03-01T00:00:00 UTC")
    assert scenario.duration_s == 30 * 86400.0
    assert scenario.end_tdb == scenario.epoch_tdb + scenario.duration_s
    assert scenario.sites["crater"].latitude_rad == math.radians(-75)
    assert scenario.sites["crater"].horizon == ConstantMask(math.radians(5))
    assert scenario.sites["crater"].height_km is None
    assert craft.orbit == KeplerianOrbit(
        frame="moon-op",
        semi_major_axis_km=6143.0,
        eccentricity=0.6,
        inclination_rad=math.radians(51.7),
        raan_rad=0.0,
        argument_of_periapsis_rad=math.radians(90),
        anomaly_rad=0.0,
        anomaly="mean",
    )
    assert craft.mass_kg == 150.0
    assert craft.radiation_pressure is not None
    assert (craft.radiation_pressure.area_m2, craft.radiation_pressure.coefficient) == (2.0, 1.3)
    assert scenario.lifetime is not None
    assert scenario.lifetime.horizon_s == 365.25 * 86400.0


def test_names_are_resolved() -> None:
    scenario = good()
    relay = scenario.spacecraft["alpine"].relay
    assert relay is not None
    assert relay.sites == ("crater",)
    assert relay.stations == scenario.networks["dsn"]
    assert list(scenario.stations) == [*scenario.networks["dsn"], "goonhilly"]
    assert scenario.relays == ("alpine",)
    assert scenario.requirements[0].limit == 60.0
    assert scenario.requirements[0].link == "chain"


def test_defaults_are_the_documented_ones() -> None:
    scenario = Scenario.from_text(GOOD[: GOOD.index("requirements:")])
    assert scenario.physics.gravity == "grgm1200a"
    assert scenario.physics.bodies == ("earth", "sun")
    assert scenario.coverage is not None
    assert scenario.coverage.sites == ("crater",)
    assert scenario.coverage.map is None
    assert scenario.lifetime is None
    assert scenario.stations["goonhilly"].mask_rad == math.radians(10)


def test_an_end_serves_instead_of_a_duration() -> None:
    scenario = Scenario.from_text(spoilt("duration: 30 d", "end: 2027-03-31T00:00:00 UTC"))
    assert scenario.duration_s == pytest.approx(30 * 86400.0, abs=4e-3)  # TDB - TT swings by 1.7 ms


@pytest.mark.parametrize(
    ("sizes", "axis_km", "eccentricity"),
    [
        ("semi_major_axis: 6143 km\n      eccentricity: 0.6", 6143.0, 0.6),
        ("period: 12 h\n      eccentricity: 0.6", None, 0.6),
        ("periapsis_altitude: 420 km\n      apoapsis_altitude: 7000 km", None, None),
        ("semi_major_axis: 6143 km\n      periapsis_altitude: 700 km", 6143.0, None),
    ],
)
def test_size_and_shape_in_any_pair(sizes: str, axis_km: float | None, eccentricity: float | None) -> None:
    text = spoilt("semi_major_axis: 6143 km\n      eccentricity: 0.6", sizes)
    orbit = Scenario.from_text(text).spacecraft["alpine"].orbit
    assert isinstance(orbit, KeplerianOrbit)
    assert orbit.semi_major_axis_km == axis_km
    assert orbit.eccentricity == eccentricity


def test_a_state_is_an_orbit() -> None:
    vectors = "position: [4000 km, 0 km, 10 m]\n      velocity: [0 km/s, 1100 m/s, 0 km/s]"
    state = f"      frame: EME2000\n      {vectors}\n"
    orbit = Scenario.from_text(spoilt(ORBIT, state)).spacecraft["alpine"].orbit
    assert orbit == CartesianOrbit(
        frame="icrf", position_km=(4000.0, 0.0, 0.01), velocity_km_s=(0.0, 1.1, 0.0)
    )


def test_horizons_and_heights() -> None:
    table = Scenario.from_text(spoilt("horizon: 5 deg", "horizon: [[90 deg, 4 deg], [0 deg, 2 deg]]"))
    horizon = table.sites["crater"].horizon
    assert isinstance(horizon, AzimuthMask)
    assert np.degrees(horizon.at(math.radians(45))) == pytest.approx(3.0)
    terrain = Scenario.from_text(spoilt("horizon: 5 deg", "horizon: terrain\n    height: -2.5 km"))
    assert terrain.sites["crater"].horizon == "terrain"
    assert terrain.sites["crater"].height_km == -2.5


def test_ground_stations_of_ones_own_and_with_other_masks() -> None:
    known = "{network: dsn, mask: 6 deg}, {station: goonhilly, mask: 3 deg}"
    own = f"[{known}, {{name: dish, latitude: 48 deg, longitude: 11 deg, height: 600 m}}]"
    scenario = Scenario.from_text(spoilt("[dsn, goonhilly]", own))
    assert scenario.stations["dss-24"].mask_rad == math.radians(6)
    assert scenario.stations["goonhilly"].mask_rad == math.radians(3)
    assert scenario.stations["dish"].mask_rad == math.radians(10)
    assert scenario.stations["dish"].height_km == 0.6


def test_names_of_networks_may_be_written_in_capitals() -> None:
    scenario = Scenario.from_text(spoilt("to: dsn", "to: DSN", spoilt("[dsn,", "[DSN,")))
    assert scenario.spacecraft["alpine"].relay == good().spacecraft["alpine"].relay


def test_sources_and_assumptions_are_listed() -> None:
    text = spoilt("150 kg", "{value: 150 kg, source: A press release}")
    text = spoilt("6143 km", "{value: 6143 km, assumption: a guess}", text)
    text = spoilt("      frame:", "      source: A paper\n      frame:", text)
    scenario = Scenario.from_text(text)
    sources = {item["path"]: item["source"] for item in scenario.sources}
    assumptions = {item["path"]: item["assumption"] for item in scenario.assumptions}
    assert sources["spacecraft.alpine.mass"] == "A press release"
    assert sources["spacecraft.alpine.orbit.eccentricity"] == "A paper"
    assert assumptions["spacecraft.alpine.orbit.semi_major_axis"] == "a guess"
    assert assumptions["duration"] == "no source given"
    assert "analyses.coverage.map.resolution" not in {*sources, *assumptions}
    assert {"path": "duration", "value": "30 d", "assumption": "no source given"} in scenario.assumptions


def test_a_name_is_shown_never_used() -> None:
    for name in ("<script>alert(1)</script>", "../../etc/passwd", "a\x00b".replace("\x00", "\\0")):
        assert Scenario.from_text(spoilt("name: Test", f"name: '{name}'")).name == name


def test_a_file_and_its_text_are_the_same_scenario(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(GOOD, encoding="utf-8")
    scenario = cislunar.load(file)
    assert scenario.spacecraft == cislunar.load(GOOD).spacecraft
    assert scenario.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert scenario.file == str(file)


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "field.gfc").write_text(FIELD)
    file = tmp_path / "a.yaml"
    physics = "physics: {gravity: ./field.gfc, degree: 2, gravity_frame: MOON_PA_DE430}\n"
    file.write_text(GOOD + physics, encoding="utf-8")
    assert cislunar.load(file).physics.gravity == tmp_path / "field.gfc"


@pytest.mark.parametrize(
    ("physics", "message"),
    [
        ("gravity: ./field.gfc, degree: 2", "in a scenario the axes are stated by physics.gravity_frame"),
        ("gravity: ./field.gfc, degree: 3, gravity_frame: MOON_PA_DE430", "degree"),
        ("gravity_frame: MOON_PA_DE430", "has no effect: grgm1200a states its own axes"),
        ("gravity_frame: MOON_PA_DE43", "did you mean 'MOON_PA_DE430'?"),
    ],
)
def test_a_gravity_file_is_checked_before_anything_is_flown(
    tmp_path: Path, physics: str, message: str
) -> None:
    (tmp_path / "field.gfc").write_text(FIELD)
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(GOOD + f"physics: {{{physics}}}\n", directory=tmp_path)
    assert len(caught.value.problems) == 1
    assert message in str(caught.value)


def test_a_terrain_file_is_checked_before_anything_is_flown(tmp_path: Path) -> None:
    (tmp_path / "moon.tif").write_text("<html>not found</html>")
    with pytest.raises(ScenarioError, match=r"data.terrain: .*moon.tif: .*expected"):
        Scenario.from_text(GOOD + "data: {terrain: ./moon.tif}\n", directory=tmp_path)


# --- changes in code ------------------------------------------------------------------------------


def test_values_can_be_changed_in_code() -> None:
    scenario = good().with_values(
        {
            "spacecraft.alpine.orbit.semi_major_axis": "7000 km",
            "spacecraft.alpine.orbit.eccentricity": 0.65,
            "physics.degree": 8,
            "analyses.coverage.map": None,
            "requirements.0.at_least": 70 * u.percent,
        }
    )
    orbit = scenario.spacecraft["alpine"].orbit
    assert isinstance(orbit, KeplerianOrbit)
    assert (orbit.semi_major_axis_km, orbit.eccentricity) == (7000.0, 0.65)
    assert scenario.physics.degree == 8
    assert scenario.coverage is not None
    assert scenario.coverage.map is None
    assert scenario.requirements[0].limit == pytest.approx(70.0)
    assert ("physics.degree", "8") in scenario.changes
    assert good().changes == ()


def test_a_changed_value_loses_its_source() -> None:
    text = spoilt("6143 km", "{value: 6143 km, source: A paper}")
    scenario = Scenario.from_text(text).with_values({"spacecraft.alpine.orbit.semi_major_axis": 7000 * u.km})
    path = "spacecraft.alpine.orbit.semi_major_axis"
    assert path not in {item["path"] for item in scenario.sources}
    assert {
        "path": path,
        "value": "7000.0 km",
        "assumption": "changed in code; the file says 6143 km",
    } in scenario.assumptions


def test_changes_are_checked_like_a_file() -> None:
    with pytest.raises(ScenarioError, match="found '7000 m/s', which is a speed; expected a length"):
        good().with_values({"spacecraft.alpine.orbit.semi_major_axis": "7000 m/s"})
    with pytest.raises(ScenarioError, match="unknown key 'semi_major'; did you mean 'semi_major_axis'"):
        good().with_values({"spacecraft.alpine.orbit.semi_major": "7000 km"})
    with pytest.raises(ScenarioError, match="a value must be finite"):
        good().with_values({"spacecraft.alpine.orbit.eccentricity": math.nan})
    with pytest.raises(InputError, match="number of a list item, 0 to 0"):
        good().with_values({"requirements.1.at_least": "70 %"})
    with pytest.raises(InputError, match="no 'x' to change inside a single value"):
        good().with_values({"name.x": "y"})


def test_changes_pile_up() -> None:
    twice = good().with_values({"physics.degree": 8}).with_values({"physics.degree": 10, "duration": "10 d"})
    assert twice.changes == (("physics.degree", "8"), ("physics.degree", "10"), ("duration", "10 d"))
    assert twice.duration_s == 864000.0


def test_a_scenario_crosses_process_borders() -> None:
    copied = pickle.loads(pickle.dumps(good()))
    assert copied == good()
    assert copied.with_values({"duration": "10 d"}).duration_s == 864000.0


def test_scenarios_compare_by_value() -> None:
    assert good() == good()
    assert good() != good().with_values({"duration": "10 d"})


def test_the_text_for_a_missing_file() -> None:
    with pytest.raises(
        ScenarioError, match="no such file; expected a scenario; 'cislunar new FILE' writes one"
    ):
        cislunar.load("nowhere.yaml")
    with pytest.raises(ScenarioError, match="this is a folder; expected a scenario file"):
        cislunar.load(".")
    assert complaint("[]") == "1:1  found a list; expected a scenario: a mapping with keys"


def test_a_label_is_what_people_read_and_stays_on_one_line() -> None:
    text = spoilt("    latitude: -75 deg", '    label: "Schrödinger\\n  basin"\n    latitude: -75 deg')
    assert Scenario.from_text(text).sites["crater"].label == "Schrödinger basin"
    assert good().sites["crater"].label == ""
