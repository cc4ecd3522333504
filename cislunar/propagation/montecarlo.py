"""Uncertainty along a flight: covariances carried by state-transition matrices, and sampled dispersions.

The linear way multiplies: `P(t) = Phi P(0) Phi^T` [1]_. It is exact while the dispersion stays small against
the distance over which the forces change; after close passes of the Moon the sampled way tells what is left
of it.

References
----------
.. [1] B. D. Tapley, B. E. Schutz, G. H. Born, "Statistical Orbit Determination" (2004), section 4.8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.checks import (
    every,
    per_trajectory,
    real_numbers,
    require_forces,
    some,
    state_columns,
)
from cislunar.propagation.flight import propagate
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.status import Status
from cislunar.propagation.stm import StateTransition
from cislunar.propagation.trajectory import Trajectory

AXES = ("icrf", "rtn")
"""Axes of covariances: ICRF, or radial, transverse (along-track) and normal of each state."""

_NEGATIVE = 1e-9
_ANYWHERE = np.array([[1.0], [0.0], [0.0], [0.0], [1.0], [0.0]])
"""Stands in for states that cannot be flown, so that the others have their axes."""


def rtn_axes(state: ArrayLike) -> NDArray[np.float64]:
    """Radial, transverse and normal axes of states.

    Parameters
    ----------
    state : array_like, shape (6, ...)
        km and km/s; neither zero nor moving straight up or down.

    Returns
    -------
    numpy.ndarray, shape (3, 3, ...)
        Rotation: `v_rtn = axes @ v_icrf`. R along the position, N along `r x v`, T completes the triad.
    """
    states = real_numbers(state, "state", "numbers of shape (6, ...)")
    if states.ndim == 0 or states.shape[0] != 6:
        raise InputError(f"state: expected shape (6, ...); got {states.shape}")
    finite = np.isfinite(states).all(axis=0)
    if not finite.all():
        which = f"states {some(np.flatnonzero(~finite))}" if finite.ndim == 1 else "state"
        raise InputError(f"{which}: expected finite values, km and km/s")
    r, v = states[:3], states[3:]
    normal = np.cross(r, v, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        radial = r / np.sqrt((r * r).sum(axis=0))
        normal = normal / np.sqrt((normal * normal).sum(axis=0))
    if not np.isfinite(normal).all():
        raise InputError("rtn axes: the motion is straight up or down, or the position is zero")
    return np.stack([radial, np.cross(normal, radial, axis=0), normal])


def _turn(state: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation (n, 6, 6) of positions and velocities from ICRF to RTN axes of states (6, n)."""
    axes = np.moveaxis(rtn_axes(state), 2, 0)
    turn = np.zeros((axes.shape[0], 6, 6))
    turn[:, :3, :3] = turn[:, 3:, 3:] = axes
    return turn


