"""The cheapest two impulses for thousands of pairs of ellipses: the search of `two_impulse`, compiled.

For each pair a grid over both true anomalies and the parameter of the conic between, the four best valleys
descended by the simplex of Nelder and Mead [1]_, and beside them the transfers of half a turn between the
nodes. A pair takes about a millisecond, and gives the same whatever the others are.

References
----------
.. [1] J. A. Nelder and R. Mead, "A simplex method for function minimization", Comput. J. 7 (1965), 308-313.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits.elements import KeplerianElements, from_state, to_state
from cislunar.transfers.two_impulse import TwoImpulse

Array = NDArray[np.float64]

_AT_ONCE = 64


def two_impulse_batch(
    start: KeplerianElements,
    end: KeplerianElements,
    gm: float,
    least_periapsis_km: float = MOON_RADIUS_KM,
    *,
    threads: int | None = None,
) -> TwoImpulse:
    """Find the cheapest two impulses from one ellipse to another for many pairs at once.

    Parameters
    ----------
    start, end : KeplerianElements, shape () or (n,)
        The ellipses, in the same axes; their anomalies do not matter.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    least_periapsis_km : float
        Transfers that pass the Moon nearer than this radius are not considered.
    threads : int, optional
        As many as there are cores when left out; results do not depend on it.

    Returns
    -------
    TwoImpulse
        As from `cheapest_two_impulses`, which searches a finer grid with SciPy one pair at a time.

    Raises
    ------
    InputError
        An orbit that is no ellipse, or shapes that differ.
    """
    from cislunar.propagation.batch import cores
    from cislunar.transfers.two_impulse_kernel import search_pairs

    first, second = _columns(start, "start", gm), _columns(end, "end", gm)
    n = max(first.shape[1], second.shape[1])
    if {first.shape[1], second.shape[1]} - {1, n}:
        raise InputError("two impulses: expected as many starting ellipses as final ones")
    first, second = (np.ascontiguousarray(np.broadcast_to(each, (12, n))) for each in (first, second))
    found = np.empty((9, n))

    def work(low: int) -> None:
        search_pairs(first, second, gm, least_periapsis_km, low, min(low + _AT_ONCE, n), found)

    # A search for no pair compiles what is not compiled yet here, where an interrupt is answered meanwhile.
    search_pairs(first, second, gm, least_periapsis_km, 0, 0, found)
    with ThreadPoolExecutor(threads or cores()) as pool:
        list(pool.map(work, range(0, n, _AT_ONCE)))
    leaving, arriving = _states(first, found[1]), _states(second, found[2])
    impulses = np.stack([found[3:6] - leaving[3:], arriving[3:] - found[6:9]])
    after = np.concatenate([leaving[:3], found[3:6]])
    return TwoImpulse(
        np.sqrt((impulses**2).sum(axis=1)),
        impulses,
        found[1] % (2.0 * np.pi),
        found[2] % (2.0 * np.pi),
        after,
        _coast(after, np.concatenate([arriving[:3], found[6:9]]), gm),
    )


def _columns(elements: KeplerianElements, name: str, gm: float) -> Array:
    """Ellipses as the compiled search takes them, (12, n)."""
    if np.any(elements.eccentricity >= 1.0):
        raise InputError(f"two impulses: expected ellipses; {name} is a hyperbola")
    whole = KeplerianElements(*(np.atleast_1d(getattr(elements, each.name)) for each in fields(elements)))
    e = whole.eccentricity
    state = to_state(replace(whole, true_anomaly_rad=np.zeros_like(e)), gm)
    towards = state[:3] / np.sqrt((state[:3] ** 2).sum(axis=0))
    across = state[3:] / np.sqrt((state[3:] ** 2).sum(axis=0))
    parameter = whole.semi_major_axis_km * (1.0 - e) * (1.0 + e)
    normal = np.cross(towards, across, axis=0)
    return np.concatenate([towards, across, normal, parameter[None], e[None], np.sqrt(gm / parameter)[None]])


def _states(ellipse: Array, anomaly: Array) -> Array:
    cosine, sine = np.cos(anomaly), np.sin(anomaly)
    r = ellipse[9] / (1.0 + ellipse[10] * cosine)
    position = r * (cosine * ellipse[:3] + sine * ellipse[3:6])
    return np.concatenate(
        [position, ellipse[11] * (-sine * ellipse[:3] + (ellipse[10] + cosine) * ellipse[3:6])]
    )


def _coast(leaving: Array, arriving: Array, gm: float) -> Array:
    """Time between states (6, n) of the same ellipses, s."""
    before, after = from_state(leaving, gm), from_state(arriving, gm)
    angle = (after.mean_anomaly_rad - before.mean_anomaly_rad) % (2.0 * np.pi)
    return np.asarray(angle / (2.0 * np.pi) * before.period_s(gm))
