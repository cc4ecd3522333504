"""Two-body arcs from the Earth to the Moon's distance, and what leaves and arrives on them.

These are first guesses for the full model and the closed forms a person checks with: the Moon is a point at a
distance, its attraction begins at the arrival.

References
----------
.. [1] R. R. Bate, D. D. Mueller, J. E. White, Fundamentals of Astrodynamics, Dover (1971), section 7.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Arc:
    """Conic arcs from a perigee to a distance.

    Attributes
    ----------
    c3_km2_s2 : numpy.ndarray
        Twice the energy.
    perigee_speed_km_s : numpy.ndarray
        Speed at the start.
    radial_km_s, transverse_km_s : numpy.ndarray
        Velocity at the end, away from the Earth and along the motion.
    angle_rad : numpy.ndarray
        True anomaly of the end, 0 to 2 pi; more than pi is beyond the apogee.
    """

    c3_km2_s2: Array
    perigee_speed_km_s: Array
    radial_km_s: Array
    transverse_km_s: Array
    angle_rad: Array


def injection_km_s(radius_km: ArrayLike, c3_km2_s2: ArrayLike, gm: float) -> Array:
    """Impulse from a circular orbit, along its velocity, for an energy.

    Parameters
    ----------
    radius_km : array_like
        Of the circular orbit.
    c3_km2_s2 : array_like
        Twice the energy after the impulse; negative for bound orbits.
    gm : float
        Mass parameter, km^3/s^2.

    Returns
    -------
    numpy.ndarray
        km/s; negative for an energy below that of the circle.

    Raises
    ------
    InputError
        An energy so low that the speed would be imaginary.
    """
    radius, c3 = np.asarray(radius_km, dtype=np.float64), np.asarray(c3_km2_s2, dtype=np.float64)
    square = c3 + 2.0 * gm / radius
    if (square < 0.0).any():
        raise InputError(f"C3: no orbit at this radius has so little energy; got {c3[square < 0.0].min()}")
    return np.asarray(np.sqrt(square) - np.sqrt(gm / radius))


def c3_of_injection(radius_km: ArrayLike, injection: ArrayLike, gm: float) -> Array:
    """Twice the energy after an impulse (km/s) along the velocity of a circular orbit, km^2/s^2."""
    radius = np.asarray(radius_km, dtype=np.float64)
    return np.asarray((np.sqrt(gm / radius) + np.asarray(injection)) ** 2 - 2.0 * gm / radius)


def capture_km_s(
    v_infinity_km_s: ArrayLike, periapsis_km: ArrayLike, gm: float, apoapsis_km: ArrayLike | None = None
) -> Array:
    """Impulse at the periapsis of a hyperbola that leaves an orbit of given radii.

    Parameters
    ----------
    v_infinity_km_s : array_like
        Speed at infinity.
    periapsis_km : array_like
        Radius of the periapsis.
    gm : float
        Mass parameter of the body, km^3/s^2.
    apoapsis_km : array_like, optional
        Radius of the apoapsis of the orbit; circular when left out.

    Returns
    -------
    numpy.ndarray
        km/s.
    """
    radius = np.asarray(periapsis_km, dtype=np.float64)
    far = radius if apoapsis_km is None else np.asarray(apoapsis_km, dtype=np.float64)
    before = np.sqrt(np.asarray(v_infinity_km_s) ** 2 + 2.0 * gm / radius)
    return np.asarray(before - np.sqrt(2.0 * gm * far / (radius * (radius + far))))


def arc_to_distance(
    time_of_flight_s: ArrayLike, perigee_km: ArrayLike, distance_km: ArrayLike, gm: float
) -> Arc:
    """Arc from a perigee to a distance in a given time.

    Parameters
    ----------
    time_of_flight_s : array_like
        From the perigee to the distance, s. Times longer than to an apogee at that distance meet it on the
        way back.
    perigee_km, distance_km : array_like
        Radii.
    gm : float
        Mass parameter, km^3/s^2.

    Returns
    -------
    Arc

    Raises
    ------
    InputError
        A time shorter than that of the parabola, with both.
    """
    time, q, far = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (time_of_flight_s, perigee_km, distance_km))
    )
    tangent = np.sqrt(far / q - 1.0)
    shortest = np.sqrt(2.0 * q**3 / gm) * (tangent + tangent**3 / 3.0)
    if (time <= shortest).any():
        worst = np.argmin(time - shortest)
        raise InputError(
            f"time of flight: {time.flat[worst] / 86400.0:.3f} d to {far.flat[worst]:.0f} km is shorter than "
            f"the parabola's {shortest.flat[worst] / 86400.0:.3f} d; expected an arc that stays bound"
        )

    def elapsed(anomaly: Array) -> tuple[Array, Array]:
        versine = 2.0 * np.sin(0.5 * anomaly) ** 2
        a = q + (far - q) / versine
        return np.sqrt(a**3 / gm) * (anomaly - (1.0 - q / a) * np.sin(anomaly)), a

    # The time grows with the eccentric anomaly of the end, from the parabola's at 0 without limit at 2 pi.
    low, high = np.full(time.shape, 1e-3), np.full(time.shape, 2.0 * np.pi - 1e-3)
    for _ in range(55):
        middle = 0.5 * (low + high)
        early = elapsed(middle)[0] < time
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    anomaly = 0.5 * (low + high)
    a = elapsed(anomaly)[1]
    e = 1.0 - q / a
    p = q * (1.0 + e)
    true = 2.0 * np.arctan2(
        np.sqrt(1.0 + e) * np.sin(0.5 * anomaly), np.sqrt(1.0 - e) * np.cos(0.5 * anomaly)
    )
    return Arc(
        -gm / a,
        np.sqrt(gm * (1.0 + e) / q),
        np.sqrt(gm * a) * e * np.sin(anomaly) / far,
        np.sqrt(gm * p) / far,
        true,
    )


def approach_time(
    radius_km: ArrayLike, periapsis_km: ArrayLike, v_infinity_km_s: ArrayLike, gm: float
) -> Array:
    """Time on a hyperbola from a radius down to the periapsis, s.

    Parameters
    ----------
    radius_km, periapsis_km, v_infinity_km_s : array_like
        Where it begins and ends, and the speed at infinity.
    gm : float
        Mass parameter of the body, km^3/s^2.
    """
    a = gm / np.asarray(v_infinity_km_s, dtype=np.float64) ** 2
    e = 1.0 + np.asarray(periapsis_km) / a
    anomaly = np.arccosh((np.asarray(radius_km) / a + 1.0) / e)
    return np.asarray(np.sqrt(a**3 / gm) * (e * np.sinh(anomaly) - anomaly))
