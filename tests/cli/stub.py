"""A mission that is not flown: what the command line needs of a result, at once."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import cislunar.mission
from cislunar.report.output import report_directory

SUMMARY: dict[str, Any] = {
    "schema": "cislunar-summary/1",
    "name": "Stub",
    "status": "complete",
    "timelines": {},
    "trajectories": {"alpine": {"message": "ok", "flown_s": 10.0, "asked_s": 10.0, "end_utc": "2027-03-02"}},
    "coverage": {"crater": {"chain": {"percent": 71.25, "gap_s": {"max": 5400.0}}}},
}


class Result:
    """Stands for a `MissionResult`."""

    def __init__(self, status: str = "complete", pause: bool = False) -> None:
        self.status = status
        self.pause = pause
        self.summary = json.loads(json.dumps(SUMMARY)) | {"status": status}
        if status != "complete":
            self.summary["trajectories"]["alpine"] |= {
                "message": "impact",
                "flown_s": 4.0,
            }
        self.timelines: dict[str, Any] = {}
        self.budgets: dict[str, Any] = {}
        self.warnings = ["UT1-UTC is held"]
        self.requirements = [
            {"name": "Availability", "met": True, "asked_text": "at least 60 %", "found_text": "71.25 %"}
        ]

    def report(self, directory: Path, *, overwrite: bool = False) -> Path:
        with report_directory(directory, overwrite=overwrite) as place:
            (place / "report.html").write_text("<html>")
            if self.pause:
                print("writing", flush=True)
                time.sleep(60)
            (place / "summary.json").write_text(json.dumps(self.summary))
        return Path(directory) / "report.html"


def install(kind: str) -> None:
    """Put a stub in the place of `cislunar.mission.run`."""

    def run(scenario: object, progress: Any = None) -> Result:
        if progress is not None:
            progress("flying", 0.5)
            time.sleep(0.3)
        match kind:
            case "defect":
                raise ZeroDivisionError("division by zero")
            case "interrupt":
                raise KeyboardInterrupt
            case "pause":
                print("flying", flush=True)
                time.sleep(60)
            case "pause-writing":
                return Result(pause=True)
            case "incomplete":
                return Result("incomplete")
        return Result()

    cislunar.mission.run = run  # type: ignore[assignment]


if __name__ == "__main__":
    from cislunar.cli.main import main

    install(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
