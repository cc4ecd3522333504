"""Keplerian elements and Cartesian states into one another, for ellipses and hyperbolas.

Angles are rad, lengths km, times s.  The frame is whatever frame the state is in; the centre is the body
whose gravitational parameter is passed.  Node, periapsis and anomaly are conventions where they are
undefined:

- in the reference plane (sin i below `SINGULAR`) the node is on the x axis: raan is 0, and for i = 180 deg
  the argument of periapsis still counts along the motion;
- on a circle (e below `SINGULAR`) the periapsis is at the ascending node: its argument is 0, and the anomaly
  is the argument of latitude.

The elements then describe the state to within `SINGULAR` of its size.

References
----------
.. [1] D. A. Vallado, "Fundamentals of Astrodynamics and Applications", 4th ed. (2013), sections 2.4 to 2.6.
.. [2] R. H. Battin, "An Introduction to the Mathematics and Methods of Astrodynamics", revised ed. (1999),
   chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits import anomalies

Array = NDArray[np.float64]

SINGULAR: Final = 1e-11
"""Below this eccentricity an orbit counts as a circle, below this sin(inclination) as lying in the plane."""

_TWO_PI: Final = 2.0 * np.pi


@dataclass(frozen=True)
class KeplerianElements:
    """Osculating elements; every field has the same shape, () or (n,).

    Attributes
    ----------
    semi_major_axis_km : ndarray
        Semi-major axis, km; negative for a hyperbola.
    eccentricity : ndarray
        Eccentricity, 0 or more, not 1.
    inclination_rad : ndarray
        Inclination to the frame's xy plane, 0 to pi.
    raan_rad : ndarray
        Right ascension of the ascending node from the frame's x axis.
    argument_of_periapsis_rad : ndarray
        From the ascending node along the motion.
    true_anomaly_rad : ndarray
        From the periapsis along the motion; for a hyperbola within its asymptotes.

    Raises
    ------
    InputError
        For shapes that differ, values that are not finite, e < 0, a parabola, a semi-major axis whose
        sign does not go with the eccentricity, an inclination outside 0 to pi, or a true anomaly beyond
        an asymptote.
    """

    semi_major_axis_km: Array
    eccentricity: Array
    inclination_rad: Array
    raan_rad: Array
    argument_of_periapsis_rad: Array
    true_anomaly_rad: Array

    def __post_init__(self) -> None:
        """Broadcast the fields to one shape and check them."""
        names = tuple(self.__dataclass_fields__)
        try:
            arrays = np.broadcast_arrays(
                *(np.asarray(getattr(self, name), dtype=np.float64) for name in names)
            )
        except ValueError:
            raise InputError("elements: expected arrays of one shape") from None
        for name, array in zip(names, arrays, strict=True):
            if not np.all(np.isfinite(array)):
                raise InputError(f"{name}: expected finite numbers; got NaN or infinity")
            object.__setattr__(self, name, array)
        require_size(self.semi_major_axis_km, self.eccentricity)
        if np.any((self.inclination_rad < 0.0) | (self.inclination_rad > np.pi)):
            raise InputError("inclination: expected 0 to 180 deg")
        anomalies.true_to_eccentric(self.true_anomaly_rad, self.eccentricity)

    @property
    def eccentric_anomaly_rad(self) -> Array:
        """Eccentric anomaly (hyperbolic for e > 1)."""
        return anomalies.true_to_eccentric(self.true_anomaly_rad, self.eccentricity)

    @property
    def mean_anomaly_rad(self) -> Array:
        """Mean anomaly."""
        return anomalies.true_to_mean(self.true_anomaly_rad, self.eccentricity)

    @property
    def periapsis_radius_km(self) -> Array:
        """Distance of the periapsis from the centre, km."""
        return self.semi_major_axis_km * (1.0 - self.eccentricity)

    @property
    def apoapsis_radius_km(self) -> Array:
        """Distance of the apoapsis from the centre, km; infinite for a hyperbola."""
        far = self.semi_major_axis_km * (1.0 + self.eccentricity)
        return np.where(self.eccentricity < 1.0, far, np.inf)

    def periapsis_altitude_km(self, radius_km: float = MOON_RADIUS_KM) -> Array:
        """Height of the periapsis above a sphere, by default the Moon's of 1737.4 km."""
        return self.periapsis_radius_km - radius_km

    def apoapsis_altitude_km(self, radius_km: float = MOON_RADIUS_KM) -> Array:
        """Height of the apoapsis above a sphere, by default the Moon's of 1737.4 km."""
        return self.apoapsis_radius_km - radius_km

    def period_s(self, gm: float) -> Array:
        """Osculating period, s; infinite for a hyperbola."""
        size = np.abs(self.semi_major_axis_km)
        return np.where(self.eccentricity < 1.0, period_from_semi_major_axis(size, gm), np.inf)


