"""The way from the Earth to the Moon, in inertial axes and in axes that turn with the Moon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import EARTH_RADIUS_KM, MOON_RADIUS_KM
from cislunar.report import wording
from cislunar.report.facts import DAY
from cislunar.report.mission_facts import insertion_of, transfer_of
from cislunar.report.style import BLACK, BLUE, GREY, LIGHT, ORANGE, VERMILLION, drawing, inches, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cislunar.mission.result import MissionResult

Array = NDArray[np.float64]

_POINTS = 1200


@drawing
def transfer_views(result: MissionResult, name: str) -> Figure:
    """Draw the transfer of a spacecraft twice: in inertial axes, and in axes that turn with the Moon.

    The inertial view is along the normal of the Moon's orbit about the Earth at the arrival, x towards the
    Moon then; in the turning view x points to the Moon at every instant.

    Parameters
    ----------
    result : MissionResult
    name : str
        A spacecraft whose transfer was flown.
    """
    timeline = result.timelines[name]
    phase = transfer_of(timeline)
    assert phase is not None
    details, start, end = phase.details, phase.details["departure_tdb"], phase.end_tdb
    tdb = _epochs(start, end)
    craft = timeline.state_at(np.minimum(tdb, timeline.end_tdb), "earth")
    moon = result.environment.ephemeris.state("moon", "earth", tdb)
    axes_at_end = _turning(moon[:, -1:])[:, :, 0]
    inertial, path = axes_at_end @ craft[:3] / 1e3, axes_at_end @ moon[:3] / 1e3
    turn = _turning(moon)
    turning = np.einsum("ijm,jm->im", turn, craft[:3]) / 1e3
    distance = np.linalg.norm(moon[:3], axis=0) / 1e3
    days = (end - start) / DAY
    figure = new_figure(
        8.6,
        4.9,
        f"{name} flies to the Moon in {days:.2f} d, at most {details['farthest_km'] / 1e3:,.0f} thousand km "
        f"from the Earth",
        subtitle=_subtitle(details),
    )
    left, bottom, width, height = inches(figure, 0.72, 0.55, 0.62, 0.98)
    gap = 0.1
    panel = (width - gap) / 2.0
    first = figure.add_axes((left, bottom, panel, height))
    second = figure.add_axes((left + panel + gap, bottom, panel, height))
    _bodies(first, path[:, 0], path[:, -1])
    first.plot(*path[:2], color=GREY, linestyle=(0, (4, 2)), linewidth=1.1, label="Moon's path")
    first.plot(*inertial[:2], color=BLUE, label=name)
    second.plot(*turning[:2], color=BLUE)
    second.plot(
        [distance.min(), distance.max()],
        [0, 0],
        color=GREY,
        linewidth=3.0,
        solid_capstyle="butt",
        label="Moon's distances",
    )
    _label(second, "Moon", (float(distance[-1]), 0.0), (0.0, -14.0))
    second.plot([distance[-1]], [0], marker="o", markersize=5, color=GREY, markeredgecolor=BLACK)
    _earth(second)
    _day_marks(first, inertial, tdb, start, end)
    _day_marks(second, turning, tdb, start, end)
    for axes, title, x in (
        (first, "Inertial, about the Earth", "towards the Moon at arrival"),
        (second, "Turning with the Moon", "towards the Moon"),
    ):
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.09)
        axes.set_title(title, fontsize=9.0)
        axes.set_xlabel(f"x, {x} (thousand km)")
    first.set_ylabel("y, in the plane of the Moon's orbit (thousand km)", fontsize=8.0)
    lines = [*first.get_lines(), *second.get_lines()]
    named = {str(line.get_label()): line for line in lines if not str(line.get_label()).startswith("_")}
    figure.legend(
        named.values(),
        named.keys(),
        loc="upper left",
        ncols=5,
        fontsize=8.0,
        bbox_to_anchor=(0.0, _legend_height(figure)),
    )
    return figure


def _legend_height(figure: Figure) -> float:
    _, bottom, _, height = inches(figure, 0.0, 0.0, 0.0, 0.5)
    return bottom + height


def _epochs(start: float, end: float) -> Array:
    """Epochs dense near the Earth, where the flight is fast, and even later on."""
    share = np.linspace(0.0, 1.0, _POINTS)
    return np.asarray(start + (end - start) * share**2)


def _turning(moon: Array) -> Array:
    """Rows x to the Moon, y along its motion, z along the normal of its orbit; shape (3, 3, m)."""
    x = moon[:3] / np.linalg.norm(moon[:3], axis=0)
    z = np.cross(moon[:3], moon[3:], axis=0)
    z = z / np.linalg.norm(z, axis=0)
    return np.stack([x, np.cross(z, x, axis=0), z])


def _earth(axes: Axes) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0.0, 0.0), EARTH_RADIUS_KM / 1e3, facecolor=BLACK, zorder=3))
    axes.plot([0.0], [0.0], marker="o", markersize=5, color=BLACK)
    _label(axes, "Earth", (0.0, 0.0), (0.0, 13.0))


def _label(axes: Axes, text: str, place: tuple[float, float], offset: tuple[float, float]) -> None:
    """Name a body beside it, readable over any line."""
    axes.annotate(
        text,
        place,
        xytext=offset,
        textcoords="offset points",
        fontsize=7.5,
        ha="center" if not offset[0] else "left" if offset[0] > 0.0 else "right",
        va="center",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
        zorder=6,
    )


def _bodies(axes: Axes, before: Array, after: Array) -> None:
    """Draw the Earth, and the Moon at departure and at arrival."""
    from matplotlib.patches import Circle

    _earth(axes)
    for place, text, fill in ((before, "Moon at departure", "white"), (after, "Moon at arrival", GREY)):
        axes.add_patch(
            Circle(
                tuple(place[:2]),
                MOON_RADIUS_KM / 1e3,
                facecolor=fill,
                edgecolor=BLACK,
                linewidth=0.7,
                zorder=4,
            )
        )
        axes.plot(
            [place[0]],
            [place[1]],
            marker="o",
            markersize=9,
            markerfacecolor="none",
            markeredgecolor=BLACK,
            markeredgewidth=0.7,
            linestyle="none",
        )
        x, y = float(place[0]), float(place[1])
        # At arrival the Moon is at the right, seen from the Earth; at departure anywhere.
        offset = (-7.0, 12.0) if place is after else (0.0, 13.0 if y >= 0.0 else -13.0)
        _label(axes, text, (x, y), offset)


def _day_marks(axes: Axes, track: Array, tdb: Array, start: float, end: float) -> None:
    """Mark every day, or every ten days of a long flight."""
    step = DAY if end - start < 20.0 * DAY else 10.0 * DAY
    marks = np.arange(start + step, end, step)
    x, y = (np.interp(marks, tdb, track[k]) for k in (0, 1))
    axes.plot(
        x,
        y,
        linestyle="none",
        marker="o",
        markersize=3.6,
        color=ORANGE,
        markeredgecolor=BLACK,
        markeredgewidth=0.5,
        label="every day" if step == DAY else "every 10 days",
        zorder=4,
    )


def _subtitle(details: dict[str, Any]) -> str:
    parts = [
        f"injection {wording.number(1e3 * details['injection_km_s'], 1)} m/s from the parking orbit, C3 "
        f"{wording.number(details['c3_km2_s2'], 3)} km²/s²"
    ]
    speed = details["v_infinity_km_s"]
    if np.isfinite(speed):
        parts.append(f"arrival at {wording.number(speed, 3)} km/s at infinity")
    else:
        parts.append("arrival already captured")
    parts.append(f"periapsis at {wording.number(details['arrival_periapsis_altitude_km'], 1)} km")
    return "; ".join(parts) + ". Dots and rings mark the bodies, not their size"


@drawing
def insertion_profile(result: MissionResult, name: str) -> Figure:
    """Draw altitude, speed, thrust and mass about each burn of an insertion.

    Parameters
    ----------
    result : MissionResult
    name : str
        A spacecraft whose insertion was flown.
    """
    from matplotlib.ticker import MaxNLocator

    timeline = result.timelines[name]
    phase = insertion_of(timeline)
    assert phase is not None
    starts, lengths = phase.details["ignition_tdb"], phase.details["burn_time_s"]
    count = len(starts)
    vehicle = result.scenario.spacecraft[name].vehicle
    assert vehicle is not None
    thrust_kn = vehicle.engine().full_thrust_n / 1000.0
    used = wording.number(phase.propellant_kg, 0)
    size = 1e3 * phase.delta_v_km_s
    how = f"{count} burn{'' if count == 1 else 's'}"
    loss = 1e3 * phase.loss_km_s
    title = (
        f"Insertion of {name} takes {wording.number(size, 0)} m/s in {how} and {used} kg of propellant"
        + (f"; losses {wording.number(loss, 1)} m/s" if abs(loss) >= 0.05 else "")
    )
    near, far = (
        phase.details.get(f"{apsis}_altitude_after_km", np.nan) for apsis in ("periapsis", "apoapsis")
    )
    orbit = f"into {wording.number(near, 0)} × {wording.number(far, 0)} km; " if np.isfinite(far) else ""
    figure = new_figure(
        8.6,
        6.2,
        title,
        subtitle=f"{orbit}burns shaded; altitude above 1737.4 km, speed about the Moon (ICRF); "
        f"steps of the mass beside burns are corrections set aside and releases",
    )
    left, bottom, width, height = inches(figure, 0.85, 0.52, 0.25, 0.95)
    gap_x, gap_y = 0.03, 0.018
    wide, tall = (width - (count - 1) * gap_x) / count, (height - 3 * gap_y) / 4.0
    rows: list[list[Any]] = [[] for _ in range(4)]
    for column, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        around = max(600.0, 1.2 * length)
        tdb = np.linspace(
            max(start - around, timeline.start_tdb), min(start + length + around, timeline.end_tdb), 600
        )
        tdb = np.unique(np.concatenate([tdb, [start - 1e-3, start, start + length, start + length + 1e-3]]))
        tdb = tdb[(tdb >= timeline.start_tdb) & (tdb <= timeline.end_tdb)]
        states, minutes = timeline.state_at(tdb), (tdb - start) / 60.0
        burning = (tdb >= start) & (tdb <= start + length)
        curves = (
            np.linalg.norm(states[:3], axis=0) - MOON_RADIUS_KM,
            1e3 * np.linalg.norm(states[3:], axis=0),
            np.where(burning, thrust_kn if length > 0.0 else 0.0, 0.0),
            timeline.mass_at(tdb),
        )
        for row, values in enumerate(curves):
            box = (left + column * (wide + gap_x), bottom + (3 - row) * (tall + gap_y), wide, tall)
            axes = figure.add_axes(box, sharey=rows[row][0] if rows[row] else None)
            rows[row].append(axes)
            axes.plot(minutes, values, color=(BLUE, BLUE, VERMILLION, BLACK)[row])
            axes.axvspan(0.0, max(length, 1.0) / 60.0, color=LIGHT, zorder=0)
            axes.set_xlim(minutes[0], minutes[-1])
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, prune="both" if column else None))
            axes.tick_params(labelbottom=row == 3, labelleft=column == 0)
        rows[0][column].set_title(_burn_title(phase.details, column, length), fontsize=8.5)
        rows[3][column].set_xlabel(f"minutes from {_utc(start)}", fontsize=8.0)
    for row, label in enumerate(("altitude\n(km)", "speed\n(m/s)", "thrust\n(kN)", "mass\n(kg)")):
        rows[row][0].set_ylabel(label)
    rows[0][0].set_ylim(bottom=0.0)
    rows[2][0].set_ylim(0.0, 1.25 * thrust_kn)
    figure.align_ylabels()
    if not any(lengths):
        for axes in rows[2]:
            axes.annotate(
                "impulse: no thrust", (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=8.0
            )
    return figure


def _utc(tdb: float) -> str:
    from cislunar.time import format_epoch

    return format_epoch(tdb, "UTC", 0).replace("T", " ") + " UTC"


def _burn_title(details: dict[str, Any], column: int, length: float) -> str:
    size = wording.number(1e3 * details["impulses_km_s"][column], 1)
    lasts = f", {wording.duration(length)}" if length > 0.0 else ", as an impulse"
    reached = wording.number(details["apoapsis_altitudes_km"][column], 0)
    return f"burn {column + 1}: {size} m/s{lasts}, apoapsis to {reached} km"
