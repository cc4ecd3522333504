"""The trade command: what goes to which stream, exit codes, and what an interrupt leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from small_studies import write

import cislunar
from cislunar.cli.main import main
from cislunar.scenario import Scenario
from cislunar.trades import Study


def rows(out: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in out.glob("results/*/*.parquet")])


def test_a_study_is_run_into_its_folder_and_silent_in_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["trade", "small.yaml"]) == 0
    assert capfd.readouterr() == ("", "")
    assert len(rows(tmp_path / "small-study")) == 8
    page = tmp_path / "small-study" / "report" / "report.html"
    assert "Of 8 cases the best has coverage" in page.read_text(encoding="utf-8")


def test_the_report_is_renewed_with_the_study_and_can_be_left_out(tmp_path: Path) -> None:
    file, out = write(tmp_path), tmp_path / "out"
    assert main(["trade", str(file), "--out", str(out), "--quiet", "--no-report"]) == 0
    assert not (out / "report").exists()
    assert main(["trade", str(file), "--out", str(out), "--quiet"]) == 0
    first = (out / "report" / "report.html").read_text(encoding="utf-8")
    file.write_text(file.read_text().replace("weight: 2", "weight: 3"))
    assert main(["trade", str(file), "--out", str(out), "--quiet"]) == 0
    assert "75\u00a0%" in (out / "report" / "report.html").read_text(encoding="utf-8")
    assert "75\u00a0%" not in first.split("<script")[0]


def test_a_report_that_is_not_ours_is_not_replaced(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file, out = write(tmp_path), tmp_path / "out"
    (out / "report").mkdir(parents=True)
    (out / "report" / "report.html").write_text("mine")
    assert main(["trade", str(file), "--out", str(out)]) != 0
    assert "is not of a cislunar report and is not replaced" in capfd.readouterr().err
    assert (out / "report" / "report.html").read_text() == "mine"


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file, out = write(tmp_path), tmp_path / "out"
    assert main(["trade", str(file), "--out", str(out), "--dry-run"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[0] == "small"
    assert said[1] == "  cases: 8"
    assert said[2] == "  batches: 1, of up to 16 spacecraft; 1 different force models and windows"
    assert said[3].startswith("  expected time: ")
    assert "from 8 cases flown in " in said[3]
    assert said[4].startswith("  expected memory: 0.")
    assert not out.exists()
    assert main(["trade", str(file), "--out", str(out), "--quiet"]) == 0
    assert main(["trade", str(file), "--out", str(out), "--dry-run"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[1] == "  cases: 8, of which 8 are in the store"
    assert said[3] == "  expected time: nothing is left to fly"


def test_an_exported_case_gives_the_numbers_of_its_row(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path)
    row = Study.load(file).run().table.iloc[5]
    assert main(["trade", str(file), "--export", row["case"][:8]]) == 0
    text = capfd.readouterr().out
    assert text.startswith("# A case of the study small: size (km): 6200, tilt (deg): 51.7\n")
    assert "semi_major_axis: {value: 6200 km, assumption: set by the study small}" in text
    result = cislunar.run(Scenario.from_text(text))
    assert row["coverage"] == pytest.approx(result.statistics["basin"]["chain"]["percent"], abs=1e-9)


def test_a_case_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path)
    assert main(["trade", str(file), "--export", "xyz"]) == 2
    assert f"{file}: no case whose identity begins with 'xyz'; expected one of the column 'case'" in (
        capfd.readouterr().err
    )


def test_a_mistake_is_2(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path)
    file.write_text(file.read_text().replace("small", "small\nweights: 3"))
    assert main(["trade", str(file), "--out", str(tmp_path / "out")]) == 2
    assert "small.yaml:3:1  unknown key 'weights'" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["trade", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml:1:1  no such file; expected a study" in capfd.readouterr().err


def test_an_interrupt_keeps_what_is_finished(tmp_path: Path) -> None:
    study = write(tmp_path)
    out = tmp_path / "out"
    slow = """
import sys, time
import cislunar.trades.planning as planning
import cislunar.trades.running as running
from cislunar.cli.main import main

planning.relays_at_once = lambda setting, measures: 4
table_of = running.table_of
def slowly(*given):
    time.sleep(0.3)
    return table_of(*given)
running.table_of = slowly
sys.exit(main(["trade", sys.argv[1], "--out", sys.argv[2]]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", slow, str(study), str(out)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        # A suite that was started in the background may have told its children to ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list(out.glob("results/*/part-*.parquet")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said == "interrupted; nothing half-written is left\n"
    held = rows(out)
    assert 0 < len(held) < 8
    assert not list(out.glob("**/.partial-*"))
    assert Study.load(study).run(out).costs.cases == 8 - len(held)
