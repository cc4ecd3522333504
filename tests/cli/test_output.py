"""A folder of results appears whole or not at all, and nothing that is not ours is replaced."""

from __future__ import annotations

import os
import signal
import stat
import threading
from pathlib import Path

import pytest

from cislunar.errors import OutputError
from cislunar.report import output
from cislunar.report.output import check_output, report_directory

OURS = '{"schema": "cislunar-summary/1"}'


def write(place: Path, text: str = "new") -> None:
    (place / "report.html").write_text(text)
    (place / "figures").mkdir()
    (place / "figures" / "a.png").write_text(text)
    (place / "summary.json").write_text(OURS)


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_new_folder_gets_everything_at_once(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "report"
    with report_directory(target) as place:
        write(place)
        assert not target.exists()
    assert tree(target) == {"figures/a.png": "new", "report.html": "new", "summary.json": OURS}
    assert os.listdir(target.parent) == ["report"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o777 & ~mask


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path) -> None:
    def fail() -> None:
        with report_directory(tmp_path / "report") as place:
            write(place)
            raise OSError(28, "No space left on device")

    with pytest.raises(
        OutputError, match=r"nothing can be written there \(No space left on device\); choose another"
    ):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_no_trace(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with report_directory(tmp_path / "a" / "report") as place:
            write(place)
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_an_earlier_report_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "report"
    with report_directory(target) as place:
        write(place, "old")
    before = tree(target)

    def fail() -> None:
        with report_directory(target, overwrite=True) as place:
            write(place)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert tree(target) == before
    assert sorted(os.listdir(target)) == ["figures", "report.html", "summary.json"]


def test_an_earlier_report_is_replaced_whole_and_other_files_stay(tmp_path: Path) -> None:
    target = tmp_path / "report"
    with report_directory(target) as place:
        write(place, "old")
        (place / "figures" / "gone.png").write_text("old")
        (place / "access.csv").write_text("old")
    (target / "notes.txt").write_text("mine")
    with report_directory(target, overwrite=True) as place:
        write(place)
    assert tree(target) == {
        "figures/a.png": "new",
        "notes.txt": "mine",
        "report.html": "new",
        "summary.json": OURS,
    }


def test_a_folder_with_other_things_needs_overwrite_and_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="the folder is not empty"):
        check_output(tmp_path)
    check_output(tmp_path, overwrite=True)
    with report_directory(tmp_path, overwrite=True) as place:
        write(place)
    assert tree(tmp_path)["notes.txt"] == "mine"


@pytest.mark.parametrize("summary", [None, "not json", '{"schema": "something else"}', "[" * 100_000, "[]"])
def test_things_that_only_share_a_name_are_not_replaced(tmp_path: Path, summary: str | None) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "thesis.png").write_text("mine")
    if summary is not None:
        (tmp_path / "summary.json").write_text(summary)
    for attempt in (lambda: check_output(tmp_path, overwrite=True), lambda: _enter(tmp_path)):
        with pytest.raises(OutputError, match="is not of a cislunar report and is not replaced"):
            attempt()
    assert tree(tmp_path)["figures/thesis.png"] == "mine"


def _enter(folder: Path) -> None:
    with report_directory(folder, overwrite=True):
        raise AssertionError("must not be entered")


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    check_output(tmp_path / "a" / "b")
    check_output(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    with report_directory(tmp_path) as place:
        write(place)
    assert sorted(os.listdir(tmp_path)) == ["figures", "report.html", "summary.json"]


@pytest.mark.parametrize("name", ["file", "file/below", "a\0b", "x" * 300])
def test_a_place_that_cannot_be_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="--out"):
        check_output(tmp_path / name)
    assert tree(tmp_path) == {"file": "mine"}


def test_a_failed_move_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with report_directory(tmp_path) as place:
        write(place, "old")
    before = tree(tmp_path)
    rename = Path.rename

    def fail_late(self: Path, target: Path) -> Path:
        if self.name == "summary.json" and self.parent != tmp_path and "old" not in self.read_text():
            raise OSError(28, "No space left on device")
        return rename(self, target)

    def attempt() -> None:
        with report_directory(tmp_path, overwrite=True) as place:
            write(place)
            monkeypatch.setattr(Path, "rename", _once(fail_late, rename))

    with pytest.raises(OutputError, match="No space left on device"):
        attempt()
    monkeypatch.setattr(Path, "rename", rename)
    assert tree(tmp_path) == before


def _once(first: object, then: object) -> object:
    """A rename that fails the first time it is asked for the summary, and works ever after."""
    failed = []

    def rename(self: Path, target: Path) -> Path:
        if not failed:
            try:
                return first(self, target)  # type: ignore[operator]
            except OSError:
                failed.append(True)
                raise
        return then(self, target)  # type: ignore[operator]

    return rename


def test_an_interrupt_while_moving_waits_until_the_report_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = output._move_in
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupted(partial: Path, target: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        move(partial, target)

    monkeypatch.setattr(output, "_move_in", interrupted)

    def attempt() -> None:
        with report_directory(tmp_path / "report") as place:
            write(place)

    try:
        with pytest.raises(KeyboardInterrupt):
            attempt()
    finally:
        signal.signal(signal.SIGINT, before)
    assert sorted(os.listdir(tmp_path / "report")) == ["figures", "report.html", "summary.json"]


def test_reports_can_be_written_from_a_thread(tmp_path: Path) -> None:
    def work() -> None:
        with report_directory(tmp_path / "report") as place:
            write(place)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (tmp_path / "report" / "report.html").exists()
