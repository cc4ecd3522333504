"""The machinery behind a flight: chunks of trajectories on threads, recorded nodes put in order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from cislunar.propagation.granules import Granules
from cislunar.propagation.status import Status

_CHUNK = 1024
"""Most trajectories that are flown before their results are put in order."""
_SMALL_CHUNK = 128
"""Fewer are not worth a chunk of their own: lanes stand idle at its end."""
_BUFFER_BLOCKS = 1024
_SLICE_S = 0.1
_WAKE_S = 0.2


class Tables(Protocol):
    """Environment tables of a flown system."""

    def between(self, start_tdb: float, end_tdb: float) -> Granules:
        """Return the granules for flights inside an interval."""
        ...


class Flyable(Protocol):
    """What can be flown: a force model, or the three-body problem."""

    @property
    def compiled(self) -> Any:
        """Constants, in the form of the integration loop."""
        ...

    @property
    def table(self) -> Tables:
        """The environment, in the form of the integration loop."""
        ...


class Batch(NamedTuple):
    """Trajectories to fly: states (6, n), all else (n,)."""

    state: np.ndarray
    epoch: np.ndarray
    duration: np.ndarray
    pressure: np.ndarray
    inner: np.ndarray
    """Radius at which to stop on the way in."""
    outer: np.ndarray
    """Radius at which to stop on the way out."""


@dataclass
class Flown:
    """Trajectories that were flown: n of them, and their recorded nodes one after the other."""

    final: np.ndarray
    elapsed: np.ndarray
    status: np.ndarray
    steps: np.ndarray
    offsets: np.ndarray
    nodes: np.ndarray


class _Options(NamedTuple):
    rtol: float
    max_steps: int
    record: bool


def fly_batch(
    batch: Batch,
    good: np.ndarray,
    system: Flyable,
    rtol: float,
    max_steps: int,
    record: bool,
    threads: int | None,
    compiled: Callable[[np.ndarray], Any] | None = None,
) -> Flown:
    """Fly trajectories in chunks.

    Parameters
    ----------
    batch : Batch
        All trajectories.
    good : numpy.ndarray, int
        Those to fly; the others end as BAD_INPUT with NaN for a state.
    system : Flyable
        What moves them.
    rtol, max_steps, record, threads
        As for `cislunar.propagation.propagate`.
    compiled : callable, optional
        Returns the constants for a chunk, given the numbers of its trajectories; those of `system` when left
        out.

    Returns
    -------
    Flown
    """
    n = batch.epoch.size
    flown = Flown(
        np.full((6, n), np.nan),
        np.zeros(n),
        np.full(n, int(Status.BAD_INPUT)),
        np.zeros(n, dtype=np.int64),
        np.zeros(n + 1, dtype=np.int64),
        np.empty((10, 0)),
    )
    if good.size == 0:
        return flown
    starts, ends = batch.epoch[good], (batch.epoch + batch.duration)[good]
    granules = system.table.between(min(starts.min(), ends.min()), max(starts.max(), ends.max()))
    fair_share = -(-good.size // (2 * (threads or cores())))
    size = min(max(fair_share, _SMALL_CHUNK), _CHUNK)
    chunks = [good[i : i + size] for i in range(0, good.size, size)]
    jobs = [Batch(batch.state[:, c], *(values[c] for values in batch[1:])) for c in chunks]
    models = [system.compiled if compiled is None else compiled(c) for c in chunks]
    parts = _fly_all(jobs, models, granules, _Options(rtol, max_steps, record), threads)
    counts = np.zeros(n, dtype=np.int64)
    for chunk, part in zip(chunks, parts, strict=True):
        flown.final[:, chunk], flown.elapsed[chunk] = part.final, part.elapsed
        flown.status[chunk], flown.steps[chunk] = part.status, part.steps
        counts[chunk] = np.diff(part.offsets)
    flown.offsets[1:] = np.cumsum(counts)
    flown.nodes = np.concatenate([part.nodes for part in parts], axis=1) if len(parts) > 1 else parts[0].nodes
    return flown


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _fly_all(
    jobs: list[Batch], models: list[Any], granules: Granules, options: _Options, threads: int | None
) -> list[Flown]:
    """Fly the chunks, on several threads if there are several; stop soon when interrupted."""
    stop = threading.Event()
    workers = min(threads or cores(), len(jobs))
    if workers == 1:
        return [_fly(job, model, granules, options, stop) for job, model in zip(jobs, models, strict=True)]
    # A flight of none compiles what is not compiled yet here, where an interrupt is answered meanwhile.
    nobody = Batch(jobs[0].state[:, :0], *(values[:0] for values in jobs[0][1:]))
    _fly(nobody, models[0], granules, options, stop)
    with ThreadPoolExecutor(workers) as pool:
        futures = [
            pool.submit(_fly, job, model, granules, options, stop)
            for job, model in zip(jobs, models, strict=True)
        ]
        try:
            # Wake up regularly: a signal that another thread received is acted on only when this one runs.
            pending = set(futures)
            while pending:
                done, pending = wait(pending, timeout=_WAKE_S, return_when=FIRST_EXCEPTION)
                if any(future.exception() is not None for future in done):
                    break
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _fly(batch: Batch, model: Any, granules: Granules, options: _Options, stop: threading.Event) -> Flown:
    """Fly one chunk, a slice of time at a time, so that an interrupt is answered."""
    from cislunar.propagation.dense import gather
    from cislunar.propagation.kernel import COMPLETE, FULL, advance
    from cislunar.propagation.lanestate import GROUPS, Nodes, Queue, aligned, new_lanes, table_of
    from cislunar.propagation.simd import LANES

    n = batch.epoch.size
    queue = Queue(
        n,
        np.ascontiguousarray(batch.state),
        batch.epoch,
        batch.duration,
        batch.pressure,
        batch.inner,
        batch.outer,
        np.empty((6, n)),
        np.empty(n),
        np.empty(n, dtype=np.int64),
        np.empty(n, dtype=np.int64),
    )
    lanes = new_lanes(granules.coefficients.shape[1], model.bodies, GROUPS)
    table = table_of(granules)
    blocks = _BUFFER_BLOCKS if options.record else GROUPS
    buffer = Nodes(
        blocks, int(options.record), aligned(blocks * 10 * LANES), np.empty(blocks * LANES, dtype=np.int64)
    )
    # A stage costs a fraction of a microsecond, and some two nanoseconds more per coefficient of the field.
    passes = max(1, int(_SLICE_S / (17 * (3e-7 + 3e-9 * (model.degree + 1) ** 2))))
    kept: list[tuple[np.ndarray, np.ndarray]] = []
    code = -1
    while code != COMPLETE:
        if stop.is_set():
            raise KeyboardInterrupt
        code = advance(
            queue,
            lanes,
            buffer,
            model,
            table,
            options.rtol,
            options.max_steps,
            passes,
        )
        written = int(lanes.counters[1])
        if options.record and code in (COMPLETE, FULL):
            kept.append(
                (
                    buffer.rows[: written * 10 * LANES].copy(),
                    buffer.owner[: written * LANES].reshape(written, LANES).copy(),
                )
            )
        if code == FULL:
            lanes.counters[1] = 0
    counts = np.zeros(n, dtype=np.int64)
    for _, owner in kept:
        flat = owner.reshape(-1)
        counts += np.bincount(flat[flat >= 0], minlength=n)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    nodes = np.empty((10, int(offsets[-1])))
    received = np.zeros(n, dtype=np.int64)
    for rows, owner in kept:
        gather(rows, owner, LANES, received, offsets, nodes)
    return Flown(queue.final, queue.elapsed, queue.status, queue.steps, offsets, nodes)
