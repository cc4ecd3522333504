"""Ways to deliver a relay: ranked, and the flown one among the cheapest.

The relay of this mission raises its periapsis by one burn at apoapsis, which for two coplanar ellipses with a
common apoapsis is the cheapest there is (D. F. Lawden, "Optimal Trajectories for Space Navigation", 1963): so
the ranking has to find it to the few per cent by which both orbits drift between the release and the arrival.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest
from test_timeline import RELEASE

import cislunar

ASKED = (
    RELEASE
    + """\
analyses:
  delivery:
    lander_returns: false
    orbits:
      frozen: {frame: moon-op, semi_major_axis: 6143 km, eccentricity: 0.6, inclination: 51.7 deg,
               raan: 0 deg, argument_of_periapsis: 90 deg, mean_anomaly: 0 deg}
"""
)


@cache
def result() -> Any:
    return cislunar.run(cislunar.load(ASKED))


def test_the_cheapest_way_is_the_burn_at_apoapsis() -> None:
    options = result().deliveries["alpine"]["working orbit"]
    assert options[0].name.startswith("alpine by itself from its release")
    flown = result().timelines["alpine"].phases[0].ideal_km_s
    assert options[0].delta_v_km_s == pytest.approx(flown, rel=0.03)
    assert [each.propellant_kg for each in options if each.feasible] == sorted(
        each.propellant_kg for each in options if each.feasible
    )


def test_a_turn_into_the_frozen_plane_costs_hundreds_of_m_s_and_says_what_is_short() -> None:
    options = result().deliveries["alpine"]["frozen"]
    alone = [each for each in options if each.name.startswith("alpine by itself")]
    assert all(each.delta_v_km_s > 0.2 for each in alone)
    for each in alone:
        needed = 150.0 * -math.expm1(-each.delta_v_km_s / (220.0 * 9.80665e-3))
        assert each.propellant_kg == pytest.approx(needed)
        assert each.feasible == (needed <= 30.0)
        assert ("short by" in each.message) == (not each.feasible)


def test_rows_of_the_summary() -> None:
    rows = result().summary["deliveries"]
    assert {row["orbit"] for row in rows} == {"working orbit", "frozen"}
    assert rows[0]["rank"] == 1
    assert result().summary["relay_budgets"]["alpine"]["closes"]
