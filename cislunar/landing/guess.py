"""A first guess of a descent: level braking that carries its own weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_STEPS = 400
_MOST_UPWARD = 0.97


@dataclass(frozen=True)
class Braking:
    """Level braking at full thrust, from a speed to a stop.

    Attributes
    ----------
    time_s, speed_km_s, to_go_km, mass_kg, upward : ndarray, shape (k,)
        Time from the start; speed; distance to the stop; mass; sine of the thrust's angle above the level.
    """

    time_s: Array
    speed_km_s: Array
    to_go_km: Array
    mass_kg: Array
    upward: Array


def level_braking(
    speed_km_s: float,
    end_speed_km_s: float,
    thrust_n: float,
    exhaust_km_s: float,
    mass_kg: float,
    radius_km: float,
    gravity_km_s2: float,
) -> Braking:
    """Integrate level braking: thrust carries the weight less the centrifugal force, and the rest brakes.

    Where the thrust is below that weight almost all of it points up: a guess, not a flight.
    """
    step = (speed_km_s - end_speed_km_s) / _STEPS
    flow = thrust_n / (1000.0 * exhaust_km_s)
    speed, mass, time = speed_km_s, mass_kg, 0.0
    rows = []
    for number in range(_STEPS + 1):
        push = thrust_n / mass / 1000.0
        weight = max(gravity_km_s2 - speed**2 / radius_km, 0.0)
        upward = min(weight / push, _MOST_UPWARD)
        rows.append((time, speed, mass, upward))
        if number < _STEPS:
            spent = step / (push * np.sqrt(1.0 - upward**2))
            spent = min(spent, 0.3 * mass / flow)
            time, mass, speed = time + spent, mass - flow * spent, speed - step
    table = np.array(rows).T
    legs = np.diff(table[0]) * 0.5 * (table[1, 1:] + table[1, :-1])
    to_go = np.concatenate([np.cumsum(legs[::-1])[::-1], [0.0]])
    return Braking(table[0], table[1], to_go, table[2], table[3])
