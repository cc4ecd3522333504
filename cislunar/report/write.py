"""Write every file of a report into a directory that is already there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cislunar.report.dataset import write_netcdf
from cislunar.report.facts import path_stems
from cislunar.report.mission_tables import write_mission_tables
from cislunar.report.page import Picture, write_page
from cislunar.report.summary import write_summary
from cislunar.report.tables import ACCESS_COLUMNS, ECLIPSE_COLUMNS, write_csv

if TYPE_CHECKING:
    from cislunar.mission.result import MissionResult


def write_report(result: MissionResult, directory: Path) -> Path:
    """Write the report's files: page, figures, NetCDF, ephemerides, tables and summary.

    The directory must exist; `cislunar.report.output` takes care that a report appears whole or not at all.

    Parameters
    ----------
    result : MissionResult
    directory : Path
        Where to write `report.html`, `figures/*.png` and `*.svg`, `coverage.nc`, `trajectories/*.oem`,
        `access.csv`, `eclipses.csv` and `summary.json`; of missions with timelines also
        `trajectories/*.opm`, `phases.csv`, `delta_v_budget.csv` and `critical_events.csv`; with
        a launch window `window.csv`.

    Returns
    -------
    Path
        The written `report.html`.
    """
    directory = Path(directory)
    write_summary(result, directory / "summary.json")
    write_csv(result.access, ACCESS_COLUMNS, directory / "access.csv")
    write_csv(result.eclipses, ECLIPSE_COLUMNS, directory / "eclipses.csv")
    write_mission_tables(result, directory)
    if result.launch_window is not None:
        result.launch_window.rows.to_csv(directory / "window.csv", index=False, lineterminator="\n")
    write_netcdf(result, directory / "coverage.nc")
    write_trajectories(result, directory / "trajectories")
    page = directory / "report.html"
    write_page(result, write_figures(result, directory / "figures"), page)
    return page


def write_figures(result: MissionResult, folder: Path) -> list[Picture]:
    """Draw and save every figure as PNG and SVG; give what the page needs to embed them."""
    from cislunar.report.figures.catalogue import plates
    from cislunar.report.style import save, title_of

    folder.mkdir(exist_ok=True)
    pictures = []
    for plate in plates(result):
        figure = plate.draw()
        png, svg = save(figure, folder / plate.stem)
        pictures.append(
            Picture(plate.stem, plate.section, plate.site, title_of(figure), plate.shows, png, svg)
        )
    return pictures


def write_trajectories(result: MissionResult, folder: Path) -> None:
    """Write each spacecraft as a CCSDS OEM, ICRF, TDB.

    One with a timeline has a segment for each stretch, about the body it was flown about, and an OPM with its
    first state and every manoeuvre.
    """
    from cislunar.exchange.oem import write_oem
    from cislunar.exchange.oem_writer import write_message
    from cislunar.exchange.timeline_messages import format_opm, format_timeline_oem

    folder.mkdir(exist_ok=True)
    comments = [f"Scenario: {result.scenario.name}", f"Written by cislunar {result.provenance['version']}"]
    for name, stem in path_stems(result).items():
        timeline = result.timelines.get(name)
        if timeline is None:
            write_oem(folder / f"{stem}.oem", result.trajectories[name], name, comments=comments)
        else:
            write_message(folder / f"{stem}.oem", format_timeline_oem(timeline, comments=comments))
            write_message(folder / f"{stem}.opm", format_opm(timeline, comments=comments))
