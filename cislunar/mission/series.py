"""The sampled part of a result: elevations, osculating elements and daily statistics, with labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.constants import MOON_RADIUS_KM

if TYPE_CHECKING:
    import xarray as xr

    from cislunar.coverage.access import Access
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.mission.flight import Flight
    from cislunar.propagation import Trajectory
    from cislunar.scenario import Scenario

ELEVATION_STEP_S = 300.0
"""Spacing of the elevation histories: ten points on the shortest pass of a low orbiter."""

ELEMENT_STEP_S = 7200.0
"""Spacing of the histories of elements; the shortest lunar orbit takes 6,500 s."""

_ELEMENTS = {
    "semi_major_axis_km": ("km", "osculating semi-major axis"),
    "eccentricity": ("1", "osculating eccentricity"),
    "inclination_deg": ("degree", "inclination to the Moon's orbit plane"),
    "inclination_equator_deg": ("degree", "inclination to the lunar mean-Earth equator"),
    "raan_deg": ("degree", "right ascension of the ascending node in the Moon's orbit plane"),
    "argument_of_periapsis_deg": ("degree", "argument of periapsis from the node on the Moon's orbit plane"),
    "periapsis_altitude_km": ("km", "osculating periapsis altitude above the 1737.4 km sphere"),
    "apoapsis_altitude_km": ("km", "osculating apoapsis altitude above the 1737.4 km sphere"),
}

_TIME = {"units": "s", "long_name": "seconds past J2000 TDB"}


def orbit_dataset(scenario: Scenario, flight: Flight, environment: Environment) -> xr.Dataset:
    """Osculating elements of every spacecraft over the window; NaN once it has ended."""
    import xarray as xr

    names = list(flight.trajectories)
    tdb = _grid(scenario, flight.start_tdb, ELEMENT_STEP_S)
    values = {key: np.full((len(names), tdb.size), np.nan) for key in _ELEMENTS}
    for row, trajectory in enumerate(flight.trajectories.values()):
        inside = tdb <= float(trajectory.epoch[0] + trajectory.final_elapsed[0])
        inside &= tdb >= float(trajectory.epoch[0])
        history = _elements(trajectory, tdb[inside], flight.forces.gm["moon"], environment)
        for key in _ELEMENTS:
            values[key][row, inside] = history[key]
    return xr.Dataset(
        {
            key: (("relay", "time_elements"), values[key], {"units": units, "long_name": text})
            for key, (units, text) in _ELEMENTS.items()
        },
        coords={"relay": names, "time_elements": ("time_elements", tdb, dict(_TIME))},
    )


def access_dataset(scenario: Scenario, access: Access, spacecraft: Sequence[str]) -> xr.Dataset:
    """Elevations over the sites and the statistics of each 24 h from the epoch."""
    import xarray as xr

    from cislunar.coverage.series import body_elevation_deg, relay_elevation_deg

    sites: list[Site] = list(access.sites.values())
    start_tdb = access.window[0]
    tdb = _grid(scenario, start_tdb, ELEVATION_STEP_S)
    relays = np.full((len(sites), len(spacecraft), tdb.size), np.nan)
    for column, name in enumerate(spacecraft):
        if name in access.trajectories:
            for row, site in enumerate(sites):
                relays[row, column] = relay_elevation_deg(access.tables, site, access.trajectories[name], tdb)
    bodies = {
        body: np.array([body_elevation_deg(access.tables, site, body, tdb) for site in sites])
        for body in ("sun", "earth")
    }
    assert scenario.coverage is not None
    daily = access.daily(start_tdb, scenario.coverage.minimum_pass_s)
    links = list(next(iter(daily.values())))
    days = daily[sites[0].name][links[0]]["day"]

    def per_day(key: str, scale: float = 1.0) -> Any:
        return np.array([[daily[site.name][link][key] * scale for link in links] for site in sites])

    def angle(text: str) -> dict[str, str]:
        return {"units": "degree", "long_name": f"elevation of {text} above the site's horizontal"}

    day = ("site", "link", "day")
    return xr.Dataset(
        {
            "site_relay_elevation_deg": (("site", "relay", "time"), relays, angle("the relay")),
            "sun_elevation_deg": (("site", "time"), bodies["sun"], angle("the Sun's centre")),
            "earth_elevation_deg": (("site", "time"), bodies["earth"], angle("the Earth's centre")),
            "daily_percent": (
                day,
                per_day("percent"),
                {"units": "percent", "long_name": "part of each 24 h from the epoch in which the link holds"},
            ),
            "daily_longest_gap_h": (
                day,
                per_day("longest_gap_s", 1.0 / 3600.0),
                {"units": "h", "long_name": "longest gap within each 24 h from the epoch"},
            ),
            "daily_passes": (
                day,
                per_day("passes"),
                {"units": "1", "long_name": "passes that start in each 24 h from the epoch"},
            ),
        },
        coords={
            "site": [site.name for site in sites],
            "relay": list(spacecraft),
            "link": links,
            "day": ("day", days, {"units": "1", "long_name": "24 h periods since the epoch"}),
            "time": ("time", tdb, dict(_TIME)),
        },
    )


def _elements(
    trajectory: Trajectory, tdb: np.ndarray, gm: float, environment: Environment
) -> dict[str, np.ndarray]:
    from cislunar.orbits.history import element_history

    plane = element_history(trajectory, tdb, gm, "moon-op", environment)
    equator = element_history(trajectory, tdb, gm, "moon-me", environment)
    size, shape = plane.semi_major_axis_km, plane.eccentricity
    return {
        "semi_major_axis_km": size,
        "eccentricity": shape,
        "inclination_deg": np.degrees(plane.inclination_rad),
        "inclination_equator_deg": np.degrees(equator.inclination_rad),
        "raan_deg": np.degrees(plane.raan_rad),
        "argument_of_periapsis_deg": np.degrees(plane.argument_of_periapsis_rad),
        "periapsis_altitude_km": size * (1.0 - shape) - MOON_RADIUS_KM,
        "apoapsis_altitude_km": size * (1.0 + shape) - MOON_RADIUS_KM,
    }


def _grid(scenario: Scenario, start_tdb: float, step_s: float) -> np.ndarray:
    """Equally spaced epochs from a start to the end of the scenario, no farther apart than a step."""
    duration_s = scenario.duration_s - (start_tdb - scenario.epoch_tdb)
    count = int(np.ceil(duration_s / step_s)) + 1
    return np.linspace(start_tdb, scenario.end_tdb, max(count, 2))
