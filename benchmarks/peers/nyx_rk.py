"""nyx: a Rust mission-design toolkit with its own ephemeris reader (ANISE) and Runge-Kutta methods.

Its planetary constants come from a binary file that is made here from two short text kernels, so that every
GM and radius is the model's. The field is read as a SHADR table in the frame MOON_PA_DE440.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.model import NAIF, PeerModel
from benchmarks.peers.stokes import write_shadr

Array = NDArray[np.float64]

_LIGHT_M_S = 299792458.0


def _constants(model: PeerModel, folder: Path) -> Path:
    """A planetary-constants file for ANISE with the model's GMs and radii."""
    from nyx_space.anise.utils import convert_tpc

    pressure = model.radiation_pressure
    radii = {"sun": 695700.0, "moon": 1737.4, "earth": 6378.1366}
    if pressure is not None:
        radii |= pressure.shadow_radius_km | {"sun": pressure.sun_radius_km}
    shape, gm = ["KPL/PCK", "\\begindata"], ["KPL/PCK", "\\begindata"]
    for body in sorted({model.center, *model.bodies, *radii}):
        number, radius = NAIF[body], radii.get(body, 1000.0)
        shape.append(f"BODY{number}_RADII = ( {radius:.10E} {radius:.10E} {radius:.10E} )")
        for angle in ("POLE_RA", "POLE_DEC", "PM"):
            shape.append(f"BODY{number}_{angle} = ( 0. 0. 0. )")
        gm.append(f"BODY{number}_GM = ( {model.gm.get(body, 1.0):.16E} )")
    (folder / "shape.tpc").write_text("\n".join([*shape, "\\begintext", ""]), encoding="ascii")
    (folder / "gm.tpc").write_text("\n".join([*gm, "\\begintext", ""]), encoding="ascii")
    convert_tpc(str(folder / "shape.tpc"), str(folder / "gm.tpc"), str(folder / "constants.pca"), True)
    return folder / "constants.pca"


class Nyx:
    """nyx's Propagator; the tolerance is its own, on the relative error of a step."""

    def __init__(self, model: PeerModel, span: tuple[float, float], method: str = "RungeKutta89") -> None:
        from nyx_space import mission_design
        from nyx_space.anise import Almanac
        from nyx_space.anise.astro import Frame, FrameUid
        from nyx_space.anise.constants import Orientations

        self.name = f"nyx {method}"
        self._mission, self._method = mission_design, method
        self._folder = tempfile.TemporaryDirectory(prefix="peer-nyx-")
        folder = Path(self._folder.name)
        almanac = Almanac(str(model.spk)).load(str(_constants(model, folder)))
        self._frame = Frame(NAIF[model.center], Orientations.J2000, mu_km3_s2=model.center_gm)
        field = None
        if model.stokes is not None and model.stokes.degree >= 2:
            almanac = almanac.load(str(model.pck))
            write_shadr(model.stokes, folder / "field.tab")
            degree = model.stokes.degree
            where = FrameUid(NAIF[model.center], Orientations.MOON_PA_DE440)
            field = mission_design.GravityFieldConfig(degree, degree, str(folder / "field.tab"), where)
        points = mission_design.PointMasses([NAIF[body] for body in model.bodies]) if model.bodies else None
        pressure, forces = model.radiation_pressure, mission_design.ForceModels()
        self._pressure = pressure
        if pressure is not None:
            shadows = [
                almanac.frame_info(Frame(NAIF[b], Orientations.J2000)) for b in pressure.shadow_radius_km
            ]
            light = mission_design.SolarPressure(
                shadows, almanac, flux_w_m2=pressure.pressure_n_m2 * _LIGHT_M_S, estimate=False
            )
            forces = mission_design.ForceModels(solar_pressure=light)
        self._almanac = almanac
        self._dynamics = mission_design.Dynamics(mission_design.AccelModels(points, field), forces)

    def fly(self, states: Array, epochs: Array, duration: float, tolerance: float = 1e-12) -> Array:
        """Final states (6, n) after a duration (s), starting at epochs (n,)."""
        from nyx_space import Mass, Orbit, Spacecraft, SRPData
        from nyx_space.time import Duration, Epoch, Unit

        mission = self._mission
        options = mission.IntegratorOptions(
            min_step=Unit.Millisecond * 1.0, max_step=Unit.Day * 1.0, tolerance=tolerance
        )
        method = getattr(mission.IntegratorMethod, self._method)
        flight = mission.Propagator(self._dynamics, self._almanac, method, options)
        mass = srp = None
        if self._pressure is not None:
            mass = Mass(self._pressure.mass_kg)
            srp = SRPData(self._pressure.area_m2, self._pressure.coefficient)
        out = np.empty_like(states)
        for k in range(states.shape[1]):
            start = Epoch.from_tdb_duration(Duration.from_seconds(float(epochs[k])))
            craft = Spacecraft(
                Orbit.from_cartesian_npy(np.array(states[:, k]), start, self._frame), mass=mass, srp=srp
            )
            end = flight.for_duration(craft, Duration.from_seconds(float(duration)), trajectory=False)
            out[:, k] = end.state.orbit.cartesian_pos_vel()
        return out
