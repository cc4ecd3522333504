"""`cislunar.run` from end to end on short scenarios: parts of the result and how they hang together.

The parts of a result come from different code (intervals, statistics, series, maps, propagation), so what one
says about another is a check of both.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from small_missions import MOON_RADIUS_KM, RELAYS, fly, scenario

import cislunar
from cislunar.cli.main import ExitCode, main
from cislunar.errors import CislunarError, EpochRangeError, InputError, ScenarioError

LINKS = ["site-relay", "relay-earth", "chain", "direct"]


@pytest.fixture(scope="module")
def result():
    return fly()


def rows(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def test_every_part_is_there(result):
    assert result.status == "complete"
    assert list(result.trajectories) == ["alpine", "lupine"]
    assert list(result.sites) == ["schrodinger"]
    assert list(result.statistics["schrodinger"]) == LINKS
    assert set(result.access["link"]) >= {"site-relay", "relay-earth", "chain"}
    assert result.lifetimes == {}
    for name, variable in result.coverage.variables.items():
        if variable.dtype.kind == "f":
            assert variable.attrs.get("units"), name
            assert variable.attrs.get("long_name"), name


def test_statistics_are_those_of_the_table(result):
    span = result.scenario.duration_s
    for link in LINKS[:3]:
        entry = result.statistics["schrodinger"][link]
        for who, figures in [("any", entry), *entry["by_relay"].items()]:
            where = {"site": "schrodinger"} if link != "relay-earth" else {"station": "any"}
            if link == "relay-earth" and who == "any":
                continue  # the table has each relay's own rows
            passes = rows(result.access, link=link, relay=who, **where)
            if link == "chain":
                passes = rows(passes, station="any")
            assert figures["passes"] == len(passes), (link, who)
            assert figures["percent"] == pytest.approx(100.0 * passes["duration_s"].sum() / span)
            assert figures["pass_s"]["max"] == pytest.approx(passes["duration_s"].max())
            assert figures["pass_s"]["p95"] == pytest.approx(np.percentile(passes["duration_s"], 95.0))
        assert entry["nfold"]["1"] == pytest.approx(entry["percent"])
        assert entry["nfold"]["1"] + entry["nfold"]["2"] == pytest.approx(
            sum(figures["percent"] for figures in entry["by_relay"].values())
        )


def test_mean_response_follows_its_definition(result):
    """Sum of squared gaps over twice the span."""
    passes = rows(result.access, link="chain", relay="any", station="any")
    start, end = result.scenario.epoch_tdb, result.scenario.end_tdb
    edges = np.concatenate([[start], passes[["start_tdb", "end_tdb"]].to_numpy().ravel(), [end]])
    gaps = edges[1::2] - edges[:-1:2]
    expected = (gaps**2).sum() / (2.0 * (end - start))
    assert result.statistics["schrodinger"]["chain"]["mean_response_s"] == pytest.approx(expected)


def test_edges_are_where_the_series_cross_the_mask(result):
    elevation = result.coverage["site_relay_elevation_deg"].sel(site="schrodinger", relay="alpine")
    passes = rows(result.access, link="site-relay", relay="alpine")
    inner = passes.iloc[1:-1]
    at_edges = np.interp(
        inner[["start_tdb", "end_tdb"]].to_numpy().ravel(), elevation["time"].values, elevation.values
    )
    # Linear between samples 300 s apart: the relay's elevation curves by less than 0.2 deg in between.
    assert at_edges == pytest.approx(5.0, abs=0.2)
    for _, row in passes.iterrows():
        inside = (elevation["time"] > row["start_tdb"]) & (elevation["time"] < row["end_tdb"])
        assert bool((elevation[inside] > 5.0).all())
        # The table narrows in on the highest elevation to a thousandth of a degree.
        assert float(elevation[inside].max()) <= row["max_elevation_deg"] + 2e-3


def test_chain_needs_both_halves(result):
    for _, row in rows(result.access, link="chain", relay="alpine", station="any").iterrows():
        middle = 0.5 * (row["start_tdb"] + row["end_tdb"])
        for half in (
            rows(result.access, link="site-relay", relay="alpine"),
            rows(result.access, link="relay-earth", relay="alpine", station="any"),
        ):
            assert ((half["start_tdb"] <= middle) & (middle <= half["end_tdb"])).any()


def test_daily_figures_add_up_to_the_whole(result):
    """Three days of 24 h: their mean is the per cent of the window."""
    daily = result.coverage["daily_percent"].sel(site="schrodinger")
    assert daily.sizes["day"] == 3
    for link in LINKS:
        whole = result.statistics["schrodinger"][link]["percent"]
        assert float(daily.sel(link=link).mean()) == pytest.approx(whole)


def test_degraded_cases_lose_one_thing_each(result):
    nominal = result.statistics["schrodinger"]["chain"]
    lost = {case["lost"]: case for case in result.degraded}
    stations = [f"station {name}" for name in result.scenario.stations]
    assert list(lost) == ["relay alpine", "relay lupine", *stations]
    assert lost["relay alpine"]["percent"] == pytest.approx(nominal["by_relay"]["lupine"]["percent"])
    assert lost["relay lupine"]["percent"] == pytest.approx(nominal["by_relay"]["alpine"]["percent"])
    for case in result.degraded:
        assert case["percent"] <= nominal["percent"] + 1e-9
        assert case["longest_gap_s"] >= nominal["gap_s"]["max"] - 1e-6


def test_elements_at_the_epoch_are_those_of_the_file(result):
    first = result.coverage.sel(relay="alpine").isel(time_elements=0)
    stated = {
        "semi_major_axis_km": 6143.0,
        "eccentricity": 0.6,
        "inclination_deg": 51.7,
        "raan_deg": 10.0,
        "argument_of_periapsis_deg": 90.0,
        "periapsis_altitude_km": 6143.0 * 0.4 - MOON_RADIUS_KM,
        "apoapsis_altitude_km": 6143.0 * 1.6 - MOON_RADIUS_KM,
    }
    for key, value in stated.items():
        assert float(first[key]) == pytest.approx(value, rel=1e-9), key


@pytest.mark.parametrize("epoch", ["2027-03-01T00:00:00 UTC", "2031-07-09T11:22:33.987654 UTC"])
@pytest.mark.parametrize("duration", ["59 min", "100000.3 s", "2.7182818 d"])
def test_series_and_table_reach_both_ends_of_any_window(epoch, duration):
    """Rounding of epochs (2.4e-7 s today) leaves out no sample and no flag at the ends."""
    found = fly(epoch=epoch, duration=duration)
    start, end = found.scenario.epoch_tdb, found.scenario.end_tdb
    for name, variable in found.coverage.data_vars.items():
        assert not variable.isnull().any(), name
    for axis in ("time", "time_elements"):
        assert found.coverage[axis].values[[0, -1]].tolist() == [start, end]
    assert (found.access["start_cut"] == (found.access["start_tdb"] == start)).all()
    assert (found.access["end_cut"] == (found.access["end_tdb"] == end)).all()


def test_a_run_is_repeatable_to_the_bit(result):
    again = fly()
    pd.testing.assert_frame_equal(result.access, again.access, check_exact=True)
    assert result.coverage.identical(again.coverage)
    assert json.dumps(result.summary, sort_keys=True) == json.dumps(again.summary, sort_keys=True)


def test_a_relay_flies_the_same_in_any_company(result):
    """Alone or beside another, to the bit."""
    alone = fly(spacecraft__lupine=None)
    own, shared = alone.trajectories["alpine"], result.trajectories["alpine"]
    assert own.nodes.tobytes() == shared.nodes.tobytes()
    key = {"link": "site-relay", "relay": "alpine"}
    assert rows(alone.access, **key)["start_tdb"].tolist() == rows(result.access, **key)["start_tdb"].tolist()


def test_a_variant_says_what_was_changed(result):
    variant = fly(spacecraft__alpine__orbit__inclination="60 deg")
    assert variant.provenance["scenario"]["changes"] == [
        {"path": "spacecraft.alpine.orbit.inclination", "value": "60 deg"}
    ]
    assert variant.provenance["scenario"]["sha256"] == result.provenance["scenario"]["sha256"]
    first = variant.coverage.sel(relay="alpine").isel(time_elements=0)
    assert float(first["inclination_deg"]) == pytest.approx(60.0)
    assert any(entry["path"] == "spacecraft.alpine.orbit.inclination" for entry in variant.assumptions)


def test_a_cell_of_the_map_is_a_site(result):
    """A site in the middle of a cell, at the map's height and mask, has its per cent and longest gap."""
    mapped = fly(analyses__coverage__map={"region": "far side", "resolution": "30 deg"}).coverage
    cell = int(np.argmin(mapped["map_latitude_deg"].values))
    place = {
        "latitude": f"{float(mapped['map_latitude_deg'][cell])!r} deg",
        "longitude": f"{float(mapped['map_longitude_deg'][cell])!r} deg",
        "height": "0 km",
        "horizon": "5 deg",
    }
    there = fly(sites__schrodinger=place).statistics["schrodinger"]["chain"]
    assert bool(mapped["map_exact"][cell])
    assert float(mapped["map_percent"][cell]) == pytest.approx(there["percent"], abs=1e-5)
    assert float(mapped["map_longest_gap_h"][cell]) == pytest.approx(there["gap_s"]["max"] / 3600.0, abs=1e-6)
    assert mapped["map_percent"].attrs["region"] == "far side"
    assert float(mapped["map_area_fraction"].sum()) == pytest.approx(1.0)


