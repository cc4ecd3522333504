"""The vectorized core: forces, integrator, dense output, `Trajectory`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.propagation.burn_kinds import (
        AgainstVelocity,
        AlongVelocity,
        FiniteBurn,
        FixedDirection,
        ImpulsiveBurn,
        TurningDirection,
    )
    from cislunar.propagation.burn_sensitivity import BurnSensitivity
    from cislunar.propagation.burns import propagate_burns
    from cislunar.propagation.cr3bp import EARTH_MOON, ThreeBodySystem, propagate_three_body
    from cislunar.propagation.event_kinds import (
        Altitude,
        Apoapsis,
        Elevation,
        Event,
        Node,
        Periapsis,
        PlaneCrossing,
        Radius,
        ShadowEntry,
        ShadowExit,
        TrueAnomaly,
        UserEvent,
    )
    from cislunar.propagation.event_table import EventTable
    from cislunar.propagation.events import find_events
    from cislunar.propagation.flight import acceleration, propagate
    from cislunar.propagation.force_model import ForceModel, RadiationPressure
    from cislunar.propagation.handover import propagate_transfer, propagate_transfer_burns
    from cislunar.propagation.montecarlo import (
        Dispersion,
        propagate_dispersed,
        rtn_axes,
        sample_states,
        transport_covariance,
    )
    from cislunar.propagation.powered import PoweredFlight
    from cislunar.propagation.powered_transfer import PoweredTransfer
    from cislunar.propagation.status import Status
    from cislunar.propagation.stm import StateTransition, propagate_state_transition, state_transition
    from cislunar.propagation.tides import SolidTide
    from cislunar.propagation.trajectory import Trajectory
    from cislunar.propagation.transfer_trajectory import TransferTrajectory

__all__ = [
    "EARTH_MOON",
    "AgainstVelocity",
    "AlongVelocity",
    "Altitude",
    "Apoapsis",
    "BurnSensitivity",
    "Dispersion",
    "Elevation",
    "Event",
    "EventTable",
    "FiniteBurn",
    "FixedDirection",
    "ForceModel",
    "ImpulsiveBurn",
    "Node",
    "Periapsis",
    "PlaneCrossing",
    "PoweredFlight",
    "PoweredTransfer",
    "RadiationPressure",
    "Radius",
    "ShadowEntry",
    "ShadowExit",
    "SolidTide",
    "StateTransition",
    "Status",
    "ThreeBodySystem",
    "Trajectory",
    "TransferTrajectory",
    "TrueAnomaly",
    "TurningDirection",
    "UserEvent",
    "acceleration",
    "find_events",
    "propagate",
    "propagate_burns",
    "propagate_dispersed",
    "propagate_state_transition",
    "propagate_three_body",
    "propagate_transfer",
    "propagate_transfer_burns",
    "rtn_axes",
    "sample_states",
    "state_transition",
    "transport_covariance",
]

_HOMES = {
    "AgainstVelocity": "burn_kinds",
    "AlongVelocity": "burn_kinds",
    "FiniteBurn": "burn_kinds",
    "FixedDirection": "burn_kinds",
    "ImpulsiveBurn": "burn_kinds",
    "TurningDirection": "burn_kinds",
    "BurnSensitivity": "burn_sensitivity",
    "PoweredFlight": "powered",
    "PoweredTransfer": "powered_transfer",
    "propagate_burns": "burns",
    "Altitude": "event_kinds",
    "Apoapsis": "event_kinds",
    "Elevation": "event_kinds",
    "Event": "event_kinds",
    "Node": "event_kinds",
    "Periapsis": "event_kinds",
    "PlaneCrossing": "event_kinds",
    "Radius": "event_kinds",
    "ShadowEntry": "event_kinds",
    "ShadowExit": "event_kinds",
    "TrueAnomaly": "event_kinds",
    "UserEvent": "event_kinds",
    "EventTable": "event_table",
    "find_events": "events",
    "propagate_transfer": "handover",
    "propagate_transfer_burns": "handover",
    "TransferTrajectory": "transfer_trajectory",
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
