"""How fast and how exactly lunar orbits and transfers are flown, beside independent programs on the
same inputs.

    python -m benchmarks.propagation [--quick] [--out FOLDER]

One process, one thread per program, CPU time, contestants interleaved, median and range. Every program
flies the same model: GRGM1200A to the degree stated in DE440's principal axes, Earth and Sun from DE440
with DE440's GMs, unshadowed radiation pressure where the program offers it. The error is the largest
final position difference from SciPy's DOP853 at its tightest tolerance on a right-hand side written
apart. Each program is shown at the loosest tolerance of its ladder that keeps 30 days below one metre.
Ephemeris tables and compilation are outside the timing for all.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.contest import Contestant, interleave, ratios, spread, table
from benchmarks.flops import operations_per_step
from benchmarks.machine import cpu_seconds, describe, peak_gflops
from benchmarks.peers.boinor_cowell import BoinorCowell
from benchmarks.peers.brahe_rkn import Brahe
from benchmarks.peers.cases import DAY_S, direct_transfers, elliptical_lunar_orbits, long_transfers
from benchmarks.peers.heyoka_taylor import Heyoka
from benchmarks.peers.model import DE440_GM, PeerModel, RadiationPressure, grgm1200a
from benchmarks.peers.nyx_rk import Nyx
from benchmarks.peers.ours import force_model
from benchmarks.peers.scipy_dop853 import ScipyDop853
from cislunar.propagation import ForceModel, propagate
from cislunar.propagation import RadiationPressure as Sunlight

LIMIT_M = 1.0
OURS, OURS_SECOND = "cislunar RKN12(10)", "cislunar Verner 9(8)"
Ladder = dict[float, Contestant]


def lunar_model(degree: int, *, sunlight: bool = True) -> PeerModel:
    field = grgm1200a(degree) if degree >= 2 else None
    gm = {**DE440_GM, "moon": grgm1200a(2).gm_km3_s2}
    light = RadiationPressure(20.0, 1.3, 1000.0) if sunlight else None
    return PeerModel("moon", gm, ("earth", "sun"), field, light)


def span_of(epochs: np.ndarray, duration: float) -> tuple[float, float]:
    return float(epochs.min()) - 5 * DAY_S, float(epochs.max()) + duration + 5 * DAY_S


def ours_ladder(
    model: PeerModel,
    states: np.ndarray,
    epochs: np.ndarray,
    duration: float,
    steps: tuple[float, ...],
    method: str = "auto",
) -> Ladder:
    """The package, keeping final states only, one thread, with one of its methods."""
    forces, n = force_model(model, method=method), states.shape[1]
    name = OURS_SECOND if method == "verner98" else OURS

    def runner(rtol: float) -> Callable[[], np.ndarray]:
        lengths = np.full(n, duration)
        return lambda: propagate(states, epochs, lengths, forces, rtol=rtol, threads=1, record=False).final

    return {rtol: Contestant(name, runner(rtol), n * duration / DAY_S) for rtol in steps}


def heyoka_ladder(
    model: PeerModel, states: np.ndarray, epochs: np.ndarray, duration: float, steps: tuple[float, ...]
) -> Ladder:
    """heyoka, batch of 8, non-compact, fast-math; its tables are made before."""
    found: Ladder = {}
    for tolerance in steps:
        program = Heyoka(model, span_of(epochs, duration), tolerance=tolerance)
        tables = program.prepare(epochs, duration)
        found[tolerance] = Contestant(
            program.name,
            partial(program.fly_prepared, states, tables, duration),
            states.shape[1] * duration / DAY_S,
        )
    return found


def peer_ladder(
    program: type,
    model: PeerModel,
    states: np.ndarray,
    epochs: np.ndarray,
    duration: float,
    steps: tuple[float, ...],
) -> Ladder:
    """A program with a `fly` method, on few trajectories because it is slow."""
    pilot = program(model, span_of(epochs, duration))
    amount = states.shape[1] * duration / DAY_S
    return {
        tolerance: Contestant(pilot.name, partial(pilot.fly, states, epochs, duration, tolerance), amount)
        for tolerance in steps
    }


def loosest(ladder: Ladder, reference: np.ndarray, limit_m: float = LIMIT_M) -> tuple[float, Contestant]:
    """Measure the errors down a ladder of tolerances; the loosest below the limit, or the best there is."""
    for contestant in ladder.values():
        contestant.measure_error(reference)
    good = [tolerance for tolerance, contestant in ladder.items() if contestant.error_m < limit_m]
    chosen = max(good) if good else min(ladder, key=lambda t: ladder[t].error_m)
    return chosen, ladder[chosen]


def elliptical(
    degree: int, rounds: int, quick: bool
) -> tuple[str, list[tuple[str, list[tuple[float, float]]]]]:
    """The 30-day ellipse at one degree: the table, and every method's error against cost."""
    duration, sunlight = 30 * DAY_S, True
    model = lunar_model(degree, sunlight=sunlight)
    many, when = elliptical_lunar_orbits(128 if quick else 512)
    few = 4 if quick else 8
    states, epochs = many[:, :few], when[:few]
    reference = ScipyDop853(model, span_of(epochs, duration)).fly(states, epochs, duration, 2.3e-14)
    eight, at = many[:, :8], when[:8]
    ladders = [ours_ladder(model, many, when, duration, (1e-8, 3e-9, 1e-9, 3e-10, 1e-10, 1e-11, 1e-12))]
    second = (1e-9, 1e-10, 3e-11, 1e-11, 3e-12, 1e-12, 1e-13)
    ladders.append(ours_ladder(model, many, when, duration, second, "verner98"))
    heyoka_steps = (1e-11, 1e-12) if degree > 8 or quick else (1e-10, 3e-11, 1e-11, 1e-12, 1e-15)
    if not (quick and degree > 8):
        ladders.append(heyoka_ladder(model, eight, at, duration, heyoka_steps))
    ladders.append(
        peer_ladder(Brahe, model, states[:, :2], epochs[:2], duration, (1e-9, 1e-10, 1e-11, 1e-12))
    )
    ladders.append(peer_ladder(Nyx, model, states[:, :1], epochs[:1], duration, (1e-9, 1e-10, 1e-11, 1e-12)))
    ladders.append(
        peer_ladder(ScipyDop853, model, states[:, :1], epochs[:1], duration, (1e-10, 1e-11, 1e-12))
    )
    if degree == 0:
        bare = lunar_model(0, sunlight=False)
        exact = ScipyDop853(bare, span_of(epochs, duration)).fly(states[:, :1], epochs[:1], duration, 2.3e-14)
        boinor = peer_ladder(BoinorCowell, bare, states[:, :1], epochs[:1], duration, (1e-11,))
    chosen = []
    for ladder in ladders:
        tolerance, contestant = loosest(ladder, reference)
        chosen.append((tolerance, contestant))
    if degree == 0:
        chosen.append(loosest(boinor, exact))
    contestants = [contestant for _, contestant in chosen]
    peaks: list[float] = []
    interleave(contestants, rounds, lambda: peaks.append(peak_gflops()))
    mine = contestants[0]
    flops, _ = operations_per_step(force_model(model))
    with_short_roots, _ = operations_per_step(force_model(model), whole_roots=False)
    steps = propagate(
        many,
        when,
        np.full(many.shape[1], duration),
        force_model(model),
        rtol=chosen[0][0],
        threads=1,
        record=False,
    ).steps.sum()
    reached = [flops * steps / second * 1e-9 for second in mine.seconds]
    rows = [
        [
            c.name + (" (no sunlight)" if c.name.startswith("boinor") else ""),
            f"{tolerance:.0e}",
            spread(c.rates),
            f"{c.error_m:.2g}",
            "1" if c is mine else spread(ratios(mine, c)),
        ]
        for tolerance, c in chosen
    ]
    head = ["program", "tolerance", "trajectory-days/s", "error (m)", "cislunar is faster by"]
    text = table(f"30-day elliptical lunar orbit, degree {degree}, error below {LIMIT_M:g} m", head, rows)
    text += (
        f"cislunar: {flops} operations per step, {median(reached):.1f} of {median(peaks):.1f} GFLOP/s, "
        f"{spread([100 * a / b for a, b in zip(reached, peaks, strict=True)])} % of the peak; "
        f"{with_short_roots} operations with an inverse root counted as two\n"
    )
    curves = []
    for ladder in ladders:
        points = []
        for contestant in ladder.values():
            second = min(contestant.seconds) if contestant.seconds else _quickest(contestant.run)
            points.append((second / contestant.amount, contestant.error_m))
        curves.append((next(iter(ladder.values())).name, points))
    return text, curves


