"""What the page shows of a mission with timelines: rows of its tables, taken from the result unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.mission.delivery import delivery_rows
from cislunar.report import mission_facts as facts
from cislunar.report import wording
from cislunar.report.facts import site_title, window
from cislunar.report.window_page import window_context
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from cislunar.mission.result import MissionResult
    from cislunar.mission.timeline import FlownPhase


def mission_context(result: MissionResult) -> dict[str, Any] | None:
    """Collect the mission part of the page; None for a scenario without timelines."""
    if not result.timelines:
        return None
    return {
        "answers": [_answer(result, name) for name in facts.leaders(result)],
        "stops": [
            {"name": name, "message": timeline.message}
            for name, timeline in result.timelines.items()
            if not timeline.complete
        ],
        "timelines": [
            {"name": name, "phases": [_phase_row(phase) for phase in timeline.phases]}
            for name, timeline in result.timelines.items()
        ],
        "transfers": [row for name in result.timelines for row in _transfer_row(result, name)],
        "corrections": [row for name in result.timelines for row in _correction_rows(result, name)],
        "window": None if result.launch_window is None else window_context(result.launch_window),
        "budgets": [row for name in result.timelines for row in _budget(result, name)],
        "payloads": [row for name in result.timelines for row in _manifest(result, name)],
        "landings": [row for name in result.timelines for row in _landing(result, name)],
        "events": [row for name in result.communications for row in _events(result, name)],
        "data": [_data(result, site) for site in result.data_balance],
        "relays": [_relay(budget) for budget in result.relay_budgets.values()],
        "deliveries": delivery_rows(result.deliveries),
    }


def _answer(result: MissionResult, name: str) -> dict[str, Any]:
    timeline, held = result.timelines[name], result.budgets.get(name)
    landing = facts.landing_of(timeline)
    flown = sum(phase.status == "flown" for phase in timeline.phases)
    most = None if held is None or held.most_payload is None else float(held.most_payload.payload_kg)
    return {
        "name": name,
        "flight": facts.flight_answer(result, name),
        "budget": facts.budget_answer(result, name),
        "complete": timeline.complete,
        "flown": flown,
        "phases": len(timeline.phases),
        "landed": None if landing is None else facts.minute(landing.end_tdb),
        "site": "" if landing is None else site_title(result, landing.phase.site),  # type: ignore[union-attr]
        "margin_kg": _margin_kg(result, name),
        "policy": "" if held is None else held.mass.policy,
        "payload_kg": None if held is None else held.vehicle.payload_mass_kg,
        "carried_kg": None if held is None else held.vehicle.carried_mass_kg,
        "most_payload_kg": most,
    }


def _margin_kg(result: MissionResult, name: str) -> float | None:
    """Propellant margin, if it can be judged: a budget without all its burns can only fail to close."""
    held = result.budgets.get(name)
    if held is None or held.delta_v is None or not held.delta_v.loaded_kg:
        return None
    margin = float(held.delta_v.margin_kg)
    return margin if margin < 0.0 or facts.whole_budget(result, name) else None


def _phase_row(phase: FlownPhase) -> dict[str, Any]:
    begun, done = np.isfinite(phase.start_tdb), np.isfinite(phase.end_tdb)
    return {
        "number": phase.number + 1,
        "label": phase.label,
        "status": phase.status,
        "start": format_epoch(phase.start_tdb, "UTC", 0).replace("T", " ") if begun else "",
        "length_s": phase.end_tdb - phase.start_tdb if begun and done else None,
        "delta_v_m_s": 1e3 * phase.delta_v_km_s,
        "propellant_kg": phase.propellant_kg,
        "mass_before_kg": phase.mass_before_kg,
        "mass_after_kg": phase.mass_after_kg,
        "message": phase.message,
        "short": facts.shortfall_text(phase.shortfall),
        "orbit": _orbit(phase),
    }


def _orbit(phase: FlownPhase) -> str:
    """Write the orbit about the Moon after a phase, where there is one."""
    near = phase.details.get("periapsis_altitude_after_km")
    if near is None or phase.status != "flown" or phase.kind == "transfer":
        return ""
    far = phase.details["apoapsis_altitude_after_km"]
    return f"{wording.number(near, 0)} × {wording.number(far, 0)}"


def _transfer_row(result: MissionResult, name: str) -> list[dict[str, Any]]:
    phase = facts.transfer_of(result.timelines[name])
    if phase is None:
        return []
    details = phase.details
    return [
        {
            "name": name,
            "departure": facts.minute(details["departure_tdb"]),
            "arrival": facts.minute(phase.end_tdb),
            "length_s": details["time_of_flight_s"],
            "injection_m_s": 1e3 * details["injection_km_s"],
            "c3": details["c3_km2_s2"],
            "v_infinity": details["v_infinity_km_s"],
            "farthest_km": details["farthest_km"],
            "launcher_kg": details.get("launcher_capability_kg"),
            "mass_kg": phase.mass_before_kg,
        }
    ]


def _correction_rows(result: MissionResult, name: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "percentiles": phase.details["percentiles_km_s"],
            "taken": 100.0 * phase.details["percentile"],
            "taken_m_s": 1e3 * phase.statistical_km_s,
            "samples": phase.details["samples"],
            "seed": phase.details["seed"],
            "times": ", ".join(wording.duration(each) for each in phase.details["times_s"]),
            "miss_km": float(np.median(phase.details["miss_km"])),
            "uncorrected_km": float(np.median(phase.details["uncorrected_km"])),
        }
        for phase in result.timelines[name].phases
        if "percentiles_km_s" in phase.details
    ]


def _budget(result: MissionResult, name: str) -> list[dict[str, Any]]:
    held = result.budgets.get(name)
    if held is None:
        return []
    budget = held.delta_v
    return [
        {
            "name": name,
            "policy": held.mass.policy,
            "verdict": "" if budget is None else _verdict(result, name),
            "closes": budget is None or (facts.whole_budget(result, name) and bool(budget.closes)),
            "events": [] if budget is None or not facts.burns(result.timelines[name]) else budget.rows(),
            "left": [] if budget is None else _left(budget),
            "spare_m_s": None if budget is None else 1e3 * float(budget.spare_km_s),
            "rules": "" if budget is None else _rules(budget),
            "mass": held.mass.rows() if name in facts.leaders(result) else [],
        }
    ]


def _verdict(result: MissionResult, name: str) -> str:
    budget = result.budgets[name].delta_v
    assert budget is not None
    if facts.whole_budget(result, name):
        return budget.verdict()
    return f"not all burns of {name} are known, as it stops before; those known: {budget.verdict()}"


def _rules(budget: Any) -> str:
    """List the rules of the policy that gave the margins, each once."""
    return "; ".join(dict.fromkeys(rule for rule in budget.rule if rule not in ("", "–")))


def _left(budget: Any) -> list[float]:
    """Propellant left after each event, flown with the vehicle's own load."""
    return [float(budget.loaded_kg - used) for used in np.cumsum(budget.propellant_kg)]


