"""Read YAML 1.2 text into a small tree that remembers lines and columns, and refuse what a scenario never
needs.

Size and nesting are limited before anything is parsed, aliases share nodes and their expansion is counted,
and tags, several documents and duplicate keys are refused. Nothing in the text can name code to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cislunar.errors import Problem, ScenarioError
from cislunar.scenario.wording import quoted

MAX_BYTES = 256 * 1024
"""Largest scenario file, bytes."""

MAX_DEPTH = 64
"""Deepest nesting of lists and mappings, aliases expanded."""

MAX_NODES = 20_000
"""Most values in a file, aliases expanded."""

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True, eq=False)
class Node:
    """A value in the file: one-based line and column, and a note where code changed it."""

    line: int
    column: int
    note: str = field(default="", kw_only=True)


@dataclass(frozen=True, eq=False)
class Scalar(Node):
    """A single value; `plain` when it stands without quotes."""

    text: str
    plain: bool = True

    @property
    def value(self) -> str | int | float | bool | None:
        """The value by the core schema of YAML 1.2."""
        text = self.text
        if not self.plain:
            return text
        if _NULL.fullmatch(text):
            return None
        if _BOOLEAN.fullmatch(text):
            return text.lower() == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _NOT_FINITE.fullmatch(text):
            return float(text.replace(".", ""))
        return text


@dataclass(frozen=True, eq=False)
class Mapping(Node):
    """Values by key; `keys` holds the place of each key."""

    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Sequence(Node):
    """Values in order."""

    items: tuple[Node, ...] = ()


def describe(node: Node) -> str:
    """Say what kind of value a node is, for error messages."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    assert isinstance(node, Scalar)
    return "nothing" if node.value is None else quoted(node.text)


def read(data: bytes, file: str) -> tuple[Node, list[Problem]]:
    """Read one YAML document.

    Parameters
    ----------
    data : bytes
        Content of the file.
    file : str
        Name of the file for messages.

    Returns
    -------
    root : Node
        The document's tree.
    problems : list of Problem
        Mistakes that leave the rest of the file readable: duplicate keys, tags, keys that are not words.

    Raises
    ------
    ScenarioError
        The text is too large, too deep, not UTF-8 or not YAML; carries one problem.
    """
    text = _decode(data, file)
    _refuse_tabs(text, file)
    _refuse_depth(text, file)
    builder = _Builder(file)
    for event in _guarded("parse", text, file):
        builder.take(event)
    if builder.root is None or (isinstance(builder.root, Scalar) and builder.root.value is None):
        raise _failure(
            file, 1, 1, "the file is empty; expected a scenario; 'cislunar new FILE' writes one to start from"
        )
    return builder.root, builder.problems


def from_python(value: Any, place: Node) -> Node:
    """Turn a Python value into nodes, all at the given place.

    Parameters
    ----------
    value : object
        Text, number, bool, None, list, tuple, dict with text keys, or an `astropy.units.Quantity`.
    place : Node
        Line and column for messages.
    """
    if isinstance(value, dict):
        entries = {str(key): from_python(item, place) for key, item in value.items()}
        return Mapping(place.line, place.column, entries, dict.fromkeys(entries, place))
    if isinstance(value, (list, tuple)):
        return Sequence(place.line, place.column, tuple(from_python(item, place) for item in value))
    if hasattr(value, "unit") and hasattr(value, "value"):
        return Scalar(place.line, place.column, f"{float(value.value)!r} {value.unit}", plain=False)
    if isinstance(value, bool):
        return Scalar(place.line, place.column, "true" if value else "false")
    if value is None:
        return Scalar(place.line, place.column, "null")
    if isinstance(value, str):
        return Scalar(place.line, place.column, value, plain=False)
    if hasattr(value, "item"):
        value = value.item()
    text = repr(value)
    return Scalar(place.line, place.column, {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}.get(text, text))


def _failure(file: str, line: int, column: int, message: str) -> ScenarioError:
    return ScenarioError([Problem(file, line, column, "", message)])


