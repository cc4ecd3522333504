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


def export(file: Path, case: str, directory: Path) -> None:
    """Print one case of a study as a scenario file; the cases of a search are those in its store."""
    from cislunar.trades.export import export_case
    from cislunar.trades.result import StudyResult
    from cislunar.trades.sampling import OPTIMIZE
    from cislunar.trades.study import Study

    study = Study.load(file)
    if study.sampler.method == OPTIMIZE:
        study = StudyResult.load(directory, study).study
    emit(export_case(study, case).rstrip("\n"))


def dry_run(file: Path, directory: Path) -> None:
    """Print what a study will take."""
    from cislunar.trades.estimate import estimate
    from cislunar.trades.study import Study

    study = Study.load(file)
    emit("\n".join([study.name, *(f"  {line}" for line in estimate(study, directory).lines())]))


def trade(
    file: Path, directory: Path, *, dask: str | None, workers: int | None, report: bool, quiet: bool
) -> None:
    """Run a study into a store, and write its report into the folder `report` there.

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
    report : bool
        Whether to write the report.
    quiet : bool
        Print nothing but errors.

    Raises
    ------
    CislunarError
        The study, the store or the scheduler cannot be used.
    """
    from cislunar.report.output import check_output
    from cislunar.trades.study import Study

    study = Study.load(file)
    if report and (directory / "report").exists():
        check_output(directory / "report", overwrite=True)
    began = time.perf_counter()
    with (
        warnings.catch_warnings(record=True) as caught,
        progress_bar(not quiet and on_terminal(sys.stderr)) as progress,
    ):
        warnings.simplefilter("always")
        result = study.run(directory, dask=dask, workers=workers, progress=progress)
        flown_s = time.perf_counter() - began
        page = None
        if report:
            if progress is not None:
                progress("writing the report", 1.0)
            page = result.report(directory / "report", overwrite=True)
    if quiet:
        return
    for message in dict.fromkeys(
        str(item.message) for item in caught if issubclass(item.category, UserWarning)
    ):
        complain(f"warning: {message}")
    if on_terminal(sys.stdout):
        emit(_headline(result, directory, flown_s, page))


def _headline(result: StudyResult, directory: Path, seconds: float, page: Path | None) -> str:
    from cislunar.report.trade.story import Story

    story = Story(result)
    lines = [
        result.study.name,
        f"  {story.headline}",
        f"  {len(result.table):,} cases, {result.costs.cases:,} of them new, in {seconds:.1f} s",
        *(f"  {word}: {sentence}" for word, sentence in story.reasons()),
        f"Results: {directory}",
    ]
    return "\n".join([*lines, f"Report: {page}"] if page is not None else lines)
