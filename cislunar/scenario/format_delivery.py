"""How the analysis of deliveries is stated, version 1 of the format."""

from __future__ import annotations

from cislunar.scenario.format_orbits import KEPLERIAN
from cislunar.scenario.leaves import Flag
from cislunar.scenario.spec import Field, Named, Record

DELIVERY = Record(
    what="the analysis of deliveries",
    description=(
        "Ways to bring each carried relay from its release into its working orbit, by itself or by its "
        "carrier, cheapest first: impulses between two-body orbits."
    ),
    fields={
        "orbits": Field(
            Named(
                what="orbits by name",
                item=KEPLERIAN,
                description="Other working orbits to compare, with their elements at the beginning of work.",
            ),
            default="only the working orbit of the timeline",
        ),
        "lander_returns": Field(
            Flag(description="Whether a carrier that brings the relay there comes back."), default="true"
        ),
    },
)
