"""Timelines and machines as they are read: what they become, and what is said about mistakes in them."""

from __future__ import annotations

import math
import pickle

import jsonschema
import pytest
from test_fuzz import plain
from texts import GOOD, complaint, complaints, spoilt
from timelines import CARRIED, LAUNCHED, ORBIT_PHASE

from cislunar.scenario import phases, yamlfile
from cislunar.scenario.jsonschema import scenario_schema
from cislunar.scenario.model import Scenario

# One mistake in a row is easier to compare than to read narrowly.
# ruff: noqa: E501

VALIDATOR = jsonschema.Draft202012Validator(scenario_schema())
MANOEUVRE = "{at: apoapsis, periapsis_altitude: 420 km}"


@pytest.mark.parametrize("text", [CARRIED, LAUNCHED], ids=["from orbit", "from launch"])
def test_a_timeline_is_valid_for_reader_and_schema(text: str) -> None:
    assert complaints(text) == []
    VALIDATOR.validate(plain(yamlfile.read(text.encode(), "f")[0]))


def test_phases_arrive_in_internal_units() -> None:
    apex = Scenario.from_text(LAUNCHED).spacecraft["apex"]
    launch, transfer, insert, coast, release, manoeuvre, operate = apex.timeline
    assert launch == phases.LaunchPhase(185.0, math.radians(28.5), launch.epoch_tdb, math.radians(28.5))  # type: ignore[union-attr]
    assert transfer == phases.DirectTransferPhase(3 * 86400.0, 100.0, math.radians(90.0), "cheaper")
    assert insert == phases.InsertPhase(7000.0, 2, True)
    assert coast == phases.CoastPhase(phases.Moment("after", value=7200.0))
    assert release == phases.ReleasePhase("alpine")
    assert manoeuvre == phases.ManoeuvrePhase(
        phases.Moment("place", place="periapsis"), "apoapsis_altitude", 6000.0
    )
    assert operate == phases.OperatePhase(86400.0)


def test_the_machine_weighs_what_it_carries() -> None:
    scenario = Scenario.from_text(CARRIED)
    vehicle = scenario.spacecraft["apex"].vehicle
    assert vehicle is not None
    assert vehicle.carried == {"alpine": 150.0}
    assert vehicle.wet_mass_kg == 900.0 + 40.0 + 150.0 + 1000.0
    assert vehicle.engine().full_thrust_n == 4400.0
    assert scenario.spacecraft["alpine"].relay.rate_bit_s == 1e6  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("periapsis", phases.Moment("place", place="periapsis")),
        ("descending node", phases.Moment("place", place="descending node")),
        ("90 deg", phases.Moment("anomaly", value=math.pi / 2)),
        ("3 h", phases.Moment("after", value=10800.0)),
        ("90 deg, passage: 4", phases.Moment("anomaly", value=math.pi / 2, passage=4)),
    ],
)
def test_a_moment_is_told_by_its_form(written: str, meant: phases.Moment) -> None:
    text = spoilt(MANOEUVRE, f"{{at: {written}, delta_v: [1 m/s, 0 m/s, 0 m/s]}}", CARRIED)
    manoeuvre = Scenario.from_text(text).spacecraft["alpine"].timeline[0]
    assert isinstance(manoeuvre, phases.ManoeuvrePhase)
    assert manoeuvre.at == meant
    assert manoeuvre.delta_v_km_s == (1e-3, 0.0, 0.0)


def test_a_value_of_a_phase_is_changed_by_its_path() -> None:
    changed = Scenario.from_text(CARRIED).with_values(
        {
            "spacecraft.alpine.timeline.0.manoeuvre.periapsis_altitude": "500 km",
            "spacecraft.apex.dry_mass": "1 t",
        }
    )
    phase = changed.spacecraft["alpine"].timeline[0]
    assert isinstance(phase, phases.ManoeuvrePhase)
    assert phase.value == 500.0
    assert changed.spacecraft["apex"].vehicle.dry_mass_kg == 1000.0  # type: ignore[union-attr]


