"""Arrivals at the Moon and the backward search: closed forms, geometry, and messages.

Capture costs are two-body closed forms with GM 4902.8 km^3/s^2: from a parabola into a 100 km circle
(sqrt(2) - 1) sqrt(GM / r) = 676.6 m/s, from v-infinity 0.2 km/s 685.3 m/s, into 70 x 5,800 km 237.3 m/s.
"""

import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.errors import EpochRangeError, InputError
from cislunar.orbits.elements import from_state
from cislunar.orbits.frames import frame_to_icrf, rotate_state
from cislunar.propagation import Apoapsis, ForceModel, Periapsis, propagate_transfer
from cislunar.time import parse_epoch
from cislunar.transfers.ballistic import Candidates, search, spread
from cislunar.transfers.lunar_arrival import LunarArrival

GM = 4902.8
DAY = 86400.0
START = parse_epoch("2028-01-01T00:00:00 UTC")
POLAR = LunarArrival(100.0, np.radians(90.0))


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment.default()


@pytest.fixture(scope="module")
def found(environment) -> Candidates:
    return search(START, START + 15.0 * DAY, POLAR, environment, count=12_000)


def test_arrival_is_a_periapsis_of_the_elements_asked_for(environment):
    parameters = np.array([[0.3, 5.0], [1.2, 4.0], [0.09, -0.1], [0.7, 2.2]])
    tdb = START + np.array([0.0, 1e6])
    state, _ = LunarArrival(250.0).states(parameters, tdb, GM, environment)
    elements = from_state(
        rotate_state(np.swapaxes(frame_to_icrf("moon-me", tdb, environment), 0, 1), state), GM
    )
    np.testing.assert_allclose(elements.periapsis_radius_km, 1987.4, rtol=1e-12)
    np.testing.assert_allclose(np.cos(elements.true_anomaly_rad), 1.0, atol=1e-12)
    np.testing.assert_allclose(-GM / elements.semi_major_axis_km, parameters[2], rtol=1e-9)
    np.testing.assert_allclose(elements.raan_rad, parameters[0], rtol=1e-9)
    np.testing.assert_allclose(elements.argument_of_periapsis_rad, parameters[1], rtol=1e-9)
    np.testing.assert_allclose(elements.inclination_rad, parameters[3], rtol=1e-9)


