"""From the places a scenario names to sites that stand on the ground and see a horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.scenario import Scenario
    from cislunar.scenario.model import SiteDefinition


def site_of(definition: SiteDefinition, environment: Environment) -> Site:
    """Put a site on the ground: its height and its horizon from the topography where the scenario says so."""
    from cislunar.environment.horizon import terrain_horizon
    from cislunar.environment.sites import Site

    latitude, longitude = definition.latitude_rad, definition.longitude_rad
    height = definition.height_km
    if height is None:
        height = float(np.asarray(environment.terrain.height_km(latitude, longitude)))
    horizon = definition.horizon
    if horizon == "terrain":
        horizon = terrain_horizon(environment.terrain, latitude, longitude, height)
    return Site(definition.name, latitude, longitude, height, horizon)


def sites_of(scenario: Scenario, environment: Environment) -> list[Site]:
    """Sites that the coverage analysis asks for, in its order."""
    if scenario.coverage is None:
        return []
    return [site_of(scenario.sites[name], environment) for name in scenario.coverage.sites]


def terrain_warnings(scenario: Scenario, environment: Environment) -> list[str]:
    """Say what a horizon computed from the topography cannot show."""
    from cislunar.environment.horizon import unresolved_km

    computed = [name for name, site in scenario.sites.items() if site.horizon == "terrain"]
    if not computed:
        return []
    return [
        f"horizon of {', '.join(computed)}: computed from topography of "
        f"{environment.terrain.resolution_deg:g} deg; relief within one grid cell, "
        f"{unresolved_km(environment.terrain):.1f} km, of the site is unresolved"
    ]
