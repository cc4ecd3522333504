"""Lives and keeping of orbits against Kepler's equation and the doubly averaged three-body problem.

The Earth's mean pull on an ellipse about the Moon changes its eccentricity by
`15/8 K e sqrt(1 - e^2) sin^2 i sin 2w`, with `K = n_E^2 / n` (M. L. Lidov, Planet. Space Sci. 9:719-759,
1962; angles from the Moon's orbit plane; `n_E^2` from the Earth's GM and distance). Over one month the terms
that the averages leave out are 4 and 5 % of it: limit 8 %. The same with the argument of perilune turned by
90 deg has the opposite sign.
"""

from __future__ import annotations

import numpy as np
import pytest

from cislunar.constants import MOON_RADIUS_KM as R
from cislunar.errors import InputError
from cislunar.orbits.definitions import KeplerianOrbit
from cislunar.orbits.initial_state import initial_state
from cislunar.orbits.keeping import PeriluneBand, hold_perilune
from cislunar.orbits.lifetime import lifetimes
from cislunar.propagation import ForceModel

EPOCH = 8.802e8
DAY = 86400.0
EARTH = ForceModel(degree=0, bodies=("earth",))
ALONE = ForceModel(degree=0, bodies=())


def orbit(argument: float, perilune: float = 420.0, apolune: float = 7000.0, mean: float = 0.0) -> np.ndarray:
    stated = KeplerianOrbit(
        frame="moon-op",
        periapsis_altitude_km=perilune,
        apoapsis_altitude_km=apolune,
        inclination_rad=np.pi / 2,
        raan_rad=1.0,
        argument_of_periapsis_rad=np.radians(argument),
        anomaly_rad=np.radians(mean),
        anomaly="mean",
    )
    return initial_state(stated, EPOCH, EARTH.gm["moon"])


def lidov_perilune_rate(sine_of_twice_argument: float) -> float:
    """Rate of the perilune radius, km/s."""
    rp, ra = R + 420.0, R + 7000.0
    a, e = 0.5 * (rp + ra), (ra - rp) / (ra + rp)
    n = np.sqrt(EARTH.gm["moon"] / a**3)
    k = EARTH.gm["earth"] / 384_400.0**3 / n
    return -a * 15.0 / 8.0 * k * e * np.sqrt(1.0 - e * e) * sine_of_twice_argument


def test_life_of_an_orbit_that_dips_into_the_moon_is_keplers():
    gm = ALONE.gm["moon"]
    rp, ra = R - 50.0, R + 7000.0
    a, e = 0.5 * (rp + ra), (ra - rp) / (ra + rp)
    state = np.array([-ra, 0, 0, 0, -np.sqrt(gm * (2.0 / ra - 1.0 / a)), 0])
    anomaly = np.arccos((1.0 - R / a) / e)
    time = (np.pi - (anomaly - e * np.sin(anomaly))) / np.sqrt(gm / a**3)
    life = lifetimes(state, EPOCH, 2.0 * DAY, ALONE)
    assert life.impact[0]
    assert life.life_s[0] == pytest.approx(time, abs=0.01)
    assert life.describe(0) == f"impact after {time / DAY:.1f} d"


def test_an_orbit_that_nothing_disturbs_outlives_the_horizon():
    life = lifetimes(orbit(45.0), EPOCH, 30.0 * DAY, ALONE)
    assert not life.impact[0]
    assert life.describe(0) == "no impact within 30.0 d"


def test_lidov_perilune_falls_for_45_deg_and_rises_for_135_deg():
    month = 27.55 * DAY
    states = np.array([orbit(45.0), orbit(135.0)]).T
    held = hold_perilune(states, EPOCH, month, EARTH, PeriluneBand(419.0, 420.0, 421.0))
    rp, ra = R + 420.0, R + 7000.0
    a = 0.5 * (rp + ra)
    per_km = EARTH.gm["moon"] / (4.0 * a * a * np.sqrt(EARTH.gm["moon"] * (2.0 / ra - 1.0 / a)))
    # Cost of undoing the rate; impulses have signs, whose sum undoes the periodic part, too.
    for member, sine in ((0, 1.0), (1, -1.0)):
        net = held.impulse_km_s[held.impulse_orbit == member].sum()
        assert net == pytest.approx(-lidov_perilune_rate(sine) * month * per_km, rel=0.08)


def test_holding_the_floor_saves_an_orbit_that_would_strike():
    state = orbit(60.0)
    assert lifetimes(state, EPOCH, 60.0 * DAY, EARTH).impact[0]
    held = hold_perilune(state, EPOCH, 60.0 * DAY, EARTH, PeriluneBand(100.0, 300.0))
    assert not held.lost[0]
    assert held.held_s[0] == pytest.approx(60.0 * DAY)
    assert held.corrections[0] == held.impulse_tdb.size > 0
    assert held.lowest_km[0] > 60.0  # within half a revolution the Earth takes some tens of km more
    assert np.all(held.impulse_km_s > 0.0)
    assert held.per_year_km_s[0] == pytest.approx(held.delta_v_km_s[0] * 365.25 / 60.0)


def test_an_orbit_inside_its_band_costs_nothing():
    held = hold_perilune(orbit(45.0), EPOCH, 20.0 * DAY, ALONE, PeriluneBand(100.0, 420.0, 800.0))
    assert held.delta_v_km_s[0] == 0.0
    assert held.lowest_km[0] == pytest.approx(420.0, abs=0.01)


def test_one_of_a_batch_is_held_the_same_alone():
    states = np.array([orbit(each) for each in (30.0, 60.0, 100.0)]).T
    rule = PeriluneBand(200.0, 420.0)
    many = hold_perilune(states, EPOCH, 50.0 * DAY, EARTH, rule)
    alone = hold_perilune(states[:, 1], EPOCH, 50.0 * DAY, EARTH, rule)
    assert np.array_equal(many.impulse_km_s[many.impulse_orbit == 1], alone.impulse_km_s)
    assert np.array_equal(many.final_state[:, 1], alone.final_state[:, 0])


def test_a_target_outside_the_band_is_refused():
    with pytest.raises(InputError, match="expected 0 <= floor <= target <= ceiling"):
        PeriluneBand(100.0, 50.0)


def test_other_centres_and_empty_horizons_are_refused():
    earth = ForceModel(center="earth", gravity=None, bodies=("moon",))
    with pytest.raises(InputError, match="expected forces about the moon; got earth"):
        lifetimes(orbit(45.0), EPOCH, DAY, earth)
    with pytest.raises(InputError, match="expected a positive horizon; got 0"):
        lifetimes(orbit(45.0), EPOCH, 0.0, ALONE)
