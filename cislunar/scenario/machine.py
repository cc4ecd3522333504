"""Spacecraft as machines: from values read one by one to a `Vehicle`, and who carries whom."""

from __future__ import annotations

from collections.abc import Iterator

from cislunar.scenario.names import unknown
from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.wording import listing, quoted
from cislunar.vehicles.engine import Engine
from cislunar.vehicles.margins import NONE, MarginPolicy, policy
from cislunar.vehicles.payloads import MATURITIES, Payload
from cislunar.vehicles.vehicle import Vehicle

ENGINE = "main engine"
"""Name of the engine that the file states."""


def build_vehicle(
    name: str, value: Value, carried: dict[str, float], sites: tuple[str, ...], reading: Reading
) -> Vehicle | None:
    """Build the machine of a spacecraft.

    Parameters
    ----------
    name : str
        The spacecraft.
    value : Value
        The spacecraft as read.
    carried : dict of str to float
        Masses of what it carries, kg.
    sites : tuple of str
        Sites of the scenario.
    reading : Reading
        Takes the mistakes found here.

    Returns
    -------
    Vehicle or None
        None for a spacecraft without a dry mass.
    """
    dry = value.get("dry_mass")
    engine = _engine(value.child("engine"), reading)
    payloads = _payloads(value, sites, carried, reading)
    if dry is None:
        return None
    return Vehicle(
        name,
        dry,
        value.get("propellant", 0.0),
        engines={} if engine is None else {ENGINE: engine},
        payloads=payloads,
        carried=carried,
        maturity=value.get("maturity", "estimated"),
        category=value.get("category", "structure"),
    )


def _engine(value: Value | None, reading: Reading) -> Engine | None:
    if value is None:
        return None
    low, high = value.get("throttle", (1.0, 1.0))
    if low > high:
        place = value.data["throttle"]
        reading.problem(
            place.node, place.path, f"found {low:g} to {high:g}; expected the lowest setting first"
        )
        return None
    thrust, isp = value.get("thrust"), value.get("isp")
    if thrust is None or isp is None:
        return None
    return Engine(thrust, isp, value.get("count", 1), (low, high), ENGINE)


def _payloads(
    value: Value, sites: tuple[str, ...], carried: dict[str, float], reading: Reading
) -> tuple[Payload, ...]:
    given = value.child("payloads")
    place = "lander" if any(phase.has("land") for phase in phases_of(value)) else "orbit"
    built: dict[str, Payload] = {}
    for item in given.data if given else ():
        name = item.child("name")
        if name is None:
            continue
        if name.data in built or name.data in carried:
            reading.problem(name.node, name.path, f"{quoted(name.data)} is the name of two things aboard")
        site = item.child("site")
        if site is not None and site.data not in sites:
            unknown(site, sites, "a site under sites", reading)
        if item.get("mass") is not None:
            built[name.data] = Payload(
                name.data,
                item.get("mass"),
                item.get("power", 0.0),
                item.get("generation_rate", 0.0),
                item.get("place", place),
                item.get("owner", ""),
                item.get("site", ""),
                item.get("maturity", "estimated"),
                item.get("category", "electronics"),
            )
    return tuple(built.values())


def build_margins(value: Value) -> MarginPolicy:
    """Give the margin policy of a spacecraft: the named one, with its own numbers in place of some."""
    rules = policy(value.get("margin_policy", "none"))
    own = value.child("margins")
    if own is None:
        return rules
    name = "own" if rules is NONE else f"own, from {rules.name}"
    numbers = {key: own.get(key) for key in own.data if key != "growth" and own.get(key) is not None}
    allowances = own.child("growth")
    if numbers:
        rules = rules.with_rules(name, **numbers)
    if allowances is not None:
        given = {key: allowances.get(key) for key in allowances.data if allowances.get(key) is not None}
        base = rules.growth or {"any": dict.fromkeys(MATURITIES, 0.0)}
        table = {category: {**row, **given} for category, row in base.items()}
        source = f"user: {', '.join(given)}" + (f"; {rules.growth_source}" if rules.growth else "")
        rules = rules.with_growth(name, table, source)
    return rules


