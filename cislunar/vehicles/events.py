"""What a vehicle does that changes its mass: burns and separations, checked and turned into arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.vehicles.checks import require_aboard
from cislunar.vehicles.masses import mass_budget
from cislunar.vehicles.rules import MarginPolicy
from cislunar.vehicles.vehicle import Vehicle

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Manoeuvre:
    """A burn of the budget; the amounts may be arrays over a batch.

    Attributes
    ----------
    name : str
    ideal_km_s : array_like
        Impulsive size, km/s.
    losses_km_s : array_like
        What the finite burn costs more: gravity and steering losses, km/s.
    statistical_km_s : array_like
        What a dispersion analysis adds, at its percentile, km/s.
    kind : str
        One of `cislunar.vehicles.rules.MANOEUVRE_KINDS`; decides the margin.
    engine : str
        Name of the vehicle's engine; empty for its first.
    """

    name: str
    ideal_km_s: ArrayLike
    losses_km_s: ArrayLike = 0.0
    statistical_km_s: ArrayLike = 0.0
    kind: str = "calculated"
    engine: str = ""

    def __post_init__(self) -> None:
        """Check the amounts."""
        for what, value in (
            ("size", self.ideal_km_s),
            ("losses", self.losses_km_s),
            ("statistical part", self.statistical_km_s),
        ):
            numbers = np.asarray(value, dtype=np.float64)
            bad = ~np.isfinite(numbers) | (numbers < 0.0)
            if np.any(bad):
                raise InputError(
                    f"{self.name}: {what}: expected zero or more; got {float(numbers[bad].flat[0])} km/s"
                )


@dataclass(frozen=True)
class Release:
    """Something aboard leaves: the name of a payload or of a carried spacecraft."""

    name: str


Event = Manoeuvre | Release


def allocation(purpose: str, policy: MarginPolicy, engine: str = "") -> Manoeuvre:
    """Give the event that a policy asks to set aside for something stochastic.

    Parameters
    ----------
    purpose : str
        One of `cislunar.vehicles.rules.ALLOCATIONS`: `launcher dispersion`, `approach navigation`, ...
    policy : MarginPolicy
    engine : str
        Name of the vehicle's engine; empty for its first.

    Raises
    ------
    InputError
        If the policy gives no amount for the purpose.
    """
    return Manoeuvre(purpose, 0.0, 0.0, policy.allocation_km_s(purpose), "statistical", engine)


@dataclass(frozen=True)
class Prepared:
    """Events as arrays: what `size`, `fly` and the landed payload share."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    engines: tuple[str, ...]
    isp_s: Array
    flow_kg_s: Array
    ideal_km_s: Array
    losses_km_s: Array
    statistical_km_s: Array
    margin_km_s: Array
    released_kg: Array
    final_kg: float
    residuals_fraction: float

    @property
    def total_km_s(self) -> Array:
        """All parts of each event together, km/s, shape (k, ...)."""
        return self.ideal_km_s + self.losses_km_s + self.statistical_km_s + self.margin_km_s

    @property
    def isp_column_s(self) -> Array:
        """Specific impulse of each event, s, shape (k, 1, ...) to go with the batch."""
        return self.isp_s.reshape((-1,) + (1,) * (self.ideal_km_s.ndim - 1))


def prepare(vehicle: Vehicle, events: Sequence[Event], policy: MarginPolicy) -> Prepared:
    """Check the events against the vehicle and turn them into arrays."""
    budget = mass_budget(vehicle, policy)
    aboard = {line.name: line.predicted_kg for line in budget.lines if line.group == "payload"}
    aboard |= budget.carried
    burns = [event if isinstance(event, Manoeuvre) else Manoeuvre(event.name, 0.0) for event in events]
    parts = [(each.ideal_km_s, each.losses_km_s, each.statistical_km_s) for each in burns]
    try:
        batch = np.broadcast_shapes(*(np.shape(amount) for three in parts for amount in three))
    except ValueError as error:
        raise InputError(
            f"{vehicle.name}: amounts of delta-v must be single numbers or arrays of one shape; got "
            + ", ".join(f"{each.name} {np.shape(each.ideal_km_s)}" for each in burns)
        ) from error
    amounts = np.zeros((3, len(events), *batch))
    for number, three in enumerate(parts):
        for part, amount in enumerate(three):
            amounts[part, number] = amount
    released = np.zeros((len(events), *batch))
    final = budget.dry_kg + budget.carried_kg
    kinds, engines, isp, flow = [], [], [], []
    for number, event in enumerate(events):
        if isinstance(event, Release):
            require_aboard(vehicle.name, event.name, aboard)
            mass = aboard.pop(event.name)
            released[number] = mass
            final -= mass
            kinds.append("release")
            engines.append("")
            isp.append(1.0)
            flow.append(np.inf)
        else:
            engine = vehicle.engine(event.engine)
            kinds.append(event.kind)
            engines.append(event.engine or next(iter(vehicle.engines)))
            isp.append(engine.isp_s)
            flow.append(engine.flow_kg_s(engine.full_thrust_n))
    burning = [number for number, kind in enumerate(kinds) if kind != "release"]
    margin = np.zeros((len(events), *batch))
    if burning:
        margin[burning] = policy.manoeuvre_margins_km_s(
            tuple(kinds[number] for number in burning),
            amounts[0, burning],
            amounts[1, burning],
            amounts[2, burning],
        )
    fraction = vehicle.residuals_fraction
    return Prepared(
        tuple(each.name if isinstance(each, Manoeuvre) else f"release {each.name}" for each in events),
        tuple(kinds),
        tuple(engines),
        np.array(isp),
        np.array(flow),
        amounts[0],
        amounts[1],
        amounts[2],
        margin,
        released,
        final,
        policy.value("residuals") if fraction is None else fraction,
    )