def _quickest(run: Callable[[], object]) -> float:
    """Least CPU time of a run, s: of several if it is short."""
    first = cpu_seconds(run)
    return min([first, *(cpu_seconds(run) for _ in range(4 if first < 1.0 else 0))])


def transfers(rounds: int, quick: bool) -> str:
    """Earth-centred transfers at equal error."""
    rows = []
    model = PeerModel("earth", DE440_GM, ("moon", "sun"))
    for label, cases, days, limit in (
        ("direct, 4.5 days", direct_transfers, 4.5, 1e-3),
        ("long, 100 days", long_transfers, 100.0, 0.2),
    ):
        many, when = cases(512 if quick else 2048)
        eight, at = many[:, :8], when[:8]
        duration = days * DAY_S
        exact = ScipyDop853(model, span_of(at, duration)).fly(eight, at, duration, 2.3e-14)
        mine = loosest(
            ours_ladder(model, many, when, duration, (1e-9, 3e-10, 1e-10, 3e-11, 1e-11, 1e-12)), exact, limit
        )
        batch = heyoka_ladder(
            model,
            many[:, :256],
            when[:256],
            duration,
            (1e-12, 1e-15) if quick else (1e-11, 3e-12, 1e-12, 3e-13, 1e-13, 3e-14, 1e-14, 1e-15),
        )
        theirs = loosest(batch, exact, limit)
        interleave([mine[1], theirs[1]], rounds)
        for tolerance, contestant in (mine, theirs):
            flown = [rate / days for rate in contestant.rates]
            faster = "1" if contestant is mine[1] else spread(ratios(mine[1], contestant))
            rows.append(
                [
                    f"{label}: {contestant.name}",
                    f"{tolerance:.0e}",
                    spread(flown),
                    f"{contestant.error_m:.2g}",
                    faster,
                ]
            )
    head = ["transfer", "tolerance", "transfers/s", "error (m)", "cislunar is faster by"]
    return table("Transfers from 200 km above the Earth, point masses", head, rows)


