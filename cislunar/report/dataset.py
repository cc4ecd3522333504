"""`coverage.nc`: the series and maps of a mission as a CF-style NetCDF 4 file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cislunar.report.facts import window
from cislunar.time import format_epoch

if TYPE_CHECKING:
    import xarray as xr

    from cislunar.mission.result import MissionResult

_CF_UNITS = {"deg": "degree", "degrees": "degree", "°": "degree", "%": "percent", "": "1"}
_TIME = {
    "units": "seconds since 2000-01-01 12:00:00",
    "calendar": "standard",
    "axis": "T",
    "comment": "Seconds of barycentric dynamical time (TDB) since the epoch J2000; TDB has no leap seconds.",
}


def cf_dataset(result: MissionResult) -> xr.Dataset:
    """Give the coverage dataset with the names, units and attributes of the CF conventions.

    Parameters
    ----------
    result : MissionResult

    Returns
    -------
    xarray.Dataset
        Times are seconds since 2000-01-01T12:00:00 TDB with CF time units; map cells carry latitude and
        longitude as auxiliary coordinates; provenance stands in the global attributes, nested parts as JSON
        text.

    References
    ----------
    Eaton, B. et al., NetCDF Climate and Forecast (CF) Metadata Conventions, version 1.11. https://cfconventions.org
    """
    data = result.coverage.copy()
    for name in list(data.variables):
        variable = data[name]
        attrs = {key: _attribute(value) for key, value in variable.attrs.items() if value is not None}
        if name in ("time", "time_elements"):
            attrs = {**attrs, **_TIME, "long_name": "time (TDB)"}
        elif "units" in attrs:
            attrs["units"] = _CF_UNITS.get(str(attrs["units"]), attrs["units"])
        elif variable.dtype.kind in "fiu":
            attrs["units"] = "1"
        if name == "time":
            attrs["standard_name"] = "time"
        attrs.setdefault("long_name", str(name).replace("_", " "))
        data[name].attrs = attrs
    places = {
        "map_latitude_deg": ("latitude", "degrees_north"),
        "map_longitude_deg": ("longitude", "degrees_east"),
    }
    for name, (standard, units) in places.items():
        if name in data:
            data = data.set_coords(name)
            data[name].attrs.update(units=units, standard_name=standard)
    start, end = window(result)
    data.attrs = {
        "Conventions": "CF-1.11",
        "title": result.scenario.name,
        "source": f"cislunar {result.provenance.get('version', '')}".strip(),
        "references": "Latitude and longitude: Moon mean-Earth frame, sphere of 1737.4 km, east positive.",
        "status": result.status,
        "time_coverage_start": format_epoch(start, "UTC") + "Z",
        "time_coverage_end": format_epoch(end, "UTC") + "Z",
        **{str(key): _attribute(value) for key, value in data.attrs.items() if value is not None},
        **{
            f"provenance_{key}": _attribute(value)
            for key, value in result.provenance.items()
            if value is not None
        },
        "warnings": "; ".join(result.warnings),
    }
    return data


def write_netcdf(result: MissionResult, path: Path) -> None:
    """Write :func:`cf_dataset` as NetCDF 4, compressed, series in single precision and times in double."""
    data = cf_dataset(result)
    encoding: dict[Any, dict[str, Any]] = {}
    for name in data.variables:
        if data[name].dtype.kind != "f":
            continue
        encoding[name] = {"zlib": True, "complevel": 1, "_FillValue": None}
        if name not in data.coords:
            encoding[name].update(dtype="float32", _FillValue=np.float32(np.nan))
    data.to_netcdf(path, engine="netcdf4", format="NETCDF4", encoding=encoding)


def _attribute(value: Any) -> Any:
    """Turn a value into what a NetCDF attribute can hold: text, a number, a list of numbers."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (str, int, float, np.integer, np.floating)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value
    return json.dumps(value, default=str, ensure_ascii=False)
