"""How the search for a launch window is stated, version 1 of the format."""

from __future__ import annotations

from typing import Final

from cislunar.scenario.format_analyses import setting
from cislunar.scenario.leaves import Choice, Epoch, Flag, Integer, Name
from cislunar.scenario.spec import Field, Listing, Record

DEFAULT_SLIP_DAYS: Final = 2
DEFAULT_WINDOW_D: Final = 30.0
DEFAULT_COVERAGE_D: Final = 30.0
DEFAULT_LEAD_D: Final = 2.0

WINDOW = Record(
    what="the launch window",
    description=(
        "Launch days and flight times that bring a spacecraft with a direct transfer to its landing: cost, "
        "plane, Sun at the site and the relays' orbit, all at once. Parking orbit, capture orbit, site and "
        "conditions of the landing are those of its timeline."
    ),
    fields={
        "spacecraft": Field(
            Name(kind="a spacecraft", description="Whose timeline has the launch and the landing."),
            required=True,
        ),
        "start": Field(
            Epoch(description="First launch day.", fact=False), default="the epoch of the timeline's launch"
        ),
        "duration": Field(
            setting("time", "How far the launch days reach.", above="0 s", at_most="3 yr"),
            default=f"{DEFAULT_WINDOW_D:g} d",
        ),
        "step": Field(
            setting("time", "Time from one launch to the next.", at_least="10 min", at_most="30 d"),
            default="1 d",
        ),
        "times_of_flight": Field(
            Listing(
                what="one or more flight times",
                item=setting("time", "Flight time.", at_least="2.4 d", at_most="7 d"),
                single=True,
                description="From the injection to the arrival at the Moon.",
            ),
            default="that of the timeline's transfer",
        ),
        "branch": Field(
            Choice(
                words=("north", "south", "both"),
                description="Sides of the Moon on which to arrive.",
                fact=False,
            ),
            default="both",
        ),
        "heading": Field(
            Choice(
                words=("ascending", "descending", "cheaper", "both"),
                description="Which of the two planes of the parking orbit through the Moon is used.",
                fact=False,
            ),
            default="cheaper",
        ),
        "lead": Field(
            setting(
                "time",
                "Where the timeline coasts to a date before the landing: how long before it that coast ends. "
                "The date moves with the launch.",
                at_least="0 s",
                at_most="20 d",
            ),
            default=f"{DEFAULT_LEAD_D:g} d",
        ),
        "longest_wait": Field(
            setting(
                "time",
                "Longest time from the insertion to the landing.",
                above="0 s",
                at_most="60 d",
            ),
            default="none",
        ),
        "sun": Field(
            Choice(
                words=("rising", "setting", "either"),
                description="Whether the Sun has to rise or to set at the landing.",
                fact=False,
            ),
            default="either",
        ),
        "coverage": Field(
            setting(
                "time",
                "Length of the sample over which the coverage of the site by the released relays is found.",
                at_least="0 s",
                at_most="180 d",
            ),
            default=f"{DEFAULT_COVERAGE_D:g} d",
        ),
        "least_coverage": Field(
            setting("fraction", "Least coverage a launch day has to give.", at_least="0 %", at_most="100 %"),
            default="none",
        ),
        "insertion_in_view": Field(
            Flag(description="Count only launches whose insertion a ground station sees."), default="false"
        ),
        "slip_days": Field(
            Integer(
                description="Further launch days that the chosen date should have after it, if any date has.",
                at_least=0,
                at_most=30,
                fact=False,
            ),
            default=str(DEFAULT_SLIP_DAYS),
        ),
    },
)
