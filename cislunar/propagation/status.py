"""How the flight of one trajectory ended."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Status(IntEnum):
    """Why a trajectory ends where it does."""

    FINISHED = 0
    """The whole duration was flown."""
    IMPACT = 1
    """It met the surface of the central body (its sphere)."""
    RADIUS = 2
    """It met the radius at which it was to stop."""
    MAX_STEPS = 3
    """It used up its budget of steps."""
    STEP_TOO_SMALL = 4
    """No step is short enough for the tolerance: a collision with a perturbing body or a value out of
    range."""
    BAD_INPUT = 5
    """It was not flown because its input is not usable."""
    EVENT = 6
    """It met a terminal event; the message names it."""
    BURNED_OUT = 7
    """A burn asked for more propellant than there was: it ends at its dry mass."""
    BURN_MISSED = 8
    """The time at which its next burn was to start had passed when the burn before it ended."""


def messages(codes: NDArray[np.int64]) -> list[str]:
    """Return the message of each status."""
    return [_TEXTS[code] for code in codes.tolist()]


MESSAGES = {
    Status.FINISHED: "flown to the end",
    Status.IMPACT: "impact on the central body",
    Status.RADIUS: "reached the stopping radius",
    Status.MAX_STEPS: "stopped: the budget of steps is used up",
    Status.STEP_TOO_SMALL: "stopped: no step is short enough for the tolerance",
    Status.BAD_INPUT: "not flown: bad input",
    Status.EVENT: "ended at an event",
    Status.BURNED_OUT: "ended at the dry mass: no propellant is left for the burn",
    Status.BURN_MISSED: "ended: the next burn should have started before this one was over",
}
_TEXTS = {int(status): text for status, text in MESSAGES.items()}
