"""A checked scenario in internal units: km, km/s, s, rad, kg, m^2 and seconds past J2000 TDB."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cislunar.orbits.definitions import KeplerianOrbit, Orbit
from cislunar.scenario.phases import Phase
from cislunar.vehicles.rules import NONE, MarginPolicy
from cislunar.vehicles.vehicle import Vehicle

if TYPE_CHECKING:
    from cislunar.environment.sites import AzimuthMask, ConstantMask
    from cislunar.environment.stations import Station
    from cislunar.scenario.yamlfile import Node


@dataclass(frozen=True)
class Physics:
    """Forces and accuracy of the propagation.

    Attributes
    ----------
    gravity : str or Path
        The packaged field by name, or a file.
    gravity_frame : str or None
        Lunar axes of the coefficients, for a file that does not name them.
    degree : int
        Degree and order of the Moon's gravity.
    bodies : tuple of str
        Bodies whose gravity acts besides the Moon's.
    tolerance : float
        Relative tolerance of a step.
    """

    gravity: str | Path
    gravity_frame: str | None
    degree: int
    bodies: tuple[str, ...]
    tolerance: float


@dataclass(frozen=True)
class DataFiles:
    """The user's own files; what is empty or None comes from the packaged tables."""

    ephemeris: tuple[Path, ...] = ()
    lunar_orientation: Path | None = None
    terrain: Path | None = None


@dataclass(frozen=True)
class SiteDefinition:
    """A place on the Moon, mean-Earth frame.

    Attributes
    ----------
    name : str
    latitude_rad, longitude_rad : float
        East longitude.
    height_km : float or None
        Height above the 1737.4 km sphere; None takes it from the topography.
    horizon : ConstantMask, AzimuthMask or "terrain"
        What hides the sky; "terrain" computes it from the topography.
    label : str
        What the report calls it; empty for its name.
    """

    name: str
    latitude_rad: float
    longitude_rad: float
    height_km: float | None
    horizon: ConstantMask | AzimuthMask | Literal["terrain"]
    label: str = ""


@dataclass(frozen=True)
class RadiationPressure:
    """Solar radiation pressure on a sphere: cross section, m^2, and coefficient (1 absorbs, 2 reflects)."""

    area_m2: float
    coefficient: float


@dataclass(frozen=True)
class RelayDefinition:
    """Names of the sites a relay serves and of the stations it reaches; what the chain carries, bit/s."""

    sites: tuple[str, ...]
    stations: tuple[str, ...]
    rate_bit_s: float | None = None


@dataclass(frozen=True)
class KeepingRule:
    """How the perilune of a relay's working orbit is held, above the 1737.4 km sphere.

    Attributes
    ----------
    floor_km, ceiling_km : float
        Band in which the perilune may move.
    target_km : float or None
        What a correction sets; None for the perilune at the beginning of work.
    duration_s : float or None
        How long; None for the first stretch of work.
    """

    floor_km: float
    target_km: float | None = None
    ceiling_km: float = math.inf
    duration_s: float | None = None


@dataclass(frozen=True)
class Spacecraft:
    """A spacecraft about the Moon, or on its way there.

    Attributes
    ----------
    name : str
    orbit : KeplerianOrbit, CartesianOrbit, EphemerisOrbit or None
        Where it is at the scenario's epoch, or all along; None for a spacecraft with a timeline.
    mass_kg : float or None
        On which radiation pressure acts.
    radiation_pressure : RadiationPressure or None
        None for a spacecraft that sunlight does not push.
    relay : RelayDefinition or None
        None for a spacecraft that is no relay.
    timeline : tuple of Phase
        Phases of its life; empty for a spacecraft with an orbit.
    vehicle : Vehicle or None
        The machine; None where no dry mass is stated.
    carries : tuple of str
        Names of the spacecraft aboard at the start.
    price_usd : float or None
        Price of the delivery.
    margins : MarginPolicy
        Of the policy that the file names, with the file's own numbers.
    payload_duration_s : mapping of str to float
        How long payloads work, of those that state it.
    keeping : KeepingRule or None
        By which a relay's keeping is priced.
    """

    name: str
    orbit: Orbit | None
    mass_kg: float | None = None
    radiation_pressure: RadiationPressure | None = None
    relay: RelayDefinition | None = None
    timeline: tuple[Phase, ...] = ()
    vehicle: Vehicle | None = None
    carries: tuple[str, ...] = ()
    price_usd: float | None = None
    margins: MarginPolicy = NONE
    payload_duration_s: Mapping[str, float] = field(default_factory=dict)
    keeping: KeepingRule | None = None


