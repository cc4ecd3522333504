"""Shadow function against the values in Tudat's unit test of it.

Source: unit tests of mission geometry in Tudat (TU Delft, tudat.tudelft.nl), cases for partial and annular
occultation; the values there carry four and six digits.
"""

import numpy as np
import pytest

from cislunar.environment.shadow import sunlit_fraction


def test_tudat_partial_shadow_behind_the_earth():
    earth_radius, sun_radius = 6378.137, 6.96e5
    direction = np.array([0.018, 1.0, 0.0])
    satellite = (earth_radius + 1.0) * direction / np.linalg.norm(direction)
    sun = np.array([-149598000.0, 0.0, 0.0])
    fraction = sunlit_fraction(*(sun - satellite), *(-satellite), sun_radius, earth_radius)
    assert float(fraction) == pytest.approx(0.4547, abs=5e-5)


def test_tudat_annular_shadow():
    # Light source of radius 2 at 1, occulting body of radius 1 at 2, observer at 4, on one line.
    assert float(sunlit_fraction(-3.0, 0.0, 0.0, -2.0, 0.0, 0.0, 2.0, 1.0)) == pytest.approx(
        0.485156, abs=5e-7
    )
