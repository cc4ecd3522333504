"""How a person states the orbit of a spacecraft: by elements, by a state, or by a file of another tool.

These are plain statements in internal units (km, km/s, s, rad), checked for sense on their own.  What needs a
gravitational parameter or an epoch happens in `cislunar.orbits.initial_state`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from cislunar.errors import InputError
from cislunar.orbits.frames import canonical_frame

Anomaly = Literal["true", "mean", "eccentric"]
ANOMALIES: Final[tuple[str, ...]] = get_args(Anomaly)
"""The anomalies that can place a spacecraft on its orbit."""

SIZES: Final = (
    "semi_major_axis_km",
    "period_s",
    "eccentricity",
    "periapsis_altitude_km",
    "apoapsis_altitude_km",
)
"""Fields of `KeplerianOrbit` that give size and shape; exactly two of them are stated."""


@dataclass(frozen=True, kw_only=True)
class KeplerianOrbit:
    """An orbit about the Moon by its osculating elements at the epoch of the mission's start.

    Size and shape are any two of semi-major axis (or period), eccentricity, periapsis altitude and apoapsis
    altitude.  Altitudes are above the 1737.4 km sphere and are never radii.

    Attributes
    ----------
    frame : str
        Name of the frame of the angles, see `cislunar.orbits.frames.FRAMES`.
    inclination_rad, raan_rad, argument_of_periapsis_rad : float
        Inclination to the frame's xy plane (0 to pi), right ascension of the ascending node from its x axis,
        argument of periapsis from the node, rad.
    anomaly_rad : float
        Place on the orbit, rad.
    anomaly : {"true", "mean", "eccentric"}
        Which anomaly `anomaly_rad` is.  For a hyperbola "eccentric" means the hyperbolic anomaly.
    semi_major_axis_km, period_s, eccentricity, periapsis_altitude_km, apoapsis_altitude_km : float or None
        Size and shape; exactly two are given, and not both of semi-major axis and period.  A hyperbola has a
        negative semi-major axis.

    Raises
    ------
    InputError
        For an unknown frame or anomaly, a value that is not finite, an impossible value, or a number of sizes
        other than two.
    """

    frame: str
    inclination_rad: float
    raan_rad: float
    argument_of_periapsis_rad: float
    anomaly_rad: float
    anomaly: Anomaly
    semi_major_axis_km: float | None = None
    period_s: float | None = None
    eccentricity: float | None = None
    periapsis_altitude_km: float | None = None
    apoapsis_altitude_km: float | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without a gravitational parameter."""
        object.__setattr__(self, "frame", canonical_frame(self.frame))
        if self.anomaly not in ANOMALIES:
            raise InputError(f"anomaly: expected one of {', '.join(ANOMALIES)}; got {self.anomaly!r}")
        for name in ("inclination_rad", "raan_rad", "argument_of_periapsis_rad", "anomaly_rad"):
            _require_finite(name, getattr(self, name))
        if not 0.0 <= self.inclination_rad <= math.pi:
            raise InputError(
                f"inclination: expected 0 to 180 deg; got {math.degrees(self.inclination_rad):.6g} deg"
            )
        stated = [name for name in SIZES if getattr(self, name) is not None]
        for name in stated:
            _require_finite(name, getattr(self, name))
        both_sizes = {"semi_major_axis_km", "period_s"} <= set(stated)
        if len(stated) != 2 or both_sizes:
            found = ", ".join(stated) if stated else "none"
            raise InputError(
                "size and shape: expected two of semi-major axis or period, eccentricity, periapsis altitude "
                f"and apoapsis altitude; got {found}"
            )
        if self.eccentricity is not None and self.eccentricity < 0.0:
            raise InputError(f"eccentricity: expected 0 or more; got {self.eccentricity:.12g}")
        if self.period_s is not None and self.period_s <= 0.0:
            raise InputError(f"period: expected more than 0 s; got {self.period_s:.12g} s")


@dataclass(frozen=True, kw_only=True)
class CartesianOrbit:
    """An orbit about the Moon by position and velocity at the epoch of the mission's start.

    Attributes
    ----------
    frame : str
        Name of the frame, see `cislunar.orbits.frames.FRAMES`.  Its axes are frozen at the epoch, so that the
        velocity is the inertial one.
    position_km, velocity_km_s : tuple of 3 floats
        Moon-centred position, km, and inertial velocity, km/s, along the frame's axes.

    Raises
    ------
    InputError
        For an unknown frame, a wrong number of components, a value that is not finite, or a zero position.
    """

    frame: str
    position_km: tuple[float, float, float]
    velocity_km_s: tuple[float, float, float]

    def __post_init__(self) -> None:
        """Check and normalise the components."""
        object.__setattr__(self, "frame", canonical_frame(self.frame))
        for name in ("position_km", "velocity_km_s"):
            vector = tuple(float(component) for component in getattr(self, name))
            if len(vector) != 3:
                raise InputError(f"{name}: expected 3 components; got {len(vector)}")
            for component in vector:
                _require_finite(name, component)
            object.__setattr__(self, name, vector)
        if not any(self.position_km):
            raise InputError("position: expected a place outside the Moon; got its centre")


@dataclass(frozen=True)
class EphemerisOrbit:
    """A trajectory that another tool wrote, followed as it is.

    Attributes
    ----------
    path : Path
        A CCSDS Orbit Ephemeris Message in KVN form, see `cislunar.exchange.oem`.
    """

    path: Path


Orbit = KeplerianOrbit | CartesianOrbit | EphemerisOrbit
"""Any statement of an orbit."""


def _require_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise InputError(f"{name}: expected a finite number; got {value}")
