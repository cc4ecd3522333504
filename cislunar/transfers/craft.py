"""A spacecraft as orbit changes see it: what it weighs, what of it can be burned, and by which engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cislunar.errors import InputError
from cislunar.vehicles.engine import Engine
from cislunar.vehicles.rocket import delta_v, propellant


@dataclass(frozen=True)
class Craft:
    """Mass and engine of a spacecraft at one moment.

    Attributes
    ----------
    name : str
        For people.
    mass_kg : float
        Everything aboard, what it carries included.
    dry_mass_kg : float
        Below which nothing can be burned; includes what it carries.
    engine : Engine
        By which it moves.

    Raises
    ------
    InputError
        A dry mass that is not positive, or above the mass.
    """

    name: str
    mass_kg: float
    dry_mass_kg: float
    engine: Engine

    def __post_init__(self) -> None:
        """Check the masses."""
        if not 0.0 < self.dry_mass_kg <= self.mass_kg:
            raise InputError(
                f"{self.name}: expected a positive dry mass not above the mass; got "
                f"{self.dry_mass_kg} kg dry of {self.mass_kg} kg"
            )

    @property
    def propellant_kg(self) -> float:
        """Propellant aboard, kg."""
        return self.mass_kg - self.dry_mass_kg

    @property
    def delta_v_km_s(self) -> float:
        """What all the propellant aboard gives, km/s."""
        return float(delta_v(self.mass_kg, self.dry_mass_kg, self.engine.isp_s))

    def needs_kg(self, delta_v_km_s: float) -> float:
        """Propellant for a change of velocity, kg, whether it is aboard or not."""
        return float(propellant(self.mass_kg, delta_v_km_s, self.engine.isp_s))

    def without(self, mass_kg: float) -> Craft:
        """The craft after it has let go of something that is not propellant."""
        if mass_kg >= self.dry_mass_kg:
            raise InputError(
                f"{self.name}: cannot let go of {mass_kg:.1f} kg; all that is not propellant is "
                f"{self.dry_mass_kg:.1f} kg"
            )
        return replace(self, mass_kg=self.mass_kg - mass_kg, dry_mass_kg=self.dry_mass_kg - mass_kg)

    def after(self, delta_v_km_s: float) -> Craft:
        """The craft after a change of velocity.

        Raises
        ------
        InputError
            More propellant than is aboard: says by how much.
        """
        used = self.needs_kg(delta_v_km_s)
        if used > self.propellant_kg:
            raise InputError(
                f"{self.name}: {1e3 * delta_v_km_s:.1f} m/s need {used:.1f} kg of propellant; "
                f"{self.propellant_kg:.1f} kg are aboard: short by {used - self.propellant_kg:.1f} kg"
            )
        return replace(self, mass_kg=self.mass_kg - used)