def _decode(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise _failure(
            file, 1, 1, f"the file is larger than {MAX_BYTES // 1024} KiB; expected a scenario of a few KiB"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise _failure(
            file, line, column, f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8 text"
        ) from None


def _refuse_tabs(text: str, file: str) -> None:
    rows = text.split("\n")
    lines = [n for n, line in enumerate(rows, 1) if re.match(r" *\t\s*\S", line)]
    if lines:
        column = rows[lines[0] - 1].index("\t") + 1
        more = f" (and in {len(lines) - 1} more lines)" if len(lines) > 1 else ""
        raise _failure(file, lines[0], column, f"a tab in the indentation{more}; expected spaces")


def _refuse_depth(text: str, file: str) -> None:
    depth = 0
    for token in _guarded("scan", text, file):
        name = type(token).__name__
        if name in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                mark = token.start_mark
                raise _failure(
                    file,
                    mark.line + 1,
                    mark.column + 1,
                    f"nested deeper than {MAX_DEPTH} levels; the file is not read",
                )
        elif name in _CLOSING:
            depth -= 1


_OPENING = {
    "BlockSequenceStartToken",
    "BlockMappingStartToken",
    "FlowSequenceStartToken",
    "FlowMappingStartToken",
}
_CLOSING = {"BlockEndToken", "FlowSequenceEndToken", "FlowMappingEndToken"}


def _guarded(method: str, text: str, file: str) -> Iterator[Any]:
    """Yield tokens or events; whatever the YAML library raises on the way becomes one problem."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    line = column = 1
    stream = getattr(YAML(typ="safe", pure=True), method)(text)
    while True:
        try:
            item = next(stream)
        except StopIteration:
            return
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark is not None:
                line, column = mark.line + 1, mark.column + 1
            raise _failure(file, line, column, _explain(str(error.problem or error.context or ""))) from None
        except ReaderError as error:
            before = text[: error.position]
            line = before.count("\n") + 1
            column = error.position - (before.rfind("\n") + 1) + 1
            raise _failure(
                file, line, column, f"character U+{ord(text[error.position]):04X} is not allowed in YAML text"
            ) from None
        except Exception as error:  # the library fails in many ways on hostile text; all mean the same here
            raise _failure(file, line, column, f"not valid YAML ({quoted(str(error))})") from None
        line, column = item.start_mark.line + 1, item.start_mark.column + 1
        yield item


def _explain(problem: str) -> str:
    hints = {
        "mapping values are not allowed": "check the indentation; text that holds ': ' needs quotes",
        "could not find expected ':'": "a key needs ': ' and a value after it",
        "expected ',' or": "a bracket is not closed, or a comma is missing",
        "expected <block end>": "check the indentation of this line and the one before",
        "\\t": "write spaces, not tabs",
        "cannot start any token": "quote text that starts with this character",
        "while scanning a quoted": "close the quotes",
        "unexpected end of stream": "close the quotes or the bracket",
    }
    problem = quoted(problem)[1:-1]
    for part, hint in hints.items():
        if part in problem:
            return f"not valid YAML: {problem}; {hint}"
    return f"not valid YAML: {problem}"


@dataclass
class _Frame:
    """A list or mapping that is still open."""

    node: Mapping | Sequence
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    key: Scalar | None = None
    awaiting_value: bool = False
    size: int = 1
    height: int = 1


@dataclass
class _Finished:
    """An anchored node with its size and height after expansion."""

    node: Node
    size: int
    height: int


class _Builder:
    """Build the tree from the parser's events, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[_Frame] = []
        self._anchors: dict[str, _Finished | None] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        """Take the parser's next event."""
        name = type(event).__name__
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if name == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                raise _failure(
                    self.file, line, column, "a second document starts here; expected one scenario in a file"
                )
            if event.version is not None and tuple(event.version) != (1, 2):
                raise _failure(self.file, line, column, "expected YAML 1.2")
        elif name == "ScalarEvent":
            self._refuse_tag(event, line, column)
            self._refuse_surrogates(event.value, line, column)
            plain = event.style is None or event.style == ""
            self._close(_Finished(Scalar(line, column, event.value, plain), 1, 0), event.anchor, line, column)
        elif name == "AliasEvent":
            self._alias(event.anchor, line, column)
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            self._refuse_tag(event, line, column)
            node = Mapping(line, column) if name == "MappingStartEvent" else Sequence(line, column)
            if event.anchor:
                self._anchors[event.anchor] = None
            self._open.append(_Frame(node, event.anchor))
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            frame = self._open.pop()
            node = frame.node
            if isinstance(node, Sequence):
                node = replace(node, items=tuple(frame.items))
            self._close(_Finished(node, frame.size, frame.height), frame.anchor, node.line, node.column)

    def _refuse_tag(self, event: Any, line: int, column: int) -> None:
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            message = f"the YAML tag {quoted(tag)} is not allowed; write the value without it"
            self.problems.append(Problem(self.file, line, column, "", message))

    def _refuse_surrogates(self, text: str, line: int, column: int) -> None:
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise _failure(self.file, line, column, "half a surrogate pair is not a character")

    def _alias(self, anchor: str, line: int, column: int) -> None:
        if anchor not in self._anchors:
            raise _failure(
                self.file, line, column, f"the alias {quoted('*' + anchor)} has no anchor before it"
            )
        finished = self._anchors[anchor]
        if finished is None:
            raise _failure(self.file, line, column, f"the alias {quoted('*' + anchor)} contains itself")
        if len(self._open) + finished.height > MAX_DEPTH:
            raise _failure(self.file, line, column, f"aliases nest deeper than {MAX_DEPTH} levels")
        self._close(finished, None, line, column)

    def _close(self, finished: _Finished, anchor: str | None, line: int, column: int) -> None:
        if anchor:
            self._anchors[anchor] = finished
        if not self._open:
            self.root = finished.node
            return
        frame = self._open[-1]
        frame.size += finished.size
        frame.height = max(frame.height, finished.height + 1)
        if frame.size > MAX_NODES:
            raise _failure(self.file, line, column, f"more than {MAX_NODES} values after expanding aliases")
        if isinstance(frame.node, Sequence):
            frame.items.append(finished.node)
        elif frame.awaiting_value:
            frame.awaiting_value = False
            if frame.key is not None:
                frame.node.entries[frame.key.text] = finished.node
                frame.node.keys[frame.key.text] = frame.key
        else:
            frame.awaiting_value = True
            frame.key = self._key(frame.node, finished.node, line, column)

    def _key(self, mapping: Mapping, node: Node, line: int, column: int) -> Scalar | None:
        """Give the key of the next entry, or None where the entry is to be left out."""
        if not isinstance(node, Scalar):
            message = f"a key is {describe(node)}; expected a word"
        elif node.text in mapping.keys:
            first = mapping.keys[node.text].line
            message = f"the key {quoted(node.text)} is given twice; it stands first in line {first}"
        else:
            return Scalar(line, column, node.text, node.plain)
        self.problems.append(Problem(self.file, line, column, "", message))
        return None
