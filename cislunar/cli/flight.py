"""The `run` command: load, see that the report can be written, fly, write, say what came out."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislunar.cli.terminal import Progress, complain, emit, on_terminal, progress_bar
from cislunar.figures_of_merit import NBSP, duration, percent

if TYPE_CHECKING:
    from cislunar.mission.result import MissionResult


_FLYING = 0.6
"""Share of the work that is behind when the report begins to be written."""


def fly(file: Path, directory: Path, *, overwrite: bool, quiet: bool, as_json: bool) -> bool:
    """Fly a scenario file and write its report.

    Parameters
    ----------
    file : Path
        The scenario.
    directory : Path
        Where the report goes.
    overwrite : bool
        Whether an earlier report there may be replaced.
    quiet : bool
        Whether to print nothing but errors and what `as_json` asks for.
    as_json : bool
        Whether to print the summary as JSON on standard output.

    Returns
    -------
    bool
        Whether every spacecraft finished.

    Raises
    ------
    CislunarError
        The scenario, a data file or the output folder cannot be used; nothing has been written.
    """
    from cislunar.report.output import check_output
    from cislunar.scenario import load

    scenario = load(file)
    check_output(directory, overwrite=overwrite)
    with (
        warnings.catch_warnings(record=True) as caught,
        progress_bar(not quiet and on_terminal(sys.stderr)) as progress,
    ):
        warnings.simplefilter("always")
        from cislunar.mission import run

        result = run(scenario, progress=_first_part(progress))
        if progress is not None:
            progress("writing the report", _FLYING)
        page = result.report(directory, overwrite=overwrite)
    complete = result.status == "complete"
    if not quiet:
        _warn(
            [
                *result.warnings,
                *(str(item.message) for item in caught if issubclass(item.category, UserWarning)),
            ]
        )
    for line in _unfinished(result.summary):
        complain(line)
    if as_json:
        emit(json.dumps(result.summary, indent=2, ensure_ascii=False, allow_nan=False))
    elif not quiet and on_terminal(sys.stdout):
        emit(_headline(result, page))
    return complete


def _first_part(progress: Progress | None) -> Progress | None:
    if progress is None:
        return None
    return lambda stage, fraction: progress(stage, _FLYING * fraction)


def _warn(messages: list[str]) -> None:
    for message in dict.fromkeys(messages):
        complain(f"warning: {message}")


def _unfinished(summary: dict[str, Any]) -> list[str]:
    stopped = [
        f"{name} did not finish: {entry['message']}; the report says so too"
        for name, entry in summary["timelines"].items()
        if not entry["complete"]
    ]
    return stopped + [
        f"{name} did not finish: {entry['message']} at {entry['end_utc']} UTC; the report says so too"
        for name, entry in summary["trajectories"].items()
        if entry["flown_s"] < entry["asked_s"] and name not in summary["timelines"]
    ]


def _headline(result: MissionResult, page: Path) -> str:
    lines = [str(result.summary["name"])]
    for name, timeline in result.timelines.items():
        budget = result.budgets[name].delta_v
        if budget is not None:
            lines.append(f"  {budget.verdict()}")
        elif timeline.complete:
            lines.append(f"  {name}: every phase flown")
    for site, links in result.summary["coverage"].items():
        link = "chain" if "chain" in links else "direct"
        if link in links:
            seen, gap = percent(links[link]["percent"], 2), duration(links[link]["gap_s"]["max"])
            lines.append(f"  {site}, {link}: {seen}, longest gap {gap}")
    for requirement in result.requirements:
        met = "met" if requirement["met"] else "NOT met"
        asked, found = requirement["asked_text"], requirement["found_text"]
        lines.append(f"  {requirement['name']}: {met} (asked {asked}, found {found})")
    return "\n".join([*lines, f"Report: {page}"]).replace(NBSP, " ")