@dataclass(frozen=True)
class Requirement:
    """A figure of merit that the configuration has to reach.

    Attributes
    ----------
    name, site, link, measure : str
        What is limited, in the words of the format.
    bound : {"at_least", "at_most"}
        The direction.
    limit : float
        In the measure's unit: per cent, seconds, or passes per day.
    limit_text : str
        The limit as the file states it.
    region : str or None
        Part of the Moon the site was checked to lie in.
    """

    name: str
    site: str
    link: str
    measure: str
    bound: Literal["at_least", "at_most"]
    limit: float
    limit_text: str
    region: str | None = None

    def met_by(self, found: float) -> bool:
        """Whether a figure, in the unit of `limit`, reaches the requirement."""
        return found >= self.limit if self.bound == "at_least" else found <= self.limit


@dataclass(frozen=True)
class MapDefinition:
    """A map of coverage: region and grid in the words of the format, angles in rad, height in km."""

    region: str
    grid: Literal["equal-area", "latitude-longitude"]
    resolution_rad: float
    height_km: float
    mask_rad: float
    minimum_pass_s: float


@dataclass(frozen=True)
class CoverageAnalysis:
    """What to analyse: sites by name, options, and the map (None for no map)."""

    sites: tuple[str, ...]
    light_time: bool
    minimum_pass_s: float
    degraded: bool
    map: MapDefinition | None


@dataclass(frozen=True)
class LifetimeAnalysis:
    """How far ahead to look for an impact, s from the epoch."""

    horizon_s: float


@dataclass(frozen=True)
class DeliveryAnalysis:
    """Other working orbits to compare deliveries to, and whether a carrier comes back from there."""

    orbits: Mapping[str, KeplerianOrbit]
    lander_returns: bool = True


@dataclass(frozen=True)
class WindowAnalysis:
    """Which launches to try; everything else is in the timeline of the spacecraft.

    Attributes
    ----------
    spacecraft : str
        Its timeline leads from a launch by a direct transfer and an insertion to a landing.
    start_tdb : float
        First launch, seconds past J2000 TDB.
    duration_s, step_s : float
        How far the launches reach, and the time between them.
    times_of_flight_s : tuple of float
    branches : tuple of str
        `north` and `south`, or one of them.
    headings : tuple of str
        `ascending` and `descending`, one of them, or `cheaper`.
    coverage_s : float
        Length of the sample of coverage by the released relays; 0 for none.
    least_coverage : float or None
        Share of the time, 0 to 1, that a launch has to give.
    insertion_in_view : bool
        Whether a station has to see the insertion.
    slip_days : int
        Launch days that the chosen one should have after it.
    lead_s : float
        From the end of a coast to a date, which moves with the launch, to the landing.
    longest_wait_s : float or None
        From the insertion to the landing.
    sun : {"rising", "setting", "either"}
        How the Sun has to move at the landing.
    """

    spacecraft: str
    start_tdb: float
    duration_s: float
    step_s: float
    times_of_flight_s: tuple[float, ...]
    branches: tuple[str, ...] = ("north", "south")
    headings: tuple[str, ...] = ("cheaper",)
    coverage_s: float = 0.0
    least_coverage: float | None = None
    insertion_in_view: bool = False
    slip_days: int = 0
    lead_s: float = 0.0
    longest_wait_s: float | None = None
    sun: str = "either"

    @property
    def launches(self) -> int:
        """Number of launches tried."""
        return int(self.duration_s / self.step_s + 1e-9) + 1

    @property
    def candidates(self) -> int:
        """Number of combinations tried."""
        return self.launches * len(self.times_of_flight_s) * len(self.branches) * len(self.headings)


