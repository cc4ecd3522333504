"""Hand-over between Earth and Moon.

The strictest reference is a made-up ephemeris: Earth and Moon on a Kepler ellipse about each other. Then a
flight about the Earth and one about the Moon obey the same equations exactly, and a flight with hand-overs
must agree with one about the Earth all the way to the accuracy of the integration. With DE440 the two differ
by what moves the bodies and is not in the force model; how much that is, is measured here.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from orbits import EPOCH, circular

from cislunar import ForceModel, propagate
from cislunar.environment.chebyshev import ChebyshevPiece, ChebyshevSeries
from cislunar.environment.ephemeris import Ephemeris
from cislunar.errors import EpochRangeError, InputError
from cislunar.propagation import (
    FiniteBurn,
    FixedDirection,
    RadiationPressure,
    Status,
    propagate_state_transition,
)
from cislunar.propagation.event_kinds import Apoapsis, Periapsis, Radius, UserEvent
from cislunar.propagation.handover import (
    HANDOVER_RADIUS_KM,
    propagate_transfer,
    propagate_transfer_burns,
)

DAY = 86400.0
GM_EARTH, GM_MOON = 398600.4355, 4902.8001


def kepler_ephemeris() -> Ephemeris:
    """Earth at rest, Moon on an ellipse about it in which both attract each other."""
    a, e = 384400.0, 0.0549
    rate = np.sqrt((GM_EARTH + GM_MOON) / a**3)
    granule, count, terms = 4 * DAY, 40, 16
    start = EPOCH - 0.5 * count * granule
    points = np.polynomial.chebyshev.chebpts1(terms)
    tdb = start + granule * (np.arange(count)[:, None] + 0.5 * (points + 1.0))
    mean = rate * (tdb - EPOCH) + 2.0
    big = mean
    for _ in range(30):
        big = big - (big - e * np.sin(big) - mean) / (1 - e * np.cos(big))
    flat = np.stack([a * (np.cos(big) - e), a * np.sqrt(1 - e * e) * np.sin(big)])
    tilt = np.array([[1.0, 0.0], [0.0, np.cos(0.4)], [0.0, np.sin(0.4)]])
    position = np.einsum("ij,jgk->igk", tilt, flat)
    to_series = np.linalg.inv(np.polynomial.chebyshev.chebvander(points, terms - 1))
    moon = ChebyshevPiece(start, granule, np.einsum("ck,igk->cig", to_series, position))
    earth = ChebyshevPiece(start, granule, np.zeros((2, 3, count)))
    span = (start, start + count * granule)
    links = {
        "earth": ("solar-system-barycentre", ChebyshevSeries((earth,))),
        "moon": ("earth", ChebyshevSeries((moon,))),
    }
    return Ephemeris("two bodies", links, span, span, {})


@pytest.fixture(scope="module")
def two_bodies():
    ephemeris = kepler_ephemeris()
    gm = {"earth": GM_EARTH, "moon": GM_MOON}
    return (
        ForceModel("earth", gravity=None, bodies=("moon",), gm=gm, ephemeris=ephemeris),
        ForceModel("moon", gravity=None, bodies=("earth",), gm=gm, ephemeris=ephemeris),
    )


@pytest.fixture(scope="module")
def real():
    return (
        ForceModel("earth", gravity=None, bodies=("moon", "sun")),
        ForceModel("moon", gravity=None, bodies=("earth", "sun")),
    )


def flybys(n: int, seed: int = 0) -> np.ndarray:
    """States (6, n) about the Moon at the closest approach of hyperbolas."""
    rng = np.random.default_rng(seed)
    r = 1737.4 + rng.uniform(500.0, 9000.0, n)
    v = np.sqrt(2 * GM_MOON / r + rng.uniform(0.6, 0.9, n) ** 2)
    u, tilt = rng.uniform(0.0, 2 * np.pi, n), rng.uniform(-0.5, 0.5, n)
    zero = np.zeros(n)
    return np.stack(
        [
            r * np.cos(u),
            r * np.sin(u),
            zero,
            -v * np.sin(u) * np.cos(tilt),
            v * np.cos(u) * np.cos(tilt),
            v * np.sin(tilt),
        ]
    )


def about_earth(state, forces, tdb=EPOCH):
    return state + np.asarray(forces.ephemeris.state("moon", "earth", tdb)).reshape(6, -1)


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_agrees_with_a_flight_about_the_earth_all_the_way(two_bodies, sense):
    earth, moon = two_bodies
    # from the Earth side through the sphere, past the Moon and out again: three legs
    start = propagate(flybys(40), EPOCH, -sense * 1.5 * DAY, moon, rtol=1e-13)
    state = about_earth(start.final, earth, EPOCH - sense * 1.5 * DAY)
    args = (state, EPOCH - sense * 1.5 * DAY, sense * 3.5 * DAY)
    flight = propagate_transfer(*args, earth, moon, rtol=1e-13)
    reference = propagate(*args, earth, rtol=1e-14)
    assert (flight.status == Status.FINISHED).all()
    assert flight.center == ["earth"] * 40
    assert [len(flight.legs_of(i)) for i in range(40)] == [3] * 40
    # The flyby magnifies errors a hundred times or so; subtracting the Moon costs the reference 1e-10 km.
    assert np.abs(flight.final - reference.final)[:3].max() < 1e-4
    times = np.linspace(0.0, sense * 3.5 * DAY, 300)
    one, other = flight.at(times, "earth"), reference.at(times)
    assert np.abs(one - other)[:3].max() < 1e-4
    assert np.abs(one - other)[3:].max() < 1e-7
    whole = flight.about("earth")
    assert np.abs(whole.at(times) - other)[:3].max() < 1e-4
    moonward = flight.about("moon").at(times)
    shift = earth.ephemeris.state("moon", "earth", args[1] + times)
    assert np.abs(moonward + shift[:, None] - other)[:3].max() < 1e-4


def test_a_dropped_or_doubled_hand_over_would_show(two_bodies):
    # the trap: the Moon's velocity forgotten at the hand-over moves the end by tens of thousands of km
    earth, moon = two_bodies
    flight = propagate_transfer(flybys(1), EPOCH, 3 * DAY, earth, moon, center="moon", rtol=1e-12)
    first, second = flight.legs_of(0)
    wrong = first.final.copy()
    wrong[:3] += earth.ephemeris.position("moon", "earth", second.epoch)
    lost = propagate(wrong, second.epoch, second.duration, earth)
    assert np.linalg.norm((lost.final - flight.final)[:3]) > 1e4


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_continuous_at_the_hand_over(real, sense):
    earth, moon = real
    flight = propagate_transfer(flybys(20), EPOCH, sense * 4 * DAY, earth, moon, center="moon")
    rows = flight.events.named("handover")
    assert rows.size == 20
    assert (rows["rising"] == (sense > 0)).all()
    for i in range(20):
        before, after = flight.legs_of(i)
        assert (before.center, after.center) == ("moon", "earth")
        # the same epoch, exactly
        assert after.epoch[0] == before.epoch[0] + before.final_elapsed[0] == rows["tdb"][i]
        moved = before.final + earth.ephemeris.state("moon", "earth", after.epoch)
        # 1 mm and 1e-9 km/s are asked
        np.testing.assert_allclose(after.at(0.0)[:3], moved[:3], rtol=0, atol=1e-9)
        np.testing.assert_allclose(after.at(0.0)[3:], moved[3:], rtol=0, atol=1e-13)
        # and it happens at the sphere
        assert abs(np.linalg.norm(before.final[:3]) - HANDOVER_RADIUS_KM) < 1e-6
    elapsed = rows["elapsed"][:, None] + np.array([-1e-6, 1e-6])
    for center in ("earth", "moon"):
        for states in (flight.at(elapsed, center), flight.about(center).at(elapsed)):
            step = (
                states[:, :, 1]
                - states[:, :, 0]
                - 2e-6 * np.concatenate([states[3:, :, 0], np.zeros((3, 20))])
            )
            assert np.abs(step[:3]).max() < 1e-6
            assert np.abs(step[3:]).max() < 1e-9


def test_with_the_real_ephemeris(real):
    # The figures of Earth and Moon act on the motion of the bodies and are not in a model of points: 50 m in
    # six days that begin at the Moon.
    earth, moon = real
    flight = propagate_transfer(flybys(20), EPOCH, 6 * DAY, earth, moon, center="moon", rtol=1e-12)
    reference = propagate(about_earth(flybys(20), earth), EPOCH, 6 * DAY, earth, rtol=1e-13)
    assert 1e-3 < np.linalg.norm((flight.final - reference.final)[:3], axis=0).max() < 0.2


def test_several_crossings(two_bodies):
    # an orbit of the Earth that meets the sphere again and again
    earth, moon = two_bodies
    state = about_earth(np.array([-44036.895, -509.862, -54546.172, 0.064, 0.178, 0.167])[:, None], earth)
    flight = propagate_transfer(state, EPOCH, 60 * DAY, earth, moon, rtol=1e-13)
    reference = propagate(state, EPOCH, 60 * DAY, earth, rtol=1e-14)
    centers = [leg.center for leg in flight.legs_of(0)]
    assert len(centers) == 9
    assert all(a != b for a, b in pairwise(centers))
    assert flight.events.named("handover")["occurrence"].tolist() == list(range(1, len(centers)))
    assert flight.final_elapsed[0] == 60 * DAY
    times = np.linspace(0.0, 60 * DAY, 2000)
    distance = np.linalg.norm(flight.at(times, "moon")[:3, 0], axis=0)
    reference_distance = np.linalg.norm(
        reference.at(times)[:3, 0] - earth.ephemeris.position("moon", "earth", EPOCH + times), axis=0
    )
    crossings = np.count_nonzero(np.diff(reference_distance < HANDOVER_RADIUS_KM))
    assert crossings == len(centers) - 1
    assert np.abs(distance - reference_distance).max() < 1e-2


def test_there_and_back(two_bodies):
    earth, moon = two_bodies
    out = propagate_transfer(flybys(10), EPOCH, 5 * DAY, earth, moon, center="moon", rtol=1e-13)
    back = propagate_transfer(out.final, EPOCH + 5 * DAY, -5 * DAY, earth, moon, rtol=1e-13)
    assert back.center == ["moon"] * 10
    assert np.abs(back.final - flybys(10))[:3].max() < 1e-4


def test_bitwise_alone_and_in_company(real):
    earth, moon = real
    state = flybys(60, seed=4)
    duration = DAY * np.random.default_rng(2).uniform(-5.0, 5.0, 60)
    event = Radius(200000.0, body="moon", terminal=True)
    batch = propagate_transfer(state, EPOCH, duration, earth, moon, center="moon", events=[event])
    for i in (0, 31, 59):
        alone = propagate_transfer(state[:, i], EPOCH, duration[i], earth, moon, "moon", events=[event])
        np.testing.assert_array_equal(alone.final[:, 0], batch.final[:, i])
        for one, other in zip(alone.legs_of(0), batch.legs_of(i), strict=True):
            np.testing.assert_array_equal(one.nodes, other.nodes)
        np.testing.assert_array_equal(alone.events.rows, batch.events.select(np.array([i])).rows)


def test_events_on_the_way(real):
    earth, moon = real
    event = Periapsis(body="moon", terminal=True)
    start = propagate_transfer(flybys(8), EPOCH, -3 * DAY, earth, moon, center="moon", rtol=1e-13)
    flight = propagate_transfer(
        start.final, EPOCH - 3 * DAY, 5 * DAY, earth, moon, events=[event, Apoapsis(body="earth")], rtol=1e-13
    )
    assert (flight.status == Status.EVENT).all()
    assert flight.center == ["moon"] * 8
    assert np.abs(flight.final_elapsed - 3 * DAY).max() < 1e-3
    assert np.abs(flight.final - flybys(8))[:3].max() < 1e-2
    ends = flight.events.rows[flight.events.rows["terminal"]]
    assert ends.size == 8
    # states of the table are about the centre the batch was given about
    shift = earth.ephemeris.state("moon", "earth", ends["tdb"])
    np.testing.assert_allclose(ends["state"].T - shift, flight.final, rtol=0, atol=1e-9)
    # counts go on from leg to leg
    each_day = UserEvent(
        lambda tdb, state: np.sin(np.pi * (tdb - EPOCH) / DAY + 0.5), terminal=True, occurrence=4
    )
    counted = propagate_transfer(flybys(2), EPOCH, 9 * DAY, earth, moon, "moon", events=[each_day])
    np.testing.assert_allclose(counted.final_elapsed, (4 - 0.5 / np.pi) * DAY, atol=1e-3)
    assert counted.center == ["earth"] * 2


def test_the_first_centre_follows_from_the_place(real):
    earth, moon = real
    inside = propagate_transfer(about_earth(flybys(2), earth), EPOCH, 3600.0, earth, moon)
    assert inside.center == ["moon"] * 2
    low = np.array([7000.0, 0.0, 0.0, 0.0, 7.5, 0.0])
    shifted = low - earth.ephemeris.state("moon", "earth", EPOCH)
    outside = propagate_transfer(shifted, EPOCH, 3600.0, earth, moon, center="moon")
    assert outside.center == ["earth"]
    np.testing.assert_allclose(outside.at(0.0, "earth")[:, 0], low, atol=1e-9)
    # on the sphere: the side the flight goes to
    for sense, center in ((1.0, "moon"), (-1.0, "earth")):
        edge = np.array([HANDOVER_RADIUS_KM, 0.0, 0.0, -1.0, 0.1, 0.0])
        flight = propagate_transfer(edge, EPOCH, sense * 3600.0, earth, moon, center="moon")
        assert flight.center == [center]
        assert len(flight.legs_of(0)) == 1


def test_impact_names_the_body(real):
    earth, moon = real
    falls = np.array([50000.0, 0.0, 0.0, -0.5, 0.0, 0.0])
    flight = propagate_transfer(falls, EPOCH, 5 * DAY, earth, moon, center="moon")
    assert flight.status[0] == Status.IMPACT
    assert flight.message == ["impact on the moon"]


def test_zero_duration_and_empty_batches(real):
    earth, moon = real
    flight = propagate_transfer(flybys(2), EPOCH, 0.0, earth, moon, center="moon")
    np.testing.assert_array_equal(flight.final, flybys(2))
    np.testing.assert_array_equal(flight.at(0.0, "moon"), flybys(2))
    empty = propagate_transfer(np.empty((6, 0)), [], [], earth, moon)
    assert len(empty) == 0
    assert len(empty.events) == 0


def test_bad_input(real):
    earth, moon = real
    state = about_earth(flybys(5), earth)
    state[0, 0] = np.nan
    state[:, 2] = about_earth(circular()[:, None] * 0.5, earth)[:, 0]
    state[:3, 3] = [100.0, 0.0, 0.0]
    with pytest.raises(InputError) as caught:
        propagate_transfer(state, EPOCH, DAY, earth, moon)
    for text in (
        "trajectories 0: the state holds",
        "2: the start lies inside the moon",
        "3: the start lies inside the earth",
    ):
        assert text in str(caught.value)
    flight = propagate_transfer(state, EPOCH, DAY, earth, moon, on_error="status")
    assert flight.status.tolist() == [5, 0, 5, 5, 0]
    assert "inside the earth" in flight.message[3]
    assert np.isnan(flight.at(0.0, "earth")[:, 0]).all()
    assert np.isnan(flight.about("moon").final[:, 2]).all()
    with pytest.raises(EpochRangeError):
        propagate_transfer(state[:, 1], EPOCH, 1e11, earth, moon)

    good = state[:, 1]
    blind = ForceModel("earth", gravity=None, bodies=("sun",))
    other = ForceModel("moon", gravity=None, bodies=("earth",), ephemeris=kepler_ephemeris())
    for models, options, text in (
        ((blind, moon), {}, "leaves out the moon"),
        ((earth, other), {}, "same ephemeris"),
        ((earth, moon), {"radius_km": 1000.0}, "radius_km"),
        (
            (earth, moon),
            {"radius_km": "x"},
            "radius_km: expected one number, more than .* 1737.4 km; got 'x'",
        ),
        ((earth, moon), {"radius_km": [7e4]}, r"radius_km: expected one number, .*; got \[70000.0\]"),
        ((earth, moon), {"radius_km": np.nan}, "radius_km: expected one number, .*; got nan"),
        ((None, moon), {}, "outer: expected a cislunar.ForceModel; got NoneType"),
        ((earth, "moon"), {}, "inner: expected a cislunar.ForceModel; got str"),
        ((earth, moon), {"center": "sun"}, "expected earth or moon"),
        ((earth, moon), {"rtol": 0.0}, "rtol"),
        ((earth, moon), {"events": [Periapsis]}, r"Periapsis\(\)"),
    ):
        with pytest.raises(InputError, match=text):
            propagate_transfer(good, EPOCH, DAY, *models, **options)
        with pytest.raises(InputError, match=text):
            propagate_transfer_burns(good, EPOCH, DAY, *models, [], 100.0, 50.0, **options)
    flown = propagate_transfer(good, EPOCH, DAY, earth, moon)
    with pytest.raises(InputError, match="outside the flight of trajectory 0"):
        flown.at(2 * DAY, "earth")
    with pytest.raises(InputError, match="expected one of earth, moon"):
        flown.about("sun")
    with pytest.raises(InputError, match="expected shape"):
        flown.at(np.zeros((3, 4)), "earth")


@pytest.mark.parametrize("lit", ["outer", "inner", "both"])
def test_ratios_of_area_to_mass_that_cannot_be(lit):
    area = np.array([0.02, -0.02, 0.02, np.nan])
    good, bad = [0, 2], [1, 3]

    def models(area):
        return tuple(
            ForceModel(
                center,
                gravity=None,
                bodies=(other, "sun"),
                radiation_pressure=RadiationPressure(area if lit in (place, "both") else 0.02, shadows=()),
            )
            for place, center, other in (("outer", "earth", "moon"), ("inner", "moon", "earth"))
        )

    earth, moon = models(area)
    state = about_earth(flybys(4), earth)
    burn = FiniteBurn(60.0, 10.0, 300.0, FixedDirection([1, 0, 0]), duration_s=60.0)
    with pytest.raises(InputError, match="trajectories 1, 3: the radiation pressure has no area-to-mass"):
        propagate_transfer(state, EPOCH, DAY, earth, moon)
    coasts = propagate_transfer(state, EPOCH, DAY, earth, moon, on_error="status")
    burns = propagate_transfer_burns(state, EPOCH, DAY, earth, moon, [burn], 100.0, 50.0, on_error="status")
    alone = propagate_transfer(state[:, good], EPOCH, DAY, *models(0.02))
    assert np.array_equal(coasts.final[:, good], alone.final)
    for flight in (coasts, burns):
        assert flight.status.tolist() == [0, 5, 0, 5]
        assert "the radiation pressure has no area-to-mass ratio" in flight.message[3]
        for center in ("earth", "moon"):
            assert np.isnan(flight.about(center).final[:, bad]).all()
            assert np.isfinite(flight.about(center).final[:, good]).all()


def test_with_the_fields_of_both_bodies(real):
    # the oblateness of the Earth acts on its leg, the Moon's field on the other
    area = np.array([0.02, 0.03])
    fields = (
        ForceModel("earth", gravity="egm2008", degree=4, bodies=("moon", "sun"), radiation_pressure=area),
        ForceModel("moon", degree=8, bodies=("earth", "sun"), radiation_pressure=area),
    )
    flight = propagate_transfer(flybys(2), EPOCH - 9e7, 4 * DAY, *fields, center="moon")
    plain = propagate_transfer(flybys(2), EPOCH - 9e7, 4 * DAY, *real, center="moon")
    assert (flight.status == Status.FINISHED).all()
    apart = np.linalg.norm((flight.final - plain.final)[:3], axis=0)
    assert (apart > 0.1).all()
    assert (apart < 1000.0).all()
    times = np.linspace(0.0, 4 * DAY, 100)
    assert np.abs(flight.about("moon").at(times) - flight.at(times, "moon")).max() < 1e-5


def test_dense_output_of_moved_legs(real):
    # One leg about the Earth, its nodes moved to the Moon: between them the path obeys the forces about the
    # Moon, which the ephemeris contradicts by 1e-12 km/s^2: millimetres over an hour, metres over a day.
    earth, moon = real
    flight = propagate_transfer(flybys(10), EPOCH, 8 * DAY, earth, moon, center="moon")
    times = np.linspace(0.0, 8 * DAY, 500)
    assert np.abs(flight.about("moon").at(times) - flight.at(times, "moon"))[:3].max() < 1e-5
    assert np.abs(flight.about("earth").at(times) - flight.at(times, "earth"))[:3].max() < 1e-5


def test_transition_matrices_over_hand_overs(two_bodies, real):
    """In the made-up world against one flight about the Earth; with DE440 against neighbouring flights."""
    outer, inner = two_bodies
    state = flybys(3)
    arrival = propagate(state, EPOCH, -4 * DAY, inner, rtol=1e-13).final
    start = about_earth(arrival, outer, EPOCH - 4 * DAY)
    whole = propagate_state_transition(start, EPOCH - 4 * DAY, 6 * DAY, outer, rtol=1e-13).final
    flown = propagate_transfer(start, EPOCH - 4 * DAY, 6 * DAY, outer, inner, rtol=1e-13)
    assert max(leg.owner.size for leg in flown.legs) == 3
    assert len(flown.legs) >= 2
    ours = flown.state_transition()
    for i in range(3):
        for rows in (slice(0, 3), slice(3, 6)):
            for columns in (slice(0, 3), slice(3, 6)):
                size = np.abs(whole[rows, columns, i]).max()
                apart = np.abs(ours[rows, columns, i] - whole[rows, columns, i]).max()
                assert apart < 1e-8 * size

    outer, inner = real
    arrival = propagate(state, EPOCH, -4 * DAY, inner, rtol=1e-13).final
    start = about_earth(arrival, outer, EPOCH - 4 * DAY)
    flown = propagate_transfer(start, EPOCH - 4 * DAY, 3.5 * DAY, outer, inner, rtol=1e-13)
    assert flown.center == ["moon"] * 3
    ours = flown.state_transition()
    steps = np.repeat([1e-1, 1e-5], 3)
    for k in range(6):
        push = (np.eye(6)[k] * steps[k])[:, None]
        ends = [
            propagate_transfer(
                start + sign * push, EPOCH - 4 * DAY, 3.5 * DAY, outer, inner, rtol=1e-13
            ).final
            for sign in (1.0, -1.0)
        ]
        difference = (ends[0] - ends[1]) / (2.0 * steps[k])
        for rows in (slice(0, 3), slice(3, 6)):
            size = np.abs(ours[rows, 3 * (k // 3) : 3 * (k // 3) + 3]).max(axis=(0, 1))
            assert (np.abs(difference[rows] - ours[rows, k]).max(axis=0) < 2e-6 * size).all()
