"""Families of low-energy transfers: what the points of a map of departure against cost have in common.

The Sun's tide lifts the perigee of a distant orbit about the Earth in two of the four quadrants of the frame
that turns with the Sun, the second and the fourth. So the farthest points lie on two sides, towards the Sun
and away from it, and each side is a family that returns every month; a flyby of the Moon on the way out makes
families of its own, which need less of the injection.

References
----------
.. [1] H. Yamakawa, J. Kawaguchi, N. Ishii, H. Matsuo, "A numerical study of gravitational capture orbit in
   the Earth-Moon system", AAS 92-186 (1992).
.. [2] J. S. Parker and R. L. Anderson, Low-Energy Lunar Trajectory Design (2013), section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cislunar.transfers.ballistic_transfers import BallisticTransfers

Integers = NDArray[np.int64]

SIDES = ("towards the Sun", "away from the Sun")
WAYS = ("no flyby", "lunar flyby")
BRANCHES = ("south", "north")


@dataclass(frozen=True)
class Family:
    """What the members of a family have in common.

    Attributes
    ----------
    towards_sun : bool
        Whether the farthest point lies on the side of the Sun.
    lunar_flyby : bool
        Whether the Moon is passed within 50,000 km on the way out.
    north : bool
        Whether the periapsis at the Moon lies north of its equator.
    """

    towards_sun: bool
    lunar_flyby: bool
    north: bool

    @property
    def name(self) -> str:
        """The family in words."""
        side, way = SIDES[0 if self.towards_sun else 1], WAYS[int(self.lunar_flyby)]
        return f"{side}, {way}, periapsis {BRANCHES[int(self.north)]}"


ALL = tuple(
    Family(towards_sun, flyby, north)
    for flyby in (False, True)
    for towards_sun in (True, False)
    for north in (True, False)
)
"""The eight families, in the order of their numbers."""


def family_numbers(batch: BallisticTransfers) -> Integers:
    """Number in `ALL` of the family of each transfer, shape (k,)."""
    towards_sun = np.abs(batch.sun_angle_rad) > 0.5 * np.pi
    north = np.sin(batch.parameters[1]) * np.sin(batch.parameters[3]) > 0.0
    return 4 * batch.lunar_flyby.astype(np.int64) + 2 * (~towards_sun).astype(np.int64) + (~north)


def family_map(batch: BallisticTransfers) -> dict[str, NDArray[Any]]:
    """Table of transfers for a map of departure against capture cost.

    Parameters
    ----------
    batch : BallisticTransfers

    Returns
    -------
    dict of str to numpy.ndarray, shape (k,)
        The columns of `BallisticTransfers.table`, and `family`, the number in `ALL`.
    """
    return {**batch.table(), "family": family_numbers(batch)}


def family_summary(batch: BallisticTransfers) -> list[dict[str, float | int | str]]:
    """One row for each family that has members: how many, and its cheapest capture.

    Parameters
    ----------
    batch : BallisticTransfers

    Returns
    -------
    list of dict
        With `family`, `name`, `count`; of the cheapest capture `capture_km_s`, `injection_km_s`,
        `departure_tdb`, `time_of_flight_s`, `farthest_km`.
    """
    table, numbers = batch.table(), family_numbers(batch)
    rows: list[dict[str, float | int | str]] = []
    for number in np.unique(numbers):
        members = np.flatnonzero(numbers == number)
        best = members[np.argmin(batch.capture_km_s[members])]
        row: dict[str, float | int | str] = {
            "family": int(number),
            "name": ALL[number].name,
            "count": int(members.size),
        }
        for name in ("capture_km_s", "injection_km_s", "departure_tdb", "time_of_flight_s", "farthest_km"):
            row[name] = float(table[name][best])
        rows.append(row)
    return rows


def best_per_month(batch: BallisticTransfers) -> dict[str, NDArray[Any]]:
    """Count and cheapest capture of the transfers that depart in each calendar month (UTC).

    Parameters
    ----------
    batch : BallisticTransfers

    Returns
    -------
    dict of str to numpy.ndarray, shape (m,)
        `month` (datetime64[M]), `count`, `capture_km_s`, and `number` in the batch of the cheapest.
    """
    from cislunar.time import utc_datetime64

    month = utc_datetime64(batch.transfers.departure_tdb).astype("datetime64[M]")
    months, inverse, count = np.unique(month, return_inverse=True, return_counts=True)
    order = np.lexsort((batch.capture_km_s, inverse))
    first = order[np.cumsum(count) - count]
    return {"month": months, "count": count, "capture_km_s": batch.capture_km_s[first], "number": first}
