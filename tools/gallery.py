"""Fly the shipped scenarios and put their figures and answers into the README.

    python tools/gallery.py

Writes `docs/figures/*.png` and the block of `README.md` between `<!-- gallery:begin -->` and
`<!-- gallery:end -->`. `tests/docs/test_readme.py` holds the numbers of that block against a fresh run.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislunar.time import format_epoch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cislunar.mission import MissionResult

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- gallery:begin -->", "<!-- gallery:end -->"
SHOWN = ("mission-timeline", "transfer-apex", "delta-v-apex", "coverage-maps", "access-calendar-schrodinger")
WIDTH_PX = 1000
LARGEST_BYTES = 300_000

MAIN = "cp12.yaml"

MISSIONS = {
    "cp12.yaml": "lander and two relays, polar capture ellipse",
    "cp12-frozen-by-relays.yaml": "the relays fly on to a frozen ellipse",
    "cp12-capture-73.yaml": "captured at a lower inclination, a smaller turn",
    "cp12-loose-capture.yaml": "the turn high up in a loose capture",
    "cp12-hcpo-from-launch.yaml": "the relays become circular at once",
    "clps-100kg.yaml": "a payload of 100 kg and a small satellite",
    "hakuto-r-m1.yaml": "HAKUTO-R 1, low-energy transfer",
    "hakuto-r-m2.yaml": "HAKUTO-R 2",
}
"""What flies timelines."""

SCENARIOS = {
    "cp12-relay-phase.yaml": "two relays in polar ellipses, half a period apart",
    "cp12-single-relay.yaml": "one of them alone",
    "cp12-frozen.yaml": "two relays in a frozen ellipse",
    "cp12-hcpo.yaml": "two relays in a high circular polar orbit",
    "lunar-pathfinder.yaml": "Lunar Pathfinder",
    "queqiao-2.yaml": "Queqiao-2",
}
"""What begins in orbit."""


def fly(file: str, *, with_map: bool) -> MissionResult:
    """Fly a shipped scenario, with or without its map; the lifetime is looked at only for the map."""
    import cislunar

    scenario = cislunar.load(ROOT / "scenarios" / file)
    if not with_map:
        there = {
            "coverage.map": scenario.coverage is not None and scenario.coverage.map is not None,
            "lifetime": scenario.lifetime is not None,
            "window": scenario.window is not None,
            "delivery": scenario.delivery is not None,
        }
        scenario = scenario.with_values(
            {f"analyses.{name}": None for name, is_there in there.items() if is_there}
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they stand in the result
        return cislunar.run(scenario)


def headline(result: MissionResult) -> str:
    """Answer of the CP-12 scenario in one paragraph."""
    chain = result.statistics["schrodinger"]["chain"]
    days = (result.window[1] - result.window[0]) / 86400.0
    lost = [case for case in result.degraded if case["site"] == "schrodinger"]
    relay = min((case for case in lost if case["lost"].startswith("relay")), key=lambda c: c["percent"])
    dish = min((case for case in lost if case["lost"].startswith("station")), key=lambda c: c["percent"])
    lander = result.budgets["apex"].delta_v
    assert lander is not None
    without_relay = f"without {relay['lost'].removeprefix('relay ')} it is {relay['percent']:.1f} %"
    without_dish = f"without {dish['lost'].removeprefix('station ').upper()} {dish['percent']:.1f} %"
    return (
        "`cislunar run scenarios/cp12.yaml` flies from the parking orbit to Schrödinger: "
        f"{lander.verdict()}. The landing site then has a path to Earth for **{chain['percent']:.1f} %** of "
        f"{days:.0f} days, with a longest gap of **{chain['gap_s']['max'] / 3600.0:.1f} h**; "
        f"{without_relay}, {without_dish}."
    )


def mission_row(file: str, result: MissionResult) -> str:
    """One line of the table of missions: the spacecraft that carries the others, or the first."""
    name = next(iter(result.timelines))
    timeline, budgets = result.timelines[name], result.budgets[name]
    landed = next((each for each in timeline.phases if each.kind == "land" and each.status == "flown"), None)
    spent = sum(each.delta_v_km_s for each in timeline.phases if each.status == "flown")
    ends = f"lands {format_epoch(landed.end_tdb)[:10]}" if landed else "in orbit"
    closes = budgets.delta_v.verdict() if budgets.delta_v is not None else "no budget"
    if result.status != "complete":
        stopped = next(each for each in result.timelines.values() if not each.complete)
        closes = f"**does not complete**: {stopped.name}: {stopped.message}"
    seen = result.statistics.get("schrodinger", {}).get("chain")
    served = f"{seen['percent']:.1f} %" if seen else "–"
    speed = f"{1000.0 * spent:.0f} m/s"
    return f"| [`{file}`](scenarios/{file}) | {MISSIONS[file]} | {ends} | {speed} | {closes} | {served} |"


def table_row(file: str, result: MissionResult) -> str:
    """One line of the table of scenarios: the first required site's answer."""
    asked = result.requirements[0]
    entry = result.statistics[asked["site"]][asked["link"]]
    met = ", ".join(_verdict(requirement) for requirement in result.requirements)
    return (
        f"| [`{file}`](scenarios/{file}) | {SCENARIOS[file]} | {asked['site']}, {asked['link']} | "
        f"{entry['percent']:.1f} % | {entry['gap_s']['max'] / 3600.0:.1f} h | {met} |"
    )


