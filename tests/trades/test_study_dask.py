"""A real scheduler and real worker processes on this machine, one of which is killed in the middle."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small_studies import both, make

from cislunar.errors import InputError

AXES = {
    "size": {"path": both("semi_major_axis"), "from": "5800 km", "to": "6400 km", "count": 20},
    "tilt": {"path": both("inclination"), "from": "45 deg", "to": "60 deg", "count": 6},
}


@contextmanager
def process(*arguments: str, folder: Path) -> Iterator[subprocess.Popen]:
    """A Dask command in a process of its own, ended with the block."""
    started = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "false"},
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def test_a_killed_worker_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers, no nanny that would start a third: the other one flies what the dead one had."""
    study = make(AXES)
    expected = study.run().rows
    monkeypatch.setattr("cislunar.trades.planning.relays_at_once", lambda setting, measures: 8)
    scheduler = process(
        "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", folder=tmp_path
    )
    with scheduler as boss:
        assert boss.stderr is not None
        address = ""
        while not address:
            found = re.search(r"Scheduler at:\s+(tcp://[\d.:]+)", boss.stderr.readline())
            address = found.group(1) if found else ""
        threading.Thread(target=boss.stderr.read, daemon=True).start()
        with pytest.raises(
            InputError, match=f"the Dask scheduler at {address} has no workers; start some with"
        ):
            study.run(dask=address)
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard")
        with (
            process("dask_worker", address, *options, folder=tmp_path) as one,
            process("dask_worker", address, *options, folder=tmp_path) as other,
        ):
            for each in (one, other):
                assert each.stderr is not None
                while "Registered to" not in each.stderr.readline():
                    assert each.poll() is None
                threading.Thread(target=each.stderr.read, daemon=True).start()
            killed = []

            def kill_one(stage: str, done: float) -> None:
                if 0.1 < done < 0.9 and not killed:
                    one.send_signal(signal.SIGKILL)
                    killed.append(done)

            result = study.run(tmp_path / "out", dask=address, progress=kill_one)
            assert killed
            assert one.wait(timeout=10) == -signal.SIGKILL
            assert other.poll() is None
    assert result.rows.equals(expected)
    assert len(list(tmp_path.glob("out/results/*/part-*.parquet"))) == 30
    assert study.run(tmp_path / "out").costs.cases == 0


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cislunar.trades.executors._ANSWER_S", 0.5)
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        make({"tilt": AXES["tilt"]}).run(dask="tcp://127.0.0.1:9")
    said = str(caught.value)
    assert said.startswith("no Dask scheduler answers at tcp://127.0.0.1:9 (")
    assert said.endswith(
        "start one with 'dask scheduler', check the address, or leave --dask out to use this machine"
    )
    assert time.monotonic() - began < 30.0


def test_one_place_to_fly() -> None:
    study = make({"tilt": AXES["tilt"]})
    with pytest.raises(InputError, match="--dask takes an existing scheduler and --workers starts a new one"):
        study.run(dask="tcp://127.0.0.1:9", workers=2)
    with pytest.raises(InputError, match="--workers: expected a whole number, at least 1; got 0"):
        study.run(workers=0)
