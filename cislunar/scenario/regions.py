"""Named parts of the Moon, in mean-Earth latitude and east longitude."""

from __future__ import annotations

import math
from typing import Final

REGIONS: Final = {
    "far side": "a longitude between 90 and 270 deg east",
    "near side": "a longitude between -90 and 90 deg east",
    "moon": "any place",
    "south polar cap": "a latitude of -80 deg or further south",
    "north polar cap": "a latitude of 80 deg or further north",
}
"""What a place in each region satisfies, in words."""

CAP_LATITUDE_RAD: Final = math.radians(80.0)
"""Latitude at which a polar cap begins, rad."""


def contains(latitude_rad: float, longitude_rad: float, region: str) -> bool:
    """Whether a place lies in a region.

    Parameters
    ----------
    latitude_rad, longitude_rad : float
        Mean-Earth latitude and east longitude.
    region : str
        One of `REGIONS`.
    """
    if region == "far side":
        return math.cos(longitude_rad) < 0.0
    if region == "near side":
        return math.cos(longitude_rad) > 0.0
    if region == "south polar cap":
        return latitude_rad <= -CAP_LATITUDE_RAD
    if region == "north polar cap":
        return latitude_rad >= CAP_LATITUDE_RAD
    return True
