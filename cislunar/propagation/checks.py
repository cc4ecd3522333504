"""What is checked before a batch is flown: shapes, options, and each trajectory's own input."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike

from cislunar.environment.epochs import calendar
from cislunar.errors import CislunarError, EpochRangeError, InputError
from cislunar.propagation.force_model import ForceModel

TIGHTEST_RTOL = 1e-14
"""Tolerances below this ask for more than float64 can give."""

_MOST_STEPS = np.iinfo(np.int64).max

_FASTEST_KM_S = 1000.0
"""Speeds above this (the Sun's surface is left at 618 km/s) are metres a second, or positions."""


def some(indices: np.ndarray) -> str:
    """Write up to ten indices."""
    text = ", ".join(str(i) for i in indices[:10])
    return text if indices.size <= 10 else f"{text} and {indices.size - 10} more"


def every(indices: np.ndarray) -> str:
    """Write all of some rising indices, four or more neighbours as "3 to 6"."""
    runs = np.split(indices, np.flatnonzero(np.diff(indices) != 1) + 1)
    texts = [
        f"{run[0]} to {run[-1]}" if run.size > 3 else ", ".join(str(i) for i in run)
        for run in runs
        if run.size
    ]
    return ", ".join(texts)


@dataclass
class Problems:
    """Which trajectories cannot be flown, and why."""

    bad: np.ndarray
    texts: dict[int, str]
    outside: np.ndarray
    hint: str = ""

    @property
    def any(self) -> bool:
        """Whether some trajectory cannot be flown."""
        return bool(self.bad.any())

    def error(self, epochs: np.ndarray, durations: np.ndarray, forces: ForceModel) -> CislunarError:
        """Return one error that lists all of them; of the kind for epochs if that is all there is."""
        groups: dict[str, list[int]] = {}
        for i, text in self.texts.items():
            groups.setdefault(text, []).append(i)
        lines = [f"trajectories {every(np.array(members))}: {text}" for text, members in groups.items()]
        if (self.bad == self.outside).all():
            first = int(np.flatnonzero(self.outside)[0])
            low, high = forces.span_tdb
            epoch = epochs[first] if not low <= epochs[first] <= high else epochs[first] + durations[first]
            return EpochRangeError(
                "; ".join(lines),
                epoch_tdb=float(epoch),
                span_tdb=(low, high),
                table=forces.ephemeris.name,
            )
        return InputError("; ".join(lines) + self.hint)


def find_problems(
    states: np.ndarray,
    epochs: np.ndarray,
    durations: np.ndarray,
    stops: np.ndarray,
    forces: ForceModel,
    pressure: np.ndarray | None = None,
) -> Problems:
    """Check the input of each trajectory; `pressure` is NaN where its radiation pressure cannot be used."""
    texts: dict[int, str] = {}

    def note(mask: np.ndarray, text: str) -> None:
        if mask.any():
            for i in np.flatnonzero(mask):
                texts.setdefault(int(i), text)

    finite = np.isfinite(states).all(axis=0)
    note(~finite, "the state holds a value that is not finite")
    note(~np.isfinite(epochs), "the epoch is not finite")
    note(~np.isfinite(durations), "the duration is not finite")
    with np.errstate(invalid="ignore", over="ignore"):
        radius = np.sqrt((states[:3] ** 2).sum(axis=0))
        speed = np.sqrt((states[3:] ** 2).sum(axis=0))
        note(
            finite & (radius < forces.radius_km),
            f"the start lies inside the {forces.center}, below {forces.radius_km} km from its centre",
        )
        note(
            finite & (~(speed <= _FASTEST_KM_S) | ~np.isfinite(radius) | (radius > 1e11)),
            "the state is out of range: expected km and km/s, shape (6, n), one column for each trajectory",
        )
        note(stops <= 0.0, "the stopping radius is not positive")
        if pressure is not None:
            note(
                ~np.isfinite(pressure),
                "the radiation pressure has no area-to-mass ratio of 0 or more, m^2/kg",
            )
        low, high = forces.span_tdb
        first, last = np.minimum(epochs, epochs + durations), np.maximum(epochs, epochs + durations)
        outside = np.isfinite(first) & np.isfinite(last) & ((first < low) | (last > high))
    if outside.any():
        note(
            outside,
            f"the flight leaves the tables ({forces.ephemeris.name}), which span {calendar(low)} to "
            f"{calendar(high)}; choose epochs and durations inside, or name an SPK file and a lunar "
            "orientation that cover them",
        )
    bad = np.zeros(epochs.size, dtype=bool)
    if not texts:
        return Problems(bad, {}, bad.copy())
    bad[list(texts)] = True
    only_outside = np.zeros_like(bad)
    only_outside[[i for i, text in texts.items() if text.startswith("the flight leaves")]] = True
    return Problems(bad, dict(sorted(texts.items())), only_outside, _transposed(states, forces))


def _transposed(states: np.ndarray, forces: ForceModel) -> str:
    """Return a hint if six states could be flown the other way round, the axes of the array exchanged."""
    if states.shape[1] != 6 or not np.isfinite(states).all():
        return ""
    with np.errstate(over="ignore"):
        radius, speed = (np.sqrt((states[:, part] ** 2).sum(axis=1)) for part in (slice(0, 3), slice(3, 6)))
    fits = ((radius >= forces.radius_km) & (radius <= 1e11) & (speed <= _FASTEST_KM_S)).all()
    return "; the trajectories are the last axis: transpose the states (state.T)" if fits else ""


def shaped(
    state: ArrayLike, epoch: ArrayLike, duration: ArrayLike, stop: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return states (6, n), epochs, durations and stopping radii (n,), the latter NaN where there is none.

    Raises
    ------
    InputError
        The shapes do not fit together.
    """
    states = state_columns(state)
    n = states.shape[1]
    stops = np.full(n, np.nan) if stop is None else per_trajectory(stop, n, "stop_radius_km")
    return (
        states,
        per_trajectory(epoch, n, "epoch"),
        per_trajectory(duration, n, "duration"),
        stops,
    )


def state_columns(state: ArrayLike) -> np.ndarray:
    """Return states (6, n), of one given as (6,) too.

    Raises
    ------
    InputError
        They are no numbers, or of another shape.
    """
    states = real_numbers(state, "state", "numbers of shape (6, n)")
    if states.ndim == 1:
        states = states[:, None]
    if states.ndim != 2 or states.shape[0] != 6:
        turned = states.ndim == 2 and states.shape[1] == 6
        hint = "; the trajectories are the last axis: transpose it (state.T)" if turned else ""
        raise InputError(f"state: expected shape (6, n); got {np.shape(state)}{hint}")
    return np.ascontiguousarray(states)


def real_numbers(values: ArrayLike, name: str, expected: str) -> np.ndarray:
    """Return float64 numbers, NaN where an array is masked.

    Raises
    ------
    InputError
        Text, complex numbers, quantities with a unit (which would be lost), and other things.
    """
    unit = str(getattr(values, "unit", "")) if hasattr(values, "to_value") else ""
    if unit:
        raise InputError(
            f"{name}: expected {expected}, without a unit; got a quantity in {unit}; give its numbers "
            'in km, km/s and s: quantity.to_value("s")'
        )
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "iuf":
        values = np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
    try:
        given = np.asarray(values)
        if given.dtype.kind in "cSUMm":
            raise TypeError
        return given.astype(np.float64)
    except (TypeError, ValueError) as error:
        hint = "; epochs are seconds past J2000 TDB (cislunar.time.parse_epoch)" if name == "epoch" else ""
        what = repr(values) if isinstance(values, str) else _kind(values)
        raise InputError(f"{name}: expected {expected}; got {what}{hint}") from error


def _kind(values: object) -> str:
    """Name the kind of what was given: that of its elements for an array."""
    return f"{values.dtype} numbers" if isinstance(values, np.ndarray) else type(values).__name__


def require_forces(forces: object) -> None:
    """Raise `InputError` for something that is no force model."""
    if not isinstance(forces, ForceModel):
        raise InputError(f"forces: expected a cislunar.ForceModel; got {type(forces).__name__}")


def per_trajectory(values: ArrayLike, n: int, name: str) -> np.ndarray:
    """Return one number, or one for each trajectory, as an array of shape (n,)."""
    array = real_numbers(values, name, f"one number or one for each of {n} trajectories")
    if array.ndim > 1 or array.size not in (1, n):
        raise InputError(f"{name}: expected one number or shape ({n},); got shape {array.shape}")
    return np.full(n, array.reshape(-1)[0]) if array.size == 1 else array.reshape(-1).copy()


def check_options(rtol: float, on_error: str, max_steps: int, threads: int | None) -> None:
    """Raise `InputError` for an option out of range or of a wrong kind."""
    if not (isinstance(rtol, Real) and TIGHTEST_RTOL <= rtol <= 1e-2):
        raise InputError(f"rtol: expected {TIGHTEST_RTOL:g} (float64 can give no less) to 0.01; got {rtol!r}")
    if on_error not in ("raise", "status"):
        raise InputError(f'on_error: expected "raise" or "status"; got {on_error!r}')
    if not (isinstance(max_steps, Integral) and 1 <= max_steps <= _MOST_STEPS):
        raise InputError(f"max_steps: expected a whole number, at least 1; got {max_steps!r}")
    if threads is not None and not (isinstance(threads, Integral) and threads >= 1):
        raise InputError(f"threads: expected a whole number, at least 1; got {threads!r}")
