"""Arrivals at the Moon that meet their conditions exactly, and the search for those that began on Earth.

A transfer is flown backwards from a periapsis at the Moon. Its radius, the inclination (or the angle in the
B-plane) and the epoch are then met by construction, and two transfers that pass on different sides of the
Moon never turn into each other; what is sought are the three numbers that are left of the arrival, such that
the flight began at the perigee wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits.frames import canonical_frame
from cislunar.transfers.bplane import target_axes

Array = NDArray[np.float64]

BRANCHES = ("north", "south", "cheaper")


@dataclass(frozen=True)
class ArrivalTarget:
    """What holds at the periapsis at the Moon.

    For direct transfers and free returns; low-energy searches take a `lunar_arrival.LunarArrival`.

    Attributes
    ----------
    periapsis_altitude_km : float
        Above the 1737.4 km sphere.
    inclination_rad : float, optional
        Of the arrival's plane to the xy plane of `frame`, frozen at arrival; above pi / 2 it is retrograde.
    branch : {"north", "south", "cheaper"}
        Which of the two planes of this inclination: the one whose asymptote passes north of the Moon, or
        south, as the frame's z axis has it. The cheaper one takes less injection and periapsis speed.
    frame : str
        Frame of the inclination and of the B-plane's reference axis, its z axis: `moon-me`, for example.
    bplane_angle_rad : float, optional
        In place of the inclination: angle of the aim point in the B-plane, from T towards R (`bplane`).

    Raises
    ------
    InputError
        An altitude at or below zero, both or neither of inclination and angle, or an unknown word.
    """

    periapsis_altitude_km: float
    inclination_rad: float | None = None
    branch: str = "cheaper"
    frame: str = "moon-me"
    bplane_angle_rad: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0.0 < self.periapsis_altitude_km <= 50_000.0:
            raise InputError(
                f"arrival: expected a periapsis altitude of 0 to 50000 km above the {MOON_RADIUS_KM} km "
                f"sphere of the Moon; got {self.periapsis_altitude_km} km"
            )
        if (self.inclination_rad is None) == (self.bplane_angle_rad is None):
            raise InputError("arrival: expected an inclination or a B-plane angle, one of the two")
        if self.inclination_rad is not None and not 0.0 <= self.inclination_rad <= np.pi:
            raise InputError(f"arrival: expected an inclination of 0 to pi rad; got {self.inclination_rad}")
        if self.branch not in BRANCHES:
            raise InputError(f"branch: expected one of {', '.join(BRANCHES)}; got {self.branch!r}")
        canonical_frame(self.frame)

    @property
    def periapsis_radius_km(self) -> float:
        """Distance of the periapsis from the centre of the Moon, km."""
        return MOON_RADIUS_KM + self.periapsis_altitude_km


@dataclass(frozen=True)
class Arrivals:
    """Periapsis states of n arrivals as functions of three numbers each.

    The numbers are node and argument of the periapsis (rad) and speed there (km/s) where the inclination is
    given; longitude and declination of the asymptote and the speed where the B-plane angle is.

    Attributes
    ----------
    rotation : numpy.ndarray, shape (3, 3, n)
        From the frame of the target to ICRF, at arrival.
    radius_km : numpy.ndarray, shape (n,)
        Of the periapsis.
    angle_rad : numpy.ndarray, shape (n,)
        Inclination or B-plane angle.
    by_bplane : bool
        Which of the two it is.
    gm : float
        Of the Moon, km^3/s^2.
    """

    rotation: Array
    radius_km: Array
    angle_rad: Array
    by_bplane: bool
    gm: float

    def select(self, chosen: NDArray[Any]) -> Arrivals:
        """Give some of the arrivals."""
        return Arrivals(
            self.rotation[:, :, chosen],
            self.radius_km[chosen],
            self.angle_rad[chosen],
            self.by_bplane,
            self.gm,
        )

    def states(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """States (6, n) about the Moon, ICRF axes, for numbers (3, n); complex steps pass through."""
        p_hat, q_hat = self._axes_by_bplane(numbers) if self.by_bplane else self._axes(numbers)
        local = np.stack([p_hat * self.radius_km, q_hat * numbers[2]])
        return np.einsum("ijn,kjn->kin", self.rotation, local).reshape(6, -1)

    def _axes(self, numbers: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        node, argument, inclination = numbers[0], numbers[1], self.angle_rad
        co, so, cw, sw = np.cos(node), np.sin(node), np.cos(argument), np.sin(argument)
        ci, si = np.cos(inclination), np.sin(inclination)
        p_hat = np.stack([co * cw - so * sw * ci, so * cw + co * sw * ci, sw * si])
        q_hat = np.stack([-co * sw - so * cw * ci, -so * sw + co * cw * ci, cw * si])
        return p_hat, q_hat

    def _axes_by_bplane(self, numbers: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        longitude, declination, speed = numbers
        asymptote = np.stack(
            [
                np.cos(declination) * np.cos(longitude),
                np.cos(declination) * np.sin(longitude),
                np.sin(declination),
            ]
        )
        pole = np.zeros((3, speed.size))
        pole[2] = 1.0
        t_axis, r_axis = target_axes(asymptote, pole)
        aim = np.cos(self.angle_rad) * t_axis + np.sin(self.angle_rad) * r_axis
        cosine = 1.0 / (self.radius_km * speed * speed / self.gm - 1.0)
        sine = np.sqrt(1.0 - cosine * cosine)
        return cosine * asymptote + sine * aim, sine * asymptote - cosine * aim

    def numbers(
        self, asymptote: Array, v_infinity_km_s: Array, north: NDArray[np.bool_]
    ) -> tuple[Array, Array]:
        """Numbers (3, n) of arrivals along given asymptotes, and by how much the inclination is out of reach.

        Parameters
        ----------
        asymptote : numpy.ndarray, shape (3, n)
            Unit vectors, ICRF axes.
        v_infinity_km_s : numpy.ndarray, shape (n,)
        north : numpy.ndarray, shape (n,), bool
            Side of the Moon on which the asymptote passes; not used where the B-plane angle is given.

        Returns
        -------
        numbers : numpy.ndarray, shape (3, n)
        short_rad : numpy.ndarray, shape (n,)
            Declination of the asymptote beyond the inclination; not above zero for what can be met. Numbers
            of an arrival that cannot are those of the nearest plane.
        """
        local = np.einsum("jin,jn->in", self.rotation, asymptote)
        speed = np.sqrt(v_infinity_km_s**2 + 2.0 * self.gm / self.radius_km)
        declination = np.arcsin(np.clip(local[2], -1.0, 1.0))
        if self.by_bplane:
            return np.stack([np.arctan2(local[1], local[0]), declination, speed]), np.zeros(speed.size)
        short = np.abs(declination) - np.minimum(self.angle_rad, np.pi - self.angle_rad)
        normal = plane_through(local, np.eye(3)[:, 2:] + np.zeros_like(local), self.angle_rad, ~north)
        aim = np.cross(local, normal, axis=0)
        cosine = 1.0 / (1.0 + self.radius_km * v_infinity_km_s**2 / self.gm)
        p_hat = cosine * local + np.sqrt(1.0 - cosine**2) * aim
        node = np.arctan2(normal[0], -normal[1])
        along = np.stack([np.cos(node), np.sin(node), np.zeros_like(node)])
        across = np.cross(normal, along, axis=0)
        argument = np.arctan2((p_hat * across).sum(axis=0), (p_hat * along).sum(axis=0))
        return np.stack([node, argument, speed]), short


def plane_through(
    direction: Array, pole: Array, inclination_rad: ArrayLike, rising: NDArray[np.bool_]
) -> Array:
    """Normals of the planes through a direction with an inclination to the plane normal to a pole.

    Parameters
    ----------
    direction, pole : numpy.ndarray, shape (3, n)
        Unit vectors.
    inclination_rad : float or array_like, shape (n,)
        If it is less than the direction's declination, the nearest plane is given.
    rising : numpy.ndarray, shape (n,), bool
        Whether motion about the normal goes towards the pole in that direction.

    Returns
    -------
    numpy.ndarray, shape (3, n)
    """
    t_axis, r_axis = target_axes(direction, pole)
    cosine = np.sqrt(np.maximum(1.0 - (direction * pole).sum(axis=0) ** 2, 1e-30))
    sine_phi = np.clip(np.cos(inclination_rad) / cosine, -1.0, 1.0)
    cosine_phi = np.where(rising, 1.0, -1.0) * np.sqrt(1.0 - sine_phi**2)
    return np.asarray(cosine_phi * t_axis - sine_phi * r_axis)


@dataclass(frozen=True)
class Shooter:
    """Residuals of n flights as functions of a few numbers each.

    Attributes
    ----------
    residuals : callable
        `(numbers (k, m), members (m,)) -> (k, m)`, scaled so that 1 is the tolerance.
    derivatives : callable
        Same arguments; residuals (k, m) and their derivatives (k, k, m). May belong to a simpler model.
    longest : numpy.ndarray, shape (k,)
        Greatest change of each number in one iteration.
    """

    residuals: Callable[[Array, NDArray[np.int64]], Array]
    derivatives: Callable[[Array, NDArray[np.int64]], tuple[Array, Array]]
    longest: Array


def solve(
    shooter: Shooter, numbers: Array, near: float = 3e4, newton: int = 14, chord: int = 12
) -> tuple[Array, Array]:
    """Solve all members at once: Newton's method at first, then with derivatives kept and updated.

    Parameters
    ----------
    shooter : Shooter
    numbers : numpy.ndarray, shape (k, n)
        First guesses.
    near : float
        Largest residual, in tolerances, from which the derivatives need not be computed again.
    newton, chord : int
        Most iterations of the two kinds.

    Returns
    -------
    numbers : numpy.ndarray, shape (k, n)
    residual : numpy.ndarray, shape (n,)
        Largest residual of each, in tolerances; NaN where the flight failed. At most 1 is solved.

    References
    ----------
    .. [1] C. G. Broyden, "A class of methods for solving nonlinear simultaneous equations", Math. Comput. 19
       (1965), 577, for the updates.
    """
    x = numbers.copy()
    k, n = x.shape
    worst = np.full(n, np.nan)
    slopes = np.zeros((k, k, n))
    active = np.arange(n)
    for _ in range(newton):
        if not active.size:
            break
        f, slope = shooter.derivatives(x[:, active], active)
        size = np.abs(f).max(axis=0)
        good = np.isfinite(size) & np.isfinite(slope).all(axis=(0, 1))
        worst[active] = np.where(good, size, np.nan)
        active, f, slope, size = active[good], f[:, good], slope[:, :, good], size[good]
        slopes[:, :, active] = slope
        x[:, active] += _step(slope, f, shooter.longest)
        active = active[size > near]
    active = np.flatnonzero(np.isfinite(worst) & (worst <= near))
    f = np.zeros((k, 0))
    before = np.zeros((k, 0))
    for iteration in range(chord):
        if not active.size:
            break
        now = shooter.residuals(x[:, active], active)
        worst[active] = np.abs(now).max(axis=0)
        if iteration:
            change = x[:, active] - before
            slope = slopes[:, :, active]
            error = now - f - np.einsum("ijn,jn->in", slope, change)
            length = np.maximum((change**2).sum(axis=0), 1e-300)
            slopes[:, :, active] += error[:, None] * change[None] / length
        going = np.isfinite(worst[active]) & (worst[active] > 1.0)
        active, f = active[going], now[:, going]
        before = x[:, active].copy()
        if iteration + 1 < chord:
            x[:, active] += _step(slopes[:, :, active], f, shooter.longest)
    return x, worst


def _step(slope: Array, f: Array, longest: Array) -> Array:
    """Newton's step, shortened as a whole to the longest allowed; zero where the slope is singular."""
    matrices, columns = np.moveaxis(slope, 2, 0), -f.T[:, :, None]
    determinant = np.linalg.det(matrices)
    regular = np.isfinite(determinant) & (determinant != 0.0)
    step = np.zeros_like(f)
    step[:, regular] = np.linalg.solve(matrices[regular], columns[regular])[:, :, 0].T
    too_long = np.abs(step / longest[:, None]).max(axis=0, initial=1.0)
    return np.asarray(step / too_long)
