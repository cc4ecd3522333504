"""The compiled search for two impulses, against closed forms and against the search by SciPy.

Closed forms: Hohmann's transfer between circles, and the turn of a circle about its line of nodes, which up
to some 49 deg costs least alone (Vallado, "Fundamentals of Astrodynamics and Applications",
4th ed. (2013), sections 6.3 and 6.4). The search by SciPy (`two_impulse`) is other code with a finer grid and
SciPy's own simplex; both stop at 1e-10 km/s of one another's valley floor.
"""

from __future__ import annotations

import numpy as np
import pytest

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits.elements import KeplerianElements
from cislunar.transfers.two_impulse import cheapest_two_impulses
from cislunar.transfers.two_impulse_batch import two_impulse_batch

GM = 4902.800122


def ellipse(low, high, tilt=90.0, node=0.0, argument=0.0):
    """Elements of ellipses from altitudes, km, and angles, deg."""
    rp, ra = MOON_RADIUS_KM + np.asarray(low, float), MOON_RADIUS_KM + np.asarray(high, float)
    return KeplerianElements(
        0.5 * (rp + ra), (ra - rp) / (ra + rp), np.radians(tilt), np.radians(node), np.radians(argument), 0.0
    )


def scattered(count):
    """Pairs of ellipses like those of a study of relay orbits."""
    rng = np.random.default_rng(12)
    draw = lambda low, high: rng.uniform(low, high, count)  # noqa: E731
    first = ellipse(draw(80, 300), draw(3000, 9000), draw(70, 100), draw(0, 360), draw(0, 360))
    second = ellipse(draw(200, 2000), draw(3000, 15000), draw(45, 100), draw(0, 360), draw(45, 135))
    return first, second


def test_between_circles_it_is_hohmann() -> None:
    r1, r2 = MOON_RADIUS_KM + 100.0, MOON_RADIUS_KM + 6000.0
    found = two_impulse_batch(ellipse(100.0, 100.0), ellipse(6000.0, 6000.0), GM)
    leave = np.sqrt(GM / r1) * (np.sqrt(2.0 * r2 / (r1 + r2)) - 1.0)
    arrive = np.sqrt(GM / r2) * (1.0 - np.sqrt(2.0 * r1 / (r1 + r2)))
    assert found.total_km_s[0] == pytest.approx(leave + arrive, abs=1e-8)
    assert found.coast_s[0] == pytest.approx(np.pi * np.sqrt((0.5 * (r1 + r2)) ** 3 / GM), rel=1e-3)


def test_a_circle_is_turned_at_its_node() -> None:
    angle, radius = np.radians(20.0), MOON_RADIUS_KM + 500.0
    found = two_impulse_batch(ellipse(500.0, 500.0, 60.0), ellipse(500.0, 500.0, 80.0), GM)
    assert found.total_km_s[0] <= 2.0 * np.sqrt(GM / radius) * np.sin(0.5 * angle) + 1e-8
    assert found.total_km_s[0] == pytest.approx(2.0 * np.sqrt(GM / radius) * np.sin(0.5 * angle), rel=1e-3)


def test_an_orbit_to_itself_costs_nothing() -> None:
    same = ellipse(420.0, 7000.0, 90.0, 318.0, 120.0)
    assert two_impulse_batch(same, same, GM).total_km_s[0] == pytest.approx(0.0, abs=1e-7)


def test_regression_anchor_the_search_by_scipy_finds_the_same() -> None:
    first, second = scattered(6)
    least = MOON_RADIUS_KM + 50.0
    fast, slow = two_impulse_batch(first, second, GM, least), cheapest_two_impulses(first, second, GM, least)
    np.testing.assert_allclose(fast.total_km_s, slow.total_km_s, atol=1e-7)
    np.testing.assert_allclose(fast.coast_s, slow.coast_s, rtol=1e-4)


def test_impulses_lead_from_one_orbit_to_the_other() -> None:
    from cislunar.orbits.elements import from_state

    first, second = scattered(40)
    found = two_impulse_batch(first, second, GM)
    before = found.transfer_state.copy()
    before[3:] -= found.delta_v_km_s[0]
    left = from_state(before, GM)
    np.testing.assert_allclose(left.semi_major_axis_km, first.semi_major_axis_km, rtol=1e-9)
    np.testing.assert_allclose(left.inclination_rad, first.inclination_rad, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(found.delta_v_km_s, axis=1), found.impulses_km_s)
    assert (found.coast_s > 0.0).all()


def test_a_pair_gives_the_same_alone_and_among_many() -> None:
    first, second = scattered(70)
    many = two_impulse_batch(first, second, GM, threads=2)
    one = two_impulse_batch(
        KeplerianElements(*(getattr(first, name)[66] for name in first.__dataclass_fields__)),
        KeplerianElements(*(getattr(second, name)[66] for name in second.__dataclass_fields__)),
        GM,
        threads=1,
    )
    assert one.total_km_s[0] == many.total_km_s[66]
    assert one.start_anomaly_rad[0] == many.start_anomaly_rad[66]


def test_what_is_no_pair_of_ellipses_is_refused() -> None:
    first, second = scattered(3)
    with pytest.raises(InputError, match="expected as many starting ellipses as final ones"):
        two_impulse_batch(first, scattered(2)[1], GM)
    hyperbola = KeplerianElements(-5000.0, 1.4, 1.0, 0.0, 0.0, 0.0)
    with pytest.raises(InputError, match="expected ellipses; end is a hyperbola"):
        two_impulse_batch(second, hyperbola, GM)
