"""Work that is divided among threads: kernels are made ready on the calling thread before.

Compilation on a thread of a pool could not be interrupted: the pool waits for its threads. Each case runs in
a process of its own, in which no kernel is ready yet, and tells on which threads kernels are made ready, be
it by compilation or from the cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

LISTEN = f"""
import sys, threading
sys.path[:0] = [{str(TESTS / "propagation")!r}, {str(TESTS / "coverage")!r}]
from cislunar.propagation import jit
ready, heard = jit._compile_aside, []
def listening(compile_signature, signature):
    heard.append((threading.current_thread().name, compile_signature.__self__.py_func.__name__))
    return ready(compile_signature, signature)
jit._compile_aside = listening
import numpy as np
from cislunar.propagation import FiniteBurn, FixedDirection, ForceModel, propagate, propagate_burns
"""

TELL = """
assert any(kernel == {kernel!r} for _, kernel in heard), heard
print([call for call in heard if call[0].startswith("ThreadPoolExecutor")])
"""

FLIGHT = """
from orbits import elliptical
state, epoch = elliptical(200)
forces = ForceModel("moon", degree=4)
flight = propagate(state, epoch, 86400.0, forces, threads=1)
"""

CASES = {
    "step_derivatives": FLIGHT
    + """
from cislunar.propagation import state_transition
assert flight.nodes.shape[1] > 4096
state_transition(flight, threads=2)
""",
    "arcs": FLIGHT
    + """
burn = FiniteBurn(0.0, 1.0, 300.0, FixedDirection([1, 0, 0]), duration_s=40000.0)
flight = propagate_burns(state, epoch, 40000.0, forces, [burn], 1000.0, 500.0, threads=1)
assert flight.coasts.n == 0 and 9 * flight.arcs.nodes.shape[1] > 4096 + 9 * flight.arcs.n
flight.sensitivities(threads=2)
""",
    "search_pairs": """
from cislunar.orbits.elements import KeplerianElements
from cislunar.transfers.two_impulse_batch import two_impulse_batch
size = np.linspace(3000.0, 5000.0, 200)
start, end = (KeplerianElements(a, 0.0 * a + 0.2, 1.0, 0.0, 0.0, 0.0) for a in (size, size + 500.0))
two_impulse_batch(start, end, 4902.8, threads=2)
""",
    "find_links": """
from doubles import dish, kepler_nodes, place, uniform_world
from cislunar.coverage.architectures import architecture_coverage
from cislunar.coverage.tables import WindowTables
orbits = [{"a": 4000.0, "e": 0.2, "i": 1.0, "mean": 0.04 * number} for number in range(150)]
tables = WindowTables.build(uniform_world(), 0.0, 86400.0)
batch = kepler_nodes(orbits, 86400.0, per_orbit=30)
architecture_coverage(batch, 1, [place("basin")], [dish("a", 35.0, -117.0)], tables, threads=2)
""",
}


@pytest.mark.parametrize("case", CASES)
def test_kernels_are_made_ready_on_the_calling_thread(case):
    kernel = "step_derivatives" if case == "arcs" else case
    done = subprocess.run(
        [sys.executable, "-c", LISTEN + CASES[case] + TELL.format(kernel=kernel)],
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
