"""Version 1 of the study format, declared with the parts that declare the scenario format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from cislunar.scenario.format_analyses import LINKS
from cislunar.scenario.format_timeline import ORBIT_PHASE
from cislunar.scenario.leaves import Choice, Either, FilePath, Integer, Leaf, Name, Quantity, Text
from cislunar.scenario.reading import Reading, Value
from cislunar.scenario.spec import Field, Group, Listing, Named, Record, Spec, Variant, by_key
from cislunar.scenario.yamlfile import Mapping, Node, Scalar
from cislunar.trades.axes import SPREADS

VERSION: Final = 1
"""Version of the format; compatible additions do not change it."""

METHODS: Final = ("grid", "list", "latin-hypercube", "sobol", "sobol-indices", "optimize")
"""Samplers."""

STUDY_LINKS: Final = tuple(link for link in LINKS if link in ("chain", "site-relay"))
"""Links a measure can be about."""


@dataclass(frozen=True, kw_only=True)
class Free(Spec):
    """A value of the base scenario, held against its own declaration later."""

    def expected(self) -> str:
        """Say what stands here."""
        return "a value as in the scenario"

    def read(self, node: Node, path: str, reading: Reading) -> Value:
        """Keep the node."""
        return Value(node, path, node)


@dataclass(frozen=True, kw_only=True)
class Changes(Spec):
    """Values of the base scenario by path."""

    def expected(self) -> str:
        """Give an example."""
        return "a mapping from paths of the scenario to values, such as {physics.degree: 8}"

    def read(self, node: Node, path: str, reading: Reading) -> Value:
        """Keep the nodes by path."""
        from cislunar.scenario.reading import INVALID
        from cislunar.scenario.yamlfile import describe

        if not isinstance(node, Mapping) or not node.entries:
            found = "an empty mapping" if isinstance(node, Mapping) else describe(node)
            reading.problem(node, path, f"found {found}; expected {self.expected()}")
            return Value(node, path, INVALID)
        return Value(node, path, dict(node.entries))


@dataclass(frozen=True, kw_only=True)
class Pending(Either):
    """A quantity whose dimension follows from what it is about; it is converted later."""

    kinds: tuple[Leaf, ...] = ()
    choose: Any = None
    what: str = "a number with its unit"

    def convert(self, node: Node, path: str, reading: Reading) -> Any:
        """Keep the value as it stands."""
        if isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, bool):
            return node
        return self.reject(node, path, reading)


_PATH = "a path in the base scenario such as spacecraft.alpine.orbit.semi_major_axis"

_TARGET = Variant(
    what=f"{_PATH}, or {{path: ..., offset: ...}}",
    variants={
        "plain": Name(kind="a value in the base scenario, by path"),
        "shifted": Record(
            what="a path with an offset",
            description="A value that keeps a fixed distance from the axis.",
            fields={
                "path": Field(Name(kind="a value in the base scenario, by path"), required=True),
                "offset": Field(
                    Pending(description="Added to the value of the axis; angles are wrapped to one turn."),
                    required=True,
                ),
            },
        ),
    },
    choose=lambda node: by_key(node, {"path": "shifted", "offset": "shifted"}, "shifted", scalar="plain"),
)

AXIS = Record(
    what="an axis",
    description="Something that varies from case to case.",
    fields={
        "label": Field(Text(longest=200, description="What tables and figures call it.")),
        "path": Field(
            Listing(
                what=f"one or more of: {_PATH}",
                item=_TARGET,
                single=True,
                description="What the axis sets; several paths take the same value.",
            )
        ),
        "values": Field(Listing(what="a list of values", item=Free(), description="The values.")),
        "from": Field(Pending(description="First value of a range.")),
        "to": Field(Pending(description="Last value of a range.")),
        "step": Field(Pending(description="Distance of the values of a range.")),
        "count": Field(
            Integer(description="Number of values of a range.", at_least=2, at_most=1_000_000, fact=False)
        ),
        "choices": Field(
            Named(what="choices, each a mapping from paths to values", item=Changes(), description="Blocks.")
        ),
        "number": Field(
            Listing(
                what="one or more whole numbers",
                item=Integer(at_least=1, at_most=60, fact=False),
                single=True,
                description="How many copies of a spacecraft fly.",
            )
        ),
        "template": Field(
            Name(kind="a spacecraft of the base", description="The spacecraft that is copied.")
        ),
        "spread": Field(
            Choice(words=tuple(SPREADS), description="The angles over which copies are spread evenly."),
            default="mean_anomaly",
        ),
    },
    groups=(
        Group(
            "what varies",
            (
                ("path", "values"),
                ("path", "from", "to", "step"),
                ("path", "from", "to", "count"),
                ("path", "from", "to"),
                ("choices",),
                ("number", "template"),
                ("number", "template", "spread"),
            ),
        ),
    ),
)

MEASURE = Record(
    what="a measure",
    description="A figure of merit of every case.",
    fields={
        "measure": Field(Name(kind="a measure", description="The figure of merit."), required=True),
        "label": Field(Text(longest=200, description="What tables and figures call it.")),
        "site": Field(
            Listing(
                what="one or more names of sites",
                item=Name(kind="a site"),
                single=True,
                description="The sites it is about.",
            ),
            default="all analysed sites",
        ),
        "over": Field(
            Choice(words=("sites", "map"), description="Sites, or the cells of the scenario's map."),
            default="sites",
        ),
        "take": Field(
            Choice(words=("worst", "best", "mean"), description="Which figure of several places counts."),
            default="worst",
        ),
        "link": Field(
            Choice(words=STUDY_LINKS, description="`chain` is site, relay and Earth at one instant."),
            default="chain",
        ),
        "unit": Field(Name(kind="a unit", description="Unit in the table.")),
    },
)

CONSTRAINT = Record(
    what="a constraint",
    description="A bound that a case has to keep to be feasible; cases outside it stay in the table.",
    fields={
        "measure": Field(Name(kind="a measure of this study"), required=True),
        "at_least": Field(Pending(description="Smallest value allowed.")),
        "at_most": Field(Pending(description="Largest value allowed.")),
    },
    groups=(Group("the limit", (("at_least",), ("at_most",), ("at_least", "at_most"))),),
)

OBJECTIVE = Record(
    what="an objective",
    description="A measure to make as large or as small as possible.",
    fields={
        "measure": Field(Name(kind="a measure of this study"), required=True),
        "sense": Field(
            Choice(
                words=("maximize", "minimize"),
                aliases=(("maximise", "maximize"), ("minimise", "minimize")),
                description="Which way is better.",
            ),
            default="the way the measure is better",
        ),
        "weight": Field(
            Quantity(dimension="dimensionless", above="0", at_most="1000000", fact=False), default="1"
        ),
    },
)

STUDY: Final[Spec] = Record(
    what="a study",
    description="A trade study: a base scenario, what varies, and what counts.",
    fields={
        "study": Field(
            Integer(description="Version of this format.", at_least=VERSION, at_most=VERSION, fact=False),
            required=True,
        ),
        "name": Field(Text(longest=200, description="What the report is titled."), required=True),
        "description": Field(
            Text(longest=20_000, one_line=False, description="What the reader should know.")
        ),
        "base": Field(FilePath(kind="a scenario file", description="The scenario that is varied.")),
        "set": Field(
            Changes(description="Changes to the base that hold for all cases; null takes a key out.")
        ),
        "release_orbit": Field(
            replace(
                ORBIT_PHASE,
                description=(
                    "The orbit from which spacecraft are released, at the epoch of the scenario: what "
                    "`delta_v_from_release` and `propellant_from_release` count from."
                ),
            )
        ),
        "axes": Field(Named(what="axes", item=AXIS, description="What varies, by name."), required=True),
        "sample": Field(
            Record(
                what="the sampler",
                description="Which combinations of the axes are flown.",
                fields={
                    "method": Field(
                        Choice(
                            words=METHODS,
                            aliases=(("optimise", "optimize"), ("saltelli", "sobol-indices")),
                            description="The sampler; `optimize` searches for the best by NSGA-II.",
                        ),
                        required=True,
                    ),
                    "count": Field(
                        Integer(
                            description="Cases; blocks of cases for `sobol-indices`.",
                            at_least=1,
                            at_most=10_000_000,
                            fact=False,
                        )
                    ),
                    "population": Field(
                        Integer(
                            description="Cases of a generation of `optimize`.",
                            at_least=4,
                            at_most=100_000,
                            fact=False,
                        )
                    ),
                    "generations": Field(
                        Integer(
                            description="Generations of `optimize`.", at_least=1, at_most=100_000, fact=False
                        )
                    ),
                    "seed": Field(Integer(at_least=0, at_most=2**63 - 1, fact=False), default="0"),
                },
            ),
            default="the full grid",
        ),
        "measures": Field(
            Named(what="measures", item=MEASURE, description="What is tabulated, by column."), required=True
        ),
        "constraints": Field(Listing(what="a list of constraints", item=CONSTRAINT)),
        "objectives": Field(Listing(what="a list of objectives", item=OBJECTIVE)),
    },
)