def test_a_site_without_relays_is_seen_directly():
    near = "cislunar: 1\nname: direct\nepoch: 2027-03-01T00:00:00 UTC\nduration: 2 d\n" + (
        "sites: {apollo-11: {latitude: 0.67 deg, longitude: 23.47 deg, horizon: 5 deg}}\nground: [dsn]\n"
        "spacecraft: {orbiter: {orbit: {frame: moon-me, semi_major_axis: 2500 km, eccentricity: 0, "
        "inclination: 80 deg, raan: 0 deg, argument_of_periapsis: 0 deg, mean_anomaly: 0 deg}}}\n"
    )
    found = fly(near)
    entry = found.statistics["apollo-11"]
    # Below 100 although the Earth never sets: three stations above a 10 deg mask leave gaps.
    assert 85.0 < entry["direct"]["percent"] < 100.0
    assert entry["chain"]["percent"] == 0.0
    assert entry["chain"]["gap_s"]["max"] == pytest.approx(2 * 86400.0)
    assert float(found.coverage["earth_elevation_deg"].min()) > 50.0


def test_progress_goes_forward_from_the_start_to_the_end():
    told: list[tuple[str, float]] = []
    cislunar.run(scenario(), progress=lambda stage, fraction: told.append((stage, fraction)))
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert all(stage for stage, _ in told)


