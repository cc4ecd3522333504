"""Messages of the vehicles: what is wrong, by how much, and what to do."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from cislunar.errors import InputError


def require_mass(what: str, value_kg: Any, *, zero: bool = True) -> None:
    """Refuse a mass that is negative or not finite (or zero, where nothing makes no sense).

    Parameters
    ----------
    what : str
        Whose mass, `"apex: dry mass"`.
    value_kg : array_like
        kg; every element is looked at and the worst one is named.
    zero : bool
        Whether zero is allowed.

    Raises
    ------
    InputError
    """
    values = np.asarray(value_kg, dtype=np.float64)
    bad = ~np.isfinite(values) | (values < 0.0) | ((values == 0.0) & (not zero))
    if np.any(bad):
        worst = float(values[bad].flat[0])
        expected = "zero or more" if zero else "more than zero"
        raise InputError(f"{what}: expected a mass of {expected}; got {kilograms(worst)}")


def require_fraction(what: str, value: float, most: float = math.inf) -> None:
    """Refuse a fraction that is negative, not finite or above a limit."""
    if not (math.isfinite(value) and 0.0 <= value <= most):
        limit = f"0 to {most:g}" if math.isfinite(most) else "0 or more"
        raise InputError(f"{what}: expected a fraction of {limit} (0.05 for 5 %); got {value}")


def require_name(what: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that is not among the known ones; the message lists them and the nearest spelling."""
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(repr(each) for each in names) or "nothing"
        raise InputError(f"{what}: found {name!r}; expected one of {listed}{hint}")


def require_aboard(vehicle: str, name: str, aboard: Mapping[str, float] | Iterable[str]) -> None:
    """Refuse to release something that is not aboard.

    Parameters
    ----------
    vehicle : str
        Who releases.
    name : str
        What is to be released.
    aboard : mapping or iterable of str
        Names of what is still aboard (the keys of a mapping).

    Raises
    ------
    InputError
        With the names aboard and the nearest spelling.
    """
    names = list(aboard)
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.85)
    listed = ", ".join(repr(each) for each in names) if names else "nothing that could be released"
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise InputError(
        f"{vehicle}: cannot release {name!r}: it is not aboard (never carried, or released before); "
        f"aboard now: {listed}{hint}"
    )


def require_propellant(vehicle: str, burn: str, needed_kg: float, available_kg: float) -> None:
    """Refuse a burn that needs more propellant than is left.

    Parameters
    ----------
    vehicle, burn : str
        Names for the message.
    needed_kg, available_kg : float
        Propellant of the burn and what is usable before it, kg. A shortage within rounding passes.

    Raises
    ------
    InputError
        With the shortage in kg.
    """
    short = needed_kg - available_kg
    if short > 1e-9 * max(needed_kg, 1.0):
        raise InputError(
            f"{vehicle}: {burn} needs {kilograms(needed_kg)} of propellant and "
            f"{kilograms(max(available_kg, 0.0))} is left: {kilograms(short)} short; "
            "add propellant, take mass off, or make the burn smaller"
        )


def kilograms(mass_kg: float) -> str:
    """Write a mass with as many decimals as its size deserves."""
    size = abs(mass_kg)
    digits = 0 if size >= 1000.0 else 1 if size >= 10.0 else 2 if size >= 0.1 else 4
    return f"{mass_kg:,.{digits}f} kg"
