"""What the page shows of a launch window: the chosen launch, its slip days and its backups, in rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cislunar.constants import SECONDS_PER_DAY
from cislunar.report import mission_facts as facts

if TYPE_CHECKING:
    from cislunar.mission.window_choice import LaunchWindow


def window_context(found: LaunchWindow) -> dict[str, Any]:
    """Rows of the launch window's table, and the months."""
    rows = []
    if found.choice is not None:
        rows.append(_row("chosen", found.choice))
        rows += [_row("slip day", row) for _, row in found.slips.iterrows()]
        rows += [_row(_backup(int(row["days"])), row) for _, row in found.backups.iterrows()]
    return {
        "rows": rows,
        "tried": len(found.table),
        "months": found.months(),
        "coverage": bool(found.table["coverage_percent"].notna().any()),
    }


def _backup(days: int) -> str:
    return f"backup ({days} day{'' if days == 1 else 's'})"


def _row(role: str, row: Any) -> dict[str, Any]:
    return {
        "role": role,
        "departure": facts.minute(row["departure_tdb"]),
        "flight_d": row["time_of_flight_s"] / SECONDS_PER_DAY,
        "branch": row["branch"],
        "landing": facts.minute(row["landing_tdb"]),
        "wait_d": (row["landing_tdb"] - row["arrival_tdb"]) / SECONDS_PER_DAY,
        "sun_deg": row["sun_elevation_deg"],
        "rising": bool(row["sun_rising"]),
        "node_deg": row["node_deg"],
        "apolune_deg": row["apoapsis_latitude_deg"],
        "coverage": row["coverage_percent"],
        "injection_m_s": 1e3 * row["injection_km_s"],
        "delta_v_m_s": 1e3 * row["delta_v_km_s"],
        "slip_m_s": row.get("slip_m_s", 0.0),
        "margin_kg": row["margin_kg"],
    }
