"""Elements, anomalies, two-body motion and conversions against boinor, the maintained fork of poliastro.

Truth: boinor 0.20 on the same gravitational parameter, in the same run.  Tolerances: both sides are
double precision; boinor stops its Kepler iteration at 1.48e-8 in a quadratically convergent method and
decides circular and equatorial cases at 1e-8, so the orbits compared keep away from those.
"""

from __future__ import annotations

import numpy as np
import pytest

from cislunar import time
from cislunar.environment import Environment
from cislunar.exchange import boinor as guest
from cislunar.orbits import anomalies, elements
from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
from cislunar.orbits.elements import KeplerianElements
from cislunar.orbits.initial_state import initial_state

pytest.importorskip("boinor")

from astropy import units as u
from boinor.bodies import Earth, Moon
from boinor.core import angles as boinor_angles
from boinor.core.elements import coe2rv, rv2coe
from boinor.twobody import Orbit

GM = 4902.80011845755
RNG = np.random.default_rng(3)
COUNT = 300
TDB = time.parse_epoch("2027-03-01T00:00:00 UTC")


def some_orbits(low: float, high: float) -> KeplerianElements:
    eccentricity = RNG.uniform(low, high, COUNT)
    return KeplerianElements(
        RNG.uniform(1800.0, 20000.0, COUNT) / (1.0 - eccentricity),
        eccentricity,
        RNG.uniform(0.05, 3.0, COUNT),
        RNG.uniform(0.0, 2 * np.pi, COUNT),
        RNG.uniform(0.0, 2 * np.pi, COUNT),
        RNG.uniform(-1.0, 1.0, COUNT) * np.where(eccentricity < 1.0, np.pi, 1.5),
    )


def wrapped(angle: np.ndarray) -> np.ndarray:
    return (angle + np.pi) % (2 * np.pi) - np.pi


@pytest.mark.parametrize(("low", "high"), [(0.001, 0.1), (0.1, 0.95), (1.05, 2.0)])
def test_boinor_elements_and_states(low: float, high: float) -> None:
    orbits = some_orbits(low, high)
    states = elements.to_state(orbits, GM)
    found = elements.from_state(states, GM)
    for k in range(COUNT):
        latus = orbits.semi_major_axis_km[k] * (1 - orbits.eccentricity[k] ** 2)
        angles = [
            array[k]
            for array in (
                orbits.inclination_rad,
                orbits.raan_rad,
                orbits.argument_of_periapsis_rad,
                orbits.true_anomaly_rad,
            )
        ]
        r, v = coe2rv(GM, latus, orbits.eccentricity[k], *angles)
        np.testing.assert_allclose(states[:3, k], r, rtol=0, atol=1e-13 * np.linalg.norm(r))
        np.testing.assert_allclose(states[3:, k], v, rtol=0, atol=1e-13 * np.linalg.norm(v))
        p, ecc, inc, raan, argp, nu = rv2coe(GM, states[:3, k].copy(), states[3:, k].copy())
        assert found.semi_major_axis_km[k] * (1 - found.eccentricity[k] ** 2) == pytest.approx(p, rel=1e-12)
        assert found.eccentricity[k] == pytest.approx(ecc, rel=1e-10)
        assert found.inclination_rad[k] == pytest.approx(inc, abs=1e-13)
        for ours, theirs in (
            (found.raan_rad[k], raan),
            (found.argument_of_periapsis_rad[k], argp),
            (found.true_anomaly_rad[k], nu),
        ):
            assert abs(wrapped(ours - theirs)) < 1e-14 / low * 10


@pytest.mark.parametrize("eccentricity", [0.0, 0.1, 0.6, 0.9, 0.99])
def test_boinor_anomalies_of_an_ellipse(eccentricity: float) -> None:
    for mean in RNG.uniform(-np.pi, np.pi, COUNT):
        ours = anomalies.mean_to_eccentric(mean, eccentricity)
        assert ours == pytest.approx(boinor_angles.M_to_E(mean, eccentricity), abs=1e-12)
        nu = boinor_angles.E_to_nu(float(ours), eccentricity)
        assert anomalies.mean_to_true(mean, eccentricity) == pytest.approx(nu, abs=1e-12)
        back = boinor_angles.E_to_M(boinor_angles.nu_to_E(nu, eccentricity), eccentricity)
        assert anomalies.true_to_mean(nu, eccentricity) == pytest.approx(back, abs=1e-12)


