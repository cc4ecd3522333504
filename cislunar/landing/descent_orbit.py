"""The descent orbit: an impulse half a revolution before powered descent, in the real force model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.landing.impulsive import apsis_speed_km_s
from cislunar.landing.passes import along_and_across, site_icrf

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.propagation import ForceModel, Trajectory

Array = NDArray[np.float64]

_TURNS = 8
_GOOD_KM = 1e-3
_SAMPLES = 2000


class DescentOrbitError(Exception):
    """There is no descent orbit to this pass; the text says why."""


@dataclass(frozen=True, eq=False)
class DescentOrbit:
    """From the descent-orbit burn to the start of powered descent.

    Attributes
    ----------
    burn_tdb, ignition_tdb : float
    burn_km_s : float
        Size of the impulse.
    range_rad : float
        Angle of the site ahead at ignition.
    cross_range_rad : float
        Angle of the site to the left of the plane at ignition.
    flown : Trajectory
        The coast, and some way on.
    """

    burn_tdb: float
    ignition_tdb: float
    burn_km_s: float
    range_rad: float
    cross_range_rad: float
    flown: Trajectory


def descent_orbit(
    orbit: Trajectory,
    forces: ForceModel,
    site: Site,
    environment: Environment,
    pass_tdb: float,
    range_rad: float,
    radius_km: float,
) -> DescentOrbit:
    """Find the burn after which the flight is at a radius where the site lies a given angle ahead.

    Parameters
    ----------
    orbit : Trajectory
        The flight before, about the Moon.
    forces : ForceModel
    site : Site
    environment : Environment
    pass_tdb : float
        When the orbit passes the site.
    range_rad : float
        Angle of the site ahead at which powered descent starts.
    radius_km : float
        From the Moon's centre, there.

    Returns
    -------
    DescentOrbit
        After the burn the flight is level: half a revolution ahead of the burn lies the periapsis.

    Raises
    ------
    DescentOrbitError
        The given orbit starts too late for it, or does not go around.
    """
    burn_tdb = _before(orbit, site, environment, pass_tdb, range_rad + math.pi)
    state = orbit.at_tdb(burn_tdb)[:, 0]
    place, velocity = state[:3], state[3:]
    radius = float(np.linalg.norm(place))
    if radius <= radius_km:
        raise DescentOrbitError(
            f"the orbit is {radius_km - radius:.1f} km below the altitude at which powered descent starts, "
            "where the descent-orbit burn would be made"
        )
    normal = np.cross(place, velocity)
    level = np.cross(normal, place)
    level = level / np.linalg.norm(level)
    gm = forces.gm["moon"]
    aim = radius_km
    for _ in range(_TURNS):
        after = float(apsis_speed_km_s(radius, aim, gm)) * level
        flown, ignition = _coast(
            np.concatenate([place, after]), burn_tdb, aim, radius, range_rad, forces, site, environment
        )
        reached = flown.at_tdb(ignition)[:, 0]
        miss = float(np.linalg.norm(reached[:3])) - radius_km
        if abs(miss) < _GOOD_KM:
            break
        aim -= miss
    left = along_and_across(reached[:, None], site_icrf(site, environment, np.array([ignition])))[1]
    burn = float(np.linalg.norm(after - velocity))
    return DescentOrbit(burn_tdb, ignition, burn, range_rad, float(left[0]), flown)


def _before(
    orbit: Trajectory, site: Site, environment: Environment, pass_tdb: float, angle_rad: float
) -> float:
    """Last epoch before a pass at which the site lies an angle (half a turn to one) ahead."""
    start = float(orbit.epoch[0])
    span = 1.2 * _period(orbit.at_tdb(pass_tdb)[:, 0], orbit)
    first = max(start, pass_tdb - span)
    times = np.linspace(first, pass_tdb, _SAMPLES)
    ahead, _ = along_and_across(orbit.at_tdb(times)[:, 0], site_icrf(site, environment, times))
    ahead = np.unwrap(ahead)
    ahead -= ahead[-1]
    past = np.flatnonzero(ahead > angle_rad)
    if not past.size:
        raise DescentOrbitError(
            f"the orbit starts too late for this pass: {math.degrees(ahead[0]):.0f} deg of the "
            f"{math.degrees(angle_rad):.0f} deg from the descent-orbit burn to the site are left"
        )
    i = int(past[-1])
    return float(times[i] + (times[i + 1] - times[i]) * (ahead[i] - angle_rad) / (ahead[i] - ahead[i + 1]))


def _period(state: Array, orbit: Trajectory) -> float:
    assert orbit.forces is not None
    gm = orbit.forces.gm["moon"]
    energy = 0.5 * float(state[3:] @ state[3:]) - gm / float(np.linalg.norm(state[:3]))
    if energy >= 0.0:
        raise DescentOrbitError("the orbit is not captured: it passes the Moon on a hyperbola")
    return 2.0 * math.pi * gm / math.sqrt(-2.0 * energy) ** 3


def _coast(
    state: Array,
    burn_tdb: float,
    periapsis_km: float,
    apoapsis_km: float,
    range_rad: float,
    forces: ForceModel,
    site: Site,
    environment: Environment,
) -> tuple[Trajectory, float]:
    """Fly from the burn; return the flight and when the site lies `range_rad` ahead."""
    from cislunar.propagation import propagate

    half = math.pi * math.sqrt((0.5 * (periapsis_km + apoapsis_km)) ** 3 / forces.gm["moon"])
    flown = propagate(state, burn_tdb, 1.03 * half, forces)
    reached = burn_tdb + float(flown.final_elapsed[0])
    low, high = burn_tdb + 0.5 * half, reached

    def past(tdb: float) -> float:
        times = np.array([tdb])
        ahead, _ = along_and_across(flown.at_tdb(times)[:, 0], site_icrf(site, environment, times))
        return float(ahead[0]) - range_rad

    if past(high) > 0.0:
        raise DescentOrbitError(
            "the flight after the descent-orbit burn ends before powered descent would start: "
            f"{flown.message[0]}"
        )
    from scipy.optimize import brentq

    return flown, float(brentq(past, low, high, xtol=1e-6))
