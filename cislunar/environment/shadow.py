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

    # The chord through both crossing points lies `chord` from the Sun's centre and is 2 `half` long.
    safe = np.maximum(apart, 1e-9)
    chord = 0.5 * (safe * safe + sun * sun - body * body) / safe
    half = np.sqrt(np.maximum(sun * sun - chord * chord, 0.0))
    covered = sun * sun * arccos(chord / sun) + body * body * arccos((safe - chord) / body) - safe * half
    fraction = 1.0 - covered / (_PI * sun * sun)

    fraction = np.where(apart <= sun - body, 1.0 - (body * body) / (sun * sun), fraction)
    fraction = np.where(apart <= body - sun, 0.0, fraction)
    return np.where(apart >= sun + body, 1.0, fraction)