def _manifest(result: MissionResult, name: str) -> list[dict[str, Any]]:
    held = result.budgets.get(name)
    if held is None or not (held.vehicle.payloads or held.vehicle.carried):
        return []
    most = held.most_payload
    lands = facts.landing_of(result.timelines[name]) is not None
    allowed = {line.name: line.predicted_kg for line in held.mass.lines if line.group == "payload"}
    return [
        {
            "name": name,
            "rows": [
                {
                    "name": each.name,
                    "mass_kg": each.mass_kg,
                    "predicted_kg": allowed.get(each.name),
                    "power_w": each.power_w,
                    "rate": wording.bit_rate(each.generation_rate_bit_s),
                    "place": f"{each.place}, {site_title(result, each.site)}"
                    if each.site in result.scenario.sites
                    else each.place,
                    "owner": each.owner,
                    "maturity": each.maturity,
                }
                for each in held.vehicle.payloads
            ],
            "carried": list(held.vehicle.carried.items()),
            "mass_kg": held.vehicle.payload_mass_kg,
            "predicted_kg": held.mass.predicted_of("payload"),
            "policy": held.mass.policy,
            "verb": "land" if lands else "deliver",
            "most_kg": None if most is None else float(most.payload_kg),
            "limit": "" if most is None else most.limit_name(),
            "by_propellant_kg": None if most is None else float(most.by_propellant_kg),
            "by_launch_kg": None if most is None else float(most.by_launch_mass_kg),
            "margin_kg": held.payload_margin_kg,
            "designed_kg": held.payload_kg,
            "needed_kg": None if held.delta_v is None else float(held.delta_v.needed_kg),
            "loaded_kg": held.vehicle.propellant_kg,
            "cost": "" if held.cost is None else f"{held.cost} ({held.cost.covers})",
        }
    ]


