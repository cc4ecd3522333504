"""The course of a spacecraft from launch to landing, stripped of its dates: what each launch day repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cislunar.mission.places import site_of
from cislunar.scenario import phases as ph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station
    from cislunar.scenario import Scenario
    from cislunar.scenario.model import WindowAnalysis
    from cislunar.vehicles.engine import Engine


_SIDEREAL_S = 27.4 * 86400.0
"""The Moon's turn below a plane: every site is passed within it, if ever."""


@dataclass(frozen=True)
class Step:
    """Something done in orbit about the Moon.

    Attributes
    ----------
    kind : {"wait", "reach", "periapsis", "apoapsis", "circularise", "release"}
        Wait some seconds; reach an apse; set the periapsis or the apoapsis altitude by an impulse along the
        velocity, or make the orbit circular, at the apse just reached; let a mass go.
    value : float
        Seconds, altitude in km, or mass in kg.
    place : str
        `periapsis` or `apoapsis`, for reaching it.
    passage : int
        Which passage of it, from 1.
    """

    kind: Literal["wait", "reach", "periapsis", "apoapsis", "circularise", "release"]
    value: float = 0.0
    place: str = ""
    passage: int = 1


@dataclass(frozen=True)
class Course:
    """What holds for every launch of a window.

    Attributes
    ----------
    window : WindowAnalysis
        Which launches to try.
    launch, transfer, insertion, landing : phases
        As the timeline states them.
    steps : tuple of Step
        From the insertion to the beginning of the wait for the landing.
    last_steps : tuple of Step
        After the wait, where the timeline waits for a date; made `window.lead_s` before the landing.
    waits_for_date : bool
        Whether it does; if not, it waits as `land` does, in the orbit after all steps.
    relay_steps : tuple of Step
        From the insertion to the working orbit of the released relays.
    relays : int
        Released spacecraft that relay, taken as spread evenly over one orbit; 0 if there are none.
    engine : Engine
    mass_kg, propellant_kg : float
        All that is injected, and the propellant of the spacecraft in it.
    site : Site
    stations : tuple of Station
    """

    window: WindowAnalysis
    launch: ph.LaunchPhase
    transfer: ph.DirectTransferPhase
    insertion: ph.InsertPhase
    landing: ph.LandPhase
    steps: tuple[Step, ...]
    last_steps: tuple[Step, ...]
    waits_for_date: bool
    relay_steps: tuple[Step, ...]
    relays: int
    engine: Engine
    mass_kg: float
    propellant_kg: float
    site: Site
    stations: tuple[Station, ...]

    @property
    def released_kg(self) -> float:
        """Mass of what is let go before the landing."""
        return sum(each.value for each in (*self.steps, *self.last_steps) if each.kind == "release")

    @property
    def search_s(self) -> float:
        """How long after the last step before the wait the landing may be."""
        return _SIDEREAL_S + self.window.lead_s if self.waits_for_date else self.landing.within_s


def course_of(scenario: Scenario, environment: Environment) -> Course:
    """Read the course of the spacecraft that a scenario's window is about; it was checked on reading."""
    window = scenario.window
    assert window is not None
    craft = scenario.spacecraft[window.spacecraft]
    vehicle = craft.vehicle
    assert vehicle is not None
    phases = craft.timeline
    launch, transfer = phases[0], phases[1]
    insertion = next(each for each in phases if isinstance(each, ph.InsertPhase))
    landing = next(each for each in phases if isinstance(each, ph.LandPhase))
    assert isinstance(launch, ph.LaunchPhase)
    assert isinstance(transfer, ph.DirectTransferPhase)
    between = phases[phases.index(insertion) + 1 : phases.index(landing)]
    date = next(
        (n for n, e in enumerate(between) if isinstance(e, ph.CoastPhase) and e.until.kind == "epoch"), None
    )
    before, after = (between, ()) if date is None else (between[:date], between[date + 1 :])
    freed = [each.name for each in phases if isinstance(each, ph.ReleasePhase)]
    relays = [name for name in freed if scenario.spacecraft[name].relay is not None]
    first = next((n for n, e in enumerate(between) if isinstance(e, ph.ReleasePhase) and e.name in relays), 0)
    relay_steps: list[Step] = []
    if relays:
        relay_steps = steps_of(between[:first], {})
        relay_steps += steps_of(scenario.spacecraft[relays[0]].timeline, {})
    return Course(
        window,
        launch,
        transfer,
        insertion,
        landing,
        tuple(steps_of(before, dict(vehicle.carried))),
        tuple(steps_of(after, dict(vehicle.carried))),
        date is not None,
        tuple(relay_steps),
        len(relays),
        vehicle.engine(),
        vehicle.wet_mass_kg,
        vehicle.propellant_kg,
        site_of(scenario.sites[landing.site], environment),
        tuple(scenario.stations.values()),
    )


def steps_of(phases: Sequence[ph.Phase], masses: dict[str, float]) -> list[Step]:
    """Steps of phases in lunar orbit; those that do not change the orbit's size are left out."""
    steps: list[Step] = []
    for phase in phases:
        match phase:
            case ph.CoastPhase():
                steps += _moment(phase.until)
            case ph.ManoeuvrePhase(change="circularise"):
                steps += [*_moment(phase.at), Step("circularise")]
            case ph.ManoeuvrePhase(change="apoapsis_altitude"):
                steps += [*_moment(phase.at), Step("apoapsis", phase.value)]
            case ph.ManoeuvrePhase(change="periapsis_altitude"):
                steps += [*_moment(phase.at), Step("periapsis", phase.value)]
            case ph.ReleasePhase() if phase.name in masses:
                steps.append(Step("release", masses[phase.name]))
            case _:
                pass
    return steps


def _moment(moment: ph.Moment) -> list[Step]:
    if moment.kind == "after":
        return [Step("wait", moment.value)]
    if moment.place in ("periapsis", "apoapsis"):
        return [Step("reach", place=moment.place, passage=moment.passage)]
    return []
