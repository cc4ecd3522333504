"""Flights with burns: coasts to the start of each burn, burns, and what is left of the flight.

Coasts are flown by `propagate`, or to an event where a burn starts at one. Thrust makes the acceleration
depend on the time since ignition and, along the velocity, on the velocity: burns are flown by the second
method, the mass being a linear function of time. Both end exactly where a burn begins and ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.propagation.batch import Batch, fly_batch
from cislunar.propagation.burn_checks import ROUNDING, burn_lists, burn_problem
from cislunar.propagation.burn_kinds import Burn, FiniteBurn, ImpulsiveBurn, axes_to_icrf, exhaust_speed_km_s
from cislunar.propagation.burn_legs import Legs, in_order, thrust_model
from cislunar.propagation.checks import (
    TIGHTEST_RTOL,
    Problems,
    check_options,
    find_problems,
    per_trajectory,
    shaped,
)
from cislunar.propagation.event_kinds import Event
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.powered import BURN_ROW, COAST, PoweredFlight
from cislunar.propagation.status import MESSAGES, Status
from cislunar.propagation.terminal import batch_flyer, fly_to_events
from cislunar.propagation.thrust import NUMBERS
from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_ARC_TOLERANCE = 0.1
"""Burns are flown at this share of the tolerance: what the second method needs for the same error."""


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
        As for `cislunar.propagation.propagate`; flights with burns go forward in time.
    burns : sequence of ImpulsiveBurn and FiniteBurn, or sequence of n such sequences
        Burns of every trajectory, or of each, in the order of time.
    mass_kg, dry_mass_kg : float or array_like, shape (n,)
        Mass at the start, and that below which nothing can be burned.
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
        range, one that starts before the flight or after its end, or before the one before it is over.
    EpochRangeError
        Flights outside the tables.

    Notes
    -----
    The area-to-mass ratio of radiation pressure stays as given while propellant is used. Velocities of
    `AlongVelocity` and of the axes `vnc` are relative to the centre of the forces. A burn that has not ended
    when the flight does is cut off there; one that waits for an event which does not come is not flown:
    neither is an error, and `burn_rows` says so.
    """
    states, epochs, durations, stops = shaped(state, epoch, duration, stop_radius_km)
    n = epochs.size
    check_options(rtol, on_error, max_steps, threads)
    lists = burn_lists(burns, n)
    mass, dry = per_trajectory(mass_kg, n, "mass_kg"), per_trajectory(dry_mass_kg, n, "dry_mass_kg")
    forces.pressure(n)
    problems = find_problems(states, epochs, durations, stops, forces)
    for i in range(n):
        text = burn_problem(lists[i], durations[i], mass[i], dry[i])
        if text:
            problems.texts.setdefault(i, text)
    problems.bad[list(problems.texts)] = True
    if problems.any and on_error == "raise":
        raise problems.error(epochs, durations, forces)
    options = {"rtol": rtol, "threads": threads, "record": record}
    return _Voyage(states, epochs, durations, stops, forces, lists, mass, dry, problems, options).fly(
        max_steps
    )


