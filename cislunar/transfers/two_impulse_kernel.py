"""Compiled search for the cheapest two impulses between pairs of ellipses, one pair after another.

An ellipse is twelve numbers: unit vectors towards its periapsis, across it and normal to its plane,
semi-latus rectum, eccentricity, and the speed scale sqrt(gm / parameter). What is searched is described in
`cislunar.transfers.two_impulse_batch`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cislunar.propagation.jit import kernel

ANOMALIES = 24
PARAMETERS = 8
SEEDS = 4
NODAL_ANGLES = 24
NODAL_SPEEDS = 9
FREE, NODAL = 0, 1
_LARGEST = 1e3


@kernel
def place_on(ellipse: Any, anomaly: float, out: Any) -> None:
    """Put the state at a true anomaly of an ellipse into `out`."""
    cosine, sine = math.cos(anomaly), math.sin(anomaly)
    r = ellipse[9] / (1.0 + ellipse[10] * cosine)
    for k in range(3):
        out[k] = r * (cosine * ellipse[k] + sine * ellipse[3 + k])
        out[3 + k] = ellipse[11] * (-sine * ellipse[k] + (ellipse[10] + cosine) * ellipse[3 + k])


@kernel
def priced(start: Any, end: Any, v1: Any, v2: Any, gm: float, least: float) -> float:
    """Sum of both impulses, with a wall where the conic is open or passes too near."""
    a = b = r2 = vv = rv = 0.0
    for k in range(3):
        a += (v1[k] - start[3 + k]) ** 2
        b += (end[3 + k] - v2[k]) ** 2
        r2 += start[k] * start[k]
        vv += v1[k] * v1[k]
        rv += start[k] * v1[k]
    total = math.sqrt(a) + math.sqrt(b)
    energy = 0.5 * vv - gm / math.sqrt(r2)
    momentum = max(r2 * vv - rv * rv, 0.0)
    e = math.sqrt(max(1.0 + 2.0 * energy * momentum / (gm * gm), 0.0))
    periapsis = momentum / gm / (1.0 + e)
    # Proportional to the violation, so that a descent can find its way out.
    total += max(least - periapsis, 0.0) * 1e-3 + max(energy + 1e-6, 0.0) * 10.0
    return total if math.isfinite(total) else _LARGEST


@kernel
def joined(start: Any, end: Any, logarithm: float, way: float, gm: float, v1: Any, v2: Any) -> bool:
    """Velocities at both ends of the conic of parameter exp(logarithm); False if its plane is not defined."""
    r1 = r2 = dot = 0.0
    for k in range(3):
        r1 += start[k] * start[k]
        r2 += end[k] * end[k]
        dot += start[k] * end[k]
    r1, r2 = math.sqrt(r1), math.sqrt(r2)
    p = math.exp(logarithm)
    cosine = dot / (r1 * r2)
    x = start[1] * end[2] - start[2] * end[1]
    y = start[2] * end[0] - start[0] * end[2]
    z = start[0] * end[1] - start[1] * end[0]
    sine = way * math.sqrt(x * x + y * y + z * z) / (r1 * r2)
    if abs(sine) < 1e-9:
        return False
    g = r1 * r2 * sine / math.sqrt(gm * p)
    f, g_dot = 1.0 - r2 / p * (1.0 - cosine), 1.0 - r1 / p * (1.0 - cosine)
    for k in range(3):
        v1[k] = (end[k] - f * start[k]) / g
        v2[k] = (g_dot * end[k] - start[k]) / g
    return True


@kernel
def crossing(
    first: Any, towards: Any, start: Any, end: Any, angle: float, radial: float, gm: float, v1: Any, v2: Any
) -> None:
    """Velocities of the half turn between opposite points: the angle of its plane, and the radial speed."""
    r1 = math.sqrt(start[0] ** 2 + start[1] ** 2 + start[2] ** 2)
    r2 = math.sqrt(end[0] ** 2 + end[1] ** 2 + end[2] ** 2)
    speed = math.sqrt(2.0 * gm / (1.0 / r1 + 1.0 / r2))
    cosine, sine = math.cos(angle), math.sin(angle)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        two = towards[i] * first[6 + j] - towards[j] * first[6 + i]
        along = cosine * two - sine * first[6 + k]
        v1[k] = radial * towards[k] + speed / r1 * along
        v2[k] = radial * towards[k] - speed / r2 * along


@kernel
def value(
    kind: int, x: Any, first: Any, second: Any, towards: Any, way: float, gm: float, least: float, s: Any
) -> float:
    """Price of a transfer; the rows of `s` (4, 6) are working space: both places, both velocities."""
    if kind == NODAL:
        crossing(first, towards, s[0], s[1], x[0], x[1], gm, s[2], s[3])
    else:
        place_on(first, x[0], s[0])
        place_on(second, x[1], s[1])
        if not joined(s[0], s[1], x[2], way, gm, s[2], s[3]):
            return _LARGEST
    return priced(s[0], s[1], s[2], s[3], gm, least)


@kernel
def descended(
    kind: int,
    x: Any,
    size: float,
    first: Any,
    second: Any,
    towards: Any,
    way: float,
    gm: float,
    least: float,
    s: Any,
) -> float:
    """Simplex search of Nelder and Mead, begun twice; `x` becomes the bottom, its price is returned."""
    n = 2 if kind == NODAL else 3
    simplex, cost = np.empty((n + 1, n)), np.empty(n + 1)
    centre, tried, further = np.empty(n), np.empty(n), np.empty(n)
    for restart in range(2):
        for i in range(n + 1):
            for k in range(n):
                simplex[i, k] = x[k]
            if i:
                simplex[i, i - 1] += size if restart == 0 else 0.02 * size
            cost[i] = value(kind, simplex[i], first, second, towards, way, gm, least, s)
        for _ in range(400):
            order = np.argsort(cost)
            best, worst, second_worst = order[0], order[n], order[n - 1]
            spread = 0.0
            for i in range(n + 1):
                for k in range(n):
                    spread = max(spread, abs(simplex[i, k] - simplex[best, k]))
            if cost[worst] - cost[best] < 1e-10 and spread < 1e-7:
                break
            for k in range(n):
                centre[k] = 0.0
                for i in range(n + 1):
                    if i != worst:
                        centre[k] += simplex[i, k] / n
                tried[k] = 2.0 * centre[k] - simplex[worst, k]
            now = value(kind, tried, first, second, towards, way, gm, least, s)
            if now < cost[best]:
                for k in range(n):
                    further[k] = 3.0 * centre[k] - 2.0 * simplex[worst, k]
                beyond = value(kind, further, first, second, towards, way, gm, least, s)
                if beyond < now:
                    simplex[worst], cost[worst] = further, beyond
                else:
                    simplex[worst], cost[worst] = tried, now
            elif now < cost[second_worst]:
                simplex[worst], cost[worst] = tried, now
            else:
                outside = now < cost[worst]
                for k in range(n):
                    other = tried[k] if outside else simplex[worst, k]
                    further[k] = 0.5 * (centre[k] + other)
                inside = value(kind, further, first, second, towards, way, gm, least, s)
                if inside < min(now, cost[worst]):
                    simplex[worst], cost[worst] = further, inside
                else:
                    for i in range(n + 1):
                        if i != best:
                            for k in range(n):
                                simplex[i, k] = 0.5 * (simplex[i, k] + simplex[best, k])
                            cost[i] = value(kind, simplex[i], first, second, towards, way, gm, least, s)
        best = np.argmin(cost)
        x[:n] = simplex[best]
    return float(cost[best])


@kernel
def search_pairs(first: Any, second: Any, gm: float, least: float, low: int, high: int, found: Any) -> None:
    """Search pairs number low to high.

    Ellipses are columns (12, n); `found` (9, n) takes the price, both anomalies, and the velocities of the
    conic at both ends.
    """
    turn = 2.0 * math.pi / ANOMALIES
    price = np.empty((ANOMALIES, ANOMALIES))
    choice = np.empty((ANOMALIES, ANOMALIES, 2))
    starts, ends = np.empty((ANOMALIES, 6)), np.empty((ANOMALIES, 6))
    s, x, towards = np.empty((4, 6)), np.empty(3), np.empty(3)
    for pair in range(low, high):
        one, two = first[:, pair].copy(), second[:, pair].copy()
        small, large = math.log(0.5 * min(one[9], two[9])), math.log(2.5 * max(one[9], two[9]))
        for i in range(ANOMALIES):
            # Offset, so that no pair on the grid is exactly opposite.
            place_on(one, i * turn + 0.011, starts[i])
            place_on(two, i * turn + 0.027, ends[i])
        for i in range(ANOMALIES):
            for j in range(ANOMALIES):
                price[i, j] = _LARGEST
                choice[i, j, 0], choice[i, j, 1] = small, 1.0
                for k in range(PARAMETERS):
                    logarithm = small + (large - small) * k / (PARAMETERS - 1)
                    for side in range(2):
                        way = 1.0 - 2.0 * side
                        if joined(starts[i], ends[j], logarithm, way, gm, s[2], s[3]):
                            now = priced(starts[i], ends[j], s[2], s[3], gm, least)
                            if now < price[i, j]:
                                price[i, j] = now
                                choice[i, j, 0], choice[i, j, 1] = logarithm, way
        found[0, pair] = np.inf
        for _ in range(SEEDS):
            place = np.argmin(price)
            row, column = place // ANOMALIES, place % ANOMALIES
            if price[row, column] >= _LARGEST:
                break
            x[0], x[1], x[2] = row * turn + 0.011, column * turn + 0.027, choice[row, column, 0]
            way = choice[row, column, 1]
            now = descended(FREE, x, 0.5 * turn, one, two, towards, way, gm, least, s)
            if now < found[0, pair]:
                value(FREE, x, one, two, towards, way, gm, least, s)
                kept(found, pair, now, x[0], x[1], s)
            # The valley around it is done with.
            for di in range(-2, 3):
                for dj in range(-2, 3):
                    price[(row + di) % ANOMALIES, (column + dj) % ANOMALIES] = _LARGEST
        half_turns(one, two, gm, least, found, pair, s, x, towards)


@kernel
def kept(found: Any, pair: int, price: float, start_anomaly: float, end_anomaly: float, s: Any) -> None:
    """Put a transfer down as the best of its pair."""
    found[0, pair], found[1, pair], found[2, pair] = price, start_anomaly, end_anomaly
    for k in range(3):
        found[3 + k, pair], found[6 + k, pair] = s[2, k], s[3, k]


@kernel
def half_turns(
    one: Any, two: Any, gm: float, least: float, found: Any, pair: int, s: Any, x: Any, towards: Any
) -> None:
    """Try the transfers between the two nodes, where the plane of the conic is free."""
    line = np.cross(one[6:9], two[6:9])
    size = math.sqrt(line[0] ** 2 + line[1] ** 2 + line[2] ** 2)
    if size > 1e-9:
        line /= size
    elif one[10] >= two[10]:
        # Coplanar: any line serves; that of the apsides of the less round orbit is the best.
        line[:] = one[0:3]
    else:
        line[:] = two[0:3]
    for side in range(2):
        across = along = far_across = far_along = 0.0
        for k in range(3):
            towards[k] = (1.0 - 2.0 * side) * line[k]
            along += towards[k] * one[k]
            across += towards[k] * one[3 + k]
            far_along -= towards[k] * two[k]
            far_across -= towards[k] * two[3 + k]
        begins, ends = math.atan2(across, along), math.atan2(far_across, far_along)
        place_on(one, begins, s[0])
        place_on(two, ends, s[1])
        best, angle, radial = np.inf, 0.0, 0.0
        for i in range(NODAL_ANGLES):
            for j in range(NODAL_SPEEDS):
                x[0] = -math.pi + 2.0 * math.pi * i / NODAL_ANGLES
                x[1] = -0.6 + 1.2 * j / (NODAL_SPEEDS - 1)
                now = value(NODAL, x, one, two, towards, 1.0, gm, least, s)
                if now < best:
                    best, angle, radial = now, x[0], x[1]
        x[0], x[1] = angle, radial
        now = descended(NODAL, x, 0.1, one, two, towards, 1.0, gm, least, s)
        if now < found[0, pair]:
            value(NODAL, x, one, two, towards, 1.0, gm, least, s)
            kept(found, pair, now, begins, ends, s)
