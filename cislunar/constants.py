"""Physical constants with the publication each comes from.

Gravitational parameters are not here: the Moon's belongs to the gravity field in use and those of the other
bodies to the ephemeris in use, so each is read from the data it was solved with.

References
----------
.. [1] IAU 2012 Resolution B2, "on the re-definition of the astronomical unit of length".
.. [2] IAU 2015 Resolution B3, "on recommended nominal conversion constants for selected solar and planetary
   properties"; A. Prsa et al., Astron. J. 152:41 (2016).
.. [3] B. A. Archinal et al., "Report of the IAU Working Group on Cartographic Coordinates and Rotational
   Elements: 2015", Celest. Mech. Dyn. Astr. 130:22 (2018), Table 5 (Moon: mean radius 1737.4 km).
.. [4] NGA.STND.0036_1.0.0_WGS84 (2014), Table 3.1 (defining parameters of the WGS 84 ellipsoid).
.. [5] BIPM, The International System of Units, 9th edition (2019).
.. [6] IERS Conventions (2010), IERS Technical Note 36, chapters 1 and 10.
.. [7] 3rd General Conference on Weights and Measures (1901), declaration on the unit of mass and the
   definition of weight; quoted in BIPM, The International System of Units.
"""

from __future__ import annotations

from typing import Final

SPEED_OF_LIGHT_KM_S: Final = 299792.458
"""Speed of light in vacuum, km/s, exact [5]_."""

AU_KM: Final = 149597870.7
"""Astronomical unit, km, exact [1]_."""

MOON_RADIUS_KM: Final = 1737.4
"""Reference sphere of lunar heights and limb, km: the mean radius recommended by the IAU [3]_."""

EARTH_RADIUS_KM: Final = 6378.137
"""Equatorial radius of the WGS 84 ellipsoid, km [4]_."""

EARTH_FLATTENING: Final = 1.0 / 298.257223563
"""Flattening of the WGS 84 ellipsoid [4]_."""

SUN_RADIUS_KM: Final = 695700.0
"""Nominal solar radius, km [2]_."""

SOLAR_IRRADIANCE_W_M2: Final = 1361.0
"""Nominal total solar irradiance at 1 au, W/m^2 [2]_."""

SOLAR_PRESSURE_N_M2: Final = SOLAR_IRRADIANCE_W_M2 / (1000.0 * SPEED_OF_LIGHT_KM_S)
"""Radiation pressure of sunlight on an absorbing surface facing the Sun at 1 au, N/m^2: irradiance over c."""

SECONDS_PER_DAY: Final = 86400.0
"""Seconds in a day of 24 h."""

JULIAN_YEAR_S: Final = 365.25 * SECONDS_PER_DAY
"""The Julian year of 365.25 days, s: the meaning of `yr` everywhere in this package."""

J2000_JD: Final = 2451545.0
"""Julian date of the epoch J2000, 2000-01-01T12:00:00, in the scale at hand [6]_."""

STANDARD_GRAVITY_M_S2: Final = 9.80665
"""Standard acceleration of gravity, m/s^2, exact [7]_: exhaust speed over specific impulse in seconds."""

TT_MINUS_TAI_S: Final = 32.184
"""TT - TAI, s, exact [6]_."""
