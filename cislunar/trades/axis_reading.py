"""Axes of a study file, held against the declarations of the values they set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from cislunar import units
from cislunar.errors import CislunarError, InputError, Problem, ScenarioError
from cislunar.orbits.definitions import KeplerianOrbit
from cislunar.scenario.leaves import Epoch, Flag, Integer, Leaf, Quantity, Spec
from cislunar.scenario.model import Scenario
from cislunar.scenario.reading import INVALID, Reading, Value, node_text
from cislunar.scenario.wording import listing, nearest, quoted
from cislunar.scenario.yamlfile import Node, Scalar, describe
from cislunar.trades.axes import SPREADS, Axis, Target, quantity_text
from cislunar.trades.epoch_axes import read_epochs
from cislunar.trades.paths import find_place, to_python

LONGEST: Final = 1_000_000
"""Most values of one axis."""

_TURNING: Final = (
    "raan",
    "argument_of_periapsis",
    "true_anomaly",
    "mean_anomaly",
    "eccentric_anomaly",
    "longitude",
)


def read_axis(name: str, value: Value, scenario: Scenario, reading: Reading) -> Axis | None:
    """Build an axis; mistakes go to `reading` and give None."""
    before = len(reading.problems)
    if any(not item.ok for item in value.data.values()):
        return None
    if value.has("number"):
        axis = _number(name, value, scenario, reading)
    elif value.has("choices"):
        axis = _choices(name, value, scenario, reading)
    elif value.has("path"):
        axis = _values(name, value, scenario, reading)
    else:
        return None
    if axis is None or len(reading.problems) > before:
        return None
    return replace(axis, label=value.get("label", ""))


def _number(name: str, value: Value, scenario: Scenario, reading: Reading) -> Axis | None:
    template, numbers = value.child("template"), value.child("number")
    if template is None or numbers is None:
        return None
    if template.data not in scenario.spacecraft:
        close = nearest(template.data, scenario.spacecraft)
        tail = (
            f"did you mean {quoted(close)}?" if close else f"expected one of {listing(scenario.spacecraft)}"
        )
        reading.problem(
            template.node, template.path, f"{quoted(template.data)} is not a spacecraft of the base; {tail}"
        )
        return None
    spread = value.get("spread", "mean_anomaly")
    orbit = scenario.spacecraft[template.data].orbit
    if isinstance(orbit, KeplerianOrbit) and "mean_anomaly" in SPREADS[spread] and orbit.anomaly != "mean":
        reading.problem(
            template.node,
            template.path,
            f"the orbit of {quoted(template.data)} states its {orbit.anomaly} anomaly; expected "
            "mean_anomaly, over which its copies are spread",
        )
    levels = tuple(each.data for each in numbers.data if each.ok)
    _refuse_twice(levels, numbers, reading)
    return Axis(name, "number", levels=levels, template=template.data, spread=spread)


def _choices(name: str, value: Value, scenario: Scenario, reading: Reading) -> Axis | None:
    given = value.child("choices")
    if given is None:
        return None
    blocks: dict[str, Any] = {}
    for word, option in given.data.items():
        if not option.ok:
            continue
        block: dict[str, Any] = {}
        for path, node in option.data.items():
            try:
                find_place(scenario.root, path, new=True)  # type: ignore[arg-type]
                block[path] = to_python(node)
            except InputError as error:
                reading.problem(option.node.keys[path], option.path, str(error))  # type: ignore[attr-defined]
        if len(block) < len(option.data):
            continue
        try:
            scenario.with_values(block)
        except CislunarError as error:
            for said in error.problems if isinstance(error, ScenarioError) else [error]:
                text = f"{said.path}: {said.message}" if isinstance(said, Problem) else str(said)
                reading.problem(option.node, option.path, text)
        blocks[word] = block
    return Axis(name, "choice", levels=tuple(blocks), blocks=blocks)


def _values(name: str, value: Value, scenario: Scenario, reading: Reading) -> Axis | None:
    places = _targets(value, scenario, reading)
    if len(places) < len(value.child("path").data):  # type: ignore[union-attr]
        return None
    spec = places[0][1]
    for path, other, node in places[1:]:
        if type(other) is not type(spec) or getattr(other, "dimension", "") != getattr(spec, "dimension", ""):
            reading.problem(
                node,
                value.path,
                f"{quoted(path, 200)} is {other.expected()}; the first path is {spec.expected()}",
            )
            return None
    if isinstance(spec, Quantity):
        return _quantity(name, value, spec, places, reading)
    if any("offset" in _given(item) for item in value.child("path").data):  # type: ignore[union-attr]
        reading.problem(
            value.data["path"].node, f"{value.path}.path", "an offset takes a quantity with a unit"
        )
        return None
    targets = tuple(Target(path) for path, _, _ in places)
    if isinstance(spec, Integer):
        levels = _whole(value, spec, reading)
        return None if levels is None else Axis(name, "integer", targets=targets, levels=levels)
    if isinstance(spec, Epoch) and value.has("from"):
        dates = read_epochs(value, spec, reading)
        return (
            None if dates is None else Axis(name, "word", targets=targets, levels=dates, blocks=_same(dates))
        )
    return _words(name, value, spec, targets, reading)


def _same(words: tuple[str, ...]) -> dict[str, Any]:
    return {word: word for word in words}


def _given(item: Value) -> dict[str, Any]:
    return item.data if isinstance(item.data, dict) else {}


def _targets(value: Value, scenario: Scenario, reading: Reading) -> list[tuple[str, Spec, Node]]:
    paths = value.child("path")
    found: list[tuple[str, Spec, Node]] = []
    for item in paths.data if paths else ():
        if not item.ok:
            continue
        path = item.get("path") if item.variant == "shifted" else item.data
        if path is None:
            continue
        try:
            place = find_place(scenario.root, path)  # type: ignore[arg-type]
        except InputError as error:
            reading.problem(item.node, f"{value.path}.path", str(error))
            continue
        if path in [each[0] for each in found]:
            reading.problem(item.node, f"{value.path}.path", f"{quoted(path, 200)} is listed twice")
            continue
        found.append((path, place.spec, item.node))
    return found


def _quantity(
    name: str, value: Value, spec: Quantity, places: list[tuple[str, Spec, Node]], reading: Reading
) -> Axis | None:
    levels: tuple[float, ...] | None
    low = high = 0.0
    if value.has("values"):
        nodes = [item.data for item in value.child("values").data]  # type: ignore[union-attr]
        unit = _unit(nodes[0], spec, value.data["values"].path, reading)
        if unit is None:
            return None
        numbers = [_amount(node, spec, unit, value.data["values"].path, reading) for node in nodes]
        if None in numbers:
            return None
        levels = tuple(number for number in numbers if number is not None)
        _refuse_twice(levels, value.data["values"], reading)
    else:
        ends = _range(value, spec, reading)
        if ends is None:
            return None
        unit, low, high, levels = ends
    targets = []
    for item, (path, other, node) in zip(value.child("path").data, places, strict=True):  # type: ignore[union-attr]
        offset, turn = 0.0, 0.0
        if item.variant == "shifted":
            shift = item.child("offset")
            number = (
                None
                if shift is None
                else _amount(shift.data, Quantity(dimension=spec.dimension), unit, shift.path, reading)
            )
            if number is None:
                return None
            offset = float(number)
            if path.split(".")[-1] in _TURNING:
                full = units.parse_quantity("360 deg", "angle")
                turn = round(full / units.parse_quantity(f"1 {unit}", "angle"), 12)
        target = Target(path, offset, turn)
        for number in (levels[0], levels[-1]) if levels else (low, high):
            text = quantity_text(target.number(number), unit)
            assert isinstance(other, Leaf)
            plain = Scalar(node.line, node.column, text, plain=spec.dimension == "dimensionless")
            if other.convert(plain, path, reading) is INVALID:
                return None
        targets.append(target)
    return Axis(
        name,
        "quantity",
        dimension=spec.dimension,
        unit=unit,
        targets=tuple(targets),
        levels=levels,
        low=low,
        high=high,
    )


def _range(
    value: Value, spec: Quantity, reading: Reading
) -> tuple[str, float, float, tuple[float, ...] | None] | None:
    """Unit, ends and values of a range."""
    first, last = value.child("from"), value.child("to")
    if first is None or last is None:
        return None
    unit = _unit(first.data, spec, first.path, reading)
    if unit is None:
        return None
    low = _amount(first.data, spec, unit, first.path, reading)
    high = _amount(last.data, spec, unit, last.path, reading)
    if low is None or high is None:
        return None
    if high <= low:
        reading.problem(
            last.node,
            last.path,
            f"found {quoted(node_text(last.data))}, which is not more than from, "
            f"{quoted(node_text(first.data))}: the grid is empty",
        )
        return None
    if value.has("count"):
        count = value.get("count")
        if count is None:
            return None
        return unit, low, high, _rounded(np.linspace(low, high, count))
    if not value.has("step"):
        return unit, low, high, None
    given = value.child("step")
    step = (
        None
        if given is None
        else _amount(given.data, Quantity(dimension=spec.dimension), unit, given.path, reading)
    )
    if given is None or step is None:
        return None
    if not step > 0.0 or (high - low) / step >= LONGEST:
        size = "infinite" if not step > 0.0 else f"of {(high - low) / step:.3g} values"
        reading.problem(
            given.node,
            given.path,
            f"found {quoted(node_text(given.data))}: the grid would be {size}; expected a larger step",
        )
        return None
    count = int(np.floor((high - low) / step * (1.0 + 1e-12))) + 1
    return unit, low, high, _rounded(low + step * np.arange(count))


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    """Twelve figures: 0.3 and not 0.30000000000000004."""
    return tuple(float(f"{value:.12g}") for value in values)


def _unit(node: Node, spec: Quantity, path: str, reading: Reading) -> str | None:
    """The unit a value is written in, which becomes that of the axis."""
    if spec.convert(node, path, reading) is INVALID:
        return None
    assert isinstance(node, Scalar)
    if spec.dimension == "dimensionless":
        return ""
    words = node.text.strip()
    for unit in sorted(units.spellings(spec.dimension), key=len, reverse=True):
        if words.endswith(unit):
            return unit
    return ""


def _amount(node: Node, spec: Quantity, unit: str, path: str, reading: Reading) -> float | None:
    """A value in the unit of its axis."""
    internal = spec.convert(node, path, reading)
    if internal is INVALID:
        return None
    assert isinstance(node, Scalar)
    text = node.text.strip()
    if unit and text.endswith(unit):
        number = text[: -len(unit)].strip()
        try:
            return float(number)
        except ValueError:
            pass
    if not unit:
        return float(internal)
    return float(f"{internal / units.parse_quantity(f'1 {unit}', spec.dimension):.15g}")


def _whole(value: Value, spec: Integer, reading: Reading) -> tuple[int, ...] | None:
    if not value.has("values"):
        reading.problem(
            value.node, value.path, "a whole number takes a list of values; expected values: [...]"
        )
        return None
    given = value.data["values"]
    numbers = [spec.convert(item.data, given.path, reading) for item in given.data]
    if INVALID in numbers:
        return None
    _refuse_twice(tuple(numbers), given, reading)
    return tuple(numbers)


def _words(name: str, value: Value, spec: Spec, targets: tuple[Target, ...], reading: Reading) -> Axis | None:
    if not value.has("values"):
        reading.problem(
            value.node,
            value.path,
            f"a range takes a quantity; expected values: [...], each {spec.expected()}",
        )
        return None
    given = value.data["values"]
    blocks: dict[str, Any] = {}
    for item in given.data:
        if spec.read(item.data, given.path, Reading(reading.file, reading.directory, reading.problems)).ok:
            text = node_text(item.data) or describe(item.data)
            blocks[text] = to_python(item.data)
    if isinstance(spec, Flag) or len(blocks) == len(given.data):
        return Axis(name, "word", targets=targets, levels=tuple(blocks), blocks=blocks)
    reading.problem(given.node, given.path, "a value is listed twice; leave one out")
    return None


def _refuse_twice(levels: tuple[Any, ...], given: Value, reading: Reading) -> None:
    seen: set[Any] = set()
    for level in levels:
        if level in seen:
            reading.problem(given.node, given.path, f"{level:g} is listed twice; leave one out")
            return
        seen.add(level)
