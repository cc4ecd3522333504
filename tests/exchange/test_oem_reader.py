"""OEM in: notation, time systems, centres, segments, holes and damage.

Epochs in UTC, TAI and TT are checked with SPICE's rule for leap seconds (37 s since 2017) and TT - TAI =
32.184 s; the Earth-centred case against the ephemeris; the notation against the examples of CCSDS
502.0-B-3, annex G, and with files that the independent package `oem` wrote.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
from flights import EPOCH, GM, flight

from cislunar.environment import Environment
from cislunar.errors import DataFileError
from cislunar.exchange.oem import format_oem, read_oem, trajectory_from_oem
from cislunar.orbits import anomalies, elements
from cislunar.orbits.elements import KeplerianElements
from cislunar.time import format_epochs, parse_epoch

DAY = 86400.0


def message(rows, *, system="TDB", frame="ICRF", center="MOON", extra="", method="HERMITE", degree=7) -> str:
    start, stop = rows[0].split()[0], rows[-1].split()[0]
    return "\n".join(
        [
            "META_START",
            "OBJECT_NAME = RELAY",
            "OBJECT_ID = 2026-001A",
            f"CENTER_NAME = {center}",
            f"REF_FRAME = {frame}",
            f"TIME_SYSTEM = {system}",
            f"START_TIME = {start}",
            f"STOP_TIME = {stop}",
            *([extra] if extra else []),
            f"INTERPOLATION = {method}",
            f"INTERPOLATION_DEGREE = {degree}",
            "META_STOP",
            *rows,
            "",
        ]
    )


HEAD = "CCSDS_OEM_VERS = 2.0\nCREATION_DATE = 2026-11-01T00:00:00\nORIGINATOR = TEST\n\n"


def rows(elapsed, system="TDB", center="moon"):
    states = flight().at(elapsed)[:, 0]
    if center != "moon":
        states = states + Environment.default().ephemeris.state("moon", center, EPOCH + elapsed)
    epochs = format_epochs(EPOCH + elapsed, system, 6)
    return [
        f"{epoch} " + " ".join(f"{value:.12e}" for value in state)
        for epoch, state in zip(epochs, states.T, strict=True)
    ]


GRID = np.arange(0.0, 2 * DAY + 1.0, 120.0)


@pytest.fixture
def write(tmp_path):
    def inner(text):
        path = tmp_path / "relay.oem"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return inner


def worst_km(path, start=0.0, stop=2 * DAY) -> float:
    trajectory = trajectory_from_oem(read_oem(path), EPOCH + start, EPOCH + stop)
    assert trajectory.epoch[0] == EPOCH + start
    assert trajectory.final_elapsed[0] == pytest.approx(stop - start, abs=1e-6)
    elapsed = np.random.default_rng(4).uniform(0.0, stop - start, 2000)
    apart = trajectory.at(elapsed)[:3, 0] - flight().at(start + elapsed)[:3, 0]
    return float(np.linalg.norm(apart, axis=0).max())


@pytest.mark.parametrize("system", ["UTC", "TAI", "TT", "TDB"])
def test_time_systems(write, system):
    """A clock wrong by 1 ms would be 2 m at periapsis; epochs are written to 1 us."""
    assert worst_km(write(HEAD + message(rows(GRID, system), system=system))) < 5e-4


@pytest.mark.parametrize("system", ["UTC", "TAI", "TT"])
def test_trap_time_systems_are_far_apart(write, system):
    """TDB read for UTC is 69 s, for TAI 32 s; TT and TDB differ by up to 2 ms."""
    apart = worst_km(write(HEAD + message(rows(GRID + 100.0, system))), 200.0, 2 * DAY - 200.0)
    assert apart > (1e-4 if system == "TT" else 10.0)


@pytest.mark.parametrize("frame", ["ICRF", "EME2000", "GCRF"])
def test_frames(write, frame):
    assert worst_km(write(HEAD + message(rows(GRID), frame=frame))) < 5e-4


@pytest.mark.parametrize(
    ("center", "name"),
    [("EARTH", "earth"), ("Earth Barycenter", "earth-moon-barycentre"), ("SUN", "sun")],
)
def test_other_centres(write, center, name):
    """Rounding of a position 1.5e8 km from the Sun is 3e-8 km."""
    assert worst_km(write(HEAD + message(rows(GRID, center=name), center=center))) < 5e-4


@pytest.mark.parametrize(
    ("method", "degree"), [("HERMITE", 11), ("LAGRANGE", 9), ("LAGRANGE", 8), ("LINEAR", 1)]
)
def test_interpolations(write, method, degree):
    assert worst_km(write(HEAD + message(rows(GRID), method=method, degree=degree))) < 5e-4


def test_without_interpolation_keys(write):
    text = HEAD + message(rows(GRID))
    text = re.sub(r"INTERPOLATION.*\n", "", text)
    assert worst_km(write(text)) < 5e-4


def test_thin_tables_follow_the_stated_interpolation(write):
    """Every 15 minutes: HERMITE 7 is then good to some 10 m near periapsis, and the trajectory follows it."""
    coarse = np.arange(0.0, 2 * DAY + 1.0, 900.0)
    path = write(HEAD + message(rows(coarse)))
    oem = read_oem(path)
    trajectory = trajectory_from_oem(oem, EPOCH, EPOCH + 2 * DAY)
    from cislunar.exchange.interpolation import StateInterpolator

    table = StateInterpolator(coarse, oem.segments[0].states, "HERMITE", 7)
    elapsed = np.linspace(0.0, 2 * DAY, 5000)
    apart = trajectory.at(elapsed)[:3, 0] - table(elapsed)[:3]
    assert np.linalg.norm(apart, axis=0).max() < 2e-4


@pytest.mark.parametrize(("spacing", "degree"), [(30.0, 2), (30.0, 3), (300.0, 3), (300.0, 7), (600.0, 8)])
def test_kinks_between_lagrange_polynomials_are_not_chased(write, spacing, degree):
    """Where windows meet the path has a kink (even degrees: a step), which no number of nodes removes.

    Within the kilometre above which a table has a hole, and no more than four nodes to a row.
    """
    table = rows(np.arange(0.0, 2 * DAY + 1.0, spacing))
    path = write(HEAD + message(table, method="LAGRANGE", degree=degree))
    assert worst_km(path) < 1.0
    nodes = trajectory_from_oem(read_oem(path), EPOCH, EPOCH + 2 * DAY).nodes
    assert nodes.shape[1] < 4 * len(table)


def test_lagrange_table_that_is_too_thin_is_a_hole(write):
    table = rows(np.arange(0.0, 2 * DAY + 1.0, 3600.0))
    path = write(HEAD + message(table, method="LAGRANGE", degree=7))
    with pytest.raises(DataFileError, match="has a hole"):
        worst_km(path)


def test_straight_lines_between_states_give_way_to_their_velocities(write):
    """LAGRANGE of degree 1 is LINEAR, which would cut 50 m off the path every two minutes."""
    table = rows(np.arange(0.0, 2 * DAY + 1.0, 120.0))
    assert worst_km(write(HEAD + message(table, method="LAGRANGE", degree=1))) < 1e-3


def test_notation(write):
    """Day-of-year epochs, a closing Z, comments, blank lines, accelerations, covariances, tabs and CR LF."""
    lines = rows(GRID)
    for k, line in enumerate(lines):
        date, clock = line.split()[0].split("T")
        year = np.datetime64(date[:4], "D")
        ordinal = int((np.datetime64(date) - year).astype(int)) + 1
        rest = "\t".join(line.split()[1:])
        lines[k] = f"{date[:4]}-{ordinal:03d}T{clock}Z \t{rest} 1e-5 1e-5 1e-5"
    text = HEAD + "COMMENT hello = 1\n" + message(lines).replace("META_STOP", "COMMENT x\n\nMETA_STOP")
    text += "COVARIANCE_START\nEPOCH = 2027-11-25T00:00:00\n1.0\n0.0 1.0\nCOVARIANCE_STOP\n"
    assert worst_km(write(text.replace("\n", "\r\n"))) < 5e-4


def test_the_example_of_the_standard(write):
    """CCSDS 502.0-B-3, annex G, figure G-6 (first segment): Mars Global Surveyor."""
    text = """CCSDS_OEM_VERS = 2.0
