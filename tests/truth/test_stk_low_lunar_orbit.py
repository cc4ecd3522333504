"""A low lunar orbit over three days against STK, with radiation pressure and the Moon's shadow.

Source: GMAT's acceptance test set (branch testSuite of haapaaf1/GMAT), reports of STK. Moon-centred J2000
(read as ICRF), start 2004-06-01 12:00 UTC, GM of the Moon 4902.8005821478 km^3/s^2, no other bodies.
Radiation pressure: Cr 1.2, 20 m^2, 1000 kg, 4.53443218374393e-6 N/m^2 at 1 au, the Moon's conical shadow.

Tolerance: SciPy's DOP853 with the same constants ends 0.02 mm from STK without radiation pressure; with it,
0.60 m away for a lunar radius of 1737.4 km, the package's, and 0.08 m for the 1738 km that STK's result
implies.
"""

import numpy as np
import pytest

from cislunar.propagation import ForceModel, RadiationPressure, propagate
from cislunar.time import parse_epoch

START = "2004-06-01T12:00:00 UTC"
STATE = (
    -1486.792117191545,
    0.0,
    1486.792117191543,
    -0.142927729144255,
    -1.631407624437537,
    0.142927729144255,
)
POINT_MASS = (-1160.69149979141820, -1777.08106248945390, 1160.69149979141870)
POINT_MASS_VELOCITY = (0.59947702820821, -1.17192615088339, -0.59947702820821)
WITH_SUNLIGHT = (-1160.48179335781700, -1777.39368189641940, 1160.48678812073130)
WITH_SUNLIGHT_VELOCITY = (0.59960323082835, -1.17177558371599, -0.59960000551864)


def fly(**forces: object) -> np.ndarray:
    model = ForceModel(center="moon", gravity=None, bodies=(), gm={"moon": 4902.8005821478}, **forces)
    epoch, duration = np.array([parse_epoch(START)]), np.array([3 * 86400.0])
    return propagate(np.array(STATE)[:, None], epoch, duration, model, rtol=1e-12).final[:, 0]


def sunlight(shadows: tuple[str, ...]) -> RadiationPressure:
    return RadiationPressure(1.2 * 20.0 / 1000.0, 4.53443218374393e-6, shadows=shadows)


def test_stk_point_mass():
    final = fly()
    assert np.linalg.norm(final[:3] - POINT_MASS) * 1e3 < 0.02
    assert np.linalg.norm(final[3:] - POINT_MASS_VELOCITY) * 1e6 < 20.0


def test_stk_radiation_pressure_and_shadow():
    final = fly(radiation_pressure=sunlight(("moon",)))
    assert np.linalg.norm(final[:3] - WITH_SUNLIGHT) * 1e3 < 0.8
    assert np.linalg.norm(final[3:] - WITH_SUNLIGHT_VELOCITY) * 1e6 < 800.0


def test_trap_stk_shadow_skipped_misses_by_412_m():
    final = fly(radiation_pressure=sunlight(()))
    assert np.linalg.norm(final[:3] - WITH_SUNLIGHT) * 1e3 == pytest.approx(412.2, abs=1.0)


def test_trap_stk_radiation_pressure_dropped():
    assert np.linalg.norm(fly()[:3] - WITH_SUNLIGHT) * 1e3 > 100.0