@dataclass(frozen=True)
class Scenario:
    """A mission architecture, checked and in internal units.

    Made by `cislunar.load` from a file, by `Scenario.from_text` from text, and by `with_values` from another
    scenario.

    Attributes
    ----------
    name, description : str
        For people.
    epoch_tdb : float
        Start, and epoch of all orbits, seconds past J2000 TDB.
    epoch_text : str
        The epoch as the file states it.
    duration_s : float
        Length of the window, s.
    physics : Physics
    data : DataFiles
    sites : mapping of str to SiteDefinition
    stations : mapping of str to Station
        All Earth stations, in the order of the file.
    networks : mapping of str to tuple of str
        Stations of each network named in the file.
    spacecraft : mapping of str to Spacecraft
    requirements : tuple of Requirement
    coverage : CoverageAnalysis or None
        None where there is no site to analyse.
    lifetime : LifetimeAnalysis or None
    window : WindowAnalysis or None
    delivery : DeliveryAnalysis or None
    sources, assumptions : tuple of dict
        Facts with `path`, `value` and `source`, or `path`, `value` and `assumption`; a fact without either
        is listed as an assumption.
    file : str
        The file as the user named it.
    sha256 : str
        Hash of the file's bytes.
    changes : tuple of (str, str)
        Path and value of everything changed by `with_values` since.
    """

    name: str
    description: str
    epoch_tdb: float
    epoch_text: str
    duration_s: float
    physics: Physics
    data: DataFiles
    sites: Mapping[str, SiteDefinition]
    stations: Mapping[str, Station]
    networks: Mapping[str, tuple[str, ...]]
    spacecraft: Mapping[str, Spacecraft]
    requirements: tuple[Requirement, ...]
    coverage: CoverageAnalysis | None
    lifetime: LifetimeAnalysis | None
    sources: tuple[dict[str, str], ...]
    assumptions: tuple[dict[str, str], ...]
    file: str
    sha256: str
    changes: tuple[tuple[str, str], ...] = ()
    directory: Path = field(default=Path(), repr=False)
    root: Node | None = field(default=None, repr=False, compare=False)
    window: WindowAnalysis | None = None
    delivery: DeliveryAnalysis | None = None

    @property
    def end_tdb(self) -> float:
        """End of the window, seconds past J2000 TDB."""
        return self.epoch_tdb + self.duration_s

    @property
    def relays(self) -> tuple[str, ...]:
        """Names of the spacecraft that are relays."""
        return tuple(name for name, craft in self.spacecraft.items() if craft.relay is not None)

    @classmethod
    def from_text(cls, text: str | bytes, *, file: str = "<text>", directory: str | Path = ".") -> Scenario:
        """Read a scenario from YAML text.

        Parameters
        ----------
        text : str or bytes
            The YAML document.
        file : str
            What messages call it.
        directory : path-like
            Where relative paths in it start.

        Raises
        ------
        ScenarioError
            With every mistake found.
        """
        from cislunar.scenario.loading import read_scenario

        return read_scenario(
            text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text, file, Path(directory)
        )

    def with_values(self, values: Mapping[str, Any]) -> Scenario:
        """Give the same scenario with some values changed, checked like a file.

        Parameters
        ----------
        values : mapping of str to object
            By dotted path, `spacecraft.alpine.orbit.semi_major_axis`: text as in the file (`7000 km`), a
            number, a bool, a list, a dict, an astropy quantity, or None to take the key out. A path reaches
            a plain value and one with a source alike; the place of a list item is its number, counted from 0.

        Returns
        -------
        Scenario
            Its `changes` name what was changed, and the changed facts are listed as assumptions, since their
            sources no longer hold.

        Raises
        ------
        InputError
            A path leads through something that is not a mapping or a list.
        ScenarioError
            The changed scenario is not valid.
        """
        from cislunar.scenario.loading import change_values

        return change_values(self, values)
