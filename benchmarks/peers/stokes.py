"""Stokes coefficients for the peers: read the published table, turn it into other axes, write peers' formats.

Coefficients are fully (4 pi) normalised arrays ``c[n, m]``, ``s[n, m]`` with ``c[0, 0] = 1``.

References
----------
Lemoine et al. (2014), GRGM900C: A degree 900 lunar gravity model from GRAIL primary and extended mission
data, Geophys. Res. Lett. 41, 3382 (reference of the label of PDS product GGGRX_1200A_SHA.TAB, GRGM1200A).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stokes:
    """A spherical-harmonic field of one body, in axes the caller knows."""

    gm_km3_s2: float
    radius_km: float
    c: Array
    s: Array

    @property
    def degree(self) -> int:
        return self.c.shape[0] - 1

    def truncate(self, degree: int) -> Stokes:
        if degree > self.degree:
            raise ValueError(f"field holds degree {self.degree}, asked for {degree}")
        return Stokes(
            self.gm_km3_s2,
            self.radius_km,
            self.c[: degree + 1, : degree + 1],
            self.s[: degree + 1, : degree + 1],
        )


def read_shadr(path: Path | str, degree: int) -> Stokes:
    """Read a PDS SHADR table: radius (km) and GM (km^3/s^2) in its first line, then n, m, C, S."""
    c = np.zeros((degree + 1, degree + 1))
    s = np.zeros((degree + 1, degree + 1))
    c[0, 0] = 1.0
    with open(path, encoding="ascii") as file:
        header = [float(word) for word in file.readline().split(",")]
        for line in file:
            words = line.split(",")
            n, m = int(words[0]), int(words[1])
            if n > degree:
                break
            c[n, m], s[n, m] = float(words[2]), float(words[3])
    return Stokes(header[1], header[0], c, s)


def legendre(degree: int, sine: Array) -> Array:
    """Fully normalised associated Legendre functions ``p[n, m, ...]`` of the sine of latitude, no phase."""
    sine = np.asarray(sine, dtype=float)
    cosine = np.sqrt(1.0 - sine * sine)
    p = np.zeros((degree + 1, degree + 1, *sine.shape))
    p[0, 0] = 1.0
    for n in range(1, degree + 1):
        p[n, n] = cosine * p[n - 1, n - 1] * np.sqrt((2 * n + 1) / (2 * n if n > 1 else 1))
        for m in range(n):
            a = np.sqrt((4 * n * n - 1) / (n * n - m * m))
            b = np.sqrt(((n - 1) ** 2 - m * m) / (4 * (n - 1) ** 2 - 1)) if n > 1 else 0.0
            p[n, m] = a * (sine * p[n - 1, m] - (b * p[n - 2, m] if n > 1 else 0.0))
    return p


def rotate(field: Stokes, new_from_old: Array) -> Stokes:
    """The same physical field in axes ``v_new = new_from_old @ v_old``, by projection on the unit sphere.

    A rotation mixes orders within a degree only, so sampling on Gauss-Legendre latitudes and equally spaced
    longitudes recovers the new coefficients to rounding.
    """
    n = field.degree
    nodes, weights = np.polynomial.legendre.leggauss(n + 1)
    longitude = 2.0 * np.pi * np.arange(2 * n + 2) / (2 * n + 2)
    sine, lon = np.meshgrid(nodes, longitude, indexing="ij")
    cosine = np.sqrt(1.0 - sine * sine)
    new = np.stack([cosine * np.cos(lon), cosine * np.sin(lon), sine])
    old = np.einsum("ji,j...->i...", new_from_old, new)
    old_lon = np.arctan2(old[1], old[0])
    p_old = legendre(n, old[2])
    p_new = legendre(n, nodes)
    orders = np.arange(n + 1)
    cos_old = np.cos(orders[:, None, None] * old_lon)
    sin_old = np.sin(orders[:, None, None] * old_lon)
    cos_new = np.cos(np.outer(orders, longitude))
    sin_new = np.sin(np.outer(orders, longitude))
    c, s = np.zeros_like(field.c), np.zeros_like(field.s)
    area = weights[:, None] / (2.0 * (2 * n + 2))
    for k in range(n + 1):
        value = np.einsum("m,mij,mij->ij", field.c[k], p_old[k], cos_old)
        value += np.einsum("m,mij,mij->ij", field.s[k], p_old[k], sin_old)
        c[k] = np.einsum("ij,mi,mj->m", value * area, p_new[k], cos_new)
        s[k] = np.einsum("ij,mi,mj->m", value * area, p_new[k], sin_new)
    return Stokes(field.gm_km3_s2, field.radius_km, c, s)


def write_shadr(field: Stokes, path: Path) -> None:
    """Write a SHADR table as nyx reads it."""
    lines = [f"{field.radius_km:.16e},{field.gm_km3_s2:.16e},0.0,{field.degree},{field.degree},1,0.0,0.0"]
    for n in range(1, field.degree + 1):
        lines += [f"{n},{m},{field.c[n, m]:.16e},{field.s[n, m]:.16e},0.0,0.0" for m in range(n + 1)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def write_gfc(field: Stokes, path: Path) -> None:
    """Write an ICGEM file (GM in m^3/s^2, radius in m) as brahe reads it."""
    lines = [
        "product_type                gravity_field",
        "modelname                   CISLUNAR-PEER",
        f"earth_gravity_constant      {field.gm_km3_s2 * 1e9:.16e}",
        f"radius                      {field.radius_km * 1e3:.16e}",
        f"max_degree                  {field.degree}",
        "errors                      no",
        "norm                        fully_normalized",
        "tide_system                 tide_free",
        "key    L    M    C    S",
        "end_of_head ==========================================",
    ]
    for n in range(field.degree + 1):
        lines += [f"gfc {n} {m} {field.c[n, m]:.16e} {field.s[n, m]:.16e}" for m in range(n + 1)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
