"""The plane through a body's centre, normal to an arriving hyperbola's asymptote: where one aims at.

`S` points along the incoming asymptote, the way the spacecraft moves. `T` is normal to it and to a named
reference axis `N`, `T = S x N / |S x N|`, and `R = S x T` completes the frame: with the pole as reference,
`T` lies in the equator and `R` points away from the pole. `B` leads from the centre to the asymptote.

References
----------
.. [1] W. Kizner, "A method of describing miss distances for lunar and interplanetary trajectories", Planet.
   Space Sci. 7 (1961), 125.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.environment import Environment
from cislunar.errors import InputError
from cislunar.orbits.frames import frame_to_icrf

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BPlane:
    """Aim points of n arrivals.

    Attributes
    ----------
    b_t_km, b_r_km : numpy.ndarray, shape (n,)
        Components of the aim point along T and R, km.
    angle_rad : numpy.ndarray, shape (n,)
        From T to B, towards R, -pi to pi.
    v_infinity_km_s : numpy.ndarray, shape (n,)
        Speed on the asymptote.
    asymptote : numpy.ndarray, shape (3, n)
        S, ICRF axes.
    declination_rad : numpy.ndarray, shape (n,)
        Of S above the plane normal to the reference axis; the smallest inclination an arrival can have.
    reference : str
        Frame whose z axis is the reference axis.
    """

    b_t_km: Array
    b_r_km: Array
    angle_rad: Array
    v_infinity_km_s: Array
    asymptote: Array
    declination_rad: Array
    reference: str

    @property
    def b_km(self) -> Array:
        """Distance of the asymptote from the centre, km."""
        return np.hypot(self.b_t_km, self.b_r_km)


def b_plane(
    state: ArrayLike,
    gm: float,
    tdb: ArrayLike,
    reference: str = "moon-me",
    environment: Environment | None = None,
) -> BPlane:
    """Aim points of arriving hyperbolas.

    Parameters
    ----------
    state : array_like, shape (6, n)
        States about the body, anywhere on the two-body hyperbola, km and km/s, ICRF axes.
    gm : float
        Mass parameter of the body, km^3/s^2.
    tdb : array_like, shape (n,)
        Epoch at which the reference frame is frozen, seconds past J2000 TDB.
    reference : str
        Frame whose z axis is the reference axis: `moon-me` (the Moon's equator), `moon-op` (its orbit
        plane), `icrf` and the others of `cislunar.orbits.frames`.
    environment : Environment, optional
        Tables; the packaged ones when left out.

    Returns
    -------
    BPlane

    Raises
    ------
    InputError
        An orbit that is not a hyperbola, or an unknown frame.
    """
    states = np.asarray(state, dtype=np.float64).reshape(6, -1)
    epochs = np.broadcast_to(np.asarray(tdb, dtype=np.float64), states.shape[1:])
    position, velocity = states[:3], states[3:]
    r = np.sqrt((position**2).sum(axis=0))
    energy = 0.5 * (velocity**2).sum(axis=0) - gm / r
    bound = np.flatnonzero(~(energy > 0.0))
    if bound.size:
        raise InputError(
            f"B-plane: arrival {bound[0]} is no hyperbola: its energy is {energy[bound[0]]:.6g} km^2/s^2; "
            "expected more than 0"
        )
    momentum = np.cross(position, velocity, axis=0)
    to_periapsis = np.cross(velocity, momentum, axis=0) / gm - position / r
    e = np.sqrt((to_periapsis**2).sum(axis=0))
    p_hat = to_periapsis / e
    q_hat = np.cross(momentum / np.sqrt((momentum**2).sum(axis=0)), p_hat, axis=0)
    sine = np.sqrt(1.0 - 1.0 / e**2)
    asymptote = p_hat / e + sine * q_hat
    aim = (sine * p_hat - q_hat / e) * (gm / (2.0 * energy) * np.sqrt(e**2 - 1.0))
    pole = frame_to_icrf(reference, epochs, environment)[:, 2]
    t_axis, r_axis = target_axes(asymptote, pole)
    b_t, b_r = (aim * t_axis).sum(axis=0), (aim * r_axis).sum(axis=0)
    return BPlane(
        b_t,
        b_r,
        np.arctan2(b_r, b_t),
        np.sqrt(2.0 * energy),
        asymptote,
        np.arcsin(np.clip((asymptote * pole).sum(axis=0), -1.0, 1.0)),
        reference,
    )


def target_axes(asymptote: Array, pole: Array) -> tuple[Array, Array]:
    """Axes T and R, each (3, n), of asymptotes and reference axes (3, n); complex steps pass through."""
    t_axis = np.stack(
        [
            asymptote[1] * pole[2] - asymptote[2] * pole[1],
            asymptote[2] * pole[0] - asymptote[0] * pole[2],
            asymptote[0] * pole[1] - asymptote[1] * pole[0],
        ]
    )
    t_axis = t_axis / np.sqrt((t_axis**2).sum(axis=0))
    return t_axis, np.cross(asymptote, t_axis, axis=0)
