"""Measures of a study: figures of merit by name, with units, taken from flown batches of cases.

`register` adds a measure; studies can then name it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.errors import InputError

if TYPE_CHECKING:
    from cislunar.trades.flown import FlownCases, LinkFigures
    from cislunar.trades.lander_flight import LandedCases


@dataclass(frozen=True)
class MeasureKind:
    """A figure of merit.

    Attributes
    ----------
    name : str
        What studies call it.
    dimension, unit : str
        Of its values, and the unit of the table unless a study asks for another.
    larger_is_better : bool
        Which way is better; decides what "worst" means over several places.
    about : {"place", "case", "lander"}
        Whether there is a figure for each site and link, one for the case, or one for the lander of a
        timeline, which is not flown with relays.
    description : str
        One sentence for people.
    evaluate : callable
        For `place`: takes `LinkFigures` and returns (cases, places); for `case`: takes `FlownCases`, for
        `lander`: `LandedCases`, and returns (cases,). In internal units.
    edges : bool
        Whether it needs the passes themselves.
    record : bool
        Whether a measure of the case needs the trajectories recorded over the flight.
    lifetime : bool
        Whether it needs the flight beyond the window, `analyses.lifetime`.
    release : bool
        Whether it counts from the study's `release_orbit`.
    engine : bool
        Whether it needs the masses and the engine of every spacecraft.
    """

    name: str
    dimension: str
    unit: str
    larger_is_better: bool
    about: str
    description: str
    evaluate: Callable[[Any], np.ndarray]
    edges: bool = False
    record: bool = False
    lifetime: bool = False
    release: bool = False
    engine: bool = False

    @property
    def landing(self) -> bool:
        """Whether it is about a lander on its way from launch to the ground."""
        return self.about == "lander"


@dataclass(frozen=True)
class Measure:
    """A measure as a study asks for it: one column of the table.

    Attributes
    ----------
    name, label : str
        Column, and what people read.
    kind : str
        Name of the `MeasureKind`.
    unit : str
        Unit in the table.
    sites : tuple of str
        Sites it is about; empty for the cells of the map.
    over : {"sites", "map"}
    take : {"worst", "best", "mean"}
        What counts of several places.
    link : {"chain", "site-relay"}
    """

    name: str
    kind: str
    unit: str
    label: str = ""
    sites: tuple[str, ...] = ()
    over: str = "sites"
    take: str = "worst"
    link: str = "chain"

    @property
    def title(self) -> str:
        """Label or name, with the unit."""
        text = self.label or self.name
        return f"{text} ({self.unit})" if self.unit else text

    def describe(self) -> dict[str, Any]:
        """Plain description for `study.json`."""
        kind = measure_kind(self.kind)
        told: dict[str, Any] = {
            "measure": self.kind,
            "label": self.label or self.name,
            "unit": self.unit,
            "description": kind.description,
            "better": "larger" if kind.larger_is_better else "smaller",
        }
        if kind.about == "place":
            told |= {"over": self.over, "sites": list(self.sites), "take": self.take, "link": self.link}
        return told


_KINDS: Final[dict[str, MeasureKind]] = {}


def register(kind: MeasureKind) -> MeasureKind:
    """Add a measure that studies can name.

    Raises
    ------
    InputError
        The name is taken by another.
    """
    if _KINDS.get(kind.name, kind) != kind:
        raise InputError(f"measure: the name {kind.name!r} is taken")
    _KINDS[kind.name] = kind
    return kind


def measure_names() -> tuple[str, ...]:
    """Names of all measures."""
    return tuple(_KINDS)


def measure_kind(name: str) -> MeasureKind:
    """Look a measure up.

    Raises
    ------
    InputError
        There is none of this name.
    """
    if name not in _KINDS:
        raise InputError(f"measure: expected one of {', '.join(_KINDS)}; got {name!r}")
    return _KINDS[name]


def taken(values: np.ndarray, kind: MeasureKind, take: str, weights: np.ndarray | None = None) -> np.ndarray:
    """Reduce figures (cases, places) to (cases,): the worst, the best or the (area-weighted) mean."""
    if take == "mean":
        return values.mean(axis=1) if weights is None else values @ weights
    smallest = (take == "worst") == kind.larger_is_better
    return values.min(axis=1) if smallest else values.max(axis=1)


def _place(
    name: str,
    dimension: str,
    unit: str,
    larger: bool,
    description: str,
    evaluate: Callable[[LinkFigures], np.ndarray],
    edges: bool = False,
) -> None:
    register(MeasureKind(name, dimension, unit, larger, "place", description, evaluate, edges=edges))


_place("percent", "fraction", "%", True, "part of the time the link holds", lambda f: 0.01 * f.percent)
_place("longest_gap", "time", "h", False, "longest time without the link", lambda f: f.longest_gap_s)
_place("mean_gap", "time", "h", False, "mean time without the link", lambda f: f.mean_gap_s)
_place("mean_pass", "time", "h", True, "mean length of a pass", lambda f: f.mean_pass_s)
_place("passes_per_day", "event_rate", "/d", True, "passes per day", lambda f: f.passes / f.window_s)
_place(
    "passes", "dimensionless", "", True, "number of passes in the window", lambda f: f.passes.astype(float)
)
_place(
    "mean_response",
    "time",
    "h",
    False,
    "mean wait of a request made at a random time",
    lambda f: f.mean_response_s,
    edges=True,
)
_place(
    "worst_day_percent",
    "fraction",
    "%",
    True,
    "least part of a day, of the 24 h periods from the epoch, in which the link holds",
    lambda f: 0.01 * f.worst_day_percent,
    edges=True,
)


def _case(
    name: str,
    dimension: str,
    unit: str,
    larger: bool,
    description: str,
    evaluate: Callable[[FlownCases], np.ndarray],
    **needs: bool,
) -> None:
    register(MeasureKind(name, dimension, unit, larger, "case", description, evaluate, **needs))


_case(
    "lowest_perilune",
    "length",
    "km",
    True,
    "lowest perilune altitude of any spacecraft over the window and the lifetime horizon; 0 after an impact",
    lambda flown: flown.lowest_perilune_km,
    record=True,
)
_case(
    "time_to_impact",
    "time",
    "d",
    True,
    "time from the epoch to the first impact without station-keeping; the horizon if all survive it",
    lambda flown: flown.time_to_impact_s,
    lifetime=True,
)
_case(
    "delta_v_from_release",
    "speed",
    "m/s",
    False,
    "change of velocity from the release orbit into the orbit by the cheapest two impulses; of the "
    "spacecraft that needs most",
    lambda flown: flown.delta_v_from_release_km_s,
    release=True,
)
_case(
    "propellant_from_release",
    "mass",
    "kg",
    False,
    "propellant for it, with the spacecraft's own mass and engine; of the spacecraft that needs most",
    lambda flown: flown.propellant_from_release_kg,
    release=True,
    engine=True,
)
_case(
    "spacecraft",
    "dimensionless",
    "",
    False,
    "number of spacecraft",
    lambda flown: flown.sizes.astype(float),
)


def _lander(name: str, dimension: str, unit: str, larger: bool, description: str, attribute: str) -> None:
    def evaluate(cases: LandedCases) -> np.ndarray:
        values: np.ndarray = getattr(cases, attribute)
        return values

    register(MeasureKind(name, dimension, unit, larger, "lander", description, evaluate))


_lander(
    "payload_landed",
    "mass",
    "kg",
    True,
    "largest payload that the lander brings down with the margins of its policy; negative if it lands not "
    "even empty",
    "payload_kg",
)
_lander(
    "propellant_left",
    "mass",
    "kg",
    True,
    "usable propellant left after the landing with the scenario's own payload and the margins of its policy",
    "spare_kg",
)
_lander("departure", "time", "d", False, "injection, after the scenario's epoch", "departure_s")
_lander("arrival", "time", "d", False, "periapsis at the Moon, after the scenario's epoch", "arrival_s")
_lander("time_of_flight", "time", "d", False, "from the injection to the Moon", "flight_s")
_lander("injection_c3", "specific_energy", "km^2/s^2", False, "C3 after the injection", "c3_km2_s2")
_lander("injection", "speed", "km/s", False, "impulse on the parking orbit", "injection_km_s")
_lander("insertion", "speed", "m/s", False, "insertion, losses included, margins not", "insertion_km_s")
_lander("descent", "speed", "m/s", False, "descent orbit and powered descent, margins not", "descent_km_s")
_lander("delta_v_to_land", "speed", "m/s", False, "all burns of the lander, margins not", "total_km_s")
