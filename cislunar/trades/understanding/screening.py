"""Screening by constraints: how many cases each turns away, and which case comes closest to meeting all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.trades.chunk import FAILED

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.study import Constraint


def screening(
    table: pd.DataFrame, constraints: Sequence[Constraint], units: Mapping[str, str]
) -> pd.DataFrame:
    """Count what each constraint turns away.

    Parameters
    ----------
    table : DataFrame
        As `StudyResult.table`.
    constraints : sequence of Constraint
    units : mapping of str to str
        Of the columns.

    Returns
    -------
    DataFrame
        One row for each constraint: `constraint` in words, `measure`, `missed` (flown cases that miss it),
        `only` (cases that miss it and no other: what dropping it would add), `left` (cases that meet it and
        all before it). A measure that is NaN misses.
    """
    import pandas as pd

    flown = (table["status"] != FAILED).to_numpy()
    met = np.array([each.met(table[each.measure].to_numpy()) for each in constraints], dtype=bool)
    met = met.reshape(len(constraints), len(table))
    rows: list[dict[str, Any]] = []
    for number, each in enumerate(constraints):
        others = np.delete(met, number, axis=0).all(axis=0)
        rows.append(
            {
                "constraint": in_words(each, units),
                "measure": each.measure,
                "missed": int((flown & ~met[number]).sum()),
                "only": int((flown & ~met[number] & others).sum()),
                "left": int((flown & met[: number + 1].all(axis=0)).sum()),
            }
        )
    return pd.DataFrame(rows, columns=["constraint", "measure", "missed", "only", "left"])


def nearest_miss(table: pd.DataFrame, constraints: Sequence[Constraint]) -> str | None:
    """Identity of the flown case whose worst shortfall is smallest, None if none can be compared.

    The shortfall of a constraint is the distance to its bound over the size of the bound (or 1 for a bound of
    zero), so that constraints of different units compare.
    """
    flown = table[table["status"] != FAILED]
    if not len(flown) or not constraints:
        return None
    short = np.max([shortfall(flown[each.measure].to_numpy(), each) for each in constraints], axis=0)
    if np.isnan(short).all():
        return None
    return str(flown["case"].iloc[int(np.nanargmin(short))])


def shortfall(values: np.ndarray, constraint: Constraint) -> np.ndarray:
    """How far values miss a constraint, as a share of its bound; 0 where they meet it, NaN for NaN."""
    values = np.asarray(values, dtype=float)
    miss = np.where(np.isnan(values), np.nan, 0.0)
    for bound, sign in ((constraint.at_least, 1.0), (constraint.at_most, -1.0)):
        if bound is not None:
            miss = np.maximum(miss, sign * (bound - values) / (abs(bound) or 1.0))
    return miss


def in_words(constraint: Constraint, units: Mapping[str, str]) -> str:
    """Write a constraint for people: `coverage at least 70 %`."""
    unit = units.get(constraint.measure, "")
    bounds = (("at least", constraint.at_least), ("at most", constraint.at_most))
    told = [f"{word} {bound:g} {unit}".strip() for word, bound in bounds if bound is not None]
    return f"{constraint.measure} {' and '.join(told)}"
