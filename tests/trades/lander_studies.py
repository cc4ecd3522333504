"""A small lander on its way from launch to the ground, and studies of it."""

from __future__ import annotations

from typing import Any

import cislunar
from cislunar.trades import Study

LANDER = """\
cislunar: 1
name: small lander
epoch: 2027-11-12T00:00:00 UTC
duration: 30 d
physics: {degree: 8}
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, height: 0 km, horizon: 5 deg}
spacecraft:
  apex:
    dry_mass: 740 kg
    propellant: 2050 kg
    engine: {thrust: 2200 N, isp: 320 s, count: 2, throttle: [0.4, 1]}
    margin_policy: esa
    payloads: [{name: Seismometer, mass: 95 kg}]
    carries: alpine
    timeline:
      - launch: {parking_orbit: {altitude: 185 km, inclination: 28.5 deg}}
      - transfer:
          kind: direct
          time_of_flight: 4.5 d
          periapsis_altitude: 100 km
          inclination: 90 deg
          branch: north
      - correction:
          {times: [12 h, 3.5 d], injection_magnitude: 0.05 %, injection_pointing: 0.05 deg, samples: 500}
      - insert: {apoapsis_altitude: 7000 km, burn: finite}
      - release: alpine
      - manoeuvre: {at: periapsis, circularise: true, burn: finite}
      - land: {site: schrodinger, within: 16 d}
      - operate: {duration: 1 d}
  alpine:
    dry_mass: 120 kg
    propellant: 30 kg
    engine: {thrust: 22 N, isp: 220 s}
    timeline: [{operate: {duration: 1 d}}]
"""

BALLISTIC = {
    "kind": "ballistic",
    "arrive_after": "2028-02-01T00:00:00 UTC",
    "arrive_before": "2028-03-15T00:00:00 UTC",
    "periapsis_altitude": "100 km",
    "inclination": "90 deg",
    "candidates": 3000,
}

MEASURES = (
    "payload_landed",
    "propellant_left",
    "departure",
    "arrival",
    "time_of_flight",
    "injection_c3",
    "injection",
    "insertion",
    "descent",
    "delta_v_to_land",
)


def lander(axes: dict[str, Any], *measures: str, base: str = LANDER, **more: Any) -> Study:
    """Build a study of the small lander."""
    return Study.make(cislunar.load(base), axes, {f"m_{each}": each for each in measures or MEASURES}, **more)
