"""Where the spacecraft go: orbits in the inertial frame, tracks over the Moon, and the slow drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.report import wording
from cislunar.report.facts import DAY, window
from cislunar.report.figures.moonmap import levels, mark_sites, relief
from cislunar.report.figures.projection import Azimuthal, Cylindrical
from cislunar.report.figures.timeaxis import time_axis
from cislunar.report.style import BLACK, GREY, drawing, inches, legend_above, new_figure, plain, series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cislunar.mission.result import MissionResult
    from cislunar.propagation.trajectory import Trajectory

TRACK_DAYS = 3.0
LONGEST_REVOLUTION_S = 30.0 * DAY


def revolution(trajectory: Trajectory, first_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sample one turn about the Moon.

    Parameters
    ----------
    trajectory : Trajectory
        A batch of one.
    first_s : float
        Elapsed time at which the turn starts, s; moved back where the record ends sooner.

    Returns
    -------
    elapsed : ndarray, shape (m,)
        Seconds since the trajectory's epoch.
    positions : ndarray, shape (3, m)
        km, ICRF axes, Moon-centred.
    """
    end = float(trajectory.final_elapsed[0])
    span = min(LONGEST_REVOLUTION_S, end)
    coarse = np.linspace(0.0, span, 4000)
    period = _turn_length(coarse, trajectory.at(coarse)[:3, 0])
    start = max(min(first_s, end - period), 0.0)
    elapsed = np.linspace(start, min(start + period, end), 400)
    return elapsed, trajectory.at(elapsed)[:3, 0]


def _turn_length(elapsed: NDArray[np.float64], positions: NDArray[np.float64]) -> float:
    unit = positions / np.linalg.norm(positions, axis=0)
    swept = np.cumsum(np.arccos(np.clip((unit[:, 1:] * unit[:, :-1]).sum(axis=0), -1.0, 1.0)))
    return float(elapsed[min(int(np.searchsorted(swept, 2.0 * np.pi)) + 1, elapsed.size - 1)])


def _perilune(result: MissionResult, relay: str) -> NDArray[np.float64]:
    altitude = result.coverage["periapsis_altitude_km"].sel(relay=relay).values.astype(float)
    return altitude[np.isfinite(altitude)]


@drawing
def inertial_orbits(result: MissionResult) -> Figure:
    """Draw one revolution of each relay at start, middle and end, in three views of the ICRF.

    The Moon is to scale; axes are Moon-centred, in thousands of km.

    Parameters
    ----------
    result : MissionResult
    """
    from matplotlib.patches import Circle
    from matplotlib.ticker import MaxNLocator

    names = list(result.trajectories)
    first = {name: result.coverage.sel(relay=name).isel(time_elements=0) for name in names}
    shapes = [
        f"{name} {wording.number(float(data['periapsis_altitude_km']), 0)} × "
        f"{wording.number(float(data['apoapsis_altitude_km']), 0)} km"
        for name, data in first.items()
    ]
    figure = new_figure(
        9.6,
        3.95,
        f"Orbits at the start: {wording.listing(shapes)} above the Moon",
        subtitle="Moon-centred ICRF, Moon to scale. One revolution at the start (bold), the middle and "
        "the end (pale); "
        "marker: place at the epoch.",
    )
    turns: dict[str, list[NDArray[np.float64]]] = {}
    reach = MOON_RADIUS_KM
    for name in names:
        trajectory = result.trajectories[name]
        last = float(trajectory.final_elapsed[0])
        lines = [revolution(trajectory, where)[1] for where in (0.0, last / 2.0, last)]
        reach = max(reach, *(float(np.abs(line).max()) for line in lines))
        turns[name] = lines
    reach *= 1.06 / 1000.0
    panels = []
    for k, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        axes = figure.add_axes(inches(figure, 0.62 + 3.12 * k, 0.5, 9.6 - 0.62 - 2.6 - 3.12 * k, 0.85))
        axes.add_patch(
            Circle((0, 0), MOON_RADIUS_KM / 1000.0, facecolor="#bcbcbc", edgecolor=GREY, zorder=1.5)
        )
        for name, (colour, line, marker) in series(names).items():
            lines = turns[name]
            for width, alpha, orbit in zip((1.7, 1.1, 0.9), (1.0, 0.7, 0.45), lines, strict=True):
                near = orbit[[i, j]] / 1000.0
                axes.plot(*near, color=colour, linestyle=line, linewidth=width, alpha=alpha, zorder=2)
            axes.plot(
                *(lines[0][[i, j], 0] / 1000.0),
                marker=marker,
                color=colour,
                markersize=6,
                markeredgecolor="white",
                linestyle=line,
                label=plain(name),
                zorder=3,
            )
        axes.set_xlim(-reach, reach)
        axes.set_ylim(-reach, reach)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_aspect("equal")
        axes.set_xlabel(f"{'xyz'[i]}, 1000 km")
        axes.set_ylabel(f"{'xyz'[j]}, 1000 km", labelpad=1)
        panels.append(axes)
    legend_above(panels[-1], columns=3)
    return figure


