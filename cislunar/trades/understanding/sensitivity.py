"""What a measure depends on: main effects of every axis, and the shares of its variance (Sobol indices).

How the shares are found follows from how the cases were chosen:

- a finished full grid has them exactly: the variance of the group means, and the mean variance along one
  axis, over the variance of all;
- Saltelli's design (sampler `sobol-indices`) gives first-order and total indices by the estimators of [1]_;
- any other sample gives first-order indices only: RBD-FAST [2]_ for ranges, the corrected correlation ratio
  (Kelley's epsilon squared [3]_) for axes of few values.

First order is the share that goes when the axis is fixed, alone; total adds what it does together with
others.

References
----------
.. [1] A. Saltelli et al., "Variance based sensitivity analysis of model output. Design and estimator for the
   total sensitivity index", Computer Physics Communications 181 (2010) 259-270; as in SALib.
.. [2] S. Tarantola, D. Gatelli, T. A. Mara, "Random balance designs for the estimation of first order global
   sensitivity indices", Reliability Engineering and System Safety 91 (2006) 717-727; corrected for bias as in
   SALib.
.. [3] T. L. Kelley, "An unbiased correlation ratio measure", PNAS 21 (1935) 554-559.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.errors import InputError
from cislunar.trades.sampling import axis_codes

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.axes import Axis
    from cislunar.trades.study import Study

FEWEST: Final = 65
"""Cases that an estimate from a sample takes at least (RBD-FAST to its tenth harmonic, three times over)."""

FEW_VALUES: Final = 12
"""An axis of at most so many values is grouped by value."""

CONFIDENCE: Final = 0.95
_RESAMPLES: Final = 100


def sensitivity(study: Study, table: pd.DataFrame, measure: str, *, seed: int = 0) -> pd.DataFrame:
    """Share of a measure's variance that each axis explains, over all cases with a value.

    Parameters
    ----------
    study : Study
    table : DataFrame
        As `StudyResult.table`, in the order of the study's cases.
    measure : str
        A column of numbers.
    seed : int
        Of the resampling behind the confidence intervals.

    Returns
    -------
    DataFrame
        Index `axis`; `first`, `first_conf`, `total`, `total_conf`: shares, and half the width of their 95 %
        intervals by resampling; NaN where the cases do not determine it, 0 where it is exact. `attrs` holds
        `method` in words and `cases`, how many were used.

    Raises
    ------
    InputError
        Too few cases, or all values are equal.
    """
    _check(study, measure)
    values = table[measure].to_numpy(dtype=float)
    good = np.isfinite(values)
    if not good.any() or np.ptp(values[good]) == 0.0:
        raise InputError(f"{measure}: the same for all cases, so that it depends on nothing")
    if study.sampler.method == "grid" and good.all() and len(values) == len(study):
        found, method, cases = _of_grid(study, values), "exact for the full grid", len(values)
    elif study.sampler.method == "sobol-indices" and len(values) == len(study):
        found, method, cases = _of_design(study, values, good, seed)
    else:
        found, method, cases = _of_sample(study, table, values, good, seed)
    return _framed(study, found, method, cases)


def main_effects(study: Study, table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Mean and spread of a measure along each axis, whatever the other axes are.

    Parameters
    ----------
    study : Study
    table : DataFrame
    measure : str

    Returns
    -------
    DataFrame
        `axis`, `value` (a level, or the middle of a twelfth of the cases along a range), `mean`, `low` and
        `high` (10th and 90th percentiles), `cases`.
    """
    import pandas as pd

    _check(study, measure)
    values = table[measure].to_numpy(dtype=float)
    good = np.isfinite(values)
    rows: list[dict[str, Any]] = []
    for axis in study.axes:
        column = table[axis.name].to_numpy()[good]
        for where, own in _groups(axis, column, values[good]):
            low, high = np.percentile(own, (10.0, 90.0))
            rows.append(
                {
                    "axis": axis.name,
                    "value": where,
                    "mean": float(own.mean()),
                    "low": float(low),
                    "high": float(high),
                    "cases": len(own),
                }
            )
    return pd.DataFrame(rows, columns=["axis", "value", "mean", "low", "high", "cases"])


def _check(study: Study, measure: str) -> None:
    known = [each.name for each in study.measures]
    if measure not in known:
        raise InputError(f"expected a measure of the study ({', '.join(known)}); got {measure!r}")


def _groups(axis: Axis, column: np.ndarray, values: np.ndarray) -> list[tuple[Any, np.ndarray]]:
    """Values by level, or by twelfths along a range."""
    if axis.levels is not None:
        found = [(level, values[column == level]) for level in dict.fromkeys(axis.levels)]
        return [(level, own) for level, own in found if len(own)]
    order = np.argsort(column, kind="stable")
    parts = np.array_split(order, min(FEW_VALUES, len(order)))
    return [(float(column[part].mean()), values[part]) for part in parts if len(part)]


