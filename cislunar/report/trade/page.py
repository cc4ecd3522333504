"""The page of a study: one file without outside resources, interactive on the screen, still on paper."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cislunar.report.page import flat
from cislunar.report.trade.story import SHORT, Story, figure
from cislunar.report.wording import listing, number, percent

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.report.page import Picture

TABLED: Final = 25
"""Cases in the table of the best."""

MOST_TABLED: Final = 200
"""Cases in the table of the Pareto set."""


@dataclass(frozen=True, eq=False)
class Plate:
    """A figure in both forms: as saved, and as described to plotly.js."""

    picture: Picture
    detail: str
    plot: dict[str, Any]


def render_page(story: Story, plates: list[Plate]) -> str:
    """Give the page as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cislunar.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(figure=figure, count=lambda value: number(value, 0))
    return environment.get_template("trade.html.j2").render(**context(story, plates))


def context(story: Story, plates: list[Plate]) -> dict[str, Any]:
    """Collect what the template shows."""
    from plotly.offline import get_plotlyjs

    study, result = story.result.study, story.result
    columns = [*story.axes, *(each.name for each in study.measures)]
    return {
        "name": study.name,
        "description": study.description,
        "headline": story.headline,
        "reasons": list(story.reasons()),
        "cards": list(_cards(story)),
        "designs": story.designs,
        "columns": columns,
        "titles": result.titles,
        "scored": bool(story.objectives),
        "short": SHORT,
        "file": study.file,
        "screening": result.screening().to_dict("records"),
        "labels": {name: story.label(name) for name in columns},
        "flown": story.flown,
        "failures": _failures(story.table),
        "best": _rows(story.order.head(TABLED)),
        "pareto": _rows(story.pareto.head(MOST_TABLED)),
        "pareto_count": len(story.pareto),
        "feasible": len(story.order),
        "plates": plates,
        "method": list(_method(story)),
        "provenance": list(flat(_numbered(result.provenance))),
        "plotly": get_plotlyjs().replace("</script", "<\\/script"),
        "data": _embedded(story, plates, columns),
    }


def _numbered(nest: Mapping[str, Any]) -> dict[str, Any]:
    """Lists of mappings as mappings by number, which a table can show."""
    return {
        key: {str(place): each for place, each in enumerate(value, 1)}
        if isinstance(value, list) and value and isinstance(value[0], Mapping)
        else _numbered(value)
        if isinstance(value, Mapping)
        else value
        for key, value in nest.items()
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False, name=None)]


def _cards(story: Story) -> Iterable[tuple[str, str]]:
    if len(story.order) and story.objectives:
        best = story.order.iloc[0]
        for name in story.objectives[:3]:
            yield story.told(name, best[name]), f"{story.label(name)} of the best"
    if story.stability is not None:
        yield f"{percent(100.0 * story.stability.near, 0)}", "of disturbed weights leave it first"
    yield f"{number(len(story.order), 0)} of {number(len(story.table), 0)}", f"cases {story.keeping}"


def _failures(table: pd.DataFrame) -> list[tuple[str, int]]:
    """Reasons of cases that failed, the numbers in them left out, most frequent first."""
    import re

    lost = table[table["status"] == "failed"]["reason"]
    told = lost.map(lambda text: re.sub(r"\d[\d.,]*", "…", text))
    return [(str(reason), int(count)) for reason, count in told.value_counts().head(5).items()]


def _method(story: Story) -> Iterable[str]:
    study = story.result.study
    sampler, axes = study.sampler, len(study.axes)
    told = {
        "grid": "all combinations of the values of the axes",
        "list": "a list of cases",
        "latin-hypercube": f"a Latin hypercube, seed {sampler.seed}",
        "sobol": f"a scrambled Sobol sequence, seed {sampler.seed}",
        "sobol-indices": f"Saltelli's design, {sampler.count} blocks of {axes + 2}, seed {sampler.seed}",
        "optimize": f"NSGA-II, {sampler.generations} times {sampler.population}, seed {sampler.seed}",
    }
    yield f"Cases: {told[sampler.method]}, over {axes} {'axis' if axes == 1 else 'axes'}."
    settings = story.result.provenance.get("settings", [])
    if len(settings) == 1:
        yield "All cases fly with the same forces over the same window."
    elif settings:
        yield f"The cases fly with {len(settings)} different force models, windows or sites."
    if story.objectives:
        yield (
            "A case is unbeaten if no feasible case is at least as good in every objective and better in "
            "one; equal cases do not beat each other."
        )
        yield (
            "The score scales each objective to the range of the feasible cases of this study: another range "
            "of the axes gives other scores."
        )
    for name, table in story.sensitivities.items():
        yield f"Sensitivity of {story.label(name)}: {table.attrs['method']}; {table.attrs['cases']} cases."
    if sampler.method == "optimize":
        yield (
            "The cases of a search crowd where it looked: means and shares over them are not those of the "
            "whole space."
        )
        yield from _search(story)
    incomplete = int((story.table["status"] == "incomplete").sum())
    if incomplete:
        yield (
            f"{number(incomplete, 0)} cases ended before the window did, by an impact for one; a spacecraft "
            "that is lost relays nothing from then on, and the case counts as flown."
        )


def _search(story: Story) -> Iterable[str]:
    from cislunar.trades.optimizing import convergence

    try:
        found = convergence(story.result)["volume"].dropna()
    except ImportError:
        return
    if len(found) > 1:
        at = [found.index[0], found.index[len(found) // 2], found.index[-1]]
        told = listing(f"{found[step]:.3f} after generation {step}" for step in dict.fromkeys(at))
        yield f"Part of the box of all feasible values that the unbeaten cases dominate: {told}."


def _embedded(story: Story, plates: list[Plate], columns: list[str]) -> str:
    """The data of the figures as JSON that cannot end the script element it stands in."""
    told: set[int] = set()
    for plate in plates:
        for trace in plate.plot["data"]:
            told.update(trace.get("rows", ()))
            told.update(case for row in trace.get("cells", ()) for case in row if case >= 0)
    table = story.table
    rows = table.iloc[sorted(told)]
    texts = [[figure(value) for value in rows[name]] for name in columns]
    state = ["meets all constraints" if good else "misses a constraint" for good in rows["feasible"]]
    if not story.result.study.constraints:
        state = ["" for _ in state]
    cases = {
        int(place): [case, *values]
        for place, case, *values in zip(rows["number"], rows["case"], state, *texts, strict=True)
    }
    data = {
        "figures": {plate.picture.stem: plate.plot for plate in plates},
        "cases": cases,
        "titles": [story.result.titles[name] for name in columns],
        "file": story.result.study.file,
    }
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
