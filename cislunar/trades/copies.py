"""Copies of a spacecraft, spread evenly along its orbit or over planes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.errors import InputError
from cislunar.trades.axes import SPREADS, Axis, quantity_text
from cislunar.trades.paths import to_python

if TYPE_CHECKING:
    from cislunar.scenario import Scenario


def replicated(
    scenario: Scenario, axis: Axis, number: int, copies: dict[str, tuple[str, str, float]]
) -> Scenario:
    """Give a scenario with a spacecraft copied, the copies spread evenly over one turn.

    Parameters
    ----------
    scenario : Scenario
    axis : Axis
        A number of spacecraft.
    number : int
        How many fly, the template included.
    copies : dict
        Receives, for each copy, its template, the spread, and how far its angles differ, degrees.

    Raises
    ------
    InputError
        The template does not state an angle of the spread, or a copy's name is taken.
    """
    assert scenario.root is not None
    if number == 1:
        return scenario
    block = scenario.root.entries["spacecraft"].entries[axis.template]  # type: ignore[attr-defined]
    orbit = scenario.spacecraft[axis.template].orbit
    stated: dict[str, float] = {}
    for angle in SPREADS[axis.spread]:
        found = getattr(orbit, "anomaly_rad" if angle == "mean_anomaly" else "raan_rad", None)
        if found is None or (angle == "mean_anomaly" and getattr(orbit, "anomaly", "") != "mean"):
            raise InputError(
                f"spacecraft.{axis.template}.orbit: expected {angle}, over which its copies are spread"
            )
        stated[angle] = found
    changes: dict[str, Any] = {}
    for copy in range(1, number):
        name, turn = f"{axis.template}-{copy + 1}", 360.0 * copy / number
        if name in scenario.spacecraft:
            raise InputError(f"spacecraft.{name}: the name is needed for a copy of {axis.template}")
        told = to_python(block)
        for angle, start in stated.items():
            told["orbit"][angle] = {
                "value": quantity_text((np.degrees(start) + turn) % 360.0, "deg"),
                "assumption": f"copy {copy + 1} of {number} of {axis.template}, spread evenly",
            }
        changes[f"spacecraft.{name}"] = told
        copies[name] = (axis.template, axis.spread, turn)
    return scenario.with_values(changes)
