"""Flying the timelines of a scenario: every spacecraft phase by phase, carriers before the carried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.mission.places import site_of
from cislunar.mission.timeline import FlownPhase, Timeline
from cislunar.mission.timeline_arrival import (
    ballistic_transfer,
    direct_transfer,
    free_return,
    insertion,
    launch,
)
from cislunar.mission.timeline_burns import coast, manoeuvre
from cislunar.mission.timeline_corrections import corrections
from cislunar.mission.timeline_landing import land, stay
from cislunar.mission.timeline_phasing import phasing
from cislunar.mission.timeline_traveller import NotPossibleError, Surroundings, Traveller
from cislunar.mission.timeline_work import working_path
from cislunar.orbits.apses import inverse_apses
from cislunar.orbits.initial_state import initial_state
from cislunar.propagation import ForceModel, Status, propagate
from cislunar.scenario import phases as model

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation import Trajectory
    from cislunar.scenario import Scenario

Array = NDArray[np.float64]


def fly_timelines(
    scenario: Scenario,
    environment: Environment,
    forces: Callable[[float], ForceModel],
    others: Mapping[str, Trajectory],
) -> dict[str, Timeline]:
    """Fly every spacecraft that has a timeline.

    Parameters
    ----------
    scenario : Scenario
    environment : Environment
    forces : callable
        From an area-to-mass ratio times coefficient, m^2/kg, to the forces about the Moon.
    others : mapping of str to Trajectory
        Spacecraft that have an orbit instead, flown already.

    Returns
    -------
    dict of str to Timeline
        In the order of the scenario. A phase that cannot be done stops its spacecraft; those that it released
        before fly on. A release changes neither velocity; sunlight pushes at work only.
    """
    crafts = {name: craft for name, craft in scenario.spacecraft.items() if craft.timeline}
    if not crafts:
        return {}
    moon = forces(0.0)
    around = Surroundings(
        environment, moon, earth_forces(scenario, environment), scenario.physics.tolerance, scenario.end_tdb
    )
    return _Fleet(scenario, around, forces, others).fly()


def earth_forces(scenario: Scenario, environment: Environment) -> ForceModel:
    """Forces about the Earth: the bodies of the scenario with the Moon in the Earth's place."""
    bodies = ("moon", *(body for body in scenario.physics.bodies if body != "earth"))
    return ForceModel(
        center="earth",
        gravity=None,
        bodies=bodies,
        ephemeris=environment.ephemeris,
        orientation=environment.orientation,
    )


