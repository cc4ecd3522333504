"""The landing of a vehicle from a lunar orbit: which pass, when the burns start, what they take.

The orbit is flown in the real force model until it passes over the site under the conditions wanted.  The
descent-orbit burn is made half a revolution before powered descent starts, and brings the flight to the
wanted altitude there, in the same force model; the optimal descent starts from the state that results.
Cross-range, what the orbit passes beside the site, is flown out during the powered descent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.landing.communications import Contacts, contacts
from cislunar.landing.descent import Descent
from cislunar.landing.descent_orbit import DescentOrbit, DescentOrbitError, descent_orbit
from cislunar.landing.floor import terrain_floor
from cislunar.landing.optimal import optimal_descent, thrust_problem
from cislunar.landing.passes import Passes, find_passes
from cislunar.landing.problem import Approach, Ground, LevelStart, Vertical
from cislunar.landing.selection import Choice, Conditions, choose, sun_elevation
from cislunar.landing.siteaxes import site_axes, spin_along, start_over_ground, to_icrf
from cislunar.vehicles.rocket import mass_after

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.environment.stations import Station
    from cislunar.propagation import ForceModel, Trajectory
    from cislunar.vehicles.engine import Engine

Array = NDArray[np.float64]

DEFAULT_DEGREE = 30
DEFAULT_SEARCH_S = 30.0 * 86400.0
AFTER_TOUCHDOWN_S = 3600.0
_WASTEFUL_KM_S = 0.1


@dataclass(frozen=True)
class LandingEvent:
    """A burn on the way to the ground.

    Attributes
    ----------
    name : str
        "descent orbit", "braking", "approach", "vertical".
    epoch_tdb : float
        Start.
    duration_s : float
        0 for the descent-orbit burn, which is taken as an impulse.
    delta_v_km_s, ideal_km_s, loss_km_s : float
        Loss is delta-v less ideal; the ideal of the powered descent stands at its first phase.
    propellant_kg, mass_before_kg, mass_after_kg : float
    """

    name: str
    epoch_tdb: float
    duration_s: float
    delta_v_km_s: float
    ideal_km_s: float
    propellant_kg: float
    mass_before_kg: float
    mass_after_kg: float

    @property
    def loss_km_s(self) -> float:
        """Delta-v above the ideal."""
        return self.delta_v_km_s - self.ideal_km_s


@dataclass(frozen=True, eq=False)
class LandingPlan:
    """A landing, or why there is none; what was not reached is None or NaN.

    Attributes
    ----------
    status : str
        "ok", "thrust", "propellant", "cross-range", "sun", "contact", "descent orbit", "not converged".
    message : str
        How far off it is.
    site : Site
    events : tuple of LandingEvent
    descent_orbit_tdb, ignition_tdb, touchdown_tdb : float
        Epochs of the descent-orbit burn, of the start of powered descent, and of touchdown.
    cross_range_rad : float
        Angle of the site to the left of the orbit's plane as powered descent starts; without a landing, that
        of the pass that came closest.
    plane_change_km_s : float
        Ideal cost of turning the plane over the site a quarter of a revolution before the pass that came
        closest: what a landing there would need beyond what the powered descent flies out.
    passes : Passes
        All passes considered.
    sun_elevation_rad : float
        At the site at touchdown.
    orbit : Trajectory
        The given orbit, up to the descent-orbit burn and beyond.
    coast : Trajectory or None
        From the descent-orbit burn to ignition.
    descent : Descent or None
    communications : Contacts or None
        From the descent-orbit burn to one hour after touchdown, if there are stations.
    mass_kg, dry_mass_kg : float
        Before the descent-orbit burn; without propellant.
    """

    status: str
    message: str
    site: Site
    events: tuple[LandingEvent, ...]
    descent_orbit_tdb: float
    ignition_tdb: float
    touchdown_tdb: float
    cross_range_rad: float
    plane_change_km_s: float
    passes: Passes
    sun_elevation_rad: float
    orbit: Trajectory
    coast: Trajectory | None
    descent: Descent | None
    communications: Contacts | None
    mass_kg: float
    dry_mass_kg: float
    environment: Environment

    @property
    def ok(self) -> bool:
        """Whether the vehicle lands."""
        return self.status == "ok"

    @property
    def delta_v_km_s(self) -> float:
        """Sum over the events."""
        return sum(event.delta_v_km_s for event in self.events)

    @property
    def propellant_kg(self) -> float:
        """Sum over the events."""
        return sum(event.propellant_kg for event in self.events)

    @property
    def landed_mass_kg(self) -> float:
        """Mass at touchdown, propellant left over included; NaN without a landing."""
        return self.events[-1].mass_after_kg if self.events else math.nan

    def state_at(self, tdb: ArrayLike) -> Array:
        """Position and velocity, Moon-centred, ICRF axes, from the descent-orbit burn on, shape (6, m).

        On the ground after touchdown.

        Raises
        ------
        InputError
            There is no landing, or an epoch is before the burn.
        """
        times = np.atleast_1d(np.asarray(tdb, dtype=np.float64))
        if self.coast is None or self.descent is None or not self.descent.found:
            raise InputError(f"no landing to evaluate: {self.message}")
        result = np.empty((6, times.size))
        coasting = times < self.ignition_tdb
        if coasting.any():
            result[:, coasting] = self.coast.at_tdb(times[coasting])[:, 0]
        low = ~coasting
        if low.any():
            axes = site_axes(
                self.coast.at_tdb(self.ignition_tdb)[:, 0], self.site, self.environment, self.ignition_tdb
            )
            elapsed = np.minimum(times[low] - self.ignition_tdb, self.descent.time_s[-1])
            states = self.descent.at(elapsed)
            states[3:, times[low] >= self.touchdown_tdb] = 0.0
            result[:, low] = to_icrf(states, axes, times[low], self.environment)
        return result


def plan_landing(
    orbit_state_moon: ArrayLike,
    epoch_tdb: float,
    site: Site,
    engine: Engine,
    mass_kg: float,
    dry_mass_kg: float,
    environment: Environment,
    *,
    forces: ForceModel | None = None,
    latest_tdb: float | None = None,
    sun_elevation_rad: tuple[float, float] | None = None,
    stations: Sequence[Station] = (),
    relays: Mapping[str, Any] | None = None,
    require_contact: bool = False,
    cross_range_limit_rad: float = math.radians(0.6),
    descent_periapsis_altitude_km: float = 15.0,
    approach: Approach | None = Approach(),  # noqa: B008 - frozen
    vertical: Vertical = Vertical(),  # noqa: B008 - frozen
    terrain_clearance_km: float | None = None,
) -> LandingPlan:
    """Plan the landing on a site from a lunar orbit.

    Parameters
    ----------
    orbit_state_moon : array_like, shape (6,)
        Moon-centred, ICRF axes, km and km/s.
    epoch_tdb : float
        Of that state, seconds past J2000 TDB: the descent-orbit burn is not before it.
    site : Site
    engine : Engine
    mass_kg, dry_mass_kg : float
        Before the descent-orbit burn, and without any propellant.
    environment : Environment
    forces : ForceModel, optional
        About the Moon; the packaged field to degree 30, Earth and Sun if left out.
    latest_tdb : float, optional
        Touchdown is not after it; 30 days after the epoch if left out.
    sun_elevation_rad : tuple of float, optional
        Lowest and highest elevation of the Sun's centre at touchdown.
    stations : sequence of Station
        Ground stations, for the communications.
    relays : mapping of str to trajectory
        Relays by name, of the kinds that `communications.contacts` takes; they must cover the time to one
        hour after touchdown, and to `latest_tdb` if contact is required.
    require_contact : bool
        Whether a pass counts only if somebody sees the site at touchdown.
    cross_range_limit_rad : float
        Largest angle between site and plane that the powered descent flies out.  Passes of a low orbit are
        1.1 deg of longitude apart, so that 0.6 deg finds one whenever the plane goes over the site.
    descent_periapsis_altitude_km : float
        Where powered descent starts, above the sphere of 1737.4 km.
    approach, vertical : Approach or None, Vertical
        See `problem`.
    terrain_clearance_km : float, optional
        Keep this far above the terrain under the flight path while braking (less within ten times this
        distance from the site); without it, above the sphere of the site.

    Returns
    -------
    LandingPlan
        Of the earliest pass that meets all conditions.

    Raises
    ------
    InputError
        For arguments that are no state, mass, range or time; physics that does not work out is a status.
    """
    from cislunar.propagation import ForceModel, propagate

    state = np.asarray(orbit_state_moon, dtype=np.float64)
    latest = epoch_tdb + DEFAULT_SEARCH_S if latest_tdb is None else latest_tdb
    _require(state, epoch_tdb, latest, mass_kg, dry_mass_kg, sun_elevation_rad, descent_periapsis_altitude_km)
    if require_contact and not stations:
        raise InputError("landing: expected ground stations to be in contact with; got none")
    model = forces or ForceModel(
        "moon",
        degree=DEFAULT_DEGREE,
        ephemeris=environment.ephemeris,
        orientation=environment.orientation,
    )
    if model.center != "moon":
        raise InputError(f"landing: expected forces about the moon; got {model.center!r}")
    gm = model.gm["moon"]
    orbit = propagate(state, epoch_tdb, latest - epoch_tdb, model)
    flown_until = epoch_tdb + float(orbit.final_elapsed[0])
    found = find_passes(orbit, site, environment, epoch_tdb, flown_until)
    blank = LandingPlan(
        "ok",
        "",
        site,
        (),
        math.nan,
        math.nan,
        math.nan,
        math.nan,
        math.nan,
        found,
        math.nan,
        orbit,
        None,
        None,
        None,
        mass_kg,
        dry_mass_kg,
        environment,
    )
    ground = Ground(gm, site.radius_km)
    periapsis = MOON_RADIUS_KM + descent_periapsis_altitude_km
    excess = float(state[3:] @ state[3:]) - 2.0 * gm / float(np.linalg.norm(state[:3]))
    if excess >= 0.0:
        text = (
            "the orbit is not captured: it passes the Moon on a hyperbola with "
            f"{1000.0 * math.sqrt(excess):.0f} m/s to spare; insert into a lunar orbit first"
        )
        return replace(blank, status="descent orbit", message=text)
    text = thrust_problem(engine, mass_kg, math.sqrt(gm / periapsis), ground)
    if text:
        return replace(blank, status="thrust", message=text)
    conditions = Conditions(
        cross_range_limit_rad, sun_elevation_rad, require_contact, tuple(stations), relays or {}
    )
    choice = choose(found, orbit, site, environment, conditions, gm)
    blank = replace(blank, cross_range_rad=choice.cross_range_rad, plane_change_km_s=choice.plane_change_km_s)
    if not choice.candidates.size:
        return replace(blank, status=choice.status, message=choice.message + _impact(orbit, latest))
    settings = (approach, vertical, terrain_clearance_km)
    return _land(blank, choice, engine, model, periapsis, settings, conditions, latest)


def _land(
    blank: LandingPlan,
    choice: Choice,
    engine: Engine,
    model: ForceModel,
    periapsis_km: float,
    settings: tuple[Approach | None, Vertical, float | None],
    conditions: Conditions,
    latest_tdb: float,
) -> LandingPlan:
    """Fly the first candidate that has room for its descent orbit, and check it at its own touchdown."""
    last: LandingPlan | None = None
    range_rad, gm = None, model.gm["moon"]
    for number in choice.candidates:
        pass_tdb = float(blank.passes.tdb[number])
        if range_rad is None:
            first = _first_descent(blank, pass_tdb, engine, gm, periapsis_km, settings)
            if not first.found:
                return replace(blank, status=first.status, message=first.message, descent=first)
            range_rad = float(first.downrange_km[0]) / blank.site.radius_km
        try:
            coast = descent_orbit(
                blank.orbit, model, blank.site, blank.environment, pass_tdb, range_rad, periapsis_km
            )
        except DescentOrbitError as reason:
            last = replace(blank, status="descent orbit", message=str(reason))
            continue
        off = abs(coast.cross_range_rad)
        if off > conditions.cross_range_limit_rad:
            text = (
                f"the site lies {math.degrees(off):.2f} deg ({off * blank.site.radius_km:.0f} km) off the "
                "plane as powered descent starts; "
                f"{math.degrees(conditions.cross_range_limit_rad):g} deg can be flown out"
            )
            last = replace(blank, status="cross-range", message=text)
            continue
        plan = _fly(blank, coast, engine, gm, settings, conditions)
        if plan.descent is not None and plan.descent.found:
            refusal = choice.check_touchdown(plan.touchdown_tdb, plan.sun_elevation_rad, latest_tdb)
            if refusal:
                last = replace(plan, status=refusal[0], message=refusal[1])
                continue
        return plan
    assert last is not None
    return last


def _first_descent(
    plan: LandingPlan,
    pass_tdb: float,
    engine: Engine,
    gm: float,
    periapsis_km: float,
    settings: tuple[Approach | None, Vertical, float | None],
) -> Descent:
    """Optimum from an ideal descent orbit: it says how far from the site powered descent starts."""
    state = plan.orbit.at_tdb(pass_tdb)[:, 0]
    apoapsis = max(float(np.linalg.norm(_opposite(plan.orbit, pass_tdb, gm))), periapsis_km)
    axes = site_axes(state, plan.site, plan.environment, pass_tdb)
    start = LevelStart.at_periapsis(periapsis_km, apoapsis, gm, 0.0)
    burn = abs(float(np.linalg.norm(state[3:])) - start.speed_km_s)
    mass = float(mass_after(plan.mass_kg, min(burn, 0.1), engine.isp_s))
    ground = Ground(gm, plan.site.radius_km, spin_along(axes, plan.environment, pass_tdb))
    return optimal_descent(engine, mass, ground, start, approach=settings[0], vertical=settings[1])


def _fly(
    plan: LandingPlan,
    coast: DescentOrbit,
    engine: Engine,
    gm: float,
    settings: tuple[Approach | None, Vertical, float | None],
    conditions: Conditions,
) -> LandingPlan:
    """Powered descent from a flown descent orbit, with its costs and its communications."""
    approach, vertical, clearance = settings
    site, environment = plan.site, plan.environment
    mass = float(mass_after(plan.mass_kg, coast.burn_km_s, engine.isp_s))
    start = coast.flown.at_tdb(coast.ignition_tdb)[:, 0]
    axes = site_axes(start, site, environment, coast.ignition_tdb)
    ground = Ground(gm, site.radius_km, spin_along(axes, environment, coast.ignition_tdb))
    floor = None
    if clearance is not None:
        floor = terrain_floor(environment.terrain, site, axes, 1.3 * coast.range_rad, clearance)
    descent = optimal_descent(
        engine,
        mass,
        ground,
        start_over_ground(start, axes, environment, coast.ignition_tdb),
        approach=approach,
        vertical=vertical,
        floor=floor,
        dry_mass_kg=plan.dry_mass_kg,
    )
    plan = replace(
        plan,
        status=descent.status,
        message=descent.message,
        descent=descent,
        coast=coast.flown,
        cross_range_rad=coast.cross_range_rad,
        descent_orbit_tdb=coast.burn_tdb,
        ignition_tdb=coast.ignition_tdb,
    )
    if not descent.found:
        return plan
    touchdown = coast.ignition_tdb + float(descent.time_s[-1])
    plan = replace(
        plan,
        message=_join(descent.message, _wasteful(coast)),
        touchdown_tdb=touchdown,
        sun_elevation_rad=float(sun_elevation(site, environment, np.array([touchdown]))[0]),
        events=_events(plan.mass_kg, mass, coast, descent, engine),
    )
    if not conditions.stations:
        return plan
    return replace(
        plan,
        communications=contacts(
            "descent",
            coast.burn_tdb,
            touchdown + AFTER_TOUCHDOWN_S,
            plan.state_at,
            conditions.stations,
            conditions.relays,
            environment,
            site=site,
            touchdown_tdb=touchdown,
        ),
    )


def _join(*texts: str) -> str:
    return "; ".join(text for text in texts if text)


def _wasteful(coast: DescentOrbit) -> str:
    """Say so where the descent-orbit burn turns the line of apsides and does not only lower the periapsis."""
    if coast.burn_km_s < _WASTEFUL_KM_S:
        return ""
    return (
        f"the descent-orbit burn takes {1000.0 * coast.burn_km_s:.0f} m/s, because the orbit is eccentric "
        "and its apoapsis does not lie half a revolution before powered descent"
    )


def _events(
    mass_kg: float, ignition_kg: float, coast: DescentOrbit, descent: Descent, engine: Engine
) -> tuple[LandingEvent, ...]:
    events = [
        LandingEvent(
            "descent orbit",
            coast.burn_tdb,
            0.0,
            coast.burn_km_s,
            coast.burn_km_s,
            mass_kg - ignition_kg,
            mass_kg,
            ignition_kg,
        )
    ]
    ideal = descent.ideal_km_s
    for name in ("braking", "approach", "vertical"):
        where = np.flatnonzero(descent.phase == name)
        if not where.size:
            continue
        before, after = float(descent.mass_kg[where[0]]), float(descent.mass_kg[where[-1]])
        spent = engine.exhaust_speed_km_s * math.log(before / after)
        began = coast.ignition_tdb + float(descent.time_s[where[0]])
        lasted = float(descent.time_s[where[-1]] - descent.time_s[where[0]])
        # the speed to be removed is one sum; what a phase leaves of it the next one removes
        share = min(ideal, spent)
        events.append(LandingEvent(name, began, lasted, spent, share, before - after, before, after))
        ideal -= share
    return tuple(events)


def _require(
    state: Array,
    epoch: float,
    latest: float,
    mass: float,
    dry: float,
    sun: tuple[float, float] | None,
    periapsis: float,
) -> None:
    if state.shape != (6,) or not np.isfinite(state).all():
        raise InputError(
            f"landing: expected a finite state of shape (6,), km and km/s about the Moon; got "
            f"{state.shape} with {int((~np.isfinite(state)).sum())} values that are not finite"
        )
    if not (math.isfinite(epoch) and math.isfinite(latest) and latest > epoch):
        raise InputError(
            f"landing: expected a latest touchdown after the epoch of the orbit; got {latest - epoch:g} s "
            "after it"
        )
    if not (math.isfinite(mass) and math.isfinite(dry) and 0.0 < dry <= mass):
        raise InputError(f"landing: expected 0 < dry mass <= mass; got {dry} kg and {mass} kg")
    if sun is not None and not -math.pi / 2 <= sun[0] < sun[1] <= math.pi / 2:
        raise InputError(
            "landing: expected a range of Sun elevations, lowest first, within -90 to 90 deg; got "
            f"{math.degrees(sun[0]):g} to {math.degrees(sun[1]):g} deg"
        )
    if not 0.0 < periapsis < 1000.0:
        raise InputError(
            "landing: expected powered descent to start between 0 and 1000 km of altitude; got "
            f"{periapsis:g} km"
        )


def _impact(orbit: Trajectory, latest_tdb: float) -> str:
    reached = float(orbit.epoch[0] + orbit.final_elapsed[0])
    if reached >= latest_tdb - 1.0:
        return ""
    return f"; the orbit itself ended after {(reached - orbit.epoch[0]) / 86400.0:.1f} d ({orbit.message[0]})"


def _opposite(orbit: Trajectory, tdb: float, gm: float) -> Array:
    """Position half a revolution, by angle, from that at an epoch, on the osculating orbit."""
    state = orbit.at_tdb(tdb)[:, 0]
    place, velocity = state[:3], state[3:]
    momentum = np.cross(place, velocity)
    eccentric = np.cross(velocity, momentum) / gm - place / np.linalg.norm(place)
    direction = -place / np.linalg.norm(place)
    return np.asarray(direction * (momentum @ momentum / gm) / (1.0 + eccentric @ direction))
