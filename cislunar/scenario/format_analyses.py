"""How requirements and analyses are stated, version 1 of the format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cislunar.environment.regions import REGIONS
from cislunar.scenario.leaves import (
    Choice,
    Either,
    Flag,
    Name,
    Quantity,
    Text,
)
from cislunar.scenario.reading import Reading
from cislunar.scenario.spec import Field, Group, Listing, Record
from cislunar.scenario.yamlfile import Node, Scalar

LINKS: Final = ("site-relay", "relay-earth", "chain", "direct")
"""Links of the access table."""

MEASURES: Final = {
    "percent": "fraction",
    "worst_day_percent": "fraction",
    "longest_gap": "time",
    "mean_gap": "time",
    "mean_response": "time",
    "mean_pass": "time",
    "passes_per_day": "event_rate",
}
"""Figures of merit a requirement can limit, and the dimension of the limit."""

DEFAULT_MAP_MASK_DEG: Final = 5.0
DEFAULT_MAP_RESOLUTION_DEG: Final = 5.0


def setting(dimension: str, description: str, **limits: Any) -> Quantity:
    """Declare a setting of the calculation, which is not a fact about the mission."""
    return Quantity(dimension=dimension, description=description, fact=False, **limits)


@dataclass(frozen=True, kw_only=True)
class Limit(Either):
    """The limit of a requirement; the measure beside it decides its dimension."""

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Keep the value as it stands."""
        if isinstance(node, Scalar) and node.value is not None:
            return node
        return self.reject(node, path, reading)


def measure_limit(measure: str) -> Quantity:
    """Give the declaration of a limit for a measure."""
    dimension = MEASURES[measure]
    if dimension == "fraction":
        return Quantity(dimension=dimension, at_least="0 %", at_most="100 %")
    return Quantity(dimension=dimension, at_least="0 s" if dimension == "time" else "0 /d")


def _limit(direction: str) -> Limit:
    return Limit(
        kinds=tuple(measure_limit(measure) for measure in ("percent", "longest_gap", "passes_per_day")),
        choose=lambda node: None,
        what="a limit such as '70 %', '2 h' or '3 /d'",
        description=f"The {direction} value allowed, in the unit of the measure.",
    )


REQUIREMENT = Record(
    what="a requirement",
    description="A figure of merit that the configuration has to reach.",
    covers=True,
    fields={
        "name": Field(Text(longest=200, description="What the requirement is called."), required=True),
        "site": Field(Name(kind="a site", description="The site it is about."), required=True),
        "link": Field(
            Choice(
                words=LINKS,
                description="The link it is about; `chain` is site, relay and Earth at one instant.",
            ),
            default="chain",
        ),
        "measure": Field(
            Choice(words=tuple(MEASURES), description="The figure of merit, over the whole scenario."),
            required=True,
        ),
        "at_least": Field(_limit("smallest")),
        "at_most": Field(_limit("largest")),
        "region": Field(
            Choice(
                words=tuple(REGIONS),
                description="Part of the Moon the site has to lie in for the requirement to make sense.",
            )
        ),
    },
    groups=(Group("the limit", (("at_least",), ("at_most",))),),
)

MAP = Record(
    what="a map",
    description="Per cent of time and longest gap for every cell of a region.",
    fields={
        "region": Field(
            Choice(words=tuple(REGIONS), description="Part of the Moon to map."), default="far side"
        ),
        "grid": Field(
            Choice(words=("equal-area", "latitude-longitude"), description="Arrangement of the cells."),
            default="equal-area",
        ),
        "resolution": Field(
            setting("angle", "Size of a cell.", at_least="0.25 deg", at_most="30 deg"),
            default=f"{DEFAULT_MAP_RESOLUTION_DEG:g} deg",
        ),
        "height": Field(
            setting(
                "length",
                "Height of the user above the 1737.4 km sphere.",
                at_least="0 km",
                at_most="10000 km",
            ),
            default="0 km",
        ),
        "mask": Field(
            setting("angle", "Lowest elevation of a relay that counts.", at_least="0 deg", below="90 deg"),
            default=f"{DEFAULT_MAP_MASK_DEG:g} deg",
        ),
        "minimum_pass": Field(
            setting(
                "time",
                "Shortest pass that counts; a shorter one does not end a gap.",
                at_least="0 s",
                at_most="1 d",
            ),
            default="0 s",
        ),
    },
)

COVERAGE = Record(
    what="the coverage analysis",
    description="Access of sites to relays and Earth: intervals, statistics, requirements.",
    fields={
        "sites": Field(
            Listing(
                what="one or more names of sites",
                item=Name(kind="a site"),
                single=True,
                description="Sites to analyse.",
            ),
            default="all sites",
        ),
        "light_time": Field(
            Flag(description="Account for the travel time of light; otherwise all is seen at one instant."),
            default="false",
        ),
        "minimum_pass": Field(
            setting("time", "Shortest pass that counts in the statistics.", at_least="0 s", at_most="1 d"),
            default="0 s",
        ),
        "degraded": Field(
            Flag(description="Repeat the statistics with each relay lost and each station lost."),
            default="true",
        ),
        "map": Field(MAP, default="no map"),
    },
)

LIFETIME = Record(
    what="the lifetime analysis",
    description="Perilune history and time to impact of each spacecraft without station-keeping.",
    fields={
        "horizon": Field(
            setting("time", "How long to look ahead from the epoch.", above="0 s", at_most="30 yr"),
            required=True,
        ),
    },
)
