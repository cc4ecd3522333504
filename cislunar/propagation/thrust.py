"""Thrust as a force of constant size and steady mass flow: direction fixed, turning, or along the velocity.

With the thrust `F`, the mass flow `F / (g0 Isp)` and the mass `m0` at the beginning of the burn, the
acceleration a time `tau` into it is

    a = F / (m0 - tau F / (g0 Isp)) d,      d = c + u cos(w tau) + s sin(w tau) + along v / |v|.

A steady flow makes the mass a linear function of time, so that it needs no integration.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from cislunar.propagation import lanestate as row
from cislunar.propagation.lanestate import Lanes
from cislunar.propagation.model import Model
from cislunar.propagation.simd import LANES, load, store

# Numbers of each burn: acceleration at its beginning, km/s^2; share of the initial mass lost in a second; the
# vectors c, u and s; the rate w, rad/s; +1 along the velocity, -1 against it, 0 neither.
ACCELERATION, LOSS, CX, CY, CZ, UX, UY, UZ, SX, SY, SZ, TURN, ALONG = range(13)
NUMBERS = 13
_BASE, _HALF = NUMBERS, NUMBERS + 1
WORK = NUMBERS + 2
"""Rows of the work space: the numbers of the burn of each lane, and what turns scaled time into seconds."""


class ThrustModel(NamedTuple):
    """A force model with thrust: each trajectory has a burn that lasts as long as its flight."""

    model: Model
    inverse_c2: float
    """1 over the speed of light squared, s^2/km^2; 0 without relativity."""
    total: int
    burns: Any
    """Numbers of each burn, (NUMBERS, total) flat."""
    work: Any
    """Work space of the lanes, (WORK, LANES) flat."""

    @property
    def bodies(self) -> int:
        """Tabulated bodies."""
        return self.model.bodies

    @property
    def degree(self) -> int:
        """Degree of the gravity field."""
        return self.model.degree


_HALF_PI = Decimal("1.570796326794896619231321691639751442")
_HALF_PI_HIGH = float(np.floor(float(_HALF_PI) * 2.0**30) / 2.0**30)
_HALF_PI_LOW = float(_HALF_PI - Decimal(_HALF_PI_HIGH))
_TWO_OVER_PI = float(1 / _HALF_PI)


@register_jitable
def cosine_and_sine(angle: Any) -> tuple[Any, Any]:
    """Cosine and sine, to 3e-16 for angles up to some thousand radians.

    The angle is brought to within a quarter of pi of zero by quarter turns, where the Taylor series to powers
    16 and 17 are exact to 2e-18.
    """
    quarters = np.floor(angle * _TWO_OVER_PI + 0.5)
    x = angle - quarters * _HALF_PI_HIGH - quarters * _HALF_PI_LOW
    x2 = x * x
    cosine = x2 * 0.0 + 1.0
    sine = x2 * 0.0 + 1.0
    for k in range(8, 0, -1):
        cosine = 1.0 - cosine * x2 * (1.0 / ((2.0 * k - 1.0) * (2.0 * k)))
        sine = 1.0 - sine * x2 * (1.0 / ((2.0 * k) * (2.0 * k + 1.0)))
    sine = sine * x
    quadrant = quarters - 4.0 * np.floor(0.25 * quarters)
    odd = (quadrant == 1.0) | (quadrant == 3.0)
    first, second = np.where(odd, sine, cosine), np.where(odd, cosine, sine)
    return (
        np.where((quadrant == 1.0) | (quadrant == 2.0), -first, first),
        np.where(quadrant >= 2.0, -second, second),
    )


@register_jitable(forceinline=True)
def thrust(
    vx: Any,
    vy: Any,
    vz: Any,
    tau: Any,
    acceleration: Any,
    loss: Any,
    steady: tuple[Any, Any, Any],
    even: tuple[Any, Any, Any],
    odd: tuple[Any, Any, Any],
    turn: Any,
    along: Any,
) -> tuple[Any, Any, Any]:
    """Acceleration by thrust at a time `tau` (s) into a burn, for a velocity relative to the centre.

    The other arguments are the numbers of the burn: see the head of the module; `steady`, `even` and `odd`
    are the vectors c, u and s.
    """
    size = acceleration / (1.0 - loss * tau)
    cosine, sine = cosine_and_sine(turn * tau)
    share = along / np.sqrt(np.maximum(vx * vx + vy * vy + vz * vz, 1e-300))
    return (
        size * (steady[0] + cosine * even[0] + sine * odd[0] + share * vx),
        size * (steady[1] + cosine * even[1] + sine * odd[1] + share * vy),
        size * (steady[2] + cosine * even[2] + sine * odd[2] + share * vz),
    )


@register_jitable
def take_numbers(lanes: Lanes, system: ThrustModel) -> None:
    """Copy the numbers of the burn of each lane, and its clock, to the work space."""
    for i in range(LANES):
        j = max(lanes.integers[row.TRAJECTORY * LANES + i], 0)
        for k in range(NUMBERS):
            system.work[k * LANES + i] = system.burns[k * system.total + j]
    store(system.work, _BASE * LANES, load(lanes.numbers, row.BASE * LANES))
    store(system.work, _HALF * LANES, load(lanes.numbers, row.HALF * LANES))


@register_jitable(forceinline=True)
def lane_thrust(vx: Any, vy: Any, vz: Any, u: Any, work: Any) -> tuple[Any, Any, Any]:
    """Acceleration by thrust in every lane, at the scaled time `u` of the lanes' own polynomials."""
    tau = u * load(work, _HALF * LANES) - load(work, _BASE * LANES)
    return thrust(
        vx,
        vy,
        vz,
        tau,
        load(work, ACCELERATION * LANES),
        load(work, LOSS * LANES),
        (load(work, CX * LANES), load(work, CY * LANES), load(work, CZ * LANES)),
        (load(work, UX * LANES), load(work, UY * LANES), load(work, UZ * LANES)),
        (load(work, SX * LANES), load(work, SY * LANES), load(work, SZ * LANES)),
        load(work, TURN * LANES),
        load(work, ALONG * LANES),
    )
