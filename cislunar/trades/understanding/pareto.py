"""Cases that no other case beats: the Pareto set over any number of objectives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.study import Objective


def nondominated(values: np.ndarray, maximize: Sequence[bool]) -> np.ndarray:
    """Tell which points no other point beats.

    A point beats another that it equals or betters in every objective and betters in at least one. Points
    with the same values in all objectives do not beat each other: all of them are kept.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        A point with a NaN counts as not there: it is never kept and beats nobody.
    maximize : sequence of bool, length k
        Whether larger is better.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    values = np.asarray(values, dtype=float)
    costs = np.where(np.asarray(maximize, dtype=bool), -values, values)
    alive = np.flatnonzero(~np.isnan(costs).any(axis=1))
    kept = np.zeros(len(costs), dtype=bool)
    if not len(alive) or not costs.shape[1]:
        kept[alive] = True
        return kept
    # In lexicographic order nobody is beaten by a later point, so one pass over the survivors is enough.
    alive = alive[np.lexsort(costs[alive].T[::-1])]
    while len(alive):
        first = costs[alive[0]]
        equal = (costs[alive] == first).all(axis=1)
        kept[alive[equal]] = True
        beaten = (costs[alive] >= first).all(axis=1)
        alive = alive[~beaten]
    return kept


def pareto_set(table: pd.DataFrame, objectives: Sequence[Objective]) -> pd.DataFrame:
    """Feasible cases that no feasible case beats, in the order of the first objective, best first.

    Parameters
    ----------
    table : DataFrame
        As `StudyResult.table`; cases that failed or miss a constraint do not take part.
    objectives : sequence of Objective
    """
    names = [each.measure for each in objectives]
    candidates = table[table["feasible"]]
    kept = nondominated(candidates[names].to_numpy(dtype=float), [each.maximize for each in objectives])
    first = objectives[0]
    return candidates[kept].sort_values(first.measure, ascending=not first.maximize, kind="stable")
