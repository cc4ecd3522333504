"""A chunk of cases that share a force model: what a worker gets and what it gives back.

Only arrays and descriptions travel. What is the same for all cases of a setting (tables of the window,
gravity field, sites on the ground) is built once in each process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cislunar.trades.measures import Measure, measure_kind

if TYPE_CHECKING:
    from cislunar.coverage.tables import WindowTables
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station
    from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
    from cislunar.propagation import ForceModel
    from cislunar.scenario.model import DataFiles, MapDefinition, Physics, SiteDefinition
    from cislunar.trades.lander_flight import LanderChunk

OK = "ok"
INCOMPLETE = "incomplete"
FAILED = "failed"
"""Status of a case: flown to the end; ended before the end of the window; not flown."""


@dataclass(frozen=True)
class Setting:
    """What all cases of a chunk share.

    Attributes
    ----------
    key : str
        Hash of all the rest; equal keys are equal settings.
    physics, data : Physics, DataFiles
    epoch_tdb, duration_s : float
        The window.
    horizon_s : float or None
        How far ahead to look for an impact, s from the epoch.
    sites : tuple of SiteDefinition
        Those that measures ask for.
    stations : tuple of Station
    light_time : bool
    minimum_pass_s : float
    map : MapDefinition or None
    sunlit : bool
        Whether sunlight pushes any spacecraft: it takes another force model.
    release_orbit : KeplerianOrbit or CartesianOrbit or None
        Where measures of delivery count from.
    """

    key: str
    physics: Physics
    data: DataFiles
    epoch_tdb: float
    duration_s: float
    horizon_s: float | None
    sites: tuple[SiteDefinition, ...]
    stations: tuple[Station, ...]
    light_time: bool
    minimum_pass_s: float
    map: MapDefinition | None
    sunlit: bool
    release_orbit: KeplerianOrbit | CartesianOrbit | None = None


@dataclass(frozen=True)
class Chunk:
    """Cases to fly together.

    Attributes
    ----------
    setting : Setting
    measures : tuple of Measure
    names : tuple of str
        Names of spacecraft; `who` counts in it.
    state : ndarray, shape (6, n)
        Of all spacecraft of all cases, case by case: km, km/s, ICRF axes, about the Moon, at the epoch.
    pressure : ndarray, shape (n,)
        Coefficient times area over mass, m^2/kg; 0 where sunlight does not push.
    sizes : ndarray of int, shape (cases,)
        Spacecraft of each case.
    who : ndarray of int, shape (n,)
    serves : ndarray of bool, shape (n, sites)
        Which sites of the setting each spacecraft serves as a relay.
    reports : ndarray of bool, shape (n, stations)
        Which stations it reaches as a relay.
    relay : ndarray of bool, shape (n,)
        Whether it is a relay.
    wet_kg, isp_s : ndarray, shape (n,)
        Mass with all propellant, and specific impulse; NaN where no engine is stated.
    """

    setting: Setting
    measures: tuple[Measure, ...]
    names: tuple[str, ...]
    state: np.ndarray
    pressure: np.ndarray
    sizes: np.ndarray
    who: np.ndarray
    serves: np.ndarray
    reports: np.ndarray
    relay: np.ndarray
    wet_kg: np.ndarray
    isp_s: np.ndarray


AnyChunk: TypeAlias = "Chunk | LanderChunk"


@dataclass(frozen=True)
class ChunkResult:
    """What a chunk came to.

    Attributes
    ----------
    values : ndarray, shape (cases, measures)
        In the unit of each measure; NaN for a case that was not flown.
    status, reason : list of str
        Of each case.
    cpu_s : float
        Processor time the chunk took in its process.
    """

    values: np.ndarray
    status: list[str]
    reason: list[str]
    cpu_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True, eq=False)
class Context:
    """What is built once for a setting."""

    environment: Environment
    forces: ForceModel
    tables: WindowTables
    sites: tuple[Site, ...]

    def lit(self, pressure: np.ndarray) -> ForceModel:
        """The forces with sunlight on trajectories; tables and constants do not depend on the spacecraft."""
        if self.forces.radiation_pressure is None:
            return self.forces
        from cislunar.propagation import ForceModel

        model = self.forces
        lit = ForceModel(
            center="moon",
            gravity=model.field,
            degree=model.degree,
            bodies=model.bodies,
            radiation_pressure=pressure,
            ephemeris=model.ephemeris,
            orientation=model.orientation,
        )
        lit.__dict__["table"], lit.__dict__["compiled"] = model.table, model.compiled
        return lit


def build_context(setting: Setting) -> Context:
    """Build, or find again, what all cases of a setting share."""
    return _built(SettingKey(setting))


class SettingKey:
    """A setting that is compared by its hash."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def __hash__(self) -> int:
        """Hash of the setting's own."""
        return hash(self.setting.key)

    def __eq__(self, other: object) -> bool:
        """Whether the settings are the same."""
        return isinstance(other, SettingKey) and other.setting.key == self.setting.key


