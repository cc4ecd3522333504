"""Flights from Earth to Moon and back: the centre changes where a sphere around the Moon is crossed.

Near a body its own attraction is large and its position must not be subtracted from a large one; far from
it, its motion must not be part of that of the spacecraft. So a flight is made in legs about the body that
rules. A leg ends at the sphere, an event like any other; the next starts there, at the same epoch, with the
state moved by that of the body in the ephemeris.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.checks import Problems, check_options, find_problems, shaped
from cislunar.propagation.event_kinds import Event, Radius, checked_events
from cislunar.propagation.event_table import ROW, EventTable
from cislunar.propagation.events import in_order, number_occurrences
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.status import MESSAGES, Status
from cislunar.propagation.terminal import batch_flyer, fly_to_events
from cislunar.propagation.trajectory import Trajectory
from cislunar.propagation.transfer_trajectory import Leg, TransferTrajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

HANDOVER_RADIUS_KM = 66_100.0
"""Distance from the Moon at which the centre changes, km: the radius of its sphere of influence,
`d (m / M)^(2/5)` with the distance and the masses of Moon and Earth."""

HANDOVER = "handover"
"""Name of the event at which the centre changes."""


def propagate_transfer(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    outer: ForceModel,
    inner: ForceModel,
    center: str | None = None,
    radius_km: float = HANDOVER_RADIUS_KM,
    events: Any = (),
    rtol: float = 1e-11,
    threads: int | None = None,
    on_error: str = "raise",
    max_steps: int = 10_000_000,
) -> TransferTrajectory:
    """Fly a batch of trajectories about two centres, handing over at a sphere around the inner one.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Position and velocity, km and km/s, ICRF axes, about `center`.
    epoch, duration : float or array_like, shape (n,)
        Start, seconds past J2000 TDB, and time of flight, s; negative flies backwards.
    outer : ForceModel
        What acts outside the sphere; usually with the Earth as centre and the Moon among the bodies.
    inner : ForceModel
        What acts inside; usually with the Moon as centre and the Earth among the bodies.
    center : str, optional
        Which of the two centres the states are about; that of `outer` when left out.
    radius_km : float
        Radius of the sphere around the centre of `inner`.
    events : sequence of Event or callable
        As for `propagate_with_events`. Kinds that name no body mean the centre of the leg: write
        `Periapsis(body="moon")` for the closest approach to the Moon.
    rtol, threads, on_error
        As for `cislunar.propagation.propagate`.
    max_steps : int
        Budget of steps of a leg; a trajectory that has used it up in all its legs ends at the next hand-over.

    Returns
    -------
    TransferTrajectory
        In legs; `about` makes an ordinary trajectory of it.

    Raises
    ------
    InputError, EpochRangeError
        As for `propagate`; force models that do not fit together, or a radius inside the inner body.

    Notes
    -----
    The two states of a hand-over belong to the same epoch, exactly, and differ by the state of one body
    about the other in the ephemeris: position and velocity are continuous to rounding. The two legs obey
    different equations only as far as the motion of the bodies in the ephemeris has causes that the force
    model leaves out, such as planets that are not among its bodies: 1e-12 km/s^2 for Earth, Moon and Sun, a
    few metres in a day.

    The result of a trajectory is the same, bit for bit, alone and in any batch.
    """
    _check_models(outer, inner, radius_km)
    center = outer.center if center is None else center
    if center not in (outer.center, inner.center):
        raise InputError(f"center: expected {outer.center} or {inner.center}; got {center!r}")
    check_options(rtol, on_error, max_steps, threads)
    states, epochs, durations, _ = shaped(state, epoch, duration, None)
    for forces in (outer, inner):
        forces.pressure(epochs.size)
    given, other = (outer, inner) if center == outer.center else (inner, outer)
    problems = _find_problems(states, epochs, durations, given, other)
    if problems.any and on_error == "raise":
        raise problems.error(epochs, durations, given)
    switch = Radius(radius_km, body=inner.center, terminal=True, name=HANDOVER)
    flight = _Flight(outer, inner, (*checked_events(events), switch), center, states, epochs, durations)
    flight.start(~problems.bad)
    flight.fly({"rtol": rtol, "threads": threads}, max_steps)
    result = flight.result()
    for i, text in problems.texts.items():
        result.message[i] = f"{MESSAGES[Status.BAD_INPUT]}: {text}"
    return result


def _check_models(outer: ForceModel, inner: ForceModel, radius_km: float) -> None:
    for one, another in ((outer, inner), (inner, outer)):
        if another.center not in one.bodies:
            raise InputError(
                f"hand-over: the force model about the {one.center} leaves out the {another.center}; "
                f"expected it among the bodies {one.bodies}"
            )
    if outer.ephemeris is not inner.ephemeris:
        raise InputError("hand-over: expected two force models with the same ephemeris object")
    if not (np.isfinite(radius_km) and radius_km > inner.radius_km):
        raise InputError(
            f"radius_km: expected more than the radius of the {inner.center}, {inner.radius_km} km; "
            f"got {radius_km}"
        )


def _find_problems(
    states: Array, epochs: Array, durations: Array, given: ForceModel, other: ForceModel
) -> Problems:
    """Check the input of each trajectory against both models."""
    none = np.full(epochs.size, np.nan)
    problems = find_problems(states, epochs, durations, none, given)
    good = np.flatnonzero(~problems.bad)
    if good.size:
        moved = states[:, good] + given.ephemeris.state(given.center, other.center, epochs[good])
        more = find_problems(moved, epochs[good], durations[good], none[good], other)
        problems.texts.update({int(good[i]): text for i, text in more.texts.items()})
        problems.bad[good] |= more.bad
        problems.outside[good] |= more.outside
    problems.texts = dict(sorted(problems.texts.items()))
    return problems


class _Flight:
    """A batch on its way: where each trajectory is, about which centre, and what it has behind it."""

    def __init__(
        self,
        outer: ForceModel,
        inner: ForceModel,
        events: tuple[Event, ...],
        center: str,
        state: Array,
        epoch: Array,
        duration: Array,
    ) -> None:
        n = epoch.size
        self._outer, self._inner, self._events = outer, inner, events
        self._center = center
        self._state, self._epoch, self._duration = state.copy(), epoch, duration
        self._inside = np.zeros(n, dtype=np.bool_)
        self._active = np.zeros(0, dtype=np.int64)
        self._began = np.zeros(n)
        self._counts = np.zeros((n, len(events)), dtype=np.int64)
        self._used = np.zeros(n, dtype=np.int64)
        self._legs: list[Leg] = []
        self._rows = [np.empty(0, ROW)]
        self._status = np.full(n, int(Status.BAD_INPUT))
        self._message = [MESSAGES[Status.BAD_INPUT]] * n
        self._final, self._final_elapsed = np.full((6, n), np.nan), np.zeros(n)

    def start(self, good: NDArray[np.bool_]) -> None:
        """Choose the first centre of the trajectories that can be flown."""
        self._active = np.flatnonzero(good)
        active = self._active
        if not active.size:
            return
        epoch, ephemeris = self._epoch[active], self._inner.ephemeris
        state = self._state[:, active]
        if self._center != self._inner.center:
            state = state - ephemeris.state(self._inner.center, self._center, epoch)
        switch = self._events[-1]
        assert isinstance(switch, Radius)
        distance = np.sqrt(state[0] ** 2 + state[1] ** 2 + state[2] ** 2)
        along = (state[0] * state[3] + state[1] * state[4] + state[2] * state[5]) * self._duration[active]
        # On the sphere it is the side that the flight goes to that counts.
        at_sphere = np.abs(distance - switch.radius_km) < 1e-9 * switch.radius_km
        inside = np.where(at_sphere, along < 0.0, distance < switch.radius_km)
        self._inside[active] = inside
        moving = active[inside == (self._center == self._outer.center)]
        self._move(moving, self._center, self._epoch[moving])

    def _move(self, members: Integers, origin: str, tdb: Array) -> None:
        """Give the states of trajectories about the other centre."""
        if members.size:
            target = self._inner.center if origin == self._outer.center else self._outer.center
            self._state[:, members] += self._inner.ephemeris.state(origin, target, tdb)

    def fly(self, options: dict[str, Any], max_steps: int) -> None:
        """Fly all trajectories to their ends, leg by leg."""
        while self._active.size:
            active, self._active = self._active, self._active[:0]
            inside = self._inside[active]
            for forces, members in ((self._outer, active[~inside]), (self._inner, active[inside])):
                if members.size:
                    self._fly_leg(forces, members, options, max_steps)
            self._active = np.sort(self._active)

    def _fly_leg(
        self, forces: ForceModel, members: Integers, options: dict[str, Any], max_steps: int
    ) -> None:
        n = self._epoch.size
        began = self._began[members]
        before = self._counts[members]
        outcome = fly_to_events(
            batch_flyer(forces, n, members, np.full(n, np.nan), options),
            self._state[:, members],
            self._epoch[members] + began,
            self._duration[members] - began,
            self._events,
            max_steps,
            before,
        )
        flown = outcome.flown
        self._legs.append(Leg(members, flown, began))
        self._record(outcome.event_rows(self._events, before), members, flown, began)
        self._counts[members] = outcome.counts
        self._used[members] += flown.steps
        # Ends are epochs that are numbers, so these differences are exact.
        end = flown.epoch + flown.final_elapsed
        elapsed = np.where(
            flown.status == Status.FINISHED, self._duration[members], end - self._epoch[members]
        )
        self._final[:, members], self._final_elapsed[members] = flown.final, elapsed
        self._status[members] = flown.status
        for i, text in zip(members, flown.message, strict=True):
            self._message[i] = text
        for i in members[flown.status == Status.IMPACT]:
            self._message[i] = f"impact on the {forces.center}"

        handed = outcome.hit == len(self._events) - 1
        spent = handed & (self._used[members] >= max_steps)
        self._status[members[spent]] = Status.MAX_STEPS
        for i in members[spent]:
            self._message[i] = MESSAGES[Status.MAX_STEPS]
        going = handed & ~spent
        onward = members[going]
        self._state[:, onward] = flown.final[:, going]
        self._move(onward, forces.center, end[going])
        self._inside[onward] = ~self._inside[onward]
        self._began[onward] = elapsed[going]
        self._counts[onward, -1] = 0
        self._active = np.concatenate([self._active, onward])

    def _record(self, rows: NDArray[Any], members: Integers, flown: Trajectory, began: Array) -> None:
        """Keep the events of a leg, on the clock of the whole flight and about the centre given."""
        whose = rows["trajectory"].copy()
        rows["trajectory"] = members[whose]
        rows["elapsed"] += began[whose]
        if flown.center != self._center and rows.size:
            shift = self._inner.ephemeris.state(flown.center, self._center, rows["tdb"])
            rows["state"] += shift.T
        switch = rows["event"] == len(self._events) - 1
        rows["terminal"] &= ~switch
        self._rows.append(rows)

    def result(self) -> TransferTrajectory:
        """Put the legs together."""
        rows = in_order(np.concatenate(self._rows))
        number_occurrences(rows)
        centers = [self._inner.center if inside else self._outer.center for inside in self._inside]
        return TransferTrajectory(
            {self._outer.center: self._outer, self._inner.center: self._inner},
            self._epoch,
            self._duration,
            self._status,
            self._message,
            centers,
            self._final,
            self._final_elapsed,
            self._legs,
            EventTable(tuple(event.name for event in self._events), rows, self._epoch.size),
        )
