"""Landers of many cases as batches: all direct transfers in one, all low-energy ones from one search.

Direct transfers are corrected in the full model, all epochs and flight times at once. A low-energy transfer
is taken from the transfers of a single search over its window of arrival, by the rule of a mission run: the
one captured most cheaply of those that leave at the launch epoch or within `depart_within` after it. The
search is kept by the process. What follows the arrival is in closed form (`lander_course`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.errors import CislunarError, InputError
from cislunar.scenario import phases as model
from cislunar.trades.chunk import FAILED, OK, ChunkResult, Setting, SettingKey
from cislunar.trades.lander_course import Arrivals, Course, follow, most_payload
from cislunar.trades.landers import Lander
from cislunar.trades.measures import Measure, measure_kind
from cislunar.transfers.direct import direct_transfers
from cislunar.transfers.launch import Launcher
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.solution import Transfers
from cislunar.transfers.targeting import ArrivalTarget
from cislunar.vehicles import budget

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation import ForceModel
    from cislunar.transfers.ballistic_transfers import BallisticTransfers

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LanderChunk:
    """Cases of landers to work out together."""

    setting: Setting
    measures: tuple[Measure, ...]
    landers: tuple[Lander, ...]


@dataclass(frozen=True, eq=False)
class LandedCases:
    """What measures are taken from; all arrays have shape (cases,), NaN where a case failed.

    Attributes
    ----------
    departure_s, arrival_s : ndarray
        Injection, and the periapsis at the Moon, s after the scenario's epoch.
    injection_km_s, c3_km2_s2 : ndarray
    insertion_km_s, descent_km_s, total_km_s : ndarray
        Of the scenario's own masses, losses included, margins not; the descent with its descent orbit.
    payload_kg, spare_kg : ndarray
        Largest payload that lands under the margin policy; usable propellant left with the scenario's own.
    """

    departure_s: Array
    arrival_s: Array
    injection_km_s: Array
    c3_km2_s2: Array
    insertion_km_s: Array
    descent_km_s: Array
    total_km_s: Array
    payload_kg: Array
    spare_kg: Array

    @property
    def flight_s(self) -> Array:
        """From the injection to the Moon, s."""
        return self.arrival_s - self.departure_s


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Tables and forces that all cases of a setting share."""

    environment: Environment
    moon: ForceModel
    earth: ForceModel


def surroundings(setting: Setting) -> Surroundings:
    """Build, or find again, what all landers of a setting share."""
    return _built(SettingKey(setting))


@lru_cache(maxsize=4)
def _built(key: SettingKey) -> Surroundings:
    from cislunar.environment import Environment
    from cislunar.environment.gravity import load_field
    from cislunar.propagation import ForceModel

    physics, data = key.setting.physics, key.setting.data
    environment = Environment.from_files(
        ephemeris=list(data.ephemeris) or None,
        lunar_orientation=data.lunar_orientation,
        terrain=data.terrain,
    )
    tables: dict[str, Any] = {"ephemeris": environment.ephemeris, "orientation": environment.orientation}
    field = load_field(physics.gravity, physics.degree, frame=physics.gravity_frame)
    moon = ForceModel(center="moon", gravity=field, degree=physics.degree, bodies=physics.bodies, **tables)
    others = tuple(body for body in physics.bodies if body != "earth")
    return Surroundings(
        environment, moon, ForceModel(center="earth", gravity=None, bodies=("moon", *others), **tables)
    )


def fly_landers(chunk: LanderChunk, threads: int | None = None) -> ChunkResult:
    """Work out the cases of a chunk and take their measures."""
    began = time.process_time()
    cases, reason = land_cases(chunk.landers, chunk.setting, threads)
    values = np.stack([_taken(cases, measure) for measure in chunk.measures], axis=1)
    status = [FAILED if said else OK for said in reason]
    values[[bool(said) for said in reason]] = np.nan
    return ChunkResult(values, status, reason, time.process_time() - began)


def _taken(cases: LandedCases, measure: Measure) -> Array:
    from cislunar import units

    kind = measure_kind(measure.kind)
    factor = units.parse_quantity(f"1 {measure.unit}".strip(), kind.dimension)
    return np.asarray(kind.evaluate(cases), dtype=np.float64) / factor


