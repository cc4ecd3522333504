"""The search for the best designs, on a problem whose Pareto front is known, and through real flights.

ZDT1 (E. Zitzler, K. Deb, L. Thiele, "Comparison of multiobjective evolutionary algorithms", Evolutionary
Computation 8 (2000) 173-195): f1 = x, f2 = g (1 - sqrt(x / g)), g = 1 + 9 y; the front is at y = 0.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small_studies import STUDY, both, make, write

from cislunar.cli.main import main
from cislunar.errors import InputError, ScenarioError
from cislunar.trades import Study, StudyResult
from cislunar.trades.axes import Axis
from cislunar.trades.optimizing import _Search, convergence
from cislunar.trades.sampling import Sampler
from cislunar.trades.study import Constraint, Objective
from cislunar.trades.understanding.pareto import nondominated

pytest.importorskip("pymoo")


def test_the_front_of_a_known_problem_is_found() -> None:
    """With a choice that makes all worse, steps for y, and a constraint that cuts the front at x = 0.25."""
    axes = (
        Axis("x", "quantity", low=0.0, high=1.0),
        Axis("y", "quantity", levels=tuple(np.linspace(0.0, 1.0, 41))),
        Axis("kind", "choice", levels=("bad", "good"), blocks={"bad": {}, "good": {}}),
    )
    study = SimpleNamespace(
        axes=axes,
        objectives=(Objective("f1", False), Objective("f2", False)),
        constraints=(Constraint("f1", 0.25, None),),
        sampler=Sampler("optimize", seed=2, population=24, generations=30),
    )
    search, last, flown = _Search(study), None, 0
    for x, y, kind in search.generations():
        g = 1.0 + 9.0 * y
        f2 = g * (1.0 - np.sqrt(x / g)) + np.where(kind == "bad", 0.5, 0.0)
        status = np.where(x > 0.97, "failed", "ok")
        last = pd.DataFrame({"f1": np.where(x > 0.97, np.nan, x), "f2": f2, "status": status})
        search.tell(last)
        flown += len(x)
    assert flown == 24 * 30
    found = search._algorithm.opt.get("F")
    assert (found[:, 0] >= 0.25).all()
    assert (found[:, 0] <= 0.97).all()
    assert np.abs(found[:, 1] - (1.0 - np.sqrt(found[:, 0]))).max() < 0.03
    assert np.ptp(found[:, 0]) > 0.6
    assert nondominated(found, [False, False]).all()


def searched(seed: int = 3, generations: int = 3) -> Study:
    return make(
        {
            "size": {"path": both("semi_major_axis"), "from": "4800 km", "to": "7400 km"},
            "tilt": {"path": both("inclination"), "values": ["45 deg", "51.7 deg", "70 deg"]},
        },
        objectives=[{"measure": "coverage"}, {"measure": "gap"}],
        sample={"method": "optimize", "population": 6, "generations": generations, "seed": seed},
    )


def test_a_search_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    short = searched(generations=2).run(tmp_path / "store")
    assert short.costs.cases == 12
    whole = searched().run(tmp_path / "store")
    assert whole.costs.cases == 6
    assert whole.rows.equals(searched().run().rows)
    told = convergence(whole)
    assert told["cases"].tolist() == [6, 12, 18]
    assert (np.diff(told["volume"]) >= 0.0).all()


def test_a_case_of_a_search_is_exported_from_its_store(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = STUDY.replace("step: 200 km", "")
    file = write(tmp_path, text + "sample: {method: optimise, population: 4, generations: 1}\n")
    store = tmp_path / "store"
    assert main(["trade", str(file), "--out", str(store), "--no-report", "--quiet"]) == 0
    rows = StudyResult.load(store, Study.load(file)).rows
    assert len(rows) == 4
    row = rows.iloc[3]
    assert main(["trade", str(file), "--out", str(store), "--export", row["case"][:10]]) == 0
    assert f"value: {row['size']:.10g}"[:14] in capfd.readouterr().out
    assert main(["trade", str(file), "--out", str(store), "--dry-run"]) == 0
    assert "cases: 4, of which 4 are in the store" in capfd.readouterr().out


def test_without_pymoo_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymoo.algorithms.moo.nsga2", None)
    with pytest.raises(
        InputError, match=r"needs pymoo, which is not installed; pip install 'cislunar\[optimize\]'"
    ):
        searched().run()


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (
            {"method": "optimize"},
            "the method optimize needs a size; expected population: 40, generations: 25",
        ),
        (
            {"method": "sobol", "count": 8, "population": 8},
            "population has no effect with the method sobol; expected it with optimize",
        ),
        ({"method": "sobol-indices"}, "the method sobol-indices needs the number of cases"),
        (
            {"method": "sobol-indices", "count": 100},
            "the method sobol-indices takes a power of two as its count; got 100, nearest are 64 and 128",
        ),
        (
            {"method": "optimize", "population": 8, "generations": 2, "count": 16},
            "count has no effect with the method optimize",
        ),
    ],
)
def test_samplers_that_do_not_fit(sample: dict, said: str) -> None:
    axes = {"size": {"path": both("semi_major_axis"), "from": "4800 km", "to": "7400 km"}}
    with pytest.raises(ScenarioError, match=said):
        make(axes, sample=sample, objectives=[{"measure": "gap"}])


def test_a_search_needs_an_objective() -> None:
    axes = {"size": {"path": both("semi_major_axis"), "from": "4800 km", "to": "7400 km"}}
    with pytest.raises(ScenarioError, match="the method optimize needs at least one objective"):
        make(axes, sample={"method": "optimize", "population": 8, "generations": 2})
