"""The cases around one case: what it is still worth if it is not met exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cislunar.trades.sampling import axis_codes

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.study import Study

NEAREST = 10
"""Cases of a sample that are looked at."""

_UNORDERED = ("choice", "word")


def neighbours(study: Study, table: pd.DataFrame, case: str) -> pd.DataFrame:
    """Cases next to a case.

    On a grid those one step away along one axis. In a sample the ten nearest, axes scaled to the range they
    have in the study, with the same choices and numbers of spacecraft.

    Parameters
    ----------
    study : Study
    table : DataFrame
        As `StudyResult.table`.
    case : str
        Its identity, whole.
    """
    own = int(np.flatnonzero((table["case"] == case).to_numpy())[0])
    codes = np.stack([axis_codes(axis, table[axis.name].to_numpy()) for axis in study.axes], axis=1)
    away = np.abs(codes - codes[own])
    fixed = np.array([axis.kind in _UNORDERED for axis in study.axes])
    if study.sampler.method == "grid":
        near = (away.sum(axis=1) == 1.0) & (away[:, fixed] == 0.0).all(axis=1)
        return table[near]
    fixed |= np.array([axis.kind == "number" for axis in study.axes])
    alike = (away[:, fixed] == 0.0).all(axis=1)
    alike[own] = False
    span = np.ptp(codes, axis=0)
    distance = np.sqrt((((away / np.where(span > 0.0, span, 1.0))[:, ~fixed]) ** 2).sum(axis=1))
    order = np.argsort(np.where(alike, distance, np.inf), kind="stable")[: min(NEAREST, int(alike.sum()))]
    return table.iloc[order]
