"""Sunlight on the step ahead, on lanes: where it ends at the border of a shadow, and what its stages get.

Inside a step the light is all there is, none, or that of the penumbra; it changes from one to another at the
ends of steps only. The stages read the radiation pressure that is written down here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation import lanestate as row
from cislunar.propagation.granules import TERMS
from cislunar.propagation.lanestate import STAGES, Lanes
from cislunar.propagation.model import Model, position_of, series_at
from cislunar.propagation.shadow_edges import (
    Path,
    alone,
    certainly,
    chords,
    cones,
    first_edge,
    foresee,
    place,
)
from cislunar.propagation.simd import (
    LANES,
    any_lane,
    apart,
    lane,
    load,
    mask_bits,
    splat,
    store,
    with_lane,
)
from cislunar.propagation.sunlight import disc_in_view


@register_jitable
def _line(number: int, positions: Any, environment: Any, u1: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Position of a body as last evaluated and the way to its position at the time `u1`."""
    x, y, z = position_of(number, positions)
    dx = dy = dz = splat(0.0)
    if number >= 0:
        dx = series_at(environment, 3 * number, u1) - x
        dy = series_at(environment, 3 * number + 1, u1) - y
        dz = series_at(environment, 3 * number + 2, u1) - z
    return x, y, z, dx, dy, dz


@register_jitable(forceinline=True)
def up_to_shadow_edge(size: Any, times: np.ndarray, lanes: Lanes, model: Model) -> Any:
    """Length of a step shortened, if needed, to end at the first border of a shadow.

    The radiation pressure at the parts `times` of the shortened step, those of its stages, is written down;
    `times` goes on beyond them by the width of the lanes. The step begins where the first stage was evaluated
    last.
    """
    if model.sun >= 0 and model.shadows > 0:
        size = apart(_prepare_light, (size, times, lanes, model))
    return size


@register_jitable
def _prepare_light(size: Any, times: np.ndarray, lanes: Lanes, model: Model) -> Any:
    """The same for a model with sunlight and shadows."""
    numbers = lanes.numbers
    path = foresee(
        load(numbers, row.X * LANES),
        load(numbers, row.Y * LANES),
        load(numbers, row.Z * LANES),
        load(numbers, row.VX * LANES),
        load(numbers, row.VY * LANES),
        load(numbers, row.VZ * LANES),
        load(numbers, row.AX * LANES),
        load(numbers, row.AY * LANES),
        load(numbers, row.AZ * LANES),
        load(numbers, row.SIGN * LANES) * size,
        model.gm,
    )
    pressure = load(numbers, row.PRESSURE * LANES)
    shone_on = (pressure > 0.0) & (load(numbers, row.ACTIVE * LANES) > 0.0)
    light, edge = splat(1.0), splat(2.0)
    covering = splat(0.0)  # 1 + number of the body that covers the Sun in part; -1 for several
    sun = position_of(model.sun, lanes.positions)
    at = chords(path)
    for i in range(model.shadows):
        body = position_of(model.occulters[i], lanes.positions)
        radius, speed = model.occulter_radii[i], model.occulter_speeds[i]
        lit, dark = certainly(at, path.h, sun, body, model.sun_radius, radius, speed)
        light = np.where(dark, splat(0.0), light)
        uncertain = shone_on & ~lit & ~dark
        if any_lane(uncertain):  # what a lane does must not depend on its neighbours
            found, left, covered = apart(_look_for_edges, (path, mask_bits(uncertain), i, lanes, model))
            edge = np.where(uncertain, np.minimum(edge, found), edge)
            light = np.where(uncertain, np.minimum(light, left), light)
            partial = uncertain & (covered > 0.0)
            number = np.where(covering == 0.0, splat(i + 1.0), splat(-1.0))
            covering = np.where(partial, number, covering)
    for s in range(1, STAGES):
        store(lanes.pressures, s * LANES, pressure * light)
    covering = np.where(light > 0.0, covering, splat(0.0))
    if any_lane(covering != 0.0):
        apart(_dim, (path, np.minimum(edge, 1.0), covering, times, lanes, model))
    return np.where(edge < 1.0, edge * size, size)


