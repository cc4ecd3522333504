"""Epoch arguments of the environment tables: their check and their wording in messages."""

from __future__ import annotations

import datetime
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import EpochRangeError, InputError

_J2000 = datetime.datetime(2000, 1, 1, 12)


def epoch_array(tdb: ArrayLike) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Return epochs as a flat array together with the shape they came in.

    Raises
    ------
    InputError
        An epoch is NaN or infinite, or not a number at all.
    """
    try:
        epochs = np.asarray(tdb, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"epoch: expected seconds past J2000 TDB as numbers; got {tdb!r}") from error
    flat = epochs.reshape(-1)
    if not np.isfinite(flat).all():
        bad = flat[~np.isfinite(flat)][0]
        raise InputError(f"epoch: expected finite seconds past J2000 TDB; got {bad}")
    return flat, epochs.shape


def require_inside(
    flat: NDArray[np.float64], span_tdb: tuple[float, float], *, table: str, remedy: str, what: str = "epoch"
) -> None:
    """Raise `EpochRangeError` unless all epochs lie inside the span, ends included."""
    if flat.size == 0:
        return
    for epoch in (float(np.min(flat)), float(np.max(flat))):
        if not span_tdb[0] <= epoch <= span_tdb[1]:
            beyond = min(span_tdb, key=lambda end: abs(end - epoch))
            timespec = "milliseconds" if abs(beyond - epoch) < 1.0 else "seconds"
            asked, first, last = (calendar(moment, timespec) for moment in (epoch, *span_tdb))
            raise EpochRangeError(
                f"{what}: {asked} is outside {table}, which spans {first} to {last}; {remedy}",
                epoch_tdb=epoch,
                span_tdb=span_tdb,
                table=table,
            )


def calendar(tdb: float, timespec: str = "seconds") -> str:
    """Write an epoch as a Gregorian date in TDB for messages, rounded to "seconds" or "milliseconds"."""
    if tdb == math.inf:
        return "any later epoch"
    digits = 3 if timespec == "milliseconds" else 0
    try:
        moment = _J2000 + datetime.timedelta(seconds=round(tdb, digits))
    except OverflowError:
        moment = datetime.datetime.min
    if moment.year < 1000:
        return f"JD {2451545.0 + tdb / 86400.0:.11g} TDB"
    return f"{moment.isoformat(timespec=timespec)} TDB"
