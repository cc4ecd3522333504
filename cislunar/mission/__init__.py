"""From a checked scenario to one `MissionResult`: flight, coverage, requirements, provenance."""

from cislunar.mission.result import MissionResult
from cislunar.mission.runner import run

__all__ = ["MissionResult", "run"]
