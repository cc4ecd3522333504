"""Durations and percentages as a reader wants them, the same wherever a result is put into words."""

from __future__ import annotations

import math

NBSP = "\N{NO-BREAK SPACE}"
"""Keeps a number and its unit on one line."""


def duration(seconds: float | None, figures: int = 3) -> str:
    """Write a duration in the unit a person would choose: `42 s`, `5.31 h`, `137 d`.

    Parameters
    ----------
    seconds : float or None
        Length in seconds; None or a value that is not finite gives a dash.
    figures : int, optional
        Significant figures.
    """
    if seconds is None or not math.isfinite(seconds):
        return "–"
    for longest, length, unit in ((90.0, 1.0, "s"), (3600.0, 60.0, "min"), (3.0 * 86400.0, 3600.0, "h")):
        if abs(seconds) < longest:
            return f"{seconds / length:.{figures}g}{NBSP}{unit}"
    days = seconds / 86400.0
    return f"{days:.{max(figures, len(f'{abs(days):.0f}'))}g}{NBSP}d"


def percent(value: float | None, digits: int = 1) -> str:
    """Write a percentage; a value below 100 is never shown as 100, nor one above 0 as 0."""
    if value is None or not math.isfinite(value):
        return "–"
    if value <= 0.0 or value >= 100.0:
        return f"{value:.0f}{NBSP}%"
    least = 10.0**-digits
    if value < 0.5 * least:
        return f"<{NBSP}{least:g}{NBSP}%"
    if value > 100.0 - 0.5 * least:
        return f">{NBSP}{100.0 - least:g}{NBSP}%"
    return f"{value:.{digits}f}{NBSP}%"
