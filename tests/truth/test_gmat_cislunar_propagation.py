"""Earth-centred point-mass propagation against GMAT, as held in Nyx's tests.

Source: nyx-space/nyx, nyx-core/tests/propagation/mod.rs, whose expected states come from GMAT. Earth-centred
EME2000 (read as ICRF), start at TAI midnight, 86,400 s. Constants of those tests, km^3/s^2: Earth
398600.4415, Sun 132712440017.99, Moon 4902.8005821478, Jupiter 126712767.8578.

Tolerance: SciPy's DOP853 with DE440 reaches 0.5 mm, 0.4 mm and 1.2 mm on the 2002 and near-Earth cases, and
0.11 m (DE440) or 6 mm (DE430) on the first 2020 case, whose truth was made with DE438: the lunar ephemerides
differ there.
"""

import numpy as np
import pytest

from benchmarks.peers.model import lunar_carrier
from cislunar.environment.ephemeris import Ephemeris
from cislunar.propagation import ForceModel, propagate
from cislunar.time import parse_epoch

GM = {"earth": 398600.4415, "sun": 132712440017.99, "moon": 4902.8005821478, "jupiter": 126712767.8578}
NEAR_MOON = (333321.004516, -76134.198887, -20873.831939, 0.257153712, 0.930284066, 0.346177)
NEAR_EARTH = (-2436.45, -2436.45, 6891.037, 5.088611, -5.088611, 0.0)
EM, EMSJ = ("moon",), ("moon", "sun", "jupiter")

CASES = {
    "2020 Earth Moon": (
        "2020-01-01T00:00:00 TAI",
        NEAR_MOON,
        EM,
        (345395.2167587544, 5967.890264751025, 7350.734617702599),
        (0.02237075476883233, 0.9574508183994851, 0.3031720196042725),
        0.2,
    ),
    "2002 Earth Moon": (
        "2002-02-07T00:00:00 TAI",
        NEAR_MOON,
        EM,
        (343016.0281933062, 6118.870782679712, 9463.25331129108),
        (-0.03388550441829203, 0.9619425779605422, 0.3517381217093635),
        0.005,
    ),
    "2002 Earth Moon Sun Jupiter": (
        "2002-02-07T00:00:00 TAI",
        NEAR_MOON,
        EMSJ,
        (343063.3150797269, 6045.912866799058, 9430.044002816507),
        (-0.03284104050047527, 0.9602726135306772, 0.3509814313220894),
        0.005,
    ),
    "2020 near Earth, Moon Sun Jupiter": (
        "2020-01-01T00:00:00 TAI",
        NEAR_EARTH,
        EMSJ,
        (-5971.190141842914, 3945.572972028369, 2864.554642502679),
        (0.04901437637138395, -4.185051832316421, 5.848971837743221),
        0.01,
    ),
}


def fly(start: str, state: tuple, forces: ForceModel) -> np.ndarray:
    epoch = np.array([parse_epoch(start)])
    return propagate(np.array(state)[:, None], epoch, np.array([86400.0]), forces, rtol=1e-12).final[:, 0]


@pytest.mark.parametrize("name", CASES)
def test_gmat_one_day(name):
    start, state, bodies, position, velocity, limit_m = CASES[name]
    gm = {body: GM[body] for body in ("earth", *bodies)}
    final = fly(start, state, ForceModel(center="earth", bodies=bodies, gm=gm))
    assert np.linalg.norm(final[:3] - position) * 1e3 < limit_m
    assert np.linalg.norm(final[3:] - velocity) * 1e3 < 2e-5 + limit_m * 1e-3


def test_gmat_one_day_with_a_users_own_spk():
    start, state, bodies, position, _, _ = CASES["2020 Earth Moon"]
    table = Ephemeris.from_files([lunar_carrier("de430_1900_2150.bsp")])
    gm = {body: GM[body] for body in ("earth", *bodies)}
    final = fly(start, state, ForceModel(center="earth", bodies=bodies, gm=gm, ephemeris=table))
    assert np.linalg.norm(final[:3] - position) * 1e3 < 0.02


@pytest.mark.parametrize(
    ("bodies", "gm"),
    [
        (("moon",), GM),
        (("moon", "jupiter"), GM),
        (EMSJ, GM | {"earth": 398600.435507}),
    ],
    ids=["Sun and Jupiter dropped", "Sun dropped", "another GM of the Earth"],
)
def test_trap_gmat_one_day_fails_tenfold(bodies, gm):
    start, state, _, position, _, limit_m = CASES["2002 Earth Moon Sun Jupiter"]
    own = {body: gm[body] for body in ("earth", *bodies)}
    final = fly(start, state, ForceModel(center="earth", bodies=bodies, gm=own))
    assert np.linalg.norm(final[:3] - position) * 1e3 > 10 * limit_m
