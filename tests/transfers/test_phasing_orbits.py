"""Phasing against a flight of both satellites by an integrator of its own (SciPy's DOP853, two-body)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cislunar.constants import MOON_RADIUS_KM as R
from cislunar.errors import InputError
from cislunar.orbits.elements import period_from_semi_major_axis
from cislunar.transfers.phasing import phasings

GM = 4902.8
RP, RA = R + 420.0, R + 7000.0
PERIOD = float(period_from_semi_major_axis(0.5 * (RP + RA), GM))


def fly(state: np.ndarray, time_s: float) -> np.ndarray:
    def pull(_: float, y: np.ndarray) -> np.ndarray:
        return np.concatenate([y[2:], -GM * y[:2] / np.hypot(*y[:2]) ** 3])

    return solve_ivp(pull, (0.0, time_s), state, method="DOP853", rtol=1e-12, atol=1e-9).y[:, -1]


@pytest.mark.parametrize("ahead", [0.5, 0.2, -0.25])
def test_the_satellite_comes_out_the_wanted_fraction_ahead(ahead: float):
    for way in phasings(RP, RA, ahead, GM, 4.0 * 86400.0)[:4]:
        here, there = (RP, RA) if way.at == "periapsis" else (RA, RP)
        speed = np.sqrt(GM * (2.0 / here - 2.0 / (here + there)))
        start = np.array([here, 0.0, 0.0, speed])
        moved = fly(start + np.array([0, 0, 0, way.impulses_km_s[0]]), way.time_s)
        moved[3] += way.impulses_km_s[1]
        # The one that stayed is there after the fraction of a period: later for a satellite ahead of it.
        stayed = fly(start, way.time_s + (ahead % 1.0) * PERIOD)
        assert np.abs(moved[:2] - stayed[:2]).max() < 0.01
        assert np.abs(moved[2:] - stayed[2:]).max() < 1e-5


def test_more_time_is_cheaper_and_the_list_is_in_order():
    costs = [phasings(RP, RA, 0.5, GM, days * 86400.0)[0].total_km_s for days in (2.0, 5.0, 20.0)]
    assert costs[0] > costs[1] > costs[2]
    listed = [way.total_km_s for way in phasings(RP, RA, 0.5, GM, 5.0 * 86400.0)]
    assert listed == sorted(listed)


def test_phasing_orbits_respect_the_altitudes():
    ways = phasings(RP, RA, 0.5, GM, 10 * 86400.0, least_altitude_km=400.0, greatest_altitude_km=7000.0)
    assert all(way.periapsis_altitude_km >= 400.0 and way.apoapsis_altitude_km <= 7000.0 for way in ways)


def test_nothing_to_do_for_a_whole_period():
    assert phasings(RP, RA, 1.0, GM, 86400.0) == []


def test_too_little_time_says_how_much_it_takes():
    with pytest.raises(
        InputError, match=r"no way to come 0.5 of a period ahead within 0.0416667 d .* 0.209 d"
    ):
        phasings(RP, RA, 0.5, GM, 3600.0)
