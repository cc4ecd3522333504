"""Studies whose measures are formulas, so that a report can be tested without a flight."""

from __future__ import annotations

from typing import Any

import numpy as np

import cislunar
from cislunar.trades import Study, StudyResult
from cislunar.trades.running import Costs

BASE = """\
cislunar: 1
name: base
epoch: 2027-03-01T00:00:00 UTC
duration: 1 d
physics: {degree: 2}
sites:
  basin: {latitude: -71.38 deg, longitude: 138.25 deg, height: 0 km, horizon: 5 deg}
ground: [dsn]
spacecraft:
  alpine:
    orbit:
      frame: moon-op
      semi_major_axis: 6143 km
      eccentricity: 0.6
      inclination: 51.7 deg
      raan: 10 deg
      argument_of_periapsis: 90 deg
      mean_anomaly: 0 deg
    relay: {to: dsn}
"""

NASTY = 'Synthetic <script>alert("x")</script> $1$'

ORBIT = "spacecraft.alpine.orbit"


def study(**more: Any) -> Study:
    """Size, tilt and plane of an orbit, against coverage and gap."""
    axes = {
        "size": {"path": f"{ORBIT}.semi_major_axis", "from": "5000 km", "to": "7000 km", "step": "250 km"},
        "tilt": {"path": f"{ORBIT}.inclination", "from": "40 deg", "to": "60 deg", "step": "5 deg"},
        "plane": {"choices": {"first": {f"{ORBIT}.raan": "0 deg"}, "second": {f"{ORBIT}.raan": "90 deg"}}},
    }
    given: dict[str, Any] = {
        "name": NASTY,
        "constraints": [{"measure": "coverage", "at_least": "70 %"}],
        "objectives": [{"measure": "coverage"}, {"measure": "gap"}],
    }
    given |= more
    measures = {
        "coverage": {"measure": "percent", "label": "coverage of the <b>basin</b>"},
        "gap": "longest_gap",
    }
    given.setdefault("axes", axes)
    return Study.make(cislunar.load(BASE), given.pop("axes"), measures, **given)


def result(made: Study, *, failing: bool = True) -> StudyResult:
    """Coverage grows with size and falls with tilt, the gap grows with both; one case fails."""
    rows = made.cases()
    size = rows["size"].to_numpy() if "size" in rows else np.full(len(rows), 6000.0)
    tilt = rows["tilt"].to_numpy() if "tilt" in rows else np.full(len(rows), 50.0)
    second = (rows["plane"] == "second").to_numpy() if "plane" in rows else np.zeros(len(rows), dtype=bool)
    rows["coverage"] = 60.0 + 0.015 * (size - 5000.0) - 0.5 * (tilt - 40.0) - 4.0 * second
    rows["gap"] = 2.0 + (size - 5000.0) / 500.0 + 0.05 * (tilt - 40.0) + 0.3 * second
    rows["status"], rows["reason"] = "ok", ""
    if failing:
        rows.loc[0, ["coverage", "gap"]] = np.nan
        rows.loc[0, ["status", "reason"]] = ["failed", "alpine: periapsis 12.5 km below <the> surface"]
    return StudyResult(made, rows, Costs(), {"version": "0", "settings": [{"degree": 2}], "tables": {"a": 1}})
