"""Delta-v budgets against closed forms and published staging examples.

Numbers: Curtis, Orbital Mechanics for Engineering Students, restricted staging (payload ratio 0.05,
structural ratio 0.15, Isp 350 s, 10,000 kg of payload: burnout speeds 5.657, 7.407 and 7.928 km/s for one,
two and three stages at g0 = 9.81 m/s2; the single stage has 28,500 kg of structure and 161,500 kg of
propellant); arithmetic on public masses: HAKUTO-R 1,000 kg at launch and 340 kg dry, 3.28 and 3.39 km/s at
310 and 320 s, and ispace's Series 3 with 3.5 t and 1.0 t, 3.93 km/s at 320 s. Tolerances are the rounding of
those numbers.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cislunar.constants import STANDARD_GRAVITY_M_S2
from cislunar.errors import InputError
from cislunar.vehicles import rocket
from cislunar.vehicles.budget import fly, size
from cislunar.vehicles.engine import Engine
from cislunar.vehicles.events import Manoeuvre, Release, allocation
from cislunar.vehicles.margins import ESA
from cislunar.vehicles.payloads import Payload
from cislunar.vehicles.rules import NONE
from cislunar.vehicles.vehicle import Vehicle

CURTIS_ISP_S = 350.0 * 9.81 / STANDARD_GRAVITY_M_S2
"""The book's exhaust speed, with its rounded g0."""


def _vehicle(dry_kg: float, propellant_kg: float, isp_s: float = 320.0, **other: object) -> Vehicle:
    return Vehicle("craft", dry_kg, propellant_kg, {"main": Engine(4400.0, isp_s)}, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("launch_kg", "dry_kg", "isp_s", "expected_km_s"),
    [(1000.0, 340.0, 310.0, 3.28), (1000.0, 340.0, 320.0, 3.39), (3500.0, 1000.0, 320.0, 3.93)],
)
def test_public_masses_give_the_public_delta_v(
    launch_kg: float, dry_kg: float, isp_s: float, expected_km_s: float
) -> None:
    vehicle = Vehicle.from_wet_mass("craft", launch_kg, dry_kg, engines={"main": Engine(400.0, isp_s)})
    ideal = float(rocket.delta_v(launch_kg, dry_kg, isp_s))
    assert ideal == pytest.approx(expected_km_s, abs=0.005)
    budget = fly(vehicle, [Manoeuvre("all of it", ideal)])
    assert float(budget.mass_after_kg[-1]) == pytest.approx(dry_kg, rel=1e-12)
    assert float(budget.spare_kg) == pytest.approx(0.0, abs=1e-9)
    assert bool(budget.closes)
    assert float(size(vehicle, [Manoeuvre("all of it", ideal)]).needed_kg) == pytest.approx(
        launch_kg - dry_kg
    )


@pytest.mark.parametrize(("stages", "burnout_km_s"), [(1, 5.657), (2, 7.407), (3, 7.928)])
def test_restricted_staging_of_the_textbook(stages: int, burnout_km_s: float) -> None:
    payload, share, structure = 10_000.0, 0.05 ** (1.0 / stages), 0.15
    # Each stage with all above it is 1/share heavier than what it carries.
    gross = [payload / share**number for number in range(1, stages + 1)]
    empties = {
        f"stage {number}": structure * mass * (1.0 - share) for number, mass in enumerate(gross, start=1)
    }
    top = empties.pop("stage 1")
    vehicle = _vehicle(payload + top, 0.0, CURTIS_ISP_S, carried=empties)
    each = burnout_km_s / stages
    events: list[Manoeuvre | Release] = []
    for number in range(stages, 0, -1):
        events.append(Manoeuvre(f"burn {number}", each))
        if number > 1:
            events.append(Release(f"stage {number}"))
    budget = size(vehicle, events)
    # 5e-4 km/s of rounding in the speed is 2e-4 of the mass.
    assert float(budget.mass_before_kg[0]) == pytest.approx(200_000.0, rel=4e-4)
    if stages == 1:
        assert top == pytest.approx(28_500.0)
        assert float(budget.needed_kg) == pytest.approx(161_500.0, rel=4e-4)


