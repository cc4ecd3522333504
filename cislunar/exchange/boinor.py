"""Orbits and trajectories to and from boinor, the maintained fork of poliastro.

boinor is an optional guest: `pip install cislunar[poliastro]`.  It is imported on the first call here.

An `Orbit` of boinor in the plane `EARTH_EQUATOR` has ICRF axes, centred on its attractor, which here is
the Moon; its epochs are astropy times.  boinor carries its own gravitational parameter of the Moon; where
elements or two-body propagation are to agree with a flight here, pass that of the gravity field as `gm`,
and the `Orbit` gets a Moon with that parameter.  Positions and velocities are handed over unchanged
either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar import time
from cislunar.errors import CislunarError, InputError
from cislunar.orbits.definitions import CartesianOrbit, KeplerianOrbit
from cislunar.orbits.initial_state import initial_state

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation import ForceModel, Trajectory


def _require_boinor() -> None:
    try:
        import boinor  # noqa: F401
    except ImportError:
        raise CislunarError(
            "boinor, the maintained fork of poliastro, is not installed; it comes with: "
            "pip install 'cislunar[poliastro]'"
        ) from None


def _moon(gm: float | None) -> Any:
    """Return boinor's Moon, with another gravitational parameter (km^3/s^2) if one is given."""
    from astropy import units as u
    from astropy.constants import G
    from boinor.bodies import Moon

    if gm is None:
        return Moon
    parameter = gm * u.km**3 / u.s**2
    return Moon._replace(k=parameter, mass=(parameter / G).to(u.kg))


def orbit_from_state(state: ArrayLike, tdb: float, gm: float | None = None) -> Any:
    """Make a boinor `Orbit` of a state.

    Parameters
    ----------
    state : array_like, shape (6,)
        Moon-centred position, km, and velocity, km/s, ICRF axes.
    tdb : float
        Epoch, s past J2000 TDB.
    gm : float, optional
        Gravitational parameter of the Moon, km^3/s^2; boinor's own if left out.

    Returns
    -------
    boinor.twobody.Orbit
        About the Moon, plane `EARTH_EQUATOR` (ICRF axes), epoch in TDB.

    Raises
    ------
    CislunarError
        If boinor is not installed.
    InputError
        For a wrong shape or a state that is not finite.
    """
    _require_boinor()
    from astropy import units as u
    from boinor.twobody import Orbit

    vector = np.asarray(state, dtype=np.float64)
    if vector.shape != (6,) or not np.all(np.isfinite(vector)):
        raise InputError(f"state: expected 6 finite numbers, x y z in km and km/s; got shape {vector.shape}")
    return Orbit.from_vectors(
        _moon(gm), vector[:3] * u.km, vector[3:] * u.km / u.s, epoch=time.to_astropy(tdb)
    )


def orbit_from_definition(
    orbit: KeplerianOrbit | CartesianOrbit, tdb: float, gm: float, environment: Environment | None = None
) -> Any:
    """Make a boinor `Orbit` of an orbit statement, whatever its frame.

    Parameters
    ----------
    orbit : KeplerianOrbit or CartesianOrbit
        The statement.
    tdb : float
        Epoch, s past J2000 TDB.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    environment : Environment, optional
        Ephemeris and lunar orientation; the packaged ones if left out.

    Returns
    -------
    boinor.twobody.Orbit
        About the Moon with that parameter, plane `EARTH_EQUATOR` (ICRF axes), epoch in TDB.

    Raises
    ------
    CislunarError
        If boinor is not installed.
    InputError, EpochRangeError
        See `cislunar.orbits.initial_state.initial_state`.
    """
    return orbit_from_state(initial_state(orbit, tdb, gm, environment), tdb, gm)


def orbit_from_trajectory(trajectory: Trajectory, tdb: float | None = None, gm: float | None = None) -> Any:
    """Make a boinor `Orbit` that osculates a trajectory.

    Parameters
    ----------
    trajectory : Trajectory
        One trajectory about the Moon.
    tdb : float, optional
        Epoch within it, s past J2000 TDB; its start if left out.
    gm : float, optional
        Gravitational parameter of the Moon, km^3/s^2; boinor's own if left out.

    Returns
    -------
    boinor.twobody.Orbit
        About the Moon, plane `EARTH_EQUATOR` (ICRF axes), epoch in TDB.

    Raises
    ------
    CislunarError
        If boinor is not installed.
    InputError
        For more than one trajectory, another centre, or an epoch outside the trajectory.
    """
    _require_one_about_the_moon(trajectory)
    epoch = float(trajectory.epoch[0]) if tdb is None else tdb
    return orbit_from_state(trajectory.at_tdb(np.array([epoch]))[:, 0, 0], epoch, gm)