def test_facts_of_phases_are_listed_with_their_origin() -> None:
    text = spoilt(
        "periapsis_altitude: 420 km", "periapsis_altitude: {value: 420 km, source: a paper}", CARRIED
    )
    wanted = "spacecraft.alpine.timeline.0.manoeuvre.periapsis_altitude"
    assert {"path": wanted, "value": "420 km", "source": "a paper"} in Scenario.from_text(text).sources


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # one phase, one key
        ("- coast: {duration: 2 h}", "- cost: {duration: 2 h}", "spacecraft.apex.timeline.1: unknown key 'cost'; did you mean 'coast'?"),
        ("- coast: {duration: 2 h}", "- coast: {duration: 2 km}", "timeline.1.coast.duration: found '2 km', which is a length; expected a duration"),
        ("- coast: {duration: 2 h}", "- coast: {duration: 2 h, until: apoapsis}", "the end of the coast is given twice or mixed: found duration and until"),
        ("- coast: {duration: 2 h}", "- {coast: {duration: 2 h}, operate: {}}", "the phase is given twice or mixed: found coast and operate"),
        # order
        (ORBIT_PHASE, "", "timeline.0.coast: found coast as the first phase; expected launch or orbit"),
        ("- coast: {duration: 2 h}", "- operate: {}", "timeline.2.release: found release after an operate without a duration, which lasts to the end of the scenario; expected duration under that operate"),
        (f"- manoeuvre: {MANOEUVRE}", "- launch: {parking_orbit: {altitude: 200 km, inclination: 30 deg}}", "alpine.timeline.0.launch: found launch as the first phase of 'alpine', whose life begins when 'apex' releases it"),
        ("      - operate: {}\n", "", "spacecraft.alpine.relay: has no effect: the timeline has no phase operate"),
        # who is aboard
        ("- release: alpine", "- release: lupine", "timeline.2.release: 'lupine' is not aboard 'apex', and no spacecraft has that name; aboard: alpine; expected it under apex.carries"),
        ("- release: alpine", "- release: alpine\n      - release: alpine", "'alpine' was released before and is no longer aboard 'apex'"),
        ("      - release: alpine\n", "", "spacecraft.apex.carries: 'alpine' is carried and never released; expected release: alpine"),
        ("carries: alpine", "carries: [alpine, lupin]", "spacecraft.apex.carries.1: found 'lupin'; expected a spacecraft"),
        ("carries: alpine", "carries: [alpine, apex]", "'apex' would carry itself"),
        # engines and propellant
        ("    engine: {thrust: 22 N, isp: 220 s}\n    timeline", "    timeline", "alpine.propellant: has no effect without engine"),
        ("    propellant: 30 kg\n    engine: {thrust: 22 N, isp: 220 s}\n", "", "alpine.timeline.0.manoeuvre: manoeuvre needs an engine; expected engine and propellant under spacecraft.alpine"),
        (MANOEUVRE, "{at: apoapsis, delta_v: [500 m/s, 0 m/s, 0 m/s]}", "the changes of velocity up to here are 500 m/s; 30 kg of propellant give at most 481.4 m/s: 18.58 m/s short"),
        ("[0.4, 1]", "[1, 0.4]", "engine.throttle: found 1 to 0.4; expected the lowest setting first"),
        ("    dry_mass: 120 kg\n", "", "has no effect without dry_mass"),
        # places
        (MANOEUVRE, "{at: periapsis, periapsis_altitude: 420 km}", "a burn at periapsis along the velocity moves apoapsis; expected at: apoapsis, or apoapsis_altitude"),
        (MANOEUVRE, "{at: 3 h, passage: 2, periapsis_altitude: 420 km}", "passage: has no effect: at is a time, not a place"),
        (MANOEUVRE, "{at: apoapsis, circularise: false}", "found 'false'; expected true"),
        (MANOEUVRE, "{at: apogee, circularise: true}", "found 'apogee'; expected one of periapsis, apoapsis, ascending node or descending node"),
        (MANOEUVRE, "{at: apoapsis, circularise: true, axes: rtn}", "axes: has no effect without delta_v"),
        # time
        ("- coast: {duration: 2 h}", "- coast: {duration: 5 d}", "the phase ends at 2027-12-01T12:00:00.000 UTC at the earliest, 1 d after the end of the scenario"),
        ("- coast: {duration: 2 h}", "- coast: {until: 2027-11-25T12:00:00 UTC}", "the phase ends at 2027-11-25T12:00:00.000 UTC, 1 d before it can begin at 2027-11-26T12:00:00.000 UTC"),
        # later moves
        ("      - operate: {duration: 1 d}\n", "      - operate: {duration: 1 d}\n      - launch: {parking_orbit: {altitude: 200 km, inclination: 30 deg}}\n", "timeline.5.launch: found launch after operate; expected manoeuvre, coast, release, phase, land or operate"),
        ("      - operate: {duration: 1 d}\n", "      - operate: {duration: 3.8 d}\n      - coast: {duration: 12 h}\n", "timeline.5.coast: the phase ends at 2027-11-30T21:12:00.000 UTC at the earliest, 9.2 h after the end of the scenario"),
        # margins
        ("    carries: alpine\n", "    carries: alpine\n    margins: {system_mass: 25 kg}\n", "apex.margins.system_mass: found '25 kg', which is a mass"),
        ("    carries: alpine\n", "    carries: alpine\n    margins: {system_masses: 25 %}\n", "unknown key 'system_masses'; did you mean 'system_mass'?"),
        ("    carries: alpine\n", "    carries: alpine\n    margins: {growth: {estimated: 300 %}}\n", "growth.estimated: found '300 %'; expected 0 % to 100 %"),
        # keeping
        ("    dry_mass: 120 kg\n", "    dry_mass: 120 kg\n    keeping: {floor: 100 km, target: 80 km}\n", "alpine.keeping.target: found 80 km, 20 km below the floor or target under it; expected floor, target, ceiling to rise"),
        ("    dry_mass: 120 kg\n", "    dry_mass: 120 kg\n    keeping: {target: 80 km}\n", "alpine.keeping.floor: missing"),
        ("    carries: alpine\n", "    carries: alpine\n    keeping: {floor: 100 km}\n", "apex.keeping: has no effect without relay"),
        # deliveries
        ("    relay: {from: schrodinger, to: dsn, rate: 1 Mbit/s}\n", "analyses: {delivery: {}}\n", "analyses.delivery: has no effect: no relay with an engine is carried; expected carries under a spacecraft"),
        # others
        (MANOEUVRE, MANOEUVRE + "\n      - phase: {behind: lupine, fraction: 0.5}", "behind: found 'lupine'; expected a spacecraft"),
        (MANOEUVRE, MANOEUVRE + "\n      - phase: {behind: alpine, fraction: 0.5}", "'alpine' would have to wait for itself"),
        ("site: schrodinger}", "site: schroedinger}", "payloads.0.site: found 'schroedinger'; expected a site under sites; did you mean 'schrodinger'?"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_message(old: str, new: str, said: str) -> None:
    found = complaints(spoilt(old, new, CARRIED))
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "inclination: 28.5 deg",
            "inclination: 20 deg",
            "launch.parking_orbit.inclination: found 20 deg; a launch from 28.5 deg of latitude reaches 28.5 deg to "
            "151.5 deg without a change of plane: 8.5 deg short",
        ),
        ("inclination: 28.5 deg", "inclination: 160 deg", "8.5 deg short"),
        ("kind: direct", "kind: dirct", "found 'dirct'; expected direct; did you mean 'direct'?"),
        ("time_of_flight: 3 d", "time_of_flight: 30 d", "found '30 d'; expected 2.4 d to 7 d"),
        (
            "kind: direct, time_of_flight: 3 d",
            "kind: ballistic, arrive_after: 2027-11-20T00:00 UTC, arrive_before: 2027-11-25T00:00 UTC",
            "arrive_before: the phase arrives at 2027-11-25T00:00:00.000 UTC, 1.5 d before it can begin",
        ),
        (
            "kind: direct, time_of_flight: 3 d",
            "kind: ballistic, arrive_after: 2028-03-20T00:00 UTC, arrive_before: 2028-03-25T00:00 UTC, time_of_flight: [110 d, 80 d]",
            "time_of_flight: expected the shortest time of flight first",
        ),
        ("insert:", "coast: {duration: 1 h}\n      - insert:", "found coast after transfer; expected correction, release or insert"),
        ("          latitude: 28.5 deg\n", "          epoch: 2027-11-20T00:00:00 UTC\n", "the phase is at 2027-11-20T00:00:00.000 UTC, 6.5 d before it can begin"),
        ("          latitude: 28.5 deg\n", "          mass_curve: [[0 km^2/s^2, 4 t], [-2 km^2/s^2, 3 t]]\n", "expected C3 that grows and masses above zero that fall along the curve"),
    ],
)  # fmt: skip
def test_mistakes_on_the_way_to_the_moon(old: str, new: str, said: str) -> None:
    assert complaint(spoilt(old, new, LAUNCHED)).find(said) >= 0, complaint(spoilt(old, new, LAUNCHED))


