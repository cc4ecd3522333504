"""How much payload a vehicle can land: against the rocket equation, and against sizing the other way.

The truth is the closed form of one burn (Tsiolkovsky) and the requirement that the payload found, put back
aboard, closes with nothing to spare; the bad inputs hold their text.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cislunar.constants import STANDARD_GRAVITY_M_S2
from cislunar.errors import InputError
from cislunar.vehicles.budget import fly
from cislunar.vehicles.cost import Price, cost_per_kilogram
from cislunar.vehicles.engine import Engine
from cislunar.vehicles.events import Manoeuvre, Release
from cislunar.vehicles.landed_payload import (
    landed_payload,
    needed_propellant,
    payload_limit,
    require_landable,
)
from cislunar.vehicles.margins import ESA
from cislunar.vehicles.payloads import Payload
from cislunar.vehicles.rules import NONE
from cislunar.vehicles.vehicle import Vehicle


def test_one_burn_in_closed_form() -> None:
    ratio = math.exp(2.5 / (320.0 * STANDARD_GRAVITY_M_S2 / 1000.0))
    found = payload_limit([2.5], 320.0, dry_mass_kg=1000.0, propellant_kg=2500.0)
    assert float(found.payload_kg) == pytest.approx(2500.0 / (ratio - 1.0) - 1000.0, rel=1e-13)
    assert found.limit_name() == "propellant"
    capped = payload_limit([2.5], 320.0, dry_mass_kg=1000.0, propellant_kg=2500.0, launch_mass_kg=3000.0)
    assert float(capped.payload_kg) == pytest.approx(3000.0 / ratio - 1000.0, rel=1e-13)
    assert capped.limit_name() == "launch mass"
    assert float(capped.launch_kg) == pytest.approx(3000.0, rel=1e-13)
    assert float(capped.propellant_kg) == pytest.approx(3000.0 * (1.0 - 1.0 / ratio), rel=1e-13)


@settings(max_examples=80, deadline=None)
@given(
    st.floats(0.1, 3.0),
    st.floats(0.1, 3.0),
    st.floats(220.0, 460.0),
    st.floats(100.0, 2000.0),
    st.floats(100.0, 6000.0),
    st.floats(0.0, 400.0),
    st.floats(0.0, 0.04),
)
def test_payload_and_propellant_are_inverse_to_each_other(
    first: float, second: float, isp: float, dry: float, load: float, drop: float, residuals: float
) -> None:
    shared = {"released_kg": [drop, 0.0], "residuals_fraction": residuals}
    found = payload_limit([first, second], isp, dry_mass_kg=dry, propellant_kg=load, **shared)
    payload = float(found.payload_kg)
    assert float(found.propellant_kg) == pytest.approx(load, rel=1e-9)
    if dry + payload <= 0.0:
        return
    again = needed_propellant([first, second], isp, final_mass_kg=dry + payload, **shared)
    assert float(again) == pytest.approx(load, rel=1e-9)
    faster = payload_limit([first, second], isp + 5.0, dry_mass_kg=dry, propellant_kg=load, **shared)
    farther = payload_limit([first, second + 0.01], isp, dry_mass_kg=dry, propellant_kg=load, **shared)
    fuller = payload_limit([first, second], isp, dry_mass_kg=dry, propellant_kg=load + 10.0, **shared)
    assert float(farther.payload_kg) < payload < float(faster.payload_kg)
    assert float(fuller.payload_kg) > payload


@pytest.mark.parametrize("rules", [NONE, ESA], ids=lambda each: each.name)
def test_the_payload_found_closes_with_nothing_to_spare(rules: object) -> None:
    vehicle = Vehicle(
        "apex",
        900.0,
        2100.0,
        {"main": Engine(2200.0, 320.0, 2)},
        carried={"alpine": 150.0, "lupine": 150.0},
        maturity="released",
    )
    events = [
        Manoeuvre("insert", 0.6, 0.01),
        Release("alpine"),
        Release("lupine"),
        Manoeuvre("land", 1.8, 0.1),
    ]
    most = float(landed_payload(vehicle, events, rules).payload_kg)  # type: ignore[arg-type]
    assert most > 0.0
    # Put it aboard as a spacecraft that stays, which has no further margin.
    full = replace(vehicle, carried={**vehicle.carried, "load": most})
    budget = fly(full, events, rules)  # type: ignore[arg-type]
    assert float(budget.spare_kg) == pytest.approx(0.0, abs=1e-8)


def test_a_trade_of_isp_delta_v_and_dry_mass_is_one_batch() -> None:
    count = 10_000
    rng = np.random.default_rng(12)
    delta_v = rng.uniform(0.2, 2.0, (3, count))
    isp, dry, drop = (
        rng.uniform(300.0, 340.0, (3, count)),
        rng.uniform(700.0, 1200.0, count),
        np.zeros((3, count)),
    )
    drop[0] = rng.uniform(0.0, 300.0, count)
    launch = rng.uniform(3000.0, 6000.0, count)
    whole = payload_limit(
        delta_v, isp, dry_mass_kg=dry, propellant_kg=2500.0, released_kg=drop, residuals_fraction=0.02,
        launch_mass_kg=launch,
    )  # fmt: skip
    assert set(np.unique(whole.limit)) == {0, 1}
    for member in (0, 77, 9_999):
        one = payload_limit(
            delta_v[:, member],
            isp[:, member],
            dry_mass_kg=dry[member],
            propellant_kg=2500.0,
            released_kg=drop[:, member],
            residuals_fraction=0.02,
            launch_mass_kg=launch[member],
        )
        assert float(one.payload_kg) == float(whole.payload_kg[member])
        assert one.limit_name() == ("propellant", "launch mass")[int(whole.limit[member])]
    assert np.all(whole.propellant_kg <= 2500.0 * (1.0 + 1e-12))
    assert np.all(whole.launch_kg <= launch * (1.0 + 1e-12))


def test_payload_heavier_than_the_vehicle_can_land_says_by_how_much() -> None:
    vehicle = Vehicle(
        "apex", 1000.0, 1500.0, {"main": Engine(2200.0, 320.0)}, payloads=[Payload("drill", 700.0)]
    )
    events = [Manoeuvre("descend", 2.0)]
    most = 1500.0 / math.expm1(2.0 / (320.0 * STANDARD_GRAVITY_M_S2 / 1000.0)) - 1000.0
    with pytest.raises(
        InputError, match=r"apex: payload of 700.0 kg with margins .drill 700.0 kg; policy none."
    ) as caught:
        require_landable(vehicle, events)
    assert f"{700.0 - most:.1f} kg more than it can bring down: it can land {most:.1f} kg" in str(
        caught.value
    )
    require_landable(replace(vehicle, payloads=[Payload("drill", most - 1e-9)]), events)
    with pytest.raises(InputError, match=r"it cannot land even without payload"):
        require_landable(vehicle, [Manoeuvre("descend", 4.0)])


def test_inputs_that_do_not_limit_or_do_not_fit() -> None:
    with pytest.raises(InputError, match=r"there is no delta-v at all"):
        payload_limit([0.0], 320.0, dry_mass_kg=1.0, propellant_kg=1.0)
    with pytest.raises(InputError, match=r"expected one release for each of 2 burns; got 3"):
        payload_limit([1.0, 1.0], 320.0, dry_mass_kg=1.0, propellant_kg=1.0, released_kg=[0.0, 0.0, 0.0])
    with pytest.raises(InputError, match=r"dry mass: expected a mass of zero or more; got -5.00 kg"):
        payload_limit([1.0], 320.0, dry_mass_kg=[1.0, -5.0], propellant_kg=1.0)
    with pytest.raises(InputError, match=r"first axis over the burns; got a single number"):
        payload_limit(1.0, 320.0, dry_mass_kg=1.0, propellant_kg=1.0)


def test_vehicles_that_cannot_be() -> None:
    with pytest.raises(InputError, match=r"dry mass 1,200 kg is above the wet mass 1,000 kg by 200.0 kg"):
        Vehicle.from_wet_mass("craft", 1000.0, 1200.0)
    with pytest.raises(
        InputError, match=r"with 95.0 kg of payload and carried spacecraft is above the wet mass"
    ):
        Vehicle.from_wet_mass("craft", 1000.0, 950.0, payloads=[Payload("a", 95.0)])
    with pytest.raises(InputError, match=r"craft: dry mass: expected a mass of more than zero; got -1.00 kg"):
        Vehicle("craft", -1.0)
    with pytest.raises(InputError, match=r"craft: propellant: expected a mass of zero or more; got -5.00 kg"):
        Vehicle("craft", 100.0, -5.0)
    with pytest.raises(
        InputError, match=r"2,100 kg of propellant does not fit tanks for 2,000 kg: 100.0 kg too much"
    ):
        Vehicle("craft", 100.0, 2100.0, tank_capacity_kg=2000.0)
    with pytest.raises(InputError, match=r"its own name; 'a' repeats"):
        Vehicle("craft", 100.0, payloads=[Payload("a", 1.0)], carried={"a": 2.0})
    with pytest.raises(InputError, match=r"payload a: mass: expected a mass of zero or more; got -1.00 kg"):
        Payload("a", -1.0)
    with pytest.raises(InputError, match=r"payload a: place: found 'landre'.*did you mean 'lander'"):
        Payload("a", 1.0, place="landre")
    with pytest.raises(
        InputError, match=r"payload a: generation rate: expected zero or more; got -1.0 bit/s"
    ):
        Payload("a", 1.0, generation_rate_bit_s=-1.0)


def test_cost_per_kilogram_of_the_public_task_order() -> None:
    # CLPS CP-12: USD 73 million (2022 award) for about 95 kg: 768,421 USD/kg.
    cost = cost_per_kilogram(Price(73e6, "USD", "task order CP-12"), 95.0)
    assert cost.per_kg == pytest.approx(768_421.05, abs=0.01)
    assert str(cost) == "768,421 USD/kg for 95 kg delivered"
    with pytest.raises(InputError, match=r"expected a delivered mass above zero; got 0.0 kg"):
        cost_per_kilogram(Price(1.0, "USD"), 0.0)
    with pytest.raises(InputError, match=r"expected a currency"):
        Price(1.0, " ")
    with pytest.raises(InputError, match=r"price: expected zero or more; got -1.0 USD"):
        Price(-1.0, "USD")
