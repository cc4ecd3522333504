"""The machine under the benchmarks, and its measured multiply-add peak."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version

import numba
import numpy as np

from cislunar.propagation.simd import LANES, load, store

CHAINS = 12


@numba.njit(nogil=True)
def multiply_add(values: np.ndarray, rounds: int) -> None:
    """`CHAINS` independent chains of x = x a + b on lanes, enough to hide the latency of the unit."""
    a, b = load(values, 0), load(values, LANES)
    c0, c1, c2, c3 = (
        load(values, 2 * LANES),
        load(values, 3 * LANES),
        load(values, 4 * LANES),
        load(values, 5 * LANES),
    )
    c4, c5, c6, c7 = (
        load(values, 6 * LANES),
        load(values, 7 * LANES),
        load(values, 8 * LANES),
        load(values, 9 * LANES),
    )
    c8, c9 = load(values, 10 * LANES), load(values, 11 * LANES)
    c10, c11 = load(values, 12 * LANES), load(values, 13 * LANES)
    for _ in range(rounds):
        c0, c1, c2, c3 = c0 * a + b, c1 * a + b, c2 * a + b, c3 * a + b
        c4, c5, c6, c7 = c4 * a + b, c5 * a + b, c6 * a + b, c7 * a + b
        c8, c9, c10, c11 = c8 * a + b, c9 * a + b, c10 * a + b, c11 * a + b
    store(values, 2 * LANES, c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11)


def peak_gflops(rounds: int = 4_000_000) -> float:
    """One measurement of the peak of one core, GFLOP/s of float64, by CPU time; a multiply-add counts two."""
    values = np.full(14 * LANES, 0.5)
    multiply_add(values, 1000)
    seconds = cpu_seconds(lambda: multiply_add(values, rounds))
    return 2.0 * LANES * CHAINS * rounds / seconds * 1e-9


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process, all threads, spent in a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def describe() -> str:
    """Processor, Python and library versions, in one line each."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        processor = names[0] if names else processor
    except OSError:
        pass
    lines = [
        f"{processor}, {os.cpu_count()} logical CPUs, {platform.platform()}",
        f"Python {platform.python_version()}",
    ]
    packages = ("cislunar", "numpy", "numba", "llvmlite", "scipy", "heyoka", "brahe", "nyx_space", "boinor")
    held = []
    for package in packages:
        try:
            held.append(f"{package} {version(package)}")
        except ModuleNotFoundError:
            held.append(f"{package} absent")
    lines.append(", ".join(held) + f"; {LANES} lanes")
    return "\n".join(lines)
