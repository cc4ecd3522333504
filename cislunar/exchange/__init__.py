"""Trajectories and orbits to and from other tools: CCSDS ephemeris messages and boinor."""
