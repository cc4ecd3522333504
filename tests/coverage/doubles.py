"""Test doubles: a Moon that turns uniformly, a fixed Earth and Sun, and Kepler orbits as recorded nodes.

They exist to compare with closed forms and two-body tables; the package has no such option.
"""

from dataclasses import dataclass

import numpy as np

GM_MOON = 4902.800066
SIDEREAL_MONTH_S = 27.321661 * 86400.0
EARTH_DISTANCE_KM = 384400.0


class UniformMoon:
    """Rotation about z, prime meridian on +x at the epoch."""

    def __init__(self, period_s=SIDEREAL_MONTH_S, epoch_tdb=0.0):
        self.rate = 2.0 * np.pi / period_s
        self.epoch = epoch_tdb

    def icrf_to_me(self, tdb):
        return turn_z(self.rate * (np.asarray(tdb, dtype=float) - self.epoch))


class UniformEarth:
    """Rotation of the Earth about z once in a sidereal day."""

    def __init__(self, rate=7.292115e-5):
        self.rate = rate

    def itrs_to_gcrs(self, tdb):
        return turn_z(-self.rate * np.asarray(tdb, dtype=float))


class FixedBodies:
    """Earth that keeps facing the prime meridian, and a Sun far away on +y."""

    def __init__(
        self, rate=2.0 * np.pi / SIDEREAL_MONTH_S, distance_km=EARTH_DISTANCE_KM, sun=(0.0, 149597870.7, 0.0)
    ):
        self.rate = rate
        self.distance_km = distance_km
        self.sun = np.asarray(sun)

    def position(self, body, center, tdb):
        assert center == "moon"
        tdb = np.asarray(tdb, dtype=float)
        if body == "earth":
            angle = self.rate * tdb
            return self.distance_km * np.stack((np.cos(angle), np.sin(angle), 0.0 * angle))
        return self.sun.reshape(3, *[1] * tdb.ndim) + np.zeros((1, *tdb.shape))


@dataclass
class World:
    """Has what coverage asks of an environment."""

    ephemeris: object
    orientation: object
    earth: object


def uniform_world():
    return World(FixedBodies(), UniformMoon(), UniformEarth())


def turn_z(angle):
    """Rotation matrices (3, 3, ...) into axes turned by `angle` about z."""
    cosine, sine, zero = np.cos(angle), np.sin(angle), 0.0 * np.asarray(angle)
    return np.stack(
        [np.stack([cosine, sine, zero]), np.stack([-sine, cosine, zero]), np.stack([zero, zero, zero + 1.0])]
    )


@dataclass
class Nodes:
    """A batch of trajectories as recorded nodes, with evaluation in closed form."""

    center: str
    epoch: np.ndarray
    nodes: np.ndarray
    offsets: np.ndarray
    motion: list

    def __len__(self):
        return len(self.epoch)

    def __getitem__(self, index):
        low, high = self.offsets[index], self.offsets[index + 1]
        return Nodes(
            self.center,
            self.epoch[index : index + 1],
            self.nodes[:, low:high],
            np.array([0, high - low]),
            [self.motion[index]],
        )

    def at(self, elapsed):
        return np.stack([np.concatenate(motion(np.asarray(elapsed))[:2]) for motion in self.motion], axis=1)

    def at_tdb(self, tdb):
        states = [
            np.concatenate(motion(np.asarray(tdb) - epoch)[:2])
            for motion, epoch in zip(self.motion, self.epoch, strict=True)
        ]
        return np.stack(states, axis=1)


def kepler_motion(a, e, i, raan=0.0, argp=0.0, mean=0.0, gm=GM_MOON):
    """Position, velocity and acceleration as a function of elapsed time (angles in rad)."""
    n = np.sqrt(gm / a**3)
    cr, sr, ci, si, cw, sw = np.cos(raan), np.sin(raan), np.cos(i), np.sin(i), np.cos(argp), np.sin(argp)
    p = np.array([cr * cw - sr * sw * ci, sr * cw + cr * sw * ci, sw * si])
    q = np.array([-cr * sw - sr * cw * ci, -sr * sw + cr * cw * ci, cw * si])

    def motion(t):
        m = mean + n * np.asarray(t, dtype=float)
        ecc = m + e * np.sin(m)
        for _ in range(30):
            ecc = ecc - (ecc - e * np.sin(ecc) - m) / (1.0 - e * np.cos(ecc))
        b = np.sqrt(1.0 - e * e)
        shape = (3,) + (1,) * np.ndim(m)
        px, qx = p.reshape(shape), q.reshape(shape)
        radius = a * (1.0 - e * np.cos(ecc))
        r = a * (np.cos(ecc) - e) * px + a * b * np.sin(ecc) * qx
        v = n * a * a / radius * (-np.sin(ecc) * px + b * np.cos(ecc) * qx)
        return r, v, -gm * r / radius**3

    return motion


def kepler_nodes(orbits, span_s, per_orbit=40, epoch=0.0):
    """Batch of Kepler orbits (dicts of `kepler_motion` arguments), nodes even in eccentric anomaly."""
    pieces, offsets, motions = [], [0], []
    for orbit in orbits:
        motion = kepler_motion(**orbit)
        period = 2.0 * np.pi * np.sqrt(orbit["a"] ** 3 / GM_MOON)
        count = int(np.ceil(per_orbit * span_s / period)) + 4
        # Denser at periapsis: times at even steps of eccentric anomaly.
        ecc = orbit.get("mean", 0.0) + np.linspace(0.0, 2.0 * np.pi * span_s / period, count)
        time = (
            (ecc - orbit["e"] * np.sin(ecc) - (ecc[0] - orbit["e"] * np.sin(ecc[0]))) * period / (2.0 * np.pi)
        )
        time *= span_s / time[-1]
        pieces.append(np.concatenate([time[None], *motion(time)]))
        offsets.append(offsets[-1] + count)
        motions.append(motion)
    return Nodes(
        "moon", np.full(len(orbits), epoch), np.concatenate(pieces, axis=1), np.array(offsets), motions
    )


@dataclass(frozen=True)
class Mask:
    mask_rad: float


@dataclass(frozen=True)
class Place:
    name: str
    latitude_rad: float
    longitude_rad: float
    height_km: float
    horizon: object


@dataclass(frozen=True)
class Dish:
    name: str
    latitude_rad: float
    longitude_rad: float
    mask_rad: float

    height_km = 0.0

    @property
    def position_itrs_km(self):
        lat, lon = self.latitude_rad, self.longitude_rad
        return 6378.137 * np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def place(name="site", latitude=-75.0, longitude=132.4, mask=5.0, height=0.0):
    return Place(name, np.radians(latitude), np.radians(longitude), height, Mask(np.radians(mask)))


def dish(name="dish", latitude=0.0, longitude=0.0, mask=10.0):
    return Dish(name, np.radians(latitude), np.radians(longitude), np.radians(mask))
