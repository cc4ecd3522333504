"""The commands: exit codes, what goes to which stream, and that nothing half-written stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stub

import cislunar
import cislunar.mission
from cislunar.cli.main import main
from cislunar.scenario import load

TEMPLATE = Path(cislunar.__file__).parent / "scenario" / "templates" / "starter.yaml"
STUB = Path(stub.__file__)


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The starter scenario in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cislunar.mission, "run", None)
    file = tmp_path / "relay.yaml"
    file.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    return file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- run ------------------------------------------------------------------------------------------


def test_a_flown_scenario_is_0_and_silent_in_a_pipe(
    scenario: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.install("complete")
    assert main(["run", "relay.yaml"]) == 0
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == "warning: UT1-UTC is held\n"
    assert names(scenario.parent) == ["relay-report", "relay.yaml"]
    assert names(scenario.parent / "relay-report") == ["report.html", "summary.json"]


def test_quiet_says_nothing(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stub.install("complete")
    assert main(["run", "relay.yaml", "--quiet"]) == 0
    assert capfd.readouterr() == ("", "")


def test_json_prints_the_summary(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stub.install("complete")
    assert main(["run", "relay.yaml", "--quiet", "--json", "--out", "there/deep"]) == 0
    assert json.loads(capfd.readouterr().out) == stub.SUMMARY
    assert names(scenario.parent / "there" / "deep") == ["report.html", "summary.json"]


def test_a_spacecraft_that_does_not_finish_is_3(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stub.install("incomplete")
    assert main(["run", "relay.yaml", "--quiet"]) == 3
    assert (
        capfd.readouterr().err == "alpine did not finish: impact at 2027-03-02 UTC; the report says so too\n"
    )
    assert (scenario.parent / "relay-report" / "report.html").exists()


def test_a_defect_is_1_without_a_traceback(
    scenario: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CISLUNAR_DEBUG", raising=False)
    stub.install("defect")
    assert main(["run", "relay.yaml"]) == 1
    said = capfd.readouterr().err
    assert "internal error: ZeroDivisionError: division by zero" in said
    assert "Please report it" in said
    assert "Traceback" not in said
    monkeypatch.setenv("CISLUNAR_DEBUG", "1")
    assert main(["run", "relay.yaml"]) == 1
    assert "Traceback" in capfd.readouterr().err
    assert names(scenario.parent) == ["relay.yaml"]


def test_the_debug_option_shows_the_traceback(
    scenario: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CISLUNAR_DEBUG", "")  # restored afterwards
    stub.install("defect")
    assert main(["--debug", "run", "relay.yaml"]) == 1
    assert "Traceback" in capfd.readouterr().err


def test_an_interrupt_is_130(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stub.install("interrupt")
    assert main(["run", "relay.yaml"]) == 130
    assert capfd.readouterr().err == "interrupted; nothing half-written is left\n"
    assert names(scenario.parent) == ["relay.yaml"]


@pytest.mark.parametrize(("kind", "word"), [("pause", "flying"), ("pause-writing", "writing")])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("existing", [False, True])
def test_an_interrupted_process_leaves_nothing(
    scenario: Path, kind: str, word: str, number: int, code: int, existing: bool
) -> None:
    folder = scenario.parent / "out"
    if existing:
        folder.mkdir()
    command = [sys.executable, str(STUB), kind, "run", "relay.yaml", "--out", "out"]

    def heed_interrupts() -> None:
        """A suite that was started in the background may have told its children to ignore them."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        command, cwd=scenario.parent, stdout=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{word}\n"
        process.send_signal(number)
        assert process.wait(timeout=30) == code
    assert names(scenario.parent) == (["out", "relay.yaml"] if existing else ["relay.yaml"])
    assert not existing or names(folder) == []