def _fixed_track(
    result: MissionResult, name: str, days: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    trajectory = result.trajectories[name]
    elapsed = np.arange(0.0, min(days * DAY, float(trajectory.final_elapsed[0])), 120.0)
    turn = result.environment.orientation.icrf_to_me(float(trajectory.epoch[0]) + elapsed)
    x, y, z = np.einsum("ijt,jt->it", turn, trajectory.at(elapsed)[:3, 0])
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x)) % 360.0


def _line(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], jump: float, **look: Any) -> None:
    """Draw a track with a white edge, lifted off the paper where it leaves the map."""
    cut = np.flatnonzero(np.hypot(np.diff(x), np.diff(y)) > jump) + 1
    x, y = np.insert(x, cut, np.nan), np.insert(y, cut, np.nan)
    axes.plot(x, y, color="white", linewidth=2.4, alpha=0.75, solid_capstyle="round")
    axes.plot(x, y, linewidth=1.3, **look)


@drawing
def ground_tracks(result: MissionResult) -> Figure:
    """Draw the tracks of the relays over the turning Moon in the first days, on the grey map, with the sites.

    Left the whole Moon with the far side in the middle, right the hemisphere about the pole nearest to the
    site.

    Parameters
    ----------
    result : MissionResult
    """
    names = list(result.trajectories)
    days = min(TRACK_DAYS, (window(result)[1] - window(result)[0]) / DAY)
    places = list(result.sites.values())
    south = not places or places[0].latitude_rad <= 0.0
    tracks = {name: _fixed_track(result, name, days) for name in names}
    hidden = [np.mean(np.abs(longitude - 180.0) < 90.0) for _, longitude in tracks.values()]
    polar = [float(np.mean((latitude < 0.0) == south)) for latitude, _ in tracks.values()]
    side = "south" if south else "north"
    figure = new_figure(
        9.6,
        4.0,
        f"Over the Moon, first {days:.3g} days: {wording.percent(100 * float(np.mean(polar)))} of the "
        f"time {side} of the "
        f"equator, {wording.percent(100 * float(np.mean(hidden)))} over the far side",
        subtitle="Sub-spacecraft points in the mean-Earth frame, every 2 minutes; marker: place at the "
        "epoch.",
    )
    whole = figure.add_axes(inches(figure, 0.6, 0.55, 3.6, 0.85))
    cap = figure.add_axes(inches(figure, 6.15, 0.2, 0.05, 0.6))
    for axes, projection, jump, rows in (
        (whole, Cylindrical(180.0), 30.0, 405),
        (cap, Azimuthal(-90.0 if south else 90.0, 0.0, 90.0), 0.5, 430),
    ):
        latitude, longitude, extent = projection.pixels(rows)
        ground = relief(latitude, longitude)
        shade = np.nan_to_num(0.25 + 0.75 * ground, nan=1.0)
        axes.imshow(
            levels(shade),
            extent=extent,
            cmap="gray",
            vmin=0,
            vmax=255,
            interpolation="none",
        )
        for name, (colour, line, marker) in series(names).items():
            x, y = projection.forward(*tracks[name])
            _line(axes, x, y, jump, color=colour, linestyle=line)
            axes.plot(
                x[0],
                y[0],
                marker=marker,
                color=colour,
                markersize=7,
                markeredgecolor="white",
                linestyle=line,
                label=plain(name),
            )
        projection.graticule(axes)
        mark_sites(axes, projection, result)
    legend_above(whole)
    return figure


_PANELS = (
    ("periapsis_altitude_km", "perilune altitude, km"),
    ("semi_major_axis_km", "semi-major axis, km"),
    ("eccentricity", "eccentricity"),
    ("inclination_deg", "inclination to the\nMoon's orbit plane, °"),
    ("argument_of_periapsis_deg", "argument of\nperilune, °"),
    ("raan_deg", "node (RAAN), °"),
)


