"""Studies fly what single scenarios fly.

The reference of most tests here is `cislunar.run` on the exported file of a case: another path through the
package (one scenario, edges by `compute_access`), itself held against SPICE and closed forms in
`tests/truth` and `tests/mission`. Edges of both agree to the rounding of epochs, 1e-7 s, so figures agree to
1e-9 of the window.
"""

from __future__ import annotations

import numpy as np
import pytest
from small_studies import BASE, both, make

import cislunar
from cislunar.scenario import Scenario
from cislunar.trades import Study
from cislunar.trades.export import export_case

DAY_S = 86400.0
MEASURES = {
    "percent": {"measure": "percent", "site": "basin"},
    "gap": {"measure": "longest_gap", "site": "basin", "unit": "s"},
    "mean_gap": {"measure": "mean_gap", "site": "basin", "unit": "s"},
    "mean_pass": {"measure": "mean_pass", "site": "basin", "unit": "s"},
    "response": {"measure": "mean_response", "site": "basin", "unit": "s"},
    "passes": {"measure": "passes", "site": "basin"},
    "per_day": {"measure": "passes_per_day", "site": "basin"},
    "day": {"measure": "worst_day_percent", "site": "basin"},
    "worst_gap": {"measure": "longest_gap", "unit": "s"},
    "mean_percent": {"measure": "percent", "take": "mean"},
    "in_view": {"measure": "percent", "site": "basin", "link": "site-relay"},
    "low": "lowest_perilune",
    "impact": "time_to_impact",
}


def exported_run(study: Study, case: str):
    """Fly the exported file of a case."""
    return cislunar.run(Scenario.from_text(export_case(study, case)))


def check_row(study: Study, row, result) -> None:
    """Hold a row of the table against the result of the exported case."""
    chain, view = (result.statistics["basin"][link] for link in ("chain", "site-relay"))
    pole = result.statistics["pole"]["chain"]
    expected = {
        "percent": chain["percent"],
        "gap": chain["gap_s"]["max"],
        "mean_gap": chain["gap_s"]["mean"],
        "mean_pass": chain["pass_s"]["mean"],
        "response": chain["mean_response_s"],
        "passes": chain["passes"],
        "per_day": chain["passes"] * DAY_S / study.base.duration_s,
        "day": float(result.coverage["daily_percent"].sel(site="basin", link="chain").min()),
        "worst_gap": max(chain["gap_s"]["max"], pole["gap_s"]["max"]),
        "mean_percent": 0.5 * (chain["percent"] + pole["percent"]),
        "in_view": view["percent"],
        "low": min(life["perilune_altitude_km"].min() for life in result.lifetimes.values()),
        "impact": 3.0,
    }
    for name, value in expected.items():
        # Times to 1e-5 s, per cent and altitudes to the same share.
        assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-5), name


def test_a_row_is_what_the_exported_case_gives() -> None:
    study = make(
        {
            "size": {"path": both("semi_major_axis"), "values": ["5800 km", "6143 km"]},
            "place": {
                "path": [
                    "spacecraft.alpine.orbit.mean_anomaly",
                    {"path": "spacecraft.lupine.orbit.mean_anomaly", "offset": "180 deg"},
                ],
                "values": ["10 deg", "250 deg"],
            },
        },
        MEASURES,
        changes={"duration": "2.5 d"},
    )
    table = study.run().table
    assert list(table["status"]) == ["ok"] * 4
    for number in (0, 3):
        row = table.iloc[number]
        check_row(study, row, exported_run(study, row["case"]))


def test_physics_masses_and_sites_vary_too() -> None:
    light = {"mass": "150 kg", "radiation_pressure": {"area": "2 m^2", "coefficient": 1.3}}
    study = make(
        {
            "degree": {"path": "physics.degree", "values": [0, 4]},
            "mass": {"path": "spacecraft.alpine.mass", "values": ["50 kg", "150 kg"]},
            "latitude": {"path": "sites.basin.latitude", "values": ["-71.38 deg", "-10 deg"]},
        },
        {
            "gap": {"measure": "longest_gap", "site": "basin", "unit": "s"},
            "percent": {"measure": "percent", "site": "basin"},
        },
        changes={f"spacecraft.alpine.{key}": value for key, value in light.items()},
    )
    table = study.run().table
    assert table["percent"].nunique() == 8
    for number in (1, 6):
        row = table.iloc[number]
        chain = exported_run(study, row["case"]).statistics["basin"]["chain"]
        assert row["gap"] == pytest.approx(chain["gap_s"]["max"], abs=1e-5)
        assert row["percent"] == pytest.approx(chain["percent"], abs=1e-9)


