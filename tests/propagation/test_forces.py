"""Each force against an independent formula, with a trap: what the classic mistake would do, ten times the
tolerance.

The independent side is written here in plain NumPy from the ephemeris and the orientation themselves
(rotation matrices instead of quaternions, tables instead of granules, textbook shadow instead of
comparisons); the harmonics have their own test. Tolerance 1e-12 of the force under test, or what the
tabulation leaves: 1e-9 relative for third bodies.
"""

from __future__ import annotations

import numpy as np
import pytest
from orbits import EPOCH, elliptical

from cislunar import ForceModel, propagate
from cislunar.constants import AU_KM, MOON_RADIUS_KM, SOLAR_PRESSURE_N_M2, SUN_RADIUS_KM
from cislunar.environment.ephemeris import Ephemeris
from cislunar.environment.gravity import load_field
from cislunar.environment.orientation import LunarOrientation, axes_rotation
from cislunar.environment.shadow import sunlit_fraction
from cislunar.errors import InputError
from cislunar.propagation import RadiationPressure, acceleration
from cislunar.propagation.harmonics import harmonics, pack_coefficients

N = 64
STATE, START = elliptical(N, seed=11)
POSITION = STATE[:3]


def norm(vector):
    return np.sqrt((vector**2).sum(axis=0))


def third_body(body, center="moon", gm=None, indirect=True):
    ephemeris = Ephemeris.default()
    where = ephemeris.position(body, center, START)
    gm = ephemeris.gm[body] if gm is None else gm
    pull = gm * (where - POSITION) / norm(where - POSITION) ** 3
    return pull - gm * where / norm(where) ** 3 if indirect else pull


def field_part(frame, degree=8, orientation=None):
    """Harmonics of the packaged field, evaluated in the axes named."""
    field = load_field("grgm1200a", degree=degree)
    rotation = (orientation or LunarOrientation.default()).icrf_to(frame, START)
    body = np.einsum("ijn,jn->in", rotation, POSITION)
    rows = pack_coefficients(field.c, field.s, degree)
    pull = np.array(harmonics(*body, field.gm, field.radius_km, degree, rows))
    return np.einsum("jin,jn->in", rotation, pull)


def central(gm):
    return -gm * POSITION / norm(POSITION) ** 3


def relative_miss(found, expected):
    return norm(found - expected).max() / norm(expected).max()


def test_point_mass_uses_the_gm_of_the_field():
    found = acceleration(POSITION, START, ForceModel("moon", degree=0, bodies=()))
    expected = central(load_field("grgm1200a").gm)
    assert relative_miss(found, expected) < 1e-14
    # Trap: DE440's GM of the Moon instead, 8e-10 away
    assert relative_miss(central(Ephemeris.default().gm["moon"]), expected) > 1e4 * 1e-14


@pytest.mark.parametrize("body", ["earth", "sun", "venus", "jupiter"])
def test_third_body(body):
    alone = acceleration(POSITION, START, ForceModel("moon", degree=0, bodies=()))
    found = acceleration(POSITION, START, ForceModel("moon", degree=0, bodies=(body,))) - alone
    expected = third_body(body)
    # The tide is what is left of the pull; rounding of the central term, 1e-16 of it, is part of the
    # difference.
    allowed = 1e-9 * norm(expected).max() + 1e-15 * norm(alone).max()
    assert norm(found - expected).max() < allowed
    # Traps: the acceleration of the centre forgotten; the body dropped
    assert norm(third_body(body, indirect=False) - expected).max() > 10 * allowed
    assert norm(expected).max() > 10 * allowed


def test_each_force_once():
    parts = [
        acceleration(POSITION, START, ForceModel("moon", degree=0, bodies=b)) for b in (("earth",), ("sun",))
    ]
    both = acceleration(POSITION, START, ForceModel("moon", degree=0, bodies=("sun", "earth")))
    none = acceleration(POSITION, START, ForceModel("moon", degree=0, bodies=()))
    assert norm(both - (parts[0] + parts[1] - none)).max() < 1e-14 * norm(both).max()


def test_field_is_evaluated_in_its_own_axes():
    alone = acceleration(POSITION, START, ForceModel("moon", degree=0, bodies=()))
    found = acceleration(POSITION, START, ForceModel("moon", degree=8, bodies=())) - alone
    expected = field_part("MOON_PA_DE430")
    # Quaternion granules are good to 7e-11 rad; the pull grows with the slope of the field.
    allowed = 1e-9
    assert relative_miss(found, expected) < allowed
    # Traps: DE440's principal axes (0.13 arcseconds away), mean-Earth axes, transposed rotation
    assert relative_miss(field_part("MOON_PA_DE440"), expected) > 100 * allowed
    assert relative_miss(field_part("MOON_ME_DE421"), expected) > 1e4 * allowed