def _verdict(requirement: dict[str, Any]) -> str:
    return (
        f"{requirement['name']} {requirement['asked_text']}: {'met' if requirement['met'] else '**not met**'}"
    )


def study_answers(answers: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Question and answer of each shipped study, from what `tools/study_gallery.py` keeps."""
    orbits, heights = answers["relay-orbit"]["answer"], answers["hcpo-altitude"]["answer"]
    gaps = answers["relay-count"]["answer"]["circular-inclined"]
    lander = answers["transfer-payload"]["answer"]
    one, two = orbits["1_relays"]["most_coverage"], orbits["2_relays"]["cheapest"]
    lasting = orbits["2_relays"]["most_coverage_lasting_a_year"]
    landed = {kind: lander["payload_kg_320_s_esa"][kind]["median"] for kind in ("direct", "ballistic")}
    days = {kind: lander["time_of_flight_d"][kind]["median"] for kind in ("direct", "ballistic")}
    return {
        "relay-orbit": (
            "Which orbit for Schrödinger, one relay or two?",
            f"One is enough for the published 70 % if it goes far: {_ellipse(one)} reaches "
            f"{one['coverage']:.1f} % for {one['delta_v']:.0f} m/s from the release. Two need not: "
            f"{_ellipse(two)} for {two['delta_v']:.0f} m/s gives {two['coverage']:.1f} %; "
            f"{lasting['coverage']:.1f} % and a year without keeping takes {lasting['delta_v']:.0f} m/s",
        ),
        "hcpo-altitude": (
            "From which altitude do circular polar relays give the published 70 % at the south pole?",
            f"Two from {heights['lowest_altitude_km_two']:.0f} km, end to end to the Earth; one never does "
            f"({heights['best_percent_one']:.1f} % at best)",
        ),
        "transfer-payload": (
            "Direct or low-energy, and what does it land?",
            f"At 320 s and ESA's margins {landed['direct']:.0f} kg after {days['direct']:.1f} d, or "
            f"{landed['ballistic']:.0f} kg after {days['ballistic']:.0f} d (medians over departures)",
        ),
        "relay-count": (
            "How many relays until no place of the far side is silent for long?",
            "Longest gap of the worst place with one to five in inclined circles: "
            + ", ".join(f"{gaps[str(number)]:.1f}" for number in range(1, 6))
            + " h",
        ),
    }


def _ellipse(case: dict[str, Any]) -> str:
    return f"{case['perilune']:.0f} x {case['apolune']:.0f} km at {case['inclination']:.0f} deg"


def study_rows() -> list[str]:
    """Lines of the table of studies, and a figure of one."""
    answers = json.loads((ROOT / "docs" / "studies.json").read_text(encoding="utf-8"))
    lines = ["| study | question | answer | cases |", "|---|---|---|---|"]
    for name, (question, answer) in study_answers(answers).items():
        path = f"scenarios/studies/{name}.yaml"
        lines.append(f"| [`{name}.yaml`]({path}) | {question} | {answer} | {answers[name]['cases']} |")
    for name in answers:
        lines += ["", f"![{answers[name]['name']}]({answers[name]['figure']})"]
    return lines


def gallery(result: MissionResult, missions: list[str], rows: list[str], folder: Path | None = None) -> str:
    """Text of the block; the figures are written if a folder is given."""
    from cislunar.report.figures.catalogue import plates
    from cislunar.report.style import title_of

    parts = [headline(result), ""]
    drawn = {plate.stem: plate for plate in plates(result)}
    for stem in SHOWN:
        figure = drawn[stem].draw()
        if folder is not None:
            write_png(figure, folder / f"{stem}.png")
        parts += [f"![{' '.join(title_of(figure).split())}](docs/figures/{stem}.png)", ""]
    parts += [
        "Missions, flown from launch (or from lunar orbit) to the end; delta-v without margins:",
        "",
        "| scenario | flies | outcome | delta-v | closes | Schrödinger to Earth |",
        "|---|---|---|---|---|---|",
        *missions,
        "",
        "Relays in orbit, each with its sources and assumptions in the file:",
        "",
        "| scenario | flies | site, link | in view | longest gap | requirements |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        "Trade studies:",
        "",
        *study_rows(),
    ]
    return "\n".join(parts)


def write_png(figure: Figure, path: Path) -> None:
    """Write a figure small enough for a repository: narrower than in the report, few colours if need be."""
    from PIL import Image

    from cislunar.report.style import save

    with tempfile.TemporaryDirectory() as folder:
        png, _ = save(figure, Path(folder) / "figure")
        with Image.open(png) as image:
            size = WIDTH_PX, round(image.height * WIDTH_PX / image.width)
            small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    for colours in (small, small.quantize(palette=small.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)):
        colours.save(path, optimize=True)
        if path.stat().st_size < LARGEST_BYTES:
            return


def block_of(text: str) -> str:
    """What stands between the markers of the README."""
    return text.split(BEGIN, 1)[1].split(END, 1)[0].strip("\n")


def main() -> None:
    """Write the figures and the block."""
    folder = ROOT / "docs" / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    flown = {file: fly(file, with_map=file == MAIN) for file in (*MISSIONS, *SCENARIOS)}
    missions = [mission_row(file, flown[file]) for file in MISSIONS]
    rows = [table_row(file, flown[file]) for file in SCENARIOS]
    block = gallery(flown[MAIN], missions, rows, folder)
    readme = ROOT / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    readme.write_text(f"{before}{BEGIN}\n{block}\n\n{END}{after}", encoding="utf-8")
    print(block)


if __name__ == "__main__":
    main()
