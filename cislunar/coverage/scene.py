"""What the edge finder looks at: sites, stations, Sun and Earth of one window, and the list of
visibility functions.

Compiled code takes few flat arrays best, so everything a function needs is packed into a `Scene`;
`margin_samples` evaluates any of its functions at the eight samples of a stretch of time.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from cislunar.coverage import geometry
from cislunar.coverage.bernstein import MATRICES
from cislunar.coverage.sampling import ROW, table_component
from cislunar.coverage.tables import FAST_TERMS, SLOW_TERMS
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, load, store


class Kind(IntEnum):
    """The visibility functions. All are positive when visible, and outside a shadow."""

    SITE_RELAY = 0
    """Relay above the horizon of a site."""
    SITE_STATION = 1
    """Earth station above the horizon of a site."""
    SITE_EARTH = 2
    """Centre of the Earth above the horizon of a site."""
    SITE_SUN = 3
    """Centre of the Sun above the horizon of a site."""
    LIMB = 4
    """Line from relay to Earth station clear of the Moon."""
    STATION_RELAY = 5
    """Relay above the mask of an Earth station."""
    STATION_SITE = 6
    """Site above the mask of an Earth station."""
    MOON_UMBRA = 7
    """Relay outside the umbra of the Moon."""
    MOON_PENUMBRA = 8
    EARTH_UMBRA = 9
    EARTH_PENUMBRA = 10


class Scene(NamedTuple):
    """Packed arrays for compiled code; times count from the start of the window.

    Attributes
    ----------
    layout : ndarray of int
        Sizes and offsets, at the places named below; then the functions (`Kind`, number of the site,
        number of the station, each 0 if none) and, for each site, where its knots begin (and the last
        end).
    numbers : ndarray of float
        Scalars, then tables (polynomials by piece, place, component, term), at the places named below.
    """

    layout: np.ndarray
    numbers: np.ndarray


# Places in `layout`: numbers of sites, stations, pieces and functions; where functions and knots begin
# in `layout`; where each table begins in `numbers`. A site without knots has a constant mask.
SITES, STATIONS, PIECES, FUNCTIONS, FIRST_FUNCTION, FIRST_KNOT, FIRST_SKY, SKY_CELLS = range(8)
CENTRE, EARTH, SUN = 8, 9, 10
SITE_UP, SITE_NORTH, SITE_RADIUS, SITE_SINE = 11, 12, 13, 14
STATION_POSITION, STATION_UP, STATION_SINE = 15, 16, 17
KNOT_AZIMUTH, KNOT_ELEVATION = 18, 19
_HEAD = 20

# Places in `numbers`: spacing and inverse half width of the pieces, farthest station from the Earth's
# centre, s per km of light (0: instantaneous), radii.
SPACING, PER_HALF, REACH, LIGHT, MOON_RADIUS, EARTH_RADIUS, SUN_RADIUS = range(7)


def pack(
    functions: np.ndarray,
    sizes: tuple[int, int, int],
    scalars: list[float],
    tables: list[np.ndarray],
    knots: np.ndarray,
) -> Scene:
    """Pack a scene; `sizes`, `scalars` and `tables` are in the order of the places above."""
    flat = [np.array(scalars, dtype=float), *(np.ravel(np.asarray(table, dtype=float)) for table in tables)]
    starts = np.cumsum([len(part) for part in flat])[:-1]
    head = [*sizes, len(functions), _HEAD, _HEAD + 3 * len(functions), 0, 0, *starts]
    return Scene(
        layout=np.concatenate((head, np.ravel(functions), knots)).astype(np.int64),
        numbers=np.concatenate(flat),
    )


@kernel
def kind_of(scene: Any, function: int) -> int:
    """`Kind` of a function."""
    return scene.layout[scene.layout[FIRST_FUNCTION] + 3 * function]


@kernel
def site_of(scene: Any, function: int) -> int:
    """Number of the site of a function."""
    return scene.layout[scene.layout[FIRST_FUNCTION] + 3 * function + 1]


@kernel
def station_of(scene: Any, function: int) -> int:
    """Number of the station of a function."""
    return scene.layout[scene.layout[FIRST_FUNCTION] + 3 * function + 2]


@kernel
def knot(scene: Any, site: int) -> int:
    """Where the knots of a site begin; those of the one before end there."""
    return scene.layout[scene.layout[FIRST_KNOT] + site]


@kernel
def is_masked(scene: Any, function: int) -> bool:
    """Whether a function concerns the horizon of a site with an azimuth mask."""
    if kind_of(scene, function) > _SITE_SUN:
        return False
    site = site_of(scene, function)
    return knot(scene, site + 1) > knot(scene, site)


# Places in the scratch memory of the edge finder, after the matrices of `bernstein`.
NEWTON_SIZE = 36 * LANES
NEWTON = len(MATRICES)
STENCIL_TIMES = NEWTON + NEWTON_SIZE
RECIPROCALS = STENCIL_TIMES + 4 * LANES
PLACE = RECIPROCALS + 16 * LANES
"""Relay positions and scaled times at the samples: four rows."""
MARGIN = PLACE + 4 * ROW
"""Margins at the samples."""
TOWARDS = MARGIN + ROW
"""East, north and up components from a site with an azimuth mask: three rows."""
MEMORY = TOWARDS + 3 * ROW

_SITE_RELAY, _SITE_STATION, _SITE_SUN = int(Kind.SITE_RELAY), int(Kind.SITE_STATION), int(Kind.SITE_SUN)
_LIMB, _STATION_SITE = int(Kind.LIMB), int(Kind.STATION_SITE)
_MOON_UMBRA, _EARTH_UMBRA = int(Kind.MOON_UMBRA), int(Kind.EARTH_UMBRA)

_site_margin = kernel(geometry.site_margin)
_horizon_margin = kernel(geometry.horizon_margin)
_occultation_margin = kernel(geometry.occultation_margin)
_shadow_margin = kernel(geometry.shadow_margin)


@kernel
def _slow(scene: Any, table: int, index: int, scaled: Any) -> Any:
    """Vector number `index` of a table of slow polynomials."""
    base = scene.layout[table] + 3 * SLOW_TERMS * index
    return (
        table_component(scene.numbers, base, SLOW_TERMS, scaled),
        table_component(scene.numbers, base + SLOW_TERMS, SLOW_TERMS, scaled),
        table_component(scene.numbers, base + 2 * SLOW_TERMS, SLOW_TERMS, scaled),
    )


@kernel
def _fast(scene: Any, table: int, index: int, scaled: Any) -> Any:
    """Vector number `index` of a table of fast polynomials."""
    base = scene.layout[table] + 3 * FAST_TERMS * index
    return (
        table_component(scene.numbers, base, FAST_TERMS, scaled),
        table_component(scene.numbers, base + FAST_TERMS, FAST_TERMS, scaled),
        table_component(scene.numbers, base + 2 * FAST_TERMS, FAST_TERMS, scaled),
    )


@kernel
def _arrival(scene: Any, piece: int, station: int, scaled: Any, x: Any, y: Any, z: Any) -> Any:
    """Scaled time at which a signal from (x, y, z) reaches a station: the same time if light time is off."""
    if scene.numbers[LIGHT] == 0.0:
        return scaled
    ex, ey, ez = _slow(scene, EARTH, piece, scaled)
    px, py, pz = _fast(scene, STATION_POSITION, station, scaled)
    dx, dy, dz = ex + px - x, ey + py - y, ez + pz - z
    return scaled + np.sqrt(dx * dx + dy * dy + dz * dz) * (scene.numbers[LIGHT] * scene.numbers[PER_HALF])


@kernel
def margin_samples(scene: Any, memory: Any, function: int, piece: int) -> None:
    """Evaluate one visibility function at the samples of a stretch.

    Parameters
    ----------
    scene : Scene
    memory : ndarray, shape (>= MEMORY,)
        Holds relay positions and scaled times at `PLACE`; receives the margins in km at `MARGIN`, or for a
        site with an azimuth mask the direction of its target at `TOWARDS`.
    function : int
        Its number in the scene.
    piece : int
        The piece of the tables.
    """
    kind = kind_of(scene, function)
    site_number = site_of(scene, function)
    site = piece * scene.layout[SITES] + site_number
    station_number = station_of(scene, function)
    station = piece * scene.layout[STATIONS] + station_number
    masked = is_masked(scene, function)
    for k in range(0, ROW, LANES):
        x = load(memory, PLACE + k)
        y = load(memory, PLACE + ROW + k)
        z = load(memory, PLACE + 2 * ROW + k)
        scaled = load(memory, PLACE + 3 * ROW + k)
        if kind <= _SITE_SUN:
            ux, uy, uz = _slow(scene, SITE_UP, site, scaled)
            radius = scene.numbers[scene.layout[SITE_RADIUS] + site_number]
            if kind == _SITE_SUN:
                x, y, z = _slow(scene, SUN, piece, scaled)
            elif kind == _SITE_STATION:
                arrival = _arrival(scene, piece, station, scaled, radius * ux, radius * uy, radius * uz)
                ex, ey, ez = _slow(scene, EARTH, piece, arrival)
                px, py, pz = _fast(scene, STATION_POSITION, station, arrival)
                x, y, z = ex + px, ey + py, ez + pz
            elif kind != _SITE_RELAY:
                x, y, z = _slow(scene, EARTH, piece, scaled)
            if masked:
                nx, ny, nz = _slow(scene, SITE_NORTH, site, scaled)
                east = x * (ny * uz - nz * uy) + y * (nz * ux - nx * uz) + z * (nx * uy - ny * ux)
                store(memory, TOWARDS + k, east)
                store(memory, TOWARDS + ROW + k, x * nx + y * ny + z * nz)
                store(memory, TOWARDS + 2 * ROW + k, x * ux + y * uy + z * uz - radius)
            else:
                sine = scene.numbers[scene.layout[SITE_SINE] + site_number]
                store(memory, MARGIN + k, _site_margin(x, y, z, ux, uy, uz, radius, sine))
        elif kind <= _STATION_SITE:
            if kind == _STATION_SITE:
                radius = scene.numbers[scene.layout[SITE_RADIUS] + site_number]
                ux, uy, uz = _slow(scene, SITE_UP, site, scaled)
                x, y, z = radius * ux, radius * uy, radius * uz
            arrival = _arrival(scene, piece, station, scaled, x, y, z)
            px, py, pz = _fast(scene, STATION_POSITION, station, arrival)
            if kind == _LIMB:
                # The Moon stands still in the axes that move with it: the whole station is taken at arrival.
                ex, ey, ez = _slow(scene, EARTH, piece, arrival)
                dx, dy, dz = ex + px - x, ey + py - y, ez + pz - z
                moon_radius = scene.numbers[MOON_RADIUS]
                store(memory, MARGIN + k, _occultation_margin(x, y, z, dx, dy, dz, moon_radius))
            else:
                # Directions at the station belong to axes that move with the Earth: only its turn is
                # taken at arrival.
                ex, ey, ez = _slow(scene, EARTH, piece, scaled)
                ux, uy, uz = _fast(scene, STATION_UP, station, arrival)
                dx, dy, dz = x - ex - px, y - ey - py, z - ez - pz
                sine = scene.numbers[scene.layout[STATION_SINE] + station_number]
                store(memory, MARGIN + k, _horizon_margin(dx, dy, dz, ux, uy, uz, sine))
        else:
            sx, sy, sz = _slow(scene, SUN, piece, scaled)
            bx, by, bz = -x, -y, -z
            radius = scene.numbers[MOON_RADIUS]
            if kind >= _EARTH_UMBRA:
                ex, ey, ez = _slow(scene, EARTH, piece, scaled)
                bx, by, bz = ex - x, ey - y, ez - z
                radius = scene.numbers[EARTH_RADIUS]
            umbra = 1.0 if kind in (_MOON_UMBRA, _EARTH_UMBRA) else -1.0
            sun_radius = scene.numbers[SUN_RADIUS]
            margin = _shadow_margin(bx, by, bz, sx - x, sy - y, sz - z, radius, sun_radius, umbra)
            store(memory, MARGIN + k, margin)


@kernel
def earth_limb_samples(scene: Any, memory: Any, piece: int) -> float:
    """Margin, at `MARGIN`, of the line from the relay to the Earth's centre over the Moon's limb.

    Returns
    -------
    float
        How much the margin to any station can differ from it at the samples, km.
    """
    slack = 0.0
    for k in range(0, ROW, LANES):
        x = load(memory, PLACE + k)
        y = load(memory, PLACE + ROW + k)
        z = load(memory, PLACE + 2 * ROW + k)
        ex, ey, ez = _slow(scene, EARTH, piece, load(memory, PLACE + 3 * ROW + k))
        dx, dy, dz = ex - x, ey - y, ez - z
        store(memory, MARGIN + k, _occultation_margin(x, y, z, dx, dy, dz, scene.numbers[MOON_RADIUS]))
        # The direction to a station differs by its distance from the Earth's centre over the distance
        # of the relay.
        ratio = np.sqrt((x * x + y * y + z * z) / (dx * dx + dy * dy + dz * dz))
        store(memory, TOWARDS + k, ratio)
    for k in range(ROW):
        slack = max(slack, memory[TOWARDS + k])
    return slack * scene.numbers[REACH]
