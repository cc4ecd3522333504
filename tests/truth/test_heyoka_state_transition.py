"""State-transition matrices against heyoka's variational equations on identical inputs.

heyoka derives the first-order variational equations of the expressions symbolically (`var_ode_sys`) and
integrates them with a Taylor method at 1e-15; its adapter is in `benchmarks/peers`, with constants and axes
as in `test_peers_propagation`. Matrices are compared by their 3 by 3 blocks, each relative to its own largest
element. On flights at 1e-12 the package agrees to 5e-9 after 30 days and to 1e-10 on the others (limit 1e-8;
asked is 1e-7), at 1e-10 to 1e-7: a flight 0.1 m off has matrices of another place.
"""

import numpy as np
import pytest

from benchmarks.peers.cases import (
    DAY_S,
    direct_transfers,
    elliptical_lunar_orbits,
    low_lunar_orbits,
)
from benchmarks.peers.heyoka_taylor import GRANULE_S, Heyoka
from benchmarks.peers.model import DE440_GM, PeerModel, grgm1200a
from benchmarks.peers.stokes import rotate
from cislunar.environment.gravity import axes_to_pa440
from cislunar.propagation import ForceModel, propagate, propagate_state_transition, state_transition

GM = {**DE440_GM, "moon": 4902.8001224453}


class Variational(Heyoka):
    """heyoka with first-order variational equations, one trajectory at a time."""

    def __init__(self, model: PeerModel, span: tuple[float, float]) -> None:
        import heyoka as hy

        super().__init__(model, span, batch=1, compact=True)
        system = hy.var_ode_sys(self._equations(hy), hy.var_args.vars, order=1)
        self._variational = hy.taylor_adaptive(
            system, np.ones(6), tol=1e-15, compact_mode=True, pars=np.zeros(self._rows * 11)
        )
        self._fresh = self._variational.state[6:].copy()

    def matrices(self, states, epochs, duration):
        unit = np.repeat([self._length, self._length / self._time], 3)
        table = self.prepare(epochs, duration)
        result = np.empty((6, 6, epochs.size))
        integrator = self._variational
        for i in range(epochs.size):
            integrator.state[:6] = states[:, i] / unit
            integrator.state[6:] = self._fresh
            for granule in range(table.shape[0]):
                if table.shape[1]:
                    integrator.pars[:] = table[granule, :, i]
                integrator.time = -self._half
                rest = (duration - granule * GRANULE_S) / self._time
                integrator.propagate_until(min(self._half, rest - self._half))
            result[:, :, i] = integrator.state[6:].reshape(6, 6) * unit[:, None] / unit
        return result


def worst(ours, theirs):
    """Largest difference over the 3 by 3 blocks, each relative to its largest element."""
    differences = np.abs(ours - theirs).reshape(2, 3, 2, 3, -1).max(axis=(1, 3))
    return (differences / np.abs(theirs).reshape(2, 3, 2, 3, -1).max(axis=(1, 3))).max()


CASES = {
    "30-day ellipse": (elliptical_lunar_orbits, 30.0, "moon", 4, ("earth", "sun")),
    "3-day low lunar orbit": (low_lunar_orbits, 3.0, "moon", 8, ("earth", "sun")),
    "direct transfer": (direct_transfers, 4.5, "earth", 0, ("moon", "sun")),
}


@pytest.mark.parametrize("case", CASES)
def test_heyoka_variational_equations(case):
    make, days, center, degree, bodies = CASES[case]
    states, epochs = make(3)
    duration = days * DAY_S
    changes = {"stokes": rotate(grgm1200a(50).truncate(degree), axes_to_pa440("MOON_PA_DE430"))}
    model = PeerModel(center=center, gm=GM, bodies=bodies, **(changes if center == "moon" else {}))
    span = float(epochs.min()) - 5 * DAY_S, float(epochs.max()) + duration + 5 * DAY_S
    theirs = Variational(model, span).matrices(states, epochs, duration)
    forces = ForceModel(
        center, degree=degree if center == "moon" else None, bodies=bodies, gm={center: GM[center]}
    )
    ours = propagate_state_transition(states, epochs, duration, forces, history=False)
    assert worst(ours.final, theirs) < 1e-8
    coarse = propagate(states, epochs, duration, forces, rtol=1e-10)
    assert worst(state_transition(coarse).final, theirs) < 2e-7
    # trap: the matrices are no better than the forces differentiated
    one_short = ForceModel(center, degree=2 if center == "moon" else None, bodies=bodies[:1])
    flight = propagate(states, epochs, duration, one_short, rtol=1e-12)
    assert worst(state_transition(flight).final, theirs) > 1e-6
