"""State-transition matrices along flown trajectories.

The matrix is the derivative of the trajectory as it was flown: each recorded step is differentiated exactly
(`sensitivity`) and the derivatives are multiplied along the flight. Its error is that of the flight itself.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.batch import cores
from cislunar.propagation.checks import (
    TIGHTEST_RTOL,
    check_options,
    every,
    per_trajectory,
    real_numbers,
    some,
)
from cislunar.propagation.status import Status
from cislunar.propagation.trajectory import Trajectory

if TYPE_CHECKING:
    from cislunar.propagation.force_model import ForceModel

_CHUNK = 4096

_OTHERS = {
    "PoweredFlight": "; use its method sensitivities()",
    "TransferTrajectory": "; use its method state_transition()",
    "StateTransition": ", which has the matrices already",
}
"""What to do with other results, by the name of their class."""


class StateTransition:
    """State-transition matrices of a batch of n trajectories.

    Attributes
    ----------
    trajectory : Trajectory
        The flight, with its nodes.
    final : numpy.ndarray, shape (6, 6, n)
        Derivative of the state at the end of each trajectory (row) with respect to the state at its start
        (column), the time of the end held fixed. Units: km and km/s over km and km/s. NaN for a trajectory
        that was not flown, here and in all that the methods return.
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
            A time lies outside the flight of a trajectory or is no number, or the history was not kept.
        """
        times = real_numbers(elapsed, "elapsed", "seconds after the start, a number or shape (m,)")
        if times.ndim > 1:
            raise InputError(f"elapsed: expected a number or shape (m,); got shape {times.shape}")
        self._require_history()
        result = np.empty((6, 6, self.trajectory.n, times.size))
        for column, moment in enumerate(np.atleast_1d(times)):
            result[:, :, :, column] = self.between(0.0, moment)
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
            A time lies outside the flight of a trajectory or is no number, or the history was not kept.
        """
        from cislunar.propagation.sensitivity import product

        steps, flight = self._require_history(), self.trajectory
        flown = np.flatnonzero(np.diff(flight.offsets))
        first, into_first = self._place(start, "start", flown)
        last, into_last = self._place(end, "end", flown)
        # Each time is reached from the node before it: a part of one step, easily inverted.
        before = _derivatives(flight, first, flown, into_first, self._threads)
        after = _derivatives(flight, last, flown, into_last, self._threads)
        whole = np.empty((flown.size, 6, 6))
        product(steps, np.minimum(first, last), np.maximum(first, last), whole)
        backwards = first > last
        whole[backwards] = np.linalg.inv(whole[backwards])
        matrices = np.full((6, 6, flight.n), np.nan)
        matrices[:, :, flown] = np.moveaxis(after @ whole @ np.linalg.inv(before), 0, 2)
        return matrices

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
            As `between`, or an impulse of another shape or of values that are not finite.
        """
        n = self.trajectory.n
        vector = real_numbers(delta_v, "delta_v", f"km/s, shape (3,) or (3, {n})")
        if vector.shape not in ((3,), (3, n)):
            raise InputError(f"delta_v: expected shape (3,) or (3, {n}); got shape {vector.shape}")
        columns = np.broadcast_to(vector[:, None] if vector.ndim == 1 else vector, (3, n))
        lacking = ~np.isfinite(columns).all(axis=0) & (np.diff(self.trajectory.offsets) > 0)
        if lacking.any():
            raise InputError(
                f"delta_v of trajectories {every(np.flatnonzero(lacking))}: expected finite values, km/s; "
                "give zeros for an impulse that is not yet part of the flight"
            )
        onwards = self.between(time, self.trajectory.final_elapsed)
        shift = -np.einsum("ijn,jn->in", onwards[:, :3], columns)
        return np.concatenate([onwards[:, 3:], shift[:, None]], axis=1)

    def _require_history(self) -> NDArray[np.float64]:
        """Return the derivatives of the steps."""
        if self.steps is None:
            raise InputError("state transition: the history was not kept (history=False)")
        return self.steps

    def _place(
        self, moment: ArrayLike, name: str, flown: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Node at or before a time of each of the trajectories that were flown, and the time from there."""
        flight = self.trajectory
        moments = per_trajectory(moment, flight.n, name)[flown]
        index = np.empty(flown.size, dtype=np.int64)
        for place, (i, time) in enumerate(zip(flown, moments, strict=True)):
            start, end = flight.offsets[i], flight.offsets[i + 1]
            sign = -1.0 if flight.final_elapsed[i] < 0.0 else 1.0
            path = sign * flight.nodes[0, start:end]
            if not 0.0 <= sign * time <= path[-1]:
                raise InputError(
                    f"elapsed {time} s is outside the flight of trajectory {i}, which covers "
                    f"0 to {flight.final_elapsed[i]} s; choose a time inside"
                )
            index[place] = start + int(np.searchsorted(path, sign * time, side="right")) - 1
        return index, moments - flight.nodes[0, index]


