"""A small scenario whose spacecraft have timelines: a lander that brings a relay."""

from __future__ import annotations

ORBIT_PHASE = """\
      - orbit:
          frame: moon-me
          periapsis_altitude: 100 km
          apoapsis_altitude: 7000 km
          inclination: 90 deg
          raan: 318 deg
          argument_of_periapsis: 120 deg
          mean_anomaly: 10 deg
"""

CARRIED = f"""\
cislunar: 1
name: carried relay
epoch: 2027-11-26T12:00:00 UTC
duration: 4 d
physics: {{degree: 8}}
sites:
  schrodinger: {{latitude: -71.38 deg, longitude: 138.25 deg, horizon: 5 deg}}
ground: [dsn]
spacecraft:
  apex:
    dry_mass: 900 kg
    propellant: 1000 kg
    engine: {{thrust: 2200 N, isp: 320 s, count: 2, throttle: [0.4, 1]}}
    payloads:
      - {{name: Seismometer, mass: 40 kg, generation_rate: 10 kbit/s, site: schrodinger}}
    carries: alpine
    timeline:
{ORBIT_PHASE}\
      - coast: {{duration: 2 h}}
      - release: alpine
      - manoeuvre: {{at: periapsis, apoapsis_altitude: 6000 km}}
      - operate: {{duration: 1 d}}
  alpine:
    dry_mass: 120 kg
    propellant: 30 kg
    engine: {{thrust: 22 N, isp: 220 s}}
    timeline:
      - manoeuvre: {{at: apoapsis, periapsis_altitude: 420 km}}
      - operate: {{}}
    relay: {{from: schrodinger, to: dsn, rate: 1 Mbit/s}}
"""
"""A lander in lunar orbit releases a relay, which raises its periapsis by its own engine."""

LAUNCH = """\
      - launch:
          latitude: 28.5 deg
          parking_orbit: {altitude: 185 km, inclination: 28.5 deg}
      - transfer: {kind: direct, time_of_flight: 3 d, periapsis_altitude: 100 km, inclination: 90 deg}
      - insert: {apoapsis_altitude: 7000 km, burns: 2, burn: finite}
"""

LAUNCHED = CARRIED.replace(ORBIT_PHASE, LAUNCH).replace("duration: 4 d", "duration: 12 d")
"""The same from a parking orbit about the Earth."""
