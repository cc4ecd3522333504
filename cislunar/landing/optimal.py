"""Fuel-optimal powered descent, from the periapsis of a descent orbit to touchdown.

Braking, approach and vertical phase over a spherical, turning Moon, in three dimensions, at constant
specific impulse.  Thrust and direction are free within the throttle range at every moment; an engine with
one setting burns at it all the way, and only direction and the place of ignition are free.  The vertical
phase has constant speed, so that its thrust is the weight and its cost is known in closed form.

For phases and gates see A. R. Klumpp, "Apollo lunar descent guidance", Automatica 10, 133 (1974).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.errors import InputError
from cislunar.landing import collocation as nlp
from cislunar.landing.collocation import LENGTH_KM, SPEED_KM_S, TIME_S
from cislunar.landing.descent import Descent
from cislunar.landing.guess import level_braking
from cislunar.landing.impulsive import surface_speed_km_s
from cislunar.landing.problem import Approach, Floor, Ground, LevelStart, StateStart, Vertical

if TYPE_CHECKING:
    from cislunar.vehicles.engine import Engine

Array = NDArray[np.float64]

BRAKING_PARTS = 24
APPROACH_PARTS = 8
_FURTHEST_RAD = 2.0
_CORNER_KM = 0.3


def optimal_descent(
    engine: Engine,
    mass_kg: float,
    ground: Ground,
    start: LevelStart | StateStart,
    *,
    approach: Approach | None = Approach(),  # noqa: B008 - frozen
    vertical: Vertical = Vertical(),  # noqa: B008 - frozen
    floor: Floor | None = None,
    dry_mass_kg: float = 0.0,
    iterations: int = 300,
) -> Descent:
    """Find the descent that lands the most mass.

    Parameters
    ----------
    engine : Engine
    mass_kg : float
        At ignition.
    ground : Ground
        Gravity and turning of the Moon, radius of the site.
    start : LevelStart or StateStart
        Ignition in level flight, as at the periapsis of an orbit, at the best distance from the site; or in a
        given state.
    approach : Approach or None
        Gate, glide slope and tilt; None to go straight from the orbit to the top of the vertical phase.
    vertical : Vertical
    floor : Floor, optional
        Least height above the site during braking; without it, the sphere of the site.
    dry_mass_kg : float
        Mass without propellant: a landing below it is found and reported as short of propellant.
    iterations : int
        After which IPOPT gives up.

    Returns
    -------
    Descent
        With `status` "ok", or "thrust" (below the weight), "propellant" (too little aboard) or "not
        converged", and a message that says by how much.

    Raises
    ------
    InputError
        For values that are not finite or not positive.

    Notes
    -----
    Attitude may jump from phase to phase: neither its rate nor the ramps of the engine are modelled.

    The optimum is a local one, found from a guess of level braking.  Three-point Radau collocation on 24
    and 8 parts: doubling them moves the delta-v by less than 0.1 m/s (measured for thrust-to-weights from 1
    to 4); where the throttle jumps within a part at a thrust-to-weight of 20, by 1 m/s.
    """
    for name, value in (("mass", mass_kg), ("dry mass", dry_mass_kg)):
        if not (math.isfinite(value) and value >= 0.0) or (name == "mass" and value == 0.0):
            raise InputError(f"descent: expected a positive {name}; got {value} kg")
    speed, radius = _start_speed(start, ground)
    ideal = float(surface_speed_km_s(speed, radius, ground.radius_km, ground.gm_km3_s2))
    text = thrust_problem(engine, mass_kg, ideal, ground)
    if text:
        return Descent.failed("thrust", text, engine, mass_kg, dry_mass_kg, ground, ideal)
    problem = _Problem(engine, mass_kg, ground, start, approach, vertical, floor, speed, radius)
    solved, words = problem.solve(iterations)
    if not solved:
        return Descent.failed(
            "not converged",
            f"no descent was found within the limits (IPOPT: {words}); "
            f"{thrust_to_weight_text(engine, mass_kg, ground)} at ignition. Check the gate, the floor, the "
            "throttle range and where the descent starts",
            engine,
            mass_kg,
            dry_mass_kg,
            ground,
            ideal,
        )
    time, states, thrust, direction, phase = problem.arrays()
    return Descent.flown(time, states, thrust, direction, phase, engine, dry_mass_kg, ground, vertical, ideal)


def thrust_to_weight_text(engine: Engine, mass_kg: float, ground: Ground) -> str:
    """Say thrust, lunar weight and their ratio."""
    weight = mass_kg * ground.gravity_km_s2 * 1000.0
    return (
        f"{engine.full_thrust_n:.0f} N is {engine.full_thrust_n / weight:.2f} of the lunar weight of "
        f"{mass_kg:.0f} kg, {weight:.0f} N,"
    )


def thrust_problem(engine: Engine, mass_kg: float, ideal_km_s: float, ground: Ground) -> str:
    """Say what is short if not even what an impulsive descent would land is carried; else nothing."""
    landed = mass_kg * math.exp(-ideal_km_s / engine.exhaust_speed_km_s)
    weight = landed * ground.gravity_km_s2 * 1000.0
    if engine.full_thrust_n > weight:
        return ""
    return (
        f"thrust below weight: {thrust_to_weight_text(engine, mass_kg, ground)} at ignition, and short by "
        f"{weight - engine.full_thrust_n:.0f} N of the {weight:.0f} N that the {landed:.0f} kg left by even "
        f"an impulsive descent weigh at touchdown; it cannot land. More thrust or a lighter vehicle is needed"
    )


def _start_speed(start: LevelStart | StateStart, ground: Ground) -> tuple[float, float]:
    """Speed over the ground and radius at ignition."""
    if isinstance(start, StateStart):
        return float(np.linalg.norm(start.velocity_km_s)), float(np.linalg.norm(start.position_km))
    # the place of ignition is not known yet: the turning of the ground is taken at the site
    return start.speed_km_s - ground.spin_rad_s[2] * start.radius_km, start.radius_km


class _Problem:
    """The programme of one descent."""

    def __init__(
        self,
        engine: Engine,
        mass_kg: float,
        ground: Ground,
        start: LevelStart | StateStart,
        approach: Approach | None,
        vertical: Vertical,
        floor: Floor | None,
        speed_km_s: float,
        radius_km: float,
    ) -> None:
        self._engine, self._mass, self._ground = engine, mass_kg, ground
        self._start, self._approach, self._vertical, self._floor = start, approach, vertical, floor
        self._speed, self._radius = speed_km_s, radius_km
        unit = mass_kg * nlp.ACCELERATION_KM_S2 * 1000.0
        self._throttle = engine.least_thrust_n / unit, engine.full_thrust_n / unit
        self._thrust_unit = unit
        self._phases: list[nlp.Phase] = []

    def solve(self, iterations: int) -> tuple[bool, str]:
        """Build the programme and solve it."""
        import casadi

        programme = nlp.Programme()
        derivative = nlp.equations_of_motion(self._ground, self._engine.exhaust_speed_km_s)
        guesses = self._guesses()
        braking = nlp.add_phase(programme, "braking", derivative, guesses[0], BRAKING_PARTS, self._throttle)
        self._phases = [braking]
        self._begin(programme, braking, guesses[0][1])
        self._stay_above(programme, braking)
        if self._approach is not None:
            last = braking.states[:, -1]
            self._pass_gate(programme, braking)
            approach = nlp.add_phase(
                programme, "approach", derivative, guesses[1], APPROACH_PARTS, self._throttle, last
            )
            self._stay_in_cone(programme, approach)
            self._phases.append(approach)
        end = self._phases[-1].states[:, -1]
        programme.require(end[0] - self._vertical.height_km / LENGTH_KM)
        programme.require(end[1:3])
        fall = 0.0 if self._vertical.hover_s > 0.0 else self._vertical.speed_km_s
        programme.require(end[3] * SPEED_KM_S + fall)
        programme.require(end[4:6])
        spent = -self._engine.exhaust_speed_km_s / SPEED_KM_S * casadi.log(end[6])
        self._value, solved, words = programme.minimise(spent, iterations)
        return solved, words

    def _begin(self, programme: nlp.Programme, braking: nlp.Phase, states: Array) -> None:
        import casadi

        state, start, radius = braking.states[:, 0], self._start, self._ground.radius_km
        programme.require(state[6], 1.0, 1.0)
        if isinstance(start, StateStart):
            site = np.array([radius, 0.0, 0.0])
            programme.require(state[:3] - casadi.DM((np.array(start.position_km) - site) / LENGTH_KM))
            programme.require(state[3:6] - casadi.DM(np.array(start.velocity_km_s) / SPEED_KM_S))
            return
        angle_guess = math.atan2(states[1, 0], states[0, 0] + radius / LENGTH_KM)
        arc_guess = np.array([[angle_guess * radius / LENGTH_KM]])
        furthest = _FURTHEST_RAD * radius / LENGTH_KM
        angle = programme.variable("arc", arc_guess, -furthest, 0.0) * (LENGTH_KM / radius)
        # the plane lies to the right of the site by the cross-range: the site to the left of it
        tilt_sin, tilt_cos = math.sin(start.cross_range_rad), math.cos(start.cross_range_rad)
        up, along = casadi.DM([tilt_cos, 0.0, -tilt_sin]), casadi.DM([0.0, 1.0, 0.0])
        place = self._radius * (casadi.cos(angle) * up + casadi.sin(angle) * along)
        motion = start.speed_km_s * (casadi.cos(angle) * along - casadi.sin(angle) * up)
        over_ground = motion - casadi.cross(casadi.DM(self._ground.spin_rad_s), place)
        programme.require(state[:3] - (place - casadi.DM([radius, 0.0, 0.0])) / LENGTH_KM)
        programme.require(state[3:6] - over_ground / SPEED_KM_S)

    def _stay_above(self, programme: nlp.Programme, braking: nlp.Phase) -> None:
        import casadi

        inner = braking.states[:, 1:-1]
        height = nlp.height_of(inner, self._ground.radius_km)
        if self._floor is None:
            programme.require_at_least(height)
            return
        radius = self._ground.radius_km / LENGTH_KM
        distance = -radius * casadi.atan2(inner[1, :], inner[0, :] + radius)
        ranges, heights = self._floor.range_km / LENGTH_KM, self._floor.height_km / LENGTH_KM
        least = nlp.piecewise_linear(distance, ranges, heights, _CORNER_KM / LENGTH_KM)
        programme.require_at_least(height - least)

    def _pass_gate(self, programme: nlp.Programme, braking: nlp.Phase) -> None:
        import casadi

        assert self._approach is not None
        gate = braking.states[:, -1]
        height = nlp.height_of(gate, self._ground.radius_km)
        programme.require(height - self._approach.gate_height_km / LENGTH_KM)
        fastest = self._approach.gate_speed_km_s / SPEED_KM_S
        programme.require(casadi.sumsqr(gate[3:6]), 0.0, fastest**2)

    def _stay_in_cone(self, programme: nlp.Programme, approach: nlp.Phase) -> None:
        import casadi

        assert self._approach is not None
        above = approach.states[0, :-1] - self._vertical.height_km / LENGTH_KM
        across = casadi.sqrt(approach.states[1, :-1] ** 2 + approach.states[2, :-1] ** 2 + 1e-10)
        programme.require_at_least(above - math.tan(self._approach.glide_slope_rad) * across, -1e-5)
        programme.require_at_least(approach.controls[1, :], math.cos(self._approach.tilt_rad))

    def _guesses(self) -> list[tuple[float, Array, Array]]:
        """Scaled durations, states and controls of the phases to start from."""
        ground, engine = self._ground, self._engine
        gate_height, gate_speed, gate_range = self._vertical.height_km, 0.0, 0.0
        if self._approach is not None:
            gate_height, gate_speed = self._approach.gate_height_km, 0.8 * self._approach.gate_speed_km_s
            slope = max(self._approach.glide_slope_rad, 0.3)
            gate_range = 0.6 * (gate_height - self._vertical.height_km) / math.tan(slope)
        run = level_braking(
            self._speed,
            gate_speed,
            engine.full_thrust_n,
            engine.exhaust_speed_km_s,
            self._mass,
            ground.radius_km,
            ground.gravity_km_s2,
        )
        duration = run.time_s[-1]
        times = nlp.radau_times(BRAKING_PARTS)
        at = times * duration
        part = times
        start_height = self._radius - ground.radius_km
        height = gate_height + (start_height - gate_height) * (1.0 - part**2)
        sink = -2.0 * part * (start_height - gate_height) / duration
        angle = -(np.interp(at, run.time_s, run.to_go_km) + gate_range) / ground.radius_km
        speed = np.interp(at, run.time_s, run.speed_km_s)
        upward = np.interp(at, run.time_s, run.upward)
        mass = np.interp(at, run.time_s, run.mass_kg) / self._mass
        braking = self._frame(angle, height, speed, sink, mass)
        guesses = [(duration / TIME_S, braking, self._controls(angle[1:], upward[1:]))]
        if self._approach is not None:
            guesses.append(self._approach_guess(gate_height, gate_range, mass[-1]))
        return guesses

    def _approach_guess(
        self, gate_height: float, gate_range: float, mass: float
    ) -> tuple[float, Array, Array]:
        assert self._approach is not None
        ground, engine = self._ground, self._engine
        path = math.hypot(gate_range, gate_height)
        duration = 2.0 * path / self._approach.gate_speed_km_s
        part = nlp.radau_times(APPROACH_PARTS)
        left = (1.0 - part) ** 2
        height = self._vertical.height_km + (gate_height - self._vertical.height_km) * left
        angle = -gate_range * left / ground.radius_km
        speed = 2.0 * gate_range * (1.0 - part) / duration
        sink = -2.0 * gate_height * (1.0 - part) / duration
        flow = engine.full_thrust_n / (1000.0 * engine.exhaust_speed_km_s * self._mass)
        masses = np.maximum(mass - 0.5 * flow * duration * part, 0.1)
        states = self._frame(angle, height, speed, sink, masses)
        return duration / TIME_S, states, self._controls(angle[1:], np.full(part.size - 1, 0.95))

    def _frame(self, angle: Array, height: Array, speed: Array, sink: Array, mass: Array) -> Array:
        radius = self._ground.radius_km
        sin, cos = np.sin(angle), np.cos(angle)
        x = (radius + height) * cos - radius
        y = (radius + height) * sin
        nothing = np.zeros_like(angle)
        velocity = np.array([sink * cos - speed * sin, sink * sin + speed * cos, nothing]) / SPEED_KM_S
        return np.vstack([np.array([x, y, nothing]) / LENGTH_KM, velocity, mass])

    def _controls(self, angle: Array, upward: Array) -> Array:
        sin, cos, level = np.sin(angle), np.cos(angle), np.sqrt(1.0 - upward**2)
        direction = np.array([upward * cos + level * sin, upward * sin - level * cos, np.zeros_like(angle)])
        return np.vstack([np.full(angle.size, self._throttle[1]), direction])

    def arrays(self) -> tuple[Array, Array, Array, Array, NDArray[np.str_]]:
        """Time (k,), states (7, k), thrust (k,), direction (3, k) and phase (k,), in km, s, kg and N."""
        begun, rows = 0.0, []
        for name, phase in zip(("braking", "approach"), self._phases, strict=False):
            duration = float(self._value(phase.duration)[0, 0]) * TIME_S
            states = self._value(phase.states)
            controls = self._value(phase.controls)
            # there is no control at the first moment of a phase: that of the first point, 0.155 of a part on
            controls = np.concatenate([controls[:, :1], controls], axis=1)
            rows.append((begun + phase.times * duration, states, controls, np.full(states.shape[1], name)))
            begun += duration
        time = np.concatenate([row[0] for row in rows])
        states, controls = np.hstack([row[1] for row in rows]), np.hstack([row[2] for row in rows])
        states = states * np.array([LENGTH_KM] * 3 + [SPEED_KM_S] * 3 + [self._mass])[:, None]
        states[0] += self._ground.radius_km
        direction = controls[1:] / np.linalg.norm(controls[1:], axis=0)
        thrust = controls[0] * self._thrust_unit
        return time, states, thrust, direction, np.concatenate([row[3] for row in rows])
