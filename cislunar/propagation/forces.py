"""Forces on a spacecraft, each written once as arithmetic on coordinates.

Every function here takes floats, NumPy arrays or SIMD lanes (see `simd`) and returns the same kind; inside
compiled kernels it is compiled with the kernel. None branches on the state. Positions are km in ICRF axes
relative to the centre, accelerations km/s^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable


@register_jitable
def point_mass(x: Any, y: Any, z: Any, gm: Any) -> tuple[Any, Any, Any]:
    """Attraction of a point mass at the origin, `-gm r / |r|^3`."""
    r2 = x * x + y * y + z * z
    pull = -gm / (r2 * np.sqrt(r2))
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
    d2 = dx * dx + dy * dy + dz * dz
    pull = gm / (d2 * np.sqrt(d2))
    return pull * dx, pull * dy, pull * dz


@register_jitable
def rotate_forward(qw: Any, qx: Any, qy: Any, qz: Any, x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
    """Components in the rotated axes of a vector given in ICRF: `conj(q) v q`, `q` a unit quaternion."""
    tx = 2.0 * (qz * y - qy * z)
    ty = 2.0 * (qx * z - qz * x)
    tz = 2.0 * (qy * x - qx * y)
    return (
        x + qw * tx + (qz * ty - qy * tz),
        y + qw * ty + (qx * tz - qz * tx),
        z + qw * tz + (qy * tx - qx * ty),
    )


@register_jitable
def rotate_back(qw: Any, qx: Any, qy: Any, qz: Any, x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
    """Components in ICRF of a vector given in the rotated axes: `q v conj(q)`."""
    return rotate_forward(qw, -qx, -qy, -qz, x, y, z)
