"""Cases of a lander on its way from launch to the ground: what of a scenario the closed forms take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cislunar.errors import InputError
from cislunar.landing.descent_law import PERIAPSIS_KM
from cislunar.scenario import phases as model
from cislunar.scenario.wording import quoted

if TYPE_CHECKING:
    from cislunar.scenario import Scenario
    from cislunar.vehicles.rules import MarginPolicy
    from cislunar.vehicles.vehicle import Vehicle

Transfer = model.DirectTransferPhase | model.BallisticTransferPhase

_SHAPES: Final = ("apoapsis_altitude", "periapsis_altitude", "circularise")


@dataclass(frozen=True)
class Lander:
    """One case: a spacecraft with a launch, a transfer and a landing.

    Attributes
    ----------
    name : str
    epoch_tdb : float
        Of the scenario, from which times are counted.
    launch : LaunchPhase
    transfer : DirectTransferPhase or BallisticTransferPhase
    phases : tuple of Phase
        After the transfer, up to and with the landing; coasts left out.
    vehicle : Vehicle
    policy : MarginPolicy
    """

    name: str
    epoch_tdb: float
    launch: model.LaunchPhase
    transfer: Transfer
    phases: tuple[model.Phase, ...]
    vehicle: Vehicle
    policy: MarginPolicy

    @property
    def group(self) -> str:
        """Text that is the same for cases that differ in their transfers only."""
        return repr((self.phases, self.vehicle, self.policy, self.launch.mass_curve))


def lander_of(scenario: Scenario) -> Lander:
    """Take the lander from a scenario.

    Raises
    ------
    InputError
        No spacecraft flies from a launch to a landing, several do, or a phase has no closed form.
    """
    landing = [
        craft
        for craft in scenario.spacecraft.values()
        if any(isinstance(each, model.LandPhase) for each in craft.timeline)
        and any(isinstance(each, model.LaunchPhase) for each in craft.timeline)
    ]
    if not landing:
        raise InputError(
            "no spacecraft has a timeline with launch, transfer, insert and land; expected one, as in "
            "cp12.yaml"
        )
    if len(landing) > 1:
        raise InputError(
            f"several spacecraft are launched and land: {', '.join(each.name for each in landing)}; "
            "expected one"
        )
    craft = landing[0]
    vehicle = craft.vehicle
    assert vehicle is not None
    kinds = [each.kind for each in craft.timeline]
    last = kinds.index("land")
    launch, transfer, *rest = craft.timeline[: last + 1]
    assert isinstance(launch, model.LaunchPhase)
    if not isinstance(transfer, Transfer):
        raise InputError(f"{craft.name}: found a free return; expected a direct or a ballistic transfer")
    if (launch.c3_km2_s2, launch.injection_km_s) != (None, None):
        raise InputError(
            f"{craft.name}: a fixed injection, which the spacecraft adds to, has no closed form here; "
            "expected it left out of the base"
        )
    kept = tuple(each for each in rest if not isinstance(each, model.CoastPhase))
    for phase in kept:
        problem = _unknown(phase)
        if problem:
            raise InputError(f"{craft.name}: {problem}; expected it left out of the base, or flown by 'run'")
    return Lander(craft.name, scenario.epoch_tdb, launch, transfer, kept, vehicle, craft.margins)


def _unknown(phase: model.Phase) -> str:
    """Why a phase has no closed form; empty if it has one."""
    match phase:
        case model.CorrectionPhase() | model.InsertPhase() | model.ReleasePhase():
            return ""
        case model.ManoeuvrePhase():
            if phase.change not in _SHAPES or phase.at.place not in ("periapsis", "apoapsis"):
                return (
                    f"a manoeuvre that changes {phase.change} at {phase.at.place or 'a time'} has no closed "
                    "form here: apsides and circles, at periapsis or apoapsis, have"
                )
            return ""
        case model.LandPhase():
            if phase.periapsis_altitude_km != PERIAPSIS_KM:
                return (
                    f"powered descent begins at {phase.periapsis_altitude_km:g} km; the law for its cost "
                    f"holds from {PERIAPSIS_KM:g} km"
                )
            return ""
    return f"a phase {quoted(phase.kind)} has no closed form here"
