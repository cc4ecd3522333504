"""State-transition matrices along flown trajectories.

The matrix is the derivative of the trajectory as it was flown: each recorded step is differentiated exactly
(`sensitivity`) and the derivatives are multiplied along the flight. Its error is that of the flight itself.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.checks import some
from cislunar.propagation.granules import Granules
from cislunar.propagation.trajectory import Trajectory

_CHUNK = 4096


class StateTransition:
    """State-transition matrices of a batch of n trajectories.

    Attributes
    ----------
    trajectory : Trajectory
        The flight, with its nodes.
    nodes : numpy.ndarray, shape (M, 6, 6)
        Derivative of the state at each recorded node (row) with respect to the state at the start of its
        trajectory (column), time held fixed. Units: km and km/s over km and km/s.
    """

    def __init__(self, trajectory: Trajectory, nodes: NDArray[np.float64]) -> None:
        self.trajectory = trajectory
        self.nodes = nodes

    @property
    def final(self) -> NDArray[np.float64]:
        """Matrices at the end of each trajectory, shape (6, 6, n); at the same time on neighbouring ones.

        A trajectory that stopped on a sphere has the matrix at the time of the stop.
        """
        last = self.trajectory.offsets[1:] - 1
        return np.ascontiguousarray(np.moveaxis(self.nodes[last], 0, 2))

    def at(self, elapsed: ArrayLike, threads: int | None = None) -> NDArray[np.float64]:
        """Matrices at given times.

        Parameters
        ----------
        elapsed : float or array_like, shape (m,)
            Seconds after the start of each trajectory, within its flight.
        threads : int, optional
            Threads to use; as many as there are cores when left out.

        Returns
        -------
        numpy.ndarray, shape (6, 6, n, m)
            (6, 6, n) for a single number.

        Raises
        ------
        InputError
            A time lies outside the flight of a trajectory.
        """
        times = np.asarray(elapsed, dtype=np.float64)
        if times.ndim > 1:
            raise InputError(f"elapsed: expected a number or shape (m,); got {times.shape}")
        flight = self.trajectory
        m, moments = max(times.size, 1), np.atleast_1d(times)
        before = np.empty((flight.n, m), dtype=np.int64)
        for i in range(flight.n):
            start, end = flight.offsets[i], flight.offsets[i + 1]
            sign = -1.0 if flight.final_elapsed[i] < 0.0 else 1.0
            path = sign * flight.nodes[0, start:end]
            outside = ~((sign * moments >= 0.0) & (sign * moments <= path[-1]))
            if outside.any():
                raise InputError(
                    f"elapsed {moments[outside][0]} s is outside the flight of trajectory {i}, which covers "
                    f"0 to {flight.final_elapsed[i]} s"
                )
            before[i] = start + np.clip(
                np.searchsorted(path, sign * moments, side="right") - 1, 0, max(end - start - 2, 0)
            )
        owner = np.repeat(np.arange(flight.n), m)
        index = before.reshape(-1)
        lengths = np.tile(moments, flight.n) - flight.nodes[0, index]
        partial = _derivatives(flight, index, owner, lengths, threads)
        matrices = (partial @ self.nodes[index]).reshape(flight.n, m, 6, 6)
        result = np.ascontiguousarray(matrices.transpose(2, 3, 0, 1))
        return result[:, :, :, 0] if times.ndim == 0 else result


def state_transition(trajectory: Trajectory, threads: int | None = None) -> StateTransition:
    """State-transition matrices at every node of flown trajectories.

    Parameters
    ----------
    trajectory : Trajectory
        From `propagate` or `propagate_three_body`, with its nodes recorded.
    threads : int, optional
        Threads to use; as many as there are cores when left out. Results do not depend on it.

    Returns
    -------
    StateTransition

    Raises
    ------
    InputError
        Nothing was recorded, a trajectory was not flown, or it does not know its forces.

    Notes
    -----
    The matrices agree with an independent variational integration to 1e-9 of their largest elements on
    flights made at `rtol=1e-12` (tests); the steps are those of the flight, so one made at a loose tolerance
    has matrices as loose. At the edge of a shadow the force has a finite slope and the matrix is continuous.
    """
    if trajectory.forces is None:
        raise InputError("state transition: the trajectory was built from tabulated states and has no forces")
    lengths = np.diff(trajectory.offsets)
    if (lengths == 0).any():
        raise InputError(
            f"state transition: no nodes for trajectories {some(np.flatnonzero(lengths == 0))}: "
            "not flown, or record=False"
        )
    from cislunar.propagation.sensitivity import chain

    owner = np.repeat(np.arange(trajectory.n), lengths)
    # The last node of a trajectory begins no step: a step of length zero stands there and is not used.
    index = np.maximum(np.arange(owner.size) - 1, 0)
    first = trajectory.offsets[:-1]
    index[first] = first
    steps = trajectory.nodes[0] - trajectory.nodes[0, index]
    derivatives = _derivatives(trajectory, index, owner, steps, threads)
    nodes = np.empty_like(derivatives)
    chain(derivatives, trajectory.offsets, nodes)
    return StateTransition(trajectory, nodes)


def _derivatives(
    flight: Trajectory,
    index: NDArray[np.int64],
    owner: NDArray[np.int64],
    lengths: NDArray[np.float64],
    threads: int | None,
) -> NDArray[np.float64]:
    """Derivatives (s, 6, 6) of steps of given lengths from the nodes `index` of the trajectories `owner`."""
    system: Any = flight.forces
    epochs = flight.epoch[owner]
    pressure = system.pressure(flight.n)[owner]
    result = np.empty((index.size, 36))
    granules = _environment(flight)

    def work(start: int) -> None:
        from cislunar.propagation.lanestate import new_lanes, table_of
        from cislunar.propagation.sensitivity import WORK, step_derivatives
        from cislunar.propagation.simd import LANES

        part = slice(start, start + _CHUNK)
        nodes = index[part]
        step_derivatives(
            np.ascontiguousarray(flight.nodes[1:7, nodes]),
            np.ascontiguousarray(flight.nodes[0, nodes]),
            lengths[part],
            epochs[part],
            pressure[part],
            new_lanes(granules.coefficients.shape[1], system.compiled.bodies),
            system.compiled,
            table_of(granules),
            np.zeros(WORK * LANES),
            result[part],
        )

    starts = range(0, index.size, _CHUNK)
    with ThreadPoolExecutor(max(1, min(threads or os.cpu_count() or 1, len(starts)))) as pool:
        list(pool.map(work, starts))
    return result.reshape(-1, 6, 6)


def _environment(flight: Trajectory) -> Granules:
    ends = flight.epoch + flight.final_elapsed
    system: Any = flight.forces
    return system.table.between(
        float(min(flight.epoch.min(), ends.min())), float(max(flight.epoch.max(), ends.max()))
    )
