"""A trade study: a base scenario, what varies, what counts; from a file or built in code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.errors import InputError
from cislunar.scenario.yamlfile import Mapping as MappingNode
from cislunar.scenario.yamlfile import Node, Scalar
from cislunar.trades.axes import Axis
from cislunar.trades.copies import replicated
from cislunar.trades.measures import Measure, measure_kind
from cislunar.trades.sampling import OPTIMIZE, Sampler

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
    from cislunar.scenario import Scenario
    from cislunar.trades.planning import Plan
    from cislunar.trades.result import StudyResult

PHYSICS_VERSION: Final = 1
"""Raised with every change of the package that moves a result; part of the identity of a case."""

_TOLD: Final = ("name", "description", "label", "source", "assumption", "requirements", "cislunar")
"""Keys of a scenario that say something to people and change no result."""


@dataclass(frozen=True)
class Constraint:
    """A bound on a measure, in the unit of its column; None for no bound on that side."""

    measure: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, values: Any) -> Any:
        """Whether values, in the unit of the column, keep the bound; NaN does not."""
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        return (np.asarray(values) >= low) & (np.asarray(values) <= high)


@dataclass(frozen=True)
class Objective:
    """A measure to make as large or small as possible, and how much it counts."""

    measure: str
    maximize: bool
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Study:
    """A checked trade study.

    Made by `Study.load` from a file, or by `Study.make` from plain Python values.

    Attributes
    ----------
    name, description : str
    base : Scenario
        With the changes that hold for all cases.
    axes : tuple of Axis
    measures : tuple of Measure
    sampler : Sampler
    constraints : tuple of Constraint
    objectives : tuple of Objective
    release_orbit : KeplerianOrbit or CartesianOrbit or None
        From which spacecraft are released, for the measures that count from there.
    file : str
        The study as the user named it.
    """

    name: str
    description: str
    base: Scenario
    axes: tuple[Axis, ...]
    measures: tuple[Measure, ...]
    sampler: Sampler = field(default_factory=Sampler)
    constraints: tuple[Constraint, ...] = ()
    objectives: tuple[Objective, ...] = ()
    release_orbit: KeplerianOrbit | CartesianOrbit | None = None
    file: str = "<study>"

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Read a study file and check it.

        Parameters
        ----------
        path : path-like
            A YAML file.

        Raises
        ------
        ScenarioError
            The file or its base cannot be read or is not valid; carries every mistake with line and column.
        """
        from cislunar.trades.loading import load_study

        return load_study(path)

    @classmethod
    def make(
        cls,
        base: Scenario | str | Path,
        axes: Mapping[str, Any],
        measures: Mapping[str, Any],
        *,
        name: str = "study",
        sample: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
        constraints: list[dict[str, Any]] | None = None,
        objectives: list[dict[str, Any]] | None = None,
        release_orbit: Mapping[str, Any] | None = None,
    ) -> Study:
        """Build a study in code; every part is what a study file holds there.

        Parameters
        ----------
        base : Scenario or path-like
            The scenario that is varied.
        axes : mapping of str to dict
            `{"altitude": {"path": "spacecraft.alpine.orbit.periapsis_altitude", "values": ["400 km", ...]}}`.
        measures : mapping of str to dict or str
            `{"coverage": {"measure": "percent", "site": "schrodinger"}}`; a text is the name of the measure.
        name : str
        sample : mapping, optional
            `{"method": "sobol", "count": 1024, "seed": 1}`; the full grid if left out.
        changes : mapping of str to object, optional
            Changes to the base that hold for all cases, by path.
        constraints, objectives : list of dict, optional
        release_orbit : mapping, optional
            The orbit that `delta_v_from_release` counts from, as an orbit stands in a scenario.

        Raises
        ------
        ScenarioError
            Something does not fit; carries every mistake with its path.
        """
        from cislunar.trades.loading import make_study

        told = {key: {"measure": each} if isinstance(each, str) else each for key, each in measures.items()}
        parts: dict[str, Any] = {"study": 1, "name": name, "axes": dict(axes), "measures": told}
        for key, given in (
            ("sample", sample),
            ("set", changes),
            ("constraints", constraints),
            ("objectives", objectives),
            ("release_orbit", release_orbit),
        ):
            if given is not None:
                parts[key] = given
        return make_study(parts, base)

    def __len__(self) -> int:
        """Return the number of cases."""
        return self.sampler.size(self.axes)

    @property
    def landing(self) -> bool:
        """Whether it is about a lander on its way from launch to the ground."""
        return any(measure_kind(each.kind).landing for each in self.measures)

    def cases(self) -> pd.DataFrame:
        """Give all cases before they are flown: `case` (its identity) and the value of every axis."""
        import pandas as pd

        from cislunar.trades.planning import identities

        values = self.sampler.draw(self.axes)
        columns = {axis.name: column for axis, column in zip(self.axes, values, strict=True)}
        return pd.DataFrame({"case": identities(self, values), **columns})

    def plan(self) -> Plan:
        """Lay out all cases for flying."""
        from cislunar.trades.planning import make_plan

        return make_plan(self)

    def run(
        self,
        out: str | Path | None = None,
        *,
        dask: str | None = None,
        workers: int | None = None,
        threads: int | None = None,
        progress: Callable[[str, float], None] | None = None,
    ) -> StudyResult:
        """Fly all cases that are not in the store yet.

        Parameters
        ----------
        out : path-like, optional
            The store; without it results are only in memory.
        dask : str, optional
            Address of a Dask scheduler, `tcp://host:8786`.
        workers : int, optional
            Number of worker processes of a Dask cluster on this machine.
        threads : int, optional
            Threads in the core on this machine; as many as there are cores when left out.
        progress : callable, optional
            Called with what is being done and the fraction that is behind.

        Returns
        -------
        StudyResult

        Raises
        ------
        OutputError
            The store cannot be used: taken by another study, from a newer version, out of space.
        InputError
            The scheduler does not answer, or Dask is not installed.
        """
        from cislunar.trades.optimizing import optimize_study
        from cislunar.trades.running import run_study

        searching = self.sampler.method == OPTIMIZE and self.sampler.drawn is None
        fly = optimize_study if searching else run_study
        return fly(self, out, dask=dask, workers=workers, threads=threads, progress=progress)

    def scenario(self, case: str | Mapping[str, Any]) -> Scenario:
        """Give the scenario of one case.

        Parameters
        ----------
        case : str or mapping
            Identity of the case, or its beginning; or the value of every axis by name.

        Raises
        ------
        InputError
            There is no such case, or several begin like that.
        ScenarioError
            Its values make no valid scenario.
        """
        return self.build(self.values_of(case) if isinstance(case, str) else dict(case))[0]

    def values_of(self, case: str) -> dict[str, Any]:
        """Give the value of every axis of a case, by the identity or the beginning of it.

        Raises
        ------
        InputError
            There is no such case, or several begin like that.
        """
        from cislunar.trades.planning import identities

        values = self.sampler.draw(self.axes)
        names = identities(self, values)
        found = np.flatnonzero(np.char.startswith(names, case)) if case else np.zeros(0, dtype=int)
        if len(np.unique(names[found])) != 1:
            said = "no case" if not len(found) else f"{len(found)} cases"
            raise InputError(
                f"{self.file}: {said} whose identity begins with '{case}'; expected one of the column 'case' "
                f"of the table, such as {names[0]}"
            )
        return {axis.name: column[found[0]] for axis, column in zip(self.axes, values, strict=True)}

    def build(self, chosen: Mapping[str, Any]) -> tuple[Scenario, dict[str, tuple[str, str, float]]]:
        """Make the scenario of some values, and say which of its spacecraft are copies of which.

        Parameters
        ----------
        chosen : mapping
            Values by axis; an axis that is not in it leaves the base as it is.

        Returns
        -------
        scenario : Scenario
        copies : dict of str to (str, str, float)
            For each copy: its template, the spread, and how far its angles differ, degrees.
        """
        changes: dict[str, Any] = {}
        # Blocks first, so that a number set inside one of them holds.
        for axis in sorted(self.axes, key=lambda each: each.kind != "choice"):
            if axis.name in chosen:
                changes |= axis.changes(chosen[axis.name])
        removed = tuple(f"{path}." for path, value in changes.items() if value is None)
        # A block may take a spacecraft out; what another axis sets in it has no place then.
        changes = {path: value for path, value in changes.items() if not path.startswith(removed)}
        scenario = self.base.with_values(changes) if changes else self.base
        copies: dict[str, tuple[str, str, float]] = {}
        for axis in self.axes:
            if axis.kind == "number" and axis.name in chosen:
                scenario = replicated(scenario, axis, int(chosen[axis.name]), copies)
        return scenario, copies

    @cached_property
    def fingerprint(self) -> str:
        """Text that determines the results of all cases, but for the values of the axes."""
        import cislunar

        told: dict[str, Any] = {
            "version": cislunar.__version__,
            "physics": PHYSICS_VERSION,
            "base": self._canonical_base(),
            "measures": {
                each.name: {k: v for k, v in each.describe().items() if k not in ("label", "description")}
                for each in self.measures
            },
            "data": self._data(),
        }
        if self.release_orbit is not None:
            told["release_orbit"] = repr(self.release_orbit)
        return json.dumps(told, sort_keys=True)

    @cached_property
    def key(self) -> str:
        """Hash of what the rows of one folder of a store have in common."""
        axes = {axis.name: axis.settings() for axis in self.axes}
        for told in axes.values():
            told.pop("label", None)
        text = self.fingerprint + json.dumps(axes, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def describe(self) -> dict[str, Any]:
        """Plain description: axes, measures, constraints and objectives with their units."""
        return {
            "name": self.name,
            "description": self.description,
            "file": self.file,
            "base": {
                "name": self.base.name,
                "file": self.base.file,
                "sha256": self.base.sha256,
                "changes": [{"path": path, "value": value} for path, value in self.base.changes],
            },
            **({} if self.release_orbit is None else {"release_orbit": asdict(self.release_orbit)}),
            "axes": {axis.name: axis.describe() for axis in self.axes},
            "sample": self.sampler.describe(),
            "measures": {each.name: each.describe() for each in self.measures},
            "constraints": [
                {"measure": each.measure, "at_least": each.at_least, "at_most": each.at_most}
                for each in self.constraints
            ],
            "objectives": [
                {
                    "measure": each.measure,
                    "sense": "maximize" if each.maximize else "minimize",
                    "weight": each.weight,
                }
                for each in self.objectives
            ],
        }

    def _canonical_base(self) -> Any:
        """The base without what people read and without what the axes set."""
        assert self.base.root is not None
        told = _plain(self.base.root)
        for axis in self.axes:
            for target in axis.targets:
                inner, keys = told, target.path.split(".")
                for key in keys[:-1]:
                    inner = inner.get(key, {}) if isinstance(inner, dict) else {}
                if isinstance(inner, dict):
                    inner.pop(keys[-1], None)
        return told

    def _data(self) -> dict[str, str]:
        """Tables behind the results, by content."""
        from cislunar.mission.flight import environment_of

        tables = environment_of(self.base).provenance()
        text = json.dumps(tables, sort_keys=True, default=str)
        files = {"tables": hashlib.sha256(text.encode()).hexdigest()}
        given = [*self.base.data.ephemeris, self.base.data.lunar_orientation, self.base.data.terrain]
        given.append(self.base.physics.gravity if isinstance(self.base.physics.gravity, Path) else None)
        for number, file in enumerate(given):
            if file is not None:
                files[str(number)] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        return files


def _plain(node: Node) -> Any:
    """Python values without sources and texts for people."""
    if isinstance(node, MappingNode):
        if "value" in node.entries and set(node.entries) <= {"value", "source", "assumption"}:
            return _plain(node.entries["value"])
        return {key: _plain(item) for key, item in node.entries.items() if key not in _TOLD}
    if isinstance(node, Scalar):
        return " ".join(node.text.split())
    return [_plain(item) for item in node.items]  # type: ignore[attr-defined]
