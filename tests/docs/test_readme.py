"""The README: its snippets run as they stand, its numbers are those of a fresh run, its links have ends."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import matplotlib
import pytest
from project_tools import ROOT, tool

from cislunar.cli.main import ExitCode, main
from cislunar.scenario.jsonschema import scenario_schema

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [code for kind, code in BLOCKS if kind == language]


def in_folder(path: Path) -> Path:
    shutil.copytree(ROOT / "scenarios", path / "scenarios")
    return path


def test_python_snippets_run_one_after_another(tmp_path, monkeypatch):
    monkeypatch.chdir(in_folder(tmp_path))
    matplotlib.use("Agg")
    names: dict[str, object] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for code in blocks("python"):
            exec(compile(code, "README.md", "exec"), names)
    assert re.search(r"^\d+\.\d %, longest gap \d+\.\d h$", printed.getvalue(), flags=re.MULTILINE)
    assert "(6, 36, 3)" in printed.getvalue()


def test_commands_run_one_after_another(tmp_path, monkeypatch, capsys):
    """The lines that call the installed program; those that install it are run by `.ci/run`."""
    monkeypatch.chdir(in_folder(tmp_path))
    lines = [line for code in blocks("sh") for line in code.splitlines() if line.startswith("cislunar ")]
    assert {line.split()[1] for line in lines} >= {"new", "validate", "run", "schema"}
    for line in lines:
        command, _, target = line.partition(" > ")
        capsys.readouterr()
        assert main(shlex.split(command)[1:]) == 0, line
        if target:
            Path(target.strip()).write_text(capsys.readouterr().out, encoding="utf-8")
    assert (tmp_path / "my-relay-report" / "report.html").stat().st_size > 100_000
    assert json.loads((tmp_path / "cislunar.schema.json").read_text(encoding="utf-8")) == scenario_schema()


def test_the_message_shown_is_the_one_given(tmp_path, monkeypatch, capsys):
    shown = next(code for kind, code in BLOCKS if kind == "" and "my-relay.yaml:" in code).strip()
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-relay.yaml"]) == 0
    starter = Path("my-relay.yaml").read_text(encoding="utf-8")
    Path("my-relay.yaml").write_text(
        starter.replace("latitude: -75 deg", "latitude: -75 km"), encoding="utf-8"
    )
    capsys.readouterr()
    assert main(["validate", "my-relay.yaml"]) == 2
    assert capsys.readouterr().err.strip() == shown


def test_exit_codes_are_those_of_the_program():
    text = " ".join(TEXT.split())
    for code, words in [
        (ExitCode.FLOWN, "flown"),
        (ExitCode.DEFECT, "a defect of this program"),
        (ExitCode.MISTAKE, "a mistake in the input"),
        (ExitCode.INCOMPLETE, "a spacecraft did not finish"),
        (ExitCode.INTERRUPTED, "interrupted"),
    ]:
        assert f"{int(code)} {words}" in text


def test_editor_settings_are_json():
    (settings,) = blocks("json")
    assert json.loads(settings)["yaml.schemas"]


def test_the_starter_has_the_line_for_editors():
    (line,) = (code for code in blocks("yaml") if code.startswith("# yaml-language-server"))
    starter = ROOT / "cislunar" / "scenario" / "templates" / "starter.yaml"
    assert line.strip() in starter.read_text(encoding="utf-8").splitlines()


def test_one_line_installs_and_runs_and_one_installs_and_tests():
    """`.ci/run` takes what follows the last `&&` of the block marked ci:test as the test command."""
    first = blocks("sh")[0].strip()
    assert first.count("\n") == 0
    assert first.endswith("pip install . && cislunar run scenarios/cp12.yaml")
    marked = re.search(r"<!-- ci:test -->\n```sh\n(.*)\n```", TEXT)
    assert marked is not None
    assert marked[1].split("&&")[-1].strip() == "pytest"


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_command_lines_parse(shell):
    for code in blocks("sh"):
        subprocess.run([shell, "-n"], input=code, text=True, check=True)


def test_links_lead_to_files():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_gallery_numbers_are_those_of_a_fresh_run():
    """`tools/gallery.py` writes the block; a newer table of the Earth's rotation may move the last digit."""
    gallery = tool("gallery")
    files = (*gallery.MISSIONS, *gallery.SCENARIOS)
    flown = {file: gallery.fly(file, with_map=file == gallery.MAIN) for file in files}
    missions = [gallery.mission_row(file, flown[file]) for file in gallery.MISSIONS]
    rows = [gallery.table_row(file, flown[file]) for file in gallery.SCENARIOS]
    fresh, shown = gallery.gallery(flown[gallery.MAIN], missions, rows), gallery.block_of(TEXT)
    number = r"\d+(?:\.\d+)?"
    assert re.sub(number, "#", shown) == re.sub(number, "#", fresh)
    ours = [float(text) for text in re.findall(number, fresh)]
    theirs = [float(text) for text in re.findall(number, shown)]
    assert theirs == pytest.approx(ours, rel=2e-3, abs=0.11)


def test_figures_are_small():
    pictures = sorted((ROOT / "docs" / "figures").glob("*.png"))
    shown = re.findall(r"\(docs/figures/([^)]+)\)", TEXT)
    assert [picture.name for picture in pictures] == sorted(shown)
    assert max(picture.stat().st_size for picture in pictures) < 300_000
