"""A powered descent as flown: time series and what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.landing.problem import Ground, Vertical

if TYPE_CHECKING:
    from cislunar.vehicles.engine import Engine

Array = NDArray[np.float64]

_VERTICAL_POINTS = 12


@dataclass(frozen=True, eq=False)
class Descent:
    """A powered descent, or why there is none.

    Arrays run from ignition to touchdown, shape (k,), empty if none was found; site axes (`problem`) are
    fixed to the Moon.

    Attributes
    ----------
    status : str
        "ok", "thrust", "propellant" or "not converged".
    message : str
        Why not, and by how much; for "ok" empty, or what to know about the vertical phase.
    time_s : ndarray, shape (k,)
        From ignition.
    position_km : ndarray, shape (3, k)
        From the Moon's centre.
    velocity_km_s : ndarray, shape (3, k)
        Over the ground.
    thrust_n : ndarray, shape (k,)
        In the vertical phase the weight, as a mean over pulses where the engine cannot be throttled so low.
    direction : ndarray, shape (3, k)
        Unit vector of the thrust.
    mass_kg : ndarray, shape (k,)
    phase : ndarray of str, shape (k,)
        "braking", "approach", "vertical".
    delta_v_km_s, propellant_kg : float
        Of the whole powered descent; NaN if none was found.
    ideal_km_s : float
        What removing the speed at once on the ground would cost; the rest of the delta-v is loss.
    thrust_to_weight, thrust_to_weight_landed : float
        Full thrust over lunar weight at the site, at ignition and at touchdown; the second of a descent that
        was not found is that after an impulsive one.
    hover_duty : float
        Weight over full thrust in the vertical phase, at its start.
    dry_mass_kg : float
    ground : Ground
    """

    status: str
    message: str
    time_s: Array
    position_km: Array
    velocity_km_s: Array
    thrust_n: Array
    direction: Array
    mass_kg: Array
    phase: NDArray[np.str_]
    delta_v_km_s: float
    propellant_kg: float
    ideal_km_s: float
    thrust_to_weight: float
    thrust_to_weight_landed: float
    hover_duty: float
    dry_mass_kg: float
    ground: Ground

    @property
    def ok(self) -> bool:
        """Whether the descent can be flown with the propellant aboard."""
        return self.status == "ok"

    @property
    def found(self) -> bool:
        """Whether there are time series: also of a descent that lacks propellant."""
        return self.time_s.size > 0

    @property
    def loss_km_s(self) -> float:
        """Gravity and steering loss: delta-v above the ideal, km/s."""
        return self.delta_v_km_s - self.ideal_km_s

    @property
    def radius_km(self) -> Array:
        """Distance from the Moon's centre, km."""
        return np.asarray(np.linalg.norm(self.position_km, axis=0))

    @property
    def height_km(self) -> Array:
        """Height above the site, km."""
        return self.radius_km - self.ground.radius_km

    @property
    def altitude_km(self) -> Array:
        """Height above the sphere of 1737.4 km, km."""
        return self.radius_km - MOON_RADIUS_KM

    @property
    def up(self) -> Array:
        """Local vertical, shape (3, k)."""
        return self.position_km / self.radius_km

    @property
    def downrange_km(self) -> Array:
        """Distance over the ground still to go along the flight, as an arc at the site's radius, km."""
        return -self.ground.radius_km * np.arctan2(self.position_km[1], self.position_km[0])

    @property
    def cross_range_km(self) -> Array:
        """Distance to the left of the vertical plane of flight through the site, km."""
        return self.ground.radius_km * np.arcsin(self.up[2])

    @property
    def vertical_speed_km_s(self) -> Array:
        """Rate of climb, km/s; negative on the way down."""
        return np.asarray(np.sum(self.velocity_km_s * self.up, axis=0))

    @property
    def horizontal_speed_km_s(self) -> Array:
        """Speed over the ground along the local horizontal, km/s."""
        return np.asarray(np.linalg.norm(self.velocity_km_s - self.vertical_speed_km_s * self.up, axis=0))

    @property
    def pitch_rad(self) -> Array:
        """Angle of the thrust above the local horizontal, rad: pi / 2 is upright."""
        return np.arcsin(np.clip(np.sum(self.direction * self.up, axis=0), -1.0, 1.0))

    def at(self, time_s: ArrayLike) -> Array:
        """Position and velocity over the ground, site axes, at times since ignition.

        Parameters
        ----------
        time_s : array_like, shape (m,)
            From 0 to the last of `time_s`.

        Returns
        -------
        ndarray, shape (6, m)
            km and km/s: cubic Hermite interpolation between the points of the solution.

        Raises
        ------
        InputError
            There is no descent, or a time lies outside it.
        """
        from scipy.interpolate import CubicHermiteSpline

        times = np.asarray(time_s, dtype=np.float64)
        if not self.found:
            raise InputError(f"there is no descent to evaluate: {self.message}")
        if not ((times >= -1e-6) & (times <= self.time_s[-1] + 1e-6)).all():
            raise InputError(
                f"expected times from 0 to {self.time_s[-1]:.3f} s after ignition; got "
                f"{np.min(times):g} to {np.max(times):g} s"
            )
        keep = np.concatenate([[True], np.diff(self.time_s) > 0.0])
        path = CubicHermiteSpline(
            self.time_s[keep], self.position_km[:, keep], self.velocity_km_s[:, keep], axis=1
        )
        return np.concatenate([path(times), path(times, 1)])

    @classmethod
    def failed(
        cls,
        status: str,
        message: str,
        engine: Engine,
        mass_kg: float,
        dry_mass_kg: float,
        ground: Ground,
        ideal_km_s: float,
    ) -> Descent:
        """Build the record of a descent that was not found."""
        weight = mass_kg * ground.gravity_km_s2 * 1000.0
        landed = weight * math.exp(-ideal_km_s / engine.exhaust_speed_km_s)
        nothing, vectors = np.zeros(0), np.zeros((3, 0))
        return cls(
            status,
            message,
            nothing,
            vectors,
            vectors,
            nothing,
            vectors,
            nothing,
            np.zeros(0, dtype=np.str_),
            math.nan,
            math.nan,
            ideal_km_s,
            engine.full_thrust_n / weight,
            engine.full_thrust_n / landed,
            landed / engine.full_thrust_n,
            dry_mass_kg,
            ground,
        )

    @classmethod
    def flown(
        cls,
        time_s: Array,
        states: Array,
        thrust_n: Array,
        direction: Array,
        phase: NDArray[np.str_],
        engine: Engine,
        dry_mass_kg: float,
        ground: Ground,
        vertical: Vertical,
        ideal_km_s: float,
    ) -> Descent:
        """Build a descent from its powered phases, shape (7, k) of states, and add the vertical one."""
        gravity, exhaust = ground.gravity_km_s2, engine.exhaust_speed_km_s
        mass = states[6]
        position, velocity = states[:3], states[3:6]
        hover_weight = mass[-1] * gravity * 1000.0
        message = _hover_message(engine, hover_weight) if vertical.duration_s > 0.0 else ""
        if vertical.duration_s > 0.0:
            hover = np.linspace(0.0, vertical.hover_s, 2)[: 2 if vertical.hover_s > 0.0 else 0]
            fall = np.linspace(vertical.hover_s, vertical.duration_s, _VERTICAL_POINTS)
            after = np.concatenate([hover, fall])
            falling = np.arange(after.size) >= hover.size
            height = vertical.height_km - vertical.speed_km_s * np.maximum(after - vertical.hover_s, 0.0)
            still = np.zeros_like(after)
            last = mass[-1] * np.exp(-gravity * after / exhaust)
            up = np.array([np.ones_like(after), still, still])
            time_s = np.concatenate([time_s, time_s[-1] + after])
            position = np.hstack([position, (ground.radius_km + height) * up])
            velocity = np.hstack([velocity, -vertical.speed_km_s * falling * up])
            thrust_n = np.concatenate([thrust_n, last * gravity * 1000.0])
            direction = np.hstack([direction, up])
            mass = np.concatenate([mass, last])
            phase = np.concatenate([phase, np.full(after.size, "vertical")])
        used = mass[0] - mass[-1]
        short = dry_mass_kg - mass[-1]
        status = "ok"
        if short > 0.0:
            status = "propellant"
            message = (
                f"propellant short by {short:.1f} kg: the descent takes {used:.1f} kg and "
                f"{mass[0] - dry_mass_kg:.1f} kg are aboard at ignition"
            )
        weight = mass * gravity * 1000.0
        return cls(
            status,
            message,
            time_s,
            position,
            velocity,
            thrust_n,
            direction,
            mass,
            phase,
            float(exhaust * math.log(mass[0] / mass[-1])),
            float(used),
            ideal_km_s,
            float(engine.full_thrust_n / weight[0]),
            float(engine.full_thrust_n / weight[-1]),
            float(hover_weight / engine.full_thrust_n),
            dry_mass_kg,
            ground,
        )


def _hover_message(engine: Engine, weight_n: float) -> str:
    if weight_n >= engine.least_thrust_n:
        return ""
    duty = 100.0 * weight_n / engine.least_thrust_n
    return (
        f"the vertical phase needs {weight_n:.0f} N and the engine gives {engine.least_thrust_n:.0f} N at "
        f"the least: it is taken as pulsed, burning {duty:.0f} % of the time"
    )