def payload_durations(value: Value) -> dict[str, float]:
    """Give how long payloads work, s, of those that state it."""
    given = value.child("payloads")
    return {
        item.get("name"): item.get("duration")
        for item in (given.data if given else ())
        if item.ok and item.get("duration") is not None and item.get("name") is not None
    }


def phases_of(value: Value) -> Iterator[Value]:
    """Give the readable phases of a spacecraft as read."""
    timeline = value.child("timeline")
    for item in timeline.data if timeline else ():
        if item.ok:
            yield item


def find_carriers(crafts: dict[str, Value], reading: Reading) -> dict[str, str]:
    """Say who carries whom.

    Parameters
    ----------
    crafts : dict of str to Value
        Spacecraft as read.
    reading : Reading
        Takes names that nothing has, and spacecraft carried twice or by themselves.

    Returns
    -------
    dict of str to str
        Carrier of each carried spacecraft.
    """
    carrier: dict[str, str] = {}
    for name, value in crafts.items():
        listed = value.child("carries")
        for item in listed.data if listed else ():
            if not item.ok:
                continue
            if item.data not in crafts:
                unknown(item, tuple(crafts), "a spacecraft", reading)
            elif item.data in carrier:
                twice = quoted(carrier[item.data])
                reading.problem(item.node, item.path, f"{quoted(item.data)} is carried by {twice} already")
            elif _carries(item.data, name, carrier):
                message = f"{quoted(item.data)} would carry itself; expected another spacecraft"
                reading.problem(item.node, item.path, message)
            else:
                carrier[item.data] = name
    return carrier


def _carries(other: str, name: str, carrier: dict[str, str]) -> bool:
    """Whether a spacecraft is another one, or is carried by it at whatever remove."""
    while name != other:
        if name not in carrier:
            return False
        name = carrier[name]
    return True


def carried_masses(crafts: dict[str, Value], carrier: dict[str, str]) -> dict[str, dict[str, float]]:
    """Give what each spacecraft carries, with its mass at the start, kg: all that is aboard it included."""

    def mass(name: str) -> float:
        value = crafts[name]
        payloads = value.child("payloads")
        aboard = sum(item.get("mass", 0.0) for item in (payloads.data if payloads else ()))
        aboard += sum(mass(other) for other, by in carrier.items() if by == name)
        return float(value.get("dry_mass", 0.0) + value.get("propellant", 0.0) + aboard)

    return {name: {other: mass(other) for other, by in carrier.items() if by == name} for name in crafts}


def check_carried(crafts: dict[str, Value], carrier: dict[str, str], reading: Reading) -> None:
    """See that every carried spacecraft has a life of its own and a carrier that releases it once."""
    for name, by in carrier.items():
        value = crafts[name]
        if value.has("orbit"):
            place = value.data["orbit"]
            message = (
                f"{quoted(name)} is carried by {quoted(by)}; expected a timeline that begins at its release"
            )
            reading.problem(place.node, place.path, message)
    for name, value in crafts.items():
        _check_releases(name, value, [other for other, by in carrier.items() if by == name], crafts, reading)


def _check_releases(
    name: str, value: Value, aboard: list[str], crafts: dict[str, Value], reading: Reading
) -> None:
    released: list[str] = []
    whole = value.child("timeline")
    for phase in phases_of(value):
        item = phase.child("release")
        if item is None:
            continue
        if item.data in released:
            message = f"{quoted(item.data)} was released before and is no longer aboard {quoted(name)}"
        elif item.data not in aboard:
            there = listing(aboard, "and") or "nothing"
            where = "" if item.data in crafts else ", and no spacecraft has that name"
            message = (
                f"{quoted(item.data)} is not aboard {quoted(name)}{where}; aboard: {there}; "
                f"expected it under {name}.carries"
            )
        else:
            released.append(item.data)
            continue
        reading.problem(item.node, item.path, message)
    if whole is None or not all(item.ok for item in whole.data):
        return
    listed = value.child("carries")
    for item in listed.data if listed else ():
        if item.ok and item.data in aboard and item.data not in released:
            message = f"{quoted(item.data)} is carried and never released"
            message += f"; expected release: {item.data} in the timeline"
            reading.problem(item.node, item.path, message)
