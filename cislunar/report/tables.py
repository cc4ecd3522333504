"""The access and eclipse tables as CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cislunar.coverage import eclipses, table

if TYPE_CHECKING:
    import pandas as pd

_WITHIN = {"start_tdb", "end_tdb", "near_tangent"}
"""Columns that serve the program and are not written."""

ACCESS_COLUMNS = tuple(column for column in table.COLUMNS if column not in _WITHIN)
"""Columns of `access.csv`, in order."""

ECLIPSE_COLUMNS = tuple(column for column in eclipses.COLUMNS if column not in _WITHIN)
"""Columns of `eclipses.csv`, in order."""

_DECIMALS = {"duration_s": 3, "max_elevation_deg": 4, "min_range_km": 3}


def write_csv(rows: pd.DataFrame, columns: tuple[str, ...], path: Path) -> None:
    """Write the named columns of a table as CSV: UTF-8, `true` and `false`, empty where there is no value.

    Lengths are given to 1 ms, elevations to 0.0001 degree, ranges to 1 m.

    Parameters
    ----------
    rows : pandas.DataFrame
    columns : tuple of str
        Names and order of the columns.
    path : Path
        The file to write.
    """
    shown = rows.loc[:, list(columns)].copy()
    for name in columns:
        if name in _DECIMALS:
            text = shown[name].map(f"{{:.{_DECIMALS[name]}f}}".format)
            shown[name] = text.where(shown[name].notna(), "")
        elif name.endswith("_cut"):
            shown[name] = shown[name].map({True: "true", False: "false"})
    shown.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
