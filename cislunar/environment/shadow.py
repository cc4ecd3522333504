"""Sunlight and its loss: how much of the Sun's disc a spherical body leaves uncovered.

The discs of Sun and body are circles of their apparent angular radii, the angle between the centres apart:
full light, partial shadow (penumbra), annular shadow and full shadow (umbra) are cases of two overlapping
circles [1]_.  The Sun is a uniform disc, the body a sphere without atmosphere.

The functions take floats, NumPy arrays or SIMD lanes and select with masks, never with a branch on the state.

References
----------
.. [1] O. Montenbruck, E. Gill, "Satellite Orbits", 4th printing (2012), section 3.4.2, equations 3.85 to
   3.94.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba.extending import register_jitable

# Chebyshev economization on 0 <= t <= 1 of arccos(1 - t) / sqrt(2 t); the largest relative error is 2e-13.
_A0: Final = 0.9999999999998532
_A1: Final = 0.08333333338973187
_A2: Final = 0.018749996415625438
_A3: Final = 0.0055804465709157446
_A4: Final = 0.0018977120715215619
_A5: Final = 0.0007080875827254605
_A6: Final = 0.00022660726907812543
_A7: Final = 0.0002580055531723429
_A8: Final = -0.00029761042454498973
_A9: Final = 0.0005650124003269225
_A10: Final = -0.0005857326994321929
_A11: Final = 0.00042761031782340294
_A12: Final = -0.0001797053037921896
_A13: Final = 3.6971396386226254e-05

# The same of (a - sin a cos a) / (t sqrt(2 t)) with cos a = 1 - t; the largest relative error is 2e-13.
_S0: Final = 1.3333333333332265
_S1: Final = -0.19999999996479745
_S2: Final = -0.017857144782499987
_S3: Final = -0.0034721809836455453
_S4: Final = -0.0008882408844602674
_S5: Final = -0.0002599278443362607
_S6: Final = -9.793260936774573e-05
_S7: Final = 4.877739002040471e-06
_S8: Final = -7.496135179962948e-05
_S9: Final = 7.592491692776093e-05
_S10: Final = -6.608727289858507e-05
_S11: Final = 3.0304305255413055e-05
_S12: Final = -7.230060873553157e-06
_PI: Final = math.pi


@register_jitable
def arccos(x: Any) -> Any:
    """Arc cosine by square root and polynomial, within 1e-12 rad; beyond -1 and 1 as at -1 and 1."""
    t = 1.0 - np.minimum(abs(x), 1.0)
    p = _A13
    p = p * t + _A12
    p = p * t + _A11
    p = p * t + _A10
    p = p * t + _A9
    p = p * t + _A8
    p = p * t + _A7
    p = p * t + _A6
    p = p * t + _A5
    p = p * t + _A4
    p = p * t + _A3
    p = p * t + _A2
    p = p * t + _A1
    p = p * t + _A0
    angle = np.sqrt(2.0 * t) * p
    return np.where(x < 0.0, _PI - angle, angle)


@register_jitable
def segment(x: Any) -> Any:
    """Area that a chord at the distance `x` from the centre cuts off a circle of radius 1.

    `arccos(x) - x sqrt(1 - x^2)` written so that neither it nor its derivative is a difference of large
    numbers where the chord is short; beyond -1 and 1 as at -1 and 1.
    """
    t = 1.0 - np.minimum(abs(x), 1.0)
    p = _S12
    p = p * t + _S11
    p = p * t + _S10
    p = p * t + _S9
    p = p * t + _S8
    p = p * t + _S7
    p = p * t + _S6
    p = p * t + _S5
    p = p * t + _S4
    p = p * t + _S3
    p = p * t + _S2
    p = p * t + _S1
    p = p * t + _S0
    area = t * np.sqrt(2.0 * t) * p
    return np.where(x < 0.0, _PI - area, area)


@register_jitable
def penumbra(
    sun_x: Any,
    sun_y: Any,
    sun_z: Any,
    body_x: Any,
    body_y: Any,
    body_z: Any,
    sun_radius: Any,
    body_radius: Any,
) -> tuple[Any, Any]:
    """Measure of the distance from the middle of the penumbra, and half its width there.

    With the angular radii `a` of the Sun and `b` of the body and `c` between their centres, `c = b + a` and
    `c = b - a` are `s . o = sqrt((s^2 - R_sun^2) (o^2 - R_body^2)) -+ R_sun R_body`: one root, no angles.

    Parameters
    ----------
    sun_x, sun_y, sun_z, body_x, body_y, body_z, sun_radius, body_radius
        As for `sunlit_fraction`.

    Returns
    -------
    middle, width : float, array or lanes
        km^2. Full sun is where the first exceeds the second, umbra (or annular shadow) where it is below
        minus the second; inside the body the rim of its disc is taken to be 90 degrees from its centre.
    """
    s2 = sun_x * sun_x + sun_y * sun_y + sun_z * sun_z
    o2 = body_x * body_x + body_y * body_y + body_z * body_z
    rim = np.sqrt((s2 - sun_radius * sun_radius) * np.maximum(o2 - body_radius * body_radius, 0.0))
    return rim - (sun_x * body_x + sun_y * body_y + sun_z * body_z), sun_radius * body_radius


@register_jitable
def uncovered(sun: Any, body: Any, apart: Any) -> Any:
    """Fraction of a disc of the angular radius `sun` that another of the radius `body` leaves uncovered.

    `apart` is the angle between their centres, rad; the discs are taken to be flat.
    """
    # The chord through both crossing points lies `chord` from the Sun's centre: the lens between the discs
    # is a segment of each.
    per_sun = 1.0 / sun
    ratio = body * per_sun
    safe = np.maximum(apart, 1e-9)
    chord = 0.5 * (safe + (sun - body) * (sun + body) / safe)
    covered = segment(chord * per_sun) + ratio * ratio * segment((safe - chord) / body)
    fraction = 1.0 - covered * (1.0 / _PI)

    fraction = np.where(apart <= sun - body, 1.0 - ratio * ratio, fraction)
    fraction = np.where(apart <= body - sun, 0.0, fraction)
    return np.where(apart >= sun + body, 1.0, fraction)


@register_jitable
def sunlit_fraction(
    sun_x: Any,
    sun_y: Any,
    sun_z: Any,
    body_x: Any,
    body_y: Any,
    body_z: Any,
    sun_radius: Any,
    body_radius: Any,
) -> Any:
    """Fraction of the Sun's disc that a spherical body leaves uncovered.

    Parameters
    ----------
    sun_x, sun_y, sun_z : float, array or lanes
        Sun from the spacecraft, km.
    body_x, body_y, body_z : float, array or lanes
        Centre of the occulting body from the spacecraft, km, in the same axes.
    sun_radius, body_radius : float
        Radii, km.

    Returns
    -------
    float, array or lanes
        1 in full light, 0 in the umbra, between them in the penumbra and in annular shadow, within 1e-9.  The
        body is taken to be nearer than the Sun; inside the body half the sky is covered.
    """
    sun_distance = np.sqrt(sun_x * sun_x + sun_y * sun_y + sun_z * sun_z)
    body_distance = np.sqrt(body_x * body_x + body_y * body_y + body_z * body_z)
    cosine = (sun_x * body_x + sun_y * body_y + sun_z * body_z) / (sun_distance * body_distance)
    sun = 0.5 * _PI - arccos(sun_radius / sun_distance)
    body = 0.5 * _PI - arccos(body_radius / body_distance)
    apart = arccos(cosine)

    return uncovered(sun, body, apart)
