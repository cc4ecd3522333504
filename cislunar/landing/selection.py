"""Which pass over a site to land on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.landing.communications import contacts
from cislunar.landing.passes import Passes, site_icrf

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station
    from cislunar.propagation import Trajectory

Array = NDArray[np.float64]

_MOMENT_S = 1.0
_SPIN_RAD_S = 2.662e-6
_LONGEST_S = 36000.0


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a pass must meet; see `plan.plan_landing`."""

    cross_range_limit_rad: float
    sun_elevation_rad: tuple[float, float] | None
    require_contact: bool
    stations: tuple[Station, ...]
    relays: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Choice:
    """Passes to try, earliest first, or why there is none.

    Attributes
    ----------
    candidates : ndarray of int
    status, message : str
    cross_range_rad, plane_change_km_s : float
        Of the pass that came closest.
    conditions : Conditions
    site : Site
    environment : Environment
    """

    candidates: NDArray[np.int64]
    status: str
    message: str
    cross_range_rad: float
    plane_change_km_s: float
    conditions: Conditions
    site: Site
    environment: Environment

    def check_touchdown(self, tdb: float, sun_rad: float, latest_tdb: float) -> tuple[str, str] | None:
        """Status and message if the conditions fail at the touchdown itself, some minutes off the pass."""
        if tdb > latest_tdb:
            return "cross-range", f"touchdown would be {tdb - latest_tdb:.0f} s after the latest allowed"
        wanted = self.conditions.sun_elevation_rad
        if wanted is not None and not wanted[0] <= sun_rad <= wanted[1]:
            return "sun", _sun_text(np.array([sun_rad]), wanted)
        if self.conditions.require_contact and not seen(self.site, self.environment, self.conditions, tdb):
            return "contact", "nobody sees the site at touchdown"
        return None


def choose(
    passes: Passes,
    orbit: Trajectory,
    site: Site,
    environment: Environment,
    conditions: Conditions,
    gm: float,
) -> Choice:
    """Sift the passes: cross-range, then the Sun, then contact.

    Returns
    -------
    Choice
        Its message names the first condition that no pass meets, and how far off the best one is.
    """

    def result(numbers: NDArray[np.int64], status: str = "ok", message: str = "") -> Choice:
        return Choice(numbers, status, message, closest, turn, conditions, site, environment)

    closest, turn = math.nan, math.nan
    nothing = np.zeros(0, dtype=np.int64)
    if not len(passes):
        return result(nothing, "cross-range", "the orbit does not pass the site in the time given")
    best = int(np.argmin(np.abs(passes.cross_range_rad)))
    closest = float(passes.cross_range_rad[best])
    state = orbit.at_tdb(float(passes.tdb[best]))[:, 0]
    turn = _plane_change_km_s(state, closest, gm)
    # powered descent starts up to a revolution off the pass, and the ground turns meanwhile
    slack = float(np.min(np.diff(passes.tdb), initial=_LONGEST_S)) * _SPIN_RAD_S
    near = np.flatnonzero(np.abs(passes.cross_range_rad) <= conditions.cross_range_limit_rad + slack)
    if not near.size:
        limit = conditions.cross_range_limit_rad
        text = _cross_text(passes, best, turn, limit, state, site, environment)
        return result(nothing, "cross-range", text)
    if conditions.sun_elevation_rad is not None:
        low, high = conditions.sun_elevation_rad
        elevation = sun_elevation(site, environment, passes.tdb[near])
        lit = (elevation >= low) & (elevation <= high)
        if not lit.any():
            return result(nothing, "sun", _sun_text(elevation, (low, high)))
        near = near[lit]
    if conditions.require_contact:
        met = [seen(site, environment, conditions, float(passes.tdb[i])) for i in near]
        if not any(met):
            return result(
                nothing,
                "contact",
                f"nobody sees the site at any of the {near.size} passes that meet the other conditions: "
                f"{len(conditions.stations)} stations, {len(conditions.relays)} relays",
            )
        near = near[np.array(met)]
    return result(near)


def seen(site: Site, environment: Environment, conditions: Conditions, tdb: float) -> bool:
    """Whether any station sees the site, directly or through a relay."""
    found = contacts(
        "touchdown",
        tdb,
        tdb + _MOMENT_S,
        None,
        conditions.stations,
        conditions.relays,
        environment,
        site=site,
        touchdown_tdb=tdb,
    )
    return found.covered.fraction > 0.0


def _plane_change_km_s(state: Array, angle_rad: float, gm: float) -> float:
    """Turn of the plane by an angle a quarter of a revolution before a place, at the level speed there."""
    momentum = np.cross(state[:3], state[3:])
    eccentric = np.cross(state[3:], momentum) / gm - state[:3] / np.linalg.norm(state[:3])
    direction = -np.cross(momentum, state[:3])
    direction = direction / np.linalg.norm(direction)
    size = float(np.linalg.norm(momentum))
    radius = size**2 / gm / (1.0 + float(eccentric @ direction))
    return abs(2.0 * size / radius * math.sin(0.5 * angle_rad))


def sun_elevation(site: Site, environment: Environment, tdb: Array) -> Array:
    """Elevation of the Sun's centre at a site, rad, shape (m,)."""
    up = site_icrf(site, environment, tdb)
    to_sun = environment.ephemeris.position("sun", "moon", tdb) - site.radius_km * up
    return np.asarray(np.arcsin((to_sun * up).sum(axis=0) / np.linalg.norm(to_sun, axis=0)))


def _sun_text(elevation: Array, wanted: tuple[float, float]) -> str:
    low, high = wanted
    off = np.where(elevation < low, low - elevation, elevation - high)
    best = int(np.argmin(off))
    side = "below" if elevation[best] < low else "above"
    return (
        f"the Sun stands at {math.degrees(elevation[best]):.2f} deg at the best of {elevation.size} passes, "
        f"{math.degrees(off[best]):.2f} deg {side} the {math.degrees(low):g} to {math.degrees(high):g} deg "
        "wanted"
    )


def _cross_text(
    passes: Passes,
    best: int,
    turn_km_s: float,
    limit_rad: float,
    state: Array,
    site: Site,
    environment: Environment,
) -> str:
    to_me = environment.orientation.icrf_to_me(float(passes.tdb[best]))
    normal = to_me @ np.cross(state[:3], state[3:])
    tilt = math.acos(abs(float(normal[2])) / float(np.linalg.norm(normal)))
    beyond = math.degrees(abs(site.latitude_rad) - tilt)
    closest = abs(float(passes.cross_range_rad[best]))
    text = (
        f"the orbit passes the site {math.degrees(closest):.2f} deg ({closest * site.radius_km:.0f} km) "
        f"off its plane at the closest of {len(passes)} passes; {math.degrees(limit_rad):g} deg can be flown "
        f"out, and turning the plane would cost {1000.0 * turn_km_s:.0f} m/s"
    )
    if beyond > 0.0:
        reached = math.degrees(tilt)
        text += (
            f". The site's latitude is {beyond:.2f} deg beyond the {reached:.2f} deg that the plane reaches"
        )
    return text