def test_an_interruption_passes_through():
    def stop(stage: str, fraction: float) -> None:
        if fraction >= 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cislunar.run(scenario(), progress=stop)


@pytest.fixture(scope="module")
def struck():
    """A low orbit inclined so that its perilune falls to the ground within the window."""
    return fly(
        duration="30 d",
        spacecraft__alpine__orbit__semi_major_axis="6143 km",
        spacecraft__alpine__orbit__eccentricity=0.71,
        spacecraft__alpine__orbit__inclination="90 deg",
        spacecraft__alpine__orbit__argument_of_periapsis="45 deg",
        analyses__lifetime={"horizon": "60 d"},
    )


def test_an_impact_is_an_incomplete_run_that_reports(struck, tmp_path):
    assert struck.status == "incomplete"
    alpine, lupine = struck.trajectories["alpine"], struck.trajectories["lupine"]
    assert alpine.status[0] == 1
    assert lupine.status[0] == 0
    assert np.linalg.norm(alpine.final[:3]) == pytest.approx(MOON_RADIUS_KM, abs=1e-3)
    end = float(alpine.epoch[0] + alpine.final_elapsed[0])
    assert struck.scenario.epoch_tdb < end < struck.scenario.end_tdb
    page = struck.report(tmp_path / "report")
    assert "incomplete" in page.read_text(encoding="utf-8").lower()
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    assert summary["status"] == "incomplete"
    assert summary["trajectories"]["alpine"]["status"] == "impact"
    assert summary["trajectories"]["alpine"]["flown_s"] == pytest.approx(float(alpine.final_elapsed[0]))


