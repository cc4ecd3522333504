"""What a powered descent starts from, must respect and ends with.

Site axes: x up at the site, y downrange (the horizontal direction of flight), z = x cross y to the left of
flight; fixed to the turning Moon, with their origin at the Moon's centre.  Velocities are relative to the
ground.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cislunar.errors import InputError
from cislunar.landing.impulsive import apsis_speed_km_s

Array = NDArray[np.float64]


def _require_finite(owner: object, what: str) -> None:
    for each in fields(owner):  # type: ignore[arg-type]
        value = getattr(owner, each.name)
        if not np.all(np.isfinite(value)):
            raise InputError(f"{what}: expected a finite {each.name}; got {value}")


@dataclass(frozen=True)
class LevelStart:
    """Start in level flight at a given speed, wherever on the way to the site the optimum puts it.

    Attributes
    ----------
    radius_km : float
        From the Moon's centre.
    speed_km_s : float
        In axes that do not turn.
    cross_range_rad : float
        Angle of the site to the left of the plane of flight as the powered descent starts.

    Raises
    ------
    InputError
        A value that is not finite or not positive.
    """

    radius_km: float
    speed_km_s: float
    cross_range_rad: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no flight."""
        _require_finite(self, "start of the descent")
        if not (self.radius_km > 0.0 and self.speed_km_s > 0.0):
            raise InputError(
                "start of the descent: expected a positive radius and speed; got "
                f"{self.radius_km:g} km and {self.speed_km_s:g} km/s"
            )

    @classmethod
    def at_periapsis(
        cls,
        periapsis_radius_km: float,
        apoapsis_radius_km: float,
        gm_km3_s2: float,
        cross_range_rad: float = 0.0,
    ) -> LevelStart:
        """Start at the periapsis of a descent orbit."""
        if not 0.0 < periapsis_radius_km <= apoapsis_radius_km < math.inf:
            raise InputError(
                "descent orbit: expected a periapsis above 0 and not above the apoapsis; got radii of "
                f"{periapsis_radius_km:g} and {apoapsis_radius_km:g} km"
            )
        speed = apsis_speed_km_s(periapsis_radius_km, apoapsis_radius_km, gm_km3_s2)
        return cls(periapsis_radius_km, float(speed), cross_range_rad)


@dataclass(frozen=True)
class StateStart:
    """Start from a given state.

    Attributes
    ----------
    position_km : tuple of float
        In site axes, from the Moon's centre.
    velocity_km_s : tuple of float
        Relative to the ground, in site axes.
    """

    position_km: tuple[float, float, float]
    velocity_km_s: tuple[float, float, float]

    def __post_init__(self) -> None:
        """Refuse what is no state."""
        _require_finite(self, "start of the descent")


@dataclass(frozen=True)
class Approach:
    """The phase in which the landing place is in view, from a gate to the top of the vertical phase.

    The defaults are assumptions of a small lander's order; Apollo's gate lay at 2.2 km and 150 m/s (F. V.
    Bennett, "Apollo lunar descent and ascent trajectories", NASA TM X-58040, 1970).

    Attributes
    ----------
    gate_height_km : float
        Height of the gate above the site.
    gate_speed_km_s : float
        Highest speed over the ground at the gate.
    glide_slope_rad : float
        The lander stays above the cone of this elevation over the point where the vertical phase starts.
    tilt_rad : float
        Largest angle of the thrust from the vertical.
    """

    gate_height_km: float = 1.5
    gate_speed_km_s: float = 0.1
    glide_slope_rad: float = math.radians(15.0)
    tilt_rad: float = math.radians(60.0)

    def __post_init__(self) -> None:
        """Refuse what cannot be flown."""
        _require_finite(self, "approach")
        if not (self.gate_height_km > 0.0 and self.gate_speed_km_s > 0.0):
            raise InputError(
                "approach: expected a gate above the site, passed with some speed; got "
                f"{self.gate_height_km:g} km and {self.gate_speed_km_s:g} km/s"
            )
        for name, value in (("glide_slope_rad", self.glide_slope_rad), ("tilt_rad", self.tilt_rad)):
            if not 0.0 <= value < 0.5 * math.pi:
                raise InputError(f"approach: expected 0 <= {name} < pi / 2; got {value:g}")


@dataclass(frozen=True)
class Vertical:
    """The last metres: straight down at constant speed, after an optional hover.

    Attributes
    ----------
    height_km : float
        Height above the site at which it starts; 0 for none.
    speed_km_s : float
        Speed of descent, which is that of touchdown too.
    hover_s : float
        Time at rest at the top, for the last choice of place.
    """

    height_km: float = 0.03
    speed_km_s: float = 0.0015
    hover_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be flown."""
        _require_finite(self, "vertical phase")
        if self.height_km < 0.0 or self.hover_s < 0.0 or not self.speed_km_s > 0.0:
            raise InputError(
                "vertical phase: expected a height and a hover of 0 or more and some speed of descent; got "
                f"{self.height_km:g} km, {self.hover_s:g} s and {self.speed_km_s:g} km/s"
            )

    @property
    def duration_s(self) -> float:
        """Hover and descent, s."""
        return self.hover_s + self.height_km / self.speed_km_s


@dataclass(frozen=True, eq=False)
class Floor:
    """The lowest flight: a height for each distance from the site.

    Attributes
    ----------
    range_km : ndarray, shape (k,)
        Distance from the site back along the ground track, rising from 0.
    height_km : ndarray, shape (k,)
        Least height above the site; 0 at the site.

    Raises
    ------
    InputError
        Fewer than four points, or ranges that do not rise.
    """

    range_km: Array
    height_km: Array

    def __post_init__(self) -> None:
        """Refuse what is no profile."""
        _require_finite(self, "terrain floor")
        if self.range_km.size < 4 or self.range_km.shape != self.height_km.shape:
            raise InputError(
                "terrain floor: expected at least four ranges and as many heights; got "
                f"{self.range_km.size} and {self.height_km.size}"
            )
        if (np.diff(self.range_km) <= 0.0).any():
            raise InputError("terrain floor: expected ranges that rise")


@dataclass(frozen=True)
class Ground:
    """The Moon under the descent.

    Attributes
    ----------
    gm_km3_s2 : float
        Gravitational parameter of the Moon.
    radius_km : float
        Distance of the site from the Moon's centre.
    spin_rad_s : tuple of float
        Angular velocity of the Moon in site axes.
    """

    gm_km3_s2: float
    radius_km: float
    spin_rad_s: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse what is no body."""
        _require_finite(self, "ground")
        if not (self.gm_km3_s2 > 0.0 and self.radius_km > 0.0):
            raise InputError(
                f"ground: expected a positive GM and radius; got {self.gm_km3_s2:g} and {self.radius_km:g}"
            )

    @property
    def gravity_km_s2(self) -> float:
        """Gravity at the site, km/s^2; the Moon's rotation takes 1e-8 of it away."""
        return self.gm_km3_s2 / self.radius_km**2
