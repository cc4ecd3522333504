"""The payload manifest: what is carried for whom, where it stays and what it produces."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from cislunar.errors import InputError
from cislunar.vehicles.checks import require_mass, require_name

PLACES = ("orbit", "lander", "rover")
"""Where a payload does its work: released or hosted in orbit, on the lander's deck, or on a rover."""

MATURITIES = (
    "estimated",
    "layout",
    "pre-release",
    "released",
    "existing",
    "actual",
    "new",
    "modified",
    "off-the-shelf",
)
"""Design maturity: the six steps of the AIAA/SAWE scheme, then the three heritage classes of ESA's rules."""

CATEGORIES = ("structure", "propulsion", "thermal", "batteries", "harness", "electronics")
"""Kind of hardware, as mass growth allowances tell them apart."""


@dataclass(frozen=True)
class Payload:
    """One payload of the manifest.

    Attributes
    ----------
    name : str
        Unique in its vehicle.
    mass_kg : float
        Current best estimate, kg, without growth allowance.
    power_w : float
        Mean power while it works, W.
    generation_rate_bit_s : float
        What it produces on average while it works, bit/s; not the rate of any link.
    place : str
        Where it works: one of `PLACES`.
    owner, site : str
        Whose it is, and the name of the site it works at; empty if not said.
    maturity : str
        Design maturity, one of `MATURITIES`.
    category : str
        Kind of hardware, one of `CATEGORIES`.

    Raises
    ------
    InputError
        If a value is not finite, negative, or a name is not known.
    """

    name: str
    mass_kg: float
    power_w: float = 0.0
    generation_rate_bit_s: float = 0.0
    place: str = "lander"
    owner: str = ""
    site: str = ""
    maturity: str = "estimated"
    category: str = "electronics"

    def __post_init__(self) -> None:
        """Check the values."""
        require_mass(f"payload {self.name}: mass", self.mass_kg)
        for what, value, unit in (
            ("power", self.power_w, "W"),
            ("generation rate", self.generation_rate_bit_s, "bit/s"),
        ):
            if not (math.isfinite(value) and value >= 0.0):
                raise InputError(f"payload {self.name}: {what}: expected zero or more; got {value} {unit}")
        require_name(f"payload {self.name}: place", self.place, PLACES)
        require_name(f"payload {self.name}: maturity", self.maturity, MATURITIES)
        require_name(f"payload {self.name}: category", self.category, CATEGORIES)


@dataclass(frozen=True)
class ManifestTotals:
    """Sums over some payloads: mass kg, power W, generation bit/s, number."""

    mass_kg: float
    power_w: float
    generation_rate_bit_s: float
    count: int


def totals(payloads: Iterable[Payload], place: str | None = None) -> ManifestTotals:
    """Add up the payloads, of one place if it is given.

    Parameters
    ----------
    payloads : iterable of Payload
    place : str, optional
        One of `PLACES`.
    """
    chosen = [each for each in payloads if place is None or each.place == place]
    return ManifestTotals(
        mass_kg=math.fsum(each.mass_kg for each in chosen),
        power_w=math.fsum(each.power_w for each in chosen),
        generation_rate_bit_s=math.fsum(each.generation_rate_bit_s for each in chosen),
        count=len(chosen),
    )
