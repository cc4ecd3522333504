"""Low-energy transfers closed onto a parking orbit: conditions met, flown forward, grouped, drawn.

The conditions are checked on the departure and arrival states with formulas of their own; the Earth's pole of
date comes from ERFA's IAU 2006/2000A precession and nutation.
"""

import warnings

import erfa
import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.environment.earth import EarthOrientationWarning
from cislunar.errors import InputError
from cislunar.orbits.frames import frame_to_icrf
from cislunar.propagation import ForceModel
from cislunar.report.figures.ballistic import ballistic_map
from cislunar.report.style import title_of
from cislunar.time import parse_epoch
from cislunar.transfers.ballistic import search
from cislunar.transfers.ballistic_closure import close
from cislunar.transfers.ballistic_transfers import BallisticTransfers, ballistic_transfers
from cislunar.transfers.families import ALL, best_per_month, family_map, family_numbers, family_summary
from cislunar.transfers.lunar_arrival import LunarArrival
from cislunar.transfers.parking import ParkingOrbit

DAY = 86400.0
START = parse_epoch("2028-01-08T00:00:00 UTC")
PARKING = ParkingOrbit(185.0, np.radians(28.5))
RADIUS = 6378.137 + 185.0
GM_EARTH = 3.9860043550702266e05


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment.default()


@pytest.fixture(scope="module")
def candidates(environment):
    polar = LunarArrival(100.0, np.radians(90.0))
    return search(START, START + 10.0 * DAY, polar, environment, count=20_000, perigee_km=15_000.0)


@pytest.fixture(scope="module")
def batch(candidates, environment) -> BallisticTransfers:
    return ballistic_transfers(candidates, PARKING, environment)


def poles_of_date(tdb: np.ndarray) -> np.ndarray:
    """Third rows of the matrices from GCRS to the true equator of date, shape (3, n)."""
    matrices = erfa.pnm06a(2451545.0, tdb / DAY)
    return np.moveaxis(matrices, 0, 2)[2]


def test_many_candidates_close(batch, candidates):
    assert len(batch) > 0.3 * len(candidates) > 10
    assert batch.transfers.converged.all()
    assert set(batch.transfers.message) == {""}


def test_departures_are_perigees_on_the_parking_orbit(batch):
    position, velocity = batch.transfers.departure_state[:3], batch.transfers.departure_state[3:]
    radius = np.linalg.norm(position, axis=0)
    speed = np.linalg.norm(velocity, axis=0)
    np.testing.assert_allclose(radius, RADIUS, atol=2e-3)
    assert np.abs((position * velocity).sum(axis=0) / radius / speed).max() < 1e-5
    np.testing.assert_allclose(batch.transfers.injection_km_s, speed - np.sqrt(GM_EARTH / radius), atol=1e-9)
    np.testing.assert_allclose(batch.transfers.c3_km2_s2, speed**2 - 2 * GM_EARTH / radius, atol=1e-9)
    assert (batch.transfers.deep_space_km_s == 0.0).all()


def test_arrivals_are_the_periapses_asked_for(batch, environment):
    whole = batch.transfers
    position, velocity = whole.arrival_state[:3], whole.arrival_state[3:]
    np.testing.assert_allclose(np.linalg.norm(position, axis=0), 1837.4, atol=0.1)
    normal = np.cross(position, velocity, axis=0)
    normal /= np.linalg.norm(normal, axis=0)
    pole = frame_to_icrf("moon-me", whole.arrival_tdb, environment)[:, 2]
    assert np.abs((normal * pole).sum(axis=0)).max() < 1e-4  # polar
    along = (position * velocity).sum(axis=0) / np.linalg.norm(position, axis=0)
    assert np.abs(along).max() < 1e-6


def test_transfers_are_ranked_and_selected_by_capture(batch):
    assert (np.diff(batch.capture_km_s) >= 0.0).all()
    first = batch.select(np.arange(3))
    assert len(first) == 3
    np.testing.assert_array_equal(first.capture_km_s, batch.capture_km_s[:3])
    np.testing.assert_allclose(
        batch.total_km_s, batch.transfers.injection_km_s + batch.capture_km_s, rtol=1e-15
    )


def test_parking_inclination_is_met_when_asked_for(candidates, environment):
    near = np.argsort(np.abs(candidates.inclination_rad - PARKING.inclination_rad))[:40]
    matched = ballistic_transfers(
        candidates.select(np.sort(near)), PARKING, environment, match_inclination=True
    )
    assert len(matched) >= 8
    state = matched.transfers.departure_state
    normal = np.cross(state[:3], state[3:], axis=0)
    normal /= np.linalg.norm(normal, axis=0)
    tilt = np.arccos((normal * poles_of_date(matched.transfers.departure_tdb)).sum(axis=0))
    np.testing.assert_allclose(np.degrees(tilt), 28.5, atol=1e-3)


