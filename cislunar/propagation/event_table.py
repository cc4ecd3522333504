"""The events of a batch of trajectories, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

ROW = np.dtype(
    [
        ("trajectory", np.int64),
        ("event", np.int64),
        ("tdb", np.float64),
        ("elapsed", np.float64),
        ("rising", np.bool_),
        ("occurrence", np.int64),
        ("terminal", np.bool_),
        ("state", np.float64, (6,)),
    ]
)
"""Columns: number of the trajectory and of the event; seconds past J2000 TDB and after the start; whether the
function rises with time; which passage of this event on this trajectory, from 1; whether the trajectory ended
there; state, km and km/s, ICRF axes."""


class EventTable:
    """Events of n trajectories, in the order of the flight, trajectory by trajectory.

    Attributes
    ----------
    names : tuple of str
        Names of the events looked for; a row's `event` counts in it.
    rows : numpy.ndarray of `ROW`, shape (r,)
        One row for each event found; `rows["tdb"]` and so on are its columns.
    offsets : numpy.ndarray, shape (n + 1,), int
        Trajectory i has the rows `offsets[i]` to `offsets[i + 1] - 1`.
    """

    def __init__(self, names: tuple[str, ...], rows: NDArray[Any], n: int) -> None:
        """Take rows that are sorted by trajectory."""
        self.names = names
        self.rows = rows
        self.offsets: NDArray[np.int64] = np.searchsorted(rows["trajectory"], np.arange(n + 1))

    def __len__(self) -> int:
        """Return the number of events found."""
        return self.rows.size

    def __repr__(self) -> str:
        """Say in one line what was found."""
        counts = np.bincount(self.rows["event"], minlength=len(self.names))
        found = ", ".join(f"{count} {name}" for name, count in zip(self.names, counts, strict=True))
        return f"EventTable({self.offsets.size - 1} trajectories: {found or 'no events looked for'})"

    def of(self, trajectory: int) -> NDArray[Any]:
        """Rows of one trajectory."""
        n = self.offsets.size - 1
        if not -n <= trajectory < n:
            raise IndexError(f"trajectory {trajectory} of a batch of {n}")
        trajectory %= n
        return self.rows[self.offsets[trajectory] : self.offsets[trajectory + 1]]

    def named(self, name: str) -> NDArray[Any]:
        """Rows of the events of one name.

        Raises
        ------
        InputError
            No event of that name was looked for.
        """
        if name not in self.names:
            raise InputError(f"events: expected one of {', '.join(self.names) or 'none'}; got {name!r}")
        wanted = [number for number, known in enumerate(self.names) if known == name]
        return self.rows[np.isin(self.rows["event"], wanted)]

    def select(self, chosen: NDArray[np.int64]) -> EventTable:
        """Return the table of a smaller batch: the trajectories number `chosen`."""
        parts = [self.of(int(i)).copy() for i in chosen]
        for number, part in enumerate(parts):
            part["trajectory"] = number
        return EventTable(self.names, np.concatenate([self.rows[:0], *parts]), len(parts))

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with the columns trajectory, event (its name), utc, tdb, elapsed_s, rising,
        occurrence, terminal, x_km, y_km, z_km, vx_km_s, vy_km_s, vz_km_s.
        """
        import pandas as pd

        from cislunar.time import format_epochs

        rows = self.rows
        columns = {
            "trajectory": rows["trajectory"],
            "event": np.array(self.names, dtype=object)[rows["event"]] if self.names else [],
            "utc": format_epochs(rows["tdb"]),
            "tdb": rows["tdb"],
            "elapsed_s": rows["elapsed"],
            **{name: rows[name] for name in ("rising", "occurrence", "terminal")},
        }
        for k, name in enumerate(("x_km", "y_km", "z_km", "vx_km_s", "vy_km_s", "vz_km_s")):
            columns[name] = rows["state"][:, k]
        return pd.DataFrame(columns)
