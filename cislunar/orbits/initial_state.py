"""From the statement of an orbit to the state that is flown: Moon-centred, ICRF axes, at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits import anomalies, elements
from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
from cislunar.orbits.elements import KeplerianElements
from cislunar.orbits.frames import frame_to_icrf, rotate_state

if TYPE_CHECKING:
    from cislunar.environment import Environment

_ROUNDING: Final = 1e-14
"""A periapsis stated to lie on the surface may come out this much below it."""


def initial_state(
    orbit: KeplerianOrbit | CartesianOrbit, tdb: float, gm: float, environment: Environment | None = None
) -> NDArray[np.float64]:
    """State that an orbit statement means at an epoch.

    Parameters
    ----------
    orbit : KeplerianOrbit or CartesianOrbit
        The statement; its frame is frozen at the epoch.
    tdb : float
        Epoch, s past J2000 TDB.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2: that of the gravity field the orbit is flown in.
    environment : Environment, optional
        Ephemeris and lunar orientation; the packaged ones if left out.

    Returns
    -------
    ndarray, shape (6,)
        Moon-centred position, km, and velocity, km/s, ICRF axes.

    Raises
    ------
    InputError
        If the size and shape contradict each other, or the orbit or the position reaches below the surface
        (1737.4 km).
    EpochRangeError
        If the epoch lies outside the tables.
    """
    if isinstance(orbit, CartesianOrbit):
        state = np.array([*orbit.position_km, *orbit.velocity_km_s])
        radius = float(np.linalg.norm(state[:3]))
        if radius < MOON_RADIUS_KM:
            raise InputError(
                f"position: expected at least {MOON_RADIUS_KM} km from the Moon's centre; got {radius:.6g} km"
            )
    else:
        state = elements.to_state(keplerian_elements(orbit, gm), gm)
    return rotate_state(frame_to_icrf(orbit.frame, tdb, environment), state)


def keplerian_elements(orbit: KeplerianOrbit, gm: float) -> KeplerianElements:
    """Elements that an orbit statement means, in its own frame.

    Parameters
    ----------
    orbit : KeplerianOrbit
        The statement.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.

    Returns
    -------
    KeplerianElements
        Scalars (shape ()).

    Raises
    ------
    InputError
        If the size and shape contradict each other, the periapsis lies below the surface, or the anomaly lies
        beyond an asymptote.
    """
    semi_major_axis_km, eccentricity = size_and_shape(orbit, gm)
    to_true = {
        "true": lambda anomaly, _: np.asarray(anomaly),
        "mean": anomalies.mean_to_true,
        "eccentric": anomalies.eccentric_to_true,
    }
    return KeplerianElements(
        semi_major_axis_km=np.asarray(semi_major_axis_km),
        eccentricity=np.asarray(eccentricity),
        inclination_rad=np.asarray(orbit.inclination_rad),
        raan_rad=np.asarray(orbit.raan_rad),
        argument_of_periapsis_rad=np.asarray(orbit.argument_of_periapsis_rad),
        true_anomaly_rad=to_true[orbit.anomaly](orbit.anomaly_rad, eccentricity),
    )


def size_and_shape(orbit: KeplerianOrbit, gm: float) -> tuple[float, float]:
    """Semi-major axis and eccentricity from whichever two sizes were stated.

    Parameters
    ----------
    orbit : KeplerianOrbit
        The statement.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.

    Returns
    -------
    tuple of float
        Semi-major axis, km (negative for a hyperbola), and eccentricity.

    Raises
    ------
    InputError
        If the two contradict each other, or the periapsis lies below the surface (1737.4 km).
    """
    a, e = orbit.semi_major_axis_km, orbit.eccentricity
    low = None if orbit.periapsis_altitude_km is None else orbit.periapsis_altitude_km + MOON_RADIUS_KM
    high = None if orbit.apoapsis_altitude_km is None else orbit.apoapsis_altitude_km + MOON_RADIUS_KM
    if orbit.period_s is not None:
        a = float(elements.semi_major_axis_from_period(orbit.period_s, gm))
    if low is not None and low < MOON_RADIUS_KM:
        raise _below_surface(low)
    if low is not None and high is not None and high < low:
        raise InputError(
            f"apoapsis altitude: expected at least the periapsis altitude, {orbit.periapsis_altitude_km:.9g} "
            f"km; got {orbit.apoapsis_altitude_km:.9g} km"
        )
    if high is not None and e is not None and e >= 1.0:
        raise InputError(f"apoapsis altitude: a hyperbola has none; got it with eccentricity {e:.9g}")
    if orbit.period_s is not None and e is not None and e >= 1.0:
        raise InputError(f"period: a hyperbola has none; got it with eccentricity {e:.9g}")
    a, e = _solve_size(a, e, low, high)
    elements.require_size(a, e)
    if a * (1.0 - e) < MOON_RADIUS_KM * (1.0 - _ROUNDING):
        raise _below_surface(a * (1.0 - e))
    return a, e


def _solve_size(
    a: float | None, e: float | None, low: float | None, high: float | None
) -> tuple[float, float]:
    """Semi-major axis and eccentricity from two of (a, e, periapsis radius, apoapsis radius)."""
    if low is not None and high is not None:
        return 0.5 * (low + high), (high - low) / (high + low)
    if e is not None and low is not None:
        anomalies.require_conic(e)
        return low / (1.0 - e), e
    if e is not None and high is not None:
        return high / (1.0 + e), e
    if a is not None and low is not None and a != 0.0:
        if 0.0 < a < low:
            raise InputError(
                f"periapsis altitude: expected at most {a - MOON_RADIUS_KM:.9g} km with a semi-major axis of "
                f"{a:.9g} km; got {low - MOON_RADIUS_KM:.9g} km"
            )
        return a, 1.0 - low / a
    if a is not None and high is not None and a != 0.0:
        if not a <= high < 2.0 * a:
            raise InputError(
                f"apoapsis altitude: expected {a - MOON_RADIUS_KM:.9g} to {2.0 * a - MOON_RADIUS_KM:.9g} km "
                f"with a semi-major axis of {a:.9g} km; got {high - MOON_RADIUS_KM:.9g} km"
            )
        return a, high / a - 1.0
    if a is not None and e is not None:
        return a, e
    raise InputError("semi-major axis: expected a value other than 0 km")


def _below_surface(periapsis_radius_km: float) -> InputError:
    depth = MOON_RADIUS_KM - periapsis_radius_km
    return InputError(
        f"periapsis: expected above the surface (radius {MOON_RADIUS_KM} km); got a radius of "
        f"{periapsis_radius_km:.6g} km, {depth:.6g} km below it"
    )
