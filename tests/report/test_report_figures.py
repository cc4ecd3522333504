"""Every figure on the synthetic mission: words, units, legends, colours; the caller's session stays clean."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from itertools import pairwise
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
import synthetic_mission
from matplotlib.colors import to_rgb

from cislunar.report.figures import access, orbits, site
from cislunar.report.figures.catalogue import plates
from cislunar.report.figures.timeaxis import time_axis
from cislunar.report.style import SERIES, inches, new_figure, plain, save, title_of

STEMS = (
    "access-timeline",
    "access-calendar",
    "gap-distribution",
    "degraded-cases",
    "site-elevation",
    "site-lighting",
    "coverage-maps",
    "orbits-inertial",
    "orbits-over-moon",
    "orbit-elements",
    "perilune-history",
)
UNITS = (
    "km",
    "°",
    "degrees",
    "per cent",
    "h",
    "min",
    "UTC",
    "hours",
    "number",
    "eccentricity",
    "relays",
    "hour",
)


@pytest.fixture(scope="module")
def drawn(mission):
    figures = {plate.stem: plate.draw() for plate in plates(mission)}
    for figure in figures.values():
        figure.canvas.draw()
    return figures


def test_catalogue_has_every_figure_the_review_asks_for(drawn):
    assert tuple(drawn) == STEMS


@pytest.mark.parametrize("stem", STEMS)
def test_title_states_a_number_and_fits_the_page(drawn, stem):
    figure = drawn[stem]
    assert any(character.isdigit() for character in title_of(figure))
    width = figure.get_size_inches()[0] * figure.dpi
    for text in figure.texts:
        assert text.get_window_extent().x1 <= width, text.get_text()


@pytest.mark.parametrize("stem", STEMS)
def test_axes_are_labelled_with_units(drawn, stem):
    for axes in drawn[stem].axes:
        if not axes.axison:
            continue
        labels = [axes.get_xlabel(), axes.get_ylabel()]
        assert any(labels)
        for label in filter(None, labels):
            assert any(unit in label for unit in UNITS), label


@pytest.mark.parametrize("stem", STEMS)
def test_legend_covers_no_data_and_stays_on_the_page(drawn, stem):
    figure = drawn[stem]
    page = figure.bbox
    for axes in figure.axes:
        legend = axes.get_legend()
        if legend is None:
            continue
        box = legend.get_window_extent()
        assert box.y0 >= axes.get_window_extent().y1 - 2.0
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1
        for text in figure.texts:
            assert not text.get_window_extent().overlaps(box)


def test_titles_of_coverage_quote_the_statistics(mission, drawn):
    chain = mission.statistics["schrodinger"]["chain"]
    assert f"{chain['percent']:.1f} %" in title_of(drawn["access-timeline"])
    share = mission.coverage["map_percent"].values
    assert f"{share.min():.1f} % at worst" in title_of(drawn["coverage-maps"])


def test_callers_style_neither_leaks_in_nor_is_changed(mission):
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 40.0}):
        before = dict(matplotlib.rcParams)
        figure = access.access_timeline(mission, "schrodinger")
        assert dict(matplotlib.rcParams) == before
    assert figure.axes[0].get_facecolor()[:3] == (1.0, 1.0, 1.0)


def test_drawing_needs_no_pyplot():
    code = (
        "import sys; import cislunar.report.write, cislunar.report.summary\n"
        "assert 'matplotlib' not in sys.modules and 'jinja2' not in sys.modules\n"
        "from cislunar.report.figures import catalogue\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_saved_bytes_depend_on_the_figure_alone(mission, tmp_path):
    first = save(orbits.perilune_history(mission), tmp_path / "one")
    second = save(orbits.perilune_history(mission), tmp_path / "two")
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("name", ["viridis", "cividis"])
def test_map_colours_grow_lighter_all_the_way(name):
    """In grey the order must survive: relative luminance of the sRGB colours, IEC 61966-2-1."""
    colours = matplotlib.colormaps[name](np.linspace(0, 1, 64))[:, :3]
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    assert np.all(np.diff(linear @ [0.2126, 0.7152, 0.0722]) > 0)


def test_series_differ_without_colour():
    assert len({str(line) for _, line, _ in SERIES}) == len(SERIES)
    assert len({marker for _, _, marker in SERIES}) == len(SERIES)
    assert len({to_rgb(colour) for colour, _, _ in SERIES}) == len(SERIES)


def test_dollar_signs_are_not_mathematics():
    assert plain("cost $1$") == r"cost \$1\$"


def _changed(mission, **changes):
    return SimpleNamespace(**{**vars(mission), **changes})


def test_site_without_any_pass(mission):
    link = mission.access["link"]
    none = _changed(
        mission,
        access=mission.access[link != "chain"],
        statistics={
            "schrodinger": {
                **mission.statistics["schrodinger"],
                "chain": {**mission.statistics["schrodinger"]["direct"], "by_relay": {}, "nfold": {"1": 0.0}},
            }
        },
    )
    assert "0 % of the time" in title_of(access.access_timeline(none, "schrodinger"))
    access.gap_distribution(none, "schrodinger").canvas.draw()
    access.access_calendar(none, "schrodinger").canvas.draw()


def test_no_eclipse_and_no_gap(mission):
    start = synthetic_mission.START
    row = {
        "start_tdb": start,
        "end_tdb": start + mission.scenario.duration_s,
        "start_cut": True,
        "end_cut": True,
    }
    chains = mission.access[(mission.access["link"] == "chain") & (mission.access["relay"] == "any")]
    always = chains.head(1).assign(**row)
    zero = {"mean": 0.0, "median": 0.0, "p95": 0.0, "max": 0.0}
    chain = {**mission.statistics["schrodinger"]["chain"], "percent": 100.0, "gap_s": zero}
    quiet = _changed(
        mission,
        access=pd.concat([mission.access[mission.access["link"] != "chain"], always]),
        eclipses=mission.eclipses.head(0),
        statistics={"schrodinger": {**mission.statistics["schrodinger"], "chain": chain}},
    )
    assert title_of(access.access_timeline(quiet, "schrodinger")).endswith("100 % of the time; no gap")
    assert "never without" in title_of(access.gap_distribution(quiet, "schrodinger"))
    assert "no relay enters an umbra" in title_of(site.site_lighting(quiet, "schrodinger"))
    assert len(access.access_timeline(quiet, "schrodinger").axes) == 1


def test_azimuth_mask_is_drawn_as_a_band(mission):
    from cislunar.environment.sites import AzimuthMask

    mask = AzimuthMask(np.radians([0.0, 180.0]), np.radians([2.0, 7.5]))
    place = dataclasses.replace(mission.sites["schrodinger"], horizon=mask)
    figure = site.site_elevation(_changed(mission, sites={"schrodinger": place}), "schrodinger")
    assert any("2.0 to 7.5°" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize(
    ("latitude", "longitude", "kind"),
    [
        (np.linspace(-88, -60, 200), np.linspace(0, 359, 200), "polar"),
        (np.linspace(-88, 88, 400), np.tile(np.arange(0, 360, 18.0), 20), "whole"),
        (np.linspace(-80, 80, 200), np.linspace(-89, 89, 200) % 360, "near side"),
    ],
)
def test_maps_of_other_regions(mission, latitude, longitude, kind):
    from cislunar.report.figures import maps, projection

    chosen = maps._projection(np.asarray(latitude), np.asarray(longitude))
    if kind == "whole":
        assert isinstance(chosen, projection.Cylindrical)
    else:
        assert isinstance(chosen, projection.Azimuthal)
        assert chosen.longitude_deg == 0.0
        assert chosen.latitude_deg == (-90.0 if kind == "polar" else 0.0)


def test_a_site_is_called_by_its_label(mission, drawn):
    assert title_of(drawn["access-timeline"]).startswith("Schrödinger sees")
    plain_name = SimpleNamespace(label="", horizon=mission.scenario.sites["schrodinger"].horizon)
    scenario = SimpleNamespace(**{**vars(mission.scenario), "sites": {"schrodinger": plain_name}})
    changed = SimpleNamespace(**{**vars(mission), "scenario": scenario})
    assert title_of(access.access_timeline(changed, "schrodinger")).startswith("Schrodinger sees")


@pytest.mark.parametrize("days", [1.0, 30.0, 137.0, 4000.0])
@pytest.mark.parametrize("width", [2.5, 4.0, 9.0])
def test_labels_of_the_time_axis_do_not_overlap(days, width):
    figure = new_figure(width + 1.0, 2.0, "title")
    axes = figure.add_axes(inches(figure, 0.5, 0.6, 0.5, 0.6))
    time_axis(axes, 8.0e8, 0.0, days)
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
    assert len(boxes) >= 2
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_perilune_history_ends_soon_after_the_last_impact(mission):
    start = mission.scenario.epoch_tdb
    lives = {
        name: {**life, "horizon_s": 9e7, "impact_tdb": start + 100.0 * 86400.0}
        for name, life in mission.lifetimes.items()
    }
    figure = orbits.perilune_history(SimpleNamespace(**{**vars(mission), "lifetimes": lives}))
    assert figure.axes[0].get_xlim()[1] == pytest.approx(115.0)
