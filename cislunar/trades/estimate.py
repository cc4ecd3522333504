"""What a study will take, before it is run: cases, batches, time from a short measured probe, memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from cislunar.propagation.batch import cores
from cislunar.trades.chunk import Chunk, fly_chunk, warm_up
from cislunar.trades.lander_estimate import probe_landers
from cislunar.trades.lander_flight import LanderChunk
from cislunar.trades.planning import NODE_BYTES_PER_DAY, relays_at_once
from cislunar.trades.sampling import OPTIMIZE
from cislunar.trades.store import Store, read_description

if TYPE_CHECKING:
    from cislunar.trades.planning import Plan
    from cislunar.trades.study import Study

_PROBE_CASES: Final = 32
_PROCESS_BYTES: Final = 350e6
"""Libraries, ephemeris, terrain and compiled code of a process, measured."""


@dataclass(frozen=True)
class Estimate:
    """What a study will take.

    Attributes
    ----------
    cases : int
    done : int
        Cases that the store holds already.
    unflyable : int
        Cases whose values are known to make no valid scenario.
    settings : int
        Different force models and windows.
    batches : int
        Chunks to fly.
    spacecraft : int
        Largest number in a chunk.
    seconds : float
        Expected time on this machine with nothing else running: processor time over the threads.
    cpu_s : float
        Expected processor time.
    probe_cases : int
        Cases that were flown to measure it.
    probe_s : float
        Processor time they took, kernels compiled.
    memory_bytes : float
        Expected largest memory of the process.
    """

    cases: int
    done: int
    unflyable: int
    settings: int
    batches: int
    spacecraft: int
    seconds: float
    cpu_s: float
    probe_cases: int
    probe_s: float
    memory_bytes: float

    def lines(self) -> list[str]:
        """The same for people."""
        left = self.cases - self.done
        told = [
            f"cases: {self.cases:,}" + (f", of which {self.done:,} are in the store" if self.done else ""),
            f"batches: {self.batches:,}, of up to {self.spacecraft:,} spacecraft; "
            f"{self.settings:,} different force models and windows",
        ]
        if self.unflyable:
            told.append(f"not flyable: {self.unflyable:,}; they are recorded with the reason")
        if self.probe_cases:
            told.append(
                f"expected time: {_span(self.seconds)} on this machine if it does nothing else, "
                f"{_span(self.cpu_s)} of processor time; from {self.probe_cases} cases flown in "
                f"{self.probe_s:.2f} s as a probe"
            )
        elif not left:
            told.append("expected time: nothing is left to fly")
        told.append(f"expected memory: {self.memory_bytes / 1e9:.1f} GB")
        return told


def estimate(study: Study, out: str | Path | None = None, threads: int | None = None) -> Estimate:
    """Lay a study out, fly a few of its cases, and say what all of them will take.

    Parameters
    ----------
    study : Study
    out : path-like, optional
        The store, to leave out what it holds.
    threads : int, optional
        Threads in the core; as many as there are cores when left out.
    """
    began = time.perf_counter()
    plan = study.plan()
    held = None
    if out is not None and (Path(out) / "study.json").exists():
        read_description(out)
        held = Store(out, study.key).read()
    known = set() if held is None else set(held["case"])
    wanted = np.flatnonzero([case not in known for case in plan.case.tolist()])
    laid_out = time.perf_counter() - began
    batches = plan.batches(wanted)
    probe_s, probe_cases, cpu_s, spacecraft = 0.0, 0, 0.0, 0
    largest = max(batches, key=len, default=None)
    if largest is not None and study.landing:
        landing, _ = plan.chunk(np.concatenate(batches))
        assert isinstance(landing, LanderChunk)
        began = time.process_time()
        cpu_s, probe_cases = probe_landers(landing, threads)
        probe_s, spacecraft = time.process_time() - began, max(map(len, batches))
    elif largest is not None:
        # Cases from all over the largest batch: they are not equally dear.
        picked = np.unique(largest[np.linspace(0, len(largest) - 1, _PROBE_CASES).astype(int)])
        chunk, flown = plan.chunk(picked)
        if isinstance(chunk, Chunk):
            warm_up(chunk)
            # Once to load what the short flight did not need, once to measure.
            fly_chunk(chunk, threads)
            probe_s, probe_cases = fly_chunk(chunk, threads).cpu_s, len(flown)
            cpu_s = sum(map(len, batches)) * probe_s / probe_cases
            spacecraft = int(len(largest) * chunk.state.shape[1] / probe_cases)
    # What a search flies after its first generation is known only then; the generations are alike in size.
    searching = study.sampler.method == OPTIMIZE and study.sampler.drawn is None
    generations = int(study.sampler.generations or 1) if searching else 1
    return Estimate(
        cases=len(plan) * generations,
        done=len(plan) - len(wanted),
        unflyable=len(plan.problems),
        settings=len(plan.settings),
        batches=len(batches) * generations,
        spacecraft=spacecraft,
        seconds=(laid_out + cpu_s / (threads or cores())) * generations,
        cpu_s=(laid_out + cpu_s) * generations,
        probe_cases=probe_cases,
        probe_s=probe_s,
        memory_bytes=_memory(plan, study),
    )


def _memory(plan: Plan, study: Study) -> float:
    """The process, the table, and a chunk, whose nodes are held about four times on their way."""
    columns = len(study.axes) + len(study.measures) + 10
    nodes = max(
        (
            relays_at_once(each, study.measures)
            * NODE_BYTES_PER_DAY
            * max(each.duration_s, each.horizon_s or 0.0)
            / 86400.0
            for each in plan.settings
        ),
        default=0.0,
    )
    return _PROCESS_BYTES + 4.0 * nodes + 24.0 * columns * len(plan)


def _span(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.2g} s"
    return f"{seconds / 60.0:.2g} min" if seconds < 5400.0 else f"{seconds / 3600.0:.2g} h"
