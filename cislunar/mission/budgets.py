"""Delta-v and mass budgets of the spacecraft as they were flown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cislunar.errors import InputError
from cislunar.vehicles import budget, masses
from cislunar.vehicles.cost import CostPerKilogram, Price, cost_per_kilogram
from cislunar.vehicles.landed_payload import PayloadLimit, landed_payload

if TYPE_CHECKING:
    from cislunar.mission.timeline import FlownPhase, Timeline
    from cislunar.scenario import Scenario
    from cislunar.scenario.model import Spacecraft
    from cislunar.vehicles.rules import MarginPolicy
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
    most_payload : PayloadLimit or None
        The most that this vehicle brings to the end of its timeline with its load of propellant and its
        launcher; None where the timeline was not flown to its last burn, or has none.
    cost : CostPerKilogram or None
        Price over the payloads and the spacecraft delivered, where a price is stated and all was flown.
    """

    vehicle: Vehicle
    delta_v: budget.DeltaVBudget | None
    mass: masses.MassBudget
    most_payload: PayloadLimit | None = None
    cost: CostPerKilogram | None = None


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
        rules = craft.margins
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
            _most_payload(craft.vehicle, phases, events, rules, capability),
            _cost(craft, timelines.get(name)),
        )
    return found


def _most_payload(
    vehicle: Vehicle,
    phases: tuple[FlownPhase, ...],
    events: list[budget.Event],
    rules: MarginPolicy,
    capability_kg: float | None,
) -> PayloadLimit | None:
    unknown = any(phase.status == "not reached" and phase.kind != "operate" for phase in phases)
    if unknown or not vehicle.payloads or not any(isinstance(each, budget.Manoeuvre) for each in events):
        return None
    try:
        return landed_payload(
            vehicle, events, rules, launch_mass_kg=math.inf if capability_kg is None else capability_kg
        )
    except InputError:
        return None  # burns of no size limit nothing


def _cost(craft: Spacecraft, timeline: Timeline | None) -> CostPerKilogram | None:
    if craft.price_usd is None or craft.vehicle is None or timeline is None or not timeline.complete:
        return None
    released = {p.details["released"] for p in timeline.phases if "released" in p.details}
    delivered = craft.vehicle.payload_mass_kg + math.fsum(
        mass for name, mass in craft.vehicle.carried.items() if name in released
    )
    if delivered <= 0.0:
        return None
    covers = "payloads and released spacecraft" if released else "payloads"
    return cost_per_kilogram(Price(craft.price_usd, "USD", covers), delivered)


def _events(phase: FlownPhase) -> list[budget.Event]:
    if "released" in phase.details:
        return [budget.Release(phase.details["released"])]
    if phase.delta_v_km_s == 0.0:
        return []
    # A burn can be cheaper than the impulse it stands for: gravity helps where it is off the apsis.
    loss = max(phase.loss_km_s, 0.0)
    ideal = phase.delta_v_km_s - loss - phase.statistical_km_s
    return [budget.Manoeuvre(phase.label, ideal, loss, phase.statistical_km_s)]
