"""What is checked of burns before a batch is flown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.errors import InputError
from cislunar.propagation.burn_kinds import Burn, FiniteBurn
from cislunar.propagation.checks import Problems
from cislunar.propagation.event_kinds import Event

Array = NDArray[np.float64]

ROUNDING = 1e-12
"""Times and masses this near to each other, relatively, are the same."""


def burn_lists(burns: Any, n: int) -> list[tuple[Burn, ...]]:
    """Return the burns of each trajectory."""
    if isinstance(burns, str | bytes):
        raise InputError(f"burns: expected a sequence of burns, or one for each trajectory; got {burns!r}")
    try:
        items = list(burns)
        if all(isinstance(item, Burn) for item in items):
            return [tuple(items)] * n
        lists = [tuple(item) for item in items]
    except TypeError as error:
        raise InputError("burns: expected a sequence of burns, or one for each trajectory") from error
    if len(lists) != n:
        raise InputError(f"burns: expected a sequence for each of {n} trajectories; got {len(lists)}")
    for i, item in enumerate(lists):
        for burn in item:
            if not isinstance(burn, Burn):
                raise InputError(f"burns: expected ImpulsiveBurn or FiniteBurn; trajectory {i} has {burn!r}")
    return lists


def note_burn_problems(
    problems: Problems, lists: list[tuple[Burn, ...]], durations: Array, mass: Array, dry: Array
) -> None:
    """Add to the problems of a batch those of its burns and masses."""
    for i, burns in enumerate(lists):
        text = burn_problem(burns, durations[i], mass[i], dry[i])
        if text:
            problems.texts.setdefault(i, text)
    problems.bad[list(problems.texts)] = True


def burn_problem(burns: tuple[Burn, ...], duration: float, mass: float, dry: float) -> str:
    """Why the burns of a trajectory cannot be flown, or nothing."""
    if not (np.isfinite(dry) and dry > 0.0):
        return "the dry mass is not positive"
    if not np.isfinite(mass):
        return "the mass is not finite"
    if mass < dry:
        return "the mass is below the dry mass"
    if duration < 0.0:
        return _problem_backwards(burns, duration, mass)
    free = 0.0
    for k, burn in enumerate(burns):
        if burn.problem:
            return f"burn {k}: {burn.problem}"
        if not isinstance(burn.start, Event):
            if not np.isfinite(burn.start):
                return f"burn {k} starts at a time that is not finite"
            if burn.start < 0.0:
                return f"burn {k} starts before the flight"
            if burn.start > duration:
                return f"burn {k} starts after the end of the flight"
            if burn.start < free * (1.0 - ROUNDING):
                return f"burn {k} starts before burn {k - 1} is over"
            free = burn.start
        free += burn.duration(mass)
        mass = burn.mass_after(mass)
        if mass < dry:
            return ""  # it will end there
    return ""


def _problem_backwards(burns: tuple[Burn, ...], duration: float, mass: float) -> str:
    """Why burns cannot be flown backwards from a mass, or nothing."""
    free = 0.0
    for k, burn in enumerate(burns):
        if burn.problem:
            return f"burn {k}: {burn.problem}"
        if isinstance(burn.start, Event):
            return (
                f"burn {k} starts at the event {burn.start.name!r}, but the flight goes backwards, where the "
                "state that the event is sought on is not known until the burn is flown; give the time at "
                "which it starts, in seconds before the given state (negative)"
            )
        if not np.isfinite(burn.start):
            return f"burn {k} starts at a time that is not finite"
        if burn.start > 0.0:
            return (
                f"burn {k} starts after the given state, but the flight goes backwards; give its start in "
                "seconds before the given state (negative)"
            )
        if burn.start < duration:
            return f"burn {k} starts before the time to which the flight goes backwards"
        with np.errstate(over="ignore"):
            end = burn.start + burn.duration_before(mass)
        if k > 0 and end > free + ROUNDING * abs(free):
            return (
                f"burn {k} is not over when burn {k - 1} starts; on a flight backwards burns are given in "
                "the order flown, the latest first"
            )
        # The first may still be going at the given state.
        with np.errstate(over="ignore"):
            if isinstance(burn, FiniteBurn) and end > free:
                mass += burn.flow_kg_s * (free - burn.start)
            else:
                mass = burn.mass_before(mass)
        if not np.isfinite(mass):
            return f"burn {k} takes more propellant than can be counted"
        free = burn.start
    return ""
