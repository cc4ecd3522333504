"""Whether the phases of all spacecraft can follow each other: order, time, engines, propellant."""

from __future__ import annotations

import math
from typing import Final

from cislunar.constants import MOON_RADIUS_KM, SECONDS_PER_DAY
from cislunar.scenario import phases as model
from cislunar.scenario.names import unknown
from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.timeline import phase_of
from cislunar.scenario.wording import listing, quoted
from cislunar.time import format_epoch
from cislunar.transfers.direct import SHORTEST_D
from cislunar.vehicles.rocket import delta_v
from cislunar.vehicles.vehicle import Vehicle

_FOLLOWS: Final[dict[str, dict[str, str]]] = {
    "start": {"launch": "parked", "orbit": "orbit"},
    "parked": {"transfer": "arrived"},
    "arrived": {"correction": "arrived", "release": "arrived", "insert": "orbit"},
    "orbit": {
        "manoeuvre": "orbit",
        "coast": "orbit",
        "release": "orbit",
        "phase": "orbit",
        "land": "surface",
        "operate": "orbit",
    },
    "surface": {"operate": "over"},
    "over": {},
}
"""For each place in a life: the phases that can begin there, and where they lead."""

_MOON_GRAVITY_M_S2: Final = 1e3 * 4902.8 / MOON_RADIUS_KM**2
"""At the surface, as far as a check for sense needs it."""

_BURNS: Final = ("correction", "insert", "manoeuvre", "phase", "land")
"""Phases that need an engine."""


