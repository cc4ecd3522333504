"""A batch of flown trajectories: how each ended, its recorded nodes, and its state at any time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cislunar.errors import InputError
from cislunar.propagation.checks import real_numbers, some
from cislunar.propagation.elapsed import elapsed_at, elapsed_times
from cislunar.propagation.status import Status, messages

if TYPE_CHECKING:
    from cislunar.propagation.event_table import EventTable
    from cislunar.propagation.force_model import ForceModel

_NODE_ROWS = 10


class Trajectory:
    """A batch of n trajectories about one centre.

    Attributes
    ----------
    center : str
        Body at the origin. Axes are ICRF.
    epoch : numpy.ndarray, shape (n,)
        Start, seconds past J2000 TDB.
    duration : numpy.ndarray, shape (n,)
        Time of flight asked for, s; negative for a flight backwards.
    status : numpy.ndarray, shape (n,), int
        `cislunar.propagation.Status` of each trajectory.
    message : list of str
        The same in words.
    final : numpy.ndarray, shape (6, n)
        Last state, km and km/s; NaN for a trajectory that was not flown.
    final_elapsed : numpy.ndarray, shape (n,)
        Time of the last state, s after the start.
    steps : numpy.ndarray, shape (n,), int
        Steps attempted.
    offsets : numpy.ndarray, shape (n + 1,), int
        Trajectory i has the nodes `offsets[i]` to `offsets[i + 1] - 1`.
    nodes : numpy.ndarray, shape (10, M)
        Recorded nodes, one for each accepted step, first and last state included. Rows: elapsed s; x, y, z;
        vx, vy, vz; ax, ay, az. Empty if nothing was recorded.
    forces : ForceModel or None
        What was flown; None for a trajectory built from tabulated states.
    events : EventTable or None
        Events met, of those that the flight was asked to look for; None if it was asked for none.
    """

    events: EventTable | None = None

    def __init__(
        self,
        center: str,
        epoch: np.ndarray,
        duration: np.ndarray,
        status: np.ndarray,
        final: np.ndarray,
        final_elapsed: np.ndarray,
        offsets: np.ndarray,
        nodes: np.ndarray,
        steps: np.ndarray | None = None,
        message: list[str] | None = None,
        forces: ForceModel | None = None,
        pressure: np.ndarray | None = None,
    ) -> None:
        self.center = center
        self.epoch = epoch
        self.duration = duration
        self.status = status
        self.message = message if message is not None else messages(np.asarray(status))
        self.final = final
        self.final_elapsed = final_elapsed
        self.offsets = offsets
        self.nodes = nodes
        self.steps = steps if steps is not None else np.zeros(epoch.size, dtype=np.int64)
        self.forces = forces
        self.pressure = pressure

    @property
    def n(self) -> int:
        """Number of trajectories."""
        return self.epoch.size

    def __len__(self) -> int:
        """Return the number of trajectories."""
        return self.n

    def __iter__(self) -> Iterator[Trajectory]:
        """Iterate over the trajectories as batches of one."""
        return (self[i] for i in range(self.n))

    def __repr__(self) -> str:
        """Say in one line what the batch holds."""
        kinds = ", ".join(
            f"{int((self.status == kind).sum())} {kind.name}"
            for kind in Status
            if (self.status == kind).any()
        )
        return f"Trajectory({self.n} about the {self.center}: {kinds}; {self.nodes.shape[1]} nodes)"

    def __getitem__(self, index: int | slice | np.ndarray) -> Trajectory:
        """Return trajectory i as a batch of one, or several as a smaller batch."""
        if isinstance(index, int | np.integer) and not -self.n <= index < self.n:
            raise IndexError(f"trajectory {index} of a batch of {self.n}")
        chosen = np.atleast_1d(np.arange(self.n)[index])
        if self.offsets[-1] > 0:
            pieces = [self.nodes[:, self.offsets[i] : self.offsets[i + 1]] for i in chosen]
            nodes = np.concatenate([self.nodes[:, :0], *pieces], axis=1) if len(pieces) != 1 else pieces[0]
            lengths = (self.offsets[1:] - self.offsets[:-1])[chosen]
        else:
            nodes, lengths = self.nodes, np.zeros(chosen.size, dtype=np.int64)
        part = Trajectory(
            self.center,
            self.epoch[chosen],
            self.duration[chosen],
            self.status[chosen],
            self.final[:, chosen],
            self.final_elapsed[chosen],
            np.concatenate([[0], np.cumsum(lengths)]),
            nodes,
            self.steps[chosen],
            [self.message[i] for i in chosen],
            self.forces,
            self.pressure[chosen] if self.pressure is not None else None,
        )
        part.events = self.events.select(chosen) if self.events is not None else None
        return part

    def at(self, elapsed: ArrayLike) -> np.ndarray:
        """States at given times after each trajectory's own start.

        Parameters
        ----------
        elapsed : float or array_like, shape (m,) or (n, m)
            Seconds after the start; negative on a flight backwards. One row for all trajectories, or one
            for each.

        Returns
        -------
        numpy.ndarray, shape (6, n, m)
            km and km/s, ICRF axes, about `center`; (6, n) for a single number.

        Raises
        ------
        InputError
            A time lies outside the span that its trajectory was flown, nothing was recorded, or the shape
            is wrong.

        Notes
        -----
        Hermite interpolation of degree 11 through four nodes, corrected to obey the forces inside each step.
        Its error is below that of the integration: 0.01 mm between the nodes of lunar ellipses flown at a
        tolerance of 1e-10, 0.3 mm on the two-day steps of a 100-day transfer. See
        `cislunar.propagation.interpolant` for what was measured.
        """
        from cislunar.propagation.interpolant import states_at

        missing = np.flatnonzero(np.diff(self.offsets) == 0)
        if missing.size:
            raise InputError(
                f"no nodes were recorded for trajectories {some(missing)}: not flown, or record=False"
            )
        times, scalar = elapsed_times(elapsed, self.final_elapsed)
        states = states_at(self, times, np.ndim(elapsed) < 2)
        return states[:, :, 0] if scalar else states

    def at_tdb(self, tdb: ArrayLike) -> np.ndarray:
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

    @classmethod
    def from_nodes(
        cls,
        center: str,
        epoch: float,
        elapsed: ArrayLike,
        states: ArrayLike,
        forces: ForceModel | None = None,
    ) -> Trajectory:
        """Build a trajectory, a batch of one, from tabulated states.

        Parameters
        ----------
        center : str
            Body at the origin; axes are ICRF.
        epoch : float
            Seconds past J2000 TDB that `elapsed` counts from.
        elapsed : array_like, shape (m,)
            Seconds, strictly increasing.
        states : array_like, shape (6, m)
            km and km/s.
        forces : ForceModel, optional
            Gives the accelerations at the nodes. Without it they are derived from the states: the slope at
            each node of the polynomial through the velocities and positions of its neighbours.

        Returns
        -------
        Trajectory
            Of status FINISHED, from the first tabulated state to the last.

        Raises
        ------
        InputError
            An unknown centre, shapes that do not fit, fewer than two states, times that do not increase, or
            values that are not finite.
        """
        from cislunar.propagation.force_model import BODY_RADIUS_KM

        if center not in BODY_RADIUS_KM:
            raise InputError(f"center: expected a body, one of {', '.join(BODY_RADIUS_KM)}; got {center!r}")
        times = real_numbers(elapsed, "from_nodes: elapsed", "seconds, shape (m,)")
        table = real_numbers(states, "from_nodes: states", "km and km/s, shape (6, m)")
        start = real_numbers(epoch, "from_nodes: epoch", "seconds past J2000 TDB")
        if start.size != 1:
            raise InputError(f"from_nodes: expected one epoch; got shape {start.shape}")
        epoch = float(start.reshape(-1)[0])
        if times.ndim != 1 or times.size < 2 or table.shape != (6, times.size):
            raise InputError(
                "from_nodes: expected at least two times (m,) and states (6, m); "
                f"got {times.shape} and {table.shape}"
            )
        if not (np.isfinite(times).all() and np.isfinite(table).all() and np.isfinite(epoch)):
            raise InputError("from_nodes: expected finite times and states")
        if (np.diff(times) <= 0.0).any():
            raise InputError("from_nodes: expected strictly increasing times")
        if forces is not None:
            from cislunar.propagation.flight import acceleration

            slopes = acceleration(table[:3], epoch + times, forces, table[3:])
        else:
            slopes = _slopes(times, table)
        nodes = np.concatenate([times[None] - times[0], table, slopes])
        return cls(
            center,
            np.array([epoch + times[0]]),
            np.array([times[-1] - times[0]]),
            np.array([int(Status.FINISHED)]),
            table[:, -1:].copy(),
            np.array([times[-1] - times[0]]),
            np.array([0, times.size], dtype=np.int64),
            nodes,
            forces=forces,
        )

    def position(self, epoch: Any) -> Any:
        """Positions as an astropy Quantity in km, shape (3, n, m), at an astropy Time of shape (m,)."""
        return self._typed(epoch, slice(0, 3), "km")

    def velocity(self, epoch: Any) -> Any:
        """Velocities as an astropy Quantity in km/s, shape (3, n, m), at an astropy Time of shape (m,)."""
        return self._typed(epoch, slice(3, 6), "km / s")

    @property
    def start(self) -> Any:
        """Start of each trajectory as an astropy Time (TDB), shape (n,)."""
        from cislunar.time import to_astropy

        return to_astropy(self.epoch)

    def _typed(self, epoch: Any, rows: slice, unit: str) -> Any:
        from astropy import units

        from cislunar.time import from_astropy

        return self.at_tdb(from_astropy(epoch))[rows] * units.Unit(unit)


def _slopes(times: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Accelerations at tabulated states: of the quintic-or-less Hermite polynomial through each three
    neighbours.

    Through the positions and velocities of a node and its neighbours goes one polynomial of degree 5; its
    second derivative at the node is a weighted sum of them. At the ends the outer node of three is used,
    with two states the cubic.
    """
    m = times.size
    if m == 2:
        support = np.array([[0, 1], [0, 1]])
    else:
        support = np.clip(np.arange(m), 1, m - 2)[:, None] + np.array([-1, 0, 1])
    scale = times[support[:, -1]] - times[support[:, 0]]
    u = (times[support] - times[:, None]) / scale[:, None]
    powers = np.arange(2 * support.shape[1])
    values = u[:, :, None] ** powers
    slopes = powers * u[:, :, None] ** np.maximum(powers - 1, 0)
    columns = states.T[support]
    right = np.concatenate([columns[:, :, :3], columns[:, :, 3:] * scale[:, None, None]], axis=1)
    coefficients = np.linalg.solve(np.concatenate([values, slopes], axis=1), right)
    return 2.0 * coefficients[:, 2].T / scale**2
