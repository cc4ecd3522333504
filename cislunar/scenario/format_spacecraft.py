"""How spacecraft, their machines and relays are stated, version 1 of the format."""

from __future__ import annotations

from cislunar.scenario.format_machine import MACHINE
from cislunar.scenario.format_orbits import ORBIT
from cislunar.scenario.format_timeline import TIMELINE
from cislunar.scenario.leaves import Name, Quantity
from cislunar.scenario.spec import Field, Group, Listing, Record


def _perilune(description: str) -> Quantity:
    return Quantity(dimension="length", description=description, at_least="0 km", at_most="100000 km")


KEEPING = Record(
    what="a rule of keeping",
    description=(
        "How the perilune of the working orbit is held, by impulses at apolune. It is priced for the relay's "
        "budget, on the first working orbit; the path that coverage follows is flown without it."
    ),
    covers=True,
    fields={
        "floor": Field(_perilune("Lowest perilune altitude allowed."), required=True),
        "target": Field(
            _perilune("Perilune altitude that a correction sets."), default="that at the beginning of work"
        ),
        "ceiling": Field(_perilune("Highest perilune altitude allowed."), default="none"),
        "duration": Field(
            Quantity(dimension="time", description="How long.", above="0 s", at_most="30 yr"),
            default="to the first later move or the end of the scenario",
        ),
    },
)

SPACECRAFT = Record(
    what="a spacecraft",
    description="A spacecraft in orbit about the Moon, or on its way there.",
    covers=True,
    fields={
        "orbit": Field(ORBIT),
        "timeline": Field(TIMELINE),
        "mass": Field(
            Quantity(
                dimension="mass",
                description="Mass on which radiation pressure acts.",
                above="0 kg",
                at_most="1000000 kg",
            )
        ),
        "radiation_pressure": Field(
            Record(
                what="radiation pressure",
                description="Solar radiation pressure on a sphere; without it sunlight does not push.",
                covers=True,
                fields={
                    "area": Field(
                        Quantity(
                            dimension="area",
                            description="Cross section.",
                            above="0 m^2",
                            at_most="100000 m^2",
                        ),
                        required=True,
                    ),
                    "coefficient": Field(
                        Quantity(
                            dimension="dimensionless",
                            description="1 for a body that absorbs all light, 2 for a mirror facing the Sun.",
                            at_least="0",
                            at_most="3",
                        ),
                        required=True,
                    ),
                },
            )
        ),
        "relay": Field(
            Record(
                what="a relay",
                description="Makes the spacecraft a relay between sites on the Moon and stations on Earth.",
                fields={
                    "from": Field(
                        Listing(
                            what="one or more names of sites",
                            item=Name(kind="a site"),
                            single=True,
                            description="Sites it serves.",
                        ),
                        default="all sites",
                    ),
                    "to": Field(
                        Listing(
                            what="one or more names of networks or stations under ground",
                            item=Name(kind="a network or station under ground"),
                            single=True,
                            description="Networks or stations under `ground` that it reaches.",
                        ),
                        default="all stations under ground",
                    ),
                    "rate": Field(
                        Quantity(
                            dimension="data_rate",
                            description="What the chain carries while it holds, for the balance of data.",
                            above="0 bit/s",
                            at_most="100 Gbit/s",
                        )
                    ),
                },
            )
        ),
        "keeping": Field(KEEPING),
        **MACHINE,
    },
    groups=(Group("where the spacecraft is", (("orbit",), ("timeline",))),),
    together=(("engine", "propellant"),),
    needs=(
        ("mass", ("radiation_pressure",)),
        ("radiation_pressure", ("mass", "dry_mass")),
        ("timeline", ("dry_mass",)),
        ("propellant", ("dry_mass",)),
        ("payloads", ("dry_mass",)),
        ("maturity", ("dry_mass",)),
        ("category", ("dry_mass",)),
        ("margin_policy", ("dry_mass",)),
        ("margins", ("dry_mass",)),
        ("price", ("payloads",)),
        ("carries", ("timeline",)),
        ("keeping", ("relay",)),
        ("keeping", ("timeline",)),
        ("keeping", ("engine",)),
    ),
)
