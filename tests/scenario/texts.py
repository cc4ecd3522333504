"""A small valid scenario and ways to spoil it."""

from __future__ import annotations

from cislunar.errors import ScenarioError
from cislunar.scenario.model import Scenario

GOOD = """\
cislunar: 1
name: Test
epoch: 2027-03-01T00:00:00 UTC
duration: 30 d
sites:
  crater:
    latitude: -75 deg
    longitude: 132.4 deg
    horizon: 5 deg
ground: [dsn, goonhilly]
spacecraft:
  alpine:
    mass: 150 kg
    radiation_pressure: {area: 2 m^2, coefficient: 1.3}
    orbit:
      frame: moon-op
      semi_major_axis: 6143 km
      eccentricity: 0.6
      inclination: 51.7 deg
      raan: 0 deg
      argument_of_periapsis: 90 deg
      mean_anomaly: 0 deg
    relay: {from: crater, to: dsn}
requirements:
  - {name: Availability, site: crater, measure: percent, at_least: 60 %, region: far side}
analyses:
  coverage: {sites: [crater], map: {region: far side, resolution: 10 deg}}
  lifetime: {horizon: 1 yr}
"""

ORBIT = GOOD[GOOD.index("      frame:") : GOOD.index("    relay:")]
"""The lines below `orbit:`."""


def good() -> Scenario:
    return Scenario.from_text(GOOD)


def spoilt(old: str, new: str, text: str = GOOD) -> str:
    """The text with one thing replaced; the thing must be there."""
    assert old in text
    return text.replace(old, new, 1)


def complaints(text: str | bytes) -> list[str]:
    """Everything said about a text, `line:column  path: message`; empty when it is valid."""
    try:
        Scenario.from_text(text, file="f")
    except ScenarioError as error:
        return [str(problem).removeprefix("f:") for problem in error.problems]
    return []


def complaint(text: str | bytes) -> str:
    """The one thing said about a text with one mistake."""
    said = complaints(text)
    assert len(said) == 1, said
    return said[0]
