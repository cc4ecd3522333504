"""The notebooks run from top to bottom, and are committed without outputs, which could not stay true."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from project_tools import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

SHOWN = {
    "01-cp12-coverage": (5, ("report.html", "after a day two-body motion")),
    "02-transfers": (5, ("1711 of 1711 found", "100.000 km above the Moon", "text/markdown")),
    "03-trade-study": (2, ("report.html", "exact for the full grid", "of disturbed weights")),
}
"""Least number of figures, and what else the outputs must have, by the name of the notebook."""


def outputs(notebook: nbformat.NotebookNode) -> list[str]:
    """What the cells print, and the kinds of what they show."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            found.append(output.get("text", "") + " ".join(output.get("data", {})))
    return found


def streams(notebook: nbformat.NotebookNode, name: str) -> str:
    """What the cells write to one stream."""
    written = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output["text"] for output in written if output.get("name") == name)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_committed_without_outputs(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    assert outputs(notebook) == []
    assert all(cell.get("execution_count") is None for cell in notebook.cells)


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_runs_from_top_to_bottom(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(
        "MPLBACKEND", raising=False
    )  # figures are shown inline, whatever the caller's shell says
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(file.parent)}},
    ).execute()
    shown = outputs(notebook)
    figures, wanted = SHOWN[file.stem]
    assert sum("image/png" in text for text in shown) >= figures
    for text in wanted:
        assert any(text in each for each in shown), text
    assert streams(notebook, "stderr") == ""
    assert str(ROOT) not in nbformat.writes(notebook)
