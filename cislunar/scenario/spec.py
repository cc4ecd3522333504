"""Mappings and lists of the file format: which keys may stand where, and what is said when others do.

One declaration made of these and of `cislunar.scenario.leaves` (see `cislunar.scenario.format`) serves three
ends: reading a file with a message for each mistake, the JSON Schema for editors, and the reference in the
documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cislunar.scenario.leaves import Spec, comma_hint
from cislunar.scenario.reading import INVALID, Reading, Value
from cislunar.scenario.wording import is_readable, listing, nearest, quoted
from cislunar.scenario.yamlfile import Mapping, Node, Scalar, Sequence, describe

RESERVED: Final = "any"
"""What tables call the union over all relays or stations."""

IDENTIFIER: Final = rf"^(?!{RESERVED}$)[A-Za-z][A-Za-z0-9_-]{{0,63}}$"
"""What a person may name a spacecraft, a site or a station."""

IDENTIFIER_TEXT: Final = f"a letter, then at most 63 letters, digits, '_' or '-', and not '{RESERVED}'"
"""The same for people."""


@dataclass(frozen=True)
class Field:
    """A key of a record.

    Attributes
    ----------
    spec : Spec
        What stands there.
    required : bool
        Whether the key must be given on its own account; alternatives are declared in `Record.groups`.
    default : str
        What holds when it is left out, for people.
    """

    spec: Spec
    required: bool = False
    default: str = ""


@dataclass(frozen=True)
class Group:
    """Keys of a record of which exactly one alternative is to be given.

    Attributes
    ----------
    what : str
        What the alternatives state: `the end of the mission`.
    alternatives : tuple of tuple of str
        Sets of keys.
    required : bool
        Whether one must be given at all.
    """

    what: str
    alternatives: tuple[tuple[str, ...], ...]
    required: bool = True

    def text(self) -> str:
        """List the alternatives."""
        return listing(" with ".join(keys) for keys in self.alternatives)


@dataclass(frozen=True, kw_only=True)
class Record(Spec):
    """A mapping with known keys.

    Attributes
    ----------
    what : str
        What the mapping describes: `a site`.
    fields : dict of str to Field
        The known keys.
    groups : tuple of Group
        Alternatives among them.
    together : tuple of (str, str)
        Pairs of keys that make sense only together.
    needs : tuple of (str, tuple of str)
        Keys that make sense only with one of some others.
    covers : bool
        Whether `source` or `assumption` may be given once for all facts inside.
    """

    what: str
    fields: dict[str, Field]
    groups: tuple[Group, ...] = ()
    together: tuple[tuple[str, str], ...] = ()
    needs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    covers: bool = False

    def expected(self) -> str:
        """Name the keys."""
        return (
            f"{self.what}: a mapping with {listing(self.fields, 'and') if len(self.fields) < 9 else 'keys'}"
        )

    def read(self, node: Node, path: str, reading: Reading) -> Value:
        """Read all keys; report unknown, missing and conflicting ones."""
        if not isinstance(node, Mapping):
            reading.problem(node, path, f"found {describe(node)}; expected {self.expected()}")
            return Value(node, path, INVALID)
        given = self._match_keys(node, path, reading)
        with reading.cover(*self._cover(given, node, path, reading)):
            data = {
                key: self.fields[key].spec.read(node.entries[written], _join(path, key), reading)
                for key, written in given.items()
                if key in self.fields
            }
        for key, entry in self.fields.items():
            if entry.required and key not in given:
                reading.problem(node, _join(path, key), f"missing; expected {entry.spec.expected()}")
        for group in self.groups:
            self._check_group(group, given, node, path, reading)
        for one, other in self.together:
            for present, absent in ((one, other), (other, one)):
                if present in given and absent not in given:
                    place = node.keys[given[present]]
                    message = f"has no effect without {absent}; expected both or neither"
                    reading.problem(place, _join(path, present), message)
        for key, others in self.needs:
            if key in given and not any(other in given for other in others):
                message = f"has no effect without {listing(others)}"
                reading.problem(node.keys[given[key]], _join(path, key), message)
        return Value(node, path, data)

    def _known(self) -> tuple[str, ...]:
        return (*self.fields, "source", "assumption") if self.covers else tuple(self.fields)

    def _match_keys(self, node: Mapping, path: str, reading: Reading) -> dict[str, str]:
        """Give the written key for each known one; a misspelt key is reported, then read as the one meant."""
        known = self._known()
        given = {key: key for key in node.entries if key in known}
        for key in node.entries:
            if key in known:
                continue
            meant = nearest(key, known)
            if key == "<<":
                tail = "; YAML 1.2 has no merge keys, write the keys out"
            elif meant:
                tail = f"; did you mean {quoted(meant)}?"
            else:
                tail = f"; expected {listing(known) if len(known) < 3 else f'one of {listing(known)}'}"
                tail += comma_hint(key, node)
            reading.problem(node.keys[key], path, f"unknown key {quoted(key)}{tail}")
            if meant and meant not in given:
                given[meant] = key
        return given

    def _cover(self, given: dict[str, str], node: Mapping, path: str, reading: Reading) -> tuple[str, str]:
        if not self.covers:
            return "", ""
        kinds = [key for key in ("source", "assumption") if key in given]
        if len(kinds) > 1:
            message = "found both a source and an assumption for all values here; expected one of them"
            reading.problem(node.keys[given["assumption"]], path, message)
        if not kinds:
            return "", ""
        reason = node.entries[given[kinds[0]]]
        if not isinstance(reason, Scalar) or not reason.text.strip() or not is_readable(reason.text):
            reading.problem(reason, _join(path, kinds[0]), f"found {describe(reason)}; expected a sentence")
            return "", ""
        return kinds[0], " ".join(reason.text.split())

    def _check_group(
        self, group: Group, given: dict[str, str], node: Mapping, path: str, reading: Reading
    ) -> None:
        union = {key for keys in group.alternatives for key in keys}
        present = {key for key in given if key in union}
        if any(present == set(keys) for keys in group.alternatives) or (not present and not group.required):
            return
        if not present:
            reading.problem(node, path, f"{group.what} is missing; expected {group.text()}")
            return
        fitting = [keys for keys in group.alternatives if present < set(keys)]
        place = node.keys[given[max(present, key=lambda key: list(given).index(key))]]
        found = listing([key for key in given if key in present], "and")
        if fitting:
            rest = listing([" with ".join(key for key in keys if key not in present) for keys in fitting])
            reading.problem(place, path, f"{group.what} is incomplete: found {found}; expected also {rest}")
        else:
            reading.problem(
                place, path, f"{group.what} is given twice or mixed: found {found}; expected {group.text()}"
            )


@dataclass(frozen=True, kw_only=True)
class Named(Spec):
    """A mapping from names a person chooses to values declared alike."""

    what: str
    item: Spec

    def expected(self) -> str:
        """Say what is named."""
        return f"a mapping from names to {self.what}"

    def read(self, node: Node, path: str, reading: Reading) -> Value:
        """Read every entry and check its name."""
        if not isinstance(node, Mapping) or not node.entries:
            found = "an empty mapping" if isinstance(node, Mapping) else describe(node)
            reading.problem(node, path, f"found {found}; expected {self.expected()}")
            return Value(node, path, INVALID)
        for name in node.entries:
            if not is_identifier(name):
                message = f"the name {quoted(name)} cannot be used; expected {IDENTIFIER_TEXT}"
                reading.problem(node.keys[name], path, message)
        data = {name: self.item.read(item, _join(path, name), reading) for name, item in node.entries.items()}
        return Value(node, path, data)


@dataclass(frozen=True, kw_only=True)
class Listing(Spec):
    """A list of values declared alike; where `single`, one value may stand without the list around it."""

    what: str
    item: Spec
    single: bool = False
    longest: int = 1000

    def expected(self) -> str:
        """Say what is listed."""
        return self.what

    def read(self, node: Node, path: str, reading: Reading) -> Value:
        """Read every item."""
        if self.single and isinstance(node, Scalar) and node.value is not None:
            return Value(node, path, (self.item.read(node, path, reading),))
        if not isinstance(node, Sequence) or not 0 < len(node.items) <= self.longest:
            found = "an empty list" if isinstance(node, Sequence) and not node.items else describe(node)
            reading.problem(node, path, f"found {found}; expected {self.expected()}")
            return Value(node, path, INVALID)
        return Value(
            node,
            path,
            tuple(self.item.read(item, f"{path}.{i}", reading) for i, item in enumerate(node.items)),
        )


@dataclass(frozen=True, kw_only=True)
class Variant(Spec):
    """One of several records or a word, told apart by the keys they hold."""

    what: str
    variants: dict[str, Spec]
    choose: Callable[[Node], str | None]

    def expected(self) -> str:
        """Describe all variants."""
        return self.what

    def read(self, node: Node, path: str, reading: Reading) -> Value:
        """Let the keys decide which variant is meant, so that one mistake gives one message."""
        name = self.choose(node)
        if name is None:
            reading.problem(node, path, f"found {describe(node)}; expected {self.expected()}")
            return Value(node, path, INVALID)
        value = self.variants[name].read(node, path, reading)
        return Value(value.node, value.path, value.data, variant=name)


def is_identifier(name: str) -> bool:
    """Whether a name is one that `IDENTIFIER` describes."""
    first = name[:1]
    return (
        len(name) <= 64
        and first.isascii()
        and first.isalpha()
        and name != RESERVED
        and all(c.isascii() and (c.isalnum() or c in "_-") for c in name)
    )


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def by_key(node: Node, keys: dict[str, str], otherwise: str, scalar: str | None = None) -> str | None:
    """Choose a variant by the first of `keys` that a mapping holds; a word chooses `scalar`."""
    if isinstance(node, Mapping):
        return next((name for key, name in keys.items() if key in node.entries), otherwise)
    return scalar if isinstance(node, Scalar) and node.value is not None else None
