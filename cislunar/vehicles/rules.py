"""Margin rules and how they are applied: every number is a rule with its identifier.

Two things are kept apart, as mass properties practice does: the *growth allowance* of an item (it will get
heavier, by so much for its maturity) and the *margin* of the system (what nobody has thought of). The
published rules are in `cislunar.vehicles.margins`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.vehicles.checks import require_fraction, require_name

Array = NDArray[np.float64]

MANOEUVRE_KINDS = ("calculated", "maintenance", "attitude", "statistical")
"""Calculated: from a trajectory. Maintenance: an estimate, not derived analytically. Attitude: control and
momentum management. Statistical: already a high percentile of a dispersion analysis."""

_POUNDS_10_KG, _POUNDS_30_KG = 10.0 * 0.45359237, 30.0 * 0.45359237
"""Where the growth allowance of electronics changes: 10 and 30 lb, by the exact pound of 1959."""


@dataclass(frozen=True)
class Rule:
    """One rule of a policy.

    Attributes
    ----------
    value : float
        A fraction, or km/s for an amount of delta-v.
    identifier : str
        As the document prints it; "user" for one of your own.
    text : str
        What it asks for, in a sentence.
    """

    value: float
    identifier: str
    text: str


@dataclass(frozen=True)
class MarginPolicy:
    """A set of margin rules.

    Attributes
    ----------
    name, source : str
        Short name, and the documents.
    rules : mapping of str to Rule
        By purpose: the kinds of `MANOEUVRE_KINDS`, `calculated floor` (km/s, once for all calculated
        manoeuvres), `launcher dispersion`, `approach navigation`, `planetary gravity assist`, `moon gravity
        assist` (km/s each, as events to add), `system mass`, `residuals`, `launcher`, `tank volume`. A
        purpose without a rule has no margin.
    system_mass_of : str
        What the system mass margin is a fraction of: `predicted` (with growth allowance) or `basic` (best
        estimate).
    growth : mapping of str to mapping of str to float
        Mass growth allowance, a fraction, by category and maturity; the category `any` holds for those that
        are not listed, and `electronics` may be split in `electronics-small`, `-medium`, `-large`.
    growth_source : str
        Where the allowances come from.
    """

    name: str
    source: str
    rules: Mapping[str, Rule]
    system_mass_of: str = "predicted"
    growth: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    growth_source: str = ""

    def __getstate__(self) -> dict[str, Any]:
        """Give the fields with plain mappings, which cross process borders; views do not."""
        growth = {category: dict(row) for category, row in self.growth.items()}
        return {**self.__dict__, "rules": dict(self.rules), "growth": growth}

    def value(self, purpose: str) -> float:
        """Give the number of a rule; 0 where the policy has none for the purpose."""
        rule = self.rules.get(purpose)
        return rule.value if rule else 0.0

    def identifier(self, purpose: str) -> str:
        """Give the identifier of a rule; a dash where the policy has none for the purpose."""
        rule = self.rules.get(purpose)
        return rule.identifier if rule else "–"

    def allocation_km_s(self, purpose: str) -> float:
        """Give the delta-v to set aside for something stochastic, km/s.

        Raises
        ------
        InputError
            If the policy gives no amount for it.
        """
        amounts = [key for key in self.rules if key in ALLOCATIONS]
        require_name(f"margin policy {self.name}: delta-v allocation", purpose, amounts)
        return self.rules[purpose].value

    def growth_fraction(self, category: str, maturity: str, mass_kg: float) -> float:
        """Give the mass growth allowance of an item as a fraction of its best estimate.

        Parameters
        ----------
        category, maturity : str
            See `cislunar.vehicles.payloads`.
        mass_kg : float
            Best estimate, kg; electronics are treated by size.

        Raises
        ------
        InputError
            If the policy has no allowance for the category and maturity.
        """
        if not self.growth:
            return 0.0
        size = "small" if mass_kg < _POUNDS_10_KG else "medium" if mass_kg <= _POUNDS_30_KG else "large"
        for key in (f"{category}-{size}", category, "any"):
            if key in self.growth:
                require_name(f"margin policy {self.name}: maturity", maturity, self.growth[key])
                return self.growth[key][maturity]
        raise InputError(
            f"margin policy {self.name}: no growth allowance for {category!r}; "
            f"it knows {', '.join(self.growth)}"
        )

    def manoeuvre_margins_km_s(
        self,
        kinds: tuple[str, ...],
        ideal_km_s: ArrayLike,
        losses_km_s: ArrayLike,
        statistical_km_s: ArrayLike,
    ) -> Array:
        """Give the margin of each manoeuvre of a mission.

        Parameters
        ----------
        kinds : tuple of str, length k
            One of `MANOEUVRE_KINDS` each.
        ideal_km_s, losses_km_s, statistical_km_s : array_like, shape (k, ...)
            Impulsive size, finite-burn and gravity losses, and the statistical part at its percentile. Losses
            take the margin of the manoeuvre (MAR-DV-060); the statistical part takes the rule for
            `statistical`.

        Returns
        -------
        ndarray, shape (k, ...)
            km/s. Where the margins of all calculated manoeuvres together stay below the floor, they are
            raised in proportion to reach it, so that it is counted once.
        """
        for kind in kinds:
            require_name(f"margin policy {self.name}: kind of manoeuvre", kind, MANOEUVRE_KINDS)
        planned = np.asarray(ideal_km_s, dtype=np.float64) + np.asarray(losses_km_s, dtype=np.float64)
        extra = np.asarray(statistical_km_s, dtype=np.float64)
        planned, extra = np.broadcast_arrays(planned, extra)
        shape = (len(kinds),) + (1,) * (planned.ndim - 1)
        fraction = np.array([self.value(kind) for kind in kinds]).reshape(shape)
        margins = fraction * planned
        calculated = np.array([kind == "calculated" for kind in kinds]).reshape(shape)
        total = np.sum(np.where(calculated, margins, 0.0), axis=0)
        floor = self.value("calculated floor")
        with np.errstate(divide="ignore", invalid="ignore"):
            raised = np.where((total > 0.0) & (total < floor), floor / total, 1.0)
        return np.asarray(np.where(calculated, margins * raised, margins) + self.value("statistical") * extra)

    def with_rules(self, name: str, **values: float) -> MarginPolicy:
        """Give a policy of your own that changes some numbers of this one.

        Parameters
        ----------
        name : str
            Name of the new policy.
        **values
            By purpose, with underscores for spaces: `system_mass=0.25`, `calculated=0.03`,
            `approach_navigation=0.015` (km/s).

        Raises
        ------
        InputError
            If a purpose is not known or a value is negative.
        """
        changed = dict(self.rules)
        for key, number in values.items():
            purpose = key.replace("_", " ")
            require_name(f"margin policy {name}: rule", purpose, PURPOSES)
            require_fraction(f"margin policy {name}: {purpose}", number)
            text = PURPOSES[purpose]
            changed[purpose] = Rule(number, "user", text)
        return replace(self, name=name, source=f"user, from {self.source}", rules=MappingProxyType(changed))

    def with_growth(self, name: str, growth: Mapping[str, Mapping[str, float]], source: str) -> MarginPolicy:
        """Give a policy of your own with another table of mass growth allowances.

        Parameters
        ----------
        name, source : str
            Name of the new policy, and where the table comes from.
        growth : mapping of str to mapping of str to float
            See `MarginPolicy.growth`.
        """
        for category, row in growth.items():
            for maturity, fraction in row.items():
                require_fraction(f"margin policy {name}: growth of {category}, {maturity}", fraction)
        return replace(self, name=name, growth=growth, growth_source=source)

    def lines(self) -> list[dict[str, str | float]]:
        """List the rules as plain rows: purpose, value, unit, identifier, text."""
        return [
            {
                "purpose": purpose,
                "value": rule.value,
                "unit": "km/s" if purpose in ALLOCATIONS or purpose == "calculated floor" else "fraction",
                "identifier": rule.identifier,
                "text": rule.text,
            }
            for purpose, rule in self.rules.items()
        ]


ALLOCATIONS = (
    "launcher dispersion",
    "approach navigation",
    "planetary gravity assist",
    "moon gravity assist",
)
"""Purposes whose value is an amount of delta-v to add as an event of its own, km/s."""

PURPOSES: Mapping[str, str] = MappingProxyType(
    {
        "calculated": "margin on accurately calculated manoeuvres, losses included",
        "calculated floor": "least margin on all calculated manoeuvres together, counted once",
        "maintenance": "margin on orbit maintenance that is not derived analytically",
        "attitude": "margin on attitude control and angular momentum management",
        "statistical": "margin on amounts that are already a high percentile of a dispersion analysis",
        "launcher dispersion": "correction of the launcher's dispersion after a direct escape launch",
        "approach navigation": "navigation before an arrival or insertion",
        "planetary gravity assist": "preparation and correction of each gravity assist of a planet",
        "moon gravity assist": "preparation and correction of each gravity assist of a moon",
        "system mass": "system margin on the dry mass; propellant is sized with it",
        "residuals": "propellant that cannot be used, as a fraction of the propellant used",
        "launcher": "off the launcher's performance if the launch authority did not quote it for the orbit",
        "tank volume": "tanks are sized for the loaded propellant and this much more",
    }
)


NONE = MarginPolicy("none", "no margins: masses and manoeuvres as they are known", MappingProxyType({}))


def required_tank_kg(loaded_kg: float, rules: MarginPolicy) -> float:
    """Give the propellant mass that the tanks should be able to hold under the policy, kg."""
    if not math.isfinite(loaded_kg):
        raise InputError(f"expected a finite mass of propellant; got {loaded_kg} kg")
    return loaded_kg * (1.0 + rules.value("tank volume"))
