"""From a checked scenario to flown trajectories: initial states, forces, and the flight beyond the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.orbits.definitions import EphemerisOrbit

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.mission.timeline import Timeline
    from cislunar.propagation import ForceModel, Trajectory
    from cislunar.scenario import Scenario
    from cislunar.scenario.model import Spacecraft


@dataclass(frozen=True)
class Flight:
    """Spacecraft on their way through the window of a scenario.

    Attributes
    ----------
    trajectories : dict of str to Trajectory
        One batch of one per spacecraft, in the order of the scenario; Moon-centred, ICRF axes.
    propagated : tuple of str
        Those flown here; the others follow an ephemeris file.
    forces : ForceModel
        The forces on the propagated ones, in that order.
    timelines : dict of str to Timeline
        Lives of the spacecraft that have a timeline. Those that get to their work in orbit have a trajectory
        too, from then on.
    start_tdb : float
        When the last of the relays has arrived, seconds past J2000 TDB: from here on coverage is counted.
        Without timelines it is the scenario's epoch.
    """

    trajectories: dict[str, Trajectory]
    propagated: tuple[str, ...]
    forces: ForceModel
    timelines: dict[str, Timeline]
    start_tdb: float

    @property
    def complete(self) -> bool:
        """Whether every spacecraft reached the end of the window."""
        from cislunar.propagation import Status

        flown = all(int(each.status[0]) == Status.FINISHED for each in self.trajectories.values())
        return flown and all(each.complete for each in self.timelines.values())


def environment_of(scenario: Scenario) -> Environment:
    """Tables of the scenario: the packaged ones, with the user's own files in place of some."""
    from cislunar.environment import Environment

    return Environment.from_files(
        ephemeris=list(scenario.data.ephemeris) or None,
        lunar_orientation=scenario.data.lunar_orientation,
        terrain=scenario.data.terrain,
    )


def forces_without_sunlight(scenario: Scenario, environment: Environment) -> ForceModel:
    """Forces about the Moon as the scenario states them, nothing pushed by sunlight."""
    return _forces(scenario, [0.0], environment)


def fly(scenario: Scenario, environment: Environment) -> Flight:
    """Fly all spacecraft of a scenario from its epoch through its window.

    Those with elements or a state are one batch; an ephemeris file is followed as it is; timelines are flown
    phase by phase.

    Raises
    ------
    InputError, DataFileError, EpochRangeError
        If an orbit or a file cannot be flown, before anything is.
    """
    from cislunar.exchange.oem import read_oem, trajectory_from_oem

    start, end = scenario.epoch_tdb, scenario.end_tdb
    environment.require_span(start, end, "the scenario's window")
    followed = {
        name: trajectory_from_oem(read_oem(craft.orbit.path), start, end, environment)
        for name, craft in scenario.spacecraft.items()
        if isinstance(craft.orbit, EphemerisOrbit)
    }
    stated = tuple(
        name
        for name, craft in scenario.spacecraft.items()
        if craft.orbit is not None and name not in followed
    )
    ratios = {name: _pushed(scenario.spacecraft[name]) for name in stated}
    forces = _forces(scenario, [ratios[name] for name in stated], environment)
    flown = {**followed, **_launch(scenario, stated, forces, environment)}
    timelines = _live(scenario, environment, flown)
    for name, timeline in timelines.items():
        if timeline.working is not None:
            flown[name] = timeline.working
            ratios[name] = _pushed(scenario.spacecraft[name], _working_mass_kg(timeline))
    trajectories = {name: flown[name] for name in scenario.spacecraft if name in flown}
    propagated = tuple(name for name in trajectories if name not in followed)
    if timelines:
        forces = _forces(scenario, [ratios[name] for name in propagated], environment)
    return Flight(trajectories, propagated, forces, timelines, _arrival(scenario, timelines))


def _live(scenario: Scenario, environment: Environment, others: dict[str, Trajectory]) -> dict[str, Timeline]:
    """Fly the spacecraft that have timelines."""
    if not any(craft.timeline for craft in scenario.spacecraft.values()):
        return {}
    from cislunar.mission.timeline_flight import fly_timelines

    return fly_timelines(scenario, environment, lambda ratio: _forces(scenario, [ratio], environment), others)


