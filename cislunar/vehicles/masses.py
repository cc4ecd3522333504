"""The mass budget: best estimate, growth allowance, predicted mass, system margin, launch mass, launcher."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cislunar.vehicles.checks import require_mass, require_name
from cislunar.vehicles.payloads import CATEGORIES, MATURITIES
from cislunar.vehicles.rules import MarginPolicy
from cislunar.vehicles.vehicle import Vehicle

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class MassItem:
    """A dry item of the budget.

    Attributes
    ----------
    name : str
    mass_kg : float
        Current best estimate, kg.
    group : str
        `bus` or `payload`.
    category, maturity : str
        See `cislunar.vehicles.payloads`.
    growth_fraction : float or None
        Growth allowance of your own, a fraction; None asks the policy.
    """

    name: str
    mass_kg: float
    group: str = "bus"
    category: str = "structure"
    maturity: str = "estimated"
    growth_fraction: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        require_mass(f"mass item {self.name}", self.mass_kg)
        require_name(f"mass item {self.name}: group", self.group, ("bus", "payload"))
        require_name(f"mass item {self.name}: category", self.category, CATEGORIES)
        require_name(f"mass item {self.name}: maturity", self.maturity, MATURITIES)


@dataclass(frozen=True)
class MassLine:
    """A line of the budget: best estimate, growth allowance and their sum, kg."""

    name: str
    group: str
    category: str
    maturity: str
    basic_kg: float
    growth_fraction: float
    growth_kg: float

    @property
    def predicted_kg(self) -> float:
        """Best estimate and growth allowance, kg."""
        return self.basic_kg + self.growth_kg


@dataclass(frozen=True)
class MassBudget:
    """The mass of a vehicle at launch, line by line.

    Attributes
    ----------
    vehicle, policy : str
        Names.
    lines : tuple of MassLine
        Bus and payloads.
    system_margin_kg : float
        On bus and payloads together, kg.
    carried : mapping of str to float
        Carried spacecraft, kg; their margins are their own.
    propellant_kg : float
        Loaded, residuals included, kg.
    launcher_kg : float or None
        What the launcher can inject, after its margin and its adapter, kg.
    """

    vehicle: str
    policy: str
    lines: tuple[MassLine, ...]
    system_margin_kg: float
    carried: Mapping[str, float]
    propellant_kg: float
    launcher_kg: float | None = None

    @property
    def basic_kg(self) -> float:
        """Best estimates of bus and payloads, kg."""
        return math.fsum(line.basic_kg for line in self.lines)

    @property
    def growth_kg(self) -> float:
        """Growth allowances, kg."""
        return math.fsum(line.growth_kg for line in self.lines)

    @property
    def predicted_kg(self) -> float:
        """Bus and payloads with growth allowance, kg."""
        return self.basic_kg + self.growth_kg

    @property
    def dry_kg(self) -> float:
        """Dry mass to design for: predicted mass and system margin, kg; without carried spacecraft."""
        return self.predicted_kg + self.system_margin_kg

    @property
    def carried_kg(self) -> float:
        """Carried spacecraft, kg."""
        return math.fsum(self.carried.values())

    @property
    def launch_kg(self) -> float:
        """Everything that is launched, with all margins, kg."""
        return self.dry_kg + self.carried_kg + self.propellant_kg

    @property
    def launcher_margin_kg(self) -> float | None:
        """What the launcher could still take, kg; negative if the vehicle is too heavy."""
        return None if self.launcher_kg is None else self.launcher_kg - self.launch_kg

    def predicted_of(self, group: str) -> float:
        """Predicted mass of `bus` or `payload`, kg."""
        return math.fsum(line.predicted_kg for line in self.lines if line.group == group)

    def rows(self) -> list[dict[str, Any]]:
        """List the budget as plain rows: the items, then the sums."""
        rows: list[dict[str, Any]] = [
            {
                "item": line.name,
                "group": line.group,
                "maturity": line.maturity,
                "basic_kg": line.basic_kg,
                "growth_percent": 100.0 * line.growth_fraction,
                "growth_kg": line.growth_kg,
                "mass_kg": line.predicted_kg,
            }
            for line in self.lines
        ]
        sums = [
            ("predicted dry mass", "sum", self.predicted_kg),
            (f"system margin ({self.policy})", "margin", self.system_margin_kg),
            ("dry mass with margins", "sum", self.dry_kg),
            *((name, "carried", mass) for name, mass in self.carried.items()),
            ("propellant", "propellant", self.propellant_kg),
            ("launch mass", "sum", self.launch_kg),
        ]
        if self.launcher_kg is not None:
            sums += [
                ("launcher capability", "launcher", self.launcher_kg),
                ("launcher margin", "launcher", self.launcher_kg - self.launch_kg),
            ]
        return rows + [
            {
                "item": name,
                "group": group,
                "maturity": "",
                "basic_kg": None,
                "growth_percent": None,
                "growth_kg": None,
                "mass_kg": mass,
            }
            for name, group, mass in sums
        ]

    def table(self) -> pd.DataFrame:
        """Give :meth:`rows` as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())


