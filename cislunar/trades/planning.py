"""From the values of all cases to arrays: identities, initial states and chunks that share a force model.

What differs between cases only in numbers of an orbit, a mass or sunlight is turned into states for all cases
at once. Whatever else an axis changes (a block, the number of spacecraft, physics, a site) makes a
*structure*: one checked scenario for each combination of such values, not for each case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.errors import CislunarError, InputError
from cislunar.orbits.definitions import CartesianOrbit, EphemerisOrbit, KeplerianOrbit
from cislunar.trades.axes import Axis, Target
from cislunar.trades.chunk import AnyChunk, Chunk, Setting, build_context
from cislunar.trades.lander_flight import LanderChunk
from cislunar.trades.landers import Lander, lander_of
from cislunar.trades.measures import Measure, measure_kind
from cislunar.trades.structures import CraftSlots, slots_of

if TYPE_CHECKING:
    from cislunar.scenario import Scenario
    from cislunar.trades.study import Study

CHUNK_BYTES: Final = 96e6
"""Recorded trajectories of a chunk take about this much memory."""

NODE_BYTES_PER_DAY: Final = 3300.0
"""Memory of a recorded lunar orbit, measured on 12 h ellipses."""

LARGEST_CHUNK: Final = 4096
SMALLEST_CHUNK: Final = 16


@dataclass(frozen=True, eq=False)
class Structure:
    """Cases that differ in numbers only.

    Attributes
    ----------
    scenario : Scenario
        Checked; its numbers of the varied orbits are those of some case.
    setting : Setting
    slots : tuple of CraftSlots
        For each spacecraft where its numbers come from.
    lander : Lander or None
        For studies of landers: the case itself. Each of its cases is a structure.
    """

    scenario: Scenario
    setting: Setting
    slots: tuple[CraftSlots, ...]
    lander: Lander | None = None


@dataclass(eq=False)
class Plan:
    """All cases of a study, ready to be flown.

    Attributes
    ----------
    study : Study
    values : list of ndarray
        Of each axis, shape (cases,).
    case : ndarray of str, shape (cases,)
        Identities.
    structures : list of Structure or None
        None for a combination that no scenario can have; `problems` says why.
    structure_of : ndarray of int, shape (cases,)
    problems : dict of int to str
        Why cases cannot be flown, by number.
    """

    study: Study
    values: list[Any]
    case: np.ndarray
    structures: list[Structure | None]
    structure_of: np.ndarray
    problems: dict[int, str]

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.case)

    @property
    def settings(self) -> list[Setting]:
        """The different settings, in the order of their first case."""
        found = {each.setting.key: each.setting for each in self.structures if each is not None}
        return list(found.values())

    def batches(self, wanted: np.ndarray) -> list[np.ndarray]:
        """Numbers of the wanted cases, grouped in chunks that share a setting."""
        groups: dict[str, list[np.ndarray]] = {}
        for number, structure in enumerate(self.structures):
            if structure is not None:
                own = wanted[self.structure_of[wanted] == number]
                groups.setdefault(structure.setting.key, []).append(own)
        chunks = []
        for parts in groups.values():
            own = np.sort(np.concatenate(parts))
            own = own[[int(number) not in self.problems for number in own]] if self.problems else own
            if len(own):
                chunks += self._cut(own)
        return chunks

    def _cut(self, own: np.ndarray) -> list[np.ndarray]:
        if self.study.landing:
            return [own[low : low + LARGEST_CHUNK] for low in range(0, len(own), LARGEST_CHUNK)]
        crafts = np.array([len(each.slots) if each else 0 for each in self.structures])[
            self.structure_of[own]
        ]
        first = self.structures[self.structure_of[own[0]]]
        assert first is not None
        limit = relays_at_once(first.setting, self.study.measures)
        edges = np.searchsorted(np.cumsum(crafts), np.arange(limit, crafts.sum() + limit, limit), "right")
        edges = np.unique(np.concatenate(([0], np.maximum(edges, 1), [len(own)])))
        return [own[a:b] for a, b in pairwise(edges)]

    def chunk(self, numbers: np.ndarray) -> tuple[AnyChunk | None, np.ndarray]:
        """Build the arrays of some cases of one setting.

        Returns
        -------
        chunk : Chunk, LanderChunk or None
            None if no case can be flown.
        flown : ndarray of int
            Numbers of the cases in it, in its order; those missing stand in `problems`.
        """
        if self.study.landing:
            chosen = [self.structures[int(number)] for number in self.structure_of[numbers]]
            landers = tuple(each.lander for each in chosen if each is not None and each.lander is not None)
            assert chosen[0] is not None
            return LanderChunk(chosen[0].setting, self.study.measures, landers), numbers
        order, parts = [], []
        for number in np.unique(self.structure_of[numbers]):
            structure = self.structures[int(number)]
            assert structure is not None
            own = numbers[self.structure_of[numbers] == number]
            states, pressure, good = self._states(structure, own)
            if good.any():
                order.append(own[good])
                parts.append((structure, states[:, good], pressure[good]))
        if not parts:
            return None, np.zeros(0, dtype=np.int64)
        return _join(parts, self.study.measures), np.concatenate(order)

    def _states(self, structure: Structure, own: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States (6, cases, crafts), pressure (cases, crafts), and which cases can be flown."""
        context = build_context(structure.setting)
        count, crafts = len(own), len(structure.slots)
        states, pressure = np.zeros((6, count, crafts)), np.zeros((count, crafts))
        good = np.ones(count, dtype=bool)
        columns = {axis.name: self.values[k][own] for k, axis in enumerate(self.study.axes)}
        for place, slots in enumerate(structure.slots):
            states[:, :, place], fine = slots.states(columns, structure.setting.epoch_tdb, context)
            for case in np.flatnonzero(~fine & good):
                self.problems[int(own[case])] = slots.problem(columns, int(case), context)
            good &= fine
            pressure[:, place] = slots.pressure(columns)
        return states, pressure, good


