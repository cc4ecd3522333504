"""The report of a study says what its table says: against numbers worked out here from the same formulas."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import synthetic_study
from PIL import Image

from cislunar.errors import OutputError
from cislunar.report.trade import views
from cislunar.report.trade.story import Story, figure
from cislunar.trades import StudyResult


@pytest.fixture(scope="module")
def flown() -> StudyResult:
    return synthetic_study.result(synthetic_study.study())


@pytest.fixture(scope="module")
def written(flown: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trade") / "report"
    assert flown.report(folder) == folder / "report.html"
    return folder


def test_the_headline_names_the_best_case_and_its_values(flown: StudyResult) -> None:
    """Scores by hand: coverage and gap both grow with size, so the winner lies on the edge of the front."""
    story = Story(flown)
    table = flown.table[flown.table["feasible"]]
    coverage, gap = table["coverage"], table["gap"]
    score = 0.5 * (coverage - coverage.min()) / np.ptp(coverage) + 0.5 * (gap.max() - gap) / np.ptp(gap)
    best = table.loc[score.idxmax()]
    assert story.order["case"].iloc[0] == best["case"]
    assert story.headline == (
        f"Of 90 cases the best has coverage of the <b>basin</b> {figure(best['coverage'])} %, gap "
        f"{figure(best['gap'])} h: size {figure(best['size'])} km, tilt {figure(best['tilt'])} deg, plane "
        f"{best['plane']}."
    )
    told = dict(story.reasons())
    assert told["Field"].startswith("89 cases flown, 1 could not be flown; ")
    assert f"{len(table)} meet all constraints" in told["Field"]
    assert "stays first in" in told["How sure"]
    assert "one step away along an axis" in told["Around it"]


def test_the_summary_holds_the_same_for_programs(flown: StudyResult, written: Path) -> None:
    told = json.loads((written / "summary.json").read_text())
    assert told["schema"] == "cislunar-study-summary/1"
    assert told["counts"] == {
        "cases": 90,
        "flown": 89,
        "feasible": int(flown.table["feasible"].sum()),
        "pareto": len(flown.pareto()),
    }
    assert told["best"][0]["case"] == flown.best(1)["case"].iloc[0]
    assert told["screening"][0]["missed"] == 89 - told["counts"]["feasible"]
    assert set(told["sensitivity"]["gap"]["axes"]) == {"size", "tilt", "plane"}


def test_the_page_is_whole_and_escapes_every_text(flown: StudyResult, written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<b>basin" not in page
    assert "<the>" not in page
    for section in ("answer", "designs", "constraints", "space", "maps", "depends", "table", "method"):
        assert f'<section id="{section}"' in page
    outside = re.findall(r"""(?:src|href)=["'](?!data:|#)([^"']*)""", page.split("<script>")[0])
    assert outside == []
    for design in Story(flown).designs:
        assert design.row["case"][:8] in page
    assert "1 case was not flown: alpine: periapsis … km below &lt;the&gt; surface" in page
    assert page.count('<tr><th scope="row"><code>') == min(25, len(flown.best(999))) + len(flown.pareto())


def test_every_figure_is_saved_and_not_empty(written: Path) -> None:
    names = {file.stem for file in (written / "figures").glob("*.png")}
    assert names == {"pareto-1", "map-1", "map-2", "parallel", "sensitivity", "effects"}
    for name in names:
        with Image.open(written / "figures" / f"{name}.png") as picture:
            shades = np.asarray(picture.convert("L"))
        assert (shades < 128).mean() > 0.003
        assert (written / "figures" / f"{name}.svg").stat().st_size > 1000


def test_the_line_of_the_requirement_runs_between_cells_that_meet_it_and_cells_that_do_not(
    flown: StudyResult,
) -> None:
    view = views.heats(Story(flown))[0]
    assert (view.x.name, view.y.name) == ("size", "tilt")
    plane = Story(flown).designs[0].row["plane"]
    own = flown.table[flown.table["plane"] == plane]
    for (x0, y0), (x1, y1) in view.border:
        x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
        near = own[((own["size"] - x).abs() < 200.0) & ((own["tilt"] - y).abs() < 4.0)]
        assert len(near) == 2
        assert (near["coverage"] >= 70.0).sum() == 1
    met = (own["coverage"] >= 70.0).to_numpy().reshape(9, 5)
    assert len(view.border) == (met[1:] != met[:-1]).sum() + (met[:, 1:] != met[:, :-1]).sum()


def test_a_report_replaces_only_a_report(flown: StudyResult, written: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the folder is not empty"):
        flown.report(written)
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(OutputError, match=r"report.html in this folder is not of a cislunar report"):
        flown.report(tmp_path, overwrite=True)
    assert (tmp_path / "report.html").read_text() == "mine"


def test_no_case_meets_all_constraints() -> None:
    made = synthetic_study.study(constraints=[{"measure": "coverage", "at_least": "99 %"}])
    flown = synthetic_study.result(made)
    story = Story(flown)
    best = flown.table.loc[flown.table["coverage"].idxmax()]
    assert story.headline == (
        f"None of 90 cases meets all constraints; case {best['case'][:8]} (coverage of the <b>basin</b> "
        f"{figure(best['coverage'])} %) comes closest."
    )
    assert [design.name for design in story.designs] == ["nearest to meeting all constraints"]


@pytest.mark.parametrize(
    ("more", "figures"),
    [
        (
            {"objectives": [{"measure": "gap"}], "constraints": None},
            {"pareto-1", "map-1", "parallel", "effects"},
        ),
        ({"objectives": None, "constraints": None}, {"pareto-1", "map-1", "parallel", "effects"}),
        ({"constraints": [{"measure": "coverage", "at_least": "99 %"}]}, {"pareto-1", "map-1", "parallel"}),
        (
            {"axes": {"size": {"path": f"{synthetic_study.ORBIT}.semi_major_axis", "values": ["6000 km"]}}},
            {"parallel"},
        ),
        (
            {
                "axes": {
                    "size": {
                        "path": f"{synthetic_study.ORBIT}.semi_major_axis",
                        "from": "5000 km",
                        "to": "7000 km",
                    },
                    "tilt": {
                        "path": f"{synthetic_study.ORBIT}.inclination",
                        "from": "40 deg",
                        "to": "60 deg",
                    },
                },
                "sample": {"method": "sobol", "count": 256},
            },
            {"pareto-1", "map-1", "sensitivity"},
        ),
    ],
    ids=["one objective", "no objective", "nothing feasible", "one case", "a sample"],
)
def test_every_kind_of_study_has_a_report(more: dict, figures: set[str], tmp_path: Path) -> None:
    flown = synthetic_study.result(synthetic_study.study(**more), failing=False)
    page = flown.report(tmp_path / "report").read_text(encoding="utf-8")
    assert figures <= {file.stem for file in (tmp_path / "report" / "figures").glob("*.png")}
    assert '<p class="answer">' in page
    assert (
        re.search(r"\bnan\b", re.sub(r"base64,[^\"]*", "", page.split("<script type")[0]), re.IGNORECASE)
        is None
    )


def test_a_study_of_which_nothing_flew(tmp_path: Path) -> None:
    flown = synthetic_study.result(synthetic_study.study())
    flown.rows[["coverage", "gap"]] = np.nan
    flown.rows["status"] = "failed"
    page = flown.report(tmp_path / "report").read_text(encoding="utf-8")
    assert "None of 90 cases meets all constraints." in page


def test_a_large_study_is_thinned_to_what_a_figure_can_show() -> None:
    path = f"{synthetic_study.ORBIT}.semi_major_axis"
    tilt = f"{synthetic_study.ORBIT}.inclination"
    made = synthetic_study.study(
        axes={
            "size": {"path": path, "from": "5000 km", "to": "7000 km"},
            "tilt": {"path": tilt, "from": "40 deg", "to": "60 deg"},
        },
        sample={"method": "sobol", "count": 16384},
    )
    story = Story(synthetic_study.result(made, failing=False))
    rows = views.groups_of(story)
    assert sum(map(len, rows.values())) == views.MOST_POINTS
    assert len(rows["beaten by none"]) == len(story.pareto)
    assert views.scatters(story)[0].detail.startswith("4000 of 16384 flown cases are drawn.")
