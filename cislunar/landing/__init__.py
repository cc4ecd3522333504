"""From a lunar orbit to the ground: descent orbit, braking, approach, touchdown."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.landing.communications import Contacts, contacts
    from cislunar.landing.descent import Descent
    from cislunar.landing.descent_law import powered_descent_km_s
    from cislunar.landing.impulsive import descent_orbit_km_s, impulsive_limit_km_s
    from cislunar.landing.optimal import optimal_descent
    from cislunar.landing.plan import LandingPlan, plan_landing
    from cislunar.landing.problem import Approach, Floor, Ground, LevelStart, StateStart, Vertical

__all__ = [
    "Approach",
    "Contacts",
    "Descent",
    "Floor",
    "Ground",
    "LandingPlan",
    "LevelStart",
    "StateStart",
    "Vertical",
    "contacts",
    "descent_orbit_km_s",
    "impulsive_limit_km_s",
    "optimal_descent",
    "plan_landing",
    "powered_descent_km_s",
]

_HOMES = {
    "Approach": "problem",
    "Contacts": "communications",
    "Descent": "descent",
    "Floor": "problem",
    "Ground": "problem",
    "LandingPlan": "plan",
    "LevelStart": "problem",
    "StateStart": "problem",
    "Vertical": "problem",
    "contacts": "communications",
    "descent_orbit_km_s": "impulsive",
    "impulsive_limit_km_s": "impulsive",
    "optimal_descent": "optimal",
    "plan_landing": "plan",
    "powered_descent_km_s": "descent_law",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that nothing heavy is loaded before it is needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
