"""The access and eclipse tables as CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ACCESS_COLUMNS = (
    "link",
    "site",
    "relay",
    "station",
    "start_utc",
    "end_utc",
    "duration_s",
    "start_cut",
    "end_cut",
    "max_elevation_deg",
    "min_range_km",
)
"""Columns of `access.csv`, in order."""

ECLIPSE_COLUMNS = (
    "spacecraft",
    "body",
    "kind",
    "start_utc",
    "end_utc",
    "duration_s",
    "start_cut",
    "end_cut",
)
"""Columns of `eclipses.csv`, in order."""

_DECIMALS = {"duration_s": 3, "max_elevation_deg": 4, "min_range_km": 3}


def write_csv(table: pd.DataFrame, columns: tuple[str, ...], path: Path) -> None:
    """Write the named columns of a table as CSV: UTF-8, `true` and `false`, empty where there is no value.

    Lengths are given to 1 ms, elevations to 0.0001 degree, ranges to 1 m.

    Parameters
    ----------
    table : pandas.DataFrame
    columns : tuple of str
        Names and order of the columns.
    path : Path
        The file to write.
    """
    shown = table.loc[:, list(columns)].copy()
    for name in columns:
        if name in _DECIMALS:
            text = shown[name].map(f"{{:.{_DECIMALS[name]}f}}".format)
            shown[name] = text.where(shown[name].notna(), "")
        elif name.endswith("_cut"):
            shown[name] = shown[name].map({True: "true", False: "false"})
    shown.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
