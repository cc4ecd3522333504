"""When the planes of many orbits pass over a site, how the Sun stands then, and what the descent costs.

A lunar orbit keeps its plane while the Moon turns below it by 13.2 deg a day, so that the plane meets every
site that its inclination reaches twice in 27.3 days. The first guess takes the plane as fixed; the waiting
orbit is then flown to that moment in the real force model and the crossing is found again with the plane
it has there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.landing.descent_law import GM_KM3_S2, PERIAPSIS_KM, RANGES, powered_descent_km_s
from cislunar.landing.impulsive import apsis_speed_km_s
from cislunar.landing.passes import site_icrf
from cislunar.landing.selection import sun_elevation
from cislunar.mission.window_course import Course
from cislunar.mission.window_flights import InOrbit, coast, follow
from cislunar.vehicles.rocket import mass_after

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.propagation import ForceModel

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_STEP_S = 3600.0
_SPIN_RAD_S = 2.6617e-6
_PROBE_S = 60.0
_SUN_STEP_S = 600.0
_BRAKED_KM_S = 1.7
"""Speed at the start of powered descent, to place the descent-orbit burn of an eccentric orbit."""
_MOON_GRAVITY_M_S2 = 1e3 * GM_KM3_S2 / MOON_RADIUS_KM**2


@dataclass(frozen=True)
class Crossings:
    """Moments at which planes are nearest to a site.

    Attributes
    ----------
    member : numpy.ndarray, shape (k,), int
        Whose plane.
    tdb : numpy.ndarray, shape (k,)
        In the order of time for each member.
    cross_range_rad : numpy.ndarray, shape (k,)
        Angle of the site off the plane: zero, or what is left where the inclination falls short of it.
    """

    member: NDArray[np.int64]
    tdb: Array
    cross_range_rad: Array


def plane_crossings(
    normal: Array, start_tdb: Array, within_s: float, site: Site, environment: Environment, limit_rad: float
) -> Crossings:
    """Find when fixed planes pass over a site.

    Parameters
    ----------
    normal : numpy.ndarray, shape (3, n)
        Unit normals, ICRF axes.
    start_tdb : numpy.ndarray, shape (n,)
        From when on.
    within_s : float
        For how long after that.
    site : Site
    environment : Environment
    limit_rad : float
        Largest cross-range that counts.

    Returns
    -------
    Crossings
        From hourly directions of the site; between them the cross-range is linear to 1e-6 rad near zero.
    """
    first = float(start_tdb.min())
    grid = first + _STEP_S * np.arange(int((float(start_tdb.max()) - first + within_s) / _STEP_S) + 3)
    place = site_icrf(site, environment, grid)
    offset = ((start_tdb - first) / _STEP_S).astype(np.int64)
    hours = np.arange(int(within_s / _STEP_S) + 2)
    member, when, off = [], [], []
    for low in range(0, start_tdb.size, 500):
        some = np.arange(low, min(low + 500, start_tdb.size))
        index = offset[some, None] + hours
        sine = np.einsum("ijk,ij->jk", place[:, index], normal[:, some])
        zero = (sine[:, :-1] > 0.0) != (sine[:, 1:] > 0.0)
        i, j = np.nonzero(zero)
        share = sine[i, j] / (sine[i, j] - sine[i, j + 1])
        size = np.abs(sine)
        dip = (size[:, 1:-1] < size[:, :-2]) & (size[:, 1:-1] <= size[:, 2:]) & ~zero[:, :-1] & ~zero[:, 1:]
        a, b = np.nonzero(dip & (size[:, 1:-1] <= np.sin(limit_rad)))
        member += [some[i], some[a]]
        when += [grid[index[i, j]] + share * _STEP_S, grid[index[a, b + 1]]]
        off += [np.zeros(i.size), np.arcsin(sine[a, b + 1])]
    members, tdb, cross = np.concatenate(member), np.concatenate(when), np.concatenate(off)
    kept = (tdb >= start_tdb[members]) & (tdb <= start_tdb[members] + within_s)
    order = np.lexsort((tdb[kept], members[kept]))
    return Crossings(members[kept][order], tdb[kept][order], cross[kept][order])


@dataclass(frozen=True)
class Landings:
    """The landing of each of n spacecraft; NaN where the plane does not pass over the site.

    Attributes
    ----------
    tdb : numpy.ndarray, shape (n,)
        When the plane passes over the site.
    fixed_plane_tdb : numpy.ndarray, shape (n,)
        The same, were the plane fixed since the wait began.
    sun_elevation_rad : numpy.ndarray, shape (n,)
    before_km_s : numpy.ndarray, shape (n,)
        Change of velocity from the injection to the descent-orbit impulse.
    descent_orbit_km_s, powered_km_s, mass_kg : numpy.ndarray, shape (n,)
        Impulse half a revolution before powered descent, the descent by the fitted law, and the mass at
        touchdown. NaN where the law does not hold: `thrust_ok` is false then.
    plane_ok, sun_ok, orbit_ok, thrust_ok : numpy.ndarray, shape (n,), bool
        Whether the plane passes over the site in time, the Sun is as wanted, the orbit lasts until then, and
        the thrust is enough.
    """

    tdb: Array
    fixed_plane_tdb: Array
    sun_elevation_rad: Array
    before_km_s: Array
    descent_orbit_km_s: Array
    powered_km_s: Array
    mass_kg: Array
    plane_ok: Flags
    sun_ok: Flags
    orbit_ok: Flags
    thrust_ok: Flags


def landings(
    course: Course, waiting: InOrbit, environment: Environment, forces: ForceModel, threads: int | None = None
) -> Landings:
    """Find the landing of every spacecraft of a batch that waits in orbit.

    The first crossing with the Sun in its range and moving as wanted is taken, or without one, the crossing
    that comes closest.
    """
    n, phase, site = waiting.tdb.size, course.landing, course.site
    wanted = phase.sun_elevation_rad or (-np.pi / 2, np.pi / 2)
    lead = course.window.lead_s if course.waits_for_date else 0.0
    start = waiting.tdb + lead
    found = plane_crossings(
        _normals(waiting.state), start, course.search_s - lead, site, environment, phase.cross_range_rad
    )
    sun = sun_elevation(site, environment, found.tdb) if found.tdb.size else np.zeros(0)
    short = _short_of(sun, wanted)
    if course.window.sun != "either" and found.tdb.size:
        rising = sun_rate(site, environment, found.tdb) > 0.0
        short = short + np.pi * (rising != (course.window.sun == "rising"))
    chosen = _choose(found, short, n)
    has = (chosen >= 0) & waiting.alive
    tdb, elevation, fixed = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    burn, powered, mass = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    changes = waiting.delta_v_km_s.copy()
    lasts, strong = waiting.alive.copy(), np.zeros(n, dtype=np.bool_)
    who = np.flatnonzero(has)
    if who.size:
        pick = chosen[who]
        fixed[who] = found.tdb[pick]
        there = _fly_to(course, waiting.select(who), found.tdb[pick], forces, threads)
        zero = found.cross_range_rad[pick] == 0.0
        tdb[who] = _moved(there, found.tdb[pick], zero, start[who], site, environment)
        elevation[who] = sun_elevation(site, environment, tdb[who])
        changes[who], lasts[who] = there.delta_v_km_s, there.alive
        burn[who], powered[who], mass[who], strong[who] = _descend(
            course, there.state, tdb[who], there.mass_kg, environment
        )
    return Landings(
        tdb,
        fixed,
        elevation,
        changes,
        burn,
        powered,
        mass,
        has,
        has & (_short_of(np.nan_to_num(elevation, nan=np.pi), wanted) <= 0.0),
        lasts,
        strong,
    )


def sun_rate(site: Site, environment: Environment, tdb: Array) -> Array:
    """Rate of the Sun's elevation at a site, rad/s."""
    later = sun_elevation(site, environment, tdb + _SUN_STEP_S)
    return (later - sun_elevation(site, environment, tdb)) / _SUN_STEP_S


