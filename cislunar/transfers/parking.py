"""Circular parking orbits about the Earth, from which transfers are injected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import EARTH_RADIUS_KM
from cislunar.errors import InputError

if TYPE_CHECKING:
    from cislunar.environment import Environment

Array = NDArray[np.float64]

LOWEST_KM, HIGHEST_KM = 100.0, 50_000.0
"""Altitudes accepted, km: below the first a circular orbit does not last one revolution."""

HEADINGS = ("ascending", "descending", "cheaper")


@dataclass(frozen=True)
class ParkingOrbit:
    """A circular orbit about the Earth whose plane may turn to any node.

    Attributes
    ----------
    altitude_km : float
        Above the equatorial radius of the Earth, 6378.137 km.
    inclination_rad : float
        To the Earth's true equator at departure: the plane normal to the Earth's pole of date, which leaves
        that of ICRF by 0.15 deg in 2028.
    heading : {"ascending", "descending", "cheaper"}
        Which of the two planes of this inclination that contain the Moon at arrival is flown: the one that
        heads north, or south, at the point of the parking orbit opposite to the Moon. The injection is
        some degrees before that point. The cheaper one takes less injection and periapsis speed together.

    Raises
    ------
    InputError
        An altitude or inclination outside its range, or an unknown heading.
    """

    altitude_km: float
    inclination_rad: float
    heading: str = "cheaper"

    def __post_init__(self) -> None:
        """Check the values."""
        if not LOWEST_KM <= self.altitude_km <= HIGHEST_KM:
            raise InputError(
                f"parking orbit: expected an altitude of {LOWEST_KM:g} to {HIGHEST_KM:g} km above the "
                f"equatorial radius of the Earth; got {self.altitude_km} km"
                + (", which looks like a radius" if self.altitude_km > HIGHEST_KM else "")
            )
        if not 0.0 <= self.inclination_rad <= np.pi:
            raise InputError(
                f"parking orbit: expected an inclination of 0 to pi rad; got {self.inclination_rad}"
            )
        if self.heading not in HEADINGS:
            raise InputError(f"heading: expected one of {', '.join(HEADINGS)}; got {self.heading!r}")

    @property
    def radius_km(self) -> float:
        """Distance from the centre of the Earth, km."""
        return EARTH_RADIUS_KM + self.altitude_km

    def speed_km_s(self, gm: float) -> float:
        """Circular speed for a mass parameter of the Earth in km^3/s^2."""
        return float(np.sqrt(gm / self.radius_km))


def earth_pole(tdb: ArrayLike, environment: Environment) -> Array:
    """Pole of the Earth's true equator of date.

    Parameters
    ----------
    tdb : array_like, shape (n,)
        Seconds past J2000 TDB.
    environment : Environment
        Whose orientation of the Earth is used.

    Returns
    -------
    numpy.ndarray, shape (3, n)
        Unit vectors, ICRF axes.
    """
    # Only the direction of the axis matters here, so that a held UT1 is no reason for a warning.
    w, x, y, z = environment.earth.quaternion(np.atleast_1d(np.asarray(tdb, dtype=np.float64)))
    return np.stack([2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)])
