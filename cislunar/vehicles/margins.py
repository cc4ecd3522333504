"""Margin policies by name: ESA's, NASA's with the growth allowances of AIAA/SAWE, and none.

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

`none` has no margin at all, for flights whose masses and manoeuvres are known. How rules are applied, and how
to make your own, is in `cislunar.vehicles.rules`.

References
----------
.. [1] https://sci.esa.int/documents/34375/36249/1567260131067-Margin_philosophy_for_science_assessment_studies_1.3.pdf
.. [2] https://standards.nasa.gov/sites/default/files/standards/GSFC/H/0/GSFC-STD-1000RevH_Approved.pdf
.. [3] ANSI/AIAA S-120A-2015 and SAWE RP A-3, Mass Properties Control for Space Systems.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cislunar.vehicles.checks import require_name
from cislunar.vehicles.rules import NONE, PURPOSES, MarginPolicy, Rule

__all__ = ["AIAA_GROWTH", "ESA", "NONE", "POLICIES", "MarginPolicy", "Rule", "policy"]


def _rules(numbers: Mapping[str, tuple[float, str]]) -> Mapping[str, Rule]:
    return MappingProxyType(
        {key: Rule(value, label, PURPOSES[key]) for key, (value, label) in numbers.items()}
    )


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
