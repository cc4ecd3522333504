"""The gravity turn with constant thrust-to-weight over flat ground, in closed form.

Thrust always opposes the velocity, gravity `g` and the thrust's acceleration `n g` are constant.  With `psi`
the angle of the velocity from the downward vertical and `z = tan(psi / 2)` the equations of motion integrate
to `V = C z^(n-1) (1 + z^2)`; time, height and range follow by quadrature in powers of `z`.  For n > 1 the
vehicle comes to rest upright.  The closed form is that of G. J. Culler and B. D. Fried, "Universal gravity
turn trajectories", J. Appl. Phys. 28, 672 (1957); for lunar landing see R. K. Cheng, "Lunar terminal
guidance", in C. T. Leondes and R. W. Vance (eds.), "Lunar Missions and Exploration" (1964), and C. R.
McInnes, "Nonlinear transformation methods for gravity-turn descent", J. Guid. Control Dyn. 19, 247 (1996).
The formulas below were derived from the equations of motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GravityTurn:
    """Gravity turns to rest, each from a speed and a direction.

    Attributes
    ----------
    delta_v_km_s : ndarray
        Integral of the thrust's acceleration.
    duration_s : ndarray
        Time to rest.
    height_km : ndarray
        Height lost, which is the height above the ground at which the turn must start.
    range_km : ndarray
        Distance flown over the ground.
    """

    delta_v_km_s: Array
    duration_s: Array
    height_km: Array
    range_km: Array


def gravity_turn(
    speed_km_s: ArrayLike,
    thrust_to_weight: ArrayLike,
    gravity_km_s2: ArrayLike,
    angle_from_vertical_rad: ArrayLike = np.pi / 2.0,
) -> GravityTurn:
    """Closed-form gravity turns from a speed to rest; vectorized.

    Parameters
    ----------
    speed_km_s : array_like
        Speed at the start.
    thrust_to_weight : array_like
        Thrust over local weight, constant and above 1.
    gravity_km_s2 : array_like
        Gravity, constant.
    angle_from_vertical_rad : array_like
        Angle of the velocity from the downward vertical at the start, 0 (falling) to pi / 2 (level).

    Returns
    -------
    GravityTurn
        From level flight the delta-v is `V n^2 / (n^2 - 1)` and the height `V^2 / (4 g (n^2 - 1))`.

    Raises
    ------
    InputError
        A thrust-to-weight of 1 or less never comes to rest; an angle out of range.
    """
    speed, ratio, gravity, angle = np.broadcast_arrays(
        *(
            np.asarray(value, dtype=np.float64)
            for value in (speed_km_s, thrust_to_weight, gravity_km_s2, angle_from_vertical_rad)
        )
    )
    if not (ratio > 1.0).all():
        raise InputError(
            f"gravity turn: expected a thrust-to-weight above 1; got {np.min(ratio):g}, which never comes "
            "to rest"
        )
    if not ((angle >= 0.0) & (angle <= np.pi / 2.0)).all():
        raise InputError(
            "gravity turn: expected velocities between straight down (0) and level (pi / 2), rad from the "
            "vertical"
        )
    z = np.tan(angle / 2.0)
    z2 = z * z
    # V = C z^(n-1) (1 + z^2): the powers of z that C would blow up at small angles are kept out of it.
    scale = speed / (1.0 + z2)
    duration = scale / gravity * (1.0 / (ratio - 1.0) + z2 / (ratio + 1.0))
    height = scale**2 / gravity * (0.5 / (ratio - 1.0) - 0.5 * z2 * z2 / (ratio + 1.0))
    distance = 2.0 * scale**2 / gravity * (z / (2.0 * ratio - 1.0) + z * z2 / (2.0 * ratio + 1.0))
    return GravityTurn(ratio * gravity * duration, duration, height, distance)
