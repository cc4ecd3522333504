"""Lambert's problem against boinor's solver (the maintained fork of poliastro).

The same 200 pairs of places and times, drawn around the Earth from low orbits to the Moon's distance; both
ways round. Both solve Izzo's equation to 1e-11, so that velocities agree to 1e-8.
"""

import numpy as np
import pytest

from cislunar.transfers.lambert import lambert

GM = 398600.435507


@pytest.mark.slow
def test_boinor_solves_the_same():
    from boinor.core.iod import izzo

    rng = np.random.default_rng(6)
    start, end = rng.normal(size=(2, 3, 200))
    start *= rng.uniform(6600.0, 50_000.0, 200) / np.linalg.norm(start, axis=0)
    end *= rng.uniform(7000.0, 420_000.0, 200) / np.linalg.norm(end, axis=0)
    time = 10.0 ** rng.uniform(3.6, 6.3, 200)
    prograde = np.arange(200) % 2 == 0
    # boinor's prograde turns about +z.
    ways = (np.cross(start, end, axis=0)[2] < 0.0) == prograde
    first, last = lambert(start, end, time, GM, ways)
    for i in range(200):
        places = (np.ascontiguousarray(place[:, i]) for place in (start, end))
        solved = izzo(GM, *places, time[i], 0, bool(prograde[i]), True, 50, 1e-11)
        np.testing.assert_allclose(first[:, i], solved[0], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(last[:, i], solved[1], rtol=1e-8, atol=1e-8)
