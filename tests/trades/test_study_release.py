"""What a study says it takes to bring relays from their release into their orbits.

The reference is the closed form of one impulse at an apsis (vis-viva; Vallado, "Fundamentals of Astrodynamics
and Applications", 4th ed. (2013), section 6.3) and the rocket equation.
"""

from __future__ import annotations

import numpy as np
import pytest
from small_studies import BASE, make, write

from cislunar.constants import MOON_RADIUS_KM, STANDARD_GRAVITY_M_S2
from cislunar.errors import ScenarioError
from cislunar.trades import Study

GM = 4902.8001224453001
RELEASE = {
    "frame": "moon-op",
    "periapsis_altitude": "100 km",
    "apoapsis_altitude": "7000 km",
    "inclination": "51.7 deg",
    "raan": "10 deg",
    "argument_of_periapsis": "90 deg",
    "true_anomaly": "0 deg",
}
ORBIT = {**RELEASE, "mean_anomaly": "0 deg"} | {"periapsis_altitude": "420 km"}
del ORBIT["true_anomaly"]
ENGINE = {"dry_mass": "120 kg", "propellant": "30 kg", "engine": {"thrust": "22 N", "isp": "220 s"}}
ALONE = {
    "spacecraft.lupine": None,
    "spacecraft.alpine.orbit": ORBIT,
    **{f"spacecraft.alpine.{key}": value for key, value in ENGINE.items()},
    "duration": "6 h",
}
MEASURES = {
    "delta_v": "delta_v_from_release",
    "propellant": "propellant_from_release",
    "gap": "longest_gap",
}


def raised_km_s(low_km: float, new_km: float, high_km: float) -> float:
    """Impulse at apoapsis that raises the periapsis."""
    ra = MOON_RADIUS_KM + high_km
    speeds = [np.sqrt(GM * (2.0 / ra - 2.0 / (ra + MOON_RADIUS_KM + low))) for low in (low_km, new_km)]
    return float(speeds[1] - speeds[0])


def test_raising_the_periapsis_costs_what_one_impulse_costs() -> None:
    study = make(
        {
            "low": {
                "path": "spacecraft.alpine.orbit.periapsis_altitude",
                "values": ["100 km", "420 km", "900 km"],
            },
            "relays": {"number": [1, 2], "template": "alpine"},
        },
        MEASURES,
        changes=ALONE,
        release_orbit=RELEASE,
    )
    table = study.run().table
    assert set(table["status"]) == {"ok"}
    for row in table.itertuples():
        expected = raised_km_s(100.0, row.low, 7000.0)
        assert row.delta_v == pytest.approx(1e3 * expected, abs=2e-3)
        burnt = 150.0 * (1.0 - np.exp(-1e3 * expected / (220.0 * STANDARD_GRAVITY_M_S2)))
        assert row.propellant == pytest.approx(burnt, abs=2e-3)


def test_of_relays_in_different_planes_the_dearest_counts() -> None:
    study = make(
        {"relays": {"number": [1, 3], "template": "alpine", "spread": "both"}},
        {"delta_v": "delta_v_from_release"},
        changes=ALONE,
        release_orbit=RELEASE,
    )
    one, three = study.run().table["delta_v"]
    turned = make(
        {"node": {"path": "spacecraft.alpine.orbit.raan", "values": ["130 deg", "250 deg"]}},
        {"delta_v": "delta_v_from_release"},
        changes=ALONE,
        release_orbit=RELEASE,
    )
    assert one == pytest.approx(1e3 * raised_km_s(100.0, 420.0, 7000.0), abs=2e-3)
    assert three == pytest.approx(turned.run().table["delta_v"].max(), abs=1e-6)


def test_another_release_orbit_is_another_case() -> None:
    axes = {"low": {"path": "spacecraft.alpine.orbit.periapsis_altitude", "values": ["420 km"]}}
    measures = {"delta_v": "delta_v_from_release"}
    one = make(axes, measures, changes=ALONE, release_orbit=RELEASE)
    other = make(axes, measures, changes=ALONE, release_orbit={**RELEASE, "raan": "11 deg"})
    assert list(one.cases()["case"]) != list(other.cases()["case"])
    assert one.describe()["release_orbit"]["raan_rad"] == pytest.approx(np.radians(10.0))


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (
            "delta_v_from_release",
            "the study does not produce 'delta_v_from_release': it states no release_orbit",
        ),
        (
            "propellant_from_release",
            "no engine on alpine or lupine; expected dry_mass, propellant and engine",
        ),
        ("payload_landed", "does not produce 'payload_landed': no spacecraft has a timeline with launch"),
    ],
)
def test_a_measure_that_is_not_produced_is_said(measure: str, said: str, tmp_path) -> None:
    from small_studies import STUDY

    text = STUDY.replace("coverage: {measure: percent, site: basin}", f"coverage: {{measure: {measure}}}")
    text = text[: text.index("constraints:")]
    with pytest.raises(ScenarioError) as caught:
        Study.load(write(tmp_path, text, BASE))
    assert said in str(caught.value)
    assert "measures.coverage" in str(caught.value)


def test_a_release_orbit_below_the_ground_is_refused() -> None:
    with pytest.raises(ScenarioError, match="release_orbit"):
        make(
            {"low": {"path": "spacecraft.alpine.orbit.periapsis_altitude", "values": ["420 km"]}},
            MEASURES,
            changes=ALONE,
            release_orbit={**RELEASE, "periapsis_altitude": "-10 km"},
        )
