"""Lunar topography: published heights, registration against the gravity field, user grids, damaged files.

The carrier of the packaged grid names no origin, so its heights are tested against others' numbers:
- landing sites: Chang'e 4 (-45.4446, 177.5991; -5935 m; Liu et al. 2019, Nature Communications 10:4229),
  Chang'e 5 (43.0576, 308.0839; -2570 m; LROC post 1172), Chang'e 6 (-41.6385, 206.0148; -5256 m; LROC image
  1374);
- the highest point, 10,786 m at 5.4125 N 201.3665 E (LROC, 2010-10-26, NAC stereo);
- the lowest point, -9.06 km at 70.43 S 187.42 E (Kaguya; Araki et al. 2009, Science 323, 897), in a crater of
  12 km inside Antoniadi.

Tolerances: a value is the mean of a cell of 3.8 km. On the mare plains of the landing sites the relief
within a cell and to its neighbours is tens of metres: 40 m. A summit stands above its cell's mean by the
relief of the cell, which is a few hundred metres in the highlands, and the floor of a small crater below it
by more: -100 to 700 m.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cislunar.environment import manifest
from cislunar.environment.gravity import load_field
from cislunar.environment.orientation import axes_rotation
from cislunar.environment.terrain import Terrain, unpack_heights
from cislunar.errors import DataFileError, InputError

CELL_DEG = 0.125


@pytest.fixture(scope="module")
def terrain() -> Terrain:
    return Terrain.default()


def height_m(terrain: Terrain, latitude_deg: float, longitude_deg: float) -> float:
    return float(terrain.height_km(np.radians(latitude_deg), np.radians(longitude_deg))) * 1000.0


@pytest.mark.parametrize(
    ("latitude", "longitude", "published_m"),
    [(-45.4446, 177.5991, -5935.0), (43.0576, 308.0839, -2570.0), (-41.6385, 206.0148, -5256.0)],
    ids=["Chang'e 4", "Chang'e 5", "Chang'e 6"],
)
def test_landing_sites(terrain: Terrain, latitude: float, longitude: float, published_m: float) -> None:
    assert height_m(terrain, latitude, longitude) == pytest.approx(published_m, abs=40.0)


def test_highest_point_of_the_moon() -> None:
    heights = unpack_heights(manifest.path("topography"))
    row, column = np.unravel_index(heights.argmax(), heights.shape)
    north, west = 90.0 - CELL_DEG * row, -180.0 + CELL_DEG * column
    assert north - CELL_DEG < 5.4125 < north
    assert west < 201.3665 - 360.0 < west + CELL_DEG
    assert -100.0 < 10786.0 - heights.max() < 700.0


def test_lowest_point_of_the_moon() -> None:
    heights = unpack_heights(manifest.path("topography"))
    row, column = np.unravel_index(heights.argmin(), heights.shape)
    latitude, longitude = 90.0 - CELL_DEG * (row + 0.5), 180.0 + CELL_DEG * (column + 0.5)
    # inside the crater of 12 km: 6 km are 0.2 deg of latitude and 0.6 deg of longitude there
    assert latitude == pytest.approx(-70.43, abs=0.2)
    assert longitude == pytest.approx(187.42, abs=0.6)
    assert -100.0 < heights.min() + 9060.0 < 700.0


def test_relief_lies_where_gravity_has_it() -> None:
    """The grid's place in longitude, from its correlation with GRGM1200A at degrees 60 to 100.

    Relief causes gravity there (correlation 0.95), so a shift in longitude shows as a phase. The field is in
    principal axes, 0.0188 deg west of mean-Earth ones. Half a cell is 0.0625 deg; the bound is a fifth of a
    cell.
    """
    degree = 100
    field = load_field(degree=degree)
    topography = harmonics(unpack_heights(manifest.path("topography")).astype(np.float64), degree)
    gravity = field.c - 1j * field.s
    order = np.arange(degree + 1)
    band = slice(60, degree + 1)
    cross = (gravity * np.conj(topography))[band]
    power = (np.abs(gravity[band]) ** 2).sum() * (np.abs(topography[band]) ** 2).sum()
    assert cross.real.sum() / np.sqrt(power) > 0.94
    shift_deg = -np.degrees((order * cross.imag).sum() / (order**2 * cross.real).sum())
    to_pa = axes_rotation("MOON_ME_DE440_ME421", field.frame)
    expected_deg = np.degrees(np.arctan2(to_pa[1, 0], to_pa[0, 0]))
    assert expected_deg == pytest.approx(-0.0188, abs=0.0002)
    assert shift_deg == pytest.approx(expected_deg, abs=0.025)


def harmonics(heights: np.ndarray, degree: int) -> np.ndarray:
    """C - iS of a cell-centred grid, 4-pi normalised, indexed [degree, order]."""
    rows, columns = heights.shape
    latitude = np.radians(90.0 - CELL_DEG * (np.arange(rows) + 0.5))
    x, u = np.sin(latitude), np.cos(latitude)
    order = np.arange(degree + 1)
    west = np.radians(-180.0 + CELL_DEG / 2)
    in_longitude = np.fft.rfft(heights, axis=1)[:, : degree + 1] / columns * np.exp(-1j * order * west)
    weighted = in_longitude * (u * np.radians(CELL_DEG) / 2.0)[:, None]
    result = np.zeros((degree + 1, degree + 1), dtype=complex)
    sectoral = np.ones(rows)
    for m in range(degree + 1):
        if m:
            sectoral = sectoral * u * np.sqrt((2 * m + 1) / (2 * m) * (2.0 if m == 1 else 1.0))
        before, now = np.zeros(rows), sectoral
        for n in range(m, degree + 1):
            result[n, m] = weighted[:, m] @ now
            up = np.sqrt((2 * n + 1) * (2 * n + 3) / ((n + 1 - m) * (n + 1 + m)))
            down = (
                np.sqrt((2 * n + 3) * (n + m) * (n - m) / ((2 * n - 1) * (n + 1 - m) * (n + 1 + m)))
                if n
                else 0.0
            )
            before, now = now, up * x * now - down * before
    return result


def test_nodes_are_reproduced_and_between_them_linear(terrain: Terrain) -> None:
    heights = unpack_heights(manifest.path("topography")).astype(np.float64)
    random = np.random.default_rng(8)
    rows, columns = random.integers(0, 1439, 500), random.integers(0, 2879, 500)
    latitude, longitude = 90.0 - CELL_DEG * (rows + 0.5), -180.0 + CELL_DEG * (columns + 0.5)
    at_node = terrain.height_km(np.radians(latitude), np.radians(longitude)) * 1000.0
    assert np.abs(at_node - heights[rows, columns]).max() < 1e-6
    middle = (
        terrain.height_km(np.radians(latitude - CELL_DEG / 2), np.radians(longitude + CELL_DEG / 2)) * 1000.0
    )
    mean = (
        heights[rows, columns]
        + heights[rows + 1, columns]
        + heights[rows, columns + 1]
        + heights[rows + 1, columns + 1]
    ) / 4
    assert np.abs(middle - mean).max() < 1e-6


def test_longitude_wraps_and_poles_are_smooth(terrain: Terrain) -> None:
    longitude = np.linspace(-3.0, 3.0, 50)
    turned = terrain.height_km(0.3, longitude + 2 * np.pi)
    np.testing.assert_allclose(turned, terrain.height_km(0.3, longitude), atol=1e-9)
    seam = terrain.height_km(0.3, np.pi + np.array([-1e-9, 1e-9]))
    assert abs(seam[0] - seam[1]) < 1e-6
    for pole in (-1.0, 1.0):
        across = terrain.height_km(pole * (np.pi / 2 - 1e-12), np.linspace(0.0, 6.28, 5)[None, :])
        opposite = terrain.height_km(pole * (np.pi / 2 - 1e-12), np.linspace(0.0, 6.28, 5)[None, :] + np.pi)
        np.testing.assert_allclose(across, opposite, atol=1e-6)
        # a point of the Moon has one height; neighbours on the last row differ by tens of metres
        assert np.ptp(across) < 0.2


def test_shapes_broadcast(terrain: Terrain) -> None:
    assert terrain.height_km(0.0, 0.0).shape == ()
    assert terrain.height_km(np.zeros((3, 1)), np.zeros(4)).shape == (3, 4)
    assert terrain.height_km(np.zeros(0), 0.0).shape == (0,)


@pytest.mark.parametrize(("latitude", "longitude"), [(np.nan, 0.0), (0.0, np.inf), (1.6, 0.0), (-90.0, 0.0)])
def test_coordinates_are_checked(terrain: Terrain, latitude: float, longitude: float) -> None:
    with pytest.raises(InputError, match="terrain: expected"):
        terrain.height_km(latitude, longitude)


def regional(folder: Path, **changes: object) -> Path:
    """A tilted plane around Schrödinger at 0.05 deg: 1 m per 0.01 deg north, 2 m per 0.01 deg east."""
    latitude = -76.0 + 0.05 * np.arange(41)
    longitude = 130.0 + 0.05 * np.arange(81)
    plane = -4000.0 + 100.0 * (latitude[:, None] + 75.0) + 200.0 * (longitude[None, :] - 132.0)
    arrays = {"height_m": plane, "latitude_deg": latitude, "longitude_deg": longitude} | changes
    file = folder / "site.npz"
    np.savez(file, **{name: value for name, value in arrays.items() if value is not None})
    return file


def test_user_region_inside_and_packaged_grid_outside(tmp_path: Path, terrain: Terrain) -> None:
    mine = Terrain.from_file(regional(tmp_path))
    assert height_m(mine, -75.013, 132.021) == pytest.approx(-4000.0 - 1.3 + 4.2, abs=1e-6)
    assert height_m(mine, -76.0, 130.0) == pytest.approx(-4000.0 - 100.0 - 400.0, abs=1e-6)
    assert height_m(mine, -74.0, 134.0) == pytest.approx(-4000.0 + 100.0 + 400.0, abs=1e-6)
    assert mine.resolution_deg == pytest.approx(0.05)
    for latitude, longitude in ((-73.9, 132.0), (-75.0, 129.9), (-75.0, 134.1), (20.0, -20.0), (-90.0, 0.0)):
        assert height_m(mine, latitude, longitude) == height_m(terrain, latitude, longitude)


def test_user_region_in_any_order_of_axes(tmp_path: Path) -> None:
    with np.load(regional(tmp_path)) as arrays:
        plane, latitude, longitude = arrays["height_m"], arrays["latitude_deg"], arrays["longitude_deg"]
    file = regional(
        tmp_path,
        height_m=None,
        height_km=plane[::-1, ::-1] / 1000.0,
        latitude_deg=latitude[::-1],
        longitude_deg=longitude[::-1] - 360.0,
    )
    assert height_m(Terrain.from_file(file), -75.013, 132.021) == pytest.approx(-3997.1, abs=1e-6)


def test_user_global_grid_on_its_grid_lines(tmp_path: Path) -> None:
    """Rows at both poles and a repeated last meridian."""
    latitude, longitude = np.linspace(90.0, -90.0, 181), np.linspace(0.0, 360.0, 361)
    surface = 1000.0 * np.sin(np.radians(latitude))[:, None] + 0.0 * longitude
    mine = Terrain.from_file(
        regional(tmp_path, height_m=surface, latitude_deg=latitude, longitude_deg=longitude)
    )
    assert height_m(mine, 90.0, 12.3) == pytest.approx(1000.0)
    assert height_m(mine, -90.0, 359.9) == pytest.approx(-1000.0)
    assert height_m(mine, 30.0, -0.5) == pytest.approx(500.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"height_m": None},
        {"latitude_deg": None},
        {"height_m": np.zeros((3, 4))},
        {"height_m": np.full((41, 81), np.nan)},
        {"height_m": np.full((41, 81), 1.7374e6)},
        {"latitude_deg": np.linspace(0.0, 1.0, 41) ** 2},
        {"latitude_deg": np.linspace(-76.0, -96.0, 41)},
        {"longitude_deg": np.linspace(0.0, 500.0, 81)},
        {"longitude_deg": np.full(81, 130.0)},
    ],
    ids=[
        "no heights",
        "no latitudes",
        "wrong shape",
        "all NaN",
        "radii for heights",
        "uneven",
        "beyond the pole",
        "over one turn",
        "no step",
    ],
)
def test_user_grid_that_cannot_be_used(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(DataFileError, match=r"site\.npz: found .*; expected .*; .+"):
        Terrain.from_file(regional(tmp_path, **changes))


PDS_LABEL = """PDS_VERSION_ID = PDS3
  OBJECT = IMAGE
    SAMPLE_TYPE = LSB_INTEGER
    SAMPLE_BITS = 16
    UNIT = METER
    SCALING_FACTOR = 0.5
    OFFSET = 1737400.
    LINES = {lines}
    LINE_SAMPLES = {samples}
  END_OBJECT = IMAGE
    MAP_PROJECTION_TYPE = "{projection}"
    MAP_RESOLUTION = 4 <pix/deg>
    MAXIMUM_LATITUDE = -74 <deg>
    MINIMUM_LATITUDE = -76 <deg>
    WESTERNMOST_LONGITUDE = 130 <deg>
    EASTERNMOST_LONGITUDE = 134 <deg>
