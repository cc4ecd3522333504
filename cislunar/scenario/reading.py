"""What is carried along while a file is read: the problems found, and the sources of its facts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cislunar.errors import Problem
from cislunar.scenario.wording import quoted
from cislunar.scenario.yamlfile import Node, Scalar, Sequence

INVALID: Final = object()
"""Stands for data that could not be read; the problem has been reported."""

UNSOURCED: Final = "no source given"
"""The reason listed for a fact that has neither a source nor an assumption."""


@dataclass(frozen=True, eq=False)
class Value:
    """What was read at a place in the file.

    Attributes
    ----------
    node : Node
        The place.
    path : str
        Dotted path of the place.
    data : object
        A plain value; a dict or tuple of `Value`; or INVALID.
    variant : str
        Which variant was chosen, where there were several.
    """

    node: Node
    path: str
    data: Any
    variant: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is data to work with."""
        return self.data is not INVALID

    def child(self, key: str) -> Value | None:
        """Give the value of a key, None if it is absent or this value or that one is invalid."""
        inner = self.data.get(key) if isinstance(self.data, dict) else None
        return inner if isinstance(inner, Value) and inner.ok else None

    def get(self, key: str, default: Any = None) -> Any:
        """Give the plain data of a key, the default if it is absent or invalid."""
        inner = self.child(key)
        return default if inner is None else inner.data

    def has(self, key: str) -> bool:
        """Whether the key is given, valid or not."""
        return isinstance(self.data, dict) and key in self.data


@dataclass
class Reading:
    """One reading of a file.

    Attributes
    ----------
    file : str
        The file as the user named it.
    directory : Path
        Where relative paths start.
    problems : list of Problem
        The mistakes found so far.
    sources, assumptions : list of dict
        Facts with path, value and source, or path, value and assumption, as texts.
    """

    file: str
    directory: Path
    problems: list[Problem] = field(default_factory=list)
    sources: list[dict[str, str]] = field(default_factory=list)
    assumptions: list[dict[str, str]] = field(default_factory=list)
    _covers: list[tuple[str, str]] = field(default_factory=list)

    def problem(self, node: Node, path: str, message: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(self.file, node.line, node.column, _shown(path), message))

    @contextmanager
    def cover(self, kind: str, reason: str) -> Iterator[None]:
        """Give the facts read inside a source or an assumption of last resort; an empty kind gives none."""
        if not kind:
            yield
            return
        self._covers.append((kind, reason))
        try:
            yield
        finally:
            self._covers.pop()

    def record(self, path: str, node: Node, kind: str, reason: str) -> None:
        """List a fact with its source, or as an assumption."""
        if node.note:
            kind, reason = "assumption", node.note
        elif not kind:
            kind, reason = self._covers[-1] if self._covers else ("assumption", UNSOURCED)
        target = self.sources if kind == "source" else self.assumptions
        target.append({"path": path, "value": node_text(node), kind: reason})


def node_text(node: Node) -> str:
    """Write a value as it stands in the file, on one line."""
    if isinstance(node, Sequence):
        return "[" + ", ".join(node_text(item) for item in node.items) + "]"
    return " ".join(node.text.split()) if isinstance(node, Scalar) else ""


def _shown(path: str) -> str:
    return quoted(path, 200)[1:-1]
