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

    The leader's place is its mean longitude from the traveller's periapsis, where the first burn is: on
    ellipses with one apse line its mean anomaly, on circles the angle between the two. The drift orbit has a
    period such that after the revolutions, back at the same apsis, the leader is as far ahead as asked (D. A.
    Vallado, "Fundamentals of Astrodynamics and Applications", 4th ed. (2013), section 6.6, with ellipses in
    place of circles). Both orbits are osculating; what perturbations make of it is in the details.

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
    ahead = _ahead(leader_at(traveller.tdb), traveller.here, gm)
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
    # Slowed down on a nearly circular orbit, the place of the burn becomes the far end of the drift orbit.
    back = "apoapsis" if drift < near else "periapsis"
    coast_to(traveller, Moment("place", place=back, passage=phase.revolutions))
    leader_now = leader_at(traveller.tdb)
    _set_axis(traveller, float(from_state(leader_now, gm).semi_major_axis_km), "the second burn")
    traveller.details.update(
        drift_semi_major_axis_km=drift,
        fraction_before=ahead,
        fraction_after=_ahead(leader_now, traveller.here, gm),
    )


def _ahead(leader: Array, follower: Array, gm: float) -> float:
    """Mean longitude of the leader from the place of a follower at an apsis, in revolutions from 0 to 1."""
    elements = from_state(leader, gm)
    outward = leader[:3] / np.linalg.norm(leader[:3])
    pole = np.cross(leader[:3], leader[3:])
    forward = np.cross(pole / np.linalg.norm(pole), outward)
    behind = np.arctan2(-(follower[:3] @ forward), follower[:3] @ outward)
    angle = behind - float(elements.true_anomaly_rad) + float(elements.mean_anomaly_rad)
    return float(angle / (2.0 * np.pi) % 1.0)


def _set_axis(traveller: Traveller, semi_major_axis_km: float, what: str) -> None:
    """Give the orbit a semi-major axis by an impulse along the velocity."""
    r, v = traveller.here[:3], traveller.here[3:]
    speed = np.sqrt(traveller.around.gm * (2.0 / np.linalg.norm(r) - 1.0 / semi_major_axis_km))
    traveller.kick(np.asarray(v * (speed / np.linalg.norm(v) - 1.0)), what)
