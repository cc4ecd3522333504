"""Ground stations: names, positions against a second published table, and the traps of signs and units.

Cartesian positions: DSN 810-005, module 301, revision M (2020), table of Cartesian coordinates in ITRF93 at
2003.0, as repeated in the comments of NAIF's kernel earthstns_itrf93_201023.bsp.  The package holds the
geodetic table of the same module, so the two check each other through the ellipsoid.
"""

import math

import erfa
import numpy as np
import pytest

from cislunar.environment import stations
from cislunar.environment.stations import Station, network, station
from cislunar.errors import InputError

DSN_CARTESIAN_M = {
    "dss-13": (-2351112.659, -4655530.636, 3660912.728),
    "dss-14": (-2353621.420, -4641341.472, 3677052.318),
    "dss-24": (-2354906.711, -4646840.095, 3669242.325),
    "dss-25": (-2355022.014, -4646953.204, 3669040.567),
    "dss-26": (-2354890.797, -4647166.328, 3668871.755),
    "dss-34": (-4461147.093, 2682439.239, -3674393.133),
    "dss-35": (-4461273.090, 2682568.925, -3674152.093),
    "dss-36": (-4461168.415, 2682814.657, -3674083.901),
    "dss-43": (-4460894.917, 2682361.507, -3674748.152),
    "dss-53": (4849339.965, -360658.246, 4114747.290),
    "dss-54": (4849434.488, -360723.8999, 4114618.835),
    "dss-55": (4849525.256, -360606.0932, 4114495.084),
    "dss-56": (4849421.679, -360549.659, 4114646.987),
    "dss-63": (4849092.518, -360180.3480, 4115109.251),
    "dss-65": (4849339.634, -360427.6637, 4114750.733),
}


@pytest.mark.parametrize("name", DSN_CARTESIAN_M)
def test_dsn_positions_equal_the_cartesian_table(name):
    # The geodetic table is given to 1e-5 arcsec and 1 mm.
    np.testing.assert_allclose(station(name).position_itrs_km * 1e3, DSN_CARTESIAN_M[name], atol=0.01)


@pytest.mark.parametrize("name", stations.station_names())
def test_positions_and_verticals_equal_erfas(name):
    antenna = station(name)
    erfas = erfa.gd2gc(1, antenna.longitude_rad, antenna.latitude_rad, antenna.height_km * 1e3) / 1e3
    np.testing.assert_allclose(antenna.position_itrs_km, erfas, atol=1e-8)
    higher = Station("higher", antenna.latitude_rad, antenna.longitude_rad, antenna.height_km + 1.0)
    np.testing.assert_allclose(
        higher.position_itrs_km - antenna.position_itrs_km, antenna.up_itrs, atol=1e-11
    )


@pytest.mark.parametrize(
    ("name", "west", "east"),
    [
        ("madrid", -4.30, -4.20),
        ("cebreros", -4.40, -4.30),
        ("goonhilly", -5.25, -5.10),
        ("goldstone", -117.0, -116.7),
        ("canberra", 148.9, 149.1),
        ("new-norcia", 116.1, 116.3),
        ("malargue", -69.5, -69.3),
        ("ksat-punta-arenas", -71.1, -70.7),
    ],
)
def test_trap_longitude_signs(name, west, east):
    # Madrid, Cebreros and Goonhilly stand west of Greenwich and are published elsewhere as if east of it.
    assert west < math.degrees(station(name).longitude_rad) < east


@pytest.mark.parametrize(
    ("one", "other", "km", "within"),
    [
        # By road and map: DSS-14 to the 34 m antennas 10 km; within the Canberra and Madrid complexes below
        # 1 km; Cebreros 11 km west of Robledo; New Norcia to Madrid on nearly opposite sides of the Earth.
        ("dss-14", "dss-24", 9.6, 0.5),
        ("dss-34", "dss-43", 0.43, 0.1),
        ("dss-54", "dss-63", 0.83, 0.15),
        ("madrid", "cebreros", 10.5, 1.0),
        ("goldstone", "madrid", 8390.0, 200.0),
        ("goldstone", "canberra", 10600.0, 200.0),
    ],
)
def test_distances_between_antennas(one, other, km, within):
    apart = np.linalg.norm(station(one).position_itrs_km - station(other).position_itrs_km)
    assert apart == pytest.approx(km, abs=within)


def test_networks_hold_one_antenna_for_each_place():
    assert [antenna.name for antenna in network("dsn")] == ["dss-24", "dss-34", "dss-54"]
    assert [antenna.name for antenna in network("ESTRACK")] == ["new-norcia", "cebreros", "malargue"]
    assert len(network("ksat")) == 4
    for name in stations.network_names():
        for antenna in network(name):
            assert antenna.source
            assert antenna.mask_rad == pytest.approx(math.radians(10.0))


def test_networks_see_every_longitude():
    # Trap for a mirrored station: no two neighbours in longitude are half a turn or more apart.
    for name in stations.network_names():
        around = np.sort([math.degrees(antenna.longitude_rad) % 360.0 for antenna in network(name)])
        assert np.diff(np.append(around, around[0] + 360.0)).max() < 180.0


def test_unknown_names_get_the_nearest_spelling():
    with pytest.raises(InputError, match=r"found the ground station 'dss-2'.*did you mean 'dss-"):
        station("dss-2")
    with pytest.raises(InputError, match=r"found the ground network 'estrak'.*did you mean 'estrack'"):
        network("estrak")
    assert station("DSS-14").name == "dss-14"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dish", 45.0, 0.1, 0.1), "found a latitude of 2578.31 deg"),
        (("dish", 0.5, 245.0, 0.1), "found a longitude"),
        (("dish", 0.5, 0.1, 450.0), "found a height of 450 km; expected -1 km to 10 km"),
        (("dish", 0.5, 0.1, 0.1, 10.0), "found a mask of 572.958 deg"),
        (("dish", float("nan"), 0.1, 0.1), "found a latitude of nan"),
        (("dish", 0.1, 0.1, float("nan")), "found a height of nan"),
        ((" ", 0.1, 0.1, 0.1), "needs a name"),
    ],
)
def test_impossible_places_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Station(*arguments)


def test_positions_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        station("dss-14").position_itrs_km[0] = 0.0
