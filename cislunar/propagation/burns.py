"""Flights with burns: coasts to the start of each burn, burns, and what is left of the flight.

Coasts are flown by `propagate`, or to an event where a burn starts at one. Thrust makes the acceleration
depend on the time since ignition and, along the velocity, on the velocity: burns are flown by the second
method, the mass being a linear function of time. Both end exactly where a burn begins and ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.propagation.burn_checks import burn_lists, note_burn_problems
from cislunar.propagation.burn_kinds import Burn
from cislunar.propagation.burn_legs import PoweredLeg, in_order, thrust_flyer
from cislunar.propagation.burn_voyage import Flags, Voyage
from cislunar.propagation.checks import check_options, find_problems, per_trajectory, require_forces, shaped
from cislunar.propagation.event_kinds import Event
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.powered import COAST, PoweredFlight
from cislunar.propagation.status import Status
from cislunar.propagation.terminal import batch_flyer, fly_to_events, without_nodes
from cislunar.propagation.thrust import NUMBERS
from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def propagate_burns(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    forces: ForceModel,
    burns: Sequence[Burn] | Sequence[Sequence[Burn]],
    mass_kg: ArrayLike,
    dry_mass_kg: ArrayLike,
    rtol: float = 1e-10,
    stop_radius_km: ArrayLike | None = None,
    threads: int | None = None,
    on_error: str = "raise",
    max_steps: int = 10_000_000,
    record: bool = True,
) -> PoweredFlight:
    """Fly a batch of trajectories with burns.

    Parameters
    ----------
    state, epoch, duration, forces, rtol, stop_radius_km, threads, on_error, record
        As for `cislunar.propagation.propagate`.
    burns : sequence of ImpulsiveBurn and FiniteBurn, or sequence of n such sequences
        Burns of every trajectory, or of each, in the order flown.
    mass_kg, dry_mass_kg : float or array_like, shape (n,)
        Mass at the given state, and that below which nothing can be burned.
    max_steps : int
        Budget of attempted steps of each leg.

    Returns
    -------
    PoweredFlight
        A trajectory ends as without burns, or when a burn needs more propellant than there is: with status
        BURNED_OUT, a finite burn at the dry mass, an impulse before it is given. Where a burn that starts at
        an event lasts beyond the time at which the next is to start, the status is BURN_MISSED.

    Raises
    ------
    InputError
        As `propagate`; a mass below the dry mass, a dry mass that is not positive, a burn with a value out of
        range, one that starts before the flight or after its end, or before the one before it is over; on a
        flight backwards one that starts at an event.
    EpochRangeError
        Flights outside the tables.

    Notes
    -----
    The area-to-mass ratio of radiation pressure stays as given while propellant is used. Velocities of
    `AlongVelocity` and of the axes `vnc` are relative to the centre of the forces. A burn that has not ended
    when the flight does is cut off there; one that waits for an event which does not come is not flown:
    neither is an error, and `burn_rows` says so.

    A flight backwards (negative duration) undoes the burns that led to the given state, which is that after
    them, with its mass. A burn keeps its meaning: it starts at `start`, seconds after the given state and so
    negative, and lasts from there on; its axes are those of the motion when it starts, which is found by
    flying through the burn several times (`burn_back`). Burns are listed the latest first; impulses are
    taken off, and the mass grows. One that is not over at the given state is flown back from there. Burns
    that start at events are refused: on what state the event is met is not known before the burn is undone.
    To undo a flight forward over a time T, take `start - T` of its burns (for those at events, `start_s` of
    `burn_rows`) in reverse order.
    """
    require_forces(forces)
    states, epochs, durations, stops = shaped(state, epoch, duration, stop_radius_km)
    n = epochs.size
    check_options(rtol, on_error, max_steps, threads)
    lists = burn_lists(burns, n)
    mass, dry = per_trajectory(mass_kg, n, "mass_kg"), per_trajectory(dry_mass_kg, n, "dry_mass_kg")
    problems = find_problems(states, epochs, durations, stops, forces, forces.pressure(n, lenient=True))
    note_burn_problems(problems, lists, durations, mass, dry)
    if problems.any and on_error == "raise":
        raise problems.error(epochs, durations, forces)
    options = {"rtol": rtol, "threads": threads, "record": record, "max_steps": max_steps}
    voyage = _OneCentre(forces, stops, options, states, epochs, durations, lists, mass, dry, problems.texts)
    voyage.fly()
    return voyage.result()


class _OneCentre(Voyage):
    """A batch that is flown about one centre."""

    def __init__(self, forces: ForceModel, stops: Array, options: dict[str, Any], *batch: Any) -> None:
        super().__init__(*batch)
        self._forces, self._stops, self._options = forces, stops, options
        self._pressure = forces.pressure(self._epoch.size, lenient=True)

    def _coast(self, members: Integers, ends: Array, event: Event | None = None) -> Flags:
        max_steps = self._options["max_steps"]
        options = {name: self._options[name] for name in ("rtol", "threads", "record")}
        if event is not None:
            options["record"] = True
        fly = batch_flyer(self._forces, self._epoch.size, members, self._stops, options)
        now = self._now[members]
        start = self._state[:, members], self._epoch[members] + now, ends - now
        if event is None:
            flown = fly(np.arange(members.size), *start, max_steps)
        else:
            flown = fly_to_events(fly, *start, (replace(event, terminal=True),), max_steps).flown
            if not self._options["record"]:
                flown = without_nodes(flown)
        size = members.size
        self._keep(PoweredLeg(
            members, flown, now, COAST, self._mass[members], np.zeros(size), np.zeros((NUMBERS, size))
        ))  # fmt: skip
        return self._arrive(members, flown, ends)

    def _thrust(self, members: Integers, lengths: Array, numbers: Array, k: int) -> Flags:
        now = self._now[members]
        epoch = self._epoch[members] + now
        fly = thrust_flyer(
            self._forces, self._pressure[members], self._stops[members], numbers, epoch, self._options
        )
        flown = fly(
            np.arange(members.size), self._state[:, members], epoch, lengths, self._options["max_steps"]
        )
        flows = self._flows(members, k)
        self._keep(PoweredLeg(members, flown, now, k, self._mass[members], flows, numbers))
        return self._arrive(members, flown, now + lengths)

    def _keep(self, leg: PoweredLeg) -> None:
        self._fresh[leg.owner] = False
        self._legs.append(leg)

    def _arrive(self, members: Integers, flown: Trajectory, ends: Array) -> Flags:
        """Take over the states after legs; trajectories that ended on them end."""
        whole = flown.status == Status.FINISHED
        self._state[:, members] = flown.final
        self._now[members] = np.where(whole, ends, self._now[members] + flown.final_elapsed)
        for j in np.flatnonzero(~whole & (flown.status != Status.EVENT)):
            self._end(int(members[j]), Status(flown.status[j]), flown.message[j])
        return whole

    def _rehearsal(self) -> _OneCentre:
        trial = super()._rehearsal()
        trial._options = {**self._options, "record": False, "through": True}
        trial._stops = np.full_like(self._stops, np.nan)
        return trial

    def result(self) -> PoweredFlight:
        """Put the legs together."""
        coasts, arcs, legs = in_order(self._legs, self._forces, self._epoch.size)
        return PoweredFlight(
            self._forces,
            self._epoch,
            self._duration,
            self._status,
            self._message,
            self._state,
            self._now,
            self._mass,
            coasts,
            arcs,
            legs,
            self.burn_rows(),
            self._burns,
        )