def test_size_and_fly_agree_with_the_rocket_equation_step_by_step() -> None:
    vehicle = _vehicle(900.0, 2000.0, payloads=[Payload("fss", 40.0)], carried={"alpine": 150.0})
    events = [Manoeuvre("insert", 0.6, 0.01, 0.02), Release("alpine"), Manoeuvre("descend", 1.9)]
    budget = fly(vehicle, events)
    mass = 900.0 + 2000.0 + 40.0 + 150.0
    mass = float(rocket.mass_after(mass, 0.63, 320.0))
    assert float(budget.mass_after_kg[0]) == pytest.approx(mass, rel=1e-13)
    mass = float(rocket.mass_after(mass - 150.0, 1.9, 320.0))
    assert float(budget.mass_after_kg[2]) == pytest.approx(mass, rel=1e-13)
    assert float(budget.spare_kg) == pytest.approx(mass - 940.0, rel=1e-12)
    left = float(rocket.delta_v(mass, 940.0, 320.0))
    assert float(budget.spare_km_s) == pytest.approx(left, rel=1e-12)
    # Burn time: propellant over the flow of 4,400 N at 320 s.
    assert float(budget.burn_time_s[0]) == pytest.approx(
        float(budget.propellant_kg[0]) / (4400.0 / (320.0 * STANDARD_GRAVITY_M_S2)), rel=1e-12
    )


def test_esa_propellant_is_sized_on_the_dry_mass_with_margins_and_residuals_fly_along() -> None:
    # R-M1-1, R-M1-4, R-M1-5, R-M1-6 in one sum: dry 100 -> 120 -> 144 kg; 5 % on 1 km/s; residuals of 2 %
    # of the propellant used are accelerated to the end (MAR-MAS-080, note 1).
    budget = size(_vehicle(100.0, 0.0), [Manoeuvre("burn", 1.0)], ESA)
    ratio = math.exp(1.05 / (320.0 * STANDARD_GRAVITY_M_S2 / 1000.0))
    used = 144.0 * (ratio - 1.0) / (1.0 - 0.02 * (ratio - 1.0))
    assert float(budget.propellant_kg[0]) == pytest.approx(used, rel=1e-12)
    assert float(budget.needed_kg) == pytest.approx(1.02 * used, rel=1e-12)
    assert float(budget.residuals_kg) == pytest.approx(0.02 * used, rel=1e-12)
    assert float(budget.mass_after_kg[-1]) == pytest.approx(144.0 + 0.02 * used, rel=1e-12)
    assert budget.rule == ("R-DV-11, MAR-DV-010",)


def test_own_residuals_of_the_vehicle_take_the_place_of_the_policys() -> None:
    burn = [Manoeuvre("burn", 1.0)]
    dry = size(_vehicle(100.0, 0.0, residuals_fraction=0.0), burn, ESA)
    assert float(dry.residuals_kg) == 0.0
    assert float(size(_vehicle(100.0, 0.0, residuals_fraction=0.05), burn, ESA).needed_kg) > float(
        dry.needed_kg
    )


def test_rows_add_up_and_the_table_has_them() -> None:
    vehicle = _vehicle(900.0, 2000.0, carried={"alpine": 150.0})
    budget = fly(vehicle, [Manoeuvre("insert", 0.6, 0.01), Release("alpine"), Manoeuvre("land", 1.9)], ESA)
    *rows, total = budget.rows()
    assert [row["event"] for row in rows] == ["insert", "release alpine", "land"]
    assert total["total_km_s"] == pytest.approx(1.05 * 2.51)
    assert rows[0]["mass_before_kg"] - total["propellant_kg"] - 150.0 == pytest.approx(
        rows[-1]["mass_after_kg"]
    )
    assert list(budget.table()["event"])[-1] == "total"


def test_a_batch_of_ten_thousand_gives_each_members_own_numbers() -> None:
    vehicle = _vehicle(900.0, 2000.0, carried={"alpine": 150.0})
    insertion = np.linspace(0.4, 1.2, 10_000)
    whole = fly(vehicle, [Manoeuvre("insert", insertion), Release("alpine"), Manoeuvre("land", 1.9)], ESA)
    assert whole.needed_kg.shape == (10_000,)
    assert whole.mass_after_kg.shape == (3, 10_000)
    for member in (0, 1234, 9_999):
        one = fly(
            vehicle,
            [Manoeuvre("insert", insertion[member]), Release("alpine"), Manoeuvre("land", 1.9)],
            ESA,
        )
        assert float(one.needed_kg) == float(whole.needed_kg[member])
        assert one.rows() == whole.rows((member,))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(50.0, 3000.0),
    st.floats(0.0, 3000.0),
    st.floats(0.01, 3.0),
    st.floats(0.01, 3.0),
    st.floats(200.0, 460.0),
    st.floats(0.0, 500.0),
    st.sampled_from([NONE, ESA]),
)
def test_loading_what_size_asks_for_closes_exactly(
    dry: float, spare: float, first: float, second: float, isp: float, drop: float, rules: object
) -> None:
    events = [Manoeuvre("one", first), Release("thing"), Manoeuvre("two", second)]
    needed = float(size(_vehicle(dry, 0.0, isp, carried={"thing": drop}), events, rules).needed_kg)  # type: ignore[arg-type]
    exact = fly(_vehicle(dry, needed, isp, carried={"thing": drop}), events, rules)  # type: ignore[arg-type]
    assert float(exact.spare_kg) == pytest.approx(0.0, abs=1e-8 * (needed + dry))
    assert bool(exact.closes)
    exact.require_closed()
    more = fly(_vehicle(dry, needed + spare + 1.0, isp, carried={"thing": drop}), events, rules)  # type: ignore[arg-type]
    assert 0.0 < float(more.spare_kg) < spare + 1.0
    heavier = size(_vehicle(dry + 1.0, 0.0, isp, carried={"thing": drop}), events, rules)  # type: ignore[arg-type]
    assert float(heavier.needed_kg) > needed


