"""Readers of height grids: NumPy archives, PDS images with labels, GeoTIFF.

References
----------
.. [1] PDS Standards Reference 3.8, IMAGE and IMAGE_MAP_PROJECTION objects; labels of the LOLA gridded data
   records, LRO-L-LOLA-4-GDR-V1.0.
.. [2] OGC 19-008r4, "OGC GeoTIFF Standard", version 1.1, 2019.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.datafile import PathLike, existing_file, fault, reading
from cislunar.environment.terrain import Grid

_EXPECTED = "a height grid (.npz, PDS .img or .lbl, GeoTIFF .tif)"
_RADIUS_M = 1_737_400.0
_HIGHEST_KM = 20.0
_FINEST_DEG = 1e-7
_REMEDY = "give heights above 1737.4 km in mean-Earth latitude and east longitude"


def read_grid(path: PathLike) -> Grid:
    """Read a grid of heights; see `Terrain.from_file` for the kinds.

    Raises
    ------
    DataFileError
        The file is missing, a folder, damaged, or of a kind that is not read.
    """
    file = existing_file(path, _EXPECTED)
    readers = {
        ".npz": _read_npz,
        ".img": _read_pds,
        ".lbl": _read_pds,
        ".tif": _read_tiff,
        ".tiff": _read_tiff,
    }
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise fault(
            path, f"a file of type {file.suffix or 'unknown'!r}", _EXPECTED, "convert it to one of these"
        )
    with reading(path, _EXPECTED), np.errstate(invalid="ignore", over="ignore"):
        grid = reader(file)
        _check(file, grid)
    return grid


def _read_npz(file: Path) -> Grid:
    if not zipfile.is_zipfile(file):
        raise fault(file, "no NumPy archive", _EXPECTED, "fetch the file again")
    with np.load(file, allow_pickle=False) as table:
        unit_km = 1e-3 if "height_m" in table else 1.0
        name = "height_m" if "height_m" in table else "height_km"
        if name in table and "latitude_deg" in table and "longitude_deg" in table:
            values, latitude, longitude = table[name], table["latitude_deg"], table["longitude_deg"]
        else:
            expected = "height_m or height_km, latitude_deg and longitude_deg"
            raise fault(file, f"arrays {', '.join(table.files) or 'none'}", expected, "store all three")
    if values.ndim != 2 or values.shape != (latitude.size, longitude.size) or min(values.shape) < 2:
        found = (
            f"heights of shape {values.shape} for {latitude.size} latitudes and {longitude.size} longitudes"
        )
        raise fault(file, found, "shape (latitudes, longitudes)", "store one height per pair")
    first_latitude, latitude_step = _even(file, "latitude_deg", latitude)
    first_longitude, longitude_step = _even(file, "longitude_deg", longitude)
    if longitude_step < 0.0:
        values, longitude_step, first_longitude = (
            values[:, ::-1],
            -longitude_step,
            float(longitude.reshape(-1)[-1]),
        )
    return Grid(values, unit_km, first_latitude, first_longitude, latitude_step, longitude_step)


def _even(file: Path, name: str, nodes: NDArray[Any]) -> tuple[float, float]:
    """First value and step of an equally spaced axis."""
    axis = nodes.reshape(-1).astype(np.float64)
    step = (axis[-1] - axis[0]) / (axis.size - 1)
    even = axis[0] + step * np.arange(axis.size)
    if not (np.isfinite(axis).all() and step != 0.0 and np.abs(axis - even).max() < 1e-3 * abs(step)):
        raise fault(file, f"{name} that is not equally spaced", "equal steps in degrees", "resample the grid")
    return float(axis[0]), float(step)


def _read_pds(file: Path) -> Grid:
    label_file, image_file = _partner(file, ".lbl"), _partner(file, ".img")
    label = _parse_label(label_file)
    if "SIMPLE CYLINDRICAL" not in label.get("MAP_PROJECTION_TYPE", "").replace("_", " ").upper():
        found = f"map projection {label.get('MAP_PROJECTION_TYPE', 'none')}"
        raise fault(file, found, "SIMPLE CYLINDRICAL", "use the cylindrical product, or convert to .npz")
    kinds = {"LSB_INTEGER": "<i", "MSB_INTEGER": ">i", "PC_REAL": "<f", "IEEE_REAL": ">f"}
    kind = kinds.get(label.get("SAMPLE_TYPE", "").strip('"'))
    bits = int(_value(label, "SAMPLE_BITS"))
    if kind is None or bits not in (16, 32, 64):
        found = f"samples {label.get('SAMPLE_TYPE')} of {bits} bits"
        raise fault(file, found, f"{', '.join(kinds)} of 16 to 64 bits", "convert to .npz")
    shape = int(_value(label, "LINES")), int(_value(label, "LINE_SAMPLES"))
    needed = shape[0] * shape[1] * bits // 8
    if min(shape) < 2 or image_file.stat().st_size < needed:
        found = f"{image_file.stat().st_size} bytes for {shape[0]} x {shape[1]} samples of {bits} bits"
        raise fault(image_file, found, f"{needed} bytes", "fetch the file again")
    values = np.memmap(image_file, dtype=f"{kind}{bits // 8}", mode="r", shape=shape)
    unit_km = _value(label, "SCALING_FACTOR", 1.0) * (
        1.0 if label.get("UNIT", "").startswith("KILOM") else 1e-3
    )
    per_degree = _value(label, "MAP_RESOLUTION")
    missing = label.get("MISSING_CONSTANT")
    return Grid(
        values,
        unit_km,
        _value(label, "MAXIMUM_LATITUDE") - 0.5 / per_degree,
        _value(label, "WESTERNMOST_LONGITUDE") + 0.5 / per_degree,
        -1.0 / per_degree,
        1.0 / per_degree,
        None if missing is None else float(missing),
    )


def _partner(file: Path, suffix: str) -> Path:
    """The label of an image, or the image of a label, in either case of the suffix."""
    if file.suffix.lower() == suffix:
        return file
    for candidate in (file.with_suffix(suffix), file.with_suffix(suffix.upper())):
        if candidate.is_file():
            return candidate
    raise fault(file, f"no {suffix} file beside it", "a PDS image and its label", "put both in one folder")


def _parse_label(file: Path) -> dict[str, str]:
    """KEY = VALUE lines of a PDS label, units in angle brackets left off."""
    if file.stat().st_size > 1 << 20:
        raise fault(file, f"{file.stat().st_size} bytes", "a PDS label", "name the label file")
    label = {}
    for line in file.read_text(encoding="ascii", errors="replace").splitlines():
        match = re.match(r"\s*([A-Z_]+)\s*=\s*([^<]*)", line)
        if match:
            label[match.group(1)] = match.group(2).strip().strip('"').strip()
    return label


def _value(label: dict[str, str], key: str, default: float | None = None) -> float:
    if key not in label and default is not None:
        return default
    if key not in label:
        raise ValueError(f"the label has no {key}")
    return float(label[key])


def _read_tiff(file: Path) -> Grid:
    from PIL import Image

    with Image.open(file) as picture:
        tags = dict(getattr(picture, "tag_v2", {}))
        values = np.array(picture)
    if values.ndim != 2:
        raise fault(file, "an image of several bands", "one band of heights", "extract the band of heights")
    keys = _geo_keys(tags.get(34735, ()))
    scale, tie = tags.get(33550), tags.get(33922)
    if scale is None or tie is None or len(tie) != 6:
        raise fault(file, "no pixel scale and tie point", "a GeoTIFF with both", "convert to .npz")
    per_unit = _degrees_per_unit(file, keys)
    step_x, step_y = scale[0] * per_unit, scale[1] * per_unit
    # raster type 1: the tie point is a corner of its pixel; 2: its centre
    half = 0.0 if keys.get(1025, 1) == 2 else 0.5
    west = tie[3] * per_unit + (half - tie[0]) * step_x
    north = tie[4] * per_unit - (half - tie[1]) * step_y
    unit_m = _metadata_number(tags, "SCALE", 1.0)
    offset_m = _metadata_number(tags, "OFFSET", 0.0)
    if offset_m not in (0.0, _RADIUS_M):
        raise fault(file, f"an offset of {offset_m:g} m", "0 or 1737400 m", "convert to .npz")
    missing = tags.get(42113)
    missing_value = None if missing is None else float(str(missing).strip("\0 "))
    return Grid(values, unit_m * 1e-3, north, west, -step_y, step_x, missing_value)


def _geo_keys(directory: tuple[int, ...]) -> dict[int, int]:
    """The short values of a GeoKey directory."""
    entries = [directory[first : first + 4] for first in range(4, len(directory) - 3, 4)]
    return {key: value for key, location, _, value in entries if location == 0}


def _degrees_per_unit(file: Path, keys: dict[int, int]) -> float:
    model = keys.get(1024)
    if model == 2:
        return 1.0
    if model == 1 and keys.get(3075) == 17:
        return float(np.degrees(1.0 / _RADIUS_M))
    found = f"model type {model}, projection {keys.get(3075)}"
    expected = "geographic axes, or the equirectangular projection about 0, 0"
    raise fault(file, found, expected, "reproject it, or convert to .npz")


def _metadata_number(tags: dict[int, Any], name: str, default: float) -> float:
    """A number from the GDAL metadata that many lunar GeoTIFFs carry."""
    match = re.search(rf'<Item name="{name}"[^>]*>([^<]+)<', str(tags.get(42112, "")), re.IGNORECASE)
    return float(match.group(1)) if match else default


def _check(file: Path, grid: Grid) -> None:
    """Refuse grids that cannot be heights of the Moon in the stated unit and place."""
    rows = grid.values.shape[0]
    steps = abs(grid.latitude_step_deg), grid.longitude_step_deg
    if not (all(_FINEST_DEG <= step <= 90.0 for step in steps) and np.isfinite(grid.first_longitude_deg)):
        found = f"steps of {steps[0]:g} and {steps[1]:g} deg from longitude {grid.first_longitude_deg:g} deg"
        raise fault(file, found, "steps in latitude and eastward", _REMEDY)
    last = grid.first_latitude_deg + grid.latitude_step_deg * (rows - 1)
    if not max(abs(grid.first_latitude_deg), abs(last)) <= 90.0 + 1e-6:
        found = f"latitudes from {grid.first_latitude_deg:g} to {last:g} deg"
        raise fault(file, found, "latitudes from -90 to 90 deg", _REMEDY)
    if (grid.values.shape[1] - 1) * grid.longitude_step_deg > 360.0 + 1e-6:
        raise fault(file, "longitudes more than once around", "at most 360 deg", _REMEDY)
    stride = max(1, grid.values.size // 1_000_000)
    sample = np.asarray(grid.values.reshape(-1)[::stride], dtype=np.float64)
    if grid.missing is not None:
        sample = sample[sample != grid.missing]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        raise fault(file, "no height at all", _EXPECTED, "fetch the file again")
    highest = float(np.abs(sample).max()) * grid.unit_km
    if highest > _HIGHEST_KM:
        found = f"heights of up to {highest:g} km"
        raise fault(file, found, f"at most {_HIGHEST_KM:g} km", f"check the unit and the offset; {_REMEDY}")
