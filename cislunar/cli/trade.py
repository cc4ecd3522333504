"""The `trade` command: load, say what it takes, run, say where the results are; or write one case."""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from cislunar.cli.terminal import complain, emit, on_terminal, progress_bar

if TYPE_CHECKING:
    from cislunar.trades.result import StudyResult


def export(file: Path, case: str) -> None:
    """Print one case of a study as a scenario file."""
    from cislunar.trades.export import export_case
    from cislunar.trades.study import Study

    emit(export_case(Study.load(file), case).rstrip("\n"))


def dry_run(file: Path, directory: Path) -> None:
    """Print what a study will take."""
    from cislunar.trades.estimate import estimate
    from cislunar.trades.study import Study

    study = Study.load(file)
    emit("\n".join([study.name, *(f"  {line}" for line in estimate(study, directory).lines())]))


def trade(file: Path, directory: Path, *, dask: str | None, workers: int | None, quiet: bool) -> None:
    """Run a study into a store.

    Parameters
    ----------
    file : Path
        The study.
    directory : Path
        Its store; what is there already is not flown again.
    dask : str or None
        Address of a Dask scheduler.
    workers : int or None
        Number of worker processes of a Dask cluster on this machine.
    quiet : bool
        Print nothing but errors.

    Raises
    ------
    CislunarError
        The study, the store or the scheduler cannot be used.
    """
    from cislunar.trades.study import Study

    study = Study.load(file)
    began = time.perf_counter()
    with (
        warnings.catch_warnings(record=True) as caught,
        progress_bar(not quiet and on_terminal(sys.stderr)) as progress,
    ):
        warnings.simplefilter("always")
        result = study.run(directory, dask=dask, workers=workers, progress=progress)
    if quiet:
        return
    for message in dict.fromkeys(
        str(item.message) for item in caught if issubclass(item.category, UserWarning)
    ):
        complain(f"warning: {message}")
    if on_terminal(sys.stdout):
        emit(_headline(result, directory, time.perf_counter() - began))


def _headline(result: StudyResult, directory: Path, seconds: float) -> str:
    table, study = result.table, result.study
    flown, failed = result.costs.cases, int((table["status"] == "failed").sum())
    lines = [
        study.name,
        f"  {len(table):,} cases, {flown:,} of them new, in {seconds:.1f} s; "
        f"{int(table['feasible'].sum()):,} feasible, {failed:,} not flyable",
    ]
    for objective in study.objectives:
        good = table[table["feasible"] & table[objective.measure].notna()]
        if len(good):
            values = good[objective.measure]
            row = good.iloc[int(values.argmax() if objective.maximize else values.argmin())]
            where = ", ".join(f"{axis.name} {row[axis.name]}" for axis in study.axes)
            unit = result.units.get(objective.measure, "")
            value = f"{row[objective.measure]:.5g} {unit}".strip()
            lines.append(f"  best {objective.measure}: {value} ({where}; case {row['case']})")
    return "\n".join([*lines, f"Results: {directory}"])
