"""How the phases of a spacecraft's life are stated, version 1 of the format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from cislunar.propagation.burn_axes import AXES
from cislunar.scenario.format_orbits import CARTESIAN, KEPLERIAN
from cislunar.scenario.leaves import Choice, Either, Epoch, Flag, Integer, Name, Quantity, Table, Tuple
from cislunar.scenario.reading import INVALID, Reading
from cislunar.scenario.spec import Field, Group, Listing, Record, Spec, Variant, by_key
from cislunar.scenario.wording import nearest
from cislunar.scenario.yamlfile import Mapping, Node, Scalar
from cislunar.transfers.launch import CAPE_CANAVERAL

BRANCHES: Final = ("north", "south", "cheaper")
"""Sides of the Moon on which a transfer can arrive."""

PLACES: Final = ("periapsis", "apoapsis", "ascending node", "descending node")
"""Places on an orbit that have a name; nodes are those on the lunar mean-Earth equator."""

LAUNCH_SITES: Final = {"cape-canaveral": CAPE_CANAVERAL}
"""Launch sites that have a name."""

DEFAULT_RETURN_KM: Final = 50.0
DEFAULT_REVOLUTIONS: Final = 3
DEFAULT_SAMPLES: Final = 2000
DEFAULT_CANDIDATES: Final = 200_000
DEFAULT_DESCENT_KM: Final = 15.0
DEFAULT_CROSS_RANGE_DEG: Final = 0.6

_ANGLE_UNIT = re.compile(r"(deg|degrees?|rad|mrad|°|arcmin|arcsec)\s*$")
_DATE = re.compile(r"\s*[0-9]{4}-[0-9]")


@dataclass(frozen=True, kw_only=True)
class Moment(Either):
    """A place on the orbit by name or by true anomaly, a time after the phase begins, or an epoch.

    Attributes
    ----------
    names : tuple of str
        What each of `kinds` is called in the value, `(name, data)`.
    """

    names: tuple[str, ...]

    def listed(self, data: Any) -> bool:
        """Leave out the named places: they are not numbers that have an origin."""
        return self.fact and data[0] != "place"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Give the kind together with the value."""
        index = self.choose(node)
        if index is None:
            return self.reject(node, path, reading)
        data = self.kinds[index].convert(node, path, reading)
        return data if data is INVALID else (self.names[index], data)


def _moment_kind(node: Node) -> int | None:
    if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
        return None
    if node.text.strip()[:1].isalpha():
        return 0
    if _DATE.match(node.text):
        return 3
    return 1 if _ANGLE_UNIT.search(node.text) else 2


def moment(description: str) -> Moment:
    """Declare a moment."""
    return Moment(
        names=("place", "anomaly", "after", "epoch"),
        kinds=(
            Choice(words=PLACES),
            Quantity(dimension="angle", at_least="-360 deg", at_most="360 deg"),
            Quantity(dimension="time", at_least="0 s", at_most="1 yr"),
            Epoch(),
        ),
        choose=_moment_kind,
        what=(
            "periapsis, apoapsis, 'ascending node', 'descending node', a true anomaly such as '90 deg', "
            "a time after the phase begins such as '3 h', or an epoch"
        ),
        description=description,
    )


def _altitude(what: str, most: str = "100000 km") -> Quantity:
    return Quantity(
        dimension="length",
        description=f"{what}, above the 1737.4 km sphere.",
        above="0 km",
        at_most=most,
        hint="an altitude is above the 1737.4 km sphere, a radius is not meant",
    )


def _inclination(description: str) -> Quantity:
    return Quantity(dimension="angle", description=description, at_least="0 deg", at_most="180 deg")


_PASSAGE = Field(
    Integer(description="At which passage of the place, from 1.", at_least=1, at_most=1000, fact=False),
    default="1",
)

_BURN = Field(
    Choice(
        words=("impulsive", "finite"),
        description="An impulse, or a burn of the engine that takes its time and loses by it.",
    ),
    default="impulsive",
)

