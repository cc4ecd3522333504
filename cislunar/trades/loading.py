"""From a study file, or plain Python values, to a checked `Study`."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from pathlib import Path
from typing import Any

from cislunar import units
from cislunar.errors import CislunarError, InputError, Problem, ScenarioError
from cislunar.orbits.definitions import CartesianOrbit, EphemerisOrbit, KeplerianOrbit
from cislunar.scenario import yamlfile
from cislunar.scenario.leaves import Quantity
from cislunar.scenario.loading import load
from cislunar.scenario.model import Scenario
from cislunar.scenario.orbit import build_orbit
from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.wording import listing, nearest, quoted
from cislunar.scenario.yamlfile import Mapping, Node, Scalar
from cislunar.trades.axis_reading import read_axis
from cislunar.trades.format import STUDY, VERSION
from cislunar.trades.landers import lander_of
from cislunar.trades.measures import Measure, measure_kind, measure_names
from cislunar.trades.paths import find_place, to_python
from cislunar.trades.sampling import OPTIMIZE, Sampler, check_sampler
from cislunar.trades.study import Constraint, Objective, Study


def load_study(path: str | Path) -> Study:
    """Read a study file and check it; see `Study.load`."""
    file = str(path)
    try:
        with open(file, "rb") as stream:
            data = stream.read(yamlfile.MAX_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError([Problem(file, 1, 1, "", "no such file; expected a study")]) from None
    except OSError as error:
        said = (
            "this is a folder"
            if isinstance(error, IsADirectoryError)
            else f"cannot be read ({error.strerror})"
        )
        raise ScenarioError([Problem(file, 1, 1, "", f"{said}; expected a study file")]) from None
    root, problems = yamlfile.read(data, file)
    return _check(root, Reading(file, Path(file).parent, list(problems)), None)


def make_study(parts: dict[str, Any], base: Scenario | str | Path) -> Study:
    """Check plain Python values; see `Study.make`."""
    place = Node(1, 1)
    root = yamlfile.from_python(parts, place)
    scenario = base if isinstance(base, Scenario) else load(base)
    return _check(root, Reading("<study>", Path()), scenario)


def _check(root: Node, reading: Reading, base: Scenario | None) -> Study:
    if isinstance(root, Mapping):
        _check_version(root, reading)
    top = STUDY.read(root, "", reading)
    study = _build(top, reading, base) if top.ok else None
    if reading.problems or study is None:
        raise ScenarioError(sorted(dict.fromkeys(reading.problems), key=lambda p: (p.line, p.column)))
    return study


def _check_version(root: Mapping, reading: Reading) -> None:
    """Stop at what is no study, and at one of a later version."""
    node = root.entries.get("study")
    if node is None and "cislunar" in root.entries:
        reading.problem(
            root.keys["cislunar"],
            "",
            "this is a scenario; expected a study (study: 1); 'cislunar run' flies a scenario",
        )
        raise ScenarioError(reading.problems)
    version = node.value if isinstance(node, Scalar) else None
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        reading.problem(
            node,  # type: ignore[arg-type]
            "study",
            f"found format version {quoted(str(version))}; expected {VERSION}; a later cislunar may read it",
        )
        raise ScenarioError(reading.problems)


def _build(top: Value, reading: Reading, base: Scenario | None) -> Study | None:
    scenario = _base(top, reading, base)
    if scenario is None:
        return None
    release = _release_orbit(top, reading)
    axes = [
        read_axis(name, value, scenario, reading) for name, value in _named(top, "axes").items() if value.ok
    ]
    measures = [
        _measure(name, value, scenario, top.has("release_orbit"), reading)
        for name, value in _named(top, "measures").items()
        if value.ok
    ]
    _check_names(top, reading)
    known = {each.name: each for each in measures if each is not None}
    _refuse_mixture(list(known.values()), scenario, top, reading)
    constraints = [
        _constraint(each, known, tuple(_named(top, "measures")), reading)
        for each in _listed(top, "constraints")
    ]
    objectives = [
        _objective(each, known, tuple(_named(top, "measures")), reading)
        for each in _listed(top, "objectives")
    ]
    sample = top.child("sample")
    sampler = Sampler()
    if sample:
        sampler = Sampler(
            sample.get("method", "grid"),
            sample.get("count"),
            sample.get("seed", 0),
            sample.get("population"),
            sample.get("generations"),
        )
    if sampler.method == OPTIMIZE and not objectives:
        reading.problem(sample.node, sample.path, "the method optimize needs at least one objective")  # type: ignore[union-attr]
    if reading.problems:
        return None
    kept = tuple(axis for axis in axes if axis is not None)
    try:
        check_sampler(sampler, kept)
    except InputError as error:
        place = sample or top.data["axes"]
        reading.problem(place.node, place.path, str(error))
        return None
    study = Study(
        name=top.get("name"),
        description=top.get("description", ""),
        base=scenario,
        axes=kept,
        measures=tuple(known.values()),
        sampler=sampler,
        constraints=tuple(each for each in constraints if each is not None),
        objectives=tuple(each for each in objectives if each is not None),
        release_orbit=release,
        file=reading.file,
    )
    _check_first(study, top, reading)
    return study


def _base(top: Value, reading: Reading, base: Scenario | None) -> Scenario | None:
    if base is None:
        file = top.get("base")
        if file is None:
            if not top.has("base"):
                reading.problem(top.node, "base", "missing; expected the path of a scenario file")
            return None
        try:
            base = load(file)
        except ScenarioError as error:
            reading.problem(top.data["base"].node, "base", "the scenario is not valid; its mistakes follow")
            reading.problems += error.problems
            return None
    changes = top.child("set")
    if changes is None:
        return base
    given: dict[str, Any] = {}
    for path, node in changes.data.items():
        try:
            find_place(base.root, path, new=True)  # type: ignore[arg-type]
            given[path] = to_python(node)
        except InputError as error:
            reading.problem(changes.node.keys[path], "set", str(error))  # type: ignore[attr-defined]
    if reading.problems:
        return None
    try:
        return base.with_values(given)
    except CislunarError as error:
        for said in error.problems if isinstance(error, ScenarioError) else [error]:
            text = f"{said.path}: {said.message}" if isinstance(said, Problem) else str(said)
            reading.problem(changes.node, "set", text)
        return None


def _refuse_mixture(measures: list[Measure], scenario: Scenario, top: Value, reading: Reading) -> None:
    """See that all measures are about a lander or none is, and that there is one."""
    landing = [each for each in measures if measure_kind(each.kind).landing]
    if not landing:
        return
    for each in measures:
        if each not in landing:
            value = _named(top, "measures")[each.name]
            reading.problem(
                value.node,
                value.path,
                f"{quoted(each.kind)} is about spacecraft in orbit, {quoted(landing[0].kind)} about a lander "
                "on its way; expected a study for each of the two",
            )
    try:
        lander_of(scenario)
    except InputError as error:
        value = _named(top, "measures")[landing[0].name]
        said = f"the scenario does not produce {quoted(landing[0].kind)}: {error}"
        reading.problem(value.node, value.path, said)


def _release_orbit(top: Value, reading: Reading) -> KeplerianOrbit | CartesianOrbit | None:
    value = top.child("release_orbit")
    orbit = build_orbit(value, reading) if value else None
    return None if isinstance(orbit, EphemerisOrbit) else orbit


def _check_first(study: Study, top: Value, reading: Reading) -> None:
    """See that the axes make a valid scenario together, before thousands are made."""
    from cislunar.trades.planning import build_structure, split_axes

    values = study.sampler.draw(study.axes)
    numeric = [study.axes[k] for k in split_axes(study)[1]]
    chosen = {axis.name: column[0] for axis, column in zip(study.axes, values, strict=True)}
    try:
        build_structure(study, chosen, numeric)
    except CislunarError as error:
        first = error.problems[0] if isinstance(error, ScenarioError) else error
        text = f"{first.path}: {first.message}" if isinstance(first, Problem) else str(first)
        reading.problem(top.data["axes"].node, "axes", f"the first case is not a valid scenario: {text}")


def _check_names(top: Value, reading: Reading) -> None:
    """One name is one column."""
    axes, reserved = _named(top, "axes"), ("case", "status", "reason", "feasible")
    for part in ("axes", "measures"):
        for name, value in _named(top, part).items():
            if name in reserved:
                reading.problem(
                    value.node,
                    value.path,
                    f"the name {quoted(name)} is a column of every table; choose another",
                )
            elif part == "measures" and name in axes:
                reading.problem(value.node, value.path, f"the name {quoted(name)} is an axis; choose another")


def _measure(name: str, value: Value, scenario: Scenario, release: bool, reading: Reading) -> Measure | None:
    word = value.get("measure")
    if word is None:
        return None
    if word not in measure_names():
        close = nearest(word, measure_names())
        tail = f"did you mean {quoted(close)}?" if close else f"expected one of {listing(measure_names())}"
        reading.problem(
            value.data["measure"].node, f"{value.path}.measure", f"no measure {quoted(word)}; {tail}"
        )
        return None
    kind = measure_kind(word)
    unit = value.get("unit", kind.unit)
    if unit != kind.unit and unit not in units.spellings(kind.dimension):
        reading.problem(
            value.data["unit"].node,
            f"{value.path}.unit",
            f"found {quoted(unit)}; expected a unit of {units.phrase(kind.dimension)[0]}, such as "
            f"{listing(units.spellings(kind.dimension)[:4])}",
        )
        return None
    label = value.get("label", "")
    if kind.about in ("case", "lander"):
        for key in ("site", "over", "take", "link"):
            if value.has(key):
                reading.problem(
                    value.data[key].node,
                    f"{value.path}.{key}",
                    f"has no effect on {quoted(word)}, which is about the whole case",
                )
        if kind.lifetime and scenario.lifetime is None:
            reading.problem(
                value.node,
                value.path,
                f"the scenario does not produce {quoted(word)}: it has no analyses.lifetime; expected one in "
                "the base, or set: {analyses.lifetime.horizon: 1 yr}",
            )
        if kind.release and not release:
            reading.problem(
                value.node,
                value.path,
                f"the study does not produce {quoted(word)}: it states no release_orbit; expected one, "
                "stated as the orbit of a spacecraft",
            )
        bare = [
            each.name for each in scenario.spacecraft.values() if not (each.vehicle and each.vehicle.engines)
        ]
        if kind.engine and bare:
            reading.problem(
                value.node,
                value.path,
                f"the scenario does not produce {quoted(word)}: no engine on {listing(bare)}; expected "
                "dry_mass, propellant and engine",
            )
        return Measure(name, word, unit, label)
    return _at_places(name, word, unit, label, value, scenario, reading)


def _at_places(
    name: str, word: str, unit: str, label: str, value: Value, scenario: Scenario, reading: Reading
) -> Measure | None:
    over, take, link = value.get("over", "sites"), value.get("take", "worst"), value.get("link", "chain")
    if scenario.coverage is None or not scenario.relays:
        lack = "no site" if scenario.coverage is None else "no relay"
        message = f"the scenario does not produce {quoted(word)}: it has {lack}"
        reading.problem(value.node, value.path, message)
        return None
    if over == "map":
        if value.has("site"):
            reading.problem(value.data["site"].node, f"{value.path}.site", "has no effect beside over: map")
        if scenario.coverage.map is None:
            reading.problem(
                value.node,
                value.path,
                f"the scenario does not produce {quoted(word)} over a map: it has no analyses.coverage.map",
            )
            return None
        return Measure(name, word, unit, label, (), over, take, link)
    analysed, sites = scenario.coverage.sites, []
    for item in value.child("site").data if value.child("site") else ():  # type: ignore[union-attr]
        if item.data in analysed:
            sites.append(item.data)
            continue
        close = nearest(item.data, analysed)
        tail = f"did you mean {quoted(close)}?" if close else f"expected one of {listing(analysed)}"
        reading.problem(item.node, item.path, f"{quoted(item.data)} is not an analysed site; {tail}")
    return Measure(name, word, unit, label, tuple(sites) or analysed, over, take, link)


def _bound(value: Value, key: str, measure: Measure, reading: Reading) -> float | None:
    """A limit in the unit of the measure's column."""
    inner = value.child(key)
    if inner is None:
        return None
    kind = measure_kind(measure.kind)
    spec = Quantity(dimension=kind.dimension)
    number = spec.convert(inner.data, inner.path, reading)
    if not isinstance(number, float | int):
        return None
    return float(number) / units.parse_quantity(f"1 {measure.unit}".strip(), kind.dimension)