@pytest.mark.parametrize("eccentricity", [1.05, 1.5, 4.0])
def test_boinor_anomalies_of_a_hyperbola(eccentricity: float) -> None:
    for mean in RNG.uniform(-8.0, 8.0, COUNT):
        ours = anomalies.mean_to_eccentric(mean, eccentricity)
        assert ours == pytest.approx(boinor_angles.M_to_F(mean, eccentricity), rel=1e-11, abs=1e-12)
        nu = boinor_angles.F_to_nu(float(ours), eccentricity)
        assert anomalies.mean_to_true(mean, eccentricity) == pytest.approx(nu, abs=1e-12)


def test_boinor_two_body_motion_and_period() -> None:
    """The mean anomaly grows by 2 pi t / T: boinor's own propagator ends at the same place, to 1 mm."""
    orbit = KeplerianElements(*np.array([6143.0, 0.6, 0.9, 1.0, 1.57, 0.3]))
    theirs = guest.orbit_from_state(elements.to_state(orbit, GM), TDB, GM)
    assert theirs.period.to_value(u.s) == pytest.approx(float(orbit.period_s(GM)), rel=1e-13)
    assert theirs.r_p.to_value(u.km) == pytest.approx(float(orbit.periapsis_radius_km), rel=1e-12)
    for hours in (1.0, 7.3, 40.0):
        mean = orbit.mean_anomaly_rad + 2 * np.pi * hours * 3600.0 / orbit.period_s(GM)
        nu = anomalies.mean_to_true(mean, orbit.eccentricity)
        ours = elements.to_state(KeplerianElements(6143.0, 0.6, 0.9, 1.0, 1.57, nu), GM)
        end = theirs.propagate(hours * u.h)
        assert np.linalg.norm(ours[:3] - end.r.to_value(u.km)) < 1e-6


@pytest.mark.parametrize("frame", ["icrf", "moon-op", "moon-equator"])
def test_boinor_orbit_of_a_statement(frame: str) -> None:
    statement = KeplerianOrbit(
        frame=frame,
        inclination_rad=0.9,
        raan_rad=1.0,
        argument_of_periapsis_rad=1.5,
        anomaly_rad=2.0,
        anomaly="mean",
        periapsis_altitude_km=600.0,
        apoapsis_altitude_km=8000.0,
    )
    orbit = guest.orbit_from_definition(statement, TDB, GM, Environment.default())
    assert orbit.attractor.name == "Moon"
    assert orbit.attractor.k.to_value(u.km**3 / u.s**2) == GM
    assert orbit.epoch.scale == "tdb"
    assert orbit.r_p.to_value(u.km) == pytest.approx(2337.4, rel=1e-12)
    assert orbit.r_a.to_value(u.km) == pytest.approx(9737.4, rel=1e-12)
    if frame == "icrf":
        assert orbit.inc.to_value(u.rad) == pytest.approx(0.9, abs=1e-12)
        assert orbit.argp.to_value(u.rad) == pytest.approx(1.5, abs=1e-12)
    again, tdb = guest.definition_from_orbit(orbit)
    assert isinstance(again, CartesianOrbit)
    assert tdb == pytest.approx(TDB, abs=1e-6)
    np.testing.assert_array_equal(
        initial_state(again, tdb, GM), initial_state(statement, TDB, GM, Environment.default())
    )


def test_boinor_orbit_of_another_tool() -> None:
    """An Orbit made in boinor, with an epoch in UTC and boinor's own Moon."""
    from astropy.time import Time

    epoch = Time("2027-03-01T00:00:00", scale="utc")
    orbit = Orbit.from_classical(
        Moon, 6143 * u.km, 0.6 * u.one, 51.7 * u.deg, 20 * u.deg, 90 * u.deg, 35 * u.deg, epoch=epoch
    )
    state, tdb = guest.state_from_orbit(orbit)
    assert tdb == pytest.approx(TDB, abs=1e-6)
    found = elements.from_state(state, Moon.k.to_value(u.km**3 / u.s**2))
    assert found.semi_major_axis_km == pytest.approx(6143.0, rel=1e-12)
    assert np.degrees(found.inclination_rad) == pytest.approx(51.7, abs=1e-10)


def test_boinor_guests_that_are_refused() -> None:
    from boinor.frames import Planes

    from cislunar.errors import InputError

    r, v = [7000.0, 0.0, 0.0] * u.km, [0.0, 7.5, 0.0] * u.km / u.s
    with pytest.raises(InputError, match="expected one about the Moon; got the attractor Earth"):
        guest.state_from_orbit(Orbit.from_vectors(Earth, r, v))
    with pytest.raises(InputError, match=r"plane: expected EARTH_EQUATOR.*got EARTH_ECLIPTIC"):
        guest.state_from_orbit(Orbit.from_vectors(Moon, r, v / 6, plane=Planes.EARTH_ECLIPTIC))
    with pytest.raises(InputError, match="expected 6 finite numbers"):
        guest.orbit_from_state(np.zeros(5), TDB)
