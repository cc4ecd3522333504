"""Launch sites, the parking orbits they reach, and what a launcher injects.

References
----------
.. [1] R. R. Bate, D. D. Mueller, J. E. White, Fundamentals of Astrodynamics, Dover (1971), section 3.1
   (cos i = cos latitude sin azimuth, for the azimuth of the inertial velocity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import EARTH_FLATTENING, SECONDS_PER_DAY
from cislunar.errors import InputError
from cislunar.transfers.patched_conic import c3_of_injection

if TYPE_CHECKING:
    from cislunar.environment import Environment

Array = NDArray[np.float64]

_SAMPLES_PER_DAY = 288


@dataclass(frozen=True)
class LaunchSite:
    """A place to launch from.

    Attributes
    ----------
    name : str
        For messages.
    latitude_rad, longitude_rad : float
        Geodetic latitude and east longitude on the WGS 84 ellipsoid.
    azimuth_rad : (float, float)
        Least and greatest azimuth allowed, clockwise from north; of the inertial velocity.
    """

    name: str
    latitude_rad: float
    longitude_rad: float
    azimuth_rad: tuple[float, float] = (0.0, 2.0 * np.pi)

    def __post_init__(self) -> None:
        """Check the values."""
        if not (abs(self.latitude_rad) <= np.pi / 2 and np.isfinite(self.longitude_rad)):
            raise InputError(
                f"launch site {self.name}: expected a latitude of -pi/2 to pi/2 rad and a finite longitude; "
                f"got {self.latitude_rad} and {self.longitude_rad}"
            )
        low, high = self.azimuth_rad
        if not -2.0 * np.pi <= low < high <= 2.0 * np.pi:
            raise InputError(
                f"launch site {self.name}: expected two azimuths, the smaller first; "
                f"got {self.azimuth_rad} rad"
            )

    @property
    def geocentric_latitude_rad(self) -> float:
        """Angle between the equator and the line to the Earth's centre; the least inclination."""
        return float(np.arctan((1.0 - EARTH_FLATTENING) ** 2 * np.tan(self.latitude_rad)))

    @property
    def direction(self) -> Array:
        """Unit vector from the Earth's centre, Earth-fixed axes, shape (3,)."""
        latitude = self.geocentric_latitude_rad
        return np.array(
            [
                np.cos(latitude) * np.cos(self.longitude_rad),
                np.cos(latitude) * np.sin(self.longitude_rad),
                np.sin(latitude),
            ]
        )

    def inclinations(self) -> tuple[float, float]:
        """Least and greatest inclination within the azimuths, rad."""
        azimuth = np.linspace(*self.azimuth_rad, 7201)
        cosine = np.cos(self.geocentric_latitude_rad) * np.sin(azimuth)
        return float(np.arccos(cosine.max())), float(np.arccos(cosine.min()))

    def require(self, inclination_rad: float, speed_km_s: float = 7.8) -> None:
        """Check that a parking orbit is reached without a change of plane.

        Parameters
        ----------
        inclination_rad : float
            Of the parking orbit to the Earth's equator.
        speed_km_s : float
            On the parking orbit, for the price of a change of plane.

        Raises
        ------
        InputError
            Says what is short, by how much, and what turning the plane in orbit would cost.
        """
        low, high = self.inclinations()
        if low - 1e-9 <= inclination_rad <= high + 1e-9:
            return
        nearest = low if inclination_rad < low else high
        turn = abs(inclination_rad - nearest)
        latitude = abs(self.geocentric_latitude_rad)
        if min(inclination_rad, np.pi - inclination_rad) < latitude:
            reason = f"below the (geocentric) latitude of {self.name}, {np.degrees(latitude):.2f} deg"
        else:
            first, last = np.degrees(self.azimuth_rad)
            reason = (
                f"outside {np.degrees(low):.2f} to {np.degrees(high):.2f} deg, which the launch azimuths "
                f"of {self.name}, {first:g} to {last:g} deg, allow"
            )
        raise InputError(
            f"launch: the inclination {np.degrees(inclination_rad):.2f} deg is {reason}; the plane is "
            f"{np.degrees(turn):.2f} deg short, a change of plane of "
            f"{plane_change_km_s(speed_km_s, turn) * 1e3:.0f} m/s at {speed_km_s:.2f} km/s; choose an "
            f"inclination of {np.degrees(low):.2f} to {np.degrees(high):.2f} deg"
        )

    def azimuths(self, inclination_rad: float) -> tuple[float, float]:
        """Azimuths of the inertial velocity, northward and southward, for an inclination, rad.

        Raises
        ------
        InputError
            The inclination is not reached at any azimuth.
        """
        sine = np.cos(inclination_rad) / np.cos(self.geocentric_latitude_rad)
        if abs(sine) > 1.0 + 1e-12:
            self.require(inclination_rad)
        east = float(np.arcsin(np.clip(sine, -1.0, 1.0)))
        return east, np.pi - east

    def lift_offs(
        self, normal: ArrayLike, start_tdb: float, end_tdb: float, environment: Environment
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Times at which the site passes through a plane.

        Parameters
        ----------
        normal : array_like, shape (3,)
            Of the parking orbit, ICRF axes, along the angular momentum.
        start_tdb, end_tdb : float
            Where to look, seconds past J2000 TDB.
        environment : Environment
            For the rotation of the Earth.

        Returns
        -------
        tdb : numpy.ndarray, shape (m,)
            To a millisecond; about two a day, none for a plane inclined less than the latitude. The
            way up is not modelled: an ascent of some ten minutes turns the plane by a degree or two.
        northward : numpy.ndarray, shape (m,), bool
            Whether the launch heads north there.
        """
        plane = np.asarray(normal, dtype=np.float64)
        site = self.direction

        def place(tdb: Array) -> Array:
            return np.asarray(np.einsum("ij...,j->i...", environment.earth.itrs_to_gcrs(tdb), site))

        count = max(2, int(np.ceil((end_tdb - start_tdb) / SECONDS_PER_DAY * _SAMPLES_PER_DAY)) + 1)
        times = np.linspace(start_tdb, end_tdb, count)
        height = plane @ place(times)
        crossing = np.flatnonzero((height[1:] > 0.0) != (height[:-1] > 0.0))
        low, high = times[crossing].copy(), times[crossing + 1].copy()
        at_low = height[crossing] > 0.0
        for _ in range(20):
            middle = 0.5 * (low + high)
            same = (plane @ place(middle) > 0.0) == at_low
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        tdb = 0.5 * (low + high)
        return tdb, np.cross(plane, place(tdb), axisb=0)[:, 2] > 0.0


def plane_change_km_s(speed_km_s: ArrayLike, angle_rad: ArrayLike) -> Array:
    """Impulse that turns a velocity by an angle without changing its size, km/s."""
    return np.asarray(2.0 * np.asarray(speed_km_s) * np.sin(0.5 * np.asarray(angle_rad)))


CAPE_CANAVERAL = LaunchSite(
    "Cape Canaveral",
    float(np.radians(28.562)),
    float(np.radians(-80.577)),
    (np.radians(35.0), np.radians(120.0)),
)
"""Space Launch Complex 40, with the azimuths of the Eastern Range, 35 to 120 deg (NASA Kennedy Space Center's
figures for launches over the Atlantic; southern corridors for polar orbits are granted apart)."""


@dataclass(frozen=True)
class Launcher:
    """A launcher's mass injected against C3, as its user's guide gives it.

    Attributes
    ----------
    name : str
    c3_km2_s2 : array_like, shape (k,)
        Twice the geocentric energy after the injection, growing.
    mass_kg : array_like, shape (k,)
        Injected, falling.
    """

    name: str
    c3_km2_s2: ArrayLike
    mass_kg: ArrayLike

    def __post_init__(self) -> None:
        """Check the curve."""
        energy, mass = self._curve()
        shaped = energy.ndim == 1 and energy.size >= 2 and energy.shape == mass.shape
        if not shaped or not (np.isfinite(energy).all() and np.isfinite(mass).all()):
            raise InputError(
                f"launcher {self.name}: expected two or more finite values of C3 and as many masses; got "
                f"shapes {energy.shape} and {mass.shape}"
            )
        if (np.diff(energy) <= 0.0).any() or (np.diff(mass) >= 0.0).any() or (mass < 0.0).any():
            raise InputError(
                f"launcher {self.name}: expected C3 that grows and masses above zero that fall "
                "along the curve"
            )

    def _curve(self) -> tuple[Array, Array]:
        return np.asarray(self.c3_km2_s2, dtype=np.float64), np.asarray(self.mass_kg, dtype=np.float64)

    def mass_at(self, c3_km2_s2: ArrayLike) -> Array:
        """Mass that is injected to an energy, kg, between the points given on straight lines.

        Raises
        ------
        InputError
            An energy outside the curve, which is not extended.
        """
        energy, mass = self._curve()
        wanted = np.asarray(c3_km2_s2, dtype=np.float64)
        outside = ~((wanted >= energy[0]) & (wanted <= energy[-1]))
        if outside.any():
            raise InputError(
                f"launcher {self.name}: C3 {wanted[outside].flat[0]:.4g} km^2/s^2 is "
                f"outside the curve given, {energy[0]:g} to {energy[-1]:g} km^2/s^2"
            )
        return np.asarray(np.interp(wanted, energy, mass))

    def mass_after_injection(self, radius_km: ArrayLike, injection_km_s: ArrayLike, gm: float) -> Array:
        """Mass injected by an impulse (km/s) along the velocity of a circular orbit, kg.

        Raises
        ------
        InputError
            As `mass_at`.
        """
        return self.mass_at(c3_of_injection(radius_km, injection_km_s, gm))

    def require(self, mass_kg: float, c3_km2_s2: float) -> None:
        """Check that a mass is injected to an energy.

        Raises
        ------
        InputError
            Says by how much the spacecraft is too heavy.
        """
        most = float(self.mass_at(c3_km2_s2))
        if mass_kg > most:
            raise InputError(
                f"launch: {self.name} injects {most:.0f} kg to C3 {c3_km2_s2:.3f} km^2/s^2; the spacecraft "
                f"of {mass_kg:.0f} kg is {mass_kg - most:.0f} kg too heavy"
            )