CREATION_DATE = 1996-11-04T17:22:31
ORIGINATOR = NASA/JPL
META_START
OBJECT_NAME = MARS GLOBAL SURVEYOR
OBJECT_ID = 1996-062A
CENTER_NAME = MARS BARYCENTER
REF_FRAME = EME2000
TIME_SYSTEM = UTC
START_TIME = 1996-12-18T12:00:00.331
USEABLE_START_TIME = 1996-12-18T12:00:00.331
USEABLE_STOP_TIME = 1996-12-18T12:02:00.331
STOP_TIME = 1996-12-18T12:02:00.331
INTERPOLATION = HERMITE
INTERPOLATION_DEGREE = 7
META_STOP
COMMENT This file was produced by M.R. Somebody, MSOO NAV/JPL, 1996NOV 04.
1996-12-18T12:00:00.331 2789.619 -280.045 -1746.755 4.73372 -2.49586 -1.04195
1996-12-18T12:01:00.331 2783.419 -308.143 -1877.071 5.18604 -2.42124 -1.99608
1996-12-18T12:02:00.331 2776.033 -336.859 -2008.682 5.63678 -2.33951 -1.94687
"""
    message = read_oem(write(text))
    (segment,) = message.segments
    assert (message.originator, message.creation_date) == ("NASA/JPL", "1996-11-04T17:22:31")
    assert (segment.center, segment.time_system, segment.degree) == ("mars", "UTC", 7)
    assert segment.tdb[0] == pytest.approx(parse_epoch("1996-12-18T12:00:00.331 UTC"), abs=1e-6)
    np.testing.assert_array_equal(
        segment.states[:, 1], [2783.419, -308.143, -1877.071, 5.18604, -2.42124, -1.99608]
    )


def test_files_of_the_oem_package(write, tmp_path):
    independent = pytest.importorskip("oem")
    path = write(HEAD + message(rows(GRID)))
    other = tmp_path / "other.oem"
    independent.OrbitEphemerisMessage.open(path).save_as(other, file_format="kvn")
    assert worst_km(other) < 5e-4
    independent.OrbitEphemerisMessage.open(path).save_as(other, file_format="xml")
    with pytest.raises(DataFileError, match="an XML or HTML file"):
        read_oem(other)


def test_leap_seconds_are_epochs_of_utc(write):
    clock = ["23:59:58", "23:59:59", "23:59:60", "00:00:00", "00:00:01"]
    days = ["2016-12-31"] * 3 + ["2017-01-01"] * 2
    lines = [
        f"{day}T{at} {k + 2000}.0 0.0 0.0 1.0 0.0 0.0"
        for k, (day, at) in enumerate(zip(days, clock, strict=True))
    ]
    segment = read_oem(write(HEAD + message(lines, system="UTC"))).segments[0]
    np.testing.assert_allclose(np.diff(segment.tdb), 1.0, atol=1e-6)
    assert segment.tdb[3] == pytest.approx(parse_epoch("2017-01-01T00:00:00 UTC"), abs=1e-6)


def test_segments_that_meet_or_overlap_are_joined(write):
    first, second = GRID[GRID <= DAY], GRID[GRID >= DAY]
    assert worst_km(write(HEAD + message(rows(first)) + message(rows(second)))) < 5e-4
    first = GRID[GRID <= DAY + 3600.0]
    assert worst_km(write(HEAD + message(rows(first)) + message(rows(second), system="TDB"))) < 5e-4
    assert worst_km(write(HEAD + message(rows(second)) + message(rows(first)))) < 5e-4


def test_a_hole_between_segments_is_named(write):
    path = write(HEAD + message(rows(GRID[GRID <= DAY])) + message(rows(GRID[GRID >= DAY + 600.0])))
    pattern = (
        r"relay\.oem: the ephemeris has a hole from 2027-11-26T00:00:00\.000 to 2027-11-26T00:10:00\.000 UTC"
    )
    with pytest.raises(DataFileError, match=pattern):
        trajectory_from_oem(read_oem(path), EPOCH, EPOCH + 2 * DAY)
    # a hole where nothing is needed does not matter
    trajectory_from_oem(read_oem(path), EPOCH, EPOCH + DAY)
    trajectory_from_oem(read_oem(path), EPOCH + DAY + 600.0, EPOCH + 2 * DAY)


@pytest.mark.parametrize("missing", [2, 5, 60, 400])
def test_missing_rows_are_a_hole(write, missing):
    kept = np.concatenate((GRID[:500], GRID[500 + missing :]))
    path = write(HEAD + message(rows(kept)))
    begin, end = format_epochs(EPOCH + kept[499:501], "UTC", 3)
    with pytest.raises(DataFileError, match=f"hole from {begin} to {end} UTC"):
        trajectory_from_oem(read_oem(path), EPOCH, EPOCH + 2 * DAY)
    trajectory_from_oem(read_oem(path), EPOCH, EPOCH + kept[490])


def test_too_thin_a_table_is_a_hole(write):
    """A state every four hours does not tell where a relay with a period of 12 h is."""
    path = write(HEAD + message(rows(np.arange(0.0, 2 * DAY + 1.0, 4 * 3600.0))))
    with pytest.raises(DataFileError, match="hole from"):
        trajectory_from_oem(read_oem(path), EPOCH, EPOCH + 2 * DAY)
    path = write(HEAD + message(rows(np.array([0.0, DAY, 2 * DAY]))))
    with pytest.raises(DataFileError, match="hole from"):
        trajectory_from_oem(read_oem(path), EPOCH, EPOCH + 2 * DAY)
    path = write(HEAD + message(rows(np.array([0.0, 2 * DAY]))))
    with pytest.raises(DataFileError, match="hole from"):
        trajectory_from_oem(read_oem(path), EPOCH, EPOCH + 2 * DAY)


def test_spacing_that_varies_is_no_hole(write):
    """Steps that grow after a restart, follow the orbit, and are broken by rows for events."""
    growing = np.concatenate(([0.0], np.cumsum(np.minimum(4.0 ** np.minimum(np.arange(1000), 9), 240.0))))
    growing = growing[growing <= 2 * DAY]
    events = np.array([1000.5, 5003.0, 5126.0, 90000.7])
    times = np.unique(np.concatenate((growing, events, [2 * DAY])))
    assert worst_km(write(HEAD + message(rows(times)))) < 2e-3
    path = write(format_oem(flight(), "relay"))
    assert worst_km(path) < 1e-3


def test_before_and_after_the_table(write):
    path = write(HEAD + message(rows(GRID)))
    for start, stop in ((-600.0, DAY), (0.0, 2.5 * DAY)):
        with pytest.raises(DataFileError, match="has a hole from"):
            trajectory_from_oem(read_oem(path), EPOCH + start, EPOCH + stop)
    extra = f"USEABLE_STOP_TIME = {format_epochs([EPOCH + DAY], 'TDB', 6)[0]}"
    path = write(HEAD + message(rows(GRID), extra=extra))
    with pytest.raises(DataFileError, match=r"has a hole from 2027-11-26T00:00:00\.000 to"):
        trajectory_from_oem(read_oem(path), EPOCH, EPOCH + 2 * DAY)


def test_a_manoeuvre_between_segments_is_followed(write):
    """Two ellipses of the two-body problem with 50 m/s between them, each known at any time."""
    period, burn = 2 * np.pi * np.sqrt(6143.0**3 / GM), 20.0 * 3600.0
    before = KeplerianElements(*np.array([6143.0, 0.6, 1.2, 0.3, 1.5, 0.0]))

    def coast(orbit, elapsed):
        rate = np.sqrt(GM / orbit.semi_major_axis_km**3)
        nu = anomalies.mean_to_true(orbit.mean_anomaly_rad + rate * elapsed, orbit.eccentricity)
        return elements.to_state(replace(orbit, true_anomaly_rad=nu), GM)

    kicked = coast(before, burn)
    kicked[3:] *= 1.0 + 0.05 / np.linalg.norm(kicked[3:])
    after = elements.from_state(kicked, GM)

    def states(elapsed):
        return np.where(elapsed < burn, coast(before, elapsed), coast(after, elapsed - burn))

    def lines(elapsed, table):
        epochs = format_epochs(EPOCH + elapsed, "TDB", 6)
        return [f"{t} " + " ".join(f"{v:.12e}" for v in x) for t, x in zip(epochs, table.T, strict=True)]

    first, second = np.arange(0.0, burn + 1.0, 60.0), np.arange(burn, burn + period, 60.0)
    path = write(
        HEAD
        + message(lines(first, coast(before, first)))
        + message(lines(second, coast(after, second - burn)))
    )
    trajectory = trajectory_from_oem(read_oem(path), EPOCH, EPOCH + second[-1])
    elapsed = np.concatenate((np.linspace(0.0, second[-1], 3000), burn + np.linspace(-3.0, 3.0, 601)))
    found, expected = trajectory.at(elapsed)[:, 0], states(elapsed)
    assert np.linalg.norm(found[:3] - expected[:3], axis=0).max() < 1e-3
    clear = abs(elapsed - burn) > 0.2
    assert np.linalg.norm(found[3:, clear] - expected[3:, clear], axis=0).max() < 1e-5


def test_segments_that_do_not_meet_are_refused(write):
    fields = [line.split() for line in rows(GRID[GRID >= DAY])]
    moved = [" ".join([f[0], f"{float(f[1]) + 2.0:.12e}", *f[2:]]) for f in fields]
    path = write(HEAD + message(rows(GRID[GRID <= DAY])) + message(moved))
    with pytest.raises(DataFileError, match=r"segments 2 km apart at 2027-11-26T00:00:00\.000 UTC"):
        trajectory_from_oem(read_oem(path), EPOCH, EPOCH + 2 * DAY)


GOOD = HEAD + message(rows(GRID[:20]))


def damaged(pattern: str, replacement: str) -> str:
    text, count = re.subn(pattern, replacement, GOOD, count=1)
    assert count == 1
    return text


DATA_LINE = GOOD.splitlines().index("META_STOP") + 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hello", "no CCSDS_OEM_VERS"),
        ('<?xml version="1.0"?><oem/>', "an XML or HTML file; .*convert it to key-value notation"),
        (b"\xff\xfe\x00\x01CCSDS", "bytes that are not text"),
        ("", "an empty file"),
        (HEAD, "the end of the file; expected META_START"),
        (damaged("VERS = 2.0", "VERS = 9.0"), ":1: found OEM version '9.0'; expected 1.0, 2.0 or 3.0"),
        (
            damaged("ORIGINATOR = TEST", "ORIGINATOR TEST"),
            ":3: found 'ORIGINATOR TEST'; expected KEY = value",
        ),
        (damaged("ORIGINATOR", "ORIGINATR"), ":3: found the key ORIGINATR"),
        (damaged("CENTER_NAME = MOON\n", ""), ":5: found metadata without CENTER_NAME"),
        (damaged("= MOON", "= PHOBOS"), "found CENTER_NAME PHOBOS; expected one of "),
        (damaged("= ICRF", "= ITRF2000"), "found REF_FRAME ITRF2000; expected one of ICRF"),
        (damaged("= TDB", "= GPS"), "found TIME_SYSTEM GPS; expected one of UTC, TAI, TT, TDB"),
        (damaged("DEGREE = 7", "DEGREE = 99"), "found INTERPOLATION_DEGREE 99"),
        (damaged("= HERMITE", "= SPLINE"), "found INTERPOLATION SPLINE"),
        (damaged("OBJECT_ID", "OBJECT_NAME"), ":7: found OBJECT_NAME for the second time"),
        (damaged(r"META_STOP[^$]*", ""), "found the end of the file; expected META_STOP"),
        (damaged(r"META_STOP[^$]*", "META_STOP\n"), "found a segment without states"),
        (damaged(r"META_STOP\n(\S+)", r"META_STOP\n\1 1.0"), f":{DATA_LINE}: found 8 fields"),
        (
            damaged(r"META_STOP\n(\S+) \S+", r"META_STOP\n\1 12a4"),
            f":{DATA_LINE}: found '2027-.*expected an epoch and 6",
        ),
        (
            damaged(r"META_STOP\n(\S+) \S+", r"META_STOP\n\1 nan"),
            f":{DATA_LINE}: found a state that is not finite",
        ),
        (damaged(r"META_STOP\n\S+", r"META_STOP\n2027-13-01T00:00:00"), "2027-13-01"),
        (
            damaged(r"META_STOP\n\S+", r"META_STOP\n2027-11-25T25:00:00"),
            f":{DATA_LINE}: found the epoch '2027-11-25T25",
        ),
        (
            damaged(r"META_STOP\n\S+", r"META_STOP\n2030-11-25T00:00:00"),
            f":{DATA_LINE + 1}: found an epoch not after",
        ),
        (damaged(r"META_STOP\n\S+", r"META_STOP\nyesterday"), f":{DATA_LINE}: found the epoch 'yesterday'"),
    ],
)
def test_damage_is_named_with_its_line(write, text, found):
    with pytest.raises(DataFileError, match=found):
        read_oem(write(text))


def test_no_file(tmp_path):
    with pytest.raises(DataFileError, match="no such file"):
        read_oem(tmp_path / "absent.oem")
    with pytest.raises(DataFileError, match="a folder"):
        read_oem(tmp_path)


def test_no_prefix_of_a_file_crashes(write):
    """A file cut anywhere is read or refused, never anything else."""
    text = GOOD.encode()
    for length in range(1, len(text), 37):
        path = write(text[:length])
        try:
            read_oem(path)
        except DataFileError:
            continue
