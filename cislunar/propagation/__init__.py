"""The vectorized core: forces, integrator, dense output, `Trajectory`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.propagation.cr3bp import EARTH_MOON, ThreeBodySystem, propagate_three_body
    from cislunar.propagation.flight import acceleration, propagate
    from cislunar.propagation.force_model import ForceModel, RadiationPressure
    from cislunar.propagation.montecarlo import (
        Dispersion,
        propagate_dispersed,
        rtn_axes,
        sample_states,
        transport_covariance,
    )
    from cislunar.propagation.status import Status
    from cislunar.propagation.stm import StateTransition, propagate_state_transition, state_transition
    from cislunar.propagation.tides import SolidTide
    from cislunar.propagation.trajectory import Trajectory

__all__ = [
    "EARTH_MOON",
    "Dispersion",
    "ForceModel",
    "RadiationPressure",
    "SolidTide",
    "StateTransition",
    "Status",
    "ThreeBodySystem",
    "Trajectory",
    "acceleration",
    "propagate",
    "propagate_dispersed",
    "propagate_state_transition",
    "propagate_three_body",
    "rtn_axes",
    "sample_states",
    "state_transition",
    "transport_covariance",
]

_HOMES = {
    "Dispersion": "montecarlo",
    "SolidTide": "tides",
    "propagate_dispersed": "montecarlo",
    "rtn_axes": "montecarlo",
    "sample_states": "montecarlo",
    "transport_covariance": "montecarlo",
    "EARTH_MOON": "cr3bp",
    "ThreeBodySystem": "cr3bp",
    "propagate_three_body": "cr3bp",
    "ForceModel": "force_model",
    "RadiationPressure": "force_model",
    "acceleration": "flight",
    "propagate": "flight",
    "StateTransition": "stm",
    "propagate_state_transition": "stm",
    "Status": "status",
    "state_transition": "stm",
    "Trajectory": "trajectory",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that the compiler is not loaded before something is flown."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
