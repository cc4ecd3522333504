"""`report.html`: one page without outside resources, for the screen and for paper."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.coverage.intervals import statistics
from cislunar.report import wording
from cislunar.report.facts import headline_link, intervals, links, site_title, sites, stations, window
from cislunar.report.method import method_lines
from cislunar.report.mission_page import mission_context
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from cislunar.mission.result import MissionResult

LARGEST_INLINE = 400_000
"""A figure larger than this many bytes holds a photograph and is embedded as JPEG."""


ELEMENTS = (
    ("perilune altitude, km", "periapsis", 1),
    ("apolune altitude, km", "apoapsis", 1),
    ("semi-major axis, km", "semi_major_axis", 1),
    ("eccentricity", "eccentricity", 4),
    ("inclination to the Moon's orbit plane, °", "inclination", 2),
    ("inclination to the lunar equator, °", "inclination_equator", 2),
    ("argument of perilune, °", "argument", 2),
    ("right ascension of the ascending node, °", "raan", 2),
)
"""Rows of the table of elements: label, key, decimals."""


@dataclass(frozen=True)
class Picture:
    """A saved figure and its words.

    Attributes
    ----------
    stem, section, site : str
        As in the figure catalogue.
    title : str
        The answer, as printed on the figure.
    shows : str
        What is drawn.
    png, svg : Path
        The files.
    """

    stem: str
    section: str
    site: str
    title: str
    shows: str
    png: Path
    svg: Path

    @property
    def alt(self) -> str:
        """Alternative text: the answer, then what is drawn."""
        return f"{self.title}. {self.shows}."

    @property
    def data_uri(self) -> str:
        """The image itself: SVG or PNG, whichever is smaller, and JPEG for a large photograph."""
        smaller, kind = min((self.svg, "svg+xml"), (self.png, "png"), key=lambda file: file[0].stat().st_size)
        data = smaller.read_bytes()
        if len(data) > LARGEST_INLINE:
            data, kind = _jpeg(self.png), "jpeg"
        return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _jpeg(png: Path) -> bytes:
    from PIL import Image

    photograph = io.BytesIO()
    with Image.open(png) as picture:
        picture.convert("RGB").save(photograph, "JPEG", quality=90, subsampling=0)
    return photograph.getvalue()


def write_page(result: MissionResult, pictures: list[Picture], path: Path) -> None:
    """Render the page from its template; every text of the scenario is escaped."""
    path.write_text(render_page(result, pictures), encoding="utf-8")


def render_page(result: MissionResult, pictures: list[Picture]) -> str:
    """Give the page as text.

    Parameters
    ----------
    result : MissionResult
    pictures : list of Picture
        The figures already saved, in order.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cislunar.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=wording.duration,
        percent=wording.percent,
        number=wording.number,
        title_name=wording.display_name,
        site_title=partial(site_title, result),
    )
    return environment.get_template("report.html.j2").render(**page_context(result, pictures))


def page_context(result: MissionResult, pictures: list[Picture]) -> dict[str, Any]:
    """Collect what the template shows; numbers come from the result unchanged."""
    start, end = window(result)
    names = sites(result)
    return {
        "name": result.scenario.name,
        "description": result.scenario.description,
        "status": result.status,
        "start": _minute(start),
        "end": _minute(end),
        "span_s": end - start,
        "unfinished": _unfinished(result),
        "flown": len(result.trajectories),
        "answers": [_answer(result, site) for site in names],
        "requirements": result.requirements,
        "link_text": wording.LINK_TEXT,
        "measure_text": wording.MEASURE_TEXT,
        "mission": mission_context(result),
        "epoch": _minute(result.scenario.epoch_tdb),
        "relays": [name for name in result.scenario.relays if name in result.trajectories],
        "orbits": {row["name"]: row for row in _orbit_rows(result)},
        "elements": ELEMENTS,
        "stations": stations(result),
        "sites": [_site_row(result, site) for site in names],
        "links": {site: links(result, site) for site in names},
        "stations_seen": {site: _station_rows(result, site) for site in names},
        "statistics": result.statistics,
        "degraded": result.degraded,
        "daily": [_daily(result, site) for site in names] if "daily_percent" in result.coverage else [],
        "eclipses": _eclipse_rows(result),
        "lifetimes": _lifetime_rows(result),
        "map": _map_rows(result),
        "near_tangent": int(result.access["near_tangent"].sum()),
        "cut": int((result.access["start_cut"] | result.access["end_cut"]).sum()),
        "method": method_lines(result),
        "pictures": pictures,
        "sources": result.sources,
        "assumptions": result.assumptions,
        "warnings": result.warnings,
        "provenance": list(flat(result.provenance)),
    }


def _minute(tdb: float) -> str:
    return format_epoch(tdb, "UTC", 0).replace("T", " ") + " UTC"


def _unfinished(result: MissionResult) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "message": trajectory.message[0],
            "flown_s": float(trajectory.final_elapsed[0]),
            "asked_s": float(trajectory.duration[0]),
        }
        for name, trajectory in result.trajectories.items()
        if float(trajectory.final_elapsed[0]) < float(trajectory.duration[0])
    ]


def _answer(result: MissionResult, site: str) -> dict[str, Any]:
    link = headline_link(result, site)
    asked = [row for row in result.requirements if row["site"] == site]
    return {
        "site": site,
        "link": link,
        "numbers": result.statistics[site][link],
        "asked": len(asked),
        "met": sum(bool(row["met"]) for row in asked),
    }