def _somewhere(states: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return states (6, n), others in the place of those that are not finite: their axes do not matter."""
    return np.where(np.isfinite(states).all(axis=0), states, _ANYWHERE)


def _covariances(covariance: ArrayLike, states: NDArray[np.float64], axes: str) -> NDArray[np.float64]:
    """Return checked covariances (n, 6, 6), ICRF axes."""
    if axes not in AXES:
        raise InputError(f"axes: expected one of {', '.join(AXES)}; got {axes!r}")
    n = states.shape[1]
    given = real_numbers(covariance, "covariance", f"numbers of shape (6, 6) or (6, 6, {n})")
    if given.shape not in ((6, 6), (6, 6, n)):
        raise InputError(f"covariance: expected shape (6, 6) or (6, 6, {n}); got {given.shape}")
    matrices = np.moveaxis(np.broadcast_to(given.reshape(6, 6, -1), (6, 6, n)), 2, 0)
    finite = np.asarray(np.isfinite(matrices).all(axis=(1, 2)))
    safe = np.where(finite[:, None, None], matrices, np.eye(6))
    sigma = np.sqrt(np.maximum(np.einsum("kii->ki", safe), 0.0))
    scale = np.where(sigma > 0.0, sigma, 1.0)
    correlation = safe / (scale[:, :, None] * scale[:, None, :])
    symmetric = np.abs(correlation - correlation.transpose(0, 2, 1)).max(axis=(1, 2)) < _NEGATIVE
    positive = np.linalg.eigvalsh(correlation).min(axis=1) > -_NEGATIVE
    bad = np.flatnonzero(~(finite & symmetric & positive))
    if bad.size:
        raise InputError(
            f"covariance of trajectories {every(bad)}: expected finite, symmetric matrices without negative "
            "eigenvalues, km and km/s"
        )
    if axes == "icrf":
        return np.array(matrices)
    turn = _turn(_somewhere(states))
    return turn.transpose(0, 2, 1) @ matrices @ turn


def transport_covariance(
    transition: StateTransition,
    covariance: ArrayLike,
    elapsed: ArrayLike | None = None,
    axes: str = "icrf",
) -> NDArray[np.float64]:
    """Carry covariances along flown trajectories by their state-transition matrices.

    Parameters
    ----------
    transition : StateTransition
        From `state_transition`.
    covariance : array_like, shape (6, 6) or (6, 6, n)
        Of the states at the start, km^2, km^2/s and km^2/s^2.
    elapsed : float or array_like, shape (m,), optional
        Seconds after the start at which the covariances are wanted; the end of each trajectory when left out.
    axes : {"icrf", "rtn"}
        Axes of the covariances, given and returned: ICRF, or radial, transverse and normal of the state at
        the time (without the rotation rate of these axes).

    Returns
    -------
    numpy.ndarray, shape (6, 6, n) or (6, 6, n, m)
        NaN for trajectories that were not flown.

    Raises
    ------
    InputError
        Shapes that do not fit, a matrix that is no covariance (all indices in one message), or a time outside
        a flight.
    """
    if not isinstance(transition, StateTransition):
        raise InputError(
            f"transition: expected a StateTransition, from state_transition; got {type(transition).__name__}"
        )
    flight = transition.trajectory
    flown = np.flatnonzero(np.diff(flight.offsets))
    starts = np.full((6, flight.n), np.nan)
    starts[:, flown] = flight.nodes[1:7, flight.offsets[flown]]
    start = _covariances(covariance, starts, axes)
    if elapsed is None:
        matrices = transition.final[:, :, :, None]
        states = flight.final[:, :, None]
    else:
        times = np.atleast_1d(real_numbers(elapsed, "elapsed", "seconds after the start, shape (m,)"))
        matrices = transition.at(times)
        states = np.full((6, flight.n, times.size), np.nan)
        if flown.size:
            states[:, flown] = flight[flown].at(times)
    moved = matrices.transpose(2, 3, 0, 1)
    result = moved @ start[:, None] @ moved.transpose(0, 1, 3, 2)
    if axes == "rtn":
        n, m = result.shape[:2]
        turn = _turn(_somewhere(states.reshape(6, n * m))).reshape(n, m, 6, 6)
        result = turn @ result @ turn.transpose(0, 1, 3, 2)
    result = 0.5 * (result + result.transpose(0, 1, 3, 2))
    arranged = np.ascontiguousarray(result.transpose(2, 3, 0, 1))
    return arranged if elapsed is not None and np.ndim(elapsed) > 0 else arranged[:, :, :, 0]


def sample_states(
    state: ArrayLike, covariance: ArrayLike, samples: int, seed: int, axes: str = "icrf"
) -> NDArray[np.float64]:
    """Draw normally distributed states.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Means, km and km/s.
    covariance : array_like, shape (6, 6) or (6, 6, n)
        km^2, km^2/s and km^2/s^2; may be singular, so that some directions are exact.
    samples : int
        Number of states for each mean.
    seed : int
        The draws depend on it and on the number of the mean, not on how many means or samples there are: the
        first hundred of a thousand samples are the hundred.
    axes : {"icrf", "rtn"}
        Axes of the covariance.

    Returns
    -------
    numpy.ndarray, shape (6, n, samples)

    Raises
    ------
    InputError
        Shapes that do not fit, means that are not finite, or a matrix that is no covariance.
    """
    means = state_columns(state)
    bad = np.flatnonzero(~np.isfinite(means).all(axis=0))
    if bad.size:
        raise InputError(f"states {some(bad)}: expected finite values, km and km/s")
    return _drawn(means, covariance, samples, seed, axes)


def _drawn(
    means: NDArray[np.float64], covariance: ArrayLike, samples: int, seed: int, axes: str
) -> NDArray[np.float64]:
    """Draw states (6, n, samples) about means (6, n); of a mean that is not finite they are not either."""
    if not (isinstance(samples, Integral) and samples >= 1):
        raise InputError(f"samples: expected a whole number, at least 1; got {samples!r}")
    if not (isinstance(seed, Integral) and seed >= 0):
        raise InputError(f"seed: expected a whole number, at least 0; got {seed!r}")
    matrices = _covariances(covariance, means, axes)
    result = np.empty((6, means.shape[1], samples))
    for i in range(means.shape[1]):
        # Scaled to correlations first: km^2 and km^2/s^2 differ by six orders of magnitude.
        sigma = np.sqrt(np.maximum(np.diag(matrices[i]), 0.0))
        scale = np.where(sigma > 0.0, sigma, 1.0)
        values, vectors = np.linalg.eigh(matrices[i] / np.outer(scale, scale))
        # The sign of an eigenvector is the library's choice; make it ours.
        largest = np.abs(vectors).argmax(axis=0)
        vectors = vectors * np.sign(vectors[largest, np.arange(6)])
        root = scale[:, None] * vectors * np.sqrt(np.maximum(values, 0.0))
        generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed), spawn_key=(i,))))
        draws = generator.standard_normal((samples, 6))
        result[:, i] = means[:, i, None] + root @ draws.T
    return result


@dataclass(frozen=True)
class Dispersion:
    """Sampled flights about n nominal ones.

    Attributes
    ----------
    nominal : Trajectory
        The n flights from the means.
    start : numpy.ndarray, shape (6, n, samples)
        Sampled states at the start, km and km/s.
    flights : Trajectory
        The n * samples dispersed flights; sample j of mean i is number `i * samples + j`.
    seed : int
        Of the draws.
    """

    nominal: Trajectory
    start: NDArray[np.float64]
    flights: Trajectory
    seed: int

    @property
    def samples(self) -> int:
        """Flights for each mean."""
        return self.start.shape[2]

    @property
    def final(self) -> NDArray[np.float64]:
        """States at the end of each flight, shape (6, n, samples)."""
        return self.flights.final.reshape(6, self.nominal.n, self.samples)

    @property
    def status(self) -> NDArray[np.int64]:
        """`Status` of each flight, shape (n, samples)."""
        return self.flights.status.reshape(self.nominal.n, self.samples)

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Which flights lasted their whole duration, shape (n, samples)."""
        return self.status == Status.FINISHED

    def deviations(self, elapsed: float | None = None, axes: str = "icrf") -> NDArray[np.float64]:
        """Deviations from the nominal flights.

        Parameters
        ----------
        elapsed : float, optional
            Seconds after the start; the end when left out.
        axes : {"icrf", "rtn"}
            RTN: of the nominal state.

        Returns
        -------
        numpy.ndarray, shape (6, n, samples)
            km and km/s; NaN for flights that ended before, and where the nominal flight was not flown.

        Raises
        ------
        InputError
            A nominal flight ends before, or the time is not the end and the samples were not recorded.
        """
        if axes not in AXES:
            raise InputError(f"axes: expected one of {', '.join(AXES)}; got {axes!r}")
        n, duration = self.nominal.n, self.nominal.duration
        moments = duration if elapsed is None else per_trajectory(elapsed, n, "elapsed")
        lasted = np.abs(moments) <= np.abs(self.nominal.final_elapsed) + 1e-6
        short = np.flatnonzero(~lasted & (self.nominal.status != Status.BAD_INPUT))
        if short.size:
            raise InputError(f"deviations: a nominal flight ends before the time asked for: {some(short)}")
        centre = self._states(self.nominal, moments)
        path = self._states(self.flights, np.repeat(moments, self.samples))
        difference = path.reshape(6, n, self.samples) - centre[:, :, None]
        if axes == "rtn":
            known = np.where(np.isfinite(centre).all(axis=0), centre, _ANYWHERE)
            difference = np.einsum("nij,jns->ins", _turn(known), difference)
        return difference

    @staticmethod
    def _states(flights: Trajectory, moments: NDArray[np.float64]) -> NDArray[np.float64]:
        """States (6, n) at each flight's own time; NaN where it had ended."""
        lasted = np.abs(moments) <= np.abs(flights.final_elapsed)
        lasted &= flights.status != Status.BAD_INPUT
        result = np.full((6, flights.n), np.nan)
        at_end = lasted & (moments == flights.final_elapsed)
        result[:, at_end] = flights.final[:, at_end]
        lasted &= ~at_end
        if lasted.any():
            result[:, lasted] = flights[lasted].at(moments[lasted, None])[:, :, 0]
        return result

    def mean(self, elapsed: float | None = None, axes: str = "icrf") -> NDArray[np.float64]:
        """Mean deviation of the flights that lasted, shape (6, n); NaN if none did."""
        return self._over_lasting(elapsed, axes, lambda good: good.mean(axis=1), (6,))

    def covariance(self, elapsed: float | None = None, axes: str = "icrf") -> NDArray[np.float64]:
        """Sample covariance of the flights that lasted, shape (6, 6, n); NaN if fewer than two did."""
        return self._over_lasting(elapsed, axes, lambda good: np.cov(good, ddof=1), (6, 6), fewest=2)

    def distance_percentile(self, percent: float, elapsed: float | None = None) -> NDArray[np.float64]:
        """Distance from the nominal flight within which `percent` of the lasting flights are, km, (n,)."""
        if not (isinstance(percent, Real) and 0.0 <= percent <= 100.0):
            raise InputError(f"percent: expected a number from 0 to 100; got {percent!r}")

        def distance(good: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.percentile(np.sqrt((good[:3] ** 2).sum(axis=0)), percent)

        return self._over_lasting(elapsed, "icrf", distance, ())

    def _over_lasting(
        self,
        elapsed: float | None,
        axes: str,
        measure: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        shape: tuple[int, ...],
        fewest: int = 1,
    ) -> NDArray[np.float64]:
        """Apply a measure to the deviations of the flights that lasted, for each mean."""
        deviations = self.deviations(elapsed, axes)
        result = np.full((*shape, self.nominal.n), np.nan)
        for i in range(self.nominal.n):
            good = deviations[:, i, np.isfinite(deviations[:, i]).all(axis=0)]
            if good.shape[1] >= fewest:
                result[..., i] = measure(good)
        return result


def propagate_dispersed(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    forces: ForceModel,
    covariance: ArrayLike,
    samples: int,
    seed: int,
    axes: str = "icrf",
    rtol: float = 1e-10,
    stop_radius_km: ArrayLike | None = None,
    threads: int | None = None,
    on_error: str = "raise",
    max_steps: int = 10_000_000,
    record: bool = True,
) -> Dispersion:
    """Fly samples about nominal trajectories.

    Parameters
    ----------
    state, epoch, duration, forces, rtol, stop_radius_km, threads, on_error, max_steps
        As for `propagate`; n nominal trajectories.
    record : bool
        Keep the nodes of the samples; without them only deviations at the end remain.
    covariance, samples, seed, axes
        As for `sample_states`.

    Returns
    -------
    Dispersion
        Samples that hit the Moon or stop at their radius are kept with their status.

    Raises
    ------
    InputError, EpochRangeError
        As for `propagate` and `sample_states`; radiation pressure that differs among trajectories.
    """
    require_forces(forces)
    means = state_columns(state)
    n = means.shape[1]
    pressure = forces.radiation_pressure
    if pressure is not None and np.size(pressure.area_to_mass_m2_kg) > 1:
        raise InputError("dispersion: expected one area-to-mass ratio for all trajectories")
    epochs, durations = per_trajectory(epoch, n, "epoch"), per_trajectory(duration, n, "duration")
    stops = None if stop_radius_km is None else per_trajectory(stop_radius_km, n, "stop_radius_km")
    options: dict[str, Any] = {"rtol": rtol, "threads": threads, "max_steps": max_steps}
    sampled = _drawn(means, covariance, samples, seed, axes)
    nominal = propagate(means, epochs, durations, forces, stop_radius_km=stops, on_error=on_error, **options)
    flights = propagate(
        sampled.reshape(6, n * samples),
        np.repeat(epochs, samples),
        np.repeat(durations, samples),
        forces,
        stop_radius_km=None if stops is None else np.repeat(stops, samples),
        on_error="status",
        record=record,
        **options,
    )
    return Dispersion(nominal, sampled, flights, int(seed))
