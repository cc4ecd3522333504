"""Flown timelines as CCSDS messages: the path as an OEM with its manoeuvres, the start as an OPM.

The OEM has a segment for every stretch on which the acceleration does not jump, about the body it was flown
about; where a manoeuvre begins or ends, a segment does. Comments at the head of a segment say what happens
in it or just before it: delta-v, length, masses. The OPM has the first state and every manoeuvre as a `MAN_`
block. A stay on the ground is in neither.

References
----------
.. [1] CCSDS 502.0-B-3, "Orbit Data Messages", Consultative Committee for Space Data Systems (2023), sections
   3 (OPM) and 5 (OEM), with the covariance of section 5.2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.ephemeris import GM_DE440
from cislunar.errors import InputError
from cislunar.exchange.oem_writer import comment_lines, head_lines, one_line, segment_lines
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from cislunar.mission.timeline import FlownLeg, Timeline

Array = NDArray[np.float64]

SHORTEST_S: Final = 1e-3
"""Stretches shorter than this, s, are left out."""

_JUMP_KM_S: Final = 1e-7
_STEP_KG: Final = 1e-6
_SAMPLES: Final = 401


@dataclass(frozen=True)
class FlownManoeuvre:
    """A manoeuvre of a timeline as messages state it.

    Attributes
    ----------
    label : str
        The phase it belongs to.
    ignition_tdb, duration_s : float
        Duration 0 for an impulse.
    delta_v_km_s : numpy.ndarray, shape (3,)
        Change of velocity by the thrust, ICRF axes. Of a burn, the change of the velocity less that by the
        gravity of the body it is flown about.
    mass_before_kg, mass_after_kg : float
    """

    label: str
    ignition_tdb: float
    duration_s: float
    delta_v_km_s: Array
    mass_before_kg: float
    mass_after_kg: float

    def describe(self) -> str:
        """Say it in a line."""
        how = f"{self.duration_s:.3f} s" if self.duration_s else "an impulse"
        size = 1e3 * float(np.linalg.norm(self.delta_v_km_s))
        return (
            f"manoeuvre, {self.label}: {size:.3f} m/s as one vector, {how}, "
            f"{self.mass_before_kg:.3f} kg before, {self.mass_after_kg:.3f} kg after"
        )


def manoeuvres(timeline: Timeline) -> list[FlownManoeuvre]:
    """List the manoeuvres on the path of a timeline, in the order of time.

    Corrections of a transfer are statistics and no part of the path; the injection lies before it.
    """
    found = []
    legs = _legs(timeline)
    for before, leg in zip([None, *legs[:-1]], legs, strict=True):
        if before is not None and (jump := _jump(before, leg)) is not None:
            found.append(
                FlownManoeuvre(
                    timeline.phases[before.phase].label,
                    leg.start_tdb,
                    0.0,
                    jump,
                    _mass_at_end(before),
                    _mass_at_end(before) - _burnt(timeline, before, leg),
                )
            )
        if leg.powered:
            found.append(
                FlownManoeuvre(
                    timeline.phases[leg.phase].label,
                    leg.start_tdb,
                    leg.end_tdb - leg.start_tdb,
                    _thrust_km_s(leg),
                    leg.mass_kg,
                    _mass_at_end(leg),
                )
            )
    return found


def format_timeline_oem(
    timeline: Timeline,
    *,
    object_id: str | None = None,
    originator: str = "CISLUNAR",
    comments: Sequence[str] = (),
) -> str:
    """Give the path of a spacecraft as the text of an OEM.

    Parameters
    ----------
    timeline : Timeline
    object_id, originator, comments
        As of `write_oem`.

    Raises
    ------
    InputError
        Nothing was flown, or a stretch cannot be tabulated.
    """
    legs = _require_legs(timeline)
    events = manoeuvres(timeline)
    lines = head_lines("OEM", originator, comments)
    for before, leg in zip([None, *legs[:-1]], legs, strict=True):
        said = [f"phase {leg.phase + 1}, {timeline.phases[leg.phase].label}; mass {leg.mass_kg:.3f} kg"]
        said += [each.describe() for each in events if each.ignition_tdb == leg.start_tdb]
        if before is not None:
            said += _other_steps(timeline, before, leg)
        lines += segment_lines(
            leg.trajectory, timeline.name, object_id, said, leg.end_tdb - float(leg.trajectory.epoch[0])
        )
        if before is None:
            lines += _covariance_lines(timeline, leg)
        lines.append("")
    return "\n".join(lines)


def format_opm(
    timeline: Timeline,
    *,
    object_id: str | None = None,
    originator: str = "CISLUNAR",
    comments: Sequence[str] = (),
) -> str:
    """Give the first state of a spacecraft and its manoeuvres as the text of an OPM.

    Parameters
    ----------
    timeline : Timeline
    object_id, originator, comments
        As of `write_oem`.

    Raises
    ------
    InputError
        Nothing was flown.
    """
    first = _require_legs(timeline)[0]
    state = first.trajectory.at_tdb(np.array([first.start_tdb]))[:, 0, 0]
    label = one_line(timeline.name) or "UNNAMED"
    lines = [
        *head_lines("OPM", originator, comments),
        f"OBJECT_NAME = {label}",
        f"OBJECT_ID = {one_line(object_id or '') or label}",
        f"CENTER_NAME = {first.center.upper()}",
        "REF_FRAME = ICRF",
        "TIME_SYSTEM = TDB",
        "",
        f"EPOCH = {format_epoch(first.start_tdb, 'TDB', 6)}",
    ]
    keys = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
    units = ("km",) * 3 + ("km/s",) * 3
    lines += [
        f"{key} = {value:.12f} [{unit}]" for key, value, unit in zip(keys, state.tolist(), units, strict=True)
    ]
    lines += ["", f"MASS = {first.mass_kg:.6f} [kg]"]
    for each in manoeuvres(timeline):
        lines += [
            "",
            *comment_lines([each.describe()]),
            f"MAN_EPOCH_IGNITION = {format_epoch(each.ignition_tdb, 'TDB', 6)}",
            f"MAN_DURATION = {each.duration_s:.6f} [s]",
            f"MAN_DELTA_MASS = {each.mass_after_kg - each.mass_before_kg:.6f} [kg]",
            "MAN_REF_FRAME = ICRF",
            *(f"MAN_DV_{axis + 1} = {each.delta_v_km_s[axis]:.12f} [km/s]" for axis in range(3)),
        ]
    return "\n".join(lines) + "\n"


def _legs(timeline: Timeline) -> list[FlownLeg]:
    """Stretches worth writing, up to the touchdown."""
    landed = next((p.number for p in timeline.phases if p.kind == "land" and p.status == "flown"), None)
    return [
        leg
        for leg in timeline.legs
        if leg.end_tdb - leg.start_tdb >= SHORTEST_S and (landed is None or leg.phase <= landed)
    ]


def _require_legs(timeline: Timeline) -> list[FlownLeg]:
    legs = _legs(timeline)
    if not legs:
        raise InputError(
            f"{timeline.name}: expected a flight to write; nothing was flown: {timeline.message}"
        )
    return legs


def _mass_at_end(leg: FlownLeg) -> float:
    return float(leg.mass_at(np.array([leg.end_tdb]))[0])


def _jump(before: FlownLeg, leg: FlownLeg) -> Array | None:
    """Step of the velocity between two stretches about one body, km/s; None where there is none."""
    if before.center != leg.center:
        return None
    last = before.trajectory.at_tdb(np.array([before.end_tdb]))[3:, 0, 0]
    first = leg.trajectory.at_tdb(np.array([leg.start_tdb]))[3:, 0, 0]
    jump = np.asarray(first - last)
    return jump if np.linalg.norm(jump) > _JUMP_KM_S else None


def _between(timeline: Timeline, before: FlownLeg, leg: FlownLeg) -> list[tuple[str, float]]:
    """Releases and corrections between two stretches, phases without a path, with the masses that go, kg."""
    gone = []
    for phase in timeline.phases[before.phase + 1 : leg.phase]:
        if "released" in phase.details:
            gone.append((phase.label, phase.details["released_kg"]))
        elif phase.statistical_km_s > 0.0:
            gone.append((f"{phase.label} set aside, no part of the path", phase.propellant_kg))
    return gone


def _burnt(timeline: Timeline, before: FlownLeg, leg: FlownLeg) -> float:
    """Propellant of an impulse between two stretches, kg."""
    other = sum(mass for _, mass in _between(timeline, before, leg))
    return _mass_at_end(before) - leg.mass_kg - other


def _other_steps(timeline: Timeline, before: FlownLeg, leg: FlownLeg) -> list[str]:
    step = _mass_at_end(before) - leg.mass_kg
    if step <= _STEP_KG:
        return []
    return [f"before this segment: {what}, {mass:.3f} kg" for what, mass in _between(timeline, before, leg)]


def _thrust_km_s(leg: FlownLeg) -> Array:
    """Change of velocity by the thrust of a burn: all of it less that by the central body's gravity."""
    tdb = np.linspace(leg.start_tdb, leg.end_tdb, _SAMPLES)
    states = leg.trajectory.at_tdb(tdb)[:, 0]
    pull = -GM_DE440[leg.center] * states[:3] / np.linalg.norm(states[:3], axis=0) ** 3
    by_gravity = np.trapezoid(pull, tdb, axis=1)
    return np.asarray(states[3:, -1] - states[3:, 0] - by_gravity)


def _covariance_lines(timeline: Timeline, leg: FlownLeg) -> list[str]:
    """Covariance of the injection, where the corrections state it: radial, transverse, normal."""
    known = next(
        (
            p.details["injection_covariance_rtn"]
            for p in timeline.phases
            if "injection_covariance_rtn" in p.details
        ),
        None,
    )
    if known is None:
        return []
    rows = [" ".join(f"{known[row, column]:.9e}" for column in range(row + 1)) for row in range(6)]
    return [
        "",
        "COVARIANCE_START",
        f"EPOCH = {format_epoch(leg.start_tdb, 'TDB', 6)}",
        "COV_REF_FRAME = RTN",
        *rows,
        "COVARIANCE_STOP",
    ]