def _own_measure(
    value: Value, known: dict[str, Measure], declared: tuple[str, ...], reading: Reading
) -> Measure | None:
    word = value.get("measure")
    if word is None or word in declared:
        return known.get(word) if word else None  # one that is itself misstated has been reported
    close = nearest(word, declared)
    tail = f"did you mean {quoted(close)}?" if close else f"expected one of {listing(declared)}"
    reading.problem(
        value.data["measure"].node,
        f"{value.path}.measure",
        f"{quoted(word)} is not a measure of this study; {tail}",
    )
    return None


def _constraint(
    value: Value, known: dict[str, Measure], declared: tuple[str, ...], reading: Reading
) -> Constraint | None:
    measure = _own_measure(value, known, declared, reading)
    if measure is None:
        return None
    low, high = (_bound(value, key, measure, reading) for key in ("at_least", "at_most"))
    return Constraint(measure.name, low, high)


def _objective(
    value: Value, known: dict[str, Measure], declared: tuple[str, ...], reading: Reading
) -> Objective | None:
    measure = _own_measure(value, known, declared, reading)
    if measure is None:
        return None
    larger = measure_kind(measure.kind).larger_is_better
    sense = value.get("sense", "maximize" if larger else "minimize")
    return Objective(measure.name, sense == "maximize", float(value.get("weight", 1.0)))


def _named(top: Value, key: str) -> MappingType[str, Value]:
    value = top.child(key)
    return dict(value.data) if value else {}


def _listed(top: Value, key: str) -> list[Value]:
    value = top.child(key)
    return [each for each in value.data if each.ok] if value else []
