"""Orbit changes about the Moon by impulses, in closed form, for batches.

Radii are from the centre of the Moon, never altitudes; a starting orbit that dips into the Moon is refused,
because an altitude given for a radius does. All arguments broadcast.

References
----------
.. [1] D. A. Vallado, "Fundamentals of Astrodynamics and Applications", 4th ed. (2013), sections 6.3 to 6.5
   (Hohmann, bi-elliptic, plane changes).
.. [2] H. D. Curtis, "Orbital Mechanics for Engineering Students", 3rd ed. (2014), section 6.7 (rotation of
   the line of apsides).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError

Array = NDArray[np.float64]

APSES = ("periapsis", "apoapsis")


@dataclass(frozen=True)
class OrbitChange:
    """A sequence of k impulses that changes an orbit, for a batch of any shape.

    Attributes
    ----------
    name : str
        What it is.
    where : tuple of str, k
        Where each impulse is given.
    impulses_km_s : numpy.ndarray, shape (k, ...)
        Size of each, km/s.
    radius_km : numpy.ndarray, shape (k, ...)
        Distance from the centre at which each is given, km.
    coast_s : numpy.ndarray, shape (k - 1, ...)
        Time from each impulse to the next, s.
    """

    name: str
    where: tuple[str, ...]
    impulses_km_s: Array
    radius_km: Array
    coast_s: Array

    @property
    def total_km_s(self) -> Array:
        """Sum of the sizes, km/s, shape (...)."""
        return np.asarray(self.impulses_km_s.sum(axis=0))

    @property
    def time_s(self) -> Array:
        """Time from the first impulse to the last, s, shape (...)."""
        return np.asarray(self.coast_s.sum(axis=0))


def speed_km_s(radius_km: ArrayLike, apse_km: ArrayLike, other_apse_km: ArrayLike, gm: float) -> Array:
    """Speed at a distance on the ellipse between two apses (the equation of energy), km/s."""
    r = np.asarray(radius_km, dtype=np.float64)
    return np.sqrt(gm * (2.0 / r - 2.0 / (np.asarray(apse_km) + np.asarray(other_apse_km))))


def half_period_s(apse_km: ArrayLike, other_apse_km: ArrayLike, gm: float) -> Array:
    """Time from one apse of an ellipse to the other, s."""
    a = 0.5 * (np.asarray(apse_km, dtype=np.float64) + np.asarray(other_apse_km, dtype=np.float64))
    return np.asarray(np.pi * a * np.sqrt(a / gm))


def hohmann(radius_km: ArrayLike, new_radius_km: ArrayLike, gm: float) -> OrbitChange:
    """From a circle to another in the same plane by a half ellipse that touches both [1]_.

    Parameters
    ----------
    radius_km, new_radius_km : array_like
        Radii of the circles, km.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.

    Returns
    -------
    OrbitChange

    Raises
    ------
    InputError
        A circle inside the Moon.
    """
    r1, r2 = radii(radius_km, "radius_km"), radii(new_radius_km, "new_radius_km")
    change = apse_change(r1, r1, r2, r2, gm)
    return _renamed(change, "Hohmann", ("on the first circle", "on the new circle"))


def bielliptic(
    radius_km: ArrayLike, new_radius_km: ArrayLike, intermediate_km: ArrayLike, gm: float
) -> OrbitChange:
    """From a circle to another by two half ellipses that meet at an intermediate radius [1]_.

    Parameters
    ----------
    radius_km, new_radius_km, intermediate_km : array_like
        Radii of the circles and of the far meeting point, km. At either circle's radius it is Hohmann's.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.

    Returns
    -------
    OrbitChange

    Raises
    ------
    InputError
        A circle inside the Moon, or an intermediate radius below the smaller circle.
    """
    r1, r2, rb = np.broadcast_arrays(
        radii(radius_km, "radius_km"),
        radii(new_radius_km, "new_radius_km"),
        radii(intermediate_km, "intermediate_km"),
    )
    if np.any(rb < np.minimum(r1, r2)):
        raise InputError("bi-elliptic: expected an intermediate radius not below the smaller circle")
    impulses = [
        np.abs(speed_km_s(r1, r1, rb, gm) - speed_km_s(r1, r1, r1, gm)),
        np.abs(speed_km_s(rb, r2, rb, gm) - speed_km_s(rb, r1, rb, gm)),
        np.abs(speed_km_s(r2, r2, r2, gm) - speed_km_s(r2, r2, rb, gm)),
    ]
    where = ("on the first circle", "at the intermediate radius", "on the new circle")
    coasts = [half_period_s(r1, rb, gm), half_period_s(rb, r2, gm)]
    return OrbitChange("bi-elliptic", where, np.array(impulses), np.array([r1, rb, r2]), np.array(coasts))


def apse_change(
    periapsis_km: ArrayLike,
    apoapsis_km: ArrayLike,
    new_periapsis_km: ArrayLike,
    new_apoapsis_km: ArrayLike,
    gm: float,
    first: str = "periapsis",
) -> OrbitChange:
    """Between two ellipses with the same line of apsides, by an impulse at each apse.

    Parameters
    ----------
    periapsis_km, apoapsis_km, new_periapsis_km, new_apoapsis_km : array_like
        Radii of the apses, km. The new periapsis may lie inside the Moon (a disposal).
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    first : {"periapsis", "apoapsis"}
        Where the first impulse is given; it sets the opposite apse, the second the one it is given at.

    Returns
    -------
    OrbitChange
        The cost of both orders differs where both apses change: take the smaller.

    Raises
    ------
    InputError
        An ellipse that dips into the Moon, or an unknown apse.
    """
    rp, ra = _ellipse(periapsis_km, apoapsis_km)
    new_p = np.asarray(new_periapsis_km, dtype=np.float64)
    new_a = radii(new_apoapsis_km, "new_apoapsis_km")
    if np.any(~(new_p > 0.0)) or np.any(new_p > new_a):
        raise InputError("new apses: expected a positive periapsis radius not above the apoapsis radius")
    if first not in APSES:
        raise InputError(f"first: expected one of {', '.join(APSES)}; got {first!r}")
    here, there = (rp, ra) if first == "periapsis" else (ra, rp)
    new_here, new_there = (new_p, new_a) if first == "periapsis" else (new_a, new_p)
    here, there, new_here, new_there = np.broadcast_arrays(here, there, new_here, new_there)
    impulses = [
        np.abs(speed_km_s(here, here, new_there, gm) - speed_km_s(here, here, there, gm)),
        np.abs(speed_km_s(new_there, new_here, new_there, gm) - speed_km_s(new_there, here, new_there, gm)),
    ]
    second = "apoapsis" if first == "periapsis" else "periapsis"
    return OrbitChange(
        "change of both apses",
        (first, second),
        np.array(impulses),
        np.array([here, new_there]),
        np.array([half_period_s(here, new_there, gm)]),
    )


def change_periapsis(
    periapsis_km: ArrayLike, apoapsis_km: ArrayLike, new_periapsis_km: ArrayLike, gm: float
) -> OrbitChange:
    """Raise or lower the periapsis by one impulse at apoapsis; radii, km."""
    rp, ra = _ellipse(periapsis_km, apoapsis_km)
    size = np.abs(speed_km_s(ra, new_periapsis_km, ra, gm) - speed_km_s(ra, rp, ra, gm))
    return _single("change of periapsis", "apoapsis", size, ra)


def change_apoapsis(
    periapsis_km: ArrayLike, apoapsis_km: ArrayLike, new_apoapsis_km: ArrayLike, gm: float
) -> OrbitChange:
    """Raise or lower the apoapsis by one impulse at periapsis; radii, km."""
    rp, ra = _ellipse(periapsis_km, apoapsis_km)
    size = np.abs(speed_km_s(rp, rp, new_apoapsis_km, gm) - speed_km_s(rp, rp, ra, gm))
    return _single("change of apoapsis", "periapsis", size, rp)


def plane_change(
    periapsis_km: ArrayLike,
    apoapsis_km: ArrayLike,
    angle_rad: ArrayLike,
    gm: float,
    at: str = "apoapsis",
    new_periapsis_km: ArrayLike | None = None,
    new_apoapsis_km: ArrayLike | None = None,
) -> OrbitChange:
    """Turn the plane of an ellipse about its line of apsides, alone or with a change of the other apse [1]_.

    Parameters
    ----------
    periapsis_km, apoapsis_km : array_like
        Radii of the apses, km.
    angle_rad : array_like
        Angle between the planes, rad.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    at : {"apoapsis", "periapsis"}
        Where the impulse is given.
    new_periapsis_km, new_apoapsis_km : array_like, optional
        Radius to which the same impulse takes the opposite apse: the periapsis if given at apoapsis, the
        apoapsis if given at periapsis.

    Returns
    -------
    OrbitChange

    Raises
    ------
    InputError
        An ellipse that dips into the Moon, or a new radius of the apse at which the impulse is given.
    """
    rp, ra = _ellipse(periapsis_km, apoapsis_km)
    if at not in APSES:
        raise InputError(f"at: expected one of {', '.join(APSES)}; got {at!r}")
    here, there = (ra, rp) if at == "apoapsis" else (rp, ra)
    other, fixed = (
        (new_periapsis_km, new_apoapsis_km) if at == "apoapsis" else (new_apoapsis_km, new_periapsis_km)
    )
    if fixed is not None:
        raise InputError(f"plane change: an impulse at {at} cannot move the {at}; change the other apse")
    before = speed_km_s(here, here, there, gm)
    after = before if other is None else speed_km_s(here, here, other, gm)
    name = "plane change" if other is None else "plane change with a change of the other apse"
    return _single(name, at, turned_impulse_km_s(before, after, angle_rad), here)


def turned_impulse_km_s(before_km_s: ArrayLike, after_km_s: ArrayLike, angle_rad: ArrayLike) -> Array:
    """Size of the impulse from one velocity to another that includes an angle with it, km/s."""
    v1, v2 = np.asarray(before_km_s, dtype=np.float64), np.asarray(after_km_s, dtype=np.float64)
    half = np.sin(0.5 * np.asarray(angle_rad, dtype=np.float64))
    return np.sqrt((v1 - v2) ** 2 + 4.0 * v1 * v2 * half * half)


def turn_high(
    periapsis_km: ArrayLike,
    apoapsis_km: ArrayLike,
    angle_rad: ArrayLike,
    turning_km: ArrayLike,
    gm: float,
    new_periapsis_km: ArrayLike | None = None,
    new_apoapsis_km: ArrayLike | None = None,
) -> OrbitChange:
    """Turn the plane far out: raise the apoapsis, turn there (and set the periapsis), lower the apoapsis.

    Parameters
    ----------
    periapsis_km, apoapsis_km : array_like
        Radii of the apses, km.
    angle_rad : array_like
        Angle between the planes, rad; the line of apsides is the line in which they meet.
    turning_km : array_like
        Radius at which the plane is turned, km.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    new_periapsis_km, new_apoapsis_km : array_like, optional
        Radii of the apses at the end; as at the start when left out.

    Returns
    -------
    OrbitChange
        Two-body: beyond some 20,000 km the Earth moves the periapsis by tens of km and more within half a
        revolution, for or against the mission.

    Raises
    ------
    InputError
        An ellipse that dips into the Moon, or a turning radius below the periapsis.
    """
    rp, ra = _ellipse(periapsis_km, apoapsis_km)
    rt = radii(turning_km, "turning_km")
    end_p = rp if new_periapsis_km is None else radii(new_periapsis_km, "new_periapsis_km")
    end_a = ra if new_apoapsis_km is None else radii(new_apoapsis_km, "new_apoapsis_km")
    rp, ra, rt, end_p, end_a = np.broadcast_arrays(rp, ra, rt, end_p, end_a)
    if np.any(rt < rp) or np.any(rt < end_p):
        raise InputError("turn high: expected a turning radius not below the periapsis")
    impulses = [
        np.abs(speed_km_s(rp, rp, rt, gm) - speed_km_s(rp, rp, ra, gm)),
        turned_impulse_km_s(speed_km_s(rt, rp, rt, gm), speed_km_s(rt, end_p, rt, gm), angle_rad),
        np.abs(speed_km_s(end_p, end_p, end_a, gm) - speed_km_s(end_p, end_p, rt, gm)),
    ]
    shape = np.broadcast_shapes(*(impulse.shape for impulse in impulses))
    return OrbitChange(
        "turn high up",
        ("periapsis", "far apoapsis", "periapsis"),
        np.array([np.broadcast_to(impulse, shape) for impulse in impulses]),
        np.array([np.broadcast_to(r, shape) for r in (rp, rt, end_p)]),
        np.array(
            [np.broadcast_to(t, shape) for t in (half_period_s(rp, rt, gm), half_period_s(end_p, rt, gm))]
        ),
    )


def apse_rotation(
    periapsis_km: ArrayLike, apoapsis_km: ArrayLike, angle_rad: ArrayLike, gm: float
) -> OrbitChange:
    """Turn the line of apsides within the plane by one impulse where the two ellipses meet [2]_.

    Parameters
    ----------
    periapsis_km, apoapsis_km : array_like
        Radii of the apses, the same before and after, km.
    angle_rad : array_like
        Angle by which the periapsis turns, rad.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.

    Returns
    -------
    OrbitChange
        At true anomaly angle/2 or half a turn further, at the same cost: the impulse reverses the radial
        speed, `2 e sqrt(gm / p) sin(angle / 2)`. The radius given is that of the far meeting point.
    """
    rp, ra = _ellipse(periapsis_km, apoapsis_km)
    half = 0.5 * np.asarray(angle_rad, dtype=np.float64)
    parameter, e = 2.0 * rp * ra / (rp + ra), (ra - rp) / (ra + rp)
    size = np.abs(2.0 * e * np.sqrt(gm / parameter) * np.sin(half))
    radius = parameter / (1.0 - e * np.abs(np.cos(half)))
    return _single("rotation of the line of apsides", "where the ellipses meet", size, radius)


def radii(value: ArrayLike, name: str) -> Array:
    """Distances from the centre of the Moon, checked to lie outside it, km."""
    r = np.asarray(value, dtype=np.float64)
    wrong = ~(np.isfinite(r) & (r >= MOON_RADIUS_KM))
    if np.any(wrong):
        raise InputError(
            f"{name}: expected distances from the centre of the Moon, {MOON_RADIUS_KM} km or more; got "
            f"{r[wrong].flat[0]:.6g} km. Is it an altitude?"
        )
    return r


def _ellipse(periapsis_km: ArrayLike, apoapsis_km: ArrayLike) -> tuple[Array, Array]:
    rp, ra = np.broadcast_arrays(radii(periapsis_km, "periapsis_km"), radii(apoapsis_km, "apoapsis_km"))
    if np.any(rp > ra):
        raise InputError("apses: expected the periapsis radius not above the apoapsis radius")
    return rp, ra


def _single(name: str, where: str, size: Array, radius: Array) -> OrbitChange:
    sizes, distances = np.broadcast_arrays(size, radius)
    return OrbitChange(name, (where,), sizes[None], distances[None], np.zeros((0, *sizes.shape)))


def _renamed(change: OrbitChange, name: str, where: tuple[str, ...]) -> OrbitChange:
    return OrbitChange(name, where, change.impulses_km_s, change.radius_km, change.coast_s)
