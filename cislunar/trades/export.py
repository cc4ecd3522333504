"""A case of a study as a scenario file again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislunar.scenario.format import SCENARIO
from cislunar.scenario.leaves import FilePath, Leaf, Spec
from cislunar.scenario.spec import Listing, Named, Record, Variant
from cislunar.scenario.wording import quoted
from cislunar.scenario.yamlfile import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from cislunar.scenario import Scenario
    from cislunar.trades.study import Study

_WIDTH = 100
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .+-_/%^:")


def export_case(study: Study, case: str) -> str:
    """Write the scenario of a case as a file; flying it gives the numbers of its row.

    Parameters
    ----------
    study : Study
    case : str
        Identity of the case, or its beginning.

    Returns
    -------
    str
        YAML. What the study changed says so; paths of files are absolute.

    Raises
    ------
    InputError
        There is no such case.
    ScenarioError
        The case is not a valid scenario.
    """
    values = study.values_of(case)
    scenario = study.scenario(values)
    told = ", ".join(f"{axis.title}: {_shown(values[axis.name])}" for axis in study.axes)
    return scenario_text(
        scenario,
        f"A case of the study {quoted(study.name, 200)[1:-1]}: {told}",
        f"set by the study {quoted(study.name, 200)[1:-1]}",
    )


def scenario_text(scenario: Scenario, comment: str, reason: str) -> str:
    """Write a scenario as YAML, comments of its file left out; changed facts carry a reason."""
    assert scenario.root is not None
    root = _prepared(scenario.root, SCENARIO, scenario.directory, reason)
    assert isinstance(root, Mapping)
    lines = [f"# {comment}", f"# Base: {scenario.file} (sha256 {scenario.sha256[:16]})", ""]
    for key, node in root.entries.items():
        lines += _entry(key, node, 0)
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _prepared(node: Node, spec: Spec, directory: Path, reason: str) -> Node:
    """Make paths absolute and give changed facts a reason."""
    if isinstance(spec, Variant):
        name = spec.choose(node)
        return node if name is None else _prepared(node, spec.variants[name], directory, reason)
    if isinstance(spec, Record) and isinstance(node, Mapping):
        entries = {
            key: _prepared(item, spec.fields[key].spec, directory, reason) if key in spec.fields else item
            for key, item in node.entries.items()
        }
        return replace(node, entries=entries)
    if isinstance(spec, Named) and isinstance(node, Mapping):
        entries = {key: _prepared(item, spec.item, directory, reason) for key, item in node.entries.items()}
        return replace(node, entries=entries)
    if isinstance(spec, Listing) and isinstance(node, Sequence):
        return replace(
            node, items=tuple(_prepared(item, spec.item, directory, reason) for item in node.items)
        )
    if isinstance(spec, Leaf):
        node = _absolute(node, spec, directory)
        if node.note and spec.sourced and spec.fact and isinstance(node, Scalar):
            place = Scalar(node.line, node.column, reason, plain=False)
            return Mapping(node.line, node.column, {"value": node, "assumption": place}, {})
    return node


def _absolute(node: Node, spec: Leaf, directory: Path) -> Node:
    if isinstance(node, Mapping) and "value" in node.entries:
        entries = {**node.entries, "value": _absolute(node.entries["value"], spec, directory)}
        return replace(node, entries=entries)
    kinds = getattr(spec, "kinds", ()) or ()
    chosen = getattr(spec, "choose", None)
    if kinds and chosen is not None:
        number = chosen(node)
        spec = kinds[number] if number is not None else spec
    if isinstance(spec, FilePath) and isinstance(node, Scalar):
        path = (Path(directory) / Path(node.text).expanduser()).resolve()
        return replace(node, text=str(path), plain=False)
    return node


def _entry(key: str, node: Node, indent: int) -> list[str]:
    pad = " " * indent
    flat = _flat(node)
    if isinstance(node, Scalar) or len(pad) + len(key) + 2 + len(flat) <= _WIDTH:
        return [f"{pad}{_word(key)}: {flat}"]
    if isinstance(node, Mapping):
        lines = [f"{pad}{_word(key)}:"]
        for inner, item in node.entries.items():
            lines += _entry(inner, item, indent + 2)
        return lines
    assert isinstance(node, Sequence)
    return [f"{pad}{_word(key)}:", *(f"{pad}  - {_flat(item)}" for item in node.items)]


def _flat(node: Node) -> str:
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{_word(key)}: {_flat(item)}" for key, item in node.entries.items()) + "}"
    if isinstance(node, Sequence):
        return "[" + ", ".join(_flat(item) for item in node.items) + "]"
    assert isinstance(node, Scalar)
    if node.plain:
        return _word(" ".join(node.text.split())) if node.text else "null"
    value = Scalar(1, 1, node.text).value
    return _word(node.text) if isinstance(value, str) and value == node.text else _quoted(node.text)


def _word(text: str) -> str:
    """Text without quotes where YAML reads it as it stands."""
    plain = (
        text
        and set(text) <= _SAFE
        and text == text.strip()
        and ": " not in text
        and not text.endswith(":")
        and (text[0].isalnum() or (text[0] in "+-." and text[1:2].isdigit()))
    )
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
