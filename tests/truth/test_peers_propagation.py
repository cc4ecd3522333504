"""Lunar orbits against independent programs on identical inputs.

Programs: brahe (Rust, own ephemeris and orientation readers, own RKN12(10)), nyx (Rust, ANISE readers, RK89),
heyoka (Taylor integration of compiled expressions), SciPy's DOP853 on a right-hand side written apart from
the package (spherical-coordinate gradient, DE440's own Chebyshev records). Their adapters are in
`benchmarks/peers`.

Inputs, the same for all: GRGM1200A's header GM 4902.8001224453 km^3/s^2 and reference radius 1738.0 km; its
coefficients, in its DE430-era principal axes here and turned by the package's constant rotation into DE440's
principal axes (MOON_PA_DE440) for the programs, which read the DE440 librations themselves; Earth and Sun as
point masses at DE440 positions with DE440's GMs.

Among themselves the four programs agree to 8 mm on the 30-day ellipses at degree 8 and to 1 mm on the
5-day low orbits at degree 50 when run at their tightest tolerances. The package, at its default
tolerance of 1e-10, is 3 cm from each on the ellipses (limit 0.2 m) and 1.4 cm on the low orbits (limit
0.1 m); at 1e-13, 8 mm and 0.5 mm.
"""

import numpy as np
import pytest

from benchmarks.peers.brahe_rkn import Brahe
from benchmarks.peers.cases import (
    DAY_S,
    EPOCH_2028_TDB,
    direct_transfers,
    elliptical_lunar_orbits,
    long_transfers,
    low_lunar_orbits,
)
from benchmarks.peers.heyoka_taylor import Heyoka
from benchmarks.peers.model import DE440_GM, PeerModel, RadiationPressure, grgm1200a
from benchmarks.peers.nyx_rk import Nyx
from benchmarks.peers.ours import Ours
from benchmarks.peers.scipy_dop853 import ScipyDop853
from benchmarks.peers.stokes import rotate
from cislunar.environment.gravity import axes_to_pa440
from cislunar.propagation import ForceModel, propagate

GM = {**DE440_GM, "moon": 4902.8001224453}


def peers_model(degree: int, **changes: object) -> PeerModel:
    """What the programs fly: GRGM1200A turned from its own axes into DE440's principal axes."""
    field = rotate(grgm1200a(50).truncate(degree), axes_to_pa440("MOON_PA_DE430"))
    return PeerModel(**{"center": "moon", "gm": GM, "bodies": ("earth", "sun"), "stokes": field, **changes})


def metres(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a[:3] - b[:3], axis=0) * 1e3


def span_of(epochs: np.ndarray, duration: float) -> tuple[float, float]:
    return float(epochs.min()) - 5 * DAY_S, float(epochs.max()) + duration + 5 * DAY_S


def ours(
    states: np.ndarray, epochs: np.ndarray, duration: float, rtol: float, **forces: object
) -> np.ndarray:
    model = ForceModel(**{"center": "moon", "gravity": "grgm1200a", "bodies": ("earth", "sun"), **forces})
    return propagate(states, epochs, np.full(states.shape[1], duration), model, rtol=rtol).final


@pytest.fixture(scope="module")
def ellipse():
    states, epochs = elliptical_lunar_orbits(4)
    return states, epochs, 30 * DAY_S


@pytest.fixture(scope="module")
def ellipse_by_scipy(ellipse):
    states, epochs, duration = ellipse
    return ScipyDop853(peers_model(8), span_of(epochs, duration)).fly(states, epochs, duration, 1e-14)


def test_peers_identical_constants():
    from cislunar.environment.ephemeris import Ephemeris
    from cislunar.environment.gravity import load_field

    assert load_field("grgm1200a", 2).gm == GM["moon"]
    held = Ephemeris.default().gm
    for body in ("earth", "sun", "venus", "mars", "jupiter", "saturn"):
        assert held[body] == pytest.approx(DE440_GM[body], rel=1e-12)


