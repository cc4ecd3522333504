"""Earth orbits in EGM2008 against SciPy's DOP853 on the gravity and the Earth orientation of brahe.

Inputs, the same for both sides: EGM2008 to degree 8 with its own GM, Moon and Sun as point masses (DE440),
and the table `finals2000A.all`. The other side shares no code with the package: brahe (Rust) reads its own
copy of EGM2008, evaluates the harmonics by Clenshaw's sum or Cunningham's recursion and turns them by its own
reader of the table, IAU 2006/2000A; the bodies are DE440's own Chebyshev records (jplephem); SciPy
integrates at 1e-12.

The orientations differ by up to 8 mm at the equator (linear against cubic interpolation of UT1 and the pole).
After a day the low orbit differs by 0.6 mm, the transfer ellipse by 5 mm. Limit: 5 cm. Without degree 8 they
differ by 1.2 and 2.1 km.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import astropy_iers_data
import brahe
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchmarks.peers.model import DE440_GM, ephemeris_segments, lunar_carrier, relative_chain
from cislunar.environment.earth import EarthOrientation
from cislunar.environment.gravity import load_field
from cislunar.propagation import ForceModel, propagate
from cislunar.time import parse_epoch, tdb_minus_tt

DAY_S = 86400.0
EPOCH = parse_epoch("2021-06-01T00:00:00 UTC")
GM = 398600.4415
BODIES = ("moon", "sun")
LIMIT_M = 0.05


def at_perigee(perigee_km: float, eccentricity: float, inclination: float) -> np.ndarray:
    speed = np.sqrt(GM * (1.0 + eccentricity) / perigee_km)
    return np.array([perigee_km, 0, 0, 0, speed * np.cos(inclination), speed * np.sin(inclination)])


ORBITS = {"low": at_perigee(6878.0, 0.001, 0.9), "transfer": at_perigee(6628.0, 0.73, 0.48)}


@pytest.fixture(scope="module", autouse=True)
def _brahe_reads_the_same_table():
    table = brahe.FileEOPProvider.from_standard_file(astropy_iers_data.IERS_A_FILE, True, "Error")
    brahe.set_global_eop_provider(table)
    yield
    brahe.set_global_eop_provider(brahe.StaticEOPProvider.from_zero())


@cache
def their_field() -> Any:
    return brahe.GravityModel.from_model_type(brahe.GravityModelType.EGM2008_120)


def their_rotation(tdb: float) -> np.ndarray:
    """From GCRF to ITRF, by brahe."""
    j2000 = brahe.Epoch.from_jd(2451545.0, brahe.TimeSystem.TT)
    return brahe.rotation_gcrf_to_itrf(j2000 + (tdb - float(tdb_minus_tt(tdb))))


@cache
def flown_by_scipy(orbit: str) -> np.ndarray:
    span = (EPOCH - DAY_S, EPOCH + 3.0 * DAY_S)
    segments = ephemeris_segments(Path(lunar_carrier("de440s.bsp")), {"earth", *BODIES}, span)
    field = their_field()

    def rates(t: float, state: np.ndarray) -> np.ndarray:
        tdb = EPOCH + t
        pull = 1e-3 * brahe.accel_gravity_spherical_harmonics(
            state[:3] * 1e3, their_rotation(tdb), field, 8, 8
        )
        for body in BODIES:
            place = sum(sign * segments[pair](tdb) for sign, pair in relative_chain(body, "earth"))
            way = place - state[:3]
            pull = pull + DE440_GM[body] * (
                way / np.linalg.norm(way) ** 3 - place / np.linalg.norm(place) ** 3
            )
        return np.concatenate([state[3:], pull])

    return solve_ivp(rates, (0.0, DAY_S), ORBITS[orbit], "DOP853", rtol=1e-12, atol=1e-9).y[:, -1]


def miss_m(orbit: str, gravity: Any = "egm2008", degree: int = 8) -> float:
    forces = ForceModel("earth", gravity, degree, BODIES)
    final = propagate(ORBITS[orbit], EPOCH, DAY_S, forces, rtol=1e-12).final[:, 0]
    return float(np.linalg.norm(final[:3] - flown_by_scipy(orbit)[:3]) * 1e3)


def test_brahe_coefficients_of_egm2008():
    """The cut is the source: every coefficient and the head, as another reader of the file finds them."""
    field, theirs = load_field("egm2008"), their_field()
    assert (field.gm, field.radius_km) == (theirs.gm * 1e-9, theirs.radius * 1e-3)
    assert str(theirs.tide_system).endswith("TideFree")
    assert field.tide_system == "tide_free"
    for n in range(field.degree + 1):
        for m in range(n + 1):
            assert (field.c[n, m], field.s[n, m]) == theirs.get(n, m)


def test_heyoka_coefficients_of_egm2008():
    """A second, unrelated carrier of EGM2008 holds the same numbers."""
    model = pytest.importorskip("heyoka").model
    field = load_field("egm2008")
    assert (field.gm, field.radius_km) == (
        model.get_egm2008_mu() * 1e-9,
        model.get_egm2008_a() * 1e-3,
    )
    table = model.get_egm2008_CS()
    found = [(field.c[n, m], field.s[n, m]) for n in range(2, field.degree + 1) for m in range(n + 1)]
    assert np.array_equal(np.array(found), table[: len(found)])


@pytest.mark.parametrize("years", [0.0, 2.5, 5.0])
def test_brahe_orientation_of_the_earth(years):
    tdb = parse_epoch("2020-03-01T07:00:00 UTC") + years * 365.25 * DAY_S
    turn = their_rotation(tdb) @ EarthOrientation.default().itrs_to_gcrs(tdb)
    assert np.abs(turn - np.eye(3)).max() * 6378e3 < 0.02


@pytest.mark.parametrize("orbit", ORBITS)
def test_scipy_and_brahe_one_day_degree_8(orbit):
    assert miss_m(orbit) < LIMIT_M


@pytest.mark.parametrize("orbit", ORBITS)
@pytest.mark.parametrize(("degree", "least_m"), [(7, 500.0), (0, 1e5)])
def test_trap_scipy_and_brahe_one_day_with_less(orbit, degree, least_m):
    assert miss_m(orbit, degree=degree) > least_m


class Misplaced(EarthOrientation):
    """An Earth that stands still, or turns about the axis of ICRF without precession and nutation."""

    mistake = ""

    def quaternion(self, tdb: Any) -> np.ndarray:
        right = super().quaternion(tdb)
        if self.mistake == "still":
            return np.tile([[1.0], [0.0], [0.0], [0.0]], np.size(tdb))
        turning = np.array(right)
        turning[1:3] = 0.0
        return turning / np.sqrt((turning**2).sum(axis=0))


@pytest.mark.parametrize("orbit", ORBITS)
@pytest.mark.parametrize("mistake", ["still", "no precession"])
def test_trap_scipy_and_brahe_one_day_in_wrong_axes(orbit, mistake):
    axes = Misplaced.from_file(astropy_iers_data.IERS_A_FILE)
    axes.mistake = mistake
    forces = ForceModel("earth", "egm2008", 8, BODIES, earth_orientation=axes)
    final = propagate(ORBITS[orbit], EPOCH, DAY_S, forces, rtol=1e-12).final[:, 0]
    assert np.linalg.norm(final[:3] - flown_by_scipy(orbit)[:3]) * 1e3 > 10.0
