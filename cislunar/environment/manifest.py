"""The data files inside the package: where they came from and how good they are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from cislunar.errors import InputError

DATA_DIRECTORY = Path(__file__).resolve().parent.parent / "data"


@cache
def _entries() -> dict[str, dict[str, Any]]:
    text = (DATA_DIRECTORY / "manifest.json").read_text(encoding="utf-8")
    return {entry["name"]: entry for entry in json.loads(text)["files"]}


def manifest() -> dict[str, dict[str, Any]]:
    """Describe every packaged data file.

    Returns
    -------
    dict
        Name of the table to its record: `file`, `bytes`, `sha256`, `title`, `origin`, `citation`, `carrier`,
        `sources` (name and sha256 of each file it was cut from), `span`, `frame`, `units`, `accuracy`,
        `licence`.
    """
    return {name: dict(entry) for name, entry in _entries().items()}


def path(name: str) -> Path:
    """Return where a packaged data file lies.

    Parameters
    ----------
    name : str
        A name of the manifest, such as `de440`.

    Raises
    ------
    InputError
        There is no such table.
    """
    entries = _entries()
    if name not in entries:
        raise InputError(f"packaged data: expected one of {', '.join(sorted(entries))}; got {name!r}")
    return DATA_DIRECTORY / entries[name]["file"]
