"""Spacecraft as machines: engines, propellant, payloads, masses and margins."""
