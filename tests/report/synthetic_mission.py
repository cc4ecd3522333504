"""A made-up mission result for the report's tests: two Kepler relays over a uniformly turning Moon.

None of its numbers is a result of the package. Orbits are two-body ellipses, the Moon turns at the mean rate
about a fixed pole, the Earth stands still over 0 degrees longitude and ten stations turn under it once a day;
intervals are found on a 60 s grid. It has the shape of `cislunar.mission.result.MissionResult` and plausible
values, so that figures, tables and files can be tested without flying anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cislunar.environment import Environment
from cislunar.environment.sites import ConstantMask, Site

GM = 4902.80
RADIUS = 1737.4
START = 880_372_869.183  # 2027-11-25T00:00:00 UTC in TDB
STEP = 60.0
MASK = 5.0
SITE = (-71.38, 138.25)


@dataclass
class KeplerTrajectory:
    """The members of a batch-of-one `Trajectory` that the report uses."""

    start: float
    span: float
    a: float
    e: float
    i: float
    node: float
    peri: float
    m0: float
    center: str = "moon"
    message: list[str] = field(default_factory=lambda: ["finished"])

    def __post_init__(self) -> None:
        self.n = 1
        self.epoch = np.array([self.start])
        self.duration = np.array([self.span])
        self.final_elapsed = np.array([self.span])
        self.status = np.array([0])
        elapsed = np.linspace(0.0, self.span, int(self.span / 1800.0) + 1)
        self.nodes = np.concatenate([elapsed[None], self.at(elapsed)[:, 0], np.zeros((3, elapsed.size))])
        self.offsets = np.array([0, elapsed.size])

    def __len__(self) -> int:
        return 1

    def at(self, elapsed: np.ndarray) -> np.ndarray:
        t = np.asarray(elapsed, float)
        n = np.sqrt(GM / self.a**3)
        m = self.m0 + n * t
        big = m.copy()
        for _ in range(30):
            big = big - (big - self.e * np.sin(big) - m) / (1 - self.e * np.cos(big))
        b = self.a * np.sqrt(1 - self.e**2)
        rate = n / (1 - self.e * np.cos(big))
        plane = np.array([self.a * (np.cos(big) - self.e), b * np.sin(big), 0 * t])
        speed = np.array([-self.a * np.sin(big) * rate, b * np.cos(big) * rate, 0 * t])
        turn = _rz(self.node) @ _rx(self.i) @ _rz(self.peri)
        return np.concatenate([turn @ plane, turn @ speed])[:, None, :]


def _rz(a: float) -> np.ndarray:
    return np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1.0]])


def _rx(a: float) -> np.ndarray:
    return np.array([[1.0, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])


def _runs(good: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(int), [0]])))
    return list(zip(edges[::2], edges[1::2], strict=True))


def _utc(seconds: float) -> str:
    return str(
        np.datetime64("2027-11-25T00:00:00.000") + np.timedelta64(round(1000 * (seconds - START)), "ms")
    )


def _summarise(good: np.ndarray) -> dict[str, Any]:
    span = good.size * STEP
    passes = np.array([(b - a) * STEP for a, b in _runs(good)])
    gaps = np.array([(b - a) * STEP for a, b in _runs(~good)])

    def spread(x: np.ndarray) -> dict[str, float]:
        if not x.size:
            return {"mean": 0.0, "median": 0.0, "p95": 0.0, "max": 0.0}
        return {
            "mean": float(x.mean()),
            "median": float(np.median(x)),
            "p95": float(np.percentile(x, 95)),
            "max": float(x.max()),
        }

    return {
        "percent": float(100 * good.mean()),
        "passes": len(passes),
        "pass_s": spread(passes),
        "gap_s": spread(gaps),
        "mean_response_s": float((gaps**2).sum() / (2 * span)),
    }


def build(
    days: float = 30.0, name: str = "Synthetic relay phase", status: str = "complete"
) -> SimpleNamespace:
    """Build the result; `days` long, two relays, one site, two stations."""
    span = days * 86400.0
    base = {"start": START, "span": span, "a": 6143.0, "e": 0.6, "i": np.radians(75), "node": 0.6}
    trajectories = {
        "alpine": KeplerTrajectory(**base, peri=np.radians(85), m0=0.0),
        "lupine": KeplerTrajectory(**base, peri=np.radians(85), m0=np.pi),
    }
    t = np.arange(0.0, span, STEP)
    spin = 2 * np.pi / (27.321661 * 86400) * t
    lat, lon = np.radians(SITE)
    up = np.array(
        [np.cos(lat) * np.cos(lon + spin), np.cos(lat) * np.sin(lon + spin), np.full(t.size, np.sin(lat))]
    )
    earth = 384400.0 * np.array([np.cos(spin), np.sin(spin), 0 * spin])
    sun = np.array([np.cos(0.3 + t * 2e-7), np.sin(0.3 + t * 2e-7), 0.02 + 0 * t])
    stations = {"dss-25": 0.0, "dss-34": 2.1}
    seen = {s: np.sin(2 * np.pi * t / 86164 + p) > -0.3 for s, p in stations.items()}
    elevation, site_view, earth_view = {}, {}, {}
    for key, orbit in trajectories.items():
        r = orbit.at(t)[:3, 0]
        d = r - RADIUS * up
        elevation[key] = np.degrees(np.arcsin((d * up).sum(0) / np.linalg.norm(d, axis=0)))
        site_view[key] = elevation[key] > MASK
        along = (r * earth).sum(0) / 384400.0
        off = np.sqrt(np.maximum((r**2).sum(0) - along**2, 0))
        earth_view[key] = (along > 0) | (off > RADIUS)
    rows: list[tuple[Any, ...]] = []

    def add(link: str, site: str, relay: str, station: str, good: np.ndarray) -> None:
        for a, b in _runs(good):
            best = float(elevation[relay][a:b].max()) if relay in elevation and site else 12.0
            rows.append(
                (
                    link,
                    site,
                    relay,
                    station,
                    START + a * STEP,
                    START + b * STEP,
                    a == 0,
                    b == t.size,
                    best,
                    900.0,
                )
            )

    seen["any"] = np.any(list(seen.values()), axis=0)
    for key in trajectories:
        add("site-relay", "schrodinger", key, "", site_view[key])
        for s in seen:
            add("relay-earth", "", key, s, earth_view[key] & seen[s])
            add("chain", "schrodinger", key, s, site_view[key] & earth_view[key] & seen[s])
    both = np.any([site_view[key] & earth_view[key] & seen["any"] for key in trajectories], axis=0)
    add("chain", "schrodinger", "any", "any", both)
    add("site-relay", "schrodinger", "any", "", np.any(list(site_view.values()), axis=0))
    names = ["link", "site", "relay", "station", "start_tdb", "end_tdb", "start_cut", "end_cut"]
    access = pd.DataFrame(rows, columns=[*names, "max_elevation_deg", "min_range_km"])
    access["start_utc"] = [_utc(x) for x in access.start_tdb]
    access["end_utc"] = [_utc(x) for x in access.end_tdb]
    access["duration_s"] = access.end_tdb - access.start_tdb
    access["near_tangent"] = False

    any_station = seen.pop("any")
    chains = {k: site_view[k] & earth_view[k] & any_station for k in trajectories}
    union = {
        "site-relay": site_view,
        "relay-earth": {k: earth_view[k] & any_station for k in trajectories},
        "chain": chains,
    }
    statistics: dict[str, Any] = {"schrodinger": {}}
    for link, views in union.items():
        both = np.sum(list(views.values()), axis=0)
        entry = _summarise(both > 0)
        entry["by_relay"] = {k: _summarise(v) for k, v in views.items()}
        entry["nfold"] = {str(k): float(100 * (both >= k).mean()) for k in (1, 2)}
        statistics["schrodinger"][link] = entry
    statistics["schrodinger"]["direct"] = {**_summarise(np.zeros(t.size, bool)), "by_station": {}}

    eclipse_rows = []
    for key, orbit in trajectories.items():
        r = orbit.at(t)[:3, 0]
        along = (r * sun).sum(0)
        dark = (along < 0) & (np.sqrt(np.maximum((r**2).sum(0) - along**2, 0)) < RADIUS)
        for kind, grow in (("penumbra", 1), ("umbra", 0)):
            for a, b in _runs(dark):
                s0, s1 = START + (a - grow) * STEP, START + (b + grow) * STEP
                eclipse_rows.append(
                    (key, "moon", kind, s0, s1, _utc(s0), _utc(s1), s1 - s0, a == 0, b == t.size)
                )
    columns = [
        "spacecraft",
        "body",
        "kind",
        "start_tdb",
        "end_tdb",
        "start_utc",
        "end_utc",
        "duration_s",
        "start_cut",
        "end_cut",
    ]
    eclipses = pd.DataFrame(eclipse_rows, columns=columns)

    return SimpleNamespace(
        window=(START, START + span),
        timelines={},
        budgets={},
        data_balance={},
        communications={},
        launch_window=None,
        deliveries={},
        relay_budgets={},
        scenario=_scenario(name, span),
        status=status,
        sites={
            "schrodinger": Site(
                "schrodinger", np.radians(SITE[0]), np.radians(SITE[1]), -1.5, ConstantMask(np.radians(MASK))
            )
        },
        environment=Environment.default(),
        trajectories=trajectories,
        lifetimes=_lifetimes(),
        access=access,
        eclipses=eclipses,
        coverage=_dataset(t, elevation, up, earth, sun, chains, days),
        statistics=statistics,
        degraded=_degraded(chains, site_view, earth_view, seen),
        requirements=_requirements(statistics),
        provenance={
            "version": "0.1.0",
            "scenario": {"file": "synthetic.yaml", "sha256": "0" * 64},
            "gravity": {"name": "GRGM1200A", "degree": 20, "sha256": "1" * 64},
            "tolerance": 1e-10,
        },
        sources=[{"path": "spacecraft.alpine.mass", "value": "150 kg", "source": "press release 2022-07-25"}],
        assumptions=[{"path": "spacecraft.alpine.orbit", "value": "6143 km", "assumption": "frozen ellipse"}],
        warnings=["UT1-UTC is held constant after 2027-01-01"],
    )


def _scenario(name: str, span: float) -> SimpleNamespace:
    mask = ConstantMask(np.radians(MASK))
    return SimpleNamespace(
        name=name,
        description="Two relays serve one site.",
        epoch_tdb=START,
        duration_s=span,
        sites={"schrodinger": SimpleNamespace(horizon=mask, label="Schrödinger")},
        relays=("alpine", "lupine"),
        spacecraft={
            name: SimpleNamespace(
                relay=SimpleNamespace(sites=("schrodinger",), stations=("dss-25", "dss-34"))
            )
            for name in ("alpine", "lupine")
        },
        stations={"dss-25": None, "dss-34": None},
        coverage=SimpleNamespace(
            light_time=False,
            minimum_pass_s=0.0,
            map=SimpleNamespace(
                region="far side",
                grid="equal-area",
                resolution_rad=np.radians(5.0),
                height_km=0.0,
                mask_rad=np.radians(MASK),
                minimum_pass_s=120.0,
            ),
        ),
    )


def _degraded(chains: Any, site_view: Any, earth_view: Any, seen: Any) -> list[dict[str, Any]]:
    cases = []
    for lost in chains:
        rest = np.any([v for k, v in chains.items() if k != lost], axis=0)
        cases.append((f"relay {lost}", rest))
    for lost in seen:
        left = np.any([v for k, v in seen.items() if k != lost], axis=0)
        cases.append(
            (f"station {lost}", np.any([site_view[k] & earth_view[k] & left for k in chains], axis=0))
        )
    out = []
    for label, good in cases:
        numbers = _summarise(good)
        out.append(
            {
                "lost": label,
                "site": "schrodinger",
                "percent": numbers["percent"],
                "longest_gap_s": numbers["gap_s"]["max"],
                "mean_response_s": numbers["mean_response_s"],
            }
        )
    return out


def _requirements(statistics: Any) -> list[dict[str, Any]]:
    chain = statistics["schrodinger"]["chain"]
    return [
        {
            "name": "relay availability",
            "site": "schrodinger",
            "link": "chain",
            "measure": "percent",
            "asked": 60.0,
            "asked_text": "at least 60 %",
            "found": chain["percent"],
            "found_text": f"{chain['percent']:.1f} %",
            "met": chain["percent"] >= 60.0,
            "margin": chain["percent"] - 60.0,
        },
        {
            "name": "longest silence",
            "site": "schrodinger",
            "link": "chain",
            "measure": "longest_gap",
            "asked": 3600.0,
            "asked_text": "at most 1 h",
            "found": chain["gap_s"]["max"],
            "found_text": f"{chain['gap_s']['max'] / 3600:.2f} h",
            "met": chain["gap_s"]["max"] <= 3600.0,
            "margin": 3600.0 - chain["gap_s"]["max"],
        },
    ]


def _lifetimes() -> dict[str, Any]:
    days = np.linspace(0.0, 730.0, 900)
    return {
        "alpine": {
            "impact_tdb": None,
            "horizon_s": 730 * 86400.0,
            "perilune_tdb": START + days * 86400.0,
            "perilune_altitude_km": 720 + 300 * np.sin(days / 90),
        },
        "lupine": {
            "impact_tdb": START + 400 * 86400.0,
            "horizon_s": 730 * 86400.0,
            "perilune_tdb": START + days[days < 400] * 86400.0,
            "perilune_altitude_km": np.maximum(720 * (1 - days[days < 400] / 400), 0.0),
        },
    }


def _dataset(t: Any, elevation: Any, up: Any, earth: Any, sun: Any, chains: Any, days: float) -> xr.Dataset:
    relays = list(elevation)
    every = slice(None, None, 5)

    def height(to: np.ndarray) -> np.ndarray:
        return np.degrees(np.arcsin((to * up).sum(0) / np.linalg.norm(to, axis=0)))

    rows = np.arange(-87.5, 90.0, 5.0)
    counts = np.maximum(np.round(36 * np.cos(np.radians(rows))).astype(int), 1)
    latitude = np.repeat(rows, counts)
    longitude = np.concatenate([90 + 180 * (np.arange(n) + 0.5) / n for n in counts])
    share = 55 - 35 * np.sin(np.radians(latitude)) + 5 * np.cos(np.radians(longitude - 150))
    about = {"link": "chain", "mean_percent": float(share.mean()), "sample_s": 60.0}
    day = np.arange(int(np.ceil(days)))
    per_day = int(86400 / STEP)
    union = np.any(list(chains.values()), axis=0)
    daily, gaps = [], []
    for d in day:
        part = union[d * per_day : (d + 1) * per_day]
        daily.append(100 * part.mean())
        gaps.append(max([(b - a) * STEP / 3600 for a, b in _runs(~part)], default=0.0))
    te = np.arange(0.0, days * 86400.0, 6 * 3600.0)
    wave = np.sin(te / 86400 / 14)

    def pair(values: Any, unit: str, text: str) -> tuple[Any, ...]:
        return (
            ("relay", "time_elements"),
            np.array([values, values * 1.01]),
            {"units": unit, "long_name": text},
        )

    e = 0.6 + 0.02 * wave
    a = 6143.0 + 3 * wave
    return xr.Dataset(
        {
            "site_relay_elevation_deg": (
                ("site", "relay", "time"),
                np.array([[elevation[r][every] for r in relays]]),
                {"units": "degree", "long_name": "elevation of the relay above the site's horizontal"},
            ),
            "sun_elevation_deg": (
                ("site", "time"),
                height(sun)[None, every],
                {"units": "degree", "long_name": "Sun elevation"},
            ),
            "earth_elevation_deg": (
                ("site", "time"),
                height(earth)[None, every],
                {"units": "degree", "long_name": "Earth elevation"},
            ),
            "semi_major_axis_km": pair(a, "km", "semi-major axis"),
            "eccentricity": pair(e, "1", "eccentricity"),
            "inclination_deg": pair(75 + wave, "degree", "inclination to the lunar orbit plane"),
            "inclination_equator_deg": pair(77 + wave, "degree", "inclination to the lunar equator"),
            "raan_deg": pair(40 + wave, "degree", "right ascension of the ascending node"),
            "argument_of_periapsis_deg": pair(85 + 8 * wave, "degree", "argument of periapsis"),
            "periapsis_altitude_km": pair(a * (1 - e) - RADIUS, "km", "periapsis altitude"),
            "apoapsis_altitude_km": pair(a * (1 + e) - RADIUS, "km", "apoapsis altitude"),
            "map_percent": (
                ("cell",),
                share,
                {"units": "percent", "long_name": "time with a chain", **about},
            ),
            "map_longest_gap_h": (
                ("cell",),
                12 - share / 10,
                {"units": "h", "long_name": "longest gap", **about},
            ),
            "map_exact": (
                ("cell",),
                np.zeros(share.size, dtype=np.int8),
                {"units": "1", "long_name": "exact"},
            ),
            "map_latitude_deg": (("cell",), latitude, {"units": "degrees_north"}),
            "map_longitude_deg": (("cell",), longitude, {"units": "degrees_east"}),
            "daily_percent": (("site", "link", "day"), np.array([[daily]]), {"units": "percent"}),
            "daily_longest_gap_h": (("site", "link", "day"), np.array([[gaps]]), {"units": "h"}),
        },
        coords={
            "site": ["schrodinger"],
            "relay": relays,
            "link": ["chain"],
            "day": day,
            "time": ("time", START + t[every], {"units": "s", "long_name": "seconds past J2000 TDB"}),
            "time_elements": (
                "time_elements",
                START + te,
                {"units": "s", "long_name": "seconds past J2000 TDB"},
            ),
        },
    )
