"""Direct transfers and free returns: what is asked is met, batches, and messages.

Comparisons with other programs are in `tests/truth/test_direct_transfers.py`.
"""

import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.errors import InputError
from cislunar.orbits.frames import frame_to_icrf
from cislunar.propagation import ForceModel, Periapsis, propagate_transfer
from cislunar.transfers.bplane import b_plane
from cislunar.transfers.direct import direct_transfers, point_masses
from cislunar.transfers.direct_search import Search
from cislunar.transfers.free_return import free_returns
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.targeting import ArrivalTarget

DAY = 86400.0
START = 27.8 * 365.25 * DAY
MOON = 4902.800118
PARKING = ParkingOrbit(185.0, np.radians(28.5), "ascending")
POLAR = ArrivalTarget(100.0, np.radians(90.0), "north")


@pytest.fixture(scope="module")
def environment():
    return Environment.default()


@pytest.fixture(scope="module")
def month(environment):
    departure, days = np.meshgrid(START + np.arange(0.0, 28.0, 2.0) * DAY, np.linspace(2.5, 6.0, 8))
    return direct_transfers(departure.ravel(), days.ravel() * DAY, PARKING, POLAR, environment)


def test_all_of_a_month_converge(month):
    assert month.converged.all()
    assert set(month.message) == {""}
    assert (month.deep_space_km_s == 0.0).all()


def test_columns_belong_together(month):
    earth = 398600.435507
    r = np.sqrt((month.departure_state[:3] ** 2).sum(axis=0))
    v = np.sqrt((month.departure_state[3:] ** 2).sum(axis=0))
    np.testing.assert_allclose(month.injection_km_s, v - np.sqrt(earth / r), rtol=1e-12)
    np.testing.assert_allclose(month.c3_km2_s2, v * v - 2.0 * earth / r, rtol=1e-9)
    # The impulse is along the velocity of the circle.
    along = (month.departure_state[:3] * month.departure_state[3:]).sum(axis=0) / r
    assert np.abs(along).max() < 1e-6
    speed = np.sqrt((month.arrival_state[3:] ** 2).sum(axis=0))
    np.testing.assert_allclose(month.v_infinity_km_s**2, speed**2 - 2.0 * MOON / 1837.4, rtol=1e-6)


def test_farthest_distance_of_fast_and_slow(month, environment):
    """A fast transfer is farthest from the Earth near the Moon, a slow one at its apogee before it."""
    moon = environment.ephemeris.position("moon", "earth", month.arrival_tdb)
    distance = np.sqrt((moon**2).sum(axis=0))
    assert (month.farthest_km > distance - 1900.0).all()
    fast = month.time_of_flight_s < 3.5 * DAY
    assert (month.farthest_km[fast] < distance[fast] + 12_000.0).all()


def test_one_is_as_in_the_batch(month, environment):
    i = 37
    one = direct_transfers(
        month.departure_tdb[i], month.time_of_flight_s[i], PARKING, POLAR, environment, threads=1
    )
    np.testing.assert_allclose(one.injection_km_s, month.injection_km_s[[i]], rtol=1e-9)
    np.testing.assert_allclose(one.arrival_state[:, 0], month.arrival_state[:, i], rtol=1e-7)


def test_cheaper_is_the_cheapest_of_four(environment):
    departure = START + np.array([1.0, 9.0, 20.0]) * DAY
    best = direct_transfers(
        departure, 4.0 * DAY, ParkingOrbit(185.0, np.radians(28.5)), ArrivalTarget(100.0, 1.2), environment
    )
    costs = []
    for heading in ("ascending", "descending"):
        for branch in ("north", "south"):
            one = direct_transfers(
                departure,
                4.0 * DAY,
                ParkingOrbit(185.0, np.radians(28.5), heading),
                ArrivalTarget(100.0, 1.2, branch),
                environment,
            )
            costs.append(one.injection_km_s + np.sqrt((one.arrival_state[3:] ** 2).sum(axis=0)))
    found = best.injection_km_s + np.sqrt((best.arrival_state[3:] ** 2).sum(axis=0))
    np.testing.assert_allclose(found, np.min(costs, axis=0), rtol=1e-9)
    assert np.ptp(costs, axis=0).max() > 1e-3


