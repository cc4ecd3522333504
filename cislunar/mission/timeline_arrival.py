"""From the parking orbit about the Earth into an orbit about the Moon."""

from __future__ import annotations

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.mission.timeline import FlownLeg
from cislunar.mission.timeline_burns import coast_to, fly_burns
from cislunar.mission.timeline_traveller import NotPossibleError, Traveller
from cislunar.propagation import propagate, propagate_transfer
from cislunar.scenario.phases import (
    BallisticTransferPhase,
    DirectTransferPhase,
    InsertPhase,
    LaunchPhase,
    Moment,
)
from cislunar.transfers.ballistic import FLYBY_KM, search
from cislunar.transfers.ballistic_transfers import ballistic_transfers
from cislunar.transfers.direct import direct_transfers
from cislunar.transfers.insertion import equal_burns, insert, insertion_impulse
from cislunar.transfers.launch import Launcher
from cislunar.transfers.lunar_arrival import LunarArrival
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.solution import Transfers
from cislunar.transfers.targeting import ArrivalTarget
from cislunar.vehicles.checks import kilograms

_TRANSFER_TOLERANCE = 1e-12
"""A transfer multiplies errors by thousands on its way: it is flown as tightly as it was corrected."""


def launch(traveller: Traveller, phase: LaunchPhase) -> None:
    """Wait in the parking orbit; its plane is found with the transfer."""
    traveller.launch = phase
    traveller.tdb = phase.epoch_tdb
    traveller.details.update(
        altitude_km=phase.altitude_km, inclination_deg=float(np.degrees(phase.inclination_rad))
    )


def direct_transfer(traveller: Traveller, phase: DirectTransferPhase) -> None:
    """Find the transfer, see that the launcher can inject the mass, and fly it to the arrival."""
    launched, around = traveller.launch, traveller.around
    assert launched is not None
    found = direct_transfers(
        traveller.tdb,
        phase.time_of_flight_s,
        ParkingOrbit(launched.altitude_km, launched.inclination_rad),
        ArrivalTarget(phase.periapsis_altitude_km, phase.inclination_rad, phase.branch),
        around.environment,
        outer=around.earth,
        inner=around.moon,
    )
    if not found.converged[0]:
        raise NotPossibleError(f"no transfer was found: {found.message[0]}")
    fly_transfer(traveller, found)


def ballistic_transfer(traveller: Traveller, phase: BallisticTransferPhase) -> None:
    """Search for transfers that arrive in the window, take the one that is captured most cheaply, fly it."""
    launched, around = traveller.launch, traveller.around
    assert launched is not None
    arrival = LunarArrival(phase.periapsis_altitude_km, phase.inclination_rad)
    candidates = search(
        phase.arrive_after_tdb,
        phase.arrive_before_tdb,
        arrival,
        around.environment,
        count=phase.candidates,
    )
    found = ballistic_transfers(
        candidates,
        ParkingOrbit(launched.altitude_km, launched.inclination_rad),
        around.environment,
        match_inclination=True,
        models=(around.earth, around.moon),
    )
    near = found.outward_moon_km < FLYBY_KM
    fits = (found.transfers.departure_tdb >= traveller.tdb) & (~near | phase.flyby)
    if not fits.any():
        early = int((found.transfers.departure_tdb < traveller.tdb).sum())
        raise NotPossibleError(
            f"no transfer was found: of {phase.candidates} arrivals tried, {len(found.transfers)} came from "
            f"the parking orbit, {early} of them before the launch, {int(near.sum())} by way of a flyby; "
            "expected a wider window of arrival or more candidates"
        )
    best = np.flatnonzero(fits)[:1]
    traveller.details.update(
        capture_km_s=float(found.capture_km_s[best[0]]),
        outward_moon_km=float(found.outward_moon_km[best[0]]),
        found=int(fits.sum()),
        batch=found,
    )
    fly_transfer(traveller, found.transfers.select(best))


def fly_transfer(traveller: Traveller, found: Transfers) -> None:
    """Fly a transfer that was found, the only one of its batch."""
    traveller.details.update(
        injection_km_s=float(found.injection_km_s[0]),
        c3_km2_s2=float(found.c3_km2_s2[0]),
        v_infinity_km_s=float(found.v_infinity_km_s[0]),
        time_of_flight_s=float(found.time_of_flight_s[0]),
        farthest_km=float(found.farthest_km[0]),
        departure_tdb=float(found.departure_tdb[0]),
        departure_state=found.departure_state[:, 0],
        arrival_periapsis_altitude_km=float(np.linalg.norm(found.arrival_state[:3, 0])) - MOON_RADIUS_KM,
    )
    _check_launcher(traveller, float(found.c3_km2_s2[0]))
    around, traveller.transfer = traveller.around, found
    departure = float(found.departure_tdb[0])
    flight = propagate_transfer(
        found.departure_state[:, 0],
        departure,
        float(found.arrival_tdb[0]) - departure,
        around.earth,
        around.moon,
        rtol=_TRANSFER_TOLERANCE,
    )
    for leg in flight.legs_of(0):
        start = float(leg.epoch[0])
        end = start + float(leg.final_elapsed[0])
        traveller.legs.append(FlownLeg(leg, start, end, traveller.phase, traveller.mass_kg))
    traveller.tdb = float(found.arrival_tdb[0])
    traveller.state = found.arrival_state[:, 0]
    reached = np.asarray(flight.final[:, 0])
    if flight.center[0] != "moon":
        reached = reached + around.environment.ephemeris.state(flight.center[0], "moon", traveller.tdb)
    traveller.details["closure_km"] = float(np.linalg.norm((reached - traveller.state)[:3]))