@drawing
def orbit_elements(result: MissionResult) -> Figure:
    """Draw the osculating elements of each relay over the scenario: its drift away from the design.

    Elements are in the frame `moon-op`, the Moon's orbit plane; the dotted line is the value at the start.

    Parameters
    ----------
    result : MissionResult
    """
    names = list(result.trajectories)
    start, end = window(result)
    days = (result.coverage["time_elements"].values - start) / DAY
    moves = []
    for name in names:
        low = _perilune(result, name)
        flown = float(result.trajectories[name].final_elapsed[0])
        last = (
            f"{wording.number(low[-1], 0)} km"
            if start + flown >= end - 1.0
            else f"its end on day {flown / DAY:.1f}"
        )
        lowest = wording.number(np.min(low), 0)
        moves.append(f"{name} {wording.number(low[0], 0)} km → {last} (lowest {lowest} km)")
    figure = new_figure(
        9.6,
        6.6,
        f"Perilune altitude: {'; '.join(moves)}",
        subtitle="Osculating elements, frame moon-op (Moon's orbit plane); dotted: value at the start.",
    )
    for k, (variable, label) in enumerate(_PANELS):
        row, column = divmod(k, 2)
        height = 1.5
        axes = figure.add_axes(
            inches(
                figure,
                0.85 + 4.65 * column,
                0.62 + (2 - row) * (height + 0.32),
                0.4 + 4.65 * (1 - column),
                6.6 - 0.62 - (2 - row) * (height + 0.32) - height,
            )
        )
        for name, (colour, line, _) in series(names).items():
            values = result.coverage[variable].sel(relay=name).values.astype(float)
            if variable.endswith("_deg"):
                values = _unwrapped(values)
            axes.plot(
                days, values, color=colour, linestyle=line, linewidth=1.0, alpha=0.85, label=plain(name)
            )
            axes.axhline(values[0], color=colour, linestyle=":", linewidth=0.9)
        axes.set_ylabel(label)
        if variable == "periapsis_altitude_km":
            bottom, top = axes.get_ylim()
            if bottom < 120.0:
                axes.set_ylim(min(bottom, -20.0), top)
                axes.axhline(0.0, color=BLACK, linewidth=1.0)
        if row == 2:
            time_axis(axes, start, 0.0, (end - start) / DAY, ticks=6)
        else:
            axes.set_xlim(0.0, (end - start) / DAY)
            axes.tick_params(labelbottom=False)
        if k == 0:
            legend_above(axes)
    return figure


def _unwrapped(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    good = np.isfinite(degrees)
    out = degrees.copy()
    out[good] = np.degrees(np.unwrap(np.radians(degrees[good])))
    return out


@drawing
def perilune_history(result: MissionResult) -> Figure:
    """Draw the perilune altitude of each relay to the end of the lifetime analysis, and its impact if any.

    Parameters
    ----------
    result : MissionResult
        With an entry per spacecraft in its `lifetimes`.
    """
    start = window(result)[0]
    answers = [
        f"{name} strikes the Moon after {wording.duration(life['impact_tdb'] - start)}"
        for name, life in result.lifetimes.items()
        if life["impact_tdb"] is not None
    ]
    safe = [name for name, life in result.lifetimes.items() if life["impact_tdb"] is None]
    if safe:
        horizon = wording.duration(max(life["horizon_s"] for life in result.lifetimes.values()))
        answers.append(f"no impact of {wording.listing(safe)} within {horizon}")
    title = "; ".join(answers)
    figure = new_figure(
        9.6,
        3.7,
        title[:1].upper() + title[1:] if safe and len(answers) == 1 else title,
        subtitle="Altitude of each perilune passage above 1737.4 km; shaded: the scenario.",
    )
    axes = figure.add_axes(inches(figure, 0.75, 0.65, 0.3, 0.85))
    axes.axvspan(0.0, (window(result)[1] - start) / DAY, color="#ececec", zorder=0)
    ends = [(window(result)[1] - start) / DAY]
    looks = series(result.trajectories)
    for name, life in result.lifetimes.items():
        colour, line, _ = looks[name]
        days = (np.asarray(life["perilune_tdb"]) - start) / DAY
        axes.plot(days, life["perilune_altitude_km"], color=colour, linestyle=line, label=plain(name))
        if life["impact_tdb"] is None:
            ends.append(life["horizon_s"] / DAY)
        else:
            when = (life["impact_tdb"] - start) / DAY
            axes.plot(
                when, 0.0, "X", color=colour, markersize=10, markeredgecolor="black", clip_on=False, zorder=5
            )
            ends.append(min(1.15 * when, life["horizon_s"] / DAY))
    axes.axhline(0.0, color=BLACK, linewidth=1.0)
    axes.set_ylim(bottom=min(0.0, float(axes.get_ylim()[0])))
    axes.set_ylabel("perilune altitude, km")
    time_axis(axes, start, 0.0, max(ends))
    legend_above(axes)
    return figure
