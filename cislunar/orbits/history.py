"""How an orbit changes along a trajectory: osculating elements over time and the passages of periapsis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits import elements
from cislunar.orbits.elements import KeplerianElements
from cislunar.orbits.frames import frame_to_icrf, rotate_state

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation import Trajectory

Array = NDArray[np.float64]

_SAMPLES_PER_STEP: Final = 4
_BISECTIONS: Final = 48
_AT_PERIAPSIS: Final = 1e-9
"""A start with r.v / (|r| |v|) this near zero is a periapsis: orbits are often stated to begin there."""


def element_history(
    trajectory: Trajectory,
    tdb: ArrayLike,
    gm: float,
    frame: str = "moon-op",
    environment: Environment | None = None,
) -> KeplerianElements:
    """Osculating elements of one trajectory at given epochs.

    Parameters
    ----------
    trajectory : Trajectory
        A batch of one, about the Moon.
    tdb : array_like, shape (m,)
        Epochs within it, s past J2000 TDB.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    frame : str
        Name of the frame of the angles, frozen at each epoch in turn.
    environment : Environment, optional
        Ephemeris and lunar orientation; the packaged ones if left out.

    Returns
    -------
    KeplerianElements
        Arrays (m,).

    Raises
    ------
    InputError
        For more than one trajectory, another centre, or an epoch outside the trajectory.
    """
    _require_one(trajectory)
    epochs = np.atleast_1d(np.asarray(tdb, dtype=np.float64))
    states = trajectory.at_tdb(epochs)[:, 0]
    from_icrf = np.swapaxes(frame_to_icrf(frame, epochs, environment), 0, 1)
    return elements.from_state(rotate_state(from_icrf, states), gm)


@dataclass(frozen=True, eq=False)
class Passages:
    """Passages of periapsis.

    Attributes
    ----------
    tdb : ndarray, shape (m,)
        Epochs, s past J2000 TDB, in the order they are flown.
    altitude_km : ndarray, shape (m,)
        Height above the 1737.4 km sphere, km.
    """

    tdb: Array
    altitude_km: Array


def periapsis_passages(trajectory: Trajectory) -> Passages:
    """Every passage of periapsis of one trajectory, from its recorded path itself.

    Parameters
    ----------
    trajectory : Trajectory
        A batch of one, about the Moon.

    Returns
    -------
    Passages
        Where r.v turns from negative to positive, to a microsecond; a start at periapsis counts.  Empty
        if there is none.

    Raises
    ------
    InputError
        For more than one trajectory, or another centre.
    """
    _require_one(trajectory)
    epoch = float(trajectory.epoch[0])
    nodes = np.sort(trajectory.nodes[0])
    fractions = np.arange(_SAMPLES_PER_STEP) / _SAMPLES_PER_STEP
    between = nodes[:-1, np.newaxis] + np.diff(nodes)[:, np.newaxis] * fractions
    times = np.append(between.ravel(), nodes[-1])
    climbing = _radial(trajectory, times)
    if climbing.size and abs(climbing[0]) < _AT_PERIAPSIS:
        climbing[0] = 0.0
    found = np.flatnonzero((climbing[:-1] <= 0.0) & (climbing[1:] > 0.0))
    low, high = times[found], times[found + 1]
    for _ in range(_BISECTIONS if found.size else 0):
        middle = 0.5 * (low + high)
        before = _radial(trajectory, middle) < 0.0
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    when = 0.5 * (low + high)
    if float(trajectory.final_elapsed[0]) < 0.0:
        when = when[::-1]
    radius = np.linalg.norm(trajectory.at(when)[:3, 0], axis=0) if when.size else when
    return Passages(tdb=epoch + when, altitude_km=radius - MOON_RADIUS_KM)


def _radial(trajectory: Trajectory, elapsed: Array) -> Array:
    """Cosine of the angle between position and velocity."""
    state = trajectory.at(elapsed)[:, 0]
    product = np.sum(state[:3] * state[3:], axis=0)
    return product / (np.linalg.norm(state[:3], axis=0) * np.linalg.norm(state[3:], axis=0))


def _require_one(trajectory: Trajectory) -> None:
    if len(trajectory) != 1:
        raise InputError(
            f"trajectory: expected one; got a batch of {len(trajectory)}, choose with trajectory[i]"
        )
    if trajectory.center != "moon":
        raise InputError(f"trajectory: expected one about the Moon; got the centre {trajectory.center}")