def _normals(state: Array) -> Array:
    momentum = np.cross(state[:3], state[3:], axis=0)
    return np.asarray(momentum / np.linalg.norm(momentum, axis=0))


def _short_of(elevation: Array, wanted: tuple[float, float]) -> Array:
    """By how much elevations are out of a range, rad; 0 inside."""
    return np.maximum(np.maximum(wanted[0] - elevation, elevation - wanted[1]), 0.0)


def _choose(found: Crossings, short: Array, n: int) -> NDArray[np.int64]:
    """Number of the crossing each member takes, -1 without one."""
    chosen = np.full(n, -1)
    if found.tdb.size:
        order = np.lexsort((found.tdb, short, found.member))
        members, first = np.unique(found.member[order], return_index=True)
        chosen[members] = order[first]
    return chosen


def _fly_to(course: Course, waiting: InOrbit, tdb: Array, forces: ForceModel, threads: int | None) -> InOrbit:
    """Fly waiting orbits to epochs, by way of the last steps where these come after the wait."""
    now = waiting
    if course.waits_for_date:
        now = coast(now, tdb - course.window.lead_s - now.tdb, forces, threads)
        now = follow(now, course.last_steps, course.engine.isp_s, forces, threads)
    return coast(now, np.maximum(tdb - now.tdb, 0.0), forces, threads)


