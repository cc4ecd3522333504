"""OEM out: read back by the independent package `oem`, whose interpolation must give the trajectory to 1 m.

The 1 m is the promise of the message; `oem` picks windows by mean node time where the writer counts
nodes, so that its agreement is not the writer's own check again.
"""

import io

import numpy as np
import pytest
from flights import EPOCH, flight

from cislunar import time
from cislunar.errors import InputError, OutputError
from cislunar.exchange.oem import format_oem, read_oem, write_oem
from cislunar.exchange.oem_writer import choose_nodes

independent = pytest.importorskip("oem")


@pytest.mark.parametrize("kind", ["relay", "low", "backwards"])
def test_oem_package_interpolates_the_file_to_1_m(tmp_path, kind):
    trajectory = flight(kind)
    path = tmp_path / "alpine.oem"
    write_oem(path, trajectory, "alpine", comments=["gravity GRGM1200A"])
    message = independent.OrbitEphemerisMessage.open(path)
    (segment,) = message.segments
    assert message.version == "2.0"
    assert segment.metadata["OBJECT_NAME"] == "alpine"
    assert segment.metadata["CENTER_NAME"] == "MOON"
    assert segment.metadata["REF_FRAME"] == "ICRF"
    assert segment.metadata["TIME_SYSTEM"] == "TDB"
    assert segment.metadata["INTERPOLATION"] == "HERMITE"
    start, end = sorted((0.0, float(trajectory.final_elapsed[0])))
    edges = [start + 1e-3, end - 1e-3, start + 30.0, end - 30.0]
    elapsed = np.concatenate((edges, np.random.default_rng(1).uniform(start + 1e-3, end - 1e-3, 300)))
    expected = trajectory.at(elapsed)[:, 0]
    for k, epoch in enumerate(time.to_astropy(EPOCH + elapsed)):
        found = segment(epoch)
        assert np.linalg.norm(found.position - expected[:3, k]) < 1e-3
        assert np.linalg.norm(found.velocity - expected[3:, k]) < 1e-5


def test_the_ends_are_those_of_the_trajectory(tmp_path):
    trajectory = flight()
    write_oem(tmp_path / "a.oem", trajectory, "a")
    segment = read_oem(tmp_path / "a.oem").segments[0]
    assert segment.tdb[0] == pytest.approx(EPOCH, abs=1e-6)
    assert segment.tdb[-1] == pytest.approx(EPOCH + trajectory.final_elapsed[0], abs=1e-6)
    np.testing.assert_allclose(segment.states[:, 0], trajectory.at(0.0)[:, 0], atol=1e-9)
    np.testing.assert_allclose(segment.states[:, -1], trajectory.final[:, 0], atol=1e-8)


def test_spacing_follows_the_orbit():
    """Dense at periapsis, thin at apoapsis, and without jumps that other readers could trip over."""
    lengths = np.diff(choose_nodes(flight()))
    assert lengths.max() / lengths.min() > 4.0
    ratio = lengths[1:] / lengths[:-1]
    assert ratio.max() < 2.2
    assert ratio.min() > 1 / 2.2
    assert lengths.size < 3 * 24 / 13 * 80 * 2


def test_a_rough_path_gets_more_nodes_where_it_is_rough():
    """A path with a bump of 100 m that lasts two minutes, in the middle of an hour of smooth flight."""
    from cislunar.propagation import Trajectory

    times = np.arange(0.0, 3601.0, 10.0)
    bump = 0.1 * np.exp(-(((times - 1800.0) / 60.0) ** 2))
    slope = -2.0 * (times - 1800.0) / 3600.0 * bump
    angle = times * np.sqrt(4900.0 / 4000.0**3)
    rate = np.sqrt(4900.0 / 4000.0)
    states = np.array(
        [
            4000.0 * np.cos(angle),
            4000.0 * np.sin(angle),
            bump,
            -rate * np.sin(angle),
            rate * np.cos(angle),
            slope,
        ]
    )
    nodes = choose_nodes(Trajectory.from_nodes("moon", EPOCH, times, states))
    lengths = np.diff(nodes)
    middle = (nodes[:-1] > 1700.0) & (nodes[1:] < 1900.0)
    assert lengths[middle].max() < 0.3 * lengths.max()


def test_names_cannot_break_the_message(tmp_path):
    name = "evil\nMETA_STOP\r\n<script>\x00\t../x"
    text = format_oem(flight("low"), name, object_id="a\nb", comments=["one\ntwo", "META_START"])
    lines = text.splitlines()
    assert "OBJECT_NAME = evil META_STOP <script> ../x" in lines
    assert "OBJECT_ID = a b" in lines
    assert lines.count("META_STOP") == lines.count("META_START") == 1
    assert "COMMENT two" in lines
    stream = io.StringIO()
    write_oem(stream, flight("low"), "")
    assert "OBJECT_NAME = UNNAMED" in stream.getvalue()
    (tmp_path / "x.oem").write_text(text)
    assert len(independent.OrbitEphemerisMessage.open(tmp_path / "x.oem").segments) == 1


def test_refusals(tmp_path):
    trajectory = flight("low")
    with pytest.raises(OutputError, match="cannot write the ephemeris"):
        write_oem(tmp_path, trajectory, "a")
    with pytest.raises(InputError, match="expected one; got a batch of 2"):
        format_oem(trajectory[np.array([0, 0])], "a")
