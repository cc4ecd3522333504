"""Which stretches of time a station need not be looked at, because the whole neighbourhood of the Moon
is up or down.

Relays stay within some distance of the Moon, a few degrees in the sky of a station. For most of the day
all of that lies above or below the station's mask, whatever the relay. Cells of five minutes in which
this is certain are marked once for a whole campaign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.coverage.geometry import horizon_margin
from cislunar.coverage.scene import FIRST_SKY, SKY_CELLS, Scene
from cislunar.coverage.tables import WindowTables, unit_vectors
from cislunar.propagation.jit import lean_kernel

if TYPE_CHECKING:
    from cislunar.environment.stations import Station

CELL_S = 300.0

_FASTEST_KM_S = 33.0
"""Bound of the rate of a station's margin: 413,000 km turning at 7.3e-5 rad/s, and 1.6 km/s."""
_LIGHT_KM = 100.0
"""Covers what light time changes: 1.4 s of that rate."""


def with_sky(
    scene: Scene, tables: WindowTables, stations: Sequence[Station], sines: np.ndarray, reach_km: float
) -> Scene:
    """Add to a scene the cells in which a station certainly sees, or does not see, all relays.

    Parameters
    ----------
    scene : Scene
    tables : WindowTables
    stations : sequence of Station
    sines : ndarray, shape (stations,)
        Sines of their masks.
    reach_km : float
        No relay is farther from the Moon's centre.
    """
    cells = int(np.ceil((tables.end_tdb - tables.start_tdb) / CELL_S))
    earth = tables.evaluate_cells(tables.earth, CELL_S)
    counts = []
    for station, sine in zip(stations, sines, strict=True):
        vertical = unit_vectors([station.latitude_rad], [station.longitude_rad])[:, 0]
        polynomials = tables.on_earth(np.stack((station.position_itrs_km, vertical), axis=1))
        moon = -earth - tables.evaluate_cells(polynomials[:, 0], CELL_S)
        up_x, up_y, up_z = tables.evaluate_cells(polynomials[:, 1], CELL_S)
        margin = horizon_margin(moon[0], moon[1], moon[2], up_x, up_y, up_z, sine)
        slack = reach_km * (1.0 + abs(sine)) + 0.5 * CELL_S * _FASTEST_KM_S + _LIGHT_KM
        for certain in (margin > slack, margin < -slack):
            counts.append(np.concatenate(([0], np.cumsum(certain))))
    layout = np.concatenate((scene.layout, *counts)).astype(np.int64)
    layout[FIRST_SKY], layout[SKY_CELLS] = len(scene.layout), cells
    return scene._replace(layout=layout)


@lean_kernel
def sky_sign(scene: Any, station: int, start: float, end: float) -> float:
    """1 or -1 if a station certainly sees, or does not see, any relay in a stretch; else 0."""
    cells = scene.layout[SKY_CELLS]
    if cells == 0:
        return 0.0
    first = min(int(start / CELL_S), cells - 1)
    last = min(int(end / CELL_S), cells - 1)
    up = scene.layout[FIRST_SKY] + 2 * station * (cells + 1)
    down = up + cells + 1
    if scene.layout[up + last + 1] - scene.layout[up + first] == last + 1 - first:
        return 1.0
    if scene.layout[down + last + 1] - scene.layout[down + first] == last + 1 - first:
        return -1.0
    return 0.0
