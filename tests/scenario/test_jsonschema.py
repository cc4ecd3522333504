"""The JSON Schema, judged by an independent validator (jsonschema, draft 2020-12)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from test_fuzz import SHIPPED, plain
from texts import GOOD, ORBIT, spoilt

from cislunar.scenario import yamlfile
from cislunar.scenario.jsonschema import scenario_schema

SCHEMA = scenario_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
TEMPLATES = sorted((Path(yamlfile.__file__).parent / "templates").glob("*.yaml"))


def values(text: str) -> Any:
    return plain(yamlfile.read(text.encode(), "f")[0])


def test_it_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    json.dumps(SCHEMA, allow_nan=False)


@pytest.mark.parametrize("file", [*SHIPPED, *TEMPLATES], ids=lambda file: file.stem)
def test_shipped_scenarios_conform(file: Path) -> None:
    VALIDATOR.validate(values(file.read_text(encoding="utf-8")))


def test_the_small_scenario_conforms() -> None:
    VALIDATOR.validate(values(GOOD))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("6143 km", "6143"),
        ("6143 km", "6143 m/s"),
        ("6143 km", "6143 kn"),
        ("6143 km", "nan km"),
        ("eccentricity: 0.6", "eccentricity: 1.0"),
        ("eccentricity: 0.6", "eccentricity: '0.6'"),
        ("      eccentricity: 0.6\n", ""),
        ("      mean_anomaly: 0 deg\n", ""),
        ("mean_anomaly: 0 deg", "mean_anomaly: 0 deg\n      true_anomaly: 0 deg"),
        ("eccentricity:", "excentricity:"),
        ("frame: moon-op", "frame: moon"),
        ("UTC", ""),
        ("UTC", "GMT"),
        ("duration: 30 d\n", ""),
        ("duration: 30 d", "duration: 30 d\nend: 2028-01-01 UTC"),
        ("cislunar: 1", "cislunar: 2"),
        ("cislunar: 1", "cislunar: one"),
        ("    mass: 150 kg\n", ""),
        ("150 kg", "{value: 150 kg}"),
        ("150 kg", "{value: 150 kg, source: a, assumption: b}"),
        ("[dsn, goonhilly]", "[dsn, goonhily]"),
        ("[dsn, goonhilly]", "dsn"),
        ("[dsn, goonhilly]", "[]"),
        ("  alpine:", "  ../alpine:"),
        ("measure: percent", "measure: coverage"),
        (", at_least: 60 %", ""),
        ("region: far side}", "region: farside}"),
        ("horizon: 5 deg", "horizon: [[0 deg, 5 deg], [90 deg]]"),
        ("name: Test", "name: [Test]"),
        (
            ORBIT,
            "      frame: icrf\n      position: [4000 km, 0 km]\n      velocity: [0 km/s, 1 km/s, 0 km/s]\n",
        ),
    ],
)
def test_mistakes_in_form_do_not_conform(old: str, new: str) -> None:
    assert not VALIDATOR.is_valid(values(spoilt(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("6143 km", "{value: 6143 km, source: A paper}"),
        ("duration: 30 d", "end: 2027-03-31 TDB"),
        ("horizon: 5 deg", "horizon: terrain\n    height: -2.5 km"),
        ("horizon: 5 deg", "horizon: [[0 deg, 5 deg], [90 deg, 3 deg]]"),
        ("[dsn, goonhilly]", "[{station: goonhilly, mask: 3 deg}, {network: dsn, mask: 6 deg}]"),
        ("from: crater", "from: [crater]"),
        ("60 %", "{value: 60 percent, assumption: why not}"),
        ("      frame: moon-op", "      source: A paper\n      frame: moon-op"),
        (ORBIT, "      ephemeris: relay.oem\n"),
        (
            ORBIT,
            "      frame: icrf\n      position: [4 Mm, 0 m, 0 AU]\n      velocity: [0 m/s, 1 km/s, 0 km/s]\n",
        ),
    ],
)
def test_other_forms_conform(old: str, new: str) -> None:
    VALIDATOR.validate(values(spoilt(old, new)))


def test_every_key_has_its_help_text() -> None:
    missing = []

    def visit(schema: Any, path: str) -> None:
        if isinstance(schema, dict):
            for key, inner in schema.get("properties", {}).items():
                if key not in ("value", "source", "assumption") and not inner.get("description"):
                    missing.append(f"{path}.{key}")
            for key, inner in schema.items():
                visit(inner, f"{path}.{key}")
        elif isinstance(schema, list):
            for inner in schema:
                visit(inner, path)

    visit(SCHEMA, "")
    assert missing == []
