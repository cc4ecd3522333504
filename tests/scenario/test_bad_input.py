"""Mistakes made on purpose: each gets one message, with its place, what was found and what was expected."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from texts import GOOD, ORBIT, complaint, complaints, spoilt

from cislunar.errors import ScenarioError
from cislunar.scenario.model import Scenario

# One mistake in a row is easier to compare than to read narrowly.
# ruff: noqa: E501

STATE = "      frame: icrf\n      position: [{}]\n      velocity: [{}]\n"
STATION = "{name: dish, latitude: 48 deg, longitude: 11 deg, height: 600 m}"


def test_the_scenario_these_tests_spoil_is_valid() -> None:
    assert complaints(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # units and numbers
        (
            "6143 km",
            "600 m/s",
            "17:24  spacecraft.alpine.orbit.semi_major_axis: found '600 m/s', which is a speed; "
            "expected a length such as '600 km'",
        ),
        ("6143 km", "6143 kn", "found '6143 kn' with the unknown unit 'kn'; expected a length such as '600 km'; did you mean 'km'?"),
        ("6143 km", "6143", "found '6143' without a unit; expected a length such as '600 km'; write the unit"),
        ("6143 km", ".nan", "found '.nan'; expected a length such as '600 km'; a value must be finite"),
        ("6143 km", "inf km", "found 'inf km'; expected a length such as '600 km'; a value must be finite"),
        ("6143 km", "1e999 km", "a value must be finite"),
        ("6143 km", "true", "found 'true'; expected a length"),
        ("6143 km", "", "found nothing; expected a length such as '600 km'"),
        ("6143 km", "[6143 km]", "found a list; expected a length such as '600 km'"),
        ("6143 km", "{km: 6143}", "found a mapping; expected a length such as '600 km'"),
        ("-75 deg", "75 S", "write north and east positive, south and west negative"),
        ("eccentricity: 0.6", "eccentricity: '0.6'", "found '0.6'; expected a plain number without unit such as '0.6'; remove the quotes"),
        ("eccentricity: 0.6", "eccentricity: 0.6 km", "found '0.6 km' with the unit 'km'; expected a plain number without unit"),
        ("eccentricity: 0.6", "eccentricity: .inf", "a value must be finite"),
        ("duration: 30 d", "duration: .NaN", "4:11  duration: found '.NaN'; expected a duration such as '30 d'; a value must be finite"),
        # text and names
        ("name: Test", 'name: "a\\e[31mb"', "2:7  name: found 'a\\x1b[31mb'; expected text of 1 to 200 characters; a control character cannot be shown"),
        ("name: Test", 'name: "a\\0b"', "a control character cannot be shown"),
        ("name: Test", 'name: "a\\u202eb"', "a control character cannot be shown"),
        ("-75 deg", '{value: -75 deg, source: "a\\eb"}', "found 'a\\x1bb' as source; expected a sentence"),
        ("  alpine:", "  any:", "12:3  spacecraft: the name 'any' cannot be used; expected a letter, then at most 63 letters, digits, '_' or '-', and not 'any'"),
        ("[dsn, goonhilly]", f"[dsn, {STATION.replace('dish', 'any')}]", "the name 'any' cannot be used"),
        ("sites: [crater]", "sites: [crater, crater]", "analyses.coverage.sites.1: 'crater' is listed twice; leave one out"),
        ("analyses:", "physics: {bodies: [earth, sun, earth]}\nanalyses:", "26:32  physics.bodies.2: 'earth' is listed twice; leave one out"),
        # physical ranges
        ("eccentricity: 0.6", "eccentricity: 1.2", "18:21  spacecraft.alpine.orbit.eccentricity: found '1.2'; expected at least 0 and less than 1"),
        ("eccentricity: 0.6", "eccentricity: -0.1", "found '-0.1'; expected at least 0 and less than 1"),
        ("inclination: 51.7 deg", "inclination: 200 deg", "found '200 deg'; expected 0 deg to 180 deg"),
        ("latitude: -75 deg", "latitude: -95 deg", "7:15  sites.crater.latitude: found '-95 deg'; expected -90 deg to 90 deg"),
        ("longitude: 132.4 deg", "longitude: 400 deg", "found '400 deg'; expected -180 deg to 360 deg"),
        ("horizon: 5 deg", "horizon: 95 deg", "found '95 deg'; expected -20 deg to 89 deg"),
        ("mass: 150 kg", "mass: -150 kg", "found '-150 kg'; expected more than 0 kg and at most 1000000 kg"),
        ("duration: 30 d", "duration: -3 d", "found '-3 d'; expected 1 min to 30 yr"),
        ("duration: 30 d", "duration: 0 s", "found '0 s'; expected 1 min to 30 yr"),
        ("resolution: 10 deg", "resolution: 0 deg", "found '0 deg'; expected 0.25 deg to 30 deg"),
        ("at_least: 60 %", "at_least: 160 %", "found '160 %'; expected 0 % to 100 %"),
        ("horizon: 1 yr", "horizon: 0 d", "found '0 d'; expected more than 0 s and at most 30 yr"),
        # orbits inside the Moon
        (
            "eccentricity: 0.6",
            "eccentricity: 0.8",
            "18:21  spacecraft.alpine.orbit: periapsis lies 508.8 km below the surface (radius 1228.6 km); "
            "expected it above the 1737.4 km sphere",
        ),
        (
            "semi_major_axis: 6143 km\n      eccentricity: 0.6",
            "periapsis_altitude: -20 km\n      apoapsis_altitude: 7000 km",
            "found '-20 km'; expected more than 0 km and at most 100000 km; "
            "an altitude is above the 1737.4 km sphere, a radius is not meant",
        ),
        (
            "semi_major_axis: 6143 km\n      eccentricity: 0.6",
            "periapsis_altitude: 7000 km\n      apoapsis_altitude: 420 km",
            "18:26  spacecraft.alpine.orbit: apoapsis (420 km) is lower than periapsis (7000 km); "
            "expected it at least as high",
        ),
        ("semi_major_axis: 6143 km", "period: 2 h", "periapsis lies"),
        ("semi_major_axis: 6143 km", "semi_major_axis: 1000 km", "found '1000 km'; expected more than 1737.4 km"),
        ("eccentricity: 0.6", "periapsis_altitude: 5000 km", "the semi-major axis is 6143 km, less than the periapsis radius 6737.4 km"),
        (ORBIT, STATE.format("1000 km, 0 km, 0 km", "0 km/s, 1 km/s, 0 km/s"), "the position is 1000 km from the Moon's centre, inside the Moon"),
        (ORBIT, STATE.format("4000 km, 0 km, 0 km", "0 km/s, 0.1 km/s, 0 km/s"), "periapsis lies"),
        # epochs
        (
            "2027-03-01T00:00:00 UTC",
            "2027-03-01T00:00:00",
            "3:8  epoch: found '2027-03-01T00:00:00', which has no time scale; expected one of UTC, TAI, TT, TDB after it, "
            "such as '2027-03-01T00:00:00 UTC'",
        ),
        ("2027-03-01T00:00:00 UTC", "2027-02-30T00:00:00 UTC", "2027-02 has 28 days, found day 30"),
        ("2027-03-01T00:00:00 UTC", "tomorrow", "found 'tomorrow'; expected an epoch such as '2027-03-01T00:00:00 UTC'"),
        ("2027-03-01T00:00:00 UTC", "2027-03-01T00:00:00 UTX", "expected one of UTC, TAI, TT, TDB; did you mean UTC?"),
        (
            "duration: 30 d",
            "end: 2027-02-01T00:00:00 UTC",
            "4:6  end: found '2027-02-01T00:00:00 UTC', which is before the epoch '2027-03-01T00:00:00 UTC'; "
            "expected an end at least 1 min after it",
        ),
        ("duration: 30 d", "end: 2027-03-01T00:00:00 UTC", "which is the same as the epoch"),
        ("duration: 30 d", "duration: 30 d\nend: 2027-04-01T00:00:00 UTC", "the end of the scenario is given twice or mixed: found duration and end"),
        ("duration: 30 d\n", "", "1:1  the end of the scenario is missing; expected duration or end"),
        ("2027-03-01", "2090-03-01", "3:8  epoch: the start of the scenario: 2090-03-01T00:01:09 TDB is outside the ephemeris"),
        ("2027-03-01", "1999-03-01", "to 2071-01-01T00:02:00 TDB; choose an epoch inside the span, or name an SPK file"),
        ("2027-03-01", "2070-12-20", "4:11  duration: the end of the scenario: 2071-01-19"),
        ("2027-03-01", "2070-06-20", "analyses.lifetime.horizon: the end of the lifetime horizon: 2071-06-20"),
        # names
        ("from: crater", "from: cratre", "23:19  spacecraft.alpine.relay.from: found 'cratre'; expected a site under sites; did you mean 'crater'?"),
        ("from: crater", "from: [crater, moon]", "found 'moon'; expected a site under sites: crater"),
        ("to: dsn", "to: dns", "found 'dns'; expected a network or station under ground; did you mean 'dsn'?"),
        ("to: dsn", "to: estrack", "found 'estrack'; expected a network or station under ground"),
        ("[dsn, goonhilly]", "[dsn, goonhily]", "10:15  ground.1: found 'goonhily'; expected a known network or station; did you mean 'goonhilly'?"),
        ("[dsn, goonhilly]", "[dsn, dss-24]", "the station 'dss-24' is listed twice under ground; leave one out"),
        ("[dsn, goonhilly]", "[dsn, {network: ksta, mask: 5 deg}]", "found 'ksta'; expected a known network; did you mean 'ksat'?"),
        ("[dsn, goonhilly]", f"[dsn, {STATION.replace('dish', '../dish')}]", "the name '../dish' cannot be used; expected a letter"),
        ("site: crater", "site: pole", "25:32  requirements.0.site: found 'pole'; expected a site under sites: crater"),
        ("sites: [crater]", "sites: [pole]", "analyses.coverage.sites.0: found 'pole'; expected a site under sites: crater"),
        ("  alpine:", "  ../alpine:", "12:3  spacecraft: the name '../alpine' cannot be used; expected a letter, then at most 63 letters"),
        ("  alpine:", "  <b>:", "the name '<b>' cannot be used"),
        ("frame: moon-op", "frame: moon-opp", "found 'moon-opp'; expected one of icrf, moon-me, moon-pa, moon-equator or moon-op; did you mean 'moon-op'?"),
        # requirements that nothing can answer
        (
            "longitude: 132.4 deg",
            "longitude: 32.4 deg",
            "25:82  requirements.0.region: the site 'crater' (latitude -75 deg, longitude 32.4 deg) does not lie in this "
            "region; expected a longitude between 90 and 270 deg east",
        ),
        ("at_least: 60 %", "at_least: 2 h", "found '2 h', which is a duration; expected a percentage such as '70 %'"),
        ("measure: percent", "measure: longest_gap", "found '60 %', which is a percentage; expected a duration such as '30 d'"),
        ("measure: percent", "measure: percnt", "did you mean 'percent'?"),
        ("at_least: 60 %", "at_least: 60 %, at_most: 70 %", "the limit is given twice or mixed: found at_least and at_most"),
        (", at_least: 60 %", "", "the limit is missing; expected at_least or at_most"),
        ("    relay: {from: crater, to: dsn}\n", "", "26:36  analyses.coverage.map: there is no relay to map; expected relay: under a spacecraft"),
        (
            "region: far side}\n",
            "region: far side}\n  - {name: Availability, site: crater, measure: longest_gap, at_most: 2 h}\n",
            "26:12  requirements.1.name: 'Availability' is the name of two requirements",
        ),
        # keys
        ("name: Test", "nam: Test", "2:1  unknown key 'nam'; did you mean 'name'?"),
        ("eccentricity:", "excentricity:", "18:7  spacecraft.alpine.orbit: unknown key 'excentricity'; did you mean 'eccentricity'?"),
        ("semi_major_axis:", "semiMajorAxis:", "unknown key 'semiMajorAxis'; did you mean 'semi_major_axis'?"),
        ("    mass: 150 kg", "    mass: 150 kg\n    colour: red", "14:5  spacecraft.alpine: unknown key 'colour'; expected one of orbit, timeline, mass, radiation_pressure, relay, keeping, dry_mass, propellant, engine, payloads, carries, maturity, category, margin_policy, margins, price, source or assumption"),
        ("analyses:", "<<: {}\nanalyses:", "26:1  unknown key '<<'; YAML 1.2 has no merge keys, write the keys out"),
        ("name: Test", "name: Test\nname: Again", "3:1  the key 'name' is given twice; it stands first in line 2"),
        ("      eccentricity: 0.6\n", "", "size and shape is incomplete: found semi_major_axis; expected also eccentricity or periapsis_altitude"),
        ("      mean_anomaly: 0 deg\n", "", "the place on the orbit is missing; expected true_anomaly, mean_anomaly or eccentric_anomaly"),
        ("mean_anomaly: 0 deg", "mean_anomaly: 0 deg\n      true_anomaly: 0 deg", "the place on the orbit is given twice or mixed"),
        ("      frame: moon-op\n", "", "spacecraft.alpine.orbit.frame: missing; expected one of icrf"),
        ("    mass: 150 kg\n", "", "radiation_pressure: has no effect without mass or dry_mass"),
        ("    radiation_pressure: {area: 2 m^2, coefficient: 1.3}\n", "", "spacecraft.alpine.mass: has no effect without radiation_pressure"),
        ("cislunar: 1", "cislunar: 2", "1:11  cislunar: found format version '2'; expected 1; a later cislunar may read it"),
        ("cislunar: 1\n", "", "1:1  cislunar: missing; expected 1"),
        ("spacecraft:", "spacecrafts:", "11:1  unknown key 'spacecrafts'; did you mean 'spacecraft'?"),
        # shapes
        ("  crater:\n    latitude: -75 deg\n    longitude: 132.4 deg\n    horizon: 5 deg", "  - crater", "6:3  sites: found a list; expected a mapping from names to sites"),
        ("[dsn, goonhilly]", "dsn", "found 'dsn'; expected a list of ground networks and stations, such as [dsn]"),
        ("[dsn, goonhilly]", "[]", "found an empty list; expected a list of ground networks and stations"),
        ("horizon: 5 deg", "horizon: [[0 deg, 5 deg]]", "found a list; expected 2 to 3600 rows of azimuth and elevation"),
        ("horizon: 5 deg", "horizon: [[0 deg, 5 deg], [0 deg, 6 deg]]", "a horizon table has two elevations at the azimuth 0 deg"),
        ("horizon: 5 deg", "horizon: [[0 deg, 5 deg], [90 deg]]", "sites.crater.horizon.1: found a list; expected an azimuth and an elevation"),
        ("horizon: 5 deg", "horizon: terrein", "found 'terrein'; expected terrain; did you mean 'terrain'?"),
        # sources
        ("150 kg", "{value: 150 kg}", "found neither a source nor an assumption beside the value; expected one of them"),
        ("150 kg", "{value: 150 kg, source: a, assumption: b}", "found both a source and an assumption beside the value"),
        ("150 kg", "{source: a}", "found no value beside the source; expected value: a mass such as '150 kg'"),
        ("150 kg", "{value: 150 kg, sauce: a}", "unknown key 'sauce' beside the value; expected source or assumption; did you mean 'source'?"),
        ("150 kg", "{value: 150 kg, source: one, two}", "unknown key 'two' beside the value; expected source or assumption; text with a comma in it needs quotes between braces"),
        ("150 kg", "{value: 150 kg, source: ''}", "expected a sentence"),
        ("150 kg", "{value: 150 km, source: a}", "found '150 km', which is a length; expected a mass"),
        ("      frame: moon-op", "      source: a\n      assumption: b\n      frame: moon-op", "found both a source and an assumption for all values here"),
        # files
        ("analyses:", "data: {terrain: /}\nanalyses:", "26:17  data.terrain: '/' is a folder; expected the path of an elevation model"),
        ("analyses:", "data: {ephemeris: no.bsp}\nanalyses:", "'no.bsp' is not there (looked for"),
        ("analyses:", "physics: {gravity: ./no.gfc}\nanalyses:", "expected the path of a gravity field (PDS .tab or ICGEM .gfc)"),
        ("analyses:", "physics: {gravity: grgm1200b}\nanalyses:", "found 'grgm1200b'; expected grgm1200a; did you mean 'grgm1200a'?"),
        ("analyses:", "physics: {degree: 300}\nanalyses:", "found 300; the packaged field ends at degree 100"),
        ("analyses:", "physics: {bodies: [erth]}\nanalyses:", "did you mean 'earth'?"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_message(old: str, new: str, said: str) -> None:
    assert said in complaint(spoilt(old, new))


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = GOOD
    for old, new in (
        ("2027-03-01T00:00:00 UTC", "2027-03-01T00:00:00"),
        ("-75 deg", "-75"),
        ("[dsn, goonhilly]", "[dsm]"),
        ("6143 km", "6143 m/s"),
        ("from: crater", "from: carter"),
        ("measure: percent", "measure: procent"),
        ("horizon: 1 yr", "horizont: 1 yr"),
    ):
        text = spoilt(old, new, text)
    said = complaints(text)
    assert [int(line.split(":")[0]) for line in said] == [3, 7, 10, 17, 23, 25, 28]


def test_a_station_that_cannot_be_found_is_not_missed_again_by_the_relays() -> None:
    assert "ground.0: found 'dsm'" in complaint(spoilt("[dsn, goonhilly]", "[dsm, goonhilly]"))


def test_two_requirements_without_a_name_are_two_mistakes() -> None:
    text = spoilt(
        "{name: Availability, ",
        "{",
        spoilt("analyses:", "  - {site: crater, measure: percent, at_least: 1 %}\nanalyses:"),
    )
    assert [said.split("  ")[1] for said in complaints(text)] == [
        "requirements.0.name: missing; expected text of 1 to 200 characters",
        "requirements.1.name: missing; expected text of 1 to 200 characters",
    ]


def test_tags_and_duplicates_are_reported_with_everything_else() -> None:
    said = complaints(
        spoilt("6143 km", "!!python/name:os.system 6143 m", spoilt("name: Test", "name: T\nname: U"))
    )
    assert len(said) == 3
    assert "the YAML tag '!!python/name:os.system' is not allowed" in said[1]


FOLLOWS = spoilt(ORBIT, "      ephemeris: relay.oem\n", spoilt("  lifetime: {horizon: 1 yr}\n", ""))
UNPUSHED = spoilt("    mass: 150 kg\n    radiation_pressure: {area: 2 m^2, coefficient: 1.3}\n", "", FOLLOWS)


def test_a_file_of_another_tool_has_to_be_there() -> None:
    assert "'relay.oem' is not there (looked for" in complaint(UNPUSHED)


def test_a_file_of_another_tool_has_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "relay.oem").write_text("not an ephemeris\n")
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(UNPUSHED, directory=tmp_path)
    assert [problem.path for problem in caught.value.problems] == ["spacecraft.alpine.orbit.ephemeris"]


def test_a_file_of_another_tool_has_to_cover_the_window(tmp_path: Path) -> None:
    circle = [(3000 * math.cos(t / 500), 3000 * math.sin(t / 500)) for t in range(0, 20000, 60)]
    rows = "\n".join(
        f"2027-03-01T{t // 60:02d}:{t % 60:02d}:00.000 {x:.6f} {y:.6f} 0 {-y / 500:.9f} {x / 500:.9f} 0"
        for t, (x, y) in enumerate(circle)
    )
    head = "CCSDS_OEM_VERS = 2.0\nCREATION_DATE = 2027-01-01T00:00:00\nORIGINATOR = TEST\nMETA_START\n"
    meta = "OBJECT_NAME = A\nOBJECT_ID = 2027-001A\nCENTER_NAME = MOON\nREF_FRAME = ICRF\nTIME_SYSTEM = UTC\n"
    span = "START_TIME = 2027-03-01T00:00:00\nSTOP_TIME = 2027-03-01T05:33:00\nMETA_STOP\n"
    (tmp_path / "relay.oem").write_text(f"{head}{meta}{span}{rows}\n")
    with pytest.raises(ScenarioError, match=r"orbit\.ephemeris: .*hole from 2027-03-01T05:33:00"):
        Scenario.from_text(UNPUSHED, directory=tmp_path)


def test_forces_do_nothing_to_a_trajectory_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "relay.oem").write_text("x")
    with pytest.raises(
        ScenarioError, match="radiation_pressure: has no effect on a trajectory read from a file"
    ):
        Scenario.from_text(FOLLOWS, directory=tmp_path)


def test_propagation_settings_do_nothing_where_all_follow_files(tmp_path: Path) -> None:
    (tmp_path / "relay.oem").write_text("x")
    text = spoilt(ORBIT, "      ephemeris: relay.oem\n") + "physics: {degree: 8}\n"
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, directory=tmp_path)
    paths = [
        p.path for p in caught.value.problems if "every spacecraft follows an ephemeris file" in p.message
    ]
    assert paths == ["analyses.lifetime", "physics"]


def test_long_and_strange_values_are_quoted_on_one_line() -> None:
    said = complaint(spoilt("6143 km", '"\\u202e\\x07' + "x" * 5000 + '"'))
    assert len(said) < 300
    assert said.isprintable()
