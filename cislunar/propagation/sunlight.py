"""Sunlight on lanes: full sun and umbra decided by comparison, the penumbra formula only where it is needed.

Seen from the spacecraft the Sun has the angular radius `a`, the body `b`, and `c` lies between their
centres. Full sun is `c > a + b`, umbra `c < b - a`. With `sin a = R_sun / |s|` and so on both become
comparisons of `s . o -+ R_sun R_body` with `sqrt((s^2 - R_sun^2)(o^2 - R_body^2))`: one square root, no
angles. What lies between is evaluated only if some lane is there, and selected lane by lane: no lane's result
depends on its neighbours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from cislunar.environment.shadow import arccos, uncovered
from cislunar.propagation.simd import any_lane, apart, inverse_sqrt, splat


@register_jitable
def disc_in_view(
    sx: Any, sy: Any, sz: Any, ox: Any, oy: Any, oz: Any, sun_radius: float, body_radius: float
) -> Any:
    """`cislunar.environment.shadow.sunlit_fraction` for lanes, without its divisions.

    The series of the arc sine leaves 1e-11 of the Sun's angular radius at a tenth of an astronomical unit.
    """
    per_sun = inverse_sqrt(sx * sx + sy * sy + sz * sz)
    per_body = inverse_sqrt(ox * ox + oy * oy + oz * oz)
    sine = sun_radius * per_sun
    sine2 = sine * sine
    sun = sine * (1.0 + sine2 * (1.0 / 6.0 + sine2 * (3.0 / 40.0 + sine2 * (15.0 / 336.0))))
    body = 0.5 * np.pi - arccos(body_radius * per_body)
    return uncovered(sun, body, arccos((sx * ox + sy * oy + sz * oz) * (per_sun * per_body)))


@register_jitable
def sunlight(
    sx: Any, sy: Any, sz: Any, ox: Any, oy: Any, oz: Any, sun_radius: float, body_radius: float
) -> Any:
    """Fraction of the solar disc in view, for lanes.

    Parameters
    ----------
    sx, sy, sz : lanes
        Sun relative to the spacecraft, km.
    ox, oy, oz : lanes
        Occulting body relative to the spacecraft, km.
    sun_radius, body_radius : float
        km.
    """
    dot = sx * ox + sy * oy + sz * oz
    product = sun_radius * body_radius
    light = splat(1.0)
    if any_lane(dot + product > 0.0):  # a body more than 90 degrees away from the Sun covers nothing
        s2 = sx * sx + sy * sy + sz * sz
        o2 = ox * ox + oy * oy + oz * oz
        rim = np.sqrt((s2 - sun_radius * sun_radius) * np.maximum(o2 - body_radius * body_radius, 0.0))
        full = (dot + product <= 0.0) | (dot + product < rim)
        umbra = (dot - product > rim) & (body_radius * body_radius * s2 > sun_radius * sun_radius * o2)
        light = np.where(umbra, splat(0.0), light)
        if any_lane(~(full | umbra)):
            partial = apart(disc_in_view, (sx, sy, sz, ox, oy, oz, sun_radius, body_radius))
            light = np.where(full | umbra, light, partial)
    return light