def state_from_orbit(orbit: Any) -> tuple[NDArray[np.float64], float]:
    """State and epoch of a boinor `Orbit` about the Moon.

    Parameters
    ----------
    orbit : boinor.twobody.Orbit
        About the Moon, plane `EARTH_EQUATOR`; its epoch may have any time scale.

    Returns
    -------
    state : ndarray, shape (6,)
        Moon-centred position, km, and velocity, km/s, ICRF axes.
    tdb : float
        Epoch, s past J2000 TDB.

    Raises
    ------
    InputError
        For another attractor or plane.
    """
    from astropy import units as u

    if orbit.attractor.name != "Moon":
        raise InputError(f"orbit: expected one about the Moon; got the attractor {orbit.attractor.name}")
    _require_icrf(orbit)
    state = np.concatenate((orbit.r.to_value(u.km), orbit.v.to_value(u.km / u.s)))
    return state, float(time.from_astropy(orbit.epoch))


def definition_from_orbit(orbit: Any) -> tuple[CartesianOrbit, float]:
    """Orbit statement, in the frame `icrf`, and epoch of a boinor `Orbit`; see `state_from_orbit`."""
    state, tdb = state_from_orbit(orbit)
    x, y, z, vx, vy, vz = (float(value) for value in state)
    return CartesianOrbit(frame="icrf", position_km=(x, y, z), velocity_km_s=(vx, vy, vz)), tdb


def trajectory_from_orbit(orbit: Any, duration: Any, forces: ForceModel | None = None) -> Trajectory:
    """Fly a boinor `Orbit` through the force model of this package.

    Parameters
    ----------
    orbit : boinor.twobody.Orbit
        About the Moon, plane `EARTH_EQUATOR`.
    duration : astropy.units.Quantity or float
        Time of flight, a quantity of time or s; negative to fly backwards.
    forces : ForceModel, optional
        What acts on it; the default force model if left out.

    Returns
    -------
    Trajectory
        One trajectory about the Moon, from the epoch of the orbit.

    Raises
    ------
    InputError
        For another attractor or plane, or a state that cannot be flown.
    EpochRangeError
        If the flight leaves the tables.
    """
    from cislunar.propagation import ForceModel, propagate

    state, tdb = state_from_orbit(orbit)
    seconds = duration.to_value("s") if hasattr(duration, "to_value") else duration
    return propagate(
        state[:, np.newaxis], np.array([tdb]), np.array([float(seconds)]), forces or ForceModel()
    )


def ephem_from_trajectory(trajectory: Trajectory, tdb: ArrayLike | None = None) -> Any:
    """Make a boinor `Ephem` of a trajectory.

    Parameters
    ----------
    trajectory : Trajectory
        One trajectory about the Moon.
    tdb : array_like, shape (m,), optional
        Epochs, s past J2000 TDB; those of the recorded steps if left out.

    Returns
    -------
    boinor.ephem.Ephem
        Moon-centred, plane `EARTH_EQUATOR` (ICRF axes), epochs in TDB.

    Raises
    ------
    CislunarError
        If boinor is not installed.
    InputError
        For more than one trajectory, another centre, or an epoch outside the trajectory.
    """
    _require_boinor()
    from astropy import units as u
    from astropy.coordinates import CartesianDifferential, CartesianRepresentation
    from boinor.ephem import Ephem
    from boinor.frames import Planes

    _require_one_about_the_moon(trajectory)
    if tdb is None:
        epochs = trajectory.epoch[0] + trajectory.nodes[0]
        states = trajectory.nodes[1:7]
    else:
        epochs = np.atleast_1d(np.asarray(tdb, dtype=np.float64))
        states = trajectory.at_tdb(epochs)[:, 0]
    velocity = CartesianDifferential(*(states[3:] * u.km / u.s))
    coordinates = CartesianRepresentation(*(states[:3] * u.km), differentials=velocity)
    return Ephem(coordinates, time.to_astropy(epochs), Planes.EARTH_EQUATOR)


def trajectory_from_ephem(ephem: Any) -> Trajectory:
    """Trajectory through the states of a boinor `Ephem`.

    Parameters
    ----------
    ephem : boinor.ephem.Ephem
        Moon-centred, plane `EARTH_EQUATOR`, with velocities, at epochs that increase.

    Returns
    -------
    Trajectory
        One trajectory about the Moon.

    Raises
    ------
    InputError
        For another plane, or fewer epochs than a trajectory needs.
    """
    from astropy import units as u

    from cislunar.propagation import Trajectory

    _require_icrf(ephem)
    coordinates = ephem.coordinates
    states = np.concatenate(
        (coordinates.xyz.to_value(u.km), coordinates.differentials["s"].d_xyz.to_value(u.km / u.s))
    )
    tdb = time.from_astropy(ephem.epochs)
    return Trajectory.from_nodes("moon", float(tdb[0]), tdb - tdb[0], states)


def _require_icrf(guest: Any) -> None:
    if guest.plane.name != "EARTH_EQUATOR":
        raise InputError(f"plane: expected EARTH_EQUATOR, whose axes are the ICRF; got {guest.plane.name}")


def _require_one_about_the_moon(trajectory: Trajectory) -> None:
    if len(trajectory) != 1:
        raise InputError(
            f"trajectory: expected one; got a batch of {len(trajectory)}, choose with trajectory[i]"
        )
    if trajectory.center != "moon":
        raise InputError(f"trajectory: expected one about the Moon; got the centre {trajectory.center}")