def require_size(semi_major_axis_km: ArrayLike, eccentricity: ArrayLike) -> None:
    """Refuse a semi-major axis and an eccentricity that do not go together.

    Parameters
    ----------
    semi_major_axis_km, eccentricity : array_like
        Values that broadcast.

    Raises
    ------
    InputError
        Unless a > 0 with 0 <= e < 1, or a < 0 with e > 1.
    """
    a = np.asarray(semi_major_axis_km, dtype=np.float64)
    e = anomalies.require_conic(eccentricity)
    wrong = np.where(e < 1.0, a <= 0.0, a >= 0.0)
    if np.any(wrong):
        a, e = (array[wrong].flat[0] for array in np.broadcast_arrays(a, e))
        raise InputError(
            "semi-major axis and eccentricity: expected a > 0 with e < 1 (ellipse) or a < 0 with e > 1 "
            f"(hyperbola); got a = {a:.12g} km with e = {e:.12g}"
        )


def semi_major_axis_from_period(period_s: ArrayLike, gm: float) -> Array:
    """Semi-major axis of the ellipse with a period (Kepler's third law).

    Parameters
    ----------
    period_s : array_like, shape (...)
        Periods, s.
    gm : float
        Gravitational parameter of the centre, km^3/s^2.

    Returns
    -------
    ndarray, shape (...)
        Semi-major axes, km.
    """
    return np.asarray(np.cbrt(gm * (np.asarray(period_s, dtype=np.float64) / _TWO_PI) ** 2))


def period_from_semi_major_axis(semi_major_axis_km: ArrayLike, gm: float) -> Array:
    """Period of an ellipse (Kepler's third law).

    Parameters
    ----------
    semi_major_axis_km : array_like, shape (...)
        Semi-major axes, km, positive.
    gm : float
        Gravitational parameter of the centre, km^3/s^2.

    Returns
    -------
    ndarray, shape (...)
        Periods, s.
    """
    a = np.asarray(semi_major_axis_km, dtype=np.float64)
    return np.asarray(_TWO_PI * a * np.sqrt(a / gm))


def to_state(elements: KeplerianElements, gm: float) -> Array:
    """Cartesian states of elements.

    Parameters
    ----------
    elements : KeplerianElements
        Elements of shape () or (n,).
    gm : float
        Gravitational parameter of the centre, km^3/s^2.

    Returns
    -------
    ndarray, shape (6,) or (6, n)
        Positions, km, and velocities, km/s, in the frame of the elements.

    References
    ----------
    Vallado [1]_, algorithm 10; the module docstring has the reference.
    """
    e, nu = elements.eccentricity, elements.true_anomaly_rad
    semi_latus = elements.semi_major_axis_km * (1.0 - e) * (1.0 + e)
    cos_nu, sin_nu = np.cos(nu), np.sin(nu)
    radius = semi_latus / (1.0 + e * cos_nu)
    speed = np.sqrt(gm / semi_latus)
    towards_periapsis, across = _perifocal_axes(
        elements.inclination_rad, elements.raan_rad, elements.argument_of_periapsis_rad
    )
    position = radius * (cos_nu * towards_periapsis + sin_nu * across)
    velocity = speed * (-sin_nu * towards_periapsis + (e + cos_nu) * across)
    return np.concatenate((position, velocity))


