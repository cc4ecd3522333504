"""Write a folder of results whole or not at all.

Results are written into a hidden folder beside their final place and moved there at the end. A run that
fails or is interrupted leaves no trace. An existing folder is only ever filled or brought up to date: the
entries of an earlier report are replaced, everything else in it stays.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cislunar.errors import OutputError

ENTRIES: Final = (
    "report.html",
    "figures",
    "coverage.nc",
    "trajectories",
    "access.csv",
    "eclipses.csv",
    "phases.csv",
    "delta_v_budget.csv",
    "critical_events.csv",
    "window.csv",
    "summary.json",
)
"""What a report consists of, at the top of its folder."""

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})

_PARTIAL: Final = ".cislunar-partial-"


def check_output(directory: str | Path, *, overwrite: bool = False) -> None:
    """See before the work begins that a report can be written to a folder.

    Parameters
    ----------
    directory : path-like
        The folder; it need not exist.
    overwrite : bool
        Whether an earlier report there may be replaced.

    Raises
    ------
    OutputError
        The place is a file, holds something else, or cannot be written to. Nothing is left behind.
    """
    target = _target(directory)
    _refuse(target, overwrite)
    made: list[Path] = []
    try:
        partial = _make_partial(target, made)
        partial.rmdir()
    finally:
        _remove_folders(made)


@contextmanager
def report_directory(directory: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a folder to write a report into; it takes its final name when the block ends without an error.

    Parameters
    ----------
    directory : path-like
        Where the report should be.
    overwrite : bool
        Whether an earlier report there may be replaced. Files that no report writes are kept in any case.

    Yields
    ------
    Path
        An empty folder on the same file system.

    Raises
    ------
    OutputError
        The place is a file, holds something else, or cannot be written to.
    """
    target = _target(directory)
    _refuse(target, overwrite)
    made: list[Path] = []
    partial = _make_partial(target, made)
    done = False
    try:
        with _refusals(target, only=_NO_ROOM):
            yield partial
        with _undisturbed(), _refusals(target):
            _move_in(partial, target)
            done = True
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if not done:
            _remove_folders(made)


def _target(directory: str | Path) -> Path:
    """The place itself, behind symbolic links."""
    try:
        return Path(directory).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise OutputError(
            f"{directory}: this place cannot be used ({error}); choose another with --out"
        ) from None


def _refuse(target: Path, overwrite: bool) -> None:
    with _refusals(target):
        if not os.path.lexists(target):
            return
        if not target.is_dir():
            raise OutputError(f"{target}: this is a file; expected a folder; choose another with --out")
        held = sorted(name for name in os.listdir(target) if not name.startswith(_PARTIAL))
        if held and not overwrite:
            raise OutputError(
                f"{target}: the folder is not empty; expected an empty or new one; "
                "choose another with --out, or replace the report in it with --overwrite"
            )
        clash = [name for name in held if name in ENTRIES]
        if clash and not _holds_report(target):
            raise OutputError(
                f"{target}: {clash[0]} in this folder is not of a cislunar report and is not replaced; "
                "choose another folder with --out"
            )


def _holds_report(target: Path) -> bool:
    """Whether a folder's summary.json is one of ours."""
    try:
        with open(target / "summary.json", encoding="utf-8") as stream:
            summary = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return False
    known = ("cislunar-summary/", "cislunar-study-summary/")
    return isinstance(summary, dict) and str(summary.get("schema", "")).startswith(known)


def _make_partial(target: Path, made: list[Path]) -> Path:
    """Make the hidden folder: inside the target where that exists, beside it where not."""
    with _refusals(target):
        parent = target if target.is_dir() else target.parent
        missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir()
            made.append(folder)
        return Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=parent))


def _move_in(partial: Path, target: Path) -> None:
    """Give the finished folder its name, or move its entries into a folder that exists."""
    if not target.is_dir():
        mask = os.umask(0)
        os.umask(mask)
        partial.chmod(0o777 & ~mask)
        partial.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=target))
    replaced: list[str] = []
    placed: list[str] = []
    try:
        for name in sorted({*ENTRIES, *os.listdir(partial)}):
            if os.path.lexists(target / name):
                (target / name).rename(old / name)
                replaced.append(name)
        for entry in sorted(partial.iterdir()):
            entry.rename(target / entry.name)
            placed.append(entry.name)
    except BaseException:
        for name in placed:
            (target / name).rename(partial / name)
        for name in replaced:
            (old / name).rename(target / name)
        old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove_folders(folders: list[Path]) -> None:
    for folder in reversed(folders):
        try:
            folder.rmdir()
        except OSError:
            return


@contextmanager
def _refusals(target: Path, only: frozenset[int] | None = None) -> Iterator[None]:
    """Turn what the file system says (of the kinds in `only`) into a sentence with the place and a remedy."""
    try:
        yield
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        reason = error.strerror or str(error)
        raise OutputError(
            f"{target}: nothing can be written there ({reason}); choose another folder with --out"
        ) from None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold an interrupt back until the block has ended; signals can be held only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        raise KeyboardInterrupt
