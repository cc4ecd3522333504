"""Stores that fill and drain at rates constant by pieces, solved exactly.

Between two edges of the inflow and of the link both rates are constant, so the content of a store is a
straight line until it hits empty or full and stays there. Nothing is stepped in time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Flow:
    """What a store did, at the ends of its pieces and at the turns inside them.

    Attributes
    ----------
    time : ndarray, shape (2 m + 1, ...)
        Start, then the turn and the end of each piece (the turn is the end where the line does not bend), s.
    accepted, delivered : ndarray, shape (2 m + 1, ...)
        Cumulative amounts that went in and out; both are straight between the times.
    """

    time: Array
    accepted: Array
    delivered: Array

    @property
    def content(self) -> Array:
        """What is in the store at each time."""
        return np.maximum(self.accepted - self.delivered, 0.0)


def serve(edges: Array, inflow: Array, capacity: Array, storage: ArrayLike = np.inf) -> Flow:
    """Fill and drain a store, first in first out; what comes while it is full is lost.

    Parameters
    ----------
    edges : ndarray, shape (m + 1, ...)
        Ends of the pieces, s; pieces of no length are allowed, so that a batch can be padded.
    inflow, capacity : ndarray, shape (m, ...)
        Rates in each piece.
    storage : array_like, shape (...)
        Most that the store holds.
    """
    batch = np.broadcast_shapes(edges.shape[1:], inflow.shape[1:], capacity.shape[1:], np.shape(storage))
    shape = (len(inflow), *batch)
    length = np.broadcast_to(np.diff(edges, axis=0), shape)
    come, can = np.broadcast_to(inflow, shape), np.broadcast_to(capacity, shape)
    limit = np.broadcast_to(np.asarray(storage, dtype=np.float64), batch)
    net = come - can
    gain = net * length
    # Only the content has a memory; everything else follows from it for all pieces at once.
    content = np.zeros((len(inflow) + 1, *batch))
    for piece in range(len(inflow)):
        content[piece + 1] = np.minimum(np.maximum(content[piece] + gain[piece], 0.0), limit)
    room = np.where(net > 0.0, limit - content[:-1], content[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = np.where(net == 0.0, length, np.minimum(room / np.abs(net), length))
    after = length - turn
    # Until the turn the store takes all that comes and gives all that the link can; then it is full and takes
    # what leaves, or empty and gives what comes.
    less = np.minimum(come, can)
    time = np.empty((2 * len(inflow) + 1, *batch))
    time[0::2] = edges
    time[1::2] = edges[:-1] + turn
    accepted, delivered = np.zeros_like(time), np.zeros_like(time)
    accepted[1::2], accepted[2::2] = come * turn, np.where(net > 0.0, less, come) * after
    delivered[1::2], delivered[2::2] = can * turn, less * after
    return Flow(time, np.cumsum(accepted, axis=0), np.cumsum(delivered, axis=0))


def times_of(time: Array, amount: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Give the times at which a cumulative amount passes two levels, on the piece that joins them.

    Parameters
    ----------
    time, amount : ndarray, shape (m,)
        A curve, straight by pieces, that never falls.
    low, high : ndarray, shape (n,)
        Levels; each pair lies on one rising piece. Where the curve rests at a level, the low end gives the
        time it leaves and the high end the time it arrives.

    Returns
    -------
    at_low, at_high : ndarray, shape (n,)
    """
    rising = np.flatnonzero(amount[1:] > amount[:-1])
    middle = 0.5 * (low + high)
    piece = rising[np.clip(np.searchsorted(amount[rising + 1], middle), 0, len(rising) - 1)]
    begin, rise = amount[piece], amount[piece + 1] - amount[piece]
    slope = (time[piece + 1] - time[piece]) / rise
    return time[piece] + (low - begin) * slope, time[piece] + (high - begin) * slope


@dataclass(frozen=True)
class Delays:
    """How long amounts waited: `weight[i]` waited from `first[i]` to `last[i]`, in even steps between."""

    weight: Array
    first: Array
    last: Array

    def mean(self) -> float:
        """Mean wait, s; not a number if nothing was delivered."""
        total = float(np.sum(self.weight))
        return float(np.sum(self.weight * 0.5 * (self.first + self.last)) / total) if total else float("nan")

    def longest(self) -> float:
        """Longest wait, s; not a number if nothing was delivered."""
        return float(np.max(np.maximum(self.first, self.last))) if len(self.weight) else float("nan")

    def within(self, wait_s: ArrayLike) -> Array:
        """Share of the delivered amount that waited no longer than each of some times: the distribution."""
        wait = np.asarray(wait_s, dtype=np.float64)[..., None]
        low, high = np.minimum(self.first, self.last), np.maximum(self.first, self.last)
        spread = high - low
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(spread > 0.0, np.clip((wait - low) / spread, 0.0, 1.0), wait >= low)
        return np.asarray(np.sum(share * self.weight, axis=-1) / np.sum(self.weight))

    def percentile(self, percent: float) -> float:
        """Give the wait that so many per cent of the delivered amount did not exceed, s."""
        if not len(self.weight):
            return float("nan")
        low, high = 0.0, self.longest()
        if float(self.within(low)) >= percent / 100.0:
            return 0.0
        while high - low > 1e-9 * max(high, 1.0):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if float(self.within(middle)) >= percent / 100.0 else (middle, high)
        return high

    @classmethod
    def join(cls, parts: list[Delays]) -> Delays:
        """Put the delays of several paths together."""
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts]) if parts else np.zeros(0)
                for name in ("weight", "first", "last")
            )
        )


def delays(flow: Flow, origin: Flow | None = None) -> Delays:
    """Find how long everything delivered by a store had been under way, exactly.

    Parameters
    ----------
    flow : Flow
        The last store, of one batch member.
    origin : Flow, optional
        The store before it, whose deliveries (or a part of them) are what came in; waits are then counted
        from the time they came into that one.
    """
    out = flow.delivered[-1]
    levels = [flow.accepted, flow.delivered]
    if origin is not None:
        leaves = np.interp(origin.accepted, origin.delivered, origin.time)
        levels.append(np.interp(leaves, flow.time, flow.accepted))
    grid = np.unique(np.clip(np.concatenate(levels), 0.0, out))
    # Levels that differ by rounding alone are one.
    grid = grid[np.concatenate(([True], np.diff(grid) > 1e-13 * max(out, 1.0)))]
    if len(grid) < 2:
        return Delays(np.zeros(0), np.zeros(0), np.zeros(0))
    low, high = grid[:-1], grid[1:]
    came = times_of(flow.time, flow.accepted, low, high)
    went = times_of(flow.time, flow.delivered, low, high)
    if origin is not None:
        below, above = (np.interp(each, origin.time, origin.delivered) for each in came)
        came = times_of(origin.time, origin.accepted, below, above)
    return Delays(high - low, np.maximum(went[0] - came[0], 0.0), np.maximum(went[1] - came[1], 0.0))
