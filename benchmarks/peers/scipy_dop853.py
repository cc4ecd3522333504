"""SciPy's DOP853 on a right-hand side written apart from the package.

The field is the classical gradient in spherical coordinates (radius, latitude, longitude) with fully
normalised Legendre functions and their derivatives by latitude; ephemeris and orientation are DE440's own
Chebyshev records, evaluated by Clenshaw's sum. It shares neither formula, table nor code with the package. It
is regular everywhere but on the body's polar axis. The right-hand side is compiled with numba, so that SciPy
is shown at its best.

References
----------
Holmes and Featherstone (2002), J. Geodesy 76, 279, eqs. 11-13 (column recursion).
Heiskanen and Moritz (1967), Physical Geodesy, sec. 2-5.
Montenbruck and Gill (2000), Satellite Orbits, secs. 3.3.2, 3.4.2.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from benchmarks.peers.model import (
    AU_KM,
    PeerModel,
    ephemeris_segments,
    orientation_segment,
    relative_chain,
)

Array = NDArray[np.float64]


@njit(fastmath=False)
def _chebyshev(start: float, length: float, coefficients: Array, t: float, out: Array, sign: float) -> None:
    """Add sign times the segment's value at t (seconds past J2000 TDB) to out."""
    record = int((t - start) // length)
    record = min(max(record, 0), coefficients.shape[0] - 1)
    u = 2.0 * ((t - start) - record * length) / length - 1.0
    for axis in range(3):
        b1, b2 = 0.0, 0.0
        for k in range(coefficients.shape[2] - 1, 0, -1):
            b1, b2 = coefficients[record, axis, k] + 2.0 * u * b1 - b2, b1
        out[axis] += sign * (coefficients[record, axis, 0] + u * b1 - b2)


@njit(fastmath=False)
def _harmonics(
    x: float, y: float, z: float, gm: float, radius: float, a: Array, b: Array, c: Array, s: Array
) -> Array:
    """Acceleration of all terms of degree 2 and more, in the body's axes."""
    degree = c.shape[0] - 1
    rho = np.sqrt(x * x + y * y)
    r = np.sqrt(rho * rho + z * z)
    sine, cosine = z / r, rho / r
    cos_lon, sin_lon = x / rho, y / rho
    d_r, d_lat, d_lon = 0.0, 0.0, 0.0
    cm, sm = 1.0, 0.0
    sectoral = 1.0
    for m in range(degree + 1):
        if m > 0:
            cm, sm = cm * cos_lon - sm * sin_lon, sm * cos_lon + cm * sin_lon
            sectoral *= cosine * np.sqrt((2.0 * m + 1.0) / (2.0 * m if m > 1 else 1.0))
        older, old = 0.0, sectoral
        scale = (radius / r) ** m
        for n in range(m, degree + 1):
            if n > m:
                older, old = old, a[n, m] * sine * old - b[n, m] * older
                scale *= radius / r
            # d p / d latitude = (f p[n-1, m] - n sine p[n, m]) / cosine
            f = np.sqrt((2.0 * n + 1.0) * (n - m) * (n + m) / (2.0 * n - 1.0)) if n > m else 0.0
            slope = (f * older - n * sine * old) / cosine
            if n >= 2:
                wave = c[n, m] * cm + s[n, m] * sm
                d_r -= (n + 1.0) * scale * old * wave
                d_lat += scale * slope * wave
                d_lon += scale * old * m * (s[n, m] * cm - c[n, m] * sm)
    common = gm / (r * r)
    g_r, g_lat, g_lon = common * d_r, common * d_lat, common * d_lon / cosine
    out = np.empty(3)
    out[0] = (g_r * cosine - g_lat * sine) * cos_lon - g_lon * sin_lon
    out[1] = (g_r * cosine - g_lat * sine) * sin_lon + g_lon * cos_lon
    out[2] = g_r * sine + g_lat * cosine
    return out


@njit(fastmath=False)
def sunlit_fraction(craft: Array, sun: Array, body: Array, sun_radius: float, body_radius: float) -> float:
    """The visible part of the Sun's disc beside one spherical body, by the overlap of two circles."""
    to_sun, to_body = sun - craft, body - craft
    d_sun, d_body = np.sqrt(np.sum(to_sun**2)), np.sqrt(np.sum(to_body**2))
    a, b = np.arcsin(sun_radius / d_sun), np.arcsin(min(1.0, body_radius / d_body))
    cross = np.array(
        [
            to_sun[1] * to_body[2] - to_sun[2] * to_body[1],
            to_sun[2] * to_body[0] - to_sun[0] * to_body[2],
            to_sun[0] * to_body[1] - to_sun[1] * to_body[0],
        ]
    )
    apart = np.arctan2(np.sqrt(np.sum(cross**2)), np.sum(to_sun * to_body))
    if apart >= a + b:
        return 1.0
    if apart <= b - a:
        return 0.0
    if apart <= a - b:
        return 1.0 - (b / a) ** 2
    x = (apart * apart + a * a - b * b) / (2.0 * apart)
    y = np.sqrt(max(0.0, a * a - x * x))
    overlap = a * a * np.arccos(x / a) + b * b * np.arccos((apart - x) / b) - apart * y
    return 1.0 - overlap / (np.pi * a * a)


def _recursion(degree: int) -> tuple[Array, Array]:
    a, b = np.zeros((degree + 1, degree + 1)), np.zeros((degree + 1, degree + 1))
    for n in range(1, degree + 1):
        for m in range(n):
            a[n, m] = np.sqrt((4 * n * n - 1) / (n * n - m * m))
            if n > m + 1:
                b[n, m] = np.sqrt((2 * n + 1) * (n + m - 1) * (n - m - 1) / ((n - m) * (n + m) * (2 * n - 3)))
    return a, b


@njit(fastmath=False)
def _derivative(
    t: float,
    state: Array,
    epoch: float,
    gm: float,
    third_gm: Array,
    starts: Array,
    lengths: Array,
    tables: tuple[Array, ...],
    signs: Array,
    harmonic: bool,
    angles: tuple[float, float, Array],
    field: tuple[float, float, Array, Array, Array, Array],
    srp: float,
    sun_row: int,
    shadow_rows: Array,
    shadow_radius: Array,
    sun_radius: float,
) -> Array:
    now = epoch + t
    out = np.empty(6)
    out[:3] = state[3:]
    x, y, z = state[0], state[1], state[2]
    r2 = x * x + y * y + z * z
    common = -gm / (r2 * np.sqrt(r2))
    ax, ay, az = common * x, common * y, common * z

    segments = np.zeros((len(tables), 3))
    for row, table in enumerate(tables):
        _chebyshev(starts[row], lengths[row], table, now, segments[row], 1.0)
    where = np.zeros((signs.shape[0], 3))
    for body in range(signs.shape[0]):
        for k in range(signs.shape[1]):
            if signs[body, k] != 0.0:
                where[body] += signs[body, k] * segments[k]
    for body in range(third_gm.shape[0]):
        if third_gm[body] != 0.0:
            p = where[body]
            dx, dy, dz = p[0] - x, p[1] - y, p[2] - z
            d3 = (dx * dx + dy * dy + dz * dz) ** 1.5
            p3 = (p[0] ** 2 + p[1] ** 2 + p[2] ** 2) ** 1.5
            ax += third_gm[body] * (dx / d3 - p[0] / p3)
            ay += third_gm[body] * (dy / d3 - p[1] / p3)
            az += third_gm[body] * (dz / d3 - p[2] / p3)

    if harmonic:
        euler = np.zeros(3)
        _chebyshev(angles[0], angles[1], angles[2], now, euler, 1.0)
        cf, sf = np.cos(euler[0]), np.sin(euler[0])
        ct, st = np.cos(euler[1]), np.sin(euler[1])
        cp, sp = np.cos(euler[2]), np.sin(euler[2])
        m = np.array(
            [
                [cp * cf - sp * ct * sf, cp * sf + sp * ct * cf, sp * st],
                [-sp * cf - cp * ct * sf, -sp * sf + cp * ct * cf, cp * st],
                [st * sf, -st * cf, ct],
            ]
        )
        bx = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
        by = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
        bz = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z
        g = _harmonics(bx, by, bz, field[0], field[1], field[2], field[3], field[4], field[5])
        ax += m[0, 0] * g[0] + m[1, 0] * g[1] + m[2, 0] * g[2]
        ay += m[0, 1] * g[0] + m[1, 1] * g[1] + m[2, 1] * g[2]
        az += m[0, 2] * g[0] + m[1, 2] * g[1] + m[2, 2] * g[2]

    if srp != 0.0:
        sun = where[sun_row]
        away = state[:3] - sun
        d = np.sqrt(np.sum(away**2))
        light = 1.0
        for k in range(shadow_rows.shape[0]):
            occulter = np.zeros(3) if shadow_rows[k] < 0 else where[shadow_rows[k]]
            light *= sunlit_fraction(state[:3], sun, occulter, sun_radius, shadow_radius[k])
        push = srp * light * (AU_KM / d) ** 2 / d
        ax += push * away[0]
        ay += push * away[1]
        az += push * away[2]

    out[3], out[4], out[5] = ax, ay, az
    return out


def _arguments(model: PeerModel, span: tuple[float, float]) -> tuple:
    """Everything `_derivative` takes after the epoch."""
    sources = list(model.bodies)
    pressure = model.radiation_pressure
    needed = list(sources)
    if pressure is not None:
        needed += [b for b in ("sun", *pressure.shadow_radius_km) if b not in needed and b != model.center]
    segments = ephemeris_segments(model.spk, {model.center, *needed}, span)
    pairs = sorted(segments)
    signs = np.zeros((max(1, len(needed)), len(pairs)))
    for row, body in enumerate(needed):
        for sign, pair in relative_chain(body, model.center):
            signs[row, pairs.index(pair)] = sign
    third = np.zeros(max(1, len(needed)))
    third[: len(sources)] = [model.gm[body] for body in sources]
    stokes = model.stokes
    if stokes is not None and stokes.degree >= 2:
        euler = orientation_segment(model.pck, span)
        angles = (euler.start, euler.length, euler.coefficients)
        c, s = np.ascontiguousarray(stokes.c), np.ascontiguousarray(stokes.s)
        field = (model.center_gm, stokes.radius_km, *_recursion(stokes.degree), c, s)
    else:
        nothing = np.zeros((1, 1))
        angles = (0.0, 1.0, np.zeros((1, 3, 2)))
        field = (0.0, 1.0, nothing, nothing, nothing, nothing)
    shadows = [] if pressure is None else sorted(pressure.shadow_radius_km)
    return (
        model.center_gm,
        third,
        np.array([segments[pair].start for pair in pairs]),
        np.array([segments[pair].length for pair in pairs]),
        tuple(segments[pair].coefficients for pair in pairs),
        signs,
        stokes is not None and stokes.degree >= 2,
        angles,
        field,
        0.0 if pressure is None else pressure.acceleration_km_s2,
        needed.index("sun") if pressure is not None else 0,
        np.array([-1 if b == model.center else needed.index(b) for b in shadows], dtype=np.int64),
        np.array([pressure.shadow_radius_km[b] for b in shadows] if pressure else [], dtype=float),
        695700.0 if pressure is None else pressure.sun_radius_km,
    )


class ScipyDop853:
    """SciPy's DOP853 on the model; the tolerance is its rtol (at least 2.3e-14)."""

    name = "SciPy DOP853"

    def __init__(self, model: PeerModel, span: tuple[float, float]) -> None:
        self._arguments = _arguments(model, span)

    def acceleration(self, epoch: float, position: Array) -> Array:
        """km/s^2 at a place (km, ICRF axes) and an epoch (s past J2000 TDB)."""
        state = np.concatenate([np.asarray(position, dtype=float), np.zeros(3)])
        return _derivative(0.0, state, epoch, *self._arguments)[3:]

    def fly(
        self,
        states: Array,
        epochs: Array,
        duration: float,
        tolerance: float = 1e-13,
        longest_step_s: float = np.inf,
    ) -> Array:
        """Final states (6, n) after a duration (s), starting at epochs (n,).

        With shadows a longest step keeps the method from stepping over a penumbra.
        """
        out = np.empty_like(states)
        for k in range(states.shape[1]):
            scale = np.repeat([np.linalg.norm(states[:3, k]), np.linalg.norm(states[3:, k])], 3)
            solution = solve_ivp(
                _derivative,
                (0.0, duration),
                np.ascontiguousarray(states[:, k]),
                method="DOP853",
                rtol=max(tolerance, 2.3e-14),
                atol=tolerance * scale * 1e-2,
                t_eval=[duration],
                max_step=longest_step_s,
                args=(float(epochs[k]), *self._arguments),
            )
            if not solution.success:
                raise RuntimeError(f"DOP853: {solution.message}")
            out[:, k] = solution.y[:, -1]
        return out
