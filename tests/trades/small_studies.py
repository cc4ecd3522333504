"""Studies that fly in a moment: relays over one or two sites for a day, and the mistakes of their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cislunar
from cislunar.trades import Study

BASE = """\
cislunar: 1
name: two relays
epoch: 2027-03-01T00:00:00 UTC
duration: 1 d
physics: {degree: 2}
sites:
  basin: {latitude: -71.38 deg, longitude: 138.25 deg, height: 0 km, horizon: 5 deg}
  pole: {latitude: -89.9 deg, longitude: 0 deg, height: 0 km, horizon: 0 deg}
ground: [dsn]
spacecraft:
  alpine:
    orbit:
      frame: moon-op
      semi_major_axis: 6143 km
      eccentricity: 0.6
      inclination: 51.7 deg
      raan: 10 deg
      argument_of_periapsis: 90 deg
      mean_anomaly: 0 deg
    relay: {to: dsn}
  lupine:
    orbit:
      frame: moon-op
      semi_major_axis: 6143 km
      eccentricity: 0.6
      inclination: 51.7 deg
      raan: 10 deg
      argument_of_periapsis: 90 deg
      mean_anomaly: 180 deg
    relay: {to: dsn}
analyses:
  lifetime: {horizon: 3 d}
"""

STUDY = """\
study: 1
name: small
base: base.yaml
axes:
  size:
    path: [spacecraft.alpine.orbit.semi_major_axis, spacecraft.lupine.orbit.semi_major_axis]
    from: 5800 km
    to: 6400 km
    step: 200 km
  tilt:
    path: [spacecraft.alpine.orbit.inclination, spacecraft.lupine.orbit.inclination]
    values: [45 deg, 51.7 deg]
measures:
  coverage: {measure: percent, site: basin}
  gap: {measure: longest_gap}
constraints:
  - {measure: coverage, at_least: 60 %}
objectives:
  - {measure: coverage, sense: maximize, weight: 2}
  - {measure: gap}
"""


def both(key: str) -> list[str]:
    """The path of an element of both relays."""
    return [f"spacecraft.{name}.orbit.{key}" for name in ("alpine", "lupine")]


def write(folder: Path, study: str = STUDY, base: str = BASE) -> Path:
    """Write a study and its base into a folder."""
    (folder / "base.yaml").write_text(base, encoding="utf-8")
    file = folder / "small.yaml"
    file.write_text(study, encoding="utf-8")
    return file


def make(axes: dict[str, Any], measures: dict[str, Any] | None = None, **more: Any) -> Study:
    """Build a study of the small base in code."""
    base = cislunar.load(more.pop("base", BASE))
    return Study.make(base, axes, measures or {"coverage": "percent", "gap": "longest_gap"}, **more)
