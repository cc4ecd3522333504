"""A powered descent: altitude, speed, thrust and pitch against time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.report.style import BLACK, BLUE, GREY, LIGHT, VERMILLION, drawing, inches, new_figure, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cislunar.landing.descent import Descent

_WIDTH_IN, _PANEL_IN, _GAP_IN = 8.2, 1.35, 0.22
_PHASE_ROOM = 0.06


@drawing
def descent_profile(descent: Descent, place: str = "") -> Figure:
    """Draw a powered descent from ignition to touchdown.

    Parameters
    ----------
    descent : Descent
        One that was found.
    place : str, optional
        Name of the site, for the title.
    """
    time = descent.time_s
    where = f" to {place}" if place else ""
    height = 4 * _PANEL_IN + 3 * _GAP_IN + 1.35
    figure = new_figure(
        _WIDTH_IN,
        height,
        f"Powered descent{where} takes {descent.propellant_kg:,.0f} kg of propellant: "
        f"{1000.0 * descent.delta_v_km_s:,.0f} m/s, {1000.0 * descent.loss_km_s:,.0f} m/s of it losses",
        subtitle=(
            f"{time[-1]:.0f} s from ignition to touchdown; full thrust is {descent.thrust_to_weight:.2f} of "
            f"the lunar weight at ignition and {descent.thrust_to_weight_landed:.2f} at touchdown. "
            "Pitch is the angle of the thrust above the local horizontal."
        ),
    )
    panels: list[Any] = []
    for number in range(4):
        top = 0.72 + number * (_PANEL_IN + _GAP_IN)
        box = inches(figure, 0.78, height - top - _PANEL_IN, 0.62, top)
        panels.append(figure.add_axes(box, sharex=panels[0] if panels else None))
    altitude, speed, thrust, pitch = panels
    altitude.plot(time, descent.height_km, color=BLUE)
    altitude.set_ylabel("height above\nsite, km")
    altitude.set_ylim(0.0, 1.08 * float(descent.height_km.max()))
    speed.plot(time, 1000.0 * descent.horizontal_speed_km_s, color=BLUE, label="horizontal")
    speed.plot(
        time,
        -1000.0 * descent.vertical_speed_km_s,
        color=VERMILLION,
        linestyle=(0, (5, 2)),
        label="downward",
    )
    speed.set_ylabel("speed over\nground, m/s")
    speed.legend(loc="upper right")
    thrust.plot(time, descent.thrust_n / 1000.0, color=BLUE, label="thrust")
    weight = descent.mass_kg * descent.ground.gravity_km_s2
    thrust.plot(time, weight, color=GREY, linestyle=(0, (1, 1.3)), label="lunar weight")
    thrust.set_ylim(0.0, 1.12 * max(float(descent.thrust_n.max()) / 1000.0, float(weight.max())))
    thrust.set_ylabel("force, kN")
    thrust.legend(loc="lower left")
    pitch.plot(time, np.degrees(descent.pitch_rad), color=BLUE)
    pitch.set_ylabel("pitch, °")
    pitch.set_yticks([0, 30, 60, 90])
    pitch.set_ylim(min(-5.0, float(np.degrees(descent.pitch_rad.min())) - 3.0), 97.0)
    pitch.set_xlabel("time from ignition, s")
    for panel in panels[:-1]:
        panel.tick_params(labelbottom=False)
    _mark_phases(panels, descent)
    altitude.set_xlim(0.0, float(time[-1]))
    return figure


def _mark_phases(panels: list[Any], descent: Descent) -> None:
    """Shade every other phase and name each at the top."""
    whole = float(descent.time_s[-1])
    names = list(dict.fromkeys(descent.phase.tolist()))
    for number, name in enumerate(names):
        inside = descent.time_s[descent.phase == name]
        start, end = float(inside[0]), float(inside[-1])
        if number % 2:
            for panel in panels:
                panel.axvspan(start, end, color=LIGHT, zorder=0, linewidth=0)
        narrow = end - start < _PHASE_ROOM * whole
        last = number == len(names) - 1
        # A narrow phase has its name over its neighbour: the last one to the right, others to the left.
        anchor, side = (
            (0.5 * (start + end), "center") if not narrow else (start, "left") if last else (end, "right")
        )
        panels[0].annotate(
            plain(name),
            (anchor, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2 if side == "left" else -2 if side == "right" else 0, 2),
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=8.0,
            color=BLACK,
            annotation_clip=False,
        )
