"""Write every file of a study's report into a directory that is already there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.report.page import Picture
from cislunar.report.style import save, title_of
from cislunar.report.trade import interactive, static, views
from cislunar.report.trade.page import Plate, render_page
from cislunar.report.trade.story import Story

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cislunar.trades.result import StudyResult

SCHEMA: Final = "cislunar-study-summary/1"
"""Name and version of the layout of a study's `summary.json`."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure before it is drawn, in both forms."""

    stem: str
    section: str
    shows: str
    view: Any
    draw: Callable[[Any], Figure]
    plot: Callable[[Any], dict[str, Any]]


def write_trade_report(result: StudyResult, directory: Path) -> Path:
    """Write the report of a study: page, figures and summary.

    The directory must exist; `cislunar.report.output` takes care that a report appears whole or not at all.

    Parameters
    ----------
    result : StudyResult
    directory : Path
        Where to write `report.html`, `figures/*.png` and `*.svg`, and `summary.json`.

    Returns
    -------
    Path
        The written `report.html`.
    """
    story = Story(result)
    folder = Path(directory) / "figures"
    folder.mkdir()
    plates = []
    for drawing in drawings(story):
        figure = drawing.draw(drawing.view)
        png, svg = save(figure, folder / drawing.stem)
        picture = Picture(drawing.stem, drawing.section, "", title_of(figure), drawing.shows, png, svg)
        plates.append(Plate(picture, drawing.view.detail, drawing.plot(drawing.view)))
    told = json.dumps(summary(story), indent=2, ensure_ascii=False, allow_nan=False)
    (Path(directory) / "summary.json").write_text(told + "\n", encoding="utf-8")
    page = Path(directory) / "report.html"
    page.write_text(render_page(story, plates), encoding="utf-8")
    return page


def drawings(story: Story) -> list[Drawing]:
    """All figures that a study has something to show in, in the order of the page."""
    if not story.shown:
        return []
    found = [
        Drawing(
            f"pareto-{number}",
            "space",
            f"{view.y.title} against {view.x.title} of every case",
            view,
            static.draw_scatter,
            interactive.plot_scatter,
        )
        for number, view in enumerate(views.scatters(story), 1)
    ]
    found += [
        Drawing(
            f"map-{number}",
            "maps",
            f"{view.label} over {view.x.title} and {view.y.title}",
            view,
            static.draw_heat,
            interactive.plot_heat,
        )
        for number, view in enumerate(views.heats(story), 1)
    ]
    lines = views.parallel(story)
    if lines is not None:
        shows = "cases as lines over all axes and measures"
        found.append(
            Drawing("parallel", "parallel", shows, lines, static.draw_parallel, interactive.plot_parallel)
        )
    shares = views.bars(story)
    if shares is not None:
        shows = "shares of the variance by axis"
        found.append(
            Drawing("sensitivity", "depends", shows, shares, static.draw_bars, interactive.plot_bars)
        )
    along = views.effects(story)
    if along is not None:
        shows = "mean and spread along every axis"
        found.append(
            Drawing("effects", "depends", shows, along, static.draw_effects, interactive.plot_effects)
        )
    return found


def summary(story: Story) -> dict[str, Any]:
    """What the report says, for programs: JSON types only, None for what is not finite."""
    result = story.result
    columns = ["case", *story.axes, *(each.name for each in result.study.measures)]
    scored = [*columns, "score"] if story.objectives and len(story.order) else columns
    firm = story.stability
    told = {
        "schema": SCHEMA,
        "study": result.study.describe(),
        "headline": story.headline,
        "reasons": dict(story.reasons()),
        "counts": {
            "cases": len(story.table),
            "flown": story.flown,
            "feasible": int(story.table["feasible"].sum()),
            "pareto": len(story.pareto),
        },
        "best": story.order[scored].head(20).to_dict("records") if story.objectives else [],
        "designs": {
            design.letter: {"name": design.name, "case": design.row["case"]} for design in story.designs
        },
        "pareto": story.pareto["case"].tolist(),
        "stability": None if firm is None else {"near": firm.near, "any": firm.any, "draws": firm.draws},
        "screening": result.screening().to_dict("records"),
        "sensitivity": {
            name: {
                "method": table.attrs["method"],
                "cases": table.attrs["cases"],
                "axes": table.to_dict("index"),
            }
            for name, table in story.sensitivities.items()
        },
        "provenance": result.provenance,
    }
    return dict(_plain(told))


def _plain(value: Any) -> Any:
    """JSON types only."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value if value is None else str(value)
