"""Margin rules and mass growth against the documents that state them.

Numbers: ESA SRE-PA/2011.097 issue 1 revision 3 (2012), R-M1-1, R-M1-4, R-M1-6 (section 2.1.1), R-DV-11 to -13
(section 2.3); MAR-DV-010, -080, -090, -100 and MAR-MAS-010; GSFC-STD-1000H table 1.06-1 (15, 10, 5 and 2 % of
the basic mass). The AIAA/SAWE growth table is held to the reproduction it was taken from, digit by digit; the
standard was not read. Sums are done by hand in the tests.
"""

from __future__ import annotations

import numpy as np
import pytest

from cislunar.errors import InputError
from cislunar.vehicles.margins import ESA, POLICIES, policy
from cislunar.vehicles.masses import MassItem, mass_budget
from cislunar.vehicles.payloads import Payload, totals
from cislunar.vehicles.rules import NONE, required_tank_kg
from cislunar.vehicles.vehicle import Vehicle


def _lander(**other: object) -> Vehicle:
    return Vehicle("lander", 900.0, 2000.0, **other)  # type: ignore[arg-type]


def test_esa_calculated_manoeuvre_takes_five_percent_of_size_and_losses() -> None:
    margin = ESA.manoeuvre_margins_km_s(("calculated", "calculated"), [0.8, 1.7], [0.02, 0.1], [0.0, 0.0])
    assert margin == pytest.approx([0.05 * 0.82, 0.05 * 1.8], rel=1e-14)


def test_esa_ten_metres_per_second_are_compared_with_the_sum_and_added_once() -> None:
    # MAR-DV-010, note: 5 % of 60 + 40 m/s is 5 m/s, less than 10 m/s, shared as 6 and 4.
    margin = ESA.manoeuvre_margins_km_s(("calculated", "calculated"), [0.06, 0.04], [0.0, 0.0], [0.0, 0.0])
    assert margin == pytest.approx([0.006, 0.004], rel=1e-12)
    # 5 % of 200 + 100 m/s is 15 m/s: more, nothing is added.
    margin = ESA.manoeuvre_margins_km_s(("calculated", "calculated"), [0.2, 0.1], [0.0, 0.0], [0.0, 0.0])
    assert margin == pytest.approx([0.010, 0.005], rel=1e-12)


def test_esa_maintenance_and_attitude_are_doubled_and_do_not_count_for_the_floor() -> None:
    kinds = ("calculated", "maintenance", "attitude")
    margin = ESA.manoeuvre_margins_km_s(kinds, [0.1, 0.05, 0.01], [0.0] * 3, [0.0] * 3)
    assert margin == pytest.approx([0.010, 0.05, 0.01], rel=1e-12)


@pytest.mark.parametrize(
    ("purpose", "expected_km_s", "identifier"),
    [
        ("launcher dispersion", 0.030, "MAR-DV-080"),
        ("approach navigation", 0.010, "MAR-DV-100"),
        ("planetary gravity assist", 0.015, "MAR-DV-090"),
        ("moon gravity assist", 0.010, "MAR-DV-090"),
    ],
)
def test_esa_allocations(purpose: str, expected_km_s: float, identifier: str) -> None:
    assert ESA.allocation_km_s(purpose) == expected_km_s
    assert identifier in ESA.identifier(purpose)


def test_esa_mass_budget_by_hand() -> None:
    # R-M1-4: 900 x 1.20 (new), 40 x 1.05 (off the shelf), 30 x 1.10 (minor changes); R-M1-1: 20 % of it.
    vehicle = _lander(
        maturity="new",
        payloads=[Payload("a", 40.0, maturity="off-the-shelf"), Payload("b", 30.0, maturity="modified")],
        carried={"relay": 150.0},
    )
    budget = mass_budget(vehicle, ESA)
    assert budget.predicted_kg == pytest.approx(1080.0 + 42.0 + 33.0)
    assert budget.system_margin_kg == pytest.approx(231.0)
    assert budget.dry_kg == pytest.approx(1386.0)
    assert budget.launch_kg == pytest.approx(1386.0 + 150.0 + 2000.0)


def test_esa_launcher_margin_follows_the_adapter_and_only_without_a_quotation() -> None:
    quoted = mass_budget(_lander(), NONE, launcher_capability_kg=4100.0, adapter_kg=100.0)
    assert quoted.launcher_kg == 4000.0
    assert quoted.launcher_margin_kg == pytest.approx(1100.0)
    worked = mass_budget(
        _lander(), ESA, launcher_capability_kg=4100.0, adapter_kg=100.0, launcher_quoted=False
    )
    assert worked.launcher_kg == pytest.approx(0.98 * 4000.0)  # MAR-MAS-010


def test_esa_tanks_hold_ten_percent_more() -> None:
    assert required_tank_kg(2000.0, ESA) == pytest.approx(2200.0)


@pytest.mark.parametrize(
    ("name", "fraction"),
    [("nasa-concept", 0.15), ("nasa-pdr", 0.10), ("nasa-cdr", 0.05), ("nasa-sir", 0.02)],
)
def test_nasa_system_margin_is_a_fraction_of_the_basic_mass(name: str, fraction: float) -> None:
    vehicle = _lander(maturity="layout")
    budget = mass_budget(vehicle, policy(name))
    assert budget.predicted_kg == pytest.approx(900.0 * 1.15)
    assert budget.system_margin_kg == pytest.approx(fraction * 900.0)


