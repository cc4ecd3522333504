"""Sets of time intervals, their algebra and their statistics.

An `Intervals` lives in a span: its complement is taken in that span, and an interval that touches an
end of the span is cut there. Everything works on whole arrays; `at_least` (one sweep over all edges)
gives unions, intersections and N-fold overlap alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cislunar.errors import InputError

DAY_S = 86400.0
_EMPTY = np.zeros(0)
_EMPTY.flags.writeable = False


@dataclass(frozen=True)
class Intervals:
    """Sorted, disjoint intervals of time inside a span.

    Attributes
    ----------
    start, end : ndarray, shape (n,)
        Ends of the intervals, seconds past J2000 TDB, `start[i] < end[i] < start[i + 1]`.
    span : tuple of float
        First and last time looked at.
    tangents : ndarray, shape (k,)
        Times at which the visibility comes so close to its edge without a clear crossing that a small
        change of orbit or terrain would make or unmake a pass or a gap.
    """

    start: np.ndarray
    end: np.ndarray
    span: tuple[float, float]
    tangents: np.ndarray = field(default_factory=lambda: _EMPTY)

    @classmethod
    def make(cls, start: Any, end: Any, span: tuple[float, float], tangents: Any = ()) -> Intervals:
        """Check and keep intervals given as any sequences.

        Raises
        ------
        InputError
            If the intervals are not sorted and disjoint inside the span.
        """
        first, last = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        if first.shape != last.shape or first.ndim != 1:
            raise InputError(
                f"starts and ends must be lists of one length; got {first.shape} and {last.shape}"
            )
        edges = np.concatenate(([span[0]], np.stack((first, last), axis=-1).ravel(), [span[1]]))
        if not np.all(np.diff(edges) >= 0.0) or not np.all(first < last) or not np.all(last[:-1] < first[1:]):
            raise InputError(f"intervals must be sorted, disjoint and inside the span {span}")
        return cls(first, last, span, np.asarray(tangents, dtype=float))

    @classmethod
    def from_edges(
        cls, visible_first: bool, edges: np.ndarray, span: tuple[float, float], tangents: np.ndarray = _EMPTY
    ) -> Intervals:
        """Intervals from the state at the start of the span and the times at which it changes."""
        marks = np.concatenate(([span[0]] if visible_first else [], edges))
        if len(marks) % 2:
            marks = np.append(marks, span[1])
        start, end = marks[0::2], marks[1::2]
        kept = end > start
        return cls(start[kept], end[kept], span, tangents)

    @classmethod
    def always(cls, span: tuple[float, float]) -> Intervals:
        """The whole span as one interval."""
        return cls(np.array([span[0]]), np.array([span[1]]), span)

    @classmethod
    def never(cls, span: tuple[float, float]) -> Intervals:
        """No interval at all."""
        return cls(_EMPTY, _EMPTY, span)

    def __len__(self) -> int:
        """Return the number of intervals."""
        return len(self.start)

    @property
    def duration_s(self) -> np.ndarray:
        """Lengths of the intervals, shape (n,)."""
        return self.end - self.start

    @property
    def start_cut(self) -> np.ndarray:
        """Whether the start is the start of the span and not an edge, shape (n,)."""
        return self.start <= self.span[0]

    @property
    def end_cut(self) -> np.ndarray:
        """Whether the end is the end of the span and not an edge, shape (n,)."""
        return self.end >= self.span[1]

    @property
    def near_tangent(self) -> np.ndarray:
        """Whether a near-tangency lies in or at the ends (1 s) of the interval, shape (n,)."""
        if len(self.tangents) == 0:
            return np.zeros(len(self), dtype=bool)
        times = np.sort(self.tangents)
        return np.searchsorted(times, self.end + 1.0, "right") > np.searchsorted(
            times, self.start - 1.0, "left"
        )

    def contains(self, time: np.ndarray) -> np.ndarray:
        """Whether each time lies in an interval, ends included."""
        index = np.searchsorted(self.start, time, "right") - 1
        if len(self) == 0:
            return np.zeros(np.shape(time), dtype=bool)
        return np.asarray((index >= 0) & (np.asarray(time) <= self.end[np.maximum(index, 0)]))

    def complement(self) -> Intervals:
        """The gaps between the intervals."""
        start = np.concatenate(([self.span[0]], self.end))
        end = np.concatenate((self.start, [self.span[1]]))
        kept = end > start
        return Intervals(start[kept], end[kept], self.span, self.tangents)

    def clip(self, first: float, last: float) -> Intervals:
        """The part inside a shorter span, which becomes the new span."""
        start, end = np.maximum(self.start, first), np.minimum(self.end, last)
        kept = end > start
        times = self.tangents
        return Intervals(start[kept], end[kept], (first, last), times[(times >= first) & (times <= last)])

    def without_short(self, minimum_s: float) -> Intervals:
        """Without the intervals shorter than a minimum; one cut by the span counts with the length seen."""
        kept = self.duration_s >= minimum_s
        return Intervals(self.start[kept], self.end[kept], self.span, self.tangents)


def at_least(sets: Sequence[Intervals], count: int) -> Intervals:
    """Where at least `count` of the sets hold: 1 is the union, `len(sets)` the intersection.

    Parameters
    ----------
    sets : sequence of Intervals
        One or more, all with the same span.
    count : int
        From 1.

    Returns
    -------
    Intervals
        A near-tangency of one set is kept where it could change the answer: where exactly `count - 1`
        of the others hold.
    """
    span = sets[0].span
    if any(other.span != span for other in sets):
        raise InputError("intervals of different spans cannot be combined")
    if count > len(sets):
        return Intervals.never(span)
    starts = np.concatenate([each.start for each in sets])
    ends = np.concatenate([each.end for each in sets])
    times = np.concatenate((starts, ends))
    change = np.concatenate((np.ones(len(starts), dtype=np.int64), np.full(len(ends), -1, dtype=np.int64)))
    # At one time starts come before ends: intervals that touch are one.
    order = np.lexsort((-change, times))
    times, change = times[order], change[order]
    level = np.cumsum(change)
    rises = times[(level == count) & (change > 0)]
    falls = times[(level == count - 1) & (change < 0)]
    kept = falls > rises
    marks = [
        each.tangents[
            np.sum([o.contains(each.tangents) for o in sets], axis=0) - each.contains(each.tangents)
            == count - 1
        ]
        for each in sets
        if len(each.tangents)
    ]
    tangents = np.unique(np.concatenate(marks)) if marks else _EMPTY
    return Intervals(rises[kept], falls[kept], span, tangents)


def union(sets: Sequence[Intervals]) -> Intervals:
    """Where any of the sets holds."""
    return at_least(sets, 1)


def intersection(sets: Sequence[Intervals]) -> Intervals:
    """Where all sets hold at once."""
    return at_least(sets, len(sets))


def lengths(durations_s: np.ndarray) -> dict[str, float]:
    """Mean, median, 95th percentile (linear) and maximum of lengths in s; zeros if there are none."""
    if len(durations_s) == 0:
        return {"mean": 0.0, "median": 0.0, "p95": 0.0, "max": 0.0}
    return {
        "mean": float(np.mean(durations_s)),
        "median": float(np.median(durations_s)),
        "p95": float(np.percentile(durations_s, 95.0)),
        "max": float(np.max(durations_s)),
    }


def statistics(passes: Intervals, minimum_pass_s: float = 0.0) -> dict[str, Any]:
    """Figures of merit of a set of passes.

    Parameters
    ----------
    passes : Intervals
        When the link holds.
    minimum_pass_s : float
        Shorter passes are not counted and join the gaps around them.

    Returns
    -------
    dict
        `percent` of the span; numbers of `passes` and `gaps`, and how many of each are cut by the ends
        of the span (`passes_cut`, `gaps_cut`: they count with the length seen); `pass_s` and `gap_s`,
        each with `mean`, `median`, `p95` (linear) and `max`; `mean_response_s`, the mean wait of a
        request made at a random time, the sum of squared gaps over twice the span (a gap cut by the end
        of the span is taken to end there); `near_tangencies`, how many were met.
    """
    useful = passes.without_short(minimum_pass_s) if minimum_pass_s > 0.0 else passes
    gaps = useful.complement()
    span_s = useful.span[1] - useful.span[0]
    return {
        "percent": float(100.0 * np.sum(useful.duration_s) / span_s),
        "passes": len(useful),
        "passes_cut": int(np.sum(useful.start_cut | useful.end_cut)),
        "pass_s": lengths(useful.duration_s),
        "gaps": len(gaps),
        "gaps_cut": int(np.sum(gaps.start_cut | gaps.end_cut)),
        "gap_s": lengths(gaps.duration_s),
        "mean_response_s": float(np.sum(gaps.duration_s**2) / (2.0 * span_s)),
        "near_tangencies": len(useful.tangents),
    }


def nfold_percent(sets: Sequence[Intervals]) -> dict[str, float]:
    """Per cent of the span in which at least 1, 2, ... of the sets hold, keyed by the number as text."""
    return {
        str(count): float(100.0 * np.sum(held.duration_s) / (held.span[1] - held.span[0]))
        for count in range(1, len(sets) + 1)
        for held in [at_least(sets, count)]
    }


def daily(passes: Intervals, epoch_tdb: float, minimum_pass_s: float = 0.0) -> dict[str, np.ndarray]:
    """Statistics of each 24 h counted from an epoch.

    Parameters
    ----------
    passes : Intervals
        When the link holds.
    epoch_tdb : float
        Start of day 0, seconds past J2000 TDB; usually the epoch of the scenario.
    minimum_pass_s : float
        Shorter passes are not counted.

    Returns
    -------
    dict of ndarray, shape (days,)
        `day` (number), `seen_s` (length of the day inside the span; less than 86,400 in the first and
        last if they are cut), `percent` of the length seen, `longest_gap_s` (gaps are cut at the day's
        ends), `passes` (that start in the day).
    """
    useful = passes.without_short(minimum_pass_s) if minimum_pass_s > 0.0 else passes
    first, last = useful.span
    number = np.arange(np.floor((first - epoch_tdb) / DAY_S), np.ceil((last - epoch_tdb) / DAY_S))
    begin = np.maximum(epoch_tdb + number * DAY_S, first)
    finish = np.minimum(epoch_tdb + (number + 1.0) * DAY_S, last)
    held = _cumulative(useful, finish) - _cumulative(useful, begin)
    gaps = useful.complement()
    longest = np.zeros(len(number))
    # The gaps of a day are those from the first that ends in or after it to the last that starts in or
    # before it.
    low = np.searchsorted(gaps.end, begin, "right")
    high = np.searchsorted(gaps.start, finish, "left")
    for day in range(len(number)):
        pieces = np.minimum(gaps.end[low[day] : high[day]], finish[day]) - np.maximum(
            gaps.start[low[day] : high[day]], begin[day]
        )
        longest[day] = np.max(pieces, initial=0.0)
    starts = np.searchsorted(useful.start, finish, "left") - np.searchsorted(useful.start, begin, "left")
    return {
        "day": number.astype(int),
        "seen_s": finish - begin,
        "percent": 100.0 * held / (finish - begin),
        "longest_gap_s": longest,
        "passes": starts,
    }


def _cumulative(passes: Intervals, time: np.ndarray) -> np.ndarray:
    """Seconds of the intervals before each time."""
    total = np.concatenate(([0.0], np.cumsum(passes.duration_s)))
    index = np.searchsorted(passes.start, time, "right")
    cut = np.where(
        index > 0, np.maximum(passes.end[np.maximum(index - 1, 0)] - time, 0.0) if len(passes) else 0.0, 0.0
    )
    return total[index] - cut
