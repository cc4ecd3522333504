"""The launch window as one problem: transfer, capture plane, relays, pass over the site, Sun, propellant.

Every combination of launch, flight time, arrival branch and heading is flown to the landing and judged by
each condition on its own, so that the table says what excludes a day. Nothing is fixed in advance but what
the timeline of the spacecraft states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM, SECONDS_PER_DAY
from cislunar.environment.stations import Station
from cislunar.errors import InputError
from cislunar.landing.descent_law import GM_KM3_S2
from cislunar.landing.passes import site_icrf
from cislunar.mission.window_choice import LaunchWindow
from cislunar.mission.window_course import Course
from cislunar.mission.window_flights import Candidates, InOrbit, captured, find_candidates, follow
from cislunar.mission.window_landing import Landings, landings, sun_rate
from cislunar.mission.window_relays import apoapsis_direction_me, relay_coverage
from cislunar.orbits.frames import frame_to_icrf
from cislunar.transfers.launch import Launcher

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.environment import Environment
    from cislunar.propagation import ForceModel

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Progress = Callable[[float], None]


def find_window(
    course: Course,
    environment: Environment,
    earth: ForceModel,
    moon: ForceModel,
    progress: Progress | None = None,
    threads: int | None = None,
) -> LaunchWindow:
    """Search a launch window.

    Parameters
    ----------
    course : Course
        What every launch repeats, and which launches to try (`window_course.course_of`).
    environment : Environment
    earth, moon : ForceModel
        Forces about the Earth and about the Moon.
    progress : callable, optional
        Gets the share done, 0 to 1.
    threads : int, optional
        As for `propagate`.

    Returns
    -------
    LaunchWindow

    Notes
    -----
    Transfers are corrected with all bodies as point masses: the uneven field of the Moon changes what they
    cost by less than 0.1 m/s, and would take most of the time. Insertions are flown as stated, later
    manoeuvres before the landing as impulses; powered descent is the fitted law. Corrections of the transfer
    and margins are not counted: they do not depend on the day.
    """

    def tell(share: float) -> None:
        if progress is not None:
            progress(share)

    window = course.window
    last = window.start_tdb + window.step_s * (window.launches - 1) + max(window.times_of_flight_s)
    environment.require_span(
        window.start_tdb,
        last + course.search_s + window.coverage_s + 5.0 * SECONDS_PER_DAY,
        "the launch window",
    )
    tell(0.0)
    found = find_candidates(course, environment, earth, threads)
    tell(0.4)
    known = np.flatnonzero(found.transfers.converged)
    if not known.size:
        raise InputError(f"launch window: none of {len(found.transfers)} transfers was found")
    transfers = found.transfers.select(known)
    inserted = captured(course, transfers, moon, threads)
    waiting = follow(inserted, course.steps, course.engine.isp_s, moon, threads)
    tell(0.6)
    landed = landings(course, waiting, environment, moon, threads)
    tell(0.7)
    table = _table(course, found, known, environment)
    _add_landing(table, known, course, inserted, waiting, landed, environment)
    _judge(table, known, course, waiting, landed)
    ready = np.flatnonzero(table.loc[known, list(_ok_columns(table))].to_numpy().all(axis=1))
    percent, gap = np.full(known.size, np.nan), np.full(known.size, np.nan)
    if course.relays and window.coverage_s > 0.0 and ready.size:
        some = inserted.select(ready)
        percent[ready], gap[ready] = relay_coverage(
            course, some, environment, moon, lambda share: tell(0.7 + 0.3 * share), threads
        )
    table.loc[known, "coverage_percent"] = percent
    table.loc[known, "longest_gap_h"] = gap / 3600.0
    if window.least_coverage is not None and course.relays:
        enough = np.ones(len(table), dtype=np.bool_)
        enough[known[ready]] = percent[ready] >= 100.0 * window.least_coverage
        table["coverage_ok"] = enough
    tell(1.0)
    return LaunchWindow(window, _verdict(table))


def _ok_columns(table: pd.DataFrame) -> tuple[str, ...]:
    return tuple(name for name in table.columns if name.endswith("_ok"))


def _verdict(table: pd.DataFrame) -> pd.DataFrame:
    """Add whether all conditions are met, and the first that is not."""
    names = _ok_columns(table)
    met = table[list(names)].to_numpy(dtype=bool)
    table["feasible"] = np.asarray(met.all(axis=1), dtype=np.bool_)
    words = np.array([name.removesuffix("_ok") for name in names])
    table["excluded_by"] = np.where(table["feasible"], "", words[np.argmin(met, axis=1)])
    return table


def _table(
    course: Course, found: Candidates, known: NDArray[np.int64], environment: Environment
) -> pd.DataFrame:
    """What the transfers say; NaN for those that were not found."""
    import pandas as pd

    transfers = found.transfers
    flown = transfers.converged
    place, velocity = transfers.arrival_state[:3, known], transfers.arrival_state[3:, known]
    axes = frame_to_icrf("moon-me", transfers.arrival_tdb[known], environment)
    local = np.einsum("jin,jn->in", axes, np.cross(place, velocity, axis=0))
    local /= np.linalg.norm(local, axis=0)
    node = np.arctan2(local[0], -local[1])
    periapsis = np.einsum("jin,jn->in", axes, place)
    along = np.stack([np.cos(node), np.sin(node), np.zeros_like(node)])
    argument = np.arctan2(
        (periapsis * np.cross(local, along, axis=0)).sum(axis=0), (periapsis * along).sum(axis=0)
    )

    def column(values: Array) -> Array:
        full = np.full(flown.size, np.nan)
        full[known] = values
        return full

    def good(values: Array) -> Array:
        return np.where(flown, values, np.nan)

    return pd.DataFrame(
        {
            "launch": found.launch,
            "departure_tdb": transfers.departure_tdb,
            "time_of_flight_s": transfers.time_of_flight_s,
            "branch": found.branch,
            "heading": found.heading,
            "arrival_tdb": transfers.arrival_tdb,
            "injection_km_s": good(transfers.injection_km_s),
            "c3_km2_s2": good(transfers.c3_km2_s2),
            "v_infinity_km_s": good(transfers.v_infinity_km_s),
            "node_deg": column(np.degrees(node) % 360.0),
            "inclination_deg": column(np.degrees(np.arccos(np.clip(local[2], -1.0, 1.0)))),
            "argument_of_periapsis_deg": column(np.degrees(argument) % 360.0),
            "transfer_ok": flown,
        }
    )


def _add_landing(
    table: pd.DataFrame,
    known: NDArray[np.int64],
    course: Course,
    inserted: InOrbit,
    waiting: InOrbit,
    landed: Landings,
    environment: Environment,
) -> None:
    """Columns from the insertion to the touchdown."""
    apoapsis = apoapsis_direction_me(inserted.state, inserted.tdb, GM_KM3_S2, environment)
    up = course.site.up_me
    has = np.isfinite(landed.tdb)
    at = np.where(has, landed.tdb, waiting.tdb)
    stations = course.stations
    direct = stations_in_view(np.zeros((3, at.size)), at, stations, environment)
    columns = {
        "insertion_km_s": inserted.delta_v_km_s,
        "insertion_stations": stations_in_view(inserted.state[:3], inserted.tdb, stations, environment),
        "insertion_hidden": _behind_moon(inserted.state[:3], inserted.tdb, environment),
        "apoapsis_latitude_deg": np.degrees(np.arcsin(apoapsis[2])),
        "apoapsis_from_site_deg": np.degrees(np.arccos(np.clip(up @ apoapsis, -1.0, 1.0))),
        "changes_km_s": landed.before_km_s - inserted.delta_v_km_s,
        "wait_tdb": waiting.tdb,
        "landing_tdb": landed.tdb,
        "wait_s": landed.tdb - waiting.tdb,
        "plane_drift_s": landed.tdb - landed.fixed_plane_tdb,
        "sun_rising": np.where(has, _sun_rises(course, at, environment), np.nan),
        "sun_elevation_deg": np.degrees(landed.sun_elevation_rad),
        "landing_stations": np.where(has, direct, np.nan),
        "earth_elevation_deg": np.where(has, _earth_elevation_deg(course, at, environment), np.nan),
        "descent_km_s": landed.descent_orbit_km_s + landed.powered_km_s,
        "delta_v_km_s": landed.before_km_s + landed.descent_orbit_km_s + landed.powered_km_s,
        "landed_mass_kg": landed.mass_kg,
    }
    for name, values in columns.items():
        table.loc[known, name] = values.astype(np.float64)
    dry = course.mass_kg - course.propellant_kg - course.released_kg
    table["total_km_s"] = table["injection_km_s"] + table["delta_v_km_s"]
    table["margin_kg"] = table["landed_mass_kg"] - dry
    table["propellant_kg"] = course.propellant_kg - table["margin_kg"]


def _judge(
    table: pd.DataFrame, known: NDArray[np.int64], course: Course, waiting: InOrbit, landed: Landings
) -> None:
    """One column for each condition."""

    def flag(name: str, values: Flags) -> None:
        full = np.zeros(len(table), dtype=np.bool_)
        full[known] = values
        table[f"{name}_ok"] = full

    if course.launch.mass_curve:
        curve = Launcher("curve", *zip(*course.launch.mass_curve, strict=True))
        energy = table["c3_km2_s2"].to_numpy()[known]
        inside = (energy >= course.launch.mass_curve[0][0]) & (energy <= course.launch.mass_curve[-1][0])
        able = np.full(known.size, np.nan)
        able[inside] = curve.mass_at(energy[inside])
        table.loc[known, "launcher_margin_kg"] = able - course.mass_kg
        flag("launcher", able >= course.mass_kg)
    if course.window.insertion_in_view and course.stations:
        flag("insertion_view", (table["insertion_stations"] > 0).to_numpy()[known])
    flag("orbit", landed.orbit_ok & waiting.alive)
    flag("plane", landed.plane_ok)
    if course.window.longest_wait_s is not None:
        since = landed.tdb - table["arrival_tdb"].to_numpy()[known]
        flag("wait", since <= course.window.longest_wait_s)
    flag("sun", landed.sun_ok)
    if course.window.sun != "either":
        rising = table["sun_rising"].to_numpy()[known]
        flag("sun_motion", rising == float(course.window.sun == "rising"))
    flag("thrust", landed.thrust_ok)
    flag("propellant", (table["margin_kg"] >= 0.0).to_numpy()[known])


def stations_in_view(
    place: Array, tdb: Array, stations: tuple[Station, ...], environment: Environment
) -> NDArray[np.int64]:
    """How many stations see each of n places above their masks, past the Moon.

    Parameters
    ----------
    place : numpy.ndarray, shape (3, n)
        From the Moon's centre, ICRF axes, km; the centre stands for the Moon itself, which hides nothing.
    tdb : numpy.ndarray, shape (n,)
    stations : tuple of Station
    environment : Environment
    """
    earth = environment.ephemeris.position("earth", "moon", tdb)
    turning = environment.earth.itrs_to_gcrs(tdb)
    hidden = _behind_moon(place, tdb, environment)
    count = np.zeros(tdb.size, dtype=np.int64)
    for each in stations:
        up = np.einsum("ijm,j->im", turning, each.up_itrs)
        line = place - earth - np.einsum("ijm,j->im", turning, each.position_itrs_km)
        sine = (line * up).sum(axis=0) / np.linalg.norm(line, axis=0)
        count += (sine > np.sin(each.mask_rad)) & ~hidden
    return count


def _behind_moon(place: Array, tdb: Array, environment: Environment) -> Flags:
    """Whether the Moon hides places from the Earth's centre."""
    earth = environment.ephemeris.position("earth", "moon", tdb)
    toward = earth / np.linalg.norm(earth, axis=0)
    along = (place * toward).sum(axis=0)
    aside = np.linalg.norm(place - along * toward, axis=0)
    return np.asarray((along < 0.0) & (aside < MOON_RADIUS_KM))


def _sun_rises(course: Course, tdb: Array, environment: Environment) -> Flags:
    return sun_rate(course.site, environment, tdb) > 0.0


def _earth_elevation_deg(course: Course, tdb: Array, environment: Environment) -> Array:
    up = site_icrf(course.site, environment, tdb)
    line = environment.ephemeris.position("earth", "moon", tdb) - course.site.radius_km * up
    return np.degrees(np.arcsin((line * up).sum(axis=0) / np.linalg.norm(line, axis=0)))
