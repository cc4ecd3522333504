"""Events on the recorded steps of a batch of trajectories.

Each accepted step is examined as a whole (`roots`): a function that dips through zero and back inside a step
is found as surely as one that changes sign over it. Times are those of the dense output, which is as accurate
as the flight: well below 1 ms for a function that passes zero at the speed of the spacecraft.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.epochs import calendar
from cislunar.errors import InputError
from cislunar.propagation.checks import some
from cislunar.propagation.event_kinds import Event, checked_events
from cislunar.propagation.event_table import ROW, EventTable
from cislunar.propagation.moments import Moments, Surroundings
from cislunar.propagation.roots import FRACTION, SAMPLES, decided, refine
from cislunar.propagation.steps import Steps

if TYPE_CHECKING:
    from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_CHUNK_STEPS = 4096
_LONGEST_S = 21600.0
_SHORTEST_S = 1e-5
_TOLERANCE_S = 1e-8
START_S = 1e-3
"""A passage this near the start of a flight is its start, and this soon after its end its end, s."""

_THREE_BODY_SCALE = 1e-6
_MOST_STRETCHES = 100
"""Halves that a step, or six hours of it, may be cut into on average before a function is called noise."""

_ALWAYS_STRETCHES = 100_000
"""Halves that are never too many: a fast function on a flight of few steps."""


def find_events(trajectory: Trajectory, events: Any) -> EventTable:
    """Find the events of recorded trajectories.

    Parameters
    ----------
    trajectory : Trajectory
        Flown with its nodes recorded.
    events : sequence of Event or callable
        What to look for. Plain functions `g(tdb, state)` are taken as `UserEvent`. Whether an event is
        terminal does not matter here.

    Returns
    -------
    EventTable

    Raises
    ------
    InputError
        Something that is no event, a trajectory without nodes, a function that returns the wrong shape, a
        value that is not finite, or noise.
    EpochRangeError
        A trajectory reaches beyond the tables that an event needs.

    Notes
    -----
    A passage within a millisecond of the start is not an event, so that a flight can go on from one; it
    belongs to the flight before, which counts a passage up to a millisecond after its end as its end. So
    flights that follow each other have each passage once. A touch of zero without passing it is no event.

    Results are the same, bit for bit, for a trajectory alone and in any batch.
    """
    from cislunar.propagation.trajectory import Trajectory

    if not isinstance(trajectory, Trajectory):
        raise InputError(
            f"trajectory: expected a Trajectory; got {type(trajectory).__name__}; search the coasts and the "
            "arcs of a powered flight, and give the events of a transfer to its propagation"
        )
    wanted = checked_events(events)
    return EventTable(tuple(event.name for event in wanted), event_rows(trajectory, wanted), trajectory.n)


def event_rows(trajectory: Trajectory, events: tuple[Event, ...], complete: bool = True) -> NDArray[Any]:
    """Return the rows of the table; the end of a flight that is not `complete` is left to what follows."""
    flown = np.flatnonzero(np.isfinite(trajectory.final).all(axis=0))
    lengths = np.diff(trajectory.offsets)
    if (lengths[flown] == 0).any():
        missing = flown[lengths[flown] == 0]
        raise InputError(f"events: no nodes were recorded for trajectories {some(missing)}; use record=True")
    surroundings = Surroundings(trajectory)
    parts = [np.empty(0, ROW)]
    low = 0
    for high in _chunk_ends(lengths):
        finder = _Finder(trajectory, Steps(trajectory, low, high), surroundings, complete)
        parts.extend(finder.rows(number, event) for number, event in enumerate(events))
        low = high
    rows = in_order(np.concatenate(parts))
    number_occurrences(rows)
    return rows


def in_order(rows: NDArray[Any]) -> NDArray[Any]:
    """Return rows by trajectory, along the flight, and by event."""
    return rows[np.lexsort((rows["event"], np.abs(rows["elapsed"]), rows["trajectory"]))]


def number_occurrences(rows: NDArray[Any], before: Integers | None = None) -> None:
    """Number the passages of each event by each trajectory; `before`, shape (n, events), were met earlier."""
    order = np.lexsort((rows["event"], rows["trajectory"]))
    whose, which = rows["trajectory"][order], rows["event"][order]
    numbers = np.arange(order.size)
    fresh = np.ones(order.size, dtype=np.bool_)
    fresh[1:] = (whose[1:] != whose[:-1]) | (which[1:] != which[:-1])
    count = numbers - np.maximum.accumulate(np.where(fresh, numbers, 0)) + 1
    rows["occurrence"][order] = count if before is None else count + before[whose, which]


def _chunk_ends(lengths: Integers) -> list[int]:
    """Trajectories at which chunks of about `_CHUNK_STEPS` steps end."""
    block = np.cumsum(lengths) // _CHUNK_STEPS
    ends = np.flatnonzero(np.diff(block)) + 1
    return [*ends.tolist(), lengths.size]


class _Finder:
    """Looks for events on the steps of some trajectories."""

    def __init__(
        self, trajectory: Trajectory, steps: Steps, surroundings: Surroundings, complete: bool
    ) -> None:
        self._trajectory = trajectory
        self._complete = complete
        self._steps = steps
        self._surroundings = surroundings
        self._scale = _THREE_BODY_SCALE if surroundings.rotates else 1.0
        span = np.abs(steps.end_s - steps.start_s)
        pieces = np.ceil(span / _LONGEST_S).astype(np.int64)
        self._step = np.repeat(np.arange(span.size), pieces)
        place = np.arange(self._step.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        count = pieces[self._step]
        start, end = steps.start_s[self._step], steps.end_s[self._step]
        width = end - start
        self._low = np.where(place == 0, start, start + width * (place / count))
        self._high = np.where(place + 1 == count, end, start + width * ((place + 1) / count))
        self._first = self._moments(self._step, _times(self._low, self._high))

    def _moments(self, step: Integers, elapsed: Array) -> Moments:
        states = self._steps.states(step, elapsed).reshape(6, -1)
        epoch = self._trajectory.epoch[self._steps.trajectory[step]]
        tdb = (epoch[:, None] + elapsed).reshape(-1)
        return Moments(tdb, states, self._surroundings)

    def _values(self, event: Event, moments: Moments, shape: tuple[int, ...]) -> Array:
        values = event.values(moments)
        if not np.isfinite(values).all():
            first = int(np.flatnonzero(~np.isfinite(values))[0])
            raise InputError(
                f"event {event.name!r}: the function is {values[first]} at {calendar(moments.tdb[first])}, "
                f"state {moments.state[:, first].tolist()}; expected finite values"
            )
        return values.reshape(shape)

    def rows(self, number: int, event: Event) -> NDArray[Any]:
        """Rows of one event, the `number`th."""
        step, low, high, at_low, at_high = self._brackets(event)

        def function(which: Integers, elapsed: Array) -> Array:
            moments = self._moments(step[which], elapsed[:, None])
            return self._values(event, moments, elapsed.shape)

        elapsed = refine(function, low, high, at_low, at_high, _TOLERANCE_S * self._scale)
        upwards = at_high > 0.0
        order = np.lexsort((np.abs(elapsed), self._steps.trajectory[step]))
        order = order[self._real(event, step[order], elapsed[order])]
        step, elapsed, upwards = step[order], elapsed[order], upwards[order]
        if self._complete and self._step.size:
            last, ends, up = self._at_the_end(event, step, elapsed)
            step, elapsed = np.concatenate([step, last]), np.concatenate([elapsed, ends])
            upwards = np.concatenate([upwards, up])
        owner = self._steps.trajectory[step]
        rising = upwards != (self._trajectory.final_elapsed[owner] < 0.0)
        order = np.lexsort((np.abs(elapsed), owner))
        order = order[np.abs(elapsed[order]) > START_S * self._scale]
        if event.direction != "both":
            order = order[rising[order] == (event.direction == "rising")]
        rows = np.zeros(order.size, ROW)
        rows["trajectory"], rows["event"] = owner[order], number
        rows["elapsed"] = elapsed[order]
        rows["tdb"] = self._trajectory.epoch[owner[order]] + elapsed[order]
        rows["rising"] = rising[order]
        rows["state"] = self._steps.states(step[order], elapsed[order][:, None])[:, :, 0].T
        return rows

    def _brackets(self, event: Event) -> tuple[Integers, Array, Array, Array, Array]:
        """Stretches with one zero: step, ends, values there."""
        step, low, high, moments = self._step, self._low, self._high, self._first
        found = []
        shortest = _SHORTEST_S * self._scale
        allowed = max(_MOST_STRETCHES * step.size, _ALWAYS_STRETCHES)
        while step.size:
            values = self._values(event, moments, (step.size, SAMPLES))
            done = decided(values, event.resolution) | (np.abs(high - low) <= shortest)
            positive = values > 0.0
            crossing = np.flatnonzero(done & (positive[:, 0] != positive[:, -1]))
            # Between two samples of different sign; in a stretch with one zero there is one such place.
            at = np.argmax(positive[crossing, 1:] != positive[crossing, :1], axis=1)
            times = _times(low[crossing], high[crossing])
            rows = np.arange(crossing.size)
            chosen = values[crossing]
            found.append(
                (step[crossing], times[rows, at], times[rows, at + 1], chosen[rows, at], chosen[rows, at + 1])
            )
            step, low, high = step[~done], low[~done], high[~done]
            allowed -= 2 * step.size
            if allowed < 0:
                raise InputError(
                    f"event {event.name!r}: the function is not smooth anywhere, like noise; state the size "
                    "of what is rounding in it as its resolution"
                )
            middle = 0.5 * (low + high)
            step = np.concatenate([step, step])
            low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
            if step.size:
                moments = self._moments(step, _times(low, high))
        if not found:
            empty = np.zeros(0)
            return np.zeros(0, np.int64), empty, empty, empty, empty
        columns = [np.concatenate(column) for column in zip(*found, strict=True)]
        return columns[0], columns[1], columns[2], columns[3], columns[4]

    def _real(self, event: Event, step: Integers, elapsed: Array) -> NDArray[np.bool_]:
        """Which zeros, in order, are passages of the function rather than of its rounding.

        Two zeros between which the function is not told from zero are a touch, not two passages.
        """
        real = np.ones(step.size, dtype=np.bool_)
        if event.resolution == 0.0 or not step.size:
            return real
        owner = self._steps.trajectory[step]
        starts = self._steps.start_s[np.searchsorted(self._steps.trajectory, owner)]
        ends = self._steps.end_s[np.searchsorted(self._steps.trajectory, owner, "right") - 1]
        fresh = np.concatenate([[True], owner[1:] != owner[:-1]])
        last = np.concatenate([owner[1:] != owner[:-1], [True]])
        before = np.where(fresh, starts, np.concatenate([[0.0], elapsed[:-1]]))
        after = np.where(last, ends, np.concatenate([elapsed[1:], [0.0]]))
        flat_before = self._flat(event, owner, 0.5 * (before + elapsed))
        flat_after = self._flat(event, owner, 0.5 * (after + elapsed))
        run = np.cumsum(fresh | ~flat_before)
        for number in np.unique(run[flat_before | flat_after]):
            members = np.flatnonzero(run == number)
            open_end = (fresh[members[0]] and flat_before[members[0]]) or (
                last[members[-1]] and flat_after[members[-1]]
            )
            real[members] = False
            if members.size % 2 == 1 and not open_end:
                real[members[0]] = True
        return real

    def _at_the_end(
        self, event: Event, step: Integers, elapsed: Array
    ) -> tuple[Integers, Array, NDArray[np.bool_]]:
        """Passages at the ends of flights, besides those known: step, time, whether upwards on the way.

        The function is continued beyond the end by a straight line, for as long as the next flight takes a
        passage for its start.
        """
        owner = self._steps.trajectory
        last = np.flatnonzero(np.append(owner[1:] != owner[:-1], True))
        end = self._steps.end_s[last]
        width = end - self._steps.start_s[last]
        reach = np.copysign(np.minimum(START_S * self._scale, np.abs(width)), width)
        times = np.stack([end - reach, end], axis=1)
        before, there = self._values(event, self._moments(last, times), times.shape).T
        beyond = 2.0 * there - before
        passes = (np.abs(before) > event.resolution) & (np.abs(beyond) > event.resolution)
        passes &= (before > 0.0) != (beyond > 0.0)
        place = np.searchsorted(owner[last], owner[step])
        known = np.zeros(last.size, dtype=np.bool_)
        known[place[np.abs(elapsed) >= np.abs(times[place, 0])]] = True
        chosen = np.flatnonzero(passes & ~known)
        fraction = before[chosen] / (before[chosen] - there[chosen])
        zero = times[chosen, 0] + np.minimum(fraction, 1.0) * reach[chosen]
        zero[fraction >= 1.0] = end[chosen[fraction >= 1.0]]
        return last[chosen], zero, beyond[chosen] > 0.0

    def _flat(self, event: Event, owner: Integers, elapsed: Array) -> NDArray[np.bool_]:
        """Whether the function is not told from zero at times of trajectories."""
        result = np.zeros(owner.size, dtype=np.bool_)
        sign = np.where(self._trajectory.final_elapsed < 0.0, -1.0, 1.0)
        for i in np.unique(owner):
            steps = np.flatnonzero(self._steps.trajectory == i)
            mine = np.flatnonzero(owner == i)
            place = np.searchsorted(sign[i] * self._steps.start_s[steps], sign[i] * elapsed[mine], "right")
            moments = self._moments(steps[np.maximum(place - 1, 0)], elapsed[mine][:, None])
            result[mine] = np.abs(self._values(event, moments, (mine.size,))) <= event.resolution
        return result


def _times(low: Array, high: Array) -> Array:
    """Times of the samples of stretches, shape (stretches, SAMPLES), the ends exactly."""
    times = low[:, None] + (high - low)[:, None] * FRACTION
    times[:, -1] = high
    return times
