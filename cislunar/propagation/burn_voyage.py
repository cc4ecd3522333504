"""The order of a flight with burns: coast to a burn, burn, go on; and the bookkeeping of masses.

Trajectories go from burn to burn together, the first of all, then the second. On a flight backwards a burn
is met at its end and left at its start: impulses are taken off, the mass grows. How a stretch is flown, about
one centre or two, is for the classes derived from `Voyage` to say.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cislunar.propagation.burn_back import (
    MOST_ROUNDS,
    NEARLY,
    SETTLED,
    SHARES,
    FixedPoint,
    change_of_impulse,
)
from cislunar.propagation.burn_checks import ROUNDING
from cislunar.propagation.burn_kinds import Burn, FiniteBurn, ImpulsiveBurn, axes_to_icrf, exhaust_speed_km_s
from cislunar.propagation.burn_legs import PoweredLeg, later
from cislunar.propagation.event_kinds import Event
from cislunar.propagation.powered import BURN_ROW
from cislunar.propagation.status import MESSAGES, Status
from cislunar.propagation.thrust import ACCELERATION

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_Kind = TypeVar("_Kind", bound="Voyage")


class Voyage(ABC):
    """A batch on its way: where each trajectory is, and what it has behind it."""

    def __init__(
        self,
        states: Array,
        epochs: Array,
        durations: Array,
        burns: list[tuple[Burn, ...]],
        mass: Array,
        dry: Array,
        texts: dict[int, str],
    ) -> None:
        n = epochs.size
        bad = np.zeros(n, dtype=np.bool_)
        bad[list(texts)] = True
        self._burns, self._epoch, self._duration, self._dry = burns, epochs, durations, dry
        self._back = durations < 0.0
        self._now = np.zeros(n)
        # Nothing was flown since the start or the last impulse: the state has no leg yet.
        self._fresh = np.ones(n, dtype=np.bool_)
        self._going = ~bad
        self._state = np.where(bad, np.nan, states)
        self._mass = np.where(bad, np.nan, mass)
        self._status = np.full(n, int(Status.FINISHED))
        self._message = [MESSAGES[Status.FINISHED]] * n
        for i, text in texts.items():
            self._end(i, Status.BAD_INPUT, f"{MESSAGES[Status.BAD_INPUT]}: {text}")
        self._legs: list[PoweredLeg] = []
        self._rows: list[Any] = []

    @abstractmethod
    def _coast(self, members: Integers, ends: Array, event: Event | None = None) -> Flags:
        """Fly trajectories without thrust to given times, or to an event before.

        Those that end otherwise end; returned is which came to the time.
        """

    @abstractmethod
    def _thrust(self, members: Integers, lengths: Array, numbers: Array, k: int) -> Flags:
        """Fly the burn k of trajectories, for times that are negative backwards; return as `_coast`."""

    def _tables_state(self, i: int) -> Array:
        """State (6,) of a trajectory as tables give it."""
        return self._state[:, i].copy()

    def fly(self) -> None:
        """Fly everything."""
        for k in range(max((len(burns) for burns in self._burns), default=0)):
            self._reach(k)
            self._impulses(k)
            self._arcs(k)
        flown = np.isfinite(self._state).all(axis=0)
        ends = np.where(self._going, self._duration, self._now)
        last = np.flatnonzero(flown & ((self._now != ends) | self._fresh))
        if last.size:
            self._coast(last, ends[last])

    def burn_rows(self) -> NDArray[Any]:
        """Rows of the burns flown, trajectory by trajectory."""
        rows = np.array(self._rows, dtype=BURN_ROW)
        return rows[np.lexsort((rows["burn"], rows["trajectory"]))]

    def _end(self, i: int, status: Status, message: str | None = None) -> None:
        self._going[i] = False
        self._status[i] = int(status)
        self._message[i] = MESSAGES[status] if message is None else message

    def _with_burn(self, k: int) -> Integers:
        return np.array([i for i in np.flatnonzero(self._going) if len(self._burns[i]) > k], dtype=np.int64)

    def _reach(self, k: int) -> None:
        """Fly to where burn k is met."""
        members = self._with_burn(k)
        timed = [int(i) for i in members if not isinstance(self._burns[i][k].start, Event)]
        ends = np.array([self._met_at(i, k) for i in timed], dtype=np.float64)
        chosen = np.array(timed, dtype=np.int64)
        sense = np.where(self._back[chosen], -1.0, 1.0)
        ahead = sense * (ends - self._now[chosen])
        for i in chosen[ahead < -ROUNDING * np.abs(ends)]:
            self._end(int(i), Status.BURN_MISSED)
        # An impulse taken off a state that no leg ends at: there the state after it must be kept.
        bare = self._back[chosen] & self._fresh[chosen]
        wanted = (ahead > 0.0) | bare
        if wanted.any():
            self._coast(chosen[wanted], np.where(ahead > 0.0, ends, self._now[chosen])[wanted])
        groups: dict[Any, tuple[Event, list[int]]] = {}
        for i in members:
            start = self._burns[i][k].start
            if isinstance(start, Event):
                groups.setdefault(likeness(start), (start, []))[1].append(int(i))
        for event, group in groups.values():
            waiting = np.array(group, dtype=np.int64)
            whole = self._coast(waiting, self._duration[waiting], event)
            for i in waiting[whole]:
                text = f"flown to the end; burn {k} waited for {event.name!r} in vain"
                self._end(int(i), Status.FINISHED, text)

    def _met_at(self, i: int, k: int) -> float:
        """Time at which a flight meets a burn: its start, or backwards its end or where the flight is."""
        burn = self._burns[i][k]
        start = float(burn.start)  # type: ignore[arg-type]
        if not self._back[i]:
            return start
        return float(min(start + burn.duration_before(self._mass[i]), self._now[i]))

    def _impulses(self, k: int) -> None:
        """Give the impulses among the burns k, or take them off."""
        for i in self._with_burn(k):
            burn = self._burns[i][k]
            if not isinstance(burn, ImpulsiveBurn):
                continue
            back = bool(self._back[i])
            mass = burn.mass_before(self._mass[i]) if back else burn.mass_after(self._mass[i])
            if mass < self._dry[i] * (1.0 - ROUNDING):
                self._end(i, Status.BURNED_OUT)
                continue
            if back:
                change = -change_of_impulse(burn, self._state[:, i])
            else:
                change = axes_to_icrf(burn.axes, self._state[:, i]) @ np.array(burn.delta_v_km_s)
            if not np.isfinite(change).all():
                self._no_axes(i, k)
                continue
            met = self._snapshot(i)
            self._state[3:, i] += change
            self._mass[i] = max(mass, self._dry[i])
            self._fresh[i] = True
            self._keep_row(i, k, met, True)

    def _no_axes(self, i: int, k: int) -> None:
        axes = self._burns[i][k].axes
        reason = (
            f"no state is found from which its {axes} axes lead here; give it in the axes icrf"
            if self._back[i]
            else f"has no {axes} axes, the motion being straight"
        )
        self._end(i, Status.BAD_INPUT, f"ended: burn {k}{':' if self._back[i] else ''} {reason}")

    def _snapshot(self, i: int) -> tuple[float, float, Array]:
        """Time, mass and state of a trajectory."""
        return float(self._now[i]), float(self._mass[i]), self._tables_state(i)

    def _keep_row(self, i: int, k: int, met: tuple[float, float, Array], complete: bool) -> None:
        """Keep the row of a burn that was met with a time, mass and state, and is left with those of now."""
        burn, left = self._burns[i][k], self._snapshot(i)
        first, last = (left, met) if self._back[i] else (met, left)
        row = np.zeros((), BURN_ROW)
        row["trajectory"], row["burn"], row["complete"] = i, k, complete
        row["start_s"], row["mass_before_kg"], row["state_before"] = first
        _, row["mass_after_kg"], row["state_after"] = last
        row["duration_s"], row["propellant_kg"] = last[0] - first[0], first[1] - last[1]
        row["delta_v_km_s"] = (
            burn.size_km_s
            if isinstance(burn, ImpulsiveBurn)
            else exhaust_speed_km_s(burn.specific_impulse_s) * np.log(first[1] / last[1])
        )
        self._rows.append(row)

    def _arcs(self, k: int) -> None:
        """Fly the finite burns among the burns k."""
        finite = [int(i) for i in self._with_burn(k) if isinstance(self._burns[i][k], FiniteBurn)]
        forward = [i for i in finite if not self._back[i]]
        self._arcs_forward(forward, k)
        self._arcs_back(np.array([i for i in finite if self._back[i]], dtype=np.int64), k)

    def _arcs_forward(self, chosen: list[int], k: int) -> None:
        """Fly finite burns from their starts: to their ends, the dry mass or the end of the flight."""
        members, lengths, numbers, short, cut = [], [], [], [], []
        for i in chosen:
            burn = self._burns[i][k]
            assert isinstance(burn, FiniteBurn)
            wanted = burn.duration(self._mass[i])
            fuelled = (self._mass[i] - self._dry[i]) / burn.flow_kg_s
            left = self._duration[i] - self._now[i]
            length = min(wanted, fuelled, left)
            out = wanted > fuelled * (1.0 + ROUNDING) and fuelled <= left
            if length <= 0.0:
                if out:
                    self._end(i, Status.BURNED_OUT)
                continue
            row = burn.numbers(self._state[:, i], self._mass[i])
            if not np.isfinite(row).all():
                self._no_axes(i, k)
                continue
            members.append(i)
            lengths.append(length)
            numbers.append(row)
            short.append(out)
            cut.append(left < wanted and not out)
        if not members:
            return
        flown, met = np.array(members), [self._snapshot(i) for i in members]
        whole = self._burn(flown, np.array(lengths), np.array(numbers).T, k)
        for j, i in enumerate(members):
            self._mass[i] = max(self._mass[i], self._dry[i])
            if whole[j] and cut[j]:
                self._now[i] = self._duration[i]
            if whole[j] and short[j]:
                self._mass[i] = self._dry[i]
                self._end(i, Status.BURNED_OUT)
            self._keep_row(i, k, met[j], bool(whole[j] and not short[j] and not cut[j]))

    def _arcs_back(self, members: Integers, k: int) -> None:
        """Fly finite burns backwards, from their ends or from where the flight begins to their starts."""
        burns: list[Any] = [self._burns[i][k] for i in members]
        since = np.array([self._now[i] - burn.start for i, burn in zip(members, burns, strict=True)])
        wanted = np.array(
            [burn.duration_before(self._mass[i]) for i, burn in zip(members, burns, strict=True)]
        )
        slack = ROUNDING * np.abs(self._now[members] - since)
        cut = since < wanted - slack
        lengths = np.where(cut, since, wanted)
        going = lengths > 0.0
        members, lengths, cut = members[going], lengths[going], cut[going]
        if not members.size:
            return
        numbers, found = self._from_behind(members, lengths, k)
        for i in members[~found]:
            self._no_axes(int(i), k)
        members, lengths, cut = members[found], lengths[found], cut[found]
        if not members.size:
            return
        met = [self._snapshot(int(i)) for i in members]
        whole = self._burn(members, -lengths, later(numbers[:, found], lengths), k)
        for j, i in enumerate(members):
            if whole[j]:
                self._now[i] = self._burns[i][k].start
            self._keep_row(int(i), k, met[j], bool(whole[j] and not cut[j]))

    def _burn(self, members: Integers, lengths: Array, numbers: Array, k: int) -> Flags:
        """Fly trajectories with thrust, and account for the propellant."""
        began = self._now[members].copy()
        flows = self._flows(members, k)
        whole = self._thrust(members, lengths, numbers, k)
        burning_s = np.where(whole, lengths, self._now[members] - began)
        self._mass[members] -= flows * burning_s
        return whole

    def _flows(self, members: Integers, k: int) -> Array:
        """Propellant that the burns k use in a second, kg/s."""
        burns: list[Any] = [self._burns[i][k] for i in members]
        return np.array([burn.flow_kg_s for burn in burns])

    def _from_behind(self, members: Integers, lengths: Array, k: int) -> tuple[Array, Flags]:
        """Numbers of burns on the clock of their starts, from the states after them, and which were found."""
        burns: list[Any] = [self._burns[i][k] for i in members]
        mass = self._mass[members] + self._flows(members, k) * lengths
        numbers = np.stack(
            [burn.numbers(self._state[:, i], m) for burn, i, m in zip(burns, members, mass, strict=True)],
            axis=1,
        )
        found = np.array([burn.axes == "icrf" for burn in burns])
        open_ = np.flatnonzero(~found & np.isfinite(numbers).all(axis=0))
        searches = [FixedPoint() for _ in burns]
        share = np.zeros(members.size, dtype=np.int64)
        for _ in range(MOST_ROUNDS):
            if not open_.size:
                break
            trial, tried = self._rehearsal(), later(numbers[:, open_], lengths[open_])
            tried[ACCELERATION] *= np.array(SHARES)[share[open_]]
            whole = trial._thrust(members[open_], -lengths[open_], tried, k)
            for j in open_[whole]:
                point, value = numbers[:, j].copy(), burns[j].numbers(trial._state[:, members[j]], mass[j])
                miss = np.abs(value - point).max()
                if share[j] == len(SHARES) - 1:
                    found[j] = miss <= SETTLED
                elif share[j] == 0 or miss <= NEARLY:
                    share[j] += 1
                    searches[j] = FixedPoint()
                    numbers[:, j] = value
                    continue
                if not found[j]:
                    numbers[:, j] = searches[j].better(point, value)
            open_ = open_[whole & ~found[open_] & np.isfinite(numbers[:, open_]).all(axis=0)]
        return numbers, found

    def _rehearsal(self: _Kind) -> _Kind:
        """Return a copy that can be flown without leaving a trace here."""
        trial = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(trial, name, value.copy())
            elif isinstance(value, list):
                setattr(trial, name, list(value))
        return trial


def likeness(event: Event) -> Any:
    """What events of the same kind with the same values have in common, so that they are met in one batch."""
    key = (type(event), *(getattr(event, part.name) for part in fields(event)))
    try:
        hash(key)
    except TypeError:
        return id(event)
    return key