def test_copies_are_spread_evenly() -> None:
    study = make(
        {
            "relays": {"number": [1, 3], "template": "alpine"},
            "shape": {"path": "spacecraft.alpine.orbit.eccentricity", "values": [0.5, 0.6]},
        },
        {"gap": {"measure": "longest_gap", "site": "basin", "unit": "s"}, "count": "spacecraft"},
        changes={"spacecraft.lupine": None},
    )
    table = study.run().table
    assert list(table["count"]) == [1, 1, 3, 3]
    scenario = study.scenario(table["case"][3])
    anomalies = [np.degrees(craft.orbit.anomaly_rad) for craft in scenario.spacecraft.values()]
    assert np.allclose(anomalies, [0.0, 120.0, 240.0])
    assert all(craft.orbit.eccentricity == 0.6 for craft in scenario.spacecraft.values())
    for number in (1, 3):
        found = exported_run(study, table["case"][number]).statistics["basin"]["chain"]["gap_s"]["max"]
        assert table["gap"][number] == pytest.approx(found, abs=1e-5)


def test_copies_are_spread_over_planes_and_along_the_orbit() -> None:
    study = make(
        {
            "relays": {"number": 2, "template": "alpine", "spread": "both"},
            "node": {"path": "spacecraft.alpine.orbit.raan", "values": ["30 deg", "200 deg"]},
        },
        {"gap": {"measure": "longest_gap", "site": "basin", "unit": "s"}},
        changes={"spacecraft.lupine": None},
    )
    row = study.run().table.iloc[1]
    result = exported_run(study, row["case"])
    angles = [
        np.degrees([craft.orbit.raan_rad, craft.orbit.anomaly_rad])
        for craft in result.scenario.spacecraft.values()
    ]
    assert np.allclose(angles, [[200.0, 0.0], [20.0, 180.0]])
    assert row["gap"] == pytest.approx(result.statistics["basin"]["chain"]["gap_s"]["max"], abs=1e-5)


def test_blocks_are_chosen_whole() -> None:
    state = {
        "frame": "moon-me",
        "position": ["0 km", "0 km", "-4000 km"],
        "velocity": ["1.1 km/s", "0 km/s", "0 km/s"],
    }
    study = make(
        {
            "orbit": {
                "choices": {
                    "ellipse": {"spacecraft.alpine.orbit.raan": "20 deg"},
                    "state": {"spacecraft.alpine.orbit": state},
                }
            },
            "tilt": {"path": "spacecraft.lupine.orbit.inclination", "values": ["40 deg", "60 deg"]},
        },
        {"gap": {"measure": "longest_gap", "site": "basin", "unit": "s"}},
    )
    table = study.run().table
    assert list(table["orbit"]) == ["ellipse", "ellipse", "state", "state"]
    for number in (1, 2):
        found = exported_run(study, table["case"][number]).statistics["basin"]["chain"]["gap_s"]["max"]
        assert table["gap"][number] == pytest.approx(found, abs=1e-5)


def test_a_block_may_take_a_spacecraft_out() -> None:
    study = make(
        {
            "relays": {"choices": {"two": {"duration": "1 d"}, "one": {"spacecraft.lupine": None}}},
            "tilt": {"path": both("inclination"), "values": ["40 deg", "60 deg"]},
        },
        {"gap": {"measure": "longest_gap", "site": "basin", "unit": "s"}, "count": "spacecraft"},
    )
    table = study.run().table
    assert list(table["count"]) == [2, 2, 1, 1]
    result = exported_run(study, table["case"][3])
    assert list(result.trajectories) == ["alpine"]
    gap = result.statistics["basin"]["chain"]["gap_s"]["max"]
    assert table["gap"][3] == pytest.approx(gap, abs=1e-5)


