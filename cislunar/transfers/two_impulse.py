"""The cheapest two impulses between two ellipses about the Moon.

A transfer is named by where it leaves the first ellipse, where it meets the second, and the parameter of the
conic between (for two given points the conics through both are a family with one parameter, Battin [1]_).
A grid over the three finds the valleys, SciPy the bottoms. Where the points lie opposite each other, the
plane of the conic is free instead and its parameter is not: the transfers between the two nodes are searched
on their own, in the angle of the plane and the radial speed.

References
----------
.. [1] R. H. Battin, "An Introduction to the Mathematics and Methods of Astrodynamics", revised ed. (1999),
   section 6.1 (terminal velocities of the two-point boundary value problem).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits.elements import KeplerianElements, from_state, to_state

Array = NDArray[np.float64]

_ANOMALIES = 36
_PARAMETERS = 12
_SEEDS = 3
_NODAL_ANGLES = 24
_NODAL_SPEEDS = 9


@dataclass(frozen=True)
class TwoImpulse:
    """Cheapest two-impulse transfers between n pairs of ellipses.

    Attributes
    ----------
    impulses_km_s : numpy.ndarray, shape (2, n)
        Sizes, km/s.
    delta_v_km_s : numpy.ndarray, shape (2, 3, n)
        The impulses in the axes of the elements, km/s.
    start_anomaly_rad, end_anomaly_rad : numpy.ndarray, shape (n,)
        True anomaly on the first ellipse where it is left, and on the second where it is met.
    transfer_state : numpy.ndarray, shape (6, n)
        Just after the first impulse, km and km/s.
    coast_s : numpy.ndarray, shape (n,)
        Time between the impulses, s.
    """

    impulses_km_s: Array
    delta_v_km_s: Array
    start_anomaly_rad: Array
    end_anomaly_rad: Array
    transfer_state: Array
    coast_s: Array

    @property
    def total_km_s(self) -> Array:
        """Sum of both, km/s, shape (n,)."""
        return np.asarray(self.impulses_km_s.sum(axis=0))


def cheapest_two_impulses(
    start: KeplerianElements,
    end: KeplerianElements,
    gm: float,
    least_periapsis_km: float = MOON_RADIUS_KM,
    start_anomaly_rad: ArrayLike | None = None,
) -> TwoImpulse:
    """Find the cheapest two impulses from one ellipse to another, whatever their planes and apses.

    Parameters
    ----------
    start, end : KeplerianElements, shape () or (n,)
        The ellipses, in the same axes; their anomalies do not matter (orbits meet, not places on them).
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    least_periapsis_km : float
        Transfers that pass the Moon nearer than this radius are not considered.
    start_anomaly_rad : array_like, optional
        Leave the first ellipse at this true anomaly rather than at the cheapest.

    Returns
    -------
    TwoImpulse

    Raises
    ------
    InputError
        An orbit that is no ellipse, or shapes that differ.

    Notes
    -----
    The best of a grid of some 30,000 transfers refined from its best valleys: a local minimum that the grid
    passes over is possible, one much cheaper is not. A single impulse where the ellipses meet is among the
    answers, as two of which one is zero.
    """
    first, second = _ellipses(start, "start", gm), _ellipses(end, "end", gm)
    n = max(len(first), len(second))
    if {len(first), len(second)} - {1, n}:
        raise InputError("two impulses: expected as many starting ellipses as final ones")
    fixed = None
    if start_anomaly_rad is not None:
        fixed = np.broadcast_to(np.asarray(start_anomaly_rad, dtype=np.float64), (n,))
    found = [
        _cheapest(
            first[min(i, len(first) - 1)],
            second[min(i, len(second) - 1)],
            gm,
            least_periapsis_km,
            None if fixed is None else float(fixed[i]),
        )
        for i in range(n)
    ]
    state = np.array([item[2] for item in found]).T
    impulses = np.array([item[3] for item in found]).transpose(1, 2, 0)
    return TwoImpulse(
        np.sqrt((impulses**2).sum(axis=1)),
        impulses,
        np.array([item[0] for item in found]) % (2.0 * np.pi),
        np.array([item[1] for item in found]) % (2.0 * np.pi),
        state,
        np.array([_coast(item[2], item[4], gm) for item in found]),
    )


class _Ellipse:
    """An ellipse in space, evaluated at many anomalies without checks."""

    def __init__(self, elements: KeplerianElements, gm: float) -> None:
        self.eccentricity = float(elements.eccentricity)
        e = self.eccentricity
        self.parameter = float(elements.semi_major_axis_km) * (1.0 - e) * (1.0 + e)
        state = to_state(replace(elements, true_anomaly_rad=np.array(0.0)), gm)
        self.towards = state[:3] / np.sqrt(state[:3] @ state[:3])
        self.across = state[3:] / np.sqrt(state[3:] @ state[3:])
        self.normal = np.cross(self.towards, self.across)
        self._speed = np.sqrt(gm / self.parameter)

    def at(self, anomaly: ArrayLike) -> Array:
        """States at true anomalies; shape (6, *anomaly.shape)."""
        nu = np.asarray(anomaly, dtype=np.float64)
        cosine, sine, e = np.cos(nu), np.sin(nu), self.eccentricity
        r = self.parameter / (1.0 + e * cosine)
        axes = (3, *[1] * nu.ndim)
        x, y = self.towards.reshape(axes), self.across.reshape(axes)
        position = r * cosine * x + r * sine * y
        return np.concatenate([position, self._speed * (-sine * x + (e + cosine) * y)])

    def anomaly_of(self, towards: Array) -> float:
        """True anomaly of a direction in the plane."""
        return float(np.arctan2(towards @ self.across, towards @ self.towards))


def _ellipses(elements: KeplerianElements, name: str, gm: float) -> list[_Ellipse]:
    if np.any(elements.eccentricity >= 1.0):
        raise InputError(f"two impulses: expected ellipses; {name} is a hyperbola")
    columns = [np.atleast_1d(getattr(elements, field.name)) for field in fields(elements)]
    return [_Ellipse(KeplerianElements(*values), gm) for values in zip(*columns, strict=True)]


def _through(first: Array, second: Array, logarithm: Array, way: float, gm: float) -> tuple[Array, Array]:
    """Velocities at both ends (3, ...) of the conic of parameter exp(logarithm) through two positions.

    `way` is 1 for the transfer angle below half a turn and -1 for the one above.
    """
    r1, r2 = np.sqrt((first**2).sum(axis=0)), np.sqrt((second**2).sum(axis=0))
    p = np.exp(logarithm)
    cosine = (first * second).sum(axis=0) / (r1 * r2)
    across = np.cross(first, second, axis=0)
    sine = way * np.sqrt((across**2).sum(axis=0)) / (r1 * r2)
    g = r1 * r2 * np.where(np.abs(sine) < 1e-9, np.nan, sine) / np.sqrt(gm * p)
    f, g_dot = 1.0 - r2 / p * (1.0 - cosine), 1.0 - r1 / p * (1.0 - cosine)
    return (second - f * first) / g, (g_dot * second - first) / g


def _cost(start: Array, end: Array, v1: Array, v2: Array, gm: float, least: float) -> Array:
    """Sum of the impulses (...), with a wall where the conic is open or passes too near."""
    u1, u2 = v1 - start[3:], end[3:] - v2
    total = np.sqrt((u1**2).sum(axis=0)) + np.sqrt((u2**2).sum(axis=0))
    r = np.sqrt((start[:3] ** 2).sum(axis=0))
    energy = 0.5 * (v1**2).sum(axis=0) - gm / r
    momentum = (np.cross(start[:3], v1, axis=0) ** 2).sum(axis=0)
    e = np.sqrt(np.maximum(1.0 + 2.0 * energy * momentum / gm**2, 0.0))
    periapsis = momentum / gm / (1.0 + e)
    # Proportional to the violation, so that a descent can find its way out.
    wall = np.maximum(least - periapsis, 0.0) * 1e-3 + np.maximum(energy + 1e-6, 0.0) * 10.0
    return np.where(np.isfinite(total), total + wall, 1e3)


def _cheapest(
    first: _Ellipse, second: _Ellipse, gm: float, least: float, fixed: float | None
) -> tuple[float, float, Array, Array, Array]:
    """Anomalies, state after the first impulse, both impulses (2, 3), state before the second."""
    candidates = [*_general(first, second, gm, least, fixed)]
    if fixed is None:
        candidates += _nodal(first, second, gm, least)
    _, nu1, nu2, v1, v2 = min(candidates, key=lambda item: item[0])
    start, end = first.at(nu1), second.at(nu2)
    impulses = np.array([v1 - start[3:], end[3:] - v2])
    return nu1, nu2, np.concatenate([start[:3], v1]), impulses, np.concatenate([end[:3], v2])


Candidate = tuple[float, float, float, Array, Array]


def _general(
    first: _Ellipse, second: _Ellipse, gm: float, least: float, fixed: float | None
) -> list[Candidate]:
    from scipy.optimize import minimize

    # Offset, so that no grid point pair is exactly opposite.
    nu1 = np.linspace(0.0, 2.0 * np.pi, _ANOMALIES, endpoint=False) + 0.011
    nu1 = nu1 if fixed is None else np.array([fixed])
    nu2 = np.linspace(0.0, 2.0 * np.pi, _ANOMALIES, endpoint=False) + 0.027
    sizes = (first.parameter, second.parameter)
    logs = np.linspace(np.log(0.5 * min(sizes)), np.log(2.5 * max(sizes)), _PARAMETERS)
    a, b, c = np.meshgrid(nu1, nu2, logs, indexing="ij")
    found: list[Candidate] = []
    for way in (1.0, -1.0):
        start, end = first.at(nu1)[:, :, None, None], second.at(nu2)[:, None, :, None]
        start, end = np.broadcast_to(start, (6, *a.shape)), np.broadcast_to(end, (6, *a.shape))
        v1, v2 = _through(start[:3], end[:3], c, way, gm)
        cost = _cost(start, end, v1, v2, gm, least)
        for place in _valleys(cost):

            def total(x: Array, way: float = way) -> float:
                s, t = first.at(x[0]), second.at(x[1])
                out, arrived = _through(s[:3], t[:3], x[2], way, gm)
                return float(_cost(s, t, out, arrived, gm, least))

            x0 = np.array([a[place], b[place], c[place]])
            if fixed is None:
                best = minimize(total, x0, method="Nelder-Mead", options=_POLISH)
                x = best.x
            else:
                best = minimize(
                    lambda y: total(np.array([fixed, y[0], y[1]])),
                    x0[1:],
                    method="Nelder-Mead",
                    options=_POLISH,
                )
                x = np.array([fixed, *best.x])
            s, t = first.at(x[0]), second.at(x[1])
            out, arrived = _through(s[:3], t[:3], x[2], way, gm)
            found.append((float(best.fun), float(x[0]), float(x[1]), out, arrived))
    return found


_POLISH = {"xatol": 1e-9, "fatol": 1e-10, "maxiter": 600}


def _valleys(cost: Array) -> list[tuple[int, ...]]:
    """The best grid point of each of the `_SEEDS` best places at which the transfer begins or ends."""
    order = np.argsort(cost, axis=None)[: 40 * _SEEDS]
    chosen: list[tuple[int, ...]] = []
    for flat in order:
        place = tuple(int(k) for k in np.unravel_index(flat, cost.shape))
        near = (
            all(min(abs(place[k] - other[k]), cost.shape[k] - abs(place[k] - other[k])) <= 3 for k in (0, 1))
            for other in chosen
        )
        if not any(near):
            chosen.append(place)
        if len(chosen) == _SEEDS:
            break
    return chosen


def _nodal(first: _Ellipse, second: _Ellipse, gm: float, least: float) -> list[Candidate]:
    """Transfers of half a turn between points opposite each other on the line where the planes meet."""
    from scipy.optimize import minimize

    normal = first.normal
    line = np.cross(normal, second.normal)
    size = float(np.sqrt(line @ line))
    # Coplanar: any line serves; that of the apsides of the less round orbit is the best.
    line = line / size if size > 1e-9 else max((first, second), key=lambda each: each.eccentricity).towards
    found: list[Candidate] = []
    for sign in (1.0, -1.0):
        towards = sign * line
        nu1, nu2 = first.anomaly_of(towards), second.anomaly_of(-towards)
        start, end = first.at(nu1), second.at(nu2)
        r1, r2 = float(np.sqrt(start[:3] @ start[:3])), float(np.sqrt(end[:3] @ end[:3]))
        speed = float(np.sqrt(2.0 * gm / (1.0 / r1 + 1.0 / r2)))  # the momentum; the parameter is fixed

        def velocities(
            x: Array, towards: Array = towards, r1: float = r1, r2: float = r2, speed: float = speed
        ) -> tuple[Array, Array]:
            angle, radial = np.asarray(x[0]), np.asarray(x[1])
            one = normal.reshape(3, *[1] * angle.ndim)
            two = np.cross(towards, normal).reshape(3, *[1] * angle.ndim)
            along = -np.sin(angle) * one + np.cos(angle) * two
            outward = towards.reshape(3, *[1] * angle.ndim)
            return radial * outward + speed / r1 * along, radial * outward - speed / r2 * along

        def total(x: Array, start: Array = start, end: Array = end, velocities: object = velocities) -> Array:
            v1, v2 = velocities(x)  # type: ignore[operator]
            shape = (6, *[1] * (v1.ndim - 1))
            return _cost(start.reshape(shape), end.reshape(shape), v1, v2, gm, least)

        angles = np.linspace(-np.pi, np.pi, _NODAL_ANGLES, endpoint=False)
        radials = np.linspace(-0.6, 0.6, _NODAL_SPEEDS)
        grid = np.array(np.meshgrid(angles, radials, indexing="ij"))
        place = np.unravel_index(np.argmin(total(grid)), grid.shape[1:])
        x0 = np.array([grid[0][place], grid[1][place]])
        best = minimize(lambda x: float(total(x)), x0, method="Nelder-Mead", options=_POLISH)
        v1, v2 = velocities(best.x)
        found.append((float(best.fun), nu1, nu2, v1, v2))
    return found


def _coast(leaving: Array, arriving: Array, gm: float) -> float:
    """Time between two states of one ellipse, s."""
    conics = from_state(np.array([leaving, arriving]).T, gm)
    means = conics.mean_anomaly_rad
    period = float(conics.period_s(gm)[0])
    return float((means[1] - means[0]) % (2.0 * np.pi)) / (2.0 * np.pi) * period
