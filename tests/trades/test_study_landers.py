"""Studies of landers, against missions flown phase by phase and against closed forms.

A mission run integrates the flight, sizes finite burns by shooting and optimises the descent; the study has
the same transfer and closed forms after it. They agree to what the closed forms leave out: how the Earth and
the Moon's uneven field change the ellipse between burns (a few km of periapsis, a few m/s of the descent),
the terms beyond the second order of a burn's length, and the error of the fitted law (stated with it).
"""

from __future__ import annotations

import numpy as np
import pytest
from lander_studies import BALLISTIC, LANDER, lander
from small_studies import BASE, make

import cislunar
from cislunar.constants import STANDARD_GRAVITY_M_S2
from cislunar.errors import ScenarioError
from cislunar.scenario import Scenario
from cislunar.trades.estimate import estimate
from cislunar.trades.export import export_case

ISP = {"path": "spacecraft.apex.engine.isp", "values": ["310 s", "330 s"]}
POLICY = {"path": "spacecraft.apex.margin_policy", "values": ["none", "esa"]}
EPOCH = "spacecraft.apex.timeline.0.launch.epoch"


def test_a_mission_run_of_an_exported_case_gives_its_row() -> None:
    study = lander({"isp": {**ISP, "values": ["320 s"]}, "policy": POLICY})
    table = study.run().table
    row = table.iloc[1]
    result = cislunar.run(Scenario.from_text(export_case(study, row["case"])))
    timeline, budgets = result.timelines["apex"], result.budgets["apex"]
    assert timeline.complete, timeline.message
    phases = {phase.kind: phase for phase in timeline.phases}
    transfer = phases["transfer"]
    assert row["m_injection_c3"] == pytest.approx(transfer.details["c3_km2_s2"], abs=1e-6)
    assert row["m_arrival"] == pytest.approx((transfer.end_tdb - study.base.epoch_tdb) / 86400.0, abs=1e-6)
    assert row["m_insertion"] == pytest.approx(1e3 * phases["insert"].delta_v_km_s, abs=2.0)
    assert row["m_descent"] == pytest.approx(1e3 * phases["land"].delta_v_km_s, abs=12.0)
    total = sum(phase.delta_v_km_s for phase in timeline.phases)
    assert row["m_delta_v_to_land"] == pytest.approx(1e3 * total, abs=12.0)
    assert row["m_propellant_left"] == pytest.approx(float(budgets.delta_v.spare_kg), abs=6.0)
    # The run's own answer has the burns of the lighter lander that it flew.
    assert row["m_payload_landed"] == pytest.approx(float(budgets.most_payload.payload_kg), abs=10.0)


@pytest.mark.slow
def test_a_lander_with_the_payload_of_its_row_lands_with_empty_tanks() -> None:
    study = lander({"policy": {**POLICY, "values": ["none"]}}, "payload_landed")
    payload = float(study.run().table["m_payload_landed"].iloc[0])
    changes = {"spacecraft.apex.payloads.0.mass": f"{payload} kg", "spacecraft.apex.margin_policy": "none"}
    # So much more propellant that what the closed forms leave out does not end the flight.
    landed = cislunar.run(study.base.with_values({**changes, "spacecraft.apex.propellant": "2065 kg"}))
    assert landed.timelines["apex"].complete, landed.timelines["apex"].message
    assert float(landed.budgets["apex"].delta_v.spare_kg) == pytest.approx(9.0, abs=10.0)


