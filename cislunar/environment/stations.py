"""Ground stations on the Earth: single antennas, and networks of them.

A network lists the antennas that matter for visibility, one for each place: `dsn` is one 34 m beam-waveguide
antenna at each of the three complexes, because the others stand within a few kilometres (Goldstone: 20 km)
and see the Moon rise within a minute of it.  Every antenna of the tables can be named on its own as well.

Positions are taken as fixed to the crust; since their epochs (2003 for the Deep Space Network) plates have
moved them by up to 1.4 m.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import EARTH_FLATTENING, EARTH_RADIUS_KM
from cislunar.environment.station_tables import ALIASES, ANTENNAS, NETWORKS
from cislunar.errors import InputError

DEFAULT_MASK_RAD: Final = math.radians(10.0)
"""Lowest elevation at which a station works unless its user says otherwise."""


@dataclass(frozen=True)
class Station:
    """An antenna on the Earth.

    Attributes
    ----------
    name : str
        Name in results.
    latitude_rad : float
        Geodetic latitude on the WGS 84 ellipsoid, rad, north positive.
    longitude_rad : float
        Longitude, rad, **east** positive.
    height_km : float
        Height above the ellipsoid, km.
    mask_rad : float
        Lowest usable elevation, rad, all around.
    source : str
        Where the position comes from.

    Raises
    ------
    InputError
        If a value cannot belong to a place on the Earth, as when degrees or metres were given.
    """

    name: str
    latitude_rad: float
    longitude_rad: float
    height_km: float
    mask_rad: float = DEFAULT_MASK_RAD
    source: str = "given by the user"

    def __post_init__(self) -> None:
        """Refuse what is no place on the Earth."""
        if not self.name.strip():
            raise InputError("a station needs a name")
        _require_within(self, "latitude", self.latitude_rad, -90.0, 90.0)
        _require_within(self, "longitude", self.longitude_rad, -360.0, 360.0)
        _require_within(self, "mask", self.mask_rad, -10.0, 89.9)
        if not -1.0 <= self.height_km <= 10.0:
            raise InputError(
                f"station {self.name}: found a height of {self.height_km:g} km; "
                "expected -1 km to 10 km above the ellipsoid"
            )

    @cached_property
    def up_itrs(self) -> NDArray[np.float64]:
        """Outward normal of the ellipsoid in Earth-fixed axes (ITRS), shape (3,)."""
        return _read_only(
            math.cos(self.latitude_rad) * math.cos(self.longitude_rad),
            math.cos(self.latitude_rad) * math.sin(self.longitude_rad),
            math.sin(self.latitude_rad),
        )

    @cached_property
    def position_itrs_km(self) -> NDArray[np.float64]:
        """Position in Earth-fixed axes (ITRS) from the Earth's centre, km, shape (3,)."""
        x, y, z = self.up_itrs
        squared_axis_ratio = (1.0 - EARTH_FLATTENING) ** 2
        normal = EARTH_RADIUS_KM / math.sqrt(x * x + y * y + squared_axis_ratio * z * z)
        across = normal + self.height_km
        return _read_only(across * x, across * y, (squared_axis_ratio * normal + self.height_km) * z)


def _read_only(x: float, y: float, z: float) -> NDArray[np.float64]:
    vector = np.array([x, y, z])
    vector.flags.writeable = False
    return vector


def _require_within(station: Station, what: str, value_rad: float, low_deg: float, high_deg: float) -> None:
    if not low_deg <= math.degrees(value_rad) <= high_deg:
        raise InputError(
            f"station {station.name}: found a {what} of {math.degrees(value_rad):g} deg; expected "
            f"{low_deg:g} deg to {high_deg:g} deg (given in radians)"
        )


def station(name: str) -> Station:
    """Find an antenna of the tables by name.

    Parameters
    ----------
    name : str
        `dss-24`, `new-norcia`, `goonhilly`; capitals do not matter; `goldstone`, `canberra` and `madrid` mean
        the antenna that stands for the complex in the network `dsn`.

    Returns
    -------
    Station

    Raises
    ------
    InputError
        If there is none of that name; the message names the nearest.
    """
    key = name.strip().lower()
    key = ALIASES.get(key, key)
    if key not in ANTENNAS:
        raise InputError(f"found the ground station {name!r}; expected {_known(key, station_names())}")
    latitude_deg, longitude_deg, height_km, source = ANTENNAS[key]
    return Station(key, math.radians(latitude_deg), math.radians(longitude_deg), height_km, source=source)


def network(name: str) -> tuple[Station, ...]:
    """Stations of a network.

    Parameters
    ----------
    name : str
        `dsn`, `estrack` or `ksat`; capitals do not matter.

    Returns
    -------
    tuple of Station

    Raises
    ------
    InputError
        If there is no network of that name.
    """
    key = name.strip().lower()
    if key not in NETWORKS:
        raise InputError(f"found the ground network {name!r}; expected {_known(key, network_names())}")
    return tuple(station(member) for member in NETWORKS[key])


def station_names() -> tuple[str, ...]:
    """Names that `station` knows."""
    return (*ANTENNAS, *ALIASES)


def network_names() -> tuple[str, ...]:
    """Names that `network` knows."""
    return tuple(NETWORKS)


def _known(key: str, names: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, names, n=1)
    return f"one of {', '.join(names)}" + (f"; did you mean {near[0]!r}?" if near else "")
