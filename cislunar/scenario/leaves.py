"""Single values of the file format: how each is read, and what is said when something else stands there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cislunar import time, units
from cislunar.errors import InputError
from cislunar.scenario.reading import INVALID, Reading, Value
from cislunar.scenario.wording import is_readable, listing, nearest, quoted
from cislunar.scenario.yamlfile import Mapping, Node, Scalar, Sequence, describe


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What may stand at a place in the file.

    Attributes
    ----------
    description : str
        One sentence for people; it becomes the help text in editors.
    """

    description: str = ""

    def read(self, node: Node, path: str, reading: Reading) -> Value:
        """Read a node; mistakes go to `reading` and leave an invalid value."""
        raise NotImplementedError

    def expected(self) -> str:
        """Say what should stand here, to follow the word `expected`."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Leaf(Spec):
    """A single value: where `sourced`, it may stand with its source, `{value: 600 km, source: "..."}`.

    Attributes
    ----------
    fact : bool
        Whether it describes the mission, so that it is listed as an assumption when it stands without a
        source; settings of the calculation are not.
    """

    sourced: ClassVar[bool] = True
    fact: bool = True

    def read(self, node: Node, path: str, reading: Reading) -> Value:
        """Read the value with or without its source."""
        if not self.sourced:
            return Value(node, path, self.convert(node, path, reading))
        plain, kind, reason = self._unwrap(node, path, reading)
        if plain is None:
            return Value(node, path, INVALID)
        data = self.convert(plain, path, reading)
        if data is not INVALID and (kind or self.listed(data)):
            reading.record(path, plain, kind, reason)
        return Value(plain, path, data)

    def listed(self, data: Any) -> bool:
        """Whether a value without a source is listed as an assumption."""
        return self.fact

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Turn the bare value into the internal one, or report a problem and give INVALID."""
        raise NotImplementedError

    def reject(self, node: Node, path: str, reading: Reading, hint: str = "") -> Any:
        """Report that something else was expected here."""
        tail = f"; {hint}" if hint else ""
        reading.problem(node, path, f"found {describe(node)}; expected {self.expected()}{tail}")
        return INVALID

    def _unwrap(self, node: Node, path: str, reading: Reading) -> tuple[Node | None, str, str]:
        """Take a value out of its annotation: the bare node, `source` or `assumption`, and the text of it."""
        if not isinstance(node, Mapping) or not {"value", "source", "assumption"} & set(node.entries):
            return node, "", ""
        for key in node.entries:
            if key not in ("value", "source", "assumption"):
                hint = nearest(key, ("value", "source", "assumption"))
                meant = f"; did you mean {quoted(hint)}?" if hint else comma_hint(key, node)
                message = f"unknown key {quoted(key)} beside the value; expected source or assumption{meant}"
                reading.problem(node.keys[key], path, message)
                return None, "", ""
        kinds = [key for key in ("source", "assumption") if key in node.entries]
        if "value" not in node.entries:
            reading.problem(
                node, path, f"found no value beside the {kinds[0]}; expected value: {self.expected()}"
            )
            return None, "", ""
        if len(kinds) != 1:
            found = "neither a source nor an assumption" if not kinds else "both a source and an assumption"
            reading.problem(node, path, f"found {found} beside the value; expected one of them")
            return None, "", ""
        reason = node.entries[kinds[0]]
        if not isinstance(reason, Scalar) or not reason.text.strip() or not is_readable(reason.text):
            reading.problem(reason, path, f"found {describe(reason)} as {kinds[0]}; expected a sentence")
            return None, "", ""
        return node.entries["value"], kinds[0], " ".join(reason.text.split())


