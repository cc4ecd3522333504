"""What flying a timeline gives: phases with their budgets, and the path in legs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.time import format_epoch

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.environment import Environment
    from cislunar.propagation import Trajectory
    from cislunar.scenario.phases import Phase

Array = NDArray[np.float64]

_SLACK_S = 1e-6
"""Epochs are float64 of some 1e9 s: so far may one at the very end miss."""


@dataclass(frozen=True)
class FlownLeg:
    """A stretch of the path on which the acceleration does not jump.

    Attributes
    ----------
    trajectory : Trajectory
        A batch of one, ICRF axes, about its own centre.
    start_tdb, end_tdb : float
        The part of it that was flown, seconds past J2000 TDB.
    phase : int
        Number of the phase in the timeline, from 0.
    mass_kg : float
        At the start.
    flow_kg_s : float
        Propellant used in a second; 0 on a coast.
    mass_table : tuple of (numpy.ndarray, numpy.ndarray), optional
        Epochs and masses, kg, where the thrust changes along the leg.
    """

    trajectory: Trajectory
    start_tdb: float
    end_tdb: float
    phase: int
    mass_kg: float
    flow_kg_s: float = 0.0
    mass_table: tuple[Array, Array] | None = None

    @property
    def center(self) -> str:
        """Body that the leg was flown about."""
        return self.trajectory.center

    @property
    def powered(self) -> bool:
        """Whether the engine burns."""
        return self.flow_kg_s > 0.0 or self.mass_table is not None

    def mass_at(self, tdb: Array) -> Array:
        """Masses at epochs within it, kg."""
        if self.mass_table is not None:
            return np.asarray(np.interp(tdb, *self.mass_table))
        return self.mass_kg - self.flow_kg_s * np.maximum(tdb - self.start_tdb, 0.0)


@dataclass(frozen=True)
class FlownPhase:
    """A phase as it was flown, or why it was not.

    Attributes
    ----------
    number : int
        In the timeline, from 0.
    kind, label : str
        The word of the format, and what the phase does, for people.
    status : {"flown", "not possible", "not reached"}
        A phase that cannot be done ends its spacecraft's flight; those after it are not reached.
    message : str
        Why it is not possible and by how much; empty otherwise.
    shortfall : dict of str to float
        The same as numbers: `propellant_kg`, `delta_v_km_s`, `mass_kg`, `time_s` and so on.
    start_tdb, end_tdb : float
        Seconds past J2000 TDB; NaN for a phase that was not reached.
    center : str
        Body about which the two states are.
    state_before, state_after : numpy.ndarray, shape (6,), or None
        km and km/s, ICRF axes; None on the ground, before the transfer is known, or where not reached.
    mass_before_kg, mass_after_kg : float
        All that flies together; NaN where not reached.
    ideal_km_s, loss_km_s, statistical_km_s : float
        Change of velocity: as impulses, what the length of the burns costs more, and what dispersions add.
        For a phase that is not possible: what it asked for, as far as it is known.
    propellant_kg : float
        Used, or for a phase that is not possible, needed.
    details : dict
        What belongs to this kind of phase; plain numbers, texts and arrays.
    phase : Phase
        What was asked for.
    """

    number: int
    kind: str
    label: str
    status: Literal["flown", "not possible", "not reached"]
    phase: Phase
    message: str = ""
    shortfall: dict[str, float] = field(default_factory=dict)
    start_tdb: float = np.nan
    end_tdb: float = np.nan
    center: str = "moon"
    state_before: Array | None = None
    state_after: Array | None = None
    mass_before_kg: float = np.nan
    mass_after_kg: float = np.nan
    ideal_km_s: float = 0.0
    loss_km_s: float = 0.0
    statistical_km_s: float = 0.0
    propellant_kg: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def delta_v_km_s(self) -> float:
        """Ideal, losses and statistical part together, km/s."""
        return self.ideal_km_s + self.loss_km_s + self.statistical_km_s


@dataclass(frozen=True)
class Timeline:
    """The life of one spacecraft as far as it was flown.

    Attributes
    ----------
    name : str
        The spacecraft.
    phases : tuple of FlownPhase
        All of them, in order.
    legs : tuple of FlownLeg
        The path, in the order of time, from the injection, the start in orbit or the release on.
    complete : bool
        Whether every phase was flown.
    message : str
        What stopped it; empty for a complete one.
    arrival_tdb : float or None
        When its work in orbit begins, the start of its first `operate`; None if it does not get there, or
        works on the surface.
    working : Trajectory or None
        From then on, Moon-centred, moves between two `operate` and after the last included; None as before.
    """

    name: str
    phases: tuple[FlownPhase, ...]
    legs: tuple[FlownLeg, ...]
    complete: bool
    message: str
    arrival_tdb: float | None
    working: Trajectory | None
    environment: Environment = field(repr=False)

    @property
    def stopped(self) -> FlownPhase | None:
        """The phase that could not be done, None if all could."""
        return next((phase for phase in self.phases if phase.status == "not possible"), None)

    @property
    def start_tdb(self) -> float:
        """Start of the first leg, seconds past J2000 TDB; NaN without one."""
        return self.legs[0].start_tdb if self.legs else np.nan

    @property
    def end_tdb(self) -> float:
        """End of the last leg, seconds past J2000 TDB; NaN without one."""
        return self.legs[-1].end_tdb if self.legs else np.nan

    @property
    def final_mass_kg(self) -> float:
        """Mass after the last phase that was flown, kg; NaN if none was."""
        flown = [phase.mass_after_kg for phase in self.phases if phase.status == "flown"]
        return flown[-1] if flown else np.nan

    def state_at(self, tdb: ArrayLike, center: str = "moon") -> Array:
        """States at epochs, about any body of the ephemeris.

        Parameters
        ----------
        tdb : float or array_like, shape (m,)
            Seconds past J2000 TDB, within the legs.
        center : str
            Body that the states are wanted about.

        Returns
        -------
        numpy.ndarray, shape (6, m)
            km and km/s, ICRF axes; (6,) for a single epoch. At an impulse, the state after it.

        Raises
        ------
        InputError
            An epoch outside the flight.
        """
        times = np.asarray(tdb, dtype=np.float64)
        epochs = np.atleast_1d(times)
        leg = self._leg_at(epochs)
        states = np.empty((6, epochs.size))
        for number in np.unique(leg):
            mine = leg == number
            part = self.legs[number]
            inside = np.clip(epochs[mine], part.start_tdb, part.end_tdb)
            states[:, mine] = part.trajectory.at_tdb(inside)[:, 0]
            if part.center != center:
                states[:, mine] += self.environment.ephemeris.state(part.center, center, inside)
        return states[:, 0] if times.ndim == 0 else states

    def mass_at(self, tdb: ArrayLike) -> Array:
        """Masses at epochs, kg, of the shape of `tdb`; at an impulse or a release, that after it.

        Raises
        ------
        InputError
            An epoch outside the flight.
        """
        times = np.asarray(tdb, dtype=np.float64)
        epochs = np.atleast_1d(times)
        leg = self._leg_at(epochs)
        found = np.empty(epochs.size)
        for number in np.unique(leg):
            found[leg == number] = self.legs[number].mass_at(epochs[leg == number])
        return np.asarray(found[0] if times.ndim == 0 else found)

    def rows(self) -> list[dict[str, Any]]:
        """List the phases as plain rows."""
        return [
            {
                "phase": phase.number + 1,
                "kind": phase.kind,
                "label": phase.label,
                "status": phase.status,
                "start_utc": _utc(phase.start_tdb),
                "end_utc": _utc(phase.end_tdb),
                "ideal_km_s": phase.ideal_km_s,
                "loss_km_s": phase.loss_km_s,
                "statistical_km_s": phase.statistical_km_s,
                "propellant_kg": phase.propellant_kg,
                "mass_before_kg": phase.mass_before_kg,
                "mass_after_kg": phase.mass_after_kg,
                "message": phase.message,
            }
            for phase in self.phases
        ]

    def table(self) -> pd.DataFrame:
        """Give :meth:`rows` as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def _leg_at(self, epochs: Array) -> NDArray[np.int64]:
        """Number of the last leg that has begun at each epoch."""
        if not self.legs:
            raise InputError(
                f"{self.name}: expected a flight to look into; nothing was flown: {self.message}"
            )
        outside = ~((epochs >= self.start_tdb - _SLACK_S) & (epochs <= self.end_tdb + _SLACK_S))
        if outside.any():
            first = float(epochs[outside][0])
            raise InputError(
                f"{self.name}: {_utc(first)} UTC is outside its flight, {_utc(self.start_tdb)} to "
                f"{_utc(self.end_tdb)} UTC"
            )
        starts = np.array([leg.start_tdb for leg in self.legs])
        return np.maximum(np.searchsorted(starts, epochs + 1e-9, side="right") - 1, 0)


def _utc(tdb: float) -> str:
    return format_epoch(tdb, "UTC") if np.isfinite(tdb) else ""
