"""The figure of a powered descent says what it costs and has every curve with its unit."""

import pytest

from cislunar.landing.optimal import optimal_descent
from cislunar.landing.problem import Ground, LevelStart
from cislunar.report.figures.descent import descent_profile
from cislunar.report.style import title_of
from cislunar.vehicles.engine import Engine


@pytest.fixture(scope="module")
def descent():
    ground = Ground(4902.8001, 1737.4)
    start = LevelStart.at_periapsis(1752.4, 1837.4, ground.gm_km3_s2)
    return optimal_descent(Engine(2200.0, 320.0, 2, (0.4, 1.0)), 2600.0, ground, start)


def test_title_states_propellant_and_delta_v(descent):
    figure = descent_profile(descent, "Schrödinger")
    title = title_of(figure)
    assert f"{descent.propellant_kg:,.0f} kg of propellant" in title
    assert f"{1000.0 * descent.delta_v_km_s:,.0f} m/s" in title


def test_every_axis_has_its_unit_and_the_whole_descent(descent):
    panels = descent_profile(descent).axes
    labels = [panel.get_ylabel().replace("\n", " ") for panel in panels]
    assert labels == ["height above site, km", "speed over ground, m/s", "force, kN", "pitch, °"]
    assert panels[-1].get_xlabel() == "time from ignition, s"
    for panel in panels:
        assert panel.get_xlim() == pytest.approx((0.0, descent.time_s[-1]))
    assert panels[1].lines[0].get_ydata()[0] == pytest.approx(1692.0, abs=1.0)
    phases = {text.get_text() for text in panels[0].texts}
    assert phases == {"braking", "approach", "vertical"}
