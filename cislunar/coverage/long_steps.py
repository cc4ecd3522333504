"""Nodes inside the long steps of a flight, so that edges are found on the path that the flight took.

Between nodes the edge finder follows the Hermite polynomial of degree 11 through four of them. On the steps
of a low orbit that is the path; on steps of hours (a near-rectilinear halo orbit away from the Moon, an
arrival) it leaves the path that obeys the forces (`cislunar.propagation.interpolant`) by metres, which slow
motion there turns into milliseconds. A node in the middle of such a step takes the error down by 2^12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cislunar.propagation.interpolant import paths

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

LONG_STEP_S = 7200.0
"""Steps longer than this are halved. At a tolerance of 1e-10 edges on shorter ones are good to 0.4 ms; the
ellipses of most relays have few that are longer, so that halving costs them next to nothing."""


def halve_long_steps(trajectory: Trajectory) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of a batch of trajectories, with one more in the middle of each long step.

    Parameters
    ----------
    trajectory : Trajectory
        With recorded nodes. If it does not know its forces there is nothing better than its nodes, and they
        are returned as they are.

    Returns
    -------
    nodes : numpy.ndarray, shape (10, M)
        As `Trajectory.nodes`.
    offsets : numpy.ndarray, shape (n + 1,)
        As `Trajectory.offsets`.
    """
    nodes, offsets = np.asarray(trajectory.nodes, dtype=float), np.asarray(trajectory.offsets)
    if getattr(trajectory, "pressure", None) is None:
        return nodes, offsets
    long = np.abs(np.diff(nodes[0])) > LONG_STEP_S
    long[offsets[(offsets > 0) & (offsets < nodes.shape[1])] - 1] = False  # from one trajectory to the next
    begin = np.flatnonzero(long)
    if begin.size == 0:
        return nodes, offsets
    middle, half, path = paths(trajectory, 0, trajectory.n, begin)
    added = np.concatenate(
        [middle[None], path[:, :, 0].T, path[:, :, 1].T / half, 2.0 * path[:, :, 2].T / half**2]
    )
    refined = np.insert(nodes, begin + 1, added, axis=1)
    return np.ascontiguousarray(refined), offsets + np.searchsorted(begin, offsets)
