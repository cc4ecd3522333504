"""Trajectories as CCSDS Orbit Ephemeris Messages (OEM 2.0, key-value notation).

The message is centred on the body of the trajectory, in ICRF axes and TDB, and states HERMITE interpolation
of degree 7.  Its nodes are evenly spread in r^-1.5 dt, about 40 to a revolution, and are made denser
wherever that interpolation, as an independent reader applies it, does not give the recorded trajectory back
to `TOLERANCE_KM`.

References
----------
.. [1] CCSDS 502.0-B-3, "Orbit Data Messages", Consultative Committee for Space Data Systems (2023), section
   5.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.ephemeris import GM_DE440
from cislunar.errors import InputError, OutputError
from cislunar.exchange.interpolation import StateInterpolator
from cislunar.time import format_epochs

if TYPE_CHECKING:
    from cislunar.propagation import Trajectory

Array = NDArray[np.float64]

DEGREE: Final = 7
"""Degree of the HERMITE interpolation stated in the message."""

TOLERANCE_KM: Final = 2.5e-4
"""Largest distance, km, between the stated interpolation and the trajectory; the message promises 1 m.

The rest is for readers that centre their windows by time rather than by count, and for the last digits
printed.
"""

_STEP: Final = 0.15  # rad of local mean motion between nodes
_GRADING: Final = 2.1  # neighbouring intervals differ in length by at most about this factor
_MIN_INTERVAL_S: Final = 0.01
_CHECKS: Final = np.array([0.25, 0.5, 0.75])
_SAMPLES_PER_STEP: Final = 8
_CHUNK: Final = 20000


def write_oem(
    destination: str | os.PathLike[str] | TextIO,
    trajectory: Trajectory,
    object_name: str,
    *,
    object_id: str | None = None,
    originator: str = "CISLUNAR",
    comments: Sequence[str] = (),
) -> None:
    """Write one trajectory as an OEM.

    Parameters
    ----------
    destination : path or text stream
        Where the message goes; a file is created or replaced.
    trajectory : Trajectory
        A batch of one.
    object_name : str
        Name of the spacecraft (OBJECT_NAME).
    object_id : str, optional
        International designator (OBJECT_ID), such as 2026-001A; the name if there is none.
    originator : str
        Who made the message (ORIGINATOR).
    comments : sequence of str
        Lines for the head of the message: models, assumptions.

    Raises
    ------
    InputError
        For a batch of another size, or a trajectory so rough that no spacing of 10 ms or more is good to 1 m.
    OutputError
        If the file cannot be written.
    """
    write_message(
        destination,
        format_oem(trajectory, object_name, object_id=object_id, originator=originator, comments=comments),
    )


def write_message(destination: str | os.PathLike[str] | TextIO, text: str) -> None:
    """Write the text of a message to a file or a stream.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    if not isinstance(destination, str | os.PathLike):
        destination.write(text)
        return
    try:
        Path(destination).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{destination}: cannot write the ephemeris: {error.strerror or error}") from error


def format_oem(
    trajectory: Trajectory,
    object_name: str,
    *,
    object_id: str | None = None,
    originator: str = "CISLUNAR",
    comments: Sequence[str] = (),
) -> str:
    """Return the text that `write_oem` writes; same parameters and errors."""
    if len(trajectory) != 1:
        raise InputError(
            f"trajectory: expected one; got a batch of {len(trajectory)}, choose with trajectory[i]"
        )
    lines = head_lines("OEM", originator, comments) + segment_lines(trajectory, object_name, object_id)
    return "\n".join(lines) + "\n"


def head_lines(kind: str, originator: str, comments: Sequence[str]) -> list[str]:
    """Head of an OEM or OPM: version, comments, date and origin."""
    return [
        f"CCSDS_{kind}_VERS = 2.0",
        *comment_lines(comments),
        f"CREATION_DATE = {datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
        f"ORIGINATOR = {one_line(originator) or 'CISLUNAR'}",
        "",
    ]


def comment_lines(comments: Sequence[str]) -> list[str]:
    """Texts as comments, a line each."""
    return [f"COMMENT {one_line(line)}" for text in comments for line in text.splitlines()]


def segment_lines(
    trajectory: Trajectory,
    object_name: str,
    object_id: str | None = None,
    comments: Sequence[str] = (),
    stop_s: float | None = None,
) -> list[str]:
    """Metadata and states of one segment.

    Parameters
    ----------
    trajectory : Trajectory
        A batch of one.
    object_name : str
    object_id : str, optional
    comments : sequence of str
        For the head of the metadata.
    stop_s : float, optional
        Elapsed seconds of the last state; the end of the trajectory if left out.
    """
    elapsed = choose_nodes(trajectory, stop_s)
    epochs = format_epochs(float(trajectory.epoch[0]) + elapsed, "TDB", 6)
    states = trajectory.at(elapsed)[:, 0]
    label = one_line(object_name) or "UNNAMED"
    head = [
        "META_START",
        *comment_lines(comments),
        f"OBJECT_NAME = {label}",
        f"OBJECT_ID = {one_line(object_id or '') or label}",
        f"CENTER_NAME = {trajectory.center.upper()}",
        "REF_FRAME = ICRF",
        "TIME_SYSTEM = TDB",
        f"START_TIME = {epochs[0]}",
        f"STOP_TIME = {epochs[-1]}",
    ]
    if len(epochs) > 1:
        head += ["INTERPOLATION = HERMITE", f"INTERPOLATION_DEGREE = {DEGREE}"]
    head += ["META_STOP", ""]
    rows = [
        f"{epoch} {x:.9f} {y:.9f} {z:.9f} {vx:.12f} {vy:.12f} {vz:.12f}"
        for epoch, (x, y, z, vx, vy, vz) in zip(epochs, states.T.tolist(), strict=True)
    ]
    return head + rows


