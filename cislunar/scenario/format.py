"""Version 1 of the scenario format, declared once for reading, JSON Schema and documentation."""

from __future__ import annotations

from typing import Final

from cislunar.environment.orientation import LUNAR_FRAMES
from cislunar.scenario.format_analyses import COVERAGE, LIFETIME, REQUIREMENT, setting
from cislunar.scenario.format_delivery import DELIVERY
from cislunar.scenario.format_places import GROUND_ITEM, SITE
from cislunar.scenario.format_spacecraft import SPACECRAFT
from cislunar.scenario.format_window import WINDOW
from cislunar.scenario.leaves import (
    Choice,
    Either,
    Epoch,
    FilePath,
    Integer,
    Leaf,
    Quantity,
    Text,
)
from cislunar.scenario.spec import Field, Group, Listing, Named, Record, Spec
from cislunar.scenario.yamlfile import Node, Scalar

VERSION: Final = 1
"""Version of the format; compatible additions do not change it."""

BODIES: Final = ("earth", "sun", "venus", "mars", "jupiter", "saturn")
"""Bodies whose gravity can act besides the Moon's."""

GRAVITY: Final = "grgm1200a"
"""The packaged gravity field."""

PACKAGED_DEGREE: Final = 100
"""Highest degree and order of the packaged field."""

DEFAULT_DEGREE: Final = 20
DEFAULT_BODIES: Final = ("earth", "sun")
DEFAULT_TOLERANCE: Final = 1e-10


def _gravity_kind(node: Node) -> int | None:
    if not isinstance(node, Scalar) or node.value is None:
        return None
    return 1 if any(c in node.text for c in "./\\") else 0


_GRAVITY: Leaf = Either(
    kinds=(
        Choice(words=(GRAVITY,)),
        FilePath(kind="a gravity field (PDS .tab or ICGEM .gfc)"),
    ),
    choose=_gravity_kind,
    fact=False,
    what=f"{GRAVITY} or the path of a gravity field (PDS .tab or ICGEM .gfc)",
    description="Gravity field of the Moon: the packaged one or a file.",
)

SCENARIO: Spec = Record(
    what="a scenario",
    description="A cislunar mission: who flies where, whom it serves, what it has to reach.",
    fields={
        "cislunar": Field(
            Integer(description="Version of this format.", at_least=VERSION, at_most=VERSION, fact=False),
            required=True,
        ),
        "name": Field(Text(longest=200, description="What the report is titled."), required=True),
        "description": Field(
            Text(longest=20_000, one_line=False, description="What the reader of the report should know.")
        ),
        "epoch": Field(
            Epoch(description="Start of the scenario and epoch of all orbits, with its time scale."),
            required=True,
        ),
        "duration": Field(
            Quantity(
                dimension="time", description="Length of the scenario.", at_least="1 min", at_most="30 yr"
            )
        ),
        "end": Field(Epoch(description="End of the scenario, instead of its duration.")),
        "physics": Field(
            Record(
                what="the force model",
                description="Forces and accuracy of the propagation.",
                fields={
                    "gravity": Field(_GRAVITY, default=GRAVITY),
                    "gravity_frame": Field(
                        Choice(
                            words=LUNAR_FRAMES,
                            description=(
                                "Lunar axes of the coefficients of a gravity file that does not name them; "
                                "the fields of the GRAIL mission are in MOON_PA_DE430."
                            ),
                        )
                    ),
                    "degree": Field(
                        Integer(
                            description="Degree and order of the Moon's gravity.",
                            at_least=0,
                            at_most=2000,
                            fact=False,
                        ),
                        default=str(DEFAULT_DEGREE),
                    ),
                    "bodies": Field(
                        Listing(
                            what="one or more bodies",
                            item=Choice(words=BODIES),
                            single=True,
                            description="Bodies whose gravity acts besides the Moon's.",
                        ),
                        default=f"[{', '.join(DEFAULT_BODIES)}]",
                    ),
                    "tolerance": Field(
                        setting(
                            "dimensionless", "Relative tolerance of a step.", at_least="1e-14", at_most="1e-6"
                        ),
                        default=f"{DEFAULT_TOLERANCE:g}",
                    ),
                },
            )
        ),
        "data": Field(
            Record(
                what="data files",
                description="Files of your own instead of the packaged tables, for more span or resolution.",
                fields={
                    "ephemeris": Field(
                        Listing(
                            what="one or more SPK files",
                            item=FilePath(kind="an SPK file"),
                            single=True,
                            description="SPK files of the Sun, the Moon and the planets.",
                        ),
                        default="DE440, 2000 to 2071",
                    ),
                    "lunar_orientation": Field(
                        FilePath(
                            kind="a binary PCK file", description="Binary PCK of the lunar principal axes."
                        ),
                        default="DE440, 2000 to 2071",
                    ),
                    "terrain": Field(
                        FilePath(kind="an elevation model", description="Topography of the Moon."),
                        default="0.125 deg",
                    ),
                },
            )
        ),
        "sites": Field(Named(what="sites", item=SITE, description="Places on the Moon, by name.")),
        "ground": Field(
            Listing(
                what="a list of ground networks and stations, such as [dsn]",
                item=GROUND_ITEM,
                description="Earth stations: networks and stations by name, or your own.",
            )
        ),
        "spacecraft": Field(
            Named(what="spacecraft", item=SPACECRAFT, description="Spacecraft, by name."), required=True
        ),
        "requirements": Field(
            Listing(
                what="a list of requirements",
                item=REQUIREMENT,
                description="What the configuration has to reach; missing it is reported, not an error.",
            )
        ),
        "analyses": Field(
            Record(
                what="the analyses",
                description="What is computed from the trajectories.",
                fields={
                    "coverage": Field(COVERAGE, default="all sites, no map"),
                    "lifetime": Field(LIFETIME, default="none"),
                    "delivery": Field(DELIVERY, default="none"),
                    "window": Field(WINDOW, default="none"),
                },
            )
        ),
    },
    groups=(Group("the end of the scenario", (("duration",), ("end",))),),
)
