"""What figures, tables and the page say of missions with timelines: answers, epochs, shortfalls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cislunar.report import wording
from cislunar.report.facts import site_title
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from cislunar.landing.communications import Contacts
    from cislunar.mission.result import MissionResult
    from cislunar.mission.timeline import FlownPhase, Timeline


def leaders(result: MissionResult) -> list[str]:
    """Name the spacecraft that nobody brings: those the mission stands on."""
    carried = {other for craft in result.scenario.spacecraft.values() for other in craft.carries}
    return [name for name in result.timelines if name not in carried]


def landing_of(timeline: Timeline) -> FlownPhase | None:
    """Give the landing that was flown, if there is one."""
    return next((p for p in timeline.phases if p.kind == "land" and p.status == "flown"), None)


def transfer_of(timeline: Timeline) -> FlownPhase | None:
    """Give the transfer that was flown, if there is one."""
    return next((p for p in timeline.phases if p.kind == "transfer" and p.status == "flown"), None)


def insertion_of(timeline: Timeline) -> FlownPhase | None:
    """Give the insertion that was flown, if there is one."""
    return next((p for p in timeline.phases if p.kind == "insert" and p.status == "flown"), None)


def minute(tdb: float) -> str:
    """Write an epoch to the minute, UTC."""
    return format_epoch(tdb, "UTC", 0)[:16].replace("T", " ") + " UTC"


def flight_answer(result: MissionResult, name: str) -> str:
    """Say in a clause where a spacecraft gets to, or where it stops."""
    timeline = result.timelines[name]
    stopped, landing = timeline.stopped, landing_of(timeline)
    if stopped is not None:
        short = shortfall_text(stopped.shortfall) or reason(stopped.message)
        return f"{name} stops at “{stopped.label}”" + (f": {short}" if short else "")
    if not timeline.complete:
        return f"{name} never flies"
    if landing is not None:
        site = site_title(result, landing.phase.site)  # type: ignore[union-attr]
        return f"{name} lands at {site} on {minute(landing.end_tdb)}"
    if timeline.arrival_tdb is not None:
        return f"{name} is at work from {minute(timeline.arrival_tdb)}"
    return f"{name} flies all its phases"


def whole_budget(result: MissionResult, name: str) -> bool:
    """Say whether a budget holds every burn: what a spacecraft that stopped still needed may be unknown."""
    phases = result.timelines[name].phases
    burning = ("insert", "manoeuvre", "phase", "correction", "land", "transfer", "release")
    return all(
        phase.status == "flown"
        or phase.kind not in burning
        or (phase.status == "not possible" and phase.delta_v_km_s > 0.0)
        for phase in phases
    )


def budget_answer(result: MissionResult, name: str) -> str:
    """Say in a clause whether the propellant suffices with the margins of the policy; empty if unknown."""
    held = result.budgets.get(name)
    if held is None or held.delta_v is None or not held.delta_v.loaded_kg:
        return ""
    margin = float(held.delta_v.margin_kg)
    policy = held.delta_v.policy
    rules = "without margins" if policy == "none" else f"with the margins of policy {policy}"
    if margin < 0.0:
        so_far = "" if whole_budget(result, name) else " even for what is known of it"
        return f"its propellant does not close{so_far} {rules}: {wording.number(-margin, 0)} kg short"
    if not whole_budget(result, name):
        return "whether its propellant would close is not known"
    return f"its propellant closes {rules}, {wording.number(margin, 0)} kg to spare"


def mission_answer(result: MissionResult) -> str:
    """Say in a sentence what becomes of the spacecraft that nobody brings."""
    return "; ".join(flight_answer(result, name) for name in leaders(result))


_SHORT = {
    "propellant_kg": ("kg of propellant short", 1.0, 1),
    "mass_kg": ("kg too heavy", 1.0, 1),
    "delta_v_km_s": ("m/s short", 1000.0, 0),
    "altitude_km": ("km of altitude off", 1.0, 1),
    "cross_range_rad": ("° beside the site", 180.0 / math.pi, 2),
    "plane_change_km_s": ("m/s of plane change", 1000.0, 0),
}


def shortfall_text(shortfall: dict[str, float]) -> str:
    """Write what is short in a few words, the first two kinds of it."""
    parts = []
    for key, value in shortfall.items():
        if key == "time_s":
            parts.append(f"{wording.duration(value)} too late")
        elif key in _SHORT:
            words, scale, digits = _SHORT[key]
            gap = "" if words.startswith("°") else wording.NBSP
            parts.append(f"{wording.number(scale * value, digits)}{gap}{words}")
    return ", ".join(parts[:2])


def reason(message: str, limit: int = 48) -> str:
    """Give the first clause of a message, for a place without room for all of it."""
    clause = message.partition(":")[0].partition(";")[0]
    return clause if len(clause) <= limit else clause[: limit - 1] + "…"


def critical_epochs(timeline: Timeline, phase: FlownPhase) -> list[tuple[str, float]]:
    """List what happens in a phase: `burn`, `critical` (insertion, powered descent), `touchdown` and when."""
    if phase.status == "not reached":
        return []
    plan = phase.details.get("plan")
    if plan is not None and phase.status == "flown":
        return [("critical", plan.ignition_tdb), ("touchdown", plan.touchdown_tdb)]
    kind = "critical" if phase.kind == "insert" else "burn"
    if phase.kind == "correction":
        transfer = transfer_of(timeline)
        start = transfer.details["departure_tdb"] if transfer is not None else math.nan
        return [("burn", start + each) for each in phase.details.get("times_s", [])]
    if "ignition_tdb" in phase.details:
        return [(kind, float(each)) for each in phase.details["ignition_tdb"] if math.isfinite(each)]
    starts = [leg.start_tdb for leg in timeline.legs if leg.phase == phase.number and leg.powered]
    if not starts and phase.kind in ("manoeuvre", "phase") and phase.status == "flown":
        starts = [leg.end_tdb for leg in timeline.legs if leg.phase == phase.number]
    return [(kind, start) for start in starts]


def contact_answer(result: MissionResult, name: str) -> str:
    """Say for how long nobody sees a spacecraft during its critical events."""
    events = result.communications[name]
    silent = [event for event in events if event.longest_silence_s > 0.0]
    if not silent:
        return f"{name} is in contact with the Earth throughout its {len(events)} critical events"
    worst = max(silent, key=lambda event: event.longest_silence_s)
    lasts = wording.duration(worst.longest_silence_s)
    return f"{name} is out of contact for up to {lasts} of its {worst.name}" + (
        f"; {len(events) - len(silent)} of {len(events)} critical events are in contact throughout"
    )


def event_marks(timeline: Timeline, event: Contacts) -> list[tuple[str, float]]:
    """Name the moments within a critical event: ignition, burnout, powered descent, touchdown."""
    marks = []
    for phase in timeline.phases:
        details = phase.details
        if phase.status != "flown":
            continue
        plan = details.get("plan")
        if plan is not None and event is plan.communications:
            return [("powered descent", plan.ignition_tdb), ("touchdown", plan.touchdown_tdb)]
        if phase.kind == "insert":
            for start, length in zip(details["ignition_tdb"], details["burn_time_s"], strict=True):
                marks += [("ignition", start), ("burnout", start + length)] if length else [("burn", start)]
    return [(text, tdb) for text, tdb in marks if event.start_tdb <= tdb <= event.end_tdb]


def burns(timeline: Timeline) -> bool:
    """Say whether a spacecraft burns or wanted to."""
    return any(phase.delta_v_km_s > 0.0 for phase in timeline.phases)
