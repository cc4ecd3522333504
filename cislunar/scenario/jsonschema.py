"""The JSON Schema of scenario files, made from the declaration that also reads them.

Editors use it for completion and checks while typing. It holds keys, words, forms and units; what depends on
several values at once, or on files, is checked by `cislunar validate`.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from cislunar import time, units
from cislunar.scenario.format import SCENARIO, VERSION
from cislunar.scenario.leaves import (
    Choice,
    Either,
    Epoch,
    FilePath,
    Flag,
    Integer,
    Leaf,
    Name,
    Quantity,
    Spec,
    Table,
    Text,
    Tuple,
)
from cislunar.scenario.spec import IDENTIFIER, Field, Group, Listing, Named, Record, Variant

_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_REASON = {"type": "string", "pattern": r"\S", "description": "Who published it, or why it is assumed."}


def scenario_schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of format version 1.

    Returns
    -------
    dict
        JSON types only.
    """
    return document_schema(f"cislunar scenario, format version {VERSION}", SCENARIO)


def document_schema(title: str, spec: Spec) -> dict[str, Any]:
    """Build the JSON Schema of any file that is declared like a scenario.

    Parameters
    ----------
    title : str
    spec : Spec
        Of the whole file. Kinds of values that scenarios do not have are made known by `schema_of.register`,
        single values by `value_schema.register`.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **_schema(spec),
        "$defs": {
            "reason": _REASON,
            "epoch": _epoch(),
            **{name: _quantity(name) for name in units.DIMENSIONS if name != "dimensionless"},
        },
    }


def _quantity(dimension: str) -> dict[str, Any]:
    phrase, example = units.phrase(dimension)
    spelled = "|".join(_escaped(unit) for unit in sorted(units.spellings(dimension), key=len, reverse=True))
    pattern = rf"^\s*{_NUMBER}\s*({spelled})\s*$"
    return {
        "type": "string",
        "pattern": pattern,
        "description": f"{phrase} with its unit",
        "examples": [example],
    }


def _escaped(unit: str) -> str:
    for special in r"\^*.+?()[]{}|$":
        unit = unit.replace(special, f"\\{special}")
    return unit.replace(" ", r"\s+")


def _epoch() -> dict[str, Any]:
    date, clock = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,12})?)?"
    return {
        "type": "string",
        "pattern": rf"^\s*{date}([T ]{clock})?(Z| +({'|'.join(time.SCALES)}))\s*$",
        "examples": ["2027-03-01T00:00:00 UTC"],
    }


def _field(field: Field) -> dict[str, Any]:
    """Give a key's schema with its help text: what it is, its range, and what holds without it."""
    schema = _schema(field.spec)
    parts = [schema.pop("description", "") or field.spec.description]
    if isinstance(field.spec, Quantity) and field.spec.range_text():
        parts.append(f"Range: {field.spec.range_text()}.")
    if field.default:
        parts.append(f"Default: {field.default}.")
    return {"description": " ".join(part for part in parts if part), **schema}


@singledispatch
def _schema(spec: Spec) -> dict[str, Any]:
    raise NotImplementedError(type(spec).__name__)


@_schema.register
def _(spec: Leaf) -> dict[str, Any]:
    bare = _bare(spec)
    described = {"description": spec.description} if spec.description else {}
    if not spec.sourced:
        return {**described, **bare}
    annotated = {
        "type": "object",
        "properties": {
            "value": bare,
            "source": {"$ref": "#/$defs/reason"},
            "assumption": {"$ref": "#/$defs/reason"},
        },
        "required": ["value"],
        "oneOf": [{"required": ["source"]}, {"required": ["assumption"]}],
        "additionalProperties": False,
    }
    return {**described, "anyOf": [bare, annotated]}


@singledispatch
def _bare(spec: Leaf) -> dict[str, Any]:
    """Give the schema of a value without its source."""
    raise NotImplementedError(type(spec).__name__)


@_bare.register
def _(spec: Quantity) -> dict[str, Any]:
    if spec.dimension != "dimensionless":
        return {"$ref": f"#/$defs/{spec.dimension}"}
    limits = {
        "minimum": spec.at_least,
        "exclusiveMinimum": spec.above,
        "maximum": spec.at_most,
        "exclusiveMaximum": spec.below,
    }
    return {"type": "number", **{key: float(text) for key, text in limits.items() if text is not None}}


