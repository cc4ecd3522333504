"""Passages of relays through the umbra and penumbra of Moon and Earth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.coverage.finder import Function, Relays, build_scene, find_chunk, intervals_of
from cislunar.coverage.intervals import Intervals
from cislunar.coverage.scene import Kind
from cislunar.coverage.tables import WindowTables

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.environment import Environment
    from cislunar.propagation.trajectory import Trajectory

SHADOWS = {
    ("moon", "umbra"): Kind.MOON_UMBRA,
    ("moon", "penumbra"): Kind.MOON_PENUMBRA,
    ("earth", "umbra"): Kind.EARTH_UMBRA,
    ("earth", "penumbra"): Kind.EARTH_PENUMBRA,
}
"""The shadows looked for, by body and kind."""

COLUMNS = (
    "spacecraft",
    "body",
    "kind",
    "start_utc",
    "end_utc",
    "duration_s",
    "start_cut",
    "end_cut",
    "start_tdb",
    "end_tdb",
)


def find_eclipses(
    trajectories: Mapping[str, Trajectory],
    environment: Environment,
    window: tuple[float, float],
    tables: WindowTables | None = None,
) -> dict[tuple[str, str, str], Intervals]:
    """Find the times a spacecraft spends in each shadow.

    Bodies are spheres (Moon 1737.4 km, Earth 6378.137 km without atmosphere) and so is the Sun (695,700
    km). The penumbra contains the umbra: its intervals are those of any loss of sunlight.

    Parameters
    ----------
    trajectories : mapping of str to Trajectory
        Batches of one, Moon-centred.
    environment : Environment
    window : tuple of float
        Start and end, seconds past J2000 TDB.
    tables : WindowTables, optional
        Of this window and environment, if they exist already.

    Returns
    -------
    dict of (spacecraft, body, kind) to Intervals
    """
    tables = tables or WindowTables.build(environment, *window)
    functions: list[Function] = [(kind, 0, 0) for kind in SHADOWS.values()]
    scene = build_scene(tables, [], [], functions)
    result = {}
    for name, trajectory in trajectories.items():
        relays = Relays.from_trajectory(trajectory, tables)
        lists = find_chunk(scene, relays, 0, 1)
        for number, (body, kind) in enumerate(SHADOWS):
            lit = intervals_of(lists, 0, number, relays, tables)
            # Outside its trajectory a spacecraft is neither lit nor in shadow.
            flown = tables.start_tdb + relays.begin_s[0], tables.start_tdb + relays.end_s[0]
            dark = lit.complement()
            start, end = np.maximum(dark.start, flown[0]), np.minimum(dark.end, flown[1])
            kept = end > start
            result[name, body, kind] = Intervals(start[kept], end[kept], lit.span, lit.tangents)
    return result


def eclipse_table(eclipses: Mapping[tuple[str, str, str], Intervals]) -> pd.DataFrame:
    """One row for each passage, with the columns `COLUMNS`."""
    import pandas as pd

    from cislunar.time import format_epochs

    counts = [len(held) for held in eclipses.values()]
    start = np.concatenate([np.zeros(0), *(held.start for held in eclipses.values())])
    end = np.concatenate([np.zeros(0), *(held.end for held in eclipses.values())])
    columns: dict[str, Any] = {
        name: np.repeat([names[place] for names in eclipses], counts).astype(object)
        for place, name in enumerate(COLUMNS[:3])
    }
    columns["start_utc"] = format_epochs(start)
    columns["end_utc"] = format_epochs(end)
    columns["duration_s"] = end - start
    columns["start_cut"] = np.concatenate(
        [np.zeros(0, bool), *(held.start_cut for held in eclipses.values())]
    )
    columns["end_cut"] = np.concatenate([np.zeros(0, bool), *(held.end_cut for held in eclipses.values())])
    columns["start_tdb"] = start
    columns["end_tdb"] = end
    return pd.DataFrame({name: columns[name] for name in COLUMNS})
