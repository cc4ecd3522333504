"""A time axis with days of the mission and calendar dates on two lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cislunar.report.facts import DAY
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABEL_IN = 0.78
"""Room that a label needs, inches."""

_STEPS_DAYS = (0.0625, 0.125, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 90, 180, 365, 730, 1825, 3650)


def time_axis(axes: Axes, epoch_tdb: float, first_day: float, last_day: float, ticks: int = 9) -> None:
    """Label the x axis, in days since the epoch, with the day and below it the UTC date.

    Parameters
    ----------
    axes : Axes
        Its x coordinate is days since `epoch_tdb`.
    epoch_tdb : float
        Epoch of day zero, seconds past J2000 TDB.
    first_day, last_day : float
        Limits of the axis in days.
    ticks : int, optional
        Most ticks wanted; narrow axes get as many as have room.
    """
    width = axes.bbox.width / axes.figure.dpi
    ticks = max(2, min(ticks, int(width / _LABEL_IN)))
    span = last_day - first_day
    step = next((s for s in _STEPS_DAYS if span / s <= ticks), span / ticks)
    days = np.arange(np.ceil(first_day / step - 1e-9), np.floor(last_day / step + 1e-6) + 0.5) * step + 0.0
    dates = [format_epoch(epoch_tdb + float(day) * DAY, "UTC", 0) for day in days]
    if step < 1:
        labels = [f"{day:g}\n{date[5:10]}, {date[11:16]}" for day, date in zip(days, dates, strict=True)]
    else:
        labels = [f"{day:g}\n{date[:10]}" for day, date in zip(days, dates, strict=True)]
    axes.set_xlim(first_day, last_day)
    axes.set_xticks(days, labels, fontsize=7.5)
    axes.set_xlabel(f"days since {format_epoch(epoch_tdb, 'UTC', 0).replace('T', ' ')} UTC, and date (UTC)")
