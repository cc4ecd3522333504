"""The systems of equations that the integration loop can fly, and what it asks of each.

A system is a named tuple of constants; its type decides, when the loop is compiled, which acceleration is
evaluated and which method takes the steps. The loop calls the generic functions of this module:

- `first_stage(lanes, system)` writes the acceleration at the state of every lane;
- `take_steps(lanes, system, inverse_rtol2)` advances the sets of lanes by a step where it is accurate enough;
- `system_pointers(system)` returns the constants with arrays replaced by pointers;
- `prepare(lanes, system)` fetches what the system keeps for the trajectory in each lane.

Systems whose acceleration depends on the velocity also answer `velocity_acceleration`, `error_scales`
and `longest_step` and are flown by the second method (`second_method`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload, register_jitable

from cislunar.propagation.forces import rotating_three_body, schwarzschild
from cislunar.propagation.light_ahead import up_to_shadow_edge
from cislunar.propagation.model import Model, acceleration
from cislunar.propagation.thrust import ThrustModel, lane_thrust, take_numbers


class ThreeBodyModel(NamedTuple):
    """The circular restricted three-body problem in the rotating frame, nondimensional."""

    mu: float
    """Mass of the smaller primary over the mass of both."""

    @property
    def bodies(self) -> int:
        """Tabulated bodies: none."""
        return 0

    @property
    def degree(self) -> int:
        """Degree of a gravity field: none."""
        return 0


class RelativisticModel(NamedTuple):
    """A force model with the relativistic correction of the central body."""

    model: Model
    inverse_c2: float
    """1 over the speed of light squared, s^2/km^2."""

    @property
    def bodies(self) -> int:
        """Tabulated bodies."""
        return self.model.bodies

    @property
    def degree(self) -> int:
        """Degree of the gravity field."""
        return self.model.degree


_FIRST_STAGES: dict[type, Callable[..., Any]] = {}
_STEPS: dict[type, Callable[..., Any]] = {}
_POINTERS: dict[type, Callable[..., Any]] = {}


def serve(
    system: type,
    first_stage: Callable[..., Any],
    take_steps: Callable[..., Any],
    pointers: Callable[..., Any],
) -> None:
    """Name the compiled functions that fly systems of one type."""
    _FIRST_STAGES[system] = first_stage
    _STEPS[system] = take_steps
    _POINTERS[system] = pointers


def first_stage(lanes: Any, system: Any) -> None:
    """Write the acceleration at the state of every lane (inside compiled kernels)."""
    raise NotImplementedError


def take_steps(lanes: Any, system: Any, inverse_rtol2: float) -> None:
    """Take one step in every set of lanes that is to take one, and judge it (inside compiled kernels)."""
    raise NotImplementedError


def system_pointers(system: Any) -> Any:
    """Return the system with pointers for arrays (inside compiled kernels)."""
    raise NotImplementedError


def prepare(lanes: Any, system: Any) -> None:
    """Fetch what the system keeps for the trajectory in each lane (inside compiled kernels)."""
    raise NotImplementedError


@overload(prepare)
def _choose_preparation(lanes: Any, system: Any) -> Any:
    def of_burns(lanes: Any, system: Any) -> None:
        take_numbers(lanes, system)

    def nothing(lanes: Any, system: Any) -> None:
        pass

    return of_burns if system.instance_class is ThrustModel else nothing


@overload(first_stage, jit_options={"forceinline": True})
def _choose_first_stage(lanes: Any, system: Any) -> Any:
    chosen = _FIRST_STAGES[system.instance_class]

    def implementation(lanes: Any, system: Any) -> None:
        chosen(lanes, system)

    return implementation


@overload(take_steps, jit_options={"forceinline": True})
def _choose_step(lanes: Any, system: Any, inverse_rtol2: Any) -> Any:
    chosen = _STEPS[system.instance_class]

    def implementation(lanes: Any, system: Any, inverse_rtol2: Any) -> None:
        chosen(lanes, system, inverse_rtol2)

    return implementation


@overload(system_pointers)
def _choose_pointers(system: Any) -> Any:
    chosen = _POINTERS[system.instance_class]

    def implementation(system: Any) -> Any:
        return chosen(system)

    return implementation


def velocity_acceleration(
    x: Any,
    y: Any,
    z: Any,
    vx: Any,
    vy: Any,
    vz: Any,
    u: Any,
    sunshine: Any,
    environment: Any,
    positions: Any,
    system: Any,
) -> Any:
    """Acceleration that depends on position and velocity (inside compiled kernels)."""
    raise NotImplementedError


@overload(velocity_acceleration, jit_options={"forceinline": True})
def _choose_acceleration(
    x: Any,
    y: Any,
    z: Any,
    vx: Any,
    vy: Any,
    vz: Any,
    u: Any,
    sunshine: Any,
    environment: Any,
    positions: Any,
    system: Any,
) -> Any:
    def of_three_bodies(
        x: Any,
        y: Any,
        z: Any,
        vx: Any,
        vy: Any,
        vz: Any,
        u: Any,
        sunshine: Any,
        environment: Any,
        positions: Any,
        system: Any,
    ) -> Any:
        return rotating_three_body(x, y, z, vx, vy, vz, system.mu)

    def relativistic(
        x: Any,
        y: Any,
        z: Any,
        vx: Any,
        vy: Any,
        vz: Any,
        u: Any,
        sunshine: Any,
        environment: Any,
        positions: Any,
        system: Any,
    ) -> Any:
        ax, ay, az = acceleration(x, y, z, u, sunshine, environment, positions, system.model)
        sx, sy, sz = schwarzschild(x, y, z, vx, vy, vz, system.model.gm, system.inverse_c2)
        return ax + sx, ay + sy, az + sz

    def with_thrust(
        x: Any,
        y: Any,
        z: Any,
        vx: Any,
        vy: Any,
        vz: Any,
        u: Any,
        sunshine: Any,
        environment: Any,
        positions: Any,
        system: Any,
    ) -> Any:
        ax, ay, az = acceleration(x, y, z, u, sunshine, environment, positions, system.model)
        sx, sy, sz = schwarzschild(x, y, z, vx, vy, vz, system.model.gm, system.inverse_c2)
        tx, ty, tz = lane_thrust(vx, vy, vz, u, system.work)
        return ax + sx + tx, ay + sy + ty, az + sz + tz

    kinds = {ThreeBodyModel: of_three_bodies, RelativisticModel: relativistic, ThrustModel: with_thrust}
    return kinds[system.instance_class]


@register_jitable(forceinline=True)
def scales_about_a_centre(
    x: Any, y: Any, z: Any, vx: Any, vy: Any, vz: Any, ax: Any, ay: Any, az: Any
) -> tuple[Any, Any]:
    """Squares of the distance and of the speed, the latter with a tenth of that of a circular orbit."""
    r2 = x * x + y * y + z * z
    a2 = ax * ax + ay * ay + az * az
    return r2, vx * vx + vy * vy + vz * vz + 0.01 * np.sqrt(a2 * r2)


def error_scales(
    x: Any, y: Any, z: Any, vx: Any, vy: Any, vz: Any, ax: Any, ay: Any, az: Any, system: Any
) -> Any:
    """Squares of the distance and the speed that errors are relative to (inside compiled kernels)."""
    raise NotImplementedError


@overload(error_scales, jit_options={"forceinline": True})
def _choose_scales(
    x: Any, y: Any, z: Any, vx: Any, vy: Any, vz: Any, ax: Any, ay: Any, az: Any, system: Any
) -> Any:
    def of_three_bodies(
        x: Any, y: Any, z: Any, vx: Any, vy: Any, vz: Any, ax: Any, ay: Any, az: Any, system: Any
    ) -> Any:
        # distance from the nearer primary; the speed includes that of the frame there, never zero
        across = y * y + z * z
        r2 = np.minimum(
            (x + system.mu) * (x + system.mu) + across,
            (x - 1.0 + system.mu) * (x - 1.0 + system.mu) + across,
        )
        return r2, vx * vx + vy * vy + vz * vz + 0.01 * r2

    def about_a_centre(
        x: Any, y: Any, z: Any, vx: Any, vy: Any, vz: Any, ax: Any, ay: Any, az: Any, system: Any
    ) -> Any:
        return scales_about_a_centre(x, y, z, vx, vy, vz, ax, ay, az)

    return of_three_bodies if system.instance_class is ThreeBodyModel else about_a_centre


def longest_step(size: Any, times: Any, lanes: Any, system: Any) -> Any:
    """Length of a step shortened to where its smooth stretch ends; the radiation pressure of its stages is
    written down (inside compiled kernels)."""
    raise NotImplementedError


@overload(longest_step, jit_options={"forceinline": True})
def _choose_longest(size: Any, times: Any, lanes: Any, system: Any) -> Any:
    def of_three_bodies(size: Any, times: Any, lanes: Any, system: Any) -> Any:
        return size

    def about_a_centre(size: Any, times: Any, lanes: Any, system: Any) -> Any:
        return up_to_shadow_edge(size, times, lanes, system.model)

    def of_positions(size: Any, times: Any, lanes: Any, system: Any) -> Any:
        return up_to_shadow_edge(size, times, lanes, system)

    kinds = {ThreeBodyModel: of_three_bodies, Model: of_positions}
    return kinds.get(system.instance_class, about_a_centre)
