"""Running a study: find out what is missing, fly it, and put every finished chunk on the disk."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.trades.chunk import FAILED, AnyChunk, ChunkResult, describe_setting
from cislunar.trades.executors import open_executor
from cislunar.trades.result import StudyResult
from cislunar.trades.store import Store, open_store

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.executors import Executor
    from cislunar.trades.planning import Plan
    from cislunar.trades.study import Study

Progress = Callable[[str, float], None]
"""Receives what is being done and the fraction of the whole that is behind, 0 to 1."""


@dataclass
class Costs:
    """Where the time of a run went.

    Attributes
    ----------
    cases : int
        Flown in this run.
    wall_s : float
        From the first to the last step.
    core_cpu_s : float
        Processor time of propagation and coverage, in whatever process they ran.
    cpu_s : float
        Processor time of this process.
    """

    cases: int = 0
    wall_s: float = 0.0
    core_cpu_s: float = 0.0
    cpu_s: float = 0.0


def run_study(
    study: Study,
    out: str | Path | None = None,
    *,
    dask: str | None = None,
    workers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> StudyResult:
    """Fly all cases that are not in the store yet; see `Study.run`.

    An executor that is given is used and left open.
    """
    import pandas as pd

    began, cpu = time.perf_counter(), time.process_time()
    costs = Costs()

    def tell(stage: str, fraction: float) -> None:
        if progress is not None:
            progress(stage, fraction)

    tell("laying out the cases", 0.0)
    with ExitStack() as stack:
        if executor is None and dask is not None:
            # A scheduler that does not answer is said before anything is written.
            executor = stack.enter_context(open_executor(dask, workers, threads))
        store = stack.enter_context(open_store(out, study)) if out is not None else None
        plan = study.plan()
        held = store.read() if store is not None else None
        if store is not None:
            store.describe({**study.describe(), "provenance": provenance(plan)}, common(study))
        metadata = {"cislunar": json.dumps(study.describe(), default=str)}
        if store is not None:
            held = _carried(store, plan, held, metadata)
        known = set() if held is None else set(held["case"])
        wanted = np.flatnonzero([case not in known for case in plan.case.tolist()])
        # A sampler can draw a case twice; it is flown once.
        wanted = wanted[np.sort(np.unique(plan.case[wanted], return_index=True)[1])]
        costs.cases = len(wanted)
        parts = [] if held is None else [held]
        if executor is None and len(wanted):
            executor = stack.enter_context(open_executor(dask, workers, threads))
        done = len(plan) - len(wanted)
        for table in _flown(plan, wanted, executor, costs):
            if store is not None:
                store.append(table, metadata)
            parts.append(table)
            done += len(table)
            tell("flying", done / len(plan))
    rows = pd.concat(parts, ignore_index=True) if parts else table_of(plan, np.zeros(0, int), None)
    costs.wall_s = time.perf_counter() - began
    costs.cpu_s = time.process_time() - cpu
    return StudyResult(study, _in_order(plan, rows), costs, provenance(plan))


def table_of(plan: Plan, numbers: np.ndarray, result: ChunkResult | None) -> pd.DataFrame:
    """Rows of some cases; without a result those that cannot be flown, with the reason."""
    import pandas as pd

    study = plan.study
    columns: dict[str, Any] = {"case": plan.case[numbers].astype(object)}
    for axis, values in zip(study.axes, plan.values, strict=True):
        columns[axis.name] = values[numbers]
    for place, measure in enumerate(study.measures):
        columns[measure.name] = (
            result.values[:, place] if result is not None else np.full(len(numbers), np.nan)
        )
    if result is not None:
        columns["status"], columns["reason"] = result.status, result.reason
    else:
        columns["status"] = [FAILED] * len(numbers)
        columns["reason"] = [plan.problems[int(number)] for number in numbers]
    return pd.DataFrame(columns).astype({"case": "str", "status": "str", "reason": "str"})


def common(study: Study) -> dict[str, Any]:
    """What the rows of one folder share, for its `study.json`."""
    return {
        "name": study.name,
        "axes": {axis.name: axis.settings() for axis in study.axes},
        "measures": {each.name: each.describe() for each in study.measures},
        "identity": json.loads(study.fingerprint),
    }


def provenance(plan: Plan) -> dict[str, Any]:
    """Version, scenario, physics and tables behind the results."""
    import cislunar
    from cislunar.mission.flight import environment_of

    base = plan.study.base
    return {
        "version": cislunar.__version__,
        "scenario": {
            "file": base.file,
            "sha256": base.sha256,
            "changes": [{"path": path, "value": value} for path, value in base.changes],
        },
        "settings": [describe_setting(each) for each in plan.settings],
        **environment_of(base).provenance(),
    }


def _carried(
    store: Store, plan: Plan, held: pd.DataFrame | None, metadata: dict[str, str]
) -> pd.DataFrame | None:
    """Take over what an earlier form of the study has flown, such as one with fewer choices."""
    import pandas as pd

    missing = set(plan.case.tolist()) - (set() if held is None else set(held["case"]))
    columns = list(table_of(plan, np.zeros(0, dtype=np.int64), None).columns)
    carried = store.carry(missing, columns) if missing else None
    if carried is None:
        return held
    store.append(carried, metadata)
    return carried if held is None else pd.concat([held, carried], ignore_index=True)


def _flown(plan: Plan, wanted: np.ndarray, executor: Executor | None, costs: Costs) -> Iterator[pd.DataFrame]:
    """Tables of finished chunks, and of the cases that cannot be flown."""
    if executor is None:
        return
    batches = plan.batches(wanted)
    flown: dict[int, np.ndarray] = {}
    told: set[int] = set()

    def build(number: int) -> AnyChunk | None:
        chunk, flown[number] = plan.chunk(batches[number])
        return chunk

    def unflyable() -> Iterator[pd.DataFrame]:
        asked = set(wanted.tolist())
        fresh = np.array(sorted((set(plan.problems) & asked) - told), dtype=np.int64)
        if len(fresh):
            told.update(fresh.tolist())
            yield table_of(plan, fresh, None)

    yield from unflyable()
    for number, result in executor.fly(len(batches), build):
        costs.core_cpu_s += result.cpu_s
        yield table_of(plan, flown.pop(number), result)
        yield from unflyable()
    yield from unflyable()


def _in_order(plan: Plan, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the plan's cases, in its order."""
    where = {case: number for number, case in enumerate(rows["case"])}
    order = [where[case] for case in plan.case.tolist()]
    table = rows.iloc[order].reset_index(drop=True)
    # An earlier study of the same store may have had other values at other places.
    for axis, values in zip(plan.study.axes, plan.values, strict=True):
        table[axis.name] = values
    names = ["case", *(axis.name for axis in plan.study.axes), *(each.name for each in plan.study.measures)]
    return table[[*names, "status", "reason"]]