def test_the_rocket_equation_over_all_burns_gives_the_payload() -> None:
    """Without margins and releases one exponential does: what is left is all there was times exp(-dv/w)."""
    base = LANDER[: LANDER.index("  alpine:")].replace("    carries: alpine\n", "")
    base = base.replace("      - release: alpine\n", "").replace("burn: finite", "burn: impulsive")
    study = lander({"policy": {**POLICY, "values": ["none"]}}, base=base)
    row = study.run().table.iloc[0]
    speed = 320.0 * STANDARD_GRAVITY_M_S2 / 1000.0
    left = 2050.0 - (740.0 + 95.0 + 2050.0) * (1.0 - np.exp(-1e-3 * row["m_delta_v_to_land"] / speed))
    assert row["m_propellant_left"] == pytest.approx(left, abs=1e-6)
    # With the payload that it says it can land, it lands with nothing left.
    changes = {"spacecraft.apex.payloads.0.mass": f"{row['m_payload_landed']:.9f} kg"}
    full = lander({"policy": {**POLICY, "values": ["none"]}}, base=base, changes=changes).run().table.iloc[0]
    assert full["m_propellant_left"] == pytest.approx(0.0, abs=1e-5)
    assert full["m_delta_v_to_land"] > row["m_delta_v_to_land"]


def test_what_costs_more_lands_less() -> None:
    table = lander({"isp": ISP, "policy": POLICY}, "payload_landed", "insertion").run().table
    payload = table.set_index(["isp", "policy"])["m_payload_landed"]
    assert payload[330.0, "none"] > payload[310.0, "none"] > payload[330.0, "esa"] > payload[310.0, "esa"]


def test_a_curve_of_the_launcher_can_be_the_limit() -> None:
    curve = {f"{EPOCH.rsplit('.', 1)[0]}.mass_curve": [["-3 km^2/s^2", "3000 kg"], ["0 km^2/s^2", "2900 kg"]]}
    free = lander({"policy": {**POLICY, "values": ["none"]}}, "payload_landed").run().table
    bound = lander({"policy": {**POLICY, "values": ["none"]}}, "payload_landed", changes=curve).run().table
    assert bound["m_payload_landed"].iloc[0] < free["m_payload_landed"].iloc[0] - 100.0


def test_dates_are_a_range_and_each_transfer_is_its_own() -> None:
    study = lander(
        {
            "date": {
                "path": EPOCH,
                "from": "2027-11-13T00:00:00 UTC",
                "to": "2027-11-16T00:00:00 UTC",
                "step": "1 d",
            },
            "policy": POLICY,
        },
        "departure",
        "injection_c3",
        "insertion",
    )
    table = study.run().table
    assert list(table["date"].iloc[::2]) == [f"2027-11-{day}T00:00:00 UTC" for day in (13, 14, 15, 16)]
    np.testing.assert_allclose(table["m_departure"].iloc[::2], [1.0, 2.0, 3.0, 4.0], atol=1e-6)
    assert table["m_insertion"].nunique() == 4
    alone = lander({"date": {"path": EPOCH, "values": ["2027-11-15T00:00:00 UTC"]}}, "insertion").run().table
    assert alone["m_insertion"].iloc[0] == pytest.approx(table["m_insertion"].iloc[4], abs=1e-4)


def test_low_energy_transfers_come_from_one_search_and_miss_some_dates() -> None:
    study = lander(
        {
            "way": {
                "choices": {
                    "late": {"spacecraft.apex.timeline.1.transfer": BALLISTIC},
                    "soon": {"spacecraft.apex.timeline.1.transfer": {**BALLISTIC, "depart_within": "1 min"}},
                }
            },
            "policy": POLICY,
        },
        "payload_landed",
        "departure",
        "time_of_flight",
        "insertion",
        changes={"duration": "200 d", "spacecraft.apex.timeline.2.correction.times": ["12 h", "20 d"]},
    )
    late, soon = (part for _, part in study.run().table.groupby("way", sort=True))
    assert list(late["status"]) == ["ok", "ok"]
    assert 60.0 < late["m_time_of_flight"].iloc[0] < 160.0
    assert late["m_departure"].iloc[0] > 0.0
    assert list(soon["status"]) == ["failed", "failed"]
    assert "of 3000 arrivals tried" in soon["reason"].iloc[0]
    assert "d after it" in soon["reason"].iloc[0]
    assert soon["m_payload_landed"].isna().all()
    direct = lander({"policy": POLICY}, "insertion").run().table
    assert 80.0 < direct["m_insertion"].iloc[0] - late["m_insertion"].iloc[0] < 250.0


