"""Numbers as a reader wants them: durations, percentages and names, the same in figures, tables and text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

from cislunar.figures_of_merit import NBSP, duration, percent

__all__ = [
    "LINK_TEXT",
    "MEASURE_TEXT",
    "NBSP",
    "bit_rate",
    "bit_unit",
    "bits",
    "display_name",
    "duration",
    "file_stem",
    "file_stems",
    "gap_scale",
    "listing",
    "number",
    "percent",
    "place",
]

LINK_TEXT = {
    "chain": "site – relay – Earth",
    "site-relay": "site – relay",
    "relay-earth": "relay – Earth",
    "direct": "site – Earth, direct",
}
"""What each link of the access table is called in the report."""

MEASURE_TEXT = {
    "percent": "time in view",
    "worst_day_percent": "time in view on the worst day",
    "longest_gap": "longest gap",
    "mean_gap": "mean gap",
    "mean_response": "mean response time",
    "mean_pass": "mean pass",
    "passes_per_day": "passes per day",
}


def gap_scale(longest_h: float) -> tuple[float, str]:
    """Choose the unit of an axis of gaps: the factor that multiplies hours, and the unit's name."""
    return (1.0 / 24.0, "days") if longest_h > 96.0 else (1.0, "h")


def number(value: float | None, digits: int = 1) -> str:
    """Write a number with fixed decimals; None and values that are not finite give a dash."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:,.{digits}f}".replace(",", NBSP)
    return text.replace("-", "−")


_BIT_UNITS = ((1e12, "Tbit"), (1e9, "Gbit"), (1e6, "Mbit"), (1e3, "kbit"), (1.0, "bit"))


def bit_unit(amount_bit: float) -> tuple[float, str]:
    """Choose a unit of data for an amount: its size in bits, and its name."""
    return next((pair for pair in _BIT_UNITS if amount_bit >= pair[0]), _BIT_UNITS[-1])


def bits(amount_bit: float) -> str:
    """Write an amount of data in its unit."""
    scale, unit = bit_unit(amount_bit)
    return f"{number(amount_bit / scale, 1)}{NBSP}{unit}"


def bit_rate(rate_bit_s: float) -> str:
    """Write a rate of data in its unit; a dash for none."""
    return f"{bits(rate_bit_s)}/s" if rate_bit_s else "–"


def place(latitude_deg: float, longitude_deg: float, digits: int) -> str:
    """Write a place as `71.38° S, 138.25° E`; longitude from 0 to 360."""
    hemisphere = "N" if latitude_deg >= 0.0 else "S"
    return f"{abs(latitude_deg):.{digits}f}° {hemisphere}, {longitude_deg % 360.0:.{digits}f}° E"


def listing(items: Iterable[str]) -> str:
    """Join names as English does: `a`, `a and b`, `a, b and c`."""
    names = list(items)
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def display_name(name: str) -> str:
    """Turn an identifier of the scenario into a title: `schrodinger` becomes `Schrodinger`."""
    text = name.replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def file_stem(name: str, taken: Sequence[str] = ()) -> str:
    """Give a file name that is safe on every system, whatever a spacecraft is called.

    Letters without accents, digits, `-`, `_` stay, anything else becomes `_`; names that collide afterwards
    (also on file systems that ignore case) get a number.

    Parameters
    ----------
    name : str
        The name in the scenario.
    taken : sequence of str
        Stems already in use in the same folder.
    """
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", ascii_name).strip("_-")[:80] or "spacecraft"
    if re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", stem):
        stem += "_"
    used = {other.lower() for other in taken}
    candidate, count = stem, 2
    while candidate.lower() in used:
        candidate, count = f"{stem}_{count}", count + 1
    return candidate


def file_stems(names: Iterable[str]) -> dict[str, str]:
    """Give each name a distinct :func:`file_stem`, in order."""
    stems: dict[str, str] = {}
    for name in names:
        stems[name] = file_stem(name, tuple(stems.values()))
    return stems
