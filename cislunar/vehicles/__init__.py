"""Spacecraft as machines: engines, propellant, payloads, masses and margins."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.vehicles.budget import DeltaVBudget
    from cislunar.vehicles.cost import cost_per_kilogram
    from cislunar.vehicles.data_balance import Link, Source, bent_pipe, store_and_forward
    from cislunar.vehicles.engine import Engine
    from cislunar.vehicles.events import Manoeuvre, Release
    from cislunar.vehicles.landed_payload import payload_limit
    from cislunar.vehicles.margins import policy
    from cislunar.vehicles.masses import MassItem, mass_budget
    from cislunar.vehicles.payloads import Payload
    from cislunar.vehicles.rocket import mass_after, propellant
    from cislunar.vehicles.rules import MarginPolicy
    from cislunar.vehicles.vehicle import Vehicle

__all__ = [
    "DeltaVBudget",
    "Engine",
    "Link",
    "Manoeuvre",
    "MarginPolicy",
    "MassItem",
    "Payload",
    "Release",
    "Source",
    "Vehicle",
    "bent_pipe",
    "cost_per_kilogram",
    "mass_after",
    "mass_budget",
    "payload_limit",
    "policy",
    "propellant",
    "store_and_forward",
]

_HOMES = {
    "DeltaVBudget": "budget",
    "Engine": "engine",
    "Link": "data_balance",
    "Manoeuvre": "events",
    "MarginPolicy": "rules",
    "MassItem": "masses",
    "Payload": "payloads",
    "Release": "events",
    "Source": "data_balance",
    "Vehicle": "vehicle",
    "bent_pipe": "data_balance",
    "cost_per_kilogram": "cost",
    "mass_after": "rocket",
    "mass_budget": "masses",
    "payload_limit": "landed_payload",
    "policy": "margins",
    "propellant": "rocket",
    "store_and_forward": "data_balance",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that nothing heavy is loaded before it is needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
