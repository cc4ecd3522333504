"""Steps that end where a shadow begins or ends.

Radiation pressure is smooth in full sun, in the umbra and inside the penumbra, with a kink at each border.
A step across a kink has the wrong order, and a step so long that a whole eclipse falls between two stages
does not see it at all. So before a step its path is foreseen, the borders on it are found, and the step
ends at the first.

Foresight is cheap because it may be rough: the series of Kepler motion to fifth order with the actual
acceleration [1]_, Sun and occulting bodies on straight lines. A step is a third of a radian or so of the
local motion; where a border cuts it short, that is near, and found within a millisecond, or within a second
or two where the body does not rest but moves on a curve: the borders of the Earth's shadow at the Moon, an
hour wide. Up to there the light is what it is on this side of the border: all of it, none, or in the penumbra
that along the path foreseen.

Most steps touch no border. Bounds on how far they reach rule that out without looking (`certainly`); the
others are sampled one by one, the samples of one step filling the lanes (`first_edge`).

References
----------
.. [1] R. R. Bate, D. D. Mueller, J. E. White, "Fundamentals of Astrodynamics" (1971), section 5.5 (f and g
series).
.. [2] O. Montenbruck, E. Gill, "Satellite Orbits", 4th printing (2012), section 3.4.2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.simd import (
    LANES,
    all_lanes,
    beyond,
    inverse_sqrt,
    lane,
    load,
    pointer,
    splat,
    store,
)

SAMPLES = 8
"""Places on a step between which the borders are looked for."""

_BEHIND = 0.002
"""Part of a step in which a border is the one that the step has just left."""

_SPACING = 1.0 / (SAMPLES - 1)
_ROOM = max(SAMPLES, LANES)
_EVENLY = np.append(np.arange(SAMPLES) * _SPACING, np.ones(_ROOM - SAMPLES))
_PARTS = np.maximum(_EVENLY, _BEHIND)

_TINY = 1e-30

_SPEED_OF_SUN = 60.0
"""More than that of any planet or moon about the Sun, km/s."""


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
    inverse = inverse_sqrt(x * x + y * y + z * z)
    inverse_r2 = inverse * inverse
    u = gm * inverse * inverse_r2
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
def alone(path: Path, i: int) -> Path:
    """Return the path of one lane in all lanes."""
    return Path(
        splat(lane(path.x, i)),
        splat(lane(path.y, i)),
        splat(lane(path.z, i)),
        splat(lane(path.vx, i)),
        splat(lane(path.vy, i)),
        splat(lane(path.vz, i)),
        splat(lane(path.lift_x, i)),
        splat(lane(path.lift_y, i)),
        splat(lane(path.lift_z, i)),
        splat(lane(path.f2, i)),
        splat(lane(path.f3, i)),
        splat(lane(path.f4, i)),
        splat(lane(path.f5, i)),
        splat(lane(path.g3, i)),
        splat(lane(path.g4, i)),
        splat(lane(path.g5, i)),
        splat(lane(path.h, i)),
    )


@register_jitable
def place(path: Path, part: Any) -> tuple[Any, Any, Any]:
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


class Cones(NamedTuple):
    """Penumbra and umbra of a body during a step: cones about the line from the Sun through it.

    Centre and axis move evenly. The cones touch Sun and body, so that their half angles have the sines
    `(R_sun +- R_body) / D`, and their borders are where the discs of Sun and body touch [2]_.
    """

    centre: tuple[Any, Any, Any]
    centre_way: tuple[Any, Any, Any]
    axis: tuple[Any, Any, Any]
    """Unit vector away from the Sun."""
    axis_way: tuple[Any, Any, Any]
    rim: float
    """Radius of the body, km."""
    outer_sine: Any
    inner_sine: Any


@register_jitable
def cones(sun: Any, body: Any, sun_radius: float, body_radius: float) -> Cones:
    """Cones of a body.

    Parameters
    ----------
    sun, body : tuple of lanes
        Position at the start and the way during the step: x, y, z, dx, dy, dz, km.
    sun_radius, body_radius : float
        km.
    """
    x, y, z = body[0] - sun[0], body[1] - sun[1], body[2] - sun[2]
    dx, dy, dz = body[3] - sun[3], body[4] - sun[4], body[5] - sun[5]
    inverse = inverse_sqrt(x * x + y * y + z * z)
    ux, uy, uz = x * inverse, y * inverse, z * inverse
    along = ux * dx + uy * dy + uz * dz
    return Cones(
        (body[0], body[1], body[2]),
        (body[3], body[4], body[5]),
        (ux, uy, uz),
        ((dx - along * ux) * inverse, (dy - along * uy) * inverse, (dz - along * uz) * inverse),
        body_radius,
        (sun_radius + body_radius) * inverse,
        (sun_radius - body_radius) * inverse,
    )


@register_jitable
def clearance(path: Path, part: Any, shadow: Cones) -> tuple[Any, Any, Any]:
    """Measures of the distance from the borders of penumbra and umbra after a part of the step.

    Returns
    -------
    outer, inner : lanes
        Positive outside the cone, negative inside it, km^2; both positive before the terminator.
    behind : lanes
        Distance from the centre of the body along the axis, km.
    """
    x, y, z = place(path, part)
    cx, cy, cz = shadow.centre
    wx, wy, wz = shadow.centre_way
    ax, ay, az = shadow.axis
    bx, by, bz = shadow.axis_way
    x, y, z = x - (cx + part * wx), y - (cy + part * wy), z - (cz + part * wz)
    behind = x * (ax + part * bx) + y * (ay + part * by) + z * (az + part * bz)
    across2 = x * x + y * y + z * z - behind * behind
    outer_radius = shadow.rim + behind * shadow.outer_sine
    inner_radius = shadow.rim - behind * shadow.inner_sine
    # Before the terminator the cones mean nothing; outside the body the sum is positive there, and smooth.
    before = np.minimum(behind, 0.0)
    lifted = across2 + 2.0 * before * before
    outer = lifted - across2 * shadow.outer_sine * shadow.outer_sine - outer_radius * outer_radius
    inner = lifted - across2 * shadow.inner_sine * shadow.inner_sine - inner_radius * inner_radius
    return outer, inner, behind


@register_jitable
def _crossing(values: Any) -> int:
    """Number of the first sample beyond which the sign changes; `SAMPLES` if it does not."""
    for k in range(SAMPLES - 1):
        if values[k] * values[k + 1] <= 0.0:
            return k
    return SAMPLES


@register_jitable
def _dip(values: Any) -> tuple[int, float]:
    """Number of the first sample beside which the parabola through it and its neighbours dips through zero
    between them, and where its vertex is, in samples from there; `SAMPLES` if there is none."""
    for k in range(1, SAMPLES - 1):
        before, current, following = values[k - 1], values[k], values[k + 1]
        if before * current <= 0.0 or current * following <= 0.0:
            return SAMPLES, 0.0  # the sign changes before anything dips
        bend = following - 2.0 * current + before
        slope = 0.5 * (following - before)
        if bend * current > 0.0 and slope * slope > 2.0 * bend * current and abs(slope) < abs(bend):
            return k, -slope / bend
    return SAMPLES, 0.0


@register_jitable
def _bracket(values: Any) -> tuple[float, float]:
    """Parts of the step between which a border is met first; 2 and 2 if it is not."""
    first = _crossing(values)
    dip, offset = _dip(values)
    if dip < first:
        return _PARTS[dip - 1], _PARTS[dip] + offset * _SPACING
    if first < SAMPLES:
        return _PARTS[first], _PARTS[first + 1]
    return 2.0, 2.0


@register_jitable
def _measure(path: Path, shadow: Cones, low: float, way: float, parts: Any, outer: Any, inner: Any) -> None:
    """Write the measures of distance from both borders at `low + way * parts`."""
    for first in range(0, SAMPLES, LANES):
        here = clearance(path, low + way * load(parts, first), shadow)
        store(outer, first, here[0])
        store(inner, first, here[1])


@register_jitable
def first_edge(path: Path, shadow: Cones, work: Any) -> tuple[float, float, float]:
    """Look for the first border of a shadow on a step of one trajectory, the same in all lanes.

    Its samples fill the lanes. Where a border lies between two of them the stretch is sampled again, twice.

    Parameters
    ----------
    path : Path
    shadow : Cones
    work : pointer
        Work space, two rows of samples.

    Returns
    -------
    edge : float
        Part of the step after which it is met; more than 1 if there is none.
    light, partial : float
        Up to there: 1 in sunlight and 0 in the umbra; 1 where the Sun is covered in part, else 0.
    """
    outer, inner = work, beyond(work, _ROOM)
    _measure(path, shadow, 0.0, 1.0, pointer(_PARTS), outer, inner)
    light, partial = 1.0, 0.0
    if outer[0] < 0.0:
        _outer, _inner, behind = clearance(path, splat(_BEHIND), shadow)
        # Beyond the tip of the umbra the body leaves a ring of the Sun.
        tip = lane(behind * shadow.inner_sine, 0) >= shadow.rim
        if inner[0] < 0.0 and not tip:
            light = 0.0
        else:
            partial = 1.0
    low, high = _bracket(outer)
    inner_low, inner_high = _bracket(inner)
    # Of two borders between the same samples the outer one comes first out of the light.
    if inner_high < high or (inner_high == high and outer[0] < 0.0):
        low, high, values = inner_low, inner_high, inner
    else:
        values = outer
    if low > 1.0:
        return 2.0, light, partial
    for _ in range(2):
        way = (high - low) / (SAMPLES - 1)
        _measure(path, shadow, low, high - low, pointer(_EVENLY), outer, inner)
        k = _crossing(values)
        if k == SAMPLES:  # the dip does not reach the border
            return 2.0, light, partial
        low, high = low + k * way, low + (k + 1) * way
    return low + (high - low) * values[k] / (values[k] - values[k + 1]), light, partial


class Chords(NamedTuple):
    """Where a step is at its beginning, middle and end, and bounds of the ways between them, km."""

    begin: tuple[Any, Any, Any]
    middle: tuple[Any, Any, Any]
    end: tuple[Any, Any, Any]
    first: Any
    second: Any


@register_jitable
def _length(x: Any, y: Any, z: Any) -> Any:
    square = np.maximum(x * x + y * y + z * z, _TINY)
    return square * inverse_sqrt(square)


@register_jitable
def chords(path: Path) -> Chords:
    """Sum up a path."""
    x, y, z = path.x, path.y, path.z
    mx, my, mz = place(path, splat(0.5))
    fx, fy, fz = place(path, splat(1.0))
    # An arc of a radian is 4 per cent longer than its chord, and no step is a longer one.
    return Chords(
        (x, y, z),
        (mx, my, mz),
        (fx, fy, fz),
        1.06 * _length(mx - x, my - y, mz - z),
        1.06 * _length(fx - mx, fy - my, fz - mz),
    )


@register_jitable
def _depths(
    place: tuple[Any, Any, Any],
    centre: tuple[Any, Any, Any],
    axis: tuple[Any, Any, Any],
    rim: float,
    slope: Any,
) -> tuple[Any, Any]:
    """Distances from the penumbra and into the umbra, not too large; negative on the other side.

    `slope` is the sine of the half angle of the penumbra; the umbra narrows less than that.
    """
    x, y, z = place[0] - centre[0], place[1] - centre[1], place[2] - centre[2]
    behind = x * axis[0] + y * axis[1] + z * axis[2]
    across = _length(x - behind * axis[0], y - behind * axis[1], z - behind * axis[2])
    rise = rim * slope  # both cones touch the body a little beside the terminator
    lit = np.maximum(across - rim - rise - behind * slope, -behind - rise)
    dark = np.minimum(rim - rise - behind * slope - across, behind - rise)
    return lit, dark


@register_jitable
def certainly(
    at: Chords, h: Any, sun: Any, body: Any, sun_radius: float, body_radius: float, speed: float
) -> tuple[Any, Any]:
    """Masks of the lanes whose whole step is in full sun, and in full shadow.

    Distances from a cone change no faster than the place. So where those at both ends of a stretch exceed
    together the way between them, no place on it touches the cone.

    Parameters
    ----------
    at : Chords
    h : lanes
        Length of the step, s.
    sun, body : tuple of lanes
        Position at the start of the step: x, y, z, km.
    sun_radius, body_radius : float
        km.
    speed : float
        That the body does not exceed, relative to the centre, km/s.
    """
    x, y, z = body[0] - sun[0], body[1] - sun[1], body[2] - sun[2]
    inverse = inverse_sqrt(x * x + y * y + z * z)
    axis = x * inverse, y * inverse, z * inverse
    slope = (sun_radius + body_radius) * inverse
    mx, my, mz = at.middle
    whole = at.first + at.second
    # During the step the body moves, and the axis turns.
    time = abs(h)
    moves = speed * time
    turns = time * ((speed + _SPEED_OF_SUN) * inverse)
    # The sum of the coordinates is more than the distance, and spares a root.
    reach = abs(mx - body[0]) + abs(my - body[1]) + abs(mz - body[2]) + whole + moves
    shift = 2.0 * (moves + reach * turns)
    first, second = 1.01 * at.first + shift, 1.01 * at.second + shift
    lit1, dark1 = _depths(at.middle, body, axis, body_radius, slope)
    lit = lit1 > first + second
    dark = lit1 < -1e30
    if not all_lanes(lit):
        lit0, dark0 = _depths(at.begin, body, axis, body_radius, slope)
        lit2, dark2 = _depths(at.end, body, axis, body_radius, slope)
        lit = (lit0 + lit1 > first) & (lit1 + lit2 > second)
        dark = (dark0 + dark1 > first) & (dark1 + dark2 > second)
    return lit, dark
