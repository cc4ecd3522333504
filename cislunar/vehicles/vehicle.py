"""A vehicle: dry mass, propellant, engines, what it carries."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cislunar.errors import InputError
from cislunar.vehicles.checks import kilograms, require_fraction, require_mass, require_name
from cislunar.vehicles.engine import Engine
from cislunar.vehicles.payloads import CATEGORIES, MATURITIES, Payload


@dataclass(frozen=True)
class Vehicle:
    """A spacecraft with one load of propellant that all its engines share.

    Attributes
    ----------
    name : str
    dry_mass_kg : float
        The bus: current best estimate without payloads, carried spacecraft, propellant or any margin, kg.
    propellant_kg : float
        Propellant loaded, residuals included, kg.
    engines : mapping of str to Engine
        By name; the first is the one meant where no engine is named.
    tank_capacity_kg : float or None
        The most propellant that fits, kg; None if not known.
    residuals_fraction : float or None
        Propellant that cannot be used, as a fraction of the propellant used; None leaves it to the margin
        policy.
    payloads : sequence of Payload
    carried : mapping of str to float
        Spacecraft to be released, by name: mass at launch with their own propellant and margins, kg.
    maturity, category : str
        Design maturity and kind of hardware of the bus as a whole, for the mass growth allowance.

    Raises
    ------
    InputError
        If a mass is negative, names repeat or the propellant does not fit the tank.
    """

    name: str
    dry_mass_kg: float
    propellant_kg: float = 0.0
    engines: Mapping[str, Engine] = field(default_factory=dict)
    tank_capacity_kg: float | None = None
    residuals_fraction: float | None = None
    payloads: Sequence[Payload] = ()
    carried: Mapping[str, float] = field(default_factory=dict)
    maturity: str = "estimated"
    category: str = "structure"

    def __post_init__(self) -> None:
        """Check the values."""
        require_mass(f"{self.name}: dry mass", self.dry_mass_kg, zero=False)
        require_mass(f"{self.name}: propellant", self.propellant_kg)
        for name, mass in self.carried.items():
            require_mass(f"{self.name}: carried spacecraft {name}", mass)
        if self.residuals_fraction is not None:
            require_fraction(f"{self.name}: residuals", self.residuals_fraction, 1.0)
        if self.tank_capacity_kg is not None:
            require_mass(f"{self.name}: tank capacity", self.tank_capacity_kg)
            over = self.propellant_kg - self.tank_capacity_kg
            if over > 0.0:
                raise InputError(
                    f"{self.name}: {kilograms(self.propellant_kg)} of propellant does not fit tanks for "
                    f"{kilograms(self.tank_capacity_kg)}: {kilograms(over)} too much"
                )
        names = Counter([*(each.name for each in self.payloads), *self.carried])
        twice = [name for name, number in names.items() if number > 1]
        if twice:
            raise InputError(
                f"{self.name}: expected each thing aboard to have its own name; {twice[0]!r} repeats"
            )
        require_name(f"{self.name}: maturity", self.maturity, MATURITIES)
        require_name(f"{self.name}: category", self.category, CATEGORIES)

    @classmethod
    def from_wet_mass(cls, name: str, wet_mass_kg: float, dry_mass_kg: float, **other: Any) -> Vehicle:
        """Make a vehicle from its mass at launch: the propellant is what is left after everything else.

        Parameters
        ----------
        name : str
        wet_mass_kg : float
            Everything aboard, kg.
        dry_mass_kg : float
            The bus alone, kg.
        **other
            Further attributes, except `propellant_kg`.

        Raises
        ------
        InputError
            If dry mass, payloads and carried spacecraft together are above the wet mass; says by how much.
        """
        require_mass(f"{name}: wet mass", wet_mass_kg, zero=False)
        require_mass(f"{name}: dry mass", dry_mass_kg, zero=False)
        load = math.fsum(each.mass_kg for each in other.get("payloads", ()))
        load += math.fsum(other.get("carried", {}).values())
        propellant = wet_mass_kg - dry_mass_kg - load
        if propellant < 0.0:
            parts = f"dry mass {kilograms(dry_mass_kg)}"
            if load:
                parts += f" with {kilograms(load)} of payload and carried spacecraft"
            raise InputError(
                f"{name}: {parts} is above the wet mass {kilograms(wet_mass_kg)} by {kilograms(-propellant)}"
            )
        return cls(name, dry_mass_kg, propellant, **other)

    @property
    def payload_mass_kg(self) -> float:
        """Best estimates of all payloads together, kg."""
        return math.fsum(each.mass_kg for each in self.payloads)

    @property
    def carried_mass_kg(self) -> float:
        """All carried spacecraft together, kg."""
        return math.fsum(self.carried.values())

    @property
    def wet_mass_kg(self) -> float:
        """Everything aboard at its best estimate, kg: no growth allowance, no system margin."""
        return self.dry_mass_kg + self.payload_mass_kg + self.carried_mass_kg + self.propellant_kg

    @property
    def aboard(self) -> dict[str, float]:
        """What could be released: payloads and carried spacecraft with their masses, kg."""
        return {**{each.name: each.mass_kg for each in self.payloads}, **self.carried}

    def engine(self, name: str = "") -> Engine:
        """Give an engine by name; the first one for an empty name.

        Raises
        ------
        InputError
            If the vehicle has no engine, or none of that name.
        """
        if not self.engines:
            raise InputError(f"{self.name}: expected an engine for its manoeuvres; it has none")
        if not name:
            return next(iter(self.engines.values()))
        require_name(f"{self.name}: engine", name, self.engines)
        return self.engines[name]