def _moved(
    there: InOrbit, tdb: Array, zero: Flags, earliest: Array, site: Site, environment: Environment
) -> Array:
    """When planes as they are now pass over a site, next to epochs; kept where they only come near."""
    normal = _normals(there.state)
    for _ in range(3):
        sine = (site_icrf(site, environment, tdb) * normal).sum(axis=0)
        later = (site_icrf(site, environment, tdb + _PROBE_S) * normal).sum(axis=0)
        rate = (later - sine) / _PROBE_S
        steep = zero & (np.abs(rate) > 0.05 * _SPIN_RAD_S)
        tdb = np.maximum(tdb - np.where(steep, sine / np.where(steep, rate, 1.0), 0.0), earliest)
    return tdb


def _descend(
    course: Course, state: Array, tdb: Array, mass_kg: Array, environment: Environment
) -> tuple[Array, Array, Array, Flags]:
    """Descent-orbit impulse, powered descent, mass at touchdown, and whether there is thrust enough."""
    site, engine = course.site, course.engine
    near = MOON_RADIUS_KM + PERIAPSIS_KM
    exhaust = engine.exhaust_speed_km_s
    # The site lies ahead of powered descent by the way that is braked; half a revolution before is the burn.
    thrust = engine.full_thrust_n / mass_kg
    braking_s = 1e3 * exhaust / thrust * -np.expm1(-_BRAKED_KM_S / exhaust)
    ahead = 0.5 * _BRAKED_KM_S * braking_s / site.radius_km
    up = site_icrf(site, environment, tdb)
    normal = _normals(state)
    in_plane = up - (up * normal).sum(axis=0) * normal
    in_plane /= np.linalg.norm(in_plane, axis=0)
    along = np.cross(normal, in_plane, axis=0)
    turn = -(ahead + np.pi)
    direction = np.cos(turn) * in_plane + np.sin(turn) * along
    radius, radial, level = _on_ellipse(state, direction, normal)
    burn = np.hypot(apsis_speed_km_s(radius, near, GM_KM3_S2) - level, radial)
    mass = mass_after(mass_kg, burn, engine.isp_s)
    weight = engine.full_thrust_n / (mass * _MOON_GRAVITY_M_S2)
    altitude = radius - MOON_RADIUS_KM
    low, high = RANGES["thrust-to-weight"]
    bottom, top = RANGES["apoapsis altitude"]
    strong = (weight >= low) & np.isfinite(altitude)
    powered = powered_descent_km_s(
        np.clip(np.nan_to_num(weight, nan=low), low, high),
        engine.isp_s,
        np.clip(np.nan_to_num(altitude, nan=bottom), bottom, top),
        approach=True,
    )
    powered = np.where(strong, powered, np.nan)
    return burn, powered, mass_after(mass, powered, engine.isp_s), strong


def _on_ellipse(state: Array, direction: Array, normal: Array) -> tuple[Array, Array, Array]:
    """Radius, radial and level speed of osculating orbits in a direction of their planes."""
    place, velocity = state[:3], state[3:]
    momentum = np.linalg.norm(np.cross(place, velocity, axis=0), axis=0)
    distance = np.linalg.norm(place, axis=0)
    eccentric = np.cross(velocity, momentum * normal, axis=0) / GM_KM3_S2 - place / distance
    across = np.cross(normal, direction, axis=0)
    radius = momentum**2 / GM_KM3_S2 / (1.0 + (eccentric * direction).sum(axis=0))
    radial = -GM_KM3_S2 / momentum * (eccentric * across).sum(axis=0)
    return radius, radial, momentum / radius
