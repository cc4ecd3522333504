"""From a file, text or another scenario to a checked `Scenario`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as MappingType
from dataclasses import replace
from pathlib import Path
from typing import Any

from cislunar.errors import InputError, Problem, ScenarioError
from cislunar.scenario import yamlfile
from cislunar.scenario.build import build
from cislunar.scenario.format import SCENARIO, VERSION
from cislunar.scenario.model import Scenario
from cislunar.scenario.reading import Reading, node_text
from cislunar.scenario.wording import quoted
from cislunar.scenario.yamlfile import Mapping, Node, Scalar, Sequence


def load(path_or_text: str | Path) -> Scenario:
    """Read a scenario file and check it.

    Parameters
    ----------
    path_or_text : path-like or str
        A YAML file; or the YAML text itself, told by its line breaks.

    Returns
    -------
    Scenario
        In internal units.

    Raises
    ------
    ScenarioError
        The file cannot be read or is not valid; carries every mistake with line and column.
    """
    if isinstance(path_or_text, str) and "\n" in path_or_text:
        return Scenario.from_text(path_or_text)
    file = str(path_or_text)
    return read_scenario(_content(file), file, Path(file).parent)


def read_scenario(data: bytes, file: str, directory: Path) -> Scenario:
    """Read a scenario from the bytes of a file.

    Parameters
    ----------
    data : bytes
        YAML, UTF-8.
    file : str
        What messages call it.
    directory : Path
        Where relative paths start.

    Raises
    ------
    ScenarioError
        With every mistake found.
    """
    root, problems = yamlfile.read(data, file)
    return _check(root, problems, file, directory, hashlib.sha256(data).hexdigest())


def change_values(scenario: Scenario, values: MappingType[str, Any]) -> Scenario:
    """Give a scenario with some values changed; see `Scenario.with_values`."""
    root = scenario.root
    if root is None:
        raise InputError(
            "this scenario was not read from a file or text; expected one made by load or from_text"
        )
    for path, value in values.items():
        root = _replaced(root, path.split("."), value, path)
    changed = _check(root, [], scenario.file, scenario.directory, scenario.sha256)
    shown = tuple((path, "" if value is None else str(value)) for path, value in values.items())
    return replace(changed, changes=scenario.changes + shown)


def _content(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read(yamlfile.MAX_BYTES + 1)
    except IsADirectoryError:
        problem = "this is a folder; expected a scenario file"
    except FileNotFoundError:
        problem = "no such file; expected a scenario; 'cislunar new FILE' writes one to start from"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problem = f"the file cannot be read ({reason})"
    raise ScenarioError([Problem(file, 1, 1, "", problem)])


def _check(root: Node, problems: list[Problem], file: str, directory: Path, sha256: str) -> Scenario:
    reading = Reading(file, directory)
    reading.problems += problems
    if isinstance(root, Mapping):
        _check_version(root, reading)
    value = SCENARIO.read(root, "", reading)
    scenario = build(value, reading, sha256) if value.ok else None
    if reading.problems or scenario is None:
        raise ScenarioError(sorted(dict.fromkeys(reading.problems), key=lambda p: (p.line, p.column)))
    return replace(scenario, root=root)


def _check_version(root: Mapping, reading: Reading) -> None:
    """Stop at a file of a later version: each of its new keys would be one more message."""
    node = root.entries.get("cislunar")
    version = node.value if isinstance(node, Scalar) else None
    if node is not None and isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        reading.problem(
            node,
            "cislunar",
            f"found format version {quoted(str(version))}; expected {VERSION}; a later cislunar may read it",
        )
        raise ScenarioError(reading.problems)


def _replaced(node: Node, keys: list[str], value: Any, path: str) -> Node:
    """Give the tree with one value replaced; nodes off the path are shared."""
    if not keys:
        return _noted(node, value)
    key, rest = keys[0], keys[1:]
    if isinstance(node, Sequence):
        if not key.isdecimal() or int(key) >= len(node.items):
            raise InputError(
                f"{quoted(path, 200)}: found {quoted(key)}; "
                f"expected the number of a list item, 0 to {len(node.items) - 1}"
            )
        items = list(node.items)
        items[int(key)] = _replaced(items[int(key)], rest, value, path)
        return replace(node, items=tuple(items))
    if not isinstance(node, Mapping):
        raise InputError(f"{quoted(path, 200)}: there is no {quoted(key)} to change inside a single value")
    entries, places = dict(node.entries), dict(node.keys)
    if value is None and not rest:
        entries.pop(key, None)
        places.pop(key, None)
    elif key in entries:
        entries[key] = _replaced(entries[key], rest, value, path)
    else:
        inner: Any = value
        for outer in reversed(rest):
            inner = {outer: inner}
        entries[key], places[key] = yamlfile.from_python(inner, node), node
    return replace(node, entries=entries, keys=places)


def _noted(old: Node, value: Any) -> Node:
    """Put a new value in the place of an old one; a source of the old value does not hold for the new one."""
    bare = old.entries["value"] if isinstance(old, Mapping) and "value" in old.entries else old
    was = node_text(bare)
    return replace(
        yamlfile.from_python(value, old), note=f"changed in code; the file says {was}" if was else ""
    )
