"""The force model as the compiled loop sees it, and the acceleration it gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation.forces import attraction, axes, point_mass, solid_tide
from cislunar.propagation.granules import TERMS
from cislunar.propagation.harmonics import harmonics_at
from cislunar.propagation.shadow_edges import Path, first_edge, foresee
from cislunar.propagation.simd import LANES, apart, inverse_sqrt, load, splat, store
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
    sun_radius: float
    tides: int
    """1 if the bodies raise tides on the centre, else 0."""
    body_tide: Any
    """Strength of the tide that each body raises, see `tides.SolidTide`, km^8/s^2."""


@register_jitable(forceinline=True)
def _series(environment: Any, number: int, u: Any) -> Any:
    """Value of one tabulated series; `environment` holds each lane's own polynomials."""
    at = (number + 1) * TERMS * LANES
    value = load(environment, at - LANES)
    for power in range(2, TERMS + 1):
        value = value * u + load(environment, at - power * LANES)
    return value


@register_jitable(forceinline=True)
def _light(x: Any, y: Any, z: Any, sx: Any, sy: Any, sz: Any, positions: Any, model: Model) -> Any:
    """Fraction of the Sun, at `s`, that the occulting bodies leave in view."""
    light = splat(1.0)
    for i in range(model.shadows):
        number = model.occulters[i]
        ox = oy = oz = splat(0.0)
        if number >= 0:
            at = 3 * number * LANES
            ox = load(positions, at)
            oy = load(positions, at + LANES)
            oz = load(positions, at + 2 * LANES)
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


@register_jitable
def _line(environment: Any, number: int, u0: Any, u1: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Position of a body at one time and the way to its position at another; at the origin for number -1."""
    x = y = z = dx = dy = dz = splat(0.0)
    if number >= 0:
        x = _series(environment, 3 * number, u0)
        y = _series(environment, 3 * number + 1, u0)
        z = _series(environment, 3 * number + 2, u0)
        dx = _series(environment, 3 * number, u1) - x
        dy = _series(environment, 3 * number + 1, u1) - y
        dz = _series(environment, 3 * number + 2, u1) - z
    return x, y, z, dx, dy, dz


@register_jitable
def first_shadow_edge(path: Path, u0: Any, u1: Any, environment: Any, model: Model) -> Any:
    """Part of the step after which the first border of any shadow is met; more than 1 if there is none.

    Parameters
    ----------
    path : Path
        From `shadow_edges.foresee`.
    u0, u1 : lanes
        Start and end of the step on the scale of each lane's own polynomials.
    environment, model
        As for `acceleration`.
    """
    sun = _line(environment, model.sun, u0, u1)
    edge = splat(2.0)
    for i in range(model.shadows):
        body = _line(environment, model.occulters[i], u0, u1)
        edge = np.minimum(edge, first_edge(path, sun, body, model.sun_radius, model.occulter_radii[i]))
    return edge


@register_jitable(forceinline=True)
def up_to_shadow_edge(
    size: Any,
    sign: Any,
    x: Any,
    y: Any,
    z: Any,
    vx: Any,
    vy: Any,
    vz: Any,
    ax: Any,
    ay: Any,
    az: Any,
    now: Any,
    half: Any,
    pressure: Any,
    environment: Any,
    model: Model,
) -> Any:
    """Length of a step shortened, if needed, to end at the first border of a shadow.

    `size` and `sign` are its length and direction, `now` and `half` the time and the half width of each
    lane's polynomials, s; the state and its acceleration are those at its beginning.
    """
    if model.sun >= 0 and model.shadows > 0:
        h = sign * size
        path = foresee(x, y, z, vx, vy, vz, ax, ay, az, h, model.gm)
        edge = first_shadow_edge(path, now / half, (now + h) / half, environment, model)
        size = np.where((edge < 1.0) & (pressure > 0.0), edge * size, size)
    return size


@register_jitable(forceinline=True)
def acceleration(
    x: Any,
    y: Any,
    z: Any,
    u: Any,
    pressure: Any,
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
    pressure : lanes
        Acceleration by sunlight times the square of the distance from the Sun, km^3/s^2.
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
        ax += _series(environment, 3 * bodies, u)
        ay += _series(environment, 3 * bodies + 1, u)
        az += _series(environment, 3 * bodies + 2, u)
    for number in range(bodies):
        bx = _series(environment, 3 * number, u)
        by = _series(environment, 3 * number + 1, u)
        bz = _series(environment, 3 * number + 2, u)
        gm = splat(model.body_gm[number])
        if model.shadows > 0:  # those that may cover the Sun come before it
            store(positions, 3 * number * LANES, bx)
            store(positions, (3 * number + 1) * LANES, by)
            store(positions, (3 * number + 2) * LANES, bz)
        if number == model.sun:
            light = splat(1.0)
            if model.shadows > 0:
                light = apart(_light, (x, y, z, bx, by, bz, positions, model))
            gm = gm - pressure * light
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
            _series(environment, at, u),
            _series(environment, at + 1, u),
            _series(environment, at + 2, u),
            _series(environment, at + 3, u),
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
