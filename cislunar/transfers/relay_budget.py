"""The whole propellant of a relay: delivery, phasing, keeping, later moves and its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.transfers.changes import change_periapsis
from cislunar.transfers.craft import Craft
from cislunar.vehicles.rocket import propellant


@dataclass(frozen=True)
class Expense:
    """One line of a budget.

    Attributes
    ----------
    event : str
        Delivery, phasing, keeping, ...
    delta_v_km_s : float
        Change of velocity, km/s.
    basis : str
        How it was found: the rule of keeping, the way of delivery, what decides the end.
    """

    event: str
    delta_v_km_s: float
    basis: str = ""


@dataclass(frozen=True)
class BudgetLine:
    """An expense with what it takes from the tank.

    Attributes
    ----------
    event, basis : str
        As given.
    delta_v_km_s, propellant_kg, mass_before_kg, mass_after_kg : float
        Change of velocity, propellant for it, masses; they go on below the dry mass to show what lacks.
    """

    event: str
    basis: str
    delta_v_km_s: float
    propellant_kg: float
    mass_before_kg: float
    mass_after_kg: float


@dataclass(frozen=True)
class RelayBudget:
    """The budget of one relay.

    Attributes
    ----------
    craft : Craft
        The relay at its release.
    lines : tuple of BudgetLine
        In the order of its life.
    life : str
        What becomes of its working orbit without keeping.
    """

    craft: Craft
    lines: tuple[BudgetLine, ...]
    life: str

    @property
    def delta_v_km_s(self) -> float:
        """Sum, km/s."""
        return sum(line.delta_v_km_s for line in self.lines)

    @property
    def propellant_kg(self) -> float:
        """Propellant needed, kg."""
        return sum(line.propellant_kg for line in self.lines)

    @property
    def left_kg(self) -> float:
        """Propellant aboard minus what is needed, kg; negative if it does not close."""
        return self.craft.propellant_kg - self.propellant_kg

    @property
    def left_km_s(self) -> float:
        """Change of velocity that is left, km/s; negative if it does not close."""
        return self.craft.delta_v_km_s - self.delta_v_km_s

    @property
    def closes(self) -> bool:
        """Whether the propellant aboard suffices."""
        return self.left_kg >= 0.0

    @property
    def message(self) -> str:
        """What is short, by how much and from which event on; empty if it closes."""
        if self.closes:
            return ""
        event = next(line.event for line in self.lines if line.mass_after_kg < self.craft.dry_mass_kg)
        return (
            f"{self.craft.name}: {1e3 * self.delta_v_km_s:.0f} m/s need {self.propellant_kg:.1f} kg; "
            f"{self.craft.propellant_kg:.1f} kg are aboard: short by {-self.left_kg:.1f} kg; it runs out "
            f"during {event}"
        )

    def needed_at_dry_mass_kg(self) -> float:
        """Propellant with which the same dry mass would close, kg."""
        full = self.craft.dry_mass_kg * np.exp(self.delta_v_km_s / self.craft.engine.exhaust_speed_km_s)
        return float(full - self.craft.dry_mass_kg)


def relay_budget(relay: Craft, expenses: Sequence[Expense], life: str = "") -> RelayBudget:
    """Add up the life of a relay.

    Parameters
    ----------
    relay : Craft
        At its release.
    expenses : sequence of Expense
        In the order of its life.
    life : str
        Without keeping, as `Lifetimes.describe` says it.

    Returns
    -------
    RelayBudget

    Raises
    ------
    InputError
        A negative expense.
    """
    lines, mass = [], relay.mass_kg
    for each in expenses:
        if not each.delta_v_km_s >= 0.0:
            raise InputError(
                f"{relay.name}, {each.event}: expected 0 m/s or more; got {each.delta_v_km_s} km/s"
            )
        used = float(propellant(mass, each.delta_v_km_s, relay.engine.isp_s))
        lines.append(BudgetLine(each.event, each.basis, each.delta_v_km_s, used, mass, mass - used))
        mass -= used
    return RelayBudget(relay, tuple(lines), life)


def disposal(periapsis_km: float, apoapsis_km: float, gm: float, depth_km: float = 50.0) -> Expense:
    """An impulse at apoapsis that brings the relay down on the next pass.

    Parameters
    ----------
    periapsis_km, apoapsis_km : float
        Radii of the apses of its last orbit, km.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    depth_km : float
        How far below the 1737.4 km sphere the periapsis is put, so that it strikes whatever the relief; the
        lowest ground lies some 9 km below the sphere.

    Returns
    -------
    Expense
    """
    aim = MOON_RADIUS_KM - depth_km
    cost = float(change_periapsis(periapsis_km, apoapsis_km, aim, gm).total_km_s)
    return Expense("disposal", cost, f"periapsis to {depth_km:g} km below the sphere, from apoapsis")