class _Fleet:
    """All spacecraft with timelines, flown in an order in which everyone waits for nobody."""

    def __init__(
        self,
        scenario: Scenario,
        around: Surroundings,
        forces: Callable[[float], ForceModel],
        others: Mapping[str, Trajectory],
    ) -> None:
        self._scenario, self._around, self._forces, self._others = scenario, around, forces, others
        self._crafts = {name: craft for name, craft in scenario.spacecraft.items() if craft.timeline}
        self._carrier = {
            other: name for name, craft in scenario.spacecraft.items() for other in craft.carries
        }
        self._released: dict[str, Traveller] = {}
        self._flown: dict[str, Timeline] = {}
        self._waiting = list(self._crafts)

    def fly(self) -> dict[str, Timeline]:
        """Fly all of them."""
        while self._waiting:
            waiting = set(self._waiting)
            ready = next(name for name in self._waiting if not self._awaited(name) & waiting)
            self._waiting.remove(ready)
            self._flown[ready] = self._fly(ready)
        return {name: self._flown[name] for name in self._crafts}

    def _awaited(self, name: str) -> set[str]:
        """Give those to be flown before a spacecraft: its carrier, and the leaders of its phasings."""
        leaders = {p.behind for p in self._crafts[name].timeline if isinstance(p, model.PhasingPhase)}
        return leaders | {self._carrier[name]} if name in self._carrier else leaders

    def _fly(self, name: str) -> Timeline:
        craft = self._crafts[name]
        if name in self._carrier and name not in self._released:
            by = self._flown[self._carrier[name]]
            return self._unflown(name, f"not released: {by.name} stopped before: {by.message}")
        traveller = self._released.get(name) or self._ready(name)
        phases: list[FlownPhase] = []
        for number, phase in enumerate(craft.timeline):
            if phases and phases[-1].status != "flown":
                phases.append(_not_reached(number, phase))
                continue
            phases.append(self._fly_phase(traveller, number, phase))
        stopped = next((phase for phase in phases if phase.status == "not possible"), None)
        arrived = traveller.at_work_tdb
        down = next((p.number for p in phases if p.kind == "land"), len(phases))
        orbiting = [leg for leg in traveller.legs if leg.phase < down]
        return Timeline(
            name,
            tuple(phases),
            tuple(traveller.legs),
            stopped is None,
            "" if stopped is None else f"{stopped.label}: {stopped.message}",
            arrived,
            None if arrived is None else working_path(orbiting, arrived),
            self._around.environment,
        )

    def _unflown(self, name: str, message: str) -> Timeline:
        phases = tuple(_not_reached(number, p) for number, p in enumerate(self._crafts[name].timeline))
        return Timeline(name, phases, (), False, message, None, None, self._around.environment)

    def _ready(self, name: str) -> Traveller:
        """A spacecraft at the start of the scenario, with everything aboard."""
        craft = self._crafts[name]
        vehicle = craft.vehicle
        assert vehicle is not None
        return Traveller(
            craft,
            self._around,
            self._scenario.epoch_tdb,
            None,
            vehicle.wet_mass_kg,
            vehicle.propellant_kg,
            dict(vehicle.carried),
        )

    def _fly_phase(self, traveller: Traveller, number: int, phase: model.Phase) -> FlownPhase:
        traveller.phase, traveller.spent, traveller.details = number, {}, {}
        before = FlownPhase(
            number,
            phase.kind,
            label_of(phase),
            "flown",
            phase,
            start_tdb=traveller.tdb,
            state_before=traveller.state,
            mass_before_kg=traveller.mass_kg,
        )
        problem: NotPossibleError | None = None
        try:
            self._do(traveller, phase)
        except NotPossibleError as found:
            problem = found
        flown = replace(
            before,
            end_tdb=traveller.tdb,
            state_after=traveller.state,
            mass_after_kg=traveller.mass_kg,
            details=_with_orbit(traveller),
            **{**traveller.spent, **(problem.asked if problem else {})},
        )
        if problem is None:
            return flown
        return replace(flown, status="not possible", message=problem.message, shortfall=problem.shortfall)

    def _do(self, traveller: Traveller, phase: model.Phase) -> None:
        match phase:
            case model.OrbitPhase():
                traveller.state = initial_state(
                    phase.orbit, traveller.tdb, self._around.gm, self._around.environment
                )
            case model.LaunchPhase():
                launch(traveller, phase)
            case model.DirectTransferPhase():
                direct_transfer(traveller, phase)
            case model.FreeReturnPhase():
                free_return(traveller, phase)
            case model.BallisticTransferPhase():
                ballistic_transfer(traveller, phase)
            case model.CorrectionPhase():
                corrections(traveller, phase)
            case model.InsertPhase():
                insertion(traveller, phase)
            case model.ManoeuvrePhase():
                manoeuvre(traveller, phase)
            case model.CoastPhase():
                coast(traveller, phase)
            case model.ReleasePhase():
                self._release(traveller, phase.name)
            case model.PhasingPhase():
                phasing(traveller, phase, partial(self._leader_at, phase.behind))
            case model.LandPhase():
                self._land(traveller, phase)
            case model.OperatePhase():
                self._operate(traveller, phase)

    def _release(self, traveller: Traveller, name: str) -> None:
        mass = traveller.aboard.pop(name)
        traveller.mass_kg -= mass
        child = self._ready(name)
        child.tdb, child.state, child.mass_kg = traveller.tdb, traveller.here.copy(), mass
        self._released[name] = child
        traveller.details.update(released=name, released_kg=mass)

    def _land(self, traveller: Traveller, phase: model.LandPhase) -> None:
        """Land, in sight of the relays that fly by then: those released before are flown first."""
        for name in [each for each in self._waiting if each in self._released]:
            if not self._awaited(name) & set(self._waiting):
                self._waiting.remove(name)
                self._flown[name] = self._fly(name)
        environment = self._around.environment
        relays: dict[str, Any] = {
            name: self._flown[name].state_at
            for name in self._scenario.relays
            if name in self._flown and self._covers(self._flown[name], traveller.tdb)
        }
        relays |= {name: each for name, each in self._others.items() if name in self._scenario.relays}
        land(
            traveller,
            phase,
            site_of(self._scenario.sites[phase.site], environment),
            list(self._scenario.stations.values()),
            relays,
        )

    def _covers(self, timeline: Timeline, tdb: float) -> bool:
        """Whether a spacecraft flies from an epoch to the end of the scenario."""
        return bool(timeline.legs) and timeline.start_tdb <= tdb and timeline.end_tdb >= self._around.end_tdb

    def _operate(self, traveller: Traveller, phase: model.OperatePhase) -> None:
        """Fly at work, sunlight included."""
        wanted = traveller.time_left_s if phase.duration_s is None else phase.duration_s
        light = traveller.craft.radiation_pressure
        ratio = 0.0
        if light is not None:
            mass = traveller.craft.mass_kg or traveller.mass_kg
            ratio = light.coefficient * light.area_m2 / mass
        if traveller.time_left_s <= 0.0:
            raise NotPossibleError(
                "the scenario ends before the work begins", {"time_s": -traveller.time_left_s}
            )
        if traveller.landing is not None:
            stay(traveller, min(wanted, traveller.time_left_s))
            return
        if traveller.at_work_tdb is None:
            traveller.at_work_tdb = traveller.tdb
        flight = propagate(
            traveller.here,
            traveller.tdb,
            min(wanted, traveller.time_left_s),
            self._around.moon if ratio == 0.0 else self._forces(ratio),
            rtol=self._around.tolerance,
        )
        traveller.take(flight)
        traveller.details["asked_s"] = wanted
        if int(flight.status[0]) != Status.FINISHED:
            raise NotPossibleError(
                f"{flight.message[0]} after {float(flight.final_elapsed[0]) / 86400.0:.4g} d at work",
                {"time_s": float(flight.duration[0] - flight.final_elapsed[0])},
            )

    def _leader_at(self, name: str, tdb: float) -> Array:
        if name in self._others:
            return np.asarray(self._others[name].at_tdb(tdb)[:, 0])
        timeline = self._flown[name]
        if not timeline.legs or not timeline.start_tdb <= tdb <= timeline.end_tdb:
            raise NotPossibleError(f"{name} does not fly then")
        return timeline.state_at(tdb)


