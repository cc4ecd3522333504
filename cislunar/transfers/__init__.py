"""Ways from the Earth to lunar orbits: launch, transfer, capture, orbit changes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.transfers.ballistic import Candidates, search
    from cislunar.transfers.ballistic_transfers import BallisticTransfers
    from cislunar.transfers.bplane import b_plane
    from cislunar.transfers.changes import bielliptic, hohmann, plane_change
    from cislunar.transfers.corrections import CorrectionErrors, correction_statistics, injection_covariance
    from cislunar.transfers.craft import Craft
    from cislunar.transfers.delivery import rank_deliveries
    from cislunar.transfers.direct import direct_transfers
    from cislunar.transfers.free_return import FreeReturns, free_returns
    from cislunar.transfers.insertion import Insertion, equal_burns, insert, insertion_impulse
    from cislunar.transfers.launch import CAPE_CANAVERAL, Launcher, LaunchSite
    from cislunar.transfers.lunar_arrival import LunarArrival
    from cislunar.transfers.parking import ParkingOrbit
    from cislunar.transfers.phasing import phasings
    from cislunar.transfers.relay_budget import Expense, RelayBudget
    from cislunar.transfers.solution import Transfers
    from cislunar.transfers.targeting import ArrivalTarget
    from cislunar.transfers.two_impulse import cheapest_two_impulses

__all__ = [
    "CAPE_CANAVERAL",
    "ArrivalTarget",
    "BallisticTransfers",
    "Candidates",
    "CorrectionErrors",
    "Craft",
    "Expense",
    "FreeReturns",
    "Insertion",
    "LaunchSite",
    "Launcher",
    "LunarArrival",
    "ParkingOrbit",
    "RelayBudget",
    "Transfers",
    "b_plane",
    "bielliptic",
    "cheapest_two_impulses",
    "correction_statistics",
    "direct_transfers",
    "equal_burns",
    "free_returns",
    "hohmann",
    "injection_covariance",
    "insert",
    "insertion_impulse",
    "phasings",
    "plane_change",
    "rank_deliveries",
    "search",
]

_HOMES = {
    "ArrivalTarget": "targeting",
    "BallisticTransfers": "ballistic_transfers",
    "CAPE_CANAVERAL": "launch",
    "Candidates": "ballistic",
    "CorrectionErrors": "corrections",
    "Craft": "craft",
    "Expense": "relay_budget",
    "FreeReturns": "free_return",
    "Insertion": "insertion",
    "LaunchSite": "launch",
    "Launcher": "launch",
    "LunarArrival": "lunar_arrival",
    "ParkingOrbit": "parking",
    "RelayBudget": "relay_budget",
    "Transfers": "solution",
    "b_plane": "bplane",
    "bielliptic": "changes",
    "cheapest_two_impulses": "two_impulse",
    "correction_statistics": "corrections",
    "direct_transfers": "direct",
    "equal_burns": "insertion",
    "free_returns": "free_return",
    "hohmann": "changes",
    "injection_covariance": "corrections",
    "insert": "insertion",
    "insertion_impulse": "insertion",
    "phasings": "phasing",
    "plane_change": "changes",
    "rank_deliveries": "delivery",
    "search": "ballistic",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that nothing heavy is loaded before it is needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