class Sequence:
    """Checks the lives of all spacecraft, carriers before those they carry.

    Parameters
    ----------
    crafts : dict of str to Value
        Spacecraft as read.
    timelines : dict of str to tuple of Phase
        Those that could be built.
    vehicles : dict of str to Vehicle
        The machines.
    carrier : dict of str to str
        Who carries whom.
    sites : tuple of str
        Sites of the scenario.
    epoch_tdb, end_tdb : float
        The scenario's span.
    reading : Reading
        Takes the mistakes.
    """

    def __init__(
        self,
        crafts: dict[str, Value],
        timelines: dict[str, tuple[model.Phase, ...]],
        vehicles: dict[str, Vehicle],
        carrier: dict[str, str],
        sites: tuple[str, ...],
        epoch_tdb: float,
        end_tdb: float,
        reading: Reading,
    ) -> None:
        self._sites = sites
        self._crafts, self._timelines, self._vehicles = crafts, timelines, vehicles
        self._carrier, self._epoch, self._end, self._reading = carrier, epoch_tdb, end_tdb, reading
        self._released: dict[str, tuple[str, float]] = {}
        """Where and when, at the earliest, a carried spacecraft begins its life."""

    def check(self) -> None:
        """Check every spacecraft that has a timeline."""
        for name in flight_order(self._crafts, self._carrier):
            timeline = self._crafts[name].child("timeline")
            if timeline is None:
                continue
            self._check_order(name, timeline)
            if name in self._timelines and name in self._vehicles:
                self._check_burns(name, timeline)
        self._check_leaders()

    def _check_order(self, name: str, timeline: Value) -> None:
        place, tdb = self._released.get(name, ("start", self._epoch))
        if name in self._carrier and name not in self._released:
            return  # its carrier's mistakes are reported there
        before, works = "", False
        built = self._timelines.get(name)
        for number, item in enumerate(timeline.data):
            kind, value = phase_of(item)
            if value is None:
                return
            if kind not in _FOLLOWS[place]:
                self._out_of_order(name, kind, value, place, before)
                return
            if built is not None and number and _endless(built[number - 1]):
                message = (
                    f"found {kind} after an operate without a duration, which lasts to the end of the "
                    "scenario; expected duration under that operate"
                )
                self._reading.problem(value.node, value.path, message)
                return
            if kind == "release" and value.data in self._crafts:
                self._released[value.data] = (place, tdb)
            if built is not None:
                later = self._earliest_end(built[number], value, tdb)
                if later is None:
                    return
                tdb = later
            place, before = _FOLLOWS[place][kind], kind
            works = works or kind == "operate"
        relay = self._crafts[name].child("relay")
        if relay is not None and not works:
            message = "has no effect: the timeline has no phase operate; expected one at its end"
            self._reading.problem(relay.node, relay.path, message)

    def _out_of_order(self, name: str, kind: str, value: Value, place: str, before: str) -> None:
        allowed = listing(_FOLLOWS[place])
        if place == "over":
            message = f"found {kind} after operate on the ground; expected operate as the last phase"
        elif before:
            message = f"found {kind} after {before}; expected {allowed}"
        elif name in self._carrier:
            message = (
                f"found {kind} as the first phase of {quoted(name)}, whose life begins when "
                f"{quoted(self._carrier[name])} releases it; expected {allowed}"
            )
        else:
            message = f"found {kind} as the first phase; expected {allowed}"
        self._reading.problem(value.node, value.path, message)

    def _earliest_end(self, phase: model.Phase, value: Value, tdb: float) -> float | None:
        """When a phase that begins at `tdb` or later ends at the earliest; None after a mistake."""
        place, what, end = value, "ends", tdb
        match phase:
            case model.LaunchPhase():
                place, what, end = value.child("epoch") or value, "is", phase.epoch_tdb
            case model.DirectTransferPhase():
                what, end = "arrives", tdb + phase.time_of_flight_s
            case model.FreeReturnPhase():
                what, end = "arrives", tdb + SHORTEST_D * SECONDS_PER_DAY
            case model.BallisticTransferPhase():
                place, what, end = value.child("arrive_before") or value, "arrives", phase.arrive_before_tdb
            case model.CoastPhase(until=until) | model.ManoeuvrePhase(at=until):
                end = until.value if until.kind == "epoch" else tdb
                end = tdb + until.value if until.kind == "after" else end
            case model.OperatePhase():
                return tdb + (phase.duration_s or 0.0)  # what lies beyond the end is cut off
        if end < tdb:
            self._reading.problem(
                place.node,
                place.path,
                f"the phase {what} at {format_epoch(end, 'UTC')} UTC, {_span(tdb - end)} before it can "
                f"begin at {format_epoch(tdb, 'UTC')} UTC; expected a later epoch",
            )
            return None
        if end > self._end:
            self._reading.problem(
                place.node,
                place.path,
                f"the phase {what} at {format_epoch(end, 'UTC')} UTC at the earliest, "
                f"{_span(end - self._end)} after the end of the scenario; expected a longer scenario or a "
                "shorter phase",
            )
            return None
        return max(tdb, phase.arrive_after_tdb) if isinstance(phase, model.BallisticTransferPhase) else end

    def _check_burns(self, name: str, timeline: Value) -> None:
        vehicle = self._vehicles[name]
        asked = 0.0
        for phase, item in zip(self._timelines[name], timeline.data, strict=True):
            kind, value = phase_of(item)
            if value is None or kind not in _BURNS:
                continue
            if not vehicle.engines:
                message = f"{kind} needs an engine; expected engine and propellant under spacecraft.{name}"
                self._reading.problem(value.node, value.path, message)
                return
            if isinstance(phase, model.ManoeuvrePhase):
                asked += math.hypot(*phase.delta_v_km_s)
            if isinstance(phase, model.LandPhase):
                self._check_landing(vehicle, phase, value)
            if asked and asked > self._most_delta_v(vehicle):
                self._short_of_propellant(vehicle, asked, value)
                return

    def _check_landing(self, vehicle: Vehicle, phase: model.LandPhase, value: Value) -> None:
        """See that the site exists and that the engine could hold the vehicle up with its tanks empty."""
        site = value.child("site")
        if site is not None and site.data not in self._sites:
            unknown(site, self._sites, "a site under sites", self._reading)
        empty = vehicle.dry_mass_kg + vehicle.payload_mass_kg
        weight, thrust = empty * _MOON_GRAVITY_M_S2, vehicle.engine().full_thrust_n
        if thrust < weight:
            self._reading.problem(
                value.node,
                value.path,
                f"the engine's full thrust is {thrust:.4g} N; on the Moon {vehicle.name} weighs "
                f"{weight:.4g} N with its tanks empty: {weight - thrust:.4g} N short",
            )

    @staticmethod
    def _most_delta_v(vehicle: Vehicle) -> float:
        """What all propellant gives a vehicle that carries nothing but its payloads, km/s."""
        empty = vehicle.dry_mass_kg + vehicle.payload_mass_kg
        return float(delta_v(empty + vehicle.propellant_kg, empty, vehicle.engine().isp_s))

    def _short_of_propellant(self, vehicle: Vehicle, asked: float, value: Value) -> None:
        most = self._most_delta_v(vehicle)
        place = value.child("delta_v") or value
        self._reading.problem(
            place.node,
            place.path,
            f"the changes of velocity up to here are {1e3 * asked:.4g} m/s; {vehicle.propellant_kg:g} kg of "
            f"propellant give at most {1e3 * most:.4g} m/s: {1e3 * (asked - most):.4g} m/s short",
        )

    def _check_leaders(self) -> None:
        """See that phasings name other spacecraft, and that no two wait for each other."""
        leader: dict[str, set[str]] = {name: {by} for name, by in self._carrier.items()}
        for name, craft in self._crafts.items():
            timeline = craft.child("timeline")
            for item in timeline.data if timeline else ():
                kind, value = phase_of(item)
                behind = value.child("behind") if value is not None and kind == "phase" else None
                if behind is None:
                    continue
                if behind.data not in self._crafts:
                    unknown(behind, tuple(self._crafts), "a spacecraft", self._reading)
                    continue
                if behind.data == name or _waits(behind.data, name, leader):
                    message = (
                        f"{quoted(name)} would have to wait for itself; expected a spacecraft that flies on "
                        "without regard to it"
                    )
                    self._reading.problem(behind.node, behind.path, message)
                    continue
                leader.setdefault(name, set()).add(behind.data)


def _endless(phase: model.Phase) -> bool:
    """Whether a phase lasts to the end of the scenario."""
    return isinstance(phase, model.OperatePhase) and phase.duration_s is None


def _waits(name: str, other: str, leader: dict[str, set[str]]) -> bool:
    return any(each == other or _waits(each, other, leader) for each in leader.get(name, ()))


def flight_order(names: dict[str, Value], carrier: dict[str, str]) -> list[str]:
    """Give the spacecraft in an order in which every carrier comes before those it carries."""

    def depth(name: str) -> int:
        return 1 + depth(carrier[name]) if name in carrier else 0

    return sorted(names, key=depth)


def _span(seconds: float) -> str:
    if seconds < 3600.0:
        return f"{seconds:.3g} s"
    return f"{seconds / 86400.0:.4g} d" if seconds >= 86400.0 else f"{seconds / 3600.0:.3g} h"
