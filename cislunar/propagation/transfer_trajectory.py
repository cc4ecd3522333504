"""Trajectories whose centre changes on the way: legs about one body, then about another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.checks import some
from cislunar.propagation.elapsed import elapsed_at, elapsed_times, scattered
from cislunar.propagation.event_table import EventTable
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.steps import Steps
from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_LONGEST_MOVED_S = 2400.0


@dataclass(frozen=True)
class Leg:
    """Flights of some trajectories of a batch about one centre.

    Attributes
    ----------
    owner : numpy.ndarray, shape (k,), int
        Which trajectories of the batch, rising.
    flown : Trajectory
        Their flights from hand-over to hand-over; each has the epoch of its own start.
    began : numpy.ndarray, shape (k,)
        Start of the leg, s after the start of the trajectory.
    """

    owner: Integers
    flown: Trajectory
    began: Array


@dataclass
class TransferLegs:
    """What all batches of n trajectories in legs about different centres have in common.

    Attributes
    ----------
    forces : mapping of str to ForceModel
        What was flown about each centre.
    epoch, duration : numpy.ndarray, shape (n,)
        As for `Trajectory`.
    status : numpy.ndarray, shape (n,), int
        `cislunar.propagation.Status` of the last leg.
    message : list of str
        The same in words.
    center : list of str
        Centre of the last leg of each trajectory.
    final : numpy.ndarray, shape (6, n)
        Last state, km and km/s, ICRF axes, about that centre.
    final_elapsed : numpy.ndarray, shape (n,)
        Time of the last state, s after the start.
    legs : sequence of Leg
        In the order flown by each trajectory, which is in each at most once.
    events : EventTable
        Events and hand-overs (named `handover`); states about the centre the batch was given about.
    """

    forces: Mapping[str, ForceModel]
    epoch: Array
    duration: Array
    status: Integers
    message: list[str]
    center: list[str]
    final: Array
    final_elapsed: Array
    legs: Sequence[Leg]
    events: EventTable = field(repr=False)

    @property
    def n(self) -> int:
        """Number of trajectories."""
        return self.epoch.size

    def __len__(self) -> int:
        """Return the number of trajectories."""
        return self.n

    def legs_of(self, trajectory: int) -> list[Trajectory]:
        """Legs of one trajectory in the order flown, as batches of one with their own starts."""
        if not -self.n <= trajectory < self.n:
            raise IndexError(f"trajectory {trajectory} of a batch of {self.n}")
        index = trajectory % self.n
        return [leg.flown[int(np.searchsorted(leg.owner, index))] for leg in self.legs if index in leg.owner]

    def at(self, elapsed: ArrayLike, center: str) -> Array:
        """States at given times after each trajectory's own start.

        Parameters
        ----------
        elapsed : float or array_like, shape (m,) or (n, m)
            Seconds after the start; negative on a flight backwards. At the time of an impulse the state is
            that after it, in time.
        center : str
            Body that the states are wanted about: any body of the ephemeris.

        Returns
        -------
        numpy.ndarray, shape (6, n, m)
            km and km/s, ICRF axes; (6, n) for a single number.

        Raises
        ------
        InputError
            A time lies outside the flight of its trajectory, or the shape is wrong.
        """
        times, scalar = elapsed_times(elapsed, self.final_elapsed)
        place = self._leg_at(times)
        result = np.full((6, *place.shape), np.nan)
        times = np.broadcast_to(times, place.shape)
        for number, leg in enumerate(self.legs):
            rows, columns = np.nonzero(place[leg.owner] == number)
            if not rows.size:
                continue
            local = times[leg.owner[rows], columns] - leg.began[rows]
            tdb = leg.flown.epoch[rows] + local
            states = scattered(leg.flown, rows, local)
            result[:, leg.owner[rows], columns] = self._recentred(states, tdb, leg.flown.center, center)
        return result[:, :, 0] if scalar else result

    def _leg_at(self, times: Array) -> Integers:
        """Leg (n, m) of each time, by its number: of two that meet there, the later in time."""
        place = np.full((self.n, times.shape[1]), -1)
        times = np.broadcast_to(times, place.shape)
        for number, leg in enumerate(self.legs):
            wanted, began = times[leg.owner], leg.began[:, None]
            back = (self.duration[leg.owner] < 0.0)[:, None]
            begun = np.where(back, wanted < began, wanted >= began)
            place[leg.owner] = np.where(begun | (place[leg.owner] < 0), number, place[leg.owner])
        return place

    def at_tdb(self, tdb: ArrayLike, center: str) -> Array:
        """States (6, n, m) at epochs (m,), seconds past J2000 TDB, about a body; see `at`."""
        times, scalar = elapsed_at(tdb, self.epoch)
        states = self.at(times, center)
        return states[:, :, 0] if scalar else states

    def _nodes_about(self, leg: Leg, center: str) -> tuple[Integers, Array]:
        """Owners in the leg and nodes (10, m) of a leg, moved to a centre, on the clock of the leg."""
        from cislunar.propagation.flight import acceleration
        from cislunar.propagation.terminal import restricted

        flown = leg.flown
        whose, nodes = np.repeat(np.arange(leg.owner.size), np.diff(flown.offsets)), flown.nodes.copy()
        if flown.center == center or not nodes.shape[1]:
            return whose, nodes
        between, inner = _between(flown)
        whose, nodes = np.concatenate([whose, between]), np.concatenate([nodes, inner], axis=1)
        order = np.lexsort((np.abs(nodes[0]), whose))
        whose, nodes = whose[order], nodes[:, order]
        push = self._push(leg, whose, nodes)
        tdb = flown.epoch[whose] + nodes[0]
        nodes[1:7] = self._recentred(nodes[1:7], tdb, flown.center, center)
        model = restricted(self.forces[center], self.n, leg.owner[whose])
        nodes[7:] = acceleration(nodes[1:4], tdb, model, nodes[4:7]) + push
        return whose, nodes

    def _push(self, leg: Leg, whose: Integers, nodes: Array) -> Array | float:
        """Acceleration by thrust at the nodes of a leg, before they are moved."""
        return 0.0

    def _finals_about(self, center: str) -> Array:
        """Last states (6, n) about a centre."""
        final = np.full((6, self.n), np.nan)
        for leg in self.legs:
            flew = np.diff(leg.flown.offsets) > 0
            last = leg.flown.epoch[flew] + leg.flown.final_elapsed[flew]
            final[:, leg.owner[flew]] = self._recentred(
                leg.flown.final[:, flew], last, leg.flown.center, center
            )
        return final

    def _require_center(self, center: str) -> None:
        if center not in self.forces:
            raise InputError(f"center: expected one of {', '.join(self.forces)}; got {center!r}")

    def _recentred(self, state: Array, tdb: Array, origin: str, center: str) -> Array:
        if origin == center:
            return state
        return state + next(iter(self.forces.values())).ephemeris.state(origin, center, tdb)


class TransferTrajectory(TransferLegs):
    """A batch of n trajectories without burns, in legs about different centres."""

    def state_transition(self, threads: int | None = None) -> Array:
        """State-transition matrices of the whole flights, over all hand-overs.

        Parameters
        ----------
        threads : int, optional
            As for `cislunar.propagation.state_transition`.

        Returns
        -------
        numpy.ndarray, shape (6, 6, n)
            Derivative of `final` with respect to the state at the start, the time of the end held fixed.

        Raises
        ------
        InputError
            A trajectory was not flown.

        Notes
        -----
        The product of the matrices of the legs. At a hand-over the state moves by that of a body at an
        epoch, which does not depend on it; that a neighbour is handed over a little earlier or later counts
        only by the difference of the two force models there, which is left out: 4e-7 of the largest element
        of each 3 by 3 block on an arrival at the Moon with DE440 (tests).
        """
        from cislunar.propagation.stm import state_transition

        matrices = np.repeat(np.eye(6)[:, :, None], self.n, axis=2)
        missing = np.ones(self.n, dtype=np.bool_)
        for leg in self.legs:
            missing[leg.owner] = False
            own = state_transition(leg.flown, threads, history=False).final
            matrices[:, :, leg.owner] = np.einsum("ijn,jkn->ikn", own, matrices[:, :, leg.owner])
        if missing.any():
            raise InputError(f"state transition: trajectories {some(np.flatnonzero(missing))} were not flown")
        return matrices

    def about(self, center: str) -> Trajectory:
        """Return the whole flights about one of the centres, as an ordinary batch of trajectories.

        Parameters
        ----------
        center : str
            One of the centres flown about.

        Returns
        -------
        Trajectory
            With all nodes moved to that centre, where a hand-over has one node, and with the accelerations
            that the force model of that centre gives. Long steps of legs about another centre are divided, so
            that between the nodes too the path is that of the leg to within a centimetre.
        """
        self._require_center(center)
        forces = self.forces[center]
        owners, columns = [np.zeros(0, dtype=np.int64)], [np.empty((10, 0))]
        steps = np.zeros(self.n, dtype=np.int64)
        for leg in self.legs:
            whose, nodes = self._nodes_about(leg, center)
            steps[leg.owner] += leg.flown.steps
            # A hand-over has one node: the last of the leg before it.
            first = np.concatenate([[True], whose[1:] != whose[:-1]])[: whose.size]
            keep = ~(first & (leg.began[whose] != 0.0))
            whose, nodes = whose[keep], nodes[:, keep]
            nodes[0] += leg.began[whose]
            owners.append(leg.owner[whose])
            columns.append(nodes)
        owner = np.concatenate(owners)
        order = np.argsort(owner, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=self.n))]).astype(np.int64)
        nodes = np.ascontiguousarray(np.concatenate(columns, axis=1)[:, order])
        ends = offsets[1:][np.diff(offsets) > 0] - 1
        nodes[0, ends] = self.final_elapsed[owner[order][ends]]
        return Trajectory(
            center,
            self.epoch.copy(),
            self.duration.copy(),
            self.status.copy(),
            self._finals_about(center),
            self.final_elapsed.copy(),
            offsets,
            nodes,
            steps,
            list(self.message),
            forces,
            forces.pressure(self.n, lenient=True),
        )


def _between(flown: Trajectory) -> tuple[Integers, Array]:
    """Owners (p,) and nodes (10, p) without accelerations, that divide steps of more than 40 minutes."""
    steps = Steps(flown, 0, flown.n)
    width = steps.end_s - steps.start_s
    parts = np.ceil(np.abs(width) / _LONGEST_MOVED_S).astype(np.int64)
    step = np.repeat(np.arange(parts.size), np.maximum(parts - 1, 0))
    place = np.arange(step.size) - np.searchsorted(step, step) + 1
    elapsed = steps.start_s[step] + width[step] * (place / parts[step])
    nodes = np.zeros((10, step.size))
    nodes[0], nodes[1:7] = elapsed, steps.states(step, elapsed[:, None])[:, :, 0]
    return steps.trajectory[step], nodes
