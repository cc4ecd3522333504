"""What a kilogram delivered costs, where a price is given; currencies are kept as given, never converted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cislunar.errors import InputError


@dataclass(frozen=True)
class Price:
    """A price as somebody gave it.

    Attributes
    ----------
    amount : float
    currency : str
        As given, `"USD"`.
    covers : str
        What it pays for, in words: a task order, a launch, a share.
    source : str
        Where it is from.
    """

    amount: float
    currency: str
    covers: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Check the amount and the currency."""
        if not (math.isfinite(self.amount) and self.amount >= 0.0):
            raise InputError(f"price: expected zero or more; got {self.amount} {self.currency}")
        if not self.currency.strip():
            raise InputError(f"price of {self.amount:,.0f}: expected a currency, as 'USD'; got none")


@dataclass(frozen=True)
class CostPerKilogram:
    """Price over mass delivered: amount per kg, the currency, the mass in kg and what the price covers."""

    per_kg: float
    currency: str
    delivered_kg: float
    covers: str

    def __str__(self) -> str:
        """Give `768,421 USD/kg for 95 kg delivered`."""
        return f"{self.per_kg:,.0f} {self.currency}/kg for {self.delivered_kg:,.4g} kg delivered"


def cost_per_kilogram(price: Price, delivered_kg: float) -> CostPerKilogram:
    """Divide a price by the mass it delivers.

    Parameters
    ----------
    price : Price
    delivered_kg : float
        Best estimate of the payload delivered, kg.

    Raises
    ------
    InputError
        If nothing is delivered.
    """
    if not (math.isfinite(delivered_kg) and delivered_kg > 0.0):
        raise InputError(f"cost per kilogram: expected a delivered mass above zero; got {delivered_kg} kg")
    return CostPerKilogram(price.amount / delivered_kg, price.currency, delivered_kg, price.covers)
