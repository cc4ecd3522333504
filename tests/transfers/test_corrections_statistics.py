"""Corrections: against normal distributions in closed form, and every sample flown without linearising.

One error in one direction makes the first correction the size of a normal deviate times a constant, whose
percentiles are tabulated (0.6745, 1.960 and 2.576 at 50, 95 and 99 %). The non-linear flights share the force
model and the draws, not the transition matrices nor the targeting: sizes of 30 m/s agree to 0.3 m/s (1 %).
"""

from __future__ import annotations

import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.errors import InputError
from cislunar.time import parse_epoch
from cislunar.transfers.correction_flights import refly
from cislunar.transfers.corrections import (
    CorrectionErrors,
    correction_statistics,
    injection_covariance,
    percentile,
)
from cislunar.transfers.direct import direct_transfers
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.targeting import ArrivalTarget

DAY = 86400.0
TIMES = np.array([0.5, 1.5, 3.5]) * DAY


@pytest.fixture(scope="module")
def transfers():
    departure = parse_epoch("2027-11-12T00:00:00 UTC") + np.array([0.0, 3.0]) * DAY
    found = direct_transfers(
        departure,
        np.array([4.5, 5.0]) * DAY,
        ParkingOrbit(185.0, np.radians(28.5)),
        ArrivalTarget(100.0, np.radians(90.0)),
        Environment.default(),
    )
    assert found.converged.all()
    return found


TYPICAL = CorrectionErrors(
    injection_covariance((1.0, 1.0, 1.0), delta_v_km_s=3.13, magnitude=6e-4, pointing_rad=1e-3),
    execution_magnitude=0.01,
    execution_pointing_rad=0.005,
    execution_fixed_km_s=1e-6,
    navigation_position_km=1.0,
    navigation_velocity_km_s=1e-6,
)


def test_without_errors_nothing_is_corrected(transfers):
    found = correction_statistics(transfers, TIMES, CorrectionErrors(np.zeros((6, 6))), 50)
    assert np.all(found.total_km_s == 0.0)
    assert np.all(found.miss_km == 0.0)


def test_one_error_gives_the_percentiles_of_a_normal_deviate(transfers):
    errors = CorrectionErrors(injection_covariance(velocity_km_s=(0.0, 1e-3, 0.0)))
    found = correction_statistics(transfers, [DAY], errors, 40_000, 3)
    half, most, nearly = (each.value_km_s for each in found.percentiles(0))
    assert most / half == pytest.approx(1.95996 / 0.67449, rel=0.02)
    assert nearly / half == pytest.approx(2.57583 / 0.67449, rel=0.02)
    # Without other errors the one correction takes the whole miss away.
    assert np.abs(found.miss_km).max() < 1e-6 * np.abs(found.uncorrected_km).max()


def test_the_interval_of_a_percentile_holds_the_true_one_95_times_of_100():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        found = percentile(np.abs(rng.standard_normal(500)), 95.0)
        hits += found.low_km_s <= 1.95996 <= found.high_km_s
    assert 0.92 < hits / 400 < 0.99


def test_too_few_samples_leave_the_upper_end_open():
    assert percentile(np.arange(50.0), 99.0).high_km_s == np.inf


def test_injection_errors_of_an_impulse_lie_along_the_axes():
    matrix = injection_covariance(delta_v_km_s=3.0, magnitude=1e-3, pointing_rad=2e-3)
    assert np.sqrt(np.diag(matrix)[3:]) == pytest.approx([6e-3, 3e-3, 6e-3])


def test_execution_errors_size_the_next_correction_and_navigation_the_last_miss(transfers):
    perfect = CorrectionErrors(TYPICAL.injection_covariance)
    no_error = correction_statistics(transfers, TIMES, perfect, 2000, 1)
    typical = correction_statistics(transfers, TIMES, TYPICAL, 2000, 1)
    assert no_error.sizes_km_s[1:].max() < 1e-9
    ratio = typical.sizes_km_s[1, 0].mean() / typical.sizes_km_s[0, 0].mean()
    # One per cent of the size and half of one of the direction; a day later it costs a little more.
    assert 0.005 < ratio < 0.05
    assert 0.1 < typical.miss_km[:, 0].std() < 10.0
    assert typical.uncorrected_km[:, 0].std() > 1000.0


def test_a_later_first_correction_is_dearer(transfers):
    early = correction_statistics(transfers, [0.5 * DAY], TYPICAL, 2000, 1).percentiles(0)[2]
    late = correction_statistics(transfers, [2.0 * DAY], TYPICAL, 2000, 1).percentiles(0)[2]
    assert late.value_km_s > 1.5 * early.value_km_s


@pytest.mark.parametrize("member", [0, 1])
def test_samples_flown_without_linearising_need_the_same(transfers, member: int):
    found = correction_statistics(transfers, TIMES, TYPICAL, 60, 1)
    flown = refly(transfers, member, TIMES, TYPICAL, 60, 1)
    assert flown.converged.all()
    first = found.sizes_km_s[0, member]
    assert np.abs(flown.sizes_km_s[0] - first).max() < 0.02 * first.max()
    assert np.median(flown.sizes_km_s[0]) == pytest.approx(np.median(first), rel=0.01)
    assert np.median(flown.sizes_km_s[1]) == pytest.approx(np.median(found.sizes_km_s[1, member]), rel=0.05)
    assert flown.miss_km.std() == pytest.approx(found.miss_km[:, member].std(), rel=0.05)


def test_the_first_samples_of_many_are_the_few_and_a_transfer_is_the_same_in_any_batch(transfers):
    many = correction_statistics(transfers, TIMES, TYPICAL, 200, 5)
    few = correction_statistics(transfers.select(np.array([0])), TIMES, TYPICAL, 40, 5)
    assert many.sizes_km_s[:, 0, :40] == pytest.approx(few.sizes_km_s[:, 0], rel=1e-9)


def test_times_outside_the_flight_are_refused(transfers):
    for times in ([5.2 * DAY], [0.0], [2.0 * DAY, DAY]):
        with pytest.raises(InputError, match="expected rising times between departure and"):
            correction_statistics(transfers, times, TYPICAL, 10)
    with pytest.raises(InputError, match="expected one time or more"):
        correction_statistics(transfers, [], TYPICAL, 10)


def test_a_covariance_that_is_none_is_refused(transfers):
    with pytest.raises(InputError, match="negative eigenvalue"):
        correction_statistics(transfers, TIMES, CorrectionErrors(-np.eye(6)), 10)
