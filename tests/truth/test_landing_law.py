"""The batch law of descent against the optimum, between the points it was fitted to.

The tolerance is twice the largest error of the fit itself, which the table beside the coefficients states;
the optimum is held to closed forms in `test_landing_optimum.py`.
"""

import numpy as np
import pytest

from cislunar.errors import InputError
from cislunar.landing.descent_law import GM_KM3_S2, LARGEST_ERROR_KM_S, powered_descent_km_s
from cislunar.landing.impulsive import descent_orbit_km_s, impulsive_limit_km_s
from cislunar.landing.optimal import optimal_descent
from cislunar.landing.problem import Ground, LevelStart, Vertical
from cislunar.vehicles.engine import Engine

GROUND = Ground(GM_KM3_S2, 1737.4)
BETWEEN = [
    (0.9, 340.0, 60.0),
    (1.1, 250.0, 1200.0),
    (1.8, 320.0, 100.0),
    (3.2, 420.0, 5000.0),
    (5.0, 230.0, 30.0),
]


@pytest.mark.parametrize(("ratio", "isp", "apoapsis"), BETWEEN)
@pytest.mark.parametrize("approach", [True, False])
def test_law_is_the_optimum_within_its_error(ratio, isp, apoapsis, approach):
    engine = Engine(ratio * 1000.0 * GROUND.gravity_km_s2 * 1000.0, isp, 1, (0.1, 1.0))
    start = LevelStart.at_periapsis(1752.4, 1737.4 + apoapsis, GM_KM3_S2)
    phases = {} if approach else {"approach": None, "vertical": Vertical(0.0, 1e-6)}
    found = optimal_descent(engine, 1000.0, GROUND, start, **phases)
    law = powered_descent_km_s(ratio, isp, apoapsis, approach=approach)
    largest = LARGEST_ERROR_KM_S["approach" if approach else "direct"]
    assert largest < 0.01
    assert law == pytest.approx(found.delta_v_km_s, abs=2.0 * largest)


def test_batch_is_each_alone_and_never_below_the_impulsive_limit():
    ratio = np.linspace(0.8, 6.0, 40)[:, None, None]
    isp = np.linspace(220.0, 460.0, 7)[None, :, None]
    height = np.array([15.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0])
    batch = powered_descent_km_s(ratio, isp, height, approach=False)
    assert batch.shape == (40, 7, 6)
    alone = powered_descent_km_s(ratio[7, 0, 0], isp[0, 3, 0], height[2], approach=False)
    assert alone == pytest.approx(batch[7, 3, 2], rel=1e-14)
    burn, _ = descent_orbit_km_s(1737.4 + height, 1752.4, GM_KM3_S2)
    assert (batch + burn > impulsive_limit_km_s(1737.4 + height, 1737.4, GM_KM3_S2)).all()
    # more thrust costs less, up to the error of the fit
    assert (np.diff(batch, axis=0) < LARGEST_ERROR_KM_S["direct"]).all()
    assert (powered_descent_km_s(ratio, isp, height) > batch).all()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.5, 320.0, 100.0), "found the thrust-to-weight 0.5; the law was fitted from 0.8 to 6"),
        ((1.0, 900.0, 100.0), "found the specific impulse 900"),
        ((1.0, 320.0, np.nan), "found the apoapsis altitude nan"),
    ],
)
def test_values_outside_the_fit_are_refused(values, text):
    with pytest.raises(InputError) as raised:
        powered_descent_km_s(*values)
    assert text in str(raised.value)
