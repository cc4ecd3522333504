"""Correction manoeuvres on the way to the Moon: how large they get, from errors drawn at random.

Errors of injection, of navigation and of execution are drawn; each correction is the smallest impulse that,
by what navigation believes, brings the miss at the Moon to zero. Deviations from the nominal flight are
carried by its state-transition matrix [1]_: Earth-centred, Moon and Sun attracting. The miss is measured near
the Moon by the two components of the angular momentum about it across the nominal velocity, divided by that
speed: the aim point in the B-plane, but defined for captured arrivals too. The time of arrival is left free.
`correction_flights.refly` does the same without linearising, to show what that is worth.

References
----------
.. [1] R. H. Battin, "An Introduction to the Mathematics and Methods of Astrodynamics", revised ed. (1999),
   chapter 11 (midcourse corrections by the transition matrix) and section 13 (their statistics).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import SECONDS_PER_DAY
from cislunar.errors import InputError
from cislunar.propagation import (
    ForceModel,
    Radius,
    StateTransition,
    find_events,
    propagate_state_transition,
    rtn_axes,
)
from cislunar.transfers.solution import Transfers

Array = NDArray[np.float64]

PERCENTS = (50.0, 95.0, 99.0)
AIM_DISTANCE_KM = 20_000.0
"""Distance from the Moon at which the miss is measured, km."""

_DRAWS = 13  # numbers for each correction: navigation 6, size 1, pointing 3, fixed 3


@dataclass(frozen=True)
class CorrectionErrors:
    """Standard deviations of everything that goes wrong.

    Attributes
    ----------
    injection_covariance : numpy.ndarray, shape (6, 6)
        Of the state just after the injection, in its radial, transverse and normal axes, km and km/s.
    execution_magnitude : float
        Of the size of a correction, as a fraction of it.
    execution_pointing_rad : float
        Of its direction, about each of two axes across it, rad.
    execution_fixed_km_s : float
        Of each component, whatever the size, km/s.
    navigation_position_km, navigation_velocity_km_s : float
        Of each component of what is known of the state when a correction is computed.
    """

    injection_covariance: Array
    execution_magnitude: float = 0.0
    execution_pointing_rad: float = 0.0
    execution_fixed_km_s: float = 0.0
    navigation_position_km: float = 0.0
    navigation_velocity_km_s: float = 0.0


def injection_covariance(
    position_km: Sequence[float] = (0.0, 0.0, 0.0),
    velocity_km_s: Sequence[float] = (0.0, 0.0, 0.0),
    delta_v_km_s: float = 0.0,
    magnitude: float = 0.0,
    pointing_rad: float = 0.0,
) -> Array:
    """Covariance (6, 6) of an injection in radial, transverse and normal axes.

    Parameters
    ----------
    position_km, velocity_km_s : sequence of float, 3
        Standard deviations along the axes, km and km/s.
    delta_v_km_s : float
        The injection impulse, along the velocity, km/s.
    magnitude, pointing_rad : float
        Standard deviations of its size, as a fraction, and of its direction about each of two axes, rad.

    Returns
    -------
    numpy.ndarray, shape (6, 6)
        For an injection at an apse, where the velocity is transverse.
    """
    variances = np.concatenate([np.square(position_km), np.square(velocity_km_s)]).astype(np.float64)
    variances[3:] += (delta_v_km_s * np.array([pointing_rad, magnitude, pointing_rad])) ** 2
    return np.diag(variances)


@dataclass(frozen=True)
class Percentile:
    """A percentile of a sampled quantity, with the interval that holds the true one at 95 %.

    Attributes
    ----------
    percent : float
        Share of the flights that need no more.
    value_km_s, low_km_s, high_km_s : float
        Estimate from the samples, and the order statistics of the distribution-free interval, km/s; the
        upper end is infinite where the samples are too few to tell.
    """

    percent: float
    value_km_s: float
    low_km_s: float
    high_km_s: float


@dataclass(frozen=True)
class CorrectionStatistics:
    """Corrections of n transfers, sampled.

    Attributes
    ----------
    times_s : numpy.ndarray, shape (k, n)
        Of the corrections, s after departure.
    sizes_km_s : numpy.ndarray, shape (k, n, samples)
        Size of each correction as flown, km/s.
    miss_km : numpy.ndarray, shape (2, n, samples)
        In the plane of the aim point after the last correction, km.
    uncorrected_km : numpy.ndarray, shape (2, n, samples)
        The same without corrections.
    aim_tdb : numpy.ndarray, shape (n,)
        When the miss is measured, seconds past J2000 TDB.
    samples, seed : int
        Of the draws.
    """

    times_s: Array
    sizes_km_s: Array
    miss_km: Array
    uncorrected_km: Array
    aim_tdb: Array
    samples: int
    seed: int

    @property
    def total_km_s(self) -> Array:
        """Sum of the corrections of each sample, km/s, shape (n, samples)."""
        return np.asarray(self.sizes_km_s.sum(axis=0))

    def percentiles(
        self, member: int, correction: int | None = None, percents: Sequence[float] = PERCENTS
    ) -> list[Percentile]:
        """Percentiles of one correction, or of the sum of all, of one transfer."""
        sizes = self.total_km_s if correction is None else self.sizes_km_s[correction]
        return [percentile(sizes[member], percent) for percent in percents]


def percentile(values: Array, percent: float) -> Percentile:
    """Percentile of samples with its 95 % interval, from the binomial distribution of order statistics."""
    from scipy.stats import binom

    ordered = np.sort(values)
    n, share = ordered.size, percent / 100.0
    low = int(binom.ppf(0.025, n, share)) - 1
    high = int(binom.ppf(0.975, n, share))
    return Percentile(
        percent,
        float(np.percentile(ordered, percent)),
        float(ordered[low]) if low >= 0 else 0.0,
        float(ordered[high]) if high < n else np.inf,
    )


@dataclass(frozen=True)
class Nominal:
    """Nominal flights of n transfers to where their miss is measured.

    Attributes
    ----------
    transition : StateTransition
        Along the flights, Earth-centred.
    aim_s : numpy.ndarray, shape (n,)
        Time of the measurement after departure, s.
    moon : numpy.ndarray, shape (6, n)
        State of the Moon then, about the Earth.
    relative : numpy.ndarray, shape (6, n)
        Nominal state then, about the Moon.
    axes : numpy.ndarray, shape (2, 3, n)
        Directions across the nominal velocity, of the two components of the miss.
    """

    transition: StateTransition
    aim_s: Array
    moon: Array
    relative: Array
    axes: Array

    def miss(self, state: Array) -> Array:
        """Miss (2, n) of Earth-centred states (6, n) at the aim, km."""
        near = state - self.moon
        momentum = np.cross(near[:3], near[3:], axis=0)
        wanted = np.cross(self.relative[:3], self.relative[3:], axis=0)
        return np.asarray(np.einsum("cin,in->cn", self.axes, momentum - wanted) / self.speed)

    @property
    def speed(self) -> Array:
        """Nominal speed about the Moon at the aim, km/s, shape (n,)."""
        return np.sqrt((self.relative[3:] ** 2).sum(axis=0))

    def gradient(self, state: Array) -> Array:
        """Derivative (2, 6, n) of the miss with respect to Earth-centred states (6, n) at the aim."""
        near = state - self.moon
        r, v = near[:3, None], near[3:, None]
        axes = np.broadcast_to(self.axes.transpose(1, 0, 2), (3, 2, state.shape[1]))
        # (dr x v) . a = dr . (v x a), (r x dv) . a = dv . (a x r)
        by_position = np.cross(np.broadcast_to(v, axes.shape), axes, axis=0)
        by_velocity = np.cross(axes, np.broadcast_to(r, axes.shape), axis=0)
        return np.concatenate([by_position, by_velocity]).transpose(1, 0, 2) / self.speed


def nominal_flights(
    transfers: Transfers,
    forces: ForceModel | None = None,
    aim_distance_km: float = AIM_DISTANCE_KM,
    threads: int | None = None,
) -> Nominal:
    """Fly transfers again, Earth-centred, with their state-transition matrices.

    Parameters
    ----------
    transfers : Transfers
        n of them.
    forces : ForceModel, optional
        Centred on the Earth with the Moon among its bodies; a point-mass Earth with Moon and Sun if left out.
    aim_distance_km : float
        Distance from the Moon on the way in at which the miss is measured, km.
    threads : int, optional
        As for `propagate`.

    Returns
    -------
    Nominal

    Raises
    ------
    InputError
        A transfer that does not come that near to the Moon, or forces that do not fit.
    """
    model = ForceModel(center="earth", gravity=None, bodies=("moon", "sun")) if forces is None else forces
    if model.center != "earth" or "moon" not in model.bodies:
        raise InputError("corrections: expected forces centred on the earth, with the moon among the bodies")
    n = len(transfers)
    transition = propagate_state_transition(
        transfers.departure_state,
        transfers.departure_tdb,
        transfers.time_of_flight_s,
        model,
        rtol=1e-11,
        threads=threads,
    )
    rows = find_events(
        transition.trajectory, (Radius(aim_distance_km, body="moon", direction="falling"),)
    ).rows
    aim = np.full(n, np.nan)
    aim[rows["trajectory"]] = rows["elapsed"]  # the last passage inwards, if there are several
    far = np.flatnonzero(np.isnan(aim))
    if far.size:
        raise InputError(
            f"corrections: transfer {far[0]} does not come within {aim_distance_km:.6g} km of the Moon on "
            "its way; fly a transfer that converged"
        )
    moon = model.ephemeris.state("moon", "earth", transfers.departure_tdb + aim)
    relative = transition.trajectory.at(aim[:, None])[:, :, 0] - moon
    return Nominal(transition, aim, moon, relative, _across(relative))


def _across(relative: Array) -> Array:
    """Two unit vectors (2, 3, n) across the velocity: the orbit normal and what completes it."""
    r, v = relative[:3], relative[3:]
    normal = np.cross(r, v, axis=0)
    normal /= np.sqrt((normal * normal).sum(axis=0))
    other = np.cross(v, normal, axis=0)
    other /= np.sqrt((other * other).sum(axis=0))
    return np.stack([normal, other])


def correction_statistics(
    transfers: Transfers,
    times_s: ArrayLike,
    errors: CorrectionErrors,
    samples: int = 10_000,
    seed: int = 0,
    forces: ForceModel | None = None,
    aim_distance_km: float = AIM_DISTANCE_KM,
    threads: int | None = None,
) -> CorrectionStatistics:
    """Sample the corrections that transfers need.

    Parameters
    ----------
    transfers : Transfers
        n of them.
    times_s : array_like, shape (k,) or (k, n)
        Of the corrections, s after departure, rising.
    errors : CorrectionErrors
        What goes wrong.
    samples, seed : int
        Flights for each transfer; the draws depend on the seed and the number of the transfer, and the first
        hundred of a thousand samples are the hundred.
    forces, aim_distance_km, threads
        As for `nominal_flights`.

    Returns
    -------
    CorrectionStatistics

    Raises
    ------
    InputError
        As `nominal_flights`; no times, times that do not rise, or one outside the flight to the Moon.
    """
    if samples < 1:
        raise InputError(f"corrections: expected one sample or more; got {samples}")
    nominal = nominal_flights(transfers, forces, aim_distance_km, threads)
    n = len(transfers)
    times = checked_times(times_s, nominal.aim_s)
    start, draws = drawn(transfers, errors, times.shape[0], samples, seed)
    final_state = nominal.relative + nominal.moon
    gradient = nominal.gradient(final_state)
    matrices = nominal.transition
    deviation, before = start, np.zeros(n)
    whole = np.einsum("cin,ijn->cjn", gradient, matrices.between(before, nominal.aim_s))
    uncorrected = np.einsum("cjn,jns->cns", whole, start)
    sizes = np.empty((times.shape[0], n, samples))
    for k, moment in enumerate(times):
        deviation = np.einsum("ijn,jns->ins", matrices.between(before, moment), deviation)
        believed = deviation + navigation(errors, draws[k])
        to_miss = np.einsum("cin,ijn->cjn", gradient, matrices.between(moment, nominal.aim_s))
        gain = np.linalg.pinv(to_miss[:, 3:].transpose(2, 0, 1)) @ to_miss.transpose(2, 0, 1)
        flown = executed(-np.einsum("nij,jns->ins", gain, believed), errors, draws[k])
        deviation = deviation.copy()
        deviation[3:] += flown
        sizes[k] = np.sqrt((flown * flown).sum(axis=0))
        before = moment
    miss = np.einsum("cjn,jns->cns", to_miss, deviation)
    return CorrectionStatistics(
        times, sizes, miss, uncorrected, transfers.departure_tdb + nominal.aim_s, samples, seed
    )


def checked_times(times_s: ArrayLike, aim_s: Array) -> Array:
    """Times of corrections (k, n), checked against the flight."""
    times = np.asarray(times_s, dtype=np.float64)
    times = np.broadcast_to(times[:, None] if times.ndim == 1 else times, (times.shape[0], aim_s.size))
    if not times.shape[0]:
        raise InputError("corrections: expected one time or more")
    if np.any(times <= 0.0) or np.any(times >= aim_s) or np.any(np.diff(times, axis=0) <= 0.0):
        raise InputError(
            "corrections: expected rising times between departure and "
            f"{float(aim_s.min()) / SECONDS_PER_DAY:.4g} d "
            f"after it, where the miss is measured; got "
            f"{np.round(times[:, 0] / SECONDS_PER_DAY, 4).tolist()} d"
        )
    return times


def drawn(
    transfers: Transfers, errors: CorrectionErrors, corrections: int, samples: int, seed: int
) -> tuple[Array, Array]:
    """Deviations after the injection (6, n, samples), ICRF axes, and normal numbers (k, 13, n, samples)."""
    n = len(transfers)
    covariance = np.asarray(errors.injection_covariance, dtype=np.float64)
    if covariance.shape != (6, 6) or not np.allclose(covariance, covariance.T):
        raise InputError("corrections: expected a symmetric injection covariance of shape (6, 6)")
    values, vectors = np.linalg.eigh(covariance)
    if values.min() < -1e-12 * max(values.max(), 1e-300):
        raise InputError("corrections: the injection covariance has a negative eigenvalue")
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    width = 6 + _DRAWS * corrections
    numbers = np.empty((width, n, samples))
    for i in range(n):
        generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(i,))))
        numbers[:, i] = generator.standard_normal((samples, width)).T
    axes = rtn_axes(transfers.departure_state)
    in_rtn = np.einsum("ij,jns->ins", root, numbers[:6])
    start = np.concatenate([np.einsum("jin,jns->ins", axes, part) for part in (in_rtn[:3], in_rtn[3:])])
    return start, numbers[6:].reshape(corrections, _DRAWS, n, samples)


def navigation(errors: CorrectionErrors, draws: Array) -> Array:
    """Errors of what is known of the state (6, n, samples), from normal numbers (13, n, samples)."""
    scale = np.repeat([errors.navigation_position_km, errors.navigation_velocity_km_s], 3)
    return np.asarray(scale[:, None, None] * draws[:6])


def executed(wanted: Array, errors: CorrectionErrors, draws: Array) -> Array:
    """Impulses as flown (3, n, samples) from those wanted: wrong in size, direction, and by a fixed part."""
    size = np.sqrt((wanted * wanted).sum(axis=0))
    unit = wanted / np.where(size > 0.0, size, 1.0)
    sideways = draws[7:10] - unit * (unit * draws[7:10]).sum(axis=0)
    return np.asarray(
        wanted * (1.0 + errors.execution_magnitude * draws[6])
        + errors.execution_pointing_rad * size * sideways
        + errors.execution_fixed_km_s * draws[10:13]
    )