ORBIT_PHASE = Variant(
    what="a mapping with orbit elements, or with position and velocity",
    description="Elements or a state at the scenario's epoch, for a life that begins in orbit.",
    variants={"cartesian": CARTESIAN, "keplerian": KEPLERIAN},
    choose=lambda node: by_key(node, {"position": "cartesian", "velocity": "cartesian"}, "keplerian"),
)

LAUNCH = Record(
    what="a launch",
    description="A circular parking orbit about the Earth and the epoch at which it is left.",
    covers=True,
    fields={
        "latitude": Field(
            Quantity(
                dimension="angle",
                description="Latitude of the launch site: no orbit without a plane change is less inclined.",
                at_least="-90 deg",
                at_most="90 deg",
            )
        ),
        "site": Field(
            Choice(
                words=tuple(LAUNCH_SITES),
                description="The launch site by name, with the azimuths that its range allows.",
                fact=True,
            )
        ),
        "injection": Field(
            Record(
                what="an injection",
                description=(
                    "What the launcher gives, where it is fixed: if the transfer needs more, the spacecraft "
                    "adds the rest at once; if less, the launcher stops earlier."
                ),
                covers=True,
                fields={
                    "c3": Field(
                        Quantity(
                            dimension="specific_energy",
                            description="Twice the geocentric energy after it.",
                            at_least="-60 km^2/s^2",
                            at_most="200 km^2/s^2",
                        )
                    ),
                    "delta_v": Field(
                        Quantity(
                            dimension="speed",
                            description="Impulse along the velocity in the parking orbit.",
                            above="0 km/s",
                            at_most="10 km/s",
                        )
                    ),
                },
                groups=(Group("the injection", (("c3",), ("delta_v",))),),
            ),
            default="as the transfer needs it",
        ),
        "parking_orbit": Field(
            Record(
                what="a parking orbit",
                description="A circular orbit about the Earth.",
                covers=True,
                fields={
                    "altitude": Field(
                        Quantity(
                            dimension="length",
                            description="Altitude above the Earth's equatorial radius of 6378.137 km.",
                            at_least="150 km",
                            at_most="40000 km",
                        ),
                        required=True,
                    ),
                    "inclination": Field(
                        _inclination("Inclination to the Earth's true equator of date."), required=True
                    ),
                },
            ),
            required=True,
        ),
        "epoch": Field(
            Epoch(description="When the parking orbit is left, with its time scale."),
            default="the scenario's epoch",
        ),
        "mass_curve": Field(
            Table(
                row=Tuple(
                    items=(
                        Quantity(
                            dimension="specific_energy", at_least="-60 km^2/s^2", at_most="200 km^2/s^2"
                        ),
                        Quantity(dimension="mass", at_least="0 kg", at_most="1000000 kg"),
                    ),
                    what="a C3 and a mass, such as [-2 km^2/s^2, 3900 kg]",
                ),
                shortest=2,
                longest=200,
                what="2 to 200 rows of C3 and mass, such as [[-2 km^2/s^2, 3900 kg], [0 km^2/s^2, 3700 kg]]",
                description="What the launcher injects, against C3, joined by straight lines.",
            )
        ),
    },
    groups=(Group("the launch site", (("latitude",), ("site",)), required=False),),
)

_ARRIVAL = {
    "periapsis_altitude": Field(_altitude("Periapsis at the Moon", "20000 km"), required=True),
    "inclination": Field(
        _inclination("Inclination at the Moon, to the lunar mean-Earth equator."), required=True
    ),
}


def _kind(word: str) -> Field:
    return Field(Choice(words=(word,), description="How the Moon is reached."), required=True)


def _transfer_kind(node: Node) -> str | None:
    kind = node.entries.get("kind") if isinstance(node, Mapping) else None
    if not isinstance(kind, Scalar):
        return "direct" if isinstance(node, Mapping) and kind is None else None
    return nearest(kind.text, ("direct", "ballistic", "free-return"))


