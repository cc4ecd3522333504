"""The scenario file: format, loading, messages with line numbers, and the JSON Schema for editors."""

from cislunar.scenario.loading import load
from cislunar.scenario.model import (
    CoverageAnalysis,
    DataFiles,
    LifetimeAnalysis,
    MapDefinition,
    Physics,
    RadiationPressure,
    RelayDefinition,
    Requirement,
    Scenario,
    SiteDefinition,
    Spacecraft,
)

__all__ = [
    "CoverageAnalysis",
    "DataFiles",
    "LifetimeAnalysis",
    "MapDefinition",
    "Physics",
    "RadiationPressure",
    "RelayDefinition",
    "Requirement",
    "Scenario",
    "SiteDefinition",
    "Spacecraft",
    "load",
]
