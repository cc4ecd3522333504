"""What stands behind a result: version, scenario, tables, force model and tolerances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.mission.flight import Flight
    from cislunar.scenario import Scenario


def provenance(scenario: Scenario, flight: Flight, environment: Environment) -> dict[str, Any]:
    """Everything somebody else needs to repeat the run."""
    import cislunar

    forces = flight.forces
    return {
        "version": cislunar.__version__,
        "scenario": {
            "file": scenario.file,
            "sha256": scenario.sha256,
            "changes": [{"path": path, "value": value} for path, value in scenario.changes],
        },
        "forces": forces.provenance(),
        "gravity": dict(forces.field.provenance) if forces.field is not None else None,
        **({"timelines": _timelines(scenario)} if flight.timelines else {}),
        "integrator": "RKN12(10) of Dormand, El-Mikkawy and Prince (1987), one step size per trajectory",
        "tolerance": scenario.physics.tolerance,
        **environment.provenance(),
    }


def _timelines(scenario: Scenario) -> dict[str, str]:
    """What timelines are flown with besides, in words."""
    bodies = ", ".join(["moon", *(body for body in scenario.physics.bodies if body != "earth")])
    return {
        "about the Earth": f"point masses of earth, {bodies}; hand-over at the Moon's sphere of influence",
        "sunlight": "pushes spacecraft at work in orbit only, with their mass at its beginning",
        "release": "changes neither velocity",
    }
