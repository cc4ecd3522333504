"""How fast coverage is computed, beside SPICE's geometry finder on the same trajectory, and how near to
the hardware.

    python -m benchmarks.coverage [--quick] [--out FOLDER]

One thread, CPU time, median and range over rounds. Trajectories are flown (degree 8) and tables built
before the clock starts. Pairs of relays half a period apart in 12 h elliptical orbits, each pair with
its own elements, serve one site at 75 S over three stations (the Deep Space Network) for 30 days: per
cent of time, longest gap, number of gaps, from exact edges.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.contest import spread, table
from benchmarks.machine import cpu_seconds, describe, peak_gflops
from cislunar.coverage.access import compute_access
from cislunar.coverage.architectures import architecture_coverage
from cislunar.coverage.finder import EdgeLists, Relays, build_scene, find_by_chunk, station_sines
from cislunar.coverage.grids import GRIDS, make_grid
from cislunar.coverage.map_kernel import accumulate
from cislunar.coverage.map_tiles import accumulate_tiles, make_scratch, tile_caps
from cislunar.coverage.maps import pack_cells, relay_series, tiling
from cislunar.coverage.scene import Kind
from cislunar.coverage.sky import with_sky
from cislunar.coverage.tables import WindowTables
from cislunar.environment import Environment
from cislunar.environment.regions import region
from cislunar.environment.sites import ConstantMask, Site
from cislunar.environment.stations import network
from cislunar.orbits.elements import KeplerianElements, to_state
from cislunar.propagation import ForceModel, propagate
from cislunar.time import parse_epoch

DAY_S = 86400.0
START = parse_epoch("2024-03-01T00:00:00 UTC")
SITE = Site("basin", np.radians(-75.0), np.radians(132.4), -2.0, ConstantMask(np.radians(5.0)))
STATIONS = network("dsn")
MASK_RAD = np.radians(5.0)


@cache
def forces() -> ForceModel:
    """One model, and one set of ephemeris tables, for all that is flown."""
    return ForceModel(gravity="grgm1200a", degree=8)


def fly(pairs: int, days: float, relays: int = 2) -> Any:
    """Relays spread evenly in mean anomaly, in orbits that differ a little from group to group."""
    rng = np.random.default_rng(20)
    count = pairs * relays
    spreads = [np.repeat(rng.uniform(-1.0, 1.0, pairs), relays) for _ in range(3)]
    mean = np.tile(2.0 * np.pi * np.arange(relays) / relays, pairs)
    eccentricity = 0.6 + 0.02 * spreads[1]
    anomaly = mean.copy()
    for _ in range(50):
        anomaly -= (anomaly - eccentricity * np.sin(anomaly) - mean) / (1.0 - eccentricity * np.cos(anomaly))
    true = 2.0 * np.arctan2(
        np.sqrt(1.0 + eccentricity) * np.sin(anomaly / 2.0),
        np.sqrt(1.0 - eccentricity) * np.cos(anomaly / 2.0),
    )
    elements = KeplerianElements(
        6143.0 + 20.0 * spreads[0],
        eccentricity,
        np.radians(56.0 + 2.0 * spreads[2]),
        np.full(count, 0.3),
        np.full(count, np.pi / 2.0),
        true,
    )
    state = to_state(elements, 4902.800118)
    return propagate(state, np.full(count, START), np.full(count, days * DAY_S), forces(), threads=1)


def tables_of(days: float) -> WindowTables:
    return WindowTables.build(Environment.default(), START, START + days * DAY_S)


def timed(work: Any, rounds: int) -> list[float]:
    work()
    return [cpu_seconds(work) for _ in range(rounds)]


def architectures(rounds: int, pairs: int) -> str:
    """Architectures per second per core, without and with propagation."""
    tables = tables_of(30.0)
    flown = fly(pairs, 30.0)
    seconds = timed(lambda: architecture_coverage(flown, 2, [SITE], STATIONS, tables), rounds)
    flight = timed(lambda: fly(pairs, 30.0), rounds)
    rates = [pairs / value for value in seconds]
    both = [pairs / (a + b) for a, b in zip(seconds, flight, strict=True)]
    rows = [
        ["coverage", spread(rates), f"{1e6 * median(seconds) / pairs / 2:.0f}"],
        [
            "propagation and coverage",
            spread(both),
            f"{1e6 * (median(seconds) + median(flight)) / pairs / 2:.0f}",
        ],
    ]
    title = f"Two relays, one site, three stations, 30 days, exact edges; {pairs} architectures, one thread"
    return table(title, ["", "architectures/s", "us per relay"], rows)


def every_edge(relays: Any, tables: WindowTables) -> list[EdgeLists]:
    """All edges of each relay alone: site, limb and sky of each station."""
    functions = [(Kind.SITE_RELAY, 0, 0)]
    for station in range(len(STATIONS)):
        functions += [(Kind.LIMB, 0, station), (Kind.STATION_RELAY, 0, station)]
    recorded = Relays.from_trajectory(relays, tables)
    scene = build_scene(tables, [SITE], STATIONS, functions)
    scene = with_sky(scene, tables, STATIONS, station_sines(STATIONS), recorded.reach_km())
    return [lists for _, lists in find_by_chunk(scene, recorded)]


def against_spice(rounds: int, days: float) -> str:
    """The same edges of one relay: site, limb and sky of three stations."""
    from benchmarks.peers.spice_access import JplEarth, SpiceAccess

    flown = fly(1, days)
    relay = flown[0]
    batch = fly(64, days)
    tables = tables_of(days)
    with tempfile.TemporaryDirectory() as folder:
        steps, edges = {}, {}
        for step_s in (60.0, 300.0):
            finder = SpiceAccess(
                {"relay": relay}, [SITE], STATIONS, START, days * DAY_S, Path(folder), step_s
            )

            def search(finder: Any = finder) -> list[np.ndarray]:
                found = [finder.above("relay", SITE.name, SITE.horizon.mask_rad)]
                for station in STATIONS:
                    found.append(finder.behind_moon("relay", station.name))
                    found.append(finder.above("relay", station.name, station.mask_rad))
                return found

            edges[step_s] = search()
            steps[step_s] = [cpu_seconds(search) for _ in range(max(1, rounds // 3))]
            if step_s == 60.0:
                environment = dataclasses.replace(Environment.default(), earth=JplEarth())
                access = compute_access(
                    {"relay": relay}, [SITE], STATIONS, environment, (START, START + days * DAY_S)
                )
                held = access.site_relay[SITE.name, "relay"]
                ours = finder.inside(np.concatenate((held.start, held.end)))
                apart = (
                    np.max(np.abs(ours - edges[step_s][0])) if len(ours) == len(edges[step_s][0]) else np.inf
                )
            finder.close()
            for file in Path(folder).iterdir():
                file.unlink()
    seconds = timed(lambda: every_edge(batch, tables), rounds)
    alone = median(seconds) / len(batch)
    rows = [[f"cislunar, each of {len(batch)}", f"{1e3 * alone:.3f}", "", f"{apart:.1e}"]]
    for step_s, values in steps.items():
        count = sum(len(found) for found in edges[step_s])
        rows.append(
            [
                f"SPICE, step {step_s:.0f} s, {count} edges",
                f"{1e3 * median(values):.0f}",
                f"{median(values) / alone:,.0f}",
                "",
            ]
        )
    title = f"One relay, {days:g} days: every edge of site, limb and sky of three stations"
    return table(title, ["", "ms", "times ours", "largest difference of site edges, s"], rows)


def maps(rounds: int, days: float) -> str:
    """Map tests per second: one test is one cell, one relay, one sample."""
    tables = tables_of(days)
    flown = fly(1, days)
    relays = {"a": flown[0], "b": flown[1]}
    samples = round(days * 1440)
    epochs = START + (np.arange(samples) + 0.5) * 60.0
    series = relay_series(relays, tables, epochs, MASK_RAD, 0.0, None)
    # Multiply-adds count two: three to a test; for each cell and sample of two relays one maximum, one
    # comparison, two additions (samples seen, length of the gap) and one maximum (longest gap).
    flop_per_test = 6.0 + 5.0 / 2.0
    rows = []
    for kind in GRIDS:
        for degrees in (5.0, 1.0):
            grid = make_grid(region("far side"), kind, np.radians(degrees))
            vectors, order = tiling(grid)
            cells = pack_cells(grid, order)
            caps, scratch = tile_caps(cells, vectors), make_scratch(2)
            count = len(cells) // 3
            # From memory, each sample of a relay (32 bytes) serves all cells of a block of time.
            bytes_per_test = 32.0 / count
            flat, tiled = np.zeros(4 * count), np.zeros(4 * count)

            def one_by_one(c: Any = cells, t: Any = flat) -> None:
                accumulate(c, series, 2, 0.0, t)

            def by_tiles(
                c: Any = cells, k: Any = caps, v: int = vectors, t: Any = tiled, w: Any = scratch
            ) -> None:
                accumulate_tiles(c, k, v, series, 2, 0.0, t, w)

            one_by_one()
            by_tiles()
            if not np.array_equal(flat, tiled):
                raise AssertionError("tiles and flat kernel differ")
            rates, equivalent, gains, shares = [], [], [], []
            for _ in range(rounds):
                peak, width = peak_gflops(), bandwidth_gb_s()
                flat[:], tiled[:] = 0.0, 0.0
                flat_s, tiled_s = cpu_seconds(one_by_one), cpu_seconds(by_tiles)
                rates.append(2.0 * count * samples / flat_s * 1e-9)
                equivalent.append(2.0 * count * samples / tiled_s * 1e-9)
                gains.append(flat_s / tiled_s)
                shares.append(100.0 * rates[-1] / min(peak / flop_per_test, width / bytes_per_test))
            name = f"{kind}, {degrees:g} deg, {len(grid)} cells"
            rows.append([name, spread(rates), spread(shares), spread(equivalent), spread(gains)])
    title = f"Maps of two relays over {days:g} days of 60 s samples, per cent and longest gap"
    heads = [
        "",
        "flat, 1e9 tests/s",
        "% of the machine's limit",
        "tiles, 1e9 tests/s equivalent",
        "times flat",
    ]
    return table(title, heads, rows)


def bandwidth_gb_s() -> float:
    """Bytes read and written per second by a copy that no cache holds."""
    source = np.ones(16_000_000)
    target = np.empty_like(source)
    np.copyto(target, source)
    return 2.0 * source.nbytes / cpu_seconds(lambda: np.copyto(target, source)) * 1e-9


def growth(rounds: int, quick: bool) -> tuple[str, dict[str, tuple[list[float], list[float]]]]:
    """Cost against duration, number of relays and number of cells: exponents of the curves."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    days = [15.0, 30.0, 60.0] if quick else [15.0, 30.0, 60.0, 120.0, 240.0]
    cost = []
    for value in days:
        tables, flown = tables_of(value), fly(16, value)
        cost.append(
            median(timed(lambda t=tables, f=flown: architecture_coverage(f, 2, [SITE], STATIONS, t), rounds))
        )
    curves["duration (d)"] = (days, cost)
    counts = [64.0, 128.0, 256.0] if quick else [64.0, 128.0, 256.0, 512.0, 1024.0]
    tables, flown, cost = tables_of(30.0), fly(int(counts[-1]) // 2, 30.0), []
    for value in counts:
        part = flown[: int(value)]
        cost.append(
            median(timed(lambda p=part: architecture_coverage(p, 2, [SITE], STATIONS, tables), rounds))
        )
    curves["relays"] = (counts, cost)
    relays = {"a": flown[0], "b": flown[1]}
    series = relay_series(relays, tables, START + (np.arange(43200) + 0.5) * 60.0, MASK_RAD, 0.0, None)
    cells, cost = [], []
    for degrees in (10.0, 5.0, 2.5) if quick else (10.0, 5.0, 2.5, 1.25):
        packed = pack_cells(make_grid(region("far side"), "equal-area", np.radians(degrees)))
        count = len(packed) // 3
        cells.append(float(count))
        cost.append(
            median(timed(lambda p=packed, n=count: accumulate(p, series, 2, 0.0, np.zeros(4 * n)), rounds))
        )
    curves["grid cells"] = (cells, cost)
    rows = [
        [name, f"{x[0]:g} to {x[-1]:g}", f"{np.polyfit(np.log(x), np.log(y), 1)[0]:.2f}"]
        for name, (x, y) in curves.items()
    ]
    return table("Growth of the cost: 1.00 is linear", ["", "range", "exponent"], rows), curves


def plot(curves: dict[str, tuple[list[float], list[float]]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 3.4), layout="constrained")
    for axes, (name, (x, y)) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        axes.loglog(x, y, "o-", label="measured")
        axes.loglog(x, np.array(x) * y[0] / x[0], "--", color="0.5", label="linear")
        axes.set_xlabel(name)
        axes.set_ylabel("CPU time (s)")
        axes.legend()
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds and shorter curves")
    parser.add_argument(
        "--out", type=Path, default=Path("benchmark-results"), help="folder for tables and plot"
    )
    options = parser.parse_args()
    rounds = 3 if options.quick else 7
    began = time.perf_counter()
    parts = [describe()]
    parts.append(architectures(rounds, 64 if options.quick else 256))
    parts.append(maps(rounds, 29.0))
    parts.append(against_spice(rounds, 10.0 if options.quick else 29.0))
    text, curves = growth(rounds, options.quick)
    parts.append(text)
    parts.append(f"{time.perf_counter() - began:.0f} s in all")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "coverage.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    plot(curves, options.out / "coverage.png")
    sys.stdout.write("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
