"""The batch search behind direct transfers: first guesses, correction, a second start from neighbours."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.orbits.frames import frame_to_icrf
from cislunar.transfers.backward import (
    INCLINATION_TOLERANCE_RAD,
    PERIGEE_TOLERANCE_KM,
    TIME_TOLERANCE_S,
    BackwardFlights,
)
from cislunar.transfers.parking import ParkingOrbit, earth_pole
from cislunar.transfers.patched_conic import approach_time, arc_to_distance
from cislunar.transfers.solution import Transfers
from cislunar.transfers.targeting import Arrivals, ArrivalTarget, Shooter, plane_through, solve

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation.force_model import ForceModel
    from cislunar.propagation.trajectory import Trajectory

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SPHERE_KM = 66_100.0
"""Where the Moon's attraction begins in the first guess, km."""

_MARGIN_RAD = np.radians(2.0)
"""How far the planes of the first guess may be from those of the flight."""

_LONGEST_STEP = np.array([0.15, 0.15, 0.05])


class Search:
    """One transfer for each departure, flight time, heading and side of the Moon.

    Parameters
    ----------
    departure_tdb, duration_s : numpy.ndarray, shape (n,)
        Injection and time to the periapsis.
    ascending, north : numpy.ndarray, shape (n,), bool
        Heading opposite to the Moon; side on which the asymptote passes.
    parking, target
        What holds at the two ends.
    environment, outer, inner, threads
        As for `direct_transfers`.
    """

    def __init__(
        self,
        departure_tdb: Array,
        duration_s: Array,
        ascending: Mask,
        north: Mask,
        parking: ParkingOrbit,
        target: ArrivalTarget,
        environment: Environment,
        outer: ForceModel,
        inner: ForceModel | None,
        threads: int | None,
    ) -> None:
        self.departure, self.duration = departure_tdb, duration_s
        self.arrival = departure_tdb + duration_s
        self.ascending, self.north = ascending, north
        self.parking, self.target = parking, target
        self.environment, self.outer = environment, outer
        n = departure_tdb.size
        by_bplane = target.bplane_angle_rad is not None
        angle = target.bplane_angle_rad if by_bplane else target.inclination_rad
        assert angle is not None
        self.gm = outer.gm["earth"]
        self.arrivals = Arrivals(
            frame_to_icrf(target.frame, self.arrival, environment),
            np.full(n, target.periapsis_radius_km),
            np.full(n, angle),
            by_bplane,
            (outer if inner is None else inner).gm["moon"],
        )
        self.flights = BackwardFlights(
            departure_tdb,
            self.arrival,
            np.full(n, parking.radius_km),
            np.full(n, parking.inclination_rad),
            earth_pole(departure_tdb, environment),
            self.arrivals,
            outer,
            inner,
            threads,
        )

    @cached_property
    def moon(self) -> Array:
        """State of the Moon about the Earth at the arrivals, (6, n)."""
        return self.environment.ephemeris.state("moon", "earth", self.arrival)

    def guess(self) -> tuple[Array, Array]:
        """First numbers (3, n), and by how much (n,) the arrival's inclination is out of reach, rad."""
        position, velocity = self.moon[:3], self.moon[3:]
        distance = np.sqrt((position**2).sum(axis=0))
        outward = position / distance
        normal = plane_through(outward, self.flights.pole, self.parking.inclination_rad, ~self.ascending)
        onward = np.cross(normal, outward, axis=0)
        speed = np.full(distance.size, 1.0)
        for _ in range(3):
            # Falling to the periapsis takes less time than drifting to the centre.
            saved = SPHERE_KM / speed - approach_time(
                SPHERE_KM, self.target.periapsis_radius_km, speed, self.arrivals.gm
            )
            arc = arc_to_distance(self.duration + saved, self.parking.radius_km, distance, self.gm)
            relative = arc.radial_km_s * outward + arc.transverse_km_s * onward - velocity
            speed = np.sqrt((relative**2).sum(axis=0))
        return self.arrivals.numbers(relative / speed, speed, self.north)

    @property
    def plane_short_rad(self) -> Array:
        """Declination of the Moon at arrival beyond the parking orbit's inclination, (n,)."""
        sine = (self.moon[:3] * self.flights.pole).sum(axis=0) / np.sqrt((self.moon[:3] ** 2).sum(axis=0))
        inclination = self.parking.inclination_rad
        return np.abs(np.arcsin(sine)) - min(inclination, np.pi - inclination)

    def run(self) -> Transfers:
        """Find all transfers; those that were not found say why."""
        first, self.aim_short = self.guess()
        shooter = Shooter(self.flights.residuals, self.flights.derivatives, _LONGEST_STEP)
        numbers, worst = solve(shooter, first)
        failed = np.flatnonzero(~(worst <= 1.0))
        if 0 < failed.size < worst.size:
            guesses = self._from_neighbours(first, numbers, worst <= 1.0, failed)
            part = Shooter(
                lambda x, m: self.flights.residuals(x, failed[m]),
                lambda x, m: self.flights.derivatives(x, failed[m]),
                _LONGEST_STEP,
            )
            again, after = solve(part, guesses)
            better = after <= 1.0
            numbers[:, failed[better]], worst[failed[better]] = again[:, better], after[better]
        return self._collect(numbers, worst)

    def _from_neighbours(self, first: Array, numbers: Array, good: Mask, failed: NDArray[np.int64]) -> Array:
        """First guesses of some members, moved by what the nearest solved ones of their kind moved by."""
        from scipy.spatial import cKDTree

        place = np.stack([self.departure, self.duration, 1e9 * self.ascending, 1e9 * self.north], axis=1)
        solved = np.flatnonzero(good)
        nearest = cKDTree(place[solved]).query(place[failed], k=1)[1]
        moved = numbers[:, solved[nearest]] - first[:, solved[nearest]]
        moved[:2] = (moved[:2] + np.pi) % (2.0 * np.pi) - np.pi
        return np.asarray(first[:, failed] + moved)

    def _collect(self, numbers: Array, worst: Array) -> Transfers:
        everyone = np.arange(self.arrival.size)
        with np.errstate(invalid="ignore"):
            moon = self.arrivals.states(numbers)
        earth, tdb = self.flights.fly(moon, everyone)
        flown = np.flatnonzero(np.isfinite(moon).all(axis=0))
        farthest = np.full(everyone.size, np.nan)
        farthest[flown] = farthest_km(self.flights.recorded(moon[:, flown], flown))
        radius = np.sqrt((earth[:3] ** 2).sum(axis=0))
        speed = np.sqrt((earth[3:] ** 2).sum(axis=0))
        energy_2 = numbers[2] ** 2 - 2.0 * self.arrivals.gm / self.arrivals.radius_km
        with np.errstate(invalid="ignore"):
            v_infinity = np.sqrt(energy_2)
        wrong_side = (worst <= 1.0) & self._other_heading(earth)
        converged = (worst <= 1.0) & ~wrong_side
        return Transfers(
            self.departure.copy(),
            self.arrival.copy(),
            earth,
            moon,
            speed - np.sqrt(self.gm / radius),
            speed**2 - 2.0 * self.gm / radius,
            v_infinity,
            np.zeros(speed.size),
            farthest,
            converged,
            [
                "" if good else self._why(i, bool(wrong_side[i]), earth, tdb)
                for i, good in enumerate(converged)
            ],
        )

    def _other_heading(self, earth: Array) -> Mask:
        """Whether flights that began on Earth so are of the other heading than that sought."""
        opposite = -self.moon[:3]
        normal = np.cross(earth[:3], earth[3:], axis=0)
        rising = (np.cross(normal, opposite, axis=0) * self.flights.pole).sum(axis=0)
        return np.asarray((rising > 0.0) != self.ascending) & (self.plane_short_rad < -_MARGIN_RAD)

    def _why(self, i: int, wrong_side: bool, earth: Array, tdb: Array) -> str:
        """Say what kept a transfer from being found."""
        parking, target = self.parking, self.target
        if self.plane_short_rad[i] > max(-_MARGIN_RAD, self.aim_short[i]):
            declination = self.plane_short_rad[i] + min(
                parking.inclination_rad, np.pi - parking.inclination_rad
            )
            return (
                f"no transfer: the Moon stands {np.degrees(declination):.1f} deg from the Earth's equator at "
                f"arrival, where a parking orbit inclined {np.degrees(parking.inclination_rad):.1f} deg does "
                "not lead; expected an inclination that exceeds it by a degree or two"
            )
        if self.aim_short[i] > -_MARGIN_RAD and target.inclination_rad is not None:
            least = self.aim_short[i] + min(target.inclination_rad, np.pi - target.inclination_rad)
            return (
                f"no transfer: the arrival's asymptote is about {np.degrees(least):.1f} deg from the "
                f"xy plane of {target.frame}, so that inclinations of some {np.degrees(least):.1f} to "
                f"{180.0 - np.degrees(least):.1f} deg can be reached; asked for "
                f"{np.degrees(target.inclination_rad):.1f} deg"
            )
        if wrong_side:
            return "no transfer: the correction went over to the parking plane of the other heading"
        errors = self.flights.errors(earth[:, [i]], tdb[[i]], np.array([i]))[:, 0]
        return (
            "not converged: at departure the perigee is "
            f"{errors[0] * PERIGEE_TOLERANCE_KM:.4g} km, its epoch {errors[1] * TIME_TOLERANCE_S:.4g} s and "
            f"the inclination {np.degrees(errors[2] * INCLINATION_TOLERANCE_RAD):.3g} deg off"
        )


