"""The solid tide of the Moon: its potential, its permanent part, and the tide system of the field.

Potential: degree-2 coefficients by equation 6.6 of G. Petit, B. Luzum (eds.), "IERS Conventions (2010)", IERS
Technical Note 36, put into the harmonic expansion. Published coefficients with the permanent tide: J2 =
203.30517e-6 and C22 = 22.42635e-6 (GL0660B); J. G. Williams et al., "Lunar interior properties from the GRAIL
mission", Journal of Geophysical Research: Planets 119 (2014) 1546-1578, table 1. Without: constants J2M, C22M
of DE440, 2.03214360135e-4 and 2.2380845245752079e-5, printed in the comment area of de440.bsp.
"""

from dataclasses import replace

import numpy as np
import pytest
from orbits import EPOCH, circular

from cislunar.environment.ephemeris import Ephemeris
from cislunar.environment.gravity import load_field
from cislunar.environment.orientation import LunarOrientation
from cislunar.errors import InputError
from cislunar.propagation import ForceModel, acceleration, propagate
from cislunar.propagation.forces import solid_tide
from cislunar.propagation.harmonics import harmonics, pack_coefficients
from cislunar.propagation.tides import LOVE_NUMBER, PERMANENT, RADIUS_KM, SolidTide

DAY_S = 86400.0


def tidal_coefficients(body, k2, gm_ratio, radius):
    """Normalised degree-2 coefficients that a body at `body` (km, axes of the field) raises."""
    r = np.linalg.norm(body)
    x, y, z = body / r
    longitude, u, w = np.arctan2(y, x), z, np.hypot(x, y)
    legendre = np.sqrt(5.0) * np.array(
        [1.5 * u * u - 0.5, np.sqrt(1 / 3) * 3 * u * w, np.sqrt(1 / 12) * 3 * w * w]
    )
    size = k2 / 5.0 * gm_ratio * (radius / r) ** 3
    c, s = np.zeros((3, 3)), np.zeros((3, 3))
    for m in range(3):
        c[2, m] = size * legendre[m] * np.cos(m * longitude)
        s[2, m] = size * legendre[m] * np.sin(m * longitude)
    return c, s


def test_iers_coefficients_in_the_harmonic_expansion():
    rng = np.random.default_rng(2)
    gm, gm_body, radius = 4902.8, 398600.4, 1738.0
    for _ in range(5):
        body, place = rng.normal(size=3) * 2e5, rng.normal(size=3) * 2500
        c, s = tidal_coefficients(body, LOVE_NUMBER, gm_body / gm, radius)
        expected = np.array(harmonics(*place, gm, radius, 2, pack_coefficients(c, s, 2)))
        ours = np.array(solid_tide(*place, *body, SolidTide().strength(gm_body, radius)))
        assert ours == pytest.approx(expected, rel=1e-12, abs=1e-12 * np.abs(expected).max())


def mean_coefficients(body):
    """Mean over a turn of the node, 18.6 years, not normalised, for k2 = 1."""
    ephemeris, orientation = Ephemeris.default(), LunarOrientation.default()
    tdb = ephemeris.span_tdb[0] + DAY_S + np.arange(0.0, 6798.38, 0.25) * DAY_S
    place = np.einsum("ijn,jn->in", orientation.icrf_to_pa(tdb), ephemeris.position(body, "moon", tdb))
    r = np.linalg.norm(place, axis=0)
    x, y, z = place / r
    size = ephemeris.gm[body] / load_field("grgm1200a", 2).gm * (RADIUS_KM / r) ** 3
    return {
        "c20": (size * (1.5 * z * z - 0.5)).mean(),
        "c22": (size * (x * x - y * y) / 4.0).mean(),
        "c21": (size * x * z).mean(),
        "s21": (size * y * z).mean(),
        "s22": (size * x * y / 2.0).mean(),
    }


@pytest.mark.parametrize("body", PERMANENT)
def test_permanent_part_is_the_mean_over_a_turn_of_the_node(body):
    mean = mean_coefficients(body)
    c20, c22 = PERMANENT[body]
    # one turn differs from the next by 5e-4 of the Earth's part, which stays in the varying part
    assert mean["c20"] == pytest.approx(c20, rel=1e-3)
    assert mean["c22"] == pytest.approx(c22, rel=1e-3, abs=1e-11)
    assert max(abs(mean[name]) for name in ("c21", "s21", "s22")) < 4e-9


