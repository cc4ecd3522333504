"""What a flown scenario gives: the one object that the command line and a notebook both receive."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from cislunar.environment import Environment
    from cislunar.environment.sites import Site
    from cislunar.landing.communications import Contacts
    from cislunar.mission.budgets import Budgets
    from cislunar.mission.timeline import Timeline
    from cislunar.mission.window_choice import LaunchWindow
    from cislunar.propagation.trajectory import Trajectory
    from cislunar.scenario import Scenario
    from cislunar.transfers.delivery import DeliveryOption
    from cislunar.transfers.relay_budget import RelayBudget
    from cislunar.vehicles.data_balance import DataBalance


@dataclass(frozen=True)
class MissionResult:
    """A scenario that has been flown and analysed.

    Attributes
    ----------
    scenario : Scenario
        The checked scenario, in internal units.
    status : str
        `"complete"`, or `"incomplete"` when a spacecraft did not finish.
    sites : dict of str to Site
        The analysed sites, on the ground and with their horizons.
    environment : Environment
        Ephemeris, orientation of Moon and Earth, and topography it was flown with.
    trajectories : dict of str to Trajectory
        One batch of one per spacecraft: Moon-centred, ICRF axes, km and km/s, seconds past J2000 TDB.
    lifetimes : dict of str to dict
        Flight without station-keeping beyond the scenario, for each propagated spacecraft if it was asked
        for: `impact_tdb` (None when it survives), `horizon_s`, and the perilune passages `perilune_tdb`,
        `perilune_altitude_km` (above the 1737.4 km sphere).
    access : pandas.DataFrame
        One row for each access interval, for each link, relay and station and for the constellation.
    eclipses : pandas.DataFrame
        One row for each passage of a spacecraft through the umbra or penumbra of the Moon or the Earth.
    coverage : xarray.Dataset
        Time series, osculating elements, maps and daily statistics, with units and long names as attributes.
    statistics : dict
        `statistics[site][link]`: per cent, passes, lengths of passes and gaps, mean response time, each
        relay's own figures, N-fold visibility.
    degraded : list of dict
        The chain's figures with each relay lost and each station lost.
    requirements : list of dict
        Each requirement with what was asked, what was found, and whether it is met.
    provenance : dict
        Version, scenario hash, data tables, force model, tolerances, Earth-orientation table.
    sources, assumptions : list of dict
        Every sourced and every assumed number of the scenario.
    warnings : list of str
        What the reader must know before quoting a number.
    window : tuple of float
        Start and end of coverage, eclipses and series, seconds past J2000 TDB: the scenario's; with timelines
        it begins when the last relay that arrives has arrived.
    timelines : dict of str to Timeline
        Lives of the spacecraft that have a timeline.
    budgets : dict of str to Budgets
        Delta-v and mass of every spacecraft with a dry mass.
    data_balance : dict of str to DataBalance
        By site: what its payloads produce, and what the chain over the relays carries.
    communications : dict of str to list of Contacts
        By spacecraft: who sees its insertions and its landing.
    relay_budgets : dict of str to RelayBudget
        By relay that came by a timeline: delivery, phasing, keeping, later moves, disposal.
    deliveries : dict of str to dict of str to list of DeliveryOption
        By relay and by orbit, if asked for: ways there from the release, cheapest first.
    launch_window : LaunchWindow or None
        Other launches of the same course, if asked for: what each costs and what excludes it.
    """

    scenario: Scenario
    status: str
    sites: dict[str, Site]
    environment: Environment
    trajectories: dict[str, Trajectory]
    lifetimes: dict[str, dict[str, Any]]
    access: pd.DataFrame
    eclipses: pd.DataFrame
    coverage: xr.Dataset
    statistics: dict[str, dict[str, dict[str, Any]]]
    degraded: list[dict[str, Any]]
    requirements: list[dict[str, Any]]
    provenance: dict[str, Any]
    sources: list[dict[str, Any]] = field(default_factory=list)
    assumptions: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    window: tuple[float, float] = (0.0, 0.0)
    timelines: dict[str, Timeline] = field(default_factory=dict)
    budgets: dict[str, Budgets] = field(default_factory=dict)
    data_balance: dict[str, DataBalance] = field(default_factory=dict)
    communications: dict[str, list[Contacts]] = field(default_factory=dict)
    relay_budgets: dict[str, RelayBudget] = field(default_factory=dict)
    deliveries: dict[str, dict[str, list[DeliveryOption]]] = field(default_factory=dict)
    launch_window: LaunchWindow | None = None

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of merit as plain data, as written to `summary.json`."""
        from cislunar.report.summary import build_summary

        return build_summary(self)

    def report(self, directory: str | Path, *, overwrite: bool = False) -> Path:
        """Write the report: the HTML page, figures, tables, NetCDF and ephemeris files.

        Parameters
        ----------
        directory : str or Path
            Where the report goes; written whole or not at all.
        overwrite : bool
            Replace an earlier report in `directory`.

        Returns
        -------
        Path
            The written `report.html`.

        Raises
        ------
        OutputError
            `directory` is a file, cannot be written, or is not empty and `overwrite` is false.
        """
        from cislunar.report.output import report_directory
        from cislunar.report.write import write_report

        with report_directory(directory, overwrite=overwrite) as place:
            write_report(self, place)
        return Path(directory) / "report.html"
