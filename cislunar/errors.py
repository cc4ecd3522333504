"""The errors a caller of `cislunar` can meet: one shallow tree under `CislunarError`.

Everything below `CislunarError` is something the user can put right, so its text says where, what was found,
what was expected and what to do; the command line prints it without a traceback and exits with code 2.
A defect of ours is any other exception and exits with code 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CislunarError(Exception):
    """A mistake or a limit that the user can act on."""


class InputError(CislunarError, ValueError):
    """An argument of the Python interface has the wrong shape, unit, range or name."""


class DataFileError(CislunarError):
    """A data file (ephemeris, gravity field, terrain, OEM, ...) is missing, damaged or of the wrong kind."""


class OutputError(CislunarError):
    """The place where results should go cannot be used."""


class EpochRangeError(CislunarError):
    """An epoch lies outside the span of a table.

    Parameters
    ----------
    message : str
        The whole sentence for the user: the epoch asked for, the span, the table and the remedy.
    epoch_tdb : float
        The offending epoch, seconds past J2000 TDB.
    span_tdb : tuple of float
        First and last epoch of the table, seconds past J2000 TDB.
    table : str
        The table or file whose span was exceeded.
    """

    def __init__(self, message: str, *, epoch_tdb: float, span_tdb: tuple[float, float], table: str) -> None:
        super().__init__(message)
        self.epoch_tdb = epoch_tdb
        self.span_tdb = span_tdb
        self.table = table


@dataclass(frozen=True)
class Problem:
    """One mistake in a file.

    Attributes
    ----------
    file : str
        The file as the user named it.
    line, column : int
        One-based place of the mistake.
    path : str
        Dotted path of the key, `spacecraft.alpine.orbit.eccentricity`; empty for the whole file.
    message : str
        What is wrong, what was found, what was expected and, where one exists, a hint.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        """Give `file:line:column  path: message`."""
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place}  {self.path}: {self.message}" if self.path else f"{place}  {self.message}"


class ScenarioError(CislunarError):
    """A scenario file is not valid; carries every mistake found, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
