"""Light time in a whole run: edges at the Earth move by the travel time, those at the Moon do not.

A signal takes d/c between Moon and Earth, 1.19 to 1.36 s, and the station receives it where it is that much
later. What a station's mask lets through follows the hour angle of the target, which grows with the Earth's
rotation less the target's own motion across the sky; so on the target's clock an edge comes earlier by d/c
w/(w - m), with w the Earth's rotation and m the target's motion: a month's for a site on the Moon, which
makes 1.038 d/c, and up to 2 km/s at 384,400 km, 7 per cent of w, more for a relay. An edge at the lunar
limb moves only as far as Earth and Moon move against one another meanwhile: 1 km/s for 1.3 s against the
relay's 1 km/s at a hundredth of the distance, about 0.01 s.
"""

from __future__ import annotations

import numpy as np
from small_missions import fly

from cislunar.constants import SPEED_OF_LIGHT_KM_S

MONTHLY = 1.0 / (1.0 - 1.0 / 27.32)
"""The Earth's rotation against the stars over its rotation against the Moon."""

OCCULTED = {"spacecraft__alpine__orbit__raan": "100 deg"}
"""Turns the orbit so that the relay passes behind the Moon as seen from the Earth."""

NEAR = {"latitude": "0.67 deg", "longitude": "23.47 deg", "horizon": "5 deg"}


def test_light_time_moves_edges_at_the_earth_by_the_travel_time():
    plain = fly(**OCCULTED, analyses__coverage__light_time=False).access
    delayed = fly(**OCCULTED, analyses__coverage__light_time=True).access
    key = ["link", "site", "relay", "station"]
    assert plain[key].equals(delayed[key])
    cut = plain["start_cut"] | plain["end_cut"]
    shift = (delayed[["start_tdb", "end_tdb"]] - plain[["start_tdb", "end_tdb"]])[~cut]

    at_moon = shift[plain["link"][~cut] == "site-relay"].to_numpy()
    assert at_moon.size > 10
    assert not at_moon.any()

    single = (plain["link"][~cut] == "relay-earth") & (plain["station"][~cut] != "any")
    at_earth = shift[single].to_numpy().ravel()
    travel = plain["min_range_km"][~cut][single].to_numpy().repeat(2) / SPEED_OF_LIGHT_KM_S
    by_mask = np.abs(at_earth + MONTHLY * travel) < 0.1 * travel
    by_limb = np.abs(at_earth) < 0.03
    assert np.all(by_mask | by_limb)
    assert by_mask.sum() > 5
    assert by_limb.sum() >= 3


def test_light_time_moves_direct_passes_too():
    plain = fly(sites__near=NEAR, analyses__coverage__light_time=False).access
    delayed = fly(sites__near=NEAR, analyses__coverage__light_time=True).access
    passes = [table[(table["link"] == "direct") & (table["site"] == "near")] for table in (plain, delayed)]
    kept = ~(passes[0]["start_cut"] | passes[0]["end_cut"]).to_numpy()
    shift = (passes[1]["start_tdb"].to_numpy() - passes[0]["start_tdb"].to_numpy())[kept]
    travel = passes[0]["min_range_km"].to_numpy()[kept] / SPEED_OF_LIGHT_KM_S
    assert kept.sum() > 4
    # The range in the table is the shortest of the pass; it changes by a few per cent from edge to edge.
    np.testing.assert_allclose(shift, -MONTHLY * travel, rtol=0.02)


def test_the_result_says_which_it_is():
    assert fly(analyses__coverage__light_time=True).scenario.coverage.light_time
    assert not fly().scenario.coverage.light_time
