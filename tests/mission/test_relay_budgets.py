"""Budgets of relays: delivery, keeping, later moves and the end, in the order of a life.

The end is held against two-body speeds at the apoapsis, masses against the rocket equation; what was flown
against the timeline, which is bookkeeping.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from small_missions import MOON_GM, MOON_RADIUS_KM
from test_timeline import RELEASE
from test_timeline_moves import MOVED

import cislunar

G0 = 9.80665e-3
KEPT = "    keeping: {floor: 100 km, target: 420 km, duration: 200 d}\n"


@cache
def budget(text: str) -> Any:
    return cislunar.run(cislunar.load(text)).relay_budgets["alpine"]


def kept(rule: str = KEPT, text: str = RELEASE) -> str:
    return text.replace("    dry_mass: 120 kg\n", "    dry_mass: 120 kg\n" + rule, 1)


def test_the_lines_are_those_of_the_life_in_its_order() -> None:
    result = cislunar.run(cislunar.load(kept(text=MOVED)))
    lines = result.relay_budgets["alpine"].lines
    assert [line.event for line in lines] == ["delivery", "keeping", "later moves", "disposal"]
    phases = result.timelines["alpine"].phases
    assert lines[0].delta_v_km_s == phases[0].delta_v_km_s
    assert lines[2].delta_v_km_s == phases[2].delta_v_km_s
    mass = 150.0
    for line in lines:
        assert line.mass_before_kg == pytest.approx(mass, rel=1e-12)
        mass *= math.exp(-line.delta_v_km_s / (220.0 * G0))
        assert line.mass_after_kg == pytest.approx(mass, rel=1e-12)
    # 30 kg give 481 m/s: the circular orbit and the way down from it are more than that.
    held = result.relay_budgets["alpine"]
    assert not held.closes
    assert "short by" in held.message
    assert any(held.message in each for each in result.warnings)


def test_the_end_takes_the_two_body_price_at_apoapsis() -> None:
    result = cislunar.run(cislunar.load(RELEASE))
    line = result.relay_budgets["alpine"].lines[-1]
    state = result.timelines["alpine"].legs[-1].trajectory.final[:, 0]
    r, v = np.linalg.norm(state[:3]), np.linalg.norm(state[3:])
    axis = 1.0 / (2.0 / r - v**2 / MOON_GM)
    momentum = np.linalg.norm(np.cross(state[:3], state[3:]))
    far = axis * (1.0 + math.sqrt(1.0 - momentum**2 / (MOON_GM * axis)))
    near = MOON_RADIUS_KM - 50.0
    wanted = momentum / far - math.sqrt(2.0 * MOON_GM * near / (far * (far + near)))
    assert line.delta_v_km_s == pytest.approx(wanted, rel=1e-9)


def test_keeping_follows_the_rule_of_the_file() -> None:
    # The polar ellipse sinks within months: two hundred days need a correction, and a lower floor fewer.
    assert budget(kept()).lines[1].delta_v_km_s > 0.0
    assert budget(kept()).lines[1].basis.startswith("200 d, ")
    short = budget(kept("    keeping: {floor: 100 km, target: 420 km}\n")).lines[1]
    assert short.delta_v_km_s == 0.0
    assert "stays above 100 km by itself" in short.basis
    held = budget(
        kept("    keeping: {floor: 410 km, target: 420 km, ceiling: 430 km, duration: 20 d}\n")
    ).lines[1]
    assert held.delta_v_km_s > 0.0
    assert budget(RELEASE).lines[1].basis.startswith("not known")
