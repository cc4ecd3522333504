"""What a study gives: a table with one row for each case, and a cube for full grids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.errors import InputError
from cislunar.trades.chunk import FAILED

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from cislunar.trades.running import Costs
    from cislunar.trades.study import Study


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
        from cislunar.trades.running import Costs, provenance, table_of
        from cislunar.trades.store import Store, read_description

        read_description(directory)
        plan = study.plan()
        held = Store(directory, study.key).read()
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
