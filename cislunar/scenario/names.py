"""Names in one part of a file that must stand in another."""

from __future__ import annotations

from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.wording import listing, nearest, quoted


def names_of(value: Value | None, known: tuple[str, ...], what: str, reading: Reading) -> tuple[str, ...]:
    """Give the names a list holds; one that is not known is reported with the nearest that is."""
    names: dict[str, None] = {}
    for item in value.data if value else ():
        if not item.ok:
            continue
        if item.data in names:
            reading.problem(item.node, item.path, f"{quoted(item.data)} is listed twice; leave one out")
        elif item.data in known:
            names[item.data] = None
        else:
            unknown(item, known, what, reading)
    return tuple(names)


def unknown(item: Value, known: tuple[str, ...], what: str, reading: Reading) -> None:
    """Report a name that nothing has."""
    close = nearest(item.data, known)
    if close:
        tail = f"; did you mean {quoted(close)}?"
    else:
        tail = f": {listing(known[:12])}" if known else ", but there is none"
    reading.problem(item.node, item.path, f"found {quoted(item.data)}; expected {what}{tail}")
