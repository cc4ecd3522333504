"""What each figure of a study's report shows, prepared once for the interactive and the printed form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.report.trade.story import Design, Story, figure
from cislunar.report.wording import listing, percent
from cislunar.trades.sampling import axis_codes

if TYPE_CHECKING:
    from cislunar.trades.axes import Axis
    from cislunar.trades.study import Constraint

MOST_POINTS: Final = 4000
"""Points of a scatter; beyond it cases that are not feasible, then feasible ones, are thinned evenly."""

MOST_LINES: Final = 150
"""Lines of one kind in parallel coordinates."""

FEWEST_SLICED: Final = 100
"""Cases of a sample that are enough to draw only those with the choices of the best one."""

GROUPS: Final = ("misses a constraint", "meets all constraints", "beaten by none")


@dataclass(frozen=True, eq=False)
class Scale:
    """A column on an axis of a figure.

    Attributes
    ----------
    name, title : str
    codes : ndarray, shape (cases,)
        Where each case of the table lies.
    ticks : list of (float, str)
        For words; empty for numbers.
    limits : list of float
        Bounds that constraints set.
    """

    name: str
    title: str
    codes: np.ndarray
    ticks: list[tuple[float, str]] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Scatter:
    """Cases over two columns.

    Attributes
    ----------
    rows : dict of str to ndarray of int
        Numbers of the cases of each group.
    letters : list of (int, str)
        A case and the letters of the designs at its place.
    x_range, y_range : tuple of float
        What is shown at first: the feasible cases and the bounds.
    """

    title: str
    detail: str
    x: Scale
    y: Scale
    rows: dict[str, np.ndarray]
    letters: list[tuple[int, str]]
    x_range: tuple[float, float]
    y_range: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Heat:
    """A measure over two axes.

    Attributes
    ----------
    x_edges, y_edges : ndarray
        Borders of the cells.
    values : ndarray, shape (ny, nx)
        NaN for cells without a case.
    cases : ndarray of int, shape (ny, nx)
        The case of a cell on a grid, else -1.
    counts : ndarray of int, shape (ny, nx)
    border : list of ((float, float), (float, float))
        Pieces of the line between cells that meet the requirement and cells that do not.
    """

    title: str
    detail: str
    x: Scale
    y: Scale
    label: str
    larger_is_better: bool
    x_edges: np.ndarray
    y_edges: np.ndarray
    values: np.ndarray
    cases: np.ndarray
    counts: np.ndarray
    border: list[tuple[tuple[float, float], tuple[float, float]]]
    requirement: str
    limits: list[float]


@dataclass(frozen=True, eq=False)
class Parallel:
    """Cases as lines over all columns, each scaled to 0 to 1."""

    title: str
    detail: str
    scales: list[Scale]
    heights: np.ndarray
    rows: dict[str, np.ndarray]
    winner: int | None
    best: str


@dataclass(frozen=True, eq=False)
class Bars:
    """Shares of the variance of measures."""

    title: str
    detail: str
    labels: list[str]
    panels: list[tuple[str, Any]]


@dataclass(frozen=True, eq=False)
class Effects:
    """Mean and spread of measures along every axis: `panels[measure][axis]` is a table."""

    title: str
    detail: str
    measures: list[str]
    titles: dict[str, str]
    axes: list[Scale]
    panels: dict[str, dict[str, Any]]


def scale_of(story: Story, name: str) -> Scale:
    """How a column is drawn."""
    study, table = story.result.study, story.table
    title = story.result.titles[name]
    axis = next((each for each in study.axes if each.name == name), None)
    limits = [
        bound
        for each in study.constraints
        if each.measure == name
        for bound in (each.at_least, each.at_most)
        if bound is not None
    ]
    if axis is None:
        return Scale(name, title, table[name].to_numpy(dtype=float), [], limits)
    if axis.kind in ("choice", "word"):
        ticks = [(float(place), str(level)) for place, level in enumerate(axis.levels or ())]
        return Scale(name, title, axis_codes(axis, table[name].to_numpy()), ticks)
    ticks = []
    if axis.kind in ("number", "integer") and len(axis.levels or ()) <= 12:
        ticks = [(float(level), str(level)) for level in sorted(set(axis.levels or ()))]
    return Scale(name, title, table[name].to_numpy(dtype=float), ticks)


def spots(scale: Scale, values: Iterable[Any]) -> tuple[list[float], list[str]]:
    """Where values of a scale with ticks lie, and their words."""
    places = {word: place for place, word in scale.ticks}
    words = dict(scale.ticks)
    found = [places[value] if isinstance(value, str) else float(value) for value in values]
    return found, [words[place] for place in found]


def groups_of(story: Story) -> dict[str, np.ndarray]:
    """Numbers of the flown cases of each group, thinned to what a figure can show."""
    table = story.table
    feasible = table["feasible"].to_numpy()
    best = table["case"].isin(set(story.pareto["case"])).to_numpy()
    shown = table[story.shown].notna().all(axis=1).to_numpy()
    parts = [
        np.flatnonzero(shown & ~feasible),
        np.flatnonzero(shown & feasible & ~best),
        np.flatnonzero(best),
    ]
    room = max(0, MOST_POINTS - len(parts[2]))
    rest = len(parts[0]) + len(parts[1])
    if rest > room:
        kept = min(len(parts[1]), max(room // 2, room - len(parts[0])))
        parts[:2] = [_thinned(parts[0], room - kept), _thinned(parts[1], kept)]
    return dict(zip(GROUPS, parts, strict=True))


def _thinned(rows: np.ndarray, count: int) -> np.ndarray:
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).astype(int)] if count else rows[:0]


def influence(story: Story) -> list[Axis]:
    """Axes that vary, the most influential on the shown measures first."""
    free = [axis for axis in story.result.study.axes if axis.levels is None or len(axis.levels) > 1]
    shares = [each["first"] for each in story.sensitivities.values()]

    def weight(axis: Axis) -> float:
        return max((float(share[axis.name]) for share in shares), default=0.0)

    return sorted(free, key=weight, reverse=True)


def scatters(story: Story) -> list[Scatter]:
    """Objectives against each other, at most three pairs; a single one against the strongest axis."""
    names = story.objectives
    if len(names) > 1:
        pairs = [(names[b], names[a]) for a in range(len(names)) for b in range(a + 1, len(names))][:3]
    else:
        first = influence(story)
        pairs = [(first[0].name, story.shown[0])] if first else []
    rows = groups_of(story)
    return [_scatter(story, scale_of(story, x), scale_of(story, y), rows) for x, y in pairs]


def _scatter(story: Story, x: Scale, y: Scale, rows: dict[str, np.ndarray]) -> Scatter:
    x_range, y_range = _range(story, x, rows), _range(story, y, rows)
    inside = [
        (x.codes[own] >= x_range[0])
        & (x.codes[own] <= x_range[1])
        & (y.codes[own] >= y_range[0])
        & (y.codes[own] <= y_range[1])
        for own in rows.values()
    ]
    told = []
    drawn, beyond = sum(map(len, rows.values())), sum(int((~own).sum()) for own in inside)
    if drawn < story.flown:
        told.append(f"{drawn} of {story.flown} flown cases are drawn.")
    if beyond:
        told.append(f"{beyond} that miss a constraint lie outside of what is shown.")
    others = [story.label(name) for name in story.objectives if name not in (x.name, y.name)]
    if others and len(story.pareto):
        told.append(f"Unbeaten cases inside the cloud owe it to {listing(others)}.")
    told.append("Dashed: bounds of the constraints." if x.limits or y.limits else "")
    told.append("Letters: the named designs.")
    return Scatter(
        title=_scatter_title(story, x.name, y.name),
        detail=" ".join(filter(None, told)),
        x=x,
        y=y,
        rows=rows,
        letters=_letters(story.designs, x, y, x_range, y_range),
        x_range=x_range,
        y_range=y_range,
    )


def _range(story: Story, scale: Scale, rows: dict[str, np.ndarray]) -> tuple[float, float]:
    """The feasible cases and the bounds, with a margin; all cases if fewer than two are feasible."""
    if scale.ticks:
        return scale.ticks[0][0] - 0.5, scale.ticks[-1][0] + 0.5
    feasible = np.concatenate([rows[GROUPS[1]], rows[GROUPS[2]]])
    shown = feasible if len(feasible) > 1 else np.concatenate(list(rows.values()))
    named = [int(design.row["number"]) for design in story.designs]
    values = np.concatenate([scale.codes[shown], scale.codes[named], scale.limits])
    low, high = (float(np.min(values)), float(np.max(values))) if len(values) else (0.0, 1.0)
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


def _letters(
    designs: list[Design], x: Scale, y: Scale, x_range: tuple[float, float], y_range: tuple[float, float]
) -> list[tuple[int, str]]:
    """Letters by place; designs closer than a ring is wide share one."""
    found: list[tuple[int, str]] = []
    for design in designs:
        row = int(design.row["number"])
        for place, (other, letters) in enumerate(found):
            near_x = abs(x.codes[row] - x.codes[other]) < 0.02 * (x_range[1] - x_range[0])
            near_y = abs(y.codes[row] - y.codes[other]) < 0.035 * (y_range[1] - y_range[0])
            if near_x and near_y:
                found[place] = other, f"{letters}, {design.letter}"
                break
        else:
            found.append((row, design.letter))
    return found


def _scatter_title(story: Story, x: str, y: str) -> str:
    if not len(story.pareto):
        return f"No case meets all constraints: {story.label(y)} against {story.label(x)}"
    front = story.pareto
    low, high = front[y].min(), front[y].max()
    count = len(front)
    span = story.told(y, low) if low == high else f"{figure(low)} to {story.told(y, high)}"
    if x not in story.objectives:
        return f"The best {story.label(y)} is {story.told(y, low)}; against {story.label(x)}"
    near, far = front[x].min(), front[x].max()
    other = story.told(x, near) if near == far else f"{figure(near)} to {story.told(x, far)}"
    return (
        f"{count} {'case is' if count == 1 else 'cases are'} beaten by none: {story.label(y)} {span}, "
        f"{story.label(x)} {other}"
    )


def heats(story: Story) -> list[Heat]:
    """The shown measures over the two most influential axes; none for a study with a single axis."""
    axes = influence(story)[:2]
    if len(axes) < 2:
        return []
    x, y = sorted(axes, key=lambda axis: len(axis.levels) if axis.levels else 1000, reverse=True)
    return [_heat(story, name, x, y) for name in story.shown]


def _heat(story: Story, name: str, x: Axis, y: Axis) -> Heat:
    from cislunar.trades.measures import measure_kind

    study, table = story.result.study, story.table
    grid = study.sampler.method == "grid"
    others = [axis for axis in study.axes if axis not in (x, y) and len(axis.levels or (1, 2)) > 1]
    if not grid:
        # Means over a range say something; means over one relay and two do not.
        others = [axis for axis in others if axis.kind in ("choice", "word", "number")]
    rows, where = np.arange(len(table)), ""
    if others:
        at = story.designs[0].row if story.designs else table.iloc[0]
        keep = np.logical_and.reduce([(table[axis.name] == at[axis.name]).to_numpy() for axis in others])
        if grid or keep.sum() >= FEWEST_SLICED:
            rows = np.flatnonzero(keep)
            where = f"At {story.values(at, [axis.name for axis in others])}. "
    values = table[name].to_numpy(dtype=float)
    rows = rows[np.isfinite(values[rows])]
    x_edges, x_cell = _cells(x, axis_codes(x, table[x.name].to_numpy())[rows], len(rows))
    y_edges, y_cell = _cells(y, axis_codes(y, table[y.name].to_numpy())[rows], len(rows))
    shape = len(y_edges) - 1, len(x_edges) - 1
    flat = y_cell * shape[1] + x_cell
    counts = np.bincount(flat, minlength=shape[0] * shape[1])
    sums = np.bincount(flat, values[rows], minlength=len(counts))
    mean = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).reshape(shape)
    cases = np.full(len(counts), -1)
    cases[flat] = rows
    cases = np.where(counts == 1, cases, -1).reshape(shape)
    bounds = [each for each in study.constraints if each.measure == name]
    met = np.logical_and.reduce([each.met(mean) for each in bounds]) if bounds else np.isfinite(mean)
    if not grid:
        where += f"Each cell is the mean of its cases ({int(np.median(counts[counts > 0]))} in the middle). "
    own = next(each for each in study.measures if each.name == name)
    asked = listing(_asked(story, each) for each in bounds)
    return Heat(
        title=_heat_title(story, name, met, mean, asked),
        detail=where
        + ("The line runs between cells that meet the requirement and cells that do not." if asked else ""),
        x=scale_of(story, x.name),
        y=scale_of(story, y.name),
        label=own.title,
        larger_is_better=measure_kind(own.kind).larger_is_better,
        x_edges=x_edges,
        y_edges=y_edges,
        values=mean,
        cases=cases,
        counts=counts.reshape(shape),
        border=_border(met, np.isfinite(mean), x_edges, y_edges) if bounds else [],
        requirement=asked,
        limits=scale_of(story, name).limits,
    )


def _asked(story: Story, bound: Constraint) -> str:
    parts = (("at least", bound.at_least), ("at most", bound.at_most))
    return listing(f"{word} {story.told(bound.measure, each)}" for word, each in parts if each is not None)


def _heat_title(story: Story, name: str, met: np.ndarray, mean: np.ndarray, asked: str) -> str:
    label = story.label(name)
    label = label[:1].upper() + label[1:]
    filled = np.isfinite(mean)
    if asked:
        return f"{label} is {asked} in {int((met & filled).sum())} of {int(filled.sum())} cells"
    return f"{label} runs from {figure(np.nanmin(mean))} to {story.told(name, np.nanmax(mean))}"


def _cells(axis: Axis, codes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Borders of cells along an axis in the units of its scale, and the cell of each case."""
    if axis.levels is not None and len(axis.levels) <= 100:
        places = codes.astype(int)
        if axis.kind in ("choice", "word"):
            return np.arange(len(axis.levels) + 1) - 0.5, places
        levels = np.array(axis.levels, dtype=float)
        order = np.argsort(levels, kind="stable")
        levels, rank = levels[order], np.argsort(order, kind="stable")
        if len(levels) == 1:
            return levels[0] + np.array([-0.5, 0.5]), places
        middle = 0.5 * (levels[1:] + levels[:-1])
        ends = 2.0 * levels[[0, -1]] - middle[[0, -1]]
        return np.concatenate((ends[:1], middle, ends[1:])), rank[places]
    numbers = np.array(axis.levels, dtype=float)[codes.astype(int)] if axis.levels is not None else codes
    bins = int(np.clip(np.sqrt(count / 8.0), 3, 14))
    edges = np.linspace(numbers.min(), numbers.max(), bins + 1)
    return edges, np.clip(np.searchsorted(edges, numbers, "right") - 1, 0, bins - 1)