TRANSFER = Variant(
    what="a transfer: a mapping with kind: direct, kind: ballistic or kind: free-return",
    description="From the parking orbit to a periapsis at the Moon.",
    variants={
        "direct": Record(
            what="a direct transfer",
            description="A flight of days, corrected in the full model to the conditions of arrival.",
            covers=True,
            fields={
                "kind": _kind("direct"),
                "time_of_flight": Field(
                    Quantity(
                        dimension="time",
                        description="From leaving the parking orbit to the periapsis at the Moon.",
                        at_least="2.4 d",
                        at_most="7 d",
                    ),
                    required=True,
                ),
                **_ARRIVAL,
                "branch": Field(
                    Choice(
                        words=BRANCHES,
                        description=(
                            "Which of the two planes of this inclination: the one whose approach passes "
                            "north of the Moon, or south; or the one that takes less at both ends."
                        ),
                    ),
                    default="cheaper",
                ),
            },
        ),
        "free-return": Record(
            what="a free return",
            description="A flight of days about the far side of the Moon that comes back if nothing is done.",
            covers=True,
            fields={
                "kind": _kind("free-return"),
                "periapsis_altitude": _ARRIVAL["periapsis_altitude"],
                "inclination": Field(
                    Quantity(
                        dimension="angle",
                        description="Inclination at the Moon, to the lunar mean-Earth equator: retrograde.",
                        above="90 deg",
                        at_most="180 deg",
                    ),
                    required=True,
                ),
                "return_altitude": Field(
                    Quantity(
                        dimension="length",
                        description="Perigee of the way back, above the Earth's radius of 6378.137 km.",
                        at_least="0 km",
                        at_most="5000 km",
                    ),
                    default=f"{DEFAULT_RETURN_KM:g} km",
                ),
            },
        ),
        "ballistic": Record(
            what="a ballistic transfer",
            description="A flight of months by way of 1.0 to 1.5 million km, where the Sun helps.",
            covers=True,
            fields={
                "kind": _kind("ballistic"),
                "arrive_after": Field(
                    Epoch(description="Earliest passage of the periapsis at the Moon."), required=True
                ),
                "arrive_before": Field(
                    Epoch(description="Latest passage of the periapsis at the Moon."), required=True
                ),
                **_ARRIVAL,
                "time_of_flight": Field(
                    Tuple(
                        items=(Quantity(dimension="time", at_least="20 d", at_most="200 d"),) * 2,
                        what="the shortest and the longest, such as [80 d, 110 d]",
                        description="Range of the time from leaving the parking orbit to the periapsis.",
                    ),
                    default="[60 d, 160 d]",
                ),
                "depart_within": Field(
                    Quantity(
                        dimension="time",
                        description="How long after the launch epoch the parking orbit may be left.",
                        above="0 s",
                        at_most="200 d",
                        fact=False,
                    ),
                    default="as long as the window of arrival allows",
                ),
                "flyby": Field(
                    Flag(description="Whether the Moon may be passed closely on the way out."),
                    default="false",
                ),
                "candidates": Field(
                    Integer(
                        description="Arrivals that the search flies backwards.",
                        at_least=1000,
                        at_most=10_000_000,
                        fact=False,
                    ),
                    default=str(DEFAULT_CANDIDATES),
                ),
            },
        ),
    },
    choose=_transfer_kind,
)

INSERT = Record(
    what="an insertion",
    description="From the arrival at the Moon into an orbit about it, by burns at periapsis.",
    covers=True,
    fields={
        "apoapsis_altitude": Field(_altitude("Apoapsis of the orbit"), required=True),
        "burns": Field(
            Integer(
                description="In how many burns, each at a periapsis.", at_least=1, at_most=10, fact=False
            ),
            default="1",
        ),
        "burn": _BURN,
    },
)

