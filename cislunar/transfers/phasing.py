"""Phasing: from one place of an orbit to another place of the same orbit.

A satellite leaves the orbit by an impulse at an apse, flies m revolutions of a phasing orbit that touches it
there, and returns by the opposite impulse (D. A. Vallado, "Fundamentals of Astrodynamics and Applications",
4th ed., 2013, section 6.6.1). To come out a fraction f of the period T ahead of where it would have been it
needs m T_p = (k - f) T with a whole number k. Two-body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cislunar.constants import MOON_RADIUS_KM, SECONDS_PER_DAY
from cislunar.errors import InputError
from cislunar.orbits.elements import period_from_semi_major_axis, semi_major_axis_from_period
from cislunar.transfers.changes import APSES, radii, speed_km_s

_SPREAD = 3
"""Revolutions more or fewer than the orbit's own that are looked at; further away only costs more."""


@dataclass(frozen=True)
class Phasing:
    """One way to phase.

    Attributes
    ----------
    at : {"periapsis", "apoapsis"}
        Where both impulses are given.
    revolutions : int
        Of the phasing orbit.
    impulses_km_s : tuple of float, 2
        Along the velocity; the second is minus the first.
    time_s : float
        From the first to the second, s.
    phasing_period_s : float
        Of the phasing orbit, s.
    periapsis_altitude_km, apoapsis_altitude_km : float
        Of the phasing orbit, above the 1737.4 km sphere.
    """

    at: str
    revolutions: int
    impulses_km_s: tuple[float, float]
    time_s: float
    phasing_period_s: float
    periapsis_altitude_km: float
    apoapsis_altitude_km: float

    @property
    def total_km_s(self) -> float:
        """Sum of the sizes of both impulses, km/s."""
        return sum(abs(each) for each in self.impulses_km_s)


def phasings(
    periapsis_km: float,
    apoapsis_km: float,
    ahead: float,
    gm: float,
    longest_s: float,
    least_altitude_km: float = 50.0,
    greatest_altitude_km: float = np.inf,
) -> list[Phasing]:
    """Ways to move ahead by a fraction of the period within a time, cheapest first.

    Parameters
    ----------
    periapsis_km, apoapsis_km : float
        Radii of the apses of the orbit, km.
    ahead : float
        Fraction of the period by which to come out ahead: 0.5 for opposite places in time; negative, or above
        a half, to fall behind.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    longest_s : float
        Time allowed between the impulses, s.
    least_altitude_km, greatest_altitude_km : float
        Between which the phasing orbit stays, above the 1737.4 km sphere.

    Returns
    -------
    list of Phasing
        Empty if `ahead` is a whole number (nothing to do).

    Raises
    ------
    InputError
        Apses inside the Moon or in the wrong order, or no way within the time and the altitudes: the message
        says what is the shortest time.
    """
    rp, ra = float(radii(periapsis_km, "periapsis_km")), float(radii(apoapsis_km, "apoapsis_km"))
    if rp > ra:
        raise InputError("phasing: expected the periapsis radius not above the apoapsis radius")
    if not np.isfinite(ahead) or not longest_s > 0.0:
        raise InputError(f"phasing: expected a fraction and a positive time; got {ahead} and {longest_s} s")
    fraction = ahead % 1.0
    if fraction == 0.0:
        return []
    period = float(period_from_semi_major_axis(0.5 * (rp + ra), gm))
    bounds = (MOON_RADIUS_KM + least_altitude_km, MOON_RADIUS_KM + greatest_altitude_km)
    most = int(np.floor(longest_s / period + fraction))
    found = [
        way
        for k in range(1, most + 1)
        for m in range(max(1, k - _SPREAD), k + _SPREAD + 1)
        for at in APSES
        if (way := _way(rp, ra, at, m, (k - fraction) * period, gm, bounds)) is not None
    ]
    if not found:
        shortest = (1.0 - fraction) * period
        raise InputError(
            f"phasing: no way to come {fraction:g} of a period ahead within "
            f"{longest_s / SECONDS_PER_DAY:.6g} d and between {least_altitude_km:g} and "
            f"{greatest_altitude_km:g} km altitude; the shortest takes "
            f"{shortest / SECONDS_PER_DAY:.3g} d if the altitudes allow it, the next a period of "
            f"{period / SECONDS_PER_DAY:.3g} d more"
        )
    return sorted(found, key=lambda way: (way.total_km_s, way.time_s))


def _way(
    rp: float, ra: float, at: str, revolutions: int, time_s: float, gm: float, bounds: tuple[float, float]
) -> Phasing | None:
    here, there = (rp, ra) if at == "periapsis" else (ra, rp)
    period = time_s / revolutions
    opposite = 2.0 * float(semi_major_axis_from_period(period, gm)) - here
    low, high = min(here, opposite), max(here, opposite)
    if low < bounds[0] or high > bounds[1]:
        return None
    first = float(speed_km_s(here, here, opposite, gm) - speed_km_s(here, here, there, gm))
    return Phasing(
        at, revolutions, (first, -first), time_s, period, low - MOON_RADIUS_KM, high - MOON_RADIUS_KM
    )
