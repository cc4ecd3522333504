"""Burns found from behind: what they were, from the state after them.

Where the axes of a burn are those of the motion when it begins, a flight backwards does not know them until
it has come there. For an impulse that is one equation for the velocity before it, solved by Newton's method.
For a finite burn the thrust leads back to a state, and the state gives the thrust: a fixed point, found by
Anderson's method [1]_ with one flight through the burn for each step. A large change of velocity may have
several beginnings; the one found goes over into the coast as the burn is made smaller.

References
----------
.. [1] D. G. Anderson, "Iterative procedures for nonlinear integral equations", Journal of the ACM 12 (1965).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cislunar.propagation.burn_kinds import ImpulsiveBurn, axes_to_icrf

Array = NDArray[np.float64]

MOST_ROUNDS = 40
"""Steps after which a burn is given up."""

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Parts of the burn that are solved for, one after the other."""

SETTLED = 1e-13
"""Directions and relative accelerations that differ by less are the same."""

NEARLY = 1e-4
"""The same, for burns in part."""

_DEPTH = 5
_TINY = 1e-40
_SETTLED_KM_S = 1e-14


def change_of_impulse(burn: ImpulsiveBurn, after: Array) -> Array:
    """Change of velocity (3,), km/s, ICRF axes, by an impulse that led to a state (6,).

    NaN if there is no state before it from which it does, or none is found.
    """
    given = np.array(burn.delta_v_km_s)
    before = after.copy()

    def led_to(velocity: Array) -> Array:
        state = np.concatenate([before[:3], velocity])
        change: Array = axes_to_icrf(burn.axes, state) @ given
        return velocity + change

    if burn.axes == "icrf":
        return given
    whole = given
    for share in SHARES[1:]:
        given = share * whole
        for _ in range(MOST_ROUNDS):
            miss = after[3:] - led_to(before[3:])
            if not np.isfinite(miss).all():
                return np.full(3, np.nan)
            if np.abs(miss).max() <= _SETTLED_KM_S:
                break
            slopes = [np.imag(led_to(before[3:] + 1j * _TINY * unit)) / _TINY for unit in np.eye(3)]
            try:
                step = np.linalg.solve(np.stack(slopes, axis=1), miss)
            except np.linalg.LinAlgError:
                return np.full(3, np.nan)
            before[3:] += step
            if np.abs(step).max() <= _SETTLED_KM_S:
                break
        else:
            return np.full(3, np.nan)
    return after[3:] - before[3:]


class FixedPoint:
    """Anderson's method for `x = g(x)`, one trajectory's numbers at a time."""

    def __init__(self) -> None:
        self._points: list[Array] = []
        self._misses: list[Array] = []

    def better(self, point: Array, value: Array) -> Array:
        """Return the next point to try, after `value` was found at `point`."""
        self._points.append(point)
        self._misses.append(value - point)
        del self._points[: -_DEPTH - 1], self._misses[: -_DEPTH - 1]
        if len(self._points) == 1:
            return value
        steps = np.diff(np.array(self._points), axis=0)
        changes = np.diff(np.array(self._misses), axis=0)
        share = np.linalg.lstsq(changes.T, self._misses[-1], rcond=None)[0]
        return np.asarray(value - share @ (steps + changes))
