"""brahe: a Rust astrodynamics library with its own ephemeris reader, orientation reader and RKN12(10).

brahe finds its ephemeris and orientation by fixed names in a cache folder and would download them otherwise,
so the published files are linked there under those names first. Shadows: brahe's conical model with its own
solar radius.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.model import NAIF, PeerModel, lunar_carrier
from benchmarks.peers.stokes import write_gfc

Array = NDArray[np.float64]


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder of this process with the files brahe looks for; removed when the process ends."""
    holder = tempfile.TemporaryDirectory(prefix="peer-brahe-")
    folder = Path(holder.name)
    kernels = folder / "naif"
    kernels.mkdir()
    for name in ("de440s.bsp", "moon_pa_de440_200625.bpc"):
        (kernels / name).symlink_to(lunar_carrier(name))
    os.environ["BRAHE_CACHE"] = str(folder)
    return holder


class Brahe:
    """brahe's NumericalOrbitPropagator; the tolerance is relative (absolute: 1e6 m times it)."""

    def __init__(self, model: PeerModel, span: tuple[float, float], method: str = "RKN1210") -> None:
        folder = Path(_scratch().name)
        brahe: Any = import_module("brahe")

        self.name = f"brahe {method}"
        self._method = method
        self._brahe = brahe
        brahe.set_global_eop_provider(brahe.StaticEOPProvider.from_zero())
        brahe.load_spice_kernel(str(folder / "naif" / "de440s.bsp"))
        fixed = None
        if model.stokes is not None and model.stokes.degree >= 2:
            brahe.load_spice_kernel(str(folder / "naif" / "moon_pa_de440_200625.bpc"))
            handle, name = tempfile.mkstemp(suffix=".gfc", dir=folder)
            os.close(handle)
            write_gfc(model.stokes, Path(name))
            kind = brahe.GravityModelType.from_file(name)
            degree = model.stokes.degree
            gravity = brahe.GravityConfiguration.spherical_harmonic(
                degree, degree, model_type=kind, parallel=brahe.ParallelMode.Never
            )
            fixed = brahe.CelestialFrame.LFPA
        else:
            gravity = brahe.GravityConfiguration.point_mass()
        center = brahe.CentralBody.Custom(
            name=model.center, naif_id=NAIF[model.center], gm=model.center_gm * 1e9, fixed_frame=fixed
        )
        third = [
            brahe.ThirdBodyConfiguration(
                brahe.ThirdBody.Custom(name=body, naif_id=NAIF[body], gm=model.gm[body] * 1e9),
                brahe.EphemerisSource.DE440s,
            )
            for body in model.bodies
        ]
        pressure, srp, mass = model.radiation_pressure, None, None
        if pressure is not None:
            value = brahe.ParameterSource.value
            # brahe fixes its pressure at 1 au; the difference goes into the coefficient.
            coefficient = pressure.coefficient * pressure.pressure_n_m2 / brahe.P_SUN
            occulting = [
                brahe.OccultingBody.Custom(name=body, naif_id=NAIF[body], radius=radius * 1e3)
                for body, radius in pressure.shadow_radius_km.items()
            ]
            srp = brahe.SolarRadiationPressureConfiguration(
                area=value(pressure.area_m2),
                cr=value(coefficient),
                eclipse_model=brahe.EclipseModel.CONICAL if occulting else brahe.EclipseModel.NONE,
                occulting_bodies=occulting or None,
            )
            mass = value(pressure.mass_kg)
        self._forces = brahe.ForceModelConfig.for_body(center, gravity, srp=srp, third_body=third, mass=mass)

    def fly(self, states: Array, epochs: Array, duration: float, tolerance: float = 1e-12) -> Array:
        """Final states (6, n) after a duration (s), starting at epochs (n,)."""
        brahe = self._brahe
        config = brahe.NumericalPropagationConfig.with_method(getattr(brahe.IntegrationMethod, self._method))
        config = config.with_rel_tol(tolerance).with_abs_tol(tolerance * 1e6).with_max_step(1e5)
        origin = brahe.Epoch.from_datetime(2000, 1, 1, 12, 0, 0.0, 0.0, brahe.TimeSystem.TDB)
        out = np.empty_like(states)
        for k in range(states.shape[1]):
            start = origin + float(epochs[k])
            flight = brahe.NumericalOrbitPropagator(start, states[:, k] * 1e3, config, self._forces)
            flight.set_trajectory_mode(brahe.TrajectoryMode.DISABLED)
            flight.propagate_to(start + duration)
            out[:, k] = np.asarray(flight.current_state())[:6] / 1e3
        return out
