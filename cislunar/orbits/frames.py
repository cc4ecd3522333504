"""The five named frames of orbit elements and states, as rotations to ICRF axes at an epoch.

===============  ========================================================================================
name             axes
===============  ========================================================================================
`icrf`           the International Celestial Reference Frame; EME2000 is read as ICRF, as SPICE does (the
                 two differ by 0.02 arcsec)
`moon-me`        the Moon's mean-Earth/polar-axis frame as it stands at the epoch
`moon-pa`        the Moon's principal axes as they stand at the epoch
`moon-equator`   z along the pole of `moon-me`, x to the ascending node of the lunar equator on the ICRF
                 equator: the Moon-inertial frame of other tools
`moon-op`        z along the Moon's geocentric orbit normal r x v, x to the ascending node of that plane on
                 the lunar mean-Earth equator
===============  ========================================================================================

All are frozen at the epoch of the state: a velocity in any of them is inertial, and only its components are
turned.  The pole of `moon-op` lies 6.5 to 6.9 deg (5.1 deg of orbit and 1.5 deg of equator, each to the
ecliptic and on opposite sides of its pole: Cassini's laws) from that of the other three lunar frames, so
the same elements are a different orbit in it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cislunar.errors import InputError

if TYPE_CHECKING:
    from cislunar.environment import Environment

FRAMES: Final = ("icrf", "moon-me", "moon-pa", "moon-equator", "moon-op")
"""Names of the frames an orbit can be stated in."""

ALIASES: Final = {"eme2000": "icrf"}
"""Other names that are accepted, in lower case."""


def canonical_frame(name: str) -> str:
    """Return the name of a frame as `FRAMES` spells it.

    Parameters
    ----------
    name : str
        A name of `FRAMES`, or EME2000, in any case.

    Returns
    -------
    str
        One of `FRAMES`.

    Raises
    ------
    InputError
        For any other name, with the nearest one.
    """
    lowered = name.lower() if isinstance(name, str) else ""
    known = ALIASES.get(lowered, lowered)
    if known in FRAMES:
        return known
    near = difflib.get_close_matches(lowered, [*FRAMES, *ALIASES], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise InputError(f"frame: expected one of {', '.join(FRAMES)}; got {name!r}{hint}")


def frame_to_icrf(name: str, tdb: ArrayLike, environment: Environment | None = None) -> NDArray[np.float64]:
    """Rotation from a named frame, frozen at an epoch, to ICRF axes.

    Parameters
    ----------
    name : str
        One of `FRAMES` (or EME2000).
    tdb : array_like, shape (...)
        Epochs, s past J2000 TDB.
    environment : Environment, optional
        Ephemeris and lunar orientation; the packaged ones if left out.

    Returns
    -------
    ndarray, shape (3, 3, ...)
        R with v_icrf = R @ v_frame; its columns are the frame's axes in ICRF.

    Raises
    ------
    InputError
        For an unknown frame.
    EpochRangeError
        If an epoch lies outside the tables.

    References
    ----------
    .. [1] J. G. Williams, D. H. Boggs, W. M. Folkner, "DE430 Lunar Orbit, Physical Librations, and Surface
       Coordinates", JPL IOM 335-JW,DB,WF-20130722-016 (2013), for the two lunar-fixed frames.
    """
    frame = canonical_frame(name)
    epochs = np.asarray(tdb, dtype=np.float64)
    if frame == "icrf":
        identity = np.eye(3).reshape((3, 3) + (1,) * epochs.ndim)
        return np.array(np.broadcast_to(identity, (3, 3, *epochs.shape)))
    if environment is None:
        from cislunar.environment import Environment

        environment = Environment.default()
    if frame == "moon-pa":
        return np.swapaxes(environment.orientation.icrf_to_pa(epochs), 0, 1)
    me_to_icrf = np.swapaxes(environment.orientation.icrf_to_me(epochs), 0, 1)
    if frame == "moon-me":
        return me_to_icrf
    equator_pole = me_to_icrf[:, 2]
    if frame == "moon-equator":
        icrf_pole = np.zeros_like(equator_pole)
        icrf_pole[2] = 1.0
        return _from_pole_and_node(equator_pole, icrf_pole)
    moon = environment.ephemeris.state("moon", "earth", epochs)
    orbit_pole = np.cross(moon[:3], moon[3:], axis=0)
    return _from_pole_and_node(orbit_pole / np.linalg.norm(orbit_pole, axis=0), equator_pole)


def _from_pole_and_node(pole: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Axes (3, 3, ...): z along a pole, x to the ascending node of its plane on a reference plane."""
    node = np.cross(reference, pole, axis=0)
    node = node / np.linalg.norm(node, axis=0)
    return np.stack((node, np.cross(pole, node, axis=0), pole), axis=1)


def rotate_state(rotation: NDArray[np.float64], state: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn position and velocity by one frozen rotation.

    Parameters
    ----------
    rotation : ndarray, shape (3, 3) or (3, 3, n)
        The rotation R.
    state : ndarray, shape (6,) or (6, n)
        Positions and velocities along the old axes, km and km/s.

    Returns
    -------
    ndarray, shape (6,) or (6, n)
        R applied to both halves.
    """
    position = np.einsum("ij...,j...->i...", rotation, state[:3])
    velocity = np.einsum("ij...,j...->i...", rotation, state[3:])
    return np.concatenate((position, velocity))