_VELOCITY = Tuple(
    items=(Quantity(dimension="speed", at_least="-10 km/s", at_most="10 km/s"),) * 3,
    what="three speeds such as [10 m/s, 0 m/s, 0 m/s]",
    description="Change of velocity along `axes`.",
)

MANOEUVRE = Record(
    what="a manoeuvre",
    description="A burn that changes the orbit about the Moon.",
    covers=True,
    fields={
        "at": Field(moment("Where or when, counted from the beginning of the phase."), required=True),
        "passage": _PASSAGE,
        "apoapsis_altitude": Field(_altitude("Apoapsis after it, by a burn along the velocity")),
        "periapsis_altitude": Field(_altitude("Periapsis after it, by a burn along the velocity")),
        "inclination": Field(
            _inclination(
                "Inclination to the lunar mean-Earth equator after it, by a turn of the velocity about the "
                "place: cheapest far out; at an apsis the apse line stays."
            )
        ),
        "circularise": Field(Flag(description="Make the orbit circular at the height of the place.")),
        "delta_v": Field(_VELOCITY),
        "axes": Field(
            Choice(
                words=AXES,
                description=(
                    "Axes of `delta_v`: `vnc` along velocity, orbit normal, co-normal; `rtn` along radius, "
                    "motion and orbit normal; or `icrf`."
                ),
            ),
            default="vnc",
        ),
        "burn": _BURN,
    },
    groups=(
        Group(
            "what the manoeuvre changes",
            (
                ("apoapsis_altitude",),
                ("periapsis_altitude",),
                ("inclination",),
                ("circularise",),
                ("delta_v",),
            ),
        ),
    ),
    needs=(("axes", ("delta_v",)),),
)


def _sigma(dimension: str, what: str, most: str) -> Field:
    zero = "0" if dimension == "dimensionless" else f"0 {most.split()[1]}"
    return Field(
        Quantity(
            dimension=dimension, description=f"Standard deviation of {what}.", at_least=zero, at_most=most
        ),
        default=zero,
    )


CORRECTION = Record(
    what="corrections",
    description="Manoeuvres that correct the injection on the way, from errors drawn at random.",
    covers=True,
    fields={
        "times": Field(
            Listing(
                what="one or more times after the injection, such as [1 d, 3 d]",
                item=Quantity(dimension="time", above="0 s", at_most="200 d"),
                single=True,
                longest=20,
                description="When corrections are made, after the injection.",
            ),
            required=True,
        ),
        "injection_magnitude": _sigma("fraction", "the size of the injection, as a fraction", "10 %"),
        "injection_pointing": _sigma("angle", "its direction about each of two axes", "10 deg"),
        "navigation_position": _sigma("length", "each component of the known position", "1000 km"),
        "navigation_velocity": _sigma("speed", "each component of the known velocity", "100 m/s"),
        "execution_magnitude": _sigma("fraction", "the size of a correction, as a fraction", "50 %"),
        "execution_pointing": _sigma("angle", "its direction about each of two axes", "45 deg"),
        "execution_fixed": _sigma("speed", "each component, whatever the size", "10 m/s"),
        "samples": Field(
            Integer(description="Flights that are drawn.", at_least=100, at_most=1_000_000, fact=False),
            default=str(DEFAULT_SAMPLES),
        ),
        "seed": Field(
            Integer(description="Of the draws.", at_least=0, at_most=2**31, fact=False), default="0"
        ),
        "percentile": Field(
            Quantity(
                dimension="fraction",
                description="Share of the flights that need no more than what is set aside.",
                at_least="1 %",
                below="100 %",
                fact=False,
            ),
            default="99 %",
        ),
    },
)

