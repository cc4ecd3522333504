"""Rotations of axes as unit quaternions (w, x, y, z): `v_new = conj(q) v_old q`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def product(first: Array, second: Array) -> Array:
    """Quaternion of one rotation of axes followed by another, shape (4, ...); both broadcast."""
    aw, ax, ay, az = first
    bw, bx, by, bz = second
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ]
    )


def of_matrix(matrix: Array) -> Array:
    """Quaternion, shape (4, ...), of a rotation by less than half a turn.

    Parameters
    ----------
    matrix : numpy.ndarray, shape (3, 3, ...)
        R with `v_new = R @ v_old`.
    """
    w = 0.5 * np.sqrt(1.0 + matrix[0, 0] + matrix[1, 1] + matrix[2, 2])
    scale = 0.25 / w
    return np.stack(
        [
            w,
            (matrix[1, 2] - matrix[2, 1]) * scale,
            (matrix[2, 0] - matrix[0, 2]) * scale,
            (matrix[0, 1] - matrix[1, 0]) * scale,
        ]
    )