@pytest.mark.parametrize(("rtol", "limit_m"), [(1e-10, 0.2), (1e-13, 0.02)])
def test_scipy_elliptical_30_days_degree_8(ellipse, ellipse_by_scipy, rtol, limit_m):
    states, epochs, duration = ellipse
    assert metres(ours(states, epochs, duration, rtol, degree=8), ellipse_by_scipy).max() < limit_m


@pytest.mark.parametrize("program", [Brahe, Nyx, Heyoka])
def test_peers_elliptical_30_days_degree_8(ellipse, program):
    states, epochs, duration = ellipse
    theirs = program(peers_model(8), span_of(epochs, duration)).fly(states, epochs, duration)
    assert metres(ours(states, epochs, duration, 1e-10, degree=8), theirs).max() < 0.2


@pytest.mark.parametrize("program", [Brahe, Heyoka])
def test_peers_elliptical_30_days_point_masses(ellipse, program):
    states, epochs, duration = ellipse
    theirs = program(peers_model(0), span_of(epochs, duration)).fly(states, epochs, duration)
    assert metres(ours(states, epochs, duration, 1e-10, degree=0), theirs).max() < 0.2


@pytest.mark.parametrize(
    "trap",
    [
        {"degree": 7},
        {"bodies": ("earth",), "degree": 8},
        {"bodies": ("sun",), "degree": 8},
        {"gm": {"moon": 4902.800118}, "degree": 8},
    ],
    ids=["one degree short", "Sun dropped", "Earth dropped", "another GM of the Moon"],
)
def test_trap_elliptical_fails_tenfold(ellipse, ellipse_by_scipy, trap):
    states, epochs, duration = ellipse
    assert metres(ours(states, epochs, duration, 1e-10, **trap), ellipse_by_scipy).max() > 2.0


def test_trap_field_in_the_wrong_axes_shows(ellipse, ellipse_by_scipy):
    # GRGM1200A read as if it were solved in DE440's principal axes: 1.5 m at the surface, decimetres here.
    states, epochs, duration = ellipse
    field = grgm1200a(50).truncate(8)
    model = PeerModel("moon", GM, ("earth", "sun"), field)
    wrong = Ours(model, span_of(epochs, duration)).fly(states, epochs, duration, 1e-13)
    assert metres(wrong, ellipse_by_scipy).max() > 0.5


@pytest.mark.parametrize("program", [Brahe, ScipyDop853, pytest.param(Nyx, marks=pytest.mark.slow)])
def test_peers_low_orbit_5_days_degree_50(program):
    states, epochs = low_lunar_orbits(2)
    duration = 5 * DAY_S
    theirs = program(peers_model(50), span_of(epochs, duration)).fly(states, epochs, duration)
    mine = ours(states, epochs, duration, 1e-10, degree=50)
    assert metres(mine, theirs).max() < 0.1
    tight = ours(states, epochs, duration, 1e-13, degree=50)
    assert metres(tight, theirs).max() < 0.01


@pytest.mark.parametrize("program", [Brahe, Nyx, Heyoka])
def test_peers_radiation_pressure_unshadowed(ellipse, program):
    # 0.03 m^2/kg is ten times a relay's: the force moves these orbits by kilometres in 30 days.
    from cislunar.propagation import RadiationPressure as OurPressure

    states, epochs, duration = ellipse
    model = peers_model(8, radiation_pressure=RadiationPressure(20.0, 1.5, 1000.0, 4.56e-6))
    theirs = program(model, span_of(epochs, duration)).fly(states, epochs, duration)
    light = OurPressure(0.03, 4.56e-6, shadows=())
    assert (
        metres(ours(states, epochs, duration, 1e-10, degree=8, radiation_pressure=light), theirs).max() < 0.2
    )
    assert metres(ours(states, epochs, duration, 1e-10, degree=8), theirs).min() > 20.0


