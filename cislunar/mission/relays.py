"""The whole propellant of each relay that came by a timeline: flown, held in orbit, brought down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.constants import MOON_RADIUS_KM, SECONDS_PER_DAY
from cislunar.errors import EpochRangeError

if TYPE_CHECKING:
    from cislunar.mission.timeline import Timeline
    from cislunar.propagation import ForceModel
    from cislunar.scenario import Scenario
    from cislunar.transfers.relay_budget import Expense, RelayBudget

KEEPING_FLOOR_KM: Final = 100.0
"""A relay is held when its perilune is about to fall below this altitude, km."""

KEEPING_S: Final = 365.25 * SECONDS_PER_DAY
"""How long it is held in the budget at most, s; no longer than the lifetime analysis looks."""


def relay_budgets(
    scenario: Scenario,
    timelines: Mapping[str, Timeline],
    lifetimes: Mapping[str, dict[str, Any]],
    forces: ForceModel,
) -> dict[str, RelayBudget]:
    """Draw up the budget of every relay that has got to its work.

    Delivery, phasing and later moves are as flown. Keeping is priced apart, on the first working orbit: by
    the rule that the scenario states, from the beginning of work to the first later move or for the duration
    stated; else above `KEEPING_FLOOR_KM` for as long as the lifetime analysis looks, but a year at most. The
    end is an impulse at apoapsis of the last orbit that brings the relay down.

    Parameters
    ----------
    scenario : Scenario
    timelines : mapping of str to Timeline
        As flown.
    lifetimes : mapping of str to dict
        Flights without keeping, as far as they were asked for.
    forces : ForceModel
        About the Moon.

    Returns
    -------
    dict of str to RelayBudget
        In the order of the scenario.
    """
    from cislunar.transfers.craft import Craft
    from cislunar.transfers.relay_budget import Expense, relay_budget

    found = {}
    for name in scenario.relays:
        timeline, vehicle = timelines.get(name), scenario.spacecraft[name].vehicle
        if timeline is None or timeline.working is None or vehicle is None or not vehicle.engines:
            continue
        mass = timeline.phases[0].mass_before_kg
        work = next(phase.number for phase in timeline.phases if phase.kind == "operate")
        burns = [each for each in timeline.phases if each.status == "flown" and each.delta_v_km_s > 0.0]
        expenses = [
            Expense("phasing" if phase.kind == "phase" else "delivery", phase.delta_v_km_s, phase.label)
            for phase in burns
            if phase.number < work
        ]
        expenses.append(_keeping(timeline, scenario, forces))
        moves = [
            Expense("later moves", each.delta_v_km_s, each.label) for each in burns if each.number > work
        ]
        expenses += moves or [Expense("later moves", 0.0, "none in the timeline")]
        expenses.append(_disposal(timeline, forces.gm["moon"]))
        craft = Craft(name, mass, mass - vehicle.propellant_kg, vehicle.engine())
        found[name] = relay_budget(craft, expenses, _life(timeline, lifetimes.get(name)))
    return found


def _keeping(timeline: Timeline, scenario: Scenario, forces: ForceModel) -> Expense:
    from cislunar.orbits.apses import inverse_apses
    from cislunar.orbits.keeping import PeriluneBand, hold_perilune
    from cislunar.transfers.relay_budget import Expense

    asked = scenario.spacecraft[timeline.name].keeping
    if asked is None and scenario.lifetime is None:
        return Expense("keeping", 0.0, "not known: the scenario states no keeping and no lifetime analysis")
    assert timeline.working is not None
    state = timeline.working.at(np.array([0.0]))[:, 0]
    low = float(1.0 / inverse_apses(state, forces.gm["moon"])[0][0]) - MOON_RADIUS_KM
    work = next(phase for phase in timeline.phases if phase.kind == "operate")
    start, span = work.start_tdb, work.end_tdb - work.start_tdb
    if asked is not None:
        begun = min(max(low, asked.floor_km), asked.ceiling_km)
        target = begun if asked.target_km is None else asked.target_km
        rule = PeriluneBand(asked.floor_km, target, asked.ceiling_km)
        span = asked.duration_s or span
    else:
        assert scenario.lifetime is not None
        span = min(KEEPING_S, scenario.lifetime.horizon_s)
        rule = PeriluneBand(KEEPING_FLOOR_KM, max(low, KEEPING_FLOOR_KM))
    try:
        held = hold_perilune(state, start, span, forces, rule, rtol=scenario.physics.tolerance)
    except EpochRangeError:
        return Expense("keeping", 0.0, "not known: the tables end before")
    count = int(held.corrections[0])
    days = f"{span / SECONDS_PER_DAY:.0f} d"
    basis = (
        f"{days}, {count} impulse{'' if count == 1 else 's'}: {rule.describe()}"
        if count
        else f"{days}: perilune stays above {rule.floor_km:g} km by itself, lowest "
        f"{float(held.lowest_km[0]):.0f} km"
    )
    if held.lost[0]:
        basis += f"; lost all the same after {float(held.held_s[0]) / SECONDS_PER_DAY:.0f} d"
    return Expense("keeping", float(held.delta_v_km_s[0]), basis)


def _disposal(timeline: Timeline, gm: float) -> Expense:
    from cislunar.orbits.apses import inverse_apses
    from cislunar.transfers.relay_budget import Expense, disposal

    assert timeline.working is not None
    near, far = inverse_apses(timeline.working.final, gm)
    if not (far[0] > 0.0 and 1.0 / near[0] > MOON_RADIUS_KM):
        return Expense("disposal", 0.0, "none: it has come down by itself")
    return disposal(float(1.0 / near[0]), float(1.0 / far[0]), gm)


def _life(timeline: Timeline, life: dict[str, Any] | None) -> str:
    assert timeline.working is not None
    if life is None:
        return "not analysed"
    if life["impact_tdb"] is None:
        return f"no impact within {life['horizon_s'] / SECONDS_PER_DAY:.0f} d of the epoch"
    return f"impact after {(life['impact_tdb'] - float(timeline.working.epoch[0])) / SECONDS_PER_DAY:.1f} d"
