"""The delta-v budget: each event's ideal size, losses, statistical part, margin, propellant and masses.

`size` asks how much propellant the events need; `fly` loads what the vehicle has and says what is left.
Residuals are aboard during every burn, so they count as mass that is accelerated to the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import STANDARD_GRAVITY_M_S2
from cislunar.errors import InputError
from cislunar.vehicles.checks import kilograms, require_propellant
from cislunar.vehicles.events import Event, Manoeuvre, Release, prepare
from cislunar.vehicles.rules import NONE, MarginPolicy
from cislunar.vehicles.sequence import before_from_after, mass_ratios, masses, sized_final_kg
from cislunar.vehicles.vehicle import Vehicle

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

__all__ = ["DeltaVBudget", "Event", "Manoeuvre", "Release", "fly", "size"]


@dataclass(frozen=True)
class DeltaVBudget:
    """A delta-v budget, event by event.

    All arrays have shape (k, ...): events first, then the batch, if there is one.

    Attributes
    ----------
    vehicle, policy : str
        Names.
    names, kinds, engines : tuple of str
        Of each event; the kind of a separation is `release`, its engine is empty.
    rule : tuple of str
        Identifier of the margin rule of each event.
    ideal_km_s, losses_km_s, statistical_km_s, margin_km_s : ndarray
        The parts of each event.
    propellant_kg, released_kg, mass_before_kg, mass_after_kg : ndarray
        Propellant burnt, what separates, and the masses around the event.
    burn_time_s : ndarray
        At full thrust.
    needed_kg : ndarray, shape (...)
        Propellant to load so that it just closes, residuals included.
    loaded_kg : float
        Propellant the vehicle has loaded, residuals included.
    residuals_kg : ndarray, shape (...)
        Of the propellant loaded for this budget.
    final_kg : ndarray, shape (...)
        Mass that has to arrive: dry mass with margins and everything not released, without residuals.
    spare_kg : ndarray, shape (...)
        Usable propellant left at the end if the vehicle flies with its own load; negative if it runs out.
    spare_km_s : ndarray, shape (...)
        The same as delta-v of the last engine used.
    tank_capacity_kg : float or None
    """

    vehicle: str
    policy: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    engines: tuple[str, ...]
    rule: tuple[str, ...]
    ideal_km_s: Array = field(repr=False)
    losses_km_s: Array = field(repr=False)
    statistical_km_s: Array = field(repr=False)
    margin_km_s: Array = field(repr=False)
    propellant_kg: Array = field(repr=False)
    released_kg: Array = field(repr=False)
    mass_before_kg: Array = field(repr=False)
    mass_after_kg: Array = field(repr=False)
    burn_time_s: Array = field(repr=False)
    needed_kg: Array
    loaded_kg: float
    residuals_kg: Array
    final_kg: Array
    spare_kg: Array
    spare_km_s: Array
    tank_capacity_kg: float | None = None

    @property
    def total_km_s(self) -> Array:
        """Ideal, losses, statistical part and margin of each event, km/s, shape (k, ...)."""
        return self.ideal_km_s + self.losses_km_s + self.statistical_km_s + self.margin_km_s

    @property
    def sum_km_s(self) -> Array:
        """Delta-v of all events, km/s, shape (...)."""
        return np.asarray(np.sum(self.total_km_s, axis=0))

    @property
    def margin_kg(self) -> Array:
        """Propellant loaded beyond what is needed, kg; negative: so much is missing."""
        return np.asarray(self.loaded_kg - self.needed_kg)

    @property
    def closes(self) -> Array:
        """Whether the vehicle's own load is enough, shape (...)."""
        return np.asarray(self.margin_kg >= -1e-9 * self.needed_kg)

    @property
    def fits(self) -> Array:
        """Whether the propellant needed fits the tanks; True where no capacity is given."""
        if self.tank_capacity_kg is None:
            return np.ones(np.shape(self.needed_kg), dtype=bool)
        return np.asarray(self.needed_kg <= self.tank_capacity_kg)

    def verdict(self) -> str:
        """Say in a sentence whether it closes and by how much; for a budget of one vehicle."""
        needed, margin = float(self.needed_kg), float(self.margin_kg)
        if not self.loaded_kg:
            return f"{self.vehicle} needs {kilograms(needed)} of propellant"
        if bool(self.closes):
            return (
                f"{self.vehicle} closes with {kilograms(margin)} of propellant to spare "
                f"({kilograms(needed)} needed, {kilograms(self.loaded_kg)} loaded)"
            )
        return (
            f"{self.vehicle} does not close: {kilograms(-margin)} of propellant short "
            f"({kilograms(needed)} needed, {kilograms(self.loaded_kg)} loaded)"
        )

    def require_closed(self) -> None:
        """Refuse a budget that its vehicle cannot fly; for a budget made by :func:`fly`, of one vehicle.

        Raises
        ------
        InputError
            Names the burn during which the propellant runs out and says how much is missing.
        """
        left = self.loaded_kg - float(self.residuals_kg)
        for name, burnt in zip(self.names, self.propellant_kg, strict=True):
            require_propellant(self.vehicle, name, float(burnt), left)
            left -= float(burnt)

    def rows(self, index: tuple[int, ...] = ()) -> list[dict[str, Any]]:
        """List the events as plain rows and their sum last.

        Parameters
        ----------
        index : tuple of int
            Which member of the batch; empty for a budget of one.
        """
        columns = {
            "ideal_km_s": self.ideal_km_s,
            "losses_km_s": self.losses_km_s,
            "statistical_km_s": self.statistical_km_s,
            "margin_km_s": self.margin_km_s,
            "total_km_s": self.total_km_s,
            "propellant_kg": self.propellant_kg,
            "released_kg": self.released_kg,
            "mass_before_kg": self.mass_before_kg,
            "mass_after_kg": self.mass_after_kg,
            "burn_time_s": self.burn_time_s,
        }
        rows: list[dict[str, Any]] = [
            {
                "event": name,
                "kind": self.kinds[event],
                "engine": self.engines[event],
                "margin_rule": self.rule[event],
                **{key: float(values[(event, *index)]) for key, values in columns.items()},
            }
            for event, name in enumerate(self.names)
        ]
        total: dict[str, Any] = {"event": "total", "kind": "", "engine": "", "margin_rule": ""}
        for key in columns:
            total[key] = sum(row[key] for row in rows) if not key.startswith("mass") else None
        if rows:
            total["mass_before_kg"] = rows[0]["mass_before_kg"]
            total["mass_after_kg"] = rows[-1]["mass_after_kg"]
        return [*rows, total]

    def table(self, index: tuple[int, ...] = ()) -> pd.DataFrame:
        """Give :meth:`rows` as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows(index))


def size(vehicle: Vehicle, events: Sequence[Event], policy: MarginPolicy = NONE) -> DeltaVBudget:
    """Size the propellant: backward from the dry mass with margins, with residuals.

    Parameters
    ----------
    vehicle : Vehicle
    events : sequence of Manoeuvre and Release
        In order of flight. Amounts may be arrays; they broadcast to one batch.
    policy : MarginPolicy
        Margins on manoeuvres and masses; residuals unless the vehicle states its own.

    Raises
    ------
    InputError
        If something is released that is not aboard, an engine is not known, or the residuals grow faster than
        the propellant.
    """
    return _budget(vehicle, events, policy, own_load=False)


def fly(vehicle: Vehicle, events: Sequence[Event], policy: MarginPolicy = NONE) -> DeltaVBudget:
    """Fly the events with the propellant the vehicle has: forward from its launch mass with margins.

    Parameters and errors as :func:`size`. A burn that is longer than the propellant is not an error here: the
    masses go on as if it were there, `spare_kg` is negative, and :meth:`DeltaVBudget.require_closed` names
    the burn.
    """
    return _budget(vehicle, events, policy, own_load=True)


def _budget(vehicle: Vehicle, events: Sequence[Event], policy: MarginPolicy, own_load: bool) -> DeltaVBudget:
    if not events:
        raise InputError(f"{vehicle.name}: expected at least one manoeuvre or release in the delta-v budget")
    prepared = prepare(vehicle, events, policy)
    ratios = mass_ratios(prepared.total_km_s, prepared.isp_column_s)
    released = prepared.released_kg
    dropped = np.sum(released, axis=0)
    residuals = prepared.residuals_fraction
    slope, offset = before_from_after(ratios, released)
    ends = sized_final_kg(prepared.final_kg, slope, offset, dropped, residuals)
    sized = slope * ends + offset
    needed = sized - prepared.final_kg - dropped
    loaded = vehicle.propellant_kg
    full = prepared.final_kg + dropped + loaded
    kept = loaded * residuals / (1.0 + residuals)
    left = (full - offset) / slope
    spare = left - prepared.final_kg - kept
    before, burnt, after = masses(full if own_load else sized, ratios, released)
    burning = [number for number, kind in enumerate(prepared.kinds) if kind != "release"]
    exhaust = (prepared.isp_s[burning[-1]] if burning else 1.0) * STANDARD_GRAVITY_M_S2 / 1000.0
    with np.errstate(divide="ignore", invalid="ignore"):
        spare_km_s = exhaust * np.log(np.maximum(left, 0.0) / (prepared.final_kg + kept))
    return DeltaVBudget(
        vehicle=vehicle.name,
        policy=policy.name,
        names=prepared.names,
        kinds=prepared.kinds,
        engines=prepared.engines,
        rule=tuple(policy.identifier(kind) if kind != "release" else "–" for kind in prepared.kinds),
        ideal_km_s=prepared.ideal_km_s,
        losses_km_s=prepared.losses_km_s,
        statistical_km_s=prepared.statistical_km_s,
        margin_km_s=prepared.margin_km_s,
        propellant_kg=burnt,
        released_kg=released,
        mass_before_kg=before,
        mass_after_kg=after,
        burn_time_s=burnt / prepared.flow_kg_s.reshape((-1,) + (1,) * (burnt.ndim - 1)),
        needed_kg=np.asarray(needed),
        loaded_kg=loaded,
        residuals_kg=np.asarray(kept) if own_load else np.asarray(needed * residuals / (1.0 + residuals)),
        final_kg=np.asarray(prepared.final_kg),
        spare_kg=np.asarray(spare),
        spare_km_s=np.asarray(spare_km_s),
        tank_capacity_kg=vehicle.tank_capacity_kg,
    )