class _Voyage:
    """A batch on its way."""

    def __init__(
        self,
        states: Array,
        epochs: Array,
        durations: Array,
        stops: Array,
        forces: ForceModel,
        burns: list[tuple[Burn, ...]],
        mass: Array,
        dry: Array,
        problems: Problems,
        options: dict[str, Any],
    ) -> None:
        n = epochs.size
        self._forces, self._burns, self._options = forces, burns, options
        self._epoch, self._duration, self._stops, self._dry = epochs, durations, stops, dry
        self._pressure = forces.pressure(n)
        self._now = np.zeros(n)
        # Nothing was flown since the start or the last impulse: the state has no leg yet.
        self._fresh = np.ones(n, dtype=np.bool_)
        self._going = ~problems.bad
        self._state = np.where(problems.bad, np.nan, states)
        self._mass = np.where(problems.bad, np.nan, mass)
        self._status = np.full(n, int(Status.FINISHED))
        self._message = [MESSAGES[Status.FINISHED]] * n
        for i, text in problems.texts.items():
            self._end(i, Status.BAD_INPUT, f"{MESSAGES[Status.BAD_INPUT]}: {text}")
        self._legs: list[Legs] = []
        self._rows: list[Any] = []
        self._max_steps = 0

    def fly(self, max_steps: int) -> PoweredFlight:
        """Fly everything."""
        self._max_steps = max_steps
        longest = max((len(burns) for burns in self._burns), default=0)
        for k in range(longest):
            self._coast_to(k)
            self._impulses(k)
            self._arcs(k)
        flown = np.isfinite(self._state).all(axis=0)
        ends = np.where(self._going, self._duration, self._now)
        last = np.flatnonzero(flown & ((self._now != ends) | self._fresh))
        self._coast(last, ends[last])
        return self._result()

    def _end(self, i: int, status: Status, message: str | None = None) -> None:
        self._going[i] = False
        self._status[i] = int(status)
        self._message[i] = MESSAGES[status] if message is None else message

    def _with_burn(self, k: int) -> Integers:
        return np.array([i for i in np.flatnonzero(self._going) if len(self._burns[i]) > k], dtype=np.int64)

    def _coast_to(self, k: int) -> None:
        """Fly to the start of burn k."""
        members = self._with_burn(k)
        timed = [i for i in members if not isinstance(self._burns[i][k].start, Event)]
        ends = np.array([self._burns[i][k].start for i in timed], dtype=np.float64)
        chosen = np.array(timed, dtype=np.int64)
        late = self._now[chosen] > ends * (1.0 + ROUNDING)
        for i in chosen[late]:
            self._end(i, Status.BURN_MISSED)
        ahead = ends > self._now[chosen]
        self._coast(chosen[ahead], ends[ahead])
        groups: dict[Any, tuple[Event, list[int]]] = {}
        for i in members:
            start = self._burns[i][k].start
            if isinstance(start, Event):
                groups.setdefault(_likeness(start), (start, []))[1].append(int(i))
        for event, group in groups.values():
            self._coast_to_event(np.array(group, dtype=np.int64), event, k)

    def _coast(self, members: Integers, ends: Array) -> None:
        """Fly trajectories without thrust to given times."""
        if not members.size:
            return
        fly = batch_flyer(self._forces, self._epoch.size, members, self._stops, self._options)
        now = self._now[members]
        flown = fly(
            np.arange(members.size),
            self._state[:, members],
            self._epoch[members] + now,
            ends - now,
            self._max_steps,
        )
        self._keep(members, flown, COAST)
        self._now[members] = np.where(flown.status == Status.FINISHED, ends, now + flown.final_elapsed)
        self._arrive(members, flown)

    def _coast_to_event(self, members: Integers, event: Event, k: int) -> None:
        """Fly trajectories to an event; those that do not meet it are done."""
        options = {**self._options, "record": True}
        fly = batch_flyer(self._forces, self._epoch.size, members, self._stops, options)
        now = self._now[members]
        flown = fly_to_events(
            fly,
            self._state[:, members],
            self._epoch[members] + now,
            self._duration[members] - now,
            (replace(event, terminal=True),),
            self._max_steps,
        ).flown
        if not self._options["record"]:
            flown.nodes, flown.offsets = np.empty((10, 0)), np.zeros_like(flown.offsets)
        self._keep(members, flown, COAST)
        whole = flown.status == Status.FINISHED
        self._now[members] = np.where(whole, self._duration[members], now + flown.final_elapsed)
        for i in members[whole]:
            self._end(i, Status.FINISHED, f"flown to the end; burn {k} waited for {event.name!r} in vain")
        flown.status[flown.status == Status.EVENT] = Status.FINISHED
        self._arrive(members, flown)

    def _arrive(self, members: Integers, flown: Trajectory) -> None:
        """Take over the states after legs; trajectories that ended on them end."""
        self._state[:, members] = flown.final
        for j, i in enumerate(members):
            if flown.status[j] != Status.FINISHED:
                self._end(i, Status(flown.status[j]), flown.message[j])

    def _keep(
        self,
        members: Integers,
        flown: Trajectory,
        burn: int,
        flow: Array | None = None,
        numbers: Array | None = None,
    ) -> None:
        size = members.size
        self._fresh[members] = False
        self._legs.append(
            Legs(
                members,
                flown,
                self._now[members],
                np.full(size, burn),
                self._mass[members],
                np.zeros(size) if flow is None else flow,
                np.zeros((NUMBERS, size)) if numbers is None else numbers,
            )
        )

    def _impulses(self, k: int) -> None:
        """Give the impulses among the burns k."""
        for i in self._with_burn(k):
            burn = self._burns[i][k]
            if not isinstance(burn, ImpulsiveBurn):
                continue
            after = burn.mass_after(self._mass[i])
            if after < self._dry[i] * (1.0 - ROUNDING):
                self._end(i, Status.BURNED_OUT)
                continue
            change = axes_to_icrf(burn.axes, self._state[:, i]) @ np.array(burn.delta_v_km_s)
            if not np.isfinite(change).all():
                self._no_axes(i, k)
                continue
            row = self._row(i, k, burn.size_km_s)
            self._state[3:, i] += change
            self._mass[i] = max(after, self._dry[i])
            self._fresh[i] = True
            self._close(row, i, True)

    def _no_axes(self, i: int, k: int) -> None:
        axes = self._burns[i][k].axes
        self._end(i, Status.BAD_INPUT, f"ended: burn {k} has no {axes} axes, the motion being straight")

    def _row(self, i: int, k: int, delta_v: float) -> Any:
        row = np.zeros((), BURN_ROW)
        row["trajectory"], row["burn"], row["start_s"], row["delta_v_km_s"] = i, k, self._now[i], delta_v
        row["mass_before_kg"], row["state_before"] = self._mass[i], self._state[:, i]
        return row

    def _close(self, row: Any, i: int, complete: bool) -> None:
        row["duration_s"] = self._now[i] - row["start_s"]
        row["mass_after_kg"], row["state_after"] = self._mass[i], self._state[:, i]
        row["propellant_kg"] = row["mass_before_kg"] - row["mass_after_kg"]
        row["complete"] = complete
        self._rows.append(row)

    def _arcs(self, k: int) -> None:
        """Fly the finite burns among the burns k."""
        members, lengths, flows, numbers = [], [], [], []
        short, cut = {}, {}
        for i in self._with_burn(k):
            burn = self._burns[i][k]
            if not isinstance(burn, FiniteBurn):
                continue
            wanted = burn.duration(self._mass[i])
            fuelled = (self._mass[i] - self._dry[i]) / burn.flow_kg_s
            left = self._duration[i] - self._now[i]
            length = min(wanted, fuelled, left)
            short[i] = wanted > fuelled * (1.0 + ROUNDING) and fuelled <= left
            cut[i] = left < wanted and not short[i]
            if length <= 0.0:
                if short[i]:
                    self._end(i, Status.BURNED_OUT)
                continue
            row = burn.numbers(self._state[:, i], self._mass[i])
            if not np.isfinite(row).all():
                self._no_axes(i, k)
                continue
            members.append(int(i))
            lengths.append(length)
            flows.append(burn.flow_kg_s)
            numbers.append(row)
        if members:
            flown = np.array(members, dtype=np.int64)
            self._burn(flown, np.array(lengths), np.array(flows), np.array(numbers).T, k, short, cut)

    def _burn(
        self,
        members: Integers,
        lengths: Array,
        flows: Array,
        numbers: Array,
        k: int,
        short: dict[int, bool],
        cut: dict[int, bool],
    ) -> None:
        """Fly trajectories with thrust."""
        flown = self._thrust(members, lengths, numbers)
        self._keep(members, flown, k, flows, numbers)
        rows = [self._row(int(i), k, 0.0) for i in members]
        whole = flown.status == Status.FINISHED
        # The end of the flight exactly, where a burn is cut off there.
        at_end = np.array([cut[i] for i in members]) & whole
        reached = self._now[members] + flown.final_elapsed
        self._now[members] = np.where(at_end, self._duration[members], reached)
        mass = np.maximum(self._mass[members] - flows * flown.final_elapsed, self._dry[members])
        out = np.array([short[i] for i in members]) & whole
        self._mass[members] = np.where(out, self._dry[members], mass)
        self._arrive(members, flown)
        for j, i in enumerate(members):
            burn = self._burns[i][k]
            if out[j]:
                self._end(i, Status.BURNED_OUT)
            ratio = rows[j]["mass_before_kg"] / self._mass[i]
            rows[j]["delta_v_km_s"] = exhaust_speed_km_s(burn.specific_impulse_s or 0.0) * np.log(ratio)
            self._close(rows[j], int(i), bool(whole[j] and not out[j] and not at_end[j]))

    def _thrust(self, members: Integers, lengths: Array, numbers: Array) -> Trajectory:
        """Fly burns of given lengths by the second method."""
        forces, states = self._forces, self._state[:, members]
        epochs = self._epoch[members] + self._now[members]
        stops = self._stops[members]
        radius = np.sqrt((states[:3] ** 2).sum(axis=0))
        inner = np.maximum(forces.radius_km, np.where(stops <= radius, stops, 0.0))
        outer = np.where(stops > radius, stops, np.inf)
        batch = Batch(states, epochs, lengths, self._pressure[members], inner, outer)

        def compiled(chunk: NDArray[Any]) -> Any:
            return thrust_model(forces, numbers[:, chunk])

        flown = fly_batch(
            batch,
            np.arange(members.size),
            forces,
            max(_ARC_TOLERANCE * self._options["rtol"], TIGHTEST_RTOL),
            self._max_steps,
            self._options["record"],
            self._options["threads"],
            compiled,
        )
        end = np.sqrt((flown.final[:3] ** 2).sum(axis=0))
        impact = (flown.status == Status.RADIUS) & (inner == forces.radius_km) & (end < 0.5 * (inner + outer))
        flown.status[impact] = Status.IMPACT
        return Trajectory(
            forces.center,
            epochs,
            lengths,
            flown.status,
            flown.final,
            flown.elapsed,
            flown.offsets,
            flown.nodes,
            flown.steps,
            [MESSAGES[Status(code)] for code in flown.status],
            forces,
        )

    def _result(self) -> PoweredFlight:
        n = self._epoch.size
        coasts, arcs, legs = in_order(self._legs, self._forces, n)
        rows = np.array(self._rows, dtype=BURN_ROW)
        rows = rows[np.lexsort((rows["burn"], rows["trajectory"]))]
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
            rows,
            self._burns,
        )


def _likeness(event: Event) -> Any:
    """What events of the same kind with the same values have in common, so that they are met in one batch."""
    key = (type(event), *(getattr(event, part.name) for part in fields(event)))
    try:
        hash(key)
    except TypeError:
        return id(event)
    return key
