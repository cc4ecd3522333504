"""Readers of spherical-harmonic coefficient files: PDS SHADR tables and ICGEM files.

References
----------
.. [1] PDS, "Spherical Harmonics ASCII Data Record (SHADR)" software interface specification, as in the labels
   of data set GRAIL-L-LGRS-5-RDR-V1.0.
.. [2] F. Barthelmes and C. Foerste, "The ICGEM-format", GFZ Potsdam, 2011.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from math import factorial, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.datafile import PathLike, existing_file, fault, reading

_EXPECTED = "a lunar gravity field, PDS SHADR table (.tab, .sha) or ICGEM file (.gfc)"
_LUNAR_GM_KM3_S2 = (4900.0, 4906.0)
_LUNAR_RADIUS_KM = (1700.0, 1770.0)
_HIGHEST_DEGREE = 3000
_FRAME_OF_EPHEMERIS = {"de430": "MOON_PA_DE430", "de421": "MOON_PA_DE421", "de440": "MOON_PA_DE440"}


@dataclass(frozen=True)
class FieldTable:
    """What a file holds; coefficients 4-pi normalised, km and s, `frame` None where the file is silent."""

    name: str
    gm: float
    radius_km: float
    c: NDArray[np.float64]
    s: NDArray[np.float64]
    order: int
    tide_system: str
    frame: str | None

    @property
    def degree(self) -> int:
        """Highest degree held in the table as read."""
        return self.c.shape[0] - 1


def read_field(path: PathLike, degree: int | None) -> FieldTable:
    """Read a coefficient file up to `degree`, or all of it.

    Raises
    ------
    DataFileError
        The file is missing, a folder, damaged, of an unknown kind, or not of the Moon.
    """
    file = existing_file(path, _EXPECTED)
    with reading(path, _EXPECTED), file.open(encoding="ascii", errors="strict") as stream:
        head = stream.read(4096)
        stream.seek(0)
        if "product_type" in head or "earth_gravity_constant" in head or "gravity_constant" in head:
            return _read_icgem(file, stream, degree)
        return _read_shadr(file, stream, degree)


def _read_shadr(file: Path, lines: Iterable[str], degree: int | None) -> FieldTable:
    rows = iter(lines)
    words = _numbers(next(rows))
    if len(words) < 6:
        raise fault(
            file, f"a first line of {len(words)} numbers", "the SHADR header (radius, GM, ...)", _remedy()
        )
    radius_km, gm = words[0], words[1]
    held_degree, held_order, normalisation = (int(word) for word in words[3:6])
    if normalisation not in (0, 1):
        raise fault(file, f"normalisation state {normalisation}", "0 (none) or 1 (4-pi)", _remedy())
    if len(words) >= 8 and (words[6] != 0.0 or words[7] != 0.0):
        raise fault(file, "a reference longitude or latitude that is not 0", "both 0", _remedy())
    _check_header(file, gm, radius_km, held_degree)
    wanted = held_degree if degree is None else min(degree, held_degree)
    found = (
        _numbers(row)[:4] for row in islice(rows, (held_degree + 1) * (held_degree + 2) // 2) if row.strip()
    )
    c, s = _fill(file, found, wanted, min(held_order, wanted), normalised=normalisation == 1)
    name = file.stem.upper()
    return FieldTable(name, gm, radius_km, c, s, min(held_order, wanted), "not stated", _frame_in_label(file))


def _read_icgem(file: Path, lines: Iterable[str], degree: int | None) -> FieldTable:
    rows = iter(lines)
    head: dict[str, str] = {}
    for row in rows:
        words = row.split()
        if words and words[0] == "end_of_head":
            break
        if len(words) >= 2:
            head.setdefault(words[0], words[1])
    else:
        raise fault(file, "no line 'end_of_head'", _EXPECTED, _remedy())
    gm_text = head.get("earth_gravity_constant", head.get("gravity_constant"))
    if gm_text is None or "radius" not in head or "max_degree" not in head:
        raise fault(file, "a head without gravity constant, radius or max_degree", _EXPECTED, _remedy())
    gm, radius_km = _number(gm_text) * 1e-9, _number(head["radius"]) * 1e-3
    held_degree = int(head["max_degree"])
    _check_header(file, gm, radius_km, held_degree)
    norm = head.get("norm", "fully_normalized")
    if norm not in ("fully_normalized", "unnormalized"):
        raise fault(file, f"norm {norm!r}", "fully_normalized or unnormalized", _remedy())
    wanted = held_degree if degree is None else min(degree, held_degree)
    c, s = _fill(file, _gfc_rows(file, rows), wanted, wanted, normalised=norm == "fully_normalized")
    name = head.get("modelname", file.stem)
    return FieldTable(name, gm, radius_km, c, s, wanted, head.get("tide_system", "not stated"), None)


def _gfc_rows(file: Path, rows: Iterable[str]) -> Iterable[list[float]]:
    for row in rows:
        key, _, rest = row.strip().partition(" ")
        if key == "gfc":
            yield _numbers(rest)[:4]
        elif key in ("gfct", "trnd", "dot", "asin", "acos"):
            raise fault(
                file, "coefficients that vary with time", "a static field (gfc lines only)", _remedy()
            )


def _fill(
    file: Path, rows: Iterable[list[float]], degree: int, order: int, *, normalised: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Put rows (degree, order, C, S) into tables and check that each term is there once."""
    c, s = np.zeros((2, degree + 1, degree + 1))
    seen = np.zeros((degree + 1, degree + 1), dtype=bool)
    missing = sum(min(n, order) + 1 for n in range(2, degree + 1))
    for row in rows:
        if len(row) < 4:
            raise fault(file, f"a line of {len(row)} numbers", "degree, order, C, S", "fetch the file again")
        n, m = int(row[0]), int(row[1])
        if n != row[0] or m != row[1] or not 0 <= m <= n:
            raise fault(
                file, f"degree {row[0]:g}, order {row[1]:g}", "whole numbers, order up to degree", _remedy()
            )
        if n > degree or m > order:
            continue
        if seen[n, m]:
            raise fault(file, f"degree {n} order {m} twice", "each coefficient once", _remedy())
        if not (np.isfinite(row[2]) and np.isfinite(row[3])):
            raise fault(file, f"degree {n} order {m} not finite", "finite coefficients", _remedy())
        seen[n, m] = True
        scale = 1.0 if normalised else _normalisation(n, m)
        c[n, m], s[n, m] = row[2] * scale, row[3] * scale
        missing -= n >= 2
        if missing == 0:
            break
    if missing:
        absent = np.argwhere(~seen & np.tri(degree + 1, dtype=bool))
        n, m = next((n, m) for n, m in absent if n >= 2 and m <= order)
        raise fault(file, f"no coefficient of degree {n} order {m}", f"all up to degree {degree}", _remedy())
    c[0, 0] = 1.0
    return c, s


