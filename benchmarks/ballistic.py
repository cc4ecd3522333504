"""How fast low-energy transfers are sought and closed, beside heyoka and SciPy on the flights of a search.

    python -m benchmarks.ballistic [--quick] [--out FOLDER]

One thread, CPU time, median and range over rounds. The search is the whole of it: drawing arrivals, flying
them back, dropping what does not return, and measuring what does. The peers fly the first ten days from the
same periapses, all of them arrivals that leave the Moon, forward in time (their tables run that way), at
the tolerance that keeps their error nearest to that of the search; flying is all they do.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.contest import Contestant, interleave, ratios, spread, table
from benchmarks.machine import cpu_seconds, describe
from benchmarks.peers.heyoka_taylor import Heyoka
from benchmarks.peers.model import DE440_GM, PeerModel
from benchmarks.peers.scipy_dop853 import ScipyDop853
from cislunar.environment import Environment
from cislunar.propagation import ForceModel, propagate
from cislunar.time import parse_epoch
from cislunar.transfers.ballistic import search
from cislunar.transfers.ballistic import spread as points
from cislunar.transfers.ballistic_transfers import ballistic_transfers
from cislunar.transfers.lunar_arrival import LunarArrival
from cislunar.transfers.parking import ParkingOrbit

DAY_S = 86400.0
START = parse_epoch("2028-01-01T00:00:00 UTC")
LEG_S = 10.0 * DAY_S
SEARCH_RTOL, HEYOKA_TOLERANCE, SCIPY_TOLERANCE = 1e-8, 1e-9, 1e-9
POLAR = LunarArrival(100.0, np.radians(90.0))


def first_leg(rounds: int, quick: bool) -> str:
    environment = Environment.default()
    count = 512 if quick else 2048
    unit = points(0, count, 5)
    leaving = LunarArrival(100.0, np.radians(90.0), c3_km2_s2=(0.08, 0.16))
    epochs = START + unit[0] * 30.0 * DAY_S
    states, _ = leaving.states(leaving.parameters(unit[1:]), epochs, DE440_GM["moon"], environment)
    model = PeerModel("moon", DE440_GM, ("earth", "sun"))
    span = START - 5 * DAY_S, START + 50 * DAY_S
    few = 8
    reference = ScipyDop853(model, span).fly(states[:, :few], epochs[:few], LEG_S, 1e-14)
    heyoka = Heyoka(model, span, tolerance=HEYOKA_TOLERANCE)
    prepared = heyoka.prepare(epochs, LEG_S)
    scipy = ScipyDop853(model, span)
    forces = ForceModel("moon", gravity=None, bodies=("earth", "sun"))

    def ours() -> np.ndarray:
        durations = np.full(count, LEG_S)
        return propagate(states, epochs, durations, forces, SEARCH_RTOL, threads=1, record=False).final

    slow = 64
    contestants = [
        Contestant("cislunar", ours, count),
        Contestant("heyoka batch 8", lambda: heyoka.fly_prepared(states, prepared, LEG_S), count),
        Contestant(
            "SciPy DOP853",
            lambda: scipy.fly(states[:, :slow], epochs[:slow], LEG_S, SCIPY_TOLERANCE),
            slow,
        ),
    ]
    for contestant in contestants:
        contestant.measure_error(reference)
    interleave(contestants, rounds)
    rows = [
        [
            each.name,
            spread(each.rates),
            f"{each.error_m:.2g}",
            "" if each is contestants[0] else spread(ratios(contestants[0], each)),
        ]
        for each in contestants
    ]
    head = ["", "flights per second", "error, m", "cislunar is faster by"]
    return table("First ten days from periapsis, one thread", head, rows)


def whole_search(rounds: int, quick: bool) -> str:
    environment = Environment.default()
    count = 65_536 if quick else 262_144
    found = search(START, START + 30.0 * DAY_S, POLAR, environment, count=count, threads=1)

    def run() -> None:
        search(START, START + 30.0 * DAY_S, POLAR, environment, count=count, threads=1)

    seconds = [cpu_seconds(run) for _ in range(rounds)]
    low = found.select(np.argsort(found.perigee_radius_km)[: 128 if quick else 512])
    parking = ParkingOrbit(185.0, np.radians(28.5))
    began = time.process_time()
    closed = ballistic_transfers(low, parking, environment, threads=1)
    spent = time.process_time() - began
    rows = [
        ["candidates flown", f"{count:,}"],
        ["candidates per second, one thread", spread([count / second for second in seconds])],
        [
            "a million on two cores, s (one thread's time for a million over two)",
            spread([5e5 * second / count for second in seconds]),
        ],
        ["found", f"{len(found):,}, {int(found.lunar_flyby.sum())} with a flyby of the Moon"],
        [f"closed and flown forward, of the {len(low)} lowest", f"{len(closed)}"],
        ["candidates tried to close per second, one thread", f"{len(low) / spent:.0f}"],
        [
            "largest periapsis miss of the forward flights, m",
            f"{1e3 * np.abs(closed.altitude_miss_km).max():.2g}",
        ],
        ["cheapest capture, m/s", f"{1e3 * closed.capture_km_s.min():.1f}"],
    ]
    return table("Search over 30 days of arrivals and closure", ["", ""], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds and candidates")
    parser.add_argument("--out", type=Path, default=Path("benchmark-results"), help="folder for the tables")
    options = parser.parse_args()
    rounds = 3 if options.quick else 5
    parts = [describe(), first_leg(rounds, options.quick), whole_search(rounds, options.quick)]
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "ballistic.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    sys.stdout.write("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
