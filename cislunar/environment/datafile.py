"""Reading data files: the checks and the wording that all readers share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cislunar.errors import DataFileError

PathLike = str | os.PathLike[str]

_LONGEST_SHOWN = 120


def existing_file(path: PathLike, expected: str) -> Path:
    """Return `path` if it names a readable file that is not empty.

    Parameters
    ----------
    path : path-like
        The path as the user gave it.
    expected : str
        What should be there, for the message: `an SPK ephemeris file (.bsp)`.

    Raises
    ------
    DataFileError
        The path is missing, a folder, empty or unreadable.
    """
    if not os.fspath(path):
        raise fault("''", "no name", expected, "name the file")
    try:
        file = Path(path).expanduser()
        there = file.exists()
    except (OSError, RuntimeError) as error:  # a name too long, a home folder that nobody has
        raise fault(
            _short(os.fspath(path)), f"a path that cannot be used ({_detail(error)})", expected, "check it"
        ) from error
    if not there:
        raise fault(
            path, "no such file", expected, "check the path; a relative path starts at the working folder"
        )
    if file.is_dir():
        raise fault(path, "a folder", expected, "name the file itself")
    if not file.is_file():
        raise fault(path, "not a regular file", expected, "name a file on disk")
    if not os.access(file, os.R_OK):
        raise fault(path, "a file that may not be read", expected, "change its permissions")
    if file.stat().st_size == 0:
        raise fault(path, "an empty file", expected, "fetch the file again")
    return file


def fault(path: PathLike, found: str, expected: str, remedy: str) -> DataFileError:
    """Build the error for one file: where, what was found, what was expected, what to do."""
    return DataFileError(f"{os.fspath(path)}: found {found}; expected {expected}; {remedy}")


@contextmanager
def reading(path: PathLike, expected: str) -> Iterator[None]:
    """Turn whatever a low-level reader raises on a damaged file into a `DataFileError`."""
    try:
        yield
    except DataFileError:
        raise
    except MemoryError as error:
        raise fault(
            path, "a file that asks for more memory than there is", expected, "use a smaller file"
        ) from error
    except Exception as error:  # a damaged file can make a reader fail in any way
        raise fault(
            path, f"a file that cannot be read ({_detail(error)})", expected, "fetch the file again"
        ) from error


def _detail(error: Exception) -> str:
    """What a low-level error says, printable and short: it may quote the file or the path."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return _short(text) or type(error).__name__


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
