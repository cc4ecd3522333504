"""From the phases as read to those of the model: what each must satisfy by itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from cislunar.constants import SECONDS_PER_DAY
from cislunar.errors import InputError
from cislunar.orbits.definitions import EphemerisOrbit
from cislunar.scenario import phases as model
from cislunar.scenario.format_timeline import (
    DEFAULT_CANDIDATES,
    DEFAULT_CROSS_RANGE_DEG,
    DEFAULT_DESCENT_KM,
    DEFAULT_RETURN_KM,
    DEFAULT_REVOLUTIONS,
    DEFAULT_SAMPLES,
    LAUNCH_SITES,
)
from cislunar.scenario.orbit import build_orbit
from cislunar.scenario.reading import Reading, Value
from cislunar.transfers.launch import Launcher

_CHANGES: Final = ("apoapsis_altitude", "periapsis_altitude", "inclination", "circularise", "delta_v")


def build_timeline(value: Value, epoch_tdb: float | None, reading: Reading) -> tuple[model.Phase, ...] | None:
    """Build the phases of a spacecraft.

    Parameters
    ----------
    value : Value
        The list as read.
    epoch_tdb : float or None
        The scenario's epoch.
    reading : Reading
        Takes the mistakes found here.

    Returns
    -------
    tuple of Phase or None
        None when a phase cannot be built.
    """
    built: list[model.Phase | None] = []
    for item in value.data:
        kind, phase = phase_of(item)
        built.append(None if phase is None else _BUILDERS[kind](phase, epoch_tdb, reading))
    return None if any(phase is None for phase in built) else tuple(p for p in built if p is not None)


def phase_of(item: Value) -> tuple[str, Value | None]:
    """Give the kind of a phase as read and its value; None for one that could not be read."""
    if not item.ok or len(item.data) != 1:
        return "", None
    kind = next(iter(item.data))
    return kind, item.child(kind)


def _orbit(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    orbit = build_orbit(value, reading)
    return None if orbit is None or isinstance(orbit, EphemerisOrbit) else model.OrbitPhase(orbit)


def _launch(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    parking = value.child("parking_orbit")
    if parking is None:
        return None
    altitude, inclination = parking.get("altitude"), parking.get("inclination")
    epoch, latitude = value.get("epoch", epoch_tdb), value.get("latitude")
    curve = value.get("mass_curve", ())
    if curve:
        try:
            Launcher("curve", *zip(*curve, strict=True))
        except InputError as error:
            place = value.data["mass_curve"]
            reading.problem(place.node, place.path, str(error))
    if altitude is None or inclination is None or epoch is None:
        return None
    site = LAUNCH_SITES.get(value.get("site", ""))
    if site is not None:
        latitude = site.latitude_rad
        try:
            site.require(inclination)
        except InputError as error:
            place = parking.data["inclination"]
            reading.problem(place.node, place.path, str(error))
    elif latitude is not None:
        _check_latitude(parking, inclination, abs(latitude), reading)
    given = value.child("injection")
    stated = (given.get("c3"), given.get("delta_v")) if given else (None, None)
    return model.LaunchPhase(altitude, inclination, epoch, latitude, curve, *stated)


def _check_latitude(parking: Value, inclination: float, latitude: float, reading: Reading) -> None:
    short = max(latitude - inclination, inclination - (math.pi - latitude))
    if short <= 1e-12:
        return
    place = parking.data["inclination"]
    reading.problem(
        place.node,
        place.path,
        f"found {math.degrees(inclination):g} deg; a launch from {math.degrees(latitude):g} deg of latitude "
        f"reaches {math.degrees(latitude):g} deg to {180.0 - math.degrees(latitude):g} deg without a change "
        f"of plane: {math.degrees(short):.4g} deg short",
    )


def _transfer(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    altitude, inclination = value.get("periapsis_altitude"), value.get("inclination")
    if altitude is None or inclination is None:
        return None
    if value.variant == "free-return":
        return model.FreeReturnPhase(altitude, inclination, value.get("return_altitude", DEFAULT_RETURN_KM))
    if value.variant == "direct":
        flight = value.get("time_of_flight")
        if flight is None:
            return None
        return model.DirectTransferPhase(flight, altitude, inclination, value.get("branch", "cheaper"))
    first, last = value.child("arrive_after"), value.child("arrive_before")
    if first is None or last is None:
        return None
    if last.data <= first.data:
        reading.problem(
            last.node, last.path, "the window of arrival ends before it begins; expected a later epoch"
        )
        return None
    shortest, longest = value.get("time_of_flight", model.BallisticTransferPhase.time_of_flight_s)
    if longest <= shortest:
        place = value.data["time_of_flight"]
        reading.problem(place.node, place.path, "expected the shortest time of flight first")
        return None
    return model.BallisticTransferPhase(
        first.data,
        last.data,
        altitude,
        inclination,
        value.get("flyby", False),
        value.get("candidates", DEFAULT_CANDIDATES),
        (shortest, longest),
        value.get("depart_within"),
    )


def _insert(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    altitude = value.get("apoapsis_altitude")
    if altitude is None:
        return None
    return model.InsertPhase(altitude, value.get("burns", 1), _finite(value))


def _finite(value: Value) -> bool:
    return bool(value.get("burn", "impulsive") == "finite")


def _moment(value: Value, key: str, reading: Reading) -> model.Moment | None:
    given = value.child(key)
    if given is None:
        return None
    kind, data = given.data
    if kind in ("after", "epoch") and value.has("passage"):
        passage = value.data["passage"]
        reading.problem(passage.node, passage.path, f"has no effect: {key} is a time, not a place")
        return None
    number = value.get("passage", 1)
    if kind == "place":
        return model.Moment("place", place=data, passage=number)
    return model.Moment(kind, value=data, passage=number)


def _manoeuvre(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    at = _moment(value, "at", reading)
    change = next((key for key in _CHANGES if value.has(key)), "")
    wanted = value.child(change)
    if at is None or wanted is None:
        return None
    problem = _unreachable(change, wanted.data, at)
    if problem:
        reading.problem(wanted.node, wanted.path, problem)
        return None
    if change == "delta_v":
        return model.ManoeuvrePhase(
            at, change, 0.0, tuple(wanted.data), value.get("axes", "vnc"), _finite(value)
        )
    if change == "inclination" and _finite(value):
        place = value.data["burn"]
        reading.problem(
            place.node,
            place.path,
            "found 'finite'; a change of inclination is made by an impulse; expected impulsive, or the burn "
            "as delta_v",
        )
        return None
    number = 0.0 if change == "circularise" else float(wanted.data)
    return model.ManoeuvrePhase(at, change, number, finite=_finite(value))


def _unreachable(change: str, data: Any, at: model.Moment) -> str:
    if change == "circularise" and data is False:
        return "found 'false'; expected true, or another change"
    if change == "delta_v" and not any(data):
        return "found no change of velocity; expected one other than zero"
    apsis = change.removesuffix("_altitude")
    if at.place and at.place == apsis:
        other = "apoapsis" if apsis == "periapsis" else "periapsis"
        return (
            f"a burn at {apsis} along the velocity moves {other}; expected at: {other}, or {other}_altitude"
        )
    return ""


def _coast(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    if value.has("duration"):
        duration = value.get("duration")
        return None if duration is None else model.CoastPhase(model.Moment("after", value=duration))
    until = _moment(value, "until", reading)
    return None if until is None else model.CoastPhase(until)


def _release(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    return model.ReleasePhase(value.data)


def _phasing(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    behind, fraction = value.get("behind"), value.get("fraction")
    if behind is None or fraction is None:
        return None
    return model.PhasingPhase(behind, fraction, value.get("revolutions", DEFAULT_REVOLUTIONS))


def _correction(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    given = value.child("times")
    times = tuple(item.data for item in given.data if item.ok) if given else ()
    if given is None or not times:
        return None
    if any(later <= earlier for earlier, later in pairwise(times)):
        reading.problem(given.node, given.path, "found times that do not rise; expected the earliest first")
        return None
    return model.CorrectionPhase(
        times,
        value.get("injection_magnitude", 0.0),
        value.get("injection_pointing", 0.0),
        value.get("navigation_position", 0.0),
        value.get("navigation_velocity", 0.0),
        value.get("execution_magnitude", 0.0),
        value.get("execution_pointing", 0.0),
        value.get("execution_fixed", 0.0),
        value.get("samples", DEFAULT_SAMPLES),
        value.get("seed", 0),
        value.get("percentile", 0.99),
    )


def _land(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    site, sun = value.get("site"), value.get("sun_elevation")
    if sun is not None and not sun[0] < sun[1]:
        place = value.data["sun_elevation"]
        reading.problem(place.node, place.path, "found a range without width; expected the lowest first")
        return None
    if site is None:
        return None
    return model.LandPhase(
        site,
        sun,
        value.get("within", 30.0 * SECONDS_PER_DAY),
        value.get("periapsis_altitude", DEFAULT_DESCENT_KM),
        value.get("cross_range", math.radians(DEFAULT_CROSS_RANGE_DEG)),
        value.get("terrain_clearance"),
        value.get("contact", False),
    )


def _operate(value: Value, epoch_tdb: float | None, reading: Reading) -> model.Phase | None:
    return model.OperatePhase(value.get("duration"))


_BUILDERS: dict[str, Callable[[Value, float | None, Reading], model.Phase | None]] = {
    "orbit": _orbit,
    "launch": _launch,
    "transfer": _transfer,
    "correction": _correction,
    "insert": _insert,
    "manoeuvre": _manoeuvre,
    "coast": _coast,
    "release": _release,
    "phase": _phasing,
    "land": _land,
    "operate": _operate,
}
