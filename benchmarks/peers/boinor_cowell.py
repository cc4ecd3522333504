"""boinor (the maintained fork of poliastro): Cowell's method and its own third bodies; point masses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.model import PeerModel, ephemeris_segments, relative_chain

Array = NDArray[np.float64]


class BoinorCowell:
    """`boinor.core.propagation.cowell` (SciPy's DOP853 inside); the tolerance is its rtol."""

    name = "boinor Cowell"

    def __init__(self, model: PeerModel, span: tuple[float, float]) -> None:
        if model.stokes is not None and model.stokes.degree >= 2:
            raise ValueError("boinor has no lunar gravity field")
        if model.radiation_pressure is not None:
            raise ValueError("the boinor peer flies gravity only")
        segments = ephemeris_segments(model.spk, {model.center, *model.bodies}, span)
        self._bodies = [
            (model.gm[body], [(sign, segments[pair]) for sign, pair in relative_chain(body, model.center)])
            for body in model.bodies
        ]
        self._gm = model.center_gm

    def fly(self, states: Array, epochs: Array, duration: float, tolerance: float = 1e-12) -> Array:
        """Final states (6, n) after a duration (s), starting at epochs (n,)."""
        from boinor.core.perturbations import third_body
        from boinor.core.propagation import cowell, func_twobody

        attract = getattr(third_body, "py_func", third_body)
        out = np.empty_like(states)
        for column in range(states.shape[1]):
            epoch = float(epochs[column])

            def derivative(t: float, state: Array, k: float, epoch: float = epoch) -> Array:
                rates = np.array(func_twobody(t, state, k))
                for gm, chain in self._bodies:
                    place = np.sum([sign * segment(epoch + t) for sign, segment in chain], axis=0)
                    rates[3:] += attract(t, state, k, gm, lambda _, place=place: place)
                return rates

            r, v = cowell(
                self._gm,
                states[:3, column],
                states[3:, column],
                np.array([duration]),
                rtol=tolerance,
                f=derivative,
            )
            out[:, column] = np.concatenate([r[-1], v[-1]])
        return out
