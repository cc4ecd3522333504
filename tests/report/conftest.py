"""Fixtures of the report's tests: the synthetic mission, and the report written from it once."""

from __future__ import annotations

from types import SimpleNamespace

import mission_text
import pytest
import synthetic_mission

import cislunar
from cislunar.report.write import write_report


@pytest.fixture(scope="session")
def mission() -> SimpleNamespace:
    return synthetic_mission.build(12.0, name='Synthetic <script>alert("x")</script> ../phase $1$')


@pytest.fixture(scope="session")
def report(mission, tmp_path_factory):
    directory = tmp_path_factory.mktemp("report")
    write_report(mission, directory)
    return directory


@pytest.fixture(scope="session")
def landed():
    """A mission with timelines, flown to its landing."""
    return cislunar.run(cislunar.load(mission_text.LANDS))


@pytest.fixture(scope="session")
def landed_report(landed, tmp_path_factory):
    directory = tmp_path_factory.mktemp("landed")
    write_report(landed, directory)
    return directory


@pytest.fixture(scope="session")
def stranded():
    """The same with too little propellant."""
    return cislunar.run(cislunar.load(mission_text.FALLS_SHORT))
