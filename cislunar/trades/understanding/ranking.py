"""The best cases under weights, and how sure the first place is.

Every objective is scaled to 0 for its worst and 1 for its best value among the cases that are ranked; the
score is the weighted mean. So a weight says what the whole range seen in this study is worth, and a score
means something only beside others of the same study.

References
----------
.. [1] R. Lahdelma, J. Hokkanen, P. Salminen, "SMAA - Stochastic multiobjective acceptability analysis",
   European Journal of Operational Research 106 (1998) 137-143: the share of weights that put an alternative
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cislunar.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.study import Objective

DRAWS: Final = 2000
"""Weights drawn to see how firm a first place is; a share has a standard error of at most 1.1 points."""

SPREAD: Final = 2.0
"""Weights are disturbed by up to this factor both ways."""


@dataclass(frozen=True)
class Stability:
    """How often the case in first place stays there when the weights change.

    Attributes
    ----------
    near : float
        Share of draws in which it is first, each weight multiplied by a factor between 1/2 and 2 (uniform in
        the logarithm).
    any : float
        The same with weights drawn from all weights there are, uniformly.
    rivals : dict of str to float
        The other cases that come first in at least 1 % of the near draws, with their shares.
    draws : int
    """

    near: float
    any: float
    rivals: dict[str, float]
    draws: int


def weights_of(objectives: Sequence[Objective], weights: Mapping[str, float] | None = None) -> np.ndarray:
    """Weights of objectives, summing to one: those of the study, or those given by measure.

    Raises
    ------
    InputError
        A weight for something that is no objective, a negative one, or none above zero.
    """
    own = {each.measure: each.weight for each in objectives}
    if weights is not None:
        foreign = sorted(set(weights) - set(own))
        if foreign:
            raise InputError(
                f"weights: expected objectives of the study ({', '.join(own)}); got {foreign[0]!r}"
            )
        own = {name: float(weights.get(name, 0.0)) for name in own}
    values = np.array(list(own.values()))
    if not np.isfinite(values).all() or (values < 0.0).any() or not values.sum() > 0.0:
        told = ", ".join(f"{name} {value:g}" for name, value in own.items())
        raise InputError(f"weights: expected numbers from 0 up, at least one above 0; got {told}")
    return np.asarray(values / values.sum())


def scaled(values: np.ndarray, maximize: Sequence[bool]) -> np.ndarray:
    """Scale objectives (n, k) to 0 for the worst and 1 for the best; 1 for all where all are equal."""
    values = np.asarray(values, dtype=float)
    low, high = values.min(axis=0), values.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    grown = (values - low) / span
    return np.where(high > low, np.where(np.asarray(maximize, dtype=bool), grown, 1.0 - grown), 1.0)


def ranked(
    table: pd.DataFrame, objectives: Sequence[Objective], weights: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Feasible cases with all objectives, best first, with a column `score` from 0 to 1.

    Cases of equal score keep the order of the table.

    Parameters
    ----------
    table : DataFrame
        As `StudyResult.table`.
    objectives : sequence of Objective
    weights : mapping of str to float, optional
        By measure, instead of those of the study; an objective that is not named weighs nothing.
    """
    share = weights_of(objectives, weights)
    names = [each.measure for each in objectives]
    kept = table[table["feasible"] & table[names].notna().all(axis=1)].copy()
    values = kept[names].to_numpy(dtype=float)
    score = scaled(values, [each.maximize for each in objectives]) @ share if len(kept) else np.zeros(0)
    kept["score"] = score
    return kept.sort_values("score", ascending=False, kind="stable")


def stability(
    order: pd.DataFrame,
    objectives: Sequence[Objective],
    weights: Mapping[str, float] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Stability:
    """See how often the first case of `ranked` stays first under other weights.

    Parameters
    ----------
    order : DataFrame
        From `ranked`, with at least one row.
    objectives, weights
        As given to `ranked`.
    draws : int
    seed : int
    """
    share = weights_of(objectives, weights)
    values = scaled(
        order[[each.measure for each in objectives]].to_numpy(dtype=float),
        [each.maximize for each in objectives],
    )
    # Only a point on the front can be first, whatever the weights; equal points count as one.
    rng = np.random.default_rng(seed)
    near = share * SPREAD ** rng.uniform(-1.0, 1.0, (draws, len(share)))
    anywhere = rng.dirichlet(np.ones(len(share)), draws)
    leader = values[0]
    winners = _first(values, near / near.sum(axis=1, keepdims=True))
    counts = np.bincount(winners, minlength=len(values)) / draws
    same = (values == leader).all(axis=1)
    rivals = {
        str(order["case"].iloc[number]): float(counts[number])
        for number in np.argsort(-counts, kind="stable")
        if not same[number] and counts[number] >= 0.01
    }
    return Stability(
        near=float(counts[same].sum()),
        any=float(same[_first(values, anywhere)].mean()),
        rivals=rivals,
        draws=draws,
    )


def _first(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Number of the case with the highest score for each row of weights, in blocks that fit into memory."""
    block = max(1, 4_000_000 // len(values))
    parts = [np.argmax(weights[k : k + block] @ values.T, axis=1) for k in range(0, len(weights), block)]
    return np.concatenate(parts)
