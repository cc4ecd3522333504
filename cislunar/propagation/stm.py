"""State-transition matrices along flown trajectories.

The matrix is the derivative of the trajectory as it was flown: each recorded step is differentiated exactly
(`sensitivity`) and the derivatives are multiplied along the flight. Its error is that of the flight itself.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.batch import cores
from cislunar.propagation.checks import some
from cislunar.propagation.trajectory import Trajectory

if TYPE_CHECKING:
    from cislunar.propagation.force_model import ForceModel

_CHUNK = 4096


class StateTransition:
    """State-transition matrices of a batch of n trajectories.

    Attributes
    ----------
    trajectory : Trajectory
        The flight, with its nodes.
    final : numpy.ndarray, shape (6, 6, n)
        Derivative of the state at the end of each trajectory (row) with respect to the state at its start
        (column), the time of the end held fixed. Units: km and km/s over km and km/s.
    steps : numpy.ndarray, shape (M, 6, 6), or None
        Derivative of the step that begins at each recorded node; the last node of a trajectory has the unit
        matrix. None if the history was not kept.
    """

    def __init__(
        self,
        trajectory: Trajectory,
        final: NDArray[np.float64],
        steps: NDArray[np.float64] | None,
        threads: int | None = None,
    ) -> None:
        self.trajectory = trajectory
        self.final = final
        self.steps = steps
        self._threads = threads

    def at(self, elapsed: ArrayLike) -> NDArray[np.float64]:
        """Matrices from the start to given times.

        Parameters
        ----------
        elapsed : float or array_like, shape (m,)
            Seconds after the start of each trajectory, within its flight.

        Returns
        -------
        numpy.ndarray, shape (6, 6, n, m)
            (6, 6, n) for a single number.

        Raises
        ------
        InputError
            A time lies outside the flight of a trajectory, or the history was not kept.
        """
        times = np.asarray(elapsed, dtype=np.float64)
        if times.ndim > 1:
            raise InputError(f"elapsed: expected a number or shape (m,); got {times.shape}")
        moments = np.atleast_1d(times)
        matrices = [self.between(0.0, moment) for moment in moments]
        result = np.stack(matrices, axis=3)
        return result[:, :, :, 0] if times.ndim == 0 else result

    def between(self, start: ArrayLike, end: ArrayLike) -> NDArray[np.float64]:
        """Matrices from one time of the flight to another, in either order.

        The last three columns are the effect of an impulse at `start`, the first three rows that on the
        position at `end`.

        Parameters
        ----------
        start, end : float or array_like, shape (n,)
            Seconds after the start of each trajectory, within its flight.

        Returns
        -------
        numpy.ndarray, shape (6, 6, n)
            Derivative of the states at `end` with respect to those at `start`.

        Raises
        ------
        InputError
            A time lies outside the flight of a trajectory, or the history was not kept.
        """
        from cislunar.propagation.sensitivity import product

        if self.steps is None:
            raise InputError("state transition: the history was not kept (history=False)")
        flight = self.trajectory
        first, into_first = self._place(start)
        last, into_last = self._place(end)
        owner = np.arange(flight.n)
        # Each time is reached from the node before it: a part of one step, easily inverted.
        before = _derivatives(flight, first, owner, into_first, self._threads)
        after = _derivatives(flight, last, owner, into_last, self._threads)
        whole = np.empty((flight.n, 6, 6))
        product(self.steps, np.minimum(first, last), np.maximum(first, last), whole)
        backwards = first > last
        whole[backwards] = np.linalg.inv(whole[backwards])
        matrices = after @ whole @ np.linalg.inv(before)
        return np.ascontiguousarray(np.moveaxis(matrices, 0, 2))

    def impulse(self, time: ArrayLike, delta_v: ArrayLike) -> NDArray[np.float64]:
        """Sensitivity of the end of each trajectory to an impulse on the way.

        Parameters
        ----------
        time : float or array_like, shape (n,)
            When the impulse is given, seconds after the start.
        delta_v : array_like, shape (3,) or (3, n)
            The impulse, km/s, fixed in ICRF axes; zero for one not yet part of the flight. It must be small
            against the speed, or the trajectory must begin right after it.

        Returns
        -------
        numpy.ndarray, shape (6, 4, n)
            Derivative of the last state with respect to the three components of the impulse and to its time:
            given later by `dt` it leaves the path `-delta_v dt` away from where it was.

        Raises
        ------
        InputError
            As `between`, or an impulse of another shape.
        """
        n = self.trajectory.n
        vector = np.asarray(delta_v, dtype=np.float64)
        if vector.shape not in ((3,), (3, n)):
            raise InputError(f"delta_v: expected shape (3,) or (3, {n}); got {vector.shape}")
        columns = np.broadcast_to(vector.reshape(3, -1), (3, n))
        onwards = self.between(time, self.trajectory.final_elapsed)
        shift = -np.einsum("ijn,jn->in", onwards[:, :3], columns)
        return np.concatenate([onwards[:, 3:], shift[:, None]], axis=1)

    def _place(self, moment: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Node at or before a time of each trajectory (n,), and the time from there."""
        flight = self.trajectory
        moments = np.broadcast_to(np.asarray(moment, dtype=np.float64), (flight.n,))
        index = np.empty(flight.n, dtype=np.int64)
        for i in range(flight.n):
            start, end = flight.offsets[i], flight.offsets[i + 1]
            sign = -1.0 if flight.final_elapsed[i] < 0.0 else 1.0
            path = sign * flight.nodes[0, start:end]
            if not 0.0 <= sign * moments[i] <= path[-1]:
                raise InputError(
                    f"elapsed {moments[i]} s is outside the flight of trajectory {i}, which covers "
                    f"0 to {flight.final_elapsed[i]} s"
                )
            index[i] = start + int(np.searchsorted(path, sign * moments[i], side="right")) - 1
        return index, moments - flight.nodes[0, index]