@pytest.mark.parametrize("program", [Nyx, ScipyDop853])
def test_peers_radiation_pressure_in_the_moons_shadow(program):
    # Three days of low orbits, half of each revolution in the dark, 0.03 m^2/kg. A penumbra lasts some
    # ten seconds; programs that step into one know its edges to a fraction of that, 0.2 m of the 51 m
    # the shadow is worth.
    from cislunar.propagation import RadiationPressure as OurPressure

    states, epochs = low_lunar_orbits(2)
    duration = 3 * DAY_S
    light = RadiationPressure(20.0, 1.5, 1000.0, 4.56e-6, {"moon": 1737.4}, sun_radius_km=695700.0)
    pilot = program(peers_model(8, radiation_pressure=light), span_of(epochs, duration))
    steps = {"longest_step_s": 60.0} if program is ScipyDop853 else {}
    theirs = pilot.fly(states, epochs, duration, **steps)
    shaded = OurPressure(0.03, 4.56e-6, shadows=("moon",))
    mine = ours(states, epochs, duration, 1e-12, degree=8, radiation_pressure=shaded)
    assert metres(mine, theirs).max() < 0.3
    bright = OurPressure(0.03, 4.56e-6, shadows=())
    wrong = ours(states, epochs, duration, 1e-12, degree=8, radiation_pressure=bright)
    assert metres(wrong, theirs).max() > 20.0


def departure_model() -> PeerModel:
    return PeerModel("earth", DE440_GM, ("moon", "sun"))


@pytest.mark.parametrize("program", [Heyoka, Nyx, ScipyDop853])
@pytest.mark.parametrize(
    ("cases", "days", "limit_m"), [(direct_transfers, 4.5, 0.02), (long_transfers, 100.0, 0.5)]
)
def test_peers_transfers(cases, days, limit_m, program):
    # Earth-centred point masses. The programs agree to 1 mm over 4.5 days and to 0.2 m over 100.
    states, epochs = cases(8)
    theirs = program(departure_model(), span_of(epochs, days * DAY_S)).fly(states, epochs, days * DAY_S)
    forces = ForceModel(center="earth", bodies=("moon", "sun"))
    mine = propagate(states, epochs, np.full(8, days * DAY_S), forces, rtol=1e-12).final
    assert metres(mine, theirs).max() < limit_m


@pytest.mark.parametrize("program", [Brahe, Heyoka, ScipyDop853])
def test_peers_near_rectilinear_halo_14_days(program):
    # From the apolune of a near 9:2 orbit of the three-body problem (JPL catalogue), put on the Moon's place
    # and orbit plane at the epoch: two revolutions with the real Moon. The programs agree to 2 mm.
    from cislunar.environment.ephemeris import Ephemeris

    epoch = np.array([EPOCH_2028_TDB])
    moon = Ephemeris.default().state("moon", "earth", epoch)[:, 0]
    distance = np.linalg.norm(moon[:3])
    x = moon[:3] / distance
    normal = np.cross(moon[:3], moon[3:])
    rate = np.linalg.norm(normal) / distance**2
    z = normal / np.linalg.norm(normal)
    y = np.cross(z, x)
    mu = 0.01215058560962404
    place = np.array([1.0196625817475922 - (1.0 - mu), 0.0, -0.18041918731575562]) * distance
    drift = np.array([0.0, -0.098059824670690757, 0.0]) * distance * rate
    axes = np.stack([x, y, z], axis=1)
    radial = (moon[:3] @ moon[3:]) / distance**2
    velocity = axes @ (drift + np.cross([0.0, 0.0, rate], place) + radial * place)
    state = np.concatenate([axes @ place, velocity])[:, None]
    duration = 14 * DAY_S
    theirs = program(peers_model(8), span_of(epoch, duration)).fly(state, epoch, duration)
    assert metres(ours(state, epoch, duration, 1e-12, degree=8), theirs).max() < 0.1