def land_cases(
    landers: tuple[Lander, ...], setting: Setting, threads: int | None = None
) -> tuple[LandedCases, list[str]]:
    """Bring landers to the ground.

    Returns
    -------
    LandedCases
    list of str
        Why cases failed; empty for those that did not.
    """
    around = surroundings(setting)
    n = len(landers)
    reason = [""] * n
    arrival = np.full((6, n), np.nan)
    columns = {each.name: np.full(n, np.nan) for each in fields(LandedCases)}
    correction = np.zeros(n)
    for mine, found in [*_direct(landers, around, threads), *_ballistic(landers, around, reason)]:
        for place, number in enumerate(mine):
            if not found.converged[place]:
                reason[number] = f"no transfer was found: {found.message[place]}"
        arrival[:, mine] = found.arrival_state
        epoch = np.array([landers[number].epoch_tdb for number in mine])
        columns["departure_s"][mine] = found.departure_tdb - epoch
        columns["arrival_s"][mine] = found.arrival_tdb - epoch
        columns["injection_km_s"][mine] = found.injection_km_s
        columns["c3_km2_s2"][mine] = found.c3_km2_s2
        correction[mine] = _corrections(landers, mine, found, around, reason)
    for mine in _groups([each.group for each in landers]):
        good = np.array([number for number in mine if not reason[number]], dtype=np.int64)
        if len(good):
            lander = landers[good[0]]
            launch_kg = _capability(lander, columns["c3_km2_s2"][good], good, reason)
            batch = Arrivals(arrival[:, good], correction[good], launch_kg)
            _land(lander, batch, good, around.moon.gm["moon"], columns, reason)
    return LandedCases(**columns), reason


def _groups(keys: list[Any]) -> list[NDArray[np.int64]]:
    """Numbers of equal keys, in the order of the first of each."""
    found: dict[Any, list[int]] = {}
    for number, key in enumerate(keys):
        found.setdefault(key, []).append(number)
    return [np.array(each, dtype=np.int64) for each in found.values()]


def _direct(
    landers: tuple[Lander, ...], around: Surroundings, threads: int | None
) -> list[tuple[NDArray[np.int64], Transfers]]:
    """Direct transfers of all cases that have one, each different one flown once."""
    numbers = [k for k, each in enumerate(landers) if isinstance(each.transfer, model.DirectTransferPhase)]
    keys = []
    for k in numbers:
        launch, phase = landers[k].launch, landers[k].transfer
        assert isinstance(phase, model.DirectTransferPhase)
        place = (phase.periapsis_altitude_km, phase.inclination_rad, phase.branch)
        keys.append(((launch.altitude_km, launch.inclination_rad), place))
    parts = []
    for group in _groups(keys):
        mine = np.array(numbers, dtype=np.int64)[group]
        parking, place = keys[group[0]]
        wanted = np.array([(landers[k].launch.epoch_tdb, landers[k].transfer.time_of_flight_s) for k in mine])
        unique, back = np.unique(wanted, axis=0, return_inverse=True)
        found = direct_transfers(
            unique[:, 0],
            unique[:, 1],
            ParkingOrbit(*parking),
            ArrivalTarget(*place),
            around.environment,
            outer=around.earth,
            inner=around.moon,
            threads=threads,
        )
        parts.append((mine, found.select(np.asarray(back).ravel())))
    return parts


def _ballistic(
    landers: tuple[Lander, ...], around: Surroundings, reason: list[str]
) -> list[tuple[NDArray[np.int64], Transfers]]:
    """Low-energy transfers of the cases that have one, from one search for each window and parking orbit."""
    from cislunar.mission.timeline_arrival import ballistic_choice

    parts = []
    numbers = [k for k, each in enumerate(landers) if isinstance(each.transfer, model.BallisticTransferPhase)]
    for group in _groups([search_key(landers[k]) for k in numbers]):
        mine = np.array(numbers, dtype=np.int64)[group]
        found = searched(around, *search_key(landers[mine[0]]))
        taken, chosen = [], []
        for k in mine:
            phase = landers[k].transfer
            assert isinstance(phase, model.BallisticTransferPhase)
            fits, reason[k] = ballistic_choice(phase, found, landers[k].launch.epoch_tdb)
            if not reason[k]:
                taken.append(k)
                chosen.append(int(np.argmax(fits)))
        if taken:
            parts.append(
                (np.array(taken, dtype=np.int64), found.transfers.select(np.array(chosen, dtype=np.int64)))
            )
    return parts