END
"""


def pds_image(folder: Path, *, projection: str = "SIMPLE CYLINDRICAL", lines: int = 8) -> Path:
    """A LOLA-like product: half metres, four cells per degree, heights falling by 10 m per row southwards."""
    rows = (-4000 - 10 * np.arange(8))[:, None] * np.ones(16)
    (folder / "ldem.img").write_bytes((2 * rows).astype("<i2").tobytes())
    (folder / "ldem.lbl").write_text(PDS_LABEL.format(lines=lines, samples=16, projection=projection))
    return folder / "ldem.lbl"


@pytest.mark.parametrize("suffix", [".lbl", ".img"])
def test_pds_image(tmp_path: Path, suffix: str, terrain: Terrain) -> None:
    mine = Terrain.from_file(pds_image(tmp_path).with_suffix(suffix))
    assert height_m(mine, -74.125, 131.0) == pytest.approx(-4000.0, abs=1e-6)
    assert height_m(mine, -75.0, 132.3) == pytest.approx(-4035.0, abs=1e-6)
    assert height_m(mine, -76.5, 131.0) == height_m(terrain, -76.5, 131.0)


def test_pds_image_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="POLAR STEREOGRAPHIC"):
        Terrain.from_file(pds_image(tmp_path, projection="POLAR STEREOGRAPHIC"))
    with pytest.raises(DataFileError, match=r"256 bytes for 9 x 16 samples"):
        Terrain.from_file(pds_image(tmp_path, lines=9))
    (tmp_path / "ldem.lbl").unlink()
    with pytest.raises(DataFileError, match=r"no \.lbl file beside it"):
        Terrain.from_file(tmp_path / "ldem.img")


def geotiff(folder: Path, *, projected: bool, half_metres: bool = False) -> Path:
    """Four cells per degree, area registration, heights falling by 10 m per row southwards."""
    from PIL import Image, TiffImagePlugin

    per_unit = np.radians(1.0) * 1737400.0 if projected else 1.0
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[33550] = (0.25 * per_unit, 0.25 * per_unit, 0.0)
    tags[33922] = (0.0, 0.0, 0.0, 130.0 * per_unit, -74.0 * per_unit, 0.0)
    keys = (1024, 0, 1, 1 if projected else 2, 1025, 0, 1, 1) + ((3075, 0, 1, 17) if projected else ())
    tags[34735] = (1, 1, 0, len(keys) // 4, *keys)
    for tag, kind in ((33550, 12), (33922, 12), (34735, 3)):
        tags.tagtype[tag] = kind
    if half_metres:
        tags[42112] = '<GDALMetadata><Item name="SCALE" sample="0" role="scale">0.5</Item></GDALMetadata>'
    rows = ((-4000 - 10 * np.arange(8)) * (2 if half_metres else 1))[:, None] * np.ones(16)
    file = folder / "site.tif"
    Image.fromarray(rows.astype(np.float32)).save(file, tiffinfo=tags)
    return file


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("half_metres", [False, True])
def test_geotiff(tmp_path: Path, projected: bool, half_metres: bool) -> None:
    mine = Terrain.from_file(geotiff(tmp_path, projected=projected, half_metres=half_metres))
    assert height_m(mine, -74.125, 131.0) == pytest.approx(-4000.0, abs=1e-3)
    assert height_m(mine, -75.0, 132.3) == pytest.approx(-4035.0, abs=1e-3)
    assert mine.resolution_deg == pytest.approx(0.25)


@pytest.mark.parametrize("suffix", [".npz", ".img", ".lbl", ".tif", ".xyz"])
@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "noise"])
def test_damaged_file_is_one_clear_error(tmp_path: Path, suffix: str, kind: str) -> None:
    file = tmp_path / f"mine{suffix}"
    if kind == "folder":
        file.mkdir()
    elif kind == "empty":
        file.touch()
    elif kind == "noise":
        file.write_bytes(np.random.default_rng(9).bytes(5000))
    with pytest.raises(DataFileError, match=rf"mine\{suffix}: found .*; expected .*; .+"):
        Terrain.from_file(file)
