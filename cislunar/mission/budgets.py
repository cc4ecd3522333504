"""Delta-v and mass budgets of the spacecraft as they were flown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cislunar.errors import InputError
from cislunar.vehicles import budget, masses
from cislunar.vehicles.checks import kilograms
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
        possible included, as far as it is known. None for a spacecraft that neither burns nor releases, or
        whose residuals no load of propellant could carry.
    mass : MassBudget
        At the start, with growth allowance and system margin.
    most_payload : PayloadLimit or None
        The most that this vehicle brings to the end of its timeline with its load of propellant and its
        launcher; None where the timeline was not flown to its last burn, or has none.
    cost : CostPerKilogram or None
        Price over the payloads and the spacecraft delivered, where a price is stated and all was flown.
    payload_kg : float
        Payloads that stay aboard to the end, with growth allowance and system margin, kg: what is to be held
        against `most_payload`.
    """

    vehicle: Vehicle
    delta_v: budget.DeltaVBudget | None
    mass: masses.MassBudget
    most_payload: PayloadLimit | None = None
    cost: CostPerKilogram | None = None
    payload_kg: float = 0.0

    @property
    def payload_margin_kg(self) -> float | None:
        """Payload that could still be taken, kg; negative: so much is too heavy. None where not known."""
        return None if self.most_payload is None else float(self.most_payload.payload_kg) - self.payload_kg

    @property
    def too_heavy(self) -> str:
        """By how much the payload is too heavy; empty if it is not."""
        over = -(self.payload_margin_kg or 0.0)
        if self.most_payload is None or over <= 1e-9 * max(self.payload_kg, 1.0):
            return ""
        most = float(self.most_payload.payload_kg)
        able = f"can bring {kilograms(most)}" if most >= 0.0 else "does not get there even without payload"
        return (
            f"{self.vehicle.name}: payload of {kilograms(self.payload_kg)} with margins "
            f"(policy {self.mass.policy}) is {kilograms(over)} more than it can bring to the end of its "
            f"timeline: it {able}, limited by {self.most_payload.limit_name()}"
        )


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
        mass = masses.mass_budget(craft.vehicle, rules, launcher_capability_kg=capability)
        empty = masses.mass_budget(replace(craft.vehicle, payloads=()), rules)
        found[name] = Budgets(
            craft.vehicle,
            _delta_v(craft.vehicle, events, rules),
            mass,
            _most_payload(craft.vehicle, phases, events, rules, mass.launcher_kg),
            _cost(craft, timelines.get(name)),
            mass.dry_kg - empty.dry_kg,
        )
    return found


def _delta_v(vehicle: Vehicle, events: list[budget.Event], rules: MarginPolicy) -> budget.DeltaVBudget | None:
    if not events:
        return None
    try:
        return budget.fly(vehicle, events, rules)
    except InputError:
        return None  # a burn of the timeline is out of all proportion; its phase says so


def _most_payload(
    vehicle: Vehicle,
    phases: tuple[FlownPhase, ...],
    events: list[budget.Event],
    rules: MarginPolicy,
    launcher_kg: float | None,
) -> PayloadLimit | None:
    unknown = any(
        phase.status == "not reached" or (phase.status == "not possible" and phase.delta_v_km_s == 0.0)
        for phase in phases
        if phase.kind != "operate"
    )
    if unknown or not vehicle.payloads or not any(isinstance(each, budget.Manoeuvre) for each in events):
        return None
    try:
        return landed_payload(
            vehicle, events, rules, launch_mass_kg=math.inf if launcher_kg is None else launcher_kg
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
