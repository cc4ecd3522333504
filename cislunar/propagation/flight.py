"""Flying batches of trajectories: the checks before the flight, the threads, the collected result."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cislunar.errors import InputError
from cislunar.propagation.batch import Batch, fly_batch
from cislunar.propagation.checks import (
    check_options,
    find_problems,
    per_trajectory,
    real_numbers,
    require_forces,
    shaped,
    some,
)
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.status import MESSAGES, Status, messages
from cislunar.propagation.trajectory import Trajectory


def propagate(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    forces: ForceModel,
    rtol: float = 1e-10,
    stop_radius_km: ArrayLike | None = None,
    threads: int | None = None,
    on_error: str = "raise",
    max_steps: int = 10_000_000,
    record: bool = True,
    events: Any = (),
) -> Trajectory:
    """Fly a batch of trajectories.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Position and velocity, km and km/s, ICRF axes, about the centre of `forces`.
    epoch : float or array_like, shape (n,)
        Start, seconds past J2000 TDB.
    duration : float or array_like, shape (n,)
        Time of flight, s. Negative flies backwards, zero returns the state.
    forces : ForceModel
        What acts.
    rtol : float
        Largest error of one step, estimated as the difference of the two solutions of the pair, relative to
        the distance from the centre and (for the velocity) to the speed. 1e-10 leaves less than a metre
        after 30 days of an elliptical lunar orbit.
    stop_radius_km : float or array_like, shape (n,), optional
        Distance from the centre at which to stop: on the way out if the trajectory starts below it, on the
        way in if it starts above; from exactly there, on the way in. NaN for a trajectory that has none.
    threads : int, optional
        Threads to use; as many as there are cores when left out. Results do not depend on it.
    on_error : {"raise", "status"}
        What to do about trajectories that cannot be flown: raise one error that lists them all, or fly the
        others and mark them BAD_INPUT, with their final state NaN.
    max_steps : int
        Attempted steps after which a trajectory ends with status MAX_STEPS.
    record : bool
        Keep the nodes, about 3 kB per day of an elliptical lunar orbit; without them only the final states
        remain.
    events : sequence of Event or callable
        What to look for on the way (`cislunar.propagation.events`), or to stop at: kinds such as
        `Periapsis(terminal=True)`, and functions `g(tdb, state)` whose zeros are events.

    Returns
    -------
    Trajectory
        A trajectory ends after its duration, on the sphere of the central body, at its stopping radius, at a
        terminal event, or out of steps; `status` says which. Events are in its table `events`.

    Raises
    ------
    InputError
        Shapes that do not fit, values that are not finite, a start inside the central body, a tolerance
        that float64 cannot give; all indices in one message.
    EpochRangeError
        Flights outside the tables; all indices in one message.

    Notes
    -----
    Method: RKN12(10) of Dormand, El-Mikkawy and Prince with a predictive step controller; Verner's 9(8) pair
    for forces that depend on the velocity, or where `ForceModel(method="verner98")` asks for it. The result
    of a trajectory is the same, bit for bit, alone and in any batch, for any number of threads, on one
    machine at one lane width; at another width within rounding, 0.1 mm after two days (tests).

    Events are found on the recorded steps (`events.find_events`). With terminal ones the flight is made in
    slices of steps, and the last stretch is flown to the event itself (`terminal.propagate_with_events`).
    """
    require_forces(forces)
    if not isinstance(events, tuple | list) or len(events):
        from cislunar.propagation.terminal import propagate_with_events

        ended, table = propagate_with_events(
            state,
            epoch,
            duration,
            forces,
            events,
            rtol=rtol,
            stop_radius_km=stop_radius_km,
            threads=threads,
            on_error=on_error,
            max_steps=max_steps,
            record=record,
        )
        ended.events = table
        return ended
    states, epochs, durations, stops = shaped(state, epoch, duration, stop_radius_km)
    n = epochs.size
    check_options(rtol, on_error, max_steps, threads)
    pressure = forces.pressure(n, lenient=True)
    problems = find_problems(states, epochs, durations, stops, forces, pressure)
    if problems.any and on_error == "raise":
        raise problems.error(epochs, durations, forces)
    good = np.flatnonzero(~problems.bad)

    with np.errstate(invalid="ignore"):
        radius = np.sqrt((states[:3] ** 2).sum(axis=0))
    inner = np.maximum(forces.radius_km, np.where(stops <= radius, stops, 0.0))
    outer = np.where(stops > radius, stops, np.inf)
    batch = Batch(states, epochs, durations, pressure, inner, outer)
    flown = fly_batch(batch, good, forces, rtol, max_steps, record, threads)
    status = flown.status
    impact = (
        (status == Status.RADIUS) & (inner == forces.radius_km) & _below(flown.final, 0.5 * (inner + outer))
    )
    status[impact] = Status.IMPACT
    message = messages(status)
    for i, text in problems.texts.items():
        message[i] = f"{MESSAGES[Status.BAD_INPUT]}: {text}"
    return Trajectory(
        forces.center,
        epochs,
        durations,
        status,
        flown.final,
        flown.elapsed,
        flown.offsets,
        flown.nodes,
        flown.steps,
        message,
        forces,
        pressure,
    )


def acceleration(
    position: ArrayLike, epoch: ArrayLike, forces: ForceModel, velocity: ArrayLike | None = None
) -> np.ndarray:
    """Acceleration that a force model gives, relative to its centre.

    Parameters
    ----------
    position : array_like, shape (3, n) or (3,)
        km, ICRF axes, about the centre.
    epoch : float or array_like, shape (n,)
        Seconds past J2000 TDB.
    forces : ForceModel
        What acts.
    velocity : array_like, shape as `position`, optional
        km/s; needed by forces that depend on it (relativity), zero when left out.

    Returns
    -------
    numpy.ndarray, shape (3, n) or (3,)
        km/s^2, ICRF axes.

    Raises
    ------
    InputError
        Shapes that do not fit, or values that are not finite.
    EpochRangeError
        An epoch outside the tables.
    """
    require_forces(forces)
    positions = real_numbers(position, "position", "numbers of shape (3, n)")
    if positions.ndim not in (1, 2) or positions.shape[0] != 3:
        raise InputError(f"position: expected shape (3, n); got {np.shape(position)}")
    single = positions.ndim == 1
    states = np.zeros((6, 1 if single else positions.shape[1]))
    states[:3] = positions.reshape(3, -1)
    n = states.shape[1]
    if velocity is not None:
        velocities = real_numbers(velocity, "velocity", "numbers of shape (3, n)")
        if velocities.shape != positions.shape:
            raise InputError(f"velocity: expected the shape of the position; got {velocities.shape}")
        states[3:] = velocities.reshape(3, n)
    if not np.isfinite(states).all():
        bad = np.flatnonzero(~np.isfinite(states).all(axis=0))
        raise InputError(f"positions and velocities {some(bad)}: expected finite values, km and km/s")
    epochs = per_trajectory(epoch, n, "epoch")
    if n == 0:
        return np.empty((3, 0))
    forces.ephemeris.require_span(float(epochs.min()), float(epochs.max()), "acceleration")
    result = accelerations_of(states, epochs, forces.pressure(n), forces)
    return result[:, 0] if single else result


def accelerations_of(
    states: np.ndarray, epochs: np.ndarray, pressure: np.ndarray, forces: ForceModel
) -> np.ndarray:
    """Accelerations (3, n) at states (6, n) and epochs (n,) inside the tables; `pressure` as flown, (n,)."""
    from cislunar.propagation.kernel import accelerations
    from cislunar.propagation.lanestate import new_lanes, table_of

    granules = forces.table.between(float(epochs.min()), float(epochs.max()))
    model = forces.compiled
    lanes = new_lanes(granules.coefficients.shape[1], model.bodies)
    result = np.empty((3, epochs.size))
    accelerations(states, epochs, pressure, lanes, model, table_of(granules), result)
    return result


def _below(final: np.ndarray, limit: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.sqrt((final[:3] ** 2).sum(axis=0)) < limit
