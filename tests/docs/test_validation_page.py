"""The page of what is validated is that of the tests as they are."""

from __future__ import annotations

from project_tools import ROOT, tool


def test_committed_page_is_current():
    validation = tool("validation_page")
    shown = validation.PAGE.read_text(encoding="utf-8")
    assert shown == validation.page(), "run: python tools/validation_page.py"


def test_every_room_of_tests_is_on_the_page():
    rooms = {path.parent.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert rooms - {"truth", "docs"} <= set(tool("validation_page").ROOMS)


def test_every_comparison_says_where_its_numbers_come_from():
    validation = tool("validation_page")
    files = sorted((ROOT / "tests" / "truth").glob("test_*.py"))
    heads = validation.heads("truth")
    assert len(heads) == len(files)
    for head in heads:
        assert head.body, f"{head.path}: the head has a title only"
