"""Compiled kernels: lane widths, processors without fused multiply-add, and the cache of machine code.

Each case runs in a process of its own, since lanes, processor and cache folder are fixed when a process
starts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]

FLY = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import numpy as np
from orbits import elliptical
from cislunar import ForceModel, propagate
from cislunar.propagation import RadiationPressure
state, epoch = elliptical(11, seed=2)
light = RadiationPressure(np.linspace(0.0, 0.05, 11), shadows=())
forces = ForceModel("moon", degree=6, radiation_pressure=light)
flight = propagate(state, epoch, 86400.0 * np.linspace(-1.0, 2.0, 11), forces, rtol=1e-12, threads=1)
np.save(sys.argv[1], flight.final)
""".format(root=str(ROOT), tests=str(ROOT / "tests" / "propagation"))


def run(code, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **{k: str(v) for k, v in environment.items()}},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lanes")
    run(FLY, folder / "8.npy", CISLUNAR_LANES=8)
    return np.load(folder / "8.npy")


@pytest.mark.parametrize("lanes", [1, 4])
def test_lane_widths_agree(lanes, reference, tmp_path):
    run(FLY, tmp_path / "out.npy", CISLUNAR_LANES=lanes)
    found = np.load(tmp_path / "out.npy")
    # Other widths may round otherwise (products fused or not in the remainder of a formula): 0.1 mm after
    # two days.
    assert np.abs(found[:3] - reference[:3]).max() < 1e-7
    assert np.abs(found[3:] - reference[3:]).max() < 1e-10


@pytest.mark.slow
def test_processor_without_fused_multiply_add(reference, tmp_path):
    # numba hands out the assembly of what it compiles itself, so the cache is empty; on such a processor
    # the letters "fma" could only be a call of the C library, once for each product.
    code = (
        FLY
        + """
from cislunar.propagation.kernel import advance
print("fma" in "".join(advance.inspect_asm().values()))
"""
    )
    plain = {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "", "CISLUNAR_CACHE_DIR": tmp_path}
    assert run(code, tmp_path / "out.npy", **plain).strip() == "False"
    found = np.load(tmp_path / "out.npy")
    assert np.abs(found[:3] - reference[:3]).max() < 1e-6


def test_second_process_reads_the_cache(tmp_path):
    count = """
from cislunar.propagation.kernel import advance
print(len(advance.stats.cache_hits), len(advance.stats.cache_misses))
"""
    first = run(FLY + count, tmp_path / "a.npy", CISLUNAR_CACHE_DIR=tmp_path / "cache")
    second = run(FLY + count, tmp_path / "b.npy", CISLUNAR_CACHE_DIR=tmp_path / "cache")
    assert first.split() == ["0", "1"]
    assert second.split() == ["1", "0"]
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy"))


HEAD = "from numba.extending import register_jitable\n"