def relays_at_once(setting: Setting, measures: Sequence[Measure]) -> int:
    """Spacecraft in a chunk: as many as fit into `CHUNK_BYTES`."""
    kinds = [measure_kind(each.kind) for each in measures]
    days = setting.duration_s / 86400.0
    if any(kind.record for kind in kinds):
        days = max(days, (setting.horizon_s or 0.0) / 86400.0)
    return int(np.clip(CHUNK_BYTES / (NODE_BYTES_PER_DAY * days), SMALLEST_CHUNK, LARGEST_CHUNK))


def make_plan(study: Study) -> Plan:
    """Lay out all cases of a study."""
    values = study.sampler.draw(study.axes)
    structural, numeric = split_axes(study)
    structures: list[Structure | None] = []
    numbers: dict[tuple[Any, ...], int] = {}
    count = len(values[0])
    codes = [np.unique(values[k].astype(str), return_inverse=True)[1] for k in structural]
    rows = np.stack(codes, axis=1) if codes else np.zeros((count, 0), dtype=np.int64)
    structure_of, problems = np.zeros(count, dtype=np.int64), {}
    keys = list(map(tuple, rows.tolist()))
    broken: dict[int, str] = {}
    for case, key in enumerate(keys):
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(structures)
            chosen = {study.axes[k].name: values[k][case] for k in range(len(values))}
            try:
                structures.append(build_structure(study, chosen, [study.axes[k] for k in numeric]))
            except CislunarError as error:
                structures.append(None)
                broken[number] = str(error).splitlines()[0]
        structure_of[case] = number
        if number in broken:
            problems[case] = broken[number]
    return Plan(study, values, identities(study, values), structures, structure_of, problems)


def split_axes(study: Study) -> tuple[list[int], list[int]]:
    """Numbers of the axes that make structures, and of those that only change numbers of orbits."""
    if study.landing:
        return list(range(len(study.axes))), []
    numeric = [
        k
        for k, axis in enumerate(study.axes)
        if axis.kind == "quantity" and all(_is_number(study, target) for target in axis.targets)
    ]
    return [k for k in range(len(study.axes)) if k not in numeric], numeric


_ORBIT_KEYS: Final = (
    "semi_major_axis",
    "period",
    "eccentricity",
    "periapsis_altitude",
    "apoapsis_altitude",
    "inclination",
    "raan",
    "argument_of_periapsis",
    "true_anomaly",
    "mean_anomaly",
    "eccentric_anomaly",
)


def _is_number(study: Study, target: Target) -> bool:
    keys = target.path.split(".")
    if len(keys) != 4 or keys[0] != "spacecraft":
        return len(keys) == 3 and keys[0] == "spacecraft" and keys[2] == "mass"
    return (keys[2] == "orbit" and keys[3] in _ORBIT_KEYS) or keys[2] == "radiation_pressure"


def build_structure(study: Study, chosen: dict[str, Any], numeric: list[Axis]) -> Structure:
    """Check the scenario of one case and see where the numbers of its spacecraft come from.

    Raises
    ------
    CislunarError
        The combination is not a valid scenario, or none that a study can fly.
    """
    try:
        # Without the numbers first: a number that makes no sense spoils its own case, not the structure.
        return _structure(study, {k: v for k, v in chosen.items() if k not in _names(numeric)}, numeric)
    except CislunarError:
        return _structure(study, chosen, numeric)


def _names(axes: list[Axis]) -> set[str]:
    return {axis.name for axis in axes}


