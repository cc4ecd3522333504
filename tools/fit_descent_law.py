"""Fit the batch law of powered descent to the optimiser and write `cislunar/landing/descent_law_table.py`.

    python tools/fit_descent_law.py

Takes some minutes on one core: 320 optimal descents.
"""

import math
from pathlib import Path

import numpy as np

TABLE = Path(__file__).parents[1] / "cislunar" / "landing" / "descent_law_table.py"

THRUST_TO_WEIGHT = (0.8, 1.0, 1.25, 1.6, 2.0, 2.7, 4.0, 6.0)
ISP_S = (220.0, 300.0, 380.0, 460.0)
APOAPSIS_KM = (15.0, 100.0, 500.0, 2500.0, 10000.0)
MASS_KG = 1000.0

HEAD = '''"""Coefficients of the descent law; written by `tools/fit_descent_law.py`, do not edit."""

from __future__ import annotations

'''


def descents(approach: bool) -> np.ndarray:
    from cislunar.constants import MOON_RADIUS_KM
    from cislunar.landing.descent_law import GM_KM3_S2, PERIAPSIS_KM
    from cislunar.landing.optimal import optimal_descent
    from cislunar.landing.problem import Ground, LevelStart, Vertical
    from cislunar.vehicles.engine import Engine

    ground = Ground(GM_KM3_S2, MOON_RADIUS_KM)
    phases = {} if approach else {"approach": None, "vertical": Vertical(0.0, 1e-6)}
    rows = []
    for ratio in THRUST_TO_WEIGHT:
        for isp in ISP_S:
            for apoapsis in APOAPSIS_KM:
                engine = Engine(ratio * MASS_KG * ground.gravity_km_s2 * 1000.0, isp, 1, (0.1, 1.0))
                start = LevelStart.at_periapsis(
                    MOON_RADIUS_KM + PERIAPSIS_KM, MOON_RADIUS_KM + apoapsis, GM_KM3_S2
                )
                found = optimal_descent(engine, MASS_KG, ground, start, **phases)
                if found.ok:
                    rows.append((ratio, isp, apoapsis, found.delta_v_km_s))
                else:
                    print("left out:", ratio, isp, apoapsis, found.message)
    return np.array(rows).T


def write(coefficients: dict, largest: dict, spread: dict) -> None:
    lines = [HEAD, "COEFFICIENTS: dict[str, tuple[float, ...]] = {\n"]
    for kind, values in coefficients.items():
        lines.append(f'    "{kind}": (\n')
        lines += [f"        {float(value)!r},\n" for value in values]
        lines.append("    ),\n")
    lines.append("}\n")
    for name, table, what in (
        ("LARGEST_ERROR_KM_S", largest, "Largest"),
        ("RMS_ERROR_KM_S", spread, "Root mean square"),
    ):
        entries = ", ".join(f'"{kind}": {value:.2g}' for kind, value in table.items())
        lines.append(f"\n{name}: dict[str, float] = {{{entries}}}\n")
        lines.append(f'"""{what} difference from the optima the law was fitted to, km/s."""\n')
    TABLE.write_text("".join(lines))


def main() -> None:
    if not TABLE.exists():
        write({}, {}, {})
    from cislunar.landing.descent_law import features

    coefficients, largest, spread = {}, {}, {}
    for kind in ("direct", "approach"):
        ratio, isp, apoapsis, delta_v = descents(kind == "approach")
        terms, ideal = features(ratio, isp, apoapsis)
        wanted = np.log(delta_v / ideal - 1.0)
        coefficients[kind] = np.linalg.lstsq(terms.T, wanted, rcond=None)[0]
        error = ideal * (1.0 + np.exp(coefficients[kind] @ terms)) - delta_v
        largest[kind] = float(np.abs(error).max())
        spread[kind] = math.sqrt(float(np.mean(error**2)))
        print(
            f"{kind}: {delta_v.size} descents, largest error {1e3 * largest[kind]:.2f} m/s, "
            f"rms {1e3 * spread[kind]:.2f} m/s"
        )
    write(coefficients, largest, spread)


if __name__ == "__main__":
    main()