def search_key(lander: Lander) -> tuple[model.BallisticTransferPhase, ParkingOrbit]:
    """What a search for low-energy transfers depends on: not when they may leave, which is chosen later."""
    phase = lander.transfer
    assert isinstance(phase, model.BallisticTransferPhase)
    parking = ParkingOrbit(lander.launch.altitude_km, lander.launch.inclination_rad)
    return replace(phase, depart_within_s=None, flyby=False), parking


@lru_cache(maxsize=8)
def searched(
    around: Surroundings, phase: model.BallisticTransferPhase, parking: ParkingOrbit
) -> BallisticTransfers:
    """Search once for all cases of this process."""
    from cislunar.mission.timeline_arrival import ballistic_batch

    return ballistic_batch(phase, parking, around.environment, (around.earth, around.moon))


def _corrections(
    landers: tuple[Lander, ...],
    mine: NDArray[np.int64],
    found: Transfers,
    around: Surroundings,
    reason: list[str],
) -> Array:
    """Corrections of each transfer, summed, at the percentile of its phase, km/s."""
    known: dict[Any, float] = {}
    sizes = np.zeros(len(mine))
    for place, number in enumerate(mine):
        phase = next((p for p in landers[number].phases if isinstance(p, model.CorrectionPhase)), None)
        if phase is None or reason[number]:
            continue
        key = (float(found.departure_tdb[place]), float(found.arrival_tdb[place]), phase)
        try:
            if key not in known:
                known[key] = correction_km_s(found.select(np.array([place])), phase, around.earth)
            sizes[place] = known[key]
        except CislunarError as error:
            reason[number] = str(error)
    return sizes


def correction_km_s(transfer: Transfers, phase: model.CorrectionPhase, earth: ForceModel) -> float:
    """Sum of the corrections of one transfer at the percentile of its phase, as a mission run finds it."""
    from cislunar.transfers.corrections import CorrectionErrors, correction_statistics, injection_covariance

    late = phase.times_s[-1] - float(transfer.time_of_flight_s[0])
    if late >= 0.0:
        raise InputError(f"the last correction is {late / 3600.0:.3g} h after the arrival")
    errors = CorrectionErrors(
        injection_covariance(
            delta_v_km_s=float(transfer.injection_km_s[0]),
            magnitude=phase.injection_magnitude,
            pointing_rad=phase.injection_pointing_rad,
        ),
        phase.execution_magnitude,
        phase.execution_pointing_rad,
        phase.execution_fixed_km_s,
        phase.navigation_position_km,
        phase.navigation_velocity_km_s,
    )
    found = correction_statistics(
        transfer, np.array(phase.times_s), errors, phase.samples, phase.seed, earth, threads=1
    )
    return float(found.percentiles(0, None, (100.0 * phase.percentile,))[0].value_km_s)


def _capability(lander: Lander, c3: Array, good: NDArray[np.int64], reason: list[str]) -> Array:
    """What the launcher injects, kg; infinite where its curve is not stated."""
    if not lander.launch.mass_curve:
        return np.full(len(good), np.inf)
    curve = Launcher("curve", *zip(*lander.launch.mass_curve, strict=True))
    injected = np.full(len(good), np.inf)
    for place, number in enumerate(good):
        try:
            injected[place] = float(curve.mass_at(c3[place]))
        except InputError as error:
            reason[number] = str(error)
    return injected


def _land(
    lander: Lander,
    arrivals: Arrivals,
    good: NDArray[np.int64],
    gm: float,
    columns: dict[str, Array],
    reason: list[str],
) -> None:
    """Burns and masses of cases that differ in their arrivals only."""
    own = follow(lander, arrivals, np.full(len(good), lander.vehicle.wet_mass_kg), gm)
    columns["insertion_km_s"][good] = own.insertion_km_s
    columns["descent_km_s"][good] = own.descent_km_s
    columns["total_km_s"][good] = own.total_km_s
    sheet = budget.fly(lander.vehicle, own.events, lander.policy)
    columns["spare_kg"][good] = sheet.spare_kg
    payload, course = most_payload(lander, arrivals, gm)
    columns["payload_kg"][good] = payload
    _tell(own, good, reason)
    _tell(course, good, reason)


def _tell(course: Course, good: NDArray[np.int64], reason: list[str]) -> None:
    """Mark the cases for which the law of the descent does not hold."""
    for bad, said in course.outside:
        for number in good[np.broadcast_to(bad, good.shape)]:
            reason[number] = reason[number] or said
