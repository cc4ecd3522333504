"""Steps cut where sunlight begins to fail, for their derivatives.

The force is continuous at the borders of a shadow, and so is what a flight needs; but inside the penumbra its
gradient rises like the square root of the distance from the border. A step that begins a little inside,
because its border was foreseen and not flown to, is flown as well as any, yet a method that weighs the
gradient there with the whole length of the step differentiates it wrongly: for a tenth of a second by a few
per cent of the effect of the penumbra, 3e-6 of the matrix after two days of an eclipsed lunar orbit. So for
the derivatives steps are cut at the borders themselves, on the path as it was flown, and stretches of
penumbra into parts that become shorter towards both of their ends, as quadrature of roots asks for [1]_.

References
----------
.. [1] P. J. Davis, P. Rabinowitz, "Methods of Numerical Integration", 2nd ed. (1984), section 2.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SUN_RADIUS_KM
from cislunar.environment.shadow import penumbra
from cislunar.propagation.force_model import BODY_RADIUS_KM
from cislunar.propagation.interpolant import paths
from cislunar.propagation.roots import refine

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_PARTS = np.array([0.0, 0.004, 0.03, 0.15, 0.5, 0.85, 0.97, 0.996, 1.0])
"""Ends of the parts of a stretch of penumbra."""

_SAMPLES = 0.5 - 0.5 * np.cos(np.pi * np.arange(17) / 16)
"""Places in a step between which borders are looked for, closer at its ends, where they are expected."""

_NEAR_S = 2.0
_NEAR_STEP = 0.02
"""A node is beside a border if it is that near to it, s or steps."""

_TOLERANCE_S = 1e-6


class Parts(NamedTuple):
    """Steps and parts of steps, in order."""

    step: Integers
    """Number of the step that each belongs to."""
    state: Array
    """At the beginning, shape (6, parts)."""
    elapsed: Array
    """Of the beginning, s after the start of the trajectory."""
    length: Array
    """Signed, s."""


def parts_of(flight: Trajectory, index: Integers, owner: Integers, lengths: Array) -> Parts:
    """Cut steps at the borders of shadows.

    Parameters
    ----------
    flight : Trajectory
    index, owner : numpy.ndarray, shape (s,), int
        Nodes at which the steps begin, and their trajectories.
    lengths : numpy.ndarray, shape (s,)
        Up to the next node, signed, s.

    Returns
    -------
    Parts
        Steps that no shadow borders on are one part.
    """
    whole = Parts(np.arange(index.size), flight.nodes[1:7, index], flight.nodes[0, index], lengths)
    light = getattr(flight.forces, "radiation_pressure", None)
    if light is None or not light.shadows or flight.pressure is None:
        return whole
    lit = np.flatnonzero((flight.pressure[owner] > 0.0) & (lengths != 0.0))
    borders = _Borders(flight, index, owner, lengths)
    bordered = lit[borders.beside(lit)]
    if not bordered.size:
        return whole
    return _joined(whole, bordered, borders.cut(bordered))


def _joined(whole: Parts, bordered: Integers, cut: Parts) -> Parts:
    """Put the parts of some steps in the place of those steps."""
    others = np.setdiff1d(whole.step, bordered)
    step = np.concatenate([others, cut.step])
    order = np.argsort(step, kind="stable")
    state = np.concatenate([whole.state[:, others], cut.state], axis=1)
    return Parts(
        step[order],
        state[:, order],
        np.concatenate([whole.elapsed[others], cut.elapsed])[order],
        np.concatenate([whole.length[others], cut.length])[order],
    )


class _Borders:
    """Looks for the borders of shadows on steps."""

    def __init__(self, flight: Trajectory, index: Integers, owner: Integers, lengths: Array) -> None:
        assert flight.forces is not None
        assert flight.forces.radiation_pressure is not None
        self._flight, self._forces = flight, flight.forces
        self._shadows = flight.forces.radiation_pressure.shadows
        self._index, self._owner, self._lengths = index, owner, lengths

    def _values(self, position: Array, tdb: Array) -> tuple[Array, Array]:
        """Distances (shadows, m) from the outer and the inner border of penumbras, positive in the sun."""
        ephemeris, center = self._forces.ephemeris, self._forces.center
        sun = ephemeris.position("sun", center, tdb) - position
        outer, inner = np.empty((len(self._shadows), tdb.size)), np.empty((len(self._shadows), tdb.size))
        for row, name in enumerate(self._shadows):
            body = (0.0 if name == center else ephemeris.position(name, center, tdb)) - position
            radii = SUN_RADIUS_KM, BODY_RADIUS_KM[name]
            middle, width = penumbra(sun[0], sun[1], sun[2], body[0], body[1], body[2], *radii)
            outer[row], inner[row] = middle - width, middle + width
        return outer, inner

    def beside(self, steps: Integers) -> NDArray[np.bool_]:
        """Which of some steps begin or end beside a border or in the penumbra."""
        node = self._index[steps]
        nodes, place = np.unique(np.concatenate([node, node + 1]), return_inverse=True)
        epoch = np.empty(nodes.size)
        epoch[place] = np.tile(self._flight.epoch[self._owner[steps]], 2)
        size = np.zeros(nodes.size)
        np.maximum.at(size, place, np.tile(np.abs(self._lengths[steps]), 2))
        reach = np.maximum(_NEAR_S, _NEAR_STEP * size)
        now, state = self._flight.nodes[0, nodes], self._flight.nodes[1:, nodes]
        near = np.zeros(nodes.size, dtype=np.bool_)
        signs = []
        for way in (-1.0, 0.0, 1.0):
            ahead = way * reach
            position = state[:3] + ahead * (state[3:6] + 0.5 * ahead * state[6:])
            outer, inner = self._values(position, epoch + now + ahead)
            near |= ((outer < 0.0) & (inner > 0.0)).any(axis=0)
            signs.append(np.concatenate([outer > 0.0, inner > 0.0]))
        near |= (signs[0] != signs[1]).any(axis=0) | (signs[1] != signs[2]).any(axis=0)
        return np.logical_or(near[place[: steps.size]], near[place[steps.size :]])

    def cut(self, steps: Integers) -> Parts:
        """Cut some steps."""
        node, lengths = self._index[steps], self._lengths[steps]
        begin, epoch = self._flight.nodes[0, node], self._flight.epoch[self._owner[steps]]
        middle, half, path = paths(self._flight, 0, self._flight.n, node)

        def states(which: Integers, into: Array) -> Array:
            s = (begin[which] + into - middle[which]) / half[which]
            value, slope = np.zeros((3, which.size)), np.zeros((3, which.size))
            for power in range(path.shape[2] - 1, -1, -1):
                slope = slope * s + value
                value = value * s + path[which, :, power].T
            return np.concatenate([value, slope / half[which]])

        def distances(which: Integers, into: Array) -> Array:
            outer, inner = self._values(states(which, into)[:3], epoch[which] + begin[which] + into)
            return np.concatenate([outer, inner])

        sampled = np.repeat(np.arange(steps.size), _SAMPLES.size)
        into = (lengths[:, None] * _SAMPLES).reshape(-1)
        values = distances(sampled, into)
        positive = (values > 0.0).reshape(-1, steps.size, _SAMPLES.size)
        border, which, at = np.nonzero(positive[:, :, 1:] != positive[:, :, :-1])
        low = which * _SAMPLES.size + at
        found = refine(
            lambda some, t: distances(which[some], t)[border[some], np.arange(some.size)],
            into[low],
            into[low + 1],
            values[border, low],
            values[border, low + 1],
            _TOLERANCE_S,
        )
        # Stretches between borders, then parts of those in the penumbra.
        owner = np.concatenate([np.arange(steps.size), which])
        first = np.concatenate([np.zeros(steps.size), found])
        order = np.lexsort((np.abs(first), owner))
        owner, first = owner[order], first[order]
        last = np.append(first[1:], 0.0)
        final = np.append(owner[1:] != owner[:-1], True)
        last[final] = lengths[owner[final]]
        outer, inner = np.split(distances(owner, 0.5 * (first + last)), 2)
        partial: NDArray[np.bool_] = np.logical_or.reduce((outer < 0.0) & (inner > 0.0), axis=0)
        count = np.where(partial, _PARTS.size - 1, 1)
        stretch = np.repeat(np.arange(owner.size), count)
        place = np.arange(stretch.size) - np.repeat(np.cumsum(count) - count, count)
        width = last - first
        starts = np.where(partial[stretch], _PARTS[place], 0.0) * width[stretch] + first[stretch]
        ends = np.append(starts[1:], 0.0)
        closing = place + 1 == count[stretch]
        ends[closing] = last[stretch[closing]]
        which = owner[stretch]
        state = states(which, starts)
        at_node = starts == 0.0
        state[:, at_node] = self._flight.nodes[1:7, node[which[at_node]]]
        return Parts(steps[which], state, begin[which] + starts, ends - starts)
