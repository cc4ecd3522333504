"""Engines: thrust, specific impulse, throttle."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cislunar.constants import STANDARD_GRAVITY_M_S2
from cislunar.errors import InputError


@dataclass(frozen=True)
class Engine:
    """A group of equal engines that burn together.

    Attributes
    ----------
    thrust_n : float
        Full thrust in vacuum of one engine, N.
    isp_s : float
        Specific impulse in vacuum, s; the same at any throttle setting.
    count : int
        Engines in the group.
    throttle : tuple of float
        Lowest and highest setting, as fractions of full thrust; (1, 1) for an engine that has only one.
    name : str
        For people.

    Raises
    ------
    InputError
        If a value is not finite or out of its range.
    """

    thrust_n: float
    isp_s: float
    count: int = 1
    throttle: tuple[float, float] = (1.0, 1.0)
    name: str = "main engine"

    def __post_init__(self) -> None:
        """Check the values."""
        for what, value, unit in (("thrust", self.thrust_n, "N"), ("specific impulse", self.isp_s, "s")):
            if not (math.isfinite(value) and value > 0.0):
                raise InputError(f"{self.name}: expected a positive {what}; got {value} {unit}")
        if self.count < 1:
            raise InputError(f"{self.name}: expected one engine or more; got {self.count}")
        low, high = self.throttle
        if not 0.0 < low <= high <= 1.0:
            raise InputError(
                f"{self.name}: expected a throttle range within 0 to 1, lowest first; got {low} to {high}"
            )

    @property
    def full_thrust_n(self) -> float:
        """Thrust of the whole group at its highest setting, N."""
        return self.count * self.thrust_n * self.throttle[1]

    @property
    def least_thrust_n(self) -> float:
        """Thrust of the whole group at its lowest setting, N."""
        return self.count * self.thrust_n * self.throttle[0]

    @property
    def exhaust_speed_km_s(self) -> float:
        """Effective exhaust speed, km/s: specific impulse times standard gravity."""
        return self.isp_s * STANDARD_GRAVITY_M_S2 / 1000.0

    def flow_kg_s(self, thrust_n: float) -> float:
        """Propellant used in a second at a given thrust, kg/s."""
        return thrust_n / (1000.0 * self.exhaust_speed_km_s)