def propagate_state_transition(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    forces: ForceModel,
    rtol: float = 1e-12,
    threads: int | None = None,
    history: bool = True,
) -> StateTransition:
    """Fly a batch tightly enough for its state-transition matrices, and give them.

    Parameters
    ----------
    state, epoch, duration, forces, rtol, threads
        As for `cislunar.propagation.propagate`, with a default tolerance that leaves the matrices of lunar
        orbits better than 1e-8 after 30 days.
    history : bool
        As for `state_transition`.

    Returns
    -------
    StateTransition
        With the flight as its `trajectory`.

    Raises
    ------
    InputError, EpochRangeError
        As for `propagate`.
    """
    from cislunar.propagation.flight import propagate

    flight = propagate(state, epoch, duration, forces, rtol=rtol, threads=threads)
    return state_transition(flight, threads, history)


def state_transition(
    trajectory: Trajectory, threads: int | None = None, history: bool = True
) -> StateTransition:
    """State-transition matrices along flown trajectories.

    Parameters
    ----------
    trajectory : Trajectory
        From `propagate` or `propagate_three_body`, with its nodes recorded.
    threads : int, optional
        Threads to use; as many as there are cores when left out. Results do not depend on it.
    history : bool
        Keep what gives the matrices between any two times, 288 bytes per node; without it only those at the
        ends remain.

    Returns
    -------
    StateTransition

    Raises
    ------
    InputError
        Nothing was recorded, a trajectory was not flown, or it does not know its forces.

    Notes
    -----
    The matrices agree with an independent variational integration to 4e-9 of the largest element of each 3
    by 3 block after 30 days of an elliptical lunar orbit flown at `rtol=1e-12`, and to 1e-7 at 1e-10 (tests):
    they belong to the flight as it was made. `propagate_state_transition` flies tightly enough. At the edge
    of a shadow the force is continuous and so is the matrix; steps are differentiated in parts there
    (`shadow_parts`), which leaves 2e-9 after four eclipses (tests).
    """
    if trajectory.forces is None:
        raise InputError("state transition: the trajectory was built from tabulated states and has no forces")
    counts = np.diff(trajectory.offsets)
    if (counts == 0).any():
        raise InputError(
            f"state transition: no nodes for trajectories {some(np.flatnonzero(counts == 0))}: "
            "not flown, or record=False"
        )
    from cislunar.propagation.sensitivity import product

    n, offsets = trajectory.n, trajectory.offsets
    final = np.empty((n, 6, 6))
    steps = np.empty((offsets[-1], 6, 6)) if history else None
    first = 0
    while first < n:
        # As many trajectories at a time as make some tens of thousands of steps.
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + 16 * _CHUNK, side="right")) - 1)
        index = np.arange(offsets[first], offsets[last])
        lengths = np.append(np.diff(trajectory.nodes[0, index]), 0.0)
        lengths[offsets[first + 1 : last + 1] - offsets[first] - 1] = 0.0
        owner = np.repeat(np.arange(first, last), counts[first:last])
        derivatives = _derivatives(trajectory, index, owner, lengths, threads)
        local = offsets[first : last + 1] - offsets[first]
        product(derivatives, local[:-1], local[1:] - 1, final[first:last])
        if steps is not None:
            steps[index] = derivatives
        first = last
    return StateTransition(trajectory, np.ascontiguousarray(np.moveaxis(final, 0, 2)), steps, threads)


def _derivatives(
    flight: Trajectory,
    index: NDArray[np.int64],
    owner: NDArray[np.int64],
    lengths: NDArray[np.float64],
    threads: int | None,
) -> NDArray[np.float64]:
    """Derivatives (s, 6, 6) of steps of given lengths from the nodes `index` of the trajectories `owner`."""
    from cislunar.propagation.lanestate import new_lanes, table_of
    from cislunar.propagation.sensitivity import WORK, product, step_derivatives
    from cislunar.propagation.shadow_parts import parts_of
    from cislunar.propagation.simd import LANES

    system: Any = flight.forces
    parts = parts_of(flight, index, owner, lengths)
    whose = owner[parts.step]
    epochs = flight.epoch[whose]
    pressure = (flight.pressure if flight.pressure is not None else system.pressure(flight.n))[whose]
    result = np.empty((whose.size, 36))
    ends = flight.epoch + flight.final_elapsed
    granules = system.table.between(
        float(min(flight.epoch.min(), ends.min())), float(max(flight.epoch.max(), ends.max()))
    )

    def work(start: int) -> None:
        part = slice(start, start + _CHUNK)
        step_derivatives(
            np.ascontiguousarray(parts.state[:, part]),
            np.ascontiguousarray(parts.elapsed[part]),
            np.ascontiguousarray(parts.length[part]),
            epochs[part],
            pressure[part],
            new_lanes(granules.coefficients.shape[1], system.compiled.bodies),
            system.compiled,
            table_of(granules),
            np.zeros(WORK * LANES),
            result[part],
        )

    starts = range(0, whose.size, _CHUNK)
    if len(starts) == 1:
        work(0)
    else:
        with ThreadPoolExecutor(threads or cores()) as pool:
            list(pool.map(work, starts))
    matrices = result.reshape(-1, 6, 6)
    if whose.size == index.size:
        return matrices
    bounds = np.searchsorted(parts.step, np.arange(index.size + 1))
    steps = np.empty((index.size, 6, 6))
    product(matrices, bounds[:-1], bounds[1:], steps)
    return steps