LAND = Record(
    what="a landing",
    description="Descent orbit and powered descent to a site, at the first pass that meets the conditions.",
    covers=True,
    fields={
        "site": Field(Name(kind="a site", description="Where."), required=True),
        "sun_elevation": Field(
            Tuple(
                items=(Quantity(dimension="angle", at_least="-90 deg", at_most="90 deg"),) * 2,
                what="the lowest and the highest, such as [5 deg, 15 deg]",
                description="Range of the elevation of the Sun's centre at touchdown.",
            )
        ),
        "within": Field(
            Quantity(
                dimension="time",
                description="Longest wait in orbit, touchdown included.",
                above="0 s",
                at_most="60 d",
            ),
            default="30 d",
        ),
        "periapsis_altitude": Field(
            _altitude("Where powered descent starts", "200 km"), default=f"{DEFAULT_DESCENT_KM:g} km"
        ),
        "cross_range": Field(
            Quantity(
                dimension="angle",
                description="Largest angle between site and orbit plane that the powered descent flies out.",
                above="0 deg",
                at_most="5 deg",
            ),
            default=f"{DEFAULT_CROSS_RANGE_DEG:g} deg",
        ),
        "terrain_clearance": Field(
            Quantity(
                dimension="length",
                description="Least height above the terrain under the flight path while braking.",
                above="0 km",
                at_most="50 km",
            ),
            default="above the sphere of the site only",
        ),
        "contact": Field(
            Flag(description="Whether a pass counts only if a station or a relay sees the touchdown."),
            default="false",
        ),
    },
)

COAST = Record(
    what="a coast",
    description="Flight without a burn.",
    covers=True,
    fields={
        "duration": Field(
            Quantity(dimension="time", description="How long.", above="0 s", at_most="5 yr"),
        ),
        "until": Field(moment("Where or when it ends.")),
        "passage": _PASSAGE,
    },
    groups=(Group("the end of the coast", (("duration",), ("until",))),),
    needs=(("passage", ("until",)),),
)

PHASING = Record(
    what="a phasing",
    description="Two burns at periapsis that move a spacecraft along its orbit behind another one.",
    covers=True,
    fields={
        "behind": Field(
            Name(kind="a spacecraft", description="The spacecraft on the same orbit that leads."),
            required=True,
        ),
        "fraction": Field(
            Quantity(
                dimension="dimensionless",
                description="How far behind, as a fraction of the period.",
                at_least="0",
                below="1",
            ),
            required=True,
        ),
        "revolutions": Field(
            Integer(
                description="Revolutions between the two burns: more are cheaper.",
                at_least=1,
                at_most=200,
                fact=False,
            ),
            default=str(DEFAULT_REVOLUTIONS),
        ),
    },
)

OPERATE = Record(
    what="operation",
    description=(
        "The work for which the spacecraft came, in orbit or on the surface. In orbit later moves and more "
        "work may follow one that has a duration."
    ),
    covers=True,
    fields={
        "duration": Field(
            Quantity(dimension="time", description="How long.", above="0 s", at_most="30 yr"),
            default="to the end of the scenario",
        ),
    },
)

_SPECS: dict[str, Spec] = {
    "orbit": ORBIT_PHASE,
    "launch": LAUNCH,
    "transfer": TRANSFER,
    "correction": CORRECTION,
    "insert": INSERT,
    "manoeuvre": MANOEUVRE,
    "coast": COAST,
    "release": Name(
        kind="a spacecraft that is aboard",
        description="Lets go a carried spacecraft, whose own timeline begins here.",
    ),
    "phase": PHASING,
    "land": LAND,
    "operate": OPERATE,
}

TIMELINE = Listing(
    what="a list of phases such as [{coast: {duration: 3 d}}]",
    longest=200,
    description="Phases of the spacecraft's life, in order; each begins where the one before it ended.",
    item=Record(
        what="a phase",
        description="One phase: a mapping with one key.",
        fields={name: Field(spec) for name, spec in _SPECS.items()},
        groups=(Group("the phase", tuple((name,) for name in _SPECS)),),
    ),
)