def farthest_km(flight: Trajectory) -> Array:
    """Greatest distance from the centre of each recorded flight, km, shape (n,)."""
    result = np.full(flight.n, np.nan)
    lengths = np.diff(flight.offsets)
    flown = np.flatnonzero(lengths > 0)
    if not flown.size:
        return result
    t, x, y, z, vx, vy, vz = flight.nodes[:7]
    r = np.sqrt(x * x + y * y + z * z)
    rate = (x * vx + y * vy + z * vz) / r
    result[flown] = np.maximum.reduceat(r, flight.offsets[flown])
    owner = np.repeat(np.arange(flight.n), lengths)
    sign = np.where(flight.final_elapsed < 0.0, -1.0, 1.0)[owner]
    turn = np.flatnonzero(
        (owner[1:] == owner[:-1]) & (sign[1:] * rate[:-1] > 0.0) & (sign[1:] * rate[1:] < 0.0)
    )
    if turn.size:
        # Where the distance stops growing inside a step: the line between the rates, then the path itself.
        when = t[turn] - rate[turn] * (t[turn + 1] - t[turn]) / (rate[turn + 1] - rate[turn])
        chosen = owner[turn]
        there = flight[chosen].at(when[:, None])[:, :, 0]
        distance = np.sqrt((there[:3] ** 2).sum(axis=0))
        np.maximum.at(result, chosen, distance)
    return result
