"""The force model as the compiled loop sees it, and the acceleration it gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.forces import attraction, axes, point_mass, solid_tide
from cislunar.propagation.granules import TERMS
from cislunar.propagation.harmonics import harmonics_at
from cislunar.propagation.simd import LANES, any_lane, apart, inverse_sqrt, load, splat, store
from cislunar.propagation.sunlight import sunlight


class Model(NamedTuple):
    """Constants of a force model; arrays, or pointers to them.

    The tabulated series are, in this order: three coordinates for each body; three for the acceleration
    that the bodies give the centre; the quaternion to the axes of the field if `degree` is not zero.
    """

    gm: float
    """Of the centre, km^3/s^2."""
    bodies: int
    body_gm: Any
    """Of each body, km^3/s^2; 0 for one that only shines or casts a shadow."""
    degree: int
    """Of the gravity field; 0 for a point mass."""
    field_radius: float
    field_rows: Any
    """From `harmonics.pack_coefficients`."""
    sun: int
    """Number of the Sun, the last of the bodies, if radiation pressure acts; else -1."""
    shadows: int
    occulters: Any
    """Bodies that cast shadows, by number; -1 for the centre."""
    occulter_radii: Any
    occulter_speeds: Any
    """Bounds of their speeds relative to the centre, km/s."""
    sun_radius: float
    tides: int
    """1 if the bodies raise tides on the centre, else 0."""
    body_tide: Any
    """Strength of the tide that each body raises, see `tides.SolidTide`, km^8/s^2."""


class Sunshine(NamedTuple):
    """Radiation pressure on spacecraft, lane by lane."""

    pressure: Any
    """Acceleration by sunlight times the square of the distance from the Sun, km^3/s^2."""
    partial: Any
    """1 where it has to be lessened by the part of the Sun that is covered, else 0."""


@register_jitable(forceinline=True)
def series_at(environment: Any, number: int, u: Any) -> Any:
    """Value of one tabulated series; `environment` holds each lane's own polynomials."""
    at = (number + 1) * TERMS * LANES
    value = load(environment, at - LANES)
    for power in range(2, TERMS + 1):
        value = value * u + load(environment, at - power * LANES)
    return value


@register_jitable(forceinline=True)
def position_of(number: int, positions: Any) -> tuple[Any, Any, Any]:
    """Position of a body as last evaluated; the origin for number -1."""
    x = y = z = splat(0.0)
    if number >= 0:
        at = 3 * number * LANES
        x, y, z = load(positions, at), load(positions, at + LANES), load(positions, at + 2 * LANES)
    return x, y, z


@register_jitable(forceinline=True)
def _light(x: Any, y: Any, z: Any, sx: Any, sy: Any, sz: Any, positions: Any, model: Model) -> Any:
    """Fraction of the Sun, at `s`, that the occulting bodies leave in view."""
    light = splat(1.0)
    for i in range(model.shadows):
        ox, oy, oz = position_of(model.occulters[i], positions)
        light = light * sunlight(
            sx - x,
            sy - y,
            sz - z,
            ox - x,
            oy - y,
            oz - z,
            model.sun_radius,
            model.occulter_radii[i],
        )
    return light


@register_jitable(forceinline=True)
def acceleration(
    x: Any,
    y: Any,
    z: Any,
    u: Any,
    sunshine: Sunshine,
    environment: Any,
    positions: Any,
    model: Model,
) -> tuple[Any, Any, Any]:
    """Acceleration of `LANES` spacecraft, km/s^2, ICRF.

    Parameters
    ----------
    x, y, z : lanes
        Position, km.
    u : lanes
        Time on the scale of each lane's own polynomials, -1 to 1.
    sunshine : Sunshine
    environment : pointer
        Polynomials of each lane, (series, TERMS, LANES) flat.
    positions : pointer
        Work space for the positions of the bodies, (bodies, 3, LANES) flat.
    model : Model
    """
    inverse = inverse_sqrt(x * x + y * y + z * z)
    ax, ay, az = point_mass(x, y, z, model.gm, inverse)
    bodies = model.bodies
    if bodies > 0:
        ax += series_at(environment, 3 * bodies, u)
        ay += series_at(environment, 3 * bodies + 1, u)
        az += series_at(environment, 3 * bodies + 2, u)
    for number in range(bodies):
        bx = series_at(environment, 3 * number, u)
        by = series_at(environment, 3 * number + 1, u)
        bz = series_at(environment, 3 * number + 2, u)
        gm = splat(model.body_gm[number])
        if model.shadows > 0:  # those that may cover the Sun come before it
            store(positions, 3 * number * LANES, bx)
            store(positions, (3 * number + 1) * LANES, by)
            store(positions, (3 * number + 2) * LANES, bz)
        if number == model.sun:
            if model.shadows > 0 and any_lane(sunshine.partial > 0.0):
                light = apart(_light, (x, y, z, bx, by, bz, positions, model))
                gm = gm - sunshine.pressure * np.where(sunshine.partial > 0.0, light, splat(1.0))
            else:
                gm = gm - sunshine.pressure
        fx, fy, fz = attraction(x, y, z, bx, by, bz, gm)
        ax += fx
        ay += fy
        az += fz
        if model.tides > 0:
            fx, fy, fz = apart(solid_tide, (x, y, z, bx, by, bz, splat(model.body_tide[number])))
            ax += fx
            ay += fy
            az += fz
    if model.degree > 0:
        at = 3 * bodies + 3
        xx, xy, xz, yx, yy, yz, zx, zy, zz = axes(
            series_at(environment, at, u),
            series_at(environment, at + 1, u),
            series_at(environment, at + 2, u),
            series_at(environment, at + 3, u),
        )
        fx, fy, fz = harmonics_at(
            xx * x + xy * y + xz * z,
            yx * x + yy * y + yz * z,
            zx * x + zy * y + zz * z,
            inverse,
            model.gm,
            model.field_radius,
            model.degree,
            model.field_rows,
        )
        ax += xx * fx + yx * fy + zx * fz
        ay += xy * fx + yy * fy + zy * fz
        az += xz * fx + yz * fy + zz * fz
    return ax, ay, az