@register_jitable
def _dim(path: Path, end: Any, covering: Any, times: np.ndarray, lanes: Lanes, model: Model) -> None:
    """Lessen the radiation pressure of the stages in the penumbra, on the path foreseen up to its part `end`.

    The path is good to metres where the penumbra is kilometres wide. Such steps are rare: it is the stages of
    one trajectory that fill the lanes here, not several trajectories.
    """
    numbers = lanes.numbers
    scale = load(numbers, row.SCALE * LANES)
    u0 = (load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)) * scale
    for number in range(model.shadows):
        partial = (covering == number + 1.0) | (covering < 0.0)
        if any_lane(partial):
            bits = mask_bits(partial)
            for i in range(LANES):
                if (bits >> i) & 1:
                    start, way = lane(u0, i), lane(path.h * scale, i)
                    apart(
                        _dim_stages,
                        (i, alone(path, i), start, way, lane(end, i), times, number, lanes, model),
                    )


@register_jitable
def _alone(line: tuple[Any, Any, Any, Any, Any, Any], i: int) -> tuple[Any, Any, Any, Any, Any, Any]:
    """The line of one lane in all lanes."""
    return (
        splat(lane(line[0], i)),
        splat(lane(line[1], i)),
        splat(lane(line[2], i)),
        splat(lane(line[3], i)),
        splat(lane(line[4], i)),
        splat(lane(line[5], i)),
    )


@register_jitable
def _series_of_one(environment: Any, number: int, i: int, u: Any) -> Any:
    """Values of one tabulated series of lane `i` at several times."""
    at = (number + 1) * TERMS * LANES + i
    value = splat(environment[at - LANES])
    for power in range(2, TERMS + 1):
        value = value * u + environment[at - power * LANES]
    return value


@register_jitable
def _position_of_one(environment: Any, number: int, i: int, u: Any) -> tuple[Any, Any, Any]:
    """Positions of a body at several times of lane `i`; the origin for number -1."""
    x = y = z = splat(0.0)
    if number >= 0:
        x = _series_of_one(environment, 3 * number, i, u)
        y = _series_of_one(environment, 3 * number + 1, i, u)
        z = _series_of_one(environment, 3 * number + 2, i, u)
    return x, y, z


@register_jitable
def _dim_stages(
    i: int,
    path: Path,
    start: float,
    way: float,
    end: float,
    times: np.ndarray,
    occulter: int,
    lanes: Lanes,
    model: Model,
) -> None:
    """Lessen the radiation pressure of all stages of lane `i`; `start` and `way` are the beginning and the
    length of its whole path on the scale of its polynomials."""
    for first in range(1, STAGES, LANES):
        part = end * load(times, first)
        u = start + part * way
        x, y, z = place(path, part)
        sx, sy, sz = _position_of_one(lanes.environment, model.sun, i, u)
        bx, by, bz = _position_of_one(lanes.environment, model.occulters[occulter], i, u)
        light = disc_in_view(
            sx - x,
            sy - y,
            sz - z,
            bx - x,
            by - y,
            bz - z,
            model.sun_radius,
            model.occulter_radii[occulter],
        )
        for k in range(min(LANES, STAGES - first)):
            lanes.pressures[(first + k) * LANES + i] *= lane(light, k)


@register_jitable
def _look_for_edges(
    path: Path, wanted: int, occulter: int, lanes: Lanes, model: Model
) -> tuple[Any, Any, Any]:
    """Look for the first borders of one shadow in some lanes, see `shadow_edges.first_edge`.

    `wanted` has a bit for each lane.
    """
    numbers = lanes.numbers
    now = load(numbers, row.BASE * LANES) + load(numbers, row.T * LANES)
    u1 = (now + path.h) * load(numbers, row.SCALE * LANES)
    sun = _line(model.sun, lanes.positions, lanes.environment, u1)
    body = _line(model.occulters[occulter], lanes.positions, lanes.environment, u1)
    edges, lights, partials = splat(2.0), splat(1.0), splat(0.0)
    for i in range(LANES):
        if (wanted >> i) & 1:
            radius = model.occulter_radii[occulter]
            shadow = cones(_alone(sun, i), _alone(body, i), model.sun_radius, radius)
            edge, light, partial = apart(first_edge, (alone(path, i), shadow, lanes.stages))
            edges = with_lane(edges, i, edge)
            lights = with_lane(lights, i, light)
            partials = with_lane(partials, i, partial)
    return edges, lights, partials
