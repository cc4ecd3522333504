"""How much payload a vehicle can land: the delta-v budget read the other way.

The sequence of burns is linear in the mass at its end, so the largest payload follows in closed form from
each limit, and the smallest of them holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.vehicles.checks import kilograms, require_mass
from cislunar.vehicles.events import Event, Release, prepare
from cislunar.vehicles.masses import mass_budget
from cislunar.vehicles.rules import NONE, MarginPolicy
from cislunar.vehicles.sequence import before_from_after, mass_ratios, sized_final_kg
from cislunar.vehicles.vehicle import Vehicle

Array = NDArray[np.float64]

LIMITS = ("propellant", "launch mass")


@dataclass(frozen=True)
class PayloadLimit:
    """The largest payload, for one vehicle or a batch; all arrays have the shape of the batch.

    Attributes
    ----------
    payload_kg : ndarray
        Largest mass delivered at the end of the sequence, kg; negative: the vehicle does not get there even
        empty, and so much is missing.
    limit : ndarray of int
        Which limit holds, an index into `LIMITS`.
    by_propellant_kg, by_launch_mass_kg : ndarray
        The payload that each limit alone would allow, kg; infinite where it does not limit.
    propellant_kg : ndarray
        Propellant loaded for that payload, residuals included, kg.
    launch_kg : ndarray
        Mass at the start of the sequence with that payload, kg.
    """

    payload_kg: Array
    limit: NDArray[np.int64]
    by_propellant_kg: Array
    by_launch_mass_kg: Array
    propellant_kg: Array
    launch_kg: Array

    def limit_name(self) -> str:
        """Name the limit of a single answer."""
        return LIMITS[int(self.limit)]


def payload_limit(
    delta_v_km_s: ArrayLike,
    isp_s: ArrayLike,
    *,
    dry_mass_kg: ArrayLike,
    propellant_kg: ArrayLike,
    released_kg: ArrayLike = 0.0,
    residuals_fraction: ArrayLike = 0.0,
    launch_mass_kg: ArrayLike = np.inf,
) -> PayloadLimit:
    """Find the largest payload for sequences of burns, in one batch.

    Parameters
    ----------
    delta_v_km_s : array_like, shape (k, ...)
        Total of each burn with its margin, km/s, in order.
    isp_s : array_like, shape (k, ...) or scalar
        Specific impulse of each burn, s.
    dry_mass_kg : array_like, shape (...)
        What arrives besides the payload: dry mass with its margins and spacecraft not released, kg.
    propellant_kg : array_like, shape (...)
        Most propellant that can be loaded, residuals included, kg; less is loaded where the launch mass is
        the limit.
    released_kg : array_like, shape (k, ...) or scalar 0
        What separates after each burn, kg.
    residuals_fraction : array_like, shape (...)
        Propellant that cannot be used, as a fraction of the propellant used.
    launch_mass_kg : array_like, shape (...)
        Most mass at the start of the sequence, kg: the launcher's capability at the C3, after its margins.

    Returns
    -------
    PayloadLimit

    Raises
    ------
    InputError
        If a mass is negative or nothing limits the payload.
    """
    for what, value in (("dry mass", dry_mass_kg), ("propellant", propellant_kg), ("release", released_kg)):
        require_mass(what, value)
    ratios = mass_ratios(delta_v_km_s, isp_s)
    released = _released(released_kg, ratios)
    slope, offset = before_from_after(ratios, released)
    dropped = np.sum(released, axis=0)
    dry, most, residuals, launch = (
        np.asarray(value, dtype=np.float64)
        for value in (dry_mass_kg, propellant_kg, residuals_fraction, launch_mass_kg)
    )
    if np.any((slope <= 1.0) & ~np.isfinite(launch)):
        raise InputError("expected burns or a launch mass that limit the payload; there is no delta-v at all")
    kept = most * residuals / (1.0 + residuals)
    with np.errstate(divide="ignore", invalid="ignore"):
        # initial = slope (dry + kept + payload) + offset, and initial = dry + payload + propellant + dropped.
        by_propellant = np.where(
            slope > 1.0, (most - slope * kept + dropped - offset) / (slope - 1.0) - dry, np.inf
        )
    limited = np.isfinite(launch)
    lifted = np.where(limited, launch, 0.0)
    ends = (lifted - offset) / slope
    by_launch = np.where(limited, ends - dry - residuals * (lifted - ends - dropped), np.inf)
    by_propellant, by_launch = np.broadcast_arrays(by_propellant, by_launch)
    payload = np.minimum(by_propellant, by_launch)
    final = dry + payload
    start = slope * sized_final_kg(final, slope, offset, dropped, residuals) + offset
    return PayloadLimit(
        np.asarray(payload),
        (by_launch < by_propellant).astype(np.int64),
        by_propellant,
        by_launch,
        np.asarray(start - final - dropped),
        np.asarray(start),
    )


def landed_payload(
    vehicle: Vehicle,
    events: Sequence[Event],
    policy: MarginPolicy = NONE,
    *,
    launch_mass_kg: float = np.inf,
) -> PayloadLimit:
    """Find how much payload a vehicle can bring to the end of its events.

    Parameters
    ----------
    vehicle : Vehicle
        Its own payloads that are not released count as nothing: the answer replaces them. The propellant is
        its load.
    events : sequence of Manoeuvre and Release
    policy : MarginPolicy
        Margins on the manoeuvres and on the bus. The answer is the mass delivered, the payload's own
        allowances included.
    launch_mass_kg : float
        Most mass at launch, kg.
    """
    released = {each.name for each in events if isinstance(each, Release)}
    leaving = tuple(each for each in vehicle.payloads if each.name in released)
    empty = replace(vehicle, payloads=leaving)
    prepared = prepare(empty, events, policy)
    return payload_limit(
        prepared.total_km_s,
        prepared.isp_column_s,
        dry_mass_kg=prepared.final_kg,
        propellant_kg=vehicle.propellant_kg,
        released_kg=prepared.released_kg,
        residuals_fraction=prepared.residuals_fraction,
        launch_mass_kg=launch_mass_kg,
    )


def require_landable(vehicle: Vehicle, events: Sequence[Event], policy: MarginPolicy = NONE) -> None:
    """Refuse a payload that is heavier than the vehicle can bring to the end of its events.

    Raises
    ------
    InputError
        With the payload with its allowances, the most the vehicle can land, and the difference.
    """
    released = {each.name for each in events if isinstance(each, Release)}
    staying = tuple(each for each in vehicle.payloads if each.name not in released)
    leaving = tuple(each for each in vehicle.payloads if each.name in released)
    most = float(np.min(landed_payload(vehicle, events, policy).payload_kg))
    whole = mass_budget(vehicle, policy).dry_kg
    load = whole - mass_budget(replace(vehicle, payloads=leaving), policy).dry_kg
    if load > most + 1e-9 * max(load, 1.0):
        listed = ", ".join(f"{each.name} {kilograms(each.mass_kg)}" for each in staying)
        able = f"can land {kilograms(most)}" if most >= 0.0 else "cannot land even without payload"
        raise InputError(
            f"{vehicle.name}: payload of {kilograms(load)} with margins ({listed}; policy {policy.name}) is "
            f"{kilograms(load - most)} more than it can bring down: it {able}; take payload off, add "
            "propellant or make the manoeuvres smaller"
        )


def needed_propellant(
    delta_v_km_s: ArrayLike,
    isp_s: ArrayLike,
    *,
    final_mass_kg: ArrayLike,
    released_kg: ArrayLike = 0.0,
    residuals_fraction: ArrayLike = 0.0,
) -> Array:
    """Find the propellant to load for sequences of burns, in one batch: the inverse of `payload_limit`.

    Parameters
    ----------
    delta_v_km_s, isp_s, released_kg, residuals_fraction
        As :func:`payload_limit`.
    final_mass_kg : array_like, shape (...)
        Everything that arrives, payload included, without residuals, kg.

    Returns
    -------
    ndarray, shape (...)
        kg, residuals included.
    """
    require_mass("final mass", final_mass_kg)
    ratios = mass_ratios(delta_v_km_s, isp_s)
    released = _released(released_kg, ratios)
    slope, offset = before_from_after(ratios, released)
    dropped = np.sum(released, axis=0)
    ends = sized_final_kg(final_mass_kg, slope, offset, dropped, residuals_fraction)
    return np.asarray(slope * ends + offset - np.asarray(final_mass_kg) - dropped)


def _released(released_kg: ArrayLike, ratios: Array) -> Array:
    """Give the releases one to each burn; check both have the events on the first axis."""
    if ratios.ndim == 0:
        raise InputError("expected a list of burns, first axis over the burns; got a single number")
    released = np.asarray(released_kg, dtype=np.float64)
    if released.ndim == 0:
        return np.broadcast_to(released, ratios.shape)
    if len(released) != len(ratios):
        raise InputError(f"expected one release for each of {len(ratios)} burns; got {len(released)}")
    return released
