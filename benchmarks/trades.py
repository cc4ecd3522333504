"""What trade studies cost: ten thousand architectures, growth, orchestration, Dask, and the same by hand.

    python -m benchmarks.trades [--quick] [--out FOLDER]

Two relays half a period apart in ellipses whose size, shape and inclination come from a Sobol sequence
serve one site over three stations (the Deep Space Network) for 30 days: gravity of degree 8, Earth and Sun;
per cent of time, longest and mean gap from exact edges; every chunk stored. Kernels are compiled before the
clock starts. Times are wall times and CPU times of this process and its workers; on a machine that others
use only the latter mean anything.

The peer is the study a person would script: brahe flies each relay (RKN12(10), same forces), SPICE's
geometry finder searches each visibility with a step of 60 s on the same orbits. It is timed on a few
architectures and scaled.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import cislunar
from benchmarks.contest import table
from benchmarks.machine import cpu_seconds, describe, peak_gflops
from cislunar.trades import Study

DAYS = 30.0
TOLERANCE = 1e-10

BASE = """\
cislunar: 1
name: two relays
epoch: 2024-03-01T00:00:00 UTC
duration: 30 d
physics: {degree: 8}
sites:
  basin: {latitude: -75 deg, longitude: 132.4 deg, height: -2 km, horizon: 5 deg}
ground: [dsn]
spacecraft:
  alpine: &relay
    orbit:
      frame: moon-op
      semi_major_axis: 6143 km
      eccentricity: 0.6
      inclination: 56 deg
      raan: 17 deg
      argument_of_periapsis: 90 deg
      mean_anomaly: 0 deg
    relay: {to: dsn}
  lupine: *relay
