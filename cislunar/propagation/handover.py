"""Flights from Earth to Moon and back: the centre changes where a sphere around the Moon is crossed.

Near a body its own attraction is large and its position must not be subtracted from a large one; far from
it, its motion must not be part of that of the spacecraft. So a flight is made in legs about the body that
rules. A leg ends at the sphere, an event like any other; the next starts there, at the same epoch, with the
state moved by that of the body in the ephemeris.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.burn_checks import burn_lists, note_burn_problems
from cislunar.propagation.burn_kinds import Burn
from cislunar.propagation.burn_legs import PoweredLeg
from cislunar.propagation.checks import (
    Problems,
    check_options,
    find_problems,
    per_trajectory,
    real_numbers,
    shaped,
)
from cislunar.propagation.event_kinds import Radius, checked_events
from cislunar.propagation.force_model import ForceModel
from cislunar.propagation.powered_transfer import PoweredTransfer
from cislunar.propagation.transfer_trajectory import Leg, TransferTrajectory
from cislunar.propagation.transfer_voyage import TransferVoyage

Array = NDArray[np.float64]

HANDOVER_RADIUS_KM = 66_100.0
"""Distance from the Moon at which the centre changes, km: the radius of its sphere of influence,
`d (m / M)^(2/5)` with the distance and the masses of Moon and Earth."""

HANDOVER = "handover"
"""Name of the event at which the centre changes."""


def propagate_transfer(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    outer: ForceModel,
    inner: ForceModel,
    center: str | None = None,
    radius_km: float = HANDOVER_RADIUS_KM,
    events: Any = (),
    rtol: float = 1e-11,
    threads: int | None = None,
    on_error: str = "raise",
    max_steps: int = 10_000_000,
) -> TransferTrajectory:
    """Fly a batch of trajectories about two centres, handing over at a sphere around the inner one.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Position and velocity, km and km/s, ICRF axes, about `center`.
    epoch, duration : float or array_like, shape (n,)
        Start, seconds past J2000 TDB, and time of flight, s; negative flies backwards.
    outer : ForceModel
        What acts outside the sphere; usually with the Earth as centre and the Moon among the bodies.
    inner : ForceModel
        What acts inside; usually with the Moon as centre and the Earth among the bodies.
    center : str, optional
        Which of the two centres the states are about; that of `outer` when left out.
    radius_km : float
        Radius of the sphere around the centre of `inner`.
    events : sequence of Event or callable
        As for `propagate_with_events`. Kinds that name no body mean the centre of the leg: write
        `Periapsis(body="moon")` for the closest approach to the Moon.
    rtol, threads, on_error
        As for `cislunar.propagation.propagate`.
    max_steps : int
        Budget of steps of a leg; a trajectory that has used it up in all its legs ends at the next hand-over.

    Returns
    -------
    TransferTrajectory
        In legs; `about` makes an ordinary trajectory of it.

    Raises
    ------
    InputError, EpochRangeError
        As for `propagate`; force models that do not fit together, or a radius inside the inner body.

    Notes
    -----
    The two states of a hand-over belong to the same epoch, exactly, and differ by the state of one body
    about the other in the ephemeris: position and velocity are continuous to rounding. The two legs obey
    different equations only as far as the motion of the bodies in the ephemeris has causes that the force
    model leaves out, such as planets that are not among its bodies: 1e-12 km/s^2 for Earth, Moon and Sun, a
    few metres in a day.

    The result of a trajectory is the same, bit for bit, alone and in any batch.
    """
    voyage = _flown(
        state, epoch, duration, outer, inner, (), 1.0, 1.0, center, radius_km, events, rtol, threads,
        on_error, max_steps,
    )  # fmt: skip
    return TransferTrajectory(**voyage.outcome(), legs=[_plain(leg) for leg in voyage.legs])


def propagate_transfer_burns(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    outer: ForceModel,
    inner: ForceModel,
    burns: Sequence[Burn] | Sequence[Sequence[Burn]],
    mass_kg: ArrayLike,
    dry_mass_kg: ArrayLike,
    center: str | None = None,
    radius_km: float = HANDOVER_RADIUS_KM,
    events: Any = (),
    rtol: float = 1e-11,
    threads: int | None = None,
    on_error: str = "raise",
    max_steps: int = 10_000_000,
) -> PoweredTransfer:
    """Fly a batch of trajectories with burns about two centres, handing over at a sphere.

    Parameters
    ----------
    state, epoch, duration, outer, inner, center, radius_km, events, rtol, threads, on_error, max_steps
        As for `propagate_transfer`.
    burns, mass_kg, dry_mass_kg
        As for `cislunar.propagation.propagate_burns`. Events that burns start at are sought across
        hand-overs; name their bodies: `Periapsis(body="moon")` for an insertion at the Moon.

    Returns
    -------
    PoweredTransfer
        In legs; `about` makes a `PoweredFlight` about one centre of it.

    Raises
    ------
    InputError, EpochRangeError
        As for `propagate_transfer` and `propagate_burns`.

    Notes
    -----
    A burn in which the sphere is crossed is handed over in the middle, like a coast: position and velocity
    are continuous to rounding, and thrust and propellant go on.

    Axes `vnc` and `rtn` are those of the motion relative to the centre of the leg in which the burn begins,
    inside the sphere the inner body, outside the outer one; they are kept over a hand-over. Along or against
    the velocity means relative to the centre of the leg at every moment, and so changes direction at a
    hand-over. Other directions are given in the axes `icrf`. Backwards all is as for `propagate_burns`.

    Against SciPy's DOP853 in one frame about the Earth (tests): 0.7 mm at the end of an insertion burn of
    0.6 km/s at perilune, three days after the start, which is what the time of the event, good to 0.2
    microseconds, leaves; 0.06 mm after a burn of eleven hours that is handed over in the middle.

    A terminal event ends the flight in a burn too. Where a burn starts at an event that is also among
    `events`, the table has it.
    """
    voyage = _flown(
        state, epoch, duration, outer, inner, burns, mass_kg, dry_mass_kg, center, radius_km, events, rtol,
        threads, on_error, max_steps,
    )  # fmt: skip
    return PoweredTransfer(**voyage.outcome(), legs=voyage.legs, **voyage.burned())


def _plain(leg: PoweredLeg) -> Leg:
    return Leg(leg.owner, leg.flown, leg.began)


def _flown(
    state: ArrayLike,
    epoch: ArrayLike,
    duration: ArrayLike,
    outer: ForceModel,
    inner: ForceModel,
    burns: Any,
    mass_kg: ArrayLike,
    dry_mass_kg: ArrayLike,
    center: str | None,
    radius_km: float,
    events: Any,
    rtol: float,
    threads: int | None,
    on_error: str,
    max_steps: int,
) -> TransferVoyage:
    """Check the input, and fly it."""
    radius_km = _checked_models(outer, inner, radius_km)
    center = outer.center if center is None else center
    if center not in (outer.center, inner.center):
        raise InputError(f"center: expected {outer.center} or {inner.center}; got {center!r}")
    check_options(rtol, on_error, max_steps, threads)
    states, epochs, durations, _ = shaped(state, epoch, duration, None)
    n = epochs.size
    lists = burn_lists(burns, n)
    mass, dry = per_trajectory(mass_kg, n, "mass_kg"), per_trajectory(dry_mass_kg, n, "dry_mass_kg")
    given, other = (outer, inner) if center == outer.center else (inner, outer)
    problems = _find_problems(states, epochs, durations, given, other)
    note_burn_problems(problems, lists, durations, mass, dry)
    if problems.any and on_error == "raise":
        raise problems.error(epochs, durations, given)
    switch = Radius(radius_km, body=inner.center, terminal=True, name=HANDOVER)
    options = {"rtol": rtol, "threads": threads, "max_steps": max_steps}
    voyage = TransferVoyage(
        outer, inner, (*checked_events(events), switch), center, options,
        states, epochs, durations, lists, mass, dry, problems.texts,
    )  # fmt: skip
    voyage.fly()
    return voyage


def _checked_models(outer: ForceModel, inner: ForceModel, radius_km: float) -> float:
    """Check that two models fit together, and return the radius of the sphere."""
    for name, forces in (("outer", outer), ("inner", inner)):
        if not isinstance(forces, ForceModel):
            raise InputError(f"{name}: expected a cislunar.ForceModel; got {type(forces).__name__}")
    for one, another in ((outer, inner), (inner, outer)):
        if another.center not in one.bodies:
            raise InputError(
                f"hand-over: the force model about the {one.center} leaves out the {another.center}; "
                f"expected it among the bodies {one.bodies}"
            )
    if outer.ephemeris is not inner.ephemeris:
        raise InputError("hand-over: expected two force models with the same ephemeris object")
    wanted = f"one number, more than the radius of the {inner.center}, {inner.radius_km} km"
    radius = real_numbers(radius_km, "radius_km", wanted)
    if radius.ndim or not inner.radius_km < radius < np.inf:
        raise InputError(f"radius_km: expected {wanted}; got {radius_km!r}")
    return float(radius)


def _find_problems(
    states: Array, epochs: Array, durations: Array, given: ForceModel, other: ForceModel
) -> Problems:
    """Check the input of each trajectory against both models."""
    none = np.full(epochs.size, np.nan)
    own, others = (forces.pressure(epochs.size, lenient=True) for forces in (given, other))
    problems = find_problems(states, epochs, durations, none, given, own)
    good = np.flatnonzero(~problems.bad)
    if good.size:
        moved = states[:, good] + given.ephemeris.state(given.center, other.center, epochs[good])
        more = find_problems(moved, epochs[good], durations[good], none[good], other, others[good])
        problems.texts.update({int(good[i]): text for i, text in more.texts.items()})
        problems.bad[good] |= more.bad
        problems.outside[good] |= more.outside
    problems.texts = dict(sorted(problems.texts.items()))
    return problems
