"""Trade studies: many scenarios as one batch, a store that loses nothing, and what the results mean."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.trades.measures import MeasureKind, register
    from cislunar.trades.result import StudyResult
    from cislunar.trades.study import Constraint, Objective, Study

__all__ = ["Constraint", "MeasureKind", "Objective", "Study", "StudyResult", "register"]

_HOMES = {
    "Constraint": "study",
    "MeasureKind": "measures",
    "Objective": "study",
    "Study": "study",
    "StudyResult": "result",
    "register": "measures",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
