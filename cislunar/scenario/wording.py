"""How messages about a file quote what they found and suggest what was meant."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Final

_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder the text around them."""


def quoted(text: str, limit: int = 60) -> str:
    """Quote text from a file: on one line, shortened, with nothing a terminal could act on."""
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: limit + 1]
    )
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    return f"'{shown}'"


def is_readable(text: str) -> bool:
    """Whether a text for people holds nothing that a terminal or a page acts on instead of showing it."""
    return not any((unicodedata.category(c) == "Cc" and c not in "\n\t") or c in _DIRECTIONS for c in text)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that a misspelt one most likely means.

    Case, blanks, hyphens and underscores do not count; a beginning of a known word means that word.
    """
    plain = {_plain(item): item for item in known}
    wanted = _plain(word)[:80]
    if wanted in plain:
        return plain[wanted]
    close = difflib.get_close_matches(wanted, plain, n=1, cutoff=0.6)
    if close:
        return plain[close[0]]
    starts = [item for key, item in plain.items() if len(wanted) >= 3 and key.startswith(wanted)]
    return starts[0] if len(starts) == 1 else None


def listing(words: Iterable[str], last: str = "or") -> str:
    """Join words as a sentence does: `a, b or c`."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + f" {last} {items[-1]}"


def _plain(word: str) -> str:
    return word.lower().replace(" ", "").replace("-", "").replace("_", "")