def test_an_engine_too_weak_for_the_law_fails_its_cases() -> None:
    study = lander(
        {"count": {"path": "spacecraft.apex.engine.count", "values": [1, 2]}}, "payload_landed", "descent"
    )
    table = study.run().table
    assert list(table["status"]) == ["failed", "ok"]
    assert "the thrust-to-weight of the descent is" in table["reason"].iloc[0]
    assert "its law holds from 0.8 to 6" in table["reason"].iloc[0]


def test_the_estimate_flies_a_few_transfers() -> None:
    told = estimate(lander({"isp": ISP, "policy": POLICY}, "payload_landed"))
    assert (told.cases, told.batches, told.probe_cases) == (4, 1, 1)
    assert 0.0 < told.cpu_s < 600.0
    assert "of processor time" in "\n".join(told.lines())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "manoeuvre: {at: periapsis, circularise: true, burn: finite}",
            "manoeuvre: {at: ascending node, inclination: 80 deg}",
            "a manoeuvre that changes inclination at ascending node has no closed form here",
        ),
        (
            "land: {site: schrodinger, within: 16 d}",
            "land: {site: schrodinger, periapsis_altitude: 20 km}",
            "powered descent begins at 20 km; the law for its cost holds from 15 km",
        ),
        (
            "launch: {parking_orbit",
            "launch: {injection: {c3: -1 km^2/s^2}, parking_orbit",
            "a fixed injection, which the spacecraft adds to, has no closed form here",
        ),
    ],
)
def test_what_has_no_closed_form_is_said(old: str, new: str, said: str) -> None:
    assert old in LANDER
    with pytest.raises(ScenarioError) as caught:
        lander({"isp": ISP}, "payload_landed", base=LANDER.replace(old, new))
    assert said in str(caught.value)
    assert "the scenario does not produce 'payload_landed'" in str(caught.value)


def test_landers_and_relays_in_orbit_are_two_studies() -> None:
    with pytest.raises(ScenarioError, match="expected a study for each of the two"):
        make(
            {"tilt": {"path": "spacecraft.alpine.orbit.inclination", "values": ["45 deg"]}},
            {"gap": "longest_gap", "payload": "payload_landed"},
            base=BASE,
        )
    with pytest.raises(ScenarioError, match="has a timeline; a study of coverage and orbits flies"):
        lander({"isp": ISP}, "spacecraft")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": "2027-11-12T00:00:00 UTC", "step": "1 d"}, "which is not later than from"),
        ({"to": "2027-11-16T00:00:00 UTC"}, "a range of dates takes step or count"),
        ({"to": "2027-11-16T00:00:00 UTC", "step": "1 km"}, "which is a length; expected a duration"),
        ({"to": "2027-11-16T00:00:00 UTC", "step": "1 us"}, "expected a larger step"),
        ({"to": "soon", "step": "1 d"}, "soon"),
    ],
)
def test_a_range_of_dates_that_makes_no_sense_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        lander({"date": {"path": EPOCH, "from": "2027-11-13T00:00:00 UTC", **given}}, "arrival")
    assert said in str(caught.value)


def test_a_chunk_of_landers_travels_to_another_process() -> None:
    import cloudpickle

    from cislunar.trades.chunk import fly_chunk

    plan = lander({"isp": ISP, "policy": POLICY}, "payload_landed").plan()
    chunk, numbers = plan.chunk(plan.batches(np.arange(4))[0])
    assert chunk is not None
    assert list(numbers) == [0, 1, 2, 3]
    there = fly_chunk(cloudpickle.loads(cloudpickle.dumps(chunk)))
    np.testing.assert_array_equal(there.values, fly_chunk(chunk).values)
