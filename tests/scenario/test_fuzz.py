"""No input may produce anything but a scenario or a list of problems with places."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from texts import GOOD, complaint

from cislunar.errors import InputError, ScenarioError
from cislunar.scenario import yamlfile
from cislunar.scenario.model import Scenario

# Lists of strange values are easier to read side by side.
# ruff: noqa: E501

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
SEED = SHIPPED[0].parent.joinpath("cp12-relay-phase.yaml").read_bytes()

WIDE = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def plain(node: yamlfile.Node) -> Any:
    """The tree as Python values."""
    if isinstance(node, yamlfile.Mapping):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, yamlfile.Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, yamlfile.Scalar)
    return node.value


MISSION = Path(yamlfile.__file__).parent.joinpath("templates", "mission.yaml").read_bytes()

TREE = plain(yamlfile.read(SEED, "cp12-relay-phase.yaml")[0])
MISSION_TREE = plain(yamlfile.read(MISSION, "mission.yaml")[0])


def judge(error: ScenarioError, lines: int) -> None:
    """What is refused names a place in the file and says something printable."""
    assert error.problems
    for problem in error.problems:
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.message
        assert str(problem).isprintable()
        assert len(str(problem)) < 2000


def check(data: bytes) -> None:
    """Read: a scenario, or problems."""
    lines = len(data.decode("utf-8", "replace").splitlines()) + 2
    try:
        Scenario.from_text(data, file="fuzz.yaml")
    except ScenarioError as error:
        judge(error, lines)


@WIDE
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    check(data)


@WIDE
@given(st.text(alphabet=st.sampled_from("abc:-[]{}&*!|>'\"%@`#?, \n\t~0129.eE+<\\"), max_size=200))
def test_any_text_of_yaml_characters(text: str) -> None:
    check(text.encode())


@st.composite
def spoilt_bytes(draw: st.DrawFn) -> bytes:
    """The shipped CP-12 with a few stretches cut out, doubled, or overwritten."""
    data = bytearray(SEED)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data) - 1))
        end = min(len(data), start + draw(st.integers(0, 30)))
        match draw(st.integers(0, 2)):
            case 0:
                del data[start:end]
            case 1:
                data[start:end] = data[start:end] * 2
            case 2:
                data[start:end] = draw(
                    st.binary(max_size=8) | st.sampled_from([b": ", b"- ", b"\n", b"{", b"}", b"'"])
                )
        data = data or bytearray(b"a")
    return bytes(data)


@WIDE
@given(spoilt_bytes())
def test_spoilt_bytes_of_a_real_scenario(data: bytes) -> None:
    check(data)


STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "600 m/s", "nan km", "-inf deg", "1e309 km", "1e308 km", "0 km", "1e-300 km", "-0 deg", "89 deg", "360 deg", "-180 deg",
            "terrain", "dsn", "estrack", "schrodinger", "alpine", "relay-earth", "direct", "longest_gap", "passes_per_day", "3 /d",
            "0.1 h", "1e9 yr", "2071-01-01T00:00:00 UTC", "1972-01-01 TAI", "2650-12-31T23:59:59 TDB", "../..", "/", "/dev/null",
            "/dev/zero", "a\u0000b", "~", "cp12.yaml", "moon-op", "icrf", "20 km", "100000 km", "33 d", "1.81 h", "1737.5 km",
        ]
    ),
    st.just([]),
    st.just({}),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.sampled_from(["value", "source", "assumption", "x"]), st.text(max_size=5) | st.floats(), max_size=3),
    st.lists(st.lists(st.sampled_from(["0 deg", "90 deg", "360 deg", "1 km", "nan deg"]), max_size=3), max_size=4),
    st.lists(st.sampled_from(["2000 km", "0 km/s", "1 km/s", "-1 km", "x"]), min_size=3, max_size=3),
)  # fmt: skip

KEYS = st.sampled_from(
    [
        "value", "source", "assumption", "orbit", "relay", "frame", "position", "velocity", "ephemeris", "period", "eccentricity",
        "periapsis_altitude", "semi_major_axis", "true_anomaly", "end", "duration", "physics", "data", "region", "at_most", "height",
        "network", "station", "name", "mask", "sites", "launch", "release", "coast", "operate", "until", "carries", "timeline", "ground", "horizon", "gravity", "degree", "bodies", "terrain", "<<", "", "x",
    ]
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All paths into a tree, the root's included."""
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


@st.composite
def spoilt_trees(draw: st.DrawFn, seed: Any = TREE) -> Any:
    """The shipped CP-12, or another seed, with some values replaced, some keys removed or added."""
    tree = copy.deepcopy(seed)
    for _ in range(draw(st.integers(1, 5))):
        path = draw(st.sampled_from(places(tree)))
        if not path:
            continue
        parent = tree
        for key in path[:-1]:
            parent = parent[key]
        match draw(st.integers(0, 2)):
            case 0:
                parent[path[-1]] = draw(STRANGE)
            case 1:
                del parent[path[-1]]
            case 2 if isinstance(parent, dict):
                parent[draw(KEYS)] = draw(STRANGE)
    return tree


@settings(WIDE, max_examples=500)
@given(spoilt_trees())
def test_spoilt_values_of_a_real_scenario(tree: Any) -> None:
    check(json.dumps(tree, allow_nan=True).encode())


@settings(WIDE, max_examples=300)
@given(spoilt_trees(MISSION_TREE))
def test_spoilt_values_of_a_timeline(tree: Any) -> None:
    check(json.dumps(tree, allow_nan=True).encode())


@settings(WIDE, max_examples=300)
@given(
    st.dictionaries(
        st.sampled_from([".".join(map(str, path)) for path in places(TREE) if path]), STRANGE, max_size=3
    )
)
def test_any_change_in_code(values: dict[str, Any]) -> None:
    scenario = Scenario.from_text(SEED)
    with contextlib.suppress(ScenarioError, InputError):
        scenario.with_values(values)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scenarios_survive_json(file: Path) -> None:
    """JSON is YAML: the same values give the same scenario."""
    data = file.read_bytes()
    tree = plain(yamlfile.read(data, file.name)[0])
    assert Scenario.from_text(json.dumps(tree)).spacecraft == Scenario.from_text(data).spacecraft


def test_a_large_valid_looking_file_is_read_in_reasonable_time() -> None:
    rows = "".join(f"# {number}\n" for number in range(20_000))
    assert complaint(rows + GOOD.replace("6143 km", "6143 m")).startswith("20017:24")