def _not_reached(number: int, phase: model.Phase) -> FlownPhase:
    return FlownPhase(number, phase.kind, label_of(phase), "not reached", phase)


def _with_orbit(traveller: Traveller) -> dict[str, Any]:
    """Give the details of a phase with the osculating orbit about the Moon after it, if it is one."""
    details = dict(traveller.details)
    if traveller.state is None or traveller.landing is not None:
        return details
    near, far = inverse_apses(traveller.state[:, None], traveller.around.gm)
    if far[0] > 0.0:
        details["periapsis_altitude_after_km"] = float(1.0 / near[0]) - MOON_RADIUS_KM
        details["apoapsis_altitude_after_km"] = float(1.0 / far[0]) - MOON_RADIUS_KM
    return details


def label_of(phase: model.Phase) -> str:
    """Say in a few words what a phase does."""
    match phase:
        case model.OrbitPhase():
            return "start in orbit"
        case model.LaunchPhase():
            return f"parking orbit at {phase.altitude_km:g} km, {np.degrees(phase.inclination_rad):.4g} deg"
        case model.DirectTransferPhase():
            return f"direct transfer of {phase.time_of_flight_s / 86400.0:.4g} d"
        case model.FreeReturnPhase():
            return "free-return transfer"
        case model.BallisticTransferPhase():
            return "ballistic transfer"
        case model.InsertPhase():
            burns = "" if phase.burns == 1 else f" in {phase.burns} burns"
            return f"insertion to an apoapsis of {phase.apoapsis_altitude_km:g} km{burns}"
        case model.ManoeuvrePhase():
            return _manoeuvre_label(phase)
        case model.CoastPhase():
            return "coast" if phase.until.kind in ("after", "epoch") else f"coast to {_place(phase.until)}"
        case model.ReleasePhase():
            return f"release of {phase.name}"
        case model.PhasingPhase():
            return f"phasing to {phase.fraction:g} of a period behind {phase.behind}"
        case model.CorrectionPhase():
            return "corrections"
        case model.LandPhase():
            return f"landing at {phase.site}"
        case model.OperatePhase():
            return "operation"


def _manoeuvre_label(phase: model.ManoeuvrePhase) -> str:
    match phase.change:
        case "delta_v":
            what = f"{1e3 * float(np.linalg.norm(phase.delta_v_km_s)):.4g} m/s"
        case "circularise":
            what = "circularisation"
        case "inclination":
            what = f"inclination to {np.degrees(phase.value):.5g} deg"
        case change:
            what = f"{change.removesuffix('_altitude')} to {phase.value:g} km"
    place = _place(phase.at)
    return f"{what} at {place}" if place else what


def _place(moment: model.Moment) -> str:
    if moment.kind == "anomaly":
        return f"true anomaly {np.degrees(moment.value):g} deg"
    return moment.place