def _border(
    met: np.ndarray, filled: np.ndarray, x: np.ndarray, y: np.ndarray
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Edges between neighbouring cells of which one meets a requirement and the other does not."""
    pieces = []
    for row, column in np.argwhere((met[:, 1:] != met[:, :-1]) & filled[:, 1:] & filled[:, :-1]):
        at = float(x[column + 1])
        pieces.append(((at, float(y[row])), (at, float(y[row + 1]))))
    for row, column in np.argwhere((met[1:] != met[:-1]) & filled[1:] & filled[:-1]):
        at = float(y[row + 1])
        pieces.append(((float(x[column]), at), (float(x[column + 1]), at)))
    return pieces


def parallel(story: Story) -> Parallel | None:
    """All axes and measures side by side."""
    study = story.result.study
    free = [axis.name for axis in study.axes if len(axis.levels or (1, 2)) > 1]
    names = [*free, *(each.name for each in study.measures)]
    rows = {group: _thinned(own, MOST_LINES) for group, own in groups_of(story).items()}
    drawn = np.concatenate(list(rows.values()))
    if len(names) < 2 or not len(drawn):
        return None
    scales = [scale_of(story, name) for name in names]
    codes = np.stack([scale.codes for scale in scales], axis=1)
    low, high = np.nanmin(codes[drawn], axis=0), np.nanmax(codes[drawn], axis=0)
    heights = (codes - low) / np.where(high > low, high - low, 1.0)
    winner = None
    if len(story.order) and story.objectives:
        winner = int(np.flatnonzero((story.table["case"] == story.order["case"].iloc[0]).to_numpy())[0])
    return Parallel(
        _parallel_title(story, free),
        f"{len(drawn)} of {story.flown} flown cases; every column from its least (bottom) to its largest "
        "value drawn (top); black: the best case.",
        scales,
        heights,
        rows,
        winner,
        story.winner,
    )


def _parallel_title(story: Story, free: list[str]) -> str:
    """Where the unbeaten cases are confined to less than half of an axis."""
    if len(story.pareto) < 2:
        return "Every case over all axes and measures"
    told = []
    for name in free:
        scale = scale_of(story, name)
        own = scale.codes[story.table["case"].isin(set(story.pareto["case"])).to_numpy()]
        span = np.ptp(scale.codes)
        if span > 0.0 and np.ptp(own) <= 0.5 * span:
            low, high = own.min(), own.max()
            words = dict(scale.ticks)
            text = (
                listing(dict.fromkeys(words[float(code)] for code in np.sort(own)))
                if words
                else story.told(name, low)
                if low == high
                else f"{figure(low)} to {story.told(name, high)}"
            )
            told.append(f"{story.label(name)} {text}")
    where = listing(told)
    return f"The unbeaten cases keep to {where}" if told else "The unbeaten cases spread over every axis"


def bars(story: Story) -> Bars | None:
    """Shares of variance of the shown measures."""
    found = story.sensitivities
    if not found:
        return None
    name, table = next(iter(found.items()))
    top = str(table["first"].idxmax())
    alone = float(table["first"].clip(lower=0.0).sum())
    rest = f"; all axes alone {percent(100.0 * min(alone, 1.0), 0)}, the rest is what they do together"
    methods = listing(dict.fromkeys(str(each.attrs["method"]) for each in found.values()))
    total = any(each["total"].notna().any() for each in found.values())
    both = "Filled: the axis alone; outlined: with all its combinations. " if total else "The axis alone. "
    estimated = any((each["first_conf"] > 0.0).any() for each in found.values())
    whiskers = "Whiskers: 95 %. " if estimated else ""
    lead = f"{story.label(top)} explains {percent(100.0 * max(0.0, table['first'][top]), 0)}"
    return Bars(
        f"{lead[:1].upper()}{lead[1:]} of the variance of {story.label(name)}{rest}",
        f"{both}{whiskers}Shares are {methods}, over all flown cases, feasible or not.",
        [story.label(axis) for axis in table.index],
        [(story.label(measure), each) for measure, each in found.items()],
    )


def effects(story: Story) -> Effects | None:
    """Main effects of the axes on at most two measures."""
    names = [name for name in story.shown if name in story.sensitivities][:2]
    axes = influence(story)[:6]
    if not names or not axes:
        return None
    panels = {name: dict(_by_axis(story, name)) for name in names}
    return Effects(
        f"Along {listing(story.label(axis.name) for axis in axes[:2])} the mean changes most",
        "Line: mean over all flown cases, whatever the other axes are; band: from the 10th to the 90th "
        "percentile.",
        names,
        story.result.titles,
        [scale_of(story, axis.name) for axis in axes],
        panels,
    )


def _by_axis(story: Story, name: str) -> Iterable[tuple[str, Any]]:
    table = story.result.main_effects(name)
    for axis, own in table.groupby("axis", sort=False):
        yield str(axis), own
