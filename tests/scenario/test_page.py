"""docs/scenario.md says what the program does: tables made from the declaration, examples that run."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from cislunar.scenario.model import Scenario

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scenario.md").read_text(encoding="utf-8")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "scenario_reference", ROOT / "tools" / "scenario_reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example() -> str:
    found = re.search(r"```yaml\n(cislunar: 1.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", ["scenario.md", "study.md"])
def test_the_tables_are_up_to_date(name: str) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert generator().updated(page, name) == page, "run: python tools/scenario_reference.py"


def test_the_example_is_valid() -> None:
    assert Scenario.from_text(example()).requirements[0].limit == 60.0


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "relay.yaml").write_text(example(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    names: dict[str, object] = {}
    exec(found[1], names)
    wider = names["wider"]
    assert isinstance(wider, Scenario)
    assert wider.duration_s == 10 * 86400.0
