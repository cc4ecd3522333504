"""What a study gives: a table with one row for each case, and a cube for full grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.errors import InputError
from cislunar.trades.chunk import FAILED
from cislunar.trades.sampling import OPTIMIZE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from cislunar.trades.running import Costs
    from cislunar.trades.study import Objective, Study
    from cislunar.trades.understanding.ranking import Stability


@dataclass(frozen=True, eq=False)
class StudyResult:
    """A study that has been flown.

    Attributes
    ----------
    study : Study
    rows : DataFrame
        As stored: `case`, the axes, the measures, `status` ("ok", "incomplete", "failed") and `reason`.
    costs : Costs
        Where the time of this run went.
    provenance : dict
        Version, scenario, physics and tables.
    """

    study: Study
    rows: pd.DataFrame
    costs: Costs
    provenance: dict[str, Any]

    @classmethod
    def load(cls, directory: str | Path, study: Study) -> StudyResult:
        """Read the finished cases of a study from its store, without flying anything.

        Raises
        ------
        OutputError
            There is no store, or it cannot be read.
        """
        from cislunar.trades.optimizing import recorded
        from cislunar.trades.running import Costs, provenance, table_of
        from cislunar.trades.store import Store, read_description

        read_description(directory)
        held = Store(directory, study.key).read()
        if study.sampler.method == OPTIMIZE and held is not None:
            study = recorded(study, held)
        plan = study.plan()
        if held is None:
            held = table_of(plan, np.zeros(0, dtype=np.int64), None)
        wanted = set(plan.case.tolist())
        rows = held[held["case"].isin(wanted)].reset_index(drop=True)
        return cls(study, rows, Costs(), provenance(plan))

    @cached_property
    def table(self) -> pd.DataFrame:
        """The rows with `feasible`: flown, and within all constraints; units in `attrs["units"]`."""
        table = self.rows.copy()
        feasible = (table["status"] != FAILED).to_numpy()
        for constraint in self.study.constraints:
            feasible = feasible & constraint.met(table[constraint.measure].to_numpy())
        table.insert(len(table.columns) - 2, "feasible", feasible)
        table.attrs["units"] = self.units
        table.attrs["study"] = self.study.name
        return table

    @property
    def units(self) -> dict[str, str]:
        """Unit of every column that has one."""
        named: list[Any] = [*self.study.axes, *self.study.measures]
        return {each.name: each.unit for each in named if each.unit}

    @property
    def titles(self) -> dict[str, str]:
        """What people read for each column, with its unit."""
        named: list[Any] = [*self.study.axes, *self.study.measures]
        return {each.name: each.title for each in named}

    def pareto(self, measures: Sequence[str] | None = None) -> pd.DataFrame:
        """Feasible cases that no feasible case beats in the objectives.

        Parameters
        ----------
        measures : sequence of str, optional
            Only these objectives.

        Raises
        ------
        InputError
            The study has no objectives, or not these.
        """
        from cislunar.trades.understanding.pareto import pareto_set

        return pareto_set(self.table, self._objectives(measures))

    def best(self, count: int = 10, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
        """The best feasible cases under weights, with their `score`.

        Each objective is scaled from 0 at its worst to 1 at its best value among all feasible cases; the
        score is the weighted mean.

        Parameters
        ----------
        count : int
        weights : mapping of str to float, optional
            By objective, instead of those of the study; an objective that is not named weighs nothing.

        Raises
        ------
        InputError
            The study has no objectives, or the weights make no sense.
        """
        from cislunar.trades.understanding.ranking import ranked

        return ranked(self.table, self._objectives(), weights).head(count)

    def stability(self, weights: Mapping[str, float] | None = None) -> Stability:
        """How often the best case stays the best when the weights change.

        Raises
        ------
        InputError
            The study has no objectives, or no case is feasible.
        """
        from cislunar.trades.understanding.ranking import ranked, stability

        objectives = self._objectives()
        order = ranked(self.table, objectives, weights)
        if not len(order):
            raise InputError("no case is feasible, so none is the best")
        return stability(order, objectives, weights)

    def screening(self) -> pd.DataFrame:
        """How many cases each constraint turns away; see `cislunar.trades.understanding.screening`."""
        from cislunar.trades.understanding.screening import screening

        return screening(self.table, self.study.constraints, self.units)

    def sensitivity(self, measure: str) -> pd.DataFrame:
        """Share of a measure's variance that each axis explains: Sobol indices.

        `attrs["method"]` says how they were found; see `cislunar.trades.understanding.sensitivity`.

        Raises
        ------
        InputError
            There is no such measure, it is the same everywhere, or there are too few cases.
        """
        from cislunar.trades.understanding.sensitivity import sensitivity

        return sensitivity(self.study, self.table, measure)

    def main_effects(self, measure: str) -> pd.DataFrame:
        """Mean and spread of a measure along each axis."""
        from cislunar.trades.understanding.sensitivity import main_effects

        return main_effects(self.study, self.table, measure)

    def report(self, directory: str | Path, *, overwrite: bool = False) -> Path:
        """Write the report: a page for people, figures, and a summary for programs.

        Parameters
        ----------
        directory : path-like
        overwrite : bool
            Whether an earlier report there may be replaced.

        Returns
        -------
        Path
            The page.

        Raises
        ------
        OutputError
            The folder cannot be used.
        """
        from cislunar.report.output import report_directory
        from cislunar.report.trade.write import write_trade_report

        with report_directory(directory, overwrite=overwrite) as partial:
            page = write_trade_report(self, partial)
        return Path(directory) / page.name

    def _objectives(self, measures: Sequence[str] | None = None) -> tuple[Objective, ...]:
        own = {each.measure: each for each in self.study.objectives}
        if not own:
            raise InputError(f"{self.study.file}: the study states no objectives, so none is better")
        if measures is None:
            return self.study.objectives
        foreign = [name for name in measures if name not in own]
        if foreign or not measures:
            raise InputError(f"expected objectives of the study ({', '.join(own)}); got {foreign or 'none'}")
        return tuple(own[name] for name in measures)

    @cached_property
    def cube(self) -> xr.Dataset:
        """The measures over the axes of a full grid.

        Raises
        ------
        InputError
            The study is no full grid.
        """
        import xarray as xr

        axes = self.study.axes
        if self.study.sampler.method != "grid" or len(self.rows) != len(self.study):
            raise InputError(
                f"a cube takes a finished full grid; this study has the sampler {self.study.sampler.method} "
                f"and {len(self.rows)} of {len(self.study)} cases"
            )
        shape = tuple(len(axis.levels or ()) for axis in axes)
        names = [axis.name for axis in axes]
        kinds = {each.name: each for each in self.study.measures}
        data = {
            name: (
                names,
                self.table[name].to_numpy().reshape(shape),
                {"units": each.unit or "1", "long_name": each.label or name},
            )
            for name, each in kinds.items()
        }
        extra = {name: (names, self.table[name].to_numpy().reshape(shape)) for name in ("feasible", "status")}
        coords = {
            axis.name: (
                axis.name,
                np.array(axis.levels),
                {"units": axis.unit or "1", "long_name": axis.label or axis.name},
            )
            for axis in axes
        }
        return xr.Dataset({**data, **extra}, coords=coords, attrs={"title": self.study.name})