class SmallPackage:
    """A kernel in one file that calls a function in another, which calls a third."""

    def __init__(self, folder):
        package = folder / "cislunar"
        (package / "propagation").mkdir(parents=True)
        for name in (
            "__init__.py",
            "errors.py",
            "propagation/__init__.py",
            "propagation/simd.py",
            "propagation/jit.py",
        ):
            (package / name).write_text((ROOT / "cislunar" / name).read_text())
        self.deep = package / "deep.py"
        self.deep.write_text(HEAD + "@register_jitable\ndef value(x):\n    return x + 1.0\n")
        (package / "middle.py").write_text(
            HEAD
            + "from cislunar.deep import value\n@register_jitable\ndef twice(x):\n    return 2.0 * value(x)\n"
        )
        (package / "top.py").write_text(
            "from cislunar.propagation.jit import kernel\nfrom cislunar.middle import twice\n"
            "@kernel\ndef result(x):\n    return twice(x)\n"
        )
        self.cache = folder / "cache"
        self._folder = folder

    def change(self):
        """Change the third file within the same second, with its size and its time stamp kept."""
        stamp = self.deep.stat()
        self.deep.write_text(self.deep.read_text().replace("1.0", "5.0"))
        os.utime(self.deep, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    def result(self, before=""):
        """Return what the kernel says to 1, and how often it was read from the cache."""
        code = (
            f"import sys; sys.path.insert(0, {str(self._folder)!r}); {before}\n"
            "from cislunar.top import result; print(result(1.0), len(result.stats.cache_hits))"
        )
        return run(code, CISLUNAR_CACHE_DIR=self.cache, PYTHONDONTWRITEBYTECODE=1).split()


def test_a_changed_module_is_never_answered_by_old_code(tmp_path):
    package = SmallPackage(tmp_path)
    assert package.result() == ["4.0", "0"]
    assert package.result() == ["4.0", "1"]
    package.change()
    assert package.result() == ["12.0", "0"]


def test_old_code_in_the_place_of_new_that_was_not_written_trap(tmp_path):
    # The index is written, then there is no room for the machine code.
    full = """
import numba.core.caching as caching
def no_room(*anything):
    raise OSError(28, "No space left on device")
caching.IndexDataCacheFile._save_data = no_room"""
    package = SmallPackage(tmp_path)
    assert package.result() == ["4.0", "0"]
    package.change()
    assert package.result(full) == ["12.0", "0"]
    assert package.result() == ["12.0", "0"]
    assert package.result() == ["12.0", "1"]


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [0, 40])
def test_a_damaged_cache_is_compiled_anew(tmp_path, kind, left):
    package = SmallPackage(tmp_path)
    assert package.result() == ["4.0", "0"]
    damaged = list(package.cache.rglob(f"*.{kind}"))
    assert damaged
    for file in damaged:
        file.write_bytes(file.read_bytes()[:left])
    assert package.result() == ["4.0", "0"]
    assert package.result() == ["4.0", "1"]


def test_places_that_cannot_be_written(tmp_path):
    # A cache folder that is a file, and a home that is one too: the temporary folder takes over.
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    code = "from cislunar.propagation.jit import cache_folder; print(cache_folder())"
    places = {"CISLUNAR_CACHE_DIR": blocked, "XDG_CACHE_HOME": blocked, "TMPDIR": tmp_path / "tmp"}
    (tmp_path / "tmp").mkdir()
    found = run(code, **places).strip()
    assert found.startswith(str(tmp_path / "tmp"))


def test_wrong_number_of_lanes_is_refused():
    code = "import cislunar.propagation.simd"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CISLUNAR_LANES": "three"},
        capture_output=True,
        text=True,
    )
    assert "CISLUNAR_LANES: expected one of" in done.stderr


def test_import_is_light():
    code = """
import sys, cislunar
assert not {"numba", "astropy", "matplotlib", "pandas", "xarray", "numpy"} & set(sys.modules)
import cislunar.propagation
assert "numba" not in sys.modules
"""
    run(code)


def test_interrupt_is_answered_within_a_second():
    code = (
        FLY.split("flight =")[0]
        + """
import signal, threading, time, os
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a suite started in the background
state, epoch = elliptical(600, seed=2)
forces = ForceModel("moon", degree=20)
propagate(state[:, :8], epoch[:8], 60.0, forces)
for threads in (1, 2):
    threading.Timer(0.5, lambda: (sent.append(time.monotonic()), os.kill(os.getpid(), signal.SIGINT))).start()
    sent = []
    try:
        propagate(state, 0.5e9, 86400.0 * 3000, forces, threads=threads)
    except KeyboardInterrupt:
        print(time.monotonic() - sent[0])
"""
    )
    times = [float(text) for text in run(code).split()]
    assert len(times) == 2
    # One second is asked; a machine that is shared may take longer to schedule us.
    assert max(times) < 3.0


@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt_is_answered_while_kernels_are_compiled(tmp_path, threads):
    # With an empty cache, two seconds into the compilation: it would go on for several.
    code = (
        FLY.split("flight =")[0]
        + f"""
import os, signal, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
state, epoch = elliptical(600, seed=2)
sent = []
def interrupt():
    while not any(thread.name == "cislunar compiler" for thread in threading.enumerate()):
        time.sleep(0.05)
    time.sleep(2.0)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    propagate(state, epoch, 86400.0 * 3000, ForceModel("moon", degree=8), threads={threads})
except KeyboardInterrupt:
    print(time.monotonic() - sent[0])
"""
    )
    # One second is asked; a machine that is shared may take longer to schedule us.
    assert float(run(code, CISLUNAR_CACHE_DIR=tmp_path)) < 3.0
