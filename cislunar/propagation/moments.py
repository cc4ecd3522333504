"""What event functions are evaluated on: states at epochs, and where bodies and axes are then."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.ephemeris import EARTH_MOON_BARYCENTRE, Ephemeris
from cislunar.environment.orientation import LunarOrientation
from cislunar.errors import InputError
from cislunar.propagation.cr3bp import ROTATING, ThreeBodySystem
from cislunar.propagation.force_model import ForceModel

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]

PLANES = ("icrf", "ecliptic", "moon-me", "moon-pa", "moon-equator", "moon-op")
"""Planes of reference for nodes."""

_OBLIQUITY_RAD = np.radians(84381.406 / 3600.0)  # of the ecliptic at J2000, IAU 2006 precession


class Surroundings:
    """The tables that belong to a flight: those of its force model, or the packaged ones.

    Attributes
    ----------
    center : str
        Body that the states of the flight are about.
    system : ThreeBodySystem or None
        That of a flight of the three-body problem, in the rotating frame and nondimensional.
    """

    def __init__(self, flown: Trajectory) -> None:
        """Take what the flight was made with."""
        self.center = flown.center
        self._forces = flown.forces if isinstance(flown.forces, ForceModel) else None
        self.system: ThreeBodySystem | None = None
        if self.center == ROTATING:
            self.system = flown.forces  # type: ignore[assignment]

    @property
    def rotates(self) -> bool:
        """Whether the flight is one of the three-body problem."""
        return self.system is not None

    def require_real(self, what: str) -> None:
        """Raise `InputError` for a flight that has neither epochs nor kilometres."""
        if self.rotates:
            raise InputError(
                f"event: there is no {what} in the three-body problem; expected PlaneCrossing, Periapsis, "
                "Apoapsis or Radius about a primary, or a function of (time, state)"
            )

    @cached_property
    def ephemeris(self) -> Ephemeris:
        """Positions of bodies."""
        return self._forces.ephemeris if self._forces is not None else Ephemeris.default()

    @cached_property
    def orientation(self) -> LunarOrientation:
        """Rotation of the Moon."""
        return self._forces.orientation if self._forces is not None else LunarOrientation.default()

    def gm(self, body: str) -> float:
        """Mass parameter of a body, km^3/s^2: that of the flight where it has one."""
        self.require_real("mass parameter")
        used = self._forces.gm if self._forces is not None else {}
        return float(used.get(body, self.ephemeris.gm[self.ephemeris.require_body(body)]))


class Moments:
    """States at epochs, about any body.

    Attributes
    ----------
    tdb : numpy.ndarray, shape (m,)
        Seconds past J2000 TDB.
    state : numpy.ndarray, shape (6, m)
        km and km/s, ICRF axes, about the centre of the flight; read-only.
    surroundings : Surroundings
        Tables of the flight.
    """

    def __init__(self, tdb: Array, state: Array, surroundings: Surroundings) -> None:
        """Hold them; bodies are looked up when asked for and kept."""
        self.tdb, self.state, self.surroundings = tdb, state, surroundings
        tdb.flags.writeable = state.flags.writeable = False
        self._bodies: dict[tuple[str, bool], Array] = {}

    def body(self, name: str, moving: bool = True) -> Array:
        """State (6, m) of a body about the centre of the flight; its position (3, m) if not `moving`."""
        key = name, moving
        if key not in self._bodies:
            center, ephemeris = self.surroundings.center, self.surroundings.ephemeris
            if self.surroundings.system is not None:  # its primaries rest on the x axis
                self._bodies[key] = np.zeros((6 if moving else 3, self.tdb.size))
                self._bodies[key][0] = self.surroundings.system.primary(name)
            elif name == center:
                self._bodies[key] = np.zeros((6 if moving else 3, self.tdb.size))
            else:
                lookup = ephemeris.state if moving else ephemeris.position
                self._bodies[key] = lookup(name, center, self.tdb)
        return self._bodies[key]

    def about(self, name: str | None) -> Array:
        """State (6, m) of the spacecraft about a body; about the centre of the flight for None."""
        if name is None or name == self.surroundings.center:
            return self.state
        return self.state - self.body(name)

    def position(self, name: str | None) -> Array:
        """Position (3, m) of the spacecraft about a body; about the centre of the flight for None."""
        if name is None or name == self.surroundings.center:
            return self.state[:3]
        return self.state[:3] - self.body(name, moving=False)

    def pole(self, plane: str) -> Array:
        """Unit vector (3, m) along the pole of one of `PLANES`, as it is at each epoch."""
        self.surroundings.require_real(f"plane {plane}")
        if plane == "icrf":
            return _constant(np.array([0.0, 0.0, 1.0]), self.tdb.size)
        if plane == "ecliptic":
            return _constant(np.array([0.0, -np.sin(_OBLIQUITY_RAD), np.cos(_OBLIQUITY_RAD)]), self.tdb.size)
        if plane == "moon-pa":
            return self.surroundings.orientation.icrf_to_pa(self.tdb)[2]
        if plane == "moon-op":
            return self.rotating_axes[2]
        return self.lunar_axes[2]

    @cached_property
    def lunar_axes(self) -> Array:
        """Rotation (3, 3, m) from ICRF to the Moon's mean-Earth axes."""
        self.surroundings.require_real("lunar ground")
        return self.surroundings.orientation.icrf_to_me(self.tdb)

    @cached_property
    def rotating_axes(self) -> Array:
        """Axes of the frame that turns with Earth and Moon, rows of (3, 3, m): to the Moon, along, normal."""
        moon = self.body("moon") - self.body("earth")
        x = moon[:3] / length(moon[:3])
        normal = cross(moon[:3], moon[3:])
        z = normal / length(normal)
        return np.stack([x, cross(z, x), z])

    def origin(self, name: str) -> Array:
        """Position (3, m) of an origin of the rotating frame: `earth`, `moon` or their `barycentre`."""
        if name != "barycentre":
            return self.body(name, moving=False)
        ephemeris = self.surroundings.ephemeris
        if EARTH_MOON_BARYCENTRE in ephemeris.bodies:
            return self.body(EARTH_MOON_BARYCENTRE, moving=False)
        earth, moon = ephemeris.gm["earth"], ephemeris.gm["moon"]
        return (earth * self.body("earth")[:3] + moon * self.body("moon")[:3]) / (earth + moon)

    def earth_fixed_to_icrf(self) -> Array:
        """Rotation (3, 3, m) from Earth-fixed axes (ITRS) to ICRF."""
        self.surroundings.require_real("ground")
        from cislunar.environment import Environment

        return Environment.default().earth.itrs_to_gcrs(self.tdb)


def _constant(vector: Array, count: int) -> Array:
    return np.broadcast_to(vector[:, None], (3, count))


def cross(a: Array, b: Array) -> Array:
    """Cross product of vectors (3, m)."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def dot(a: Array, b: Array) -> Array:
    """Scalar product of vectors (3, m)."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def length(a: Array) -> Array:
    """Length of vectors (3, m)."""
    return np.sqrt(dot(a, a))


def turned(rotation: Array, vector: Array) -> Array:
    """Apply rotations (3, 3, m) to one vector (3,) or to vectors (3, m)."""
    x, y, z = vector
    return np.stack([row[0] * x + row[1] * y + row[2] * z for row in rotation])


def require_one_of(value: str, choices: tuple[str, ...], what: str) -> None:
    """Raise `InputError` for a name that is not among the choices."""
    if value not in choices:
        raise InputError(f"{what}: expected one of {', '.join(choices)}; got {value!r}")
