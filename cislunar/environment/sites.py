"""Places on the Moon and their horizons.

Positions are in the mean-Earth axes: latitude and east longitude on the sphere of 1737.4 km, height above it.
The vertical is radial.  Azimuths count clockwise from north, 90 deg is east.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError

_TURN: Final = 2.0 * math.pi
_LOWEST_MASK_DEG: Final = -30.0
_HIGHEST_MASK_DEG: Final = 89.9
_LARGEST_HEIGHT_KM: Final = 15.0


@dataclass(frozen=True)
class ConstantMask:
    """A horizon of the same elevation all around.

    Attributes
    ----------
    mask_rad : float
        Elevation below which nothing is seen, rad.

    Raises
    ------
    InputError
        If the elevation is not between -30 and 89.9 deg.
    """

    mask_rad: float

    def __post_init__(self) -> None:
        """Refuse what is no elevation."""
        _require_elevations(np.array([self.mask_rad]))

    def at(self, azimuth_rad: ArrayLike) -> NDArray[np.float64]:
        """Elevation of the horizon, rad, shape (...), at azimuths of shape (...)."""
        return np.full(np.shape(azimuth_rad), self.mask_rad)


@dataclass(frozen=True, eq=False)
class AzimuthMask:
    """A horizon given at some azimuths, linear between them all the way around.

    Parameters
    ----------
    azimuth_rad : array_like, shape (k,)
        Azimuths, rad, clockwise from north, in any order; at least two different ones.  360 deg repeats 0
        deg.
    elevation_rad : array_like, shape (k,)
        Elevations below which nothing is seen, rad.
    source : str
        Where the horizon comes from, for reports.

    Attributes
    ----------
    azimuth_rad : ndarray, shape (k,)
        Rising azimuths from 0 to below 2 pi, read-only.
    elevation_rad : ndarray, shape (k,)
        Elevations at them, read-only.
    source : str

    Raises
    ------
    InputError
        If the lengths differ, there are fewer than two azimuths, one azimuth has two elevations, or an
        elevation is not between -30 and 89.9 deg.
    """

    azimuth_rad: NDArray[np.float64]
    elevation_rad: NDArray[np.float64]
    source: str = "given by the user"

    def __post_init__(self) -> None:
        """Sort the table and refuse what is no horizon."""
        azimuth = np.asarray(self.azimuth_rad, dtype=np.float64).reshape(-1)
        elevation = np.asarray(self.elevation_rad, dtype=np.float64).reshape(-1)
        if azimuth.size != elevation.size:
            raise InputError(
                f"a horizon table has {azimuth.size} azimuths and {elevation.size} elevations; expected as "
                "many of each"
            )
        if not np.all(np.isfinite(azimuth)):
            raise InputError("a horizon table has an azimuth that is NaN or infinite")
        _require_elevations(elevation)
        azimuth = np.mod(azimuth, _TURN)
        azimuth[_TURN - azimuth < 1e-12] = 0.0
        azimuth, first, group = np.unique(azimuth, return_index=True, return_inverse=True)
        clash = np.abs(elevation - elevation[first][group]) > 1e-12
        if np.any(clash):
            where = math.degrees(azimuth[group[clash][0]])
            raise InputError(f"a horizon table has two elevations at the azimuth {where:g} deg; expected one")
        if azimuth.size < 2:
            raise InputError("a horizon table needs at least two azimuths; use a constant mask instead")
        elevation = elevation[first]
        azimuth.flags.writeable = False
        elevation.flags.writeable = False
        object.__setattr__(self, "azimuth_rad", azimuth)
        object.__setattr__(self, "elevation_rad", elevation)

    def at(self, azimuth_rad: ArrayLike) -> NDArray[np.float64]:
        """Elevation of the horizon, rad, shape (...), at azimuths of shape (...)."""
        return np.interp(np.asarray(azimuth_rad), self.azimuth_rad, self.elevation_rad, period=_TURN)

    def __eq__(self, other: object) -> bool:
        """Whether both are the same table from the same source."""
        return (
            isinstance(other, AzimuthMask)
            and np.array_equal(self.azimuth_rad, other.azimuth_rad)
            and np.array_equal(self.elevation_rad, other.elevation_rad)
            and self.source == other.source
        )

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.azimuth_rad.tobytes(), self.elevation_rad.tobytes(), self.source))


Horizon = ConstantMask | AzimuthMask
"""The horizon of a site."""


def _require_elevations(elevation_rad: NDArray[np.float64]) -> None:
    degrees = np.degrees(elevation_rad)
    good = (degrees >= _LOWEST_MASK_DEG) & (degrees <= _HIGHEST_MASK_DEG)
    if not np.all(good):
        raise InputError(
            f"found a horizon at {degrees[~good][0]:g} deg; expected {_LOWEST_MASK_DEG:g} deg to "
            f"{_HIGHEST_MASK_DEG:g} deg (given in radians)"
        )


@dataclass(frozen=True)
class Site:
    """A place on the Moon.

    Attributes
    ----------
    name : str
        Name in results.
    latitude_rad : float
        Mean-Earth latitude, rad, north positive.
    longitude_rad : float
        Mean-Earth longitude, rad, **east** positive.
    height_km : float
        Height above the sphere of 1737.4 km, km; negative on the floors of the basins.
    horizon : ConstantMask or AzimuthMask
        What hides the sky near the horizontal.

    Raises
    ------
    InputError
        If a value cannot belong to a place on the Moon, as when degrees or metres were given.
    """

    name: str
    latitude_rad: float
    longitude_rad: float
    height_km: float
    horizon: Horizon

    def __post_init__(self) -> None:
        """Refuse what is no place on the Moon."""
        if not self.name.strip():
            raise InputError("a site needs a name")
        for what, value, largest in (
            ("latitude", self.latitude_rad, 90),
            ("longitude", self.longitude_rad, 360),
        ):
            if not abs(math.degrees(value)) <= largest:
                raise InputError(
                    f"site {self.name}: found a {what} of {math.degrees(value):g} deg; "
                    f"expected {-largest} deg to {largest} deg (given in radians)"
                )
        if not abs(self.height_km) <= _LARGEST_HEIGHT_KM:
            raise InputError(
                f"site {self.name}: found a height of {self.height_km:g} km; expected "
                f"{-_LARGEST_HEIGHT_KM:g} km to {_LARGEST_HEIGHT_KM:g} km"
            )

    @property
    def radius_km(self) -> float:
        """Distance from the Moon's centre, km."""
        return MOON_RADIUS_KM + self.height_km

    @cached_property
    def axes_me(self) -> NDArray[np.float64]:
        """Rows east, north and up in mean-Earth axes, shape (3, 3): `axes_me @ v_me` gives components."""
        sin_latitude, cos_latitude = math.sin(self.latitude_rad), math.cos(self.latitude_rad)
        sin_longitude, cos_longitude = math.sin(self.longitude_rad), math.cos(self.longitude_rad)
        axes = np.array(
            [
                [-sin_longitude, cos_longitude, 0.0],
                [-sin_latitude * cos_longitude, -sin_latitude * sin_longitude, cos_latitude],
                [cos_latitude * cos_longitude, cos_latitude * sin_longitude, sin_latitude],
            ]
        )
        axes.flags.writeable = False
        return axes

    @property
    def up_me(self) -> NDArray[np.float64]:
        """Outward radial direction in mean-Earth axes, shape (3,)."""
        return self.axes_me[2]

    @property
    def position_me_km(self) -> NDArray[np.float64]:
        """Position in mean-Earth axes from the Moon's centre, km, shape (3,)."""
        return self.radius_km * self.axes_me[2]