def test_an_orbit_or_a_timeline() -> None:
    both = spoilt("    relay:", "    timeline: [{operate: {}}]\n    relay:", GOOD)
    assert any("where the spacecraft is is given twice or mixed" in each for each in complaints(both))
    neither = spoilt("    orbit:", "    orbits:", GOOD)
    assert any("unknown key 'orbits'; did you mean 'orbit'?" in each for each in complaints(neither))


def test_two_carriers_of_one_spacecraft() -> None:
    text = spoilt(
        "  alpine:\n",
        f"  other:\n    dry_mass: 1 t\n    carries: alpine\n    timeline:\n{ORBIT_PHASE}      - release: alpine\n  alpine:\n",
        CARRIED,
    )
    assert any("'alpine' is carried by 'apex' already" in each for each in complaints(text))


def test_margins_of_ones_own_replace_those_of_the_policy() -> None:
    own = "margin_policy: esa\n    margins: {system_mass: 25 %, calculated_floor: 5 m/s, growth: {estimated: 8 %}}"
    craft = Scenario.from_text(
        spoilt("carries: alpine\n", f"carries: alpine\n    {own}\n", CARRIED)
    ).spacecraft["apex"]
    rules = craft.margins
    assert rules.name == "own, from esa"
    assert (rules.value("system mass"), rules.identifier("system mass")) == (0.25, "user")
    assert rules.value("calculated floor") == 0.005
    # What was not named stays as ESA has it.
    assert (rules.value("calculated"), rules.identifier("calculated")) == (0.05, "R-DV-11, MAR-DV-010")
    assert rules.growth_fraction("structure", "estimated", 100.0) == 0.08
    assert rules.growth_fraction("structure", "new", 100.0) == 0.20
    alone = spoilt("carries: alpine\n", "carries: alpine\n    margins: {growth: {released: 3 %}}\n", CARRIED)
    rules = Scenario.from_text(alone).spacecraft["apex"].margins
    assert rules.name == "own"
    assert rules.growth_fraction("structure", "released", 100.0) == 0.03
    assert rules.growth_fraction("structure", "estimated", 100.0) == 0.0


def test_margins_cross_process_borders() -> None:
    text = spoilt("carries: alpine\n", "carries: alpine\n    margin_policy: esa\n", CARRIED)
    copied = pickle.loads(pickle.dumps(Scenario.from_text(text))).spacecraft["apex"].margins
    assert copied == Scenario.from_text(text).spacecraft["apex"].margins
