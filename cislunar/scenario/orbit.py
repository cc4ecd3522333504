"""Orbits as stated: from values read one by one to a definition that stays above the ground."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.orbits.definitions import CartesianOrbit, EphemerisOrbit, KeplerianOrbit, Orbit
from cislunar.scenario.reading import Reading, Value

_GM = 4902.8
"""The Moon's gravitational parameter, km^3/s^2, as far as a check for sense needs it."""


def build_orbit(value: Value, reading: Reading) -> Orbit | None:
    """Check and build an orbit; None when it cannot be built.

    Parameters
    ----------
    value : Value
        The orbit as read.
    reading : Reading
        Takes the mistakes found here.
    """
    if value.variant == "ephemeris":
        path = value.get("ephemeris")
        return None if path is None else EphemerisOrbit(path)
    if value.variant == "cartesian":
        return _cartesian(value, reading)
    return _keplerian(value, reading)


def _cartesian(value: Value, reading: Reading) -> Orbit | None:
    frame, position, velocity = value.get("frame"), value.child("position"), value.child("velocity")
    if position is None:
        return None
    r = np.array(position.data)
    distance = float(np.linalg.norm(r))
    if distance <= MOON_RADIUS_KM:
        reading.problem(
            position.node,
            position.path,
            f"the position is {distance:.6g} km from the Moon's centre, inside the Moon; "
            f"expected more than {MOON_RADIUS_KM:g} km",
        )
        return None
    if frame is None or velocity is None:
        return None
    v = np.array(velocity.data)
    energy = float(v @ v) / 2.0 - _GM / distance
    momentum = float(np.linalg.norm(np.cross(r, v)))
    eccentricity = math.sqrt(max(1.0 + 2.0 * energy * momentum**2 / _GM**2, 0.0))
    periapsis = momentum**2 / (_GM * (1.0 + eccentricity))
    returns = energy < 0.0 or float(r @ v) < 0.0
    if periapsis <= MOON_RADIUS_KM and returns:
        reading.problem(value.node, value.path, _below_surface(periapsis))
        return None
    return CartesianOrbit(frame=frame, position_km=position.data, velocity_km_s=velocity.data)


def _keplerian(value: Value, reading: Reading) -> Orbit | None:
    sizes = {
        key: value.get(key)
        for key in ("semi_major_axis", "period", "eccentricity", "periapsis_altitude", "apoapsis_altitude")
        if value.has(key)
    }
    if None in sizes.values() or len(sizes) != 2:
        return None
    if not _above_ground(value, sizes, reading):
        return None
    anomaly = next((kind for kind in ("true", "mean", "eccentric") if value.has(f"{kind}_anomaly")), "")
    needed: dict[str, Any] = {
        "frame": value.get("frame"),
        "inclination_rad": value.get("inclination"),
        "raan_rad": value.get("raan"),
        "argument_of_periapsis_rad": value.get("argument_of_periapsis"),
        "anomaly_rad": value.get(f"{anomaly}_anomaly"),
    }
    if None in needed.values():
        return None
    units = {"period": "period_s", "eccentricity": "eccentricity"}
    stated = {units.get(key, f"{key}_km"): number for key, number in sizes.items()}
    return KeplerianOrbit(anomaly=anomaly, **needed, **stated)  # type: ignore[arg-type]


def _above_ground(value: Value, sizes: dict[str, float], reading: Reading) -> bool:
    """Whether size and shape leave the ellipse above the surface and make sense together."""
    low, high, eccentricity = (
        sizes.get(key) for key in ("periapsis_altitude", "apoapsis_altitude", "eccentricity")
    )
    axis = sizes.get("semi_major_axis")
    if "period" in sizes:
        axis = float(np.cbrt(_GM * (sizes["period"] / math.tau) ** 2))
    problem = ""
    if low is not None and high is not None and high < low:
        problem = f"apoapsis ({high:g} km) is lower than periapsis ({low:g} km); expected it at least as high"
    elif low is not None and axis is not None and axis < low + MOON_RADIUS_KM:
        problem = (
            f"the semi-major axis is {axis:.6g} km, less than the periapsis radius "
            f"{low + MOON_RADIUS_KM:.6g} km; expected a larger one, or a lower periapsis"
        )
    elif axis is not None and eccentricity is not None and axis * (1.0 - eccentricity) <= MOON_RADIUS_KM:
        problem = _below_surface(axis * (1.0 - eccentricity))
    if not problem:
        return True
    keys = list(value.data)
    last = max(sizes, key=keys.index)
    reading.problem(value.data[last].node, value.path, problem)
    return False


def _below_surface(periapsis_km: float) -> str:
    return (
        f"periapsis lies {MOON_RADIUS_KM - periapsis_km:.6g} km below the surface "
        f"(radius {periapsis_km:.6g} km); expected it above the {MOON_RADIUS_KM:g} km sphere"
    )