def propagate_state_transition(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    forces: ForceModel,
    rtol: float = 1e-12,
    threads: int | None = None,
    history: bool = True,
    on_error: str = "raise",
) -> StateTransition:
    """Fly a batch tightly enough for its state-transition matrices, and give them.

    Parameters
    ----------
    state, epoch, duration, forces, rtol, threads
        As for `cislunar.propagation.propagate`, with a default tolerance that leaves the matrices of lunar
        orbits better than 1e-8 after 30 days.
    history : bool
        As for `state_transition`.
    on_error : {"raise", "status"}
        As for `propagate`: raise one error that lists all trajectories that cannot be flown, or fly the
        others and mark them BAD_INPUT, with NaN for their matrices.

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

    flight = propagate(state, epoch, duration, forces, rtol=rtol, threads=threads, on_error=on_error)
    return state_transition(flight, threads, history, on_error)


def state_transition(
    trajectory: Trajectory, threads: int | None = None, history: bool = True, on_error: str = "raise"
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
    on_error : {"raise", "status"}
        What to do about trajectories that were not flown: raise one error that lists them all, or
        differentiate the others, with NaN for the matrices of these.

    Returns
    -------
    StateTransition

    Raises
    ------
    InputError
        Nothing was recorded, a trajectory was not flown, it does not know its forces, or what was given is no
        batch of trajectories about one centre.

    Notes
    -----
    The matrices agree with an independent variational integration to 4e-9 of the largest element of each 3
    by 3 block after 30 days of an elliptical lunar orbit flown at `rtol=1e-12`, and to 1e-7 at 1e-10 (tests):
    they belong to the flight as it was made. `propagate_state_transition` flies tightly enough. At the edge
    of a shadow the force is continuous and so is the matrix; steps are differentiated in parts there
    (`shadow_parts`), which leaves 2e-9 after four eclipses (tests).
    """
    check_options(TIGHTEST_RTOL, on_error, 1, threads)
    counts = np.diff(_checked(trajectory, on_error).offsets)
    from cislunar.propagation.sensitivity import product

    flown = np.flatnonzero(counts)
    offsets = np.append(trajectory.offsets[:-1][flown], trajectory.offsets[-1])
    final = np.full((trajectory.n, 6, 6), np.nan)
    steps = np.empty((offsets[-1], 6, 6)) if history else None
    first = 0
    while first < flown.size:
        # As many trajectories at a time as make some tens of thousands of steps.
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + 16 * _CHUNK, side="right")) - 1)
        index = np.arange(offsets[first], offsets[last])
        local = offsets[first : last + 1] - offsets[first]
        lengths = np.append(np.diff(trajectory.nodes[0, index]), 0.0)
        lengths[local[1:] - 1] = 0.0
        members = flown[first:last]
        derivatives = _derivatives(trajectory, index, np.repeat(members, counts[members]), lengths, threads)
        whole = np.empty((members.size, 6, 6))
        product(derivatives, local[:-1], local[1:] - 1, whole)
        final[members] = whole
        if steps is not None:
            steps[index] = derivatives
        first = last
    return StateTransition(trajectory, np.ascontiguousarray(np.moveaxis(final, 0, 2)), steps, threads)


def _checked(trajectory: Trajectory, on_error: str) -> Trajectory:
    """Return a batch that can be differentiated, except perhaps where it was not flown."""
    if not isinstance(trajectory, Trajectory):
        raise InputError(
            "trajectory: expected a Trajectory, from propagate or propagate_three_body; got "
            f"{type(trajectory).__name__}{_OTHERS.get(type(trajectory).__name__, '')}"
        )
    if trajectory.forces is None:
        raise InputError("state transition: the trajectory was built from tabulated states and has no forces")
    missing = np.diff(trajectory.offsets) == 0
    if on_error == "status":
        missing &= trajectory.status != Status.BAD_INPUT
    if missing.any():
        raise InputError(
            f"state transition: no nodes for trajectories {some(np.flatnonzero(missing))}: "
            "not flown, or record=False"
        )
    return trajectory


def in_chunks(work: Callable[[slice], None], count: int, threads: int | None) -> None:
    """Do work on many steps, some thousands at a time, on several threads if there are several portions."""
    portions = [slice(low, low + _CHUNK) for low in range(0, count, _CHUNK)]
    if len(portions) < 2:
        work(slice(0, count))
        return
    # Work on none compiles what is not compiled yet here, where an interrupt is answered meanwhile.
    work(slice(0, 0))
    with ThreadPoolExecutor(threads or cores()) as pool:
        list(pool.map(work, portions))


def _derivatives(
    flight: Trajectory,
    index: NDArray[np.int64],
    owner: NDArray[np.int64],
    lengths: NDArray[np.float64],
    threads: int | None,
) -> NDArray[np.float64]:
    """Derivatives (s, 6, 6) of steps of given lengths from the nodes `index` of the trajectories `owner`."""
    if not index.size:
        return np.empty((0, 6, 6))
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
    flown = np.diff(flight.offsets) > 0
    begin = flight.epoch[flown]
    ends = begin + flight.final_elapsed[flown]
    granules = system.table.between(float(min(begin.min(), ends.min())), float(max(begin.max(), ends.max())))

    def work(part: slice) -> None:
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

    in_chunks(work, whose.size, threads)
    matrices = result.reshape(-1, 6, 6)
    if whose.size == index.size:
        return matrices
    bounds = np.searchsorted(parts.step, np.arange(index.size + 1))
    steps = np.empty((index.size, 6, 6))
    product(matrices, bounds[:-1], bounds[1:], steps)
    return steps
