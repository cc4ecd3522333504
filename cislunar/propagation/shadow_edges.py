"""Steps that end where a shadow begins or ends.

Radiation pressure is smooth in full sun, in the umbra and inside the penumbra, with a kink at each border.
A step across a kink has the wrong order, and a step so long that a whole eclipse falls between two stages
does not see it at all. So before a step its path is foreseen, the borders on it are found, and the step
ends at the first.

Foresight is cheap because it may be rough: the series of Kepler motion to fifth order with the actual
acceleration [1]_, Sun and occulting bodies on straight lines. A step is a third of a radian or so of the
local motion, so the path is good to 1e-4 of its length, a fraction of a second of the flight. What is left
of a kink is cut down by the ordinary control of the error.

References
----------
.. [1] R. R. Bate, D. D. Mueller, J. E. White, "Fundamentals of Astrodynamics" (1971), section 5.5 (f and g
series).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from cislunar.environment.shadow import penumbra
from cislunar.propagation.simd import any_lane, apart, splat

SAMPLES = 8
"""Parts of a step at whose ends the borders are looked for."""

_BEHIND = 0.002
"""Part of a step in which a border is the one that the step has just left."""


class Path(NamedTuple):
    """The path foreseen: `r(t) = f r + g v + lift t^2` with `f` and `g` polynomials in time."""

    x: Any
    y: Any
    z: Any
    vx: Any
    vy: Any
    vz: Any
    lift_x: Any
    lift_y: Any
    lift_z: Any
    f2: Any
    f3: Any
    f4: Any
    f5: Any
    g3: Any
    g4: Any
    g5: Any
    h: Any
    """Length of the step, s, signed."""


@register_jitable
def foresee(
    x: Any, y: Any, z: Any, vx: Any, vy: Any, vz: Any, ax: Any, ay: Any, az: Any, h: Any, gm: Any
) -> Path:
    """Return the path over the next step of length `h`."""
    inverse_r2 = 1.0 / (x * x + y * y + z * z)
    u = gm * inverse_r2 * np.sqrt(inverse_r2)
    p = (x * vx + y * vy + z * vz) * inverse_r2
    q = (vx * vx + vy * vy + vz * vz) * inverse_r2 - u
    return Path(
        x,
        y,
        z,
        vx,
        vy,
        vz,
        0.5 * (ax + u * x),
        0.5 * (ay + u * y),
        0.5 * (az + u * z),
        -0.5 * u,
        0.5 * u * p,
        u * (3.0 * q - 15.0 * p * p + u) * (1.0 / 24.0),
        u * p * (7.0 * p * p - 3.0 * q - u) * 0.125,
        u * (-1.0 / 6.0),
        0.25 * u * p,
        u * (9.0 * q - 45.0 * p * p + u) * (1.0 / 120.0),
        h,
    )


@register_jitable
def _place(path: Path, part: Any) -> tuple[Any, Any, Any]:
    """Position after a part of the step."""
    t = part * path.h
    t2 = t * t
    f = 1.0 + t2 * (path.f2 + t * (path.f3 + t * (path.f4 + t * path.f5)))
    g = t * (1.0 + t2 * (path.g3 + t * (path.g4 + t * path.g5)))
    return (
        f * path.x + g * path.vx + t2 * path.lift_x,
        f * path.y + g * path.vy + t2 * path.lift_y,
        f * path.z + g * path.vz + t2 * path.lift_z,
    )


@register_jitable
def clearance(
    path: Path, part: Any, sun: Any, body: Any, sun_radius: float, body_radius: float
) -> tuple[Any, Any]:
    """Measure of the distance from the middle of the penumbra after a part of the step, and half its width
    there; see `cislunar.environment.shadow.penumbra`.

    Parameters
    ----------
    path : Path
        From `foresee`.
    part : lanes
        0 to 1.
    sun, body : tuple of lanes
        Position at the start and the way during the step: x, y, z, dx, dy, dz, km.
    sun_radius, body_radius : float
        km.
    """
    x, y, z = _place(path, part)
    sx = sun[0] + part * sun[3] - x
    sy = sun[1] + part * sun[4] - y
    sz = sun[2] + part * sun[5] - z
    ox = body[0] + part * body[3] - x
    oy = body[1] + part * body[4] - y
    oz = body[2] + part * body[5] - z
    middle, width = penumbra(sx, sy, sz, ox, oy, oz, sun_radius, body_radius)
    return middle, splat(width)


class Watch(NamedTuple):
    """What is known of one border while the samples of a step come in."""

    before: Any
    current: Any
    """Values at the last two samples."""
    low: Any
    high: Any
    at_low: Any
    at_high: Any
    """Parts of the step between which the border was found first, and the values there."""
    found: Any
    """1 where it was."""


@register_jitable
def _begin(value: Any) -> Watch:
    nothing = splat(0.0)
    return Watch(value, value, nothing, nothing, nothing, nothing, nothing)


@register_jitable
def _watch(
    watch: Watch, following: Any, earlier: Any, part: Any, following_part: Any, spacing: float
) -> Watch:
    """Take in the next sample: a change of sign, or a dip of the parabola through the last three samples."""
    before, current = watch.before, watch.current
    bend = following - 2.0 * current + before
    slope = 0.5 * (following - before)
    offset = np.where(abs(slope) < abs(bend), -slope / bend, splat(0.0))
    vertex = current + offset * (slope + 0.5 * offset * bend)
    free = watch.found == 0.0
    dips = free & (before * following > 0.0) & (before * current > 0.0) & (vertex * current < 0.0)
    dips = dips & (part > earlier)
    crosses = free & (current * following <= 0.0)
    return Watch(
        current,
        following,
        np.where(dips, earlier, np.where(crosses, part, watch.low)),
        np.where(dips, part + offset * spacing, np.where(crosses, following_part, watch.high)),
        np.where(dips, before, np.where(crosses, current, watch.at_low)),
        np.where(dips, vertex, np.where(crosses, following, watch.at_high)),
        np.where(dips | crosses, splat(1.0), watch.found),
    )


@register_jitable
def _refine(
    watch: Watch, side: float, path: Path, sun: Any, body: Any, sun_radius: float, body_radius: float
) -> Any:
    """Part of the step at which a border is met, by false position (Illinois) between the samples."""
    low, high, at_low, at_high = watch.low, watch.high, watch.at_low, watch.at_high
    guess = high
    for _ in range(5):
        difference = at_low - at_high
        guess = low + (high - low) * np.where(difference == 0.0, splat(0.5), at_low / difference)
        middle, width = clearance(path, guess, sun, body, sun_radius, body_radius)
        here = middle + side * width
        same = here * at_low > 0.0
        at_high = np.where(same, 0.5 * at_high, here)
        high = np.where(same, high, guess)
        at_low = np.where(same, here, 0.5 * at_low)
        low = np.where(same, guess, low)
    return np.where(watch.found > 0.0, guess, splat(2.0))


@register_jitable
def _near(path: Path, sun: Any, body: Any, sun_radius: float, body_radius: float) -> Any:
    """Whether the step could touch the penumbra: its middle is nearer to it than to its ends.

    The penumbra of a body is a cone about the line from the Sun through it, of the radius
    `R_body + (R_sun + R_body) d / s` at the distance `d` behind the body.
    """
    half = splat(0.5)
    x, y, z = _place(path, half)
    sx, sy, sz = sun[0] + 0.5 * sun[3], sun[1] + 0.5 * sun[4], sun[2] + 0.5 * sun[5]
    bx, by, bz = body[0] + 0.5 * body[3], body[1] + 0.5 * body[4], body[2] + 0.5 * body[5]
    inverse = 1.0 / np.sqrt((sx - bx) * (sx - bx) + (sy - by) * (sy - by) + (sz - bz) * (sz - bz))
    ux, uy, uz = (bx - sx) * inverse, (by - sy) * inverse, (bz - sz) * inverse
    rx, ry, rz = x - bx, y - by, z - bz
    behind = rx * ux + ry * uy + rz * uz
    across = np.sqrt(np.maximum(rx * rx + ry * ry + rz * rz - behind * behind, 0.0))
    fx, fy, fz = _place(path, splat(1.0))
    to_begin = (x - path.x) * (x - path.x) + (y - path.y) * (y - path.y) + (z - path.z) * (z - path.z)
    to_end = (fx - x) * (fx - x) + (fy - y) * (fy - y) + (fz - z) * (fz - z)
    way = body[3] * body[3] + body[4] * body[4] + body[5] * body[5]
    reach = 1.05 * np.sqrt(np.maximum(to_begin, to_end)) + 0.5 * np.sqrt(way)
    widening = (sun_radius + body_radius) * inverse * np.maximum(behind + reach, 0.0)
    return (behind > -reach - body_radius) & (across < body_radius + widening + reach)


@register_jitable
def _search(path: Path, sun: Any, body: Any, sun_radius: float, body_radius: float) -> Any:
    """Look for the first border of a shadow along the step."""
    edge = splat(2.0)
    earlier = part = splat(_BEHIND)
    middle, width = clearance(path, part, sun, body, sun_radius, body_radius)
    outer, inner = _begin(middle - width), _begin(middle + width)
    for sample in range(1, SAMPLES + 1):
        following = splat(sample * (1.0 / SAMPLES))
        middle, width = clearance(path, following, sun, body, sun_radius, body_radius)
        outer = _watch(outer, middle - width, earlier, part, following, 1.0 / SAMPLES)
        inner = _watch(inner, middle + width, earlier, part, following, 1.0 / SAMPLES)
        earlier, part = part, following
    if any_lane((outer.found > 0.0) | (inner.found > 0.0)):
        edge = np.minimum(
            _refine(outer, -1.0, path, sun, body, sun_radius, body_radius),
            _refine(inner, 1.0, path, sun, body, sun_radius, body_radius),
        )
    return edge


@register_jitable
def first_edge(path: Path, sun: Any, body: Any, sun_radius: float, body_radius: float) -> Any:
    """Part of the step after which the first border of a shadow is met; more than 1 if there is none."""
    edge = splat(2.0)
    near = _near(path, sun, body, sun_radius, body_radius)
    if any_lane(near):
        found = apart(_search, (path, sun, body, sun_radius, body_radius))
        edge = np.where(near, found, edge)  # what a lane does must not depend on its neighbours
    return edge
