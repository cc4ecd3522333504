"""Write `docs/validation.md` from the heads of the tests: what is validated, by what, how closely.

    python tools/validation_page.py

`tests/docs/test_validation_page.py` holds the committed page against the tests as they are.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "validation.md"
TESTS = ROOT / "tests"

ROOMS = {
    "border": "Units, time, constants",
    "environment": "Environment",
    "orbits": "Orbits",
    "propagation": "Propagation",
    "vehicles": "Vehicles",
    "transfers": "Transfers",
    "landing": "Landing",
    "coverage": "Coverage",
    "mission": "Whole runs",
    "scenario": "Scenario files",
    "trades": "Trade studies",
    "exchange": "Exchange with other tools",
    "report": "Report",
    "cli": "Command line",
}

HEAD = """\
# What is validated, and by what

Made by `tools/validation_page.py` from the tests themselves; do not edit. Every test named here runs offline
with `pytest`.

A number is right when something outside says so: flown ephemerides, independent programs on the same inputs,
published tables, closed forms, conservation laws. A test that only compares the package with itself is no
evidence; it is called a regression anchor and listed as one at the end. A *trap* is the converse of a
comparison: a classic mistake (a wrong frame, a missing shadow, a dropped body) must fail it clearly.
"""

MODELLED = {
    "the mission scenarios": (
        "their unpublished numbers are assumptions, labelled in the file and listed in the "
        "report; a result is as good as they are"
    ),
    "lunar topography": (
        "its carrier states no origin; published peaks, basin floors and landing-site heights are "
        "checked, single cells are not"
    ),
    "horizon from topography": (
        "relief within one grid cell (3.8 km) of the site is unresolved; the report says so"
    ),
    "lunar limb between an orbiter and the Earth": (
        "a sphere of 1737.4 km; limb relief of some kilometres moves an edge by seconds"
    ),
    "refraction": "none at the Earth stations; their mask (10 deg unless given) is geometric",
    "travel time of signals": (
        "none by default; between Moon and Earth it is an option, between site and relay (below "
        "0.3 s) it is left out"
    ),
    "Earth rotation in the future": (
        "UT1 - UTC and the pole are held at the last values of the installed table, with a "
        "warning; an error of UT1 is an equal error of an edge at an Earth station"
    ),
    "sunlight": "a sphere of constant coefficient; no attitude, no lunar albedo or infrared",
    "gravity": (
        "the field as solved; the Earth is a point mass unless its field is named (`egm2008`, 3 m on "
        "day-long coasts of Artemis I), static and without its tides: the permanent part is 9e-6 of J2"
    ),
    "solid tide and relativity": (
        "options of `ForceModel`, checked against closed forms; scenarios leave them out"
    ),
    "station-keeping": (
        "priced in the real field by a stated rule, not flown: orbits drift as nature moves them, and the "
        "report shows how far"
    ),
    "margin policies": (
        "numbers of ESA's and NASA's rules as open programs quote them, with the identifiers of the rules; "
        "the mapping of maturities between the two is a reading of this package"
    ),
    "attitude during burns": "turns and thrust change at once where a phase ends",
    "deliveries": "ways to working orbits are ranked with two-body impulses, without drift on the way",
    "low-energy transfers": (
        "searched back to the first perigee: phasing loops before the long arc are not found, such as the "
        "flown month of HAKUTO-R 2 before its flyby"
    ),
    "data": "rates and contacts as stated; no overhead, priorities or light time in the balance",
}
"""What is stated but not validated by anything outside, or left out: subject, and what is done."""


@dataclass(frozen=True)
class Head:
    """What a test file says about itself.

    Attributes
    ----------
    path : str
        From the root of the project.
    title : str
        First paragraph of the head.
    body : list of str
        The other paragraphs.
    tests : list of str
        Names of the tests, in order, without `test_`.
    """

    path: str
    title: str
    body: list[str]
    tests: list[str]


def read_head(file: Path) -> Head | None:
    """Read the head and the test names of a file; None for a file without tests or without a head."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    text = ast.get_docstring(tree)
    found = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    tests = [name.removeprefix("test_") for name in found if name.startswith("test_")]
    if not text or not tests:
        return None
    title, *body = text.split("\n\n")
    return Head(file.relative_to(ROOT).as_posix(), " ".join(title.split()), body, tests)


def heads(room: str) -> list[Head]:
    """Heads of all test files of a room, by name."""
    files = sorted((TESTS / room).glob("test_*.py"))
    return [head for head in map(read_head, files) if head is not None]


def page() -> str:
    """Text of the whole page."""
    truth = heads("truth")
    parts = [HEAD, "## Against programs, flights and tables from outside\n"]
    for head in truth:
        parts.append(f"### {head.title.rstrip('.')}\n")
        parts += [f"{_paragraph(paragraph)}\n" for paragraph in head.body]
        checks = [_words(name) for name in head.tests if "trap" not in name]
        parts.append(f"Checks ([{Path(head.path).name}](../{head.path})): {'; '.join(checks)}.\n")
        traps = [
            _words(name.replace("traps_", "").replace("trap_", "")) for name in head.tests if "trap" in name
        ]
        if traps:
            parts.append(f"Traps: {'; '.join(traps)}.\n")
    parts.append("## Against closed forms, published values and conservation laws, room by room\n")
    everything = list(truth)
    for room, title in ROOMS.items():
        found = heads(room)
        everything += found
        if found:
            parts.append(f"**{title}**\n")
            parts.append("\n".join(f"- [{Path(h.path).stem}](../{h.path}): {h.title}" for h in found) + "\n")
    parts.append("## Only modelled\n")
    parts.append("Stated, not validated by anything outside, or left out of the model.\n")
    rows = [f"| {subject} | {done} |" for subject, done in MODELLED.items()]
    parts.append("\n".join(["| subject | what is done |", "|---|---|", *rows]) + "\n")
    anchors = [
        f"- `{name}` in [{Path(head.path).name}](../{head.path})"
        for head in everything
        for name in head.tests
        if "regression_anchor" in name
    ]
    parts.append("## Regression anchors\n")
    parts.append(("\n".join(anchors) if anchors else "None.") + "\n")
    return "\n".join(parts)


def _paragraph(text: str) -> str:
    lines = text.splitlines()
    if any(line.startswith((" ", "-", "|")) for line in lines):
        return text  # a list or a table keeps its lines
    return " ".join(text.split())


def _words(name: str) -> str:
    return name.replace("_", " ")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: written")


if __name__ == "__main__":
    main()
