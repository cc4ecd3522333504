"""The files of a report from the synthetic mission: page, tables, NetCDF, summary, names."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import netCDF4
import numpy as np
import pytest
import synthetic_mission
import xarray as xr

from cislunar.report.page import page_context, render_page
from cislunar.report.summary import build_summary
from cislunar.report.wording import NBSP, duration, file_stem, file_stems, listing, number, percent

DOCS = Path(__file__).parents[2] / "docs" / "summary.md"


class Page(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def page(report):
    return Page((report / "report.html").read_text(encoding="utf-8"))


def test_every_file_is_there(report, mission):
    expected = {
        "report.html",
        "summary.json",
        "access.csv",
        "eclipses.csv",
        "coverage.nc",
        "figures",
        "trajectories",
    }
    assert {path.name for path in report.iterdir()} == expected
    stems = {path.stem for path in (report / "figures").iterdir()}
    for stem in stems:
        assert (report / "figures" / f"{stem}.png").stat().st_size > 5_000
        assert (report / "figures" / f"{stem}.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert {path.name for path in (report / "trajectories").iterdir()} == {"alpine.oem", "lupine.oem"}


def test_page_is_one_file_without_outside_resources(report, page):
    assert (report / "report.html").stat().st_size < 4_000_000
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base")
        for name in ("src", "href", "srcset", "action", "data"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/", "#")), (tag, name)
        assert not any(name.startswith("on") for name in attributes)
    style = "".join(re.findall(r"<style>(.*?)</style>", (report / "report.html").read_text(), re.S))
    assert "url(" not in style
    assert "@import" not in style
    assert page.open == []


def test_vector_figures_point_nowhere(report):
    for path in (report / "figures").glob("*.svg"):
        for target in re.findall(r'(?:xlink:)?href="([^"]*)"', path.read_text(encoding="utf-8")):
            assert target.startswith(("#", "data:image/"))


def test_scenario_text_is_shown_inert(report, page, mission):
    text = (report / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert mission.scenario.name in page.words


def test_first_screen_states_the_answer(page, mission):
    words = page.text
    top = words[words.index("Coverage report") : words.index("Links and gaps")]
    chain = mission.statistics["schrodinger"]["chain"]
    assert percent(chain["percent"]).replace(NBSP, " ") in top
    assert duration(chain["gap_s"]["max"]).replace(NBSP, " ") in top
    assert "1 of 2 requirements met" in top
    assert "✗ not met" in top
    for part in ("alpine", "lupine", "dss-25", "71.38° S, 138.25° E"):
        assert part in top


def test_page_has_every_part(page):
    ids = {attributes.get("id") for _, attributes in page.tags}
    parts = "answer statistics timeline degraded maps orbits lifetime lighting method sources provenance"
    assert set(parts.split()) <= ids
    targets = {a["href"][1:] for tag, a in page.tags if tag == "a"}
    assert targets <= ids


def test_images_have_alternative_text_and_tables_have_headers(page):
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 11
    assert all(len(attributes["alt"] or "") > 60 for attributes in images)
    assert any(tag == "th" and attributes.get("scope") == "col" for tag, attributes in page.tags)


def test_method_is_stated(page):
    words = page.text
    for phrase in (
        "geometric and instantaneous",
        "1737.4 km",
        "1 ms",
        "refraction",
        "UT1-UTC",
        "constant mask of 5°",
    ):
        assert phrase in words


def test_terrain_horizon_states_what_is_unresolved(mission):
    place = SimpleNamespace(horizon="terrain", label="")
    scenario = SimpleNamespace(**{**vars(mission.scenario), "sites": {"schrodinger": place}})
    changed = SimpleNamespace(**{**vars(mission), "scenario": scenario})
    assert any("3.8 km" in line and "not resolved" in line for line in page_context(changed, [])["method"])


def test_incomplete_flight_says_so_first(mission):
    stopped = synthetic_mission.build(4.0, status="incomplete")
    stopped.trajectories["lupine"].final_elapsed[0] = 86400.0
    stopped.trajectories["lupine"].message[0] = "struck the Moon after 1 d"
    words = Page(render_page(stopped, [])).text
    banner = words.index("Incomplete: not every spacecraft")
    assert banner < words.index("time in view")
    assert "lupine stopped after 24 h of 4 d: struck the Moon after 1 d" in words


def test_no_pass_reads_none(mission):
    words = Page(render_page(mission, [])).text
    assert "site – Earth, direct 0 % 0 none" in words


def test_access_csv_has_the_documented_columns(report, mission):
    with (report / "access.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    header = "link,site,relay,station,start_utc,end_utc,duration_s,start_cut,end_cut,"
    assert ",".join(rows[0]) == header + "max_elevation_deg,min_range_km"
    assert len(rows) == len(mission.access)
    assert {row["link"] for row in rows} == {"site-relay", "relay-earth", "chain"}
    assert {row["start_cut"] for row in rows} <= {"true", "false"}
    np.testing.assert_allclose(
        [float(row["duration_s"]) for row in rows], mission.access["duration_s"], atol=6e-4
    )


def test_missing_values_are_empty_in_csv(mission, tmp_path):
    from cislunar.report.tables import ACCESS_COLUMNS, write_csv

    table = mission.access.head(2).copy()
    table["max_elevation_deg"] = [np.nan, 12.3456789]
    write_csv(table, ACCESS_COLUMNS, tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8")))
    assert [row["max_elevation_deg"] for row in rows] == ["", "12.3457"]


def test_eclipses_csv(report, mission):
    lines = (report / "eclipses.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "spacecraft,body,kind,start_utc,end_utc,duration_s,start_cut,end_cut"
    assert len(lines) == 1 + len(mission.eclipses)


def test_netcdf_follows_cf(report, mission):
    with netCDF4.Dataset(report / "coverage.nc") as file:
        assert file.Conventions.startswith("CF-1.")
        assert file.title == mission.scenario.name
        assert "sha256" in file.provenance_gravity
        time = file["time"]
        assert time.units == "seconds since 2000-01-01 12:00:00"
        assert time.standard_name == "time"
        for name, variable in file.variables.items():
            assert variable.long_name, name
            if variable.dtype is not str:
                assert variable.units, name
        assert file["map_latitude_deg"].units == "degrees_north"
        assert file["map_percent"].units == "percent"
        assert set(file["map_percent"].coordinates.split()) == {"map_latitude_deg", "map_longitude_deg"}


def test_netcdf_reads_back_with_xarray(report, mission):
    with xr.open_dataset(report / "coverage.nc") as data:
        assert data["time"].dtype.kind == "M"
        # 2027-11-25T00:00:00 UTC is 69.183 s later in TDB (37 s TAI-UTC, 32.184 s TT-TAI).
        late = data["time"].values[0] - np.datetime64("2027-11-25T00:01:09.183")
        assert abs(late / np.timedelta64(1, "ms")) < 1.0
        assert list(data["relay"].values) == ["alpine", "lupine"]
        raw = mission.coverage["site_relay_elevation_deg"].values
        np.testing.assert_allclose(data["site_relay_elevation_deg"].values, raw, atol=1e-5)
        assert data["map_longest_gap_h"].dtype.kind == "f"


def _documented(section: str) -> set[str]:
    text = DOCS.read_text(encoding="utf-8")
    part = re.split(r"^## ", text, flags=re.M)
    body = next(block for block in part if block.startswith(section))
    return {
        key for row in re.findall(r"^\| (`.*?) \|", body, re.M) for key in re.findall(r"`([a-z0-9_]+)`", row)
    }


def test_summary_is_strict_json_with_documented_keys(report):
    def refuse(constant):
        raise AssertionError(constant)

    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert set(summary) == _documented("Top level")
    for entry in summary["trajectories"].values():
        assert set(entry) == _documented("`trajectories[")
        assert (report / entry["file"]).is_file()
    for links in summary["coverage"].values():
        assert set(links) == {"chain", "site-relay", "relay-earth", "direct"}
        for numbers in links.values():
            assert {"percent", "passes", "pass_s", "gap_s", "mean_response_s"} <= set(numbers)
            assert set(numbers["pass_s"]) == {"mean", "median", "p95", "max"}
        assert set(links["chain"]) <= _documented("`coverage[")
    for row in summary["requirements"]:
        assert set(row) == _documented("`requirements[")
    assert set(summary["map"]) == _documented("`map`")


def test_summary_turns_what_json_cannot_hold_into_null(mission):
    changed = SimpleNamespace(**vars(mission))
    changed.provenance = {
        "odd": np.nan,
        "many": np.array([1.0, np.inf]),
        "whole": np.int64(3),
        "path": Path("a"),
    }
    assert build_summary(changed)["provenance"] == {"odd": None, "many": [1.0, None], "whole": 3, "path": "a"}


def test_names_become_safe_and_distinct_file_stems():
    stems = file_stems(["Alpine", "alpine", "../../etc/passwd", "Größe 1", "CON", "", "a/b", "a b"])
    assert list(stems.values()) == [
        "Alpine",
        "alpine_2",
        "etc_passwd",
        "Groe_1",
        "CON_",
        "spacecraft",
        "a_b",
        "a_b_2",
    ]
    assert file_stem("x" * 300) == "x" * 80


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (42.0, "42 s"),
        (300.0, "5 min"),
        (3600.0, "1 h"),
        (19116.0, "5.31 h"),
        (4.2 * 86400, "4.2 d"),
        (137 * 86400.0, "137 d"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_durations_read_like_a_person_writes_them(seconds, text):
    assert duration(seconds) == text.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 %"),
        (0.01, "< 0.1 %"),
        (93.14, "93.1 %"),
        (99.96, "> 99.9 %"),
        (99.9999999, "> 99.9 %"),
        (100.0, "100 %"),
        (None, "–"),
    ],
)
def test_percentages_never_round_to_all_or_nothing(value, text):
    assert percent(value) == text.replace(" ", NBSP)


def test_small_words():
    assert number(-1234.5) == f"−1{NBSP}234.5"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing(["a"]) == "a"


def test_page_prints_on_paper(report, tmp_path):
    """The style sheet has a part for print, with page size and breaks."""
    text = (report / "report.html").read_text(encoding="utf-8")
    assert "@media print" in text
    assert "@page" in text
    assert "break-inside: avoid" in text
