"""Ranges of dates on an axis."""

from __future__ import annotations

from typing import Final

import numpy as np

from cislunar.scenario.leaves import Epoch, Quantity
from cislunar.scenario.reading import INVALID, Reading, Value, node_text
from cislunar.scenario.wording import quoted
from cislunar.time import format_epoch

MOST: Final = 100_000
"""Dates of one axis."""


def read_epochs(value: Value, spec: Epoch, reading: Reading) -> tuple[str, ...] | None:
    """Dates of a range with a step or a count, in UTC and whole seconds; mistakes go to `reading`."""
    first, last = value.child("from"), value.child("to")
    if first is None or last is None:
        return None
    start, end = (spec.convert(each.data, each.path, reading) for each in (first, last))
    if start is INVALID or end is INVALID:
        return None
    if end <= start:
        reading.problem(
            last.node,
            last.path,
            f"found {quoted(node_text(last.data))}, which is not later than from, "
            f"{quoted(node_text(first.data))}: there are no dates",
        )
        return None
    if value.has("count"):
        count = value.get("count")
        return None if count is None else _texts(np.linspace(start, end, count))
    given = value.child("step")
    if given is None:
        reading.problem(
            value.node, value.path, "a range of dates takes step or count; expected one, such as step: 1 d"
        )
        return None
    step = Quantity(dimension="time", above="0 s").convert(given.data, given.path, reading)
    if step is INVALID:
        return None
    if (end - start) / step >= MOST:
        reading.problem(
            given.node,
            given.path,
            f"found {quoted(node_text(given.data))}: the range would be of {(end - start) / step:.3g} dates; "
            "expected a larger step",
        )
        return None
    # A millisecond of room: epochs count in TDB, whose seconds leave those of UTC by less.
    return _texts(start + step * np.arange(int((end - start + 0.01) / step) + 1))


def _texts(epochs: np.ndarray) -> tuple[str, ...]:
    return tuple(f"{format_epoch(float(each), 'UTC', 0).removesuffix(' UTC')} UTC" for each in epochs)
