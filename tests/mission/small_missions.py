"""Scenario texts that fly in a moment, and what their closed forms say."""

from __future__ import annotations

import math
from typing import Any

import cislunar

MOON_GM = 4902.8001224453
"""GM of the packaged field, as its header states it, km^3/s^2."""

MOON_RADIUS_KM = 1737.4

RELAYS = """\
cislunar: 1
name: two relays
epoch: 2027-03-01T00:00:00 UTC
duration: 3 d
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}
ground: [dsn]
spacecraft:
  alpine:
    orbit: &ellipse
      frame: moon-op
      semi_major_axis: 6143 km
      eccentricity: 0.6
      inclination: 51.7 deg
      raan: 10 deg
      argument_of_periapsis: 90 deg
      mean_anomaly: 0 deg
    relay: {from: schrodinger, to: dsn}
  lupine:
    orbit:
      frame: moon-op
      semi_major_axis: 6143 km
      eccentricity: 0.6
      inclination: 51.7 deg
      raan: 10 deg
      argument_of_periapsis: 90 deg
      mean_anomaly: 180 deg
    relay: {from: schrodinger, to: dsn}
"""
"""Two relays in a frozen ellipse, half a period apart."""

POLE_MASK_DEG = 5.0
POLE_RADIUS_KM = 4000.0
POLE_REVOLUTIONS = 12
POLE_PERIOD_S = 2.0 * math.pi * math.sqrt(POLE_RADIUS_KM**3 / MOON_GM)
POLE_DURATION_S = POLE_REVOLUTIONS * POLE_PERIOD_S


def pole_text(more: str = "") -> str:
    """A circular polar orbit over a site at the south pole, as good as two-body: its passes are known.

    Saturn, some 1e9 km away, is the least of the bodies that can act; one has to.
    """
    return f"""\
cislunar: 1
name: closed form
epoch: 2027-03-01T00:00:00 UTC
duration: {POLE_DURATION_S:.9f} s
physics: {{degree: 0, bodies: [saturn]}}
sites:
  pole: {{latitude: -90 deg, longitude: 0 deg, height: 0 km, horizon: {POLE_MASK_DEG} deg}}
ground: [dsn]
spacecraft:
  relay:
    orbit:
      frame: moon-me
      semi_major_axis: {POLE_RADIUS_KM} km
      eccentricity: 0
      inclination: 90 deg
      raan: 0 deg
      argument_of_periapsis: 0 deg
      true_anomaly: 90 deg
    relay: {{from: pole, to: dsn}}
{more}"""


def pole_pass_s() -> float:
    """Length of a pass: the orbit's arc above a mask, seen from the surface below its highest point."""
    mask = math.radians(POLE_MASK_DEG)
    half_arc = math.acos(MOON_RADIUS_KM / POLE_RADIUS_KM * math.cos(mask)) - mask
    return half_arc / math.pi * POLE_PERIOD_S


def scenario(text: str = RELAYS, changes: dict[str, Any] | None = None) -> Any:
    """Read a text, with some values changed."""
    read = cislunar.load(text)
    return read.with_values(changes) if changes else read


def fly(text: str = RELAYS, **changes: Any) -> Any:
    """Run a text; keywords change values, with `__` for the dots of their paths."""
    paths = {key.replace("__", "."): value for key, value in changes.items()}
    return cislunar.run(scenario(text, paths))