"""


def study(count: int) -> Study:
    """Ellipses about the frozen one; the second relay keeps half a period from the first."""

    def both(key: str) -> list[str]:
        return [f"spacecraft.{name}.orbit.{key}" for name in ("alpine", "lupine")]

    place = ["spacecraft.alpine.orbit.mean_anomaly"]
    place += [{"path": "spacecraft.lupine.orbit.mean_anomaly", "offset": "180 deg"}]  # type: ignore[list-item]
    return Study.make(
        cislunar.load(BASE),
        {
            "size": {"path": both("semi_major_axis"), "from": "5900 km", "to": "6400 km"},
            "shape": {"path": both("eccentricity"), "from": 0.55, "to": 0.65},
            "tilt": {"path": both("inclination"), "from": "50 deg", "to": "62 deg"},
            "place": {"path": place, "from": "0 deg", "to": "179 deg"},
        },
        {"coverage": "percent", "gap": "longest_gap", "mean_gap": "mean_gap"},
        sample={"method": "sobol", "count": count, "seed": 3},
    )


def growth(counts: list[int]) -> tuple[str, float]:
    """Time, orchestration and memory against the number of cases; CPU seconds per case of the last."""
    rows, each = [], 0.0
    costs = []
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            made = study(count)
            began, cpu = time.perf_counter(), time.process_time()
            result = made.run(folder)
            wall, used = time.perf_counter() - began, time.process_time() - cpu
        if list(result.rows["status"]) != ["ok"] * count:
            raise AssertionError("a case was not flown to the end")
        share = 100.0 * (1.0 - result.costs.core_cpu_s / used)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        rows.append(
            [
                f"{count:,}",
                f"{wall:.2f}",
                f"{used:.2f}",
                f"{1e3 * used / count:.2f}",
                f"{share:.1f}",
                f"{peak:.0f}",
            ]
        )
        costs.append(used)
        each = used / count
    exponent = np.polyfit(np.log(counts), np.log(costs), 1)[0]
    head = ["cases", "wall s", "CPU s", "CPU ms per case", "orchestration, % of CPU", "memory so far, MB"]
    title = f"Studies stored to disk, all cores; CPU time grows with the power {exponent:.2f} of the cases"
    return table(title, head, rows), each


def dask(count: int) -> str:
    """Two worker processes of one thread against one, by wall time and by CPU time of the workers."""
    from distributed import Client, LocalCluster

    from cislunar.trades.executors import DaskExecutor

    made = study(count)
    plan = made.plan()
    batches = plan.batches(np.arange(count))
    rows, walls = [], {}
    for workers in (1, 2):
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=40,
            ) as cluster,
            Client(cluster) as client,
        ):
            executor = DaskExecutor(client)

            def build(number: int) -> Any:
                return plan.chunk(batches[number])[0]

            for _ in executor.fly(2 * workers, lambda number: build(0)):  # every worker loads its kernels
                pass
            began = time.perf_counter()
            used = sum(done.cpu_s for _, done in executor.fly(len(batches), build))
            walls[workers] = time.perf_counter() - began, used
        rows.append([str(workers), f"{walls[workers][0]:.2f}", f"{used:.2f}", f"{used / workers:.2f}"])
    by_wall = walls[1][0] / walls[2][0]
    by_cpu = walls[1][1] / (walls[2][1] / 2.0)
    title = (
        f"Dask, {count:,} cases in {len(batches)} chunks, workers of one thread: two are {by_wall:.2f} times "
        f"one by wall time, {by_cpu:.2f} times by CPU time per worker"
    )
    return table(title, ["workers", "wall s", "CPU s of workers", "CPU s per worker"], rows)


def by_hand(count: int, ours_s: float) -> str:
    """The same study scripted with brahe and SPICE, architecture by architecture."""
    from benchmarks.peers.brahe_rkn import Brahe
    from benchmarks.peers.model import DE440_GM, PeerModel, grgm1200a
    from benchmarks.peers.spice_access import SpiceAccess
    from cislunar.coverage.intervals import Intervals, at_least, statistics
    from cislunar.environment import Environment
    from cislunar.environment.stations import network
    from cislunar.mission.places import sites_of
    from cislunar.trades.chunk import build_context
    from cislunar.trades.flown import FlownCases

    made = study(count)
    table_ours = made.run().table
    plan = made.plan()
    chunk, _ = plan.chunk(plan.batches(np.arange(count))[0])
    assert chunk is not None
    flown = FlownCases.fly(chunk, build_context(chunk.setting))
    start, span = made.base.epoch_tdb, made.base.duration_s
    stokes = grgm1200a(8)
    peer = Brahe(
        PeerModel("moon", {**DE440_GM, "moon": flown.context.forces.gm["moon"]}, ("earth", "sun"), stokes),
        (start, start + span),
    )
    states, epochs = chunk.state[:, : 2 * count], np.full(2 * count, start)
    peer.fly(states[:, :1], epochs[:1], 3600.0, TOLERANCE)
    finals: list[np.ndarray] = []
    flight_s = cpu_seconds(lambda: finals.append(peer.fly(states, epochs, span, TOLERANCE)))
    apart = np.max(np.linalg.norm(finals[0][:3] - flown.trajectories.final[:3, : 2 * count], axis=0)) * 1e3
    sites, stations = sites_of(made.base, Environment.default()), network("dsn")
    search_s, largest = 0.0, 0.0
    for number in range(count):
        relays = {"a": flown.trajectories[2 * number], "b": flown.trajectories[2 * number + 1]}
        with tempfile.TemporaryDirectory() as folder:
            finder = SpiceAccess(relays, sites, stations, start, span, Path(folder), 60.0)
            began = time.process_time()
            percent = _chain_percent(
                finder, relays, sites[0], stations, (start, start + span), Intervals, at_least
            )
            search_s += time.process_time() - began
            finder.close()
        largest = max(largest, abs(statistics(percent)["percent"] - table_ours["coverage"][number]))
    each = (flight_s + search_s) / count
    rows = [
        ["cislunar", f"{ours_s:.4f}", f"{1e4 * ours_s:,.0f}", "1"],
        ["brahe and SPICE", f"{each:.2f}", f"{1e4 * each:,.0f}", f"{each / ours_s:,.0f}"],
    ]
    title = (
        f"The same study scripted with a peer: {count} architectures timed (flight {flight_s / count:.2f} s, "
        f"search {search_s / count:.2f} s each), scaled to 10,000; end positions agree to {apart:.2g} m, "
        f"coverage to {largest:.1g} per cent"
    )
    return table(title, ["", "CPU s per architecture", "CPU s for 10,000", "times ours"], rows)


def _chain_percent(
    finder: Any, relays: Any, site: Any, stations: Any, window: tuple[float, float], kind: Any, at_least: Any
) -> Any:
    """Passes of the chain from the finder's edges; its window is 20 s shorter at both ends."""

    def held(edges: np.ndarray, first: bool) -> Any:
        return kind.from_edges(first, edges, window)

    chains = []
    for name, flown in relays.items():
        early = flown.at(np.array([30.0]))[:3, 0, 0]
        seen = held(finder.above(name, site.name, site.horizon.mask_rad), _up(site, early, window[0] + 30.0))
        grounded = []
        for station in stations:
            clear = held(finder.behind_moon(name, station.name), _hidden(station, early, window[0] + 30.0))
            up = held(
                finder.above(name, station.name, station.mask_rad), _above(station, early, window[0] + 30.0)
            )
            grounded.append(at_least([clear.complement(), up], 2))
        chains.append(at_least([seen, at_least(grounded, 1)], 2))
    return at_least(chains, 1)