def _structure(study: Study, chosen: dict[str, Any], numeric: list[Axis]) -> Structure:
    scenario, copies = study.build(chosen)
    if study.landing:
        lander = lander_of(scenario)
        return Structure(study.base, make_setting(scenario, study.measures), (), lander)
    for name, craft in scenario.spacecraft.items():
        if craft.orbit is None:
            raise InputError(
                f"spacecraft.{name} has a timeline; a study of coverage and orbits flies spacecraft that "
                "state an orbit, and one of a lander takes measures such as payload_landed only"
            )
        if isinstance(craft.orbit, EphemerisOrbit):
            raise InputError(
                f"spacecraft.{name} follows an ephemeris file; a study flies orbits stated by elements or by "
                "position and velocity"
            )
    slots = slots_of(scenario, numeric, copies)
    return Structure(scenario, make_setting(scenario, study.measures, study.release_orbit), slots)


def make_setting(
    scenario: Scenario,
    measures: Sequence[Measure],
    release_orbit: KeplerianOrbit | CartesianOrbit | None = None,
) -> Setting:
    """Take from a scenario what its cases share."""
    asked = dict.fromkeys(site for each in measures for site in each.sites)
    coverage = scenario.coverage
    charted = any(each.over == "map" for each in measures)
    kinds = [measure_kind(each.kind) for each in measures]
    aware = any(kind.lifetime or kind.record for kind in kinds)
    fields: dict[str, Any] = {
        "physics": scenario.physics,
        "data": scenario.data,
        "epoch_tdb": scenario.epoch_tdb,
        "duration_s": scenario.duration_s,
        "horizon_s": scenario.lifetime.horizon_s if scenario.lifetime and aware else None,
        "sites": tuple(scenario.sites[name] for name in asked),
        "stations": tuple(scenario.stations.values()),
        "light_time": coverage.light_time if coverage else False,
        "minimum_pass_s": coverage.minimum_pass_s if coverage else 0.0,
        "map": coverage.map if coverage and charted else None,
        "sunlit": any(craft.radiation_pressure is not None for craft in scenario.spacecraft.values()),
        "release_orbit": release_orbit if any(kind.release for kind in kinds) else None,
    }
    key = hashlib.sha256(repr(fields).encode()).hexdigest()
    return Setting(key=key, **fields)


def identities(study: Study, values: Sequence[Any]) -> np.ndarray:
    """Hash of what determines each case."""
    base = hashlib.sha256(study.fingerprint.encode())
    columns = []
    for axis, column in zip(study.axes, values, strict=True):
        if axis.kind == "quantity":
            prefix = axis._prefix
            columns.append([f"{prefix}{value!r}" for value in column.tolist()])
        else:
            known = {value: axis.identity(value) for value in dict.fromkeys(column.tolist())}
            columns.append([known[value] for value in column.tolist()])
    result = []
    for parts in zip(*columns, strict=True):
        own = base.copy()
        own.update("\n".join(sorted(parts)).encode())
        result.append(own.hexdigest()[:20])
    return np.array(result)


def _join(parts: list[tuple[Structure, np.ndarray, np.ndarray]], measures: Sequence[Measure]) -> Chunk:
    setting = parts[0][0].setting
    sites = [site.name for site in setting.sites]
    names: dict[str, int] = {}
    state, pressure, sizes, who, serves, reports, relay = [], [], [], [], [], [], []
    wet, isp = [], []
    for structure, states, pushed in parts:
        cases, crafts = pushed.shape
        state.append(states.reshape(6, -1))
        pressure.append(pushed.ravel())
        sizes.append(np.full(cases, crafts))
        members = list(structure.scenario.spacecraft.values())
        who.append(np.tile([names.setdefault(each.name, len(names)) for each in members], cases))
        roles = [each.relay for each in members]
        served = [[role is not None and site in role.sites for site in sites] for role in roles]
        reached = [
            [role is not None and station.name in role.stations for station in setting.stations]
            for role in roles
        ]
        serves.append(np.tile(np.array(served, dtype=bool).reshape(crafts, -1), (cases, 1)))
        reports.append(np.tile(np.array(reached, dtype=bool).reshape(crafts, -1), (cases, 1)))
        relay.append(np.tile([role is not None for role in roles], cases))
        machines = [each.vehicle if each.vehicle and each.vehicle.engines else None for each in members]
        wet.append(np.tile([np.nan if each is None else each.wet_mass_kg for each in machines], cases))
        isp.append(np.tile([np.nan if each is None else each.engine().isp_s for each in machines], cases))
    return Chunk(
        setting=setting,
        measures=tuple(measures),
        names=tuple(names),
        state=np.concatenate(state, axis=1),
        pressure=np.concatenate(pressure),
        sizes=np.concatenate(sizes),
        who=np.concatenate(who),
        serves=np.concatenate(serves),
        reports=np.concatenate(reports),
        relay=np.concatenate(relay),
        wet_kg=np.concatenate(wet),
        isp_s=np.concatenate(isp),
    )
