"""The phases of a spacecraft's life, checked and in internal units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit


@dataclass(frozen=True)
class Moment:
    """A place on an orbit, or a time.

    Attributes
    ----------
    kind : {"place", "anomaly", "after", "epoch"}
        What states it.
    place : str
        `periapsis`, `apoapsis`, `ascending node` or `descending node`.
    value : float
        True anomaly, rad; seconds after the phase begins; or seconds past J2000 TDB.
    passage : int
        At which passage of a place or an anomaly, from 1.
    """

    kind: Literal["place", "anomaly", "after", "epoch"]
    place: str = ""
    value: float = 0.0
    passage: int = 1


@dataclass(frozen=True)
class OrbitPhase:
    """A life that begins in orbit about the Moon, at the scenario's epoch."""

    kind: ClassVar[str] = "orbit"
    orbit: KeplerianOrbit | CartesianOrbit


@dataclass(frozen=True)
class LaunchPhase:
    """A circular parking orbit about the Earth, and when it is left.

    Attributes
    ----------
    altitude_km, inclination_rad : float
        Of the parking orbit; altitude above 6378.137 km, inclination to the true equator of date.
    epoch_tdb : float
        When it is left.
    latitude_rad : float or None
        Of the launch site.
    mass_curve : tuple of (float, float)
        C3, km^2/s^2, and mass injected, kg; rising C3; empty where not stated.
    c3_km2_s2, injection_km_s : float or None
        What the launcher's injection gives, stated in one way or the other; None for both: whatever the
        transfer needs.
    """

    kind: ClassVar[str] = "launch"
    altitude_km: float
    inclination_rad: float
    epoch_tdb: float
    latitude_rad: float | None = None
    mass_curve: tuple[tuple[float, float], ...] = ()
    c3_km2_s2: float | None = None
    injection_km_s: float | None = None


@dataclass(frozen=True)
class DirectTransferPhase:
    """A flight of days to a periapsis at the Moon; inclination to the lunar mean-Earth equator."""

    kind: ClassVar[str] = "transfer"
    time_of_flight_s: float
    periapsis_altitude_km: float
    inclination_rad: float
    branch: Literal["north", "south", "cheaper"]


@dataclass(frozen=True)
class FreeReturnPhase:
    """A flight of days to a periapsis at the Moon that comes back to the Earth if nothing is done there."""

    kind: ClassVar[str] = "transfer"
    periapsis_altitude_km: float
    inclination_rad: float
    return_altitude_km: float = 50.0


@dataclass(frozen=True)
class BallisticTransferPhase:
    """A flight of months to a periapsis at the Moon within a window of arrival.

    It leaves at the launch epoch or later; not later than `depart_within_s` after it, where that is stated.
    """

    kind: ClassVar[str] = "transfer"
    arrive_after_tdb: float
    arrive_before_tdb: float
    periapsis_altitude_km: float
    inclination_rad: float
    flyby: bool
    candidates: int = 200_000
    time_of_flight_s: tuple[float, float] = (60.0 * 86400.0, 160.0 * 86400.0)
    depart_within_s: float | None = None


@dataclass(frozen=True)
class CorrectionPhase:
    """Corrections of a transfer, from errors drawn at random.

    Attributes
    ----------
    times_s : tuple of float
        After the injection.
    injection_magnitude, execution_magnitude : float
        Standard deviations of sizes, as fractions.
    injection_pointing_rad, execution_pointing_rad : float
        Standard deviations of directions about each of two axes.
    navigation_position_km, navigation_velocity_km_s, execution_fixed_km_s : float
        Standard deviations of each component.
    samples, seed : int
        Of the draws.
    percentile : float
        Share of the flights that need no more, 0 to 1.
    """

    kind: ClassVar[str] = "correction"
    times_s: tuple[float, ...]
    injection_magnitude: float = 0.0
    injection_pointing_rad: float = 0.0
    navigation_position_km: float = 0.0
    navigation_velocity_km_s: float = 0.0
    execution_magnitude: float = 0.0
    execution_pointing_rad: float = 0.0
    execution_fixed_km_s: float = 0.0
    samples: int = 2000
    seed: int = 0
    percentile: float = 0.99


@dataclass(frozen=True)
class InsertPhase:
    """From the arrival into an orbit, by burns at periapsis."""

    kind: ClassVar[str] = "insert"
    apoapsis_altitude_km: float
    burns: int
    finite: bool


@dataclass(frozen=True)
class ManoeuvrePhase:
    """A burn that changes the orbit.

    Attributes
    ----------
    at : Moment
    change : {"apoapsis_altitude", "periapsis_altitude", "inclination", "circularise", "delta_v"}
        What is changed.
    value : float
        Altitude, km, or inclination, rad, afterwards.
    delta_v_km_s : tuple of 3 floats
        For the change `delta_v`, along `axes`.
    axes : str
        `vnc`, `rtn` or `icrf`.
    finite : bool
        Whether the burn takes its time.
    """

    kind: ClassVar[str] = "manoeuvre"
    at: Moment
    change: str
    value: float = 0.0
    delta_v_km_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
    axes: str = "vnc"
    finite: bool = False


@dataclass(frozen=True)
class CoastPhase:
    """Flight without a burn until a moment."""

    kind: ClassVar[str] = "coast"
    until: Moment


@dataclass(frozen=True)
class ReleasePhase:
    """Letting go of a carried spacecraft."""

    kind: ClassVar[str] = "release"
    name: str


@dataclass(frozen=True)
class PhasingPhase:
    """Moving along an orbit to a fraction of a period behind another spacecraft."""

    kind: ClassVar[str] = "phase"
    behind: str
    fraction: float
    revolutions: int


@dataclass(frozen=True)
class LandPhase:
    """Descent to a site; see `cislunar.landing.plan.plan_landing` for what the values mean."""

    kind: ClassVar[str] = "land"
    site: str
    sun_elevation_rad: tuple[float, float] | None = None
    within_s: float = 30.0 * 86400.0
    periapsis_altitude_km: float = 15.0
    cross_range_rad: float = 0.0105
    terrain_clearance_km: float | None = None
    contact: bool = False


@dataclass(frozen=True)
class OperatePhase:
    """The work for which the spacecraft came; None lasts to the end of the scenario."""

    kind: ClassVar[str] = "operate"
    duration_s: float | None = None


Phase = (
    OrbitPhase
    | LaunchPhase
    | DirectTransferPhase
    | BallisticTransferPhase
    | FreeReturnPhase
    | CorrectionPhase
    | InsertPhase
    | ManoeuvrePhase
    | CoastPhase
    | ReleasePhase
    | PhasingPhase
    | LandPhase
    | OperatePhase
)
"""Any phase."""
