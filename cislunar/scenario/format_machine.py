"""How the machine is stated: masses, engine, payloads, what it carries; version 1 of the format."""

from __future__ import annotations

from typing import Final

from cislunar.scenario.leaves import Choice, Integer, Name, Quantity, Text, Tuple
from cislunar.scenario.spec import Field, Listing, Record
from cislunar.vehicles.margins import POLICIES
from cislunar.vehicles.payloads import CATEGORIES, MATURITIES, PLACES


def _maturity(whose: str) -> Field:
    return Field(
        Choice(words=MATURITIES, description=f"Design maturity of {whose}, for its mass growth allowance."),
        default="estimated",
    )


def _category(whose: str, default: str) -> Field:
    return Field(
        Choice(words=CATEGORIES, description=f"Kind of hardware of {whose}, for its mass growth allowance."),
        default=default,
    )


def _mass(description: str, *, zero: bool = False) -> Quantity:
    low = {"at_least": "0 kg"} if zero else {"above": "0 kg"}
    return Quantity(dimension="mass", description=description, at_most="1000000 kg", **low)  # type: ignore[arg-type]


def _margin(dimension: str, description: str, most: str) -> Field:
    return Field(
        Quantity(
            dimension=dimension,
            description=description,
            at_least="0 %" if dimension == "fraction" else "0 m/s",
            at_most=most,
        ),
        default="as in margin_policy",
    )


MARGINS = Record(
    what="margins of your own",
    description="Numbers that replace those of `margin_policy`; what is left out stays as the policy has it.",
    covers=True,
    fields={
        "calculated": _margin("fraction", "On calculated manoeuvres, losses included.", "100 %"),
        "calculated_floor": _margin("speed", "Least margin on all of them together, counted once.", "1 km/s"),
        "statistical": _margin("fraction", "On amounts that are already a percentile.", "200 %"),
        "system_mass": _margin("fraction", "On the dry mass; propellant is sized with it.", "100 %"),
        "residuals": _margin("fraction", "Propellant that cannot be used, of that used.", "20 %"),
        "launcher": _margin("fraction", "Off the mass that the launcher injects.", "50 %"),
        "growth": Field(
            Record(
                what="mass growth allowances by maturity",
                description="Allowances for all kinds of hardware of a maturity, as fractions of the mass.",
                covers=True,
                fields={
                    maturity: _margin("fraction", f"Of what is `{maturity}`.", "100 %")
                    for maturity in MATURITIES
                },
            ),
            default="as in margin_policy",
        ),
    },
)

_SETTING = Quantity(dimension="dimensionless", above="0", at_most="1")

ENGINE = Record(
    what="an engine",
    description="The engine, or a group of equal ones, that makes all burns.",
    covers=True,
    fields={
        "thrust": Field(
            Quantity(
                dimension="force",
                description="Full thrust of one engine in vacuum.",
                above="0 N",
                at_most="10000 kN",
            ),
            required=True,
        ),
        "isp": Field(
            Quantity(
                dimension="time",
                description="Specific impulse in vacuum.",
                at_least="10 s",
                at_most="10000 s",
            ),
            required=True,
        ),
        "count": Field(Integer(description="Number of engines.", at_least=1, at_most=100), default="1"),
        "throttle": Field(
            Tuple(
                items=(_SETTING, _SETTING),
                what="the lowest and the highest setting, such as [0.4, 1]",
                description="Lowest and highest setting, as fractions of full thrust.",
            ),
            default="[1, 1]",
        ),
    },
)

PAYLOAD = Record(
    what="a payload",
    description="Something that the spacecraft takes along for somebody.",
    covers=True,
    fields={
        "name": Field(Text(longest=100, description="What it is called."), required=True),
        "mass": Field(_mass("Its mass."), required=True),
        "power": Field(
            Quantity(dimension="power", description="Power it needs.", at_least="0 W", at_most="100000 W")
        ),
        "generation_rate": Field(
            Quantity(
                dimension="data_rate",
                description="Data it generates while the spacecraft operates; not the rate of a link.",
                at_least="0 bit/s",
                at_most="100 Gbit/s",
            )
        ),
        "duration": Field(
            Quantity(
                dimension="time",
                description="How long it works from the beginning of operation.",
                above="0 s",
                at_most="30 yr",
            ),
            default="as long as the spacecraft operates",
        ),
        "place": Field(
            Choice(words=PLACES, description="Where it stays."), default="lander if it lands, else orbit"
        ),
        "owner": Field(Text(longest=100, description="Whom it belongs to.")),
        "site": Field(Name(kind="a site", description="The site where it works.")),
        "maturity": _maturity("the payload"),
        "category": _category("the payload", "electronics"),
    },
)

MACHINE: Final = {
    "dry_mass": Field(_mass("Mass without propellant, payloads and carried spacecraft.")),
    "propellant": Field(_mass("Propellant at the start.", zero=True)),
    "engine": Field(ENGINE),
    "payloads": Field(
        Listing(what="a list of payloads", item=PAYLOAD, description="What it takes along.", longest=200)
    ),
    "carries": Field(
        Listing(
            what="one or more names of spacecraft",
            item=Name(kind="a spacecraft"),
            single=True,
            description="Spacecraft aboard at the start; each is released by a phase of the timeline.",
        )
    ),
    "maturity": _maturity("the spacecraft"),
    "category": _category("the spacecraft", "structure"),
    "margin_policy": Field(
        Choice(
            words=tuple(POLICIES),
            description="Whose rules for mass growth, system margin and margins on manoeuvres hold.",
        ),
        default="none",
    ),
    "margins": Field(MARGINS, default="as in margin_policy"),
    "price": Field(
        Quantity(
            dimension="price",
            description="Price of the delivery, for the cost per kilogram.",
            above="0 USD",
            at_most="1000000 MUSD",
        )
    ),
}
"""Keys of a spacecraft that describe it as a machine."""
