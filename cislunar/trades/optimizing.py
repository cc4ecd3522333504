"""Searching a space that is too large to sample: NSGA-II, one generation at a time through the study's
batches.

Every generation is flown like any other cases of the study, into the same store. The search draws from its
own seed only, so a search that was stopped goes the same way again and finds what it had flown in the store.

References
----------
.. [1] K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A fast and elitist multiobjective genetic algorithm:
   NSGA-II", IEEE Transactions on Evolutionary Computation 6 (2002) 182-197; constraints by its section VI (a
   feasible case beats an infeasible one, of two infeasible ones the smaller violation). Operators as in
   pymoo: simulated binary crossover and polynomial mutation for numbers, uniform crossover and random
mutation for choices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.errors import InputError
from cislunar.trades.chunk import FAILED
from cislunar.trades.sampling import axis_codes, values_at
from cislunar.trades.understanding.pareto import nondominated
from cislunar.trades.understanding.screening import shortfall

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.axes import Axis
    from cislunar.trades.result import StudyResult
    from cislunar.trades.study import Study

_NOT_FLOWN: Final = 1e3
"""Violation of a case that failed or has no value: larger than any a flown case is likely to have."""


def optimize_study(
    study: Study,
    out: str | Path | None = None,
    *,
    dask: str | None = None,
    workers: int | None = None,
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> StudyResult:
    """Run the search of a study whose sampler is `optimize`; see `Study.run`.

    Raises
    ------
    InputError
        pymoo is not installed.
    """
    import pandas as pd

    from cislunar.trades.executors import open_executor
    from cislunar.trades.result import StudyResult
    from cislunar.trades.running import Costs, run_study

    began, cpu = time.perf_counter(), time.process_time()
    costs = Costs()
    search = _Search(study)
    rows: list[pd.DataFrame] = []
    drawn: list[list[Any]] = []
    provenance: dict[str, Any] = {}
    with open_executor(dask, workers, threads) as executor:
        for number, values in enumerate(search.generations()):
            own = replace(study, sampler=study.sampler.having(values))
            flown = run_study(own, out, executor=executor)
            search.tell(flown.table)
            rows.append(flown.rows)
            drawn.append(values)
            provenance = flown.provenance
            costs.cases += flown.costs.cases
            costs.core_cpu_s += flown.costs.core_cpu_s
            if progress is not None:
                progress(f"generation {number + 1}", (number + 1) / int(study.sampler.generations or 1))
    costs.wall_s, costs.cpu_s = time.perf_counter() - began, time.process_time() - cpu
    columns = [np.concatenate(parts) for parts in zip(*drawn, strict=True)]
    whole = replace(study, sampler=study.sampler.having(columns))
    return StudyResult(whole, pd.concat(rows, ignore_index=True), costs, provenance)


def recorded(study: Study, rows: pd.DataFrame) -> Study:
    """The study with the cases that a store holds as what its search has come to."""
    kinds = {"quantity": np.float64, "integer": np.int64, "number": np.int64}
    columns = [rows[axis.name].to_numpy(dtype=kinds.get(axis.kind, object)) for axis in study.axes]
    return replace(study, sampler=study.sampler.having(columns))


def convergence(result: StudyResult) -> pd.DataFrame:
    """How the search went, generation by generation.

    Returns
    -------
    DataFrame
        Index `generation`, from 1; over all cases so far: `cases`, `feasible`, `pareto` (cases that none
        beats) and `volume`: the part of the box between the worst and the best values of all feasible cases
        that the Pareto set dominates, 0 to 1. NaN while nothing is feasible.
    """
    import pandas as pd
    from pymoo.indicators.hv import HV

    from cislunar.trades.understanding.ranking import scaled

    study, table = result.study, result.table
    names = [each.measure for each in study.objectives]
    size = int(study.sampler.population or len(table))
    good = table["feasible"].to_numpy() & table[names].notna().all(axis=1).to_numpy()
    maximize = [each.maximize for each in study.objectives]
    values = table[names].to_numpy(dtype=float)
    costs = np.full(values.shape, np.nan)
    if good.any():
        costs[good] = 1.0 - scaled(values[good], maximize)
    found = []
    for end in range(size, len(table) + size, size):
        own = costs[:end][good[:end]]
        front = own[nondominated(own, [False] * len(maximize))]
        volume = float(HV(ref_point=np.ones(len(maximize)))(front)) if len(front) else np.nan
        found.append((min(end, len(table)), len(own), len(front), volume))
    frame = pd.DataFrame(found, columns=["cases", "feasible", "pareto", "volume"])
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="generation")
    return frame


class _Search:
    """pymoo's algorithm, asked for a generation and told what it came to."""

    def __init__(self, study: Study) -> None:
        try:
            from pymoo.algorithms.moo.nsga2 import NSGA2, binary_tournament
            from pymoo.core.mixed import MixedVariableDuplicateElimination, MixedVariableMating
            from pymoo.core.population import Population
            from pymoo.core.problem import Problem
            from pymoo.operators.selection.tournament import TournamentSelection
        except ImportError:
            raise InputError(
                "the method optimize needs pymoo, which is not installed; pip install 'cislunar[optimize]'"
            ) from None
        self._study = study
        self._free = {axis.name: axis for axis in study.axes if axis.levels is None or len(axis.levels) > 1}
        unlike = MixedVariableDuplicateElimination()
        codes = {
            axis.name: axis_codes(axis, column)
            for axis, column in zip(study.axes, study.sampler.draw(study.axes), strict=True)
        }
        start = [
            {name: _gene(axis, codes[name][k]) for name, axis in self._free.items()}
            for k in range(int(study.sampler.population or 0))
        ]
        self._problem = Problem(
            vars={name: _variable(axis) for name, axis in self._free.items()},
            n_obj=len(study.objectives),
            n_ieq_constr=1 + len(study.constraints),
        )
        self._algorithm = NSGA2(
            pop_size=int(study.sampler.population or 0),
            sampling=Population.new(X=np.array(start, dtype=object)),
            mating=MixedVariableMating(
                selection=TournamentSelection(func_comp=binary_tournament), eliminate_duplicates=unlike
            ),
            eliminate_duplicates=unlike,
        )
        self._algorithm.setup(
            self._problem, termination=("n_gen", int(study.sampler.generations or 0)), seed=study.sampler.seed
        )

    def generations(self) -> Iterator[list[Any]]:
        """Values of every axis for each generation, until the last or until nothing new is left to try."""
        while self._algorithm.has_next():
            self._asked = self._algorithm.ask()
            if self._asked is None or not len(self._asked):
                return
            genes = self._asked.get("X")
            yield [
                values_at(axis, np.array([own[axis.name] for own in genes], dtype=float))
                if axis.name in self._free
                else values_at(axis, np.zeros(len(genes)))
                for axis in self._study.axes
            ]

    def tell(self, table: pd.DataFrame) -> None:
        """Say what the generation came to."""
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        study = self._study
        costs = np.stack(
            [
                table[each.measure].to_numpy(dtype=float) * (-1.0 if each.maximize else 1.0)
                for each in study.objectives
            ],
            axis=1,
        )
        lost = (table["status"] == FAILED).to_numpy() | ~np.isfinite(costs).all(axis=1)
        missed = [lost * _NOT_FLOWN]
        for each in study.constraints:
            missed.append(np.nan_to_num(shortfall(table[each.measure].to_numpy(), each), nan=_NOT_FLOWN))
        costs = np.where(lost[:, None], 0.0, costs)
        told = StaticProblem(self._problem, F=costs, G=np.stack(missed, axis=1))
        Evaluator().eval(told, self._asked)
        self._algorithm.tell(infills=self._asked)


def _variable(axis: Axis) -> Any:
    from pymoo.core.variable import Choice, Integer, Real

    if axis.levels is None:
        return Real(bounds=(axis.low, axis.high))
    places = len(axis.levels)
    return (
        Choice(options=list(range(places)))
        if axis.kind in ("choice", "word")
        else Integer(bounds=(0, places - 1))
    )


def _gene(axis: Axis, code: float) -> float | int:
    return float(code) if axis.levels is None else int(code)
