"""Timelines as CCSDS messages: read back by the independent package `oem`, and by the reader of this package.

The 1 m is the promise of the message. Delta-v of burns is held against the rocket equation: the thrust
follows the velocity, which turns by up to 0.25 rad during the longest burn, so that the sum of the vectors is
shorter than the sum of their sizes by that squared over 24, 3 parts in 1000.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from cislunar import time
from cislunar.errors import InputError
from cislunar.exchange.oem import read_oem
from cislunar.exchange.timeline_messages import format_opm, format_timeline_oem, manoeuvres

independent = pytest.importorskip("oem")


@pytest.fixture(scope="module")
def path(landed_report):
    return landed_report / "trajectories" / "apex.oem"


def test_the_oem_package_finds_the_path_of_the_timeline_to_1_m(path, landed):
    timeline = landed.timelines["apex"]
    draw = np.random.default_rng(2)
    message = independent.OrbitEphemerisMessage.open(path)
    centres = [segment.metadata["CENTER_NAME"] for segment in message.segments]
    assert centres[0] == "EARTH"
    assert set(centres[1:]) == {"MOON"}
    for segment, read in zip(message.segments, read_oem(path).segments, strict=True):
        start, end = read.tdb[0], read.tdb[-1]
        tdb = draw.uniform(start + 1e-3, end - 1e-3, 12)
        expected = timeline.state_at(tdb, read.center)
        for k, epoch in enumerate(time.to_astropy(tdb)):
            assert np.linalg.norm(segment(epoch).position - expected[:3, k]) < 1e-3


def test_segments_follow_one_another_and_break_at_every_manoeuvre(path, landed):
    segments = read_oem(path).segments
    for one, other in pairwise(segments):
        assert other.tdb[0] == pytest.approx(one.tdb[-1], abs=2e-3)
    starts = np.array([segment.tdb[0] for segment in segments])
    events = manoeuvres(landed.timelines["apex"])
    assert [round(each.duration_s) > 0 for each in events] == [True, True, True, False, True]
    for each in events:
        assert np.abs(starts - each.ignition_tdb).min() < 1e-5
    assert segments[-1].tdb[-1] == pytest.approx(landed.timelines["apex"].phases[6].end_tdb, abs=1e-5)


def test_comments_tell_the_manoeuvres_and_the_covariance_is_that_of_the_injection(path, landed):
    text = path.read_text(encoding="utf-8")
    for each in manoeuvres(landed.timelines["apex"]):
        assert f"COMMENT {each.describe()}" in text
    assert "COMMENT before this segment: release of alpine, 150.000 kg" in text
    assert "set aside, no part of the path" in text
    (state,) = [
        covariance
        for segment in independent.OrbitEphemerisMessage.open(path).segments
        for covariance in segment.covariances
    ]
    injection = landed.timelines["apex"].phases[1].details["injection_km_s"]
    assert math.sqrt(state.matrix[4, 4]) == pytest.approx(1e-3 * injection, rel=1e-6)
    assert np.count_nonzero(state.matrix) == 1


def test_burns_have_the_delta_v_of_the_rocket_equation(landed):
    for name, isp_s in (("apex", 320.0), ("alpine", 220.0)):
        for each in manoeuvres(landed.timelines[name])[:3]:
            rocket = isp_s * 9.80665e-3 * math.log(each.mass_before_kg / each.mass_after_kg)
            assert np.linalg.norm(each.delta_v_km_s) == pytest.approx(rocket, rel=3e-3)


def test_the_opm_holds_the_first_state_and_every_manoeuvre(landed_report, landed):
    text = (landed_report / "trajectories" / "apex.opm").read_text(encoding="utf-8")
    pairs = [line.split(" = ") for line in text.splitlines() if " = " in line and "COMMENT" not in line]
    values = {key: value.split(" [")[0] for key, value in pairs if not key.startswith("MAN_")}
    assert values["CCSDS_OPM_VERS"] == "2.0"
    assert values["CENTER_NAME"] == "EARTH"
    timeline = landed.timelines["apex"]
    state = [float(values[key]) for key in ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")]
    np.testing.assert_allclose(state, timeline.state_at(timeline.start_tdb, "earth"), atol=1e-9)
    gone = sum(float(value.split(" [")[0]) for key, value in pairs if key == "MAN_DELTA_MASS")
    burnt = sum(phase.propellant_kg for phase in timeline.phases if phase.kind != "correction")
    assert gone == pytest.approx(-burnt, abs=1e-3)
    assert sum(key == "MAN_EPOCH_IGNITION" for key, _ in pairs) == len(manoeuvres(timeline))


def test_a_relay_that_was_never_released_has_nothing_to_write(landed):
    from dataclasses import replace

    empty = replace(landed.timelines["alpine"], legs=(), message="not released")
    for write in (format_timeline_oem, format_opm):
        with pytest.raises(InputError, match="nothing was flown: not released"):
            write(empty)