def test_a_relay_serves_nobody_after_its_impact(struck):
    alpine = struck.trajectories["alpine"]
    end = float(alpine.epoch[0] + alpine.final_elapsed[0])
    own = rows(struck.access, relay="alpine")
    assert own["end_tdb"].max() <= end + 1e-3
    assert rows(struck.access, relay="lupine")["end_tdb"].max() > end + 86400.0
    late = struck.coverage.sel(relay="alpine")
    after = late["time_elements"] > end
    assert bool(np.isnan(late["eccentricity"][after]).all())
    assert not bool(np.isnan(late["eccentricity"][~after]).any())
    assert bool(np.isnan(late["site_relay_elevation_deg"].sel(time=slice(end + 1.0, None))).all())


def test_lifetimes_tell_impact_and_survival(struck):
    alpine, lupine = struck.lifetimes["alpine"], struck.lifetimes["lupine"]
    trajectory = struck.trajectories["alpine"]
    assert alpine["impact_tdb"] == float(trajectory.epoch[0] + trajectory.final_elapsed[0])
    assert lupine["impact_tdb"] is None
    assert lupine["horizon_s"] == 60 * 86400.0
    passages = lupine["perilune_tdb"] - struck.scenario.epoch_tdb
    # The osculating period, 13.2 h at 6143 km, is the mean distance of passages to a part in a few hundred.
    period = 2.0 * math.pi * math.sqrt(6143.0**3 / 4902.8)
    assert np.diff(passages) == pytest.approx(period, rel=0.02)
    assert passages[-1] == pytest.approx(60 * 86400.0, abs=1.1 * period)
    assert (lupine["perilune_altitude_km"] > 0.0).all()
    assert np.diff(alpine["perilune_altitude_km"])[-1] < 0.0


def test_an_impact_behind_the_window_is_foretold(struck):
    """The flight goes on from the end of the window where a longer window would have been."""
    inside = struck.lifetimes["alpine"]["impact_tdb"]
    days = math.floor((inside - struck.scenario.epoch_tdb) / 86400.0 / 2.0)
    shorter = cislunar.run(struck.scenario.with_values({"duration": f"{days} d"}))
    assert shorter.status == "complete"
    # The flight restarts at the end of the window: the sequence of steps differs, the place by less than 1 m.
    assert shorter.lifetimes["alpine"]["impact_tdb"] == pytest.approx(inside, abs=0.1)


def test_exit_code_of_an_incomplete_run(struck, tmp_path, capsys):
    changed = RELAYS.replace("duration: 3 d", "duration: 30 d").replace(
        "eccentricity: 0.6", "eccentricity: 0.71"
    )
    changed = changed.replace("inclination: 51.7 deg", "inclination: 90 deg")
    changed = changed.replace("argument_of_periapsis: 90 deg", "argument_of_periapsis: 45 deg")
    file = tmp_path / "struck.yaml"
    file.write_text(changed, encoding="utf-8")
    assert main(["run", str(file), "--out", str(tmp_path / "out")]) == ExitCode.INCOMPLETE
    assert "alpine did not finish: impact" in capsys.readouterr().err
    assert (tmp_path / "out" / "report.html").is_file()


def test_an_epoch_outside_the_tables_is_refused_before_anything_is_flown():
    with pytest.raises(CislunarError, match="2071") as caught:
        fly(epoch="2070-12-31T00:00:00 UTC", duration="30 d")
    assert isinstance(caught.value, EpochRangeError | ScenarioError)


def test_a_lifetime_beyond_the_tables_is_refused_before_anything_is_flown():
    told: list[str] = []
    with pytest.raises(CislunarError, match="2071"):
        cislunar.run(
            scenario(RELAYS, {"epoch": "2065-01-01T00:00:00 UTC", "analyses.lifetime": {"horizon": "20 yr"}}),
            progress=lambda stage, fraction: told.append(stage),
        )
    assert not any(stage.startswith("flying on") for stage in told)


def test_a_path_into_nothing_is_named():
    with pytest.raises(InputError, match="eccentricity"):
        scenario(RELAYS, {"spacecraft.alpine.orbit.eccentricity.value.more": "0.5"})