def _of_grid(study: Study, values: np.ndarray) -> dict[str, tuple[float, ...]]:
    shape = tuple(len(axis.levels or ()) for axis in study.axes)
    cube, whole = values.reshape(shape), values.var()
    found: dict[str, tuple[float, ...]] = {}
    for number, axis in enumerate(study.axes):
        others = tuple(k for k in range(len(shape)) if k != number)
        first = cube.mean(axis=others).var() / whole
        total = cube.var(axis=number).mean() / whole
        found[axis.name] = (float(first), 0.0, float(total), 0.0)
    return found


def _of_design(
    study: Study, values: np.ndarray, good: np.ndarray, seed: int
) -> tuple[dict[str, tuple[float, ...]], str, int]:
    from SALib.analyze import sobol

    width = len(study.axes) + 2
    # One missing value spoils the differences of its whole block of the design.
    whole = np.asarray(good.reshape(-1, width).all(axis=1))
    if whole.sum() < 8:
        raise InputError(
            f"{int(whole.sum())} of {len(whole)} blocks of the design have all their cases; expected 8 or "
            "more"
        )
    kept = values.reshape(-1, width)[whole].ravel()
    told = sobol.analyze(
        _problem(study),
        kept,
        calc_second_order=False,
        num_resamples=_RESAMPLES,
        conf_level=CONFIDENCE,
        seed=seed,
    )
    parts = (told[key] for key in ("S1", "S1_conf", "ST", "ST_conf"))
    found = {
        axis.name: tuple(map(float, own))
        for axis, own in zip(study.axes, zip(*parts, strict=True), strict=True)
    }
    lost = f"; {int((~whole).sum())} blocks with a failed case left out" if not whole.all() else ""
    return found, f"Saltelli's design, {int(whole.sum())} blocks of {width} cases{lost}", len(kept)


def _of_sample(
    study: Study, table: pd.DataFrame, values: np.ndarray, good: np.ndarray, seed: int
) -> tuple[dict[str, tuple[float, ...]], str, int]:
    count = int(good.sum())
    if count < FEWEST:
        raise InputError(f"{count} cases with a value; expected {FEWEST} or more for shares of the variance")
    rng = np.random.default_rng(seed)
    found: dict[str, tuple[float, ...]] = {}
    used: list[str] = []
    for axis in study.axes:
        codes = axis_codes(axis, table[axis.name].to_numpy())[good]
        few = len(np.unique(codes)) <= FEW_VALUES
        estimate = _correlation_ratio if few else _rbd_fast
        used.append("corrected correlation ratio" if few else "RBD-FAST")
        first = estimate(codes, values[good])
        found[axis.name] = (first, _interval(estimate, codes, values[good], rng), np.nan, np.nan)
    return found, f"estimated from the sample by {' and '.join(dict.fromkeys(used))}", count


def _rbd_fast(codes: np.ndarray, values: np.ndarray) -> float:
    # The parts of rbd_fast.analyze, which always resamples too, with repeated cases; see _interval.
    from SALib.analyze.rbd_fast import compute_first_order, permute_outputs, unskew_S1

    return float(unskew_S1(compute_first_order(permute_outputs(codes, values), 10), 10, len(values)))


def _correlation_ratio(codes: np.ndarray, values: np.ndarray) -> float:
    """Kelley's epsilon squared: the share between groups, less what chance alone would give."""
    _, group = np.unique(codes, return_inverse=True)
    sizes = np.bincount(group)
    means = np.bincount(group, values) / sizes
    whole = ((values - values.mean()) ** 2).sum()
    within = ((values - means[group]) ** 2).sum()
    free = len(values) - len(sizes)
    if free <= 0 or whole == 0.0:
        return 0.0
    return float(1.0 - (within / free) * (len(values) - 1) / whole)


def _interval(
    estimate: Callable[[np.ndarray, np.ndarray], float],
    codes: np.ndarray,
    values: np.ndarray,
    rng: np.random.Generator,
) -> float:
    """Half the width of the 95 % interval, from samples of half the cases drawn without repetition.

    Repeated cases, as a bootstrap has, look like structure to a periodogram. Half-samples have no repeats,
    and their estimates scatter as those of the whole would (their variance is that of the mean of all).
    """
    half = len(values) // 2
    draws = []
    for _ in range(_RESAMPLES):
        own = rng.permutation(len(values))[:half]
        draws.append(estimate(codes[own], values[own]))
    return float(1.96 * np.std(draws))


def _problem(study: Study) -> dict[str, Any]:
    names = [axis.name for axis in study.axes]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _framed(study: Study, found: dict[str, tuple[float, ...]], method: str, cases: int) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame.from_dict(
        found, orient="index", columns=["first", "first_conf", "total", "total_conf"]
    ).loc[[axis.name for axis in study.axes]]
    table.index.name = "axis"
    table.attrs.update(method=method, cases=cases)
    return table
