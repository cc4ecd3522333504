"""The descent as a nonlinear programme: direct collocation at Radau points.

State and control are polynomials on equal parts of each phase; the dynamics hold at the Radau points of every
part (F. Fahroo and I. M. Ross, J. Guid. Control Dyn. 31, 927 (2008); L. T. Biegler, "Nonlinear Programming",
SIAM (2010), chapter 10).  CasADi differentiates (J. A. E. Andersson et al., Math. Program. Comput. 11, 1
(2019)), IPOPT solves (A. Waechter and L. T. Biegler, Math. Program. 106, 25 (2006)).

Scaled units: 100 km, 100 s, the mass at the start.  States: position from the site, velocity over the ground,
mass; controls: thrust, direction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.landing.problem import Ground

Array = NDArray[np.float64]

LENGTH_KM = 100.0
TIME_S = 100.0
SPEED_KM_S = LENGTH_KM / TIME_S
ACCELERATION_KM_S2 = LENGTH_KM / TIME_S**2

POINTS = 3
"""Radau points in each part of a phase."""

STATES, CONTROLS = 7, 4
_INFINITE = float("inf")


@dataclass
class Programme:
    """A nonlinear programme that grows piece by piece."""

    variables: list[Any] = field(default_factory=list)
    guess: list[Array] = field(default_factory=list)
    lower: list[Array] = field(default_factory=list)
    upper: list[Array] = field(default_factory=list)
    constraints: list[Any] = field(default_factory=list)
    least: list[Array] = field(default_factory=list)
    most: list[Array] = field(default_factory=list)

    def variable(self, name: str, guess: Array, lower: Array | float, upper: Array | float) -> Any:
        """Add a matrix of unknowns of the shape of the guess; return its symbol."""
        import casadi

        symbol = casadi.SX.sym(name, *guess.shape)
        self.variables.append(casadi.vec(symbol))
        for store, value in ((self.guess, guess), (self.lower, lower), (self.upper, upper)):
            store.append(np.broadcast_to(value, guess.shape).ravel(order="F").astype(np.float64))
        return symbol

    def require(self, expression: Any, least: float = 0.0, most: float = 0.0) -> None:
        """Keep every element of an expression between two bounds."""
        import casadi

        self.constraints.append(casadi.vec(expression))
        size = int(expression.numel())
        self.least.append(np.full(size, least))
        self.most.append(np.full(size, most))

    def require_at_least(self, expression: Any, least: float = 0.0) -> None:
        """Keep every element of an expression at or above a bound."""
        self.require(expression, least, _INFINITE)

    def minimise(self, objective: Any, iterations: int) -> tuple[Callable[[Any], Array], bool, str]:
        """Solve.

        Returns
        -------
        value : callable
            Gives the values of an expression at the solution.
        solved : bool
        status : str
            IPOPT's own words.
        """
        import casadi

        unknowns = casadi.vertcat(*self.variables)
        programme: dict[str, Any] = {"x": unknowns, "f": objective, "g": casadi.vertcat(*self.constraints)}
        quiet: dict[str, Any] = {
            "print_time": False,
            "ipopt.print_level": 0,
            "ipopt.sb": "yes",
            "ipopt.max_iter": iterations,
            "ipopt.tol": 1e-8,
            "ipopt.linear_solver": "mumps",
            "ipopt.mu_strategy": "adaptive",
        }
        solver = casadi.nlpsol("descent", "ipopt", programme, quiet)
        found = solver(
            x0=np.concatenate(self.guess),
            lbx=np.concatenate(self.lower),
            ubx=np.concatenate(self.upper),
            lbg=np.concatenate(self.least),
            ubg=np.concatenate(self.most),
        )

        def value(expression: Any) -> Array:
            return np.array(casadi.Function("value", [unknowns], [expression])(found["x"]))

        return value, bool(solver.stats()["success"]), str(solver.stats()["return_status"])


@dataclass(frozen=True)
class Phase:
    """One phase of the programme.

    Attributes
    ----------
    duration : symbol
        In units of `TIME_S`.
    times : ndarray, shape (k,)
        Of the states, as fractions of the duration; the first is 0.
    states : symbol, shape (7, k)
    controls : symbol, shape (4, k - 1)
        At all times but the first.
    """

    duration: Any
    times: Array
    states: Any
    controls: Any


def radau_times(parts: int) -> Array:
    """Times of the states of a phase of equal parts, as fractions of its duration, shape (3 parts + 1,)."""
    import casadi

    roots = np.array(casadi.collocation_points(POINTS, "radau"))
    inner = (np.arange(parts)[:, None] + roots[None]) / parts
    return np.concatenate([[0.0], inner.ravel()])


def add_phase(
    programme: Programme,
    name: str,
    derivative: Callable[[Any, Any], Any],
    guess: tuple[float, Array, Array],
    parts: int,
    throttle: tuple[float, float],
    first: Any = None,
) -> Phase:
    """Add the unknowns and the dynamics of a phase.

    Parameters
    ----------
    programme : Programme
    name : str
    derivative : callable
        Of state and control, both symbols.
    guess : tuple
        Duration, states (7, k), controls (4, k - 1), scaled.
    parts : int
        Equal parts of the phase.
    throttle : tuple of float
        Least and greatest thrust, scaled.
    first : symbol, shape (7,), optional
        State to start from: the end of the phase before.
    """
    import casadi

    duration_guess, states_guess, controls_guess = guess
    duration = programme.variable(f"{name}_time", np.array([[duration_guess]]), 1e-3, 200.0)
    low, high = np.full((STATES, 1), -_INFINITE), np.full((STATES, 1), _INFINITE)
    low[6], high[6] = 0.02, 1.0
    if first is None:
        states = programme.variable(f"{name}_states", states_guess, low, high)
    else:
        rest = programme.variable(f"{name}_states", states_guess[:, 1:], low, high)
        states = casadi.horzcat(first, rest)
    least = np.array([[throttle[0]], [-1.1], [-1.1], [-1.1]])
    greatest = np.array([[throttle[1]], [1.1], [1.1], [1.1]])
    controls = programme.variable(f"{name}_controls", controls_guess, least, greatest)
    slopes = np.array(casadi.collocation_coeff(casadi.collocation_points(POINTS, "radau"))[0])
    for part in range(parts):
        start = part * POINTS
        block = states[:, start : start + POINTS + 1]
        rates = [derivative(states[:, start + k + 1], controls[:, start + k]) for k in range(POINTS)]
        programme.require(casadi.mtimes(block, slopes) - duration / parts * casadi.horzcat(*rates))
    programme.require(casadi.sum1(controls[1:, :] ** 2), 1.0, 1.0)
    return Phase(duration, radau_times(parts), states, controls)


def equations_of_motion(ground: Ground, exhaust_km_s: float) -> Callable[[Any, Any], Any]:
    """Derivative of the scaled state: point-mass gravity, thrust, and the turning of the axes."""
    import casadi

    gm = ground.gm_km3_s2 / (LENGTH_KM * SPEED_KM_S**2)
    radius = ground.radius_km / LENGTH_KM
    spin = casadi.DM(np.asarray(ground.spin_rad_s) * TIME_S)
    exhaust = exhaust_km_s / SPEED_KM_S

    def derivative(state: Any, control: Any) -> Any:
        place = state[:3] + casadi.DM([radius, 0.0, 0.0])
        velocity, mass = state[3:6], state[6]
        gravity = -gm * place / casadi.sumsqr(place) ** 1.5
        turning = -2.0 * casadi.cross(spin, velocity) - casadi.cross(spin, casadi.cross(spin, place))
        push = control[0] / mass * control[1:]
        return casadi.vertcat(velocity, gravity + turning + push, -control[0] / exhaust)

    return derivative


def height_of(states: Any, radius_km: float) -> Any:
    """Scaled heights above the sphere of the site, shape (1, k), without loss of digits near the ground."""
    import casadi

    radius = radius_km / LENGTH_KM
    x, across = states[0, :], states[1, :] ** 2 + states[2, :] ** 2
    distance = casadi.sqrt((radius + x) ** 2 + across)
    return (x * (2.0 * radius + x) + across) / (distance + radius)


def piecewise_linear(at: Any, knots: Array, heights: Array, width: float) -> Any:
    """Piecewise linear function with corners rounded over a width, as a symbol; level beyond the ends."""
    import casadi

    slopes = np.diff(heights) / np.diff(knots)
    total = 0.0 * at + heights[0]
    for knot, change in zip(knots, np.diff(slopes, prepend=0.0, append=0.0), strict=True):
        past = at - knot
        total = total + change * 0.5 * (past + casadi.sqrt(past**2 + width**2))
    return total
