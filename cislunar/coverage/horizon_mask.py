"""Sites whose horizon depends on azimuth (compiled).

Between two knots of the mask its elevation is linear in azimuth, so the margin is smooth there and has
kinks at knots. The direction to the target, in east and north components, is a polynomial curve that
lies in the hull of its control points: that bounds the azimuths of a stretch with certainty, and with
them the mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cislunar.coverage import geometry
from cislunar.coverage.bernstein import certify, to_bernstein
from cislunar.coverage.sampling import ROW, SAMPLES
from cislunar.coverage.scene import (
    KNOT_AZIMUTH,
    KNOT_ELEVATION,
    MARGIN,
    MEMORY,
    SITE_RADIUS,
    TOWARDS,
    knot,
)
from cislunar.propagation.jit import lean_kernel as kernel
from cislunar.propagation.simd import LANES, load, store

VISIBLE, HIDDEN, SMOOTH, MIXED = 1, 0, 2, 3
"""What is known of a stretch: visible or hidden throughout; no knot in its range of azimuths; none of
these."""

CONTROL = MEMORY
"""Two rows of scratch memory for control points."""

_TURN = 2.0 * np.pi
_WIDEST = 0.9 * np.pi

_site_margin = kernel(geometry.site_margin)


@kernel
def mask_elevation(scene: Any, site: int, azimuth: float) -> float:
    """Elevation of a mask in rad, linear in azimuth between its knots and across north."""
    first = knot(scene, site)
    last = knot(scene, site + 1) - 1
    azimuths = scene.layout[KNOT_AZIMUTH]
    azimuth -= _TURN * np.floor(azimuth / _TURN)
    low = first
    high = last + 1
    while low < high:
        middle = (low + high) // 2
        if scene.numbers[azimuths + middle] <= azimuth:
            low = middle + 1
        else:
            high = middle
    before = low - 1 if low > first else last
    after = low if low <= last else first
    gap = scene.numbers[azimuths + after] - scene.numbers[azimuths + before]
    into = azimuth - scene.numbers[azimuths + before]
    if gap <= 0.0:
        gap += _TURN
    if into < 0.0:
        into += _TURN
    height = scene.numbers[scene.layout[KNOT_ELEVATION] + before]
    return height + (scene.numbers[scene.layout[KNOT_ELEVATION] + after] - height) * into / gap


@kernel
def masked_margins(scene: Any, memory: Any, site: int) -> None:
    """Margins at `MARGIN` from the directions at `TOWARDS`."""
    for k in range(ROW):
        east = memory[TOWARDS + k]
        north = memory[TOWARDS + ROW + k]
        up = memory[TOWARDS + 2 * ROW + k]
        sine = np.sin(mask_elevation(scene, site, np.arctan2(east, north)))
        memory[MARGIN + k] = up - sine * np.sqrt(east * east + north * north + up * up)


@kernel
def _constant_margins(scene: Any, memory: Any, site: int, sine: float) -> None:
    """Margins at `MARGIN` over a constant mask from the directions at `TOWARDS`."""
    radius = scene.numbers[scene.layout[SITE_RADIUS] + site]
    zero = 0.0 * load(memory, TOWARDS)
    for k in range(0, ROW, LANES):
        east = load(memory, TOWARDS + k)
        north = load(memory, TOWARDS + ROW + k)
        along = load(memory, TOWARDS + 2 * ROW + k) + radius
        store(memory, MARGIN + k, _site_margin(east, north, along, zero, zero, zero + 1.0, radius, sine))


@kernel
def _bounds(scene: Any, memory: Any, site: int) -> tuple[float, float, bool]:
    """Lowest and highest mask over the azimuths of a stretch, and whether no knot lies among them."""
    to_bernstein(memory, TOWARDS, CONTROL)
    to_bernstein(memory, TOWARDS + ROW, CONTROL + ROW)
    east = memory[TOWARDS] + memory[TOWARDS + SAMPLES - 1]
    north = memory[TOWARDS + ROW] + memory[TOWARDS + ROW + SAMPLES - 1]
    middle = np.arctan2(east, north)
    low = -1.0e-6
    high = 1.0e-6
    for k in range(SAMPLES):
        along = memory[CONTROL + k] * np.sin(middle) + memory[CONTROL + ROW + k] * np.cos(middle)
        across = memory[CONTROL + k] * np.cos(middle) - memory[CONTROL + ROW + k] * np.sin(middle)
        angle = np.arctan2(across, along)
        low = min(low, angle - 1.0e-6)
        high = max(high, angle + 1.0e-6)
    narrow = high - low < _WIDEST
    lowest = np.inf
    highest = -np.inf
    smooth = narrow
    if narrow:
        at_low = mask_elevation(scene, site, middle + low)
        at_high = mask_elevation(scene, site, middle + high)
        lowest = min(at_low, at_high)
        highest = max(at_low, at_high)
    for one in range(knot(scene, site), knot(scene, site + 1)):
        angle = scene.numbers[scene.layout[KNOT_AZIMUTH] + one] - middle - low
        angle -= _TURN * np.floor(angle / _TURN)
        if not narrow or angle <= high - low:
            smooth = False
            height = scene.numbers[scene.layout[KNOT_ELEVATION] + one]
            lowest = min(lowest, height)
            highest = max(highest, height)
    return lowest, highest, smooth


@kernel
def verdict(scene: Any, memory: Any, site: int, allowance_km: float) -> int:
    """Judge a stretch, whose directions are at `TOWARDS`, by the bounds of its mask.

    Parameters
    ----------
    scene, memory
    site : int
    allowance_km : float
        Margin by which a certain answer must clear zero, on top of the truncation error.
    """
    lowest, highest, smooth = _bounds(scene, memory, site)
    _constant_margins(scene, memory, site, np.sin(highest))
    if certify(memory, MARGIN, CONTROL, allowance_km) > 0.0:
        return VISIBLE
    _constant_margins(scene, memory, site, np.sin(lowest))
    if certify(memory, MARGIN, CONTROL, allowance_km) < 0.0:
        return HIDDEN
    return SMOOTH if smooth else MIXED
