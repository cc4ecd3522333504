"""First-order data balance: what payloads produce, what contacts carry, what waits, and for how long.

Rates are constant while a payload works and while a contact lasts; the store is served first in, first out.
The backlog is then straight by pieces and everything here is exact for those rates: no time step.
Acquisition, protocol overhead and priorities between payloads are not in it; take them off the link rate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.vehicles.fluid import Delays, Flow, delays, serve

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

DAY_S = 86400.0


class Spans(Protocol):
    """Sorted, disjoint intervals of time inside a span, as `cislunar.coverage.intervals.Intervals`."""

    @property
    def start(self) -> Array:
        """Starts of the intervals, seconds past J2000 TDB."""

    @property
    def end(self) -> Array:
        """Ends of the intervals."""

    @property
    def span(self) -> tuple[float, float]:
        """First and last time looked at."""


@dataclass(frozen=True)
class Source:
    """Something that produces data.

    Attributes
    ----------
    name : str
    rate_bit_s : float
        While it works, bit/s.
    active : Spans
        When it works.
    """

    name: str
    rate_bit_s: float
    active: Spans

    def __post_init__(self) -> None:
        """Check the rate."""
        _require_rate(f"{self.name}: generation rate", self.rate_bit_s, zero=True)


@dataclass(frozen=True)
class Link:
    """A link and when it holds.

    Attributes
    ----------
    name : str
        Of the relay it goes to or comes from.
    rate_bit_s : float
        Data carried while it holds, bit/s: stated by the user, overhead taken off.
    contacts : Spans
        When it holds.
    """

    name: str
    rate_bit_s: float
    contacts: Spans

    def __post_init__(self) -> None:
        """Check the rate."""
        _require_rate(f"link {self.name}: rate", self.rate_bit_s, zero=False)


@dataclass(frozen=True)
class DataBalance:
    """The data balance of a site over a span.

    Attributes
    ----------
    mode : str
        `bent pipe` or `store and forward`.
    span : tuple of float
        Seconds past J2000 TDB.
    time_tdb : ndarray, shape (m,)
        Times between which everything is straight.
    generated_bit, delivered_bit : ndarray, shape (m,)
        Cumulative.
    backlog_bit : mapping of str to ndarray, shape (m,)
        What waits, by store: `site`, and each relay that stores.
    lost_bit : float
        What came while a store was full.
    delays : Delays
        Waits of what was delivered, from production to Earth; the light time is not in it.
    """

    mode: str
    span: tuple[float, float]
    time_tdb: Array = field(repr=False)
    generated_bit: Array = field(repr=False)
    delivered_bit: Array = field(repr=False)
    backlog_bit: Mapping[str, Array] = field(repr=False)
    lost_bit: float
    delays: Delays = field(repr=False)

    @property
    def total_backlog_bit(self) -> Array:
        """What waits in all stores together, shape (m,)."""
        return np.asarray(np.sum(list(self.backlog_bit.values()), axis=0))

    def summary(self) -> dict[str, Any]:
        """Figures of merit.

        Returns
        -------
        dict
            `generated_bit`, `delivered_bit`, `lost_bit`, `remaining_bit` (waiting at the end);
            `delivered_percent` of what was generated; `max_backlog_bit` of all stores together and
            `max_backlog_tdb`, when; `max_backlog_by_store_bit`; `latency_mean_s`, `latency_p95_s`,
            `latency_max_s` of what was delivered, None if nothing was.
        """
        backlog = self.total_backlog_bit
        worst = int(np.argmax(backlog))
        generated, delivered = float(self.generated_bit[-1]), float(self.delivered_bit[-1])
        waits = self.delays

        def known(value: float) -> float | None:
            return value if math.isfinite(value) else None

        return {
            "mode": self.mode,
            "generated_bit": generated,
            "delivered_bit": delivered,
            "lost_bit": self.lost_bit,
            "remaining_bit": float(backlog[-1]),
            "delivered_percent": 100.0 * delivered / generated if generated else None,
            "max_backlog_bit": float(backlog[worst]),
            "max_backlog_tdb": float(self.time_tdb[worst]),
            "max_backlog_by_store_bit": {
                name: float(np.max(values)) for name, values in self.backlog_bit.items()
            },
            "latency_mean_s": known(waits.mean()),
            "latency_p95_s": known(waits.percentile(95.0)),
            "latency_max_s": known(waits.longest()),
        }

    def daily(self, epoch_tdb: float) -> pd.DataFrame:
        """Tabulate each 24 h from an epoch: day, generated and delivered bits, and the backlog at its end."""
        import pandas as pd

        first, last = self.span
        number = np.arange(math.floor((first - epoch_tdb) / DAY_S), math.ceil((last - epoch_tdb) / DAY_S))
        begin = np.maximum(epoch_tdb + number * DAY_S, first)
        end = np.minimum(epoch_tdb + (number + 1.0) * DAY_S, last)

        def gain(amount: Array) -> Array:
            return np.interp(end, self.time_tdb, amount) - np.interp(begin, self.time_tdb, amount)

        return pd.DataFrame(
            {
                "day": number.astype(int),
                "generated_bit": gain(self.generated_bit),
                "delivered_bit": gain(self.delivered_bit),
                "backlog_bit": np.interp(end, self.time_tdb, self.total_backlog_bit),
            }
        )


def bent_pipe(sources: Sequence[Source], link: Link, *, storage_bit: float = math.inf) -> DataBalance:
    """Balance the data of a site whose relays pass everything on at once.

    Parameters
    ----------
    sources : sequence of Source
    link : Link
        When the whole chain to Earth holds (for one relay, the intersection of its two halves) and the rate
        of its slowest part.
    storage_bit : float
        What the site can store, bit; what is produced while it is full is lost.
    """
    return store_and_forward(sources, [link], [], storage_bit=storage_bit)


def store_and_forward(
    sources: Sequence[Source],
    uplinks: Sequence[Link],
    downlinks: Sequence[Link],
    *,
    storage_bit: float = math.inf,
    relay_storage_bit: float = math.inf,
) -> DataBalance:
    """Balance the data of a site whose relays store what they receive until they see Earth.

    Parameters
    ----------
    sources : sequence of Source
    uplinks : sequence of Link
        Site to each relay. The site sends to one at a time: to the first of the list that is in view.
    downlinks : sequence of Link
        Each relay to Earth, by the same names; a relay without one passes on at once (bent pipe).
    storage_bit, relay_storage_bit : float
        What the site and each relay can store, bit; what comes while a store is full is lost.

    Raises
    ------
    InputError
        If spans differ, names repeat or a downlink has no uplink.
    """
    span = _common_span(sources, uplinks, downlinks)
    for what, value in (("site", storage_bit), ("relay", relay_storage_bit)):
        if not value >= 0.0:
            raise InputError(f"storage of the {what}: expected zero bit or more; got {value}")
    edges = _edges(
        span, [each.active for each in sources] + [each.contacts for each in (*uplinks, *downlinks)]
    )
    offered = np.sum([each.rate_bit_s * _holds(each.active, edges) for each in sources], axis=0)
    chosen = np.full(len(edges) - 1, -1)
    capacity = np.zeros(len(edges) - 1)
    for number, link in reversed(list(enumerate(uplinks))):
        seen = _holds(link.contacts, edges)
        chosen = np.where(seen, number, chosen)
        capacity = np.where(seen, link.rate_bit_s, capacity)
    site = serve(edges, offered, capacity, storage_bit)
    generated = np.concatenate(([0.0], np.cumsum(offered * np.diff(edges))))
    path = np.repeat(chosen, 2)
    rate = np.diff(site.delivered) / np.where(np.diff(site.time) > 0.0, np.diff(site.time), 1.0)
    lost = float(generated[-1] - site.accepted[-1])
    relays: dict[str, Flow] = {}
    waits, direct = [], np.zeros(len(site.time))
    ends = {link.name: link for link in downlinks}
    for number, link in enumerate(uplinks):
        arrives = np.where(path == number, rate, 0.0)
        if link.name not in ends:
            passed = np.concatenate(([0.0], np.cumsum(arrives * np.diff(site.time))))
            waits.append(delays(Flow(site.time, passed, passed), site))
            direct = direct + passed
            continue
        end = ends[link.name]
        able = np.where(_holds(end.contacts, site.time), end.rate_bit_s, 0.0)
        flow = serve(site.time, arrives, able, relay_storage_bit)
        relays[link.name] = flow
        waits.append(delays(flow, site))
        lost += float(np.sum(arrives * np.diff(site.time)) - flow.accepted[-1])
    time = np.unique(np.concatenate([site.time, *(flow.time for flow in relays.values())]))
    delivered = np.interp(time, site.time, direct)
    for flow in relays.values():
        delivered = delivered + np.interp(time, flow.time, flow.delivered)
    backlog = {"site": np.interp(time, site.time, site.content)}
    backlog |= {name: np.interp(time, flow.time, flow.content) for name, flow in relays.items()}
    return DataBalance(
        mode="store and forward" if relays else "bent pipe",
        span=span,
        time_tdb=time,
        generated_bit=np.interp(time, edges, generated),
        delivered_bit=delivered,
        backlog_bit=backlog,
        lost_bit=max(lost, 0.0) if lost > 1e-9 * float(generated[-1]) else 0.0,
        delays=Delays.join(waits),
    )


def trade(
    generation_bit_s: ArrayLike,
    rate_bit_s: ArrayLike,
    contacts: Spans | Sequence[Spans],
    *,
    active: Spans | None = None,
    storage_bit: ArrayLike = np.inf,
) -> dict[str, Array]:
    """Balance many bent-pipe cases as one batch.

    Parameters
    ----------
    generation_bit_s, rate_bit_s, storage_bit : array_like, shape () or (n,)
        Of each case: bit/s, bit/s, bit.
    contacts : Spans or sequence of n Spans
        When the chain holds: the same for all cases, or one for each.
    active : Spans, optional
        When data are produced; the whole span by default.

    Returns
    -------
    dict of ndarray, shape (n,)
        `generated_bit`, `delivered_bit`, `lost_bit`, `remaining_bit`, `max_backlog_bit`, `delivered_percent`,
        and `mean_wait_s`: mean time in the store of all data that were stored, those still waiting counted up
        to the end of the span (the latency of the delivered data alone is in `bent_pipe`).
    """
    sets = list(contacts) if isinstance(contacts, Sequence) else [contacts]
    count = np.broadcast_shapes(
        np.shape(generation_bit_s), np.shape(rate_bit_s), np.shape(storage_bit), (len(sets),)
    )[0]
    if any(each.span != sets[0].span for each in sets):
        raise InputError("contacts of different spans cannot be balanced as one batch")
    span = sets[0].span
    works = [] if active is None else [active]
    grids = [_edges(span, [each, *works]) for each in sets]
    longest = max(len(grid) for grid in grids)
    edges = np.stack([np.pad(grid, (0, longest - len(grid)), mode="edge") for grid in grids], axis=-1)
    seen = np.stack([_holds(sets[k], edges[:, k]) for k in range(len(sets))], axis=-1)
    inflow = np.broadcast_to(np.asarray(generation_bit_s, dtype=np.float64), (longest - 1, count))
    for each in works:
        busy = np.stack([_holds(each, edges[:, k]) for k in range(len(sets))], axis=-1)
        inflow = np.where(busy, inflow, 0.0)
    carried = np.where(seen, np.asarray(rate_bit_s, dtype=np.float64), 0.0)
    flow = serve(edges, inflow, carried, storage_bit)
    content = flow.content
    generated = np.sum(inflow * np.diff(edges, axis=0), axis=0)
    accepted, delivered = flow.accepted[-1], flow.delivered[-1]
    area = np.sum(0.5 * (content[1:] + content[:-1]) * np.diff(flow.time, axis=0), axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "generated_bit": generated,
            "delivered_bit": delivered,
            "lost_bit": np.maximum(generated - accepted, 0.0),
            "remaining_bit": content[-1],
            "max_backlog_bit": np.max(content, axis=0),
            "delivered_percent": 100.0 * delivered / generated,
            "mean_wait_s": area / accepted,
        }


def _require_rate(what: str, value: float, zero: bool) -> None:
    if not (math.isfinite(value) and (value > 0.0 or (zero and value == 0.0))):
        raise InputError(
            f"{what}: expected {'zero or more' if zero else 'a positive number of'} bit/s; got {value}"
        )


def _common_span(
    sources: Sequence[Source], uplinks: Sequence[Link], downlinks: Sequence[Link]
) -> tuple[float, float]:
    if not sources or not uplinks:
        raise InputError("expected at least one source of data and one link; got none")
    sets = {each.name: each.active for each in sources}
    sets |= {f"link {each.name}": each.contacts for each in uplinks}
    sets |= {f"downlink {each.name}": each.contacts for each in downlinks}
    if len(sets) < len(sources) + len(uplinks) + len(downlinks):
        raise InputError("expected every source, uplink and downlink to have its own name; one repeats")
    unknown = {each.name for each in downlinks} - {each.name for each in uplinks}
    if unknown:
        raise InputError(f"downlink {sorted(unknown)[0]!r} has no uplink from the site of the same name")
    spans = {each.span for each in sets.values()}
    if len(spans) > 1:
        listed = "; ".join(f"{name} {each.span}" for name, each in sets.items())
        raise InputError(f"expected one span of time for all sources and links; got {listed}")
    return spans.pop()


def _edges(span: tuple[float, float], sets: Sequence[Spans]) -> Array:
    """Give all times at which anything changes, ends of the span included."""
    return np.unique(np.concatenate([np.array(span), *(t for each in sets for t in (each.start, each.end))]))


def _holds(intervals: Spans, edges: Array) -> NDArray[np.bool_]:
    """Tell for each piece between edges whether it lies in the intervals."""
    middle = 0.5 * (edges[1:] + edges[:-1])
    begun = np.searchsorted(intervals.start, middle, "right")
    return np.asarray(begun > np.searchsorted(intervals.end, middle, "right"))
