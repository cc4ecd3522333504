"""The map a scenario asks for, as a labelled dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from cislunar.coverage.access import Access
    from cislunar.scenario.model import MapDefinition


def map_dataset(definition: MapDefinition, access: Access) -> xr.Dataset:
    """Per cent of time and longest gap of the end-to-end chain for every cell of a region.

    A cell is a user with a constant mask; a relay counts while it also sees one of its Earth stations.
    """
    import xarray as xr

    from cislunar.coverage.grids import make_grid
    from cislunar.coverage.maps import coverage_map
    from cislunar.environment.regions import region

    grid = make_grid(region(definition.region), definition.grid, definition.resolution_rad)
    found = coverage_map(
        access.trajectories,
        grid,
        access.tables,
        mask_rad=definition.mask_rad,
        height_km=definition.height_km,
        minimum_pass_s=definition.minimum_pass_s,
        earth_view={name: access.earth_view(name) for name in access.trajectories},
    )
    attributes = {
        "region": definition.region,
        "grid": definition.grid,
        "resolution_deg": float(np.degrees(definition.resolution_rad)),
        "mask_deg": float(np.degrees(definition.mask_rad)),
        "height_km": definition.height_km,
        "minimum_pass_s": definition.minimum_pass_s,
        "link": "chain",
        "sample_s": found.sample_s,
        "mean_percent": found.mean_percent,
    }
    if grid.shape is not None:
        attributes |= {"nlat": grid.shape[0], "nlon": grid.shape[1]}
    return xr.Dataset(
        {
            "map_percent": (
                "cell",
                found.percent,
                {"units": "percent", "long_name": "time with an end-to-end chain", **attributes},
            ),
            "map_longest_gap_h": (
                "cell",
                found.longest_gap_s / 3600.0,
                {"units": "h", "long_name": "longest gap of the end-to-end chain", **attributes},
            ),
            "map_exact": (
                "cell",
                found.exact.astype(np.int8),
                {"units": "1", "long_name": "1 where the cell has exact edges, 0 where it was sampled"},
            ),
            "map_area_fraction": (
                "cell",
                grid.area_fraction,
                {"units": "1", "long_name": "share of the region's area"},
            ),
            "map_latitude_deg": (
                "cell",
                np.degrees(grid.latitude_rad),
                {"units": "degrees_north", "long_name": "latitude of the middle of the cell"},
            ),
            "map_longitude_deg": (
                "cell",
                np.degrees(grid.longitude_rad),
                {"units": "degrees_east", "long_name": "longitude of the middle of the cell"},
            ),
        }
    )
