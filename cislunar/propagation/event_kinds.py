"""Kinds of events: where a function of time and state passes through zero.

Directions are those of time (TDB), whichever way a trajectory is flown: a periapsis is where the distance
stops falling and starts to rise, on a flight backwards too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SUN_RADIUS_KM
from cislunar.environment.shadow import penumbra
from cislunar.environment.sites import Site
from cislunar.environment.stations import Station
from cislunar.errors import InputError
from cislunar.propagation.force_model import BODY_RADIUS_KM
from cislunar.propagation.moments import PLANES, Moments, dot, length, require_one_of, turned

Array = NDArray[np.float64]

DIRECTIONS = ("rising", "falling", "both")


@dataclass(frozen=True, kw_only=True, eq=False)
class Event:
    """What all events have in common.

    Attributes
    ----------
    name : str
        Name in tables and messages; each kind has one of its own.
    direction : {"rising", "falling", "both"}
        Which passages through zero count: with the function rising, falling, or either, as time grows.
    terminal : bool
        Whether the trajectory ends there.
    occurrence : int
        At which passage a terminal event ends the trajectory, from 1.

    Raises
    ------
    InputError
        A direction that is unknown, or an occurrence below 1.
    """

    name: str = ""
    direction: str = "both"
    terminal: bool = False
    occurrence: int = 1

    resolution = 1e-9
    """Values up to this size (km, km/s) are rounding and interpolation, not told from zero."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant; fill in the name."""
        require_one_of(self.direction, DIRECTIONS, "event: direction")
        if not isinstance(self.occurrence, int | np.integer) or self.occurrence < 1:
            raise InputError(f"event: expected an occurrence of 1 or more; got {self.occurrence!r}")
        if not self.name:
            object.__setattr__(self, "name", self.default_name())

    def default_name(self) -> str:
        """Name of an event that was given none."""
        return "".join(f" {c.lower()}" if c.isupper() else c for c in type(self).__name__).strip()

    def values(self, moments: Moments) -> Array:
        """Values of the function, shape (m,)."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, eq=False)
class Periapsis(Event):
    """Least distance from a body, by default from the centre of the flight.

    The passage of the radial speed through zero from below. On orbits so round that the radial speed stays
    below 1e-9 km/s there is none.
    """

    body: str | None = None
    direction: str = field(default="rising", init=False)

    def values(self, moments: Moments) -> Array:
        """Radial speed, km/s."""
        state = moments.about(self.body)
        return dot(state[:3], state[3:]) / length(state[:3])


@dataclass(frozen=True, kw_only=True, eq=False)
class Apoapsis(Periapsis):
    """Greatest distance from a body, by default from the centre of the flight."""

    direction: str = field(default="falling", init=False)


@dataclass(frozen=True, eq=False)
class TrueAnomaly(Event):
    """Osculating true anomaly of an orbit about a body, by default about the centre of the flight.

    Passages through zero of `e sin(anomaly - anomaly_rad)`, rising.
    """

    anomaly_rad: float
    body: str | None = field(default=None, kw_only=True)
    direction: str = field(default="rising", init=False)

    def __post_init__(self) -> None:
        """Refuse what is no angle."""
        super().__post_init__()
        if not _finite(self.anomaly_rad):
            raise InputError(f"event: expected a finite true anomaly, rad; got {self.anomaly_rad!r}")

    def values(self, moments: Moments) -> Array:
        """Eccentricity times the sine of the anomaly past the one wanted."""
        state = moments.about(self.body)
        gm = moments.surroundings.gm(self.body or moments.surroundings.center)
        distance, along = length(state[:3]), dot(state[:3], state[3:])
        speed2 = dot(state[3:], state[3:])
        parameter = (distance * distance * speed2 - along * along) / gm
        sine = np.sqrt(parameter / gm) * along / distance
        cosine = parameter / distance - 1.0
        return sine * np.cos(self.anomaly_rad) - cosine * np.sin(self.anomaly_rad)


@dataclass(frozen=True, kw_only=True, eq=False)
class Node(Event):
    """Passage through a plane that contains a body: rising at the ascending node.

    Attributes
    ----------
    plane : str
        `icrf` (the equator of the ICRF), `ecliptic` (of J2000), `moon-me` or `moon-equator` (lunar mean-Earth
        equator), `moon-pa`, or `moon-op` (the Moon's orbit), as the plane lies at the time of the passage.
    body : str, optional
        By default the centre of the flight.
    """

    plane: str = "icrf"
    body: str | None = None

    def __post_init__(self) -> None:
        """Refuse unknown planes."""
        super().__post_init__()
        require_one_of(self.plane, PLANES, "event: plane of a node")

    def values(self, moments: Moments) -> Array:
        """Distance from the plane, km."""
        return dot(moments.position(self.body), moments.pole(self.plane))


@dataclass(frozen=True, eq=False)
class Radius(Event):
    """Distance from the centre of a body, km; rising on the way out.

    In the three-body problem the distance is nondimensional.
    """

    radius_km: float
    body: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what is no distance."""
        super().__post_init__()
        if not (_finite(self.radius_km) and self.radius_km > 0.0):
            raise InputError(f"event: expected a positive radius, km; got {self.radius_km!r}")

    def values(self, moments: Moments) -> Array:
        """Distance beyond the radius, km."""
        return length(moments.position(self.body)) - self.radius_km


@dataclass(frozen=True, eq=False)
class Altitude(Event):
    """Height above the sphere of a body, km (Moon 1737.4 km, Earth 6378.137 km); rising on the way up."""

    altitude_km: float
    body: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what is no height."""
        super().__post_init__()
        if not _finite(self.altitude_km):
            raise InputError(f"event: expected a finite altitude, km; got {self.altitude_km!r}")

    def values(self, moments: Moments) -> Array:
        """Height above the altitude, km."""
        moments.surroundings.require_real("altitude")
        body = self.body or moments.surroundings.center
        require_one_of(body, tuple(BODY_RADIUS_KM), "event: body of an altitude")
        return length(moments.position(body)) - (BODY_RADIUS_KM[body] + self.altitude_km)


@dataclass(frozen=True, eq=False)
class Elevation(Event):
    """Elevation over a place on the Moon or the Earth; rising where the spacecraft rises.

    Attributes
    ----------
    place : Site or Station
        Lunar site or ground station. Light time and refraction are left out.
    elevation_rad : float, optional
        By default the horizon of the site or the mask of the station.
    """

    place: Site | Station
    elevation_rad: float | None = None

    resolution = 1e-12

    def __post_init__(self) -> None:
        """Refuse what is no place or no elevation."""
        if not isinstance(self.place, Site | Station):
            raise InputError(f"event: expected a Site or a Station; got {type(self.place).__name__}")
        super().__post_init__()
        elevation = self.elevation_rad
        if elevation is not None and not (_finite(elevation) and -np.pi / 2 < elevation < np.pi / 2):
            raise InputError(
                f"event: expected an elevation between -pi/2 and pi/2 rad; got {self.elevation_rad!r}"
            )

    def default_name(self) -> str:
        """Name of an event that was given none."""
        return f"elevation {self.place.name}"

    def values(self, moments: Moments) -> Array:
        """Elevation above the horizon, rad."""
        if isinstance(self.place, Site):
            return self._over_site(self.place, moments)
        to_icrf = moments.earth_fixed_to_icrf()
        sight = moments.position("earth") - turned(to_icrf, self.place.position_itrs_km)
        sine = dot(sight, turned(to_icrf, self.place.up_itrs)) / length(sight)
        mask = self.place.mask_rad if self.elevation_rad is None else self.elevation_rad
        return np.arcsin(np.clip(sine, -1.0, 1.0)) - mask

    def _over_site(self, site: Site, moments: Moments) -> Array:
        fixed = turned(moments.lunar_axes, moments.position("moon")) - site.position_me_km[:, None]
        east, north, up = (dot(axis, fixed) for axis in site.axes_me)
        elevation = np.arctan2(up, np.sqrt(east * east + north * north))
        if self.elevation_rad is not None:
            return elevation - self.elevation_rad
        return elevation - site.horizon.at(np.arctan2(east, north))


@dataclass(frozen=True, kw_only=True, eq=False)
class ShadowEntry(Event):
    """Entry into the umbra or penumbra of a spherical body without atmosphere.

    Attributes
    ----------
    body : str
        `moon`, `earth` or another body.
    kind : {"umbra", "penumbra"}
        Of the penumbra, any loss of sunlight.
    """

    body: str = "moon"
    kind: str = "umbra"
    direction: str = field(default="falling", init=False)

    resolution = 1e-14

    def __post_init__(self) -> None:
        """Refuse unknown bodies and shadows."""
        super().__post_init__()
        require_one_of(self.kind, ("umbra", "penumbra"), "event: shadow")
        require_one_of(self.body, tuple(name for name in BODY_RADIUS_KM if name != "sun"), "event: body")

    def default_name(self) -> str:
        """Name of an event that was given none."""
        return f"{super().default_name()} {self.body} {self.kind}"

    def values(self, moments: Moments) -> Array:
        """Cosine at which the discs of body and Sun touch less that of their distance; positive in light.

        The discs, of angular radii a and s, touch from inside where their centres are a - s apart and from
        outside at a + s. A body that looks smaller than the Sun has no umbra.
        """
        moments.surroundings.require_real("shadow")
        body, sun = -moments.position(self.body), -moments.position("sun")
        to_body, to_sun = length(body), length(sun)
        sine_a = np.minimum(BODY_RADIUS_KM[self.body] / to_body, 1.0)
        sine_s = SUN_RADIUS_KM / to_sun
        radii = SUN_RADIUS_KM, BODY_RADIUS_KM[self.body]
        middle, width = penumbra(sun[0], sun[1], sun[2], body[0], body[1], body[2], *radii)
        if self.kind == "penumbra":
            return (middle - width) / (to_body * to_sun)
        margin = (middle + width) / (to_body * to_sun)
        return np.where(sine_a < sine_s, np.maximum(margin, sine_s - sine_a), margin)


@dataclass(frozen=True, kw_only=True, eq=False)
class ShadowExit(ShadowEntry):
    """Exit from the umbra or penumbra of a body; see `ShadowEntry`."""

    direction: str = field(default="rising", init=False)


@dataclass(frozen=True, eq=False)
class PlaneCrossing(Event):
    """Passage through a plane of the frame that turns with Earth and Moon.

    x points from the Earth to the Moon, z along the normal of the Moon's orbit, y completes them.

    Attributes
    ----------
    axis : {"x", "y", "z"}
        Normal of the plane.
    offset_km : float
        Where the plane cuts that axis, from the origin.
    origin : {"barycentre", "earth", "moon"}
        Where the axes start.

    Notes
    -----
    Trajectories in the circular restricted three-body problem are in such a frame already: for them the
    offset is nondimensional, and the origin must be the barycentre.
    """

    axis: str
    offset_km: float = 0.0
    origin: str = "barycentre"

    def __post_init__(self) -> None:
        """Refuse unknown axes and origins."""
        super().__post_init__()
        require_one_of(self.axis, ("x", "y", "z"), "event: axis of the rotating frame")
        require_one_of(self.origin, ("barycentre", "earth", "moon"), "event: origin of the rotating frame")
        if not _finite(self.offset_km):
            raise InputError(f"event: expected a finite offset, km; got {self.offset_km!r}")

    def default_name(self) -> str:
        """Name of an event that was given none."""
        return f"plane {self.axis}"

    def values(self, moments: Moments) -> Array:
        """Distance from the plane, km."""
        number = "xyz".index(self.axis)
        if moments.surroundings.rotates:
            if self.origin != "barycentre":
                raise InputError("event: in the three-body problem the origin is the barycentre")
            return moments.state[number] - self.offset_km
        position = moments.state[:3] - moments.origin(self.origin)
        return dot(position, moments.rotating_axes[number]) - self.offset_km


@dataclass(frozen=True, eq=False)
class UserEvent(Event):
    """An event given by a function.

    Attributes
    ----------
    function : callable
        `function(tdb, state)` with epochs, seconds past J2000 TDB, shape (m,), and states, km and km/s, ICRF
        axes, shape (6, m); returns values of shape (m,). It must give each column the same value in any
        company, and may be called with states of several trajectories. Zeros are found by certificates for
        smooth functions; a function with a feature shorter than a tenth of a step (and of six hours) needs
        an event for each side of it.
    body : str, optional
        Body that the states are about; by default the centre of the flight.
    resolution : float
        Values up to this size are not told from zero.
    """

    function: Callable[[Array, Array], Any]
    body: str | None = field(default=None, kw_only=True)
    resolution: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what is no function."""
        super().__post_init__()
        if not callable(self.function):
            raise InputError(f"event: expected a function of (tdb, state); got {self.function!r}")
        if not (_finite(self.resolution) and self.resolution >= 0.0):
            raise InputError(f"event: expected a resolution of 0 or more; got {self.resolution!r}")

    def default_name(self) -> str:
        """Name of an event that was given none."""
        return getattr(self.function, "__name__", "event")

    def values(self, moments: Moments) -> Array:
        """What the function returns, checked."""
        state = moments.about(self.body)
        state.flags.writeable = False
        values = np.asarray(self.function(moments.tdb, state))
        if values.shape != moments.tdb.shape:
            raise InputError(
                f"event {self.name!r}: the function returned shape {values.shape} for {moments.tdb.size} "
                f"states of shape (6, m); expected ({moments.tdb.size},)"
            )
        if values.dtype.kind not in "fiub":
            raise InputError(f"event {self.name!r}: the function returned {values.dtype}; expected numbers")
        return values.astype(np.float64)


def _finite(value: Any) -> bool:
    """Whether a value is one finite number, without a unit."""
    return isinstance(value, Real) and math.isfinite(value)


def checked_events(events: Any) -> tuple[Event, ...]:
    """Return events as a tuple; plain functions become recorded events.

    Raises
    ------
    InputError
        Something in the sequence is neither.
    """
    if isinstance(events, Event) or callable(events):
        events = (events,)
    if not isinstance(events, Sequence):
        raise InputError(f"events: expected a sequence of events; got {type(events).__name__}")
    checked = []
    for event in events:
        if isinstance(event, type) or not (isinstance(event, Event) or callable(event)):
            hint = f"; write {event.__name__}()" if isinstance(event, type) else ""
            raise InputError(f"events: expected events or functions of (tdb, state); got {event!r}{hint}")
        checked.append(event if isinstance(event, Event) else UserEvent(event))
    return tuple(checked)
