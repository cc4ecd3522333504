"""What the table of a study means, held against brute force, published values and hand calculation.

Ishigami's function (T. Ishigami, T. Homma, "An importance quantification technique in uncertainty analysis
for computer models", ISUMA 1990, 398-403) with a = 7, b = 0.1 has the variance a^2/8 + b pi^4/5 + b^2
pi^8/18 + 1/2; its first-order indices are 0.3139, 0.4424, 0 and its total indices 0.5576, 0.4424, 0.2437 (A.
Saltelli et al., "Global Sensitivity Analysis. The Primer", Wiley 2008, section 4). Tolerances are three
standard errors of the estimators at the sample sizes used.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cislunar.errors import InputError
from cislunar.trades.axes import Axis
from cislunar.trades.sampling import Sampler
from cislunar.trades.study import Constraint, Objective
from cislunar.trades.understanding.neighbours import neighbours
from cislunar.trades.understanding.pareto import nondominated, pareto_set
from cislunar.trades.understanding.ranking import ranked, stability
from cislunar.trades.understanding.screening import nearest_miss, screening
from cislunar.trades.understanding.sensitivity import main_effects, sensitivity

FIRST = (0.3139, 0.4424, 0.0)
TOTAL = (0.5576, 0.4424, 0.2437)


class Cases(SimpleNamespace):
    """The parts of a study that these functions look at."""

    def __len__(self) -> int:
        return self.sampler.size(self.axes)


def beaten(values: np.ndarray, maximize: list[bool], point: int) -> bool:
    """By the definition, one pair at a time."""
    signs = np.where(maximize, 1.0, -1.0)
    own = signs * values[point]
    return any(
        not np.isnan(other).any() and (signs * other >= own).all() and (signs * other > own).any()
        for other in values
    )


small = st.one_of(st.integers(-3, 3).map(float), st.just(np.nan), st.just(np.inf))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_pareto_set_against_brute_force(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(0, 12), st.integers(1, 4)))
    values = data.draw(hnp.arrays(float, shape, elements=small))
    maximize = data.draw(st.lists(st.booleans(), min_size=shape[1], max_size=shape[1]))
    expected = [not np.isnan(values[k]).any() and not beaten(values, maximize, k) for k in range(shape[0])]
    assert nondominated(values, maximize).tolist() == expected


def test_pareto_set_of_many_points_against_brute_force() -> None:
    values = np.random.default_rng(4).normal(size=(300, 3))
    maximize = [True, False, True]
    expected = [not beaten(values, maximize, k) for k in range(len(values))]
    assert nondominated(values, maximize).tolist() == expected
    assert 5 < sum(expected) < 150


def frame(**columns: list[float]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    table = pd.DataFrame({"case": [f"c{k}" for k in range(count)], **columns})
    return table.assign(feasible=True, status="ok", reason="")


def test_cases_out_of_the_constraints_beat_nobody() -> None:
    table = frame(good=[1.0, 5.0, 2.0, 2.0])
    table["feasible"] = [True, False, True, True]
    assert pareto_set(table, [Objective("good", True)])["case"].tolist() == ["c2", "c3"]


def test_screening_counts_by_hand() -> None:
    table = frame(a=[1.0, 2.0, 3.0, 4.0, np.nan], b=[9.0, 1.0, 9.0, 1.0, 1.0])
    table.loc[4, "status"] = "failed"
    told = screening(table, [Constraint("a", 2.0, 3.5), Constraint("b", None, 5.0)], {"a": "km"})
    assert told["constraint"].tolist() == ["a at least 2 km and at most 3.5 km", "b at most 5"]
    assert told[["missed", "only", "left"]].to_numpy().tolist() == [[2, 1, 2], [2, 1, 1]]


def test_the_nearest_miss_has_the_smallest_worst_shortfall() -> None:
    # Shortfalls of the worse of both: 0.5, 0.2, 0.3; the NaN cannot be compared.
    table = frame(a=[5.0, 8.0, 7.0, np.nan], b=[1.0, 1.1, 1.0, 1.0])
    assert nearest_miss(table, [Constraint("a", 10.0, None), Constraint("b", None, 1.0)]) == "c1"


OBJECTIVES = [Objective("a", True, 1.0), Objective("b", False, 1.0)]


def test_best_under_weights_by_hand() -> None:
    # Scaled: a to 0, 1, 0.6; b (small is good) to 1, 0, 0.6.
    table = frame(a=[10.0, 20.0, 16.0], b=[100.0, 200.0, 140.0])
    order = ranked(table, OBJECTIVES)
    assert order["case"].tolist() == ["c2", "c0", "c1"]
    assert order["score"].tolist() == pytest.approx([0.6, 0.5, 0.5])
    order = ranked(table, OBJECTIVES, {"a": 3.0, "b": 1.0})
    assert order["case"].tolist() == ["c1", "c2", "c0"]
    assert order["score"].tolist() == pytest.approx([0.75, 0.6, 0.25])


def test_how_firm_the_first_place_is_by_hand() -> None:
    """The case in the middle wins while the weight of `a` is between 0.4 and 0.6.

    Of all weights that is 0.2. With both weights times 2^u, u uniform in -1..1, it is the chance that the
    difference of two such numbers is below log2(1.5) = 0.585: 0.4994.
    """
    order = ranked(frame(a=[10.0, 20.0, 16.0], b=[100.0, 200.0, 140.0]), OBJECTIVES)
    firm = stability(order, OBJECTIVES, draws=20_000)
    assert firm.any == pytest.approx(0.2, abs=0.01)
    assert firm.near == pytest.approx(0.4994, abs=0.012)
    assert set(firm.rivals) == {"c0", "c1"}
    assert sum(firm.rivals.values()) == pytest.approx(1.0 - firm.near)


def test_weights_that_make_no_sense() -> None:
    table = frame(a=[1.0, 2.0], b=[1.0, 2.0])
    with pytest.raises(InputError, match=r"weights: expected objectives of the study \(a, b\); got 'c'"):
        ranked(table, OBJECTIVES, {"c": 1.0})
    with pytest.raises(InputError, match="numbers from 0 up, at least one above 0; got a 0, b 0"):
        ranked(table, OBJECTIVES, {"a": 0.0})


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.sin(x[0]) + 7.0 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def ishigami_study(sampler: Sampler, levels: tuple[float, ...] | None = None) -> tuple[Cases, pd.DataFrame]:
    axes = tuple(Axis(name, "quantity", levels=levels, low=-np.pi, high=np.pi) for name in ("x1", "x2", "x3"))
    study = Cases(axes=axes, sampler=sampler, measures=[SimpleNamespace(name="y")])
    drawn = sampler.draw(axes)
    table = frame(**dict(zip(("x1", "x2", "x3"), drawn, strict=True)), y=ishigami(np.array(drawn)))
    return study, table


def test_sobol_indices_of_saltellis_design_are_the_published_ones() -> None:
    study, table = ishigami_study(Sampler("sobol-indices", 1024, 3))
    assert len(table) == len(study) == 5120
    told = sensitivity(study, table, "y")
    assert told["first"].to_numpy() == pytest.approx(FIRST, abs=0.03)
    assert told["total"].to_numpy() == pytest.approx(TOTAL, abs=0.03)
    assert (np.abs(told["first"] - np.array(FIRST)) < 2.0 * told["first_conf"] + 1e-3).all()
    assert told.attrs["method"] == "Saltelli's design, 1024 blocks of 5 cases"


def test_blocks_with_a_failed_case_are_left_out_whole() -> None:
    study, table = ishigami_study(Sampler("sobol-indices", 1024, 3))
    table.loc[[0, 7, 8], "y"] = np.nan
    told = sensitivity(study, table, "y")
    assert told.attrs["cases"] == 1022 * 5
    assert told.attrs["method"].endswith("2 blocks with a failed case left out")
    assert told["total"].to_numpy() == pytest.approx(TOTAL, abs=0.05)


@pytest.mark.parametrize("method", ["sobol", "latin-hypercube"])
def test_first_order_indices_of_a_sample_are_the_published_ones(method: str) -> None:
    study, table = ishigami_study(Sampler(method, 2048, 3))
    told = sensitivity(study, table, "y")
    assert told["first"].to_numpy() == pytest.approx(FIRST, abs=0.05)
    assert (np.abs(told["first"] - np.array(FIRST)) < 2.0 * told["first_conf"] + 1e-3).all()
    assert told["total"].isna().all()
    assert told.attrs["method"] == "estimated from the sample by RBD-FAST"


def test_indices_of_a_full_grid_are_exact() -> None:
    """Midpoints of equal cells integrate the sines exactly and x^4 to the square of the step."""
    levels = tuple(-np.pi + 2.0 * np.pi * (np.arange(32) + 0.5) / 32)
    study, table = ishigami_study(Sampler("grid"), levels)
    told = sensitivity(study, table, "y")
    assert told["first"].to_numpy() == pytest.approx(FIRST, abs=0.004)
    assert told["total"].to_numpy() == pytest.approx(TOTAL, abs=0.004)
    assert (told["first_conf"] == 0.0).all()


def test_axes_of_few_values_are_grouped_and_corrected_for_chance() -> None:
    """Two values 0 and 2 apart and noise of variance 3: a share of 1/4; an axis without effect: 0."""
    rng = np.random.default_rng(7)
    axes = (
        Axis("a", "choice", levels=("one", "two"), blocks={"one": {}, "two": {}}),
        Axis("b", "integer", levels=tuple(range(10))),
    )
    sampler = Sampler("latin-hypercube", 3000, 2)
    a, b = sampler.draw(axes)
    y = np.where(a == "two", 2.0, 0.0) + rng.normal(0.0, np.sqrt(3.0), len(a))
    study = Cases(axes=axes, sampler=sampler, measures=[SimpleNamespace(name="y")])
    told = sensitivity(study, frame(a=a, b=b, y=y), "y")
    assert told["first"]["a"] == pytest.approx(0.25, abs=0.03)
    assert abs(told["first"]["b"]) < 0.006
    means = main_effects(study, frame(a=a, b=b, y=y), "y").set_index(["axis", "value"])["mean"]
    assert means["a", "two"] - means["a", "one"] == pytest.approx(2.0, abs=0.2)


def test_too_few_or_equal_values() -> None:
    study, table = ishigami_study(Sampler("sobol", 32, 3))
    with pytest.raises(InputError, match="32 cases with a value; expected 65 or more"):
        sensitivity(study, table, "y")
    with pytest.raises(InputError, match="the same for all cases, so that it depends on nothing"):
        sensitivity(study, table.assign(y=1.0), "y")
    with pytest.raises(InputError, match=r"expected a measure of the study \(y\); got 'z'"):
        sensitivity(study, table, "z")


def test_neighbours_on_a_grid_are_one_step_away_and_keep_the_choice() -> None:
    axes = (
        Axis("a", "quantity", levels=(1.0, 2.0, 4.0)),
        Axis("b", "choice", levels=("x", "y"), blocks={"x": {}, "y": {}}),
        Axis("c", "integer", levels=(1, 2)),
    )
    study = Cases(axes=axes, sampler=Sampler("grid"))
    a, b, c = study.sampler.draw(axes)
    table = frame(a=a, b=b, c=c)
    own = table.index[(table["a"] == 2.0) & (table["b"] == "y") & (table["c"] == 1)][0]
    near = neighbours(study, table, table["case"][own])
    assert sorted(near[["a", "b", "c"]].itertuples(index=False, name=None)) == [
        (1.0, "y", 1),
        (2.0, "y", 2),
        (4.0, "y", 1),
    ]


def test_neighbours_in_a_sample_are_the_nearest_in_scaled_axes() -> None:
    axes = (
        Axis("a", "quantity", low=0.0, high=1000.0),
        Axis("b", "quantity", low=0.0, high=1.0),
    )
    study = Cases(axes=axes, sampler=Sampler("sobol", 4))
    table = frame(a=[0.0, 100.0, 0.0, 1000.0], b=[0.0, 0.0, 0.3, 1.0])
    assert neighbours(study, table, "c0")["case"].tolist() == ["c1", "c2", "c3"]
