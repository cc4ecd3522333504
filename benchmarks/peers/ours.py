"""The package itself, made from the same `PeerModel` as the peers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.model import PeerModel
from cislunar.environment.ephemeris import Ephemeris
from cislunar.environment.gravity import GravityField
from cislunar.propagation import ForceModel, RadiationPressure, propagate

Array = NDArray[np.float64]


def force_model(model: PeerModel, ephemeris: Ephemeris | None = None, method: str = "auto") -> ForceModel:
    """The package's force model with the numbers of a `PeerModel`, on the packaged DE440 tables."""
    gravity, pressure = None, None
    if model.stokes is not None and model.stokes.degree >= 2:
        gravity = GravityField(
            name="peer",
            body=model.center,
            gm=model.stokes.gm_km3_s2,
            radius_km=model.stokes.radius_km,
            c=model.stokes.c,
            s=model.stokes.s,
            order=model.stokes.degree,
            tide_system="tide_free",
            frame="MOON_PA_DE440",
            provenance={},
        )
    if model.radiation_pressure is not None:
        light = model.radiation_pressure
        pressure = RadiationPressure(
            light.coefficient * light.area_m2 / light.mass_kg,
            light.pressure_n_m2,
            tuple(light.shadow_radius_km),
        )
    return ForceModel(
        center=model.center,
        gravity=gravity,
        bodies=model.bodies,
        gm={body: model.gm[body] for body in (model.center, *model.bodies)},
        radiation_pressure=pressure,
        ephemeris=ephemeris,
        method=method,
    )


class Ours:
    """`cislunar.propagate`; the tolerance is its rtol."""

    name = "cislunar"

    def __init__(self, model: PeerModel, span: tuple[float, float], threads: int | None = 1) -> None:
        self.forces = force_model(model)
        self._threads = threads

    def fly(self, states: Array, epochs: Array, duration: float, tolerance: float = 1e-10) -> Array:
        """Final states (6, n) after a duration (s), starting at epochs (n,)."""
        durations = np.full(states.shape[1], float(duration))
        return propagate(states, epochs, durations, self.forces, rtol=tolerance, threads=self._threads).final
