"""Axes of a study: what each sets in the base scenario, and the values it can take."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from cislunar import units

SPREADS = {
    "mean_anomaly": ("mean_anomaly",),
    "raan": ("raan",),
    "both": ("raan", "mean_anomaly"),
}
"""Angles over which copies of a spacecraft are spread evenly: along one orbit, over planes, or both."""


@dataclass(frozen=True)
class Target:
    """A value that an axis sets.

    Attributes
    ----------
    path : str
        In the base scenario.
    offset : float
        Added to the value of the axis, in the axis's unit.
    turn : float
        Length of a full turn in the axis's unit for an angle that is wrapped, 0 for anything else.
    """

    path: str
    offset: float = 0.0
    turn: float = 0.0

    def number(self, value: Any) -> Any:
        """What the axis's value means here, in the axis's unit; takes arrays too."""
        if not self.offset:
            return value
        return (value + self.offset) % self.turn if self.turn else value + self.offset


@dataclass(frozen=True)
class Axis:
    """Something that varies from case to case.

    Attributes
    ----------
    name, label : str
        Column of the table, and what people read.
    kind : {"quantity", "integer", "word", "choice", "number"}
        A number with a unit, a whole number, a word or list as in the scenario, one of several blocks, or a
        number of copies of a spacecraft.
    dimension, unit : str
        Of a quantity; the table holds numbers in this unit.
    targets : tuple of Target
        What it sets; none for choices and numbers of spacecraft.
    levels : tuple or None
        Its values: floats in `unit`, ints, texts, names of choices. None for a range without steps.
    low, high : float
        Ends of a range without steps.
    blocks : dict of str to dict
        For choices: what each sets, by path; for words: the value behind each text.
    template, spread : str
        For a number of spacecraft: which is copied, and over which angles the copies are spread.
    """

    name: str
    kind: Literal["quantity", "integer", "word", "choice", "number"]
    label: str = ""
    dimension: str = ""
    unit: str = ""
    targets: tuple[Target, ...] = ()
    levels: tuple[Any, ...] | None = None
    low: float = 0.0
    high: float = 0.0
    blocks: dict[str, Any] = field(default_factory=dict)
    template: str = ""
    spread: str = "mean_anomaly"

    @property
    def title(self) -> str:
        """Label or name, with the unit."""
        text = self.label or self.name
        return f"{text} ({self.unit})" if self.unit else text

    def changes(self, value: Any) -> dict[str, Any]:
        """Give what a value sets in the scenario, by path; nothing for a number of spacecraft."""
        if self.kind == "number":
            return {}
        if self.kind == "choice":
            return dict(self.blocks[value])
        if self.kind == "word":
            return {target.path: self.blocks[value] for target in self.targets}
        if self.kind == "integer":
            return {target.path: int(value) for target in self.targets}
        numbers = {target.path: float(target.number(value)) for target in self.targets}
        if not self.unit:
            return dict(numbers)
        return {path: quantity_text(number, self.unit) for path, number in numbers.items()}

    def internal(self, value: Any, target: Target) -> Any:
        """Numbers of a quantity at a target in the internal unit, the same as reading its text gives."""
        factor = units.parse_quantity(f"1 {self.unit}".strip(), self.dimension)
        number, per = target.number(value), 1.0 / factor
        return number / per if per.is_integer() else number * factor

    def identity(self, value: Any) -> str:
        """Text that determines what a value does to the base scenario."""
        if self.kind == "choice":
            return json.dumps(["blocks", self.blocks[value]], sort_keys=True)
        if self.kind == "number":
            return json.dumps(["copies", self.template, self.spread, int(value)])
        if self.kind == "word":
            return json.dumps(
                ["set", [target.path for target in self.targets], self.blocks[value]], sort_keys=True
            )
        return f"{self._prefix}{value!r}"

    @property
    def _prefix(self) -> str:
        where = [[target.path, target.offset] for target in self.targets]
        return json.dumps(["set", sorted(where), self.unit])

    def describe(self) -> dict[str, Any]:
        """Plain description for `study.json`."""
        told: dict[str, Any] = {"kind": self.kind, "label": self.label or self.name}
        if self.unit:
            told["unit"] = self.unit
        if self.targets:
            told["paths"] = [
                {"path": target.path, **({"offset": target.offset} if target.offset else {})}
                for target in self.targets
            ]
        if self.levels is not None:
            told["values"] = list(self.levels)
        else:
            told["from"], told["to"] = self.low, self.high
        if self.kind == "choice":
            told["blocks"] = self.blocks
        if self.kind == "number":
            told["template"], told["spread"] = self.template, self.spread
        return told

    def settings(self) -> dict[str, Any]:
        """What tables of one folder have in common: all but the values."""
        told = {key: item for key, item in self.describe().items() if key not in ("values", "from", "to")}
        if self.kind == "choice":
            text = json.dumps(self.blocks, sort_keys=True)
            told["blocks"] = hashlib.sha256(text.encode()).hexdigest()
        return told


def quantity_text(number: float, unit: str) -> str:
    """Write a number with its unit so that reading it gives the same float."""
    number = float(number)
    short = f"{number:.15g}"
    shown = short if float(short) == number else repr(number)
    return f"{shown} {unit}".strip()
