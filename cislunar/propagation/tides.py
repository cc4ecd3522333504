r"""The solid tide of the Moon: which bodies raise it, how strongly, and what the gravity field already holds.

A body at `b` deforms the Moon, and the deformation of degree 2 adds the potential

.. math:: U = k_2\,\frac{GM_b}{r_b}\,\frac{R^5}{r_b^2\,r^3}\,P_2(\cos\psi),

`psi` the angle between the spacecraft and the body from the centre of the Moon; equation 6.6 of the IERS
Conventions [1]_ summed over orders with one real Love number. Dissipation (Q about 38 at one month), which
turns the bulge by less than a degree, and higher degrees are left out.

The Moon always shows the Earth the same side, so most of this tide never changes: the permanent part is
0.04 % of J2 and 0.2 % of C22, several times the part that varies over a month. A field that holds it
(zero-tide) must not get it again. `SolidTide` therefore needs to know the tide system of the coefficients.

GRGM1200A's product does not state its system. Its coefficients are free of the permanent tide: it holds
J2 = 203.2236e-6 and C22 = 22.3814e-6, as DE440 gives for the undistorted Moon (203.2144e-6, 22.3808e-6) [3]_;
the permanent tide would raise them to 203.313e-6 and 22.426e-6, and 203.3052e-6 and 22.4264e-6 are what
GRAIL's field GL0660B has when it includes the permanent tide [2]_.

Size: at most 9e-10 km/s^2 at the surface, 5e-7 of the attraction. It moves a low lunar orbit of 100 km by 14
to 57 m in a day and a relay's ellipse of 24 h by 130 to 360 m in 30 days; without the permanent part by 8 to
15 m and 15 to 65 m (tests).

References
----------
.. [1] G. Petit, B. Luzum (eds.), "IERS Conventions (2010)", IERS Technical Note 36, section 6.2.1.
.. [2] J. G. Williams et al., "Lunar interior properties from the GRAIL mission", Journal of Geophysical
   Research: Planets 119 (2014) 1546-1578, doi:10.1002/2013JE004559.
.. [3] R. S. Park et al., "The JPL Planetary and Lunar Ephemerides DE440 and DE441", Astronomical Journal 161
   (2021) 105; constants J2M and C22M of the ephemeris.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cislunar.environment.gravity import GravityField
from cislunar.errors import InputError

LOVE_NUMBER = 0.024133
"""k2 of the Moon that GRGM1200A was solved with, from its PDS label (0.024133 +- 0.000010)."""

RADIUS_KM = 1738.0
"""Reference radius of GRGM1200A, to which `LOVE_NUMBER` belongs."""

PERMANENT = {"earth": (-3.698e-6, 1.851e-6), "sun": (-2.12e-8, 0.0)}
"""Mean of the tide over a turn of the lunar node (18.6 years): C20 and C22, not normalised, for k2 = 1 and
`RADIUS_KM`, from DE440 and its librations. The other three mean coefficients are below 4e-9 (tests)."""

_SYSTEMS_OF_FIELDS = {"grgm1200a": "tide_free"}


@dataclass(frozen=True)
class SolidTide:
    """Tide of degree 2 of the Moon.

    Attributes
    ----------
    love_number : float
        k2.
    raised_by : sequence of str
        Bodies that raise it.
    coefficients : {"tide_free", "zero_tide"}, optional
        Whether the coefficients of the gravity field leave out the permanent tide or hold it. Taken from the
        field when left out.

    Raises
    ------
    InputError
        A Love number out of range, no body or one that is not known to raise tides, or another tide system.
    """

    love_number: float = LOVE_NUMBER
    raised_by: Sequence[str] = ("earth", "sun")
    coefficients: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0.0 < self.love_number < 1.0:
            raise InputError(f"tide: expected a Love number between 0 and 1; got {self.love_number}")
        if isinstance(self.raised_by, str) or not self.raised_by or not set(self.raised_by) <= set(PERMANENT):
            raise InputError(f"tide: expected raising bodies among earth, sun; got {self.raised_by!r}")
        if self.coefficients not in (None, "tide_free", "zero_tide"):
            raise InputError(
                f'tide: expected coefficients "tide_free" or "zero_tide"; got {self.coefficients!r}'
            )

    def strength(self, gm: float, radius_km: float) -> float:
        """Return `k2 GM R^5`, km^8/s^2, for a body of mass parameter `gm`."""
        return float(self.love_number * gm * radius_km**5)

    def static_coefficients(self, field: GravityField) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients of a field without the permanent tide.

        Parameters
        ----------
        field : GravityField
            Of the Moon, in principal axes.

        Returns
        -------
        c, s : numpy.ndarray
            4-pi normalised.

        Raises
        ------
        InputError
            The tide system of the field is neither known nor given.
        """
        system = self.coefficients or _SYSTEMS_OF_FIELDS.get(field.name.lower(), field.tide_system)
        if system not in ("tide_free", "zero_tide"):
            raise InputError(
                f"tide: {field.name} does not say whether its coefficients hold the permanent tide "
                f'({system}); expected SolidTide(coefficients="tide_free") or "zero_tide"'
            )
        c, s = np.array(field.c), np.array(field.s)
        if system == "zero_tide" and field.degree >= 2:
            scale = self.love_number * (field.radius_km / RADIUS_KM) ** 3
            for body in self.raised_by:
                c[2, 0] -= scale * PERMANENT[body][0] / np.sqrt(5.0)
                c[2, 2] -= scale * PERMANENT[body][1] / np.sqrt(5.0 / 12.0)
        return c, s