def test_derivative_of_arrivals_is_that_of_differences(environment):
    parameters = np.array([[0.3], [1.2], [0.09], [0.7]])
    tdb = np.array([START])
    _, slopes = POLAR.states(parameters, tdb, GM, environment)
    for k in range(4):
        step = np.zeros((4, 1))
        step[k] = 1e-5
        above, _ = POLAR.states(parameters + step, tdb, GM, environment)
        below, _ = POLAR.states(parameters - step, tdb, GM, environment)
        np.testing.assert_allclose(slopes[:, k], (above - below) / 2e-5, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize(
    ("arrival", "v_infinity", "metres_s"),
    [
        (LunarArrival(100.0), 0.0, 676.6),
        (LunarArrival(100.0), 0.2, 685.3),
        (LunarArrival(70.0, apoapsis_altitude_km=5800.0), 0.0, 237.3),
    ],
)
def test_capture_cost_is_the_closed_form(arrival, v_infinity, metres_s):
    assert 1e3 * float(arrival.capture_km_s(np.array(v_infinity**2), GM)) == pytest.approx(metres_s, abs=0.3)


def test_orientations_without_an_inclination_are_even_over_the_sphere():
    values = LunarArrival(100.0).parameters(spread(0, 20_000, 4))
    cosines = np.histogram(np.cos(values[3]), bins=10, range=(-1, 1))[0]
    assert np.abs(cosines / 2000.0 - 1.0).max() < 0.02


def test_spread_is_even_in_every_pair_of_dimensions():
    unit = spread(0, 10_000, 5)
    np.testing.assert_array_equal(unit[:, 7000:], spread(7000, 3000, 5))
    for i in range(5):
        for j in range(i):
            cells = np.histogram2d(unit[i], unit[j], bins=10, range=[(0, 1), (0, 1)])[0]
            assert np.abs(cells / 100.0 - 1.0).max() < 0.35  # random numbers: 0.4 on average


def test_candidates_lie_within_what_was_asked(found):
    assert len(found) > 50
    assert ((found.time_of_flight_s >= 60.0 * DAY) & (found.time_of_flight_s <= 160.0 * DAY)).all()
    assert ((found.farthest_km > 8e5) & (found.farthest_km < 1.7e6)).all()
    assert (found.perigee_radius_km < 60_000.0).all()
    assert (np.diff(found.arrival_tdb) >= 0.0).all()
    table = found.table()
    assert {value.shape for value in table.values()} == {(len(found),)}
    np.testing.assert_array_equal(table["arrival_c3_km2_s2"], found.parameters[2])


def test_candidates_fly_in_one_piece_as_in_legs_regression_anchor(found, environment):
    """The legs of the search against one flight with events, in the same package."""
    some = found.select(np.arange(0, len(found), 8))
    moon = ForceModel("moon", gravity=None, bodies=("earth", "sun"))
    earth = ForceModel("earth", gravity=None, bodies=("moon", "sun"))
    state, _ = POLAR.states(some.parameters, some.arrival_tdb, moon.gm["moon"], environment)
    flight = propagate_transfer(
        state,
        some.arrival_tdb,
        -some.time_of_flight_s - 600.0,
        earth,
        moon,
        center="moon",
        events=(
            Periapsis(body="earth", name="perigee"),
            Apoapsis(body="earth", name="apogee"),
            Periapsis(body="moon", name="approach"),
        ),
        on_error="status",
    )
    checked = 0
    for i in range(len(some)):
        rows = flight.events.of(i)
        perigee, apogee, approach = (rows[rows["event"] == k] for k in range(3))
        near = perigee[np.abs(perigee["tdb"] - some.departure_tdb[i]) < 300.0]
        if not near.size or some.outward_moon_km[i] < 30_000.0:
            continue  # close flybys magnify the tolerance of the search
        checked += 1

        def away(row: np.ndarray, body: str) -> float:
            return float(
                np.linalg.norm(row["state"][:3] + environment.ephemeris.position("moon", body, row["tdb"]))
            )

        assert away(near[-1], "earth") == pytest.approx(some.perigee_radius_km[i], abs=5.0)
        highest = max(away(row, "earth") for row in apogee)
        assert highest == pytest.approx(some.farthest_km[i], abs=20.0)
        far_tdb = max(apogee, key=lambda row: away(row, "earth"))["tdb"]
        outward = approach[approach["tdb"] < far_tdb - DAY]
        closest = min((np.linalg.norm(row["state"][:3]) for row in outward), default=np.inf)
        if closest < 250_000.0:  # beyond, the least distance is that at the perigee itself
            assert closest == pytest.approx(some.outward_moon_km[i], rel=0.01)
    assert checked > 0.6 * len(some)


def test_search_does_not_depend_on_threads_regression_anchor(environment):
    one, two = (
        search(START, START + DAY, POLAR, environment, count=1500, threads=threads) for threads in (1, 2)
    )
    np.testing.assert_array_equal(one.departure_tdb, two.departure_tdb)
    np.testing.assert_array_equal(one.farthest_km, two.farthest_km)


def test_larger_count_begins_with_the_smaller_regression_anchor(environment):
    few, more = (search(START, START + DAY, POLAR, environment, count=count) for count in (1000, 2000))
    assert np.isin(few.arrival_tdb, more.arrival_tdb).all()
    assert len(more) > len(few)


def test_nothing_found_is_an_empty_table(environment):
    narrow = LunarArrival(100.0, 1.5, c3_km2_s2=(0.9, 1.0))
    nothing = search(START, START + DAY, narrow, environment, count=20)
    assert len(nothing) == 0
    assert nothing.table()["capture_km_s"].shape == (0,)


def test_progress_is_told(environment):
    told = []
    search(START, START + DAY, POLAR, environment, count=100, progress=lambda *numbers: told.append(numbers))
    assert told[-1][:2] == (100, 100)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"start_tdb": START + 2 * DAY},
            "expected arrivals between two epochs, the earlier first; got 2028-01",
        ),
        ({"count": 0}, "expected a count of 1 or more; got 0"),
        ({"time_of_flight_s": (160 * DAY, 60 * DAY)}, "the shorter first; got 160 to 60 days"),
        ({"farthest_km": (3e5, 1e6)}, "from 500,000 km, beyond the Moon's reach"),
        ({"perigee_km": 100.0}, "a perigee radius of more than 6500 km; got 100 km"),
    ],
)
def test_bad_searches_say_what_is_wrong(environment, change, text):
    given = {"start_tdb": START, "end_tdb": START + DAY, "count": 10, **change}
    with pytest.raises(InputError, match=text):
        search(arrival=POLAR, environment=environment, **given)


def test_search_outside_the_ephemeris_names_the_span(environment):
    start = environment.ephemeris.span_tdb[0]
    with pytest.raises(EpochRangeError, match="ballistic search"):
        search(start, start + DAY, POLAR, environment, count=10)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"periapsis_altitude_km": -3.0}, "periapsis altitude of 0 to 50,000 km above 1737.4 km; got -3.0"),
        ({"inclination_rad": 90.0}, "expected an inclination of 0 to pi; got 90.0"),
        ({"apoapsis_altitude_km": 50.0}, "an apoapsis at or above the periapsis of 100.0 km; got 50.0 km"),
        ({"c3_km2_s2": (0.2, 0.1)}, "a range of c3_km2_s2 inside -0.24 to 1, its lower end first"),
        ({"node_rad": (0.0, 360.0)}, "a range of node_rad inside"),
    ],
)
def test_bad_arrivals_say_what_is_wrong(given, text):
    with pytest.raises(InputError, match=text):
        LunarArrival(**given)
