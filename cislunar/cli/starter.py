"""The `new` command: a commented scenario to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from cislunar.errors import OutputError


def write_starter(file: Path, *, mission: bool = False) -> None:
    """Write a packaged scenario to start from.

    Parameters
    ----------
    file : Path
        Where; an existing file is never replaced.
    mission : bool
        A mission from launch to landing instead of a relay in orbit.

    Raises
    ------
    OutputError
        The file exists, or its folder cannot be written to.
    """
    name = "mission.yaml" if mission else "starter.yaml"
    text = files("cislunar.scenario").joinpath("templates", name).read_text(encoding="utf-8")
    try:
        with open(file, "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise OutputError(f"{file}: exists already and is not replaced; choose another name") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputError(f"{file}: cannot be written ({reason}); choose another place") from None