@lru_cache(maxsize=8)
def _built(key: SettingKey) -> Context:
    import warnings

    from cislunar.coverage.tables import WindowTables
    from cislunar.environment import Environment
    from cislunar.environment.earth import EarthOrientationWarning
    from cislunar.environment.gravity import load_field
    from cislunar.mission.places import site_of
    from cislunar.propagation import ForceModel

    setting = key.setting
    environment = Environment.from_files(
        ephemeris=list(setting.data.ephemeris) or None,
        lunar_orientation=setting.data.lunar_orientation,
        terrain=setting.data.terrain,
    )
    environment.require_span(
        setting.epoch_tdb,
        setting.epoch_tdb + max(setting.duration_s, setting.horizon_s or 0.0),
        "the study's window",
    )
    physics = setting.physics
    forces = ForceModel(
        center="moon",
        gravity=load_field(physics.gravity, physics.degree, frame=physics.gravity_frame),
        degree=physics.degree,
        bodies=physics.bodies,
        radiation_pressure=1.0 if setting.sunlit else None,
        ephemeris=environment.ephemeris,
        orientation=environment.orientation,
    )
    with warnings.catch_warnings():
        # Said once by the study, not by every process.
        warnings.simplefilter("ignore", category=EarthOrientationWarning)
        tables = WindowTables.build(environment, setting.epoch_tdb, setting.epoch_tdb + setting.duration_s)
    return Context(environment, forces, tables, tuple(site_of(each, environment) for each in setting.sites))


def fly_chunk(chunk: AnyChunk, threads: int | None = None) -> ChunkResult:
    """Fly the cases of a chunk and take their measures.

    Parameters
    ----------
    chunk : Chunk or LanderChunk
    threads : int, optional
        Threads in the core; as many as there are cores when left out.
    """
    import time

    from cislunar.trades.flown import FlownCases

    if not isinstance(chunk, Chunk):
        from cislunar.trades.lander_flight import fly_landers

        return fly_landers(chunk, threads)
    began = time.process_time()
    flown = FlownCases.fly(chunk, build_context(chunk.setting), threads)
    status, reason = flown.outcomes()
    values = np.full((len(chunk.sizes), len(chunk.measures)), np.nan)
    for column, measure in enumerate(chunk.measures):
        values[:, column] = flown.measure(measure)
    values[[each == FAILED for each in status]] = np.nan
    return ChunkResult(values, status, reason, time.process_time() - began)


def warm_up(chunk: AnyChunk) -> float:
    """Load or compile the kernels that a chunk needs by flying its first case for a moment; seconds taken."""
    import time
    from dataclasses import replace

    began = time.perf_counter()
    if not isinstance(chunk, Chunk):
        fly_chunk(replace(chunk, landers=chunk.landers[:1]), threads=1)
        return time.perf_counter() - began
    first = int(chunk.sizes[0])
    short = min(chunk.setting.duration_s, 21600.0)
    horizon = None if chunk.setting.horizon_s is None else 2.0 * short
    setting = replace(
        chunk.setting, key=f"{chunk.setting.key}-warm", duration_s=short, horizon_s=horizon, map=None
    )
    measures = tuple(each for each in chunk.measures if each.over == "sites")
    fly_chunk(
        Chunk(
            setting,
            measures,
            chunk.names,
            chunk.state[:, :first],
            chunk.pressure[:first],
            chunk.sizes[:1],
            chunk.who[:first],
            chunk.serves[:first],
            chunk.reports[:first],
            chunk.relay[:first],
            chunk.wet_kg[:first],
            chunk.isp_s[:first],
        ),
        threads=1,
    )
    return time.perf_counter() - began


def needs_record(measures: tuple[Measure, ...]) -> bool:
    """Whether the measures need the path of the window and not only its end."""
    kinds = [measure_kind(each.kind) for each in measures]
    return any(kind.about == "place" or kind.record for kind in kinds)


def describe_setting(setting: Setting) -> dict[str, Any]:
    """Plain description for `study.json`."""
    return {
        "gravity": str(setting.physics.gravity),
        "degree": setting.physics.degree,
        "bodies": list(setting.physics.bodies),
        "tolerance": setting.physics.tolerance,
        "epoch_tdb": setting.epoch_tdb,
        "duration_s": setting.duration_s,
        "horizon_s": setting.horizon_s,
    }
