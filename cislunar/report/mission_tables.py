"""Phases, delta-v budgets and critical events of a mission as CSV files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislunar.time import format_epoch

if TYPE_CHECKING:
    from cislunar.mission.result import MissionResult

_DECIMALS = {"_km_s": 9, "_kg": 4, "_s": 3, "fraction": 6}


def write_mission_tables(result: MissionResult, directory: Path) -> None:
    """Write `phases.csv`, `delta_v_budget.csv` and `critical_events.csv`; nothing without timelines.

    Parameters
    ----------
    result : MissionResult
    directory : Path
        That of the report.
    """
    if not result.timelines:
        return
    tables = {
        "phases": _phases(result),
        "delta_v_budget": _budgets(result),
        "critical_events": _events(result),
    }
    for name, rows in tables.items():
        _write(list(rows), COLUMNS[name], directory / f"{name}.csv")


COLUMNS = {
    "phases": (
        "spacecraft",
        "phase",
        "kind",
        "label",
        "status",
        "start_utc",
        "end_utc",
        "ideal_km_s",
        "loss_km_s",
        "statistical_km_s",
        "propellant_kg",
        "mass_before_kg",
        "mass_after_kg",
        "message",
    ),
    "delta_v_budget": (
        "spacecraft",
        "event",
        "kind",
        "engine",
        "margin_rule",
        "ideal_km_s",
        "losses_km_s",
        "statistical_km_s",
        "margin_km_s",
        "total_km_s",
        "propellant_kg",
        "released_kg",
        "mass_before_kg",
        "mass_after_kg",
        "burn_time_s",
    ),
    "critical_events": ("spacecraft", "event", "path", "station", "start_utc", "end_utc", "fraction"),
}
"""Columns of each file, in order."""


def _phases(result: MissionResult) -> Iterator[dict[str, Any]]:
    for name, timeline in result.timelines.items():
        for row in timeline.rows():
            yield {"spacecraft": name, **row}


def _budgets(result: MissionResult) -> Iterator[dict[str, Any]]:
    for name in result.timelines:
        held = result.budgets.get(name)
        if held is not None and held.delta_v is not None:
            for row in held.delta_v.rows():
                yield {"spacecraft": name, **row}


def _events(result: MissionResult) -> Iterator[dict[str, Any]]:
    for name, events in result.communications.items():
        for event in events:
            for row in event.rows():
                yield {
                    "spacecraft": name,
                    **row,
                    "start_utc": format_epoch(row["start_tdb"], "UTC"),
                    "end_utc": format_epoch(row["end_tdb"], "UTC"),
                }


def _write(rows: list[dict[str, Any]], columns: tuple[str, ...], path: Path) -> None:
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(columns))
    for name in columns:
        digits = next((count for end, count in _DECIMALS.items() if name.endswith(end)), None)
        if digits is not None:
            values = pd.to_numeric(table[name])
            table[name] = values.map(f"{{:.{digits}f}}".format).where(values.notna(), "")
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
