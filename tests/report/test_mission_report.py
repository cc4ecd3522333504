"""The mission part of a report: a mission flown to its landing, and one that runs out of propellant."""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cislunar.mission.budgets import budgets_of
from cislunar.report.figures.catalogue import plates
from cislunar.report.mission_facts import budget_answer, flight_answer, shortfall_text
from cislunar.report.output import ENTRIES
from cislunar.report.page import render_page
from cislunar.report.style import title_of

DOCS = Path(__file__).parents[2] / "docs"
SECTIONS = "mission transfer budgets payloads landing communications data relay-budgets"
STEMS = {
    "mission-timeline",
    "transfer-apex",
    "insertion-apex",
    "delta-v-apex",
    "delta-v-alpine",
    "mass-apex",
    "descent-apex",
    "critical-events-apex",
    "data-backlog-schrodinger",
}


def words(page: str) -> str:
    return " ".join(
        re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.S).replace("\u00a0", " ").split()
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def page(landed_report):
    return (landed_report / "report.html").read_text(encoding="utf-8")


def test_every_section_and_figure_of_a_mission_is_there(page, landed_report):
    sections = re.findall(r'<section id="([^"]+)"', page)
    assert sections[: 1 + len(SECTIONS.split())] == ["answer", *SECTIONS.split()]
    drawn = {path.stem for path in (landed_report / "figures").glob("*.png")}
    assert drawn >= STEMS
    for stem in STEMS:
        with Image.open(landed_report / "figures" / f"{stem}.png") as picture:
            assert len(picture.convert("L").getcolors() or [0] * 99) > 20
        assert f'<figure id="{stem}">' in page
    assert {entry.name for entry in landed_report.iterdir()} <= set(ENTRIES)


def test_the_headline_says_when_it_lands_and_whether_it_closes(page, landed):
    top = words(page.partition("<nav")[0])
    plan = landed.timelines["apex"].phases[6].details["plan"]
    margin = float(landed.budgets["apex"].delta_v.margin_kg)
    assert plan.ok
    assert "apex lands at Schrodinger on 2027-11-28 2" in top
    verb = "closes" if margin >= 0.0 else "does not close"
    assert f"its propellant {verb} with the margins of policy esa" in top
    assert f"{abs(margin):,.0f} kg".replace(",", " ") in top
    assert "8 of 8" in top


def test_names_of_the_scenario_are_inert(page):
    assert "A &lt;b&gt;university&lt;/b&gt;" in page


def test_figures_say_the_answer(landed):
    titles = {
        plate.stem: title_of(plate.draw())
        for plate in plates(landed)
        if plate.stem in ("critical-events-apex", "insertion-apex", "transfer-apex")
    }
    insertion = landed.timelines["apex"].phases[3]
    assert f"{1e3 * insertion.delta_v_km_s:.0f} m/s in 2 burns" in titles["insertion-apex"]
    assert "4.50 d" in titles["transfer-apex"]
    silent = max(event.longest_silence_s for event in landed.communications["apex"])
    assert silent > 1800.0
    assert "out of contact for up to 32" in titles["critical-events-apex"]


def test_tables_add_up_and_have_the_documented_columns(landed_report):
    text = (DOCS / "report.md").read_text(encoding="utf-8")
    for name in ("phases", "delta_v_budget", "critical_events"):
        part = text.partition(f"## `{name}.csv`")[2].partition("\n## ")[0]
        found = rows(landed_report / f"{name}.csv")
        assert list(found[0]) == [key for key in re.findall(r"`([a-z_]+)`", part) if key in found[0]]
        assert found
    for row in rows(landed_report / "delta_v_budget.csv"):
        parts = ("ideal_km_s", "losses_km_s", "statistical_km_s", "margin_km_s")
        assert sum(float(row[part]) for part in parts) == pytest.approx(float(row["total_km_s"]), abs=4e-9)
        if row["kind"] == "calculated":
            isp = 320.0 if row["spacecraft"] == "apex" else 220.0
            ratio = float(row["mass_before_kg"]) / float(row["mass_after_kg"])
            assert isp * 9.80665e-3 * math.log(ratio) == pytest.approx(float(row["total_km_s"]), abs=1e-6)


