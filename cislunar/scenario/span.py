"""Whether the tables cover the time a scenario asks for; checked before anything is flown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cislunar.constants import SECONDS_PER_DAY
from cislunar.errors import CislunarError
from cislunar.scenario.format import BODIES
from cislunar.scenario.format_window import DEFAULT_COVERAGE_D, DEFAULT_WINDOW_D
from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.wording import listing, quoted

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.ephemeris import Ephemeris

_Table = TypeVar("_Table")

_AFTER_LAUNCH_S = 60.0 * SECONDS_PER_DAY
"""Transfer, wait in orbit and landing are over by then."""


def check_span(top: Value, duration_s: float | None, reading: Reading) -> None:
    """Check the epochs of a scenario against ephemeris, lunar orientation and the files spacecraft follow.

    Parameters
    ----------
    top : Value
        The file as read.
    duration_s : float or None
        Length of the window, None if it is not valid.
    reading : Reading
        Takes the mistakes found here.
    """
    from cislunar.environment.earth import EarthOrientation
    from cislunar.environment.ephemeris import Ephemeris
    from cislunar.environment.orientation import LunarOrientation
    from cislunar.environment.terrain import Terrain

    epoch = top.child("epoch")
    files = top.child("data")
    spk = files.child("ephemeris") if files else None
    bpc = files.child("lunar_orientation") if files else None
    terrain = files.child("terrain") if files else None
    _open(terrain, lambda value: Terrain.from_file(value.data), reading)
    ephemeris = _open(spk, lambda value: Ephemeris.from_files([item.data for item in value.data]), reading)
    orientation = _open(bpc, lambda value: LunarOrientation.from_bpc(value.data), reading)
    if (spk and ephemeris is None) or (bpc and orientation is None):
        return
    ephemeris, orientation = ephemeris or Ephemeris.default(), orientation or LunarOrientation.default()
    _check_bodies(top, ephemeris, reading)
    if epoch is None or duration_s is None:
        return
    start = epoch.data
    moments = [(start, epoch, "the start of the scenario")]
    moments.append(
        (start + duration_s, top.child("end") or top.child("duration") or epoch, "the end of the scenario")
    )
    horizon = _horizon(top)
    if horizon is not None:
        moments.append((start + horizon.data, horizon, "the end of the lifetime horizon"))
    window = _window(top)
    if window is not None:
        first = window.get("start", start)
        reach = window.get("duration", DEFAULT_WINDOW_D * SECONDS_PER_DAY) + _AFTER_LAUNCH_S
        reach += window.get("coverage", DEFAULT_COVERAGE_D * SECONDS_PER_DAY)
        moments.append((first, window, "the first launch of the window"))
        moments.append((first + reach, window, "the landing after the last launch of the window"))
    for moment, value, what in moments:
        try:
            ephemeris.require_span(moment, moment, what)
            orientation.require_span(moment, moment, what)
            if top.has("ground"):
                EarthOrientation.default().require_span(moment, moment, what)
        except CislunarError as error:
            reading.problem(value.node, value.path, str(error))
            return
    _check_messages(top, start, start + duration_s, reading)


def _check_messages(top: Value, start_tdb: float, end_tdb: float, reading: Reading) -> None:
    """Follow each ephemeris file through the window, so that a hole is found before anything is flown."""
    spacecraft = top.child("spacecraft")
    for craft in spacecraft.data.values() if spacecraft else ():
        orbit = craft.child("orbit")
        file = orbit.child("ephemeris") if orbit and orbit.variant == "ephemeris" else None
        if file is None:
            continue
        from cislunar.exchange.oem import trajectory_from_oem
        from cislunar.exchange.oem_reader import read_oem

        try:
            trajectory_from_oem(read_oem(file.data), start_tdb, end_tdb, _environment(top))
        except CislunarError as error:
            reading.problem(file.node, file.path, str(error))


def _environment(top: Value) -> Environment:
    from cislunar.environment import Environment

    data = top.child("data")
    spk = data.child("ephemeris") if data else None
    return Environment.from_files(ephemeris=[item.data for item in spk.data] if spk else None)


def _horizon(top: Value) -> Value | None:
    analyses = top.child("analyses")
    lifetime = analyses.child("lifetime") if analyses else None
    return lifetime.child("horizon") if lifetime else None


def _window(top: Value) -> Value | None:
    analyses = top.child("analyses")
    return analyses.child("window") if analyses else None


def _check_bodies(top: Value, ephemeris: Ephemeris, reading: Reading) -> None:
    physics = top.child("physics")
    bodies = physics.child("bodies") if physics else None
    for body in bodies.data if bodies else ():
        if body.ok and body.data not in ephemeris.bodies:
            held = listing(name for name in BODIES if name in ephemeris.bodies)
            message = f"{quoted(body.data)} is not in the ephemeris {ephemeris.name}; expected {held}"
            reading.problem(body.node, body.path, message)


def _open(value: Value | None, read: Callable[[Value], _Table], reading: Reading) -> _Table | None:
    """Open a data file; a file that cannot be used is a mistake at its place in the scenario."""
    if value is None or not (
        value.ok and all(item.ok for item in value.data) if isinstance(value.data, tuple) else True
    ):
        return None
    try:
        return read(value)
    except CislunarError as error:
        reading.problem(value.node, value.path, str(error))
        return None