def one_line(text: str) -> str:
    """Printable text without line breaks, so that no name can add a line to the message."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def choose_nodes(trajectory: Trajectory, stop_s: float | None = None) -> Array:
    """Times at which a trajectory is tabulated so that the stated interpolation gives it back.

    Parameters
    ----------
    trajectory : Trajectory
        A batch of one.
    stop_s : float, optional
        Elapsed seconds to stop at; the end of the trajectory if left out.

    Returns
    -------
    ndarray, shape (m,)
        Elapsed s, increasing; the ends of the trajectory are the first and the last, the others whole
        milliseconds of TDB.

    Raises
    ------
    InputError
        If no spacing of 10 ms or more is good enough.
    """
    ends = np.sort(np.array([0.0, float(trajectory.final_elapsed[0]) if stop_s is None else stop_s]))
    if ends[1] - ends[0] < 4.0 * _MIN_INTERVAL_S:
        return ends[:1] if ends[0] == ends[1] else ends
    elapsed = _round(trajectory, _even_in_phase(trajectory, ends))
    while True:
        bad = _bad_intervals(trajectory, elapsed)
        if not np.any(bad):
            return elapsed
        lengths = np.diff(elapsed)
        if np.any(lengths[bad] < 2.0 * _MIN_INTERVAL_S):
            raise InputError(
                "trajectory: it is too rough to be tabulated to 1 m; expected a continuous path, good with a "
                f"spacing of {_MIN_INTERVAL_S} s or more"
            )
        middles = elapsed[:-1][bad] + 0.5 * lengths[bad]
        elapsed = _round(trajectory, np.sort(np.concatenate((elapsed, middles))))


def _even_in_phase(trajectory: Trajectory, ends: Array) -> Array:
    """Times at even steps of the integral of sqrt(gm / r^3)."""
    steps = np.unique(np.concatenate((ends, trajectory.nodes[0])))
    steps = steps[(steps >= ends[0]) & (steps <= ends[1])]
    fractions = np.arange(_SAMPLES_PER_STEP) / _SAMPLES_PER_STEP
    times = np.append((steps[:-1, np.newaxis] + np.diff(steps)[:, np.newaxis] * fractions).ravel(), ends[1])
    radius = np.concatenate(
        [
            np.linalg.norm(trajectory.at(times[start : start + _CHUNK])[:3, 0], axis=0)
            for start in range(0, times.size, _CHUNK)
        ]
    )
    rate = np.sqrt(GM_DE440[trajectory.center] / radius**3)
    phase = np.concatenate(([0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(times))))
    count = max(int(np.ceil(phase[-1] / _STEP)), DEGREE)
    return np.interp(np.linspace(0.0, phase[-1], count + 1), phase, times)


def _round(trajectory: Trajectory, elapsed: Array) -> Array:
    """Move the inner times to whole milliseconds of TDB, for short epochs without rounding."""
    epoch = float(trajectory.epoch[0])
    rounded = np.round(epoch + elapsed, 3) - epoch
    rounded[[0, -1]] = elapsed[[0, -1]]
    return rounded


def _bad_intervals(trajectory: Trajectory, elapsed: Array) -> NDArray[np.bool_]:
    """Mask (m - 1,) of intervals to halve: interpolated too coarsely, or far longer than a neighbour."""
    lengths = np.diff(elapsed)
    between = (elapsed[:-1, np.newaxis] + lengths[:, np.newaxis] * _CHECKS).ravel()
    nodes = np.concatenate([_states(trajectory, part) for part in _chunks(elapsed)], axis=1)
    table = StateInterpolator(elapsed, nodes, "HERMITE", DEGREE)
    error = np.concatenate(
        [np.linalg.norm(table(part)[:3] - _states(trajectory, part)[:3], axis=0) for part in _chunks(between)]
    )
    bad = error.reshape(lengths.size, _CHECKS.size).max(axis=1) > TOLERANCE_KM
    shorter = lengths.copy()
    shorter[bad] *= 0.5
    bad[1:] |= lengths[1:] > _GRADING * shorter[:-1]
    bad[:-1] |= lengths[:-1] > _GRADING * shorter[1:]
    return bad


def _states(trajectory: Trajectory, elapsed: Array) -> Array:
    return trajectory.at(elapsed)[:, 0]


def _chunks(times: Array) -> list[Array]:
    return [times[start : start + _CHUNK] for start in range(0, times.size, _CHUNK)]