def test_gm_of_the_user_scales_centre_and_field():
    gm = 4902.8005821478
    found = acceleration(POSITION, START, ForceModel("moon", degree=8, bodies=(), gm={"moon": gm}))
    usual = acceleration(POSITION, START, ForceModel("moon", degree=8, bodies=()))
    assert relative_miss(found, usual * (gm / load_field("grgm1200a").gm)) < 1e-14


def sunlight(shadows):
    ephemeris = Ephemeris.default()
    sun = ephemeris.position("sun", "moon", START)
    light = np.ones(N)
    for body, radius in (("moon", MOON_RADIUS_KM), ("earth", 6378.137)):
        if body in shadows:
            where = ephemeris.position(body, "moon", START) if body != "moon" else np.zeros((3, N))
            light = light * sunlit_fraction(*(sun - POSITION), *(where - POSITION), SUN_RADIUS_KM, radius)
    away = POSITION - sun
    return 0.03 * SOLAR_PRESSURE_N_M2 * 1e-3 * AU_KM**2 * light * away / norm(away) ** 3, light


@pytest.mark.parametrize("pressure", [-4.5e-6, np.nan, "strong"])
def test_what_is_no_pressure_of_sunlight(pressure):
    with pytest.raises(InputError, match="expected a pressure of 0 or more, N/m"):
        RadiationPressure(0.01, pressure_n_m2=pressure)


def test_radiation_pressure_and_shadow():
    alone = acceleration(POSITION, START, ForceModel("moon", degree=0))
    expected, light = sunlight(("moon", "earth"))
    assert (light == 0.0).any()
    assert (light == 1.0).any()
    found = acceleration(POSITION, START, ForceModel("moon", degree=0, radiation_pressure=0.03)) - alone
    allowed = 1e-15 * norm(alone).max() + 1e-9 * norm(expected).max()
    assert norm(found - expected).max() < allowed
    # Traps: no shadow; pressure towards the Sun; forgotten square of the distance (3 per cent)
    assert norm(sunlight(())[0] - expected).max() > 100 * allowed
    assert norm(-expected - expected).max() > 100 * allowed


def test_penumbra_on_lanes_is_the_formula():
    # A fan of positions across the shadow of the Moon: full light, penumbra, umbra in neighbouring lanes.
    sun = Ephemeris.default().position("sun", "moon", EPOCH)
    down = -sun / norm(sun)
    side = np.cross(down, [0.0, 0.0, 1.0])
    side /= norm(side)
    offset = MOON_RADIUS_KM + np.linspace(-40.0, 40.0, 401)
    points = 4000.0 * down[:, None] + offset * side[:, None]
    lit, dark = (
        acceleration(points, EPOCH, ForceModel("moon", degree=0, radiation_pressure=pressure))
        for pressure in (RadiationPressure(1e6, shadows=()), RadiationPressure(1e6))
    )
    none = acceleration(points, EPOCH, ForceModel("moon", degree=0))
    fraction = norm(dark - none) / norm(lit - none)
    expected = sunlit_fraction(*(sun[:, None] - points), *(-points), SUN_RADIUS_KM, MOON_RADIUS_KM)
    assert ((expected > 0.0) & (expected < 1.0)).sum() > 50
    assert np.abs(fraction - expected).max() < 1e-9


def test_pressure_of_each_trajectory_is_its_own():
    values = np.linspace(0.0, 0.05, N)
    together = acceleration(POSITION, START, ForceModel("moon", degree=0, radiation_pressure=values))
    for i in (0, 5, N - 1):
        alone = acceleration(
            POSITION[:, i], START[i], ForceModel("moon", degree=0, radiation_pressure=values[i])
        )
        np.testing.assert_array_equal(alone, together[:, i])


def test_any_body_is_a_centre():
    # One heliocentric arc, told about the Sun and about the Earth, far from both Earth and Moon.
    ephemeris = Ephemeris.default()
    earth = ephemeris.state("earth", "sun", EPOCH)
    start = earth + np.array([3e6, -2e6, 1e6, 0.5, 0.3, -0.2])
    others = {"sun": ("earth", "moon", "venus", "jupiter"), "earth": ("sun", "moon", "venus", "jupiter")}
    day = 86400.0
    about_sun = propagate(start, EPOCH, 30 * day, ForceModel("sun", bodies=others["sun"]), rtol=1e-13)
    about_earth = propagate(
        start - earth, EPOCH, 30 * day, ForceModel("earth", bodies=others["earth"]), rtol=1e-13
    )
    moved = about_earth.final[:, 0] + ephemeris.state("earth", "sun", EPOCH + 30 * day)
    # DE440's Sun and Earth feel more than these point masses (relativity, asteroids, all planets): 30 km in
    # a month of the Earth's own 1e8 km; a missing indirect term of the Sun would be 2e7 km.
    assert norm(moved[:3] - about_sun.final[:3, 0]) < 100.0
    for center in ("venus", "mars", "jupiter", "saturn"):
        far = propagate([2e5, 0, 0, 0, 1.0, 0], EPOCH, 3600.0, ForceModel(center, bodies=("sun",)))
        assert np.isfinite(far.final).all()