def test_b_plane_angle_is_met(environment):
    target = ArrivalTarget(250.0, bplane_angle_rad=-2.0, frame="moon-op")
    found = direct_transfers(START + np.arange(3.0) * DAY, 4.5 * DAY, PARKING, target, environment)
    assert found.converged.all()
    aim = b_plane(found.arrival_state, MOON, found.arrival_tdb, "moon-op", environment)
    np.testing.assert_allclose(aim.angle_rad, -2.0, atol=1e-9)
    np.testing.assert_allclose(aim.v_infinity_km_s, found.v_infinity_km_s, rtol=1e-5)


def test_b_plane_of_a_hyperbola_built_from_its_asymptote(environment):
    """Aim point and asymptote of a state far out on the incoming branch, nearly a straight line."""
    pole = frame_to_icrf("moon-me", np.array([START]), environment)[:, 2, 0]
    direction = np.array([0.6, -0.8, 0.0])
    t_axis = np.cross(direction, pole) / np.linalg.norm(np.cross(direction, pole))
    r_axis = np.cross(direction, t_axis)
    state = np.concatenate([-1e9 * direction + 4000.0 * t_axis - 3000.0 * r_axis, 1.0 * direction])
    aim = b_plane(state, 1e-3, START, "moon-me", environment)
    assert aim.b_t_km[0] == pytest.approx(4000.0, rel=1e-4)
    assert aim.b_r_km[0] == pytest.approx(-3000.0, rel=1e-4)
    assert aim.b_km[0] == pytest.approx(5000.0, rel=1e-4)
    np.testing.assert_allclose(aim.asymptote[:, 0], direction, atol=1e-8)
    assert aim.declination_rad[0] == pytest.approx(np.arcsin(direction @ pole), abs=1e-8)
    with pytest.raises(InputError, match="arrival 0 is no hyperbola: its energy is -"):
        b_plane([2000.0, 0, 0, 0, 1.0, 0], MOON, START)


def test_gravity_fields_of_both_ends(environment):
    """With the Earth's and the Moon's fields the transfer flown forward meets the periapsis too."""
    outer = ForceModel(center="earth", gravity="egm2008", degree=4, bodies=("moon", "sun"))
    inner = ForceModel(center="moon", degree=8, bodies=("earth", "sun"))
    departure = START + np.array([0.0, 10.0]) * DAY
    found = direct_transfers(departure, 4.0 * DAY, PARKING, POLAR, environment, outer=outer, inner=inner)
    plain = direct_transfers(departure, 4.0 * DAY, PARKING, POLAR, environment)
    assert found.converged.all()
    flight = propagate_transfer(
        found.departure_state,
        departure,
        4.0 * DAY + 600.0,
        outer,
        inner,
        rtol=1e-12,
        events=(Periapsis(body="moon"),),
    )
    rows = flight.events.named("periapsis")
    late = rows[np.abs(rows["elapsed"] - 4.0 * DAY) < 60.0]
    assert late["trajectory"].tolist() == [0, 1]
    moon = environment.ephemeris.position("moon", "earth", late["tdb"])
    radius = np.linalg.norm(late["state"][:, :3].T - moon, axis=0)
    np.testing.assert_allclose(radius, 1837.4, atol=0.1)
    # The trap: transfers corrected without the fields leave by another injection.
    assert np.abs(found.injection_km_s - plain.injection_km_s).min() > 1e-4


def test_parking_plane_that_does_not_lead_to_the_moon(environment):
    found = direct_transfers(
        START + np.arange(0.0, 28.0) * DAY,
        4.0 * DAY,
        ParkingOrbit(185.0, np.radians(15.0)),
        POLAR,
        environment,
    )
    assert 0.1 < found.converged.mean() < 0.9
    texts = [text for text in found.message if text]
    assert len(texts) == (~found.converged).sum()
    assert all(
        "from the Earth's equator at arrival" in text and "inclined 15.0 deg" in text for text in texts
    )


def test_inclination_below_the_asymptote(environment):
    target = ArrivalTarget(100.0, np.radians(2.0), "north")
    found = direct_transfers(START + np.arange(0.0, 28.0) * DAY, 4.0 * DAY, PARKING, target, environment)
    texts = [text for text in found.message if text]
    assert texts
    assert all("the arrival's asymptote is about" in text and "asked for 2.0 deg" in text for text in texts)


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (-3.0, "transfer 0 arrives 3 d before its departure"),
        (1.0, r"transfer 0 is 1\.000 d; direct transfers take 2\.4 to 7 d"),
        (90.0, r"90\.000 d; direct transfers take"),
        (np.nan, "finite epochs and flight times"),
    ],
)
def test_bad_flight_times(days, text, environment):
    with pytest.raises(InputError, match=text):
        direct_transfers(START, days * DAY, PARKING, POLAR, environment)


