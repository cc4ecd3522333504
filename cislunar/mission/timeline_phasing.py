"""Moving along an orbit: two burns at periapsis with a drift of some revolutions between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.mission.timeline_burns import coast_to
from cislunar.mission.timeline_traveller import NotPossibleError, Traveller
from cislunar.orbits.elements import from_state
from cislunar.scenario.phases import Moment, PhasingPhase

Array = NDArray[np.float64]


def phasing(traveller: Traveller, phase: PhasingPhase, leader_at: Callable[[float], Array]) -> None:
    """Fly the phase `phase`.

    The leader's place is its mean anomaly at the first burn, that of the traveller being zero at periapsis.
    The drift orbit has a period such that after the revolutions, back at periapsis, the leader is as far
    ahead as asked (D. A. Vallado, "Fundamentals of Astrodynamics and Applications", 4th ed. (2013), section
    6.6, with ellipses in place of circles). Both orbits are osculating; what perturbations make of it is in
    the details.

    Parameters
    ----------
    traveller : Traveller
    phase : PhasingPhase
    leader_at : callable
        From an epoch to the leader's state about the Moon, shape (6,).
    """
    gm = traveller.around.gm
    coast_to(traveller, Moment("place", place="periapsis"))
    leader = from_state(leader_at(traveller.tdb), gm)
    own = from_state(traveller.here, gm)
    if not (float(leader.eccentricity) < 1.0 and float(own.eccentricity) < 1.0):
        raise NotPossibleError("one of the two is not in orbit about the Moon")
    ahead = float(leader.mean_anomaly_rad) / (2.0 * np.pi) % 1.0
    late = (phase.fraction - ahead + 0.5) % 1.0 - 0.5
    size = float(leader.semi_major_axis_km)
    drift = size * (1.0 + late / phase.revolutions) ** (2.0 / 3.0)
    near = float(np.linalg.norm(traveller.here[:3]))
    if drift < 0.5 * (near + MOON_RADIUS_KM):
        raise NotPossibleError(
            f"the drift orbit would strike the Moon: its semi-major axis is {drift:.0f} km; expected more "
            f"than {phase.revolutions} revolutions"
        )
    _set_axis(traveller, drift, "the first burn of the phasing")
    coast_to(traveller, Moment("place", place="periapsis", passage=phase.revolutions))
    _set_axis(
        traveller, float(from_state(leader_at(traveller.tdb), gm).semi_major_axis_km), "the second burn"
    )
    reached = from_state(leader_at(traveller.tdb), gm)
    traveller.details.update(
        drift_semi_major_axis_km=drift,
        fraction_before=ahead,
        fraction_after=float(reached.mean_anomaly_rad) / (2.0 * np.pi) % 1.0,
    )


def _set_axis(traveller: Traveller, semi_major_axis_km: float, what: str) -> None:
    """Give the orbit a semi-major axis by an impulse along the velocity."""
    r, v = traveller.here[:3], traveller.here[3:]
    speed = np.sqrt(traveller.around.gm * (2.0 / np.linalg.norm(r) - 1.0 / semi_major_axis_km))
    traveller.kick(np.asarray(v * (speed / np.linalg.norm(v) - 1.0)), what)
