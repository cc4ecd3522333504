"""Who sees a spacecraft: closed geometry with stations and relays put where the answer is known."""

import math

import numpy as np
import pytest

from cislunar.environment import Environment
from cislunar.environment.sites import ConstantMask, Site
from cislunar.environment.stations import network, station
from cislunar.errors import InputError
from cislunar.landing.communications import contacts
from cislunar.landing.passes import site_icrf
from cislunar.propagation import ForceModel, propagate

START = 8.352e8
GM = 4902.8001224453001
DSN = network("dsn")


@pytest.fixture(scope="module")
def environment():
    return Environment.default()


def circle(radius_km, toward, across):
    """A circular orbit from the direction `toward`, to the direction `across`, as a function of epochs."""
    toward = toward / np.linalg.norm(toward)
    across = across - (across @ toward) * toward
    across = across / np.linalg.norm(across)
    rate = math.sqrt(GM / radius_km**3)

    def state(tdb):
        angle = rate * (np.asarray(tdb) - START)
        place = np.outer(toward, np.cos(angle)) + np.outer(across, np.sin(angle))
        speed = np.outer(across, np.cos(angle)) - np.outer(toward, np.sin(angle))
        return np.concatenate([radius_km * place, radius_km * rate * speed])

    return state, rate


def test_orbiter_behind_the_moon_is_hidden_for_the_closed_form_time(environment):
    earth = environment.ephemeris.position("earth", "moon", START)
    orbit, rate = circle(1937.4, -earth, np.array([0.0, 0.0, 1.0]))
    # from the middle of the far side on, for one revolution
    revolution = 2.0 * math.pi / rate
    # stations enough that one always sees the Moon, however low
    everywhere = [station(name) for name in ("dss-24", "dss-34", "dss-54", "new-norcia", "goonhilly")]
    found = contacts("orbit", START, START + revolution, orbit, everywhere, {}, environment)
    distance = np.linalg.norm(earth)
    # the edge of the cylinder nearly; the Earth is not infinitely far
    hidden = 2.0 * (math.acos(math.sqrt(1 - (1737.4 / 1937.4) ** 2)) - math.asin(1737.4 / distance))
    silent = float((found.nobody_tdb[:, 1] - found.nobody_tdb[:, 0]).sum())
    # stations lie up to 6378 km beside the Earth's centre, 1 deg as seen from here, and the Earth moves on
    assert silent == pytest.approx(hidden / rate, abs=math.radians(2.5) / rate)


def test_kinds_of_trajectory_agree(environment):
    earth = environment.ephemeris.position("earth", "moon", START)
    orbit, _ = circle(3000.0, earth, np.array([0.0, 0.0, 1.0]))
    forces = ForceModel("moon", gravity=None, bodies=(), gm={"moon": GM})
    flown = propagate(orbit(np.array([START]))[:, 0], START, 9000.0, forces)
    times = np.linspace(START, START + 9000.0, 400)
    whole = (START, START + 9000.0)
    kinds = [orbit, flown, (times, orbit(times))]
    tables = [contacts("orbit", *whole, each, DSN, {}, environment).rows() for each in kinds]
    assert len(tables[0]) > 1
    for other in tables[1:]:
        assert [row["station"] for row in other] == [row["station"] for row in tables[0]]
        assert np.allclose(
            [[row["start_tdb"], row["end_tdb"]] for row in other],
            [[row["start_tdb"], row["end_tdb"]] for row in tables[0]],
            atol=1e-2,
        )


def test_horizon_of_the_site_counts_from_touchdown_on(environment):
    open_site = Site("open", math.radians(-71.38), math.radians(138.25), -4.9, ConstantMask(0.0))
    pit = Site("pit", math.radians(-71.38), math.radians(138.25), -4.9, ConstantMask(math.radians(70.0)))

    def above(tdb):
        return 1745.0 * site_icrf(open_site, environment, tdb)

    axes = open_site.axes_me
    low = axes[2] * 2200.0 + axes[1] * 800.0  # a relay 30 deg up: above the open horizon, below the pit's

    def relay(tdb):
        # a long way back towards the Earth's side, so that stations see it past the Moon
        return np.einsum("ji...,j->i...", environment.orientation.icrf_to_me(tdb), 20.0 * low)

    touchdown = START + 600.0
    fractions = {}
    for site in (open_site, pit):
        found = contacts(
            "descent",
            START,
            START + 1200.0,
            above,
            DSN,
            {"relay": relay},
            environment,
            site=site,
            touchdown_tdb=touchdown,
        )
        through = [link for link in found.links if link.path == "relay" and link.station == "any"]
        fractions[site.name] = through[0]
    assert fractions["open"].fraction == pytest.approx(1.0)
    assert fractions["pit"].fraction == pytest.approx(0.5, abs=1e-4)
    assert fractions["pit"].intervals_tdb[-1, 1] == pytest.approx(touchdown, abs=2e-3)


def test_a_relay_behind_the_moon_carries_nothing(environment):
    earth = environment.ephemeris.position("earth", "moon", START)
    away = -earth / np.linalg.norm(earth)

    def lander(tdb):
        return np.outer(1745.0 * away, np.ones_like(tdb))

    def relay(tdb):
        return np.outer(1900.0 * away, np.ones_like(tdb))

    found = contacts("descent", START, START + 600.0, lander, DSN, {"relay": relay}, environment)
    assert found.covered.fraction == 0.0
    assert found.longest_silence_s == pytest.approx(600.0)
    assert found.rows() == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"end_tdb": START}, "descent: expected an end after the start; got 0 s"),
        ({"stations": ()}, "descent: expected at least one ground station; got none"),
        ({"touchdown_tdb": START + 5.0}, "expected a site and its touchdown together"),
        ({"spacecraft": 3}, "expected a function of epochs, a trajectory or (epochs, states); got int"),
        ({"spacecraft": (np.zeros(3), np.zeros((6, 3)))}, "expected two or more rising epochs (k,)"),
        (
            {"spacecraft": (START + np.arange(3.0), np.ones((6, 3)))},
            "spacecraft: the table covers",
        ),
    ],
)
def test_bad_arguments(environment, changes, text):
    values = {
        "name": "descent",
        "start_tdb": START,
        "end_tdb": START + 60.0,
        "spacecraft": lambda tdb: np.ones((3, tdb.size)) * 2000.0,
        "stations": DSN,
        "relays": {},
        "environment": environment,
    }
    with pytest.raises(InputError) as raised:
        contacts(**(values | changes))
    assert text in str(raised.value)
