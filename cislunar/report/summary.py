"""The figures of merit as plain data: what `summary.json` and `cislunar run --json` hold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.mission.delivery import delivery_rows
from cislunar.report.facts import LINKS, path_stems, window
from cislunar.report.mission_facts import landing_of, transfer_of, whole_budget
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from cislunar.mission.budgets import Budgets
    from cislunar.mission.result import MissionResult
    from cislunar.mission.timeline import Timeline
    from cislunar.transfers.relay_budget import RelayBudget

SCHEMA = "cislunar-summary/1"
"""Name and version of the layout; it changes when a key is removed or changes its meaning."""


def build_summary(result: MissionResult) -> dict[str, Any]:
    """Collect status, trajectories, coverage, requirements, sources and provenance of a mission.

    Parameters
    ----------
    result : MissionResult

    Returns
    -------
    dict
        JSON types only, no NaN or infinity (None instead); `docs/summary.md` describes every key.
    """
    start, end = window(result)
    summary = {
        "schema": SCHEMA,
        "name": result.scenario.name,
        "status": result.status,
        "window": {
            "start_utc": format_epoch(start, "UTC"),
            "end_utc": format_epoch(end, "UTC"),
            "duration_s": end - start,
        },
        "provenance": result.provenance,
        "trajectories": _trajectories(result),
        "timelines": _timelines(result),
        "relay_budgets": {name: _relay_budget(each) for name, each in result.relay_budgets.items()},
        "deliveries": delivery_rows(result.deliveries),
        "data_balance": {site: balance.summary() for site, balance in result.data_balance.items()},
        "coverage": _coverage(result),
        "degraded": [dict(case) for case in result.degraded],
        "map": _map(result),
        "launch_window": None if result.launch_window is None else result.launch_window.summary(),
        "requirements": [dict(requirement) for requirement in result.requirements],
        "sources": result.sources,
        "assumptions": result.assumptions,
        "warnings": result.warnings,
    }
    return dict(_plain(summary))


def write_summary(result: MissionResult, path: Path) -> None:
    """Write the summary as strict JSON, UTF-8, indented."""
    text = json.dumps(build_summary(result), indent=2, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _trajectories(result: MissionResult) -> dict[str, Any]:
    stems = path_stems(result)
    out: dict[str, Any] = {}
    for name, trajectory in result.trajectories.items():
        epoch, flown = float(trajectory.epoch[0]), float(trajectory.final_elapsed[0])
        entry: dict[str, Any] = {
            "file": f"trajectories/{stems[name]}.oem",
            "status": _status_name(trajectory.status[0]),
            "message": trajectory.message[0],
            "start_utc": format_epoch(epoch, "UTC"),
            "end_utc": format_epoch(epoch + flown, "UTC"),
            "flown_s": flown,
            "asked_s": float(trajectory.duration[0]),
        }
        entry.update(_perilune(result, name))
        life = result.lifetimes.get(name)
        if life is not None:
            impact = life["impact_tdb"]
            entry["lifetime"] = {
                "horizon_s": life["horizon_s"],
                "impact_utc": None if impact is None else format_epoch(impact, "UTC"),
                "impact_after_s": None if impact is None else impact - epoch,
            }
        out[name] = entry
    return out


def _timelines(result: MissionResult) -> dict[str, Any]:
    out: dict[str, Any] = {}
    stems = path_stems(result)
    for name, timeline in result.timelines.items():
        budget = result.budgets[name].delta_v
        judged = (
            budget is not None
            and bool(budget.loaded_kg)
            and (whole_budget(result, name) or not bool(budget.closes))
        )
        arrival, stopped = timeline.arrival_tdb, timeline.stopped
        out[name] = {
            "complete": timeline.complete,
            "message": timeline.message,
            "shortfall": {} if stopped is None else stopped.shortfall,
            "arrival_utc": None if arrival is None else format_epoch(arrival, "UTC"),
            "final_mass_kg": timeline.final_mass_kg,
            "file": f"trajectories/{stems[name]}.oem" if name in stems else None,
            "phases": timeline.rows(),
            "transfer": _transfer(timeline),
            "corrections": _corrections(timeline),
            "landing": _landing(timeline),
            "margin_policy": result.budgets[name].mass.policy,
            "closes": bool(budget.closes) if budget is not None and judged else None,
            "propellant_margin_kg": float(budget.margin_kg) if budget is not None and judged else None,
            "delta_v_budget": None if budget is None else budget.rows(),
            "mass_budget": result.budgets[name].mass.rows(),
            "payload": _payload(result.budgets[name]),
            "cost": _cost(result.budgets[name]),
            "communications": [
                {
                    "event": event.name,
                    "start_utc": format_epoch(event.start_tdb, "UTC"),
                    "end_utc": format_epoch(event.end_tdb, "UTC"),
                    "covered_fraction": event.covered.fraction,
                    "longest_silence_s": event.longest_silence_s,
                    "fractions": {link.path: link.fraction for link in event.links if link.station == "any"},
                }
                for event in result.communications.get(name, [])
            ],
        }
    return out


def _payload(held: Budgets) -> dict[str, Any]:
    most = held.most_payload
    return {
        "aboard_kg": held.vehicle.payload_mass_kg,
        "aboard_with_margins_kg": held.payload_kg,
        "most_kg": None if most is None else float(most.payload_kg),
        "margin_kg": held.payload_margin_kg,
        "limit": None if most is None else most.limit_name(),
    }


def _cost(held: Budgets) -> dict[str, Any] | None:
    cost = held.cost
    if cost is None:
        return None
    return {
        "per_kg": cost.per_kg,
        "currency": cost.currency,
        "delivered_kg": cost.delivered_kg,
        "covers": cost.covers,
    }


def _relay_budget(held: RelayBudget) -> dict[str, Any]:
    return {
        "lines": [asdict(line) for line in held.lines],
        "delta_v_km_s": held.delta_v_km_s,
        "propellant_kg": held.propellant_kg,
        "loaded_kg": held.craft.propellant_kg,
        "left_kg": held.left_kg,
        "left_km_s": held.left_km_s,
        "closes": held.closes,
        "message": held.message,
        "life": held.life,
    }


def _transfer(timeline: Timeline) -> dict[str, Any] | None:
    phase = transfer_of(timeline)
    if phase is None:
        return None
    keys = ("injection_km_s", "c3_km2_s2", "v_infinity_km_s", "time_of_flight_s", "farthest_km")
    return {
        "departure_utc": format_epoch(phase.details["departure_tdb"], "UTC"),
        "arrival_utc": format_epoch(phase.end_tdb, "UTC"),
        **{key: phase.details[key] for key in keys},
        "launcher_capability_kg": phase.details.get("launcher_capability_kg"),
        "launcher_injection_km_s": phase.details.get("launcher_injection_km_s"),
        "injection_difference_km_s": phase.details.get("injection_difference_km_s"),
        "return_altitude_km": phase.details.get("return_altitude_km"),
    }


def _corrections(timeline: Timeline) -> dict[str, Any] | None:
    phase = next((p for p in timeline.phases if "percentiles_km_s" in p.details), None)
    if phase is None:
        return None
    sizes = phase.details["percentiles_km_s"]
    return {
        **{f"p{percent:g}_km_s": size for percent, size in sizes.items()},
        "percentile": phase.details["percentile"],
        "taken_km_s": phase.statistical_km_s,
        "samples": phase.details["samples"],
        "seed": phase.details["seed"],
    }


def _landing(timeline: Timeline) -> dict[str, Any] | None:
    phase = landing_of(timeline)
    if phase is None:
        return None
    keys = (
        "landed_mass_kg",
        "sun_elevation_deg",
        "cross_range_deg",
        "thrust_to_weight",
        "thrust_to_weight_landed",
    )
    return {
        "site": phase.details["plan"].site.name,
        "touchdown_utc": format_epoch(phase.details["touchdown_tdb"], "UTC"),
        **{key: phase.details[key] for key in keys},
    }


def _perilune(result: MissionResult, name: str) -> dict[str, float]:
    data = result.coverage
    if "periapsis_altitude_km" not in data or name not in data["relay"].values:
        return {}
    altitude = data["periapsis_altitude_km"].sel(relay=name).values.astype(float)
    altitude = altitude[np.isfinite(altitude)]
    if altitude.size == 0:
        return {}
    return {
        "perilune_altitude_start_km": float(altitude[0]),
        "perilune_altitude_end_km": float(altitude[-1]),
        "perilune_altitude_lowest_km": float(altitude.min()),
    }


def _coverage(result: MissionResult) -> dict[str, Any]:
    return {
        site: {link: links[link] for link in LINKS if link in links}
        for site, links in result.statistics.items()
    }


def _map(result: MissionResult) -> dict[str, Any] | None:
    data = result.coverage
    if "map_percent" not in data:
        return None
    from cislunar.report.figures.maps import definition

    share, gap = data["map_percent"].values.astype(float), data["map_longest_gap_h"].values.astype(float)
    asked = definition(result)
    return {
        "region": asked.region,
        "grid": asked.grid,
        "resolution_deg": math.degrees(asked.resolution_rad),
        "height_km": asked.height_km,
        "mask_deg": math.degrees(asked.mask_rad),
        "minimum_pass_s": asked.minimum_pass_s,
        "link": data["map_percent"].attrs["link"],
        "mean_percent": float(data["map_percent"].attrs["mean_percent"]),
        "cells": int(share.size),
        "lowest_percent": float(share.min()),
        "highest_percent": float(share.max()),
        "longest_gap_s": 3600.0 * float(gap.max()),
    }


def _status_name(status: Any) -> str:
    from cislunar.propagation.status import Status

    return Status(int(status)).name.lower()


def _plain(value: Any) -> Any:
    """Turn a nest of objects into JSON types; a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)
