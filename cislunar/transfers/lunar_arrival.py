"""Arrivals at the Moon: the periapses from which a transfer is sought backward in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.environment import Environment
from cislunar.errors import InputError
from cislunar.orbits.frames import frame_to_icrf

Array = NDArray[np.float64]

PARAMETERS = ("node_rad", "argument_rad", "c3_km2_s2", "inclination_rad")
"""What an arrival at a given epoch and altitude is free in, in the order of every array of them."""

_WIDEST = {"c3_km2_s2": (-0.24, 1.0), "node_rad": (-2.0 * np.pi, 4.0 * np.pi)}


@dataclass(frozen=True)
class LunarArrival:
    """A periapsis at the Moon, with ranges for what may vary, and the orbit it is the way to.

    For low-energy searches; direct transfers and free returns take a `targeting.ArrivalTarget`.

    Angles are in the Moon's mean-Earth frame at the moment of arrival: inclination to the lunar equator,
    node from the meridian that faces the Earth on average.

    Attributes
    ----------
    periapsis_altitude_km : float
        Above the sphere of 1737.4 km.
    inclination_rad : float or None
        To the lunar equator; None if any will do.
    apoapsis_altitude_km : float, optional
        Of the orbit that the capture cost is stated for; left out, the circular one through the periapsis.
    node_rad, argument_rad : tuple of float
        Ranges of the ascending node and of the argument of periapsis; equal ends fix a value.
    c3_km2_s2 : tuple of float
        Range of twice the two-body energy about the Moon at periapsis: v-infinity squared where positive,
        already captured where negative. Below about -0.24 nothing arrives from outside.

    Raises
    ------
    InputError
        A value outside its range.
    """

    periapsis_altitude_km: float = 100.0
    inclination_rad: float | None = None
    apoapsis_altitude_km: float | None = None
    node_rad: tuple[float, float] = (0.0, 2.0 * np.pi)
    argument_rad: tuple[float, float] = (0.0, 2.0 * np.pi)
    c3_km2_s2: tuple[float, float] = (-0.16, 0.16)

    def __post_init__(self) -> None:
        """Refuse what is no arrival."""
        if not 0.0 < self.periapsis_altitude_km < 50_000.0:
            raise InputError(
                "lunar arrival: expected a periapsis altitude of 0 to 50,000 km above 1737.4 km; "
                f"got {self.periapsis_altitude_km} km"
            )
        if self.inclination_rad is not None and not 0.0 <= self.inclination_rad <= np.pi:
            raise InputError(f"lunar arrival: expected an inclination of 0 to pi; got {self.inclination_rad}")
        far = self.apoapsis_altitude_km
        if far is not None and not self.periapsis_altitude_km <= far < np.inf:
            raise InputError(
                f"lunar arrival: expected an apoapsis at or above the periapsis of "
                f"{self.periapsis_altitude_km} km; got {far} km"
            )
        for name in PARAMETERS[:3]:
            low, high = getattr(self, name)
            least, most = _WIDEST.get(name, _WIDEST["node_rad"])
            if not least <= low <= high <= most:
                raise InputError(
                    f"lunar arrival: expected a range of {name} inside {least:.6g} to {most:.6g}, its lower "
                    f"end first; got {low:.6g} to {high:.6g}"
                )

    @property
    def radius_km(self) -> float:
        """Distance of the periapsis from the centre of the Moon, km."""
        return MOON_RADIUS_KM + self.periapsis_altitude_km

    @property
    def ranges(self) -> Array:
        """Ends of the ranges of `PARAMETERS`, shape (4, 2)."""
        tilt = (0.0, np.pi) if self.inclination_rad is None else (self.inclination_rad,) * 2
        return np.array([self.node_rad, self.argument_rad, self.c3_km2_s2, tilt])

    @property
    def free(self) -> NDArray[np.bool_]:
        """Which of `PARAMETERS` may vary, shape (4,)."""
        ranges = self.ranges
        return ranges[:, 1] > ranges[:, 0]

    def parameters(self, unit: Array) -> Array:
        """Spread points of the unit cube over the ranges, inclinations evenly over the sphere.

        Parameters
        ----------
        unit : numpy.ndarray, shape (4, n)
            Numbers from 0 to 1.

        Returns
        -------
        numpy.ndarray, shape (4, n)
            In the order of `PARAMETERS`.
        """
        low, high = self.ranges.T[:, :, None]
        values = low + unit * (high - low)
        if self.inclination_rad is None:
            values[3] = np.arccos(1.0 - 2.0 * unit[3])
        return values

    def states(
        self, parameters: Array, tdb: Array, gm: float, environment: Environment
    ) -> tuple[Array, Array]:
        """States at periapsis and their derivatives.

        Parameters
        ----------
        parameters : numpy.ndarray, shape (4, n)
            In the order of `PARAMETERS`.
        tdb : numpy.ndarray, shape (n,)
            Arrivals, seconds past J2000 TDB.
        gm : float
            Of the Moon, km^3/s^2.
        environment : Environment
            Whose lunar orientation is used.

        Returns
        -------
        state : numpy.ndarray, shape (6, n)
            Moon-centred, ICRF axes, km and km/s. The conic may be an ellipse, a parabola or a hyperbola.
        derivative : numpy.ndarray, shape (6, 4, n)
            With respect to the parameters.
        """
        node, argument, c3, tilt = parameters
        to_icrf = frame_to_icrf("moon-me", tdb, environment)
        nil = np.zeros_like(node)
        line = np.array([np.cos(node), np.sin(node), nil])
        level = np.array([-np.sin(node) * np.cos(tilt), np.cos(node) * np.cos(tilt), np.sin(tilt)])
        normal = np.array([np.sin(node) * np.sin(tilt), -np.cos(node) * np.sin(tilt), np.cos(tilt)])
        towards = np.cos(argument) * line + np.sin(argument) * level
        across = np.cos(argument) * level - np.sin(argument) * line
        speed = np.sqrt(c3 + 2.0 * gm / self.radius_km)
        pole = np.array([nil, nil, nil + 1.0])
        turns = (pole, normal, None, line)
        columns = []
        for axis in turns:
            if axis is None:
                columns.append((0.0 * towards, across / (2.0 * speed)))
            else:
                columns.append(
                    (
                        self.radius_km * np.cross(axis, towards, axis=0),
                        speed * np.cross(axis, across, axis=0),
                    )
                )
        state = _turned(to_icrf, self.radius_km * towards, speed * across)
        derivative = np.stack([_turned(to_icrf, *column) for column in columns], axis=1)
        return state, derivative

    def capture_km_s(self, c3_km2_s2: Array, gm: float) -> Array:
        """Impulse at periapsis from arrivals of given energy into the stated orbit, km/s, shape (n,)."""
        far = self.apoapsis_altitude_km
        apoapsis = self.radius_km if far is None else MOON_RADIUS_KM + far
        after = np.sqrt(2.0 * gm * apoapsis / (self.radius_km * (self.radius_km + apoapsis)))
        return np.sqrt(c3_km2_s2 + 2.0 * gm / self.radius_km) - after


def _turned(rotation: Array, position: Array, velocity: Array) -> Array:
    return np.concatenate([np.einsum("ijn,jn->in", rotation, part) for part in (position, velocity)])
