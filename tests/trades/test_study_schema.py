"""Study files: the JSON Schema, judged by an independent validator, and random spoiling of shipped ones."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cislunar.errors import ScenarioError
from cislunar.scenario import yamlfile
from cislunar.trades import Study
from cislunar.trades.jsonschema import study_schema
from cislunar.trades.paths import to_python

STUDIES = sorted((Path(__file__).parents[2] / "scenarios" / "studies").glob("*.yaml"))
SCHEMA = study_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def plain(file: Path) -> Any:
    """A study as Python values."""
    return to_python(yamlfile.read(file.read_bytes(), file.name)[0])


def test_it_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    json.dumps(SCHEMA, allow_nan=False)


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_shipped_studies_conform(file: Path) -> None:
    VALIDATOR.validate(plain(file))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("study", 2),
        ("axis", {}),
        ("sample", {"method": "guess"}),
        ("sample", {"method": "sobol", "count": 0}),
        ("measures", {}),
        ("objectives", [{"sense": "maximize"}]),
        ("release_orbit", {"inclination": "10 km"}),
    ],
)
def test_a_misstated_study_does_not_conform(key: str, value: Any) -> None:
    study = plain(STUDIES[0])
    study[key] = value
    assert not VALIDATOR.is_valid(study)


STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**9),
    st.sampled_from(["", "1 km", "-1 deg", "nan", "1e400 km", "spacecraft", "2027-02-30T00:00:00 UTC", "é"]),
    st.lists(st.sampled_from(["1 km", "2 s", "x"]), max_size=3),
    st.dictionaries(st.sampled_from(["path", "values", "measure", "x.y"]), st.just("1 km"), max_size=2),
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to everything in a tree but its root."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = []
    for key, inner in items:
        found += [(*path, key), *places(inner, (*path, key))]
    return found


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_a_spoilt_study_loads_or_says_why(file: Path, tmp_path: Path) -> None:
    tree = plain(file)
    tree["base"] = str((file.parent / tree["base"]).resolve())
    target = tmp_path / "spoilt.yaml"

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.sampled_from(places(tree)), st.one_of(st.just("remove"), STRANGE))
    def check(path: tuple[Any, ...], value: Any) -> None:
        spoilt = copy.deepcopy(tree)
        inner = spoilt
        for key in path[:-1]:
            inner = inner[key]
        if value == "remove":
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        target.write_text(json.dumps(spoilt), encoding="utf-8")  # which is YAML
        problems = None
        try:
            Study.load(target)
        except ScenarioError as error:
            problems = error.problems
        if problems is None:
            return
        assert problems
        for problem in problems:
            assert problem.line >= 1
            assert problem.message
            assert str(problem).isprintable()
            assert len(str(problem)) < 3000

    check()