def test_rotations_between_lunar_axes_are_small():
    turn = axes_rotation("MOON_PA_DE440", "MOON_PA_DE430")
    assert 1e-8 < np.abs(turn - np.eye(3)).max() < 1e-5


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"center": "ceres"}, "center"),
        ({"center": "earth-moon-barycentre"}, "center"),
        ({"bodies": ("earth", "earth")}, "each body once"),
        ({"bodies": ("moon",)}, "not the centre"),
        ({"bodies": ("mun",)}, "bodies"),
        ({"bodies": "earth"}, "sequence"),
        ({"bodies": ("earth-moon-barycentre",)}, "stands for"),
        ({"gm": {"mars": 1.0}}, "neither the centre nor"),
        ({"gm": {"earth": -1.0}}, "positive"),
        ({"degree": 5000}, "degree"),
        ({"gravity": None, "degree": 8}, "point mass"),
        ({"center": "earth", "bodies": ("moon",), "gravity": "grgm1200a"}, "field of moon"),
        ({"relativity": "no"}, "relativity: expected True or False; got 'no'"),
        ({"gm": [4902.8]}, "gm: expected a mapping"),
        ({"bodies": [["earth"]]}, "bodies: expected names"),
        ({"center": ["moon"]}, "center: expected a body"),
        ({"ephemeris": "de440"}, "ephemeris: expected .*Ephemeris; got 'de440'"),
        ({"orientation": "de440"}, "orientation: expected .*LunarOrientation; got 'de440'"),
        ({"tide": "on"}, "tide: expected True, False or a SolidTide; got 'on'"),
        ({"radiation_pressure": RadiationPressure(0.01, shadows=("sun",))}, "shadows"),
    ],
)
def test_wrong_models_are_refused(arguments, text):
    with pytest.raises(InputError, match=text):
        ForceModel(**arguments)


def test_wrong_pressure_is_refused():
    for value in (-1.0, np.nan, [0.1, 0.2]):
        with pytest.raises(InputError, match="radiation pressure"):
            propagate(STATE[:, :3], START[:3], 60.0, ForceModel("moon", degree=0, radiation_pressure=value))


@pytest.mark.parametrize("rtol", [1e-10, 1e-12])
def test_shadow_edges_do_not_break_the_tolerance(rtol):
    # Thirty days of elliptical orbits, cr A/m of 0.02 m^2/kg, against a flight at 1e-14. Without steps that
    # end at the edges, eclipses fall between the stages of long steps near apolune: tens of metres at
    # 1e-10. The limits are those of the same orbits without shadows, three times over.
    state, epoch = elliptical(24, seed=8)
    forces = ForceModel("moon", degree=4, radiation_pressure=0.02)
    final = propagate(state, epoch, 30 * 86400.0, forces, rtol=rtol, record=False).final
    exact = propagate(state, epoch, 30 * 86400.0, forces, rtol=1e-14, record=False).final
    miss = norm((final - exact)[:3])
    assert np.median(miss) < (1e-4 if rtol == 1e-10 else 1e-5)
    assert miss.max() < (1e-3 if rtol == 1e-10 else 2e-4)


def test_shadows_do_not_cost_many_steps():
    state, epoch = elliptical(24, seed=8)
    steps = [
        propagate(
            state, epoch, 10 * 86400.0, ForceModel("moon", degree=4, radiation_pressure=pressure)
        ).steps.sum()
        for pressure in (RadiationPressure(0.02, shadows=()), RadiationPressure(0.02))
    ]
    assert steps[1] < 1.15 * steps[0]


def test_an_eclipse_between_two_stages_is_not_missed():
    # High and slow behind the Moon, a graze of the shadow shorter than the longest gap between two stages:
    # the impulse it withholds is there whatever the tolerance. Found by moving the orbit across the edge of
    # the shadow.
    day = 86400.0
    sun = Ephemeris.default().position("sun", "moon", EPOCH)
    down = -sun / norm(sun)
    side = np.cross(down, [0.0, 0.0, 1.0])
    side /= norm(side)
    up = np.cross(side, down)
    heights = np.linspace(1700.0, 2400.0, 71)
    start = 12000.0 * down[:, None] + heights * up[:, None] - 3000.0 * side[:, None]
    velocity = np.broadcast_to(0.6 * side[:, None], start.shape)
    state = np.concatenate([start, velocity])
    forces = ForceModel("moon", degree=0, radiation_pressure=1.0)
    loose = propagate(state, EPOCH, 0.15 * day, forces, rtol=1e-8).final
    tight = propagate(state, EPOCH, 0.15 * day, forces, rtol=1e-13).final
    lit = propagate(
        state,
        EPOCH,
        0.15 * day,
        ForceModel("moon", degree=0, radiation_pressure=RadiationPressure(1.0, shadows=())),
    )
    withheld = norm((tight - lit.final)[:3])
    assert (withheld > 1e-4).any()
    assert (withheld < 1e-9).any()
    assert norm((loose - tight)[:3]).max() < 0.1 * withheld.max()
