"""The path of a spacecraft from the beginning of its work on, later moves included, as one trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cislunar.mission.timeline import FlownLeg
from cislunar.propagation import Trajectory

Array = NDArray[np.float64]

_STEP_S: Final = 120.0
"""Between nodes: an orbit's interpolation of degree 11 is then far below a metre."""

_EDGE_S: Final = 0.5
"""First and last node of a leg, from its ends. Impulses fall between two legs and so within a second."""


def working_path(legs: Sequence[FlownLeg], start_tdb: float) -> Trajectory | None:
    """Join the legs flown since work began.

    Parameters
    ----------
    legs : sequence of FlownLeg
        About the Moon, in the order of time.
    start_tdb : float
        Beginning of the first phase `operate`, seconds past J2000 TDB.

    Returns
    -------
    Trajectory or None
        A batch of one with nodes every two minutes or closer, from `start_tdb` to the end of the last leg;
        an impulse is spread over the second around it. A single leg is given as it was flown; None if there
        is none.
    """
    flown = [leg for leg in legs if leg.end_tdb > start_tdb and leg.end_tdb - leg.start_tdb > 4.0 * _EDGE_S]
    if not flown:
        return None
    last = flown[-1].trajectory
    if len(flown) == 1:
        return last
    columns = []
    for number, leg in enumerate(flown):
        inside = _grid(leg.end_tdb - leg.start_tdb, first=number == 0, last=number == len(flown) - 1)
        states = leg.trajectory.at_tdb(leg.start_tdb + inside)[:, 0]
        nodes = Trajectory.from_nodes("moon", leg.start_tdb, inside, states).nodes.copy()
        nodes[0] = leg.start_tdb - start_tdb + inside
        columns.append(nodes)
    nodes = np.concatenate(columns, axis=1)
    elapsed = np.array([nodes[0, -1]])
    return Trajectory(
        "moon",
        np.array([start_tdb]),
        elapsed + last.duration - last.final_elapsed,
        last.status.copy(),
        nodes[1:7, -1:].copy(),
        elapsed,
        np.array([0, nodes.shape[1]], dtype=np.int64),
        nodes,
        message=list(last.message),
    )


def _grid(length_s: float, *, first: bool, last: bool) -> Array:
    """Times within a leg: even, and closer by factors of two towards ends where another leg follows."""
    closer = _EDGE_S * 2.0 ** np.arange(np.floor(np.log2(_STEP_S / _EDGE_S)) + 1.0)
    begin = 0.0 if first else _EDGE_S
    end = length_s if last else length_s - _EDGE_S
    times = np.linspace(begin, end, max(int(np.ceil((end - begin) / _STEP_S)) + 1, 2))
    extra = np.concatenate([[] if first else closer, [] if last else length_s - closer])
    middle = 0.5 * length_s
    near = extra[(extra > begin) & (extra < end) & (np.abs(extra - middle) < middle)]
    # A node of the even grid that falls beside one of the others would leave a needlessly short step.
    apart = np.abs(times[:, None] - near[None]).min(axis=1, initial=np.inf) > 0.2 * _EDGE_S
    apart[[0, -1]] = True
    return np.unique(np.concatenate([times[apart], near]))
