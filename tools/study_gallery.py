"""Fly the shipped studies and keep their answers and one figure of each.

    python tools/study_gallery.py [--stores FOLDER] [STUDY ...]

Writes `docs/studies.json`, one entry for each study, and `docs/figures/study-*.png`. With a folder for the
stores an interrupted run goes on where it was, and a study that is done is only read.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades import StudyResult

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = ROOT / "docs" / "studies.json"


def altitude(table: pd.DataFrame) -> dict[str, Any]:
    """From where on one or two satellites reach what was published."""
    found: dict[str, Any] = {}
    for name, part in table.groupby("satellites"):
        good = part.loc[part["chain"] >= 70.0, "altitude"]
        found[f"lowest_altitude_km_{name}"] = float(good.min()) if len(good) else None
        found[f"best_percent_{name}"] = float(part["chain"].max())
    return found


def count(table: pd.DataFrame) -> dict[str, Any]:
    """The longest silence of the worst place by orbit and number of relays, h."""
    cells = table.pivot(index="orbit", columns="relays", values="worst_gap")
    return {orbit: {int(n): float(gap) for n, gap in row.items()} for orbit, row in cells.iterrows()}


def orbit(table: pd.DataFrame) -> dict[str, Any]:
    """Feasible orbits by number of relays: how many, and the best of each."""
    columns = [name for name in table.columns if name not in ("status", "reason", "feasible")]
    found: dict[str, Any] = {"flown_to_the_end": int((table["status"] == "ok").sum())}
    for relays, part in table[table["feasible"]].groupby("relays"):
        lasting = part[part["lifetime"] >= 365.0]
        found[f"{relays}_relays"] = {
            "feasible": len(part),
            "of_them_lasting_a_year": len(lasting),
            "most_coverage": part.loc[part["coverage"].idxmax(), columns].to_dict(),
            "cheapest": part.loc[part["delta_v"].idxmin(), columns].to_dict(),
            "most_coverage_lasting_a_year": (
                lasting.loc[lasting["coverage"].idxmax(), columns].to_dict() if len(lasting) else None
            ),
        }
    return found


def payload(table: pd.DataFrame) -> dict[str, Any]:
    """Median payload and days of arrival by way, at the engine and the margins of the base."""
    good = table[table["status"] == "ok"]
    mine = good[(good["isp"] == 320.0) & (good["policy"] == "esa")]
    by_way = mine.groupby("way")
    return {
        "failed": int((table["status"] != "ok").sum()),
        "payload_kg_320_s_esa": by_way["payload"].agg(["min", "median", "max"]).to_dict("index"),
        "time_of_flight_d": by_way["flight"].agg(["min", "median", "max"]).to_dict("index"),
        "insertion_m_s": by_way["insertion"].agg(["min", "median", "max"]).to_dict("index"),
        "median_payload_kg": {
            f"{way}, {isp:g} s, {policy}": float(value)
            for (way, isp, policy), value in good.groupby(["way", "isp", "policy"])["payload"]
            .median()
            .items()
        },
    }


SHIPPED = {
    "relay-orbit": orbit,
    "hcpo-altitude": altitude,
    "transfer-payload": payload,
    "relay-count": count,
}


def kept(name: str, result: StudyResult) -> dict[str, Any]:
    """The entry of a study; its figure goes to the folder of figures."""
    from cislunar.report.trade.story import Story
    from cislunar.report.trade.write import write_trade_report

    with tempfile.TemporaryDirectory() as folder:
        write_trade_report(result, Path(folder))
        figures = sorted((Path(folder) / "figures").glob("*.png"))
        chosen = next((each for each in figures if each.stem == "pareto-1"), figures[0])
        target = ROOT / "docs" / "figures" / f"study-{name}.png"
        shutil.copy(chosen, target)
    return {
        "name": result.study.name,
        "cases": len(result.table),
        "feasible": int(result.table["feasible"].sum()),
        "headline": Story(result).headline,
        "figure": str(target.relative_to(ROOT)),
        "answer": SHIPPED[name](result.table),
    }


def main() -> None:
    """Fly, and write the file."""
    from cislunar.trades import Study

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stores", type=Path)
    parser.add_argument("studies", nargs="*", default=list(SHIPPED))
    asked = parser.parse_args()
    for name in asked.studies:
        study = Study.load(ROOT / "scenarios" / "studies" / f"{name}.yaml")
        result = study.run(asked.stores / f"{name}.store" if asked.stores else None)
        entry = kept(name, result)
        told = json.loads(ANSWERS.read_text(encoding="utf-8")) if ANSWERS.exists() else {}
        told[name] = entry
        text = json.dumps(told, indent=1, ensure_ascii=False, default=float)
        ANSWERS.write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {entry['headline']}")


if __name__ == "__main__":
    main()
