"""Trajectories to and from boinor; conversions of numbers are in tests/truth/test_boinor_conversions.py."""

import subprocess
import sys

import numpy as np
import pytest
from flights import EPOCH, GM, flight

from cislunar.errors import CislunarError, InputError
from cislunar.exchange import boinor as guest

pytest.importorskip("boinor")


def test_orbit_osculates_the_trajectory():
    from astropy import units as u

    trajectory = flight()
    orbit = guest.orbit_from_trajectory(trajectory, gm=GM)
    np.testing.assert_array_equal(orbit.r.to_value(u.km), trajectory.at(0.0)[:3, 0])
    np.testing.assert_array_equal(orbit.v.to_value(u.km / u.s), trajectory.at(0.0)[3:, 0])
    assert orbit.a.to_value(u.km) == pytest.approx(6143.0, rel=1e-9)
    assert orbit.ecc.value == pytest.approx(0.6, rel=1e-9)
    later = guest.orbit_from_trajectory(trajectory, EPOCH + 3600.0)
    state, tdb = guest.state_from_orbit(later)
    assert tdb == pytest.approx(EPOCH + 3600.0, abs=1e-6)
    np.testing.assert_array_equal(state, trajectory.at(3600.0)[:, 0])


def test_an_orbit_is_flown():
    """Through the force model its orbit came from, it flies the same path to the rounding of its epoch."""
    from astropy import units as u

    trajectory = flight()
    orbit = guest.orbit_from_trajectory(trajectory)
    again = guest.trajectory_from_orbit(orbit, 6.0 * u.h, trajectory.forces)
    assert again.final_elapsed[0] == 6.0 * 3600.0
    apart = again.final[:3, 0] - trajectory.at(6.0 * 3600.0)[:3, 0]
    assert np.linalg.norm(apart) < 1e-4


def test_ephem_and_back():
    from astropy import units as u

    trajectory = flight()
    tdb = EPOCH + np.arange(0.0, 86400.0, 60.0)
    ephem = guest.ephem_from_trajectory(trajectory, tdb)
    r, v = ephem.rv(ephem.epochs)
    np.testing.assert_allclose(r.to_value(u.km).T, trajectory.at_tdb(tdb)[:3, 0], rtol=1e-12)
    np.testing.assert_allclose(v.to_value(u.km / u.s).T, trajectory.at_tdb(tdb)[3:, 0], rtol=1e-9)
    again = guest.trajectory_from_ephem(ephem)
    between = tdb[:-1] + 25.0
    apart = again.at_tdb(between)[:3, 0] - trajectory.at_tdb(between)[:3, 0]
    assert np.linalg.norm(apart, axis=0).max() < 1e-4


def test_ephem_of_the_recorded_steps():
    trajectory = flight()
    ephem = guest.ephem_from_trajectory(trajectory)
    assert ephem.epochs.size == trajectory.nodes.shape[1]
    assert ephem.epochs.scale == "tdb"


def test_refusals():
    trajectory = flight()
    with pytest.raises(InputError, match="batch of 2"):
        guest.orbit_from_trajectory(trajectory[np.array([0, 0])])
    with pytest.raises(InputError, match="outside the flight"):
        guest.orbit_from_trajectory(trajectory, EPOCH - 5.0)


def test_without_boinor_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "boinor", None)
    with pytest.raises(CislunarError, match=r"pip install 'cislunar\[poliastro\]'"):
        guest.orbit_from_state(np.ones(6), 0.0)


def test_boinor_is_not_imported_with_the_module():
    code = "import sys, cislunar.exchange.boinor; print('boinor' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
