"""How fast direct transfers are corrected, beside a script of SciPy's on the same transfers.

    python -m benchmarks.transfers [--quick] [--out FOLDER]

The work is a chart of departures over a month against flight times of 2.5 to 6 days: from a parking orbit of
185 km and 28.5 deg to a polar periapsis of 100 km, in the field of Earth, Moon and Sun as points, each met
to 0.1 m in perigee and 0.1 ms. The peer corrects a few of the same transfers from the same first guesses to
the same conditions, one by one, as a script would: `scipy.optimize.root` around DOP853 flights compiled with
numba. Its rate is that of the few. The difference is the largest between the injections of the two.

Rates are by CPU time of one thread, contestants interleaved; the wall time of the whole chart on all cores is
set against the limit of five seconds for 10,000 transfers on two free cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from benchmarks.contest import spread, table
from benchmarks.machine import cpu_seconds, describe
from benchmarks.peers.model import DE440_GM, PeerModel
from benchmarks.peers.scipy_dop853 import ScipyDop853
from cislunar.environment import Environment
from cislunar.transfers.direct import direct_transfers, point_masses
from cislunar.transfers.direct_search import Search
from cislunar.transfers.parking import ParkingOrbit
from cislunar.transfers.solution import Transfers
from cislunar.transfers.targeting import ArrivalTarget

Array = NDArray[np.float64]

DAY_S = 86400.0
START_TDB = 27.8 * 365.25 * DAY_S
LIMIT_S, LIMIT_TRANSFERS = 5.0, 10_000
PARKING = ParkingOrbit(185.0, float(np.radians(28.5)), "ascending")
TARGET = ArrivalTarget(100.0, float(np.radians(90.0)), "north")


def chart(departures: int, durations: int) -> tuple[Array, Array]:
    """Epochs and flight times of the chart, flat."""
    first, second = np.meshgrid(
        START_TDB + np.linspace(0.0, 28.0, departures) * DAY_S,
        np.linspace(2.5, 6.0, durations) * DAY_S,
        indexing="ij",
    )
    return first.ravel(), second.ravel()


class Script:
    """What a person would write: a root finder of SciPy's around its integrator, transfer by transfer."""

    def __init__(self, departure: Array, duration: Array) -> None:
        environment = Environment.default()
        chosen = np.ones(departure.size, dtype=np.bool_)
        self._search = Search(
            departure,
            duration,
            chosen,
            chosen,
            PARKING,
            TARGET,
            environment,
            point_masses(environment),
            None,
            1,
        )
        span = (START_TDB - 5.0 * DAY_S, START_TDB + 40.0 * DAY_S)
        self._pilot = ScipyDop853(PeerModel("earth", DE440_GM, ("moon", "sun")), span)
        self.injection = np.full(departure.size, np.nan)

    def _begin(self, numbers: Array, i: int) -> Array:
        search = self._search
        moon = search.arrivals.select(np.array([i])).states(numbers[:, None])
        start = moon + search.moon[:, [i]]
        return self._pilot.fly(start, search.arrival[[i]], -float(search.duration[i]), 1e-12)

    def run(self) -> None:
        """Correct all of them."""
        guesses = self._search.guess()[0]
        for i in range(self.injection.size):

            def errors(numbers: Array, i: int = i) -> Array:
                begin = self._begin(numbers, i)
                # In km, minutes and milliradians, of like size.
                scale = np.array([1e-4, 1e-4 / 60.0, 1e-5])
                found = self._search.flights.errors(begin, self._search.departure[[i]], np.array([i]))
                return np.asarray(found[:, 0] * scale)

            solved = root(errors, guesses[:, i], method="hybr", options={"xtol": 1e-12})
            begin = self._begin(solved.x, i)[:, 0]
            speed, radius = np.linalg.norm(begin[3:]), np.linalg.norm(begin[:3])
            self.injection[i] = speed - np.sqrt(DE440_GM["earth"] / radius)


def main() -> None:
    """Run and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.transfers", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="a chart of 2,500 and three rounds")
    parser.add_argument("--out", type=Path, default=Path("benchmark-results"), help="folder for the text")
    options = parser.parse_args()
    rounds, side, few = (3, 50, 3) if options.quick else (7, 100, 6)
    departure, duration = chart(side, side)
    sample = np.linspace(0, departure.size - 1, few + 2).astype(np.int64)[1:-1]
    script = Script(departure[sample], duration[sample])
    environment = Environment.default()

    def ours(threads: int | None) -> Transfers:
        return direct_transfers(departure, duration, PARKING, TARGET, environment, threads=threads)

    found = ours(1)
    script.run()
    apart = float(np.abs(found.injection_km_s[sample] - script.injection).max())
    mine: list[float] = []
    peers: list[float] = []
    walls: list[float] = []
    for _ in range(rounds):
        mine.append(departure.size / cpu_seconds(lambda: ours(1)))
        peers.append(few / cpu_seconds(script.run))
        began = time.perf_counter()
        ours(None)
        walls.append((time.perf_counter() - began) * LIMIT_TRANSFERS / departure.size)
    rows = [
        [
            "cislunar, one batch",
            f"{departure.size:,}",
            spread(mine),
            f"{100.0 * found.converged.mean():.2f}",
            "1",
        ],
        [
            "SciPy, root and DOP853, one by one",
            f"{few}",
            spread(peers),
            f"{100.0 * np.isfinite(script.injection).mean():.2f}",
            spread([a / b for a, b in zip(mine, peers, strict=True)]),
        ],
    ]
    head = ["program", "transfers", "transfers/s and core", "converged (%)", "cislunar is faster by"]
    text = describe() + "\n\n" + table("Direct transfers corrected in the ephemeris model", head, rows)
    text += (
        f"Injections of the two differ by at most {apart * 1e6:.2g} mm/s.\n"
        f"10,000 transfers on all cores by wall time: {spread(walls)} s; the limit on two free cores is "
        f"{LIMIT_S:g} s, of which this is {spread([100.0 * wall / LIMIT_S for wall in walls])} %.\n"
    )
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "transfers.txt").write_text(text, encoding="utf-8")
    print(f"written: {options.out / 'transfers.txt'}", file=sys.stderr)


if __name__ == "__main__":
    main()
