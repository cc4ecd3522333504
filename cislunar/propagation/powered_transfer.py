"""Transfers with burns: legs about two centres, coasts and arcs, with the mass at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.propagation.burn_legs import PoweredLeg, in_order
from cislunar.propagation.elapsed import elapsed_times
from cislunar.propagation.powered import BurnRows, PoweredFlight
from cislunar.propagation.thrust import ACCELERATION, ALONG, CX, LOSS, SX, TURN, UX, thrust
from cislunar.propagation.trajectory import Trajectory
from cislunar.propagation.transfer_trajectory import Leg, TransferLegs

if TYPE_CHECKING:
    from cislunar.propagation.burn_kinds import Burn

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass
class PoweredTransfer(BurnRows, TransferLegs):
    """A batch of n trajectories with burns, in legs about different centres.

    Attributes
    ----------
    legs : sequence of PoweredLeg
        As for `TransferLegs`; each all coasts or all arcs of one burn. A burn in which the centre changed has
        two arcs or more.
    final_mass_kg : numpy.ndarray, shape (n,)
        Mass at the last state; NaN for a trajectory that was not flown.
    burns : list of tuples of ImpulsiveBurn and FiniteBurn
        The burns asked for, of each trajectory.
    burn_rows : numpy.ndarray of `BURN_ROW`
        The burns that were flown, trajectory by trajectory.
    tables_center : str
        Centre that the states of `events` and `burn_rows` are about: that which the batch was given about.

    All others are those of `TransferLegs`.
    """

    legs: Sequence[PoweredLeg]
    final_mass_kg: Array
    burns: list[tuple[Burn, ...]] = field(repr=False)
    burn_rows: NDArray[Any] = field(repr=False)
    tables_center: str

    def mass_at(self, elapsed: ArrayLike) -> Array:
        """Masses at given times after each trajectory's own start.

        Parameters
        ----------
        elapsed : float or array_like, shape (m,) or (n, m)
            As for `at`; at the time of an impulse the mass is that after it, in time.

        Returns
        -------
        numpy.ndarray, shape (n, m)
            kg; (n,) for a single number. NaN for a trajectory that was not flown.

        Raises
        ------
        InputError
            As `at`.
        """
        times, scalar = elapsed_times(elapsed, self.final_elapsed)
        place = self._leg_at(times)
        times = np.broadcast_to(times, place.shape)
        mass = np.full(place.shape, np.nan)
        for number, leg in enumerate(self.legs):
            rows, columns = np.nonzero(place[leg.owner] == number)
            end = leg.flown.final_elapsed[rows]
            local = times[leg.owner[rows], columns] - leg.began[rows]
            local = np.clip(local, np.minimum(end, 0.0), np.maximum(end, 0.0))
            mass[leg.owner[rows], columns] = leg.mass_kg[rows] - leg.flow_kg_s[rows] * local
        return mass[:, 0] if scalar else mass

    def about(self, center: str) -> PoweredFlight:
        """Return the whole flights about one of the centres, as an ordinary batch of flights with burns.

        Parameters
        ----------
        center : str
            One of the centres flown about.

        Returns
        -------
        PoweredFlight
            Its legs end at hand-overs too. Nodes are moved as by `TransferTrajectory.about`.
        """
        self._require_center(center)
        forces = self.forces[center]
        coasts, arcs, table = in_order([self._leg_about(leg, center) for leg in self.legs], forces, self.n)
        rows = self.burn_rows.copy()
        for name, elapsed in (
            ("state_before", rows["start_s"]),
            ("state_after", rows["start_s"] + rows["duration_s"]),
        ):
            tdb = self.epoch[rows["trajectory"]] + elapsed
            if rows.size:
                rows[name] = self._recentred(rows[name].T, tdb, self.tables_center, center).T
        return PoweredFlight(
            forces,
            self.epoch.copy(),
            self.duration.copy(),
            self.status.copy(),
            list(self.message),
            self._finals_about(center),
            self.final_elapsed.copy(),
            self.final_mass_kg.copy(),
            coasts,
            arcs,
            table,
            rows,
            self.burns,
            of_transfer=True,
        )

    def _leg_about(self, leg: PoweredLeg, center: str) -> PoweredLeg:
        flown = leg.flown
        if flown.center == center:
            return leg
        whose, nodes = self._nodes_about(leg, center)
        counts = np.bincount(whose, minlength=leg.owner.size)
        forces = self.forces[center]
        moved = Trajectory(
            center,
            flown.epoch,
            flown.duration,
            flown.status,
            self._recentred(flown.final, flown.epoch + flown.final_elapsed, flown.center, center),
            flown.final_elapsed,
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            np.ascontiguousarray(nodes),
            flown.steps,
            flown.message,
            forces,
            None if flown.pressure is None else forces.pressure(self.n, lenient=True)[leg.owner],
        )
        return replace(leg, flown=moved)

    def _push(self, leg: Leg, whose: Integers, nodes: Array) -> Array:
        assert isinstance(leg, PoweredLeg)
        numbers = leg.numbers[:, whose]
        steady, even, odd = ((numbers[row], numbers[row + 1], numbers[row + 2]) for row in (CX, UX, SX))
        push: tuple[Array, Array, Array] = thrust(
            nodes[4], nodes[5], nodes[6], nodes[0], numbers[ACCELERATION], numbers[LOSS], steady, even, odd,
            numbers[TURN], numbers[ALONG],
        )  # fmt: skip
        return np.stack(push)
