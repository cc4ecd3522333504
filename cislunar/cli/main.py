"""The command line: parse, call, show progress, and turn the outcome into an exit code.

Exit codes: 0 flown (even where a requirement is not met), 1 a defect of this program, 2 a mistake in the
input, 3 a spacecraft did not finish and the report says so, 130 interrupted.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import traceback
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cislunar import __version__
from cislunar.cli.terminal import complain, emit, make_printable
from cislunar.errors import CislunarError


class ExitCode(IntEnum):
    """What the process returns."""

    FLOWN = 0
    DEFECT = 1
    MISTAKE = 2
    INCOMPLETE = 3
    INTERRUPTED = 130
    TERMINATED = 143


app = typer.Typer(
    name="cislunar",
    help="Simulate cislunar mission architectures: relays, landing sites, ground stations.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ScenarioFile = Annotated[
    Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).", show_default=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]


def _print_version(asked: bool) -> None:
    if asked:
        emit(f"cislunar {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a defect.")] = False,
) -> None:
    """Take the options that stand before the command."""
    if debug:
        os.environ["CISLUNAR_DEBUG"] = "1"


@app.command()
def run(
    scenario: ScenarioFile,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder for the report [./<SCENARIO>-report]."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier report in the folder.")
    ] = False,
    quiet: Quiet = False,
    json: AsJson = False,
) -> int:
    """Fly a scenario and write its report."""
    from cislunar.cli.flight import fly

    directory = out if out is not None else Path(f"{scenario.stem}-report")
    complete = fly(scenario, directory, overwrite=overwrite, quiet=quiet, as_json=json)
    return ExitCode.FLOWN if complete else ExitCode.INCOMPLETE


@app.command()
def trade(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="Study file (YAML).", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the results [./<STUDY>-study]."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many cases, how long and how much memory; fly a few.")
    ] = False,
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="Fly on this Dask scheduler's workers.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Fly on a local Dask cluster of N processes.")
    ] = None,
    export: Annotated[
        str | None,
        typer.Option("--export", metavar="CASE", help="Print this case as a scenario and fly nothing."),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write DIR/report/report.html.")
    ] = True,
    quiet: Quiet = False,
) -> int:
    """Fly all cases of a trade study that are not in its folder yet, and write the report."""
    from cislunar.cli import trade as command

    directory = out if out is not None else Path(f"{study.stem}-study")
    if export is not None:
        command.export(study, export, directory)
    elif dry_run:
        command.dry_run(study, directory)
    else:
        command.trade(study, directory, dask=dask, workers=workers, report=report, quiet=quiet)
    return ExitCode.FLOWN


@app.command()
def validate(
    scenarios: Annotated[
        list[Path], typer.Argument(metavar="SCENARIO...", help="Scenario files (YAML).", show_default=False)
    ],
    quiet: Quiet = False,
) -> int:
    """Check scenario files without flying them."""
    from cislunar.scenario import load
    from cislunar.scenario.wording import listing

    valid = True
    for file in scenarios:
        try:
            scenario = load(file)
        except CislunarError as error:
            complain(str(error))
            valid = False
        else:
            if not quiet:
                emit(
                    f"{file}: valid; {scenario.epoch_text}, {scenario.duration_s / 86400.0:g} d, "
                    f"spacecraft: {listing(scenario.spacecraft, 'and')}"
                )
    return ExitCode.FLOWN if valid else ExitCode.MISTAKE


@app.command()
def schema(
    study: Annotated[bool, typer.Option("--study", help="That of trade studies instead.")] = False,
) -> int:
    """Print the JSON Schema of scenario files, for completion and checks in an editor."""
    import json

    from cislunar.scenario.jsonschema import scenario_schema

    if study:
        from cislunar.trades.jsonschema import study_schema

        emit(json.dumps(study_schema(), indent=2, ensure_ascii=False))
    else:
        emit(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))
    return ExitCode.FLOWN


@app.command()
def info(json: AsJson = False) -> int:
    """Print the version, the packaged data with its provenance, and how this machine is used."""
    from cislunar.cli.information import as_text, collect

    facts = collect()
    if json:
        from json import dumps

        emit(dumps(facts, indent=2, ensure_ascii=False))
    else:
        emit(as_text(facts))
    return ExitCode.FLOWN


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="Where to write it.")] = Path(
        "scenario.yaml"
    ),
    mission: Annotated[
        bool, typer.Option("--mission", help="A mission from launch to landing, with a relay.")
    ] = False,
) -> int:
    """Write a commented scenario to start from."""
    from cislunar.cli.starter import write_starter

    write_starter(file, mission=mission)
    emit(f"{file}: written; edit it, then: cislunar run {shlex.quote(str(file))}")
    return ExitCode.FLOWN


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and give the exit code.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the program's name; by default those of the process.
    """
    make_printable()
    before = _end_orderly()
    try:
        code = int(_run(arguments))
        if code == ExitCode.INTERRUPTED:  # the option parser has taken the interrupt for itself
            raise KeyboardInterrupt
        return code
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted; nothing half-written is left")
        return ExitCode.INTERRUPTED
    except CislunarError as error:
        complain(str(error))
        return ExitCode.MISTAKE
    except Exception as error:
        return _explain_defect(error)
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _run(arguments: list[str] | None) -> int:
    command = typer.main.get_command(app)
    try:
        return command.main(args=arguments, prog_name="cislunar", standalone_mode=False) or 0
    except Exception as error:
        show = getattr(error, "show", None)  # an error of usage, as the option parser raises it
        if show is None:
            raise
        show()
        return ExitCode.MISTAKE


def _explain_defect(error: Exception) -> int:
    if os.environ.get("CISLUNAR_DEBUG"):
        traceback.print_exception(error)
    complain(f"internal error: {type(error).__name__}: {error}")
    complain(
        "This is a defect of cislunar, not a mistake of yours. Please report it with the scenario and what\n"
        f"  CISLUNAR_DEBUG=1 cislunar {' '.join(sys.argv[1:])}\n"
        "prints."
    )
    return ExitCode.DEFECT


def _end_orderly() -> Any:
    """Let a request to terminate unwind like an error, so that nothing half-written stays."""

    def stop(number: int, frame: object) -> None:
        raise SystemExit(ExitCode.TERMINATED)

    try:
        return signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread
        return None


if __name__ == "__main__":
    sys.exit(main())