def test_transfers_can_be_closed_with_the_oblate_earth(candidates, environment):
    outer = ForceModel("earth", gravity="egm2008", degree=2, bodies=("moon", "sun"))
    inner = ForceModel("moon", degree=8, bodies=("earth", "sun"))
    low = candidates.select(np.argsort(candidates.perigee_radius_km)[:12])
    round_earth = close(low, PARKING, environment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EarthOrientationWarning)  # the Earth's rotation of 2028 is predicted
        oblate = ballistic_transfers(low, PARKING, environment, models=(outer, inner))
    assert len(oblate) >= 0.7 * round_earth.converged.sum() > 2
    np.testing.assert_allclose(
        np.linalg.norm(oblate.transfers.departure_state[:3], axis=0), RADIUS, atol=2e-3
    )
    assert np.abs(oblate.altitude_miss_km).max() < 0.1


def test_transfer_alone_is_that_of_the_batch_regression_anchor(candidates, environment):
    some = candidates.select(np.arange(6))
    together = close(some, PARKING, environment)
    for i in range(6):
        alone = close(some.select(np.array([i])), PARKING, environment)
        np.testing.assert_array_equal(alone.converged[0], together.converged[i])
        np.testing.assert_allclose(alone.parameters[:, 0], together.parameters[:, i], rtol=1e-9, atol=1e-12)


def test_those_that_cannot_be_closed_say_why(candidates, environment):
    result = close(candidates.select(np.arange(0, len(candidates), 4)), PARKING, environment)
    assert not result.converged.all()
    for good, text in zip(result.converged, result.message, strict=True):
        assert (text == "") == good
    reasons = " ".join(result.message)
    assert "no correction brings it nearer to the parking orbit" in reasons


def test_arrival_with_nothing_free_is_refused(candidates, environment):
    fixed = LunarArrival(100.0, 1.5, node_rad=(1.0, 1.0), argument_rad=(2.0, 2.0), c3_km2_s2=(0.0, 0.1))
    few = search(START, START + DAY, fixed, environment, count=10)
    with pytest.raises(InputError, match=r"2 condition\(s\) at the parking orbit, and 1 free parameter"):
        close(few, PARKING, environment, match_inclination=True)


def test_ranges_of_the_arrival_are_kept(environment):
    slow = LunarArrival(100.0, np.radians(90.0), c3_km2_s2=(0.0, 0.02))
    found = search(START, START + 4.0 * DAY, slow, environment, count=10_000, perigee_km=15_000.0)
    result = close(found, PARKING, environment)
    assert result.converged.any()
    c3 = result.parameters[2]
    assert ((c3 >= 0.0) & (c3 <= 0.02)).all()


def test_farthest_points_lie_where_the_tide_lifts_the_perigee(batch):
    """Second and fourth quadrant of the frame that turns with the Sun (Yamakawa 1992; Parker 2013)."""
    angle = batch.sun_angle_rad[~batch.lunar_flyby]
    assert (np.sin(2.0 * angle) < 0.0).mean() > 0.95


def test_families_group_by_side_flyby_and_branch(batch, environment):
    numbers = family_numbers(batch)
    assert [ALL.index(kind) for kind in ALL] == list(range(8))
    position = batch.transfers.arrival_state[:3]
    pole = frame_to_icrf("moon-me", batch.transfers.arrival_tdb, environment)[:, 2]
    north = (position * pole).sum(axis=0) > 0.0
    for number, is_north, flyby, angle in zip(
        numbers, north, batch.lunar_flyby, batch.sun_angle_rad, strict=True
    ):
        family = ALL[number]
        assert (family.north, family.lunar_flyby) == (is_north, flyby)
        assert family.towards_sun == (np.cos(angle) < 0.0)
    table = family_map(batch)
    assert {len(column) for column in table.values()} == {len(batch)}
    rows = family_summary(batch)
    assert sum(int(row["count"]) for row in rows) == len(batch)
    assert min(float(row["capture_km_s"]) for row in rows) == batch.capture_km_s[0]
    months = best_per_month(batch)
    assert months["count"].sum() == len(batch)
    np.testing.assert_array_equal(months["capture_km_s"], batch.capture_km_s[months["number"]])


def test_map_shows_every_family_and_says_the_saving(batch):
    import matplotlib

    before = dict(matplotlib.rcParams)
    figure = ballistic_map(batch, direct_capture_km_s=0.827)
    assert dict(matplotlib.rcParams) == before
    best = 1e3 * batch.capture_km_s[0]
    assert f"{len(batch)} low-energy transfers: capture from {best:.0f} m/s" in title_of(figure)
    assert f"{827.0 - best:.0f} m/s less than direct" in title_of(figure)
    assert [axes.get_ylabel() for axes in figure.axes] == ["capture (m/s)", "injection (m/s)"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(labels) == len(family_summary(batch))
    drawn = sum(len(collection.get_offsets()) for collection in figure.axes[0].collections)
    assert drawn == len(batch)
