"""Paths into a scenario: what is declared at the place they name, and the nearest spelling if nothing is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cislunar.errors import InputError
from cislunar.scenario.format import SCENARIO
from cislunar.scenario.leaves import Leaf, Spec, Table, Tuple
from cislunar.scenario.spec import Listing, Named, Record, Variant
from cislunar.scenario.wording import listing, nearest, quoted
from cislunar.scenario.yamlfile import Mapping, Node, Scalar, Sequence


@dataclass(frozen=True)
class Place:
    """What a path names: its declaration, and the node of the scenario that stands there, if any."""

    spec: Spec
    node: Node | None


def find_place(root: Node, path: str, *, new: bool = False) -> Place:
    """Follow a path through a scenario and its declaration.

    Parameters
    ----------
    root : Node
        The scenario.
    path : str
        Dotted, `spacecraft.alpine.orbit.semi_major_axis`; list items by number.
    new : bool
        Whether the last key may be the name of a thing that is not there yet.

    Raises
    ------
    InputError
        Nothing is declared there; names the nearest spelling.
    """
    spec: Spec = SCENARIO
    node: Node | None = root
    keys = path.split(".")
    for number, key in enumerate(keys):
        before = ".".join(keys[:number])
        if isinstance(spec, Variant):
            name = spec.choose(node) if node is not None else None
            if name is None:
                raise InputError(f"{quoted(path, 200)}: the scenario has no {quoted(before, 200)}")
            spec = spec.variants[name]
        inner = _bare(node) if isinstance(spec, Leaf) else node
        if isinstance(spec, Record):
            if key not in spec.fields:
                raise _missing(path, before, key, spec.fields)
            spec = spec.fields[key].spec
            node = inner.entries.get(key) if isinstance(inner, Mapping) else None
        elif isinstance(spec, Named):
            entries = inner.entries if isinstance(inner, Mapping) else {}
            if key not in entries and not (new and number == len(keys) - 1):
                raise _missing(path, before, key, entries)
            spec, node = spec.item, entries.get(key)
        elif isinstance(spec, Listing | Tuple | Table):
            items = inner.items if isinstance(inner, Sequence) else ()
            if not key.isdecimal() or int(key) >= len(items):
                raise InputError(
                    f"{quoted(path, 200)}: found {quoted(key)}; expected the number of an item of "
                    f"{quoted(before, 200)}, which has {len(items)}, counted from 0"
                )
            node = items[int(key)]
            if isinstance(spec, Tuple):
                spec = spec.items[int(key)]
            else:
                spec = spec.row if isinstance(spec, Table) else spec.item
        else:
            raise InputError(f"{quoted(path, 200)}: {quoted(before, 200)} is a single value")
    return Place(spec, node)


def to_python(node: Node) -> Any:
    """Plain Python values of a node: text, numbers, bools, None, lists, dicts."""
    if isinstance(node, Mapping):
        return {key: to_python(item) for key, item in node.entries.items()}
    if isinstance(node, Sequence):
        return [to_python(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value


def _bare(node: Node | None) -> Node | None:
    if isinstance(node, Mapping) and "value" in node.entries:
        return node.entries["value"]
    return node


def _missing(path: str, before: str, key: str, known: Iterable[str]) -> InputError:
    close = nearest(key, known)
    names = list(known)
    where = f"in {quoted(before, 200)}" if before else "at the top"
    if close:
        tail = f"did you mean {quoted(f'{before}.{close}' if before else close, 200)}?"
    else:
        tail = f"expected one of {listing(names[:12])}" if names else "there is none"
    return InputError(f"{quoted(path, 200)} is not in the scenario: no {quoted(key)} {where}; {tail}")
