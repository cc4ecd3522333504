"""The legs of flights with burns: what flies them with thrust, and how they are put in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import SPEED_OF_LIGHT_KM_S
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.powered import COAST, LegTable, PoweredForces
from cislunar.propagation.simd import LANES
from cislunar.propagation.terminal import joined, restricted
from cislunar.propagation.thrust import NUMBERS, WORK, ThrustModel
from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass
class Legs:
    """Legs flown in one go: k of them."""

    owner: Integers
    flown: Trajectory
    start_s: Array
    burn: Integers
    mass_kg: Array
    flow_kg_s: Array
    numbers: Array


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


def in_order(parts: list[Legs], forces: ForceModel, n: int) -> tuple[Trajectory, Trajectory, LegTable]:
    """Return all coasts, all arcs and the table of legs, trajectory by trajectory."""
    owner = np.concatenate([np.zeros(0, dtype=np.int64), *(part.owner for part in parts)])
    order = np.argsort(owner, kind="stable")
    burn = np.concatenate([np.zeros(0, dtype=np.int64), *(part.burn for part in parts)])[order]
    coasting = burn == COAST
    table = LegTable(
        np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n))]).astype(np.int64),
        np.concatenate([np.zeros(0), *(part.start_s for part in parts)])[order],
        burn,
        np.where(coasting, np.cumsum(coasting), np.cumsum(~coasting)) - 1,
        np.concatenate([np.zeros(0), *(part.mass_kg for part in parts)])[order],
        np.concatenate([np.zeros(0), *(part.flow_kg_s for part in parts)])[order],
        np.concatenate([np.zeros((NUMBERS, 0)), *(part.numbers for part in parts)], axis=1)[:, order],
    )
    whose = owner[order]
    coasts = _of_kind([part for part in parts if part.burn[0] == COAST], forces)
    arcs = _of_kind([part for part in parts if part.burn[0] != COAST], forces)
    coasts.forces = restricted(forces, n, whose[coasting])
    arcs.forces = PoweredForces.of(restricted(forces, n, whose[~coasting]))
    return coasts, arcs, table


def _of_kind(parts: list[Legs], forces: ForceModel) -> Trajectory:
    """Return legs of one kind, trajectory by trajectory."""
    if parts:
        owner = np.concatenate([part.owner for part in parts])
        return joined([part.flown for part in parts])[np.argsort(owner, kind="stable")]
    none, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
    start, nodes = np.zeros(1, dtype=np.int64), np.empty((10, 0))
    return Trajectory(forces.center, none, none, whole, np.zeros((6, 0)), none, start, nodes, whole, [])
