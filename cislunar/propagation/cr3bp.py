"""The circular restricted three-body problem, flown in batches on the same lanes as everything else.

States are nondimensional, in the frame that turns with the primaries: origin at the barycentre, x towards the
smaller primary, z along the angular momentum; the unit of length is the distance of the primaries, one turn
takes 2 pi units of time [1]_.

An orbit of the literature is a periodic orbit only with the mass ratio it was computed for, and has the same
kilometres and days only with the same units: catalogues differ by 1.4 % in length and 2 % in time.

References
----------
.. [1] V. Szebehely, "Theory of Orbits: The Restricted Problem of Three Bodies" (1967), chapters 1 and 4.
.. [2] Jet Propulsion Laboratory, "Three-Body Periodic Orbits", https://ssd.jpl.nasa.gov/tools/periodic_orbits.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError
from cislunar.propagation.batch import Batch, fly_batch
from cislunar.propagation.checks import check_options, every, per_trajectory, state_columns
from cislunar.propagation.granules import SPACING_S, TERMS, Granules
from cislunar.propagation.status import MESSAGES, Status, messages
from cislunar.propagation.trajectory import Trajectory

if TYPE_CHECKING:
    from cislunar.propagation.systems import ThreeBodyModel


ROTATING = "barycentre, rotating with the primaries"
"""`center` of trajectories in the three-body problem."""


class NoEnvironment:
    """The environment tables of a system that needs none, in the form of `granules.GranuleTable`."""

    def between(self, start_tdb: float, end_tdb: float) -> Granules:
        """Return one cell without series, valid always."""
        return Granules(0, SPACING_S, np.array([[0.0, np.inf]]), np.zeros((1, 0, TERMS)))


@dataclass(frozen=True)
class ThreeBodySystem:
    """Two primaries on circles about their barycentre.

    Attributes
    ----------
    name : str
        What the system is called.
    mu : float
        Mass of the smaller primary over the mass of both, above 0 and at most 0.5.
    length_km : float
        Distance of the primaries, km.
    time_s : float
        Time in which the frame turns by one radian, s.

    Raises
    ------
    InputError
        A value is out of range.
    """

    name: str
    mu: float
    length_km: float
    time_s: float

    def __post_init__(self) -> None:
        """Check the values."""
        if not (isinstance(self.mu, Real) and 0.0 < self.mu <= 0.5):
            raise InputError(f"{self.name}: expected a mass ratio above 0 and at most 0.5; got {self.mu!r}")
        for unit in (self.length_km, self.time_s):
            if not (isinstance(unit, Real) and 0.0 < unit < np.inf):
                raise InputError(f"{self.name}: expected positive units of length and time; got {unit!r}")

    @property
    def speed_km_s(self) -> float:
        """Unit of speed, km/s."""
        return self.length_km / self.time_s

    def primary(self, name: str) -> float:
        """Place on the x axis of a primary: `larger`, `smaller`, or one of the two words of `name`."""
        words = self.name.split("-")
        known = {"larger": -self.mu, "smaller": 1.0 - self.mu}
        if len(words) == 2:
            known |= {words[0]: -self.mu, words[1]: 1.0 - self.mu}
        if name not in known:
            raise InputError(
                f"body: expected a primary of {self.name}, one of {', '.join(known)}; got {name!r}"
            )
        return known[name]

    @cached_property
    def compiled(self) -> ThreeBodyModel:
        """The system in the form of the integration loop."""
        from cislunar.propagation.systems import ThreeBodyModel

        return ThreeBodyModel(float(self.mu))

    @property
    def table(self) -> NoEnvironment:
        """The environment: none."""
        return NoEnvironment()

    def pressure(self, n: int) -> NDArray[np.float64]:
        """Radiation pressure on n trajectories: none."""
        return np.zeros(n)

    def jacobi_constant(self, state: ArrayLike) -> NDArray[np.float64]:
        """Jacobi constant `x^2 + y^2 + 2 (1 - mu) / r1 + 2 mu / r2 - v^2`.

        Parameters
        ----------
        state : array_like, shape (6, ...)
            Nondimensional, rotating frame.

        Returns
        -------
        numpy.ndarray, shape (...)
            In the convention of the JPL catalogue, without the constant term `mu (1 - mu)` of some authors.
        """
        x, y, z, vx, vy, vz = np.asarray(state, dtype=np.float64)
        across = y * y + z * z
        large = np.sqrt((x + self.mu) ** 2 + across)
        small = np.sqrt((x - 1.0 + self.mu) ** 2 + across)
        potential = x * x + y * y + 2.0 * (1.0 - self.mu) / large + 2.0 * self.mu / small
        return potential - (vx * vx + vy * vy + vz * vz)

    @cached_property
    def libration_points(self) -> NDArray[np.float64]:
        """Positions of L1 to L5, shape (5, 3), nondimensional.

        L1 lies between the primaries, L2 beyond the smaller one, L3 beyond the larger one, L4 leads.
        """
        mu = self.mu
        hill = (mu / 3.0) ** (1.0 / 3.0)
        starts = (1.0 - mu - hill, 1.0 - mu + hill, -1.0 - 5.0 * mu / 12.0)
        points = np.zeros((5, 3))
        for k, x in enumerate(starts):
            for _ in range(50):
                large, small = x + mu, x - 1.0 + mu
                force = x - (1.0 - mu) / (large * abs(large)) - mu / (small * abs(small))
                slope = 1.0 + 2.0 * (1.0 - mu) / abs(large) ** 3 + 2.0 * mu / abs(small) ** 3
                step = force / slope
                x -= step
                if abs(step) < 1e-16:
                    break
            points[k, 0] = x
        points[3:, 0] = 0.5 - mu
        points[3:, 1] = np.sqrt(0.75) * np.array([1.0, -1.0])
        return points


EARTH_MOON = ThreeBodySystem("earth-moon", 0.01215058560962404, 389703.264829278, 382981.289129055)
"""Earth and Moon with the constants of the JPL catalogue of periodic orbits [2]_."""


def propagate_three_body(
    state: ArrayLike,
    duration: ArrayLike,
    system: ThreeBodySystem = EARTH_MOON,
    rtol: float = 1e-14,
    threads: int | None = None,
    on_error: str = "raise",
    max_steps: int = 10_000_000,
    record: bool = True,
    events: Any = (),
) -> Trajectory:
    """Fly a batch of trajectories in the circular restricted three-body problem.

    Parameters
    ----------
    state : array_like, shape (6, n) or (6,)
        Nondimensional, rotating frame about the barycentre.
    duration : float or array_like, shape (n,)
        Nondimensional. Negative flies backwards, zero returns the state.
    system : ThreeBodySystem
        The primaries; Earth and Moon of the JPL catalogue when left out.
    rtol : float
        Largest error of one step, relative to the distance from the nearer primary and to the speed.
    threads, on_error, max_steps, record
        As for `cislunar.propagation.propagate`.
    events : sequence of Event or callable
        What to look for on the way, or to stop at: `PlaneCrossing`; `Periapsis`, `Apoapsis` and `Radius`
        about a primary (`body="moon"`, or "smaller" and "larger" for any system); and functions
        `g(time, state)`. Everything is nondimensional.

    Returns
    -------
    Trajectory
        With everything nondimensional and in the rotating frame; epochs are zero. Events are in its table
        `events`; one that met a terminal event has the status EVENT.

    Raises
    ------
    InputError
        Shapes that do not fit, values that are not finite, a start in the middle of a primary, or a tolerance
        that float64 cannot give; all indices in one message.

    Notes
    -----
    Method: Verner's 9(8) pair with a predictive step controller. At the default tolerance catalogued
    near-rectilinear halo orbits close to 1e-12 after one period, and the Jacobi constant keeps to 1e-12 over
    30 days, also on a transfer that starts in a low Earth orbit (tests). Primaries are points: nothing stops
    a trajectory at their surfaces; one that meets a point ends with status STEP_TOO_SMALL.
    """
    states = state_columns(state)
    n = states.shape[1]
    if not isinstance(system, ThreeBodySystem):
        raise InputError(f"system: expected a ThreeBodySystem, such as EARTH_MOON; got {system!r}")
    durations = per_trajectory(duration, n, "duration")
    check_options(rtol, on_error, max_steps, threads)
    texts = _problems(states, durations, system)
    if texts and on_error == "raise":
        groups = {text: np.array([i for i, t in texts.items() if t == text]) for text in texts.values()}
        raise InputError("; ".join(f"trajectories {every(who)}: {text}" for text, who in groups.items()))
    if not isinstance(events, tuple | list) or len(events):
        return _fly_with_events(states, durations, system, events, rtol, threads, max_steps, record)
    flown = np.setdiff1d(np.arange(n), list(texts))
    nothing = np.zeros(n)
    batch = Batch(states, nothing, durations, nothing, nothing, np.full(n, np.inf))
    result = fly_batch(batch, flown, system, rtol, max_steps, record, threads)
    message = messages(result.status)
    for i, text in texts.items():
        message[i] = f"{MESSAGES[Status.BAD_INPUT]}: {text}"
    forces: Any = system
    return Trajectory(
        ROTATING,
        nothing,
        durations,
        result.status,
        result.final,
        result.elapsed,
        result.offsets,
        result.nodes,
        result.steps,
        message,
        forces,
        nothing,
    )


def _fly_with_events(
    states: NDArray[np.float64],
    durations: NDArray[np.float64],
    system: ThreeBodySystem,
    events: Any,
    rtol: float,
    threads: int | None,
    max_steps: int,
    record: bool,
) -> Trajectory:
    """Fly checked input to its terminal events, and find the others on the way."""
    from cislunar.propagation.event_kinds import checked_events
    from cislunar.propagation.event_table import EventTable
    from cislunar.propagation.events import event_rows
    from cislunar.propagation.terminal import fly_to_events, without_nodes

    wanted = checked_events(events)

    def fly(chosen: Any, state: Any, epoch: Any, duration: Any, max_steps: int) -> Trajectory:
        return propagate_three_body(state, duration, system, rtol, threads, "status", max_steps)

    nothing = np.zeros(durations.size)
    if any(event.terminal for event in wanted):
        outcome = fly_to_events(fly, states, nothing, durations, wanted, max_steps)
        flown, rows = outcome.flown, outcome.event_rows(wanted)
    else:
        flown = fly(np.arange(durations.size), states, nothing, durations, max_steps)
        rows = event_rows(flown, wanted)
    flown.events = EventTable(tuple(event.name for event in wanted), rows, flown.n)
    return flown if record else without_nodes(flown)


def _problems(
    states: NDArray[np.float64], durations: NDArray[np.float64], system: ThreeBodySystem
) -> dict[int, str]:
    """Why trajectories cannot be flown, by index."""
    finite = np.isfinite(states).all(axis=0) & np.isfinite(durations)
    with np.errstate(all="ignore"):
        huge = np.asarray((np.abs(states) > 1e6).any(axis=0))
        at_primary = ((states[1:3] == 0.0).all(axis=0)) & (
            (states[0] == -system.mu) | (states[0] == 1.0 - system.mu)
        )
    texts = {}
    for i in np.flatnonzero(~finite | huge | at_primary):
        if not finite[i]:
            texts[int(i)] = "the state or the duration holds a value that is not finite"
        elif huge[i]:
            texts[int(i)] = "the state is out of range: expected nondimensional values"
        else:
            texts[int(i)] = "the start lies in the middle of a primary"
    return texts
