"""The packaged data: complete, intact, small, and honest about where it comes from."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from cislunar.environment import manifest
from cislunar.environment.moonmap import load_moon_map
from cislunar.errors import InputError

NAMES = {"de440", "grgm1200a", "egm2008", "topography", "moon-map"}


def test_every_file_is_described_and_intact() -> None:
    entries = manifest.manifest()
    assert set(entries) == NAMES
    present = {
        path.name for path in manifest.DATA_DIRECTORY.iterdir() if not path.name.startswith((".", "_"))
    }
    assert present == {entry["file"] for entry in entries.values()} | {"manifest.json"}
    for name, entry in entries.items():
        content = manifest.path(name).read_bytes()
        assert len(content) == entry["bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_all_of_it_is_at_most_15_mb() -> None:
    assert sum(entry["bytes"] for entry in manifest.manifest().values()) < 15_000_000


@pytest.mark.parametrize("name", sorted(NAMES))
def test_provenance_is_complete(name: str) -> None:
    entry = manifest.manifest()[name]
    for key in ("title", "origin", "carrier", "frame", "units", "accuracy", "licence"):
        assert len(entry[key]) > 10
    assert all(len(source["sha256"]) == 64 for source in entry["sources"])


def test_unknown_origin_is_admitted() -> None:
    assert manifest.manifest()["topography"]["origin"].startswith("not stated by the carrier")


def test_span_of_the_ephemeris() -> None:
    assert manifest.manifest()["de440"]["span"] == ["2000-01-01 TDB", "2071-01-01 TDB"]


def test_callers_cannot_change_the_manifest() -> None:
    manifest.manifest()["de440"]["file"] = "other"
    assert manifest.path("de440").name == "de440.npz"
    json.dumps(manifest.manifest())


def test_unknown_name() -> None:
    with pytest.raises(InputError, match=r"expected one of .*de440.*got 'de421'"):
        manifest.path("de421")


@pytest.mark.parametrize(
    ("latitude", "longitude", "dark"),
    [
        (27.3, 148.1, True),  # Mare Moscoviense, far side
        (-21.2, 128.9, True),  # Tsiolkovskiy, far side
        (17.0, 59.1, True),  # Mare Crisium
        (51.6, -9.4, True),  # Plato
        (-43.3, -11.4, False),  # Tycho
        (23.7, -47.5, False),  # Aristarchus
    ],
)
@pytest.mark.parametrize("west", [0.0, -180.0])
def test_map_shows_features_where_they_are(
    latitude: float, longitude: float, dark: bool, west: float
) -> None:
    """Centres of features from the IAU Gazetteer of Planetary Nomenclature, within 0.5 deg."""
    image, (left, right, bottom, top) = load_moon_map(west)
    assert (left, right, bottom, top) == (west, west + 360.0, -90.0, 90.0)
    rows, columns = image.shape
    row = int((top - latitude) / 180.0 * rows)
    column = int(((longitude - left) % 360.0) / 360.0 * columns)
    patch = image[row - 2 : row + 3, column - 2 : column + 3].mean()
    assert (patch < 45.0) if dark else (patch > 90.0)


def test_map_is_grey() -> None:
    image, _ = load_moon_map()
    assert image.dtype == np.uint8
    assert image.shape == (1024, 2048)
    with pytest.raises(InputError, match="finite"):
        load_moon_map(np.nan)