def batches(rounds: int, quick: bool) -> str:
    """One trajectory against many; cost against the number of trajectories."""
    model = lunar_model(8)
    forces = force_model(model)
    text = ""
    sizes = (1, 8, 64, 1024) if quick else (1, 8, 64, 1024, 8192)
    runs = []
    for n in sizes:
        states, epochs = elliptical_lunar_orbits(n)
        lengths = np.full(n, 30 * DAY_S if n < 8192 else 10 * DAY_S)
        repeat = max(1, 16 // n)

        def run(s=states, e=epochs, d=lengths, repeat=repeat) -> np.ndarray:  # type: ignore[no-untyped-def]
            for _ in range(repeat):
                final = propagate(s, e, d, forces, threads=1, record=False).final
            return final

        run()
        runs.append(Contestant(f"{n} trajectories", run, repeat * lengths.sum() / DAY_S))
    interleave(runs, rounds)
    large = runs[3]
    rows = [[c.name, spread(c.rates), f"{c.rate / large.rate:.3f}"] for c in runs]
    text += table("Batch size, degree 8, 30 days", ["batch", "trajectory-days/s", "of 1024"], rows) + "\n"

    flat = []
    for n in (64, 1024, 16384) if quick else (64, 512, 4096, 16384, 65536):
        states, epochs = elliptical_lunar_orbits(n)
        lengths = np.full(n, 5 * DAY_S)
        repeat = max(1, 1024 // n)

        def fly(s=states, e=epochs, d=lengths, repeat=repeat) -> np.ndarray:  # type: ignore[no-untyped-def]
            for _ in range(repeat):
                final = propagate(s, e, d, forces, threads=1, record=False).final
            return final

        fly()
        flat.append(Contestant(f"{n}", fly, repeat * lengths.sum() / DAY_S))
    interleave(flat, max(3, rounds // 2))
    rows = [[c.name, spread([1e6 / r for r in c.rates]), f"{flat[0].rate / c.rate:.3f}"] for c in flat]
    head = ["trajectories", "microseconds per trajectory-day", "against 64"]
    return text + table("Cost against the number of trajectories, degree 8, 5 days", head, rows)


def shadows(rounds: int, quick: bool) -> str:
    """What the shadows of Moon and Earth cost on orbits with eclipses, beside unshadowed sunlight."""
    rows = []
    states, epochs = elliptical_lunar_orbits(128 if quick else 512)
    lengths = np.full(epochs.size, 30 * DAY_S)
    for degree in (0, 8, 20):
        gravity = None if degree == 0 else "default"
        pair = []
        for names in ((), ("moon", "earth")):
            forces = ForceModel(
                "moon",
                gravity=gravity,
                degree=degree,
                radiation_pressure=Sunlight(0.026, shadows=names),
            )
            fly = partial(propagate, states, epochs, lengths, forces, threads=1, record=False)
            steps = int(fly().steps.sum())
            run = partial(lambda fly: fly().final, fly)
            pair.append((Contestant(str(names), run, lengths.sum() / DAY_S), steps))
        (lit, lit_steps), (shaded, shaded_steps) = pair
        interleave([lit, shaded], rounds)
        dearer = [100.0 * (b / a - 1.0) for a, b in zip(lit.seconds, shaded.seconds, strict=True)]
        more = 100.0 * (shaded_steps / lit_steps - 1.0)
        rows.append([str(degree), spread(lit.rates), spread(shaded.rates), spread(dearer), f"{more:.1f}"])
    head = ["degree", "unshadowed, trajectory-days/s", "shadowed", "dearer by (%)", "more steps (%)"]
    return table("Shadows of Moon and Earth, 30 days of elliptical lunar orbits", head, rows)


def threads(rounds: int) -> str:
    """Two threads against one: wall time, and CPU time where the machine is shared."""
    model = lunar_model(8)
    forces = force_model(model)
    states, epochs = elliptical_lunar_orbits(2048)
    lengths = np.full(2048, 10 * DAY_S)
    wall: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for count in (1, 2):
            start, begun = time.perf_counter(), time.process_time()
            propagate(states, epochs, lengths, forces, threads=count, record=False)
            wall[count].append(time.perf_counter() - start)
            cpu[count].append(time.process_time() - begun)
    faster = [a / b for a, b in zip(wall[1], wall[2], strict=True)]
    dearer = [b / a for a, b in zip(cpu[1], cpu[2], strict=True)]
    return (
        f"Two threads against one: {spread(faster)} times faster by wall time; "
        f"CPU time {spread(dearer)} times that of one thread\n"
    )


def plot(curves: dict[int, list[tuple[str, list[tuple[float, float]]]]], path: Path) -> None:
    """Error against cost of every method from loose tolerances to tight ones, one panel per degree."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0 * len(curves), 4.2), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(curves), sharey=True))
    marks = "osD^vP"
    for panel, (degree, methods) in zip(axes, curves.items(), strict=True):
        for k, (name, points) in enumerate(methods):
            panel.loglog([p[0] * 1e6 for p in points], [p[1] for p in points], marks[k % 6] + "-", label=name)
        panel.axhline(LIMIT_M, color="0.6", lw=0.8)
        panel.set(title=f"degree {degree}", xlabel="CPU microseconds per trajectory-day")
        panel.grid(alpha=0.3, which="both", lw=0.4)
    axes[0].set_ylabel("final position error after 30 days (m)")
    axes[0].legend(fontsize=8)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.propagation", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="fewer trajectories, 3 rounds, degrees 0 and 8")
    parser.add_argument(
        "--out", type=Path, default=Path("benchmark-results"), help="folder for text and plot"
    )
    options = parser.parse_args()
    rounds = 3 if options.quick else 7
    parts = [
        describe()
        + f"\nmultiply-add peak of one core: {spread([peak_gflops() for _ in range(rounds)])} GFLOP/s\n"
    ]
    print(parts[-1], flush=True)
    curves = {}
    for degree in (0, 8) if options.quick else (0, 8, 20):
        text, curves[degree] = elliptical(degree, rounds, options.quick)
        parts.append(text)
        print(text, flush=True)
    for part in (transfers, shadows, batches):
        parts.append(part(rounds, options.quick))
        print(parts[-1], flush=True)
    parts.append(threads(rounds))
    print(parts[-1])
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "propagation.txt").write_text("\n".join(parts), encoding="utf-8")
    plot(curves, options.out / "propagation.png")
    print(f"written: {options.out / 'propagation.txt'}, {options.out / 'propagation.png'}", file=sys.stderr)


if __name__ == "__main__":
    main()
