"""Numbers of spacecraft that vary within a structure: where they come from, and the states they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import CislunarError, InputError
from cislunar.orbits import anomalies
from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
from cislunar.orbits.elements import KeplerianElements, semi_major_axis_from_period, to_state
from cislunar.orbits.frames import frame_to_icrf, rotate_state
from cislunar.orbits.initial_state import initial_state, size_and_shape
from cislunar.trades.axes import SPREADS, Axis, Target

if TYPE_CHECKING:
    from cislunar.scenario import Scenario
    from cislunar.scenario.model import Spacecraft
    from cislunar.trades.chunk import Context

FIELDS: Final = {
    "semi_major_axis": "semi_major_axis_km",
    "period": "period_s",
    "eccentricity": "eccentricity",
    "periapsis_altitude": "periapsis_altitude_km",
    "apoapsis_altitude": "apoapsis_altitude_km",
    "inclination": "inclination_rad",
    "raan": "raan_rad",
    "argument_of_periapsis": "argument_of_periapsis_rad",
    "true_anomaly": "anomaly_rad",
    "mean_anomaly": "anomaly_rad",
    "eccentric_anomaly": "anomaly_rad",
}
"""Keys of the format, and the fields of `KeplerianOrbit`."""

_BLOCK: Final = 16
"""Angles are worked on in whole blocks: how a library rounds must not depend on the number of cases."""


@dataclass(frozen=True)
class Source:
    """A number that comes from an axis, plus a share of a turn for a copy.

    Attributes
    ----------
    axis : Axis
    target : Target
    turn_deg : float
        Added to an angle of a copy, degrees.
    """

    axis: Axis
    target: Target
    turn_deg: float = 0.0

    def numbers(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Internal values, (cases,)."""
        values = columns[self.axis.name]
        if not self.turn_deg:
            return np.asarray(self.axis.internal(values, self.target), dtype=np.float64)
        from cislunar import units

        degrees = np.degrees(self.axis.internal(values, self.target))
        return ((degrees + self.turn_deg) % 360.0) * units.parse_quantity("1 deg", "angle")


