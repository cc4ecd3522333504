"""A mission from launch to landing that flies in seconds: one lander, one relay."""

from __future__ import annotations

LANDS = """\
cislunar: 1
name: small mission
epoch: 2027-11-14T00:00:00 UTC
duration: 17 d
physics: {degree: 4}
sites:
  schrodinger: {latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}
ground: [dsn]
spacecraft:
  apex:
    dry_mass: 900 kg
    propellant: 2300 kg
    engine: {thrust: 2200 N, isp: 320 s, count: 2, throttle: [0.4, 1]}
    margin_policy: esa
    price: 100 MUSD
    payloads:
      - {name: Seismometer, mass: 40 kg, power: 20 W, generation_rate: 10 kbit/s, site: schrodinger,
         owner: A <b>university</b>}
    carries: alpine
    timeline:
      - launch:
          parking_orbit: {altitude: 185 km, inclination: 28.5 deg}
          mass_curve: [[-3 km^2/s^2, 4500 kg], [0 km^2/s^2, 4200 kg]]
      - transfer: {kind: direct, time_of_flight: 4.5 d, periapsis_altitude: 100 km, inclination: 90 deg}
      - correction: {times: [1 d, 3 d], injection_magnitude: 0.1 %, samples: 200, percentile: 95 %}
      - insert: {apoapsis_altitude: 7000 km, burns: 2, burn: finite}
      - release: alpine
      - manoeuvre: {at: periapsis, apoapsis_altitude: 130 km, burn: finite}
      - land: {site: schrodinger, sun_elevation: [0 deg, 30 deg]}
      - operate: {}
  alpine:
    dry_mass: 120 kg
    propellant: 30 kg
    engine: {thrust: 22 N, isp: 220 s}
    timeline:
      - manoeuvre: {at: apoapsis, periapsis_altitude: 420 km}
      - operate: {}
    relay: {from: schrodinger, to: dsn, rate: 1 Mbit/s}
"""

FALLS_SHORT = LANDS.replace("propellant: 2300 kg", "propellant: 250 kg")
"""The lander runs out of propellant after the insertion."""