def _site_row(result: MissionResult, site: str) -> dict[str, Any]:
    place = result.sites[site]
    return {
        "name": site,
        "height_km": place.height_km,
        "place": wording.place(np.degrees(place.latitude_rad), np.degrees(place.longitude_rad), 2),
    }


def _orbit_rows(result: MissionResult) -> list[dict[str, Any]]:
    data = result.coverage
    rows = []
    for name in result.trajectories:
        elements = data.sel(relay=name)

        def ends(variable: str, elements: Any = elements) -> tuple[float, float]:
            values = elements[variable].values.astype(float)
            values = values[np.isfinite(values)]
            return (float(values[0]), float(values[-1])) if values.size else (np.nan, np.nan)

        low = elements["periapsis_altitude_km"].values.astype(float)
        rows.append(
            {
                "name": name,
                "periapsis": ends("periapsis_altitude_km"),
                "apoapsis": ends("apoapsis_altitude_km"),
                "semi_major_axis": ends("semi_major_axis_km"),
                "eccentricity": ends("eccentricity"),
                "inclination": ends("inclination_deg"),
                "inclination_equator": ends("inclination_equator_deg"),
                "raan": ends("raan_deg"),
                "argument": ends("argument_of_periapsis_deg"),
                "lowest": float(np.nanmin(low)) if np.isfinite(low).any() else np.nan,
            }
        )
    return rows


def _station_rows(result: MissionResult, site: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Give the statistics of each relay of a site with each station, or of the site with each station."""
    if headline_link(result, site) == "direct":
        return list(result.statistics[site]["direct"]["by_station"].items())
    least = result.scenario.coverage.minimum_pass_s if result.scenario.coverage else 0.0
    return [
        (f"{name} – {station}", statistics(held, least))
        for name, craft in result.scenario.spacecraft.items()
        if craft.relay is not None and site in craft.relay.sites and name in result.trajectories
        for station in craft.relay.stations
        for held in [intervals(result, "relay-earth", relay=name, station=station)]
    ]


def _daily(result: MissionResult, site: str) -> dict[str, Any]:
    link = headline_link(result, site)
    day = result.coverage.sel(site=site, link=link)
    share = day["daily_percent"].values.astype(float)
    gap = day["daily_longest_gap_h"].values.astype(float)
    start = window(result)[0]
    rows = [
        {
            "day": k,
            "date": format_epoch(start + 86400.0 * k, "UTC", 0)[:10],
            "percent": p,
            "gap_s": 3600.0 * g,
        }
        for k, (p, g) in enumerate(zip(share, gap, strict=True))
    ]
    return {
        "site": site,
        "link": link,
        "rows": rows,
        "worst": min(rows, key=lambda row: row["percent"]),
        "best": max(rows, key=lambda row: row["percent"]),
        "median": float(np.median(share)),
    }


def _eclipse_rows(result: MissionResult) -> list[dict[str, Any]]:
    table = result.eclipses
    rows = []
    for (spacecraft, body, kind), group in table.groupby(["spacecraft", "body", "kind"], sort=False):
        longest = group.iloc[int(np.argmax(group["duration_s"].to_numpy()))]
        rows.append(
            {
                "spacecraft": spacecraft,
                "body": body,
                "kind": kind,
                "count": len(group),
                "total_s": float(group["duration_s"].sum()),
                "longest_s": float(longest["duration_s"]),
                "when": str(longest["start_utc"])[:16].replace("T", " "),
            }
        )
    return rows


def _lifetime_rows(result: MissionResult) -> list[dict[str, Any]]:
    start = window(result)[0]
    rows = []
    for name, life in result.lifetimes.items():
        altitude = np.asarray(life["perilune_altitude_km"], dtype=float)
        lowest = int(np.argmin(altitude)) if altitude.size else None
        impact = life["impact_tdb"]
        rows.append(
            {
                "name": name,
                "horizon_s": life["horizon_s"],
                "impact": None if impact is None else _minute(impact),
                "impact_after_s": None if impact is None else impact - start,
                "lowest": np.nan if lowest is None else float(altitude[lowest]),
                "lowest_when": "–" if lowest is None else _minute(float(life["perilune_tdb"][lowest]))[:10],
            }
        )
    return rows


def _map_rows(result: MissionResult) -> dict[str, Any] | None:
    from cislunar.report.figures.maps import has_map, map_settings

    if not has_map(result):
        return None
    share = result.coverage["map_percent"].values.astype(float)
    gap = result.coverage["map_longest_gap_h"].values.astype(float)
    latitude = result.coverage["map_latitude_deg"].values
    longitude = result.coverage["map_longitude_deg"].values

    def where(index: int) -> str:
        return wording.place(latitude[index], longitude[index], 1)

    low, high, long = int(np.argmin(share)), int(np.argmax(share)), int(np.argmax(gap))
    return {
        "settings": map_settings(result),
        "lowest": (float(share[low]), where(low)),
        "highest": (float(share[high]), where(high)),
        "longest_s": (3600.0 * float(gap[long]), where(long)),
    }


def flat(nest: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Turn a nested mapping into rows of dotted key and text."""
    for key, value in nest.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            yield from flat(value, name)
        elif isinstance(value, (list, tuple)):
            yield name, ", ".join(str(item) for item in value) or "–"
        else:
            yield name, "–" if value is None else str(value)
