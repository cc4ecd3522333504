"""The JSON Schema of study files, made from the declaration that also reads them.

It holds keys, words and forms. Values of the base scenario, by path, are checked when the study is loaded.
"""

from __future__ import annotations

from typing import Any

from cislunar.scenario.jsonschema import document_schema, schema_of, value_schema
from cislunar.trades.format import STUDY, VERSION, Changes, Free, Pending

_NUMBER_WITH_UNIT = {"type": ["string", "number"], "pattern": r"\S"}


def study_schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of format version 1.

    Returns
    -------
    dict
        JSON types only.
    """
    return document_schema(f"cislunar trade study, format version {VERSION}", STUDY)


@schema_of.register
def _(spec: Free) -> dict[str, Any]:
    return {"description": spec.description} if spec.description else {}


@schema_of.register
def _(spec: Changes) -> dict[str, Any]:
    described = {"description": spec.description} if spec.description else {}
    return {**described, "type": "object", "minProperties": 1}


@value_schema.register
def _(spec: Pending) -> dict[str, Any]:
    return dict(_NUMBER_WITH_UNIT)
