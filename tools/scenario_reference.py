"""Write the tables of docs/scenario.md and docs/study.md from the declarations that read the files.

Run `python tools/scenario_reference.py` after changing the format; a test holds that the page is up to date.
"""

from __future__ import annotations

import re
from pathlib import Path

from cislunar import units
from cislunar.environment.regions import REGIONS
from cislunar.environment.stations import network, network_names, station_names
from cislunar.scenario.format import SCENARIO
from cislunar.scenario.leaves import Choice, Either, Quantity, Spec
from cislunar.scenario.spec import Field, Listing, Named, Record, Variant
from cislunar.trades.format import STUDY
from cislunar.trades.measures import measure_kind, measure_names

DOCS = Path(__file__).resolve().parent.parent / "docs"


def tables(spec: Spec = SCENARIO, path: str = "") -> list[str]:
    """One section for each mapping, from the outside in."""
    if isinstance(spec, Named):
        return tables(spec.item, f"{path}.NAME")
    if isinstance(spec, Listing):
        return tables(spec.item, f"{path}[]")
    if isinstance(spec, Variant):
        return [
            line for name, variant in spec.variants.items() for line in tables(variant, f"{path} ({name})")
        ]
    if not isinstance(spec, Record):
        return []
    lines = [f"### {f'`{path}`' if path else 'The file'}", "", spec.description, ""]
    lines += ["| key | value | meaning |", "|---|---|---|"]
    lines += [f"| `{key}` | {_value(field)} | {_meaning(field)} |" for key, field in spec.fields.items()]
    if spec.covers:
        lines.append(
            "| `source` or `assumption` | text | Origin of all values here that do not have their own. |"
        )
    lines.append("")
    for group in spec.groups:
        kind = "Exactly one" if group.required else "At most one"
        lines += [f"{kind} for {group.what}: {_alternatives(group.alternatives)}.", ""]
    for one, other in spec.together:
        lines += [f"`{one}` and `{other}` belong together.", ""]
    for key, others in spec.needs:
        lines += [f"`{key}` needs {' or '.join(f'`{other}`' for other in others)}.", ""]
    for key, field in spec.fields.items():
        lines += tables(field.spec, f"{path}.{key}" if path else key)
    return lines


def _alternatives(alternatives: tuple[tuple[str, ...], ...]) -> str:
    return "; ".join(" with ".join(f"`{key}`" for key in keys) for keys in alternatives)


def _value(field: Field) -> str:
    spec = field.spec
    if isinstance(spec, Quantity):
        text = units.phrase(spec.dimension)[0]
        shown = f"{text}, {spec.range_text()}" if spec.range_text() else text
    elif isinstance(spec, Choice):
        shown = ", ".join(f"`{word}`" for word in spec.words)
    elif isinstance(spec, Either):
        shown = spec.what
    else:
        shown = spec.expected()
    return shown.replace("|", "\\|")


def _meaning(field: Field) -> str:
    required = "**Required.** " if field.required else ""
    default = f" Default: {field.default}." if field.default else ""
    return f"{required}{field.spec.description}{default}"


def unit_table() -> list[str]:
    """Spellings of the units of each dimension that the format uses."""
    lines = ["| dimension | units |", "|---|---|"]
    for dimension in ("length", "angle", "time", "speed", "mass", "area", "fraction", "event_rate"):
        spelled = ", ".join(f"`{unit}`" for unit in units.spellings(dimension))
        lines.append(f"| {units.phrase(dimension)[0]} | {spelled} |")
    return [*lines, ""]


def ground_table() -> list[str]:
    """Known networks and stations."""
    lines = ["| network | stations |", "|---|---|"]
    for name in network_names():
        lines.append(f"| `{name}` | {', '.join(f'`{station.name}`' for station in network(name))} |")
    return [*lines, "", f"Stations: {', '.join(f'`{name}`' for name in station_names())}.", ""]


def region_table() -> list[str]:
    """Named regions."""
    return [
        "| region | a place in it has |",
        "|---|---|",
        *(f"| `{k}` | {v} |" for k, v in REGIONS.items()),
        "",
    ]


def study_tables() -> list[str]:
    """Keys of study files."""
    return tables(STUDY)


def measure_table() -> list[str]:
    """Figures of merit that a study can ask for."""
    lines = ["| measure | about | unit | meaning |", "|---|---|---|---|"]
    for name in measure_names():
        kind = measure_kind(name)
        lines.append(f"| `{name}` | {ABOUT[kind.about]} | {kind.unit or '1'} | {kind.description} |")
    return [*lines, ""]


ABOUT = {"place": "sites or map, and a link", "case": "the case", "lander": "the lander of a timeline"}

PAGES = {
    "scenario.md": {"keys": tables, "units": unit_table, "ground": ground_table, "regions": region_table},
    "study.md": {"measures": measure_table, "study-keys": study_tables},
}


def updated(page: str, name: str = "scenario.md") -> str:
    """Give a page with every generated block made anew."""
    for block, make in PAGES[name].items():
        body = "\n".join(make()).rstrip()
        marked = rf"(<!-- {block}:begin -->\n).*?(<!-- {block}:end -->)"
        page, count = re.subn(
            marked, lambda found, body=body: f"{found[1]}{body}\n{found[2]}", page, flags=re.DOTALL
        )
        assert count == 1, block
    return page


if __name__ == "__main__":
    for name in PAGES:
        path = DOCS / name
        path.write_text(updated(path.read_text(encoding="utf-8"), name), encoding="utf-8")