@dataclass(frozen=True, kw_only=True)
class Quantity(Leaf):
    """A number with a unit, or without for the dimension `dimensionless`; bounds are texts like `0 km`."""

    dimension: str
    at_least: str | None = None
    above: str | None = None
    at_most: str | None = None
    below: str | None = None
    hint: str = ""

    def expected(self) -> str:
        """Name the dimension with an example."""
        phrase, example = units.phrase(self.dimension)
        return f"{phrase} such as '{example}'"

    def range_text(self) -> str:
        """Say the allowed range, empty if there is none."""
        low = self.at_least if self.above is None else f"more than {self.above}"
        high = self.at_most if self.below is None else f"less than {self.below}"
        if low is None and high is None:
            return ""
        if high is None:
            return low if self.above is not None else f"{low} or more"  # type: ignore[return-value]
        if low is None:
            return high if self.below is not None else f"{high} or less"
        if self.above is None and self.below is None:
            return f"{low} to {high}"
        lower = low if self.above is not None else f"at least {low}"
        return f"{lower} and {high if self.below is not None else f'at most {high}'}"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Parse number and unit, and hold them against the range."""
        if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
            return self.reject(node, path, reading)
        if self.dimension == "dimensionless" and isinstance(node.value, str):
            return self._not_a_number(node, path, reading)
        try:
            value = units.parse_quantity(node.text, self.dimension)
        except units.UnitError as error:
            reading.problem(node, path, str(error))
            return INVALID
        if not self._inside(value):
            hint = f"; {self.hint}" if self.hint else ""
            reading.problem(node, path, f"found {quoted(node.text)}; expected {self.range_text()}{hint}")
            return INVALID
        return value

    def _not_a_number(self, node: Scalar, path: str, reading: Reading) -> Any:
        try:
            units.parse_quantity(node.text, self.dimension)
        except units.UnitError as error:
            reading.problem(node, path, str(error))
        else:
            self.reject(node, path, reading, "remove the quotes")
        return INVALID

    def _inside(self, value: float) -> bool:
        def bound(text: str) -> float:
            return units.parse_quantity(text, self.dimension)

        return (
            (self.at_least is None or value >= bound(self.at_least))
            and (self.above is None or value > bound(self.above))
            and (self.at_most is None or value <= bound(self.at_most))
            and (self.below is None or value < bound(self.below))
        )


@dataclass(frozen=True, kw_only=True)
class Integer(Leaf):
    """A whole number."""

    at_least: int
    at_most: int

    def expected(self) -> str:
        """Say the range."""
        if self.at_least == self.at_most:
            return str(self.at_least)
        return f"a whole number from {self.at_least} to {self.at_most}"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Take the number as it stands."""
        value = node.value if isinstance(node, Scalar) else None
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or not self.at_least <= value <= self.at_most
        ):
            return self.reject(node, path, reading)
        return value


@dataclass(frozen=True, kw_only=True)
class Flag(Leaf):
    """True or false."""

    sourced: ClassVar[bool] = False

    def expected(self) -> str:
        """Name the two."""
        return "true or false"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Take the value as it stands."""
        value = node.value if isinstance(node, Scalar) else None
        return value if isinstance(value, bool) else self.reject(node, path, reading)


@dataclass(frozen=True, kw_only=True)
class Text(Leaf):
    """Free text; it is shown to people and never used as a path or a program."""

    sourced: ClassVar[bool] = False
    longest: int
    one_line: bool = True

    def expected(self) -> str:
        """Say how long it may be."""
        return f"text of 1 to {self.longest} characters"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Take the text, without blanks around it."""
        if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
            return self.reject(node, path, reading)
        if not is_readable(node.text):
            return self.reject(node, path, reading, "a control character cannot be shown")
        text = " ".join(node.text.split()) if self.one_line else node.text.strip()
        return text if 0 < len(text) <= self.longest else self.reject(node, path, reading)


@dataclass(frozen=True, kw_only=True)
class Choice(Leaf):
    """One of a few words."""

    fact: bool = False
    words: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    def expected(self) -> str:
        """List the words."""
        return listing(self.words) if len(self.words) < 3 else f"one of {listing(self.words)}"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Find the word, or suggest the nearest."""
        if not isinstance(node, Scalar) or node.value is None:
            return self.reject(node, path, reading)
        if node.text in self.words:
            return node.text
        for other, word in self.aliases:
            if node.text == other:
                return word
        close = nearest(node.text, self.words)
        return self.reject(node, path, reading, f"did you mean {quoted(close)}?" if close else "")


@dataclass(frozen=True, kw_only=True)
class Name(Leaf):
    """The name of something declared elsewhere in the file or known to the program."""

    sourced: ClassVar[bool] = False
    kind: str
    known: Callable[[], tuple[str, ...]] | None = None

    def expected(self) -> str:
        """Say whose name it is."""
        return f"the name of {self.kind}"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Take the word; whether it names anything is checked when the whole file is read."""
        if isinstance(node, Scalar) and node.value is not None and node.text.strip():
            return node.text
        return self.reject(node, path, reading)


