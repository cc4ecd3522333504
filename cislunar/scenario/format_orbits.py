"""How orbits are stated, version 1 of the format."""

from __future__ import annotations

from cislunar.orbits.frames import FRAMES
from cislunar.scenario.leaves import Choice, FilePath, Quantity, Tuple
from cislunar.scenario.spec import Field, Group, Record, Variant, by_key


def _angle(description: str) -> Quantity:
    return Quantity(dimension="angle", description=description, at_least="-360 deg", at_most="360 deg")


_FRAME = Field(
    Choice(
        fact=True,
        words=FRAMES,
        aliases=(("EME2000", "icrf"), ("eme2000", "icrf")),
        description="Frame of the elements or components, frozen at the scenario's epoch.",
    ),
    required=True,
)

_ALTITUDE_HINT = "an altitude is above the 1737.4 km sphere, a radius is not meant"

KEPLERIAN = Record(
    what="orbit elements",
    description="Osculating elements about the Moon at the scenario's epoch.",
    covers=True,
    fields={
        "frame": _FRAME,
        "semi_major_axis": Field(
            Quantity(
                dimension="length", description="Semi-major axis.", above="1737.4 km", at_most="100000 km"
            )
        ),
        "period": Field(
            Quantity(
                dimension="time",
                description="Period of the two-body ellipse, instead of the semi-major axis.",
                above="1.8 h",
                at_most="33 d",
            )
        ),
        "eccentricity": Field(
            Quantity(dimension="dimensionless", description="Eccentricity.", at_least="0", below="1")
        ),
        "periapsis_altitude": Field(
            Quantity(
                dimension="length",
                description="Altitude of periapsis above the 1737.4 km sphere.",
                above="0 km",
                at_most="100000 km",
                hint=_ALTITUDE_HINT,
            )
        ),
        "apoapsis_altitude": Field(
            Quantity(
                dimension="length",
                description="Altitude of apoapsis above the 1737.4 km sphere.",
                above="0 km",
                at_most="200000 km",
                hint=_ALTITUDE_HINT,
            )
        ),
        "inclination": Field(
            Quantity(
                dimension="angle",
                description="Inclination to the frame's xy plane.",
                at_least="0 deg",
                at_most="180 deg",
            ),
            required=True,
        ),
        "raan": Field(
            _angle("Right ascension of the ascending node, from the frame's x axis."), required=True
        ),
        "argument_of_periapsis": Field(
            _angle("Argument of periapsis, from the ascending node."), required=True
        ),
        "true_anomaly": Field(_angle("True anomaly.")),
        "mean_anomaly": Field(_angle("Mean anomaly.")),
        "eccentric_anomaly": Field(_angle("Eccentric anomaly.")),
    },
    groups=(
        Group(
            "size and shape",
            (
                ("semi_major_axis", "eccentricity"),
                ("period", "eccentricity"),
                ("periapsis_altitude", "apoapsis_altitude"),
                ("periapsis_altitude", "eccentricity"),
                ("period", "periapsis_altitude"),
                ("semi_major_axis", "periapsis_altitude"),
            ),
        ),
        Group("the place on the orbit", (("true_anomaly",), ("mean_anomaly",), ("eccentric_anomaly",))),
    ),
)


def _vector(dimension: str, largest: str, what: str, description: str) -> Tuple:
    component = Quantity(dimension=dimension, at_least=f"-{largest}", at_most=largest)
    return Tuple(items=(component,) * 3, what=what, description=description)


CARTESIAN = Record(
    what="a state",
    description="Position and velocity about the Moon at the scenario's epoch.",
    covers=True,
    fields={
        "frame": _FRAME,
        "position": Field(
            _vector(
                "length",
                "500000 km",
                "three lengths such as [4000 km, 0 km, 0 km]",
                "Moon-centred position along the frame's axes.",
            ),
            required=True,
        ),
        "velocity": Field(
            _vector(
                "speed",
                "10 km/s",
                "three speeds such as [0 km/s, 1.1 km/s, 0 km/s]",
                "Inertial velocity along the frame's axes.",
            ),
            required=True,
        ),
    },
)

EPHEMERIS = Record(
    what="an ephemeris file",
    description="A trajectory that another tool wrote, followed as it is.",
    fields={
        "ephemeris": Field(
            FilePath(
                kind="a CCSDS OEM file",
                description="CCSDS Orbit Ephemeris Message in KVN form; it must cover the whole scenario.",
            ),
            required=True,
        ),
    },
)

ORBIT = Variant(
    what="a mapping with orbit elements, with position and velocity, or with ephemeris",
    description="Elements or a state at the scenario's epoch, or an ephemeris file.",
    variants={"ephemeris": EPHEMERIS, "cartesian": CARTESIAN, "keplerian": KEPLERIAN},
    choose=lambda node: by_key(
        node,
        {"ephemeris": "ephemeris", "position": "cartesian", "velocity": "cartesian"},
        "keplerian",
    ),
)