def _working_mass_kg(timeline: Timeline) -> float:
    """Mass after the last phase flown: sunlight pushes it on the flight beyond the scenario."""
    return [phase.mass_after_kg for phase in timeline.phases if np.isfinite(phase.mass_after_kg)][-1]


def _arrival(scenario: Scenario, timelines: dict[str, Timeline]) -> float:
    """When the last of the relays that arrive has arrived."""
    arrivals = [timelines[name].arrival_tdb for name in scenario.relays if name in timelines]
    return max([scenario.epoch_tdb, *(each for each in arrivals if each is not None)])


def fly_on(scenario: Scenario, flight: Flight) -> dict[str, dict[str, Any]]:
    """Fly without station-keeping to the horizon of the lifetime analysis.

    Returns
    -------
    dict
        For each propagated spacecraft: `impact_tdb` (None if it survives), `horizon_s` from the epoch, and
        the perilune passages from the epoch on, `perilune_tdb` and `perilune_altitude_km` (above the
        1737.4 km sphere).
    """
    from cislunar.orbits.history import periapsis_passages
    from cislunar.propagation import Status, propagate

    if scenario.lifetime is None or not flight.propagated:
        return {}
    window = [flight.trajectories[name] for name in flight.propagated]
    behind = [float(each.epoch[0] - scenario.epoch_tdb + each.final_elapsed[0]) for each in window]
    left = scenario.lifetime.horizon_s - np.array(behind)
    alive = np.array([int(each.status[0]) == Status.FINISHED for each in window])
    onward = propagate(
        np.concatenate([each.final for each in window], axis=1),
        np.array([float(each.epoch[0] + each.final_elapsed[0]) for each in window]),
        np.where(alive, np.maximum(left, 0.0), 0.0),
        flight.forces,
        rtol=scenario.physics.tolerance,
        on_error="status",
    )
    lives: dict[str, dict[str, Any]] = {}
    for number, (name, first) in enumerate(zip(flight.propagated, window, strict=True)):
        last = onward[number] if alive[number] and left[number] > 0.0 else first
        passages = [periapsis_passages(each) for each in ([first] if last is first else [first, last])]
        crashed = int(last.status[0]) == Status.IMPACT
        lives[name] = {
            "impact_tdb": float(last.epoch[0] + last.final_elapsed[0]) if crashed else None,
            "horizon_s": scenario.lifetime.horizon_s,
            "perilune_tdb": np.concatenate([each.tdb for each in passages]),
            "perilune_altitude_km": np.concatenate([each.altitude_km for each in passages]),
        }
    return lives


def _launch(
    scenario: Scenario, names: tuple[str, ...], forces: ForceModel, environment: Environment
) -> dict[str, Trajectory]:
    from cislunar.orbits.initial_state import initial_state
    from cislunar.propagation import propagate

    if not names:
        return {}
    states = []
    for name in names:
        orbit = scenario.spacecraft[name].orbit
        assert orbit is not None
        assert not isinstance(orbit, EphemerisOrbit)
        states.append(initial_state(orbit, scenario.epoch_tdb, forces.gm["moon"], environment))
    count = len(names)
    batch = propagate(
        np.stack(states, axis=1),
        np.full(count, scenario.epoch_tdb),
        np.full(count, scenario.duration_s),
        forces,
        rtol=scenario.physics.tolerance,
    )
    return {name: batch[number] for number, name in enumerate(names)}


def _pushed(craft: Spacecraft, mass_kg: float | None = None) -> float:
    """Coefficient times area over mass, m^2/kg: its own mass, if it states one."""
    light = craft.radiation_pressure
    return 0.0 if light is None else light.coefficient * light.area_m2 / (craft.mass_kg or mass_kg or np.nan)


def _forces(scenario: Scenario, pushed: list[float], environment: Environment) -> ForceModel:
    from cislunar.environment.gravity import load_field
    from cislunar.propagation import ForceModel

    ratios = np.array(pushed)
    return ForceModel(
        center="moon",
        gravity=load_field(
            scenario.physics.gravity, scenario.physics.degree, frame=scenario.physics.gravity_frame
        ),
        degree=scenario.physics.degree,
        bodies=scenario.physics.bodies,
        radiation_pressure=ratios if np.any(ratios > 0.0) else None,
        ephemeris=environment.ephemeris,
        orientation=environment.orientation,
    )
