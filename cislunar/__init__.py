"""Cislunar mission-architecture simulator.

`load` reads a scenario, `run` flies it and gathers a result; `Study` varies it; `propagate`, `ForceModel` and
`Trajectory` are the core underneath. Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.mission import run
    from cislunar.propagation import ForceModel, Trajectory, propagate
    from cislunar.scenario import load
    from cislunar.trades import Study

__version__ = "0.1.0"

__all__ = ["ForceModel", "Study", "Trajectory", "__version__", "load", "propagate", "run"]

_HOMES = {
    "ForceModel": "cislunar.propagation",
    "Trajectory": "cislunar.propagation",
    "propagate": "cislunar.propagation",
    "load": "cislunar.scenario",
    "run": "cislunar.mission",
    "Study": "cislunar.trades",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