@dataclass(frozen=True, eq=False)
class CraftSlots:
    """One spacecraft of a structure.

    Attributes
    ----------
    craft : Spacecraft
        As checked; its own numbers hold where no axis gives one.
    orbit : dict of str to Source
        By field of `KeplerianOrbit`.
    other : dict of str to Source
        `mass`, `area`, `coefficient`.
    """

    craft: Spacecraft
    orbit: dict[str, Source] = field(default_factory=dict)
    other: dict[str, Source] = field(default_factory=dict)

    def states(
        self, columns: Mapping[str, np.ndarray], epoch_tdb: float, context: Context
    ) -> tuple[np.ndarray, np.ndarray]:
        """Initial states (6, cases), ICRF axes, and which of them can be flown."""
        count = len(next(iter(columns.values())))
        gm = context.forces.gm["moon"]
        statement = self.craft.orbit
        if not self.orbit:
            assert isinstance(statement, KeplerianOrbit | CartesianOrbit)
            try:
                state = initial_state(statement, epoch_tdb, gm, context.environment)
            except CislunarError:
                return np.full((6, count), np.nan), np.zeros(count, dtype=bool)
            return np.repeat(state[:, None], count, axis=1), np.ones(count, dtype=bool)
        assert isinstance(statement, KeplerianOrbit)

        padded = -(-count // _BLOCK) * _BLOCK
        numbers = {
            name: np.pad(source.numbers(columns), (0, padded - count), mode="edge")
            for name, source in self.orbit.items()
        }

        def number(name: str) -> Any:
            if name in numbers:
                return numbers[name]
            stated = getattr(statement, name)
            return None if stated is None else np.full(padded, stated)

        axis, shape, good = _size_and_shape(number, gm)
        # Elements that make sense stand in for those that do not, so that the others can be worked on.
        axis, shape = np.where(good, axis, 4.0 * MOON_RADIUS_KM), np.where(good, shape, 0.0)
        anomaly = number("anomaly_rad")
        if statement.anomaly == "mean":
            anomaly = anomalies.mean_to_true(anomaly, shape)
        elif statement.anomaly == "eccentric":
            anomaly = anomalies.eccentric_to_true(anomaly, shape)
        state = to_state(
            KeplerianElements(
                axis,
                shape,
                number("inclination_rad"),
                number("raan_rad"),
                number("argument_of_periapsis_rad"),
                anomaly,
            ),
            gm,
        )
        turned = rotate_state(frame_to_icrf(statement.frame, epoch_tdb, context.environment), state)
        return np.ascontiguousarray(turned[:, :count]), good[:count]

    def problem(self, columns: Mapping[str, np.ndarray], case: int, context: Context) -> str:
        """Say why a case cannot be flown."""
        if not isinstance(self.craft.orbit, KeplerianOrbit):
            return f"{self.craft.name}: the position lies below the surface (radius {MOON_RADIUS_KM} km)"
        given: dict[str, Any] = {
            name: float(source.numbers(columns)[case]) for name, source in self.orbit.items()
        }
        try:
            size_and_shape(replace(self.craft.orbit, **given), context.forces.gm["moon"])
        except CislunarError as error:
            return f"{self.craft.name}: {error}"
        return f"{self.craft.name}: the orbit touches the surface (radius {MOON_RADIUS_KM} km)"

    def pressure(self, columns: Mapping[str, np.ndarray]) -> Any:
        """Coefficient times area over mass, m^2/kg: a number or (cases,)."""
        light = self.craft.radiation_pressure
        if light is None:
            return 0.0
        known = {"area": light.area_m2, "coefficient": light.coefficient, "mass": self.craft.mass_kg}
        now = {
            name: self.other[name].numbers(columns) if name in self.other else value
            for name, value in known.items()
        }
        return now["coefficient"] * now["area"] / now["mass"]  # type: ignore[operator]


def slots_of(
    scenario: Scenario, axes: Sequence[Axis], copies: Mapping[str, tuple[str, str, float]]
) -> tuple[CraftSlots, ...]:
    """See where the numbers of each spacecraft come from.

    Parameters
    ----------
    scenario : Scenario
    axes : sequence of Axis
        Those that set numbers of spacecraft only.
    copies : mapping of str to (str, str, float)
        For each copy of a spacecraft: of which, the spread, and how far its angles differ, degrees.
    """
    found = []
    for name, craft in scenario.spacecraft.items():
        template, spread, turn = copies.get(name, (name, "", 0.0))
        slots = CraftSlots(craft)
        for axis in axes:
            for target in axis.targets:
                keys = target.path.split(".")
                if keys[1] != template:
                    continue
                source = Source(axis, target, turn if keys[-1] in SPREADS.get(spread, ()) else 0.0)
                if keys[2] == "orbit":
                    _require_stated(craft, keys[3])
                    slots.orbit[FIELDS[keys[3]]] = source
                else:
                    slots.other[keys[-1]] = source
        found.append(slots)
    return tuple(found)


def _require_stated(craft: Spacecraft, key: str) -> None:
    """Refuse an axis on an element that the orbit does not state."""
    orbit, name = craft.orbit, FIELDS[key]
    stated = isinstance(orbit, KeplerianOrbit) and getattr(orbit, name) is not None
    if stated and name == "anomaly_rad" and isinstance(orbit, KeplerianOrbit):
        stated = key == f"{orbit.anomaly}_anomaly"
    if not stated:
        raise InputError(f"spacecraft.{craft.name}.orbit: it does not state {key}")


def _size_and_shape(number: Any, gm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Semi-major axis, eccentricity and whether they make an ellipse above the surface; arrays (cases,).

    The same arithmetic as `cislunar.orbits.initial_state.size_and_shape`, for whole batches.
    """
    a, e = number("semi_major_axis_km"), number("eccentricity")
    low, high = number("periapsis_altitude_km"), number("apoapsis_altitude_km")
    low = None if low is None else low + MOON_RADIUS_KM
    high = None if high is None else high + MOON_RADIUS_KM
    period = number("period_s")
    if period is not None:
        a = semi_major_axis_from_period(period, gm)
    if low is not None and high is not None:
        a, e = 0.5 * (low + high), (high - low) / (high + low)
    elif e is not None and low is not None:
        a = low / (1.0 - e)
    elif e is not None and high is not None:
        a = high / (1.0 + e)
    elif a is not None and low is not None:
        e = 1.0 - low / a
    elif a is not None and high is not None:
        e = high / a - 1.0
    good = (e >= 0.0) & (e < 1.0) & (a > 0.0) & (a * (1.0 - e) > MOON_RADIUS_KM)
    return a, e, good
