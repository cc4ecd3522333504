"""From lunar orbit to the ground, and the stay there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.landing.plan import AFTER_TOUCHDOWN_S, LandingPlan, plan_landing
from cislunar.mission.timeline import FlownLeg
from cislunar.mission.timeline_traveller import NotPossibleError, Traveller
from cislunar.propagation import Trajectory
from cislunar.scenario.phases import LandPhase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station

_STAY_STEP_S = 3600.0
"""Spacing of the nodes of a stay on the ground: the Moon turns by half a degree."""


def land(
    traveller: Traveller,
    phase: LandPhase,
    site: Site,
    stations: Sequence[Station],
    relays: Mapping[str, Any],
) -> None:
    """Fly the phase `land`.

    Parameters
    ----------
    traveller : Traveller
    phase : LandPhase
    site : Site
    stations : sequence of Station
    relays : mapping of str to callable
        States of relays that fly at the time, from epochs.
    """
    vehicle, around = traveller.craft.vehicle, traveller.around
    assert vehicle is not None
    latest = min(traveller.tdb + phase.within_s, around.end_tdb - AFTER_TOUCHDOWN_S)
    if latest <= traveller.tdb:
        over = traveller.tdb - latest
        raise NotPossibleError(
            f"the scenario ends {over / 3600.0:.3g} h before a landing with an hour after it could",
            {"time_s": over},
        )
    plan = plan_landing(
        traveller.here,
        traveller.tdb,
        site,
        vehicle.engine(),
        traveller.mass_kg,
        max(traveller.mass_kg - traveller.propellant_kg, 1e-3),
        around.environment,
        forces=around.moon,
        latest_tdb=latest,
        sun_elevation_rad=phase.sun_elevation_rad,
        stations=stations,
        relays=relays,
        require_contact=phase.contact and bool(stations),
        cross_range_limit_rad=phase.cross_range_rad,
        descent_periapsis_altitude_km=phase.periapsis_altitude_km,
        terrain_clearance_km=phase.terrain_clearance_km,
    )
    traveller.details["plan"] = plan
    if not plan.ok:
        raise NotPossibleError(plan.message, _shortfall(plan, traveller), **_asked(plan))
    _take(traveller, plan)


def _asked(plan: LandingPlan) -> dict[str, float]:
    if not plan.events:
        return {}
    return {
        "ideal_km_s": sum(event.ideal_km_s for event in plan.events),
        "loss_km_s": sum(event.loss_km_s for event in plan.events),
        "propellant_kg": plan.propellant_kg,
    }


def _shortfall(plan: LandingPlan, traveller: Traveller) -> dict[str, float]:
    short = {}
    if plan.events and plan.propellant_kg > traveller.propellant_kg:
        short["propellant_kg"] = plan.propellant_kg - traveller.propellant_kg
    if math.isfinite(plan.cross_range_rad):
        short["cross_range_rad"] = abs(plan.cross_range_rad)
        short["plane_change_km_s"] = plan.plane_change_km_s
    return short


def _take(traveller: Traveller, plan: LandingPlan) -> None:
    """Put a landing behind the traveller: orbit, coast, powered descent."""
    assert plan.coast is not None
    assert plan.descent is not None
    start = traveller.tdb
    before, first, *powered = plan.events[0].mass_before_kg, plan.events[0], *plan.events[1:]
    traveller.legs += [
        FlownLeg(plan.orbit, start, plan.descent_orbit_tdb, traveller.phase, before),
        FlownLeg(plan.coast, plan.descent_orbit_tdb, plan.ignition_tdb, traveller.phase, first.mass_after_kg),
    ]
    descent = plan.descent
    keep = np.concatenate([[True], np.diff(descent.time_s) > 0.0])
    elapsed = descent.time_s[keep]
    path = Trajectory.from_nodes(
        "moon", plan.ignition_tdb, elapsed, plan.state_at(plan.ignition_tdb + elapsed)
    )
    traveller.legs.append(
        FlownLeg(
            path,
            plan.ignition_tdb,
            plan.touchdown_tdb,
            traveller.phase,
            powered[0].mass_before_kg,
            mass_table=(plan.ignition_tdb + elapsed, descent.mass_kg[keep]),
        )
    )
    for event in plan.events:
        traveller.spend(event.ideal_km_s, event.loss_km_s, event.propellant_kg)
    traveller.tdb, traveller.landing = plan.touchdown_tdb, plan
    traveller.state = plan.state_at(plan.touchdown_tdb)[:, 0]
    traveller.details.update(
        touchdown_tdb=plan.touchdown_tdb,
        sun_elevation_deg=math.degrees(plan.sun_elevation_rad),
        cross_range_deg=math.degrees(plan.cross_range_rad),
        thrust_to_weight=descent.thrust_to_weight,
        thrust_to_weight_landed=descent.thrust_to_weight_landed,
        landed_mass_kg=plan.landed_mass_kg,
    )


def stay(traveller: Traveller, duration_s: float) -> None:
    """Stand on the ground for a time."""
    plan = traveller.landing
    assert plan is not None
    elapsed = np.linspace(0.0, duration_s, max(int(np.ceil(duration_s / _STAY_STEP_S)) + 1, 4))
    path = Trajectory.from_nodes("moon", traveller.tdb, elapsed, plan.state_at(traveller.tdb + elapsed))
    traveller.take(path)