def test_the_output_folder_is_checked_before_flying(
    scenario: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (scenario.parent / "file").write_text("mine")
    assert main(["run", "relay.yaml", "--out", "file"]) == 2
    assert "this is a file; expected a folder; choose another with --out" in capfd.readouterr().err
    assert main(["run", "relay.yaml", "--out", "file/below"]) == 2
    assert "nothing can be written there" in capfd.readouterr().err
    assert main(["run", "relay.yaml", "--out", "/proc/nowhere/report"]) == 2
    assert "nothing can be written there" in capfd.readouterr().err
    assert names(scenario.parent) == ["file", "relay.yaml"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_a_folder_without_permission_is_2(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = scenario.parent / "locked"
    folder.mkdir(mode=0o555)
    assert main(["run", "relay.yaml", "--out", "locked/report"]) == 2
    assert "nothing can be written there (Permission denied)" in capfd.readouterr().err


def test_a_folder_that_is_not_empty_needs_overwrite(
    scenario: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.install("complete")
    assert main(["run", "relay.yaml", "-q"]) == 0
    assert main(["run", "relay.yaml", "-q"]) == 2
    assert "the folder is not empty; expected an empty or new one" in capfd.readouterr().err
    assert main(["run", "relay.yaml", "-q", "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("- a\n- b\n", "bad.yaml:1:1  found a list; expected a scenario"),
        ("[" * 10_000_000, "the file is larger than 256 KiB"),
        (
            "a: !!python/object/apply:os.system [ls]",
            "the YAML tag '!!python/object/apply:os.system' is not allowed",
        ),
    ],
)
def test_a_bad_scenario_is_2_and_writes_nothing(
    scenario: Path, capfd: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (scenario.parent / "bad.yaml").write_text(text)
    assert main(["run", "bad.yaml"]) == 2
    out, err = capfd.readouterr()
    assert said in err
    assert out == ""
    assert "Traceback" not in err
    assert names(scenario.parent) == ["bad.yaml", "relay.yaml"]


def test_a_missing_scenario_is_2(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "nowhere.yaml"]) == 2
    assert "nowhere.yaml:1:1  no such file" in capfd.readouterr().err
    assert main(["run", "."]) == 2
    assert "this is a folder; expected a scenario file" in capfd.readouterr().err


def test_wrong_usage_is_2(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == 2
    assert main(["run", "relay.yaml", "--fast"]) == 2
    assert main(["fly", "relay.yaml"]) == 2
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_gets_a_progress_bar_and_the_answer(scenario: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, str(STUB), "complete", "run", "relay.yaml"]
    with subprocess.Popen(command, cwd=scenario.parent, stdout=follower, stderr=follower) as process:
        os.close(follower)
        shown = b""
        try:
            while chunk := os.read(leader, 4096):
                shown += chunk
        except OSError:  # the other side has closed
            pass
        assert process.wait(timeout=30) == 0
    os.close(leader)
    text = shown.decode()
    assert "flying" in text
    assert "30%" in text  # half of the flight, which is 0.6 of the work
    assert "crater, chain: 71.25 %, longest gap 1.5 h" in text
    assert "Availability: met (asked at least 60 %, found 71.25 %)" in text
    assert "Report: relay-report/report.html" in text


# --- the other commands ---------------------------------------------------------------------------


def test_validate(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "relay.yaml"]) == 0
    assert (
        capfd.readouterr().out == "relay.yaml: valid; 2027-03-01T00:00:00 UTC, 30 d, spacecraft: my-relay\n"
    )
    (scenario.parent / "bad.yaml").write_text(scenario.read_text().replace("6143 km", "6143 m/s"))
    assert main(["validate", "bad.yaml", "relay.yaml"]) == 2
    out, err = capfd.readouterr()
    assert (
        "bad.yaml:32:24  spacecraft.my-relay.orbit.semi_major_axis: found '6143 m/s', which is a speed" in err
    )
    assert "relay.yaml: valid" in out
    assert main(["validate", "-q", "relay.yaml"]) == 0
    assert capfd.readouterr() == ("", "")


def test_new_writes_a_valid_scenario_once(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine.yaml"]) == 0
    assert "mine.yaml: written; edit it, then: cislunar run mine.yaml" in capfd.readouterr().out
    load("mine.yaml")
    assert main(["new", "mine.yaml"]) == 2
    assert "mine.yaml: exists already and is not replaced" in capfd.readouterr().err


def test_new_gives_a_command_that_can_be_pasted(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "my own.yaml"]) == 0
    assert "cislunar run 'my own.yaml'" in capfd.readouterr().out
    assert main(["new", "nowhere/mine.yaml"]) == 2
    assert "cannot be written (No such file or directory)" in capfd.readouterr().err
    assert main(["new"]) == 0
    assert (scenario.parent / "scenario.yaml").exists()


def test_schema_prints_json(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capfd.readouterr().out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_info_names_the_data_with_their_origin(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    text = capfd.readouterr().out
    assert f"cislunar {cislunar.__version__}" in text
    for part in (
        "DE440",
        "GRGM1200A",
        "topography",
        "sha256",
        "origin",
        "accuracy",
        "Earth orientation: astropy-iers-data",
    ):
        assert part in text
    assert main(["info", "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert {"de440", "grgm1200a", "topography", "moon-map"} <= set(facts["data"])
    assert facts["earth_orientation"]["version"].startswith("astropy-iers-data")


def test_version_and_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"cislunar {cislunar.__version__}\n"
    assert main(["--help"]) == 0
    text = capfd.readouterr().out
    for command in ("run", "validate", "schema", "info", "new"):
        assert f"\n  {command} " in text


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cislunar.cli.main import main; main(['--help']); "
        "heavy = {'numpy', 'numba', 'astropy', 'matplotlib', 'pandas', 'xarray', 'ruamel'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [sys.executable, "-m", "cislunar.cli.main", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 0


def test_a_short_scenario_flies_for_real(scenario: Path) -> None:
    text = scenario.read_text(encoding="utf-8").replace("duration: 30 d", "duration: 2 d")
    text = text.replace("  lifetime: {horizon: 1 yr}", "  lifetime: {horizon: 10 d}").replace(
        "10 deg}", "30 deg}"
    )
    scenario.write_text(text.replace("name: My relay", "name: <script>alert(1)</script>"), encoding="utf-8")
    begun = time.time()
    command = [sys.executable, "-m", "cislunar.cli.main", "run", "relay.yaml", "--json"]
    done = subprocess.run(
        command, cwd=scenario.parent, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["status"] == "complete"
    assert summary["name"] == "<script>alert(1)</script>"
    report = scenario.parent / "relay-report"
    assert json.loads((report / "summary.json").read_text(encoding="utf-8")) == summary
    assert "<script>alert(1)" not in (report / "report.html").read_text(encoding="utf-8")
    assert all(path.stat().st_mtime >= begun - 2 for path in report.iterdir())
    from cislunar.report.output import ENTRIES

    assert set(names(report)) <= set(ENTRIES)


def test_a_mission_to_start_from_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "--mission", "mission.yaml"]) == 0
    assert "- launch:" in Path("mission.yaml").read_text(encoding="utf-8")
    assert main(["validate", "mission.yaml"]) == 0
