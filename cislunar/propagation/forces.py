"""Forces on a spacecraft, each written once as arithmetic on coordinates.

Every function here takes floats, NumPy arrays or SIMD lanes (see `simd`) and returns the same kind; inside
compiled kernels it is compiled with the kernel. None branches on the state. Positions are km in ICRF axes
relative to the centre, accelerations km/s^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.simd import inverse_sqrt


@register_jitable
def point_mass(x: Any, y: Any, z: Any, gm: Any, inverse: Any) -> tuple[Any, Any, Any]:
    """Attraction of a point mass at the origin, `-gm r / |r|^3`; `inverse` is 1 over the distance."""
    pull = -gm * inverse * (inverse * inverse)
    return pull * x, pull * y, pull * z


@register_jitable
def attraction(x: Any, y: Any, z: Any, bx: Any, by: Any, bz: Any, gm: Any) -> tuple[Any, Any, Any]:
    """Attraction of a point mass at `b`, without the acceleration it gives the centre.

    The latter does not depend on the spacecraft; it is summed over the bodies when the environment is
    tabulated. Radiation pressure of a source at `b` is the same formula with a negative `gm`.
    """
    dx = bx - x
    dy = by - y
    dz = bz - z
    inverse = inverse_sqrt(dx * dx + dy * dy + dz * dz)
    pull = gm * inverse * (inverse * inverse)
    return pull * dx, pull * dy, pull * dz


@register_jitable
def axes(qw: Any, qx: Any, qy: Any, qz: Any) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any]:
    """Rows of the matrix that turns ICRF components into those along rotated axes, `v -> conj(q) v q`.

    `q` is a unit quaternion; its departure from one, the error of its interpolation, is not amplified.
    """
    x2, y2, z2 = qx + qx, qy + qy, qz + qz
    xx, yy, zz = qx * x2, qy * y2, qz * z2
    xy, yz, zx = qx * y2, qy * z2, qz * x2
    wx, wy, wz = qw * x2, qw * y2, qw * z2
    return (
        (1.0 - yy) - zz,
        xy + wz,
        zx - wy,
        xy - wz,
        (1.0 - zz) - xx,
        yz + wx,
        zx + wy,
        yz - wx,
        (1.0 - xx) - yy,
    )


@register_jitable
def solid_tide(x: Any, y: Any, z: Any, bx: Any, by: Any, bz: Any, strength: Any) -> tuple[Any, Any, Any]:
    """Attraction of the bulge of degree 2 that a body at `b` raises on the centre.

    The gradient of `strength P2(cos psi) / (|b|^3 r^3)`, see `tides`; `strength` is `k2 GM R^5` of the body.
    """
    r2 = x * x + y * y + z * z
    b2 = bx * bx + by * by + bz * bz
    along = x * bx + y * by + z * bz
    inverse_r2 = 1.0 / r2
    scale = 3.0 * strength * inverse_r2 * inverse_r2 / (np.sqrt(r2) * b2 * np.sqrt(b2))
    towards = scale * along / b2
    outwards = scale * (0.5 - 2.5 * along * along * inverse_r2 / b2)
    return towards * bx + outwards * x, towards * by + outwards * y, towards * bz + outwards * z


@register_jitable
def schwarzschild(
    x: Any, y: Any, z: Any, vx: Any, vy: Any, vz: Any, gm: Any, inverse_c2: Any
) -> tuple[Any, Any, Any]:
    """Relativistic correction of the central body, the Schwarzschild term in harmonic coordinates.

    First line of equation 10.12 of the IERS Conventions with beta = gamma = 1,
    `gm / (c^2 r^3) [(4 gm / r - v^2) r + 4 (r . v) v]` [1]_. Its size relative to the central attraction is
    about `3 gm / (c^2 r)`: 9e-11 in a low lunar orbit (1.3e-13 km/s^2, 2.5 cm in a day), 2e-9 in a low Earth
    orbit.

    References
    ----------
    .. [1] G. Petit, B. Luzum (eds.), "IERS Conventions (2010)", IERS Technical Note 36, section 10.3.
    """
    inverse_r = inverse_sqrt(x * x + y * y + z * z)
    v2 = vx * vx + vy * vy + vz * vz
    scale = gm * inverse_c2 * inverse_r * inverse_r * inverse_r
    along = scale * (4.0 * gm * inverse_r - v2)
    drag = 4.0 * scale * (x * vx + y * vy + z * vz)
    return along * x + drag * vx, along * y + drag * vy, along * z + drag * vz


@register_jitable
def rotating_three_body(x: Any, y: Any, z: Any, vx: Any, vy: Any, vz: Any, mu: Any) -> tuple[Any, Any, Any]:
    """Acceleration of the circular restricted three-body problem in the rotating frame, nondimensional.

    The primaries of mass `1 - mu` and `mu` rest at `x = -mu` and `x = 1 - mu`; the frame turns about z with
    rate 1 [1]_.

    References
    ----------
    .. [1] V. Szebehely, "Theory of Orbits: The Restricted Problem of Three Bodies" (1967), section 1.5.
    """
    to_large = x + mu
    to_small = x - 1.0 + mu
    across = y * y + z * z
    large = inverse_sqrt(to_large * to_large + across)
    small = inverse_sqrt(to_small * to_small + across)
    pull_large = (1.0 - mu) * large * large * large
    pull_small = mu * small * small * small
    pull = pull_large + pull_small
    return (
        x + 2.0 * vy - pull_large * to_large - pull_small * to_small,
        y - 2.0 * vx - pull * y,
        -pull * z,
    )
