"""Standard output and standard error: results to the one, everything else to the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Progress = Callable[[str, float], None]
"""Takes the name of the stage and how much of all the work is done, 0 to 1."""


def make_printable() -> None:
    """Replace characters that the terminal cannot show instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def emit(text: str) -> None:
    """Print a result; a reader that has gone away (`cislunar schema | head`) is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Print an error or a warning."""
    print(text, file=sys.stderr, flush=True)


def on_terminal(stream: TextIO) -> bool:
    """Whether a person is looking."""
    return stream.isatty()


@contextmanager
def progress_bar(shown: bool) -> Iterator[Progress | None]:
    """Show a progress bar on standard error while the block runs; give what moves it, None if not shown."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=1.0)

        def move(stage: str, fraction: float) -> None:
            bar.update(task, description=stage, completed=fraction)

        yield move