@_bare.register
def _(spec: Integer) -> dict[str, Any]:
    if spec.at_least == spec.at_most:
        return {"const": spec.at_least}
    return {"type": "integer", "minimum": spec.at_least, "maximum": spec.at_most}


@_bare.register
def _(spec: Flag) -> dict[str, Any]:
    return {"type": "boolean"}


@_bare.register
def _(spec: Text) -> dict[str, Any]:
    # A title such as `2027` stands in the file as a number; it is read as text all the same.
    return {"type": ["string", "number"], "pattern": r"\S", "maxLength": spec.longest}


@_bare.register
def _(spec: Choice) -> dict[str, Any]:
    return {"enum": [*spec.words, *(alias for alias, _ in spec.aliases)]}


@_bare.register
def _(spec: Name) -> dict[str, Any]:
    return {"enum": list(spec.known())} if spec.known else {"type": "string", "pattern": r"\S"}


@_bare.register
def _(spec: Epoch) -> dict[str, Any]:
    return {"$ref": "#/$defs/epoch"}


@_bare.register
def _(spec: FilePath) -> dict[str, Any]:
    return {"type": "string", "pattern": r"\S"}


@_bare.register
def _(spec: Tuple) -> dict[str, Any]:
    items = [_bare(item) for item in spec.items]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


@_bare.register
def _(spec: Table) -> dict[str, Any]:
    return {"type": "array", "items": _bare(spec.row), "minItems": spec.shortest, "maxItems": spec.longest}


@_bare.register
def _(spec: Either) -> dict[str, Any]:
    return {"anyOf": [_bare(kind) for kind in spec.kinds]}


@_schema.register
def _(spec: Record) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if spec.description:
        schema["description"] = spec.description
    schema["properties"] = {key: _field(field) for key, field in spec.fields.items()}
    rules = [_group(group) for group in spec.groups]
    if spec.covers:
        for kind, whose in (("source", "source"), ("assumption", "reason")):
            text = f"The {whose} of all values here that do not have their own."
            schema["properties"][kind] = {"$ref": "#/$defs/reason", "description": text}
        rules.append({"not": {"required": ["source", "assumption"]}})
    required = [key for key, field in spec.fields.items() if field.required]
    if required:
        schema["required"] = required
    if spec.together:
        schema["dependentRequired"] = {
            key: [other] for pair in spec.together for key, other in (pair, pair[::-1])
        }
    for key, others in spec.needs:
        rules.append(
            {"if": {"required": [key]}, "then": {"anyOf": [{"required": [other]} for other in others]}}
        )
    if rules:
        schema["allOf"] = rules
    schema["additionalProperties"] = False
    return schema


def _group(group: Group) -> dict[str, Any]:
    """Say that exactly one set of keys is given and none of the others."""
    union = list(dict.fromkeys(key for keys in group.alternatives for key in keys))

    def absent(keys: list[str]) -> list[dict[str, Any]]:
        return [{"not": {"required": [key]}} for key in keys]

    choices: list[dict[str, Any]] = []
    for keys in group.alternatives:
        choice: dict[str, Any] = {"required": list(keys)}
        others = [key for key in union if key not in keys]
        if others:
            choice["allOf"] = absent(others)
        choices.append(choice)
    if not group.required:
        choices.append({"allOf": absent(union)})
    return {"oneOf": choices}


@_schema.register
def _(spec: Named) -> dict[str, Any]:
    return {
        "type": "object",
        "description": spec.description,
        "propertyNames": {"pattern": IDENTIFIER},
        "additionalProperties": _schema(spec.item),
        "minProperties": 1,
    }


@_schema.register
def _(spec: Listing) -> dict[str, Any]:
    item = _schema(spec.item)
    array = {"type": "array", "items": item, "minItems": 1, "maxItems": spec.longest}
    described = {"description": spec.description} if spec.description else {}
    return {**described, "anyOf": [item, array]} if spec.single else {**described, **array}


@_schema.register
def _(spec: Variant) -> dict[str, Any]:
    described = {"description": spec.description} if spec.description else {}
    return {**described, "anyOf": [_schema(variant) for variant in spec.variants.values()]}


schema_of, value_schema = _schema, _bare