def test_allocations_of_the_policy_are_events_without_further_margin() -> None:
    # MAR-DV-080 and MAR-DV-100: 30 and 10 m/s, as they are.
    vehicle = _vehicle(900.0, 2000.0)
    events = [allocation("launcher dispersion", ESA), allocation("approach navigation", ESA)]
    budget = size(vehicle, [*events, Manoeuvre("insert", 0.8)], ESA)
    assert budget.total_km_s == pytest.approx([0.030, 0.010, 0.84])
    with pytest.raises(
        InputError, match=r"margin policy none: delta-v allocation: found 'launcher dispersion'"
    ):
        allocation("launcher dispersion", NONE)


def test_tanks_too_small_for_what_is_needed_are_told_apart_from_too_little_loaded() -> None:
    burn = [Manoeuvre("burn", 2.0)]
    needed = float(size(_vehicle(900.0, 0.0), burn).needed_kg)
    small = size(_vehicle(900.0, 0.0, tank_capacity_kg=needed - 1.0), burn)
    enough = size(_vehicle(900.0, 0.0, tank_capacity_kg=needed + 1.0), burn)
    assert not bool(small.fits)
    assert bool(enough.fits)
    assert not bool(enough.closes)


def test_burn_longer_than_the_propellant_says_which_and_by_how_much() -> None:
    vehicle = _vehicle(900.0, 500.0)
    budget = fly(vehicle, [Manoeuvre("insert", 0.6), Manoeuvre("descend", 1.9)])
    used = float(rocket.propellant(1400.0, 0.6, 320.0))
    need = float(rocket.propellant(1400.0 - used, 1.9, 320.0))
    assert not bool(budget.closes)
    assert float(budget.spare_kg) < 0.0
    assert "does not close" in budget.verdict()
    with pytest.raises(
        InputError, match=r"craft: descend needs .* kg of propellant and .* kg is left"
    ) as caught:
        budget.require_closed()
    assert f"{need - (500.0 - used):.1f} kg short" in str(caught.value)


def test_release_of_what_is_not_aboard_names_what_is() -> None:
    vehicle = _vehicle(
        900.0, 2000.0, payloads=[Payload("fss", 40.0)], carried={"alpine": 150.0, "lupine": 150.0}
    )
    with pytest.raises(InputError, match=r"cannot release 'alpin': it is not aboard") as caught:
        fly(vehicle, [Release("alpin")])
    assert "aboard now: 'fss', 'alpine', 'lupine'; did you mean 'alpine'?" in str(caught.value)
    with pytest.raises(InputError, match=r"never carried, or released before.*aboard now: 'fss', 'lupine'$"):
        fly(vehicle, [Release("alpine"), Release("alpine")])


def test_engines_residuals_and_amounts_that_cannot_be() -> None:
    with pytest.raises(
        InputError, match=r"engine: found 'mane'; expected one of 'main'; did you mean 'main'"
    ):
        fly(_vehicle(900.0, 1.0), [Manoeuvre("burn", 0.1, engine="mane")])
    with pytest.raises(InputError, match=r"expected an engine for its manoeuvres; it has none"):
        fly(Vehicle("rock", 900.0), [Manoeuvre("burn", 0.1)])
    with pytest.raises(InputError, match=r"burn: losses: expected zero or more; got -0.1 km/s"):
        Manoeuvre("burn", 1.0, -0.1)
    with pytest.raises(
        InputError, match=r"residuals of 2 % .* mass ratio of .* no amount of propellant is enough"
    ):
        size(_vehicle(100.0, 0.0), [Manoeuvre("burn", 12.5)], ESA)
    with pytest.raises(InputError, match=r"expected at least one manoeuvre or release"):
        fly(_vehicle(100.0, 0.0), [])
    with pytest.raises(InputError, match=r"single numbers or arrays of one shape"):
        fly(_vehicle(100.0, 0.0), [Manoeuvre("a", np.zeros(3)), Manoeuvre("b", np.zeros(4))])
