"""Kinds of burns, and the directions in which they push.

A direction is given in the axes of the ICRF or in axes of the motion at the moment the burn begins, relative
to the centre of the flight, or on a transfer of the leg in which the burn begins:

- `vnc`: first along the velocity, second along the orbit normal `r x v`, third the co-normal `v x (r x v)`,
  which points outwards, away from the centre;
- `rtn`: first along the position (radial), second transverse (in the plane of motion, towards the motion),
  third along the orbit normal `r x v`.

Axes of the motion are taken once, when the burn begins, and kept: they do not turn with the spacecraft. On a
flight backwards too a burn begins where it does in time: its axes are those of the motion before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import STANDARD_GRAVITY_M_S2
from cislunar.errors import InputError
from cislunar.propagation import thrust as number
from cislunar.propagation.burn_axes import AXES
from cislunar.propagation.event_kinds import Event

Array = NDArray[np.float64]

_DIRECTION_ROWS = number.NUMBERS - number.CX


def axes_to_icrf(axes: str, state: Array) -> Array:
    """Rotation (3, 3) from axes of the motion to ICRF: `v_icrf = rotation @ v`.

    Parameters
    ----------
    axes : {"icrf", "vnc", "rtn"}
        Which axes.
    state : numpy.ndarray, shape (6,)
        km and km/s, ICRF axes, about the centre of the flight.

    Returns
    -------
    numpy.ndarray, shape (3, 3)
        NaN for axes that do not exist because the motion is straight up or down, or at rest.
    """
    if axes == "icrf":
        return np.eye(3)
    r, v = state[:3], state[3:]
    normal = _cross(r, v)
    first = v if axes == "vnc" else r
    with np.errstate(invalid="ignore", divide="ignore"):
        first = first / np.sqrt(first @ first)
        normal = normal / np.sqrt(normal @ normal)
    if axes == "vnc":
        return np.column_stack([first, normal, _cross(first, normal)])
    return np.column_stack([first, _cross(normal, first), normal])


def _cross(a: Array, b: Array) -> Array:
    """Cross product of two vectors of three numbers, complex too."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _vector(value: ArrayLike, name: str) -> tuple[float, float, float]:
    """Return three numbers."""
    try:
        x, y, z = (float(component) for component in np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected three numbers; got {value!r}") from error
    return x, y, z


def _unit(value: ArrayLike) -> Array:
    vector = np.array(value)
    vector = vector / np.abs(vector).max()
    return np.asarray(vector / np.sqrt(vector @ vector))


def _check_axes(axes: str) -> None:
    if axes not in AXES:
        raise InputError(f"axes of a burn: expected one of {', '.join(AXES)}; got {axes!r}")


def _number(value: object, name: str, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise InputError(f"{name}: expected a number of {unit}; got {value!r}")
    return float(value)


def _start(start: object) -> float | Event:
    if isinstance(start, Event):
        return start
    if isinstance(start, bool) or not isinstance(start, int | float | np.integer | np.floating):
        raise InputError(f"start of a burn: expected seconds after the start or an Event; got {start!r}")
    return float(start)


def _unless_positive(value: float | None, name: str, unit: str) -> str:
    if value is None or (np.isfinite(value) and value > 0.0):
        return ""
    return f"{name} is {value} {unit}, expected a positive number"


def _unless_direction(vector: ArrayLike, name: str) -> str:
    values = np.array(vector)
    if np.isfinite(values).all() and values.any():
        return ""
    return f"{name} is {values.tolist()}, expected a finite vector other than zero"


@dataclass(frozen=True)
class FixedDirection:
    """A direction that stays the same in inertial axes.

    Attributes
    ----------
    direction : array_like, shape (3,)
        Where the thrust pushes; any length but zero.
    axes : {"icrf", "vnc", "rtn"}
        Axes of `direction`; those of the motion as they are when the burn begins.

    Raises
    ------
    InputError
        Not three numbers, or unknown axes.
    """

    direction: ArrayLike
    axes: str = "icrf"

    def __post_init__(self) -> None:
        """Check the shape and the axes."""
        _check_axes(self.axes)
        object.__setattr__(self, "direction", _vector(self.direction, "direction"))

    @property
    def problem(self) -> str:
        """What is wrong with the values, or nothing."""
        return _unless_direction(self.direction, "the direction")

    def numbers(self, state: Array) -> Array:
        """Rows CX to ALONG of `thrust` for a burn that begins at a state (6,)."""
        return self.rows(axes_to_icrf(self.axes, state), _unit(self.direction))

    def rows(self, rotation: Array, direction: Array) -> Array:
        """Rows for axes and a direction in them; linear in the latter."""
        rows = np.zeros(_DIRECTION_ROWS, dtype=rotation.dtype)
        rows[:3] = rotation @ direction
        return rows


@dataclass(frozen=True)
class TurningDirection:
    """A direction that turns at a constant rate about an axis fixed in inertial axes.

    Attributes
    ----------
    direction : array_like, shape (3,)
        Where the thrust pushes when the burn begins; any length but zero.
    axis : array_like, shape (3,)
        About which it turns, in the same axes; any length but zero.
    rate_rad_s : float
        Angle per time, rad/s, right-handed about `axis`.
    axes : {"icrf", "vnc", "rtn"}
        Axes of both; those of the motion as they are when the burn begins.

    Raises
    ------
    InputError
        Not three numbers, a rate that is no number, or unknown axes.
    """

    direction: ArrayLike
    axis: ArrayLike
    rate_rad_s: float
    axes: str = "icrf"

    def __post_init__(self) -> None:
        """Check the shapes and the axes."""
        _check_axes(self.axes)
        object.__setattr__(self, "direction", _vector(self.direction, "direction"))
        object.__setattr__(self, "axis", _vector(self.axis, "axis of a turning direction"))
        object.__setattr__(self, "rate_rad_s", _number(self.rate_rad_s, "rate of turning", "rad/s"))

    @property
    def problem(self) -> str:
        """What is wrong with the values, or nothing."""
        if not np.isfinite(self.rate_rad_s):
            return f"the rate of turning is {self.rate_rad_s} rad/s, expected a finite number"
        return _unless_direction(self.direction, "the direction") or _unless_direction(self.axis, "the axis")

    def numbers(self, state: Array) -> Array:
        """Rows CX to ALONG of `thrust` for a burn that begins at a state (6,)."""
        rows = self.rows(axes_to_icrf(self.axes, state), _unit(self.direction))
        rows[number.TURN - number.CX] = self.rate_rad_s
        return rows

    def rows(self, rotation: Array, direction: Array) -> Array:
        """Rows for axes and a direction in them, without the rate; linear in the latter."""
        turned, axis = rotation @ direction, rotation @ _unit(self.axis)
        steady = (axis @ turned) * axis
        rows = np.zeros(_DIRECTION_ROWS, dtype=rotation.dtype)
        rows[:3], rows[3:6], rows[6:9] = steady, turned - steady, _cross(axis, turned)
        return rows


@dataclass(frozen=True)
class AlongVelocity:
    """Along the velocity at every moment, relative to the centre of the flight, in inertial axes.

    On a transfer it is the centre of the leg, and changes with it.
    """

    axes: ClassVar[str] = "icrf"
    problem: ClassVar[str] = ""

    def numbers(self, state: Array) -> Array:
        """Rows CX to ALONG of `thrust`."""
        rows = np.zeros(_DIRECTION_ROWS)
        rows[number.ALONG - number.CX] = 1.0
        return rows


@dataclass(frozen=True)
class AgainstVelocity:
    """Against the velocity at every moment, relative to the centre of the flight, in inertial axes.

    On a transfer it is the centre of the leg, and changes with it.
    """

    axes: ClassVar[str] = "icrf"
    problem: ClassVar[str] = ""

    def numbers(self, state: Array) -> Array:
        """Rows CX to ALONG of `thrust`."""
        return -AlongVelocity().numbers(state)


Direction = FixedDirection | TurningDirection | AlongVelocity | AgainstVelocity


@dataclass(frozen=True)
class ImpulsiveBurn:
    """A change of velocity in no time.

    Attributes
    ----------
    start : float or Event
        Seconds after the start of the trajectory (on a flight backwards negative: seconds before the given
        state), or the first passage of an event (its `occurrence`th) after the burn before, or after the
        start.
    delta_v_km_s : array_like, shape (3,)
        Change of velocity, km/s.
    specific_impulse_s : float, optional
        Seconds; gives the propellant by the rocket equation. Without it the mass does not change.
    axes : {"icrf", "vnc", "rtn"}
        Axes of `delta_v_km_s`; those of the motion as they are just before the burn.

    Raises
    ------
    InputError
        A value is of the wrong kind. Values out of range are found when a batch is flown, all at once.
    """

    start: float | Event
    delta_v_km_s: ArrayLike
    specific_impulse_s: float | None = None
    axes: str = "icrf"

    def __post_init__(self) -> None:
        """Check the kinds of the values."""
        _check_axes(self.axes)
        object.__setattr__(self, "start", _start(self.start))
        object.__setattr__(self, "delta_v_km_s", _vector(self.delta_v_km_s, "delta-v of a burn"))
        if self.specific_impulse_s is not None:
            _number(self.specific_impulse_s, "specific impulse", "seconds")

    @property
    def problem(self) -> str:
        """What is wrong with the values, or nothing."""
        if not np.isfinite(np.array(self.delta_v_km_s)).all():
            return f"the delta-v is {np.array(self.delta_v_km_s).tolist()} km/s, expected finite numbers"
        return _unless_positive(self.specific_impulse_s, "the specific impulse", "s")

    @property
    def size_km_s(self) -> float:
        """Size of the change of velocity, km/s."""
        vector = np.array(self.delta_v_km_s)
        return float(np.sqrt(vector @ vector))

    def mass_after(self, mass_kg: float) -> float:
        """Mass after the burn, kg, from that before it."""
        if self.specific_impulse_s is None:
            return mass_kg
        return mass_kg * float(np.exp(-self.size_km_s / exhaust_speed_km_s(self.specific_impulse_s)))

    def mass_before(self, mass_kg: float) -> float:
        """Mass before the burn, kg, from that after it."""
        if self.specific_impulse_s is None:
            return mass_kg
        return mass_kg * float(np.exp(self.size_km_s / exhaust_speed_km_s(self.specific_impulse_s)))

    def duration(self, mass_kg: float) -> float:
        """Return 0 s."""
        return 0.0

    def duration_before(self, mass_kg: float) -> float:
        """Return 0 s."""
        return 0.0


@dataclass(frozen=True)
class FiniteBurn:
    """A burn of constant thrust that takes its time.

    Attributes
    ----------
    start : float or Event
        When it is ignited: seconds after the start of the trajectory (on a flight backwards negative: seconds
        before the given state), or the first passage of an event (its `occurrence`th) after the end of the
        burn before, or after the start.
    thrust_n : float
        Thrust, N.
    specific_impulse_s : float
        Seconds: the exhaust speed is 9.80665 m/s^2 times it.
    direction : FixedDirection, TurningDirection, AlongVelocity or AgainstVelocity
        Where the thrust pushes.
    duration_s : float, optional
        How long it lasts, s. This or `delta_v_km_s` is given, not both.
    delta_v_km_s : float, optional
        Change of velocity by the rocket equation after which it ends, km/s.

    Raises
    ------
    InputError
        A value is of the wrong kind, or both or neither of duration and delta-v are given. Values out of
        range are found when a batch is flown, all at once.
    """

    start: float | Event
    thrust_n: float
    specific_impulse_s: float
    direction: Direction
    duration_s: float | None = None
    delta_v_km_s: float | None = None

    def __post_init__(self) -> None:
        """Check the kinds of the values."""
        object.__setattr__(self, "start", _start(self.start))
        _number(self.thrust_n, "thrust", "newtons")
        _number(self.specific_impulse_s, "specific impulse", "seconds")
        if not isinstance(self.direction, Direction):
            raise InputError(
                "direction of a burn: expected FixedDirection, TurningDirection, AlongVelocity or "
                f"AgainstVelocity; got {self.direction!r}"
            )
        if (self.duration_s is None) == (self.delta_v_km_s is None):
            raise InputError("burn: expected either a duration or a delta-v")
        if self.duration_s is not None:
            _number(self.duration_s, "duration of a burn", "seconds")
        if self.delta_v_km_s is not None:
            _number(self.delta_v_km_s, "delta-v of a burn", "km/s")

    @property
    def problem(self) -> str:
        """What is wrong with the values, or nothing."""
        return (
            _unless_positive(self.thrust_n, "the thrust", "N")
            or _unless_positive(self.specific_impulse_s, "the specific impulse", "s")
            or _unless_positive(self.duration_s, "the duration", "s")
            or _unless_positive(self.delta_v_km_s, "the delta-v", "km/s")
            or self.direction.problem
        )

    @property
    def axes(self) -> str:
        """Axes of the direction."""
        return self.direction.axes

    @property
    def flow_kg_s(self) -> float:
        """Propellant used in a second, kg/s."""
        return self.thrust_n / (1e3 * exhaust_speed_km_s(self.specific_impulse_s))

    def duration(self, mass_kg: float) -> float:
        """Time that the burn lasts, s, from the mass at its beginning if there is propellant enough."""
        if self.duration_s is not None:
            return float(self.duration_s)
        speed = exhaust_speed_km_s(self.specific_impulse_s)
        return -mass_kg / self.flow_kg_s * float(np.expm1(-float(self.delta_v_km_s or 0.0) / speed))

    def duration_before(self, mass_kg: float) -> float:
        """Time that the burn has lasted, s, from the mass at its end."""
        if self.duration_s is not None:
            return float(self.duration_s)
        speed = exhaust_speed_km_s(self.specific_impulse_s)
        return mass_kg / self.flow_kg_s * float(np.expm1(float(self.delta_v_km_s or 0.0) / speed))

    def mass_after(self, mass_kg: float) -> float:
        """Mass after the burn, kg, from that before it; negative if it asks for more than all mass."""
        return mass_kg - self.flow_kg_s * self.duration(mass_kg)

    def mass_before(self, mass_kg: float) -> float:
        """Mass before the burn, kg, from that after it."""
        return mass_kg + self.flow_kg_s * self.duration_before(mass_kg)

    def numbers(self, state: Array, mass_kg: float) -> Array:
        """Rows of `thrust`, shape (NUMBERS,), for a burn that begins at a state (6,) with a mass."""
        return np.concatenate(
            [
                [1e-3 * self.thrust_n / mass_kg, self.flow_kg_s / mass_kg],
                self.direction.numbers(state),
            ]
        )


Burn = ImpulsiveBurn | FiniteBurn


def exhaust_speed_km_s(specific_impulse_s: float) -> float:
    """Exhaust speed, km/s, of a specific impulse in seconds: `g0 Isp`."""
    return 1e-3 * STANDARD_GRAVITY_M_S2 * specific_impulse_s
