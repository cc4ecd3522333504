"""How the end of a flight depends on its start and on the parameters of its burns.

State and mass are carried through the flight together: coasts multiply their derivatives by the transition
matrix of the leg, burns add what a change of the thrust does on the way,

    d(t_end) = Phi(t_end, t_start) d(t_start) + integral of Phi(t_end, t) (0, b(t)) dt,

with b the change of the acceleration by thrust. The integral is taken by Gauss' rule on each recorded step;
transition matrices from the beginning of a step to the points of the rule are exact derivatives of shorter
steps (`sensitivity`). A burn that starts or ends later by dt changes the velocity at its edges by the thrust
there; an impulse given later changes the position by the velocity it adds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import STANDARD_GRAVITY_M_S2
from cislunar.errors import InputError
from cislunar.propagation.burn_kinds import (
    FiniteBurn,
    FixedDirection,
    ImpulsiveBurn,
    TurningDirection,
    axes_to_icrf,
    exhaust_speed_km_s,
)
from cislunar.propagation.burn_legs import thrust_model
from cislunar.propagation.checks import some
from cislunar.propagation.flight import acceleration
from cislunar.propagation.powered import COAST, PoweredFlight
from cislunar.propagation.stm import in_chunks, state_transition
from cislunar.propagation.terminal import restricted
from cislunar.propagation.thrust import ACCELERATION, ALONG, CX, LOSS, SZ, TURN

Array = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_POINTS, _WEIGHTS = 0.5 * (_POINTS + 1.0), 0.5 * _WEIGHTS
_TINY = 1e-40

# Changes of the acceleration by thrust that are integrated over each burn.
_MASS, _FLOW, _SIZE, _DIRECTION, _RATE, _CLOCK = 0, 1, 2, 3, 12, 13
_CHANGES = 14

START_COLUMNS = 7
"""The first columns of every matrix: the state at the start, and the mass."""


class BurnSensitivity:
    """Derivatives of the ends of a batch of flights with burns, the time of the end held fixed.

    Burns are taken as starting when they did: one that waits for an event does not follow the event. One that
    was cut off by the end of the flight, or by the end of the propellant, lasts until then.

    Attributes
    ----------
    flight : PoweredFlight
        The flight.
    matrices : list of numpy.ndarray, shapes (7, p)
        Of each trajectory, the derivatives of the last state and mass (rows: km, km/s, kg) with respect to
        the state and the mass at the start (first seven columns) and to the parameters of its burns.
    columns : list of lists of (int, str)
        Burn and name of the parameter of each further column; three in a row for a vector.
    """

    def __init__(
        self, flight: PoweredFlight, matrices: list[Array], columns: list[list[tuple[int, str]]]
    ) -> None:
        self.flight = flight
        self.matrices = matrices
        self.columns = columns

    @property
    def state(self) -> Array:
        """State-transition matrices from the start to the end, shape (6, 6, n)."""
        return np.stack([matrix[:6, :6] for matrix in self.matrices], axis=2)

    @property
    def mass(self) -> Array:
        """Derivative of the last state with respect to the mass at the start, shape (6, n), 1/kg."""
        return np.stack([matrix[:6, START_COLUMNS - 1] for matrix in self.matrices], axis=1)

    def burn(self, trajectory: int, burn: int) -> dict[str, Array]:
        """Derivatives of the last state and mass with respect to the parameters of a burn.

        Parameters
        ----------
        trajectory, burn : int
            Number of the trajectory and of the burn in its list.

        Returns
        -------
        dict of str to numpy.ndarray, shape (7,), or (7, 3) for a vector
            By the names of the attributes of the burn: `start`; `specific_impulse_s`; `delta_v_km_s` (for
            an impulse a vector, in the axes of the burn); `thrust_n`; `duration_s` where it was given; of
            fixed and turning directions `direction` (the unit vector in the axes of the burn; a change along
            the direction itself makes the thrust larger at the same flow); and `rate_rad_s`.

        Raises
        ------
        InputError
            The burn was not flown.
        """
        found: dict[str, list[Array]] = {}
        for number, (which, name) in enumerate(self.columns[trajectory]):
            if which == burn:
                found.setdefault(name, []).append(self.matrices[trajectory][:, START_COLUMNS + number])
        if not found:
            raise InputError(f"sensitivities: burn {burn} of trajectory {trajectory} was not flown")
        return {name: np.stack(v, axis=1) if len(v) > 1 else v[0] for name, v in found.items()}


def burn_sensitivities(flight: PoweredFlight, threads: int | None = None) -> BurnSensitivity:
    """Derivatives of the ends of flights with burns; see `PoweredFlight.sensitivities`."""
    missing = np.flatnonzero(np.diff(flight.legs.offsets) == 0)
    if missing.size:
        raise InputError(f"sensitivities: trajectories {some(missing)} were not flown")
    if flight.of_transfer:
        raise InputError("sensitivities: expected a flight about one centre; this one changed it on the way")
    backwards = np.unique(flight.burn_rows["trajectory"])
    backwards = backwards[flight.duration[backwards] < 0.0]
    if backwards.size:
        raise InputError(
            f"sensitivities: trajectories {some(backwards)} were flown backwards; take those of a flight "
            "forward from where they end, and invert its matrices"
        )
    for legs in (flight.coasts, flight.arcs):
        if (np.diff(legs.offsets) == 0).any():
            raise InputError("sensitivities: no nodes were recorded (record=False)")
    coasts = (
        np.moveaxis(state_transition(flight.coasts, threads, history=False).final, 2, 0)
        if flight.coasts.n
        else np.empty((0, 6, 6))
    )
    arcs = _arc_derivatives(flight, threads) if flight.arcs.n else (np.empty((0, 6, 6)), np.empty((0, 6, 0)))
    matrices, columns = [], []
    for i in range(flight.n):
        carried = _Carried(flight, i)
        carried.through(coasts, *arcs)
        matrices.append(carried.matrix)
        columns.append(carried.columns)
    return BurnSensitivity(flight, matrices, columns)


class _Carried:
    """The derivatives of one trajectory on their way from its start to its end."""

    def __init__(self, flight: PoweredFlight, i: int) -> None:
        self._flight, self._i = flight, i
        self._rows = {int(row["burn"]): row for row in flight.burns_of(i)}
        self._forces = restricted(flight.forces, flight.n, np.array([i]))
        self.columns: list[tuple[int, str]] = []
        for k in self._rows:
            self.columns.extend((k, name) for name in _parameters(flight.burns[i][k]))
        self.matrix = np.eye(7, START_COLUMNS + len(self.columns))

    def through(self, coasts: Array, matrices: Array, changes: Array) -> None:
        """Go through the flight; derivatives of its legs are given."""
        legs = self._flight.legs
        impulses = [k for k in self._rows if isinstance(self._flight.burns[self._i][k], ImpulsiveBurn)]
        for leg in range(legs.offsets[self._i], legs.offsets[self._i + 1]):
            # Impulses given before this leg: between two legs a time belongs to one of them only.
            while impulses and self._before(impulses[0], leg):
                self._impulse(impulses.pop(0))
            place = legs.place[leg]
            if legs.burn[leg] == COAST:
                self.matrix[:6] = coasts[place] @ self.matrix[:6]
            else:
                self._arc(leg, matrices[place], changes[place])

    def _before(self, k: int, leg: int) -> bool:
        start, given = self._flight.legs.start_s[leg], self._rows[k]["start_s"]
        burn = self._flight.legs.burn[leg]
        return bool(given < start or (given == start and (burn == COAST or burn > k)))

    def _columns_of(self, k: int) -> dict[str, slice]:
        names = [name if which == k else "" for which, name in self.columns]
        return {
            name: slice(
                START_COLUMNS + names.index(name), START_COLUMNS + names.index(name) + names.count(name)
            )
            for name in set(names) - {""}
        }

    def _rates(self, state: Array, elapsed: float) -> Array:
        """Velocity and acceleration (6,) without thrust."""
        epoch = self._flight.epoch[self._i] + elapsed
        return np.concatenate([state[3:], acceleration(state[:3], epoch, self._forces, state[3:])])

    def _impulse(self, k: int) -> None:
        burn, row, at = self._flight.burns[self._i][k], self._rows[k], self._columns_of(k)
        assert isinstance(burn, ImpulsiveBurn)
        before, after = row["state_before"], row["state_after"]
        given = np.array(burn.delta_v_km_s)
        moved = self.matrix.copy()
        moved[:6, at["start"]] += self._rates(before, row["start_s"])[:, None]
        swing = _state_slopes(lambda state: axes_to_icrf(burn.axes, state) @ given, before)
        new = moved.copy()
        new[3:6] += swing @ moved[:6]
        new[3:6, at["delta_v_km_s"]] += axes_to_icrf(burn.axes, before)
        new[:6, at["start"]] -= self._rates(after, row["start_s"])[:, None]
        if burn.specific_impulse_s is not None:
            speed, mass, size = (
                exhaust_speed_km_s(burn.specific_impulse_s),
                row["mass_after_kg"],
                burn.size_km_s,
            )
            new[6] *= mass / row["mass_before_kg"]
            if size > 0.0:
                new[6, at["delta_v_km_s"]] -= mass / speed * given / size
            new[6, at["specific_impulse_s"]] += mass * size / (speed * burn.specific_impulse_s)
        self.matrix = new

    def _arc(self, leg: int, transition: Array, changes: Array) -> None:
        legs, k = self._flight.legs, int(self._flight.legs.burn[leg])
        burn, row, at = self._flight.burns[self._i][k], self._rows[k], self._columns_of(k)
        assert isinstance(burn, FiniteBurn)
        numbers, flow = legs.numbers[:, leg], legs.flow_kg_s[leg]
        width = self.matrix.shape[1]
        coming = self.matrix
        unit_start = np.zeros(width)
        unit_start[at["start"]] = 1.0
        flow_change = np.zeros(width)
        flow_change[at["thrust_n"]] = flow / burn.thrust_n
        flow_change[at["specific_impulse_s"]] = -flow / burn.specific_impulse_s

        first = _thrust_at(numbers, 0.0, row["state_before"][3:])
        begun = coming.copy()
        begun[3:6] -= np.outer(first, unit_start)
        begun[6] += flow * unit_start

        weights = np.zeros((_CHANGES, width))
        weights[_MASS] = -begun[6]
        weights[_FLOW] = flow_change
        weights[_SIZE, at["thrust_n"]] = 1.0 / burn.thrust_n
        weights[_CLOCK] = -unit_start
        if "rate_rad_s" in at:
            weights[_RATE, at["rate_rad_s"]] = 1.0
        if isinstance(burn.direction, FixedDirection | TurningDirection):
            turns = burn.direction
            rotation = axes_to_icrf(turns.axes, row["state_before"])
            columns = np.stack([turns.rows(rotation, unit)[: SZ + 1 - CX] for unit in np.eye(3)], axis=1)
            weights[_DIRECTION:_RATE, at["direction"]] = columns
            rates = self._rates(row["state_before"], row["start_s"])
            slopes = _state_slopes(turns.numbers, row["state_before"])[: SZ + 1 - CX]
            weights[_DIRECTION:_RATE] += slopes @ (coming[:6] + np.outer(rates, unit_start))
        new = np.empty_like(coming)
        new[:6] = transition @ begun[:6] + changes @ weights
        new[6] = begun[6] - row["duration_s"] * flow_change
        if row["complete"]:
            later = unit_start + self._duration_change(burn, row, coming[6], at)
            last = _thrust_at(numbers, row["duration_s"], row["state_after"][3:])
            new[3:6] += np.outer(last, later)
            new[6] -= flow * later
        self.matrix = new

    @staticmethod
    def _duration_change(burn: FiniteBurn, row: Any, mass_change: Array, at: dict[str, slice]) -> Array:
        """Derivative of the duration."""
        change = np.zeros(mass_change.size)
        if burn.delta_v_km_s is None:
            change[at["duration_s"]] = 1.0
            return change
        # duration = mass c / thrust (1 - exp(-delta_v / c)) with the exhaust speed c
        duration, speed = row["duration_s"], exhaust_speed_km_s(burn.specific_impulse_s)
        left, flow = row["mass_after_kg"], burn.flow_kg_s
        change += duration / row["mass_before_kg"] * mass_change
        change[at["thrust_n"]] -= duration / burn.thrust_n
        change[at["delta_v_km_s"]] += left / (flow * speed)
        per_speed = duration / speed - left * burn.delta_v_km_s / (flow * speed * speed)
        change[at["specific_impulse_s"]] += per_speed * 1e-3 * STANDARD_GRAVITY_M_S2
        return change


def _parameters(burn: ImpulsiveBurn | FiniteBurn) -> list[str]:
    """Names of the parameters of a burn, vectors three times."""
    names = ["start"]
    if isinstance(burn, ImpulsiveBurn):
        names += ["delta_v_km_s"] * 3
        return names + (["specific_impulse_s"] if burn.specific_impulse_s is not None else [])
    names += ["thrust_n", "specific_impulse_s", "duration_s" if burn.delta_v_km_s is None else "delta_v_km_s"]
    if isinstance(burn.direction, FixedDirection | TurningDirection):
        names += ["direction"] * 3
    return names + (["rate_rad_s"] if isinstance(burn.direction, TurningDirection) else [])


def _state_slopes(function: Any, state: Array) -> Array:
    """Derivative (rows, 6) of a function of the state, by complex steps."""
    columns = [np.imag(function(state + 1j * _TINY * unit)) / _TINY for unit in np.eye(6)]
    return np.stack(columns, axis=1)


def _thrust_at(numbers: Array, tau: float, velocity: Array) -> Array:
    """Acceleration by thrust (3,) at a time of a burn."""
    return _changes(numbers[:, None], np.array([tau]), velocity[:, None], np.ones(1))[_SIZE, :, 0]


def _changes(numbers: Array, tau: Array, velocity: Array, mass_kg: Array) -> Array:
    """Changes of the acceleration by thrust, shape (_CHANGES, 3, p), at p points of burns.

    Per change of: the mass (with the sign turned), the flow, the relative size; the vectors c, u and s of the
    direction, nine numbers; the rate of turning; the time since ignition that the direction depends on.
    """
    size = numbers[ACCELERATION] / (1.0 - numbers[LOSS] * tau)
    mass = mass_kg * (1.0 - numbers[LOSS] * tau)
    cosine, sine = np.cos(numbers[TURN] * tau), np.sin(numbers[TURN] * tau)
    steady, even, odd = numbers[CX : CX + 3], numbers[CX + 3 : CX + 6], numbers[CX + 6 : CX + 9]
    along = numbers[ALONG] / np.sqrt((velocity * velocity).sum(axis=0))
    thrust = size * (steady + cosine * even + sine * odd + along * velocity)
    swing = size * (cosine * odd - sine * even)
    result = np.zeros((_CHANGES, 3, tau.size))
    result[_MASS], result[_FLOW], result[_SIZE] = thrust / mass, thrust / mass * tau, thrust
    for axis in range(3):
        for vector, factor in enumerate((np.ones_like(tau), cosine, sine)):
            result[_DIRECTION + 3 * vector + axis, axis] = size * factor
    result[_RATE], result[_CLOCK] = swing * tau, swing * numbers[TURN]
    return result


def _arc_derivatives(flight: PoweredFlight, threads: int | None) -> tuple[Array, Array]:
    """Transition matrices (arcs, 6, 6) and integrated changes (arcs, 6, _CHANGES) of all burns."""
    arcs, legs = flight.arcs, flight.legs
    thrusting = legs.burn != COAST
    numbers, mass = legs.numbers[:, thrusting], legs.mass_kg[thrusting]
    pressure = flight.forces.pressure(flight.n)[legs.owner[thrusting]]
    counts = np.diff(arcs.offsets) - 1
    begin = np.concatenate(
        [np.arange(a, b - 1) for a, b in zip(arcs.offsets, arcs.offsets[1:], strict=False)]
    )
    owner = np.repeat(np.arange(arcs.n), counts)
    lengths = arcs.nodes[0, begin + 1] - arcs.nodes[0, begin]
    parts = np.append(_POINTS, 1.0)
    sub = np.repeat(np.arange(begin.size), parts.size)
    matrices = _part_derivatives(
        flight, begin[sub], (lengths[:, None] * parts).reshape(-1), owner[sub], numbers, pressure, threads
    ).reshape(begin.size, parts.size, 6, 6)

    times = arcs.nodes[0, begin][:, None] + lengths[:, None] * _POINTS
    velocity = _velocities(flight, owner, times)
    point = np.repeat(owner, _POINTS.size)
    changes = _changes(numbers[:, point], times.reshape(-1), velocity, mass[point])
    pushes = np.zeros((begin.size, _POINTS.size, 6, _CHANGES))
    pushes[:, :, 3:] = np.moveaxis(changes.reshape(_CHANGES, 3, begin.size, _POINTS.size), (0, 1), (3, 2))
    # What pushes during a step do, carried back to its beginning.
    carried = np.linalg.solve(matrices[:, :-1], pushes)
    steps = np.einsum("p,spij->sij", _WEIGHTS, carried) * lengths[:, None, None]

    whole, total = np.empty((arcs.n, 6, 6)), np.zeros((arcs.n, 6, _CHANGES))
    at = 0
    for arc in range(arcs.n):
        whole[arc] = np.eye(6)
        for step in range(at, at + counts[arc]):
            whole[arc] = matrices[step, -1] @ whole[arc]
            total[arc] = matrices[step, -1] @ (total[arc] + steps[step])
        at += counts[arc]
    return whole, total


def _velocities(flight: PoweredFlight, owner: NDArray[np.int64], times: Array) -> Array:
    """Velocities (3, points) of burns at times since their ignition (steps, points)."""
    result = np.empty((3, *times.shape))
    for arc in range(flight.arcs.n):
        steps = owner == arc
        inside = np.minimum(times[steps].reshape(-1), flight.arcs.final_elapsed[arc])
        result[:, steps] = flight.arcs[arc].at(inside)[3:, 0].reshape(3, -1, times.shape[1])
    return result.reshape(3, -1)


def _part_derivatives(
    flight: PoweredFlight,
    nodes: NDArray[np.int64],
    lengths: Array,
    owner: NDArray[np.int64],
    numbers: Array,
    pressure: Array,
    threads: int | None,
) -> Array:
    """Derivatives (s, 6, 6) of steps of given lengths from nodes of the burns `owner`."""
    from cislunar.propagation.lanestate import new_lanes, table_of
    from cislunar.propagation.sensitivity import WORK, step_derivatives
    from cislunar.propagation.simd import LANES

    arcs, forces = flight.arcs, flight.forces
    granules = forces.table.between(
        float(arcs.epoch.min()), float(np.max(arcs.epoch + np.maximum(arcs.final_elapsed, 0.0)))
    )
    result = np.empty((lengths.size, 36))

    def work(part: slice) -> None:
        model = thrust_model(forces, numbers[:, owner[part]])
        step_derivatives(
            np.ascontiguousarray(arcs.nodes[1:7, nodes[part]]),
            np.ascontiguousarray(arcs.nodes[0, nodes[part]]),
            lengths[part],
            arcs.epoch[owner[part]],
            pressure[owner[part]],
            new_lanes(granules.coefficients.shape[1], model.bodies),
            model,
            table_of(granules),
            np.zeros(WORK * LANES),
            result[part],
        )

    in_chunks(work, lengths.size, threads)
    return result.reshape(-1, 6, 6)
