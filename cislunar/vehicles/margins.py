"""Margins under a named policy: every number is a rule with its identifier and its source.

Two things are kept apart, as mass properties practice does: the *growth allowance* of an item (it will get
heavier, by so much for its maturity) and the *margin* of the system (what nobody has thought of).

Two families of policies are known by name:

`esa`
    ESA, "Margin philosophy for science assessment studies", SRE-PA/2011.097, issue 1 revision 3,
    15 June 2012 [1]_: rules R-M (section 2.1) and R-DV (section 2.3), as quoted in open programs. The rules
    with MAR- identifiers are quoted in open study work as ESA's margin philosophy too; the edition they come
    from was not seen.
`nasa-concept`, `nasa-pdr`, `nasa-cdr`, `nasa-sir`
    NASA Goddard, GSFC-STD-1000 revision H, rule 1.06 and table 1.06-1 [2]_, with mass growth allowances on
    the AIAA/SAWE scheme [3]_. That standard is sold and was not read: the table is the one an open
    program carries, an assumption until checked. Put the numbers of your own copy in with
    `MarginPolicy.with_growth` before you rely on it.

`none` has no margin at all, for flights whose masses and manoeuvres are known.

References
----------
.. [1] https://sci.esa.int/documents/34375/36249/1567260131067-Margin_philosophy_for_science_assessment_studies_1.3.pdf
.. [2] https://standards.nasa.gov/sites/default/files/standards/GSFC/H/0/GSFC-STD-1000RevH_Approved.pdf
.. [3] ANSI/AIAA S-120A-2015 and SAWE RP A-3, Mass Properties Control for Space Systems.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

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


def _rules(numbers: Mapping[str, tuple[float, str]]) -> Mapping[str, Rule]:
    return MappingProxyType(
        {key: Rule(value, label, PURPOSES[key]) for key, (value, label) in numbers.items()}
    )


NONE = MarginPolicy("none", "no margins: masses and manoeuvres as they are known", MappingProxyType({}))

ESA = MarginPolicy(
    "esa",
    "ESA SRE-PA/2011.097 issue 1 rev. 3 (2012), Margin philosophy for science assessment studies; "
    "MAR- rules: ESA, edition not seen",
    _rules(
        {
            "calculated": (0.05, "R-DV-11, MAR-DV-010"),
            "calculated floor": (0.010, "MAR-DV-010"),
            "maintenance": (1.00, "R-DV-12"),
            "attitude": (1.00, "R-DV-13"),
            "launcher dispersion": (0.030, "R-DV-3, MAR-DV-080"),
            "approach navigation": (0.010, "MAR-DV-100"),
            "planetary gravity assist": (0.015, "MAR-DV-090"),
            "moon gravity assist": (0.010, "MAR-DV-090"),
            "system mass": (0.20, "R-M1-1"),
            "residuals": (0.02, "R-M1-6, MAR-MAS-080"),
            "launcher": (0.02, "MAR-MAS-010"),
            "tank volume": (0.10, "R-M1-10, MAR-CP-010"),
        }
    ),
    growth=MappingProxyType(
        {
            "any": MappingProxyType(
                {
                    "new": 0.20,
                    "modified": 0.10,
                    "off-the-shelf": 0.05,
                    # Our reading, not the document's: drawings of an item that is changed a lot are a
                    # new item, of one changed a little a modified one; what exists is on the shelf.
                    "estimated": 0.20,
                    "layout": 0.20,
                    "pre-release": 0.10,
                    "released": 0.10,
                    "existing": 0.05,
                    "actual": 0.05,
                }
            )
        }
    ),
    growth_source="R-M1-4, section 2.1.1: 20, 10 and 5 % for ECSS categories D, C and A/B; other names "
    "by our reading",
)


def _six(*percent: float) -> Mapping[str, float]:
    """Allowances from the six steps of maturity, with the three heritage classes at the step that fits."""
    steps = dict(
        zip(
            ("estimated", "layout", "pre-release", "released", "existing", "actual"),
            (number / 100.0 for number in percent),
            strict=True,
        )
    )
    return MappingProxyType(
        {
            **steps,
            # Our reading: the scheme calls a major modification a layout, a minor one a pre-release.
            "new": steps["estimated"],
            "modified": steps["pre-release"],
            "off-the-shelf": steps["existing"],
        }
    )


AIAA_GROWTH: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "structure": _six(18, 15, 8, 4, 2, 0),
        "propulsion": _six(18, 15, 8, 4, 2, 0),
        "thermal": _six(18, 15, 8, 4, 2, 0),
        "batteries": _six(20, 15, 10, 5, 3, 0),
        "harness": _six(50, 30, 25, 5, 3, 0),
        "electronics-small": _six(30, 25, 20, 10, 3, 0),
        "electronics-medium": _six(20, 20, 15, 5, 3, 0),
        "electronics-large": _six(15, 15, 10, 5, 3, 0),
    }
)
"""Mass growth allowances on the AIAA/SAWE scheme, by category and maturity; small electronics are below
10 lb, large ones above 30 lb. From an open program, not from the standard: confirm against your copy."""


def _nasa(name: str, phase: str, mass_margin: float) -> MarginPolicy:
    return MarginPolicy(
        name,
        f"NASA GSFC-STD-1000 rev. H, rule 1.06, table 1.06-1 ({phase}); growth allowances of AIAA/SAWE",
        _rules({"system mass": (mass_margin, "GSFC 1.06")}),
        system_mass_of="basic",
        growth=AIAA_GROWTH,
        growth_source="AIAA/SAWE scheme as an open program carries it; the standard was not read",
    )


POLICIES: Mapping[str, MarginPolicy] = MappingProxyType(
    {
        policy.name: policy
        for policy in (
            NONE,
            ESA,
            _nasa("nasa-concept", "to the system requirements review", 0.15),
            _nasa("nasa-pdr", "at preliminary design review", 0.10),
            _nasa("nasa-cdr", "at critical design review", 0.05),
            _nasa("nasa-sir", "at systems integration review", 0.02),
        )
    }
)
"""Policies by name. The NASA rule asks for three-sigma propellant: give the statistical part of each event at
99.7 % there; it sets no fraction on calculated manoeuvres."""


def policy(name: str) -> MarginPolicy:
    """Give a policy by name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    require_name("margin policy", name, POLICIES)
    return POLICIES[name]


def required_tank_kg(loaded_kg: float, rules: MarginPolicy) -> float:
    """Give the propellant mass that the tanks should be able to hold under the policy, kg."""
    if not math.isfinite(loaded_kg):
        raise InputError(f"expected a finite mass of propellant; got {loaded_kg} kg")
    return loaded_kg * (1.0 + rules.value("tank volume"))