def test_bad_shapes_and_targets(environment):
    with pytest.raises(InputError, match=r"one flight time for each departure; got shapes \(2,\) and \(3,\)"):
        direct_transfers(np.full(2, START), np.full(3, 4.0 * DAY), PARKING, POLAR, environment)
    with pytest.raises(InputError, match="inclination or a B-plane angle, one of the two"):
        ArrivalTarget(100.0)
    with pytest.raises(InputError, match=r"inclination of 0 to pi rad; got 90\.0"):
        ArrivalTarget(100.0, 90.0)
    with pytest.raises(InputError, match="branch: expected one of north, south, cheaper; got 'east'"):
        ArrivalTarget(100.0, 1.0, "east")
    with pytest.raises(InputError, match="did you mean 'moon-me'"):
        ArrivalTarget(100.0, 1.0, frame="moon-mee")
    with pytest.raises(InputError, match=r"periapsis altitude of 0 to 50000 km .*; got -5 km"):
        ArrivalTarget(-5, 1.0)


def test_free_returns_come_back(environment):
    """Flown on without a burn at the Moon they pass the Earth at 60 km, after a figure of eight."""
    target = ArrivalTarget(200.0, bplane_angle_rad=np.pi, frame="moon-op")
    departure = START + np.array([0.0, 8.0, 16.0]) * DAY
    found = free_returns(departure, PARKING, target, environment, return_altitude_km=60.0)
    assert found.transfers.converged.all()
    forces = ForceModel(center="earth", gravity=None, bodies=("moon", "sun"))
    inner = ForceModel(center="moon", gravity=None, bodies=("earth", "sun"))
    flight = propagate_transfer(
        found.transfers.departure_state,
        departure,
        found.return_tdb - departure + 60.0,
        forces,
        inner,
        rtol=1e-12,
        events=(Periapsis(body="earth"), Periapsis(body="moon")),
    )
    rows = flight.events.rows
    for i in range(3):
        mine = rows[(rows["trajectory"] == i) & (rows["elapsed"] > DAY)]
        last = mine[-1]
        assert np.linalg.norm(last["state"][:3]) - 6378.137 == pytest.approx(60.0, abs=0.5)
        assert last["tdb"] == pytest.approx(found.return_tdb[i], abs=5.0)
    np.testing.assert_allclose(found.return_altitude_km, 60.0, atol=0.1)
    assert (found.transfers.time_of_flight_s < 3.5 * DAY).all()


def test_free_return_that_misses_says_how_low_it_comes(environment):
    target = ArrivalTarget(200.0, np.radians(90.0), "north")
    found = free_returns(START, PARKING, target, environment)
    assert not found.transfers.converged.any()
    assert "the lowest perigee on the way back is" in found.transfers.message[0]
    with pytest.raises(InputError, match="expected a heading"):
        free_returns(START, ParkingOrbit(185.0, 0.5), target, environment)
    with pytest.raises(InputError, match="and a branch"):
        free_returns(START, PARKING, ArrivalTarget(200.0, np.radians(90.0)), environment)
    with pytest.raises(InputError, match="return altitude of 0 to 5000 km; got -3 km"):
        free_returns(START, PARKING, target, environment, return_altitude_km=-3)


def test_arrivals_without_a_state_are_marked_not_raised(environment):
    """A slope that leads a member out of the hyperbolas of a B-plane angle spoils no other."""
    departure = START + np.array([0.0, 5.0]) * DAY
    found = Search(
        departure,
        np.full(2, 4.0 * DAY),
        np.ones(2, dtype=bool),
        np.ones(2, dtype=bool),
        PARKING,
        ArrivalTarget(100.0, bplane_angle_rad=1.0),
        environment,
        point_masses(environment),
        None,
        1,
    )
    numbers = found.guess()[0]
    numbers[2, 0] = 1.5
    errors, slopes = found.flights.derivatives(numbers, np.arange(2))
    assert np.isnan(errors[:, 0]).all()
    assert np.isfinite(errors[:, 1]).all()
    assert np.isfinite(slopes[:, :, 1]).all()
