"""Flights between two bodies on their way: legs about the body that rules, with burns or without.

A leg ends where the flight enters or leaves the sphere, at an event that ends the flight, where a burn starts
or ends, or with the flight. A hand-over in the middle of a burn divides it into two arcs; the clock of the
thrust, the propellant and, unless it is along the velocity, its direction go on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cislunar.propagation.burn_legs import PoweredLeg, later, thrust_flyer
from cislunar.propagation.burn_voyage import Flags, Voyage, likeness
from cislunar.propagation.event_kinds import Event, Radius
from cislunar.propagation.event_table import ROW, EventTable
from cislunar.propagation.events import START_S, in_order, number_occurrences
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.moments import Moments, Surroundings
from cislunar.propagation.powered import COAST
from cislunar.propagation.status import Status
from cislunar.propagation.terminal import batch_flyer, fly_to_events
from cislunar.propagation.thrust import NUMBERS
from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class _Push(NamedTuple):
    """The burn k of trajectories of the batch: when each was begun, mass then, flow, and numbers then."""

    burn: int
    began: Array
    mass_kg: Array
    flow_kg_s: Array
    numbers: Array


class TransferVoyage(Voyage):
    """A batch that is flown about two centres.

    Parameters
    ----------
    outer, inner : ForceModel
        What acts outside and inside the sphere.
    events : tuple of Event
        What to look for; the last is the sphere.
    center : str
        Centre that the states are given about.
    options : dict
        `rtol`, `threads` and `max_steps`.
    batch
        As for `Voyage`.
    """

    def __init__(
        self,
        outer: ForceModel,
        inner: ForceModel,
        events: tuple[Event, ...],
        center: str,
        options: dict[str, Any],
        *batch: Any,
    ) -> None:
        super().__init__(*batch)
        n = self._epoch.size
        self._outer, self._inner, self._events = outer, inner, events
        self._center, self._options = center, options
        self._inside = np.zeros(n, dtype=np.bool_)
        self._counts = np.zeros((n, len(events)), dtype=np.int64)
        self._waits = np.zeros(n, dtype=np.int64)
        self._used = np.zeros(n, dtype=np.int64)
        self._event_rows = [np.empty(0, ROW)]
        self._choose_centres(np.flatnonzero(self._going))

    def _choose_centres(self, active: Integers) -> None:
        """Choose the first centre of the trajectories that can be flown."""
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

    def _forces(self, i: int) -> ForceModel:
        return self._inner if self._inside[i] else self._outer

    def _tables_state(self, i: int) -> Array:
        state = super()._tables_state(i)
        origin = self._forces(i).center
        if origin == self._center:
            return state
        tdb = np.array([self._epoch[i] + self._now[i]])
        shift: Array = self._inner.ephemeris.state(origin, self._center, tdb)
        return state + shift[:, 0]

    def _coast(self, members: Integers, ends: Array, event: Event | None = None) -> Flags:
        if event is not None:
            self._waits[members] = 0
        return self._cruise(members, ends, event, None)

    def _thrust(self, members: Integers, lengths: Array, numbers: Array, k: int) -> Flags:
        began = self._now[members]
        push = _Push(k, began, self._mass[members], self._flows(members, k), numbers)
        return self._cruise(members, began + lengths, None, push)

    def _cruise(self, members: Integers, ends: Array, event: Event | None, push: _Push | None) -> Flags:
        """Fly trajectories leg by leg until each came to its time, met the event, or ended."""
        came = np.zeros(members.size, dtype=np.bool_)
        places = np.arange(members.size)
        while places.size:
            self._choose_sides(members[places])
            inside = self._inside[members[places]]
            onward = [places[:0]]
            for forces, part in ((self._outer, places[~inside]), (self._inner, places[inside])):
                if part.size:
                    whole, handed = self._leg(forces, members[part], ends[part], event, _part(push, part))
                    came[part[whole]] = True
                    onward.append(part[handed])
            places = np.sort(np.concatenate(onward))
        self._choose_sides(members[self._going[members]])
        return came

    def _choose_sides(self, members: Integers) -> None:
        """Hand over what stands on the sphere, less than a millisecond from passing it.

        Burns that start there are the reason: a passage so near the start of a leg is not seen on it.
        """
        if not members.size:
            return
        inside, tdb = self._inside[members], self._epoch[members] + self._now[members]
        state = self._state[:, members].copy()
        outer, inner = self._outer.center, self._inner.center
        if not inside.all():
            state[:, ~inside] += self._inner.ephemeris.state(outer, inner, tdb[~inside])
        switch = self._events[-1]
        assert isinstance(switch, Radius)
        distance = np.sqrt(state[0] ** 2 + state[1] ** 2 + state[2] ** 2)
        along = state[0] * state[3] + state[1] * state[4] + state[2] * state[5]
        near = np.abs(distance - switch.radius_km) <= 2.0 * START_S * np.abs(along) / distance
        enters = np.where(self._back[members], -along, along) < 0.0
        for j in np.flatnonzero(near & (enters != inside)):
            i, row = members[j], np.zeros(1, ROW)
            row["trajectory"], row["event"], row["rising"] = i, len(self._events) - 1, along[j] > 0.0
            row["elapsed"], row["tdb"], row["state"] = self._now[i], tdb[j], self._tables_state(int(i))
            self._event_rows.append(row)
            self._move(members[[j]], self._forces(int(i)).center, tdb[[j]])
            self._inside[i] = enters[j]

    def _leg(
        self, forces: ForceModel, members: Integers, ends: Array, event: Event | None, push: _Push | None
    ) -> tuple[Flags, Flags]:
        """Fly one leg; return which trajectories came to their times, and which were handed over."""
        n, size, began = self._epoch.size, members.size, self._now[members]
        epoch = self._epoch[members] + began
        none = np.full(n, np.nan)
        if push is None:
            leg_of = COAST, self._mass[members], np.zeros(size), np.zeros((NUMBERS, size))
            fly = batch_flyer(forces, n, members, none, self._flying)
        else:
            since = began - push.began
            leg_of = (
                push.burn,
                push.mass_kg - push.flow_kg_s * since,
                push.flow_kg_s,
                later(push.numbers, since),
            )
            pressure = forces.pressure(n, lenient=True)[members]
            fly = thrust_flyer(forces, pressure, none[members], leg_of[3], epoch, self._options)
        events, before = self._events, self._counts[members]
        if event is not None:
            events = (*events, replace(event, terminal=True))
            before = np.column_stack([before, self._waits[members]])
        outcome = fly_to_events(
            fly, self._state[:, members], epoch, ends - began, events, self._options["max_steps"], before
        )
        flown, own = outcome.flown, len(self._events)
        self._fresh[members] = False
        self._legs.append(PoweredLeg(members, flown, began, *leg_of))
        self._record(outcome.event_rows(events, before), members, flown, began, event)
        self._counts[members] = outcome.counts[:, :own]
        if event is not None:
            self._waits[members] = outcome.counts[:, own]
        self._used[members] += flown.steps

        handed = outcome.hit == own - 1
        met = outcome.hit == own
        if event is not None and handed.any():
            met |= self._meets_there(event, members, flown, handed)
        whole = flown.status == Status.FINISHED
        # Ends are epochs that are numbers, so these differences are exact.
        reached = flown.epoch + flown.final_elapsed
        self._now[members] = np.where(whole, ends, reached - self._epoch[members])
        self._state[:, members] = flown.final
        spent = handed & (self._used[members] >= self._options["max_steps"])
        for i in members[spent]:
            self._end(int(i), Status.MAX_STEPS)
        for j in np.flatnonzero(~whole & ~handed & ~met):
            status = Status(flown.status[j])
            impact = status == Status.IMPACT
            self._end(
                int(members[j]), status, f"impact on the {forces.center}" if impact else flown.message[j]
            )
        handed &= ~spent
        onward = members[handed]
        self._move(onward, forces.center, reached[handed])
        self._inside[onward] = ~self._inside[onward]
        self._counts[onward, own - 1] = 0
        return whole, handed & ~met

    def _meets_there(self, event: Event, members: Integers, flown: Trajectory, handed: Flags) -> Flags:
        """Which trajectories that were handed over meet, at the same place, the event that they wait for."""
        result = np.zeros(members.size, dtype=np.bool_)
        chosen = np.flatnonzero(handed)
        states, tdb = flown.final[:, chosen], (flown.epoch + flown.final_elapsed)[chosen]
        values = []
        for shift in (-START_S, START_S):
            moved = states.copy()
            moved[:3] += shift * states[3:]
            values.append(event.values(Moments(tdb + shift, moved, Surroundings(flown))))
        rising = values[1] > 0.0
        passes = (values[0] > 0.0) != rising
        if event.direction != "both":
            passes &= rising == (event.direction == "rising")
        self._waits[members[chosen[passes]]] += 1
        result[chosen] = passes & (self._waits[members[chosen]] >= event.occurrence)
        return result

    @property
    def _flying(self) -> dict[str, Any]:
        return {"rtol": self._options["rtol"], "threads": self._options["threads"]}

    def _record(
        self, rows: NDArray[Any], members: Integers, flown: Trajectory, began: Array, awaited: Event | None
    ) -> None:
        """Keep the events of a leg, on the clock of the whole flight and about the centre given."""
        own = len(self._events)
        # A sphere that did not end the leg is one that the next leg starts at: `_choose_sides` keeps it.
        rows = rows[(rows["event"] != own - 1) | rows["terminal"]]
        if awaited is not None:
            rows = self._with_awaited(rows, awaited, flown)
        whose = rows["trajectory"].copy()
        rows["trajectory"] = members[whose]
        rows["elapsed"] += began[whose]
        if flown.center != self._center and rows.size:
            shift = self._inner.ephemeris.state(flown.center, self._center, rows["tdb"])
            rows["state"] += shift.T
        rows["terminal"] &= rows["event"] != own - 1
        self._event_rows.append(rows)

    def _with_awaited(self, rows: NDArray[Any], awaited: Event, flown: Trajectory) -> NDArray[Any]:
        """Turn the row of the event that a burn starts at into one of the event like it that is looked for.

        At the very end of a leg the latter may be found or not, by rounding, and on the next it would be the
        start.
        """
        own = len(self._events)
        met = rows[(rows["event"] == own) & rows["terminal"]]
        rows = rows[rows["event"] != own]
        alike = [e for e, event in enumerate(self._events[:-1]) if _same(event, awaited)]
        for e in alike:
            end = flown.final_elapsed[rows["trajectory"]]
            at_end = np.isin(rows["trajectory"], met["trajectory"])
            rows = rows[~((rows["event"] == e) & at_end & (np.abs(rows["elapsed"] - end) < START_S))]
            passage = met.copy()
            passage["event"], passage["terminal"] = e, False
            rows = np.concatenate([rows, passage])
        return rows

    def _rehearsal(self) -> TransferVoyage:
        trial = super()._rehearsal()
        trial._events = self._events[-1:]
        trial._counts = np.zeros((self._epoch.size, 1), dtype=np.int64)
        trial._options = {**self._options, "through": True}
        return trial

    @property
    def legs(self) -> list[PoweredLeg]:
        """All legs in the order flown."""
        return self._legs

    def outcome(self) -> dict[str, Any]:
        """Attributes of `TransferLegs` but the legs."""
        rows = in_order(np.concatenate(self._event_rows))
        number_occurrences(rows)
        return {
            "forces": {self._outer.center: self._outer, self._inner.center: self._inner},
            "epoch": self._epoch,
            "duration": self._duration,
            "status": self._status,
            "message": self._message,
            "center": [self._forces(i).center for i in range(self._epoch.size)],
            "final": self._state,
            "final_elapsed": self._now,
            "events": EventTable(tuple(event.name for event in self._events), rows, self._epoch.size),
        }

    def burned(self) -> dict[str, Any]:
        """Attributes of `PoweredTransfer` besides those of `TransferLegs`."""
        return {
            "final_mass_kg": self._mass,
            "burns": self._burns,
            "burn_rows": self.burn_rows(),
            "tables_center": self._center,
        }


def _part(push: _Push | None, part: Integers) -> _Push | None:
    if push is None:
        return None
    return _Push(push.burn, push.began[part], push.mass_kg[part], push.flow_kg_s[part], push.numbers[:, part])


def _same(one: Event, other: Event) -> bool:
    """Whether two events are met at the same times, whatever they are called and do."""
    plain = {"name": "-", "terminal": False, "occurrence": 1}
    return bool(likeness(replace(one, **plain)) == likeness(replace(other, **plain)))  # type: ignore[arg-type]
