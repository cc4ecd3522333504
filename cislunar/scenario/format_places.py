"""How sites on the Moon and stations on Earth are stated, version 1 of the format."""

from __future__ import annotations

from typing import Final

from cislunar.environment.stations import network_names, station_names
from cislunar.scenario.leaves import (
    Choice,
    Either,
    Name,
    Quantity,
    Table,
    Text,
    Tuple,
)
from cislunar.scenario.spec import Field, Record, Variant, by_key
from cislunar.scenario.yamlfile import Node, Scalar, Sequence

DEFAULT_MASK_DEG: Final = 10.0
"""Mask of an Earth station unless given, deg."""


def _latitude() -> Quantity:
    return Quantity(
        dimension="angle",
        description="Latitude, north positive.",
        at_least="-90 deg",
        at_most="90 deg",
    )


def _longitude() -> Quantity:
    return Quantity(
        dimension="angle",
        description="East longitude; west is negative.",
        at_least="-180 deg",
        at_most="360 deg",
    )


_MASK = Quantity(dimension="angle", description="Constant mask.", at_least="-20 deg", at_most="89 deg")

_HORIZON_ROW = Tuple(
    items=(
        Quantity(dimension="angle", at_least="0 deg", below="360 deg"),
        Quantity(dimension="angle", at_least="-20 deg", at_most="89 deg"),
    ),
    what="an azimuth and an elevation, such as [90 deg, 4.5 deg]",
)


def _height_kind(node: Node) -> int | None:
    if not isinstance(node, Scalar):
        return None
    return 0 if node.text.strip()[:1].isalpha() else 1


def _horizon_kind(node: Node) -> int | None:
    return 2 if isinstance(node, Sequence) else _height_kind(node)


SITE = Record(
    what="a site",
    description="A place on the Moon.",
    covers=True,
    fields={
        "label": Field(
            Text(longest=60, description="What the report calls it, such as Schrödinger."),
            default="its name",
        ),
        "latitude": Field(_latitude(), required=True),
        "longitude": Field(_longitude(), required=True),
        "height": Field(
            Either(
                kinds=(
                    Choice(words=("terrain",)),
                    Quantity(dimension="length", at_least="-15 km", at_most="15 km"),
                ),
                choose=_height_kind,
                what="terrain or a height such as '-2.5 km'",
                description="Height above the 1737.4 km sphere, or `terrain` to take it from the topography.",
            ),
            default="terrain",
        ),
        "horizon": Field(
            Either(
                kinds=(
                    Choice(words=("terrain",)),
                    _MASK,
                    Table(
                        row=_HORIZON_ROW,
                        shortest=2,
                        longest=3600,
                        what="2 to 3600 rows of azimuth and elevation",
                    ),
                ),
                choose=_horizon_kind,
                what="terrain, a mask such as '5 deg', or a table such as [[0 deg, 3 deg], [90 deg, 5 deg]]",
                description=(
                    "Elevation above which the site sees: a constant mask, a table of azimuth (clockwise "
                    "from north) and elevation joined by straight lines, or `terrain` for the topography's."
                ),
            ),
            default="0 deg",
        ),
    },
)

_STATION_MASK = Quantity(
    dimension="angle",
    description="Lowest elevation at which the station works.",
    at_least="0 deg",
    at_most="89 deg",
)

GROUND_ITEM = Variant(
    what="a network or station by name, or a mapping with network, station or name",
    variants={
        "known": Name(kind="a ground network or station", known=lambda: (*network_names(), *station_names())),
        "network": Record(
            what="a known network",
            description="A known network with a mask of your own.",
            covers=True,
            fields={
                "network": Field(
                    Name(kind="a ground network", known=network_names, description="Name of the network."),
                    required=True,
                ),
                "mask": Field(_STATION_MASK, required=True),
            },
        ),
        "station": Record(
            what="a known station",
            description="A known station with a mask of your own.",
            covers=True,
            fields={
                "station": Field(
                    Name(kind="a ground station", known=station_names, description="Name of the station."),
                    required=True,
                ),
                "mask": Field(_STATION_MASK, required=True),
            },
        ),
        "own": Record(
            what="a station of your own",
            description="A station of your own.",
            covers=True,
            fields={
                "name": Field(
                    Name(kind="the station", description="What the station is called."), required=True
                ),
                "latitude": Field(
                    Quantity(
                        dimension="angle",
                        description="Geodetic latitude on WGS 84, north positive.",
                        at_least="-90 deg",
                        at_most="90 deg",
                    ),
                    required=True,
                ),
                "longitude": Field(_longitude(), required=True),
                "height": Field(
                    Quantity(
                        dimension="length",
                        description="Height above the WGS 84 ellipsoid.",
                        at_least="-0.5 km",
                        at_most="9 km",
                    ),
                    required=True,
                ),
                "mask": Field(_STATION_MASK, default=f"{DEFAULT_MASK_DEG:g} deg"),
            },
        ),
    },
    choose=lambda node: by_key(node, {"network": "network", "station": "station"}, "own", scalar="known"),
)
