"""Lambert's problem for batches: the conic between two places in a given time, less than one turn.

References
----------
.. [1] D. Izzo, "Revisiting Lambert's problem", Celest. Mech. Dyn. Astr. 121 (2015), 1: the variable x and
   equations 9 (flight time), 18 to 22 (derivatives, flight time near the parabola), 30 and 31 (first guess).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError

Array = NDArray[np.float64]

_PARABOLIC = 0.05
"""Distance of x from 1 inside which the flight time is summed as a series."""

_ITERATIONS = 40


def lambert(
    start_km: ArrayLike,
    end_km: ArrayLike,
    time_of_flight_s: ArrayLike,
    gm: float,
    long_way: ArrayLike = False,
) -> tuple[Array, Array]:
    """Velocities at the two ends of a conic.

    Parameters
    ----------
    start_km, end_km : array_like, shape (3, n) or (3,)
        Places about the attracting body, km.
    time_of_flight_s : float or array_like, shape (n,)
        Between them, s.
    gm : float
        Mass parameter, km^3/s^2.
    long_way : bool or array_like, shape (n,)
        Turn by more than half a revolution, the other way round.

    Returns
    -------
    start_velocity, end_velocity : numpy.ndarray, shape (3, n)
        km/s, along the axes of the places.

    Raises
    ------
    InputError
        Shapes that do not fit, a time that is not above zero, or places in line with the centre, between
        which the plane is open.
    """
    first, second, time, far = _checked(start_km, end_km, time_of_flight_s, long_way)
    r1, r2 = np.sqrt((first**2).sum(axis=0)), np.sqrt((second**2).sum(axis=0))
    chord = np.sqrt(((second - first) ** 2).sum(axis=0))
    half = 0.5 * (r1 + r2 + chord)
    size = np.where(far, -1.0, 1.0) * np.sqrt(1.0 - chord / half)
    normal = np.cross(first, second, axis=0)
    sine = np.sqrt((normal**2).sum(axis=0)) / (r1 * r2)
    line = np.flatnonzero(~(sine > 1e-10))
    if line.size:
        raise InputError(
            f"Lambert: the places of pair {line[0]} are in line with the centre, so that the plane between "
            "them is open; expected another direction"
        )
    normal = np.where(far, -1.0, 1.0) * normal / (r1 * r2 * sine)
    x = _solve(size, np.sqrt(2.0 * gm / half**3) * time)
    y = np.sqrt(1.0 - size**2 * (1.0 - x**2))
    scale, ratio = np.sqrt(0.5 * gm * half), (r1 - r2) / chord
    inward, outward = size * y - x, size * y + x
    transverse = scale * np.sqrt(np.maximum(1.0 - ratio**2, 0.0)) * (y + size * x)
    begin, finish = first / r1, second / r2
    return (
        scale * (inward - ratio * outward) / r1 * begin + transverse / r1 * np.cross(normal, begin, axis=0),
        -scale * (inward + ratio * outward) / r2 * finish
        + transverse / r2 * np.cross(normal, finish, axis=0),
    )


def _checked(
    start: ArrayLike, end: ArrayLike, time: ArrayLike, far: ArrayLike
) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    first, second = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    if first.shape[:1] != (3,) or second.shape[:1] != (3,) or first.ndim > 2 or second.ndim > 2:
        raise InputError(f"Lambert: expected places of shape (3, n); got {first.shape} and {second.shape}")
    times, ways = np.asarray(time, dtype=np.float64), np.asarray(far, dtype=np.bool_)
    try:
        shape = np.broadcast_shapes(first.reshape(3, -1).shape[1:], second.reshape(3, -1).shape[1:])
        shape = np.broadcast_shapes(shape, np.atleast_1d(times).shape, np.atleast_1d(ways).shape)
    except ValueError:
        raise InputError(
            f"Lambert: shapes do not fit: places {first.shape} and {second.shape}, times {times.shape}, "
            f"ways {ways.shape}"
        ) from None
    bad = np.flatnonzero(~(np.atleast_1d(times) > 0.0) | ~np.isfinite(np.atleast_1d(times)))
    if bad.size:
        raise InputError(
            f"Lambert: expected times of flight above zero; got {np.atleast_1d(times)[bad[0]]} s for pair "
            f"{bad[0]}"
        )
    return (
        np.broadcast_to(first.reshape(3, -1), (3, *shape)),
        np.broadcast_to(second.reshape(3, -1), (3, *shape)),
        np.broadcast_to(times, shape),
        np.broadcast_to(ways, shape),
    )


def _solve(size: Array, time: Array) -> Array:
    """Find x by Householder's iterations of third order."""
    ballistic = np.arccos(size) + size * np.sqrt(1.0 - size**2)
    parabolic = 2.0 / 3.0 * (1.0 - size**3)
    with np.errstate(invalid="ignore", divide="ignore"):
        x = np.where(
            time >= ballistic,
            (ballistic / time) ** (2.0 / 3.0) - 1.0,
            np.where(
                time < parabolic,
                2.5 * parabolic * (parabolic - time) / (time * (1.0 - size**5)) + 1.0,
                (ballistic / time) ** np.log2(parabolic / ballistic) - 1.0,
            ),
        )
    for _ in range(_ITERATIONS):
        value, d1, d2, d3 = _times(x, size)
        error = value - time
        step = error * (d1**2 - 0.5 * error * d2) / (d1 * (d1**2 - error * d2) + d3 * error**2 / 6.0)
        # Never beyond the radial ellipse of infinite time at x = -1.
        x = np.maximum(x - step, 0.5 * (x - 1.0))
        if (np.abs(step) <= 1e-13 * (1.0 + np.abs(x))).all():
            break
    return x


def _times(x: Array, size: Array) -> tuple[Array, Array, Array, Array]:
    """Flight time, without units, and its three derivatives by x."""
    y = np.sqrt(1.0 - size**2 * (1.0 - x**2))
    rest = 1.0 - x**2
    near = np.abs(x - 1.0) < _PARABOLIC
    safe = np.where(near, 0.5, rest)
    with np.errstate(invalid="ignore"):
        angle = np.where(
            rest > 0.0,
            np.arctan2((y - x * size) * np.sqrt(np.abs(rest)), x * y + size * rest),
            np.arcsinh((y - x * size) * np.sqrt(np.abs(rest))),
        )
    value = (angle / np.sqrt(np.abs(safe)) - x + size * y) / safe
    eta = y - size * x
    s1 = 0.5 * (1.0 - size - x * eta)
    value = np.where(
        near, 0.5 * (4.0 / 3.0 * eta**3 * _series(np.where(near, s1, 0.0)) + 4.0 * size * eta), value
    )
    first = (3.0 * value * x - 2.0 + 2.0 * size**3 * x / y) / safe
    second = (3.0 * value + 5.0 * x * first + 2.0 * (1.0 - size**2) * size**3 / y**3) / safe
    third = (7.0 * x * second + 8.0 * first - 6.0 * (1.0 - size**2) * size**5 * x / y**5) / safe
    # The quotients lose their digits at the parabola, where Newton's step with its slope serves.
    slope = -0.4 * (1.0 - size**5)
    return value, np.where(near, slope, first), np.where(near, 0.0, second), np.where(near, 0.0, third)


def _series(z: Array) -> Array:
    """Hypergeometric function 2F1(3, 1; 5/2; z) for |z| well below 1."""
    total, term = np.ones_like(z), np.ones_like(z)
    for k in range(60):
        term = term * (3.0 + k) / (2.5 + k) * z
        total = total + term
    return total
