"""Trajectories for the tests of this room, flown once."""

from functools import cache

import numpy as np

from cislunar.orbits import elements
from cislunar.orbits.elements import KeplerianElements
from cislunar.propagation import ForceModel, Trajectory, propagate
from cislunar.time import parse_epoch

GM = 4902.8001224453
EPOCH = parse_epoch("2027-11-25T00:00:00 UTC")


@cache
def flight(kind: str = "relay") -> Trajectory:
    """`relay`: three days of a relay; `low`: half a day at 100 km; `backwards`: before the relay's start."""
    a, e, degree, days = {
        "relay": (6143.0, 0.6, 8, 3.0),
        "low": (1837.4, 0.002, 50, 0.5),
        "backwards": (6143.0, 0.6, 8, -2.0),
    }[kind]
    state = elements.to_state(KeplerianElements(*np.array([a, e, 1.2, 0.3, 1.57, 0.0])), GM)
    duration = np.array([days * 86400.0])
    return propagate(state[:, np.newaxis], np.array([EPOCH]), duration, ForceModel(degree=degree))