def _up(site: Any, relay: np.ndarray, tdb: float) -> bool:
    from cislunar.environment import Environment

    place = Environment.default().orientation.icrf_to_me(np.array([tdb]))[:, :, 0].T @ site.position_me_km
    towards = relay - place
    return bool(
        towards @ place / np.linalg.norm(towards) / np.linalg.norm(place) > np.sin(site.horizon.mask_rad)
    )


def _station(station: Any, tdb: float) -> tuple[np.ndarray, np.ndarray]:
    """Place from the Moon's centre and vertical of a station, ICRF."""
    from cislunar.coverage.tables import unit_vectors
    from cislunar.environment import Environment

    tables = Environment.default()
    turn = tables.earth.itrs_to_gcrs(np.array([tdb]))[:, :, 0]
    earth = tables.ephemeris.position("earth", "moon", np.array([tdb]))[:, 0]
    vertical = unit_vectors([station.latitude_rad], [station.longitude_rad])[:, 0]
    return earth + turn @ station.position_itrs_km, turn @ vertical


def _above(station: Any, relay: np.ndarray, tdb: float) -> bool:
    place, vertical = _station(station, tdb)
    towards = relay - place
    return bool(towards @ vertical / np.linalg.norm(towards) > np.sin(station.mask_rad))


def _hidden(station: Any, relay: np.ndarray, tdb: float) -> bool:
    """Whether the Moon covers the relay as the station sees it."""
    place, _ = _station(station, tdb)
    towards = place - relay
    along = -(relay @ towards) / (towards @ towards)
    return bool(0.0 < along < 1.0 and np.linalg.norm(relay + along * towards) < 1737.4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--quick", action="store_true", help="up to 1,000 cases, peer timed on 2 architectures"
    )
    parser.add_argument("--out", type=Path, default=Path("benchmark-results"), help="folder for the tables")
    options = parser.parse_args()
    counts = [100, 1000] if options.quick else [100, 1000, 10_000, 100_000]
    began = time.perf_counter()
    study(2).run()
    study(2).run(threads=1)
    parts = [describe(), f"peak of a core now: {peak_gflops():.1f} GFLOP/s (multiply-add)"]
    text, each = growth(counts)
    parts += [text, dask(1000 if options.quick else 4000), by_hand(2 if options.quick else 20, each)]
    parts.append(f"{time.perf_counter() - began:.0f} s in all")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "trades.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    sys.stdout.write("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
