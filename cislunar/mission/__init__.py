"""From a checked scenario to one `MissionResult`: flight, coverage, requirements, provenance."""

from cislunar.mission.result import MissionResult
from cislunar.mission.run import run

__all__ = ["MissionResult", "run"]
