"""From the table of a launch window to the chosen launch, its slip days and its backups."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SECONDS_PER_DAY
from cislunar.time import format_epoch, utc_datetime64

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.scenario.model import WindowAnalysis


_EPOCHS = {"departure": "departure", "arrival": "arrival", "wait": "wait_begins", "landing": "landing"}
"""Names of epochs in `window.csv`."""


@dataclass(frozen=True, eq=False)
class LaunchWindow:
    """A searched launch window.

    Attributes
    ----------
    definition : WindowAnalysis
        What was tried.
    table : pandas.DataFrame
        One row for each launch, flight time, branch and heading: `launch` (number), `departure_tdb`,
        `time_of_flight_s`, `branch`, `heading`, `arrival_tdb`; `injection_km_s`, `c3_km2_s2`,
        `v_infinity_km_s`; `node_deg`, `inclination_deg`, `argument_of_periapsis_deg` of the capture (lunar
        mean-Earth axes at arrival); `insertion_km_s`, `insertion_stations`, `insertion_hidden`;
        `apoapsis_latitude_deg`, `apoapsis_from_site_deg`; `changes_km_s` (manoeuvres before the wait),
        `wait_tdb`, `landing_tdb`, `wait_s`, `plane_drift_s` (by which the plane's motion moves the landing),
        `sun_elevation_deg`, `sun_rising`, `earth_elevation_deg` and `landing_stations` (that have the Moon
        above their mask) at landing; `descent_km_s`, `delta_v_km_s` (all of the spacecraft), `total_km_s`
        (with injection), `landed_mass_kg`, `propellant_kg`, `margin_kg` (left at touchdown);
        `coverage_percent`, `longest_gap_h` (NaN where another condition is not met); `..._ok` for each
        condition, `feasible`, `excluded_by` (the first not met).
    """

    definition: WindowAnalysis
    table: pd.DataFrame

    @cached_property
    def days(self) -> pd.DataFrame:
        """Give the best row of every launch: the feasible one of least delta-v, or else the cheapest.

        Indexed by the number of the launch.
        """
        ranked = self.table.sort_values(
            ["feasible", "delta_v_km_s", "total_km_s"], ascending=[False, True, True], kind="stable"
        )
        return ranked.drop_duplicates("launch").set_index("launch").sort_index()

    @cached_property
    def openings(self) -> list[NDArray[np.int64]]:
        """Numbers of launches, consecutive ones together, on which everything is met."""
        numbers = self.days.index.to_numpy()[self.days["feasible"].to_numpy(dtype=bool)]
        if not numbers.size:
            return []
        return [np.asarray(part) for part in np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)]

    @cached_property
    def chosen(self) -> int | None:
        """Number of the chosen launch: the least delta-v of those with the slip days wanted after them.

        Where no launch has so many, the cheapest of those with the most. None if no launch is feasible.
        """
        after = {int(n): part.size - 1 - i for part in self.openings for i, n in enumerate(part)}
        if not after:
            return None
        wanted = min(self.definition.slip_days, max(after.values()))
        able = [number for number, left in after.items() if left >= wanted]
        return self._cheapest(np.array(able))

    @cached_property
    def choice(self) -> dict[str, Any] | None:
        """The chosen row of the table."""
        return None if self.chosen is None else dict(self.days.loc[self.chosen])

    @cached_property
    def slips(self) -> pd.DataFrame:
        """The launches after the chosen one in its opening, and what each costs against it.

        `slip_m_s` and `slip_kg` are the difference in the spacecraft's delta-v and propellant on that day;
        `reserve_m_s` and `reserve_kg` are what must be aboard to be able to launch on every day up to it: the
        greatest difference so far, never below zero.
        """
        import pandas as pd

        if self.chosen is None:
            return pd.DataFrame(columns=["slip_m_s", "slip_kg", "reserve_m_s", "reserve_kg"])
        opening = next(part for part in self.openings if self.chosen in part)
        return self._against(opening[opening > self.chosen], reserve=True)

    @cached_property
    def backups(self) -> pd.DataFrame:
        """The best launch of every later opening: its cost against the chosen one, and its days."""
        import pandas as pd

        if self.chosen is None:
            return pd.DataFrame(columns=["slip_m_s", "slip_kg", "days"])
        later = [part for part in self.openings if part[0] > self.chosen]
        best = [self._cheapest(part) for part in later]
        found = self._against(np.array(best, dtype=np.int64), reserve=False)
        found["days"] = [part.size for part in later]
        found["first_tdb"] = [float(self.days.loc[part[0], "departure_tdb"]) for part in later]
        found["last_tdb"] = [float(self.days.loc[part[-1], "departure_tdb"]) for part in later]
        return found

    def _cheapest(self, numbers: NDArray[np.int64]) -> int:
        costs = self.days.loc[numbers, "delta_v_km_s"].to_numpy()
        return int(numbers[int(np.argmin(costs))])

    def _against(self, numbers: NDArray[np.int64], reserve: bool) -> pd.DataFrame:
        found, base = self.days.loc[numbers].copy(), self.days.loc[self.chosen]
        found["slip_m_s"] = 1e3 * (found["delta_v_km_s"] - base["delta_v_km_s"])
        found["slip_kg"] = found["propellant_kg"] - base["propellant_kg"]
        if reserve:
            found["reserve_m_s"] = found["slip_m_s"].clip(lower=0.0).cummax()
            found["reserve_kg"] = found["slip_kg"].clip(lower=0.0).cummax()
        return found

    @cached_property
    def feasible_share(self) -> float:
        """Share of the launches on which everything is met."""
        return float(self.days["feasible"].mean())

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The table as written to `window.csv`: UTC epochs for seconds, days and hours for durations."""
        from cislunar.time import format_epochs

        out = self.table.copy()
        for name in ("departure", "arrival", "wait", "landing"):
            tdb = out.pop(f"{name}_tdb").to_numpy(dtype=np.float64)
            known = np.isfinite(tdb)
            text = np.full(tdb.size, "", dtype=object)
            if known.any():
                text[known] = format_epochs(tdb[known], "UTC", 0)
            out.insert(0 if name == "departure" else out.shape[1], f"{_EPOCHS[name]}_utc", text)
        out.insert(1, "time_of_flight_d", out.pop("time_of_flight_s") / SECONDS_PER_DAY)
        out["wait_d"] = out.pop("wait_s") / SECONDS_PER_DAY
        out["plane_drift_h"] = out.pop("plane_drift_s") / 3600.0
        for name in ("insertion_hidden", "sun_rising"):
            out[name] = out[name].map({1.0: True, 0.0: False})
        return out.round(6)

    def months(self) -> list[dict[str, Any]]:
        """For each calendar month: launches, those feasible, the cheapest, and what excludes the others."""
        days = self.days
        month = utc_datetime64(days["departure_tdb"].to_numpy()).astype("datetime64[M]")
        rows = []
        for each in np.unique(month):
            part = days[month == each]
            good = part[part["feasible"]]
            best = None if good.empty else good.loc[good["delta_v_km_s"].idxmin()]
            reasons = Counter(part.loc[~part["feasible"], "excluded_by"])
            rows.append(
                {
                    "month": str(each),
                    "launches": len(part),
                    "feasible": len(good),
                    "best_utc": None if best is None else format_epoch(best["departure_tdb"], "UTC", 0),
                    "best_delta_v_km_s": None if best is None else float(best["delta_v_km_s"]),
                    "best_margin_kg": None if best is None else float(best["margin_kg"]),
                    "excluded_by": dict(reasons.most_common()),
                }
            )
        return rows

    def summary(self) -> dict[str, Any]:
        """Give the answer as plain data."""
        asked = self.definition
        return {
            "spacecraft": asked.spacecraft,
            "start_utc": format_epoch(asked.start_tdb, "UTC"),
            "launches": asked.launches,
            "step_s": asked.step_s,
            "times_of_flight_d": [time / SECONDS_PER_DAY for time in asked.times_of_flight_s],
            "candidates": len(self.table),
            "feasible_launches": int(self.days["feasible"].sum()),
            "openings": [
                {
                    "first_utc": format_epoch(float(self.days.loc[part[0], "departure_tdb"]), "UTC"),
                    "last_utc": format_epoch(float(self.days.loc[part[-1], "departure_tdb"]), "UTC"),
                    "launches": int(part.size),
                }
                for part in self.openings
            ],
            "chosen": None if self.choice is None else row_summary(self.choice),
            "slips": [self._difference(row) for _, row in self.slips.iterrows()],
            "backups": [self._difference(row) for _, row in self.backups.iterrows()],
            "months": self.months(),
        }

    @staticmethod
    def _difference(row: Any) -> dict[str, Any]:
        extra = {
            name: float(row[name])
            for name in ("slip_m_s", "slip_kg", "reserve_m_s", "reserve_kg")
            if name in row
        }
        return {**row_summary(row), **extra}


def row_summary(row: Any) -> dict[str, Any]:
    """Give the columns of one launch that a person asks for first."""
    out: dict[str, Any] = {
        "departure_utc": format_epoch(float(row["departure_tdb"]), "UTC"),
        "arrival_utc": format_epoch(float(row["arrival_tdb"]), "UTC"),
        "landing_utc": format_epoch(float(row["landing_tdb"]), "UTC"),
        "branch": str(row["branch"]),
        "heading": str(row["heading"]),
        "time_of_flight_d": float(row["time_of_flight_s"]) / SECONDS_PER_DAY,
        "wait_d": float(row["wait_s"]) / SECONDS_PER_DAY,
    }
    for name in (
        "injection_km_s",
        "c3_km2_s2",
        "v_infinity_km_s",
        "insertion_km_s",
        "delta_v_km_s",
        "total_km_s",
        "propellant_kg",
        "margin_kg",
        "node_deg",
        "inclination_deg",
        "argument_of_periapsis_deg",
        "apoapsis_latitude_deg",
        "sun_elevation_deg",
        "coverage_percent",
        "longest_gap_h",
    ):
        out[name] = float(row[name])
    out["sun_rising"] = bool(row["sun_rising"])
    for name in ("insertion_stations", "landing_stations"):
        out[name] = int(row[name])
    return out
