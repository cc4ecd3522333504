"""The legs of flights with burns: what flies them with thrust, and how they are put in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SPEED_OF_LIGHT_KM_S
from cislunar.propagation.batch import Batch, fly_batch
from cislunar.propagation.checks import TIGHTEST_RTOL
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.powered import COAST, LegTable, PoweredForces
from cislunar.propagation.simd import LANES
from cislunar.propagation.status import Status, messages
from cislunar.propagation.terminal import Flyer, joined, restricted
from cislunar.propagation.thrust import ACCELERATION, LOSS, NUMBERS, SX, SZ, TURN, UX, UZ, WORK, ThrustModel
from cislunar.propagation.trajectory import Trajectory
from cislunar.propagation.transfer_trajectory import Leg

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


ARC_TOLERANCE = 0.1
"""Burns are flown at this share of the tolerance: what the second method needs for the same error."""


@dataclass(frozen=True)
class PoweredLeg(Leg):
    """Legs flown in one go, all coasts or all with thrust: k of them.

    Attributes
    ----------
    burn : int
        Number of the burn in the lists of the trajectories, or `COAST`.
    mass_kg, flow_kg_s : numpy.ndarray, shape (k,)
        Mass at the beginning of the leg as it was flown, and propellant used in a second.
    numbers : numpy.ndarray, shape (`thrust.NUMBERS`, k)
        Thrust, its clock starting with the leg; zero on a coast.
    """

    burn: int
    mass_kg: Array
    flow_kg_s: Array
    numbers: Array


def later(numbers: Array, time_s: Array) -> Array:
    """Numbers of burns (`thrust.NUMBERS`, k) on a clock that starts later, by times of shape (k,)."""
    result = numbers.copy()
    left = 1.0 - numbers[LOSS] * time_s
    result[ACCELERATION], result[LOSS] = numbers[ACCELERATION] / left, numbers[LOSS] / left
    cosine, sine = np.cos(numbers[TURN] * time_s), np.sin(numbers[TURN] * time_s)
    even, odd = numbers[UX : UZ + 1], numbers[SX : SZ + 1]
    result[UX : UZ + 1] = even * cosine + odd * sine
    result[SX : SZ + 1] = odd * cosine - even * sine
    return result


def thrust_flyer(
    forces: ForceModel,
    pressure: Array,
    stops: Array,
    numbers: Array,
    start: Array,
    options: Mapping[str, Any],
) -> Flyer:
    """Return what flies parts of a batch with thrust, by the second method.

    Parameters
    ----------
    forces : ForceModel
        What acts besides.
    pressure, stops : numpy.ndarray, shape (k,)
        Acceleration by sunlight (`ForceModel.pressure`) and stopping radius of each trajectory.
    numbers : numpy.ndarray, shape (`thrust.NUMBERS`, k)
        Its thrust.
    start : numpy.ndarray, shape (k,)
        When the clock of its thrust starts, seconds past J2000 TDB.
    options : mapping
        `rtol` and `threads` of the flight; `record`, true when left out; `through`, whether to fly through
        the surface of the central body.
    """

    def fly(chosen: Integers, state: Array, epoch: Array, duration: Array, max_steps: int) -> Trajectory:
        now = later(numbers[:, chosen], epoch - start[chosen])
        radius = np.sqrt((state[:3] ** 2).sum(axis=0))
        stop = stops[chosen]
        surface = 0.0 if options.get("through", False) else forces.radius_km
        inner = np.maximum(surface, np.where(stop <= radius, stop, 0.0))
        outer = np.where(stop > radius, stop, np.inf)
        flown = fly_batch(
            Batch(np.ascontiguousarray(state), epoch, duration, pressure[chosen], inner, outer),
            np.arange(chosen.size),
            forces,
            max(ARC_TOLERANCE * options["rtol"], TIGHTEST_RTOL),
            max_steps,
            options.get("record", True),
            options["threads"],
            lambda part: thrust_model(forces, now[:, part]),
        )
        end = np.sqrt((flown.final[:3] ** 2).sum(axis=0))
        impact = (flown.status == Status.RADIUS) & (inner == forces.radius_km) & (end < 0.5 * (inner + outer))
        flown.status[impact] = Status.IMPACT
        return Trajectory(
            forces.center,
            epoch,
            duration,
            flown.status,
            flown.final,
            flown.elapsed,
            flown.offsets,
            flown.nodes,
            flown.steps,
            messages(flown.status),
            forces,
        )

    return fly


def thrust_model(forces: ForceModel, numbers: Array) -> Any:
    """Return forces with thrust in the form of the integration loop.

    Parameters
    ----------
    forces : ForceModel
        What acts besides.
    numbers : numpy.ndarray, shape (`thrust.NUMBERS`, k)
        Burns of k trajectories, each from its start to its end.
    """
    base: Any = forces.compiled
    return ThrustModel(
        base.model if forces.method == "verner98" else base,
        1.0 / SPEED_OF_LIGHT_KM_S**2 if forces.relativity else 0.0,
        numbers.shape[1],
        np.ascontiguousarray(numbers).reshape(-1),
        np.zeros(WORK * LANES),
    )


def in_order(parts: list[PoweredLeg], forces: ForceModel, n: int) -> tuple[Trajectory, Trajectory, LegTable]:
    """Return all coasts, all arcs and the table of legs, trajectory by trajectory."""
    owner = np.concatenate([np.zeros(0, dtype=np.int64), *(part.owner for part in parts)])
    order = np.argsort(owner, kind="stable")
    burn = np.concatenate(
        [np.zeros(0, dtype=np.int64), *(np.full(part.owner.size, part.burn) for part in parts)]
    )[order]
    coasting = burn == COAST
    table = LegTable(
        np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n))]).astype(np.int64),
        np.concatenate([np.zeros(0), *(part.began for part in parts)])[order],
        burn,
        np.where(coasting, np.cumsum(coasting), np.cumsum(~coasting)) - 1,
        np.concatenate([np.zeros(0), *(part.mass_kg for part in parts)])[order],
        np.concatenate([np.zeros(0), *(part.flow_kg_s for part in parts)])[order],
        np.concatenate([np.zeros((NUMBERS, 0)), *(part.numbers for part in parts)], axis=1)[:, order],
    )
    whose = owner[order]
    coasts = _of_kind([part for part in parts if part.burn == COAST], forces)
    arcs = _of_kind([part for part in parts if part.burn != COAST], forces)
    coasts.forces = restricted(forces, n, whose[coasting])
    arcs.forces = PoweredForces.of(restricted(forces, n, whose[~coasting]))
    return coasts, arcs, table


def _of_kind(parts: list[PoweredLeg], forces: ForceModel) -> Trajectory:
    """Return legs of one kind, trajectory by trajectory."""
    if parts:
        owner = np.concatenate([part.owner for part in parts])
        return joined([part.flown for part in parts])[np.argsort(owner, kind="stable")]
    none, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
    start, nodes = np.zeros(1, dtype=np.int64), np.empty((10, 0))
    return Trajectory(forces.center, none, none, whole, np.zeros((6, 0)), none, start, nodes, whole, [])
