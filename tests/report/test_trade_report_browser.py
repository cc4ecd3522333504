"""The page of a study in a real browser, offline: it opens, shows a case, keeps it, sorts, prints."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import synthetic_study

from cislunar.report.trade.story import figure

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

BROWSER = next(
    filter(
        None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
    ),
    None,
)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, list[str], Any]]:
    flown = synthetic_study.result(synthetic_study.study())
    file = flown.report(tmp_path_factory.mktemp("browser") / "report")
    said: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url[:4] == "http" else None)
        page.goto(file.as_uri())
        page.wait_for_selector("#effects .main-svg")
        yield page, said, flown
        browser.close()


def test_it_opens_offline_and_the_console_stays_silent(opened: tuple[Any, list[str], Any]) -> None:
    page, said, _ = opened
    assert said == []
    for name in ("pareto-1", "map-1", "map-2", "parallel", "sensitivity", "effects"):
        assert page.locator(f"#{name} .main-svg").count() > 0
    assert page.locator("img.static").first.is_hidden()


def hover_text(page: Any, place: str) -> str:
    return " ".join(page.locator(f"#{place} .hoverlayer .hovertext").all_text_contents())


def test_pointing_at_a_case_shows_it(opened: tuple[Any, list[str], Any]) -> None:
    page, said, flown = opened
    best = flown.best(1).iloc[0]
    page.locator("#pareto-1").scroll_into_view_if_needed()
    place = page.evaluate(
        """(name) => {
          const graph = document.getElementById("pareto-1");
          const told = JSON.parse(document.getElementById("data").textContent);
          for (const trace of graph.data) for (let k = 0; k < trace.rows.length; k++)
            if (told.cases[trace.rows[k]][0] === name) {
              const box = graph.getBoundingClientRect(), own = graph._fullLayout;
              return [box.x + own.xaxis._offset + own.xaxis.l2p(trace.x[k]),
                      box.y + own.yaxis._offset + own.yaxis.l2p(trace.y[k])];
            }
        }""",
        best["case"],
    )
    page.mouse.move(*place)
    page.wait_for_selector("#pareto-1 .hovertext")
    shown = hover_text(page, "pareto-1")
    assert f"case {best['case'][:8]}" in shown
    assert f"coverage of the <b>basin</b> (%): {figure(best['coverage'])}" in shown
    assert f"size (km): {figure(best['size'])}" in shown
    page.mouse.click(*place)
    kept = page.locator("#kept")
    assert kept.is_visible()
    assert f"--export {best['case'][:8]} > case.yaml" in kept.inner_text()
    page.locator("#kept button").click()
    assert kept.is_hidden()
    assert said == []


def test_pointing_at_a_cell_of_the_map_shows_its_case(opened: tuple[Any, list[str], Any]) -> None:
    page, _, _ = opened
    page.locator("#map-1").scroll_into_view_if_needed()
    box = page.locator("#map-1 .nsewdrag").bounding_box()
    page.mouse.move(box["x"] + 0.52 * box["width"], box["y"] + 0.47 * box["height"])
    page.wait_for_selector("#map-1 .hovertext")
    assert re.search(r"case [0-9a-f]{8}", hover_text(page, "map-1"))


def test_a_click_on_a_column_sorts_the_table(opened: tuple[Any, list[str], Any]) -> None:
    page, _, _ = opened
    head = page.locator("#best thead th", has_text="gap")
    column = page.evaluate("(head) => head.cellIndex", head.element_handle())
    head.click()
    values = page.evaluate(
        "(column) => [...document.querySelectorAll('#best tbody tr')]"
        ".map((row) => Number(row.cells[column].dataset.value))",
        column,
    )
    assert len(values) > 5
    assert values == sorted(values)


def test_it_prints_with_still_figures(opened: tuple[Any, list[str], Any], tmp_path: Path) -> None:
    page, said, _ = opened
    file = tmp_path / "report.pdf"
    page.pdf(path=str(file), prefer_css_page_size=True)
    data = file.read_bytes()
    assert data.startswith(b"%PDF-")
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 14
    page.emulate_media(media="print")
    assert page.locator("img.static").first.is_visible()
    assert page.locator("#pareto-1").is_hidden()
    page.emulate_media(media="screen")
    assert said == []
