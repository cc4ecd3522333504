"""What a result says about itself: provenance, warnings, sources and assumptions."""

from __future__ import annotations

import hashlib
import json
import warnings

import pytest
from small_missions import RELAYS, fly, scenario

import cislunar
from cislunar.environment.earth import EarthOrientation


@pytest.fixture(scope="module")
def result():
    return fly()


def test_provenance_names_everything_needed_to_repeat_the_run(result):
    facts = result.provenance
    assert facts["version"] == cislunar.__version__
    assert facts["scenario"]["sha256"] == hashlib.sha256(RELAYS.encode()).hexdigest()
    assert facts["scenario"]["changes"] == []
    assert facts["tolerance"] == 1e-10
    text = json.dumps(facts)
    for word in ("DE440", "GRGM1200A", "4902.8001", "RKN12(10)", "PA_DE440", "astropy-iers-data", "0.125"):
        assert word.lower() in text.lower(), word
    assert facts["forces"]["degree"] == 20
    assert facts["forces"]["bodies"] == ["earth", "sun"]


def test_a_window_inside_the_earths_table_needs_no_warning():
    calm = fly(epoch="2025-03-01T00:00:00 UTC")
    assert not any("Earth-orientation" in text for text in calm.warnings)


def test_beyond_the_table_ut1_is_held_and_said_so_once():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        late = fly(epoch="2040-03-01T00:00:00 UTC")
    about = [text for text in late.warnings if "Earth-orientation" in text]
    assert len(about) == 1
    assert "held" in about[0]
    assert EarthOrientation.default().table_version in about[0]
    assert not [item for item in caught if "Earth-orientation" in str(item.message)]
    held = json.dumps(late.provenance["earth_orientation"])
    assert EarthOrientation.default().table_version in held
    assert "held" in held


def test_a_horizon_from_terrain_says_what_is_unresolved(result):
    assert not any("unresolved" in text for text in result.warnings)
    computed = fly(sites__schrodinger__horizon="terrain")
    (about,) = [text for text in computed.warnings if "unresolved" in text]
    assert "schrodinger" in about
    assert "3.8 km" in about
    assert computed.sites["schrodinger"].horizon.azimuth_rad.size > 100


def test_site_height_comes_from_the_terrain_unless_stated(result):
    """The landing zone lies on the floor of a basin, some 4 km below the sphere."""
    assert -6.0 < result.sites["schrodinger"].height_km < -2.0
    assert fly(sites__schrodinger__height="1.5 km").sites["schrodinger"].height_km == 1.5


def test_a_graze_is_flagged_not_decided_silently():
    """A mask as high as the top of a pass leaves it hanging on metres; a degree lower it is clear."""
    passes = fly().access.query("link == 'site-relay' and relay == 'alpine'")
    highest = float(passes["max_elevation_deg"].iloc[1])

    def grazes(mask_deg: float) -> list[str]:
        found = fly(sites__schrodinger__horizon=f"{mask_deg!r} deg", spacecraft__lupine=None)
        return [text for text in found.warnings if "near-tangenc" in text]

    assert len(grazes(highest)) == 1
    assert grazes(highest - 1.0) == []


def test_sources_and_assumptions_are_those_of_the_scenario():
    sourced = scenario(
        RELAYS.replace("semi_major_axis: 6143 km", 'semi_major_axis: {value: 6143 km, source: "a paper"}', 1)
    )
    flown = cislunar.run(sourced)
    assert [entry["source"] for entry in flown.sources] == ["a paper"]
    assert "6143" in flown.sources[0]["value"]
    assumed = {entry["path"] for entry in flown.assumptions}
    assert "spacecraft.alpine.orbit.semi_major_axis" not in assumed
    assert "spacecraft.lupine.orbit.semi_major_axis" in assumed
    assert flown.summary["sources"] == list(sourced.sources)
