"""The vectorized core: forces, integrator, dense output, `Trajectory`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.propagation.flight import acceleration, propagate
    from cislunar.propagation.force_model import ForceModel, RadiationPressure
    from cislunar.propagation.status import Status
    from cislunar.propagation.trajectory import Trajectory

__all__ = ["ForceModel", "RadiationPressure", "Status", "Trajectory", "acceleration", "propagate"]

_HOMES = {
    "ForceModel": "force_model",
    "RadiationPressure": "force_model",
    "acceleration": "flight",
    "propagate": "flight",
    "Status": "status",
    "Trajectory": "trajectory",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that the compiler is not loaded before something is flown."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
