"""Sunlight through the Earth's penumbra, against SciPy's DOP853 with the discs drawn apart from the package.

On 6 July 2028 the Moon passes through the Earth's shadow (F. Espenak, J. Meeus, "Five Millennium Canon of
Lunar Eclipses: -1999 to +3000", NASA/TP-2006-214141: partial, greatest at 18:20 TD). A spacecraft about the
Moon is in the penumbra for hours then, so that what matters is the light inside it, not when it begins. The
radiation pressure is forty times that of a relay, so that the shadow moves the end of the half day by a
kilometre; found are 2 um and 4 mm at tolerances of 1e-11 and 1e-9.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cislunar.environment import Environment
from cislunar.propagation import ForceModel, RadiationPressure, propagate
from cislunar.time import parse_epoch

START = parse_epoch("2028-07-06T12:00:00 UTC")
DAY_S = 86400.0
RADII_KM = {"moon": 1737.4, "earth": 6378.1366}
SUN_KM = 695700.0
AREA_TO_MASS = 1.0


def uncovered(place, sun, body, radius):
    """Part of the Sun's disc in view beside a body, from angles."""
    to_sun, to_body = sun - place, body - place
    a, b = np.arcsin(SUN_KM / np.linalg.norm(to_sun)), np.arcsin(radius / np.linalg.norm(to_body))
    c = np.arctan2(np.linalg.norm(np.cross(to_sun, to_body)), to_sun @ to_body)
    if c >= a + b:
        return 1.0
    if c <= b - a:
        return 0.0
    x = (c * c + a * a - b * b) / (2.0 * c)
    lens = a * a * np.arccos(x / a) + b * b * np.arccos((c - x) / b) - c * np.sqrt(a * a - x * x)
    return 1.0 - lens / (np.pi * a * a)


@pytest.fixture(scope="module")
def flown():
    ephemeris = Environment.default().ephemeris
    forces = ForceModel("moon", gravity=None, bodies=(), radiation_pressure=RadiationPressure(AREA_TO_MASS))
    state = np.array([0.0, 6000.0, 2000.0, -0.55, 0.1, 0.6])
    gm, strength = forces.gm["moon"], float(forces.pressure(1)[0])
    seen = []

    def rates(t, y):
        sun, earth = (ephemeris.position(name, "moon", np.array(START + t)) for name in ("sun", "earth"))
        moon, earths = (
            uncovered(y[:3], sun, body, RADII_KM[name])
            for name, body in (("moon", np.zeros(3)), ("earth", earth))
        )
        seen.append((moon, earths))
        from_sun = y[:3] - sun
        push = strength * moon * earths / np.linalg.norm(from_sun) ** 3
        return np.concatenate([y[3:], -gm * y[:3] / np.linalg.norm(y[:3]) ** 3 + push * from_sun])

    found = solve_ivp(
        rates, (0.0, 0.5 * DAY_S), state, method="DOP853", rtol=1e-12, atol=1e-12, max_step=60.0
    )
    ours = {
        rtol: propagate(state, START, 0.5 * DAY_S, forces, rtol=rtol).final[:, 0] for rtol in (1e-9, 1e-11)
    }
    unshadowed = ForceModel(
        "moon", gravity=None, bodies=(), radiation_pressure=RadiationPressure(AREA_TO_MASS, shadows=("moon",))
    )
    without = propagate(state, START, 0.5 * DAY_S, unshadowed, rtol=1e-11).final[:, 0]
    return found.y[:, -1], ours, without, np.array(seen)


def test_the_flight_is_in_the_penumbra_of_the_earth(flown):
    true, _ours, without, seen = flown
    partial = (seen[:, 1] > 0.02) & (seen[:, 1] < 0.98)
    assert partial.mean() > 0.1
    assert np.linalg.norm(without[:3] - true[:3]) * 1e3 > 300.0


@pytest.mark.parametrize(("rtol", "limit_m"), [(1e-11, 0.001), (1e-9, 0.05)])
def test_dop853_through_the_penumbra(flown, rtol, limit_m):
    true, ours, _without, _seen = flown
    assert np.linalg.norm(ours[rtol][:3] - true[:3]) * 1e3 < limit_m
