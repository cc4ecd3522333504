"""The store of a study: a folder of Parquet files with a description, safe against being killed at any time.

    DIR/study.json                      the study as it was last run; `results` names the folder of its rows
    DIR/results/<key>/study.json        what the rows of the folder have in common
    DIR/results/<key>/part-*.parquet    rows: case, axes, measures, status, reason
    DIR/lock                            held by the study that writes

A file takes its name when it is complete and on the disk, so what has a name is whole. Rows of one folder
share base, physics, measures, data tables and version; any change of those goes to another folder, so that
results of different physics are never in one table. `pandas.read_parquet`, `polars.read_parquet` and DuckDB's
`read_parquet` open `DIR/results/<key>` without this package.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cislunar.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.study import Study

SCHEMA: Final = "cislunar-study/1"
"""Name and version of the layout."""

_VERSION: Final = 1
_PARTIAL: Final = ".partial-"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Store:
    """A store opened by `open_store` for writing, or made directly for reading.

    Parameters
    ----------
    directory : path-like
    key : str
        Folder of the rows; see `Study.key`.
    """

    def __init__(self, directory: str | Path, key: str) -> None:
        self.directory = Path(directory)
        self.rows = self.directory / "results" / key

    def read(self) -> pd.DataFrame | None:
        """All rows, None if there are none.

        Raises
        ------
        OutputError
            A file is damaged.
        """
        import pandas as pd

        parts = [_read_part(file) for file in sorted(self.rows.glob("part-*.parquet"))]
        if not parts:
            return None
        return pd.concat(parts, ignore_index=True).drop_duplicates("case", ignore_index=True)

    def carry(self, cases: set[str], columns: list[str]) -> pd.DataFrame | None:
        """Rows of cases that another folder of this store holds; an identity means the same everywhere."""
        import pandas as pd

        found = []
        for file in sorted(self.directory.glob("results/*/part-*.parquet")):
            if file.parent != self.rows:
                part = _read_part(file)
                if list(part.columns) == columns:
                    found.append(part[part["case"].isin(cases)])
        if not sum(map(len, found)):
            return None
        return pd.concat(found, ignore_index=True).drop_duplicates("case", ignore_index=True)

    def append(self, table: pd.DataFrame, metadata: dict[str, str]) -> Path:
        """Write rows as one file, whole and on the disk when this returns.

        Raises
        ------
        OutputError
            There is no space left, or the place cannot be written to.
        """
        import pyarrow
        from pyarrow import parquet

        digest = hashlib.sha256("".join(table["case"]).encode()).hexdigest()[:20]
        target = self.rows / f"part-{digest}.parquet"
        arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
        arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **metadata})
        with _refusals(self.directory), _whole(target) as stream:
            parquet.write_table(arrow, stream, compression="zstd")
        return target

    def describe(self, told: dict[str, Any], common: dict[str, Any]) -> None:
        """Write the descriptions of the store and of its folder."""
        with _refusals(self.directory):
            self.rows.mkdir(parents=True, exist_ok=True)
            _write_json(self.rows / "study.json", {"schema": SCHEMA, **common})
            _write_json(
                self.directory / "study.json",
                {"schema": SCHEMA, "results": f"results/{self.rows.name}", **told},
            )


@contextmanager
def open_store(directory: str | Path, study: Study) -> Iterator[Store]:
    """Take a store for writing, for the length of the block.

    Raises
    ------
    OutputError
        The place cannot be used, holds something else or a store of a newer version, or another study is
        writing to it.
    """
    store = Store(directory, study.key)
    with _refusals(store.directory):
        _check_place(store.directory)
        store.directory.mkdir(parents=True, exist_ok=True)
    with _lock(store.directory):
        for left in store.directory.glob(f"**/{_PARTIAL}*"):
            left.unlink(missing_ok=True)
        yield store


def read_description(directory: str | Path) -> dict[str, Any]:
    """Read `study.json` of a store.

    Raises
    ------
    OutputError
        There is no store, or one of a newer version.
    """
    place = Path(directory)
    _check_place(place, must_exist=True)
    told: dict[str, Any] = json.loads((place / "study.json").read_text(encoding="utf-8"))
    return told


def _check_place(directory: Path, must_exist: bool = False) -> None:
    if directory.exists() and not directory.is_dir():
        raise OutputError(f"{directory}: this is a file; expected a folder; choose another with --out")
    file = directory / "study.json"
    if not file.exists():
        held = sorted(os.listdir(directory)) if directory.is_dir() else []
        held = [name for name in held if name not in ("lock", "results") and not name.startswith(_PARTIAL)]
        if held or must_exist:
            said = f"it holds {held[0]} and no study.json" if held else "there is no study.json"
            raise OutputError(f"{directory}: this is no store of a study ({said}); choose another with --out")
        return
    try:
        schema = str(json.loads(file.read_text(encoding="utf-8"))["schema"])
        name, version = schema.rsplit("/", 1)
        number = int(version)
    except (OSError, ValueError, KeyError, TypeError):
        raise OutputError(f"{file}: not a description of a study; choose another folder with --out") from None
    if name != SCHEMA.rsplit("/", 1)[0]:
        raise OutputError(f"{file}: found the schema {schema!r}; expected {SCHEMA!r}")
    if number > _VERSION:
        raise OutputError(
            f"{directory}: the store has version {number}; this cislunar writes version {_VERSION}; use the "
            "newer cislunar, or choose another folder with --out"
        )


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """Hold the store for this process; the system lets go of it when the process ends, however it ends."""
    file = directory / "lock"
    with _refusals(directory):
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _take(handle):
            held = os.pread(handle, 64, 0).decode("utf-8", "replace").strip() if hasattr(os, "pread") else ""
            by = f" (process {held})" if held else ""
            raise OutputError(
                f"{directory}: another study{by} is writing to this store; wait for it, or choose another "
                "folder with --out"
            )
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _whole(target: Path) -> Iterator[Any]:
    """Give a stream; the file has its name when it is complete and on the disk, or does not exist."""
    handle, name = tempfile.mkstemp(prefix=_PARTIAL, dir=target.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(partial, 0o644)
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Put the new name itself on the disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def _write_json(target: Path, told: dict[str, Any]) -> None:
    with _whole(target) as stream:
        stream.write(json.dumps(told, indent=2, ensure_ascii=False, default=str).encode())


def _read_part(file: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(file)
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise OutputError(
            f"{file}: this file of the store is damaged ({reason}); delete it, and its cases are flown again"
        ) from None


@contextmanager
def _refusals(directory: Path) -> Iterator[None]:
    """Turn what the file system says into a sentence with the place and a remedy."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            raise OutputError(
                f"{directory}: no space left for results ({reason}); what is finished is safe; make space "
                "and start the study again, it continues there"
            ) from None
        raise OutputError(
            f"{directory}: nothing can be written there ({reason}); choose another folder with --out"
        ) from None
