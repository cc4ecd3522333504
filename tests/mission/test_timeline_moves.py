"""Later moves: work in one orbit, a change of orbit, work in another, as one path that coverage follows.

The price of the move is held against two-body speeds at the apoapsis; the joined path against the legs as
they were flown, which is bookkeeping: to a millimetre away from the impulse, and to the 100 m that an impulse
of 0.3 km/s spread over a second can make within it.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from small_missions import MOON_GM
from test_timeline import RELEASE

import cislunar

MOVED = RELEASE.replace(
    "      - operate: {}\n",
    "      - operate: {duration: 1 d}\n"
    "      - manoeuvre: {at: apoapsis, circularise: true}\n"
    "      - operate: {}\n",
)


@cache
def moved() -> Any:
    return cislunar.run(cislunar.load(MOVED))


def test_the_move_costs_the_difference_of_the_two_body_speeds() -> None:
    timeline = moved().timelines["alpine"]
    assert timeline.complete
    move = timeline.phases[2]
    before = timeline.state_at(move.end_tdb - 1e-3)
    radius, speed = np.linalg.norm(before[:3]), np.linalg.norm(before[3:])
    assert move.ideal_km_s == pytest.approx(math.sqrt(MOON_GM / radius) - speed, rel=1e-5)
    assert timeline.phases[3].state_after is not None
    assert move.details["periapsis_altitude_after_km"] == pytest.approx(radius - 1737.4, rel=1e-3)


def test_coverage_follows_the_whole_path_from_the_first_work_on() -> None:
    result = moved()
    timeline = result.timelines["alpine"]
    assert timeline.arrival_tdb == timeline.phases[1].start_tdb
    assert result.window == (timeline.arrival_tdb, result.scenario.end_tdb)
    path = timeline.working
    assert path.epoch[0] + path.final_elapsed[0] == pytest.approx(timeline.end_tdb, abs=1e-6)
    move = timeline.phases[2].end_tdb
    tdb = np.linspace(timeline.arrival_tdb, timeline.end_tdb, 3001)
    away = np.linalg.norm((path.at_tdb(tdb)[:, 0] - timeline.state_at(tdb))[:3], axis=0)
    assert away.max() < 1e-5
    near = np.linspace(move - 2.0, move + 2.0, 401)
    away = np.linalg.norm((path.at_tdb(near)[:, 0] - timeline.state_at(near))[:3], axis=0)
    assert away.max() < 0.1
    periapsis = result.coverage["periapsis_altitude_km"].sel(relay="alpine").values
    assert periapsis[0] < 500.0 < 6000.0 < periapsis[-1]


def test_one_stretch_of_work_is_given_as_it_was_flown() -> None:
    timeline = cislunar.run(cislunar.load(RELEASE)).timelines["alpine"]
    assert timeline.working is timeline.legs[-1].trajectory
