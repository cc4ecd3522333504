"""Study files: what is read, what is refused, and the texts that say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_studies import STUDY, both, make, write

from cislunar.errors import ScenarioError
from cislunar.trades import Study


def refused(folder: Path, old: str, new: str) -> str:
    """What is said about the small study with a text replaced."""
    assert old in STUDY
    file = write(folder, STUDY.replace(old, new, 1))
    with pytest.raises(ScenarioError) as caught:
        Study.load(file)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_study_is_read(tmp_path: Path) -> None:
    study = Study.load(write(tmp_path))
    assert len(study) == 8
    cases = study.cases()
    assert list(cases.columns) == ["case", "size", "tilt"]
    assert cases["size"].tolist() == [5800.0, 5800.0, 6000.0, 6000.0, 6200.0, 6200.0, 6400.0, 6400.0]
    assert cases["case"].is_unique
    scenario = study.scenario(cases["case"][3])
    assert [craft.orbit.semi_major_axis_km for craft in scenario.spacecraft.values()] == [6000.0, 6000.0]
    assert study.objectives[0].weight == 2.0
    assert not study.objectives[1].maximize


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "spacecraft.alpine.orbit.semi_major_axis, ",
            "spacecraft.alpine.orbit.semimajor_axis, ",
            "small.yaml:6:12  axes.size.path: 'spacecraft.alpine.orbit.semimajor_axis' is not in the "
            "scenario: no 'semimajor_axis' in 'spacecraft.alpine.orbit'; did you mean "
            "'spacecraft.alpine.orbit.semi_major_axis'?",
        ),
        (
            "spacecraft.alpine.orbit.semi_major_axis, ",
            "spacecraft.alpin.orbit.semi_major_axis, ",
            "small.yaml:6:12  axes.size.path: 'spacecraft.alpin.orbit.semi_major_axis' is not in the "
            "scenario: no 'alpin' in 'spacecraft'; did you mean 'spacecraft.alpine'?",
        ),
        (
            "from: 5800 km",
            "from: 5800 deg",
            "small.yaml:7:11  axes.size.from: found '5800 deg', which is an angle; expected a length such as "
            "'600 km'",
        ),
        (
            "[45 deg, 51.7 deg]",
            "[45 deg, 200 deg]",
            "small.yaml:12:22  axes.tilt.values: found '200 deg'; expected 0 deg to 180 deg",
        ),
        (
            "[45 deg, 51.7 deg]",
            "[]",
            "small.yaml:12:13  axes.tilt.values: found an empty list; expected a list of values",
        ),
        (
            "[45 deg, 51.7 deg]",
            "[45 deg, 45 deg]",
            "small.yaml:12:13  axes.tilt.values: 45 is listed twice; leave one out",
        ),
        (
            "to: 6400 km",
            "to: 5000 km",
            "small.yaml:8:9  axes.size.to: found '5000 km', which is not more than from, '5800 km': the "
            "grid is empty",
        ),
        (
            "step: 200 km",
            "step: 0 km",
            "small.yaml:9:11  axes.size.step: found '0 km': the grid would be infinite; expected a "
            "larger step",
        ),
        (
            "step: 200 km",
            "step: 0.01 mm",
            "small.yaml:9:11  axes.size.step: found '0.01 mm': the grid would be of 6e+10 values; expected a "
            "larger step",
        ),
        (
            "    step: 200 km\n",
            "",
            "small.yaml:5:3  axes: the axis 'size' is a range without end of values; expected step or "
            "count beside from and to, or sample: {method: sobol, count: ...}",
        ),
        (
            "{measure: percent, site: basin}",
            "{measure: percents, site: basin}",
            "small.yaml:14:23  measures.coverage.measure: no measure 'percents'; did you mean 'percent'?",
        ),
        (
            "{measure: percent, site: basin}",
            "{measure: percent, site: basn}",
            "small.yaml:14:38  measures.coverage.site: 'basn' is not an analysed site; did you mean 'basin'?",
        ),
        (
            "{measure: percent, site: basin}",
            "{measure: percent, over: map}",
            "small.yaml:14:13  measures.coverage: the scenario does not produce 'percent' over a map: it "
            "has no analyses.coverage.map",
        ),
        (
            "{measure: longest_gap}",
            "{measure: longest_gap, unit: km}",
            "small.yaml:15:37  measures.gap.unit: found 'km'; expected a unit of a duration, such as s, "
            "ms, us or second",
        ),
        (
            "{measure: coverage, at_least: 60 %}",
            "{measure: cover, at_least: 60 %}",
            "small.yaml:17:15  constraints.0.measure: 'cover' is not a measure of this study; did you mean "
            "'coverage'?",
        ),
        (
            "at_least: 60 %",
            "at_least: 60 h",
            "small.yaml:17:35  constraints.0.at_least: found '60 h', which is a duration; expected a "
            "percentage such as '70 %'",
        ),
        (
            "base: base.yaml",
            "base: bse.yaml",
            "small.yaml:3:7  base: 'bse.yaml' is not there",
        ),
        (
            "axes:\n",
            "axis:\n",
            "small.yaml:4:1  unknown key 'axis'; did you mean 'axes'?",
        ),
        (
            "study: 1",
            "study: 2",
            "small.yaml:1:8  study: found format version '2'; expected 1; a later cislunar may read it",
        ),
        (
            "study: 1",
            "cislunar: 1",
            "small.yaml:1:1  this is a scenario; expected a study (study: 1); 'cislunar run' flies a "
            "scenario",
        ),
        (
            "  gap: {measure",
            "  tilt: {measure",
            "small.yaml:15:9  measures.tilt: the name 'tilt' is an axis; choose another",
        ),
        (
            "base: base.yaml",
            "base: base.yaml\nset: {physics.degre: 3}",
            "small.yaml:4:7  set: 'physics.degre' is not in the scenario: no 'degre' in 'physics'; did "
            "you mean 'physics.degree'?",
        ),
        (
            "base: base.yaml",
            "base: base.yaml\nset: {physics.degree: 3000}",
            "small.yaml:4:6  set: physics.degree: found '3000'; expected a whole number from 0 to 2000",
        ),
        (
            "spacecraft.alpine.orbit.semi_major_axis, spacecraft.lupine.orbit.semi_major_axis",
            "spacecraft.alpine.orbit.semi_major_axis, spacecraft.lupine.orbit.eccentricity",
            "small.yaml:6:53  axes.size: 'spacecraft.lupine.orbit.eccentricity' is a plain number "
            "without unit such as '0.6'; the first path is a length such as '600 km'",
        ),
        (
            "measures:\n",
            "sample: {method: sobol}\nmeasures:\n",
            "small.yaml:13:9  sample: the method sobol needs the number of cases; expected count: 1024",
        ),
        (
            "measures:\n",
            "sample: {method: list}\nmeasures:\n",
            "small.yaml:13:9  sample: a list takes the axes' values row by row; expected equally many, "
            "found size 4, tilt 2",
        ),
    ],
)
def test_mistakes_are_said_with_their_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refused(tmp_path, old, new)


def test_a_lifetime_that_the_scenario_does_not_have() -> None:
    with pytest.raises(ScenarioError) as caught:
        make(
            {"tilt": {"path": both("inclination"), "values": ["45 deg"]}},
            {"life": "time_to_impact"},
            changes={"analyses.lifetime": None},
        )
    assert (
        "measures.life: the scenario does not produce 'time_to_impact': it has no analyses.lifetime"
        in str(caught.value)
    )


def test_an_axis_beside_what_the_orbit_states() -> None:
    with pytest.raises(ScenarioError) as caught:
        make({"low": {"path": both("periapsis_altitude"), "values": ["400 km", "500 km"]}})
    assert "the first case is not a valid scenario: spacecraft.alpine.orbit: size and shape is" in str(
        caught.value
    )


def test_a_block_that_is_no_orbit() -> None:
    with pytest.raises(ScenarioError) as caught:
        make({"orbit": {"choices": {"broken": {"spacecraft.alpine.orbit": {"frame": "icrf"}}}}})
    assert "axes.orbit.choices.broken: spacecraft.alpine.orbit.inclination: missing" in str(caught.value)


def test_samplers_fill_the_box_and_keep_their_seed() -> None:
    axes = {
        "size": {"path": both("semi_major_axis"), "from": "5800 km", "to": "6400 km"},
        "tilt": {"path": both("inclination"), "values": ["45 deg", "50 deg", "55 deg", "60 deg"]},
    }
    for method in ("latin-hypercube", "sobol"):
        drawn = make(axes, sample={"method": method, "count": 64, "seed": 7}).cases()
        again = make(axes, sample={"method": method, "count": 64, "seed": 7}).cases()
        other = make(axes, sample={"method": method, "count": 64, "seed": 8}).cases()
        assert drawn.equals(again)
        assert not drawn.equals(other)
        # One case in each of 64 equal slices, and all levels equally often: what both samplers promise.
        slices = np.floor((drawn["size"] - 5800.0) / 600.0 * 64).astype(int)
        assert sorted(slices) == list(range(64))
        assert drawn["tilt"].value_counts().tolist() == [16, 16, 16, 16]


def test_a_longer_sobol_sequence_begins_with_the_shorter() -> None:
    axes = {"size": {"path": both("semi_major_axis"), "from": "5800 km", "to": "6400 km"}}
    short, long = (make(axes, sample={"method": "sobol", "count": n, "seed": 1}).cases() for n in (20, 50))
    assert long["case"][:20].tolist() == short["case"].tolist()


def test_an_identity_is_of_what_determines_a_case() -> None:
    axes = {"tilt": {"path": both("inclination"), "values": ["45 deg", "50 deg"]}}
    first = make(axes).cases()["case"].tolist()
    wider = {"tilt": {"path": both("inclination"), "values": ["40 deg", "45 deg", "50 deg"]}}
    assert make(wider).cases()["case"].tolist()[1:] == first
    assert make(axes, name="another").cases()["case"].tolist() == first
    assert make(axes, changes={"name": "told otherwise"}).cases()["case"].tolist() == first
    # What the axis sets does not count in the base.
    replaced = dict.fromkeys(both("inclination"), "12 deg")
    assert make(axes, changes=replaced).cases()["case"].tolist() == first
    for changes in ({"physics.degree": 3}, {"sites.basin.height": "1 km"}, {"physics.tolerance": 1e-9}):
        assert not set(make(axes, changes=changes).cases()["case"]) & set(first)
    assert not set(make(axes, {"coverage": "percent"}).cases()["case"]) & set(first)