def _perifocal_axes(inclination: Array, raan: Array, argument: Array) -> tuple[Array, Array]:
    """Unit vectors (3, ...) to the periapsis and 90 deg ahead of it."""
    cos_i, sin_i = np.cos(inclination), np.sin(inclination)
    cos_node, sin_node = np.cos(raan), np.sin(raan)
    cos_arg, sin_arg = np.cos(argument), np.sin(argument)
    towards = np.array(
        [
            cos_node * cos_arg - sin_node * sin_arg * cos_i,
            sin_node * cos_arg + cos_node * sin_arg * cos_i,
            sin_arg * sin_i,
        ]
    )
    across = np.array(
        [
            -cos_node * sin_arg - sin_node * cos_arg * cos_i,
            -sin_node * sin_arg + cos_node * cos_arg * cos_i,
            cos_arg * sin_i,
        ]
    )
    return towards, across


def from_state(state: ArrayLike, gm: float) -> KeplerianElements:
    """Osculating elements of Cartesian states.

    Parameters
    ----------
    state : array_like, shape (6,) or (6, n)
        Positions, km, and inertial velocities, km/s, about the centre.
    gm : float
        Gravitational parameter of the centre, km^3/s^2.

    Returns
    -------
    KeplerianElements
        Shape () or (n,).  Node, argument of periapsis and the true anomaly of ellipses lie in [0, 2 pi);
        the true anomaly of hyperbolas in (-pi, pi).

    Raises
    ------
    InputError
        For a wrong shape, a state that is not finite, one that moves on a line through the centre, or a
        parabola.

    References
    ----------
    Vallado [1]_, algorithm 9, with arc tangents in place of arc cosines; the module docstring has the
    reference.
    """
    states = np.asarray(state, dtype=np.float64)
    if states.ndim not in (1, 2) or states.shape[0] != 6:
        raise InputError(f"state: expected the shape (6,) or (6, n); got {states.shape}")
    if not np.all(np.isfinite(states)):
        raise InputError("state: expected finite numbers; got NaN or infinity")
    position, velocity = states[:3], states[3:]
    radius, speed = np.linalg.norm(position, axis=0), np.linalg.norm(velocity, axis=0)
    momentum = np.cross(position, velocity, axis=0)
    size = np.linalg.norm(momentum, axis=0)
    if np.any(size <= 1e-14 * radius * speed):
        raise InputError("state: it moves on a line through the centre, which has no elements")
    normal = momentum / size

    periapsis = np.cross(velocity, momentum, axis=0) / gm - position / radius
    e = np.linalg.norm(periapsis, axis=0)
    inverse_a = 2.0 / radius - speed**2 / gm
    anomalies.require_conic(e)
    node, raan = _node(normal)
    round_orbit = e < SINGULAR
    towards = np.where(round_orbit, node, periapsis / np.where(round_orbit, 1.0, e))
    argument = np.where(round_orbit, 0.0, _angle(node, towards, normal))
    nu = _angle(towards, position, normal)
    nu = np.where((e > 1.0) & (nu > np.pi), nu - _TWO_PI, nu)
    return KeplerianElements(
        semi_major_axis_km=1.0 / inverse_a,
        eccentricity=e,
        inclination_rad=np.arctan2(np.hypot(normal[0], normal[1]), normal[2]),
        raan_rad=raan,
        argument_of_periapsis_rad=argument,
        true_anomaly_rad=nu,
    )


def _node(normal: Array) -> tuple[Array, Array]:
    """Unit vector (3, ...) to the ascending node, and its right ascension in [0, 2 pi)."""
    in_plane = np.hypot(normal[0], normal[1]) < SINGULAR
    raan = _positive(np.where(in_plane, 0.0, np.arctan2(normal[0], -normal[1])))
    return np.array([np.cos(raan), np.sin(raan), np.zeros_like(raan)]), raan


def _angle(start: Array, end: Array, normal: Array) -> Array:
    """Angle in [0, 2 pi) from one vector to another about a normal, all (3, ...)."""
    along = np.sum(start * end, axis=0)
    across = np.sum(np.cross(normal, start, axis=0) * end, axis=0)
    return _positive(np.arctan2(across, along))


def _positive(angle: Array) -> Array:
    """Angle in [0, 2 pi), also where it is negative by less than a rounding."""
    turned = angle % _TWO_PI
    return np.where(turned >= _TWO_PI, 0.0, turned)
