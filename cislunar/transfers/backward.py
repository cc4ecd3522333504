"""Flights backwards from periapses at the Moon to where they left the Earth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cislunar.transfers.perigee import perigee
from cislunar.transfers.targeting import Arrivals

if TYPE_CHECKING:
    from cislunar.propagation.force_model import ForceModel
    from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

ROUGH_RTOL, FINE_RTOL = 1e-9, 1e-12
PERIGEE_TOLERANCE_KM, TIME_TOLERANCE_S, INCLINATION_TOLERANCE_RAD = 1e-4, 1e-4, 1e-8
"""How closely the departure's perigee radius, its epoch and its inclination are met."""

_COMPLEX_STEP = 1e-30


@dataclass(frozen=True)
class BackwardFlights:
    """n flights backwards, and how far each begins from the perigee wanted.

    Attributes
    ----------
    departure_tdb, arrival_tdb : numpy.ndarray, shape (n,)
        Epochs, seconds past J2000 TDB.
    perigee_km, inclination_rad : numpy.ndarray, shape (n,)
        Wanted at departure.
    pole : numpy.ndarray, shape (3, n)
        Of the plane that the inclination is measured from.
    arrivals : Arrivals
    outer : ForceModel
        About the Earth.
    inner : ForceModel or None
        About the Moon, near it; the model about the Earth all the way when None.
    threads : int or None
    """

    departure_tdb: Array
    arrival_tdb: Array
    perigee_km: Array
    inclination_rad: Array
    pole: Array
    arrivals: Arrivals
    outer: ForceModel
    inner: ForceModel | None = None
    threads: int | None = None

    def residuals(self, numbers: Array, members: Integers) -> Array:
        """Errors of perigee, epoch and inclination (3, m), in tolerances, in the model wanted."""
        moon = self.arrivals.select(members).states(numbers)
        end, tdb = self.fly(moon, members)
        return self.errors(end, tdb, members)

    def derivatives(self, numbers: Array, members: Integers) -> tuple[Array, Array]:
        """Errors and their derivatives (3, 3, m) in the model about the Earth all the way."""
        from cislunar.propagation.stm import state_transition

        with np.errstate(invalid="ignore"):
            moon = self.arrivals.select(members).states(numbers)
        # Numbers that left the range of hyperbolas have no state, and no flight to differentiate.
        good = np.flatnonzero(np.isfinite(moon).all(axis=0))
        errors, slopes = np.full((3, members.size), np.nan), np.full((3, 3, members.size), np.nan)
        if not good.size:
            return errors, slopes
        members, numbers = members[good], numbers[:, good]
        arrivals = self.arrivals.select(members)
        flight = self._rough(moon[:, good], members, ROUGH_RTOL, record=True)
        end, tdb = flight.final, flight.epoch + flight.final_elapsed
        transition = state_transition(flight, self.threads, history=False).final
        for k in range(3):
            moved = numbers.astype(np.complex128)
            moved[k] += 1j * _COMPLEX_STEP
            start = arrivals.states(moved).imag / _COMPLEX_STEP
            nudged = end + 1j * _COMPLEX_STEP * np.einsum("ijn,jn->in", transition, start)
            slopes[:, k, good] = self.errors(nudged, tdb, members).imag / _COMPLEX_STEP
        errors[:, good] = self.errors(end, tdb, members)
        return errors, slopes

    def fly(self, moon: Array, members: Integers) -> tuple[Array, Array]:
        """Earth-centred states (6, m) and epochs (m,) where the flights began; in the model wanted."""
        if self.inner is None:
            flight = self._rough(moon, members, FINE_RTOL, record=False)
            return flight.final, flight.epoch + flight.final_elapsed
        from cislunar.propagation.handover import propagate_transfer

        start = self.arrival_tdb[members]
        back = self.departure_tdb[members] - start
        flown = propagate_transfer(
            moon,
            start,
            back,
            self.outer,
            self.inner,
            center=self.inner.center,
            rtol=FINE_RTOL,
            threads=self.threads,
            on_error="status",
        )
        tdb = start + flown.final_elapsed
        # Those that never left the Moon, for want of speed, end about it.
        about_moon = np.array([center == "moon" for center in flown.center])
        return flown.final + about_moon * self.outer.ephemeris.state("moon", "earth", tdb), tdb

    def recorded(self, moon: Array, members: Integers) -> Trajectory:
        """Flights about the Earth with their nodes."""
        return self._rough(moon, members, ROUGH_RTOL, record=True)

    def _rough(self, moon: Array, members: Integers, rtol: float, record: bool) -> Trajectory:
        from cislunar.propagation.flight import propagate

        start = self.arrival_tdb[members]
        state = moon + self.outer.ephemeris.state("moon", "earth", start)
        back = self.departure_tdb[members] - start
        return propagate(
            state,
            start,
            back,
            self.outer,
            rtol=rtol,
            threads=self.threads,
            on_error="status",
            record=record,
        )

    def errors(self, end: NDArray[Any], tdb: Array, members: Integers) -> NDArray[Any]:
        """Errors (3, m), in tolerances, of flights at Earth-centred states (6, m) and epochs (m,)."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            radius, since = perigee(end, self.outer.gm["earth"])
            normal = np.cross(end[:3], end[3:], axis=0)
            cosine = (normal * self.pole[:, members]).sum(axis=0) / np.sqrt((normal**2).sum(axis=0))
            sine = np.sqrt((np.cross(normal, self.pole[:, members], axis=0) ** 2).sum(axis=0))
            wanted = self.inclination_rad[members]
            # The sine of the difference, as exact for equatorial and polar planes as for others.
            sine = sine / np.sqrt((normal**2).sum(axis=0))
            turned = sine * np.cos(wanted) - cosine * np.sin(wanted)
            early = (tdb - self.departure_tdb[members]) - since
        return np.stack(
            [
                (radius - self.perigee_km[members]) / PERIGEE_TOLERANCE_KM,
                early / TIME_TOLERANCE_S,
                turned / INCLINATION_TOLERANCE_RAD,
            ]
        )