def _documented(section: str) -> set[str]:
    body = next(
        block
        for block in re.split(r"^## ", (DOCS / "summary.md").read_text(encoding="utf-8"), flags=re.M)
        if block.startswith(section)
    )
    return {
        key for row in re.findall(r"^\| (`.*?) \|", body, re.M) for key in re.findall(r"`([a-z0-9_]+)`", row)
    }


def test_the_summary_of_a_mission_is_documented_and_points_at_its_files(landed_report):
    summary = json.loads((landed_report / "summary.json").read_text(encoding="utf-8"))
    for entry in summary["timelines"].values():
        assert set(entry) == _documented("`timelines[")
        assert (landed_report / entry["file"]).is_file()
    for entry in summary["relay_budgets"].values():
        assert set(entry) <= _documented("`relay_budgets[")
    apex = summary["timelines"]["apex"]
    assert apex["landing"]["site"] == "schrodinger"
    assert apex["corrections"]["p50_km_s"] < apex["corrections"]["p99_km_s"]
    assert apex["transfer"]["injection_km_s"] == pytest.approx(3.13, abs=0.02)


def test_a_mission_that_falls_short_is_reported_up_to_there(stranded):
    page = render_page(stranded, [])
    top = words(page.partition("<nav")[0])
    short = stranded.timelines["apex"].stopped.shortfall["propellant_kg"]
    assert "Incomplete: not every spacecraft flew to the end" in top
    assert "apex stops at “apoapsis to 130 km at periapsis”" in top
    assert f"{short:.1f} kg of propellant short" in top
    text = words(page)
    assert "(not reached)" in text
    assert "Transfer and insertion" in text
    assert "Relay budgets" in text
    assert '<section id="landing"' not in page
    stems = {plate.stem: plate for plate in plates(stranded)}
    assert "descent-apex" not in stems
    assert "short" in title_of(stems["mission-timeline"].draw())
    assert stranded.statistics["schrodinger"]["chain"]["percent"] > 0.0


def test_a_budget_without_all_its_burns_never_closes(landed):
    timeline = landed.timelines["apex"]
    unknown = replace(
        timeline.phases[6],
        status="not possible",
        ideal_km_s=0.0,
        loss_km_s=0.0,
        message="thrust below weight: 1600 N is 0.43 of the lunar weight",
    )
    phases = (*timeline.phases[:6], unknown, replace(timeline.phases[7], status="not reached"))
    stopped = replace(landed, timelines={"apex": replace(timeline, phases=phases, complete=False)})
    stopped = replace(stopped, budgets=budgets_of(stopped.scenario, stopped.timelines))
    assert stopped.budgets["apex"].delta_v.closes
    assert flight_answer(stopped, "apex") == "apex stops at “landing at schrodinger”: thrust below weight"
    assert budget_answer(stopped, "apex") == "whether its propellant would close is not known"
    (plate,) = [each for each in plates(stopped) if each.stem == "delta-v-apex"]
    assert "not all burns are known" in title_of(plate.draw())
    page = words(render_page(stopped, []))
    assert "propellant margin" not in page
    assert "not all burns of apex are known, as it stops before" in page
    assert stopped.summary["timelines"]["apex"]["closes"] is None


def test_a_scenario_without_timelines_has_no_mission_part(mission, report):
    page = render_page(mission, [])
    assert not re.findall(rf'id="({"|".join(SECTIONS.split())})"', page)
    assert "Coverage report, " in page
    assert not [plate.stem for plate in plates(mission) if plate.stem.startswith("mission")]
    assert not (report / "phases.csv").exists()


@pytest.mark.parametrize(
    ("shortfall", "text"),
    [
        ({}, ""),
        ({"propellant_kg": 31.52, "delta_v_km_s": 0.107}, "31.5 kg of propellant short, 107 m/s short"),
        (
            {"cross_range_rad": 0.1, "plane_change_km_s": 0.15},
            "5.73° beside the site, 150 m/s of plane change",
        ),
        ({"time_s": 7200.0}, "2 h too late"),
    ],
)
def test_shortfalls_read_like_a_person_writes_them(shortfall, text):
    assert shortfall_text(shortfall).replace("\u00a0", " ") == text
