"""Interleaved timing of contestants on the same work, by CPU time, in one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from benchmarks.machine import cpu_seconds


@dataclass
class Contestant:
    """One way to do the work.

    Attributes
    ----------
    name : str
    run : callable
        Does the work once and returns the final states (6, n).
    amount : float
        How much work one run is, in trajectory-days or trajectories.
    error_m : float
        Largest final position error of what it flies, filled in by `errors`.
    seconds : list of float
        CPU time of each run.
    """

    name: str
    run: Callable[[], np.ndarray]
    amount: float
    error_m: float = float("nan")
    seconds: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [self.amount / second for second in self.seconds]

    @property
    def rate(self) -> float:
        return median(self.rates)

    def measure_error(self, reference: np.ndarray) -> None:
        """Fly once, not timed (this also compiles), and compare the first trajectories with a reference."""
        final = self.run()
        shared = min(final.shape[1], reference.shape[1])
        apart = np.linalg.norm(final[:3, :shared] - reference[:3, :shared], axis=0)
        self.error_m = float(apart.max() * 1e3)


def interleave(
    contestants: Sequence[Contestant], rounds: int, before: Callable[[], object] = lambda: None
) -> None:
    """Time every contestant once per round, so that a change of the machine's speed touches all alike.

    `before` is called at the beginning of each round; the peak of the core is measured there.
    """
    for _ in range(rounds):
        before()
        for contestant in contestants:
            contestant.seconds.append(cpu_seconds(contestant.run))


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Median and range."""
    low, high = min(values), max(values)
    return f"{_short(median(values), digits)} ({_short(low, digits)} to {_short(high, digits)})"


def _short(value: float, digits: int) -> str:
    if value >= 10 ** (digits - 1):
        return f"{round(value, digits - 1 - int(np.floor(np.log10(value)))):,.0f}"
    return f"{value:.{digits}g}"


def ratios(first: Contestant, other: Contestant) -> list[float]:
    """Rate of the first over that of the other, round by round."""
    return [a / b for a, b in zip(first.rates, other.rates, strict=True)]


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text table with a title."""
    widths = [max(len(str(row[k])) for row in (head, *rows)) for k in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            str(c).ljust(w) if k == 0 else str(c).rjust(w)
            for k, (c, w) in enumerate(zip(cells, widths, strict=True))
        )

    return "\n".join(
        [title, line(head), "  ".join("-" * w for w in widths), *(line(row) for row in rows), ""]
    )
