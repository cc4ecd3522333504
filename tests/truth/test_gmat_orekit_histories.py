"""Thirty-day Earth-centred histories of GMAT R2026a and Orekit, at geostationary radius and at the Moon's
distance.

Source: package ssa-data-benchmarks 0.0.1 (MIT), folder nbody: state histories from 2026-01-01T12:00
UTC, Earth, Moon and Sun, or all planets, as point masses. GM of the Earth 398600.4415 km^3/s^2 for
both. Orekit takes positions and the other GMs from DE440. GMAT takes positions from DE421 and GMs from
its defaults (R2026a): Sun 132712440017.99, Moon 4902.8005821478, Mercury 22032.080486418, Venus
324858.59882646, Mars 42828.314258067, Jupiter 126712767.8578, Saturn 37940626.061137, Uranus
5794549.0070719, Neptune 6836534.0638793.

Tolerance: SciPy's DOP853 with those constants and DE440 ends 2 cm from Orekit at the Moon's distance
and below 1 mm at geostationary radius; 2.6 m and 2 mm (2 cm on the way) from GMAT, of which 2 m is
DE421 against DE440 (0.5 m with DE430). In low Earth orbit Orekit's own history is 0.8 m off, from its
integrator, so that only GMAT's is used there.
"""

from pathlib import Path

import numpy as np
import pytest
import ssa_data_benchmarks

from benchmarks.peers.model import lunar_carrier
from cislunar.environment.ephemeris import Ephemeris
from cislunar.propagation import ForceModel, propagate
from cislunar.time import parse_epoch

HISTORIES = Path(ssa_data_benchmarks.__file__).parent / "data" / "benchmarks" / "nbody"
EARTH_GM = 398600.4415
GMAT_GM = {
    "earth": EARTH_GM,
    "sun": 132712440017.99,
    "moon": 4902.8005821478,
    "mercury": 22032.080486418,
    "venus": 324858.59882646,
    "mars": 42828.314258067,
    "jupiter": 126712767.8578,
    "saturn": 37940626.061137,
    "uranus": 5794549.0070719,
    "neptune": 6836534.0638793,
}
THREE = ("moon", "sun")
PLANETS = ("moon", "sun", "mercury", "venus", "mars", "jupiter", "saturn", "uranus", "neptune")


def history(name: str, tool: str) -> np.ndarray:
    table = np.loadtxt(HISTORIES / f"{name}_{tool}_states.csv", delimiter=",")
    if tool == "orekit":
        table[:, 1:] *= 1e-3
    return table


def largest_miss_m(table: np.ndarray, bodies: tuple[str, ...], gm: dict[str, float]) -> float:
    epoch = np.array([parse_epoch("2026-01-01T12:00:00 UTC")])
    # Mercury, worth 2.6 m at the Moon's distance, Uranus and Neptune are in the full file only.
    source = (
        Ephemeris.from_files([lunar_carrier("de440s.bsp")]) if "mercury" in bodies else Ephemeris.default()
    )
    forces = ForceModel(center="earth", bodies=bodies, gm=gm, ephemeris=source)
    flown = propagate(table[0, 1:, None], epoch, table[-1:, 0], forces, rtol=1e-13)
    states = flown.at(table[:, 0])[:, 0, :]
    return float(np.linalg.norm(states[:3] - table[:, 1:4].T, axis=0).max() * 1e3)


@pytest.mark.parametrize(
    ("name", "bodies", "limit_m"),
    [
        ("earth_moon_sun_cislunar_radius", THREE, 0.05),
        ("solar_system_cislunar_radius", PLANETS, 0.05),
        ("earth_moon_sun_geo", THREE, 0.005),
        ("solar_system_geo", PLANETS, 0.005),
    ],
)
def test_orekit_history(name, bodies, limit_m):
    assert largest_miss_m(history(name, "orekit"), bodies, {"earth": EARTH_GM}) < limit_m


@pytest.mark.parametrize(
    ("name", "bodies", "limit_m"),
    [
        ("earth_moon_sun_cislunar_radius", THREE, 4.0),
        ("solar_system_cislunar_radius", PLANETS, 4.0),
        ("earth_moon_sun_geo", THREE, 0.05),
        ("solar_system_geo", PLANETS, 0.05),
        ("earth_moon_sun_leo", THREE, 0.05),
    ],
)
def test_gmat_history(name, bodies, limit_m):
    gm = {body: GMAT_GM[body] for body in ("earth", *bodies)}
    assert largest_miss_m(history(name, "gmat"), bodies, gm) < limit_m


@pytest.mark.parametrize(
    ("bodies", "gm"),
    [(("moon",), {}), (("sun",), {}), (THREE, {"earth": 398600.435507}), (THREE, {"moon": 4902.8005821478})],
    ids=["Sun dropped", "Moon dropped", "another GM of the Earth", "another GM of the Moon"],
)
def test_trap_orekit_history_fails_tenfold(bodies, gm):
    table = history("earth_moon_sun_cislunar_radius", "orekit")
    assert largest_miss_m(table, bodies, {"earth": EARTH_GM} | gm) > 0.5