@dataclass(frozen=True, kw_only=True)
class Epoch(Leaf):
    """A date, a time and its time scale."""

    def expected(self) -> str:
        """Give an example."""
        return "an epoch such as '2027-03-01T00:00:00 UTC'"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Parse date, time and scale."""
        if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
            return self.reject(node, path, reading)
        try:
            return time.parse_epoch(node.text)
        except InputError as error:
            reading.problem(node, path, str(error))
            return INVALID


@dataclass(frozen=True, kw_only=True)
class FilePath(Leaf):
    """A file on this machine; a relative path starts at the folder of the scenario file."""

    sourced: ClassVar[bool] = False
    kind: str

    def expected(self) -> str:
        """Say what kind of file."""
        return f"the path of {self.kind}"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Resolve the path and see that a readable file is there."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.text.strip():
            return self.reject(node, path, reading)
        try:
            file = Path(reading.directory, os.path.expanduser(node.text))
            problem = _unusable(file)
        except (OSError, ValueError) as error:
            problem = f"a path that cannot be used ({quoted(str(error))})"
        if problem:
            reading.problem(node, path, f"{quoted(node.text)} is {problem}; expected {self.expected()}")
            return INVALID
        return file


def comma_hint(key: str, node: Mapping) -> str:
    """Explain a key that is the rest of a sentence: `{source: one, two}` has a key `two`."""
    value = node.entries[key]
    empty = isinstance(value, Scalar) and value.plain and not value.text
    return "; text with a comma in it needs quotes between braces" if empty else ""


def _unusable(file: Path) -> str:
    if file.is_dir():
        return "a folder"
    if not file.exists():
        return f"not there (looked for {quoted(str(file.absolute()), 200)})"
    if not file.is_file():
        return "not a regular file"
    return "" if os.access(file, os.R_OK) else "not readable"


@dataclass(frozen=True, kw_only=True)
class Tuple(Leaf):
    """A list of fixed length, such as the components of a vector."""

    items: tuple[Leaf, ...]
    what: str

    def expected(self) -> str:
        """Say how many of what."""
        return self.what

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Read each item by its own declaration."""
        if not isinstance(node, Sequence) or len(node.items) != len(self.items):
            return self.reject(node, path, reading)
        places = [f"{path}.{i}" for i in range(len(self.items))]
        values = [
            spec.convert(item, place, reading)
            for spec, item, place in zip(self.items, node.items, places, strict=True)
        ]
        return INVALID if any(value is INVALID for value in values) else tuple(values)


@dataclass(frozen=True, kw_only=True)
class Table(Leaf):
    """A list of rows, all declared alike, that is one fact as a whole."""

    row: Leaf
    shortest: int
    longest: int
    what: str

    def expected(self) -> str:
        """Say what the rows hold."""
        return self.what

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Read each row."""
        if not isinstance(node, Sequence) or not self.shortest <= len(node.items) <= self.longest:
            return self.reject(node, path, reading)
        values = [self.row.convert(item, f"{path}.{i}", reading) for i, item in enumerate(node.items)]
        return INVALID if any(value is INVALID for value in values) else tuple(values)


@dataclass(frozen=True, kw_only=True)
class Either(Leaf):
    """One of several kinds of value, told apart by their form, such as a word, a quantity or a table."""

    kinds: tuple[Leaf, ...]
    choose: Callable[[Node], int | None]
    what: str

    def listed(self, data: Any) -> bool:
        """Leave out words such as `terrain`: they are settings."""
        return self.fact and not isinstance(data, str)

    def expected(self) -> str:
        """Describe all kinds."""
        return self.what

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Let the form decide, so that one mistake gives one message."""
        index = self.choose(node)
        return (
            self.reject(node, path, reading)
            if index is None
            else self.kinds[index].convert(node, path, reading)
        )