def _check_launcher(traveller: Traveller, c3_km2_s2: float) -> None:
    """See that the launcher injects the whole mass, where its curve is stated."""
    launched = traveller.launch
    if launched is None or not launched.mass_curve:
        return
    try:
        curve = Launcher("curve", *zip(*launched.mass_curve, strict=True))
        capability = float(curve.mass_at(c3_km2_s2))
    except InputError as error:
        raise NotPossibleError(str(error)) from None
    traveller.details["launcher_capability_kg"] = capability
    over = traveller.mass_kg - capability
    if over > 0.0:
        raise NotPossibleError(
            f"the launcher injects {kilograms(capability)} at a C3 of {c3_km2_s2:.3f} km^2/s^2; "
            f"{traveller.craft.name} weighs {kilograms(traveller.mass_kg)}: {kilograms(over)} too heavy",
            {"mass_kg": over},
        )


def insertion(traveller: Traveller, phase: InsertPhase) -> None:
    """Fly the phase `insert`."""
    near = float(np.linalg.norm(traveller.here[:3])) - MOON_RADIUS_KM
    if phase.apoapsis_altitude_km < near:
        raise NotPossibleError(
            f"the apoapsis asked for, {phase.apoapsis_altitude_km:g} km, lies below the arrival's periapsis, "
            f"{near:.1f} km",
            {"altitude_km": near - phase.apoapsis_altitude_km},
        )
    gm = traveller.around.gm
    altitudes = equal_burns(traveller.here, phase.apoapsis_altitude_km, phase.burns, gm)
    if phase.finite:
        _insert_by_burns(traveller, altitudes)
    else:
        _insert_by_impulses(traveller, altitudes)


def _insert_by_impulses(traveller: Traveller, altitudes: tuple[float, ...]) -> None:
    impulses, epochs = [], []
    for number, altitude in enumerate(altitudes):
        if number:
            coast_to(traveller, Moment("place", place="periapsis"))
        state = traveller.here
        size = float(insertion_impulse(state, altitude, traveller.around.gm)[0])
        what = "the insertion" if len(altitudes) == 1 else f"insertion burn {number + 1}"
        traveller.kick(-size * state[3:] / np.linalg.norm(state[3:]), what)
        impulses.append(size)
        epochs.append(traveller.tdb)
    traveller.details.update(
        impulses_km_s=impulses,
        apoapsis_altitudes_km=list(altitudes),
        burn_time_s=[0.0] * len(altitudes),
        ignition_tdb=epochs,
    )


def _insert_by_burns(traveller: Traveller, altitudes: tuple[float, ...]) -> None:
    vehicle, around = traveller.craft.vehicle, traveller.around
    assert vehicle is not None
    dry = max(traveller.mass_kg - traveller.propellant_kg, 1e-3)
    found = insert(
        traveller.here,
        traveller.tdb,
        altitudes,
        vehicle.engine(),
        traveller.mass_kg,
        dry,
        around.moon,
        rtol=around.tolerance,
    )
    ideal, needed = float(found.impulses_km_s.sum()), float(found.propellant_kg[0])
    loss = float(found.gravity_loss_km_s[0])
    traveller.details.update(
        impulses_km_s=found.impulses_km_s[:, 0].tolist(),
        single_impulse_km_s=float(found.impulse_km_s[0]),
        apoapsis_altitudes_km=list(altitudes),
        burn_time_s=[float(each.duration_s[0]) for each in found.burns],
        ignition_tdb=[float(each.ignition_tdb[0]) for each in found.burns],
        thrust_to_mass_m_s2=float(found.thrust_to_mass_m_s2[0]),
        periapsis_altitude_km=float(found.periapsis_altitude_km[0]),
    )
    if found.message[0]:
        short = sum(float(each.short_kg[0]) for each in found.burns)
        asked = {
            key: value
            for key, value in (("ideal_km_s", ideal), ("loss_km_s", loss), ("propellant_kg", needed))
            if np.isfinite(value)
        }
        raise NotPossibleError(found.message[0], {"propellant_kg": short} if short > 0.0 else {}, **asked)
    start = float(found.burns[0].ignition_tdb[0])
    back = propagate(
        traveller.here,
        traveller.tdb,
        start - traveller.tdb,
        around.moon,
        rtol=around.tolerance,
        record=False,
    )
    traveller.cut(start)
    fly_burns(
        traveller,
        np.asarray(back.final[:, 0]),
        start,
        float(found.final_tdb[0]) - start,
        found.flight_burns(0, start),
    )
    traveller.spend(ideal, loss, needed)
