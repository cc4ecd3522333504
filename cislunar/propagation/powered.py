"""A batch of flights with burns: coasts and burns as legs, one after the other, with the mass at any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.checks import some
from cislunar.propagation.elapsed import elapsed_at, elapsed_times, scattered
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.status import Status
from cislunar.propagation.terminal import restricted
from cislunar.propagation.trajectory import Trajectory

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.propagation.burn_kinds import Burn
    from cislunar.propagation.burn_sensitivity import BurnSensitivity

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

COAST = -1
"""`burn` of a leg without thrust."""

BURN_ROW = np.dtype(
    [
        ("trajectory", np.int64),
        ("burn", np.int64),
        ("start_s", np.float64),
        ("duration_s", np.float64),
        ("delta_v_km_s", np.float64),
        ("propellant_kg", np.float64),
        ("mass_before_kg", np.float64),
        ("mass_after_kg", np.float64),
        ("complete", np.bool_),
        ("state_before", np.float64, (6,)),
        ("state_after", np.float64, (6,)),
    ]
)
"""Columns: numbers of the trajectory and of the burn in its list; start after the start of the trajectory
(negative on a flight backwards); duration, 0 for an impulse; size of the impulse, or change of velocity by
the rocket equation; propellant; masses; whether it was flown whole; states (km, km/s, ICRF axes) before and
after. Start, before and after are those of time, whichever way the flight goes."""


class PoweredForces(ForceModel):
    """The forces of the burns of a powered flight, without the thrust, which differs from burn to burn."""

    @classmethod
    def of(cls, forces: ForceModel) -> PoweredForces:
        """Return the description of a force model, sharing its tables, that cannot be flown."""
        copy = object.__new__(cls)
        copy.__dict__.update(forces.__dict__)
        copy.__dict__.pop("compiled", None)
        return copy

    @property
    def compiled(self) -> Any:
        """Raise: without the thrust this is not what was flown."""
        raise InputError(
            "the arcs of a powered flight do not know their thrust: differentiate the whole flight "
            "(PoweredFlight.sensitivities)"
        )


@dataclass(frozen=True)
class LegTable:
    """What belongs to the legs of a batch, in the order of the flight, trajectory by trajectory.

    Attributes
    ----------
    offsets : numpy.ndarray, shape (n + 1,), int
        Trajectory i has the legs `offsets[i]` to `offsets[i + 1] - 1`.
    start_s : numpy.ndarray, shape (L,)
        Seconds after the start of the trajectory, along the flight.
    burn : numpy.ndarray, shape (L,), int
        Number of the burn in the list of its trajectory, or `COAST`.
    place : numpy.ndarray, shape (L,), int
        Where the leg is among the coasts or the arcs of the flight.
    mass_kg, flow_kg_s : numpy.ndarray, shape (L,)
        Mass at the beginning of the leg as it was flown, and propellant used in a second.
    numbers : numpy.ndarray, shape (`thrust.NUMBERS`, L)
        Thrust of the leg, see `thrust`; zero on a coast.
    """

    offsets: Integers
    start_s: Array
    burn: Integers
    place: Integers
    mass_kg: Array
    flow_kg_s: Array
    numbers: Array

    @property
    def owner(self) -> Integers:
        """Trajectory of each leg, shape (L,)."""
        return np.repeat(np.arange(self.offsets.size - 1), np.diff(self.offsets))

    def select(self, chosen: Integers) -> tuple[LegTable, Integers]:
        """Return the table of a smaller batch, and the legs of this one that it has."""
        counts = np.diff(self.offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        leg = np.repeat(self.offsets[:-1][chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
        burn = self.burn[leg]
        coasting = burn == COAST
        table = LegTable(
            offsets,
            self.start_s[leg],
            burn,
            np.where(coasting, np.cumsum(coasting), np.cumsum(~coasting)) - 1,
            self.mass_kg[leg],
            self.flow_kg_s[leg],
            self.numbers[:, leg],
        )
        return table, leg


class BurnRows:
    """What flights have that keep rows of the burns they made."""

    epoch: Array
    burn_rows: NDArray[Any]

    @property
    def n(self) -> int:
        """Number of trajectories."""
        return self.epoch.size

    def burns_of(self, trajectory: int) -> NDArray[Any]:
        """Return the rows of the burns of one trajectory."""
        if not -self.n <= trajectory < self.n:
            raise IndexError(f"trajectory {trajectory} of a batch of {self.n}")
        return self.burn_rows[self.burn_rows["trajectory"] == trajectory % self.n]

    def burn_table(self) -> pd.DataFrame:
        """Return the burns as a table: the columns of `BURN_ROW` but the states, and `start_utc`."""
        import pandas as pd

        from cislunar.time import format_epochs

        rows = self.burn_rows
        names = [name for name in BURN_ROW.names or () if not name.startswith("state")]
        columns: dict[str, Any] = {name: rows[name] for name in names}
        columns["start_utc"] = format_epochs(self.epoch[rows["trajectory"]] + rows["start_s"])
        return pd.DataFrame(columns)


class PoweredFlight(BurnRows):
    """A batch of n trajectories with burns.

    Attributes
    ----------
    center : str
        Body at the origin. Axes are ICRF.
    epoch, duration : numpy.ndarray, shape (n,)
        Start, seconds past J2000 TDB, and time of flight asked for, s; negative for a flight backwards.
    status : numpy.ndarray, shape (n,), int
        `cislunar.propagation.Status` of each trajectory.
    message : list of str
        The same in words.
    final : numpy.ndarray, shape (6, n)
        Last state, km and km/s; NaN for a trajectory that was not flown.
    final_elapsed : numpy.ndarray, shape (n,)
        Time of the last state, s after the start.
    final_mass_kg : numpy.ndarray, shape (n,)
        Mass at the last state; NaN for a trajectory that was not flown.
    coasts, arcs : Trajectory
        The legs without and with thrust, each a trajectory with its own start, in the order of the flight,
        trajectory by trajectory; `legs` says which is whose. From leg to leg the acceleration jumps, and at
        an impulse the velocity; no interpolation crosses from one to another. Events and coverage of a
        powered flight are found on its coasts and its arcs.
    legs : LegTable
        What belongs to the legs, L in all.
    burn_rows : numpy.ndarray of `BURN_ROW`
        The burns that were flown, trajectory by trajectory.
    burns : list of tuples of ImpulsiveBurn and FiniteBurn
        The burns asked for, of each trajectory.
    forces : ForceModel
        What acted besides thrust.
    of_transfer : bool
        Whether this is a flight about two centres, moved to one of them (`PoweredTransfer.about`).
    """

    def __init__(
        self,
        forces: ForceModel,
        epoch: Array,
        duration: Array,
        status: Integers,
        message: list[str],
        final: Array,
        final_elapsed: Array,
        final_mass_kg: Array,
        coasts: Trajectory,
        arcs: Trajectory,
        legs: LegTable,
        burn_rows: NDArray[Any],
        burns: list[tuple[Burn, ...]],
        of_transfer: bool = False,
    ) -> None:
        self.center = forces.center
        self.forces = forces
        self.epoch = epoch
        self.duration = duration
        self.status = status
        self.message = message
        self.final = final
        self.final_elapsed = final_elapsed
        self.final_mass_kg = final_mass_kg
        self.coasts = coasts
        self.arcs = arcs
        self.legs = legs
        self.burn_rows = burn_rows
        self.burns = burns
        self.of_transfer = of_transfer

    def __len__(self) -> int:
        """Return the number of trajectories."""
        return self.n

    def __repr__(self) -> str:
        """Say in one line what the batch holds."""
        kinds = ", ".join(
            f"{int((self.status == kind).sum())} {kind.name}"
            for kind in Status
            if (self.status == kind).any()
        )
        return (
            f"PoweredFlight({self.n} about the {self.center}: {kinds}; {self.burn_rows.size} burns, "
            f"{self.legs.start_s.size} legs)"
        )

    def __getitem__(self, index: int | slice | Integers) -> PoweredFlight:
        """Return trajectory i as a batch of one, or several as a smaller batch."""
        if isinstance(index, int | np.integer) and not -self.n <= index < self.n:
            raise IndexError(f"trajectory {index} of a batch of {self.n}")
        chosen = np.atleast_1d(np.arange(self.n)[index])
        rows = [self.burns_of(int(i)).copy() for i in chosen]
        for number, part in enumerate(rows):
            part["trajectory"] = number
        legs, leg = self.legs.select(chosen)
        coasting = legs.burn == COAST
        return PoweredFlight(
            restricted(self.forces, self.n, chosen),
            self.epoch[chosen],
            self.duration[chosen],
            self.status[chosen],
            [self.message[i] for i in chosen],
            self.final[:, chosen],
            self.final_elapsed[chosen],
            self.final_mass_kg[chosen],
            self.coasts[self.legs.place[leg[coasting]]],
            self.arcs[self.legs.place[leg[~coasting]]],
            legs,
            np.concatenate([self.burn_rows[:0], *rows]),
            [self.burns[i] for i in chosen],
            self.of_transfer,
        )

    def legs_of(self, trajectory: int) -> list[Trajectory]:
        """Return the legs of one trajectory in the order of the flight."""
        low, high = self._range(trajectory)
        return [self._leg(leg) for leg in range(low, high)]

    def _leg(self, leg: int) -> Trajectory:
        return (self.coasts if self.legs.burn[leg] == COAST else self.arcs)[int(self.legs.place[leg])]

    def at(self, elapsed: ArrayLike) -> Array:
        """States at given times after each trajectory's own start.

        Parameters
        ----------
        elapsed : float or array_like, shape (m,) or (n, m)
            Seconds after the start, negative on a flight backwards. One row for all trajectories, or one for
            each. At the time of an impulse the state is that after it, in time.

        Returns
        -------
        numpy.ndarray, shape (6, n, m)
            km and km/s, ICRF axes, about `center`; (6, n) for a single number.

        Raises
        ------
        InputError
            A time lies outside the span that its trajectory was flown, nothing was recorded, or the shape
            is wrong.
        """
        times, scalar = self._times(elapsed)
        leg = self._leg_at(times).reshape(-1)
        inside = times.reshape(-1) - self.legs.start_s[leg]
        states = np.empty((6, leg.size))
        coasting = self.legs.burn[leg] == COAST
        for flown, chosen in ((self.coasts, coasting), (self.arcs, ~coasting)):
            states[:, chosen] = scattered(flown, self.legs.place[leg[chosen]], inside[chosen])
        result = states.reshape(6, *times.shape)
        return result[:, :, 0] if scalar else result

    def at_tdb(self, tdb: ArrayLike) -> Array:
        """States at given epochs.

        Parameters
        ----------
        tdb : float or array_like, shape (m,)
            Seconds past J2000 TDB, within the flight of every trajectory.

        Returns
        -------
        numpy.ndarray, shape (6, n, m)
            As `at`.
        """
        times, scalar = elapsed_at(tdb, self.epoch)
        states = self.at(times)
        return states[:, :, 0] if scalar else states

    def mass_at(self, elapsed: ArrayLike) -> Array:
        """Masses at given times after each trajectory's own start.

        Parameters
        ----------
        elapsed : float or array_like, shape (m,) or (n, m)
            As for `at`; at the time of an impulse the mass is that after it, in time.

        Returns
        -------
        numpy.ndarray, shape (n, m)
            kg; (n,) for a single number.

        Raises
        ------
        InputError
            As `at`.
        """
        times, scalar = self._times(elapsed)
        leg = self._leg_at(times)
        table = self.legs
        sense = self._sense[:, None]
        burning_s = sense * np.maximum(sense * (times - table.start_s[leg]), 0.0)
        mass = table.mass_kg[leg] - table.flow_kg_s[leg] * burning_s
        return mass[:, 0] if scalar else mass

    def sensitivities(self, threads: int | None = None) -> BurnSensitivity:
        """How the end of each trajectory depends on its start and on the parameters of its burns.

        Parameters
        ----------
        threads : int, optional
            Threads to use; as many as there are cores when left out.

        Returns
        -------
        BurnSensitivity

        Raises
        ------
        InputError
            Nothing was recorded, or a trajectory was not flown, was flown backwards, or changed its centre.
        """
        from cislunar.propagation.burn_sensitivity import burn_sensitivities

        return burn_sensitivities(self, threads)

    def _range(self, trajectory: int) -> tuple[int, int]:
        if not -self.n <= trajectory < self.n:
            raise IndexError(f"trajectory {trajectory} of a batch of {self.n}")
        i = trajectory % self.n
        return int(self.legs.offsets[i]), int(self.legs.offsets[i + 1])

    def _times(self, elapsed: ArrayLike) -> tuple[Array, bool]:
        """Times (n, m) within the flight, and whether one number was given."""
        missing = np.flatnonzero(np.diff(self.legs.offsets) == 0)
        if missing.size:
            raise InputError(f"trajectories {some(missing)} were not flown")
        times, scalar = elapsed_times(elapsed, self.final_elapsed)
        end = self.final_elapsed[:, None]
        return np.clip(times, np.minimum(end, 0.0), np.maximum(end, 0.0)), scalar

    @property
    def _sense(self) -> Array:
        """1 for each flight forward, -1 for each backwards."""
        return np.where(self.duration < 0.0, -1.0, 1.0)

    def _leg_at(self, times: Array) -> Integers:
        """Leg of each time (n, m): of two that meet there, the later in time."""
        leg = np.empty(times.shape, dtype=np.int64)
        for i in range(self.n):
            low, high = self.legs.offsets[i], self.legs.offsets[i + 1]
            starts = self.legs.start_s[low:high]
            if self.duration[i] < 0.0:
                leg[i] = low + np.maximum(np.searchsorted(-starts, -times[i], side="left") - 1, 0)
            else:
                leg[i] = low + np.maximum(np.searchsorted(starts, times[i], side="right") - 1, 0)
        return leg