def test_relays_that_reach_different_stations() -> None:
    text = BASE.replace("relay: {to: dsn}", "relay: {from: basin, to: dss-54}", 1)
    study = make(
        {"tilt": {"path": "spacecraft.lupine.orbit.inclination", "values": ["40 deg", "60 deg"]}},
        {"gap": {"measure": "longest_gap", "unit": "s"}, "response": "mean_response"},
        base=text,
    )
    table = study.run().table
    stats = exported_run(study, table["case"][1]).statistics
    worst = max(stats[site]["chain"]["gap_s"]["max"] for site in ("basin", "pole"))
    assert table["gap"][1] == pytest.approx(worst, abs=1e-5)
    waits = [stats[site]["chain"]["mean_response_s"] / 3600.0 for site in ("basin", "pole")]
    assert table["response"][1] == pytest.approx(max(waits), abs=1e-8)


def test_the_worst_cell_of_the_map() -> None:
    chart = {"region": "south polar cap", "resolution": "10 deg", "mask": "5 deg", "minimum_pass": "2 min"}
    study = make(
        {"tilt": {"path": both("inclination"), "values": ["45 deg", "55 deg"]}},
        {
            "gap": {"measure": "longest_gap", "over": "map"},
            "mean": {"measure": "percent", "over": "map", "take": "mean"},
        },
        changes={"analyses.coverage.map": chart},
    )
    table = study.run().table
    result = exported_run(study, table["case"][1])
    assert bool((result.coverage["map_exact"] == 1).all())
    assert table["gap"][1] == pytest.approx(float(result.coverage["map_longest_gap_h"].max()), abs=1e-8)
    mean = float((result.coverage["map_percent"] * result.coverage["map_area_fraction"]).sum())
    assert table["mean"][1] == pytest.approx(mean, abs=1e-8)


def test_a_case_that_cannot_be_flown_says_why_and_the_study_goes_on() -> None:
    study = make(
        {
            "shape": {"path": both("eccentricity"), "values": [0.6, 0.75]},
            "degree": {"path": "physics.degree", "values": [0, 2]},
        }
    )
    table = study.run().table
    assert list(table["status"]) == ["ok", "ok", "failed", "failed"]
    assert table["reason"][2] == (
        "alpine: periapsis: expected above the surface (radius 1737.4 km); got a radius of 1535.75 km, "
        "201.65 km below it"
    )
    assert table["coverage"].isna().tolist() == [False, False, True, True]
    assert table["feasible"].tolist() == [True, True, False, False]


def test_an_impact_within_the_window_is_incomplete_and_counts_as_flown() -> None:
    study = make(
        {"fall": {"path": "spacecraft.alpine.orbit.true_anomaly", "values": ["170 deg"]}},
        {
            "coverage": {"measure": "percent", "site": "basin"},
            "impact": {"measure": "time_to_impact", "unit": "d"},
        },
        changes={
            "spacecraft.alpine.orbit": {
                "frame": "moon-op",
                "periapsis_altitude": "0.5 km",
                "apoapsis_altitude": "2000 km",
                "inclination": "90 deg",
                "raan": "0 deg",
                "argument_of_periapsis": "20 deg",
                "true_anomaly": "170 deg",
            },
            "duration": "12 d",
            "analyses.lifetime.horizon": "20 d",
        },
    )
    row = study.run().table.iloc[0]
    result = exported_run(study, row["case"])
    assert result.status == "incomplete"
    assert row["status"] == "incomplete"
    end = result.lifetimes["alpine"]["impact_tdb"]
    assert row["reason"].startswith("alpine: impact on the central body, ")
    assert row["impact"] == pytest.approx((end - study.base.epoch_tdb) / DAY_S, abs=1e-8)
    assert row["coverage"] == pytest.approx(result.statistics["basin"]["chain"]["percent"], abs=1e-8)


def test_results_do_not_depend_on_chunks_regression_anchor(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make(
        {"size": {"path": both("semi_major_axis"), "from": "5800 km", "to": "6400 km"}},
        sample={"method": "sobol", "count": 37, "seed": 5},
    )
    whole = study.run(threads=1).table
    monkeypatch.setattr("cislunar.trades.planning.relays_at_once", lambda setting, measures: 10)
    parts = study.run().table
    assert whole.equals(parts)
