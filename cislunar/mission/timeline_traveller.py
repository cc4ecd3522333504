"""A spacecraft on its way: where it is, what it weighs, what it has behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.mission.timeline import FlownLeg
from cislunar.propagation import Status, propagate
from cislunar.time import format_epoch
from cislunar.vehicles.checks import kilograms
from cislunar.vehicles.rocket import delta_v, propellant

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.landing.plan import LandingPlan
    from cislunar.propagation import Event, ForceModel, Trajectory
    from cislunar.scenario.model import Spacecraft
    from cislunar.scenario.phases import LaunchPhase
    from cislunar.transfers.solution import Transfers
    from cislunar.vehicles.engine import Engine

Array = NDArray[np.float64]

ROUNDING_KG = 1e-9


class NotPossibleError(Exception):
    """A phase that cannot be done; it ends the flight of its spacecraft and is reported, never raised on.

    Attributes
    ----------
    message : str
        Why, and by how much.
    shortfall : dict of str to float
        The same as numbers.
    asked : dict
        What is known of the phase all the same: `ideal_km_s`, `loss_km_s`, `propellant_kg`, `details`.
    """

    def __init__(self, message: str, shortfall: dict[str, float] | None = None, **asked: Any) -> None:
        super().__init__(message)
        self.message = message
        self.shortfall = shortfall or {}
        self.asked = asked


@dataclass(frozen=True)
class Surroundings:
    """What all spacecraft of a scenario have in common.

    Attributes
    ----------
    environment : Environment
    moon, earth : ForceModel
        Forces about the Moon and about the Earth; no sunlight pushes.
    tolerance : float
        Relative tolerance of a step.
    end_tdb : float
        End of the scenario, seconds past J2000 TDB.
    """

    environment: Environment
    moon: ForceModel
    earth: ForceModel
    tolerance: float
    end_tdb: float

    @property
    def gm(self) -> float:
        """Gravitational parameter of the Moon, km^3/s^2."""
        return self.moon.gm["moon"]


@dataclass
class Traveller:
    """The running state of one spacecraft.

    Attributes
    ----------
    craft : Spacecraft
    around : Surroundings
    tdb : float
        Now, seconds past J2000 TDB.
    state : numpy.ndarray, shape (6,), or None
        About the Moon, ICRF axes, km and km/s; None before the transfer is known.
    mass_kg, propellant_kg : float
        All that flies together, and what is left to burn.
    aboard : dict of str to float
        Carried spacecraft and their masses, kg.
    phase : int
        Number of the phase that is flown.
    legs : list of FlownLeg
    launch : LaunchPhase or None
        The parking orbit it waits in.
    at_work_tdb : float or None
        When its work in orbit began.
    transfer : Transfers or None
        That by which it came, one.
    landing : LandingPlan or None
        That by which it stands on the ground.
    spent : dict of str to float
        What the burns of this phase took: fields of `FlownPhase`.
    details : dict
        Of this phase.
    """

    craft: Spacecraft
    around: Surroundings
    tdb: float
    state: Array | None
    mass_kg: float
    propellant_kg: float
    aboard: dict[str, float]
    phase: int = 0
    legs: list[FlownLeg] = field(default_factory=list)
    launch: LaunchPhase | None = None
    at_work_tdb: float | None = None
    transfer: Transfers | None = None
    landing: LandingPlan | None = None
    spent: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def here(self) -> Array:
        """State about the Moon, known by the order of the phases."""
        assert self.state is not None
        return self.state

    def coast(self, duration_s: float, event: Event | None = None) -> bool:
        """Fly without thrust for a time or to an event before it; say whether the event was met.

        Raises
        ------
        NotPossibleError
            It strikes the Moon, or cannot be flown on.
        """
        if duration_s <= 0.0:
            return False
        flight = propagate(
            self.here,
            self.tdb,
            duration_s,
            self.around.moon,
            rtol=self.around.tolerance,
            events=() if event is None else (event,),
        )
        self.take(flight)
        status = int(flight.status[0])
        if status not in (Status.FINISHED, Status.EVENT):
            where = format_epoch(self.tdb, "UTC")
            raise NotPossibleError(f"the flight ends at {where} UTC: {flight.message[0]}")
        return status == Status.EVENT

    def take(self, flight: Trajectory) -> None:
        """Put a flight without thrust behind it."""
        end = float(flight.epoch[0] + flight.final_elapsed[0])
        self.legs.append(FlownLeg(flight, float(flight.epoch[0]), end, self.phase, self.mass_kg))
        self.tdb, self.state = end, np.asarray(flight.final[:, 0])

    def cut(self, tdb: float) -> None:
        """Forget what was flown after an epoch: a burn begins before the place it is centred on."""
        while self.legs and self.legs[-1].start_tdb >= tdb:
            self.legs.pop()
        if self.legs and self.legs[-1].end_tdb > tdb:
            last = self.legs[-1]
            self.legs[-1] = FlownLeg(
                last.trajectory, last.start_tdb, tdb, last.phase, last.mass_kg, last.flow_kg_s
            )

    def spend(self, ideal_km_s: float, loss_km_s: float, propellant_kg: float) -> None:
        """Note what a burn took."""
        for key, value in (
            ("ideal_km_s", ideal_km_s),
            ("loss_km_s", loss_km_s),
            ("propellant_kg", propellant_kg),
        ):
            self.spent[key] = self.spent.get(key, 0.0) + value
        self.mass_kg -= propellant_kg
        self.propellant_kg -= propellant_kg

    def kick(self, impulse_km_s: Array, what: str) -> None:
        """Change the velocity at once, by the rocket equation.

        Raises
        ------
        NotPossibleError
            There is not enough propellant.
        """
        size = float(np.linalg.norm(impulse_km_s))
        needed = float(propellant(self.mass_kg, size, self.engine.isp_s))
        self.require(needed, size, 0.0, what)
        self.spend(size, 0.0, needed)
        self.state = np.concatenate([self.here[:3], self.here[3:] + impulse_km_s])

    def require(
        self, needed_kg: float, ideal_km_s: float, loss_km_s: float, what: str, burn_time_s: float = 0.0
    ) -> None:
        """See that there is propellant enough for a burn, of a length if it takes its time."""
        short = needed_kg - self.propellant_kg
        if short <= ROUNDING_KG:
            return
        left = self.propellant_kg
        reach = float(delta_v(self.mass_kg, self.mass_kg - left, self.engine.isp_s)) if left > 0.0 else 0.0
        size = ideal_km_s + loss_km_s
        shortfall = {"propellant_kg": short, "delta_v_km_s": size - reach}
        length = lasting = ""
        if burn_time_s > 0.0:
            # The flow is even, so the time goes with the mass.
            over = burn_time_s * short / needed_kg
            length, lasting = f"{burn_time_s:.0f} s, ", f", and {over:.0f} s of the burn"
            shortfall["time_s"] = over
        raise NotPossibleError(
            f"{what} takes {length}{1e3 * size:.1f} m/s, {kilograms(needed_kg)} of propellant; "
            f"{kilograms(left)} are left, good for {1e3 * reach:.1f} m/s: {kilograms(short)} short{lasting}",
            shortfall,
            ideal_km_s=self.spent.get("ideal_km_s", 0.0) + ideal_km_s,
            loss_km_s=self.spent.get("loss_km_s", 0.0) + loss_km_s,
            propellant_kg=self.spent.get("propellant_kg", 0.0) + needed_kg,
        )

    @property
    def engine(self) -> Engine:
        """The engine, there by the checks of the scenario."""
        assert self.craft.vehicle is not None
        return self.craft.vehicle.engine()

    @property
    def time_left_s(self) -> float:
        """Until the end of the scenario, s."""
        return self.around.end_tdb - self.tdb