def _landing(result: MissionResult, name: str) -> list[dict[str, Any]]:
    phase = facts.landing_of(result.timelines[name])
    if phase is None:
        return []
    plan, details = phase.details["plan"], phase.details
    return [
        {
            "name": name,
            "site": site_title(result, phase.phase.site),  # type: ignore[union-attr]
            "touchdown": format_epoch(plan.touchdown_tdb, "UTC", 0).replace("T", " "),
            "landed_kg": details["landed_mass_kg"],
            "sun_deg": details["sun_elevation_deg"],
            "cross_range_deg": details["cross_range_deg"],
            "weight": details["thrust_to_weight"],
            "weight_landed": details["thrust_to_weight_landed"],
            "events": [
                {
                    "name": event.name,
                    "start": format_epoch(event.epoch_tdb, "UTC", 0)[11:],
                    "length_s": event.duration_s,
                    "delta_v_m_s": 1e3 * event.delta_v_km_s,
                    "loss_m_s": 1e3 * event.loss_km_s,
                    "propellant_kg": event.propellant_kg,
                    "mass_before_kg": event.mass_before_kg,
                    "mass_after_kg": event.mass_after_kg,
                }
                for event in plan.events
            ],
        }
    ]


def _events(result: MissionResult, name: str) -> list[dict[str, Any]]:
    rows = []
    for event in result.communications[name]:
        ways: dict[str, float] = {link.path: link.fraction for link in event.links if link.station == "any"}
        rows.append(
            {
                "craft": name,
                "name": event.name,
                "start": format_epoch(event.start_tdb, "UTC", 0).replace("T", " "),
                "length_s": event.end_tdb - event.start_tdb,
                "direct": 100.0 * ways.get("direct", 0.0),
                "stations": [
                    link.station
                    for link in event.links
                    if link.path == "direct" and link.station != "any" and link.fraction > 0.0
                ],
                "relays": [(path, 100.0 * share) for path, share in ways.items() if path != "direct"],
                "covered": 100.0 * event.covered.fraction,
                "silence_s": event.longest_silence_s,
            }
        )
    return rows


def _data(result: MissionResult, site: str) -> dict[str, Any]:
    balance, start = result.data_balance[site], window(result)[0]
    numbers = balance.summary()
    return {
        "site": site,
        "mode": numbers["mode"],
        "generated": wording.bits(numbers["generated_bit"]),
        "delivered": wording.bits(numbers["delivered_bit"]),
        "percent": numbers["delivered_percent"],
        "most": wording.bits(numbers["max_backlog_bit"]),
        "left": wording.bits(numbers["remaining_bit"]),
        "mean_s": numbers["latency_mean_s"],
        "p95_s": numbers["latency_p95_s"],
        "longest_s": numbers["latency_max_s"],
        "days": [
            {
                "day": int(row["day"]),
                "date": format_epoch(start + 86400.0 * float(row["day"]), "UTC", 0)[:16].replace("T", " "),
                "generated": wording.bits(float(row["generated_bit"])),
                "delivered": wording.bits(float(row["delivered_bit"])),
                "backlog": wording.bits(float(row["backlog_bit"])),
            }
            for row in balance.daily(start).to_dict("records")
        ],
    }


def _relay(budget: Any) -> dict[str, Any]:
    return {
        "name": budget.craft.name,
        "lines": [
            {
                "event": line.event,
                "basis": line.basis,
                "delta_v_m_s": 1e3 * line.delta_v_km_s,
                "propellant_kg": line.propellant_kg,
                "mass_before_kg": line.mass_before_kg,
                "mass_after_kg": line.mass_after_kg,
            }
            for line in budget.lines
        ],
        "delta_v_m_s": 1e3 * budget.delta_v_km_s,
        "propellant_kg": budget.propellant_kg,
        "aboard_kg": budget.craft.propellant_kg,
        "left_kg": budget.left_kg,
        "left_m_s": 1e3 * budget.left_km_s,
        "closes": budget.closes,
        "message": budget.message,
        "life": budget.life,
    }
