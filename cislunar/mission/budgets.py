"""Delta-v and mass budgets of the spacecraft as they were flown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cislunar.vehicles import budget, masses
from cislunar.vehicles.margins import policy

if TYPE_CHECKING:
    from cislunar.mission.timeline import FlownPhase, Timeline
    from cislunar.scenario import Scenario
    from cislunar.vehicles.vehicle import Vehicle


@dataclass(frozen=True)
class Budgets:
    """Budgets of one spacecraft under its margin policy.

    Attributes
    ----------
    vehicle : Vehicle
        What they are of.
    delta_v : DeltaVBudget or None
        Burns and releases of its timeline with margins, against the propellant loaded; the burn that was not
        possible included, as far as it is known. None for a spacecraft that neither burns nor releases.
    mass : MassBudget
        At the start, with growth allowance and system margin.
    """

    vehicle: Vehicle
    delta_v: budget.DeltaVBudget | None
    mass: masses.MassBudget


def budgets_of(scenario: Scenario, timelines: Mapping[str, Timeline]) -> dict[str, Budgets]:
    """Draw up the budgets of every spacecraft whose dry mass is stated.

    Parameters
    ----------
    scenario : Scenario
    timelines : mapping of str to Timeline
        As flown.
    """
    found = {}
    for name, craft in scenario.spacecraft.items():
        if craft.vehicle is None:
            continue
        rules = policy(craft.margin_policy)
        phases = timelines[name].phases if name in timelines else ()
        events = [event for phase in phases for event in _events(phase)]
        capability = next(
            (p.details["launcher_capability_kg"] for p in phases if "launcher_capability_kg" in p.details),
            None,
        )
        found[name] = Budgets(
            craft.vehicle,
            budget.fly(craft.vehicle, events, rules) if events else None,
            masses.mass_budget(craft.vehicle, rules, launcher_capability_kg=capability),
        )
    return found


def _events(phase: FlownPhase) -> list[budget.Event]:
    if "released" in phase.details:
        return [budget.Release(phase.details["released"])]
    if phase.delta_v_km_s == 0.0:
        return []
    # A burn can be cheaper than the impulse it stands for: gravity helps where it is off the apsis.
    loss = max(phase.loss_km_s, 0.0)
    ideal = phase.delta_v_km_s - loss - phase.statistical_km_s
    return [budget.Manoeuvre(phase.label, ideal, loss, phase.statistical_km_s)]