def test_grgm1200a_leaves_out_the_permanent_tide():
    """With it J2 and C22 become what GRAIL publishes with it; without, they are DE440's undistorted Moon."""
    field = load_field("grgm1200a", 2)
    j2, c22 = -field.c[2, 0] * np.sqrt(5.0), field.c[2, 2] * np.sqrt(5.0 / 12.0)
    permanent = LOVE_NUMBER * np.array([PERMANENT["earth"], PERMANENT["sun"]]).sum(axis=0)
    # fields of two institutes differ by 1e-8 in J2, a tenth of the permanent part
    assert j2 - permanent[0] == pytest.approx(203.30517e-6, abs=1e-8)
    assert c22 + permanent[1] == pytest.approx(22.42635e-6, abs=1e-9)
    assert abs(j2 - 203.30517e-6) > 8e-8
    assert abs(c22 - 22.42635e-6) > 4e-8
    assert j2 == pytest.approx(2.03214360135e-4, abs=1e-8)
    assert c22 == pytest.approx(2.2380845245752079e-5, abs=1e-9)


def test_permanent_part_is_never_counted_twice():
    """A zero-tide field is the tide-free one with the permanent tide; both give the same forces."""
    free = load_field("grgm1200a", 8)
    c = np.array(free.c)
    for c20, c22 in PERMANENT.values():
        c[2, 0] += LOVE_NUMBER * c20 / np.sqrt(5.0)
        c[2, 2] += LOVE_NUMBER * c22 / np.sqrt(5.0 / 12.0)
    zero = replace(free, name="the same, zero-tide", tide_system="zero_tide", c=c)
    place = np.array([[1800.0, 300.0, -500.0], [-200.0, 1500.0, 1100.0]]).T
    by = {}
    for name, field in (("free", free), ("zero", zero)):
        by[name] = acceleration(place, EPOCH, ForceModel(gravity=field, tide=True))
    assert np.abs(by["free"] - by["zero"]).max() < 1e-18
    # trap: the same coefficients taken for tide-free count it twice
    twice = ForceModel(gravity=zero, tide=SolidTide(coefficients="tide_free"))
    assert np.abs(acceleration(place, EPOCH, twice) - by["free"]).max() > 1e-10


def test_field_of_unknown_tide_system_is_refused():
    field = replace(load_field("grgm1200a", 8), name="someone's field", tide_system="not stated")
    with pytest.raises(InputError, match="does not say whether its coefficients hold the permanent tide"):
        _ = ForceModel(gravity=field, tide=True).compiled
    assert ForceModel(gravity=field, tide=SolidTide(coefficients="tide_free")).compiled.tides == 1


def test_stated_sizes_and_trap():
    """14 to 57 m in a day of a low lunar orbit; the body that raises most of it may not be dropped."""
    state = np.tile(circular(100.0)[:, None], 3)
    epochs = EPOCH + np.array([0.0, 10.0, 20.0]) * DAY_S
    flown = {}
    for name, tide in {
        "none": False,
        "all": True,
        "varying": SolidTide(coefficients="zero_tide"),
        "sun": SolidTide(raised_by=("sun",)),
        "earth": SolidTide(raised_by=("earth",)),
    }.items():
        forces = ForceModel(degree=20, tide=tide)
        flown[name] = propagate(state, epochs, DAY_S, forces, rtol=1e-12).final[:3]
    moved = {name: np.linalg.norm(end - flown["none"], axis=0) * 1e3 for name, end in flown.items()}
    assert moved["all"].min() > 5.0
    assert moved["all"].max() < 100.0
    assert moved["sun"].max() < 1.0
    missed = np.linalg.norm(flown["sun"] - flown["all"], axis=0) * 1e3
    assert (missed > 10.0 * np.linalg.norm(flown["earth"] - flown["all"], axis=0) * 1e3).all()


def test_largest_acceleration_at_the_surface():
    forces, plain = ForceModel(degree=2, tide=True), ForceModel(degree=2)
    earth = Ephemeris.default().position("earth", "moon", np.array(EPOCH))
    place = earth / np.linalg.norm(earth) * 1737.4
    tide = acceleration(place, EPOCH, forces) - acceleration(place, EPOCH, plain)
    assert 6e-10 < np.linalg.norm(tide) < 1.1e-9


@pytest.mark.parametrize(
    "make",
    [
        lambda: SolidTide(love_number=-0.1),
        lambda: SolidTide(raised_by=("jupiter",)),
        lambda: SolidTide(raised_by="earth"),
        lambda: SolidTide(coefficients="mean_tide"),
        lambda: ForceModel("earth", bodies=("moon",), tide=True),
    ],
)
def test_wrong_input(make):
    with pytest.raises(InputError):
        make()
