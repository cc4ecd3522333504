"""The studies that come with the package are valid, and their batches fly."""

from __future__ import annotations

from pathlib import Path

import pytest

from cislunar.trades import Study
from cislunar.trades.chunk import fly_chunk

STUDIES = sorted((Path(__file__).parents[2] / "scenarios" / "studies").glob("*.yaml"))


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_a_shipped_study_is_valid_and_flies(file: Path) -> None:
    study = Study.load(file)
    plan = study.plan()
    assert not plan.problems
    chunk, flown = plan.chunk(plan.batches(plan.structure_of.argsort(kind="stable")[:1])[0])
    assert chunk is not None
    assert len(flown) == 1
    assert fly_chunk(chunk).status[0] in ("ok", "incomplete")


def test_the_altitude_of_the_published_claim(tmp_path: Path) -> None:
    """More than 70 % by two satellites: ispace technologies U.S., announcement of April 2024.

    The head of `scenarios/cp12-hcpo.yaml` has 69.5 % at 2,200 km, 70.3 to 70.5 % at 2,300 km, and 35 % for a
    single satellite at 2,300 km, found one flight at a time.
    """
    shipped = next(file for file in STUDIES if file.stem == "hcpo-altitude")
    text = shipped.read_text(encoding="utf-8").replace("from: 1000 km", "from: 2200 km")
    text = text.replace("to: 8000 km", "to: 2400 km").replace("../cp12", str(shipped.parents[1] / "cp12"))
    file = tmp_path / "short.yaml"
    file.write_text(text, encoding="utf-8")
    found = Study.load(file).run().table.set_index(["satellites", "altitude"])["chain"]
    assert found["two", 2200.0] == pytest.approx(69.5, abs=0.1)
    assert found["two", 2300.0] == pytest.approx(70.4, abs=0.2)
    assert found["two", 2400.0] > 70.5
    assert found["one", 2300.0] == pytest.approx(35.0, abs=0.5)