def _normalisation(n: int, m: int) -> float:
    """Factor from an unnormalised to a 4-pi normalised coefficient."""
    return sqrt(factorial(n + m) / (factorial(n - m) * (2 * n + 1) * (1 if m == 0 else 2)))


def _check_header(file: Path, gm: float, radius_km: float, degree: int) -> None:
    if not _LUNAR_GM_KM3_S2[0] <= gm <= _LUNAR_GM_KM3_S2[1]:
        raise fault(file, f"GM {gm:g} km^3/s^2", "a field of the Moon, GM 4902.8 km^3/s^2", _remedy())
    if not _LUNAR_RADIUS_KM[0] <= radius_km <= _LUNAR_RADIUS_KM[1]:
        raise fault(
            file, f"reference radius {radius_km:g} km", "a field of the Moon, near 1738 km", _remedy()
        )
    if not 0 <= degree <= _HIGHEST_DEGREE:
        raise fault(file, f"degree {degree}", f"a degree from 0 to {_HIGHEST_DEGREE}", _remedy())


def _frame_in_label(file: Path) -> str | None:
    """Find the ephemeris that defines the axes in the PDS label beside a table."""
    for suffix in (".lbl", ".LBL"):
        label = file.with_suffix(suffix)
        if label.is_file():
            text = " ".join(label.read_text(encoding="ascii", errors="replace").lower().split())
            match = re.search(r"planetary ephemeris used is (de\d+) and defines the lunar body-fixed", text)
            return _FRAME_OF_EPHEMERIS.get(match.group(1)) if match else None
    return None


def _numbers(line: str) -> list[float]:
    return [_number(word) for word in line.replace(",", " ").split()]


def _number(word: str) -> float:
    try:
        return float(word.replace("D", "E").replace("d", "e"))
    except ValueError:
        raise ValueError(f"not a number: {word[:20]!r}") from None


def _remedy() -> str:
    return "name a field such as GRAIL's GGGRX_1200A_SHA.TAB"
