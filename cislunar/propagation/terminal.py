"""Flights that end at events, made outside the integration loop.

A batch is flown a number of steps at a time, twice as many each time; the recorded steps are searched for the
terminal events; and the trajectories that met one are flown once more from a node before it to the event
itself. So the last state is as accurate as the integration, not as the interpolation, and an early event does
not cost a late end. How far a slice reaches depends on nothing but its own trajectory.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.propagation.checks import check_options, find_problems, per_trajectory, shaped
from cislunar.propagation.event_kinds import Event, checked_events
from cislunar.propagation.event_table import EventTable
from cislunar.propagation.events import START_S, event_rows, in_order, number_occurrences
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.moments import Moments, Surroundings
from cislunar.propagation.status import Status
from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_FIRST_SLICE = 32
_LONGEST_SLICE = 1024
_BATCH = 4096
_SHORT = 1.0
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


class Flyer(Protocol):
    """Flies some trajectories of a batch from given states."""

    def __call__(
        self, chosen: Integers, state: Array, epoch: Array, duration: Array, max_steps: int
    ) -> Trajectory:
        """Fly the trajectories number `chosen`, from states (6, k), epochs and for durations (k,)."""


@dataclass
class Outcome:
    """A batch that was flown to its terminal events.

    Attributes
    ----------
    flown : Trajectory
        The trajectories, with their nodes.
    hit : numpy.ndarray, shape (n,), int
        Number of the event that ended each trajectory, or -1.
    counts : numpy.ndarray, shape (n, events), int
        How often each event has been met by each trajectory, those before the flight included.
    """

    flown: Trajectory
    hit: Integers
    counts: Integers

    def event_rows(self, events: tuple[Event, ...], before: Integers | None = None) -> NDArray[Any]:
        """Rows of all events of the batch; the terminal passage of a trajectory is its last state."""
        rows = event_rows(self.flown, events)
        flown = self.flown
        number_occurrences(rows, before)
        at_end = np.flatnonzero(self.hit >= 0)
        whose, which = rows["trajectory"], rows["event"]
        rows = rows[(self.hit[whose] != which) | (rows["occurrence"] < self.counts[whose, which])]
        ends = np.zeros(at_end.size, rows.dtype)
        ends["trajectory"], ends["event"], ends["terminal"] = at_end, self.hit[at_end], True
        ends["elapsed"], ends["state"] = flown.final_elapsed[at_end], flown.final[:, at_end].T
        ends["tdb"] = flown.epoch[at_end] + ends["elapsed"]
        ends["rising"] = [
            _rises(events[e], flown, int(i)) for e, i in zip(ends["event"], at_end, strict=True)
        ]
        rows = in_order(np.concatenate([rows, ends]))
        number_occurrences(rows, before)
        return rows


def _rises(event: Event, flown: Trajectory, i: int) -> bool:
    """Whether the function of an event rises with time at the end of trajectory i."""
    if event.direction != "both":
        return event.direction == "rising"
    end, last = flown.final_elapsed[i], flown.nodes[0, flown.offsets[i + 1] - 2]
    times = np.array([end - 1e-3 * (end - last), end])
    moments = Moments(flown.epoch[i] + times, flown[i].at(times)[:, 0], Surroundings(flown))
    before, after = event.values(moments)
    return bool((after > before) == (end > 0.0))


def fly_to_events(
    fly: Flyer,
    state: Array,
    epoch: Array,
    duration: Array,
    events: tuple[Event, ...],
    max_steps: int,
    counts: Integers | None = None,
) -> Outcome:
    """Fly a batch until each trajectory meets a terminal event or ends otherwise.

    Parameters
    ----------
    fly : Flyer
        Flies parts of the batch.
    state, epoch, duration : numpy.ndarray, shapes (6, n), (n,), (n,)
        Starts.
    events : tuple of Event
        Those that are not terminal are left alone.
    max_steps : int
        Budget of steps of each trajectory.
    counts : numpy.ndarray, shape (n, events), int, optional
        How often each event was met before the flight.
    """
    n = epoch.size
    counts = np.zeros((n, len(events)), dtype=np.int64) if counts is None else counts.copy()
    collected = _Collected(n)
    terminal = [number for number, event in enumerate(events) if event.terminal]
    hit = np.full(n, -1)
    began, current = np.zeros(n), state.copy()
    active, size, left = np.arange(n), _FIRST_SLICE, max_steps
    while active.size or not collected.parts:
        steps = min(size, left)
        remaining = duration[active] - began[active]
        part = fly(active, current[:, active], epoch[active] + began[active], remaining, steps)
        left -= steps
        size = min(2 * size, _LONGEST_SLICE)
        collected.add(active, part, epoch[active], began[active], duration[active])
        part = collected.parts[-1].flown
        ends, which, counts[active] = _first_hits(part, events, terminal, counts[active])
        met = np.flatnonzero(which >= 0)
        if met.size:
            collected.finish(fly, active[met], ends[met], [events[e] for e in which[met]], max_steps)
            hit[active[met]] = which[met]
        going = (which < 0) & (part.status == Status.MAX_STEPS) & (left > 0)
        active, part = active[going], part[np.flatnonzero(going)]
        began[active], current[:, active] = part.final_elapsed, part.final
    flown = collected.trajectory(duration)
    for i in np.flatnonzero(hit >= 0):
        event = events[hit[i]]
        flown.status[i] = Status.EVENT
        ordinal = _ORDINALS.get(event.occurrence, f"{event.occurrence}th")
        flown.message[i] = f"ended at event {event.name!r}" + (
            f", its {ordinal} passage" if event.occurrence > 1 else ""
        )
    return Outcome(flown, hit, counts)


def _first_hits(
    part: Trajectory, events: tuple[Event, ...], terminal: list[int], counts: Integers
) -> tuple[Array, Integers, Integers]:
    """Time and number of the event that ends each trajectory of a slice (or -1), and the counts after it."""
    rows = event_rows(part, tuple(events[e] for e in terminal), complete=False)
    ends, which, after = np.full(part.n, np.inf), np.full(part.n, -1), counts.copy()
    for row in rows:
        i, e = row["trajectory"], terminal[row["event"]]
        if which[i] >= 0:
            continue
        after[i, e] += 1
        if after[i, e] == events[e].occurrence:
            ends[i], which[i] = row["elapsed"], e
    return ends, which, after


@dataclass
class _Part:
    owner: Integers
    flown: Trajectory


class _Collected:
    """The slices of a batch, put together at the end."""

    def __init__(self, n: int) -> None:
        self.parts: list[_Part] = []
        self._cut = np.full(n, np.inf)
        self._closing: list[_Part] = []
        self._steps = np.zeros(n, dtype=np.int64)

    def add(self, owner: Integers, part: Trajectory, epoch: Array, began: Array, duration: Array) -> None:
        """Take a slice, on the clock of the whole flight."""
        nodes = part.nodes.copy()
        lengths = np.diff(part.offsets)
        nodes[0] += np.repeat(began, lengths)
        elapsed = began + part.final_elapsed
        whole = part.status == Status.FINISHED
        elapsed[whole] = duration[whole]
        flown = lengths > 0
        nodes[0, part.offsets[1:][flown] - 1] = elapsed[flown]
        self.parts.append(
            _Part(
                owner,
                Trajectory(
                    part.center,
                    epoch,
                    duration,
                    part.status,
                    part.final,
                    elapsed,
                    part.offsets,
                    nodes,
                    part.steps,
                    part.message,
                    part.forces,
                    part.pressure,
                ),
            )
        )
        self._steps[owner] += part.steps

    def _node_before(self, owner: Integers, ends: Array) -> Array:
        """Node (10, k) to start the last stretch from: not so near its end that the nodes crowd there."""
        result = np.empty((10, owner.size))
        for k, (i, end) in enumerate(zip(owner, ends, strict=True)):
            nodes = np.empty((10, 0))
            for part in self.parts[-2:]:
                j = int(np.searchsorted(part.owner, i))
                if j < part.owner.size and part.owner[j] == i:
                    low, high = part.flown.offsets[j], part.flown.offsets[j + 1]
                    nodes = np.concatenate([nodes[:, :-1], part.flown.nodes[:, low:high]], axis=1)
            at = int(np.searchsorted(np.abs(nodes[0]), abs(end), "left")) - 1
            if at > 0 and abs(end - nodes[0, at]) < _SHORT * abs(nodes[0, at] - nodes[0, at - 1]):
                at -= 1
            result[:, k] = nodes[:, max(at, 0)]
        return result

    def finish(self, fly: Flyer, owner: Integers, ends: Array, events: list[Event], max_steps: int) -> None:
        """Fly the last stretch of trajectories to their events, and end them there."""
        last = self.parts[-1]
        place = np.searchsorted(last.owner, owner)
        epoch, duration = last.flown.epoch[place], last.flown.duration[place]
        start = self._node_before(owner, ends)
        for correct in (True, False):
            # An epoch is good to 1e-7 s: end at one that is a number, so that it and the time agree exactly.
            ends = (epoch + ends) - epoch
            part = fly(owner, start[1:7], epoch + start[0], ends - start[0], max_steps)
            if correct:
                ends = ends + _corrections(part, epoch + start[0], events)
        whole = part.status == Status.FINISHED
        reached = np.where(whole, ends, start[0] + part.final_elapsed)
        nodes = part.nodes.copy()
        nodes[0] += np.repeat(start[0], np.diff(part.offsets))
        nodes[0, part.offsets[1:] - 1] = reached
        self._cut[owner] = np.abs(start[0])
        self._steps[owner] += part.steps
        closing = Trajectory(
            part.center, epoch, duration, part.status, part.final, reached, part.offsets, nodes, part.steps,
            list(part.message), part.forces, part.pressure,
        )  # fmt: skip
        self._closing.append(_Part(owner, closing))

    def trajectory(self, duration: Array) -> Trajectory:
        """Put the slices together."""
        n = self._cut.size
        first = self.parts[0].flown
        epoch, message = first.epoch.copy(), [""] * n
        final, elapsed = np.full((6, n), np.nan), np.zeros(n)
        status = np.zeros(n, dtype=np.int64)
        owners, columns = [], []
        for number, part in enumerate([*self.parts, *self._closing]):
            flown, owner = part.flown, part.owner
            final[:, owner], elapsed[owner] = flown.final, flown.final_elapsed
            status[owner] = flown.status
            for i, text in zip(owner, flown.message, strict=True):
                message[i] = text
            lengths = np.diff(flown.offsets)
            whose = np.repeat(owner, lengths)
            keep = np.ones(whose.size, dtype=np.bool_)
            if number > 0:
                keep[flown.offsets[:-1][lengths > 0]] = False
            if number < len(self.parts):
                keep &= np.abs(flown.nodes[0]) <= self._cut[whose]
            owners.append(whose[keep])
            columns.append(flown.nodes[:, keep])
        whose = np.concatenate(owners)
        order = np.argsort(whose, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(whose, minlength=n))]).astype(np.int64)
        nodes = np.ascontiguousarray(np.concatenate(columns, axis=1)[:, order])
        return Trajectory(
            first.center, epoch, duration, status, final, elapsed, offsets, nodes, self._steps, message,
            first.forces, first.pressure,
        )  # fmt: skip


def _corrections(part: Trajectory, epoch: Array, events: list[Event]) -> Array:
    """Seconds by which events lie off the ends of stretches flown to them: a Newton step each."""
    result = np.zeros(part.n)
    flown = np.flatnonzero((part.status == Status.FINISHED) & (part.final_elapsed != 0.0))
    if not flown.size:
        return result
    end = part.final_elapsed[flown]
    short = np.copysign(np.minimum(1.0, 0.01 * np.abs(end)), end)
    times = np.stack([end - short, end], axis=1)
    states = part[flown].at(times)
    states[:, :, 1] = part.final[:, flown]
    tdb = epoch[flown][:, None] + times
    surroundings = Surroundings(part)
    for event in dict.fromkeys(events[i] for i in flown):
        mine = np.array([events[i] is event for i in flown])
        moments = Moments(tdb[mine].reshape(-1), states[:, mine].reshape(6, -1), surroundings)
        before, after = event.values(moments).reshape(-1, 2).T
        with np.errstate(divide="ignore", invalid="ignore"):
            step = -after * short[mine] / (after - before)
        result[flown[mine]] = np.where(np.abs(step) < 0.5 * np.abs(short[mine]), step, 0.0)
    return result


def propagate_with_events(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    forces: ForceModel,
    events: Any,
    rtol: float = 1e-10,
    stop_radius_km: ArrayLike | None = None,
    threads: int | None = None,
    on_error: str = "raise",
    max_steps: int = 10_000_000,
    record: bool = True,
) -> tuple[Trajectory, EventTable]:
    """Fly a batch of trajectories to their terminal events, and find all others on the way.

    Parameters
    ----------
    state, epoch, duration, forces, rtol, stop_radius_km, threads, on_error, max_steps, record
        As for `cislunar.propagation.propagate`.
    events : sequence of Event or callable
        What to look for; a trajectory ends at the first passage of a terminal event, or at the passage whose
        number is its `occurrence`.

    Returns
    -------
    Trajectory
        Of status EVENT where a terminal event was met: the message names it, the last node is its state.
    EventTable
        All events up to there.

    Raises
    ------
    InputError, EpochRangeError
        As for `propagate` and `find_events`; before the flight for input that cannot be flown.

    Notes
    -----
    The last stretch before a terminal event is flown, not interpolated; the event is met within 0.2
    microseconds as far as the event's function is smooth. With terminal events a trajectory restarts its step
    control at fixed numbers of steps, so its nodes differ from those of a flight without.
    """
    wanted = checked_events(events)
    states, epochs, durations, stops = shaped(state, epoch, duration, stop_radius_km)
    check_options(rtol, on_error, max_steps, threads)
    pressure = forces.pressure(epochs.size, lenient=True)
    problems = find_problems(states, epochs, durations, stops, forces, pressure)
    if problems.any and on_error == "raise":
        raise problems.error(epochs, durations, forces)

    pieces, rows = [], []
    for low in range(0, max(epochs.size, 1), _BATCH):
        members = np.arange(low, min(low + _BATCH, epochs.size))
        fly = batch_flyer(forces, epochs.size, members, stops, {"rtol": rtol, "threads": threads})
        start = states[:, members], epochs[members], durations[members]
        if any(event.terminal for event in wanted):
            outcome = fly_to_events(fly, *start, wanted, max_steps)
            flown, found = outcome.flown, outcome.event_rows(wanted)
        else:
            flown = fly(np.arange(members.size), *start, max_steps)
            found = event_rows(flown, wanted)
        found["trajectory"] += low
        rows.append(found)
        pieces.append(flown if record else without_nodes(flown))
    result = joined(pieces)
    result.forces = forces
    return result, EventTable(tuple(event.name for event in wanted), np.concatenate(rows), result.n)


def batch_flyer(
    forces: ForceModel, n: int, members: Integers, stops: Array, options: Mapping[str, Any]
) -> Flyer:
    """Return what flies parts of a batch: the trajectories `members` of n, with their stops and pressures."""
    from cislunar.propagation.flight import propagate

    low, high = forces.span_tdb

    def fly(chosen: Integers, state: Array, epoch: Array, duration: Array, max_steps: int) -> Trajectory:
        # An epoch on the way is rounded, and must not lead out of the tables.
        with np.errstate(invalid="ignore"):
            end = epoch + duration
            slightly = ((end < low) & (end > low - START_S)) | ((end > high) & (end < high + START_S))
        duration = np.where(slightly, np.clip(end, low, high) - epoch, duration)
        return propagate(
            state,
            epoch,
            duration,
            restricted(forces, n, members[chosen]),
            stop_radius_km=stops[members[chosen]],
            on_error="status",
            max_steps=max_steps,
            **options,
        )

    return fly


def restricted(forces: ForceModel, n: int, chosen: Integers) -> ForceModel:
    """Return a force model for some of n trajectories; it shares the tables."""
    pressure = forces.radiation_pressure
    if pressure is None or np.size(pressure.area_to_mass_m2_kg) == 1:
        return forces
    values = per_trajectory(pressure.area_to_mass_m2_kg, n, "radiation pressure")
    part = copy.copy(forces)
    part.radiation_pressure = replace(pressure, area_to_mass_m2_kg=values[chosen])
    return part


def without_nodes(flown: Trajectory) -> Trajectory:
    """Drop the nodes of a batch."""
    flown.nodes = np.empty((10, 0))
    flown.offsets = np.zeros_like(flown.offsets)
    return flown


def joined(pieces: list[Trajectory]) -> Trajectory:
    """Return one batch of the trajectories of several, which have one centre."""
    counts = np.concatenate([np.diff(piece.offsets) for piece in pieces])
    return Trajectory(
        pieces[0].center,
        np.concatenate([piece.epoch for piece in pieces]),
        np.concatenate([piece.duration for piece in pieces]),
        np.concatenate([piece.status for piece in pieces]),
        np.concatenate([piece.final for piece in pieces], axis=1),
        np.concatenate([piece.final_elapsed for piece in pieces]),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([piece.nodes for piece in pieces], axis=1),
        np.concatenate([piece.steps for piece in pieces]),
        [text for piece in pieces for text in piece.message],
        pieces[0].forces,
        _pressures(pieces),
    )


def _pressures(pieces: list[Trajectory]) -> Array | None:
    parts = [piece.pressure for piece in pieces if piece.pressure is not None]
    return np.concatenate(parts) if len(parts) == len(pieces) else None
