"""Low-energy transfers on a map of departure date against capture cost, family by family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.report.style import BLUE, GREY, ORANGE, PURPLE, VERMILLION, drawing, inches, new_figure
from cislunar.time import utc_datetime64
from cislunar.transfers.families import ALL, Family, family_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cislunar.transfers.ballistic_transfers import BallisticTransfers

_COLOURS = {(True, False): BLUE, (False, False): VERMILLION, (True, True): PURPLE, (False, True): ORANGE}
_MARKERS = {(True, False): "^", (False, False): "v", (True, True): "D", (False, True): "s"}


def _appearance(family: Family) -> dict[str, Any]:
    colour = _COLOURS[family.towards_sun, family.lunar_flyby]
    return {
        "marker": _MARKERS[family.north, family.lunar_flyby],
        "s": 26.0 if family.lunar_flyby else 12.0,
        "facecolors": colour if family.towards_sun else "none",
        "edgecolors": "black" if family.lunar_flyby else colour,
        "linewidths": 0.6,
    }


def _points(axes: Axes, x: NDArray[Any], y: NDArray[np.float64], family: NDArray[Any]) -> None:
    for number, kind in enumerate(ALL):
        mine = family == number
        if mine.any():
            look: dict[str, Any] = {
                "label": f"{kind.name} ({int(mine.sum())})",
                "zorder": 3 if kind.lunar_flyby else 2,
            }
            axes.scatter(x[mine], y[mine], **look, **_appearance(kind))


@drawing
def ballistic_map(batch: BallisticTransfers, direct_capture_km_s: float | None = None) -> Figure:
    """Draw departure date against capture cost, and flight time against injection.

    Parameters
    ----------
    batch : BallisticTransfers
        At least one transfer.
    direct_capture_km_s : float, optional
        Capture of a direct transfer into the same orbit, for the title and a note.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    table = family_map(batch)
    best, longest = 1e3 * table["capture_km_s"].min(), table["time_of_flight_s"] / 86400.0
    title = f"{len(batch)} low-energy transfers: capture from {best:.0f} m/s"
    if direct_capture_km_s is not None:
        title += f", {1e3 * direct_capture_km_s - best:.0f} m/s less than direct"
    days = np.quantile(longest, [0.05, 0.95])
    reach = np.quantile(table["farthest_km"], [0.05, 0.95]) / 1e6
    figure = new_figure(
        7.4,
        6.6,
        title,
        subtitle=f"Nine in ten take {days[0]:.0f} to {days[1]:.0f} days by way of {reach[0]:.2f} to "
        f"{reach[1]:.2f} million km. Families: side of the farthest point, flyby of the Moon on the way out, "
        "periapsis north or south.",
    )
    rows = -(-np.unique(table["family"]).size // 2)
    left, bottom, width, height = inches(figure, 0.72, 0.66 + 0.19 * rows, 0.12, 0.62)
    gap = 0.55 / figure.get_size_inches()[1]
    upper = 0.56 * (height - gap)
    costs = figure.add_axes((left, bottom + height - upper, width, upper))
    dates = utc_datetime64(table["departure_tdb"])
    _points(costs, dates, 1e3 * table["capture_km_s"], table["family"])
    if direct_capture_km_s is not None:
        # Far above the others: a line there would leave the families a third of the axes.
        costs.annotate(
            f"direct transfer: {1e3 * direct_capture_km_s:.0f} m/s",
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(0, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color=GREY,
        )
    costs.set_ylabel("capture (m/s)")
    costs.set_xlabel("departure (UTC)")
    locator = AutoDateLocator()
    costs.xaxis.set_major_locator(locator)
    costs.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    injections = figure.add_axes((left, bottom, width, height - gap - upper))
    _points(injections, longest, 1e3 * table["injection_km_s"], table["family"])
    injections.set_xlabel("flight time (days)")
    injections.set_ylabel("injection (m/s)")
    figure.legend(
        *costs.get_legend_handles_labels(), loc="lower center", ncols=2, fontsize=8.0, handletextpad=0.3
    )
    return figure
