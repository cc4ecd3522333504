"""heyoka: Taylor integration of compiled expressions, in batches of trajectories.

heyoka has no node for tabulated functions, so ephemeris and orientation enter as polynomials of `time` whose
coefficients are runtime parameters, swapped at every granule of two days (sums over powers, never Horner's
form: a product of two Taylor series costs the square of the order, a product with a parameter is linear).
Each lane has granules counted from its own epoch. Lengths and times are scaled so that the centre has GM 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.model import (
    AU_KM,
    PeerModel,
    ephemeris_segments,
    euler_313,
    orientation_segment,
    relative_chain,
)

Array = NDArray[np.float64]

GRANULE_S = 2.0 * 86400.0
TERMS = 11


def _quaternion(matrix: Array) -> Array:
    """(w, x, y, z) with v_body = conj(q) v q, of rotations (3, 3, n); the sign is continuous along n."""
    # Shepperd's choice of the largest component keeps the division safe.
    squares = np.stack(
        [
            1.0 + matrix[0, 0] + matrix[1, 1] + matrix[2, 2],
            1.0 + matrix[0, 0] - matrix[1, 1] - matrix[2, 2],
            1.0 - matrix[0, 0] + matrix[1, 1] - matrix[2, 2],
            1.0 - matrix[0, 0] - matrix[1, 1] + matrix[2, 2],
        ]
    )
    a, b, c = matrix[1, 2] - matrix[2, 1], matrix[2, 0] - matrix[0, 2], matrix[0, 1] - matrix[1, 0]
    d, e, f = matrix[0, 1] + matrix[1, 0], matrix[0, 2] + matrix[2, 0], matrix[1, 2] + matrix[2, 1]
    candidates = np.stack(
        [
            np.stack([squares[0], a, b, c]),
            np.stack([a, squares[1], d, e]),
            np.stack([b, d, squares[2], f]),
            np.stack([c, e, f, squares[3]]),
        ]
    )
    best = np.argmax(squares, axis=0)
    q = np.take_along_axis(candidates, best[None, None], axis=0)[0]
    q /= np.linalg.norm(q, axis=0)
    flips = np.cumprod(np.where(np.sum(q[:, 1:] * q[:, :-1], axis=0) < 0.0, -1.0, 1.0))
    q[:, 1:] *= flips
    return q


class Heyoka:
    """heyoka's batch Taylor integrator in its fastest mode; the tolerance is its own (relative, per step).

    Radiation pressure is unshadowed. `duration` may be any length; the last granule is cut.
    """

    def __init__(
        self,
        model: PeerModel,
        span: tuple[float, float],
        *,
        tolerance: float = 1e-15,
        batch: int = 8,
        compact: bool = False,
    ) -> None:
        import heyoka as hy

        pressure = model.radiation_pressure
        if pressure is not None and pressure.shadow_radius_km:
            raise ValueError("the heyoka peer flies unshadowed radiation pressure only")
        self.name = f"heyoka batch {batch}"
        self._model, self._batch = model, batch
        self._length = {"moon": 1737.4, "earth": 6378.1366}[model.center]
        self._time = np.sqrt(self._length**3 / model.center_gm)
        self._half = 0.5 * GRANULE_S / self._time
        self._lit = "sun" if pressure is not None else None
        self._near = list(model.bodies)
        if self._lit and "sun" not in self._near:
            self._near.append("sun")
        segments = ephemeris_segments(model.spk, {model.center, *self._near}, span)
        self._where = {b: [(s, segments[p]) for s, p in relative_chain(b, model.center)] for b in self._near}
        self._stokes = model.stokes if model.stokes is not None and model.stokes.degree >= 2 else None
        self._euler = orientation_segment(model.pck, span) if self._stokes is not None else None
        self._integrator = hy.taylor_adaptive_batch(
            self._equations(hy),
            np.ones((6, batch)),
            tol=tolerance,
            compact_mode=compact,
            fast_math=True,
            pars=np.zeros((self._rows * TERMS, batch)),
        )

    @property
    def _rows(self) -> int:
        return 3 * len(self._near) + (3 if self._model.bodies else 0) + (4 if self._stokes is not None else 0)

    def _equations(self, hy) -> list:  # type: ignore[no-untyped-def]
        model = self._model
        x, y, z, vx, vy, vz = hy.make_vars("x", "y", "z", "vx", "vy", "vz")
        u = hy.time / self._half
        powers = [1.0, u]
        for _ in range(2, TERMS):
            powers.append(powers[-1] * u)

        def series(row: int):  # type: ignore[no-untyped-def]
            return hy.sum([hy.par[row * TERMS + k] * powers[k] for k in range(TERMS)])

        def inverse_cube(px, py, pz):  # type: ignore[no-untyped-def]
            return hy.sum([px * px, py * py, pz * pz]) ** -1.5

        scale = self._time**2 / self._length**3
        acceleration: list[list] = [[], [], []]
        pull = inverse_cube(x, y, z)
        for axis, p in enumerate((x, y, z)):
            acceleration[axis].append(-p * pull)
        for k, body in enumerate(self._near):
            d = [series(3 * k + axis) - p for axis, p in enumerate((x, y, z))]
            gm = model.gm[body] * scale if body in model.bodies else 0.0
            if body == self._lit:
                assert model.radiation_pressure is not None
                gm -= model.radiation_pressure.acceleration_km_s2 * AU_KM**2 * scale
            weight = gm * inverse_cube(*d)
            for axis in range(3):
                acceleration[axis].append(weight * d[axis])
        row = 3 * len(self._near)
        if model.bodies:
            for axis in range(3):
                acceleration[axis].append(series(row + axis))
            row += 3
        if self._stokes is not None:
            w, i, j, k = (series(row + n) for n in range(4))
            turn = [
                [1.0 - 2.0 * (j * j + k * k), 2.0 * (i * j + w * k), 2.0 * (i * k - w * j)],
                [2.0 * (i * j - w * k), 1.0 - 2.0 * (i * i + k * k), 2.0 * (j * k + w * i)],
                [2.0 * (i * k + w * j), 2.0 * (j * k - w * i), 1.0 - 2.0 * (i * i + j * j)],
            ]
            body_xyz = [hy.sum([turn[r][c] * p for c, p in enumerate((x, y, z))]) for r in range(3)]
            pairs = [
                [self._stokes.c[n, m] if n >= 2 else 0.0, self._stokes.s[n, m] if n >= 2 else 0.0]
                for n in range(self._stokes.degree + 1)
                for m in range(n + 1)
            ]
            radius = self._stokes.radius_km / self._length
            g = hy.model.sh_gravity_acc(
                body_xyz, sh_coefficients=pairs, mu=hy.expression(1.0), a=hy.expression(radius)
            )
            for axis in range(3):
                acceleration[axis].append(hy.sum([turn[r][axis] * g[r] for r in range(3)]))
        total = [hy.sum(terms) for terms in acceleration]
        return [(x, vx), (y, vy), (z, vz), (vx, total[0]), (vy, total[1]), (vz, total[2])]

    def prepare(self, epochs: Array, duration: float) -> Array:
        """The parameters of every granule, (granules, rows * TERMS, n); tabulated outside any timing."""
        count = max(1, int(np.ceil(duration / GRANULE_S - 1e-12)))
        nodes = np.cos(np.pi * (np.arange(TERMS) + 0.5) / TERMS)
        fit = np.linalg.inv(np.vander(nodes, TERMS, increasing=True))
        table = np.empty((count, self._rows, TERMS, len(epochs)))
        for granule in range(count):
            tdb = epochs[:, None] + (granule + 0.5) * GRANULE_S + nodes * (0.5 * GRANULE_S)
            rows: list[Array] = []
            indirect = np.zeros((3, *tdb.shape))
            for body in self._near:
                place = np.sum([sign * segment(tdb) for sign, segment in self._where[body]], axis=0)
                rows += list(place / self._length)
                if body in self._model.bodies:
                    indirect -= self._model.gm[body] * place / np.sum(place**2, axis=0) ** 1.5
            if self._model.bodies:
                rows += list(indirect * self._time**2 / self._length)
            if self._euler is not None:
                angles = self._euler(tdb)
                turns = euler_313(angles[0], angles[1], angles[2])
                q = np.stack([_quaternion(turns[:, :, k]) for k in range(len(epochs))], axis=1)
                rows += list(q)
            table[granule] = np.einsum("kj,rnj->rkn", fit, np.array(rows)) if rows else 0.0
        return table.reshape(count, self._rows * TERMS, len(epochs))

    def fly_prepared(self, states: Array, table: Array, duration: float) -> Array:
        """Final states (6, n); n is a multiple of the batch."""
        integrator, batch = self._integrator, self._batch
        out = np.empty_like(states)
        unit = np.repeat([self._length, self._length / self._time], 3)[:, None]
        half = self._half
        for first in range(0, states.shape[1], batch):
            lanes = slice(first, first + batch)
            integrator.state[:] = states[:, lanes] / unit
            for granule in range(table.shape[0]):
                if table.shape[1]:
                    integrator.pars[:] = table[granule, :, lanes]
                integrator.set_time(-half)
                rest = (duration - granule * GRANULE_S) / self._time
                integrator.propagate_until(min(half, rest - half))
                if any(
                    str(outcome[0]) != "taylor_outcome.time_limit" for outcome in integrator.propagate_res
                ):
                    raise RuntimeError(f"heyoka stopped early: {integrator.propagate_res}")
            out[:, lanes] = integrator.state * unit
        return out

    def fly(self, states: Array, epochs: Array, duration: float) -> Array:
        """Final states (6, n) after a duration (s), starting at epochs (n,)."""
        n = states.shape[1]
        pad = -n % self._batch
        states = np.concatenate([states, np.repeat(states[:, -1:], pad, axis=1)], axis=1)
        epochs = np.concatenate([epochs, np.repeat(epochs[-1:], pad)])
        return self.fly_prepared(states, self.prepare(epochs, duration), duration)[:, :n]