@pytest.mark.parametrize(
    ("category", "mass_kg", "percent"),
    [
        ("structure", 100.0, (18, 15, 8, 4, 2, 0)),
        ("propulsion", 100.0, (18, 15, 8, 4, 2, 0)),
        ("thermal", 100.0, (18, 15, 8, 4, 2, 0)),
        ("batteries", 100.0, (20, 15, 10, 5, 3, 0)),
        ("harness", 100.0, (50, 30, 25, 5, 3, 0)),
        ("electronics", 4.5, (30, 25, 20, 10, 3, 0)),  # below 10 lb, 4.536 kg
        ("electronics", 4.6, (20, 20, 15, 5, 3, 0)),
        ("electronics", 13.6, (20, 20, 15, 5, 3, 0)),  # 30 lb are 13.608 kg
        ("electronics", 13.7, (15, 15, 10, 5, 3, 0)),
    ],
)
def test_growth_allowance_table(category: str, mass_kg: float, percent: tuple[int, ...]) -> None:
    rules = policy("nasa-concept")
    steps = ("estimated", "layout", "pre-release", "released", "existing", "actual")
    found = [100.0 * rules.growth_fraction(category, step, mass_kg) for step in steps]
    assert found == pytest.approx(list(percent))


def test_items_break_the_bus_down_and_may_have_their_own_growth() -> None:
    items = [
        MassItem("tanks", 200.0, category="propulsion", maturity="released"),
        MassItem("wires", 50.0, category="harness"),
        MassItem("legs", 100.0, growth_fraction=0.4),
    ]
    budget = mass_budget(_lander(), policy("nasa-concept"), items=items)
    assert budget.predicted_kg == pytest.approx(200.0 * 1.04 + 50.0 * 1.5 + 140.0)
    assert budget.system_margin_kg == pytest.approx(0.15 * 350.0)
    rows = budget.rows()
    assert [row["item"] for row in rows[:3]] == ["tanks", "wires", "legs"]
    assert rows[-1]["item"] == "launch mass"
    assert rows[-1]["mass_kg"] == pytest.approx(budget.launch_kg)
    assert list(budget.table()["mass_kg"]) == [row["mass_kg"] for row in rows]


def test_every_rule_carries_an_identifier_and_a_sentence() -> None:
    for each in POLICIES.values():
        for line in each.lines():
            assert line["identifier"]
            assert line["text"]
            assert float(line["value"]) > 0.0


def test_own_rules_are_marked_as_the_users() -> None:
    own = ESA.with_rules("ours", system_mass=0.25, calculated=0.03)
    assert own.value("system mass") == 0.25
    assert own.identifier("system mass") == "user"
    assert own.identifier("residuals") == ESA.identifier("residuals")
    table = own.with_growth("ours", {"any": {"estimated": 0.3}}, "our handbook")
    assert table.growth_fraction("thermal", "estimated", 1.0) == 0.3
    with pytest.raises(InputError, match=r"maturity: found 'layout'; expected one of 'estimated'"):
        table.growth_fraction("thermal", "layout", 1.0)


def test_margins_over_a_batch_equal_those_of_each_member() -> None:
    ideal = np.array([[0.06, 0.6, 0.1], [0.02, 1.0, 0.1]])
    zero = np.zeros_like(ideal)
    whole = ESA.manoeuvre_margins_km_s(("calculated", "calculated"), ideal, zero, zero)
    for member in range(3):
        one = ESA.manoeuvre_margins_km_s(
            ("calculated", "calculated"), ideal[:, member], zero[:, member], zero[:, member]
        )
        assert np.array_equal(whole[:, member], one)


def test_manifest_totals_by_place() -> None:
    manifest = [
        Payload("fss", 40.0, 10.0, 1e4, "lander"),
        Payload("litms", 30.0, 20.0, 2e3, "lander"),
        Payload("camera", 5.0, 5.0, 0.0, "orbit"),
    ]
    assert totals(manifest).mass_kg == 75.0
    assert totals(manifest, "lander").generation_rate_bit_s == 12000.0
    assert totals(manifest, "rover").count == 0


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(
        InputError, match=r"margin policy: found 'esaa'; expected one of .* did you mean 'esa'"
    ):
        policy("esaa")
    with pytest.raises(InputError, match=r"rule: found 'sistem mass'.*did you mean 'system mass'"):
        ESA.with_rules("ours", sistem_mass=0.1)
    with pytest.raises(InputError, match=r"system mass: expected a fraction of 0 or more .* got -0.1"):
        ESA.with_rules("ours", system_mass=-0.1)
    with pytest.raises(InputError, match=r"kind of manoeuvre: found 'calculatd'"):
        ESA.manoeuvre_margins_km_s(("calculatd",), [0.1], [0.0], [0.0])
    with pytest.raises(InputError, match=r"delta-v allocation: found 'system mass'"):
        ESA.allocation_km_s("system mass")