def mass_budget(
    vehicle: Vehicle,
    policy: MarginPolicy,
    *,
    items: Sequence[MassItem] = (),
    propellant_kg: float | None = None,
    launcher_capability_kg: float | None = None,
    launcher_quoted: bool = True,
    adapter_kg: float = 0.0,
) -> MassBudget:
    """Draw up the mass budget of a vehicle.

    Parameters
    ----------
    vehicle : Vehicle
        Its bus is one item with the vehicle's category and maturity, unless `items` break it down.
    policy : MarginPolicy
    items : sequence of MassItem, optional
        The bus in detail; then the vehicle's dry mass is not used and payloads may be listed too.
    propellant_kg : float, optional
        Propellant to be loaded, kg, from a delta-v budget; the vehicle's own by default.
    launcher_capability_kg : float, optional
        What the launcher injects at the C3 of the mission, kg.
    launcher_quoted : bool
        Whether the launch authority quoted the capability for this very orbit; if not, the policy's launcher
        margin is taken off, after the adapter (MAR-MAS-010).
    adapter_kg : float
        Launch adapter that stays with the launcher but counts against its capability, kg.
    """
    payloads = tuple(
        MassItem(each.name, each.mass_kg, "payload", each.category, each.maturity)
        for each in vehicle.payloads
    )
    bus = tuple(items) or (
        MassItem(f"{vehicle.name} bus", vehicle.dry_mass_kg, "bus", vehicle.category, vehicle.maturity),
    )
    lines = tuple(_line(item, policy) for item in bus + payloads)
    basic = math.fsum(line.basic_kg for line in lines)
    predicted = math.fsum(line.predicted_kg for line in lines)
    margin = policy.value("system mass") * (basic if policy.system_mass_of == "basic" else predicted)
    launcher = None
    if launcher_capability_kg is not None:
        require_mass(f"{vehicle.name}: launcher capability", launcher_capability_kg)
        require_mass(f"{vehicle.name}: launch adapter", adapter_kg)
        off = 0.0 if launcher_quoted else policy.value("launcher")
        launcher = (launcher_capability_kg - adapter_kg) * (1.0 - off)
    loaded = vehicle.propellant_kg if propellant_kg is None else propellant_kg
    require_mass(f"{vehicle.name}: propellant", loaded)
    return MassBudget(vehicle.name, policy.name, lines, margin, dict(vehicle.carried), loaded, launcher)


def _line(item: MassItem, policy: MarginPolicy) -> MassLine:
    fraction = item.growth_fraction
    if fraction is None:
        fraction = policy.growth_fraction(item.category, item.maturity, item.mass_kg)
    return MassLine(
        item.name, item.group, item.category, item.maturity, item.mass_kg, fraction, fraction * item.mass_kg
    )
