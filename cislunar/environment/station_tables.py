"""Positions of ground stations, as published.

Each row: geodetic latitude (deg, north positive), longitude (deg, east positive), height above the WGS 84
ellipsoid (km), source.

Sources
-------
Deep Space Network
    "301 Coverage and Geometry", DSN Telecommunications Link Design Handbook, DSN No. 810-005, module 301,
    revision M, JPL D-19379 (2020), geodetic coordinates.  The handbook prints degrees, minutes and seconds,
    as they stand here, and longitudes east of Greenwich from 0 to 360 deg.  Antennas still in use; 3 cm (1
    sigma), DSS-53 3 m (3 sigma).
ESTRACK, Goonhilly
    Topocentric frame kernel of the ESA stations, version 0.4, ESA SPICE Service, ESAC (2021), after ESTRACK
    NOW (estracknow.esa.int): latitudes and longitudes to 1e-7 deg.  Heights to the metre: 252 m and 794 m are
    those of Wikidata's entries of the stations, 252 m and 1550 m those of station definitions of 2021 for
    SPICE's program PINPOINT, which put New Norcia 3 m further west.  They are taken as heights above the
    ellipsoid; were they above the sea, the antennas would stand up to 55 m higher.

    The kernel gives GHY-6 the longitude 5.183271 deg with the sign of an eastern one; Goonhilly lies in
    Cornwall, west of Greenwich, so the sign is put right here.  The height of GHY-6 is not published: ground
    at about 0.11 km above the sea, which lies 0.05 km above the ellipsoid there.
KSAT
    Sites on the station map of Kongsberg Satellite Services (ksat.no) to 0.01 deg, 1 km, as collected in the
    ground-station tables of brahe (D. Eddy, version 1.8).  Heights are not published there and taken as 0; 1
    km of height moves an elevation towards the Moon by 0.0002 deg at most.  Which sites carry antennas of
    the lunar network is not published: `ksat` is our choice of four, spread in longitude.
"""

from __future__ import annotations

from typing import Final

Row = tuple[float, float, float, str]

_DSN = "DSN 810-005, module 301 rev. M (JPL D-19379, 2020)"
_ESA = "ESA SPICE Service, frame kernel of the ESA stations v0.4 (2021)"
_ESA_1 = _ESA + "; height: Wikidata, New Norcia Station"
_ESA_2 = _ESA + "; height: Wikidata, Cebreros Station"
_ESA_3 = _ESA + "; height: SPICE station definitions (PINPOINT, 2021)"
_KSAT = "KSAT station map (ksat.no), approximate: position to 1 km, height taken as 0"


def _dss(latitude: tuple[int, int, float], longitude: tuple[int, int, float], height_m: float) -> Row:
    """Row of a DSN antenna from degrees, minutes and seconds; south has negative degrees."""
    degrees, minutes, seconds = latitude
    sign = -1.0 if degrees < 0 else 1.0
    east = longitude[0] + longitude[1] / 60.0 + longitude[2] / 3600.0
    return (
        sign * (abs(degrees) + minutes / 60.0 + seconds / 3600.0),
        east - 360.0 if east > 180.0 else east,
        height_m / 1000.0,
        _DSN,
    )


ANTENNAS: Final[dict[str, Row]] = {
    # Goldstone
    "dss-13": _dss((35, 14, 49.79131), (243, 12, 19.94761), 1070.444),
    "dss-14": _dss((35, 25, 33.24312), (243, 6, 37.66244), 1001.390),
    "dss-24": _dss((35, 20, 23.61416), (243, 7, 30.74007), 951.499),
    "dss-25": _dss((35, 20, 15.40306), (243, 7, 28.69246), 959.634),
    "dss-26": _dss((35, 20, 8.48118), (243, 7, 37.14062), 968.686),
    # Canberra
    "dss-34": _dss((-35, 23, 54.52383), (148, 58, 55.07191), 692.020),
    "dss-35": _dss((-35, 23, 44.86387), (148, 58, 53.24088), 694.897),
    "dss-36": _dss((-35, 23, 42.36634), (148, 58, 42.75912), 685.503),
    "dss-43": _dss((-35, 24, 8.72724), (148, 58, 52.56231), 688.867),
    # Madrid, west of Greenwich
    "dss-53": _dss((40, 25, 37.49164), (355, 44, 47.73120), 844.888),
    "dss-54": _dss((40, 25, 32.23805), (355, 44, 45.25141), 837.051),
    "dss-55": _dss((40, 25, 27.46525), (355, 44, 50.52012), 819.061),
    "dss-56": _dss((40, 25, 33.47285), (355, 44, 52.58149), 835.746),
    "dss-63": _dss((40, 25, 52.35510), (355, 45, 7.16924), 864.816),
    "dss-65": _dss((40, 25, 37.94289), (355, 44, 57.48397), 833.854),
    # ESA's deep-space antennas DSA 1, 2 and 3
    "new-norcia": (-31.0482254, 116.1914978, 0.252, _ESA_1),
    "cebreros": (40.4526901, -4.3675499, 0.794, _ESA_2),
    "malargue": (-35.7760086, -69.3981934, 1.550, _ESA_3),
    # Goonhilly Earth Station, Cornwall, GHY-6
    "goonhilly": (
        50.050436,
        -5.183271,
        0.16,
        _ESA + "; longitude taken as west, height approximate (0.16 km): ground 0.11 km above the sea",
    ),
    # Kongsberg Satellite Services
    "ksat-svalbard": (78.23, 15.41, 0.0, _KSAT),
    "ksat-thermopylae": (38.82, 22.69, 0.0, _KSAT),
    "ksat-hawaii": (20.82, -156.45, 0.0, _KSAT),
    "ksat-mauritius": (-20.50, 57.45, 0.0, _KSAT),
    "ksat-hartebeesthoek": (-25.89, 27.71, 0.0, _KSAT),
    "ksat-mingenew": (-29.01, 115.34, 0.0, _KSAT),
    "ksat-awarua": (-46.53, 168.38, 0.0, _KSAT),
    "ksat-punta-arenas": (-52.94, -70.87, 0.0, _KSAT),
}

ALIASES: Final = {
    "goldstone": "dss-24",
    "canberra": "dss-34",
    "madrid": "dss-54",
    "malargüe": "malargue",
    "ghy-6": "goonhilly",
}

NETWORKS: Final[dict[str, tuple[str, ...]]] = {
    "dsn": ("dss-24", "dss-34", "dss-54"),
    "estrack": ("new-norcia", "cebreros", "malargue"),
    "ksat": ("ksat-hawaii", "ksat-punta-arenas", "ksat-hartebeesthoek", "ksat-mingenew"),
}
